"""The municipalities' answers are taken from exactly one layout; who did not answer is missing, never a no."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.readers import sos_open_comparisons
from include.check.readers.sos_open_comparisons import layout, read
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import Registry

SOURCE = "sos_open_comparisons"
QUESTIONS = layout().questions
JAMTLAND = {
    "2303": "Ragunda",
    "2305": "Bräcke",
    "2309": "Krokom",
    "2313": "Strömsund",
    "2321": "Åre",
    "2326": "Berg",
    "2361": "Härjedalen",
    "2380": "Östersund",
}
POLICE = "comparison:agreement_police"

Rows = list[list[Any]]


def sheet(rows: Rows | None = None) -> Rows:
    """Return a whole sheet as the layout has it: title, header of two rows, a row for each municipality."""
    if rows is None:
        rows = [[code, name, *("Ja" for _ in QUESTIONS)] for code, name in JAMTLAND.items()]
    groups = [q.group or q.text for q in QUESTIONS]
    merged = ["" if n and groups[n] == groups[n - 1] else group for n, group in enumerate(groups)]
    return [
        ["Öppna jämförelser 2024 – Våld i nära relationer"],
        [],
        ["Kommunkod", "Kommun", *merged],
        ["", "", *(q.text if q.group else "" for q in QUESTIONS)],
        *rows,
    ]


def answered(at: str, word: Any, question: str = POLICE, sex: str = "T") -> Rows:
    """Return a whole sheet in which all say yes, but one municipality something else to one question."""
    rows = sheet()
    column = 2 + next(n for n, q in enumerate(QUESTIONS) if (q.breakdown, q.sex) == (question, sex))
    next(row for row in rows[4:] if row[0] == at)[column] = word
    return rows


def workbook(rows: Rows, name: str = "Kommun") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = name
    for row in rows:
        page.append(["" if cell is None else cell for cell in row])
    _merge(page, rows)
    about = book.create_sheet("Om statistiken")
    about.append(["Indikatorerna beskrivs här."])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _merge(page: Any, rows: Rows) -> None:
    """Merge the header as such workbooks have it: a group over its questions, a lone heading over both rows."""
    above, below = (rows[2], rows[3]) if len(rows) > 3 else ([], [])
    for at, upper in enumerate(above):
        if upper and not below[at]:
            page.merge_cells(start_row=3, end_row=4, start_column=at + 1, end_column=at + 1)
        elif upper:
            end = at
            while end + 1 < len(above) and not above[end + 1] and below[end + 1]:
                end += 1
            page.merge_cells(start_row=3, end_row=3, start_column=at + 1, end_column=end + 1)


def manifest_of(part: str = "oj-2024") -> Manifest:
    moment = datetime(2025, 1, 20, 8, tzinfo=UTC)
    return Manifest(
        capture_id=capture_id(SOURCE, part, moment, "0" * 64),
        source_id=SOURCE,
        part=part,
        periods=[part.rpartition("-")[2]],
        origin="live",
        url="https://www.socialstyrelsen.se/",
        captured_at=moment,
        media_type="application/octet-stream",
        file_name="oj.xlsx",
        sha256="0" * 64,
        canonical_sha256="0" * 64,
        size=1,
        change="NEW",
    )


@pytest.fixture(scope="module")
def result(registry: Registry) -> Callable[..., ReadResult]:
    def run(rows: Rows, name: str = "Kommun", part: str = "oj-2024") -> ReadResult:
        made = read(workbook(rows, name), manifest_of(part), registry.sources[SOURCE], registry)
        assert_identity(made)
        return made

    return run


def figure(result: ReadResult, measure: str, area: str, question: str = POLICE, sex: str = "T") -> dict[str, Any]:
    (found,) = [
        row
        for row in result.table.to_pylist()
        if (row["measure"], row["area"], row["breakdown"], row["sex"]) == (f"{SOURCE}.{measure}", area, question, sex)
    ]
    return found


def test_yes_is_one_and_no_is_zero_with_the_cell_named(result):
    made = result(answered("2321", "Nej"))
    no, yes = figure(made, "yes", "2321"), figure(made, "yes", "2303")
    assert (no["value"], no["value_status"], no["mark"]) == (0, "ok", "direct")
    assert (yes["value"], yes["period"], yes["place"]) == (1, "2024", "Kommun!J5")
    assert yes["source_label"] == "Aktuell överenskommelse om samverkan i enskilda ärenden | Polis"
    assert figure(made, "yes", "23")["value"] == 7
    assert figure(made, "answered", "23")["value"] == 8
    assert figure(made, "yes", "23")["mark"] == "derived"


def test_questions_by_the_perpetrators_sex_are_kept_apart(result):
    made = result(answered("2321", "Nej", "comparison:talks_assessed", "K"))
    assert figure(made, "yes", "2321", "comparison:talks_assessed", "K")["value"] == 0
    assert figure(made, "yes", "2321", "comparison:talks_assessed", "M")["value"] == 1


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("", "not_reported"),
        (None, "not_reported"),
        ("Bortfall", "not_reported"),
        ("..", "missing"),
        ("X", "suppressed"),
        ("x", "suppressed"),
    ],
)
def test_no_answer_is_never_a_no(result, word, status):
    made = result(answered("2321", word))
    lone = figure(made, "yes", "2321")
    assert (lone["value"], lone["value_status"]) == (None, status)


@pytest.mark.scorecard(36, "non-response of one municipality is shown as missing, the county's total as incomplete")
@pytest.mark.parametrize("how", ["empty row", "row left out"])
def test_a_municipality_without_an_answer_leaves_the_county_incomplete_and_not_lower(result, how):
    rows = sheet()
    at = next(n for n, row in enumerate(rows) if row[:1] == ["2361"])
    rows[at:] = [["2361", "Härjedalen"] if how == "empty row" else None, *rows[at + 1 :]]
    made = result([row for row in rows if row is not None])
    lone, county = figure(made, "yes", "2361"), figure(made, "yes", "23")
    assert (lone["value"], lone["value_status"]) == (None, "not_reported")
    assert (county["value"], county["value_low"], county["value_high"]) == (7, 7, 8)
    assert county["value_status"] == "estimate"
    assert figure(made, "answered", "23")["value"] == 7
    assert figure(made, "answered", "2361")["value"] == 0
    if how == "empty row":
        assert "Bortfall: Härjedalen har inte svarat på någon fråga." in made.notes


def test_a_county_where_nobody_answered_is_not_reported_and_not_zero(result):
    made = result(sheet([[code, name] for code, name in JAMTLAND.items()]))
    county = figure(made, "yes", "23")
    assert (county["value"], county["value_status"]) == (None, "not_reported")
    assert figure(made, "answered", "23")["value"] == 0


@pytest.mark.scorecard(28, "an unknown answer is set aside and named; the county's total says that it is incomplete")
def test_an_unknown_answer_is_set_aside_and_named(result):
    made = result(answered("2321", "Delvis"))
    (aside,) = made.set_aside.to_pylist()
    assert (aside["place"], aside["reason_code"]) == ("Kommun!J9", "UNKNOWN_ANSWER")
    assert "'Delvis'" in aside["reason_sv"]
    assert (figure(made, "yes", "23")["value"], figure(made, "yes", "23")["value_high"]) == (7, 8)


def test_a_district_or_county_is_set_aside_and_a_note_is_not(result):
    rows = [*sheet(), ["018001", "Rinkeby-Kista", "Ja"], ["23", "Jämtlands län", "87"], ["Källa: enkäten 2024"]]
    made = result(rows)
    reasons = made.set_aside.to_pylist()
    assert [r["reason_code"] for r in reasons] == ["UNKNOWN_AREA", "UNKNOWN_AREA"]
    assert "018001 Rinkeby-Kista" in reasons[0]["reason_sv"]


@pytest.mark.parametrize(("code", "name"), [(2303, "Ragunda"), ("2303", "Ragunda kommun"), (2303.0, "RAGUNDA")])
def test_a_municipality_is_told_by_code_and_name_however_written(result, code, name):
    rows = sheet()
    rows[4][:2] = [code, name]
    assert result(rows).set_aside.num_rows == 0


@pytest.mark.parametrize(("code", "ours"), [(114, "0114"), ("0114", "0114")])
def test_a_leading_zero_that_excel_took_is_put_back(result, code, ours):
    made = result([*sheet(), [code, "Upplands Väsby", *("Nej" for _ in QUESTIONS)]])
    assert figure(made, "yes", ours)["value"] == 0


def test_a_code_with_another_municipalitys_name_is_set_aside(result):
    rows = sheet()
    rows[4][1] = "Bräcke"
    made = result(rows)
    assert set(made.set_aside["reason_code"].to_pylist()) == {"UNKNOWN_AREA"}
    assert made.set_aside.num_rows == len(QUESTIONS)
    assert figure(made, "yes", "2303")["value_status"] == "not_reported"


# --- the layout and nothing else ---------------------------------------------------------------------------------


def test_columns_in_another_order_are_the_same(result):
    rows = sheet()
    one = sorted(map(str, result(rows).table.drop_columns("place").to_pylist()))
    groups = {}
    for n, question in enumerate(QUESTIONS, start=2):
        groups.setdefault(question.group or question.text, []).append(n)
    order = [0, 1, *(n for group in reversed(groups.values()) for n in group)]
    full = [[*row, *[""] * (len(order) - len(row))] for row in rows]
    filled = [full[0], full[1], *([row[n] for n in order] for row in full[2:])]
    assert sorted(map(str, result(filled).table.drop_columns("place").to_pylist())) == one


@pytest.mark.scorecard(24, "a renamed column stops before the load, with a suggestion")
def test_a_renamed_question_stops_and_suggests_the_new_name(result):
    rows = sheet()
    at = rows[3].index("Polis")
    rows[3][at] = "Polisen"
    with pytest.raises(LayoutChanged, match=r"\| Polis' is not there\. Renamed to .*\| Polisen'\?.*\.yaml"):
        result(rows)


def test_a_question_that_is_gone_stops(result):
    rows = [[cell for n, cell in enumerate(row) if n != len(row) - 1 or len(row) < 5] for row in sheet()]
    with pytest.raises(LayoutChanged, match=r"Använder uppföljningsresultat.* is not there"):
        result(rows)


@pytest.mark.scorecard(23, "a new column stops, named, as the layout declares")
def test_a_new_question_stops_and_is_named(result):
    rows = sheet()
    rows[2].append("Ny fråga")
    rows[3].append("")
    with pytest.raises(LayoutChanged, match="unknown headings 'Ny fråga'"):
        result(rows)


def test_headings_that_are_known_and_not_read_may_stand_there(result):
    rows = [[*row[:2], "Län" if n == 2 else "", *row[2:]] for n, row in enumerate(sheet())]
    assert result(rows).set_aside.num_rows == 0


def test_another_sheet_year_or_header_stops(result):
    with pytest.raises(LayoutChanged, match="found the sheets 'Resultat', 'Om statistiken'; expected 'Kommun'"):
        result(sheet(), "Resultat")
    with pytest.raises(LayoutChanged, match="Våld i nära relationer' and the year 2023"):
        result(sheet(), part="oj-2023")
    with pytest.raises(LayoutChanged, match="says 'Kommunkod'"):
        result([["Öppna jämförelser 2024 – Våld i nära relationer"], ["Kod", "Namn"]])


def test_a_municipality_twice_stops(result):
    rows = sheet()
    with pytest.raises(LayoutChanged, match=r"rows 5 and 13 are both 2303 Ragunda"):
        result([*rows, rows[4]])


def test_a_file_that_is_no_workbook_stops(registry):
    with pytest.raises(LayoutChanged, match="no workbook"):
        read(b"<html></html>", manifest_of(), registry.sources[SOURCE], registry)


def test_it_says_that_the_layout_is_not_verified_for_as_long_as_that_is_so(result, monkeypatch):
    note = "inte bekräftad mot en publicerad fil"
    assert not layout().verified
    assert any(note in said for said in result(sheet()).notes)
    known = layout().model_copy(update={"verified": True})
    monkeypatch.setattr(sos_open_comparisons, "layout", lambda: known)
    assert not any(note in said for said in result(sheet()).notes)


def test_the_layout_names_breakdowns_of_the_registry_each_question_once(registry):
    assert {q.breakdown for q in QUESTIONS} <= registry.breakdowns.keys()
    assert len({(q.breakdown, q.sex) for q in QUESTIONS}) == len({q.heading for q in QUESTIONS}) == len(QUESTIONS)
    scheme = {code for code in registry.breakdowns if code.startswith("comparison:")}
    assert scheme == {q.breakdown for q in QUESTIONS}


def test_a_workbook_passes_the_gate(registry):
    examination, fault = examine(workbook(answered("2321", "Delvis")), manifest_of(), registry)
    assert fault is None
    assert not examination.refused
    assert [f.code for f in examination.findings if not f.holds] == []
