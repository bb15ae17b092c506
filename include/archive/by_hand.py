"""Archives a file of a public source that a person had by hand: from a page without a link to follow, or by mail."""

import mimetypes
import re
from datetime import UTC, datetime
from pathlib import Path

from include import settings
from include.archive.manifest import Manifest
from include.archive.parts import period_of
from include.archive.store import Archive
from include.errors import UsageError
from include.periods import Period
from include.registry.models import Source

_PART = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)+", re.ASCII)


def put(source: Source, file: Path, part: str | None, url: str | None, archive: Archive | None = None) -> Manifest:
    """Archive a file as it is; the manifest says that it came by hand.

    Args:
        source: of which it is a file.
        file: the file.
        part: what it is a version of, such as ``oj-2024``.
        url: where the person had it.
        archive: another than the deployment's.

    Raises:
        UsageError: the source is an inbox, the file is not there, or part or address are lacking or make no sense.
    """
    if source.kind == "inbox":
        raise UsageError(f"{source.id} is an inbox: put the file into the party's folder there.")
    if not file.is_file():
        raise UsageError(f"{file}: no such file.")
    period = period_of(part) if part and _PART.fullmatch(part) else None
    if part is None or period is None:
        raise UsageError(f"--part is {part!r}; expected what the file is a version of with its period, e.g. oj-2024.")
    if not url or not url.startswith(("https://", "http://")):
        raise UsageError(f"--url is {url!r}; give the page or address where you had the file, for its readers.")
    return (archive or Archive(settings.archive_url())).put(
        file.read_bytes(),
        source_id=source.id,
        part=part,
        periods=[str(Period.parse(period))],
        origin="live",
        url=url,
        captured_at=datetime.now(UTC),
        media_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        file_name=file.name,
        request={"by_hand": True},
        notes=["Filen har hämtats för hand av en person, inte av programmet."],
    )
