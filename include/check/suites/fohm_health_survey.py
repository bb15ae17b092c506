"""What must hold of Folkhälsomyndigheten's survey: shares with their limits, of one span of four years at a time."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical
from include.check.identity import Identity
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        critical(
            "ExpectColumnValuesToMatchRegex",
            Meta(
                "SPAN_OF_YEARS",
                "Uppgiften ska avse flera år tillsammans, aldrig ett enskilt år.",
                "A figure is about several years together, never a single one.",
            ),
            column="period",
            regex=r"^\d{4}/\d{4}$",
        ),
        critical(
            "ExpectColumnUniqueValueCountToBeBetween",
            Meta(
                "ONE_SPAN",
                "Filen ska avse ett enda medelvärde: överlappande medelvärden är ingen serie.",
                "The file is about one mean alone: means that overlap are no series.",
            ),
            column="period",
            min_value=1,
            max_value=1,
        ),
        critical(
            "ExpectColumnValuesToBeBetween",
            Meta("SHARE_MOST_100", "En andel ska vara högst 100 procent.", "A share is at most 100 per cent."),
            column="value_high",
            min_value=0,
            max_value=100,
        ),
        *_within_limits(),
    ]


def _within_limits() -> "list[Expectation]":
    """Return that each share lies within its limits."""
    return [
        critical(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            Meta(code, "Andelen ska ligga inom sitt konfidensintervall.", "A share lies within its limits."),
            column_A=larger,
            column_B=smaller,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        )
        for code, larger, smaller in (("ABOVE_LOWER", "value", "value_low"), ("BELOW_UPPER", "value_high", "value"))
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return no sums: shares are not added."""
    return []
