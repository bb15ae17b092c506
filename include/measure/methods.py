"""Confidence intervals and the ways a value is made, each with its formula, reference and version.

Pure and vectorised: numpy arrays in and out, nothing rounded. A limit that does not exist (no denominator, more
events than units, Byar's lower limit below zero) is NaN, never 0.

The formulas are those of the English public health service's technical guide as carried out by the package
PHEindicatormethods 2.1.0 (commit 093fd28); ``tests/measure/test_methods.py`` holds its reference values.

:data:`METHODS` is the one register of everything that a published figure may name, also of what other modules compute:
``rolling``, ``standardisation``, ``trend``, ``trend_tests``, ``spc``, ``comparison`` and ``progress``.
"""

from collections.abc import Callable
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
        formula: how the figure is made, in the signs of ``docs/method.md``.
    """

    version: str
    reference: str
    sv: str
    formula: str


_PHE = "PHEindicatormethods 2.1.0 (OHID), commit 093fd28"
_FINGERTIPS = "OHID Fingertips; DHSC FingertipsNext, commit d1600f4a5"
_PLOT_THE_DOTS = "NHS England, Making Data Count; NHSRplotthedots, commit 050b07d"

METHODS: dict[str, Method] = {
    "count": Method("1", "Egen räkning", "Antal, räknade utan urval. Inget osäkerhetsintervall.", "x"),
    "criteria": Method("1", "Egen räkning", "Antal uppfyllda villkor av de villkor som går att bedöma.", "Σ [xᵢ > 0]"),
    "share": Method("1", "Kvot", "Täljaren delad med nämnaren, gånger 100.", "100 x/n"),
    "rate": Method(
        "1", "Kvot", "Täljaren delad med nämnaren, gånger enheten (till exempel 100 000 invånare).", "m x/n"
    ),
    "given": Method("1", "Källan", "Källans egen uppgift, som den står där.", "källans"),
    "source": Method(
        "1",
        "Källan",
        "95-procentigt konfidensintervall enligt källan, för en urvalsundersökning.",
        "källans, om undre < övre",
    ),
    "rolling_sum": Method(
        "1",
        "Kvot av summor",
        "Flera år i följd räknade tillsammans: årens summa, eller summan av täljarna delad med summan av nämnarna. "
        "Saknas ett år finns inget värde. Perioderna överlappar varandra, så ingen trend prövas.",
        "m Σxᵢ / Σnᵢ över de k senaste åren",
    ),
    "direct_standardisation": Method(
        "1",
        f"Dobson m.fl. (1991), Statistics in Medicine 10:457–462; {_PHE}",
        "Åldersstandardiserat tal med 95-procentigt konfidensintervall enligt Dobson. Räknas bara om händelserna är "
        "minst 10.",
        "D = m Σwᵢxᵢ/nᵢ / Σw; V = m² Σwᵢ²xᵢ/nᵢ² / (Σw)²; D + √(V/O) (Byar(O) − O), O = Σxᵢ ≥ 10",
    ),
    "wilson": Method(
        "1",
        f"Wilson (1927), JASA 22:209–212; {_PHE}",
        "95-procentigt konfidensintervall för en andel enligt Wilson.",
        "(2x + z² ∓ z√(z² + 4x(1 − x/n))) / (2(n + z²))",
    ),
    "exact_poisson": Method(
        "1",
        f"Garwood (1936), Biometrika 28:437–442; {_PHE}",
        "95-procentigt exakt Poissonintervall, använt när antalet är mindre än 10.",
        "½χ²(α/2; 2O) och ½χ²(1 − α/2; 2O + 2); 0 om O = 0",
    ),
    "byar": Method(
        "1",
        f"Breslow & Day (1987), Statistical Methods in Cancer Research II, s. 69; {_PHE}",
        "95-procentigt Poissonintervall enligt Byars approximation, använt när antalet är 10 eller fler.",
        "O(1 − 1/(9O) − z/(3√O))³ och (O+1)(1 − 1/(9(O+1)) + z/(3√(O+1)))³",
    ),
    "five_point_trend": Method(
        "1",
        f"Recent trends, {_FINGERTIPS}",
        "Vägd linjär regression på de fem senaste åren. En förändring anges bara om den är statistiskt säkerställd på "
        "99,8-procentsnivån och inget enskilt år avgör riktningen.",
        "b = (ΣwΣwxy − ΣwxΣwy)/(ΣwΣwx² − (Σwx)²), w = (3,92/(övre − undre))²; chi² = b²(ΣwΣwx² − (Σwx)²)/Σw > 9,5495 "
        "och alla fem lutningar utan ett år har b:s tecken",
    ),
    "cochran_armitage": Method(
        "1",
        "Cochran (1954), Biometrics 10:417–451; Armitage (1955), Biometrics 11:375–386",
        "Cochran–Armitages test av om en andel stiger eller sjunker jämnt mellan ordnade grupper.",
        "chi² = (Σtx − pΣnt)² / (p(1 − p)(Σnt² − (Σnt)²/N)), p = Σx/N, N = Σn",
    ),
    "mann_kendall_exact": Method(
        "1",
        "Mann (1945), Econometrica 13:245–259; Kendall (1975), Rank Correlation Methods",
        "Mann–Kendalls test av om en serie stiger eller sjunker, med exakt sannolikhet ur alla möjliga ordningsföljder "
        "av samma värden. Använt för färre än 10 värden.",
        "S = Σ tecken(xⱼ − xᵢ), i < j; p = andelen ordningsföljder med minst lika stort |S|",
    ),
    "mann_kendall_normal": Method(
        "1",
        "Mann (1945), Econometrica 13:245–259; Kendall (1975), Rank Correlation Methods",
        "Mann–Kendalls test av om en serie stiger eller sjunker, med normalapproximation. Använt för 10 eller fler "
        "värden.",
        "Z = (S − tecken S)/√V, V = (n(n − 1)(2n + 5) − Σt(t − 1)(2t + 5))/18",
    ),
    "sen_slope": Method(
        "1",
        "Sen (1968), JASA 63:1379–1389",
        "Sens lutning: medianen av förändringen per steg mellan alla par av värden.",
        "median((xⱼ − xᵢ)/(j − i)), i < j",
    ),
    "xmr": Method(
        "1",
        f"{_PLOT_THE_DOTS}; som i Excelverktygen, utan gallring",
        "Styrdiagram (XmR) med gränser tre standardavvikelser från medelvärdet, skattade ur skillnaderna mellan "
        "närliggande värden.",
        "x̄ ± 2,66 R̄, R = |xₜ − xₜ₋₁|",
    ),
    "xmr_screened": Method(
        "1",
        f"{_PLOT_THE_DOTS}; som i R-paketet, med gallring",
        "Styrdiagram (XmR) med gränser tre standardavvikelser från medelvärdet, skattade ur skillnaderna mellan "
        "närliggande värden sedan de största skillnaderna tagits bort en gång.",
        "x̄ ± 2,66 R̄, R̄ över de R som är mindre än 3,267 R̄",
    ),
    "benchmark_comparison": Method(
        "1",
        f"CIOverlappingReferenceValue95, {_FINGERTIPS}",
        "Områdets 95-procentiga konfidensintervall ställt mot jämförelseområdets värde. Högre eller lägre anges bara "
        "om hela intervallet ligger på samma sida.",
        "högre: undre > jämförelsevärdet; lägre: övre < jämförelsevärdet; annars liknande",
    ),
    "two_area_comparison": Method(
        "1",
        "Schenker & Gentleman (2001), The American Statistician 55:182–186",
        "Två områdens 95-procentiga konfidensintervall ställda mot varandra. Skillnad anges bara om de inte överlappar "
        "varandra, vilket är försiktigt: överlappande intervall utesluter inte en skillnad.",
        "högre: undre(a) > övre(b); lägre: övre(a) < undre(b); annars liknande",
    ),
    "statcan_progress": Method(
        "1",
        "Statistics Canada; Open SDG 2.4, Progress Measurement Methodology",
        "Årlig procentuell förändring sedan basåret jämförd med den som behövs för att nå målet i tid. Bedöms inte om "
        "osäkerheten rymmer både att ligga före och att ligga efter.",
        "R = ±((yᵢ/y₀)^(1/(tᵢ−t₀)) − 1) / |(yₘ/y₀)^(1/(tₘ−t₀)) − 1|; gränser 0,95, 0,60 och 0",
    ),
}


def z_value(level: float = LEVEL) -> float:
    """Return the standard normal quantile of a two-sided interval, e.g. 1.959963985 for 0.95."""
    return float(ndtri(0.5 + level / 2))


def wilson(numerator: ArrayLike, denominator: ArrayLike, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of a proportion, within [0, 1].

    With x of n: ``(2x + z² ∓ z √(z² + 4x(1 - x/n))) / (2(n + z²))``. NaN where n is 0 or x exceeds n.
    """
    x, n = floats(numerator, denominator)
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
    (o,) = floats(count)
    z = z_value(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = o * (1 - 1 / (9 * o) - z / (3 * np.sqrt(o))) ** 3
        high = (o + 1) * (1 - 1 / (9 * (o + 1)) + z / (3 * np.sqrt(o + 1))) ** 3
    return Interval(np.where(low >= 0, low, np.nan), np.where(o >= 0, high, np.nan))


def exact_poisson(count: ArrayLike, level: float = LEVEL) -> Interval:
    """Return the exact (Garwood) limits of a Poisson count; the lower limit of 0 is 0.

    Half the chi-square quantiles with 2O and 2O + 2 degrees of freedom, which are gamma quantiles.
    """
    (o,) = floats(count)
    tail = (1 - level) / 2
    # Counts repeat, and a gamma quantile is dear: each distinct count is looked up once.
    distinct, place = np.unique(o, return_inverse=True)
    with np.errstate(invalid="ignore"):
        low = np.where(distinct == 0, 0.0, gammaincinv(np.where(distinct > 0, distinct, np.nan), tail))
        high = gammaincinv(np.where(distinct >= 0, distinct + 1, np.nan), 1 - tail)
    return Interval(low[place].reshape(o.shape), high[place].reshape(o.shape))


def poisson_interval(count: ArrayLike, level: float = LEVEL) -> Interval:
    """Return the limits of a Poisson count: exact below :data:`EXACT_BELOW`, else Byar's."""
    (o,) = floats(count)
    low, high = byar(o, level)
    few = o < EXACT_BELOW
    low[few], high[few] = exact_poisson(o[few], level)
    return Interval(low, high)


def poisson_method(count: float) -> str:
    """Return which of :data:`METHODS` :func:`poisson_interval` uses for a count."""
    return "exact_poisson" if count < EXACT_BELOW else "byar"


def rate(
    numerator: ArrayLike,
    denominator: ArrayLike,
    per: float,
    level: float = LEVEL,
    interval: Callable[[ArrayLike, float], Interval] = poisson_interval,
) -> tuple[Floats, Interval]:
    """Return events per ``per`` units with their Poisson interval; NaN where the denominator is not above 0.

    Args:
        numerator: events.
        denominator: the units (inhabitants, as a rule) that they are counted among.
        per: size of the unit told, for example 100 000.
        level: of the interval.
        interval: of the count: :func:`poisson_interval`, :func:`exact_poisson` or :func:`byar`.
    """
    x, n = floats(numerator, denominator)
    limits = interval(x, level)
    size = np.where(n > 0, n, np.nan)
    return per * x / size, Interval(per * limits.low / size, per * limits.high / size)


def share(
    numerator: ArrayLike, denominator: ArrayLike, per: float = 100, level: float = LEVEL
) -> tuple[Floats, Interval]:
    """Return a proportion (times ``per``) with its Wilson interval; NaN where the denominator is not above 0."""
    x, n = floats(numerator, denominator)
    limits = wilson(x, n, level)
    return per * x / np.where(n > 0, n, np.nan), Interval(per * limits.low, per * limits.high)


def source_interval(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> Interval:
    """Return the limits that the source of a survey gives for its own figure, where they can be limits.

    NaN where one limit is missing, the interval has no width, or it does not hold its own value: such limits are a
    fault of the source, and no limits are better than wrong ones.
    """
    v, lower, upper = floats(value, low, high)
    return _where((lower < upper) & (lower <= v) & (v <= upper), lower, upper)


def floats(*values: ArrayLike) -> tuple[Floats, ...]:
    """Return numbers as arrays of one shape."""
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def _where(defined: NDArray[np.bool_], low: Floats, high: Floats) -> Interval:
    return Interval(np.where(defined, low, np.nan), np.where(defined, high, np.nan))
