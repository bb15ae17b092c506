"""PxWeb's own json: values are texts and symbols stay what they are; each cell stands once, labels beside."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.check.readers.jsonstat_cube import STATUS
from include.check.readers.px_json import cube_of, decode
from include.errors import LayoutChanged

PAYLOADS = Path(os.environ.get("FOLLOWUP_PAYLOADS", "/nowhere")) / "pxweb"


def document(values: list[str], **changes: Any) -> dict[str, Any]:
    """Return two regions by two years, in the rows' order, as the archive keeps it."""
    keys = [["23", "2023"], ["23", "2024"], ["2380", "2023"], ["2380", "2024"]]
    return {
        "variables": [
            {
                "code": "Region",
                "text": "region",
                "values": ["23", "2380"],
                "valueTexts": ["Jämtlands län", "Östersund"],
            },
            {"code": "ContentsCode", "text": "tabellinnehåll", "values": ["N1"], "valueTexts": ["Folkmängd"]},
            {"code": "Tid", "text": "år", "values": ["2023", "2024"], "valueTexts": ["2023", "2024"]},
        ],
        "columns": [
            {"code": "Region", "text": "region", "type": "d"},
            {"code": "Tid", "text": "år", "type": "t"},
            {"code": "N1", "text": "Folkmängd", "type": "c"},
        ],
        "comments": [{"variable": "Region", "value": "23", "comment": "En anmärkning om länet."}],
        "data": [{"key": key, "values": [value]} for key, value in zip(keys, values, strict=True)],
        **changes,
    }


def cube(answer: dict[str, Any]) -> Any:
    return cube_of(json.dumps(answer, ensure_ascii=False).encode(), "test")


def test_values_are_texts_and_come_out_as_the_numbers_they_say() -> None:
    found = cube(document(["2.8", "0", "132670", "-1.5"]))
    assert found.value.ravel().tolist() == [2.8, 0, 132670, -1.5]
    assert [(d.name, d.codes, d.labels) for d in found.dimensions] == [
        ("Region", ["23", "2380"], ["Jämtlands län", "Östersund"]),
        ("ContentsCode", ["N1"], ["Folkmängd"]),
        ("Tid", ["2023", "2024"], ["2023", "2024"]),
    ]


def test_symbols_are_gaps_each_of_its_kind_and_a_dash_is_a_zero() -> None:
    found = cube(document(["..", ".", "-", "7"]))
    assert [STATUS[status] for status in found.status.ravel()] == ["missing", "not_applicable", "ok", "ok"]
    assert found.value.ravel()[2:].tolist() == [0, 7]
    assert np.isnan(found.value.ravel()[:2]).all()


@pytest.mark.parametrize(
    ("text", "status"),
    [("", "no_status"), ("…", "unknown_status"), ("1 234", "unknown_status"), ("2,8", "unknown_status")],
)
def test_a_text_that_is_neither_number_nor_symbol_is_never_guessed(text: str, status: str) -> None:
    found = cube(document([text, "1", "2", "3"]))
    assert STATUS[found.status.ravel()[0]] == status
    assert np.isnan(found.value.ravel()[0])


@pytest.mark.scorecard(25, "columns and rows in another order give the same figures: they are bound by code")
def test_the_order_of_columns_and_rows_does_not_matter() -> None:
    answer = document(["1", "2", "3", "4"])
    turned = document(["1", "2", "3", "4"])
    turned["columns"] = [answer["columns"][i] for i in (1, 2, 0)]
    turned["data"] = [{"key": row["key"][::-1], "values": row["values"]} for row in reversed(answer["data"])]
    assert np.array_equal(cube(answer).value, cube(turned).value)


def test_comments_are_notes() -> None:
    assert cube(document(["1", "2", "3", "4"])).notes == ["En anmärkning om länet."]


def test_a_figure_that_lacks_or_stands_twice_stops() -> None:
    short = document(["1", "2", "3", "4"])
    short["data"].pop()
    with pytest.raises(LayoutChanged, match="3 figures came; expected 4"):
        cube(short)
    twice = document(["1", "2", "3", "4"])
    twice["data"][3] = twice["data"][0]
    with pytest.raises(LayoutChanged, match="stands twice"):
        cube(twice)


def test_a_code_that_was_not_asked_for_stops() -> None:
    answer = document(["1", "2", "3", "4"])
    answer["data"][0]["key"] = ["24", "2023"]
    with pytest.raises(LayoutChanged, match="Region 24"):
        cube(answer)


def test_variables_and_columns_must_go_together() -> None:
    answer = document(["1", "2", "3", "4"])
    answer["columns"] = answer["columns"][1:]
    with pytest.raises(LayoutChanged, match="found the columns"):
        cube(answer)
    counted = document(["1", "2", "3", "4"])
    counted["columns"][2]["code"] = "N2"
    with pytest.raises(LayoutChanged, match="the answer counts"):
        cube(counted)


@pytest.mark.scorecard(20, "labels in another encoding than they were written in stop, in either form")
@pytest.mark.parametrize(("before", "after"), [("utf-8", "latin-1"), ("utf-8", "cp1252")])
def test_labels_that_were_read_in_another_encoding_stop(before: str, after: str) -> None:
    answer = document(["1", "2", "3", "4"])
    answer["variables"][0]["valueTexts"] = [label.encode(before).decode(after) for label in ("Jämtlands län", "Åmål")]
    with pytest.raises(LayoutChanged, match="another encoding"):
        cube(answer)


@pytest.mark.scorecard(20, "bytes that are no UTF-8 stop")
def test_bytes_in_another_encoding_stop() -> None:
    with pytest.raises(LayoutChanged, match="no JSON in UTF-8"):
        cube_of(json.dumps(document(["1", "2", "3", "4"]), ensure_ascii=False).encode("cp1252"), "test")


@pytest.mark.parametrize(
    "content", [b'{"variables": []}', b'{"variables"', b'{"variables": [], "columns": [], "data": []}']
)
def test_what_is_no_such_document(content: bytes) -> None:
    with pytest.raises(LayoutChanged):
        cube_of(content, "test")


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"no recorded answers of SCB at {PAYLOADS}")
def test_scbs_own_answer_and_variables() -> None:
    """The density of population of one county, as SCB's API v1 gave it; its variables as SCB lists them."""
    answer = json.loads((PAYLOADS / "scb_v1_pxjson_BefArealTathetKon_0_5rows.json").read_bytes())
    known = json.loads((PAYLOADS / "scb_v1_metadata_BefArealTathetKon_en.json").read_bytes())
    asked = {"Region": ["18"], "ContentsCode": ["BE0101U1"], "Tid": ["2014", "2015", "2016", "2017", "2018"]}
    variables = [
        {
            "code": variable["code"],
            "values": codes,
            "valueTexts": [variable["valueTexts"][variable["values"].index(code)] for code in codes],
        }
        for variable in known["variables"]
        if (codes := asked.get(variable["code"]))
    ]
    found = decode(json.dumps({"variables": variables, **answer}).encode(), "test")
    assert found.value.ravel().tolist() == [33.9, 34.2, 34.7, 35.1, 35.5]
    assert {d.name: d.labels for d in found.dimensions}["Region"] == ["Örebro county"]
