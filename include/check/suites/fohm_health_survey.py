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
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return no sums: shares are not added."""
    return []
