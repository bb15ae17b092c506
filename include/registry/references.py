"""What one file of the registry says about another: every code and id that is named must exist, and make sense."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from math import inf
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from include.errors import UsageError
from include.periods import Period
from include.registry.documents import Entry, Faults, Loc
from include.registry.models import (
    Agreement,
    Area,
    Break,
    Breakdown,
    Correction,
    Extract,
    ExtractSheet,
    Grid,
    HttpFileFetch,
    InboxFetch,
    Indicator,
    KoladaFetch,
    Measure,
    Party,
    PartyCheck,
    PublicTable,
    PxWebFetch,
    PxWebTable,
    PxWebV1Fetch,
    Registry,
    Selection,
    Series,
    SolFetch,
    SolMenu,
    SosFetch,
    Source,
    Validity,
)

#: Where each thing stands: (folder or code list, id) to its entry.
Place = dict[tuple[str, str], Entry]
Fault = tuple[Loc, str]

#: The kind of area that an area of a kind must be part of.
PARENT_KIND = {"riket": None, "polisregion": "riket", "lan": "riket", "kommun": "lan"}

#: Unit of a share.
PERCENT = "procent"

#: Columns of a figure by which a correction may choose rows.
CORRECTION_COLUMNS = ("measure", "area", "period", "sex", "age", "party", "breakdown", "mark")

#: Where the readers and suites that a source names are modules.
CHECK_FOLDER = Path(__file__).resolve().parent.parent / "check"


def check_references(registry: Registry, place: Place, faults: Faults) -> None:
    """Note a fault, with file and line, for everything that names what does not exist or makes no sense."""
    checks: list[tuple[str, Mapping[str, Any], Callable[[Any, Registry], Iterator[Fault]]]] = [
        ("agreements", registry.agreements, _agreement),
        ("sources", registry.sources, _source),
        ("extracts", registry.extracts, _extract),
        ("indicators", registry.indicators, _indicator),
        ("corrections", registry.corrections, _correction),
        ("party_checks", registry.party_checks, _party_check),
        ("public_tables", registry.public_tables, _public_table),
        ("areas", registry.areas, _area),
        ("breakdowns", registry.breakdowns, _breakdown),
    ]
    for kind, things, check in checks:
        for name, thing in things.items():
            entry = place[kind, name]
            for loc, message in check(thing, registry):
                faults.add(entry.path, entry.line(loc), f"{'.'.join(map(str, loc)) or name}: {message}")


# --- agreements --------------------------------------------------------------------------------------------------


def _agreement(agreement: Agreement, registry: Registry) -> Iterator[Fault]:
    if agreement.valid_from is None or agreement.valid_to is None:
        yield ("id",), "valid_from and valid_to are both needed, for they say which years are followed up"
    yield from _area_named(agreement.county, registry, ("county",), "lan")
    yield from _area_named(agreement.benchmark, registry, ("benchmark",))
    for kind, code in agreement.proxies.items():
        yield from _area_named(code, registry, ("proxies", kind), kind)
    yield from _twice((party.code for party in agreement.parties), "parties", "code")
    yield from _twice((seat.code for seat in agreement.seats), "seats", "code")
    yield from _twice((due.edition for due in agreement.editions), "editions", "edition")
    for index, party in enumerate(agreement.parties):
        yield from _party(party, agreement, registry, ("parties", index))
    yield from _elsewhere(agreement, registry)
    known = [party.code for party in agreement.parties]
    for index, seat in enumerate(agreement.seats):
        if seat.party not in known:
            yield ("seats", index, "party"), f"no party has the code '{seat.party}'; expected one of {', '.join(known)}"
        yield from _breakdown_named(f"seat:{seat.code}", registry, ("seats", index, "code"))
    yield from _goal_areas(agreement, registry)


def _elsewhere(agreement: Agreement, registry: Registry) -> Iterator[Fault]:
    """Yield the parties whose code another county's agreement has: a figure knows its party by the code alone."""
    read = list(registry.agreements.values())  # in the order of reading: the newcomer is told, not who was there
    others = [each for each in read[: read.index(agreement)] if each.county != agreement.county]
    taken = {party.code: each.id for each in others for party in each.parties}
    for index, party in enumerate(agreement.parties):
        if (other := taken.get(party.code)) is not None:
            free = f"{party.code}_{agreement.county}"
            loc = ("parties", index, "code")
            yield loc, f"'{party.code}' is a party of {other}, another county's; give it a code of its own, e.g. {free}"


def _party(party: Party, agreement: Agreement, registry: Registry, loc: Loc) -> Iterator[Fault]:
    yield from _limits(party.masked, (*loc, "masked"))
    if party.role != "kommun":
        return
    if party.area is None:
        yield loc, f"the municipality {party.code} needs an area"
        return
    area = registry.areas.get(party.area)
    yield from _area_named(party.area, registry, (*loc, "area"), "kommun")
    if area and area.kind == "kommun" and area.parent != agreement.county:
        yield (*loc, "area"), f"{area.name} lies in county {area.parent}; expected {agreement.county}"


def _goal_areas(agreement: Agreement, registry: Registry) -> Iterator[Fault]:
    for index, goal in enumerate(agreement.goal_areas):
        loc: Loc = ("goal_areas", index)
        yield from _breakdown_named(f"goal:{goal.code}", registry, (*loc, "code"))
        for earlier in agreement.goal_areas[:index]:
            if earlier.code == goal.code and earlier.overlaps(goal):
                yield (*loc, "code"), f"goal area {goal.code} stands twice for the same time; give each its validity"
        by_theme = {i.id for i in registry.indicators.values() if i.theme in goal.themes}
        for position, indicator in enumerate(goal.include):
            if indicator not in registry.indicators:
                yield (*loc, "include", position), f"there is no indicator {indicator}"
        for position, indicator in enumerate(goal.exclude):
            if indicator not in by_theme:
                yield (*loc, "exclude", position), f"{indicator} is of none of the goal area's themes, so it is not in"


# --- sources and extracts ----------------------------------------------------------------------------------------


def _source(source: Source, registry: Registry) -> Iterator[Fault]:
    yield from _twice((measure.id for measure in source.measures), "measures", "id")
    own = {f"{source.id}.{measure.id}": measure.id for measure in source.measures}
    yield from _breaks(source.breaks, registry, own.values())
    for folder, module in (("readers", source.reader), ("suites", source.suite)):
        modules = _modules(CHECK_FOLDER / folder)
        if modules and module not in modules:
            yield (folder[:-1],), f"there is no include/check/{folder}/{module}.py; there are {', '.join(modules)}"
    first = source.release.first_period
    if (unit := _unit(first)) != source.release.speaks_in:
        found = f"a {unit}" if unit else "no period"
        yield ("release", "first_period"), f"'{first}' is {found}; expected a {source.release.speaks_in}"
    yield from _fetch(source, registry)


def _fetch(source: Source, registry: Registry) -> Iterator[Fault]:
    match source.fetch:
        case HttpFileFetch() as fetch:
            for code in set(fetch.areas) - {"*"}:
                yield from _area_named(code, registry, ("fetch", "areas", code))
            host = urlsplit(fetch.listing_url).hostname
            if host not in fetch.allowed_hosts:
                yield ("fetch", "listing_url"), f"its host {host} is none of allowed_hosts"
            try:
                re.compile(fetch.link_pattern.replace("{period}", "2015").replace("{area}", "00"))
            except re.error as error:
                yield ("fetch", "link_pattern"), f"is not a regular expression: {error}"
        case InboxFetch() as fetch:
            for index, extract in enumerate(fetch.extracts):
                if extract not in registry.extracts:
                    yield ("fetch", "extracts", index), f"there is no extracts/{extract}.yaml"
        case fetch:
            host = urlsplit(fetch.base_url).hostname
            if host not in fetch.allowed_hosts:
                yield ("fetch", "base_url"), f"its host {host} is none of allowed_hosts"
            match fetch:
                case PxWebFetch() | PxWebV1Fetch():
                    for index, table in enumerate(fetch.tables):
                        yield from _held(table, source, ("fetch", "tables", index))
                        if table.time_variable not in table.selection:
                            said = f"the time variable {table.time_variable} is not selected"
                            yield ("fetch", "tables", index, "selection"), said
                case SolFetch():
                    for index, menu in enumerate(fetch.menus):
                        yield from _held(menu, source, ("fetch", "menus", index))
                        yield from _sol(menu, source, ("fetch", "menus", index))
                case SosFetch():
                    yield from _sos(fetch, source)
                case KoladaFetch():
                    yield from _kolada(fetch, {measure.id for measure in source.measures})


def _sos(fetch: SosFetch, source: Source) -> Iterator[Fault]:
    known = {measure.id for measure in source.measures}
    for code, what in fetch.measures.items():
        loc: Loc = ("fetch", "measures", code)
        if what.measure not in known:
            yield (*loc, "measure"), f"the source has no measure {what.measure}"
        try:
            re.compile(what.label)
        except re.error as error:
            yield (*loc, "label"), f"is not a regular expression: {error}"
    for index, measure in enumerate(fetch.absent_is_zero):
        if measure not in {what.measure for what in fetch.measures.values()}:
            yield ("fetch", "absent_is_zero", index), f"no measure that is fetched is {measure}"
    for dimension in set(fetch.select) & {*fetch.find, "matt"}:
        yield ("fetch", "select", dimension), "is chosen twice: measures and find say what is asked for"


def _kolada(fetch: KoladaFetch, measures: set[str]) -> Iterator[Fault]:
    """Yield a fault for a key figure that is no measure of the source, or the uncertainty of nothing."""
    figures = {kpi: what.measure for kpi, what in fetch.kpis.items() if what.measure is not None}
    yield from _twice(figures.values(), "fetch", "kpis", "measure")
    for kpi, what in fetch.kpis.items():
        if what.measure is not None and what.measure not in measures:
            yield ("fetch", "kpis", kpi), f"the source has no measure {what.measure}"
        if what.half_width_of is not None and what.half_width_of not in figures:
            yield ("fetch", "kpis", kpi), f"is the uncertainty of {what.half_width_of}, which is no measure here"


def _sol(menu: SolMenu, source: Source, loc: Loc) -> Iterator[Fault]:
    """Yield a fault for an area's last period that is none, or an offence that is asked for twice."""
    for kind, last in menu.areas.items():
        if last is not None and _unit(last) != source.release.speaks_in:
            yield (*loc, "areas", kind), f"'{last}' is no {source.release.speaks_in}"
    yield from _twice(menu.offences, *loc, "offences")


def _held(table: PxWebTable | SolMenu, source: Source, loc: Loc) -> Iterator[Fault]:
    for key, period in (("first_period", table.first_period), ("last_period", table.last_period)):
        if period is not None and _unit(period) != source.release.speaks_in:
            yield (*loc, key), f"'{period}' is no {source.release.speaks_in}"


def _unit(period: str) -> str | None:
    """Return the unit of a period, or None if the text names no period."""
    try:
        return Period.parse(period).unit
    except UsageError:
        return None


def _modules(folder: Path) -> list[str]:
    """Return the names of the Python modules in a folder; none if it is absent."""
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def _extract(extract: Extract, registry: Registry) -> Iterator[Fault]:
    inboxes = [source.fetch for source in registry.sources.values() if isinstance(source.fetch, InboxFetch)]
    if inboxes and not any(extract.id in inbox.extracts for inbox in inboxes):
        yield ("id",), f"no source of kind inbox lists {extract.id}, so it would never be read"
    roles = get_args(get_type_hints(Party)["role"])
    for index, role in enumerate(extract.delivered_by):
        if role not in roles:
            yield ("delivered_by", index), f"'{role}' is no role of a party; expected one of {', '.join(roles)}"
    yield from _twice((measure.id for measure in extract.measures), "measures", "id")
    yield from _twice((sheet.name for sheet in extract.sheets), "sheets", "name")
    known = [measure.id for measure in extract.measures]
    for number, sheet in enumerate(extract.sheets):
        loc: Loc = ("sheets", number)
        yield from _log(sheet, loc) if sheet.grid is None else _grid(sheet.grid, known, registry, (*loc, "grid"))
        for other in _delivered_with(extract, registry):
            if sheet.name in [each.name for each in other.sheets]:
                yield (*loc, "name"), f"'{sheet.name}' is a sheet of {other.id} too, which comes in the same file"
    for number, check in enumerate(extract.checks):
        for side, measures in (("left", check.left), ("right", check.right)):
            for position, name in enumerate(measures):
                if name not in known:
                    yield ("checks", number, side, position), f"the extract has no measure '{name}'"
    yield from _limits(extract.masked, ("masked",))


def _limits(masked: tuple[int, int] | None, loc: Loc) -> Iterator[Fault]:
    if masked is not None and not 0 <= masked[0] <= masked[1]:
        yield loc, f"found {list(masked)}; expected the least and the most, in this order"


def _log(sheet: ExtractSheet, loc: Loc) -> Iterator[Fault]:
    names = [column.name for column in sheet.columns]
    yield from _twice(names, *loc, "columns", "name")
    for position, name in enumerate(sheet.unique):
        if name not in names:
            yield (*loc, "unique", position), f"the sheet has no column '{name}'"
    for position, column in enumerate(sheet.columns):
        if (column.type == "choice") != bool(column.choices):
            yield (*loc, "columns", position), f"'{column.name}': choices belong to type choice, and to it alone"


def _grid(grid: Grid, measures: list[str], registry: Registry, loc: Loc) -> Iterator[Fault]:
    for position, name in enumerate(grid.measures):
        if name not in measures:
            yield (*loc, "measures", position), f"the extract has no measure '{name}'"
    for position, code in enumerate(grid.breakdown):
        if code != "total":
            yield from _breakdown_named(code, registry, (*loc, "breakdown", position))
    for dimension in ("measures", "sex", "age", "breakdown"):
        yield from _twice(getattr(grid, dimension), *loc, dimension)
    if grid.sex != ["T"] and "T" not in grid.sex:
        yield (*loc, "sex"), "a grid by sex needs T too: who is counted must not depend on what is known of them"


def _delivered_with(extract: Extract, registry: Registry) -> Iterator[Extract]:
    """Yield the extracts before this one that some party delivers in the same file."""
    for other in registry.extracts.values():
        together = set(other.delivered_by) & set(extract.delivered_by) and other.speaks_in == extract.speaks_in
        if other.id < extract.id and together:
            yield other


def _party_check(check: PartyCheck, registry: Registry) -> Iterator[Fault]:
    known = {f"{extract.id}.{measure.id}" for extract in registry.extracts.values() for measure in extract.measures}
    for side, measures in (("left", check.left), ("right", check.right)):
        for position, name in enumerate(measures):
            if name not in known:
                yield (side, position), f"there is no measure '{name}' of an extract; write it as E07.children"


def _breaks(breaks: Iterable[Break], registry: Registry, measures: Iterable[str]) -> Iterator[Fault]:
    known = set(measures)
    for index, gap in enumerate(breaks):
        for position, measure in enumerate(gap.measures):
            if measure not in known:
                yield ("breaks", index, "measures", position), f"there is no measure '{measure}'"
        for position, code in enumerate(gap.breakdowns):
            yield from _breakdown_named(code, registry, ("breaks", index, "breakdowns", position))


# --- indicators and corrections ----------------------------------------------------------------------------------


def _indicator(indicator: Indicator, registry: Registry) -> Iterator[Fault]:
    if indicator.theme != indicator.id[4]:
        yield ("theme",), f"found {indicator.theme}; expected {indicator.id[4]}, the letter of {indicator.id}"
    yield from _status(indicator)
    yield from _selections(indicator, registry, ())
    yield from _twice((series.id for series in indicator.series), "series", "id")
    for index, series in enumerate(indicator.series):
        for position, code in enumerate(series.breakdown):
            yield from _breakdown_named(code, registry, ("series", index, "breakdown", position))
        yield from _selections(series, registry, ("series", index))
        yield from _made(indicator.of(series), series, ("series", index))
        yield from _shown(indicator, series, registry, ("series", index))
    named: list[tuple[Loc, str | None]] = [(("read_with", n), name) for n, name in enumerate(indicator.read_with)]
    named += [(("replaces",), indicator.replaces), (("replaced_by",), indicator.replaced_by)]
    for loc, name in named:
        if name is not None and (name not in registry.indicators or name == indicator.id):
            yield loc, f"there is no other indicator {name}"
    yield from _answered(indicator, registry)
    yield from _small_counts(indicator, registry)
    yield from _target(indicator)
    yield from _breaks(indicator.breaks, registry, _measure_codes(registry))


def _status(indicator: Indicator) -> Iterator[Fault]:
    """Yield what does not go with the status: a page would be empty without a word, or a series never end."""
    if indicator.status == "active" and not (indicator.numerator and indicator.series):
        yield ("status",), "an active indicator needs a numerator and a series"
    if indicator.status == "development" and indicator.series:
        yield ("series",), "an indicator in development has none; if active, each value says why it is lacking"
    if (indicator.status == "development") != (indicator.not_yet is not None):
        yield ("not_yet",), "says why an indicator in development has no value: it needs this, and no other has it"
    if indicator.status == "retired":
        for index, series in enumerate(indicator.series):
            if series.last_year is None:
                yield ("series", index), f"'{series.id}' needs last_year, the last that was given before it was retired"
    if indicator.replaced_by is not None and indicator.status != "retired":
        yield ("replaced_by",), f"found status {indicator.status}; what another has replaced is retired"
    if indicator.trend and all(indicator.of(series).interval == "none" for series in indicator.series):
        yield ("trend",), "no series has an interval, and without one no trend can be tested"


def _answered(indicator: Indicator, registry: Registry) -> Iterator[Fault]:
    """Yield where two indicators do not say the same of each other: whoever reads the other would not be told."""
    for member, theirs in (("replaces", "replaced_by"), ("replaced_by", "replaces")):
        other = registry.indicators.get(getattr(indicator, member) or "")
        if other is not None and other.id != indicator.id and getattr(other, theirs) != indicator.id:
            yield (member,), f"{other.id} does not say {theirs}: {indicator.id}"
    for position, name in enumerate(indicator.read_with):
        other = registry.indicators.get(name)
        if other is not None and indicator.id not in other.read_with:
            yield ("read_with", position), f"{name} does not have {indicator.id} under its read_with"
    yield from _twice(indicator.read_with, "read_with", "indicator")


def _small_counts(indicator: Indicator, registry: Registry) -> Iterator[Fault]:
    """Yield where counts of persons would be shown as they are, or a public source's figure would wait for nothing."""
    owners = {selection.measure.partition(".")[0] for selection in indicator.selections}
    small = sorted(name for name in owners if name in registry.extracts and registry.extracts[name].small_counts)
    if small and indicator.suppression != "small_counts":
        told = f"found {indicator.suppression}; expected small_counts, for {', '.join(small)} counts persons or cases"
        yield ("suppression",), told
    if owners and not small and indicator.suppression == "small_counts":
        yield ("suppression",), "found small_counts, but no extract with small_counts is among its measures"


def _target(indicator: Indicator) -> Iterator[Fault]:
    """Yield why a target cannot be compared with the first series, whose target it is."""
    if indicator.target is None:
        return
    if indicator.direction == "0":
        yield ("target",), "a neutral indicator (direction 0) has no target: neither more nor fewer is better"
    own = indicator.of(indicator.series[0]) if indicator.series else indicator
    most = 100 if own.unit == PERCENT else len(own.numerator) if own.value == "criteria" else inf
    if not 0 <= indicator.target.value <= most:
        told = f"found {indicator.target.value:g}; the first series is in {own.unit}, from 0 to {most:g}"
        yield ("target", "value"), told


def _selections(owner: Indicator | Series, registry: Registry, loc: Loc) -> Iterator[Fault]:
    for part, selections in (("numerator", owner.numerator), ("denominator", owner.denominator)):
        for index, selection in enumerate(selections):
            yield from _selection(selection, registry, (*loc, part, index))


def _made(own: Indicator, series: Series, loc: Loc) -> Iterator[Fault]:
    """Yield what makes it impossible to compute a series; ``own`` is the indicator as the series makes it."""
    if own.value in ("share", "rate") and own.status == "active" and not own.denominator:
        yield loc, f"a {own.value} needs a denominator"
    if own.value == "given" and len(own.numerator) > 1:
        yield (*loc, "numerator"), "a given value is one figure of a source; expected one selection"
    if series.pool > 1 and own.value in ("criteria", "given"):
        yield (*loc, "pool"), f"found {series.pool}; values that are {own.value} cannot be added over years"
    if (own.interval == "source") != (own.value == "given") and own.interval != "none":
        yield (*loc, "interval"), f"found {own.interval}; a source's own limits go with a given value, and only with it"
    if own.interval == "wilson" and own.value != "share" and "interval" in series.model_fields_set:
        yield (*loc, "interval"), f"found wilson; a {own.value} has none of these"
    yield from _unit_of(own, loc)


def _unit_of(own: Indicator, loc: Loc) -> Iterator[Fault]:
    """Yield where a value would stand beside a unit of another size."""
    if own.value == "share" and (own.per, own.unit) != (100, PERCENT):
        yield loc, f"found per {own.per} and unit '{own.unit}'; a share has per 100 and the unit {PERCENT}"
    if own.value == "rate" and not own.unit.startswith(_per(own.per)):
        yield loc, f"found per {own.per} and unit '{own.unit}'; expected a unit that begins with '{_per(own.per)}'"


def _per(number: int) -> str:
    """Return how the unit of a rate begins, e.g. "per 100 000"."""
    return f"per {number:,}".replace(",", " ")


def _shown(indicator: Indicator, series: Series, registry: Registry, loc: Loc) -> Iterator[Fault]:
    """Yield what would leave a series without values, or give it values that mean nothing."""
    own = indicator.of(series)
    for role in series.areas:
        if role not in indicator.areas:
            yield (*loc, "areas"), f"'{role}' is none of the indicator's areas, {', '.join(indicator.areas)}"
    first, last = series.first_year, series.last_year
    if first is not None and last is not None and last - first + 1 < series.pool:
        years = f"{series.pool} years" if series.pool > 1 else "a year"
        yield (*loc, "last_year"), f"from {first} to {last} there are not {years}, so there would be no value"
    known = {f"{owner}.{measure.id}": measure for owner, measure in _measures(registry)}
    divided = own.denominator if own.value in ("share", "rate") else []
    for selection in (*own.numerator, *divided):
        measure = known.get(selection.measure)
        if measure is None:
            continue
        if own.value == "given":
            if measure.unit != own.unit:
                yield (*loc, "unit"), f"{selection.measure} is in '{measure.unit}', but the series says '{own.unit}'"
        elif own.value != "criteria" and (_is_quotient(measure) or (series.pool > 1 and measure.answer == "number")):
            told = f"{selection.measure} is in '{measure.unit}', which cannot be added; show it as a given value"
            yield (*loc, "numerator"), told


def _is_quotient(measure: Measure) -> bool:
    return measure.unit == PERCENT or measure.unit.startswith("per ")


def _measures(registry: Registry) -> Iterator[tuple[str, Measure]]:
    """Yield every measure with the id of its source or extract."""
    owners: list[Source | Extract] = [*registry.sources.values(), *registry.extracts.values()]
    for owner in owners:
        yield from ((owner.id, measure) for measure in owner.measures)


def _selection(selection: Selection, registry: Registry, loc: Loc) -> Iterator[Fault]:
    if selection.measure not in _measure_codes(registry):
        owner = selection.measure.partition(".")[0]
        near = [code for code in _measure_codes(registry) if code.startswith(f"{owner}.")]
        known = f"{owner} has {', '.join(near)}" if near else f"there is no source or extract '{owner}'"
        yield (*loc, "measure"), f"there is no measure '{selection.measure}'; {known}"
    for position, code in enumerate(selection.breakdown):
        yield from _breakdown_named(code, registry, (*loc, "breakdown", position))


def _measure_codes(registry: Registry) -> list[str]:
    return [f"{owner}.{measure.id}" for owner, measure in _measures(registry)]


def _correction(correction: Correction, registry: Registry) -> Iterator[Fault]:
    source = registry.sources.get(correction.source)
    if source is None:
        yield ("source",), f"there is no sources/{correction.source}.yaml"
    named = [*(("rows", *row) for row in correction.rows.items()),
             *(("expect_rows", *row) for row in correction.expect_rows.items())]  # fmt: skip
    for member, column, value in named:
        loc: Loc = (member, column)
        if column not in CORRECTION_COLUMNS:
            yield loc, f"a figure has no column '{column}'; expected one of {', '.join(CORRECTION_COLUMNS)}"
        elif column == "measure" and source and value not in [f"{source.id}.{m.id}" for m in source.measures]:
            yield loc, f"the source {source.id} has no measure '{value}'; write it as {source.id}.<measure>"
        elif column == "area":
            yield from _area_named(value, registry, loc)
        elif column == "breakdown":
            yield from _breakdown_named(value, registry, loc)
    if correction.expect_rows and correction.expect is None:
        yield ("expect_rows",), "says which rows must say what expect says, but there is no expect"
    if not correction.rows:
        yield ("rows",), "is empty, so every row would be corrected; name the rows concerned"
    if (correction.action in ("override", "scale")) != (correction.value is not None):
        yield ("action",), f"'{correction.action}': a value belongs to override and scale, and to them alone"


# --- public tables -----------------------------------------------------------------------------------------------


def _public_table(table: PublicTable, registry: Registry) -> Iterator[Fault]:
    yield from _twice((each.measure for each in table.measures), "measures", "measure")
    yield from _twice((each.id for each in table.derived), "derived", "id")
    for index, shown in enumerate(table.measures):
        yield from _of_a_source(shown.measure, registry, ("measures", index, "measure"))
    for index, made in enumerate(table.derived):
        for part in ("numerator", "denominator", "printed"):
            if (code := getattr(made, part)) is not None:
                yield from _of_a_source(code, registry, ("derived", index, part))
        if made.denominator_breakdown is not None:
            yield from _breakdown_named(made.denominator_breakdown, registry, ("derived", index))
        for part in ("numerator", "printed"):
            if (code := getattr(made, part)) is not None and code not in [each.measure for each in table.measures]:
                yield ("derived", index, part), f"'{code}' is not among the table's measures, so it would not be shown"
    known = [*(each.measure for each in table.measures), *(each.id for each in table.derived)]
    for position, column in enumerate(table.columns):
        if column not in known:
            yield ("columns", position), f"the table has no '{column}'; expected one of {', '.join(known)}"
    for index, held in enumerate(table.withheld):
        for position, code in enumerate(held.breakdowns):
            yield from _breakdown_named(code, registry, ("withheld", index, "breakdowns", position))
        for position, name in enumerate(held.derived):
            if name not in [each.id for each in table.derived]:
                yield ("withheld", index, "derived", position), f"the table derives no '{name}'"
    for position, name in enumerate(table.indicators):
        if name not in registry.indicators:
            yield ("indicators", position), f"there is no indicator {name}"
    yield from _breaks(table.breaks, registry, [*table.needs, *(each.id for each in table.derived)])
    others = [each.id for each in registry.public_tables.values() if each.page == table.page and each.id < table.id]
    if others:
        yield ("page",), f"'{table.page}' is the page of {others[0]} too"


def _of_a_source(code: str, registry: Registry, loc: Loc) -> Iterator[Fault]:
    """Yield why a measure cannot stand in a public table: it must be of a public source that speaks in years."""
    yield from _selection(Selection(measure=code), registry, loc[:-1])
    owner = registry.sources.get(code.partition(".")[0])
    if owner is None:
        yield loc, f"'{code}' is no measure of a source; what parties deliver is never in a public table"
    elif owner.kind == "inbox" or owner.release.speaks_in != "year":
        yield loc, f"{owner.id} speaks in {owner.release.speaks_in}; expected a source of years that is no inbox"


# --- codes -------------------------------------------------------------------------------------------------------


def _area(area: Area, registry: Registry) -> Iterator[Fault]:
    expected = PARENT_KIND[area.kind]
    parent = registry.areas.get(area.parent or "")
    if expected is None:
        if area.parent is not None:
            yield ("parent",), f"{area.kind} {area.code} is part of nothing, but has the parent '{area.parent}'"
    elif parent is None or parent.kind != expected:
        found = f"{parent.kind} {parent.code}" if parent else f"'{area.parent or ''}', which is no area"
        yield ("parent",), f"{area.kind} {area.code} needs a parent of kind {expected}; found {found}"
    elif not _within(area, parent):
        yield ("parent",), f"{area.code} holds at a time when its parent {parent.code} does not"
    if area.kind == "kommun" and not (len(area.code) == 4 and area.code[:2] == area.parent):
        yield ("code",), f"municipality '{area.code}' needs four digits that begin with its county's, {area.parent}"
    if area.police_region is not None:
        yield from _area_named(area.police_region, registry, ("police_region",), "polisregion")


def _within(inner: Validity, outer: Validity) -> bool:
    """Return whether the inner validity holds only at times when the outer one does."""
    return (outer.valid_from or date.min) <= (inner.valid_from or date.min) and (inner.valid_to or date.max) <= (
        outer.valid_to or date.max
    )


def _breakdown(breakdown: Breakdown, registry: Registry) -> Iterator[Fault]:
    if breakdown.code != "total" and not re.fullmatch(rf"{breakdown.scheme}:[A-Za-z0-9_+-]+", breakdown.code):
        yield ("code",), f"found '{breakdown.code}'; expected '{breakdown.scheme}:' (the file's name) and a value"
    parent = registry.breakdowns.get(breakdown.parent or breakdown.code)
    if parent is None or parent.scheme != breakdown.scheme:
        yield ("parent",), f"the parent '{breakdown.parent}' of {breakdown.code} is no code of {breakdown.scheme}"
    if breakdown.parent == breakdown.code:
        yield ("parent",), f"{breakdown.code} is its own parent"


# --- shared ------------------------------------------------------------------------------------------------------


def _area_named(code: str, registry: Registry, loc: Loc, kind: str | None = None) -> Iterator[Fault]:
    area = registry.areas.get(code)
    if area is None:
        yield loc, f"there is no area '{code}' in codes/areas.csv"
    elif kind is not None and area.kind != kind:
        yield loc, f"area '{code}' ({area.name}) is a {area.kind}; expected a {kind}"


def _breakdown_named(code: str, registry: Registry, loc: Loc) -> Iterator[Fault]:
    if code not in registry.breakdowns:
        yield loc, f"there is no breakdown '{code}' in codes/breakdowns/{code.partition(':')[0]}.csv"


def _twice(names: Iterable[str], *loc: str | int) -> Iterator[Fault]:
    """Yield a fault for names that stand twice; the last of ``loc`` says what kind of name it is."""
    for name, count in Counter(names).items():
        if count > 1:
            yield loc[:-1], f"the {loc[-1]} '{name}' stands {count} times; expected once"
