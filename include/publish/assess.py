"""What the values of a release say: for each line of a figure its sentence, its comparison and its way to the target.

Pure: made from the rows of a release alone, so that whoever has the release can work out the same. The tests themselves
are the measure part's (:mod:`include.measure.comparison`, :mod:`include.measure.progress`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from include.measure import comparison, progress, trend, visible
from include.publish import sentences
from include.publish.content import Content, Trend, Value
from include.publish.sentences import Against, Change, Partner, Place, Said, Subject, Way
from include.registry.models import Agreement, Indicator, Registry, Series
from include.registry.read import areas_of, measures
from include.rounding import rounded

#: Who sets a target that is spoken of; one of the follow-up's own is not.
_SET_BY = ("text", "national", "text_universal")

#: Areas that the agreement's targets and the pairs are about.
_OWN = ("county", "proxy")

#: What a share in per cent can be at most.
_WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one line of a figure says; the columns are those of ``warehouse.release_assessment``.

    Attributes:
        year: the release's year.
        value_year: the year of the value that the sentence tells of; None if it tells of none.
        comparison: ``higher``, ``lower``, ``similar``, ``cannot_be_calculated`` or ``none`` (no comparison is made).
        comparison_area, comparison_value: what it is compared with, and its value of the release's year.
        progress: ``achieved``, ``substantial``, ``moderate``, ``limited``, ``deterioration``, ``not_assessable`` or
            ``none``.
        base_year, base_value: from where the way to the target is reckoned.
        needed, actual: growth a year that was needed, and that came about (0.05 = 5 %).
    """

    indicator_id: str
    series: str
    area: str
    sex: str
    age: str
    breakdown: str
    year: int
    value_year: int | None
    sentence_sv: str
    sentence_en: str
    comparison: str
    comparison_area: str | None
    comparison_value: float | None
    comparison_reason_sv: str | None
    progress: str
    progress_reason_sv: str | None
    base_year: int | None
    base_value: float | None
    target_value: float | None
    target_year: int | None
    needed: float | None
    actual: float | None
    is_example: bool

    @property
    def key(self) -> "Line":
        """Return which line of a figure it is about."""
        return Line(self.indicator_id, self.series, self.area, self.sex, self.age, self.breakdown)


class Line(NamedTuple):
    """Which line of a figure: one series in one area, of no party."""

    indicator_id: str
    series: str
    area: str
    sex: str
    age: str
    breakdown: str

    @classmethod
    def of(cls, row: Value) -> "Line":
        """Return the line that a value is on."""
        return cls(row.indicator_id, row.series, row.area, row.sex, row.age, row.breakdown)


def assessments(content: Content) -> tuple[Assessment, ...]:
    """Return the assessment of each line of a release, in the order of its values."""
    known = _Known(content)
    return tuple(_assessed(line, rows, known) for line, rows in known.lines.items())


class _Known:
    """What is looked up again and again: the rows by line, the trends, and which indicators are a survey's."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.lines: dict[Line, list[Value]] = {}
        for row in content.values:
            if row.party == "-":
                self.lines.setdefault(Line.of(row), []).append(row)
        self.trends = {
            (each.indicator_id, each.series, each.area, each.sex, each.age, each.year): each
            for each in content.trends
            if each.party == "-"
        }
        self.indicators = {each.id: each for each in content.indicators}
        self.of_indicator: dict[str, list[Line]] = {}
        for line in self.lines:
            self.of_indicator.setdefault(line.indicator_id, []).append(line)
        units = measures(content.registry)
        answers = {code for code, (_, measure) in units.items() if measure.counting_unit == "svar"}
        self.surveys = {each.id for each in content.indicators if _is_survey(each, answers)}

    def trend(self, row: Value) -> Trend | None:
        """Return the trend that ends with a value."""
        return self.trends.get((row.indicator_id, row.series, row.area, row.sex, row.age, row.year))


def _is_survey(indicator: Indicator, answers: set[str]) -> bool:
    """Return whether people were asked: the interval is the survey's own, or what is counted are answers."""
    parts = [indicator.of(series) for series in indicator.series]
    return any(part.interval == "source" for part in parts) or any(
        selection.measure in answers for selection in indicator.selections
    )


def _assessed(line: Line, rows: Sequence[Value], known: _Known) -> Assessment:
    content = known.content
    indicator = known.indicators[line.indicator_id]
    series = next((each for each in indicator.series if each.id == line.series), None)
    own = indicator.of(series) if series is not None else indicator
    now = next((row for row in rows if row.year == content.year), None)
    latest = sentences.latest_of(rows)
    ending = known.trend(latest) if latest is not None else None
    theirs = _benchmark_row(line, rows[0].area_role, own, known)
    against = _against(now, theirs, rows[0], own, content)
    way, target = _way(rows, now, own, series, content)
    partner = _partner(line, rows, indicator, known)
    is_example = any(row.is_example for row in rows) or any(
        row.is_example for row in (theirs, *(partner.rows if partner else ())) if row is not None
    )
    said = sentences.sentence(
        Subject(
            indicator=own,
            rows=tuple(rows),
            year=content.year,
            place=place_of(line.area, rows[0].area_role, content.registry),
            trend=ending,
            change=change_of(ending, rows),
            against=against,
            way=way,
            municipalities=_municipalities(latest, own, known),
            partner=partner.half if partner else None,
            is_example=is_example,
        )
    )
    hidden = now is not None and sentences.is_hidden(now)
    return Assessment(
        *line,
        year=content.year,
        value_year=latest.year if latest is not None and not hidden else None,
        sentence_sv=said.sv,
        sentence_en=said.en,
        comparison=against.result if against else "none",
        comparison_area=content.agreement.benchmark if against else None,
        comparison_value=against.value if against else None,
        comparison_reason_sv=(against.reason_sv or None) if against else None,
        progress=target.status,
        progress_reason_sv=target.reason_sv,
        base_year=target.base_year,
        base_value=target.base_value,
        target_value=target.value,
        target_year=target.year,
        needed=target.needed,
        actual=target.actual,
        is_example=is_example,
    )


def place_of(code: str, role: str, registry: Registry) -> Place:
    """Return an area as it stands in a sentence; the agreement's stand-in for the county is called one."""
    area = registry.areas.get(code)
    if area is None:
        return Place(Said(code, code), role == "proxy")
    name = area.name
    match area.kind:
        case "riket":
            said = Said(name[:1].lower() + name[1:], "the whole country")
        case "polisregion":
            lower = name[:1].lower() + name[1:]
            said = Said(lower, lower.replace("polisregion ", "police region ", 1))
        case _:
            said = Said(name, name)
    return Place(said, role == "proxy")


# --- change ------------------------------------------------------------------------------------------------------


def change_of(ending: Trend | None, rows: Iterable[Value]) -> Change:
    """Return what is known of a change: "no change" is one only if the test could have seen half the level change.

    Args:
        ending: the trend that ends with the latest value, None if there is none.
        rows: the line's values over the years.
    """
    if ending is None:
        return "not_tested"
    if ending.result == "up":
        return "up"
    if ending.result == "down":
        return "down"
    if ending.result != "no_change":
        return "not_tested"
    window = [row for row in rows if ending.year - trend.POINTS < row.year <= ending.year]
    points = [trend.Point(row.year, row.value, row.ci_low, row.ci_high) for row in window]
    if (ending.reason_sv or "") == trend.REASONS_SV["one_year"] or trend.refusal(points):
        return "flat"
    out_of = _WHOLE if window[0].unit == "procent" else None
    return "too_few" if visible.too_few(points, out_of=out_of) else "flat"


# --- comparison --------------------------------------------------------------------------------------------------


def is_comparable(indicator: Indicator, row: Value) -> bool:
    """Return whether areas of different sizes can be compared by a value: it is in proportion to something."""
    return indicator.value in ("share", "rate") or row.unit == "procent" or row.unit.startswith("per ")


def _benchmark_row(line: Line, role: str, own: Indicator, known: _Known) -> Value | None:
    """Return the benchmark's row of the release's year, of a line that is compared with it."""
    content = known.content
    if role == "benchmark" or "benchmark" not in own.areas:
        return None
    rows = known.lines.get(line._replace(area=content.agreement.benchmark), [])
    return next((row for row in rows if row.year == content.year), None)


def _against(
    now: Value | None, theirs: Value | None, any_row: Value, own: Indicator, content: Content
) -> Against | None:
    """Return the comparison with the benchmark, None where none is made."""
    compares = any_row.area_role != "benchmark" and "benchmark" in own.areas and is_comparable(own, any_row)
    if now is None or not compares:
        return None
    name = place_of(content.agreement.benchmark, "benchmark", content.registry).name
    found = comparison.with_benchmark(
        *(_nan(now.value), _nan(now.ci_low), _nan(now.ci_high)), _nan(theirs.value if theirs else None)
    )
    result, reason = str(found.result), str(found.reason)
    return Against(
        result=result,
        reason_sv=comparison.REASONS_SV[reason] if result == "cannot_be_calculated" else "",
        name=name,
        value=theirs.value if theirs else None,
        mixed=theirs is not None and theirs.preliminary != now.preliminary,
    )


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


# --- target ------------------------------------------------------------------------------------------------------


class _Target(NamedTuple):
    """The way to the target as the columns of an assessment."""

    status: str = "none"
    reason_sv: str | None = None
    base_year: int | None = None
    base_value: float | None = None
    value: float | None = None
    year: int | None = None
    needed: float | None = None
    actual: float | None = None


def _way(
    rows: Sequence[Value], now: Value | None, own: Indicator, series: Series | None, content: Content
) -> tuple[Way | None, _Target]:
    """Return the way to the target as the sentence tells it, and as the columns of an assessment."""
    target = own.target
    is_first = series is not None and series.id == own.series[0].id
    if target is None or not is_first or target.origin not in _SET_BY or rows[0].area_role not in _OWN:
        return None, _Target()
    year = target.year or content.agreement.years()[-1]
    base = base_of(rows, content.agreement, content.year)
    if base is None or now is None:
        reason = f"Uppgift saknas för {content.year}." if base is not None else "Ingen uppgift finns att räkna från."
        found = progress.Progress("not_assessable", reason)
    elif base.year != now.year and base.preliminary != now.preliminary:
        found = progress.Progress("not_assessable", "Preliminära och slutliga uppgifter blandas.")
    else:
        found = progress.progress(_at(base), _at(now), direction=own.direction, target=target.value, target_year=year)
    way = Way(found.status, found.reason_sv, target.origin, target.value, year, base.year if base else None)
    return way, _Target(
        status=found.status,
        reason_sv=found.reason_sv or None,
        base_year=base.year if base else None,
        base_value=base.value if base else None,
        value=target.value,
        year=year,
        needed=_growth(found.needed),
        actual=_growth(found.actual),
    )


def base_of(rows: Sequence[Value], agreement: Agreement, year: int) -> Value | None:
    """Return the value that the way to a target is reckoned from: the first of the followed-up years that has one.

    Years before a break in the series do not count: what was measured before it is something else.
    """
    start = max([agreement.years().start, *(row.year for row in rows if row.break_before and row.year <= year)])
    return next((row for row in rows if start <= row.year <= year and row.value is not None), None)


def _at(row: Value) -> progress.At:
    return progress.At(row.year, row.value, row.ci_low, row.ci_high)


def _growth(figure: float | None) -> float | None:
    return None if figure is None else rounded(figure)


# --- municipalities and pairs ------------------------------------------------------------------------------------


def _municipalities(latest: Value | None, own: Indicator, known: _Known) -> tuple[int, int | None] | None:
    """Return how many municipalities there are and how many answered, of a number of municipalities."""
    if latest is None or latest.unit != "kommuner" or latest.area_role == "kommun":
        return None
    content = known.content
    total = len(areas_of(content.registry, content.agreement, date(latest.year, 12, 31)))
    if own.suppression == "small_counts":
        return total, None
    alike = Line.of(latest)
    each = [
        row
        for line in known.of_indicator[latest.indicator_id]
        if line._replace(area=latest.area) == alike
        for row in known.lines[line]
        if row.area_role == "kommun" and row.year == latest.year
    ]
    if each:
        return total, sum(row.value is not None for row in each)
    return total, None if latest.denominator is None else int(latest.denominator)


class _Pair(NamedTuple):
    half: Partner
    rows: Sequence[Value]


def _partner(line: Line, rows: Sequence[Value], indicator: Indicator, known: _Known) -> _Pair | None:
    """Return the other half of a pair: of what is registered and what people say themselves, one of each.

    What is registered is neutral: more of it can be more violence, or more of it found.
    """
    if rows[0].area_role not in _OWN:
        return None
    for other in (known.indicators[code] for code in indicator.read_with if code in known.indicators):
        registered = [each for each in (indicator, other) if each.id not in known.surveys]
        if len(registered) != 1 or registered[0].direction != "0":
            continue
        theirs = _like(line, rows[-1].year, known.of_indicator.get(other.id, []), known)
        return _Pair(
            Partner(Said(other.name.sv, other.name.en), _change_now(theirs, known), other.id in known.surveys), theirs
        )
    return None


def _like(line: Line, year: int, others: Sequence[Line], known: _Known) -> Sequence[Value]:
    """Return the rows of the other indicator's line that is most alike: same area, then same sex, else its first."""
    own = [each for each in others if known.lines[each][0].area_role in _OWN]
    best = max(own, key=lambda each: (each.area == line.area, each.sex == line.sex, each.sex == "T"), default=None)
    return [] if best is None else [row for row in known.lines[best] if row.year <= year]


def _change_now(rows: Sequence[Value], known: _Known) -> Change:
    """Return the change of a line up to the release's year or the year before; older, or hidden now, it is unknown."""
    latest, year = sentences.latest_of(rows), known.content.year
    if latest is None or latest.year < year - 1:
        return "not_tested"
    if any(row.year == year and sentences.is_hidden(row) for row in rows):
        return "not_tested"
    indicator = known.indicators[latest.indicator_id]
    return change_of(known.trend(latest), rows) if indicator.trend else "not_tested"
