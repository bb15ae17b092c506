"""PxWeb's own ``json`` as a cube, for servers of API v1 that give no json-stat2.

Format: the server's source (statisticssweden/PxWeb, ``JsonSerializer``) and answers of SCB's API v1. ``columns`` says
what each key and value is (type ``d`` a variable, ``t`` the time, ``c`` what is counted), ``data`` holds a row for each
combination of codes. Values are texts, with a decimal point; a missing figure is the producer's symbol as it stands.
The form has no labels, so the archive keeps them beside it (``variables``, see
:mod:`include.archive.fetchers.pxweb_v1`).
"""

import re
from math import prod
from typing import Any

import numpy as np

from include.check.readers import jsonstat_cube
from include.check.readers.jsonstat_cube import STATUS, SYMBOLS, ZERO, Cube, Dimension
from include.errors import LayoutChanged

CONTENTS = "ContentsCode"

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_START = b'{"variables"'


def cube_of(content: bytes, what: str) -> Cube:
    """Decode an answer in either form.

    Raises:
        LayoutChanged: it is neither.
    """
    return decode(content, what) if content.lstrip().startswith(_START) else jsonstat_cube.decode(content, what)


def decode(content: bytes, what: str) -> Cube:
    """Decode an answer as archived: PxWeb's own json, its variables beside it.

    Args:
        content: the archived bytes.
        what: names the answer in messages.

    Raises:
        LayoutChanged: it is not so, or lacks a figure, or has one twice.
    """
    document = jsonstat_cube.parsed(content, what, "PxWeb's own json")
    if not isinstance(document, dict) or not {"variables", "columns", "data"} <= document.keys():
        raise LayoutChanged(f"{what}: found no object with variables, columns and data (PxWeb's own json).")
    dimensions = _dimensions(document, what)
    jsonstat_cube.demand_swedish((label for dimension in dimensions for label in dimension.labels), what)
    value, status = _cells(document, dimensions, what)
    notes = [str(comment.get("comment", "")) for comment in document.get("comments") or []]
    rest = {"note": [note for note in notes if note], "label": document.get("title")}
    return Cube(dimensions, value, status, np.zeros(value.shape, dtype=np.bool_), rest)


def _dimensions(document: dict[str, Any], what: str) -> list[Dimension]:
    """Return the variables in the order of the table; what is counted is one of them."""
    named = {
        variable["code"]: Dimension(variable["code"], list(variable["values"]), list(variable["valueTexts"]))
        for variable in document["variables"]
    }
    counted = [column for column in document["columns"] if column.get("type") == "c"]
    contents = Dimension(CONTENTS, [c["code"] for c in counted], [c.get("text") or c["code"] for c in counted])
    keys = [column["code"] for column in document["columns"] if column.get("type") in ("d", "t")]
    if set(keys) != set(named) - {CONTENTS} or not counted:
        raise LayoutChanged(f"{what}: found the columns {keys} and {len(counted)} counted; expected {sorted(named)}.")
    if CONTENTS in named:
        known = dict(zip(named[CONTENTS].codes, named[CONTENTS].labels, strict=True))
        if set(known) != set(contents.codes):
            raise LayoutChanged(f"{what}: the answer counts {contents.codes}; expected {sorted(known)}.")
        contents = Dimension(CONTENTS, contents.codes, [known[code] for code in contents.codes])
        return [contents if name == CONTENTS else dimension for name, dimension in named.items()]
    return [*named.values(), contents]


def _cells(
    document: dict[str, Any], dimensions: list[Dimension], what: str
) -> tuple["np.ndarray[Any, np.dtype[np.float64]]", "np.ndarray[Any, np.dtype[np.int8]]"]:
    """Return value and status of each cell, each of which must stand in the rows once."""
    shape = tuple(len(dimension.codes) for dimension in dimensions)
    axis = {dimension.name: place for place, dimension in enumerate(dimensions)}
    index = [{code: number for number, code in enumerate(dimension.codes)} for dimension in dimensions]
    keys = [column["code"] for column in document["columns"] if column.get("type") in ("d", "t")]
    value, status = np.full(shape, np.nan), np.full(shape, STATUS.index("no_status"), dtype=np.int8)
    met = np.zeros(shape, dtype=np.bool_)
    for row in document["data"]:
        place = [0] * len(shape)
        for name, code in zip(keys, row["key"], strict=True):
            if code not in index[axis[name]]:
                raise LayoutChanged(f"{what}: a row is about {name} {code}, which was not asked for.")
            place[axis[name]] = index[axis[name]][code]
        for number, text in enumerate(row["values"]):
            place[axis[CONTENTS]] = number
            if met[(cell := tuple(place))]:
                raise LayoutChanged(f"{what}: the row {row['key']} stands twice.")
            met[cell] = True
            value[cell], status[cell] = _figure(text)
    if not met.all():
        raise LayoutChanged(f"{what}: {int(met.sum())} figures came; expected {prod(shape)}, one for each cell.")
    return value, status


def _figure(text: object) -> tuple[float, int]:
    """Return value and status (index into ``STATUS``) of one text: ``"2.8"``, ``"-"``, ``".."``."""
    plain = str(text).strip()
    if _NUMBER.fullmatch(plain):
        return float(plain), STATUS.index("ok")
    if plain == ZERO:
        return 0.0, STATUS.index("ok")
    status = SYMBOLS.get(plain, "unknown_status") if text not in (None, "") else "no_status"
    return float("nan"), STATUS.index(status)
