"""What must hold of a source of which nothing is known beyond what holds of all (``suites/common.py``)."""

from typing import TYPE_CHECKING

from include.check.identity import Identity
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return nothing of its own."""
    return []


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return no sums: none is known."""
    return []
