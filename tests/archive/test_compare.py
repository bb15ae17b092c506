"""A new time stamp, zip order or line break is no revision; a changed figure always is."""

import io
import json
import zipfile

import openpyxl
import pytest
import xlwt

from include.archive.compare import canonical

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def xlsx(figure: float = 2310, sheet: str = "Tabell 300", created: str = "2024") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheet
    book.active.append(["Misshandel mot kvinna", figure, None, "Södertälje"])
    book.properties.creator = created
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rezipped(content: bytes) -> bytes:
    """Return the same members in reverse order, with another time and compression."""
    source = zipfile.ZipFile(io.BytesIO(content))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for info in reversed(source.infolist()):
            target.writestr(zipfile.ZipInfo(info.filename, (1999, 1, 1, 0, 0, 0)), source.read(info))
    return buffer.getvalue()


def same(one: bytes, other: bytes, media_type: str = XLSX, name: str = "f.xlsx") -> bool:
    return canonical(one, media_type, name) == canonical(other, media_type, name)


def test_a_workbook_is_its_sheets_and_values_not_its_zip():
    assert same(xlsx(), rezipped(xlsx(created="someone else")))
    assert xlsx() != rezipped(xlsx())


@pytest.mark.parametrize("other", [xlsx(2311), xlsx(sheet="Tabell 301"), xlsx("2310")])
def test_a_changed_figure_or_sheet_name_or_a_figure_turned_to_text_is_a_revision(other):
    assert not same(xlsx(), other)


def test_an_old_workbook_is_compared_by_values_too():
    def xls(figure: int, style: str) -> bytes:
        book = xlwt.Workbook()
        book.add_sheet("Tabell 300").write(0, 0, figure, xlwt.easyxf(style))
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    assert same(xls(5, "font: bold on"), xls(5, "font: bold off"), "application/vnd.ms-excel", "f.xls")
    assert not same(xls(5, ""), xls(6, ""), "application/vnd.ms-excel", "f.xls")


def test_json_is_compared_without_the_moment_of_the_answer_and_the_order_of_keys():
    answer = {"updated": "2026-06-08T06:00:00Z", "id": ["Tid"], "value": [1, None], "status": {"1": ".."}}
    later = dict(reversed({**answer, "updated": "2026-07-01T06:00:00Z"}.items()))
    revised = {**answer, "value": [2, None]}
    lost = {**answer, "status": {}}
    as_bytes = [json.dumps(x).encode() for x in (answer, later, revised, lost)]
    assert same(as_bytes[0], as_bytes[1], "application/json", "a.json")
    assert not same(as_bytes[0], as_bytes[2], "application/json", "a.json")
    assert not same(as_bytes[0], as_bytes[3], "application/json", "a.json")


def test_the_order_of_values_counts_and_an_inner_member_named_updated_too():
    assert not same(b'{"value":[1,2]}', b'{"value":[2,1]}', "application/json", "a.json")
    assert not same(b'{"rows":{"updated":1}}', b'{"rows":{"updated":2}}', "application/json", "a.json")


def test_text_is_compared_without_byte_order_mark_and_kind_of_line_break():
    assert same("﻿Kommun;Antal\r\nÅre;1\r\n".encode(), "Kommun;Antal\nÅre;1\n".encode(), "text/csv", "a.csv")
    assert not same(b"a;1\n", b"a;2\n", "text/csv", "a.csv")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1short", b"{", xlsx()[:-40]]
)
def test_what_cannot_be_read_is_compared_by_its_bytes(content):
    assert canonical(content, "application/json", "a.json") == content


def test_a_cell_in_the_last_corner_is_not_opened():
    content = xlsx()
    source = zipfile.ZipFile(io.BytesIO(content))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for info in source.infolist():
            target.writestr(info, source.read(info).replace(b'"D1"', b'"XFD1048576"'))
    assert canonical(buffer.getvalue(), XLSX, "f.xlsx") == buffer.getvalue()
