"""The gate against identity numbers: a file that holds one is refused before anything of it is kept.

A Swedish *personnummer* is a date of birth, three digits and a check digit (the Luhn sum over the last ten digits);
a *samordningsnummer* has 60 added to its day (Skatteverket, SKV 704 and SKV 707). Text is first brought to one form,
for people write the numbers with any dash, space or invisible sign, and Excel drops leading zeros of numbers.

Nothing here returns, logs or quotes what it found: callers learn that there is a number, never which.
"""

import math
import re
import unicodedata
from datetime import date

#: Ten or twelve digits; between date and number a hyphen, a plus (from the age of 100) or a space.
_CANDIDATE = re.compile(r"(?<!\d)(?:18|19|20)?(\d{2})(\d{2})(\d{2}) ?[-+]? ?(\d{4})(?!\d)")

#: Digits of an identity number in a number cell: ten or twelve, or fewer where leading zeros were dropped.
_SHORTEST_NUMBER, _TEN, _TWELVE = 7, 10, 12

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")


def holds_identity_number(value: object) -> bool:
    """Return whether a cell's value, or any part of it, is an identity number with a valid date and check digit.

    Args:
        value: text, or a number as Excel stores it. Dates and truth values hold none.
    """
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return _number_is_one(value)
    return isinstance(value, str) and any(_valid(match) for match in _CANDIDATE.finditer(_one_form(value)))


def _number_is_one(value: float) -> bool:
    if not math.isfinite(value) or value < 0 or value != int(value):
        return False
    digits = str(int(value))
    if not (_SHORTEST_NUMBER <= len(digits) <= _TEN or len(digits) == _TWELVE):
        return False
    match = _CANDIDATE.fullmatch(digits.zfill(_TEN))
    return match is not None and _valid(match)


def _one_form(text: str) -> str:
    """Return text with compatible signs made equal, dashes and spaces unified, and invisible signs removed."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    visible = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    return re.sub(r"\s", " ", visible)


def _valid(match: re.Match[str]) -> bool:
    year, month, day, number = match.groups()
    return _is_date(int(year), int(month), int(day)) and _luhn(f"{year}{month}{day}{number}")


def _is_date(year: int, month: int, day: int) -> bool:
    """Return whether the digits are a day in some century; coordination numbers have 60 added to the day."""
    real = day - 60 if day > 60 else day
    for century in (1800, 1900, 2000):
        try:
            date(century + year, month, real)
        except ValueError:
            continue
        return True
    return False


def _luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the nine before it (weights 2, 1, 2, …, digit sums)."""
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(digits))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
