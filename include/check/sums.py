"""Sums over the rows of a table, declared in YAML beside the suite, with the ones that the source itself leaves open.

A declared sum is an identity like any other and stops the capture. Where the source is known to print parts that do
not add up (``open``), the figures are kept as they stand and the open sum is told instead: a second identity, a
warning, is about those areas and periods only. When the source mends it, the warning ends by itself.
"""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from include.check.identity import Identity, sum_residual
from include.registry.models import Model, Text

if TYPE_CHECKING:
    import pandas as pd

#: What a row of the printed table and its parts have in common.
_COMMON = ["measure", "area", "period", "party"]


class Row(Model):
    """A row of the printed table."""

    breakdown: str
    sex: str = "T"
    age: str = "T"


class Sum(Model):
    """A row that is the sum of others."""

    code: str
    text: Text
    whole: Row
    parts: list[Row]


class Open(Model):
    """A sum that the source itself leaves open, for some periods of an area."""

    sum: str
    area: str
    periods: list[str]
    text: Text


class Sums(Model):
    """What one source declares."""

    sums: list[Sum]
    open: list[Open]


def read(path: Path) -> Sums:
    """Return the sums declared in a YAML file.

    Raises:
        ValueError: an open sum is none of the declared ones, or a key is unknown.
    """
    declared = Sums.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    if wrong := {known.sum for known in declared.open} - {known.code for known in declared.sums}:
        raise ValueError(f"{path}: no sum is declared for {sorted(wrong)}")
    return declared


def identities(declared: Sums, measures: Collection[str], next_sv: str) -> list[Identity]:
    """Return each sum as an identity that stops, and each open one as an identity that is told.

    Args:
        declared: the sums.
        measures: full codes of the measures that may be added (percentages may not).
        next_sv: what to do when a sum does not hold that is not known to be open.
    """
    result = []
    for total in declared.sums:
        known = [item for item in declared.open if item.sum == total.code]
        residual = _residual(total, measures)
        result.append(
            Identity(total.code, total.text.sv, total.text.en, _without(residual, known), "critical", next_sv=next_sv)
        )
        result += [
            Identity(
                f"{total.code}_OPEN_{number}", item.text.sv, item.text.en, _within(residual, item), severity="warning"
            )
            for number, item in enumerate(known, start=1)
        ]
    return result


Residual = Callable[["pd.DataFrame"], "pd.Series[float]"]


def _residual(total: Sum, measures: Collection[str]) -> Residual:
    """Return whole less parts, on the rows of the whole; the parts are taken together for each measure and place."""

    def residual(frame: "pd.DataFrame") -> "pd.Series[float]":
        import pandas as pd

        counted = frame["measure"].isin(measures)
        parts = pd.Series(False, index=frame.index)
        for part in total.parts:
            parts |= _is(frame, part)
        whole = _is(frame, total.whole) & counted
        return sum_residual(frame, whole=whole, parts=frame[parts], by=_COMMON, complete=len(total.parts))

    return residual


def _is(frame: "pd.DataFrame", row: Row) -> "pd.Series[bool]":
    return (frame["breakdown"] == row.breakdown) & (frame["sex"] == row.sex) & (frame["age"] == row.age)


def _concerned(frame: "pd.DataFrame", known: Open) -> "pd.Series[bool]":
    return (frame["area"] == known.area) & frame["period"].isin(known.periods)


def _without(residual: Residual, known: list[Open]) -> Residual:
    def rest(frame: "pd.DataFrame") -> "pd.Series[float]":
        values = residual(frame)
        for item in known:
            values = values.mask(_concerned(frame, item))
        return values

    return rest


def _within(residual: Residual, known: Open) -> Residual:
    return lambda frame: residual(frame).where(_concerned(frame, known))
