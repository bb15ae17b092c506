"""What must hold of a party's delivery, beyond what the gate asks of any table: the rules DQ01-DQ27.

The catalogue with their words is data (:mod:`include.check.deliveries.rules`). This package tries those about the
figures themselves: within the delivery, beside the party's earlier ones, and beside what other parties say. No rule
guesses: where a figure is masked or lacking, it is told only what no number in its place could mend.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from include.check.deliveries import between_parties, over_time, within
from include.check.deliveries.cells import Cells
from include.check.deliveries.over_time import Earlier
from include.check.deliveries.rules import Rule, rule_of, rules
from include.check.gate import Finding, Reveal
from include.periods import Period
from include.registry.delivery import Identity
from include.registry.models import Registry

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Earlier", "Rule", "findings", "rule_of", "rules"]


def findings(
    table: "pa.Table",
    identity: Identity,
    registry: Registry,
    *,
    earlier: Sequence[Earlier],
    others: "Mapping[str, pa.Table]",
    reveal: Reveal,
    sha256: str = "",
    versions: Mapping[str, str] | None = None,
    captured_at: datetime | None = None,
) -> list[Finding]:
    """Return what came of each rule that could be tried, in the catalogue's order.

    Args:
        table: the delivery's figures, of all its extracts, with the schema of tidy tables.
        identity: which delivery it is.
        registry: with the contracts.
        earlier: this party's other deliveries, newest first: the version before, and other periods.
        others: the figures of other deliveries about the same year, by the name of their archive part.
        reveal: whether numbers may be shown; those of extracts of persons and cases never are.
        sha256: of the delivered file; empty = not known.
        versions: of the extracts' templates, as its cover says, by extract; None = not known.
        captured_at: when it came, with a time zone; None = not asked.
    """
    if not table.num_rows:
        return []
    cells = Cells(table, identity, registry, reveal)
    year = Period.parse(identity.period).year
    beside = {e.identity: e.table for e in reversed(earlier) if Period.parse(e.identity.period).year == year}
    beside |= {Identity.of_part(part): each for part, each in others.items()}
    found = [
        *within.findings(cells),
        *over_time.findings(cells, earlier, sha256=sha256, versions=versions or {}, captured_at=captured_at),
        *between_parties.findings(cells, beside),
    ]
    return sorted(found, key=lambda each: each.kind)
