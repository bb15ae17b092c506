"""The five verbs as calls, each entered in the ledger: what the DAGs' tasks and the command line have in common.

Nothing here knows Airflow, and nothing heavy is imported until a verb is used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from include import settings
from include.errors import ReleaseRefused, UsageError
from include.periods import Quarter
from include.registry.models import Edition, Registry
from include.registry.read import registry

if TYPE_CHECKING:
    from include.archive.approvals import Word
    from include.archive.manifest import Manifest
    from include.archive.run import ArchiveResult
    from include.check.run import CheckResult
    from include.load.write import LoadResult
    from include.measure.deliveries import DeliveryState
    from include.measure.run import MeasureResult
    from include.publish.run import BuildResult


@dataclass(frozen=True)
class Run:
    """What a run is about.

    Attributes:
        quarter: the calendar quarter, such as ``2025-Q3``.
        read_from: ask the producer (``live``) or replay what is archived (``archive``).
        as_of: with ``archive``: as the archive was at this moment; None = all that it holds.
        run_id: its name in the ledger.
    """

    quarter: str
    read_from: Literal["live", "archive"]
    as_of: datetime | None
    run_id: str


def part_of(capture_id: str) -> str:
    """Return the part in a capture id: what people call the delivery or file, such as ``jamtland-LST-2023``."""
    return capture_id.split("/")[1]


# --- archive, check, load ----------------------------------------------------------------------------------------
def archive(source_id: str, run: Run, connection: str | None = None) -> "ArchiveResult":
    """Archive what is new of a source; return the captures that wait to be checked and loaded.

    Args:
        source_id: id of the source.
        run: what the run is about.
        connection: an Airflow connection, as URI, that overrides the address; None = the environment's, if any.
    """
    from include.archive import run as archive_run
    from include.load import run as load_run
    from include.load.judged import judged

    with _ledger("archive", run, source_id=source_id) as entry:
        known = load_run.loaded_captures(source_id)
        if registry().sources[source_id].kind == "inbox" and run.read_from == "live":
            # A delivery that was refused has had its answer, and is not refused anew by each run.
            known |= {capture_id for capture_id, came in judged(source_id).items() if came.refused}
        result = archive_run.archive(source_id, run.quarter, run.read_from, run.as_of, known, connection=connection)
        entry.update(state="ok" if result.new else "unchanged", reason=result.reason)
    return result


def archive_file(source_id: str, file: Path, part: str | None, url: str | None, run: Run) -> "Manifest":
    """Archive one file of a public source that somebody had by hand, where its page offers no link to follow.

    Args:
        source_id: id of the source.
        file: the file as it was had.
        part: what it is a version of, such as ``oj-2024``; must end with the period.
        url: where it was had.
        run: names it in the ledger.

    Raises:
        UsageError: the source is an inbox, or file, part or address are lacking.
    """
    from include.archive import by_hand

    with _ledger("archive", run, source_id=source_id) as entry:
        manifest = by_hand.put(registry().sources[source_id], file, part, url)
        entry.update(
            capture_id=manifest.capture_id,
            state="unchanged" if manifest.change == "UNCHANGED" else "ok",
            reason=f"{manifest.change}, had by hand from {url}",
        )
    return manifest


def archived_sources() -> set[str]:
    """Return the sources of which the archive holds anything."""
    from include.archive.store import Archive

    store = Archive(settings.archive_url())
    return {source_id for source_id in registry().sources if store.manifests(source_id)}


def is_loaded(source_id: str, capture_id: str) -> bool:
    """Return whether a capture is in the warehouse already."""
    from include.load import run as load_run

    return capture_id in load_run.loaded_captures(source_id)


def check(capture_id: str, run: Run) -> "CheckResult":
    """Check one capture and stage what may be loaded."""
    from include.check import run as check_run

    with _ledger("check", run, capture_id=capture_id) as entry:
        try:
            result = check_run.check(capture_id)
        except check_run.CaptureRefused as refused:
            entry.update(rows_in=refused.result.rows_in, rejected=refused.result.rejected)
            raise
        entry.update(
            state="ok" if result.staged else "skipped",
            reason="; ".join(result.warnings) if result.staged else str(result.refusal),
            rows_in=result.rows_in,
            quarantined=result.quarantined,
            rejected=result.rejected,
        )
    return result


def decide(
    capture_id: str, verdict: Literal["approve", "reject"], by: str, reason: str, run_id: str = "by-hand"
) -> "Word":
    """Write a person's word about a capture that the check holds; a retry writes nothing.

    Args:
        capture_id: the capture.
        verdict: approve (its findings are then only told) or reject (it is never loaded).
        by: who says so.
        reason: why.
        run_id: the run's name in the ledger.

    Raises:
        UsageError: there is no such capture, name or reason is lacking, it was decided otherwise before, or there is
            nothing to decide: it passes, or it is refused for something that no word can mend.
    """
    from include.archive import approvals
    from include.archive.store import Archive
    from include.check import run as check_run

    with _ledger("approve", _publish_run(run_id), capture_id=capture_id) as entry:
        store = Archive(settings.archive_url())
        manifest = store.manifest(capture_id)
        words = approvals.words(store, manifest.source_id, manifest.part)
        codes: tuple[str, ...] = ()
        if not words.rejection(capture_id):
            trial = check_run.check(capture_id, dry_run=True, archive=store)
            codes = trial.held
            if not codes and not words.approvals(capture_id):
                _nothing_to_decide(trial, verdict)
        word = approvals.give(store, capture_id, verdict, by, reason, codes, datetime.now(UTC))
        entry.update(
            state="ok" if verdict == "approve" else "skipped",
            reason=f"{word.verdict} by {word.by}: {word.reason} ({', '.join(word.findings) or 'no findings'})",
        )
    return word


def _nothing_to_decide(trial: "CheckResult", verdict: str) -> None:
    """Refuse a word about a capture that is not held; one that is refused for its content may still be rejected."""
    if trial.refusal is None:
        raise UsageError(f"{trial.capture_id} is not held: it passes the check, and needs no word. Load it.")
    if verdict == "approve":
        raise UsageError(
            f"{trial.capture_id} is refused for what it says, which no approval can mend:\n{trial.refusal}"
        )


def load(staged: str, run: Run) -> "LoadResult":
    """Load one staged capture into the warehouse."""
    from include.load import run as load_run

    with _ledger("load", run) as entry:
        result = load_run.load(staged, run_id=run.run_id, quarter=run.quarter)
        final = f"{result.revised_final} figures that had been final were revised; ask the source why"
        entry.update(
            capture_id=result.capture_id,
            state="ok" if result.years else "unchanged",
            reason=final if result.revised_final else "",
            rows_in=result.rows_in,
            loaded=result.loaded,
            quarantined=result.quarantined,
            rejected=result.rejected,
            new=result.new,
            revised=result.revised,
            withdrawn=result.withdrawn,
            years=result.years,
        )
    return result


def submit(file: Path, agreement: str | None, party: str | None, run: Run, *, example: bool = False) -> "Manifest":
    """Archive one delivered file, if the inbox would have taken it; :func:`take_in` then checks and loads it.

    Args:
        file: the file; it is left where it is, whatever comes of it.
        agreement: which agreement's follow-up it must be for; None = as its own first sheet says.
        party: whom it must come from, likewise.
        run: names it in the ledger.
        example: it is EXEMPELDATA, and is archived as such.

    Raises:
        UsageError: there is no such file.
        PersonalDataFound, DeliveryRefused, CheckFailed, LayoutChanged: it is refused, in Swedish, for its sender.
    """
    from include.archive import deliveries
    from include.archive.store import Archive

    with _ledger("archive", run, source_id=deliveries.SOURCE) as entry:
        manifest = deliveries.submit(
            file,
            registry(),
            Archive(settings.archive_url()),
            agreement=agreement,
            party=party,
            example=example,
            at=datetime.now(UTC),
        )
        entry.update(
            capture_id=manifest.capture_id,
            state="unchanged" if manifest.change == "UNCHANGED" else "ok",
            reason=f"{manifest.change}, submitted by hand",
        )
    return manifest


def withdraw(part: str, by: str, reason: str, run: Run) -> "Manifest":
    """Take a delivery back; :func:`take_in` then closes its figures in the warehouse.

    Args:
        part: which delivery, such as ``jamtland-K2380-2023``.
        by: who says so.
        reason: why; it is kept beside the figures.
        run: names it in the ledger.

    Raises:
        UsageError: nothing is held of it, it is withdrawn already, or name or reason are lacking.
    """
    from include.archive import withdrawals
    from include.archive.store import Archive

    with _ledger("withdraw", run, part=part) as entry:
        manifest = withdrawals.withdraw(Archive(settings.archive_url()), part, by, reason, datetime.now(UTC))
        entry.update(capture_id=manifest.capture_id, reason=f"by {by.strip()}: {reason.strip()}")
    return manifest


def take_in(capture_id: str, run: Run) -> "LoadResult | None":
    """Check and load one capture; None if the warehouse holds it, or if a person has rejected it."""
    if is_loaded(capture_id.split("/")[0], capture_id):
        return None
    staged = check(capture_id, run).staged
    return load(staged, run) if staged else None


def delivery_states(
    now: datetime, agreement_id: str | None = None, *, only_live: bool = False
) -> "list[DeliveryState]":
    """Return where the parties' deliveries stand: from the archive what came, from the ledger what came of it.

    Args:
        now: the moment.
        agreement_id: of this agreement alone.
        only_live: leave invented deliveries out, as if they had not come.
    """
    from include.archive.deliveries import SOURCE
    from include.archive.store import Archive
    from include.archive.withdrawals import is_withdrawal
    from include.load.judged import Judged, judged
    from include.measure.deliveries import Arrival, states

    outcomes, unknown = judged(SOURCE), Judged(loaded=False, refused=False, set_aside=0)
    came = []
    for manifest in Archive(settings.archive_url()).manifests(SOURCE):
        known = outcomes.get(manifest.capture_id, unknown)
        if manifest.origin == "example" and only_live:
            continue
        came.append(
            Arrival(
                part=manifest.part,
                capture_id=manifest.capture_id,
                captured_at=manifest.captured_at,
                origin=manifest.origin,
                outcome="loaded" if known.loaded else "refused" if known.refused else "received",
                withdrawal=is_withdrawal(manifest),
                set_aside=known.set_aside,
            )
        )
    wanted = [_agreement(agreement_id)] if agreement_id else registry().agreements.values()
    return [state for agreement in wanted for state in states(registry(), agreement, came, now)]


# --- measure -----------------------------------------------------------------------------------------------------


def measure(agreement_id: str, year: int, run_id: str = "by-hand", as_of: datetime | None = None) -> "MeasureResult":
    """Compute an agreement's indicators for one year."""
    from include.measure import run as measure_run

    run = Run(quarter="", read_from="archive", as_of=as_of, run_id=run_id)
    with _ledger("measure", run, part=f"{_agreement(agreement_id).id}-{year}") as entry:
        result = measure_run.measure(agreement_id, year, as_of)
        entry.update(state="ok" if result.changed else "unchanged", years=[year], rows_in=result.loads)
    return result


def wake(years: list[int]) -> list[int]:
    """Return those of the years that a load has changed whose indicators nobody has woken yet."""
    from include.load import run as load_run

    return load_run.wake(years)


def is_pending(agreement_id: str, year: int) -> bool:
    """Take a wake-up: return whether there is anything of the year that the agreement's indicators do not know."""
    from include.load import run as load_run

    load_run.awake(year)
    return year in load_run.pending_years(agreement_id)


def pending_years(agreement_id: str | None = None) -> list[int]:
    """Return the years that a load has changed since an agreement's (or any agreement's) indicators were computed."""
    from include.load import run as load_run

    return load_run.pending_years(agreement_id)


# --- publish -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublicationDue:
    """An edition to publish: of which agreement and year, and as known when (ISO 8601, None = all that is loaded)."""

    agreement_id: str
    year: int
    edition: Edition
    as_of: str | None


def edition(agreement_id: str | None, year: int | None, name: str | None, as_of: datetime | None) -> PublicationDue:
    """Return the edition that an operator asks for.

    Raises:
        UsageError: something is missing, or the year is not one that the agreement is followed up for.
    """
    if not (agreement_id and year and name):
        raise UsageError("To publish by hand, give all of agreement, year and edition.")
    agreement = _agreement(agreement_id)
    if year not in agreement.years():
        years = agreement.years()
        raise UsageError(f"{agreement_id} is followed up for {years[0]} to {years[-1]}; {year} was asked for.")
    return PublicationDue(agreement_id, year, _edition_name(name), as_of.isoformat() if as_of else None)


def editions_due(moment: datetime, as_of: datetime | None = None) -> list[PublicationDue]:
    """Return the editions whose day is that of ``moment``, for the year before it; they know what is known then."""
    known = (as_of or moment).isoformat()
    return [
        PublicationDue(agreement.id, moment.year - 1, due.edition, known)
        for agreement in registry().agreements.values()
        if moment.year - 1 in agreement.years()
        for due in agreement.editions_of(moment.year - 1)
        if (due.month, due.day) == (moment.month, moment.day)
    ]


def years_to_publish(everything: Registry) -> list[tuple[str, int]]:
    """Return the whole years of each agreement that the warehouse may have figures for, oldest first."""
    this_year = datetime.now(UTC).year
    return [(a.id, year) for a in everything.agreements.values() for year in a.years() if year < this_year]


def build(agreement_id: str, year: int, edition: str, as_of: str | None, run_id: str = "by-hand") -> "BuildResult":
    """Build a release in full, unless nothing has changed since the last one of that year and edition."""
    from include.load import run as load_run
    from include.publish import run as publish_run

    known = datetime.fromisoformat(as_of) if as_of else load_run.last_known(agreement_id)
    with _ledger("build", _publish_run(run_id), part=f"{agreement_id}-{year}-{edition}") as entry:
        result = publish_run.build(agreement_id, year, _edition_name(edition), known)
        entry.update(state="ok" if result.state == "built" else "unchanged", reason=result.release_id)
    return result


def audit(release_id: str, run_id: str = "by-hand") -> None:
    """Prove a release.

    Raises:
        ReleaseRefused: the audit failed.
    """
    from include.publish import run as publish_run

    with _ledger("audit", _publish_run(run_id), part=release_id):
        publish_run.audit(release_id)


def compare(release_id: str, run_id: str = "by-hand") -> str:
    """Record and return what differs from the release before, in Swedish words for the approver."""
    from include.publish import run as publish_run

    with _ledger("compare", _publish_run(run_id), part=release_id):
        return publish_run.compare(release_id).summary_sv


def release(release_id: str, approval: dict[str, str], run_id: str = "by-hand") -> bool:
    """Make a release current, or record that a person rejected it; return whether it is published.

    Raises:
        ReleaseRefused: audit, comparison or approval is lacking, or a waiver is asked for on live data.
    """
    from include.publish import run as publish_run

    with _ledger("release", _publish_run(run_id), part=release_id) as entry:
        entry.update(reason=f"approval: {approval['decision']} ({approval['by']})")
        try:
            publish_run.release(release_id, approval)
        except ReleaseRefused:
            if approval["decision"] != "rejected":
                raise
            entry.update(state="skipped")
    return approval["decision"] != "rejected"


def fingerprint() -> tuple[int, int, int]:
    """Return what grows whenever something is loaded or published: captures loaded, releases, moves of the pointer."""
    from include.load import run as load_run

    return load_run.fingerprint()


def summary() -> str:
    """Return the table that ends the main job."""
    from include.publish import summary as publish_summary

    return publish_summary.summary()


# --- set-up ------------------------------------------------------------------------------------------------------


def migrate() -> None:
    """Bring the warehouse up to date: schema, roles, and the dimensions that the registry defines."""
    from include.load import run as load_run

    load_run.migrate()
    load_run.sync_dimensions(registry())


def adopt_bundle() -> int:
    """Make the bundled captures captures of the archive; return how many were new to it."""
    from include.archive.store import Archive

    return Archive(settings.archive_url()).adopt(Archive(settings.bundle_url()))


def by_hand(quarter: str | None, read_from: str | None, as_of: datetime | None) -> Run:
    """Return a run as the command line makes it: the last whole quarter, and the deployment's way of reading."""
    today = datetime.now(UTC)
    last = Quarter.from_date(Quarter.from_date(today.date()).start - timedelta(days=1))
    chosen = settings.read_from() if read_from is None else read_from
    if chosen not in ("live", "archive"):
        raise UsageError(f"read-from is {chosen!r}; expected live or archive.")
    return Run(
        quarter=str(Quarter.parse(quarter) if quarter else last),
        read_from="live" if chosen == "live" else "archive",
        as_of=as_of,
        run_id=f"by-hand__{today:%Y%m%dT%H%M%SZ}",
    )


def _publish_run(run_id: str) -> Run:
    return Run(quarter="", read_from="archive", as_of=None, run_id=run_id)


def _agreement(agreement_id: str) -> Any:
    known = registry().agreements
    if agreement_id not in known:
        raise UsageError(f"There is no agreement {agreement_id!r}; the registry has {', '.join(sorted(known))}.")
    return known[agreement_id]


def _edition_name(name: str) -> Edition:
    match name:
        case "preliminary" | "final" | "correction" | "closing":
            return name
        case _:
            raise UsageError(f"There is no edition {name!r}; expected preliminary, final, correction or closing.")


@contextmanager
def _ledger(stage: str, run: Run, **about: Any) -> Iterator[dict[str, Any]]:
    """Enter one outcome in the ledger: ``ok`` unless told otherwise, ``failed`` with its reason on an error.

    The entry is a record of its own: that it cannot be written never hides the error that it is about.
    """
    from include.load import run as load_run

    began = datetime.now(UTC)
    entry: dict[str, Any] = {"state": "ok", "reason": "", **about}
    try:
        yield entry
    except Exception as error:
        entry.update(state="failed", reason=f"{type(error).__name__}: {error}"[:2000])
        raise
    finally:
        load_run.record_outcome(stage=stage, run_id=run.run_id, quarter=run.quarter or None, started_at=began, **entry)
