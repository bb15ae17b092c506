"""Letters that were lost before a text came are seen, and Swedish that is as it should be never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.check.encoding import garbled


@pytest.mark.scorecard(20, "names garbled before they came are seen, whichever way it happened")
@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Åmål".encode().decode("cp1252"), 0),
        ("Öckerö".encode().decode("latin-1"), 0),
        ("Härjedalen".encode("cp1252").decode("utf-8", errors="replace"), 1),
        ("Härjedalen".encode("cp850").decode("cp1252"), 1),
        ("Malå, Härjedalen".encode("mac-roman").decode("cp1252"), 7),
        ("Åre;−1".encode().decode("cp1252"), 0),
        ("värde – 3".replace("ä", "a").encode().decode("cp1252"), 6),
        ("\ufeffRegion".encode().decode("cp1252"), 0),
    ],
    ids=["utf-8 as cp1252", "utf-8 as latin-1", "replaced", "dos", "macintosh", "minus", "dash", "mark"],
)
def test_garbled_letters_are_seen_where_they_stand(text, at):
    assert garbled(text) == at


@pytest.mark.scorecard(20, "Åmål, Öckerö and Härjedalen come through as they are")
@pytest.mark.parametrize("name", ["Åmål", "Öckerö", "Härjedalen", "Malung–Sälen", "Älvdalen – södra", "Ängelholm"])
def test_names_as_they_should_be_are_not(name):
    assert garbled(name) is None


@given(st.text(st.sampled_from("abcåäöÅÄÖéü –—”’…%;,0123456789\r\n−≥"), max_size=60))
def test_no_swedish_text_is_taken_for_garbled(text):
    assert garbled(text) is None
