"""How small a change the trend test could see: "no change" is an answer only where a change could have been seen."""

import pytest

from include.measure import methods
from include.measure.trend import CRITICAL, Point, five_point
from include.measure.visible import MOST_HIDDEN, least_visible, too_few


def counts(*events: float) -> list[Point]:
    limits = methods.poisson_interval(events)
    return [Point(2021 + n, e, float(limits.low[n]), float(limits.high[n])) for n, e in enumerate(events)]


def shares(*of: tuple[float, float]) -> list[Point]:
    values, limits = methods.share([x for x, _ in of], [n for _, n in of])
    rows = zip(values, limits.low, limits.high, strict=True)
    return [Point(2021 + n, *map(float, row)) for n, row in enumerate(rows)]


def test_a_change_just_visible_is_one_that_the_test_calls_certain() -> None:
    """The least change is the test's own border: a line of that slope has its critical value."""
    flat = [Point(2021 + n, 100.0, 90.0, 110.0) for n in range(5)]
    step = least_visible(flat) / 4
    for part, result in ((0.999, "no_change"), (1.001, "up")):
        points = [
            Point(p.year, 100 + part * step * n, 90 + part * step * n, 110 + part * step * n)
            for n, p in enumerate(flat)
        ]
        found = five_point(points)
        assert found.result == result
        assert found.chi2 == pytest.approx(CRITICAL * part**2)


def test_a_steady_rise_on_few_cases_has_too_few_to_tell() -> None:
    """Eight per cent a year on some 50 cases is not certain, and not calm either."""
    rising = counts(40, 44, 47, 52, 55)
    assert five_point(rising).result == "no_change"
    assert too_few(rising)
    assert not too_few(counts(200, 195, 210, 190, 205))


def test_some_65_events_a_year_are_enough() -> None:
    """The rule of half the level, as it is documented: about 65 events a year."""
    assert MOST_HIDDEN == 0.5
    assert too_few(counts(*[60.0] * 5))
    assert not too_few(counts(*[70.0] * 5))


def test_a_share_and_the_rest_of_it_have_the_same_answer() -> None:
    """Whether the asked or the unasked are counted decides nothing."""
    for top, bottom in ((15.0, 100.0), (60.0, 1000.0), (400.0, 1000.0), (950.0, 1000.0)):
        one = too_few(shares(*[(top, bottom)] * 5), out_of=100)
        other = too_few(shares(*[(bottom - top, bottom)] * 5), out_of=100)
        assert one == other
    assert too_few(shares(*[(985.0, 1000.0)] * 5), out_of=100)
    assert not too_few(shares(*[(500.0, 1000.0)] * 5), out_of=100)


def test_nothing_at_all_is_too_few() -> None:
    """Five years of 0 events say nothing of a change."""
    assert too_few(counts(*[0.0] * 5))


@pytest.mark.parametrize("points", [counts(*[70.0] * 4), [Point(2021 + n, 5.0, 5.0, 5.0) for n in range(5)]])
def test_what_the_test_would_refuse_is_refused(points: list[Point]) -> None:
    """Four values, or values without an interval of some width, have no least visible change."""
    with pytest.raises(ValueError, match="interval"):
        least_visible(points)
