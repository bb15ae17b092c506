"""Delimited text of every habit is read alike; what does not fit is kept and told with the number of its line."""

import unicodedata

import pytest

from include.check.intake.book import Book, Cell
from include.check.intake.child import judge_here
from include.check.intake.kinds import LARGEST_FILE
from include.check.intake.personal import NOTHING, Allowed
from include.errors import DeliveryRefused
from tests.check.intake.files import MB, NUMBER, cost

#: So that the texts of these files are no finds.
KNOWN = Allowed(dict.fromkeys(("party", "area", "value"), None), frozenset())

TEXT = "party;area;value\r\nK2303;Åre;12\r\nK2305;Härjedalen;<5\r\n"


def book(content: bytes) -> Book:
    return judge_here(content, "leverans.csv", KNOWN)


def lines(content: bytes) -> dict[int, list[str]]:
    """Return the filled fields of each line, by the line's number as an editor shows it."""
    rows: dict[int, list[str]] = {}
    for (row, _), cell in sorted(book(content).sheets[0].cells.items()):
        assert cell.kind == "text"
        rows.setdefault(row + 1, []).append(str(cell.value))
    return rows


EXPECTED = {1: ["party", "area", "value"], 2: ["K2303", "Åre", "12"], 3: ["K2305", "Härjedalen", "<5"]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1252", "utf-16", "utf-16-be"])
def test_each_encoding_that_swedish_programs_write_is_read(encoding: str) -> None:
    content = TEXT.encode(encoding)
    content = b"\xfe\xff" + content if encoding == "utf-16-be" else content
    assert lines(content) == EXPECTED
    told = "utf-16" if encoding == "utf-16-be" else encoding
    assert f"teckenkodning {told}" in book(content).notes


def test_signs_that_only_windows_has_are_read_as_windows_wrote_them() -> None:
    assert lines("party;value\n€ – ”x”;1\n".encode("cp1252"))[2] == ["€ – ”x”", "1"]


@pytest.mark.parametrize(
    "content", [b"party;value\n\x81;1\n", "party;å\n".encode("utf-32"), b"\xff\xfep\x00a\x00\x00\xd8"]
)
def test_an_encoding_that_cannot_be_told_is_refused(content: bytes) -> None:
    with pytest.raises(DeliveryRefused) as caught:
        book(content)
    assert caught.value.rule in ("UNKNOWN_ENCODING", "NUL_BYTES")


def test_garbled_letters_are_refused_with_their_line() -> None:
    with pytest.raises(DeliveryRefused, match="förvanskade på rad 2") as caught:
        book(TEXT.encode().decode("cp1252").encode())
    assert caught.value.rule == "GARBLED_TEXT"


def test_letters_in_two_signs_become_one() -> None:
    assert lines(unicodedata.normalize("NFD", TEXT).encode()) == EXPECTED


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_header_tells_the_delimiter(delimiter: str) -> None:
    assert lines(TEXT.replace(";", delimiter).encode()) == EXPECTED


def test_a_decimal_comma_does_not_make_the_comma_a_delimiter() -> None:
    assert lines(b"party;value\nK2303;12,5\nK2305;1,5\n")[2] == ["K2303", "12,5"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_that_names_the_delimiter_is_skipped_and_counted(first: str) -> None:
    assert lines(f"{first}\r\n{TEXT}".encode()) == {line + 1: fields for line, fields in EXPECTED.items()}


def test_a_file_of_nothing_but_the_delimiters_name_is_read() -> None:
    assert lines(b"sep=;\r\n") == {1: ["sep="]}


def test_blank_lines_and_fields_are_no_cells() -> None:
    assert lines(b"\r\nparty;value;x\r\n\r\nK2303; ;1\r\n\r\n") == {2: ["party", "value", "x"], 4: ["K2303", "1"]}
    assert book(b"\r\nparty;value;x\r\n\r\nK2303; ;1\r\n\r\n").sheets[0].broken == {}


def test_quotation_marks_are_taken_off() -> None:
    content = b'party;area;value\n"K2303";"a;b";"<5"\n"";"si ""x""";1\n'
    assert lines(content) == {1: ["party", "area", "value"], 2: ["K2303", "a;b", "<5"], 3: ['si "x"', "1"]}


@pytest.mark.scorecard(47, "Ragged lines, stray quotation marks and returns are kept and told with their exact line")
@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("party;area;value\nK1;a;1\nK2;a\nK3;a;3\n", 3, "2 fält, väntade 3"),
        ("party;area;value\nK1;a;1\nK2;a;1;9\nK3;a;3\n", 3, "4 fält, väntade 3"),
        ("sep=;\nparty;area;value\n\nK1;a;1\nK2;a\n", 5, "2 fält, väntade 3"),
        ('party;area;value\nK1;"a;1\nK2;a;2\n', 2, "ett citattecken som inte avslutas"),
        ('party;area;value\nK1;"a"b;1\nK2;a;2\n', 2, "ett citattecken som inte avslutas"),
        ("party;area;value\r\nK1;a;1\r\nK2;\ra;2\r\nK3;a;3\r\n", 3, "en ensam vagnretur"),
        ("party;area;value\rK1;a;1\rK2;a\r", 3, "2 fält, väntade 3"),
    ],
)
def test_a_line_that_does_not_fit_is_told_and_no_other(text: str, line: int, says: str) -> None:
    read = book(text.encode())
    assert list(read.sheets[0].broken) == [line - 1]
    [note] = [note for note in read.notes if note.startswith("rad ")]
    assert note.startswith(f"rad {line}: {says}")
    assert any(row == line - 1 for row, _ in read.sheets[0].cells)


@pytest.mark.scorecard(47, "An unclosed quotation mark swallows nothing: the lines after it are read")
def test_an_unclosed_quotation_mark_swallows_nothing() -> None:
    assert lines(b'party;value\n"K1;1\nK2;2\nK3;3\n') == {1: ["party", "value"], 2: ['"K1', "1"]} | {
        3: ["K2", "2"],
        4: ["K3", "3"],
    }


@pytest.mark.scorecard(47, "Lines that end in a lone return, as of an old Macintosh, are lines")
def test_lone_returns_alone_end_lines() -> None:
    assert lines(TEXT.replace("\r\n", "\r").encode("cp1252")) == EXPECTED


@pytest.mark.scorecard(47, "NUL and other control signs are refused with the exact line")
@pytest.mark.parametrize(
    ("sign", "rule"), [("\x00", "NUL_BYTES"), ("\x07", "CONTROL_CHARACTERS"), ("\x1b", "CONTROL_CHARACTERS")]
)
def test_signs_that_no_text_holds_are_refused_with_their_line(sign: str, rule: str) -> None:
    with pytest.raises(DeliveryRefused, match="på rad 3") as caught:
        book(f"party;value\r\nK1;1\r\nK2;{sign}2\r\n".encode())
    assert caught.value.rule == rule


def test_the_end_of_file_of_dos_is_no_control_sign() -> None:
    assert lines(TEXT.encode() + b"\x1a") == EXPECTED


@pytest.mark.scorecard(47, "A field of 5 MB is told with its line and place, and the other lines are read")
def test_a_field_of_five_megabytes_is_told_with_its_line() -> None:
    content = b"party;value\nK1;1\nK2;" + b"x" * 5_000_000 + b"\nK3;3\n"
    assert len(content) < LARGEST_FILE
    read = book(content)
    assert read.sheets[0].broken == {2: "fält 2 är längre än 32767 tecken"}
    assert read.sheets[0].cells[3, 1] == Cell("text", "3")
    assert [(place, len(text)) for place, text in read.hidden] == [("rad 3, fält 2", 5_000_000)]
    assert cost(content).resident < 256 * MB


def test_an_identity_number_in_a_field_too_long_to_keep_is_found() -> None:
    with pytest.raises(DeliveryRefused) as caught:
        book(b"party;value\nK2;" + b"x " * 20_000 + NUMBER.encode() + b"\n")
    assert caught.value.rule == "IDENTITY_NUMBER"


@pytest.mark.parametrize(
    "content", [b"a;b\n" * 150_000, b"a;b;c\n" * 40_000, b"party\n" + b"\n" * 150_000, b"\r" * 150_000 + b"x"]
)
def test_more_lines_or_fields_than_any_delivery_has_are_refused(content: bytes) -> None:
    with pytest.raises(DeliveryRefused) as caught:
        book(content)
    assert caught.value.rule == "TOO_MANY_CELLS"


@pytest.mark.scorecard(44, "In CSV too a text that looks like a formula stays text, and a negative number itself")
def test_text_that_looks_like_a_command_stays_text() -> None:
    assert lines(b"party;value\n=cmd|' /C calc'!A0;-5\n")[2] == ["=cmd|' /C calc'!A0", "-5"]


def test_text_directions_are_kept_as_they_are() -> None:
    assert judge_here("party;area\nK1;\u202eabc\n".encode(), "", NOTHING).sheets[0].cells[1, 1].value == "\u202eabc"
