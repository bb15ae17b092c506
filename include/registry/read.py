"""The registry, read and resolved: ``registry()`` is what the rest of the project asks.

Folders under ``include/registry``: ``agreements``, ``sources``, ``extracts``, ``indicators``, ``corrections`` and
``public_tables`` hold one YAML file per thing, named after its id; ``codes`` holds the code lists as CSV.

An *overlay* is a folder of the same shape whose files are read beside those: it adds, and cannot change what is there.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from include import settings
from include.registry.documents import Entry, Faults, read_csv, read_yaml, validate
from include.registry.models import (
    Agreement,
    Area,
    Breakdown,
    Correction,
    Extract,
    GoalArea,
    HttpFileFetch,
    Indicator,
    Measure,
    PartyCheck,
    PublicTable,
    PxWebFetch,
    PxWebV1Fetch,
    Registry,
    Series,
    Source,
    Text,
)
from include.registry.references import Place, check_references

FOLDER = Path(__file__).resolve().parent

AREA_COLUMNS = ("kind", "code", "name", "parent", "police_region", "valid_from", "valid_to")
BREAKDOWN_COLUMNS = ("code", "label_sv", "label_en", "parent", "is_total")

T = TypeVar("T", Agreement, Source, Extract, Indicator, Correction, PartyCheck, PublicTable)
C = TypeVar("C", Area, Breakdown)


class Bridged(NamedTuple):
    """An indicator that follows a goal area, from when until when."""

    goal_area: str
    indicator: str
    valid_from: date | None
    valid_to: date | None


def registry(folder: Path = FOLDER) -> Registry:
    """Return the registry, looked for once per process; the project's own with the overlays that the settings name.

    A process forked from one that had read it (Airflow's warm workers) reads it anew only if a file has changed.

    Raises:
        RegistryError: anything in it cannot be; the text lists every fault with its file and line.
    """
    return _looked_for(folder, settings.registry_overlays() if folder == FOLDER else ())


@lru_cache(maxsize=8)
def _looked_for(folder: Path, overlays: tuple[Path, ...]) -> Registry:
    return _read_once(folder, overlays, frozenset(state for each in (folder, *overlays) for state in _files(each)))


def forget() -> None:
    """Forget that the files were looked at, so that they are looked at again; what was read of them is kept."""
    _looked_for.cache_clear()


@lru_cache(maxsize=8)
def _read_once(folder: Path, overlays: tuple[Path, ...], files: "frozenset[tuple[str, int, int]]") -> Registry:
    """Return the registry as it stands; ``files`` only tells one state of the folders from another."""
    del files
    return read(folder, overlays)


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield path, modification time (ns) and size of every file below a folder; nothing if it is absent."""
    for parent, _, names in os.walk(folder):
        for name in names:
            state = os.stat(os.path.join(parent, name))  # noqa: PTH116, PTH118 - asked by every task
            yield f"{parent}/{name}", state.st_mtime_ns, state.st_size


def read(folder: Path, overlays: Sequence[Path] = ()) -> Registry:
    """Read and check every file of a registry folder; a folder that is absent holds nothing.

    Args:
        folder: the registry's own.
        overlays: folders whose files are read beside, in this order, and checked alike. An id or code that stands
            already must not stand there again, and a file that would not be read is a fault.

    Raises:
        RegistryError: lists every fault found, with file, line and what was expected.
    """
    faults = Faults(folder)
    place: Place = {}
    folders = [folder, *overlays]
    result = Registry(
        agreements=_yaml_files(folders, "agreements", Agreement, faults, place),
        sources=_yaml_files(folders, "sources", Source, faults, place),
        extracts=_yaml_files(folders, "extracts", Extract, faults, place),
        indicators=_yaml_files(folders, "indicators", Indicator, faults, place),
        corrections=_yaml_files(folders, "corrections", Correction, faults, place),
        party_checks=_yaml_files(folders, "party_checks", PartyCheck, faults, place),
        public_tables=_yaml_files(folders, "public_tables", PublicTable, faults, place),
        areas=_areas(folders, faults, place),
        breakdowns=_breakdowns(folders, faults, place),
    )
    for overlay in overlays:
        _refuse_unread(overlay, faults)
    faults.stop()  # a reference to what could not be read would only be a second fault
    check_references(result, place, faults)
    faults.stop()
    return _fetch_what_agreements_need(result)


def _refuse_unread(overlay: Path, faults: Faults) -> None:
    """Note an overlay that is absent, and each of its files that looks like the registry's but would not be read."""
    if not overlay.is_dir():
        faults.add(overlay, 0, "is no folder; FOLLOWUP_REGISTRY_OVERLAYS names the folders to read beside the registry")
    kinds = [kind for kind in Registry.model_fields if kind not in ("areas", "breakdowns")]
    known = [overlay / "codes" / "areas.csv", *(overlay / "codes" / "breakdowns").glob("*.csv")]
    known += [path for kind in kinds for path in (overlay / kind).glob("*.yaml")]
    found = [path for path in overlay.rglob("*") if path.suffix in (".yaml", ".yml", ".csv")]
    for path in sorted(set(found) - set(known)):
        expected = f"{', '.join(kinds)} with *.yaml, or codes/areas.csv and codes/breakdowns/*.csv"
        faults.add(path, 1, f"would not be read; an overlay holds {expected}")


def measures(registry: Registry) -> dict[str, tuple[str, Measure]]:
    """Return every measure by its full code: ``<source or extract id>.<measure id>`` to (owner's id, measure)."""
    owners: list[Source | Extract] = [*registry.sources.values(), *registry.extracts.values()]
    return {f"{owner.id}.{measure.id}": (owner.id, measure) for owner in owners for measure in owner.measures}


def bridge(registry: Registry, agreement: Agreement) -> list[Bridged]:
    """Return which indicator follows which goal area of the agreement, with dates, in a fixed order.

    An indicator belongs to a goal area if its theme is one of the area's ``themes`` or the area includes it, unless
    the area excludes it. A bridge row holds while both the goal area and the agreement hold.
    """
    rows = []
    for goal in filter(agreement.overlaps, agreement.goal_areas):
        by_theme = {i.id for i in registry.indicators.values() if i.theme in goal.themes}
        start = max(filter(None, (goal.valid_from, agreement.valid_from)), default=None)
        end = min(filter(None, (goal.valid_to, agreement.valid_to)), default=None)
        chosen = (by_theme | set(goal.include)) - set(goal.exclude)
        rows += [Bridged(goal.code, indicator, start, end) for indicator in chosen]
    return sorted(rows, key=lambda row: (row.goal_area, row.indicator, row.valid_from or date.min))


def areas_of(registry: Registry, agreement: Agreement, on: date | None = None) -> list[Area]:
    """Return the municipalities of the agreement's county on a day (default the agreement's last), by code."""
    day = on or agreement.valid_to
    return sorted(
        (
            area
            for area in registry.areas.values()
            if area.kind == "kommun" and area.parent == agreement.county and (day is None or area.holds_on(day))
        ),
        key=lambda area: area.code,
    )


def areas_needed(registry: Registry) -> list[Area]:
    """Return the areas that producers are asked about, by code: those that the agreements speak of.

    An invented agreement has an invented county, which no producer knows.
    """
    real = [agreement for agreement in registry.agreements.values() if not agreement.example_data]
    codes = {code for agreement in real for code in _areas_named(registry, agreement)}
    return [registry.areas[code] for code in sorted(codes)]


def _areas_named(registry: Registry, agreement: Agreement) -> set[str]:
    """Return the codes of the areas that an agreement speaks of: county, municipalities, stand-ins and benchmark."""
    kommuner = [a.code for a in registry.areas.values() if a.parent == agreement.county and a.overlaps(agreement)]
    return {agreement.county, agreement.benchmark, *agreement.proxies.values(), *kommuner}


# --- the registry of one agreement -------------------------------------------------------------------------------


def registry_of(registry: Registry, agreement: Agreement, year: int) -> Registry:
    """Return the registry as the follow-up of one agreement for a year has it, whatever others there are beside it.

    Without: other agreements, areas of invented counties other than its own, seats of other steering groups, and the
    declared faults of figures about other areas. A series of one goal area has the name that the agreement gives the
    area, and is there only if the agreement has it.
    """
    own = _areas_named(registry, agreement)
    others = [each for each in registry.agreements.values() if each.example_data and each.id != agreement.id]
    invented = {code for each in others for code in _areas_named(registry, each)} - own
    seats = {f"seat:{seat.code}" for seat in agreement.seats}
    goals = {f"goal:{goal.code}": goal for goal in agreement.goals_of(year)}
    return registry.model_copy(
        update={
            "agreements": {agreement.id: agreement},
            "areas": {code: area for code, area in registry.areas.items() if code not in invented},
            "breakdowns": {
                code: each for code, each in registry.breakdowns.items() if each.scheme != "seat" or code in seats
            },
            "corrections": {
                name: each for name, each in registry.corrections.items() if each.rows.get("area", "") in {"", *own}
            },
            "indicators": {name: _with_goals(each, goals) for name, each in registry.indicators.items()},
        }
    )


def _with_goals(indicator: Indicator, goals: dict[str, GoalArea]) -> Indicator:
    """Return an indicator with its series of single goal areas named, and kept, as an agreement has those."""
    series: list[Series] = []
    for each in indicator.series:
        code = each.breakdown[0] if len(each.breakdown) == 1 else ""
        if not code.startswith("goal:") or code == "goal:none":
            series.append(each)
        elif goal := goals.get(code):
            name = Text(sv=f"Målområde {goal.code}: {goal.name.sv}", en=f"Goal area {goal.code}: {goal.name.en}")
            series.append(each.model_copy(update={"label": name}))
    return indicator if series == indicator.series else indicator.model_copy(update={"series": series})


def _fetch_what_agreements_need(registry: Registry) -> Registry:
    """Return the registry with its sources asking for the areas of its agreements and no others.

    So a new county needs its agreement alone: the files of areas that no agreement names are left out, the code
    ``{areas}`` becomes the agreements' counties, municipalities and benchmarks, ``{counties}`` those without
    the municipalities.
    """
    named = {area.code for area in areas_needed(registry)}
    sources = {source.id: _asking_for(source, named, registry) for source in registry.sources.values()}
    return registry.model_copy(update={"sources": sources})


def _asking_for(source: Source, named: set[str], registry: Registry) -> Source:
    """Return the source with the areas ``named`` filled into what it fetches."""
    match source.fetch:
        case HttpFileFetch() as fetch:
            areas = {code: theirs for code, theirs in fetch.areas.items() if code in named | {"*"}}
            return source.model_copy(update={"fetch": fetch.model_copy(update={"areas": areas})})
        case PxWebFetch() | PxWebV1Fetch() as fetch:
            # Statistical databases know the country, counties and municipalities, but no police regions.
            codes = {
                "{areas}": sorted(code for code in named if registry.areas[code].kind != "polisregion"),
                "{counties}": sorted(code for code in named if registry.areas[code].kind in ("riket", "lan")),
            }
            tables = [table.model_copy(update={"selection": _filled(table.selection, codes)}) for table in fetch.tables]
            return source.model_copy(update={"fetch": fetch.model_copy(update={"tables": tables})})
        case _:
            return source


def _filled(selection: dict[str, list[str]], codes: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return a table's selection with the placeholders of areas replaced by their codes."""
    return {
        variable: [code for value in values for code in codes.get(value, [value])]
        for variable, values in selection.items()
    }


def _yaml_files(folders: Sequence[Path], kind: str, model: type[T], faults: Faults, place: Place) -> dict[str, T]:
    """Return the things of one kind by id; the file's name must be the id, and no id may stand twice."""
    things: dict[str, T] = {}
    for path in (path for folder in folders for path in sorted((folder / kind).glob("*.yaml"))):
        entry = read_yaml(path, faults)
        thing = validate(model, entry, faults) if entry else None
        if entry is None or thing is None:
            continue
        if thing.id != path.stem:
            faults.add(path, entry.line(("id",)), f"id: found '{thing.id}'; expected the file's name, '{path.stem}'")
        if thing.id in things:
            first = faults.shown(place[kind, thing.id].path)
            faults.add(path, entry.line(("id",)), f"id: '{thing.id}' stands already in {first}; an overlay only adds")
            continue
        things[thing.id] = thing
        place[kind, thing.id] = entry
    return things


def _areas(folders: Sequence[Path], faults: Faults, place: Place) -> dict[str, Area]:
    """Return the areas by code."""
    lists = [folder / "codes" / "areas.csv" for folder in folders]
    entries = [entry for path in lists if path.exists() for entry in read_csv(path, AREA_COLUMNS, faults)]
    return _by_code("areas", Area, entries, faults, place)


def _breakdowns(folders: Sequence[Path], faults: Faults, place: Place) -> dict[str, Breakdown]:
    """Return the breakdowns of all schemes by code; a scheme is a file, named after it."""
    entries = [
        Entry(path, _breakdown(path.stem, entry.data), entry.row)
        for folder in folders
        for path in sorted((folder / "codes" / "breakdowns").glob("*.csv"))
        for entry in read_csv(path, BREAKDOWN_COLUMNS, faults)
    ]
    return _by_code("breakdowns", Breakdown, entries, faults, place)


def _breakdown(scheme: str, row: dict[str, str]) -> dict[str, object]:
    """Return the row of a breakdown list in the model's form."""
    rest = {column: cell for column, cell in row.items() if column not in ("label_sv", "label_en")}
    label = {language: row[f"label_{language}"] for language in ("sv", "en") if f"label_{language}" in row}
    return {"scheme": scheme, "label": label, **rest}


def _by_code(kind: str, model: type[C], entries: list[Entry], faults: Faults, place: Place) -> dict[str, C]:
    """Return the rows of a code list by code; a code must not stand twice."""
    rows: dict[str, C] = {}
    for entry in entries:
        thing = validate(model, entry, faults)
        if thing is None:
            continue
        if thing.code in rows:
            first = place[kind, thing.code]
            faults.add(
                entry.path, entry.line(), f"code: '{thing.code}' stands already in {first.path.name}:{first.row}"
            )
            continue
        rows[thing.code] = thing
        place[kind, thing.code] = entry
    return rows
