"""No more calls a second than allowed, however many processes call."""

import itertools
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from include import settings
from include.archive import rate
from include.archive.addresses import address
from include.archive.http import Client
from include.archive.rate import RateLimit
from include.errors import SourceUnavailable
from tests.servers.local import LocalServer, Reply

TAKER = """
from include.archive import rate
taken = rate._write
rate._write = lambda file, turn: (print(turn, flush=True), taken(file, turn))
limit = rate.RateLimit("scb", 50)
for _ in range(10):
    limit.wait(30)
"""
CALLER = """
import sys
from include.archive.addresses import address
from include.archive.http import Client
from include.registry.models import Source
source = Source.model_validate_json(sys.stdin.read())
client = Client(source, address(source, sys.argv[1]), calls_per_second=4)
for _ in range(6):
    client.get("https://statistikdatabasen.scb.se/x", "json")
"""


@pytest.fixture(autouse=True)
def _margin(monkeypatch, home):
    monkeypatch.setattr("include.archive.rate._MARGIN", 1.1)


class Counting(LocalServer):
    """Answers everything, and remembers when it was asked."""

    def reply(self, request):
        return Reply(b"{}", headers={"Content-Type": "application/json"})

    def most_within(self, seconds: float) -> int:
        """Return the most requests that came within any such time."""
        moments = sorted(request.at for request in self.requests)
        return max(sum(first <= later < first + seconds for later in moments) for first in moments)


@pytest.mark.scorecard(6, "three processes take their turns one by one, each an interval after the one before")
def test_three_processes_take_their_turns_one_by_one():
    takers = [subprocess.Popen([sys.executable, "-c", TAKER], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    turns = sorted(float(line) for taker in takers for line in taker.communicate()[0].split())
    assert len(turns) == 30
    assert all(later - turn >= 1.1 / 50 - 1e-6 for turn, later in itertools.pairwise(turns))


@pytest.mark.scorecard(6, "as the server counts: never more than allowed in any three seconds, from three processes")
def test_a_server_is_not_called_more_often_than_allowed_by_three_processes(registry):
    source = registry.sources["scb_population"].model_dump_json()
    with Counting().running() as server:
        callers = [
            subprocess.Popen([sys.executable, "-c", CALLER, server.url], stdin=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for caller in callers:
            caller.stdin.write(source)
            caller.stdin.close()
        assert [caller.wait() for caller in callers] == [0, 0, 0]
    assert len(server.requests) == 18
    assert server.most_within(3.0) <= 12


@pytest.mark.scorecard(6, "three tasks of one process share the turns too")
def test_three_tasks_of_one_process_share_the_turns(registry, monkeypatch):
    turns = []
    write = rate._write
    monkeypatch.setattr(rate, "_write", lambda file, turn: (turns.append(turn), write(file, turn)))
    source = registry.sources["scb_population"]
    with Counting().running() as server:

        def call() -> None:
            asking = Client(source, address(source, server.url), calls_per_second=40)
            for _ in range(5):
                asking.get("https://statistikdatabasen.scb.se/x", "json")

        tasks = [threading.Thread(target=call) for _ in range(3)]
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
    assert len(server.requests) == len(turns) == 15
    assert all(later - turn >= 1.1 / 40 - 1e-6 for turn, later in itertools.pairwise(turns))


def test_a_hold_holds_for_everybody_of_the_name_and_for_no_other(monkeypatch):
    slept = []
    monkeypatch.setattr(rate, "time", SimpleNamespace(time=lambda: 1e9, sleep=slept.append))  # a clock that stands
    RateLimit("scb", 1000).hold(0.5)
    RateLimit("bra", 1000).wait(1)
    RateLimit("scb", 1000).wait(1)
    assert slept == [0, 0.5]


def test_a_turn_too_far_away_is_not_taken():
    limit = RateLimit("scb", 1000)
    limit.hold(50)
    with pytest.raises(SourceUnavailable, match="50 s away"):
        limit.wait(10)


@pytest.mark.parametrize("content", ["", "rubbish", "9e99"])
def test_a_spoilt_file_or_a_clock_set_back_blocks_nobody(content):
    folder = settings.home() / "locks"
    folder.mkdir(parents=True)
    (folder / "rate-scb.lock").write_text(content)
    RateLimit("scb", 1000).wait(0.1)


def test_a_hold_is_for_an_hour_at_most(monkeypatch):
    RateLimit("scb", 1000).hold(float("inf"))
    with pytest.raises(SourceUnavailable, match="3600 s away"):
        RateLimit("scb", 1000).wait(10)
