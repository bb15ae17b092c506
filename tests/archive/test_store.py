"""The archive keeps what it was given, knows its versions, and says so when it cannot."""

import hashlib
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.archive.manifest import Manifest, captured_at_of
from include.archive.store import Archive
from include.errors import ArchiveDamaged, UsageError

T0 = datetime(2024, 4, 10, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path / "home"))


@pytest.fixture(params=["folder", "memory"])
def archive(request, tmp_path):
    url = str(tmp_path / "archive") if request.param == "folder" else f"memory://archive-{tmp_path.name}"
    return Archive(url)


def put(
    archive: Archive, content: bytes = b"a,b\n1,2\n", at: datetime = T0, part: str = "Rn01-2023", **more
) -> Manifest:
    return archive.put(
        content,
        **{
            "source_id": "bra_handled_offences",
            "part": part,
            "periods": ["2023"],
            "origin": "live",
            "url": "https://bra.se/download/18.a/1783421120292/300Rn01-2023.csv",
            "captured_at": at,
            "media_type": "text/csv",
            "file_name": "300Rn01-2023.csv",
            **more,
        },
    )


def test_what_is_put_is_read_back_byte_for_byte_with_its_manifest(archive):
    manifest = put(archive, b"\xff\x00any bytes", notes=["åäö"], request={"method": "GET"})
    assert archive.read(manifest.capture_id) == b"\xff\x00any bytes"
    assert archive.manifest(manifest.capture_id) == manifest
    sha = hashlib.sha256(b"\xff\x00any bytes").hexdigest()
    assert manifest.capture_id == f"bra_handled_offences/Rn01-2023/20240410T070000Z-{sha[:12]}"
    assert (manifest.change, manifest.previous, manifest.size) == ("NEW", None, 11)
    assert captured_at_of(manifest.capture_id) == T0


def test_the_same_content_again_writes_nothing_and_says_unchanged(archive):
    first = put(archive, b"a;b\n")
    again = put(archive, b"\xef\xbb\xbfa;b\r\n", at=T0 + timedelta(days=90), file_name="other name.csv")
    assert again == first.model_copy(update={"change": "UNCHANGED"})
    assert [m.capture_id for m in archive.manifests("bra_handled_offences")] == [first.capture_id]


def test_other_content_is_a_revision_that_names_the_one_before_and_both_stay(archive):
    first = put(archive, b"1\n")
    second = put(archive, b"2\n", at=T0 + timedelta(days=90))
    back = put(archive, b"1\n", at=T0 + timedelta(days=180))
    assert [(m.change, m.previous) for m in (second, back)] == [
        ("REVISED", first.capture_id),
        ("REVISED", second.capture_id),
    ]
    assert [archive.read(m.capture_id) for m in archive.manifests("bra_handled_offences")] == [b"1\n", b"2\n", b"1\n"]


def test_as_of_gives_what_was_held_then(archive):
    first = put(archive, b"1\n")
    second = put(archive, b"2\n", at=T0 + timedelta(days=90))
    between = T0 + timedelta(days=30)
    assert archive.latest("bra_handled_offences", "Rn01-2023", as_of=between) == first
    assert archive.latest("bra_handled_offences", "Rn01-2023") == second
    assert archive.latest("bra_handled_offences", "Rn01-2023", as_of=T0 - timedelta(seconds=1)) is None
    assert archive.manifests("bra_handled_offences", as_of=between) == [first]


def test_an_older_capture_that_comes_late_goes_before_the_newer_and_changes_nothing_there(archive):
    newer = put(archive, b"2\n", at=T0 + timedelta(days=90))
    older = put(archive, b"1\n", at=T0)
    assert (older.change, older.previous) == ("NEW", None)
    assert archive.latest("bra_handled_offences", "Rn01-2023") == newer
    assert archive.manifests("bra_handled_offences") == [older, newer]


def test_two_versions_within_one_second_keep_their_order(archive):
    put(archive, b"1\n")
    second = put(archive, b"2\n")
    assert archive.latest("bra_handled_offences", "Rn01-2023") == second
    assert second.captured_at == T0 + timedelta(seconds=1)


def test_listing_is_by_part_and_then_by_moment_and_only_of_the_source_asked_for(archive):
    b = put(archive, b"b", part="Rn01-2022")
    a2 = put(archive, b"a2", at=T0 + timedelta(days=1), part="La-2023")
    a1 = put(archive, b"a1", part="La-2023")
    put(archive, b"x", source_id="bra_handled_offences_other")
    assert archive.manifests("bra_handled_offences") == [a1, a2, b]
    assert archive.manifests("bra_handled_offences", "La-2023") == [a1, a2]
    assert archive.manifests("nothing_here") == []


def test_a_bundled_capture_becomes_a_capture_like_any_other(archive, tmp_path):
    bundle = Archive(str(tmp_path / "bundle"))
    kept = put(bundle, b"joined", origin="reconstructed", origin_note="n", pieces=[b"join", b"ed"])
    put(bundle, b"2", at=T0 + timedelta(days=1))
    put(archive, b"own", at=T0 + timedelta(days=2))
    assert archive.adopt(bundle) == 2
    assert archive.adopt(bundle) == 0
    assert archive.manifest(kept.capture_id) == kept
    assert archive.read(kept.capture_id) == b"joined"
    assert archive.verify() == []
    assert len(archive.manifests("bra_handled_offences")) == 3


def test_an_unknown_capture_is_said_to_be_unknown(archive):
    with pytest.raises(UsageError, match="no capture 'a/b/c'"):
        archive.read("a/b/c")


AT_ONCE = """
import sys, time
from datetime import UTC, datetime
from include.archive.store import Archive
archive, start = Archive(sys.argv[1]), float(sys.argv[2])
time.sleep(max(0, start - time.time()))
for part in range(20):
    now = datetime.fromtimestamp(start, UTC)
    put = archive.put(b"1", source_id="s", part=f"p{part}", periods=["2023"], origin="live", url="u",
                      captured_at=now, media_type="m", file_name="f")
    print(put.change)
"""


def test_of_processes_that_archive_the_same_at_once_one_writes_and_the_others_see_that_nothing_changed(tmp_path):
    url, start = str(tmp_path / "archive"), str(time.time() + 6)
    at_once = [
        subprocess.Popen([sys.executable, "-c", AT_ONCE, url, start], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [word for process in at_once for word in process.communicate()[0].split()]
    assert sorted(said) == ["NEW"] * 20 + ["UNCHANGED"] * 40
    assert len(Archive(url).manifests("s")) == 20


# --- damage (one flipped byte, a lost file, a manifest edited by hand) -----------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return Archive(str(tmp_path / "archive"))


def object_file(folder: Archive, manifest: Manifest) -> Path:
    return Path(folder.url) / "objects" / manifest.sha256[:2] / manifest.sha256


def test_one_flipped_byte_stops_the_read_and_names_the_file(folder):
    manifest = put(folder)
    file = object_file(folder, manifest)
    file.write_bytes(b"a,b\n1,3\n")
    with pytest.raises(ArchiveDamaged, match=str(file)):
        folder.read(manifest.capture_id)
    assert [str(file) in damage for damage in folder.verify()] == [True]


def test_a_lost_object_stops_the_read_and_names_both_files(folder):
    manifest = put(folder)
    object_file(folder, manifest).unlink()
    with pytest.raises(ArchiveDamaged, match=r"missing.*\.json"):
        folder.read(manifest.capture_id)


def test_damage_is_never_adopted(folder, tmp_path):
    manifest = put(folder)
    object_file(folder, manifest).write_bytes(b"else")
    own = Archive(str(tmp_path / "own"))
    with pytest.raises(ArchiveDamaged):
        own.adopt(folder)
    assert own.manifests("bra_handled_offences") == []


@pytest.mark.parametrize(
    "edit", [lambda raw: raw[:40], lambda raw: raw.replace(b"20240410T070000Z", b"20240411T070000Z")]
)
def test_an_edited_manifest_is_damage_not_a_crash(folder, edit):
    manifest = put(folder)
    file = Path(folder.url) / "manifests" / f"{manifest.capture_id}.json"
    file.write_bytes(edit(file.read_bytes()))
    with pytest.raises(ArchiveDamaged, match=str(file)):
        folder.manifests("bra_handled_offences")
    assert len(folder.verify()) == 1


def test_a_write_that_fails_leaves_no_half_file(folder, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(folder)
    assert [path for path in Path(folder.url).rglob("*") if path.is_file()] == []


def test_a_manifest_is_small_sorted_json_made_to_be_read(folder):
    manifest = put(folder, notes=["Länet"])
    raw = (Path(folder.url) / "manifests" / f"{manifest.capture_id}.json").read_text(encoding="utf-8")
    assert list(json.loads(raw)) == sorted(json.loads(raw))
    assert "Länet" in raw
    assert raw.count("\n") > 20


def test_thousands_of_manifests_are_listed_with_one_reading_each(folder, monkeypatch):
    for part in range(40):
        put(folder, str(part).encode(), part=f"p-{part}")
    parsed = []
    monkeypatch.setattr(
        Manifest,
        "model_validate_json",
        classmethod(lambda cls, raw, _of=Manifest.model_validate_json: parsed.append(1) or _of(raw)),
    )
    assert len(folder.manifests("bra_handled_offences")) == 40
    assert len(parsed) == 40


# --- properties ------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 50), st.binary(max_size=12)), min_size=1, max_size=8))
def test_whatever_is_put_in_whatever_order_can_be_read_and_is_listed_in_order_of_time(tmp_path, versions):
    archive = Archive(f"memory://order-{hashlib.sha256(repr(versions).encode()).hexdigest()}")
    for days, content in versions:
        manifest = put(
            archive, content, at=T0 + timedelta(days=days), media_type="application/octet-stream", file_name="f"
        )
        assert archive.read(manifest.capture_id) == content
    held = archive.manifests("bra_handled_offences")
    assert [m.captured_at for m in held] == sorted(m.captured_at for m in held)
    assert archive.verify() == []
    for one in held:
        assert archive.latest("bra_handled_offences", "Rn01-2023", as_of=one.captured_at) == one
