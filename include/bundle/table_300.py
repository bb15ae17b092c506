"""Sets the known figures of Brå's Table 300 into workbooks with the layout that Brå used for each year.

Layouts (labels, order, headings, Lagrum) are those of the table's own files, kept in
``facts/table_300_layout.csv``: to 2019 ``.xls`` with one column of labels, 13 measures, and long labels broken over two
rows; 2020 and 2021 ``.xlsx`` with one column of labels and 5 measures; from 2022 with *Lagrum* and *Brottstyp*.
Only rows whose figures are known are there. A row that these stand under, but whose own figures are not known, is
written as a heading without figures.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import xlsxwriter
import xlwt

from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.bundle.facts import rows as facts
from include.check.readers.bra_labels import label_book

SOURCE = "bra_handled_offences"
CAPTURED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

#: Headings of each generation in their order, with the measure below (None for labels).
XLS_COLUMNS: dict[str, str] = {
    "Handlagda brott, totalt": "handled",
    "Utredda brott, totalt": "investigated",
    "Utredda brott som personuppklarats": "cleared_person",
    "Personuppklarade brott där åtal väckts": "cleared_charge",
    "Personuppklarade brott där strafföreläggande utfärdats": "cleared_summary_penalty",
    "Personuppklarade brott där åtalsunderlåtelse meddelats": "cleared_waiver",
    "Lagföringsprocent (%)": "prosecution_rate_printed",
    "Utredda brott som förundersökningsbegränsats": "limited_investigation",
    "Utredda brott som avslutats med övriga beslut": "other_decisions",
    "Direktavskrivna brott, totalt": "dismissed",
    "Direktavskrivna brott som förundersökningsbegränsats": "dismissed_part_1",
    "Direktavskrivna brott som avslutats med övriga beslut": "dismissed_part_2",
    "Personuppklaringsprocent (%)": "clearance_rate_printed",
}
XLSX_COLUMNS: dict[str, str] = {
    "Handlagda brott, totalt": "handled",
    "Utredda brott": "investigated",
    "Direktavskrivna brott": "dismissed",
    "Lagföringsprocent (%)": "prosecution_rate_printed",
    "Personuppklaringsprocent (%)": "clearance_rate_printed",
}

_AREA_IN_TITLE = {"La": "i hela landet", "Rn01": "i Polisregion Nord"}
_TITLE = (
    "Tabell 300{a}. Handlagda brott efter om utredning har bedrivits eller ej,  samt personuppklaringsprocent och "
    "lagföringsprocent, {area}, {year}"
)
_LAST_XLS = 2019
_FIRST_LAGRUM = 2022
_MEDIA_TYPES = {"xls": "application/vnd.ms-excel"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_ORIGIN_NOTE = (
    "Verkliga uppgifter ur Brås tabell 300, avskrivna ur kopior i JSON som tredje part (Lulea-statistik/"
    "BR-brottsstatistik) gjort av Brås fil, och här satta i Brås egen layout för året. Filen är inte hämtad från "
    "bra.se. Den innehåller de {rows} rader vars uppgifter har skrivits av; rader utan uppgifter är rubriker. Titelns "
    "ordalydelse är bildad efter rikets fil för 2025."
)


class Line(NamedTuple):
    """One row of a workbook: its level, Lagrum and label as printed, and its figures (none for a heading)."""

    level: int
    lagrum: str
    label: str
    figures: dict[str, float]


def put_all(archive: Archive) -> Iterator[Manifest]:
    """Archive the workbook of every area and year, oldest year first."""
    known: dict[str, list[dict[str, str]]] = {}
    for fact in facts("bra_handled_offences"):
        known.setdefault(f"{fact['area']}-{fact['year']}", []).append(fact)
    sources = {source["key"]: source for source in facts("sources")}
    for part in sorted(known, key=lambda key: key.rsplit("-", 1)[::-1]):
        yield _put(archive, part, known[part], sources[part])


def workbook(area: str, year: int, known: list[dict[str, str]]) -> bytes:
    """Return the workbook of one area and year in the layout of its year.

    Raises:
        ValueError: a fact has no row in the layout, so that it would get lost.
    """
    lines = list(_lines(year, known))
    title = _TITLE.format(a="" if year <= _LAST_XLS else " a", area=_AREA_IN_TITLE[area], year=year)
    return _xls(title, lines) if year <= _LAST_XLS else _xlsx(title, year, lines)


def _put(archive: Archive, part: str, known: list[dict[str, str]], source: dict[str, str]) -> Manifest:
    area, year = part.split("-")
    url = source["file_url"]
    suffix = url.rpartition(".")[2]
    return archive.put(
        workbook(area, int(year), known),
        source_id=SOURCE,
        part=part,
        periods=[year],
        origin="reconstructed",
        origin_note=_ORIGIN_NOTE.format(rows=len(known)),
        url=url,
        captured_at=CAPTURED_AT,
        published_at=datetime.fromtimestamp(int(url.split("/")[-2]) / 1000, UTC).replace(microsecond=0),
        media_type=_MEDIA_TYPES.get(suffix, _XLSX),
        file_name=url.rpartition("/")[2],
        facts=[source["source_url"]],
        notes=list(_notes(known, source)),
    )


def _notes(known: list[dict[str, str]], source: dict[str, str]) -> Iterator[str]:
    """Yield what is known about the file's figures: its re-issue, and the remarks on single rows."""
    if source["reissued"]:
        yield f"Brå gav ut filen på nytt {source['reissued']}."
    for fact in known:
        if fact["note"]:
            yield f"{fact['row']}: {fact['note']}"


def _lines(year: int, known: list[dict[str, str]]) -> Iterator[Line]:
    """Yield the rows of the workbook in the table's order: known rows, and the headings they stand under."""
    by_row = {fact["row"]: fact for fact in known}
    headings: list[Line] = []
    for place in facts("table_300_layout"):
        if not int(place["first_year"]) <= year <= int(place["last_year"]):
            continue
        level = int(place["level"])
        headings = [line for line in headings if line.level < level]
        fact = by_row.pop(place["row"], None)
        if fact is None:
            headings.append(Line(level, place["lagrum"], place["label"], {}))
            continue
        yield from headings
        headings = []
        yield Line(level, place["lagrum"], _printed(place["label"], fact["label"]), _figures(fact))
    if by_row:
        raise ValueError(f"{year}: no row in table_300_layout.csv for {', '.join(by_row)}")


def _printed(layout: str, fact: str) -> str:
    """Return the label as the file prints it: with the number of its footnote, where the transcription kept it."""
    first, wrapped, last = layout.rpartition(" | ")
    clean = label_book().clean
    return first + wrapped + (fact if fact and clean(fact) == clean(last) else last)


def _figures(fact: dict[str, str]) -> dict[str, float]:
    """Return a row's figures by measure, as they were transcribed."""
    return {measure: float(fact[measure]) for measure in XLS_COLUMNS.values() if fact[measure]}


def _xls(title: str, lines: list[Line]) -> bytes:
    """Return an old workbook: one sheet, hierarchy by indentation, zeros beside the first half of a long label."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Tabell 300")
    styles = [xlwt.easyxf(f"alignment: indent {level}") for level in range(10)]
    sheet.write(0, 0, title)
    for column, heading in enumerate(["Brottstyp", *XLS_COLUMNS]):
        sheet.write(1, column, heading)
    row = 2
    for line in lines:
        for half in line.label.split(" | "):
            sheet.write(row, 0, half, styles[line.level])
            last = line.label.endswith(half)
            for column, measure in enumerate(XLS_COLUMNS.values(), start=1):
                if line.figures:
                    sheet.write(row, column, line.figures[measure] if last else 0)
            row += 1
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _xlsx(title: str, year: int, lines: list[Line]) -> bytes:
    """Return a new workbook: the sheet of all handled offences, and Brå's sheet of information."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"created": CAPTURED_AT.replace(tzinfo=None)})
        indents = [book.add_format({"indent": level}) for level in range(10)]
        sheet = book.add_worksheet("Samtliga handlagda brott")
        labels = ["Lagrum", "Brottstyp"] if year >= _FIRST_LAGRUM else ["Lagrum" if year == 2021 else "Brottstyp"]
        sheet.write_row(0, 0, [title])
        sheet.write_row(1, 0, [*labels, *XLSX_COLUMNS])
        for row, line in enumerate(lines, start=2):
            if len(labels) > 1:
                sheet.write_string(row, 0, line.lagrum)
            sheet.write_string(row, len(labels) - 1, line.label, indents[line.level])
            figures: list[Any] = [line.figures[measure] for measure in XLSX_COLUMNS.values()] if line.figures else []
            sheet.write_row(row, len(labels), figures)
        information = book.add_worksheet("Information")
        information.write_column(0, 0, ["Senaste uppdatering: 2026-07-07", "Streck (−) innebär att värdet är noll"])
    return stream.getvalue()
