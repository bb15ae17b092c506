"""Fetchers by kind of source. Each yields what it found, one part at a time, so that nothing fetched is lost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from include.archive.addresses import Address
from include.archive.store import Archive
from include.periods import Period
from include.registry.models import Registry, Source


@dataclass(frozen=True)
class Fetched:
    """One part as received. A fetcher goes on only after it is archived, and may then clear up."""

    part: str
    periods: list[str]
    content: bytes = field(repr=False)
    url: str
    request: dict[str, Any]
    media_type: str
    file_name: str
    published_at: datetime | None = None
    headers: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Unchanged:
    """A part that the producer says is as it was, without sending it again."""

    part: str


@dataclass(frozen=True)
class Missing:
    """A part that is not there, and why; that is no error."""

    part: str
    reason: str


@dataclass(frozen=True)
class Refused:
    """A delivery that was set aside with an answer to its sender."""

    file_name: str
    reason: str


Found = Fetched | Unchanged | Missing | Refused


class Fetcher(Protocol):
    """What the module of a kind of source offers."""

    def fetch(
        self, source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
    ) -> Iterator[Found]:
        """Ask a source for periods; ``archive`` tells what is held, for questions of the kind "if changed since"."""
        ...
