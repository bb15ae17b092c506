"""Reader of SCB's population tables (PxWebApi v2, or v1 beside it): their variables to our dimensions.

A cell is one figure. Three sums are made where the table itself has no total, and only from figures without noise:
over marital status, of ages to the groups that the registry names (``ages``), and of women and men; all are marked
``derived``. From the reference year 2025 on SCB alters every value by itself (Cell Key Method), so nothing is ever
added up there.

A reconstructed answer says under ``extension.reconstruction`` how far each figure can be trusted (``marks`` by cell)
and which known figures are wrong (``set_aside``); see :mod:`include.bundle.population`. A wrong one comes out marked
``wrong_at_source`` beside the right one, for a declared correction to drop; without one the same figure stands twice,
and the gate stops.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from include.archive.manifest import Manifest
from include.archive.parts import holding, table_part
from include.check.drift import suggestion
from include.check.readers.jsonstat_cube import STATUS, Cube, Dimension
from include.check.readers.px_json import cube_of
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.periods import Period
from include.registry.models import PxWebFetch, PxWebV1Fetch, Registry, Source

if TYPE_CHECKING:
    import pyarrow as pa

AREA, AGE, SEX, CONTENTS, TIME, CIVIL_STATUS = "Region", "Alder", "Kon", "ContentsCode", "Tid", "Civilstand"
_VARIABLES = {AREA, AGE, SEX, CONTENTS, TIME, CIVIL_STATUS}
_MAPPING = "the variables of include/check/readers/jsonstat2.py"

#: SCB's codes of sex, with how their label must begin: Folkhälsomyndigheten and others number them the other way.
_SEXES = {"1": ("M", "män"), "2": ("K", "kvinnor"), "totsa": ("T", "total")}
_CIVIL_STATUSES = {"OG", "G", "SK", "ÄNKL"}
_FIRST_NOISED_YEAR = 2025
#: Letter of a unit in SCB's codes of time, and the period as we write it.
_UNITS = {"M": r"\1-\2", "K": r"\1-Q\2", "H": r"\1-H\2"}
_TIMES = [(re.compile(rf"^(\d{{4}}){letter}(\d+)$"), ours) for letter, ours in _UNITS.items()]
_AGE = re.compile(r"(\d+(?:-\d+|\+)?) år")
_FAULTS = {
    "no_status": ("NULL_WITHOUT_STATUS", "Cellen är tom utan att källan säger varför."),
    "unknown_status": ("UNKNOWN_STATUS", "Cellen har en symbol som inte är känd."),
}


@dataclass(frozen=True)
class _Figures:
    """The cube on its way to our dimensions; every array has the cube's shape.

    Attributes:
        cube: values, statuses and the variables left.
        mark: index into ``_MARKS`` of each figure.
        cell: place of each figure in the answer's ``value``; -1 for a sum.
    """

    cube: Cube
    mark: "np.ndarray[Any, np.dtype[np.int8]]"
    cell: "np.ndarray[Any, np.dtype[np.int64]]"


_MARKS = ("direct", "derived", "secondary", "wrong_at_source", "uncertain")
_DERIVED = _MARKS.index("derived")


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read an answer.

    Raises:
        LayoutChanged: it is not the table, the year or the codes that the manifest says, or has a variable or code
            that is not known; the text says what was found and expected.
    """
    what = f"{manifest.source_id}/{manifest.part}"
    cube = cube_of(content, what)
    _demand_question(cube, manifest, what)
    _demand_variables(cube, what)
    noised = _is_noised(cube)
    told = cube.document.get("extension", {}).get("reconstruction", {})
    figures = _start(cube, told)
    figures = _add_civil_statuses(figures, noised, what)
    figures = _add_age_groups(figures, noised, _age_groups(manifest, source), what)
    figures = _add_total_sex(figures, noised, what)
    table, aside = _tidy(figures, source, registry, what)
    table = _with_wrong(table, cube, told.get("set_aside", []), source, what)
    notes = [*manifest.notes, *cube.notes, *_added(cube)]
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), notes)


def _added(cube: Cube) -> list[str]:
    """Return a note for each variable that is new and has one code, so that no figure is divided by it."""
    return [
        f"Källan har en ny variabel, {dimension.name}, med det enda värdet {dimension.labels[0]}. Kontrollera att "
        "uppgifterna fortfarande avser alla."
        for dimension in cube.dimensions
        if dimension.name not in _VARIABLES
    ]


# --- is it what was asked for -------------------------------------------------------------------------------------


def _demand_question(cube: Cube, manifest: Manifest, what: str) -> None:
    """Demand the table, the periods and every code that was asked for: a call read otherwise is answered as well."""
    table = manifest.part.split("-")[0]
    # An answer of API v1 need not know the id that the table has in v2: its path was asked for, and is what was proven.
    if cube.table_id != table and manifest.request.get("api") != "v1":
        raise LayoutChanged(f"{what}: found the table {cube.table_id}, expected {table}.")
    there = {dimension.name: dimension for dimension in cube.dimensions}
    periods = [period(code) for code in there[TIME].codes] if TIME in there else []
    if sorted(periods) != sorted(manifest.periods):
        raise LayoutChanged(f"{what}: found the periods {periods}, expected {manifest.periods}.")
    selection: Mapping[str, list[str]] = manifest.request.get("selection", {})
    for variable, asked in selection.items():
        codes = {code.casefold() for code in there[variable].codes} if variable in there else set()
        named = [code for code in asked if not set("*?()") & set(code)]
        if lacking := [code for code in named if code.casefold() not in codes]:
            hint = "" if variable in there else suggestion(set(there) - _VARIABLES, [variable], _MAPPING)
            raise LayoutChanged(f"{what}: {variable} lacks {', '.join(lacking)}, which was asked for. {hint}".rstrip())


def _demand_variables(cube: Cube, what: str) -> None:
    """Demand variables that are known, and ages that do not count anybody twice."""
    there = {dimension.name for dimension in cube.dimensions}
    for dimension in cube.dimensions:
        if dimension.name not in _VARIABLES and len(dimension.codes) > 1:
            hint = suggestion([dimension.name], sorted(_VARIABLES - there), _MAPPING)
            raise LayoutChanged(
                f"{what}: found the unknown variable {dimension.name} with {len(dimension.codes)} codes; expected "
                f"{', '.join(sorted(_VARIABLES))}. {hint}"
            )
    if (axis := cube.axis(AGE)) is not None:
        _demand_one_classification(ages(cube.dimensions[axis], what), what)


def _demand_one_classification(codes: list[str], what: str) -> None:
    """Refuse ages of several classifications side by side (SCB's tables have up to four in one variable)."""
    spans = sorted(_span(age) for age in codes if age != "T")
    for (_, end), (start, _) in pairwise(spans):
        if start <= end:
            raise LayoutChanged(
                f"{what}: ages overlap around {start} (found {', '.join(codes)}); expected one classification. "
                "Choose a code list for Alder in the source's selection."
            )


def _span(age: str) -> tuple[int, int]:
    """Return first and last year of an age in our form."""
    if age.endswith("+"):
        return int(age[:-1]), 999
    first, _, last = age.partition("-")
    return int(first), int(last or first)


def _is_noised(cube: Cube) -> bool:
    """Return whether SCB has altered every value by itself: it says so, or the year is 2025 or later."""
    axis = cube.axis(TIME)
    years = [int(code[:4]) for code in cube.dimensions[axis].codes] if axis is not None else []
    return any("CKM" in note for note in cube.notes) or max(years, default=0) >= _FIRST_NOISED_YEAR


# --- sums ---------------------------------------------------------------------------------------------------------


def _start(cube: Cube, told: Mapping[str, Any]) -> _Figures:
    """Return the cube's figures with their marks."""
    mark = np.zeros(cube.value.size, dtype=np.int8)
    mark[cube.noted.ravel()] = _MARKS.index("uncertain")
    for cell, name in told.get("marks", {}).items():
        mark[int(cell)] = _MARKS.index(name)
    cell = np.arange(cube.value.size, dtype=np.int64)
    return _Figures(cube, mark.reshape(cube.value.shape), cell.reshape(cube.value.shape))


def _add_civil_statuses(figures: _Figures, noised: bool, what: str) -> _Figures:
    """Return the figures without marital status: its one code, or the sum of all four."""
    axis = figures.cube.axis(CIVIL_STATUS)
    if axis is None or len(figures.cube.dimensions[axis].codes) == 1:
        return figures
    codes = figures.cube.dimensions[axis].codes
    if noised or set(codes) != _CIVIL_STATUSES:
        raise LayoutChanged(
            f"{what}: found the marital statuses {', '.join(codes)}; expected one total"
            + (", since noised figures must not be added." if noised else f" or {', '.join(sorted(_CIVIL_STATUSES))}.")
        )
    return _summed(figures, axis, Dimension(CIVIL_STATUS, ["SUM"], ["summa"]))


def _add_total_sex(figures: _Figures, noised: bool, what: str) -> _Figures:
    """Return the figures with the sum of women and men, where the table has no total and no noise."""
    axis = figures.cube.axis(SEX)
    if axis is None:
        return figures
    found = sexes(figures.cube.dimensions[axis], what)
    if noised or sorted(found) != ["K", "M"]:
        return figures
    total = _summed(figures, axis, Dimension(SEX, ["TotSA"], ["totalt"]))
    return _side_by_side([figures, total], axis)


def _age_groups(manifest: Manifest, source: Source) -> list[str]:
    """Return the groups that the registry adds the ages of this part up to; none for a part it does not know."""
    if not isinstance(source.fetch, PxWebFetch | PxWebV1Fetch):
        return []
    return [
        group
        for period in map(Period.parse, manifest.periods[:1])
        for table in holding(source.fetch.tables, period)
        if table_part(table, period) == manifest.part
        for group in table.ages
    ]


def _add_age_groups(figures: _Figures, noised: bool, groups: list[str], what: str) -> _Figures:
    """Return the figures with the ages added up to groups, each of which the ages must cover exactly.

    Of one-year ages only the groups are left. Ages in wider classes stay, with the groups that they happen to cover.
    """
    axis = figures.cube.axis(AGE)
    if axis is None or not groups:
        return figures
    found = ages(figures.cube.dimensions[axis], what)
    by_year = any(map(str.isdecimal, found)) and all(age == "T" or age.isdecimal() or age[-1] == "+" for age in found)
    stays = [i for i, age in enumerate(found) if not by_year or age == "T" or age in groups]
    result = [_picked(figures, axis, stays)] if stays else []
    for group in [group for group in groups if group not in found]:
        covering = _covering(group, found)
        if covering and noised:
            raise LayoutChanged(f"{what}: the figures are noised, so ages must not be added up to {group}.")
        if covering:
            result.append(_summed(_picked(figures, axis, covering), axis, Dimension(AGE, [group], [f"{group} år"])))
        elif by_year:
            raise LayoutChanged(f"{what}: the {len(found)} ages found do not cover {group} exactly, each year once.")
    return _side_by_side(result, axis)


def _covering(group: str, found: list[str]) -> list[int]:
    """Return which ages make up a group exactly, each year once; none if they do not."""
    first, last = _span(group)
    within = sorted((_span(age), i) for i, age in enumerate(found) if age != "T")
    within = [(span, i) for span, i in within if first <= span[0] and span[1] <= last]
    spans = [span for span, _ in within]
    ends = bool(spans) and (spans[0][0], spans[-1][1]) == (first, last)
    return [i for _, i in within] if ends and all(one[1] + 1 == other[0] for one, other in pairwise(spans)) else []


def _picked(figures: _Figures, axis: int, categories: list[int]) -> _Figures:
    """Return the figures of some categories of a variable."""
    cube, whole = figures.cube, figures.cube.dimensions[axis]
    kept = Dimension(whole.name, [whole.codes[i] for i in categories], [whole.labels[i] for i in categories])

    def taken(array: Any) -> Any:
        return np.take(array, categories, axis=axis)

    picked = replace(
        cube,
        dimensions=_with(cube.dimensions, axis, kept),
        value=taken(cube.value),
        status=taken(cube.status),
        noted=taken(cube.noted),
    )
    return _Figures(picked, taken(figures.mark), taken(figures.cell))


def _side_by_side(parts: list[_Figures], axis: int) -> _Figures:
    """Return figures that differ in the categories of one variable as one."""
    dimensions = [part.cube.dimensions[axis] for part in parts]
    every = Dimension(
        dimensions[0].name, [c for d in dimensions for c in d.codes], [label for d in dimensions for label in d.labels]
    )

    def joined(of: Callable[[_Figures], Any]) -> Any:
        return np.concatenate([of(part) for part in parts], axis=axis)

    cube = replace(
        parts[0].cube,
        dimensions=_with(parts[0].cube.dimensions, axis, every),
        value=joined(lambda f: f.cube.value),
        status=joined(lambda f: f.cube.status),
        noted=joined(lambda f: f.cube.noted),
    )
    return _Figures(cube, joined(lambda f: f.mark), joined(lambda f: f.cell))


def _summed(figures: _Figures, axis: int, dimension: Dimension) -> _Figures:
    """Return the figures added along an axis; a sum with a part lacking has that part's status and no value."""
    cube = figures.cube
    value = cube.value.sum(axis=axis, keepdims=True)
    added = replace(
        cube,
        dimensions=_with(cube.dimensions, axis, dimension),
        value=value,
        status=np.where(np.isnan(value), cube.status.max(axis=axis, keepdims=True), 0).astype(np.int8),
        noted=np.logical_or.reduce(cube.noted, axis=axis, keepdims=True),
    )
    return _Figures(added, np.full(value.shape, _DERIVED, dtype=np.int8), np.full(value.shape, -1, dtype=np.int64))


def _with(dimensions: list[Dimension], axis: int, dimension: Dimension) -> list[Dimension]:
    return [*dimensions[:axis], dimension, *dimensions[axis + 1 :]]


# --- to our dimensions --------------------------------------------------------------------------------------------


def period(code: str) -> str:
    """Return SCB's code of a time as our period: 2024, 2024M03 as 2024-03, 2024K1 as 2024-Q1, 2024H1 as 2024-H1."""
    for pattern, ours in _TIMES:
        code = pattern.sub(ours, code)
    return code


def sexes(dimension: Dimension, what: str) -> list[str]:
    """Return our codes of sex, told by code and label together."""
    codes = []
    for code, label in zip(dimension.codes, dimension.labels, strict=True):
        ours, begins = _SEXES.get(code.casefold(), ("", ""))
        if not ours or not label.casefold().startswith(begins):
            raise LayoutChanged(
                f"{what}: found the sex {code} = {label!r}; expected 1 = män, 2 = kvinnor, TotSA = totalt."
            )
        codes.append(ours)
    return codes


def ages(dimension: Dimension, what: str) -> list[str]:
    """Return our codes of age, told by the labels ("0-4 år"): SCB's codes of groups look like negative numbers."""
    codes = []
    for code, label in zip(dimension.codes, dimension.labels, strict=True):
        plain = label.replace("–", "-").casefold()
        if match := _AGE.fullmatch(plain):
            codes.append(match[1])
        elif code.casefold().startswith("tot") and plain.startswith(("tot", "samtliga")):
            codes.append("T")
        else:
            raise LayoutChanged(
                f"{what}: found the age {code} = {label!r}; expected '<n> år', '<n>-<n> år' or a total."
            )
    return codes


def _tidy(figures: _Figures, source: Source, registry: Registry, what: str) -> tuple["pa.Table", list[SetAside]]:
    """Return the figures as a tidy table, and those that cannot be one."""
    cube = figures.cube
    by_name = {dimension.name: dimension for dimension in cube.dimensions}
    areas = by_name[AREA].codes if AREA in by_name else ["00"]
    known = np.array([code in registry.areas for code in areas])
    faulty = cube.status.ravel() >= STATUS.index("no_status")
    strange = ~known[_index(cube, AREA)]
    keep: Any = ~(faulty | strange)
    if keep.all():
        keep = slice(None)  # most answers: nothing is copied to leave nothing out
    aside = _aside(figures, faulty, strange, what)
    measures = _measures(by_name.get(CONTENTS), source, what)
    contents = _index(cube, CONTENTS)[keep]
    columns: dict[str, Any] = {
        "measure": _coded(contents, measures),
        "area": _coded(_index(cube, AREA)[keep], areas),
        "period": _coded(_index(cube, TIME)[keep], [period(code) for code in by_name[TIME].codes]),
        "sex": _coded(_index(cube, SEX)[keep], sexes(by_name[SEX], what) if SEX in by_name else ["T"]),
        "age": _coded(_index(cube, AGE)[keep], ages(by_name[AGE], what) if AGE in by_name else ["T"]),
        "value": cube.value.ravel()[keep],
        "value_status": _coded(cube.status.ravel()[keep], list(STATUS)),
        "status": "F",
        "mark": _coded(figures.mark.ravel()[keep], list(_MARKS)),
        "source_label": _coded(contents, by_name[CONTENTS].labels if CONTENTS in by_name else [source.title.sv]),
        "place": _places(figures.cell.ravel()[keep]),
    }
    return tidy_table(columns), aside


def _measures(contents: Dimension | None, source: Source, what: str) -> list[str]:
    """Return our measure for each content of the table: the source's only one, or the one with that label."""
    if contents is None or len(contents.codes) == 1 == len(source.measures):
        return [f"{source.id}.{source.measures[0].id}"]
    by_label = {measure.source_label: measure.id for measure in source.measures}
    if lacking := [label for label in contents.labels if label not in by_label]:
        gone = [label for label in by_label if label and label not in contents.labels]
        hint = suggestion(lacking, gone, f"source_label in include/registry/sources/{source.id}.yaml")
        raise LayoutChanged(
            f"{what}: no measure of {source.id} has the source_label {', '.join(map(repr, lacking))}. {hint}"
        )
    return [f"{source.id}.{by_label[label]}" for label in contents.labels]


def _index(cube: Cube, name: str) -> "np.ndarray[Any, np.dtype[np.int32]]":
    """Return for each cell the index of its category of one variable; 0 where the answer lacks the variable."""
    axis = cube.axis(name)
    if axis is None:
        return np.zeros(cube.value.size, dtype=np.int32)
    shape = [1] * cube.value.ndim
    shape[axis] = cube.value.shape[axis]
    index = np.arange(shape[axis], dtype=np.int32).reshape(shape)
    return np.broadcast_to(index, cube.value.shape).ravel()


def _coded(index: "np.ndarray[Any, Any]", codes: list[str]) -> "pa.DictionaryArray":
    """Return indices with their codes as an Arrow dictionary array, without a copy and without pandas."""
    import pyarrow as pa

    narrow = np.ascontiguousarray(index, dtype=np.int32)
    indices = pa.Array.from_buffers(pa.int32(), len(narrow), [None, pa.py_buffer(narrow)])
    distinct = list(dict.fromkeys(codes))
    if len(distinct) < len(codes):
        table = np.array([distinct.index(code) for code in codes], dtype=np.int32)
        return _coded(table[narrow], distinct)
    return pa.DictionaryArray.from_arrays(indices, pa.array(codes, pa.string()))


def _places(cell: "np.ndarray[Any, np.dtype[np.int64]]") -> "pa.Array":
    """Return where each figure stands, ``value[17]``, or that it is a sum."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if (cell[1:] > cell[:-1]).all() and (cell[:1] >= 0).all():
        return _ascending(cell)
    numbers = pa.Array.from_buffers(pa.int64(), len(cell), [None, pa.py_buffer(np.ascontiguousarray(cell))])
    text = pc.binary_join_element_wise("value[", numbers.cast(pa.string()), "]", "")
    return pc.if_else(pc.less(numbers, 0), "summa av celler", text)


def _ascending(cell: "np.ndarray[Any, np.dtype[np.int64]]") -> "pa.Array":
    """Return ``value[17]`` for cells in ascending order, written digit by digit: joining texts takes twice as long."""
    import pyarrow as pa

    blocks, lengths = [b""], np.empty(len(cell), dtype=np.int32)
    bounds = np.searchsorted(cell, [0, *(10**digits for digits in range(1, 19))])
    for digits, (start, end) in enumerate(pairwise(bounds), start=1):
        rest: np.ndarray[Any, np.dtype[Any]] = cell[start:end].astype(np.uint32 if digits < 10 else np.uint64)
        block = np.empty((len(rest), digits + 7), dtype=np.uint8)
        block[:, :6], block[:, -1] = list(b"value["), ord("]")
        for column in range(5 + digits, 5, -1):
            higher = rest // 10
            block[:, column] = rest - higher * 10 + ord("0")
            rest = higher
        blocks.append(block.tobytes())
        lengths[start:end] = digits + 7
    offsets = np.zeros(len(cell) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(pa.string(), len(cell), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(blocks))])


def _aside(
    figures: _Figures, faulty: "np.ndarray[Any, Any]", strange: "np.ndarray[Any, Any]", what: str
) -> list[SetAside]:
    """Return the cells that cannot be figures, each with its codes."""
    cube, rows = figures.cube, []
    for flat in np.flatnonzero(faulty | strange):
        place = np.unravel_index(flat, cube.value.shape)
        codes = {d.name: d.codes[i] for d, i in zip(cube.dimensions, place, strict=True)}
        reason_code, reason = (
            _FAULTS[STATUS[int(cube.status.ravel()[flat])]]
            if faulty[flat]
            else ("UNKNOWN_AREA", f"Området {codes.get(AREA)} finns inte i areas.csv.")
        )
        rows.append(SetAside(f"{what} value[{int(figures.cell.ravel()[flat])}]", reason_code, reason, codes))
    return rows


def _with_wrong(table: "pa.Table", cube: Cube, wrong: list[Mapping[str, Any]], source: Source, what: str) -> "pa.Table":
    """Return the table with the figures at its end that are known to be wrong where they were read, marked so.

    Args:
        table: the figures.
        cube: the answer, whose cells they belong to.
        wrong: each with its cell (``index``) and its ``value``.
        source: whose measures they are of.
        what: names the answer in messages.
    """
    import pyarrow as pa

    if not wrong:
        return table
    cells = [np.unravel_index(int(known["index"]), cube.value.shape) for known in wrong]
    at = {
        dimension.name: Dimension(
            dimension.name,
            [dimension.codes[cell[axis]] for cell in cells],
            [dimension.labels[cell[axis]] for cell in cells],
        )
        for axis, dimension in enumerate(cube.dimensions)
    }
    contents = at.get(CONTENTS)
    added = tidy_table(
        {
            "measure": [_measures(_one(contents, row), source, what)[0] for row in range(len(wrong))],
            "area": at[AREA].codes,
            "period": [period(code) for code in at[TIME].codes],
            "sex": sexes(at[SEX], what) if SEX in at else "T",
            "age": ages(at[AGE], what) if AGE in at else "T",
            "value": [float(known["value"]) for known in wrong],
            "value_status": "ok",
            "status": "F",
            "mark": "wrong_at_source",
            "source_label": contents.labels if contents else source.title.sv,
            "place": [f"value[{int(known['index'])}]" for known in wrong],
        }
    )
    return pa.concat_tables([table, added]).unify_dictionaries().combine_chunks()


def _one(dimension: Dimension | None, row: int) -> Dimension | None:
    return dimension and Dimension(dimension.name, [dimension.codes[row]], [dimension.labels[row]])
