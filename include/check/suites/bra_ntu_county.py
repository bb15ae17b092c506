"""What must hold of the county workbook of Brå's Swedish Crime Survey (NTU): per cent, within its limits."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical, warning
from include.check.identity import Identity
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
        critical(
            "ExpectColumnValuesToBeBetween",
            Meta("SHARE_MOST_100", "En andel ska inte vara över 100 procent.", "No share is above 100 per cent."),
            column="value",
            max_value=100,
        ),
        critical(
            "ExpectColumnMaxToBeBetween",
            Meta(
                "PERCENT_NOT_FRACTION",
                "Andelarna ska stå i procent (till exempel 28), inte som bråk (0,28).",
                "Shares are per cent (28), not fractions (0.28).",
            ),
            column="value",
            min_value=1.5,
        ),
        critical(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            Meta("NOT_BELOW_LOW", "Värdet ska inte ligga under sin undre gräns.", "No value is below its lower limit."),
            column_A="value",
            column_B="value_low",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        ),
        critical(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            Meta("NOT_ABOVE_HIGH", "Värdet ska inte ligga över sin övre gräns.", "No value is above its upper limit."),
            column_A="value_high",
            column_B="value",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return no sums: shares of a sample do not add up."""
    return []
