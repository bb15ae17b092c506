"""Measuring a year keeps its values and trends, once, and again only where something changed."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from include import settings
from include.archive.manifest import Manifest, capture_id
from include.archive.store import Archive
from include.check.readers import bra_table_300
from include.check.tidy import set_aside_table, tidy_table
from include.errors import UsageError
from include.load.engine import engine
from include.load.run import sync_dimensions
from include.load.write import Counts, write
from include.measure.run import measure
from include.registry.read import registry as read_registry

pytestmark = pytest.mark.postgres

REGISTRY = read_registry()
SOURCE = REGISTRY.sources["bra_handled_offences"]
GROSS = "offence:gross_violation_womans_integrity"


@pytest.fixture(autouse=True)
def region_nord(warehouse) -> dict[str, Manifest]:
    """Load the bundled workbooks of Polisregion Nord, 2021-2025."""
    sync_dimensions(REGISTRY)
    archive = Archive(settings.bundle_url())
    loaded = {}
    for year in range(2021, 2026):
        manifest = archive.latest(SOURCE.id, f"Rn01-{year}")
        result = bra_table_300.read(archive.read(manifest.capture_id), manifest, SOURCE, REGISTRY)
        counts = Counts(result.rows_in, result.set_aside.num_rows, 0)
        write(engine("loader"), result.table, result.set_aside, manifest, counts, "test")
        loaded[f"Rn01-{year}"] = manifest
    return loaded


def reissue(manifest: Manifest, **rows: float) -> datetime:
    """Load a later version of a part that holds only gross violation of a woman's integrity."""
    moment = manifest.captured_at + timedelta(days=30)
    sha256 = "f" * 64
    later = manifest.model_copy(
        update={
            "capture_id": capture_id(SOURCE.id, manifest.part, moment, sha256),
            "captured_at": moment,
            "sha256": sha256,
            "canonical_sha256": sha256,
        }
    )
    table = tidy_table(
        {
            "measure": [f"{SOURCE.id}.{measure}" for measure in rows],
            "value": list(rows.values()),
            "area": "Rn01",
            "period": manifest.periods[0],
            "breakdown": GROSS,
            "value_status": "ok",
            "status": "F",
            "mark": "direct",
            "source_label": "Grov kvinnofridskränkning, totalt",
            "place": "",
        }
    )
    write(engine("loader"), table, set_aside_table(), later, Counts(len(rows), 0, 0), "test")
    return moment


def kept(table: str, **where: object) -> list[dict[str, object]]:
    conditions = " AND ".join(f"{name} = :{name}" for name in where) or "true"
    with engine("loader").connect() as connection:
        rows = connection.execute(
            sa.text(f"SELECT * FROM warehouse.{table} WHERE {conditions} ORDER BY year, indicator_id, series, area"),
            where,
        )
        return [dict(row) for row in rows.mappings()]


def test_a_year_is_kept_with_its_values_and_trends(region_nord):
    result = measure("jamtland", 2025)
    assert result.changed
    assert result.years == [2025]
    rows = kept("indicator_value")
    assert {row["year"] for row in rows} == {2025}
    assert {row["digest"] for row in rows} == {result.digest}
    assert result.values + result.without == len(rows)
    assert result.values == sum(row["value"] is not None for row in rows) > 0
    (clearance,) = kept("indicator_value", indicator_id="TMV-B05", series="woman_partner", area="Rn01")
    assert (clearance["numerator"], clearance["denominator"]) == (177, 1578)
    assert clearance["known_from"] == region_nord["Rn01-2025"].captured_at
    (trend,) = kept("indicator_trend", series="gross_violation_womans_integrity", area="Rn01")
    assert trend["result"] == "up"


def test_measuring_again_changes_nothing():
    first = measure("jamtland", 2025)
    before = kept("indicator_value"), kept("indicator_trend")
    again = measure("jamtland", 2025)
    assert not again.changed
    assert again.years == []
    assert again.digest == first.digest
    assert (kept("indicator_value"), kept("indicator_trend")) == before


def test_a_revised_year_also_renews_the_later_years_that_look_back_on_it(region_nord):
    for year in (2021, 2024, 2025):
        measure("jamtland", year)
    reissue(region_nord["Rn01-2021"], handled=90, cleared_person=39)
    result = measure("jamtland", 2021)
    assert result.years == [2021, 2024, 2025]
    (trend,) = kept("indicator_trend", series="gross_violation_womans_integrity", area="Rn01", year=2025)
    assert trend["result"] == "no_change"


def test_as_of_an_earlier_moment_gives_what_was_known_then(region_nord):
    manifest = region_nord["Rn01-2025"]
    first = measure("jamtland", 2025)
    moment = reissue(manifest, handled=79, cleared_person=36)
    assert measure("jamtland", 2025).digest != first.digest
    assert measure("jamtland", 2025, as_of=moment - timedelta(seconds=1)).digest == first.digest


def test_a_year_of_which_nothing_is_known_says_why():
    result = measure("jamtland", 2026)
    assert result.values == 0
    rows = kept("indicator_value")
    assert len(rows) == result.without
    assert all(row["reason_sv"] for row in rows)


def test_an_unknown_agreement_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="expected one of: jamtland"):
        measure("norrland", 2025)
