"""A filled-in template gives the figures that its rows say, and each fault gets an answer that tells what to do."""

import re
from collections import Counter
from datetime import date
from typing import Any

import pyarrow.compute as pc
import pytest

from include.check.readers import extracts
from include.check.readers.extracts import identify, recognise
from include.check.tidy import KEY, ReadResult
from include.errors import CheckFailed, DeliveryRefused, LayoutChanged, RegistryError
from include.registry.delivery import COVER, COVER_SHEET

ACTIVITY: dict[str, Any] = {
    "activity_id": "1",
    "date": date(2023, 3, 15),
    "type": "artikel",
    "title": "En rubrik",
    "lead_party": "LST",
    "co_parties": ["POL", "RJH"],
    "goal_area": "F",
    "url": "https://example.org/1",
}
MEETING: dict[str, Any] = {
    "meeting_date": date(2023, 3, 8),
    "meeting_kind": "ordinarie",
    "seat_code": "LST",
    "attended": "chef",
    "adjungerad": "ja",
}
MEASURE: dict[str, Any] = {
    "measure_id": "F1",
    "goal_area": "F",
    "lead_party": "RJH",
    "adopted": date(2022, 12, 5),
    "status": "genomford",
    "evidence_url": None,
}
PLAN: dict[str, Any] = {"plan_adopted": "ja", "plan_date": date(2022, 12, 5), "previous_followed_up": "nej"}
SEATS = ("LST", "RJH", "POL", "AKL", "SOCV", "BUTB")


def activities(*changes: dict[str, Any]) -> dict[str, Any]:
    rows = [ACTIVITY | {"activity_id": str(number)} | change for number, change in enumerate(changes, start=1)]
    return {"Aktiviteter": rows}


def meeting(day: date, kind: str = "ordinarie", **attended: str) -> list[dict[str, Any]]:
    return [
        MEETING | {"meeting_date": day, "meeting_kind": kind, "seat_code": seat, "attended": attended.get(seat, "chef")}
        for seat in SEATS
    ]


def year(meetings: list[dict[str, Any]], measures: list[dict[str, Any]] | None = None, plan: Any = PLAN) -> Any:
    return {
        "Sammanträden": meetings,
        "Handlingsplan": [MEASURE] if measures is None else measures,
        "Plan": [plan] if plan else [],
    }


def figure(result: ReadResult, measure: str, **dims: str) -> dict[str, Any]:
    """Return the one figure that has the given dimensions."""
    rows = [
        row
        for row in result.table.to_pylist()
        if row["measure"] == measure and all(row[name] == value for name, value in dims.items())
    ]
    assert len(rows) == 1, rows
    return rows[0]


def total(result: ReadResult, measure: str) -> float:
    chosen = result.table.filter(pc.equal(result.table["measure"].cast("string"), measure))
    return float(pc.sum(chosen["value"]).as_py())


def of(result: ReadResult, start: str) -> list[dict[str, Any]]:
    """Return the figures whose measure begins so; the file holds all that the county board delivers."""
    return [row for row in result.table.to_pylist() if row["measure"].startswith(start)]


def reasons(result: ReadResult) -> list[str]:
    return result.set_aside["reason_code"].to_pylist()


# --- E01 ---------------------------------------------------------------------------------------------------------


def test_activities_are_counted_by_type_and_leader(fill, read) -> None:
    rows = activities({}, {}, {"type": "kampanj", "lead_party": "POL", "co_parties": None})
    result = read(fill(rows))
    assert figure(result, "E01.activities", breakdown="activity:artikel", party="LST")["value"] == 2
    assert figure(result, "E01.activities", breakdown="activity:kampanj", party="POL")["value"] == 1
    assert result.set_aside.num_rows == 0


def test_a_joint_activity_counts_once_at_its_leader(fill, read) -> None:
    result = read(fill(activities({"co_parties": ["POL", "RJH", "AKL"]})))
    assert total(result, "E01.activities") == 1


def test_a_type_without_activities_is_a_certain_zero(fill, read) -> None:
    result = read(fill(activities({})))
    row = figure(result, "E01.activities", breakdown="activity:webb", party="RJH")
    assert (row["value"], row["value_status"], row["value_high"]) == (0, "ok", None)


def test_zeros_are_given_for_those_who_signed_and_for_others_only_if_they_lead(fill, read, agreement) -> None:
    signed = {party.code for party in agreement.parties if party.signatory}
    assert {row["party"] for row in of(read(fill(activities({}))), "E01.activities")} == signed
    led = read(fill(activities({"lead_party": "CMV"})))
    assert {row["party"] for row in of(led, "E01.activities")} == signed | {"CMV"}


def test_every_figure_has_the_county_the_year_and_its_place(fill, read) -> None:
    row = figure(
        read(fill(activities({}, {}))),
        "E01.activities",
        breakdown="activity:artikel",
        party="LST",
    )
    assert (row["area"], row["period"], row["sex"], row["age"]) == ("23", "2023", "T", "T")
    assert (row["status"], row["mark"]) == ("F", "direct")
    assert row["place"] == "Aktiviteter rad 2, 3"


def test_an_untouched_template_reports_nothing_rather_than_zeros(fill, read) -> None:
    result = read(fill())
    assert set(result.table["value_status"].to_pylist()) == {"not_reported"}
    assert result.table["value"].null_count == result.table.num_rows


def test_an_empty_sheet_is_zero_if_the_cover_says_so(fill, read) -> None:
    result = read(fill(empty_sheets="none"))
    assert {row["value_status"] for row in of(result, "E01.activities")} == {"ok"}
    assert total(result, "E01.activities") == 0


def test_a_preliminary_delivery_gives_preliminary_figures(fill, read) -> None:
    assert set(read(fill(activities({}), status="P")).table["status"].to_pylist()) == {"P"}


@pytest.mark.parametrize(
    ("change", "reason", "cell", "says"),
    [
        ({"type": "podd"}, "UNKNOWN_CODE", "C2", "hittade podd, väntade ett av valen Artikel, Debattartikel"),
        ({"type": None}, "REQUIRED_MISSING", "C2", "hittade ingenting"),
        ({"lead_party": "XYZ"}, "UNKNOWN_CODE", "E2", "någon av koderna LST, RJH"),
        ({"co_parties": ["POL", "NN"]}, "UNKNOWN_CODE", "F2", "koder med | emellan ur LST"),
        ({"co_parties": ["LST", "POL"]}, "LEAD_AMONG_CO_PARTIES", "F2", "bara de andra parterna"),
        ({"goal_area": "X"}, "UNKNOWN_CODE", "G2", "någon av koderna F, U, B, K, S"),
        ({"date": date(2024, 1, 1)}, "DATE_OUTSIDE_PERIOD", "B2", "från 2023-01-01 till 2023-12-31"),
        ({"date": "3/4 2023"}, "UNREADABLE_DATE", "B2", "ett datum skrivet som 2023-03-15"),
        ({"title": "x" * 121}, "WRONG_TEXT", "D2", "text, 121 tecken, väntade text, högst 120 tecken"),
        ({"url": "javascript:alert(1)"}, "NO_ADDRESS", "H2", "en adress som börjar med https://"),
    ],
)
def test_a_fault_sets_the_row_aside_and_says_where_and_why(fill, read, change, reason, cell, says) -> None:
    result = read(fill(activities(change, {})))
    aside = result.set_aside.to_pylist()
    assert [row["reason_code"] for row in aside] == [reason]
    assert aside[0]["place"] == f"Aktiviteter!{cell}"
    assert says in aside[0]["reason_sv"]
    assert total(result, "E01.activities") == 1


def test_free_text_is_never_quoted(fill, read) -> None:
    secret = "Anna Exempelsson bor på Storgatan"
    changes = [{"type": secret}, {"title": secret * 4}, {"url": secret}, {"date": secret}, {"lead_party": secret}]
    result = read(fill(activities(*changes)))
    assert result.set_aside.num_rows == 5
    assert "Anna" not in str(result.set_aside.to_pylist()) + str(result.table.to_pylist()) + str(result.notes)


def test_rows_set_aside_make_the_figures_they_may_belong_to_estimates(fill, read) -> None:
    result = read(fill(activities({}, {"type": "podd"})))
    known = figure(result, "E01.activities", breakdown="activity:artikel", party="LST")
    assert (known["value"], known["value_low"], known["value_high"], known["value_status"]) == (1, 1, 2, "estimate")
    zero = figure(result, "E01.activities", breakdown="activity:webb", party="LST")
    assert (zero["value"], zero["value_high"], zero["value_status"]) == (0, 1, "estimate")
    other = figure(result, "E01.activities", breakdown="activity:webb", party="POL")
    assert other["value_status"] == "ok"


def test_a_row_repeated_in_full_is_counted_once_and_certain(fill, read) -> None:
    result = read(fill(activities({"activity_id": "A"}, {"activity_id": "a"})))
    assert reasons(result) == ["DUPLICATE_KEY"]
    row = figure(result, "E01.activities", breakdown="activity:artikel", party="LST")
    assert (row["value"], row["value_status"]) == (1, "ok")


def test_unequal_rows_with_one_key_are_all_set_aside(fill, read) -> None:
    rows = activities({"activity_id": "A"}, {"activity_id": "A", "type": "webb"})
    result = read(fill(rows))
    assert reasons(result) == ["DUPLICATE_KEY", "DUPLICATE_KEY"]
    assert "raderna 2, 3" in result.set_aside["reason_sv"][0].as_py()
    row = figure(result, "E01.activities", breakdown="activity:webb", party="LST")
    assert (row["value"], row["value_high"]) == (0, 1)


def test_alike_activities_are_counted_and_pointed_out(fill, read) -> None:
    result = read(fill(activities({}, {})))
    assert total(result, "E01.activities") == 2
    assert any("rad 2 och 3: samma datum, typ och rubrik" in note for note in result.notes)


def test_codes_words_and_list_entries_mean_the_same(fill, read) -> None:
    rows = activities(
        {"lead_party": "rjh", "type": "ARTIKEL", "co_parties": None},
        {"lead_party": "Region Jämtland Härjedalen", "type": "artikel ", "co_parties": "POL; AKL"},
        {"lead_party": "RJH - Region Jämtland Härjedalen", "type": "Artikel", "co_parties": "pol|akl"},
    )
    result = read(fill(rows))
    assert figure(result, "E01.activities", breakdown="activity:artikel", party="RJH")["value"] == 3


# --- E02 ---------------------------------------------------------------------------------------------------------


def test_meetings_and_seats_are_counted(fill, read) -> None:
    meetings = [
        *meeting(date(2023, 3, 8), AKL="ersattare"),
        *meeting(date(2023, 6, 7), AKL="franvarande"),
        *meeting(date(2023, 4, 3), "extra", AKL="franvarande"),
    ]
    result = read(fill(year(meetings)))
    assert figure(result, "E02.meetings_ordinary")["value"] == 2
    assert figure(result, "E02.meetings_extra")["value"] == 1
    akl = {
        name: figure(result, f"E02.seats_{name}", breakdown="seat:AKL", party="AKL")["value"]
        for name in ("total", "head", "deputy", "absent", "coopted")
    }
    assert akl == {"total": 2, "head": 0, "deputy": 1, "absent": 1, "coopted": 2}
    assert figure(result, "E02.seats_head", breakdown="seat:SOCV", party="RJH")["value"] == 2
    assert {row["value_status"] for row in of(result, "E02.")} == {"ok"}


def test_a_seat_without_a_row_makes_its_attendance_uncertain(fill, read) -> None:
    meetings = [*meeting(date(2023, 3, 8)), *meeting(date(2023, 6, 7))[:-1]]
    result = read(fill(year(meetings)))
    butb = figure(result, "E02.seats_head", breakdown="seat:BUTB")
    assert (butb["value"], butb["value_high"], butb["value_status"]) == (1, 2, "estimate")
    assert figure(result, "E02.seats_head", breakdown="seat:LST")["value_status"] == "ok"
    assert any("Platsen BUTB saknar säker uppgift för 1 av 2" in note for note in result.notes)


def test_one_stray_date_makes_no_meeting(fill, read) -> None:
    meetings = [*meeting(date(2023, 3, 8)), *meeting(date(2023, 6, 7))]
    meetings[-1] = meetings[-1] | {"meeting_date": date(2023, 7, 6)}
    result = read(fill(year(meetings)))
    assert reasons(result) == ["INCOMPLETE_MEETING"]
    held = figure(result, "E02.meetings_ordinary")
    assert (held["value"], held["value_high"], held["value_status"]) == (2, 3, "estimate")


def test_a_whole_meeting_with_one_wrong_year_is_at_most_one_more(fill, read) -> None:
    meetings = [*meeting(date(2023, 3, 8)), *meeting(date(2032, 6, 7))]
    result = read(fill(year(meetings)))
    assert Counter(reasons(result)) == {"DATE_OUTSIDE_PERIOD": 6}
    assert figure(result, "E02.meetings_ordinary")["value_high"] == 2


def test_a_day_with_both_kinds_of_meeting_is_set_aside(fill, read) -> None:
    meetings = meeting(date(2023, 3, 8))
    meetings[2] = meetings[2] | {"meeting_kind": "extra"}
    result = read(fill(year([*meetings, *meeting(date(2023, 6, 7))])))
    assert Counter(reasons(result)) == {"CONFLICTING_KIND": 6}
    held = figure(result, "E02.meetings_ordinary")
    assert (held["value"], held["value_high"]) == (1, 2)


def test_a_seat_written_twice_with_different_attendance_is_not_guessed(fill, read) -> None:
    meetings = [*meeting(date(2023, 3, 8)), MEETING | {"attended": "franvarande"}]
    result = read(fill(year(meetings)))
    assert reasons(result) == ["DUPLICATE_KEY", "DUPLICATE_KEY"]
    seat = figure(result, "E02.seats_head", breakdown="seat:LST")
    assert (seat["value"], seat["value_high"], seat["value_status"]) == (0, 1, "estimate")


def test_the_plans_criteria(fill, read) -> None:
    result = read(fill(year(meeting(date(2023, 3, 8)))))
    assert figure(result, "E02.plan_made")["value"] == 1
    assert figure(result, "E02.plan_tied_to_goals")["value"] == 1
    assert figure(result, "E02.plan_previous_followed_up")["value"] == 0


@pytest.mark.parametrize(
    ("measures", "plan", "tied"),
    [
        ([MEASURE, MEASURE | {"measure_id": "F2", "goal_area": None}], PLAN, 0),
        ([MEASURE, MEASURE | {"measure_id": "F2", "goal_area": "Q"}], PLAN, None),
        ([MEASURE, MEASURE | {"measure_id": "F2", "status": "?"}], PLAN, 1),
        ([], PLAN, None),
        ([], PLAN | {"plan_adopted": "nej", "plan_date": None}, 0),
        ([MEASURE], None, None),
    ],
    ids=["one without", "unreadable goal", "goal readable", "no measures", "no plan", "not told"],
)
def test_tied_to_goals_needs_every_measure(fill, read, measures, plan, tied) -> None:
    result = read(fill(year(meeting(date(2023, 3, 8)), measures, plan)))
    row = figure(result, "E02.plan_tied_to_goals")
    assert row["value"] == tied
    assert row["value_status"] == ("not_reported" if tied is None else "ok")


def test_measures_are_counted_by_goal_leader_and_progress(fill, read) -> None:
    measures = [
        MEASURE,
        MEASURE | {"measure_id": "F2", "status": "pagaende"},
        MEASURE | {"measure_id": "S1", "goal_area": None, "status": "utgatt"},
    ]
    result = read(fill(year(meeting(date(2023, 3, 8)), measures)))
    assert figure(result, "E02.plan_measures_done", breakdown="goal:F", party="RJH")["value"] == 1
    assert figure(result, "E02.plan_measures_ongoing", breakdown="goal:F", party="RJH")["value"] == 1
    assert figure(result, "E02.plan_measures_dropped", breakdown="goal:none", party="RJH")["value"] == 1
    assert figure(result, "E02.plan_measures_not_started", breakdown="goal:K", party="POL")["value"] == 0


@pytest.mark.parametrize("plan", [PLAN | {"plan_date": None}, PLAN | {"plan_adopted": "nej"}])
def test_a_plan_that_contradicts_its_date_tells_nothing(fill, read, plan) -> None:
    result = read(fill(year(meeting(date(2023, 3, 8)), plan=plan)))
    assert reasons(result) == ["CONTRADICTION"]
    assert figure(result, "E02.plan_made")["value_status"] == "not_reported"


def test_every_code_of_a_figure_stands_in_the_registry(fill, read, registry) -> None:
    result = read(fill(empty_sheets="none"))
    assert set(result.table["breakdown"].to_pylist()) <= registry.breakdowns.keys()
    known = {
        f"{e}.{measure.id}" for e in ("E01", "E02", "E10", "E11", "E12") for measure in registry.extracts[e].measures
    }
    assert set(result.table["measure"].to_pylist()) == known


def test_no_figure_stands_twice(fill, read) -> None:
    rows = read(fill()).table.to_pylist()
    assert len({tuple(row[name] for name in KEY) for row in rows}) == len(rows)


# --- cover and layout --------------------------------------------------------------------------------------------


def test_a_file_says_itself_what_it_is(fill, registry) -> None:
    found = identify(fill(period="2024"), "vad som helst.xlsx", registry)
    assert found == ("jamtland", "LST", "2024")
    assert found.part == "jamtland-LST-2024"


def test_a_file_says_whether_it_is_an_example(fill, registry) -> None:
    identity = ("jamtland", "K2303", "2023")
    assert recognise(fill(party="K2303", example="yes"), "", registry) == (identity, True)
    assert recognise(fill(party="K2303"), "", registry) == (identity, False)


def test_a_delivery_under_another_name_is_refused(fill, read) -> None:
    with pytest.raises(CheckFailed, match="är jamtland-LST-2023, men togs emot som jamtland-LST-2022"):
        read(fill(activities({})), "jamtland-LST-2022")


@pytest.mark.parametrize(("answers", "origin"), [({"example": "yes"}, "live"), ({}, "example")])
def test_example_data_are_never_read_as_real_nor_real_as_example(fill, read, answers, origin) -> None:
    with pytest.raises(CheckFailed, match="Exempeldata får aldrig"):
        read(fill(activities({}), **answers), "jamtland-LST-2023", origin)


def test_example_data_carry_their_mark(fill, read) -> None:
    result = read(fill(activities({}), example="yes"), "jamtland-LST-2023", "example")
    assert set(result.table["mark"].to_pylist()) == {"example"}


@pytest.mark.parametrize(
    ("label", "value", "error", "says"),
    [
        ("Överenskommelse", "dalarna", LayoutChanged, "överenskommelsen är okänd. Väntade jamtland"),
        ("Överenskommelse", "../jamtland", LayoutChanged, "ingen kod ur en mall"),
        ("Part", "ABC", DeliveryRefused, "överenskommelsen har ingen sådan part. Väntade någon av LST, RJH"),
        ("Part", "LST\u202e", LayoutChanged, "ingen kod ur en mall"),
        ("Period", 2020, DeliveryRefused, "väntade en period från 2021 till 2026, skriven som 2021."),
        ("Period", "2027", DeliveryRefused, "från 2021 till 2026"),
        ("Period", "2023-Q1", DeliveryRefused, "skriven som 2021."),
        ("Period", "2023; DROP TABLE fact", LayoutChanged, "ingen kod ur en mall"),
        ("Uttag", "E01 1.0, E02 1.0, E10 1.0, E11 1.0, E12 1.0", LayoutChanged, "Väntade E01 2.0, E02 1.0"),
        ("Uttag", "E01 2.0, E02 1.0", LayoutChanged, "Hämta en ny mall"),
        ("Uttag", "E01 2.0, E02 1.0, E03 1.0, E10 1.0, E11 1.0, E12 1.0", LayoutChanged, "mallen är inte den"),
        ("Uttag", "allt", LayoutChanged, "skrivna som E06 1.0, E10 1.0"),
        ("Uppgifternas status", "kanske", LayoutChanged, "hittade kanske, väntade Slutliga eller Preliminära"),
        ("Exempeldata", None, LayoutChanged, "är tom"),
    ],
)
def test_a_cover_that_the_registry_does_not_expect_is_refused_with_its_cell(
    fill, read, change, label, value, error, says
) -> None:
    def edit(book: Any) -> None:
        cell = next(row[1] for row in book["Om leveransen"].iter_rows() if row[0].value == label)
        cell.value = value

    with pytest.raises(error) as refusal:
        read(change(fill(), edit))
    assert says in str(refusal.value)
    assert re.search(rf"Om leveransen, cell B\d \({label}\)", str(refusal.value))
    assert "DROP" not in str(refusal.value)


def test_a_party_that_delivers_nothing_is_told_so(fill, read, registry, change) -> None:
    agreement = registry.agreements["jamtland"]
    guest = agreement.parties[0].model_copy(update={"code": "GAST", "role": "annan"})
    more = agreement.model_copy(update={"parties": [*agreement.parties, guest]})
    known = registry.model_copy(update={"agreements": {agreement.id: more}})

    def edit(book: Any) -> None:
        next(row[1] for row in book["Om leveransen"].iter_rows() if row[0].value == "Part").value = "GAST"

    with pytest.raises(DeliveryRefused, match="GAST lämnar inga uttag") as refusal:
        read(change(fill(), edit), known=known)
    assert refusal.value.rule == "OUTSIDE_AGREEMENT"


def test_a_later_minor_version_of_a_template_is_taken(fill, read, change) -> None:
    def edit(book: Any) -> None:
        cell = next(row[1] for row in book["Om leveransen"].iter_rows() if row[0].value == "Uttag")
        cell.value = cell.value.replace("E01 2.0", "E01 2.9")

    assert read(change(fill(activities({})), edit)).set_aside.num_rows == 0


def test_a_withdrawn_delivery_has_no_figures(read) -> None:
    notice = b'{"by": "Samordnaren", "reason": "fel \xc3\xa5r"}'
    result = read(notice, "jamtland-POL-2023", media_type="application/vnd.followup.withdrawal+json")
    assert (result.table.num_rows, result.set_aside.num_rows, result.rows_in) == (0, 0, 0)
    assert result.notes == ["Leveransen är återkallad den 2024-02-10. Inga uppgifter visas ur den."]


def test_logs_and_grids_of_one_file_are_read_together(fill, read) -> None:
    numbers = {"Kompetens": {("", "total", "T", "T"): {"staff_in_scope": 40, "course_done": 30, "course_valid": 20}}}
    result = read(fill(activities({}), numbers), apart=True)
    assert figure(result, "E01.activities", breakdown="activity:artikel", party="LST")["value"] == 1
    assert figure(result, "E10.staff_in_scope", breakdown="total")["value"] == 40


def test_an_extract_with_a_log_and_no_code_is_told_to_the_operator(fill, read, registry, monkeypatch) -> None:
    monkeypatch.delitem(extracts.MAKERS, "E02")
    with pytest.raises(RegistryError, match="name its module in MAKERS"):
        read(fill())


@pytest.mark.scorecard(46, "control characters and turned writing in a log are refused with the cell's name")
@pytest.mark.parametrize("text", ["Rubrik\u202egnp.exe", "\u2066dold\u2069"])
def test_text_that_is_not_what_it_looks_like_is_set_aside(fill, read, text) -> None:
    result = read(fill(activities({"title": text}, {})))
    (aside,) = result.set_aside.to_pylist()
    assert (aside["place"], aside["reason_code"]) == ("Aktiviteter!D2", "WRONG_TEXT")
    assert "text med osynliga tecken" in aside["reason_sv"]
    assert text not in str(aside)


@pytest.mark.parametrize("written", ["År 2023", "helår 2023", "jan-dec 2023"])
def test_a_period_may_be_written_as_people_write_it(change, fill, read, written) -> None:
    def edit(book: Any) -> None:
        sheet = book[COVER_SHEET]
        for row in range(1, 12):
            if sheet.cell(row, 1).value == COVER["period"]:
                sheet.cell(row, 2).value = written

    assert read(change(fill(), edit)).table.num_rows
