"""XML that may be hostile, and the text in it that stands in no cell.

The parser is expat, which comes with Python, and it stops at the first own definition (document type, entity): nothing
is ever expanded or fetched, in whichever encoding the part is written, and no other package is needed for that. The
text outside cells is collected with the place where it stands, in Swedish, for personal data hides there.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Protocol
from xml.parsers import expat

from include.check.intake.book import Hidden
from include.check.intake.kinds import MB, MOST_CELLS, damaged, refusal
from include.errors import DeliveryRefused, LayoutChanged

#: The names of Excel's own elements, in the usual and in the strict form of the standard (ECMA-376, ISO/IEC 29500).
_MAIN = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    }
)
_ENCODINGS = frozenset({"UTF-8", "UTF-16", "US-ASCII", "ASCII", "ISO-8859-1"})  # what expat itself can decode
_DEEPEST = 200

#: Most elements of a part: as many filled cells as are allowed have three each, and rows.
_MOST_ELEMENTS = 4 * MOST_CELLS

#: Parts above this size are not parsed once the file is refused, but gone through for what could be text.
_LARGE = MB

Attributes = Mapping[str, str]


class Handler(Protocol):
    """What follows a part's elements."""

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start; the name of an element that is not Excel's own has ``~`` before it."""

    def end(self, name: str) -> None:
        """Take an element's end."""

    def text(self, data: str) -> None:
        """Take text between elements."""

    def aside(self, data: str) -> None:
        """Take a comment or an instruction to another program."""


class Quiet:
    """A handler that takes nothing, for others to take what they need."""

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start."""

    def end(self, name: str) -> None:
        """Take an element's end."""

    def text(self, data: str) -> None:
        """Take text between elements."""

    def aside(self, data: str) -> None:
        """Take a comment or an instruction to another program."""


def parse(data: bytes, handler: Handler) -> None:
    """Let a handler follow a part's elements and text.

    Raises:
        DeliveryRefused: the part holds own definitions or far too many elements, or the handler refuses it.
        LayoutChanged: it is no well-formed XML.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    names: dict[str, str] = {}
    depth = elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > _DEEPEST:
            raise damaged()
        if elements > _MOST_ELEMENTS:
            raise refusal("TOO_MANY_CELLS")
        known = names.get(name)
        if known is None:
            known = names[name] = _short(name)
        handler.start(known, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(names[name])

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = handler.text
    parser.CommentHandler = handler.aside
    parser.ProcessingInstructionHandler = lambda target, rest: handler.aside(f"{target} {rest}")
    parser.XmlDeclHandler = _known_encoding
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.UnparsedEntityDeclHandler = parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise damaged() from error


def _short(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return local if namespace in _MAIN else f"~{local}"


def _known_encoding(version: str, encoding: str | None, standalone: int) -> None:
    if encoding is not None and encoding.upper() not in _ENCODINGS:
        raise damaged()


def _refuse(*definition: Any) -> Any:
    raise refusal("XML_DEFINITIONS")


# --- text outside cells ------------------------------------------------------------------------------------------

#: Elements whose inner elements cut one text into pieces (e.g. where half of a word is bold).
_BLOCKS = frozenset({"si", "is", "text", "~p", "~div", "~threadedComment", "comment"})

#: Attributes that hold words; others are looked at only if they could hold a number or an address.
_WORDS = frozenset(
    (
        "descr",
        "title",
        "prompt",
        "promptTitle",
        "error",
        "errorTitle",
        "display",
        "tooltip",
        "location",
        "displayName",
        "userId",
        "name",
        "comment",
        "description",
        "help",
        "statusBar",
        "alt",
        "totalsRowLabel",
        "lastModifiedBy",
        "author",
        "creator",
        "caption",
    )
)
_NUMBER_OR_ADDRESS = re.compile(r"\d{4}|@")
_NAME_OF_SCHEMA = re.compile(
    r"https?://(schemas|purl|www\.w3)\.[\w./#-]+|(\w{1,2}_)?\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?"
)
_HARMLESS = re.compile(
    rf"{_NAME_OF_SCHEMA.pattern}|#?([0-9A-Fa-f]{{6}}|[0-9A-F]{{8}})|-?\d{{1,7}}(\.\d+)?|#?_x0000_\w+"
)

#: Text of settings, of which files are full: a switch or a small number.
_SMALL = re.compile(r"\s*(true|false|[-+]?\d{1,5}(\.\d+)?)\s*", re.IGNORECASE)

#: Elements by which a place is told better than by its part.
_PLACES: dict[str, str] = {
    "headerFooter": "sidhuvud eller sidfot",
    "dataValidation": "en inmatningsregel",
    "~dataValidation": "en inmatningsregel",
    "conditionalFormatting": "en formateringsregel",
    "hyperlink": "en länk",
    "definedName": "ett definierat namn",
    "comment": "en kommentar",
    "~threadedComment": "en kommentar",
}

_FORMULAS = frozenset({"f", "~f", "formula", "formula1", "formula2", "definedName", "calculatedColumnFormula"})
_LITERAL, _QUOTED_SHEET = re.compile(r'"[^"]*"'), re.compile(r"'(?:[^'\[\]]|'')*'")
_OTHER_BOOK = re.compile(r"'?\[[^\[\]]+\][^'!\[\]\"]*'?!")
_REACHES_OUT = re.compile(
    r"\b(WEBSERVICE|RTD|DDE|CALL|REGISTER|REGISTER\.ID|EXEC|EVALUATE|IMAGE|STOCKHISTORY|CUBE[A-Z]+|SQL\.REQUEST)\s*\(",
    re.IGNORECASE,
)

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FONT_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d{1,3}|[A-Z])')


class Texts:
    """Collects the text of one part that stands in no cell.

    Args:
        place: where the part's text stands, in Swedish, e.g. "en kommentar".
        sheet: of which sheet, e.g. " på bladet Vuxna"; empty if of none.
        found: where to put what is found; its order is kept, and what is found twice is there once.
    """

    def __init__(self, place: str, sheet: str, found: dict[Hidden, None]) -> None:
        self._place, self._sheet, self._found = place, sheet, found
        self._open: list[tuple[str, str]] = []  # elements and the places that held before them
        self._block = 0
        self._pieces: list[str] = []

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start."""
        if not self._block:
            self._flush()
        self._open.append((name, self._place))
        if name in _PLACES:
            self._place = _PLACES[name]
            cell = attributes.get("ref", "")
            if self._place == "en kommentar" and re.fullmatch(r"[A-Z]{1,3}\d{1,7}", cell):
                self._place = f"{self._place}{self._sheet}, cell {cell}"
        self._block += name in _BLOCKS
        for value in telling(attributes):
            self.add(value)

    def end(self, name: str) -> None:
        """Take an element's end."""
        if name in _FORMULAS:
            check_formula("".join(self._pieces), self._where())
        self._block -= name in _BLOCKS
        if not self._block:
            self._flush()
        _, self._place = self._open.pop()

    def text(self, data: str) -> None:
        """Take text between elements."""
        self._pieces.append(data)

    def aside(self, data: str) -> None:
        """Take a comment or an instruction to another program."""
        self.add(data)

    def add(self, text: str, place: str = "") -> None:
        """Put down a text, at the present place or another; blank text is none."""
        if text.strip():
            clean = plain(text)
            self._found[Hidden(place or self._where(), clean)] = None
            if "&" in clean and self._place == _PLACES["headerFooter"]:
                self._found[Hidden(self._where(), _FONT_CODES.sub(" ", clean))] = None
            if len(self._found) > MOST_CELLS:
                raise refusal("TOO_MANY_CELLS")

    def _where(self) -> str:
        return self._place if self._sheet and self._sheet in self._place else f"{self._place}{self._sheet}"

    def _flush(self) -> None:
        if self._pieces:
            text = "".join(self._pieces)
            if not (_SMALL.fullmatch(text) or _NAME_OF_SCHEMA.fullmatch(text)):
                self.add(text)
            self._pieces.clear()


def telling(attributes: Attributes) -> list[str]:
    """Return the values of an element's attributes that are words, or could hold a number or an address."""
    return [
        value
        for key, value in attributes.items()
        if key in _WORDS or (_NUMBER_OR_ADDRESS.search(value) and not _HARMLESS.fullmatch(value))
    ]


def check_formula(text: str, place: str) -> None:
    """Refuse a formula that fetches from outside the file or starts a program (DDE).

    Raises:
        DeliveryRefused: it does.
    """
    if not text or not ("|" in text or "[" in text or "(" in text):
        return
    bare = _LITERAL.sub("", text)
    if "|" in _QUOTED_SHEET.sub("", bare) or _REACHES_OUT.search(bare):
        raise refusal("DDE", places=(place,))
    if _OTHER_BOOK.search(bare):
        raise refusal("EXTERNAL_LINKS", places=(place,))


def is_true(text: str | None) -> bool:
    """Return whether an attribute says yes."""
    return text in ("1", "true", "on")


def plain(text: str) -> str:
    """Return text as Excel shows it: its escaped signs decoded, composed letters as one sign (NFC).

    Signs that cannot stand in a text (NUL and the like) stay escaped.
    """
    if "_x" in text:
        text = _ESCAPED.sub(_unescaped, text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _unescaped(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16))
    if sign in "\t\n\r":
        return sign
    return match[0] if unicodedata.category(sign) in ("Cc", "Cs") else sign


# --- text of what is refused -------------------------------------------------------------------------------------

_UTF16_RUNS = (
    (re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00|[\x10-\x15]\x20){6,}"), "utf-16-le"),
    (re.compile(rb"(?:\x00[\x20-\x7e\xa0-\xff]|\x20[\x10-\x15]){6,}"), "utf-16-be"),
)
_MOST_STRINGS = 50_000
_RUN = re.compile(r"[^<>\"\x00-\x1f]{4,4000}")


def everything(members: Mapping[str, bytes], place_of: Callable[[str], str]) -> tuple[Hidden, ...]:
    """Return all text of a refused file's parts, as far as it can be read, a part's in one."""
    said: dict[str, list[str]] = {}
    for name, data in members.items():
        texts = _texts(data) if len(data) < _LARGE else [strings(data)]
        said.setdefault(place_of(name), []).extend(texts)
    return tuple(Hidden(place, "\n".join(texts)) for place, texts in said.items() if texts)


class _Values(Quiet):
    """Collects every value and text as it stands, in order."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start."""
        self.found += (value for value in attributes.values() if not _NAME_OF_SCHEMA.fullmatch(value))

    def text(self, data: str) -> None:
        """Take text between elements."""
        self.found.append(data)


def values(data: bytes) -> str:
    """Return every value and text of a part, each on a line: the halves of a number may be those of neighbours.

    Raises:
        DeliveryRefused, LayoutChanged: as :func:`parse`.
    """
    handler = _Values()
    parse(data, handler)
    return "\n".join(value.strip() for value in handler.found if value.strip())


def _texts(data: bytes) -> list[str]:
    inside: dict[Hidden, None] = {}
    try:
        parse(data, Texts("", "", inside))
        return [*(each.text for each in inside), values(data)]
    except (DeliveryRefused, LayoutChanged):
        return [strings(data)]


def strings(content: bytes) -> str:
    """Return what could be text with a number or an address in any bytes, each on a line and once.

    It stands between tags, quotation marks and signs that are no text, in any of the usual encodings.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    is_wide = b"\x00" in content
    wide = (run.decode(code) for pattern, code in _UTF16_RUNS for run in pattern.findall(content)) if is_wide else ()
    runs = _RUN.finditer(html.unescape("\n".join((text, *wide))))
    telling_runs = (run[0].strip() for run in runs if _NUMBER_OR_ADDRESS.search(run[0]))
    return "\n".join(islice(dict.fromkeys(telling_runs), _MOST_STRINGS))
