"""What the extracts have in common on the way from rows to figures.

Every cell of a figure's grid is given, zeros too, because the contracts ask for complete deliveries: a type of
activity that does not stand in the log did not take place. Where rows were set aside the count is not certain; the
figure is then an ``estimate`` with the least and the most that it can be, so that no count silently falls short.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from include.check.readers.extracts_rows import Row, lacking, taken
from include.registry.models import Agreement, Extract

#: Rows named in a figure's place before the rest is only counted.
ROWS_NAMED = 8


@dataclass(frozen=True)
class Figure:
    """One figure of a delivery.

    Attributes:
        measure: the measure's id in the extract.
        place: sheet and rows or cell that it comes from.
        value: None where the delivery does not tell it.
        high: the most that it can be, where rows were set aside or it is masked; None = it is certain.
        low: the least that it can be, where that is not ``value``.
        party: code of the party that it is about.
        area: code of its area; None = the agreement's county.
        status: its status where the delivery itself says it; None = told by value and high.
        register: where the one who delivers has it from, in Swedish; empty = from the party itself.
    """

    measure: str
    place: str
    value: float | None
    high: float | None = None
    party: str = "-"
    breakdown: str = "total"
    area: str | None = None
    sex: str = "T"
    age: str = "T"
    status: str | None = None
    register: str = ""
    low: float | None = None

    @property
    def value_status(self) -> str:
        """Return the figure's status in the tidy table."""
        if self.status is not None:
            return self.status
        if self.value is None:
            return "not_reported"
        return "ok" if self.high in (None, self.value) else "estimate"

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Return the least and the most that an estimated or masked figure can be; of others nothing."""
        if self.value_status not in ("estimate", "suppressed"):
            return None, None
        return (self.value if self.low is None else self.low), self.high


@dataclass(frozen=True)
class Delivery:
    """A delivery as its figures are made from it.

    Attributes:
        extract: its contract.
        agreement: the agreement that it follows up.
        year: the year that it is about.
        rows: the filled rows of each sheet, those set aside included.
        empty_is_none: whether the cover says that an empty sheet means that there was nothing.
        notes: what whoever reads the figures should know; the figures' makers add to it.
    """

    extract: Extract
    agreement: Agreement
    year: int
    rows: Mapping[str, list[Row]]
    empty_is_none: bool
    notes: list[str] = field(default_factory=list)

    def tells(self, sheet: str) -> bool:
        """Return whether a sheet tells anything: it has rows, or is declared to have none on purpose."""
        return bool(self.rows[sheet]) or self.empty_is_none

    def parties(self, rows: Iterable[Row], column: str) -> list[str]:
        """Return the parties that figures are given for: those who signed, and whoever else the rows name."""
        named = {row.code(column) for row in rows}
        return [party.code for party in self.agreement.parties if party.signatory or party.code in named]


def count(delivery: Delivery, sheet: str, wanted: Mapping[str, str | None]) -> tuple[str, int | None, int | None]:
    """Return place, count and most of the rows that have the wanted value in each of the named columns.

    A row that was set aside counts towards the most if what can be read of it does not speak against it.
    """
    if not delivery.tells(sheet):
        return f"{sheet} (tomt blad)", None, None
    rows = delivery.rows[sheet]
    hits = [row for row in taken(rows) if all(row.values[name] == value for name, value in wanted.items())]
    possible = [row for row in lacking(rows) if all(row.values.get(n, v) == v for n, v in wanted.items())]
    return place(sheet, hits), len(hits), len(hits) + len(possible)


def place(sheet: str, rows: Iterable[Row]) -> str:
    """Return where a figure comes from, e.g. ``Aktiviteter rad 2, 5``."""
    numbers = [str(row.number) for row in rows]
    if not numbers:
        return f"{sheet} (ingen rad)"
    more = f" och {len(numbers) - ROWS_NAMED} till" if len(numbers) > ROWS_NAMED else ""
    return f"{sheet} rad {', '.join(numbers[:ROWS_NAMED])}{more}"
