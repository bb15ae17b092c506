"""What may tell of a person is locked away so that the disk says nothing, opens for the coordinator, and is deleted."""

import hashlib
import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.archive import quarantine as module
from include.archive.quarantine import Kept, Quarantine, key_path, new_keys
from include.errors import ArchiveDamaged, UsageError

#: Skatteverket's own made-up number for examples, which stands for whatever must not be read.
CONTENT = b"namn;personnummer\nCanary;811218-9876\n" * 50
MOMENT = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    monkeypatch.delenv("FOLLOWUP_QUARANTINE_KEY", raising=False)
    monkeypatch.delenv("FOLLOWUP_QUARANTINE_KEY_FILE", raising=False)
    return tmp_path


@pytest.fixture
def quarantine(home: Path) -> Quarantine:
    return Quarantine(home / "quarantine")


def keep(quarantine: Quarantine, content: bytes = CONTENT, moment: datetime = MOMENT) -> Kept:
    return quarantine.keep(
        content, folder="jamtland/K2380", rule="IDENTITY_NUMBER", places=("bladet Vuxna, cell B7",), moment=moment
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_kept_opens_again_and_is_listed(quarantine: Quarantine) -> None:
    kept = keep(quarantine)
    assert quarantine.open(kept.sha256) == quarantine.open(kept.sha256[:12]) == CONTENT
    assert quarantine.listed() == [kept]
    assert kept.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (kept.folder, kept.rule, kept.size) == ("jamtland/K2380", "IDENTITY_NUMBER", len(CONTENT))


@pytest.mark.scorecard(
    45, "a refused file lies locked: nothing on the disk says what is in it, and only its owner may look"
)
def test_nothing_of_the_content_can_be_read_from_the_disk(home: Path, quarantine: Quarantine) -> None:
    kept = keep(quarantine)
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {f"{kept.sha256}.locked", f"{kept.sha256}.json", "quarantine.key"}
    for path in files:
        data = path.read_bytes()
        assert b"Canary" not in data
        assert b"9876" not in data
        assert mode(path) == 0o600
        assert mode(path.parent) == 0o700


def test_the_folder_is_made_private_though_it_was_open(home: Path, quarantine: Quarantine) -> None:
    (home / "quarantine").mkdir(mode=0o755)
    keep(quarantine)
    assert mode(home / "quarantine") == 0o700


def test_the_same_file_twice_is_one_entry(home: Path, quarantine: Quarantine) -> None:
    first = keep(quarantine)
    before = {path: path.read_bytes() for path in (home / "quarantine").iterdir()}
    assert keep(quarantine, moment=MOMENT + MONTH) == first
    assert {path: path.read_bytes() for path in (home / "quarantine").iterdir()} == before


def test_equal_files_of_two_quarantines_do_not_look_alike(home: Path) -> None:
    one, other = Quarantine(home / "one"), Quarantine(home / "other")
    sha256 = keep(one).sha256
    keep(other)
    locked = [(home / name / f"{sha256}.locked").read_bytes() for name in ("one", "other")]
    assert locked[0] != locked[1]


@pytest.mark.scorecard(45, "what receives deliveries can lock a file away with a public key, but not open it")
def test_the_receiving_machine_needs_no_key_that_opens(
    home: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = new_keys()
    monkeypatch.setenv("FOLLOWUP_QUARANTINE_KEY", public)
    kept = keep(quarantine)
    assert not key_path().exists()
    with pytest.raises(UsageError, match="Ask the coordinator"):
        quarantine.open(kept.sha256)
    assert quarantine.open(kept.sha256, private) == CONTENT
    with pytest.raises(UsageError, match="locked for another key"):
        quarantine.open(kept.sha256, new_keys()[0])


def test_the_key_may_stand_in_a_file(home: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
    private, _ = new_keys()
    (home / "key").write_text(private + "\n")
    monkeypatch.setenv("FOLLOWUP_QUARANTINE_KEY_FILE", str(home / "key"))
    kept = keep(quarantine)
    assert quarantine.open(kept.sha256) == CONTENT
    assert not key_path().exists()


@pytest.mark.parametrize("text", ["a password", "quarantine-public-", "quarantine-private-QUJD", "quarantine-public-é"])
def test_a_text_that_is_no_key_is_refused_and_not_shown(
    quarantine: Quarantine, home: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FOLLOWUP_QUARANTINE_KEY", text)
    with pytest.raises(UsageError, match="FOLLOWUP_QUARANTINE_KEY_FILE") as caught:
        keep(quarantine)
    assert "password" not in str(caught.value)
    assert "QUJD" not in str(caught.value)
    assert not (home / "quarantine").exists()


@pytest.mark.parametrize("sha256", ["", "0" * 64, "../../etc/passwd"])
def test_a_hash_that_is_not_here_is_said(quarantine: Quarantine, sha256: str) -> None:
    keep(quarantine)
    with pytest.raises(UsageError, match="files in the quarantine have the hash"):
        quarantine.open(sha256)


@pytest.mark.parametrize("place", [30, -1], ids=["sender's key", "content"])
def test_a_changed_file_does_not_open(home: Path, quarantine: Quarantine, place: int) -> None:
    kept = keep(quarantine)
    path = home / "quarantine" / f"{kept.sha256}.locked"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(UsageError, match="or was changed"):
        quarantine.open(kept.sha256)


def test_a_file_cannot_stand_in_for_another(home: Path, quarantine: Quarantine) -> None:
    one, other = keep(quarantine), keep(quarantine, b"other")
    folder = home / "quarantine"
    (folder / f"{one.sha256}.locked").write_bytes((folder / f"{other.sha256}.locked").read_bytes())
    with pytest.raises(UsageError, match="or was changed"):
        quarantine.open(one.sha256)


def test_what_is_no_locked_file_or_is_gone_is_damage(home: Path, quarantine: Quarantine) -> None:
    kept = keep(quarantine)
    path = home / "quarantine" / f"{kept.sha256}.locked"
    path.write_bytes(b"something else")
    with pytest.raises(ArchiveDamaged, match="not what was locked away"):
        quarantine.open(kept.sha256)
    path.unlink()
    with pytest.raises(ArchiveDamaged, match="is gone"):
        quarantine.open(kept.sha256)
    (home / "quarantine" / f"{kept.sha256}.json").write_text("{}")
    with pytest.raises(ArchiveDamaged, match="does not say"):
        quarantine.listed()


@pytest.mark.scorecard(45, "the quarantine is emptied by age; of a file its hash, rule and places stay, once")
def test_emptying_deletes_what_is_old_and_keeps_one_line(home: Path, quarantine: Quarantine) -> None:
    old, new = keep(quarantine), keep(quarantine, b"new", MOMENT + MONTH)
    now = MOMENT + MONTH + timedelta(hours=1)
    assert quarantine.empty(MONTH, now) == [old]
    assert quarantine.empty(MONTH, now) == []
    assert quarantine.listed() == [new]
    assert not list((home / "quarantine").glob(f"{old.sha256}*"))
    (line,) = [json.loads(text) for text in (home / "quarantine" / "emptied.jsonl").read_text().splitlines()]
    assert line == {**old.to_json(), "emptied_at": now.isoformat()}
    assert mode(home / "quarantine" / "emptied.jsonl") == 0o600


def test_an_emptying_that_was_interrupted_is_finished_with_one_line(
    home: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep(quarantine)
    unlink = Path.unlink

    def dies(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".json":
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", dies)
        with pytest.raises(KeyboardInterrupt):
            quarantine.empty(MONTH, MOMENT + 2 * MONTH)
    assert not (home / "quarantine" / f"{kept.sha256}.locked").exists()
    assert quarantine.empty(MONTH, MOMENT + 2 * MONTH) == [kept]
    assert quarantine.listed() == []
    assert len((home / "quarantine" / "emptied.jsonl").read_text().splitlines()) == 1


def test_a_file_that_comes_again_after_it_was_deleted_is_kept_again(quarantine: Quarantine) -> None:
    keep(quarantine)
    quarantine.empty(MONTH, MOMENT + 2 * MONTH)
    again = keep(quarantine, moment=MOMENT + 3 * MONTH)
    assert quarantine.listed() == [again]
    assert quarantine.empty(MONTH, MOMENT + 5 * MONTH) == [again]


def test_a_write_that_dies_leaves_no_entry_and_the_next_one_succeeds(
    home: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(path: Path, content: bytes) -> None:
        if path.suffix == ".json":
            raise OSError("disk full")
        path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", dies)
        with pytest.raises(OSError, match="disk full"):
            keep(quarantine)
    assert quarantine.listed() == []
    kept = keep(quarantine)
    assert quarantine.open(kept.sha256) == CONTENT


def test_what_a_dead_process_left_is_cleared_when_it_is_old(home: Path, quarantine: Quarantine) -> None:
    keep(quarantine)
    left, fresh = (home / "quarantine" / f".writing-{name}" for name in ("left", "fresh"))
    for path, age in ((left, 2 * MONTH), (fresh, timedelta(0))):
        path.touch()
        stamp = (MOMENT + 2 * MONTH - age).timestamp()
        os.utime(path, (stamp, stamp))
    quarantine.empty(MONTH, MOMENT + 2 * MONTH)
    assert not left.exists()
    assert fresh.exists()


def test_an_empty_quarantine_is_no_folder(home: Path, quarantine: Quarantine) -> None:
    assert quarantine.listed() == []
    assert quarantine.empty(MONTH, MOMENT) == []
    assert not (home / "quarantine").exists()


def test_two_processes_that_make_the_key_at_once_have_the_same(home: Path) -> None:
    path = home / "secrets" / "quarantine.key"
    path.parent.mkdir()
    module._create(path, b"first")
    module._create(path, b"second")
    assert path.read_bytes() == b"first"
    assert [each.name for each in path.parent.iterdir()] == ["quarantine.key"]
