"""Records a small real answer of a source, for the tests: ``python -m include archive --record SOURCE``.

The producer is asked as any run would ask, but for the newest published period and a few areas only; so the answer is
small and still whole, which cutting it afterwards would not be. What could tell of people or of us is taken out: names
and addresses of contacts, log-ins, sessions, cookies and the query of an address.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, cast

from include import settings
from include.archive.addresses import address
from include.archive.fetchers import Fetched, Fetcher
from include.archive.http import shown
from include.archive.manifest import Manifest, capture_id
from include.archive.store import Archive
from include.errors import SourceRefused, UsageError
from include.periods import Quarter, expected_periods
from include.registry.models import HttpFileFetch, PxWebFetch, PxWebV1Fetch, Registry, Source
from include.registry.read import areas_needed

#: Where recorded answers lie; each is read by the tests without a line of code (tests/check/test_recorded.py).
FOLDER = settings.ROOT / "tests" / "recorded"

#: A recorded file is read by people and kept for ever, so it is small.
LARGEST_BYTES = 300_000

_KEPT_HEADERS = ("content-type", "last-modified")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SESSION = re.compile(r"(;?jsessionid=)[^&?#\"'\s]+", re.IGNORECASE)


def record(source: Source, registry: Registry, folder: Path = FOLDER, connection: str | None = None) -> list[Path]:
    """Ask a source for a little and write the answers, each with its manifest; return the files.

    Args:
        source: what to ask.
        registry: with the areas to choose from.
        folder: where to write; the files of a source lie in a folder of its own and replace those of the same name.
        connection: an address in place of the producer's (see :mod:`include.archive.addresses`).

    Raises:
        UsageError: the source is an inbox, or nothing of it is published yet.
        SourceRefused: an answer is larger than a recorded file should be.
        SourceUnavailable, LayoutChanged: the producer did not answer as it should.
    """
    if source.kind == "inbox":
        raise UsageError(f"{source.id} is an inbox: its files come from people and are never recorded.")
    few = _few_areas(registry)
    source = _asking_for_little(source, registry, {area.code for area in areas_needed(few)})
    today = datetime.now(UTC)
    expected = expected_periods(source, Quarter.from_date(today.date()), [])
    written: list[Path] = []
    with tempfile.TemporaryDirectory() as empty:
        fetcher = cast(Fetcher, import_module(f"include.archive.fetchers.{source.kind}"))
        for period in sorted([*expected.new, *expected.revisit], reverse=True):
            answers = fetcher.fetch(source, [period], Archive(empty), address(source, connection), few)
            written = [
                file for found in answers if isinstance(found, Fetched) for file in _write(source, found, folder)
            ]
            if written:
                return written
    raise UsageError(f"Nothing of {source.id} is published yet, as far as the registry's release rule says.")


def recorded(folder: Path = FOLDER) -> list[tuple[Manifest, Path]]:
    """Return every recorded answer: its manifest and the file with its bytes."""
    manifests = [(path, Manifest.model_validate_json(path.read_bytes())) for path in folder.glob("*/*.manifest.json")]
    return [(manifest, path.parent / manifest.file_name) for path, manifest in sorted(manifests, key=lambda m: m[0])]


def _few_areas(registry: Registry) -> Registry:
    """Return the registry with one municipality of each agreement's county."""
    first: dict[str | None, str] = {}
    for area in areas_needed(registry):
        if area.kind == "kommun":
            first.setdefault(area.parent, area.code)
    areas = {c: a for c, a in registry.areas.items() if a.kind != "kommun" or c in first.values()}
    return registry.model_copy(update={"areas": areas})


def _asking_for_little(source: Source, registry: Registry, few: set[str]) -> Source:
    """Return a source of files with one of its areas, one of tables with few."""
    match source.fetch:
        case HttpFileFetch() as fetch:
            areas = dict([next(iter(fetch.areas.items()))])
            return source.model_copy(update={"fetch": fetch.model_copy(update={"areas": areas})})
        case PxWebFetch() | PxWebV1Fetch() as fetch:
            tables = [
                table.model_copy(
                    update={
                        "selection": {
                            variable: [code for code in codes if code in few]
                            if set(codes) <= set(registry.areas)
                            else codes
                            for variable, codes in table.selection.items()
                        }
                    }
                )
                for table in fetch.tables
            ]
            return source.model_copy(update={"fetch": fetch.model_copy(update={"tables": tables})})
        case _:
            return source  # asks for the areas that the registry's agreements need


def _write(source: Source, found: Fetched, folder: Path) -> Iterator[Path]:
    content = scrubbed(found.content, found.file_name)
    if len(content) > LARGEST_BYTES:
        raise SourceRefused(
            f"{source.id}/{found.part}: the answer has {len(content):,} bytes; a recorded one has at most "
            f"{LARGEST_BYTES:,}. Ask for less in the registry, or make a small file in the same layout by hand."
        )
    now = datetime.now(UTC).replace(microsecond=0)
    digest = sha256(content).hexdigest()
    suffix = PurePosixPath(found.file_name).suffix or ".txt"
    manifest = Manifest(
        capture_id=capture_id(source.id, found.part, now, digest),
        source_id=source.id,
        part=found.part,
        periods=found.periods,
        origin="live",
        url=shown(found.url),
        request=_plain(found.request),
        captured_at=now,
        published_at=found.published_at,
        media_type=found.media_type,
        file_name=f"{found.part}{suffix}",
        sha256=digest,
        canonical_sha256=digest,
        size=len(content),
        change="NEW",
        response_headers={name: text for name, text in found.headers.items() if name.lower() in _KEPT_HEADERS},
        notes=found.notes,
        withdrawn=found.withdrawn,
    )
    target = folder / source.id
    target.mkdir(parents=True, exist_ok=True)
    for path, data in (
        (target / manifest.file_name, content),
        (target / f"{found.part}.manifest.json", manifest.to_json()),
    ):
        path.write_bytes(data)
        yield path


def scrubbed(content: bytes, file_name: str) -> bytes:
    """Return an answer without contacts, mail addresses and sessions; workbooks are left as they are."""
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return content
    if file_name.endswith(".json"):
        return json.dumps(_plain(json.loads(content)), ensure_ascii=False, indent=1).encode() + b"\n"
    text = content.decode("latin-1")  # every byte is one sign and comes back as it was
    return _SESSION.sub(r"\1removed", _MAIL.sub("removed@example.org", text)).encode("latin-1")


def _plain(document: Any) -> Any:
    """Return JSON without the members that tell of people, and without sessions and mail addresses in its texts."""
    if isinstance(document, dict):
        return {key: _plain(value) for key, value in document.items() if key.lower() not in ("contact", "contacts")}
    if isinstance(document, list):
        return [_plain(value) for value in document]
    if isinstance(document, str):
        return _SESSION.sub(r"\1removed", _MAIL.sub("removed@example.org", document))
    return document
