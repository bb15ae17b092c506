"""What must hold of a source of which nothing is known beyond what holds of all."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical
from include.check.identity import Identity
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return that the answer holds something."""
    return [
        critical(
            "ExpectTableRowCountToBeBetween",
            Meta("NOT_EMPTY", "Filen ska innehålla minst en uppgift.", "The answer holds at least one figure."),
            min_value=1,
        )
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return no sums: none is known."""
    return []
