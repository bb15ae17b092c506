"""How an indicator's values were revised, as its page shows it: one line a value, one column a version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from include.measure.deliveries import day_of
from include.measure.vintages import Summary, summarise, total
from include.publish import wording
from include.publish.content import Content, Revision
from include.registry.models import Indicator

#: Roles of the areas whose values an indicator is read for; municipalities and parties stand below them.
_MAIN = {"county", "proxy", "benchmark"}


@dataclass(frozen=True)
class Line:
    """The versions of one value, the first one first.

    Attributes:
        name: series and area (and party) in words, with the unit.
        is_main: whether it is of the county, its stand-in or what they are compared with.
        is_own: whether it is of the county or its stand-in.
        decimals: with which the value is shown.
    """

    name: str
    is_main: bool
    is_own: bool
    decimals: int
    versions: tuple[Revision, ...]

    @property
    def year(self) -> int:
        """Return the year that the value is of."""
        return self.versions[0].year

    @property
    def key(self) -> str:
        """Return what identifies the value, as one text."""
        return "|".join(map(str, self.versions[0].key))

    @property
    def is_example(self) -> bool:
        """Return whether any version is invented."""
        return any(each.is_example for each in self.versions)

    @cached_property
    def summary(self) -> Summary:
        """Return how large the revisions were."""
        return summarise((each.preliminary, each.value) for each in self.versions)

    def day(self, version: Revision) -> str:
        """Return the day, in Sweden, from which a version was known."""
        return day_of(datetime.fromisoformat(version.known_from)).isoformat()

    def shown(self, value: float) -> str:
        """Return a value, or a difference of values, as it is shown."""
        return wording.number(value, self.decimals)

    def mean(self) -> str:
        """Return the mean absolute revision with one more decimal than the value has."""
        size = self.summary.mean_absolute
        return "kan inte beräknas" if size is None else wording.number(size, self.decimals + 1)


@dataclass(frozen=True)
class Revised:
    """All lines of an indicator."""

    lines: tuple[Line, ...]

    @property
    def main(self) -> list[tuple[str, list[Line]]]:
        """Return the lines of the county and what it is compared with, in groups of one name."""
        return _grouped([line for line in self.lines if line.is_main])

    @property
    def parts(self) -> list[tuple[str, list[Line]]]:
        """Return the lines of municipalities and parties, in groups of one name."""
        return _grouped([line for line in self.lines if not line.is_main])

    @property
    def sentences(self) -> list[str]:
        """Return how often and how much the county's values (or its stand-in's) were revised, one sentence a unit."""
        own = [line for line in self.lines if line.is_own]
        units = dict.fromkeys(line.versions[0].unit for line in own)
        return [_sentence(unit, [line for line in own if line.versions[0].unit == unit]) for unit in units]


def of_indicator(content: Content, indicator: Indicator) -> Revised:
    """Return how an indicator's values were revised; without lines if none was."""
    found: dict[tuple[str | int, ...], list[Revision]] = {}
    for each in content.revisions:
        if each.indicator_id == indicator.id:
            found.setdefault(each.key, []).append(each)
    rows = {row.key: row for row in content.values if row.key in found}
    lines = []
    for versions in found.values():
        first, row = versions[0], rows.get(versions[0].key)
        role = row.area_role if row else ""
        is_main = role in _MAIN and first.party == "-"
        lines.append(
            Line(
                name=_name(content, indicator, first, role),
                is_main=is_main,
                is_own=is_main and role != "benchmark",
                decimals=row.decimals if row else indicator.decimals,
                versions=tuple(sorted(versions, key=lambda each: each.version)),
            )
        )
    return Revised(tuple(lines))


def _name(content: Content, indicator: Indicator, one: Revision, role: str) -> str:
    label = next((series.label.sv for series in indicator.series if series.id == one.series), one.series)
    words = [label] if len(indicator.series) > 1 else []
    words.append(wording.area(one.area, role, content.registry, content.agreement))
    if one.party != "-":
        words.append(wording.party(one.party, content.agreement))
    return f"{', '.join(words)} ({one.unit})"


def _grouped(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.name, []).append(line)
    return [(name, sorted(mine, key=lambda line: line.key)) for name, mine in groups.items()]


def _sentence(unit: str, lines: Sequence[Line]) -> str:
    summary = total([[(each.preliminary, each.value) for each in line.versions] for line in lines])
    times = "1 gång" if summary.revisions == 1 else f"{summary.revisions} gånger"
    kinds = [
        (summary.to_final, "när en preliminär uppgift blev slutlig"),
        (summary.later, "efter att uppgiften var slutlig"),
        (summary.again_preliminary, "medan uppgiften var preliminär"),
    ]
    said = ", ".join(f"{number} {words}" for number, words in kinds if number)
    size = summary.mean_absolute
    decimals = max(line.decimals for line in lines) + 1
    points = "procentenheter" if unit == "procent" else unit  # what differs between two shares
    mean = "" if size is None else f" I genomsnitt ändrades värdet med {wording.number(size, decimals)} {points}."
    return f"Länets värden, eller de som står för länet, har fått en ny version {times}: {said}.{mean}"
