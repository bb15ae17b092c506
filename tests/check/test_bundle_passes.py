"""Every capture that ships with the project passes the gate, with exactly the remarks that are known of it."""

from pathlib import Path

import pytest

from include import settings
from include.archive.store import Archive
from include.check.run import check_file, examine

#: What Brå's own tables leave open, and what is known of a few municipalities only; no other capture has a remark.
KNOWN = {
    "kommuner-2020": ["ALL_MUNICIPALITIES"],  # ten of them are known
    "La-2015": ["RAPE_0_14_SUM_OPEN_1"],
    "La-2017": ["RAPE_0_14_SUM_OPEN_1"],
    "La-2019": ["RAPE_0_14_SUM_OPEN_1"],
    "La-2022": ["RAPE_SUM_OPEN_1"],
    "La-2024": ["TWIN_ROWS"],
    "Rn01-2019": ["ASSAULT_RELATION_SUM_OPEN_1"],
    "Rn01-2020": ["ASSAULT_RELATION_SUM_OPEN_1"],
    "Rn01-2021": ["ASSAULT_RELATION_SUM_OPEN_1"],
}


@pytest.fixture(scope="module")
def bundle() -> Archive:
    return Archive(settings.bundle_url())


@pytest.mark.parametrize(
    "source_id", sorted(path.name for path in (Path(settings.bundle_url()) / "manifests").iterdir())
)
def test_bundled_captures_pass_with_the_known_remarks(bundle, registry, build, source_id):
    captures = bundle.manifests(source_id)
    assert captures
    remarks = {}
    for manifest in captures:
        examination, _ = examine(bundle.read(manifest.capture_id), manifest, registry)
        assert not examination.refused, f"{manifest.capture_id}: {build.broken(examination)}"
        assert examination.rows_in == examination.passed + examination.quarantined
        assert examination.passed
        if broken := build.broken(examination):
            remarks[manifest.part] = broken
    parts = {manifest.part for manifest in captures}
    assert remarks == {part: codes for part, codes in KNOWN.items() if part in parts}


def test_a_bundled_file_can_be_tried_by_hand_under_its_own_name(bundle, registry, tmp_path: Path):
    manifest = next(m for m in bundle.manifests("bra_handled_offences") if m.part == "Rn01-2021")
    path = tmp_path / manifest.file_name
    path.write_bytes(bundle.read(manifest.capture_id))
    result = check_file("bra_handled_offences", path, registry=registry)
    assert (result.refusal, result.staged, result.report) == (None, None, "")
    assert result.rows_in == result.passed + result.quarantined > 0
    assert result.capture_id.split("/")[1] == "Rn01-2021"
