"""The parties' counts of persons and cases as known at one moment, as the audit of a release reads them itself.

From the registry alone come the relations that every delivery's figures obey, and which figures a published value adds
up; from the warehouse the figures as they were known at each release.

Nothing here is shared with the code that computes or hides values: what that gets wrong must not be wrong here too.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from include.periods import Period
from include.publish.attack import NEARLY
from include.registry.delivery import Identity, deliverers
from include.registry.models import (
    Agreement,
    CrossCheck,
    Extract,
    Grid,
    Measure,
    PartyCheck,
    Registry,
    Selection,
    Series,
)
from include.registry.read import areas_of

if TYPE_CHECKING:
    import pandas as pd

#: A share of survey answers needs so many.
LEAST_ANSWERS = 50

_ALL = {"sex": "T", "age": "T", "breakdown": "total"}
_WITH_NUMBER = ("ok", "estimate")
_AGES = re.compile(r"(\d+)(?:-(\d+)|(\+))?")


class Cell(NamedTuple):
    """What identifies a figure."""

    measure: str
    area: str
    period: str
    sex: str
    age: str
    party: str
    breakdown: str

    @property
    def year(self) -> int:
        """Return the calendar year that it is about."""
        return int(self.period[-4:]) if "/" in self.period else int(self.period[:4])


#: A relation: figures, each times its factor, come to an amount (True) or to no more than that (False).
Stated = tuple[list[tuple["Cell", float]], bool, float]


#: The same with each figure once: figures, factors, whether they come to the amount, the amount.
Relation = tuple[tuple["Cell", ...], tuple[float, ...], bool, float]

#: Which extract of whom about which period.
Delivery = tuple[str, str, str]


class State(NamedTuple):
    """What is known inside of a figure: its number, or (``hidden``) that its source has hidden it, within limits."""

    value: float | None
    hidden: bool = False
    low: float = 0.0
    high: float = math.inf

    @property
    def ends(self) -> tuple[float, float]:
        """Return the least and the most that it truly can be."""
        return (self.low, self.high) if self.value is None else (self.value, self.value)


class Secret(NamedTuple):
    """A measure that counts persons or cases, with the extract that asks for it."""

    extract: Extract
    measure: Measure

    @property
    def adds_up(self) -> bool:
        """Return whether its figures may be added."""
        return self.measure.additive and self.measure.answer == "count"


class Sum(NamedTuple):
    """One side of a value: which figures it adds up, and what they come to.

    Attributes:
        cells: the figures, each with how often it is added.
        state: ``there``: all have a number; ``hidden``: all are there, but their source has hidden some; ``lacking``.
        amount: what they come to, if all are there.
    """

    cells: "Counter[Cell]"
    state: Literal["there", "hidden", "lacking"]
    amount: float


def delivery_of(cell: Cell) -> Delivery:
    """Return the delivery of an extract that a figure stands in."""
    return (cell.measure.partition(".")[0], cell.party, cell.period)


def secrets(registry: Registry) -> dict[str, Secret]:
    """Return the measures of persons and cases that are counted, by their full codes."""
    return {
        f"{extract.id}.{measure.id}": Secret(extract, measure)
        for extract in registry.extracts.values()
        if extract.small_counts
        for measure in extract.measures
        if measure.answer == "count"
    }


def public_measures(registry: Registry) -> list[str]:
    """Return the sources' measures that a party check sets beside a party's counts, sorted."""
    named = {name for check in registry.party_checks.values() for name in (*check.left, *check.right)}
    return sorted(name for name in named if name.partition(".")[0] in registry.sources)


class Vintage:
    """The parties' figures of persons and cases as they were known at one moment.

    Args:
        frame: rows of :func:`include.load.read.observations`, of secret and of public measures.
        registry: says what the parties deliver.
        agreement: says who they are.
    """

    def __init__(self, frame: "pd.DataFrame", registry: Registry, agreement: Agreement) -> None:
        self.registry, self.agreement = registry, agreement
        self.secrets = secrets(registry)
        self.cells: dict[Cell, State] = {}
        self.public: dict[Cell, float] = {}
        self._there: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
        self._of_measure: dict[str, list[Cell]] = defaultdict(list)
        self._fresh: dict[str, list[Cell]] = {}
        self._sums: dict[tuple[Cell, ...], Sum] = {}
        inboxes = {source.id for source in registry.sources.values() if source.kind == "inbox"}
        parties = {party.code for party in agreement.parties}
        columns = [*Cell._fields, "value", "value_status", "value_low", "value_high", "capture_id"]
        for *key, value, status, low, high, capture in frame[columns].itertuples(index=False, name=None):
            if _is_of_others(capture, inboxes, agreement):
                continue
            cell = Cell(*map(str, key))
            if cell.area == agreement.benchmark and cell.party in parties:
                cell = cell._replace(party="-")  # what a party tells of the country is the country's, for its agreement
            number = float(value) if status in _WITH_NUMBER and value is not None and value == value else None
            if cell.measure not in self.secrets:
                if number is not None:
                    self.public[cell] = number
                continue
            ends = (0.0 if low is None or low != low else low, math.inf if high is None or high != high else high)
            self.cells[cell] = State(number, status == "suppressed", *ends)
            self._there[_place(cell)].append(cell)
            self._of_measure[cell.measure].append(cell)

    # --- which figures a value adds up ---------------------------------------------------------------------------

    def sum_of(
        self, selections: Sequence[Selection], series: Series, area: str, years: Iterable[int], party: str
    ) -> Sum:
        """Return the sum that some selections of secret measures make for one value."""
        asked = tuple(
            Cell(
                each.measure,
                area,
                str(year - 1 if each.previous_year else year),
                each.sex or series.sex,
                each.age or series.age,
                party,
                code,
            )
            for year in years
            for each in selections
            for code in each.breakdown or series.breakdown or ["total"]
        )
        if asked not in self._sums:  # release after release shows the same
            self._sums[asked] = self._summed(Counter(part for cell in asked for part in self.parts(cell)))
        return self._sums[asked]

    def _summed(self, cells: "Counter[Cell]") -> Sum:
        states = [self.cells.get(cell) for cell in cells]
        if any(state is None or (state.value is None and not state.hidden) for state in states):
            return Sum(cells, "lacking", math.nan)
        if any(state is not None and state.hidden for state in states):
            return Sum(cells, "hidden", math.nan)
        return Sum(cells, "there", math.fsum(times * (self.cells[cell].value or 0.0) for cell, times in cells.items()))

    def parts(self, cell: Cell) -> list[Cell]:
        """Return the figures that make up a cell of all parties or a whole year; those that lack are among them."""
        secret = self.secrets.get(cell.measure)
        if cell in self.cells or secret is None or not secret.adds_up:
            return [cell]
        grids = _grids(secret)
        if not grids or cell.area != self.agreement.county:
            return self._coarsest(cell)
        year = int(cell.period)
        municipal = any(grid.by_area for grid in grids)
        asked = [
            cell._replace(party=party.code, period=str(period), area=area)
            for party in deliverers(secret.extract, self.agreement)
            if cell.party in ("-", party.code)
            for period in _periods(secret.extract, year)
            for area in (self._municipalities(year) if municipal else [party.area or self.agreement.county])
        ]
        return [part for each in asked for part in self._coarsest(each)] or [cell]

    def _coarsest(self, cell: Cell) -> list[Cell]:
        """Return a cell, or where it is not there the cells it is divided into, by as little as possible."""
        if cell in self.cells:  # shortcut: of what stands at its place, it is what is divided least
            return [cell]
        divided: dict[tuple[bool, bool], list[Cell]] = defaultdict(list)
        for part in self._there.get(_place(cell), ()):
            if cell.party in ("-", part.party) and cell.breakdown in ("total", part.breakdown):
                divided[part.party != "-", part.breakdown != "total"].append(part)
        return sorted(divided[min(divided)]) if divided else [cell]

    def _municipalities(self, year: int) -> list[str]:
        return [area.code for area in areas_of(self.registry, self.agreement, date(year, 12, 31))]

    # --- what must hold between figures --------------------------------------------------------------------------

    def relations(self, fresh: Collection[Delivery]) -> Iterator[Relation]:
        """Yield what everybody knows to hold between figures.

        What does not hold of the figures as they are (a delivery that was let through with a remark) nobody knows.

        Args:
            fresh: the deliveries whose own relations are wanted; those between parties are always among them.
        """
        for terms, equal, amount in self._stated(fresh):
            merged: dict[Cell, float] = defaultdict(float)
            for cell, factor in terms:
                merged[cell] += factor
            cells = tuple(cell for cell, factor in merged.items() if factor)
            factors = tuple(merged[cell] for cell in cells)
            if cells and self._can_hold(cells, factors, amount, equal=equal):
                yield cells, factors, equal, amount

    def _can_hold(self, cells: Sequence[Cell], factors: Sequence[float], amount: float, *, equal: bool) -> bool:
        least = most = -amount
        for cell, factor in zip(cells, factors, strict=True):
            low, high = (factor * end for end in self.cells[cell].ends)
            least, most = least + min(low, high), most + max(low, high)
        if math.isinf(least) and math.isinf(most):
            return any(self.cells[cell].value is not None or self.cells[cell].hidden for cell in cells)
        return least <= NEARLY and (not equal or most >= -NEARLY)

    def _stated(self, fresh: Collection[Delivery]) -> Iterator[Stated]:
        self._fresh = {
            code: [cell for cell in cells if delivery_of(cell) in fresh] for code, cells in self._of_measure.items()
        }
        for extract in {secret.extract.id: secret.extract for secret in self.secrets.values()}.values():
            for grid in [sheet.grid for sheet in extract.sheets if sheet.grid]:
                for name in grid.measures:
                    secret = self.secrets.get(f"{extract.id}.{name}")
                    if secret is not None and secret.adds_up:
                        yield from self._totals(f"{extract.id}.{name}", secret, grid)
            for check in extract.checks:
                yield from self._line_checks(extract, check)
        for party_check in self.registry.party_checks.values():
            yield from self._party_checks(party_check)

    def _totals(self, code: str, secret: Secret, grid: Grid) -> Iterator[Stated]:
        """Yield how a grid's parts add up to their totals: sexes, ages, types and municipalities."""
        sexes = [one for one in grid.sex if one != "T"]
        if {"K", "M"} <= set(sexes):
            yield from self._total(code, grid, "sex", sexes, "T", at_most=True)
        ages = [one for one in grid.age if one != "T"]
        if ages:  # they may overlap
            apart = _follow_on_each_other(ages)
            yield from self._total(code, grid, "age", ages, "T", exact=apart, at_most=apart)
        types = [one for one in grid.breakdown if one != "total"]
        top = [one for one in types if self.registry.breakdowns[one].parent not in types]
        if top:  # one person may be of several types, who are then more than the persons
            person = secret.measure.counting_unit == "person"
            yield from self._total(code, grid, "breakdown", top, "total", at_most=not person, at_least=person)
        if grid.by_area:
            yield from self._areas(code, secret, grid)

    def _areas(self, code: str, secret: Secret, grid: Grid) -> Iterator[Stated]:
        """Yield how municipalities belong to the county: by home some live elsewhere, by authority all are somewhere.

        A person may be known to several authorities, which are together at least as many as the persons.
        """
        county = self.agreement.county
        everywhere = secret.extract.geo_basis in ("handlaggande", "vardenhet")
        person = secret.measure.counting_unit == "person"
        for year in sorted({cell.year for cell in self._fresh.get(code, ()) if cell.area == county}):
            areas = self._municipalities(year)
            ends = {"at_least": everywhere, "at_most": not (everywhere and person)}
            yield from self._total(code, grid, "area", areas, county, exact=everywhere, **ends, year=year)

    def _total(
        self,
        code: str,
        grid: Grid,
        column: str,
        parts: Sequence[str],
        whole: str,
        *,
        exact: bool = True,
        at_most: bool = False,
        at_least: bool = False,
        year: int | None = None,
    ) -> Iterator[Stated]:
        """Yield for each total of a grid what its parts in one dimension are to it.

        Args:
            code: full code of the measure.
            grid: where the parts stand; the total may stand elsewhere.
            column: the dimension.
            parts: codes of the parts.
            whole: code of the total.
            exact: whether they are expected to come to the total.
            at_most: whether they come to no more, if they do not come to the total or do not all stand there.
            at_least: whether they come to no less, if they do not come to the total.
            year: of this year only.
        """
        among: dict[str, set[str]] = {"sex": set(grid.sex), "age": set(grid.age), "breakdown": set(grid.breakdown)}
        others = [(name, codes) for name, codes in among.items() if name != column]
        for total in self._fresh.get(code, ()):
            if getattr(total, column) != whole or any(getattr(total, name) not in codes for name, codes in others):
                continue
            if year is not None and total.year != year:
                continue
            found = [part for one in parts if (part := total._replace(**{column: one})) in self.cells]
            if not found:
                continue
            added = [*((part, 1.0) for part in found), (total, -1.0)]
            complete = len(found) == len(parts)
            factors = (*(1.0 for _ in found), -1.0)
            if exact and complete and self._can_hold((*found, total), factors, 0.0, equal=True):
                yield added, True, 0.0
                continue
            if at_most:
                yield added, False, 0.0
            if at_least and complete:
                yield [(cell, -factor) for cell, factor in added], False, 0.0
            for part in found:  # whatever they come to together, none is more than all
                yield [(part, 1.0), (total, -1.0)], False, 0.0

    def _line_checks(self, extract: Extract, check: CrossCheck) -> Iterator[Stated]:
        """Yield what a cross-check says of each line of a grid."""
        if check.relation == "zero_together":
            return
        sides = [[f"{extract.id}.{name}" for name in names] for names in (check.left, check.right)]
        if any(name not in self.secrets or not self.secrets[name].adds_up for names in sides for name in names):
            return
        for first in self._lines([*sides[0], *sides[1]]):
            left, right = (
                [c for name in names if (c := first._replace(measure=name)) in self.cells] for names in sides
            )
            yield from _compared(left, right, (len(left) == len(sides[0]), len(right) == len(sides[1])), check)

    def _lines(self, names: Sequence[str]) -> list[Cell]:
        """Return a cell of each line on which any of some measures stands."""
        found = {cell._replace(measure=""): cell for name in names for cell in self._fresh.get(name, ())}
        return list(found.values())

    def _party_checks(self, check: PartyCheck) -> Iterator[Stated]:
        """Yield what parties' figures are to each other (or to a public figure) for the county and each year."""
        for year in sorted({cell.year for cells in self._of_measure.values() for cell in cells}):
            left, right = (self._side(names, year) for names in (check.left, check.right))
            if left is None or right is None:
                continue
            (left_cells, left_amount), (right_cells, right_amount) = left, right
            for sign, factor in ((1.0, 1 + check.tolerance), (-1.0, 1 - check.tolerance)):
                if sign < 0 and check.relation == "at_most":
                    continue
                terms = [*((c, sign) for c in left_cells), *((c, -sign * factor) for c in right_cells)]
                equal = check.tolerance == 0 and check.relation == "equal"
                yield terms, equal, sign * (factor * right_amount - left_amount)

    def _side(self, names: Sequence[str], year: int) -> tuple[list[Cell], float] | None:
        """Return the cells of one side for the county, and what is public of it; None if anything lacks."""
        cells: list[Cell] = []
        amount = 0.0
        for name in names:
            whole = Cell(name, self.agreement.county, str(year), "T", "T", "-", "total")
            if name in self.secrets:
                found = self.parts(whole)
                if any(cell not in self.cells for cell in found):
                    return None
                cells += found
            elif whole in self.public:
                amount += self.public[whole]
            else:
                return None
        return cells, amount

    # --- what must not be found out ------------------------------------------------------------------------------

    def sums_of_years(self) -> "Iterator[tuple[Cell, list[Cell]]]":
        """Yield for each count, sex, age and type its figures over parties and periods: of the county, and by area."""
        groups: dict[Cell, list[Cell]] = defaultdict(list)
        for code, cells in self._of_measure.items():
            if not self.secrets[code].adds_up:
                continue
            municipal = any(grid.by_area for grid in _grids(self.secrets[code]))
            for cell in cells:
                if self.cells[cell].value is None and not self.cells[cell].hidden:
                    continue
                if municipal and cell.area == self.agreement.county:
                    continue  # what is delivered of the county as a whole is a figure by itself
                whole = cell._replace(party="-", period=str(cell.year))
                groups[whole._replace(area=self.agreement.county)].append(cell)
                if municipal:
                    groups[whole].append(cell)
        yield from groups.items()

    def deliveries(self) -> dict[Delivery, str]:
        """Return for each delivery of an extract the fingerprint of all that it says (within this process)."""
        told: dict[Delivery, list[tuple[Cell, State]]] = defaultdict(list)
        for cell, state in self.cells.items():
            told[delivery_of(cell)].append((cell, state))
        return {place: f"{hash(frozenset(said)):x}" for place, said in told.items()}


def _is_of_others(capture: str, inboxes: Collection[str], agreement: Agreement) -> bool:
    """Return whether a figure was delivered to another agreement's follow-up; captures are ``source/part/…``."""
    source, part, *_ = str(capture).split("/")
    return source in inboxes and Identity.of_part(part).agreement != agreement.id


def _place(cell: Cell) -> tuple[str, ...]:
    return (cell.measure, cell.area, cell.period, cell.sex, cell.age)


def _grids(secret: Secret) -> list[Grid]:
    sheets = [sheet.grid for sheet in secret.extract.sheets if sheet.grid]
    return [grid for grid in sheets if secret.measure.id in grid.measures]


def _periods(extract: Extract, year: int) -> list[Period]:
    """Return the periods of a year that an extract is delivered about."""
    found = [Period.starting(extract.speaks_in, date(year, 1, 1))]
    while (following := found[-1].next()).year == year:
        found.append(following)
    return found


def _follow_on_each_other(ages: Sequence[str]) -> bool:
    """Return whether age groups begin at 0 and each begins where the one before ended, so that nobody is in two."""
    spans = []
    for age in ages:
        match = _AGES.fullmatch(age)
        if match is None:
            return False
        spans.append((int(match[1]), math.inf if match[3] else int(match[2] or match[1])))
    spans.sort()
    return spans[0][0] == 0 and all(one[1] + 1 == other[0] for one, other in pairwise(spans))


def _compared(
    left: Sequence[Cell], right: Sequence[Cell], complete: tuple[bool, bool], check: CrossCheck
) -> Iterator[Stated]:
    """Yield what a cross-check says of one line; a measure that is not there may be any number."""
    if not left or not right:
        return
    factor = check.factor if check.relation == "at_most" else 1.0
    terms = [*((cell, 1.0) for cell in left), *((cell, -factor) for cell in right)]
    if check.relation == "equal" and complete == (True, True):
        yield terms, True, 0.0
    elif complete[1]:
        yield terms, False, 0.0
    elif check.relation == "equal" and complete[0]:
        yield [(cell, -times) for cell, times in terms], False, 0.0
