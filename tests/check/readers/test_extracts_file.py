"""A hostile, broken or wrong kind of file is refused quickly, in Swedish, and nothing of it is quoted or kept."""

import io
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import openpyxl
import openpyxl.comments
import openpyxl.utils.datetime
import pytest
import xlsxwriter
import xlwt

from include.check.readers import extracts_file
from include.check.readers.extracts import identify
from include.check.readers.extracts_file import open_workbook
from include.errors import CheckFailed, LayoutChanged

#: Skatteverket's own made-up number for examples: a valid date and check digit, nobody's.
NUMBER = "811218-9876"


@contextmanager
def refused(error: type[Exception], says: str, seconds: float = 2.0) -> Iterator[None]:
    """Expect a refusal with certain words, within a time, that does not quote the identity number."""
    start = time.monotonic()
    with pytest.raises(error, match=says) as caught:
        yield
    assert time.monotonic() - start < seconds
    assert "9876" not in str(caught.value)


def repacked(
    content: bytes, change: Callable[[str, bytes], bytes | None], add: dict[str, bytes] | None = None
) -> bytes:
    """Return the workbook with its members changed (None leaves one out) and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
        for name, data in (add or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def with_member(content: bytes, name: str, data: bytes = b"x") -> bytes:
    return repacked(content, lambda _, old: old, {name: data})


def edited(content: bytes, edit: Callable[[Any], None]) -> bytes:
    """Return the workbook as a person would have changed and saved it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def template(fill: Callable[..., bytes]) -> bytes:
    return fill("E01")


# --- kinds of file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<!DOCTYPE html><html><table></table></html>", "en webbsida"),
        (b"\xef\xbb\xbf  <html>", "en webbsida"),
        (b"datum;typ\r\n2023-03-15;artikel\r\n", "inte en Excelfil"),
        (b"", "inte en Excelfil"),
        (b"x" * (extracts_file.LARGEST_FILE + 1), "En ifylld mall är högst 5 MB"),
    ],
)
def test_other_files_are_refused(content: bytes, says: str) -> None:
    with refused(CheckFailed, says):
        open_workbook(content)


def test_the_old_format_is_refused() -> None:
    book = xlwt.Workbook()
    book.add_sheet("Om leveransen")
    out = io.BytesIO()
    book.save(out)
    with refused(CheckFailed, "skyddad med lösenord, eller sparad i det gamla formatet .xls"):
        open_workbook(out.getvalue())


def test_a_truncated_file_is_refused(template: bytes) -> None:
    for size in (10, 1000, len(template) // 2, len(template) - 10):
        with refused(LayoutChanged, "skadad"):
            open_workbook(template[:size])


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("brev.txt", "hej")
    with refused(CheckFailed, "inte en Excel-arbetsbok"):
        open_workbook(out.getvalue())


@pytest.mark.parametrize(
    ("member", "says"),
    [
        ("xl/vbaProject.bin", "makron"),
        ("xl/externalLinks/externalLink1.xml", "länkar till andra filer"),
        ("xl/pivotCache/pivotCacheRecords1.xml", "pivottabell"),
        ("xl/connections.xml", "databas"),
        ("xl/embeddings/oleObject1.bin", "inbäddade filer"),
        ("../../etc/cron.d/x", "inre uppbyggnad"),
        ("/etc/passwd", "inre uppbyggnad"),
        ("xl\\..\\x", "inre uppbyggnad"),
    ],
)
def test_what_a_template_never_holds_is_refused(template: bytes, member: str, says: str) -> None:
    with refused(CheckFailed, says):
        open_workbook(with_member(template, member))


def test_a_workbook_with_macros_is_refused() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet("Om leveransen")
    book.close()
    with refused(CheckFailed, "makron"):
        open_workbook(with_member(out.getvalue(), "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"))


def test_a_link_in_the_container_is_refused(template: bytes) -> None:
    out = io.BytesIO(template)
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("xl/link.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with refused(CheckFailed, "inre uppbyggnad"):
        open_workbook(out.getvalue())


# --- bombs -------------------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_stopped_while_it_inflates(template: bytes) -> None:
    bomb = with_member(template, "xl/worksheets/sheet9.xml", b"<x>" + b"0" * (200 * extracts_file.MB))
    assert len(bomb) < extracts_file.MB
    with refused(CheckFailed, "mer än 20 MB"):
        open_workbook(bomb)


def test_a_container_of_very_many_members_is_refused(template: bytes) -> None:
    many = repacked(template, lambda _, old: old, {f"xl/x{number}.xml": b"" for number in range(10_000)})
    with refused(CheckFailed, "delar"):
        open_workbook(many)


def test_own_xml_entities_are_refused(template: bytes) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    for name in ("xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "_rels/.rels"):
        hostile = repacked(template, lambda member, old, name=name: laughs if member == name else old)
        with refused(CheckFailed, "egna XML-definitioner"):
            open_workbook(hostile)


@pytest.mark.parametrize("cell", ["XFD1048576", "XFD9000"], ids=["500 GB", "5 GB"])
def test_a_far_cell_ends_the_child_and_not_the_reader(template: bytes, cell: str) -> None:
    far = edited(template, place_in("Aktiviteter", cell, "x"))
    with refused(LayoutChanged, "långt utanför tabellen", seconds=5):
        open_workbook(far)


def test_more_cells_than_any_template_holds_are_refused() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet("Om leveransen")
    for row in range(10_001):
        sheet.write_row(row, 0, [1] * 10)
    book.close()
    with refused(CheckFailed, "fler än 100000 ifyllda celler", seconds=5):
        open_workbook(out.getvalue())


def test_a_stray_cell_far_below_the_table_is_a_row_set_aside(template: bytes, read) -> None:
    deep = edited(template, lambda book: book["Aktiviteter"].__setitem__("A1048576", "x"))
    assert read(deep, "E01-LST-2023").set_aside["place"].to_pylist() == ["Aktiviteter!B1048576"]


def test_a_child_that_takes_too_long_is_a_refusal(template: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*args: Any, **kwargs: Any) -> None:
        raise subprocess.TimeoutExpired("child", 1)

    monkeypatch.setattr(subprocess, "run", late)
    with refused(LayoutChanged, "inom de gränser"):
        open_workbook(template)


def test_the_child_sees_no_secrets(template: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}
    run = subprocess.run

    def spy(*args: Any, **kwargs: Any) -> Any:
        seen.update(kwargs["env"])
        return run(*args, **kwargs)

    monkeypatch.setenv("FOLLOWUP_DATABASE_PASSWORD_OWNER", "hemligt")
    monkeypatch.setattr(subprocess, "run", spy)
    open_workbook(template)
    assert set(seen) <= {"PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "PYTHONPATH"}


# --- personal data -----------------------------------------------------------------------------------------------


def place_in(sheet: str, cell: str, value: Any) -> Callable[[Any], None]:
    return lambda book: book[sheet].__setitem__(cell, value)


def hidden(book: Any) -> None:
    book.create_sheet("Gömd").__setitem__("C3", f"barn {NUMBER}")
    book["Gömd"].sheet_state = "veryHidden"


def comment(book: Any) -> None:
    book["Aktiviteter"]["B2"].comment = openpyxl.comments.Comment(f"gäller {NUMBER}", "x")


def sheet_name(book: Any) -> None:
    book.create_sheet(NUMBER)


def title(book: Any) -> None:
    book.properties.title = NUMBER


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (place_in("Aktiviteter", "D2", f"Möte om {NUMBER}"), "bladet Aktiviteter, cell D2"),
        (place_in("Aktiviteter", "A3", 8112189876), "bladet Aktiviteter, cell A3"),
        (place_in("Om leveransen", "B3", "19811218–9876"), "bladet Om leveransen, cell B3"),
        (place_in("Listor", "Z99", "198112189876"), "bladet Listor, cell Z99"),
        (hidden, "bladet Gömd, cell C3"),
        (comment, "dolda delar"),
        (sheet_name, "namnet på blad 4"),
        (title, "dolda delar"),
    ],
)
def test_an_identity_number_refuses_the_whole_file_and_is_never_quoted(template, edit, where) -> None:
    with refused(CheckFailed, f"Hela filen avvisas.*{where}"):
        identify(edited(template, edit))


def test_many_finds_are_told_in_short(template: bytes) -> None:
    def many(book: Any) -> None:
        for row in range(2, 40):
            book["Aktiviteter"][f"D{row}"] = NUMBER

    with refused(CheckFailed, "och 28 ställen till"):
        identify(edited(template, many))


# --- layout ------------------------------------------------------------------------------------------------------


def renamed(book: Any) -> None:
    book["Aktiviteter"].title = "Blad1"


def another_sheet(book: Any) -> None:
    book.create_sheet("Anteckningar").__setitem__("A1", "fri text")


def no_cover(book: Any) -> None:
    book.remove(book["Om leveransen"])


def beside(book: Any) -> None:
    book["Aktiviteter"]["K7"] = "fri text"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (renamed, "Blad 2 hör inte till mallen"),
        (another_sheet, "Blad 4 hör inte till mallen"),
        (no_cover, "saknar bladet Om leveransen"),
        (beside, "cell K7 ligger utanför tabellen"),
        (place_in("Aktiviteter", "I1", "Anteckning"), "cell I1: kolumnen hör inte till mallen"),
        (place_in("Aktiviteter", "C1", "Typer"), "saknar kolumnen Typ i rad 1. Heter den något annat i cell C1"),
        (place_in("Aktiviteter", "C1", "Datum"), "kolumnen Datum två gånger"),
        (place_in("Om leveransen", "A4", "Något"), "saknar raden Överenskommelse"),
        (place_in("Om leveransen", "B3", "2.0"), "av en annan version"),
        (place_in("Om leveransen", "B4", "annat"), "överenskommelsen är okänd"),
        (place_in("Om leveransen", "B7", "kanske"), "hittade kanske, väntade Slutliga eller Preliminära"),
        (place_in("Om leveransen", "B7", None), "Uppgifternas status.* är tom"),
    ],
)
def test_a_changed_layout_stops_the_file(template, read, edit, says) -> None:
    with refused(LayoutChanged, says):
        read(edited(template, edit), "E01-LST-2023")


@pytest.mark.parametrize(("cell", "label"), [("B2", "Uttag"), ("B5", "Part"), ("B6", "Period")])
def test_an_identity_that_is_no_code_is_refused_unquoted(template: bytes, cell: str, label: str) -> None:
    with refused(LayoutChanged, f"{label} är ingen kod ur en mall"):
        identify(edited(template, place_in("Om leveransen", cell, "../Anna Exempelsson")))


def test_dates_of_a_workbook_that_counts_from_1904_are_the_same_days(fill, read) -> None:
    def from_1904(book: Any) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    row = {"activity_id": "1", "date": date(2023, 12, 31), "type": "webb", "title": "x", "lead_party": "LST"}
    content = fill("E01", {"Aktiviteter": [row | {"goal_area": "F"}]})
    assert read(edited(content, from_1904), "E01-LST-2023").set_aside.num_rows == 0


def test_columns_may_change_places(fill, read) -> None:
    def swap(book: Any) -> None:
        sheet = book["Aktiviteter"]
        for row in (1, 2):
            sheet[f"A{row}"].value, sheet[f"C{row}"].value = sheet[f"C{row}"].value, sheet[f"A{row}"].value

    row = {
        "activity_id": "1",
        "date": "2023-03-15",
        "type": "artikel",
        "title": "x",
        "lead_party": "LST",
        "goal_area": "F",
    }
    straight = fill("E01", {"Aktiviteter": [row]})
    assert read(edited(straight, swap), "E01-LST-2023").table.equals(read(straight, "E01-LST-2023").table)


def test_more_rows_than_the_template_holds_are_refused(template, read) -> None:
    def fill_all(book: Any) -> None:
        for row in range(2, 203):
            book["Aktiviteter"][f"A{row}"] = str(row)

    with refused(LayoutChanged, "201 ifyllda rader. Mallen rymmer 200"):
        read(edited(template, fill_all), "E01-LST-2023")


def test_decomposed_letters_of_a_mac_are_the_same_letters(fill, read) -> None:
    def decompose(book: Any) -> None:
        book["Aktiviteter"]["G1"] = "Målområde"

    read(edited(fill("E01"), decompose), "E01-LST-2023")
