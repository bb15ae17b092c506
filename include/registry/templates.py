"""The Excel templates of the extracts: the registry made fillable, one workbook per extract, party and period.

A workbook is made from its contract alone and is the same bytes whenever it is made. It has a cover with a guide and
the delivery's identity, one sheet per table (a real Excel table from cell A1, heading row frozen, no merged cells)
and the lists behind the drop-downs. What must not change is locked, without a password. Layout and accessibility
follow DIGG's advice for documents (title and language set, one table per sheet, headings in the first row).
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from include.periods import Period
from include.registry.delivery import (
    COVER,
    COVER_CHOICES,
    COVER_SHEET,
    LISTS_SHEET,
    SEVERAL,
    Identity,
    days,
    deliverers,
    options,
    shown,
)
from include.registry.models import Agreement, Column, Extract, ExtractSheet, Registry

#: Rows of each sheet to begin with: sheet name to rows of column name and code or value.
Rows = Mapping[str, Sequence[Mapping[str, Any]]]

_WRITTEN = datetime(2021, 1, 1)  # noqa: DTZ001  (Excel knows no time zones; the same for every file)
_INPUT_MESSAGE, _INPUT_TITLE = 255, 32  # most signs that Excel takes
_WIDTHS = {"date": 14, "choice": 20, "goal_area": 38, "party": 36, "parties": 28, "seat": 38, "url": 40, "integer": 12}
_TEXT_WIDTH, _LONG_TEXT_WIDTH, _LONG_TEXT = 16, 50, 60


def write_templates(registry: Registry, agreement: Agreement, year: int, folder: Path) -> list[Path]:
    """Write the templates of a year, one per extract and party that delivers it, and return their paths.

    Each is ``<folder>/<extract>-<party>-<period>.xlsx``; what stands there from before is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for extract in registry.extracts.values():
        for period in _periods(extract, year):
            for party in deliverers(extract, agreement):
                identity = Identity(extract.id, party.code, str(period))
                path = folder / f"{identity.part}.xlsx"
                path.write_bytes(workbook(extract, agreement, identity))
                written.append(path)
    return written


def workbook(
    extract: Extract, agreement: Agreement, identity: Identity, rows: Rows | None = None, **answers: str
) -> bytes:
    """Return a template as the bytes of an .xlsx file.

    Args:
        extract: the contract.
        agreement: gives parties, seats and goal areas to choose from.
        identity: extract, party and period of the delivery.
        rows: rows to begin with; codes are written as their drop-down shows them.
        answers: cover answers other than the usual, by key: ``status="P"``, ``empty_sheets="none"``,
            ``example="yes"``.
    """
    period = Period.parse(identity.period)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {"title": f"{identity.part} {extract.title.sv}", "subject": agreement.title.sv, "created": _WRITTEN}
    )
    style = _styles(book)
    is_example = answers.get("example") == "yes"
    _cover(book, style, extract, agreement, identity, answers)
    lists = _lists(extract, agreement, period.year)
    for number, sheet in enumerate(extract.sheets, start=1):
        _table(book, style, sheet, lists, period, number, (rows or {}).get(sheet.name, ()), is_example)
    _write_lists(book, style, lists)
    book.close()
    return _with_language(buffer.getvalue())


def _periods(extract: Extract, year: int) -> list[Period]:
    if extract.speaks_in == "span":
        raise ValueError(f"{extract.id}: a template is about a part of one year, not a span")
    found = [Period.starting(extract.speaks_in, date(year, 1, 1))]
    while (following := found[-1].next()).year == year:
        found.append(following)
    return found


# --- cover -------------------------------------------------------------------------------------------------------


def _cover(
    book: xlsxwriter.Workbook,
    style: dict[str, Any],
    extract: Extract,
    agreement: Agreement,
    identity: Identity,
    answers: Mapping[str, str],
) -> None:
    sheet = _sheet(book, COVER_SHEET, answers.get("example") == "yes")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    codes = {"status": "S", "empty_sheets": "not_filled_in", "example": "no", **answers}
    said = {
        "extract_id": extract.id,
        "schema_version": extract.schema_version,
        "agreement": agreement.id,
        "party": identity.party,
        "period": identity.period,
        **{key: COVER_CHOICES[key][code] for key, code in codes.items()},
    }
    about = f"{extract.id} {extract.title.sv}"
    title = f"EXEMPELDATA – påhittade uppgifter: {about}" if codes["example"] == "yes" else about
    sheet.write_row(0, 0, ["Om leveransen", title], style["title"])
    for row, (key, label) in enumerate(COVER.items(), start=1):
        sheet.write_string(row, 0, label, style["label"])
        may_change = key in ("status", "empty_sheets")
        sheet.write_string(row, 1, said[key], style["input" if may_change else "fixed"])
        book.define_name(f"leverans_{key}", f"='{COVER_SHEET}'!$B${row + 1}")
        if may_change:
            sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": list(COVER_CHOICES[key].values())})
    row = len(COVER) + 2
    sheet.write_string(row, 0, "Så fyller du i", style["title"])
    for number, line in enumerate(_guide(extract, agreement, identity), start=1):
        sheet.write_string(row + number, 0, f"Steg {number}", style["label"])
        sheet.write_string(row + number, 1, line, style["text"])
    sheet.set_first_sheet()
    sheet.activate()


def _guide(extract: Extract, agreement: Agreement, identity: Identity) -> list[str]:
    party = next(party.name for party in agreement.parties if party.code == identity.party)
    due = Period.parse(identity.period).end + timedelta(days=extract.due_days)
    return [
        f"Mallen gäller {party} och perioden {identity.period}. Lämna den senast {due}.",
        *extract.guide,
        "Välj i listorna där det finns en lista. Skriv datum som 2023-03-15.",
        "Lägg inte till egna blad, kolumner, kommentarer, bilder eller makron, för då avvisas filen.",
        "Är uppgifterna inte slutliga, ändra Uppgifternas status. Lämna en ny fil när de är det.",
        "Rätta genom att lämna hela filen på nytt. Den nya ersätter den gamla, som sparas i arkivet.",
    ]


# --- tables ------------------------------------------------------------------------------------------------------


def _table(
    book: xlsxwriter.Workbook,
    style: dict[str, Any],
    contract: ExtractSheet,
    lists: Mapping[str, list[str]],
    period: Period,
    number: int,
    rows: Sequence[Mapping[str, Any]],
    is_example: bool,
) -> None:
    if len(rows) > contract.rows:
        raise ValueError(f"the sheet {contract.name} holds {contract.rows} rows, {len(rows)} were given")
    sheet = _sheet(book, contract.name, is_example)
    sheet.add_table(
        0,
        0,
        contract.rows,
        len(contract.columns) - 1,
        {
            "name": f"tabell_{number}",
            "description": contract.title,
            "style": "Table Style Light 9",
            "columns": [{"header": column.label, "header_format": style["heading"]} for column in contract.columns],
        },
    )
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    for place, column in enumerate(contract.columns):
        cells = style["date" if column.type == "date" else "input"]
        sheet.set_column(place, place, _width(column), cells)
        for row, given in enumerate(rows, start=1):
            _write(sheet, row, place, _in_words(column, given.get(column.name), lists), cells)
        sheet.data_validation(1, place, contract.rows, place, _validation(contract, column, lists, period))


def _width(column: Column) -> int:
    if column.type == "text":
        return _LONG_TEXT_WIDTH if (column.max_length or 0) > _LONG_TEXT else _TEXT_WIDTH
    return _WIDTHS[column.type]


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


def _validation(
    contract: ExtractSheet, column: Column, lists: Mapping[str, list[str]], period: Period
) -> dict[str, Any]:
    """Return Excel's rule of a column, with its help as the message shown in the cell."""
    rule: dict[str, Any] = {
        "ignore_blank": True,
        "input_title": column.label[:_INPUT_TITLE],
        "input_message": column.help[:_INPUT_MESSAGE],
        "error_title": "Stämmer inte",
        "error_message": column.help[:_INPUT_MESSAGE],
    }
    key = _list_key(contract, column)
    if key in lists and column.type != "parties":
        place = list(lists).index(key)
        source = f"={LISTS_SHEET}!{xl_range_abs(1, place, len(lists[key]), place)}"
        return rule | {"validate": "list", "source": source}
    match column.type:
        case "date":
            first, last = days(column, period)
            return rule | {
                "validate": "date",
                "criteria": "between",
                "minimum": datetime(first.year, first.month, first.day),  # noqa: DTZ001
                "maximum": datetime.combine(last, datetime.min.time()),
            }
        case "integer":
            return rule | {"validate": "integer", "criteria": ">=", "value": 0}
        case _ if column.max_length:
            return rule | {"validate": "length", "criteria": "<=", "value": column.max_length}
        case _:
            return rule | {"validate": "any"}


# --- lists -------------------------------------------------------------------------------------------------------


def _list_key(contract: ExtractSheet, column: Column) -> str:
    return f"{contract.name}: {column.label}" if column.type == "choice" else column.type


def _lists(extract: Extract, agreement: Agreement, year: int) -> dict[str, list[str]]:
    """Return what the drop-downs show: one list per column of type choice, one for each other kind of code."""
    lists: dict[str, list[str]] = {}
    for sheet in extract.sheets:
        for column in sheet.columns:
            if choices := options(column, agreement, year):
                lists[_list_key(sheet, column)] = [shown(column, code, choices) for code in choices]
    return lists


def _write_lists(book: xlsxwriter.Workbook, style: dict[str, Any], lists: Mapping[str, list[str]]) -> None:
    headings = {"party": "Parter", "parties": "Medverkande parter", "seat": "Platser", "goal_area": "Målområden"}
    sheet = _sheet(book, LISTS_SHEET, is_example=False)
    for place, (key, entries) in enumerate(lists.items()):
        sheet.set_column(place, place, max(map(len, [key, *entries])) + 2)
        sheet.write_string(0, place, headings.get(key, key), style["heading"])
        for row, entry in enumerate(entries, start=1):
            sheet.write_string(row, place, entry, style["text"])
    sheet.freeze_panes(1, 0)


# --- the workbook ------------------------------------------------------------------------------------------------


def _styles(book: xlsxwriter.Workbook) -> dict[str, Any]:
    looks: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 14},
        "label": {"bold": True, "valign": "top"},
        "text": {"text_wrap": True, "valign": "top"},
        "fixed": {"bg_color": "#EDEDED", "align": "left"},
        "heading": {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"},
        "input": {"locked": False, "num_format": "@"},
        "date": {"locked": False, "num_format": "yyyy-mm-dd"},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def _sheet(book: xlsxwriter.Workbook, name: str, is_example: bool) -> Worksheet:
    """Return a new sheet, locked but for its input cells, set up for A4 on its side."""
    sheet = book.add_worksheet(name)
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if is_example:
        sheet.set_header('&C&"Arial,Bold"EXEMPELDATA – påhittade uppgifter')
        sheet.set_tab_color("#C00000")
    return sheet


def _with_language(content: bytes) -> bytes:
    """Return the workbook with its language among the document properties, which xlsxwriter has no word for.

    The members are stored as they are: compressed bytes would depend on the machine's zlib.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == "docProps/core.xml":
                end = b"</cp:coreProperties>"
                data = data.replace(end, b"<dc:language>sv-SE</dc:language>" + end)
            new.writestr(zipfile.ZipInfo(member.filename), data)
    return out.getvalue()
