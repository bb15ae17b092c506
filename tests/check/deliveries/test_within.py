"""Rules about one delivery by itself: a fault put in, and what is told of it."""

import random

import pyarrow as pa
import pytest

from include.check.deliveries import Earlier
from include.check.gate import Reveal
from include.check.tidy import tidy_table
from include.registry.delivery import Identity

POL, BHJ, LST = "jamtland-POL-2023", "jamtland-BHJ-2023-H1", "jamtland-LST-2023"


def cell(measure, sex="T", breakdown="total", age="T"):
    return (measure, breakdown, sex, age)


def rows(finding):
    return [(row.place, row.found, row.expected) for row in finding.rows]


def test_a_consistent_delivery_breaks_no_rule_and_each_rule_was_tried(deliveries, police_values):
    found = deliveries.find(POL, police_values())
    assert [each.code for each in found if not each.holds] == []
    assert {each.code: each.tried for each in found} == {
        "SEXES_DO_NOT_ADD_UP": 3,
        "PART_ABOVE_WHOLE": 3,
        "PARTS_DO_NOT_ADD_UP": 4,
    }
    assert [each.kind for each in found] == ["DQ02", "DQ09", "DQ09", "DQ09", "DQ09", "DQ26"]


# --- DQ02, DQ03, DQ26: sums --------------------------------------------------------------------------------------


def test_dq02_sexes_that_do_not_add_up_stop_at_the_total_without_a_number_of_cases(deliveries, police_values):
    values = police_values() | {cell("E04.cases"): 49}
    (finding,) = deliveries.broken(POL, values).values()
    assert (finding.code, finding.kind, finding.stops, finding.failed) == ("SEXES_DO_NOT_ADD_UP", "DQ02", True, 1)
    expected = "summan av Polisärenden!B2, Polisärenden!B3 och Polisärenden!B4"
    assert rows(finding) == [("Polisärenden!B5", "(visas inte)", expected)]
    assert finding.rows[0].what == "Anmälda ärenden"


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"X": "-", "T": 55}, False),  # nobody told the unknown: they may be five
        ({"X": "-", "T": 49}, True),  # but not fewer than none
        ({"K": "<5", "T": 14}, False),
        ({"K": "<5", "T": 15}, True),
        ({"K": "<5", "T": 10}, True),  # a masked number is at least 1
        ({"T": "-"}, False),
        ({"T": "<5"}, True),
        ({"X": (0, 9), "T": 59}, False),
        ({"X": (0, 9), "T": 60}, True),
    ],
)
def test_dq02_a_masked_or_lacking_part_is_told_only_where_no_number_fits(deliveries, police_values, changes, broken):
    values = police_values() | {cell("E04.cases", sex): value for sex, value in changes.items()}
    assert ("SEXES_DO_NOT_ADD_UP" in deliveries.broken(POL, values)) is broken


def by_area(registry, basis, unit):
    """Return the registry with an extract that tells of the county and of each municipality."""
    extract = registry.extracts["E01"]
    measures = [
        each.model_copy(update={"answer": "count", "counting_unit": unit}) if each.id == "prevention_decision" else each
        for each in extract.measures
    ]
    sheets = [
        *extract.sheets,
        extract.sheets[2].model_copy(
            update={
                "name": "Länet", "grid": extract.sheets[2].grid.model_copy(update={"measures": ["prevention_decision"]})
            }
        ),
    ]  # fmt: skip
    changed = extract.model_copy(update={"measures": measures, "sheets": sheets, "geo_basis": basis})
    return registry.model_copy(update={"extracts": registry.extracts | {"E01": changed}})


@pytest.mark.parametrize(
    ("basis", "unit", "county", "expected"),
    [
        ("handlaggande", "arende", 16, None),
        ("handlaggande", "arende", 17, "16 ("),
        ("handlaggande", "arende", 15, "16 ("),
        ("bostad", "person", 17, None),  # one is of no known municipality
        ("bostad", "person", 15, "minst 16 ("),
        ("handlaggande", "person", 15, None),  # one is known to two municipalities
        ("handlaggande", "person", 17, "högst 16 ("),
    ],
)
def test_dq03_municipalities_and_county(deliveries, registry, basis, unit, county, expected):
    ours = type(deliveries)(by_area(registry, basis, unit))
    keys = [key for key, _, _ in ours.keys(Identity.of_part(LST)) if key[0] == "E01.prevention_decision"]
    municipalities = [key for key in keys if len(key) == 5]
    assert len(municipalities) == 8
    values = dict.fromkeys(municipalities, 2) | {cell("E01.prevention_decision"): county}
    found = ours.broken(LST, values)
    assert set(found) == ({"AREAS_DO_NOT_ADD_UP"} if expected else set())
    if expected:
        (row,) = found["AREAS_DO_NOT_ADD_UP"].rows
        assert (row.place, row.what, row.found) == ("Länet!B2", "Beslut finns", str(county))
        assert row.expected.startswith(f"{expected}summan av Beslut i kommunerna!B2, ")


def test_dq26_parts_of_a_breakdown_are_told_with_their_sum_where_it_may_be_shown(deliveries, police_values):
    (finding,) = deliveries.broken(POL, police_values() | {cell("E10.course_done"): 23}).values()
    assert (finding.code, finding.stops) == ("PARTS_DO_NOT_ADD_UP", False)
    assert rows(finding) == [("Kompetens!C4", "23", "22 (summan av Kompetens!C2 och Kompetens!C3)")]


def test_dq26_the_total_may_stand_on_another_sheet(deliveries, police_values):
    values = police_values() | {cell("E04.cases_assessed", breakdown="risk_level:hog"): 8}
    (finding,) = deliveries.broken(POL, values).values()
    assert (finding.code, finding.rows[0].place) == ("PARTS_DO_NOT_ADD_UP", "Polisärenden!C5")


@pytest.mark.parametrize(("total", "expected"), [(30, None), (25, None), (31, "högst summan av"), (19, "minst")])
def test_dq26_persons_of_several_roles_may_be_fewer_than_the_roles_and_no_fewer_than_one(deliveries, total, expected):
    roles = {"role:utsatt": 20, "role:utovare": 7, "role:narstaende": 3}
    values = {cell("E08.individuals", breakdown=role): number for role, number in roles.items()}
    found = deliveries.broken("jamtland-CMV-2023", values | {cell("E08.individuals"): total})
    assert set(found) == ({"PARTS_DO_NOT_ADD_UP"} if expected else set())
    if expected:
        assert found["PARTS_DO_NOT_ADD_UP"].rows[0].expected.startswith(f"{expected} Stödkontakter!D5")


def test_dq26_ages_that_follow_on_each_other_are_added(deliveries):
    ages = {"0-6": 2, "7-14": 3, "15-17": 1}
    values = {cell("E07.children", age=age): number for age, number in ages.items()}
    assert deliveries.broken(BHJ, values | {cell("E07.children"): 6}) == {}
    assert set(deliveries.broken(BHJ, values | {cell("E07.children"): 7})) == {"PARTS_DO_NOT_ADD_UP"}


# --- DQ08: units -------------------------------------------------------------------------------------------------


def barnahus(interviews):
    """Return children by age and sex, with interviews that may be others."""
    ages = {"0-6": (3, 2), "7-14": (7, 5), "15-17": (4, 1)}
    numbers = {(sex, age): n for age, both in ages.items() for sex, n in zip("KM", both, strict=True)}
    values = {}
    for measure, shift in (("children", 0), ("interviews", interviews)):
        for sex in "KMXT":
            for age in ("0-6", "7-14", "15-17", "T"):
                mine = [n + shift for (s, a), n in numbers.items() if sex in (s, "T") and age in (a, "T")]
                values[cell(f"E07.{measure}", sex, age=age)] = sum(mine)
    return values


def test_dq08_persons_and_meetings_with_the_same_numbers_are_asked_about(deliveries):
    (finding,) = deliveries.broken(BHJ, barnahus(0)).values()
    assert (finding.code, finding.kind, finding.stops) == ("OTHER_UNIT", "DQ08", False)
    assert finding.rows[0].what == "Barn i samråd (barn) och Barnförhör (förhör)"
    assert finding.rows[0].found == "samma tal i 12 av 12 rader"


def test_dq08_other_numbers_are_not(deliveries):
    assert deliveries.broken(BHJ, barnahus(1)) == {}


# --- DQ09: cross-checks of the contract --------------------------------------------------------------------------


def test_dq09_a_part_above_its_whole_stops_with_the_contracts_own_words(deliveries, police_values):
    values = police_values() | {cell("E10.course_valid"): 23, cell("E10.course_valid", breakdown="staff:chef"): 13}
    finding = deliveries.broken(POL, values)["PART_ABOVE_WHOLE"]
    assert (finding.stops, finding.sv) == (True, "De med giltig kurs kan inte vara fler än de som har genomfört den.")
    assert rows(finding) == [
        ("Kompetens!D2", "13 mot 2", "högst Kompetens!C2"),
        ("Kompetens!D4", "23 mot 22", "högst Kompetens!C4"),
    ]


def test_dq09_a_sum_of_measures_that_must_equal_another(deliveries):
    base = {cell("E05.granted", "K"): 8, cell("E05.refused", "K"): 5, cell("E05.other", "K"): 2}
    assert deliveries.broken("jamtland-AKL-2023", base | {cell("E05.decided", "K"): 15}) == {}
    (finding,) = deliveries.broken("jamtland-AKL-2023", base | {cell("E05.decided", "K"): 16}).values()
    assert finding.rows[0].place == "Kontaktförbud!D2 + Kontaktförbud!E2 + Kontaktförbud!F2"
    assert finding.rows[0].expected == "lika med Kontaktförbud!C2"


@pytest.mark.parametrize(
    ("decided", "other", "broken"),
    [("<5", "<5", True), (15, "<5", False), (18, "<5", True), (13, "<5", True), (15, "-", False), (12, "-", True),
     ("-", 2, False)],
)  # fmt: skip
def test_dq09_is_broken_only_if_no_number_within_the_masks_fits(deliveries, decided, other, broken):
    values = {cell("E05.granted", "K"): 8, cell("E05.refused", "K"): 5}
    values |= {cell("E05.other", "K"): other, cell("E05.decided", "K"): decided}
    assert ("PART_ABOVE_WHOLE" in deliveries.broken("jamtland-AKL-2023", values)) is broken


@pytest.mark.parametrize(
    ("nights", "placed", "broken"),
    [(0, 3, True), (4, 0, True), (0, 0, False), (4, 3, False), (0, "<5", True), ("<5", 0, True), ("-", 3, False),
     (0, "-", False), ((0, 4), 3, False)],
)  # fmt: skip
def test_dq09_nights_and_placements_are_zero_together(deliveries, nights, placed, broken):
    values = {cell("E06.nights_adults"): nights, cell("E06.placed_adults"): placed}
    found = [f for f in deliveries.find("jamtland-K2303-2023", values) if not f.holds and "tvärtom" in f.sv]
    assert bool(found) is broken


def test_dq09_a_check_with_a_factor_and_its_own_severity(deliveries):
    referred, helped = cell("E06.referred", "K", age="18+"), cell("E06.any_intervention", "K", age="18+")
    assert deliveries.broken("jamtland-K2303-2023", {referred: 20, helped: 30}) == {}
    (finding,) = deliveries.broken("jamtland-K2303-2023", {referred: 20, helped: 31}).values()
    assert (finding.severity, finding.rows[0].expected) == ("warning", "högst 1,5 gånger Vuxna!C2")
    assert finding.rows[0].what == "Minst en insats · Kvinnor · 18 år och äldre"


# --- DQ14, DQ15: masks -------------------------------------------------------------------------------------------


def test_dq14_small_counts_that_stand_open_beside_masked_ones(deliveries, police_values):
    values = police_values() | {cell("E04.protection_decided", "M"): "<5", cell("E04.consultations"): 3}
    finding = deliveries.broken(POL, values)["UNMASKED_SMALL_COUNT"]
    assert [row.place for row in finding.rows] == ["Samråd och utryckning!B2"]
    assert not finding.stops


def test_dq14_is_silent_where_nothing_is_masked_or_no_small_count_is_open(deliveries, police_values):
    assert "UNMASKED_SMALL_COUNT" not in deliveries.broken(POL, police_values() | {cell("E04.consultations"): 3})
    values = police_values() | {cell("E04.protection_decided", "M"): "<5"}
    # One person in charge with a valid course is staff of the party: E10 is no extract of persons or cases.
    assert "UNMASKED_SMALL_COUNT" not in deliveries.broken(POL, values)


def test_dq15_a_masked_number_that_its_sum_gives_away_is_told_and_never_named(deliveries, police_values):
    values = police_values() | {cell("E04.protection_decided", "M"): "<5"}
    (finding,) = deliveries.broken(POL, values).values()
    assert (finding.code, finding.stops) == ("MASK_RECOVERABLE", False)
    assert rows(finding) == [
        (
            "Polisärenden!D3",
            "ett skyddat tal som kan räknas ut",
            "ett skyddat tal till i samma summa, eller en skyddad total",
        )
    ]
    assert finding.rows[0].what == "Ärenden med beslutad skyddsåtgärd · Män"


def test_dq15_two_masked_numbers_in_the_sum_protect_each_other(deliveries, police_values):
    values = police_values() | {cell("E04.protection_decided", sex): "<5" for sex in "MX"}
    values[cell("E04.protection_decided")] = 10
    assert "MASK_RECOVERABLE" not in deliveries.broken(POL, values)
    values[cell("E04.protection_decided")] = 14  # 6 + 4 + 4: the only way
    assert deliveries.broken(POL, values)["MASK_RECOVERABLE"].failed == 2


# --- DQ23: response rate -----------------------------------------------------------------------------------------


def survey(answered, sent):
    return {cell("E11.answered"): answered, cell("E11.sent"): sent, cell("E11.agree"): 10}


@pytest.mark.parametrize(("answered", "sent"), [(49, 100), (40, "-"), ("-", 100), (0, 0)])
def test_dq23_too_few_answers_or_an_unknown_response_rate(deliveries, answered, sent):
    values = survey(answered, sent) | {cell("E11.agree"): 0}
    (finding,) = deliveries.broken(LST, values).values()
    assert (finding.code, finding.stops) == ("RESPONSE_RATE", False)
    assert finding.rows[0].place == "Enkät!C4"


def test_dq23_half_of_those_asked_are_enough_and_no_survey_is_no_fault(deliveries):
    assert deliveries.broken(LST, survey(50, 100)) == {}
    assert deliveries.broken(LST, {}) == {}


# --- of all rules ------------------------------------------------------------------------------------------------


def test_no_number_of_an_extract_of_persons_or_cases_is_ever_told(deliveries, police_values):
    values = police_values(times=7919) | {cell("E04.cases"): 123457, cell("E04.cases_assessed", "M"): 777777}
    values |= {cell("E10.course_done"): 888888}
    told = repr(deliveries.find(POL, values)).replace(" ", "")
    assert "888888" in told
    assert all(number not in told for number in ("123457", "777777", str(7919 * 40)))


def test_a_report_may_hide_more(deliveries, police_values):
    values = police_values() | {cell("E10.course_done"): 888888}
    told = repr(deliveries.find(POL, values, reveal=Reveal(texts=False, hidden=frozenset({"E10"}))))
    assert "888888" not in told.replace(" ", "")


def test_the_order_of_the_rows_changes_nothing(deliveries, police_values):
    values = police_values() | dict.fromkeys(list(police_values())[3:30:2], 5)
    values |= {cell("E04.protection_decided", "M"): "<5", cell("E04.consultations"): 3}
    table = deliveries.table(Identity.of_part(POL), values)
    expected = deliveries.find(POL, table)
    assert sum(not each.holds for each in expected) >= 5
    for seed in range(5):
        order = list(range(table.num_rows))
        random.Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
        assert deliveries.find(POL, table.take(order)) == expected


def test_an_empty_delivery_is_not_tried(deliveries, police_values):
    table = deliveries.table(Identity.of_part(POL), police_values())
    assert deliveries.find(POL, table.slice(0, 0)) == []


def test_two_figures_with_one_key_are_both_left_out(deliveries, police_values):
    table = deliveries.table(Identity.of_part(POL), police_values() | {cell("E04.cases"): 49})
    again = deliveries.table(Identity.of_part(POL), police_values())
    twice = pa.concat_tables([table, again])
    assert [each for each in deliveries.find(POL, twice) if not each.holds] == []


def test_figures_that_are_counted_from_a_log_have_no_sums_and_no_history(deliveries):
    rows = [("LST", "activity:artikel", 3), ("RJH", "activity:webb", 0)]
    table = tidy_table(
        {
            "measure": "E01.activities", "area": "23", "period": "2023", "party": [row[0] for row in rows],
            "breakdown": [row[1] for row in rows], "value": [row[2] for row in rows], "value_status": "ok",
            "status": "F", "mark": "example", "source_label": "logg", "place": "Aktiviteter rad 2",
        }
    )  # fmt: skip
    earlier = [Earlier(Identity.of_part(f"jamtland-LST-{year}"), "", table) for year in (2022, 2021)]
    assert deliveries.find(LST, table, earlier=earlier) == []
