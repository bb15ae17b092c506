"""Whatever the bytes: a book, or an error that is written for the sender, and never another exception."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_intake import mutated, seeds, verdict_of
from include.check.intake.book import Book
from include.check.intake.child import judge_here
from include.check.intake.markup import plain, strings
from include.check.intake.personal import NOTHING, Allowed, allowed_of
from include.errors import FollowUpError
from include.registry.models import Registry
from tests.check.intake.files import NUMBER


def judged(content: bytes, file_name: str, allowed: Allowed) -> Book | FollowUpError:
    """Return what comes of a file; any other exception fails the test."""
    try:
        book = judge_here(content, file_name, allowed)
    except FollowUpError as error:
        return error
    assert Book.from_json(book.to_json()) == book
    return book


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=2000), file_name=st.text(max_size=30))
def test_any_bytes_are_a_book_or_a_refusal(content: bytes, file_name: str) -> None:
    judged(content, file_name, NOTHING)


@settings(deadline=None, max_examples=200)
@given(
    text=st.text(st.sampled_from('ab1<>;,"\r\n\t åÅ\u00a0\u202e-.=@'), max_size=300),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_any_text_is_a_book_whose_lines_are_those_of_the_text(text: str, encoding: str) -> None:
    result = judged(text.encode(encoding, errors="ignore"), "x.csv", NOTHING)
    if isinstance(result, Book):
        lines = 1 + max(text.count("\n"), text.count("\r"))
        assert all(0 <= row < lines for row, _ in result.sheets[0].cells)


@pytest.fixture(scope="module")
def originals() -> list[bytes]:
    return seeds()


@pytest.fixture(scope="module")
def allowed(registry: Registry) -> Allowed:
    return allowed_of(registry)


def test_the_sound_files_pass(originals: list[bytes], allowed: Allowed) -> None:
    assert [verdict_of(content, allowed) for content in originals] == ["read"] * len(originals)


@pytest.mark.scorecard(43, "Templates changed at random are read or refused in words, 500 of 500")
def test_templates_changed_at_random_are_books_or_refusals(originals: list[bytes], allowed: Allowed) -> None:
    verdicts = {number: verdict_of(mutated(2, number, originals), allowed) for number in range(500)}
    assert {number: each for number, each in verdicts.items() if each.startswith("uncontrolled")} == {}
    assert len(set(verdicts.values())) > 8


@settings(deadline=None)
@given(st.text(st.sampled_from("Aa\u030aåÅ_x0041\ufb01")))
def test_composed_letters_are_one_sign_however_they_are_escaped(text: str) -> None:
    assert unicodedata.is_normalized("NFC", plain(text))


@settings(deadline=None)
@given(before=st.binary(max_size=300), after=st.binary(max_size=300), wide=st.booleans())
def test_a_number_among_any_bytes_is_among_their_text(before: bytes, after: bytes, wide: bool) -> None:
    number = NUMBER.encode("utf-16-le") if wide else NUMBER.encode()
    assert NUMBER in strings(before + b"\x00\x00" + number + b"\x00\x00" + after)
