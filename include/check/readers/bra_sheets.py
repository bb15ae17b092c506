"""Sheets of Brå's Table 300 as rows of labels and figures, whichever generation of the layout they have.

==========  =====================================================================================================
to 2019     ``.xls``, one sheet, one column of labels and 13 measures; long labels are broken over two rows
2020, 2021  ``.xlsx``, the same one column of labels (headed *Lagrum* in 2021, though it holds the type of offence)
2022-       ``.xlsx``, the columns *Lagrum* and *Brottstyp*; sheets 300 a (all), b (investigated), c (dismissed)
==========  =====================================================================================================

The generation is told by the header, never by the year. A sheet without such a header ("Information") is no table.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from include.check.drift import suggestion
from include.check.readers.bra_labels import Layout
from include.errors import LayoutChanged

#: The header's text (lower case, soft hyphens and double spaces gone) and the measure below it.
MEASURES: dict[str, str] = {
    "handlagda brott, totalt": "handled",
    "utredda brott": "investigated",
    "utredda brott, totalt": "investigated",
    "utredda brott som personuppklarats": "cleared_person",
    "personuppklarade brott där åtal väckts": "cleared_charge",
    "personuppklarade brott där strafföreläggande utfärdats": "cleared_summary_penalty",
    "personuppklarade brott där åtalsunderlåtelse meddelats": "cleared_waiver",
    "lagföringsprocent (%)": "prosecution_rate_printed",
    "utredda brott som förundersökningsbegränsats": "limited_investigation",
    "utredda brott som avslutats med övriga beslut": "other_decisions",
    "direktavskrivna brott": "dismissed",
    "direktavskrivna brott, totalt": "dismissed",
    "direktavskrivna brott som förundersökningsbegränsats": "dismissed_part_1",
    "direktavskrivna brott som avslutats med övriga beslut": "dismissed_part_2",
    "personuppklaringsprocent (%)": "clearance_rate_printed",
}

#: The headings that a sheet has together: 300 a, b and c since 2022, the one sheet to 2021 (as 300 a) and to 2019.
_MAIN = {"handled", "investigated", "dismissed", "prosecution_rate_printed", "clearance_rate_printed"}
_CLEARED = {"cleared_person", "cleared_charge", "cleared_summary_penalty", "cleared_waiver"}
_INVESTIGATED = {"investigated", *_CLEARED, "limited_investigation", "other_decisions"}
_DISMISSED = {"dismissed", "dismissed_part_1", "dismissed_part_2"}
_SETS = (_MAIN, _INVESTIGATED, _DISMISSED, _MAIN | _INVESTIGATED | _DISMISSED)

_MAPPING = "MEASURES of include/check/readers/bra_sheets.py"

#: The header stands within so many rows from the top.
_HEADER_WITHIN = 15
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")

Cell = object


class Column(NamedTuple):
    """A column of figures."""

    at: int
    measure: str


class Row(NamedTuple):
    """One row of a table: its number in the sheet, its labels as printed, its figures as they stand."""

    number: int
    lagrum: str
    label: str
    cells: dict[str, Cell]

    def is_heading(self) -> bool:
        """Return whether the row holds no figure at all."""
        return all(is_blank(cell) for cell in self.cells.values())


@dataclass(frozen=True)
class Sheet:
    """A sheet that holds the table, with where its parts stand (rows and columns counted from 0)."""

    name: str
    layout: Layout
    title: dict[str, str]
    header: int
    lagrum: int | None
    label: int
    columns: list[Column]
    values: Sequence[Sequence[Cell]]

    def place(self, row: int, measure: str) -> str:
        """Return where a figure stands, e.g. ``Tabell 300!C12``."""
        index = next(column.at for column in self.columns if column.measure == measure)
        return f"{self.name}!{cell_name(row, index)}"

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header that have a label, notes below the table included (they hold no figure)."""
        for number, values in enumerate(self.values):
            if number > self.header and (label := text(values[self.label])):
                lagrum = text(values[self.lagrum]) if self.lagrum is not None else ""
                yield Row(number, lagrum, label, {column.measure: values[column.at] for column in self.columns})


def pages_of(content: bytes, file_name: str) -> list[tuple[str, Sequence[Sequence[Cell]]]]:
    """Return the name and the cells, from the first cell on, of every sheet of a workbook.

    Raises:
        LayoutChanged: it is no workbook.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except CalamineError as error:
        raise LayoutChanged(f"{file_name} is no workbook that can be read: {error}") from error


def read_sheets(content: bytes, file_name: str) -> tuple[list[Sheet], list[str]]:
    """Return a workbook's sheets with the table, and the lines of text of its other sheets.

    Raises:
        LayoutChanged: it is no workbook, no sheet has a header of Table 300, or two generations are mixed.
    """
    pages = pages_of(content, file_name)
    sheets = [sheet for name, values in pages if (sheet := _sheet(name, values))]
    if not sheets:
        raise LayoutChanged(
            f"{file_name}: no sheet has a header of Table 300. Found the sheets "
            f"{', '.join(name for name, _ in pages)}; expected a row with 'Brottstyp' or 'Lagrum' and headings like "
            f"'{next(iter(MEASURES))}' within the first {_HEADER_WITHIN} rows."
        )
    if len({sheet.layout for sheet in sheets}) > 1:
        found = ", ".join(f"{sheet.name}: {sheet.layout}" for sheet in sheets)
        raise LayoutChanged(f"{file_name}: the sheets have different layouts ({found}); expected one generation.")
    named = {sheet.name for sheet in sheets}
    other = [text(cell) for name, values in pages if name not in named for row in values for cell in row if text(cell)]
    return sheets, other


def check_title(sheet: Sheet, file_name: str, year: int, area_names: Sequence[str]) -> None:
    """Check that a sheet's title speaks of the year and the area that the manifest says.

    Raises:
        LayoutChanged: it does not; the text names the cell, what it says and what was expected.
    """
    said = " ".join(sheet.title.values())
    years = set(_YEAR.findall(said))
    cells = "; ".join(f"{cell} says {words!r}" for cell, words in sheet.title.items()) or "no cell above the header"
    where = f"{file_name}, sheet {sheet.name}: {cells}"
    if years != {str(year)}:
        raise LayoutChanged(f"{where}. Found the year {', '.join(sorted(years)) or 'nowhere'}, expected {year}.")
    if not any(name.casefold() in said.casefold() for name in area_names):
        raise LayoutChanged(f"{where}. Expected the area {' or '.join(map(repr, area_names))}.")


def text(cell: Cell) -> str:
    """Return a cell's text without space around it; a number is no text."""
    return cell.replace("\u00a0", " ").strip() if isinstance(cell, str) else ""


def is_blank(cell: Cell) -> bool:
    """Return whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not text(cell))


def cell_name(row: int, column: int) -> str:
    """Return a cell's name in a spreadsheet from its row and column counted from 0: (4, 2) is C5."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def _heading(cell: Cell) -> str:
    """Return a header's text in the form of :data:`MEASURES`: hyphens at the end of a line are gone."""
    plain = " ".join(text(cell).replace("\u00ad", "").split()).casefold()
    return plain.replace("undersöknings-begränsats", "undersökningsbegränsats")


def _sheet(name: str, values: Sequence[Sequence[Cell]]) -> Sheet | None:
    """Return a sheet if it has a header of Table 300."""
    for number, row in enumerate(values[:_HEADER_WITHIN]):
        headings = [_heading(cell) for cell in row]
        labels = {heading: index for index, heading in enumerate(headings) if heading in ("lagrum", "brottstyp")}
        columns = [Column(index, MEASURES[heading]) for index, heading in enumerate(headings) if heading in MEASURES]
        if not labels or not columns:
            continue
        _check_header(name, number, headings, columns)
        return Sheet(
            name=name,
            layout="lagrum" if len(labels) > 1 else "tree",
            title={cell_name(r, c): text(v) for r in range(number) for c, v in enumerate(values[r]) if text(v)},
            header=number,
            lagrum=labels["lagrum"] if len(labels) > 1 else None,
            label=labels.get("brottstyp", labels.get("lagrum", 0)),
            columns=columns,
            values=values,
        )
    return None


def _check_header(name: str, row: int, headings: list[str], columns: list[Column]) -> None:
    """Refuse a header with an unknown, lacking or repeated heading: its figures would be lost or mixed.

    Raises:
        LayoutChanged: names the cell and what it says, and the edit to make if a heading has been renamed.
    """
    known = {column.at for column in columns}
    lacking = _lacking({column.measure for column in columns})
    for index, heading in enumerate(headings):
        if heading and index not in known and heading not in ("lagrum", "brottstyp"):
            raise LayoutChanged(
                f"Sheet {name}, cell {cell_name(row, index)}: found the unknown heading {heading!r}; expected one of "
                f"{', '.join(MEASURES)}. {suggestion([heading], lacking, _MAPPING)}"
            )
    for one, other in pairwise(sorted(columns, key=lambda column: column.measure)):
        if one.measure == other.measure:
            raise LayoutChanged(
                f"Sheet {name}, row {row + 1}: the columns {cell_name(row, one.at)} and "
                f"{cell_name(row, other.at)} both say {one.measure}; expected each heading once."
            )
    if lacking:
        raise LayoutChanged(
            f"Sheet {name}, row {row + 1}: the heading {' and '.join(map(repr, lacking))} is missing; found "
            f"{', '.join(filter(None, headings))}. Next step: compare with Brå's page; if Brå has ceased to print it, "
            f"change {_MAPPING} and _SETS beside it."
        )


def _lacking(found: set[str]) -> list[str]:
    """Return the headings that a sheet lacks, beside the set of headings that it is most like."""
    wanted = min(_SETS, key=lambda measures: len(measures ^ found))
    return [next(heading for heading, ours in MEASURES.items() if ours == each) for each in sorted(wanted - found)]
