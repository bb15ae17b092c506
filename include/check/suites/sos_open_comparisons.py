"""What must hold of the open comparisons: answers are yes or no, and a county has no more than its municipalities."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical
from include.check.identity import Identity, sum_residual
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

_NOT_MEASURE = ["area", "period", "sex", "age", "party", "breakdown"]


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta("YES_OR_NO", "En kommuns uppgift ska vara 1 eller 0.", "The figure of a municipality is 1 or 0."),
            only=("mark", ["direct"]),
            column="value",
            value_set=[0, 1],
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return what must hold between rows: nobody says yes without an answer."""
    return [
        Identity(
            "YES_WITHIN_ANSWERED",
            "Antalet ja ska inte vara större än antalet svar.",
            "There are no more yes than answers.",
            lambda frame: _excess(frame, source),
        )
    ]


def _excess(frame: "pd.DataFrame", source: Source) -> "pd.Series[float]":
    """Return how many more yes than answers there are, on the rows of the answers; 0 where there are not more."""
    parts = frame[frame["measure"] == f"{source.id}.yes"]
    whole = frame["measure"] == f"{source.id}.answered"
    return sum_residual(frame, whole=whole, parts=parts, by=_NOT_MEASURE, complete=1).clip(upper=0)
