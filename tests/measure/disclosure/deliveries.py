"""Small deliveries with all that their contracts demand, for the tests of what a release may show."""

from typing import Any

import pandas as pd

from include.load.tables import VALUE_KEY
from include.measure.compute import compute
from include.measure.disclosure import Earlier, Protected, protect
from include.registry.models import Extract, Indicator, Registry, Selection, Series, Text
from include.registry.read import registry
from tests.measure.observations import frame, observation

REGISTRY = registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
KOMMUNER = [party for party in JAMTLAND.parties if party.role == "kommun"]
YEAR = 2024


def made(*series: Series, suppression: str = "small_counts", **what: Any) -> Registry:
    """Return the registry with one indicator, TMV-U08, made of these series."""
    old = REGISTRY.indicators["TMV-U08"].model_dump()
    told = {"status": "active", "not_yet": None, "suppression": suppression, "target": None, "caveats": [], **what}
    indicator = Indicator.model_validate(old | {"series": list(series)} | told)
    return REGISTRY.model_copy(update={"indicators": {"TMV-U08": indicator}})


def count(name: str, *measures: str, **what: Any) -> Series:
    """Return a series that adds up measures."""
    return Series(id=name, label=Text(sv=name, en=name), numerator=chosen(measures), value="count", **what)


def share(name: str, top: str, bottom: str, **what: Any) -> Series:
    """Return a series of one measure's share of another."""
    told = {"numerator": chosen([top]), "denominator": chosen([bottom]), "value": "share", "per": 100}
    return Series(id=name, label=Text(sv=name, en=name), interval="wilson", unit="procent", **told, **what)


def chosen(measures: Any) -> list[Selection]:
    return [Selection(measure=measure) for measure in measures]


def placed(*counts: int | None, measure: str = "E06.placed_adults", year: int = YEAR) -> list[dict[str, Any]]:
    """Return one count of each municipality, None for one that it hides; those not given are 20."""
    numbers = [*counts, *([20] * (len(KOMMUNER) - len(counts)))]
    return [
        small(measure, number, party.code, party.area, year) for party, number in zip(KOMMUNER, numbers, strict=True)
    ]


def orders(year: int = YEAR, **numbers: tuple[int, int, int]) -> list[dict[str, Any]]:
    """Return the prosecutor's counts (E05) of a year: of each measure women, men and others; the totals follow."""
    rows = []
    for name, parts in numbers.items():
        for sex, number in zip("KMXT", (*parts, sum(parts)), strict=True):
            rows.append(small(f"E05.{name}", number, "AKL", JAMTLAND.county, year, sex=sex))
    return rows


def small(measure: str, number: int | None, party: str, area: str | None, year: int, **what: Any) -> dict[str, Any]:
    hidden = {"value_status": "suppressed", "value_low": 1, "value_high": 4} if number is None else {}
    told = {"party": party, "area": area, "year": year, "origin": "example", "mark": "example", **hidden, **what}
    return observation(measure, number, **told)


def released(
    rows: list[dict[str, Any]], told: Registry, *, earlier: Earlier | None = None, years: Any = (YEAR,), **what: Any
) -> Protected:
    """Return what a release shows of these observations."""
    found = frame(*rows)
    return protect(
        compute(found, told, JAMTLAND, years, reveal=True), found, told, JAMTLAND, earlier or Earlier(), **what
    )


def shown(release: Protected) -> set[str]:
    """Return the series (and the year, if there are several) that have a value."""
    rows = release.values[release.values["obs_status"] == "ok"]
    several = release.values["year"].nunique() > 1
    return {f"{name} {year}" if several else name for name, year in zip(rows["series"], rows["year"], strict=True)}


def by_series(release: Protected) -> pd.DataFrame:
    assert release.values["series"].is_unique
    return release.values.set_index("series")


def gone(release: Protected) -> frozenset[tuple[Any, ...]]:
    """Return the keys of the values that a release has hidden."""
    hidden = release.values.loc[release.values["obs_status"] == "suppressed", list(VALUE_KEY)]
    return frozenset(hidden.itertuples(index=False, name=None))


def stored(release: Protected, name: str) -> list[dict[str, Any]]:
    """Return a release's equations as they are read again."""
    return [{"release_id": name, **each} for each in release.equations]


def with_limits(told: Registry, name: str, **limits: int) -> Registry:
    """Return the registry with other limits of one extract."""
    extract: Extract = told.extracts[name].model_copy(update=limits)
    return told.model_copy(update={"extracts": {**told.extracts, name: extract}})
