"""What must hold of the parties' extracts, beside what their templates and reader already see to."""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, warning
from include.check.identity import Identity
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: More than any party counts in a year, care contacts and nights included; a typing error or another unit.
MOST = 1_000_000


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        warning(
            "ExpectColumnValuesToBeBetween",
            Meta(
                "COUNT_PLAUSIBLE",
                f"Ett antal ska inte vara större än {MOST:_}.".replace("_", " "),
                f"No count is above {MOST:,}.",
                quarantine=True,
            ),
            column="value",
            max_value=MOST,
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the sums that must hold across rows."""
    return []
