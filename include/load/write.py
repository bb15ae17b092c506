"""Write one checked capture into the warehouse: one transaction, one lock per source, all or nothing."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg.types.json import Jsonb

from include.archive.manifest import Manifest
from include.errors import LoadConflict
from include.load import dimensions
from include.load.encode import INFINITY, STATE, Columns, binary_rows, encode, microseconds
from include.load.revisions import Changes, Place, merge
from include.load.tables import KEYS

#: First half of the advisory lock on a source (any fixed number of our own); the second is the source's name.
_LOCK = 7_241_002
#: How long a load waits for another load of its source.
LOCK_TIMEOUT = "120s"


@dataclass(frozen=True)
class Counts:
    """How many figures a capture holds, and how many of them the check kept back."""

    rows_in: int
    quarantined: int
    rejected: int


@dataclass(frozen=True)
class LoadResult:
    """What a load did. Always rows_in = loaded + quarantined + rejected, and loaded = new + unchanged + revised.

    Attributes:
        years: the years of the figures that changed; empty if nothing did.
        revised_final: of the revised, those that the source had called final: a revision of those has a reason, which
            nobody has stated here. The ledger says so, and the release shows it.
    """

    capture_id: str
    rows_in: int
    loaded: int
    new: int
    unchanged: int
    revised: int
    withdrawn: int
    quarantined: int
    rejected: int
    years: list[int]
    revised_final: int = 0


def write(
    engine: sa.Engine, table: pa.Table, set_aside: pa.Table, manifest: Manifest, counts: Counts, run_id: str
) -> LoadResult:
    """Load one capture; loaded before, it changes nothing.

    A retry by the same run gets the first result again: the run may have died between the load and the telling of it.

    Args:
        engine: of the role loader.
        table: figures that passed, schema TIDY.
        set_aside: what was set aside, schema SET_ASIDE.
        manifest: the capture's.
        counts: the check's.
        run_id: the run's name.

    Raises:
        LoadConflict: another load held the source too long, the counts do not add up, or the figures contradict
            what the warehouse holds. Nothing was loaded.
    """
    try:
        with engine.begin() as connection:
            driver = connection.connection.driver_connection
            _lock(driver, manifest.source_id)
            if (earlier := _loaded_before(driver, manifest.capture_id, run_id)) is not None:
                return earlier
            _assert_counts(table, set_aside, manifest, counts)
            place = _insert_capture(driver, manifest)
            columns = encode(table, lambda column, codes: dimensions.keys(connection, column, codes))
            changes = _load_later(driver, columns, place) if place.part else _load_first(driver, columns, place)
            _insert_quarantine(driver, set_aside, manifest, place)
            result = _result(table, manifest, counts, changes)
            _insert_loaded(driver, place, run_id, result)
            return result
    except psycopg.errors.LockNotAvailable:
        raise LoadConflict(
            f"{manifest.capture_id}: another load of {manifest.source_id} has held the warehouse for more than "
            f"{LOCK_TIMEOUT}. Nothing was loaded; try again when it is done."
        ) from None
    except psycopg.errors.IntegrityError as error:
        raise LoadConflict(
            f"{manifest.capture_id}: the warehouse refused the load: {error}. Nothing was loaded."
        ) from error


def _lock(driver: Any, source_id: str) -> None:
    """Wait until no other transaction loads this source; the lock goes with the transaction."""
    driver.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    driver.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, source_id])


def _loaded_before(driver: Any, capture_id: str, run_id: str) -> LoadResult | None:
    row = driver.execute(
        "SELECT l.run_id, l.result FROM warehouse.capture c JOIN warehouse.loaded l USING (capture_key)"
        " WHERE c.capture_id = %s",
        [capture_id],
    ).fetchone()
    if row is None:
        return None
    result = LoadResult(**row[1])
    if row[0] == run_id:
        return result
    nothing = {"new": 0, "unchanged": result.loaded, "revised": 0, "withdrawn": 0, "years": [], "revised_final": 0}
    return LoadResult(**asdict(result) | nothing)


def _assert_counts(table: pa.Table, set_aside: pa.Table, manifest: Manifest, counts: Counts) -> None:
    """Refuse a load that would lose a figure unseen."""
    if counts.rows_in != table.num_rows + counts.quarantined + counts.rejected:
        raise LoadConflict(
            f"{manifest.capture_id}: count identity broken: {counts.rows_in} figures in, but {table.num_rows} to load "
            f"+ {counts.quarantined} quarantined + {counts.rejected} rejected. Nothing was loaded; run check again."
        )
    if set_aside.num_rows != counts.quarantined:
        raise LoadConflict(
            f"{manifest.capture_id}: {counts.quarantined} figures were set aside, but {set_aside.num_rows} are there. "
            "Nothing was loaded; run check again."
        )


def _insert_capture(driver: Any, manifest: Manifest) -> Place:
    """Enter the capture and return where it stands among the captures of its part."""
    known = driver.execute(
        "SELECT capture_key, captured_at FROM warehouse.capture"
        " WHERE source_id = %s AND part = %s ORDER BY captured_at",
        [manifest.source_id, manifest.part],
    ).fetchall()
    later = [(key, at) for key, at in known if at > manifest.captured_at]
    (key,) = driver.execute(
        "INSERT INTO warehouse.capture (capture_id, source_id, part, origin, captured_at, published_at, sha256,"
        " canonical_sha256, url, file_name, size, periods, manifest)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING capture_key",
        [
            *(manifest.capture_id, manifest.source_id, manifest.part, manifest.origin),
            *(manifest.captured_at, manifest.published_at, manifest.sha256, manifest.canonical_sha256),
            *(manifest.url, manifest.file_name, manifest.size, manifest.periods),
            Jsonb(manifest.model_dump(mode="json")),
        ],
    ).fetchone()
    next_key, next_at = later[0] if later else (None, None)
    return Place(key, manifest.captured_at, [each for each, _ in known], next_key, next_at)


def _load_first(driver: Any, columns: Columns, place: Place) -> Changes:
    """Load the first capture of a part: every figure is new, so the rows go straight into the table."""
    near = _others_are_near(driver, columns)
    names = [*KEYS.values(), *STATE, "known_from", "known_until", "capture_key"]
    constants = {"known_from": microseconds(place.at), "known_until": INFINITY, "capture_key": place.key}
    _copy(driver, "warehouse.observation", names, columns, constants)
    if near:
        _refuse_second_part(driver, place)
    years = driver.execute(
        "SELECT DISTINCT year FROM warehouse.period WHERE period_key = ANY (%s) ORDER BY year",
        [_distinct(columns, "period_key")],
    )
    return Changes(new=len(columns["value"]), revised=0, withdrawn=0, years=[year for (year,) in years])


def _load_later(driver: Any, columns: Columns, place: Place) -> Changes:
    """Load a further capture of a part: compare with what is known at its moment."""
    names = [*KEYS.values(), *STATE]
    driver.execute(
        "CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS"  # noqa: S608 - names of ours
        f" SELECT {', '.join(names)} FROM warehouse.observation WITH NO DATA"
    )
    _copy(driver, "incoming", names, columns, {})
    driver.execute("ANALYZE incoming")
    changes = merge(driver, place)
    if changes.new:
        _refuse_second_part(driver, place)
    return changes


def _copy(driver: Any, table: str, names: list[str], columns: Columns, constants: dict[str, int]) -> None:
    with driver.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT binary)") as copy:
        for block in binary_rows(columns, constants, names):
            copy.write(block)


def _others_are_near(driver: Any, columns: Columns) -> bool:
    """Return whether the table holds anything of these measures, periods and areas; the primary key tells at once."""
    (found,) = driver.execute(
        "SELECT EXISTS (SELECT FROM warehouse.observation"
        " WHERE measure_key = ANY (%s) AND period_key = ANY (%s) AND area_key = ANY (%s))",
        [_distinct(columns, key) for key in ("measure_key", "period_key", "area_key")],
    ).fetchone()
    return bool(found)


def _refuse_second_part(driver: Any, place: Place) -> None:
    """Refuse a figure that another part already holds: two truths at one time would be counted twice."""
    same = " AND ".join(f"o.{key} = m.{key}" for key in KEYS.values())
    found = driver.execute(
        "SELECT c.capture_id, count(*) FROM warehouse.observation m"  # noqa: S608 - names of ours
        f" JOIN warehouse.observation o ON {same} AND o.capture_key <> ALL (%s)"
        " JOIN warehouse.capture c ON c.capture_key = o.capture_key"
        " WHERE m.capture_key = %s GROUP BY c.capture_id ORDER BY 1 LIMIT 5",
        [[*place.part, place.key], place.key],
    ).fetchall()
    if found:
        shown = ", ".join(f"{capture_id} ({number} figures)" for capture_id, number in found)
        raise LoadConflict(
            f"Figures of this capture are already held by another part of the source: {shown}. "
            "A figure belongs to one part; nothing was loaded."
        )


def _distinct(columns: Columns, key: str) -> list[int]:
    return np.flatnonzero(np.bincount(columns[key])).tolist()


def _insert_quarantine(driver: Any, set_aside: pa.Table, manifest: Manifest, place: Place) -> None:
    statement = (
        "COPY warehouse.quarantine (capture_key, source_id, part, place, reason_code, reason_sv, raw, severity)"
        " FROM STDIN"
    )
    with driver.cursor().copy(statement) as copy:
        for row in set_aside.to_pylist():
            copy.write_row(
                [
                    *(place.key, manifest.source_id, manifest.part),
                    *(row["place"] or "", row["reason_code"], row["reason_sv"], row["raw"], "quarantined"),
                ]
            )


def _result(table: pa.Table, manifest: Manifest, counts: Counts, changes: Changes) -> LoadResult:
    return LoadResult(
        capture_id=manifest.capture_id,
        rows_in=counts.rows_in,
        loaded=table.num_rows,
        new=changes.new,
        unchanged=table.num_rows - changes.new - changes.revised,
        revised=changes.revised,
        withdrawn=changes.withdrawn,
        quarantined=counts.quarantined,
        rejected=counts.rejected,
        years=changes.years,
        revised_final=changes.revised_final,
    )


def _insert_loaded(driver: Any, place: Place, run_id: str, result: LoadResult) -> None:
    driver.execute(
        "INSERT INTO warehouse.loaded (capture_key, run_id, result, loaded_at) VALUES (%s, %s, %s, clock_timestamp())",
        [place.key, run_id, Jsonb(asdict(result))],
    )
