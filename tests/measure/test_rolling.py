"""Years are added up, never averaged; what is missing stays missing, and no trend is tested on periods that overlap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.measure.methods import wilson
from include.measure.rolling import rolling_rate, rolling_share, rolling_sum
from include.measure.trend import five_points
from include.measure.trend_tests import cochran_armitage, mann_kendall


def test_three_years_of_a_county():
    """The sum of the events over the sum of the inhabitants: the reference figures."""
    value, limits = rolling_rate([37, 41, 52], [131_155, 132_054, 132_670], 100_000)
    assert np.isnan(value[:2]).all()
    assert value[2] == pytest.approx(32.8383, abs=5e-5)
    assert limits.low[2] == pytest.approx(27.4359, abs=5e-5)
    assert limits.high[2] == pytest.approx(38.9931, abs=5e-5)


def test_it_is_no_mean_of_yearly_rates():
    value, _ = rolling_rate([1, 0, 0], [10, 1000, 1000], 100)
    assert value[2] == pytest.approx(100 / 2010)


def test_a_missing_year_leaves_its_periods_without_value_and_no_others():
    found = rolling_sum([1, 2, np.nan, 4, 5, 6, 7])
    assert np.isnan(found[:5]).all()
    assert found[5:].tolist() == [15, 18]


def test_a_share_over_several_years_has_the_interval_of_its_sums():
    value, limits = rolling_share([3, 4, 5], [10, 20, 30])
    assert value[2] == pytest.approx(20)
    assert limits.low[2] == pytest.approx(100 * wilson(12, 60).low)


def test_fewer_years_than_a_period_have_no_value():
    assert np.isnan(rolling_sum([1, 2], years=3)).all()


def test_a_period_of_no_year_is_refused():
    with pytest.raises(ValueError, match="expected 1 or more"):
        rolling_sum([1, 2], years=0)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12), st.integers(1, 5))
def test_each_period_is_the_plain_sum_of_its_years(counts, years):
    found = rolling_sum([counts, counts[::-1]], years)
    for row, series in zip(found, (counts, counts[::-1]), strict=True):
        for last in range(len(series)):
            if last + 1 < years:
                assert np.isnan(row[last])
            else:
                assert row[last] == sum(series[last + 1 - years : last + 1])


def test_no_trend_is_tested_on_years_added_up():
    """All three trend tests refuse periods that overlap."""
    sums = rolling_sum(np.arange(100, 200, 10), years=3)
    refused = five_points(sums, sums - 1, sums + 1, covers=3)
    assert (refused.result, refused.reason) == ("cannot_be_calculated", "overlapping")
    with pytest.raises(ValueError, match="overlap"):
        mann_kendall(sums, covers=3)
    with pytest.raises(ValueError, match="overlap"):
        cochran_armitage(sums, 2 * sums, covers=3)
