"""What must hold of Brå's ten-year series of clearance and prosecution rates."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical
from include.check.identity import SAME_ROW, Identity
from include.check.suites.common import percent_not_fraction
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    both = [f"{source.id}.{measure.id}" for measure in source.measures]
    return [
        critical(
            "ExpectColumnDistinctValuesToContainSet",
            Meta(
                "BOTH_RATES",
                "Filen ska innehålla både personuppklarings- och lagföringsprocent.",
                "The file holds both rates.",
                next_sv="Är allt satt åt sidan har etiketterna ändrats: se vilka i rapporten.",
            ),
            column="measure",
            value_set=both,
        ),
        critical(
            "ExpectColumnDistinctValuesToContainSet",
            Meta(
                "ALL_OFFENCES_THERE",
                "Raden för samtliga brott ska finnas.",
                "The row of all offences is there.",
                next_sv="Är raden satt åt sidan har dess etikett ändrats: se vilken i rapporten.",
            ),
            column="breakdown",
            value_set=["offence:all"],
        ),
        percent_not_fraction("14"),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return what must hold across rows."""
    return [
        Identity(
            "CLEARANCE_WITHIN_PROSECUTION",
            "Personuppklaringsprocenten ska inte vara större än lagföringsprocenten, vars bas är mindre.",
            "The clearance rate does not exceed the prosecution rate, whose base is smaller.",
            lambda frame: _excess(frame, source),
            tolerance=0.5,  # either may be rounded
            next_sv="Har bladen bytt plats?",
        )
    ]


def _excess(frame: "pd.DataFrame", source: Source) -> "pd.Series[float]":
    """Return by how much a clearance rate exceeds its offence's prosecution rate, 0 if it does not."""
    rows = frame.astype(dict.fromkeys(("measure", *SAME_ROW), object))
    prosecution = rows[rows["measure"] == f"{source.id}.prosecution_rate"].set_index(list(SAME_ROW))["value"].to_dict()
    clearance = rows[rows["measure"] == f"{source.id}.clearance_rate"]
    keys = clearance[list(SAME_ROW)].itertuples(index=False, name=None)
    other = [prosecution.get(key, float("nan")) for key in keys]
    excess: pd.Series[float] = (clearance["value"] - other).clip(lower=0)
    return excess
