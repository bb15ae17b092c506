"""A delivery is known by what stands in it; what cannot be kept is answered in Swedish and never archived."""

import os
import stat
import sys
import threading
import time
import types
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest

from include import settings
from include.archive import inbox as inbox_module
from include.archive.deliveries import DeliveryUnjudged
from include.archive.inbox import open_inbox, plain_name, settled_signatures
from include.archive.run import archive
from include.errors import CheckFailed, PersonalDataFound
from include.periods import Period
from include.registry.delivery import Identity, expected

QUARTER = "2024-Q1"
FOLDER = "jamtland/LST"
PART = "jamtland-LST-2023"


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    """Put in the reader's place one that takes ``jamtland LST 2023`` for what it says; it tells what it was shown."""
    seen: list[str] = []

    def recognise(content: bytes, file_name: str, registry: object) -> tuple[Identity, bool]:
        seen.append(file_name)
        words = content.decode().split()
        if words[:1] == ["person"]:
            raise PersonalDataFound("Filen ser ut att ha personnummer.", "IDENTITY_NUMBER", ("bladet Vuxna, cell B7",))
        if words[:1] == ["crash"]:
            raise ValueError(f"could not read {content!r}")
        if len(words) < 3:
            raise CheckFailed("Filen är ingen ifylld mall.")
        return Identity(*words[:3]), words[3:] == ["EXEMPELDATA"]

    module = types.ModuleType("include.check.readers.extracts")
    module.recognise = recognise
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return seen


def root() -> Path:
    return Path(settings.inbox_url())


@pytest.fixture
def deliver(home):
    def put(content: str = "jamtland LST 2023", name: str = "Ledning.xlsx", folder: str = FOLDER, age: float = 60):
        file = root() / folder / name
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
    return sorted(p.name for p in (root() / folder).rglob("*") if p.is_file())


def answers(folder: str = FOLDER) -> list[Path]:
    return sorted((root() / "_refused" / folder).glob("*.orsak.txt"))


# --- taken -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_archived_as_what_it_says_it_is_and_moved_away(ask, store, registry, deliver):
    file = deliver()
    result = ask()
    manifest = store.manifest(result.new[0])
    assert (manifest.part, manifest.periods, manifest.file_name) == (PART, ["2023"], "Ledning.xlsx")
    assert (manifest.origin, manifest.url) == ("live", "inbox:jamtland/LST")
    assert manifest.request == {"agreement": "jamtland", "party": "LST", "period": "2023"}
    assert store.read(manifest.capture_id) == b"jamtland LST 2023"
    assert not file.exists()
    (name,) = lying("_received")
    assert name.endswith(f"-{manifest.sha256[:12]}-Ledning.xlsx")


def test_what_is_awaited_follows_the_agreement_by_party_and_period(ask, registry, deliver):
    deliver()
    missing = ask().missing
    assert PART not in missing
    for period in ("2023", "2023-Q4", "2023-H2"):
        parts = [identity.part for identity in expected(registry, Period.parse(period)) if identity.part != PART]
        assert parts
        assert set(parts) <= set(missing)
    assert "jamtland-RJH-2024-Q1" not in missing


@pytest.mark.scorecard(31, "a delivery sent again under another name is no new version")
def test_the_same_delivery_again_under_another_name_is_no_revision(ask, store, deliver):
    deliver()
    loaded = ask().new
    deliver(name="samma en gång till.xlsx")
    result = ask(known=loaded)
    assert (result.new, result.unchanged) == ([], 1)
    assert len(lying("_received")) == 2
    assert len(store.manifests("agency_extracts")) == 1


def test_a_corrected_delivery_is_a_revision(ask, store, deliver):
    deliver()
    first = ask().new
    deliver("jamtland  LST  2023")
    second = ask(known=first).new
    assert store.manifest(second[0]).change == "REVISED"
    assert store.manifest(second[0]).captured_at >= datetime(2024, 1, 1, tzinfo=UTC)


def test_a_delivery_that_comes_before_it_is_due_is_taken_at_once(ask, deliver):
    deliver("jamtland LST 2025")
    assert [capture.split("/")[1] for capture in ask().new] == ["jamtland-LST-2025"]
    assert ask(read_from="archive").new == []  # but a replay of the quarter keeps to its periods


# --- refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "folder", "says"),
    [
        ("hemligt namn", FOLDER, "ingen ifylld mall"),
        ("jamtland LST 2023", "jamtland/RJH", "annan part eller överenskommelse"),
        ("jamtland LST 2023", "annat_lan/LST", "annan part eller överenskommelse"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason_in_swedish_and_without_a_word_of_the_file(
    ask, store, deliver, content, folder, says
):
    deliver(content, folder=folder, name="hemligt namn.xlsx")
    result = ask()
    assert store.manifests("agency_extracts") == []
    assert result.new == []
    assert f"{folder}/" in result.reason
    assert "delivery refused" in result.reason
    (answer,) = answers(folder)
    (file,) = (path for path in (root() / "_refused" / folder).iterdir() if path.suffix == ".xlsx")
    assert file.name.startswith(answer.name.removesuffix(".orsak.txt"))
    assert says in answer.read_text(encoding="utf-8")
    assert "hemligt" not in result.reason
    assert file.read_text() == content


def test_an_example_does_not_come_in_as_a_real_delivery(ask, store, deliver):
    deliver("jamtland LST 2023 EXEMPELDATA")
    assert ask().new == []
    assert store.manifests("agency_extracts") == []
    assert "märkt EXEMPELDATA" in answers()[0].read_text(encoding="utf-8")


@pytest.mark.scorecard(45, "of a file with personal data only hash, rule and places are left in the open")
def test_a_file_with_personal_data_is_locked_away_and_nothing_of_it_is_told(ask, store, deliver, caplog):
    file = deliver("person Anna Testsson", name="Anna Testsson.xlsx")
    result = ask()
    assert not file.exists()
    assert store.manifests("agency_extracts") == []
    assert "IDENTITY_NUMBER at bladet Vuxna, cell B7" in result.reason
    kept = [path for path in settings.home().rglob("*") if path.is_file()]
    for path in kept:
        assert b"Testsson" not in path.read_bytes(), path
        assert "Testsson" not in path.name
    assert "Testsson" not in result.reason + caplog.text
    (answer,) = answers()
    assert lying("_refused") == [answer.name]
    (locked,) = settings.quarantine_dir().glob("*.locked")
    assert stat.S_IMODE(locked.stat().st_mode) == 0o600


def test_one_refused_file_does_not_keep_the_others_back(ask, deliver):
    deliver("nej", name="a.xlsx")
    deliver(name="b.xlsx")
    assert len(ask().new) == 1


def test_a_file_that_trips_us_up_keeps_no_other_back_and_is_nowhere_quoted(ask, store, deliver, caplog):
    file = deliver("crash 811218-9876", name="a.xlsx")
    deliver(name="b.xlsx")
    with pytest.raises(DeliveryUnjudged, match=r"could not be judged \(ValueError in recognise") as fault:
        ask()
    assert [manifest.part for manifest in store.manifests("agency_extracts")] == [PART]
    assert file.exists()
    assert fault.value.__cause__ is None
    assert fault.value.__context__ is None
    assert "811218" not in str(fault.value) + caplog.text


def test_a_larger_file_than_any_delivery_is_not_read(ask, store, deliver, monkeypatch, reader):
    monkeypatch.setattr(inbox_module, "LARGEST_BYTES", 10)
    deliver()
    assert ask().new == []
    assert "stor" in answers()[0].read_text(encoding="utf-8")
    assert reader == []


# --- names and folders -------------------------------------------------------------------------------------------

LATIN, CYRILLIC = "Leverans.xlsx", "Leverаns.xlsx"
NAMES = [
    "å" * 120 + ".xlsx",
    "a" * 250 + ".xlsx",
    "rad\nbrytning.xlsx",
    "a..%2f..%2fetc.xlsx",
    "a\\..\\..\\windows.xlsx",
    "<b onload=x>.xlsx",
    "moln\u202exslx.exe.xlsx",
    CYRILLIC,
    "$(touch x);`y`.xlsx",
    "utan ändelse",
    "a.xlsx.....",
    "\x07\x1b[31m.xlsx",
    b"latin-\xe5\xff.xlsx".decode(errors="surrogateescape"),
]


@pytest.mark.scorecard(48, "a hostile file name is kept as data only: stored under the hash, moved under a plain name")
@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_any_name_will_do(ask, store, deliver, name, caplog):
    deliver(name=name)
    manifest = store.manifest(ask().new[0])
    assert manifest.file_name == name.encode(errors="surrogateescape").decode(errors="replace")
    assert store.read(manifest.capture_id) == b"jamtland LST 2023"
    (moved,) = (path for path in (root() / "_received").rglob("*") if path.is_file())
    assert moved.parent == root() / "_received" / FOLDER
    plain = moved.name.split("-", 2)[2]
    assert plain == plain_name(name)
    assert len(moved.name) < 130
    assert all(sign.isascii() or sign in "åäöÅÄÖéÉ" for sign in plain)
    assert all(unicodedata.category(sign)[0] != "C" for sign in plain)
    assert name not in caplog.text
    assert not Path("x").exists()


@pytest.mark.scorecard(48, "names that only look the same are two files, and one delivery")
def test_names_that_look_the_same_are_two_files(ask, store, deliver):
    deliver(name=LATIN)
    deliver(name=CYRILLIC)
    ask()
    assert len(lying("_received")) == 2
    assert len(store.manifests("agency_extracts")) == 1


@pytest.mark.parametrize("name", ["../../x", "..", ".", "", "/", "\0", "CON.xlsx", "a/b\\c", "-rf", "...xlsx"])
def test_a_plain_name_is_never_a_path_nor_hidden_nor_an_option(name):
    plain = plain_name(name)
    assert plain
    assert not plain.startswith((".", "-"))
    assert not set(plain) & set("/\\\0")


@pytest.mark.scorecard(48, "a link is not followed, whatever it points at")
def test_a_link_is_not_followed(ask, deliver, tmp_path, reader):
    secret = tmp_path / "secret"
    secret.write_text("jamtland LST 2023")
    folder = root() / FOLDER
    folder.mkdir(parents=True)
    (folder / "a.xlsx").symlink_to(secret)
    os.utime(folder / "a.xlsx", (1, 1), follow_symlinks=False)
    result = ask()
    assert result.new == []
    assert reader == []
    assert "länk" in answers()[0].read_text(encoding="utf-8")
    assert secret.exists()
    assert [path for path in root().rglob("*") if path.is_symlink()] == []


@pytest.mark.scorecard(48, "nothing outside of the parties' own folders is read: sub-folders, links to folders, pipes")
def test_only_files_in_the_parties_own_folders_are_read(ask, deliver, tmp_path, caplog, reader):
    deliver(name="djupare.xlsx", folder=f"{FOLDER}/mapp")
    deliver(name="utan part.xlsx", folder="jamtland")
    deliver(name="utan mapp.xlsx", folder="")
    deliver(folder="_received/LST")
    deliver(name=".dold.xlsx")
    for name in ("~$Ledning.xlsx", "Thumbs.db", "desktop.ini", "halv.xlsx.filepart"):
        deliver(name=name)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.xlsx").write_text("jamtland RJH 2023")
    (root() / "jamtland" / "RJH").symlink_to(elsewhere)
    os.mkfifo(root() / FOLDER / "pipe.xlsx")
    (root() / FOLDER / "folder.xlsx").mkdir()
    assert ask().new == []
    assert reader == []
    assert "3 files lie in the inbox where nobody reads them" in caplog.text


# --- still being written -----------------------------------------------------------------------------------------


def test_a_file_that_is_still_being_written_waits_for_the_next_run(ask, deliver, monkeypatch):
    file = deliver(age=0)

    def meanwhile(_seconds: float) -> None:
        file.write_text("jamtland LST 2023 more to come")

    monkeypatch.setattr("include.archive.fetchers.inbox.time.sleep", meanwhile)
    assert ask().new == []
    assert file.exists()


def test_a_file_just_put_there_is_waited_for_a_moment_and_taken(ask, deliver, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("include.archive.fetchers.inbox.time.sleep", waits.append)
    deliver(age=0)
    assert len(ask().new) == 1
    assert 0 < waits[0] <= 2


def test_a_file_from_a_clock_that_is_ahead_is_taken(ask, deliver):
    deliver(age=-3600)
    assert len(ask().new) == 1


def test_a_file_that_is_replaced_while_it_is_judged_is_a_new_delivery(ask, store, deliver, monkeypatch):
    file = deliver()
    put = store.put

    def meanwhile(*args, **kwargs):
        manifest = put(*args, **kwargs)
        file.write_text("jamtland LST 2023 again")
        return manifest

    monkeypatch.setattr(store, "put", meanwhile)
    first = ask().new
    assert file.read_text() == "jamtland LST 2023 again"
    monkeypatch.setattr(store, "put", put)
    os.utime(file, (1, 1))
    assert len(ask(known=first).new) == 1
    assert not file.exists()


def test_a_file_that_could_not_be_archived_stays_where_it_is(ask, store, deliver, monkeypatch):
    file = deliver()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "put", full)
    with pytest.raises(OSError, match="No space"):
        ask()
    assert file.exists()


def test_two_runs_at_once_take_each_file_once(ask, store, deliver):
    for number in range(8):
        deliver(f"jamtland LST 2023{' ' * number}", name=f"{number}.xlsx")
    faults: list[BaseException] = []

    def run() -> None:
        try:
            ask()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(store.manifests("agency_extracts")) == 8
    assert len(lying("_received")) == 8


def test_an_empty_or_absent_inbox_is_no_error_and_tells_what_is_awaited(ask):
    assert settled_signatures(settings.inbox_url()) == []
    missing = ask().missing
    assert PART in missing
    assert "jamtland-LST-2022" in missing


# --- a bucket ----------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(home, monkeypatch):
    """Point the inbox at an object store (fsspec's own, in memory) and return it."""
    monkeypatch.setenv("FOLLOWUP_INBOX", "memory://bucket/inbox")
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs.clear()
    yield store
    store.store.clear()
    store.pseudo_dirs.clear()


def test_a_bucket_does_as_well(ask, store, bucket, caplog):
    bucket.pipe_file("/bucket/inbox/jamtland/LST/rad\nbrytning.xlsx", b"jamtland LST 2023")
    bucket.pipe_file("/bucket/inbox/jamtland/RJH/fel.xlsx", b"jamtland LST 2023")
    bucket.pipe_file("/bucket/inbox/jamtland/LST/mapp/djupare.xlsx", b"jamtland LST 2022")
    bucket.pipe_file("/bucket/inbox/jamtland/LST/.dold.xlsx", b"jamtland LST 2022")
    assert len(settled_signatures(settings.inbox_url())) == 2
    manifest = store.manifest(ask().new[0])
    assert (manifest.part, manifest.file_name) == (PART, "rad\nbrytning.xlsx")
    names = sorted(path.removeprefix("/bucket/inbox/") for path in bucket.find("/bucket/inbox"))
    assert [name.rpartition("/")[0] for name in names] == [
        "_received/jamtland/LST", "_refused/jamtland/RJH", "_refused/jamtland/RJH", "jamtland/LST", "jamtland/LST/mapp",
    ]  # fmt: skip
    assert names[0].endswith("-rad_brytning.xlsx")
    assert settled_signatures(settings.inbox_url()) == []
    assert "1 files lie in the inbox where nobody reads them" in caplog.text


def test_a_large_object_is_not_read(ask, bucket, monkeypatch, reader):
    monkeypatch.setattr(inbox_module, "LARGEST_BYTES", 10)
    bucket.pipe_file("/bucket/inbox/jamtland/LST/stor.xlsx", b"jamtland LST 2023")
    assert ask().new == []
    assert reader == []


def test_an_empty_bucket_is_no_error(ask, bucket):
    assert ask().new == []


def test_a_signature_changes_with_the_file_and_tells_nothing_of_its_name(deliver):
    file = deliver(name="Anna Testsson.xlsx")
    (before,) = open_inbox(settings.inbox_url()).waiting()
    file.write_text("jamtland LST 2024")
    (after,) = open_inbox(settings.inbox_url()).waiting()
    assert before.signature != after.signature
    assert len(before.signature) == 16
    assert int(before.signature, 16) >= 0
