"""SOL's labels of offences: one code over tables, years and label changes, and never a guess."""

import csv

import pytest

from include.check.readers import bra_offences
from include.check.readers.bra_labels import Meaning
from include.check.readers.bra_offences import LIST, Place, clean, meaning_of, offence_of, places
from include.registry.models import SolFetch
from include.registry.read import registry

THREAT, WOMAN, PARTNER = "Olaga hot (5 §)", "Mot kvinna 18 år eller äldre", "Närstående genom parrelation"


@pytest.mark.parametrize(
    ("label", "parent", "code"),
    [
        ("Totalt antal brott", "", "offence:all"),
        ("3 kap. Brott mot liv och hälsa", "", "offence:against_life_and_health"),
        ("Misshandel inkl. grov (5, 6 §)", "", "offence:assault"),
        ("Misshandel inkl.grov", "Våldsbrott", "offence:assault"),
        ("Våldtäkt inkl. grov (1, 4 §)", "", "offence:rape"),
        ("Våldtäkt inkl. grov (ingår även i våldsbrott)", "Sexualbrott", "offence:rape"),
        ("Koppleri, inkl grovt (12 §)", "", "offence:procuring"),
        ("Grov kvinnofridskränkning\u00a0(4 a §) ", "", "offence:gross_violation_womans_integrity"),
    ],
)
def test_label_changes_lead_to_one_code(label: str, parent: str, code: str) -> None:
    """The same offence has the same code however a table and a time write it."""
    assert offence_of(label, "region", 2014, parent) == code


def test_x_totalt_comes_back_as_x() -> None:
    """The choice of offences says "X totalt" for what the result calls "X"."""
    assert clean("Misshandel inkl. grov (5, 6 §) totalt") == "Misshandel inkl. grov (5, 6 §)"
    assert offence_of("Misshandel inkl. grov (5, 6 §), totalt", "kommun", 2021) == "offence:assault"
    assert clean("Totalt antal brott") == "Totalt antal brott"


@pytest.mark.parametrize(
    "label", ["Misshandel", "misshandel inkl. grov (5, 6 §)", "Misshandel inkl grov (5, 6 §)", "Våldsbrotten", ""]
)
@pytest.mark.scorecard(28, "an offence that no list knows is none of ours")
def test_nothing_is_matched_by_likeness(label: str) -> None:
    """A label that is nearly one of the list is unknown."""
    assert offence_of(label, "kommun", 2021) is None
    assert meaning_of(Place("", clean(label)), "kommun", 2021) == bra_offences.UNKNOWN


def test_a_label_of_many_parents_means_nothing_alone() -> None:
    """What "Mot kvinna 18 år eller äldre" counts, the rows above decide; without them it is ambiguous."""
    assert meaning_of(Place("", WOMAN), "kommun", 2021) == bra_offences.AMBIGUOUS
    assert meaning_of(Place(THREAT, WOMAN), "kommun", 2021) == Meaning("offence:unlawful_threat", "K", "18+")
    assert meaning_of(Place(f"{THREAT} > {WOMAN}", PARTNER), "kommun", 2021) == Meaning(
        "offence:unlawful_threat_partner", "K", "18+"
    )


@pytest.mark.parametrize(
    ("place", "last_without", "first_with"),
    [
        (Place("", "Barnfridsbrott (3 §)"), 2020, 2021),
        (Place("", "Hedersförtryck (4 e §)"), 2021, 2022),
        (Place("", "Oaktsam våldtäkt (1 a §)"), 2017, 2018),
        (Place(f"{THREAT} > {WOMAN}", PARTNER), 2019, 2020),
    ],
)
def test_code_breaks(place: Place, last_without: int, first_with: int) -> None:
    """A row from before its law or its coding is no figure, not even as a zero."""
    assert meaning_of(place, "kommun", last_without) == bra_offences.OTHER_YEAR
    assert isinstance(meaning_of(place, "kommun", first_with), Meaning)


def test_an_unknown_label_ends_the_context() -> None:
    """The rows below an offence that no list knows are not lent to the offence above it."""
    stand = places([THREAT, "Mot barn under 18 år", "Mot flicka under 18 år", WOMAN, PARTNER, "Nytt brott", WOMAN], "")
    assert [place.section for place in stand] == [
        "",
        THREAT,
        f"{THREAT} > Mot barn under 18 år",
        THREAT,
        f"{THREAT} > {WOMAN}",
        "",
        "Nytt brott",
    ]
    assert meaning_of(stand[-1], "", 2021) == bra_offences.AMBIGUOUS


def test_theme_groups_are_no_part_of_anything() -> None:
    """Theme groups overlap: they have no parent and say what they are, so that nobody adds them."""
    themes = {code: known for code, known in registry().breakdowns.items() if code.startswith("offence:theme_")}
    assert len(themes) == 4
    for known in themes.values():
        assert known.parent is None
        assert "temagrupp" in known.label.sv
    assert not any(known.parent in themes for known in registry().breakdowns.values())


def test_the_list_is_in_order() -> None:
    """Each row's code exists, its years make sense, and no label means two things under one parent in one year."""
    seen: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    with LIST.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert not row["code"] or row["code"] in registry().breakdowns, row
            span = (int(row["first_year"] or 0), int(row["last_year"] or 9999))
            assert span[0] <= span[1], row
            spans = seen.setdefault((row["table"], row["parent_label"], clean(row["label"])), [])
            assert all(span[1] < first or last < span[0] for first, last in spans), row
            spans.append(span)
            parent, _, label = row["parent_label"].rpartition(" > ")
            assert not label or (row["table"], parent, label) in seen, f"{row}: the parent must stand above"


def test_every_offence_asked_for_is_known() -> None:
    """What the source's YAML asks SOL for, the list can tell when it comes back."""
    source = registry().sources["bra_reported_offences"]
    assert isinstance(source.fetch, SolFetch)
    with LIST.open(encoding="utf-8", newline="") as file:
        paths = [
            ", ".join(filter(None, [*row["parent_label"].split(" > "), row["label"]]))
            for row in csv.DictReader(file)
            if row["code"]
        ]
    for menu in source.fetch.menus:
        for asked in menu.offences:
            assert any(path == asked or path.endswith(f", {asked}") for path in paths), asked
