"""The public health survey: three cells are one figure, every code is told by its label too, spans are no years.

No answer of this table was to be had: what is read here is made as public scripts say that it looks.
"""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.readers import fohm_health_survey
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.read import registry

PAYLOADS = Path(os.environ.get("FOLLOWUP_PAYLOADS", "/nowhere")) / "fohm"
SOURCE = "fohm_health_survey"

CATEGORIES: dict[str, dict[str, str]] = {
    "Region": {"00": "00 Riket", "23": "23 Jämtlands län"},
    "Sociala relationer": {
        "09": "Utsatt för fysiskt våld eller hot om våld",
        "15": "Utsatt för fysiskt våld",
    },
    "Andel och konfidensintervall": {
        "01": "Andel",
        "02": "Konfidensintervall nedre gräns",
        "03": "Konfidensintervall övre gräns",
    },
    "Kön": {"00": "Totalt", "01": "Kvinnor", "02": "Män"},
    "År": {"2021-2024": "2021-2024"},
}
CELLS = 2 * 2 * 3 * 3


def answer(values: Sequence[float | None] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a json-stat2 answer; a variable's name replaces its categories, other names the answer's members."""
    codes = {name: changes.pop(name, known) for name, known in CATEGORIES.items()} | {
        name: changes.pop(name) for name in list(changes) if name[0].isupper()
    }
    # The server adds what is counted to a table that has no variable for it.
    codes["ContentsCode"] = {"EliminatedValue": "Sociala relationer efter region, kön och år"}
    return {
        "class": "dataset",
        "id": list(codes),
        "size": [len(labels) for labels in codes.values()],
        "dimension": {
            name: {"category": {"index": {code: i for i, code in enumerate(labels)}, "label": labels}}
            for name, labels in codes.items()
        },
        "value": shares() if values is None else values,
        **changes,
    }


def shares() -> list[float | None]:
    """Return invented shares with their limits: of area and question 0 to 3, then by sex, each 1 apart."""
    values: list[float | None] = []
    for pair in range(4):
        for limit in (0, -1, 1):
            values += [10 * (pair + 1) + sex + limit for sex in range(3)]
    return values


def manifest(**changes: Any) -> Manifest:
    moment, part = datetime(2026, 9, 1, tzinfo=UTC), "hlv1socxreg-2021_2024"
    known: dict[str, Any] = {
        "capture_id": capture_id(SOURCE, part, moment, "0" * 64),
        "source_id": SOURCE,
        "part": part,
        "periods": ["2021/2024"],
        "origin": "live",
        "url": "https://fohm-app.folkhalsomyndigheten.se/Folkhalsodata/api/v1/sv/hlv1socxreg.px",
        "captured_at": moment,
        "media_type": "application/json",
        "file_name": f"{part}.json",
        "sha256": "0" * 64,
        "canonical_sha256": "0" * 64,
        "size": 1,
        "change": "NEW",
    }
    return Manifest(**{**known, **changes})


def read(document: dict[str, Any], **changes: Any) -> ReadResult:
    known = registry()
    content = json.dumps(document, ensure_ascii=False).encode()
    result = fohm_health_survey.read(content, manifest(**changes), known.sources[SOURCE], known)
    assert_identity(result)
    return result


def figures(result: ReadResult) -> dict[tuple[str, str, str], tuple[float | None, float | None, float | None, str]]:
    return {
        (row["area"], row["measure"].partition(".")[2], row["sex"]): (
            row["value"],
            row["value_low"],
            row["value_high"],
            row["value_status"],
        )
        for row in result.table.to_pylist()
    }


def test_share_and_limits_are_one_figure_and_01_is_women() -> None:
    result = read(answer())
    found = figures(result)
    assert len(found) == CELLS / 3 == result.rows_in
    assert found["00", "violence_or_threat", "T"] == (10, 9, 11, "ok")
    assert found["00", "violence_or_threat", "K"] == (11, 10, 12, "ok")
    assert found["00", "violence_or_threat", "M"] == (12, 11, 13, "ok")
    assert found["23", "violence", "K"] == (41, 40, 42, "ok")
    assert set(result.table["period"].to_pylist()) == {"2021/2024"}


@pytest.mark.scorecard(25, "variables in another order give the same figures")
def test_the_order_of_the_variables_does_not_matter() -> None:
    straight = answer()
    turned = answer()
    order = ["Kön", "År", "ContentsCode", "Andel och konfidensintervall", "Region", "Sociala relationer"]
    turned["id"], turned["size"] = order, [len(turned["dimension"][n]["category"]["index"]) for n in order]
    at = {name: place for place, name in enumerate(order)}
    value: list[float | None] = [None] * CELLS
    cell = 0
    for area in range(2):
        for question in range(2):
            for limit in range(3):
                for sex in range(3):
                    place = [sex, 0, 0, limit, area, question]
                    flat = 0
                    for name in order:
                        flat = flat * turned["size"][at[name]] + place[at[name]]
                    value[flat] = straight["value"][cell]
                    cell += 1
    turned["value"] = value
    assert figures(read(turned)) == figures(read(straight))


def test_two_dots_are_a_gap_of_the_whole_figure_and_never_a_zero() -> None:
    values = shares()
    for cell in (1, 4, 7):  # women of the country, share and limits
        values[cell] = None
    found = figures(read(answer(values, status={"1": "..", "4": "..", "7": ".."})))
    assert found["00", "violence_or_threat", "K"] == (None, None, None, "missing")
    assert found["00", "violence_or_threat", "M"][3] == "ok"


@pytest.mark.parametrize(
    ("gaps", "status", "reason"),
    [
        ([4], {"4": ".."}, "LIMITS_LACKING"),
        ([1], {"1": ".."}, "LIMITS_LACKING"),
        ([1, 4, 7], {}, "NULL_WITHOUT_STATUS"),
        ([1, 4, 7], {"1": "?", "4": "..", "7": ".."}, "UNKNOWN_STATUS"),
    ],
)
def test_half_a_figure_is_set_aside_and_named(gaps: list[int], status: dict[str, str], reason: str) -> None:
    values = [None if cell in gaps else value for cell, value in enumerate(shares())]
    result = read(answer(values, status=status))
    (aside,) = result.set_aside.to_pylist()
    assert aside["reason_code"] == reason
    assert '"Kön": "01"' in aside["raw"]
    assert result.rows_in == CELLS / 3


@pytest.mark.parametrize(
    ("variable", "categories", "said"),
    [
        ("Kön", {"00": "Totalt", "01": "Män", "02": "Kvinnor"}, "Kön 01 is 'Män'"),
        ("Kön", {"00": "Totalt", "1": "Kvinnor", "2": "Män"}, "Kön 1 is 'Kvinnor'"),
        (
            "Sociala relationer",
            {"09": "Utsatt för fysiskt våld", "15": "Utsatt för fysiskt våld"},
            "Sociala relationer 09 is 'Utsatt för fysiskt våld'",
        ),
        ("Sociala relationer", {"09": CATEGORIES["Sociala relationer"]["09"], "25": "Saknar emotionellt stöd"}, " 25 "),
        ("Region", {"00": "00 Riket", "23": "23 Gävleborgs län"}, "expected 'Jämtlands län'"),
        (
            "Andel och konfidensintervall",
            {"01": "Andel", "02": "Övre gräns", "03": "Nedre gräns"},
            "expected a label with 'nedre'",
        ),
        ("Andel och konfidensintervall", {"01": "Andel", "03": "Övre", "02": "Nedre"}, "has the codes"),
        ("År", {"2024": "2024"}, "such as 2021-2024"),
        ("År", {"2022-2024": "2022-2024"}, "such as 2021-2024"),
    ],
)
@pytest.mark.scorecard(28, "a code that means something else than its label said stops and is named")
def test_a_code_whose_label_is_another_stops(variable: str, categories: dict[str, str], said: str) -> None:
    size = CELLS * len(categories) // len(CATEGORIES[variable])
    with pytest.raises(LayoutChanged) as fault:
        read(answer([1.0] * size, **{variable: categories}))
    assert said in str(fault.value)


def test_notes_asterisks_at_the_end_of_a_label_are_no_part_of_it() -> None:
    starred = {code: f"{label}**" for code, label in CATEGORIES["Sociala relationer"].items()}
    assert figures(read(answer(**{"Sociala relationer": starred}))) == figures(read(answer()))


@pytest.mark.scorecard(28, "an area that no code list knows is set aside, counted and named")
def test_an_area_that_is_not_known_is_set_aside() -> None:
    result = read(answer(Region={"00": "00 Riket", "99": "99 Okänt län"}))
    assert {row["reason_code"] for row in result.set_aside.to_pylist()} == {"UNKNOWN_AREA"}
    assert result.set_aside.num_rows == result.table.num_rows == 6


def test_a_time_with_a_number_for_its_code_goes_by_its_label() -> None:
    assert figures(read(answer(År={"14": "2021-2024"}))) == figures(read(answer()))


@pytest.mark.scorecard(29, "another period than the one asked for stops")
def test_another_span_or_a_second_one_stops() -> None:
    with pytest.raises(LayoutChanged, match=r"found the periods \['2019/2022'\]"):
        read(answer(År={"2019-2022": "2019-2022"}))
    with pytest.raises(LayoutChanged, match="found the periods"):
        read(answer([1.0] * CELLS * 2, År={"2018-2021": "2018-2021", "2021-2024": "2021-2024"}))


def test_what_was_asked_for_must_have_come() -> None:
    with pytest.raises(LayoutChanged, match="Sociala relationer lacks 45"):
        read(answer(), request={"selection": {"Sociala relationer": ["09", "15", "45"]}})


def test_an_unknown_variable_stops() -> None:
    with pytest.raises(LayoutChanged, match="found the variables"):
        read(answer([1.0] * CELLS * 2, Ålder={"1": "16-29", "2": "30-44"}))
    with pytest.raises(LayoutChanged, match="found the variables"):
        read(answer(Ålder={"1": "16-84"}))


def gate(document: dict[str, Any], build: Any) -> list[str]:
    content = json.dumps(document, ensure_ascii=False).encode()
    examination, _ = examine(content, manifest(), registry())
    return list(build.broken(examination))


def test_sound_figures_pass_the_gate(build: Any) -> None:
    assert gate(answer(), build) == []


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [(0, 12.5, "NOT_ABOVE_HIGH"), (0, 8.5, "NOT_BELOW_LOW"), (6, 100.5, "LIMIT_MOST_100")],
)
def test_a_share_outside_its_limits_or_above_100_stops(build: Any, cell: int, value: float, code: str) -> None:
    values = shares()
    values[cell] = value
    assert gate(answer(values), build) == [code]


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"no recorded answers of Folkhälsomyndigheten at {PAYLOADS}")
def test_the_producers_variables_have_the_shape_that_is_read(store_of_variables: Any) -> None:
    """A table of another survey: letters beyond ASCII in codes, the code again in a region's label, spans as times."""
    regions, times = store_of_variables["Region"], store_of_variables["År"]
    for code, label in regions.items():
        assert fohm_health_survey._area(code, label, registry(), "test") == code
    code, label = next(iter(times.items()))  # that survey's spans are of two years
    with pytest.raises(LayoutChanged, match="such as 2021-2024"):
        fohm_health_survey._period(code, label, "test")


@pytest.fixture
def store_of_variables() -> dict[str, dict[str, str]]:
    known = json.loads((PAYLOADS / "fohm_v1_metadata_trimmed_fuzzyMCP.json").read_bytes())
    return {v["code"]: dict(zip(v["values"], v["valueTexts"], strict=True)) for v in known["variables"]}
