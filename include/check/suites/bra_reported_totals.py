"""What must hold of Brå's reported offences by municipality: every municipality is there, and the two columns agree.

Count and rate together tell a population (count / rate * 100,000). It is the only measure of scale that the file holds:
columns that changed places, a rate per 1,000 or a glued number show in it. That two municipalities have exchanged their
lines does not: such a fault is declared as a correction.
"""

from datetime import date
from typing import TYPE_CHECKING

from include.check.expectations import Meta, warning
from include.check.identity import Identity
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

#: No municipality has had fewer or more inhabitants (Bjurholm about 2,400, Stockholm about 1 million), with room.
SMALLEST, LARGEST = 1_500, 1_500_000
#: All municipalities together, with room for the years to come.
FEWEST_IN_ALL, MOST_IN_ALL = 8_000_000, 13_000_000
#: So many municipalities are taken for all of them.
NEARLY_ALL = 280


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    today = [area for area in registry.areas.values() if area.kind == "kommun" and area.holds_on(date.max)]
    return [
        warning(
            "ExpectColumnUniqueValueCountToBeBetween",
            Meta(
                "ALL_MUNICIPALITIES",
                f"Alla {len(today)} kommuner bör finnas med. De som saknas nämns i läsarens anmärkning och visas som "
                "saknade, inte som noll.",
                f"All {len(today)} municipalities are there; those lacking are named in the reader's note.",
                next_sv="Se anmärkningen om vilka som saknas. Är det ett nytt namn, lägg till det i bra_areas.csv.",
            ),
            column="area",
            min_value=len(today),
            max_value=len(today),
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return what must hold across rows."""
    return [
        Identity(
            "POPULATION_BEHIND",
            "Antal och antal per 100 000 ska tillsammans ge ett rimligt invånarantal för varje kommun.",
            "Count and rate together give a likely population of each municipality.",
            lambda frame: _outside(_population(frame, source), SMALLEST, LARGEST),
            in_unit=False,
            next_sv="Har kolumnerna bytt plats, eller räknas kvoten på något annat än 100 000 invånare?",
        ),
        Identity(
            "POPULATION_IN_ALL",
            "Kommunernas invånarantal, härledda ur antal och kvot, ska tillsammans vara ungefär rikets.",
            "The populations derived from counts and rates add up to about the country's.",
            lambda frame: _in_all(_population(frame, source)),
            in_unit=False,
            next_sv="Har kolumnerna bytt plats, eller räknas kvoten på något annat än 100 000 invånare?",
        ),
    ]


def _population(frame: "pd.DataFrame", source: Source) -> "pd.Series[float]":
    """Return the population that count and rate tell, on the rows of counts; zeros tell none."""
    rates = frame[frame["measure"] == f"{source.id}.reported_per_100000"].set_index("area")["value"]
    counts = frame[(frame["measure"] == f"{source.id}.reported") & (frame["value"] > 0)]
    rate = counts["area"].astype(object).map(rates[~rates.index.duplicated()].to_dict())
    population: pd.Series[float] = counts["value"] / rate.where(rate > 0) * 100_000
    return population.dropna()


def _outside(values: "pd.Series[float]", lowest: float, highest: float) -> "pd.Series[float]":
    """Return by how much values lie outside a span, 0 within."""
    return (values - highest).clip(lower=0) + (values - lowest).clip(upper=0)


def _in_all(population: "pd.Series[float]") -> "pd.Series[float]":
    """Return by how much the sum lies outside what the country can have, on the first row."""
    if len(population) < NEARLY_ALL:
        return population.iloc[:0]
    total = population.iloc[:1] * 0 + population.sum()
    return _outside(total, FEWEST_IN_ALL, MOST_IN_ALL)
