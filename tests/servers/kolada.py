"""A stand-in for Kolada's API v3: paths, envelopes, pages and silences as the real one's."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from include.registry.models import KoladaFetch
from tests.servers.local import LocalServer, Reply, Request

#: KPIs that exist for municipalities only, and for regions only; the rest are for both.
MUNICIPAL = {"N07402", "N07537", "N07541", "N07542", "N07549", "U30750", "U30751", "U30752"}
REGIONAL = {"N70608"}

MOST_IDS = 25


def cell(gender: str, value: float | None, **other: Any) -> dict[str, Any]:
    """Return a figure as Kolada writes it."""
    return {"gender": gender, "count": 1, "status": "", "value": value, "isdeleted": False, **other}


def row(kpi: str, area: str, year: int, *cells: dict[str, Any]) -> dict[str, Any]:
    """Return a data row."""
    return {"kpi": kpi, "period": year, "municipality": area, "values": list(cells)}


def kpi_row(kpi: str, title: str, **other: Any) -> dict[str, Any]:
    """Return a KPI of the catalogue."""
    kind = "K" if kpi in MUNICIPAL else "L" if kpi in REGIONAL else "A"
    return {
        "id": kpi,
        "title": title,
        "description": f"Påhittad beskrivning av {kpi}.",
        "is_divided_by_gender": False,
        "municipality_type": kind,
        "auspice": "X",
        "operating_area": "Befolkning",
        "perspective": "Övrigt",
        "prel_publication_date": None,
        "publication_date": "2026-03-31",
        "publ_period": "2025",
        "has_ou_data": False,
        **other,
    }


class KoladaServer(LocalServer):
    """Holds a catalogue and figures; ``replies`` are given to the next calls instead of an answer."""

    def __init__(self, fetch: KoladaFetch) -> None:
        super().__init__()
        self.catalogue = {kpi: kpi_row(kpi, known.title) for kpi, known in fetch.kpis.items()}
        self.rows: list[dict[str, Any]] = []
        self.page_size = 5000
        self.replies: list[Reply] = []
        self.change: dict[str, Any] = {}

    @property
    def questions(self) -> list[tuple[list[str], list[str], str]]:
        """Return what data were asked for, first pages only: KPIs, areas, year."""
        paths = [urlsplit(r.path) for r in self.requests]
        words = [p.path.split("/") for p in paths if p.path.startswith("/v3/data/") and not p.query]
        return [(w[4].split(","), w[6].split(","), w[8]) for w in words]

    def reply(self, request: Request) -> Reply:
        if self.replies:
            return self.replies.pop(0)
        parts = urlsplit(request.path)
        match parts.path.strip("/").split("/"):
            case ["v2", *_]:
                return _json({"detail": "Gone"}, 410)
            case ["v3", "kpi", ids]:
                wanted = ids.split(",")
                found = [r for kpi, r in reversed(self.catalogue.items()) if kpi in wanted]
                return self._page(parts.path, parts.query, found, [wanted])
            case ["v3", "data", "kpi", ids, "municipality", areas, "year", years]:
                wanted, places, times = ids.split(","), areas.split(","), years.split(",")
                found = [
                    r
                    for r in self.rows
                    if r["kpi"] in wanted and r["municipality"] in places and str(r["period"]) in times
                ]
                return self._page(parts.path, parts.query, found, [wanted, places, times])
        return _json({"detail": "Not Found"}, 404)

    def _page(self, path: str, query: str, found: list[dict[str, Any]], asked: list[list[str]]) -> Reply:
        if max(map(len, asked)) > MOST_IDS:
            return _json({"detail": "Too many ids"}, 400)
        number = int(parse_qs(query).get("page", ["1"])[0])
        start = (number - 1) * self.page_size
        rows = found[start : start + self.page_size]
        address = f"https://api.kolada.se{path}?per_page={self.page_size}&page="
        document = {
            "values": rows,
            "count": len(rows),
            "next_url": f"{address}{number + 1}" if start + self.page_size < len(found) else None,
            "previous_url": f"{address}{number - 1}" if number > 1 else None,
        }
        return _json({k: v for k, v in {**document, **self.change}.items() if v != "left out"})


def _json(document: object, status: int = 200) -> Reply:
    return Reply(
        json.dumps(document, ensure_ascii=False).encode(), status, {"Content-Type": "application/json; charset=utf-8"}
    )
