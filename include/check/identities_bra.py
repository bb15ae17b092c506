"""What must hold between the columns of Brå's Table 300.

Found to hold in all 974 offence-years known (region Nord and the country, 2015-2025); from 2020 on they are what the
recovered counts rest on, so a year in which one stops holding must stop too:

* handled = investigated + dismissed; investigated = cleared + limited investigations + others (where printed, to 2019);
* cleared offences = charges + summary penalty orders + waivers; dismissed = its two parts (where printed, to 2019);
* clearance rate = cleared / handled;
* prosecution rate = cleared / (investigated - limited investigations), a base of at most the investigated.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from include.check.identity import SAME_ROW, Column, Identity, Residual, SideBySide, side_by_side_sum
from include.registry.models import Source

if TYPE_CHECKING:
    import pandas as pd

#: In offences. The printed percentages are rounded at the eighth decimal, which is at most 0.0002 of an offence.
TOLERANCE = 0.001


def columns() -> SideBySide:
    """Return the layout that they are tried in: a column for each measure of a printed row."""
    return SideBySide(by=SAME_ROW, across=["measure"])


def identities(source: Source, layout: SideBySide) -> list[Identity]:
    """Return the identities, their residuals in offences; ``layout`` is that of :func:`columns`."""

    def total(whole: str, *parts: str) -> Residual:
        return side_by_side_sum(layout, [f"{source.id}.{whole}"], [[f"{source.id}.{part}"] for part in parts])

    def compared(whole: str, others: Sequence[str], rest: Callable[..., Column]) -> Residual:
        """Return a residual made of columns of the same row, on the rows of the first."""
        heads = [f"{source.id}.{name}" for name in (whole, *others)]

        def residual(frame: "pd.DataFrame") -> "pd.Series[float]":
            laid = layout.lay_out(frame)
            return laid.on(heads[:1], rest(*(laid.column(head) for head in heads)))

        return residual

    return [
        Identity(
            "HANDLED_SUM",
            "Handlagda brott ska vara utredda plus direktavskrivna.",
            "Handled offences are the investigated plus the dismissed.",
            total("handled", "investigated", "dismissed"),
        ),
        Identity(
            "INVESTIGATED_SUM",
            "Utredda brott ska vara personuppklarade plus förundersökningsbegränsade plus övriga (där alla skrivs ut).",
            "Investigated offences are the cleared, the limited and the others (where all are printed).",
            total("investigated", "cleared_person", "limited_investigation", "other_decisions"),
        ),
        Identity(
            "CLEARED_SUM",
            "Personuppklarade brott ska vara åtal plus strafförelägganden plus åtalsunderlåtelser (där de skrivs ut).",
            "Cleared offences are the charges, summary penalty orders and waivers (where printed).",
            total("cleared_person", "cleared_charge", "cleared_summary_penalty", "cleared_waiver"),
        ),
        Identity(
            "DISMISSED_SUM",
            "Direktavskrivna brott ska vara summan av sina två delposter (där de skrivs ut).",
            "Dismissed offences are the sum of their two parts (where printed).",
            total("dismissed", "dismissed_part_1", "dismissed_part_2"),
        ),
        Identity(
            "CLEARANCE_RATE",
            "Personuppklaringsprocenten ska vara personuppklarade av handlagda brott.",
            "The clearance rate is cleared of handled offences.",
            compared("clearance_rate_printed", ["handled", "cleared_person"], _rate),
            tolerance=TOLERANCE,
            in_unit=False,
        ),
        Identity(
            "PROSECUTION_RATE",
            "Lagföringsprocenten ska vara personuppklarade av utredda brott utom förundersökningsbegränsade.",
            "The prosecution rate is cleared of investigated offences less limited investigations.",
            compared("prosecution_rate_printed", ["prosecution_base", "cleared_person"], _rate),
            tolerance=TOLERANCE,
            in_unit=False,
        ),
        Identity(
            "PROSECUTION_BASE",
            "Lagföringsprocentens bas kan inte vara större än de utredda brotten.",
            "The base of the prosecution rate is at most the investigated offences.",
            compared("prosecution_base", ["investigated"], lambda base, whole: (base - whole).clip(min=0)),
        ),
    ]


def _rate(percent: Column, base: Column, cleared: Column) -> Column:
    """Return rate x base less the cleared offences."""
    return percent / 100 * base - cleared
