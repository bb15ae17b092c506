"""The watch over the inbox: it holds no worker, blocks no triggerer, outlives a restart, and tells no names."""

import asyncio
import email
import email.policy
import importlib
import json
import os
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    monkeypatch.delenv("FOLLOWUP_INBOX", raising=False)
    monkeypatch.setitem(os.environ, "AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    os.environ.setdefault("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
    return tmp_path


def put(home: Path, name: str = "Anna Testsson.xlsx", age: float = 60) -> Path:
    file = home / "inbox" / "jamtland" / "LST" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")
    os.utime(file, (time.time() - age, time.time() - age))
    return file


async def first_event(trigger: Any, patience: float = 10) -> Any:
    """Return what a trigger says first."""

    event = await asyncio.wait_for(anext(trigger.run()), patience)
    return event.payload


def trigger(home: Path, poll_seconds: float = 0.02) -> Any:
    from include.orchestration.inbox_watch import DeliveryTrigger

    return DeliveryTrigger(str(home / "inbox"), poll_seconds)


def test_the_trigger_wakes_when_a_file_comes_and_tells_no_name(home: Path) -> None:
    async def scene() -> Any:
        waiting = asyncio.create_task(first_event(trigger(home)))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        put(home, age=0)
        await asyncio.sleep(0.1)
        assert not waiting.done()  # it may still be being written
        put(home)
        return await waiting

    event = asyncio.run(scene())
    assert len(event) == 1
    assert "Anna" not in json.dumps(event)


def test_a_restarted_triggerer_watches_on(home: Path) -> None:
    path, kwargs = trigger(home).serialize()
    kwargs = json.loads(json.dumps(kwargs))
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**kwargs)
    assert again.serialize() == (path, kwargs)
    put(home)
    assert len(asyncio.run(first_event(again))) == 1


def test_a_slow_inbox_does_not_hold_up_the_triggerer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from include.orchestration import inbox_watch

    def slow(_url: str) -> list[str]:
        time.sleep(0.3)
        return ["f" * 16]

    monkeypatch.setattr(inbox_watch, "settled_signatures", slow)

    async def scene() -> int:
        waiting, ticks = asyncio.create_task(first_event(trigger(home))), 0
        while not waiting.done():
            ticks += 1
            await asyncio.sleep(0.01)
        return ticks

    assert asyncio.run(scene()) > 10


def test_an_inbox_that_is_away_for_a_while_ends_no_watch_but_one_that_stays_away_does(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.orchestration import inbox_watch

    looks: list[int] = []

    def away(_url: str) -> list[str]:
        looks.append(1)
        if len(looks) < 5:
            raise PermissionError("no")
        return ["f" * 16]

    monkeypatch.setattr(inbox_watch, "settled_signatures", away)
    assert asyncio.run(first_event(trigger(home))) == ["f" * 16]
    looks[:] = [0] * -1000
    monkeypatch.setattr(inbox_watch, "settled_signatures", lambda _url: (_ for _ in ()).throw(PermissionError("no")))
    with pytest.raises(PermissionError):
        asyncio.run(first_event(trigger(home, 0.001)))


def test_the_sensor_gives_its_worker_back_until_a_file_lies_there(home: Path) -> None:
    from airflow.sdk.exceptions import TaskDeferred

    from include.orchestration.inbox_watch import DeliverySensor, DeliveryTrigger

    sensor = DeliverySensor(task_id="watch")
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    assert isinstance(deferred.value.trigger, DeliveryTrigger)
    assert deferred.value.trigger.url == str(home / "inbox")
    assert deferred.value.method_name == "execute_complete"
    assert deferred.value.timeout is None
    assert sensor.execute_complete({}, ["a"]) == ["a"]
    put(home)
    (seen,) = sensor.execute({})
    assert "Anna" not in seen


@pytest.fixture(scope="module")
def bag() -> Any:
    sys.path.insert(0, str(ROOT / "plugins"))
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags" / "inbox.py"))


def test_there_is_always_one_watch_and_it_goes_through_the_usual_dag(bag: Any) -> None:
    dag = bag.dags["inbox"]
    assert type(dag.timetable).__name__ == "ContinuousTimetable"
    assert dag.max_active_runs == 1
    take_in = dag.get_task("take_in")
    assert (take_in.trigger_dag_id, take_in.deferrable, take_in.wait_for_completion) == ("agency_extracts", True, True)
    assert take_in.conf["read_from"] == "live"
    assert set(take_in.allowed_states) == {"success", "failed"}
    assert take_in.failed_states == []
    order = ["watch", "take_in", "cleared", "answer"]
    for before, after in pairwise(order):
        assert after in dag.get_task(before).downstream_task_ids


def test_the_run_is_started_for_the_quarter_of_today(bag: Any) -> None:
    from datetime import UTC, datetime

    from include.periods import Quarter

    dag = bag.dags["inbox"]
    rendered = dag.get_task("take_in").render_template(dag.get_task("take_in").conf, {}, dag.get_template_env())
    assert rendered == {"quarter": str(Quarter.from_date(datetime.now(UTC).date())), "read_from": "live"}


def test_both_dags_come_back_from_what_the_scheduler_keeps(bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag_id, dag in bag.dags.items():
        kept = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
        assert (kept.dag_id, sorted(kept.task_ids)) == (dag_id, sorted(dag.task_ids))


def test_a_file_that_was_left_stops_the_watch_for_a_while(bag: Any, home: Path) -> None:
    from include.archive.inbox import settled_signatures
    from include.errors import SourceUnavailable

    cleared = bag.dags["inbox"].get_task("cleared").python_callable
    file = put(home)
    seen = settled_signatures(str(home / "inbox"))
    with pytest.raises(SourceUnavailable, match="1 files still lie in the inbox") as left:
        cleared(seen)
    assert "Anna" not in str(left.value)
    put(home, name="new.xlsx")
    file.unlink()
    cleared(seen)  # another file that has come since is the next watch's


# --- letters -----------------------------------------------------------------------------------------------------


def test_nothing_is_sent_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    from include.orchestration import mail

    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT", raising=False)
    assert mail.sender() == (None, "there is no connection smtp_default")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({"conn_type": "smtp", "host": "localhost"}))
    assert mail.sender() == (None, "the connection smtp_default has no from_email")


@pytest.fixture
def post_office(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[list[str], str]]]:
    """Run a mail server; return the letters that it took: whom to, and all that was sent. It knows no nobody@."""
    letters: list[tuple[list[str], str]] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            to: list[str] = []
            self.say("220 ready")
            while line := self.rfile.readline().decode().strip():
                word = line[:4].upper()
                if word == "RCPT":
                    if "nobody@" in line:
                        self.say("550 no such person")
                        continue
                    to.append(line.partition("<")[2].partition(">")[0])
                if word == "DATA":
                    self.say("354 go on")
                    text = b"".join(iter(self.rfile.readline, b".\r\n"))
                    letters.append((to, text.decode()))
                self.say("221 bye" if word == "QUIT" else "250 ok")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        extra = {"from_email": "us@example.org", "disable_ssl": True, "disable_tls": True, "timeout": 5}
        how = {"conn_type": "smtp", "host": "127.0.0.1", "port": server.server_address[1], "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(how))
        yield letters
        server.shutdown()


def letter(to: str = "a@example.org", text: str = "x") -> Any:
    from include.orchestration.reminders import Letter

    return Letter("k", (to, "b@example.org"), "Påminnelse: uppgifter om 2024", text)


def test_a_letter_goes_as_plain_text_through_airflows_notifier(post_office: list[tuple[list[str], str]]) -> None:
    from include.orchestration import mail

    send, why_not = mail.sender()
    assert (send is not None, why_not) == (True, "")
    assert send is not None
    send(letter(text="Rad 1: åäö\n<b>{{ conn }}</b>"))
    ((to, sent),) = post_office
    message = email.message_from_string(sent, policy=email.policy.default)
    assert to == ["a@example.org", "b@example.org"]
    assert (message["From"], message["Subject"]) == ("us@example.org", "Påminnelse: uppgifter om 2024")
    body = message.get_body(("html",))
    assert body is not None
    assert "Rad 1: åäö\n&lt;b&gt;{{ conn }}&lt;/b&gt;" in body.get_content()


def test_what_the_server_refuses_is_told_without_an_address(
    post_office: list[tuple[list[str], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.orchestration import mail
    from include.orchestration.reminders import Letter, LetterNotSent

    send, _ = mail.sender()
    assert send is not None
    with pytest.raises(LetterNotSent, match="SMTPRecipientsRefused") as error:
        send(Letter("k", ("nobody@example.org",), "x", "x"))
    assert "example.org" not in str(error.value)
    assert post_office == []
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT",
        json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": 1, "extra": {"from_email": "us@example.org"}}),
    )
    send, _ = mail.sender()
    assert send is not None
    with pytest.raises(LetterNotSent, match="ConnectionRefusedError"):
        send(letter())


def test_reminders_go_once_by_the_daily_task(
    bag: Any, post_office: list[tuple[list[str], str]], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    from datetime import UTC, datetime, timedelta

    from include import verbs
    from include.measure.deliveries import states
    from include.registry import read
    from include.registry.delivery import Identity, due

    real = read.registry()
    agreement = real.agreements["jamtland"]
    parties = [party.model_copy(update={"email": ["a@example.org"]}) for party in agreement.parties]
    addressed = real.model_copy(update={"agreements": {"jamtland": agreement.model_copy(update={"parties": parties})}})
    monkeypatch.setattr(read, "registry", lambda: addressed)
    last = due(real, Identity("jamtland", "K2380", "2024"))
    found = [
        each
        for each in states(real, agreement, [], datetime(last.year, last.month, last.day, tzinfo=UTC))
        if each.identity == Identity("jamtland", "K2380", "2024")
    ]
    monkeypatch.setattr(verbs, "delivery_states", lambda now, only_live: found)
    monkeypatch.setattr("include.measure.deliveries.day_of", lambda now: last + timedelta(days=1))
    remind = bag.dags["reminders"].get_task("remind").python_callable
    assert remind() == {"sent": 1, "not_sent": 0}
    assert remind() == {"sent": 0, "not_sent": 0}
    assert [to for to, _ in post_office] == [["a@example.org"]]
    (line,) = (json.loads(each) for each in (home / "receipts" / "sent.jsonl").read_text().splitlines()[1:])
    assert (line["key"], line["state"]) == ("reminder/jamtland-K2380-2024/after_1", "sent")


def test_the_quarantine_is_emptied_of_what_is_old(bag: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime, timedelta

    from include.archive.quarantine import Quarantine

    now = datetime.now(UTC)
    for days, content in ((31, b"old"), (29, b"new")):
        moment = now - timedelta(days=days)
        Quarantine(home / "quarantine").keep(content, folder="a/b", rule="R", places=(), moment=moment)
    empty = bag.dags["reminders"].get_task("empty_quarantine").python_callable
    assert empty() == 1
    assert [kept.size for kept in Quarantine(home / "quarantine").listed()] == [3]
    monkeypatch.setenv("FOLLOWUP_QUARANTINE_DAYS", "7")
    assert empty() == 1
    monkeypatch.setenv("FOLLOWUP_QUARANTINE_DAYS", "a week")
    with pytest.raises(Exception, match="expected a whole number of days"):
        empty()
