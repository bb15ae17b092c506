"""Workbooks of Table 300 made for a test, in the headings and dirt of Brå's own files."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import xlsxwriter
import xlwt

from include.archive.manifest import Manifest, capture_id

ALL = ["Handlagda brott, totalt", "Utredda brott", "Direktavskrivna brott"]
RATES = ["Lagföringsprocent (%)", "Personuppklaringsprocent (%)"]
#: Headings of the sheets 300 a, b and c of 2025, with the space and the hyphen that stand there.
SHEETS: dict[str, list[str]] = {
    "Samtliga handlagda brott": ["Lagrum", "Brottstyp", *ALL, *RATES],
    "Utredda brott": [
        "Lagrum",
        "Brottstyp",
        "Utredda brott, totalt",
        "Utredda brott som personuppklarats",
        "Personuppklarade brott där åtal väckts",
        "Personuppklarade brott där strafföreläggande utfärdats",
        "Personuppklarade brott där åtalsunderlåtelse meddelats",
        "Utredda brott som förundersöknings-begränsats",
        "Utredda brott som avslutats med övriga beslut",
    ],
    "Direktavskrivna brott": [
        "Lagrum ",
        "Brottstyp",
        "Direktavskrivna brott, totalt",
        "Direktavskrivna brott som förundersökningsbegränsats",
        "Direktavskrivna brott som avslutats med övriga beslut",
    ],
}
OLD = [
    "Brottstyp",
    "Handlagda brott, totalt",
    "Utredda brott, totalt",
    "Utredda brott som personuppklarats",
    "Personuppklarade brott där åtal väckts",
    "Personuppklarade brott där strafföreläggande utfärdats",
    "Personuppklarade brott där åtalsunderlåtelse meddelats",
    "Lagföringsprocent (%)",
    "Utredda brott som förundersökningsbegränsats",
    "Utredda brott som avslutats med övriga beslut",
    "Direktavskrivna brott, totalt",
    "Direktavskrivna brott som förundersökningsbegränsats",
    "Direktavskrivna brott som avslutats med övriga beslut",
    "Personuppklaringsprocent (%)",
]
Rows = Sequence[Sequence[Any]]


def title(year: int, area: str = "i hela landet", sheet: str = "a") -> str:
    return f"Tabell 300 {sheet}. Handlagda brott efter om utredning har bedrivits eller ej, {area}, {year}"


def xlsx(sheets: dict[str, Rows]) -> bytes:
    """Return a workbook with rows of cells by sheet."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return stream.getvalue()


def xls(rows: Rows) -> bytes:
    """Return an old workbook with the one sheet "Tabell 300"."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Tabell 300")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def manifest(part: str, suffix: str = "xlsx", **changes: Any) -> Manifest:
    """Return the manifest of a workbook as if it had been fetched."""
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    known: dict[str, Any] = {
        "capture_id": capture_id("bra_handled_offences", part, moment, "0" * 64),
        "source_id": "bra_handled_offences",
        "part": part,
        "periods": [part.rpartition("-")[2]],
        "origin": "live",
        "url": f"https://bra.se/download/18.1/1/300{part}.{suffix}",
        "captured_at": moment,
        "media_type": "application/octet-stream",
        "file_name": f"300{part}.{suffix}",
        "sha256": "0" * 64,
        "canonical_sha256": "0" * 64,
        "size": 1,
        "change": "NEW",
    }
    return Manifest(**{**known, **changes})
