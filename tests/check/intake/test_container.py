"""A container is judged before it is opened: bombs, tricks with names, and what a template never holds."""

import io
import struct
import zipfile

import pytest

from include.check.intake import kinds
from include.check.intake.child import judge_here
from include.check.intake.container import unpack
from include.check.intake.personal import NOTHING
from include.errors import DeliveryRefused, LayoutChanged, PersonalDataFound
from tests.check.intake.files import MB, NUMBER, cost, plain_workbook, repacked, replaced, with_member

WORKBOOK = plain_workbook()


def rule_of(content: bytes) -> str:
    with pytest.raises(DeliveryRefused) as caught:
        judge_here(content, "", NOTHING)
    return caught.value.rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("xl/vbaProject.bin", "MACROS"),
        ("customUI/customUI.xml", "MACROS"),
        ("xl/externalLinks/externalLink1.xml", "EXTERNAL_LINKS"),
        ("xl/pivotCache/pivotCacheRecords1.xml", "PIVOT_CACHE"),
        ("XL/PivotCache/pivotCacheRecords1.xml", "PIVOT_CACHE"),
        ("xl/connections.xml", "CONNECTIONS"),
        ("xl/model/item.data", "CONNECTIONS"),
        ("xl/embeddings/oleObject1.bin", "EMBEDDED"),
        ("xl/activeX/activeX1.xml", "EMBEDDED"),
        ("xl/media/image1.png", "EMBEDDED"),
        ("docProps/thumbnail.jpeg", "EMBEDDED"),
        ("xl/revisions/revisionLog1.xml", "CHANGE_HISTORY"),
    ],
)
def test_what_a_template_never_holds_is_refused(name: str, rule: str) -> None:
    assert rule_of(with_member(WORKBOOK, name)) == rule


@pytest.mark.scorecard(42, "Names that lead out of the container, links, doubles and other tricks are refused")
@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "/etc/passwd", "xl\\..\\x", "C:/x", "xl/a\x07.xml", "XL/workbook.xml"]
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert rule_of(with_member(WORKBOOK, name)) == "STRANGE_PARTS"


@pytest.mark.scorecard(42, "A symbolic link in the container is refused")
def test_a_link_is_refused() -> None:
    out = io.BytesIO(WORKBOOK)
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("xl/link.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert rule_of(out.getvalue()) == "STRANGE_PARTS"


def test_a_member_of_the_same_name_twice_is_refused() -> None:
    out = io.BytesIO(WORKBOOK)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", "<x/>")
    assert rule_of(out.getvalue()) == "STRANGE_PARTS"


def test_parts_that_overlap_are_refused() -> None:
    """Two entries of the directory lead to the same bytes, so that a few bytes inflate to any number."""
    first = WORKBOOK.index(b"PK\x01\x02")
    second = WORKBOOK.index(b"PK\x01\x02", first + 1)
    content = bytearray(WORKBOOK)
    content[second + 42 : second + 46] = struct.pack("<I", 0)  # the offset of its part
    assert unpack(bytes(content)).objection is not None


def test_what_stands_between_the_parts_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(out, "w") as new:
        for number, name in enumerate(old.namelist()):
            if number == 2:
                out.write(b"<x>" + b" " * 100 + b"</x>")
                new.start_dir = out.tell()
            new.writestr(name, old.read(name))
    assert rule_of(out.getvalue()) == "STRANGE_PARTS"


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(WORKBOOK)
    content[WORKBOOK.index(b"PK\x01\x02") + 8] |= 1
    assert rule_of(bytes(content)) == "ENCRYPTED"


def test_a_rarer_compression_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert rule_of(out.getvalue()) == "STRANGE_PARTS"


@pytest.mark.parametrize("data", [b"\xd0\xcf\x11\xe0", b"MZ\x90", b"%PDF-1.7", b"\x89PNG", b"PK\x03\x04"])
def test_a_file_within_the_file_is_refused_whatever_its_name(data: bytes) -> None:
    assert rule_of(with_member(WORKBOOK, "customXml/item1.xml", data)) == "EMBEDDED"


def test_printer_settings_are_what_excel_writes_itself_and_are_looked_through() -> None:
    name = "xl/printerSettings/printerSettings1.bin"
    judge_here(with_member(WORKBOOK, name, "Skrivare 3".encode("utf-16-le")), "", NOTHING)
    with pytest.raises(PersonalDataFound) as caught:
        judge_here(with_member(WORKBOOK, name, b"\x00" * 9 + f"Skrivare {NUMBER}".encode("utf-16-le")), "", NOTHING)
    assert caught.value.places == ("skrivarinställningarna",)


@pytest.mark.parametrize("size", [10, 1000, len(WORKBOOK) // 2, len(WORKBOOK) - 10])
def test_a_truncated_file_is_damaged(size: int) -> None:
    with pytest.raises(LayoutChanged, match="skadad"):
        judge_here(WORKBOOK[:size], "", NOTHING)


def test_a_part_with_a_wrong_checksum_is_damaged() -> None:
    content = bytearray(WORKBOOK)
    content[WORKBOOK.index(b"PK\x01\x02") + 16] ^= 0xFF
    with pytest.raises(LayoutChanged, match="skadad"):
        judge_here(bytes(content), "", NOTHING)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("xl/pivotCache/pivotCacheRecords1.xml", f"<r><s v='{NUMBER}'/></r>"),
        ("xl/pivotCache/pivotCacheRecords1.xml", f"<r><s>{NUMBER}</s></r>"),
        ("xl/externalLinks/externalLink1.xml", f"<v>{NUMBER}</v>"),
        ("xl/media/image1.svg", f"<svg><desc>{NUMBER}</desc></svg>"),
        ("xl/embeddings/oleObject1.bin", NUMBER),
        ("customXml/item1.xml", f"<a><b>{NUMBER}</b>"),  # damaged
        ("customXml/item1.xml", f"<!DOCTYPE a []><a><b>{NUMBER}</b></a>"),
        ("../x.xml", f"<a>{NUMBER}</a>"),
    ],
)
def test_an_identity_number_takes_precedence_over_what_is_wrong_with_the_parts(name: str, data: str) -> None:
    with pytest.raises(PersonalDataFound) as caught:
        judge_here(with_member(WORKBOOK, name, data.encode()), "", NOTHING)
    assert caught.value.rule == "IDENTITY_NUMBER"
    assert "9876" not in str(caught.value)


@pytest.mark.scorecard(40, "Own definitions are refused in every part and encoding, by Python's own parser")
@pytest.mark.parametrize(
    "name",
    [
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
        "_rels/.rels",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
        "docProps/core.xml",
        "xl/theme/theme1.xml",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize(
    "definition",
    [
        '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>',
        '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst><si><t>&x;</t></si></sst>',
        '<!DOCTYPE l SYSTEM "http://example.test/l.dtd"><sst/>',
    ],
    ids=["laughs", "file", "web"],
)
def test_own_definitions_are_refused(name: str, encoding: str, definition: str) -> None:
    marked = definition.encode(encoding)
    hostile = b"\xfe\xff" + marked if encoding == "utf-16-be" else marked
    assert rule_of(repacked(WORKBOOK, lambda part, old: hostile if part == name else old)) == "XML_DEFINITIONS"


@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "utf-32", "rot13", "zlib"])
def test_an_encoding_that_no_excel_writes_is_damage(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    content = repacked(WORKBOOK, lambda name, old: head.encode() + b"<x/>" if name == "xl/styles.xml" else old)
    with pytest.raises(LayoutChanged, match="skadad"):
        judge_here(content, "", NOTHING)


# --- bombs -------------------------------------------------------------------------------------------------------


def stored(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def zip_of(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", data)
    return out.getvalue()


def said_to_be_small() -> bytes:
    """Return a bomb whose directory says that its part has 10 bytes."""
    content = bytearray(with_member(WORKBOOK, "xl/worksheets/sheet9.xml", b"<x>" + b"0" * (50 * MB)))
    last = content.rindex(b"PK\x01\x02")
    content[last + 24 : last + 28] = struct.pack("<I", 10)
    return bytes(content)


def many_rows() -> bytes:
    """Return a sheet that inflates within the limits, half a million rows of which are there but empty."""
    rows = "".join(f'<row r="{number}" spans="1:9"/>' for number in range(10, 500_000))
    return replaced(WORKBOOK, "xl/worksheets/sheet1.xml", "</sheetData>", f"{rows}</sheetData>")


def _texts() -> bytes:
    return b"<x>" + b"".join(b"<a>hi %d</a>" % number for number in range(110_000)) + b"</x>"


BOMBS = {
    "1000:1": lambda: with_member(WORKBOOK, "xl/worksheets/sheet9.xml", b"<x>" + b"0" * (200 * MB)),
    "many parts of 900 kB": lambda: repacked(
        WORKBOOK, lambda _, old: old, {f"xl/x{number}.xml": b"<x>" + b"0" * 900_000 for number in range(150)}
    ),
    "nested": lambda: with_member(WORKBOOK, "xl/inner.xml", zip_of(zip_of(b"0" * (30 * MB)))),
    "10,000 members": lambda: repacked(
        WORKBOOK, lambda _, old: old, {f"xl/x{number}.xml": b"" for number in range(10_000)}
    ),
    "50,000 members": lambda: stored(**{f"x{number}": b"" for number in range(50_000)}),
    "a size that lies": said_to_be_small,
    "deep": lambda: with_member(WORKBOOK, "xl/deep.xml", b"<a>" * 300_000),
    "texts": lambda: with_member(WORKBOOK, "xl/a.xml", _texts()),
    "empty rows": many_rows,
}


@pytest.mark.scorecard(39, "Bombs of every shape are refused, by a child that never holds more than 256 MB")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_quickly_and_with_little_memory(bomb: str) -> None:
    content = BOMBS[bomb]()
    assert len(content) <= kinds.LARGEST_FILE
    outcome, seconds, resident = cost(content)
    expected = {
        "1000:1": "BOMB",
        "many parts of 900 kB": "BOMB",
        "nested": "EMBEDDED",
        "10,000 members": "TOO_MANY_PARTS",
        "50,000 members": "TOO_MANY_PARTS",
    }
    assert outcome == expected.get(bomb, outcome)
    assert "sheets" not in outcome
    assert resident < 256 * MB
    assert seconds < 2


def test_a_part_may_swell_much_as_long_as_it_is_small() -> None:
    judge_here(with_member(WORKBOOK, "customXml/item1.xml", b"<x>" + b" " * 900_000 + b"</x>"), "", NOTHING)
