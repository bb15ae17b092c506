"""Comparisons: an area with the country, and two areas with one another, so that chance is not called a difference.

Pure and vectorised. "Higher" and "lower" say nothing of better or worse; the indicator's direction does, and a neutral
indicator has none.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from include.measure.methods import floats

Outcome = Literal["higher", "lower", "similar", "cannot_be_calculated"]

#: Why areas are not compared, or what "similar" means; of several the first is told.
REASONS_SV = {
    "no_value": "Uppgift saknas för området.",
    "no_benchmark": "Uppgift saknas för jämförelseområdet.",
    "no_interval": "Värdet har inget osäkerhetsintervall.",
    "no_width": "Osäkerhetsintervallet går inte att använda.",
    "holds_benchmark": "Jämförelsevärdet ligger inom områdets osäkerhetsintervall.",
    "overlap": "Osäkerhetsintervallen överlappar varandra. Det utesluter inte en skillnad.",
}


class Comparison(NamedTuple):
    """The outcome of comparisons.

    Attributes:
        result: an :data:`Outcome` each.
        reason: a key of :data:`REASONS_SV` each; empty where the result is higher or lower.
    """

    result: NDArray[np.str_]
    reason: NDArray[np.str_]


def with_benchmark(value: ArrayLike, low: ArrayLike, high: ArrayLike, benchmark: ArrayLike) -> Comparison:
    """Compare areas with a benchmark: is its value outside the area's interval?

    Args:
        value: the area's value, NaN if it has none.
        low: lower 95 % limit of the area's value, NaN if it has none.
        high: the upper limit.
        benchmark: value of the country or another benchmark. Its own uncertainty is left out, so it must rest on many
            more events than the area.

    Returns:
        ``higher`` if the whole interval lies above the benchmark, ``lower`` if it lies below; a limit just on it is
        ``similar``.
    """
    v, lower, upper, other = floats(value, low, high, benchmark)
    obstacles = [
        ("no_value", np.isnan(v)),
        ("no_benchmark", np.isnan(other)),
        ("no_interval", np.isnan(lower) | np.isnan(upper)),
        ("no_width", ~(lower < upper)),
    ]
    return _outcome(obstacles, lower > other, upper < other, "holds_benchmark")


def of_two(low: ArrayLike, high: ArrayLike, other_low: ArrayLike, other_high: ArrayLike) -> Comparison:
    """Compare two areas: do their intervals lie apart?

    This is conservative: two 95 % intervals that overlap a little can belong to values that differ at the 95 % level.
    ``similar`` is therefore no proof that they are alike, and its reason says so.

    Args:
        low: lower 95 % limit of the area's value, NaN if it has none.
        high: the upper limit.
        other_low: likewise, of the area that it is compared with.
        other_high: the upper limit.
    """
    a_low, a_high, b_low, b_high = floats(low, high, other_low, other_high)
    obstacles = [
        ("no_interval", np.isnan(a_low) | np.isnan(a_high) | np.isnan(b_low) | np.isnan(b_high)),
        ("no_width", ~((a_low < a_high) & (b_low < b_high))),
    ]
    return _outcome(obstacles, a_low > b_high, a_high < b_low, "overlap")


def _outcome(
    obstacles: list[tuple[str, NDArray[np.bool_]]], above: NDArray[np.bool_], below: NDArray[np.bool_], similar: str
) -> Comparison:
    masks = [mask for _, mask in obstacles]
    apart = above | below
    result = np.select(
        [np.logical_or.reduce(masks), above, below], ["cannot_be_calculated", "higher", "lower"], default="similar"
    )
    reason = np.select([*masks, apart], [*(name for name, _ in obstacles), ""], default=similar)
    return Comparison(result, reason)
