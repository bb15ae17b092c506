"""What must hold of the parties' extracts, beside what their templates and reader already see to."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, warning
from include.check.identity import Identity
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: More than any party holds meetings, activities or measures in a year; a typing error or another unit.
MOST = 10_000


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        warning(
            "ExpectColumnValuesToBeBetween",
            Meta(
                "COUNT_PLAUSIBLE",
                f"Ett antal ska inte vara större än {MOST}.",
                f"No count is above {MOST}.",
                quarantine=True,
            ),
            column="value",
            max_value=MOST,
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the sums that must hold across rows."""
    return []
