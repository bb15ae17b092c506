"""Statistical process control: the XmR chart, for quarterly series of the parties' extracts.

The rules are those of NHS England's "Making Data Count", as the package NHSRplotthedots (commit 050b07d) carries them
out; its Excel tools do not screen the moving ranges, the package does, so the caller says which. Decided here:

* a series with a missing value has no chart: the two values beside the gap are no neighbours;
* if all moving ranges are 0, none is screened away (the package then has no limits at all);
* differences in the last bits are no differences, so a constant series has no special causes.

Yearly series of this follow-up are too short for it: with fewer than :data:`TRIAL_BELOW` values the limits are a trial.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from include.measure.methods import Floats, Interval, floats
from include.registry.models import Direction

#: Half the width between the limits, in average moving ranges: three standard deviations.
LIMIT = 2.66

#: A moving range of this many average ones is screened away.
SCREEN = 3.267

#: With fewer values the limits are a trial, and are called that.
TRIAL_BELOW = 12

#: Length of the runs that are a special cause.
RUN = 7

Signs = NDArray[np.int8]
Assurance = Literal["met", "missed", "varies", "not_assessed"]

#: The special causes, the gravest first: a point that has several is said to have the first.
CAUSES_SV = {
    "outside": "Värdet ligger utanför gränserna.",
    "trend": f"{RUN} värden i följd stiger eller sjunker.",
    "two_of_three": "Två av tre värden i följd ligger nära samma gräns.",
    "one_side": f"{RUN} värden i följd ligger på samma sida om medelvärdet.",
}


class Chart(NamedTuple):
    """An XmR chart for each series.

    Attributes:
        mean: centre line.
        low: lower limit, which may lie below what the figure can be; see :func:`drawn`.
        high: upper limit.
        near_low: two thirds of the way to the lower limit.
        near_high: two thirds of the way to the upper limit.
        moving_range: the average that the limits are made of.
        cause: for each value a key of :data:`CAUSES_SV`, or empty: nothing but chance.
        side: for each value 1 above the mean, -1 below, 0 on it.
        trial: whether there are too few values for firm limits.
    """

    mean: Floats
    low: Floats
    high: Floats
    near_low: Floats
    near_high: Floats
    moving_range: Floats
    cause: NDArray[np.str_]
    side: Signs
    trial: bool


def xmr(values: ArrayLike, *, screen: bool) -> Chart:
    """Return the chart of each series: ``mean ± 2.66 × average moving range``, and which values have a special cause.

    Args:
        values: a series along the last axis, oldest first.
        screen: whether moving ranges of 3.267 times the average or more are left out, once, before the limits are made.

    Returns:
        Limits are NaN, and no cause is given, where a value is missing or there are fewer than two.
    """
    (y,) = floats(values)
    steps = np.abs(np.diff(y, axis=-1))
    mean, average = _mean(y), _mean(steps)
    if screen:
        kept = (steps < SCREEN * average[..., np.newaxis]) | (average[..., np.newaxis] == 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            average = np.where(kept, steps, 0.0).sum(axis=-1) / kept.sum(axis=-1)
    mean = np.where(np.isnan(average), np.nan, mean)
    low, high = mean - LIMIT * average, mean + LIMIT * average
    near_low, near_high = mean - 2 * LIMIT / 3 * average, mean + 2 * LIMIT / 3 * average
    side = _over(y, mean) - _over(-y, -mean)
    outside = (_over(y, high) | _over(-y, -low)) > 0
    near = ~outside & ((_over(y, near_high) | _over(-y, -near_low)) > 0)
    cause = np.select(
        [
            outside,
            part_of_run(trend_ends(y)) > 0,
            near & two_of_three(near, side),
            part_of_run(one_side_ends(side)) > 0,
        ],
        list(CAUSES_SV),
        default="",
    )
    cause = np.where(np.isnan(low)[..., np.newaxis], "", cause)
    return Chart(mean, low, high, near_low, near_high, average, cause, side, y.shape[-1] < TRIAL_BELOW)


def drawn(low: ArrayLike, high: ArrayLike, *, least: float = 0.0, most: float | None = None) -> Interval:
    """Return limits as they are drawn: a count cannot be below 0, nor a share above 100 %."""
    lower, upper = floats(low, high)
    return Interval(np.maximum(lower, least), upper if most is None else np.minimum(upper, most))


def assurance(target: ArrayLike, low: ArrayLike, high: ArrayLike, direction: Direction) -> NDArray[np.str_]:
    """Return whether a series can be relied on to meet its target, as it runs now (an :data:`Assurance` each).

    Args:
        target: the target.
        low: lower limit of the chart.
        high: upper limit of the chart.
        direction: ``+`` higher is better, ``-`` lower is; with ``0`` nothing is assessed.
    """
    wanted, lower, upper = floats(target, low, high)
    over, under = wanted > upper, wanted < lower
    missed, met = (over, under) if direction == "+" else (under, over)
    unknown = np.isnan(wanted) | np.isnan(lower) | np.isnan(upper) | (direction == "0")
    return np.select([unknown, met, missed], ["not_assessed", "met", "missed"], default="varies")


def trend_ends(values: ArrayLike) -> Signs:
    """Return 1 or -1 where a value ends seven that all rise or all fall, else 0; equal neighbours break a run."""
    (y,) = floats(values)
    with np.errstate(invalid="ignore"):
        steps = np.nan_to_num(np.sign(np.diff(y, axis=-1)))
    return _run_ends(steps, RUN - 1, y.shape)


def one_side_ends(side: ArrayLike) -> Signs:
    """Return 1 or -1 where a value ends seven on one side of the mean, else 0."""
    signs = np.asarray(side)
    return _run_ends(signs, RUN, signs.shape)


def part_of_run(ends: ArrayLike, length: int = RUN) -> Signs:
    """Return 1 for every value of a run, given where the runs end."""
    ended = np.asarray(ends) != 0
    found = np.zeros(ended.shape, dtype=np.int8)
    size = ended.shape[-1]
    for ahead in range(min(length, size)):
        found[..., : size - ahead] |= ended[..., ahead:]
    return found


def two_of_three(near: ArrayLike, side: ArrayLike) -> NDArray[np.bool_]:
    """Return which values lie in three in a row, all on one side of the mean, with two or more near the limit."""
    close, signs = np.asarray(near, dtype=bool), np.asarray(side)
    found = np.zeros(close.shape, dtype=bool)
    if close.shape[-1] >= 3:
        three = (sliding_window_view(close, 3, axis=-1).sum(axis=-1) >= 2) & (
            np.abs(sliding_window_view(signs, 3, axis=-1).sum(axis=-1)) == 3
        )
        for place in range(3):
            found[..., place : place + three.shape[-1]] |= three
    return found


def _run_ends(signs: NDArray[np.generic], length: int, shape: tuple[int, ...]) -> Signs:
    """Return the sign of the runs of ``length`` equal signs, at the value that ends them."""
    found = np.zeros(shape, dtype=np.int8)
    if signs.shape[-1] >= length:
        run = sliding_window_view(signs.astype(np.int8), length, axis=-1)
        ends = np.where((run == run[..., :1]).all(axis=-1), run[..., 0], 0)
        found[..., shape[-1] - ends.shape[-1] :] = ends
    return found


def _mean(values: Floats) -> Floats:
    """Return the mean of each series, NaN if it has no value."""
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(values.mean(axis=-1))


def _over(values: Floats, line: Floats) -> Signs:
    """Return 1 where a value lies above its series' line by more than rounding."""
    rounding = 1e-12 * np.abs(values)
    return (values - line[..., np.newaxis] > rounding).astype(np.int8)
