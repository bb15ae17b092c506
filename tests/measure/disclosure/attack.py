"""A plain attacker for the tests: one linear program a question, nothing shared with the code it is to judge."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from scipy.optimize import linprog

from include.measure.disclosure.program import Form, Problem, Relation


def reach(problem: Problem, hidden: Sequence[bool], form: Form) -> tuple[float, float]:
    """Return the least and the most that a form can be when these rows are hidden."""
    known = list(problem.known)
    for row, gone in zip(problem.candidates, hidden, strict=True):
        known += [] if gone else row.relations
    sides = [[each for each in known if each.sense == sense] for sense in ("=", "<=")]
    told = {}
    for (matrix, amounts), side in zip((("A_eq", "b_eq"), ("A_ub", "b_ub")), sides, strict=True):
        if side:
            told |= {
                matrix: np.array([line(problem.variables, each.cells) for each in side]),
                amounts: np.array([each.amount for each in side]),
            }
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(sign * line(problem.variables, form.cells), **told, bounds=(0, None), method="highs")
        assert found.status in (0, 3), found.message
        ends.append(sign * found.fun if found.status == 0 else -sign * np.inf)
    return ends[0], ends[1]


def line(variables: int, cells: Sequence[tuple[int, float]]) -> np.ndarray:
    made = np.zeros(variables)
    for variable, times in cells:
        made[variable] += times
    return made


def is_safe(problem: Problem, hidden: Sequence[bool]) -> bool:
    """Return whether every form is protected when these rows are hidden."""
    return all(is_protected(form, *reach(problem, hidden, form)) for form in problem.sensitive)


def is_protected(form: Form, least: float, most: float) -> bool:
    return most >= form.threshold - 1e-6 and most - least >= form.width - 1e-6


def cheapest(problem: Problem) -> float:
    """Return the least loss of any safe choice, by trying every choice, the cheapest first."""
    for loss, hidden in sorted(choices(problem)):
        if is_safe(problem, hidden):
            return loss
    raise AssertionError("not even hiding everything is safe")


def choices(problem: Problem) -> Iterator[tuple[float, tuple[bool, ...]]]:
    free = [number for number, row in enumerate(problem.candidates) if not row.hidden]
    for picks in product((False, True), repeat=len(free)):
        picked = {number for number, pick in zip(free, picks, strict=True) if pick}
        hidden = tuple(row.hidden or number in picked for number, row in enumerate(problem.candidates))
        yield sum(row.loss for row, gone in zip(problem.candidates, hidden, strict=True) if gone), hidden


class Table:
    """A table with its margins; every cell of it is a row that may be shown.

    Args:
        body: lines of numbers.
        first: number of its first variable, where it is one of several.
    """

    def __init__(self, body: Sequence[Sequence[int]], first: int = 0) -> None:
        inner = np.array(body)
        across = np.column_stack([inner, inner.sum(axis=1)])
        self.values = np.vstack([across, across.sum(axis=0)])
        self.number = first + np.arange(self.values.size).reshape(self.values.shape)

    def sums(self) -> list[Relation]:
        lines = [*self.number, *self.number.T]
        return [
            Relation((*((int(part), 1.0) for part in each[:-1]), (int(each[-1]), -1.0)), "=", 0.0) for each in lines
        ]

    def lines(self) -> list[list[int]]:
        return [each.tolist() for each in (*self.number, *self.number.T)]


def told(variable: int, amount: float) -> Relation:
    return Relation(((variable, 1.0),), "=", float(amount))
