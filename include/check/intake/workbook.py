"""A workbook's parts to the cells of its sheets, and all other text by where it stands.

One reader does both, so that nothing can be one thing to the gate and another to who reads the figures. The cells are
read by :mod:`include.check.intake.sheets`; here is how the parts hang together (ECMA-376 parts 1 and 2).
"""

import posixpath
from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from include.check.intake.book import Book, Hidden
from include.check.intake.kinds import MOST_CELLS, damaged, refusal
from include.check.intake.markup import Attributes, Quiet, Texts, is_true, parse, plain, strings, values
from include.check.intake.sheets import SharedStrings, SheetReader
from include.check.intake.styles import Styles

#: By the beginning of a part's name: where its text stands.
_PLACES: tuple[tuple[str, str], ...] = (
    ("docprops/custom", "filens egna egenskaper"),
    ("docprops/", "filens egenskaper"),
    ("xl/comments", "en kommentar"),
    ("xl/threadedcomments/", "en kommentar"),
    ("xl/persons/", "namnen på dem som har kommenterat"),
    ("xl/drawings/vml", "en kommentar"),
    ("xl/drawings/", "en textruta eller alternativtext"),
    ("xl/charts/", "ett diagram"),
    ("xl/tables/", "en tabells namn och rubriker"),
    ("xl/pivot", "en pivottabells underlag"),
    ("xl/externallinks/", "en extern länk"),
    ("xl/printersettings/", "skrivarinställningarna"),
    ("xl/sharedstrings", "text som är raderad men ligger kvar i filen"),
    ("xl/worksheets/_rels/", "en länk"),
    ("xl/worksheets/", "ett blads inställningar"),
    ("xl/workbook", "arbetsbokens inställningar"),
    ("customxml/", "dold XML-data"),
)


class _Link(NamedTuple):
    """A relationship of a part: its kind (the last word of its type), where it leads, and whether out of the file."""

    kind: str
    target: str
    outside: bool


class _Tab(NamedTuple):
    """A sheet as the workbook lists it."""

    name: str
    link: str
    hidden: bool


def place_of(part: str) -> str:
    """Return where a part's text stands, in Swedish."""
    name = part.lower()
    return next((place for start, place in _PLACES if name.startswith(start)), "en annan del av filen")


def read(members: Mapping[str, bytes], texts: Collection[str], known_sheets: Collection[str]) -> Book:
    """Return the cells and the other text of a workbook.

    Args:
        members: its parts by name.
        texts: what stands in the container itself.
        known_sheets: names of sheets that may be told; others are told by number, for a name can hold anything.

    Raises:
        DeliveryRefused: it fetches from elsewhere, holds own XML definitions, or more than a template can.
        LayoutChanged: it is no workbook, or contradicts itself.
    """
    relations = _relations(members)
    main = next((each.target for each in relations.get("", {}).values() if each.kind == "officeDocument"), "")
    if main not in members:
        raise damaged("arbetsboken saknas")
    outline = _Outline()
    parse(members[main], outline)
    links = relations.get(main, {})
    parts = _parts(outline.tabs, links, members)
    owners = _owners(relations, parts, [_told(tab, number, known_sheets) for number, tab in enumerate(outline.tabs, 1)])
    shared = SharedStrings()
    styles = Styles(_linked(members, links, "styles"))
    if strings_part := _linked(members, links, "sharedStrings"):
        parse(strings_part, shared)

    found: dict[Hidden, None] = dict.fromkeys(Hidden("filens behållare", plain(text)) for text in texts)
    for part, links_of_part in relations.items():
        outside = (link.target for link in links_of_part.values() if link.outside)
        found |= dict.fromkeys(Hidden(f"en länk{owners.get(part, '')}", plain(target)) for target in outside)
    sheets, notes = [], ["arbetsboken räknar datum från 1904"] if outline.from_1904 else []
    filled = 0
    for number, (tab, part) in enumerate(zip(outline.tabs, parts, strict=True), start=1):
        reader = SheetReader(shared, styles, outline.from_1904, owners[part], found, MOST_CELLS - filled)
        parse(members[part], reader)
        filled += len(reader.cells)
        sheets.append(reader.sheet(tab.name, tab.hidden))
        if reader.merged:
            notes.append(f"blad {number} har sammanfogade celler ({reader.merged})")
    for text in shared.left_over():
        found[Hidden(place_of("xl/sharedStrings"), text)] = None
    known = {name for name, link in links.items() if link.kind == "sharedStrings"}
    _other_text(members, set(parts) | {links[name].target for name in known}, owners, found)
    return Book("xlsx", tuple(sheets), tuple(found), tuple(notes))


# --- the parts and how they hang together ------------------------------------------------------------------------


def _relations(members: Mapping[str, bytes]) -> dict[str, dict[str, _Link]]:
    """Return by part its relationships by their id; those of the whole file stand under an empty name."""
    relations = {}
    for name, data in members.items():
        folder, file_name = posixpath.split(name)
        if posixpath.basename(folder) == "_rels" and file_name.endswith(".rels"):
            reader = _Links(posixpath.dirname(folder))
            parse(data, reader)
            relations[_part_of(name)] = reader.links
    return relations


def _part_of(relationships: str) -> str:
    """Return the part that a part of relationships belongs to: ``xl/workbook.xml`` for its ``.rels``."""
    folder, name = posixpath.split(relationships)
    return posixpath.join(posixpath.dirname(folder), name.removesuffix(".rels"))


class _Links(Quiet):
    """Reads a part's relationships."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.links: dict[str, _Link] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name != "~Relationship":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        target, outside = attributes.get("Target", ""), attributes.get("TargetMode", "").lower() == "external"
        if outside and kind != "hyperlink":
            raise refusal("EXTERNAL_LINKS")
        if not outside:
            target = posixpath.normpath(posixpath.join("/", self._folder, unquote(target))).lstrip("/")
        self.links[attributes.get("Id", "")] = _Link(kind, target, outside)


class _Outline(Quiet):
    """Reads which sheets a workbook has and from when it counts days."""

    def __init__(self) -> None:
        self.tabs: list[_Tab] = []
        self.from_1904 = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            link = next((value for key, value in attributes.items() if key.endswith(" id")), "")
            name_of_sheet = plain(attributes.get("name", ""))
            self.tabs.append(_Tab(name_of_sheet, link, attributes.get("state", "visible") != "visible"))
        elif name == "workbookPr":
            self.from_1904 = is_true(attributes.get("date1904"))


def _parts(tabs: list[_Tab], links: Mapping[str, _Link], members: Mapping[str, bytes]) -> list[str]:
    """Return the part of each sheet.

    Raises:
        LayoutChanged: a sheet's part is missing, or two sheets have the same part or name.
        DeliveryRefused: a sheet is a macro.
    """
    parts = []
    for tab in tabs:
        link = links.get(tab.link)
        if link is None or link.target not in members:
            raise damaged("ett blad saknas")
        if "macrosheet" in link.kind.lower() or link.kind == "dialogsheet":
            raise refusal("MACROS")
        parts.append(link.target)
    if not parts:
        raise damaged("den har inga blad")
    if len(set(parts)) != len(parts) or len({tab.name.casefold() for tab in tabs}) != len(tabs):
        raise damaged("två blad är samma")
    return parts


def _told(tab: _Tab, number: int, known: Collection[str]) -> str:
    return f" på bladet {tab.name}" if tab.name in known else f" på blad {number}"


def _owners(relations: Mapping[str, Mapping[str, _Link]], parts: list[str], words: list[str]) -> dict[str, str]:
    """Return by part the words for the sheet that it belongs to: a sheet's own part, and what that leads to."""
    owners: dict[str, str] = {}
    for first, told in zip(parts, words, strict=True):
        ahead = [first]
        while ahead:
            part = ahead.pop()
            if part not in owners:
                owners[part] = told
                ahead += [link.target for link in relations.get(part, {}).values() if not link.outside]
    return owners


def _linked(members: Mapping[str, bytes], links: Mapping[str, _Link], kind: str) -> bytes:
    targets = [link.target for link in links.values() if link.kind == kind]
    if len(targets) > 1:
        raise damaged()
    return members.get(targets[0], b"") if targets else b""


def _other_text(
    members: Mapping[str, bytes], read_parts: Collection[str], owners: Mapping[str, str], found: dict[Hidden, None]
) -> None:
    """Put down the text of every part that is not read for its cells, so also of those that nothing leads to."""
    for part, data in members.items():
        if part in read_parts or not data:
            continue
        owner = _part_of(part) if part.endswith(".rels") else part
        collector = Texts(place_of(part), owners.get(owner, ""), found)
        if part.lower().endswith(".bin"):
            collector.add(strings(data))
        else:
            parse(data, collector)
        if part.lower().startswith("customxml/"):
            collector.add(values(data))
