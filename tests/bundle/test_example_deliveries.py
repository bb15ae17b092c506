"""The invented deliveries are what their script makes, say that they are invented, and read as they should."""

import io
from pathlib import Path

import openpyxl
import pytest

from include.archive.store import Archive
from include.bundle.example_deliveries import NOTE, SOURCE, YEARS, bundle, deliveries
from include.check.readers.extracts import identify, read
from include.check.tidy import ReadResult, assert_identity
from include.registry.models import Registry
from include.registry.read import registry as read_registry
from include.settings import bundle_url

BUNDLED = Archive(bundle_url())


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def results(registry: Registry) -> dict[str, ReadResult]:
    """Return what the reader makes of each bundled delivery, by capture id."""
    source = registry.sources[SOURCE]
    manifests = BUNDLED.manifests(SOURCE)
    return {m.capture_id: read(BUNDLED.read(m.capture_id), m, source, registry) for m in manifests}


def test_the_script_makes_the_bundled_bytes(registry: Registry) -> None:
    made = {(d.identity.part, d.captured_at): d.content for d in deliveries(registry)}
    bundled = {(m.part, m.captured_at): BUNDLED.read(m.capture_id) for m in BUNDLED.manifests(SOURCE)}
    assert made.keys() == bundled.keys()
    assert all(made[key] == bundled[key] for key in made), "run python -m include.bundle.example_deliveries"


def test_bundling_again_writes_nothing(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    archive = Archive(str(tmp_path / "archive"))
    assert len(bundle(archive, registry)) == 2 * len(YEARS) + 1
    assert bundle(archive, registry) == []


def test_every_year_of_the_agreement_so_far_has_both_extracts() -> None:
    parts = {manifest.part for manifest in BUNDLED.manifests(SOURCE)}
    assert parts == {f"{extract}-LST-{year}" for extract in ("E01", "E02") for year in YEARS}


def test_everything_says_that_it_is_invented() -> None:
    for manifest in BUNDLED.manifests(SOURCE):
        assert (manifest.origin, manifest.origin_note) == ("example", NOTE)
        content = BUNDLED.read(manifest.capture_id)
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert "EXEMPELDATA" in str(book["Om leveransen"]["B1"].value)
        titles = [row[3].value for row in book["Aktiviteter"].iter_rows(min_row=2)] if "Aktiviteter" in book else []
        assert all(str(title).startswith("EXEMPEL") for title in titles if title)


def test_every_delivery_passes_the_gates_and_counts(results: dict[str, ReadResult]) -> None:
    for capture, result in results.items():
        assert identify(BUNDLED.read(capture)).part == capture.split("/")[1]
        assert_identity(result)
        assert set(result.table["mark"].to_pylist()) == {"example"}


def test_only_the_log_of_2024_has_rows_set_aside(results: dict[str, ReadResult]) -> None:
    aside = {
        capture.split("/")[1]: result.set_aside["reason_code"].to_pylist()
        for capture, result in results.items()
        if result.set_aside.num_rows
    }
    assert aside == {"E01-LST-2024": ["UNKNOWN_CODE", "DATE_OUTSIDE_PERIOD"]}


def total(result: ReadResult, measure: str) -> int:
    return sum(int(row["value"]) for row in result.table.to_pylist() if row["measure"] == measure)


def by_part(results: dict[str, ReadResult], part: str) -> list[ReadResult]:
    return [results[capture] for capture in sorted(results) if capture.split("/")[1] == part]


@pytest.mark.parametrize(("year", "ordinary", "extra"), [(2021, 4, 1), (2022, 3, 0), (2023, 4, 0), (2024, 4, 0)])
def test_the_years_meetings(results, year: int, ordinary: int, extra: int) -> None:
    for result in by_part(results, f"E02-LST-{year}"):
        assert total(result, "E02.meetings_ordinary") == ordinary
        assert total(result, "E02.meetings_extra") == extra
        assert total(result, "E02.seats_total") == 6 * ordinary


def test_the_correction_of_2023_changes_who_attended_and_nothing_else(results) -> None:
    first, corrected = by_part(results, "E02-LST-2023")
    changed = {
        old["measure"]
        for old, new in zip(first.table.to_pylist(), corrected.table.to_pylist(), strict=True)
        if old["value"] != new["value"]
    }
    assert changed == {"E02.seats_head", "E02.seats_deputy"}
    assert total(first, "E02.seats_head") > total(corrected, "E02.seats_head")


def test_one_delivery_is_late(registry: Registry) -> None:
    late = {
        m.part
        for m in BUNDLED.manifests(SOURCE)
        if m.previous is None and (m.captured_at.month, m.captured_at.day) > (2, 15)
    }
    assert late == {"E02-LST-2022"}
