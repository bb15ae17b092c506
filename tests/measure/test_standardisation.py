"""Standardised rates give PHEindicatormethods' reference values, and there is none of fewer than ten events.

Of its test workbook the row testdata_1976 is not used: its 99.8 % limits are ten times too large.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.errors import RegistryError
from include.measure.methods import byar
from include.measure.standardisation import COLUMNS, directly_standardised, standard_population

ESP = standard_population("esp", "2013")
POPULATION = [636, 558, 609, 543, 384, 594, 669, 843, 660, 576, 606, 522, 426, 273, 300, 288, 153, 123, 207]
BIG = [127, 25, 18, 21, 12, 27, 48, 27, 29, 32, 32, 34, 45, 65, 38, 68, 74, 82, 91]
SMALL = [12, 4, 3, 2, 3, 4, 8, 2, 2, 3, 4, 5, 6, 8, 5, 6, 5, 5, 4]
TINY = [1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("counts", "level", "value", "low", "high"),
    [
        (BIG, 0.95, 10430.247991469423, 9717.709067985681, 11178.94091547925),
        (BIG, 0.998, 10430.247991469423, 9323.287880219903, 11620.595999522058),
        (SMALL, 0.95, 1103.212025300104, 877.455767536709, 1367.0882227251795),
    ],
)
def test_the_reference_values(counts, level, value, low, high):
    found, limits = directly_standardised(counts, POPULATION, ESP.weights, level=level)
    assert found == pytest.approx(value, rel=1e-9)
    assert limits.low == pytest.approx(low, rel=1e-9)
    assert limits.high == pytest.approx(high, rel=1e-9)


def test_three_ages_by_hand():
    found, limits = directly_standardised([10, 20, 5], [1000, 2000, 1500], [30_000, 50_000, 20_000])
    assert found == pytest.approx(866.6667, abs=5e-5)
    assert limits.low == pytest.approx(597.9451, abs=5e-5)
    assert limits.high == pytest.approx(1212.6101, abs=5e-5)


def test_fewer_than_ten_events_have_no_standardised_rate():
    assert sum(TINY) == 9
    found, limits = directly_standardised(TINY, POPULATION, ESP.weights)
    assert np.isnan([found, limits.low, limits.high]).all()
    assert not np.isnan(directly_standardised([2, *TINY[1:]], POPULATION, ESP.weights)[0])


@pytest.mark.parametrize(
    ("counts", "populations"),
    [([10, np.nan, 5], [100, 100, 100]), ([10, 20, 5], [100, 0, 100]), ([10, -1, 5], [100, 100, 100])],
    ids=["a count is missing", "an age has no inhabitants", "a count below 0"],
)
def test_nothing_is_made_of_an_age_that_lacks_something(counts, populations):
    found, limits = directly_standardised(counts, populations, [1, 1, 1])
    assert np.isnan([found, limits.low, limits.high]).all()


def test_many_areas_at_once_are_as_each_alone():
    found, limits = directly_standardised([BIG, SMALL, TINY], POPULATION, ESP.weights)
    for place, counts in enumerate((BIG, SMALL, TINY)):
        value, interval = directly_standardised(counts, POPULATION, ESP.weights)
        np.testing.assert_array_equal(
            [found[place], limits.low[place], limits.high[place]], [value, interval.low, interval.high]
        )


def test_ages_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="Ages differ"):
        directly_standardised(BIG[1:], POPULATION, ESP.weights)


@given(st.lists(st.integers(0, 500), min_size=3, max_size=3).filter(lambda counts: sum(counts) >= 10))
def test_with_the_area_s_own_ages_it_is_the_crude_rate(counts):
    """Weights equal to the population change nothing: the rate and Byar's limits of the plain count."""
    populations = [5_000, 9_000, 4_000]
    found, limits = directly_standardised(counts, populations, populations, per=1000)
    assert found == pytest.approx(1000 * sum(counts) / 18_000)
    assert limits.low == pytest.approx(1000 * byar(sum(counts)).low / 18_000)
    assert limits.high == pytest.approx(1000 * byar(sum(counts)).high / 18_000)


@given(st.lists(st.integers(1, 200), min_size=19, max_size=19), st.floats(0.01, 100))
def test_only_the_proportions_of_the_standard_matter(counts, scale):
    here = directly_standardised(counts, POPULATION, ESP.weights)
    there = directly_standardised(counts, POPULATION, np.array(ESP.weights) * scale)
    assert there[0] == pytest.approx(here[0])
    assert there[1].low == pytest.approx(here[1].low)


def test_several_events_of_one_person_widen_the_interval_and_leave_the_rate():
    """8 persons with one event, 3 with four (20 events) are less to go by than 20 persons with one."""
    apart, narrow = directly_standardised([12, 8], [1000, 2000], [1, 2])
    persons = [[8, 0], [1, 2]]
    together, wide = directly_standardised(persons, [1000, 2000], [1, 2], times=[1, 4])
    assert together == pytest.approx(apart)
    assert wide.low < narrow.low
    assert wide.high > narrow.high
    once, same = directly_standardised([[12, 8]], [1000, 2000], [1, 2], times=[1])
    assert (once, same.low, same.high) == (apart, narrow.low, narrow.high)


def test_a_lower_limit_below_nothing_is_none():
    """One event in an age that weighs most of the standard, nine in one that weighs nearly nothing."""
    found, limits = directly_standardised([1, 9], [10, 1_000_000], [1, 1])
    assert found > 0
    assert np.isnan(limits.low)
    assert limits.high > found


def test_dobson_s_limits_cover_the_true_rate():
    """20 000 drawn sets of 19 ages, about 90 events each: 95 % less a little."""
    random = np.random.default_rng(7)
    means = np.array(SMALL, dtype=float)
    true, _ = directly_standardised(means, POPULATION, ESP.weights)
    _, (low, high) = directly_standardised(random.poisson(means, (20_000, 19)), POPULATION, ESP.weights)
    covered = ((low <= true) & (true <= high)).mean()
    assert 0.94 <= covered <= 0.97


# --- the standard populations ------------------------------------------------------------------------------------


def test_the_european_standard_population_is_whole():
    assert sum(ESP.weights) == 100_000
    assert (ESP.ages[0], ESP.ages[11], ESP.ages[-1]) == ("0-4", "55-59", "90+")
    assert len(ESP.ages) == len(ESP.weights) == 19
    assert ESP.weights[:3] == (5000, 5500, 5500)
    assert "Eurostat" in ESP.source


def test_an_unknown_standard_is_told_with_those_that_there_are():
    with pytest.raises(RegistryError, match=r"no standard population esp 1976; there are esp 2013"):
        standard_population("esp", "1976")


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["age,weight", "0-4,1"], "expected"),
        ([",".join(COLUMNS), "x,1,X,S,0-4,1", "x,1,X,S,0-4,2"], "twice"),
        ([",".join(COLUMNS), "x,1,X,S,0-4,många"], "no number"),
        ([",".join(COLUMNS), "x,1,X,S,0-4,0"], "not above 0"),
    ],
)
def test_a_table_with_a_fault_is_refused(tmp_path, lines, fault):
    file = tmp_path / "standard_populations.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(RegistryError, match=fault):
        standard_population("x", "1", file)
