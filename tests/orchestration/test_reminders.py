"""The parties are reminded in time, once, in plain Swedish, and never without settings."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.errors import SourceUnavailable
from include.measure.deliveries import Arrival, states
from include.orchestration import reminders
from include.orchestration.reminders import (
    Letter,
    LetterNotSent,
    SentLetters,
    due_reminders,
    send_letters,
    unsent_answers,
)
from include.registry.delivery import Identity, due
from include.registry.models import Registry

IDENTITY = Identity("jamtland", "K2380", "2024")
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    monkeypatch.delenv("FOLLOWUP_RECEIPTS", raising=False)
    return tmp_path


@pytest.fixture
def addressed(registry: Registry) -> Registry:
    """Return the registry with an address for each party and a contact of the agreement."""
    agreement = registry.agreements["jamtland"]
    parties = [p.model_copy(update={"email": [f"{p.code.lower()}@example.org"]}) for p in agreement.parties]
    other = agreement.model_copy(update={"parties": parties, "contact": "samordnare@example.org"})
    return registry.model_copy(update={"agreements": {**registry.agreements, "jamtland": other}})


def last_day(registry: Registry) -> date:
    return due(registry, IDENTITY)


def reminded(registry: Registry, day: date, *came: Arrival, sent: set[str] | None = None) -> list[Any]:
    """Return the reminders about one delivery that are due on a day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = [s for s in states(registry, registry.agreements["jamtland"], came, noon) if s.identity == IDENTITY]
    assert len(found) == 1
    return due_reminders(found, sent or set(), day, registry)


def arrival(registry: Registry, **how: Any) -> Arrival:
    moment = datetime.combine(last_day(registry) - timedelta(days=30), datetime.min.time(), UTC)
    return Arrival(IDENTITY.part, "a", moment, "live", **how)


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        (-15, None), (-14, "before_14"), (-4, "before_14"), (-3, "before_3"), (0, "before_3"), (1, "after_1"),
        (13, "after_1"), (14, "after_14"), (29, "after_14"), (30, "after_30"), (44, "after_30"), (45, None),
        (400, None),
    ],
)  # fmt: skip
def test_a_reminder_goes_before_and_after_the_last_day(addressed, days, kind):
    found = reminded(addressed, last_day(addressed) + timedelta(days=days))
    assert [each.kind for each in found] == ([kind] if kind else [])


def test_over_a_hundred_days_each_reminder_goes_once(addressed):
    sent: list[str] = []
    for days in range(-50, 100):
        sent += [r.key for r in reminded(addressed, last_day(addressed) + timedelta(days=days), sent=set(sent))]
    assert sent == [f"reminder/{IDENTITY.part}/{kind}" for kind in reminders.WINDOWS]


def test_after_a_pause_only_the_latest_is_sent(addressed):
    """A deployment that was off, or had no mail server, does not make up for what it missed."""
    found = reminded(addressed, last_day(addressed) + timedelta(days=20))
    assert [each.kind for each in found] == ["after_14"]


@pytest.mark.parametrize(
    ("how", "reminds"),
    [
        ({"outcome": "loaded"}, False),
        ({"outcome": "received"}, False),
        ({"outcome": "refused"}, True),
    ],
)
def test_who_has_delivered_is_not_reminded_and_who_must_correct_is(addressed, how, reminds):
    came = arrival(addressed, **how)
    found = reminded(addressed, last_day(addressed) + timedelta(days=1), came)
    assert bool(found) == reminds
    if reminds:
        assert "kunde inte tas emot" in found[0].text
        assert "Den rättade filen skulle ha kommit" in found[0].text


def test_who_took_a_delivery_back_is_not_reminded(addressed):
    came = arrival(addressed)
    back = Arrival(IDENTITY.part, "b", came.captured_at + timedelta(hours=1), "live", withdrawal=True)
    assert reminded(addressed, last_day(addressed) + timedelta(days=1), came, back) == []


def test_a_reminder_says_what_for_when_by_when_where_and_whom_to_ask(addressed):
    day = last_day(addressed)
    (reminder,) = reminded(addressed, day - timedelta(days=14))
    assert reminder.to == ("k2380@example.org",)
    assert reminder.subject == f"Påminnelse: uppgifter om 2024 till Tillsammans mot våld, senast {day.isoformat()}"
    assert "\n" not in reminder.subject
    for word in (
        "Östersunds kommun", "(E06)", "(E10)", f"senast {day.isoformat()}, om 14 dagar", "jamtland/K2380",
        "jamtland-K2380-2024", "samordnare@example.org", "inga personuppgifter",
    ):  # fmt: skip
        assert word in reminder.text
    (late,) = reminded(addressed, day + timedelta(days=1))
    assert late.subject.startswith("Försenad leverans: ")
    assert "för en dag sedan" in late.text
    assert "sista påminnelsen" not in late.text
    (last,) = reminded(addressed, day + timedelta(days=31))
    assert "sista påminnelsen" in last.text


def test_nobody_is_asked_for_a_name_that_is_not_there(registry):
    (reminder,) = reminded(registry, last_day(registry))
    party = next(each for each in registry.agreements["jamtland"].parties if each.code == "K2380")
    assert reminder.to == tuple(party.email)
    assert "samordnaren" in reminder.text
    assert "None" not in reminder.text


# --- answers -----------------------------------------------------------------------------------------------------


def receipt(folder: Path, moment: datetime, text: str = "Mottaget: 2024\n\nTack!", party: str = "K2380") -> Path:
    file = folder / "jamtland" / party / "2024" / f"{moment:%Y%m%dT%H%M%SZ}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_an_answer_goes_once_to_the_party_that_delivered(addressed, tmp_path):
    receipt(tmp_path, NOW - timedelta(hours=1))
    (letter,) = unsent_answers(tmp_path, (), NOW, addressed)
    assert (letter.to, letter.subject) == (("k2380@example.org",), "Mottaget: 2024")
    assert letter.text == "Tack!"
    assert unsent_answers(tmp_path, {letter.key}, NOW, addressed) == []


def test_an_answer_that_says_something_else_now_is_sent_again(addressed, tmp_path):
    receipt(tmp_path, NOW - timedelta(days=3), "Svar: väntar på besked\n\nx")
    (first,) = unsent_answers(tmp_path, (), NOW, addressed)
    receipt(tmp_path, NOW - timedelta(days=3), "Svar: godkänd\n\nx")
    (second,) = unsent_answers(tmp_path, {first.key}, NOW, addressed)
    assert second.subject == "Svar: godkänd"


def test_old_answers_examples_and_strangers_get_no_letter(addressed, tmp_path):
    receipt(tmp_path, NOW - timedelta(days=31))
    receipt(tmp_path, NOW - timedelta(hours=2), "EXEMPELDATA: Svar på leverans\n")
    receipt(tmp_path, NOW - timedelta(hours=3), party="NOBODY")
    (tmp_path / "jamtland" / "K2380" / "2024" / "index.txt").write_text("x")
    assert unsent_answers(tmp_path, (), NOW, addressed) == []


def test_the_answer_to_a_refused_file_goes_to_the_folders_party(addressed, tmp_path):
    """Also where it says that a file marked EXEMPELDATA is not taken for a real one."""
    from include.errors import DeliveryRefused
    from include.publish import receipt as answers

    refusal = DeliveryRefused("Filen är märkt EXEMPELDATA.", "EXAMPLE")
    answer = answers.of_refusal("jamtland/K2380", "a.xlsx", refusal, "f" * 64, NOW, addressed)
    answers.write(answer, tmp_path, addressed)
    (letter,) = unsent_answers(tmp_path, (), NOW, addressed)
    assert letter.to == ("k2380@example.org",)
    assert "kunde inte tas emot" in letter.subject
    assert "märkt EXEMPELDATA" in letter.text
    assert letter.subject not in letter.text


# --- sending -----------------------------------------------------------------------------------------------------

LETTERS = [Letter("a", ("a@example.org",), "A", "a"), Letter("b", ("b@example.org",), "B", "b")]


def unsent(gone: set[str]) -> list[Letter]:
    return [letter for letter in LETTERS if letter.key not in gone]


@pytest.fixture
def sent(tmp_path: Path) -> SentLetters:
    return SentLetters(tmp_path / "receipts" / "sent.jsonl")


def lines(tmp_path: Path) -> list[tuple[str, str]]:
    text = (tmp_path / "receipts" / "sent.jsonl").read_text(encoding="utf-8")
    return [(line["key"], line["state"]) for line in map(json.loads, text.splitlines())]


def test_each_letter_is_sent_once(sent, tmp_path):
    went: list[str] = []
    assert send_letters(unsent, sent, lambda letter: went.append(letter.key)) == {"sent": 2, "not_sent": 0}
    assert send_letters(unsent, sent, lambda letter: went.append(letter.key)) == {"sent": 0, "not_sent": 0}
    assert went == ["a", "b"]
    assert lines(tmp_path) == [("a", "sending"), ("a", "sent"), ("b", "sending"), ("b", "sent")]


def test_without_settings_nothing_is_sent_told_once_and_no_error(sent, tmp_path, caplog):
    caplog.set_level("INFO")
    for _ in range(3):
        assert send_letters(unsent, sent, None, "there is no connection") == {"sent": 0, "not_sent": 2}
    assert lines(tmp_path) == [("a", "not_sent"), ("b", "not_sent")]
    assert "Not sent: a: there is no connection." in caplog.text
    went: list[str] = []
    send_letters(unsent, sent, lambda letter: went.append(letter.key))  # set up in the meantime
    assert went == ["a", "b"]


def test_a_party_without_an_address_is_written_to_by_nobody(sent):
    nobody = Letter("c", (), "C", "c")
    went: list[Letter] = []
    assert send_letters(lambda gone: [nobody], sent, went.append) == {"sent": 0, "not_sent": 1}
    assert went == []


def test_what_the_server_did_not_take_is_tried_again_and_keeps_nothing_back(sent, tmp_path):
    def broken(letter: Letter) -> None:
        if letter.key == "a":
            raise LetterNotSent("the mail server did not take it (SMTPServerDisconnected)")

    with pytest.raises(SourceUnavailable, match="1 letters could not be sent, 1 were"):
        send_letters(unsent, sent, broken)
    assert [letter.key for letter in unsent(sent.keys())] == ["a"]
    went: list[str] = []
    send_letters(unsent, sent, lambda letter: went.append(letter.key))
    assert went == ["a"]


def test_a_crash_while_sending_never_writes_to_anybody_twice(sent, tmp_path):
    def killed(letter: Letter) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_letters(unsent, sent, killed)
    went: list[str] = []
    send_letters(unsent, sent, lambda letter: went.append(letter.key))
    assert went == ["b"]


def test_a_torn_line_is_left_out_and_the_next_is_whole(sent, tmp_path):
    sent.add("a", "sent")
    file = tmp_path / "receipts" / "sent.jsonl"
    with file.open("ab") as out:
        out.write('{"key": "b", "why": "å'.encode()[:-1])
    sent.add("c", "sent")
    assert sent.keys() == {"a", "c"}
    assert len(file.read_bytes().splitlines()) == 3
