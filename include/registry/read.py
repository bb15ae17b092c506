"""The registry, read and resolved: ``registry()`` is what the rest of the project asks.

Folders under ``include/registry``: ``agreements``, ``sources``, ``extracts``, ``indicators`` and ``corrections`` hold
one YAML file per thing, named after its id; ``codes`` holds the code lists as CSV.
"""

import os
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from include.registry.documents import Entry, Faults, read_csv, read_yaml, validate
from include.registry.models import (
    Agreement,
    Area,
    Breakdown,
    Correction,
    Extract,
    HttpFileFetch,
    Indicator,
    Measure,
    PartyCheck,
    PxWebFetch,
    PxWebV1Fetch,
    Registry,
    Source,
)
from include.registry.references import Place, check_references

FOLDER = Path(__file__).resolve().parent

AREA_COLUMNS = ("kind", "code", "name", "parent", "police_region", "valid_from", "valid_to")
BREAKDOWN_COLUMNS = ("code", "label_sv", "label_en", "parent", "is_total")

T = TypeVar("T", Agreement, Source, Extract, Indicator, Correction, PartyCheck)
C = TypeVar("C", Area, Breakdown)


class Bridged(NamedTuple):
    """An indicator that follows a goal area, from when until when."""

    goal_area: str
    indicator: str
    valid_from: date | None
    valid_to: date | None


@lru_cache(maxsize=8)
def registry(folder: Path = FOLDER) -> Registry:
    """Return the registry, looked for once per process.

    A process forked from one that had read it (Airflow's warm workers) reads it anew only if a file has changed.

    Raises:
        RegistryError: anything in it cannot be; the text lists every fault with its file and line.
    """
    return _read_once(folder, frozenset(_files(folder)))


@lru_cache(maxsize=8)
def _read_once(folder: Path, files: "frozenset[tuple[str, int, int]]") -> Registry:
    """Return the registry as it stands; ``files`` only tells one state of the folder from another."""
    del files
    return read(folder)


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield path, modification time (ns) and size of every file below a folder; nothing if it is absent."""
    for parent, _, names in os.walk(folder):
        for name in names:
            state = os.stat(os.path.join(parent, name))  # noqa: PTH116, PTH118 - asked by every task
            yield f"{parent}/{name}", state.st_mtime_ns, state.st_size


def read(folder: Path) -> Registry:
    """Read and check every file of a registry folder; a folder that is absent holds nothing.

    Raises:
        RegistryError: lists every fault found, with file, line and what was expected.
    """
    faults = Faults(folder)
    place: Place = {}
    result = Registry(
        agreements=_yaml_files(folder / "agreements", Agreement, faults, place),
        sources=_yaml_files(folder / "sources", Source, faults, place),
        extracts=_yaml_files(folder / "extracts", Extract, faults, place),
        indicators=_yaml_files(folder / "indicators", Indicator, faults, place),
        corrections=_yaml_files(folder / "corrections", Correction, faults, place),
        party_checks=_yaml_files(folder / "party_checks", PartyCheck, faults, place),
        areas=_areas(folder / "codes" / "areas.csv", faults, place),
        breakdowns=_breakdowns(folder / "codes" / "breakdowns", faults, place),
    )
    faults.stop()  # a reference to what could not be read would only be a second fault
    check_references(result, place, faults)
    faults.stop()
    return _fetch_what_agreements_need(result)


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
    """Return the areas that the agreements speak of, by code: counties, municipalities, stand-ins and benchmarks."""
    named: set[str] = set()
    for agreement in registry.agreements.values():
        kommuner = [a.code for a in registry.areas.values() if a.parent == agreement.county and a.overlaps(agreement)]
        named.update((agreement.county, agreement.benchmark, *agreement.proxies.values(), *kommuner))
    return [registry.areas[code] for code in sorted(named)]


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


def _yaml_files(folder: Path, model: type[T], faults: Faults, place: Place) -> dict[str, T]:
    """Return the things of one folder by id; the file's name must be the id."""
    things: dict[str, T] = {}
    for path in sorted(folder.glob("*.yaml")):
        entry = read_yaml(path, faults)
        thing = validate(model, entry, faults) if entry else None
        if entry is None or thing is None:
            continue
        if thing.id != path.stem:
            faults.add(path, entry.line(("id",)), f"id: found '{thing.id}'; expected the file's name, '{path.stem}'")
        things[thing.id] = thing
        place[folder.name, thing.id] = entry
    return things


def _areas(path: Path, faults: Faults, place: Place) -> dict[str, Area]:
    """Return the areas by code."""
    entries = read_csv(path, AREA_COLUMNS, faults) if path.exists() else []
    return _by_code("areas", Area, entries, faults, place)


def _breakdowns(folder: Path, faults: Faults, place: Place) -> dict[str, Breakdown]:
    """Return the breakdowns of all schemes by code; a scheme is a file, named after it."""
    entries = [
        Entry(path, _breakdown(path.stem, entry.data), entry.row)
        for path in sorted(folder.glob("*.csv"))
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
