"""What must hold of Socialstyrelsen's figures on patients treated after assault."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical, warning
from include.check.identity import Identity, sum_residual
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

_NOT_SEX = ["measure", "area", "period", "age", "party", "breakdown"]

#: More patients than were ever treated in the country in a year after every kind of external cause: another unit.
_MOST_PATIENTS = 1_000_000


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        critical(
            "ExpectColumnValuesToMatchRegex",
            Meta("WHOLE_YEAR", "Uppgiften ska avse ett helt år.", "The figure is about a whole year."),
            column="period",
            regex=r"^\d{4}$",
        ),
        critical(
            "ExpectColumnValuesToBeBetween",
            Meta(
                "PATIENTS_PLAUSIBLE",
                f"Antalet patienter ska inte vara över {_MOST_PATIENTS:,}.".replace(",", " "),
                f"There are no more than {_MOST_PATIENTS:,} patients.",
            ),
            column="value",
            max_value=_MOST_PATIENTS,
        ),
        warning(
            "ExpectColumnDistinctValuesToContainSet",
            Meta("COUNTRY_THERE", "Riket ska finnas med, att jämföra med.", "The country is there, to compare with."),
            column="area",
            value_set=["00"],
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the sums that must hold across rows."""
    return [
        Identity(
            "SEX_SUM",
            "Kvinnor och män ska tillsammans vara båda könen (antal patienter).",
            "Women and men add up to both sexes (patients).",
            lambda frame: _sexes(frame[frame["measure"] == f"{source.id}.patients"]).reindex(frame.index),
            severity="warning",  # a patient whose sex is not known would be in the total alone
        )
    ]


def _sexes(frame: "pd.DataFrame") -> "pd.Series[float]":
    """Return both sexes less women and men, on the rows of both whose two parts are there."""
    parts = frame[frame["sex"].isin(["K", "M"])]
    return sum_residual(frame, whole=frame["sex"] == "T", parts=parts, by=_NOT_SEX, complete=2)
