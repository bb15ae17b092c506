"""Delimited text (CSV) to the cells of one sheet whose rows are the lines of the file.

A row is a line: no value of ours holds a line break, so a quotation mark that is not closed on its line spoils that
line and no other, and every number of a line is the one that an editor shows. Lines that do not fit are kept and told.

Encodings are tried in the order in which they cannot be taken for each other: a mark at the start (UTF-8, UTF-16),
UTF-8 without a mark, and Windows-1252, which Swedish Excel writes as plain "CSV". ISO-8859-1 is never tried, for it
can decode anything.
"""

import codecs
import re
import unicodedata
from typing import NamedTuple

from include.check.encoding import garbled
from include.check.intake.book import Book, Cell, Hidden, Sheet
from include.check.intake.kinds import MOST_CELLS, refusal

SHEET = "CSV"

#: The separators that programs write, in the order in which one is preferred to another that cuts as well.
_DELIMITERS = (";", "\t", ",")
_DECLARED = re.compile(r"sep=([;,|\t])", re.IGNORECASE)

#: What no program writes into a text; the line break is checked apart, the last sign is DOS's end of file.
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_END_OF_FILE = "\x1a"

#: As long as a text in an Excel cell can be.
_LONGEST_FIELD = 32_767


class _Line(NamedTuple):
    """The fields of a line, and what is wrong with it (Swedish), empty if nothing is."""

    fields: list[str]
    fault: str


def read(content: bytes) -> Book:
    """Return the cells of a delimited text.

    A field is text as it stands, without its quotation marks; fields of blanks are no cells. What is done to read it,
    and which lines do not fit, stands in the notes (``rad 7: …``) and in the sheet's ``broken``.

    Raises:
        DeliveryRefused: it is in no encoding that can be told for certain, or holds what no text holds.
    """
    text, encoding = _decoded(content)
    if max(text.count("\n"), text.count("\r")) > MOST_CELLS:  # before a list of them is made
        raise refusal("TOO_MANY_CELLS")
    lines = _lines(text)
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    declared = _DECLARED.fullmatch(lines[first].strip(" \"'"))
    if declared:
        first = next((number for number in range(first + 1, len(lines)) if lines[number].strip()), first)
    delimiter = declared[1] if declared else _delimiter(lines[first])
    return _book(lines, first, delimiter, [f"teckenkodning {encoding}", f"avgränsare {_word(delimiter)}"])


# --- text --------------------------------------------------------------------------------------------------------


def _decoded(content: bytes) -> tuple[str, str]:
    text, encoding = _first_that_decodes(content)
    text = unicodedata.normalize("NFC", text.removesuffix(_END_OF_FILE))
    if (place := text.find("\x00")) >= 0:
        raise refusal("NUL_BYTES", _line_of(text, place))
    if control := _CONTROL.search(text):
        raise refusal("CONTROL_CHARACTERS", _line_of(text, control.start()))
    if (lost := garbled(text)) is not None:
        raise refusal("GARBLED_TEXT", _line_of(text, lost))
    return text, encoding


def _first_that_decodes(content: bytes) -> tuple[str, str]:
    marks = (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    )
    marked = next((encoding for mark, encoding in marks if content.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise refusal("UNKNOWN_ENCODING")


def _line_of(text: str, place: int) -> str:
    return str(len(_lines(text[:place])))


def _lines(text: str) -> list[str]:
    """Return a text's lines without their ends; a lone carriage return ends one only where nothing else does."""
    if "\n" in text:
        return [line.removesuffix("\r") for line in text.split("\n")]
    return text.split("\r")


# --- fields ------------------------------------------------------------------------------------------------------


def _delimiter(header: str) -> str:
    """Return the separator that cuts the header into most fields."""
    return max(_DELIMITERS, key=lambda delimiter: len(_line(header, delimiter).fields))


def _word(delimiter: str) -> str:
    return {"\t": "tabb", ";": "semikolon", ",": "komma"}.get(delimiter, "annan, enligt första raden")


def _book(lines: list[str], first: int, delimiter: str, notes: list[str]) -> Book:
    cells: dict[tuple[int, int], Cell] = {}
    hidden: list[Hidden] = []
    broken: dict[int, str] = {}
    known: dict[str, Cell] = {}  # codes are the same on line after line
    width = len(_line(lines[first], delimiter).fields)
    for row in range(first, len(lines)):
        if not lines[row].strip():
            continue
        fields, fault = _line(lines[row], delimiter)
        if not fault and len(fields) != width:
            fault = f"{len(fields)} fält, väntade {width}"
        for column, field in enumerate(fields):
            if len(field) > _LONGEST_FIELD:
                fault = f"fält {column + 1} är längre än {_LONGEST_FIELD} tecken"
                hidden.append(Hidden(f"rad {row + 1}, fält {column + 1}", field))
            elif field and not field.isspace():
                cells[row, column] = known.get(field) or known.setdefault(field, Cell("text", field))
        if fault:
            broken[row] = fault
        if len(cells) > MOST_CELLS:
            raise refusal("TOO_MANY_CELLS")
    told = [*notes, *(f"rad {row + 1}: {fault}" for row, fault in broken.items())]
    return Book("csv", (Sheet(SHEET, cells, broken=broken),), tuple(hidden), tuple(told))


def _line(line: str, delimiter: str) -> _Line:
    """Return a line cut at its separators, but not at those within quotation marks (RFC 4180)."""
    if "\r" in line:
        return _Line(line.split(delimiter), "en ensam vagnretur (CR) mitt i raden")
    if '"' not in line:
        return _Line(line.split(delimiter), "")
    fields, place = [], 0
    while True:
        if line.startswith('"', place):
            field, place = _quoted(line, place + 1)
            if place < 0 or not (place == len(line) or line.startswith(delimiter, place)):
                return _Line(line.split(delimiter), "ett citattecken som inte avslutas på raden eller står fel")
        else:
            end = line.find(delimiter, place)
            end = len(line) if end < 0 else end
            field, place = line[place:end], end
        fields.append(field)
        if place == len(line):
            return _Line(fields, "")
        place += len(delimiter)


def _quoted(line: str, start: int) -> tuple[str, int]:
    """Return a quoted field without its marks and the place after its closing mark, -1 if there is none."""
    pieces = []
    while True:
        end = line.find('"', start)
        if end < 0:
            return "", -1
        pieces.append(line[start:end])
        if not line.startswith('""', end):
            return "".join(pieces), end + 1
        pieces.append('"')
        start = end + 2
