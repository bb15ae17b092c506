"""Sums over the rows of a table, declared in YAML beside the suite, with the ones that the source itself leaves open.

A declared sum is an identity like any other and stops the capture. Where the source is known to print parts that do
not add up (``open``), the figures are kept as they stand and the open sum is told instead: a second identity, a
warning, is about those areas and periods only. When the source mends it, the warning ends by itself.
"""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from include.check.identity import Identity, Residual, SideBySide, side_by_side_sum
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
    declared = Sums.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    if wrong := {known.sum for known in declared.open} - {known.code for known in declared.sums}:
        raise ValueError(f"{path}: no sum is declared for {sorted(wrong)}")
    return declared


def rows() -> SideBySide:
    """Return the layout that sums of rows are tried in: a column for each row of the printed table."""
    return SideBySide(by=_COMMON, across=list(Row.model_fields))


def identities(declared: Sums, layout: SideBySide, measures: Collection[str], next_sv: str) -> list[Identity]:
    """Return each sum as an identity that stops, and each open one as an identity that is told.

    Args:
        declared: the sums.
        layout: of :func:`rows`.
        measures: full codes of the measures that may be added (percentages may not).
        next_sv: what to do when a sum does not hold that is not known to be open.
    """
    result = []
    for total in declared.sums:
        known = [item for item in declared.open if item.sum == total.code]
        residual = of_measures(
            measures, side_by_side_sum(layout, _head(total.whole), [_head(part) for part in total.parts])
        )
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


def _head(row: Row) -> tuple[str, ...]:
    return tuple(row.model_dump().values())


def of_measures(measures: Collection[str], residual: Residual) -> Residual:
    """Return a residual of those measures only."""

    def some(frame: "pd.DataFrame") -> "pd.Series[float]":
        values = residual(frame)
        return values[frame["measure"].loc[values.index].isin(measures)]

    return some


def _concerned(frame: "pd.DataFrame", known: Open, values: "pd.Series[float]") -> "pd.Series[bool]":
    rows = frame.loc[values.index]
    return (rows["area"] == known.area) & rows["period"].isin(known.periods)


def _without(residual: Residual, known: list[Open]) -> Residual:
    def rest(frame: "pd.DataFrame") -> "pd.Series[float]":
        values = residual(frame)
        for item in known:
            values = values[~_concerned(frame, item, values)]
        return values

    return rest


def _within(residual: Residual, known: Open) -> Residual:
    def some(frame: "pd.DataFrame") -> "pd.Series[float]":
        values = residual(frame)
        return values[_concerned(frame, known, values)]

    return some
