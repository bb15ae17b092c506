"""What is known of small counts by those who see none: that parts make up their totals, and what contracts demand.

Everything is read from the registry: the grids of the extracts' templates, their cross-checks and the checks between
parties. What a contract demands need not hold in what was delivered (a warning does not stop a delivery, and a party
may hide a number). A relation that cannot hold is no knowledge; of a sum then stays what does hold: that no part is
more than its total, or that the parts are at most, or at least, the total.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from include.check.deliveries.relations import are_all_ages
from include.measure.disclosure.problem import Relation
from include.measure.observed import Key
from include.periods import Period
from include.registry.delivery import deliverers
from include.registry.models import Agreement, Extract, Grid, Measure, PartyCheck, Registry

#: Amounts that differ by less are the same.
NEARLY = 1e-6

#: What stands for all in each dimension of a grid.
_TOTALS = {"sex": "T", "age": "T", "breakdown": "total"}

Sense = Literal["=", "<="]


class Cell(NamedTuple):
    """One small count.

    Attributes:
        variable: its number in the program.
        low: the least that it truly can be …
        high: … and the most; both are its value, unless its source has hidden it. No attacker knows these limits.
        hidden: whether its source has hidden it.
    """

    variable: int
    low: float
    high: float
    hidden: bool = False


class _Bond(NamedTuple):
    """A relation between small counts: the sum of each times its number equals, or is at most, 0.

    Attributes:
        otherwise: what to take if it cannot hold, each by itself.
    """

    cells: tuple[tuple[Key, float], ...]
    sense: Sense
    otherwise: "tuple[_Bond, ...]" = ()


def structure(registry: Registry, agreement: Agreement, cells: Mapping[Key, Cell]) -> list[Relation]:
    """Return what is known to hold between small counts, whatever is shown of them.

    Args:
        registry: the contracts.
        agreement: whose parties.
        cells: the small counts as known at one moment.

    Returns:
        Relations between the cells' variables, each once, in a fixed order, that can all hold together.
    """
    lines: dict[str, list[Key]] = {}
    for key in sorted(cells):
        lines.setdefault(key.measure, []).append(key)
    bonds: list[_Bond] = []
    for _, extract in sorted(registry.extracts.items()):
        if extract.small_counts:
            bonds += _of_grids(registry, extract, lines, cells)
            bonds += _of_checks(extract, lines, cells)
    for _, check in sorted(registry.party_checks.items()):
        bonds += _between_parties(registry, agreement, check, cells)
    return _together([relation for bond in bonds for relation in _holding(bond, cells)], cells)


def is_counted(measure: Measure) -> bool:
    """Return whether a measure counts persons or cases that can be added."""
    return measure.additive and measure.answer == "count"


# --- the contracts -----------------------------------------------------------------------------------------------


def _of_grids(
    registry: Registry, extract: Extract, lines: Mapping[str, Sequence[Key]], cells: Mapping[Key, Cell]
) -> Iterator[_Bond]:
    counted = {each.id for each in extract.measures if is_counted(each)}
    for grid in [sheet.grid for sheet in extract.sheets if sheet.grid]:
        for measure in [f"{extract.id}.{name}" for name in grid.measures if name in counted]:
            places = sorted({(key.area, key.period, key.party) for key in lines.get(measure, ())})
            for dimension in _TOTALS:
                parts, exact = _parts_of(registry, grid, dimension)
                for area, period, party in places if parts else ():
                    for whole in _wholes(grid, dimension, measure, area, period, party):
                        every = [whole._replace(**{dimension: code}) for code in parts]
                        found = [part for part in every if part in cells]
                        if whole in cells and found:
                            yield from _sum(whole, found, exact=exact and len(found) == len(parts))


def _parts_of(registry: Registry, grid: Grid, dimension: str) -> tuple[list[str], bool]:
    """Return the codes that a total is divided into, and whether they make it up."""
    codes: list[str] = list(getattr(grid, dimension))
    parts = [code for code in codes if code != _TOTALS[dimension]]
    match dimension:
        case "sex":
            return parts, {"K", "M"} <= set(parts)
        case "age":
            return parts, bool(parts) and are_all_ages(parts)
        case _:
            top = [code for code in parts if registry.breakdowns[code].parent not in parts]
            return top, True


def _wholes(grid: Grid, dimension: str, measure: str, area: str, period: str, party: str) -> Iterator[Key]:
    """Yield the totals in one dimension of a grid; a total may stand in another grid than its parts."""
    others = [name for name in _TOTALS if name != dimension]
    for codes in product(*(getattr(grid, name) for name in others)):
        divided = dict(zip(others, codes, strict=True)) | {dimension: _TOTALS[dimension]}
        yield Key(measure, area, period, divided["sex"], divided["age"], party, divided["breakdown"])


def _sum(whole: Key, parts: Sequence[Key], *, exact: bool) -> Iterator[_Bond]:
    total, added = (whole, -1.0), tuple((part, 1.0) for part in parts)
    each = tuple(_Bond(((part, 1.0), total), "<=") for part in parts)
    if exact:
        inverse = tuple((key, -times) for key, times in (*added, total))
        yield _Bond((*added, total), "=", (_Bond((*added, total), "<=", (_Bond(inverse, "<="), *each)),))
    else:
        yield from each


def _of_checks(extract: Extract, lines: Mapping[str, Sequence[Key]], cells: Mapping[Key, Cell]) -> Iterator[_Bond]:
    for check in extract.checks:
        if check.relation == "zero_together":
            continue  # it says nothing of how many
        left, right = ([f"{extract.id}.{name}" for name in side] for side in (check.left, check.right))
        factor = check.factor if check.relation == "at_most" else 1.0
        for line in lines.get(left[0], ()):
            added = tuple((line._replace(measure=measure), 1.0) for measure in left)
            added += tuple((line._replace(measure=measure), -factor) for measure in right)
            if all(key in cells for key, _ in added):
                yield _Bond(added, "=" if check.relation == "equal" else "<=")


def _between_parties(
    registry: Registry, agreement: Agreement, check: PartyCheck, cells: Mapping[Key, Cell]
) -> Iterator[_Bond]:
    for year in sorted({Period.parse(key.period).year for key in cells}):
        left, right = (_side(registry, agreement, names, year, cells) for names in (check.left, check.right))
        if left is None or right is None:
            continue
        above = tuple((key, -(1.0 + check.tolerance)) for key in right)
        below = tuple((key, 1.0 - check.tolerance) for key in right)
        if check.relation == "equal" and not check.tolerance:
            yield _Bond((*((key, 1.0) for key in left), *above), "=")
            continue
        yield _Bond((*((key, 1.0) for key in left), *above), "<=")
        if check.relation == "equal":
            yield _Bond((*((key, -1.0) for key in left), *below), "<=")


def _side(
    registry: Registry, agreement: Agreement, names: Iterable[str], year: int, cells: Mapping[Key, Cell]
) -> list[Key] | None:
    """Return the counts that one side of a check between parties adds; None if one is lacking."""
    keys = []
    for name in names:
        owner, _, measure = name.partition(".")
        extract = registry.extracts[owner]
        grids = [sheet.grid for sheet in extract.sheets if sheet.grid and measure in sheet.grid.measures]
        whole = next(filter(None, map(_whole, grids)), None)
        if whole is None:
            return None
        for party in deliverers(extract, agreement):
            period = Period.starting(extract.speaks_in, date(year, 1, 1))
            while period.year == year:
                place = party.area or agreement.county
                keys.append(Key(name, place, str(period), whole[0], whole[1], party.code, whole[2]))
                period = period.next()
    return keys if all(key in cells for key in keys) else None


def _whole(grid: Grid) -> tuple[str, ...] | None:
    """Return the codes of a grid's one row for all; None if it has none, or one for each municipality."""
    codes = [
        total if total in (told := getattr(grid, name)) else told[0] if len(told) == 1 else None
        for name, total in _TOTALS.items()
    ]
    return None if grid.by_area or None in codes else tuple(map(str, codes))


# --- what holds --------------------------------------------------------------------------------------------------


def _holding(bond: _Bond, cells: Mapping[Key, Cell]) -> Iterator[Relation]:
    """Yield a relation if the counts can satisfy it, else those of the weaker ones that they can."""
    ends = [(times, cells[key]) for key, times in bond.cells]
    least = sum(times * (cell.low if times > 0 else cell.high) for times, cell in ends)
    most = sum(times * (cell.high if times > 0 else cell.low) for times, cell in ends)
    if least > NEARLY or (bond.sense == "=" and most < -NEARLY):
        for weaker in bond.otherwise:
            yield from _holding(weaker, cells)
        return
    yield Relation(tuple(sorted((cells[key].variable, times) for key, times in bond.cells)), bond.sense, 0.0)


def _together(relations: Iterable[Relation], cells: Mapping[Key, Cell]) -> list[Relation]:
    """Return each relation once, without those that the hidden counts cannot satisfy together with the others."""
    once = list(dict.fromkeys(relations))
    limits = {cell.variable: (cell.low, cell.high) for cell in cells.values()}
    hidden = {variable for variable, (low, high) in limits.items() if low < high}
    bound = [number for number, each in enumerate(once) if any(variable in hidden for variable, _ in each.cells)]
    broken = {bound[row] for row in _broken([once[number] for number in bound], limits)} if bound else set()
    return [each for number, each in enumerate(once) if number not in broken]


def _broken(relations: Sequence[Relation], limits: Mapping[int, tuple[float, float]]) -> list[int]:
    """Return the places of as few relations as a linear program gives up, so that the others hold together."""
    place = {variable: at for at, variable in enumerate(sorted({v for each in relations for v, _ in each.cells}))}
    entries = [(row, place[variable], times) for row, each in enumerate(relations) for variable, times in each.cells]
    at, columns, times = (np.array([entry[side] for entry in entries]) for side in range(3))
    matrix = csr_array((times.astype(float), (at.astype(int), columns.astype(int))), (len(relations), len(place)))
    equal = np.array([each.sense == "=" for each in relations])
    # What is too much counts above, what is too little below; of an inequality nothing is too little.
    slack = hstack([matrix, -eye_array(len(relations)), eye_array(len(relations))], format="csr")
    found = linprog(
        np.concatenate([np.zeros(len(place)), np.ones(2 * len(relations))]),
        A_eq=slack[equal],
        b_eq=np.zeros(int(equal.sum())),
        A_ub=slack[~equal],
        b_ub=np.zeros(int((~equal).sum())),
        bounds=[*(limits[variable] for variable in place), *[(0.0, np.inf)] * (2 * len(relations))],
        method="highs-ds",
    )
    if found.status != 0:
        raise RuntimeError("the program that drops broken relations was not solved, though it can always be satisfied")
    off = found.x[len(place) :].reshape(2, -1).sum(axis=0)
    return np.flatnonzero(off > NEARLY).tolist()
