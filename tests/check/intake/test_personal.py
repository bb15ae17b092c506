"""Whatever may tell of a person is found wherever it stands in a file, and nothing of it is told; clean files pass."""

import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import openpyxl.comments
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from include.check.intake.book import Book, Cell, Hidden, Sheet
from include.check.intake.child import judge_here
from include.check.intake.judge import judge
from include.check.intake.personal import NOTHING, Allowed, Find, allowed_of, find, message
from include.errors import DeliveryRefused, PersonalDataFound
from include.registry.models import Registry
from tests.check.intake.clean_files import SHAPES, clean_files

Part = str | int | float


def check_digit(nine: str) -> str:
    total = sum(sum(map(int, str(int(digit) * (2 - index % 2)))) for index, digit in enumerate(nine))
    return str(-total % 10)


#: Of Skatteverket's own made-up number for examples, which is nobody's: the same with 60 added to its day.
COORDINATION = "811278987" + check_digit("811278987")

#: Twelve spellings of one number; the last in two parts, which stand in two neighbouring cells where there are cells.
SPELLINGS: dict[str, tuple[Part, ...]] = {
    "hyphen": ("811218-9876",),
    "century and hyphen": ("19811218-9876",),
    "twelve digits": ("198112189876",),
    "ten digits": ("8112189876",),
    "plus": ("811218+9876",),
    "en dash": ("811218–9876",),
    "no-break space": ("19811218\u00a09876",),
    "ISO date": ("1981-12-18-9876",),
    "coordination number": (f"{COORDINATION[:6]}-{COORDINATION[6:]}",),
    "reserve number": ("19811218-T123",),
    "Excel's number": (8112189876.0,),
    "two parts": ("19811218", "9876"),
}
#: Spellings that not every place can hold, or that are of the same kind as one above.
MORE_SPELLINGS: dict[str, tuple[Part, ...]] = {
    "full-width digits": ("８１１２１８－９８７６",),
    "invisible signs": ("8\u200b11218\u2060-98\ufeff76",),
    "minus sign": ("811218−9876",),
    "spaces everywhere": ("1981 12 18 9876",),
    "points": ("81.12.18.9876",),
    "scientific": ("8,11219E+09",),
    "thousands": ("8\u00a0112\u00a0189\u00a0876",),
    "twelve digits as a number": (198112189876.0,),
}

#: What must not be told, in any spelling.
CANARIES = ("9876", "98 76", COORDINATION[6:], "T123", "９８７６", "811218", "81.12", "1981", "11219", "189\u00a0876")


# --- files with a number in one place ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivered:
    """A file that somebody delivers."""

    name: str
    content: bytes


def text_of(parts: tuple[Part, ...]) -> str:
    """Return a spelling as it stands where there are no cells."""
    return " ".join(str(part) for part in parts)


def saved(edit: Callable[[Any], None] = lambda book: None) -> bytes:
    """Return a workbook with a table of counts, changed by somebody."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Vuxna"
    for row in (["Kommun", "Aktualiserade", "Utredda"], ["2303 Ragunda", 12, 9], ["2380 Östersund", 140, 101]):
        sheet.append(row)
    edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_parts(content: bytes, **members: str) -> bytes:
    """Return a workbook with more parts, ``a__b`` for ``a/b``."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/") + ".xml", '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return out.getvalue()


def in_cells(sheet: Any, parts: tuple[Part, ...], row: int = 5) -> None:
    for column, part in enumerate(parts, start=2):
        sheet.cell(row, column).value = part


def in_a_cell(parts: tuple[Part, ...]) -> Delivered:
    return Delivered("uttag.xlsx", saved(lambda book: in_cells(book.active, parts)))


def in_a_hidden_sheet(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        sheet = book.create_sheet("Underlag")
        sheet.sheet_state = "veryHidden"
        in_cells(sheet, parts)

    return Delivered("uttag.xlsx", saved(edit))


def in_a_hidden_row(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        in_cells(book.active, parts, row=40)
        book.active.row_dimensions[40].hidden = True

    return Delivered("uttag.xlsx", saved(edit))


def in_a_hidden_column(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        for column, part in enumerate(parts, start=27):
            book.active.cell(2, column).value = part
            book.active.column_dimensions[book.active.cell(2, column).column_letter].hidden = True

    return Delivered("uttag.xlsx", saved(edit))


def in_a_comment(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        book.active["B2"].comment = openpyxl.comments.Comment(f"se {text_of(parts)}", "Handläggare")

    return Delivered("uttag.xlsx", saved(edit))


def in_the_properties(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        book.properties.creator = text_of(parts)

    return Delivered("uttag.xlsx", saved(edit))


def in_the_name_of_a_sheet(parts: tuple[Part, ...]) -> Delivered:
    return Delivered("uttag.xlsx", saved(lambda book: book.create_sheet(text_of(parts))))


def in_a_pivot_cache(parts: tuple[Part, ...]) -> Delivered:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    fields = "".join(f"<s v={quoteattr(part)}/>" if isinstance(part, str) else f'<n v="{part:.0f}"/>' for part in parts)
    records = f'<pivotCacheRecords xmlns="{namespace}" count="1"><r>{fields}</r></pivotCacheRecords>'
    return Delivered("uttag.xlsx", with_parts(saved(), xl__pivotCache__pivotCacheRecords1=records))


def in_custom_xml(parts: tuple[Part, ...]) -> Delivered:
    return Delivered("uttag.xlsx", with_parts(saved(), customXml__item1=f"<a><b>{escape(text_of(parts))}</b></a>"))


def in_a_picture_s_text(parts: tuple[Part, ...]) -> Delivered:
    drawing = (
        '<d:wsDr xmlns:d="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"><d:sp>'
        f'<d:nvSpPr><d:cNvPr id="2" name="Form 1" descr={quoteattr(text_of(parts))}/></d:nvSpPr></d:sp></d:wsDr>'
    )
    return Delivered("uttag.xlsx", with_parts(saved(), xl__drawings__drawing1=drawing))


def in_the_header(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        book.active.oddHeader.left.text = f"Uttag {text_of(parts)}"

    return Delivered("uttag.xlsx", saved(edit))


def in_a_list_of_choices(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        from openpyxl.worksheet.datavalidation import DataValidation

        rule = DataValidation(type="list", formula1=f'"välj;{text_of(parts)}"')
        rule.add("B2")
        book.active.add_data_validation(rule)

    return Delivered("uttag.xlsx", saved(edit))


def in_a_defined_name(parts: tuple[Part, ...]) -> Delivered:
    def edit(book: Any) -> None:
        from openpyxl.workbook.defined_name import DefinedName

        book.defined_names["urval"] = DefinedName("urval", attr_text=f'"{text_of(parts)}"')

    return Delivered("uttag.xlsx", saved(edit))


def in_deleted_text(parts: tuple[Part, ...]) -> Delivered:
    """The text of a cell that was deleted stays among the texts that cells share."""
    content, out = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.add_worksheet("Vuxna").write_row(0, 0, ["Kommun", "Aktualiserade"])
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/sharedStrings.xml":
                data = data.replace(b"</sst>", f"<si><t>{escape(text_of(parts))}</t></si></sst>".encode())
                assert escape(text_of(parts)).encode() in data
            new.writestr(name, data)
    return Delivered("uttag.xlsx", out.getvalue())


def in_the_file_s_name(parts: tuple[Part, ...]) -> Delivered:
    return Delivered(f"uttag {text_of(parts)}.xlsx", saved())


def in_a_line_of_csv(parts: tuple[Part, ...]) -> Delivered:
    written = ";".join(f"{part:.0f}" if isinstance(part, float) else str(part) for part in parts)
    return Delivered("uttag.csv", f"Kommun;Antal;Övrigt\r\n2303;12;9\r\n2380;{written}\r\n".encode())


#: Nine places, and more.
PLACES: dict[str, Callable[[tuple[Part, ...]], Delivered]] = {
    "cell": in_a_cell,
    "hidden sheet": in_a_hidden_sheet,
    "hidden row": in_a_hidden_row,
    "hidden column": in_a_hidden_column,
    "comment": in_a_comment,
    "document properties": in_the_properties,
    "name of a sheet": in_the_name_of_a_sheet,
    "pivot cache": in_a_pivot_cache,
    "custom XML": in_custom_xml,
}
MORE_PLACES: dict[str, Callable[[tuple[Part, ...]], Delivered]] = {
    "alternative text": in_a_picture_s_text,
    "header": in_the_header,
    "list of choices": in_a_list_of_choices,
    "defined name": in_a_defined_name,
    "deleted text": in_deleted_text,
    "name of the file": in_the_file_s_name,
    "line of CSV": in_a_line_of_csv,
}


def refusal(file: Delivered, gate: Callable[..., Book] = judge_here, allowed: Allowed = NOTHING) -> PersonalDataFound:
    """Return how a file is refused; nothing of the number may be told."""
    with pytest.raises(PersonalDataFound) as caught:
        gate(file.content, file.name, allowed)
    told = f"{caught.value}{caught.value.places}{caught.value.rule}"
    assert not [canary for canary in CANARIES if canary in told]
    assert caught.value.places
    return caught.value


def test_the_table_has_twelve_spellings_and_nine_places() -> None:
    assert len(SPELLINGS) * len(PLACES) == 108


@pytest.mark.scorecard(45, "an identity number is found in all of 108 combinations of twelve spellings and nine places")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_found_in_every_place(spelling: str, place: str) -> None:
    assert refusal(PLACES[place](SPELLINGS[spelling])).rule == "IDENTITY_NUMBER"


@pytest.mark.parametrize("place", MORE_PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_found_in_places_less_common(spelling: str, place: str) -> None:
    assert refusal(MORE_PLACES[place](SPELLINGS[spelling])).rule == "IDENTITY_NUMBER"


@pytest.mark.parametrize("place", ["cell", "hidden sheet", "comment", "custom XML", "deleted text", "line of CSV"])
@pytest.mark.parametrize("spelling", MORE_SPELLINGS)
def test_more_spellings_are_found(spelling: str, place: str) -> None:
    assert refusal({**PLACES, **MORE_PLACES}[place](MORE_SPELLINGS[spelling])).rule == "IDENTITY_NUMBER"


@pytest.mark.parametrize("place", ["cell", "pivot cache", "line of CSV"])
def test_lost_zeros_are_found(place: str) -> None:
    number = int("010112987" + check_digit("010112987"))
    assert len(str(number)) == 9
    assert refusal({**PLACES, **MORE_PLACES}[place]((float(number),))).rule == "IDENTITY_NUMBER"


@pytest.mark.scorecard(45, "the refusal that leaves the limited child says rule and place, and nothing of the number")
@pytest.mark.parametrize("place", ["cell", "comment", "pivot cache", "name of the file", "line of CSV"])
def test_the_gate_refuses_with_rule_and_place(place: str) -> None:
    refused = refusal({**PLACES, **MORE_PLACES}[place](SPELLINGS["hyphen"]), judge)
    assert "personnummer" in str(refused)
    assert "inte i arkivet" in str(refused)


def test_the_places_are_told_as_a_person_finds_them() -> None:
    allowed = Allowed({}, frozenset({"Vuxna"}))
    told = {
        name: refusal(make(SPELLINGS["hyphen"]), allowed=allowed).places[0]
        for name, make in {**PLACES, **MORE_PLACES}.items()
    }
    assert told["cell"] == "bladet Vuxna, cell B5"
    assert told["hidden sheet"] == "blad 2, cell B5"
    assert told["comment"] == "en kommentar på bladet Vuxna, cell B2"
    assert told["name of a sheet"] == "namnet på blad 2"
    assert told["name of the file"] == "filens namn"
    assert told["line of CSV"] == "rad 3, fält 2"


# --- clean files ---------------------------------------------------------------------------------------------------


@pytest.mark.scorecard(45, "of 200 clean files full of numbers that are like personal ones, at most two are refused")
def test_clean_files_pass(registry: Registry) -> None:
    allowed = allowed_of(registry)
    refused = []
    files = list(clean_files(200, seed=2026))
    for file in files:
        try:
            judge_here(file.content, file.name, allowed)
        except DeliveryRefused as error:
            refused.append(f"{file.name}: {error.rule} {error.places[:1]}")
    assert len(files) == 200
    assert {file.shape for file in files} == set(SHAPES)
    assert len(refused) <= 2, refused


def test_the_series_rule_lets_other_numbers_be_as_often_as_it_says() -> None:
    """False finds per file with a column of random numbers of ten digits, by how many there are."""
    numbers = random.Random(45)  # noqa: S311
    tried = 1_500

    def share(length: int) -> float:
        files = (book(*([numbers.randrange(10**9, 10**10)] for _ in range(length))) for _ in range(tried))
        return sum(bool(find(file, "", NOTHING)) for file in files) / tried

    assert share(1) < 0.015
    assert share(5) < 0.06
    assert share(20) < 0.003


def test_names_of_authors_refuse_no_file_but_a_number_there_does() -> None:
    def by_somebody(book: Any) -> None:
        book.properties.creator = "Anna Exempel"
        book.properties.lastModifiedBy = "anna.exempel@region.example"

    judge_here(saved(by_somebody), "uttag.xlsx", NOTHING)
    assert refusal(in_the_properties(("811218-9876",))).places == ("filens egenskaper",)


# --- columns and texts ---------------------------------------------------------------------------------------------


def cell(value: object) -> Cell:
    if isinstance(value, date):
        return Cell("date", value.isoformat())
    return Cell("text" if isinstance(value, str) else "number", value)  # type: ignore[arg-type]


def book(*rows: list[Any], name: str = "Uttag", hidden: tuple[Hidden, ...] = ()) -> Book:
    """Return a book with one sheet that holds some rows; None is an empty cell."""
    cells = {
        (row, column): cell(value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    }
    return Book("xlsx", (Sheet(name, cells),), hidden)


def rules(*rows: list[Any], allowed: Allowed = NOTHING, name: str = "Uttag") -> list[str]:
    return [each.rule for each in find(book(*rows, name=name), "uttag.xlsx", allowed)]


def valid_numbers(count: int, first: date = date(1950, 1, 1)) -> list[str]:
    numbers = random.Random(7)  # noqa: S311
    found = []
    for _ in range(count):
        nine = f"{date.fromordinal(first.toordinal() + numbers.randrange(15_000)):%y%m%d}{numbers.randrange(1000):03}"
        found.append(nine + check_digit(nine))
    return found


@pytest.mark.parametrize("count", [1, 3, 9, 40])
@pytest.mark.parametrize("kind", [str, int, lambda n: f"19{n}"])
def test_a_column_of_bare_numbers_is_found_whole(count: int, kind: Callable[[str], Any]) -> None:
    rows = [[kind(number)] for number in valid_numbers(count)]
    assert len([each for each in rules(["Rubrik"], *rows) if each == "IDENTITY_NUMBER"]) == count


def test_one_number_of_a_sole_trader_among_organisation_numbers_is_found() -> None:
    organisations = [[f"20210{row:02}24" + check_digit(f"20210{row:02}24")] for row in range(30)]
    assert rules(["Organisationsnummer"], *organisations) == []
    assert rules(["Organisationsnummer"], *organisations, ["8112189876"]) == ["IDENTITY_NUMBER"]


def test_one_written_number_among_many_other_numbers_is_found() -> None:
    others = [[1_234_567_890 + 7 * row] for row in range(300)]
    assert rules(["Löpnummer"], *others, ["811218-9876"]) == ["IDENTITY_NUMBER"]


def test_numbers_of_seven_digits_are_found_in_company_only() -> None:
    born = valid_numbers(40, date(2000, 1, 1))
    short = [int(number) for number in born if 10**6 <= int(number) < 10**7] or [
        int(f"000{month}15{three:03}" + check_digit(f"000{month}15{three:03}"))
        for month in (1, 5, 9)
        for three in (11,)
    ]
    assert all(len(str(number)) == 7 for number in short)
    assert rules(["Värde"], [short[0]], [12], [900]) == []
    assert rules(["Värde"], *([number] for number in short[:3])) == ["IDENTITY_NUMBER"] * 3


@pytest.mark.parametrize("left", [lambda n: n[:6], lambda n: int(n[:6]), lambda n: f"19{n[:6]}"])
def test_two_columns_that_are_halves_are_found(left: Callable[[str], Any]) -> None:
    numbers = valid_numbers(20)
    assert "IDENTITY_NUMBER" in rules(["Del 1", "Del 2"], *([left(n), int(n[6:])] for n in numbers))
    assert "IDENTITY_NUMBER" in rules(["Del 1", "Del 2"], [left("8112189876"), "9876"])


def test_real_dates_beside_the_last_four_are_found() -> None:
    rows = [[date.fromisoformat(f"19{n[:2]}-{n[2:4]}-{n[4:6]}"), None, n[6:]] for n in valid_numbers(20)]
    assert rules(["Dag", None, "Fyra"], *rows) == ["IDENTITY_NUMBER"] * 20


PERSONAL_COLUMNS: list[list[list[Any]]] = [
    [["Personnr", "Insatser"], ["saknas", 2]],
    [["Pnr", "Insatser"], [19811399, 2]],
    [["Barnets personnummer (12 siffror)", "Antal"], ["okänt", 2]],
    [["Förnamn", "Efternamn"], ["Anna", "Exempel"]],
    [["Namn", "Insatser"], ["Anna Exempel", 2]],
    [["namn:", "Insatser"], ["ANNA", 2]],
    [["Klient", "Insatser"], ["Anna E", 2]],
    [["Barn", "Ålder"], ["Anna", 7]],
    [["Patient", "Besök"], ["A.E.", 7], ["Anna", 2]],
    [["Namn på barnet", "Antal"], ["A", 2]],
    [["Klientens namn", "Antal"], ["A", 2]],
    [["Uttag 2024"], ["Kommun", "Namn"], ["Ragunda", "Anna Exempel"]],
    [["Födelsedatum", "Insats"], [date(1981, 12, 18), "Samtal"]],
    [["Födelsetid", "Insats"], ["811218", "Samtal"]],
    [["Född", "Insats"], [date(1981, 12, 18), "Samtal"]],
    [["Adress", "Antal"], ["Exempelgatan 1", 2]],
    [["Gatuadress", "Antal"], ["Exempelgatan", 2]],
    [["Telefon", "Antal"], [701234567, 2]],
    [["Telefonnummer", "Antal"], [1, 2]],
    [["E-post", "Antal"], ["hemlig", 2]],
    [["Diarienr", "Beslut"], ["A1", "ja"]],
    [["Ärendenummer", "Beslut"], [17, "ja"]],
    [["Patient-id", "Antal"], [4, 2]],
    [["Fastighetsbeteckning", "Antal"], ["Exemplet 1:2", 2]],
    [["Namn", "2023", 2024], ["Anna Exempel", 1, 2]],
]


@pytest.mark.parametrize("rows", PERSONAL_COLUMNS, ids=lambda rows: str(rows[0][0]))
def test_columns_about_persons_are_found_by_their_headings(rows: list[list[Any]], registry: Registry) -> None:
    assert "NAME_COLUMN" in rules(*rows, allowed=allowed_of(registry))


HARMLESS_COLUMNS: list[list[list[Any]]] = [
    [["Kod", "Namn", "Antal"], ["2303", "Ragunda", 4], ["2380", "Östersunds kommun", 6]],
    [["Barn i samråd", "Barn"], [12, 4], [3, "<5"]],
    [["Kommun", "Telefon", "E-post", "Besök"], ["Ragunda", 12, 40, "-"]],
    [["Kontaktväg", "Antal"], ["Besök", 4], ["Telefon", 12], ["E-post", 3], ["Adress", 1]],
    [["Kontaktväg"], ["Besök"], ["Telefon"], ["E-post"]],
    [["Barn", "Antal"], ["Flickor", 4], ["Pojkar", 5], ["Totalt", 9]],
    [["Antal med skyddat personnummer", "Kommun"], [4, "Ragunda"]],
    [["Saknar personnummer", "Kommun"], [4, "Ragunda"]],
    [["Kommunnamn", "Antal"], ["Ragunda", 4]],
    [["Enhetens namn", "Antal"], ["Barnahus", 4]],
    [["Ärenden", "Anmälda ärenden"], [4, 5]],
    [["Födda utomlands", "Antal"], [4, 5]],
    [["Personnr", "Namn", "E-post"]],  # nothing below
]


@pytest.mark.parametrize("rows", HARMLESS_COLUMNS, ids=lambda rows: str(rows[0][0]))
def test_columns_of_counts_and_places_pass(rows: list[list[Any]], registry: Registry) -> None:
    assert rules(*rows, allowed=allowed_of(registry)) == []


def test_a_heading_that_a_contract_has_is_allowed_also_with_a_period() -> None:
    allowed = Allowed({"telefonnummer": 20}, frozenset())
    for heading in ("Telefonnummer", "TELEFONNUMMER ", "Telefonnummer 2022", "Telefonnummer 2022-Q1"):
        assert rules([heading, "Antal"], ["-", 3], allowed=allowed) == []
    assert rules(["Telefonnummer hem", "Antal"], ["-", 3], allowed=allowed) == ["NAME_COLUMN"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("skriv till anna.exempel@region.example", "EMAIL"),
        ("ANNA＠REGION.EXAMPLE", "EMAIL"),
        ("https://exempel.se/?från=anna@region.example", "EMAIL"),
        ("+46 70 123 45 67", "PHONE"),
        ("+46701234567", "PHONE"),
        ("0046-63-14 60 00", "PHONE"),
        ("+46 (0)63 14 60 00", "PHONE"),
        ("070-123 45 67", "PHONE"),
        ("070–1234567", "PHONE"),
        ("0701-23 45 67", "PHONE"),
        ("070 123 45 67", "PHONE"),
        ("0701234567", "PHONE"),
        ("ring 063-14 60 00 efter lunch", "PHONE"),
        ("08-123 456 78", "PHONE"),
        ("0647-123 45", "PHONE"),
        ("5000-K123456-24", "CASE_NUMBER"),
        ("5000–K123456–24", "CASE_NUMBER"),
        ("se AM-123456-24", "CASE_NUMBER"),
        ("mål B 1234-24", "CASE_NUMBER"),
        ("123-4567-2024", "CASE_NUMBER"),
        ("2024/1234", "CASE_NUMBER"),
        ("2024-00123", "CASE_NUMBER"),
        ("SN 2024-00123", "CASE_NUMBER"),
        ("enligt dnr 77/24", "CASE_NUMBER"),
        ("Diarienummer: SN-2024-7", "CASE_NUMBER"),
        ("ärendenr 20241", "CASE_NUMBER"),
    ],
)
def test_addresses_and_numbers_in_texts_are_found(text: str, rule: str) -> None:
    assert rules(["Rubrik"], [text]) == [rule]
    assert [each.rule for each in find(book(hidden=(Hidden("en kommentar", text),)), "", NOTHING)] == [rule]


def test_the_number_of_a_document_may_stand_where_a_contract_asks_for_a_document() -> None:
    """A diarienummer names a document there; anywhere else, and of a police case everywhere, it is a find."""
    asked = Allowed({"handling": 120, "antal": None}, frozenset())
    assert rules(["Handling", "Antal"], ["Årsrapport, dnr 123-4567-2024", 3], allowed=asked) == []
    assert rules(["Annat", "Antal"], ["Årsrapport, dnr 123-4567-2024", 3], allowed=asked) == ["CASE_NUMBER"]
    assert rules(["Handling", "Antal"], ["5000-K123456-24", 3], allowed=asked) == ["CASE_NUMBER"]
    assert rules(["Handling", "Antal"], ["ärendenr 20241", 3], allowed=asked) == ["CASE_NUMBER"]


@pytest.mark.parametrize(
    "text",
    [
        "12 345 678", "070 123", "063", "08", "1 234", "0114", "0114-0188", "2024", "08-16", "08:30–12:00",
        "2023-2024", "2023/2024", "2023–2024", "2024/25", "2024-03", "2023-01", "EX-01", "LST-014", "2024-03-15",
        "SOU 2024:65", "SFS 2001:453", "prop. 2020/21:163", "BUP 2024-03", "SOCV 2023-2024", "T 1-24", "BHV 2024/2025",
        "5050-1055", "978-91-123-4567-8", "202100-2460", "7350012345678", "K2380", "15-03-2024",
        "Skriv aldrig namn, personnummer, ärendenummer, telefonnummer eller e-postadresser.",
        "@exempel på webben", "5 @ 3",
        "https://exempel.se/arende/5000-K123456-24/2024/1234?dnr=123-4567-2024&t=0701234567",
    ],
)  # fmt: skip
def test_texts_that_only_look_alike_pass(text: str) -> None:
    assert rules(["Rubrik"], [text]) == []


def test_long_text_is_found_unless_the_contract_takes_it() -> None:
    allowed = Allowed(
        {"webbadress": 300, "rubrik": 120, "typ": None}, frozenset({"Om leveransen"}), frozenset({"Om leveransen"})
    )
    long = "ord " * 75
    assert rules(["Kommentar"], [long[:201]]) == ["FREE_TEXT"]
    assert rules(["Kommentar"], [long[:200]]) == []
    assert rules(["Webbadress"], [long[:300]], allowed=allowed) == []
    assert rules(["Webbadress"], [long[:300] + "!"], allowed=allowed) == ["FREE_TEXT"]
    assert rules(["Typ"], [long[:121]], allowed=allowed) == ["FREE_TEXT"]
    assert rules(["Rubrik"], [long[:150]], allowed=allowed) == []  # told to its sender as too long, not locked away
    assert rules(["Steg"], [long], allowed=allowed, name="Om leveransen") == []
    assert rules(["Steg"], [long * 2], allowed=allowed, name="Om leveransen") == ["FREE_TEXT"]
    hidden = (Hidden("en kommentar på blad 1, cell B2", long), Hidden("en inmatningsregel", long))
    assert find(book(hidden=hidden), "", NOTHING) == [Find("FREE_TEXT", "en kommentar på blad 1, cell B2")]


def test_a_table_with_one_row_a_person_is_found() -> None:
    ones = [[f"Insats {row % 3}", 1] for row in range(31)]
    assert rules(["Insats", "Antal"], *ones) == ["ROW_LEVEL"]
    assert rules(["Insats", "Antal"], *ones[:30]) == []
    assert rules(["Insats", "Antal"], *ones, ["Insats 4", 2]) == []
    assert rules(["Insats", "Antal"], *ones, allowed=Allowed({"antal": None}, frozenset())) == []

    persons = [[row, "K" if row % 3 else "M", 20 + row % 30, "Samtal"] for row in range(40)]
    assert rules(["Nr", "Kön", "Ålder", "Insats"], *persons) == ["ROW_LEVEL"]
    counted = [[*row, row[0] % 4] for row in persons]
    assert rules(["Nr", "Kön", "Ålder", "Insats", "Antal"], *counted) == []


def test_what_contracts_have_is_allowed(registry: Registry) -> None:
    allowed = allowed_of(registry)
    assert Allowed.from_json(json.loads(json.dumps(allowed.to_json()))) == allowed
    assert {"Om leveransen", "Listor", "Vuxna"} <= allowed.sheets
    assert allowed.has("Barn i samråd")
    assert allowed.has("schema_version")
    assert allowed.headings["webbadress"] == 300
    assert allowed.headings["kön"] is None
    assert not allowed.has("Personnummer")


def test_the_weightiest_rule_comes_first_and_every_place_once() -> None:
    hidden = (Hidden("en kommentar", "anna@region.example"), Hidden("en kommentar", "bo@region.example"))
    found = find(book(["Namn"], ["Anna 811218-9876"], hidden=hidden), "uttag.xlsx", NOTHING)
    assert found == [
        Find("IDENTITY_NUMBER", "blad 1, cell A2"),
        Find("NAME_COLUMN", "blad 1, cell A1"),
        Find("EMAIL", "en kommentar"),
    ]


def test_the_message_tells_ten_places_and_how_many_more() -> None:
    finds = [Find("IDENTITY_NUMBER", f"bladet Vuxna, cell B{row}") for row in range(2, 10)]
    finds += [
        Find("EMAIL", "en kommentar"),
        Find("PHONE", "filens namn"),
        Find("FREE_TEXT", "x"),
        Find("FREE_TEXT", "y"),
    ]
    text = message(finds)
    assert text.startswith("Hela filen avvisas och sparas inte i arkivet")
    assert "cell B2; bladet Vuxna, cell B3" in text
    assert "en e-postadress: en kommentar" in text
    assert "2 ställen till" in text
    assert "fritext" not in text
    assert "fyll" in text
    assert "ställen till" not in message(finds[:10])


# --- properties ----------------------------------------------------------------------------------------------------


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    """Return an invented number in a spelling of its own, and its last four digits."""
    born = draw(st.dates(date(1900, 1, 1), date(2024, 12, 31)))
    six = f"{born:%y%m}{born.day + draw(st.sampled_from([0, 60])):02}"
    three = f"{draw(st.integers(0, 999)):03}"
    last = three + check_digit(six + three)
    century = draw(st.sampled_from(["", f"{born.year // 100}"]))
    join = draw(st.sampled_from(["", "-", "+", "–", "−", " ", "\u00a0", "\u202f", "\u200b", " - ", "/", "."]))
    return f"{century}{six}{join}{last}", f"{six}{last}"


@st.composite
def places(draw: st.DrawFn, text: str) -> tuple[Book, str]:
    """Return a book and a file's name with a text in one of the places that a book has."""
    rows = [["Kommun", "Antal"], ["Ragunda", 4]]
    match draw(st.sampled_from(["cell", "csv", "sheet", "hidden", "name"])):
        case "cell":
            return book(*rows, [text, draw(st.integers(0, 99))]), "uttag.xlsx"
        case "csv":
            return Book("csv", book(*rows, ["2380", text]).sheets), "uttag.csv"
        case "sheet":
            return book(*rows, name=text), "uttag.xlsx"
        case "hidden":
            place = draw(
                st.sampled_from(["en kommentar", "filens egenskaper", "dold XML-data", f"en länk på bladet {text}"])
            )
            return book(*rows, hidden=(Hidden(place, f"se {text}."),)), "uttag.xlsx"
        case _:
            return book(*rows), f"{text}.xlsx"


@given(st.data())
def test_every_number_is_found_everywhere_and_never_told(data: st.DataObject) -> None:
    text, digits = data.draw(spelled())
    file, name = data.draw(places(text))
    found = find(file, name, NOTHING)
    is_clock = name != "uttag.xlsx" and name != "uttag.csv" and int(digits[6:8]) < 24 and int(digits[8:]) < 60
    assert is_clock or "IDENTITY_NUMBER" in [each.rule for each in found]
    told = f"{found}{message(found)}"
    assert text not in told
    assert digits not in told
    assert digits[6:] not in told


def _values() -> Iterator[st.SearchStrategy[Any]]:
    yield st.text(max_size=300)
    yield st.floats()
    yield st.integers(0, 10**13)
    yield st.from_regex(r"[\d \-/@.+Kk:]{1,30}", fullmatch=True)


@given(
    st.dictionaries(st.tuples(st.integers(0, 50), st.integers(0, 5)), st.one_of(*_values()), max_size=40),
    st.text(max_size=40),
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=100)), max_size=5),
    st.text(max_size=60),
)
def test_no_book_is_too_strange(
    cells: dict[tuple[int, int], Any], name: str, hidden: list[tuple[str, str]], file_name: str
) -> None:
    sheet = Sheet(name, {place: cell(value) for place, value in cells.items()})
    file = Book("xlsx", (sheet,), tuple(Hidden(*each) for each in hidden))
    assert all(isinstance(each, Find) for each in find(file, file_name, NOTHING))


def test_a_number_of_hundreds_of_digits_is_a_text_that_is_too_long() -> None:
    with pytest.raises(PersonalDataFound, match="fritext"):
        judge_here(("ålder;kön\n" + "12;k\n" * 40 + "9" * 400 + ";k\n").encode(), "", NOTHING)
