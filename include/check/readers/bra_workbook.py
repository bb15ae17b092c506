"""What the readers of Brå's workbooks share: which area and year a capture is about, sheets, and where years stand."""

from collections.abc import Sequence
from itertools import pairwise

from include.archive.manifest import Manifest
from include.check.readers.bra_sheets import Cell, cell_name, is_blank, pages_of, text
from include.errors import LayoutChanged
from include.registry.models import HttpFileFetch, Registry, Source

Rows = Sequence[Sequence[Cell]]


def sheets_of(content: bytes, manifest: Manifest) -> dict[str, Rows]:
    """Return the cells of every sheet, from the first cell on, by the sheet's name.

    Raises:
        LayoutChanged: it is no workbook.
    """
    return dict(pages_of(content, manifest.file_name))


def sheet_named(sheets: dict[str, Rows], name: str, manifest: Manifest) -> Rows:
    """Return a sheet.

    Raises:
        LayoutChanged: there is none of that name; the text says which there are.
    """
    if name not in sheets:
        raise LayoutChanged(f"{manifest.file_name}: found the sheets {', '.join(sheets)}; expected one {name!r}.")
    return sheets[name]


def year_of(manifest: Manifest) -> int:
    """Return the year that a capture is about, from its part (``La-2024``).

    Raises:
        LayoutChanged: the part names no year.
    """
    year = manifest.part.rpartition("-")[2]
    if not (year.isdigit() and len(year) == 4):
        raise LayoutChanged(f"Capture {manifest.capture_id}: found the part {manifest.part!r}, expected <file>-<year>.")
    return int(year)


def area_of(manifest: Manifest, source: Source) -> str:
    """Return our code of the area that a capture is about, from its part (``Rn01-2024``).

    Raises:
        LayoutChanged: the source has no such area.
    """
    producers = manifest.part.rpartition("-")[0]
    areas = source.fetch.areas if isinstance(source.fetch, HttpFileFetch) else {}
    for ours, theirs in areas.items():
        if theirs == producers:
            return ours
    known = ", ".join(areas.values())
    raise LayoutChanged(f"Capture {manifest.capture_id}: found the area {producers!r}, expected one of {known}.")


def title_names(area: str, registry: Registry) -> list[str]:
    """Return how the title of a workbook may name an area."""
    if area == "00":
        return ["hela landet", "riket"]
    name = registry.areas[area].name if area in registry.areas else area
    return [name if name.endswith(" län") else f"region {name.split()[-1]}"]


def year_columns(rows: Rows, row: int, first: int, where: str) -> dict[int, int]:
    """Return the column of each year of a header: one year after the other, from the column ``first`` on.

    Args:
        rows: the sheet's cells.
        row: row of the header, counted from 0.
        first: column of the first year, counted from 0.
        where: file and sheet, for messages.

    Raises:
        LayoutChanged: there are no years, or they do not follow each other.
    """
    header = rows[row] if row < len(rows) else []
    columns: dict[int, int] = {}
    for column in range(first, len(header)):
        year = _year(header[column])
        if year is None:
            break
        columns.setdefault(year, column)
    after = [cell_name(row, c) for c in range(first + len(columns), len(header)) if _year(header[c]) is not None]
    if not columns or after or any(later != earlier + 1 for earlier, later in pairwise(columns)):
        found = "; ".join(f"{cell_name(row, c)} {header[c]!r}" for c in range(first, len(header)) if header[c] != "")
        raise LayoutChanged(
            f"{where}: found {found or 'nothing'} in row {row + 1}; expected one year after the other from "
            f"{cell_name(row, first)} on."
        )
    return columns


def column_of(columns: dict[int, int], year: int, where: str) -> int:
    """Return the column of a year.

    Raises:
        LayoutChanged: the sheet does not hold it.
    """
    if year not in columns:
        raise LayoutChanged(
            f"{where}: holds the years {min(columns)}-{max(columns)}, expected {year} among them. Has the file of that "
            "year not come yet, or does file_years of the source in the registry count wrongly?"
        )
    return columns[year]


def texts_above(rows: Rows, header: int) -> str:
    """Return the text of all cells above a row (counted from 0)."""
    return " ".join(text(cell) for row in rows[:header] for cell in row if text(cell))


def texts_of(rows: Rows) -> list[str]:
    """Return every cell of a sheet that is text."""
    return [text(cell) for row in rows for cell in row if text(cell)]


def cell(row: Sequence[Cell], column: int) -> Cell:
    """Return a cell of a row; rows may be shorter than their header."""
    return row[column] if column < len(row) else ""


def holds_figures(row: Sequence[Cell], first: int) -> bool:
    """Return whether a row holds anything from a column on; one that does not is a heading or a note."""
    return any(not is_blank(value) for value in row[first:])


def _year(value: Cell) -> int | None:
    """Return the year that a cell of a header says, None if it says something else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() and 1950 <= value < 2100 else None
    plain = text(value)
    return int(plain) if plain.isdecimal() and 1950 <= int(plain) < 2100 else None
