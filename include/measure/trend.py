"""The five-point trend test: has a yearly series truly changed, or does it only waver?

The test is that of OHID Fingertips' "recent trends" (also in DHSC's FingertipsNext, commit d1600f4a5): a weighted
linear regression on the five latest yearly values, each weighted by the inverse of its squared standard error. What the
source leaves open is decided here:

* a leave-one-out slope of exactly 0 breaks the rule that all slopes have the same sign;
* a gap between the years, a series break inside the window, overlapping periods, preliminary mixed with final values
  and a missing interval each refuse the test, with the reason;
* an interval of width 0, or a share of 100 %, cannot be tested (the weight would be infinite or the error one-sided).

:func:`five_point` tests one series and tells the years that stand in the way; :func:`five_points` tests a whole matrix
of series at once. The arithmetic is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from include.measure.methods import Floats, floats

Result = Literal["up", "down", "no_change", "cannot_be_calculated"]

#: Number of yearly values that the test looks at.
POINTS = 5

#: Chi-square (1 degree of freedom) that must be exceeded: the 99.8 % level, as the source writes it.
CRITICAL = 9.54953570608324

#: Width of a 95 % interval in standard errors, as the source rounds it.
WIDTH = 3.92

#: A slope below this share of the full slope is 0 but for rounding.
ROUNDING = 1e-9

#: Why a series is not tested, or not called changed: of several reasons the first is told. :func:`five_point` tells the
#: years too.
REASONS_SV = {
    "too_few": f"Färre än {POINTS} år med uppgift.",
    "missing": "Uppgift saknas för minst ett av åren.",
    "overlapping": "Perioderna överlappar varandra.",
    "break": "Serien har ett tidsseriebrott.",
    "mixed": "Preliminära och slutliga uppgifter blandas.",
    "no_interval": "Värdena har inget osäkerhetsintervall.",
    "full": "Andelen är 100 procent minst ett av åren.",
    "flat": "Osäkerhetsintervallet har bredden 0 minst ett av åren.",
    "uncertain": "Förändringen är inte statistiskt säkerställd.",
    "one_year": "Ett enskilt år avgör riktningen.",
}

Mask: TypeAlias = NDArray[np.bool_]


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


class Trends(NamedTuple):
    """The outcome of the test for many series.

    Attributes:
        result: a :data:`Result` each.
        reason: a key of :data:`REASONS_SV` each, empty where the series is up or down.
        slope: change a year; NaN where the test was refused.
        chi2: what is compared with :data:`CRITICAL`; NaN where the test was refused.
    """

    result: NDArray[np.str_]
    reason: NDArray[np.str_]
    slope: Floats
    chi2: Floats


def five_point(points: Sequence[Point]) -> Trend:
    """Test the five latest points of a series, given oldest first.

    Returns:
        "up" or "down" if the change is certain, "no_change" if it is not, "cannot_be_calculated" if the series must
        not be tested. The direction says nothing about better or worse.
    """
    window = list(points)[-POINTS:]
    if reason := refusal(window):
        return Trend("cannot_be_calculated", reason)
    columns = [floats(point.value or 0.0, (point.high or 0.0) - (point.low or 0.0)) for point in window]
    slope, chi2, certain, steady = _tested([value for value, _ in columns], [width for _, width in columns])
    if not certain:
        return Trend("no_change", REASONS_SV["uncertain"], float(slope), float(chi2))
    if not steady:
        return Trend("no_change", REASONS_SV["one_year"], float(slope), float(chi2))
    return Trend("up" if slope > 0 else "down", "", float(slope), float(chi2))


def five_points(
    values: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    preliminary: ArrayLike = False,
    break_before: ArrayLike = False,
    full: ArrayLike = False,
    covers: int = 1,
) -> Trends:
    """Test the five latest years of many series, with the same decisions as :func:`five_point`.

    Args:
        values: a row for each series, a column for each year, one year after another, the latest last; NaN where there
            is no value. More dimensions may stand before the years, such as a view of sliding windows.
        low: the lower 95 % limits, NaN where there are none.
        high: the upper ones.
        preliminary: as of :class:`Point`; of the same shape, or what can be broadcast to it.
        break_before: likewise.
        full: likewise.
        covers: how many years each value adds up; above 1 the periods overlap, and nothing is tested.

    Returns:
        One outcome a series.
    """
    y, lower, upper = (each[..., -POINTS:] for each in floats(values, low, high))
    early, breaks, all_of = (
        np.broadcast_to(np.asarray(each, dtype=bool), np.shape(values))[..., -POINTS:]
        for each in (preliminary, break_before, full)
    )
    shape = y.shape[:-1]
    if y.shape[-1] < POINTS:
        nothing = np.full(shape, np.nan)
        return Trends(np.full(shape, "cannot_be_calculated"), np.full(shape, "too_few"), nothing, nothing.copy())
    width = upper - lower
    refused = [
        ("missing", np.isnan(y).any(axis=-1)),
        ("overlapping", np.full(shape, covers > 1)),
        ("break", breaks[..., 1:].any(axis=-1)),
        ("mixed", early.any(axis=-1) & ~early.all(axis=-1)),
        ("no_interval", np.isnan(width).any(axis=-1)),
        ("full", all_of.any(axis=-1)),
        ("flat", ~(width > 0).all(axis=-1)),
    ]
    untested = np.logical_or.reduce([mask for _, mask in refused])
    with np.errstate(divide="ignore", invalid="ignore"):
        slope, chi2, certain, steady = _tested(_columns(y), _columns(width))
    reasons = [*refused, ("uncertain", ~certain), ("one_year", ~steady)]
    reason = np.select([mask for _, mask in reasons], [name for name, _ in reasons], default="")
    result = np.select(
        [untested, ~(certain & steady), slope > 0], ["cannot_be_calculated", "no_change", "up"], default="down"
    )
    return Trends(result, reason, np.where(untested, np.nan, slope), np.where(untested, np.nan, chi2))


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


def _tested(values: Sequence[Floats], widths: Sequence[Floats]) -> tuple[Floats, Floats, Mask, Mask]:
    """Return slope, chi-square, whether that is certain, and whether no one year decides the slope's sign.

    Args:
        values: of all series, an array a year. Year by year, so that a series gets the same figures to the last bit
            whichever others are tested with it.
        widths: of the intervals, likewise.
    """
    weights = [(WIDTH / width) ** 2 for width in widths]
    slope, precision = _slope(range(1, POINTS + 1), values, weights)
    steady = np.ones(np.shape(slope), dtype=bool)
    for out in range(POINTS):
        kept = [year for year in range(POINTS) if year != out]
        part, _ = _slope([year + 1 for year in kept], [values[year] for year in kept], [weights[year] for year in kept])
        steady &= part * np.sign(slope) > ROUNDING * np.abs(slope)
    chi2 = slope**2 * precision
    return slope, chi2, chi2 > CRITICAL, steady


def _slope(years: Sequence[int], values: Sequence[Floats], weights: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the weighted slope and its precision (the inverse of its variance)."""
    zero = np.float64(0)
    centre = sum((w * x for x, w in zip(years, weights, strict=True)), zero) / sum(weights, zero)
    apart = [x - centre for x in years]
    precision = sum((w * d**2 for d, w in zip(apart, weights, strict=True)), zero)
    moment = sum((w * d * y for d, y, w in zip(apart, values, weights, strict=True)), zero)
    return np.asarray(moment / precision), np.asarray(precision)


def _columns(rows: Floats) -> list[Floats]:
    return [np.ascontiguousarray(rows[..., year]) for year in range(POINTS)]


def _years(years: Sequence[int]) -> str:
    return ", ".join(map(str, years))
