"""Rules about a delivery beside the party's earlier ones, and about the day on which it came."""

from datetime import UTC, datetime

import pytest

from include.check.deliveries import Earlier
from include.registry.delivery import Identity

POL = "jamtland-POL-2023"


def cell(measure, sex="T", breakdown="total", age="T"):
    return (measure, breakdown, sex, age)


class Past:
    """Makes earlier deliveries."""

    def __init__(self, deliveries):
        self.deliveries = deliveries

    def __call__(self, part, values, *, sha256="", status="F", versions=None):
        identity = Identity.of_part(part)
        table = self.deliveries.table(identity, values, status=status)
        return Earlier(identity, sha256 or part, table, versions or {})


@pytest.fixture
def past(deliveries):
    return Past(deliveries)


# --- DQ01: last year's file --------------------------------------------------------------------------------------


def test_dq01_last_years_numbers_stop_the_delivery(deliveries, police_values, past):
    values = police_values() | {cell("E04.consultations"): 13}
    finding = deliveries.broken(POL, values, earlier=[past("jamtland-POL-2022", police_values())])["LAST_YEARS_FILE"]
    assert finding.stops
    row = finding.rows[0]
    assert (row.place, row.expected) == ("hela filen", "talen för 2023")
    assert row.found == "96 procent av talen är desamma som för 2022"


def test_dq01_the_same_file_for_another_period_stops(deliveries, police_values, past):
    earlier = [past("jamtland-POL-2022", police_values(times=2), sha256="abc")]
    finding = deliveries.broken(POL, police_values(), earlier=earlier, sha256="abc")["LAST_YEARS_FILE"]
    assert finding.rows[0].found == "samma fil som leveransen för 2022"
    assert "LAST_YEARS_FILE" not in deliveries.broken(POL, police_values(), earlier=earlier, sha256="abd")


def test_dq01_some_equal_numbers_and_the_version_before_of_the_same_year_are_no_fault(deliveries, police_values, past):
    values = police_values() | {cell("E04.consultations"): 13, cell("E04.response_minutes"): 20}
    assert deliveries.broken(POL, values, earlier=[past("jamtland-POL-2022", police_values())]) == {}
    again = deliveries.broken(POL, police_values(), earlier=[past(POL, police_values(), sha256="abc")], sha256="abc")
    assert again == {}


def test_dq01_a_handful_of_equal_numbers_says_nothing(deliveries, past):
    values = {cell("E04.cases", sex): number for sex, number in zip("KMXT", (3, 1, 0, 4), strict=True)}
    assert deliveries.broken(POL, values, earlier=[past("jamtland-POL-2022", values)]) == {}


# --- DQ04: cumulative quarters -----------------------------------------------------------------------------------


def quarter(*numbers):
    """Return care contacts by kind of unit, all asked."""
    units = ("mhv", "bhv", "primarvard", "vuxenpsykiatri", "bup", "akut")
    return {
        cell(f"E03.{measure}", breakdown=f"care_unit:{unit}"): number
        for unit, number in zip(units, numbers, strict=True)
        for measure in ("contacts_eligible", "asked_yes")
    }


Q = [quarter(30, 41, 52, 63, 74, 85), quarter(58, 85, 99, 130, 140, 175), quarter(91, 120, 160, 185, 220, 260)]
EVEN = [quarter(30, 41, 52, 63, 74, 85), quarter(28, 44, 47, 67, 66, 90), quarter(33, 35, 61, 55, 80, 85)]


def test_dq04_sums_from_the_beginning_of_the_year_are_asked_about(deliveries, past):
    earlier = [past("jamtland-RJH-2023-Q2", Q[1]), past("jamtland-RJH-2023-Q1", Q[0])]
    finding = deliveries.broken("jamtland-RJH-2023-Q3", Q[2], earlier=earlier)["CUMULATIVE"]
    assert not finding.stops
    assert finding.rows[0].what == "2023-Q1 till 2023-Q3"
    assert finding.rows[0].found == "12 av 12 rader ökar för varje kvartal"


def test_dq04_a_second_quarter_twice_the_first_is_asked_about_at_once(deliveries, past):
    earlier = [past("jamtland-RJH-2023-Q1", Q[0])]
    assert "CUMULATIVE" in deliveries.broken("jamtland-RJH-2023-Q2", Q[1], earlier=earlier)


@pytest.mark.parametrize(
    ("now", "before", "tried"),
    [
        ("Q3", [("2023-Q2", EVEN[1]), ("2023-Q1", EVEN[0])], True),
        ("Q2", [("2023-Q1", EVEN[0])], True),
        ("Q3", [("2023-Q1", EVEN[0])], False),  # the second quarter is not there
        ("Q1", [("2022-Q4", EVEN[0])], False),
    ],
)
def test_dq04_quarters_of_their_own_are_no_fault(deliveries, past, now, before, tried):
    earlier = [past(f"jamtland-RJH-{period}", values) for period, values in before]
    found = deliveries.find(f"jamtland-RJH-2023-{now}", EVEN[int(now[1]) - 1], earlier=earlier)
    assert [each.code for each in found if not each.holds] == []
    assert ("CUMULATIVE" in [each.code for each in found]) is tried


def test_dq04_a_small_rise_in_the_second_quarter_is_no_fault(deliveries, past):
    earlier = [past("jamtland-RJH-2023-Q1", Q[0])]
    assert deliveries.broken("jamtland-RJH-2023-Q2", quarter(33, 45, 55, 66, 80, 90), earlier=earlier) == {}


# --- DQ05, DQ06: zero and missing --------------------------------------------------------------------------------


def years(past, police_values, *changes):
    """Return deliveries of 2022, 2021 … with these changes."""
    return [past(f"jamtland-POL-{2022 - n}", police_values(times=2 + n) | change) for n, change in enumerate(changes)]


def test_dq05_a_measure_that_is_suddenly_zero_is_asked_about(deliveries, police_values, past):
    values = police_values() | {cell("E04.consultations"): 0}
    finding = deliveries.broken(POL, values, earlier=years(past, police_values, {}, {}))["ZERO_FOR_MISSING"]
    assert not finding.stops
    assert [(row.place, row.what, row.found) for row in finding.rows] == [
        ("Samråd och utryckning!B2", "Samråd om vuxna", "0 i hela måttet")
    ]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (0, [{}]),  # one year tells nothing
        (0, [{cell("E04.consultations"): 0}, {}]),  # it has been zero before
        (1, [{}, {}]),
        ("-", [{}, {}]),
        ("<5", [{}, {}]),
    ],
)
def test_dq05_other_changes_are_no_fault(deliveries, police_values, past, now, before):
    values = police_values() | {cell("E04.consultations"): now}
    assert "ZERO_FOR_MISSING" not in deliveries.broken(POL, values, earlier=years(past, police_values, *before))


def test_dq05_a_masked_number_was_above_zero(deliveries, police_values, past):
    values = police_values() | {cell("E04.consultations"): 0}
    earlier = years(past, police_values, {cell("E04.consultations"): "<5"}, {})
    assert "ZERO_FOR_MISSING" in deliveries.broken(POL, values, earlier=earlier)


def test_dq06_a_figure_that_was_always_zero_and_is_missing_is_asked_about(deliveries, police_values, past):
    values = police_values() | {cell("E04.cases", "X"): "-"}
    finding = deliveries.broken(POL, values, earlier=years(past, police_values, {}, {}))["MISSING_FOR_ZERO"]
    assert not finding.stops
    assert [(row.place, row.found) for row in finding.rows] == [("Polisärenden!B4", "ingen uppgift")]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ("-", [{}]),
        ("-", [{cell("E04.cases", "X"): 1, cell("E04.cases"): "-"}, {}]),
        ("-", [{cell("E04.cases", "X"): "-"}, {}]),
        (0, [{}, {}]),
    ],
)
def test_dq06_other_gaps_are_no_fault(deliveries, police_values, past, now, before):
    values = police_values() | {cell("E04.cases", "X"): now}
    assert "MISSING_FOR_ZERO" not in deliveries.broken(POL, values, earlier=years(past, police_values, *before))


# --- DQ07, DQ08: jumps -------------------------------------------------------------------------------------------


def test_dq07_a_figure_five_times_as_large_is_asked_about(deliveries, police_values, past):
    earlier = [past("jamtland-POL-2022", police_values(times=5))]
    values = police_values(times=5) | {cell("E10.staff_in_scope", breakdown="staff:medarbetare"): 1500}
    finding = deliveries.broken(POL, values | {cell("E04.cases", "K"): 2000}, earlier=earlier)["JUMP"]
    assert not finding.stops
    assert [(row.place, row.found, row.expected) for row in finding.rows] == [
        ("Kompetens!B3", "1 500", "ungefär 150, som 2022"),
        ("Polisärenden!B2", "(visas inte)", "ungefär som 2022"),
    ]


@pytest.mark.parametrize(
    ("was", "now", "broken"), [(21, 106, True), (21, 105, False), (20, 999, False), (106, 21, True)]
)
def test_dq07_limits(deliveries, past, was, now, broken):
    earlier = [past("jamtland-POL-2022", {cell("E04.consultations"): was})]
    assert ("JUMP" in deliveries.broken(POL, {cell("E04.consultations"): now}, earlier=earlier)) is broken


def test_dq07_a_quarter_is_compared_with_the_same_one_of_the_year_before(deliveries, past):
    small, large = quarter(30, 41, 52, 63, 74, 85), quarter(300, 410, 520, 630, 740, 850)
    earlier = [past("jamtland-RJH-2023-Q2", small), past("jamtland-RJH-2022-Q3", large)]
    assert "JUMP" not in deliveries.broken("jamtland-RJH-2023-Q3", large, earlier=earlier)
    assert "JUMP" in deliveries.broken("jamtland-RJH-2023-Q3", large, earlier=earlier[:1])


def test_dq08_a_measure_that_jumps_to_where_another_unit_was_is_asked_about(deliveries, past):
    part, before = "jamtland-CMV-2023", "jamtland-CMV-2022"
    earlier = [past(before, {cell("E08.contacts"): 900, cell("E08.individuals"): 120})]
    swapped = {cell("E08.contacts"): 910, cell("E08.individuals"): 890}
    finding = deliveries.broken(part, swapped, earlier=earlier)["OTHER_UNIT"]
    assert [(row.what, row.found) for row in finding.rows] == [
        ("Stödsökande personer", "ungefär som Stödkontakter (kontakter) var 2022")
    ]
    plain = {cell("E08.contacts"): 910, cell("E08.individuals"): 150}
    assert "OTHER_UNIT" not in deliveries.broken(part, plain, earlier=earlier)


# --- DQ21, DQ24: versions ----------------------------------------------------------------------------------------


def test_dq21_final_figures_that_are_changed_are_listed(deliveries, police_values, past):
    values = police_values() | {cell("E10.course_done", breakdown="staff:chef"): 3, cell("E10.course_done"): 23}
    values |= {cell("E04.consultations"): 13, cell("E04.response_minutes"): "-"}
    finding = deliveries.broken(POL, values, earlier=[past(POL, police_values())])["REVISED_WITHOUT_NOTICE"]
    assert not finding.stops
    assert (finding.tried, finding.failed) == (26, 4)
    assert [(row.place, row.found, row.expected) for row in finding.rows] == [
        ("Kompetens!C2", "3", "2 i den förra versionen"),
        ("Kompetens!C4", "23", "22 i den förra versionen"),
        ("Samråd och utryckning!B2", "(visas inte)", "som i den förra versionen"),
        ("Samråd och utryckning!C2", "(visas inte)", "som i den förra versionen"),
    ]


def test_dq21_the_same_figures_and_a_preliminary_version_are_no_fault(deliveries, police_values, past):
    assert deliveries.broken(POL, police_values(), earlier=[past(POL, police_values())]) == {}
    earlier = [past(POL, police_values(times=2), status="P")]
    assert deliveries.broken(POL, police_values(), earlier=earlier) == {}


def test_dq24_another_version_of_the_template_is_told(deliveries, police_values, past):
    earlier = [past("jamtland-POL-2022", police_values(times=2), versions={"E04": "1.0", "E10": "1.0"})]
    versions = {"E04": "1.1", "E10": "1.0"}
    finding = deliveries.broken(POL, police_values(), earlier=earlier, versions=versions)["DEFINITION_CHANGED"]
    assert not finding.stops
    assert [(row.what, row.found, row.expected) for row in finding.rows] == [
        ("mallen för E04", "version 1.1", "version 1.0, som 2022")
    ]


def test_dq24_the_same_version_is_no_fault(deliveries, police_values, past):
    earlier = [past("jamtland-POL-2022", police_values(times=2), versions={"E04": "1.0"})]
    found = deliveries.find(POL, police_values(), earlier=earlier, versions={"E04": "1.0"})
    assert [(each.holds, each.tried) for each in found if each.code == "DEFINITION_CHANGED"] == [(True, 1)]


# --- DQ22: late --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        (datetime(2024, 2, 15, 22, 59, tzinfo=UTC), False),
        (datetime(2024, 2, 15, 23, 1, tzinfo=UTC), True),  # after midnight in Stockholm
        (datetime(2024, 1, 2, tzinfo=UTC), False),
    ],
)
def test_dq22_a_delivery_after_its_last_day_is_late(deliveries, police_values, moment, late):
    found = deliveries.broken(POL, police_values(), captured_at=moment)
    assert set(found) == ({"LATE"} if late else set())
    if late:
        assert not found["LATE"].stops
        assert [(row.found, row.expected) for row in found["LATE"].rows] == [("2024-02-16", "senast 2024-02-15")]


def test_dq22_a_correction_is_not_late(deliveries, police_values, past):
    moment = datetime(2024, 6, 1, tzinfo=UTC)
    earlier = [past(POL, police_values())]
    assert deliveries.broken(POL, police_values(), earlier=earlier, captured_at=moment) == {}
    assert "LATE" not in [f.code for f in deliveries.find(POL, police_values())]
