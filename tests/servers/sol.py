"""A stand-in for Brå's SOL: sessions, forms, Latin-1, ids of its own, 10 000 cells, 200 whatever happens.

It behaves as SOL is known to: pages of choices hold arrays in their script, a session knows one menu and does one
search, a menu needs a session, the sign between ids is a star (after a comma it drops all but the first id without a
word), parents of what was chosen come back with "..", "X totalt" comes back as "X", periods get new ids each year.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs, urlsplit

from tests.servers.local import LocalServer, Reply, Request

_PERSON = ("Brott mot brottsbalken", "3-7 kap. Brott mot person")
_FREEDOM = (*_PERSON, "4 kap. Brott mot frihet och frid")
_SEXUAL = (*_PERSON, "6 kap. Sexualbrott")


def _with_victims(path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return an offence with its parts by victim and relation, whose labels are the same below many offences."""
    woman = (*path, "Mot kvinna 18 år eller äldre")
    return [path, woman, (*woman, "Närstående genom parrelation"), (*path, "Mot man 18 år eller äldre")]


#: Paths of offences, a part of SOL's tree; the last of each is its label.
OFFENCES: list[tuple[str, ...]] = [
    ("Totalt antal brott",),
    _PERSON[:1],
    _PERSON,
    (*_PERSON, "3 kap. Brott mot liv och hälsa"),
    (*_PERSON, "3 kap. Brott mot liv och hälsa", "Misshandel inkl. grov (5, 6 §)"),
    _FREEDOM,
    (*_FREEDOM, "Människohandel (1 a §)"),
    (*_FREEDOM, "Människohandel (1 a §)", "Människohandel för sexuella ändamål"),
    (*_FREEDOM, "Barnfridsbrott (3 §)"),
    (*_FREEDOM, "Grov fridskränkning (4 a §)"),
    (*_FREEDOM, "Grov kvinnofridskränkning (4 a §)"),
    *_with_victims((*_FREEDOM, "Olaga förföljelse (4 b §)")),
    (*_FREEDOM, "Hedersförtryck (4 e §)"),
    *_with_victims((*_FREEDOM, "Olaga hot (5 §)")),
    (*_FREEDOM, "Ofredande (7 §)"),
    _SEXUAL,
    (*_SEXUAL, "Våldtäkt inkl. grov (1, 4 §)"),
    (*_SEXUAL, "Oaktsam våldtäkt (1 a §)"),
    (*_SEXUAL, "Utnyttjande av barn genom köp av sexuell handling (9 §)"),
    (*_SEXUAL, "Sexuellt ofredande (10 §)"),
    (*_SEXUAL, "Köp av sexuell tjänst (11 §) (Fr.o.m. 2006)"),
    (*_SEXUAL, "Koppleri, inkl grovt (12 §)"),
]

_LATIN = "iso-8859-1"


@dataclass
class _Session:
    started: bool = False
    menu: int | None = None
    chosen: dict[str, list[str]] | None = None
    result: str | None = None


@dataclass
class SolServer(LocalServer):
    """SOL with two menus (98, 101).

    Attributes:
        regions: labels of the areas of each menu, in order; a label that stands twice is two areas.
        years: labels of the periods, newest first.
        edition: sets the ids of periods, which are new each year.
        figure: the count of an area, offence and year (labels), None for "..".
        lose: names of steps ("urval", "vantapopup", "sok", "dbfil") at which the session is lost, once for each time.
        drop: tells which rows of an answer are left out.
        on_search: called after each search, to change what the pages say to the next visit.
    """

    regions: dict[int, list[str]]
    years: list[str]
    edition: int = 2000
    most_cells: int = 10_000
    encoding: str = _LATIN
    header: str = "Region;Brott;År;Period;Antal;/100 000 inv"
    offence_array: str = "arrayNivatva"
    region_array: str = "arrayRegionNivaTva"
    figure: Callable[[str, str, int], int | None] = field(
        default=lambda region, offence, year: _figure(region, offence, year)
    )
    lose: list[str] = field(default_factory=list)
    drop: Callable[[list[str]], bool] = field(default=lambda row: False)
    on_search: Callable[[], None] = field(default=lambda: None)
    sessions: dict[str, _Session] = field(default_factory=dict)
    searches: list[dict[str, list[str]]] = field(default_factory=list)
    offences: list[tuple[str, ...]] = field(default_factory=lambda: list(OFFENCES))
    raw: dict[str, Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self._tokens = count(1)

    # --- what there is -------------------------------------------------------------------------------------------

    def offence_ids(self) -> dict[str, tuple[str, ...]]:
        """Return the paths of the offences by id."""
        return {str(11000 + place): path for place, path in enumerate(self.offences)}

    def region_ids(self, menu: int) -> dict[str, str]:
        """Return the labels of a menu's areas by id; they are the same from year to year."""
        return {str(8300 + 100 * (menu == 101) + place): label for place, label in enumerate(self.regions[menu])}

    def period_ids(self) -> dict[str, str]:
        """Return the labels of the years by id."""
        return {str(self.edition + 7 * place): label for place, label in enumerate(self.years)}

    # --- the forms -----------------------------------------------------------------------------------------------

    def reply(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        step, query = parts.path.rpartition("/")[2], parse_qs(parts.query)
        if step in self.raw:
            return self.raw[step]
        token = request.headers.get("cookie", "").partition("JSESSIONID=")[2].partition(";")[0]
        session = self.sessions.get(token)
        if step in self.lose:
            self.lose.remove(step)
            self.sessions.pop(token, None)
            session = None
        if step == "index":
            token = f"T{next(self._tokens)}"
            self.sessions[token] = _Session()
            return self._page(
                "<p>Statistik &aring;r f&ouml;r &aring;r</p>", {"Set-Cookie": f"JSESSIONID={token}; Path=/solwebb"}
            )
        if step == "start":
            if session:
                session.started = query.get("menykatalogid") == ["1"]
            return self._page("<ul><li class='menySol'><a href='urval?menyid=101'>Årsvis</a></li></ul>")
        if step == "urval":
            return self._urval(session, int(query["menyid"][0]))
        if step == "vantapopup":
            return self._chosen(session, parse_qs(request.body.decode("ascii"), keep_blank_values=True))
        if step == "sok":
            return self._search(session)
        return self._result(session)

    def _urval(self, session: _Session | None, menu: int) -> Reply:
        if session is None or not session.started or menu not in self.regions:
            return self._error("En obefintlig menyrad har valts")
        session.menu = menu
        records = {
            "arrayNivaett": [f"{i}*{_indent(len(p) - 1)}{p[-1]}" for i, p in self.offence_ids().items()],
            self.offence_array: self._offence_records(),
            "arrayRegionNivaEtt": [],
            self.region_array: [f"{i}*{_indent(1)}{label}*8291*{label}" for i, label in self.region_ids(menu).items()],
            "arrayPeriod": [f"{i}*{label}*289*År, {label}*-1" for i, label in self.period_ids().items()],
        }
        lines = [f'{name}[{n}]="{text}";' for name, texts in records.items() for n, text in enumerate(texts)]
        script = "\n".join(["<!--", *lines, "// a < b && c > d", "-->"])
        return self._page(f"<script type='TEXT/JAVASCRIPT'>\n{script}\n</script><form name='main_form'></form>")

    def _offence_records(self) -> list[str]:
        """Return each node within its own group ("X totalt") and below its parent, as SOL lists them."""
        ids = {path: i for i, path in self.offence_ids().items()}
        records = []
        for path, number in ids.items():
            is_parent = any(other[: len(path)] == path and other != path for other in ids)
            label = f"{path[-1]} totalt" if is_parent and len(path) > 1 else path[-1]
            records.append(f"{number}*{label}*{number}*{', '.join(path)}")
            if len(path) > 1:
                records.append(f"{number}*{_indent(1)}{path[-1]}*{ids[path[:-1]]}*{', '.join(path)}")
        return records

    def _chosen(self, session: _Session | None, form: dict[str, list[str]]) -> Reply:
        if session is None or session.menu is None or session.chosen is not None:
            return self._error("Sessionen saknas")
        names = ("brottstyp_id_string", "region_id_string", "period_id_string")
        # Whatever is no id of the menu is dropped, and after a comma all but the first.
        known = (self.offence_ids(), self.region_ids(session.menu), self.period_ids())
        session.chosen = {
            name: [i for i in (text.split(",")[0] for text in form[name][0].split("*")) if i in there]
            for name, there in zip(names, known, strict=True)
        }
        session.chosen["measures"] = [name for name in ("antal", "antal_100k") if form.get(name) == ["1"]]
        self.searches.append(session.chosen)
        return self._page("<p>Var god v&auml;nta</p>")

    def _search(self, session: _Session | None) -> Reply:
        if session is None or session.menu is None or session.chosen is None:
            return self._error("Sessionen saknas")
        cells = 1
        for ids in session.chosen.values():
            cells *= len(ids)
        if cells > self.most_cells:
            return self._error(f"Tabellen blir för stor ({cells} celler)")
        rows = [row for row in self._rows(session.menu, session.chosen) if not self.drop(row)]
        session.result = "\n".join([self.header, *(";".join([*row, ""]) for row in rows)]) + "\n"
        self.on_search()
        return self._page("<frameset rows='20,80'><frame src='soktabell'></frameset>")

    def _result(self, session: _Session | None) -> Reply:
        if session is None or session.result is None:
            return self._error("Sessionen saknas")
        kind = "text/plain; charset=ISO-8859-1"
        return Reply(session.result.encode(self.encoding), headers={"Content-Type": kind})

    def _rows(self, menu: int, chosen: dict[str, list[str]]) -> list[list[str]]:
        paths = self.offence_ids()
        wanted = [paths[i] for i in chosen["brottstyp_id_string"]]
        shown = [p for p in self.offences if any(w[: len(p)] == p for w in wanted)]
        rows = []
        for region in chosen["region_id_string"]:
            label = self.region_ids(menu)[region]
            for path in shown:
                is_parent = any(w[: len(path)] == path and w != path for w in wanted)
                for _ in range(2 if path in wanted and is_parent else 1):
                    for period in chosen["period_id_string"]:
                        year = self.period_ids()[period]
                        figures = self._figures(label, path, year) if path in wanted else ["..", ".."]
                        rows.append([label, path[-1], "År", year, *figures])
        return rows

    def _figures(self, region: str, path: tuple[str, ...], year: str) -> list[str]:
        value = self.figure(region, ", ".join(path), int(year[:4]))
        return ["..", ".."] if value is None else [str(value), str(value // 3)]

    # --- pages ---------------------------------------------------------------------------------------------------

    def _page(self, body: str, headers: dict[str, str] | None = None) -> Reply:
        kind = '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">'
        page = f"{kind}\n<HTML><HEAD><title>Sol</title></HEAD><BODY>{body}</BODY></HTML>"
        return Reply(
            page.encode(self.encoding), headers={"Content-Type": "text/html;charset=ISO-8859-1", **(headers or {})}
        )

    def _error(self, said: str) -> Reply:
        return self._page(f"<h1>Fel/Error</h1><p>Felmeddelande: {said}</p>")


def _indent(depth: int) -> str:
    return "\\xA0" * 3 * depth


def _figure(region: str, offence: str, year: int) -> int | None:
    """Return a figure that tells its area, offence and year apart from all others (nearly), so that a mix-up shows."""
    return (sum(map(ord, region)) * 31 + sum(map(ord, offence)) * 7 + year) % 90_000
