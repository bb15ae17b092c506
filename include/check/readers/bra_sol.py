"""Reader of reported offences from Brå's database SOL, a part per menu and year (``kommun-2021``), in any of its forms.

The forms are read in :mod:`include.check.readers.bra_sol_forms`; here their cells become figures. ``rows_in`` counts
cells. ``..`` is missing, "2016 prel." makes a figure preliminary. Set aside, and named, are cells

* of an area or an offence that no list knows, or that the list cannot tell without what it stands under;
* of a second row about the same thing: rows that an answer brings along above the offences asked for (always ``..``),
  repetitions, and both of two rows that say different things;
* of Heby's empty twin: since it changed county in 2007 the municipality stands twice in SOL, and only the figures tell
  which of the two has a year.

Everything is done on whole columns: the answers of all municipalities and offence types have 6.7 million cells.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from include.archive.manifest import Manifest
from include.check.drift import nearest
from include.check.readers import bra_offences
from include.check.readers.bra_areas import areas_of
from include.check.readers.bra_labels import Meaning
from include.check.readers.bra_numbers import SYMBOLS
from include.check.readers.bra_offences import Place, meaning_of
from include.check.readers.bra_sol_forms import Answer, Coded, answer_of, plain
from include.check.readers.numbers import ungrouped
from include.check.tidy import SET_ASIDE, ReadResult, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]

_PERIOD = re.compile(r"(\d{4})( prel\.)?", re.ASCII)
_NUMBER = re.compile(r"\d+(?:,\d+)?", re.ASCII)

_STATUSES = ("ok", "missing", "not_applicable")
_OK, _MISSING = _STATUSES.index("ok"), _STATUSES.index("missing")

#: Why a cell is set aside, in order of precedence; {about} is the label concerned.
_REASONS: dict[str, str] = {
    "UNKNOWN_AREA": "Okänt område: {about}. Lägg till det i labels/sol_areas.csv om det ska följas.",
    "AMBIGUOUS_AREA": "{about} står flera gånger med uppgifter för samma år; vilka som är rätt går inte att säga.",
    "EMPTY_TWIN": "{about} står två gånger sedan kommunen bytte län; det här är den som saknar uppgifter för året.",
    "AREA_NOT_IN_YEAR": 'Området {about} finns inte det året; varken nolla eller ".." är någon uppgift.',
    "UNKNOWN_PERIOD": 'Okänd period: {about}. Ett år väntades, t.ex. "2021" eller "2021 prel.".',
    bra_offences.UNKNOWN: "Okänd brottstyp: {about}. Lägg till den i labels/sol_offences.csv om uppgiften behövs.",
    bra_offences.AMBIGUOUS: "Brottstypen {about} står under flera brott, och listan säger inte vilket det här är.",
    bra_offences.OTHER_YEAR: "Brottstypen {about} gäller inte det året enligt labels/sol_offences.csv.",
    bra_offences.NOT_USED: "Raden {about} är känd men används inte.",
    "EMPTY_CELL": 'Cellen är tom; ett tal eller ".." väntades.',
    "NOT_A_NUMBER": "Cellen är varken ett tal eller en känd symbol.",
    "ROWS_DISAGREE": "Två rader om samma sak ({about}) säger olika; ingen av dem används.",
    "PARENT_PLACEHOLDER": "Överordnad rad utan uppgift; brottstypen {about} står också med sin uppgift.",
    "ROW_REPEATED": "Raden {about} upprepar en annan.",
}
_CODES = list(_REASONS)
#: Number of each reason in the arrays; 0 is none.
_NUMBER_OF = {code: number for number, code in enumerate(_CODES, start=1)}

#: How many labels a note names before it says "and others".
_NAMED = 10


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read an answer of SOL.

    Raises:
        LayoutChanged: it has none of SOL's forms, another measure or another period than the manifest says; the text
            says what was found and expected.
    """
    menu = manifest.part.split("-")[0]
    what = f"{manifest.source_id}/{manifest.part} ({manifest.file_name})"
    return read_answer(content, menu, source, registry, manifest.periods, what, manifest.notes)


def read_answer(
    content: bytes,
    menu: str,
    source: Source,
    registry: Registry,
    periods: Sequence[str] = (),
    what: str = "SOL",
    notes: Sequence[str] = (),
) -> ReadResult:
    """Read the bytes of an answer, in any of SOL's forms.

    Args:
        content: the answer as received (or several Databasfiler one after the other).
        menu: id of the menu in the source's YAML; some labels mean different things in different menus.
        source: the source, for its id and measures.
        registry: for the years in which areas exist.
        periods: the years that the answer must be about, none = any.
        what: names the capture in errors.
        notes: are passed on.

    Raises:
        LayoutChanged: see :func:`read`.
    """
    answer = answer_of(content, what, lambda label: bra_offences.knows(bra_offences.clean(label), menu))
    cells = _cells(answer, source, menu, what)
    _demand_periods(cells, periods, what)
    _settle_areas(cells, answer, registry)
    _settle_offences(cells, menu)
    _settle_repeated(cells)
    table, aside = _tidy(cells), _set_aside(cells, answer)
    rows_in = table.num_rows + aside.num_rows
    return ReadResult(table, aside, rows_in, [*notes, *_told(cells, answer)])


# --- cells --------------------------------------------------------------------------------------------------------


@dataclass
class _Cells:
    """The answer's cells one after the other, column by column; every array has a place per cell.

    Attributes:
        row: number of the row in the answer.
        region, offence, period, measure: number of the label in its list.
        value: the number; NaN if there is none.
        status: index into ``_STATUSES``.
        text: number of the cell's text.
        reason: number of the reason to set it aside; 0 is none.
        area: number of the area in ``areas``; -1 while not known.
        meaning: number of the meaning in ``meanings``; -1 while not known.
    """

    row: "npt.NDArray[np.int64]"
    region: "Ints"
    offence: "Ints"
    period: "Ints"
    measure: "Ints"
    value: "npt.NDArray[np.float64]"
    status: "npt.NDArray[np.int8]"
    text: "Ints"
    reason: "npt.NDArray[np.int8]"
    area: "Ints"
    meaning: "Ints"
    line: "npt.NDArray[np.int64]"
    regions: list[str]
    places: list[Place]
    periods: list[str]
    headings: list[str]
    measures: list[str]
    texts: list[str]
    areas: list[str]
    meanings: list[Meaning]

    def refuse(self, where: "Mask", code: str) -> None:
        """Set the cells of a mask aside, unless something else is the matter with them already."""
        self.reason[where & (self.reason == 0)] = _NUMBER_OF[code]

    def year(self, period: int) -> int | None:
        """Return the year of a period label, None if it is no year."""
        match = _PERIOD.fullmatch(self.periods[period])
        return int(match[1]) if match else None


def _cells(answer: Answer, source: Source, menu: str, what: str) -> _Cells:
    """Lay the grid of an answer out as cells."""
    rows, width = len(answer.line), len(answer.columns)
    codes = {plain(m.source_label): f"{source.id}.{m.id}" for m in source.measures if m.source_label}
    headings = list(dict.fromkeys(column.measure for column in answer.columns))
    for heading in headings:
        if heading not in codes:
            near = nearest(heading, codes)
            hint = f" Is it {near!r} under a new name? Then correct source_label." if near else ""
            raise LayoutChanged(f"{what}: found the measure {heading!r}; expected one of {', '.join(codes)}.{hint}")
    whole = [
        measure.unit == "brott"
        for heading in headings
        for measure in source.measures
        if f"{source.id}.{measure.id}" == codes[heading]
    ]
    offence, places = _places_of(answer, menu)
    period = _joined(
        [Coded(np.zeros(rows, np.int32), [c.period]) if c.period else answer.period for c in answer.columns]
    )
    text = _joined([column.cells for column in answer.columns])
    measure = np.repeat(np.array([headings.index(c.measure) for c in answer.columns], np.int32), rows)
    size = rows * width
    cells = _Cells(
        row=np.tile(np.arange(rows, dtype=np.int64), width),
        region=np.tile(answer.region.ids, width),
        offence=np.tile(offence, width),
        period=period.ids,
        measure=measure,
        value=np.empty(size),
        status=np.empty(size, dtype=np.int8),
        text=text.ids,
        reason=np.zeros(size, dtype=np.int8),
        area=np.full(size, -1, dtype=np.int32),
        meaning=np.full(size, -1, dtype=np.int32),
        line=answer.line,
        regions=[plain(label) for label in answer.region.texts],
        places=places,
        periods=[plain(label) for label in period.texts],
        headings=headings,
        measures=[codes[heading] for heading in headings],
        texts=text.texts,
        areas=[],
        meanings=[],
    )
    _settle_values(cells, np.array(whole, dtype=bool))
    return cells


def _joined(columns: "Sequence[Coded | None]") -> Coded:
    """Return columns one after the other, with one list of texts."""
    numbers: dict[str, int] = {}
    parts = []
    for column in columns:
        if column is None:
            raise ValueError("a column of figures has no period, and neither have the rows")
        renumbered = np.array([numbers.setdefault(text, len(numbers)) for text in column.texts], dtype=np.int32)
        parts.append(renumbered[column.ids] if len(renumbered) else column.ids)
    return Coded(np.concatenate(parts), list(numbers))


def _places_of(answer: Answer, menu: str) -> "tuple[Ints, list[Place]]":
    """Return for each row where it stands: its offence, under what. Blocks alike are thought about once."""
    starts = np.flatnonzero(np.r_[True, answer.block[1:] != answer.block[:-1]])
    numbers: dict[Place, int] = {}
    known: dict[bytes, Ints] = {}
    result = np.empty(len(answer.line), dtype=np.int32)
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(result)], strict=True):
        ids = answer.offence.ids[start:end]
        key = ids.tobytes()
        if key not in known:
            stand = bra_offences.places([answer.offence.texts[number] for number in ids.tolist()], menu)
            known[key] = np.array([numbers.setdefault(place, len(numbers)) for place in stand], dtype=np.int32)
        result[start:end] = known[key]
    return result, list(numbers)


def _settle_values(cells: _Cells, whole: "Mask") -> None:
    """Read each distinct text once: value and status, or what is the matter with it."""
    found = [_number(text) for text in cells.texts]
    cells.value[:] = np.array([value for value, _, _ in found])[cells.text]
    cells.status[:] = np.array([_STATUSES.index(status) for _, status, _ in found], dtype=np.int8)[cells.text]
    fault = np.array([_NUMBER_OF.get(code, 0) for _, _, code in found], dtype=np.int8)
    cells.reason[:] = fault[cells.text]
    with np.errstate(invalid="ignore"):
        broken = whole[cells.measure] & (cells.value % 1 != 0) & ~np.isnan(cells.value)
    cells.refuse(broken, "NOT_A_NUMBER")


def _number(text: str) -> tuple[float, str, str]:
    """Return a text's value, its status and the reason to set it aside ("" = none)."""
    word = text.strip()
    if word in SYMBOLS:
        value, status = SYMBOLS[word]
        return np.nan if value is None else value, status, ""
    number = ungrouped(word)
    if _NUMBER.fullmatch(number):
        return float(number.replace(",", ".")), "ok", ""
    return np.nan, "missing", "NOT_A_NUMBER" if word else "EMPTY_CELL"


# --- what each cell is about --------------------------------------------------------------------------------------


def _demand_periods(cells: _Cells, expected: Sequence[str], what: str) -> None:
    """Demand the years that were asked for; what is no year is set aside."""
    years = [cells.year(number) for number in range(len(cells.periods))]
    found = sorted({str(year) for year in years if year})
    if expected and found != sorted(expected):
        raise LayoutChanged(f"{what}: found the periods {cells.periods}; expected {', '.join(expected)}.")
    strange = np.array([year is None for year in years], dtype=bool)
    _overrule(cells, strange[cells.period], "UNKNOWN_PERIOD")


def _overrule(cells: _Cells, where: "Mask | npt.NDArray[np.int64]", code: str) -> None:
    """Set cells aside (by mask or number) for a reason that says more than what is the matter with the cell itself."""
    number = _NUMBER_OF[code]
    rows = np.flatnonzero(where) if where.dtype == np.bool_ else where
    before = cells.reason[rows]
    cells.reason[rows[(before == 0) | (before > number)]] = number


def _settle_areas(cells: _Cells, answer: Answer, registry: Registry) -> None:
    """Find each cell's area; for a label of two areas the figures decide which of its rows have the year."""
    candidates = [areas_of(label) for label in cells.regions]
    cells.areas[:] = list(dict.fromkeys(code for codes in candidates for code in codes))
    number = {code: place for place, code in enumerate(cells.areas)}
    direct = np.array([number[codes[0]] if len(codes) == 1 else -1 for codes in candidates], dtype=np.int32)
    cells.area[:] = direct[cells.region]
    _overrule(cells, np.array([not codes for codes in candidates], dtype=bool)[cells.region], "UNKNOWN_AREA")
    exists = _existing(cells, registry)
    for label, codes in enumerate(candidates):
        if len(codes) > 1:
            _settle_twins(cells, answer, label, [number[code] for code in codes], exists)
    known = cells.area >= 0
    gone = known.copy()
    gone[known] = ~exists[cells.area[known], cells.period[known]]
    _overrule(cells, gone, "AREA_NOT_IN_YEAR")


def _existing(cells: _Cells, registry: Registry) -> "Mask":
    """Return for each area and period whether the municipality exists then.

    Counties and police regions are let through: SOL itself says ".." for the years it does not have them.
    """
    table = np.ones((len(cells.areas), len(cells.periods)), dtype=bool)
    for place, code in enumerate(cells.areas):
        area = registry.areas[code]
        for period in range(len(cells.periods)):
            year = cells.year(period)
            if year and area.kind == "kommun":
                table[place, period] = area.holds_on(date(year, 12, 31))
    return table


def _settle_twins(cells: _Cells, answer: Answer, label: int, areas: list[int], exists: "Mask") -> None:
    """Decide on the rows of a label that two areas have (Heby), for each period."""
    mine = np.flatnonzero(cells.region == label)
    turn = _occurrences(answer, label)[cells.row[mine]]
    filled = cells.status[mine] == _OK
    for period in np.unique(cells.period[mine]).tolist():
        here = cells.period[mine] == period
        speaking = np.unique(turn[here & filled]).tolist()
        valid = [area for area in areas if exists[area, period]]
        if len(speaking) > 1 or len(valid) != 1:
            _overrule(cells, mine[here], "AMBIGUOUS_AREA")
            continue
        chosen = speaking[0] if speaking else int(turn[here].min())
        cells.area[mine[here & (turn == chosen)]] = valid[0]
        _overrule(cells, mine[here & (turn != chosen)], "EMPTY_TWIN")


def _occurrences(answer: Answer, label: int) -> "Ints":
    """Return for each row which occurrence of a label it belongs to: a new block, or its first row once more."""
    result = np.zeros(len(answer.line), dtype=np.int32)
    turn, block, first = 0, -1, None
    periods = answer.period.ids if answer.period else np.zeros(len(answer.line), dtype=np.int32)
    for row in np.flatnonzero(answer.region.ids == label).tolist():
        key = (int(answer.offence.ids[row]), int(periods[row]))
        if answer.block[row] != block:
            turn, block, first = turn + 1, int(answer.block[row]), key
        elif key == first:
            turn += 1
        result[row] = turn
    return result


def _settle_offences(cells: _Cells, menu: str) -> None:
    """Find what each cell counts, by where it stands and its year."""
    numbers: dict[Meaning, int] = {}
    meaning = np.full((len(cells.places), len(cells.periods)), -1, dtype=np.int32)
    reason = np.zeros(meaning.shape, dtype=np.int8)
    for period in range(len(cells.periods)):
        year = cells.year(period)
        for number, place in enumerate(cells.places if year else ()):
            found = meaning_of(place, menu, year or 0)
            if isinstance(found, Meaning):
                meaning[number, period] = numbers.setdefault(found, len(numbers))
            else:
                reason[number, period] = _NUMBER_OF[found]
    cells.meanings[:] = list(numbers)
    cells.meaning[:] = meaning[cells.offence, cells.period]
    for code in (bra_offences.UNKNOWN, bra_offences.AMBIGUOUS, bra_offences.OTHER_YEAR, bra_offences.NOT_USED):
        _overrule(cells, (reason == _NUMBER_OF[code])[cells.offence, cells.period], code)


def _settle_repeated(cells: _Cells) -> None:
    """Keep one cell of those about the same figure: the one with a value, unless two values differ."""
    good = np.flatnonzero(cells.reason == 0)
    key = cells.area[good].astype(np.int64)
    for part, size in ((cells.period, cells.periods), (cells.meaning, cells.meanings), (cells.measure, cells.measures)):
        key = key * len(size) + part[good]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0]) if len(order) else np.array([], dtype=np.int64)
    length = np.diff(np.r_[starts, len(order)])
    if not (length > 1).any():
        return
    group = np.repeat(np.arange(len(starts)), length)
    many = length[group] > 1
    rows, group = good[order[many]], np.unique(group[many], return_inverse=True)[1]
    said = cells.status[rows] != _MISSING
    token = np.where(cells.status[rows] == _OK, cells.value[rows], -cells.status[rows].astype(float))
    count = int(group.max()) + 1
    least, most, speaking = np.full(count, np.inf), np.full(count, -np.inf), np.zeros(count, dtype=np.int64)
    np.minimum.at(least, group[said], token[said])
    np.maximum.at(most, group[said], token[said])
    np.add.at(speaking, group[said], 1)
    differ = speaking[group] > 1
    differ &= least[group] != most[group]
    eligible = np.flatnonzero(np.where(speaking[group] > 0, said, True) & ~differ)
    first = eligible[np.unique(group[eligible], return_index=True)[1]]
    kept = np.zeros(len(rows), dtype=bool)
    kept[first] = True
    reason = np.where(said, "ROW_REPEATED", np.where(speaking[group] > 0, "PARENT_PLACEHOLDER", "ROW_REPEATED"))
    reason = np.where(differ & said, "ROWS_DISAGREE", reason)
    for code in np.unique(reason[~kept]).tolist():
        cells.reason[rows[~kept & (reason == code)]] = _NUMBER_OF[code]


# --- to tables ----------------------------------------------------------------------------------------------------


def _tidy(cells: _Cells) -> "pa.Table":
    """Return the cells that are figures as a tidy table."""
    keep = cells.reason == 0
    statuses = ["P" if (m := _PERIOD.fullmatch(label)) and m[2] else "F" for label in cells.periods]
    return tidy_table(
        {
            "measure": _coded(cells.measure[keep], cells.measures),
            "area": _coded(cells.area[keep], cells.areas),
            "period": _coded(cells.period[keep], [label[:4] for label in cells.periods]),
            "sex": _coded(cells.meaning[keep], [meaning.sex for meaning in cells.meanings]),
            "age": _coded(cells.meaning[keep], [meaning.age for meaning in cells.meanings]),
            "breakdown": _coded(cells.meaning[keep], [meaning.offence for meaning in cells.meanings]),
            "value": np.where(cells.status[keep] == _OK, cells.value[keep], np.nan),
            "value_status": _coded(cells.status[keep], list(_STATUSES)),
            "status": _coded(cells.period[keep], statuses),
            "mark": "direct",
            "source_label": _coded(cells.offence[keep], [str(place) for place in cells.places]),
            "place": _where(cells, keep),
        }
    )


def _coded(index: "npt.NDArray[Any]", codes: Sequence[str]) -> "pa.DictionaryArray":
    """Return numbers with their codes as an Arrow dictionary array; codes may repeat."""
    import pyarrow as pa

    distinct = list(dict.fromkeys(codes))
    number = {code: place for place, code in enumerate(distinct)}
    table = np.array([number[code] for code in codes], dtype=np.int32)
    indices = table[index] if len(index) else np.array([], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(distinct, pa.string()))


def _where(cells: _Cells, rows: "Mask") -> "pa.Array":
    """Return where cells stand: line and measure, ``rad 17 Antal``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    line = pa.array(cells.line[cells.row[rows]]).cast(pa.string())
    heading = _coded(cells.measure[rows], cells.headings).cast(pa.string())
    return pc.binary_join_element_wise("rad", line, heading, " ")


def _set_aside(cells: _Cells, answer: Answer) -> "pa.Table":
    """Return the cells that are no figures, each with its reason, and the lines that could not be parted."""
    import pyarrow as pa

    parts = [set_aside_table(answer.broken)]
    for code in _CODES:
        rows = cells.reason == _NUMBER_OF[code]
        if not rows.any():
            continue
        about, labels = _about(cells, code)
        reasons = [_REASONS[code].format(about=label) for label in labels]
        columns = {
            "place": _where(cells, rows),
            "reason_code": pa.repeat(pa.scalar(code), int(rows.sum())),
            "reason_sv": _coded(about[rows], reasons).cast(pa.string()),
            "raw": _raw(cells, rows),
        }
        parts.append(pa.table(columns, schema=SET_ASIDE))
    return pa.concat_tables(parts)


def _about(cells: _Cells, code: str) -> "tuple[Ints, list[str]]":
    """Return what a reason is about: numbers and labels of area, period or offence."""
    if "AREA" in code or code == "EMPTY_TWIN":
        return cells.region, cells.regions
    if "PERIOD" in code:
        return cells.period, cells.periods
    return cells.offence, [str(place) for place in cells.places]


def _raw(cells: _Cells, rows: "Mask") -> "pa.Array":
    """Return what stood in cells, as JSON with its keys in order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def quoted(index: "npt.NDArray[Any]", texts: Sequence[str]) -> "pa.Array":
        return _coded(index[rows], [json.dumps(text, ensure_ascii=False) for text in texts]).cast(pa.string())

    parts: list[Any] = [
        '{"measure": ',
        quoted(cells.measure, cells.headings),
        ', "offence": ',
        quoted(cells.offence, [str(place) for place in cells.places]),
        ', "period": ',
        quoted(cells.period, cells.periods),
        ', "region": ',
        quoted(cells.region, cells.regions),
        ', "value": ',
        quoted(cells.text, [text.strip() for text in cells.texts]),
        "}",
    ]
    return pc.binary_join_element_wise(*parts, "")


def _told(cells: _Cells, answer: Answer) -> list[str]:
    """Return a line for each kind of thing set aside that a person should know of, with the labels by name."""
    kinds: list[tuple[str, str, Callable[[int], str]]] = [
        ("UNKNOWN_AREA", "områden som inte är kända", cells.regions.__getitem__),
        (bra_offences.UNKNOWN, "brottstyper som inte är kända", lambda number: str(cells.places[number])),
        (bra_offences.AMBIGUOUS, "brottstyper vars brott inte framgår", lambda number: str(cells.places[number])),
        ("EMPTY_TWIN", "kommuner som står två gånger, varav en tom", cells.regions.__getitem__),
    ]
    notes = []
    for code, words, name in kinds:
        about, labels = _about(cells, code)
        count = np.bincount(about[cells.reason == _NUMBER_OF[code]], minlength=len(labels))
        if found := np.flatnonzero(count).tolist():
            names = "; ".join(map(name, sorted(found, key=lambda number: -int(count[number]))[:_NAMED]))
            more = " m.fl." if len(found) > _NAMED else ""
            notes.append(f"{count.sum()} uppgifter är satta åt sidan för {words}: {names}{more}")
    if answer.broken:
        notes.append(f"{len(answer.broken)} rader gick inte att dela i kolumner och är satta åt sidan.")
    return notes
