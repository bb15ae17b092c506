"""Trend tests beside the five-point test: Cochran-Armitage for shares, Mann-Kendall for any ordered series.

Pure and vectorised: a series along the last axis, one outcome each. Both want values that are independent of one
another, so values that add up overlapping years are refused.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr

from include.measure.methods import Floats, floats

#: Series with fewer values get the exact probability.
EXACT_BELOW = 10


class TrendInShares(NamedTuple):
    """The outcome of the Cochran-Armitage test.

    Attributes:
        chi2: with one degree of freedom.
        p: two-sided.
        direction: 1 if the share grows with the scores, -1 if it falls, 0 if neither; NaN where there is no test.
    """

    chi2: Floats
    p: Floats
    direction: Floats


class MannKendall(NamedTuple):
    """The outcome of the Mann-Kendall test.

    Attributes:
        n: values that are there.
        s: pairs that rise less pairs that fall.
        variance: of S under no trend, with ties taken off.
        z: standardised S, with the correction for continuity.
        p_normal: two-sided, by the normal approximation.
        p: two-sided: exact below :data:`EXACT_BELOW` values, else as ``p_normal``.
        method: the name of what gave ``p`` (``include.measure.methods.METHODS``).
        tau: S divided by the number of pairs.
        slope: Sen's: the median change a step over all pairs.
    """

    n: NDArray[np.int64]
    s: Floats
    variance: Floats
    z: Floats
    p_normal: Floats
    p: Floats
    method: NDArray[np.str_]
    tau: Floats
    slope: Floats


def cochran_armitage(
    numerators: ArrayLike, denominators: ArrayLike, scores: ArrayLike | None = None, *, covers: int = 1
) -> TrendInShares:
    """Test whether a share rises or falls evenly over ordered groups.

    ``chi² = (Σtx - pΣnt)² / (p(1 - p)(Σnt² - (Σnt)²/N))`` with p = Σx/N, N = Σn.

    Args:
        numerators: events, groups along the last axis.
        denominators: how many could have had one.
        scores: t, where each group stands; 1, 2, 3 … if not given.
        covers: how many years each group adds up, if the groups are years.

    Returns:
        NaN where a group is missing or empty, has more events than units, or none or all had an event.

    Raises:
        ValueError: the groups overlap (``covers`` above 1).
    """
    _independent(covers)
    x, n = floats(numerators, denominators)
    t = np.arange(1, x.shape[-1] + 1, dtype=np.float64) if scores is None else np.asarray(scores, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = n.sum(axis=-1)
        p = x.sum(axis=-1) / whole
        apart = (x * t).sum(axis=-1) - p * (n * t).sum(axis=-1)
        spread = p * (1 - p) * ((n * t**2).sum(axis=-1) - (n * t).sum(axis=-1) ** 2 / whole)
        chi2 = apart**2 / spread
    sound = ((n > 0) & (x >= 0) & (x <= n)).all(axis=-1) & (spread > 0)
    chi2 = np.where(sound, chi2, np.nan)
    return TrendInShares(chi2, np.asarray(chdtrc(1, chi2)), np.where(sound, np.sign(apart), np.nan))


def mann_kendall(values: ArrayLike, *, covers: int = 1) -> MannKendall:
    """Test whether a series rises or falls, whatever the shape of its rise.

    ``S = Σ sign(xⱼ - xᵢ)`` over i < j; ``Var = (n(n-1)(2n+5) - Σt(t-1)(2t+5))/18`` over the ties t;
    ``Z = (S ∓ 1)/√Var``. The exact probability is that of |S| at least as large among all orders of the same values,
    ties kept.

    Args:
        values: a series along the last axis, evenly spaced; missing values (NaN) are left out, and the others keep
            their places, as the test looks at order alone.
        covers: how many years each value adds up.

    Returns:
        NaN where fewer than two values are there. Four values can never give a p below 0.05.

    Raises:
        ValueError: the values overlap (``covers`` above 1).
    """
    _independent(covers)
    (x,) = floats(values)
    rows = x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])
    n = (~np.isnan(rows)).sum(axis=-1)
    first, second = np.triu_indices(rows.shape[-1], k=1)
    change = rows[:, second] - rows[:, first]
    s = np.where(np.isnan(change), 0.0, np.sign(change)).sum(axis=-1)
    tied = np.diff(np.sort(rows, axis=-1), axis=-1) == 0  # NaN stands last, and equals nothing
    variance = (n * (n - 1) * (2 * n + 5) - _tie_term(tied)) / 18
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), 0.0)
        tau = s / (n * (n - 1) / 2)
        steps = change / (second - first)
    slope = np.full(len(rows), np.nan)
    some = n > 1
    slope[some] = np.nanmedian(steps[some], axis=-1)
    p_normal = 2 * ndtr(-np.abs(z))
    p = np.where(n < EXACT_BELOW, _exact(n, tied, s), p_normal)
    named = np.where(n < EXACT_BELOW, "mann_kendall_exact", "mann_kendall_normal")
    shape = x.shape[:-1]

    def told(each: Floats) -> Floats:
        return np.where(some, each, np.nan).reshape(shape)

    return MannKendall(
        n=n.reshape(shape),
        s=told(s),
        variance=told(variance),
        z=told(z),
        p_normal=told(p_normal),
        p=told(p),
        method=named.reshape(shape),
        tau=told(tau),
        slope=slope.reshape(shape),
    )


def kendall_distribution(ties: Sequence[int]) -> dict[int, int]:
    """Return how many orders of some values give each S.

    Args:
        ties: how often each different value occurs: (1, 1, 2) for three values of which one stands twice.

    The orders with k falling pairs are the coefficients of the q-multinomial ``[n]! / Π [t]!``; S is then the number of
    pairs of different values less 2k (Kendall 1975, chapter 5).
    """
    counts = _falling(tuple(sorted(ties)))
    pairs = len(counts) - 1
    return {pairs - 2 * falling: orders for falling, orders in enumerate(counts)}


def _independent(covers: int) -> None:
    if covers > 1:
        raise ValueError(f"Values that each add up {covers} years overlap, so no trend is tested on them.")


def _tie_term(tied: NDArray[np.bool_]) -> Floats:
    """Return Σ t(t-1)(2t+5) of each row, from where a sorted value equals the one before."""
    term = np.zeros(len(tied))
    run = np.ones(len(tied))
    for column in range(tied.shape[-1]):
        same = tied[:, column]
        before = run * (run - 1) * (2 * run + 5)
        run = np.where(same, run + 1, 1.0)
        term += np.where(same, run * (run - 1) * (2 * run + 5) - before, 0.0)
    return term


def _exact(n: NDArray[np.int64], tied: NDArray[np.bool_], s: Floats) -> Floats:
    """Return the exact two-sided probability of each row with fewer than :data:`EXACT_BELOW` values."""
    p = np.full(len(n), np.nan)
    few = np.flatnonzero((n > 1) & (n < EXACT_BELOW))
    patterns, place = np.unique(np.column_stack([n[few], tied[few]]), axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        chosen = few[place.reshape(-1) == number]
        size = int(pattern[0])
        p[chosen] = [_tail(_ties(size, pattern[1:size]), int(abs(each))) for each in s[chosen]]
    return p


def _ties(size: int, same: NDArray[np.int64]) -> tuple[int, ...]:
    """Return how often each different value occurs among sorted values."""
    starts = [0, *(np.flatnonzero(same == 0) + 1).tolist(), size]
    return tuple(sorted(after - before for before, after in pairwise(starts)))


@lru_cache(maxsize=4096)
def _tail(ties: tuple[int, ...], least: int) -> float:
    spread = kendall_distribution(ties)
    return sum(orders for s, orders in spread.items() if abs(s) >= least) / sum(spread.values())


@lru_cache(maxsize=1024)
def _falling(ties: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many orders have 0, 1, 2 … falling pairs."""
    found, before = [1], 0
    for size in ties:
        before += size
        found = _times(found, _between(before - size, size))
    return tuple(found)


@lru_cache(maxsize=1024)
def _between(others: int, size: int) -> tuple[int, ...]:
    """Return the Gaussian binomial: in how many ways ``size`` equal values can stand among others, by falling pairs."""
    if others == 0 or size == 0:
        return (1,)
    ways = [0] * (others * size + 1)
    for falling, count in enumerate(_between(others, size - 1)):
        ways[falling + others] += count  # one of them stands as far off as it can: across all others
    for falling, count in enumerate(_between(others - 1, size)):
        ways[falling] += count
    return tuple(ways)


def _times(left: Sequence[int], right: Sequence[int]) -> list[int]:
    product = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    return product
