"""What readers know of the parties' counts of persons and cases over all releases, and what must not follow from it.

A figure is a *variable*: the same cell with the same number in two releases is the same variable, with another number
it is another one. A cell without a number (hidden by its source, or lacking) is the same variable as long as all of its
delivery is. What the figures are and how they hang together says :mod:`include.publish.delivered`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from include.publish.attack import Form, Linear, System
from include.publish.delivered import Cell, Delivery, Vintage, delivery_of

#: Largest and smallest possible value of a form must differ by this much.
WIDTH = 3.0


class About(NamedTuple):
    """What a form is about, in words that tell nothing of its amount."""

    what: str
    year: int
    area: str


@dataclass
class Knowledge:
    """What readers know altogether, over all releases, and what must not follow from it."""

    _number: "dict[tuple[Cell, float | str], int]" = field(default_factory=dict)
    _value: list[float] = field(default_factory=list)
    _equal: "dict[Linear, None]" = field(default_factory=dict)
    _at_most: "dict[Linear, None]" = field(default_factory=dict)
    _shown: "dict[Linear, None]" = field(default_factory=dict)
    _weighed: "set[tuple[Delivery, str]]" = field(default_factory=set)
    _forms: "dict[tuple[tuple[int, ...], tuple[float, ...]], tuple[float, About]]" = field(default_factory=dict)

    def add_vintage(self, vintage: Vintage) -> "Numbered":
        """Add the figures of a moment: the relations between them, and which must not be found out."""
        numbered = Numbered(self, vintage)
        told = set(vintage.deliveries().items())
        fresh = {delivery for delivery, _ in told - self._weighed}  # the others say what they said before
        self._weighed |= told
        for cells, factors, equal, amount in vintage.relations(fresh):
            row = numbered.linear(cells, factors, amount)
            (self._equal if equal else self._at_most).setdefault(row)
        for cell in vintage.cells:
            if delivery_of(cell) in fresh:
                about = About(cell.measure, cell.year, cell.area)
                self._guard(numbered, Counter([cell]), vintage.secrets[cell.measure].extract.threshold, about)
        for whole, parts in vintage.sums_of_years():
            about = About(f"{whole.measure} in all", whole.year, whole.area)
            self._guard(numbered, Counter(parts), vintage.secrets[whole.measure].extract.threshold, about)
        return numbered

    def add_shown(self, numbered: "Numbered", cells: "Counter[Cell]", amount: float) -> None:
        """Add a sum that a release shows."""
        self._shown.setdefault(numbered.linear(list(cells), list(map(float, cells.values())), amount))

    def add_ratio(self, numbered: "Numbered", top: "Counter[Cell]", bottom: "Counter[Cell]", ratio: float) -> None:
        """Add that a release shows what one sum is of another, without showing either."""
        terms: dict[Cell, float] = defaultdict(float)
        for cell, times in top.items():
            terms[cell] += times
        for cell, times in bottom.items():
            terms[cell] -= ratio * times
        self._shown.setdefault(numbered.linear(list(terms), list(terms.values()), 0.0))

    def add_candidate(self, numbered: "Numbered", cells: "Counter[Cell]", threshold: float, about: About) -> None:
        """Add a sum that some release shows or hides, which must not be found out where it is small."""
        self._guard(numbered, cells, threshold, about)

    def _guard(self, numbered: "Numbered", cells: "Counter[Cell]", threshold: float, about: About) -> None:
        low = high = 0.0
        hidden = False
        for cell, times in cells.items():
            state = numbered.vintage.cells.get(cell)
            if state is None or (state.value is None and not state.hidden):
                return  # nobody knows it
            ends = [times * end if times else 0.0 for end in state.ends]
            low, high, hidden = low + min(ends), high + max(ends), hidden or state.hidden
        alone = hidden and len(cells) == 1
        if not alone and not (low < threshold and high >= 1):
            return
        row = numbered.linear(list(cells), list(map(float, cells.values())), 0.0)
        before = self._forms.get((row.cells, row.factors))
        most = max(threshold, before[0]) if before else threshold
        self._forms[row.cells, row.factors] = (most, before[1] if before else about)

    def number(self, cell: Cell, identity: float | str, value: float | None) -> int:
        """Return the number of a variable."""
        number = self._number.setdefault((cell, identity), len(self._value))
        if number == len(self._value):
            self._value.append(math.nan if value is None else value)
        return number

    def system(self, *, doubting: bool = False) -> System:
        """Return what is known as a system of sums.

        Args:
            doubting: without the relations of figures that nobody told, for the case that they contradict each other.
        """
        values = np.array(self._value, dtype=float)
        equal, at_most = (
            [row for row in rows if not (doubting and np.isnan(values[list(row.cells)]).any())]
            for rows in (self._equal, self._at_most)
        )
        return System(len(values), [*equal, *self._shown], at_most, values)

    def forms(self) -> tuple[list[Form], list[About]]:
        """Return what must not be found out, each with what it is about."""
        forms = [
            Form(cells, factors, float(threshold), WIDTH) for (cells, factors), (threshold, _) in self._forms.items()
        ]
        return forms, [about for _, about in self._forms.values()]


class Numbered:
    """The variables that the cells of one moment are."""

    def __init__(self, knowledge: Knowledge, vintage: Vintage) -> None:
        self.knowledge, self.vintage = knowledge, vintage
        self._told = vintage.deliveries()
        self._numbers: dict[Cell, int] = {}

    def number(self, cell: Cell) -> int:
        """Return the number of a cell's variable."""
        if cell not in self._numbers:
            value = self.vintage.cells[cell].value
            identity = self._told[delivery_of(cell)] if value is None else value
            self._numbers[cell] = self.knowledge.number(cell, identity, value)
        return self._numbers[cell]

    def linear(self, cells: Sequence[Cell], factors: Sequence[float], amount: float) -> Linear:
        """Return a sum over cells as one over variables, in a fixed order."""
        terms = sorted(zip(map(self.number, cells), factors, strict=True))
        return Linear(tuple(number for number, _ in terms), tuple(factor for _, factor in terms), amount)
