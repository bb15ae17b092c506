"""SOL's three forms: what is printed becomes a figure of the right thing, and whatever cannot be told is named."""

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from include.archive.manifest import Manifest, capture_id
from include.bundle.facts import rows as facts
from include.check.readers import bra_sol
from include.check.readers.bra_areas import label_of
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.read import registry

#: Recorded answers of the producers, where the machine has them (FOLLOWUP_PAYLOADS); they are no part of the project.
PAYLOADS = Path(os.environ.get("FOLLOWUP_PAYLOADS", "/nowhere")) / "bra"

SOURCE = "bra_reported_offences"
COUNT, RATE = f"{SOURCE}.reported", f"{SOURCE}.reported_per_100000"
HEAD = "Region;Brott;År;Period;Antal;/100 000 inv"
TEXT_HEAD = ["Anmälda brott;Brottsförebyggande rådet", ";År;", ";2021;", ";/100&nbsp;000&nbsp;inv;"]


def manifest(part: str = "kommun-2021", periods: list[str] | None = None) -> Manifest:
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    return Manifest(
        capture_id=capture_id(SOURCE, part, moment, "0" * 64),
        source_id=SOURCE,
        part=part,
        periods=[part.split("-")[1]] if periods is None else periods,
        origin="live",
        url="https://statistik.bra.se/solwebb/action/anmalda/resultat/dbfil",
        captured_at=moment,
        media_type="text/plain",
        file_name="Databasfil.txt",
        sha256="0" * 64,
        canonical_sha256="0" * 64,
        size=1,
        change="NEW",
    )


def read(content: str | bytes | list[str], part: str = "kommun-2021", **more: Any) -> ReadResult:
    if isinstance(content, list):
        content = "\n".join(content) + "\n"
    if isinstance(content, str):
        content = content.encode("iso-8859-1")
    result = bra_sol.read(content, manifest(part, **more), registry().sources[SOURCE], registry())
    assert_identity(result)
    return result


def figures(result: ReadResult) -> dict[tuple[str, ...], tuple[float | None, str]]:
    """Return value and status by measure, area, period, offence, sex and age."""
    names = ("measure", "area", "period", "breakdown", "sex", "age")
    rows = result.table.to_pylist()
    found = {
        tuple(row[name].removeprefix(f"{SOURCE}.").removeprefix("offence:") for name in names): (
            row["value"],
            row["value_status"],
        )
        for row in rows
    }
    assert len(found) == len(rows), "a figure stands twice"
    return found


def plain(result: ReadResult) -> dict[tuple[str, str, str], float | None]:
    """Return the values by measure, area and offence."""
    return {(key[0], key[1], key[3]): value for key, (value, _) in figures(result).items()}


def aside(result: ReadResult) -> Counter[str]:
    return Counter(result.set_aside["reason_code"].to_pylist())


def raws(result: ReadResult, code: str) -> list[dict[str, str]]:
    return [json.loads(row["raw"]) for row in result.set_aside.to_pylist() if row["reason_code"] == code]


# --- Databasfil ---------------------------------------------------------------------------------------------------


def test_databasfil() -> None:
    """A line is a figure per measure; the ``;`` at the end of each line but the first is no column."""
    result = read([HEAD, "Berg kommun;Totalt antal brott;År;2021;521;7325;", "Åre kommun;Olaga hot (5 §);År;2021;0;0;"])
    assert figures(result) == {
        ("reported", "2326", "2021", "all", "T", "T"): (521, "ok"),
        ("reported_per_100000", "2326", "2021", "all", "T", "T"): (7325, "ok"),
        ("reported", "2321", "2021", "unlawful_threat", "T", "T"): (0, "ok"),
        ("reported_per_100000", "2321", "2021", "unlawful_threat", "T", "T"): (0, "ok"),
    }
    assert set(result.table["status"].to_pylist()) == {"F"}
    assert set(result.table["mark"].to_pylist()) == {"direct"}
    assert result.table["place"].to_pylist()[:2] == ["rad 2 Antal", "rad 3 Antal"]
    assert result.table["source_label"].to_pylist()[1] == "Olaga hot (5 §)"


@pytest.mark.parametrize(
    ("text", "value", "status"),
    [
        ("..", None, "missing"),
        ("-", 0, "ok"),
        (".", None, "not_applicable"),
        ("13\u00a0345", 13345, "ok"),
        ("1 416 280", 1416280, "ok"),
        ("0", 0, "ok"),
    ],
)
def test_symbols_and_spaces_in_numbers(text: str, value: float | None, status: str) -> None:
    """``..`` is missing and never zero, the dash is zero, and a space parts thousands."""
    result = read([HEAD.removesuffix(";/100 000 inv"), f"Hela landet;Totalt antal brott;År;2021;{text};"])
    assert list(figures(result).values()) == [(value, status)]


@pytest.mark.parametrize(("text", "code"), [("", "EMPTY_CELL"), ("abc", "NOT_A_NUMBER"), ("12,5", "NOT_A_NUMBER")])
def test_what_is_no_count_is_set_aside(text: str, code: str) -> None:
    """An empty cell, a word and a broken count are kept aside with what stood there; a rate may have a decimal."""
    result = read([HEAD, f"Berg kommun;Totalt antal brott;År;2021;{text};12,5;"])
    assert plain(result) == {("reported_per_100000", "2326", "all"): 12.5}
    assert aside(result) == {code: 1}
    assert raws(result, code)[0]["value"] == text


@pytest.mark.scorecard(34, "preliminary figures say so, and final ones no longer do")
def test_preliminary_becomes_final() -> None:
    """ "2016 prel." is a preliminary figure of 2016; the same figure without the mark is final."""
    head = HEAD.removesuffix(";/100 000 inv")
    first = read([head, "Hela landet;Totalt antal brott;År;2016 prel.;1502023;"], "region-2016")
    then = read([head, "Hela landet;Totalt antal brott;År;2016;1508000;"], "region-2016")
    assert first.table["status"].to_pylist() == ["P"]
    assert then.table["status"].to_pylist() == ["F"]
    assert first.table["period"].to_pylist() == then.table["period"].to_pylist() == ["2016"]


@pytest.mark.scorecard(25, "columns are bound by name, not by place")
def test_columns_in_another_order() -> None:
    """Columns that change places change nothing."""
    result = read(["Period;/100 000 inv;Brott;Region;Antal;År", "2021;7325;Totalt antal brott;Berg kommun;521;År;"])
    assert plain(result) == {("reported", "2326", "all"): 521, ("reported_per_100000", "2326", "all"): 7325}


@pytest.mark.scorecard(24, "a column that is renamed stops the capture, with the name it may have become")
@pytest.mark.parametrize(
    ("head", "words"),
    [
        (HEAD.replace("Region", "Regioner"), ["Regioner", "expected 'Region'", "Has 'Regioner' become"]),
        (HEAD.replace("Brott;", "Brottstyp;"), ["Brottstyp", "expected 'Brott'", "Has 'Brottstyp' become"]),
        (HEAD.replace("Antal", "Antal brott"), ["found the measure 'Antal brott'", "Is it 'Antal' under a new name"]),
        (HEAD.replace(";Antal;/100 000 inv", ""), ["expected a measure"]),
    ],
)
def test_a_changed_heading_stops(head: str, words: list[str]) -> None:
    """A heading that is not known is a new layout: nothing is read, and the text says found, expected and a guess."""
    with pytest.raises(LayoutChanged) as caught:
        read([head, "Berg kommun;Totalt antal brott;År;2021;521;7325;"])
    assert f"{SOURCE}/kommun-2021" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.scorecard(28, "a new offence and a new area are set aside, counted and named")
def test_unknown_labels_are_named() -> None:
    """Figures of an offence or area that no list knows are set aside, each with its name and a line that counts."""
    result = read(
        [
            HEAD,
            "Berg kommun;Totalt antal brott;År;2021;521;7325;",
            "Berg kommun;Brott mot framtiden (9 §);År;2021;4;56;",
            "Nybygge kommun;Totalt antal brott;År;2021;7;80;",
            "Bergs kommun;Totalt antal brott;År;2021;521;7325;",
        ]
    )
    assert plain(result) == {("reported", "2326", "all"): 521, ("reported_per_100000", "2326", "all"): 7325}
    assert aside(result) == {"UNKNOWN_LABEL": 2, "UNKNOWN_AREA": 4}
    assert {raw["offence"] for raw in raws(result, "UNKNOWN_LABEL")} == {"Brott mot framtiden (9 §)"}
    assert {raw["region"] for raw in raws(result, "UNKNOWN_AREA")} == {"Nybygge kommun", "Bergs kommun"}
    assert any("2 uppgifter" in note and "Brott mot framtiden (9 §)" in note for note in result.notes)
    assert any("4 uppgifter" in note and "Nybygge kommun" in note for note in result.notes)
    assert "sol_offences.csv" in result.set_aside["reason_sv"].to_pylist()[-1]


def test_what_stands_above_decides() -> None:
    """The same label under two offences is two figures; rows brought along above them are missing, not zero."""
    result = read(
        [
            HEAD,
            "Berg kommun;Olaga förföljelse (4 b §);År;2021;..;..;",
            "Berg kommun;Mot kvinna 18 år eller äldre;År;2021;3;42;",
            "Berg kommun;Olaga hot (5 §);År;2021;..;..;",
            "Berg kommun;Mot kvinna 18 år eller äldre;År;2021;..;..;",
            "Berg kommun;Närstående genom parrelation;År;2021;5;70;",
        ]
    )
    found = figures(result)
    assert found["reported", "2326", "2021", "unlawful_persecution", "K", "18+"] == (3, "ok")
    assert found["reported", "2326", "2021", "unlawful_threat", "K", "18+"] == (None, "missing")
    assert found["reported", "2326", "2021", "unlawful_threat_partner", "K", "18+"] == (5, "ok")
    assert result.table["source_label"].to_pylist()[4] == (
        "Olaga hot (5 §) > Mot kvinna 18 år eller äldre > Närstående genom parrelation"
    )


def test_a_label_without_its_offence_is_ambiguous() -> None:
    """A part whose offence is not printed, or not known, is set aside by name."""
    result = read(
        [
            HEAD,
            "Berg kommun;Mot kvinna 18 år eller äldre;År;2021;3;42;",
            "Berg kommun;Olaga hot (5 §);År;2021;9;99;",
            "Åre kommun;Nytt brott;År;2021;1;10;",
            "Åre kommun;Mot kvinna 18 år eller äldre;År;2021;1;10;",
        ]
    )
    assert set(plain(result)) == {(name, "2326", "unlawful_threat") for name in ("reported", "reported_per_100000")}
    assert aside(result) == {"AMBIGUOUS_LABEL": 4, "UNKNOWN_LABEL": 2}
    assert {raw["offence"] for raw in raws(result, "AMBIGUOUS_LABEL")} == {
        "Mot kvinna 18 år eller äldre",
        "Nytt brott > Mot kvinna 18 år eller äldre",
    }


def test_a_zero_from_before_a_law_is_no_figure() -> None:
    """SOL prints zeros where an offence did not exist; they are set aside."""
    result = read([HEAD, "Berg kommun;Barnfridsbrott (3 §);År;2019;0;0;"], "kommun-2019")
    assert aside(result) == {"LABEL_OUTSIDE_YEARS": 2}


def test_one_row_of_those_about_the_same() -> None:
    """A parent's ``..`` gives way to its figure, a repetition is dropped, and of two truths neither is taken."""
    result = read(
        [
            HEAD,
            "Berg kommun;Misshandel inkl. grov (5, 6 §);År;2021;..;..;",
            "Berg kommun;Misshandel inkl. grov (5, 6 §);År;2021;40;562;",
            "Åre kommun;Totalt antal brott;År;2021;900;7500;",
            "Åre kommun;Totalt antal brott;År;2021;900;7500;",
            "Krokom kommun;Totalt antal brott;År;2021;1031;6861;",
            "Krokom kommun;Totalt antal brott;År;2021;1033;6861;",
        ]
    )
    assert plain(result) == {
        ("reported", "2326", "assault"): 40,
        ("reported_per_100000", "2326", "assault"): 562,
        ("reported", "2321", "all"): 900,
        ("reported_per_100000", "2321", "all"): 7500,
        ("reported_per_100000", "2309", "all"): 6861,
    }
    assert aside(result) == {"PARENT_PLACEHOLDER": 2, "ROW_REPEATED": 3, "ROWS_DISAGREE": 2}
    assert {raw["value"] for raw in raws(result, "ROWS_DISAGREE")} == {"1031", "1033"}


def test_heby_is_the_one_with_figures() -> None:
    """Of Heby's two rows the empty one is set aside and named, whichever comes first, for each year by itself."""
    rows = [
        "Heby kommun;Totalt antal brott;År;2006;..;..;",
        "Heby kommun;Olaga hot (5 §);År;2006;..;..;",
        "Heby kommun;Totalt antal brott;År;2007;700;5000;",
        "Heby kommun;Olaga hot (5 §);År;2007;8;60;",
        "Heby kommun;Totalt antal brott;År;2006;650;4700;",
        "Heby kommun;Olaga hot (5 §);År;2006;6;40;",
        "Heby kommun;Totalt antal brott;År;2007;..;..;",
        "Heby kommun;Olaga hot (5 §);År;2007;..;..;",
    ]
    result = read([HEAD, *rows], "kommun-2006", periods=["2006", "2007"])
    found = {(key[1], key[2], key[3]): value for key, value in figures(result).items() if key[0] == "reported"}
    assert found == {
        ("1917", "2006", "all"): (650, "ok"),
        ("1917", "2006", "unlawful_threat"): (6, "ok"),
        ("0331", "2007", "all"): (700, "ok"),
        ("0331", "2007", "unlawful_threat"): (8, "ok"),
    }
    assert aside(result) == {"EMPTY_TWIN": 8}
    assert any("står två gånger" in note and "Heby kommun" in note for note in result.notes)


def test_heby_twice_with_figures_is_nobodys() -> None:
    """Two rows of Heby with figures for one year cannot be told apart: none is taken."""
    rows = [f"Heby kommun;Totalt antal brott;År;2021;{count};5000;" for count in (700, 701)]
    assert aside(read([HEAD, "Berg kommun;Totalt antal brott;År;2021;1;1;", *rows])) == {"AMBIGUOUS_AREA": 4}


def test_heby_by_its_full_labels() -> None:
    """The labels with their county mean one code each; a year in which that code does not exist is no figure of it."""
    rows = [
        "Heby kommun (Uppsala län from 2007);Totalt antal brott;År;2021;700;5000;",
        "Heby kommun (Västmanlands län tom 2006);Totalt antal brott;År;2021;..;..;",
    ]
    result = read([HEAD, *rows])
    assert set(plain(result)) == {("reported", "0331", "all"), ("reported_per_100000", "0331", "all")}
    assert aside(result) == {"AREA_NOT_IN_YEAR": 2}


def test_a_semicolon_in_a_label() -> None:
    """ "Vapenbrott; innehav …" is one label; a line that lacks parts is set aside with its text."""
    result = read(
        [
            HEAD,
            "Berg kommun;Vapenbrott; innehav av jaktvapen (1 §);År;2021;2;28;",
            "Berg kommun;Totalt antal brott;År;2021",
            "",
            "Berg kommun;Totalt antal brott;År;2021;521;7325;",
        ]
    )
    assert plain(result)["reported", "2326", "all"] == 521
    assert result.table["place"].to_pylist()[0] == "rad 5 Antal"
    assert {raw["offence"] for raw in raws(result, "UNKNOWN_LABEL")} == {"Vapenbrott; innehav av jaktvapen (1 §)"}
    assert raws(result, "BROKEN_LINE") == [{"line": "Berg kommun;Totalt antal brott;År;2021"}]
    assert any("1 rader" in note for note in result.notes)


def test_answers_one_after_the_other() -> None:
    """A file put together of several answers holds their headings again: they are no figures."""
    rows = [f"{area} kommun;Totalt antal brott;År;2021;521;7325;" for area in ("Berg", "Åre")]
    assert len(plain(read([HEAD, rows[0], HEAD, rows[1]]))) == 4


@pytest.mark.parametrize("period", ["2020", "2021;Jan"])
def test_another_period_than_asked_for(period: str) -> None:
    """A file about another year stops; a month in a file of years is set aside."""
    year, _, month = period.partition(";")
    row = f"Berg kommun;Totalt antal brott;{year if month else 'År'};{month or year};1;1;"
    if not month:
        with pytest.raises(LayoutChanged, match=r"found the periods \['2020'\]; expected 2021"):
            read([HEAD, row])
        return
    result = read([HEAD, row, "Berg kommun;Olaga hot (5 §);År;2021;1;14;"])
    assert aside(result) == {"UNKNOWN_PERIOD": 2}
    assert {raw["period"] for raw in raws(result, "UNKNOWN_PERIOD")} == {"2021 Jan"}


@pytest.mark.scorecard(20, "åäö survive whatever the encoding; text encoded twice stops")
def test_encodings() -> None:
    """ISO-8859-1 as SOL sends it and UTF-8 give the same; what was encoded twice is no layout of ours."""
    text = "\r\n".join([HEAD, *(f"{label_of(code)};Totalt antal brott;År;2021;1;2;" for code in ("1492", "1407"))])
    expected = {("reported", "1492", "all"), ("reported", "1407", "all")}
    for content in (text.encode("iso-8859-1"), text.encode(), b"\xef\xbb\xbf" + text.encode()):
        assert {key for key in plain(read(content)) if key[0] == "reported"} == expected
    with pytest.raises(LayoutChanged, match="encoded twice"):
        read([HEAD, "Åmål kommun;Totalt antal brott;År;2021;1;2;".encode().decode("iso-8859-1")])


@pytest.mark.parametrize("content", ["", "\n\n", "Fel: sessionen har upphört\n", "a,b,c\n1,2,3\n", HEAD, TEXT_HEAD])
def test_what_is_no_answer(content: str | list[str]) -> None:
    """An empty file, a message and a heading without rows are no answers."""
    with pytest.raises(LayoutChanged, match="expected"):
        read(content)


# --- text export --------------------------------------------------------------------------------------------------


def test_text_export() -> None:
    """The area stands above its figures, and the entity of the heading is read before the columns are parted."""
    result = read(
        [
            *TEXT_HEAD,
            "Berg kommun;;",
            "3-7 kap. Brott mot person;..;",
            "3 kap. Brott mot liv och hälsa;632;",
            "Östersund kommun;;",
            "3-7 kap. Brott mot person;..;",
            "3 kap. Brott mot liv och hälsa;1&nbsp;804;",
        ]
    )
    assert figures(result) == {
        ("reported_per_100000", "2326", "2021", "against_person", "T", "T"): (None, "missing"),
        ("reported_per_100000", "2326", "2021", "against_life_and_health", "T", "T"): (632, "ok"),
        ("reported_per_100000", "2380", "2021", "against_person", "T", "T"): (None, "missing"),
        ("reported_per_100000", "2380", "2021", "against_life_and_health", "T", "T"): (1804, "ok"),
    }
    assert result.table["place"].to_pylist()[1] == "rad 7 /100 000 inv"


def test_text_export_with_years_and_measures_side_by_side() -> None:
    """A column per year and measure; what spans several columns is written over the first of them."""
    result = read(
        [
            "Anmälda brott;Brottsförebyggande rådet",
            ";År;;;;",
            ";2020;;2021 prel.;;",
            ";Antal;/100&nbsp;000&nbsp;inv;Antal;/100&nbsp;000&nbsp;inv;",
            "Berg kommun;;;;;",
            "Totalt antal brott;480;6748;521;7325;",
        ],
        periods=["2020", "2021"],
    )
    rows = result.table.select(["measure", "period", "value", "status"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (COUNT, "2020", 480, "F"),
        (RATE, "2020", 6748, "F"),
        (COUNT, "2021", 521, "P"),
        (RATE, "2021", 7325, "P"),
    ]


def test_text_export_repeats_its_heading_at_a_page_break() -> None:
    """The heading comes again every 40 lines, also within an area: it is no figure, and the area goes on."""
    body = ["Berg kommun;;", *TEXT_HEAD, "3 kap. Brott mot liv och hälsa;632;", *TEXT_HEAD, "Olaga hot (5 §);80;"]
    result = read([*TEXT_HEAD, *body])
    assert result.rows_in == 2
    assert plain(result) == {
        ("reported_per_100000", "2326", "against_life_and_health"): 632,
        ("reported_per_100000", "2326", "unlawful_threat"): 80,
    }
    other = [line.replace("2021", "2020") for line in TEXT_HEAD]
    with pytest.raises(LayoutChanged, match="found the heading ';2020;' in line 9; expected the first one again"):
        read([*TEXT_HEAD, "Berg kommun;;", "Olaga hot (5 §);80;", *other, "Olaga hot (5 §);80;"])


def test_text_export_with_heby_twice() -> None:
    """The second Heby has no figures: its rows are set aside, and the first is the municipality."""
    chapter = "3 kap. Brott mot liv och hälsa"
    result = read([*TEXT_HEAD, "Heby kommun;;", f"{chapter};564;", "Heby kommun;;", f"{chapter};..;"])
    assert plain(result) == {("reported_per_100000", "0331", "against_life_and_health"): 564}
    assert aside(result) == {"EMPTY_TWIN": 1}


def test_text_export_with_an_unknown_area_or_an_empty_cell() -> None:
    """Figures below an area that no list knows are set aside by its name; an offence without a figure is no area."""
    result = read([*TEXT_HEAD, "Bergs kommun;;", "Olaga hot (5 §);80;", "Åre kommun;;", "Olaga hot (5 §);;"])
    assert aside(result) == {"UNKNOWN_AREA": 1, "EMPTY_CELL": 1}
    assert raws(result, "EMPTY_CELL")[0]["region"] == "Åre kommun"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([*TEXT_HEAD[:3], ";Frekvens;"], "found the measure 'Frekvens'"),
        ([TEXT_HEAD[0], ";Månad;", *TEXT_HEAD[2:]], "found the kinds of period"),
        ([TEXT_HEAD[0], *TEXT_HEAD[2:]], "found the heading"),
    ],
)
def test_text_export_with_a_changed_heading(lines: list[str], words: str) -> None:
    """Another measure, another kind of period or a line less is a new layout."""
    with pytest.raises(LayoutChanged, match=words):
        read([*lines, "Berg kommun;;", "Olaga hot (5 §);80;"])


def test_text_export_with_figures_before_any_area() -> None:
    """A figure that no area stands above is nobody's: the layout is not the one we know."""
    with pytest.raises(LayoutChanged, match="found figures in line 5 before any area"):
        read([*TEXT_HEAD, "Olaga hot (5 §);80;", "Berg kommun;;", "Olaga hot (5 §);80;"])


# --- result page --------------------------------------------------------------------------------------------------


def page(rows: dict[str, dict[str, list[str]]], periods: dict[str, str], measure: str = "Antal") -> str:
    """Return a result page as SOL makes it: areas with their offences, a figure per period."""
    ids = {name: str(8291 + number) for number, name in enumerate(rows)}
    head = "".join(
        f'<th class="resultatRubrik2" id="{i}" axis="manader" nowrap>\n {p}\n\n</th>' for i, p in periods.items()
    )
    body = ""
    for region, offences in rows.items():
        body += f'<tr><th align="left" id="{ids[region]}" axis="region">\n  {region}\n</th>' + "<td></td>" * len(
            periods
        )
        body += "</tr>\n"
        for number, (offence, values) in enumerate(offences.items()):
            cells = "".join(
                f'<td align="right" headers="{i} 289 {3144 + number} {ids[region]} antal">{value}</td>'
                for i, value in zip(periods, values, strict=True)
            )
            body += f'<tr>\n<th align="left" nowrap headers="{ids[region]}">\n\n {offence}\n\n</th>{cells}\n</tr>\n'
    return (
        '\n\n<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">\n<HTML><HEAD><title>Resultat</title></HEAD><BODY>'
        '<table summary="Rubrik"><tr><td class="tabell-rubrik">Anmälda brott\n</td></tr></table>\n'
        f'<table><tr><td rowspan="3"></td><th colspan="{len(periods)}" id="289" axis="ar" nowrap>\n År\n</th></tr>\n'
        f"<tr>{head}</tr>\n<tr>"
        + f'<th valign="top" id="antal" axis="matt">{measure}\n</th>' * len(periods)
        + f"</tr>\n{body}</table></BODY></HTML>"
    )


def test_result_page() -> None:
    """Each figure names its headings by id; NBSP parts thousands, and an id of a period means nothing by itself."""
    rows = {
        "Jämtlands län": {"Totalt antal brott": ["13&nbsp;345", ".."]},
        "Region Nord": {"Totalt antal brott": ["..", "98&nbsp;111"]},
    }
    result = read(page(rows, {"2111": "2014", "2526": "2016 prel."}), "region-2014", periods=["2014", "2016"])
    found = {(key[1], key[2]): value for key, value in figures(result).items()}
    assert found == {
        ("23", "2014"): (13345, "ok"),
        ("23", "2016"): (None, "missing"),
        ("Rn01", "2014"): (None, "missing"),
        ("Rn01", "2016"): (98111, "ok"),
    }
    status = dict(zip(result.table["period"].to_pylist(), result.table["status"].to_pylist(), strict=True))
    assert status == {"2014": "F", "2016": "P"}


def test_result_page_with_an_unknown_label() -> None:
    """What no list knows is set aside by name here too."""
    result = read(page({"Berg kommun": {"Nytt brott": ["4"], "Olaga hot (5 §)": ["9"]}}, {"1": "2021"}))
    assert plain(result) == {("reported", "2326", "unlawful_threat"): 9}
    assert raws(result, "UNKNOWN_LABEL")[0] == {
        "measure": "Antal",
        "offence": "Nytt brott",
        "period": "2021",
        "region": "Berg kommun",
        "value": "4",
    }


@pytest.mark.scorecard(24, "a heading that is gone stops the capture")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id="1" axis="manader"', 'id="2" axis="manader"', "found the header '1' as 'no heading'"),
        (" 289 3144", " 3144", "found a figure with the headers"),
        (">Antal", ">Frekvens", "found the measure 'Frekvens'"),
        ("<td align", "<td x", "found a page without figures|found fewer|expected"),
        ("År\n", "Månad\n", "found the kind of period 'Månad'"),
    ],
)
def test_result_page_built_in_another_way(old: str, new: str, words: str) -> None:
    """A figure whose headings cannot be found is no figure."""
    text = page({"Berg kommun": {"Olaga hot (5 §)": ["9"]}}, {"1": "2021"}).replace(old, new)
    if old == "<td align":
        text = text.replace("headers=", "data-headers=")
    with pytest.raises(LayoutChanged, match=words):
        read(text)


# --- size, and the real thing -------------------------------------------------------------------------------------


def test_forms_agree() -> None:
    """The same figures in all three forms give the same table but for the place."""
    values = {"Berg kommun": ("521", "40"), "Åre kommun": ("..", "0")}
    labels = ("Totalt antal brott", "Misshandel inkl. grov (5, 6 §)")
    flat = [
        f"{area};{label};År;2021;{value};"
        for area, row in values.items()
        for label, value in zip(labels, row, strict=True)
    ]
    text = [*TEXT_HEAD[:3], ";Antal;"]
    for area, row in values.items():
        text += [f"{area};;", *(f"{label};{value};" for label, value in zip(labels, row, strict=True))]
    html = page({a: {lab: [v] for lab, v in zip(labels, row, strict=True)} for a, row in values.items()}, {"1": "2021"})
    tables = [
        read(content).table.drop_columns(["place"]).to_pylist()
        for content in ([HEAD.rsplit(";", 1)[0], *flat], text, html)
    ]
    assert tables[0] == tables[1] == tables[2]


def test_no_object_per_cell() -> None:
    """Codes stay dictionaries from the text to the table: an area is one text, however many figures it has."""
    areas = [area.code for area in registry().areas.values() if area.kind == "kommun" and not area.valid_to]
    rows = [f"{label_of(code)};Totalt antal brott;År;2021;{n};{n};" for n, code in enumerate(areas) if code != "0331"]
    result = read([HEAD, *rows])
    assert result.rows_in == result.table.num_rows == 2 * 289
    assert pa.types.is_dictionary(result.table.schema.field("area").type)
    assert len(result.table["area"].combine_chunks().dictionary) == 289


@pytest.mark.skipif(not PAYLOADS.exists(), reason="needs recorded answers: set FOLLOWUP_PAYLOADS")
def test_the_recorded_export_of_all_municipalities() -> None:
    """291 rows for 290 municipalities; the eight of the county say what was read by hand."""
    content = (PAYLOADS / "augustlinder_regionbarometern_Sokning.txt").read_bytes()
    result = read(content)
    assert result.rows_in == 2 * 291
    assert aside(result) == {"EMPTY_TWIN": 2}
    assert {raw["region"] for raw in raws(result, "EMPTY_TWIN")} == {"Heby kommun"}
    assert len(set(result.table["area"].to_pylist())) == 290
    assert Counter(result.table["value_status"].to_pylist()) == {"ok": 290, "missing": 290}
    found = plain(result)
    known = [fact for fact in facts("bra_reported_offences") if fact["menu"] == "kommun"]
    assert len(known) == 16
    for fact in known:
        chapter = "against_person" if fact["value"] == ".." else "against_life_and_health"
        value = found["reported_per_100000", fact["area"], chapter]
        assert value == (None if fact["value"] == ".." else float(fact["value"])), fact
    assert found["reported_per_100000", "0331", "against_life_and_health"] == 564
