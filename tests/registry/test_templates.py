"""A template is its contract made fillable: the same bytes every time, locked where it must be, easy to read aloud."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from include.check.readers.extracts import identify
from include.registry.delivery import COVER, COVER_SHEET, LISTS_SHEET, Identity, deliverers, options, shown
from include.registry.models import Agreement, Extract, Registry
from include.registry.read import registry as read_registry
from include.registry.templates import workbook, write_templates


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def agreement(registry: Registry) -> Agreement:
    return registry.agreements["jamtland"]


def made(registry: Registry, agreement: Agreement, extract: str, **more: Any) -> bytes:
    return workbook(registry.extracts[extract], agreement, Identity(extract, "LST", "2023"), **more)


@pytest.fixture(scope="module", params=["E01", "E02", "E12"])
def extract(request: pytest.FixtureRequest, registry: Registry) -> Extract:
    return registry.extracts[request.param]


@pytest.fixture(scope="module")
def book(registry: Registry, agreement: Agreement, extract: Extract) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(made(registry, agreement, extract.id)))


def test_one_workbook_per_extract_party_and_period(registry, agreement, tmp_path: Path) -> None:
    written = write_templates(registry, agreement, 2024, tmp_path / "templates")
    expected = {f"{e.id}-{p.code}-2024.xlsx" for e in registry.extracts.values() for p in deliverers(e, agreement)}
    assert {path.name for path in written} == {path.name for path in (tmp_path / "templates").iterdir()} == expected
    for path in written:
        assert identify(path.read_bytes()).part == path.stem


def test_the_same_contract_gives_the_same_bytes(registry, agreement, extract) -> None:
    assert made(registry, agreement, extract.id) == made(registry, agreement, extract.id)


def test_nothing_in_the_file_depends_on_the_machine(registry, agreement, extract) -> None:
    with zipfile.ZipFile(io.BytesIO(made(registry, agreement, extract.id))) as archive:
        for member in archive.infolist():
            assert (member.date_time, member.compress_type) == ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)


def test_the_sheets_are_cover_tables_and_lists(book, extract) -> None:
    assert book.sheetnames == [COVER_SHEET, *(sheet.name for sheet in extract.sheets), LISTS_SHEET]


def test_every_table_is_a_real_one_from_a1_without_merged_cells(book, extract) -> None:
    for contract in extract.sheets:
        sheet = book[contract.name]
        (table,) = sheet.tables.values()
        assert table.ref.startswith("A1:")
        assert table.ref.endswith(str(contract.rows + 1))
        assert [cell.value for cell in sheet[1]] == [column.label for column in contract.columns]
        assert sheet.freeze_panes == "A2"
        assert not sheet.merged_cells.ranges


def test_headings_and_identity_are_locked_and_the_rest_is_not(book, extract) -> None:
    for sheet in book.worksheets:
        assert sheet.protection.sheet
    for contract in extract.sheets:
        sheet = book[contract.name]
        assert all(cell.protection.locked for cell in sheet[1])
        for column in sheet.column_dimensions.values():
            assert not column.protection.locked
    cover = book[COVER_SHEET]
    unlocked = [row[0].value for row in cover.iter_rows(max_row=len(COVER) + 1) if not row[1].protection.locked]
    assert unlocked == [COVER["status"], COVER["empty_sheets"]]


def test_every_column_with_choices_has_its_drop_down(book, extract, agreement) -> None:
    lists = book[LISTS_SHEET]
    for contract in extract.sheets:
        rules = {str(rule.sqref).split(":")[0][0]: rule for rule in book[contract.name].data_validations.dataValidation}
        for place, column in enumerate(contract.columns):
            rule = rules[chr(ord("A") + place)]
            assert rule.prompt == column.help[:255]
            choices = options(column, agreement, 2023)
            if not choices or column.type == "parties":
                continue
            assert rule.type == "list"
            shown_there = [cell.value for (cell,) in lists[rule.formula1.removeprefix(f"{LISTS_SHEET}!")]]
            assert shown_there == [shown(column, code, choices) for code in choices]


def test_the_cover_can_be_read_by_name(book) -> None:
    assert set(book.defined_names) >= {f"leverans_{key}" for key in COVER}
    sheet, cell = next(book.defined_names["leverans_period"].destinations)
    assert book[sheet][cell].value == "2023"


def test_the_document_says_its_title_and_language(registry, agreement, extract, book) -> None:
    assert book.properties.title == f"{extract.id}-LST-2023 {extract.title.sv}"
    assert book.properties.language == "sv-SE"


def test_the_guide_says_when_it_is_due(book) -> None:
    text = " ".join(str(cell.value) for row in book[COVER_SHEET].iter_rows() for cell in row)
    assert "Lämna den senast 2024-02-15" in text


def test_example_data_say_so_on_every_page(registry, agreement) -> None:
    example = openpyxl.load_workbook(io.BytesIO(made(registry, agreement, "E01", example="yes")))
    assert "EXEMPELDATA" in str(example[COVER_SHEET]["B1"].value)
    for sheet in example.worksheets[:-1]:
        assert "EXEMPELDATA" in sheet.oddHeader.center.text


def test_an_ordinary_template_says_nothing_of_example_data(registry, agreement, book) -> None:
    assert book[COVER_SHEET]["B9"].value == "Nej"
    assert "EXEMPEL" not in str(book[COVER_SHEET]["B1"].value)


def test_text_is_never_a_formula_or_link(registry, agreement) -> None:
    row = {"activity_id": '=HYPERLINK("x")', "title": "@SUM(1)", "url": "https://example.org", "date": date(2023, 1, 2)}
    content = made(registry, agreement, "E01", rows={"Aktiviteter": [row]})
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Aktiviteter"]
    assert sheet["A2"].data_type == "s"
    assert sheet["H2"].hyperlink is None
    assert sheet["B2"].is_date


def test_more_rows_than_the_sheet_holds_are_refused(registry, agreement) -> None:
    with pytest.raises(ValueError, match="holds 200 rows, 201 were given"):
        made(registry, agreement, "E01", rows={"Aktiviteter": [{}] * 201})
