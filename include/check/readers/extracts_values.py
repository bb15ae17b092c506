"""One cell of a delivery, from what stands there to the value that the contract means, or the reason why not.

People write dates in many ways; those that can mean one thing only are taken, the others are refused with the cell's
name, for a guessed date is a wrong figure.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from include.check.intake.book import Cell
from include.registry.delivery import SEVERAL, shown
from include.registry.models import Column

#: What a cell can mean: text and codes, a date, several codes, or nothing.
Value = str | date | tuple[str, ...] | None

_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_MONTH_NAMES = {
    name: number
    for number, names in enumerate(
        zip(
            _MONTHS,
            ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober",
             "november", "december"),
            strict=True,
        ),
        start=1,
    )
    for name in names
}  # fmt: skip

_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ t]00:00(?::00)?)?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_WORDS = re.compile(r"(?:den )?(\d{1,2})[.:]?(?:e|a)? ?([a-zåäö]+)\.? (\d{4})", re.ASCII | re.IGNORECASE)
_SWEDISH_FRACTION = re.compile(r"(\d{1,2})/(\d{1,2})[ /-](\d{4})", re.ASCII)

#: Day 0 of Excel's serial numbers (from March 1900 on), and the serials that are days of this century's first half.
_EPOCH, _FIRST_SERIAL, _LAST_SERIAL = date(1899, 12, 30), 36526, 55153

#: What a message may repeat: one word or code, a number below a million, something like a date. Never what could be a
#: telephone, case or identity number, a name or an address.
_WORD = re.compile(r"(?!(?:\D*\d){5})[^\W\d_][\w-]{0,23}")
_LIKE_A_DATE = re.compile(r"\d{1,4}(?:[./-]\d{1,2}){0,2}|\d{1,2}/\d{1,2} \d{2,4}", re.ASCII)
_LARGEST_TOLD = 10**6
_URL = re.compile(r"https?://[^\s/]+\.[^\s]+", re.IGNORECASE)

#: Signs of a day in ISO form; a date cell may have a time after it.
_DAY_SIGNS = 10

#: Control characters, and signs that turn round the text about them: such text is not what it looks like.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Refused(NamedTuple):
    """Why a cell was not taken: a code, what stood there (never free text), and what was expected."""

    code: str
    found: str
    expected: str


def clean(text: str) -> str:
    """Return text in composed form (Mac exports are not), with plain single spaces and none around."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def same(text: str) -> str:
    """Return the form in which two texts are compared: without case, with one kind of dash."""
    return re.sub("[‐‑–—−]", "-", clean(text)).casefold()


def meaning(cell: Cell | None, column: Column, choices: Mapping[str, str]) -> Value | Refused:
    """Return what a cell means in a column, None if it is empty and may be, or why it is refused."""
    if cell is None:
        return Refused("REQUIRED_MISSING", "ingenting", _expected(column, choices)) if column.required else None
    match column.type:
        case "date":
            return as_date(cell)
        case "choice" | "party" | "seat" | "goal_area":
            return _one_of(cell, column, choices)
        case "parties":
            return _several_of(cell, column, choices)
        case "url":
            return _url(cell, column)
        case _:
            return _plain(cell, column)


def as_date(cell: Cell) -> date | Refused:
    """Return the day that a cell means: a date cell, Excel's number of a day, or a date written so that it is certain.

    ``3/4 2023`` is refused: 3 April in Swedish, March 4 where Excel speaks English. ``15/3 2023`` can only be one day.
    """
    match cell.kind:
        case "date":
            return date.fromisoformat(str(cell.value)[:_DAY_SIGNS])
        case "number" if _FIRST_SERIAL <= float(cell.value) <= _LAST_SERIAL:
            return _EPOCH + timedelta(days=int(cell.value))
        case "text":
            return _written_date(clean(str(cell.value))) or _no_date(cell)
        case _:
            return _no_date(cell)


def found(cell: Cell) -> str:
    """Return what a message may tell of a cell: a day, a small number, one word or code; else only how long it is."""
    match cell.kind:
        case "date":
            return str(cell.value)[:_DAY_SIGNS]
        case "number":
            return f"{float(cell.value):g}" if abs(float(cell.value)) < _LARGEST_TOLD else "ett stort tal"
        case "error":
            return "ett fel i Excel"
        case "formula":
            return "en formel utan resultat"
        case "truth":
            return "sant eller falskt"
        case _:
            text = clean(str(cell.value))
            told = _WORD.fullmatch(text) or _LIKE_A_DATE.fullmatch(text)
            return text if told else f"text, {len(text)} tecken"


def as_text(cell: Cell) -> str:
    """Return what stands in a cell as text, a whole number without decimals."""
    if isinstance(cell.value, float) and cell.value.is_integer():
        return str(int(cell.value))
    return clean(str(cell.value))


def _no_date(cell: Cell) -> Refused:
    return Refused("UNREADABLE_DATE", found(cell), "ett datum skrivet som 2023-03-15")


def _written_date(text: str) -> date | None:
    lower = text.casefold()
    if match := _ISO.fullmatch(lower):
        return _day(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(lower):
        return _day(*match.groups())
    if match := _WORDS.fullmatch(lower):
        month = _MONTH_NAMES.get(match[2])
        return _day(match[3], month, match[1]) if month else None
    if match := _SWEDISH_FRACTION.fullmatch(lower):
        day, month, year = (int(number) for number in match.groups())
        certain = day > 12 or day == month
        return _day(year, month, day) if certain else None
    return None


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _one_of(cell: Cell, column: Column, choices: Mapping[str, str]) -> str | Refused:
    """Return the code that a cell names, by its code, its words, or as the drop-down list shows it."""
    text = same(as_text(cell))
    for code, words in choices.items():
        if text in (same(code), same(words), same(shown(column, code, choices))):
            return code
    return Refused("UNKNOWN_CODE", found(cell), _expected(column, choices))


def _several_of(cell: Cell, column: Column, choices: Mapping[str, str]) -> tuple[str, ...] | Refused:
    named = [name for name in re.split(rf"[{re.escape(SEVERAL)};,]", as_text(cell)) if name.strip()]
    codes = [_one_of(Cell("text", name), column, choices) for name in named]
    if refused := next((code for code in codes if isinstance(code, Refused)), None):
        return refused
    return tuple(sorted({code for code in codes if isinstance(code, str)}))


def _url(cell: Cell, column: Column) -> str | Refused:
    text = as_text(cell)
    if not _URL.fullmatch(text) or _UNSEEN.search(text) or len(text) > (column.max_length or len(text)):
        return Refused("NO_ADDRESS", f"text, {len(text)} tecken", _expected(column, {}))
    return text


def _plain(cell: Cell, column: Column) -> str | Refused:
    text = as_text(cell)
    if _UNSEEN.search(text):
        return Refused("WRONG_TEXT", "text med osynliga tecken", _expected(column, {}))
    if cell.kind not in ("text", "number") or len(text) > (column.max_length or len(text)):
        return Refused("WRONG_TEXT", found(cell), _expected(column, {}))
    return text


def _expected(column: Column, choices: Mapping[str, str]) -> str:
    match column.type:
        case "date":
            return "ett datum skrivet som 2023-03-15"
        case "url":
            return f"en adress som börjar med https://, högst {column.max_length} tecken"
        case "choice":
            return "ett av valen " + ", ".join(choices.values())
        case "party" | "seat" | "goal_area":
            return "någon av koderna " + ", ".join(choices)
        case "parties":
            return f"koder med {SEVERAL} emellan ur " + ", ".join(choices)
        case _:
            return f"text, högst {column.max_length} tecken" if column.max_length else "text"
