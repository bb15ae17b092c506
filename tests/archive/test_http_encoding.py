"""Swedish names come out as they were written, whatever a producer says of its encoding, or nothing comes out."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.archive.encoding import declared_in, decode
from include.errors import LayoutChanged

NAMES = "Region;Antal\r\nÅmål;1\r\nÖckerö;2\r\nHärjedalen;3\r\nMalå;4\r\nÄlvdalen – södra;5\r\n"


@pytest.mark.scorecard(20, "Åmål, Öckerö, Härjedalen come through whatever is declared and sent")
@pytest.mark.parametrize("sent", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize(
    "declared", ["utf-8", "UTF-8", "iso-8859-1", "windows-1252", "us-ascii", "klingon", "zlib", None]
)
def test_names_come_through_whatever_is_declared(sent, declared):
    assert decode(NAMES.encode(sent), declared) == NAMES


@pytest.mark.scorecard(20, "an export that changes its encoding unannounced is read right and logged as drift")
def test_a_flip_is_logged_as_drift(caplog):
    with caplog.at_level(logging.WARNING):
        decode(NAMES.encode("cp1252"), "utf-8", what="fohm, a.csv")
        decode(NAMES.encode("utf-8"), "utf-8", what="fohm, b.csv")
    assert [r.getMessage() for r in caplog.records] == ["drift: fohm, a.csv is declared as utf-8 and is cp1252"]


@pytest.mark.scorecard(20, "text that was garbled before it came is refused, with the word and without digits")
@pytest.mark.parametrize(
    "garbled",
    [
        "Åmål".encode().decode("cp1252").encode(),
        "Öckerö".encode().decode("latin1").encode(),
        "Härjedalen 8112189876".encode("cp1252").decode("utf-8", errors="replace").encode(),
        "Härjedalen".encode("cp850"),
        "Härjedalen".encode("mac-roman") + "– Malå".encode("mac-roman"),
        b"\xef\xbb\xbf" + "Åmål".encode("cp1252"),
        "Åmål – Öckerö".encode("utf-16"),
        b"a\x00b",
    ],
    ids=["utf-8 twice", "by latin-1", "replaced", "dos", "macintosh", "mark and cp1252", "utf-16", "nul"],
)
@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", None])
def test_garbled_text_is_refused(garbled, declared):
    with pytest.raises(LayoutChanged, match="scb, table 1 cannot be read as text") as error:
        decode(garbled, declared, what="scb, table 1")
    assert "8112189876" not in str(error.value)
    assert "producer" in str(error.value)


@given(st.text(st.sampled_from("abcåäöÅÄÖéü –—”’…%;,0123456789\r\n"), max_size=60))
def test_what_is_written_in_swedish_letters_survives_both_encodings(text):
    assert decode(text.encode(), None) == text
    assert decode(text.encode(), "iso-8859-1") == text
    assert decode(text.encode("cp1252"), "iso-8859-1") == text


def test_a_minus_of_utf_8_is_seen_too():
    assert decode("Åre;−1;≥2".encode(), "iso-8859-1") == "Åre;−1;≥2"


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/csv; charset=ISO-8859-1", "ISO-8859-1"),
        ('text/csv;header=present;charset="utf-8"', "utf-8"),
        ("text/csv", None),
        ("", None),
        (None, None),
        ("text/csv; charset=", None),
    ],
)
def test_the_declared_encoding_is_that_of_the_content_type(content_type, charset):
    assert declared_in(content_type) == charset
