"""From a tidy table to PostgreSQL's binary COPY format: keys for codes, rows in the order of the primary key.

Rendering goes through numpy record arrays: rows with the same columns empty have the same width, so that a whole block
of them is one copy of memory. The format is that of https://www.postgresql.org/docs/18/sql-copy.html (Binary Format):
a header, then for each row the number of fields and for each field its length (-1 = NULL) and its bytes, big-endian.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from include.errors import LoadConflict
from include.load.tables import KEYS

#: Column of the tidy table: column of ``observation``, for all that is stored as a key.
CODED = {**KEYS, "source_label": "label_key", "value_status": "value_status_key", "mark": "mark_key"}
NUMBERS = ("value", "value_low", "value_high")
#: All that is the same in two vintages when nothing was revised.
STATE = (*NUMBERS, "value_status_key", "status", "mark_key", "label_key")

#: Type of each column as it travels.
WIRE = {
    "known_from": ">i8",
    "known_until": ">i8",
    **dict.fromkeys(NUMBERS, ">f8"),
    **dict.fromkeys(("measure_key", "period_key", "area_key", "breakdown_key", "label_key", "capture_key"), ">i4"),
    **dict.fromkeys(("age_key", "sex_key", "party_key", "value_status_key", "mark_key"), ">i2"),
    "status": "S1",
}
INFINITY = np.iinfo(np.int64).max

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_BLOCK = 1 << 16

Columns = dict[str, NDArray[Any]]


def encode(table: pa.Table, keys_of: Callable[[str, Iterable[str]], Mapping[str, int]]) -> Columns:
    """Return a tidy table's columns as arrays of keys, numbers and statuses, sorted as the primary key is.

    Numbers that are not there are NaN.

    Args:
        table: schema TIDY.
        keys_of: of a column and its codes, the key of each.

    Raises:
        LoadConflict: a code is missing, a figure is there twice, or a number is none; the text shows where.
    """
    columns: Columns = {key: _keys(table, name, keys_of) for name, key in CODED.items()}
    columns["status"] = _keys(table, "status", lambda _, codes: {code: ord(code) for code in codes}).astype("u1")
    columns |= {name: _numbers(table, name) for name in NUMBERS}
    order = _order([columns[key] for key in KEYS.values()])
    _refuse_twice(table, columns, order)
    return {name: column[order] for name, column in columns.items()}


def binary_rows(
    columns: Mapping[str, NDArray[Any]], constants: Mapping[str, int], names: Iterable[str]
) -> Iterator[bytes]:
    """Yield the bytes of a binary COPY of these columns (NaN as NULL), in blocks.

    Args:
        columns: arrays of one length.
        constants: columns that are the same in every row.
        names: columns in the order that the COPY statement names them.
    """
    names = list(names)
    size = len(next(iter(columns.values())))
    empty = {name: np.isnan(columns[name]) for name in names if name in NUMBERS}
    pattern = np.zeros(size, dtype=np.uint8)
    for place, mask in enumerate(empty.values()):
        pattern |= mask.astype(np.uint8) << place
    yield _HEADER
    for which in np.flatnonzero(np.bincount(pattern)):
        rows = np.flatnonzero(pattern == which)
        without = {name for place, name in enumerate(empty) if which >> place & 1}
        layout = _layout(names, without)
        for start in range(0, len(rows), _BLOCK):
            some = rows[start : start + _BLOCK]
            gapless = some[-1] - some[0] == len(some) - 1  # a slice is not copied
            chosen = slice(some[0], some[-1] + 1) if gapless else some
            yield _block(layout, names, without, {n: c[chosen] for n, c in columns.items()}, constants, len(some))
    yield _TRAILER


def microseconds(moment: datetime) -> int:
    """Return a moment as PostgreSQL stores it: microseconds since the year 2000."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _layout(names: list[str], without: set[str]) -> np.dtype[Any]:
    fields = [("fields", ">i2")]
    for name in names:
        fields.append((f"{name} length", ">i4"))
        if name not in without:
            fields.append((name, WIRE[name]))
    return np.dtype(fields)


def _block(
    layout: np.dtype[Any],
    names: list[str],
    without: set[str],
    columns: Mapping[str, NDArray[Any]],
    constants: Mapping[str, int],
    size: int,
) -> bytes:
    block = np.empty(size, dtype=layout)
    block["fields"] = len(names)
    for name in names:
        block[f"{name} length"] = -1 if name in without else layout[name].itemsize
        if name in without:
            continue
        if name in constants:
            block[name] = constants[name]
        elif name == "status":
            block[name] = columns[name].view("S1")
        else:
            block[name] = columns[name]
    return block.tobytes()


def _keys(table: pa.Table, name: str, keys_of: Callable[[str, Iterable[str]], Mapping[str, int]]) -> NDArray[np.int32]:
    """Return the key of each row's code; a missing label is the empty one, any other missing code is refused."""
    column = table.column(name)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks() if table.num_rows else None
    if array is None:
        return np.empty(0, dtype=np.int32)
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    codes: list[str | None] = array.dictionary.to_pylist()
    indices = array.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
    used = np.flatnonzero(np.bincount(indices))
    if name == "source_label":
        codes.append("")
    elif used[-1] == len(codes) or None in (codes[i] for i in used):
        raise LoadConflict(f"Column {name} of the checked table has rows without a code; nothing was loaded.")
    texts = {int(i): codes[i] or "" for i in used}
    found = keys_of(name, texts.values())
    lookup = np.zeros(len(codes) + 1, dtype=np.int32)
    lookup[used] = [found[text] for text in texts.values()]
    result: NDArray[np.int32] = lookup[indices]
    return result


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    column = table.column(name)
    numbers: NDArray[np.float64] = column.to_numpy().astype(np.float64, copy=False)
    lacking = column.null_count
    if np.count_nonzero(~np.isfinite(numbers)) != lacking:
        raise LoadConflict(f"Column {name} of the checked table holds something that is no number; nothing was loaded.")
    return numbers


def _order(keys: list[NDArray[Any]]) -> NDArray[np.intp]:
    """Return the order of the primary key. The keys are packed into one number where they fit, which sorts fastest."""
    if not len(keys[0]):
        return np.empty(0, dtype=np.intp)
    widths = [int(key.max()) + 1 for key in keys]
    product = 1
    for width in widths:
        product *= width
    if product >= 1 << 63:
        return np.lexsort(keys[::-1])
    packed = np.zeros(len(keys[0]), dtype=np.int64)
    for key, width in zip(keys, widths, strict=True):
        packed = packed * width + key
    if bool(np.all(packed[1:] >= packed[:-1])):
        return np.arange(len(packed))
    return np.argsort(packed, kind="stable")


def _refuse_twice(table: pa.Table, columns: Columns, order: NDArray[np.intp]) -> None:
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in KEYS.values():
        ordered = columns[key][order]
        same &= ordered[1:] == ordered[:-1]
    if same.any():
        rows = order[np.flatnonzero(same)[:5]]
        shown = "; ".join(
            ", ".join(f"{name}={table.column(name)[int(row)].as_py()}" for name in (*KEYS, "place")) for row in rows
        )
        raise LoadConflict(
            f"{int(same.sum())} figures are there twice in the checked table: {shown}. Nothing was loaded."
        )
