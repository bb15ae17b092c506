"""What kind of file a delivery is, known by its bytes and never by its name, and the words of every refusal.

Two kinds are taken in: an Excel workbook (.xlsx), which is a zip container, and delimited text (CSV). Everything else
is refused with words that tell its sender what the file is and what to do. The file's name is only data: nothing is
decided by it but whether a known suffix contradicts the bytes, which is a mistake that the sender wants to hear of.
"""

import re
from typing import Literal, NamedTuple

from include.errors import DeliveryRefused, LayoutChanged

MB = 1 << 20

#: A filled-in template is some 100 kB and a delivery of 50,000 cells under 1 MB; five times that leaves room for what
#: Excel adds. A larger cap would only give a hostile file more to work with.
LARGEST_FILE = 5 * MB
LARGEST_INFLATED = 20 * MB  # the sheets of as many cells as are allowed are a third of it
MOST_MEMBERS = 200

#: More filled cells (or rows, or texts outside cells) than any template of ours can hold.
MOST_CELLS = 100_000

_SAVE = "Öppna mallen i Excel, spara som Excel-arbetsbok (.xlsx) och lämna den."
_ANEW = "Fyll i en ny mall, utan annat innehåll, och lämna den."

#: By rule: what the file is or holds, and what its sender does about it.
REFUSALS: dict[str, tuple[str, str]] = {
    "EMPTY_FILE": ("Filen är tom.", "Kontrollera att den ifyllda mallen sparades och lämna den igen."),
    "TOO_LARGE": (f"Filen är {{found}}. En ifylld mall är högst {LARGEST_FILE // MB} MB.", _ANEW),
    "OLD_FORMAT": ("Filen är sparad i det gamla formatet .xls.", _SAVE),
    "ENCRYPTED": (
        "Filen är skyddad med lösenord eller krypterad.",
        "Ta bort lösenordet (Arkiv, Info, Skydda arbetsbok) och lämna den igen.",
    ),
    "BINARY_WORKBOOK": ("Filen är sparad i det binära formatet .xlsb.", _SAVE),
    "MACROS": ("Filen innehåller eller är sparad för makron (.xlsm).", _SAVE),
    "WEB_PAGE": ("Filen är en webbsida, inte en Excelfil, vad filnamnet än säger.", _SAVE),
    "XML_FILE": ("Filen är en XML-fil, inte en Excelfil, vad filnamnet än säger.", _SAVE),
    "PDF": ("Filen är en PDF. Ur en sådan kan inga siffror läsas säkert.", _SAVE),
    "OPEN_DOCUMENT": ("Filen är ett OpenDocument-dokument (t.ex. .ods).", _SAVE),
    "OTHER_OFFICE_FILE": ("Filen är ett annat slags Office-dokument (t.ex. Word eller PowerPoint).", _SAVE),
    "ARCHIVE": ("Filen är ett paket av andra filer (t.ex. .zip).", "Packa upp det och lämna mallen som den är."),
    "IMAGE": ("Filen är en bild.", _SAVE),
    "NOT_A_WORKBOOK": ("Filen är varken en Excelfil (.xlsx) eller en textfil (CSV).", _SAVE),
    "WRONG_SUFFIX": (
        "Filnamnets ändelse stämmer inte med innehållet: ändelsen är {found} men innehållet är {expected}.",
        "Spara filen på nytt i det format som du menar (.xlsx eller .csv) och lämna den.",
    ),
    "BOMB": (
        f"Filen sväller orimligt när den packas upp (mer än {LARGEST_INFLATED // MB} MB, eller mer än hundra gånger). "
        "Vanlig orsak: hela kolumner eller rader är formaterade.",
        "Kopiera uppgifterna till en ny mall och lämna den.",
    ),
    "TOO_MANY_PARTS": (f"Filen består av fler än {MOST_MEMBERS} delar, fler än en ifylld mall har.", _ANEW),
    "STRANGE_PARTS": ("Filens inre uppbyggnad är inte en Excelfils{found}.", _ANEW),
    "EMBEDDED": ("Filen innehåller inbäddade filer eller bilder, även små som en miniatyrbild.", _ANEW),
    "EXTERNAL_LINKS": ("Filen hämtar uppgifter ur andra filer (externa länkar).", _ANEW),
    "CONNECTIONS": ("Filen innehåller en koppling till en databas eller en datamodell.", _ANEW),
    "PIVOT_CACHE": ("Filen innehåller en pivottabell, som kan bära med sig hela sitt underlag.", _ANEW),
    "CHANGE_HISTORY": ("Filen bär med sig sin ändringshistorik.", _ANEW),
    "XML_DEFINITIONS": ("Filen innehåller egna XML-definitioner, vilket Excel aldrig skriver.", _ANEW),
    "DDE": (
        "Filen innehåller en formel som hämtar uppgifter utanför filen eller startar program.",
        "Ersätt formeln med sitt värde och lämna filen igen.",
    ),
    "TOO_MANY_CELLS": (
        f"Filen har fler än {MOST_CELLS} ifyllda celler, rader eller texter, långt fler än en ifylld mall. "
        "Vanlig orsak: hela kolumner eller rader är formaterade.",
        "Kopiera uppgifterna till en ny mall och lämna den.",
    ),
    "NUL_BYTES": (
        "Textfilen innehåller nolltecken (NUL) på rad {found}.",
        "Exportera den på nytt som CSV (UTF-8) och lämna den.",
    ),
    "CONTROL_CHARACTERS": (
        "Textfilen innehåller styrtecken på rad {found}.",
        "Exportera den på nytt som CSV (UTF-8) och lämna den.",
    ),
    "UNKNOWN_ENCODING": (
        "Textfilens teckenkodning kan inte avgöras. Väntade UTF-8, UTF-16 eller Windows-1252.",
        "Exportera den på nytt som CSV (UTF-8) och lämna den.",
    ),
    "GARBLED_TEXT": (
        "Bokstäverna å, ä och ö är förvanskade på rad {found}.",
        "Exportera den på nytt som CSV (UTF-8) och lämna den.",
    ),
}


def refusal(rule: str, found: str = "", expected: str = "", places: tuple[str, ...] = ()) -> DeliveryRefused:
    """Return the refusal of a rule, in Swedish.

    Args:
        rule: a key of :data:`REFUSALS`.
        found: a size, a line or a part by our own words; never text of the file.
        expected: what would be right, where the words ask for it.
        places: where in the file, told in the text too.
    """
    what, next_step = REFUSALS[rule]
    where = f" Det gäller {'; '.join(places)}." if places else ""
    return DeliveryRefused(f"{what.format(found=found, expected=expected)}{where} {next_step}", rule, places)


def damaged(why: str = "") -> LayoutChanged:
    """Return the error of a file that is of the right kind but broken; why in a few Swedish words of ours."""
    told = f" ({why})" if why else ""
    return LayoutChanged(
        f"Filen är skadad och kan inte läsas{told}. Öppna den i Excel, spara den på nytt och lämna den igen."
    )


class _Magic(NamedTuple):
    """Bytes that a kind of file begins with, and the rule that refuses it."""

    start: bytes
    rule: str


_OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"

_MAGIC = (
    _Magic(b"PK\x05\x06", "ARCHIVE"),
    _Magic(b"PK\x07\x08", "ARCHIVE"),
    _Magic(b"\x1f\x8b", "ARCHIVE"),
    _Magic(b"7z\xbc\xaf\x27\x1c", "ARCHIVE"),
    _Magic(b"Rar!\x1a\x07", "ARCHIVE"),
    _Magic(b"BZh", "ARCHIVE"),
    _Magic(b"\xfd7zXZ\x00", "ARCHIVE"),
    _Magic(b"\x28\xb5\x2f\xfd", "ARCHIVE"),
    _Magic(b"%PDF-", "PDF"),
    _Magic(b"\x89PNG", "IMAGE"),
    _Magic(b"\xff\xd8\xff", "IMAGE"),
    _Magic(b"GIF8", "IMAGE"),
    _Magic(b"II*\x00", "IMAGE"),
    _Magic(b"MM\x00*", "IMAGE"),
    _Magic(b"{\\rtf", "OTHER_OFFICE_FILE"),
    # Excel 2 to 4, before there were containers (the first record, BOF)
    _Magic(b"\x09\x00\x04\x00", "OLD_FORMAT"),
    _Magic(b"\x09\x02\x06\x00", "OLD_FORMAT"),
    _Magic(b"\x09\x04\x06\x00", "OLD_FORMAT"),
    _Magic(b"ID;PWXL", "OLD_FORMAT"),  # SYLK, which Excel opens whatever it is called
    _Magic(b"MZ", "NOT_A_WORKBOOK"),
    _Magic(b"\x7fELF", "NOT_A_WORKBOOK"),
    _Magic(b"SQLite format 3", "NOT_A_WORKBOOK"),
    _Magic(b"PAR1", "NOT_A_WORKBOOK"),
)

#: Streams of an OLE container, by which its kinds are told apart, in the order in which they are looked for.
_STREAMS = (
    ("EncryptedPackage", "ENCRYPTED"),
    ("EncryptionInfo", "ENCRYPTED"),
    ("WordDocument", "OTHER_OFFICE_FILE"),
    ("PowerPoint Document", "OTHER_OFFICE_FILE"),
)

_MARKED_AS_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WEB = re.compile(r"<(!doctype\s+html|html|head|body|table|meta|script|div)\b", re.IGNORECASE)
_MAIL = re.compile(rb"(MIME-Version|Content-Type|From): ", re.IGNORECASE)

#: Suffixes that say what a file is, and the kind that they say; any other suffix says nothing.
_SUFFIXES: dict[str, str] = {
    "xlsx": "xlsx",
    "csv": "csv",
    "txt": "csv",
    "tsv": "csv",
    **dict.fromkeys(
        ("xls", "xlsm", "xlsb", "xltx", "xltm", "ods", "pdf", "html", "htm", "xml", "docx", "zip"), "other"
    ),
}
_WORDS = {"xlsx": "en Excel-arbetsbok (.xlsx)", "csv": "en textfil (CSV)"}


def kind(content: bytes) -> Literal["zip", "text"]:
    """Return which of the two kinds that are taken in a file may be, by its first bytes.

    Raises:
        DeliveryRefused: it is of another kind.
    """
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):  # nothing but blanks, or a mark of its encoding
        raise refusal("EMPTY_FILE")
    if content.startswith(ZIP):
        return "zip"
    if content.startswith(_OLE):
        streams = (rule for name, rule in _STREAMS if name.encode("utf-16-le") in content)
        raise refusal(next(streams, "OLD_FORMAT"))
    for magic in _MAGIC:
        if content.startswith(magic.start):
            raise refusal(magic.rule)
    if b"%PDF-" in content[:1024]:
        raise refusal("PDF")
    _refuse_markup(content)
    return "text"


def contradicts(file_name: str, found: Literal["xlsx", "csv"]) -> DeliveryRefused | None:
    """Return the refusal of a file whose name's suffix says another kind than its bytes, None if they agree."""
    suffix = file_name.rpartition(".")[2].strip().lower() if "." in file_name else ""
    said = _SUFFIXES.get(suffix)
    if said is None or said == found:
        return None
    return refusal("WRONG_SUFFIX", f".{suffix}", _WORDS[found])


def _refuse_markup(content: bytes) -> None:
    start = content[:4096]
    encoding = "utf-16" if start.startswith(_MARKED_AS_UTF16) else "utf-8"
    text = start.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        raise refusal("WEB_PAGE" if _WEB.search(text) else "XML_FILE")
    if _MAIL.match(start):  # a web page with its pictures, as Excel's "Single File Web Page" and mail programs save it
        raise refusal("WEB_PAGE")
