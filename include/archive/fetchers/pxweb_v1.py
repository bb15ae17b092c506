"""Tables of a PxWeb API v1, as Folkhälsomyndigheten's, and Statistics Sweden's beside its newer one.

Document: the server's source (statisticssweden/PxWeb, ``PCAxis.Api/SSDHandler.cs``) and the producers' own answers. A
table is a path whose letters count, non-ASCII ones included; GET gives its variables, POST its figures. There is no
moment of update to ask for, so each period is asked again and the archive tells whether anything is new.

The answer is json-stat2 where the server has it, else PxWeb's own ``json``: rows of codes and texts, in which a missing
figure is the producer's symbol. That form has no labels, so the labels asked for are archived around it.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any
from urllib.parse import quote

from include.archive.addresses import Address
from include.archive.fetchers import Fetched, Found, Missing, jsonstat
from include.archive.fetchers.pxweb_query import Selection, demand_kept, halves, is_too_large, selection_of, time_code
from include.archive.http import Answer, Client, HttpRefused
from include.archive.parts import contact_of, holding, table_part
from include.archive.store import Archive
from include.errors import LayoutChanged
from include.periods import Period
from include.registry.models import PxWebFetch, PxWebTable, PxWebV1Fetch, PxWebV1Table, Registry, Source

log = logging.getLogger(__name__)

JSON_STAT, PX_JSON = "json-stat2", "json"

#: The variable that a server adds to an answer for a table that has none for what is counted. Its code is of no use
#: ("EliminatedValue").
CONTENTS = "ContentsCode"

#: Until ``?config`` has answered, and where it says nothing.
_FIRST_CALLS_PER_SECOND = 1.0
_MOST_CELLS = 10_000


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield each period of each table: fetched, or missing since the table does not have it.

    A source of kind ``pxweb`` is asked here too where the registry says ``api: v1``: same parts, same figures.

    Raises:
        LayoutChanged: the table lacks variables or codes asked for, or the answer is not what was asked for.
        SourceRefused: the request is wrong, the table is gone, or it lacks a period that is held.
        SourceUnavailable: no whole answer in time.
    """
    how = _how(source)
    client = Client(source, address, calls_per_second=_FIRST_CALLS_PER_SECOND, contact=contact_of(registry))
    server: _Server | None = None
    gone: list[str] = []
    for period in periods:
        for table in holding(_tables(source), period):
            if table.path is None:
                yield Missing(table_part(table, period), "the producer's API v1 does not have this table")
                continue
            server = server or _Server(source, how, client)
            found = _period(server, PxWebV1Table(**table.model_dump()), period)
            if isinstance(found, Missing) and archive.latest(source.id, found.part):
                gone.append(found.part)
            yield found
    demand_kept(gone, source.id)


def _how(source: Source) -> PxWebV1Fetch:
    """Return how the API v1 is asked: the source's own way, or its second one."""
    if isinstance(source.fetch, PxWebV1Fetch):
        return source.fetch
    if not isinstance(source.fetch, PxWebFetch) or source.fetch.v1_base_url is None:
        raise TypeError(f"{source.id} is of kind {source.kind} and has no address of an API v1")
    return PxWebV1Fetch(
        kind="pxweb_v1",
        base_url=source.fetch.v1_base_url,
        tables=[],
        allowed_hosts=source.fetch.allowed_hosts,
        calls_per_second=source.fetch.calls_per_second,
        language=source.fetch.language,
    )


def _tables(source: Source) -> list[PxWebTable]:
    return list(source.fetch.tables) if isinstance(source.fetch, PxWebFetch | PxWebV1Fetch) else []


def _period(server: "_Server", table: PxWebV1Table, period: Period) -> Found:
    """Return one period of one table."""
    name = table_part(table, period)
    metadata = server.metadata(table)
    time = metadata.code_of(table.time_variable, time_code(period))
    if time is None:
        return Missing(name, "the table does not have this period (yet)")
    selection = metadata.expanded(selection_of(table, time), server.what(table))
    answers = server.answers(table, metadata, selection)
    url = server.url(table)
    return Fetched(
        part=name,
        periods=[str(period)],
        content=answers.content(metadata, selection),
        url=url,
        request={"method": "POST", "url": url, "api": "v1", "format": answers.format, "selection": selection},
        media_type="application/json",
        file_name=f"{name}.json",
        headers=answers.last.headers,
        notes=answers.notes(),
        pieces=answers.pieces(metadata),
    )


@dataclass(frozen=True)
class _Metadata:
    """What a table holds: for each variable its codes with their labels, in order.

    Attributes:
        raw: the answer as received.
        texts: variable: code: label.
        names: variable: its own label.
    """

    raw: bytes
    texts: dict[str, dict[str, str]]
    names: dict[str, str]

    def code_of(self, variable: str, text: str) -> str | None:
        """Return the code of a value that is called ``text``, by its code or, if none is so, its one label."""
        codes = self.texts[variable]
        if text in codes:
            return text
        by_label = [code for code, label in codes.items() if label.strip() == text]
        return by_label[0] if len(by_label) == 1 else None

    def expanded(self, selection: Selection, what: str) -> Selection:
        """Return the selection with ``*`` as the codes it stands for; demand just the variables and codes there are.

        Codes are compared letter by letter, as this API does.
        """
        if set(self.texts) != set(selection):
            raise LayoutChanged(
                f"{what}: the table has the variables {sorted(self.texts)}, the registry selects {sorted(selection)}. "
                "Every variable must be selected: one left out may vanish or be added up."
            )
        full = {
            variable: list(self.texts[variable]) if asked == ["*"] else asked for variable, asked in selection.items()
        }
        for variable, asked in full.items():
            if lacking := [code for code in asked if code not in self.texts[variable]]:
                raise LayoutChanged(
                    f"{what}: the table has no {variable} {', '.join(lacking)}. Compare the source's selection in the "
                    "registry with the table's variables (letters count, and no expression but * is known here)."
                )
        return {variable: full[variable] for variable in self.texts}

    def asked(self, selection: Selection) -> list[dict[str, Any]]:
        """Return the variables with the codes asked for and their labels, in the form of the metadata.

        No more than that: a year that is added to the table is no revision of the years before.
        """
        return [
            {
                "code": variable,
                "text": self.names[variable],
                "values": codes,
                "valueTexts": [self.texts[variable][code] for code in codes],
            }
            for variable, codes in selection.items()
        ]


@dataclass
class _Answers:
    """The answers to one question, all in one form: their bytes as received and their figures joined."""

    format: str
    raw: list[bytes] = field(default_factory=list)
    joined: dict[str, Any] = field(default_factory=dict)
    last: Answer = field(default_factory=lambda: Answer("", b"", {}))

    def content(self, metadata: _Metadata, selection: Selection) -> bytes:
        """Return the bytes to archive: the answer as received, or the join of several and of the labels."""
        if self.format == JSON_STAT and len(self.raw) == 1:
            return self.raw[0]
        labels = {"variables": metadata.asked(selection)} if self.format == PX_JSON else {}
        return json.dumps(labels | self.joined, ensure_ascii=False).encode()

    def pieces(self, metadata: _Metadata) -> list[bytes]:
        """Return the answers as received, where the content is put together of several."""
        if self.format == PX_JSON:
            return list(dict.fromkeys([metadata.raw, *self.raw]))
        return self.raw if len(self.raw) > 1 else []

    def notes(self) -> list[str]:
        """Return what a reader of the archive should know of the content."""
        said = []
        if self.format == PX_JSON:
            said.append("The server gave PxWeb's own json; the labels are put beside it from the table's variables.")
        if len(self.raw) > 1:
            said.append(
                f"Joined of {len(self.raw)} answers, for the selection is larger than the server gives at once."
            )
        return said


class _Server:
    """A PxWeb server: its limits, its tables' variables (each read once) and their figures."""

    def __init__(self, source: Source, how: PxWebV1Fetch, client: Client) -> None:
        self._source = source
        self._how = how
        self._client = client
        self._metadata: dict[str, _Metadata] = {}
        self._most_cells = _MOST_CELLS
        self._read_limits()

    def what(self, table: PxWebV1Table) -> str:
        """Name a table in messages."""
        return f"{self._source.id}, table {table.id}"

    def url(self, table: PxWebV1Table) -> str:
        """Return a table's address; its letters are kept as they are."""
        return f"{self._root()}/{quote(table.path)}"

    def metadata(self, table: PxWebV1Table) -> _Metadata:
        """Return what a table holds."""
        if table.path not in self._metadata:
            answer = self._client.get(self.url(table), "json")
            self._metadata[table.path] = _variables(answer, table, self.what(table))
        return self._metadata[table.path]

    def answers(self, table: PxWebV1Table, metadata: _Metadata, selection: Selection) -> _Answers:
        """Return a table's figures for a selection, in as many parts as the server's limit makes necessary.

        A server that refuses json-stat2 is asked once more, for its own form. The codes are known to be right by then,
        so if that is refused as well, the first refusal stands.
        """
        try:
            return self._answers(JSON_STAT, table, metadata, selection)
        except HttpRefused as refused:
            if refused.status != 400:
                raise
            log.warning("%s: %s; its own json is asked for instead.", self.what(table), refused)
            try:
                return self._answers(PX_JSON, table, metadata, selection)
            except HttpRefused:
                raise refused from None

    def _answers(self, form: str, table: PxWebV1Table, metadata: _Metadata, selection: Selection) -> _Answers:
        answers = _Answers(form)
        answers.joined = self._ask(table, metadata, selection, answers)
        _demand(answers.joined, form, metadata, selection, self.what(table))
        return answers

    def _ask(self, table: PxWebV1Table, metadata: _Metadata, selection: Selection, answers: _Answers) -> dict[str, Any]:
        """Ask for a selection; if it is too large, by our count or the server's, ask for its halves and join them."""
        if prod(map(len, selection.values())) <= self._most_cells:
            try:
                answer = self._client.post(self.url(table), "json", _body(selection, answers.format))
            except HttpRefused as refused:
                if not is_too_large(refused):
                    raise
            else:
                document = _object(answer, self.what(table))
                _demand(document, answers.format, metadata, selection, self.what(table))
                answers.raw.append(answer.content or b"")
                answers.last = answer
                return document
        variable, first, second = halves(selection, self.what(table), self._most_cells)
        one = self._ask(table, metadata, {**selection, variable: first}, answers)
        other = self._ask(table, metadata, {**selection, variable: second}, answers)
        return jsonstat.join(one, other, variable) if answers.format == JSON_STAT else _joined(one, other)

    def _read_limits(self) -> None:
        """Read the server's limits; one that does not tell them gets few and small questions."""
        try:
            config = _object(self._client.get(f"{self._root()}/?config", "json"), self._source.id)
        except HttpRefused as refused:
            log.warning(
                "%s: the server does not tell its limits (%s); small questions are asked.", self._source.id, refused
            )
            return
        limits = [int(config.get(name) or 0) for name in ("maxValues", "maxCells")]
        self._most_cells = min((limit for limit in limits if limit > 0), default=_MOST_CELLS)
        calls, seconds = float(config.get("maxCalls") or 0), float(config.get("timeWindow") or 0)
        allowed = calls / seconds if calls > 0 and seconds > 0 else self._how.calls_per_second
        self._client.slow_to(min(self._how.calls_per_second, allowed))

    def _root(self) -> str:
        return f"{self._how.base_url.rstrip('/')}/{self._how.language}"


def _body(selection: Selection, form: str) -> dict[str, Any]:
    """Return the question: every variable, every code by its name."""
    return {
        "query": [
            {"code": variable, "selection": {"filter": "item", "values": codes}}
            for variable, codes in selection.items()
        ],
        "response": {"format": form},
    }


def _object(answer: Answer, what: str) -> dict[str, Any]:
    """Return an answer that is a JSON object; PxWeb writes a byte order mark before some."""
    document = json.loads((answer.content or b"null").removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict):
        raise LayoutChanged(f"{what}: {answer.url.partition('?')[0]} answered something else than an object.")
    return document


def _variables(answer: Answer, table: PxWebV1Table, what: str) -> _Metadata:
    """Return a table's metadata: ``{"title": …, "variables": [{"code", "text", "values", "valueTexts", …}]}``."""
    document = _object(answer, what)
    texts: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for variable in document.get("variables") or []:
        values, labels = variable.get("values") or [], variable.get("valueTexts") or []
        if len(values) != len(labels) or len(set(values)) != len(values) or variable["code"] in texts:
            raise LayoutChanged(
                f"{what}: the variable {variable.get('code')} has {len(values)} codes and {len(labels)} labels; "
                "expected one label for each code, and each code and variable once."
            )
        texts[variable["code"]] = dict(zip(values, labels, strict=True))
        names[variable["code"]] = str(variable.get("text") or variable["code"])
    if table.time_variable not in texts:
        raise LayoutChanged(
            f"{what}: the table names no variable {table.time_variable}; it has {', '.join(texts) or 'none'} and the "
            f"members {sorted(document)[:12]}. Is the path still a table's?"
        )
    return _Metadata(answer.content or b"", texts, names)


# --- is it what was asked for -------------------------------------------------------------------------------------


def _demand(document: dict[str, Any], form: str, metadata: _Metadata, selection: Selection, what: str) -> None:
    """Demand that an answer holds a figure for each combination of the codes asked for, and nothing else."""
    if form == JSON_STAT:
        expected = dict(selection)
        if CONTENTS not in metadata.texts and CONTENTS in document.get("id", []):
            expected[CONTENTS] = []  # added by the server: any code, but one only
            if jsonstat.codes(document, CONTENTS)[1:]:
                raise LayoutChanged(f"{what}: the answer counts several things, the table is known to count one.")
        jsonstat.demand(document, expected, what)
        for variable, asked in selection.items():
            if more := set(jsonstat.codes(document, variable)) - set(asked):
                raise LayoutChanged(f"{what}: of {variable} came {', '.join(sorted(more))}, which was not asked for.")
    else:
        _demand_rows(document, selection, what)


def _demand_rows(document: dict[str, Any], selection: Selection, what: str) -> None:
    """Demand of PxWeb's own json one row for each combination of codes, with one text for each thing counted."""
    if not {"columns", "data"} <= document.keys():
        raise LayoutChanged(f"{what}: found the members {sorted(document)[:12]}; expected columns and data.")
    columns = document["columns"]
    keys = [column["code"] for column in columns if column.get("type") in ("d", "t")]
    counted = [column["code"] for column in columns if column.get("type") == "c"]
    by = {variable: codes for variable, codes in selection.items() if variable != CONTENTS}
    contents = selection.get(CONTENTS)
    if set(keys) != set(by) or (set(counted) != set(contents) if contents else len(counted) != 1):
        raise LayoutChanged(
            f"{what}: the answer has the variables {keys} and counts {counted}; asked for were {list(by)} and "
            f"{contents or 'one thing'}."
        )
    rows = [tuple(row["key"]) for row in document["data"]]
    wrong = [
        f"{variable} {code}"
        for row in rows
        for variable, code in zip(keys, row, strict=True)
        if code not in by[variable]
    ]
    if wrong or len(set(rows)) != len(rows) or len(rows) != prod(map(len, by.values())):
        raise LayoutChanged(
            f"{what}: {len(rows)} rows came ({len(set(rows))} different), asked for were {prod(map(len, by.values()))}"
            + (f"; not asked for: {', '.join(dict.fromkeys(wrong[:5]))}." if wrong else ".")
        )
    if any(len(row["values"]) != len(counted) for row in document["data"]):
        raise LayoutChanged(f"{what}: a row has another number of figures than the {len(counted)} that are counted.")


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return one document of two of PxWeb's own json."""
    if one["columns"] != other["columns"]:
        raise LayoutChanged("two answers of one table do not fit together: the table changed while it was asked for.")
    comments = [*one.get("comments", []), *other.get("comments", [])]
    distinct = list({json.dumps(comment, sort_keys=True): comment for comment in comments}.values())
    return {**one, "comments": distinct, "data": [*one["data"], *other["data"]]}
