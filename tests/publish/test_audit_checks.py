"""Each check of the audit by itself, on what was read back: what it lets pass, and what it finds."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from include.publish import audit
from include.publish.audit import Evidence
from include.publish.htmlread import DataRow, Page

KEY = {
    "indicator_id": "TMV-B01",
    "series": "all",
    "area": "23",
    "sex": "T",
    "age": "T",
    "party": "-",
    "breakdown": "total",
    "year": 2024,
}
NAME = "|".join(str(part) for part in KEY.values())
VALUE = {
    **KEY,
    "numerator": 12.0,
    "denominator": None,
    "value": 12.0,
    "ci_low": 6.2,
    "ci_high": 20.9,
    "obs_status": "ok",
    "conf_status": "free",
    "reason_sv": "",
    "preliminary": False,
}
HIDDEN = {
    **VALUE,
    **dict.fromkeys(("numerator", "value", "ci_low", "ci_high")),
    "obs_status": "suppressed",
    "conf_status": "suppressed",
    "reason_sv": "Uppgiften visas inte av sekretesskäl.",
}


def version(number: int, value: float | None, change: float | None = None, **what: Any) -> dict[str, Any]:
    told = {"preliminary": False, "cumulative": change, "unit": "antal", "is_example": False}
    moment = "2025-03-01T00:00:00Z"
    return {**KEY, "version": number, "value": value, "change": change, "known_from": moment, **told, **what}


def evidence(**what: Any) -> Evidence:
    """Return what was read back of a release: no more of it than a check looks at."""
    tables = {name: what.get(name, []) for name in ("values", "changes", "revisions", "public_figures")}
    database = {name: what.get(name, []) for name in ("release_indicator", "release_revision", "release_figure")}
    nothing: Any = None
    return Evidence(
        one=nothing,
        directory=Path(),
        manifest={},
        names=(),
        tables=tables,
        pages=what.get("pages", {}),
        database=database,
        small=frozenset(),
        connection=nothing,
        registry=nothing,
    )


def found(check: str, **what: Any) -> list[str]:
    return list(audit.CHECKS[check](evidence(**what)))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (VALUE, ""),
        (HIDDEN, ""),
        ({**HIDDEN, "numerator": 3.0}, "suppressed, but its numerator is shown"),
        ({**HIDDEN, "ci_high": 9.0}, "an interval left"),
        ({**HIDDEN, "reason_sv": ""}, "no reason"),
        ({**VALUE, "obs_status": "missing"}, "value 12.0 with missing"),
    ],
)
def test_a_value_and_its_status_belong_together(row: dict[str, Any], fault: str) -> None:
    told = found("every_value_has_a_status", values=[row])
    assert [fault in each for each in told] == ([True] if fault else [])


def test_a_key_stands_once() -> None:
    assert found("keys_are_unique", values=[VALUE]) == []
    assert found("keys_are_unique", values=[VALUE, VALUE]) == [f"{NAME}: 2 times"]


def test_a_revised_value_says_that_one_of_the_two_is_preliminary() -> None:
    values = [{**VALUE, "preliminary": True}]
    change = {**KEY, "kind": "revised", "note_sv": "Värdet efter är preliminärt: preliminär och slutlig."}
    assert found("preliminary_is_told", values=values, changes=[change]) == []
    silent = found("preliminary_is_told", values=values, changes=[{**change, "note_sv": ""}])
    assert silent == [f"changes {NAME}: does not say that a figure is preliminary"]


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        (version(2, 12.0, 2.0), ""),
        (version(2, 12.0, 3.0), "is not that of its values"),
        (version(2, 12.0, None), "is not that of its values"),
        (version(3, 12.0, 2.0), "not numbered"),
        (version(2, 11.0, 1.0), "its last version is 11.0, the value 12.0"),
        (version(2, 12.0, 2.0, preliminary=True), "its last version is 12.0, the value 12.0"),
    ],
)
def test_versions_lead_to_the_value(second: dict[str, Any], fault: str) -> None:
    versions = [version(1, 10.0), second]
    stored = [{**row, "known_from": datetime.fromisoformat(row["known_from"])} for row in versions]
    told = found("revisions_equal_database", values=[VALUE], revisions=versions, release_revision=stored)
    assert [fault in each for each in told] == ([True] if fault else [])


def test_a_version_is_shown_rounded_and_not_otherwise() -> None:
    def page(text: str) -> dict[str, Page]:
        cells = {"1": ("10", "10"), "2": ("12.04", text)}
        return {"TMV-B01.html": Page(revisions=[DataRow(NAME, "", "", cells)])}

    versions = [version(1, 10.0), version(2, 12.04, 2.04)]
    assert found("revisions_stand_on_pages", revisions=versions, pages=page("12,0")) == []
    assert "shown as '12,1'" in found("revisions_stand_on_pages", revisions=versions, pages=page("12,1"))[0]


def test_versions_of_what_is_protected_are_found() -> None:
    public, small = ({"indicator_id": "TMV-B01", "suppression": rule} for rule in ("none", "small_counts"))
    versions = [version(1, 10.0)]
    check = "revisions_are_not_of_small_counts"
    assert found(check, values=[VALUE], revisions=versions, release_indicator=[public]) == []
    assert len(found(check, values=[VALUE], revisions=versions, release_indicator=[small])) == 1
    assert len(found(check, values=[HIDDEN], revisions=versions, release_indicator=[public])) == 1


def test_a_cell_without_a_figure_is_not_blank() -> None:
    def page(text: str) -> dict[str, Page]:
        return {"TMV-B01.html": Page(rows=[DataRow(NAME, "", "", {"value": (None, text)})])}

    assert found("pages_equal_files", values=[HIDDEN], pages=page("x")) == []
    assert found("pages_equal_files", values=[HIDDEN], pages=page(" ")) == [f"TMV-B01.html {NAME} value: blank"]


FIGURE = {
    "table_id": "handled",
    "measure": "bra.handled",
    "area": "Rn01",
    "area_role": "proxy",
    "area_name": "Polisregion Nord (står för länet)",
    "sex": "T",
    "age": "T",
    "breakdown": "total",
    "year": 2024,
    "value": 7.0,
    "value_status": "ok",
    "reason_sv": "",
    "ci_low": None,
    "ci_high": None,
    "origin": "live",
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"value_status": "missing"}, "value 7.0 with missing"),
        ({"value": None, "value_status": "missing"}, "no value, and no reason"),
        ({"value": None, "value_status": "missing", "reason_sv": "Saknas.", "ci_low": 1.0}, "an interval left"),
        ({"area_name": "Polisregion Nord"}, "is a stand-in"),
        ({"origin": "example"}, "is no public figure"),
    ],
)
def test_a_public_figure_is_whole_and_public(change: dict[str, Any], fault: str) -> None:
    row = FIGURE | change
    stored = {name: cell for name, cell in row.items() if name != "area_name"}
    told = found("public_figures_equal_database", public_figures=[row], release_figure=[stored])
    assert [fault in each for each in told] == ([True] if fault else [])


def test_public_figures_of_file_and_database_are_the_same() -> None:
    stored = {name: cell for name, cell in FIGURE.items() if name != "area_name"}
    check = "public_figures_equal_database"
    assert "not in the database" in found(check, public_figures=[FIGURE])[0]
    assert "only in the database" in found(check, release_figure=[stored])[0]
    assert (
        "value: file 7.0, database 8.0"
        in found(check, public_figures=[FIGURE], release_figure=[stored | {"value": 8.0}])[0]
    )
