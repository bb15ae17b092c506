"""What must hold of reported offences from Brå's SOL.

Little of it is sums. Offences are counted at the place of the crime for municipalities and at the unit that handles the
report for regions, and those without a place are in no municipality: municipalities do not add up to their county, nor
regions to the country. Theme groups ("Våldsbrott") overlap: they have no parent among the offences and are never added
or compared with anything. What does hold is that no part is larger than its whole.
"""

from functools import reduce
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from include.check.expectations import Meta, critical
from include.check.identity import Identity, SideBySide
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

COUNTRY = "00"
ALL_OFFENCES = "offence:all"

_COUNT, _RATE = "reported", "reported_per_100000"

#: Rates are printed as whole numbers, so that one that is computed may lie half a unit off on either side.
_ROUNDING = 1.0

_NEXT_SV = (
    "Jämför med SOL. Står det så där, fråga Brå; annars är tolkningen av etiketten fel (labels/sol_offences.csv)."
)


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        critical(
            "ExpectColumnValuesToMatchRegex",
            Meta("WHOLE_YEAR", "Uppgifterna ska avse hela år.", "Figures are about whole years."),
            column="period",
            regex=r"^\d{4}$",
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the comparisons that must hold across rows."""
    count, rate = f"{source.id}.{_COUNT}", f"{source.id}.{_RATE}"
    offences = SideBySide(["area", "period", "party"], ["measure", "breakdown", "sex", "age"])
    areas = SideBySide(["measure", "breakdown", "sex", "age", "period", "party"], ["area"])
    return [
        Identity(
            "PART_WITHIN_WHOLE",
            "En del (ett brott, ett kön, en ålder) ska inte vara större än det den är en del av.",
            "No part (an offence, a sex, an age) is larger than what it is a part of.",
            lambda frame: _excess(offences.lay_out(frame), count, registry),
            next_sv=_NEXT_SV,
        ),
        Identity(
            "AREA_WITHIN_COUNTRY",
            "Inget område ska ha fler anmälda brott än hela landet.",
            "No area has more reported offences than the whole country.",
            lambda frame: _above_country(areas.lay_out(frame[frame["measure"] == count])),
            next_sv=_NEXT_SV,
        ),
        Identity(
            "RATE_FITS_COUNT",
            "Antal per 100 000 invånare bör räknas på samma folkmängd för alla brottstyper i ett område.",
            "The rates of an area should rest on one population for all types of offence.",
            lambda frame: _misfit(offences.lay_out(frame), count, rate),
            severity="warning",
            tolerance=_ROUNDING,
            next_sv="Jämför med SOL. Uppgifterna visas som de står.",
        ),
    ]


def _excess(offences: SideBySide, count: str, registry: Registry) -> "pd.Series[float]":
    """Return by how much a count exceeds the smallest whole that is printed, 0 or less if it does not.

    Its wholes are all offences that it is a part of, for the same sex and age or a total of these, and its own totals.
    """
    import pandas as pd

    found: list[pd.Series[float]] = [pd.Series(dtype=float)]
    for head in offences.heads:
        measure, offence, sex, age = head
        if measure != count:
            continue
        wholes = product(_chain(offence, registry), [(sex, age), ("T", age), ("T", "T")])
        least = reduce(np.fmin, (offences.column(measure, whole, *who) for whole, who in wholes))
        found.append(offences.on(head, np.maximum(offences.column(*head) - least, 0)))
    excess: pd.Series[float] = pd.concat(found)
    return excess


def _chain(offence: str, registry: Registry) -> list[str]:
    """Return an offence and all that it is a part of."""
    chain = [offence]
    while (known := registry.breakdowns.get(chain[-1])) and known.parent:
        chain.append(known.parent)
    return chain


def _above_country(areas: SideBySide) -> "pd.Series[float]":
    """Return by how much an area's count exceeds the country's, 0 if it does not."""
    import pandas as pd

    country = areas.column(COUNTRY)
    found: list[pd.Series[float]] = [pd.Series(dtype=float)]
    found += [
        areas.on(head, np.maximum(areas.column(*head) - country, 0)) for head in areas.heads if head != (COUNTRY,)
    ]
    above: pd.Series[float] = pd.concat(found)
    return above


def _misfit(offences: SideBySide, count: str, rate: str) -> "pd.Series[float]":
    """Return how far a rate lies from what its count gives on the population that all offences' rate rests on.

    The population is known to half a unit of that rate, and no better for a part of the offences than for all.
    """
    import pandas as pd

    all_count, all_rate = (offences.column(measure, ALL_OFFENCES, "T", "T") for measure in (count, rate))
    found: list[pd.Series[float]] = [pd.Series(dtype=float)]
    for head in offences.heads:
        if head[0] == rate:
            with np.errstate(divide="ignore", invalid="ignore"):
                expected = offences.column(count, *head[1:]) * all_rate / all_count
            found.append(offences.on(head, offences.column(*head) - np.where(np.isfinite(expected), expected, np.nan)))
    misfit: pd.Series[float] = pd.concat(found)
    return misfit
