"""The registry's indicators are the catalogue, say what they must, and never draw a target that nobody set."""

import re

import pytest

from include.measure.breaks import break_texts
from include.measure.compute import indicators_of, measures_of
from include.registry.read import measures
from include.registry.read import registry as read_registry

REGISTRY = read_registry()
INDICATORS = list(REGISTRY.indicators.values())
FED = [each for each in INDICATORS if each.status == "active"]
NEUTRAL = {
    *("F01", "F05", "U03", "U05", "U06", "U08", "U10", "B01", "B02", "B03", "B04", "B08", "B10", "B11", "B12", "K03"),
    *("C01", "C03"),
}


def test_the_whole_catalogue_is_there():
    """40 indicators and 5 context measures, each under its own id; more may be added."""
    catalogue = {
        f"TMV-{theme}{number:02}"
        for theme, last in {"F": 7, "U": 10, "B": 13, "K": 5, "S": 5, "C": 5}.items()
        for number in range(1, last + 1)
    }
    assert len(catalogue) == 45
    assert catalogue <= set(REGISTRY.indicators)


def test_what_is_fed():
    assert {each.id[4:] for each in FED} >= {"B05", "B06", "B07", "B09", "C01", "F01", "S01", "S02", "S03", "S04"}


def test_what_is_not_fed_says_why():
    for indicator in INDICATORS:
        assert (indicator.not_yet is None) == (indicator.status == "active"), indicator.id
        assert bool(indicator.series) == (indicator.status == "active"), indicator.id


def test_neutral_indicators_have_no_direction():
    """More reports can be better detection: such an indicator is never better or worse."""
    assert {each.id[4:] for each in INDICATORS if each.direction == "0"} >= NEUTRAL


def test_only_the_text_and_a_national_goal_are_targets_that_may_be_drawn():
    targets = {each.id[4:]: (each.target.value, each.target.origin) for each in INDICATORS if each.target}
    assert targets == {
        "S01": (4, "text"),
        "S03": (3, "text"),
        "S02": (100, "text_universal"),
        "U02": (100, "text_universal"),
        "U04": (100, "text_universal"),
        "K01": (100, "text_universal"),
        "K02": (100, "text_universal"),
        "U01": (95, "national"),
        "C04": (100, "internal"),
    }


def test_the_clearance_and_the_prosecution_rate_are_read_together():
    clearance, prosecution = REGISTRY.indicators["TMV-B05"], REGISTRY.indicators["TMV-B06"]
    assert "TMV-B06" in clearance.read_with
    assert "TMV-B05" in prosecution.read_with
    assert clearance.series == prosecution.series
    assert [each.measure for each in prosecution.denominator] == ["bra_handled_offences.prosecution_base"]


@pytest.mark.parametrize(
    ("indicator", "series", "years"),
    [
        ("TMV-B05", "woman_partner", {2020, 2023}),
        ("TMV-B06", "man_partner", {2020, 2023}),
        ("TMV-B05", "woman_close_relation_indoor", {2019}),
        ("TMV-B07", "gross_violation_womans_integrity", set()),
        ("TMV-B07", "rape", {2018, 2019, 2022}),
        ("TMV-B07", "rape_man", {2022}),
        ("TMV-B09", "share", {2025}),
        ("TMV-C01", "all", {2025}),
    ],
)
def test_breaks_of_a_series(indicator, series, years):
    chosen = REGISTRY.indicators[indicator]
    one = next(each for each in chosen.series if each.id == series)
    assert set(break_texts(chosen, one, REGISTRY)) == years


def test_figures_by_police_region_stand_in_for_the_county_and_are_compared_with_the_country():
    for indicator in FED:
        if any(each.measure.startswith("bra_") for each in indicator.numerator):
            assert indicator.areas == ["proxy", "benchmark"], indicator.id
        else:
            assert "proxy" not in indicator.areas, indicator.id


def test_only_shares_of_independent_events_are_tested_for_a_trend():
    """Counts of all have no interval; purchases of sex come by police operation."""
    assert not REGISTRY.indicators["TMV-B09"].trend
    assert all(each.interval != "none" for each in FED if each.trend)


def test_texts_are_written_for_readers():
    for indicator in INDICATORS:
        texts = [indicator.name, indicator.definition, *indicator.caveats, *(gap.text for gap in indicator.breaks)]
        for text in filter(None, [*texts, indicator.why, indicator.not_yet]):
            assert not re.search(r"\s\s|^\s|\s$", text.sv), (indicator.id, text.sv)
            assert text.sv != text.en, indicator.id
        for text in filter(None, [indicator.definition, indicator.why, indicator.not_yet, *indicator.caveats]):
            assert text.sv.endswith("."), (indicator.id, text.sv)
            assert text.en.endswith("."), (indicator.id, text.en)


def test_every_measure_needed_exists():
    for agreement in REGISTRY.agreements.values():
        assert len(indicators_of(REGISTRY, agreement)) == len(INDICATORS)
        assert set(measures_of(REGISTRY, agreement)) <= set(measures(REGISTRY))
