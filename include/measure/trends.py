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


def trends_of(values: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """Return a trend row for every row of values since the series began, tested on the five years that end with it.

    Args:
        values: indicator values with the columns of :func:`include.measure.compute.compute`, computed or stored; only
            the years in the table can be looked at.
        registry: says which indicators may be tested.
    """
    rows = []
    for key, series in values.groupby(_SERIES, sort=False):
        indicator = registry.indicators[str(key[0])]
        points = _points(_since_begun(series.sort_values("year")))
        for point in points:
            window = [each for each in points if point.year - POINTS < each.year <= point.year]
            trend = _trend(indicator, window)
            rows.append([*key, point.year, TEST, trend.result, trend.reason_sv or None, trend.slope, trend.chi2])
    return pd.DataFrame(rows, columns=TREND_COLUMNS).astype({"slope": float, "chi2": float})


def _trend(indicator: Indicator, window: list[Point]) -> Trend:
    if indicator.trend:
        return five_point(window)
    if indicator.interval == "none":
        return Trend("cannot_be_calculated", "Uppgiften är räknad i sin helhet och har inget osäkerhetsintervall.")
    return Trend("cannot_be_calculated", "Händelserna är inte oberoende av varandra, så ingen trend prövas.")


def _since_begun(series: pd.DataFrame) -> pd.DataFrame:
    """Return a series without the years at its beginning for which nothing was collected."""
    return series[(series["obs_status"] != "not_collected").cummax()]


def _points(series: pd.DataFrame) -> list[Point]:
    full = (series["method"] == "share") & (series["numerator"] == series["denominator"])
    columns = ["year", "value", "ci_low", "ci_high", "preliminary", "break_before"]
    rows = zip(series[columns].itertuples(index=False, name=None), full, strict=True)
    return [
        Point(int(year), _number(value), _number(low), _number(high), bool(early), bool(gap), bool(whole))
        for (year, value, low, high, early, gap), whole in rows
    ]


def _number(cell: float) -> float | None:
    return None if pd.isna(cell) else float(cell)
