"""The sheets of a template that are filled in: logs of rows, grids of numbers, and the lists behind the drop-downs.

Each sheet is one real Excel table from cell A1 with a heading row that is frozen and repeated in print, no merged cells
and an alternative text. A grid's labels stand in its rows beforehand, locked; what it has to compare with stands beside
its numbers in grey columns whose headings end with the period. No cell holds a formula: a formula's result may be lost
on the way, and a total that the sender adds is a check of the parts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from include.periods import Period
from include.registry.delivery import (
    LISTS_SHEET,
    ONLY_ROW,
    SEVERAL,
    TOTAL_WORD,
    GridRow,
    Identity,
    comparison_heading,
    days,
    grid_rows,
    label_headings,
    options,
    shown,
)
from include.registry.models import Agreement, Column, Extract, ExtractSheet, Grid, Measure, Party, Registry

#: Log sheets: sheet name to rows of column name and code or value.
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
#: A grid's row by its codes: area (empty = the party's own), breakdown, sex, age.
Key = tuple[str, str, str, str]
#: Grid sheets: sheet name to row key to measure id to a number, ``ja``/``nej``, or a marker such as ``<5``.
Numbers = Mapping[str, Mapping[Key, Mapping[str, int | float | str]]]
#: What the party told of an earlier period: ``E06.referred`` and row key to the value.
Earlier = Mapping[tuple[str, Key], int | float | str]

#: The answers to a question, by how figures and codes say them.
YES_NO: dict[int | float | str, str] = {1: "Ja", 0: "Nej", "ja": "Ja", "nej": "Nej"}
YES_NO_CHOICES = ["Ja", "Nej"]

#: Markers that need no number: protected, missing, cannot occur.
PROTECTED, MISSING, CANNOT_OCCUR = "x", "-", "."

_MESSAGE, _TITLE = 255, 32  # most signs that Excel takes of a cell's message and of its title
_WIDTHS = {"date": 14, "choice": 20, "goal_area": 38, "party": 36, "parties": 28, "seat": 38, "url": 40, "integer": 12}
_TEXT_WIDTH, _LONG_TEXT_WIDTH, _LONG_TEXT = 16, 50, 60
_NUMBER_WIDTH, _MARGIN = 14, 3


@dataclass(frozen=True)
class Template:
    """What the sheets of one workbook are made from.

    Attributes:
        lists: what the drop-downs show, by key (see :func:`lists_of`).
        earlier: the period to compare with and its values; None = nothing to compare with.
        is_example: whether every page says EXEMPELDATA.
    """

    registry: Registry
    agreement: Agreement
    party: Party
    identity: Identity
    extracts: Sequence[Extract]
    lists: Mapping[str, list[str]]
    earlier: tuple[str, Earlier] | None
    is_example: bool

    @property
    def period(self) -> Period:
        """Return the period that the delivery is about."""
        return Period.parse(self.identity.period)

    def sheets(self) -> Iterator[tuple[Extract, ExtractSheet]]:
        """Yield the sheets to fill in, each with its extract, in the order of the workbook."""
        for extract in self.extracts:
            for sheet in extract.sheets:
                yield extract, sheet


@dataclass(frozen=True)
class Writer:
    """A workbook that is being written, and its looks by name."""

    book: xlsxwriter.Workbook
    looks: Mapping[str, Any]

    @classmethod
    def of(cls, book: xlsxwriter.Workbook) -> "Writer":
        """Return the writer of a workbook, with the looks of its cells. No look tells anything by colour alone."""
        box = {"border": 1, "border_color": "#7F7F7F"}
        looks: dict[str, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 14, "text_wrap": True, "valign": "top"},
            "label": {"bold": True, "text_wrap": True, "valign": "top"},
            "text": {"text_wrap": True, "valign": "top", "align": "left"},
            "fixed": {"bg_color": "#EDEDED", "align": "left"},
            "heading": {
                "bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"
            },
            "heading_earlier": {
                "bold": True,
                "italic": True,
                "bg_color": "#595959",
                "font_color": "#FFFFFF",
                "text_wrap": True,
                "valign": "top",
            },
            "input": {"locked": False, "num_format": "@"},
            "date": {"locked": False, "num_format": "yyyy-mm-dd"},
            "row": {**box, "bg_color": "#EDEDED"},
            "row_total": {**box, "bg_color": "#EDEDED", "bold": True, "bottom": 2},
            "number": {**box, "locked": False, "align": "right"},
            "number_total": {**box, "locked": False, "align": "right", "bold": True, "bottom": 2},
            "earlier": {**box, "bg_color": "#EDEDED", "font_color": "#404040", "italic": True, "align": "right"},
        }  # fmt: skip
        return cls(book, {name: book.add_format(look) for name, look in looks.items()})

    def sheet(self, name: str, is_example: bool) -> Worksheet:
        """Return a new sheet, locked but for its input cells, set up for A4 on its side."""
        sheet = self.book.add_worksheet(name)
        sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        if is_example:
            sheet.set_header('&C&"Arial,Bold"EXEMPELDATA – påhittade uppgifter')
            sheet.set_tab_color("#C00000")
        return sheet

    def table(self, sheet: Worksheet, last: tuple[int, int], name: str, headings: Sequence[str], **more: Any) -> None:
        """Make the cells from A1 to ``last`` (row, column, from 0) a named table; ``more`` as for :meth:`put_table`."""
        self.put_table(sheet, (0, 0, *last), name, headings, **more)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)

    def put_table(
        self, sheet: Worksheet, cells: tuple[int, int, int, int], name: str, headings: Sequence[str], **more: Any
    ) -> None:
        """Make cells (first row and column, last row and column, from 0) a named table; ``more`` as xlsxwriter has it.

        Raises:
            ValueError: Excel would not take it, as when two headings are the same.
        """
        columns = self.columns(headings, "heading")
        look = {"name": name, "style": "Table Style Light 9", "columns": columns, **more}
        if sheet.add_table(*cells, look):
            raise ValueError(f"the sheet {sheet.get_name()} takes no table with the headings {', '.join(headings)}")

    def columns(self, headings: Sequence[str], look: str) -> list[dict[str, Any]]:
        """Return columns of a table with these headings, as xlsxwriter has them."""
        return [{"header": heading, "header_format": self.looks[look]} for heading in headings]

    def rule(self, sheet: Worksheet, cells: tuple[int, int, int, int], rule: Mapping[str, Any]) -> None:
        """Give cells (as in :meth:`put_table`) a rule of what they take.

        Raises:
            ValueError: Excel would not take it, as when its list is too long.
        """
        if sheet.data_validation(*cells, dict(rule)):
            raise ValueError(f"the sheet {sheet.get_name()} takes no rule for column {cells[1]}: {rule}")


# --- logs --------------------------------------------------------------------------------------------------------


def log_sheet(
    writer: Writer, template: Template, contract: ExtractSheet, number: int, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write a sheet whose rows the sender writes, with the rows to begin with.

    Raises:
        ValueError: there are more rows than the sheet holds.
    """
    if len(rows) > contract.rows:
        raise ValueError(f"the sheet {contract.name} holds {contract.rows} rows, {len(rows)} were given")
    sheet = writer.sheet(contract.name, template.is_example)
    headings = [column.label for column in contract.columns]
    writer.table(
        sheet,
        (contract.rows, len(headings) - 1),
        f"tabell_{number}",
        headings,
        title=contract.title,
        description=f"En rad för varje sak att redovisa, högst {contract.rows} rader.",
    )
    for place, column in enumerate(contract.columns):
        cells = writer.looks["date" if column.type == "date" else "input"]
        sheet.set_column(place, place, _width(column), cells)
        for row, given in enumerate(rows, start=1):
            _write(sheet, row, place, _in_words(column, given.get(column.name), template.lists), cells)
        writer.rule(sheet, (1, place, contract.rows, place), _column_rule(contract, column, template))


def _width(column: Column) -> int:
    longest = max(map(len, column.label.split())) + _MARGIN
    if column.type == "text":
        return max(longest, _LONG_TEXT_WIDTH if (column.max_length or 0) > _LONG_TEXT else _TEXT_WIDTH)
    return max(longest, _WIDTHS[column.type])


def _in_words(column: Column, value: Any, lists: Mapping[str, list[str]]) -> Any:
    """Return a code as its drop-down shows it; other values, and codes the list lacks, as they are."""
    if isinstance(value, list | tuple):
        return SEVERAL.join(value)
    code = str(value)
    if column.type == "choice":
        return column.choices.get(code, value)
    return next((entry for entry in lists.get(column.type, ()) if entry.startswith(f"{code} – ")), value)


def _write(sheet: Worksheet, row: int, place: int, value: Any, cells: Any) -> None:
    match value:
        case None:
            sheet.write_blank(row, place, None, cells)
        case date():
            sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), cells)  # noqa: DTZ001
        case int() | float():
            sheet.write_number(row, place, value, cells)
        case _:
            sheet.write_string(row, place, str(value), cells)


def _column_rule(contract: ExtractSheet, column: Column, template: Template) -> dict[str, Any]:
    """Return Excel's rule of a column, with its help as the message shown in the cell."""
    rule = _rule(column.label, column.help, column.help)
    key = list_key(contract, column)
    if key in template.lists and column.type != "parties":
        return rule | {"validate": "list", "source": f"={_list_cells(key, template.lists)}"}
    match column.type:
        case "date":
            first, last = days(column, template.period)
            return rule | {
                "validate": "date",
                "criteria": "between",
                "minimum": datetime.combine(first, datetime.min.time()),
                "maximum": datetime.combine(last, datetime.min.time()),
            }
        case "integer":
            return rule | {"validate": "integer", "criteria": ">=", "value": 0}
        case _ if column.max_length:
            return rule | {"validate": "length", "criteria": "<=", "value": column.max_length}
        case _:
            return rule | {"validate": "any"}


def _rule(title: str, message: str, error: str) -> dict[str, Any]:
    return {
        "ignore_blank": True,
        "input_title": title[:_TITLE],
        "input_message": message[:_MESSAGE],
        "error_title": "Stämmer inte",
        "error_message": error[:_MESSAGE],
    }


# --- grids -------------------------------------------------------------------------------------------------------


def grid_sheet(
    writer: Writer,
    template: Template,
    extract: Extract,
    contract: ExtractSheet,
    number: int,
    numbers: Mapping[Key, Mapping[str, int | float | str]],
) -> None:
    """Write a sheet whose rows stand there beforehand, one number cell for each measure, with the numbers given.

    Raises:
        ValueError: a number is given for a row or a measure that the sheet does not have.
    """
    grid = grid_of(contract)
    measures = measures_of(extract, grid)
    rows = grid_rows(grid, template.registry, template.agreement, template.period.year)
    refuse_unknown(contract, numbers, rows)
    sheet = writer.sheet(contract.name, template.is_example)
    labels = label_headings(grid)
    own = [*labels, *(measure.label.sv for measure in measures)]
    before = [comparison_heading(measure.label.sv, template.earlier[0]) for measure in measures if template.earlier]
    writer.table(
        sheet,
        (len(rows), len(own) + len(before) - 1),
        f"tabell_{number}",
        [*own, *before],
        columns=[*writer.columns(own, "heading"), *writer.columns(before, "heading_earlier")],
        title=contract.title,
        description=_about_grid(labels),
        autofilter=False,
        banded_rows=False,
        first_column=True,
    )
    for place, heading in enumerate([*own, *before]):
        written = [row.labels[place] for row in rows] if place < len(labels) else []
        sheet.set_column(place, place, column_width(heading, written))
    for line, row in enumerate(rows, start=1):
        told = _told(template.earlier, extract, row) if template.earlier else None
        _grid_row(writer, sheet, line, row, measures, numbers.get(row.key, {}), told)
    for place, measure in enumerate(measures, start=len(labels)):
        writer.rule(sheet, (1, place, len(rows), place), _number_rule(extract, measure, place, template.lists))


def _about_grid(labels: Sequence[str]) -> str:
    if list(labels) == [ONLY_ROW[0]]:
        return "En enda rad. Varje kolumn efter den första är ett mått."
    return f"Raderna är delade efter {' och '.join(labels).lower()}. Varje kolumn därefter är ett mått."


def _told(earlier: tuple[str, Earlier], extract: Extract, row: GridRow) -> dict[str, int | float | str]:
    """Return what the party told before about a row, by measure."""
    names = {f"{extract.id}.{measure.id}": measure.id for measure in extract.measures}
    return {names[name]: value for (name, key), value in earlier[1].items() if name in names and key == row.key}


def _grid_row(
    writer: Writer,
    sheet: Worksheet,
    line: int,
    row: GridRow,
    measures: Sequence[Measure],
    values: Mapping[str, int | float | str],
    told: Mapping[str, int | float | str] | None,
) -> None:
    """Write the labels of a row, its numbers, and what was told before; a total is bold with a thick line below."""
    total = "_total" if TOTAL_WORD in row.labels else ""
    place = 0
    for label in row.labels:
        sheet.write_string(line, place, label, writer.looks[f"row{total}"])
        place += 1
    for measure in measures:
        _write(sheet, line, place, in_cell(measure, values.get(measure.id)), writer.looks[f"number{total}"])
        place += 1
    if told is None:
        return
    for measure in measures:
        _write(sheet, line, place, in_cell(measure, told.get(measure.id)), writer.looks["earlier"])
        place += 1


def grid_of(contract: ExtractSheet) -> Grid:
    """Return the grid of a sheet that is one.

    Raises:
        ValueError: the sheet is a log of rows.
    """
    if contract.grid is None:
        raise ValueError(f"the sheet {contract.name} is no grid")
    return contract.grid


def measures_of(extract: Extract, grid: Grid) -> list[Measure]:
    """Return the measures of a grid's number columns, in their order."""
    by_id = {measure.id: measure for measure in extract.measures}
    return [by_id[name] for name in grid.measures]


def in_cell(measure: Measure, value: int | float | str | None) -> int | float | str | None:
    """Return a value as its cell shows it: the answer to a question as Ja or Nej, all else as it is."""
    if measure.answer == "yes_no" and value is not None:
        return YES_NO.get(value, value)
    return value


def column_width(heading: str, labels: Sequence[str]) -> int:
    """Return a width (in signs) at which every label stands on one line and no word of the heading is cut."""
    longest_word = max(map(len, heading.split()))
    return max([_NUMBER_WIDTH, longest_word + _MARGIN, *(len(label) + _MARGIN for label in labels)])


def refuse_unknown(contract: ExtractSheet, numbers: Mapping[Key, Mapping[str, Any]], rows: Sequence[GridRow]) -> None:
    """Raise ValueError if numbers are given for a row or a measure that a sheet does not have."""
    if unknown := set(numbers) - {row.key for row in rows}:
        raise ValueError(f"the sheet {contract.name} has no row {sorted(unknown)[0]}")
    if unknown_measures := {name for values in numbers.values() for name in values} - set(grid_of(contract).measures):
        raise ValueError(f"the sheet {contract.name} has no measure {', '.join(sorted(unknown_measures))}")


def _number_rule(extract: Extract, measure: Measure, place: int, lists: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return Excel's rule of a number cell: a number from 0 on, or one of the markers; or a choice of two words.

    A figure that counts nothing, such as a median, is never masked by a bound: less than five minutes is no secret.
    """
    if measure.answer == "yes_no":
        words = "Välj Ja eller Nej i listan. Lämna cellen tom om uppgiften saknas."
        return _rule(measure.label.sv, explained(measure), words) | {"validate": "list", "source": YES_NO_CHOICES}
    is_count = measure.answer == "count"
    cell = xl_rowcol_to_cell(1, place)
    markers = _list_cells(marker_key(extract), lists, skipped=0 if is_count else 1)
    whole = f",INT({cell})={cell}" if is_count else ""
    # IF, for AND and OR reckon with all they are given, and INT of a text is an error. An equality, for MATCH and
    # COUNTIF would take "*" and "<5" for patterns.
    test = f"=IF(ISNUMBER({cell}),AND({cell}>=0{whole}),SUMPRODUCT(--({markers}={cell}))>0)"
    kind = "ett heltal, 0 eller större" if is_count else "ett tal, 0 eller större, gärna med decimaler"
    masked = f"{below(extract)} eller {PROTECTED}" if is_count else PROTECTED
    expected = (
        f"Skriv {kind}, utan procenttecken och text. Är talet skyddat, skriv {masked}. Saknas uppgiften, skriv "
        f"{MISSING} eller lämna cellen tom. Kan den inte förekomma, skriv en punkt."
    )
    return _rule(measure.label.sv, explained(measure), expected) | {"validate": "custom", "value": test}


def explained(measure: Measure) -> str:
    """Return what a measure counts, with its unit where one is counted."""
    words = measure.help or f"{measure.label.sv}."
    return words if measure.answer == "yes_no" else f"{words} Enhet: {measure.unit}."


# --- lists -------------------------------------------------------------------------------------------------------


def below(extract: Extract) -> str:
    """Return the marker of a number that is protected because it is small, e.g. ``<5``."""
    return f"<{extract.masked[1] + 1}"


def marker_key(extract: Extract) -> str:
    """Return the key (and heading) of the list of markers that an extract's number cells take."""
    return f"Tecken i stället för tal ({below(extract)})"


def list_key(contract: ExtractSheet, column: Column) -> str:
    """Return the key of a column's choices: its own for a choice, one for each other kind of code."""
    return f"{contract.name}: {column.label}" if column.type == "choice" else column.type


def lists_of(extracts: Sequence[Extract], agreement: Agreement, year: int) -> dict[str, list[str]]:
    """Return what the drop-downs show, and the markers that number cells take, by key."""
    lists: dict[str, list[str]] = {}
    for extract in extracts:
        lists[marker_key(extract)] = [below(extract), PROTECTED, MISSING, CANNOT_OCCUR]
        for sheet in extract.sheets:
            for column in sheet.columns:
                if choices := options(column, agreement, year):
                    lists[list_key(sheet, column)] = [shown(column, code, choices) for code in choices]
    return lists


def lists_sheet(writer: Writer, lists: Mapping[str, list[str]]) -> None:
    """Write the sheet of lists, one column each."""
    words = {"party": "Parter", "parties": "Medverkande parter", "seat": "Platser", "goal_area": "Målområden"}
    headings = [words.get(key, key) for key in lists]
    sheet = writer.sheet(LISTS_SHEET, is_example=False)
    writer.table(
        sheet,
        (max(map(len, lists.values())), len(lists) - 1),
        "listor",
        headings,
        title="Listor",
        description="Vad som går att välja på de andra bladen. Här ändras ingenting.",
        autofilter=False,
    )
    for place, (heading, entries) in enumerate(zip(headings, lists.values(), strict=True)):
        sheet.set_column(place, place, max(map(len, [heading, *entries])) + _MARGIN)
        for row, entry in enumerate(entries, start=1):
            sheet.write_string(row, place, entry, writer.looks["text"])


def _list_cells(key: str, lists: Mapping[str, list[str]], *, skipped: int = 0) -> str:
    """Return the cells of a list on its sheet, without so many of its first entries."""
    place = list(lists).index(key)
    return f"{LISTS_SHEET}!{xl_range_abs(1 + skipped, place, len(lists[key]), place)}"
