"""Indicators from observations: pure functions, no clock and no database.

A value is made of numerator and denominator, each a sum of observations that must all be there: what is missing never
counts as zero, and what is suppressed hides the value, its parts and its interval together. Every row that has no
value says why.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from include.load.tables import VALUE_KEY
from include.measure import methods
from include.measure.breaks import break_texts, selections_of
from include.measure.methods import METHODS
from include.measure.observed import ORIGINS, Figure, Key, Lack, Observed, keys_of
from include.measure.trend import POINTS
from include.measure.trends import trends_of
from include.registry.models import Agreement, Area, Indicator, Registry, Selection, Series
from include.registry.read import areas_of, bridge, measures

VALUE_COLUMNS = [
    *("indicator_id", "definition_version", "series", "area", "area_role", "year", "first_year", "sex", "age"),
    *("party", "breakdown"),
    *("unit", "decimals", "numerator", "denominator", "value", "ci_low", "ci_high", "ci_level", "ci_method"),
    *("method", "method_version", "obs_status", "conf_status", "reason_sv", "preliminary", "is_example", "origin"),
    *("is_total", "break_before", "marks", "notes_sv", "captures", "known_from"),
]

#: Of a value that is made of counts of persons or cases: what is known, for the disclosure control alone. An end of an
#: interval differs from the other where a source has hidden a number within limits.
RESTRICTED_COLUMNS = [
    *("indicator_id", "series", "area", "area_role", "year", "sex", "age", "party", "breakdown", "unit"),
    *("numerator_low", "numerator_high", "denominator_low", "denominator_high", "value_low", "value_high"),
    *("is_example", "captures"),
]

#: Of several reasons for having no value, the first of these is told.
_WORST_FIRST = ("missing", "not_collected", "not_applicable", "suppressed")

_SUPPRESSED = Lack("suppressed", "Uppgiften visas inte av sekretesskäl.")
_RESTRICTED = Lack("suppressed", "Bygger på små antal och visas först efter sekretessprövning.")
_NO_DENOMINATOR = Lack("not_applicable", "Nämnaren är 0: ej tillämpligt.")


class Place(NamedTuple):
    """An area in its role for the agreement."""

    area: Area
    role: str


class Cell(NamedTuple):
    """Which value: one indicator's series in one place and year, for one party or (``-``) for all.

    ``indicator`` is the indicator as that series makes it (:meth:`Indicator.of`).
    """

    indicator: Indicator
    series: Series
    place: Place
    year: int
    party: str

    @property
    def kind(self) -> str:
        """Return how the value is made: count, share, rate or criteria."""
        return self.indicator.value

    @property
    def years(self) -> range:
        """Return the years that the value adds up."""
        return range(self.year - self.series.pool + 1, self.year + 1)


@dataclass(frozen=True)
class Sum:
    """A numerator or denominator: its amount, or why there is none, and the figures found for it.

    Attributes:
        keys: which observations are added, those that are not there too.
        low, high: the least and the most that it can be, where sources have hidden numbers within limits; with an
            amount that is certain, both are that.
    """

    amount: float | None = None
    lack: Lack | None = None
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    low: float | None = None
    high: float | None = None


class Parts(NamedTuple):
    """The observations that a value of small counts adds up; what is not of an extract is no part of the secret."""

    numerator: tuple[Key, ...]
    denominator: tuple[Key, ...]


class Computed(NamedTuple):
    """What :func:`compute` returns.

    Attributes:
        values: with the columns :data:`VALUE_COLUMNS`; of small counts they say only that they are hidden.
        trends: with the columns of :data:`include.measure.trends.TREND_COLUMNS`.
        restricted: with the columns :data:`RESTRICTED_COLUMNS`: what the values of small counts are, within limits. It
            stays with the loader.
        parts: what each value of small counts is made of, by its key (:data:`include.load.tables.VALUE_KEY`).
    """

    values: pd.DataFrame
    trends: pd.DataFrame
    restricted: pd.DataFrame
    parts: dict[tuple[Any, ...], Parts]


def compute(
    observations: pd.DataFrame,
    registry: Registry,
    agreement: Agreement,
    years: Iterable[int],
    *,
    reveal: bool = False,
    trends: bool = True,
) -> Computed:
    """Return the agreement's indicators and their trends for some years.

    Args:
        observations: as of one moment, with the columns of :func:`include.load.read.observations`, in any order. The
            four years before the first asked for belong to it too, for the trends.
        registry: everything that exists.
        agreement: whose indicators, areas and parties.
        years: the years wanted.
        reveal: whether values of small counts are given as they are, for the disclosure control to decide on. They must
            not leave the loader before that.
        trends: whether trends are tested; without them, only the years wanted are looked at.

    Returns:
        Values, trends and restricted values in a fixed order, for the years wanted only. NaN, None and NaT stand for
        "none"; ``obs_status`` always says which.

    Raises:
        ValueError: the observations hold two rows for one key.
    """
    wanted = sorted(set(years))
    window = sorted({year - back for year in wanted for back in range(POINTS if trends else 1)})
    rows = _values(observations, registry, agreement, window, reveal=reveal)
    values = _finished(rows)
    tables = (values, trends_of(values if trends else values.iloc[:0], registry), _restricted(rows))
    kept = [each[each["year"].isin(wanted)].reset_index(drop=True) for each in tables]
    return Computed(
        kept[0],
        kept[1],
        kept[2],
        {_key(row): _parts_of(row) for row in rows if "limits" in row and row["year"] in wanted},
    )


def indicators_of(registry: Registry, agreement: Agreement) -> list[Indicator]:
    """Return the indicators that an agreement is followed up with, and the context indicators, by id."""
    bridged = {row.indicator for row in bridge(registry, agreement)}
    return [each for name, each in sorted(registry.indicators.items()) if name in bridged or each.theme == "C"]


def measures_of(registry: Registry, agreement: Agreement) -> list[str]:
    """Return the codes of the measures that the agreement's indicators are made of, sorted."""
    return sorted(
        {
            selection.measure
            for indicator in indicators_of(registry, agreement)
            for series in indicator.series
            for selection in selections_of(indicator, series)
        }
    )


def small_counts_of(registry: Registry, agreement: Agreement) -> list[str]:
    """Return those of :func:`measures_of` that are of extracts whose counts may be small."""
    small = {extract.id for extract in registry.extracts.values() if extract.small_counts}
    return [code for code in measures_of(registry, agreement) if code.partition(".")[0] in small]


def places_of(indicator: Indicator, registry: Registry, agreement: Agreement, year: int) -> list[Place]:
    """Return the areas that an indicator is given for in a year, each in its role."""
    areas = {
        "county": [registry.areas[agreement.county]],
        "proxy": [registry.areas[code] for _, code in sorted(agreement.proxies.items())],
        "benchmark": [registry.areas[agreement.benchmark]],
        "kommun": areas_of(registry, agreement, date(year, 12, 31)),
    }
    return [Place(area, role) for role, found in areas.items() if role in indicator.areas for area in found]


# --- values ------------------------------------------------------------------------------------------------------


def _values(
    observations: pd.DataFrame, registry: Registry, agreement: Agreement, years: Sequence[int], *, reveal: bool
) -> list[dict[str, Any]]:
    indicators = indicators_of(registry, agreement)
    codes = {
        place.area.code
        for indicator in indicators
        for year in years
        for place in places_of(indicator, registry, agreement, year)
    }
    observed = Observed(observations, registry, agreement, codes)
    return [
        row
        for indicator in indicators
        for row in (
            _measured(indicator, observed, registry, agreement, years, reveal=reveal)
            if indicator.series
            else _announced(indicator, registry, agreement, years)
        )
    ]


def _measured(
    indicator: Indicator,
    observed: Observed,
    registry: Registry,
    agreement: Agreement,
    years: Sequence[int],
    *,
    reveal: bool,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of an indicator that has series: in every year at least one for each of its areas."""
    units = {code: measure.unit for code, (_, measure) in measures(registry).items()}
    for year in years:
        current = [series for series in indicator.series if _covers(series, year)]
        for series in current or indicator.series[:1]:
            own = indicator.of(series)
            unit = _unit(own, series, units)
            breaks = break_texts(indicator, series, registry)
            before = _too_early(indicator, series, registry, agreement, year) or _across(series, breaks, year)
            for place in places_of(own, registry, agreement, year):
                for party in _parties(own, series, place, year, observed):
                    cell = Cell(own, series, place, year, party)
                    row = _row(cell, unit, before, breaks.get(year, []), observed, reveal=reveal)
                    # A party that nothing is asked of has no row; where counts are small, that would tell the zero.
                    if party == "-" or "limits" in row or row["denominator"] != 0:
                        yield row


def _announced(
    indicator: Indicator, registry: Registry, agreement: Agreement, years: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Yield one row a year for an indicator that has no series yet: it says why there is no value."""
    why = indicator.not_yet.sv if indicator.not_yet else "Indikatorn är under utveckling."
    series = Series(id="none", label=indicator.name)
    place = Place(registry.areas[agreement.county], "county")
    for year in years:
        cell = Cell(indicator, series, place, year, "-")
        yield _base(cell, indicator.unit) | _lacking(Lack("not_collected", why), [])


def _covers(series: Series, year: int) -> bool:
    first = series.first_year + series.pool - 1 if series.first_year else year
    return first <= year <= (series.last_year or year)


def _unit(own: Indicator, series: Series, units: dict[str, str]) -> str:
    """Return the unit; a series of counts that counts something else than the indicator has that of what is counted."""
    if own.value == "count" and (series.numerator or series.value) and series.unit is None:
        return units[own.numerator[0].measure]
    return own.unit


def _across(series: Series, breaks: dict[int, list[str]], year: int) -> Lack | None:
    """Return why years on both sides of a series break are not added up, if they would be."""
    inside = [each for each in sorted(breaks) if year - series.pool + 1 < each <= year]
    if series.pool == 1 or not inside:
        return None
    return Lack("not_applicable", f"Perioden går över ett tidsseriebrott ({inside[-1]}), så åren läggs inte ihop.")


def _too_early(
    indicator: Indicator, series: Series, registry: Registry, agreement: Agreement, year: int
) -> Lack | None:
    """Return why nobody could have the figure for that year yet, if so."""
    if not _covers(series, year):
        first = min((each.first_year + each.pool - 1) if each.first_year else year for each in indicator.series)
        last = max(each.last_year or year for each in indicator.series)
        return Lack(
            "not_collected", f"Uppgiften redovisas från {first}." if year < first else f"Redovisades till {last}."
        )
    owners = {selection.measure.partition(".")[0] for selection in selections_of(indicator, series)}
    first = agreement.years().start
    inboxes = {source.id for source in registry.sources.values() if source.kind == "inbox"}
    if owners & (registry.extracts.keys() | inboxes) and year - series.pool + 1 < first:
        reason = f"Uppgiften samlas in från {first}, det första året som följs upp."
        if (last := first + series.pool - 1) > first:
            reason = (
                f"Uppgiften samlas in från {first}, så det första värdet av {series.pool} år gäller {first}–{last}."
            )
        return Lack("not_collected", reason)
    return None


def _parties(indicator: Indicator, series: Series, place: Place, year: int, observed: Observed) -> list[str]:
    """Return "all" and, where the indicator is given by party, the parties that have a row in the numerator.

    A series of one type or goal area is not divided further: nearly all of its cells would be empty.
    """
    if not indicator.by_party or series.breakdown:
        return ["-"]
    keys = [key for selection in indicator.numerator for key in keys_of(selection, series, place.area, year)]
    return ["-", *observed.parties(keys)]


def _row(
    cell: Cell, unit: str, before: Lack | None, gaps: list[str], observed: Observed, *, reveal: bool
) -> dict[str, Any]:
    row = _base(cell, unit) | {"break_before": bool(gaps)}
    if before is not None:
        return row | _lacking(before, [])
    top, bottom = _parts(cell, observed)
    figures = top.figures + bottom.figures
    notes = [*gaps, *top.notes]
    if any(figure.value_status == "estimate" for figure in figures):
        notes.append("Uppskattad uppgift: en del av underlaget kunde inte räknas.")
    lack = _worst([part.lack for part in (top, bottom) if part.lack])
    small = cell.indicator.suppression == "small_counts"
    if small and (lack is None or lack.obs_status == "suppressed"):
        row["limits"] = (top, bottom)
        if lack is not None or not reveal:
            return row | _lacking(_RESTRICTED, figures) | {"notes_sv": "|".join(notes)}
    if lack is None and bottom.amount == 0:
        lack = _NO_DENOMINATOR
    elif cell.kind == "share" and (top.amount or 0) > (bottom.amount or 0) > 0:
        notes.append("Täljaren är större än nämnaren, så inget osäkerhetsintervall kan beräknas.")
    row |= _lacking(lack, figures) if lack else _lineage(figures) | {"obs_status": "ok"}
    if cell.kind == "given":
        row |= {"given": (top.amount, top.low, top.high)}
    elif lack is None or (lack.obs_status != "suppressed" and ("limits" in row or not small)):
        row |= {"numerator": top.amount, "denominator": bottom.amount}
    return row | {"notes_sv": "|".join(notes)}


def _parts(cell: Cell, observed: Observed) -> tuple[Sum, Sum]:
    """Return the numerator and the denominator; a count has no denominator."""
    if cell.kind == "criteria":
        return _criteria(cell, observed)
    top = _add(cell.indicator.numerator, cell, observed)
    return top, _add(cell.indicator.denominator, cell, observed) if cell.kind in ("share", "rate") else Sum()


def _base(cell: Cell, unit: str) -> dict[str, Any]:
    """Return what a row says before anything is looked up."""
    indicator, series, place, year, party = cell
    breakdown = "+".join(series.breakdown) or "total"
    counted = cell.kind == "count"
    interval = indicator.interval if not counted or indicator.interval == "poisson" else "none"
    return {
        "indicator_id": indicator.id,
        "definition_version": indicator.definition_version,
        "series": series.id,
        "area": place.area.code,
        "area_role": place.role,
        "year": year,
        "first_year": cell.years[0],
        "sex": series.sex,
        "age": series.age,
        "party": party,
        "breakdown": breakdown,
        "unit": unit,
        "decimals": 0 if series.value == "count" else indicator.decimals,
        "given": (None, None, None),
        "numerator": None,
        "denominator": None,
        "method": cell.kind,
        "conf_status": "free",
        "reason_sv": None,
        "is_total": (series.sex, party, breakdown) == ("T", "-", "total"),
        "break_before": False,
        "notes_sv": "",
        "per": float(indicator.per),
        "interval": interval,
    }


def _add(selections: Sequence[Selection], cell: Cell, observed: Observed) -> Sum:
    """Return the sum of all observations of some selections; one that is lacking leaves no sum."""
    keys = [
        part
        for selection in selections
        for year in cell.years
        for key in keys_of(selection, cell.series, cell.place.area, year, cell.party)
        for part in observed.cells(key)
    ]
    found = [observed.find(key) for key in keys]
    figures = [one for one in found if isinstance(one, Figure)]
    lacks = [one for one in found if isinstance(one, Lack)]
    hidden = [lack.figure for lack in lacks if lack.figure is not None]
    low, high = _limits([*figures, *hidden]) if len(hidden) == len(lacks) else (None, None)
    if lack := _worst(lacks):
        return Sum(None, lack, [*figures, *hidden], keys=keys, low=low, high=high)
    return Sum(math.fsum(figure.value or 0.0 for figure in figures), None, figures, keys=keys, low=low, high=high)


def _limits(figures: Sequence[Figure]) -> tuple[float | None, float | None]:
    """Return the least and the most that figures add up to; none where the limits of one are not known."""
    lows = [figure.value if figure.low is None else figure.low for figure in figures]
    highs = [figure.value if figure.high is None else figure.high for figure in figures]
    least, most = ([one for one in side if one is not None] for side in (lows, highs))
    if len(least) < len(figures) or len(most) < len(figures):
        return None, None
    return math.fsum(least), math.fsum(most)


def _criteria(cell: Cell, observed: Observed) -> tuple[Sum, Sum]:
    """Return how many criteria are met, and how many apply; a criterion is met if its figure is above 0."""
    criteria = [_add([selection], cell, observed) for selection in cell.indicator.numerator]
    figures = [figure for one in criteria for figure in one.figures]
    lacks = [one.lack for one in criteria if one.lack]
    unknown = [lack for lack in lacks if lack.obs_status != "not_applicable"]
    applying = [one.amount for one in criteria if one.amount is not None]
    if unknown or not applying:
        return Sum(None, _worst(unknown or lacks), figures), Sum()
    notes = [f"{len(lacks)} av {len(criteria)} villkor är inte tillämpliga detta år."] if lacks else []
    met = sum(amount > 0 for amount in applying)
    return Sum(float(met), None, figures, notes), Sum(float(len(applying)))


def _worst(lacks: Sequence[Lack]) -> Lack | None:
    """Return the reason that is told when there are several."""
    if not lacks:
        return None
    worst = min(lacks, key=lambda lack: _WORST_FIRST.index(lack.obs_status))
    return _SUPPRESSED if worst.obs_status == "suppressed" else worst


def _lacking(lack: Lack, figures: Sequence[Figure]) -> dict[str, Any]:
    return _lineage(figures) | {
        "obs_status": lack.obs_status,
        "reason_sv": lack.reason_sv,
        "conf_status": "suppressed" if lack.obs_status == "suppressed" else "free",
    }


def _lineage(figures: Sequence[Figure]) -> dict[str, Any]:
    """Return what a row inherits from its figures: the least trustworthy origin, all marks, the latest knowledge."""
    origins = sorted({figure.origin for figure in figures}, key=ORIGINS.index)
    return {
        "preliminary": any(figure.status == "P" for figure in figures),
        "is_example": "example" in origins,
        "origin": origins[-1] if origins else None,
        "marks": "|".join(sorted({figure.mark for figure in figures} - {"direct"})),
        "captures": "|".join(sorted({figure.capture_id for figure in figures})),
        "known_from": max((figure.known_from for figure in figures), default=None),
    }


def _restricted(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return what is known of the values that are made of small counts, as intervals."""
    known = []
    for row in rows:
        if "limits" not in row:
            continue
        top, bottom = row["limits"]
        least, most = _quotient(top, bottom, row["per"], divided=row["method"] in ("share", "rate"))
        known.append(
            row
            | {"numerator_low": top.low, "numerator_high": top.high, "value_low": least, "value_high": most}
            | {"denominator_low": bottom.low, "denominator_high": bottom.high}
        )
    return pd.DataFrame(known, columns=RESTRICTED_COLUMNS)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in VALUE_KEY)


def _parts_of(row: dict[str, Any]) -> Parts:
    top, bottom = row["limits"]
    return Parts(tuple(top.keys), tuple(bottom.keys))


def _quotient(top: Sum, bottom: Sum, per: float, *, divided: bool) -> tuple[float | None, float | None]:
    """Return the least and the most that a value can be; none where that is not known, or by nothing is divided."""
    if top.low is None or top.high is None or not divided:
        return top.low, top.high
    if not bottom.low or not bottom.high:
        return None, None
    return per * top.low / bottom.high, per * top.high / bottom.low


# --- the table ---------------------------------------------------------------------------------------------------


def _finished(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows as a table with values and intervals, each method over all its rows at once."""
    frame = pd.DataFrame(rows, columns=[*VALUE_COLUMNS, "per", "interval", "given"])
    frame["known_from"] = pd.to_datetime(frame["known_from"], utc=True).astype("datetime64[us, UTC]")
    top, bottom = (frame[name].to_numpy(dtype=float, na_value=np.nan) for name in ("numerator", "denominator"))
    per, ok = frame["per"].to_numpy(dtype=float), (frame["obs_status"] == "ok").to_numpy()
    divided = frame["method"].isin(("share", "rate")).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(divided, per / bottom, 1.0)  # value of one event
        frame["value"] = np.where(ok, np.where(divided, per * top / bottom, top), np.nan)
    given = np.array(frame.pop("given").tolist(), dtype=float).reshape(-1, 3)
    theirs = ok & (frame["method"] == "given").to_numpy()
    frame.loc[theirs, "value"] = given[theirs, 0]
    low, high, name = np.full(len(frame), np.nan), np.full(len(frame), np.nan), np.full(len(frame), None, dtype=object)
    wilson = ok & (frame["interval"] == "wilson").to_numpy() & (top <= bottom)
    limits = methods.wilson(top[wilson], bottom[wilson])
    low[wilson], high[wilson], name[wilson] = per[wilson] * limits.low, per[wilson] * limits.high, "wilson"
    poisson = ok & (frame["interval"] == "poisson").to_numpy()
    limits = methods.poisson_interval(top[poisson])
    low[poisson], high[poisson] = size[poisson] * limits.low, size[poisson] * limits.high
    name[poisson] = [methods.poisson_method(count) for count in top[poisson]]
    limits = methods.source_interval(given[:, 0], given[:, 1], given[:, 2])
    limited = theirs & (frame["interval"] == "source").to_numpy() & ~np.isnan(limits.low)
    low[limited], high[limited], name[limited] = limits.low[limited], limits.high[limited], "source"
    frame["numerator"], frame["denominator"] = top, bottom
    frame["ci_low"], frame["ci_high"], frame["ci_method"] = low, high, name
    frame["ci_level"] = np.where(np.isnan(high), np.nan, methods.LEVEL)
    frame["method_version"] = [_version(*pair) for pair in zip(frame["method"], name, strict=True)]
    return frame[VALUE_COLUMNS]


def _version(method: str, interval: str | None) -> str:
    """Return the version of the method, then that of the interval if there is one."""
    return ".".join(METHODS[one].version for one in (method, interval) if one)
