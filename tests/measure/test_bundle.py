"""The indicators on the figures that the project ships: real ones of Brå and SCB, invented ones of the parties."""

import re
import shutil
from importlib import import_module

import pandas as pd
import pytest
import yaml

from include import settings
from include.archive.store import Archive
from include.check.corrections import correct
from include.measure.compute import Computed, compute
from include.registry.models import Indicator
from include.registry.read import FOLDER, read
from include.registry.read import registry as read_registry

REGISTRY = read_registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
YEARS = range(2015, 2026)
MUNICIPALITIES = [party for party in JAMTLAND.parties if party.role == "kommun"]


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


#: Sources that nothing is bundled of for the years followed up: no published figures were found to put together.
WITHOUT_FIGURES = {"kolada_kpis", "sos_open_comparisons", "sos_injuries", "bra_reported_offences"}


def test_every_indicator_that_is_fed_has_a_value_for_every_year_that_is_followed_up(bundled):
    """Small counts have theirs where the loader alone reads, wherever every party has delivered."""
    values, _, restricted, _ = bundled
    for indicator in REGISTRY.indicators.values():
        mine = values[(values.indicator_id == indicator.id) & (values.obs_status == "ok")]
        kept = restricted[restricted.indicator_id == indicator.id]
        expected = set(JAMTLAND.years()) & set(YEARS)
        if indicator.id == "TMV-C04":
            continue  # it is made of the deliveries themselves, not of what they say
        if indicator.suppression == "small_counts":
            assert mine.empty, indicator.id
            assert not kept.empty, indicator.id
            continue
        assert kept.empty, indicator.id
        if indicator.status != "active":
            assert mine.empty, indicator.id
        elif not _owners(indicator) <= WITHOUT_FIGURES:
            assert expected <= set(mine.year), indicator.id


def test_every_indicator_of_the_catalogue_has_for_2025_a_value_or_the_reason_why_not(bundled):
    """No series is left without a word, in any area that it is given for."""
    values = bundled.values[bundled.values.year == 2025]
    for indicator in REGISTRY.indicators.values():
        mine = values[values.indicator_id == indicator.id]
        series = [each for each in indicator.series if (each.last_year or 2025) >= 2025]
        expected = {(each.id, role) for each in series for role in indicator.of(each).areas} or {("none", "county")}
        assert set(zip(mine.series, mine.area_role, strict=True)) == expected, indicator.id
        said = mine[mine.obs_status != "ok"]
        assert said.reason_sv.str.len().gt(15).all(), indicator.id
        assert said.value.isna().all(), indicator.id
        assert mine[mine.obs_status == "ok"].value.notna().all(), indicator.id


@pytest.mark.parametrize(
    ("indicator", "series", "area", "reason"),
    [
        ("TMV-F03", "men", "23", "Socialstyrelsen: inga uppgifter inlästa för Jämtlands län 2025."),
        (
            "TMV-U01",
            "all",
            "00",
            "Kolada (Rådet för främjande av kommunala analyser, RKA): inga uppgifter inlästa för Riket",
        ),
        ("TMV-B02", "rate", "2380", "Brottsförebyggande rådet (Brå): inga uppgifter inlästa för Östersund 2025."),
        ("TMV-C02", "none", "23", "Källan är Brås statistik över konstaterade fall av dödligt våld."),
        ("TMV-C03", "none", "23", "Uppgiften är inte uppmätt i länet"),
    ],
)
def test_reasons_are_those_of_what_is_lacking(bundled, indicator, series, area, reason):
    assert row(bundled.values, indicator, series, 2025, area).reason_sv.startswith(reason)


@pytest.mark.parametrize(
    ("series", "year", "cleared", "handled"),
    [
        ("gross_violation_womans_integrity_3y", 2025, 24 + 31 + 35, 75 + 73 + 79),
        ("rape_3y", 2025, 136 + 153 + 201, 836 + 875 + 1030),
        ("rape_woman_3y", 2024, 174, 398 + 444 + 494),
        ("rape_man_3y", 2025, 3, 61),
    ],
)
def test_three_years_together_in_region_nord(bundled, series, year, cleared, handled):
    """The years' numbers as Table 300 has them, added by hand."""
    found = row(bundled.values, "TMV-B07", series, year)
    assert (found.numerator, found.denominator, found.first_year) == (cleared, handled, year - 2)
    assert found.value == pytest.approx(100 * cleared / handled)


def test_rapes_reported_in_the_country_are_those_that_bra_gives(bundled):
    """5 918 in 2015 and 6 563 in 2016 (SOL), of the 9 851 017 inhabitants that began 2016: 66.6 per 100 000."""
    values = bundled.values
    assert row(values, "TMV-B03", "reported", 2015, "00").value == 5918
    rate = row(values, "TMV-B03", "rate", 2016, "00")
    assert (rate.numerator, rate.denominator) == (6563, 9_851_017)
    assert rate.value == pytest.approx(66.6226, abs=5e-5)
    assert (rate.origin, rate.is_example) == ("reconstructed", False)


def test_the_municipalities_with_a_decision_are_those_that_say_so(bundled):
    values = bundled.values
    county = row(values, "TMV-F02", "all", 2025, "23").value
    assert county == sum(row(values, "TMV-F02", "all", 2025, party.area).value for party in MUNICIPALITIES)


def test_rates_of_persons_have_the_population_of_their_age_at_the_start_of_the_year(observations):
    """Of adults 106 619 and of children 26 220 lived in the county on 31 December 2024 (SCB)."""
    values = compute(observations, REGISTRY, JAMTLAND, (2025,), reveal=True).values
    adults, children = row(values, "TMV-U05", "rate", 2025, "23"), row(values, "TMV-B12", "rate", 2025, "23")
    assert (adults.denominator, children.denominator) == (106_619, 26_220)
    assert adults.value == pytest.approx(1e4 * row(values, "TMV-U05", "adults", 2025, "23").value / 106_619)
    assert children.value == pytest.approx(1e4 * row(values, "TMV-B12", "all", 2025, "23").value / 26_220)
    assert row(values, "TMV-B12", "all_3y", 2025, "23").first_year == 2023


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


def test_each_indicator_of_the_guide_is_one_file_and_gives_the_values_that_the_guide_says(observations, tmp_path):
    """The guide's files are put in as they stand; the registry takes them, and nothing else is done."""
    guide = (settings.ROOT / "docs" / "adding_an_indicator.md").read_text(encoding="utf-8")
    shutil.copytree(FOLDER, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    files = [yaml.safe_load(text) | {"text": text} for text in re.findall(r"```yaml\n(.*?)```", guide, flags=re.DOTALL)]
    for file in files:
        (tmp_path / "registry" / "indicators" / f"{file['id']}.yaml").write_text(file["text"], encoding="utf-8")
    registry = read(tmp_path / "registry")
    values = compute(observations, registry, registry.agreements["jamtland"], (2025,)).values
    said = re.findall(r'\("(TMV-\w+)", "(\w+)", "(\w+)", (\d+), ([0-9.]+)\)', guide)
    assert [name for name, *_ in said] == ["TMV-B14", "TMV-B14"]
    for name, series, area, year, value in said:
        assert round(row(values, name, series, int(year), area).value, 1) == float(value)
    yearly, pooled = row(values, "TMV-B14", "all", 2025), row(values, "TMV-B14", "all_3y", 2025)
    assert (yearly.numerator, yearly.denominator, pooled.numerator, pooled.denominator) == (2, 8, 4, 24)
    survey = row(values, "TMV-F08", "all", 2025, "23")
    assert (survey.method, survey.unit, survey.obs_status) == ("given", "procent", "missing")
    assert {file["id"] for file in files} == {"TMV-B14", "TMV-F08"}
