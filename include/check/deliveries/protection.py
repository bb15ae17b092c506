"""Which masked figures can be worked out from the rest of a delivery.

A masked figure is protected if at least two whole numbers are possible for it, given its interval, the figures that are
known, and the sums and other relations that the contract says must hold. The least and the most that a figure can be
are two linear programs (the auditing problem of cell suppression: Fischetti and Salazar-González, Management Science
47(7), 2001). Two programs for every figure would be dear, so it is done in three steps:

1. Interval arithmetic, relation by relation: what is narrowed down to one number is worked out.
2. Solutions of the whole system for a few arbitrary objectives: what has two numbers among them is protected.
3. The few that neither step decides get their own two programs.

The programs do not ask that *other* figures are whole numbers. So none is said to be worked out that is not; in sums
that cross in two directions none is missed either, for there the corners of the system are whole numbers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from include.check.deliveries.cells import Flags, Numbers, Places
from include.check.deliveries.relations import NEARLY, Relations

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Rounds of interval arithmetic, and arbitrary objectives: more of them only save programs of the third step.
ROUNDS, OBJECTIVES = 10, 3

_SEED = 2020


@dataclass(frozen=True)
class _System:
    """Relations between unknown figures: least <= matrix · x <= most, low <= x <= high.

    Attributes:
        cells: which figure each unknown is.
        component: which unknowns hang together.
        row_component: the same of the relations.
    """

    cells: Places
    matrix: "csr_array"
    least: Numbers
    most: Numbers
    low: Numbers
    high: Numbers
    component: Places
    row_component: Places

    def part(self, component: int) -> "_System":
        """Return the unknowns that hang together, alone."""
        rows = np.flatnonzero(self.row_component == component)
        columns = np.flatnonzero(self.component == component)
        return _System(
            self.cells[columns],
            self.matrix[rows][:, columns],
            self.least[rows],
            self.most[rows],
            self.low[columns],
            self.high[columns],
            self.component[columns],
            self.row_component[rows],
        )

    def solve(self, objective: Numbers) -> Numbers | None:
        """Return the unknowns at which the objective is least; None if no numbers satisfy the relations.

        Raises:
            ArithmeticError: the solver gave up.
        """
        from scipy.optimize import linprog
        from scipy.sparse import vstack

        equal = self.least == self.most
        above, below = ~equal & np.isfinite(self.most), ~equal & np.isfinite(self.least)
        result = linprog(
            objective,
            A_ub=vstack([self.matrix[above], -self.matrix[below]]) if (above | below).any() else None,
            b_ub=np.concatenate([self.most[above], -self.least[below]]) if (above | below).any() else None,
            A_eq=self.matrix[equal] if equal.any() else None,
            b_eq=self.most[equal] if equal.any() else None,
            bounds=np.column_stack([self.low, self.high]),
            method="highs",
        )
        if result.status == 2:
            return None
        if result.status != 0:
            raise ArithmeticError(f"the linear program of the masked figures was not solved: {result.message}")
        solution: Numbers = result.x
        return solution


def recoverable(relations: Relations, low: Numbers, high: Numbers, wanted: Flags) -> Flags:
    """Return which of the wanted figures can only be one whole number.

    Args:
        relations: what holds between the figures; each alone can be satisfied.
        low: the least that each figure can be by itself.
        high: the most.
        wanted: which figures are asked about; they are counts, and their limits differ.
    """
    hits = np.zeros(len(low), dtype=bool)
    system = _system(relations, low, high, wanted)
    if system is None:
        return hits
    asked = wanted[system.cells]
    for each, chosen in _consistent(system, asked):
        hits[each.cells[_worked_out(each, chosen)]] = True
    return hits


def _system(relations: Relations, low: Numbers, high: Numbers, wanted: Flags) -> _System | None:
    """Return the unknowns that hang together with a wanted one, with what is known taken out of the relations."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    open_ = (low < high)[relations.cell]
    if not open_.any():
        return None
    known = relations.coefficient * np.where(open_, 0.0, low[relations.cell])
    taken = np.bincount(relations.relation, known, len(relations))
    cells, column = np.unique(relations.cell[open_], return_inverse=True)
    row, size = relations.relation[open_], len(relations) + len(cells)
    edges = csr_array((np.ones(len(row)), (row, len(relations) + column)), shape=(size, size))
    _, label = connected_components(edges, directed=False)
    asked = np.isin(label, label[len(relations) :][wanted[cells]])
    rows, columns = np.flatnonzero(asked[: len(relations)]), np.flatnonzero(asked[len(relations) :])
    if not len(rows):
        return None
    shape = (len(relations), len(cells))
    matrix = csr_array((relations.coefficient[open_], (row, column)), shape=shape)[rows][:, columns]
    return _System(
        cells[columns],
        matrix,
        (relations.least - taken)[rows],
        (relations.most - taken)[rows],
        low[cells[columns]],
        high[cells[columns]],
        label[len(relations) :][columns].astype(np.int64),
        label[: len(relations)][rows].astype(np.int64),
    )


def _consistent(system: _System, asked: Flags) -> "list[tuple[_System, Flags]]":
    """Return the system, or, where its relations contradict each other, those of its components that do not.

    Nothing follows from relations that contradict each other; that they do is told by the rules about sums.
    """
    if system.solve(np.zeros(len(system.cells))) is not None:
        return [(system, asked)]
    parts = []
    for component in np.unique(system.component):
        part = system.part(int(component))
        if part.solve(np.zeros(len(part.cells))) is not None:
            parts.append((part, asked[system.component == component]))
    return parts


def _worked_out(system: _System, asked: Flags) -> Flags:
    """Return which of the unknowns asked about can only be one whole number; the relations can all be satisfied."""
    least, most = _narrowed(system)
    hits = asked & _one_number(least, most)
    left = asked & ~hits & _one_number(*_tried(system))
    for unknown in np.flatnonzero(left):
        part = system.part(int(system.component[unknown]))
        toward = (part.cells == system.cells[unknown]).astype(float)
        ends = [part.solve(sign * toward) for sign in (1.0, -1.0)]
        values = [float(end @ toward) for end in ends if end is not None]
        hits[unknown] = bool(_one_number(np.array(min(values)), np.array(max(values))))
    return hits


def _one_number(least: Numbers, most: Numbers) -> Flags:
    """Return where at most one whole number lies between two limits."""
    return np.floor(most + NEARLY) <= np.ceil(least - NEARLY)


def _narrowed(system: _System) -> tuple[Numbers, Numbers]:
    """Return the limits of the unknowns, narrowed by what the others of each relation leave for them."""
    entries = system.matrix.tocoo()
    row, column, coefficient = entries.row, entries.col, entries.data
    up = coefficient > 0
    low, high = system.low.copy(), system.high.copy()
    for _ in range(ROUNDS):
        small = coefficient * np.where(up, low[column], high[column])
        large = coefficient * np.where(up, high[column], low[column])
        # What the others of the relation take at least and at most leaves this for the one.
        ceiling = (system.most[row] - _others(row, small, len(system.least))) / coefficient
        floor = (system.least[row] - _others(row, large, len(system.least))) / coefficient
        below, above = low.copy(), high.copy()
        np.maximum.at(below, column, np.where(up, floor, ceiling))
        np.minimum.at(above, column, np.where(up, ceiling, floor))
        if np.allclose(below, low) and np.allclose(above, high):
            break
        low, high = below, above
    return low, high


def _others(row: Places, term: Numbers, rows: int) -> Numbers:
    """Return for each term the sum of its relation's other terms; infinite if any of those is."""
    endless = np.isinf(term)
    finite = np.bincount(row, np.where(endless, 0.0, term), rows)[row] - np.where(endless, 0.0, term)
    more = np.bincount(row, endless, rows)[row] - endless
    sign = np.bincount(row, np.where(endless, np.sign(term), 0.0), rows)[row]
    return np.where(more > 0, np.where(sign < 0, -np.inf, np.inf), finite)


def _tried(system: _System) -> tuple[Numbers, Numbers]:
    """Return the least and the most of each unknown among solutions for arbitrary objectives."""
    random = np.random.default_rng(_SEED)
    weighed = np.isfinite(system.high)
    smallest, largest = np.full(len(weighed), np.inf), np.full(len(weighed), -np.inf)
    for _ in range(OBJECTIVES):
        objective = np.where(weighed, random.normal(size=len(weighed)), 0.0)
        for sign in (1.0, -1.0):
            solution = system.solve(sign * objective)
            if solution is not None:
                smallest, largest = np.minimum(smallest, solution), np.maximum(largest, solution)
    return smallest, largest
