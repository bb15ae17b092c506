"""The trend of every series and year, from a table of values."""

import pandas as pd

from include.measure.trend import POINTS, Point, Trend, five_point
from include.registry.models import Indicator, Registry

TREND_COLUMNS = [
    *("indicator_id", "series", "area", "sex", "age", "party", "year"),
    *("test", "result", "reason_sv", "slope", "chi2"),
]

TEST = "five_point_trend"

_SERIES = ["indicator_id", "series", "area", "sex", "age", "party"]
_USED = [
    "year",
    "first_year",
    "value",
    "ci_low",
    "ci_high",
    "preliminary",
    "break_before",
    "method",
    "numerator",
    "denominator",
]


def trends_of(values: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """Return a trend row for every row of values since the series began, tested on the five years that end with it.

    Args:
        values: indicator values with the columns of :func:`include.measure.compute.compute`, computed or stored; only
            the years in the table can be looked at.
        registry: says which indicators may be tested.
    """
    rows = []
    for key, points in _series(values).items():
        indicator = registry.indicators[key[0]]
        for point in points:
            window = [each for each in points if point.year - POINTS < each.year <= point.year]
            trend = _trend(indicator, window)
            rows.append([*key, point.year, TEST, trend.result, trend.reason_sv or None, trend.slope, trend.chi2])
    # As the values stand, so that a year's rows have one order, whatever other years were looked at.
    place = {key: at for at, key in enumerate(values[[*_SERIES, "year"]].itertuples(index=False, name=None))}
    rows.sort(key=lambda row: place[tuple(row[: len(_SERIES) + 1])])
    return pd.DataFrame(rows, columns=TREND_COLUMNS).astype({"slope": float, "chi2": float})


def _trend(indicator: Indicator, window: list[Point]) -> Trend:
    if indicator.trend:
        return five_point(window)
    if indicator.interval == "none":
        return Trend("cannot_be_calculated", "Uppgiften är räknad i sin helhet och har inget osäkerhetsintervall.")
    return Trend("cannot_be_calculated", "Händelserna är inte oberoende av varandra, så ingen trend prövas.")


def _series(values: pd.DataFrame) -> dict[tuple[str, ...], list[Point]]:
    """Return each series' points, oldest first, without the years at its beginning that nothing was collected for."""
    found: dict[tuple[str, ...], list[Point]] = {}
    table = values.sort_values("year", kind="stable")
    keys = table[_SERIES].itertuples(index=False, name=None)
    for key, status, row in zip(
        keys, table["obs_status"], table[_USED].itertuples(index=False, name=None), strict=True
    ):
        if key in found or status != "not_collected":
            found.setdefault(key, []).append(_point(*row))
    return found


def _point(
    year: int,
    first_year: int,
    value: float,
    low: float,
    high: float,
    preliminary: bool,
    break_before: bool,
    method: str,
    top: float,
    bottom: float,
) -> Point:
    full = method == "share" and top == bottom
    numbers = (_number(value), _number(low), _number(high))
    return Point(int(year), *numbers, bool(preliminary), bool(break_before), full, int(first_year))


def _number(cell: float) -> float | None:
    return None if pd.isna(cell) else float(cell)
