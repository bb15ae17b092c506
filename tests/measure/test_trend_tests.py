"""Cochran-Armitage and Mann-Kendall give the reference values of R and pyMannKendall; few values get the exact p."""

import csv
from itertools import permutations
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from include.measure.methods import METHODS
from include.measure.trend_tests import cochran_armitage, kendall_distribution, mann_kendall

#: Monthly rainfall of thirty years with seven months missing: the test series of pyMannKendall (commit 4b62f50).
RAINFALL = Path(__file__).parent / "monthly_rainfall.csv"


# --- Cochran-Armitage --------------------------------------------------------------------------------------------


#: R prints 8.2249 of the first; the exact fraction, reckoned without rounding, is 8.224922285…
@pytest.mark.parametrize(
    ("x", "n", "chi2", "p", "direction"),
    [
        ([83, 90, 129, 70], [86, 93, 136, 82], 8.224922285197646, 0.0041319, -1),
        ([40, 42, 45, 47, 49], [50] * 5, 10.982395, 0.00091981, 1),
    ],
    ids=["R, prop.trend.test: smokers", "rising"],
)
def test_shares_of_ordered_groups(x, n, chi2, p, direction):
    found = cochran_armitage(x, n)
    assert found.chi2 == pytest.approx(chi2, abs=5e-7)
    assert found.p == pytest.approx(p, abs=5e-8)
    assert found.direction == direction


def test_scores_may_be_moved_and_stretched_but_not_mixed():
    x, n = [83, 90, 129, 70], [86, 93, 136, 82]
    plain = cochran_armitage(x, n)
    assert cochran_armitage(x, n, scores=[2019, 2021, 2023, 2025]).chi2 == pytest.approx(plain.chi2)
    assert cochran_armitage(x, n, scores=[1, 4, 2, 3]).chi2 != pytest.approx(plain.chi2)
    assert cochran_armitage(x[::-1], n[::-1]).direction == 1


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ([0, 0, 0], [5, 5, 5]),
        ([5, 5, 5], [5, 5, 5]),
        ([1, 2, np.nan], [5, 5, 5]),
        ([1, 6, 3], [5, 5, 5]),
        ([1, 0, 3], [5, 0, 5]),
    ],
    ids=["none", "all", "a group is missing", "more events than units", "an empty group"],
)
def test_no_test_of_shares_where_there_is_nothing_to_test(x, n):
    found = cochran_armitage(x, n)
    assert np.isnan([found.chi2, found.p, found.direction]).all()


def test_many_rows_of_shares_are_as_each_alone():
    x, n = np.array([[83, 90, 129, 70], [0, 0, 0, 0], [1, 2, 3, 4]]), np.array([86, 93, 136, 82])
    found = cochran_armitage(x, n)
    for row in range(3):
        np.testing.assert_array_equal(found.chi2[row], cochran_armitage(x[row], n).chi2)


def test_the_test_of_shares_holds_its_level():
    """20 000 flat series of five years, 60 units each: about 5 % fall below 0.05."""
    random = np.random.default_rng(3)
    p = cochran_armitage(random.binomial(60, 0.3, (20_000, 5)), np.full(5, 60)).p
    assert 0.04 <= (p < 0.05).mean() <= 0.06


# --- Mann-Kendall ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "s", "variance", "z", "p_normal"),
    [
        ([1, 2, 3, 4, 5], 10, 16.666667, 2.204541, 0.027486),
        ([1, 2, 3, 4, 5, 6], 15, 28.333333, 2.630142, 0.008535),
        ([34, 38, 35, 41, 44, 43, 47, 50], 24, 65.333333, 2.845512, 0.004434),
        ([5, 3, 4, 4, 6, 8, 7, 9, 9, 10], 35, 123, 3.065677, 0.002172),
        ([10, 9, 8, 8, 7], -9, 15.666667, -2.021165, 0.043263),
    ],
)
def test_the_reference_series(values, s, variance, z, p_normal):
    found = mann_kendall(values)
    assert found.s == s
    assert found.variance == pytest.approx(variance, abs=5e-7)
    assert found.z == pytest.approx(z, abs=5e-7)
    assert found.p_normal == pytest.approx(p_normal, abs=5e-7)


@pytest.mark.parametrize(
    ("values", "p"),
    [([1, 2, 3, 4, 5], 2 / 120), ([1, 2, 3, 4, 5, 6], 2 / 720), ([10, 9, 8, 8, 7], 2 / 60)],
    ids=["five", "six", "with ties: their own orders"],
)
def test_few_values_get_the_exact_probability(values, p):
    found = mann_kendall(values)
    assert found.p == pytest.approx(p, rel=1e-12)
    assert found.method == "mann_kendall_exact"


def test_ten_values_get_the_approximation_and_say_so():
    found = mann_kendall([5, 3, 4, 4, 6, 8, 7, 9, 9, 10])
    assert found.p == found.p_normal
    assert found.method == "mann_kendall_normal"
    assert {"mann_kendall_exact", "mann_kendall_normal"} <= set(METHODS)


def test_tau_and_sen_s_slope():
    found = mann_kendall([34, 38, 35, 41, 44, 43, 47, 50])
    assert found.tau == pytest.approx(0.857143, abs=5e-7)
    assert found.slope == pytest.approx(2.208333, abs=5e-7)
    assert mann_kendall([10, 9, 8, 8, 7]).slope == pytest.approx(-0.708333, abs=5e-7)


def test_thirty_years_of_rain_with_gaps():
    with RAINFALL.open(encoding="utf-8", newline="") as file:
        values = [float(row["rainfall_mm"] or "nan") for row in csv.DictReader(file)]
    found = mann_kendall(values)
    assert (len(values), int(found.n)) == (360, 353)
    assert found.s == -1959
    assert found.variance == pytest.approx(4889800.333333333, rel=1e-12)
    assert found.z == pytest.approx(-0.8854562842589916, rel=1e-12)
    assert found.p == pytest.approx(0.37591058740506833, rel=1e-9)
    assert found.tau == pytest.approx(-0.03153167653875869, rel=1e-12)
    assert found.slope == pytest.approx(-0.006369426751592357, rel=1e-12)


@pytest.mark.parametrize("size", [2, 5, 9, 10, 20])
def test_a_constant_series_has_no_trend_at_all(size):
    found = mann_kendall([7] * size)
    assert (found.s, found.z, found.p, found.slope) == (0, 0, 1, 0)


def test_four_values_can_never_be_certain():
    assert mann_kendall([1, 2, 3, 4]).p == pytest.approx(0.0833, abs=5e-5)


@pytest.mark.parametrize("values", [[], [3.0], [np.nan, 3.0, np.nan]])
def test_fewer_than_two_values_have_no_test(values):
    found = mann_kendall(values)
    assert np.isnan([found.s, found.z, found.p, found.tau, found.slope]).all()


@given(st.lists(st.integers(0, 9), min_size=2, max_size=9, unique=True))
def test_without_ties_the_exact_probability_is_scipy_s(values):
    expected = kendalltau(range(len(values)), values, method="exact").pvalue
    assert mann_kendall(values).p == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=6))
def test_with_ties_the_exact_probability_is_that_of_all_orders(values):
    """Counted one by one, which the closed form must equal."""
    scores = [sum(np.sign(b - a) for i, a in enumerate(each) for b in each[i + 1 :]) for each in permutations(values)]
    at_least = sum(abs(score) >= abs(scores[0]) for score in scores)  # the first order is the series itself
    assert mann_kendall(values).p == pytest.approx(at_least / len(scores), rel=1e-12)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_the_distribution_of_s_counts_every_order_once_and_is_even(ties):
    spread = kendall_distribution(ties)
    orders = factorial(sum(ties))
    for size in ties:
        orders //= factorial(size)
    assert sum(spread.values()) == orders
    assert all(spread[-s] == count for s, count in spread.items())


@given(st.lists(st.one_of(st.integers(0, 20).map(float), st.just(float("nan"))), min_size=1, max_size=14))
def test_a_series_turned_round_has_the_opposite_trend(values):
    here, there = mann_kendall(values), mann_kendall(values[::-1])
    np.testing.assert_allclose([here.s, here.z, here.slope], [-there.s, -there.z, -there.slope])
    np.testing.assert_allclose(here.p, there.p)


@given(
    st.lists(
        st.lists(st.one_of(st.integers(0, 5).map(float), st.just(float("nan"))), min_size=8, max_size=8),
        min_size=1,
        max_size=6,
    )
)
def test_many_series_at_once_are_as_each_alone(rows):
    together = mann_kendall(rows)
    for place, row in enumerate(rows):
        alone = mann_kendall(row)
        for field in ("n", "s", "variance", "z", "p_normal", "p", "tau", "slope"):
            np.testing.assert_array_equal(getattr(together, field)[place], getattr(alone, field))


def test_the_exact_test_holds_its_level():
    """20 000 flat series of seven years: at most 5 % fall to 0.05 or below."""
    random = np.random.default_rng(11)
    assert (mann_kendall(random.poisson(30, (20_000, 7))).p <= 0.05).mean() <= 0.053
