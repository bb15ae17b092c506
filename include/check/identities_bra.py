"""What must hold between the columns of Brå's Table 300, beyond the sums of the suite.

Found to hold in all 974 offence-years known (region Nord and the country, 2015-2025); from 2020 on they are what the
recovered counts rest on, so a year in which one stops holding must stop too:

* cleared offences = charges + summary penalty orders + waivers; dismissed = its two parts (where printed, to 2019);
* clearance rate = cleared / handled;
* prosecution rate = cleared / (investigated - limited investigations), a base of at most the investigated.
"""

from typing import TYPE_CHECKING

from include.check.identity import SAME_ROW, Identity, Residual, measure_sum, with_value
from include.registry.models import Source

if TYPE_CHECKING:
    import pandas as pd

ROW = list(SAME_ROW)

#: In offences. The printed percentages are rounded at the eighth decimal, which is at most 0.0002 of an offence.
TOLERANCE = 0.001


def identities(source: Source) -> list[Identity]:
    """Return the identities, their residuals in offences."""
    return [
        Identity(
            "CLEARED_SUM",
            "Personuppklarade brott ska vara åtal plus strafförelägganden plus åtalsunderlåtelser (där de skrivs ut).",
            "Cleared offences are the charges, summary penalty orders and waivers (where printed).",
            measure_sum(source.id, "cleared_person", ["cleared_charge", "cleared_summary_penalty", "cleared_waiver"]),
        ),
        Identity(
            "DISMISSED_SUM",
            "Direktavskrivna brott ska vara summan av sina två delposter (där de skrivs ut).",
            "Dismissed offences are the sum of their two parts (where printed).",
            measure_sum(source.id, "dismissed", ["dismissed_part_1", "dismissed_part_2"]),
        ),
        Identity(
            "CLEARANCE_RATE",
            "Personuppklaringsprocenten ska vara personuppklarade av handlagda brott.",
            "The clearance rate is cleared of handled offences.",
            _rate(source, "clearance_rate_printed", "handled"),
            tolerance=TOLERANCE,
            in_unit=False,
        ),
        Identity(
            "PROSECUTION_RATE",
            "Lagföringsprocenten ska vara personuppklarade av utredda brott utom förundersökningsbegränsade.",
            "The prosecution rate is cleared of investigated offences less limited investigations.",
            _rate(source, "prosecution_rate_printed", "prosecution_base"),
            tolerance=TOLERANCE,
            in_unit=False,
        ),
        Identity(
            "PROSECUTION_BASE",
            "Lagföringsprocentens bas kan inte vara större än de utredda brotten.",
            "The base of the prosecution rate is at most the investigated offences.",
            lambda frame: _excess(frame, source),
        ),
    ]


def _rate(source: Source, rate: str, base: str) -> Residual:
    """Return rate x base less the cleared offences, on the rows of the rate."""

    def residual(frame: "pd.DataFrame") -> "pd.Series[float]":
        percent = _of(frame, source, rate)
        cleared = percent / 100 * _beside(frame, source, base) - _beside(frame, source, "cleared_person")
        return cleared.reindex(frame.index)

    return residual


def _excess(frame: "pd.DataFrame", source: Source) -> "pd.Series[float]":
    """Return by how much the base exceeds the investigated offences, on the rows of the base."""
    excess = _of(frame, source, "prosecution_base") - _beside(frame, source, "investigated")
    return excess.clip(lower=0).reindex(frame.index)


def _of(frame: "pd.DataFrame", source: Source, measure: str) -> "pd.Series[float]":
    """Return the values of one measure on the frame's index; NaN on every other row."""
    return frame["value"].where((frame["measure"] == f"{source.id}.{measure}") & with_value(frame))


def _beside(frame: "pd.DataFrame", source: Source, measure: str) -> "pd.Series[float]":
    """Return for each row the value that a measure has in the same printed row; NaN where it has none."""
    rows = frame[(frame["measure"] == f"{source.id}.{measure}") & with_value(frame)]
    known = rows[ROW].astype(object).assign(beside=rows["value"]).drop_duplicates(ROW)
    joined = frame[ROW].astype(object).merge(known, on=ROW, how="left")
    return joined["beside"].set_axis(frame.index)
