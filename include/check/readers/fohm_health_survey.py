"""Reader of Folkhälsomyndigheten's table of social relations by county (hlv1socxreg): shares with their limits.

The table gives share, lower and upper limit as three cells of one variable; they become value, value_low and
value_high of one figure. Every code is told by its label as well: the codes of sex are the reverse of Statistics
Sweden's (01 is women), and the labels of regions repeat the code. Times are spans of four years.

No recorded answer of this table was at hand when this was written. The codes and labels are those in public scripts
that fetch it (see the source in the registry); what is otherwise stops here, and says what was found.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np

from include.archive.manifest import Manifest
from include.check.readers.jsonstat_cube import STATUS, Cube, Dimension
from include.check.readers.px_json import CONTENTS, cube_of
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

AREA, QUESTION, LIMIT, SEX, TIME = "Region", "Sociala relationer", "Andel och konfidensintervall", "Kön", "År"
_ORDER = [QUESTION, AREA, SEX, TIME, LIMIT]

#: Code of a question: our measure. The label must be the measure's ``source_label``.
_QUESTIONS = {
    "01": "stayed_in_for_fear",
    "09": "violence_or_threat",
    "15": "violence",
    "20": "threat",
    "45": "degrading_treatment",
}
#: Code of sex: ours, and how the label begins.
_SEXES = {"00": ("T", "tot"), "01": ("K", "kvinnor"), "02": ("M", "män")}
#: Code of what the cell gives: a word that its label holds. In the order of value, value_low and value_high.
_LIMITS = {"01": "andel", "02": "nedre", "03": "övre"}

#: The producer may write either dash.
_SPAN = re.compile(r"(\d{4})\s*[-–]\s*(\d{4})")
_YEARS = 4
_FAULTS = {
    "no_status": ("NULL_WITHOUT_STATUS", "Cellen är tom utan att källan säger varför."),
    "unknown_status": ("UNKNOWN_STATUS", "Cellen har en symbol som inte är känd."),
}


@dataclass(frozen=True)
class _Codes:
    """What the categories of the cube are here, in order; None of an area that is not known."""

    measures: list[str]
    areas: list[str | None]
    sexes: list[str]
    periods: list[str]


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read an answer (json-stat2, or PxWeb's own json as it is archived).

    Raises:
        LayoutChanged: a variable, code or label is another than is known, or the span is not the manifest's.
    """
    what = f"{manifest.source_id}/{manifest.part}"
    cube = cube_of(content, what)
    at = _variables(cube, what)
    codes = _Codes(
        [_measure(code, label, source, what) for code, label in _pairs(at[QUESTION])],
        [_area(code, label, registry, what) for code, label in _pairs(at[AREA])],
        [_sex(code, label, what) for code, label in _pairs(at[SEX])],
        [_period(code, label, what) for code, label in _pairs(at[TIME])],
    )
    if sorted(codes.periods) != sorted(manifest.periods):
        raise LayoutChanged(f"{what}: found the periods {codes.periods}, expected {manifest.periods}.")
    _demand_asked(at, manifest.request.get("selection", {}), what)
    rows, aside = _figures(cube, at, codes, what)
    labels = at[QUESTION].labels
    table = tidy_table(
        {
            **{name: [row[name] for row in rows] for name in _COLUMNS},
            "source_label": [labels[row["question"]] for row in rows],
            "status": "F",
            "mark": "direct",
        }
    )
    return ReadResult(table, set_aside_table(aside), len(rows) + len(aside), [*manifest.notes, *cube.notes])


_COLUMNS = ("measure", "area", "period", "sex", "value", "value_low", "value_high", "value_status", "place")


# --- codes --------------------------------------------------------------------------------------------------------


def _pairs(dimension: Dimension) -> Iterator[tuple[str, str]]:
    return zip(dimension.codes, dimension.labels, strict=True)


def _variables(cube: Cube, what: str) -> dict[str, Dimension]:
    """Return the variables by name: the five known ones, and nothing else that is told apart."""
    at = {dimension.name: dimension for dimension in cube.dimensions}
    # The server adds ContentsCode ("EliminatedValue") where a table has no variable for what is counted.
    more = [name for name, dimension in at.items() if name not in _ORDER and len(dimension.codes) > 1]
    if (set(_ORDER) - set(at)) or more or set(at) - set(_ORDER) - {CONTENTS}:
        raise LayoutChanged(f"{what}: found the variables {', '.join(at)}; expected {', '.join(_ORDER)}.")
    if [code for code, _ in _pairs(at[LIMIT])] != list(_LIMITS):
        raise LayoutChanged(f"{what}: {LIMIT} has the codes {at[LIMIT].codes}; expected {list(_LIMITS)}.")
    for code, label in _pairs(at[LIMIT]):
        if _LIMITS[code] not in label.casefold():
            raise LayoutChanged(f"{what}: {LIMIT} {code} is {label!r}; expected a label with {_LIMITS[code]!r}.")
    return at


def _measure(code: str, label: str, source: Source, what: str) -> str:
    """Return the measure of a question, told by code and label together (notes' asterisks at its end apart)."""
    plain = label.strip().rstrip("*").strip().casefold()
    known = {measure.id: measure.source_label or "" for measure in source.measures}
    measure = _QUESTIONS.get(code, "")
    if not measure or known.get(measure, "").casefold() != plain:
        raise LayoutChanged(f"{what}: {QUESTION} {code} is {label!r}; expected {known.get(measure, 'no such code')!r}.")
    return f"{source.id}.{measure}"


def _area(code: str, label: str, registry: Registry, what: str) -> str | None:
    """Return an area's code, None if the registry does not know it; its label repeats the code: "23 Jämtlands län"."""
    known = registry.areas.get(code)
    name = label.strip().removeprefix(code).strip()
    if known is not None and name.casefold() != known.name.casefold():
        raise LayoutChanged(f"{what}: {AREA} {code} is {label!r}; expected {known.name!r}.")
    return code if known else None


def _sex(code: str, label: str, what: str) -> str:
    """Return our code of sex, told by code and label together: here 01 is women and 02 men."""
    ours, begins = _SEXES.get(code, ("", ""))
    if not ours or not label.strip().casefold().startswith(begins):
        raise LayoutChanged(f"{what}: {SEX} {code} is {label!r}; expected 00 = totalt, 01 = kvinnor, 02 = män.")
    return ours


def _period(code: str, label: str, what: str) -> str:
    """Return a span of four years as our period, 2021/2024; the label tells, for the code may be a number."""
    match = _SPAN.fullmatch(label.strip()) or _SPAN.fullmatch(code.strip())
    if not match or int(match[2]) - int(match[1]) + 1 != _YEARS:
        raise LayoutChanged(f"{what}: {TIME} {code} is {label!r}; expected {_YEARS} years, such as 2021-2024.")
    return f"{match[1]}/{match[2]}"


def _demand_asked(at: Mapping[str, Dimension], selection: Mapping[str, list[str]], what: str) -> None:
    """Demand every code that was asked for."""
    for variable, asked in selection.items():
        if lacking := [code for code in asked if variable not in at or code not in at[variable].codes]:
            raise LayoutChanged(f"{what}: {variable} lacks {', '.join(lacking)}, which was asked for.")


# --- figures ------------------------------------------------------------------------------------------------------


def _figures(
    cube: Cube, at: Mapping[str, Dimension], codes: _Codes, what: str
) -> tuple[list[dict[str, Any]], list[SetAside]]:
    """Return the figures (a few hundred at most), each of three cells, and those that cannot be one."""
    shape = [len(at[name].codes) for name in _ORDER]
    axes = [axis for name in _ORDER if (axis := cube.axis(name)) is not None]
    axes += [axis for axis in range(cube.value.ndim) if axis not in axes]
    value, status = (np.transpose(array, axes).reshape(shape) for array in (cube.value, cube.status))
    cell = np.transpose(np.arange(cube.value.size).reshape(cube.value.shape), axes).reshape(shape)
    rows, aside = [], []
    for question, area, sex, time in np.ndindex(*shape[:-1]):
        here = (question, area, sex, time)
        share, low, high = (float(number) for number in value[here])
        place = f"value[{int(cell[here][0])}]"
        fault = _fault([STATUS[int(number)] for number in status[here]], (share, low, high))
        if codes.areas[area] is None:
            fault = ("UNKNOWN_AREA", f"Området {at[AREA].labels[area]} finns inte i areas.csv.")
        if fault:
            raw = {name: at[name].codes[i] for name, i in zip(_ORDER, here, strict=False)}
            aside.append(SetAside(f"{what} {place}", *fault, raw))
            continue
        rows.append(
            {
                "question": question,
                "measure": codes.measures[question],
                "area": codes.areas[area],
                "period": codes.periods[time],
                "sex": codes.sexes[sex],
                "value": share,
                "value_low": low,
                "value_high": high,
                "value_status": STATUS[int(status[here][0])],
                "place": place,
            }
        )
    return rows, aside


def _fault(statuses: list[str], numbers: tuple[float, float, float]) -> tuple[str, str] | None:
    """Return why three cells are no figure, None if they are: all three there, or the share a known gap."""
    for status in statuses:
        if status in _FAULTS:
            return _FAULTS[status]
    share, low, high = (not isnan(number) for number in numbers)
    if share != low or share != high:
        return ("LIMITS_LACKING", "Andelen och gränserna för dess konfidensintervall finns inte alla tre.")
    return None
