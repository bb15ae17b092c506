"""Only workbooks and delimited text are taken in; every other file is told what it is, whatever it is called."""

import io
import zipfile

import pytest
import xlwt

from include.check.intake import kinds
from include.check.intake.child import judge_here
from include.check.intake.personal import NOTHING
from include.errors import DeliveryRefused, PersonalDataFound
from tests.check.intake.files import NUMBER, plain_workbook, repacked, with_member

CSV = b"agreement;party\r\njamtland;K2303\r\n"
HTML = b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>"


def ole(*streams: str) -> bytes:
    """Return the bytes by which an OLE container with certain streams is known."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512 + b"".join(name.encode("utf-16-le") for name in streams)


def old_workbook() -> bytes:
    book = xlwt.Workbook()
    book.add_sheet("Om leveransen").write(0, 0, "x")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


def refusal(content: bytes, file_name: str = "") -> DeliveryRefused:
    with pytest.raises(DeliveryRefused) as caught:
        judge_here(content, file_name, NOTHING)
    return caught.value


@pytest.mark.scorecard(43, "An .xls, .xlsm, .xlsb, password, web page, PDF, .ods, Word file or picture is told by name")
@pytest.mark.parametrize(
    ("content", "rule", "says"),
    [
        (b"", "EMPTY_FILE", "Filen är tom"),
        (b"\xef\xbb\xbf\r\n \r\n", "EMPTY_FILE", "Filen är tom"),
        (old_workbook(), "OLD_FORMAT", r"gamla formatet \.xls"),
        (b"\x09\x04\x06\x00\x00\x00", "OLD_FORMAT", r"gamla formatet \.xls"),
        (b"ID;PWXL;N;E\r\n", "OLD_FORMAT", r"gamla formatet \.xls"),
        (ole("EncryptionInfo", "EncryptedPackage"), "ENCRYPTED", "lösenord"),
        (ole("WordDocument"), "OTHER_OFFICE_FILE", "Word"),
        (with_member(plain_workbook(), "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"), "MACROS", r"makron \(\.xlsm\)"),
        (with_member(plain_workbook(), "xl/macrosheets/sheet1.xml"), "MACROS", "makron"),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), "BINARY_WORKBOOK", r"\.xlsb"),
        (zipped("mimetype", "content.xml"), "OPEN_DOCUMENT", "OpenDocument"),
        (zipped("[Content_Types].xml", "word/document.xml"), "OTHER_OFFICE_FILE", "Word"),
        (zipped("brev.txt"), "ARCHIVE", "paket av andra filer"),
        (zipped(), "ARCHIVE", "paket av andra filer"),
        (b"\x1f\x8b\x08\x00", "ARCHIVE", "paket av andra filer"),
        (HTML, "WEB_PAGE", "webbsida"),
        (b"\xef\xbb\xbf  <html>", "WEB_PAGE", "webbsida"),
        (b"\xff\xfe" + "<table>".encode("utf-16-le"), "WEB_PAGE", "webbsida"),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", "WEB_PAGE", "webbsida"),
        (b'<?xml version="1.0"?><Workbook/>', "XML_FILE", "XML-fil"),
        (b"%PDF-1.7\n", "PDF", "PDF"),
        (b"\n\n%PDF-1.7\n", "PDF", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "IMAGE", "bild"),
        (b"\xff\xd8\xff\xe0", "IMAGE", "bild"),
        (b"MZ\x90\x00", "NOT_A_WORKBOOK", "varken en Excelfil"),
        (b"\x01\x02\x03\x04" * 50, "CONTROL_CHARACTERS", "styrtecken på rad 1"),
    ],
)
@pytest.mark.parametrize("file_name", ["", "leverans.xlsx"])
def test_other_files_are_refused_by_what_they_are(content: bytes, rule: str, says: str, file_name: str) -> None:
    refused = refusal(content, file_name)
    assert refused.rule == rule
    with pytest.raises(DeliveryRefused, match=says):
        raise refused


def test_a_macro_workbook_without_its_macros_is_still_one() -> None:
    def change(name: str, data: bytes) -> bytes:
        return data.replace(
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        )

    assert refusal(repacked(plain_workbook(), change)).rule == "MACROS"


@pytest.mark.scorecard(43, "An .xlsx that is CSV, and a .csv that is a workbook, are refused with words that say so")
@pytest.mark.parametrize(
    ("content", "file_name", "says"),
    [
        (CSV, "leverans.xlsx", r"ändelsen är \.xlsx men innehållet är en textfil \(CSV\)"),
        (CSV, "Leverans.XLS", r"ändelsen är \.xls men innehållet är en textfil \(CSV\)"),
        (plain_workbook(), "leverans.csv", r"ändelsen är \.csv men innehållet är en Excel-arbetsbok \(\.xlsx\)"),
        (plain_workbook(), "leverans.xlsm", r"ändelsen är \.xlsm men innehållet är en Excel-arbetsbok"),
    ],
)
def test_a_suffix_that_contradicts_the_content_is_told(content: bytes, file_name: str, says: str) -> None:
    refused = refusal(content, file_name)
    assert refused.rule == "WRONG_SUFFIX"
    with pytest.raises(DeliveryRefused, match=says):
        raise refused


@pytest.mark.scorecard(48, "The gate decides nothing by a file's name: path tricks, newline, 300 signs, look-alikes")
@pytest.mark.parametrize(
    "file_name",
    [
        "../../etc/cron.d/x.xlsx",
        "C:\\Windows\\win.ini",
        "leverans\n.xlsx",
        "x" * 300 + ".xlsx",
        "leverans.xlsх",  # the last sign is Cyrillic
        "leverans.\u202excslx",
        "\udcff.xlsx",  # bytes that are no UTF-8, as Python gives names of files
        "$(rm -rf ~).xlsx",
        "nul",
        "",
    ],
)
def test_a_name_is_only_data(file_name: str) -> None:
    assert judge_here(plain_workbook(), file_name, NOTHING).sheets[0].name == "Vuxna"


@pytest.mark.parametrize(
    "content",
    [
        f"<html><td>{NUMBER}</td></html>".encode(),
        f"<html><td>{NUMBER}</td></html>".encode("utf-16"),
        b"%PDF-1.7 (" + NUMBER.encode() + b")",
        ole("Workbook") + NUMBER.encode("utf-16-le"),
        ole("Workbook") + NUMBER.encode(),
        f"a;b\n\x00;{NUMBER}".encode(),
        f"Ã¥r;{NUMBER}".encode(),
    ],
)
def test_an_identity_number_takes_precedence_over_the_wrong_kind(content: bytes) -> None:
    refused = refusal(content)
    assert isinstance(refused, PersonalDataFound)
    assert refused.rule == "IDENTITY_NUMBER"
    assert "9876" not in str(refused)


def test_sentences_do_not_take_precedence_over_the_wrong_kind() -> None:
    assert refusal(b"<html><p>" + b"En lang mening om nagot. " * 40 + b"</p></html>").rule == "WEB_PAGE"


def test_every_refusal_says_what_to_do() -> None:
    for rule, (what, next_step) in kinds.REFUSALS.items():
        assert what, rule
        assert next_step.endswith("."), rule
        assert "{" not in str(kinds.refusal(rule, "1", "2")), rule
