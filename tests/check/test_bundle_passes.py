"""Every capture that ships with the project passes the gate, with exactly the remarks that are known of it."""

from collections import Counter
from pathlib import Path

import pytest

from include import settings
from include.archive.deliveries import SOURCE
from include.archive.store import Archive
from include.check.run import beside, check_file, examine

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

#: What the example deliveries were made to show (docs/extracts.md), by part and version.
KNOWN_DELIVERIES = {
    **{("jamtland-K2303-" + year, 1): ["MASK_RECOVERABLE"] for year in ("2021", "2022", "2023", "2024", "2025")},
    **{("jamtland-K2305-" + year, 1): ["MASK_RECOVERABLE"] for year in ("2024", "2025")},
    ("jamtland-K2326-2025", 1): ["MASK_RECOVERABLE"],
    ("jamtland-K2326-2021", 1): ["LATE"],
    ("jamtland-LST-2022", 1): ["LATE", "RESPONSE_RATE"],
    ("jamtland-RJH-2023-Q3", 1): ["LATE"],
    ("jamtland-JOUR_1-2024", 1): ["LATE"],
    ("jamtland-POL-2022", 2): ["REVISED_WITHOUT_NOTICE"],
    ("jamtland-K2380-2023", 1): ["JUMP"],
    ("jamtland-K2380-2023", 2): ["REVISED_WITHOUT_NOTICE"],
    ("jamtland-LST-2023", 2): ["REVISED_WITHOUT_NOTICE"],
}


@pytest.fixture(scope="module")
def bundle() -> Archive:
    return Archive(settings.bundle_url())


@pytest.mark.parametrize(
    "source_id",
    sorted(path.name for path in (Path(settings.bundle_url()) / "manifests").iterdir() if path.name != SOURCE),
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


def test_bundled_deliveries_pass_with_the_known_remarks(bundle, registry, build):
    """Each beside what was known when it came: all are accepted, and what was made to be odd is told of."""
    remarks, versions = {}, Counter()
    for manifest in sorted(bundle.manifests(SOURCE), key=lambda each: each.captured_at):
        versions[manifest.part] += 1
        around = beside(bundle, manifest, registry)
        examination, _ = examine(bundle.read(manifest.capture_id), manifest, registry, around=around)
        assert not examination.refused, f"{manifest.capture_id}: {build.broken(examination)}"
        assert examination.rows_in == examination.passed + examination.quarantined
        if broken := build.broken(examination):
            remarks[manifest.part, versions[manifest.part]] = sorted(broken)
    assert remarks == KNOWN_DELIVERIES


def test_a_bundled_file_can_be_tried_by_hand_under_its_own_name(bundle, registry, tmp_path: Path):
    manifest = next(m for m in bundle.manifests("bra_handled_offences") if m.part == "Rn01-2021")
    path = tmp_path / manifest.file_name
    path.write_bytes(bundle.read(manifest.capture_id))
    result = check_file("bra_handled_offences", path, registry=registry)
    assert (result.refusal, result.staged, result.report) == (None, None, "")
    assert result.rows_in == result.passed + result.quarantined > 0
    assert result.capture_id.split("/")[1] == "Rn01-2021"
