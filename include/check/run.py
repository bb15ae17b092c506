"""check: one archived capture ► reader ► corrections ► gate (and the version before) ► staging, with a report."""

import hashlib
import importlib
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from include import settings
from include.archive import approvals
from include.archive.manifest import Manifest, capture_id
from include.archive.parts import period_of
from include.archive.store import Archive
from include.archive.withdrawals import is_withdrawal
from include.check import history, report, staging
from include.check.corrections import correct
from include.check.gate import Finding, Reveal, gate
from include.check.history import Comparison
from include.check.identity import Identity
from include.check.report import Examination
from include.check.suites import common
from include.check.tidy import ReadResult, assert_identity, set_aside_table
from include.errors import CheckFailed, LayoutChanged, UsageError
from include.registry.delivery import Identity as Delivery
from include.registry.delivery import extracts_in, small_counts
from include.registry.models import Correction, Measure, Registry, Source
from include.registry.read import registry as read_registry

if TYPE_CHECKING:
    import pyarrow as pa
    from great_expectations.expectations.expectation import Expectation

    from include.check.deliveries.context import Context


class Reader(Protocol):
    """Module in ``include/check/readers``: knows a layout."""

    def read(self, content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
        """Return the figures of one capture; raises LayoutChanged if the layout is not the one it knows."""


class Suite(Protocol):
    """Module in ``include/check/suites``: knows what must hold of one source beside what holds of all."""

    def expectations(self, source: Source, registry: Registry) -> "list[Expectation]":
        """Return the expectations about rows and the table."""

    def identities(self, source: Source, registry: Registry) -> list[Identity]:
        """Return the sums that must hold across rows."""


@dataclass(frozen=True)
class CheckResult:
    """What came of checking one capture; rows_in = passed + quarantined + rejected.

    Attributes:
        staged: folder in which it waits for the load; None for a dry run, and where a person has rejected the capture.
        warnings: one Swedish line each.
        report: address of this run's report; empty for a dry run.
        set_aside: how many figures were set aside for each reason.
        refusal: why nothing may be loaded (a dry run returns this, and a capture that a person has rejected; otherwise
            it is raised).
        held: codes of the findings for which it waits for a person's word.
    """

    capture_id: str
    staged: str | None
    rows_in: int
    passed: int
    quarantined: int
    rejected: int
    warnings: list[str]
    report: str
    set_aside: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    refusal: str | None = None
    held: tuple[str, ...] = ()


class CaptureRefused(CheckFailed):
    """A capture was refused by the gate.

    Attributes:
        result: its counts, warnings and report.
    """

    def __init__(self, text: str, result: CheckResult) -> None:
        super().__init__(text)
        self.result = result


class CaptureHeld(CaptureRefused):
    """A capture is too unlike the version before, and waits for a person's word (:mod:`include.check.history`)."""


def check(
    capture_id: str,
    *,
    dry_run: bool = False,
    archive: Archive | None = None,
    registry: Registry | None = None,
    reader: Reader | None = None,
    suite: Suite | None = None,
) -> CheckResult:
    """Check one capture and stage what may be loaded. The same capture checked twice leaves the same bytes.

    Args:
        capture_id: a capture of the archive.
        dry_run: write nothing, and return a refusal instead of raising it.
        archive: another than the deployment's.
        registry: another than the project's.
        reader: another than the source's own.
        suite: another than the source's own.

    A capture that a person has rejected is not loaded, and nothing is raised: it has been dealt with.

    Raises:
        CaptureRefused: a critical expectation does not hold; the text shows the rows and the report's address.
        CaptureHeld: it holds, but the capture is so unlike the version before that a person must say what it is.
        LayoutChanged: the reader does not know the file's layout.
        ArchiveDamaged: the archived bytes do not match their hash.
    """
    archive = archive or Archive(settings.archive_url())
    manifest, registry = archive.manifest(capture_id), registry or read_registry()
    words = approvals.words(archive, manifest.source_id, manifest.part)
    examination, fault = examine(
        archive.read(capture_id),
        manifest,
        registry,
        reader,
        suite,
        _earlier(archive, manifest, registry, reader, words),
        words.approvals(capture_id),
        beside(archive, manifest, registry),
    )
    if rejection := words.rejection(capture_id):
        examination = replace(examination, rejection=rejection)
    if dry_run:
        return _result(examination)
    kept = str(staging.keep_report(capture_id, report.html(examination)))
    if not examination.refused:
        staged = staging.stage(capture_id, examination.table, examination.set_aside, _facts(examination))
        _answer(examination, registry)
        return _result(examination, staged=str(staged), kept=kept)
    staging.unstage(capture_id)
    _answer(examination, registry)
    result = _result(examination, kept=kept)
    if examination.rejection:
        return result
    if isinstance(fault, LayoutChanged):
        raise LayoutChanged(str(result.refusal)) from fault
    if examination.held:
        raise CaptureHeld(str(result.refusal), result)
    raise CaptureRefused(str(result.refusal), result) from fault


def check_file(
    source_id: str, path: str | Path, part: str | None = None, *, registry: Registry | None = None
) -> CheckResult:
    """Try a file by hand: return what a check of it would say. Nothing is archived, staged or written.

    Args:
        source_id: the source that it would be a capture of.
        path: the file.
        part: what it would be a version of, such as ``Rn01-2019``; without it the file's name must tell.
        registry: another than the project's.

    Raises:
        UsageError: the source or the file is not there, or the part cannot be told.
    """
    registry = registry or read_registry()
    if source_id not in registry.sources:
        raise UsageError(f"There is no source {source_id!r}; there are {', '.join(sorted(registry.sources))}.")
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"{path}: no such file.")
    manifest = _manifest_by_hand(source_id, path, part or _part_from_name(path))
    examination, _ = examine(path.read_bytes(), manifest, registry)
    return _result(examination)


def describe(result: CheckResult) -> str:
    """Return what a dry run would do, in Swedish, for the command line."""
    lines = [
        f"Provkörning av {result.capture_id.split('/')[0]} / {result.capture_id.split('/')[1]}: inget har skrivits.",
        f"  uppgifter i filen   {result.rows_in:>9}",
        f"  till inläsning      {result.passed:>9}",
        f"  läggs åt sidan      {result.quarantined:>9}",
        *(f"    {code:<18}{count:>9}" for code, count in result.set_aside.items()),
        f"  avvisas             {result.rejected:>9}",
        *(f"Anmärkning: {line}" for line in result.warnings),
        *(f"Not: {line}" for line in result.notes),
        result.refusal or "Filen skulle godkännas.",
    ]
    return "\n".join(lines)


def examine(
    content: bytes,
    manifest: Manifest,
    registry: Registry,
    reader: Reader | None = None,
    suite: Suite | None = None,
    earlier: "pa.Table | None" = None,
    approved: "Sequence[approvals.Word]" = (),
    around: "Context | None" = None,
) -> tuple[Examination, CheckFailed | LayoutChanged | None]:
    """Return what came of reading, correcting and gating; with the error, if the file was refused before the gate.

    Pure but for the readers' own doing: nothing is written, no clock is read. ``earlier`` is the tidy table of the
    version before, uncorrected, if there is one; ``approved`` are the words with which persons approved this capture;
    ``around`` are the deliveries that a party's delivery is read beside.
    """
    source = registry.sources[manifest.source_id]
    reader = reader or _reader(source)
    suite = suite or importlib.import_module(f"include.check.suites.{source.suite}")
    rows_in = 0
    taken: dict[str, int] = {}
    try:
        result = reader.read(content, manifest, source, registry)
        assert_identity(result)
        result, taken = history.carry(result, manifest, earlier)
        rows_in = result.rows_in
        result, applied = correct(result, _corrections(source, registry))
    except (CheckFailed, LayoutChanged) as fault:
        none = set_aside_table()
        refusal = Examination(manifest, source, none, none, rows_in, refusal=str(fault))
        return refusal, fault
    if is_withdrawal(manifest):  # it has no figures that a rule could be about
        return Examination(manifest, source, result.table, result.set_aside, 0, notes=tuple(result.notes)), None
    rules = [*_common(result, manifest, source, registry), *suite.expectations(source, registry)]
    reveal = _reveal(manifest, source, registry)
    verdict = gate(result, rules, suite.identities(source, registry), reveal)
    before = Comparison(_corrected(earlier, source, registry), result.table) if earlier is not None else None
    told = _of_delivery(result.table, manifest, registry, reveal, around) if around else []
    codes = {code for word in approved for code in word.findings} | _correctable(source)
    return (
        Examination(
            manifest,
            source,
            verdict.passed,
            verdict.set_aside,
            verdict.rows_in,
            (*verdict.findings, *told, *(before.findings(reveal, codes) if before else ())),
            tuple(applied),
            (*result.notes, *([before.summary()] if before else [])),
            carried=taken,
            approved=tuple(approved),
        ),
        None,
    )


def _corrections(source: Source, registry: Registry) -> list[Correction]:
    return [correction for correction in registry.corrections.values() if correction.source == source.id]


def _corrected(table: "pa.Table", source: Source, registry: Registry) -> "pa.Table":
    """Return an earlier version's figures as they were loaded; as they stand, where a correction does not fit them."""
    try:
        return correct(ReadResult(table, set_aside_table(), table.num_rows), _corrections(source, registry))[0].table
    except CheckFailed:
        return table


def _reader(source: Source) -> Reader:
    reader: Reader = importlib.import_module(f"include.check.readers.{source.reader}")
    return reader


def _earlier(
    archive: Archive, manifest: Manifest, registry: Registry, reader: Reader | None, words: approvals.Words
) -> "pa.Table | None":
    """Return the uncorrected figures of the version before that vouches for this one, None if there is none.

    That is the latest one that could be read, that nobody has rejected, and that was not itself strange beside the one
    before it (unless a person has approved it): a capture that is held must not become the measure of the next.
    """
    source = registry.sources[manifest.source_id]
    reader = reader or _reader(source)
    trusted: pa.Table | None = None
    for before in _versions_before(archive, manifest, words):
        try:
            result = reader.read(archive.read(before.capture_id), before, source, registry)
        except (CheckFailed, LayoutChanged):
            continue  # it was refused in its day, and is no measure of the new one
        if source.kind == "inbox" and _was_refused(archive, before, registry):
            continue
        table = history.carry(result, before, trusted)[0].table
        codes = {*words.approved(before.capture_id), *_correctable(source)}
        if trusted is None:
            trusted = table
            continue
        beside = Comparison(_corrected(trusted, source, registry), _corrected(table, source, registry))
        if not history.is_strange(beside.findings(Reveal(), codes)):
            trusted = table
    return trusted


def beside(archive: Archive, manifest: Manifest, registry: Registry) -> "Context | None":
    """Return the deliveries that a party's delivery is read beside; None for other sources, and for a withdrawal."""
    if registry.sources[manifest.source_id].kind != "inbox" or is_withdrawal(manifest):
        return None
    from include.check.deliveries.context import context
    from include.check.readers import extracts

    return context(archive, manifest, registry, lambda content, each: extracts.read_again(content, each, registry))


def _of_delivery(
    table: "pa.Table", manifest: Manifest, registry: Registry, reveal: Reveal, around: "Context"
) -> "list[Finding]":
    """Return what came of the rules for deliveries."""
    from include.check import deliveries

    return deliveries.findings(
        table,
        Delivery.of_part(manifest.part),
        registry,
        earlier=around.earlier,
        others=around.others,
        reveal=reveal,
        sha256=manifest.sha256,
        versions=around.versions,
        captured_at=manifest.captured_at,
    )


def _answer(examination: Examination, registry: Registry) -> None:
    """Write the answer to a party's delivery; a public source gets none."""
    if examination.source.kind == "inbox":
        from include.publish import receipt  # the answers' words, which only deliveries need

        receipt.write(receipt.of_examination(examination, registry), settings.receipts_dir(), registry)


def _correctable(source: Source) -> frozenset[str]:
    return history.CORRECTABLE if source.kind == "inbox" else frozenset()


def _was_refused(archive: Archive, manifest: Manifest, registry: Registry) -> bool:
    """Return whether a delivery was refused by its own figures, whatever came before it."""
    around = beside(archive, manifest, registry)
    return examine(archive.read(manifest.capture_id), manifest, registry, around=around)[0].refused


def _versions_before(archive: Archive, manifest: Manifest, words: approvals.Words) -> list[Manifest]:
    """Return the versions before a capture that nobody has rejected, oldest first; none from before a withdrawal."""
    found: list[Manifest] = []
    name = None if is_withdrawal(manifest) else manifest.previous
    while name is not None:
        before = archive.manifest(name)
        if is_withdrawal(before):
            break
        if words.rejection(name) is None:
            found.append(before)
        name = before.previous
    return found[::-1]


def _common(result: ReadResult, manifest: Manifest, source: Source, registry: Registry) -> "Sequence[Expectation]":
    """Return what must hold of every capture."""
    codes = {f"{owner}.{measure.id}" for owner, measures in _owners(manifest, source, registry) for measure in measures}
    return common.expectations(registry, manifest, result.table, codes)


def _owners(manifest: Manifest, source: Source, registry: Registry) -> list[tuple[str, list[Measure]]]:
    """Return whose measures the capture speaks of: the source's, or of a delivery those of its extracts."""
    if source.kind != "inbox":
        return [(source.id, source.measures)]
    return [(each.id, each.measures) for each in extracts_in(registry, Delivery.of_part(manifest.part))]


def _reveal(manifest: Manifest, source: Source, registry: Registry) -> Reveal:
    """Return what may be shown: of deliveries no text that somebody wrote, and no count of persons or cases."""
    if source.kind != "inbox":
        return Reveal()
    return Reveal(texts=False, hidden=small_counts(registry, Delivery.of_part(manifest.part)))


def _result(examination: Examination, *, staged: str | None = None, kept: str = "") -> CheckResult:
    return CheckResult(
        capture_id=examination.manifest.capture_id,
        staged=staged,
        rows_in=examination.rows_in,
        passed=examination.passed,
        quarantined=examination.quarantined,
        rejected=examination.rejected,
        warnings=report.warnings(examination),
        report=kept,
        set_aside=examination.reasons,
        notes=list(examination.notes),
        refusal=report.refusal_text(examination, kept or None) if examination.refused else None,
        held=tuple(f.code for f in examination.findings if f.stops) if examination.held else (),
    )


def _facts(examination: Examination) -> dict[str, Any]:
    """Return what ``check.json`` says: counts and findings, no clock."""
    manifest = examination.manifest
    return {
        "capture_id": manifest.capture_id,
        "source_id": manifest.source_id,
        "part": manifest.part,
        "capture_sha256": manifest.sha256,
        "rows_in": examination.rows_in,
        "passed": examination.passed,
        "quarantined": examination.quarantined,
        "rejected": examination.rejected,
        "set_aside": examination.reasons,
        "warnings": report.warnings(examination),
        "corrections": [vars(applied) for applied in examination.corrections],
        "carried": examination.carried,
        "approved": [word.model_dump(mode="json") for word in examination.approved],
        "notes": list(examination.notes),
        "findings": [
            {"code": f.code, "severity": f.severity, "holds": f.holds, "tried": f.tried, "failed": f.failed}
            for f in examination.findings
        ],
    }


def _manifest_by_hand(source_id: str, path: Path, part: str) -> Manifest:
    """Return a manifest for a file that is only tried; its moment is now, for nothing of it is kept."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    now = datetime.now(UTC).replace(microsecond=0)
    period = period_of(part)
    return Manifest(
        capture_id=capture_id(source_id, part, now, sha256),
        source_id=source_id,
        part=part,
        periods=[period] if period else [],
        origin="live",
        url=path.resolve().as_uri(),
        captured_at=now,
        media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        file_name=path.name,
        sha256=sha256,
        canonical_sha256=sha256,
        size=len(content),
        change="NEW",
    )


def _part_from_name(path: Path) -> str:
    """Return the part that a file's name tells: ``300Rn01-2019.xls`` and ``jamtland-LST-2023.xlsx`` do."""
    part = path.stem.removeprefix("300")
    if not re.fullmatch(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)+", part) or period_of(part) is None:
        raise UsageError(
            f"The name {path.name} does not tell what the file is a version of; give the part, such as Rn01-2019, "
            "TAB638-2015 or jamtland-LST-2023."
        )
    return part
