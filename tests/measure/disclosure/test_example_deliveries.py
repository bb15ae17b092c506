"""The parties' example deliveries of all years, as one release: what is shown and what is hidden of it."""

from importlib import import_module

import pandas as pd
import pytest

from include import settings
from include.archive.store import Archive
from include.check.corrections import correct
from include.load.tables import VALUE_KEY
from include.measure.compute import Computed, compute
from include.measure.disclosure import Earlier, Protected, protect
from include.registry.read import registry as read_registry
from tests.measure.disclosure.deliveries import gone, stored

REGISTRY = read_registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
YEARS = range(2021, 2026)
SMALL = {each.id for each in REGISTRY.indicators.values() if each.suppression == "small_counts"}


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    """Return what the parties' latest deliveries in the bundle say, and the population that rates are divided by."""
    archive = Archive(settings.bundle_url())
    frames = []
    for source in [each for each in REGISTRY.sources.values() if each.kind == "inbox" or each.id == "scb_population"]:
        read = import_module(f"include.check.readers.{source.reader}").read
        latest = {manifest.part: manifest for manifest in archive.manifests(source.id)}
        for manifest in latest.values():
            result = read(archive.read(manifest.capture_id), manifest, source, REGISTRY)
            result, _ = correct(result, [c for c in REGISTRY.corrections.values() if c.source == source.id])
            lineage = {"capture_id": manifest.capture_id, "origin": manifest.origin, "known_from": manifest.captured_at}
            frames.append(result.table.to_pandas().assign(**lineage))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def computed(observations) -> Computed:
    return compute(observations, REGISTRY, JAMTLAND, YEARS, reveal=True)


@pytest.fixture(scope="module")
def release(computed, observations) -> Protected:
    return protect(computed, observations, REGISTRY, JAMTLAND, Earlier())


def test_most_is_shown_and_nothing_had_to_be_coarsened(release):
    """More than nine of ten rows that could be shown are; what is hidden for others' sake is a small part."""
    summary = release.summary
    assert summary.candidates > 300
    assert summary.primary > 0
    assert 0 < summary.secondary < summary.candidates / 10
    assert summary.coarsened == 0


def test_no_shown_number_is_small(release, computed):
    """No count, and nothing that is left of a share, is 1 to 4; no share is of fewer than twenty."""
    values = release.values[release.values["indicator_id"].isin(SMALL) & (release.values["obs_status"] == "ok")]
    mine = values[[tuple(key) in computed.parts for key in values[list(VALUE_KEY)].itertuples(index=False, name=None)]]
    assert len(mine) > 300
    assert not mine["numerator"].between(1, 4).any()
    shares = mine[mine["method"] == "share"]
    assert not (shares["denominator"] - shares["numerator"]).between(1, 4).any()
    assert (shares["denominator"] >= 20).all()


def test_no_series_of_women_and_men_leaves_a_small_rest(release):
    """Where all, women and men are shown of the same, those of another sex are not 1 to 4."""
    values = release.values[release.values["obs_status"] == "ok"]
    tried = 0
    for name, side in (("women", "numerator"), ("women", "denominator")):
        for (_, _, _), group in values.groupby(["indicator_id", "year", "area"]):
            rows = group.drop_duplicates("series").set_index("series")
            if {"all", name, "men"} <= set(rows.index) and rows.loc[["all", name, "men"], side].notna().all():
                tried += 1
                assert not 1 <= rows.at["all", side] - rows.at[name, side] - rows.at["men", side] <= 4
    assert tried > 5


def test_the_rest_of_the_values_is_as_computed(release, computed):
    """Public figures, and the rows of small counts that are shown."""
    touched = computed.values["indicator_id"].isin(SMALL) & (release.values["obs_status"] == "suppressed")
    pd.testing.assert_frame_equal(release.values[~touched], computed.values[~touched])
    hidden = release.values[touched]
    assert set(hidden["reason_sv"]) == {"Uppgiften visas inte av sekretesskäl."}
    numbers = ["numerator", "denominator", "value", "ci_low", "ci_high", "ci_level", "ci_method"]
    assert hidden[numbers].isna().all().all()


def test_the_next_release_of_the_same_is_the_same(release, computed, observations):
    again = protect(computed, observations, REGISTRY, JAMTLAND, Earlier(stored(release, "r1"), gone(release)))
    pd.testing.assert_frame_equal(again.values, release.values)
    assert again.equations == release.equations
    assert again.summary.secondary == 0
    assert again.summary.sticky == release.summary.secondary
