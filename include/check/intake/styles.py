"""What a cell's style makes of its number: a date, a time of day, a length of time, or a percentage.

A workbook stores dates and percentages as plain numbers; only the number format tells (ECMA-376 part 1, 18.8.30 and
18.8.31). Format codes are stored in English signs whatever language Excel speaks.
"""

import math
import re
from datetime import datetime, timedelta
from typing import Literal

from include.check.intake.book import Cell
from include.check.intake.markup import Attributes, parse

Shape = Literal["plain", "date", "time", "percent"]

#: Formats that the standard numbers and files do not spell out; those from 27 are used by East Asian Excel.
_BUILT_IN: dict[int, Shape] = {
    **dict.fromkeys((9, 10), "percent"),
    **dict.fromkeys((14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)), "date"),
    **dict.fromkeys((18, 19, 20, 21, 45, 46, 47), "time"),
}

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKETS = re.compile(r"\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.IGNORECASE)  # colours, conditions, languages

#: Day 0 of the two calendars; in the first, 1900 has a 29 February that never was (day 60).
_DAY_0, _DAY_0_FROM_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  a workbook knows no zone
_LEAP_DAY_THAT_NEVER_WAS = 60
_LAST_DAY, _BETWEEN_CALENDARS = 2_958_465, 1462  # 9999-12-31


class Styles:
    """The shapes that a workbook's cell styles give to numbers.

    Args:
        data: the part ``styles.xml``; empty if there is none.

    Raises:
        DeliveryRefused, LayoutChanged: as :func:`include.check.intake.markup.parse`.
    """

    def __init__(self, data: bytes) -> None:
        self._codes: dict[str, str] = {}
        self._shapes: list[Shape] = []
        self._in_cells = False
        if data:
            parse(data, self)

    def shape(self, style: int) -> Shape:
        """Return what a style makes of a number; a style that there is not makes nothing of it."""
        return self._shapes[style] if 0 <= style < len(self._shapes) else "plain"

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start."""
        match name:
            case "numFmt":
                self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            case "cellXfs":
                self._in_cells = True
            case "xf" if self._in_cells:
                self._shapes.append(self._shape(attributes.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        """Take an element's end."""
        if name == "cellXfs":
            self._in_cells = False

    def text(self, data: str) -> None:
        """Take text, of which styles have none."""

    def aside(self, data: str) -> None:
        """Take a comment."""

    def _shape(self, number: str) -> Shape:
        if number in self._codes:
            return shape_of(self._codes[number])
        return _BUILT_IN.get(int(number), "plain") if re.fullmatch(r"\d{1,4}", number, re.ASCII) else "plain"


def shape_of(code: str) -> Shape:
    """Return what a format code makes of a number, e.g. ``yyyy-mm-dd`` a date and ``0.0%`` a percentage."""
    bare = _BRACKETS.sub("", _LITERAL.sub("", code.partition(";")[0])).lower().replace("general", "")
    if "%" in bare:
        return "percent"
    signs = set(bare)
    if signs & {"y", "d"} or ("m" in signs and not signs & {"h", "s"}):
        return "plain" if "[m" in bare else "date"
    return "time" if signs & {"h", "s"} else "plain"


def number_cell(number: int | float, shape: Shape, from_1904: bool) -> Cell:
    """Return a number as its cell shows it: a date as ISO text (with its time if it has one), 0.95 as ``95 %``.

    A number that is no day of the calendar stays a number, whatever its format: Excel shows none.
    """
    last = _LAST_DAY - (_BETWEEN_CALENDARS if from_1904 else 0)
    match shape:
        case "date" if 0 < number <= last:
            moment = _moment(number, from_1904)
            return Cell("date", moment.isoformat() if moment.time() != moment.min.time() else moment.date().isoformat())
        case "time" if 0 <= number < last:
            return Cell("other", str(timedelta(seconds=round(number * 86_400))))
        case "percent" if math.isfinite(number * 100):
            return Cell("text", f"{_shortest(number * 100)} %")
        case _:
            return Cell("number", number)


def _moment(number: float, from_1904: bool) -> datetime:
    days = timedelta(seconds=round(number * 86_400))
    if from_1904:
        return _DAY_0_FROM_1904 + days
    return _DAY_0 + days + timedelta(days=number < _LEAP_DAY_THAT_NEVER_WAS)


def _shortest(number: float) -> str:
    """Return a number without the noise of its binary form, with a decimal comma."""
    rounded = round(number, 10)
    return (str(int(rounded)) if rounded == int(rounded) else repr(rounded)).replace(".", ",")
