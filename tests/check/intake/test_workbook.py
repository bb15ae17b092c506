"""Every kind of cell means what Excel shows, and no text of a workbook stays unseen."""

import io
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import openpyxl
import openpyxl.comments
import openpyxl.utils.datetime
import pytest
import python_calamine
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Alignment

from include.check.intake.book import Book, Cell, reference
from include.check.intake.child import judge_here
from include.check.intake.markup import check_formula
from include.check.intake.personal import NOTHING, Allowed
from include.check.intake.styles import shape_of
from include.errors import DeliveryRefused, LayoutChanged, PersonalDataFound
from tests.check.intake.files import NUMBER, edited, member, plain_workbook, repacked, replaced, with_member, written

SHEET = "xl/worksheets/sheet1.xml"
SETTINGS = "ett blads inställningar på blad 1"
RAISED_1 = '<r><rPr><vertAlign val="superscript"/></rPr><t>1</t></r>'


def cells(content: bytes) -> dict[str, Cell]:
    """Return the cells of the first sheet by their names in Excel."""
    return {reference(*place): cell for place, cell in judge_here(content, "", NOTHING).sheets[0].cells.items()}


def only(content: bytes) -> Cell:
    return cells(content)["A1"]


def raw(xml: str, *, rest: str = "") -> bytes:
    """Return a workbook whose first sheet has the XML as its rows."""

    def change(name: str, data: bytes) -> bytes:
        new = f"<sheetData>{xml}</sheetData>{rest}".encode()
        return re.sub(rb"<sheetData>.*</sheetData>", lambda _: new, data, flags=re.DOTALL)

    return repacked(plain_workbook(), lambda name, data: change(name, data) if name == SHEET else data)


def one(cell: str) -> bytes:
    return raw(f'<row r="1">{cell}</row>')


# --- what a cell means -------------------------------------------------------------------------------------------


def several_kinds() -> bytes:
    def fill(book: Any, sheet: Any) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "d mmm yyyy hh:mm"})
        clock = book.add_format({"num_format": "hh:mm"})
        share = book.add_format({"num_format": "0.0 %"})
        raised, lowered = book.add_format({"font_script": 1}), book.add_format({"font_script": 2})
        sheet.write("A1", "Aktualiserade\u00a01 000")
        sheet.write("A2", 12)
        sheet.write("A3", 12.5)
        sheet.write("A4", -3)
        sheet.write_datetime("A5", date(2023, 3, 15), day)
        sheet.write_datetime("A6", datetime.fromisoformat("2023-03-15T08:30"), moment)
        sheet.write_datetime("A7", time(8, 30), clock)
        sheet.write("A8", 0.955, share)
        sheet.write("A9", True)
        sheet.write_formula("A10", "=1+1", None, 2)
        sheet.write_formula("A11", '="a"&"b"', None, "ab")
        sheet.write_formula("A12", "=1/0", None, "#DIV/0!")
        sheet.write_rich_string("A13", "12", raised, "1")
        sheet.write_rich_string("A14", "CO", lowered, "2", "-fri")
        sheet.write_rich_string("A15", "12", raised, "a)")
        sheet.write("A16", "=1+1", None)
        sheet.write_string("A17", "_x0041_ och\nny rad")
        sheet.write("A18", "A\u030are")
        sheet.write("A19", 198112189876 // 1000)
        sheet.write_blank("A20", None, day)
        sheet.write("A21", "   ")

    return written(fill, strings_to_formulas=False)


@pytest.mark.parametrize(
    ("place", "kind", "value"),
    [
        ("A1", "text", "Aktualiserade\u00a01 000"),
        ("A2", "number", 12),
        ("A3", "number", 12.5),
        ("A4", "number", -3),
        ("A5", "date", "2023-03-15"),
        ("A6", "date", "2023-03-15T08:30:00"),
        ("A7", "other", "8:30:00"),
        ("A8", "text", "95,5 %"),
        ("A9", "truth", True),
        ("A10", "number", 2),
        ("A11", "text", "ab"),
        ("A12", "error", "#DIVISION/0!"),
        ("A13", "text", "12¹"),
        ("A14", "text", "CO₂-fri"),
        ("A15", "text", "12ᵃ⁾"),
        ("A16", "text", "=1+1"),
        ("A17", "text", "_x0041_ och\nny rad"),
        ("A18", "text", "Åre"),
        ("A19", "number", 198112189),
    ],
)
def test_a_cell_means_what_excel_shows(place: str, kind: str, value: object) -> None:
    cell = cells(several_kinds())[place]
    assert cell == Cell(kind, value)  # type: ignore[arg-type]
    assert type(cell.value) is type(value)


def test_blank_cells_are_none() -> None:
    assert not {"A20", "A21"} & cells(several_kinds()).keys()


def test_cells_are_those_that_two_other_readers_see() -> None:
    """openpyxl and calamine read the same numbers, texts, truths and dates of a file that openpyxl wrote."""
    values = [12, 12.5, -3, 0, 1e15, 0.1, "ord", "två\nrader", "=1", " x ", True, False, date(2024, 2, 29)]

    def fill(book: Any) -> None:
        for row, value in enumerate(values, start=5):
            cell = book["Vuxna"].cell(row, 3)
            cell.value = value
            cell.data_type = "s" if isinstance(value, str) else cell.data_type

    content = edited(plain_workbook(), fill)
    theirs = openpyxl.load_workbook(io.BytesIO(content), data_only=True).worksheets[0]
    grid = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    of_calamine = grid.to_python(skip_empty_area=False)
    ours = judge_here(content, "", NOTHING).sheets[0].cells
    assert len(ours) == 6 + len(values)
    for (row, column), cell in ours.items():
        for value in (theirs.cell(row + 1, column + 1).value, of_calamine[row][column]):
            assert cell.value == (f"{value:%Y-%m-%d}" if isinstance(value, date) else value)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('<c r="A1"><v>12</v></c>', Cell("number", 12)),
        ('<c r="A1"><v>1.2E1</v></c>', Cell("number", 12)),
        ('<c r="A1"><v>0.1</v></c>', Cell("number", 0.1)),
        ('<c r="A1"><v>12345678901234567890</v></c>', Cell("number", 12345678901234567890.0)),
        ('<c><v>12</v></c>', Cell("number", 12)),
        ('<c r="A1" t="inlineStr"><is><t>ord</t></is></c>', Cell("text", "ord")),
        (f'<c r="A1" t="inlineStr"><is><r><t>12</t></r>{RAISED_1}</is></c>', Cell("text", "12¹")),
        ('<c r="A1" t="str"><f>T(1)</f><v>ord</v></c>', Cell("text", "ord")),
        ('<c r="A1"><f>A2*2</f></c>', Cell("formula", "")),
        ('<c r="A1"><f>A2*2</f><v/></c>', Cell("formula", "")),
        ('<c r="A1" t="b"><v>0</v></c>', Cell("truth", False)),
        ('<c r="A1" t="e"><v>#N/A</v></c>', Cell("error", "#SAKNAS!")),
        ('<c r="A1" t="e"><v>#REF!</v></c>', Cell("error", "#REFERENS!")),
        ('<c r="A1" t="e"><v>något annat</v></c>', Cell("text", "något annat")),
        ('<c r="A1" t="d"><v>2023-03-15T00:00:00Z</v></c>', Cell("date", "2023-03-15")),
        ('<c r="A1" t="d"><v>i går</v></c>', Cell("text", "i går")),
        ('<c r="A1" t="str"><v>a_x0041__x000D_b_x0000_</v></c>', Cell("text", "aA\rb_x0000_")),
    ],
)  # fmt: skip
def test_a_cell_as_any_program_may_write_it(cell: str, expected: Cell) -> None:
    assert only(one(cell)) == expected


def test_a_formula_whose_result_is_an_empty_text_is_no_cell() -> None:
    assert cells(one('<c r="A1" t="str"><f>IF(B1="","",B1)</f><v></v></c>')) == {}


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="2"/><row r="1"/>',
        '<row r="1"/><row r="1"/>',
        '<row r="1048577"/>',
        '<row r="x"/>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1_000</v></c></row>',
        '<row r="1"><c r="A1"><v>nan</v></c></row>',
        '<row r="1"><c r="A1"><v>1e999</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>',
        '<row r="1"><c r="A1"><v>1<x/></v></c></row>',
        '<row r="1"><c r="A1"><x>1</x></c></row>',
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        '<row r="1"><c r="A1" t="z"><v>1</v></c></row>',
        '<row r="1"><c r="A1" s="x"><v>1</v></c></row>',
        '<row r="1"><sheetData/></row>',
        '<c r="A1"><v>1</v></c>',
        '</sheetData><sheetData>',
    ],
)  # fmt: skip
def test_a_sheet_that_contradicts_itself_is_damaged(rows: str) -> None:
    """One program would read one thing and another another: what the gate saw must be what the reader reads."""
    if rows == "</sheetData><sheetData>":
        rows = f'<row r="1"><c r="A1"><v>1</v></c></row>{rows}<row r="1"/>'
    with pytest.raises(LayoutChanged, match="skadad"):
        judge_here(raw(rows), "", NOTHING)


def test_days_counted_from_1904_are_the_same_days() -> None:
    def from_1904(book: Any) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        book["Vuxna"]["A1"] = date(2023, 12, 31)

    book = judge_here(edited(plain_workbook(), from_1904), "", NOTHING)
    assert book.sheets[0].cells[0, 0] == Cell("date", "2023-12-31")
    assert "arbetsboken räknar datum från 1904" in book.notes


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        ("General", "plain"),
        ("0", "plain"),
        ("#,##0.00", "plain"),
        ("0.00E+00", "plain"),
        ('0" st"', "plain"),
        ('0" dygn"', "plain"),
        ("[Red]0", "plain"),
        ("0\\d", "plain"),
        ("yyyy-mm-dd", "date"),
        ("d/m/yy", "date"),
        ("mmm", "date"),
        ("[$-41D]d mmmm yyyy;@", "date"),
        ("yyyy\\-mm\\-dd\\ hh:mm", "date"),
        ("hh:mm:ss", "time"),
        ("[h]:mm", "time"),
        ("mm:ss.0", "time"),
        ("0%", "percent"),
        ("0.0 %;-0.0 %", "percent"),
        ('0" %"', "plain"),
    ],
)
def test_a_format_says_what_a_number_is(code: str, shape: str) -> None:
    assert shape_of(code) == shape


@pytest.mark.parametrize(
    ("number", "code", "expected"),
    [
        (1, "0%", Cell("text", "100 %")),
        (0.07, "0%", Cell("text", "7 %")),
        (1, "yyyy-mm-dd", Cell("date", "1900-01-01")),
        (59, "yyyy-mm-dd", Cell("date", "1900-02-28")),
        (61, "yyyy-mm-dd", Cell("date", "1900-03-01")),
        (45292, "yyyy-mm-dd", Cell("date", "2024-01-01")),
        (2958465, "yyyy-mm-dd", Cell("date", "9999-12-31")),
        (2958466, "yyyy-mm-dd", Cell("number", 2958466)),  # Excel shows ####
        (-1, "yyyy-mm-dd", Cell("number", -1)),
        (1.5, "[h]:mm", Cell("other", "1 day, 12:00:00")),
    ],
)
def test_a_number_is_what_its_format_shows(number: float, code: str, expected: Cell) -> None:
    content = written(lambda book, sheet: sheet.write(0, 0, number, book.add_format({"num_format": code})))
    assert only(content) == expected


def test_hidden_rows_columns_and_sheets_are_told() -> None:
    def fill(book: Any, sheet: Any) -> None:
        for row in range(4):
            sheet.write_row(row, 0, [1, 2, 3])
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_row(2, 0)
        sheet.set_column("B:XFD", None, None, {"hidden": True})
        book.worksheets()[1].hide()
        book.worksheets()[2].very_hidden()

    first, second, third = judge_here(written(fill, "Vuxna", "Gömd", "Djupt"), "", NOTHING).sheets
    assert (first.hidden, second.hidden, third.hidden) == (False, True, True)
    assert first.hidden_rows == {1, 2}
    assert first.hidden_columns == {1, 2}


@pytest.mark.scorecard(41, "A cell in the last corner of a sheet is one cell: neither abort nor memory")
@pytest.mark.parametrize("place", ["XFD1048576", "XFD9000", "A1048576"])
def test_a_far_cell_is_one_cell(place: str) -> None:
    far = edited(plain_workbook(), lambda book: book["Vuxna"].__setitem__(place, "x"))
    assert cells(far)[place] == Cell("text", "x")


def test_more_cells_than_any_template_holds_are_refused() -> None:
    many = raw("".join(f'<row r="{row}">{"<c><v>1</v></c>" * 10}</row>' for row in range(1, 10_002)))
    with pytest.raises(DeliveryRefused, match="fler än 100000 ifyllda celler"):
        judge_here(many, "", NOTHING)


def test_merged_cells_are_noted() -> None:
    content = edited(plain_workbook(), lambda book: book["Vuxna"].merge_cells("A5:B6"))
    assert judge_here(content, "", NOTHING).notes == ("blad 1 har sammanfogade celler (A5:B6)",)


@pytest.mark.parametrize("prefix", ["", "x:"], ids=["default namespace", "prefixed"])
def test_the_strict_form_of_the_standard_is_read_alike(prefix: str) -> None:
    old = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    new = "http://purl.oclc.org/ooxml/spreadsheetml/main"

    def change(name: str, data: bytes) -> bytes:
        text = data.decode().replace(old, new)
        if prefix and name == SHEET:
            text = re.sub(r"<(/?)(\w)", rf"<\1{prefix}\2", text).replace(f'xmlns="{new}"', f'xmlns:x="{new}"')
        return text.encode()

    assert cells(repacked(plain_workbook(), change)) == cells(plain_workbook())


# --- all other text ----------------------------------------------------------------------------------------------


def comment(book: Any) -> None:
    book["Vuxna"]["B2"].comment = openpyxl.comments.Comment(f"gäller {NUMBER}", "x")


def header(book: Any) -> None:
    book["Vuxna"].oddHeader.left.text = f"Ärende {NUMBER}"


def validation(book: Any) -> None:
    rule = openpyxl.worksheet.datavalidation.DataValidation("whole", prompt=f"som {NUMBER}", promptTitle="Obs")
    rule.add("A1")
    book["Vuxna"].add_data_validation(rule)


def choices(book: Any) -> None:
    rule = openpyxl.worksheet.datavalidation.DataValidation("list", formula1=f'"ja,{NUMBER}"')
    rule.add("A1")
    book["Vuxna"].add_data_validation(rule)


def name(book: Any) -> None:
    book.defined_names["n"] = openpyxl.workbook.defined_name.DefinedName("n", attr_text=f'"{NUMBER}"')


def link(book: Any) -> None:
    book["Vuxna"]["A1"].hyperlink = f"https://example.test/{NUMBER}"


def tip(book: Any) -> None:
    book["Vuxna"]["A1"].hyperlink = openpyxl.worksheet.hyperlink.Hyperlink("A1", tooltip=NUMBER, location="A2")


def formula(book: Any) -> None:
    book["Vuxna"]["B3"] = f'=LEN("{NUMBER}")'


def chart(book: Any) -> None:
    drawn = BarChart()
    drawn.add_data(Reference(book["Vuxna"], 2, 1, 2, 3))
    drawn.title = NUMBER
    book["Vuxna"].add_chart(drawn)


def prop(key: str) -> Callable[[Any], None]:
    return lambda book: setattr(book.properties, key, NUMBER)


def custom(book: Any) -> None:
    book.custom_doc_props.append(openpyxl.packaging.custom.StringProperty(name="Kund", value=NUMBER))


def wide(book: Any) -> None:
    book["Vuxna"].conditional_formatting.add(
        "A1", openpyxl.formatting.rule.FormulaRule(formula=[f'A1="{NUMBER}"'], stopIfTrue=True)
    )


def table(book: Any) -> None:
    book["Vuxna"].add_table(openpyxl.worksheet.table.Table(displayName=f"t{NUMBER.replace('-', '_')}", ref="A1:B3"))


def text_box(box: dict[str, Any], text: str) -> bytes:
    return written(lambda book, sheet: sheet.insert_textbox(1, 1, text, box))


def orphan() -> bytes:
    """Return a workbook whose list of texts keeps one that no cell shows any more."""
    return replaced(plain_workbook(), "xl/sharedStrings.xml", "</sst>", f"<si><t>{NUMBER}</t></si></sst>")


def split() -> bytes:
    """Return a workbook with a comment of which half a number is bold."""

    def fill(book: Any, sheet: Any) -> None:
        sheet.write_comment("A1", "811218-XXXX")

    runs = "<t>811218-</t></r><r><rPr><b/></rPr><t>9876"
    content = written(fill)
    text = re.search("<t[^>]*>811218-XXXX", member(content, "xl/comments1.xml"))
    assert text
    return replaced(content, "xl/comments1.xml", text[0], runs)


THREADS = (
    '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
    f'<threadedComment ref="B7" id="{{1}}"><text>gäller {NUMBER}</text></threadedComment></ThreadedComments>'
)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (edited(plain_workbook(), comment), "en kommentar på blad 1, cell B2"),
        (split(), "en kommentar på blad 1, cell A1"),
        (with_member(plain_workbook(), "xl/threadedComments/threadedComment1.xml", THREADS.encode()),
         "en kommentar, cell B7"),
        (edited(plain_workbook(), header), "sidhuvud eller sidfot på blad 1"),
        (edited(plain_workbook(), validation), "en inmatningsregel på blad 1"),
        (edited(plain_workbook(), choices), "en inmatningsregel på blad 1"),
        (edited(plain_workbook(), wide), "en formateringsregel på blad 1"),
        (edited(plain_workbook(), name), "ett definierat namn"),
        (edited(plain_workbook(), link), "en länk på blad 1"),
        (edited(plain_workbook(), tip), "en länk på blad 1"),
        (edited(plain_workbook(), formula), "en formel på blad 1, cell B3"),
        (edited(plain_workbook(), chart), "ett diagram på blad 1"),
        (edited(plain_workbook(), table), "en tabells namn och rubriker på blad 1"),
        (edited(plain_workbook(), prop("title")), "filens egenskaper"),
        (edited(plain_workbook(), prop("creator")), "filens egenskaper"),
        (edited(plain_workbook(), prop("keywords")), "filens egenskaper"),
        (edited(plain_workbook(), custom), "filens egna egenskaper"),
        (text_box({}, NUMBER), "en textruta eller alternativtext på blad 1"),
        (text_box({"description": NUMBER}, "x"), "en textruta eller alternativtext på blad 1"),
        (orphan(), "text som är raderad men ligger kvar i filen"),
        (with_member(plain_workbook(), "customXml/item1.xml", f"<a><b>{NUMBER}</b></a>".encode()), "dold XML-data"),
        (with_member(plain_workbook(), "customXml/item1.xml", f"<a b='{NUMBER}'/>".encode()), "dold XML-data"),
        (with_member(plain_workbook(), "customXml/item1.xml", f"<a><!-- {NUMBER} --></a>".encode()), "dold XML-data"),
        (with_member(plain_workbook(), "customXml/item1.xml", f"<a>{NUMBER}</a>".encode("utf-16")), "dold XML-data"),
        (with_member(plain_workbook(), f"xl/{NUMBER}.xml"), "filens behållare"),
        (with_member(plain_workbook(), "xl/worksheets/sheet7.xml", f"<a><v>{NUMBER}</v></a>".encode()),
         "ett blads inställningar"),
        (replaced(plain_workbook(), SHEET, "<sheetData>", f'<sheetData><x y="{NUMBER}"/>'),
         SETTINGS),
        (replaced(plain_workbook(), SHEET, '<c r="A1"', f'<c x="{NUMBER}" r="A1"'), SETTINGS),
        (replaced(plain_workbook(), "xl/sharedStrings.xml", "<si>", f"<si><rPh><t>{NUMBER}</t></rPh>"),
         "text som är raderad men ligger kvar i filen"),
        (one(f'<c r="A1"><v>1</v><extLst><ext><y>{NUMBER}</y></ext></extLst></c>'), SETTINGS),
        (one(f'<c r="A1" t="inlineStr"><is>{NUMBER}<t>x</t></is></c>'), SETTINGS),
        (one('<c r="A1" t="str"><v>811218-_x0039_876</v></c>'), "blad 1, cell A1"),
        (one(f'<c r="A1" t="e"><v>{NUMBER}</v></c>'), "blad 1, cell A1"),
    ],
)  # fmt: skip
def test_text_anywhere_in_a_file_is_seen_and_its_place_told(content: bytes, place: str) -> None:
    with pytest.raises(PersonalDataFound) as caught:
        judge_here(content, "", NOTHING)
    assert caught.value.rule == "IDENTITY_NUMBER"
    assert place in caught.value.places
    assert "9876" not in str(caught.value)


def test_the_comment_of_the_container_is_seen() -> None:
    content = plain_workbook()
    with pytest.raises(PersonalDataFound, match="filens behållare"):
        judge_here(content[:-2] + bytes([len(NUMBER), 0]) + NUMBER.encode(), "", NOTHING)


def test_sheets_are_told_by_name_only_if_the_contracts_have_the_name() -> None:
    content = edited(plain_workbook(), header)
    with pytest.raises(PersonalDataFound, match="sidhuvud eller sidfot på bladet Vuxna"):
        judge_here(content, "", Allowed({}, frozenset({"Vuxna"})))


def test_an_ordinary_workbook_of_either_library_holds_nothing_to_find() -> None:
    def styled(book: Any) -> None:
        book["Vuxna"]["A1"].alignment = Alignment(wrap_text=True)

    for content in (plain_workbook(), edited(plain_workbook(), styled), several_kinds()):
        assert isinstance(judge_here(content, "leverans.xlsx", NOTHING), Book)


LABEL = "MSIP_Label_5b1f6c1e-3a52-4d1b-8f2a-0f6f3a1c2d4e_SetDate"


def test_what_excel_adds_on_every_save_is_no_find() -> None:
    """Ids, labels of a company, revisions, printers, names of those who comment, and where the file lay."""
    content = replaced(
        plain_workbook(),
        "xl/workbook.xml",
        "<bookViews>",
        '<x15ac:absPath xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac" '
        'url="https://lan-my.sharepoint.com/personal/anna_exempel_lan_se/Documents/Uttag 2023/"/>'
        '<xr:revisionPtr xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision" '
        'documentId="8_{6E0C7A8D-2B1F-4C37-9A54-0B9E5D1F7C3A}" revIDLastSave="0"/><bookViews>',
    )
    people = '<personList><person displayName="Anna Exempel" userId="S::anna.exempel@lan.se::5b1f6c1e"/></personList>'
    custom_properties = (
        f'<Properties><property name="{LABEL}"><lpwstr>2024-03-15T12:30:00Z</lpwstr></property></Properties>'
    )
    for name, data in (
        ("xl/persons/person.xml", people),
        ("docProps/custom.xml", custom_properties),
        ("docMetadata/LabelInfo.xml", '<labelList><label id="{5b1f6c1e-3a52-4d1b-8f2a-0f6f3a1c2d4e}"/></labelList>'),
        ("xl/calcChain.xml", '<calcChain><c r="B2" i="1"/></calcChain>'),
        (
            "xl/printerSettings/printerSettings1.bin",
            "\\\\skrivare\\HP LaserJet 4050".encode("utf-16-le").decode("latin-1"),
        ),
    ):
        content = with_member(content, name, data.encode())
    judge_here(content, "Leverans 2023 (1).xlsx", NOTHING)


# --- what reaches out of the file --------------------------------------------------------------------------------


@pytest.mark.scorecard(
    44, "A formula that starts a program or fetches from elsewhere is refused; another is its result"
)
@pytest.mark.parametrize(
    ("formula", "rule"),
    [
        ("cmd|'/C calc'!A0", "DDE"),
        ("MSEXCEL|'..\\..\\x.exe'!''", "DDE"),
        ('WEBSERVICE("https://example.test")', "DDE"),
        ("_xlfn.WEBSERVICE(A1)", "DDE"),
        ('RTD("x",,"y")', "DDE"),
        ('CALL("kernel32","WinExec")', "DDE"),
        ("[1]Blad1!A1", "EXTERNAL_LINKS"),
        ("'[lön.xlsx]Blad 1'!A1", "EXTERNAL_LINKS"),
        ("'C:\\x\\[lön.xlsx]Blad 1'!A1", "EXTERNAL_LINKS"),
    ],
)
@pytest.mark.parametrize("where", ["cell", "name", "validation"])
def test_what_fetches_from_elsewhere_is_refused(formula: str, rule: str, where: str) -> None:
    escaped = formula.replace('"', "&quot;")
    match where:
        case "cell":
            content = one(f'<c r="A1"><f>{escaped}</f><v>7</v></c>')
        case "name":
            names = f'<definedNames><definedName name="n">{escaped}</definedName></definedNames>'
            content = replaced(plain_workbook(), "xl/workbook.xml", "</sheets>", f"</sheets>{names}")
        case _:
            rules = f'<dataValidation type="list" sqref="A1"><formula1>{escaped}</formula1></dataValidation>'
            content = raw("", rest=f"<dataValidations>{rules}</dataValidations>")
    with pytest.raises(DeliveryRefused) as caught:
        judge_here(content, "", NOTHING)
    assert caught.value.rule == rule
    assert caught.value.places


@pytest.mark.parametrize(
    "formula",
    [
        'HYPERLINK("https://example.test","svar")',
        "SUM(tabell_1[Aktualiserade])",
        "SUM(tabell_1[[#Data],[Kön]:[Ålder]])",
        'IF(A1="a|b","[x]!",1)',
        "'a|b'!A1",
        "'Om leveransen'!B3",
        "Vuxna!A1",
        'COUNTIF(A1:A9,"<5")',
    ],
)
def test_other_formulas_are_read_as_their_result(formula: str) -> None:
    check_formula(formula, "cell A1")
    escaped = formula.replace('"', "&quot;").replace("<", "&lt;")
    assert only(one(f'<c r="A1"><f>{escaped}</f><v>7</v></c>')) == Cell("number", 7)


@pytest.mark.scorecard(44, "Text that looks like a formula or a command stays text; negative numbers stay numbers")
def test_text_that_looks_like_a_command_stays_text() -> None:
    texts = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", '=HYPERLINK("https://example.test")']

    def fill(book: Any, sheet: Any) -> None:
        for row, text in enumerate(texts):
            sheet.write_string(row, 0, text)
        sheet.write_number(4, 0, -5)

    read = cells(written(fill))
    assert [read[f"A{row}"] for row in range(1, 5)] == [Cell("text", text) for text in texts]
    assert read["A5"] == Cell("number", -5)


@pytest.mark.parametrize("kind", ["externalLinkPath", "attachedTemplate", "image", "oleObject"])
def test_a_part_that_leads_out_of_the_file_is_refused(kind: str) -> None:
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        f'Type="http://x/{kind}" Target="file:///x" TargetMode="External"/></Relationships>'
    )
    with pytest.raises(DeliveryRefused) as caught:
        judge_here(with_member(plain_workbook(), "xl/worksheets/_rels/sheet1.xml.rels", links.encode()), "", NOTHING)
    assert caught.value.rule == "EXTERNAL_LINKS"


# --- parts that do not hang together ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "left_out", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", SHEET]
)  # fmt: skip
def test_a_workbook_without_a_part_that_it_needs_is_damaged(left_out: str) -> None:
    with pytest.raises(LayoutChanged, match="skadad"):
        judge_here(repacked(plain_workbook(), lambda part, old: None if part == left_out else old), "", NOTHING)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<sheet name="Vuxna"', '<sheet name="vuxna" sheetId="9" r:id="rId1"/><sheet name="Vuxna"'),
        ('r:id="rId1"', 'r:id="rId99"'),
        ("<sheet ", "<leaf "),
    ],
)
def test_a_list_of_sheets_that_cannot_be_is_damage(old: str, new: str) -> None:
    with pytest.raises(LayoutChanged, match="skadad"):
        judge_here(replaced(plain_workbook(), "xl/workbook.xml", old, new), "", NOTHING)


def test_a_sheet_of_old_macros_is_refused() -> None:
    content = replaced(
        plain_workbook(), "xl/_rels/workbook.xml.rels", "relationships/worksheet", "relationships/xlMacrosheet"
    )
    with pytest.raises(DeliveryRefused) as caught:
        judge_here(content, "", NOTHING)
    assert caught.value.rule == "MACROS"
