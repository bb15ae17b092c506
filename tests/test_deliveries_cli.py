"""``python -m include extracts``: what a person sees who looks after the parties' deliveries."""

import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include import __main__ as command_line
from include import settings, verbs
from include.archive.store import Archive
from include.check.earlier_values import earlier_values
from include.errors import DeliveryRefused, PersonalDataFound, SourceUnavailable
from include.measure.deliveries import Arrival, states
from include.registry.delivery import Identity
from include.registry.models import Registry
from include.registry.templates import csv_form

IDENTITY = Identity("jamtland", "K2380", "2023")
CAPTURE = f"agency_extracts/{IDENTITY.part}/20240115T090000Z-ffffffffffff"
MANIFEST = SimpleNamespace(capture_id=CAPTURE, part=IDENTITY.part, change="NEW", size=1234)
LOADED = SimpleNamespace(rows_in=5, new=3, unchanged=1, revised=1, withdrawn=0, quarantined=0)
WOMEN = ("", "total", "K", "18+")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    for name in ("FOLLOWUP_ARCHIVE", "FOLLOWUP_RECEIPTS", "FOLLOWUP_INBOX", "FOLLOWUP_QUARANTINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FOLLOWUP_USER", "Anna")
    return tmp_path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Return what reaches the verbs, which do nothing."""
    reached: list[tuple[Any, ...]] = []

    def submit(file: Path, agreement: str | None, party: str | None, run: Any, *, example: bool) -> Any:
        reached.append(("submit", file.name, agreement, party, example))
        return MANIFEST

    def withdraw(part: str, by: str, reason: str, run: Any) -> Any:
        reached.append(("withdraw", part, by, reason))
        return MANIFEST

    def take_in(capture_id: str, run: Any) -> Any:
        reached.append(("take_in", capture_id))
        return LOADED

    monkeypatch.setattr(verbs, "submit", submit)
    monkeypatch.setattr(verbs, "withdraw", withdraw)
    monkeypatch.setattr(verbs, "take_in", take_in)
    return reached


def receipt(text: str) -> None:
    file = settings.receipts_dir() / "jamtland" / "K2380" / "2023" / "20240115T090000Z-ffffffffffff.txt"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")


def test_submit_takes_a_file_in_and_prints_the_answer(calls, capsys):
    receipt("Tack. Uppgifterna är mottagna.")
    words = ["extracts", "submit", "a.xlsx", "--agreement", "jamtland", "--party", "K2380", "--example"]
    assert command_line.main(words) == 0
    assert calls == [("submit", "a.xlsx", "jamtland", "K2380", True), ("take_in", CAPTURE)]
    said = capsys.readouterr().out
    assert "NEW, 1,234 bytes" in said
    assert "Tack. Uppgifterna är mottagna." in said
    assert "5 figures in, 3 new" in said


def test_the_file_itself_says_whose_it_is_unless_told(calls):
    command_line.main(["extracts", "submit", "a.xlsx"])
    assert calls[0] == ("submit", "a.xlsx", None, None, False)


def test_a_delivery_that_the_check_refuses_is_answered_too(calls, capsys, monkeypatch):
    receipt("Filen kunde inte tas emot.")

    def refused(capture_id: str, run: Any) -> Any:
        raise DeliveryRefused("Nej.", "X")

    monkeypatch.setattr(verbs, "take_in", refused)
    assert command_line.main(["extracts", "submit", "a.xlsx"]) == DeliveryRefused.exit_code
    said = capsys.readouterr()
    assert "Filen kunde inte tas emot." in said.out
    assert "Nej." in said.err


def test_withdraw_needs_a_reason_and_names_the_person(calls, capsys):
    with pytest.raises(SystemExit):
        command_line.main(["extracts", "withdraw", IDENTITY.part])
    assert command_line.main(["extracts", "withdraw", IDENTITY.part, "--reason", "Fel år"]) == 0
    assert calls == [("withdraw", IDENTITY.part, "Anna", "Fel år"), ("take_in", CAPTURE)]
    assert f"{IDENTITY.part} is withdrawn" in capsys.readouterr().out


# --- the gate of submit ------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what is entered in the ledger."""
    entries: list[dict[str, Any]] = []
    monkeypatch.setattr("include.load.run.record_outcome", lambda **entry: entries.append(entry))
    return entries


def delivery(registry: Registry, tmp_path: Path, **answers: str) -> Path:
    file = tmp_path / "uttag.csv"
    numbers = {"Vuxna": {WOMEN: {"referred": 12, "investigated": "<5"}}}
    file.write_bytes(csv_form(registry, IDENTITY, numbers, status="S", **answers))
    return file


def submit(file: Path, agreement: str | None = None, party: str | None = None, **how: bool) -> Any:
    return verbs.submit(file, agreement, party, verbs.by_hand(None, "live", None), **how)


def test_a_submitted_file_is_archived_as_its_own_first_sheet_says_and_left_where_it_is(registry, tmp_path, ledger):
    file = delivery(registry, tmp_path, example="no")
    manifest = submit(file)
    assert (manifest.part, manifest.origin, manifest.file_name) == (IDENTITY.part, "live", "uttag.csv")
    assert Archive(settings.archive_url()).read(manifest.capture_id) == file.read_bytes()
    assert ledger[-1]["stage"] == "archive"
    assert ledger[-1]["state"] == "ok"
    assert submit(file).change == "UNCHANGED"
    assert ledger[-1]["state"] == "unchanged"


def test_example_and_real_data_never_take_each_others_place(registry, tmp_path, ledger):
    real, example = delivery(registry, tmp_path, example="no"), tmp_path / "exempel.csv"
    with pytest.raises(DeliveryRefused, match="inte märkt EXEMPELDATA"):
        submit(real, example=True)
    example.write_bytes(delivery(registry, tmp_path, example="yes").read_bytes())
    with pytest.raises(DeliveryRefused, match="märkt EXEMPELDATA"):
        submit(example)
    assert Archive(settings.archive_url()).manifests("agency_extracts") == []
    assert [entry["state"] for entry in ledger] == ["failed", "failed"]
    assert submit(example, example=True).origin == "example"


@pytest.mark.parametrize(("agreement", "party"), [("jamtland", "RJH"), ("annat", "K2380"), (None, "RJH")])
def test_a_file_of_another_party_is_refused(registry, tmp_path, ledger, agreement, party):
    with pytest.raises(DeliveryRefused, match="annan part eller överenskommelse"):
        submit(delivery(registry, tmp_path, example="no"), agreement, party)


def test_a_file_that_is_not_there_is_told(capsys, ledger):
    assert command_line.main(["extracts", "submit", "/nowhere.xlsx"]) == 2
    assert "no such file" in capsys.readouterr().err


TEST_NUMBER = "811218-9876"  # Skatteverket's published test number


def everything_written() -> str:
    """Return all that was written in this home, but for the gate's input."""
    files = [path for path in settings.home().rglob("*") if path.is_file() and path.suffix != ".csv"]
    return "\n".join(f"{path.name}\n{path.read_bytes().decode(errors='replace')}" for path in files)


def with_number(registry: Registry, tmp_path: Path) -> bytes:
    text = delivery(registry, tmp_path, example="no").read_bytes()
    return text.replace(b";12", f";{TEST_NUMBER}".encode())


@pytest.mark.scorecard(
    45, "a submitted file with an identity number is refused; nothing but the rule and place is kept"
)
def test_a_submitted_file_with_personal_data_is_refused_and_no_copy_is_made(registry, tmp_path, ledger, capsys):
    file = tmp_path / "uttag.csv"
    file.write_bytes(with_number(registry, tmp_path))
    assert command_line.main(["extracts", "submit", str(file)]) == PersonalDataFound.exit_code
    said = capsys.readouterr()
    assert "PersonalDataFound" in said.err
    assert file.exists()
    assert Archive(settings.archive_url()).manifests("agency_extracts") == []
    assert TEST_NUMBER not in said.out + said.err + str(ledger) + everything_written()


@pytest.mark.scorecard(
    45, "a file with an identity number in the inbox is locked away; log, answer and archive lack it"
)
def test_a_file_with_personal_data_in_the_inbox_can_be_opened_by_the_coordinator_alone(
    registry, tmp_path, ledger, capsys, caplog, monkeypatch
):
    from include.archive import run as archive_run

    assert command_line.main(["extracts", "quarantine", "keys", "--to", str(tmp_path / "private.key")]) == 0
    public = capsys.readouterr().out.split()[-1]
    monkeypatch.setenv("FOLLOWUP_QUARANTINE_KEY", public)
    content = with_number(registry, tmp_path)
    file = Path(settings.inbox_url()) / "jamtland" / "K2380" / f"{TEST_NUMBER}.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    os.utime(file, (1, 1))
    result = archive_run.archive("agency_extracts", "2024-Q1", "live", None, set())
    assert not list(Path(settings.inbox_url()).rglob("*.csv"))
    assert result.new == []
    assert "personal data, moved to the quarantine" in result.reason
    assert TEST_NUMBER not in result.reason + caplog.text + everything_written()

    assert command_line.main(["extracts", "quarantine", "list"]) == 0
    listed = capsys.readouterr().out
    assert "jamtland/K2380" in listed
    assert TEST_NUMBER not in listed
    to = tmp_path / "opened.csv"
    words = ["extracts", "quarantine", "open", listed[:12], "--to", str(to)]
    assert command_line.main(words) == 2  # the deployment's own key opens nothing
    assert command_line.main([*words, "--key-file", str(tmp_path / "private.key")]) == 0
    assert to.read_bytes() == content
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert command_line.main([*words, "--key-file", str(tmp_path / "private.key")]) == 2  # never over a file

    assert command_line.main(["extracts", "quarantine", "empty"]) == 0
    assert list(settings.quarantine_dir().glob("*.locked"))  # not old enough
    assert command_line.main(["extracts", "quarantine", "empty", "--older-than", "0"]) == 0
    assert "deleted: " in capsys.readouterr().out
    assert not list(settings.quarantine_dir().glob("*.locked"))


@pytest.mark.parametrize("words", [["open"], ["open", "f" * 12], ["keys"]])
def test_the_quarantine_says_what_is_lacking(words, capsys):
    assert command_line.main(["extracts", "quarantine", *words]) == 2
    assert "--to" in capsys.readouterr().err


# --- templates ---------------------------------------------------------------------------------------------------


def test_templates_of_one_party_show_what_it_said_before(registry, tmp_path, ledger, capsys):
    submit(delivery(registry, tmp_path, example="no"))
    shown = earlier_values(registry, Archive(settings.archive_url()))
    period, values = shown(IDENTITY._replace(period="2024"))
    assert period == "2023"
    assert values["E06.referred", WOMEN] == 12
    assert values["E06.investigated", WOMEN] == "1-4"
    assert shown(IDENTITY) is None  # nothing is held of 2022
    folder = tmp_path / "mallar"
    words = ["extracts", "templates", "jamtland", "2024", "--party", "K2380", "--folder", str(folder), "--earlier"]
    assert command_line.main(words) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["jamtland-K2380-2024.csv", "jamtland-K2380-2024.xlsx"]
    assert str(folder / "jamtland-K2380-2024.xlsx") in capsys.readouterr().out
    assert _strings(folder / "jamtland-K2380-2024.xlsx") & {"Aktualiserade 2023"}


def _strings(file: Path) -> set[str]:
    import openpyxl

    book = openpyxl.load_workbook(file)
    return {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}


def test_what_was_taken_back_is_not_shown(registry, tmp_path, ledger):
    submit(delivery(registry, tmp_path, example="no"))
    verbs.withdraw(IDENTITY.part, "Anna", "Fel år", verbs.by_hand(None, "live", None))
    assert earlier_values(registry, Archive(settings.archive_url()))(IDENTITY._replace(period="2024")) is None
    assert ledger[-1]["stage"] == "withdraw"


@pytest.mark.parametrize("words", [["annat", "2024"], ["jamtland", "2019"], ["jamtland", "2024", "--party", "X"]])
def test_templates_that_cannot_be_are_told(words, capsys):
    assert command_line.main(["extracts", "templates", *words]) == 2
    assert "UsageError" in capsys.readouterr().err


# --- states and reminders ----------------------------------------------------------------------------------------


@pytest.fixture
def standing(registry, monkeypatch):
    """Let one delivery have been accepted and its correction refused, on the day on which it is due."""
    came = [
        Arrival(IDENTITY.part, "a", datetime(2024, 2, 1, tzinfo=UTC), "live"),
        Arrival(IDENTITY.part, "b", datetime(2024, 2, 2, tzinfo=UTC), "live", outcome="refused"),
    ]
    found = states(registry, registry.agreements["jamtland"], came, datetime(2024, 3, 1, tzinfo=UTC))
    monkeypatch.setattr(verbs, "delivery_states", lambda now, agreement=None, *, only_live=False: found)
    monkeypatch.setattr("include.measure.deliveries.day_of", lambda now: date(2024, 3, 1))


def test_states_are_a_line_a_delivery(standing, capsys):
    assert command_line.main(["extracts", "states", "jamtland"]) == 0
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert lines[IDENTITY.part] == [IDENTITY.part, "accepted", "2024-03-01", "yes", "2", "corrected"]
    assert lines["jamtland-K2326-2023"] == ["jamtland-K2326-2023", "awaited", "2024-03-01", "0"]
    assert command_line.main(["extracts", "states", "annat"]) == 2


def test_a_dry_run_shows_the_reminders_and_sends_and_records_nothing(standing, capsys):
    assert command_line.main(["extracts", "remind", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "--- reminder/jamtland-K2326-2023/before_3" in said
    assert "Subject: Påminnelse: uppgifter om 2023" in said
    assert f"reminder/{IDENTITY.part}/" not in said
    assert not settings.receipts_dir().exists()


def test_reminders_and_answers_are_both_tried(monkeypatch, capsys):
    os.environ.setdefault("AIRFLOW_HOME", str(settings.home() / "airflow"))
    from include.orchestration import mail

    def broken() -> dict[str, int]:
        raise SourceUnavailable("1 letters could not be sent")

    monkeypatch.setattr(mail, "send_reminders", broken)
    monkeypatch.setattr(mail, "send_answers", lambda: {"sent": 2, "not_sent": 1})
    assert command_line.main(["extracts", "remind"]) == SourceUnavailable.exit_code
    said = capsys.readouterr()
    assert "answers: 2 sent, 1 not sent" in said.out
    assert "1 letters could not be sent" in said.err
