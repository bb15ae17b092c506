"""A delivered file, from bytes to the cells of its sheets, or a refusal in Swedish that tells what to do.

The order is the safety: what kind of file it is, what its zip container holds (counted while inflating, never as the
container says), the parse in a limited child process, and the gate against identity numbers. Nothing of a refused
file is quoted. Limits and refusals follow OWASP ASVS 5 (V5, file handling); the numbers are generous for a template.
"""

import html
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

from include.check.readers import extracts_child
from include.check.readers.personal_data import holds_identity_number
from include.errors import CheckFailed, LayoutChanged
from include.settings import ROOT

MB = 1 << 20
LARGEST_FILE = 5 * MB
LARGEST_INFLATED = 20 * MB
MOST_MEMBERS = 200
SECONDS = 20  # of wall time for the child process

#: Members that a filled-in template never has, and the words for them.
FORBIDDEN_MEMBERS: dict[str, str] = {
    r"vbaProject": "makron",
    r"^xl/workbook\.bin$": "det binära formatet .xlsb",
    r"^xl/externalLinks/": "länkar till andra filer",
    r"^xl/(pivotCache|pivotTables)/": "en pivottabell, som kan bära med sig hela sitt underlag",
    r"^xl/(connections\.xml|queryTables/)": "en koppling till en databas",
    r"^xl/(embeddings|activeX|media)/": "inbäddade filer eller bilder",
}

_XML_DECLARATIONS = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCRYPTED_BIT = 0x1
_SYMLINK, _FILE_TYPE = 0o120000, 0o170000


class Cell(NamedTuple):
    """One filled cell: what kind of value it holds (text, number, date, other) and the value; a date is ISO text."""

    kind: str
    value: str | int | float


@dataclass(frozen=True)
class Sheet:
    """The filled cells of one sheet, by row and column counted from 0."""

    name: str
    cells: dict[tuple[int, int], Cell]


def reference(row: int, column: int) -> str:
    """Return the name of a cell as Excel shows it, e.g. ``B7`` for row 6, column 1 (both counted from 0)."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def open_workbook(content: bytes) -> list[Sheet]:
    """Return the sheets of a delivered .xlsx file, in its order.

    Raises:
        CheckFailed: the file is no .xlsx, is too large, holds what a template never holds, or an identity number.
        LayoutChanged: it is an .xlsx that cannot be read.
    """
    _refuse_other_kinds(content)
    texts = _inspect_container(content)
    sheets = _parse(content)
    _refuse_personal_data(sheets, texts)
    return sheets


def _refuse_other_kinds(content: bytes) -> None:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if len(content) > LARGEST_FILE:
        raise CheckFailed(
            f"Filen är {len(content) / MB:.1f} MB. En ifylld mall är högst {LARGEST_FILE // MB} MB. "
            "Fyll i en ny mall och lämna den."
        )
    if content.startswith(b"PK\x03\x04"):
        return
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        what = "skyddad med lösenord, eller sparad i det gamla formatet .xls"
    elif start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        what = "en webbsida som har fått filändelsen .xlsx"
    else:
        what = "inte en Excelfil"
    raise CheckFailed(f"Filen är {what}. Öppna mallen i Excel, spara som Excel-arbetsbok (.xlsx) och lämna den.")


def _inspect_container(content: bytes) -> dict[str, str]:
    """Refuse a hostile or macro-bearing container; return the text that each member holds between its XML tags."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            _refuse_members(members)
            return {member.filename: _text(data) for member, data in _inflate(archive, members)}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise LayoutChanged(
            "Filen är skadad och kan inte öppnas. Öppna den i Excel, spara den på nytt och lämna den igen."
        ) from error


def _refuse_members(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(names) > MOST_MEMBERS or len(set(names)) != len(names):
        raise CheckFailed(
            f"Filen består av {len(names)} delar; en ifylld mall har högst {MOST_MEMBERS}, var och en med sitt namn. "
            "Fyll i en ny mall och lämna den."
        )
    for member in members:
        name = member.filename
        if (
            ".." in name.split("/")
            or name.startswith("/")
            or "\\" in name
            or member.external_attr >> 16 & _FILE_TYPE == _SYMLINK
        ):
            raise CheckFailed("Filens inre uppbyggnad är inte en Excelfils. Fyll i en ny mall och lämna den.")
        if member.flag_bits & _ENCRYPTED_BIT:
            raise CheckFailed("Filen är skyddad med lösenord. Ta bort lösenordet och lämna den igen.")
        for pattern, what in FORBIDDEN_MEMBERS.items():
            if re.search(pattern, name, re.IGNORECASE):
                raise CheckFailed(f"Filen innehåller {what}. Fyll i en ny mall, utan annat innehåll, och lämna den.")
    if "xl/workbook.xml" not in names:
        raise CheckFailed("Filen är inte en Excel-arbetsbok (.xlsx). Spara mallen som .xlsx och lämna den igen.")


def _inflate(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    """Yield every member with its bytes, counting them while they are inflated."""
    left = LARGEST_INFLATED
    for member in members:
        with archive.open(member) as stream:
            data = stream.read(left + 1)
        left -= len(data)
        if left < 0:
            raise CheckFailed(
                f"Filen blir mer än {LARGEST_INFLATED // MB} MB när den packas upp. Fyll i en ny mall och lämna den."
            )
        if _XML_DECLARATIONS.search(data):
            raise CheckFailed("Filen innehåller egna XML-definitioner, vilket Excel aldrig skriver. Fyll i en ny mall.")
        yield member, data


def _text(data: bytes) -> str:
    """Return the text of an XML member, its text nodes kept apart; of other members nothing."""
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return ""
    return html.unescape(re.sub(r"<[^>]*>", "¦", data.decode("utf-8", errors="replace")))


def _parse(content: bytes) -> list[Sheet]:
    """Parse the workbook in a child process with limits of its own; its death is a refusal."""
    keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    try:
        child = subprocess.run(
            [sys.executable, "-m", extracts_child.__name__],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=ROOT,
            env={**keep, "PYTHONPATH": str(ROOT)},  # no secrets of the deployment
        )
    except subprocess.TimeoutExpired as error:
        raise _unreadable() from error
    match child.returncode:
        case 0:
            return [
                Sheet(sheet["name"], {(row, column): Cell(kind, value) for row, column, kind, value in sheet["cells"]})
                for sheet in json.loads(child.stdout)
            ]
        case extracts_child.TOO_MANY_CELLS:
            raise CheckFailed(
                f"Filen har fler än {extracts_child.MOST_CELLS} ifyllda celler, långt fler än en ifylld mall. "
                "Fyll i en ny mall och lämna den."
            )
        case _:
            raise _unreadable()


def _unreadable() -> LayoutChanged:
    return LayoutChanged(
        "Filen kunde inte läsas inom de gränser som gäller för en ifylld mall. Vanliga orsaker: en ensam ifylld cell "
        "långt utanför tabellen, eller en skadad fil. Kopiera uppgifterna till en ny mall och lämna den."
    )


def _refuse_personal_data(sheets: list[Sheet], texts: dict[str, str]) -> None:
    """Refuse the file if any cell, sheet name, comment or property holds an identity number; say where, never what."""
    found: list[str] = []
    for number, sheet in enumerate(sheets, start=1):
        in_name = holds_identity_number(sheet.name)
        name = f"blad {number}" if in_name else f"bladet {sheet.name}"
        found += [f"namnet på blad {number}"] if in_name else []
        found += [
            f"{name}, cell {reference(*place)}"
            for place, cell in sorted(sheet.cells.items())
            if cell.kind in ("text", "number") and holds_identity_number(cell.value)
        ]
    if not found and any(holds_identity_number(text) for text in texts.values()):
        found.append("filens dolda delar (kommentarer, egenskaper eller raderat innehåll)")
    if found:
        more = f" och {len(found) - 10} ställen till" if len(found) > 10 else ""
        raise CheckFailed(
            f"Hela filen avvisas och inget av den sparas: den innehåller vad som ser ut som personnummer eller "
            f"samordningsnummer (giltigt datum och rätt kontrollsiffra) i {'; '.join(found[:10])}{more}. "
            "Ta bort uppgifterna, även ur kommentarer och dolda blad, och lämna en ny fil."
        )
