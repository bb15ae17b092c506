"""A stand-in for Socialstyrelsen's statistical database: topic, dimensions and figures, its silent misreadings too."""

import json
from itertools import product
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.local import LocalServer, Reply, Request

TOPIC = "yttreorsakertillskadorochforgiftningar"

#: The producer's own address stands in its links, and always without TLS.
PRODUCER = "http://sdb.socialstyrelsen.se"

_DIMENSIONS: dict[str, list[dict[str, Any]]] = {
    "diagnos": [
        {"id": "VXY1", "kod": "V01-X59", "text": "Olycksfall"},
        {"id": "VXY2", "kod": "X60-X84", "text": "Avsiktligt självdestruktiv handling"},
        {"id": "VXY3", "kod": "X85-Y09", "text": "Övergrepp av annan person"},
    ],
    "alder": [{"id": 1, "text": "0-4"}, {"id": 2, "text": "5-84"}, {"id": 3, "text": "85+"}],
    "kon": [{"id": 1, "text": "Män"}, {"id": 2, "text": "Kvinnor"}, {"id": 3, "text": "Båda könen"}],
    "matt": [
        {"id": 6, "text": "Antal patienter"},
        {"id": 7, "text": "Antal patienter per 100\u00a0000 invånare"},
        {"id": 8, "text": "Vårdtillfällen"},
    ],
    "ar": [{"id": year, "text": str(year)} for year in range(2008, 2025)],
    "region": [
        {"id": 0, "kod": "00", "text": "Riket"},
        {"id": 22, "kod": "22", "text": "Västernorrlands län"},
        {"id": 23, "kod": "23", "text": "Jämtlands län"},
    ],
    "vardform": [{"id": "SV", "text": "Sluten vård"}, {"id": "SVOV", "text": "Sluten och öppen vård"}],
}


def figure(row: dict[str, Any]) -> int:
    """Return the number of patients of a row; both sexes are the sum of women and men, nobody of a county is 0-4."""
    if row["regionId"] != 0 and row["alderId"] == 1:
        return 0
    one = 1000 * (row["regionId"] == 0) + 10 * row["alderId"] + int(row["ar"]) % 10
    return 2 * one + 1 if row["konId"] == 3 else one + (row["konId"] == 2)


class SosServer(LocalServer):
    """Answers as the database does.

    Attributes:
        dimensions: the topic's values by dimension, to be changed by a test.
        named: what the topic's list of dimensions calls one of them, if otherwise than its path.
        values: text that stands in ``varde`` instead of the figure, by (region, sex, age, measure).
        per_page: most rows on a page.
        faults: replies given to the next questions for figures instead of an answer.
        same_page: how many times page 1 is given again in place of page 2.
        loops: whether the last page leads to the first.
        stops_early: whether paging ends before the last page, as has been seen.
        grows_after: number of pages after which, once, a row comes in at the front.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dimensions = {name: [dict(entry) for entry in entries] for name, entries in _DIMENSIONS.items()}
        self.named: dict[str, str] = {}
        self.values: dict[tuple[int, int, int, int], str] = {}
        self.per_page = 5000
        self.faults: list[Reply] = []
        self.same_page = 0
        self.loops = False
        self.stops_early = False
        self.grows_after: int | None = None
        self._extra = 0

    @property
    def questions(self) -> list[str]:
        """Return the paths (with page number) of the figures asked for, in order."""
        return [r.path for r in self.requests if "/resultat/" in r.path]

    def reply(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        words = [unquote(word) for word in parts.path.removeprefix("/api/v1/sv").strip("/").split("/")]
        if words[0] != TOPIC:
            return _not_found()
        if len(words) == 1:
            return _json([{"namn": self.named.get(name, name), "text": name} for name in self.dimensions])
        if words[1] == "resultat":
            return self.faults.pop(0) if self.faults else self._figures(words[2:], parse_qs(parts.query), parts.path)
        shown = {self.named.get(name, name): entries for name, entries in self.dimensions.items()}
        entries = {**self.dimensions, **shown}.get(words[1])
        return _json(entries) if entries else _not_found()

    def _figures(self, words: list[str], query: dict[str, list[str]], path: str) -> Reply:
        asked = dict(zip(words[::2], [word.split(",") for word in words[1::2]], strict=True))
        if any(len(asked.get(name, [""])) > 1 for name in ("matt", "diagnos")):
            return _not_found()
        chosen = {}
        for name, entries in self.dimensions.items():  # a name that is not known is ignored
            ids = [entry["id"] for entry in entries if str(entry["id"]) in asked.get(name, [str(entry["id"])])]
            if not ids:
                return _not_found()
            chosen[name] = ids
        rows = [row for ids in product(*chosen.values()) if (row := self._row(dict(zip(chosen, ids, strict=True))))]
        if not rows:
            return _not_found()
        return self._page(rows, int(query["sida"][0]), path)

    def _row(self, ids: dict[str, Any]) -> dict[str, Any] | None:
        row = {f"{name}Id": code for name, code in ids.items() if name != "ar"} | {"ar": str(ids["ar"])}
        written = self.values.get((row["regionId"], row["konId"], row["alderId"], row["mattId"]))
        number = figure(row)
        if written is None and number == 0:
            return None  # zeros are left out
        rate = f"{number / 7:.1f}".replace(".", ",")
        return row | {"varde": written or (rate if row["mattId"] == 7 else f"{number:,}".replace(",", " "))}

    def _page(self, rows: list[dict[str, Any]], page: int, path: str) -> Reply:
        if self.grows_after is not None and len(self.questions) > self.grows_after:
            self.grows_after, self._extra = None, 1
        rows = [rows[-1], *rows[:-1]] if self._extra else rows
        pages = -(-len(rows) // self.per_page)
        if self.same_page and page == 2:
            self.same_page -= 1
            page = 1
        last = page == (pages - 1 if self.stops_early else pages)
        after = None if last and not self.loops else 1 if last else page + 1
        link = f"{PRODUCER}{path}?per_sida={self.per_page}&sida={after}"
        return _json(
            {
                "data": rows[(page - 1) * self.per_page : page * self.per_page],
                "amne": TOPIC,
                "nasta_sida": link if after else None,
                "foregaende_sida": None,
                "sida": page,
                "per_sida": self.per_page,
                "sidor": pages,
            }
        )


def _json(document: object) -> Reply:
    return Reply(json.dumps(document, ensure_ascii=False).encode(), headers={"Content-Type": "application/json"})


def _not_found() -> Reply:
    return Reply(b"<html><body>404</body></html>", 404, {"Content-Type": "text/html"})
