r"""What Brå's database SOL sends: the page with its choices, the result as "databasfil", and its page for errors.

All is ISO-8859-1. The page of choices holds them in arrays of its script, one record a line, fields parted by ``*``::

    arrayNivatva[7]="11130*\xA0\xA0Misshandel inkl. grov (5, 6 §)*11090*Brott mot brottsbalken, 3-7 kap. … (5, 6 §)";
    arrayRegionNivaTva[2]="8297*\xA0\xA0\xA0Jämtlands län*8291*Hela landet, Jämtlands län";
    arrayPeriod[0]="2526*2016 prel.*289*År, 2016 prel.*-1";

that is id, label, id of the group, path (and kind of period: -1 for a year). A databasfil is::

    Region;Brott;År;Period;Antal;/100 000 inv
    Hela landet;Befogenhetsbedrägeri;År;2025;14278;135;

Sources: the code that drives SOL in github.com/jensfinnas/bra_scraper (2017) and in
github.com/overjoyde/bra-kriminalstatistik (2026), with their recorded answers; Brå itself documents none of it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

from include.errors import LayoutChanged

ENCODING = "iso-8859-1"
HEADER = ["Region", "Brott", "År", "Period", "Antal", "/100 000 inv"]
#: What SOL writes where it has no figure, and on the rows of parent nodes that it repeats without being asked.
NO_FIGURE = ".."

_OFFENCES = "arrayNivatva"
#: Either of the two may hold the areas: menus without levels fill the first alone.
_REGIONS = ("arrayRegionNivaTva", "arrayRegionNivaEtt")
_PERIODS = "arrayPeriod"
_RECORD = re.compile(r"""\b(array\w+)\s*\[\s*\d+\s*\]\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_YEAR = re.compile(r"(\d{4})( prel\.?)?", re.ASCII)
_WHOLE_YEAR = "-1"
#: Words of SOL's own page for errors, and of the one it answers with when the session or its menu is lost.
_ERROR = re.compile(r"Fel/Error|Felmeddelande|obefintlig menyrad", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """One thing that can be chosen on the page."""

    id: str
    label: str
    path: str


@dataclass(frozen=True)
class Choices:
    """What a menu lets one choose; ``years`` maps a label ("2024", "2026 prel.") to the ids that have it."""

    offences: list[Choice]
    regions: list[Choice]
    years: dict[str, list[str]]

    def offence(self, text: str) -> list[Choice]:
        """Return the offences, one for each id, whose label or end of path is a text."""
        wanted = plain(text)
        return _by_id(
            c for c in self.offences if c.path == wanted or c.path.endswith(f", {wanted}") or c.label == wanted
        )

    def region(self, labels: tuple[str, ...]) -> list[Choice]:
        """Return the areas, one for each id, that have one of the labels."""
        return _by_id(c for c in self.regions if c.label in labels)


@dataclass(frozen=True)
class Row:
    """One row of a databasfil, its figures as they are written."""

    region: str
    offence: str
    period: str
    count: str
    per_100000: str

    @property
    def empty(self) -> bool:
        """Return whether the row has no figure."""
        return (self.count, self.per_100000) == (NO_FIGURE, NO_FIGURE)


def plain(text: str) -> str:
    """Return a label or path with its entities read and its spaces alike (SOL has NBSP, two, one before a comma)."""
    return " ".join(unescape(text).split()).replace(" ,", ",")


def without_total(label: str) -> str:
    """Return a label as results have it: what is called "X totalt" within its own group comes back as "X"."""
    return label.removesuffix(" totalt")


def error_of(content: bytes) -> str | None:
    """Return what SOL's page for errors says, None if the bytes are no such page. SOL sends it with status 200."""
    visible = plain(_Page.of(content.decode(ENCODING)).text)
    if not _ERROR.search(visible):
        return None
    said = visible.partition("Felmeddelande:")[2] or visible
    return "".join(sign for sign in plain(said) if sign.isprintable())[:200] or "an error without a message"


def read_choices(content: bytes, where: str) -> Choices:
    """Return what the page of choices of a menu holds.

    Args:
        content: the page as received.
        where: names source and menu in messages.

    Raises:
        LayoutChanged: an array is gone, or a record in it has not the fields it had.
    """
    arrays: dict[str, list[list[str]]] = {}
    for name, double, single in _RECORD.findall(_Page.of(_text(content, where)).script):
        arrays.setdefault(name, []).append(_unescaped(double or single).split("*"))
    for wanted in (_OFFENCES, _REGIONS, _PERIODS):
        names = (wanted,) if isinstance(wanted, str) else wanted
        if not any(name in arrays for name in names):
            raise LayoutChanged(
                f"{where}: the page of choices has no array {' or '.join(names)}; found "
                f"{', '.join(sorted(arrays)) or 'none'}; expected {', '.join((_OFFENCES, *_REGIONS, _PERIODS))}. Has "
                "SOL been rebuilt? Look at the page; include/archive/fetchers/sol_pages.py reads it."
            )
    regions = [record for name in _REGIONS for record in arrays.get(name, [])]
    return Choices(
        [_choice(record, 4, _OFFENCES, where) for record in arrays[_OFFENCES]],
        [_choice(record, 2, " or ".join(_REGIONS), where) for record in regions],
        _years(arrays[_PERIODS], where),
    )


def read_rows(content: bytes, where: str) -> list[Row]:
    """Return the rows of a databasfil about whole years.

    Raises:
        LayoutChanged: it has another header, or a row breaks off or is not about a year.
    """
    # Entities are read first: "&nbsp;" would end in the sign that parts the fields.
    lines = [line for line in unescape(_text(content, where)).splitlines() if line.strip()]
    header = [plain(field) for field in lines[0].rstrip(";").split(";")] if lines else []
    if header != HEADER:
        raise LayoutChanged(f"{where}: the databasfil begins with {header}; expected {HEADER}.")
    return [_row(line, number, where) for number, line in enumerate(lines[1:], start=2)]


def write_rows(rows: list[Row]) -> bytes:
    """Return rows as one databasfil."""
    lines = [";".join([row.region, row.offence, "År", row.period, row.count, row.per_100000, ""]) for row in rows]
    return ("\n".join([";".join(HEADER), *lines]) + "\n").encode(ENCODING)


def _row(line: str, number: int, where: str) -> Row:
    fields = [plain(field) for field in line.split(";")]
    if len(fields) != len(HEADER) + 1 or fields[-1]:
        raise LayoutChanged(
            f"{where}: row {number} of the databasfil has {len(fields)} fields ({line[:80]!r}); expected "
            f"{len(HEADER)}, each ended by a semicolon. Did the answer break off?"
        )
    region, offence, unit, period, count, per_100000, _ = fields
    if unit != "År":
        raise LayoutChanged(f"{where}: row {number} of the databasfil is about {unit!r}; expected 'År'.")
    return Row(region, without_total(offence), period, count, per_100000)


def _text(content: bytes, where: str) -> str:
    """Return the text of an answer, which must be ISO-8859-1: Swedish in it is never valid UTF-8 by chance."""
    if not content.isascii():
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            raise LayoutChanged(
                f"{where}: the answer is UTF-8; expected {ENCODING.upper()}, which SOL has always sent."
            )
    return content.decode(ENCODING)


def _choice(record: list[str], fields: int, array: str, where: str) -> Choice:
    """Return a record of id, label, group and path (or of id and label alone)."""
    if len(record) < fields or not record[0].strip().isdigit() or not plain(record[1]):
        raise LayoutChanged(
            f"{where}: {array} holds {'*'.join(record)[:80]!r}; expected an id, a label"
            f"{', a group and a path' if fields > 2 else ''}, parted by '*'."
        )
    label = without_total(plain(record[1]))
    return Choice(record[0].strip(), label, without_total(plain(record[3])) if len(record) > 3 else label)


def _years(records: list[list[str]], where: str) -> dict[str, list[str]]:
    """Return the ids of whole years by their labels, such as "2024" and "2026 prel."; months are no years."""
    years: dict[str, list[str]] = {}
    for record in records:
        if len(record) > 4 and record[4].strip() != _WHOLE_YEAR:
            continue
        match = _YEAR.fullmatch(plain(record[1])) if len(record) > 1 and record[0].strip().isdigit() else None
        if match is None:
            raise LayoutChanged(
                f"{where}: {_PERIODS} holds {'*'.join(record)[:80]!r}; expected an id and a year such as '2024'."
            )
        preliminary = match[2] or any("prel" in plain(field) for field in record[3:4])
        ids = years.setdefault(match[1] + (" prel." if preliminary else ""), [])
        if record[0].strip() not in ids:
            ids.append(record[0].strip())
    return years


def _unescaped(text: str) -> str:
    """Return a string of the page's script without its escapes."""

    def sign(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else match[3]

    return _ESCAPE.sub(sign, text)


def _by_id(choices: Iterable[Choice]) -> list[Choice]:
    return list({choice.id: choice for choice in choices}.values())


class _Page(HTMLParser):
    """Parts a page's script from its visible text."""

    def __init__(self) -> None:
        super().__init__()
        self._scripts: list[str] = []
        self._texts: list[str] = []
        self._inside = ""

    @classmethod
    def of(cls, text: str) -> "_Page":
        """Return the page of a text, read to its end."""
        page = cls()
        page.feed(text)
        page.close()
        return page

    @property
    def script(self) -> str:
        """Return the page's scripts, one after the other."""
        return "\n".join(self._scripts)

    @property
    def text(self) -> str:
        """Return what is neither script nor style."""
        return " ".join(self._texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note that a script or style begins."""
        if tag in ("script", "style"):
            self._inside = tag
            self._scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Note that it ends."""
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep a piece of text where it belongs; a script may come in several."""
        if self._inside:
            self._scripts[-1] += data
        else:
            self._texts.append(data)
