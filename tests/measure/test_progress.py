"""Progress towards a target follows Statistics Canada's method, and is not told where it cannot be known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.measure.progress import At, progress


def towards(base, current, **what):
    """Progress from 2021 to 2024 towards 80 in 2026, unless something else is said."""
    what = {"direction": "+", "target": 80.0, "target_year": 2026} | what
    return progress(
        base if isinstance(base, At) else At(2021, base),
        current if isinstance(current, At) else At(2024, current),
        **what,
    )


def on_ratio(ratio, base=50.0, target=80.0):
    """The value of 2024 whose growth is that share of what is needed."""
    needed = (target / base) ** (1 / 5) - 1
    return base * (1 + ratio * needed) ** 3


def test_the_arithmetic_is_compound_growth():
    """50 in 2021, 62 in 2024, 80 wanted in 2026: 7.43 % a year of 9.86 % needed."""
    found = towards(50.0, 62.0)
    assert found.needed == pytest.approx((80 / 50) ** (1 / 5) - 1)
    assert found.actual == pytest.approx((62 / 50) ** (1 / 3) - 1)
    assert found.ratio == pytest.approx(0.754227487952)
    assert found.path == pytest.approx(50 * (80 / 50) ** (3 / 5))
    assert (found.status, found.reason_sv) == ("moderate", "")


@pytest.mark.parametrize(
    ("ratio", "status"),
    [
        (1.2, "substantial"),
        (0.951, "substantial"),
        (0.949, "moderate"),
        (0.601, "moderate"),
        (0.599, "limited"),
        (0.0, "limited"),
        (-0.01, "deterioration"),
    ],
)
def test_the_thresholds(ratio, status):
    found = towards(50.0, on_ratio(ratio))
    assert found.status == status
    assert found.ratio == pytest.approx(ratio, abs=1e-9)


@pytest.mark.parametrize(
    ("base", "current", "what", "status"),
    [
        (50.0, 80.0, {}, "achieved"),
        (50.0, 85.0, {}, "achieved"),
        (90.0, 82.0, {}, "achieved"),
        (90.0, 79.0, {}, "deterioration"),
        (40.0, 20.0, {"direction": "-", "target": 20.0}, "achieved"),
        (40.0, 26.0, {"direction": "-", "target": 20.0}, "substantial"),
        (40.0, 42.0, {"direction": "-", "target": 20.0}, "deterioration"),
        (80.0, 79.0, {}, "deterioration"),
        (0.0, 82.0, {}, "achieved"),
        (4.0, 0.0, {"direction": "-", "target": 0.0}, "achieved"),
        (4.0, 5.0, {"direction": "-", "target": 0.0}, "deterioration"),
        (0.0, 5.0, {"direction": "-", "target": 0.0}, "deterioration"),
    ],
)
def test_what_needs_no_ratio(base, current, what, status):
    assert towards(base, current, **what).status == status


@pytest.mark.parametrize(
    ("base", "current", "what", "reason"),
    [
        (50.0, 62.0, {"direction": "0"}, "ingen önskad riktning"),
        (At(2021, None), 62.0, {}, "saknas för basåret 2021"),
        (50.0, At(2024, None), {}, "saknas för 2024"),
        (50.0, At(2021, 62.0), {}, "ingen uppgift efter basåret 2021"),
        (50.0, 62.0, {"target_year": 2021}, "Målåret 2021 ligger inte efter"),
        (0.0, 62.0, {}, "Utgångsvärdet är 0"),
        (4.0, 2.0, {"direction": "-", "target": 0.0}, "Målet är 0"),
        (-5.0, 62.0, {}, "under 0"),
        (5.0, -1.0, {}, "under 0"),
    ],
)
def test_what_cannot_be_assessed_says_why(base, current, what, reason):
    found = towards(base, current, **what)
    assert found.status == "not_assessable"
    assert reason in found.reason_sv
    assert found.ratio is None


def test_a_target_year_that_has_passed_is_told():
    found = towards(50.0, At(2027, 70.0))
    assert found.status != "achieved"
    assert "har passerat" in found.reason_sv
    assert found.path == 80.0
    assert towards(50.0, At(2027, 81.0)).reason_sv == ""


def test_an_interval_on_both_sides_of_the_needed_path_leaves_nothing_to_tell():
    """The path has reached 66.3: 62 (55 to 69) may be before or behind it, 62 (60 to 64) is behind."""
    unsure = towards(50.0, At(2024, 62.0, 55.0, 69.0))
    assert unsure.status == "not_assessable"
    assert "både före och efter" in unsure.reason_sv
    assert unsure.ratio == pytest.approx(0.754227487952)
    assert towards(50.0, At(2024, 62.0, 60.0, 64.0)).status == "moderate"


def test_the_base_s_uncertainty_counts_too():
    """The path starts from the base: 50 (40 to 60) lets 62 (60 to 64) be before it as well."""
    assert towards(At(2021, 50.0, 40.0, 60.0), At(2024, 62.0, 60.0, 64.0)).status == "not_assessable"
    assert towards(At(2021, 50.0, 49.0, 51.0), At(2024, 62.0, 60.0, 64.0)).status == "moderate"
    assert towards(At(2021, 50.0, 49.0, 70.0), At(2024, 68.0, 67.0, 69.0)).status == "not_assessable"
    assert towards(At(2021, 50.0, 49.0, 51.0), At(2024, 68.0, 67.0, 69.0)).status == "substantial"


def test_an_achieved_target_must_be_certain_in_the_target_year():
    assert towards(50.0, At(2026, 81.0, 76.0, 86.0)).status == "not_assessable"
    assert towards(50.0, At(2026, 84.0, 81.0, 87.0)).status == "achieved"


def test_a_base_that_met_the_target_must_only_stay_there():
    assert towards(95.0, At(2024, 90.0, 85.0, 94.0)).status == "achieved"
    assert towards(95.0, At(2024, 82.0, 77.0, 87.0)).status == "not_assessable"
    assert towards(95.0, At(2024, 70.0, 65.0, 75.0)).status == "deterioration"


def test_no_events_now_are_assessed_by_their_own_limits():
    down = {"direction": "-", "target": 2.0}
    assert towards(20.0, At(2024, 0.0, 0.0, 3.7), **down).status == "achieved"
    assert towards(4.0, At(2024, 0.0, 0.0, 3.7), **down).status == "not_assessable"


def test_a_target_without_a_year_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="needs the year"):
        progress(At(2021, 50.0), At(2024, 62.0), direction="+", target=80.0)


def test_limits_that_do_not_hold_their_value_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="own limits"):
        towards(50.0, At(2024, 62.0, 70.0, 80.0))


# --- without a target --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("growth", "status"),
    [
        (0.016, "substantial"),
        (0.014, "moderate"),
        (0.006, "moderate"),
        (0.004, "limited"),
        (0.0, "limited"),
        (-0.001, "deterioration"),
    ],
)
def test_growth_without_a_target(growth, status):
    found = progress(At(2015, 40.0), At(2020, 40 * (1 + growth) ** 5), direction="+")
    assert found.status == status
    assert found.actual == pytest.approx(growth)
    assert found.ratio is None
    fall = progress(At(2015, 40.0), At(2020, 40 * (1 - growth) ** 5), direction="-")
    assert fall.status == status


def test_near_a_natural_limit_less_growth_is_enough():
    """98 of at most 100: C = 1 - 0.98^4.44 = 0.0858, so 0.13 % a year is substantial; far off it changes nothing."""
    room = 1 - 0.98**4.44
    found = progress(At(2015, 98.0), At(2020, 98.7), direction="+", limit=100.0)
    assert found.needed == pytest.approx(0.015 * room)
    assert found.status == "substantial"
    assert progress(At(2015, 98.0), At(2020, 98.7), direction="+").status == "limited"
    far = progress(At(2015, 5.0), At(2020, 5.05), direction="+", limit=100.0)
    assert far.needed == pytest.approx(0.015, rel=1e-5)


def test_a_lower_limit_mirrors_an_upper_one():
    """12 with 10 the least is as near as 8 of at most 10."""
    low = progress(At(2015, 12.0), At(2020, 11.9), direction="-", limit=10.0)
    high = progress(At(2015, 8.0), At(2020, 8.1), direction="+", limit=10.0)
    assert low.needed == pytest.approx(-high.needed)
    assert progress(At(2015, 25.0), At(2020, 24.0), direction="-", limit=10.0).needed == -0.015
    assert progress(At(2015, 25.0), At(2020, 24.0), direction="-", limit=0.0).needed == -0.015


def test_at_the_limit_it_is_enough_to_stay():
    assert progress(At(2015, 100.0), At(2020, 100.0), direction="+", limit=100.0).status == "substantial"
    assert progress(At(2015, 100.0), At(2020, 99.0), direction="+", limit=100.0).status == "deterioration"


def test_a_base_beyond_its_limit_is_not_assessed():
    found = progress(At(2015, 104.0), At(2020, 103.0), direction="+", limit=100.0)
    assert found.status == "not_assessable"
    assert "bortom den gräns" in found.reason_sv


def test_without_a_target_a_base_of_0_and_uncertainty_leave_nothing_to_tell():
    assert "Utgångsvärdet är 0" in progress(At(2015, 0.0), At(2020, 3.0), direction="+").reason_sv
    unsure = progress(At(2015, 40.0, 30.0, 52.0), At(2020, 44.0, 34.0, 57.0), direction="+")
    assert unsure.status == "not_assessable"


# --- properties --------------------------------------------------------------------------------------------------

amounts = st.floats(1, 1000)
better = ("achieved", "substantial", "moderate", "limited", "deterioration")


@given(amounts, amounts, amounts, amounts)
def test_more_of_what_is_wanted_is_never_a_worse_status(base, one, other, target):
    low, high = sorted((one, other))
    assert better.index(towards(base, high, target=target).status) <= better.index(
        towards(base, low, target=target).status
    )


@given(amounts, amounts, amounts, st.floats(0.01, 100))
def test_the_unit_does_not_matter(base, current, target, scale):
    here, there = towards(base, current, target=target), towards(base * scale, current * scale, target=target * scale)
    if here.ratio is None or there.ratio is None or not math.isclose(here.ratio, there.ratio, rel_tol=1e-6):
        assert base == pytest.approx(target)  # nothing to be done, so no ratio but for rounding
    elif min(abs(here.ratio - edge) for edge in (0.95, 0.6, 0)) > 1e-6 and current != pytest.approx(target):
        assert here.status == there.status


@given(amounts, amounts, amounts, st.floats(1.001, 2), st.floats(1.001, 2))
def test_more_uncertainty_never_makes_a_status_known(base, current, target, narrow, wide):
    narrow, wide = sorted((narrow, wide))

    def status(width):
        return towards(
            At(2021, base, base / width, base * width),
            At(2024, current, current / width, current * width),
            target=target,
        ).status

    if status(narrow) == "not_assessable":
        assert status(wide) == "not_assessable"
    else:
        assert status(wide) in (status(narrow), "not_assessable")
