"""The suggestion of a mapping's edit: only words for a person, never a column taken by likeness."""

import pytest

from include.check.drift import nearest, suggestion


@pytest.mark.scorecard(24, "a renamed column is met with the edit to make")
def test_a_renamed_column_is_suggested() -> None:
    assert suggestion(["Regionkod", "Konto"], ["Region"], "x.py") == (
        "If 'Region' is now called 'Regionkod', change 'Region' to 'Regionkod' in x.py."
    )


def test_each_lacking_column_gets_a_suggestion_of_its_own() -> None:
    said = suggestion(["Antal brott", "Antal personer"], ["Antal Personer, totalt", "Antal brott totalt"])
    assert said.count("If '") == 2
    assert "'Antal brott totalt' is now called 'Antal brott'" in said


def test_what_nothing_is_like_is_only_named() -> None:
    assert suggestion(["Ålder"], ["Region"]) == (
        "Nothing maps 'Ålder': add it to the reader's mapping, or leave it out on purpose."
    )
    assert suggestion([], ["Region"]) == ""
    assert suggestion([], []) == ""


@pytest.mark.parametrize(
    ("wanted", "found", "near"),
    [
        ("Mötesdatum", ["mötes datum", "Beslut"], "mötes datum"),
        ("HANDLAGDA  BROTT", ["handlagda brott"], "handlagda brott"),
        ("Kön", ["Region"], None),
        ("Kön", [], None),
    ],
)
def test_case_and_space_do_not_count(wanted: str, found: list[str], near: str | None) -> None:
    assert nearest(wanted, found) == near
