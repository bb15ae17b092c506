"""Each check of the audit by itself, on what was read back: what it lets pass, and what it finds."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
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
    files = ("values", "changes", "revisions", "public_figures", "trends", "coverage")
    stored = ("value", "indicator", "revision", "figure", "capture", "bridge", "trend", "coverage")
    nothing: Any = None
    return Evidence(
        one=what.get("one", nothing),
        directory=what.get("directory", Path()),
        manifest=what.get("manifest", {}),
        names=what.get("names", ()),
        tables={name: what.get(name, []) for name in files},
        pages=what.get("pages", {}),
        database={f"release_{name}": what.get(f"release_{name}", []) for name in stored},
        small=what.get("small", frozenset()),
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
        cells: dict[str, tuple[str | None, str]] = {"1": ("10", "10"), "2": ("12.04", text)}
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


FIGURE: dict[str, Any] = {
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
        ({"measure": "E05.granted"}, "is no public figure"),
    ],
)
def test_a_public_figure_is_whole_and_public(change: dict[str, Any], fault: str) -> None:
    row = FIGURE | change
    stored = {name: cell for name, cell in row.items() if name != "area_name"}
    small = frozenset({"E05.granted"})
    told = found("public_figures_equal_database", public_figures=[row], release_figure=[stored], small=small)
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


# --- files -------------------------------------------------------------------------------------------------------


def test_a_check_without_faults_says_what_holds_and_one_with_many_tells_of_some() -> None:
    said = audit._checked("keys", audit.keys_are_unique, evidence())
    assert said == audit.Check("keys", True, "No key occurs twice.")
    many = audit._checked("many", lambda _: map(str, range(8)), evidence())
    assert many == audit.Check("many", False, "0; 1; 2; 3; 4 … and 3 more")


KINDS = {"name": "string", "number": "integer", "figure": "number", "given": "boolean"}


def test_a_file_is_read_back_with_the_types_described(tmp_path: Path) -> None:
    """For machines and for Swedish Excel alike; what only keeps a text from being a formula is no part of it."""
    path, excel = tmp_path / "x.csv", tmp_path / "x-excel.csv"
    path.write_text("name,number,figure,given\n'=1+1,2,0.5,true\n,,,\n", encoding="utf-8")
    excel.write_text("\ufeffname;number;figure;given\n'=1+1;2;0,5;true\n;;;\n", encoding="utf-8")
    rows = [dict(zip(KINDS, cells, strict=True)) for cells in (("=1+1", 2, 0.5, True), ("", None, None, None))]
    assert audit.read_csv(path, KINDS) == rows
    assert audit.read_csv(excel, KINDS) == rows


def test_a_file_with_other_columns_than_described_is_refused(tmp_path: Path) -> None:
    """In another order, too: whoever reads by place would take one figure for another."""
    (tmp_path / "x.csv").write_text("number,name,figure,given\n2,a,0.5,true\n", encoding="utf-8")
    with pytest.raises(ValueError, match="columns are"):
        audit.read_csv(tmp_path / "x.csv", KINDS)


def test_every_file_has_its_hash_and_none_is_more_or_less(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    right, wrong = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()

    def told(**listed: str) -> list[str]:
        names = ("a.txt", "release.json")
        manifest = {"files": {f"{name}.txt": digest for name, digest in listed.items()}}
        return found("hashes_match", directory=tmp_path, names=names, manifest=manifest)

    assert told(a=right) == []
    assert told(a=wrong) == ["a.txt: changed"]
    assert told() == ["a.txt: not listed"]
    assert told(a=right, b=wrong) == ["b.txt: missing"]


ONE = SimpleNamespace(
    release_id="prov-2024-final-1",
    agreement_id="prov",
    year=2024,
    edition="final",
    digest="0" * 64,
    is_example=False,
    previous_release_id=None,
)
MANIFEST = {
    "release_id": "prov-2024-final-1",
    "agreement": "prov",
    "year": 2024,
    "edition": "final",
    "content_sha256": "0" * 64,
    "contains_example_data": False,
    "previous_release": None,
    "captures": [{"capture_id": "a"}, {"capture_id": "b"}],
}


@pytest.mark.parametrize("name", [name for name in MANIFEST if name != "captures"])
def test_the_manifest_says_in_everything_what_the_database_says(name: str) -> None:
    stored = [{"capture_id": "b"}, {"capture_id": "a"}]
    check = "manifest_matches_database"
    assert found(check, one=ONE, manifest=MANIFEST, release_capture=stored) == []
    (fault,) = found(check, one=ONE, manifest=MANIFEST | {name: "other"}, release_capture=stored)
    assert fault.startswith(f"{name}: manifest 'other', database ")


@pytest.mark.parametrize("stored", [["a"], ["a", "b", "c"]])
def test_the_manifest_lists_the_captures_that_the_release_is_made_of(stored: list[str]) -> None:
    captures = [{"capture_id": name} for name in stored]
    told = found("manifest_matches_database", one=ONE, manifest=MANIFEST, release_capture=captures)
    assert told == ["the captures listed are not those in the database"]


CELLS: list[dict[str, Any]] = [{"indicator_id": "TMV-B01", "value": 12.5}, {"indicator_id": "TMV-B02", "value": None}]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("", "", ""),
        ("values-excel.csv", "indicator_id;value\nTMV-B01;12,6\nTMV-B02;\n", "values-excel.csv row 1 value: 12.6"),
        ("values-excel.csv", "indicator_id;value\nTMV-B01;12,5\n", "values-excel.csv: 1 rows, expected 2"),
        ("values.parquet", "", "values.parquet row 2 value: 0.0, expected None"),
        ("TMV-B01.csv", "indicator_id,value\nTMV-B01,12.6\n", "TMV-B01.csv row 1 value: 12.6, expected 12.5"),
        ("TMV-B02.csv", "indicator_id,value\n", "TMV-B02.csv: 0 rows, expected 1"),
    ],
)
def test_every_format_of_a_table_holds_the_same_cells(tmp_path: Path, name: str, content: str, fault: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    fields = [{"name": "indicator_id", "type": "string"}, {"name": "value", "type": "number"}]
    package = {"resources": [{"name": "values", "schema": {"fields": fields}}]}
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    (data / "values-excel.csv").write_text("indicator_id;value\nTMV-B01;12,5\nTMV-B02;\n", encoding="utf-8")
    (data / "TMV-B01.csv").write_text("indicator_id,value\nTMV-B01,12.5\n", encoding="utf-8")
    last = 0.0 if name == "values.parquet" else None
    pq.write_table(pa.Table.from_pylist([CELLS[0], CELLS[1] | {"value": last}]), data / "values.parquet")
    if content:
        (data / name).write_text(content, encoding="utf-8")
    told = found("formats_equal", directory=tmp_path, values=CELLS)
    assert [fault in each for each in told] == ([True] if fault else [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Fötterna är 12,5 och år 2024.", ""),
        ("811218-9876", "something like a personal identity number"),
        ("19811218-9876", "something like a personal identity number"),
        ("811278-9873", "something like a personal identity number"),  # a co-ordination number: the day and 60
        ("811218-9875", ""),  # not its check digit
        ("811318-9875", ""),  # the right check digit, but no such month
        ("postgresql://me:hidden@db/x", "something like a secret"),
        ("Password: x", "something like a secret"),
    ],
)
def test_numbers_of_persons_and_secrets_are_known_by_their_look(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "om.html").write_text(f"<p>{text}</p>", encoding="utf-8")
    told = found("no_personal_numbers_or_secrets", directory=tmp_path, names=("om.html",))
    assert told == ([f"om.html: {fault}"] if fault else [])


def test_a_page_leads_only_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "om.html").write_text("", encoding="utf-8")
    page = Page(language="sv", title="Om", headings=[1], local={"om.html"})
    assert found("pages_are_sound", directory=tmp_path, pages={"om.html": page}) == []
    page.local.add("gone.html")
    told = found("pages_are_sound", directory=tmp_path, pages={"om.html": page})
    assert told == ["om.html: link to gone.html, which is not there"]


# --- values ------------------------------------------------------------------------------------------------------


def test_values_of_file_and_database_are_the_same() -> None:
    """An empty text in the file is none in the database; what is more on either side is told."""
    check, stored = "database_equals_files", {**VALUE, "reason_sv": None}
    assert found(check, values=[VALUE], release_value=[stored]) == []
    assert found(check, values=[VALUE]) == [f"{NAME}: not in the database"]
    assert found(check, release_value=[stored]) == [f"{NAME}: only in the database"]
    other = found(check, values=[VALUE], release_value=[stored | {"value": 13.0}])
    assert other == [f"{NAME} value: file 12.0, database 13.0"]


def test_every_indicator_has_a_page_and_a_row_for_the_year() -> None:
    """A row of another year, or of another indicator, is none for the year."""
    check, bridge = "every_indicator_is_present", [{"indicator_id": "TMV-B01"}]
    pages = {"TMV-B01.html": Page()}
    assert found(check, one=ONE, release_bridge=bridge, values=[HIDDEN], pages=pages) == []
    assert found(check, one=ONE, release_bridge=bridge, values=[HIDDEN]) == ["TMV-B01: no page"]
    for row in (VALUE | {"year": 2023}, VALUE | {"indicator_id": "TMV-B02"}):
        told = found(check, one=ONE, release_bridge=bridge, values=[row], pages=pages)
        assert told == ["TMV-B01: no row for 2024"]


def shown(cells: dict[str, tuple[str | None, str]], *, name: str = NAME, **what: str) -> dict[str, Page]:
    """Return a page with one row of figures."""
    row = DataRow(name, what.get("caption", ""), what.get("group", ""), cells, what.get("text", ""))
    return {"TMV-B01.html": Page(rows=[row], banner=what.get("banner", ""))}


SHARE = VALUE | {"numerator": 12.0, "denominator": 97.0, "value": 12.37}
WHOLE: dict[str, tuple[str | None, str]] = {
    "year": (None, ""),
    "numerator": ("12", "12"),
    "denominator": ("97", "97"),
    "value": ("12.37", "12,4"),
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"denominator": None}, "denominator: not shown"),
        ({"value": None}, "value: not shown"),
        ({"value": (None, "x")}, "value: page 'x', file 12.37"),
        ({"value": ("12.38", "12,4")}, "value: page 12.38, file 12.37"),
        ({"value": ("12.37", "12,3")}, "value: shown as '12,3', is 12.37"),
        ({"value": ("12.37", "ungefär 12")}, "value: shown as 'ungefär 12', is 12.37"),
    ],
)
def test_each_figure_of_a_row_stands_on_the_page_as_it_is(change: dict[str, Any], fault: str) -> None:
    cells = {name: cell for name, cell in (WHOLE | change).items() if cell}
    told = found("pages_equal_files", values=[SHARE], pages=shown(cells))
    assert told == ([f"TMV-B01.html {NAME} {fault}"] if fault else [])


def test_what_has_no_figure_in_the_file_has_none_on_the_page() -> None:
    told = found("pages_equal_files", values=[HIDDEN], pages=shown({"value": ("3", "3")}))
    assert told == [f"TMV-B01.html {NAME} value: page '3', file None"]


def test_every_row_stands_once_on_the_pages_and_no_other_does() -> None:
    check, pages = "pages_equal_files", shown(WHOLE)
    assert found(check, values=[SHARE]) == [f"{NAME}: stands 0 times on the pages"]
    twice = {**pages, "again.html": pages["TMV-B01.html"]}
    assert found(check, values=[SHARE], pages=twice) == [f"{NAME}: stands 2 times on the pages"]
    assert found(check, pages=pages) == [f"TMV-B01.html: {NAME} is not in the files"]


def test_a_row_that_is_preliminary_says_so_on_its_page() -> None:
    """A final one need not, nor one without a value."""
    check, silent = "preliminary_is_told", shown({}, text="2024 12")
    early = VALUE | {"preliminary": True}
    assert found(check, values=[early], pages=shown({}, text="2024 12 Preliminär")) == []
    assert found(check, values=[VALUE], pages=silent) == []
    assert found(check, values=[HIDDEN | {"preliminary": True}], pages=silent) == []
    told = found(check, values=[early], pages=silent)
    assert told == [f"TMV-B01.html {NAME}: the row does not say that it is preliminary"]


def test_a_stand_in_for_the_county_says_so_on_the_page_and_in_the_file() -> None:
    check, area = "stand_ins_are_named", "Polisregion Nord (står för länet)"
    proxy = VALUE | {"area_role": "proxy", "area_name": area}
    own = VALUE | {"area_role": "county", "area_name": "Jämtlands län"}
    assert found(check, values=[proxy], pages=shown({}, group=area)) == []
    assert found(check, values=[own], pages=shown({}, group="Jämtlands län")) == []
    assert found(check, values=[proxy], pages=shown({}, group="Polisregion Nord")) == [f"TMV-B01.html {NAME}: page"]
    unnamed = [proxy | {"area_name": "Polisregion Nord"}]
    assert found(check, values=unnamed, pages=shown({}, group=area)) == [f"{NAME}: file"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"banner": ""}, "TMV-B01.html: no banner"),
        ({"text": "12"}, f"TMV-B01.html {NAME}: the row is not marked"),
        ({"caption": "Alla"}, f"TMV-B01.html {NAME}: the caption is not marked"),
        (
            {"drawing": "<svg><title>EXEMPELDATA</title><text>EXEMPELDATA</text></svg>"},
            "x.svg: the chart is not marked",
        ),
        ({"first": ""}, "index.html: no banner"),
        ({"origin": "live"}, f"{NAME}: origin and mark differ"),
        ({"file": "data/TMV-B01.csv"}, "data/TMV-B01.csv: the file's name does not say EXEMPELDATA"),
    ],
)
def test_what_is_invented_is_marked_wherever_it_stands(tmp_path: Path, change: dict[str, str], fault: str) -> None:
    mark = "EXEMPELDATA"
    told = dict.fromkeys(("banner", "text", "caption", "first"), mark)
    told |= {"drawing": f"<svg><text>{mark}</text><text>{mark}</text></svg>", "origin": "example"}
    told |= {"file": "data/TMV-B01-exempeldata.csv"} | change
    (tmp_path / "x.svg").write_text(told["drawing"], encoding="utf-8")
    page = shown({}, banner=told["banner"], text=told["text"], caption=told["caption"])
    page["TMV-B01.html"].images.append("x.svg")
    faults = found(
        "examples_are_marked",
        directory=tmp_path,
        values=[VALUE | {"is_example": True, "origin": told["origin"]}],
        names=(told["file"],),
        pages={**page, "index.html": Page(banner=told["first"])},
    )
    assert faults == ([fault] if fault else [])


def test_what_is_not_invented_needs_no_mark(tmp_path: Path) -> None:
    """Neither on its page nor in its chart nor on the first page."""
    (tmp_path / "x.svg").write_text("<svg></svg>", encoding="utf-8")
    pages = {**shown({}), "index.html": Page()}
    pages["TMV-B01.html"].images.append("x.svg")
    values = [VALUE | {"is_example": False, "origin": "live"}]
    names = ("data/TMV-B01.csv",)
    assert found("examples_are_marked", directory=tmp_path, values=values, names=names, pages=pages) == []


# --- versions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "change", "mark", "fault"),
    [
        ({"1": ("10", "10")}, {}, "", ""),
        ({"1": (None, "saknas")}, {"value": None}, "", ""),
        ({"1": ("10", "10preliminär")}, {"preliminary": True}, "", ""),
        ({"1": ("10", "10")}, {"is_example": True}, "EXEMPELDATA", ""),
        ({"1": ("11", "11")}, {}, "", f"TMV-B01.html {NAME} 1: page 11, file 10.0"),
        ({"1": (None, "saknas")}, {}, "", f"TMV-B01.html {NAME} 1: page None, file 10.0"),
        ({"1": ("10", "10")}, {"value": None}, "", f"TMV-B01.html {NAME} 1: page 10, file None"),
        ({"1": ("10", "9")}, {}, "", f"TMV-B01.html {NAME} 1: shown as '9', is 10.0"),
        (
            {"1": ("10", "10")},
            {"preliminary": True},
            "",
            f"TMV-B01.html {NAME} 1: does not say whether it is preliminary",
        ),
        ({"1": ("10", "10preliminär")}, {}, "", f"TMV-B01.html {NAME} 1: does not say whether it is preliminary"),
        ({"1": ("10", "10")}, {"is_example": True}, "", f"TMV-B01.html {NAME} 1: is not marked"),
        (
            {"1": ("10", "10"), "2": ("12", "12")},
            {},
            "",
            f"TMV-B01.html {NAME} 2: is not in the files, or stands twice",
        ),
        ({}, {}, "", f"{NAME}|1: does not stand on any page"),
    ],
)
def test_each_version_stands_on_a_page_as_it_is(
    cells: dict[str, tuple[str | None, str]], change: dict[str, Any], mark: str, fault: str
) -> None:
    pages = {"TMV-B01.html": Page(revisions=[DataRow(NAME, mark, "", cells, mark)])}
    told = found("revisions_stand_on_pages", revisions=[version(1, 10.0) | change], pages=pages)
    assert told == ([fault] if fault else [])


def test_a_version_that_only_one_of_file_and_database_has_is_told() -> None:
    versions = [version(1, 10.0), version(2, 12.0, 2.0)]
    (told, *more) = found("revisions_equal_database", values=[VALUE], revisions=versions)
    assert told.endswith("differs")
    assert len(more) == 1


def test_a_single_version_is_no_revision() -> None:
    row = version(1, 12.0)
    stored = [row | {"known_from": datetime.fromisoformat(row["known_from"])}]
    told = found("revisions_equal_database", values=[VALUE], revisions=[row], release_revision=stored)
    assert told == [f"{NAME}: its versions are not numbered 1, 2 and on"]


# --- public tables -----------------------------------------------------------------------------------------------

PLACE = "handled|Rn01|T|T|total|2024"
LIMITS = {"ci_low": 6.24, "ci_high": 7.96}


@pytest.mark.parametrize(
    ("row", "cells", "fault"),
    [
        ({}, {"": "7", ".ci": "–"}, ""),
        (LIMITS, {"": "7", ".ci": "6,2–8,0"}, ""),
        ({"value": None}, {"": "saknas"}, ""),
        ({}, {"": "8"}, "bra.handled: shown as '8', is 7.0"),
        (LIMITS, {".ci": "6,2–7,9"}, "bra.handled.ci: shown as '6,2–7,9', is 6.24, 7.96"),
        (LIMITS, {".ci": "6,2"}, "bra.handled.ci: shown as '6,2', is 6.24, 7.96"),
        ({}, {".ci": "6,2–7,9"}, "bra.handled.ci: shown as '6,2–7,9', there is no figure"),
        ({"value": None}, {"": "7"}, "bra.handled: shown as '7', there is no figure"),
        ({"value": None}, {"": " "}, "bra.handled: shown as '', there is no figure"),
        ({"measure": "bra.other"}, {"": "7"}, "bra.handled: shown as '7', there is no figure"),
    ],
)
def test_each_figure_of_a_public_table_stands_on_the_page_as_it_is(
    row: dict[str, Any], cells: dict[str, str], fault: str
) -> None:
    columns: dict[str, tuple[str | None, str]] = {f"bra.handled{end}": (None, text) for end, text in cells.items()}
    pages = {"handled.html": Page(figures=[DataRow(PLACE, "", FIGURE["area_name"], columns)])}
    told = found("public_pages_equal_files", public_figures=[FIGURE | row], pages=pages)
    assert told == ([f"handled.html {PLACE} {fault}"] if fault else [])


def test_every_row_of_a_public_table_is_on_a_page_and_a_stand_in_is_called_one() -> None:
    check = "public_pages_equal_files"
    assert found(check, public_figures=[FIGURE]) == [f"{PLACE}: on no page"]
    pages = {"handled.html": Page(figures=[DataRow(PLACE, "", "Polisregion Nord", {"bra.handled": (None, "7")})])}
    told = found(check, public_figures=[FIGURE], pages=pages)
    assert told == [f"handled.html {PLACE}: the area does not say that it is a stand-in"]
    assert found(check, public_figures=[FIGURE | {"area_role": "county"}], pages=pages) == []
