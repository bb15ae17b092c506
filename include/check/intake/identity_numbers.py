"""Swedish identity numbers, however they are written and whatever Excel made of them.

A *personnummer* is a date of birth, three digits and a check digit (the Luhn sum over the last ten digits); a
*samordningsnummer* has 60 added to its day (Skatteverket, SKV 704 and SKV 707). A reserve number of care has a letter
and three digits after the date and no check digit. People write them with any dash, space, point or invisible sign;
Excel drops leading zeros, rounds long numbers (``8,11219E+09``) and splits date and number into two cells.

How far a find can be trusted differs. A number that is *written* as one (with a separator) is hardly ever anything
else. A *bare* one, only digits, is: of all numbers of ten digits 0.75 % have a valid date and check digit, of nine
digits as many, of eight 0.2 %, but of seven digits 6 % (a birth in January to September 2000, its zeros lost), so that
those need company (:mod:`include.check.intake.personal`). Organisation numbers never pass: their month is 20 or more.

Nothing here returns, logs or quotes what it found: callers learn that there is a number, never which.
"""

import math
import re
import unicodedata
from datetime import date
from enum import Enum
from typing import NamedTuple


class Likeness(Enum):
    """How like an identity number a value is.

    Attributes:
        NONE: not at all, or an organisation number.
        OTHER: a bare number of a length that one could have, but with no such date or check digit.
        SHORT: a valid one if three leading zeros were lost; common among ordinary numbers.
        BARE: only digits, with a valid date and check digit; or rounded by Excel, with a valid date.
        WRITTEN: written as one, with a separator between date and number or a letter in it.
    """

    NONE = 0
    OTHER = 1
    SHORT = 2
    BARE = 3
    WRITTEN = 4


class Pair(Enum):
    """Whether two neighbours are the two halves of a number: its date and its last four signs.

    Attributes:
        NONE: they have not that form.
        OTHER: they have the form, but no valid date or check digit.
        LIKELY: they are valid, but an event's date beside a count is as well, one time in ten.
        BORN: they are valid and the date is written as nobody writes an event's.
        WRITTEN: the second begins with a separator, or has the letter of a reserve number.
    """

    NONE = 0
    OTHER = 1
    LIKELY = 2
    BORN = 3
    WRITTEN = 4


#: Letters of reserve numbers (Skatteverket's of old, and care's); others are taken only after a hyphen.
_RESERVE = frozenset("TRSUWXJKLMN")

#: A date of birth, something between, and four signs. Overlapping places are all looked at.
_WRITTEN = re.compile(
    r"(?<!\d)(?=(?:(?P<century>18|19|20)[ -]?)?(?P<year>\d\d)(?P<between>[-./ _]?)(?P<month>\d\d)(?P=between)"
    r"(?P<day>\d\d)(?P<join> {0,3}|[.,_]| {0,2}[-+/]{1,2} {0,2})"
    r"(?:(?P<last>\d\d ?\d\d)(?!\d)|(?P<letter>[A-Za-z])(?P<three>\d{3})(?!\w))(?P<after>[-./]?\d?))"
)
#: Ten or twelve digits; not the decimals of a number.
_BARE = re.compile(r"(?<!\d)(?<!\d\.)(?<!\b0,)(\d{12}|\d{10})(?!\d)")
_TWELVE = re.compile(r"(?P<century>18|19|20)(?P<ten>\d{10})")
_DATE = re.compile(r"(?P<century>18|19|20)?(?P<year>\d\d)(?P<between>[-./ ]?)(?P<month>\d\d)(?P=between)(?P<day>\d\d)")
_DATE_PART = re.compile(rf"{_DATE.pattern}(?:[ t]\d\d:\d\d(?::\d\d)?)?[-+ ]*", re.IGNORECASE)
_LAST_PART = re.compile(r"(?P<join>[-+]? ?)(?:(?P<last>\d{4})|(?P<letter>[A-Za-z])\d{3})")

_GROUPED = re.compile(r"(?<![\d-])(?<!\d[ ,.])\d{1,3}(?: \d{3}){2,3}(?![ -]?\d)")
_WHOLE = re.compile(r"(\d{7,12})(?:[.,]0{1,3})?")
_SCIENTIFIC = re.compile(r"(?<![\w.,])(\d[.,]\d{4,})E\+?(\d{1,2})(?!\w)", re.IGNORECASE)
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_ENOUGH_DIGITS = re.compile(r"(?:\d\D{0,8}?){7}|\dE\+?\d", re.IGNORECASE)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－\u00ad"), "-")

#: From this year on a lone date is taken for an event's, which agreements and their deliveries are about.
_FIRST_EVENTS = 2015
#: Ten digits that begin so, in a web address, are a moment in Unix time (2020 to 2030).
_UNIX_TIMES = ("16", "17", "18")


def is_one(value: object) -> bool:
    """Return whether a cell's value is, or holds, what may be an identity number.

    Args:
        value: text, or a number as Excel stores it. Truth values and nothing hold none.
    """
    return likeness(value) in (Likeness.SHORT, Likeness.BARE, Likeness.WRITTEN)


def numbers_in(text: str) -> int:
    """Return how many identity numbers a text holds, written or bare, each line by itself."""
    return sum(each in (Likeness.SHORT, Likeness.BARE, Likeness.WRITTEN) for each in likenesses(text))


def likeness(value: object) -> Likeness:
    """Return how like an identity number the likest part of a cell's value is."""
    if isinstance(value, bool):
        return Likeness.NONE
    if isinstance(value, int | float):
        return _of_number(value)
    if not isinstance(value, str):
        return Likeness.NONE
    return max(likenesses(value), key=lambda each: each.value, default=Likeness.NONE)


def likenesses(text: str) -> list[Likeness]:
    """Return the likeness of everything in a text that could be an identity number; lines are texts of their own."""
    if len(text) < 7 or not text.isprintable():
        return [each for line in text.splitlines() if len(line) >= 7 for each in _all_in_line(line)]
    return _all_in_line(text)


def one_form(text: str) -> str:
    """Return text with compatible signs made equal, digits and dashes of one kind, and invisible signs removed.

    A soft hyphen, which shows only at the end of a line, is removed too. Line breaks stay.
    """
    if text.isascii():
        return text.replace("\t", " ")
    plain = unicodedata.normalize("NFKC", text.replace("\u00ad", "")).translate(_DASHES)
    return "".join(_plain(sign) for sign in plain if unicodedata.category(sign) != "Cf")


def halves(left: object, right: object) -> Pair:
    """Return whether two neighbouring values are the halves of an identity number.

    Args:
        left: what would be the date: digits, or any written date (a date cell's ISO text).
        right: what would be the last four: text, or a number that may have lost its zeros.
    """
    last = _last_part(right)
    born = _date_part(left) if last else None
    if last is None or born is None:
        return Pair.NONE
    if last.letter:
        return Pair.WRITTEN if born.valid and not born.between and last.letter in "Tt" else Pair.NONE
    if not (born.valid and _luhn(born.digits + last.digits)):
        return Pair.OTHER
    if last.separated:
        return Pair.WRITTEN
    is_year = 1990 <= int(last.digits) < 2040
    is_event = born.between or (born.year is not None and born.year >= _FIRST_EVENTS)
    return Pair.LIKELY if is_year or is_event or last.short else Pair.BORN


def is_moment(text: str) -> bool:
    """Return whether all that is like identity numbers in a text is days and times of the clock, as in _20240315_1230.

    Names of exported files have them. A date before 2015 is a birth's.
    """
    found = [match for match in _WRITTEN.finditer(one_form(text)) if _written_is_one(match)]
    bare = [match[1] for match in _BARE.finditer(one_form(text)) if _of_digits(match[1]) is Likeness.BARE]
    return all(_is_clock(match["last"]) and _is_recent(match["century"], match["year"]) for match in found) and all(
        len(digits) == 12 and _is_clock(digits[8:]) and _is_recent(digits[:2], digits[2:4]) for digits in bare
    )


# --- numbers and text --------------------------------------------------------------------------------------------


def _all_in_line(line: str) -> list[Likeness]:
    plain = one_form(line)
    if not _ENOUGH_DIGITS.search(plain):
        return []
    if match := _WHOLE.fullmatch(plain.strip(" '")):
        return [_of_digits(match[1])]
    if "-" in plain:
        plain = _GUID.sub(" ", plain)
    addresses = " ".join(_ADDRESS.findall(plain)) if "." in plain else ""
    words = _ADDRESS.sub(" ", plain) if addresses else plain
    written = [Likeness.WRITTEN for match in _WRITTEN.finditer(words) if _written_is_one(match)]
    written += [
        Likeness.WRITTEN
        for match in _WRITTEN.finditer(addresses)
        if "/" not in match["between"] + match["join"] and _written_is_one(match)
    ]
    bare = [match[1] for match in _BARE.finditer(words)]
    bare += [
        match[1] for match in _BARE.finditer(addresses) if len(match[1]) == 12 or not match[1].startswith(_UNIX_TIMES)
    ]
    bare += [match[0].replace(" ", "") for match in _GROUPED.finditer(words)]
    rounded = [_of_scientific(match[1].replace(",", "."), int(match[2])) for match in _SCIENTIFIC.finditer(words)]
    return written + rounded + [_of_digits(digits) for digits in bare]


def _written_is_one(match: re.Match[str]) -> bool:
    """Return whether what is written like an identity number, with something between its parts, is one."""
    century, between, join = match["century"], match["between"], match["join"]
    six = match["year"] + match["month"] + match["day"]
    if not _is_date(six, century):
        return False
    if letter := match["letter"]:
        hyphen = "-" in join or "+" in join
        if hyphen:
            return not between or letter.upper() in _RESERVE
        return not between and join.strip() == "" and letter in _RESERVE
    last = match["last"].replace(" ", "")
    if " " in match["last"] and between != " ":
        return False
    if not (between or join):
        return False  # bare digits are looked at by themselves
    ends_in_a_date = between and len(match["after"]) == 2 and last[:2] in ("19", "20")  # 2024-03-15 2024-03-16
    return not ends_in_a_date and _luhn(six + last)


def _of_number(value: float) -> Likeness:
    if not math.isfinite(value) or value < 10_000:
        return Likeness.NONE
    if value != int(value):
        return _of_decimal(value)
    return _of_digits(str(int(value))) if value >= 10**6 else Likeness.NONE


def _of_decimal(value: float) -> Likeness:
    """Return the likeness of a number with four decimals, which is what Excel makes of 811218,9876."""
    text = f"{value:.4f}"
    if len(text) > 13 or float(text) != value:
        return Likeness.NONE
    whole, _, decimals = text.partition(".")
    digits = whole.zfill(6) + decimals
    return _of_digits(digits) if len(digits) in (10, 12) else Likeness.NONE


def _of_digits(digits: str) -> Likeness:
    """Return the likeness of seven to twelve bare digits; a number has lost its leading zeros."""
    century = None
    if match := _TWELVE.fullmatch(digits):
        century, ten = match["century"], match["ten"]
    elif len(digits) in (11, 12):
        return Likeness.OTHER
    else:
        ten = digits.zfill(10)
    if _is_date(ten[:6], century) and _luhn(ten):
        return Likeness.SHORT if len(digits) == 7 else Likeness.BARE
    if _is_rounded(digits):
        return Likeness.BARE
    is_organisation = century is None and len(digits) == 10 and ten[2] >= "2" and _luhn(ten)
    return Likeness.NONE if is_organisation else Likeness.OTHER


def _is_rounded(digits: str) -> bool:
    """Return whether a number may be an identity number that Excel showed, and somebody saved, with six digits.

    Of ten digits the date is left (the last of it perhaps rounded up), of twelve the year and month.
    """
    if len(digits) == 10 and digits.endswith("0000"):
        return _is_date_or_next(digits[:6])
    return len(digits) == 12 and digits.endswith("000000") and _is_month_or_next(digits[:6])


def _of_scientific(mantissa: str, exponent: int) -> Likeness:
    """Return the likeness of a number in scientific notation, which may lack its last digits."""
    if not 7 <= exponent <= 11:
        return Likeness.NONE
    digits = f"{float(mantissa) * 10**exponent:.0f}"
    if len(mantissa) - 1 > 6 or exponent == 11:
        return _of_digits(digits)
    return Likeness.BARE if len(mantissa) >= 6 and _is_date_or_next(digits.zfill(10)[:6]) else Likeness.OTHER


# --- halves ------------------------------------------------------------------------------------------------------


class _Born(NamedTuple):
    """A date: its six digits, whether it is a day, its year if it says the century, and what is between its parts."""

    digits: str
    valid: bool
    year: int | None
    between: str


class _Last(NamedTuple):
    """The last four signs: digits or a letter, whether a separator is before them, whether zeros were added."""

    digits: str
    letter: str
    separated: bool
    short: bool


def _date_part(value: object) -> _Born | None:
    plain = _as_number(value)
    text = plain.strip() if isinstance(plain, str) else _digits_of(plain, 5, 6) or _digits_of(plain, 8, 8)
    match = _DATE_PART.fullmatch(text)
    if match is None:
        return None
    six = match["year"] + match["month"] + match["day"]
    year = int(match["century"] + match["year"]) if match["century"] else None
    return _Born(six, _is_date(six, match["century"]), year, match["between"])


def _last_part(value: object) -> _Last | None:
    plain = _as_number(value)
    text = plain.strip() if isinstance(plain, str) else _digits_of(plain, 1, 4)
    match = _LAST_PART.fullmatch(text)
    if match is None:
        return None
    short = not isinstance(plain, str) and plain < 1000
    return _Last(match["last"] or "", match["letter"] or "", bool(match["join"].strip()), short)


_LONGEST = 12


def _as_number(value: object) -> str | float:
    """Return a number, also where text file or cell holds it as text; other text in one form; nothing as no text."""
    if isinstance(value, str):
        plain = one_form(value)
        is_number = plain.isdecimal() and plain[0] != "0" and len(plain) <= _LONGEST  # longer is no number of anybody
        return int(plain) if is_number else plain
    return value if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _digits_of(value: float, shortest: int, longest: int) -> str:
    """Return a whole number's digits, with the zeros it lost, if it has so many; else nothing."""
    if not math.isfinite(value):
        return ""
    digits = str(int(value))
    fits = value >= 0 and value == int(value) and shortest <= len(digits) <= longest
    return digits.zfill(longest) if fits else ""


# --- the numbers themselves --------------------------------------------------------------------------------------


def _is_date(six: str, century: str | None) -> bool:
    """Return whether six digits are a day, in the century that is told or else in any; 60 may be added to the day."""
    day = int(six[4:])
    real = day - 60 if day > 60 else day
    for hundred in (century,) if century else ("18", "19", "20"):
        try:
            date(int(f"{hundred}{six[:2]}"), int(six[2:4]), real)
        except ValueError:
            continue
        return True
    return False


def _is_date_or_next(six: str) -> bool:
    return _is_date(six, None) or _is_date(f"{max(int(six) - 1, 0):06}", None)


def _is_month_or_next(six: str) -> bool:
    return any(1800 <= number // 100 < 2100 and 1 <= number % 100 <= 12 for number in (int(six), int(six) - 1))


def _is_recent(century: str | None, year: str) -> bool:
    return century is not None and int(century + year) >= _FIRST_EVENTS


def _is_clock(last: str | None) -> bool:
    four = (last or "").replace(" ", "")
    return len(four) == 4 and int(four[:2]) < 24 and int(four[2:]) < 60


def _luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the nine before it (weights 2, 1, 2, …, digit sums)."""
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(digits))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _plain(sign: str) -> str:
    """Return an ordinary digit for any script's digit, an ordinary space for any space; other signs as they are."""
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return " " if sign.isspace() and sign not in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029" else sign
