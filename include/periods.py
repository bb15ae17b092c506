"""Calendar of the follow-up: quarters of runs, reference periods of figures, and which run asks for which period.

A *quarter* is the calendar quarter that a run is about; a *period* is what a figure is about. Both are half-open
intervals of days. Only the standard library is used, so that DAG files may import this while they are parsed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import total_ordering
from typing import TYPE_CHECKING, Literal, NamedTuple

from include.errors import UsageError

if TYPE_CHECKING:
    from include.registry.models import Extract, Source

Unit = Literal["month", "quarter", "half_year", "year", "span"]

_MONTHS: dict[Unit, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_QUARTER = re.compile(r"(\d{4})-Q([1-4])", re.ASCII)
_PERIOD = re.compile(
    r"(\d{4})(?:-(?:Q(?P<quarter>[1-4])|H(?P<half_year>[12])|(?P<month>\d{2}))|/(?P<to>\d{4}))?", re.ASCII
)


def _add_months(day: date, months: int) -> date:
    """Return the first of the month that lies ``months`` after that of ``day``."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter, such as 2025-Q3."""

    year: int
    q: int

    def __post_init__(self) -> None:
        if not (1 <= self.q <= 4 and 1 <= self.year < 9999):
            raise UsageError(f"There is no quarter {self.q} of the year {self.year}; expected for example 2025-Q3.")

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Return the quarter written as ``2025-Q3``.

        Raises:
            UsageError: the text is written in another way.
        """
        match = _QUARTER.fullmatch(text.strip())
        if not match:
            raise UsageError(f"{text!r} is no calendar quarter; expected for example 2025-Q3.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def from_date(cls, day: date) -> "Quarter":
        """Return the quarter that a day (or the day of a datetime) lies in."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def start(self) -> date:
        """Return its first day."""
        return date(self.year, 3 * self.q - 2, 1)

    @property
    def end(self) -> date:
        """Return the day after its last day."""
        return _add_months(self.start, 3)

    def next(self) -> "Quarter":
        """Return the quarter that follows."""
        return Quarter.from_date(self.end)

    @staticmethod
    def range(first: "Quarter", last: "Quarter") -> "list[Quarter]":
        """Return the quarters from ``first`` to ``last``, both included; none if ``last`` comes before."""
        return [
            Quarter(index // 4, index % 4 + 1) for index in range(4 * first.year + first.q - 1, 4 * last.year + last.q)
        ]

    def __str__(self) -> str:
        return f"{self.year}-Q{self.q}"


@total_ordering
@dataclass(frozen=True)
class Period:
    """A reference period: its text, what unit it is, its first day and the day after its last.

    Texts are ``2019``, ``2019-H1``, ``2019-Q3``, ``2019-03`` and, for several whole years, ``2017/2018``. A stock on
    31 December belongs to the period of its year. Periods are ordered by their first and then their last day.
    """

    text: str
    unit: Unit
    start: date
    end: date

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Return the period that a text names.

        Raises:
            UsageError: the text names no period.
        """
        match = _PERIOD.fullmatch(text)
        if not match or not 1 <= int(match[1]) < 9999:
            raise _no_period(text)
        start = date(int(match[1]), 1, 1)
        if match["to"]:
            if not start.year < int(match["to"]) < 9999:
                raise _no_period(text)
            return cls(text, "span", start, date(int(match["to"]) + 1, 1, 1))
        for unit in ("month", "quarter", "half_year"):
            if number := match[unit]:
                if not 1 <= int(number) <= 12 // _MONTHS[unit]:
                    raise _no_period(text)
                start = _add_months(start, (int(number) - 1) * _MONTHS[unit])
                return cls(text, unit, start, _add_months(start, _MONTHS[unit]))
        return cls(text, "year", start, date(start.year + 1, 1, 1))

    @classmethod
    def starting(cls, unit: Unit, start: date, years: int = 2) -> "Period":
        """Return the period of a unit that holds the day ``start`` (a span of ``years`` begins with that year)."""
        match unit:
            case "month":
                return cls.parse(f"{start.year:04}-{start.month:02}")
            case "quarter":
                return cls.parse(f"{start.year:04}-Q{(start.month - 1) // 3 + 1}")
            case "half_year":
                return cls.parse(f"{start.year:04}-H{(start.month - 1) // 6 + 1}")
            case "year":
                return cls.parse(f"{start.year:04}")
            case "span":
                return cls.parse(f"{start.year:04}/{start.year + years - 1:04}")

    @property
    def year(self) -> int:
        """Return the calendar year that it ends in (of a span the last)."""
        return (self.end - timedelta(days=1)).year

    def next(self) -> "Period":
        """Return the period that follows. Spans move on by one year, as producers' moving averages do."""
        if self.unit == "span":
            return Period.starting("span", date(self.start.year + 1, 1, 1), self.end.year - self.start.year)
        return Period.starting(self.unit, self.end)

    def __lt__(self, other: "Period") -> bool:
        return (self.start, self.end) < (other.start, other.end)

    def __str__(self) -> str:
        return self.text


def _no_period(text: str) -> UsageError:
    return UsageError(f"{text!r} is no reference period; expected 2019, 2019-H1, 2019-Q3, 2019-03 or 2017/2018.")


class ExpectedPeriods(NamedTuple):
    """What the run of a quarter asks for.

    Attributes:
        new: periods that are published (or due) within the quarter, oldest first.
        revisit: earlier ones that are looked at again for re-issues, newest first.
    """

    new: list[Period]
    revisit: list[Period]


def expected_periods(source: "Source", quarter: Quarter, extracts: "Iterable[Extract]" = ()) -> ExpectedPeriods:
    """Return the reference periods that the run of a quarter asks a source for.

    A period is new in the quarter in which its publication day falls: the day after its end, plus the source's lag.
    For the parties' extracts the day is the one on which each extract is due instead, if ``extracts`` are given.

    Args:
        source: a source of the registry.
        quarter: the run's calendar quarter.
        extracts: the extracts that arrive at a source of kind inbox.
    """
    rule = source.release
    first = Period.parse(rule.first_period)
    rhythms = [(e.speaks_in, e.due_days) for e in extracts] or [(rule.speaks_in, rule.lag_days)]
    new: set[Period] = set()
    revisit: set[Period] = set()
    for unit, lag_days in rhythms:
        published = list(_published_before(_first_of(unit, first), lag_days, quarter.end))
        fresh = [p for p in published if p.end + timedelta(days=lag_days) >= quarter.start]
        new.update(fresh)
        revisit.update(_revisited(published[: len(published) - len(fresh)], rule.revisit))
    return ExpectedPeriods(sorted(new), sorted(revisit - new, reverse=True))


def _first_of(unit: Unit, first: Period) -> Period:
    """Return the earliest period of a unit that does not begin before ``first``."""
    if unit == first.unit:
        return first
    period = Period.starting(unit, first.start)
    return period if period.start >= first.start else period.next()


def _published_before(first: Period, lag_days: int, end: date) -> Iterator[Period]:
    """Yield the periods from ``first`` on whose publication day lies before the day ``end``."""
    period = first
    while period.end + timedelta(days=lag_days) < end:
        yield period
        period = period.next()


def _revisited(published: list[Period], limit: int | Literal["all", "none"]) -> list[Period]:
    """Return those of the earlier published periods, oldest first, that the release rule wants looked at again."""
    if limit == "all":
        return published
    return [] if limit == "none" else published[-limit:]
