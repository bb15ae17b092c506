"""Small frames of observations, as the warehouse hands them over, for the tests of measure."""

from typing import Any

import pandas as pd

KNOWN = pd.Timestamp("2026-07-07T06:00:00Z")


def observation(measure: str, value: float | None, **what: Any) -> dict[str, Any]:
    """Return one observation; what is not given is a total, final, direct and reconstructed."""
    year = what.pop("year", 2025)
    row = {
        "measure": measure,
        "area": "Rn01",
        "period": str(year),
        "year": year,
        "sex": "T",
        "age": "T",
        "party": "-",
        "breakdown": "total",
        "value": value,
        "value_low": None,
        "value_high": None,
        "value_status": "ok" if value is not None else "missing",
        "status": "F",
        "mark": "direct",
        "source_label": "",
        "capture_id": f"{measure.partition('.')[0]}/Rn01-{year}/20260707T060000Z-abcdefabcdef",
        "origin": "reconstructed",
        "known_from": KNOWN,
    }
    unknown = set(what) - set(row)
    assert not unknown, unknown
    return row | what


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return observations as a frame; none at all still has its columns."""
    return pd.DataFrame(list(rows), columns=list(observation("x.y", 0)))
