"""A stand-in for a PxWebApi v2 server: config, metadata and data as SCB's speaks them, limits and errors included."""

import json
from math import prod
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.local import LocalServer, Reply, Request

Codes = dict[str, list[str]]


def figure(codes: list[str]) -> int:
    """Return the figure of a cell, which its codes alone decide."""
    return sum((place + 1) * ord(sign) for place, code in enumerate(codes) for sign in code) % 9973


Labels = dict[str, dict[str, str]]

#: How SCB labels the codes of its population tables, as far as a label is not the code itself.
SCB_LABELS: Labels = {
    "Region": {"00": "Riket", "23": "Jämtlands län", "2380": "Östersund", "2313": "Strömsund", "2326": "Berg"},
    "Civilstand": {"OG": "ogifta", "G": "gifta", "SK": "skilda", "ÄNKL": "änkor/änklingar", "SC": "totalt"},
    "Kon": {"1": "män", "2": "kvinnor", "TotSa": "totalt, samtliga män och kvinnor"},
    "Alder": {"tot": "totalt ålder", "TotSA": "totalt, samtliga åldrar", "100+": "100+ år", "100+10": "100+ år"}
    | {str(age): f"{age} år" for age in range(100)}
    | {f"{age}-{age + 9}": f"{age}-{age + 9} år" for age in range(0, 100, 10)},
    "ContentsCode": {"BE0101N1": "Folkmängd", "000007ME": "Folkmängd", "000007SF": "Folkmängden per månad"},
}


def label(labels: Labels, variable: str, code: str) -> str:
    """Return a code's label: the given one, the code of a time, or something that is none of the producer's."""
    return labels.get(variable, {}).get(code, code if variable in ("Tid", "År") else f"namn på {code}")


def dataset(
    table: str, variables: Codes, updated: str, marks: set[int] = frozenset(), labels: Labels | None = None
) -> dict[str, Any]:
    """Return the json-stat2 answer for the codes of each variable; ``marks`` are places without a value."""
    size = [len(codes) for codes in variables.values()]
    value: list[int | None] = []
    for place in range(prod(size)):
        rest, cell = place, []
        for codes in reversed(variables.values()):
            rest, at = divmod(rest, len(codes))
            cell.insert(0, codes[at])
        value.append(figure(cell))
    answer: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": table,
        "source": "SCB",
        "updated": updated,
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
        "id": list(variables),
        "size": size,
        "dimension": {
            variable: {
                "label": variable.lower(),
                "category": {
                    "index": {code: place for place, code in reversed(list(enumerate(codes)))},
                    "label": {code: label(labels or {}, variable, code) for code in codes},
                },
            }
            for variable, codes in variables.items()
        },
        "extension": {"px": {"tableid": table}},
        "value": [None if place in marks else number for place, number in enumerate(value)],
    }
    if marks:
        answer["status"] = {str(place): ".." for place in sorted(marks)}
    return answer


class PxWebServer(LocalServer):
    """Holds tables; ``faults`` are replies given to the next questions for data instead of an answer.

    ``changes`` are other figures than the codes decide, by the cell's codes with a blank between.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, Codes] = {}
        self.labels: Labels = {}
        self.changes: dict[str, float] = {}
        self.notes: list[str] = []
        self.updated = "2026-02-20T07:00:00Z"
        self.config: dict[str, Any] = {"maxDataCells": 150000, "maxCallsPerTimeWindow": 3, "timeWindow": 1}
        self.real_limit: int | None = None
        self.too_many_status = 400
        self.faults: list[Reply] = []
        self.drop_variable: str | None = None
        self.drop_code: str | None = None

    @property
    def questions(self) -> list[dict[str, list[str]]]:
        """Return the selections that were asked for, in order."""
        bodies = [json.loads(r.body) for r in self.requests if r.method == "POST"]
        return [{s["variableCode"]: s["valueCodes"] for s in body["selection"]} for body in bodies]

    def reply(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        words = parts.path.removeprefix("/api/v2").strip("/").split("/")
        if words == ["config"]:
            return _json(self.config)
        if words[0] != "tables" or words[1] not in self.tables:
            return _problem(404, "Non-existent table")
        if words[2] == "metadata":
            return _json(dataset(words[1], self.tables[words[1]], self.updated) | {"value": []})
        assert request.method == "POST"
        assert parse_qs(parts.query)["outputFormat"] == ["json-stat2"]
        return self.faults.pop(0) if self.faults else self._data(words[1], json.loads(request.body))

    def _data(self, table: str, body: dict[str, Any]) -> Reply:
        held = self.tables[table]
        chosen: Codes = {}
        for entry in body["selection"]:
            variable, asked = entry["variableCode"], entry["valueCodes"]
            if variable not in held:
                return _problem(400, "Non-existent variable")
            codes = held[variable] if asked == ["*"] else asked
            if set(codes) - set(held[variable]):
                return _problem(400, "Non-existent value")
            chosen[variable] = [code for code in codes if code != self.drop_code]
        chosen = {variable: chosen[variable] for variable in held if variable in chosen}
        limit = self.real_limit or self.config["maxDataCells"]
        if prod(map(len, chosen.values())) > limit:
            return _problem(self.too_many_status, "Too many cells selected")
        chosen.pop(self.drop_variable or "", None)
        places = range(prod(map(len, chosen.values())))
        marks = {p for p in places if "NA" in _cell(chosen, p)}
        answer = dataset(table, chosen, self.updated, marks, self.labels)
        answer["value"] = [
            self.changes.get(" ".join(_cell(chosen, place)), value) for place, value in enumerate(answer["value"])
        ]
        return _json(answer | ({"note": self.notes} if self.notes else {}))


def _cell(variables: Codes, place: int) -> list[str]:
    cell = []
    for codes in reversed(variables.values()):
        place, at = divmod(place, len(codes))
        cell.insert(0, codes[at])
    return cell


def _json(document: object) -> Reply:
    return Reply(
        json.dumps(document, ensure_ascii=False).encode(), headers={"Content-Type": "application/json; charset=utf-8"}
    )


def _problem(status: int, title: str) -> Reply:
    body = json.dumps({"type": "Parameter error", "title": title, "status": status}).encode()
    return Reply(body, status, {"Content-Type": "application/problem+json"})
