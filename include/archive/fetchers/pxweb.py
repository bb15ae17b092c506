"""Tables of a PxWebApi v2, as Statistics Sweden's: asked by POST, every variable sent, split at the server's limit.

Documents: the OpenAPI document PxAPI-2 (github.com/PxTools/PxApiSpecs) and SCB's own answers. The moment a table was
``updated`` and the selection say whether there is anything to ask for; the answer is checked against the question.
"""

import json
from collections.abc import Iterator
from math import prod
from typing import Any
from urllib.parse import quote, urlencode

from include.archive.addresses import Address
from include.archive.fetchers import Fetched, Found, Missing, Unchanged, jsonstat, pxweb_v1
from include.archive.fetchers.jsonstat import Dataset
from include.archive.fetchers.pxweb_query import demand_kept, halves, is_too_large, selection_of, time_code
from include.archive.http import Answer, Client, HttpRefused
from include.archive.manifest import Manifest
from include.archive.parts import contact_of, holding, table_part
from include.archive.store import Archive
from include.errors import LayoutChanged
from include.periods import Period
from include.registry.models import PxWebFetch, PxWebTable, Registry, Source

#: Until /config has answered.
_FIRST_CALLS_PER_SECOND = 1.0


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield each period of each table: fetched, unchanged since it was fetched, or missing since it is not out yet.

    Raises:
        LayoutChanged: the table lacks variables or codes asked for, or the answer is not what was asked for.
        SourceRefused: the request is wrong, the table is gone, or it lacks a period that is held.
        SourceUnavailable: no whole answer in time.
    """
    if not isinstance(source.fetch, PxWebFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    if source.fetch.api == "v1":
        yield from pxweb_v1.fetch(source, periods, archive, address, registry)
        return
    client = Client(source, address, calls_per_second=_FIRST_CALLS_PER_SECOND, contact=contact_of(registry))
    server: _Server | None = None
    gone: list[str] = []
    for period in periods:
        for table in holding(source.fetch.tables, period):
            server = server or _Server(source, source.fetch, client)
            selection = selection_of(table, time_code(period))
            held = archive.latest(source.id, table_part(table, period))
            found = _period(server, table, period, selection, held)
            if held and isinstance(found, Missing):
                gone.append(found.part)
            yield found
    demand_kept(gone, source.id)


def _period(
    server: "_Server", table: PxWebTable, period: Period, selection: dict[str, list[str]], held: Manifest | None
) -> Found:
    """Return one period of one table."""
    name = table_part(table, period)
    metadata = server.metadata(table)
    if time_code(period) not in jsonstat.codes(metadata, table.time_variable):
        return Missing(name, "not published yet")
    request = {
        "method": "POST",
        "url": server.data_url(table),
        "updated": metadata.get("updated"),
        "selection": selection,
        "codelists": table.codelists,
    }
    if held and metadata.get("updated") and held.request == request:
        return Unchanged(name)
    _demand_codes(server, table, metadata, selection)
    answers = server.answers(table, metadata, selection)
    content, notes = _content(answers)
    return Fetched(
        part=name,
        periods=[str(period)],
        content=content,
        url=server.data_url(table),
        request=request,
        media_type="application/json",
        file_name=f"{name}.json",
        headers=answers.last.headers,
        notes=notes,
        pieces=answers.raw if len(answers.raw) > 1 else [],
    )


class _Answers:
    """The answers to one question: the joined dataset and each answer's bytes as received."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.dataset: Dataset = {}
        self.last: Answer


def _content(answers: _Answers) -> tuple[bytes, list[str]]:
    """Return the bytes to archive: the answer as received, or the join of several, which then are kept beside it."""
    if len(answers.raw) == 1:
        return answers.raw[0], []
    joined = json.dumps(answers.dataset, ensure_ascii=False).encode()
    return joined, [f"Joined of {len(answers.raw)} answers, for the selection is larger than the server gives at once."]


def _demand_codes(server: "_Server", table: PxWebTable, metadata: Dataset, selection: dict[str, list[str]]) -> None:
    """Demand that the table has just the variables of the selection and every code that it names."""
    if set(metadata["id"]) != set(selection):
        raise LayoutChanged(
            f"{server.source.id}: table {table.id} has the variables {sorted(metadata['id'])}, the registry selects "
            f"{sorted(selection)}. Every variable must be selected: one left out may vanish or be added up."
        )
    for variable, asked in selection.items():
        there = {code.casefold() for code in jsonstat.codes(metadata, variable)}
        if lacking := [c for c in asked if not jsonstat.is_expression(c) and c.casefold() not in there]:
            raise LayoutChanged(
                f"{server.source.id}: table {table.id} has no {variable} {', '.join(lacking)}. "
                "Compare the source's selection in the registry with the table's metadata."
            )


class _Server:
    """A PxWebApi server: its limits, its tables' metadata (each read once) and their data."""

    def __init__(self, source: Source, how: PxWebFetch, client: Client) -> None:
        self.source = source
        self._how = how
        self._client = client
        self._metadata: dict[tuple[str, ...], Dataset] = {}
        config = self._json(client.get(self._url("/config"), "json"))
        self._most_cells = int(config.get("maxDataCells") or 0) or 100_000
        calls, seconds = float(config.get("maxCallsPerTimeWindow") or 0), float(config.get("timeWindow") or 0)
        allowed = calls / seconds if calls > 0 and seconds > 0 else how.calls_per_second
        client.slow_to(min(how.calls_per_second, allowed))

    def metadata(self, table: PxWebTable) -> Dataset:
        """Return what a table holds, in the code lists that the registry chooses."""
        key = (table.id, *sorted(f"{variable}={name}" for variable, name in table.codelists.items()))
        if key not in self._metadata:
            query = {"lang": self._how.language} | {f"codelist[{v}]": name for v, name in table.codelists.items()}
            url = self._url(f"/tables/{quote(table.id)}/metadata?{urlencode(query)}")
            metadata = self._json(self._client.get(url, "json"))
            if not {"id", "size", "dimension"} <= metadata.keys() or table.time_variable not in metadata["id"]:
                raise LayoutChanged(
                    f"{self.source.id}: the metadata of table {table.id} names no variable {table.time_variable}; "
                    f"it has the members {sorted(metadata)[:12]} and the variables {metadata.get('id')}."
                )
            self._metadata[key] = metadata
        return self._metadata[key]

    def data_url(self, table: PxWebTable) -> str:
        """Return the address at which a table's data are asked for."""
        query = urlencode({"lang": self._how.language, "outputFormat": "json-stat2"})
        return self._url(f"/tables/{quote(table.id)}/data?{query}")

    def answers(self, table: PxWebTable, metadata: Dataset, selection: dict[str, list[str]]) -> _Answers:
        """Return a table's data for a selection, asked in as many parts as the server's limit makes necessary."""
        answers = _Answers()
        answers.dataset = self._ask(table, metadata, selection, answers)
        jsonstat.demand(answers.dataset, selection, f"{self.source.id}, table {table.id}")
        return answers

    def _ask(self, table: PxWebTable, metadata: Dataset, selection: dict[str, list[str]], answers: _Answers) -> Dataset:
        """Ask for a selection; if it is too large, by our count or the server's, ask for its halves and join them."""
        counts = {variable: _count(metadata, variable, asked) for variable, asked in selection.items()}
        if prod(counts.values()) <= self._most_cells:
            try:
                answer = self._client.post(self.data_url(table), "json", self._body(table, selection))
            except HttpRefused as refused:
                if not is_too_large(refused):
                    raise
            else:
                dataset = self._json(answer)
                jsonstat.demand(dataset, selection, f"{self.source.id}, table {table.id}")
                answers.raw.append(answer.content or b"")
                answers.last = answer
                return dataset
        named = {
            variable: jsonstat.codes(metadata, variable) if asked == ["*"] else list(dict.fromkeys(asked))
            for variable, asked in selection.items()
            if asked == ["*"] or not any(map(jsonstat.is_expression, asked))
        }
        variable, first, second = halves(named, f"{self.source.id}, table {table.id}", self._most_cells)
        return jsonstat.join(
            self._ask(table, metadata, {**selection, variable: first}, answers),
            self._ask(table, metadata, {**selection, variable: second}, answers),
            variable,
        )

    def _body(self, table: PxWebTable, selection: dict[str, list[str]]) -> dict[str, Any]:
        """Return the question for a selection; no code twice, which SCB answers with an error of its own."""
        return {
            "selection": [
                {"variableCode": variable, "valueCodes": list(dict.fromkeys(asked))}
                | ({"codelist": table.codelists[variable]} if variable in table.codelists else {})
                for variable, asked in selection.items()
            ]
        }

    def _json(self, answer: Answer) -> dict[str, Any]:
        document = json.loads(answer.content or b"null")
        if not isinstance(document, dict):
            raise LayoutChanged(
                f"{self.source.id}: {answer.url.partition('?')[0]} answered something else than an object."
            )
        return document

    def _url(self, path: str) -> str:
        return self._how.base_url.rstrip("/") + path


def _count(metadata: Dataset, variable: str, asked: list[str]) -> int:
    """Return how many codes a selection of a variable has at most."""
    if any(map(jsonstat.is_expression, asked)):
        return len(jsonstat.codes(metadata, variable))
    return len(set(asked))
