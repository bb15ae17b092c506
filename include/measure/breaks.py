"""Breaks in series: from which year a series must not be compared with the years before."""

from collections.abc import Iterator, Sequence

from include.measure.observed import owner_of
from include.registry.models import Break, Indicator, Registry, Selection, Series, Source


def selections_of(indicator: Indicator, series: Series) -> list[Selection]:
    """Return what a series is made of: its numerator and, unless it is a count, its denominator."""
    own = indicator.of(series)
    return [*own.numerator, *(own.denominator if own.value in ("share", "rate") else ())]


def break_texts(indicator: Indicator, series: Series, registry: Registry) -> dict[int, list[str]]:
    """Return the breaks of a series: first year of the new to the Swedish texts.

    The breaks are the indicator's and its sources'; where both speak of a year, the indicator's words are taken. A
    break in the series' first year is none: there is nothing before it.
    """
    selections = selections_of(indicator, series)
    own = [gap for gap in indicator.breaks if any(_concerns(gap, each, series) for each in selections)]
    texts: dict[int, list[str]] = {}
    for gap in own:
        texts.setdefault(gap.year, []).append(gap.text.sv)
    for gap in _of_sources(selections, series, registry):
        if gap.year not in {each.year for each in own} and gap.text.sv not in texts.get(gap.year, []):
            texts.setdefault(gap.year, []).append(gap.text.sv)
    return {year: found for year, found in texts.items() if series.first_year is None or series.first_year < year}


def _of_sources(selections: Sequence[Selection], series: Series, registry: Registry) -> Iterator[Break]:
    for selection in selections:
        owner = owner_of(selection.measure, registry)
        if isinstance(owner, Source):
            for gap in owner.breaks:
                if _concerns(gap, selection, series):
                    # what is taken of the year before breaks a year later
                    yield gap.model_copy(update={"year": gap.year + selection.previous_year})


def _concerns(gap: Break, selection: Selection, series: Series) -> bool:
    """Return whether a break touches a selection; a source names its measures without its own id."""
    names = {selection.measure, selection.measure.partition(".")[2]}
    codes = set(selection.breakdown or series.breakdown or ["total"])
    return not (gap.measures and names.isdisjoint(gap.measures)) and not (
        gap.breakdowns and codes.isdisjoint(gap.breakdowns)
    )
