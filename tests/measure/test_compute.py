"""Indicator values worked out by hand: what they are made of, and what is said when they cannot be made."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from include.measure.compute import VALUE_COLUMNS, compute, measures_of
from include.measure.trends import TREND_COLUMNS
from include.registry.models import Registry, Selection
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
        for role in indicator.areas if indicator.series else ["county"]:
            assert set(mine[mine.area_role == role].year) == set(range(2015, 2026)), (indicator.id, role)
    assert (found.obs_status != "ok").all()
    assert found.value.isna().all()
    assert found.reason_sv.str.len().gt(5).all()


def test_says_when_there_was_no_delivery():
    row = one(values(), "TMV-S01", "ordinary", "23")
    assert row.obs_status == "missing"
    assert row.reason_sv == (
        "Ingen leverans av E02 (Ledningsgruppens sammanträden, närvaro och handlingsplan) för 2025."
    )


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
    for before, after in zip(expected, found, strict=True):
        pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_a_year_computed_alone_equals_the_same_year_computed_with_others():
    rows = frame(*gross_nord())
    alone, together = (compute(rows, REGISTRY, JAMTLAND, years) for years in ((2023,), range(2015, 2026)))
    for small, large in zip(alone, together, strict=True):
        large = large[large.year == 2023].reset_index(drop=True)
        pd.testing.assert_frame_equal(small, large, check_exact=True)
