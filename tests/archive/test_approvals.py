"""A person's word about a capture: written once, beside the archive, and never against an earlier one."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.archive import approvals
from include.archive.store import Archive
from include.errors import ArchiveDamaged, UsageError

AT = datetime(2025, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    return Archive(str(tmp_path / "archive"))


@pytest.fixture
def capture(archive: Archive) -> str:
    manifest = archive.put(
        b"1", source_id="s", part="p-2024", periods=["2024"], origin="live", url="u", captured_at=AT,
        media_type="text/plain", file_name="a.txt",
    )  # fmt: skip
    return manifest.capture_id


def give(archive: Archive, capture: str, verdict="approve", by="Anna", reason="Bekräftat", findings=("NOT_SHRUNK",)):
    return approvals.give(archive, capture, verdict, by, reason, findings, AT)


def files(archive: Archive) -> list[str]:
    return sorted(archive.beside("approvals"))


def test_a_word_says_who_when_why_and_about_what(archive, capture):
    given = give(archive, capture)
    (path,) = files(archive)
    assert path == f"approvals/{capture}.json"
    assert json.loads(archive.beside("approvals")[path]) == {
        "capture": capture, "verdict": "approve", "by": "Anna", "at": "2025-03-01T09:00:00Z", "reason": "Bekräftat",
        "findings": ["NOT_SHRUNK"],
    }  # fmt: skip
    said = approvals.words(archive, "s", "p-2024")
    assert said.approvals(capture) == [given]
    assert said.approved(capture) == {"NOT_SHRUNK"}
    assert said.rejection(capture) is None


def test_the_same_word_again_writes_nothing(archive, capture):
    assert give(archive, capture) == give(archive, capture, by="Bo", reason="Igen")
    assert len(files(archive)) == 1


def test_a_further_finding_needs_a_further_word(archive, capture):
    give(archive, capture)
    give(archive, capture, findings=["SUM_KEPT"], by="Bo")
    assert files(archive) == [f"approvals/{capture}-2.json", f"approvals/{capture}.json"]
    assert approvals.words(archive, "s", "p-2024").approved(capture) == {"NOT_SHRUNK", "SUM_KEPT"}


def test_a_rejected_capture_stays_rejected(archive, capture):
    given = give(archive, capture, "reject")
    assert give(archive, capture, "reject") == given
    with pytest.raises(UsageError, match=r"was rejected by Anna on 2025-03-01: Bekräftat\. A rejected capture stays"):
        give(archive, capture, "approve")
    assert len(files(archive)) == 1


def test_an_approved_capture_cannot_be_rejected(archive, capture):
    give(archive, capture)
    with pytest.raises(UsageError, match="declare a correction instead"):
        give(archive, capture, "reject")


@pytest.mark.parametrize("lacking", [{"by": " "}, {"reason": ""}])
def test_a_word_needs_a_name_and_a_reason(archive, capture, lacking):
    with pytest.raises(UsageError, match="needs a name and a reason"):
        give(archive, capture, **lacking)
    assert files(archive) == []


def test_a_word_about_no_capture_is_refused(archive):
    with pytest.raises(UsageError, match="holds no capture"):
        give(archive, "s/p-2024/20250101T000000Z-000000000000")


def test_a_word_that_was_altered_or_moved_stops(archive, capture, tmp_path):
    give(archive, capture)
    file = tmp_path / "archive" / f"approvals/{capture}.json"
    file.rename(file.with_name("20250101T000000Z-000000000000.json"))
    with pytest.raises(ArchiveDamaged, match="moved or altered"):
        approvals.words(archive, "s", "p-2024")
    file.with_name("20250101T000000Z-000000000000.json").write_text("{}")
    with pytest.raises(ArchiveDamaged, match="no readable word"):
        approvals.words(archive, "s", "p-2024")


def test_a_word_is_never_written_over(archive, capture):
    give(archive, capture)
    with pytest.raises(ArchiveDamaged, match="is there already"):
        archive.write_beside(f"approvals/{capture}.json", b"{}")


def test_words_go_with_the_captures_into_another_archive(archive, capture, tmp_path):
    given = give(archive, capture)
    other = Archive(str(tmp_path / "other"))
    assert other.adopt(archive) == 1
    assert approvals.words(other, "s", "p-2024").approvals(capture) == [given]
    assert other.adopt(archive) == 0
    assert other.verify() == []


def test_words_lie_on_any_storage(monkeypatch, tmp_path):
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    archive = Archive("memory://approvals-test")
    manifest = archive.put(
        b"1", source_id="s", part="p-2024", periods=["2024"], origin="live", url="u", captured_at=AT,
        media_type="text/plain", file_name="a.txt",
    )  # fmt: skip
    give(archive, manifest.capture_id)
    assert approvals.words(archive, "s", "p-2024").approved(manifest.capture_id) == {"NOT_SHRUNK"}
    assert approvals.words(archive, "s", "p-2023").approvals(manifest.capture_id) == []
