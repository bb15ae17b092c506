"""The cells of one sheet, its hidden rows and columns, and the texts that cells share.

The sheet's XML is followed as a stream (ECMA-376 part 1, chapter 18) and only filled cells are kept: a cell in the last
corner of a sheet costs as much as any other, where readers that build the whole grid (calamine, pandas) need half a
terabyte for it.
"""

import re

from include.check.intake.book import Cell, Hidden, Sheet, reference
from include.check.intake.kinds import MOST_CELLS, damaged, refusal
from include.check.intake.markup import Attributes, Quiet, Texts, check_formula, is_true, plain, telling
from include.check.intake.styles import Styles, number_cell

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(E[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_LARGEST = 1e300
#: Attributes of cells and rows that are read here or say nothing but how they look.
_ORDINARY = frozenset(
    {"r", "s", "t", "spans", "customFormat", "ht", "hidden", "customHeight", "outlineLevel", "collapsed"}
)
_EXACT = 2**53  # integers beyond it are no longer told apart in the file either

#: Excel's errors as a Swedish Excel shows them; files hold the English words.
ERRORS: dict[str, str] = {
    "#NULL!": "#SKÄRNING!",
    "#DIV/0!": "#DIVISION/0!",
    "#VALUE!": "#VÄRDEFEL!",
    "#REF!": "#REFERENS!",
    "#NAME?": "#NAMN?",
    "#NUM!": "#OGILTIGT!",
    "#N/A": "#SAKNAS!",
    "#GETTING_DATA": "#HÄMTAR_DATA",
    "#SPILL!": "#SPILL!",
    "#CALC!": "#BERÄKNA!",
    "#FIELD!": "#FÄLT!",
    "#BLOCKED!": "#BLOCKERAD!",
    "#UNKNOWN!": "#OKÄNT!",
    "#CONNECT!": "#ANSLUT!",
}

#: Raised and lowered signs of rich text, so that ``12`` with a raised 1 is 12¹ and not 121.
_RAISED = str.maketrans("0123456789+-=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


# --- text of cells -----------------------------------------------------------------------------------------------


class _Runs(Quiet):
    """Puts together a cell's text from its runs: raised and lowered ones stay apart, phonetic ones are left aside."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.left_aside: list[str] = []
        self._takes = self._aside = False
        self._table: dict[int, int] | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start."""
        match name:
            case "t":
                self._takes = True
            case "r":
                self._table = None
            case "rPh":
                self._aside = True
            case "vertAlign":
                self._table = {"superscript": _RAISED, "subscript": _LOWERED}.get(attributes.get("val", ""))

    def end(self, name: str) -> None:
        """Take an element's end."""
        match name:
            case "t":
                self._takes = False
            case "r":
                self._table = None
            case "rPh":
                self._aside = False

    def text(self, data: str) -> None:
        """Take text between elements."""
        if self._takes and not self._aside:
            self.pieces.append(data.translate(self._table) if self._table else data)
        else:
            self.left_aside.append(data)


class SharedStrings:
    """Reads the texts that cells refer to by number, and keeps count of those that no cell refers to."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._used: set[int] = set()
        self._aside: list[str] = []
        self._runs: _Runs | None = None

    def take(self, number: str) -> str:
        """Return a text by its number.

        Raises:
            LayoutChanged: there is none of that number.
        """
        if not (number.isascii() and number.isdigit() and len(number) < 10 and int(number) < len(self._texts)):
            raise damaged("en cell hänvisar till text som inte finns")
        self._used.add(int(number))
        return self._texts[int(number)]

    def left_over(self) -> list[str]:
        """Return the texts that no cell has taken, and phonetic ones."""
        unused = [text for number, text in enumerate(self._texts) if number not in self._used]
        return [text for text in (*unused, *self._aside) if text.strip()]

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start."""
        if name == "si":
            if self._runs is not None:
                raise damaged()
            self._runs = _Runs()
            if len(self._texts) >= MOST_CELLS:
                raise refusal("TOO_MANY_CELLS")
        elif self._runs:
            self._runs.start(name, attributes)
        if attributes:
            self._aside += telling(attributes)

    def end(self, name: str) -> None:
        """Take an element's end."""
        if self._runs is None:
            return
        if name == "si":
            self._texts.append(plain("".join(self._runs.pieces)))
            self._aside += map(plain, self._runs.left_aside)
            self._runs = None
        else:
            self._runs.end(name)

    def text(self, data: str) -> None:
        """Take text between elements."""
        if self._runs:
            self._runs.text(data)
        else:
            self._aside.append(data)

    def aside(self, data: str) -> None:
        """Take a comment or an instruction to another program."""
        self._aside.append(data)


# --- sheets ------------------------------------------------------------------------------------------------------


class SheetReader:
    """Reads one sheet's filled cells, what is hidden in it, and its other text."""

    def __init__(
        self,
        shared: SharedStrings,
        styles: Styles,
        from_1904: bool,
        told: str,
        found: dict[Hidden, None],
        most: int,
    ) -> None:
        self.cells: dict[tuple[int, int], Cell] = {}
        self.merged = ""
        self._shared, self._styles, self._from_1904, self._most = shared, styles, from_1904, most
        self._told, self._found = told, found
        self._texts = Texts("ett blads inställningar", told, found)
        self._in_data = False
        self._hidden_rows: set[int] = set()
        self._hidden_columns: list[range] = []
        self._rows = 0
        self._row = self._column = -1
        self._cell: Attributes | None = None
        self._depth = 0  # of elements within a cell
        self._inside = ""  # of a cell: the element of its value (v), formula (f), text (is) or extensions (extLst)
        self._pieces: dict[str, list[str]] = {}
        self._runs: _Runs | None = None

    def sheet(self, name: str, is_hidden: bool) -> Sheet:
        """Return what was read; hidden rows and columns are those that hold something."""
        rows, columns = {row for row, _ in self.cells}, {column for _, column in self.cells}
        hidden = frozenset(column for column in columns if any(column in each for each in self._hidden_columns))
        return Sheet(name, self.cells, is_hidden, frozenset(self._hidden_rows & rows), hidden)

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element's start."""
        if self._cell is not None:
            self._start_within_cell(name, attributes)
        elif name == "c" and self._in_data:
            self._start_cell(attributes)
        elif name == "row" and self._in_data:
            self._start_row(attributes)
        elif name == "sheetData":
            if self._in_data or self._row >= 0:
                raise damaged("ett blad har två tabeller av celler")
            self._in_data = True
        else:
            if name == "col":
                self._hide_columns(attributes)
            elif name == "mergeCell" and not self.merged:
                self.merged = _told_range(attributes.get("ref", ""))
            self._texts.start(name, attributes)

    def end(self, name: str) -> None:
        """Take an element's end."""
        if self._cell is not None:
            if self._depth:
                self._end_within_cell(name)
            else:
                self._end_cell(self._cell)
                self._cell = None
        elif name == "sheetData":
            self._in_data = False
        elif name != "row" or not self._in_data:
            self._texts.end(name)

    def text(self, data: str) -> None:
        """Take text between elements."""
        if self._inside in ("v", "f"):
            self._pieces[self._inside].append(data)
        elif self._inside == "is" and self._runs:
            self._runs.text(data)
        elif not data.isspace():
            self._texts.text(data)

    def aside(self, data: str) -> None:
        """Take a comment or an instruction to another program."""
        self._texts.aside(data)

    # rows and columns

    def _start_row(self, attributes: Attributes) -> None:
        text = attributes.get("r")
        if text is None:
            row = self._row + 1
        elif text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_ROW)):
            row = int(text) - 1
        else:
            raise damaged("en rad saknar nummer")
        if not self._row < row < _LAST_ROW:
            raise damaged("raderna kommer inte i ordning")
        self._row, self._column = row, -1
        self._rows += 1
        if self._rows > MOST_CELLS:
            raise refusal("TOO_MANY_CELLS")
        self._look_at(attributes)
        if is_true(attributes.get("hidden")) or attributes.get("ht") in ("0", "0.0"):
            self._hidden_rows.add(row)

    def _hide_columns(self, attributes: Attributes) -> None:
        first, last = attributes.get("min", ""), attributes.get("max", "")
        is_hidden = is_true(attributes.get("hidden")) or attributes.get("width") in ("0", "0.0")
        if is_hidden and all(re.fullmatch(r"\d{1,5}", text, re.ASCII) for text in (first, last)):
            self._hidden_columns.append(range(int(first) - 1, int(last)))

    # cells

    def _start_cell(self, attributes: Attributes) -> None:
        text, column = attributes.get("r"), self._column + 1
        if text is not None:
            match = _REFERENCE.fullmatch(text)
            if match is None or int(match[2]) != self._row + 1:
                raise damaged("en cell står på fel rad")
            column = _column(match[1])
        if self._row < 0 or not self._column < column < _LAST_COLUMN:
            raise damaged("cellerna kommer inte i ordning")
        self._column = column
        self._cell, self._pieces, self._runs = attributes, {}, None
        self._look_at(attributes)

    def _start_within_cell(self, name: str, attributes: Attributes) -> None:
        match self._inside:
            case "" if name in ("v", "f", "is", "extLst") and name not in self._pieces:
                self._inside, self._pieces[name] = name, []
                self._look_at(attributes)
                if name == "is":
                    self._runs = _Runs()
                elif name == "extLst":
                    self._texts.start(name, attributes)
            case "is" if self._runs:
                self._runs.start(name, attributes)
                self._look_at(attributes)
            case "extLst":
                self._texts.start(name, attributes)
            case _:
                raise damaged("en cell innehåller något okänt")
        self._depth += 1

    def _end_within_cell(self, name: str) -> None:
        self._depth -= 1
        if self._inside == "extLst":
            self._texts.end(name)
        elif self._inside == "is" and self._runs:
            self._runs.end(name)
        if not self._depth:
            self._inside = ""

    def _look_at(self, attributes: Attributes) -> None:
        """Put down what an element's attributes say beyond what every cell and row says."""
        if not attributes.keys() <= _ORDINARY:
            for value in telling(attributes):
                self._texts.add(value)

    def _end_cell(self, attributes: Attributes) -> None:
        cell = self._content(attributes.get("t", "n"), attributes)
        if formula := "".join(self._pieces.get("f", ())):
            self._put_formula(formula)
        for text in self._runs.left_aside if self._runs else ():
            self._texts.add(text)
        if cell is None or (cell.kind == "text" and not str(cell.value).strip()):
            return
        if len(self.cells) >= self._most:
            raise refusal("TOO_MANY_CELLS")
        self.cells[self._row, self._column] = cell

    def _content(self, kind: str, attributes: Attributes) -> Cell | None:
        """Return what a cell holds, None for nothing."""
        if kind == "inlineStr":
            return Cell("text", plain("".join(self._runs.pieces))) if self._runs else None
        text = "".join(self._pieces.get("v", ()))
        if not text:  # the result of a formula may be an empty text, which is nothing
            return Cell("formula", "") if "f" in self._pieces and kind != "str" else None
        match kind:
            case "s":
                return Cell("text", self._shared.take(text))
            case "b" if text in ("0", "1"):
                return Cell("truth", text == "1")
            case "e" if text in ERRORS:
                return Cell("error", ERRORS[text])
            case "n":
                return self._number(text, attributes.get("s", "0"))
            case "d" if re.fullmatch(r"\d{4}-\d\d-\d\d(T[\d:.]+Z?)?", text, re.ASCII):
                return Cell("date", text.removesuffix("Z").removesuffix("T00:00:00"))
            case "str" | "b" | "e" | "d":
                return Cell("text", plain(text))
            case _:
                raise damaged("en cell är av okänt slag")

    def _number(self, text: str, style: str) -> Cell:
        bare = text.strip()
        if not _NUMBER.fullmatch(bare) or abs(number := float(bare)) > _LARGEST:
            raise damaged("en cell som ska vara ett tal är det inte")
        exact = int(number) if number == int(number) and abs(number) < _EXACT else number
        if not re.fullmatch(r"\d{1,5}", style, re.ASCII):
            raise damaged("en cell är av okänt slag")
        return number_cell(exact, self._styles.shape(int(style)), self._from_1904)

    def _put_formula(self, formula: str) -> None:
        place = f"en formel{self._told}, cell {reference(self._row, self._column)}"
        check_formula(formula, place)
        self._texts.add(formula, place)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _told_range(text: str) -> str:
    return text if re.fullmatch(r"[A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7}", text, re.ASCII) else "okänt område"
