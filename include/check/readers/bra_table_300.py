"""Reader of Brå's Table 300, handled offences: a workbook per area and year, in any of its three generations.

Figures come out as they are printed. Two kinds are added, marked ``derived`` (see
:mod:`include.check.readers.bra_derived`). ``rows_in`` counts the figures of the file and the derived ones; a figure
that two sheets repeat counts once, for as long as they agree. Rows of offences that no list maps are set aside, each
named; rows without any figure are headings or notes.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from include.archive.manifest import Manifest
from include.check.readers.bra_derived import Figure, Printed, derive, not_applicable
from include.check.readers.bra_labels import Context, LabelBook, label_book
from include.check.readers.bra_numbers import number
from include.check.readers.bra_sheets import Row, Sheet, check_title, is_blank, read_sheets
from include.check.readers.bra_workbook import area_of, title_names, year_of
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pyarrow as pa

#: Measures that are percentages; all others count offences.
RATES = frozenset({"prosecution_rate_printed", "clearance_rate_printed"})

_PRELIMINARY = re.compile(r"preliminär", re.IGNORECASE)
_PUBLISHED = re.compile(r"^(första publicering|senaste uppdatering)", re.IGNORECASE)


class NamedRow(NamedTuple):
    """A row with its section and label in clean form."""

    row: Row
    section: str
    label: str


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read a workbook of Table 300.

    Raises:
        LayoutChanged: the file is no Table 300 of the manifest's area and year, or says one thing twice; the text
            names cell, found and expected.
    """
    area, year = area_of(manifest, source), year_of(manifest)
    sheets, remarks = read_sheets(content, manifest.file_name)
    for sheet in sheets:
        check_title(sheet, manifest.file_name, year, title_names(area, registry))
    printed, aside = _collect(sheets, manifest.file_name, year, label_book())
    figures = [figure for group in printed.values() for figure in group.values()]
    derived, faults = derive(printed)
    said = " ".join([*remarks, *(words for sheet in sheets for words in sheet.title.values())])
    table = _table(source.id, area, year, [*not_applicable(figures, derived), *derived], said)
    aside += faults
    return ReadResult(
        table=table,
        set_aside=set_aside_table(aside),
        rows_in=table.num_rows + len(aside),
        notes=[*manifest.notes, *filter(_PUBLISHED.match, remarks), *_summary(aside)],
    )


def _collect(
    sheets: list[Sheet], file_name: str, year: int, book: LabelBook
) -> tuple[dict[Printed, dict[str, Figure]], list[SetAside]]:
    """Return the figures of all sheets by what they are about and by measure, and what was set aside."""
    printed: dict[Printed, dict[str, Figure]] = {}
    aside: list[SetAside] = []
    for sheet in sheets:
        seen: dict[Printed, int] = {}
        for row, section, label in _named_rows(sheet, year, book, aside):
            meaning = book.meaning(sheet.layout, year, section, label)
            if meaning is None:
                aside += _unknown(sheet, row, section, label)
                continue
            if meaning in seen and not row.is_heading():
                raise LayoutChanged(
                    f"{file_name}, sheet {sheet.name}: rows {seen[meaning] + 1} and {row.number + 1} both mean "
                    f"{'/'.join(meaning)} ({label!r}); expected one row. Correct offence_labels.csv."
                )
            if not row.is_heading():
                seen[meaning] = row.number
                aside += _take(printed.setdefault(meaning, {}), meaning, sheet, row, section)
    return printed, aside


def _named_rows(sheet: Sheet, year: int, book: LabelBook, aside: list[SetAside]) -> Iterator[NamedRow]:
    """Yield the rows with their section and label in clean form, labels of two rows put together."""
    context = Context(book, year)
    rows = list(sheet.rows())
    first_half: Row | None = None
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        if after is not None and _continues(row, after) and first_half is None:
            first_half = row
            aside += _first_half(sheet, row)
            continue
        label = book.clean(f"{first_half.label.strip()} {row.label}" if first_half else row.label)
        first_half = None
        yield NamedRow(row, book.clean(row.lagrum) if sheet.layout == "lagrum" else context.section_of(label), label)


def _continues(row: Row, after: Row) -> bool:
    """Return whether a row is the first half of a label: only zeros (or nothing), and the next begins in lower case."""
    empty = all(is_blank(cell) or number(cell) == (0.0, "ok") for cell in row.cells.values())
    return empty and after.label.lstrip()[:1].islower()


def _first_half(sheet: Sheet, row: Row) -> list[SetAside]:
    """Set the zeros beside the first half of a label aside: they are no figures, but nothing may vanish."""
    reason = "Första halvan av en etikett på två rader; nollan är ingen uppgift."
    return [
        SetAside(sheet.place(row.number, measure), "LABEL_FIRST_HALF", reason, {"label": row.label, "measure": measure})
        for measure, cell in row.cells.items()
        if not is_blank(cell)
    ]


def _unknown(sheet: Sheet, row: Row, section: str, label: str) -> list[SetAside]:
    """Set every figure of a row aside whose offence no list knows."""
    full = " > ".join(filter(None, (section, label)))
    reason = f"Okänd brottstyp: {full}. Lägg till raden i offence_labels.csv om uppgiften behövs."
    return [
        SetAside(
            sheet.place(row.number, measure),
            "UNKNOWN_OFFENCE",
            reason,
            {"label": full, "measure": measure, "value": cell},
        )
        for measure, cell in row.cells.items()
        if not is_blank(cell)
    ]


def _take(group: dict[str, Figure], meaning: Printed, sheet: Sheet, row: Row, section: str) -> list[SetAside]:
    """Add a row's figures to those of the same offence, sex and age; return what cannot be taken."""
    aside = []
    label = " > ".join(filter(None, (section, " ".join(row.label.split()))))
    for measure, cell in row.cells.items():
        place = sheet.place(row.number, measure)
        raw = {"label": label, "measure": measure, "value": cell}
        found = number(cell)
        if found is None or (found[0] is not None and measure not in RATES and not found[0].is_integer()):
            kind = "ett procenttal" if measure in RATES else "ett heltal"
            reason = f"Cellen är tom; {kind} väntades." if is_blank(cell) else f"{cell!r} är inte {kind}."
            aside.append(SetAside(place, "NOT_A_NUMBER", reason, raw))
        elif measure not in group:
            group[measure] = Figure(meaning, measure, *found, mark="direct", source_label=label, place=place)
        elif group[measure][2:4] != found:
            reason = f"Två blad säger olika: {group[measure].value:g} i {group[measure].place}, {cell} här."
            aside.append(SetAside(place, "SHEETS_DISAGREE", reason, raw))
    return aside


def _table(source_id: str, area: str, year: int, figures: list[Figure], said: str) -> "pa.Table":
    """Return the figures as a tidy table; they are final unless the file calls itself preliminary."""
    return tidy_table(
        {
            "measure": [f"{source_id}.{figure.measure}" for figure in figures],
            "area": area,
            "period": str(year),
            "sex": [figure.meaning.sex for figure in figures],
            "age": [figure.meaning.age for figure in figures],
            "breakdown": [figure.meaning.offence for figure in figures],
            "value": [figure.value for figure in figures],
            "value_status": [figure.value_status for figure in figures],
            "status": "P" if _PRELIMINARY.search(said) else "F",
            "mark": [figure.mark for figure in figures],
            "source_label": [figure.source_label for figure in figures],
            "place": [figure.place for figure in figures],
        }
    )


def _summary(aside: list[SetAside]) -> list[str]:
    """Return one line that counts what was set aside for an unknown offence."""
    count = Counter(row.reason_code for row in aside)["UNKNOWN_OFFENCE"]
    return (
        [f"{count} uppgifter gäller brottstyper som uppföljningen inte använder och är satta åt sidan."]
        if count
        else []
    )
