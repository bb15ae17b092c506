"""Brå's database on reported offences (SOL), asked through the forms that a browser sends, since it has no API.

One search is one visit with a cookie of its own, for SOL keeps the choices in the session and one search at a time::

    GET  action/index                          the session begins
    GET  action/start?menykatalogid=1          … and knows the menus; without it the next page is a stub
    GET  action/anmalda/urval/urval?menyid=N   the page of choices, read by include/archive/fetchers/sol_pages.py
    POST action/anmalda/urval/vantapopup       brottstyp_id_string, region_id_string, period_id_string (ids, * between)
    GET  action/anmalda/urval/sok              the search
    POST action/anmalda/resultat/dbfil         its result as "databasfil"

Ids are read from the page of choices by their labels at each visit and never kept: those of periods are new each year.
All years with the same areas are asked for in one search, up to the number of cells SOL gives; more are split. SOL
answers 200 whatever happens and drops what it does not understand without a word, so the answer is held against the
question: each area, offence and year is there, with one figure, or nothing of the search is kept.

What is archived of a year is one databasfil put together of the answers, as SOL would print them in one: area by area,
each offence once below its parents, which have ".." unless they are asked for too. The answers as received are the
capture's pieces. Offences whose labels are the same ("Mot kvinna 18 år eller äldre") are asked for in searches of their
own, since a result has labels and no paths.

What this rests on. Addresses, fields and the two formats are as in public code that drives SOL, and in the answers
recorded with it: github.com/jensfinnas/bra_scraper (2017), github.com/overjoyde/bra-kriminalstatistik (September 2026:
the databasfil, parents repeated with "..", "X totalt" coming back as "X", the tree of offences) and
github.com/Lulea-statistik/BR-brottsstatistik (October 2026: the areas of menu 101, both labels of Heby).

**This fetcher itself has never been tried against SOL**, only against a stand-in built from those facts
(tests/servers/sol.py). Not seen anywhere, and so not assumed but guarded by stopping: the page of choices of menus 98
and 101 as a whole; SOL's page for errors beyond the words "Fel/Error", "Felmeddelande" and "obefintlig menyrad";
whether an area can come back under another label than it was chosen by (the labels of sol_areas.csv are taken); whether
a form is answered with a redirect (it is followed, on allowed hosts); whether each answer tells its length (it must).
"""

import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from include.archive.addresses import Address
from include.archive.fetchers import Fetched, Found, Missing
from include.archive.fetchers.sol_pages import (
    NO_FIGURE,
    Choice,
    Choices,
    Row,
    error_of,
    read_choices,
    read_rows,
    write_rows,
)
from include.archive.http import CERTIFICATES, Answer, Client
from include.archive.parts import contact_of, holding, part
from include.archive.store import Archive
from include.errors import LayoutChanged, SourceRefused, SourceUnavailable
from include.periods import Period
from include.registry.models import Area, Registry, SolFetch, SolMenu, Source

#: A run that has not done by then stops before its next search; what it has yielded is archived.
DEADLINE_SECONDS = 45 * 60

#: Count and count per 100 000 inhabitants.
_MEASURES = 2
#: Visits for one search: a session that SOL loses is begun anew.
_VISITS = 3


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield each year of each menu: fetched, or missing since SOL lists it as preliminary only or not at all.

    Raises:
        LayoutChanged: a page is built in another way, a label is not found exactly once, or an answer is not to the
            question.
        SourceRefused: SOL answers with its page for errors, or lists no longer (as final) what is held.
        SourceUnavailable: no whole answer in time.
    """
    if not isinstance(source.fetch, SolFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    sol = _Sol(source, source.fetch, address, registry)
    for menu in source.fetch.menus:
        wanted = [period for period in periods if menu in holding(source.fetch.menus, period)]
        if wanted:
            yield from _menu(sol, menu, wanted, archive)


def _menu(sol: "_Sol", menu: SolMenu, wanted: list[Period], archive: Archive) -> Iterator[Found]:
    """Yield the periods of one menu; what SOL no longer has is told last, so that the rest gets archived first."""
    years = sol.visit(menu).choices.years
    held = {period: archive.latest(sol.source.id, part(menu.id, period)) for period in wanted}
    gone: list[str] = []
    absent = {
        p: "preliminary only" if f"{p} prel." in years else "not published yet" for p in wanted if str(p) not in years
    }
    for group in _alike([p for p in wanted if p not in absent], lambda p: tuple(a.code for a in sol.areas(menu, p))):
        answered = sol.ask(menu, group) if sol.areas(menu, group[0]) else None
        for period in group:
            found = answered.fetched(part(menu.id, period), period) if answered else None
            if found:
                yield found
            else:
                absent[period] = "listed without any figure" if answered else "no area is asked for"
    for period, reason in sorted(absent.items()):
        if manifest := held[period]:
            gone.append(f"{manifest.capture_id} ({reason})")
        else:
            yield Missing(part(menu.id, period), reason)
    if gone:
        raise SourceRefused(
            f"{sol.source.id}: SOL no longer has in final form what is held: {', '.join(gone)}. Menu {menu.menu} lists "
            f"{', '.join(sorted(years)[-5:])}. Look at it at {sol.source.landing_page}. What is held stays as it is."
        )


def _alike(periods: list[Period], key: Callable[[Period], Hashable]) -> list[list[Period]]:
    """Return the periods in lists of those that have the same key, in their order."""
    groups: dict[Hashable, list[Period]] = {}
    for period in periods:
        groups.setdefault(key(period), []).append(period)
    return list(groups.values())


class _Lost(Exception):
    """SOL answered a step of a visit with its page for errors, or with a page of choices that has no choices."""


@dataclass
class _Visit:
    """A session with its menu chosen, good for one search."""

    client: Client
    choices: Choices


@dataclass(frozen=True)
class _Node:
    """An offence asked for, or a parent of one; ``text`` is what the registry calls it, None for a mere parent."""

    label: str
    path: str
    text: str | None


@dataclass(frozen=True)
class _Block:
    """What one search asks for."""

    areas: list[Area]
    offences: list[str]
    periods: list[Period]

    @property
    def cells(self) -> int:
        """Return the number of cells of its answer."""
        return len(self.areas) * len(self.offences) * len(self.periods) * _MEASURES


@dataclass(frozen=True)
class _Chosen:
    """A block's choices on the page of one visit, by our area codes, the registry's offences and periods."""

    areas: dict[str, Choice]
    offences: dict[str, Choice]
    periods: dict[str, str]

    def fields(self) -> dict[str, str]:
        """Return the form's fields. A comma for the star would drop all but one id, and SOL would not say so."""
        return {
            "brottstyp_id_string": "*".join(choice.id for choice in self.offences.values()),
            "region_id_string": "*".join(choice.id for choice in self.areas.values()),
            "period_id_string": "*".join(self.periods.values()),
            "fordelning_id_string": "",
            "antal": "1",
            "antal_100k": "1",
        }


@dataclass
class _Answered:
    """The figures of several periods, proven to be the ones asked for."""

    menu: SolMenu
    url: str
    areas: list[Area]
    nodes: list[_Node]
    rows: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    searches: list[tuple[_Chosen, bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def fetched(self, name: str, period: Period) -> Fetched | None:
        """Return the capture of one period; None if it has no figure at all."""
        rows = [row for area in self.areas for row in self._area(area, str(period))]
        if all(row.empty for row in rows):
            return None
        searches = [(chosen, content) for chosen, content in self.searches if str(period) in chosen.periods]
        return Fetched(
            part=name,
            periods=[str(period)],
            content=write_rows(rows),
            url=self.url,
            request={
                "method": "POST",
                "url": self.url,
                "menu": self.menu.menu,
                "areas": {choice.label: choice.id for chosen, _ in searches for choice in chosen.areas.values()},
                "offences": {text: choice.id for chosen, _ in searches for text, choice in chosen.offences.items()},
                "periods": {str(period): searches[0][0].periods[str(period)]},
                "measures": ["antal", "antal_100k"],
            },
            media_type="text/plain",
            file_name=f"{name}.txt",
            headers=self.headers,
            notes=[
                f"Put together of {len(searches)} answers to forms, which are kept as received: the rows of the year, "
                "area by area, each offence once below its parents."
            ],
            pieces=[content for _, content in searches],
        )

    def _area(self, area: Area, period: str) -> Iterator[Row]:
        """Yield the rows of an area: each offence once below its parents, as SOL prints them."""
        region = next(row.region for (code, _, _), row in self.rows.items() if code == area.code)
        for node in self.nodes:
            if node.text is None:
                yield Row(region, node.label, period, NO_FIGURE, NO_FIGURE)
            else:
                yield self.rows[area.code, node.text, period]


def _in_tree_order(nodes: list[_Node]) -> list[_Node]:
    """Return nodes so that each stands below its nearest parent, whatever the order of the page."""
    parents = {
        node.path: max((n.path for n in nodes if node.path.startswith(f"{n.path}, ")), key=len, default="")
        for node in nodes
    }

    def below(parent: str) -> Iterator[_Node]:
        for node in nodes:
            if parents[node.path] == parent:
                yield node
                yield from below(node.path)

    return list(below(""))


def _apart(nodes: list[_Node]) -> list[list[str]]:
    """Return the offences asked for in lists within which no label stands twice."""
    lists: list[dict[str, str]] = []
    for node in nodes:
        if node.text is None:
            continue
        free = next((labels for labels in lists if node.label not in labels), None)
        if free is None:
            lists.append(free := {})
        free[node.label] = node.text
    return [list(labels.values()) for labels in lists]


class _Sol:
    """The database, as one run asks it."""

    def __init__(self, source: Source, how: SolFetch, address: Address, registry: Registry) -> None:
        self.source = source
        self._how = how
        self._address = address
        self._registry = registry
        self._ends = time.monotonic() + DEADLINE_SECONDS
        self._waiting: dict[int, _Visit] = {}

    # --- what to ask for -----------------------------------------------------------------------------------------

    def areas(self, menu: SolMenu, period: Period) -> list[Area]:
        """Return the areas that a menu is asked for about a period, in order of kind and code."""
        from include.registry.read import areas_needed  # reads no file here, but belongs to what reads them

        every = list(self._registry.areas.values()) if menu.every_area else areas_needed(self._registry)
        return [
            area
            for kind, last in menu.areas.items()
            for area in sorted(every, key=lambda area: area.code)
            if area.kind == kind and area.holds_in_year(period.year) and (last is None or period <= Period.parse(last))
        ]

    def ask(self, menu: SolMenu, periods: list[Period]) -> _Answered:
        """Return a menu's figures for periods that have the same areas, in as many searches as it takes."""
        areas, nodes = self.areas(menu, periods[0]), self._nodes(menu)
        answered = _Answered(menu, self._url("anmalda/resultat/dbfil"), areas, nodes)
        for offences in _apart(nodes):
            for block in self._blocks(_Block(areas, offences, periods)):
                self._search(menu, block, answered)
        return answered

    def _nodes(self, menu: SolMenu) -> list[_Node]:
        """Return the offences of a menu and their parents, each below its own parent."""
        choices = self.visit(menu).choices
        asked = {self._offence(menu, choices, text).path: text for text in menu.offences}
        if len(asked) < len(menu.offences):
            raise LayoutChanged(
                f"{self._where(menu)}: the registry's {len(menu.offences)} offences are {len(asked)} on the page of "
                "choices: two texts name the same one. Take one out."
            )
        nodes: dict[str, _Node] = {}
        for choice in choices.offences:
            if choice.path in asked or any(path.startswith(f"{choice.path}, ") for path in asked):
                nodes.setdefault(choice.path, _Node(choice.label, choice.path, asked.get(choice.path)))
        return _in_tree_order(list(nodes.values()))

    def _blocks(self, block: _Block) -> Iterator[_Block]:
        """Yield a block, or its parts if SOL would not give so many cells at once."""
        if block.cells <= self._how.most_cells:
            yield block
            return
        areas, offences, periods = block.areas, block.offences, block.periods
        most = max(len(areas), len(offences), len(periods))
        if most == 1:
            raise SourceRefused(
                f"{self.source.id}: most_cells is {self._how.most_cells}, less than one area, offence and period have."
            )
        if len(periods) == most:
            halves = [_Block(areas, offences, half) for half in (periods[: most // 2], periods[most // 2 :])]
        elif len(areas) == most:
            halves = [_Block(half, offences, periods) for half in (areas[: most // 2], areas[most // 2 :])]
        else:
            halves = [_Block(areas, half, periods) for half in (offences[: most // 2], offences[most // 2 :])]
        for half in halves:
            yield from self._blocks(half)

    # --- a visit and its search ----------------------------------------------------------------------------------

    def visit(self, menu: SolMenu) -> _Visit:
        """Return the visit to a menu that has not been searched in yet, beginning one if there is none."""
        if menu.menu not in self._waiting:
            self._waiting[menu.menu] = self._begun(menu)
        return self._waiting[menu.menu]

    def _begun(self, menu: SolMenu) -> _Visit:
        """Begin a visit, anew if SOL loses the session on the way."""
        lost = ""
        for _ in range(_VISITS):
            try:
                return self._begin(menu)
            except _Lost as error:
                lost = str(error)
        raise SourceRefused(self._said(menu, lost))

    def _begin(self, menu: SolMenu) -> _Visit:
        """Begin a session and read the page of choices of a menu."""
        if time.monotonic() > self._ends:
            raise SourceUnavailable(
                f"{self.source.id}: SOL has been asked for {DEADLINE_SECONDS // 60} minutes without coming to an end. "
                "What was fetched is archived; the next try goes on."
            )
        client = Client(
            self.source,
            self._address,
            calls_per_second=self._how.calls_per_second,
            contact=contact_of(self._registry),
            certificates=CERTIFICATES / self._how.certificates if self._how.certificates else None,
        )
        client.get(self._url("index"), "html")
        client.get(self._url("start?menykatalogid=1"), "html")
        page = client.get(self._url(f"anmalda/urval/urval?menyid={menu.menu}"), "html").content or b""
        try:
            return _Visit(client, read_choices(page, self._where(menu)))
        except LayoutChanged:
            if said := error_of(page):
                raise _Lost(said) from None
            raise

    def _search(self, menu: SolMenu, block: _Block, answered: _Answered) -> None:
        """Search once, and add the proven rows and the answer to what is answered."""
        lost = ""
        for _ in range(_VISITS):
            visit = self.visit(menu)
            del self._waiting[menu.menu]  # searched in once, whatever comes of it
            chosen = self._choose(menu, block, visit.choices)
            self._demand_same_tree(menu, chosen, answered)
            try:
                answer = self._result(visit.client, chosen)
            except _Lost as error:
                lost = str(error)
                continue
            content = answer.content or b""
            answered.rows.update(self._proven(menu, chosen, read_rows(content, self._where(menu))))
            answered.searches.append((chosen, content))
            answered.headers = answer.headers
            return
        raise SourceRefused(self._said(menu, lost))

    def _result(self, client: Client, chosen: _Chosen) -> Answer:
        """Send the form, let SOL search and return the result's databasfil."""
        posted = client.post_form(self._url("anmalda/urval/vantapopup"), "form", chosen.fields())
        searched = client.get(self._url("anmalda/urval/sok"), "html")
        for answer in (posted, searched):
            if said := error_of(answer.content or b""):
                raise _Lost(said)
        # A page may come instead of the text, and then what it says is wanted.
        answer = client.post_form(self._url("anmalda/resultat/dbfil"), "form", {})
        content = answer.content or b""
        if content.lstrip()[:1] == b"<":
            raise _Lost(error_of(content) or "a page instead of the databasfil")
        return answer

    def _choose(self, menu: SolMenu, block: _Block, choices: Choices) -> _Chosen:
        """Return what a block is on the page of a visit: each label exactly once, or the run stops."""
        from include.check.readers.bra_areas import labels_of  # the readers' list of labels; read where it is needed

        areas: dict[str, Choice] = {}
        for area in block.areas:
            labels = labels_of(area.code)
            areas[area.code] = self._one(choices.region(labels), choices.regions, "area", " or ".join(labels), menu)
        periods: dict[str, str] = {}
        for period in map(str, block.periods):
            ids = choices.years.get(period, [])
            if len(ids) != 1:
                raise LayoutChanged(
                    f"{self._where(menu)}: the year {period} stands {len(ids)} times on the page of choices; expected "
                    f"once. It lists {', '.join(sorted(choices.years)[-5:])}."
                )
            periods[period] = ids[0]
        return _Chosen(areas, {text: self._offence(menu, choices, text) for text in block.offences}, periods)

    def _offence(self, menu: SolMenu, choices: Choices, text: str) -> Choice:
        return self._one(choices.offence(text), choices.offences, "offence", text, menu)

    def _one(self, found: list[Choice], there: list[Choice], kind: str, text: str, menu: SolMenu) -> Choice:
        """Return the one choice that was found, or stop and say what is there."""
        if len(found) == 1:
            return found[0]
        if found:
            said = f"stands {len(found)} times: " + "; ".join(f"{choice.path} ({choice.id})" for choice in found[:5])
            step = "Name it by more of its path" if kind == "offence" else "Name the one meant in sol_areas.csv"
        else:
            near = get_close_matches(text, sorted({choice.label for choice in there}), n=5, cutoff=0.5)
            said = f"is not among the {len({choice.id for choice in there})} there; nearest are {near or 'none'}"
            step = "Has SOL renamed it? Correct it in the registry"
        raise LayoutChanged(f"{self._where(menu)}: the {kind} {text!r} {said}. {step}; nothing is guessed.")

    def _demand_same_tree(self, menu: SolMenu, chosen: _Chosen, answered: _Answered) -> None:
        """Demand that the page of choices has not changed since the first visit planned the searches."""
        planned = {node.text: node.path for node in answered.nodes}
        if moved := [text for text, choice in chosen.offences.items() if choice.path != planned[text]]:
            raise LayoutChanged(
                f"{self._where(menu)}: SOL's tree of offences changed between two searches; moved: "
                f"{', '.join(moved[:5])}. Run it again."
            )

    # --- proof ---------------------------------------------------------------------------------------------------

    def _proven(self, menu: SolMenu, chosen: _Chosen, rows: list[Row]) -> dict[tuple[str, str, str], Row]:
        """Return the rows by area, offence and period, all that were asked for and no other, or stop.

        Rows that were not asked for are parents, which SOL repeats with "..". One that was asked for and is a parent of
        another comes twice, or once more with "..".
        """
        where = self._where(menu)
        codes = self._by_result(chosen, where)
        texts = {choice.label: text for text, choice in chosen.offences.items()}
        found: dict[tuple[str, str, str], Row] = {}
        for row in rows:
            code, text = codes.get(row.region), texts.get(row.offence)
            if code is None or text is None or row.period not in chosen.periods:
                self._demand_empty(row, chosen, where)
                continue
            key = (code, text, row.period)
            found[key] = self._one_of(found.get(key), replace(row, region=chosen.areas[code].label), where)
        keys = [(code, text, p) for code in chosen.areas for text in chosen.offences for p in chosen.periods]
        if lacking := [key for key in keys if key not in found]:
            names = "; ".join(f"{chosen.areas[code].label}, {text}, {p}" for code, text, p in lacking[:5])
            raise LayoutChanged(
                f"{where}: the answer lacks {len(lacking)} of the {len(keys)} rows asked for, such as {names}. "
                "Nothing of it was archived."
            )
        return found

    def _demand_empty(self, row: Row, chosen: _Chosen, where: str) -> None:
        """Demand that a row that was not asked for is that of a parent node, which SOL repeats without figures."""
        if not row.empty:
            raise LayoutChanged(
                f"{where}: the answer has figures that were not asked for: {row.region}; {row.offence}; {row.period}. "
                f"Asked for were {len(chosen.areas)} areas, {len(chosen.offences)} offences and "
                f"{', '.join(chosen.periods)}."
            )

    def _one_of(self, earlier: Row | None, row: Row, where: str) -> Row:
        """Return the one row of two that are called the same; two different figures are none."""
        if earlier is None or earlier == row or earlier.empty:
            return row
        if row.empty:
            return earlier
        raise LayoutChanged(
            f"{where}: the answer has two figures for {row.region}; {row.offence}; {row.period}: {earlier.count} and "
            f"{row.count}. Does the label stand for two things?"
        )

    def _by_result(self, chosen: _Chosen, where: str) -> dict[str, str]:
        """Return the codes of the chosen areas by each label that a result may have for them."""
        from include.check.readers.bra_areas import labels_of

        codes: dict[str, str] = {}
        for code, choice in chosen.areas.items():
            for label in {choice.label, *labels_of(code)}:
                if codes.setdefault(label, code) != code:
                    raise LayoutChanged(
                        f"{where}: {label!r} may be {codes[label]} or {code} in a result, so the two cannot be asked "
                        "for together. See sol_areas.csv."
                    )
        return codes

    # --- words ---------------------------------------------------------------------------------------------------

    def _url(self, path: str) -> str:
        return f"{self._how.base_url.rstrip('/')}/action/{path}"

    def _where(self, menu: SolMenu) -> str:
        return f"{self.source.id}, menu {menu.menu} ({menu.id})"

    def _said(self, menu: SolMenu, said: str) -> str:
        return (
            f"{self._where(menu)}: SOL answered {_VISITS} visits in a row with {said!r}. Try the search by hand at "
            f"{self.source.landing_page}; if it works there, SOL's forms have changed."
        )
