"""Faults put into reported offences, and what the gate makes of them; and what it must not ask of them."""

import pytest

SOURCE = "bra_reported_offences"


def row(value, offence="all", area="2326", measure="reported", **more):
    names = {"measure": f"{SOURCE}.{measure}", "area": area, "period": "2021", "breakdown": f"offence:{offence}"}
    return {**names, "value": value, **more}


SOUND = [
    row(521),
    row(40, "assault"),
    row(60, "against_life_and_health"),
    row(7325, measure="reported_per_100000"),
    row(562, "assault", measure="reported_per_100000"),
]


@pytest.fixture
def broken(check_rows, build):
    def run(rows, part="kommun-2021"):
        examination = check_rows(SOURCE, part, build.table(rows))
        return build.broken(examination), examination

    return run


def test_sound_figures_pass_without_a_word(broken):
    codes, examination = broken(SOUND)
    assert codes == []
    assert examination.passed == len(SOUND)


@pytest.mark.parametrize(
    "rows",
    [
        [row(521), row(522, "assault")],
        [row(60, "against_life_and_health"), row(61, "assault")],
        [row(60, "against_person"), row(61, "assault")],
        [row(9, "unlawful_threat", sex="K", age="18+"), row(10, "unlawful_threat_partner", sex="K", age="18+")],
        [row(9, "unlawful_threat"), row(10, "unlawful_threat", sex="K", age="18+")],
    ],
)
def test_a_part_above_its_whole_stops(broken, rows):
    """However far up the chapter tree the printed whole stands, and for a sex or age of its own."""
    codes, examination = broken(rows)
    assert codes == ["PART_WITHIN_WHOLE"]
    assert examination.refused
    (finding,) = [finding for finding in examination.findings if finding.stops]
    assert [(shown.found, shown.expected) for shown in finding.rows] == [(f"{rows[1]['value']}", f"{rows[0]['value']}")]


def test_an_area_above_the_country_stops(broken):
    codes, _ = broken([row(1000, area="00"), row(1001, area="23"), row(900, area="Rn01")])
    assert codes == ["AREA_WITHIN_COUNTRY"]


def test_municipalities_need_not_add_up_to_their_county(broken):
    """Counting places differ (0.5): sums of areas are never tried."""
    codes, _ = broken([row(100, area="23"), row(90, area="2380"), row(80, area="2326")])
    assert codes == []


def test_theme_groups_are_compared_with_nothing(broken):
    """Violent crime and sexual offences overlap and cross the chapters: neither is a part or a whole of anything."""
    rows = [row(521), row(9000, "theme_violent_crime"), row(9, "theme_sexual_offences"), row(12, "rape")]
    assert broken(rows)[0] == []


def test_a_rate_on_another_population_is_told(broken):
    """A rate that does not fit its count beside the area's total may be another area's: told, not stopped."""
    codes, examination = broken([*SOUND[:4], row(700, "assault", measure="reported_per_100000")])
    assert codes == ["RATE_FITS_COUNT"]
    assert not examination.refused


def test_a_month_among_years_stops(broken):
    assert "WHOLE_YEAR" in broken([row(5, period="2021-03")])[0]


def test_missing_figures_are_not_compared(broken):
    rows = [row(None, value_status="missing"), row(40, "assault"), row(None, "rape", value_status="missing")]
    assert broken(rows)[0] == []
