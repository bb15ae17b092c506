"""The attacker: what follows, by linear programming, from what is known and shown.

Two kinds of linear programs. *Wide* ones move many sums at once: they seek a point, possible by all that is known, at
which as many as can be are large (or small). Such a point is a witness for every sum that it reaches, and stays one
for every choice that hides more. *Exact* ones take one sum that no witness has settled, and if it is not protected
they give the certificate: the shown relations in the support of the dual solution, which alone give the bound.

The numbers are small and whole, so that a tolerance of a millionth decides nothing in truth.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from include.measure.disclosure.problem import Contradiction, Problem, Relation

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: A sum that lacks less than this of a limit has reached it.
NEARLY = 1e-6

#: A relation with a smaller multiplier has no part in a bound.
_NOTHING = 1e-9


@dataclass(frozen=True)
class _Lines:
    """Relations as a matrix: ``matrix @ x`` equals, or is at most, ``amounts``."""

    matrix: Any
    amounts: Numbers
    equal: Flags

    @classmethod
    def of(cls, relations: list[Relation], variables: int) -> "_Lines":
        return cls(
            _matrix([each.cells for each in relations], variables),
            np.array([each.amount for each in relations], dtype=float),
            np.array([each.sense == "=" for each in relations], dtype=bool),
        )

    def hold(self, point: Numbers) -> Flags:
        """Return which relations hold at a point."""
        off = self.matrix @ point - self.amounts
        return np.asarray(np.where(self.equal, np.abs(off), off) <= NEARLY * np.maximum(1.0, np.abs(self.amounts)))


class Attacker:
    """One part of a problem as the attacker sees it.

    Attributes:
        owners: of each relation that rows tell, which rows tell it; it is known unless all of them are hidden.
        lps: linear programs solved so far.
    """

    def __init__(self, problem: Problem) -> None:
        told: dict[Relation, list[int]] = {}
        for number, candidate in enumerate(problem.candidates):
            for relation in candidate.relations:
                rows = told.setdefault(relation, [])
                if number not in rows:
                    rows.append(number)
        self.owners = list(told.values())
        self.lps = 0
        self._variables = problem.variables
        self._known = _Lines.of(list(problem.known), problem.variables)
        self._told = _Lines.of(list(told), problem.variables)
        self._forms = _matrix([each.cells for each in problem.sensitive], problem.variables)
        self._threshold = np.array([each.threshold for each in problem.sensitive], dtype=float)
        self._width = np.array([each.width for each in problem.sensitive], dtype=float)
        self._reached: list[Numbers] = []  # of each witness, what the forms are there …
        self._possible: list[Flags] = []  # … and which of the told relations hold there

    def unsettled(self, hidden: Flags) -> list[int]:
        """Return the forms that wide programs do not show to be protected when these rows are hidden, in order."""
        shown, left = self._shown(hidden), len(self._threshold) + 1
        while 0 < len(forms := self._open(shown)) < left:
            left = len(forms)
            self._move(shown, forms, up=True)
            if len(forms := self._open(shown)):
                self._move(shown, forms, up=False)
        return [int(form) for form in forms]

    def certificate(self, hidden: Flags, form: int) -> frozenset[int] | None:
        """Return which shown relations expose a form; None if it is protected, empty if it is exposed without them.

        As long as these and what is always known are known, the form is exposed.
        """
        shown = self._shown(hidden)
        if form not in self._open(shown):  # shortcut: a witness says so already
            return None
        threshold, width = float(self._threshold[form]), float(self._width[form])
        low = float(self._seen(shown)[0][form])
        if np.isinf(low):  # no witness at all
            low, _ = self._extreme(shown, form, threshold - width, up=False)
        enough = max(threshold, low + width)
        most, above = self._extreme(shown, form, enough, up=True)
        if most >= enough - NEARLY:  # shortcut: wide enough above what was seen
            return None
        if most < threshold - NEARLY:
            return above
        enough = most - width
        least, below = self._extreme(shown, form, enough, up=False)
        return None if least <= enough + NEARLY else above | below

    def _shown(self, hidden: Flags) -> Flags:
        """Return which told relations are known when these rows are hidden."""
        return np.array([not hidden[rows].all() for rows in self.owners], dtype=bool)

    def _seen(self, shown: Flags) -> tuple[Numbers, Numbers]:
        """Return the least and the most that witnesses show each form can be; infinity where there is none."""
        valid = [reached for reached, holds in zip(self._reached, self._possible, strict=True) if holds[shown].all()]
        if not valid:
            return np.full(len(self._threshold), np.inf), np.full(len(self._threshold), -np.inf)
        return np.min(valid, axis=0), np.max(valid, axis=0)

    def _open(self, shown: Flags) -> npt.NDArray[np.int64]:
        """Return the forms that no witnesses show to be protected."""
        low, high = self._seen(shown)
        large = high >= self._threshold - NEARLY
        return np.flatnonzero(~(large & (high - low >= self._width - NEARLY)))

    def _move(self, shown: Flags, forms: npt.NDArray[np.int64], *, up: bool) -> None:
        """Look for one witness at which as many forms as can be have what they lack."""
        low, high = self._seen(shown)
        if up:
            enough = np.maximum(self._threshold, np.where(np.isinf(low), self._threshold, low) + self._width)[forms]
        else:
            enough = (high - self._width)[forms]
        self._optimum(shown, forms, enough, up=up)

    def _extreme(self, shown: Flags, form: int, enough: float, *, up: bool) -> tuple[float, frozenset[int]]:
        """Return the most (or least) that a form can be, no further than is enough, and what the bound rests on."""
        found = self._optimum(shown, np.array([form]), np.array([enough]), up=up)
        equal, most = (np.flatnonzero(shown & side) for side in (self._told.equal, ~self._told.equal))
        skip = int(self._known.equal.sum()), int((~self._known.equal).sum())
        tight = np.concatenate(
            [
                equal[np.abs(found.eqlin.marginals[skip[0] :]) > _NOTHING],
                most[np.abs(found.ineqlin.marginals[skip[1] : skip[1] + len(most)]) > _NOTHING],
            ]
        )
        return float(found.x[-1]), frozenset(tight.tolist())

    def _optimum(self, shown: Flags, forms: npt.NDArray[np.int64], enough: Numbers, *, up: bool) -> Any:
        """Solve for the largest (smallest) sum of the forms, each counted no further than is enough; keep the point.

        Beside the variables each form has one of its own, which it bounds: at most the form (at least, if ``up`` is
        false), and at most what is enough. So no program is unbounded.
        """
        sign = 1.0 if up else -1.0
        count = len(forms)
        picked = [(lines, side) for lines, side in ((self._known, None), (self._told, shown))]
        equal = [(lines, lines.equal if side is None else lines.equal & side) for lines, side in picked]
        most = [(lines, ~lines.equal if side is None else ~lines.equal & side) for lines, side in picked]
        found = linprog(
            np.concatenate([np.zeros(self._variables), np.full(count, -sign)]),
            A_eq=_beside(vstack([lines.matrix[rows] for lines, rows in equal]), count),
            b_eq=np.concatenate([lines.amounts[rows] for lines, rows in equal]),
            A_ub=vstack(
                [
                    _beside(vstack([lines.matrix[rows] for lines, rows in most]), count),
                    hstack([-sign * self._forms[forms], sign * eye_array(count)]),
                ],
                format="csr",
            ),
            b_ub=np.concatenate([*(lines.amounts[rows] for lines, rows in most), np.zeros(count)]),
            bounds=np.concatenate(
                [
                    np.tile([0.0, np.inf], (self._variables, 1)),
                    np.column_stack([np.full(count, -np.inf), enough] if up else [enough, np.full(count, np.inf)]),
                ]
            ),
            method="highs-ds",
        )
        self.lps += 1
        if found.status != 0:
            raise Contradiction(
                "What is known of small counts contradicts itself (the contracts' sums, what earlier releases have "
                f"shown and what is to be shown now), or could not be weighed: {_STATUS.get(found.status, 'unsolved')}."
            )
        point = np.maximum(found.x[: self._variables], 0.0)
        self._reached.append(self._forms @ point)
        self._possible.append(self._told.hold(point))
        return found


_STATUS = {1: "too many steps", 2: "no numbers satisfy it", 3: "without bound", 4: "numerical difficulties"}


def _matrix(rows: list[tuple[tuple[int, float], ...]], variables: int) -> Any:
    at = [row for row, cells in enumerate(rows) for _ in cells]
    columns = [variable for cells in rows for variable, _ in cells]
    times = [number for cells in rows for _, number in cells]
    return csr_array((np.array(times, float), (np.array(at, int), np.array(columns, int))), (len(rows), variables))


def _beside(matrix: Any, count: int) -> Any:
    """Return a matrix with room for more variables, which it says nothing of."""
    return hstack([matrix, csr_array((matrix.shape[0], count))], format="csr")
