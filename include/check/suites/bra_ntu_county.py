"""What must hold of the county workbook of Brå's Swedish Crime Survey (NTU): per cent, within its limits."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical, warning
from include.check.identity import Identity
from include.check.suites.common import percent_not_fraction
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    counties = sum(area.kind == "lan" for area in registry.areas.values())
    return [
        critical(
            "ExpectColumnDistinctValuesToContainSet",
            Meta("ALL_MEASURES", "Alla frågor ska finnas med.", "Every question is there."),
            column="measure",
            value_set=[f"{source.id}.{measure.id}" for measure in source.measures],
        ),
        critical(
            "ExpectColumnDistinctValuesToContainSet",
            Meta("BOTH_SEXES", "Samtliga, män och kvinnor ska finnas med.", "All, men and women are there."),
            column="sex",
            value_set=["T", "M", "K"],
        ),
        warning(
            "ExpectColumnUniqueValueCountToBeBetween",
            Meta(
                "ALL_COUNTIES",
                f"Hela landet och alla {counties} län bör finnas med.",
                f"The country and all {counties} counties are there.",
                next_sv="Ett län som saknas visas som saknat, inte som noll.",
            ),
            column="area",
            min_value=counties + 1,
            max_value=counties + 1,
        ),
        percent_not_fraction("28"),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return no sums: shares of a sample do not add up."""
    return []
