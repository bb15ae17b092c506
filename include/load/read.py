"""Read the warehouse: observations as they were known at a moment, with codes as text."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from psycopg import sql

from include.archive.deliveries import SOURCE

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
#: What :func:`history` tells besides. The end of time is left empty: no time stamp of pandas reaches it.
_ENDS = {
    "known_until": (
        "CASE WHEN o.known_until < 'infinity' THEN (extract(epoch FROM o.known_until) * 1000000)::bigint END"
    )
}
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
    return _read(connection, _COLUMNS, known, measures, "1, 2, 3, 5, 6, 7, 8")


def history(connection: sa.Connection, measures: Sequence[str]) -> "pd.DataFrame":
    """Return every version of the figures of some measures, one row per key and version, oldest version first.

    Args:
        connection: of a role that may read the warehouse.
        measures: codes, ``<source or extract id>.<measure id>``.

    Returns:
        The columns of :func:`observations`, and known_until (UTC): the moment from which the version no longer held,
        NaT for one that holds still.
    """
    return _read(connection, _COLUMNS | _ENDS, sql.SQL("true"), measures, "1, 2, 3, 5, 6, 7, 8, o.known_from")


def moments(connection: sa.Connection, measures: Sequence[str], as_of: datetime) -> "pd.DataFrame":
    """Return when anything of some measures has changed, up to a moment: once per measure, area, period and moment.

    Args:
        connection: of a role that may read the warehouse.
        measures: codes, ``<source or extract id>.<measure id>``.
        as_of: the moment, with time zone.

    Returns:
        Columns measure, area, period, year and known_from (UTC).
    """
    names = ["measure", "area", "period", "year", "known_from"]
    query = sql.SQL(
        "SELECT {columns} FROM (SELECT DISTINCT measure_key, area_key, period_key, known_from"
        " FROM warehouse.observation WHERE known_from <= {as_of}) o"
        " JOIN warehouse.measure m USING (measure_key) JOIN warehouse.area a USING (area_key)"
        " JOIN warehouse.period d USING (period_key) WHERE m.code = ANY ({measures}) ORDER BY 1, 2, 3, 5"
    ).format(
        columns=sql.SQL(", ".join(f"{_COLUMNS[name]} AS {name}" for name in names)),
        as_of=sql.Literal(as_of),
        measures=sql.Literal(list(measures)),
    )
    return _frame(_copy_out(connection, query), names)


def _read(
    connection: sa.Connection, columns: Mapping[str, str], known: sql.Composable, measures: Sequence[str], keys: str
) -> "pd.DataFrame":
    query = sql.SQL(
        "SELECT {columns} FROM {tables} WHERE {known} AND m.code = ANY ({measures}) ORDER BY {keys}"
    ).format(
        columns=sql.SQL(", ".join(f"{source} AS {name}" for name, source in columns.items())),
        tables=sql.SQL(_FROM),
        known=known,
        measures=sql.Literal(list(measures)),
        keys=sql.SQL(keys),
    )
    return _frame(_copy_out(connection, query), list(columns))


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


def loaded_since(connection: sa.Connection, moment: datetime, as_of: datetime) -> list[str]:
    """Return the captures that were loaded after a moment though they had been captured by ``as_of``, by id."""
    rows = connection.execute(
        sa.text(
            "SELECT c.capture_id FROM warehouse.capture c JOIN warehouse.loaded l USING (capture_key)"
            " WHERE c.captured_at <= :as_of AND l.loaded_at > :moment ORDER BY 1"
        ),
        {"as_of": as_of, "moment": moment},
    )
    return [str(row[0]) for row in rows]


def last_known(connection: sa.Connection, agreement_id: str | None = None) -> datetime | None:
    """Return the moment of the latest capture loaded: the end of what the warehouse knows; None if it is empty.

    Args:
        connection: of a role that may read the warehouse.
        agreement_id: leaves out what other agreements' parties have delivered, which ends nothing of this one's.
    """
    query = (
        "SELECT max(captured_at) FROM warehouse.capture"
        " WHERE :agreement IS NULL OR source_id <> :deliveries OR starts_with(part, :agreement || '-')"
    )
    found = sa.text(query).bindparams(
        sa.bindparam("agreement", agreement_id, sa.Text), sa.bindparam("deliveries", SOURCE, sa.Text)
    )
    latest: datetime | None = connection.execute(found).scalar()
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


def _frame(content: bytes, columns: Sequence[str]) -> "pd.DataFrame":
    import pyarrow as pa
    from pyarrow import csv

    times = [name for name in columns if name.startswith("known_")]
    numbers = dict.fromkeys(_NUMBERS, pa.float64()) | dict.fromkeys(["year", *times], pa.int64())
    types = {name: numbers.get(name, pa.string()) for name in columns}
    if not content:
        table = pa.table({name: pa.array([], type=kind) for name, kind in types.items()})
    else:
        table = csv.read_csv(
            pa.BufferReader(content),
            read_options=csv.ReadOptions(column_names=list(columns)),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types, null_values=["\\N"], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
    for name in times:
        moment = table.column(name).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
        table = table.set_column(table.column_names.index(name), name, moment)
    frame: pd.DataFrame = table.to_pandas()
    return frame
