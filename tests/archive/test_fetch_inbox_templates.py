"""The project's own templates pass the inbox: what a party fills in is known for what it is."""

import os

import pytest

from include import settings
from include.archive.run import archive
from include.archive.store import Archive


@pytest.fixture
def filled():
    """Return the bytes of a filled-in template, one of those that ship with the project."""
    bundle = Archive(settings.bundle_url())
    return bundle.read(bundle.latest("agency_extracts", "E02-LST-2024").capture_id)


def test_a_filled_in_template_is_archived_and_a_broken_one_answered_in_swedish(home, store, registry, filled):
    folder = settings.inbox_dir() / "LST"
    folder.mkdir(parents=True)
    for name, content in (("hel.xlsx", filled), ("halv.xlsx", filled[: len(filled) // 2])):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1, 1))
    result = archive("agency_extracts", "2025-Q1", "live", None, set(), registry=registry, store=store)
    assert [capture.split("/")[1] for capture in result.new] == ["E02-LST-2024"]
    assert store.read(result.new[0]) == filled
    assert list(folder.iterdir()) == []
    (answer,) = (settings.inbox_dir() / "_refused" / "LST").glob("*halv.xlsx.orsak.txt")
    assert "Skäl: " in answer.read_text(encoding="utf-8")
