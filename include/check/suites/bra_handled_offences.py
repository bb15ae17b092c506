"""What must hold of Brå's Table 300: its own sums, and what a percentage is."""

from collections.abc import Callable
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
    rates = [f"{source.id}.{measure.id}" for measure in source.measures if measure.unit == "procent"]
    return [
        critical(
            "ExpectTableRowCountToBeBetween",
            Meta("NOT_EMPTY", "Filen ska innehålla minst en uppgift.", "The file holds at least one figure."),
            min_value=1,
        ),
        critical(
            "ExpectColumnValuesToBeBetween",
            Meta("SHARE_MOST_100", "En andel ska inte vara över 100 procent.", "No share is above 100 per cent."),
            only=("measure", rates),
            column="value",
            max_value=100,
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the sums that must hold across rows."""
    return [
        Identity(
            "HANDLED_SUM",
            "Handlagda brott ska vara utredda plus direktavskrivna.",
            "Handled offences are the investigated plus the dismissed.",
            _measures(source, "handled", ["investigated", "dismissed"]),
        ),
        Identity(
            "INVESTIGATED_SUM",
            "Utredda brott ska vara personuppklarade plus förundersökningsbegränsade plus övriga (där alla skrivs ut).",
            "Investigated offences are the cleared, the limited and the others (where all are printed).",
            _measures(source, "investigated", ["cleared_person", "limited_investigation", "other_decisions"]),
        ),
    ]


def _measures(source: Source, whole: str, parts: list[str]) -> Callable[["pd.DataFrame"], "pd.Series[float]"]:
    """Return the residual of one measure that is the sum of others of the same row of the table."""
    names = [f"{source.id}.{part}" for part in parts]

    def residual(frame: "pd.DataFrame") -> "pd.Series[float]":
        return sum_residual(
            frame,
            whole=frame["measure"] == f"{source.id}.{whole}",
            parts=frame[frame["measure"].isin(names)],
            by=_NOT_MEASURE,
            complete=len(parts),
        )

    return residual
