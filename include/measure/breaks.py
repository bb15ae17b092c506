"""Breaks in series: from which year a series must not be compared with the years before."""

from collections.abc import Iterator

from include.measure.observed import owner_of
from include.registry.models import Break, Indicator, Registry, Selection, Series, Source


def selections_of(indicator: Indicator, series: Series) -> list[Selection]:
    """Return what a series is made of: its numerator and, unless it is a count, its denominator."""
    kind = series.value or indicator.value
    return [
        *(series.numerator or indicator.numerator),
        *(indicator.denominator if kind in ("share", "rate") else ()),
    ]


def break_texts(indicator: Indicator, series: Series, registry: Registry) -> dict[int, list[str]]:
    """Return the breaks of a series, both the indicator's and its sources': first year of the new to the Swedish texts.

    A break in the series' first year is none: there is nothing before it.
    """
    texts: dict[int, list[str]] = {}
    for gap in _breaks(indicator, series, registry):
        begun = series.first_year is None or series.first_year < gap.year
        if begun and gap.text.sv not in texts.get(gap.year, []):
            texts.setdefault(gap.year, []).append(gap.text.sv)
    return texts


def _breaks(indicator: Indicator, series: Series, registry: Registry) -> Iterator[Break]:
    selections = selections_of(indicator, series)
    for gap in indicator.breaks:
        if any(_concerns(gap, selection, series) for selection in selections):
            yield gap
    for selection in selections:
        owner = owner_of(selection.measure, registry)
        if isinstance(owner, Source):
            yield from (gap for gap in owner.breaks if _concerns(gap, selection, series))


def _concerns(gap: Break, selection: Selection, series: Series) -> bool:
    """Return whether a break touches a selection; a source names its measures without its own id."""
    names = {selection.measure, selection.measure.partition(".")[2]}
    codes = set(selection.breakdown or series.breakdown or ["total"])
    return not (gap.measures and names.isdisjoint(gap.measures)) and not (
        gap.breakdowns and codes.isdisjoint(gap.breakdowns)
    )
