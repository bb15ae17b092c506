"""A json-stat2 answer as a cube: codes in order, values as one numpy array, a status for every cell.

Format: https://json-stat.org/full/ (class dataset, version 2.0) and PxWebApi v2's own serializer. ``value`` is
row-major with the last of ``id`` fastest; categories are ordered by ``index``, never by their order in the file.
The values never become Python rows: parsing costs a small multiple of reading the JSON.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import orjson

from include.check.encoding import garbled
from include.errors import LayoutChanged

#: What a symbol in a cell without a number says. SCB: "-" is a real zero, ".." not available, "." not applicable.
SYMBOLS: dict[str, str] = {"-": "ok", "..": "missing", ".": "not_applicable"}
ZERO = "-"


#: Codes of :attr:`Cube.status`; the last two are no statuses but faults.
STATUS = ("ok", "missing", "not_applicable", "no_status", "unknown_status")
_OK, _NO_STATUS, _UNKNOWN = 0, 3, 4


@dataclass(frozen=True)
class Dimension:
    """One variable of the cube, its categories in order."""

    name: str
    codes: list[str]
    labels: list[str]


@dataclass(frozen=True)
class Cube:
    """A decoded answer.

    Attributes:
        dimensions: the variables in the order of the axes.
        value: the figures with one axis for each variable; NaN where there is none.
        status: index into :data:`STATUS` for each cell.
        noted: True where SCB put a note on a cell that has a number.
        document: the rest of the answer.
    """

    dimensions: list[Dimension]
    value: "np.ndarray[Any, np.dtype[np.float64]]"
    status: "np.ndarray[Any, np.dtype[np.int8]]"
    noted: "np.ndarray[Any, np.dtype[np.bool_]]"
    document: dict[str, Any]

    @property
    def table_id(self) -> str | None:
        """Return the producer's id of the table."""
        px = self.document.get("extension", {}).get("px", {})
        return px.get("tableid") if isinstance(px, Mapping) else None

    @property
    def notes(self) -> list[str]:
        """Return the notes of the answer as a whole and of its variables: divisions, disclosure control."""
        told = [self.document, *(self.document.get("dimension") or {}).values()]
        notes = [note for part in told for note in _texts(part.get("note"))]
        return list(dict.fromkeys(notes))

    def axis(self, name: str) -> int | None:
        """Return the axis of a variable, None if the answer does not have it."""
        return next((axis for axis, dimension in enumerate(self.dimensions) if dimension.name == name), None)


def _texts(note: object) -> list[str]:
    """Return a note as texts; JSON-stat allows one or many."""
    return [note] if isinstance(note, str) else [str(text) for text in note] if isinstance(note, list) else []


def decode(content: bytes, what: str) -> Cube:
    """Decode an answer.

    Args:
        content: the answer's bytes.
        what: names the answer in messages.

    Raises:
        LayoutChanged: it is no json-stat2 dataset with a value for each cell.
    """
    document = parsed(content, what, "a json-stat2 dataset")
    if not isinstance(document, dict) or document.get("class") != "dataset":
        found = sorted(document)[:8] if isinstance(document, dict) else type(document).__name__
        raise LayoutChanged(f"{what}: found {found}; expected an object with class 'dataset' (json-stat2).")
    if lacking := {"id", "size", "dimension", "value"} - document.keys():
        raise LayoutChanged(f"{what}: the dataset lacks {', '.join(sorted(lacking))}.")
    dimensions = [_dimension(document, name, size, what) for name, size in _sizes(document, what)]
    demand_swedish((label for dimension in dimensions for label in dimension.labels), what)
    shape = tuple(len(dimension.codes) for dimension in dimensions)
    value = _values(document.pop("value"), prod(shape), what)
    status, noted = _statuses(document.pop("status", None), value, what)
    return Cube(dimensions, value.reshape(shape), status.reshape(shape), noted.reshape(shape), document)


def parsed(content: bytes, what: str, expected: str) -> Any:
    """Return JSON; a byte order mark before it, as PxWeb writes, is no part of it.

    Raises:
        LayoutChanged: it is no JSON in UTF-8.
    """
    try:
        return orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise LayoutChanged(f"{what}: found no JSON in UTF-8 ({error}); expected {expected}.") from error


def demand_swedish(labels: Iterable[str], what: str) -> None:
    """Refuse labels whose å, ä and ö were read in another encoding: nothing could be told by them.

    Raises:
        LayoutChanged: names the first such label.
    """
    for label in labels:
        if garbled(label) is not None:
            raise LayoutChanged(f"{what}: the label {label!r} was read in another encoding than it was written in.")


def _sizes(document: dict[str, Any], what: str) -> list[tuple[str, int]]:
    names, sizes = document["id"], document["size"]
    if len(names) != len(sizes) or len(set(names)) != len(names):
        raise LayoutChanged(f"{what}: found id {names} and size {sizes}; expected one size for each variable.")
    return list(zip(names, sizes, strict=True))


def _dimension(document: dict[str, Any], name: str, size: int, what: str) -> Dimension:
    """Return a variable with its codes in the order of their index."""
    category = document["dimension"].get(name, {}).get("category", {})
    labels: dict[str, str] = category.get("label", {})
    index = category.get("index", list(labels) if len(labels) == 1 else None)
    if isinstance(index, dict):
        if sorted(index.values()) != list(range(size)):
            raise LayoutChanged(f"{what}: the index of {name} does not number its {size} categories from 0.")
        codes = sorted(index, key=index.__getitem__)
    else:
        codes = list(index or [])
    if len(codes) != size or len(set(codes)) != size:
        raise LayoutChanged(f"{what}: {name} has {len(codes)} categories; expected {size}, each once.")
    return Dimension(name, codes, [labels.get(code, code) for code in codes])


def _values(raw: Any, cells: int, what: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the values as numbers, NaN for null; a sparse object is filled up."""
    if isinstance(raw, dict):
        value = np.full(cells, np.nan)
        for key, number in raw.items():
            value[_cell(key, cells, "value", what)] = np.nan if number is None else number
        return value
    if not isinstance(raw, list) or len(raw) != cells:
        found = f"{len(raw)} values" if isinstance(raw, list) else type(raw).__name__
        raise LayoutChanged(
            f"{what}: found {found}; expected {cells}, one for each cell (an answer of metadata has none)."
        )
    try:
        return np.array(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise LayoutChanged(f"{what}: a value is no number ({error}).") from error


def _statuses(
    raw: Any, value: "np.ndarray[Any, np.dtype[np.float64]]", what: str
) -> tuple["np.ndarray[Any, np.dtype[np.int8]]", "np.ndarray[Any, np.dtype[np.bool_]]"]:
    """Return the status of each cell and where a number has a note; zeros written as a symbol get their value.

    ``status`` may be an object by cell (SCB), an array, or one text for every cell.
    """
    empty = np.isnan(value)
    status = np.where(empty, _NO_STATUS, _OK).astype(np.int8)
    noted = np.zeros(len(value), dtype=np.bool_)
    for cell, symbol in _symbols(raw, len(value), what):
        if not empty[cell]:
            noted[cell] = True
        elif symbol == ZERO:
            value[cell], status[cell] = 0.0, _OK
        else:
            status[cell] = STATUS.index(SYMBOLS[symbol]) if symbol in SYMBOLS else _UNKNOWN
    return status, noted


def _symbols(raw: Any, cells: int, what: str) -> Iterator[tuple[int, str]]:
    """Yield the cells that have a symbol."""
    match raw:
        case None:
            return
        case str():
            yield from ((cell, raw) for cell in range(cells))
        case dict():
            yield from (
                (_cell(key, cells, "status", what), symbol) for key, symbol in raw.items() if symbol is not None
            )
        case list() if len(raw) == cells:
            yield from ((cell, symbol) for cell, symbol in enumerate(raw) if symbol is not None)
        case _:
            raise LayoutChanged(f"{what}: status is no object, text or array of {cells} symbols.")


def _cell(key: str, cells: int, member: str, what: str) -> int:
    if not key.isdigit() or int(key) >= cells:
        raise LayoutChanged(f"{what}: {member} speaks of the cell {key!r}; there are {cells}.")
    return int(key)
