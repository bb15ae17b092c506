"""Key figures of Kolada's API v3: what they are called and mean, and the figures of one year in one capture.

Documents: https://api.kolada.se/v3/docs. A key figure (KPI) exists for municipalities (type K), regions (L) or both
(A), and is asked for those areas only. Ids stand in the path, at most 25 in a segment: a query with a misspelt name
would be answered with an empty list. ``next_url`` leads to the next page (v2 had ``next_page``).

Kolada takes KPIs away and revises figures without notice. A KPI that is gone and that we hold is told as withdrawn;
one that is there but suddenly has no figures stops the run.
"""

import json
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from include.archive.addresses import Address
from include.archive.fetchers import Fetched, Found, Missing
from include.archive.http import Client, HttpRefused
from include.archive.manifest import Manifest
from include.archive.paging import Paged, follow
from include.archive.parts import contact_of, part
from include.archive.store import Archive
from include.errors import LayoutChanged, SourceRefused
from include.periods import Period
from include.registry.models import Area, KoladaFetch, KoladaKpi, Registry, Source
from include.registry.read import areas_needed

#: More ids in a segment of the path are refused.
MOST_IDS = 25

#: Members of a KPI that tell of its next publication. They change every year while the figures do not, so they are
#: kept where two captures are not compared (``updated``, see :mod:`include.archive.compare`).
_DATES = ("prel_publication_date", "publication_date", "publ_period")

#: Kinds of area that a KPI's ``municipality_type`` speaks of.
_KINDS: dict[str, frozenset[str]] = {
    "K": frozenset({"kommun"}),
    "L": frozenset({"riket", "lan"}),
    "A": frozenset({"riket", "lan", "kommun"}),
}

Row = dict[str, Any]


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield each year: fetched, or missing since none of its figures are out yet.

    Raises:
        LayoutChanged: an answer is not laid out as API v3 has it, or is not what was asked for.
        SourceRefused: the address is wrong; a KPI that was never held does not exist; a KPI that is held for a year
            has no figures of it any more.
        SourceUnavailable: no whole answer in time.
    """
    if not isinstance(source.fetch, KoladaFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    client = Client(source, address, calls_per_second=source.fetch.calls_per_second, contact=contact_of(registry))
    kolada: _Kolada | None = None
    for period in periods:
        kolada = kolada or _Kolada(source, source.fetch, client, archive, areas_needed(registry))
        yield _year(kolada, period, _Held.of(archive, source, archive.latest(source.id, part("kpi", period))))


def area_code(area: Area) -> str:
    """Return Kolada's code of an area: 0000 for the country, 0023 for the region of county 23, 2380 as it is."""
    return area.code if area.kind == "kommun" else f"00{area.code}"


# --- what is held -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Held:
    """What a version that we hold has: KPIs with figures, and measures that were withdrawn before it."""

    kpis: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()

    @classmethod
    def of(cls, archive: Archive, source: Source, manifest: Manifest | None) -> "_Held":
        if manifest is None:
            return cls()
        rows = json.loads(archive.read(manifest.capture_id)).get("values", [])
        return cls(frozenset(row["kpi"] for row in rows if _has_figures(row)), frozenset(manifest.withdrawn))

    def has(self, kpi: str, what: KoladaKpi) -> bool:
        """Return whether it has figures of a KPI, its own or those kept from before the KPI was withdrawn."""
        return kpi in self.kpis or what.measure in self.withdrawn


def _has_figures(row: Row) -> bool:
    return any(cell.get("value") is not None and not cell.get("isdeleted") for cell in row["values"])


# --- one year ---------------------------------------------------------------------------------------------------------


def _year(kolada: "_Kolada", period: Period, held: _Held) -> Found:
    """Return the figures of one year."""
    name = part("kpi", period)
    pages = kolada.figures(period)
    rows = [row for page in pages for row in page.rows]
    if not rows and not held.kpis and not held.withdrawn:
        return Missing(name, "not published yet")
    _demand_kept(kolada, period, held, {row["kpi"] for row in rows if row["values"]})
    answers = [answer for paged in [*kolada.catalogue_pages, *pages] for answer in paged.answers]
    return Fetched(
        part=name,
        periods=[str(period)],
        content=_document(kolada.catalogue, rows),
        url=kolada.url(kolada.paths(period)[0]),
        request={
            "method": "GET",
            "urls": [kolada.url(path) for path in [*kolada.catalogue_paths, *kolada.paths(period)]],
            "kpis": sorted(kolada.catalogue),
        },
        media_type="application/json",
        file_name=f"{name}.json",
        headers=answers[-1].headers,
        notes=[f"Sammanställd av {len(answers)} svar ur Koladas API."],
        withdrawn=sorted(
            what.measure for kpi, what in kolada.gone.items() if what.measure is not None and held.has(kpi, what)
        ),
        pieces=[answer.content or b"" for answer in answers],
    )


def _demand_kept(kolada: "_Kolada", period: Period, held: _Held, came: set[str]) -> None:
    """Demand figures of every KPI that Kolada has and we hold for the year: many faults are answered with nothing."""
    if lost := sorted(held.kpis & kolada.catalogue.keys() - came):
        raise SourceRefused(
            f"{kolada.source.id}: Kolada knows {', '.join(lost)} but gave no figure of {period}; figures of that year "
            f"are held, and stay. Nothing was archived of {period}. Look at {kolada.url(f'/data/kpi/{lost[0]}/year')}"
            f"/{period}: if it is empty there too, ask Kolada; if the KPI is to be followed no longer, take it out of "
            f"include/registry/sources/{kolada.source.id}.yaml."
        )


def _document(catalogue: dict[str, Row], rows: list[Row]) -> bytes:
    """Return the capture: KPIs and data rows in an order of their own, for Kolada's order means nothing and varies."""
    ordered = sorted(rows, key=lambda row: (row["kpi"], row["municipality"]))
    document = {
        "kpi": [{k: v for k, v in row.items() if k not in _DATES} for _, row in sorted(catalogue.items())],
        "values": [{**row, "values": sorted(row["values"], key=lambda cell: cell["gender"])} for row in ordered],
        "updated": {kpi: {name: row.get(name) for name in _DATES} for kpi, row in sorted(catalogue.items())},
    }
    return json.dumps(document, ensure_ascii=False).encode()


# --- the producer -----------------------------------------------------------------------------------------------------


class _Kolada:
    """Kolada's API: which of the registry's KPIs it has, and their figures."""

    def __init__(
        self, source: Source, how: KoladaFetch, client: Client, archive: Archive, areas: Sequence[Area]
    ) -> None:
        self.source = source
        self._how = how
        self._client = client
        self._archive = archive
        self._areas = areas
        self.catalogue_paths = [f"/kpi/{','.join(ids)}" for ids in _batched(sorted(how.kpis), MOST_IDS)]
        self.catalogue_pages = [self._listing(path, _kpis, lambda row: row["id"]) for path in self.catalogue_paths]
        self.catalogue: dict[str, Row] = {row["id"]: row for paged in self.catalogue_pages for row in paged.rows}
        if unasked := sorted(self.catalogue.keys() - how.kpis.keys()):
            raise LayoutChanged(f"{source.id}: {self.url('/kpi')} gave {', '.join(unasked)}, which was not asked for.")
        self.gone = {kpi: what for kpi, what in how.kpis.items() if kpi not in self.catalogue}
        self._demand_known()

    def url(self, path: str) -> str:
        """Return the address of a path below the API's own."""
        return self._how.base_url.rstrip("/") + path

    def paths(self, period: Period) -> list[str]:
        """Return the questions for the figures of a year: each KPI for the areas that have it."""
        return [
            f"/data/kpi/{','.join(kpis)}/municipality/{','.join(areas)}/year/{period}"
            for kind, ids in self._by_type.items()
            for kpis in _batched(ids, MOST_IDS)
            for areas in _batched([area_code(a) for a in self._areas if a.kind in _KINDS[kind]], MOST_IDS)
        ]

    def figures(self, period: Period) -> list[Paged]:
        """Return the data rows of a year, each listing proven against its question."""
        listings = []
        for path in self.paths(period):
            paged = self._listing(path, _data_rows, lambda row: (row["kpi"], row["municipality"], row["period"]))
            words = path.split("/")
            kpis, areas = set(words[3].split(",")), set(words[5].split(","))
            for row in paged.rows:
                if row["kpi"] not in kpis or row["municipality"] not in areas or str(row["period"]) != str(period):
                    raise LayoutChanged(
                        f"{self.source.id}: {self.url(path)} gave a row of {row['kpi']}, {row['municipality']}, "
                        f"{row['period']}, which was not asked for."
                    )
            listings.append(paged)
        return listings

    @cached_property
    def _by_type(self) -> dict[str, list[str]]:
        """Return the KPIs by the type of area that has them."""
        by_type: dict[str, list[str]] = {}
        for kpi, row in sorted(self.catalogue.items()):
            kind = row.get("municipality_type")
            if kind not in _KINDS:
                raise LayoutChanged(
                    f"{self.source.id}: {kpi} has the municipality_type {kind!r}; expected one of {', '.join(_KINDS)}."
                )
            by_type.setdefault(kind, []).append(kpi)
        return by_type

    def _demand_known(self) -> None:
        """Demand that a KPI which Kolada does not have is one that we hold: else the registry's id is wrong."""
        where = f"include/registry/sources/{self.source.id}.yaml"
        if not self.catalogue:
            raise SourceRefused(
                f"{self.source.id}: {self.url('/kpi')} knows none of the {len(self.gone)} KPIs of {where}. That is no "
                "withdrawal of them all: compare the address and the API's documentation, https://api.kolada.se/v3/docs."
            )
        if not self.gone:
            return
        versions = {m.part: m for m in self._archive.manifests(self.source.id)}  # of each part the newest
        held = [_Held.of(self._archive, self.source, manifest) for manifest in versions.values()]
        if never := sorted(k for k, what in self.gone.items() if not any(version.has(k, what) for version in held)):
            raise SourceRefused(
                f"{self.source.id}: Kolada has no KPI {', '.join(never)}, and none of its figures was ever held. "
                f"Correct the id or take it out of {where} (fetch.kpis)."
            )

    def _listing(self, path: str, rows: Callable[[Any, str], list[Row]], key: Callable[[Row], Hashable]) -> Paged:
        """Return all rows of a listing."""
        url = self.url(path)
        what = f"{self.source.id}: {url}"
        try:
            return follow(
                self._client,
                url,
                rows=lambda page: rows(page, what),
                next_url=lambda page: _next_url(page, what),
                key=key,
            )
        except HttpRefused as refused:
            if refused.status != 410:
                raise
            raise SourceRefused(
                f"{what} answered 410 (gone): that version of Kolada's API is shut, as v2 is since 31 March 2026. The "
                "version known here is v3, https://api.kolada.se/v3: see that fetch.base_url in "
                f"include/registry/sources/{self.source.id}.yaml says so; if v3 is shut too, a new fetcher is needed."
            ) from refused


def _batched(things: Sequence[str], most: int) -> list[Sequence[str]]:
    return [things[start : start + most] for start in range(0, len(things), most)]


# --- a page -----------------------------------------------------------------------------------------------------------


def _values(page: Any, what: str) -> list[Any]:
    """Return the rows of a page: as many as it says."""
    if not isinstance(page, dict) or not isinstance(page.get("values"), list) or "next_url" not in page:
        found = sorted(page)[:8] if isinstance(page, dict) else type(page).__name__
        raise LayoutChanged(
            f"{what} answered {found}; expected an object with values, count, next_url and previous_url (API v3)."
        )
    rows: list[Any] = page["values"]
    if page.get("count") != len(rows):
        raise LayoutChanged(f"{what}: a page has {len(rows)} rows and says that it has {page.get('count')}.")
    return rows


def _next_url(page: Any, what: str) -> str | None:
    link = page["next_url"]
    if link is not None and not isinstance(link, str):
        raise LayoutChanged(f"{what}: next_url is {link!r}; expected an address or null.")
    return link


def _kpis(page: Any, what: str) -> list[Row]:
    rows = _values(page, what)
    for row in rows:
        if not isinstance(row, dict) or not all(isinstance(row.get(m), str) for m in ("id", "title", "description")):
            raise LayoutChanged(f"{what}: a KPI lacks its id, title or description: {_short(row)}.")
    return rows


def _data_rows(page: Any, what: str) -> list[Row]:
    rows = _values(page, what)
    for row in rows:
        if not (
            isinstance(row, dict)
            and isinstance(row.get("kpi"), str)
            and isinstance(row.get("municipality"), str)
            and isinstance(row.get("period"), int)
            and isinstance(row.get("values"), list)
            and all(isinstance(cell, dict) and isinstance(cell.get("gender"), str) for cell in row["values"])
        ):
            raise LayoutChanged(
                f"{what}: found the row {_short(row)}; expected kpi, period, municipality and values by gender."
            )
    return rows


def _short(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False)[:160]
