"""What a party said of the period before, to be shown beside the cells that it fills in now."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from include.archive.deliveries import SOURCE
from include.archive.store import Archive
from include.archive.withdrawals import is_withdrawal
from include.errors import CheckFailed, LayoutChanged
from include.periods import Period
from include.registry.delivery import Identity, extracts_in
from include.registry.models import Registry

if TYPE_CHECKING:
    from include.registry.templates_sheets import Earlier, Key

log = logging.getLogger(__name__)


def earlier_values(registry: Registry, store: Archive) -> "Callable[[Identity], tuple[str, Earlier] | None]":
    """Return a function that tells of a delivery what the same party's latest file said of the period before.

    It returns that period and the values by measure (``E06.referred``) and the grid row's codes; None if nothing is
    held of it, it was withdrawn, or the file cannot be read. A value masked by the party is shown as its interval.
    """

    def tell(identity: Identity) -> "tuple[str, Earlier] | None":
        period = Period.parse(identity.period)
        before = identity._replace(period=str(Period.starting(period.unit, period.start - timedelta(days=1))))
        held = store.latest(SOURCE, before.part)
        if held is None or is_withdrawal(held):
            return None
        from include.check.readers.extracts import read  # heavy

        try:
            table = read(store.read(held.capture_id), held, registry.sources[SOURCE], registry).table
        except (CheckFailed, LayoutChanged):
            log.warning("%s cannot be read, so its values are not shown beside those of %s.", before.part, identity)
            return None
        return before.period, _values(table.to_pylist(), before, registry)

    return tell


def _values(rows: list[dict[str, object]], identity: Identity, registry: Registry) -> "Earlier":
    """Return the shown values of a delivery's grids."""
    measures = {
        f"{extract.id}.{measure.id}": (measure.answer == "yes_no", sheet.grid.by_area)
        for extract in extracts_in(registry, identity)
        for sheet in extract.sheets
        if sheet.grid is not None
        for measure in extract.measures
        if measure.id in sheet.grid.measures
    }
    found: dict[tuple[str, Key], int | float | str] = {}
    for row in rows:
        code = str(row["measure"])
        if code in measures:
            yes_no, by_area = measures[code]
            shown = _shown(row, yes_no=yes_no)
            if shown is not None:
                area = str(row["area"]) if by_area else ""
                found[code, (area, str(row["breakdown"]), str(row["sex"]), str(row["age"]))] = shown
    return found


def _shown(row: Mapping[str, object], *, yes_no: bool) -> int | float | str | None:
    """Return a figure as a person wrote it, None if there is none."""
    value, low, high = row["value"], row["value_low"], row["value_high"]
    if isinstance(value, float):
        if yes_no:
            return "Ja" if value else "Nej"
        return int(value) if value.is_integer() else value
    if row["value_status"] == "suppressed" and isinstance(low, float) and isinstance(high, float):
        return f"{low:g}-{high:g}"
    return None
