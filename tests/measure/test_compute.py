"""Indicator values worked out by hand: what they are made of, and what is said when they cannot be made."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2

from include.measure.compute import VALUE_COLUMNS, compute, measures_of
from include.measure.trends import TREND_COLUMNS
from include.registry.models import Registry, Selection, Series
from include.registry.read import registry as read_registry
from tests.measure.observations import KNOWN, frame, observation

REGISTRY = read_registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
PURCHASE = {"breakdown": "offence:purchase_sexual_act"}
PARTNER = {"breakdown": "offence:assault_partner", "sex": "K", "age": "18+"}
GROSS = {"breakdown": "offence:gross_violation_womans_integrity"}


def bra(measure: str, value: float | None, **what: Any) -> dict[str, Any]:
    return observation(f"bra_handled_offences.{measure}", value, **what)


def steering(measure: str, value: float | None, **what: Any) -> dict[str, Any]:
    year = what.get("year", 2025)
    return observation(
        f"E02.{measure}",
        value,
        **{
            "area": "23",
            "origin": "example",
            "mark": "example",
            "capture_id": f"agency_extracts/jamtland-LST-{year}/20260201T000000Z-abcdefabcdef",
            **what,
        },
    )


def values(*rows: dict[str, Any], years: tuple[int, ...] = (2025,), registry: Registry = REGISTRY) -> pd.DataFrame:
    return compute(frame(*rows), registry, JAMTLAND, years)[0]


def one(found: pd.DataFrame, indicator: str, series: str, area: str = "Rn01", **what: Any) -> pd.Series:
    """Return the one row of a series."""
    chosen = found[(found.indicator_id == indicator) & (found.series == series) & (found.area == area)]
    for column, value in ({"party": "-"} | what).items():
        chosen = chosen[chosen[column] == value]
    assert len(chosen) == 1, chosen
    return chosen.iloc[0]


def changed(indicator: str, **update: Any) -> Registry:
    """Return the registry with one indicator changed."""
    changed = REGISTRY.indicators[indicator].model_copy(update=update)
    return REGISTRY.model_copy(update={"indicators": {**REGISTRY.indicators, indicator: changed}})


# --- worked by hand ----------------------------------------------------------------------------------------------


def test_purchases_of_2018_clearance_and_count():
    """101 handled and 68 cleared in Polisregion Nord 2018 (Brå, Table 300): 67.3 %."""
    found = values(
        bra("handled", 101, year=2018, **PURCHASE), bra("cleared_person", 68, year=2018, **PURCHASE), years=(2018,)
    )
    share = one(found, "TMV-B09", "share")
    assert (share.numerator, share.denominator, share.obs_status) == (68, 101, "ok")
    assert share.value == pytest.approx(67.32673267, abs=5e-9)
    independent = binomtest(68, 101).proportion_ci(method="wilson")
    assert (share.ci_low, share.ci_high) == pytest.approx((100 * independent.low, 100 * independent.high), rel=1e-12)
    assert (share.ci_method, share.ci_level, share.method, share.method_version) == ("wilson", 0.95, "share", "1.1")
    assert (share.unit, share.decimals, share.area_role) == ("procent", 1, "proxy")
    count = one(found, "TMV-B09", "cleared")
    assert (count.value, count.numerator, count.unit, count.decimals) == (68, 68, "brott", 0)
    assert np.isnan(count.denominator)
    assert np.isnan(count.ci_low)
    assert pd.isna(count.ci_method)


def test_the_prosecution_rate_has_a_denominator_of_its_own():
    """Nord, woman, partner, 2019: 130 cleared of 876 investigated, 1 of them limited: 14.857 %, not 14.840 %."""
    what = {"year": 2019, **PARTNER}
    found = values(
        bra("handled", 896, **what),
        bra("investigated", 876, **what),
        bra("prosecution_base", 875, mark="derived", **what),
        bra("cleared_person", 130, **what),
        years=(2019,),
    )
    rate = one(found, "TMV-B06", "woman_partner")
    assert (rate.numerator, rate.denominator) == (130, 875)
    assert rate.value == pytest.approx(14.85714286, abs=5e-9)
    assert rate.marks == "derived"
    assert one(found, "TMV-B05", "woman_partner").value == pytest.approx(14.50892857, abs=5e-9)
    assert one(found, "TMV-B05", "woman_partner").marks == ""


def test_a_benchmark_is_computed_from_its_own_figures():
    found = values(bra("handled", 18103, area="00", **PARTNER), bra("cleared_person", 1860, area="00", **PARTNER))
    assert one(found, "TMV-B05", "woman_partner", "00").area_role == "benchmark"
    assert one(found, "TMV-B05", "woman_partner", "00").value == pytest.approx(100 * 1860 / 18103)
    assert one(found, "TMV-B05", "woman_partner").obs_status == "missing"


def test_population_by_sex_county_and_municipality():
    what = {"capture_id": "scb_population/TAB638-2024/20250221T070000Z-abcdefabcdef", "year": 2024}
    found = values(
        observation("scb_population.population", 132572, area="23", **what),
        observation("scb_population.population", 65000, area="23", sex="K", **what),
        observation("scb_population.population", 64801, area="2380", **what),
        years=(2024,),
    )
    assert one(found, "TMV-C01", "all", "23").value == 132572
    assert one(found, "TMV-C01", "all", "23").is_total
    assert one(found, "TMV-C01", "women", "23").value == 65000
    assert not one(found, "TMV-C01", "women", "23").is_total
    assert one(found, "TMV-C01", "men", "23").obs_status == "missing"
    assert one(found, "TMV-C01", "all", "2380").area_role == "kommun"
    municipalities = found[(found.indicator_id == "TMV-C01") & (found.area_role == "kommun")]
    assert municipalities.area.nunique() == 8


def test_the_total_of_a_public_source_is_never_a_sum_of_ours():
    found = values(
        observation("scb_population.population", 66000, area="23", sex="K", year=2024),
        observation("scb_population.population", 66572, area="23", sex="M", year=2024),
        years=(2024,),
    )
    assert one(found, "TMV-C01", "all", "23").obs_status == "missing"


def test_the_steering_group_s_year():
    found = values(
        steering("meetings_ordinary", 4),
        steering("meetings_extra", 0),
        steering("seats_head", 18),
        steering("seats_total", 24),
        steering("plan_made", 1),
        steering("plan_tied_to_goals", 0),
        steering("plan_previous_followed_up", 1),
        steering("plan_measures_done", 9),
        steering("plan_measures_ongoing", 4),
        steering("plan_measures_not_started", 2),
        steering("plan_measures_dropped", 3),
    )
    assert one(found, "TMV-S01", "ordinary", "23").value == 4
    assert one(found, "TMV-S01", "extra", "23").value == 0
    assert one(found, "TMV-S02", "all", "23").value == 75
    assert one(found, "TMV-S04", "all", "23").value == 60, "dropped measures are not counted"
    plan = one(found, "TMV-S03", "all", "23")
    assert (plan.value, plan.denominator, plan.unit) == (2, 3, "villkor")
    for row in (plan, one(found, "TMV-S04", "all", "23")):
        assert row.is_example
        assert row.origin == "example"
        assert row.marks == "example"
        assert pd.isna(row.ci_method)


def activities(counts: dict[tuple[str, str], float | None]) -> list[dict[str, Any]]:
    what = {"area": "23", "origin": "example", "mark": "example", "capture_id": "agency_extracts/jamtland-LST-2025/x"}
    return [
        observation("E01.activities", count, party=party, breakdown=f"activity:{kind}", **what)
        for (party, kind), count in counts.items()
    ]


GRID = {("LST", "artikel"): 3.0, ("LST", "webb"): 0.0, ("POL", "artikel"): 1.0, ("POL", "webb"): 2.0}


def test_an_extract_s_grid_is_added_up_by_type_and_by_party():
    found = values(*activities(GRID))
    assert one(found, "TMV-F01", "all", "23").value == 6
    assert one(found, "TMV-F01", "artikel", "23").value == 4
    assert one(found, "TMV-F01", "all", "23", party="POL").value == 3
    assert one(found, "TMV-F01", "all", "23", party="LST").value == 3
    assert set(found[(found.indicator_id == "TMV-F01") & (found.series == "artikel")].party) == {"-"}


def test_a_total_that_the_extract_gives_itself_is_taken_as_it_stands():
    total = observation("E01.activities", 5, area="23")
    found = values(total, *activities(GRID))
    assert one(found, "TMV-F01", "all", "23").value == 5


def test_a_cell_that_is_missing_is_never_counted_as_zero():
    found = values(*activities({**GRID, ("POL", "webb"): None}))
    for series in ("all", "webb"):
        row = one(found, "TMV-F01", series, "23")
        assert row.obs_status == "missing"
        assert np.isnan(row.value)
        assert np.isnan(row.numerator)
        assert row.reason_sv
    assert one(found, "TMV-F01", "artikel", "23").value == 4


def test_a_zero_is_a_value():
    found = values(bra("handled", 12, **GROSS), bra("cleared_person", 0, **GROSS))
    row = one(found, "TMV-B07", "gross_violation_womans_integrity")
    assert (row.value, row.ci_low, row.obs_status) == (0, 0, "ok")
    assert 0 < row.ci_high < 100


def test_a_rate_has_poisson_limits_and_a_selection_of_last_year():
    registry = changed(
        "TMV-B07",
        value="rate",
        per=100_000,
        interval="poisson",
        numerator=[Selection(measure="bra_handled_offences.handled")],
        denominator=[
            Selection(measure="scb_population.population", breakdown=["total"], sex="K", age="T", previous_year=True)
        ],
    )
    found = values(
        bra("handled", 52, **GROSS),
        observation("scb_population.population", 132_670, sex="K", year=2024),
        registry=registry,
    )
    row = one(found, "TMV-B07", "gross_violation_womans_integrity")
    assert row.value == pytest.approx(39.1950, abs=5e-5)
    assert (row.ci_low, row.ci_high) == pytest.approx((29.2706, 51.4001), abs=5e-5)
    assert (row.ci_method, row.method) == ("byar", "rate")


# --- no value: always why ----------------------------------------------------------------------------------------


def test_every_indicator_has_a_row_for_every_year_and_area_and_none_without_a_reason():
    found = values(years=tuple(range(2015, 2026)))
    assert set(found.indicator_id) == set(REGISTRY.indicators)
    for indicator in REGISTRY.indicators.values():
        mine = found[found.indicator_id == indicator.id]
        for year in range(2015, 2026):
            series = [each for each in indicator.series if _given_in(each, year)] or indicator.series[:1]
            roles = {role for each in series for role in indicator.of(each).areas} or {"county"}
            assert set(mine[mine.year == year].area_role) == roles, (indicator.id, year)
    assert (found.obs_status != "ok").all()
    assert found.value.isna().all()
    assert found.reason_sv.str.len().gt(5).all()


def _given_in(series: Series, year: int) -> bool:
    """Return whether a series has values for a year, a pooled one from the last of its first years on."""
    return (series.first_year or 0) + series.pool - 1 <= year <= (series.last_year or 9999)


def test_says_when_there_was_no_delivery():
    row = one(values(), "TMV-S01", "ordinary", "23")
    assert row.obs_status == "missing"
    assert row.reason_sv == (
        "Ingen leverans av E02 (Ledningsgruppens sammanträden, närvaro och handlingsplan) för 2025."
    )


def test_says_when_none_of_the_agreements_parties_delivers_it():
    """Not that a delivery is missing: nobody is to wait for one."""
    others = [party for party in JAMTLAND.parties if party.role != "lansstyrelse"]
    found = compute(frame(), REGISTRY, JAMTLAND.model_copy(update={"parties": others}), (2025,))[0]
    row = one(found, "TMV-S01", "ordinary", "23")
    assert row.obs_status == "not_collected"
    assert row.reason_sv == "Ingen av överenskommelsens parter lämnar uppgiften (E02)."


def test_says_when_the_follow_up_had_not_begun():
    row = one(values(years=(2018,)), "TMV-S01", "ordinary", "23")
    assert (row.obs_status, row.reason_sv) == (
        "not_collected",
        "Uppgiften samlas in från 2021, det första året som följs upp.",
    )


def test_a_row_that_a_live_file_lacks_is_not_collected_but_one_that_a_reconstructed_file_lacks_may_exist():
    other = bra("handled", 9, **GROSS)
    live = one(values(other | {"origin": "live"}), "TMV-B09", "share")
    rebuilt = one(values(other), "TMV-B09", "share")
    assert (live.obs_status, rebuilt.obs_status) == ("not_collected", "missing")
    assert live.reason_sv == "Brottsförebyggande rådet (Brå) redovisar inte uppgiften för Polisregion Nord 2025."
    assert "finns inte i det inlästa underlaget" in rebuilt.reason_sv


def test_a_denominator_of_zero_has_no_share():
    row = one(values(bra("handled", 0, **GROSS), bra("cleared_person", 0, **GROSS)), "TMV-B07", GROSS_SERIES)
    assert (row.obs_status, row.reason_sv) == ("not_applicable", "Nämnaren är 0: ej tillämpligt.")
    assert (row.numerator, row.denominator) == (0, 0)
    assert np.isnan(row.value)
    assert np.isnan(row.ci_high)


GROSS_SERIES = "gross_violation_womans_integrity"


@pytest.mark.parametrize("status", ["missing", "not_reported", "withdrawn"])
def test_half_a_share_is_none(status):
    found = values(bra("handled", 12, **GROSS), bra("cleared_person", None, value_status=status, **GROSS))
    row = one(found, "TMV-B07", GROSS_SERIES)
    assert row.obs_status == "missing"
    assert np.isnan(row.value)
    assert row.denominator == 12


def test_what_is_suppressed_hides_value_parts_and_interval():
    hidden = bra("cleared_person", None, value_status="suppressed", value_low=1, value_high=4, **GROSS)
    row = one(values(bra("handled", 12, **GROSS), hidden), "TMV-B07", GROSS_SERIES)
    assert (row.obs_status, row.conf_status) == ("suppressed", "suppressed")
    assert row.reason_sv == "Uppgiften visas inte av sekretesskäl."
    assert row[["numerator", "denominator", "value", "ci_low", "ci_high"]].isna().all()


def test_criteria_that_do_not_apply_are_left_out_of_both_parts():
    found = values(
        steering("plan_made", 1),
        steering("plan_tied_to_goals", 1),
        steering("plan_previous_followed_up", None, value_status="not_applicable"),
    )
    row = one(found, "TMV-S03", "all", "23")
    assert (row.value, row.denominator) == (2, 2)
    assert row.notes_sv == "1 av 3 villkor är inte tillämpliga detta år."


def test_criteria_that_are_unknown_leave_no_value():
    row = one(values(steering("plan_made", 1), steering("plan_tied_to_goals", 1)), "TMV-S03", "all", "23")
    assert row.obs_status == "missing"


def test_a_series_only_has_the_years_it_has():
    found = values(years=(2017, 2018, 2019))
    have = {
        year: set(found[(found.indicator_id == "TMV-B05") & (found.year == year)].series) for year in (2017, 2018, 2019)
    }
    assert have == {
        2017: {"woman_close_relation_indoor"},
        2018: {"woman_close_relation", "woman_close_relation_indoor"},
        2019: {"woman_partner", "man_partner"},
    }


def test_an_indicator_in_development_says_why():
    row = REGISTRY.indicators["TMV-B09"].model_copy(
        update={"id": "TMV-B99", "status": "development", "numerator": [], "denominator": [], "series": []}
    )
    registry = REGISTRY.model_copy(update={"indicators": {**REGISTRY.indicators, "TMV-B99": row}})
    found = one(values(registry=registry), "TMV-B99", "none", "23")
    assert found.obs_status == "not_collected"
    assert found.reason_sv


# --- several years together --------------------------------------------------------------------------------------


def test_three_years_are_added_up_numerators_and_denominators_by_themselves():
    """Nord 2023-2025: 24 + 31 + 35 cleared of 75 + 73 + 79 handled is 39.6 %, not the mean of 32.0, 42.5 and 44.3."""
    row = one(values(*gross_nord()), "TMV-B07", "gross_violation_womans_integrity_3y")
    assert (row.numerator, row.denominator) == (90, 227)
    assert row.value == pytest.approx(39.64757709)
    independent = binomtest(90, 227).proportion_ci(method="wilson")
    assert (row.ci_low, row.ci_high) == pytest.approx((100 * independent.low, 100 * independent.high), rel=1e-12)
    assert (row.first_year, row.year) == (2023, 2025)
    assert one(values(*gross_nord()), "TMV-B07", GROSS_SERIES).first_year == 2025


def test_years_with_one_missing_among_them_have_no_sum():
    rows = [row for row in gross_nord() if row["year"] != 2024]
    assert one(values(*rows), "TMV-B07", "gross_violation_womans_integrity_3y").obs_status == "missing"
    assert one(values(*rows), "TMV-B07", GROSS_SERIES).obs_status == "ok"


def test_years_on_both_sides_of_a_break_are_not_added_up():
    rows = [
        bra(measure, 100, year=year, breakdown="offence:rape")
        for year in range(2020, 2026)
        for measure in ("handled", "cleared_person")
    ]
    found = values(*rows, years=(2023, 2024))
    across, after = (one(found, "TMV-B07", "rape_3y", year=year) for year in (2023, 2024))
    assert across.reason_sv == "Perioden går över ett tidsseriebrott (2022), så åren läggs inte ihop."
    assert across[["value", "numerator", "denominator"]].isna().all()
    assert (after.numerator, after.denominator) == (300, 300)


def test_years_together_are_never_tested_for_a_trend():
    _, trends, *_ = compute(frame(*gross_nord()), REGISTRY, JAMTLAND, (2025,))
    mine = trends[(trends.indicator_id == "TMV-B07") & (trends.area == "Rn01")].set_index("series")
    assert mine.result[GROSS_SERIES] == "up"
    assert mine.result["gross_violation_womans_integrity_3y"] == "cannot_be_calculated"


def test_patients_of_three_years_by_the_population_at_the_start_of_each():
    """10, 20 and 30 of 100 000, 110 000 and 120 000: 60 of 330 000 is 18.2; the years' rates have a mean of 17.7."""
    rows = []
    for year, patients, people in ((2022, 10, 100_000), (2023, 20, 110_000), (2024, 30, 120_000)):
        rows.append(observation("sos_injuries.patients", patients, area="23", year=year))
        rows.append(observation("scb_population.population", people, area="23", year=year - 1))
    row = one(values(*rows, years=(2024,)), "TMV-C05", "all", "23")
    assert (row.numerator, row.denominator) == (60, 330_000)
    assert row.value == pytest.approx(100_000 * 60 / 330_000)
    exact = chi2.ppf([0.025, 0.975], [120, 122]) / 2 / 3.3  # Byar's limits are within a thousandth of the exact ones
    assert (row.ci_low, row.ci_high) == pytest.approx(tuple(exact), rel=1e-3)
    assert (row.first_year, row.ci_method, row.unit) == (2022, "byar", "per 100 000 invånare")


def test_the_first_value_of_three_years_is_waited_for():
    row = one(values(years=(2022,)), "TMV-U08", "all_3y", "23")
    assert row.reason_sv == "Uppgiften samlas in från 2021, så det första värdet av 3 år gäller 2021–2023."


# --- a source's own figure ---------------------------------------------------------------------------------------


def kolada(measure: str, value: float | None, **what: Any) -> dict[str, Any]:
    return observation(f"kolada_kpis.{measure}", value, **{"area": "23", "origin": "live", **what})


def test_a_given_figure_stands_as_the_source_gives_it_with_its_limits():
    found = values(kolada("ntu_assault_share", 3.4, value_low=2.1, value_high=4.7))
    row = one(found, "TMV-F06", "all", "23")
    assert (row.value, row.ci_low, row.ci_high, row.ci_method) == (3.4, 2.1, 4.7, "source")
    assert (row.method, row.unit, row.area_role) == ("given", "procent", "county")
    assert row[["numerator", "denominator"]].isna().all(), "nothing of ours is behind it"
    assert one(found, "TMV-F06", "all", "2380").obs_status == "missing"


def test_a_given_figure_without_limits_has_no_interval():
    row = one(values(kolada("pregnancy_screening_share", 96.2)), "TMV-U01", "all", "23")
    assert row.value == 96.2
    assert row[["ci_low", "ci_high", "ci_method"]].isna().all()
    assert one(values(kolada("ntu_assault_share", 3.4)), "TMV-F06", "all", "23")[["ci_low", "ci_high"]].isna().all()


def test_a_given_figure_that_its_source_hides_is_hidden_with_its_limits():
    hidden = kolada("ntu_assault_share", None, value_status="suppressed", value_low=1, value_high=4)
    row = one(values(hidden), "TMV-F06", "all", "23")
    assert row.obs_status == "suppressed"
    assert row[["value", "ci_low", "ci_high"]].isna().all()


def test_a_given_figure_is_not_multiplied_and_has_its_own_unit_beside_the_indicator_s():
    """TMV-B04 is per 10 000 children; Kolada's violence against children is per 100 000 inhabitants."""
    row = one(
        values(kolada("reported_violence_child_indoor_rate", 120.0, area="2380")), "TMV-B04", "violence_indoor", "2380"
    )
    assert (row.value, row.unit) == (120.0, "per 100 000 invånare")


def test_the_given_figures_of_a_survey_are_not_tested_for_a_trend():
    """Two years' answers are pooled, so that neighbouring years share them."""
    rows = [
        kolada(
            "ntu_assault_share", 3.0 + year - 2021, year=year, value_low=2.9 + year - 2021, value_high=3.1 + year - 2021
        )
        for year in range(2021, 2026)
    ]
    _, trends, *_ = compute(frame(*rows), REGISTRY, JAMTLAND, (2025,))
    mine = trends[(trends.indicator_id == "TMV-F06") & (trends.area == "23")]
    assert list(mine.result) == ["cannot_be_calculated"]


# --- series that are made their own way --------------------------------------------------------------------------


def test_reported_offences_are_given_as_number_rate_and_bra_s_own_rate():
    what = {"breakdown": "offence:gross_violation_womans_integrity"}
    found = values(
        observation("bra_reported_offences.reported", 13, area="2380", **what),
        observation("bra_reported_offences.reported", 100, area="Rn01", **what),
        observation("bra_reported_offences.reported_per_100000", 11, area="Rn01", **what),
        observation("scb_population.population", 65_000, area="2380", year=2024),
    )
    rate = one(found, "TMV-B02", "rate", "2380")
    assert (rate.value, rate.denominator, rate.unit, rate.decimals) == (20.0, 65_000, "per 100 000 invånare", 1)
    number = one(found, "TMV-B02", "reported", "2380")
    assert (number.value, number.unit, number.decimals) == (13, "brott", 0)
    assert np.isnan(number.denominator)
    assert one(found, "TMV-B02", "reported").value == 100
    assert one(found, "TMV-B02", "rate_bra").value == 11
    mine = found[found.indicator_id == "TMV-B02"]
    assert set(mine[mine.series == "rate"].area_role) == {"benchmark", "kommun"}, "no population of a police region"
    assert "county" not in set(mine.area_role), "municipalities do not add up to the county"


def survey(measure: str, value: float | None, **what: Any) -> dict[str, Any]:
    told = {"area": "23", "sex": "M", "breakdown": "comparison:talks_assessed", "mark": "derived", **what}
    return observation(f"sos_open_comparisons.{measure}", value, **told)


def test_municipalities_that_say_yes_are_a_share_of_those_that_answered():
    """5 of 7 answers are yes and one of the eight is silent: 5, 7 and 71 %, with the word that it is an estimate."""
    found = values(
        survey("yes", 5, value_status="estimate", value_low=5, value_high=6),
        survey("answered", 7),
        survey("yes", 1, area="2380", mark="direct"),
        survey("yes", None, area="2303", mark="direct", value_status="not_reported"),
    )
    rows = {name: one(found, "TMV-F03", name, "23") for name in ("men", "men_share", "answered", "women")}
    assert [rows[name].value for name in ("men", "answered")] == [5, 7]
    assert (rows["men"].unit, rows["men"].decimals, rows["men_share"].unit) == ("kommuner", 0, "procent")
    assert rows["men_share"].value == pytest.approx(100 * 5 / 7)
    assert "Uppskattad" in rows["men"].notes_sv
    assert rows["women"].obs_status == "missing"
    assert one(found, "TMV-F03", "men", "2380").value == 1
    silent = one(found, "TMV-F03", "men", "2303")
    assert (silent.obs_status, np.isnan(silent.value)) == ("missing", True), "a municipality that is silent says no no"


MUNICIPALITIES = [party for party in JAMTLAND.parties if party.role == "kommun"]


def social(measure: str, *counts: float | None) -> list[dict[str, Any]]:
    """Return what the eight municipalities delivered of adults, both sexes together."""
    return [
        observation(f"E06.{measure}", count, area=party.area, party=party.code, age="18+", origin="example")
        for party, count in zip(MUNICIPALITIES, counts, strict=True)
    ]


def revealed(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return the values as the disclosure control has them."""
    return compute(frame(*rows), REGISTRY, JAMTLAND, (2025,), reveal=True).values


def test_a_share_has_another_denominator_than_the_rate_and_may_exceed_100():
    """96 adults with an intervention, 80 of them referred this year: 120 %, not capped, without an interval."""
    found = revealed(
        *social("any_intervention", *[12.0] * 8),
        *social("referred", *[10.0] * 8),
        observation("scb_population.population", 96_000, area="23", age="18+", year=2024),
    )
    rate, share = one(found, "TMV-U06", "rate", "23"), one(found, "TMV-U06", "share", "23")
    assert (rate.numerator, rate.denominator, rate.value, rate.unit) == (96, 96_000, 10.0, "per 10 000 vuxna")
    assert (share.numerator, share.denominator, share.value, share.unit) == (96, 80, 120.0, "procent")
    assert np.isnan(share.ci_high)
    assert "större än nämnaren" in share.notes_sv
    assert one(found, "TMV-U05", "rate", "23").value == pytest.approx(80 / 9.6)
    assert one(found, "TMV-U06", "share", "2380").value == 120.0


def test_first_risk_assessments_are_given_party_by_party_and_never_added():
    rows = [*social("risk_offered", *[6.0] * 8), *social("risk_done", *[3.0] * 8), *social("referred", *[10.0] * 8)]
    what = {"area": "23", "party": "POL", "origin": "example"}
    rows += [observation("E04.cases_assessed", 40, **what), observation("E04.cases", 100, **what)]
    found = revealed(*rows)
    shares = {
        name: one(found, "TMV-U04", name, "23")
        for name in ("social_services_offered", "social_services_done", "police_done")
    }
    assert [row.value for row in shares.values()] == [60.0, 30.0, 40.0]
    assert one(found, "TMV-U04", "health_care_offered", "23").obs_status == "missing"


@pytest.mark.parametrize("reveal", [False, True])
def test_a_value_of_small_counts_that_lacks_a_part_tells_nothing_of_the_other(reveal):
    """Without the population there is no rate, and no number of persons beside the words that it is missing."""
    rows = frame(*social("referred", *[10.0] * 8))
    row = one(compute(rows, REGISTRY, JAMTLAND, (2025,), reveal=reveal).values, "TMV-U05", "rate", "23")
    assert row.obs_status == "missing"
    assert row[["numerator", "denominator", "value"]].isna().all()


# --- what travels with a value -----------------------------------------------------------------------------------


def test_a_value_inherits_from_all_its_figures():
    later = KNOWN + pd.Timedelta(days=3)
    found = values(
        bra("handled", 79, status="P", known_from=later, capture_id="b/1", origin="live", **GROSS),
        bra("cleared_person", 35, mark="derived", capture_id="a/1", **GROSS),
    )
    row = one(found, "TMV-B07", GROSS_SERIES)
    assert row.preliminary
    assert row.known_from == later
    assert row.captures == "a/1|b/1"
    assert row.origin == "reconstructed"
    assert row.marks == "derived"
    assert not row.is_example


def test_an_estimate_is_a_value_that_says_so():
    found = values(steering("meetings_ordinary", 3, value_status="estimate", value_low=3, value_high=4))
    row = one(found, "TMV-S01", "ordinary", "23")
    assert row.value == 3
    assert "Uppskattad" in row.notes_sv


def test_breaks_are_flagged_in_the_first_year_of_the_new():
    found = values(
        *(
            bra(measure, 10, year=year, **PURCHASE)
            for year in (2024, 2025)
            for measure in ("handled", "cleared_person")
        ),
        years=(2024, 2025),
    )
    flagged = {row.year: row for row in found[(found.indicator_id == "TMV-B09") & (found.area == "Rn01")].itertuples()}
    assert flagged[2025].break_before
    assert "köp av sexuell handling" in flagged[2025].notes_sv
    assert not flagged[2024].break_before
    assert one(values(years=(2025,)), "TMV-C01", "all", "23").break_before, "SCB's noise from 2025"
    assert not one(values(years=(2019,)), "TMV-B05", "woman_partner").break_before, "nothing stands before 2019"
    assert one(values(years=(2023,)), "TMV-B05", "woman_partner").break_before


def test_two_rows_for_one_key_are_refused():
    with pytest.raises(ValueError, match="two observations"):
        values(bra("handled", 1, **GROSS), bra("handled", 2, **GROSS))


# --- trends ------------------------------------------------------------------------------------------------------

#: Polisregion Nord, gross violation of a woman's integrity (Brå, Table 300): handled and cleared.
GROSS_NORD = {
    2015: (137, 32), 2016: (137, 35), 2017: (115, 26), 2018: (117, 36), 2019: (89, 28), 2020: (85, 29),
    2021: (90, 19), 2022: (85, 26), 2023: (75, 24), 2024: (73, 31), 2025: (79, 35),
}  # fmt: skip


def gross_nord() -> list[dict[str, Any]]:
    return [
        bra(measure, value, year=year, **GROSS)
        for year, pair in GROSS_NORD.items()
        for measure, value in zip(("handled", "cleared_person"), pair, strict=True)
    ]


def test_a_real_series_is_tested_on_the_five_years_before():
    _, trends, _, _ = compute(frame(*gross_nord()), REGISTRY, JAMTLAND, (2019, 2025))
    mine = trends[(trends.indicator_id == "TMV-B07") & (trends.series == GROSS_SERIES) & (trends.area == "Rn01")]
    mine = mine.set_index("year")
    assert mine.result.to_dict() == {2019: "no_change", 2025: "up"}
    assert mine.chi2[2025] > 9.54953570608324
    assert mine.slope[2025] > 0
    assert mine.test[2025] == "five_point_trend"


@pytest.mark.scorecard(38, "no trend is tested across a declared break")
def test_no_trend_is_tested_across_a_break_or_without_an_interval():
    rape = {"breakdown": "offence:rape"}
    rows = [
        bra(measure, value, year=year, **rape)
        for year, pair in {
            2021: (887, 187),
            2022: (795, 137),
            2023: (836, 136),
            2024: (875, 153),
            2025: (1030, 201),
        }.items()
        for measure, value in zip(("handled", "cleared_person"), pair, strict=True)
    ]
    _, trends, _, _ = compute(frame(*rows), REGISTRY, JAMTLAND, (2025,))
    trends = trends[trends.area.isin(["Rn01", "23"])].set_index(["indicator_id", "series", "party"])
    rape_trend = trends.loc[("TMV-B07", "rape", "-")]
    assert rape_trend.result == "cannot_be_calculated"
    assert rape_trend.reason_sv == "Serien har ett tidsseriebrott 2022."
    assert "inget osäkerhetsintervall" in trends.loc[("TMV-S01", "ordinary", "-")].reason_sv
    assert trends[trends.result == "cannot_be_calculated"].reason_sv.str.len().gt(5).all()
    assert trends[trends.result == "cannot_be_calculated"].chi2.isna().all()


# --- form --------------------------------------------------------------------------------------------------------


def test_the_columns_are_the_contract():
    found, trends, _, _ = compute(frame(), REGISTRY, JAMTLAND, (2025,))
    assert list(found.columns) == VALUE_COLUMNS
    assert list(trends.columns) == TREND_COLUMNS
    assert found.known_from.dtype == "datetime64[us, UTC]"
    assert {found[name].dtype for name in ("numerator", "denominator", "value", "ci_low", "ci_high")} == {
        np.dtype(float)
    }


def test_needed_measures_are_those_of_the_series():
    needed = measures_of(REGISTRY, JAMTLAND)
    assert "bra_handled_offences.prosecution_base" in needed
    assert "bra_handled_offences.investigated" not in needed
    assert "E02.meetings_extra" in needed


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_observations_does_not_matter(random):
    rows = [*gross_nord(), *activities(GRID), steering("seats_head", 17), steering("seats_total", 24)]
    expected = compute(frame(*rows), REGISTRY, JAMTLAND, (2024, 2025))
    random.shuffle(rows)
    found = compute(frame(*rows), REGISTRY, JAMTLAND, (2025, 2024))
    assert expected.parts == found.parts
    for before, after in zip(expected[:3], found[:3], strict=True):
        pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_a_year_computed_alone_equals_the_same_year_computed_with_others():
    rows = frame(*gross_nord())
    alone, together = (compute(rows, REGISTRY, JAMTLAND, years) for years in ((2023,), range(2015, 2026)))
    for small, large in zip(alone[:3], together[:3], strict=True):
        large = large[large.year == 2023].reset_index(drop=True)
        pd.testing.assert_frame_equal(small, large, check_exact=True)
