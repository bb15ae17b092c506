"""The trend test says "changed" only when it is certain, and refuses, with the reason, what must not be tested."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.measure.methods import poisson_interval, rate
from include.measure.trend import CRITICAL, REASONS_SV, WIDTH, Point, five_point, five_points


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


# --- many series at once -----------------------------------------------------------------------------------------


def cells(elements):
    return st.lists(st.lists(elements, min_size=6, max_size=6), min_size=1, max_size=4).map(np.array)


numbers = cells(st.integers(0, 12).map(float))
widths = cells(st.sampled_from([0.4, 1.0, 3.0]))

#: What stands in the way of a test: its kind, and the series and year where it stands.
obstacles = st.lists(
    st.tuples(
        st.sampled_from(["missing", "no_interval", "flat", "preliminary", "break", "full"]),
        st.integers(0, 3),
        st.integers(0, 5),
    ),
    max_size=3,
)


def points(values, low, high, early, breaks, full):
    def number(cell):
        return None if np.isnan(cell) else float(cell)

    cells = zip(values, low, high, early, breaks, full, strict=True)
    return [
        Point(2020 + year, number(v), number(lo), number(hi), bool(p), bool(b), bool(f))
        for year, (v, lo, hi, p, b, f) in enumerate(cells)
    ]


@given(numbers, widths, obstacles)
def test_a_matrix_of_series_is_judged_as_each_series_alone(values, width, found_there):
    """The vectorised test refuses and decides as the scalar one does, for the same reason and to the last bit."""
    rows = min(len(values), len(width))
    values, width = values[:rows].copy(), width[:rows].copy()
    early, breaks, full = (np.zeros(values.shape, dtype=bool) for _ in range(3))
    marked = {"preliminary": (early, True), "break": (breaks, True), "full": (full, True)}
    marked |= {"missing": (values, np.nan), "no_interval": (width, np.nan), "flat": (width, 0.0)}
    for kind, row, year in found_there:
        table, mark = marked[kind]
        table[row % rows, year] = mark
    low, high = values - width / 2, values + width / 2
    found = five_points(values, low, high, preliminary=early, break_before=breaks, full=full)
    for row in range(rows):
        alone = five_point(points(values[row], low[row], high[row], early[row], breaks[row], full[row]))
        assert found.result[row] == alone.result
        if alone.result == "cannot_be_calculated":
            assert np.isnan([found.slope[row], found.chi2[row]]).all()
            key_words = REASONS_SV[str(found.reason[row])].removesuffix(".").removesuffix("minst ett av åren").split()
            assert alone.reason_sv.split()[: len(key_words) - 2] == key_words[:-2]
        else:
            assert (found.slope[row], found.chi2[row]) == (alone.slope, alone.chi2)
            assert REASONS_SV.get(str(found.reason[row]), "") == alone.reason_sv


@given(numbers, widths)
def test_slope_and_chi_square_are_those_of_the_formula(values, width):
    """The sums of the source's own formula, written out."""
    rows = min(len(values), len(width))
    found = five_points(values[:rows], values[:rows], values[:rows] + width[:rows])
    for row in range(rows):
        y, w = values[row][1:], (WIDTH / (values[row] + width[row] - values[row])[1:]) ** 2
        x = np.arange(1, 6)
        spread = w.sum() * (w * x**2).sum() - (w * x).sum() ** 2
        slope = (w.sum() * (w * x * y).sum() - (w * x).sum() * (w * y).sum()) / spread
        assert found.slope[row] == pytest.approx(slope, rel=1e-9, abs=1e-9)
        assert found.chi2[row] == pytest.approx(slope**2 * spread / w.sum(), rel=1e-9, abs=1e-9)


def test_a_series_gets_the_same_figures_whichever_others_are_with_it():
    random = np.random.default_rng(2)
    value, limits = rate(random.poisson(40, (500, 5)), 132_000, 100_000)
    together = five_points(value, limits.low, limits.high)
    for row in range(0, 500, 50):
        alone = five_points(value[row], limits.low[row], limits.high[row])
        assert (alone.slope, alone.chi2) == (together.slope[row], together.chi2[row])


def test_sliding_windows_are_tested_at_once():
    counts = [180, 190, 205, 221, 240, 240, 241]
    value, limits = rate(counts, 132_000, 100_000)
    windows = [np.lib.stride_tricks.sliding_window_view(each, 5) for each in (value, *limits)]
    found = five_points(*windows)
    assert found.result.tolist() == [five_point(counted(counts[first : first + 5])).result for first in range(3)]
    assert found.result.tolist() == ["up", "no_change", "no_change"]


def test_a_row_of_preliminary_values_may_be_tested_and_a_mixed_one_may_not():
    value, limits = rate([[180, 190, 205, 221, 240]] * 2, 132_000, 100_000)
    found = five_points(value, limits.low, limits.high, preliminary=[[True] * 5, [False] * 4 + [True]])
    assert found.result.tolist() == ["up", "cannot_be_calculated"]
    assert found.reason.tolist() == ["", "mixed"]


def test_too_few_years_and_years_that_overlap_are_refused_for_all():
    short = five_points(np.ones((3, 4)), np.zeros((3, 4)), np.full((3, 4), 2.0))
    assert set(short.result) == {"cannot_be_calculated"}
    assert set(short.reason) == {"too_few"}
    pooled = five_points(np.ones((3, 6)), np.zeros((3, 6)), np.full((3, 6), 2.0), covers=3)
    assert set(pooled.reason) == {"overlapping"}


def test_of_many_flat_series_almost_none_is_flagged():
    """20 000 flat Poisson series: at most 0.5 % may be called changed."""
    random = np.random.default_rng(99)
    means = random.uniform(5, 500, size=(20_000, 1))
    value, limits = rate(random.poisson(means, (20_000, 5)), 132_000, 100_000)
    found = five_points(value, limits.low, limits.high)
    assert np.isin(found.result, ("up", "down")).mean() <= 0.005
    assert (found.chi2[found.result == "up"] > CRITICAL).all()
