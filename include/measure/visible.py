"""How small a change the trend test could see: whether "no change" is an answer, or whether there is too little to say.

A steady rise of 8 % a year on some 50 cases is "no change" to the five-point test, though nobody may read it as calm.
The least slope that the test calls certain is ``sqrt(CRITICAL / precision)``, where the precision is the test's own:
that of a weighted line through five points, each with the standard error ``width / WIDTH`` of its interval. It is
compared with the level of the five values. For plain counts the rule :data:`MOST_HIDDEN` asks for about 65 events a
year.
"""

from collections.abc import Sequence

import numpy as np

from include.measure.trend import CRITICAL, POINTS, WIDTH, Point

#: A test that could only see a change of more than this part of the level, from its first year to its last, has too
#: few events for its "no change" to mean anything.
MOST_HIDDEN = 0.5


def least_visible(points: Sequence[Point]) -> float:
    """Return the least change from first to last year that the test could call certain, in the unit of the values.

    Args:
        points: five yearly values that may be tested (:func:`include.measure.trend.refusal`), oldest first.

    Raises:
        ValueError: there are not five, or one has no interval of some width.
    """
    widths = [(point.high or 0.0) - (point.low or 0.0) for point in points]
    if len(points) != POINTS or not all(width > 0 for width in widths):
        raise ValueError(f"the test looks at {POINTS} values, each with an interval")
    weights = (WIDTH / np.array(widths, dtype=np.float64)) ** 2
    years = np.arange(1, POINTS + 1, dtype=np.float64)
    centred = years - (weights * years).sum() / weights.sum()
    precision = float((weights * centred**2).sum())
    return float(np.sqrt(CRITICAL / precision)) * (POINTS - 1)


def too_few(points: Sequence[Point], *, out_of: float | None = None) -> bool:
    """Return whether five values rest on too few events for the test to tell a change from chance.

    Args:
        points: as in :func:`least_visible`.
        out_of: what a share can be at most (100 of a percentage). The level of a share is then the smaller of the share
            and the rest, so that the answer is the same whichever of the two is counted.
    """
    values = [point.value or 0.0 for point in points]
    level = float(np.mean(values))
    if out_of is not None:
        level = min(level, out_of - level)
    return least_visible(points) > MOST_HIDDEN * level
