"""What stands in a delivered cell, as Swedes and their Excel write it: numbers, markers, periods, ages and places.

Pure functions, from one cell to what it means or to why it is refused. Whatever can mean two things is refused, for a
guessed number is a wrong figure: ``1.234`` (is it 1,234 or 1.234?), a date (Excel makes dates of 1-4 and of 7-14, in
the sender's order of day and month), ``..`` (secret at one producer, missing at another). Signs in place of a number
mean different things at different producers, so there is one dictionary for each and none for all.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal, NamedTuple

from include.check.intake.book import Cell

Answer = Literal["count", "number", "yes_no"]


class Reading(NamedTuple):
    """What a cell means.

    Attributes:
        status: as in the tidy table.
        value: the number; None unless the status is ``ok``.
        low, high: least and most that a masked number can be; None if it is not masked, or nothing is known.
        note: what else stood there (Swedish), e.g. the mark of a footnote.
    """

    status: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    note: str | None = None


class Unread(NamedTuple):
    """Why a cell is refused: the rule that it broke, and what was expected (Swedish). Never what stood there."""

    rule: str
    expected: str


class PeriodReading(NamedTuple):
    """A period as it was written.

    Attributes:
        period: ``2024``, ``2024-H1``, ``2024-T2`` (four months), ``2024-Q1``, ``2024-03``, ``2017/2018``, or a day.
        cumulative: counted from the start of the year to the end of ``period``, so not a figure of ``period`` itself.
        rolling: the twelve months that end with ``period``, so not a figure of ``period`` itself.
    """

    period: str
    cumulative: bool = False
    rolling: bool = False


# --- markers -----------------------------------------------------------------------------------------------------

#: Signs that :func:`number` refuses though they are known: asked about, never guessed.
REFUSED = "refused"

#: What a sign in place of a number means in the parties' extracts, in the form that :func:`folded` gives it. ``<5`` and
#: ``1-4`` stand for all such signs with the bounds that the extract declares for its masked numbers.
EXTRACT_MARKERS: dict[str, str] = {
    "-": "missing",
    "": "missing",
    "..": REFUSED,
    ".": "not_applicable",
    **dict.fromkeys(("x", "*", "**"), "suppressed"),
    **dict.fromkeys(("<5", "färreän5", "under5"), "suppressed"),
    "1-4": "suppressed",
    **dict.fromkeys(("ejrapporterat", "ejrapporterad", "e.u.", "u.s.", "saknas", "uppgiftsaknas"), "not_reported"),
}

_SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
_DASHES = re.compile("[‐‑–—\u2212]")
_FEWER = re.compile(r"(<|färreän|under)(\d+)", re.ASCII)
_FROM_TO = re.compile(r"(\d+)-(\d+)", re.ASCII)

# --- numbers -----------------------------------------------------------------------------------------------------

#: A number, its thousands apart or together; a whole one with a 0 before it is a code, not a number.
_NUMBER = re.compile(r"(0|[1-9]\d{0,2}(?: \d{3})+|[1-9]\d*)(?:[,.](\d+))?", re.ASCII)
_FOOTNOTE = re.compile(r"(.*\d)(?: ?(\*{1,2})| (\d{1,2}\))| ?([⁰¹²³⁴-⁹]{1,2}[)⁾]?))")
_ABOUT = re.compile(r"(?:(?:ca|c:a|cirka|omkring|ungefär|minst|över)\.? ?|[~≈>≥≤] ?)\d[\d ]*|\d[\d ]*\+", re.ASCII)

#: Digits of the longest whole number that a float holds exactly.
_MOST_DIGITS = 15

_YES_NO = {"ja": 1.0, "j": 1.0, "1": 1.0, "nej": 0.0, "n": 0.0, "0": 0.0}

# --- days and months ---------------------------------------------------------------------------------------------

_MONTH_NAMES = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober",
                "november", "december")  # fmt: skip
#: Month by name and by its first three letters.
_MONTHS = {word: month for month, name in enumerate(_MONTH_NAMES, start=1) for word in (name, name[:3])}
#: The months as an Excel in English shortens them, where they differ.
_ENGLISH = ("may", "aug", "oct")

_MONTH = "(?:" + "|".join(sorted({*_MONTHS, *_ENGLISH}, key=len, reverse=True)) + r")\.?"
_DATE_LIKE = re.compile(
    rf"\d{{1,2}}[-. /]?{_MONTH}(?:[-. /]?\d{{2,4}})?|{_MONTH}[-. /]\d{{1,4}}"
    r"|\d{4}([-/.])\d{1,2}\1\d{1,2}(?:[ t]\d{1,2}:\d{2}(?::\d{2})?)?|\d{4}-\d{2}"
    r"|\d{1,2}/\d{1,2}(?:[ /-]\d{2,4})?",
    re.ASCII,
)

#: Day 0 of Excel's serial numbers (from March 1900 on), and the serials that are days of this century's first half.
_EPOCH, _FIRST_SERIAL, _LAST_SERIAL = date(1899, 12, 30), 36526, 55153

_YEAR = r"((?:19|20)[0-9]{2})"
#: A quarter, four months or half a year: after the year, or before it.
_NUMBERED = {
    "Q": re.compile(rf"{_YEAR}[- ]?(?:q|k|kv\.?|kvartal)([1-4])|(?:q|k|kv\.?|kvartal)([1-4])[- ]{_YEAR}"),
    "T": re.compile(rf"{_YEAR}[- ]?(?:t|tertial)([1-3])|(?:t|tertial)([1-3])[- ]{_YEAR}"),
    "H": re.compile(rf"{_YEAR}[- ]?(?:h|halvår)([12])|(?:h|halvår)([12])[- ]{_YEAR}"),
}
_SHORT_QUARTER = re.compile(r"kv\.?([1-4])-(\d{2})")
_HALF_YEAR_WORDS = {"första": 1, "andra": 2}
_HALF_YEAR = re.compile(rf"(första|andra)halvåret{_YEAR}")
_WHOLE_YEAR = re.compile(rf"(?:år|helår|helåret|jan-dec|januari-december)?{_YEAR}(?:\.0)?")
_NUMBERED_MONTH = re.compile(rf"{_YEAR}(?:m|-)(0[1-9]|1[0-2])")
_COMPACT_MONTH = re.compile(rf"{_YEAR}(0[1-9]|1[0-2])")
_NAMED_MONTH = re.compile(rf"([a-zåäö]+)\.?(?:-?{_YEAR}|-(\d{{2}}))")
_POOL = re.compile(rf"{_YEAR}[/-]{_YEAR}")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[t ]?00:00(?::00)?)?")
_CUMULATIVE = re.compile(r"t\.?o\.?m\.?|tillochmed|ackumulerat|ack\.?")
_ROLLING = re.compile(r"(?:r12|rullande12)[ -]")

#: A space that keeps no two numbers apart.
_SPACE_OF_NO_USE = re.compile(r"(?<!\d) +| +(?!\d)")

# --- codes -------------------------------------------------------------------------------------------------------

#: The age groups that a delivery may speak of. Groups may overlap.
AGE_GROUPS = ("0-6", "7-14", "0-14", "15-17", "18-24", "16-24", "25-44", "45-64", "65+", "0-17", "18+", "T")

_TOTAL_WORDS = ("t", "total", "totalt", "samtliga", "alla")
_SEX_WORDS = {
    **dict.fromkeys(("k", "kvinna", "kvinnor", "flicka", "flickor"), "K"),
    **dict.fromkeys(("m", "man", "män", "pojke", "pojkar"), "M"),
    **dict.fromkeys(("x", "okänt", "annat", "okänt eller annat", "okänt/annat"), "X"),
    **dict.fromkeys(_TOTAL_WORDS, "T"),
}
_AGE_UP = re.compile(r"(\d{1,3}) ?(?:\+|(?:år )?och äldre)(?: år)?", re.ASCII)
_AGE_SPAN = re.compile(r"(\d{1,3}) ?- ?(\d{1,3})(?: ?år)?", re.ASCII)
_CODE_AND_NAME = re.compile(r"(\d{4}) (\D+)", re.ASCII)
_CODE = re.compile(r"(\d{3,4})(?:\.0)?", re.ASCII)


def folded(text: str) -> str:
    """Return the form in which text is compared: composed, without case, one kind of space and of dash, none around.

    Exports from a Mac are not in composed form, and ``å`` is then two signs. Superscripts are left as they are, for
    ``12¹`` is not 121.
    """
    plain = _SPACES.sub(" ", unicodedata.normalize("NFC", text).replace("&lt;", "<"))
    return _DASHES.sub("-", plain).strip().casefold()


def number(
    cell: Cell | None,
    *,
    answer: Answer,
    masked: tuple[int, int] | None = (1, 4),
    markers: Mapping[str, str] = EXTRACT_MARKERS,
) -> Reading | Unread:
    """Return the number in a cell, the sign in place of one, or why it is neither.

    Args:
        cell: what stands there; None = nothing, which is missing and never zero.
        answer: what is asked for: a whole number of something, a number that may have decimals, or yes or no.
        masked: least and most that a masked count (``<5``, ``x``) can be, as the extract declares; None = not known.
        markers: what signs mean at the one who wrote them: sign as :func:`folded` gives it, without spaces, to a
            status of the tidy table, ``zero``, or :data:`REFUSED`.
    """
    if cell is None:
        return Reading("missing")
    expected = _expected(answer, masked)
    match cell.kind:
        case "text":
            return _written(folded(str(cell.value)), answer, masked, markers)
        case "number":
            return (
                _yes_or_no(float(cell.value), expected)
                if answer == "yes_no"
                else _checked(float(cell.value), answer, expected)
            )
        case "date" if answer != "yes_no":
            return _no_date(expected)
        case "formula":
            return Unread("FORMULA_WITHOUT_RESULT", f"{expected}. Öppna filen i Excel, räkna om och spara den")
        case "error":
            return _no_error(expected)
        case _:
            return _neither(answer, expected)


def period(found: Cell | str | float, *, month_asked: bool = False) -> PeriodReading | Unread:
    """Return the period that a cell or a text names, or why it names none.

    ``2023-25`` (three years, or a month that there is not?) and ``2024/25`` (a school year) are refused, ``K2380`` is a
    party. What is counted from the start of the year, or over twelve months, is said to be so.

    Args:
        found: what stands there.
        month_asked: whether months are expected; only then is ``202403`` one.
    """
    text = _plain_text(found)
    if text is None:
        return _no_period()
    plain = _SPACE_OF_NO_USE.sub("", folded(text))
    cumulative, rolling = _CUMULATIVE.match(plain), _ROLLING.match(plain)
    before = cumulative or rolling
    inner = _one_period(plain[before.end() :] if before else plain, month_asked)
    return PeriodReading(inner, cumulative is not None, rolling is not None) if inner else _no_period()


def age_group(found: Cell | str | float) -> str | Unread:
    """Return the age group that a cell or a text names, as in :data:`AGE_GROUPS`, or why it names none."""
    expected = f"någon av åldersgrupperna {', '.join(AGE_GROUPS)}, skriven som text"
    text = _plain_text(found)
    is_date = isinstance(found, Cell) and found.kind == "date"
    if text is None and not is_date:
        return Unread("UNKNOWN_CODE", expected)
    plain = folded(text or "")
    if is_date or _DATE_LIKE.fullmatch(plain) or (plain.isascii() and plain.isdecimal() and _is_serial(float(plain))):
        return Unread(
            "DATE_FOR_NUMBER",
            f"{expected}. Excel har gjort om åldersgruppen till ett datum, och det går inte att säga vilken den var: "
            "skriv om den i en cell med formatet Text",
        )
    code = _age_code(plain)
    return code if code in AGE_GROUPS else Unread("UNKNOWN_CODE", expected)


def municipality(found: Cell | str | float, names: Mapping[str, str]) -> str | Unread:
    """Return the code of the municipality that a cell or a text names, or why it names none.

    ``2380``, ``2380.0``, ``2380 Östersund``, ``Östersund`` and ``Östersunds kommun`` are one municipality; ``114`` is a
    code that has lost its zero, and refused.

    Args:
        found: what stands there.
        names: of the municipalities that it can be, by code.
    """
    expected = "en kommunkod med fyra siffror, skriven som text, eller kommunens namn"
    text = _plain_text(found)
    if text is None:
        return Unread("UNKNOWN_CODE", expected)
    plain = " ".join(folded(text).split())
    if match := _CODE.fullmatch(plain):
        if len(match[1]) == 3:
            return Unread("UNKNOWN_CODE", f"{expected}. Koden har tre siffror: den inledande nollan har fallit bort")
        return match[1] if match[1] in names else Unread("UNKNOWN_CODE", expected)
    both = _CODE_AND_NAME.fullmatch(plain)
    code = next((code for code, name in names.items() if (both[2] if both else plain) in _spellings(name)), None)
    if code is None or (both and both[1] != code):
        return Unread("UNKNOWN_CODE", expected)
    return code


def sex(found: Cell | str) -> str | Unread:
    """Return the sex that a cell or a text names: K, M, X (unknown or other) or T (all), or why it names none.

    Numbers are refused: 1 is men at one producer and women at another.
    """
    text = _plain_text(found)
    code = _SEX_WORDS.get(" ".join(folded(text).split())) if text is not None else None
    return code or Unread("UNKNOWN_CODE", "K (kvinnor), M (män), X (okänt eller annat) eller T (totalt)")


# --- numbers and markers -----------------------------------------------------------------------------------------


def _written(
    plain: str, answer: Answer, masked: tuple[int, int] | None, markers: Mapping[str, str]
) -> Reading | Unread:
    expected = _expected(answer, masked)
    if status := markers.get(_declared(plain.replace(" ", ""), masked)):
        return _marker(plain.replace(" ", ""), status, answer, masked)
    if answer == "yes_no":
        return Reading("ok", _YES_NO[plain]) if plain in _YES_NO else _neither(answer, expected)
    if plain.startswith("#"):
        return _no_error(expected)
    if _DATE_LIKE.fullmatch(plain):
        return _no_date(expected)
    if "%" in plain:
        return _no_percentage(answer, expected)
    if _ABOUT.fullmatch(plain):
        return Unread("UNREADABLE_NUMBER", f"{expected}. Ett ungefärligt tal kan inte tas emot")
    if (value := _value(plain)) is not None:
        return _checked(value, answer, expected, has_decimals="," in plain or "." in plain)
    footnote = _FOOTNOTE.fullmatch(plain)
    if footnote and (value := _value(footnote[1])) is not None:
        mark = next(group for group in footnote.groups()[1:] if group)
        has_decimals = "," in footnote[1] or "." in footnote[1]
        return _checked(value, answer, expected, has_decimals=has_decimals, note=f"Talet hade fotnoten {mark}.")
    return _neither(answer, expected)


def _marker(sign: str, status: str, answer: Answer, masked: tuple[int, int] | None) -> Reading | Unread:
    """Return what a sign of the dictionary means where the answer stands."""
    expected = _expected(answer, masked)
    if status == "zero":
        return Reading("ok", 0.0)
    if status == REFUSED:
        return Unread("UNREADABLE_NUMBER", f"{expected}. Tecknet betyder olika saker i olika källor")
    if status != "suppressed":
        return Reading(status)
    bounds = _FROM_TO.fullmatch(sign)
    if answer == "yes_no" or (answer == "number" and (bounds or _FEWER.fullmatch(sign))):
        return _neither(answer, expected)  # less than five minutes is no secret
    if answer == "number" or masked is None:  # the bounds are a count's
        return Reading("suppressed")
    low, high = (int(bounds[1]), int(bounds[2])) if bounds else masked
    return Reading("suppressed", low=float(low), high=float(high))


def _declared(sign: str, masked: tuple[int, int] | None) -> str:
    """Return a sign with bounds as the dictionary writes it, if its bounds are those that the extract declares."""
    few, span = _FEWER.fullmatch(sign), _FROM_TO.fullmatch(sign)
    if masked is None or not (few or span):
        return sign
    if few:
        return f"{few[1]}5" if int(few[2]) == masked[1] + 1 else f"{sign} is of other bounds"
    is_declared = span is not None and (int(span[1]), int(span[2])) in (masked, (1, masked[1]))
    return "1-4" if is_declared else f"{sign} is of other bounds"


def _value(plain: str) -> float | None:
    """Return the number that a text is, None if it is none, or could be two.

    ``1.234`` and ``1,234`` are a thousand and more to some and one and a bit to others; ``0,951`` is not.
    """
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    whole, decimals = match[1].replace(" ", ""), match[2] or "0"
    could_be_thousands = len(decimals) == 3 and whole != "0"
    return None if could_be_thousands or len(whole) > _MOST_DIGITS else float(f"{whole}.{decimals}")


def _checked(
    value: float, answer: Answer, expected: str, *, has_decimals: bool = False, note: str | None = None
) -> Reading | Unread:
    """Return a number as what is asked for: whole if something is counted, and never below zero."""
    if not math.isfinite(value) or value < 0 or value >= 10**_MOST_DIGITS:
        return Unread("UNREADABLE_NUMBER", expected)
    if answer == "count" and (has_decimals or not value.is_integer()):
        return _no_percentage(answer, expected) if 0 < value < 1 else Unread("UNREADABLE_NUMBER", expected)
    return Reading("ok", value, note=note)


def _yes_or_no(value: float, expected: str) -> Reading | Unread:
    return Reading("ok", value) if value in (0, 1) else Unread("UNKNOWN_CODE", expected)


def _expected(answer: Answer, masked: tuple[int, int] | None) -> str:
    match answer:
        case "yes_no":
            return "Ja eller Nej, eller - om uppgiften saknas"
        case "number":
            return "ett tal från 0 (7 eller 7,5), x om det är skyddat, - om det saknas"
        case "count":
            hidden = f"<{masked[1] + 1} eller x" if masked else "x"
            return f"ett helt tal från 0 (12 eller 1 234), {hidden} om det är skyddat, - om det saknas"


def _neither(answer: Answer, expected: str) -> Unread:
    return Unread("UNKNOWN_CODE" if answer == "yes_no" else "UNREADABLE_NUMBER", expected)


def _no_date(expected: str) -> Unread:
    return Unread(
        "DATE_FOR_NUMBER",
        f"{expected}. Excel gör om till exempel 1-4 till ett datum, och det går inte att säga vad som skrevs: skriv "
        "det i en cell med formatet Text",
    )


def _no_percentage(answer: Answer, expected: str) -> Unread:
    if answer == "count":
        return Unread("PERCENT_IN_COUNT", f"{expected}. Skriv antalet, inte andelen")
    return Unread("UNREADABLE_NUMBER", f"{expected}. Skriv inget procenttecken")


def _no_error(expected: str) -> Unread:
    return Unread("UNREADABLE_NUMBER", f"{expected}. Cellen visar ett fel i Excel: rätta formeln")


# --- periods -----------------------------------------------------------------------------------------------------


def _one_period(text: str, month_asked: bool) -> str | None:
    """Return the period that a text names, None if it names none for certain."""
    if match := _WHOLE_YEAR.fullmatch(text):
        return match[1]
    for letter, pattern in _NUMBERED.items():
        if match := pattern.fullmatch(text):
            return f"{match[1] or match[4]}-{letter}{match[2] or match[3]}"
    if match := _SHORT_QUARTER.fullmatch(text):
        return f"20{match[2]}-Q{match[1]}"
    if match := _HALF_YEAR.fullmatch(text):
        return f"{match[2]}-H{_HALF_YEAR_WORDS[match[1]]}"
    if match := _POOL.fullmatch(text):
        return f"{match[1]}/{match[2]}" if match[1] < match[2] else None
    return _month(text, month_asked) or _day(text)


def _month(text: str, month_asked: bool) -> str | None:
    if match := _NUMBERED_MONTH.fullmatch(text) or (_COMPACT_MONTH.fullmatch(text) if month_asked else None):
        return f"{match[1]}-{match[2]}"
    match = _NAMED_MONTH.fullmatch(text)
    month = _MONTHS.get(match[1]) if match else None
    return f"{match[2] or '20' + match[3]}-{month:02}" if match and month else None


def _day(text: str) -> str | None:
    """Return the day that a date is, or Excel's number of one."""
    if text.isascii() and text.isdecimal() and _is_serial(float(text)):
        return (_EPOCH + timedelta(days=int(text))).isoformat()
    match = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(match[1]).isoformat() if match else None
    except ValueError:
        return None


def _is_serial(value: float) -> bool:
    return value.is_integer() and _FIRST_SERIAL <= value <= _LAST_SERIAL


def _no_period() -> Unread:
    return Unread("UNKNOWN_CODE", "en period skriven som 2024, 2024-H1, 2024-Q3 eller 2024-03")


# --- codes -------------------------------------------------------------------------------------------------------


def _age_code(plain: str) -> str | None:
    if plain in _TOTAL_WORDS:
        return "T"
    if match := _AGE_UP.fullmatch(plain):
        return f"{match[1]}+"
    if match := _AGE_SPAN.fullmatch(plain):
        return f"{match[1]}-{match[2]}"
    return None


def _spellings(name: str) -> set[str]:
    """Return the forms in which a municipality's name is written, as compared: Åre, Åre kommun, Östersunds kommun."""
    plain = folded(name)
    forms = {plain, plain if plain.endswith("s") else f"{plain}s"}
    return forms | {f"{form} {word}" for form in forms for word in ("kommun", "stad")}


def _plain_text(found: Cell | str | float) -> str | None:
    """Return what stands in a cell as text, a whole number without decimals; None for what is neither text nor number.

    A date cell is its day.
    """
    value = found.value if isinstance(found, Cell) else found
    if isinstance(found, Cell) and found.kind not in ("text", "number", "date"):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
