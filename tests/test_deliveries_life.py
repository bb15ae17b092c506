"""A delivery from the command line to the warehouse, with the ledger's word on where it stands."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from include import __main__ as command_line
from include import settings, verbs
from include.archive.deliveries import SOURCE
from include.archive.store import Archive
from include.load import run as load_run
from include.load.judged import Judged, judged
from include.registry.delivery import Identity
from include.registry.templates import workbook

IDENTITY = Identity("jamtland", "LST", "2023")


@pytest.fixture
def home(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("FOLLOWUP_USER", "Anna")
    for name in ("FOLLOWUP_RECEIPTS", "FOLLOWUP_QUARANTINE"):
        monkeypatch.delenv(name, raising=False)
    verbs.migrate()
    return warehouse.home


def state() -> str:
    found = verbs.delivery_states(datetime.now(UTC), "jamtland")
    return next(each.state for each in found if each.identity == IDENTITY)


def test_what_came_of_a_capture_is_read_from_the_ledger(home):
    def checked(capture: str, run: str, state: Any, reason: str = "", **counts: int) -> None:
        load_run.record_outcome(
            stage="check", run_id=run, state=state, reason=reason, started_at=datetime.now(UTC), capture_id=capture,
            **counts,
        )  # fmt: skip

    refused, mended, held, broke = (f"{SOURCE}/a-B-2023/2024010{day}T000000Z-a" for day in range(1, 5))
    checked(refused, "1", "ok")
    checked(refused, "2", "failed", "CaptureRefused: Leveransen kan inte tas emot: …")
    checked(mended, "1", "failed", "LayoutChanged: …")
    checked(mended, "2", "ok", quarantined=3)
    checked(held, "1", "failed", "CaptureHeld: …")
    checked(broke, "1", "failed", "OSError: [Errno 28] No space left on device")
    waits = Judged(loaded=False, refused=False, set_aside=0)
    assert judged(SOURCE) == {
        refused: Judged(loaded=False, refused=True, set_aside=0),
        mended: Judged(loaded=False, refused=False, set_aside=3),
        held: waits,
        broke: waits,
    }


def test_a_delivery_is_submitted_accepted_and_not_loaded_twice(home, registry, tmp_path, capsys):
    file = tmp_path / "år.xlsx"
    file.write_bytes(workbook(registry, IDENTITY, example="no", empty_sheets="none", status="S"))
    assert state() == "late"
    assert command_line.main(["extracts", "submit", str(file)]) == 0
    assert "0 set aside" in capsys.readouterr().out
    assert state() == "accepted"
    assert command_line.main(["extracts", "submit", str(file)]) == 0
    assert "Nothing was loaded: the warehouse holds it already" in capsys.readouterr().out
    assert len(Archive(settings.archive_url()).manifests(SOURCE)) == 1


def test_a_delivery_is_taken_back_and_may_come_again(home, registry, tmp_path, capsys):
    file = tmp_path / "år.xlsx"
    file.write_bytes(workbook(registry, IDENTITY, example="no", empty_sheets="none", status="S"))
    command_line.main(["extracts", "submit", str(file)])
    time.sleep(1.1)  # captures are told apart by the second
    assert command_line.main(["extracts", "withdraw", IDENTITY.part, "--reason", "Fel år"]) == 0
    assert "0 figures in, 0 new, 0 unchanged, 0 revised, 451 withdrawn" in capsys.readouterr().out
    assert state() == "withdrawn"
    assert command_line.main(["extracts", "withdraw", IDENTITY.part, "--reason", "Igen"]) == 2
    time.sleep(1.1)
    assert command_line.main(["extracts", "submit", str(file)]) == 0
    assert state() == "accepted"
