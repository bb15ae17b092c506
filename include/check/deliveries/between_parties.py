"""Rules between parties: what one extract says beside what others say about the same, for the county and a year."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from include.check.deliveries.cells import NOT_SHOWN, TOTALS, Cells, written
from include.check.deliveries.relations import NEARLY, divisions
from include.check.deliveries.rules import finding
from include.check.gate import Finding, OffendingRow
from include.periods import Period
from include.registry.delivery import Identity, deliverers
from include.registry.models import Extract, Grid, PartyCheck

if TYPE_CHECKING:
    import pyarrow as pa

_RELATION_WORDS = {"equal": "ungefär lika med", "at_most": "högst"}


class Interval(NamedTuple):
    """The least and the most that a sum can be; the same, if no masked figure is in it."""

    low: float
    high: float


def findings(cells: Cells, deliveries: "Mapping[Identity, pa.Table]") -> list[Finding]:
    """Return what came of the checks that this delivery is a side of and to which everybody has delivered.

    Args:
        cells: this delivery's figures.
        deliveries: the tables of the other deliveries about the same year, of this party and of the others.
    """
    held = {cells.identity: cells} | {
        identity: Cells(table, identity, cells.registry, cells.reveal)
        for identity, table in deliveries.items()
        if identity != cells.identity
    }
    here = {extract.id for extract in cells.extracts}
    found = []
    for _, check in sorted(cells.registry.party_checks.items()):
        if not here & {name.partition(".")[0] for name in [*check.left, *check.right]}:
            continue
        left, right = (_side(cells, names, held) for names in (check.left, check.right))
        if left is None or right is None:
            continue
        rows = [_row(cells, check, left, right)] if _broken(check, left, right) else []
        found.append(finding("PARTIES_DISAGREE", 1, range(len(rows)), rows.__getitem__, text=check.text))
    return found


def _broken(check: PartyCheck, left: Interval, right: Interval) -> bool:
    """Return whether no numbers within the two intervals satisfy the check."""
    above = left.low > right.high * (1 + check.tolerance) + NEARLY
    below = left.high < right.low * (1 - check.tolerance) - NEARLY
    return above or (check.relation == "equal" and below)


def _side(cells: Cells, names: Iterable[str], held: Mapping[Identity, Cells]) -> Interval | None:
    """Return the sum of one side over parties and periods; None if anything of it is lacking."""
    low = high = 0.0
    for name in names:
        extract = cells.registry.extracts[name.partition(".")[0]]
        for identity in _expected(cells, extract):
            told = _told(held[identity], extract, name) if identity in held else None
            if told is None:
                return None
            low, high = low + told.low, high + told.high
    return Interval(low, high)


def _expected(cells: Cells, extract: Extract) -> Iterator[Identity]:
    """Yield the deliveries of an extract that are expected about the year."""
    agreement = cells.registry.agreements[cells.identity.agreement]
    year = Period.parse(cells.identity.period).year
    for party in deliverers(extract, agreement):
        period = Period.starting(extract.speaks_in, date(year, 1, 1))
        while period.year == year:
            yield Identity(agreement.id, party.code, str(period))
            period = period.next()


def _told(cells: Cells, extract: Extract, measure: str) -> Interval | None:
    """Return what a delivery says of a measure as a whole: its total, over the municipalities if it tells of each."""
    grid = _whole_grid(extract, measure.partition(".")[2])
    if grid is None:
        return None
    columns = cells.columns
    rows = columns.among("measure", [measure])
    for column, codes in divisions(grid).items():
        rows = rows & columns.among(column, [_total(column, codes) or ""])
    areas = cells.areas if grid.by_area else []
    rows = rows & columns.among("area", areas) if grid.by_area else rows
    if rows.sum() != max(len(areas), 1) or np.isinf(columns.high[rows]).any():
        return None
    return Interval(float(columns.low[rows].sum()), float(columns.high[rows].sum()))


def _whole_grid(extract: Extract, measure: str) -> Grid | None:
    """Return the first grid in which a measure has one row for all: a total, or one code only, in each dimension."""
    for grid in [sheet.grid for sheet in extract.sheets if sheet.grid]:
        whole = all(_total(column, codes) is not None for column, codes in divisions(grid).items())
        if measure in grid.measures and whole:
            return grid
    return None


def _total(column: str, codes: Sequence[str]) -> str | None:
    """Return the code for all among the codes of a dimension; None if it has several and none of them is it."""
    if TOTALS[column] in codes:
        return TOTALS[column]
    return codes[0] if len(codes) == 1 else None


def _row(cells: Cells, check: PartyCheck, left: Interval, right: Interval) -> OffendingRow:
    """Return a broken check: the two sides in words, with their sums where neither is of persons or cases."""
    shown = all(cells.shows_measure(name) for name in [*check.left, *check.right])
    tolerance = f", {100 * check.tolerance:g} procents skillnad är tillåten" if check.tolerance else ""
    expected = f"{_RELATION_WORDS[check.relation]} {_words(cells, check.right)}"
    return OffendingRow(
        place=f"{_words(cells, check.left)}, {Period.parse(cells.identity.period).year}",
        what=f"{_extracts(cells, check.left)} mot {_extracts(cells, check.right)}",
        found=_number(left) if shown else NOT_SHOWN,
        expected=f"{expected} ({_number(right)}{tolerance})" if shown else f"{expected}{tolerance}",
    )


def _words(cells: Cells, names: Sequence[str]) -> str:
    return " + ".join(f"{cells.label(name)} ({name.partition('.')[0]})" for name in names)


def _extracts(cells: Cells, names: Sequence[str]) -> str:
    titles = {name.partition(".")[0]: cells.registry.extracts[name.partition(".")[0]].title.sv for name in names}
    return " och ".join(f"{title} ({extract})" for extract, title in titles.items())


def _number(interval: Interval) -> str:
    if interval.low == interval.high:
        return written(interval.low)
    return f"{written(interval.low)} till {written(interval.high)}"
