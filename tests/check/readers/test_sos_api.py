"""Rows of Socialstyrelsen's database become figures: what its codes, commas, X and absent rows mean."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.readers.sos_api import read, value_of
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

TOPIC = "yttreorsakertillskadorochforgiftningar"
PAYLOADS = os.environ.get("FOLLOWUP_PAYLOADS")

DIMENSIONS: dict[str, list[dict[str, Any]]] = {
    "diagnos": [{"id": "VXY3", "kod": "X85-Y09", "text": "Övergrepp av annan person"}],
    "alder": [{"id": 1, "text": "0-4"}, {"id": 2, "text": "5-84"}, {"id": 3, "text": "85+"}],
    "kon": [{"id": 1, "text": "Män"}, {"id": 2, "text": "Kvinnor"}, {"id": 3, "text": "Båda könen"}],
    "ar": [{"id": 2023, "text": "2023"}],
    "region": [{"id": 0, "kod": "00", "text": "Riket"}, {"id": 23, "kod": "23", "text": "Jämtlands län"}],
    "vardform": [{"id": "SVOV", "text": "Sluten och öppen vård"}],
    "matt": [{"id": 6, "text": "Antal patienter"}, {"id": 7, "text": "Antal patienter per 100 000 invånare"}],
}


@pytest.fixture
def source(registry: Registry) -> Source:
    return registry.sources["sos_injuries"]


def row(region: object, sex: object, age: object, value: str, measure: object = 6, **more: Any) -> dict[str, Any]:
    same = {"diagnosId": "VXY3", "vardformId": "SVOV", "ar": "2023"}
    return {**same, "regionId": region, "konId": sex, "alderId": age, "mattId": measure, "varde": value, **more}


def manifest_of(content: bytes, part: str = f"{TOPIC}-2023", period: str = "2023") -> Manifest:
    moment = datetime(2025, 1, 10, 8, tzinfo=UTC)
    return Manifest(
        capture_id=capture_id("sos_injuries", part, moment, "0" * 64),
        source_id="sos_injuries",
        part=part,
        periods=[period],
        origin="live",
        url="https://sdb.socialstyrelsen.se/api/v1/sv",
        captured_at=moment,
        media_type="application/json",
        file_name=f"{part}.json",
        sha256="0" * 64,
        canonical_sha256="0" * 64,
        size=len(content),
        change="NEW",
    )


def answer(rows: list[dict[str, Any]], **dimensions: list[dict[str, Any]]) -> bytes:
    known = {**DIMENSIONS, **dimensions}
    question = {name: [str(entry["id"]) for entry in entries] for name, entries in known.items()}
    return json.dumps({"amne": TOPIC, "fraga": question, "dimensioner": known, "data": rows}).encode()


@pytest.fixture
def result(source: Source, registry: Registry):
    def run(rows: list[dict[str, Any]], **dimensions: list[dict[str, Any]]) -> ReadResult:
        content = answer(rows, **dimensions)
        made = read(content, manifest_of(content), source, registry)
        assert_identity(made)
        return made

    return run


def figures(result: ReadResult, measure: str = "patients") -> dict[tuple[str, str, str], tuple[Any, str, str]]:
    """Return value, status and mark of each figure of a measure by area, sex and age."""
    return {
        (f["area"], f["sex"], f["age"]): (f["value"], f["value_status"], f["mark"])
        for f in result.table.to_pylist()
        if f["measure"] == f"sos_injuries.{measure}"
    }


@pytest.mark.scorecard(26, "numbers as text, with comma and blanks, keep their size; anything else is set aside")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("39,3", (39.3, "ok")),
        ("0,03", (0.03, "ok")),
        ("58", (58.0, "ok")),
        ("2 399,7", (2399.7, "ok")),
        ("36\u00a0306", (36306.0, "ok")),
        ("1\u202f234\u202f567", (1234567.0, "ok")),
        ("X", (None, "suppressed")),
        ("x", (None, "suppressed")),
        ("", None),
        ("1.5", None),
        ("1 50", None),
        ("-", None),
        ("..", None),
        ("-3", None),
    ],
)
def test_a_value_is_text_with_comma_blanks_or_an_x_and_nothing_else(text, expected):
    assert value_of(text) == expected


def test_ids_are_numbers_or_text_and_mean_the_same(result):
    one = result([row(23, 2, 2, "5")])
    other = result([row("23", "2", "2", "5", measure="6")])
    assert figures(one) == figures(other)
    assert figures(one)["23", "K", "5-84"] == (5.0, "ok", "direct")


def test_sexes_areas_and_ages_are_ours(result):
    made = figures(result([row(r, s, a, "7") for r in (0, 23) for s in (1, 2, 3) for a in (1, 2, 3)]))
    assert set(made) == {(r, s, a) for r in ("00", "23") for s in "MKT" for a in ("0-4", "5-84", "85+", "T")}


def test_a_row_that_is_not_there_is_a_zero_that_says_so_in_counts_only(result):
    made = result([row(0, 1, 2, "5"), row(0, 1, 2, "0,1", measure=7)])
    assert figures(made)["23", "M", "0-4"] == (0.0, "ok", "derived")
    assert set(figures(made, "patients_per_100000")) == {("00", "M", "5-84")}
    labels = {f["source_label"] for f in made.table.to_pylist() if f["place"] == "ingen rad i svaret"}
    assert labels == {"Antal patienter (raden finns inte i källan, som utelämnar nollor)"}


def test_where_anything_is_suppressed_a_row_that_is_not_there_is_missing_and_not_zero(result):
    made = figures(result([row(0, 1, 2, "5"), row(23, 2, 2, "X")]))
    assert made["23", "K", "5-84"] == (None, "suppressed", "direct")
    assert made["23", "K", "0-4"] == (None, "missing", "derived")
    assert made["23", "K", "T"] == (None, "suppressed", "derived")
    assert made["23", "M", "T"] == (None, "missing", "derived")


def test_a_suppressed_rate_hides_no_count(result):
    made = result([row(0, 1, 2, "5"), row(23, 2, 2, "X", measure=7)])
    assert figures(made)["23", "K", "5-84"] == (0.0, "ok", "derived")
    assert figures(made, "patients_per_100000")["23", "K", "5-84"] == (None, "suppressed", "direct")


def test_the_total_over_ages_is_their_sum_marked_as_derived_and_never_for_rates(result):
    made = result([row(23, 2, 1, "1"), row(23, 2, 2, "20"), row(23, 2, 2, "3,5", measure=7)])
    assert figures(made)["23", "K", "T"] == (21.0, "ok", "derived")
    assert ("23", "K", "T") not in figures(made, "patients_per_100000")


def test_a_total_of_ages_that_the_topic_has_is_taken_and_none_is_made(result):
    ages = [{"id": 19, "text": "0-85+"}]
    made = figures(result([row(23, 2, 19, "21")], alder=ages))
    assert made["23", "K", "T"] == (21.0, "ok", "direct")


@pytest.mark.parametrize(
    ("label", "ours"), [("0–4 år", "0-4"), ("85 år och äldre", "85+"), ("85+", "85+"), ("17", "17"), ("Samtliga", "T")]
)
def test_ages_are_told_by_their_labels(result, label, ours):
    made = figures(result([row(23, 2, 1, "4")], alder=[{"id": 1, "text": label}]))
    assert made["23", "K", ours][0] == 4.0


@pytest.mark.scorecard(28, "an unknown code is set aside and named, and the total that would lack it is not made")
def test_an_unknown_age_is_set_aside_and_named_and_no_total_is_made_without_it(result):
    ages = [*DIMENSIONS["alder"], {"id": 9, "text": "Okänd"}]
    made = result([row(23, 2, 2, "20"), row(23, 2, 9, "1")], alder=ages)
    (aside,) = made.set_aside.to_pylist()
    assert aside["reason_code"] == "UNKNOWN_CODE"
    assert "9 (Okänd)" in aside["reason_sv"]
    assert ("23", "K", "T") not in figures(made)
    assert figures(made)["23", "K", "0-4"] == (None, "missing", "derived")


def test_a_region_by_number_alone_is_not_an_area(result):
    regions = [DIMENSIONS["region"][0], {"id": 23, "kod": "23", "text": "Sjukvårdsregion norra"}]
    made = result([row(23, 2, 2, "20")], region=regions)
    assert made.set_aside["reason_code"].to_pylist() == ["UNKNOWN_AREA"]
    assert "Sjukvårdsregion norra" in made.set_aside["reason_sv"][0].as_py()


def test_a_value_that_is_none_is_set_aside(result):
    made = result([row(23, 2, 2, "ca 20")])
    assert made.set_aside["reason_code"].to_pylist() == ["UNREADABLE_VALUE"]
    assert figures(made)["23", "K", "5-84"] == (None, "missing", "derived")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"kon": [{"id": 1, "text": "Kvinnor"}]}, "sex 1 = 'Kvinnor'"),
        ({"kon": [{"id": 4, "text": "Okänt"}]}, "sex 4"),
        ({"matt": [{"id": 6, "text": "Vårdtillfällen"}]}, "measure 6 = 'Vårdtillfällen'"),
        ({"matt": [{"id": 6, "text": "Antal patienter per 100 000 invånare"}]}, "measure 6"),
        ({"ar": [{"id": 2022, "text": "2022"}]}, "2022"),
        ({"alder": [{"id": 1, "text": "0-14"}, {"id": 2, "text": "10-19"}]}, "overlap around 10"),
    ],
)
def test_a_label_that_contradicts_its_code_or_another_year_stops(result, changes, found):
    with pytest.raises(LayoutChanged, match=found):
        result([], **changes)


def test_another_topic_stops(source, registry):
    with pytest.raises(LayoutChanged, match="found the topic 'dodsorsaker'"):
        read(b'{"amne": "dodsorsaker", "fraga": {}, "dimensioner": {}, "data": []}', manifest_of(b""), source, registry)


def test_a_topic_of_spans_reads_its_span(source, registry):
    spans = source.model_copy(update={"release": source.release.model_copy(update={"speaks_in": "span"})})
    content = answer([row(23, 2, 2, "20", ar="2021-2023")], ar=[{"id": "2021-2023", "text": "2021-2023"}])
    made = read(content, manifest_of(content, f"{TOPIC}-2021_2023", "2021/2023"), spans, registry)
    assert set(made.table["period"].to_pylist()) == {"2021/2023"}


def test_the_notes_say_what_was_chosen_in_the_producers_words(result):
    assert "Urval hos källan: diagnos VXY3 (Övergrepp av annan person)." in result([]).notes


def test_an_answer_passes_the_gate_and_sexes_that_do_not_add_up_are_told(registry):
    rows = [row(r, s, 2, str(10 * s)) for r in (0, 23) for s in (1, 2, 3)]
    content = answer(rows)
    examination, fault = examine(content, manifest_of(content), registry)
    assert fault is None
    assert not examination.refused
    assert [f.code for f in examination.findings if not f.holds] == []
    content = answer([*rows[:2], row(0, 3, 2, "31"), *rows[3:]])
    examination, _ = examine(content, manifest_of(content), registry)
    assert [f.code for f in examination.findings if not f.holds] == ["SEX_SUM"]


@pytest.mark.skipif(not PAYLOADS, reason="FOLLOWUP_PAYLOADS is not set: no recorded answers to read")
def test_recorded_rows_of_another_topic_are_read_value_for_value(source, registry):
    """Rows of the topic on injuries by municipality: a span of years, ids as text, comma and whole numbers."""
    rows = json.loads(
        (Path(PAYLOADS or "") / "sos" / "sos_v1_resultat_rows_skadorochskadehandelser_omsorgsradar.json").read_text()
    )
    regions = json.loads(
        (Path(PAYLOADS or "") / "sos" / "sos_v1_region_skadorochskadehandelser_omsorgsradar.json").read_text()
    )
    fetch = source.fetch.model_copy(
        update={"measures": {"1": source.fetch.measures["7"]}, "absent_is_zero": [], "topic": "skador"}
    )
    other = source.model_copy(update={"fetch": fetch})
    rows = [r for r in rows if r["typId"] == "1"]
    ages = {1: "0-17", 2: "18-24", 3: "25-44", 4: "45-64", 5: "65-79", 6: "80+", 9: "Samtliga"}
    document = {
        "amne": "skador",
        "fraga": {},
        "dimensioner": {
            "matt": [{"id": 1, "text": "Patienter per 100 000 invånare"}],
            "ar": [{"id": "1995-1997", "text": "1995-1997"}],
            "region": [r for r in regions if r["kod"] == "0180"],
            "kon": [{"id": 1, "text": "Män"}],
            "alder": [{"id": code, "text": text} for code, text in ages.items()],
        },
        "data": rows,
    }
    content = json.dumps(document).encode()
    made = read(content, manifest_of(content, "skador-1995_1997", "1995/1997"), other, registry)
    assert made.set_aside.num_rows == 0
    assert made.table["value"].to_pylist() == [39.3, 58, 133, 76, 39.3, 14.7, 360.3]
    assert set(made.table["area"].to_pylist()) == {"0180"}
    assert set(made.table["sex"].to_pylist()) == {"M"}
