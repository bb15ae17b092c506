"""Reader of Brå's Table 100, reported offences of an area and a year by type of offence, in its two known layouts.

=======  ========================================================================================================
newer    *Lagrum* in column A, *Brottstyp* in column B, the total in column C, per 100,000 inhabitants in the last
older    the label in column A, the months in columns B to M, the total in column N, per 100,000 in the last
=======  ========================================================================================================

The layout is told by the header, never by the year, and is proven: the older one's months must add up to its total, the
last column must be headed "100 000". Tables 110 (all regions side by side) and 120 (municipalities) are refused: their
columns are not known. Labels are looked up in the lists of Table 300, which the same producer writes alike, and then in
that of SOL; what no list knows is set aside and named. ``-`` and U+2212 are zeros, ``..`` is missing, ``.`` cannot be.

No source is connected to this reader yet: SOL gives the same figures by municipality too.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from include.archive.manifest import Manifest
from include.check.readers import bra_offences
from include.check.readers.bra_labels import Context, LabelBook, Meaning, label_book
from include.check.readers.bra_numbers import number
from include.check.readers.bra_sheets import Cell, cell_name, is_blank, text
from include.check.readers.bra_workbook import Rows, area_of, cell, sheets_of, texts_above, title_names, year_of
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

MEASURES = ("reported", "reported_per_100000")
_HEADER_WITHIN = 10
_TABLE = re.compile(r"tabell\s+(\d{3})", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_PER_100000 = re.compile(r"100\s?000")
_PRELIMINARY = re.compile(r"preliminär", re.IGNORECASE)
_OLD_TOTAL = 13


class _Sheet(NamedTuple):
    """A sheet of Table 100: where its parts stand, rows and columns counted from 0."""

    name: str
    rows: Rows
    header: int
    lagrum: int | None
    label: int
    total: int
    rate: int


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read a workbook of Table 100.

    Raises:
        LayoutChanged: it is no Table 100 of the manifest's area and year, its layout is not one of the two, or two rows
            mean the same; the text names cell, found and expected.
    """
    area, year = area_of(manifest, source), year_of(manifest)
    sheet = _find(sheets_of(content, manifest), manifest)
    title = texts_above(sheet.rows, sheet.header + 1)
    _check_title(title, manifest, year, title_names(area, registry))
    figures: list[dict[str, object]] = []
    aside: list[SetAside] = []
    for found in _figures(sheet, manifest, year):
        if isinstance(found, SetAside):
            aside.append(found)
        else:
            figures.append({**found, "measure": f"{source.id}.{found['measure']}"})
    columns = ("measure", "sex", "age", "breakdown", "value", "value_status", "source_label", "place")
    table = tidy_table(
        {column: [figure[column] for figure in figures] for column in columns}
        | {
            "area": area,
            "period": str(year),
            "status": "P" if _PRELIMINARY.search(title) else "F",
            "mark": "direct",
        }
    )
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), list(manifest.notes))


def _find(sheets: dict[str, Rows], manifest: Manifest) -> _Sheet:
    """Return the one sheet with a header of Table 100."""
    found = [sheet for name, rows in sheets.items() if (sheet := _sheet(name, rows))]
    if len(found) != 1:
        raise LayoutChanged(
            f"{manifest.file_name}: {len(found)} of the sheets {', '.join(sheets)} have a header of Table 100; "
            "expected one, with 'Lagrum' and 'Brottstyp' in columns A and B, or the months from 'Jan' to 'Dec' in B to "
            f"M, and '100 000' in the last column, within the first {_HEADER_WITHIN} rows."
        )
    return found[0]


def _sheet(name: str, rows: Rows) -> _Sheet | None:
    """Return a sheet if it has a header of one of the two layouts."""
    for at, row in enumerate(rows[:_HEADER_WITHIN]):
        head = [" ".join(text(value).split()).casefold() for value in row]
        last = max((column for column, words in enumerate(head) if words), default=0)
        if not any(_PER_100000.search(text(cell(above, last))) for above in rows[: at + 1]):
            continue
        if head[:2] == ["lagrum", "brottstyp"] and last > 2:
            return _Sheet(name, rows, at, lagrum=0, label=1, total=2, rate=last)
        if last > _OLD_TOTAL and head[1].startswith("jan") and head[12].startswith("dec"):
            return _Sheet(name, rows, at, lagrum=None, label=0, total=_OLD_TOTAL, rate=last)
    return None


def _check_title(title: str, manifest: Manifest, year: int, areas: list[str]) -> None:
    """Check that a title speaks of Table 100, of the year and of the area that the manifest says."""
    table = _TABLE.search(title)
    if table is None or table[1] != "100":
        found = f"Table {table[1]}" if table else f"the title {title[:120]!r}"
        raise LayoutChanged(
            f"{manifest.file_name}: found {found}, expected Table 100. Tables 110 and 120 have other columns, which "
            "this reader does not know."
        )
    if set(_YEAR.findall(title)) != {str(year)}:
        raise LayoutChanged(f"{manifest.file_name}: found the title {title[:120]!r}, expected the year {year} alone.")
    if not any(name.casefold() in title.casefold() for name in areas):
        raise LayoutChanged(
            f"{manifest.file_name}: found the title {title[:120]!r}, expected the area {' or '.join(areas)}."
        )


def _figures(sheet: _Sheet, manifest: Manifest, year: int) -> Iterator[dict[str, object] | SetAside]:
    """Yield the figures of a sheet with their offence, or set aside."""
    book, context = label_book(), Context(label_book(), year)
    seen: dict[Meaning, int] = {}
    proven = sheet.lagrum is not None
    for at, row in enumerate(sheet.rows[sheet.header + 1 :], start=sheet.header + 1):
        label = text(cell(row, sheet.label))
        clean = book.clean(label)
        section = context.section_of(clean) if sheet.lagrum is None else book.clean(text(cell(row, sheet.lagrum)))
        cells = {"reported": cell(row, sheet.total), "reported_per_100000": cell(row, sheet.rate)}
        if not label or all(map(is_blank, cells.values())):
            continue
        full = " > ".join(filter(None, (section, label)))
        adds_up = _adds_up(row) if sheet.lagrum is None else None
        if adds_up is False:
            if not proven:
                raise LayoutChanged(
                    f"{manifest.file_name}, sheet {sheet.name}: the months of row {at + 1} ({label!r}) do not add "
                    f"up to {cell_name(at, sheet.total)} ({cell(row, sheet.total)!r}); expected the total there."
                )
            reason = "Månaderna summerar inte till totalen; vilken av dem som är fel går inte att säga."
            yield from _aside(sheet, at, cells, "MONTHS_DISAGREE", reason, full)
            continue
        proven = proven or adds_up is True
        meaning = _meaning(book, sheet, year, section, clean)
        if meaning is None:
            reason = f"Okänd brottstyp: {full}. Lägg till raden i offence_labels.csv om uppgiften behövs."
            yield from _aside(sheet, at, cells, "UNKNOWN_OFFENCE", reason, full)
            continue
        if meaning in seen:
            raise LayoutChanged(
                f"{manifest.file_name}, sheet {sheet.name}: rows {seen[meaning] + 1} and {at + 1} both mean "
                f"{'/'.join(meaning)} ({label!r}); expected one row. Correct offence_labels.csv."
            )
        seen[meaning] = at
        yield from _taken(sheet, at, cells, meaning, full)


def _meaning(book: LabelBook, sheet: _Sheet, year: int, section: str, label: str) -> Meaning | None:
    """Return what a row counts, by the lists of Table 300 and then by SOL's."""
    if sheet.lagrum is not None:
        return book.meaning("lagrum", year, section or label, label)
    if found := book.meaning("tree", year, section, label):
        return found
    if section:
        return None  # what stands under another row is not told by its label alone
    other = bra_offences.meaning_of(bra_offences.Place("", bra_offences.clean(label)), "", year)
    return other if isinstance(other, Meaning) else None


def _adds_up(row: Sequence[Cell]) -> bool | None:
    """Return whether the twelve months of a row are its total, None if one of them has no value."""
    cells = [number(value) for value in row[1 : _OLD_TOTAL + 1]]
    values = [found[0] for found in cells if found is not None and found[0] is not None]
    return sum(values[:-1]) == values[-1] if len(values) == _OLD_TOTAL else None


def _taken(
    sheet: _Sheet, at: int, cells: dict[str, Cell], meaning: Meaning, label: str
) -> Iterator[dict[str, object] | SetAside]:
    """Yield both figures of a row; counts must be whole."""
    for measure, value in cells.items():
        place = _place(sheet, at, measure)
        found = number(value)
        if found is None or (found[0] is not None and measure == "reported" and not found[0].is_integer()):
            kind = "ett heltal" if measure == "reported" else "ett tal"
            reason = f"Cellen är tom; {kind} väntades." if is_blank(value) else f"{value!r} är inte {kind}."
            yield SetAside(place, "NOT_A_NUMBER", reason, {"label": label, "measure": measure, "value": value})
            continue
        yield {
            "measure": measure,
            "sex": meaning.sex,
            "age": meaning.age,
            "breakdown": meaning.offence,
            "value": found[0],
            "value_status": found[1],
            "source_label": label,
            "place": place,
        }


def _aside(sheet: _Sheet, at: int, cells: dict[str, Cell], code: str, reason: str, label: str) -> Iterator[SetAside]:
    """Yield both figures of a row set aside."""
    for measure, value in cells.items():
        if not is_blank(value):
            raw = {"label": label, "measure": measure, "value": value}
            yield SetAside(_place(sheet, at, measure), code, reason, raw)


def _place(sheet: _Sheet, at: int, measure: str) -> str:
    return f"{sheet.name}!{cell_name(at, sheet.total if measure == 'reported' else sheet.rate)}"
