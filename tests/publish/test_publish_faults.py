"""The declared faults of sources: said beside every figure that rests on one, listed on a page and in a file."""

from typing import Any

import pytest

from include.publish import files
from include.publish.content import Content, Value
from include.publish.htmlread import read_page
from include.publish.site import pages
from include.registry.models import Correction
from tests.publish import scene

ID = "prov-2025-final-1"
BRA = "bra_handled_offences"
REASON = "Två rader har samma tal."
NOTE = f"Känt fel hos källan: {REASON} Uppgiften visas som den står. Felet är anmält till Brå."


def declared(**what: Any) -> Correction:
    have: dict[str, Any] = {
        "id": "twins", "source": BRA, "rows": {"area": "Rn01", "period": "2024", "sex": "K"}, "action": "flag",
        "reason": {"sv": REASON, "en": "Two rows have the same figures."}, "reported_to": "Brå", "status": "reported",
    }  # fmt: skip
    return Correction.model_validate(have | what)


def content(*corrections: Correction, **marked: Any) -> Content:
    """Return the small county's content with one marked value: women, the police region, 2024."""
    known = scene.registry().model_copy(update={"corrections": {each.id: each for each in corrections}})
    rows = scene.values()
    for row in rows:
        if (row["series"], row["area"], row["year"]) == ("women", "Rn01", 2024):
            row |= {"marks": "wrong_at_source"} | marked
    return scene.content(rows, registry=known)


def with_note(made: Content) -> list[tuple[str, str, int, str]]:
    return [(v.series, v.area, v.year, v.notes_sv) for v in made.values if "Känt fel" in v.notes_sv]


def test_the_fault_is_told_beside_the_figure_that_rests_on_it_and_nowhere_else() -> None:
    assert with_note(content(declared())) == [("women", "Rn01", 2024, NOTE)]


@pytest.mark.parametrize(
    "rows",
    [{"period": "2023"}, {"area": "00", "period": "2024"}, {"measure": f"{BRA}.other"}, {"breakdown": "offence:x"}],
)
def test_a_fault_of_other_rows_is_not_told_of_it(rows: dict[str, str]) -> None:
    assert with_note(content(declared(rows=rows))) == []


def test_a_fault_that_the_figure_does_not_carry_is_not_claimed_of_it() -> None:
    """Declared after the figure was loaded, it has not been corrected; the mark decides."""
    assert with_note(content(declared(), marks="")) == []


def test_a_dropped_figure_says_why_there_is_none() -> None:
    gone = {"value": None, "ci_low": None, "ci_high": None, "obs_status": "missing", "reason_sv": "Saknas."}
    made = content(declared(action="drop", reported_to=None, status="open"), marks="", **gone)
    assert with_note(made) == [
        ("women", "Rn01", 2024,
         f"Känt fel hos källan: {REASON} Uppgiften används inte. Felet är inte anmält till källan."),
    ]  # fmt: skip


def test_page_list_and_file_say_the_same() -> None:
    made = content(
        declared(), declared(id="scaled", action="scale", value=0.001, status="fixed_upstream", rows={"area": "2380"})
    )
    tables = files.tables(made, ID, [])
    site = pages.render(made, ID, None, [], tables)
    assert NOTE in site["TMV-B05.html"]
    assert site["TMV-B05.html"].count("Känt fel hos källan") == 1
    for words in (
        REASON,
        "Uppgiften är multiplicerad med 0,001.",
        "Felet är rättat hos källan.",
        "Felet är anmält till Brå.",
    ):
        assert words in site["tackning.html"]
    (table,) = [each for each in tables if each.name == "corrections"]
    assert [row[1:5] for row in table.rows] == [
        ("scaled", BRA, "area=2380", "scale"),
        ("twins", BRA, "area=Rn01|period=2024|sex=K", "flag"),
    ]
    for name in ("tackning.html", "TMV-B05.html", "om.html"):
        assert list(read_page(site[name]).faults()) == []


def test_without_known_faults_the_page_says_so() -> None:
    made = content()
    site = pages.render(made, ID, None, [], files.tables(made, ID, []))
    assert "Inga fel är kända" in site["tackning.html"]
    assert made.corrections == ()


def test_a_newly_declared_fault_is_something_new_to_say() -> None:
    assert content().digest != content(declared()).digest


def test_a_figure_that_the_source_has_ceased_to_publish_says_so() -> None:
    made = content(marks="withdrawn_at_source")
    site = pages.render(made, ID, None, [], files.tables(made, ID, []))
    assert site["TMV-B05.html"].count("Redovisas inte längre av källan") == 1
    (value,) = [v for v in made.values if isinstance(v, Value) and v.marks == "withdrawn_at_source"]
    assert value.value is not None
