"""Load of one national capture against raw COPY and against pandas ``to_sql``, in one run on one machine.

671,760 observations: 311 areas x 60 offences x 3 sexes x 12 months. All three put the same rows into PostgreSQL:

* ``raw COPY``: ready-made CSV into a bare table without key, index, check or history: the limit.
* ``load``: the project's own load from the checked table: codes to keys, lock, COPY into ``observation`` with its
  primary key, counts, commit; and the same content again from a later capture, then one revised in 1 % of its rows.
* ``to_sql``: ``DataFrame.to_sql`` (SQLAlchemy, psycopg 3), twice: of the checked table as it is, into a table whose
  primary key is what identifies a figure, which is the same job as ``load``; and into a bare table.

The bare tables have the columns that identify and say a figure (seven keys, value with bounds, value status, status,
mark, label), as ready-made integer keys, so that these ways need not look up codes.

Prints seconds and ratios; nothing is asserted, a machine may be busy. Run it with ``python benchmarks/load.py``.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv

from include.archive.manifest import Manifest, capture_id
from include.check.tidy import KEY, set_aside_table, tidy_table
from include.load import tables as t
from include.load.embedded import Embedded
from include.load.encode import STATE
from include.load.engine import engine
from include.load.migrate import migrate
from include.load.tables import KEYS
from include.load.write import Counts, LoadResult, write

AREAS, OFFENCES, SEXES, MONTHS = 311, 60, ("K", "M", "T"), 12
ROWS = AREAS * OFFENCES * len(SEXES) * MONTHS
MEASURE = "benchmark.reported"
FIRST = datetime(2024, 1, 15, tzinfo=UTC)


def main() -> None:
    """Make a server of its own, load three ways, print the ratios."""
    home = Path(tempfile.mkdtemp(prefix="followup-bench-", dir="/tmp"))
    os.environ["FOLLOWUP_HOME"] = str(home)
    os.environ.pop("FOLLOWUP_DATABASE_URL", None)
    server = Embedded(home)
    try:
        server.start()
        migrate()
        add_dimensions()
        report(measure())
    finally:
        server.stop()
        shutil.rmtree(home)


def measure() -> dict[str, float]:
    """Return the seconds of each way."""
    table, revised = figures(), figures(share_revised=0.01)
    keys = integer_keys()
    seconds: dict[str, float] = {}
    with engine("owner").begin() as connection:
        for name in ("raw_copy", "to_sql_bare"):
            columns = ", ".join((*KEYS.values(), *STATE))
            connection.execute(
                sa.text(f"CREATE TABLE {name} AS SELECT {columns} FROM warehouse.observation WITH NO DATA")
            )
        texts = ", ".join(f"{name} text" for name in (*KEY, "value_status", "status", "mark", "source_label", "place"))
        numbers = ", ".join(f"{name} double precision" for name in ("value", "value_low", "value_high"))
        connection.execute(sa.text(f"CREATE TABLE to_sql ({texts}, {numbers}, PRIMARY KEY ({', '.join(KEY)}))"))
    rendered = render(keys)
    seconds["load"] = median(lambda: load(table, FIRST), empty)
    seconds["raw COPY"] = median(lambda: raw_copy(rendered), lambda: empty("raw_copy"))
    seconds["load, the same content again"] = timed(lambda: load(table, FIRST + timedelta(days=1)))
    seconds["load, 1 % revised"] = timed(lambda: load(revised, FIRST + timedelta(days=2)))
    seconds["pandas to_sql, the same job"] = timed(lambda: to_sql(table.to_pandas(), "to_sql"))
    frame = keys.to_pandas()
    seconds["pandas to_sql, ready-made keys"] = timed(lambda: to_sql(frame, "to_sql_bare"))
    verify()
    return seconds


def median(work: Callable[[], object], before: Callable[[], None]) -> float:
    """Return the median of three times, each from empty tables."""
    taken = []
    for _ in range(3):
        before()
        taken.append(timed(work))
    return sorted(taken)[1]


def empty(tables: str = "warehouse.observation, warehouse.loaded, warehouse.quarantine") -> None:
    """Empty tables; with the observations go their captures."""
    with engine("owner").begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {tables}"))
        if "observation" in tables:
            connection.execute(sa.text("DELETE FROM warehouse.capture"))


def report(seconds: dict[str, float]) -> None:
    """Print seconds, rows a second and ratios."""
    print(f"{ROWS:,} observations")
    for name, taken in seconds.items():
        print(f"  {name:<30} {taken:8.2f} s {ROWS / taken:12,.0f} rows/s {taken / seconds['raw COPY']:7.1f} x raw COPY")
    for name in (name for name in seconds if "to_sql" in name):
        print(f"  {name} takes {seconds[name] / seconds['load']:.1f} times as long as load")


def timed(work: Callable[[], object]) -> float:
    """Return how long a piece of work took, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def add_dimensions() -> None:
    """Enter the invented areas, offences and measure."""
    labels = {"label_sv": "Påhittat", "label_en": "Made up"}
    with engine("loader").begin() as connection:
        areas = [{"code": area(n), "kind": "kommun", "name": area(n), "is_total": False} for n in range(AREAS)]
        connection.execute(sa.insert(t.area), areas)
        offences = [{"code": offence(n), "scheme": "x", "is_total": False} | labels for n in range(OFFENCES)]
        connection.execute(sa.insert(t.breakdown), offences)
        one = {"code": MEASURE, "source_id": "benchmark", "unit": "brott", "additive": True, "small_counts": False}
        connection.execute(sa.insert(t.measure), one | labels)


def area(number: int) -> str:
    """Return the code of an invented area."""
    return f"b{number:04}"


def offence(number: int) -> str:
    """Return the code of an invented offence."""
    return f"bench:{number}"


def grid() -> tuple[np.ndarray[Any, Any], ...]:
    """Return area, offence, sex and month of each row, in the order in which a PxWeb answer has them."""
    axes = (np.arange(AREAS), np.arange(OFFENCES), np.arange(len(SEXES)), np.arange(MONTHS))
    return tuple(axis.ravel().astype(np.int32) for axis in np.meshgrid(*axes, indexing="ij"))


def values(share_revised: float = 0.0) -> np.ndarray[Any, Any]:
    """Return invented counts, the same every time, a share of them raised by one."""
    random = np.random.default_rng(1)
    counts = random.poisson(20, ROWS).astype(np.float64)
    return counts + (random.random(ROWS) < share_revised)


def figures(share_revised: float = 0.0) -> pa.Table:
    """Return the figures as a reader would hand them over."""
    areas, offences, sexes, months = grid()
    coded = {
        "area": (areas, [area(n) for n in range(AREAS)]),
        "breakdown": (offences, [offence(n) for n in range(OFFENCES)]),
        "sex": (sexes, list(SEXES)),
        "period": (months, [f"2023-{n + 1:02}" for n in range(MONTHS)]),
    }
    columns: dict[str, Any] = {
        name: pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(codes))
        for name, (indices, codes) in coded.items()
    }
    return tidy_table(
        columns
        | {"measure": MEASURE, "value": values(share_revised), "value_status": "ok", "status": "P", "mark": "direct"}
        | {"source_label": "Anmälda brott", "place": "A1"}
    )


def integer_keys() -> pa.Table:
    """Return the same rows with ready-made integer keys, for the ways that do not know codes."""
    areas, offences, sexes, months = grid()
    ones = np.ones(ROWS, dtype=np.int32)
    nothing = pa.nulls(ROWS, pa.float64())
    columns = {
        "measure_key": ones, "period_key": months, "area_key": areas, "breakdown_key": offences, "age_key": ones,
        "sex_key": sexes, "party_key": ones, "value": values(), "value_low": nothing, "value_high": nothing,
        "value_status_key": ones, "status": pa.repeat("P", ROWS), "mark_key": ones, "label_key": ones,
    }  # fmt: skip
    return pa.table({name: columns[name] for name in (*KEYS.values(), *STATE)})


def render(keys: pa.Table) -> bytes:
    """Return the rows as CSV."""
    buffer = BytesIO()
    csv.write_csv(keys, buffer, csv.WriteOptions(include_header=False))
    return buffer.getvalue()


def raw_copy(rendered: bytes) -> None:
    """COPY the rendered rows into a bare table."""
    with engine("owner").begin() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor().copy("COPY raw_copy FROM STDIN (FORMAT csv)") as copy:
            for start in range(0, len(rendered), 1 << 20):
                copy.write(rendered[start : start + (1 << 20)])


def to_sql(frame: Any, name: str) -> None:
    """Write the rows with pandas."""
    with engine("owner").begin() as connection:
        frame.to_sql(name, connection, if_exists="append", index=False)


def load(table: pa.Table, at: datetime) -> LoadResult:
    """Load the figures as one capture."""
    sha256 = f"{int(at.timestamp()):064x}"
    manifest = Manifest(
        capture_id=capture_id("benchmark", "all-2023", at, sha256),
        source_id="benchmark",
        part="all-2023",
        periods=["2023"],
        origin="reconstructed",
        url="https://example.org/",
        captured_at=at,
        media_type="application/json",
        file_name="benchmark.json",
        sha256=sha256,
        canonical_sha256=sha256,
        size=1,
        change="NEW",
    )
    return write(engine("loader"), table, set_aside_table(), manifest, Counts(ROWS, 0, 0), "benchmark")


def verify() -> None:
    """See that all ways have all rows, with the same sum."""
    total = float(values().sum())
    known = "warehouse.observation WHERE known_from <= '2024-01-15' AND known_until > '2024-01-15'"
    with engine("owner").connect() as connection:
        for source in ("raw_copy", "to_sql", "to_sql_bare", known):
            row = connection.execute(sa.text(f"SELECT count(*), sum(value) FROM {source}")).one()
            assert tuple(row) == (ROWS, total), (source, row)


if __name__ == "__main__":
    main()
