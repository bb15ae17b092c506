"""Confidence intervals and the ways a value is made, each with its formula, reference and version.

Pure and vectorised: numpy arrays in and out, nothing rounded. A limit that does not exist (no denominator, more
events than units, Byar's lower limit below zero) is NaN, never 0.

The formulas are those of the English public health service's technical guide as carried out by the package
PHEindicatormethods 2.1.0 (commit 093fd28); ``tests/measure/test_methods.py`` holds its reference values.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, ndtri

Floats: TypeAlias = NDArray[np.float64]

#: Counts below this get the exact Poisson limits, others Byar's approximation.
EXACT_BELOW = 10

LEVEL = 0.95


class Interval(NamedTuple):
    """The lower and upper limit of a confidence interval."""

    low: Floats
    high: Floats


@dataclass(frozen=True)
class Method:
    """A method as a published figure names it.

    Attributes:
        version: raised whenever the method would give another figure for the same input.
        reference: where the formula comes from.
        sv: what it is, in Swedish, for the reader of the figure.
    """

    version: str
    reference: str
    sv: str


_PHE = "PHEindicatormethods 2.1.0 (OHID), commit 093fd28"

METHODS: dict[str, Method] = {
    "count": Method("1", "Egen räkning", "Antal, räknade utan urval. Inget osäkerhetsintervall."),
    "criteria": Method("1", "Egen räkning", "Antal uppfyllda villkor av de villkor som går att bedöma."),
    "share": Method("1", "Kvot", "Täljaren delad med nämnaren, gånger 100."),
    "rate": Method("1", "Kvot", "Täljaren delad med nämnaren, gånger enheten (till exempel 100 000 invånare)."),
    "given": Method("1", "Källan", "Källans egen uppgift, som den står där."),
    "source": Method("1", "Källan", "95-procentigt konfidensintervall enligt källan, för en urvalsundersökning."),
    "wilson": Method(
        "1",
        f"Wilson (1927), JASA 22:209–212; {_PHE}",
        "95-procentigt konfidensintervall för en andel enligt Wilson.",
    ),
    "exact_poisson": Method(
        "1",
        f"Garwood (1936), Biometrika 28:437–442; {_PHE}",
        "95-procentigt exakt Poissonintervall, använt när antalet är mindre än 10.",
    ),
    "byar": Method(
        "1",
        f"Breslow & Day (1987), Statistical Methods in Cancer Research II, s. 69; {_PHE}",
        "95-procentigt Poissonintervall enligt Byars approximation, använt när antalet är 10 eller fler.",
    ),
    "five_point_trend": Method(
        "1",
        "OHID Fingertips, Recent trends; DHSC FingertipsNext, commit d1600f4a5",
        "Vägd linjär regression på de fem senaste åren. En förändring anges bara om den är statistiskt säkerställd på "
        "99,8-procentsnivån och inget enskilt år avgör riktningen.",
    ),
}


def z_value(level: float = LEVEL) -> float:
    """Return the standard normal quantile of a two-sided interval, e.g. 1.959963985 for 0.95."""
    return float(ndtri(0.5 + level / 2))


def wilson(numerator: ArrayLike, denominator: ArrayLike, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of a proportion, within [0, 1].

    With x of n: ``(2x + z² ∓ z √(z² + 4x(1 - x/n))) / (2(n + z²))``. NaN where n is 0 or x exceeds n.
    """
    x, n = _floats(numerator, denominator)
    z = z_value(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        defined = (n > 0) & (x >= 0) & (x <= n)
        spread = z * np.sqrt(z**2 + 4 * x * (1 - x / n))
        low = (2 * x + z**2 - spread) / (2 * (n + z**2))
        high = (2 * x + z**2 + spread) / (2 * (n + z**2))
    # The root only cancels exactly on paper: 0 of n has the lower limit 0, n of n the upper limit 1.
    return _where(defined, np.where(x == 0, 0.0, low), np.where(x == n, 1.0, high))


def byar(count: ArrayLike, level: float = LEVEL) -> Interval:
    """Return Byar's approximate limits of a Poisson count.

    ``O(1 - 1/(9O) - z/(3√O))³`` and ``(O+1)(1 - 1/(9(O+1)) + z/(3√(O+1)))³``; a lower limit below 0 is NaN, as is that
    of a count of 0.
    """
    (o,) = _floats(count)
    z = z_value(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = o * (1 - 1 / (9 * o) - z / (3 * np.sqrt(o))) ** 3
        high = (o + 1) * (1 - 1 / (9 * (o + 1)) + z / (3 * np.sqrt(o + 1))) ** 3
    return Interval(np.where(low >= 0, low, np.nan), np.where(o >= 0, high, np.nan))


def exact_poisson(count: ArrayLike, level: float = LEVEL) -> Interval:
    """Return the exact (Garwood) limits of a Poisson count; the lower limit of 0 is 0.

    Half the chi-square quantiles with 2O and 2O + 2 degrees of freedom, which are gamma quantiles.
    """
    (o,) = _floats(count)
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(o == 0, 0.0, gammaincinv(np.where(o > 0, o, np.nan), tail))
        high = gammaincinv(np.where(o >= 0, o + 1, np.nan), 1 - tail)
    return Interval(low, high)


def poisson_interval(count: ArrayLike, level: float = LEVEL) -> Interval:
    """Return the limits of a Poisson count: exact below :data:`EXACT_BELOW`, else Byar's."""
    (o,) = _floats(count)
    exact, approximate = exact_poisson(o, level), byar(o, level)
    few = o < EXACT_BELOW
    return Interval(np.where(few, exact.low, approximate.low), np.where(few, exact.high, approximate.high))


def poisson_method(count: float) -> str:
    """Return which of :data:`METHODS` :func:`poisson_interval` uses for a count."""
    return "exact_poisson" if count < EXACT_BELOW else "byar"


def rate(numerator: ArrayLike, denominator: ArrayLike, per: float, level: float = LEVEL) -> tuple[Floats, Interval]:
    """Return events per ``per`` units with their Poisson interval; NaN where the denominator is not above 0."""
    x, n = _floats(numerator, denominator)
    limits = poisson_interval(x, level)
    size = np.where(n > 0, n, np.nan)
    return per * x / size, Interval(per * limits.low / size, per * limits.high / size)


def share(
    numerator: ArrayLike, denominator: ArrayLike, per: float = 100, level: float = LEVEL
) -> tuple[Floats, Interval]:
    """Return a proportion (times ``per``) with its Wilson interval; NaN where the denominator is not above 0."""
    x, n = _floats(numerator, denominator)
    limits = wilson(x, n, level)
    return per * x / np.where(n > 0, n, np.nan), Interval(per * limits.low, per * limits.high)


def _floats(*values: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def _where(defined: NDArray[np.bool_], low: Floats, high: Floats) -> Interval:
    return Interval(np.where(defined, low, np.nan), np.where(defined, high, np.nan))
