"""Faults put into the figures of each source, and what the gate must make of them."""

from typing import Any

import pytest

POP, BRA = "scb_population", "bra_handled_offences"


def handled(*rows: tuple[str, float], **more: Any) -> list[dict[str, Any]]:
    """Return rows of one offence of region Nord in 2019, by measure."""
    common = {"area": "Rn01", "period": "2019", "breakdown": "total", **more}
    return [{**common, "measure": f"{BRA}.{name}", "value": value} for name, value in rows]


SOUND = handled(("handled", 2336), ("investigated", 1800), ("dismissed", 536))


def test_sound_figures_pass_without_a_word(check_rows, build):
    examination = check_rows(BRA, "Rn01-2019", build.table(SOUND))
    assert build.broken(examination) == []
    assert (examination.rows_in, examination.passed, examination.quarantined, examination.rejected) == (3, 3, 0, 0)


def test_a_sum_broken_by_one_stops_and_names_the_cell(check_rows, build):
    rows = handled(("handled", 2337), ("investigated", 1800), ("dismissed", 536))
    examination = check_rows(BRA, "Rn01-2019", build.table(rows))
    (finding,) = [f for f in examination.findings if f.stops]
    assert finding.code == "HANDLED_SUM"
    assert [(r.place, r.found, r.expected) for r in finding.rows] == [("Blad!B1", "2337", "2336")]
    assert (examination.passed, examination.rejected) == (0, 3)


def test_a_sum_whose_part_is_missing_is_not_tried(check_rows, build):
    rows = handled(("handled", 2337), ("investigated", 1800)) + handled(("dismissed", None), value_status="missing")
    examination = check_rows(BRA, "Rn01-2019", build.table(rows))
    assert build.broken(examination) == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"value_status": None}, "VALUE_STATUS_GIVEN"),
        ({"value_status": "okänd"}, "VALUE_STATUS_KNOWN"),
        ({"value": -1}, "VALUE_IN_RANGE"),
        ({"value": float("inf")}, "VALUE_IN_RANGE"),
        ({"value": None}, "VALUE_THERE"),
        ({"value": 0, "value_status": "missing"}, "NO_VALUE_WHERE_NONE"),
        ({"value": 0, "value_status": "suppressed"}, "NO_VALUE_WHERE_NONE"),
        ({"value_low": 4, "value_high": 1}, "LIMITS_IN_ORDER"),
        ({"measure": f"{BRA}.invented"}, "MEASURE_KNOWN"),
        ({"measure": None}, "MEASURE_GIVEN"),
        ({"sex": "Q"}, "SEX_KNOWN"),
        ({"status": "S"}, "STATUS_KNOWN"),
        ({"mark": "guessed"}, "MARK_KNOWN"),
        ({"mark": "example"}, "EXAMPLE_MARKED"),
        ({"period": "2018"}, "PERIOD_OF_CAPTURE"),
        ({"period": "2091"}, "PERIOD_OF_CAPTURE"),
        ({"period": "nittonhundra"}, "PERIOD_OF_CAPTURE"),
        ({"period": None}, "PERIOD_GIVEN"),
        ({"measure": f"{BRA}.clearance_rate_printed", "value": 100.5}, "SHARE_MOST_100"),
    ],
)
def test_a_faulty_row_stops_the_capture_and_is_shown(check_rows, build, fault, code):
    rows = [*SOUND, {**SOUND[0], "sex": "K", "value": 5, **fault}]
    examination = check_rows(BRA, "Rn01-2019", build.table(rows))
    stops = {f.code: f for f in examination.findings if f.stops}
    assert code in stops
    assert [row.place for row in stops[code].rows] == ["Blad!B4"]
    assert examination.refused
    assert examination.rejected == 4


@pytest.mark.parametrize("column", ["measure", "area", "period", "sex", "breakdown", "status", "mark"])
def test_a_file_in_which_no_code_is_known_has_every_row_shown(check_rows, build, column):
    examination = check_rows(BRA, "Rn01-2019", build.table([{**row, column: "?"} for row in SOUND]))
    assert max(finding.failed for finding in examination.findings) == 3
    assert examination.passed == 0
    assert examination.rows_in == 3 == examination.quarantined + examination.rejected


CODES = ["measure", "area", "period", "sex", "age", "party", "breakdown", "value_status", "status", "mark"]


@pytest.mark.parametrize("column", CODES)
def test_a_lacking_code_stops_the_capture_and_is_shown(check_rows, build, column):
    """Also where an unknown code would only set its row aside: a reader that gives none is wrong in itself."""
    examination = check_rows(BRA, "Rn01-2019", build.table([*SOUND, {**SOUND[0], "sex": "K", column: None}]))
    (finding,) = [each for each in examination.findings if each.code == f"{column.upper()}_GIVEN"]
    assert finding.stops
    assert [row.place for row in finding.rows] == ["Blad!B4"]


def test_the_same_figure_twice_stops_and_shows_both(check_rows, build):
    examination = check_rows(BRA, "Rn01-2019", build.table([*SOUND, SOUND[1]]))
    (finding,) = [f for f in examination.findings if f.code == "KEY_UNIQUE"]
    assert finding.stops
    assert [row.place for row in finding.rows] == ["Blad!B2", "Blad!B4"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"area": "9999"}, "AREA_KNOWN"),
        ({"breakdown": "offence:invented"}, "BREAKDOWN_KNOWN"),
        ({"party": "SOMEBODY"}, "PARTY_KNOWN"),
        ({"age": "vuxna"}, "AGE_FORM"),
    ],
)
def test_an_unknown_code_is_set_aside_and_counted_while_the_rest_goes_on(check_rows, build, fault, code):
    examination = check_rows(BRA, "Rn01-2019", build.table([*SOUND, {**SOUND[0], "sex": "K", **fault}]))
    assert not examination.refused
    assert (examination.rows_in, examination.passed, examination.quarantined) == (4, 3, 1)
    assert examination.reasons == {code: 1}
    assert examination.set_aside.to_pylist()[0]["place"] == "Blad!B4"


def test_an_empty_answer_of_a_public_source_stops(check_rows, build):
    assert "NOT_EMPTY" in build.broken(check_rows(BRA, "Rn01-2019", build.table([])))


def test_noise_of_three_is_no_alarm_from_2025_and_one_in_2024(check_rows, build):
    for difference in (-3, 3):
        rows = build.table(build.offered(2025, county=300 + difference))
        assert build.broken(check_rows(POP, "TAB5557-2025", rows)) == []
        rows = build.table(build.offered(2024, county=300 + difference))
        assert build.broken(check_rows(POP, "TAB638-2024", rows)) == ["SEX_SUM"]


def test_a_gross_fault_of_the_sexes_is_an_alarm_also_in_2025(check_rows, build):
    rows = build.table(build.offered(2025, county=3000))
    assert build.broken(check_rows(POP, "TAB5557-2025", rows)) == ["SEX_SUM_ROUGH"]


def county(registry: Any, year: int, wrong: int = 0, left_out: int = 0) -> list[dict[str, Any]]:
    """Return Jämtland and its municipalities with 100 people each."""
    codes = sorted(code for code, area in registry.areas.items() if area.parent == "23" and area.kind == "kommun")
    common = {"measure": f"{POP}.population", "period": str(year)}
    rows = [{**common, "area": code, "value": 100} for code in codes[left_out:]]
    return [*rows, {**common, "area": "23", "value": 100 * len(codes) + wrong}]


def test_a_county_is_the_sum_of_its_municipalities_to_2024(check_rows, build, registry):
    assert build.broken(check_rows(POP, "TAB638-2024", build.table(county(registry, 2024)))) == []
    examination = check_rows(POP, "TAB638-2024", build.table(county(registry, 2024, wrong=1)))
    (finding,) = [f for f in examination.findings if f.stops]
    assert finding.code == "COUNTY_SUM"
    assert [(r.place, r.found, r.expected) for r in finding.rows] == [("Blad!B9", "801", "800")]


def test_a_county_is_not_summed_from_2025_nor_when_a_municipality_lacks(check_rows, build, registry):
    noisy = build.table(county(registry, 2025, wrong=7))
    assert build.broken(check_rows(POP, "TAB5557-2025", noisy)) == []
    partial = build.table(county(registry, 2024, wrong=7, left_out=1))
    assert build.broken(check_rows(POP, "TAB638-2024", partial)) == []


def test_figures_without_any_county_pass(check_rows, build, registry):
    assert build.broken(check_rows(POP, "TAB638-2024", build.table(county(registry, 2024)[:3]))) == []


EXAMPLE = {"measure": "E02.meetings_ordinary", "area": "23", "period": "2023", "party": "LST", "mark": "example"}


def test_an_example_delivery_passes_only_if_every_figure_says_so(check_rows, build):
    sound = build.table([{**EXAMPLE, "value": 4}])
    assert build.broken(check_rows("agency_extracts", "jamtland-LST-2023", sound, origin="example")) == []
    unmarked = build.table([{**EXAMPLE, "value": 4, "mark": "direct"}])
    assert build.broken(check_rows("agency_extracts", "jamtland-LST-2023", unmarked, origin="example")) == [
        "EXAMPLE_MARKED"
    ]


def test_last_years_file_sent_again_stops(check_rows, build):
    rows = build.table([{**EXAMPLE, "value": 4, "period": "2022"}])
    examination = check_rows("agency_extracts", "jamtland-LST-2023", rows, origin="example")
    assert build.broken(examination) == ["PERIOD_OF_CAPTURE"]


def test_an_implausible_count_of_a_delivery_is_set_aside(check_rows, build):
    rows = build.table([{**EXAMPLE, "value": 20230412}, {**EXAMPLE, "measure": "E02.meetings_extra", "value": 1}])
    examination = check_rows("agency_extracts", "jamtland-LST-2023", rows, origin="example")
    assert examination.reasons == {"COUNT_PLAUSIBLE": 1}
    assert examination.passed == 1


def offences(*rows: tuple[str, str, str, float], year: str = "2022", area: str = "00") -> list[dict[str, Any]]:
    """Return rows of handled offences by offence, sex and age."""
    common = {"measure": f"{BRA}.handled", "area": area, "period": year}
    return [
        {**common, "breakdown": f"offence:{offence}", "sex": sex, "age": age, "value": value}
        for offence, sex, age, value in rows
    ]


def rapes(total: float, **more: str) -> list[dict[str, Any]]:
    parts = [("rape", "T", "0-14", 40), ("rape", "T", "15-17", 30), ("rape", "K", "18+", 20), ("rape", "M", "18+", 9)]
    return offences(("rape", "T", "T", total), *parts, **more)


def test_an_offence_is_the_sum_of_its_printed_parts(check_rows, build):
    assert build.broken(check_rows(BRA, "La-2023", build.table(rapes(99, year="2023")))) == []
    examination = check_rows(BRA, "La-2023", build.table(rapes(100, year="2023")))
    (finding,) = [f for f in examination.findings if f.stops]
    assert finding.code == "RAPE_SUM"
    assert [(r.place, r.found, r.expected) for r in finding.rows] == [("Blad!B1", "100", "99")]
    assert "bra_handled_offences.yaml" in str(finding.next_sv)


def test_a_sum_that_bra_is_known_to_leave_open_is_told_and_never_repaired(check_rows, build):
    examination = check_rows(BRA, "La-2022", build.table(rapes(100)))
    assert not examination.refused
    assert build.broken(examination) == ["RAPE_SUM_OPEN_1"]
    assert examination.table["value"].to_pylist()[0] == 100


def test_once_the_source_has_closed_a_known_open_sum_nothing_is_told(check_rows, build):
    assert build.broken(check_rows(BRA, "La-2022", build.table(rapes(99)))) == []


@pytest.mark.parametrize(
    "rows",
    [
        [("rape", "T", "T", 10), ("sexual_offences", "T", "T", 9)],
        [("rape", "T", "T", 10), ("rape", "K", "18+", 11)],
        [("assault", "K", "18+", 10), ("assault_partner", "K", "18+", 11)],
        [("assault", "T", "T", 10), ("assault_partner", "M", "18+", 11)],
    ],
)
def test_a_part_is_never_larger_than_its_whole(check_rows, build, rows):
    rows = build.table(offences(*rows, year="2023"))
    assert build.broken(check_rows(BRA, "La-2023", rows)) == ["PART_WITHIN_WHOLE"]


def test_two_offences_with_the_same_figures_are_told(check_rows, build):
    common = {"area": "00", "period": "2024"}
    columns = [("handled", 57), ("investigated", 51), ("dismissed", 6)]
    rows = [
        {**common, "breakdown": f"offence:{offence}", "measure": f"{BRA}.{measure}", "value": value}
        for offence in ("child_marriage", "honour_oppression")
        for measure, value in columns
    ]
    examination = check_rows(BRA, "La-2024", build.table(rows))
    (finding,) = [f for f in examination.findings if not f.holds]
    assert (finding.code, finding.severity, finding.failed) == ("TWIN_ROWS", "warning", 2)


@pytest.mark.parametrize(
    ("measure", "value", "code"),
    [("clearance_rate_printed", 30.0, "CLEARANCE_RATE"), ("prosecution_rate_printed", 30.0, "PROSECUTION_RATE")],
)
def test_a_rate_that_does_not_go_with_its_counts_stops(check_rows, build, measure, value, code):
    """The counts of 2020 and later are recovered from these percentages (25 of 100 handled, of 50 investigated)."""
    counts = [("handled", 100), ("investigated", 50), ("dismissed", 50), ("cleared_person", 25)]
    rates = {"clearance_rate_printed": 25.0, "prosecution_rate_printed": 62.5}
    sound = handled(*counts, ("prosecution_base", 40), *rates.items())
    assert build.broken(check_rows(BRA, "Rn01-2019", build.table(sound))) == []
    rates[measure] = value
    wrong = handled(*counts, ("prosecution_base", 40), *rates.items())
    assert build.broken(check_rows(BRA, "Rn01-2019", build.table(wrong))) == [code]
