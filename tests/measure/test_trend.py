"""The trend test says "changed" only when it is certain, and refuses, with the reason, what must not be tested."""

from dataclasses import replace

import numpy as np
import pytest

from include.measure.methods import poisson_interval
from include.measure.trend import Point, five_point


def series(*values: tuple[float, float, float], last: int = 2025) -> list[Point]:
    first = last - len(values) + 1
    return [Point(first + i, value, low, high) for i, (value, low, high) in enumerate(values)]


def counted(counts, population=132_000, per=100_000) -> list[Point]:
    limits = poisson_interval(counts)
    scale = per / population
    return series(
        *(
            (count * scale, low * scale, high * scale)
            for count, low, high in zip(counts, limits.low, limits.high, strict=True)
        )
    )


RISING = counted([180, 190, 205, 221, 240])

DIABETES = series(
    (7.0826, 7.0754, 7.094),
    (7.1085, 7.1013, 7.1199),
    (7.2571, 7.2499, 7.2684),
    (7.4528, 7.4456, 7.4643),
    (7.6554, 7.6481, 7.6669),
)
MMR = series(
    (92.6254, 92.4168, 92.8288),
    (92.3221, 92.1072, 92.5315),
    (90.8708, 90.6358, 91.1004),
    (90.017, 89.7694, 90.2594),
    (90.1013, 89.8578, 90.3396),
)
EYE = series(
    (2.935, 2.7841, 3.0919),
    (1.93028, 1.8085, 2.058),
    (2.7567, 2.6113, 2.9082),
    (2.8701, 2.7225, 3.0237),
    (3.0121, 2.8616, 3.1683),
)
CANCER = series(
    (126.9341, 125.9343, 127.94),
    (125.829, 124.8371, 126.8268),
    (121.5234, 120.5533, 122.4993),
    (122.3782, 121.4012, 123.361),
    (120.7742, 119.8035, 121.7507),
)


@pytest.mark.parametrize(
    ("points", "slope", "chi2", "result"),
    [
        (DIABETES, 0.148799, 9740.10, "up"),
        (MMR, -0.740511, 418.537, "down"),
        (EYE, 0.139844, 33.486, "up"),
        (CANCER, -1.570717, 97.095, "down"),
        (RISING, 11.3388, 10.40177, "up"),
        (counted([40, 44, 47, 52, 55]), 2.87767, 2.8228, "no_change"),
        (counted([200, 195, 210, 190, 205]), 0.33135, 0.009196, "no_change"),
    ],
    ids=["diabetes", "mmr", "eye", "cancer", "counts-rising", "counts-few", "counts-flat"],
)
def test_the_reference_series(points, slope, chi2, result):
    trend = five_point(points)
    assert trend.result == result
    assert trend.slope == pytest.approx(slope, rel=2e-5)
    assert trend.chi2 == pytest.approx(chi2, rel=2e-4)


def test_only_the_five_latest_points_count():
    older = [Point(2020, 999.0, None, None)]
    assert five_point([*older, *RISING]) == five_point(RISING)


def test_one_year_must_not_decide_the_direction():
    """Constant but for the first year: left out, the slope is 0, which is no direction (our choice)."""
    lone = series((50, 49, 51), (10, 9, 11), (10, 9, 11), (10, 9, 11), (10, 9, 11))
    trend = five_point(lone)
    assert trend.result == "no_change"
    assert trend.chi2 is not None
    assert trend.chi2 > 9.54953570608324
    assert "enskilt år" in trend.reason_sv


def changed(position, **what):
    points = list(RISING)
    points[position] = replace(points[position], **what)
    return points


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (RISING[1:], "Färre än 5 år"),
        ([], "Färre än 5 år"),
        (changed(2, value=None), "Uppgift saknas för 2023"),
        ([replace(RISING[0], year=2019), *RISING[1:]], "saknas år mellan 2019 och 2022"),
        (changed(3, break_before=True), "tidsseriebrott 2024"),
        (changed(4, preliminary=True), "Preliminära och slutliga"),
        (changed(1, low=None, high=None), "inget osäkerhetsintervall"),
        (changed(1, low=5.0, high=5.0), "bredden 0 2022"),
        (changed(0, full=True), "100 procent 2021"),
        ([replace(point, first_year=point.year - 1) for point in RISING], "överlappar"),
        ([replace(RISING[0], year=2022), *RISING[1:]], "överlappar"),
    ],
)
def test_refuses_with_the_reason(points, reason):
    trend = five_point(points)
    assert trend.result == "cannot_be_calculated"
    assert reason in trend.reason_sv
    assert trend.slope is None
    assert trend.chi2 is None


def test_a_break_before_the_first_point_of_the_window_does_not_matter():
    assert five_point(changed(0, break_before=True)).result == "up"


def test_all_preliminary_may_be_tested():
    assert five_point([replace(point, preliminary=True) for point in RISING]).result == "up"


def test_flat_series_are_almost_never_flagged():
    """1 000 flat Poisson series: at most 0.5 % may be called changed."""
    random = np.random.default_rng(20201127)
    means = random.uniform(5, 500, size=1000)
    flagged = sum(five_point(counted(random.poisson(mean, 5))).result in ("up", "down") for mean in means)
    assert flagged <= 5


def test_the_order_of_magnitude_does_not_matter():
    scaled = [replace(p, value=p.value / 1000, low=p.low / 1000, high=p.high / 1000) for p in RISING]
    assert five_point(scaled).result == "up"
    assert five_point(scaled).chi2 == pytest.approx(five_point(RISING).chi2)
