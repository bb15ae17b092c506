"""Reader of Kolada's key figures: a capture of :mod:`include.archive.fetchers.kolada`, one year of all KPIs.

The layout is that of API v3 (https://api.kolada.se/v3/docs): ``kpi`` has the KPIs with title and description, and
``values`` a row for each KPI, area and year with a figure for each gender (T, K, M in any order).

A KPI's title is held against the one in the registry, for a KPI may come to mean something else; its description is
held against a hash. A KPI that is the uncertainty of another (``half_width_of``) gives the limits of that one's
figures: its description says "punktskattning +- osäkerhetstalet". Such a number is no figure of its own and not
counted as one; a number that fits no figure is set aside.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from include.archive.manifest import Manifest
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import KoladaFetch, KoladaKpi, Registry, Source

#: What is read of a capture. ``status`` is "" at every figure that we have seen; nothing says what else it can be.
_SCHEMA = pa.schema(
    [
        ("kpi", pa.list_(pa.struct([("id", pa.string()), ("title", pa.string()), ("description", pa.string())]))),
        (
            "values",
            pa.list_(
                pa.struct(
                    [
                        ("kpi", pa.string()),
                        ("period", pa.int64()),
                        ("municipality", pa.string()),
                        (
                            "values",
                            pa.list_(
                                pa.struct(
                                    [
                                        ("gender", pa.string()),
                                        ("count", pa.int64()),
                                        ("status", pa.string()),
                                        ("value", pa.float64()),
                                        ("isdeleted", pa.bool_()),
                                    ]
                                )
                            ),
                        ),
                    ]
                )
            ),
        ),
    ]
)

_SEXES = ("T", "K", "M")
_SHARE = "procent"

#: A description that speaks of loss: a figure of 0 can be one that is missing.
_LOSS = "bortfall"

#: Why a figure is set aside; the first that fits counts.
_FAULTS = {
    "DELETED_AT_SOURCE": "Kolada har tagit bort uppgiften.",
    "UNKNOWN_KPI": "Nyckeltalet finns inte i registret för källan.",
    "UNKNOWN_AREA": "Området är inte riket, en region eller en kommun i områdeslistan.",
    "UNKNOWN_SEX": "Kön är inte T, K eller M.",
    "GROUP_MEAN": "Uppgiften är ett medelvärde av flera områden, inte områdets eget tal.",
    "VALUE_WITH_STATUS": "Uppgiften har ett värde fast dess status säger att den saknas eller är skyddad.",
    "UNCERTAINTY_NEGATIVE": "Osäkerhetstalet är negativt.",
    "UNCERTAINTY_WITHOUT_VALUE": "Osäkerhetstalet hör inte till någon uppgift med värde.",
}
_FAULT = {code: number for number, code in enumerate(_FAULTS, start=1)}

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class _Coded:
    """A column of texts: the distinct ones, and for each figure which of them it has."""

    codes: list[str]
    at: Array

    @classmethod
    def of(cls, column: pa.Array) -> "_Coded":
        encoded = column.dictionary_encode()
        return cls(encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64))

    def each(self, found: Sequence[Any], kind: Any = None) -> Array:
        """Return for each figure what was found for its text; ``found`` goes by the distinct texts."""
        return np.array(found, dtype=kind)[self.at] if self.codes else np.zeros(0, dtype=kind or object)


@dataclass(frozen=True)
class _Figures:
    """Every number of the capture, which is about one period, in its order; the columns are of one length."""

    period: str
    kpi: _Coded
    area: _Coded
    sex: _Coded
    status: _Coded
    value: Array
    empty: Array
    count: Array
    deleted: Array


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read a capture.

    Raises:
        LayoutChanged: it is not laid out as API v3 has it, is of another year, lacks a KPI that was asked for, has a
            KPI with another title than the registry's, or a figure with a status whose meaning is not known.
    """
    if not isinstance(source.fetch, KoladaFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    what = f"{manifest.source_id}/{manifest.part}"
    document = _parse(content, what)
    catalogue = {row["id"]: row for row in document["kpi"][0].as_py()}
    _demand_kpis(catalogue, manifest, source.fetch, what)
    figures = _figures(document, manifest, what)
    if lacking := sorted(set(figures.kpi.codes) - catalogue.keys()):
        raise LayoutChanged(f"{what}: figures of {', '.join(lacking)} came, but not what these KPIs are.")
    _demand_statuses(figures, source.fetch, what)
    titles = {kpi: " ".join(row["title"].split()) for kpi, row in catalogue.items()}
    losses = {kpi for kpi, row in catalogue.items() if _LOSS in row["description"].casefold()}
    table, aside = _tidy(_Reading(figures, source, source.fetch, registry, titles, losses), what)
    notes = _notes(catalogue, source, source.fetch)
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), [*manifest.notes, *notes])


def description_sha256(description: str) -> str:
    """Return the hash by which the registry knows a description, whatever its spaces are."""
    return hashlib.sha256(" ".join(description.split()).encode()).hexdigest()[:12]


# --- the capture as columns -------------------------------------------------------------------------------------------


def _parse(content: bytes, what: str) -> pa.Table:
    try:
        table = pj.read_json(
            io.BytesIO(content),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(content) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=_SCHEMA, newlines_in_values=True, unexpected_field_behavior="ignore"
            ),
        )
    except pa.ArrowInvalid as error:
        raise LayoutChanged(f"{what}: found something else than expected of Kolada's API v3: {error}.") from error
    if table.num_rows != 1 or table["kpi"].null_count or table["values"].null_count:
        raise LayoutChanged(f"{what}: expected one object with kpi and values.")
    for row in table["kpi"][0].as_py():
        if row is None or None in row.values():
            raise LayoutChanged(f"{what}: found the KPI {row}; expected id, title and description.")
    return table


def _figures(document: pa.Table, manifest: Manifest, what: str) -> _Figures:
    """Return the numbers side by side, each with its row's KPI and area."""
    rows = document["values"].combine_chunks().flatten()
    cells_of = pc.struct_field(rows, "values")
    parents, cells = pc.list_parent_indices(cells_of), pc.list_flatten(cells_of)
    column = {name: pc.struct_field(rows, name) for name in ("kpi", "period", "municipality")}
    inner = {name: pc.struct_field(cells, name) for name in ("gender", "count", "status", "value", "isdeleted")}
    mandatory = {**column, "values": cells_of, **inner}
    mandatory.pop("value")
    if empty := [name for name, array in mandatory.items() if array.null_count]:
        raise LayoutChanged(f"{what}: rows lack {', '.join(empty)}; expected them in every row.")
    years = sorted(map(str, pc.unique(column["period"]).to_pylist()))
    if len(manifest.periods) != 1 or years not in ([], manifest.periods):
        raise LayoutChanged(f"{what}: found the years {', '.join(years)}; expected {', '.join(manifest.periods)}.")
    return _Figures(
        period=manifest.periods[0],
        kpi=_Coded.of(column["kpi"].take(parents)),
        area=_Coded.of(column["municipality"].take(parents)),
        sex=_Coded.of(inner["gender"]),
        status=_Coded.of(inner["status"]),
        value=inner["value"].to_numpy(zero_copy_only=False),
        empty=inner["value"].is_null().to_numpy(zero_copy_only=False),
        count=inner["count"].to_numpy(zero_copy_only=False),
        deleted=inner["isdeleted"].to_numpy(zero_copy_only=False).astype(np.bool_),
    )


# --- is it what the registry says -------------------------------------------------------------------------------------


def _demand_kpis(catalogue: dict[str, dict[str, str]], manifest: Manifest, how: KoladaFetch, what: str) -> None:
    """Demand every KPI that was asked for, unless withdrawn, and the titles that the registry has."""
    asked = set(manifest.request.get("kpis", how.kpis))
    withdrawn = {kpi for kpi, known in how.kpis.items() if known.measure and known.measure in manifest.withdrawn}
    if lost := sorted(asked - catalogue.keys() - withdrawn):
        raise LayoutChanged(f"{what}: the KPIs {', '.join(lost)} were asked for and are neither there nor withdrawn.")
    for kpi, known in how.kpis.items():
        if kpi not in catalogue:
            continue
        found = " ".join(catalogue[kpi]["title"].split())
        if found not in (known.title, *known.earlier_titles):
            raise LayoutChanged(
                f"{what}: {kpi} has another title, so it may be another figure. Found {found!r}; expected "
                f"{known.title!r}. Read its description in the capture. If it is the same figure, write the new title "
                f"in include/registry/sources/{manifest.source_id}.yaml and move the old to earlier_titles; if not, "
                "give it another measure."
            )


def _demand_statuses(figures: _Figures, how: KoladaFetch, what: str) -> None:
    """Stop at a status whose meaning nobody has looked up: Kolada documents none."""
    for status in sorted(set(figures.status.codes) - {"", *how.statuses}):
        at = np.flatnonzero((figures.status.at == figures.status.codes.index(status)) & ~figures.deleted)
        if len(at):
            kpi, area = (coded.codes[coded.at[at[0]]] for coded in (figures.kpi, figures.area))
            raise LayoutChanged(
                f"{what}: found the status {status!r} at {len(at)} figures, the first of {kpi}, {area}; expected ''. "
                "Find out what it means (https://api.kolada.se/v3/docs, or ask Kolada) and write it in fetch.statuses "
                "of the source: missing, not_applicable or suppressed."
            )


def _notes(catalogue: dict[str, dict[str, str]], source: Source, how: KoladaFetch) -> list[str]:
    """Return what a person should look at: descriptions that changed, figures in doubt, intervals that are lacking."""
    notes = []
    for kpi, known in how.kpis.items():
        if kpi not in catalogue:
            if known.half_width_of in catalogue:
                notes.append(f"{kpi} finns inte i filen: {known.half_width_of} har inget intervall.")
            continue
        found = description_sha256(catalogue[kpi]["description"])
        if found != known.description_sha256:
            notes.append(
                f"Beskrivningen av {kpi} ({known.title}) har ändrats. Läs den i filen: är det samma mått, skriv "
                f'description_sha256: "{found}" i include/registry/sources/{source.id}.yaml.'
            )
        if known.doubt:
            notes.append(f"{kpi}: {known.doubt.sv}")
    return notes


# --- to the tidy table ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """The figures and all that is known of them."""

    figures: _Figures
    source: Source
    how: KoladaFetch
    registry: Registry
    titles: dict[str, str]
    losses: set[str]

    def kpi(self, code: str) -> KoladaKpi | None:
        """Return what the registry knows of a KPI."""
        return self.how.kpis.get(code)


def _tidy(reading: _Reading, what: str) -> tuple[pa.Table, list[SetAside]]:
    """Return the figures as a tidy table, and what is no figure of it."""
    figures = reading.figures
    fault = _faults(reading)
    known = [reading.kpi(code) for code in figures.kpi.codes]
    is_limit = figures.kpi.each([kpi is not None and kpi.half_width_of is not None for kpi in known], np.bool_)
    half = _half_widths(reading, fault, is_limit, what)
    keep = (fault == 0) & ~is_limit
    return _table(reading, known, keep, half), _aside(reading, fault)


def _faults(reading: _Reading) -> Array:
    """Return for each number why it cannot be taken, 0 where it can."""
    figures = reading.figures
    areas = [_area(code, reading.registry) for code in figures.area.codes]
    riket = [area is not None and reading.registry.areas[area].kind == "riket" for area in areas]
    faults = [
        (figures.deleted, "DELETED_AT_SOURCE"),
        (figures.kpi.each([code not in reading.how.kpis for code in figures.kpi.codes], np.bool_), "UNKNOWN_KPI"),
        (figures.area.each([area is None for area in areas], np.bool_), "UNKNOWN_AREA"),
        (figures.sex.each([code not in _SEXES for code in figures.sex.codes], np.bool_), "UNKNOWN_SEX"),
        # Of one area count is 1. What Kolada counts for the country is not documented.
        ((figures.count > 1) & ~figures.area.each(riket, np.bool_), "GROUP_MEAN"),
        (figures.status.each([code != "" for code in figures.status.codes], np.bool_) & ~figures.empty,
         "VALUE_WITH_STATUS"),
    ]  # fmt: skip
    return np.select([where for where, _ in faults], [_FAULT[code] for _, code in faults], 0)


def _area(code: str, registry: Registry) -> str | None:
    """Return our code of Kolada's: 0000 the country, 0023 the region of county 23, 2380; None for groups and others."""
    ours = code[2:] if code.startswith("00") else code
    area = registry.areas.get(ours) if len(code) == 4 else None
    expected = {"0000": "riket"}.get(code, "lan" if code.startswith("00") else "kommun")
    return ours if area is not None and area.kind == expected else None


def _half_widths(reading: _Reading, fault: Array, is_limit: Array, what: str) -> Array:
    """Return for each figure half the width of its interval, NaN where it has none.

    ``fault`` notes the numbers that are no half width of a figure.
    """
    figures = reading.figures
    place = {code: number for number, code in enumerate(figures.kpi.codes)}
    owners = [place.get(known.half_width_of or code, -1) if (known := reading.kpi(code)) else -1 for code in place]
    owner = figures.kpi.each(owners, np.int64)
    key = (owner * len(figures.area.codes) + figures.area.at) * len(figures.sex.codes) + figures.sex.at
    own, limits = np.flatnonzero((fault == 0) & ~is_limit), np.flatnonzero((fault == 0) & is_limit)
    for rows in (own, limits):
        _demand_once(figures, rows, what)
    at = _positions(key[limits], key[own])
    figure = np.where(at < 0, -1, own[at]) if len(own) else at
    without = (figure < 0) | (figures.empty[figure] & ~figures.empty[limits])
    negative = ~without & (figures.value[limits] < 0)
    fault[limits[without]] = _FAULT["UNCERTAINTY_WITHOUT_VALUE"]
    fault[limits[negative]] = _FAULT["UNCERTAINTY_NEGATIVE"]
    half = np.full(len(fault), np.nan)
    fits = ~without & ~negative
    half[figure[fits]] = figures.value[limits[fits]]
    return half


def _positions(wanted: Array, keys: Array) -> Array:
    """Return where each wanted key stands among the keys, -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1)
    order = np.argsort(keys, kind="stable")
    at = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[at] == wanted, at, -1)


def _demand_once(figures: _Figures, rows: Array, what: str) -> None:
    """Demand that no figure stands twice."""
    shape = (len(figures.kpi.codes), len(figures.area.codes), len(figures.sex.codes))
    if not len(rows):
        return
    key = np.ravel_multi_index((figures.kpi.at[rows], figures.area.at[rows], figures.sex.at[rows]), shape)
    unique, first = np.unique(key, return_index=True)
    if len(unique) < len(key):
        twice = rows[np.setdiff1d(np.arange(len(rows)), first)[0]]
        raise LayoutChanged(f"{what}: the figure {_place(figures, int(twice))} stands twice.")


def _table(reading: _Reading, known: Sequence[KoladaKpi | None], keep: Array, half: Array) -> pa.Table:
    figures, source = reading.figures, reading.source
    units = {measure.id: measure.unit for measure in source.measures}
    measures = [kpi.measure if kpi and kpi.measure else "" for kpi in known]
    top = figures.kpi.each([100.0 if units.get(measure) == _SHARE else np.inf for measure in measures], np.float64)
    doubted = figures.kpi.each([kpi is not None and kpi.doubt is not None for kpi in known], np.bool_)
    lossy = figures.kpi.each([code in reading.losses for code in figures.kpi.codes], np.bool_)
    statuses = figures.status.each([reading.how.statuses.get(code, "missing") for code in figures.status.codes], object)
    status = np.where(figures.empty, statuses, "ok")
    codes = figures.kpi.codes
    places = [figures.kpi, figures.area, figures.sex]
    kpi_text, area_text, sex_text = (
        pa.array(coded.codes, pa.string()).take(pa.array(coded.at[keep])) for coded in places
    )
    return tidy_table(
        {
            "measure": figures.kpi.each([f"{source.id}.{measure}" for measure in measures], object)[keep],
            "area": figures.area.each([_area(code, reading.registry) for code in figures.area.codes], object)[keep],
            "period": figures.period,
            "sex": sex_text,
            "age": figures.kpi.each([kpi.age if kpi else "T" for kpi in known], object)[keep],
            "value": figures.value[keep],
            "value_low": np.maximum(figures.value - half, 0)[keep],
            "value_high": np.minimum(figures.value + half, top)[keep],
            "value_status": status[keep],
            # Kolada does not say that a figure is preliminary.
            "status": "F",
            "mark": np.where(doubted | (lossy & (figures.value == 0)), "uncertain", "direct")[keep],
            "source_label": figures.kpi.each([f"{code} {reading.titles[code]}" for code in codes], object)[keep],
            "place": pc.binary_join_element_wise(kpi_text, area_text, figures.period, sex_text, ", "),
        }
    )


def _aside(reading: _Reading, fault: Array) -> list[SetAside]:
    figures, codes = reading.figures, list(_FAULTS)
    return [
        SetAside(
            _place(figures, row),
            code := codes[fault[row] - 1],
            _FAULTS[code],
            {
                "kpi": figures.kpi.codes[figures.kpi.at[row]],
                "municipality": figures.area.codes[figures.area.at[row]],
                "gender": figures.sex.codes[figures.sex.at[row]],
                "status": figures.status.codes[figures.status.at[row]],
                "value": None if figures.empty[row] else float(figures.value[row]),
            },
        )
        for row in np.flatnonzero(fault).tolist()
    ]


def _place(figures: _Figures, row: int) -> str:
    """Return where a number stands, as in ``N07402, 2380, 2024, T``."""
    kpi, area, sex = (coded.codes[coded.at[row]] for coded in (figures.kpi, figures.area, figures.sex))
    return f"{kpi}, {area}, {figures.period}, {sex}"
