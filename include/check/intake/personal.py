"""What may tell of a person in a delivered file, wherever it stands: rule and place of each find, never what it says.

Looked for are identity numbers (:mod:`include.check.intake.identity_numbers`), headings of columns about persons,
e-mail addresses, telephone numbers, case numbers, free text and tables with one row a person, in cells (also of hidden
sheets, rows and columns), in names of sheets and of the file, and in all the text that a book has outside its cells.

Bare numbers can be other numbers. The rule: a column of at least ten bare numbers of eight to twelve digits (without
organisation numbers) of which fewer than one in four is valid holds other numbers; in any other column, and in text,
each valid one is a find. Measured on 6,000 files with numbers drawn at random (``tests/check/intake/test_personal.py``
tries fewer): a single number of ten digits is refused in 0.7 % of files, a column of five in 3 %, of nine in 6 %, of
fifteen in 0.03 %, of twenty or more, or of running numbers, in none. A column of identity numbers is all valid, so
that what is lost is a single one among at least nine unlike it. Numbers of seven digits, valid in 6 % of cases, are
finds only where at least three in a column are valid, and half of them all.

Two neighbours in a row that together are a number are a find where a pair stands alone, if the date is written as no
event's is; in columns of at least three such pairs if two thirds are valid (a date beside a count is so one time in
ten). Names of authors that Excel writes into a file on every save refuse no file.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from include.check.intake.book import Book, Cell, Sheet, reference
from include.check.intake.identity_numbers import Likeness, Pair, halves, is_moment, likeness, likenesses, one_form

if TYPE_CHECKING:  # the limited child, which only looks, starts without the registry's models
    from include.registry.models import Registry

IDENTITY_NUMBER, NAME_COLUMN, EMAIL, PHONE = "IDENTITY_NUMBER", "NAME_COLUMN", "EMAIL", "PHONE"
CASE_NUMBER, FREE_TEXT, ROW_LEVEL = "CASE_NUMBER", "FREE_TEXT", "ROW_LEVEL"

#: By rule, in order of weight: what was found, in Swedish.
WORDS: dict[str, str] = {
    IDENTITY_NUMBER: "vad som ser ut som personnummer, samordningsnummer eller reservnummer",
    NAME_COLUMN: "en kolumn för uppgifter om enskilda personer (t.ex. namn, födelsedatum eller ärendenummer)",
    EMAIL: "en e-postadress",
    PHONE: "ett telefonnummer",
    CASE_NUMBER: "ett ärendenummer eller diarienummer",
    FREE_TEXT: "fritext, som kan beskriva en person",
    ROW_LEVEL: "en tabell som ser ut att ha en rad för varje person eller ärende",
}

#: Most characters of a cell's text where no contract says otherwise, in columns of numbers and choices (the longest
#: choice has some ninety), and on the template's own first and last sheet.
LONGEST_TEXT, LONGEST_CHOICE, LONGEST_GUIDE = 200, 120, 500

_CSV_HEADINGS = "agreement party period extract schema_version status example measure area breakdown sex age value"

_MOST_TOLD = 10
_SERIES, _SERIES_SHARE = 10, 1 / 4
_COMPANY, _COMPANY_SHARE = 3, 1 / 2
_PAIRS, _PAIR_SHARE = 3, 2 / 3
_PERSON_ROWS = 30


class Find(NamedTuple):
    """A find: by which rule, and where (Swedish, e.g. ``bladet Vuxna, cell B7``)."""

    rule: str
    place: str


@dataclass(frozen=True)
class Allowed:
    """What the contracts of a delivery have, so that it is no find.

    Attributes:
        headings: by heading, as :func:`fold` writes it, the most characters of text below it; None if a number, a date
            or a choice stands there.
        sheets: names of the template's sheets, which may be told.
        guides: those of them that hold the template's own text: its cover and its lists.
        names: names of areas and parties, as :func:`fold` writes them; a column of names may hold them.
    """

    headings: Mapping[str, int | None]
    sheets: frozenset[str]
    guides: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "headings": dict(self.headings),
            "sheets": sorted(self.sheets),
            "guides": sorted(self.guides),
            "names": sorted(self.names),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Allowed":
        """Return what :meth:`to_json` made."""
        return cls(
            dict(data["headings"]), frozenset(data["sheets"]), frozenset(data["guides"]), frozenset(data["names"])
        )

    def has(self, heading: str) -> bool:
        """Return whether a contract has the heading, also as that of a column of an earlier period's numbers."""
        return self._key(heading) in self.headings

    def longest(self, heading: str | None) -> int:
        """Return the most characters of text below a heading."""
        key = self._key(heading) if heading is not None else ""
        if key not in self.headings:
            return LONGEST_TEXT
        most = self.headings[key]
        return LONGEST_CHOICE if most is None else max(most, LONGEST_TEXT)

    def _key(self, heading: str) -> str:
        folded = fold(heading)
        return folded if folded in self.headings else _PERIOD_LAST.sub("", folded)


NOTHING = Allowed({}, frozenset())


def fold(text: str) -> str:
    """Return the form in which headings and names are compared: one kind of space and dash, no case."""
    return " ".join(one_form(unicodedata.normalize("NFC", text)).split()).casefold()


def allowed_of(registry: "Registry") -> Allowed:
    """Return what the contracts of all extracts have."""
    from include.registry.delivery import COVER, COVER_SHEET, LABELS, LISTS_SHEET, ONLY_ROW

    headings: dict[str, int | None] = dict.fromkeys(
        map(fold, [*LABELS.values(), ONLY_ROW[0], *COVER.values(), *_CSV_HEADINGS.split()])
    )
    guides = {COVER_SHEET, LISTS_SHEET}
    sheets = set(guides)
    for extract in registry.extracts.values():
        headings |= dict.fromkeys(fold(measure.label.sv) for measure in extract.measures)
    for sheet in (sheet for extract in registry.extracts.values() for sheet in extract.sheets):
        sheets.add(sheet.name)
        for column in sheet.columns:
            key = fold(column.label)
            most = (column.max_length or LONGEST_TEXT) if column.type in ("text", "url") else None
            headings[key] = max(filter(None, (headings.get(key), most)), default=None)
    areas = {area.name for area in registry.areas.values()}
    parties = {party.name for agreement in registry.agreements.values() for party in agreement.parties}
    written = {f"{area}{end}" for area in areas for end in ("", " kommun", "s kommun", " län", "s län")}
    return Allowed(headings, frozenset(sheets), frozenset(guides), frozenset(map(fold, written | parties)))


def find(book: Book, file_name: str, allowed: Allowed) -> list[Find]:
    """Return all finds of a file, the weightiest rule first, each rule's in the order of the file.

    Args:
        book: the file as it was read.
        file_name: its name, as the sender chose it.
        allowed: what the contracts have.
    """
    found = list(_in_text(file_name, "filens namn", is_name=True))
    for number, sheet in enumerate(book.sheets, start=1):
        found += _in_sheet(sheet, _Places(book.kind, sheet, number, allowed), allowed)
    found += _in_hidden(book, allowed)
    order = list(WORDS)
    return sorted(dict.fromkeys(found), key=lambda each: order.index(each.rule))


def message(finds: Sequence[Find]) -> str:
    """Return the refusal of a file with finds, for its sender: what kind, where, and what to do."""
    told = []
    for rule, words in WORDS.items():
        places = [each.place for each in finds[:_MOST_TOLD] if each.rule == rule]
        told += [f"{words}: {'; '.join(places)}"] if places else []
    more = len(finds) - _MOST_TOLD
    left = f" Det finns {more} ställen till." if more > 0 else ""
    return (
        "Hela filen avvisas och sparas inte i arkivet, för den ser ut att innehålla uppgifter om enskilda personer. "
        f"Den innehåller {'. Den innehåller '.join(told)}.{left} "
        "Väntade bara sammanställda tal i mallens celler. Ta bort uppgifterna, även ur kommentarer, dolda blad, filens "
        "egenskaper och filens namn. Enklast är att fylla i en ny mall och lämna den."
    )


# --- places ------------------------------------------------------------------------------------------------------


class _Places:
    """Tells where something stands on a sheet; the sheet's name only if it is the template's own."""

    def __init__(self, kind: str, sheet: Sheet, number: int, allowed: Allowed) -> None:
        self._is_csv = kind == "csv"
        self.sheet = f"bladet {sheet.name}" if sheet.name in allowed.sheets else f"blad {number}"
        self.name = f"namnet på blad {number}"

    def cell(self, row: int, column: int) -> str:
        if self._is_csv:
            return f"rad {row + 1}, fält {column + 1}"
        return f"{self.sheet}, cell {reference(row, column)}"

    def table(self, column: int) -> str:
        if self._is_csv:
            return f"fält {column + 1} på alla rader"
        return f"{self.sheet}, kolumn {reference(0, column)[:-1]}"


# --- text --------------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"[\w.+%'-]@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")

#: Area codes of two and three digits (PTS's numbering plan); others have four.
_AREA = r"(?:08|01[01368]|02[01136]|03[1356]|04[0246]|054|06[03]|07[023679]|090)"
_PHONE = re.compile(
    r"(?<![\d+])(?:"
    r"(?:\+|00)46[ -]?(?:\(0\))? ?[1-9]\d{0,2}[ -]?\d{2,3}(?:[ -]?\d{2,3}){1,3}"
    rf"|{_AREA}(?: ?[-/–] ?)\d{{2,4}}(?: ?\d{{2,3}}){{1,3}}"
    r"|0\d{3} ?[-/–] ?(?:\d{2,3} \d{2,3}|\d{5,6})"
    rf"|{_AREA} \d{{2,3}}(?: \d{{2,3}}){{1,3}}"
    r"|07[02369]\d \d{2} \d{2} \d{2}"
    r")(?![\d-])"
)
_BARE_MOBILE = re.compile(r"07[02369]\d{7}")
_LEAST_PHONE_DIGITS = 8
_SHORTEST = 6  # of what is a number of any kind

_CASE = re.compile(
    r"(?<![\w-])(?:"
    r"\d{4} ?- ?K ?\d{3,7} ?- ?\d{2}"  # the police's
    r"|AM[ -]\d{3,7}-\d{2}"  # the prosecutor's
    r"|[BTÄ] ?\d{3,6}-\d{2}"  # a court's
    r")(?![\w-])"
    r"|\b(?i:ärenden(?:umme)?r|anmälningsn(?:umme)?r|målnr|målnummer|k-n(?:umme)?r)"
    r"[.:]? {0,2}(?=[^\s,;]*\d)[^\s,;]{3,}"
)
#: A diarienummer. It names a document, which a contract may ask for; anywhere else it leads to somebody's case.
_REGISTERED = re.compile(
    r"(?<![\w-])(?:"
    r"\d{3}-\d{3,6}-(?:19|20)\d{2}"  # a county board's
    r"|(?:19|20)\d{2}/(?!(?:19|20)\d{2}\b)\d{4,6}"
    r"|(?:19|20)\d{2}-\d{5,6}"
    r"|[A-ZÅÄÖ]{2,6}[ -](?:19|20)\d{2}[-/](?!(?:19|20)\d{2}\b)\d{3,6}"
    r")(?![\w-])"
    r"|\b(?i:d\.?nr|diarien(?:umme)?r)[.:]? {0,2}(?=[^\s,;]*\d)[^\s,;]{3,}"
)
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_THREE_DIGITS = re.compile(r"(?:\d\D{0,8}?){3}")
_PERIOD_LAST = re.compile(r" \d{4}(?:-\S{1,3})?$")

#: Places where Excel writes who saved the file, and what guards it, without anybody's doing.
_AUTHORS = ("filens egenskaper", "filens egna egenskaper", "namnen på dem som har kommenterat")

_AXIS = re.compile(r"^ *\d{7,10} *$", re.MULTILINE)
_SIZE = re.compile(r"^ *\d{7,9} *$", re.MULTILINE)
_BARE_NUMBER = re.compile(r"(?<!\d)\d{7,12}(?!\d)(?! ?-)")


def _in_text(text: str, place: str, *, is_name: bool = False) -> Iterator[Find]:
    """Yield the finds of a text, apart from its length.

    Args:
        text: any text.
        place: where it stands.
        is_name: whether it is a file's name, where programs write days and times.
    """
    if likeness(text) not in (Likeness.BARE, Likeness.WRITTEN):
        rules = _rules_of_lines(text)
    else:
        rules = () if is_name and is_moment(text) else (IDENTITY_NUMBER,)
    for rule in rules + _rules_of_words(text):
        yield Find(rule, place)


def _rules_of_words(text: str, *, is_document: bool = False) -> tuple[str, ...]:
    """Return the rules by which a text is a find, apart from identity numbers and its length.

    Args:
        text: any text.
        is_document: whether it stands where a contract asks for a text, such as the name of a document.
    """
    has_digits = len(text) >= _SHORTEST and _THREE_DIGITS.search(text)
    if not has_digits and "@" not in text and "＠" not in text:
        return ()
    plain = one_form(text)
    rules = [EMAIL] if _EMAIL.search(plain) else []
    if has_digits:
        words = _WEB_ADDRESS.sub(" ", plain) if "://" in plain else plain  # an address holds numbers of all kinds
        rules += [PHONE] if _holds_phone(words) else []
        is_case = _CASE.search(words) or (not is_document and _REGISTERED.search(words))
        rules += [CASE_NUMBER] if is_case else []
    return tuple(rules)


def _holds_phone(text: str) -> bool:
    if "0" not in text and "+" not in text:
        return False
    if _BARE_MOBILE.fullmatch(text.strip()):
        return True
    return any(sum(sign.isdigit() for sign in match[0]) >= _LEAST_PHONE_DIGITS for match in _PHONE.finditer(text))


def _rules_of_lines(text: str) -> tuple[str, ...]:
    """Return the rule of identity numbers if a line and the next are the halves of one."""
    pairs = pairwise(text.splitlines())
    is_one = any(halves(left, right) in (Pair.BORN, Pair.WRITTEN) for left, right in pairs)
    return (IDENTITY_NUMBER,) if is_one else ()


# --- outside the cells -------------------------------------------------------------------------------------------


def _in_hidden(book: Book, allowed: Allowed) -> Iterator[Find]:
    for (place, text), told in zip(book.hidden, _told(book, allowed), strict=True):
        for each in _in_text(_without_measures(text, place), told):
            if each.rule != EMAIL or not place.startswith(_AUTHORS):
                yield each
        if place.startswith("en kommentar") and len(text) > LONGEST_TEXT:
            yield Find(FREE_TEXT, told)


def _without_measures(text: str, place: str) -> str:
    """Return text without bare numbers that mean nothing: sizes of drawings, names of axes, offsets in other files."""
    if place.startswith("ett diagram"):
        return _AXIS.sub(" ", text)
    if place.startswith(("en textruta", "ett blads inställningar")):
        return _SIZE.sub(" ", text)
    if place == "filens innehåll":  # of a file of a kind that is refused in any case
        counts = Counter(likenesses(text))
        return _BARE_NUMBER.sub(" ", text) if _is_series(counts) else text
    return text


def _told(book: Book, allowed: Allowed) -> Iterator[str]:
    """Yield the place of each hidden text, with no name of a sheet but the template's."""
    foreign = {
        f"bladet {sheet.name}": f"blad {number}"
        for number, sheet in enumerate(book.sheets, start=1)
        if sheet.name not in allowed.sheets
    }
    for place, _ in book.hidden:
        words = place
        for name, number in foreign.items():
            words = words.replace(name, number)
        yield "filens dolda delar" if likeness(words) is not Likeness.NONE else words


# --- cells -------------------------------------------------------------------------------------------------------


class _Table:
    """A sheet's cells by row and by column, and which headings they stand below. Each cell is looked at once."""

    def __init__(self, sheet: Sheet, allowed: Allowed) -> None:
        self.rows: dict[int, dict[int, Cell]] = defaultdict(dict)
        self.columns: dict[int, list[tuple[int, Cell]]] = defaultdict(list)
        for (row, column), cell in sorted(sheet.cells.items()):
            self.rows[row][column] = cell
            self.columns[column].append((row, cell))
        self._allowed = allowed
        self._heading_rows: dict[int, bool] = {}
        self._last_personal: dict[int, int] = {}
        self._headings: dict[int, list[tuple[int, str]]] = {}

    def heading_row(self, row: int) -> bool:
        """Return whether a row can be one of headings: no numbers in it but years."""
        if row not in self._heading_rows:
            cells = self.rows[row].values()
            self._heading_rows[row] = not any(_is_figure(cell) and not _is_year(cell) for cell in cells)
        return self._heading_rows[row]

    def starts_table(self, row: int) -> bool:
        """Return whether what is above a row is nothing, or narrower, such as a title."""
        return row - 1 not in self.rows or len(self.rows[row - 1]) < len(self.rows[row])

    def has_below(self, row: int, column: int) -> bool:
        """Return whether anything stands below a cell."""
        return self.columns[column][-1][0] > row

    def has_personal_below(self, row: int, column: int) -> bool:
        """Return whether what may be a name, an address or a number of a person stands below a cell."""
        if column not in self._last_personal:
            below = (place for place, cell in reversed(self.columns[column]) if _is_personal(cell, self._allowed))
            self._last_personal[column] = next(below, -1)
        return self._last_personal[column] > row

    def below(self, row: int, column: int) -> list[Cell]:
        """Return the cells below one in its column."""
        return [cell for place, cell in self.columns[column] if place > row]

    def heading(self, row: int, column: int) -> str | None:
        """Return the nearest heading above a cell that a contract has."""
        if column not in self._headings:
            texts = ((place, str(cell.value)) for place, cell in self.columns[column] if cell.kind == "text")
            self._headings[column] = [
                (place, text) for place, text in texts if len(text) <= LONGEST_CHOICE and self._allowed.has(text)
            ]
        headings = self._headings[column]
        before = bisect_left(headings, row, key=lambda each: each[0])
        return headings[before - 1][1] if before else None

    def is_text(self, row: int, column: int) -> bool:
        """Return whether a contract asks for a text in a cell's column."""
        heading = self.heading(row, column)
        return heading is not None and self._allowed.longest(heading) > LONGEST_CHOICE

    def is_count(self, row: int, column: int) -> bool:
        """Return whether a number below a million stands in a column of numbers that a contract has."""
        if self.heading(row, column) is None or self.is_text(row, column):
            return False
        return _COUNT.fullmatch(str(self.rows[row][column].value)) is not None


def _in_sheet(sheet: Sheet, places: _Places, allowed: Allowed) -> list[Find]:
    table = _Table(sheet, allowed)
    found = [*_in_text(sheet.name, places.name)]
    found += [Find(IDENTITY_NUMBER, places.cell(*place)) for place in sorted(_numbers(table) | _split_numbers(table))]
    known: dict[tuple[str, bool], tuple[str, ...]] = {}  # as most texts of a table stand in it often
    for (row, column), cell in sheet.cells.items():
        if cell.kind != "text":
            continue
        text, is_document = str(cell.value), table.is_text(row, column)
        if (text, is_document) not in known:
            lines = _rules_of_lines(text) if "\n" in text else ()
            known[text, is_document] = _rules_of_words(text, is_document=is_document) + lines
        found += [Find(rule, places.cell(row, column)) for rule in known[text, is_document]]
        if len(text) > LONGEST_CHOICE and len(text) > _longest(table, sheet, row, column, allowed):
            found.append(Find(FREE_TEXT, places.cell(row, column)))
    found += _name_columns(table, places, allowed)
    if sheet.name not in allowed.guides:
        found += _row_level(table, places, allowed)
    return found


def _longest(table: _Table, sheet: Sheet, row: int, column: int, allowed: Allowed) -> int:
    if sheet.name in allowed.guides:
        return LONGEST_GUIDE
    return allowed.longest(table.heading(row, column))


def _numbers(table: _Table) -> set[tuple[int, int]]:
    """Return the cells that hold an identity number, as far as their columns let them."""
    found = set()
    for column, cells in table.columns.items():
        like = [(row, likeness(cell.value)) for row, cell in cells if cell.kind in ("text", "number", "other")]
        counts = Counter(each for _, each in like)
        taken = {Likeness.WRITTEN}
        if not _is_series(counts):
            taken.add(Likeness.BARE)
        valid = counts[Likeness.BARE] + counts[Likeness.SHORT]
        if valid >= _COMPANY and valid >= (valid + counts[Likeness.OTHER]) * _COMPANY_SHARE:
            taken.add(Likeness.SHORT)
        found |= {(row, column) for row, each in like if each in taken}
    return found


def _is_series(counts: Mapping[Likeness, int]) -> bool:
    """Return whether bare numbers are so many, and so few of them valid, that they are other numbers."""
    bare = counts[Likeness.BARE]
    all_bare = bare + counts[Likeness.OTHER]
    return all_bare >= _SERIES and bare < all_bare * _SERIES_SHARE


def _split_numbers(table: _Table) -> set[tuple[int, int]]:
    """Return the first cells of pairs of neighbours that are the halves of an identity number."""
    pairs: dict[tuple[int, int], list[tuple[int, Pair]]] = defaultdict(list)
    for row, cells in table.rows.items():
        for (left, first), (right, second) in pairwise(cells.items()):
            if _may_be_last_part(second) and first.kind in ("text", "number", "date"):
                if all(table.is_count(row, column) for column in (left, right)):
                    continue  # five or six digits beside four are often a valid date and check digit by chance
                pairs[left, right].append((row, halves(first.value, second.value)))
    found = set()
    for (left, _), each in pairs.items():
        formed = [(row, pair) for row, pair in each if pair is not Pair.NONE]
        valid = [row for row, pair in formed if pair is not Pair.OTHER]
        alone = len(formed) < _PAIRS and all(pair in (Pair.BORN, Pair.WRITTEN) for _, pair in formed)
        if alone or (len(valid) >= _PAIRS and len(valid) >= len(formed) * _PAIR_SHARE):
            found |= {(row, left) for row in valid}
        found |= {(row, left) for row, pair in formed if pair is Pair.WRITTEN}
    return found


def _may_be_last_part(cell: Cell) -> bool:
    if cell.kind == "number":
        return 0 <= float(cell.value) < 10_000
    return cell.kind == "text" and 1 <= len(str(cell.value)) <= 8


# --- columns about persons ---------------------------------------------------------------------------------------

#: Words of headings below which anything tells of one person or case.
_PERSONAL = re.compile(
    r"person-?nummer|pers(?:on)?\.? ?-?nr|p-?nr|samordnings-?(?:nummer|nr)|reserv-?(?:nummer|nr)|person-?id|ssn|"
    r"födelse-?(?:nummer|nr|datum|dag|tid)|förnamn|efternamn|för- och efternamn|tilltalsnamn|mellannamn|"
    r"(?:barn|klient|patient|brukar|person)(?:ets|ens|s)? ?-?namn|firstname|first name|lastname|last name|surname|"
    r"(?:klient|patient|barn|brukar|kund|journal)-?(?:id|nr|nummer)|journal-?(?:nr|nummer)|"
    r"(?:dia?rie|ärende|anmälnings|mål|akt|k)-?(?:nr|nummer)|ärende-?id|d\.?nr|dnr|"
    r"(?:gatu|bostads|hem|post)-?adress|lägenhetsnummer|fastighetsbeteckning|"
    r"(?:tele|mobil)(?:fon)?-?(?:nr|nummer)|date of birth|personal number"
)
#: Words of headings below which a name, an address or a number of a person may stand, but also a count.
_PERHAPS = re.compile(
    r"namn|name|(?:barn|klient|patient|brukare|person|anhörig|vårdnadshavare|målsägande|utövare|förövare|offer)"
    r"(?:et|en|n)?|född|kontaktperson|handläggare|"
    r"adress|address|telefon|tel|tfn|mobil|mobiltelefon|phone|e-?post|e-?postadress|e-?mail|mail|mejl|mejladress"
)
_ABOUT = r"(?P<about>(?:barnets|barnens|klientens|patientens|brukarens|personens|den enskildes|mammas|pappas) )?"
_IN_HEADING = re.compile(rf"{_ABOUT}(?:(?P<sure>{_PERSONAL.pattern})|(?P<perhaps>{_PERHAPS.pattern}))(?P<rest> .*)?")
_NAME_OF = re.compile(r"namn på (?:barn|klient|patient|brukare|person|den|anhörig|utövare)\w*")
_COUNTED = re.compile(r"\b(?:antal|andel|summa|procent|saknar|saknas|utan|skydda\w*|per)\b")
_LONGEST_HEADING = 60

#: A count as people write it, below a million.
_COUNT = re.compile("(?:0|[1-9][0-9]{0,2}(?:[ \u00a0\u202f]?[0-9]{3})?)(?:[.]0)?")

_FIGURE = re.compile(r"[<>~≤≥+−-]? ?\d[\d .,]*(?:%|kr)?|[-–—.x*]{1,3}|ja|nej|e\.?u\.?|u\.?s\.?|saknas", re.IGNORECASE)
_LABELS = frozenset(
    {
        *("totalt", "total", "summa", "samtliga", "alla", "övriga", "övrigt", "annat", "okänt", "okänd", "ja", "nej"),
        *("flicka", "pojke", "kvinna", "man", "flickor", "pojkar", "kvinnor", "män", "vuxna", "barn"),
        *("länet", "riket", "kommun", "region"),
    }
)
_PERSONAL_TEXT = re.compile(r"[^\W\d_]{2}|(?:\d\D{0,3}){6}")


def _name_columns(table: _Table, places: _Places, allowed: Allowed) -> Iterator[Find]:
    """Yield the headings of columns about persons that no contract has, if something stands below them."""
    kinds: dict[str, str | None] = {}
    for row, cells in table.rows.items():
        for column, cell in cells.items():
            text = str(cell.value)
            if cell.kind != "text" or len(text) > _LONGEST_HEADING:
                continue
            if _digits(text) and table.is_text(row, column):
                continue  # what a contract asks for there, such as the number of a document, is no heading
            if text not in kinds:
                kinds[text] = None if allowed.has(text) else _heading_kind(text)
            if (
                kinds[text]
                and table.heading_row(row)
                and (
                    table.has_below(row, column)
                    if kinds[text] == "sure"
                    else table.starts_table(row) and table.has_personal_below(row, column)
                )
            ):
                yield Find(NAME_COLUMN, places.cell(row, column))


def _heading_kind(text: str) -> str | None:
    """Return whether a heading is surely or perhaps one of data about persons, None if it is not."""
    words = re.sub(r"\s*\([^)]*\)|[:*_]", " ", fold(text))
    words = " ".join(words.split())
    if _COUNTED.search(words):
        return None
    if _NAME_OF.match(words):
        return "sure"
    match = _IN_HEADING.fullmatch(words)
    if match is None:
        return None
    if match["sure"] or match["about"]:
        return "sure"
    return "perhaps" if not match["rest"] or len(match["rest"].split()) == 1 else None


def _is_personal(cell: Cell, allowed: Allowed) -> bool:
    """Return whether a cell below a heading may hold a name, an address or a number of a person; counts do not."""
    if cell.kind == "date":
        return True
    if cell.kind == "number":
        return float(cell.value) >= 10**6
    text = fold(str(cell.value))
    is_other = text in allowed.names or text in _LABELS or (_FIGURE.fullmatch(text) and _digits(text) < 6)
    return not is_other and bool(_PERSONAL_TEXT.search(text))


def _digits(text: str) -> int:
    return sum(sign.isdigit() for sign in text)


def _is_figure(cell: Cell) -> bool:
    return cell.kind not in ("text", "date") or bool(_FIGURE.fullmatch(str(cell.value).strip()))


def _is_year(cell: Cell) -> bool:
    text = str(cell.value).removesuffix(".0")
    return len(text) == 4 and text.isdecimal() and 1900 <= int(text) < 2100


# --- one row a person --------------------------------------------------------------------------------------------

_SEX_OF_ONE = frozenset({"k", "m", "f", "x", "kvinna", "man", "flicka", "pojke", "okänt"})
_AGE = re.compile(r"\b(?:ålder|age|födelseår|född|år gammal)")


def _row_level(table: _Table, places: _Places, allowed: Allowed) -> Iterator[Find]:
    """Yield the columns that show a table to have one row a person: all 1, or sex and age with nothing counted."""
    top = next((row for row in table.rows if len(table.rows[row]) > 1 and table.heading_row(row)), None)
    if top is None or len(table.rows) - 1 <= _PERSON_ROWS:
        return
    headings = {column: str(cell.value) for column, cell in table.rows[top].items()}
    foreign = {column: heading for column, heading in headings.items() if not allowed.has(heading)}
    numbers: dict[int, list[float]] = {}
    for column in foreign:
        below = table.below(top, column)
        values = [_value(cell) for cell in below]
        if len(below) > _PERSON_ROWS and all(value is not None for value in values):
            numbers[column] = [value for value in values if value is not None]
    if ones := [column for column, values in numbers.items() if set(values) == {1.0}]:
        yield Find(ROW_LEVEL, places.table(ones[0]))
        return
    ages = {column for column in numbers if _AGE.search(fold(foreign[column])) and _are_ages(numbers[column])}
    sexes = [column for column in foreign if _are_sexes(table.below(top, column))]
    counted = [column for column, values in numbers.items() if column not in ages and not _are_running(values)]
    if ages and sexes and not counted:
        yield Find(ROW_LEVEL, places.table(sexes[0]))


_LONGEST_VALUE = 12


def _value(cell: Cell) -> float | None:
    if cell.kind == "number":
        return float(cell.value)
    text = str(cell.value).strip()
    return float(text) if cell.kind == "text" and text.isdecimal() and len(text) <= _LONGEST_VALUE else None


def _are_ages(values: Iterable[float]) -> bool:
    return all(value == int(value) and (0 <= value <= 115 or 1900 <= value < 2100) for value in values)


def _are_sexes(cells: Sequence[Cell]) -> bool:
    return len(cells) > _PERSON_ROWS and all(
        cell.kind == "text" and fold(str(cell.value)) in _SEX_OF_ONE for cell in cells
    )


def _are_running(values: Sequence[float]) -> bool:
    """Return whether numbers are all different, as those of rows, cases or persons are."""
    return len(set(values)) == len(values)
