"""XmR charts give the reference limits, with and without screening, and colour a point only for a rule's sake."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.measure.spc import (
    CAUSES_SV,
    assurance,
    drawn,
    one_side_ends,
    part_of_run,
    trend_ends,
    two_of_three,
    xmr,
)

SPIKE = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


def test_the_reference_series_screened():
    chart = xmr(SPIKE, screen=True)
    assert chart.mean == pytest.approx(1.9444, abs=5e-5)
    assert chart.low == pytest.approx(-0.7156, abs=5e-5)
    assert chart.high == pytest.approx(4.6044, abs=5e-5)
    assert chart.moving_range == 1


def test_the_reference_series_unscreened():
    chart = xmr(SPIKE, screen=False)
    assert chart.low == pytest.approx(-3.0626, abs=5e-5)
    assert chart.high == pytest.approx(6.9515, abs=5e-5)


@pytest.mark.parametrize("screen", [True, False])
def test_the_spike_alone_is_outside(screen):
    chart = xmr(SPIKE, screen=screen)
    assert np.flatnonzero(chart.cause == "outside").tolist() == [4]
    assert (chart.cause != "").sum() == 1


def test_near_limits_are_two_thirds_of_the_way():
    chart = xmr(SPIKE, screen=False)
    assert (chart.near_high - chart.mean) == pytest.approx((chart.high - chart.mean) * 2 / 3)
    assert (chart.mean - chart.near_low) == pytest.approx((chart.mean - chart.low) * 2 / 3)


def test_a_lower_limit_below_nothing_is_drawn_at_nothing():
    chart = xmr(SPIKE, screen=True)
    assert drawn(chart.low, chart.high).low == 0
    assert drawn(chart.low, chart.high).high == chart.high
    assert drawn(-3.0, 104.0, most=100.0) == (0, 100)


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([1, 2, 3, 4, 5, 6, 7], [0, 0, 0, 0, 0, 0, 1]),
        ([7, 6, 5, 4, 3, 2, 1], [0, 0, 0, 0, 0, 0, -1]),
        ([1, 2, 3, 3, 4, 5, 6], [0] * 7),
        ([2, 1, 2, 3, 4, 5, 6, 7, 3], [0, 0, 0, 0, 0, 0, 0, 1, 0]),
        ([1, 2, 3, 4, 5, 6], [0] * 6),
        ([], []),
    ],
)
def test_seven_that_rise_or_fall(values, ends):
    assert trend_ends(values).tolist() == ends


@pytest.mark.parametrize(
    ("side", "ends"),
    [
        ([1] * 8 + [-1], [0, 0, 0, 0, 0, 0, 1, 1, 0]),
        ([-1] * 8 + [1], [0, 0, 0, 0, 0, 0, -1, -1, 0]),
        ([1] * 6, [0] * 6),
        ([1] * 6 + [-1], [0] * 7),
        ([0] * 8, [0] * 8),
    ],
)
def test_seven_on_one_side(side, ends):
    assert one_side_ends(side).tolist() == ends


def test_all_points_of_a_run_are_coloured_not_only_its_end():
    assert part_of_run([0, 0, 0, 0, 0, 0, 0, 1, 0]).tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("near", "side", "window", "coloured"),
    [
        ([0, 0, 1, 0, 1, 0, 0], [1] * 7, [0, 0, 1, 1, 1, 0, 0], [0, 0, 1, 0, 1, 0, 0]),
        ([0, 0, 1, 1, 0, 0, 0], [1] * 7, [0, 1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0, 0]),
        ([1, 0, 1], [1, -1, 1], [0, 0, 0], [0, 0, 0]),
        ([1, 0, 1], [-1, -1, -1], [1, 1, 1], [1, 0, 1]),
        ([1, 0, 0, 1, 1], [1] * 5, [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]),
        ([1, 1], [1, 1], [0, 0], [0, 0]),
    ],
)
def test_two_of_three_near_a_limit_on_one_side(near, side, window, coloured):
    found = two_of_three(near, side)
    assert found.astype(int).tolist() == window
    assert (found & np.array(near, dtype=bool)).astype(int).tolist() == coloured


#: Quarters that go up and down; one far value moves the mean, but not past them.
CALM = [18, 23] * 8


@pytest.mark.parametrize(
    ("change", "expected"),
    [({5: 60}, {5: "outside"}), ({5: -16}, {5: "outside"}), ({5: 22, 7: 24}, {}), ({}, {})],
    ids=["far above", "far below", "small changes", "calm"],
)
def test_only_what_is_not_chance_has_a_cause(change, expected):
    values = [change.get(place, value) for place, value in enumerate(CALM)]
    chart = xmr(values, screen=False)
    assert {place: cause for place, cause in enumerate(chart.cause.tolist()) if cause} == expected


def test_a_point_with_several_causes_is_told_the_gravest():
    """A steep rise: the ends lie outside the limits too, and that comes before the trend and the one side."""
    chart = xmr(np.arange(16) * 10.0, screen=False)
    assert (chart.cause[0], chart.cause[-1]) == ("outside", "outside")
    assert set(chart.cause[5:11]) == {"trend"}


def test_seven_on_one_side_is_told_where_there_is_no_graver_cause():
    values = [10, 12] * 6 + [13.2, 12.0, 13.2, 12.0, 13.2, 12.0, 13.2]
    chart = xmr(values, screen=False)
    assert set(chart.cause[-7:]) == {"one_side"}
    assert set(chart.cause[:-8]) == {""}
    assert set(chart.side[-7:]) == {1}


def test_two_of_three_is_told_within_a_series():
    values = [10, 12] * 8 + [16.0, 12.5, 16.0, 10, 12]
    chart = xmr(values, screen=False)
    assert chart.near_high < 16 < chart.high
    assert (chart.cause[16], chart.cause[18]) == ("two_of_three", "two_of_three")
    assert chart.cause[17] == ""


@pytest.mark.parametrize("value", [0, 7, 0.1, 1 / 3])
@pytest.mark.parametrize("screen", [True, False])
def test_a_constant_series_has_no_special_cause(value, screen):
    chart = xmr([value] * 13, screen=screen)
    assert chart.low == pytest.approx(value)
    assert chart.high == pytest.approx(value)
    assert set(chart.cause) == {""}
    assert set(chart.side) == {0}


@pytest.mark.parametrize("values", [[], [3], [3, np.nan, 4, 5]], ids=["none", "one", "one is missing"])
def test_no_chart_without_neighbours(values):
    chart = xmr(values, screen=True)
    assert np.isnan([chart.mean, chart.low, chart.high, chart.near_low, chart.near_high]).all()
    assert set(chart.cause) <= {""}


def test_fewer_than_twelve_quarters_give_trial_limits():
    assert xmr(CALM[:11], screen=True).trial
    assert not xmr(CALM[:12], screen=True).trial


@pytest.mark.parametrize(
    ("target", "direction", "expected"),
    [
        (25, "+", "missed"),
        (15, "+", "met"),
        (20, "+", "varies"),
        (25, "-", "met"),
        (15, "-", "missed"),
        (22, "-", "varies"),
        (25, "0", "not_assessed"),
        (np.nan, "+", "not_assessed"),
    ],
)
def test_what_a_series_can_be_relied_on_for(target, direction, expected):
    assert assurance(target, 18, 22, direction) == expected


@given(st.lists(st.lists(st.integers(0, 40), min_size=14, max_size=14), min_size=1, max_size=5), st.booleans())
def test_many_series_at_once_are_as_each_alone(rows, screen):
    together = xmr(rows, screen=screen)
    for place, row in enumerate(rows):
        alone = xmr(row, screen=screen)
        np.testing.assert_array_equal(together.cause[place], alone.cause)
        np.testing.assert_array_equal(together.low[place], alone.low)


@given(st.lists(st.integers(-100, 100), min_size=2, max_size=30), st.booleans())
def test_what_is_turned_upside_down_has_the_same_causes_on_the_other_side(values, screen):
    here, there = xmr(values, screen=screen), xmr([-value for value in values], screen=screen)
    assert here.cause.tolist() == there.cause.tolist()
    assert here.side.tolist() == (-there.side).tolist()
    assert set(here.cause) <= {"", *CAUSES_SV}


@given(st.lists(st.integers(0, 100), min_size=2, max_size=30))
def test_screening_never_widens_the_limits(values):
    screened, plain = xmr(values, screen=True), xmr(values, screen=False)
    assert screened.high - screened.low <= plain.high - plain.low + 1e-9


def test_chance_alone_is_seldom_called_a_cause():
    """4 000 normal series of 16 quarters: points outside the limits are few (3 sigma: 0.3 % with known limits)."""
    random = np.random.default_rng(5)
    chart = xmr(random.normal(50, 5, (4000, 16)), screen=False)
    assert (chart.cause == "outside").mean() < 0.01
