"""The indicators on the figures that the project ships: real ones of Brå and SCB, invented ones of the parties."""

import re
from importlib import import_module

import pandas as pd
import pytest
import yaml

from include import settings
from include.archive.store import Archive
from include.check.corrections import correct
from include.measure.compute import Computed, compute
from include.registry.models import Indicator
from include.registry.read import registry as read_registry

REGISTRY = read_registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
YEARS = range(2015, 2026)


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    """Return what the latest capture of each part says, read by its source's own reader and corrected as declared."""
    archive = Archive(settings.bundle_url())
    frames = []
    for source in REGISTRY.sources.values():
        read = import_module(f"include.check.readers.{source.reader}").read
        latest = {manifest.part: manifest for manifest in archive.manifests(source.id)}
        for manifest in latest.values():
            result = read(archive.read(manifest.capture_id), manifest, source, REGISTRY)
            result, _ = correct(result, [c for c in REGISTRY.corrections.values() if c.source == source.id])
            table = result.table.to_pandas()
            lineage = {"capture_id": manifest.capture_id, "origin": manifest.origin, "known_from": manifest.captured_at}
            frames.append(table.assign(**lineage))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def bundled(observations: pd.DataFrame) -> Computed:
    """Return the values and trends of all years."""
    return compute(observations, REGISTRY, JAMTLAND, YEARS)


def row(values: pd.DataFrame, indicator: str, series: str, year: int, area: str = "Rn01") -> pd.Series:
    chosen = values[
        (values.indicator_id == indicator)
        & (values.series == series)
        & (values.year == year)
        & (values.area == area)
        & (values.party == "-")
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_assault_by_a_partner_in_region_nord(bundled):
    """2025: 1 578 handled, 11.21673004 % cleared, 12.98606016 % prosecuted (Table 300, re-issued 2026-07-07)."""
    values, *_ = bundled
    clearance = row(values, "TMV-B05", "woman_partner", 2025)
    assert (clearance.numerator, clearance.denominator) == (177, 1578)
    assert clearance.value == pytest.approx(11.21673004, abs=5e-9)
    assert (clearance.ci_low, clearance.ci_high) == pytest.approx((9.75294, 12.868889), abs=5e-7)
    assert (clearance.area_role, clearance.marks, clearance.origin) == ("proxy", "derived", "reconstructed")
    prosecution = row(values, "TMV-B06", "woman_partner", 2025)
    assert (prosecution.numerator, prosecution.denominator) == (177, 1363)
    assert prosecution.value == pytest.approx(12.98606016, abs=5e-9)


def test_purchases_of_sexual_services_in_2018(bundled):
    """101 handled, 93 investigated, 68 cleared."""
    values, *_ = bundled
    assert row(values, "TMV-B09", "cleared", 2018).value == 68
    share = row(values, "TMV-B09", "share", 2018)
    assert (share.numerator, share.denominator) == (68, 101)
    assert share.value == pytest.approx(67.32673267, abs=5e-9)


@pytest.mark.parametrize(
    ("indicator", "series", "area", "year", "printed"),
    [
        ("TMV-B05", "woman_close_relation_indoor", "Rn01", 2015, 17.58241758),
        ("TMV-B05", "woman_close_relation", "Rn01", 2018, 17.78350515),
        ("TMV-B05", "woman_close_relation_indoor", "Rn01", 2018, 18.32208293),
        ("TMV-B06", "woman_close_relation", "00", 2018, 14.91061867),
        ("TMV-B05", "woman_close_relation_indoor", "00", 2016, 15.95884991),
        ("TMV-B05", "man_partner", "Rn01", 2019, 6.70103093),
        ("TMV-B07", "gross_violation_womans_integrity", "Rn01", 2024, 42.46575342),
        ("TMV-B07", "rape", "Rn01", 2022, 17.2327044),
        ("TMV-B07", "rape_woman", "Rn01", 2025, 14.8020654),
        ("TMV-B09", "share", "00", 2025, 51.94312796),
    ],
)
def test_shares_equal_the_percentages_that_the_producer_prints(bundled, indicator, series, area, year, printed):
    assert row(bundled[0], indicator, series, year, area).value == pytest.approx(printed, abs=5e-9)


def test_population_keeps_its_marks_and_its_gaps(bundled):
    values, *_ = bundled
    assert row(values, "TMV-C01", "all", 2024, "23").obs_status == "ok"
    assert row(values, "TMV-C01", "women", 2020, "23").value == 64591
    assert row(values, "TMV-C01", "women", 2020, "23").marks == "derived"
    gap = row(values, "TMV-C01", "all", 2023, "23")
    assert gap.obs_status == "missing"
    assert gap.reason_sv == (
        "Statistiska centralbyrån (SCB): uppgiften för Jämtlands län 2023 finns inte i det inlästa underlaget."
    )


def test_every_indicator_that_is_fed_has_a_value_for_every_year_that_is_followed_up(bundled):
    """Small counts have theirs where the loader alone reads, wherever every party has delivered."""
    values, _, restricted = bundled
    for indicator in REGISTRY.indicators.values():
        mine = values[(values.indicator_id == indicator.id) & (values.obs_status == "ok")]
        kept = restricted[restricted.indicator_id == indicator.id]
        expected = set(JAMTLAND.years()) & set(YEARS) if indicator.status == "active" else set()
        if indicator.id == "TMV-C04":
            continue  # it is made of the deliveries themselves, not of what they say
        if indicator.suppression == "small_counts":
            assert mine.empty, indicator.id
            assert bool(expected) == (not kept.empty), indicator.id
            continue
        assert kept.empty, indicator.id
        assert expected <= set(mine.year), indicator.id
        assert expected or mine.empty, indicator.id


def _owners(indicator: Indicator) -> set[str]:
    return {each.measure.partition(".")[0] for each in indicator.numerator}


def test_what_rests_on_example_deliveries_says_so_and_nothing_else_does(bundled):
    values, *_ = bundled
    with_value = values[values.obs_status == "ok"]
    of_parties = [i.id for i in REGISTRY.indicators.values() if _owners(i) & REGISTRY.extracts.keys()]
    from_parties = with_value.indicator_id.isin(of_parties)
    assert (with_value.is_example == from_parties).all()
    assert with_value.origin.isin(["reconstructed", "example"]).all()
    assert with_value.captures.str.len().gt(0).all()
    assert with_value.known_from.notna().all()


def test_only_comparable_years_are_tested_for_a_trend(bundled):
    """In 2025 only gross violation of a woman's integrity has five years without a break behind it."""
    _, trends, *_ = bundled
    tested = trends[(trends.year == 2025) & (trends.result != "cannot_be_calculated")]
    tested = tested[tested.indicator_id.isin(["TMV-B05", "TMV-B06", "TMV-B07", "TMV-B09"])]
    assert set(tested.indicator_id + " " + tested.series) == {"TMV-B07 gross_violation_womans_integrity"}
    assert set(zip(tested.area, tested.result, strict=True)) == {("Rn01", "up"), ("00", "up")}


def test_no_row_is_given_twice(bundled):
    values, trends, *_ = bundled
    assert not values.duplicated(["indicator_id", "series", "area", "year", "sex", "age", "party", "breakdown"]).any()
    assert not trends.duplicated(["indicator_id", "series", "area", "sex", "age", "party", "year"]).any()


def test_the_indicator_of_the_guide_is_one_file_and_gives_the_value_that_the_guide_says(observations):
    guide = (settings.ROOT / "docs" / "adding_an_indicator.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", guide, flags=re.DOTALL)
    indicator = Indicator.model_validate(yaml.safe_load(text))
    registry = REGISTRY.model_copy(update={"indicators": {**REGISTRY.indicators, indicator.id: indicator}})
    values, _, _, _ = compute(observations, registry, JAMTLAND, (2025,))
    (said,) = re.findall(rf'\("{indicator.id}", "all", "Rn01", 2025, ([0-9.]+)\)', guide)
    found = row(values, indicator.id, "all", 2025)
    assert found.value == float(said)
    assert (found.numerator, found.denominator) == (2, 8)
