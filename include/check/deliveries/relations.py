"""What must hold between the figures of one delivery, all in one form: least <= sum of coefficient * figure <= most.

A masked figure is an interval and a lacking one is any number from 0, so a relation is broken only where *no* numbers
within the intervals could satisfy it: interval arithmetic, which for a sum of figures that each occur once is exact.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from include.check.deliveries.cells import TOTALS, Cells, Flags, Numbers, Places
from include.registry.models import CrossCheck, Extract, Grid, Registry

#: Sums of decimals may differ by this much.
NEARLY = 1e-6

_AGES = re.compile(r"(\d+)(?:-(\d+)|\+)?")


@dataclass(frozen=True)
class Relations:
    """Relations of one kind between figures.

    Attributes:
        home: the figure that each relation is told at.
        least: the least that each sum may be.
        most: the most.
        relation: of each member of the sums which relation it belongs to …
        cell: … its figure …
        coefficient: … and by what that is multiplied.
    """

    home: Places
    least: Numbers
    most: Numbers
    relation: Places
    cell: Places
    coefficient: Numbers

    def __len__(self) -> int:
        return len(self.home)

    def reach(self, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
        """Return the least and the most that each sum can be, if each figure lies between these."""
        above = self.coefficient > 0
        smallest = np.where(above, low[self.cell], high[self.cell])
        largest = np.where(above, high[self.cell], low[self.cell])
        return self._added(smallest), self._added(largest)

    def _added(self, figures: Numbers) -> Numbers:
        """Return the sums, if the members are these."""
        return np.bincount(self.relation, self.coefficient * figures, len(self)).astype(np.float64)

    def broken(self, low: Numbers, high: Numbers) -> Flags:
        """Return which relations no numbers within the figures' limits can satisfy."""
        smallest, largest = self.reach(low, high)
        return (smallest > self.most + NEARLY) | (largest < self.least - NEARLY)

    def tried(self, low: Numbers, high: Numbers) -> int:
        """Return how many relations can be broken at all: those whose figures do not leave everything open."""
        smallest, largest = self.reach(low, high)
        open_ = (np.isinf(smallest) | np.isinf(self.most)) & (np.isinf(largest) | np.isinf(self.least))
        return int((~open_).sum())

    def members(self, number: int, sign: int) -> list[int]:
        """Return the figures of one relation whose coefficient has this sign."""
        mine = (self.relation == number) & (np.sign(self.coefficient) == sign)
        return [int(cell) for cell in self.cell[mine]]

    def only(self, keep: Flags) -> "Relations":
        """Return some of the relations."""
        renumbered = np.cumsum(keep) - 1
        mine = keep[self.relation]
        return Relations(
            self.home[keep],
            self.least[keep],
            self.most[keep],
            renumbered[self.relation[mine]],
            self.cell[mine],
            self.coefficient[mine],
        )

    @classmethod
    def together(cls, several: "Sequence[Relations]") -> "Relations":
        """Return relations of several kinds as one."""
        if not several:
            return NONE
        before = np.cumsum([0, *(len(each) for each in several)])
        return cls(
            np.concatenate([each.home for each in several]),
            np.concatenate([each.least for each in several]),
            np.concatenate([each.most for each in several]),
            np.concatenate([each.relation + start for each, start in zip(several, before, strict=False)]),
            np.concatenate([each.cell for each in several]),
            np.concatenate([each.coefficient for each in several]),
        )


def _empty() -> Relations:
    places, numbers = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Relations(places, numbers, numbers, places, places, numbers)


NONE = _empty()


class _Total(NamedTuple):
    """How the parts of one dimension of a grid belong to their total.

    Attributes:
        rule: the rule that is broken where they do not.
        parts: codes of the parts.
        whole: code of the total.
        least: the least that the sum of the parts less the total may be.
        most: the most.
        each: whether, beside the sum, no part alone may be more than the total.
    """

    rule: str
    parts: Sequence[str]
    whole: str
    least: float
    most: float
    each: bool = False


def sums(cells: Cells) -> dict[str, Relations]:
    """Return the sums that the contracts' grids imply, by the rule that is broken where one does not hold.

    A total need not stand in the same grid as its parts: the ages of E03 add up to the total of its care units.
    """
    found: dict[str, list[Relations]] = {}
    for extract in cells.extracts:
        for grid in [sheet.grid for sheet in extract.sheets if sheet.grid]:
            for column in ("sex", "age", "breakdown", "area"):
                for measures, total in _totals(cells, extract, grid, column):
                    found.setdefault(total.rule, []).extend(_sum(cells, grid, column, measures, total))
    return {rule: Relations.together(several) for rule, several in found.items()}


def _totals(cells: Cells, extract: Extract, grid: Grid, column: str) -> Iterator[tuple[Flags, _Total]]:
    """Yield which figures are of the measures that one kind of total holds for, and that kind."""
    added = [each for each in cells.measures(extract) if each.id in grid.measures and each.additive]
    persons = [each for each in added if each.counting_unit == "person"]
    others = [each for each in added if each.counting_unit != "person"]
    if column == "sex" and {"K", "M"} <= set(grid.sex):
        parts = [code for code in grid.sex if code != "T"]
        least = 0.0 if "X" in parts else -np.inf
        yield cells.of(extract, added), _Total("SEXES_DO_NOT_ADD_UP", parts, "T", least, 0)
    if column == "age" and (ages := [code for code in grid.age if code != "T"]) and are_all_ages(ages):
        yield cells.of(extract, added), _Total("PARTS_DO_NOT_ADD_UP", ages, "T", 0, 0)
    if column == "breakdown" and (top := _top(grid, cells.registry)):
        yield cells.of(extract, others), _Total("PARTS_DO_NOT_ADD_UP", top, TOTALS["breakdown"], 0, 0)
        # One person may have several roles, so that the persons of all roles can be more than the persons.
        yield cells.of(extract, persons), _Total("PARTS_DO_NOT_ADD_UP", top, TOTALS["breakdown"], 0, np.inf, each=True)
    if column == "area" and grid.by_area:
        county = cells.registry.agreements[cells.identity.agreement].county
        yield from _areas(cells, extract, county)


def _areas(cells: Cells, extract: Extract, county: str) -> Iterator[tuple[Flags, _Total]]:
    """Yield how a county's municipalities belong to it.

    By home or event some are of no known municipality, so the municipalities may be fewer. By authority or care unit
    every case is somewhere, and they are equal; but one person may be known to several, who are then more.
    """
    added = [each for each in cells.measures(extract) if each.additive]
    somewhere = extract.geo_basis in ("handlaggande", "vardenhet")
    for is_person in (False, True):
        chosen = [each for each in added if (each.counting_unit == "person") == is_person]
        least = 0.0 if somewhere else -np.inf
        most = np.inf if somewhere and is_person else 0.0
        yield cells.of(extract, chosen), _Total("AREAS_DO_NOT_ADD_UP", cells.areas, county, least, most)


def divisions(grid: Grid) -> dict[str, list[str]]:
    """Return the codes of a grid by the dimension that they divide."""
    return {"sex": list(grid.sex), "age": grid.age, "breakdown": grid.breakdown}


def are_all_ages(groups: Sequence[str]) -> bool:
    """Return whether age groups follow on each other from 0 without gap or overlap, so that they can be added."""
    spans = []
    for group in groups:
        match = _AGES.fullmatch(group)
        if match is None:
            return False
        last = np.inf if group.endswith("+") else float(match[2] or match[1])
        spans.append((float(match[1]), last))
    spans.sort()
    return spans[0][0] == 0 and all(one[1] + 1 == other[0] for one, other in pairwise(spans))


def _top(grid: Grid, registry: Registry) -> list[str]:
    """Return the breakdowns of a grid that are not part of another one of it."""
    parts = [code for code in grid.breakdown if code != TOTALS["breakdown"]]
    return [code for code in parts if registry.breakdowns[code].parent not in parts]


def _sum(cells: Cells, grid: Grid, column: str, measures: Flags, total: _Total) -> list[Relations]:
    """Return the sums of one grid in one dimension; a total whose parts are not all there is not less than them."""
    parts = measures & cells.columns.among(column, total.parts)
    for name, codes in divisions(grid).items():
        if name != column:
            parts = parts & cells.columns.among(name, codes)
    if grid.by_area and column != "area":
        parts = parts & cells.columns.among("area", cells.areas)
    wholes = np.flatnonzero(measures & cells.columns.among(column, [total.whole]))
    rows = np.flatnonzero(parts)
    if not len(wholes) or not len(rows):
        return []
    context = cells.context(column)
    order = np.argsort(context[wholes], kind="stable")
    at = np.minimum(np.searchsorted(context[wholes][order], context[rows]), len(wholes) - 1)
    fits = context[wholes][order][at] == context[rows]
    rows, at = rows[fits], at[fits]
    used, number = np.unique(at, return_inverse=True)
    home = wholes[order][used]
    lacking = np.bincount(number, minlength=len(used)) < len(total.parts)
    every = np.arange(len(used))
    added = Relations(
        home,
        np.where(lacking, -np.inf, total.least),
        np.full(len(used), total.most),
        np.concatenate([number, every]),
        np.concatenate([rows, home]),
        np.concatenate([np.ones(len(rows)), -np.ones(len(used))]),
    )
    return [added, _pairs(rows, home[number])] if total.each else [added]


def _pairs(parts: Places, wholes: Places) -> Relations:
    """Return that no part is more than its whole."""
    every = np.arange(len(parts))
    return Relations(
        wholes,
        np.full(len(parts), -np.inf),
        np.zeros(len(parts)),
        np.concatenate([every, every]),
        np.concatenate([parts, wholes]),
        np.concatenate([np.ones(len(parts)), -np.ones(len(parts))]),
    )


class Sides(NamedTuple):
    """The two sides of a cross-check, each as a relation of its own, line by line.

    Attributes:
        left: sum of the left measures.
        right: sum of the right ones.
    """

    left: Relations
    right: Relations

    def home(self) -> Places:
        """Return the figure that each line is told at."""
        return self.left.home


def sides(cells: Cells, extract: Extract, check: CrossCheck) -> Sides:
    """Return both sides of a cross-check on every line that has figures on both of them.

    A line is what the figures of one printed row have in common: all of KEY but the measure.
    """
    line = cells.context("measure")
    # Of each side the rows measure by measure, in the contract's order: a line is told at its first measure.
    left, right = (
        np.concatenate([np.flatnonzero(cells.columns.among("measure", [f"{extract.id}.{name}"])) for name in names])
        for names in (check.left, check.right)
    )
    shared = np.intersect1d(line[left], line[right])
    return Sides(_side(left, line, shared, len(check.left)), _side(right, line, shared, len(check.right)))


def _side(rows: Places, line: Places, shared: Places, wanted: int) -> Relations:
    rows = rows[np.isin(line[rows], shared)]
    number = np.searchsorted(shared, line[rows])
    lacking = np.bincount(number, minlength=len(shared)) < wanted
    _, first = np.unique(number, return_index=True)
    most = np.where(lacking, np.inf, 0.0)
    return Relations(rows[first], np.zeros(len(shared)), most, number, rows, np.ones(len(rows)))


def compared(check: CrossCheck, both: Sides) -> Relations:
    """Return a cross-check of sums (equal, at_most) as relations: left - factor * right."""
    left, right = both
    factor = check.factor if check.relation == "at_most" else 1.0
    equal = check.relation == "equal"
    # A measure that is not in the delivery may be any number: it takes away one of the two limits.
    return Relations(
        both.home(),
        np.where(np.isinf(left.most), -np.inf, 0.0) if equal else np.full(len(left), -np.inf),
        np.where(np.isinf(right.most), np.inf, 0.0),
        np.concatenate([left.relation, right.relation]),
        np.concatenate([left.cell, right.cell]),
        np.concatenate([left.coefficient, -factor * right.coefficient]),
    )
