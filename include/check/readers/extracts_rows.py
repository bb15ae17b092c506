"""A delivery's cover and rows, read by its contract: columns are found by their headings, never by their place.

A fault of the whole (sheet, heading, cover) stops the file; a fault of one row sets that row aside and the rest is
read. Messages name sheet, cell, what stood there and what was expected, and never quote free text.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from include.check.drift import nearest
from include.check.readers.extracts_file import Sheet, reference
from include.check.readers.extracts_values import Refused, Value, clean, found, meaning, same
from include.check.tidy import SetAside
from include.errors import LayoutChanged
from include.periods import Period
from include.registry.delivery import COVER, COVER_CHOICES, COVER_SHEET, LISTS_SHEET, days, options
from include.registry.models import Agreement, Column, Extract, ExtractSheet


@dataclass(frozen=True)
class Fault:
    """What is wrong in one cell of a row."""

    cell: str
    label: str
    code: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"cell {self.cell} ({self.label}): hittade {self.found}, väntade {self.expected}"


@dataclass(frozen=True)
class Row:
    """One filled row.

    Attributes:
        sheet: name of its sheet.
        number: its row as Excel numbers it.
        values: what its cells mean, by column name; a cell that was refused is absent, an empty one None.
        cells: the name of each column's cell.
        faults: why it is set aside; none = it is taken.
        repeats: the row that it repeats in every cell, so that leaving it out takes nothing away.
    """

    sheet: str
    number: int
    values: Mapping[str, Value]
    cells: Mapping[str, str]
    faults: tuple[Fault, ...] = field(default=())
    repeats: int | None = None

    def code(self, name: str) -> str | None:
        """Return the code in a column, or None where it is empty or was refused."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def day(self, name: str) -> date | None:
        """Return the day in a column, or None where it is empty or was refused."""
        value = self.values.get(name)
        return value if isinstance(value, date) else None

    def with_fault(self, column: Column, code: str, stood: str, expected: str) -> "Row":
        """Return the row with one more fault, in the given column."""
        fault = Fault(self.cells[column.name], column.label, code, stood, expected)
        return replace(self, faults=(*self.faults, fault))

    def set_aside(self) -> SetAside:
        """Return the row as it is kept aside: where, why, and what was expected."""
        first = self.faults[0]
        return SetAside(
            place=f"{self.sheet}!{first.cell}",
            reason_code=first.code,
            reason_sv=f"Bladet {self.sheet}, rad {self.number}: " + "; ".join(map(str, self.faults)) + ".",
            raw={
                "sheet": self.sheet,
                "row": self.number,
                "faults": [{"cell": f.cell, "found": f.found, "expected": f.expected} for f in self.faults],
            },
        )


def taken(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that are read."""
    return [row for row in rows if not row.faults]


def lacking(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that are set aside and whose content therefore lacks in the figures."""
    return [row for row in rows if row.faults and row.repeats is None]


# --- cover -------------------------------------------------------------------------------------------------------


def read_cover(sheets: list[Sheet]) -> dict[str, str]:
    """Return what the cover says, by key of :data:`include.registry.delivery.COVER`; choices as codes.

    Raises:
        LayoutChanged: there is no cover, or an answer is missing or unknown.
    """
    cover = next((sheet for sheet in sheets if same(sheet.name) == same(COVER_SHEET)), None)
    if cover is None:
        raise LayoutChanged(f"Filen saknar bladet {COVER_SHEET}. Använd mallen för uttaget och lämna den igen.")
    places = {
        same(str(cell.value)): row for (row, column), cell in cover.cells.items() if column == 0 and cell.kind == "text"
    }
    said = {}
    for key, label in COVER.items():
        row = places.get(same(label))
        if row is None:
            raise LayoutChanged(f"Bladet {COVER_SHEET} saknar raden {label}. Använd en ny mall och lämna den igen.")
        said[key] = _answer(cover, row, key, label)
    return said


def _answer(cover: Sheet, row: int, key: str, label: str) -> str:
    cell = cover.cells.get((row, 1))
    place = f"Bladet {COVER_SHEET}, cell {reference(row, 1)} ({label})"
    if cell is None:
        raise LayoutChanged(f"{place} är tom. Använd en ny mall och lämna den igen.")
    text = str(int(cell.value)) if isinstance(cell.value, float) and cell.value.is_integer() else clean(str(cell.value))
    choices = COVER_CHOICES.get(key)
    if choices is None:
        return text
    for code, words in choices.items():
        if same(text) in (same(code), same(words)):
            return code
    raise LayoutChanged(f"{place}: hittade {found(cell)}, väntade {' eller '.join(choices.values())}.")


# --- sheets ------------------------------------------------------------------------------------------------------


def read_sheets(sheets: list[Sheet], extract: Extract, agreement: Agreement, period: Period) -> dict[str, list[Row]]:
    """Return the filled rows of each of the contract's sheets, by the sheet's name.

    Raises:
        LayoutChanged: a sheet or heading is missing, unknown or stands twice, or something stands outside the tables.
    """
    by_name = {same(sheet.name): sheet for sheet in sheets}
    known = {same(name) for name in (COVER_SHEET, LISTS_SHEET, *(contract.name for contract in extract.sheets))}
    for number, sheet in enumerate(sheets, start=1):
        if same(sheet.name) not in known and sheet.cells:
            raise LayoutChanged(f"Blad {number} hör inte till mallen. Ta bort bladet och lämna filen igen.")
    rows = {}
    for contract in extract.sheets:
        found_sheet = by_name.get(same(contract.name))
        if found_sheet is None:
            raise LayoutChanged(f"Filen saknar bladet {contract.name}. Använd mallen och lämna filen igen.")
        rows[contract.name] = _read_sheet(found_sheet, contract, agreement, period)
    return rows


def _read_sheet(sheet: Sheet, contract: ExtractSheet, agreement: Agreement, period: Period) -> list[Row]:
    columns = _columns(sheet, contract)
    numbers = sorted({row for row, _ in sheet.cells if row > 0})
    if len(numbers) > contract.rows:
        raise LayoutChanged(
            f"Bladet {contract.name} har {len(numbers)} ifyllda rader. Mallen rymmer {contract.rows}. "
            "Ta bort rader som inte hör dit."
        )
    rows = [_read_row(sheet, number, contract, columns, agreement, period) for number in numbers]
    return _without_duplicates(rows, contract)


def _columns(sheet: Sheet, contract: ExtractSheet) -> dict[str, int]:
    """Return the place of each column by its name; every heading of the contract must stand once, and no other."""
    headings: dict[str, list[int]] = defaultdict(list)
    for (row, column), cell in sorted(sheet.cells.items()):
        if row == 0:
            headings[same(str(cell.value))].append(column)
    labels = {same(column.label): column for column in contract.columns}
    unknown = [(heading, places[0]) for heading, places in headings.items() if heading not in labels]
    for label, wanted in labels.items():
        if label not in headings:
            near = nearest(label, [heading for heading, _ in unknown])
            hint = f" Heter den något annat i cell {reference(0, headings[near][0])}?" if near else ""
            raise LayoutChanged(f"Bladet {contract.name} saknar kolumnen {wanted.label} i rad 1.{hint} Använd mallen.")
        if len(headings[label]) > 1:
            raise LayoutChanged(f"Bladet {contract.name} har kolumnen {wanted.label} två gånger. Använd mallen.")
    if unknown:
        raise LayoutChanged(
            f"Bladet {contract.name}, cell {reference(0, unknown[0][1])}: kolumnen hör inte till mallen. Ta bort den."
        )
    places = {wanted.name: headings[label][0] for label, wanted in labels.items()}
    if outside := sorted(place for place in sheet.cells if place[1] not in places.values()):
        raise LayoutChanged(
            f"Bladet {contract.name}, cell {reference(*outside[0])} ligger utanför tabellen. Ta bort det som står där."
        )
    return places


def _read_row(
    sheet: Sheet,
    number: int,
    contract: ExtractSheet,
    columns: dict[str, int],
    agreement: Agreement,
    period: Period,
) -> Row:
    values: dict[str, Value] = {}
    faults = []
    cells = {name: reference(number, place) for name, place in columns.items()}
    for column in contract.columns:
        cell = sheet.cells.get((number, columns[column.name]))
        value = meaning(cell, column, options(column, agreement, period.year))
        if isinstance(value, date):
            value = _in_time(value, column, period)
        if isinstance(value, Refused):
            faults.append(Fault(cells[column.name], column.label, *value))
        else:
            values[column.name] = value
    return Row(contract.name, number + 1, values, cells, tuple(faults))


def _in_time(day: date, column: Column, period: Period) -> date | Refused:
    first, last = days(column, period)
    if first <= day <= last:
        return day
    bounded = column.within_period or column.after_period
    expected = f"ett datum från {first} till {last}" if bounded else f"ett datum senast {last}"
    return Refused("DATE_OUTSIDE_PERIOD", str(day), expected)


def _without_duplicates(rows: list[Row], contract: ExtractSheet) -> list[Row]:
    """Set aside rows that share their key: of equal rows all but the first, of unequal ones all, for none is surer."""
    if not contract.unique:
        return rows
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in taken(rows):
        groups[tuple(_comparable(row.values[name]) for name in contract.unique)].append(row)
    column = next(column for column in contract.columns if column.name == contract.unique[0])
    marked: dict[int, Row] = {}
    for group in groups.values():
        first, rest = group[0], group[1:]
        if not rest:
            continue
        alike = all(
            _comparable(row.values[name]) == _comparable(first.values[name]) for row in rest for name in row.values
        )
        numbers = ", ".join(str(row.number) for row in group)
        for row in rest if alike else group:
            stood = f"samma nyckel i raderna {numbers}"
            again = row.with_fault(column, "DUPLICATE_KEY", stood, f"en rad för varje {_key(contract)}")
            marked[row.number] = replace(again, repeats=first.number) if alike else again
    return [marked.get(row.number, row) for row in rows]


def _key(contract: ExtractSheet) -> str:
    labels = {column.name: column.label for column in contract.columns}
    return " + ".join(labels[name] for name in contract.unique)


def _comparable(value: Value) -> object:
    return same(value) if isinstance(value, str) else value
