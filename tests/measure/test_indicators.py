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


def test_only_what_has_no_source_is_in_development():
    """Lethal violence has no source that is connected, and the cost of the agreement's text is no measurement."""
    assert {each.id[4:] for each in INDICATORS if each.status != "active"} == {"C02", "C03"}


def test_what_is_in_development_says_why():
    for indicator in INDICATORS:
        assert (indicator.not_yet is None) == (indicator.status == "active"), indicator.id
        assert bool(indicator.series) == (indicator.status == "active"), indicator.id


def test_every_indicator_says_what_it_tells_of_the_goal_and_what_to_mind():
    for indicator in INDICATORS:
        assert indicator.why is not None, indicator.id
        assert indicator.caveats, indicator.id


def test_the_cost_of_the_agreement_s_text_is_told_but_never_a_value():
    cost = REGISTRY.indicators["TMV-C03"]
    assert "516 miljoner kronor" in cost.definition.sv
    assert "EIGE 2014" in cost.caveats[0].sv
    assert not cost.selections
    assert not cost.trend


def test_lethal_violence_has_no_series_of_single_years():
    assert {each.pool for each in REGISTRY.indicators["TMV-C02"].series} <= {10}


@pytest.mark.parametrize(("reported", "told"), [("B01", "F06"), ("B03", "F07"), ("U05", "F06")])
def test_what_is_reported_is_read_with_what_people_say_themselves(reported, told):
    """Rising reports with flat exposure is better detection; alone they look like more violence."""
    one, other = REGISTRY.indicators[f"TMV-{reported}"], REGISTRY.indicators[f"TMV-{told}"]
    assert other.id in one.read_with
    assert one.id in other.read_with


@pytest.mark.parametrize("name", ["B10", "B11", "B12", "B13", "F05", "U08", "U09"])
def test_what_is_mostly_too_few_a_year_is_given_for_three_years_together_too(name):
    indicator = REGISTRY.indicators[f"TMV-{name}"]
    three = next(each for each in indicator.series if each.id == "all_3y")
    assert (three.pool, "tre år tillsammans" in three.label.sv) == (3, True)
    first = indicator.series[0]
    assert indicator.of(three).selections[:1] == indicator.of(first).selections[:1], "the same, but of more years"


def test_the_open_comparisons_are_given_as_yes_beside_those_that_answered():
    """x of 8 (y answered): for the county how many said yes, how many answered, and the share; elsewhere 1 or 0."""
    for name in ("F03", "F04", "U07", "K04", "K05", "S05"):
        indicator = REGISTRY.indicators[f"TMV-{name}"]
        made = {each.id: indicator.of(each) for each in indicator.series}
        for series in indicator.series:
            own = made[series.id]
            assert series.breakdown[0].startswith("comparison:"), name
            if series.id == "answered":
                assert [each.measure for each in own.numerator] == ["sos_open_comparisons.answered"]
            else:
                assert [each.measure for each in own.numerator] == ["sos_open_comparisons.yes"]
            if own.value == "share":
                assert [each.measure for each in own.denominator] == ["sos_open_comparisons.answered"]
            assert ("kommun" in own.areas) == (own.value == "count" and series.id != "answered"), (name, series.id)
        shares = {each.removesuffix("_share") for each in made if each.endswith("_share")}
        assert shares == set(made) - {f"{each}_share" for each in shares} - {"answered"}, name
        assert indicator.suppression == "public_source"


def test_a_figure_of_kolada_or_bra_s_own_is_given_and_stands_only_where_the_source_has_it():
    """Key figures of municipalities alone have none for the county or the country; those of regions none for them."""
    places = {
        ("F06", "all"): {"county", "benchmark", "kommun"},
        ("F07", "all"): {"county", "benchmark", "kommun"},
        ("U01", "all"): {"county", "benchmark"},
        ("U05", "rate_kolada"): {"kommun"},
        ("U06", "rate_kolada"): {"kommun"},
        ("B01", "woman_indoor_known"): {"kommun"},
        ("B02", "rate_bra"): {"proxy", "benchmark"},
        ("B03", "rate_bra"): {"proxy", "benchmark"},
        ("B04", "violence_indoor"): {"kommun"},
        ("B04", "violence_outdoor"): {"kommun"},
    }
    made = {(i.id[4:], each.id): i.of(each) for i in INDICATORS for each in i.series}
    assert {key: set(own.areas) for key, own in made.items() if own.value == "given"} == places


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
        ("TMV-B03", "reported", {2015, 2018, 2022}),
        ("TMV-B02", "rate", {2015, 2026}),  # the population of the year before: its noise begins a year later
        ("TMV-B04", "witnessed", set()),  # 2022 is the first whole year, so nothing stands before it
        ("TMV-S05", "police", {2024}),
        ("TMV-U07", "municipalities", set()),
        ("TMV-C05", "all", {2026}),
    ],
)
def test_breaks_of_a_series(indicator, series, years):
    chosen = REGISTRY.indicators[indicator]
    one = next(each for each in chosen.series if each.id == series)
    assert set(break_texts(chosen, one, REGISTRY)) == years


def test_figures_by_police_region_stand_in_for_the_county_and_are_compared_with_the_country():
    for indicator in FED:
        owners = {each.measure.partition(".")[0] for each in indicator.numerator}
        if owners == {"bra_handled_offences"}:
            assert indicator.areas == ["proxy", "benchmark"], indicator.id
        elif owners == {"bra_reported_offences"}:  # there is no county figure, and municipalities do not add up to one
            assert indicator.areas == ["proxy", "benchmark", "kommun"], indicator.id
        else:
            assert "proxy" not in indicator.areas, indicator.id


def test_only_shares_of_independent_events_are_tested_for_a_trend():
    """Counts of all have no interval; purchases of sex come by police operation."""
    for several_in_one_case in ("B03", "B04", "B08", "B09"):
        assert not REGISTRY.indicators[f"TMV-{several_in_one_case}"].trend
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
