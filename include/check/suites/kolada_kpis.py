"""What must hold of Kolada's key figures.

That every KPI asked for is there or withdrawn, with the title that the registry has, is told by the capture itself and
is demanded by the reader. Here is what must hold of the figures.
"""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical
from include.check.identity import Identity
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

#: A total is a weighted mean of women and men (and of those who gave neither); percentage points that it may lie
#: outside of both before it is told.
OUTSIDE = 1.0

_NOT_SEX = ["measure", "area", "period", "age", "party", "breakdown"]


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        critical(
            "ExpectColumnValuesToMatchRegex",
            Meta("YEAR", "Uppgiften ska avse ett år.", "A figure is about a year."),
            column="period",
            regex=r"^\d{4}$",
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return what must hold across rows."""
    return [
        Identity(
            "TOTAL_BETWEEN_SEXES",
            "En andel för alla bör ligga mellan kvinnornas och männens.",
            "A share of all lies between that of women and that of men.",
            lambda frame: _outside(frame, _shares(source)),
            severity="warning",
            tolerance=OUTSIDE,
            in_unit=False,
            next_sv="Kontrollera könskoderna (T, K, M) mot Kolada.",
        )
    ]


def _shares(source: Source) -> list[str]:
    """Return the full codes of the measures that are shares."""
    return [f"{source.id}.{measure.id}" for measure in source.measures if measure.unit == "procent"]


def _outside(frame: "pd.DataFrame", shares: list[str]) -> "pd.Series[float]":
    """Return how far each total lies outside of its women's and men's, on the totals that have both."""
    rows = frame[frame["measure"].isin(shares)]
    parts = rows[rows["sex"].isin(["K", "M"])].groupby(_NOT_SEX, observed=True)["value"]
    limits = parts.agg(["min", "max", "count"]).reset_index()
    totals = rows[rows["sex"] == "T"]
    joined = totals[[*_NOT_SEX, "value"]].merge(limits, on=_NOT_SEX, how="left").set_axis(totals.index)
    nearest = joined["value"].clip(joined["min"], joined["max"])
    return (joined["value"] - nearest).where(joined["count"] == 2)
