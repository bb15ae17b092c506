"""Progress towards a target, by Statistics Canada's method as Open SDG 2.4 carries it out.

The compound annual growth since the base year is set beside the growth that would reach the target in its year:

    R = d × ((y/y₀)^(1/(t - t₀)) - 1) / |(T/y₀)^(1/(t_T - t₀)) - 1|,   d = 1 (higher is better) or -1

R ≥ 0.95 is substantial, ≥ 0.60 moderate, ≥ 0 limited, below 0 deterioration. Without a target the growth itself is set
beside 1.5, 0.5 and 0 % a year, the first two times C where a natural limit (such as 100 %) leaves little room:
C = 1 - (y₀/limit)^4.44, mirrored for a lower limit. The source leaves some cases open, or answers them in a way that
would not bear to be published here. Decided:

* **A base or target of 0** has no growth in percent. The source puts 0.001 in its place, and the answer then hangs on
  that number alone; here it is not assessed. What needs no growth to be told still is: that the target is achieved, and
  that the value has moved the wrong way. A straight line instead would judge two series by two yardsticks.
* **Values below 0** are not assessed (no indicator has any).
* **Uncertainty**: nothing is told if the intervals let the value be on either side of the needed path, the value that
  steady growth towards the target would have reached by now (from the target year on, the target; the target too, if
  the base already met it). The path starts from the base value, which is uncertain as well, so the difference of the
  logarithms of value and path has limits after Zou & Donner (2008), Statistics in Medicine 27:1693–1702. A value
  without interval was counted, and is certain. On which side of the path the value lies is then sure; how far from it,
  and so the choice among the categories of that side, follows the values alone, as in the source.
* **A target year that has passed** is told in the reason, and the category stands.
* **The same value as the base** is limited progress (R = 0), as in the source.
"""

import math
from dataclasses import dataclass
from typing import Literal

from include.registry.models import Direction

Status = Literal["achieved", "substantial", "moderate", "limited", "deterioration", "not_assessable"]

#: R from which progress towards a target is substantial and moderate.
WITH_TARGET = (0.95, 0.60)

#: Growth a year from which progress without a target is substantial and moderate.
WITHOUT_TARGET = (0.015, 0.005)

#: Exponent of the factor that lowers the thresholds near a natural limit.
NEAR_LIMIT = 4.44


@dataclass(frozen=True)
class At:
    """A value of a year with its 95 % limits; none where everything was counted."""

    year: int
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Progress:
    """The status with the arithmetic behind it.

    Attributes:
        status: how far along.
        reason_sv: why it cannot be assessed, or what the reader must know of it; else empty.
        needed: growth a year that leads from the base to the target in its year (0.05 = 5 %); without a target, the
            growth from which progress is substantial. None where there is none.
        actual: growth a year since the base, None where there is none.
        ratio: R: actual over needed in the wanted direction; with the target achieved it is told too where it exists.
        path: the value that would be just on the way now.
    """

    status: Status
    reason_sv: str = ""
    needed: float | None = None
    actual: float | None = None
    ratio: float | None = None
    path: float | None = None


def progress(
    base: At,
    current: At,
    *,
    direction: Direction,
    target: float | None = None,
    target_year: int | None = None,
    limit: float | None = None,
) -> Progress:
    """Return how far a value has come from its base towards a target.

    Args:
        base: where it started.
        current: the latest value.
        direction: ``+`` higher is better, ``-`` lower is; with ``0`` nothing is assessed.
        target: the value to be reached, None if there is none.
        target_year: by when. Needed with a target.
        limit: the highest value that there can be (``+``), or the lowest (``-``). Only looked at without a target.

    Raises:
        ValueError: a target without a year, or a value outside its own limits.
    """
    if target is not None and target_year is None:
        raise ValueError("A target needs the year by which it is to be reached.")
    if reason := _refusal(base, current, direction, target, target_year):
        return Progress("not_assessable", reason)
    wanted = 1 if direction == "+" else -1
    if target is not None and target_year is not None:
        return _towards(base, current, wanted, target, target_year)
    return _without_target(base, current, wanted, limit)


def _refusal(base: At, current: At, direction: Direction, target: float | None, target_year: int | None) -> str:
    """Return why nothing can be said (Swedish), or an empty text."""
    if direction == "0":
        return "Indikatorn har ingen önskad riktning."
    if base.value is None:
        return f"Uppgift saknas för basåret {base.year}."
    if current.value is None:
        return f"Uppgift saknas för {current.year}."
    if current.year <= base.year:
        return f"Det finns ingen uppgift efter basåret {base.year}."
    if target_year is not None and target_year <= base.year:
        return f"Målåret {target_year} ligger inte efter basåret {base.year}."
    for at in (base, current):
        if at.value is not None and at.low is not None and at.high is not None and not at.low <= at.value <= at.high:
            raise ValueError(f"The value of {at.year} lies outside its own limits.")
    if min(base.value, current.value, 0.0 if target is None else target) < 0:
        return "Metoden går inte att använda på värden under 0."
    return ""


def _towards(base: At, current: At, wanted: int, target: float, target_year: int) -> Progress:
    """Return the progress towards a target."""
    first, now = _value(base), _value(current)
    actual = _growth(first, now, current.year - base.year)
    needed = _growth(first, target, target_year - base.year) if target > 0 else None
    ratio = wanted * actual / abs(needed) if needed and actual is not None else None
    gone = (current.year - base.year) / (target_year - base.year)
    path: float | None = None
    weight = 0.0
    if wanted * (first - target) >= 0 or gone >= 1:
        path = target
    elif first > 0 and target > 0:
        path, weight = first ** (1 - gone) * target**gone, 1 - gone
    told = {"needed": needed, "actual": actual, "ratio": ratio, "path": path}
    if path is not None and _either_side(base, current, path, weight):
        return Progress("not_assessable", _UNCERTAIN, **told)
    if wanted * (now - target) >= 0:
        return Progress("achieved", "", **told)
    passed = _PASSED if current.year > target_year else ""
    if wanted * (now - first) < 0:
        return Progress("deterioration", passed, **told)
    if ratio is None:
        return Progress("not_assessable", _ZERO_BASE if first == 0 else _ZERO_TARGET, **told)
    return Progress(_category(ratio, *WITH_TARGET), passed, **told)


def _without_target(base: At, current: At, wanted: int, limit: float | None) -> Progress:
    """Return the progress in the wanted direction."""
    first, now = _value(base), _value(current)
    if limit is not None and wanted * (first - limit) > 0:
        return Progress("not_assessable", "Utgångsvärdet ligger bortom den gräns som är satt för indikatorn.")
    room = 1.0 if limit is None else _room(first, limit)
    years = current.year - base.year
    actual, needed = _growth(first, now, years), wanted * WITHOUT_TARGET[0] * room
    path = first * (1 + needed) ** years
    told = {"needed": needed, "actual": actual, "path": path}
    if _either_side(base, current, path, 1.0):
        return Progress("not_assessable", _UNCERTAIN, **told)
    if wanted * (now - first) < 0:
        return Progress("deterioration", "", **told)
    if actual is None:
        return Progress("not_assessable", _ZERO_BASE, **told)
    high, medium = (each * room for each in WITHOUT_TARGET)
    return Progress(_category(wanted * actual, high, medium), "", **told)


_UNCERTAIN = "Osäkerheten är för stor: värdet kan ligga både före och efter den takt som behövs."
_ZERO_BASE = "Utgångsvärdet är 0, så ingen årlig procentuell förändring kan räknas."
_PASSED = "Målåret har passerat utan att målet har nåtts."
_ZERO_TARGET = "Målet är 0, så ingen årlig procentuell förändring som leder dit kan räknas."


def _category(ratio: float, high: float, medium: float) -> Status:
    """Return the category of a ratio that is not below 0."""
    if ratio >= high:
        return "substantial"
    return "moderate" if ratio >= medium else "limited"


def _growth(first: float, last: float, years: int) -> float | None:
    """Return the compound growth a year, None from 0."""
    return (last / first) ** (1 / years) - 1 if first > 0 else None


def _room(first: float, limit: float) -> float:
    """Return C, the factor of the thresholds: 0 at a natural limit, 1 far from it."""
    if first >= 2 * limit:
        return 1.0
    near = first if first <= limit else 2 * limit - first
    return float(1 - (near / limit) ** NEAR_LIMIT)


def _either_side(base: At, current: At, path: float, weight: float) -> bool:
    """Return whether the intervals let the value be on either side of the path.

    The path is the base value to the power ``weight`` times a constant, so the difference of the logarithms has the
    limits of the method of variance estimates recovery.
    """
    now = _value(current)
    if min(now, path) <= 0:  # no logarithm, and no value is below 0
        return current.low is not None and current.high is not None and current.low < path < current.high
    down, up = _arms(current)
    base_down, base_up = _arms(base) if weight else (0.0, 0.0)
    apart = math.log(now / path)
    return apart - math.hypot(down, weight * base_up) < 0 < apart + math.hypot(up, weight * base_down)


def _arms(at: At) -> tuple[float, float]:
    """Return how far the logarithm of a value above 0 reaches down and up to its limits."""
    if at.low is None or at.high is None:
        return 0.0, 0.0
    down = math.log(_value(at) / at.low) if at.low > 0 else math.inf
    return down, math.log(at.high / _value(at))


def _value(at: At) -> float:
    if at.value is None:
        raise ValueError(f"{at.year} has no value.")
    return at.value
