"""An indicator's values as a plain listing for operators: one line a value, as text."""

from typing import Any

import pandas as pd

#: What stands instead of a value that may not be shown, for whatever reason.
PROTECTED = "skyddad"


def listing(values: pd.DataFrame) -> list[dict[str, str]]:
    """Return values as lines of text, in the order of the series, areas, parties and years.

    A value that is hidden, at its source or because it is made of small counts, is ``skyddad`` and nothing else.

    Args:
        values: with the columns of :func:`include.measure.compute.compute`.
    """
    order = values.sort_values(["series", "area", "party", "sex", "age", "breakdown", "year"], kind="stable").to_dict(
        "records"
    )
    return [
        {
            "year": _years(row),
            "series": row["series"],
            "area": row["area"],
            "party": row["party"],
            "value": _value(row),
            "95 %": _interval(row),
            "unit": row["unit"],
            "status": _status(row),
            "known from (UTC)": _moment(row),
        }
        for row in order
    ]


def _is_hidden(row: Any) -> bool:
    return "suppressed" in (row["obs_status"], row["conf_status"])


def _years(row: Any) -> str:
    return f"{row['year']:.0f}" if row["first_year"] == row["year"] else f"{row['first_year']:.0f}-{row['year']:.0f}"


def _value(row: Any) -> str:
    if _is_hidden(row):
        return PROTECTED
    return "-" if row["obs_status"] != "ok" else f"{row['value']:.{row['decimals']}f}"


def _interval(row: Any) -> str:
    if _is_hidden(row) or pd.isna(row["ci_low"]) or pd.isna(row["ci_high"]):
        return "-"
    return f"{row['ci_low']:.{row['decimals']}f} to {row['ci_high']:.{row['decimals']}f}"


def _status(row: Any) -> str:
    if _is_hidden(row):
        return PROTECTED
    if row["obs_status"] != "ok":
        return str(row["obs_status"])
    words = ["preliminary" if row["preliminary"] else "final"]
    words += ["EXEMPELDATA"] if row["is_example"] else []
    words += ["series break before"] if row["break_before"] else []
    return ", ".join(words)


def _moment(row: Any) -> str:
    if _is_hidden(row) or pd.isna(row["known_from"]):
        return "-"
    return f"{row['known_from']:%Y-%m-%d %H:%M}"
