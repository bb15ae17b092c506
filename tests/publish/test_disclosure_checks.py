"""Each check of small counts and of sentences by itself, on rows and files made by hand: what passes, what is found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.publish import audit_sentences, disclosure_audit, disclosure_files
from include.publish.audit import Evidence
from include.publish.delivered import Vintage
from include.publish.disclosure_audit import Case, Given, Row, _is_of, _Reading
from include.publish.htmlread import DataRow, Page, Sentence
from include.registry.models import Indicator, Text
from tests.publish import scene, small_scene
from tests.publish.small_scene import AS_OF, LATER, YEAR, helped, hidden, known_county, met

MASKED = {"value": None, "value_status": "suppressed", "value_low": 1.0, "value_high": 40.0}


def given(*rows: Row, at: datetime = AS_OF, changed: Sequence[Indicator] = ()) -> Given:
    """Return a release of some rows; ``changed`` are indicators in place of those of the registry."""
    indicators = small_scene.registry().indicators | {one.id: one for one in changed}
    return Given(f"prov-{YEAR}-final-1", YEAR, at, tuple({"reason_sv": ""} | dict(row) for row in rows), indicators)


def case(
    *rows: Row,
    before: tuple[Given, ...] = (),
    vintage: Vintage | None = None,
    changed: Sequence[Indicator] = (),
) -> Case:
    """Return what an audit weighs of some rows, with all that was delivered known at each release."""
    registry = small_scene.registry()
    known = vintage or known_county()
    vintages = dict.fromkeys((AS_OF, *(one.as_of for one in before)), known)
    small = frozenset(known.secrets)
    return Case(registry, small_scene.agreement(), small, given(*rows, changed=changed), before, vintages)


def told(faults: Iterable[str], fault: str) -> bool:
    """Return whether exactly one fault of a text is told, or with no text whether there is none at all."""
    found = list(faults)
    return not found if not fault else sum(fault in each for each in found) == 1


# --- rows --------------------------------------------------------------------------------------------------------

UNDECLARED = small_scene.indicator("TMV-U08", suppression="public_source")


@pytest.mark.parametrize(
    ("row", "changed", "fault"),
    [
        (met("all"), [], ""),
        (hidden("TMV-U08", "men"), [], ""),
        (hidden("TMV-U08", "men", numerator=18.0), [], "it is hidden, but a number stands in it"),
        (met("all"), [UNDECLARED], "which its definition does not say"),
        (met("all", numerator=None), [], "shown without the numerator"),
        (met("all") | {"value": None}, [], "numbers stand in a row that has no value"),
        (hidden("TMV-U08", "men", obs_status="missing"), [], "its status tells it apart"),
        (hidden("TMV-U08", "men", notes_sv="Täljaren är större än nämnaren."), [], "a remark of a hidden row"),
        (hidden("TMV-U08", "men", notes_sv="Känt fel: fel år."), [], ""),
    ],
)
def test_a_row_shows_all_or_nothing(row: Row, changed: Sequence[Indicator], fault: str) -> None:
    assert told(disclosure_audit.faults(case(row, changed=changed)), fault)


def test_hidden_rows_give_one_reason() -> None:
    rows = [hidden("TMV-U08", series) for series in ("all", "women", "men")]
    odd = {**rows[0], "reason_sv": "Färre än fem personer."}
    assert told(disclosure_audit.faults(case(*rows)), "")
    assert told(disclosure_audit.faults(case(odd, *rows[1:])), "its reason tells it apart")


def test_what_a_release_has_hidden_stays_hidden() -> None:
    before = given(hidden("TMV-U08", "all"), at=LATER)
    assert told(disclosure_audit.faults(case(met("all"), before=(before,))), "it must stay hidden")


def test_what_follows_from_all_rows_together_is_found() -> None:
    """All and women of a municipality tell its men."""
    rows = [met("all", "2303"), met("women", "2303")]
    found = list(disclosure_audit.faults(case(*rows)))
    assert found
    assert all("a small count follows" in each for each in found)


def test_figures_of_an_unknown_agreement_are_not_understood() -> None:
    assert told(disclosure_audit.faults(replace(case(met("all")), vintages={})), "does not know the agreement")
    unweighed = replace(case(hidden("TMV-U08", "men")), vintages={})
    assert list(disclosure_audit.true_figures(unweighed)) == []


RATE = scene.row("TMV-U05", 630.0, numerator=63.0, denominator=10_000.0)
SHARE: dict[str, Any] = {"numerator": None, "denominator": None}
NOBODY = small_scene.known([small_scene.figure(0.0, measure=f"E06.{name}") for name in ("met", "helped")])


@pytest.mark.parametrize(
    ("row", "vintage", "fault"),
    [
        (met("all"), None, ""),
        (met("all") | {"numerator": None, "value": 64.0}, None, "its numerator is not the sum"),
        (met("all") | {"value": 64.0}, None, "its value is not made of"),
        (met("men", "2303"), None, "its numerator is a small count"),
        (met("men"), known_county(**MASKED), "figures of its numerator are hidden"),
        (met("men") | {"series": "boys"}, None, "its definition is not known"),
        (met("men", first_year=YEAR - 4), None, "it is about other years"),
        (RATE, None, ""),
        (helped("all", 40.0, 63.0), None, ""),
        (helped("all", 40.0, 62.0), None, "its denominator is not the sum"),
        (helped("all", 40.0, 63.0, denominator=None), None, "its value is not made of"),
        (helped("all", 40.0, 63.0, denominator=0.0), None, "its value is not made of"),
        (helped("all", 40.0, 63.0, **SHARE), None, ""),
        (helped("men", 4.0, 17.0, **SHARE), known_county(**MASKED), "a figure that its source has hidden"),
        (helped("all", 5.0, 12.0, "2303"), None, "a share of too few"),
        (helped("women", 27.0, 30.0, "2380"), None, "what is left of it, is a small count"),
        (
            hidden("TMV-U09", "all", "2380", obs_status="not_applicable", conf_status="free"),
            NOBODY,
            "nothing to divide",
        ),
        (hidden("TMV-U09", "all", "2380"), NOBODY, ""),
    ],
)
def test_a_row_is_read_as_an_attacker_reads_it(row: Row, vintage: Vintage | None, fault: str) -> None:
    """What it shows, directly or by its value alone, must be what was delivered, and no small count."""
    reading = _Reading(given(row), row, vintage or known_county(), is_now=True)
    assert told(reading.faults(), fault)


def test_counts_that_are_added_to_other_figures_are_not_understood() -> None:
    """Of such a sum nothing can be said that an attacker could not say better."""
    plain = small_scene.indicator("TMV-U08")
    public = small_scene.indicator("TMV-U05").denominator
    mixed = small_scene.indicator("TMV-U08", numerator=[*plain.numerator, *public])
    reading = _Reading(given(met("all"), changed=[mixed]), met("all"), known_county(), is_now=True)
    assert told(reading.faults(), "parties' counts are added to other figures")


@pytest.mark.parametrize(
    ("row", "vintage", "figures"),
    [
        (hidden("TMV-U08", "men"), None, [17.0]),
        (hidden("TMV-U09", "men"), None, [4.0, 400 / 17]),
        (hidden("TMV-U08", "boys"), None, []),
        (hidden("TMV-U08", "men"), known_county(**MASKED), []),
    ],
)
def test_what_a_hidden_row_would_show_is_looked_for(row: Row, vintage: Vintage | None, figures: list[float]) -> None:
    """Nothing is looked for where nobody knows what it would show."""
    assert [found for _, found in disclosure_audit.true_figures(case(row, vintage=vintage))] == [figures]


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        (met("all"), True),
        (hidden("TMV-U08", "men"), True),
        (scene.row("TMV-B05", 50.0, series="women"), False),
        (met("men") | {"series": "boys"}, True),
        (hidden("TMV-U08", "boys"), False),
        (scene.row("TMV-U99", 50.0), True),
    ],
)
def test_which_rows_are_made_of_persons(row: Row, counted: bool) -> None:
    """A row that no definition knows is believed to be, as soon as it shows anything."""
    indicators = small_scene.registry().indicators
    assert _is_of(row, indicators, frozenset(known_county().secrets), {"bra_handled_offences.people"}) is counted


def test_every_measure_of_a_definition_is_found() -> None:
    """Wherever it stands: within lists, within series, in parts that nobody has thought of."""
    definition = {"numerator": [{"measure": "E06.met"}], "series": [{"any": {"measure": "E06.helped"}}], "per": 100}
    assert disclosure_audit.measures_of(definition) == {"E06.met", "E06.helped"}


# --- tables ------------------------------------------------------------------------------------------------------

GONE = hidden("TMV-U08", "men")
KEY = {name: GONE[name] for name in disclosure_files.key_columns()}
VERSION = {**{name: met("all")[name] for name in KEY}, "version": 1}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (KEY, ""),
        ({**KEY, "change": 3.0}, "change holds a number, and the row is hidden"),
        ({**KEY, "field": "value", "after": "17"}, "tells what a hidden value has become"),
        ({**KEY, "field": "obs_status", "after": "17"}, ""),
        ({**KEY, "result": "cannot_be_calculated"}, ""),
        ({**KEY, "result": "improved"}, "tells how a hidden value has developed"),
        ({**KEY, "year": YEAR + 1, "result": "improved"}, "a trend is tested over a hidden value"),
        ({**KEY, "year": YEAR + 1, "result": "cannot_be_calculated"}, ""),
        ({**KEY, "year": YEAR + 5, "result": "improved"}, ""),
        ({**VERSION, "value": 63.0}, ""),
        ({**VERSION, "value": 61.0}, "tells a version of a value that no release has shown"),
    ],
)
def test_a_table_tells_nothing_of_a_hidden_value(row: Row, fault: str) -> None:
    assert told(disclosure_files.table_faults("table", [row], case(GONE, met("all"))), fault)


# --- files -------------------------------------------------------------------------------------------------------


def on_page(row: Row) -> str:
    return "|".join(str(row[name]) for name in disclosure_files._ON_PAGE)


def evidence(folder: Path, files: dict[str, str], **what: Any) -> Evidence:
    """Return what was read back of a release with some files; no more of it than a check looks at."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    nothing: Any = None
    one: Any = SimpleNamespace(year=YEAR)
    tables = {"values": what.get("values", []), "assessments": what.get("assessments", [])}
    database = {name: what.get(name, []) for name in ("release_assessment", "release_indicator", "release_bridge")}
    return Evidence(
        one=one,
        directory=folder,
        manifest={},
        names=tuple(files),
        tables=tables,
        pages=what.get("pages", {}),
        database=database,
        small=frozenset(),
        connection=nothing,
        registry=nothing,
    )


MEN_ROW = f'<tr data-row="{on_page(GONE)}"{{}}><th>Män 2025</th><td>{{}}</td></tr>'
POINTS = '<g class="mark-symbol role-mark marks">{}</g>'
NAMED = small_scene.indicator("TMV-U08", name=Text(sv="Träffade i 17 kommuner", en="Met"))


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("TMV-U08.html", MEN_ROW.format("", "x"), ""),
        ("TMV-U08.html", MEN_ROW.format("", "17"), "a number stands in it"),
        ("TMV-U08.html", MEN_ROW.format(' data-sort="17"', "x"), "a number stands in it"),
        ("TMV-U08.html", "<p>År 2025 var det 17 män.</p>", "a sentence tells a hidden figure"),
        ("TMV-U08.html", "<p>År 2025 var det 63 i länet.</p>", ""),
        ("TMV-U08.html", "<p>År 2024 var det 17 män.</p>", ""),
        ("TMV-U08.html", "<p>Träffade i 17 kommuner 2025</p>", ""),
        ("index.html", "<p>År 2025 var det 17 personer.</p>", "a sentence tells a hidden figure"),
        ("photo.bin", "<p>År 2025 var det 17 personer.</p>", ""),
        ("data/values.csv", "x", ""),
        ("data/TMV-U08.csv", "x", ""),
        ("data/extra.csv", "x", "a data file that is not described"),
        ("diagram/TMV-U08-1.svg", POINTS.format("<path/>"), ""),
        ("diagram/TMV-U08-1.svg", POINTS.format("<path/><path/>"), "more points are drawn"),
        ("diagram/TMV-U08-9.svg", POINTS.format("<path/>"), "more points are drawn"),
    ],
)
def test_a_file_tells_nothing_of_a_hidden_row(name: str, text: str, fault: str, tmp_path: Path) -> None:
    """Not in the row, an attribute, a sentence or a chart; what is shown and what the registry says may stand."""
    rows = [met("all"), GONE]
    read = evidence(tmp_path, {name: text}, values=rows)
    assert told(disclosure_files.faults(read, case(*rows, changed=[NAMED])), fault)


@pytest.mark.parametrize(
    ("in_file", "on_pages", "fault"),
    [
        (("all", "men"), ("all", "men"), ""),
        (("men", "all"), ("all", "men"), "values.csv: the rows of TMV-U08"),
        (("all", "men"), ("men", "all"), "TMV-U08.html: the rows"),
    ],
)
def test_rows_stand_in_the_order_of_their_keys(
    in_file: tuple[str, ...], on_pages: tuple[str, ...], fault: str, tmp_path: Path
) -> None:
    """Else their order could be that of their figures."""
    rows = {"all": met("all"), "men": GONE}
    page = Page(rows=[DataRow(on_page(rows[one]), "", "") for one in on_pages])
    read = evidence(tmp_path, {}, values=[rows[one] for one in in_file], pages={"TMV-U08.html": page})
    assert told(disclosure_files.faults(read, case(*rows.values())), fault)


# --- sentences ---------------------------------------------------------------------------------------------------

LINE = "TMV-U08|all|23|T|T|total"
SAID = {
    **{name: met("all")[name] for name in audit_sentences._LINE},
    "actual": 63.0,
    "target": "",
    "is_example": False,
    "sentence_sv": "År 2025 var det 63.",
    "sentence_en": "In 2025, there were 63.",
}


def sentences(check: str, folder: Path, **what: Any) -> list[str]:
    have = {"values": [met("all")], "assessments": [SAID], "release_assessment": [{**SAID, "target": None}]}
    return list(getattr(audit_sentences, check)(evidence(folder, {}, **(have | what))))


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ({}, ""),
        ({"release_assessment": [{**SAID, "target": None, "actual": 64.0}]}, "actual: file 63.0, database 64.0"),
        ({"release_assessment": []}, "not in the database, or twice"),
        ({"assessments": [SAID, SAID]}, "not in the database, or twice"),
        ({"values": [met("all"), met("men")]}, "no assessment"),
    ],
)
def test_assessments_of_file_and_database_are_the_same(what: dict[str, Any], fault: str, tmp_path: Path) -> None:
    assert told(sentences("assessments_equal_database", tmp_path, **what), fault)


def test_an_assessment_that_only_the_database_has_is_found(tmp_path: Path) -> None:
    found = sentences("assessments_equal_database", tmp_path, assessments=[])
    assert found == [f"{LINE}: only in the database", f"{LINE}: no assessment"]


def page(language: str, *, text: str = "", before: int = 0, times: int = 1) -> Page:
    words = text or SAID["sentence_en" if language == "en" else "sentence_sv"]
    row = DataRow(on_page(met("all")), "", "")
    return Page(language=language, rows=[row], sentences=[Sentence(LINE, before, words) for _ in range(times)])


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, ""),
        ({"TMV-U08.html": page("sv", text="År 2025 var det 64.")}, "which is not in the files"),
        ({"english.html": page("en", text=SAID["sentence_sv"])}, "which is not in the files"),
        ({"TMV-U08.html": page("sv", before=1)}, "stands after its table"),
        ({"TMV-U08.html": page("sv", times=2)}, "stands 2 times on its page"),
        ({"TMV-U08.html": page("sv", times=0)}, "stands 0 times on its page"),
        ({"index.html": page("sv", times=0)}, "index.html: lacks the sentence"),
    ],
)
def test_a_sentence_stands_once_and_before_its_table(changed: dict[str, Page], fault: str, tmp_path: Path) -> None:
    pages = {"TMV-U08.html": page("sv"), "english.html": page("en"), "index.html": page("sv")} | changed
    assert told(sentences("sentences_stand_on_pages", tmp_path, pages=pages), fault)


NEUTRAL = {"release_indicator": [{"indicator_id": "TMV-U08", "direction": "0"}]}
SECRET = {"values": [hidden("TMV-U08", "all")]}


@pytest.mark.parametrize(
    ("change", "what", "fault"),
    [
        ({}, NEUTRAL, ""),
        ({"sentence_sv": "År 2025 var det 63"}, {}, "sentence_sv: is no whole sentence"),
        ({"sentence_en": "In 2025, it was better."}, {}, ""),
        ({"sentence_en": "In 2025, it was better."}, NEUTRAL, "sentence_en: judges a neutral indicator"),
        ({"sentence_sv": "Visas inte för 2025.", "actual": None}, SECRET, "sentence_en: tells of what is hidden"),
        ({"sentence_sv": "EXEMPELDATA. Det var 63."}, {}, "sentence_sv: EXEMPELDATA and is_example differ"),
    ],
)
def test_a_sentence_keeps_its_word(change: dict[str, Any], what: dict[str, Any], fault: str, tmp_path: Path) -> None:
    """What is neutral is not judged, what is hidden not told, and what is invented called so."""
    assert told(sentences("sentences_keep_their_word", tmp_path, assessments=[SAID | change], **what), fault)


def test_what_is_hidden_has_no_figure_beside_its_sentence(tmp_path: Path) -> None:
    said = {"sentence_sv": "Visas inte för 2025.", "sentence_en": "Not shown for 2025."}
    for actual, times in ((None, 0), (63.0, 2)):
        row = SAID | said | {"actual": actual}
        assert len(sentences("sentences_keep_their_word", tmp_path, assessments=[row], **SECRET)) == times
