"""A grid of a delivery: rows found by their labels, each number cell one figure or one cell set aside.

Every number of the contract's grid is accounted for: a figure with its status, or a cell that was set aside and is then
absent, so that a fault is never read as zero. A sheet in which nothing was filled in tells nothing, unless the cover
says that there was nothing to tell. What a new extract of grids needs stands in its contract; nothing of it here.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from include.check.intake.book import Cell, reference
from include.check.readers import swedish
from include.check.readers.extracts_cover import Expected
from include.check.readers.extracts_figures import Figure
from include.check.readers.extracts_layout import Table, counted, measures_of, near
from include.check.readers.extracts_values import as_text, found, same
from include.check.tidy import SetAside
from include.errors import DeliveryRefused, LayoutChanged
from include.registry.delivery import LABELS, GridRow, grid_rows, label_headings
from include.registry.models import Extract, ExtractSheet, Measure, Registry

#: Codes that stand for all of a dimension.
TOTALS = frozenset({"T", "total"})

#: What people call a row that adds up the others, where the template has no such row.
_SUM_WORDS = frozenset({"summa", "summor", "totalt", "total", "totalsumma", "länet", "hela länet", "samtliga", "alla"})
_SUM = "sum"

#: How far sums of numbers with decimals may be off.
_ROUNDING = 1e-6

#: The rule that a sum breaks, by the dimension that it adds up.
_SUM_RULES = {"area": "AREAS_DO_NOT_ADD_UP", "sex": "SEXES_DO_NOT_ADD_UP"}

Key = tuple[str, str, str, str]


class Told(NamedTuple):
    """What the file tells of one number: where, and the cell; None = the place is there and empty."""

    place: str
    cell: Cell | None


@dataclass(frozen=True)
class Contract:
    """A grid of the contract, for one delivery.

    Attributes:
        area: code of the area that rows without one are about.
        county: name of the county, which some write at the sum of its municipalities.
    """

    extract: Extract
    sheet: ExtractSheet
    rows: Sequence[GridRow]
    measures: Sequence[Measure]
    party: str
    area: str
    county: str
    empty_is_none: bool

    @classmethod
    def of(
        cls, extract: Extract, sheet: ExtractSheet, expected: Expected, registry: Registry, *, empty_is_none: bool
    ) -> "Contract":
        """Return the grid of a sheet as the delivery must fill it in.

        Raises:
            ValueError: the sheet is a log.
        """
        if sheet.grid is None:
            raise ValueError(f"{extract.id}: the sheet {sheet.name} is no grid")
        rows = grid_rows(sheet.grid, registry, expected.agreement, expected.period.year)
        area = expected.party.area or expected.agreement.county
        county = registry.areas[expected.agreement.county].name
        measures = measures_of(extract, sheet)
        return cls(extract, sheet, rows, measures, expected.party.code, area, county, empty_is_none)

    @cached_property
    def dimensions(self) -> list[str]:
        """Return the dimension of each label column: area, breakdown, sex, age; "" for the one of no use."""
        by_heading = {heading: name for name, heading in LABELS.items()}
        return [by_heading.get(heading, "") for heading in self.headings]

    @property
    def headings(self) -> list[str]:
        """Return the headings of the label columns."""
        if self.sheet.grid is None:
            raise ValueError(f"{self.extract.id}: the sheet {self.sheet.name} is no grid")
        return label_headings(self.sheet.grid)

    def codes(self, row: GridRow) -> tuple[str, ...]:
        """Return the codes that a row's labels name, one for each label column."""
        return tuple(getattr(row, name) if name else "" for name in self.dimensions)


@dataclass
class Reader:
    """Reads number cells as one extract means them; the same cell twice is read once."""

    masked: tuple[int, int]
    _read: dict[tuple[str, Cell], swedish.Reading | swedish.Unread] = field(default_factory=dict)

    def read(self, cell: Cell, answer: swedish.Answer) -> swedish.Reading | swedish.Unread:
        """Return what a number cell means, or why it means nothing certain."""
        key = (answer, cell)
        if key not in self._read:
            self._read[key] = swedish.number(cell, answer=answer, masked=self.masked)
        return self._read[key]


@dataclass
class GridResult:
    """What became of a grid: its figures, the cells set aside, and what whoever reads the figures should know."""

    figures: list[Figure] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_grid(table: Table, contract: Contract) -> GridResult:
    """Return the figures of a grid's sheet.

    Raises:
        LayoutChanged: a row of the template is missing, unknown, or stands twice.
        DeliveryRefused: a row that adds up the others does not agree with them.
    """
    rows, sums, notes = _rows(table, contract)
    columns = [(measure.id, table.columns[measure.id]) for measure in contract.measures]
    letters = {column: reference(0, column).rstrip("1") for _, column in columns}
    told = {
        (key, measure): Told(f"{table.name}!{letters[column]}{number + 1}", table.sheet.cells.get((number, column)))
        for key, number in rows.items()
        for measure, column in columns
    }
    reader = Reader(contract.extract.masked)
    for number, codes in sums.items():
        notes.append(_prove_sum(table, contract, number, codes, told, reader))
    result = figures_of(contract, told, reader)
    return GridResult(result.figures, result.aside, notes + result.notes)


def figures_of(
    contract: Contract,
    told: Mapping[tuple[Key, str], Told],
    reader: Reader,
    without: Collection[tuple[Key, str]] = frozenset(),
) -> GridResult:
    """Return the figures of a grid from what a file tells of its numbers.

    Args:
        contract: the grid.
        told: what the file tells, by row and measure; what it does not tell of is not reported.
        reader: reads the cells.
        without: numbers that were set aside already.
    """
    result = GridResult()
    untouched = all(each.cell is None for each in told.values()) and not without
    notes: dict[str, list[str]] = defaultdict(list)
    for row in contract.rows:
        for measure in contract.measures:
            key = (row.key, measure.id)
            if key in without:
                continue
            place, cell = told.get(key, Told(f"{contract.sheet.name} (ingen rad)", None))
            if cell is not None:
                reading = reader.read(cell, measure.answer)
            else:
                reading = _empty(contract, measure, untouched=untouched or key not in told)
            if isinstance(reading, swedish.Unread):
                result.aside.append(_set_aside(contract, row, measure, place, cell, reading))
                continue
            if reading.note:
                notes[reading.note].append(place.rpartition("!")[2])
            result.figures.append(_figure(contract, row, measure, place, reading))
    result.notes += [f"{contract.sheet.name}: {note} ({counted(places)})" for note, places in notes.items()]
    return result


def _figure(contract: Contract, row: GridRow, measure: Measure, place: str, reading: swedish.Reading) -> Figure:
    return Figure(
        measure.id,
        place,
        reading.value,
        high=reading.high,
        low=reading.low,
        party=contract.party,
        breakdown=row.breakdown,
        area=row.area or contract.area,
        sex=row.sex,
        age=row.age,
        status=reading.status,
    )


def _empty(contract: Contract, measure: Measure, *, untouched: bool) -> swedish.Reading:
    """Return what an empty cell means: missing among others that are filled in; nothing where nothing is.

    Where the cover says that there was nothing to tell, counts are zero; a number that is no count (a median) is then
    of nobody, and cannot be.
    """
    if not untouched:
        return swedish.Reading("missing")
    if not contract.empty_is_none:
        return swedish.Reading("not_reported")
    return swedish.Reading("not_applicable") if measure.answer == "number" else swedish.Reading("ok", 0.0)


def _set_aside(
    contract: Contract, row: GridRow, measure: Measure, place: str, cell: Cell | None, unread: swedish.Unread
) -> SetAside:
    """Return a cell as it is kept aside. What stood there is not told where it may be a count of persons or cases."""
    stood = None if cell is None or contract.extract.small_counts else found(cell)
    about = ", ".join((measure.label.sv, *row.labels))
    saying = f"hittade {stood}, väntade" if stood else "det som står där kan inte läsas; väntade"
    raw = {
        "measure": f"{contract.extract.id}.{measure.id}",
        "area": row.area or contract.area,
        "breakdown": row.breakdown,
        "sex": row.sex,
        "age": row.age,
        "expected": unread.expected,
    }
    return SetAside(
        place,
        unread.rule,
        f"{in_words(place)} ({about}): {saying} {unread.expected}.",
        raw | ({"found": stood} if stood else {}),
    )


def in_words(place: str) -> str:
    """Return a place as a sentence begins with it: ``Bladet Vuxna, cell C4``, ``Rad 12``."""
    sheet, _, cell = place.rpartition("!")
    return f"Bladet {sheet}, cell {cell}" if sheet else place[:1].upper() + place[1:]


# --- rows --------------------------------------------------------------------------------------------------------


class _Labels:
    """Knows the labels of one label column: which code each names."""

    def __init__(self, contract: Contract, position: int) -> None:
        self.dimension = contract.dimensions[position]
        self.heading = contract.headings[position]
        labels = {contract.codes(row)[position]: row.labels[position] for row in contract.rows}
        self.words = list(labels.values())
        self.codes = frozenset(labels)
        self._by_text = {same(text): code for code, label in labels.items() for text in (code, label) if text}
        self._names = {code: label.partition(" ")[2] for code, label in labels.items()}
        self._sum_words = _SUM_WORDS | {same(contract.county)}
        self._seen: dict[Cell | None, str | swedish.Unread] = {}

    def code(self, cell: Cell | None) -> str | swedish.Unread:
        """Return the code that a label names, ``sum`` for a row that adds up, or why it names none."""
        if cell not in self._seen:
            self._seen[cell] = self._code(cell)
        return self._seen[cell]

    def _code(self, cell: Cell | None) -> str | swedish.Unread:
        if cell is None:
            return swedish.Unread("UNKNOWN_CODE", f"{self.heading} på varje rad")
        text = same(as_text(cell))
        if (code := self._by_text.get(text)) is not None:
            return code
        named = self._named(cell)
        if isinstance(named, str) and named in self.codes:
            return named
        if text in self._sum_words or named in TOTALS:
            return next((total for total in TOTALS if total in self.codes), _SUM)
        if isinstance(named, swedish.Unread) and named.rule == "DATE_FOR_NUMBER":
            return named
        like = near(text, self.words)
        return swedish.Unread("UNKNOWN_CODE", f"mallens rader; närmast ligger {like}" if like else "mallens rader")

    def _named(self, cell: Cell) -> str | swedish.Unread | None:
        match self.dimension:
            case "area":
                return swedish.municipality(cell, self._names)
            case "sex":
                return swedish.sex(cell)
            case "age":
                return swedish.age_group(cell)
            case _:
                return None


def _rows(table: Table, contract: Contract) -> tuple[dict[Key, int], dict[int, tuple[str | None, ...]], list[str]]:
    """Return where each row of the grid stands, the rows that add others up with their codes, and notes."""
    labels = [_Labels(contract, position) for position in range(len(contract.headings))]
    places = [table.columns[heading] for heading in contract.headings]
    by_codes = {contract.codes(row): row for row in contract.rows}
    numbers = [table.columns[measure.id] for measure in contract.measures]
    found_rows: dict[Key, int] = {}
    sums: dict[int, tuple[str | None, ...]] = {}
    strange: dict[int, tuple[int, swedish.Unread]] = {}
    for number in table.rows():
        cells = [table.sheet.cells.get((number, place)) for place in places]
        codes = [label.code(cell) for label, cell in zip(labels, cells, strict=True)]
        is_sum = _SUM in codes and all(
            isinstance(code, str) or cell is None for code, cell in zip(codes, cells, strict=True)
        )
        row = by_codes.get(tuple(code for code in codes if isinstance(code, str)))
        if is_sum:
            sums[number] = tuple(code if isinstance(code, str) else None for code in codes)
        elif row is None:
            strange[number] = next((p, c) for p, c in zip(places, codes, strict=True) if isinstance(c, swedish.Unread))
        elif row.key in found_rows:
            raise LayoutChanged(
                f"Bladet {table.name} har raden {_named(row)} två gånger, i raderna {found_rows[row.key] + 1} och "
                f"{number + 1}. Ta bort den ena."
            )
        else:
            found_rows[row.key] = number
    notes = _refuse_strange(table, strange, numbers, max(found_rows.values(), default=-1))
    if missing := [row for row in contract.rows if row.key not in found_rows]:
        more = f" och {len(missing) - 1} rader till" if len(missing) > 1 else ""
        raise LayoutChanged(f"Bladet {table.name} saknar raden {_named(missing[0])}{more}. Använd mallens rader.")
    return found_rows, sums, notes


def _refuse_strange(
    table: Table, strange: Mapping[int, tuple[int, swedish.Unread]], numbers: Collection[int], last: int
) -> list[str]:
    """Refuse rows that the grid does not have; but text below the table, beside which no number stands, is a note."""
    below = []
    for number, (place, unread) in strange.items():
        if number < last or any((number, column) in table.sheet.cells for column in numbers):
            raise LayoutChanged(
                f"Bladet {table.name}, cell {reference(number, place)}: raden hör inte till mallen. Väntade "
                f"{unread.expected}. Ta bort raden, eller använd mallens rader."
            )
        below.append(str(number + 1))
    return [f"Bladet {table.name}: raderna under tabellen ({counted(below)}) lästes inte."] if below else []


def _named(row: GridRow) -> str:
    return " / ".join(row.labels)


# --- rows that add up others -------------------------------------------------------------------------------------


def _prove_sum(
    table: Table,
    contract: Contract,
    number: int,
    codes: tuple[str | None, ...],
    told: Mapping[tuple[Key, str], Told],
    reader: Reader,
) -> str:
    """Return the note of a row that adds up others, which is then left out; refuse it if it does not agree with them.

    A masked or missing number is taken for all that it can be, so that the sum is refused only if it cannot be right.

    Raises:
        DeliveryRefused: the sum cannot be right.
    """
    adds = [row for row in contract.rows if _belongs(contract, row, codes)]
    proven = False
    for measure in contract.measures:
        at = (number, table.columns[measure.id])
        cell = table.sheet.cells.get(at)
        if cell is None or not measure.additive or not _apart(contract, codes):
            continue
        least, most = _limits(reader.read(cell, "count" if measure.answer == "yes_no" else measure.answer))
        parts = [_part(told[row.key, measure.id].cell, measure, reader) for row in adds]
        if most < sum(low for low, _ in parts) - _ROUNDING or least > sum(high for _, high in parts) + _ROUNDING:
            place = f"{table.name}!{reference(*at)}"
            dimension = next(name for name, code in zip(contract.dimensions, codes, strict=True) if code == _SUM)
            raise DeliveryRefused(
                f"{in_words(place)} ({measure.label.sv}): summan stämmer inte med raderna. Rätta summan eller raderna "
                "och lämna filen igen. Mallen har ingen summarad, så raden kan också tas bort.",
                _SUM_RULES.get(dimension, "PARTS_DO_NOT_ADD_UP"),
                (place,),
            )
        proven = True
    agrees = "stämmer med de andra raderna" if proven else "kunde inte prövas mot de andra raderna"
    return (
        f"Bladet {table.name}, rad {number + 1}: en summarad, som inte hör till mallen, {agrees}. Den lästes inte in."
    )


def _belongs(contract: Contract, row: GridRow, codes: tuple[str | None, ...]) -> bool:
    """Return whether a row is one of those that a sum adds up; an empty label means the total, else all of them."""
    for own, code, position in zip(contract.codes(row), codes, range(len(codes)), strict=True):
        if code in (_SUM, None):
            has_total = any(contract.codes(each)[position] in TOTALS for each in contract.rows)
            if code == _SUM or not has_total:
                continue
            if own not in TOTALS:
                return False
        elif own != code:
            return False
    return True


def _apart(contract: Contract, codes: tuple[str | None, ...]) -> bool:
    """Return whether what is added up has no part in common: age groups may overlap."""
    grid = contract.sheet.grid
    added = any(name == "age" and code in (_SUM, None) for name, code in zip(contract.dimensions, codes, strict=True))
    if grid is None or not added:
        return True
    spans = sorted(_span(age) for age in grid.age if age not in TOTALS)
    return all(before[1] < after[0] for before, after in pairwise(spans))


def _span(age: str) -> tuple[float, float]:
    if age.endswith("+"):
        return float(age[:-1]), math.inf
    first, _, last = age.partition("-")
    return float(first), float(last or first)


def _part(cell: Cell | None, measure: Measure, reader: Reader) -> tuple[float, float]:
    return (0.0, math.inf) if cell is None else _limits(reader.read(cell, measure.answer))


def _limits(reading: swedish.Reading | swedish.Unread) -> tuple[float, float]:
    """Return the least and the most that a number can be, as far as its cell tells."""
    if isinstance(reading, swedish.Unread):
        return 0.0, math.inf
    if reading.value is not None:
        return reading.value, reading.value
    if reading.status == "not_applicable":
        return 0.0, 0.0
    return (0.0 if reading.low is None else reading.low), (math.inf if reading.high is None else reading.high)
