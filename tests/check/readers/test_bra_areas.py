"""SOL's names of areas: one rule and a short list, exact and never fuzzy."""

import pytest

from include.check.readers.bra_areas import area_of, areas_of, label_of, labels_of
from include.registry.read import registry


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Hela landet", "00"),
        ("Jämtlands län", "23"),
        ("Region Nord", "Rn01"),
        ("Region Bergslagen", "Rn07"),
        ("Berg kommun", "2326"),
        ("Härjedalen kommun", "2361"),
        ("Malung-Sälen kommun", "2023"),
        ("Upplands Väsby kommun", "0114"),
        ("Gotland kommun", "0980"),
        ("Gotland", "0980"),
        ("Heby kommun (Uppsala län from 2007)", "0331"),
        ("Heby kommun (Västmanlands län tom 2006)", "1917"),
        ("Åmål\u00a0kommun", "1492"),
        (" Öckerö kommun ", "1407"),
    ],
)
@pytest.mark.scorecard(20, "known names with åäö are the areas they should be")
def test_sol_spelling(label: str, code: str) -> None:
    """Every way SOL is known to write an area gives our code of it."""
    assert area_of(label) == code


@pytest.mark.parametrize(
    "label",
    [
        "Bergs kommun",
        "Härjedalens kommun",
        "Malung–Sälen kommun",
        "Berg",
        "berg kommun",
        "Ã…mÃ¥l kommun",
        "Kommunuppgift saknas",
        "",
    ],
)
def test_nothing_is_matched_by_likeness(label: str) -> None:
    """A genitive, an en dash, another case, a broken encoding or a new name is no area: it is set aside and named."""
    assert area_of(label) is None


def test_near_names_stay_apart() -> None:
    """Mark and Markaryd, Habo and Håbo are different municipalities."""
    assert len({area_of(f"{name} kommun") for name in ("Mark", "Markaryd", "Habo", "Håbo", "Berg", "Bjurholm")}) == 6


def test_heby_alone_is_two() -> None:
    """The bare name can mean either code: the one that still exists comes first, and none is chosen."""
    assert areas_of("Heby kommun") == ("0331", "1917")
    assert area_of("Heby kommun") is None


def test_every_area_has_its_label_and_back() -> None:
    """All of areas.csv has a label in SOL; all but Heby's two codes lead back by their ordinary one."""
    for code in registry().areas:
        assert code in areas_of(label_of(code))
        assert all(code in areas_of(label) for label in labels_of(code))
        if code not in {"0331", "1917"}:
            assert area_of(label_of(code)) == code
    assert label_of("2326") == "Berg kommun"
    assert label_of("0980") == "Gotland kommun"
    assert label_of("00") == "Hela landet"
    with pytest.raises(KeyError):
        label_of("9999")
