"""The intervals give the reference values of PHEindicatormethods, and behave as intervals must."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from include.measure.methods import (
    METHODS,
    byar,
    exact_poisson,
    poisson_interval,
    poisson_method,
    rate,
    share,
    wilson,
    z_value,
)

#: Reference values of PHEindicatormethods 2.1.0's own test workbooks (its row testdata_1976, whose 99.8 % limits are
#: ten times too large, is not among them).
BYAR = [
    (65, 0.95, 50.163187710459454, 82.84913854593984),
    (65, 0.998, 42.8802614714802, 94.00029084431802),
    (1045, 0.95, 982.5932018073325, 1110.33121298565),
    (1045, 0.998, 947.9407035610374, 1148.806160988033),
    (10, 0.998, 2.916318374695686, 24.193724927880535),
    (1, 0.95, 0.01307213290150435, 5.5637555824752605),
]
WILSON = [
    (65, 100, 0.95, 0.5525444329688797, 0.7363575175690247),
    (65, 100, 0.998, 0.4954946574070431, 0.7783540614089697),
    (1, 100, 0.95, 0.0017674320641406511, 0.054486196178705294),
    (1, 100, 0.998, 0.000873065697299977, 0.1045544528370582),
    (222, 3215, 0.95, 0.060791690363636595, 0.07833956681383633),
    (222, 3215, 0.998, 0.05647101964624248, 0.08418414185270134),
]
RATES = [
    (1, 100, 100, 0.95, 1, 0.025317807984289897, 5.571643390938898),
    (1, 100, 100, 0.998, 1, 0.0010005003335835344, 9.233413476451585),
    (5, 100, 100, 0.95, 5, 1.62348639011842, 11.668332079322669),
    (5, 100, 100, 0.998, 5, 0.739371731917839, 16.454745203680105),
    (20, 100, 100, 0.95, 20, 12.211428834875937, 30.889880369197066),
    (20, 100, 100, 0.998, 20, 8.922802365144193, 38.08503562504191),
    (250, 220, 100_000, 0.95, 113636.36363636363, 99984.94738532876, 128631.14487455782),
    (250, 220, 100_000, 0.998, 113636.36363636363, 92710.00554438953, 137651.23772147458),
]
#: Computed for this project with fewer digits.
EXACT = [
    (0, 0, 3.688879),
    (1, 0.025318, 5.571643),
    (2, 0.242209, 7.224688),
    (3, 0.618672, 8.767273),
    (4, 1.089865, 10.241589),
    (7, 2.814363, 14.422675),
    (9, 4.115373, 17.084803),
]
WILSON_SHORT = [
    (0, 8, 0, 0.324408),
    (3, 8, 0.136844, 0.694258),
    (7, 8, 0.529112, 0.977583),
    (8, 8, 0.675592, 1),
    (19, 20, 0.763869, 0.991119),
    (1056, 1100, 0.946729, 0.970070),
]

counts = st.integers(min_value=0, max_value=2_000_000)


def test_z_is_the_normal_quantile():
    assert z_value(0.95) == pytest.approx(1.959963985, abs=1e-9)
    assert z_value(0.998) == pytest.approx(3.090232306, abs=1e-9)


@pytest.mark.parametrize(("count", "level", "low", "high"), BYAR)
def test_byar_gives_the_reference_values(count, level, low, high):
    assert byar(count, level).low == pytest.approx(low, rel=1e-9)
    assert byar(count, level).high == pytest.approx(high, rel=1e-9)


def test_byar_of_ten():
    assert byar(10).low == pytest.approx(4.787450, abs=5e-7)
    assert byar(10).high == pytest.approx(18.391459, abs=5e-7)


def test_byar_has_no_lower_limit_below_zero():
    limits = byar([1, 0], 0.998)
    assert np.isnan(limits.low).all()
    assert limits.high[0] == pytest.approx(9.362180217908362, rel=1e-9)


@pytest.mark.parametrize(("x", "n", "level", "low", "high"), WILSON)
def test_wilson_gives_the_reference_values(x, n, level, low, high):
    assert wilson(x, n, level).low == pytest.approx(low, rel=1e-9)
    assert wilson(x, n, level).high == pytest.approx(high, rel=1e-9)


@pytest.mark.parametrize(("x", "n", "low", "high"), WILSON_SHORT)
def test_wilson_of_small_groups(x, n, low, high):
    assert wilson(x, n).low == pytest.approx(low, abs=5e-7)
    assert wilson(x, n).high == pytest.approx(high, abs=5e-7)


@pytest.mark.parametrize(("count", "low", "high"), EXACT)
def test_exact_limits_of_few_events(count, low, high):
    assert exact_poisson(count).low == pytest.approx(low, abs=5e-7)
    assert exact_poisson(count).high == pytest.approx(high, abs=5e-7)


@pytest.mark.parametrize(("x", "n", "per", "level", "value", "low", "high"), RATES)
def test_rates_are_exact_below_ten_events_and_byar_from_ten(x, n, per, level, value, low, high):
    found, limits = rate(x, n, per, level)
    assert found == pytest.approx(value, rel=1e-12)
    assert limits.low == pytest.approx(low, rel=1e-9)
    assert limits.high == pytest.approx(high, rel=1e-9)


def test_figures_that_fingertips_publishes():
    _, limits = share(53185, 59028)
    assert limits.low == pytest.approx(89.8578, abs=5e-5)
    assert limits.high == pytest.approx(90.3396, abs=5e-5)
    _, limits = rate(1502, 49_866_388, 100_000)
    assert limits.low == pytest.approx(2.8616, abs=5e-5)
    assert limits.high == pytest.approx(3.1683, abs=5e-5)


def test_rates_of_a_county_and_of_a_small_municipality():
    value, limits = rate([52, 4], [132_670, 6_900], 100_000)
    assert value == pytest.approx([39.1950, 57.9710], abs=5e-5)
    assert limits.low == pytest.approx([29.2706, 15.7952], abs=5e-5)
    assert limits.high == pytest.approx([51.4001, 148.4288], abs=5e-5)


def test_nothing_is_made_of_an_empty_denominator():
    for value, limits in (share(0, 0), rate(0, 0, 100_000), rate(5, 0, 100_000)):
        assert np.isnan(value)
        assert np.isnan(limits.low)
        assert np.isnan(limits.high)


def test_a_share_above_all_has_no_interval():
    assert np.isnan(wilson(9, 8)).all()


def test_every_method_says_what_it_is_and_where_it_is_from():
    for name, method in METHODS.items():
        assert method.version, name
        assert method.reference, name
        assert method.sv.endswith("."), name
    assert {poisson_method(9), poisson_method(10)} <= set(METHODS)
    assert (poisson_method(9), poisson_method(10)) == ("exact_poisson", "byar")


@given(counts)
def test_poisson_limits_hold_the_count_and_grow_with_it(count):
    here, above = poisson_interval(count), poisson_interval(count + 1)
    assert 0 <= here.low <= count < here.high
    assert here.high < above.high
    assert here.low < above.low


def test_no_events_have_the_lower_limit_zero():
    assert poisson_interval(0).low == 0
    assert wilson(0, 17).low == 0


@given(st.integers(1, 1_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_between_nothing_and_all(case):
    x, n = case
    low, high = wilson(x, n)
    assert 0 <= low <= x / n <= high <= 1
    assert low < high


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_wilson_is_the_mirror_of_its_complement(x, extra):
    n = x + extra
    here, mirror = wilson(x, n), wilson(n - x, n)
    assert math.isclose(here.low, 1 - mirror.high, abs_tol=1e-12)


@pytest.mark.parametrize("mean", [0.5, 3, 9.5, 12, 40])
def test_poisson_limits_cover_the_true_mean(mean):
    """Summed over the distribution, not drawn: the exact limits cover at least 95 %, Byar's nearly so."""
    count = np.arange(0, 200)
    low, high = poisson_interval(count)
    covered = poisson.pmf(count, mean)[(low <= mean) & (mean <= high)].sum()
    assert covered >= 0.945


@pytest.mark.parametrize(("share_true", "n"), [(0.15, 80), (0.3, 40), (0.5, 20), (0.95, 100)])
def test_wilson_covers_the_true_share_on_the_whole(share_true, n):
    x = np.arange(0, n + 1)
    low, high = wilson(x, n)
    covered = binom.pmf(x, n, share_true)[(low <= share_true) & (share_true <= high)].sum()
    assert covered >= 0.92
