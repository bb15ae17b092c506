"""No more calls a second than allowed, however many processes call."""

import subprocess
import sys
import time

import pytest

from include import settings
from include.archive.rate import RateLimit
from include.errors import SourceUnavailable

CALLER = """
import time
from include.archive.rate import RateLimit
limit = RateLimit("scb", 20)
for _ in range(6):
    limit.wait(30)
    print(time.time(), flush=True)
"""


@pytest.fixture(autouse=True)
def _margin(monkeypatch, home):
    monkeypatch.setattr("include.archive.rate._MARGIN", 1.1)


def test_three_processes_together_keep_to_the_rate():
    callers = [subprocess.Popen([sys.executable, "-c", CALLER], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    moments = sorted(float(line) for caller in callers for line in caller.communicate()[0].split())
    assert len(moments) == 18
    for first, later in zip(moments, moments[20:], strict=False):
        assert later - first >= 1
    assert moments[-1] - moments[0] >= 17 / 20


def test_a_hold_holds_for_everybody_of_the_name_and_for_no_other():
    RateLimit("scb", 1000).hold(0.4)
    started = time.monotonic()
    RateLimit("bra", 1000).wait(1)
    assert time.monotonic() - started < 0.2
    RateLimit("scb", 1000).wait(1)
    assert time.monotonic() - started >= 0.4


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
