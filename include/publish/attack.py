"""What an attacker can work out of sums: linear programs over all that is known, for the audit of a release.

The attacker knows that no figure is negative, some sums and some inequalities between figures. A *form* is a sum that
must not be found out. It is exposed if its largest possible value is below its threshold (a reader then knows that it
is small), or if its largest and smallest possible values lie closer together than its width (a reader then knows
nearly what it is). This is the auditor's definition of Fischetti and Salazar's *protection levels* (Management Science
47, 2001), with the largest value as a further demand.

The programs are solved over real numbers. Whole numbers would leave the attacker at most a narrower interval, and for
the tables of one county, whose rows and columns add up, the ends of the intervals are whole anyway.

Nothing here knows what the figures are, and nothing that it returns holds one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]

#: Two sums that differ by less are the same; the solver's own tolerance is 1e-7.
NEARLY = 1e-6

Test = Literal["most", "width", "contradiction", "unsolved"]


class Linear(NamedTuple):
    """A sum of figures, each times its factor, and the amount that it is (or is at most)."""

    cells: tuple[int, ...]
    factors: tuple[float, ...]
    amount: float = 0.0


class Form(NamedTuple):
    """A sum that must not be found out.

    Attributes:
        cells: the figures' numbers, each at most once.
        factors: what each is multiplied by.
        threshold: the least that its largest possible value may be.
        width: the least that largest and smallest possible value may differ.
    """

    cells: tuple[int, ...]
    factors: tuple[float, ...]
    threshold: float
    width: float

    @classmethod
    def sum(cls, cells: Iterable[int], threshold: float, width: float) -> "Form":
        """Return the form that is the plain sum of some figures."""
        found = tuple(cells)
        return cls(found, (1.0,) * len(found), threshold, width)


class Unanswered(ValueError):
    """A question about a form that has no answer; ``test`` says why."""

    def __init__(self, test: Test) -> None:
        super().__init__(f"nothing can be said of a sum: {test}")
        self.test: Test = test


class Finding(NamedTuple):
    """An exposed form.

    Attributes:
        form: its place among the forms given.
        test: ``most``: it is known to be below its threshold; ``width``: it is known too closely; ``contradiction``:
            what is known about it cannot all be true; ``unsolved``: the solver gave up.
    """

    form: int
    test: Test


@dataclass(frozen=True)
class System:
    """All that an attacker knows.

    Attributes:
        variables: how many figures there are; each is 0 or more.
        equal: sums whose amount is known.
        at_most: sums that are known to be no more than an amount.
        point: what the figures are, NaN for those that nobody told. It saves work and changes no answer.
    """

    variables: int
    equal: Sequence[Linear] = ()
    at_most: Sequence[Linear] = ()
    point: Numbers | None = None


def exposed(system: System, forms: Sequence[Form], most: int | None = None) -> list[Finding]:
    """Return the forms that an attacker can find out, in the order given.

    Args:
        system: what the attacker knows.
        forms: what must not be found out.
        most: stop when so many are found; None = find all.
    """
    attack = _Attack(system, forms)
    found: list[Finding] = []
    for block in attack.blocks():
        found += block.findings(None if most is None else most - len(found))
        if most is not None and len(found) >= most:
            break
    return sorted(found)


def limits(system: System, form: Form) -> tuple[float, float]:
    """Return the smallest and the largest possible value of a form, infinite where nothing bounds it.

    Raises:
        Unanswered: what is known cannot all be true, or the solver gave up.
    """
    block = _Attack(System(system.variables, system.equal, system.at_most), [form]).all_in_one()
    return block.extreme(0, 1.0), block.extreme(0, -1.0)


class _Attack:
    """The system as matrices, cut into the pieces that have nothing to do with each other."""

    def __init__(self, system: System, forms: Sequence[Form]) -> None:
        self.system, self.forms = system, forms
        self.equal, self.amounts = _matrix(system.equal, system.variables)
        self.at_most, self.bounds = _matrix(system.at_most, system.variables)
        self.wanted, _ = _matrix([Linear(f.cells, f.factors) for f in forms], system.variables)

    def blocks(self) -> "list[_Block]":
        """Return the pieces that hold a form which is not protected at first sight, the smallest first."""
        together = sparse.vstack([self.equal, self.at_most]).tocsr()
        piece = _pieces(together)
        still = np.flatnonzero(~self._unbounded(piece))
        joined = _pieces(sparse.vstack([together, self.wanted[still]]).tocsr())
        of_form: dict[int, list[int]] = defaultdict(list)
        for number in still.tolist():
            cells = self.forms[number].cells
            of_form[int(joined[cells[0]]) if cells else -1].append(number)
        found = [self._block(np.flatnonzero(joined == label), numbers) for label, numbers in of_form.items()]
        return sorted(found, key=lambda block: block.size)

    def all_in_one(self) -> "_Block":
        """Return everything as one piece."""
        return self._block(np.arange(self.system.variables), list(range(len(self.forms))))

    def _unbounded(self, piece: Places) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which forms are surely protected, since part of them may grow without limit.

        Where all amounts of a piece are 0, any multiple of what its figures are is as possible as they are.
        """
        pieces = int(piece.max(initial=-1)) + 1
        free = np.ones(pieces, dtype=bool)
        for matrix, amounts in ((self.equal, self.amounts), (self.at_most, self.bounds)):
            bound = matrix[np.flatnonzero(amounts != 0)]
            free[piece[bound.indices]] = False
        point = self.system.point
        if point is None:
            return np.zeros(len(self.forms), dtype=bool)
        unknown = np.zeros(pieces, dtype=bool)
        unknown[piece[np.isnan(point)]] = True
        free &= ~unknown
        value = np.nan_to_num(point)
        broken = np.zeros(pieces, dtype=bool)
        for matrix, amounts, equal in ((self.equal, self.amounts, True), (self.at_most, self.bounds, False)):
            gap = matrix @ value - amounts
            wrong = np.flatnonzero((np.abs(gap) if equal else gap) > NEARLY)
            broken[piece[matrix[wrong].indices]] = True
        free &= ~broken
        form = np.repeat(np.arange(len(self.forms)), np.diff(self.wanted.indptr))
        cell = self.wanted.indices
        # Of each form and free piece: what the form's part there is.
        key = form * max(pieces, 1) + piece[cell]
        keys, number = np.unique(key, return_inverse=True)
        parts = np.bincount(number, self.wanted.data * value[cell], len(keys))
        grows = (parts > NEARLY) & free[keys % max(pieces, 1)]
        found = np.zeros(len(self.forms), dtype=bool)
        found[keys[grows] // max(pieces, 1)] = True
        return found

    def _block(self, variables: Places, numbers: list[int]) -> "_Block":
        mine = np.zeros(self.system.variables, dtype=bool)
        mine[variables] = True
        equal, at_most = (_rows_of(matrix, mine) for matrix in (self.equal, self.at_most))
        point = None if self.system.point is None else self.system.point[variables]
        return _Block(
            numbers,
            [self.forms[number] for number in numbers],
            self.wanted[numbers][:, variables].tocsr(),
            self.equal[equal][:, variables].tocsr(),
            self.amounts[equal],
            self.at_most[at_most][:, variables].tocsr(),
            self.bounds[at_most],
            point,
        )


class _Block:
    """One piece of the system with its forms, and what has been seen to be possible of each.

    Every point that a program finds is a witness: what a form is there, it can be. Only the forms that no witness
    clears are asked about one by one.
    """

    def __init__(
        self,
        numbers: list[int],
        forms: list[Form],
        wanted: "sparse.csr_matrix",
        equal: "sparse.csr_matrix",
        amounts: Numbers,
        at_most: "sparse.csr_matrix",
        bounds: Numbers,
        point: Numbers | None,
    ) -> None:
        self.numbers, self.wanted = numbers, wanted
        self.equal, self.amounts, self.at_most, self.bounds = equal, amounts, at_most, bounds
        self.threshold = np.array([form.threshold for form in forms], dtype=float)
        self.width = np.array([form.width for form in forms], dtype=float)
        self.high = np.full(len(forms), -np.inf)
        self.low = np.full(len(forms), np.inf)
        self.size = wanted.shape[1]
        if point is not None and not np.isnan(point).any():
            self._witness(point)

    def findings(self, most: int | None) -> list[Finding]:
        """Return the forms of this piece that are exposed, at most so many."""
        if self.size == 0:
            return [Finding(number, "most") for number in self.numbers]
        for upward in (True, False, True, False, True):
            failed = self._clear_many(upward)
            if failed is not None:  # shortcut: each that is asked by itself is answered so
                return [Finding(number, failed) for number in self.numbers][:most]
        found: list[Finding] = []
        for place in self._pending().tolist():
            if self._is_cleared(place):  # by a witness found meanwhile
                continue
            test = self._ask(place)
            if test is not None:
                found.append(Finding(self.numbers[place], test))
                if most is not None and len(found) >= most:
                    break
        return found

    def _pending(self) -> Places:
        cleared = (self.high >= self.threshold - NEARLY) & (self.high - self.low >= self.width - NEARLY)
        return np.flatnonzero(~cleared)

    def _is_cleared(self, place: int) -> bool:
        high, low = self.high[place], self.low[place]
        return bool(high >= self.threshold[place] - NEARLY and high - low >= self.width[place] - NEARLY)

    def _clear_many(self, upward: bool) -> Test | None:
        """Look for points where many pending forms are far up (or down) at once, as long as that clears any.

        Returns:
            Why no point was found at all, if so.
        """
        while len(pending := self._pending()):
            if upward:
                lowest = np.where(np.isfinite(self.low[pending]), self.low[pending], 0.0)
                goal = np.maximum(self.threshold[pending], lowest + self.width[pending])
            else:
                pending = pending[self.high[pending] >= self.threshold[pending] - NEARLY]
                goal = self.high[pending] - self.width[pending]
                if not len(pending):  # shortcut: there is nothing to bring down, nor to clear
                    return None
            failed = self._reach(pending, goal, upward)
            if failed is not None:  # shortcut: nothing would have been cleared
                return failed
            if len(np.intersect1d(pending, self._pending())) == len(pending):
                return None
        return None

    def _reach(self, pending: Places, goal: Numbers, upward: bool) -> Test | None:
        """Find the point where the pending forms together come closest to their goals, each counted to its goal."""
        size, count = self.size, len(pending)
        # A further number for each form: how much of its goal is reached (upward), or how far above it stays.
        sign = 1.0 if upward else -1.0
        ties = sparse.hstack([-sign * self.wanted[pending], sign * sparse.identity(count)])
        more = sparse.vstack([_widened(self.at_most, count), ties]).tocsr()
        bounds = np.concatenate([self.bounds, np.zeros(count) if upward else goal])
        ends: list[tuple[float | None, float | None]] = [(0.0, None)] * size
        ends += [(None, float(end)) for end in goal] if upward else [(0.0, None)] * count
        cost = np.concatenate([np.zeros(size), np.full(count, -sign)])
        return self._solve(cost, more, bounds, _widened(self.equal, count), ends)

    def _ask(self, place: int) -> Test | None:
        """Return which test a form fails, if any: the exact answer."""
        try:
            self.high[place] = max(self.high[place], self.extreme(place, -1.0))
            if self.high[place] < self.threshold[place] - NEARLY:
                return "most"
            self.low[place] = min(self.low[place], self.extreme(place, 1.0))
        except Unanswered as unanswered:
            return unanswered.test
        return None if self._is_cleared(place) else "width"

    def extreme(self, place: int, sign: float) -> float:
        """Return the least (sign 1) or the most (sign -1) that a form can be, infinite where nothing bounds it.

        Raises:
            Unanswered: what is known cannot all be true, or the solver gave up.
        """
        row = self.wanted[place].toarray().ravel()
        solved = linprog(
            sign * row,
            A_ub=self.at_most if self.at_most.shape[0] else None,
            b_ub=self.bounds if self.at_most.shape[0] else None,
            A_eq=self.equal if self.equal.shape[0] else None,
            b_eq=self.amounts if self.equal.shape[0] else None,
            bounds=(0, None),
            method="highs",
        )
        if solved.status == 0:
            self._witness(solved.x)
            return float(row @ solved.x)
        if solved.status == 3:
            return float("inf") if sign < 0 else float("-inf")
        raise Unanswered("contradiction" if solved.status == 2 else "unsolved")

    def _solve(
        self,
        cost: Numbers,
        at_most: "sparse.csr_matrix",
        bounds: Numbers,
        equal: "sparse.csr_matrix",
        ends: list[tuple[float | None, float | None]],
    ) -> Test | None:
        solved = linprog(
            cost,
            A_ub=at_most,
            b_ub=bounds,
            A_eq=equal if equal.shape[0] else None,
            b_eq=self.amounts if equal.shape[0] else None,
            bounds=ends,
            method="highs",
        )
        if solved.status == 0:  # shortcut: without this witness, more forms are asked about one by one
            self._witness(solved.x[: self.size])
            return None
        return "contradiction" if solved.status == 2 else None  # where the solver gives up, each is asked by itself

    def _witness(self, point: Numbers) -> None:
        """Take note of what the forms are at a point, if it agrees with all that is known."""
        point = np.maximum(point, 0.0)
        scale = 1.0 + np.abs(self.amounts).max(initial=0.0)
        if np.abs(self.equal @ point - self.amounts).max(initial=0.0) > NEARLY * scale:
            return
        if (self.at_most @ point - self.bounds).max(initial=0.0) > NEARLY * scale:
            return
        value = self.wanted @ point
        self.high, self.low = np.maximum(self.high, value), np.minimum(self.low, value)


def _matrix(rows: Sequence[Linear], variables: int) -> "tuple[sparse.csr_matrix, Numbers]":
    """Return sums as the rows of a matrix, and their amounts."""
    lengths = [len(row.cells) for row in rows]
    cells = np.fromiter((cell for row in rows for cell in row.cells), dtype=np.int64, count=sum(lengths))
    factors = np.fromiter((factor for row in rows for factor in row.factors), dtype=float, count=sum(lengths))
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    matrix = sparse.csr_matrix((factors, cells, starts), shape=(len(rows), variables))
    matrix.sum_duplicates()
    return matrix, np.array([row.amount for row in rows], dtype=float)


def _pieces(rows: "sparse.csr_matrix") -> Places:
    """Return for each variable the number of the piece that it belongs to: those that any row ties together."""
    height, width = rows.shape
    tied = sparse.csr_matrix((np.ones(rows.nnz), rows.indices, rows.indptr), shape=(height, width))
    graph = sparse.bmat([[None, tied], [tied.T, None]]) if height else sparse.csr_matrix((width, width))
    _, label = connected_components(graph, directed=False)
    found: Places = np.asarray(label[height:], dtype=np.int64)
    return found


def _rows_of(matrix: "sparse.csr_matrix", mine: np.ndarray[Any, np.dtype[np.bool_]]) -> Places:
    """Return the rows whose first variable is among these; a row lies in one piece altogether."""
    height = matrix.shape[0]
    filled = np.flatnonzero(np.diff(matrix.indptr) > 0)
    first = matrix.indices[matrix.indptr[:-1][filled]] if height else np.zeros(0, dtype=np.int64)
    return np.asarray(filled[mine[first]], dtype=np.int64)


def _widened(matrix: "sparse.csr_matrix", columns: int) -> "sparse.csr_matrix":
    """Return a matrix with so many empty columns more."""
    return sparse.csr_matrix(
        (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], matrix.shape[1] + columns)
    )
