"""Years added up: what a small county must do where single years hold too few events.

The value of a period is the sum of its numerators divided by the sum of its denominators, never a mean of yearly rates.
The periods overlap, so no trend may be tested on them: the tests of ``trend`` and ``trend_tests`` refuse values that
cover more than one year (``covers``).
"""

import numpy as np
from numpy.typing import ArrayLike

from include.measure.methods import LEVEL, Floats, Interval, floats, rate, share

#: How many years a period has, unless something else is asked for.
YEARS = 3


def rolling_sum(values: ArrayLike, years: int = YEARS) -> Floats:
    """Return the sums of the ``years`` latest years at each year.

    Args:
        values: years along the last axis, one after another without gaps; NaN where a year has no value.
        years: how many are added.

    Returns:
        An array of the same shape. NaN where a year of the period is missing or lies before the first: what is missing
        is never taken for 0.

    Raises:
        ValueError: ``years`` is below 1.
    """
    if years < 1:
        raise ValueError(f"A period of {years} years cannot be added up; expected 1 or more.")
    (x,) = floats(values)
    found = np.full(x.shape, np.nan)
    length = x.shape[-1] - years + 1
    if length > 0:
        # Shifted slices, not a running sum: a missing year must not spoil the periods after it.
        found[..., years - 1 :] = sum((x[..., back : back + length] for back in range(years)), np.float64(0))
    return found


def rolling_rate(
    numerator: ArrayLike, denominator: ArrayLike, per: float, years: int = YEARS, level: float = LEVEL
) -> tuple[Floats, Interval]:
    """Return events per ``per`` units over several years, with the Poisson interval of the added events."""
    return rate(rolling_sum(numerator, years), rolling_sum(denominator, years), per, level)


def rolling_share(
    numerator: ArrayLike, denominator: ArrayLike, per: float = 100, years: int = YEARS, level: float = LEVEL
) -> tuple[Floats, Interval]:
    """Return a proportion over several years (times ``per``), with Wilson's interval of the added counts."""
    return share(rolling_sum(numerator, years), rolling_sum(denominator, years), per, level)
