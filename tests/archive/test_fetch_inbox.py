"""A delivery is known by what stands in it; what cannot be kept is answered in Swedish and never archived."""

import os
import sys
import time
import types
from datetime import UTC, datetime

import pytest

from include import settings
from include.archive.run import archive
from include.errors import CheckFailed

QUARTER = "2024-Q1"


@pytest.fixture(autouse=True)
def readers(monkeypatch):
    """Put in the reader's place one that takes ``E02 LST 2023`` for what it says, and refuses everything else."""

    def identify(content: bytes) -> tuple[str, str, str]:
        words = content.decode().split()
        if len(words) != 3:
            raise CheckFailed("Filen är ingen ifylld mall.")
        return words[0], words[1], words[2]

    module = types.ModuleType("include.check.readers.extracts")
    module.identify = identify
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def deliver(home):
    def put(content: str = "E02 LST 2023", name: str = "Ledningsgruppen.xlsx", folder: str = "LST", age: float = 60):
        file = settings.inbox_dir() / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        os.utime(file, (time.time() - age, time.time() - age))
        return file

    return put


@pytest.fixture
def ask(store, registry):
    return lambda quarter=QUARTER, read_from="live", known=frozenset(): archive(
        "agency_extracts", quarter, read_from, None, set(known), registry=registry, store=store
    )


def lying(folder: str) -> list[str]:
    """Return the names of the files below a folder of the inbox."""
    return sorted(p.name for p in (settings.inbox_dir() / folder).rglob("*") if p.is_file())


def test_a_delivery_is_archived_as_what_it_says_it_is_and_moved_away(ask, store, deliver):
    file = deliver()
    result = ask()
    manifest = store.manifest(result.new[0])
    assert (manifest.part, manifest.periods, manifest.file_name) == ("E02-LST-2023", ["2023"], "Ledningsgruppen.xlsx")
    assert store.read(manifest.capture_id) == b"E02 LST 2023"
    assert not file.exists()
    assert [name.partition("-")[2] for name in lying("_received")] == ["Ledningsgruppen.xlsx"]
    assert result.missing == [
        *("E01-LST-2023", "E12-LST-2023"),
        *("E01-LST-2022", "E02-LST-2022", "E12-LST-2022"),
    ]


def test_the_same_delivery_again_under_another_name_is_no_revision(ask, store, deliver):
    deliver()
    loaded = ask().new
    deliver(name="samma en gång till.xlsx")
    result = ask(known=loaded)
    assert (result.new, result.unchanged) == ([], 1)
    assert len(lying("_received")) == 2
    assert len(store.manifests("agency_extracts")) == 1


def test_a_delivery_that_comes_before_it_is_due_is_taken_at_once(ask, deliver):
    deliver("E02 LST 2025")
    assert [capture.split("/")[1] for capture in ask().new] == ["E02-LST-2025"]
    assert ask(read_from="archive").new == []  # but a replay of the quarter keeps to its periods


@pytest.mark.parametrize(
    ("content", "folder", "says"),
    [
        ("hemligt namn", "LST", "ingen ifylld mall"),
        ("E02 LST 2023", "RJH", "annan part"),
        ("E09 LST 2023", "LST", "tas inte emot"),
        ("E02 LST 20x3", "LST", "ingen period"),
        ("E02 LST 2023-Q1", "LST", "inte för en sådan period"),
        ("E02 LST 2019", "LST", "väntas inte"),
        ("E02 RJH 2023", "RJH", "väntas inte"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason_in_swedish_and_without_a_word_of_the_file(
    ask, store, deliver, content, folder, says
):
    deliver(content, folder=folder)
    result = ask()
    assert store.manifests("agency_extracts") == []
    assert result.new == []
    assert "Ledningsgruppen.xlsx: delivery refused" in result.reason
    file, answer = sorted((settings.inbox_dir() / "_refused" / folder).iterdir(), key=lambda p: len(p.name))
    text = answer.read_text(encoding="utf-8")
    assert answer.name == file.name + ".orsak.txt"
    assert says in text
    assert "samordnaren" in text
    assert "hemligt" not in text + result.reason
    assert file.read_text() == content


def test_one_refused_file_does_not_keep_the_others_back(ask, deliver):
    deliver("nej", name="a.xlsx")
    deliver("E02 LST 2023", name="b.xlsx")
    assert len(ask().new) == 1


def test_a_link_is_not_followed(ask, deliver, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("E02 LST 2023")
    folder = settings.inbox_dir() / "LST"
    folder.mkdir(parents=True)
    (folder / "a.xlsx").symlink_to(secret)
    os.utime(folder / "a.xlsx", (1, 1), follow_symlinks=False)
    result = ask()
    assert result.new == []
    assert "länk" in result.reason
    assert secret.exists()


def test_a_file_that_is_still_being_written_waits_for_the_next_run(ask, deliver, monkeypatch):
    file = deliver(age=0)

    def meanwhile(_seconds: float) -> None:
        file.write_text("E02 LST 2023 more to come")

    monkeypatch.setattr("include.archive.fetchers.inbox.time.sleep", meanwhile)
    assert ask().new == []
    assert file.exists()


def test_a_file_just_put_there_is_waited_for_a_moment_and_taken(ask, deliver, monkeypatch):
    waits = []
    monkeypatch.setattr("include.archive.fetchers.inbox.time.sleep", waits.append)
    deliver(age=0)
    assert len(ask().new) == 1
    assert 0 < waits[0] <= 2


def test_what_office_programs_and_we_leave_lying_is_no_delivery(ask, deliver):
    for name in ("~$Ledningsgruppen.xlsx", ".hidden"):
        deliver(name=name)
    deliver(folder="_received")
    assert ask().new == []
    assert ask().missing


@pytest.mark.parametrize(
    "name", ["å" * 120 + ".xlsx", "rad\nbrytning.xlsx", "a..%2f..xlsx", "<b>x.xlsx", "a" * 240 + ".xlsx"]
)
def test_any_name_will_do(ask, store, deliver, name):
    deliver(name=name)
    assert store.manifest(ask().new[0]).file_name == name
    assert len(lying("_received")) == 1


def test_a_file_that_could_not_be_archived_stays_where_it_is(ask, store, deliver, monkeypatch):
    file = deliver()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "put", full)
    with pytest.raises(OSError, match="No space"):
        ask()
    assert file.exists()


def test_an_empty_or_absent_inbox_is_no_error_and_tells_what_is_awaited(ask):
    assert ask().missing == [f"{extract}-LST-{year}" for year in (2023, 2022) for extract in ("E01", "E02", "E12")]


def test_a_corrected_delivery_is_a_revision(ask, store, deliver, monkeypatch):
    deliver()
    first = ask().new
    deliver("E02  LST  2023")
    second = ask(known=first).new
    assert store.manifest(second[0]).change == "REVISED"
    assert store.manifest(second[0]).captured_at >= datetime(2024, 1, 1, tzinfo=UTC)
