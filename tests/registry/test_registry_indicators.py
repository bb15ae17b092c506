"""What an indicator says of itself must hold together: a slip that no other check meets would be published unseen."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from include.errors import RegistryError
from include.registry.models import Registry
from include.registry.read import read

B05 = "indicators/TMV-B05.yaml"
B06 = "indicators/TMV-B06.yaml"
Edit = Callable[..., None]


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Change members of an indicator of the small registry; None takes one away."""

    def change(name: str, **members: object) -> None:
        path = folder / name
        held = yaml.safe_load(path.read_text(encoding="utf-8")) | members
        text = yaml.safe_dump({key: value for key, value in held.items() if value is not None}, allow_unicode=True)
        path.write_text(text, encoding="utf-8")

    return change


@pytest.fixture
def small(folder: Path) -> Callable[[str, str], None]:
    """Replace a text that stands once in a file of the small registry."""

    def change(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def told(folder: Path) -> str:
    with pytest.raises(RegistryError) as raised:
        read(folder)
    return str(raised.value)


def series(**members: object) -> list[dict[str, object]]:
    return [{"id": "all", "label": {"sv": "Alla", "en": "All"}, "breakdown": ["offence:assault"], **members}]


RETIRED = {"status": "retired", "series": series(last_year=2022)}
DONE = {
    "status": "active",
    "not_yet": None,
    "per": 100,
    "numerator": [{"measure": "police_file.cleared"}],
    "denominator": [{"measure": "police_file.handled"}],
    "series": series(),
}


def test_the_registry_to_break_is_without_fault(folder: Path) -> None:
    assert isinstance(read(folder), Registry)


# --- one indicator after another ----------------------------------------------------------------------------------


def test_an_indicator_and_the_one_that_replaces_it_name_each_other(folder: Path, edit: Edit) -> None:
    edit(B05, **RETIRED, replaced_by="TMV-B06")
    assert "TMV-B05.yaml" in told(folder)
    assert "replaced_by: TMV-B06 does not say replaces: TMV-B05" in told(folder)
    edit(B06, **DONE, replaces="TMV-B05")
    assert read(folder).indicators["TMV-B06"].replaces == "TMV-B05"


def test_what_replaces_is_named_by_what_it_replaces(folder: Path, edit: Edit) -> None:
    edit(B06, **DONE, replaces="TMV-B05")
    assert "replaces: TMV-B05 does not say replaced_by: TMV-B06" in told(folder)


def test_what_another_has_replaced_is_retired(folder: Path, edit: Edit) -> None:
    edit(B05, replaced_by="TMV-B06")
    edit(B06, **DONE, replaces="TMV-B05")
    assert "replaced_by: found status active; what another has replaced is retired" in told(folder)


def test_a_retired_indicator_says_when_each_series_ended(folder: Path, edit: Edit) -> None:
    edit(B05, status="retired")
    assert "series.0: 'all' needs last_year" in told(folder)
    edit(B05, **RETIRED)
    assert read(folder).indicators["TMV-B05"].status == "retired"


def test_indicators_that_are_read_together_name_each_other(folder: Path, edit: Edit) -> None:
    """A rise in reports is misread if its page leads to the survey but the survey's page does not lead back."""
    edit(B06, read_with=[])
    assert "read_with.0: TMV-B06 does not have TMV-B05 under its read_with" in told(folder)


def test_an_indicator_in_development_says_why_and_no_other_does(folder: Path, edit: Edit) -> None:
    edit(B06, not_yet=None)
    assert "TMV-B06.yaml" in told(folder)
    assert "not_yet: says why" in told(folder)
    edit(B06, not_yet={"sv": "Senare.", "en": "Later."})
    edit(B05, not_yet={"sv": "Senare.", "en": "Later."})
    assert "TMV-B05.yaml" in told(folder)


def test_an_indicator_in_development_has_no_series_that_nobody_would_see(folder: Path, edit: Edit) -> None:
    edit(B06, series=series())
    assert "series: an indicator in development has none" in told(folder)


# --- units and targets --------------------------------------------------------------------------------------------

#: Members of TMV-B05, and the fault.
WRONG_MEMBERS = [
    ({"per": 1}, "found per 1 and unit 'procent'; a share has per 100"),
    ({"unit": "andel"}, "a share has per 100 and the unit procent"),
    (
        {"value": "rate", "per": 100000, "interval": "poisson", "unit": "per 10 000 invånare"},
        "expected a unit that begins with 'per 100 000'",
    ),
    ({"direction": "0", "target": {"value": 90}}, "a neutral indicator (direction 0) has no target"),
    ({"target": {"value": 120}}, "target.value: found 120; the first series is in procent, from 0 to 100"),
    (
        {"value": "criteria", "interval": "none", "unit": "villkor", "target": {"value": 3}},
        "target.value: found 3; the first series is in villkor, from 0 to 1",
    ),
    ({"trend": True, "interval": "none"}, "no series has an interval, and without one no trend can be tested"),
    ({"series": series(areas=["kommun"])}, "series.0.areas: 'kommun' is none of the indicator's areas"),
    ({"series": series(first_year=2022, last_year=2020)}, "from 2022 to 2020 there are not a year"),
    ({"series": series(pool=3, first_year=2020, last_year=2021)}, "from 2020 to 2021 there are not 3 years"),
    ({"suppression": "small_counts"}, "found small_counts, but no extract with small_counts is among its measures"),
    (
        {"numerator": [{"measure": "police_file.rate"}]},
        "police_file.rate is in 'per 1 000 invånare', which cannot be added; show it as a given value",
    ),
    (
        {"value": "given", "interval": "none", "numerator": [{"measure": "police_file.rate"}]},
        "series.0.unit: police_file.rate is in 'per 1 000 invånare', but the series says 'procent'",
    ),
]


@pytest.mark.parametrize(("members", "fault"), WRONG_MEMBERS)
def test_a_value_that_would_mean_something_else_than_it_says_is_told(
    folder: Path, edit: Edit, small: Callable[[str, str, str], None], members: dict[str, object], fault: str
) -> None:
    if "target" in members:
        members = members | {"target": {"origin": "text", "text": {"sv": "Mål", "en": "Target"}, **members["target"]}}
    rate = "    unit: brott\n  - id: rate\n    label: {sv: Tal, en: Rate}\n    unit: per 1 000 invånare\nbreaks:"
    small("sources/police_file.yaml", "    unit: brott\nbreaks:", rate)
    read(folder)
    edit(B05, **members)
    assert fault in told(folder)


def test_a_median_is_not_added_over_years(folder: Path, edit: Edit, small: Callable[[str, str, str], None]) -> None:
    what = "    unit: personer\nchecks:", "    unit: personer\n    answer: number\nchecks:"
    small("extracts/E77.yaml", *what)
    members = {"value": "count", "unit": "personer", "interval": "none", "areas": ["county"], "denominator": None}
    edit(B05, **members, numerator=[{"measure": "E77.helped"}], series=series(pool=3))
    assert "E77.helped is in 'personer', which cannot be added" in told(folder)
    edit(B05, series=series())
    read(folder)


# --- persons and cases --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["numerator", "denominator", "series"])
def test_counts_of_persons_cannot_be_declared_to_be_public(
    folder: Path, edit: Edit, small: Callable[[str, str, str], None], where: str
) -> None:
    """Wherever an extract of small counts stands in it, disclosure control is demanded."""
    small("extracts/E77.yaml", "small_counts: false", "small_counts: true")
    persons = [{"measure": "E77.persons"}]
    edit(B05, **({"series": series(numerator=persons)} if where == "series" else {where: persons}))
    assert "suppression: found public_source; expected small_counts, for E77 counts persons or cases" in told(folder)
    edit(B05, suppression="small_counts")
    assert read(folder).indicators["TMV-B05"].suppression == "small_counts"
