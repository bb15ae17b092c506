"""A stand-in for a server of PxWeb's API v1: limits, variables and figures as Folkhälsomyndigheten and SCB give them.

Paths and codes count letter by letter; a wrong question gets a plain "Bad Request", as SCB answers in practice.
"""

import json
from dataclasses import dataclass, field
from math import prod
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.servers.local import LocalServer, Reply, Request
from tests.servers.pxweb import Codes, Labels, dataset, figure, label

#: Hlv1socxreg as public scripts show it: variables, codes and labels (three regions and two means of many).
FOHM_CODES: Codes = {
    "Region": ["00", "01", "23"],
    "Sociala relationer": ["01", "09", "15", "20", "25", "45"],
    "Andel och konfidensintervall": ["01", "02", "03", "04"],
    "Kön": ["00", "01", "02"],
    "År": ["2018-2021", "2019-2022", "2021-2024"],
}
FOHM_LABELS: Labels = {
    "Region": {"00": "00 Riket", "01": "01 Stockholms län", "23": "23 Jämtlands län"},
    "Sociala relationer": {
        "01": "Avstått från att gå ut ensam på grund av rädsla",
        "09": "Utsatt för fysiskt våld eller hot om våld",
        "15": "Utsatt för fysiskt våld",
        "20": "Utsatt för hot om våld",
        "25": "Saknar emotionellt stöd",
        "45": "Utsatt för kränkande behandling eller bemötande",
    },
    "Andel och konfidensintervall": {
        "01": "Andel",
        "02": "Konfidensintervall nedre gräns",
        "03": "Konfidensintervall övre gräns",
        "04": "Antal svar",
    },
    "Kön": {"00": "Totalt", "01": "Kvinnor", "02": "Män"},
}
FOHM_PATH = "A_Folkhalsodata/B_HLV/eSocialarel/aSocialarel/hlv1socxreg.px"


def fohm_share(cell: list[str]) -> float:
    """Return an invented share, or the limit one below or above it, that the cell's codes decide."""
    region, question, limit, sex, time = cell
    share = figure([region, question, sex, time]) % 40 + 5.5
    return share + {"01": 0, "02": -1, "03": 1, "04": 1000}[limit]


@dataclass
class Table:
    """A table: its codes and labels, what a cell holds, which symbols stand for gaps, and what is counted."""

    codes: Codes
    labels: Labels
    time: str
    value: Any = figure
    gaps: dict[str, str] = field(default_factory=dict)
    counted: str = "EliminatedValue"


class PxWebV1Server(LocalServer):
    """Holds tables by path; ``faults`` are replies given to the next questions for data instead of an answer."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self.root = root
        self.tables: dict[str, Table] = {}
        self.config: dict[str, Any] | None = {
            "maxValues": 10000,
            "maxCells": 100000,
            "maxCalls": 1000,
            "timeWindow": 10,
            "CORS": True,
        }
        self.formats = {"json-stat2", "json"}
        self.real_limit: int | None = None
        self.byte_order_mark = False
        self.drop_row = False
        self.faults: list[Reply] = []

    @property
    def questions(self) -> list[dict[str, list[str]]]:
        """Return the selections that were asked for, in order."""
        bodies = [json.loads(r.body) for r in self.requests if r.method == "POST"]
        return [{q["code"]: q["selection"]["values"] for q in body["query"]} for body in bodies]

    def reply(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        path = unquote(parts.path).removeprefix(self.root).strip("/")
        if parts.query == "config":
            return self._json(self.config) if self.config else Reply(b"Not Found", 404, {"Content-Type": "text/html"})
        if path not in self.tables:
            return Reply(b"", 404)
        table = self.tables[path]
        if request.method == "GET":
            return self._json(_metadata(table))
        return self.faults.pop(0) if self.faults else self._data(table, json.loads(request.body))

    def _data(self, table: Table, body: dict[str, Any]) -> Reply:
        chosen: Codes = {}
        for part in body["query"]:
            assert part["selection"]["filter"] == "item"
            chosen[part["code"]] = part["selection"]["values"]
        known = all(set(codes) <= set(table.codes.get(variable, [])) for variable, codes in chosen.items())
        if not known or set(chosen) != set(table.codes) or body["response"]["format"] not in self.formats:
            return Reply(b"Bad Request", 400, {"Content-Type": "text/plain"})
        if prod(map(len, chosen.values())) > (self.real_limit or self.config["maxValues"]):
            return self._json({"error": "Too many values selected"}, 403)
        chosen = {v: [c for c in table.codes[v] if c in chosen[v]] for v in table.codes}
        answer = _json_stat2(table, chosen) if body["response"]["format"] == "json-stat2" else _px_json(table, chosen)
        if self.drop_row:
            answer.get("data", answer.get("value")).pop()
        return self._json(answer)

    def _json(self, document: object, status: int = 200) -> Reply:
        mark = b"\xef\xbb\xbf" if self.byte_order_mark else b""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return Reply(mark + json.dumps(document, ensure_ascii=False).encode(), status, headers)


def _metadata(table: Table) -> dict[str, Any]:
    return {
        "title": "En tabell efter region, kön och år",
        "variables": [
            {
                "code": variable,
                "text": variable.lower(),
                "values": codes,
                "valueTexts": [label(table.labels, variable, code) for code in codes],
                **({"time": True} if variable == table.time else {"elimination": True}),
            }
            for variable, codes in table.codes.items()
        ],
    }


def _cells(table: Table, chosen: Codes) -> list[tuple[list[str], float | str]]:
    """Return each cell's codes with its figure, or the symbol of its gap."""
    rows: list[list[str]] = [[]]
    for codes in chosen.values():
        rows = [[*row, code] for row in rows for code in codes]
    return [(row, table.gaps.get(" ".join(row), table.value(row))) for row in rows]


def _json_stat2(table: Table, chosen: Codes) -> dict[str, Any]:
    cells = _cells(table, chosen)
    counted = {} if "ContentsCode" in chosen else {"ContentsCode": [table.counted]}
    answer = dataset("v1", chosen | counted, "2026-02-20T07:00:00Z", labels=table.labels)
    answer["role"]["time"] = [table.time]
    answer["extension"] = {"px": {"matrix": "BefolkningNy"}}
    answer["value"] = [value if isinstance(value, int | float) else None for _, value in cells]
    status = {str(place): value for place, (_, value) in enumerate(cells) if isinstance(value, str)}
    return answer | ({"status": status} if status else {})


def _px_json(table: Table, chosen: Codes) -> dict[str, Any]:
    counted = chosen.get("ContentsCode", [table.counted])
    kinds = {variable: "t" if variable == table.time else "d" for variable in chosen if variable != "ContentsCode"}
    columns = [{"code": v, "text": v.lower(), "type": kind} for v, kind in kinds.items()]
    columns += [{"code": c, "text": label(table.labels, "ContentsCode", c), "type": "c"} for c in counted]
    rows: dict[tuple[str, ...], list[str]] = {}
    for cell, value in _cells(table, chosen):
        key = tuple(code for code, variable in zip(cell, chosen, strict=True) if variable != "ContentsCode")
        rows.setdefault(key, []).append(value if isinstance(value, str) else f"{value:g}")
    data = [{"key": list(key), "values": values} for key, values in rows.items()]
    return {"columns": columns, "comments": [], "data": data}
