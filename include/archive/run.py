"""The first verb: archive what a source has published by the end of a quarter, and say what is then to be loaded."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Literal, cast

from include import settings
from include.archive import parts
from include.archive.addresses import address
from include.archive.fetchers import Fetched, Fetcher, Missing, Refused, Unchanged
from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.errors import UsageError
from include.periods import ExpectedPeriods, Period, Quarter, expected_periods
from include.registry.models import InboxFetch, Registry, Source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArchiveResult:
    """What a run found.

    Attributes:
        new: ids of captures to check and load, oldest first.
        unchanged: number of parts that are held and loaded as they are.
        missing: expected parts that are absent, such as ``Rn01-2025``; they name area, table or party, and period.
        reason: one text for the ledger and the task's log.
    """

    new: list[str]
    unchanged: int
    missing: list[str] = field(default_factory=list)
    reason: str = ""


def archive(
    source_id: str,
    quarter: str,
    read_from: Literal["live", "archive"],
    as_of: datetime | None,
    known_captures: set[str],
    *,
    registry: Registry | None = None,
    store: Archive | None = None,
    connection: str | None = None,
) -> ArchiveResult:
    """Look what the source had published by the end of a quarter, and return what the warehouse lacks.

    Nothing published yet is no error: the parts are listed as missing.

    Args:
        source_id: id of the source in the registry.
        quarter: the run's calendar quarter, such as ``2025-Q3``.
        read_from: ``live`` asks the producer and archives what is new; ``archive`` reads what is archived and never
            touches the network.
        as_of: with ``archive``, only what was held then; None = all.
        known_captures: ids of the captures that are loaded already.
        registry: the registry, if not the project's own.
        store: the archive, if not the deployment's own.
        connection: an Airflow connection that overrides the source's address (see :mod:`include.archive.addresses`).

    Raises:
        UsageError: a parameter makes no sense.
        SourceUnavailable, SourceRefused, LayoutChanged: the producer did not answer as it should.
        ArchiveDamaged: a manifest cannot be read.
    """
    registry = registry or _registry()
    source = _source(registry, source_id, read_from, as_of)
    store = store or Archive(settings.archive_url())
    expected = _expected(source, Quarter.parse(quarter), registry)
    periods = [*expected.new, *expected.revisit]
    reasons = _fetch(source, periods, store, registry, connection) if read_from == "live" else {}
    held = list(_held(store.manifests(source.id, as_of=as_of), source, periods, read_from))
    return _result(held, parts.expected_parts(source, periods, registry), known_captures, reasons, quarter)


def _registry() -> Registry:
    from include.registry.read import registry  # reads files; only when none is handed in

    return registry()


def _source(registry: Registry, source_id: str, read_from: str, as_of: datetime | None) -> Source:
    """Return the source that is asked for, the parameters tested."""
    if source_id not in registry.sources:
        raise UsageError(f"There is no source {source_id!r}; there are {', '.join(sorted(registry.sources))}.")
    if read_from not in ("live", "archive"):
        raise UsageError(f"read_from is {read_from!r}; expected 'live' or 'archive'.")
    if as_of and read_from == "live":
        raise UsageError("as_of goes with read_from=archive only: a producer cannot be asked what it said earlier.")
    if as_of and as_of.tzinfo is None:
        raise UsageError(f"as_of is {as_of.isoformat()}; expected a time zone with it, such as +00:00.")
    return registry.sources[source_id]


def _expected(source: Source, quarter: Quarter, registry: Registry) -> ExpectedPeriods:
    """Return the periods asked for; those of the parties' extracts follow the days on which they are due."""
    extracts = source.fetch.extracts if isinstance(source.fetch, InboxFetch) else []
    return expected_periods(source, quarter, [registry.extracts[extract] for extract in extracts])


def _fetch(
    source: Source, periods: list[Period], store: Archive, registry: Registry, connection: str | None
) -> dict[str, str]:
    """Ask the producer and archive what it has; return why parts were not had, by part (or refused file)."""
    fetcher = cast(Fetcher, import_module(f"include.archive.fetchers.{source.kind}"))
    reasons: dict[str, str] = {}
    for found in fetcher.fetch(source, periods, store, address(source, connection), registry):
        match found:
            case Fetched():
                manifest = _put(store, source, found)
                log.info("%s: %s, %d bytes", manifest.capture_id, manifest.change, manifest.size)
            case Unchanged(part):
                log.info("%s/%s: UNCHANGED, says the producer", source.id, part)
            case Missing(part, reason):
                log.info("%s/%s: %s", source.id, part, reason)
                reasons[part] = reason
            case Refused(file_name, reason):
                log.warning("%s: the delivery %s was refused: %s", source.id, file_name, reason)
                reasons[file_name] = f"delivery refused: {reason}"
    return reasons


def _put(store: Archive, source: Source, found: Fetched) -> Manifest:
    """Archive one part as of now."""
    return store.put(
        found.content,
        source_id=source.id,
        part=found.part,
        periods=found.periods,
        origin="live",
        url=found.url,
        captured_at=_now(),
        media_type=found.media_type,
        file_name=found.file_name,
        published_at=found.published_at,
        request=found.request,
        response_headers=found.headers,
        notes=found.notes,
        withdrawn=found.withdrawn,
        pieces=found.pieces,
    )


def _now() -> datetime:
    """Return the moment of a live capture: the one place where the archive reads the clock for what it keeps."""
    return datetime.now(UTC)


def _held(manifests: list[Manifest], source: Source, periods: list[Period], read_from: str) -> Iterator[Manifest]:
    """Yield the captures about the periods. A live inbox gives all: a party that delivers early gets its answer."""
    wanted = {str(period) for period in periods}
    for manifest in manifests:
        if wanted.intersection(manifest.periods) or (read_from == "live" and source.kind == "inbox"):
            yield manifest


def _result(
    held: list[Manifest], expected: list[str], known: set[str], reasons: dict[str, str], quarter: str
) -> ArchiveResult:
    """Sum up what is held, what of it is to be loaded and what is missing."""
    pending = sorted((m for m in held if m.capture_id not in known), key=lambda m: (m.captured_at, m.capture_id))
    there = {m.part for m in held}
    unchanged = len(there - {m.part for m in pending})
    missing = [part for part in expected if part not in there]
    return ArchiveResult(
        [m.capture_id for m in pending],
        unchanged,
        missing,
        _reason(pending, unchanged, expected, missing, reasons, quarter),
    )


def _reason(
    pending: list[Manifest],
    unchanged: int,
    expected: list[str],
    missing: list[str],
    reasons: dict[str, str],
    quarter: str,
) -> str:
    """Return the run's outcome in words."""
    if not expected and not pending and not reasons:
        return f"nothing is expected to be published by the end of {quarter}"
    counts = Counter(manifest.change for manifest in pending)
    words = [f"{counts['NEW']} new, {counts['REVISED']} revised, {unchanged} unchanged"]
    absent: dict[str, list[str]] = {}
    for part in missing:
        absent.setdefault(reasons.get(part, "not in the archive"), []).append(part)
    words += [f"{reason}: {', '.join(names)}" for reason, names in absent.items()]
    words += [f"{name}: {reason}" for name, reason in reasons.items() if name not in missing]
    return "; ".join(words)
