"""Read the warehouse: observations as they were known at a moment, with codes as text."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from psycopg import sql

if TYPE_CHECKING:
    import pandas as pd

#: Columns of :func:`observations`, in order, with where each comes from.
_COLUMNS = {
    "measure": "m.code",
    "area": "a.code",
    "period": "d.code",
    "year": "d.year",
    "sex": "s.code",
    "age": "g.code",
    "party": "y.code",
    "breakdown": "b.code",
    "value": "o.value",
    "value_low": "o.value_low",
    "value_high": "o.value_high",
    "value_status": "u.code",
    "status": "o.status",
    "mark": "k.code",
    "source_label": "l.text",
    "capture_id": "c.capture_id",
    "origin": "c.origin",
    "known_from": "(extract(epoch FROM o.known_from) * 1000000)::bigint",
}
_NUMBERS = ("value", "value_low", "value_high")
_FROM = """
warehouse.observation o
    JOIN warehouse.measure m USING (measure_key) JOIN warehouse.area a USING (area_key)
    JOIN warehouse.period d USING (period_key) JOIN warehouse.sex s USING (sex_key)
    JOIN warehouse.age g USING (age_key) JOIN warehouse.party y USING (party_key)
    JOIN warehouse.breakdown b USING (breakdown_key) JOIN warehouse.source_label l USING (label_key)
    JOIN warehouse.value_status u USING (value_status_key) JOIN warehouse.mark k USING (mark_key)
    JOIN warehouse.capture c USING (capture_key)
"""


def observations(connection: sa.Connection, measures: Sequence[str], as_of: datetime | None = None) -> "pd.DataFrame":
    """Return the figures of some measures as known at a moment, one row per key, in the order of the keys.

    A figure that its source has withdrawn is there without a value, with value_status ``withdrawn``.

    Args:
        connection: of a role that may read the warehouse.
        measures: codes, ``<source or extract id>.<measure id>``.
        as_of: the moment, with time zone; None = what is known now.

    Returns:
        Columns measure, area, period, year, sex, age, party, breakdown, value, value_low, value_high, value_status,
        status, mark, source_label, capture_id, origin (codes as text) and known_from (UTC).
    """
    known = (
        sql.SQL("o.known_until = 'infinity'")
        if as_of is None
        else sql.SQL("o.known_from <= {0} AND o.known_until > {0}").format(sql.Literal(as_of))
    )
    query = sql.SQL(
        "SELECT {columns} FROM {tables} WHERE {known} AND m.code = ANY ({measures}) ORDER BY {keys}"
    ).format(
        columns=sql.SQL(", ".join(f"{source} AS {name}" for name, source in _COLUMNS.items())),
        tables=sql.SQL(_FROM),
        known=known,
        measures=sql.Literal(list(measures)),
        keys=sql.SQL("1, 2, 3, 5, 6, 7, 8"),
    )
    return _frame(_copy_out(connection, query))


def quarantined(connection: sa.Connection, source_id: str | None = None) -> list[dict[str, Any]]:
    """Return the rows set aside, of one source or all: where, why, and of which capture."""
    rows = connection.execute(
        sa.text(
            "SELECT c.capture_id, q.source_id, q.part, q.place, q.reason_code, q.reason_sv, q.severity"
            " FROM warehouse.quarantine q JOIN warehouse.capture c USING (capture_key)"
            " WHERE q.source_id = coalesce(:source, q.source_id) ORDER BY c.capture_id, q.place, q.reason_code"
        ),
        {"source": source_id},
    )
    return [dict(row) for row in rows.mappings()]


def loads_of(connection: sa.Connection) -> dict[int, int]:
    """Return how many captures have changed each year's figures."""
    query = (
        "SELECT year::integer, count(*) FROM warehouse.loaded,"
        " jsonb_array_elements_text(result -> 'years') AS year GROUP BY 1"
    )
    return {row[0]: row[1] for row in connection.execute(sa.text(query))}


def parts(connection: sa.Connection, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Return for each part of each source its latest capture known at a moment (what has been delivered, and when)."""
    rows = connection.execute(
        sa.text(
            "SELECT DISTINCT ON (source_id, part) source_id, part, periods, origin, capture_id, captured_at"
            " FROM warehouse.capture WHERE captured_at <= coalesce(:as_of, 'infinity'::timestamptz)"
            " ORDER BY source_id, part, captured_at DESC"
        ),
        {"as_of": as_of},
    )
    return [dict(row) for row in rows.mappings()]


def deliveries(connection: sa.Connection, source_id: str, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Return the captures of an inbox known at a moment, oldest first: which part, when, of what media type."""
    rows = connection.execute(
        sa.text(
            "SELECT part, capture_id, captured_at, origin, manifest ->> 'media_type' AS media_type"
            " FROM warehouse.capture WHERE source_id = :source"
            " AND captured_at <= coalesce(:as_of, 'infinity'::timestamptz) ORDER BY captured_at, capture_id"
        ),
        {"source": source_id, "as_of": as_of},
    )
    return [dict(row) for row in rows.mappings()]


def last_known(connection: sa.Connection) -> datetime | None:
    """Return the moment of the latest capture loaded: the end of what the warehouse knows; None if it is empty."""
    latest: datetime | None = connection.execute(sa.text("SELECT max(captured_at) FROM warehouse.capture")).scalar()
    return latest


def _copy_out(connection: sa.Connection, query: sql.Composed) -> bytes:
    """Return a query's rows as CSV: COPY hands a million rows over many times faster than fetching them."""
    driver: Any = connection.connection.driver_connection
    buffer = BytesIO()
    statement = sql.SQL("COPY ({query}) TO STDOUT (FORMAT csv, NULL '\\N')").format(query=query)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            buffer.write(block)
    return buffer.getvalue()


def _frame(content: bytes) -> "pd.DataFrame":
    import pyarrow as pa
    from pyarrow import csv

    types = dict.fromkeys(_COLUMNS, pa.string()) | dict.fromkeys(_NUMBERS, pa.float64())
    types |= {"year": pa.int64(), "known_from": pa.int64()}
    if not content:
        table = pa.table({name: pa.array([], type=kind) for name, kind in types.items()})
    else:
        table = csv.read_csv(
            pa.BufferReader(content),
            read_options=csv.ReadOptions(column_names=list(_COLUMNS)),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types, null_values=["\\N"], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
    place = table.column_names.index("known_from")
    known_from = table.column("known_from").cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    frame: pd.DataFrame = table.set_column(place, "known_from", known_from).to_pandas()
    return frame
