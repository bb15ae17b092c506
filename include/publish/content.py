"""What a release holds, as plain rows: the one frozen table that pages, charts, files and database are made from.

Nothing in here reads a clock, a file or a database. Floating figures are rounded to ten significant digits when they
enter, far below what any figure means, so that the last bit of a processor's arithmetic never looks like a revision.
"""

import hashlib
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from include.archive.deliveries import SOURCE
from include.measure.deliveries import Arrival, DeliveryState, day_of, states
from include.periods import Period
from include.registry.delivery import extracts_in
from include.registry.models import Agreement, Correction, Edition, GoalArea, Indicator, Registry, Source
from include.rounding import rounded

if TYPE_CHECKING:
    import pandas as pd

    from include.publish.assess import Assessment

#: Theme of the indicators that give context; they belong to no goal area unless an agreement says so.
CONTEXT_THEME = "C"

#: Which areas producers are asked about is no part of the registry's digest: it grows with every other county, and the
#: captures say what was answered.
_ASKED_FOR: Any = {"sources": {"__all__": {"fetch": {"areas": True, "tables": {"__all__": {"selection"}}}}}}


@dataclass(frozen=True, slots=True)
class Value:
    """One published value with all that is needed to read it; the columns are the measure part's."""

    indicator_id: str
    definition_version: int
    series: str
    area: str
    area_role: str
    year: int
    sex: str
    age: str
    party: str
    breakdown: str
    unit: str
    decimals: int
    numerator: float | None
    denominator: float | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    ci_level: float | None
    ci_method: str | None
    method: str | None
    method_version: str | None
    obs_status: str
    conf_status: str
    reason_sv: str | None
    preliminary: bool
    is_example: bool
    origin: str | None
    is_total: bool
    break_before: bool
    marks: str
    notes_sv: str
    captures: str
    known_from: str | None
    first_year: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str, str, str, str, int]:
        """Return what identifies the value within a release."""
        return (
            self.indicator_id,
            self.series,
            self.area,
            self.sex,
            self.age,
            self.party,
            self.breakdown,
            self.year,
        )


@dataclass(frozen=True, slots=True)
class Trend:
    """The result of the trend test of one series, or why it could not be made."""

    indicator_id: str
    series: str
    area: str
    sex: str
    age: str
    party: str
    year: int
    test: str | None
    result: str
    reason_sv: str | None
    slope: float | None
    chi2: float | None


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a value that has had several, from when it was known; the columns are the measure part's.

    Attributes:
        version: its number, from 1.
        value: None for a value that was taken back.
        change: against the version before, in the unit; None for the first, and where either has no value.
        cumulative: against the first version.
    """

    indicator_id: str
    series: str
    area: str
    year: int
    sex: str
    age: str
    party: str
    breakdown: str
    version: int
    known_from: str
    preliminary: bool
    value: float | None
    change: float | None
    cumulative: float | None
    unit: str
    is_example: bool

    @property
    def key(self) -> tuple[str, str, str, str, str, str, str, int]:
        """Return what identifies the value that it is a version of, as :attr:`Value.key`."""
        place = (self.indicator_id, self.series, self.area, self.sex, self.age, self.party)
        return (*place, self.breakdown, self.year)


class PublicFigure(NamedTuple):
    """One figure of a public table, of a source or made of its figures; the columns are the measure part's."""

    table_id: str
    measure: str
    measure_sv: str
    area: str
    area_role: str
    year: int
    sex: str
    age: str
    breakdown: str
    source_label: str
    unit: str
    decimals: int
    numerator: float | None
    denominator: float | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    ci_method: str | None
    value_status: str
    reason_sv: str | None
    preliminary: bool
    break_before: bool
    label_changed: bool
    marks: str
    notes_sv: str
    origin: str
    captures: str

    @property
    def key(self) -> str:
        """Return what identifies it within a release."""
        return "|".join(map(str, (*self[:2], self.area, self.sex, self.age, self.breakdown, self.year)))


@dataclass(frozen=True, slots=True)
class Capture:
    """A file as received that the release rests on; ``withdrawal`` is True for a notice that takes one back."""

    capture_id: str
    source_id: str
    part: str
    origin: str
    captured_at: str
    published_at: str | None
    sha256: str
    url: str | None
    file_name: str | None
    withdrawal: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """One line of the account of what is there and what is missing.

    ``kind`` is ``indicator`` (code = indicator id, the release's year) or ``delivery`` (code = extract id, with party
    and period). ``status`` is ``ok``, ``missing`` or ``not_due``.

    Attributes:
        state: of a delivery where it stands (:mod:`include.measure.deliveries`); the lines of all the extracts that
            came in one file say the same. None for an indicator, as are the following.
        due: its last day on time, ISO text; None also for a delivery that nobody expects (code ``-``).
        delivered_at: when the first version of what counts came, ISO text.
        on_time: whether that was on time; None while nothing counts and the last day has not passed.
        versions: how many versions were accepted in all.
        is_example: whether any of them is invented.
    """

    kind: str
    code: str
    party: str
    period: str
    status: str
    n_values: int
    n_missing: int
    reason_sv: str | None
    state: str | None = None
    due: str | None = None
    delivered_at: str | None = None
    on_time: bool | None = None
    versions: int | None = None
    is_example: bool | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as readers see it: its party and period, the extracts that it holds, and where it stands."""

    party: str
    period: str
    extracts: tuple[str, ...]
    line: Coverage

    @property
    def year(self) -> int:
        """Return the year that it is about."""
        return Period.parse(self.period).year

    @property
    def came(self) -> str:
        """Return the day, in Sweden, on which the first version of what counts came; empty if nothing counts."""
        return day_of(datetime.fromisoformat(self.line.delivered_at)).isoformat() if self.line.delivered_at else ""

    @property
    def said(self) -> str:
        """Return where it stands in words."""
        return said(self.line.state, self.line.on_time)


def said(state: str | None, on_time: bool | None) -> str:
    """Return in words where a delivery stands."""
    came = {True: "lämnad i tid", False: "lämnad sent", None: "lämnad"}[on_time]
    match state:
        case "accepted":
            return came
        case "corrected":
            return f"{came}, rättad"
        case "withdrawn":
            return "återkallad"
        case "received":
            return "mottagen, inte prövad"
        case "returned":
            return "saknas, filen ska rättas"
        case "awaited":
            return "ej förfallen"
        case _:
            return "saknas"


@dataclass(frozen=True, slots=True)
class Section:
    """A goal area with its indicators, or the context indicators that belong to none (``code`` = ``context``)."""

    code: str
    name_sv: str
    name_en: str
    text: str
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True)
class Content:
    """All that a release says, but not its number."""

    agreement: Agreement
    year: int
    edition: Edition
    as_of: datetime
    values: tuple[Value, ...]
    trends: tuple[Trend, ...]
    sections: tuple[Section, ...]
    coverage: tuple[Coverage, ...]
    captures: tuple[Capture, ...]
    registry: Registry
    registry_digest: str
    revisions: tuple[Revision, ...] = ()
    public: tuple[PublicFigure, ...] = ()
    #: What the values show of small counts, for the loader to keep; no part of what is said.
    equations: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """Return the indicators of all sections, each once, in the order of the sections."""
        return tuple({each.id: each for section in self.sections for each in section.indicators}.values())

    @cached_property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Return the deliveries about the years up to the release's, newest year first, in the agreement's order."""
        found: dict[tuple[str, str], list[Coverage]] = {}
        for line in self.coverage:
            if line.kind == "delivery":
                found.setdefault((line.party, line.period), []).append(line)
        parties = [party.code for party in self.agreement.parties]
        listed = [
            Delivery(party, period, tuple(line.code for line in lines), lines[0])
            for (party, period), lines in found.items()
        ]
        order = {code: place for place, code in enumerate(parties)}
        return tuple(sorted(listed, key=lambda d: (-d.year, order.get(d.party, len(order)), d.party, d.period)))

    @property
    def is_example(self) -> bool:
        """Return whether any value rests on invented deliveries, any delivery is invented, or the agreement itself."""
        return (
            self.agreement.example_data
            or any(value.is_example for value in self.values)
            or any(line.is_example for line in self.coverage)
        )

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the origins of the captures used, sorted."""
        return tuple(sorted({capture.origin for capture in self.captures}))

    @cached_property
    def assessments(self) -> tuple["Assessment", ...]:
        """Return what the values say, line by line: made from values and trends, so they add nothing to the digest."""
        from include.publish import assess  # which knows the rows of a release

        return assess.assessments(self)

    @cached_property
    def corrections(self) -> tuple[Correction, ...]:
        """Return every declared fault of a source."""
        from include.publish import faults  # which knows the rows of a release

        return tuple(faults.listed(self.registry))

    def received(self, captures: Container[str]) -> tuple[tuple[str, str, str], ...]:
        """Return the sources of some captures, each with the captures' origin and the day of the latest, sorted."""
        days: dict[tuple[str, str], str] = {}
        for each in self.captures:
            if each.capture_id in captures:
                place = (each.source_id, each.origin)
                days[place] = max(days.get(place, ""), each.captured_at[:10])
        return tuple((source, origin, day) for (source, origin), day in sorted(days.items()))

    @cached_property
    def latest_trends(self) -> dict[tuple[str, ...], Trend]:
        """Return the trend that ends last of each indicator, series, area, sex, age and party."""
        found: dict[tuple[str, ...], Trend] = {}
        for trend in self.trends:
            key = (trend.indicator_id, trend.series, trend.area, trend.sex, trend.age, trend.party)
            if key not in found or trend.year > found[key].year:
                found[key] = trend
        return found

    @property
    def bridge(self) -> tuple[tuple[str, str], ...]:
        """Return (section code, indicator id) for every indicator that follows a goal area."""
        return tuple((section.code, each.id) for section in self.sections for each in section.indicators)

    @cached_property
    def digest(self) -> str:
        """Return the hash of all that is said: equal digests mean that nothing changed since the other release."""
        said = {
            "agreement": self.agreement.model_dump(mode="json"),
            "year": self.year,
            "edition": self.edition,
            "values": [plain(value) for value in self.values],
            "trends": [plain(trend) for trend in self.trends],
            "indicators": [each.model_dump(mode="json") for each in self.indicators],
            "bridge": self.bridge,
            "coverage": [plain(line) for line in self.coverage],
            "captures": [plain(capture) for capture in self.captures],
        }
        if self.revisions:
            said["revisions"] = [plain(revision) for revision in self.revisions]
        if self.public:
            said["public"] = sha256_of(self.public)
        if self.corrections:
            said["corrections"] = [each.model_dump(mode="json") for each in self.corrections]
        return sha256_of(said)


def plain(row: Any) -> dict[str, Any]:
    """Return a row (a dataclass of plain cells) as a dictionary; ``asdict`` would copy each cell."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def sha256_of(thing: object) -> str:
    """Return the hash of a JSON-able thing, whatever the order of its keys."""
    text = json.dumps(thing, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def compose(
    *,
    registry: Registry,
    agreement: Agreement,
    year: int,
    edition: Edition,
    as_of: datetime,
    values: "pd.DataFrame",
    trends: "pd.DataFrame",
    captures: Iterable[Capture],
    revisions: "pd.DataFrame | None" = None,
    public: "pd.DataFrame | None" = None,
    equations: Sequence[Mapping[str, Any]] = (),
) -> Content:
    """Return the content of a release.

    Args:
        registry: everything that exists.
        agreement: the agreement followed up.
        year: the release's year; later years of the frames are left out.
        edition: the release's edition.
        as_of: cut-off of knowledge, with time zone.
        values: the measure part's values, of any indicators.
        trends: the measure part's trends.
        captures: every capture known at ``as_of``.
        revisions: the measure part's versions of the values that have more than one.
        public: the measure part's rows of the public tables.
        equations: what the values show of small counts.
    """
    sections = sections_of(agreement, registry, year)
    order = {each.id: place for place, each in enumerate(i for s in sections for i in s.indicators)}
    kept = sorted(
        (_with_faults(row, registry) for row in rows(Value, values) if row.indicator_id in order and row.year <= year),
        key=_order(order, registry),
    )
    known = sorted(captures, key=lambda capture: capture.capture_id)
    figures = public_rows(public) if public is not None else ()
    used = {one for row in kept for one in row.captures.split("|") if one}
    used |= {one for several in {row.captures for row in figures} for one in several.split("|") if one}
    return Content(
        agreement=agreement,
        year=year,
        edition=edition,
        as_of=as_of.astimezone(UTC),
        values=tuple(kept),
        trends=tuple(
            sorted(
                (row for row in rows(Trend, trends) if row.indicator_id in order and row.year <= year),
                key=lambda row: (order[row.indicator_id], row.series, row.area, row.sex, row.age, row.party, row.year),
            )
        ),
        sections=sections,
        coverage=(
            *_indicator_coverage(sections, kept, year),
            *_delivery_coverage(registry, agreement, year, as_of, known),
        ),
        captures=tuple(capture for capture in known if capture.capture_id in used),
        registry=registry,
        public=figures,
        equations=tuple(equations),
        registry_digest=sha256_of(registry.model_dump(mode="json", exclude=_ASKED_FOR)),
        revisions=tuple(
            sorted(
                (row for row in rows(Revision, revisions) if row.indicator_id in order and row.year <= year),
                key=lambda row: (order[row.indicator_id], *row.key, row.version),
            )
            if revisions is not None
            else ()
        ),
    )


def _with_faults(row: Value, registry: Registry) -> Value:
    """Return a value with what is said of the declared faults that it rests on among its remarks."""
    from include.publish import faults  # which knows the rows of a release

    said = [faults.note(each) for each in faults.of_value(row, registry.indicators[row.indicator_id], registry)]
    return replace(row, notes_sv="|".join([*filter(None, [row.notes_sv]), *said])) if said else row


def sections_of(agreement: Agreement, registry: Registry, year: int) -> tuple[Section, ...]:
    """Return the goal areas that hold in the year with their indicators, and last the context indicators."""
    everything = sorted(registry.indicators.values(), key=lambda each: each.id)
    sections = [
        Section(
            code=goal.code,
            name_sv=goal.name.sv,
            name_en=goal.name.en,
            text=goal.text,
            indicators=tuple(each for each in everything if _follows(each, goal)),
        )
        for goal in agreement.goals_of(year)
    ]
    placed = {each.id for section in sections for each in section.indicators}
    context = tuple(each for each in everything if each.theme == CONTEXT_THEME and each.id not in placed)
    if context:
        text = "Uppgifter som behövs för att läsa de andra. De följer inte upp något mål."
        sections.append(Section("context", "Sammanhang", "Context", text, context))
    return tuple(sections)


def sources_of(indicator: Indicator, registry: Registry) -> list[Source]:
    """Return the sources that an indicator's figures come from, each once, in the order they are named."""
    found: dict[str, Source] = {}
    for selection in indicator.selections:
        name = selection.measure.split(".", 1)[0]
        if source := registry.sources.get(name) or registry.sources.get(SOURCE if name in registry.extracts else ""):
            found[source.id] = source
    return list(found.values())


def public_rows(frame: "pd.DataFrame") -> tuple[PublicFigure, ...]:
    """Return the rows of the public tables; NaN becomes None, figures plain Python.

    Raises:
        KeyError: the frame lacks a column.
    """
    columns = []
    for name in PublicFigure._fields:
        cells = frame[name].tolist()
        columns.append([None if cell is None or cell != cell else cell for cell in cells])
    return tuple(map(PublicFigure._make, zip(*columns, strict=True)))


RowType = TypeVar("RowType", Value, Trend, Revision)


def rows(kind: type[RowType], frame: "pd.DataFrame") -> list[RowType]:
    """Return the rows of a frame as typed rows: NaN and NaT become None, times ISO text, figures plain Python.

    Raises:
        KeyError: the frame lacks a column.
    """
    names = [field.name for field in fields(kind)]
    columns = [[_plain(name, cell) for cell in frame[name].tolist()] for name in names]
    return [kind(*cells) for cells in zip(*columns, strict=True)]


_WHOLE = {"definition_version", "version", "year", "first_year", "decimals"}
_FLAGS = {"preliminary", "is_example", "is_total", "break_before"}
_TEXTS = {"marks", "notes_sv", "captures"}


def _plain(name: str, cell: Any) -> Any:  # a cell of a frame is of any type
    if cell is None or cell != cell or str(cell) in {"NaT", "<NA>"}:
        return "" if name in _TEXTS else None
    if name in _FLAGS:
        return bool(cell)
    if name in _WHOLE:
        return int(cell)
    if isinstance(cell, datetime):
        return utc_text(cell)
    if isinstance(cell, float | int):
        return str(cell) if name.endswith("_version") else rounded(cell)
    return cell


def utc_text(moment: datetime) -> str:
    """Return a moment as ISO text in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _follows(indicator: Indicator, goal: GoalArea) -> bool:
    named = indicator.theme in goal.themes or indicator.id in goal.include
    return named and indicator.id not in goal.exclude


def _order(order: Mapping[str, int], registry: Registry) -> Any:
    roles = {"county": 0, "proxy": 1, "benchmark": 2, "kommun": 3}
    series = {
        (each.id, one.id): place for each in registry.indicators.values() for place, one in enumerate(each.series)
    }

    def key(row: Value) -> tuple[Any, ...]:
        return (
            order[row.indicator_id],
            series.get((row.indicator_id, row.series), len(series)),
            *(row.series, row.sex, row.age, row.breakdown),
            row.party != "-",
            roles.get(row.area_role, 9),
            *(row.area, row.party, row.year),
        )

    return key


def _indicator_coverage(sections: Sequence[Section], values: Sequence[Value], year: int) -> list[Coverage]:
    lines = []
    for indicator in {each.id: each for section in sections for each in section.indicators}.values():
        mine = [row for row in values if row.indicator_id == indicator.id and row.year == year]
        good = sum(row.obs_status == "ok" for row in mine)
        reasons = sorted({row.reason_sv for row in mine if row.obs_status != "ok" and row.reason_sv})
        lines.append(
            Coverage(
                kind="indicator",
                code=indicator.id,
                party="-",
                period=str(year),
                status="ok" if good else "missing",
                n_values=good,
                n_missing=len(mine) - good,
                reason_sv=_in_short(reasons) or (None if good else "Inget värde är beräknat för året."),
            )
        )
    return lines


def _in_short(reasons: Sequence[str]) -> str:
    """Return the first reasons, and how many more there are: each stands beside its value as well."""
    more = f" Och {len(reasons) - 3} skäl till." if len(reasons) > 3 else ""
    return " ".join(reasons[:3]) + more


#: What is said of a delivery that nothing counts of.
_WHY_NOT = {
    "awaited": "Inte förfallen än.",
    "late": "Ingen leverans har kommit.",
    "received": "En fil har kommit men är inte prövad än.",
    "returned": "Filen som kom kunde inte tas emot och ska rättas.",
    "withdrawn": "Leveransen är återkallad.",
}


def _delivery_coverage(
    registry: Registry, agreement: Agreement, year: int, as_of: datetime, captures: Sequence[Capture]
) -> list[Coverage]:
    """Return one line for each extract of each delivery about the years up to the release's, by extract."""
    arrivals = [
        Arrival(
            part=capture.part,
            capture_id=capture.capture_id,
            captured_at=datetime.fromisoformat(capture.captured_at),
            origin=capture.origin,
            withdrawal=capture.withdrawal,
        )
        for capture in captures
        if capture.source_id == SOURCE
    ]
    found = [
        (code, state)
        for state in states(registry, agreement, arrivals, as_of)
        if Period.parse(state.identity.period).year <= year
        for code in ([each.id for each in extracts_in(registry, state.identity)] if state.expected else ["-"])
    ]
    return [_delivery_line(code, state) for code, state in sorted(found, key=lambda pair: pair[0])]


def _delivery_line(code: str, state: DeliveryState) -> Coverage:
    return Coverage(
        kind="delivery",
        code=code,
        party=state.identity.party,
        period=state.identity.period,
        status="ok" if state.counts else "missing" if state.is_due else "not_due",
        n_values=int(state.counts),
        n_missing=0,
        reason_sv=None if state.counts else _WHY_NOT[state.state],
        state=state.state,
        due=state.due.isoformat() if state.due else None,
        delivered_at=utc_text(state.delivered_at) if state.delivered_at else None,
        on_time=state.on_time,
        versions=state.versions,
        is_example=state.is_example,
    )
