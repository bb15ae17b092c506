"""Reader of Brå's workbook of ten years (``10La_uppklbr_10_ar.xlsx``): clearance and prosecution rates, the country.

Each measure's sheet is named by its ``source_label`` in the registry ("Statistik personuppklaringsproc", "Statistik
lagföringsprocent"). The years stand in row 2 from column C on, the offence in column B. Column A is taken for its
Lagrum, as in Table 300 of the same years: if it is something else, rows are set aside and named, and the gate stops for
lack of the row of all offences. The file is archived for each of its years; only the column of the part's year is read.
Labels are those of the newest year's tables, so they are looked up in ``offence_labels.csv`` as of that year.
"""

from typing import TYPE_CHECKING

from include.archive.manifest import Manifest
from include.check.readers.bra_labels import LabelBook, Meaning, label_book
from include.check.readers.bra_numbers import number
from include.check.readers.bra_sheets import cell_name, is_blank, text
from include.check.readers.bra_workbook import (
    Rows,
    cell,
    column_of,
    holds_figures,
    sheet_named,
    sheets_of,
    texts_of,
    year_columns,
    year_of,
)
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAGRUM, _LABEL, _FIRST_YEAR = 0, 1, 2
_HEADER = 1


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read the part's year.

    Raises:
        LayoutChanged: a sheet is lacking, the years do not stand where they should, the year is not there, or two rows
            mean the same; the text says what was found and expected.
    """
    year = year_of(manifest)
    sheets = sheets_of(content, manifest)
    figures: list[dict[str, object]] = []
    aside: list[SetAside] = []
    names = {measure.source_label or "": measure.id for measure in source.measures}
    for name, measure in names.items():
        rows = sheet_named(sheets, name, manifest)
        for found in _sheet(rows, f"{manifest.file_name}, sheet {name}", name, year):
            if isinstance(found, SetAside):
                aside.append(found)
            else:
                figures.append({"measure": f"{source.id}.{measure}", **found})
    columns = ("measure", "sex", "age", "breakdown", "value", "value_status", "source_label", "place")
    table = tidy_table(
        {column: [figure[column] for figure in figures] for column in columns}
        | {"area": "00", "period": str(year), "status": "F", "mark": "direct"}
    )
    remarks = [words for name, rows in sheets.items() if name not in names for words in texts_of(rows)]
    notes = [*manifest.notes, *(words for words in remarks if words.startswith(("Första", "Senaste")))]
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), notes)


def _sheet(rows: Rows, where: str, name: str, year: int) -> "Iterator[dict[str, object] | SetAside]":
    """Yield a sheet's figures of a year, each with its offence, or set aside."""
    years = year_columns(rows, _HEADER, _FIRST_YEAR, where)
    column = column_of(years, year, where)
    book, newest = label_book(), max(years)
    seen: dict[Meaning, int] = {}
    for at, row in enumerate(rows[_HEADER + 1 :], start=_HEADER + 1):
        label = text(cell(row, _LABEL))
        if not holds_figures(row, _FIRST_YEAR):
            continue
        place, value = f"{name}!{cell_name(at, column)}", cell(row, column)
        meaning = _meaning(book, newest, text(cell(row, _LAGRUM)), label)
        raw = {"label": " > ".join(filter(None, (text(cell(row, _LAGRUM)), label))), "value": value}
        if meaning is None:
            reason = f"Okänd brottstyp: {raw['label']}. Lägg till raden i offence_labels.csv om uppgiften behövs."
            yield SetAside(place, "UNKNOWN_OFFENCE", reason, raw)
            continue
        if meaning in seen:
            raise LayoutChanged(
                f"{where}: rows {seen[meaning] + 1} and {at + 1} both mean {'/'.join(meaning)} ({label!r}); expected "
                "one row. Correct offence_labels.csv."
            )
        seen[meaning] = at
        found = number(value)
        if found is None:
            said = "Cellen är tom" if is_blank(value) else f"{value!r} är inget tal"
            yield SetAside(place, "NOT_A_NUMBER", f"{said}; ett procenttal väntades.", raw)
            continue
        yield {
            "sex": meaning.sex,
            "age": meaning.age,
            "breakdown": meaning.offence,
            "value": found[0],
            "value_status": found[1],
            "source_label": raw["label"],
            "place": place,
        }


def _meaning(book: LabelBook, year: int, lagrum: str, label: str) -> Meaning | None:
    """Return what a row means; the first row has its label in one column or in both."""
    section, plain = book.clean(lagrum), book.clean(label)
    return book.meaning("lagrum", year, section or plain, plain)
