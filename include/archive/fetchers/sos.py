"""A topic of Socialstyrelsen's statistical database: its dimensions are asked first, then its figures, year by year.

Documents: https://sdb.socialstyrelsen.se/sdbapi.aspx. The server answers 200 to questions that it has not understood:
a dimension with a name that it does not know is ignored, and every cause comes back instead of one. It answers 404
both to a wrong path and where there are no figures. So every id of a question is looked up in the topic's own lists,
by its label where the id is not known for sure, and every row of an answer is held against the question.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from include.archive.addresses import Address
from include.archive.fetchers import Fetched, Found, Missing
from include.archive.http import Answer, Client, HttpRefused
from include.archive.manifest import Manifest
from include.archive.paging import Paged, follow
from include.archive.parts import contact_of, part
from include.archive.store import Archive
from include.errors import LayoutChanged, SourceRefused
from include.periods import Period
from include.registry.models import Area, Registry, SosFetch, Source
from include.registry.read import areas_needed

MEASURE, YEAR, REGION = "matt", "ar", "region"

#: Rows per page; the server's own default and limit.
_PER_PAGE = 5000
_ALL, _AREAS, _PERIOD = "*", "{areas}", "{period}"
_DASHES = re.compile(r"[‐‑‒–—−]")

#: One value of a dimension, as the topic lists it: ``id``, ``text`` and, in most dimensions, ``kod``.
Entry = dict[str, Any]


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield the topic's figures of each period: fetched, or missing since the topic does not have the year yet.

    Raises:
        LayoutChanged: a dimension or id of the question is not the topic's, a label is not what the registry says, or
            an answer holds something else than was asked for.
        SourceRefused: the topic is gone, or has no figures of a year of which it had some.
        SourceUnavailable: no whole answer in time.
    """
    if not isinstance(source.fetch, SosFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    client = Client(source, address, calls_per_second=source.fetch.calls_per_second, contact=contact_of(registry))
    topic = _Topic(source, source.fetch, client, registry)
    for period in periods:
        yield _period(topic, period, archive.latest(source.id, part(source.fetch.topic, period)))


def plain(text: object) -> str:
    """Return a label in the form in which labels are compared: lower case, one kind of dash, single plain blanks."""
    return _DASHES.sub("-", " ".join(str(text).split())).casefold()


def is_area(entry: Entry, area: Area) -> bool:
    """Return whether a value of the dimension region is an area of ours: by its number and by its name.

    A topic writes the country as 0 or "00", a county as 23 or "23"; the number alone could be another list's.
    """
    numbers = {str(entry.get(member, "")).strip().zfill(len(area.code)) for member in ("id", "kod")}
    return area.code in numbers and plain(entry.get("text", "")) == plain(area.name)


def _period(topic: "_Topic", period: Period, held: Manifest | None) -> Found:
    """Return one year of the topic."""
    name = part(topic.how.topic, period)
    if str(period) not in topic.ids(YEAR):
        return Missing(name, "not published yet")
    chosen = topic.chosen(period)
    urls = [topic.url_of(chosen, measure) for measure in chosen[MEASURE]]
    answers = [topic.answer(url, chosen, measure, period) for url, measure in zip(urls, chosen[MEASURE], strict=True)]
    lacking = [str(m["text"]) for m, paged in zip(chosen[MEASURE], answers, strict=True) if not paged.rows]
    if lacking and (held or len(lacking) < len(answers)):
        raise SourceRefused(
            f"{topic.source.id}: {topic.how.topic} has no rows of {period} for {', '.join(lacking)}, though it lists "
            "the year, the measure and everything else that was asked for"
            + (f", and gave some before ({held.capture_id}). " if held else ". ")
            + f"What is held stays as it is; look at {topic.source.landing_page or 'the database'}."
        )
    if lacking:
        return Missing(name, "the topic lists the year but has no rows of it yet")
    pages = [page for paged in answers for page in paged.answers]
    return Fetched(
        part=name,
        periods=[str(period)],
        content=_content(topic, chosen, [row for paged in answers for row in paged.rows]),
        url=urls[0],
        request={"method": "GET", "urls": urls},
        media_type="application/json",
        file_name=f"{name}.json",
        headers=pages[-1].headers,
        notes=[f"Satt samman av {len(pages)} svar från statistikdatabasen, med ämnets egna benämningar."],
        pieces=[page.content or b"" for page in pages],
    )


def _content(topic: "_Topic", chosen: dict[str, list[Entry]], rows: list[Any]) -> bytes:
    """Return the rows with the topic's labels of what was asked for, as JSON of ours.

    Only the values asked for are kept, and the rows in order of their keys: a new diagnosis in the topic's list, or
    another order of the same rows, is no new version of the figures.
    """
    dimensions = {
        dimension: [{member: entry[member] for member in ("id", "kod", "text") if member in entry} for entry in entries]
        for dimension, entries in chosen.items()
    }
    document = {
        "amne": topic.how.topic,
        "fraga": {dimension: [str(entry["id"]) for entry in entries] for dimension, entries in chosen.items()},
        "dimensioner": dimensions,
        "data": sorted(rows, key=lambda row: [str(text) for text in _key(row)]),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a row from every other: everything but its value, names and contents in order of the names."""
    return tuple(part for name in sorted(row) if name != "varde" for part in (name, str(row[name])))


class _Topic:
    """One topic: its dimensions and their values, each asked for once, and its figures."""

    def __init__(self, source: Source, how: SosFetch, client: Client, registry: Registry) -> None:
        self.source = source
        self.how = how
        self._client = client
        self._areas = [area for area in areas_needed(registry) if area.kind in how.area_kinds]
        self._values: dict[str, list[Entry]] = {}
        self._compared = False

    # --- dimensions ----------------------------------------------------------------------------------------------

    def ids(self, dimension: str) -> list[str]:
        """Return the ids of a dimension's values."""
        return [str(entry["id"]) for entry in self.values(dimension)]

    def values(self, dimension: str) -> list[Entry]:
        """Return a dimension's values; the topic's list of dimensions is compared with the registry's first."""
        if not self._compared:
            self._demand_dimensions()
            self._compared = True
        if dimension not in self._values:
            self._values[dimension] = self._ask_values(dimension)
        return self._values[dimension]

    def chosen(self, period: Period) -> dict[str, list[Entry]]:
        """Return the values that are asked for, by dimension, in the order of the path."""
        chosen = {dimension: [self._found(dimension, text)] for dimension, text in self.how.find.items()}
        for dimension, asked in self.how.select.items():
            chosen[dimension] = [entry for code in asked for entry in self._selected(dimension, code, period)]
        if len(chosen.get("vardform", [{}])) != 1:
            raise SourceRefused(
                f"{self.source.id}: {len(chosen['vardform'])} forms of care are selected. Inpatient care (SV, from "
                "2001) and inpatient or outpatient care (SVOV, from 2008) are two definitions and never one series: "
                "choose one."
            )
        return {**chosen, MEASURE: [self._measure(code) for code in self.how.measures]}

    def _demand_dimensions(self) -> None:
        """Demand that the topic has just the dimensions of the question.

        One that is asked for under a name which the topic does not have is ignored by the server; one that is left out
        comes back divided by all its values, or added up over them.
        """
        names = [str(entry.get("namn")) for entry in self._list("", "namn")]
        asked = [*self.how.find, *self.how.select, MEASURE]
        called = {name: self.how.other_names.get(name, name) for name in asked}
        unknown = [name for name in asked if not {name, called[name]} & set(names)]
        left_out = [name for name in names if name not in {*called, *called.values()}]
        if unknown or left_out:
            raise LayoutChanged(
                f"{self.source.id}: the topic {self.how.topic} has the dimensions {', '.join(names)}; the registry "
                f"asks by {', '.join(asked)}. Every dimension must be asked by, under its own name: one with "
                "another name is ignored by the server. Correct select and find of the source in the registry."
            )

    def _ask_values(self, dimension: str) -> list[Entry]:
        """Ask for a dimension's values, under its other name if the topic has it only under that."""
        other = self.how.other_names.get(dimension)
        try:
            return self._list(f"/{quote(dimension)}", "id")
        except HttpRefused as refused:
            if refused.status != 404 or other is None:
                raise
            return self._list(f"/{quote(other)}", "id")

    def _list(self, path: str, member: str) -> list[Entry]:
        """Return a list of the topic whose entries all have a member."""
        url = self._url(path)
        document = json.loads(self._client.get(url, "json").content or b"null")
        whole = isinstance(document, list) and document
        if not whole or not all(isinstance(entry, dict) and member in entry for entry in document):
            raise LayoutChanged(f"{self.source.id}: {url} answered no list of entries with {member!r}.")
        entries: list[Entry] = document
        return entries

    # --- values that are asked for -------------------------------------------------------------------------------

    def _found(self, dimension: str, text: str) -> Entry:
        """Return the one value whose label or code holds a text."""
        wanted = plain(text)
        hits = [e for e in self.values(dimension) if wanted in plain(f"{e.get('kod', '')} {e.get('text', '')}")]
        if len(hits) != 1:
            named = "; ".join(_shown(entry) for entry in hits[:10]) or "none"
            raise LayoutChanged(
                f"{self.source.id}: {len(hits)} of the {len(self.values(dimension))} values of {dimension} hold "
                f"{text!r}: {named}. Expected exactly one; write more of its label under find of the source in "
                "the registry."
            )
        return hits[0]

    def _selected(self, dimension: str, code: str, period: Period) -> list[Entry]:
        """Return the values that one code of the registry's selection stands for."""
        entries = self.values(dimension)
        if code == _ALL:
            return sorted(entries, key=lambda entry: (len(str(entry["id"])), str(entry["id"])))
        if code == _AREAS:
            return [self._area(area, entries) for area in self._areas]
        wanted = str(period) if code == _PERIOD else code
        for entry in entries:
            if str(entry["id"]) == wanted:
                return [entry]
        known = ", ".join(_shown(entry) for entry in entries[:30])
        raise LayoutChanged(f"{self.source.id}: {self.how.topic} has no {dimension} {wanted}; it has {known}.")

    def _area(self, area: Area, entries: list[Entry]) -> Entry:
        hits = [entry for entry in entries if is_area(entry, area)]
        if len(hits) != 1:
            known = ", ".join(_shown(entry) for entry in entries[:30])
            raise LayoutChanged(
                f"{self.source.id}: {len(hits)} regions of {self.how.topic} are {area.code} {area.name}; expected one. "
                f"It has {known}."
            )
        return hits[0]

    def _measure(self, code: str) -> Entry:
        """Return a measure of the topic whose label is what the registry says that it is."""
        entry = next((e for e in self.values(MEASURE) if str(e["id"]) == code), None)
        what = self.how.measures[code]
        if entry is None or not re.search(what.label, plain(entry.get("text", ""))):
            known = ", ".join(_shown(e) for e in self.values(MEASURE))
            raise LayoutChanged(
                f"{self.source.id}: the measure {code} of {self.how.topic} should be {what.measure} (its label like "
                f"{what.label!r}); the topic has {known}. Correct measures of the source in the registry."
            )
        return entry

    # --- figures -------------------------------------------------------------------------------------------------

    def url_of(self, chosen: dict[str, list[Entry]], measure: Entry) -> str:
        """Return the address of the figures of one measure: the server takes one at a time."""
        words = [
            word
            for dimension, entries in chosen.items()
            for word in (dimension, _ids([measure] if dimension == MEASURE else entries))
        ]
        return f"{self._url('/resultat/' + '/'.join(words))}?per_sida={_PER_PAGE}&sida=1"

    def answer(self, url: str, chosen: dict[str, list[Entry]], measure: Entry, period: Period) -> Paged:
        """Return the rows of one measure, each proven to be asked for; none if the topic has none."""
        asked = {
            f"{dimension}Id": {str(entry["id"]) for entry in ([measure] if dimension == MEASURE else entries)}
            for dimension, entries in chosen.items()
            if dimension != YEAR
        } | {YEAR: {str(period)}}
        try:
            paged = follow(
                self._client,
                url,
                rows=lambda document: self._proven(document, asked),
                next_url=self._next_page,
                key=_key,
            )
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            self._demand_path(chosen, refused)
            return Paged([], [])
        self._demand_whole(url, paged.answers)
        return paged

    def _demand_path(self, chosen: dict[str, list[Entry]], refused: HttpRefused) -> None:
        """Tell why the figures were "not found": if the topic still has all that was asked for, there are no rows.

        Raises:
            SourceRefused: it has not, so that the path is wrong.
        """
        self._values, self._compared = {}, False
        try:
            gone = [
                f"{dimension} {_shown(entry)}"
                for dimension, entries in chosen.items()
                for entry in entries
                if str(entry["id"]) not in self.ids(dimension)
            ]
        except HttpRefused:
            gone = [f"the topic {self.how.topic}, or one of its dimensions,"]
        if gone:
            raise SourceRefused(
                f"{refused} Asked again, {', '.join(gone[:5])} is no longer there, so the path is wrong."
            ) from refused

    def _proven(self, document: Any, asked: dict[str, set[str]]) -> list[Any]:
        """Return a page's rows, each of which holds the dimensions asked by and ids asked for, and nothing else."""
        rows = document.get("data") if isinstance(document, dict) else None
        if not isinstance(rows, list):
            raise LayoutChanged(f"{self.source.id}: {self.how.topic} answered no page with rows (data).")
        for row in rows:
            if not isinstance(row, dict) or set(row) != {*asked, "varde"}:
                members = sorted(row) if isinstance(row, dict) else row
                raise LayoutChanged(
                    f"{self.source.id}: a row of {self.how.topic} has the members {members}; expected "
                    f"{', '.join([*asked, 'varde'])}: what was asked by and no more."
                )
            for member, ids in asked.items():
                if str(row[member]) not in ids:
                    raise LayoutChanged(
                        f"{self.source.id}: a row of {self.how.topic} has {member} {row[member]!r}; asked for was "
                        f"{', '.join(sorted(ids)[:20])}. The server ignores a dimension whose name it does not know: "
                        "compare select and find of the source with the topic's dimensions."
                    )
        return rows

    def _next_page(self, document: Any) -> str | None:
        """Return the address of the page after this one; its number must be the next one."""
        link = document.get("nasta_sida")
        if not link:
            return None
        after = parse_qs(urlsplit(str(link)).query).get("sida", [""])[0]
        if after != str(int(document.get("sida") or 0) + 1):
            raise LayoutChanged(
                f"{self.source.id}: page {document.get('sida')} of {self.how.topic} leads to page "
                f"{after or 'nothing'}; expected the one after it."
            )
        return str(link)

    def _demand_whole(self, url: str, pages: list[Answer]) -> None:
        """Demand as many pages as the server says there are: it has been seen to stop before the last."""
        said = {json.loads(page.content or b"{}").get("sidor") for page in pages}
        if said != {len(pages)}:
            raise SourceRefused(
                f"{self.source.id}: {len(pages)} pages came of {urlsplit(url).path}, the server speaks of "
                f"{', '.join(map(str, said))}. Nothing was archived; ask for less at a time (fewer ids under select)."
            )

    def _url(self, path: str) -> str:
        return f"{self.how.base_url.rstrip('/')}/{quote(self.how.topic)}{path}"


def _ids(entries: list[Entry]) -> str:
    return ",".join(quote(str(entry["id"])) for entry in entries)


def _shown(entry: Entry) -> str:
    return f"{entry.get('id')} = {entry.get('text', '')}"
