"""The public tables of a release: read from the warehouse, as one file, and as a page for each.

The file holds every row. A page holds every row too, but only the columns that the table's registry file names: a table
for each breakdown, in it a group of rows for each area, sex and age, and first of all the latest year by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from include.load import tables as t
from include.measure import public as made
from include.publish import faults, wording
from include.publish.content import Content, PublicFigure
from include.registry.models import Agreement, Break, DerivedMeasure, PublicTable, Registry, Source

if TYPE_CHECKING:
    import pandas as pd

#: Name of the file with all rows, and of its table in the data package.
FILE = "public_figures"

#: What stands where a public figure has no value.
STATUS = {
    "missing": "saknas",
    "not_reported": "saknas",
    "withdrawn": "saknas",
    "not_applicable": "ej tillämpligt",
    "suppressed": "x",
}
_NOT_GIVEN = "redovisas inte"


def read(
    connection: sa.Connection, registry: Registry, agreement: Agreement, year: int, as_of: datetime
) -> "pd.DataFrame":
    """Return the rows of every public table as known at a moment, of the years up to one.

    Args:
        connection: of the role loader, who alone reads observations; only measures of public sources are asked for.
        registry: everything that exists.
        agreement: whose areas.
        year: the last year.
        as_of: the moment, with time zone.
    """
    from include.load.read import observations

    found = observations(connection, made.measures_of(registry), as_of)
    return made.figures(found, registry, agreement, year, faults.note)


def changes(connection: sa.Connection, previous: str | None, release_id: str) -> str | None:
    """Return in words how the public tables differ from those of the release before; None if they do not.

    They are counted and not listed: every figure is the source's own, and the file of each release holds them all.

    Args:
        connection: of the role publisher.
        previous: id of the release before, None for the first one.
        release_id: id of the release.
    """
    if previous is None:
        return None
    one, other = t.release_figure.alias("one"), t.release_figure.alias("other")
    mine, theirs = (
        sa.select(each).where(each.c.release_id == which).subquery()
        for each, which in ((one, release_id), (other, previous))
    )
    same = sa.and_(*(mine.c[name] == theirs.c[name] for name in made.KEY))
    said = ("numerator", "denominator", "value", "value_status", "preliminary")
    differs = sa.or_(*(mine.c[name].is_distinct_from(theirs.c[name]) for name in said))
    query = sa.select(
        sa.func.count().filter(mine.c.release_id.is_(None)),
        sa.func.count().filter(theirs.c.release_id.is_(None)),
        sa.func.count().filter(mine.c.release_id.is_not(None), theirs.c.release_id.is_not(None), differs),
    ).select_from(mine.join(theirs, same, full=True))
    gone, new, changed = connection.execute(query).one()
    if not (gone or new or changed):
        return None
    return f"I de offentliga tabellerna är {changed} uppgifter ändrade, {new} nya och {gone} borttagna."


# --- pages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A column of figures on a page."""

    measure: str
    label: str
    unit: str
    made: DerivedMeasure | None

    @property
    def with_interval(self) -> bool:
        """Return whether an interval stands beside its values."""
        return self.made is not None and self.made.interval != "none"

    @property
    def is_per_inhabitant(self) -> bool:
        """Return whether it is divided by a population, which is not known of every area, year, sex and age."""
        return self.made is not None and self.made.denominator_breakdown is not None


class Cell(NamedTuple):
    """What a page shows of one figure: its column, the value, and the interval (None = the column has none)."""

    measure: str
    text: str
    interval: str | None
    is_word: bool


@dataclass(frozen=True)
class Line:
    """One year of one breakdown, area, sex and age, with the cells of the group's columns; ``name`` heads it."""

    key: str
    name: str
    cells: tuple[Cell, ...]
    break_before: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Strand:
    """The years of one area, sex and age."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Group:
    """One breakdown: its columns, rows, the source's own names of it, and where its series break."""

    id: str
    title: str
    columns: tuple[Column, ...]
    strands: tuple[Strand, ...]
    labels: tuple[str, ...]
    breaks: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class PublicPage:
    """A public table as its page shows it.

    ``latest`` is the last year by itself, all breakdowns together: a strand for each area, a line for each breakdown,
    sex and age. It is None where there is one year only, or one breakdown.
    """

    table: PublicTable
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    latest: Group | None
    sources: tuple[Source, ...]
    captured: tuple[tuple[str, str, str], ...]
    rows: int
    years: tuple[int, int]
    stands_in: str | None

    @property
    def is_reconstructed(self) -> bool:
        """Return whether any of its figures comes from a reconstructed file."""
        return any(origin == "reconstructed" for _, origin, _ in self.captured)


def pages(content: Content) -> list[PublicPage]:
    """Return the public tables that the release has figures of, in the order of their ids."""
    grouped: dict[str, list[PublicFigure]] = {}
    for row in content.public:
        grouped.setdefault(row.table_id, []).append(row)
    return [_page(content.registry.public_tables[name], rows, content) for name, rows in grouped.items()]


def sources_of(table: PublicTable, registry: Registry) -> list[Source]:
    """Return the sources of a table, each once, in the order they are named."""
    return [registry.sources[name] for name in table.sources]


def _page(table: PublicTable, rows: Sequence[PublicFigure], content: Content) -> PublicPage:
    columns = _columns(table, content.registry)
    wanted = {column.measure for column in columns}
    by_breakdown: dict[str, list[PublicFigure]] = {}
    for row in rows:
        if row.measure in wanted:
            by_breakdown.setdefault(row.breakdown, []).append(row)
    used = {one for several in {row.captures for row in rows} for one in several.split("|")}
    order = {code: place for place, code in enumerate(content.registry.breakdowns)}
    codes = sorted(by_breakdown, key=lambda code: order.get(code, len(order)))
    proxies = [row.area for row in rows if row.area_role == "proxy"]
    return PublicPage(
        table=table,
        columns=columns,
        groups=tuple(_group(code, by_breakdown[code], columns, content) for code in codes),
        latest=_latest(by_breakdown, codes, columns, content),
        sources=tuple(sources_of(table, content.registry)),
        captured=content.received(used),
        rows=len(rows),
        years=(min(row.year for row in rows), max(row.year for row in rows)),
        stands_in=_name(proxies[0], "proxy", content) if proxies else None,
    )


def _columns(table: PublicTable, registry: Registry) -> tuple[Column, ...]:
    """Return the columns that the table's page shows, in order."""
    derived = {each.id: each for each in table.derived}
    codes = table.columns or [*(each.measure for each in table.measures), *derived]
    found = []
    for code in codes:
        if code in derived:
            found.append(Column(code, derived[code].label.sv, derived[code].unit, derived[code]))
            continue
        owner, _, name = code.partition(".")
        measure = next(each for each in registry.sources[owner].measures if each.id == name)
        found.append(Column(code, measure.label.sv, measure.unit, None))
    return tuple(found)


def _group(code: str, rows: Sequence[PublicFigure], columns: Sequence[Column], content: Content) -> Group:
    """Return one breakdown; a column without any value in it is left out, for its words would only repeat."""
    with_value = {row.measure for row in rows if row.value is not None}
    shown = tuple(column for column in columns if column.measure in with_value) or tuple(columns[:1])
    places: dict[tuple[str, str, str, str], dict[int, dict[str, PublicFigure]]] = {}
    for row in rows:
        place = (row.area, row.area_role, row.sex, row.age)
        places.setdefault(place, {}).setdefault(row.year, {})[row.measure] = row
    return Group(
        id=code.replace(":", "-").replace("_", "-"),
        title=_label(code, content),
        columns=shown,
        strands=tuple(
            Strand(
                _strand_name(place, content),
                tuple(_line(str(year), by_measure, shown) for year, by_measure in sorted(years.items())),
            )
            for place, years in sorted(places.items(), key=lambda item: _order(item[0]))
        ),
        labels=tuple(_labels(rows)),
        breaks=tuple(_breaks(code, rows, content)),
    )


def _latest(
    by_breakdown: dict[str, list[PublicFigure]], codes: Sequence[str], columns: Sequence[Column], content: Content
) -> Group | None:
    """Return the last year of all breakdowns together, or None if the groups say no more than that."""
    rows = [row for code in codes for row in by_breakdown[code]]
    last = max(row.year for row in rows)
    newest = [row for row in rows if row.year == last]
    if len(codes) == 1 or len({row.year for row in rows}) == 1:
        return None
    with_value = {row.measure for row in newest if row.value is not None}
    shown = tuple(column for column in columns if column.measure in with_value) or tuple(columns[:1])
    lines: dict[tuple[str, str], dict[tuple[str, str, str], dict[str, PublicFigure]]] = {}
    for row in newest:
        mine = lines.setdefault((row.area, row.area_role), {})
        mine.setdefault((row.breakdown, row.sex, row.age), {})[row.measure] = row
    return Group(
        id="senaste",
        title=str(last),
        columns=shown,
        strands=tuple(
            Strand(
                _name(area, role, content),
                tuple(
                    _line(", ".join([_label(code, content), *_who(sex, age)]), by_measure, shown)
                    for (code, sex, age), by_measure in mine.items()
                ),
            )
            for (area, role), mine in sorted(lines.items(), key=lambda item: (_ROLES.index(item[0][1]), item[0][0]))
        ),
        labels=(),
        breaks=(),
    )


def _label(code: str, content: Content) -> str:
    known = content.registry.breakdowns.get(code)
    return known.label.sv if known else code


def _place_of(row: PublicFigure) -> tuple[str, str, str, str]:
    return (row.area, row.sex, row.age, row.breakdown)


_ROLES = ("county", "proxy", "benchmark", "kommun")


def _order(place: tuple[str, str, str, str]) -> tuple[object, ...]:
    """Return the order of strands: sex and age first, so that an area stands beside what it is compared with."""
    area, role, sex, age = place
    first = -1 if age == "T" else int(age.rstrip("+").partition("-")[0])
    return ("TKM".find(sex), first, age, _ROLES.index(role), area)


def _strand_name(place: tuple[str, str, str, str], content: Content) -> str:
    area, role, sex, age = place
    return ", ".join([_name(area, role, content), *_who(sex, age)])


def _who(sex: str, age: str) -> list[str]:
    """Return the words for a sex and an age; none for all."""
    who = [wording.SEX.get(sex, sex)] if sex != "T" else []
    return [*who, wording.age(age)] if age != "T" else who


def _name(area: str, role: str, content: Content) -> str:
    return wording.area(area, role, content.registry, content.agreement)


def _line(name: str, by_measure: dict[str, PublicFigure], columns: Sequence[Column]) -> Line:
    any_row = next(iter(by_measure.values()))
    shown = [by_measure[column.measure] for column in columns if column.measure in by_measure]
    # That a population is not there is said once for the whole page, and for each row in the file.
    told = [
        row
        for row in shown
        if row.value_status != "missing"
        or not any(each.measure == row.measure and each.is_per_inhabitant for each in columns)
    ]
    return Line(
        key="|".join(map(str, (any_row.table_id, *_place_of(any_row), any_row.year))),
        name=name,
        cells=tuple(_cell(by_measure.get(column.measure), column) for column in columns),
        break_before=any(row.break_before for row in shown),
        notes=tuple(dict.fromkeys(note for row in told for note in _notes(row))),
    )


def _cell(row: PublicFigure | None, column: Column) -> Cell:
    if row is None:
        return Cell(column.measure, _NOT_GIVEN, "" if column.with_interval else None, True)
    if row.value is None:
        return Cell(column.measure, STATUS[row.value_status], "" if column.with_interval else None, True)
    interval = None
    if column.with_interval:
        limits = [row.ci_low, row.ci_high]
        interval = "–".join(_number(each, row.decimals) for each in limits if each is not None)
    return Cell(column.measure, _number(row.value, row.decimals), interval, False)


@lru_cache(maxsize=65536)
def _number(value: float, decimals: int) -> str:
    """Return a figure as readers write it; many stand twice, among the years and among the latest."""
    return wording.number(value, decimals)


def _notes(row: PublicFigure) -> list[str]:
    """Return what stands beside a year: preliminary, marks that warn, and why a value is not there."""
    found = ["Preliminär uppgift"] if row.preliminary else []
    found += [
        wording.MARK[mark].capitalize()
        for mark in row.marks.split("|")
        if mark in ("uncertain", "wrong_at_source", "secondary")
    ]
    if row.reason_sv and row.value is None:
        found.append(f"{row.measure_sv}: {row.reason_sv[:1].lower()}{row.reason_sv[1:].rstrip('.')}")
    return found


def _labels(rows: Sequence[PublicFigure]) -> list[str]:
    """Return the source's own names of the rows for all, or else of every row, each with its years."""
    whole = [row for row in rows if (row.sex, row.age) == ("T", "T")] or list(rows)
    years: dict[str, set[int]] = {}
    for row in sorted(whole, key=lambda each: each.year):
        if row.source_label:
            years.setdefault(row.source_label, set()).add(row.year)
    return [f"{_span(found)}: {label}" for label, found in years.items()]


def _span(years: set[int]) -> str:
    return f"{min(years)}–{max(years)}" if len(years) > 1 else str(min(years))


def _breaks(code: str, rows: Sequence[PublicFigure], content: Content) -> list[tuple[int, str]]:
    """Return the series breaks of a breakdown within the years shown, with their words."""
    table = content.registry.public_tables[rows[0].table_id]
    told: list[Break] = [*table.breaks]
    for source in sources_of(table, content.registry):
        told += [each for each in source.breaks if not each.measures]
    first, last = min(row.year for row in rows), max(row.year for row in rows)
    mine = [each for each in told if first < each.year <= last and (not each.breakdowns or code in each.breakdowns)]
    return sorted({(each.year, each.text.sv.strip()) for each in mine})
