"""Deliveries made of numbers: each cell of a party's grids at the place that its template gives it."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest

from include.check.deliveries import findings
from include.check.gate import Finding, Reveal
from include.check.tidy import tidy_table
from include.periods import Period
from include.registry.delivery import Identity, extracts_in, grid_rows, label_headings
from include.registry.models import Registry

#: A figure's measure, breakdown, sex and age (and area, where a grid is divided by it).
Key = tuple[str, ...]

#: What is in a cell: a number, a masked one ("<5", or a pair of limits), "-" for "nobody knows".
Value = float | str | tuple[float, float]

SHOWN = Reveal(texts=False)


class Deliveries:
    """Makes deliveries and tells what came of them."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def keys(self, identity: Identity) -> list[tuple[Key, str, str]]:
        """Return key, area and place of every grid cell of a delivery."""
        agreement = self.registry.agreements[identity.agreement]
        party = next(each for each in agreement.parties if each.code == identity.party)
        found = []
        for extract in extracts_in(self.registry, identity):
            for sheet in extract.sheets:
                if sheet.grid is None:
                    continue
                rows = grid_rows(sheet.grid, self.registry, agreement, Period.parse(identity.period).year)
                first = len(label_headings(sheet.grid))
                for line, row in enumerate(rows, start=2):
                    for column, measure in enumerate(sheet.grid.measures, start=first):
                        key: Key = (f"{extract.id}.{measure}", row.breakdown, row.sex, row.age)
                        place = f"{sheet.name}!{chr(ord('A') + column)}{line}"
                        area = row.area or party.area or agreement.county
                        found.append((key + ((row.area,) if row.area else ()), area, place))
        return found

    def table(self, identity: Identity, values: Mapping[Key, Value], *, status: str = "F") -> pa.Table:
        """Return the tidy table of a delivery; a cell that no value is given for is one that nobody knows."""
        rows = []
        for key, area, place in self.keys(identity):
            number, limits, value_status = _read(values.get(key, "-"))
            rows.append(
                {
                    "measure": key[0], "area": area, "breakdown": key[1], "sex": key[2], "age": key[3],
                    "value": number, "value_low": limits[0], "value_high": limits[1],
                    "value_status": value_status, "place": place,
                }
            )  # fmt: skip
        common = {"period": identity.period, "party": identity.party, "status": status, "mark": "example"}
        columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
        return tidy_table({**columns, **common, "source_label": "mall"})

    def find(self, part: str, values: "Mapping[Key, Value] | pa.Table", **more: Any) -> list[Finding]:
        """Return the findings about a delivery, named as its part is."""
        identity = Identity.of_part(part)
        table = values if isinstance(values, pa.Table) else self.table(identity, values)
        known: dict[str, Any] = {"earlier": (), "others": {}, "reveal": SHOWN}
        return findings(table, identity, self.registry, **{**known, **more})

    def broken(self, part: str, values: "Mapping[Key, Value] | pa.Table", **more: Any) -> dict[str, Finding]:
        """Return those that do not hold, by code."""
        return {each.code: each for each in self.find(part, values, **more) if not each.holds}


def _read(value: Value) -> tuple[float | None, tuple[float | None, float | None], str]:
    match value:
        case "-":
            return None, (None, None), "missing"
        case "<5":
            return None, (1, 4), "suppressed"
        case (low, high):
            return None, (low, high), "suppressed"
        case _:
            return float(value), (None, None), "ok"


def police(**changes: float) -> dict[Key, Value]:
    """Return a consistent delivery of the police about a year (E04 and E10), scaled by ``times``."""
    times = changes.get("times", 1)
    sexes = {"cases": (40, 10, 0), "cases_assessed": (20, 5, 0), "protection_decided": (6, 1, 0)}
    values: dict[Key, Value] = {}
    for measure, parts in sexes.items():
        for sex, number in zip("KMXT", (*parts, sum(parts)), strict=True):
            values[f"E04.{measure}", "total", sex, "T"] = number * times
    for level, number in {"lag": 8, "medel": 10, "hog": 7}.items():
        values["E04.cases_assessed", f"risk_level:{level}", "T", "T"] = number * times
    values["E04.consultations", "total", "T", "T"] = 12 * times
    values["E04.response_minutes", "total", "T", "T"] = 23.5
    staff = {"staff_in_scope": (4, 30), "course_done": (2, 20), "course_valid": (1, 10)}
    for measure, parts in staff.items():
        for code, number in zip(("staff:chef", "staff:medarbetare", "total"), (*parts, sum(parts)), strict=True):
            values[f"E10.{measure}", code, "T", "T"] = number * times
    return values


@pytest.fixture(scope="session")
def deliveries(registry: Registry) -> Deliveries:
    return Deliveries(registry)


@pytest.fixture
def police_values() -> Callable[..., dict[Key, Value]]:
    return police
