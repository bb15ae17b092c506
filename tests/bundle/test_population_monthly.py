"""The bundled population per month is the known figures in SCB's own layout, and says where they are from."""

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from include.archive.store import Archive
from include.bundle import population_monthly
from include.bundle.facts import rows
from include.check.readers.jsonstat_cube import Cube, decode
from include.check.run import examine
from include.registry.read import registry

PAYLOADS = Path(os.environ.get("FOLLOWUP_PAYLOADS", "/nowhere")) / "pxweb"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path / "home"))
    store = Archive(str(tmp_path / "archive"))
    assert len(list(population_monthly.put_all(store))) == 4
    return store


def cells(cube: Cube) -> dict[tuple[str, ...], float]:
    """Return the figure of each cell by its codes."""
    return {
        tuple(dimension.codes[i] for dimension, i in zip(cube.dimensions, place, strict=True)): float(cube.value[place])
        for place in np.ndindex(cube.value.shape)
    }


def test_every_known_figure_is_in_the_facts_once() -> None:
    facts = rows(population_monthly.SOURCE)
    assert len(facts) == 132 == len({(f["month"], f["age"], f["sex"]) for f in facts})
    assert Counter(f["month"] for f in facts) == {f"2026-0{month}": 33 for month in (1, 2, 3, 4)}
    assert {(f["area"], f["mark"], f["primary_source"]) for f in facts} == {("23", "direct", "SCB")}
    assert all(f["source_url"].startswith("https://") for f in facts)


def test_every_manifest_says_that_its_answer_is_reconstructed_and_from_what(archive: Archive) -> None:
    for manifest in archive.manifests(population_monthly.SOURCE):
        assert (manifest.origin, manifest.captured_at) == ("reconstructed", datetime(2026, 11, 23, 12, tzinfo=UTC))
        assert "inte hämtat från SCB" in str(manifest.origin_note)
        assert manifest.facts
        assert manifest.part == f"TAB6471-{manifest.periods[0]}"


def test_building_again_writes_nothing_new(archive: Archive) -> None:
    assert {manifest.change for manifest in population_monthly.put_all(archive)} == {"UNCHANGED"}


def test_a_figure_that_lacks_or_stands_twice_stops_the_build() -> None:
    facts = [fact for fact in rows(population_monthly.SOURCE) if fact["month"] == "2026-01"]
    for wrong in (facts[1:], [*facts, facts[0]]):
        with pytest.raises(ValueError, match="expected one for each"):
            population_monthly.answer("2026-01", wrong)


def test_every_month_passes_the_gate_although_the_noised_parts_do_not_add_up(archive: Archive) -> None:
    apart = 0
    for manifest in archive.manifests(population_monthly.SOURCE):
        examination, _ = examine(archive.read(manifest.capture_id), manifest, registry())
        assert [finding.code for finding in examination.findings if not finding.holds] == []
        assert (examination.passed, examination.quarantined, examination.rejected) == (33, 0, 0)
        table = examination.table.to_pandas()
        by_sex = table.pivot_table(index="age", columns="sex", values="value", observed=True)
        apart += int((by_sex["K"] + by_sex["M"] != by_sex["T"]).sum())
        assert set(table["age"]) == {*(f"{first}-{first + 9}" for first in range(0, 100, 10)), "100+"}
        assert any("CKM" in note for note in examination.notes), "the producer's note of the noise is kept"
    assert apart > 0


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"no recorded answers of SCB at {PAYLOADS}")
def test_the_layout_and_the_figures_are_those_of_scbs_own_answer(archive: Archive) -> None:
    recorded = decode((PAYLOADS / "scb_v2_TAB6471_data_jsonstat2.json").read_bytes(), "recorded")
    theirs = {cell: value for cell, value in cells(recorded).items() if cell[0] == "23"}
    ours: dict[tuple[str, ...], float] = {}
    for manifest in archive.manifests(population_monthly.SOURCE):
        cube = decode(archive.read(manifest.capture_id), manifest.part)
        ours |= cells(cube)
        for mine, other in zip(cube.dimensions, recorded.dimensions, strict=True):
            labels = dict(zip(other.codes, other.labels, strict=True))
            assert mine.name == other.name
            assert all(labels[code] == label for code, label in zip(mine.codes, mine.labels, strict=True))
        known = json.loads(archive.read(manifest.capture_id))
        assert set(known) <= set(json.loads((PAYLOADS / "scb_v2_TAB6471_data_jsonstat2.json").read_bytes()))
    assert ours == theirs
