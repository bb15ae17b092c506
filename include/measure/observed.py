"""The observations that an indicator is made of, found by their codes, and what is said when one is not there.

A public source's total is its own total figure, never a sum of ours: its groups overlap, its rows are not complete,
and the population figures from 2025 carry noise that does not cancel. Only an extract's counts are added up, over
parties and types, because its contract demands every cell of the grid, zeros too; and over the periods of a year, of
each party that is to deliver: one that has not leaves no sum.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from include.check.tidy import VALUE_STATUSES, WITH_VALUE
from include.periods import Period
from include.registry.delivery import deliverers
from include.registry.models import Agreement, Area, Extract, Grid, Measure, Registry, Selection, Series, Source
from include.registry.read import areas_of

if TYPE_CHECKING:
    import pandas as pd

#: Columns of :func:`include.load.read.observations` that are used.
COLUMNS = [
    *("measure", "area", "period", "sex", "age", "party", "breakdown"),
    *("value", "value_status", "status", "mark", "capture_id", "origin", "known_from", "value_low", "value_high"),
]

#: From the most to the least trustworthy: an indicator is as trustworthy as the least of its inputs.
ORIGINS = ("live", "reconstructed", "example")


class Key(NamedTuple):
    """What identifies a figure."""

    measure: str
    area: str
    period: str
    sex: str
    age: str
    party: str
    breakdown: str


class Figure(NamedTuple):
    """One observation as known at a moment."""

    value: float | None
    value_status: str
    status: str
    mark: str
    capture_id: str
    origin: str
    known_from: "pd.Timestamp"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Lack:
    """Why a figure cannot be used: the status that the indicator's value gets, and the reason in Swedish.

    Attributes:
        figure: what is there all the same: a figure that its source has hidden, within known limits.
    """

    obs_status: str
    reason_sv: str
    figure: Figure | None = None


class Observed:
    """Observations by key, with the words for what is missing.

    Args:
        frame: observations with (at least) :data:`COLUMNS`, at most one row per key.
        registry: everything that exists; names sources, extracts and areas.
        agreement: whose parties deliver the extracts.
        areas: codes of the areas that are needed beside the agreement's own; others are left out.

    Raises:
        ValueError: a key has more than one row, so that the frame is not the truth as of one moment.
    """

    def __init__(self, frame: "pd.DataFrame", registry: Registry, agreement: Agreement, areas: Iterable[str]) -> None:
        self._registry, self._agreement = registry, agreement
        own = {agreement.county, *(party.area for party in agreement.parties)}
        needed = frame.loc[frame["area"].isin({*areas, *own}), COLUMNS]
        self._figures: dict[Key, Figure] = {}
        self._grids: dict[Key, list[Key]] = {}
        self._origins: dict[tuple[str, str, str], set[str]] = {}
        for row in needed.itertuples(index=False, name=None):
            key, figure = Key(*map(str, row[:7])), _figure(*row[7:])
            if key in self._figures:
                raise ValueError(f"two observations for {key}: the frame must hold one vintage per key")
            self._figures[key] = figure
            self._grids.setdefault(_grid(key), []).append(key)
            for area in (key.area, ""):
                self._origins.setdefault((_owner(key.measure), key.period, area), set()).add(figure.origin)

    def find(self, key: Key) -> Figure | Lack:
        """Return the figure of a key if it has a value, else why it cannot be used."""
        figure = self._figures.get(key)
        if figure is None:
            return self._absent(key)
        if figure.value_status in WITH_VALUE and figure.value is not None:
            return figure
        match figure.value_status:
            case "missing" if figure.origin == "reconstructed":
                return self._not_in_material(key)  # a gap of what was put together, which says nothing of the source
            case "suppressed":
                return Lack("suppressed", "Uppgiften visas inte av sekretesskäl.", figure)
            case "not_applicable":
                return Lack("not_applicable", f"{self._name(key.measure)}: {VALUE_STATUSES['not_applicable']}.")
            case "withdrawn" if key.measure in self._in_grids and key.party != "-":
                owner = _owner(key.measure)
                return Lack(
                    "missing", f"Uppgiften från {self._party(key.party)} för {key.period} är återkallad ({owner})."
                )
            case status:
                return Lack("missing", f"{self._name(key.measure)}: {VALUE_STATUSES.get(status, status)}.")

    def cells(self, key: Key) -> list[Key]:
        """Return the keys of the figures that are added up for a key: itself, or the cells of an extract's grid."""
        if key in self._figures or not self._is_added(key.measure):
            return [key]
        if key.measure in self._in_grids and key.area == self._agreement.county:
            return [part for cell in self._delivered(key) for part in self._coarsest(cell)]
        return self._coarsest(key)

    def _coarsest(self, key: Key) -> list[Key]:
        """Return the key itself if there is a figure, else its parts in the coarsest division that there is."""
        cells = [cell for cell in self._grids.get(_grid(key), []) if _is_part(cell, key)]
        coarsest = min((_cut(cell) for cell in cells), default=None)
        return sorted(cell for cell in cells if _cut(cell) == coarsest) or [key]

    def _delivered(self, key: Key) -> list[Key]:
        """Return the keys of a grid's measure at each party that delivers it, in each period of the year.

        They are there whether the figures are or not, so that a sum lacks what a party has not delivered.
        """
        extract = self._registry.extracts[_owner(key.measure)]
        parties = [p for p in deliverers(extract, self._agreement) if key.party in ("-", p.code)]
        year = Period.parse(key.period)
        periods = [Period.starting(extract.speaks_in, year.start)]
        while (following := periods[-1].next()).year == year.year:
            periods.append(following)
        by_area = any(grid.by_area for grid in self._in_grids[key.measure])
        on = date(year.year, 12, 31)
        kommuner = [area.code for area in areas_of(self._registry, self._agreement, on)] if by_area else []
        return [
            key._replace(party=party.code, period=str(period), area=area)
            for party in parties
            for period in periods
            for area in (kommuner if by_area else [party.area or self._agreement.county])
        ] or [key]

    @cached_property
    def _in_grids(self) -> dict[str, list[Grid]]:
        """Return the grids of the extracts by the full codes of their measures."""
        found: dict[str, list[Grid]] = {}
        for extract in self._registry.extracts.values():
            for sheet in extract.sheets:
                if (grid := sheet.grid) is not None:
                    for measure in grid.measures:
                        found.setdefault(f"{extract.id}.{measure}", []).append(grid)
        return found

    def parties(self, keys: Sequence[Key]) -> list[str]:
        """Return the parties that any of the keys, taken for all parties, is divided by, sorted."""
        of_grids = {cell.party for key in keys if key.measure in self._in_grids for cell in self._delivered(key)}
        return sorted(
            {
                cell.party
                for key in keys
                for cell in self._grids.get(_grid(key), [])
                if cell.party != "-" and _is_part(cell, key._replace(party="-"))
            }
            | (of_grids - {"-"})
        )

    def _is_added(self, measure: str) -> bool:
        owner, _, name = measure.partition(".")
        extract = self._registry.extracts.get(owner)
        return extract is not None and any(each.id == name and _adds_up(each) for each in extract.measures)

    def _absent(self, key: Key) -> Lack:
        """Return why there is no row: nothing delivered, nothing read, or a row that the source does not have."""
        owner, year = _owner(key.measure), key.period
        extract = self._registry.extracts.get(owner)
        if extract is not None:
            if not deliverers(extract, self._agreement):
                return Lack("not_collected", f"Ingen av överenskommelsens parter lämnar uppgiften ({extract.id}).")
            if (owner, year, "") not in self._origins:
                return Lack("missing", f"Ingen leverans av {extract.id} ({extract.title.sv}) för {year}.")
            if key.measure in self._in_grids and key.party != "-":
                return Lack("missing", f"Uppgiften saknas från {self._party(key.party)} för {year} ({extract.id}).")
            return Lack("missing", f"Uppgiften saknas i leveransen av {extract.id} för {year}.")
        producer, origins = self._name(key.measure), self._origins.get((owner, year, key.area))
        if origins is None:
            return Lack("missing", f"{producer}: inga uppgifter inlästa för {self._area(key.area)} {year}.")
        if origins == {"live"}:
            return Lack("not_collected", f"{producer} redovisar inte uppgiften för {self._area(key.area)} {year}.")
        return self._not_in_material(key)

    def _not_in_material(self, key: Key) -> Lack:
        where = f"{self._area(key.area)} {key.period}"
        return Lack("missing", f"{self._name(key.measure)}: uppgiften för {where} finns inte i det inlästa underlaget.")

    def _name(self, measure: str) -> str:
        owner = owner_of(measure, self._registry)
        return owner.title.sv if isinstance(owner, Extract) else owner.producer

    def _party(self, code: str) -> str:
        return next((party.name for party in self._agreement.parties if party.code == code), code)

    def _area(self, code: str) -> str:
        area = self._registry.areas.get(code)
        return area.name if area else code


def keys_of(selection: Selection, series: Series, area: Area, year: int, party: str = "-") -> list[Key]:
    """Return the keys of the observations that a selection adds up, for one series, area and year.

    What the selection leaves open (sex, age, breakdown) is the series' own.
    """
    period = str(year - selection.previous_year)
    sex, age = selection.sex or series.sex, selection.age or series.age
    codes = selection.breakdown or series.breakdown or ["total"]
    return [Key(selection.measure, area.code, period, sex, age, party, code) for code in codes]


def owner_of(measure: str, registry: Registry) -> Source | Extract:
    """Return the source or extract that a full measure code belongs to."""
    owner = _owner(measure)
    return registry.sources.get(owner) or registry.extracts[owner]


def _grid(key: Key) -> Key:
    return key._replace(party="", breakdown="")


def _is_part(cell: Key, key: Key) -> bool:
    """Return whether a cell is part of what a key asks for, where ``-`` and ``total`` ask for all."""
    return key.party in ("-", cell.party) and key.breakdown in ("total", cell.breakdown)


def _cut(cell: Key) -> tuple[bool, bool]:
    """Return what a cell is divided by, so that cells of two divisions of the same whole are never added together."""
    return cell.party != "-", cell.breakdown != "total"


def _adds_up(measure: Measure) -> bool:
    return measure.additive and measure.answer != "number"


def _owner(measure: str) -> str:
    return measure.partition(".")[0]


def _figure(
    value: float | None,
    value_status: str,
    status: str,
    mark: str,
    capture: str,
    origin: str,
    known_from: "pd.Timestamp",
    low: float | None,
    high: float | None,
) -> Figure:
    told = (str(value_status), str(status), str(mark or "direct"), str(capture), str(origin), known_from)
    return Figure(_present(value), *told, _present(low), _present(high))


def _present(number: float | None) -> float | None:
    return None if number is None or number != number else float(number)
