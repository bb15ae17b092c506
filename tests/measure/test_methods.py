"""The intervals give the reference values of PHEindicatormethods, and behave as intervals must."""

import math
import re
from pathlib import Path

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
    source_interval,
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
        assert method.formula, name
        assert method.sv.endswith("."), name
    assert {poisson_method(9), poisson_method(10)} <= set(METHODS)
    assert (poisson_method(9), poisson_method(10)) == ("exact_poisson", "byar")


def test_the_documentation_names_every_method_with_its_version():
    text = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    table = text.partition("## Every method")[2].partition("\n## ")[0]
    told = dict(re.findall(r"`(\w+)` (\d+)", "\n".join(row for row in table.splitlines() if row.startswith("|"))))
    assert told == {name: method.version for name, method in METHODS.items()}


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


# --- more promises of intervals ----------------------------------------------------------------------------------


@given(st.lists(st.one_of(counts.map(float), st.just(float("nan"))), max_size=40))
def test_exact_limits_do_not_depend_on_the_company(values):
    """Counts that repeat are looked up once; each must still get its own limits."""
    low, high = exact_poisson(values)
    for place, value in enumerate(values):
        np.testing.assert_array_equal([low[place], high[place]], exact_poisson(value))


def test_a_table_of_counts_keeps_its_shape():
    low, high = poisson_interval([[0, 3], [12, np.nan]])
    assert low.shape == high.shape == (2, 2)
    assert np.isnan([low[1, 1], high[1, 1]]).all()


def test_nine_events_get_the_exact_limits_and_ten_get_byar_s():
    assert poisson_interval(9) == exact_poisson(9)
    assert poisson_interval(10) == byar(10)
    assert poisson_interval(10) != exact_poisson(10)


def test_a_count_below_nothing_has_no_limits():
    assert np.isnan(poisson_interval(-1)).all()


def test_the_interval_of_a_rate_can_be_chosen():
    _, exact = rate(20, 100, 100, interval=exact_poisson)
    _, approximate = rate(20, 100, 100, interval=byar)
    assert exact.low == pytest.approx(exact_poisson(20).low)
    assert approximate.low == pytest.approx(byar(20).low)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_higher_level_gives_a_wider_interval(count, more):
    for method in (exact_poisson, poisson_interval):
        narrow, wide = method(count, 0.95), method(count, 0.998)
        assert not wide.low > narrow.low
        assert wide.high > narrow.high
    narrow, wide = wilson(count, count + more, 0.95), wilson(count, count + more, 0.998)
    assert wide.low <= narrow.low
    assert wide.high >= narrow.high


@given(st.integers(2, 5000).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_wilson_grows_with_the_events(case):
    x, n = case
    here, more = wilson(x, n), wilson(x + 1, n)
    assert more.low > here.low
    assert more.high >= here.high


@given(st.integers(10, 5000))
def test_byar_is_close_to_the_exact_limits_where_it_is_used(count):
    assert byar(count).low == pytest.approx(exact_poisson(count).low, rel=2e-3)
    assert byar(count).high == pytest.approx(exact_poisson(count).high, rel=2e-3)


@pytest.mark.parametrize("mean", [0.5, 4, 9.5, 15, 80])
def test_poisson_limits_cover_in_simulation(mean):
    """20 000 drawn counts: the limits hold the true mean in 95 % of them or more, less what chance explains."""
    drawn = np.random.default_rng(23).poisson(mean, 20_000)
    low, high = exact_poisson(drawn)
    assert ((low <= mean) & (mean <= high)).mean() >= 0.945
    low, high = poisson_interval(drawn)
    assert ((low <= mean) & (mean <= high)).mean() >= 0.94


@pytest.mark.parametrize("n", [20, 60, 300])
def test_wilson_covers_in_simulation_on_the_average(n):
    """20 000 draws with as many true shares: 95 % on the average, which is what Wilson's interval promises."""
    random = np.random.default_rng(29)
    true = random.uniform(0.02, 0.98, 20_000)
    low, high = wilson(random.binomial(n, true), n)
    assert 0.94 <= ((low <= true) & (true <= high)).mean() <= 0.965


@pytest.mark.parametrize(
    ("value", "low", "high", "usable"),
    [
        (7.1, 5.2, 9.6, True),
        (5.2, 5.2, 9.6, True),
        (7.1, np.nan, 9.6, False),
        (7.1, 5.2, np.nan, False),
        (7.1, 7.1, 7.1, False),
        (7.1, 9.6, 5.2, False),
        (12.0, 5.2, 9.6, False),
        (np.nan, 5.2, 9.6, False),
    ],
)
def test_a_survey_s_own_limits_are_taken_only_if_they_can_be_limits(value, low, high, usable):
    found = source_interval(value, low, high)
    assert (found == (low, high)) if usable else np.isnan(found).all()
