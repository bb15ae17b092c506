"""approve and reject on the command line: who, why, and what happens to the capture."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy.exc

from include import __main__ as command_line
from include import verbs
from include.archive.approvals import Word

CAPTURE = "s/p-2024/20260101T000000Z-000000000000"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Return the words that reach the verb."""
    words: list[tuple[Any, ...]] = []

    def decide(capture: str, verdict: Any, by: str, reason: str) -> Word:
        words.append((capture, verdict, by, reason))
        return Word(
            capture=capture, verdict=verdict, by=by, at=datetime(2026, 1, 2, tzinfo=UTC), reason=reason, findings=[]
        )

    monkeypatch.setattr(verbs, "decide", decide)
    return words


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_the_word_has_a_name_and_a_reason(given, monkeypatch, capsys, verdict):
    monkeypatch.setenv("FOLLOWUP_USER", "Anna")
    assert command_line.main([verdict, CAPTURE, "--reason", "SCB har bekräftat"]) == 0
    assert given == [(CAPTURE, verdict, "Anna", "SCB har bekräftat")]
    said = capsys.readouterr().out
    assert f"{CAPTURE}: {verdict} by Anna" in said
    assert ("python -m include load s" in said) == (verdict == "approve")


def test_without_a_name_it_is_the_login(given, monkeypatch):
    monkeypatch.delenv("FOLLOWUP_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "bo")
    command_line.main(["approve", CAPTURE, "--reason", "x"])
    assert given[0][2] == "bo"


def test_a_user_without_a_name_is_told_what_to_set(given, monkeypatch, capsys):
    monkeypatch.delenv("FOLLOWUP_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: (_ for _ in ()).throw(OSError("no login")))
    assert command_line.main(["approve", CAPTURE, "--reason", "x"]) == 2
    assert "set FOLLOWUP_USER" in capsys.readouterr().err
    assert given == []


def test_a_word_without_a_reason_is_no_word(given, capsys):
    with pytest.raises(SystemExit):
        command_line.main(["approve", CAPTURE])
    assert given == []


def test_a_held_capture_does_not_keep_the_others_from_being_loaded(monkeypatch, capsys):
    """The command says so at the end, and ends with the check's code."""
    from types import SimpleNamespace

    from include.check.run import CaptureHeld

    loaded = []

    def check(capture: str, run: Any) -> Any:
        if capture == "held":
            raise CaptureHeld("waits for a person's word", None)  # type: ignore[arg-type]
        return SimpleNamespace(staged=None if capture == "rejected" else capture, report="r")

    def load(staged: str, run: Any) -> Any:
        loaded.append(staged)
        counts = dict.fromkeys(("rows_in", "new", "unchanged", "revised", "withdrawn", "quarantined"), 0)
        return SimpleNamespace(**counts)

    monkeypatch.setattr(verbs, "check", check)
    monkeypatch.setattr(verbs, "load", load)
    assert command_line._load_captures(["held", "fine", "rejected"], None) == 5
    assert loaded == ["fine"]
    assert "CaptureHeld: waits for a person's word" in capsys.readouterr().err


def test_a_warehouse_that_is_not_running_is_told_with_how_to_start_it(monkeypatch, capsys):
    def refused(*_: Any) -> Word:
        raise sqlalchemy.exc.OperationalError("SELECT 1", {}, OSError("connection is bad"))

    monkeypatch.setattr(verbs, "decide", refused)
    assert command_line.main(["approve", CAPTURE, "--reason", "x"]) == 1
    said = capsys.readouterr().err
    assert "connection is bad" in said
    assert "python -m include.load.embedded start" in said
    assert "Traceback" not in said
