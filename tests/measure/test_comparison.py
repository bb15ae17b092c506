"""An area is called higher or lower only when its whole interval says so, and every refusal has its reason."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.measure.comparison import REASONS_SV, of_two, with_benchmark
from include.measure.methods import rate


@pytest.mark.parametrize(
    ("value", "low", "high", "benchmark", "result", "reason"),
    [
        (39.2, 29.3, 51.4, 25.0, "higher", ""),
        (39.2, 29.3, 51.4, 60.0, "lower", ""),
        (39.2, 29.3, 51.4, 40.0, "similar", "holds_benchmark"),
        (39.2, 29.3, 51.4, 29.3, "similar", "holds_benchmark"),
        (39.2, 29.3, 51.4, 51.4, "similar", "holds_benchmark"),
        (np.nan, 29.3, 51.4, 40.0, "cannot_be_calculated", "no_value"),
        (39.2, 29.3, 51.4, np.nan, "cannot_be_calculated", "no_benchmark"),
        (39.2, np.nan, np.nan, 40.0, "cannot_be_calculated", "no_interval"),
        (39.2, np.nan, 51.4, 60.0, "cannot_be_calculated", "no_interval"),
        (39.2, 39.2, 39.2, 60.0, "cannot_be_calculated", "no_width"),
    ],
)
def test_an_area_against_its_benchmark(value, low, high, benchmark, result, reason):
    found = with_benchmark(value, low, high, benchmark)
    assert (found.result, found.reason) == (result, reason)


@pytest.mark.parametrize(
    ("a", "b", "result", "reason"),
    [
        ((30, 40), (10, 20), "higher", ""),
        ((10, 20), (30, 40), "lower", ""),
        ((10, 30), (20, 40), "similar", "overlap"),
        ((10, 20), (20, 40), "similar", "overlap"),
        ((10, np.nan), (20, 40), "cannot_be_calculated", "no_interval"),
        ((10, 20), (np.nan, np.nan), "cannot_be_calculated", "no_interval"),
        ((20, 10), (30, 40), "cannot_be_calculated", "no_width"),
    ],
)
def test_two_areas(a, b, result, reason):
    found = of_two(*a, *b)
    assert (found.result, found.reason) == (result, reason)


def test_an_overlap_is_told_to_be_no_proof_of_likeness():
    assert "utesluter inte en skillnad" in REASONS_SV["overlap"]


def test_many_areas_at_once():
    found = with_benchmark([1, 5, np.nan], [0.5, 4, np.nan], [2, 6, np.nan], 3)
    assert found.result.tolist() == ["lower", "higher", "cannot_be_calculated"]


limits = st.tuples(st.integers(0, 100), st.integers(1, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(limits, limits)
def test_two_areas_turned_round_give_the_opposite(a, b):
    opposite = {"higher": "lower", "lower": "higher", "similar": "similar"}
    assert of_two(*b, *a).result == opposite[str(of_two(*a, *b).result)]


@given(limits, limits)
def test_two_areas_apart_differ_from_one_another_s_value_too(a, b):
    """Intervals that lie apart: either area is outside any value within the other's interval, never the other way."""
    apart = of_two(*a, *b).result
    if apart != "similar":
        assert with_benchmark(sum(a) / 2, *a, sum(b) / 2).result == apart


def test_an_area_like_its_benchmark_is_seldom_called_different():
    """20 000 draws at the benchmark's own rate: at most 5 % are called higher or lower."""
    random = np.random.default_rng(17)
    for mean in (3, 12, 40):
        value, interval = rate(random.poisson(mean, 20_000), 100_000, 100_000)
        found = with_benchmark(value, interval.low, interval.high, mean)
        assert (found.result != "similar").mean() <= 0.055, mean
