"""load: a checked capture into the warehouse, and the ledger of every verb's outcomes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from include import settings
from include.archive.store import Archive
from include.check import staging
from include.load import dimensions
from include.load import migrate as migration
from include.load import tables as t
from include.load.engine import engine
from include.load.read import last_known as read_last_known
from include.load.read import loads_of
from include.load.write import Counts, LoadResult, write
from include.registry.models import Registry
from include.registry.read import registry as read_registry

State = Literal["ok", "unchanged", "skipped", "failed"]

#: Stands where an outcome is not about one thing of the kind.
_NONE = "-"


def load(staged: str, *, run_id: str, quarter: str | None = None, archive: Archive | None = None) -> LoadResult:
    """Load one checked capture.

    Args:
        staged: folder in which the check left it, or the capture's id.
        run_id: the run's name; a retry by the same run gets the first result again.
        quarter: the run's calendar quarter, for whoever reads the log.
        archive: another than the deployment's.

    Raises:
        LoadConflict: nothing is staged, or the warehouse refused; nothing was loaded.
    """
    place = Path(staged) if Path(staged).is_absolute() else staging.folder(staged)
    waiting = staging.read(place)
    manifest = (archive or Archive(settings.archive_url())).manifest(waiting.check["capture_id"])
    counts = Counts(waiting.check["rows_in"], waiting.check["quarantined"], waiting.check["rejected"])
    loader = engine("loader")
    try:
        result = write(loader, waiting.table, waiting.set_aside, manifest, counts, run_id)
    except dimensions.UnknownCode:
        sync_dimensions(read_registry())  # the registry may have grown since the warehouse was migrated
        result = write(loader, waiting.table, waiting.set_aside, manifest, counts, run_id)
    print(
        f"{quarter or ''} {result.capture_id}: {result.rows_in} figures in = {result.new} new + {result.unchanged} "
        f"unchanged + {result.revised} revised + {result.quarantined} quarantined + {result.rejected} rejected; "
        f"{result.withdrawn} withdrawn; years changed: {', '.join(map(str, result.years)) or 'none'}".strip()
    )
    return result


def loaded_captures(source_id: str) -> set[str]:
    """Return the ids of the captures of a source that the warehouse holds."""
    query = sa.select(t.capture.c.capture_id).where(t.capture.c.source_id == source_id)
    with engine("loader").connect() as connection:
        return set(connection.execute(query).scalars())


def fingerprint() -> tuple[int, int, int]:
    """Return the number of captures loaded, of releases, and of moves of the pointer to the current one."""
    tables = (t.loaded, t.release, t.release_pointer_move)
    with engine("publisher").connect() as connection:
        counts = [connection.execute(sa.select(sa.func.count()).select_from(each)).scalar_one() for each in tables]
    return counts[0], counts[1], counts[2]


def last_known(agreement_id: str | None = None) -> datetime:
    """Return the moment of the latest capture loaded: the end of what the warehouse knows, or knows of an agreement.

    An empty warehouse knows nothing since the year 1970.
    """
    with engine("loader").connect() as connection:
        latest = read_last_known(connection, agreement_id)
    return latest.astimezone(UTC) if latest else datetime(1970, 1, 1, tzinfo=UTC)


def pending_years(agreement_id: str | None = None) -> list[int]:
    """Return the years that some load has changed since an agreement's indicators were last computed for them.

    Each measuring has entered how many captures had changed the year by then; times would not do, for a load is known
    by others only some time after it has written when.

    Args:
        agreement_id: of this agreement; None = of any.
    """
    outcome = t.outcome.c
    measured = (
        sa.select(outcome.part, sa.func.max(outcome.rows_in))
        .where(outcome.stage == "measure", outcome.state.in_(["ok", "unchanged"]))
        .group_by(outcome.part)
    )
    with engine("loader").connect() as connection:
        loads = loads_of(connection)
        seen = {part: count or 0 for part, count in connection.execute(measured)}
    agreements = read_registry().agreements if agreement_id is None else [agreement_id]
    return sorted(
        year for year, count in loads.items() if any(seen.get(f"{each}-{year}", 0) < count for each in agreements)
    )


def wake(years: Sequence[int]) -> list[int]:
    """Return those of some years whose indicators are to be woken: a wake-up that waits for its run serves all loads.

    To be called once a load has been committed: whatever measures the year next, after :func:`awake`, then sees it. A
    wake-up of which nothing has come for ten minutes is taken for lost.
    """
    if not years:
        return []
    statement = insert(t.wake).values([{"year": year, "woken_at": sa.func.clock_timestamp()} for year in sorted(years)])
    statement = statement.on_conflict_do_update(
        index_elements=["year"],
        set_={"woken_at": statement.excluded.woken_at},
        where=t.wake.c.woken_at < sa.func.clock_timestamp() - timedelta(minutes=10),
    )
    with engine("loader").begin() as connection:
        return sorted(connection.execute(statement.returning(t.wake.c.year)).scalars())


def awake(year: int) -> None:
    """Say that a year is about to be measured: whoever loads from now on wakes it again."""
    with engine("loader").begin() as connection:
        connection.execute(sa.delete(t.wake).where(t.wake.c.year == year))


def record_outcome(
    *,
    stage: str,
    run_id: str,
    state: State,
    reason: str,
    started_at: datetime,
    source_id: str | None = None,
    part: str | None = None,
    capture_id: str | None = None,
    quarter: str | None = None,
    years: Sequence[int] = (),
    **counts: int,
) -> None:
    """Enter the outcome of one stage of one run; a retry of the stage takes the place of its earlier outcome.

    Args:
        stage: the verb.
        run_id: the run's name.
        state: how it ended.
        reason: why, empty if nothing needs to be said.
        started_at: when it began; it ends now.
        source_id: source, where it is about one; taken from the capture otherwise.
        part: part of the source, or agreement and year; taken from the capture otherwise.
        capture_id: capture, where it is about one.
        quarter: calendar quarter, where it is about one.
        years: years changed or computed.
        counts: any of rows_in, loaded, quarantined, rejected, new, revised, withdrawn.
    """
    of_capture = capture_id.split("/") if capture_id else []
    row = {
        "run_id": run_id,
        "stage": stage,
        "source_id": source_id or (of_capture[0] if of_capture else _NONE),
        "part": part or (of_capture[1] if of_capture else _NONE),
        "capture_id": capture_id or _NONE,
        "quarter": quarter or _NONE,
        "state": state,
        "reason": reason,
        "years": list(years),
        "started_at": started_at,
        "finished_at": datetime.now(UTC),
        **counts,
    }
    statement = insert(t.outcome).values(row)
    key = ["run_id", "stage", "source_id", "part", "capture_id"]
    statement = statement.on_conflict_do_update(
        index_elements=key, set_={name: statement.excluded[name] for name in row if name not in key}
    )
    with engine("loader").begin() as connection:
        connection.execute(statement)


def status(source_id: str | None = None, *, every: bool = False) -> list[dict[str, Any]]:
    """Return the ledger's lines, newest first.

    Args:
        source_id: of this source alone.
        every: all outcomes; otherwise the latest of each source and stage, and each latest one that failed.
    """
    columns = (
        "to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS finished_utc, source_id AS source, part,"
        " quarter, stage, state, coalesce(rows_in, 0) AS rows_in, coalesce(new, 0) AS new,"
        " coalesce(revised, 0) AS revised, coalesce(withdrawn, 0) AS withdrawn,"
        " coalesce(quarantined, 0) AS quarantined, reason"
    )
    ranked = (
        "SELECT *, row_number() OVER (PARTITION BY source_id, stage ORDER BY outcome_id DESC) AS of_stage,"
        " row_number() OVER (PARTITION BY source_id, part, stage ORDER BY outcome_id DESC) AS of_part"
        " FROM warehouse.outcome WHERE source_id = coalesce(:source, source_id)"
    )
    query = (
        f"SELECT {columns} FROM ({ranked}) o WHERE :every OR of_stage = 1 OR (of_part = 1 AND state = 'failed')"  # noqa: S608 - fixed
        " ORDER BY finished_at DESC, outcome_id DESC"
    )
    with engine("loader").connect() as connection:
        return [
            dict(row) for row in connection.execute(sa.text(query), {"source": source_id, "every": every}).mappings()
        ]


def migrate() -> str:
    """Bring the warehouse's schema up to date and return its revision."""
    return migration.migrate()


def sync_dimensions(registry: Registry) -> None:
    """Bring the dimensions' rows to what the registry says."""
    with engine("loader").begin() as connection:
        dimensions.sync(connection, registry)
