"""The tidy table: the one form that every source's figures have between their reader and the warehouse.

One row is one figure (one observation), so that counts of rows are counts of figures. A reader makes the table with
:func:`tidy_table`, puts what it could not understand into :func:`set_aside_table`, and returns both as a
:class:`ReadResult`. ``measure`` holds the warehouse's code, ``<source or extract id>.<measure id>``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.errors import CheckFailed

#: What a figure's status means. Only ``ok`` and ``estimate`` have a value; a zero is a value, never a status.
VALUE_STATUSES: dict[str, str] = {
    "ok": "uppgift finns",
    "suppressed": "skyddad av sekretesskäl hos källan",
    "missing": "uppgift saknas hos källan",
    "not_applicable": "kan inte förekomma",
    "not_reported": "har inte rapporterats",
    "estimate": "uppskattad uppgift",
    "withdrawn": "har tagits bort av källan",
}

#: Statuses whose rows hold a value; rows of every other status hold none.
WITH_VALUE = ("ok", "estimate")

#: Where a figure comes from, as it travels with the figure to the page.
MARKS: dict[str, str] = {
    "direct": "direkt ur källan",
    "derived": "beräknad ur källans andra uppgifter",
    "secondary": "hämtad ur en andrahandskälla",
    "wrong_at_source": "felaktig i källan, visas som den står",
    "uncertain": "osäker uppgift",
    "withdrawn_at_source": "källan har slutat redovisa uppgiften; den senaste visas",
    "example": "påhittad exempeluppgift",
}

#: Preliminary or final, as the producer says.
STATUSES: dict[str, str] = {"P": "preliminär", "F": "slutlig"}

#: What identifies a figure.
KEY = ("measure", "area", "period", "sex", "age", "party", "breakdown")

_CODE = pa.dictionary(pa.int32(), pa.string())

TIDY = pa.schema(
    [
        *((name, _CODE) for name in KEY),
        ("value", pa.float64()),
        ("value_low", pa.float64()),
        ("value_high", pa.float64()),
        ("value_status", _CODE),
        ("status", _CODE),
        ("mark", _CODE),
        ("source_label", _CODE),
        ("place", pa.string()),
    ]
)

SET_ASIDE = pa.schema(
    [("place", pa.string()), ("reason_code", pa.string()), ("reason_sv", pa.string()), ("raw", pa.string())]
)

#: Columns that a reader may leave out, with the value that then stands for "not divided by this".
_DEFAULTS: dict[str, str | None] = {
    "sex": "T",
    "age": "T",
    "party": "-",
    "breakdown": "total",
    "value_low": None,
    "value_high": None,
}


@dataclass(frozen=True)
class SetAside:
    """One figure (or row of a delivery) that is kept aside because it cannot be loaded.

    Attributes:
        place: sheet and cell, line or index that a person can find in the file.
        reason_code: short ASCII code, e.g. ``UNKNOWN_LABEL``.
        reason_sv: what is wrong and what to do, in Swedish.
        raw: what stood there; never personal data, never free text.
    """

    place: str
    reason_code: str
    reason_sv: str
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadResult:
    """What a reader makes of one capture.

    Attributes:
        table: the figures, with schema :data:`TIDY`.
        set_aside: what the reader could not take as a figure, with schema :data:`SET_ASIDE`.
        rows_in: how many figures the file holds; always the rows of both tables together.
        notes: what a reader of the figures should know (Swedish), e.g. the producer's own note of a re-issue.
    """

    table: pa.Table
    set_aside: pa.Table
    rows_in: int
    notes: list[str] = field(default_factory=list)


def tidy_table(columns: Mapping[str, Any]) -> pa.Table:
    """Build a table with schema :data:`TIDY`.

    Args:
        columns: by column name a sequence, array (numpy, Arrow; dictionary-encoded or not), or one scalar that holds
            for every row. ``sex``, ``age``, ``party`` and ``breakdown`` default to their totals, ``value_low`` and
            ``value_high`` to none; the others must be given. None and NaN are "no value".

    Raises:
        ValueError: a column is unknown or lacking, has another length, or there is no column to take the length from.
    """
    given = {**_DEFAULTS, **columns}
    if wrong := set(given) ^ set(TIDY.names):
        raise ValueError(f"columns unknown or lacking in the tidy table: {', '.join(sorted(wrong))}")
    lengths = {name: len(column) for name, column in given.items() if not _is_scalar(column)}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the tidy table's columns must have one common length, got {lengths}")
    rows = next(iter(lengths.values()))
    return pa.table({name: _column(given[name], TIDY.field(name).type, rows) for name in TIDY.names}, schema=TIDY)


def set_aside_table(rows: Iterable[SetAside] = ()) -> pa.Table:
    """Build a table with schema :data:`SET_ASIDE`; ``raw`` becomes JSON text with its keys in order."""
    return pa.Table.from_pylist(
        [
            {
                "place": row.place,
                "reason_code": row.reason_code,
                "reason_sv": row.reason_sv,
                "raw": json.dumps(dict(row.raw), ensure_ascii=False, sort_keys=True, default=str),
            }
            for row in rows
        ],
        schema=SET_ASIDE,
    )


def assert_identity(result: ReadResult) -> None:
    """Refuse a reader's result whose schemas or counts are not what they must be: no figure may get lost unseen.

    Raises:
        CheckFailed: a table has another schema, or rows in ≠ rows read + rows set aside.
    """
    for name, table, schema in (("table", result.table, TIDY), ("set_aside", result.set_aside, SET_ASIDE)):
        if not table.schema.equals(schema):
            raise CheckFailed(f"The reader's {name} has the schema\n{table.schema}\nexpected\n{schema}")
    if result.rows_in != result.table.num_rows + result.set_aside.num_rows:
        raise CheckFailed(
            f"Count identity broken in the reader: {result.rows_in} figures in, but {result.table.num_rows} read "
            f"+ {result.set_aside.num_rows} set aside. Mend the reader; nothing was loaded."
        )


def _is_scalar(column: object) -> bool:
    return column is None or isinstance(column, (str, int, float))


def _column(column: object, kind: pa.DataType, rows: int) -> pa.Array | pa.ChunkedArray:
    coded = pa.types.is_dictionary(kind)
    plain = kind.value_type if coded else kind
    if _is_scalar(column):
        if coded:
            index = pa.repeat(pa.scalar(None if column is None else 0, pa.int32()), rows)
            return pa.DictionaryArray.from_arrays(index, pa.array([] if column is None else [column], plain))
        return pa.repeat(pa.scalar(column, plain), rows)
    array = (
        column if isinstance(column, (pa.Array, pa.ChunkedArray)) else pa.array(column, type=plain, from_pandas=True)
    )
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not coded:
        array = array.cast(plain)
        return pc.if_else(pc.is_nan(array), None, array) if pa.types.is_floating(plain) else array
    if pa.types.is_dictionary(array.type):
        return array.cast(kind)
    return array.cast(plain).dictionary_encode()
