"""Indicators of a national cube beside the same thing in plain numpy, in one run on one machine.

186,600 rows: 311 areas x 60 types of offence x 10 years. Each way makes, from counts and inhabitants, the rate per
100,000 with exact 95 % limits, the sums of three years, and the trend of each of the 18,660 series:

* ``numpy``: a bare cube: quotient, ``gammaincinv`` of every cell, a running sum, and a least-squares line through ten
  years. No missing values, no decision.
* ``numpy, each count once``: the same, but ``gammaincinv`` of each distinct count only, as ``measure`` does it.
* ``measure``: the project's own functions, as they are used: missing values and empty denominators have no value, the
  trend is the five-point test with all that may refuse it and its five lines with one year left out.
* ``measure, every year``: the same, with the five-point test at each year that has five to look at.
* ``pandas``: ``groupby`` and ``rolling`` over rows, with the same quantiles: how it is usually written.

The ways take turns, so that a busy machine hits all of them. Rates, limits and sums must be equal; nothing else is
asserted.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import gammaincinv

from include.measure.methods import exact_poisson, rate
from include.measure.rolling import rolling_sum
from include.measure.trend import POINTS, five_points

AREAS, OFFENCES, YEARS = 311, 60, 10
ROWS = AREAS * OFFENCES * YEARS
PER = 100_000
ROUNDS = 9

Made = dict[str, Any]
Cube = np.ndarray[Any, np.dtype[np.float64]]


def main() -> None:
    """Print seconds and the median ratio to numpy's."""
    counts, population = cube()
    frame = rows(counts, population)
    ways: dict[str, Callable[[], Made]] = {
        "numpy": lambda: plain(counts, population),
        "numpy, each count once": lambda: plain(counts, population, once=True),
        "measure": lambda: ours(counts, population),
        "measure, every year": lambda: ours(counts, population, every_year=True),
        "pandas": lambda: with_pandas(frame),
    }
    same({name: way() for name, way in ways.items()})
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - began)
    distinct = len(np.unique(counts))
    print(f"{ROWS:,} rows ({distinct:,} distinct counts), {ROWS // YEARS:,} series, {ROUNDS} rounds by turns")
    for name, seconds in taken.items():
        ratio = statistics.median(one / other for one, other in zip(seconds, taken["numpy"], strict=True))
        middle = statistics.median(seconds)
        print(f"  {name:<22} {middle:8.3f} s {ROWS / middle:12,.0f} rows/s {ratio:8.2f} x numpy")


def cube() -> tuple[Cube, Cube]:
    """Return invented counts and inhabitants, the same every time: sizes and rates as uneven as in the country."""
    random = np.random.default_rng(1)
    size = np.exp(random.normal(9.8, 1.0, (AREAS, 1, 1)))
    risk = np.exp(random.normal(-8.0, 1.5, (1, OFFENCES, 1)))
    growth = np.exp(random.normal(0, 0.02, (AREAS, OFFENCES, 1)) * np.arange(YEARS))
    population = np.broadcast_to(np.round(size), (AREAS, OFFENCES, YEARS)).copy()
    return random.poisson(population * risk * growth).astype(np.float64), population.astype(np.float64)


def rows(counts: Cube, population: Cube) -> pd.DataFrame:
    """Return the cube as a table with a row for each cell."""
    areas, offences, years = (axis.ravel() for axis in np.indices(counts.shape))
    return pd.DataFrame(
        {"area": areas, "offence": offences, "year": years, "count": counts.ravel(), "population": population.ravel()}
    )


def plain(counts: Cube, population: Cube, *, once: bool = False) -> Made:
    """Make the indicators with numpy alone."""
    size = PER / population
    asked, place = np.unique(counts, return_inverse=True) if once else (counts, ...)
    low = np.zeros_like(asked)
    some = asked > 0
    low[some] = gammaincinv(asked[some], 0.025)
    high = gammaincinv(asked + 1, 0.975)
    low, high = low[place].reshape(counts.shape), high[place].reshape(counts.shape)
    value = counts * size
    total = np.cumsum(counts, axis=-1)
    sums = total[..., 2:].copy()
    sums[..., 1:] -= total[..., :-3]
    x = np.arange(YEARS) - (YEARS - 1) / 2
    return {"rate": value, "low": low * size, "high": high * size, "sums": sums, "trend": value @ x / (x @ x)}


def ours(counts: Cube, population: Cube, *, every_year: bool = False) -> Made:
    """Make the indicators with the project's functions."""
    value, limits = rate(counts, population, PER, interval=exact_poisson)
    sums = rolling_sum(counts)
    looked_at = [value, *limits]
    if every_year:
        looked_at = [sliding_window_view(each, POINTS, axis=-1) for each in looked_at]
    trends = five_points(*looked_at)
    return {"rate": value, "low": limits.low, "high": limits.high, "sums": sums[..., 2:], "trend": trends.result}


def with_pandas(frame: pd.DataFrame) -> Made:
    """Make the indicators with pandas, a line through ten years as the trend."""
    table = frame.copy()
    size = PER / table["population"]
    table["rate"] = table["count"] * size
    some = table["count"] > 0
    table["low"] = np.where(some, gammaincinv(table["count"].where(some, 1.0), 0.025), 0.0) * size
    table["high"] = gammaincinv(table["count"] + 1, 0.975) * size
    series = table.groupby(["area", "offence"], sort=False)
    table["sums"] = series["count"].rolling(3).sum().to_numpy()
    table["apart"] = table["rate"] * (table["year"] - (YEARS - 1) / 2)
    trend = series["apart"].sum() / sum((year - (YEARS - 1) / 2) ** 2 for year in range(YEARS))
    return {name: table[name].to_numpy() for name in ("rate", "low", "high")} | {
        "sums": table["sums"].dropna().to_numpy(),
        "trend": trend.to_numpy(),
    }


def same(made: dict[str, Made]) -> None:
    """See that every way makes the same rates, limits and sums."""
    for way, found in made.items():
        for name in ("rate", "low", "high", "sums"):
            np.testing.assert_allclose(
                np.ravel(found[name]), np.ravel(made["numpy"][name]), rtol=1e-12, atol=1e-12, err_msg=f"{way}: {name}"
            )


if __name__ == "__main__":
    main()
