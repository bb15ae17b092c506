"""The five-point trend test: has a yearly series truly changed, or does it only waver?

The test is that of OHID Fingertips' "recent trends" (also in DHSC's FingertipsNext, commit d1600f4a5): a weighted
linear regression on the five latest yearly values, each weighted by the inverse of its squared standard error. What the
source leaves open is decided here:

* a leave-one-out slope of exactly 0 breaks the rule that all slopes have the same sign;
* a gap between the years, a series break inside the window, overlapping periods, preliminary mixed with final values
  and a missing interval each refuse the test, with the reason;
* an interval of width 0, or a share of 100 %, cannot be tested (the weight would be infinite or the error one-sided).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from include.measure.methods import Floats

Result = Literal["up", "down", "no_change", "cannot_be_calculated"]

#: Number of yearly values that the test looks at.
POINTS = 5

#: Chi-square (1 degree of freedom) that must be exceeded: the 99.8 % level, as the source writes it.
CRITICAL = 9.54953570608324

#: Width of a 95 % interval in standard errors, as the source rounds it.
WIDTH = 3.92


@dataclass(frozen=True)
class Point:
    """One value of a yearly series.

    Attributes:
        year: the last year that the value covers.
        value: the value, None if there is none.
        low: lower 95 % limit, None if there is none.
        high: upper 95 % limit.
        preliminary: whether the producer calls it preliminary.
        break_before: whether the series breaks between this year and the one before.
        full: whether the value is a share of 100 %.
        first_year: the first year that the value covers, where it pools several.
    """

    year: int
    value: float | None
    low: float | None
    high: float | None
    preliminary: bool = False
    break_before: bool = False
    full: bool = False
    first_year: int | None = None


@dataclass(frozen=True)
class Trend:
    """The outcome of the test, with the reason where there is none or where it says "no change"."""

    result: Result
    reason_sv: str = ""
    slope: float | None = None
    chi2: float | None = None


def five_point(points: Sequence[Point]) -> Trend:
    """Test the five latest points of a series, given oldest first.

    Returns:
        "up" or "down" if the change is certain, "no_change" if it is not, "cannot_be_calculated" if the series must
        not be tested. The direction says nothing about better or worse.
    """
    window = list(points)[-POINTS:]
    if reason := refusal(window):
        return Trend("cannot_be_calculated", reason)
    values = np.array([point.value for point in window], dtype=np.float64)
    widths = np.array([(point.high or 0.0) - (point.low or 0.0) for point in window], dtype=np.float64)
    years = np.arange(1, POINTS + 1, dtype=np.float64)
    weights = (WIDTH / widths) ** 2
    slope, precision = _slope(years, values, weights)
    chi2 = slope**2 * precision
    if chi2 <= CRITICAL:
        return Trend("no_change", "Förändringen är inte statistiskt säkerställd.", slope, chi2)
    if not _same_sign(slope, years, values, weights):
        return Trend("no_change", "Ett enskilt år avgör riktningen.", slope, chi2)
    return Trend("up" if slope > 0 else "down", "", slope, chi2)


def refusal(window: Sequence[Point]) -> str:
    """Return why the window must not be tested (Swedish), or an empty text if it may."""
    if len(window) < POINTS:
        return f"Färre än {POINTS} år med uppgift."
    if missing := [point.year for point in window if point.value is None]:
        return f"Uppgift saknas för {_years(missing)}."
    for before, point in pairwise(window):
        if (point.first_year or point.year) <= before.year:
            return f"Perioderna före och från {point.year} överlappar varandra."
        if (point.first_year or point.year) != before.year + 1:
            return f"Det saknas år mellan {before.year} och {point.year}."
    if breaks := [point.year for point in window[1:] if point.break_before]:
        return f"Serien har ett tidsseriebrott {_years(breaks)}."
    if len({point.preliminary for point in window}) > 1:
        return "Preliminära och slutliga uppgifter blandas."
    if any(point.low is None or point.high is None for point in window):
        return "Värdena har inget osäkerhetsintervall."
    if full := [point.year for point in window if point.full]:
        return f"Andelen är 100 procent {_years(full)}."
    if flat := [point.year for point in window if not (point.high or 0.0) - (point.low or 0.0) > 0]:
        return f"Osäkerhetsintervallet har bredden 0 {_years(flat)}."
    return ""


def _slope(years: Floats, values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the weighted slope and its precision (the inverse of its variance)."""
    total = weights.sum()
    centred = years - (weights * years).sum() / total
    precision = float((weights * centred**2).sum())
    return float((weights * centred * values).sum()) / precision, precision


def _same_sign(slope: float, years: Floats, values: Floats, weights: Floats) -> bool:
    """Return whether the slope keeps its sign whichever one point is left out; 0 (but for rounding) is no sign."""
    kept = ~np.eye(len(years), dtype=bool)
    return all(_slope(years[keep], values[keep], weights[keep])[0] / slope > 1e-9 for keep in kept)


def _years(years: Sequence[int]) -> str:
    return ", ".join(map(str, years))
