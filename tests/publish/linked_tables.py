"""Random sparse tables that hang together, for the attacker: municipalities by sex with totals, years with their sum,
shares with denominators, and a second release in which a late report has changed a few cells.

All is made of seeds; :func:`tables` gives what is known, what may be shown and what must not be found out, in the plain
words of sums that both the attacker and the disclosure control can be told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from include.publish.attack import Form, Linear, System

THRESHOLD, WIDTH, LEAST_BASE = 5, 3.0, 20
SEXES = ("K", "M", "T")

Cells = tuple[int, ...]


class Row(NamedTuple):
    """A row that may be shown: its name, the figures of its numerator and, of a share, of its denominator."""

    name: tuple[str, ...]
    top: Cells
    bottom: Cells = ()


@dataclass
class Tables:
    """One county's tables at two moments.

    Attributes:
        value: what each figure is; a figure that has not changed is one figure.
        equal: sums that are 0 by structure, as (figure, factor).
        at_most: sums that are at most 0 by structure.
        releases: the rows of the first and of the second release.
        forms: sums that must not be found out.
    """

    value: list[int] = field(default_factory=list)
    equal: dict[tuple[tuple[int, float], ...], None] = field(default_factory=dict)
    at_most: dict[tuple[tuple[int, float], ...], None] = field(default_factory=dict)
    releases: tuple[list[Row], list[Row]] = field(default_factory=lambda: ([], []))
    forms: dict[tuple[tuple[int, float], ...], None] = field(default_factory=dict)

    def amount(self, cells: Iterable[int]) -> int:
        """Return what some figures come to."""
        return sum(self.value[cell] for cell in cells)

    def is_primary(self, row: Row) -> bool:
        """Return whether a row must be hidden because of what it is."""
        top = self.amount(row.top)
        if 0 < top < THRESHOLD:
            return True
        if not row.bottom:
            return False
        bottom = self.amount(row.bottom)
        return bottom < LEAST_BASE or 0 < bottom - top < THRESHOLD

    def system(self, shown: Iterable[Row]) -> System:
        """Return what an attacker knows who sees some rows."""
        sides = [side for row in shown for side in (row.top, row.bottom) if side]
        told = [Linear(side, (1.0,) * len(side), float(self.amount(side))) for side in dict.fromkeys(sides)]
        equal, at_most = ([_linear(row) for row in rows] for rows in (self.equal, self.at_most))
        return System(len(self.value), [*equal, *told], at_most, np.array(self.value, dtype=float))

    def attacked(self) -> list[Form]:
        """Return what must not be found out, for the attacker."""
        return [Form(*_linear(form)[:2], THRESHOLD, WIDTH) for form in self.forms]


def tables(seed: int, municipalities: int = 3, years: int = 3) -> Tables:
    """Return random tables: the same seed always gives the same."""
    random = np.random.default_rng(seed)
    found = Tables()
    numbers: dict[tuple[object, ...], int] = {}
    means = random.choice([0.3, 1.0, 3.0, 9.0, 25.0], size=municipalities)
    share = random.uniform(0.4, 0.9)
    counts = {
        (year, place, sex): int(random.poisson(means[place] * (share if sex == "K" else 1 - share)))
        for year in range(years)
        for place in range(municipalities)
        for sex in ("K", "M")
    }
    asked = {
        (year, place): int(random.poisson(3 * means[place])) for year in range(years) for place in range(municipalities)
    }
    for release in range(2):
        if release:  # the late report: one municipality has some more (or fewer) in one year
            year, place, sex = (
                int(random.integers(years)),
                int(random.integers(municipalities)),
                random.choice(["K", "M"]),
            )
            counts[year, place, sex] = max(0, counts[year, place, sex] + int(random.choice([-1, 1, 2, 4])))
        _add(found, numbers, release, counts, asked, municipalities, years)
    return found


def _add(
    found: Tables,
    numbers: dict[tuple[object, ...], int],
    release: int,
    counts: dict[tuple[int, int, str], int],
    asked: dict[tuple[int, int], int],
    municipalities: int,
    years: int,
) -> None:
    def number(*key: object, value: int) -> int:
        at = numbers.setdefault((*key, value), len(found.value))
        if at == len(found.value):
            found.value.append(value)
        return at

    cell: dict[tuple[int, int, str], int] = {}
    base: dict[tuple[int, int], int] = {}
    for year in range(years):
        for place in range(municipalities):
            women, men = counts[year, place, "K"], counts[year, place, "M"]
            for sex, value in (("K", women), ("M", men), ("T", women + men)):
                cell[year, place, sex] = number(year, place, sex, value=value)
            base[year, place] = number(year, place, "asked", value=women + men + asked[year, place])
            parts = [(cell[year, place, sex], 1.0) for sex in ("K", "M")]
            found.equal.setdefault((*parts, (cell[year, place, "T"], -1.0)))
            found.at_most.setdefault(((cell[year, place, "T"], 1.0), (base[year, place], -1.0)))
    rows = found.releases[release]
    everywhere, always = range(municipalities), range(years)
    for sex in SEXES:
        for year in always:
            rows += [Row((str(year), str(place), sex), (cell[year, place, sex],)) for place in everywhere]
            rows.append(Row((str(year), "county", sex), tuple(cell[year, place, sex] for place in everywhere)))
        for place in everywhere:
            rows.append(Row(("sum", str(place), sex), tuple(cell[year, place, sex] for year in always)))
        rows.append(Row(("sum", "county", sex), tuple(cell[y, place, sex] for y in always for place in everywhere)))
    for year in always:
        top, bottom = [cell[year, place, "T"] for place in everywhere], [base[year, place] for place in everywhere]
        rows.append(Row((str(year), "county", "share"), tuple(top), tuple(bottom)))
    for row in rows:
        _guard(found, [(one, 1.0) for one in row.top])
        if row.bottom:
            _guard(found, [*((one, 1.0) for one in row.bottom), *((one, -1.0) for one in row.top)])
    for one in (*cell.values(), *base.values()):
        _guard(found, [(one, 1.0)])


def _guard(found: Tables, form: Sequence[tuple[int, float]]) -> None:
    if 0 < sum(factor * found.value[cell] for cell, factor in form) < THRESHOLD:
        found.forms.setdefault(tuple(sorted(form)))


def _linear(terms: Iterable[tuple[int, float]]) -> Linear:
    cells, factors = zip(*terms, strict=True)
    return Linear(tuple(cells), tuple(factors))


# --- brute force -------------------------------------------------------------------------------------------------


class TooMany(Exception):
    """The search was given up."""


class Search:
    """A search for whole numbers that agree with all that is known; no linear program has a part in it.

    Args:
        system: what is known; its point is what the figures are.
        most: give up after so many steps.
    """

    def __init__(self, system: System, most: int = 20_000) -> None:
        assert system.point is not None
        self.point = system.point
        self.rows = [(row, True) for row in system.equal] + [(row, False) for row in system.at_most]
        self.left = most
        self.touching: dict[int, list[int]] = {}
        for at, (row, _) in enumerate(self.rows):
            for cell in row.cells:
                self.touching.setdefault(cell, []).append(at)
        largest = int(system.point.max()) + 12
        self.low, self.high = [0] * system.variables, [largest] * system.variables
        assert self._narrow(self.rows, self.low, self.high, range(len(self.rows))), "the truth is possible"

    def is_determined(self, form: Form) -> bool:
        """Return whether a sum can be one whole number only, by trying the others.

        Raises:
            TooMany: given up.
        """
        if all(self.low[cell] == self.high[cell] for cell in form.cells):
            return True
        truth = round(float(sum(f * self.point[c] for c, f in zip(form.cells, form.factors, strict=True))))
        near = [other for gap in range(1, 6) for other in (truth + gap, truth - gap) if other >= 0]
        return not any(self._is_possible(Linear(form.cells, form.factors, float(other))) for other in near)

    def _is_possible(self, more: Linear) -> bool:
        low, high = self.low.copy(), self.high.copy()
        rows = [*self.rows, (more, True)]
        return self._narrow(rows, low, high, [len(rows) - 1]) and self._complete(rows, low, high)

    def _complete(self, rows: list[tuple[Linear, bool]], low: list[int], high: list[int]) -> bool:
        self.left -= 1
        if self.left < 0:
            raise TooMany
        open_ = [cell for cell in self.touching if low[cell] < high[cell]]
        if not open_:
            return True
        cell = min(open_, key=lambda one: high[one] - low[one])
        for value in range(low[cell], high[cell] + 1):
            lows, highs = low.copy(), high.copy()
            lows[cell] = highs[cell] = value
            if self._narrow(rows, lows, highs, [*self.touching[cell], len(rows) - 1]) and self._complete(
                rows, lows, highs
            ):
                return True
        return False

    def _narrow(self, rows: list[tuple[Linear, bool]], low: list[int], high: list[int], start: Iterable[int]) -> bool:
        """Narrow what each figure can be, row by row, until nothing changes; False if a row cannot hold."""
        waiting = dict.fromkeys(start)
        while waiting:
            at = next(iter(waiting))
            del waiting[at]
            changed = _narrowed(rows[at][0], rows[at][1], low, high)
            if changed is None:
                return False
            for cell in changed:
                waiting |= dict.fromkeys([*self.touching.get(cell, ()), len(rows) - 1])
        return True


def _narrowed(row: Linear, equal: bool, low: list[int], high: list[int]) -> list[int] | None:
    """Narrow the figures of one row, and return those that changed; None if it cannot hold."""
    ends = [
        (f * low[c], f * high[c]) if f > 0 else (f * high[c], f * low[c])
        for c, f in zip(row.cells, row.factors, strict=True)
    ]
    least, most = sum(end[0] for end in ends), sum(end[1] for end in ends)
    if least > row.amount or (equal and most < row.amount):
        return None
    changed = []
    for (own_least, own_most), cell, factor in zip(ends, row.cells, row.factors, strict=True):
        upper = row.amount - (least - own_least)  # factor * figure is at most this …
        lower = row.amount - (most - own_most) if equal else -float("inf")  # … and at least this
        if factor < 0:
            upper, lower = -lower, -upper
        if lower > low[cell]:
            low[cell] = int(lower)
            changed.append(cell)
        if upper < high[cell]:
            high[cell] = int(upper)
            changed.append(cell)
        if low[cell] > high[cell]:
            return None
    return changed
