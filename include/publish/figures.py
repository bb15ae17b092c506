"""The figures of an indicator: its rows grouped as a reader meets them, one table and one chart for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.publish import wording
from include.publish.assess import Assessment, Line
from include.publish.content import Content, Trend, Value
from include.registry.models import Indicator


@dataclass(frozen=True)
class Strand:
    """One line of a figure: the same series, area and party over the years; ``said`` is None for a single party."""

    area: str
    area_role: str
    party: str
    name: str
    rows: tuple[Value, ...]
    trend: Trend | None
    said: Assessment | None = None


@dataclass(frozen=True)
class Figure:
    """One series of an indicator.

    ``strands`` are the county (or its stand-in) and what it is compared with; ``parts`` are municipalities and parties.
    """

    id: str
    indicator: Indicator
    title: str
    strands: tuple[Strand, ...]
    parts: tuple[Strand, ...]

    @property
    def rows(self) -> tuple[Value, ...]:
        """Return every row of the figure."""
        return tuple(row for strand in (*self.strands, *self.parts) for row in strand.rows)

    @property
    def is_example(self) -> bool:
        """Return whether any row is invented."""
        return any(row.is_example for row in self.rows)

    @property
    def unit(self) -> str:
        """Return the unit that the rows carry."""
        return self.rows[0].unit


def figures(content: Content, indicator: Indicator) -> list[Figure]:
    """Return the figures of an indicator in the order of its series."""
    groups: dict[tuple[str, str, str, str], list[Value]] = {}
    for row in content.values:
        if row.indicator_id == indicator.id:
            groups.setdefault((row.series, row.sex, row.age, row.breakdown), []).append(row)
    names = [_title(indicator, group) for group in groups]
    found = []
    for place, (group, rows) in enumerate(groups.items(), start=1):
        title = names[place - 1]
        if names.count(title) > 1:  # two groups of one series: say what tells them apart
            title = f"{title}, {_apart(group, content)}"
        strands = _strands(content, rows)
        found.append(
            Figure(
                id=f"{indicator.id}-{place}",
                indicator=indicator,
                title=title,
                strands=tuple(one for one in strands if _is_main(one)),
                parts=tuple(one for one in strands if not _is_main(one)),
            )
        )
    return found


def _is_main(strand: Strand) -> bool:
    return strand.area_role != "kommun" and strand.party == "-"


def _title(indicator: Indicator, group: tuple[str, str, str, str]) -> str:
    label = next((one.label.sv for one in indicator.series if one.id == group[0]), group[0])
    return label if len(indicator.series) > 1 else indicator.name.sv


def _apart(group: tuple[str, str, str, str], content: Content) -> str:
    _, sex, age, breakdown = group
    known = content.registry.breakdowns.get(breakdown)
    words = [wording.SEX.get(sex, sex), wording.age(age), known.label.sv if known else breakdown]
    return ", ".join(word for word in words if word != "total")


def _strands(content: Content, rows: Sequence[Value]) -> list[Strand]:
    grouped: dict[tuple[str, str, str], list[Value]] = {}
    said = {each.key: each for each in content.assessments if each.indicator_id == rows[0].indicator_id}
    for row in rows:
        grouped.setdefault((row.area, row.area_role, row.party), []).append(row)
    return [
        Strand(
            area=area,
            area_role=role,
            party=party,
            name=_name(content, area, role, party),
            rows=tuple(mine),
            trend=_trend(content, mine[-1]),
            said=said.get(Line.of(mine[0])) if party == "-" else None,
        )
        for (area, role, party), mine in grouped.items()
    ]


def _name(content: Content, area: str, role: str, party: str) -> str:
    if party != "-":
        return wording.party(party, content.agreement)
    return wording.area(area, role, content.registry, content.agreement)


def _trend(content: Content, row: Value) -> Trend | None:
    """Return the latest trend of a strand."""
    return content.latest_trends.get((row.indicator_id, row.series, row.area, row.sex, row.age, row.party))
