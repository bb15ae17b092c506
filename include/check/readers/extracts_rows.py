"""The rows of a log, read by its contract.

A fault of one row sets that row aside and the rest is read. Messages name sheet, cell, what stood there and what was
expected, and never quote free text, nor a number of an extract whose numbers are persons or cases.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from include.check.intake.book import Cell, reference
from include.check.readers.extracts_layout import Table
from include.check.readers.extracts_values import Refused, Value, meaning, same
from include.check.tidy import SetAside
from include.errors import LayoutChanged
from include.periods import Period
from include.registry.delivery import days, options
from include.registry.models import Agreement, Column, ExtractSheet


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


# --- reading -----------------------------------------------------------------------------------------------------


def read_rows(table: Table, agreement: Agreement, period: Period) -> list[Row]:
    """Return the filled rows of a log.

    Raises:
        LayoutChanged: there are more rows than the template holds.
    """
    contract, numbers = table.contract, table.rows()
    if len(numbers) > contract.rows:
        raise LayoutChanged(
            f"Bladet {contract.name} har {len(numbers)} ifyllda rader. Mallen rymmer {contract.rows}. "
            "Ta bort rader som inte hör dit."
        )
    choices = {column.name: options(column, agreement, period.year) for column in contract.columns}
    return _without_duplicates([_read_row(table, number, choices, period) for number in numbers], contract)


def _read_row(table: Table, number: int, choices: Mapping[str, Mapping[str, str]], period: Period) -> Row:
    values: dict[str, Value] = {}
    faults = []
    cells = {name: reference(number, place) for name, place in table.columns.items()}
    for column in table.contract.columns:
        cell = table.sheet.cells.get((number, table.columns[column.name]))
        value = meaning(cell, column, choices[column.name])
        if isinstance(value, date):
            value = _in_time(value, column, period)
        if isinstance(value, Refused):
            if cell is not None and table.extract.small_counts and _may_be_a_count(cell):
                value = value._replace(found="ett tal")
            faults.append(Fault(cells[column.name], column.label, *value))
        else:
            values[column.name] = value
    return Row(table.name, number + 1, values, cells, tuple(faults))


def _may_be_a_count(cell: Cell) -> bool:
    """Return whether a cell may hold a count of persons in the wrong column, which no message may tell."""
    return cell.kind == "number" or str(cell.value).strip().isdecimal()


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
