"""Which rows to hide so that nothing small can be worked out, at the least loss: an exact program and a coarser way.

The method is that of implicit hitting sets. What an attacker could reach is not written down as one large program; it
grows from what is found:

1. Choose rows to hide, at the least loss, so that every *cut* found so far is met (an integer program, HiGHS).
2. Be the attacker (:mod:`include.measure.disclosure.attacker`): for a sum that must be protected, what is the most and
   the least that it can be, given all that would be known? If it is not protected, the certificate of the bound names
   the shown rows that it rests on: at least one of them must be hidden. That is a new cut.
3. Again, until no sum is exposed. The choice is then safe, and no cheaper one is, since it meets cuts that every safe
   choice must meet.

A part that is not solved within a number of rounds is coarsened: the rows of the highest rank are hidden first, then
the next, until what is left is safe. Limits are counted, never timed, so that the same problem always has the same
answer.

Sources: Fischetti & Salazar (2001), "Solving the Cell Suppression Problem on Tabular Data with Linear Constraints",
Management Science 47(7); Moreno-Centeno & Karp (2013), "The Implicit Hitting Set Approach to Solve Combinatorial
Optimization Problems", Operations Research 61(2).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, lil_array
from scipy.sparse.csgraph import connected_components

from include.measure.disclosure.attacker import Attacker
from include.measure.disclosure.problem import (
    Candidate,
    Contradiction,
    Exposed,
    Form,
    Problem,
    Relation,
    Solution,
)

__all__ = ["Candidate", "Contradiction", "Exposed", "Form", "Problem", "Relation", "Solution", "solve"]

#: After so many rounds a part of the problem is coarsened instead.
ROUNDS = 60

#: Most nodes of the integer program's search tree in one round; with more, the part is coarsened instead.
NODES = 20_000

#: Losses that differ by less are the same.
_SAME = 1e-6


def solve(problem: Problem, *, rounds: int = ROUNDS) -> Solution:
    """Return which rows to hide.

    The same problem always gives the same answer. Parts of it that no relation links are solved each by itself, and
    remembered: a part that has not changed is not solved again in the same process.

    Args:
        problem: what is to be decided.
        rounds: how many rounds a part may take before it is coarsened.

    Raises:
        Exposed: a sum is not protected even if every row is hidden.
        Contradiction: what is known cannot all be true.
    """
    hidden = [each.hidden for each in problem.candidates]
    tried = programs = coarsened = 0
    optimal, exposed = True, set[int]()
    for part in _parts(problem):
        try:
            found = _solved(part.problem, rounds)
        except Exposed as error:
            exposed |= {part.forms[number] for number in error.forms}
            continue
        for number, decision in zip(part.candidates, found.hidden, strict=True):
            hidden[number] = decision
        tried, programs, coarsened = tried + found.rounds, programs + found.lps, coarsened + found.coarsened
        optimal = optimal and found.method == "optimal"
    if exposed:
        raise _exposed(exposed)
    loss = sum(each.loss for each, gone in zip(problem.candidates, hidden, strict=True) if gone)
    return Solution(tuple(hidden), loss, "optimal" if optimal else "coarsened", tried, programs, coarsened)


def _exposed(forms: Iterable[int]) -> Exposed:
    several = sorted(forms)
    told = f"{len(several)} protected sums can be worked out from what is known already, whatever is hidden now."
    return Exposed(told, several)


# --- parts that nothing links ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    problem: Problem
    candidates: tuple[int, ...]
    forms: tuple[int, ...]


def _parts(problem: Problem) -> list[_Part]:
    """Return the problem's parts that share no variable, relation, row or form; those without forms are left out."""
    told: list[tuple[tuple[tuple[int, float], ...], ...]] = [(each.cells,) for each in problem.known]
    told += [tuple(relation.cells for relation in each.relations) for each in problem.candidates]
    told += [(each.cells,) for each in problem.sensitive]
    links = [(node, variable) for node, group in enumerate(told) for cells in group for variable, _ in cells]
    size = problem.variables + len(told)
    one, other = ([link[side] for link in links] for side in (0, 1))
    edges = coo_array(
        (np.ones(len(links)), (np.array(one, int) + problem.variables, np.array(other, int))), (size, size)
    )
    _, label = connected_components(edges, directed=False)
    of_variable, of_group = label[: problem.variables].tolist(), label[problem.variables :].tolist()
    members: dict[str, dict[int, list[int]]] = {
        name: defaultdict(list) for name in ("variable", "known", "row", "form")
    }
    for number, mark in enumerate(of_variable):
        members["variable"][mark].append(number)
    first_row, first_form = len(problem.known), len(problem.known) + len(problem.candidates)
    for number, mark in enumerate(of_group):
        kind, start = (
            ("known", 0) if number < first_row else ("row", first_row) if number < first_form else ("form", first_form)
        )
        members[kind][mark].append(number - start)
    return [
        _part(problem, *(members[kind].get(mark, []) for kind in ("variable", "known", "row", "form")))
        for mark in sorted(members["form"], key=lambda mark: members["form"][mark][0])
    ]


def _part(
    problem: Problem, variables: Sequence[int], known: Sequence[int], rows: Sequence[int], forms: Sequence[int]
) -> _Part:
    place = {number: at for at, number in enumerate(variables)}

    def moved(cells: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
        return tuple((place[variable], times) for variable, times in cells)

    def relation(each: Relation) -> Relation:
        return Relation(moved(each.cells), each.sense, each.amount)

    def row(each: Candidate) -> Candidate:
        return Candidate(tuple(map(relation, each.relations)), each.loss, each.hidden, each.rank)

    own = Problem(
        len(variables),
        tuple(relation(problem.known[number]) for number in known),
        tuple(row(problem.candidates[number]) for number in rows),
        tuple(
            Form(moved(form.cells), form.threshold, form.width)
            for form in (problem.sensitive[number] for number in forms)
        ),
    )
    return _Part(own, tuple(rows), tuple(forms))


# --- one part ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _solved(problem: Problem, rounds: int) -> Solution:
    """Return the solution of one part."""
    attacker = Attacker(problem)
    losses = np.array([each.loss for each in problem.candidates], dtype=float)
    must = np.array([each.hidden for each in problem.candidates], dtype=bool)
    cuts: dict[frozenset[int], None] = {}
    best, least = None, np.inf
    hidden: np.ndarray[Any, Any] | None = must
    for tried in range(1, rounds + 1):
        if hidden is None:
            break
        # shortcut: no choice that meets the cuts loses less
        if best is not None and losses[hidden].sum() > least - _SAME:
            return _solution(best, losses, "optimal", tried, attacker)
        found, safe = _closed(attacker, hidden, losses)
        if not found:
            return _solution(hidden, losses, "optimal", tried, attacker)
        if losses[safe].sum() < least:
            best, least = safe, float(losses[safe].sum())
        cuts |= dict.fromkeys(found)
        hidden = _cheapest(list(cuts), attacker.owners, losses, must)
    ranks = np.array([each.rank for each in problem.candidates], dtype=int)
    coarse = _coarsened(attacker, must, ranks)
    return _solution(coarse, losses, "coarsened", rounds, attacker, int((coarse & ~must).sum()))


def _solution(
    hidden: "np.ndarray[Any, Any]",
    losses: "np.ndarray[Any, Any]",
    method: Literal["optimal", "coarsened"],
    rounds: int,
    attacker: Attacker,
    coarsened: int = 0,
) -> Solution:
    chosen = tuple(map(bool, hidden.tolist()))
    return Solution(chosen, float(losses[hidden].sum()), method, rounds, attacker.lps, coarsened)


def _closed(
    attacker: Attacker, hidden: "np.ndarray[Any, Any]", losses: "np.ndarray[Any, Any]"
) -> "tuple[list[frozenset[int]], np.ndarray[Any, Any]]":
    """Return the cuts that a choice does not meet, and a choice that hides more and is safe.

    Each cut is met at once where that costs least, so that what is found next is another one.

    Raises:
        Exposed: a sum is exposed though no shown row is needed for that.
    """
    safe, cuts, exposed = hidden.copy(), list[frozenset[int]](), set[int]()
    for form in attacker.unsettled(safe):
        while (cut := attacker.certificate(safe, form)) is not None:
            if not cut:
                exposed.add(form)
                break
            cuts.append(cut)
            cost = {relation: losses[[o for o in attacker.owners[relation] if not safe[o]]].sum() for relation in cut}
            chosen = min(sorted(cut), key=lambda relation: cost[relation])
            safe[attacker.owners[chosen]] = True
    if exposed:
        raise _exposed(exposed)
    return cuts, safe


def _cheapest(
    cuts: Sequence[frozenset[int]],
    owners: Sequence[Sequence[int]],
    losses: "np.ndarray[Any, Any]",
    must: "np.ndarray[Any, Any]",
) -> "np.ndarray[Any, Any] | None":
    """Return the choice of the least loss that meets every cut; None if it is not found within the limit.

    A relation that several rows tell is hidden only if all of them are: it has a variable of its own.
    """
    relations = sorted({relation for cut in cuts for relation in cut})
    column = {relation: len(losses) + at for at, relation in enumerate(relations)}
    pairs = [(relation, owner) for relation in relations for owner in owners[relation]]
    matrix = lil_array((len(cuts) + len(pairs), len(losses) + len(relations)))
    for row, cut in enumerate(cuts):
        for relation in cut:
            matrix[row, column[relation]] = 1
    for row, (relation, owner) in enumerate(pairs, start=len(cuts)):
        matrix[row, owner], matrix[row, column[relation]] = 1, -1
    least = np.concatenate([np.ones(len(cuts)), np.zeros(len(pairs))])
    found = milp(
        np.concatenate([losses, np.zeros(len(relations))]),
        integrality=np.concatenate([np.ones(len(losses)), np.zeros(len(relations))]),
        bounds=Bounds(np.concatenate([must.astype(float), np.zeros(len(relations))]), 1.0),
        constraints=LinearConstraint(matrix.tocsr(), least, np.inf),
        options={"mip_rel_gap": 0.0, "node_limit": NODES},
    )
    return np.asarray(found.x[: len(losses)] > 0.5) if found.status == 0 else None


def _coarsened(
    attacker: Attacker, must: "np.ndarray[Any, Any]", ranks: "np.ndarray[Any, Any]"
) -> "np.ndarray[Any, Any]":
    """Return a safe choice that hides whole ranks, the highest first and as few as will do; at last everything."""
    hidden: np.ndarray[Any, Any] = must
    for rank in [None, *sorted(set(ranks.tolist()), reverse=True)]:
        hidden = must if rank is None else must | (ranks >= rank)
        if all(attacker.certificate(hidden, form) is None for form in attacker.unsettled(hidden)):
            return hidden
    return _closed(attacker, hidden, np.ones(len(must)))[1]  # all is hidden, so that this says what is exposed
