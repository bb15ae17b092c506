"""The registry, read and resolved: ``registry()`` is what the rest of the project asks.

Folders under ``include/registry``: ``agreements``, ``sources``, ``extracts``, ``indicators`` and ``corrections`` hold
one YAML file per thing, named after its id; ``codes`` holds the code lists as CSV.
"""

from collections.abc import Callable
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
    Indicator,
    Measure,
    Model,
    Registry,
    Source,
)
from include.registry.references import Place, check_references

FOLDER = Path(__file__).resolve().parent

#: The kinds of YAML file: folder (also the field of Registry) and model.
KINDS: dict[str, type[Agreement | Source | Extract | Indicator | Correction]] = {
    "agreements": Agreement,
    "sources": Source,
    "extracts": Extract,
    "indicators": Indicator,
    "corrections": Correction,
}

AREA_COLUMNS = ("kind", "code", "name", "parent", "police_region", "valid_from", "valid_to")
BREAKDOWN_COLUMNS = ("code", "label_sv", "label_en", "parent", "is_total")

T = TypeVar("T", bound=Model)


class Bridged(NamedTuple):
    """An indicator that follows a goal area, from when until when."""

    goal_area: str
    indicator: str
    valid_from: date | None
    valid_to: date | None


@lru_cache(maxsize=8)
def registry(folder: Path = FOLDER) -> Registry:
    """Return the registry, read once per process.

    Raises:
        RegistryError: anything in it cannot be; the text lists every fault with its file and line.
    """
    return read(folder)


def read(folder: Path) -> Registry:
    """Read and check every file of a registry folder; a folder that is absent holds nothing.

    Raises:
        RegistryError: lists every fault found, with file, line and what was expected.
    """
    faults = Faults(folder)
    place: Place = {}
    found = {kind: _yaml_files(folder / kind, model, faults, place) for kind, model in KINDS.items()}
    areas = _rows([folder / "codes" / "areas.csv"], AREA_COLUMNS, Area, lambda entry: entry, faults, place)
    lists = sorted((folder / "codes" / "breakdowns").glob("*.csv"))
    breakdowns = _rows(lists, BREAKDOWN_COLUMNS, Breakdown, _breakdown, faults, place)
    faults.stop()
    result = Registry.model_construct(**found, areas=areas, breakdowns=breakdowns)
    check_references(result, place, faults)
    faults.stop()
    return result


def measures(registry: Registry) -> dict[str, tuple[str, Measure]]:
    """Return every measure by its full code: ``<source or extract id>.<measure id>`` to (owner's id, measure)."""
    owners = [*registry.sources.values(), *registry.extracts.values()]
    return {f"{owner.id}.{measure.id}": (owner.id, measure) for owner in owners for measure in owner.measures}


def bridge(registry: Registry, agreement: Agreement) -> list[Bridged]:
    """Return which indicator follows which goal area of the agreement, with dates, in a fixed order.

    An indicator belongs to a goal area if its theme is one of the area's ``themes`` or the area includes it, unless
    the area excludes it. A bridge row holds while both the goal area and the agreement hold.
    """
    rows = []
    for goal in agreement.goal_areas:
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


def _yaml_files(folder: Path, model: type[T], faults: Faults, place: Place) -> dict[str, T]:
    """Return the things of one folder by id; the file's name must be the id."""
    things: dict[str, T] = {}
    for path in sorted(folder.glob("*.yaml")):
        entry = read_yaml(path, faults)
        thing = validate(model, entry, faults) if entry else None
        if entry is None or thing is None:
            continue
        name = str(thing.id)  # type: ignore[attr-defined]
        if name != path.stem:
            faults.add(path, entry.line(("id",)), f"id: found '{name}'; expected the file's name, '{path.stem}'")
        things[name] = thing
        place[folder.name, name] = entry
    return things


def _rows(
    paths: list[Path],
    columns: tuple[str, ...],
    model: type[T],
    prepare: Callable[[Entry], Entry],
    faults: Faults,
    place: Place,
) -> dict[str, T]:
    """Return the rows of code lists by code; a code must not stand twice."""
    rows: dict[str, T] = {}
    kind = "areas" if model is Area else "breakdowns"
    for path in filter(Path.exists, paths):
        for entry in read_csv(path, columns, faults):
            thing = validate(model, prepare(entry), faults)
            if thing is None:
                continue
            code = str(thing.code)  # type: ignore[attr-defined]
            if code in rows:
                faults.add(path, entry.line(), f"code: '{code}' also stands in line {place[kind, code].line()}")
            rows[code] = thing
            place[kind, code] = entry
    return rows


def _breakdown(entry: Entry) -> Entry:
    """Return the row of a breakdown list in the model's form: the scheme is the file's name, the labels a text."""
    row = dict(entry.data)
    label = {key[-2:]: row.pop(key) for key in ("label_sv", "label_en") if key in row}
    return Entry(entry.path, {"scheme": entry.path.stem, "label": label, **row}, entry.row)
