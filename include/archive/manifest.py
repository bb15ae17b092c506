"""What the archive knows about a capture: where its bytes came from, when, their hashes, and what came before.

A manifest is written once, beside bytes that are never rewritten. It is small JSON with sorted keys, made to be read.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from include.registry.models import Origin

Change = Literal["NEW", "UNCHANGED", "REVISED"]
Part = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Utc = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]

_STAMP = "%Y%m%dT%H%M%SZ"


class Manifest(BaseModel):
    """A capture: one version of one part of a source, as received at one moment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    capture_id: str = Field(description="<source_id>/<part>/<captured_at>-<first 12 of sha256>.")
    source_id: str
    part: Part = Field(description="What this is a version of; a new capture replaces the part's whole content.")
    periods: list[str] = Field(description="Reference periods that the content is about.")
    origin: Origin
    origin_note: str | None = Field(default=None, description="How a reconstructed or invented file came about.")
    url: str
    request: dict[str, Any] = Field(default_factory=dict, description="What was asked, enough to ask again.")
    captured_at: Utc = Field(description="When we came to hold it: the moment from which it is known.")
    published_at: Utc | None = Field(default=None, description="When the producer published it, if it says so.")
    media_type: str
    file_name: str
    sha256: Sha256 = Field(description="Of the bytes as received.")
    canonical_sha256: Sha256 = Field(description="Of the content that counts when two captures are compared.")
    size: int = Field(ge=0, description="Bytes.")
    previous: str | None = Field(default=None, description="Capture id of the version before.")
    change: Change
    response_headers: dict[str, str] = Field(default_factory=dict)
    facts: list[str] = Field(default_factory=list, description="Addresses of the figures in a reconstructed file.")
    notes: list[str] = Field(default_factory=list)
    withdrawn: list[str] = Field(
        default_factory=list,
        description="Measures that the producer has ceased to publish: their last figures are kept.",
    )
    pieces: list[Sha256] = Field(
        default_factory=list, description="The answers as received, where one had to be put together of several."
    )

    def to_json(self) -> bytes:
        """Return the manifest as it is written: indented JSON, keys sorted, ending with a newline."""
        return (json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def capture_id(source_id: str, part: str, captured_at: datetime, sha256: str) -> str:
    """Return the id of a capture. The moment must know its time zone; it is written in UTC, to the second."""
    return f"{source_id}/{part}/{captured_at.astimezone(UTC).strftime(_STAMP)}-{sha256[:12]}"


def captured_at_of(capture: str) -> datetime:
    """Return the moment that a capture id names.

    Raises:
        ValueError: it is no capture id.
    """
    stamp, _, _ = capture.rpartition("/")[2].partition("-")
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
