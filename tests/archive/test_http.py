"""Whatever a server does, a fetch ends: with the whole thing, or with an error that says what to do."""

import gzip
import io
import json
import logging
import socket
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
import requests
import xlwt

from include import settings
from include.archive import rate
from include.archive.addresses import Address, address
from include.archive.http import CERTIFICATES, LIMITS, Client, HttpRefused
from include.archive.proof import fault_of
from include.archive.transfer import WatchedAdapter
from include.errors import SourceRefused, SourceUnavailable, UsageError
from tests.servers.local import LocalServer, Reply
from tests.servers.raw import RawServer, black_hole, drips, drips_headers, resets, says_nothing, sends
from tests.servers.tls import Authority, self_signed_server

FAST = replace(LIMITS, backoff_seconds=0.01, max_backoff_seconds=0.05, attempts=3)
JSON = {"Content-Type": "application/json"}


class Scripted(LocalServer):
    """Answers with its replies in order, the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self.replies = replies

    def reply(self, request):
        return self.replies[min(len(self.requests), len(self.replies)) - 1]


@pytest.fixture
def client(registry):
    def make(url: str, limits=FAST, **changes) -> Client:
        source = registry.sources["scb_population"]
        where = address(source, url)
        return Client(source, replace(where, **changes), calls_per_second=1000, contact="a@example.se", limits=limits)

    return make


@pytest.fixture
def ask(client):
    """Return a function that gets JSON from a server of these replies; it returns (answer or error, the server)."""

    def run(*replies, limits=FAST, method="get"):
        with Scripted(*replies).running() as server:
            asking = client(server.url, limits)
            try:
                if method == "get":
                    return asking.get("https://statistikdatabasen.scb.se/api/v2/config?key=hemlig", "json"), server
                return asking.post("https://statistikdatabasen.scb.se/api/v2/data", "json", {"a": 1}), server
            except (SourceRefused, SourceUnavailable) as error:
                return error, server

    return run


@pytest.fixture
def raw(client):
    def run(*scripts, limits=FAST, kind="json"):
        with RawServer(*scripts).running() as server:
            try:
                return client(server.url, limits).get("https://statistikdatabasen.scb.se/x", kind), server
            except (SourceRefused, SourceUnavailable) as error:
                return error, server

    return run


# --- what heals, and what does not ---------------------------------------------------------------------------------


def test_a_request_says_who_asks_and_how_to_reach_them(ask):
    answer, server = ask(Reply(b"{}", headers=JSON))
    headers = server.requests[0].headers
    assert answer.content == b"{}"
    assert "a@example.se" in headers["user-agent"]
    assert headers["accept-encoding"] == "gzip"


@pytest.mark.scorecard(3, "three requests, then the answer")
def test_5xx_twice_and_then_an_answer_takes_three_requests(ask):
    answer, server = ask(Reply(status=503), Reply(status=500), Reply(b'{"a":1}', headers=JSON))
    assert answer.content == b'{"a":1}'
    assert len(server.requests) == 3


@pytest.mark.scorecard(4, "so many attempts within the deadline, then one error that says it may heal")
def test_5xx_for_ever_ends_after_the_attempts_and_may_be_tried_later(ask):
    error, server = ask(Reply(status=503))
    assert type(error) is SourceUnavailable
    assert len(server.requests) == FAST.attempts
    assert "scb_population" in str(error)
    assert "503" in str(error)


@pytest.mark.scorecard(3, "each wait twice the one before, with jitter")
def test_waits_grow_with_each_attempt(client, monkeypatch):
    waits = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    limits = replace(LIMITS, backoff_seconds=2, max_backoff_seconds=60, attempts=5)
    with Scripted(Reply(status=502)).running() as server, pytest.raises(SourceUnavailable):
        client(server.url, limits).get("https://statistikdatabasen.scb.se/x", "json")
    for wait, least in zip((w for w in waits if w > 1), (2, 4, 8, 16), strict=True):
        assert least <= wait <= least + 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_4xx_is_refused_at_once_with_source_address_status_and_what_to_do(ask, status):
    problem = Reply(
        b'{"title":"Non-existent table","status":404}', status, {"Content-Type": "application/problem+json"}
    )
    error, server = ask(problem)
    assert isinstance(error, HttpRefused)
    assert len(server.requests) == 1
    assert (error.status, error.title) == (status, "Non-existent table")
    for word in ("scb_population", "/api/v2/config", str(status), "registry"):
        assert word in str(error)


def test_no_message_holds_query_user_or_password(registry, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    with Scripted(Reply(b"nej", 404), Reply(status=503)).running() as server:
        where = address(registry.sources["scb_population"], server.url.replace("//", "//anna:hemlig@"))
        asking = Client(registry.sources["scb_population"], where, calls_per_second=1000, limits=FAST)
        texts = []
        for _ in range(2):
            with pytest.raises((SourceRefused, SourceUnavailable)) as error:
                asking.get("https://statistikdatabasen.scb.se/x?key=hemlig", "json")
            texts += [str(error.value), repr(where)]
        assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert "hemlig" not in "".join(texts)
    assert "hemlig" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("include"))


# --- Retry-After ---------------------------------------------------------------------------------------------------


@pytest.mark.scorecard(1, "waited for by the clock, and then asked once")
def test_retry_after_in_seconds_is_waited_for_and_nobody_asks_meanwhile(ask):
    answer, server = ask(Reply(status=429, headers={"Retry-After": "1"}), Reply(b"{}", headers=JSON))
    assert answer.content == b"{}"
    assert 1.0 <= server.requests[1].at - server.requests[0].at < 3


@pytest.mark.scorecard(2, "a date is waited for like seconds")
def test_retry_after_as_a_date_is_waited_for(ask):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    _, server = ask(Reply(status=503, headers={"Retry-After": when}), Reply(b"{}", headers=JSON))
    assert 0.9 <= server.requests[1].at - server.requests[0].at < 4


@pytest.mark.scorecard(2, "an absurd wait is not waited for: the worker is free at once")
@pytest.mark.parametrize("wait", ["99999", "9" * 400, format_datetime(datetime(2099, 1, 1, tzinfo=UTC), usegmt=True)])
def test_an_absurd_retry_after_gives_the_worker_back_at_once(ask, wait):
    started = time.monotonic()
    error, server = ask(Reply(status=429, headers={"Retry-After": wait}))
    assert type(error) is SourceUnavailable
    assert "asks to come back in" in str(error)
    assert len(server.requests) == 1
    assert time.monotonic() - started < 1


def test_a_retry_after_that_means_nothing_is_as_none(ask):
    answer, _ = ask(Reply(status=503, headers={"Retry-After": "soon"}), Reply(b"{}", headers=JSON))
    assert answer.content == b"{}"


@pytest.fixture
def fake_clock(monkeypatch):
    """Return the waits for turns, which pass at once on a clock of their own."""
    clock = SimpleNamespace(now=1_800_000_000.0, waits=[])

    def sleep(seconds):
        clock.waits.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(rate, "time", SimpleNamespace(time=lambda: clock.now, sleep=sleep))
    return clock


@pytest.mark.scorecard(1, "7 s are waited at least, then one request is made; nobody else asks meanwhile")
def test_seven_seconds_are_seven_seconds_for_everybody(client, fake_clock):
    with Scripted(Reply(status=429, headers={"Retry-After": "7"}), Reply(b"{}", headers=JSON)).running() as server:
        others = []
        answer = server.reply

        def reply(request):
            if len(server.requests) == 2:  # the first one that comes after the wait
                others.append(fake_clock.now)
            return answer(request)

        server.reply = reply
        began = fake_clock.now
        assert client(server.url).get("https://statistikdatabasen.scb.se/x", "json").content == b"{}"
        assert others[0] - began >= 7
        assert len(server.requests) == 2

        server.replies = (Reply(status=429, headers={"Retry-After": "7"}),)
        limits = replace(FAST, attempts=1)
        with pytest.raises(SourceUnavailable):
            client(server.url, limits).get("https://statistikdatabasen.scb.se/x", "json")
        asked = len(server.requests)
        with pytest.raises(SourceUnavailable, match="7 s away"):
            client(server.url, replace(limits, max_wait_seconds=5)).get("https://statistikdatabasen.scb.se/x", "json")
        assert len(server.requests) == asked


@pytest.mark.scorecard(2, "nobody asks during an absurd wait, nobody waits for it; it counts for an hour")
def test_an_absurd_wait_holds_for_every_task_and_keeps_none(client, fake_clock):
    with Scripted(Reply(status=429, headers={"Retry-After": "99999"}), Reply(b"{}", headers=JSON)).running() as server:
        with pytest.raises(SourceUnavailable, match="come back in 99999 s"):
            client(server.url).get("https://statistikdatabasen.scb.se/x", "json")
        for _ in range(3):
            with pytest.raises(SourceUnavailable, match="3600 s away") as error:
                client(server.url).get("https://statistikdatabasen.scb.se/x", "json")
        assert "tried again" in str(error.value)
        assert fake_clock.waits == [0.0]
        assert len(server.requests) == 1
        fake_clock.now += 3600
        assert client(server.url).get("https://statistikdatabasen.scb.se/x", "json").content == b"{}"


@pytest.mark.parametrize("wait", ["\u00b2", "-1", "Fri, 31 Dec 99999 23:59:59 GMT", "1e9", "NaN"])
def test_a_retry_after_that_makes_no_sense_breaks_nothing(ask, wait):
    answer, _ = ask(Reply(status=503, headers={"Retry-After": wait}), Reply(b"{}", headers=JSON))
    assert answer.content == b"{}"


# --- broken transfers ----------------------------------------------------------------------------------------------


broken = pytest.mark.scorecard
WHOLE = sends(b'{"a": [1, 2]}', headers="Content-Type: application/json\r\n", length=13)


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(
            sends(b'{"a": [1', length=13), id="shorter than its Content-Length", marks=broken(7, "asked for again")
        ),
        pytest.param(
            sends(b'{"a": [1'), id="cut off, no Content-Length", marks=broken(8, "the JSON has no end: asked for again")
        ),
        pytest.param(
            sends(b"8\r\n", b'{"a": [1', headers="Transfer-Encoding: chunked\r\n"),
            id="cut off in a chunk",
            marks=broken(9, "asked for again"),
        ),
        pytest.param(
            sends(b"8\r\n", b'{"a": [1\r\n', headers="Transfer-Encoding: chunked\r\n"),
            id="cut off between chunks",
            marks=broken(9, "asked for again"),
        ),
        pytest.param(
            sends(gzip.compress(b'{"a": [1, 2]}')[:-9], headers="Content-Encoding: gzip\r\n"), id="gzip cut off"
        ),
        pytest.param(sends(b"no gzip", headers="Content-Encoding: gzip\r\n"), id="no gzip"),
        pytest.param(resets(b'{"a"'), id="reset", marks=broken(12, "asked for again")),
        pytest.param(sends(b"", length=0), id="empty"),
        pytest.param(
            sends(b"<!DOCTYPE html><html>Underhall</html>", length=37),
            id="a web page with 200",
            marks=broken(14, "no answer: asked for again"),
        ),
    ],
)
def test_a_broken_answer_is_never_taken_for_whole_and_is_asked_for_again(raw, cut):
    answer, server = raw(cut, WHOLE)
    assert answer.content == b'{"a": [1, 2]}'
    assert server.connections == 2
    error, server = raw(cut)
    assert type(error) is SourceUnavailable
    assert server.connections == FAST.attempts


@pytest.mark.scorecard(7, "a page too: asked for again")
def test_a_page_shorter_than_its_content_length_is_not_taken_for_whole(raw):
    error, server = raw(sends(b"<html><a href", length=400, headers="Content-Type: text/html\r\n"), kind="html")
    assert type(error) is SourceUnavailable
    assert server.connections == FAST.attempts


@pytest.mark.scorecard(10, "left at the deadline for the whole, though every single read is in time")
@pytest.mark.scorecard(11, "left at the deadline")
@pytest.mark.parametrize(
    "slow", [drips(b" ", 0.05), drips_headers(0.05), says_nothing()], ids=["body", "headers", "never answers"]
)
def test_a_server_that_drips_or_is_silent_is_left_at_the_deadline(raw, slow):
    started = time.monotonic()
    error, _ = raw(slow, limits=replace(FAST, deadline_seconds=1.0))
    assert type(error) is SourceUnavailable
    assert "within 1 s" in str(error)
    assert 0.9 < time.monotonic() - started < 1.6


@pytest.mark.scorecard(10, "given up when it is slower than the least rate")
def test_an_answer_slower_than_the_least_rate_is_given_up_before_the_deadline(raw):
    started = time.monotonic()
    error, _ = raw(drips(b" ", 0.05), limits=replace(FAST, grace_seconds=0.3, min_bytes_per_second=1000, attempts=1))
    assert "too slowly" in str(error)
    assert time.monotonic() - started < 2


def test_an_answer_that_is_too_large_is_not_read_to_its_end(raw):
    error, server = raw(sends(*[b"x" * 65536] * 200), limits=replace(FAST, max_bytes=10**6))
    assert "larger than 1,000,000 bytes" in str(error)
    assert server.connections == 1


BOMB_READER = """
import re, sys
from pathlib import Path
from include.archive.addresses import Address, address
from include.archive.http import Client
from include.archive.transfer import Limits
from include.errors import SourceUnavailable
from include.registry.models import Source
source = Source.model_validate_json(sys.stdin.read())
def peak():  # of this program alone: getrusage counts the one that started it too
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
before = peak()
for most in (2**20, 50 * 2**20):
    client = Client(source, address(source, sys.argv[1]), limits=Limits(max_bytes=most))
    try:
        client.get("https://statistikdatabasen.scb.se/x", "json")
    except SourceUnavailable as error:
        print(error)
    print(peak() - before)
"""


@pytest.mark.scorecard(13, "200 MB in 200 kB: stopped at 50 MB, memory grows by less than 64 MB")
def test_a_gzip_bomb_is_stopped_at_the_cap_and_takes_no_memory(registry):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 250_000
    with Scripted(Reply(bomb, headers=JSON | {"Content-Encoding": "gzip"})).running() as server:
        source = registry.sources["scb_population"].model_dump_json()
        reader = [sys.executable, "-c", BOMB_READER, server.url]
        told = subprocess.run(reader, input=source, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "larger than 1,048,576 bytes" in told[0]
    assert int(told[1]) < 16 * 1024
    assert "larger than 52,428,800 bytes" in told[2]
    assert int(told[3]) < 64 * 1024
    assert len(server.requests) == 2


def test_a_compressed_answer_is_inflated(ask):
    answer, _ = ask(Reply(gzip.compress(b'{"\xc3\xa5":1}'), headers=JSON | {"Content-Encoding": "gzip"}))
    assert answer.content == '{"å":1}'.encode()


@pytest.mark.scorecard(15, "taken for what its bytes are, and logged as drift")
def test_the_right_bytes_under_a_wrong_media_type_are_taken_and_logged(ask, caplog):
    answer, _ = ask(Reply(b"{}", headers={"Content-Type": "text/plain"}))
    assert answer.content == b"{}"
    assert "drift: scb_population" in caplog.text
    assert "calls its json 'text/plain'" in caplog.text


@pytest.mark.scorecard(11, "who takes no connection is left at the time-out for connecting, each time")
def test_a_host_that_swallows_connections_is_left(client):
    limits = replace(FAST, connect_seconds=0.2, attempts=2)
    with black_hole() as url, pytest.raises(SourceUnavailable, match="no answer"):
        client(url, limits).get("https://statistikdatabasen.scb.se/x", "json")


@pytest.mark.scorecard(11, "who takes a connection and says nothing is left at the time-out for reading, each time")
def test_a_host_that_says_nothing_is_left(raw):
    error, server = raw(says_nothing(5), limits=replace(FAST, read_seconds=0.2, attempts=2))
    assert "no answer (ReadTimeout)" in str(error)
    assert server.connections == 2


@pytest.mark.scorecard(10, "a connection that is made when time is already up ends at once")
def test_a_connection_made_after_the_deadline_is_shut():
    adapter = WatchedAdapter()
    session = requests.Session()
    session.mount("http://", adapter)
    with RawServer(drips(b" ", 0.05)).running() as server, adapter.within(0.01) as expired:
        expired.wait()
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(server.url, timeout=30)


def test_a_port_where_nobody_listens_may_heal(client):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(SourceUnavailable, match="no answer"):
        client(url).get("https://statistikdatabasen.scb.se/x", "json")


# --- where it may go -----------------------------------------------------------------------------------------------


@pytest.mark.scorecard(16, "a redirect to another host, scheme or user is refused, by name, and not followed")
@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "//evil.example/x",
        "http://127.0.0.1@evil.example/x",
        "http://[::1/x",
        "http://127.0.0.1:99999999/x",
        "http://2130706433/x",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_redirect_to_another_host_or_scheme_is_refused(ask, target):
    error, server = ask(Reply(status=302, headers={"Location": target}))
    assert isinstance(error, SourceRefused)
    assert "allowed_hosts" in str(error)
    assert len(server.requests) == 1


@pytest.mark.scorecard(16, "a redirect to an address without TLS is refused where there was TLS")
def test_a_redirect_never_leaves_tls(client):
    away = SimpleNamespace(headers={"Location": "http://127.0.0.1/x"}, status_code=301)
    with pytest.raises(SourceRefused, match="without TLS"):
        client("http://127.0.0.1:1")._redirected("GET", "https://127.0.0.1/x", away)


def test_no_log_in_of_the_users_own_is_sent(ask, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login anna password hemlig\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    _, server = ask(Reply(b"{}", headers=JSON))
    assert "authorization" not in server.requests[0].headers


@pytest.mark.scorecard(13, "the body of a redirect is not read at all")
def test_the_body_of_a_redirect_is_not_read(raw):
    large = sends(*[b"x" * 65536] * 2000, headers="Location: /y\r\n", status="302 Found")
    answer, server = raw(large, WHOLE, limits=replace(FAST, max_bytes=10**6))
    assert answer.content == b'{"a": [1, 2]}'
    endless = drips(b"x", 0.01, headers="Location: /y\r\n", status="302 Found")
    answer, server = raw(endless, WHOLE)
    assert answer.content == b'{"a": [1, 2]}'
    assert server.connections == 2


def test_a_redirect_within_the_host_is_followed(ask):
    answer, server = ask(Reply(status=301, headers={"Location": "/api/v3/config"}), Reply(b"{}", headers=JSON))
    assert answer.url.endswith("/api/v3/config")
    assert [r.path for r in server.requests] == ["/api/v2/config?key=hemlig", "/api/v3/config"]


@pytest.mark.scorecard(16, "a circle ends after five")
def test_a_redirect_in_a_circle_ends(ask):
    error, server = ask(Reply(status=302, headers={"Location": "/x"}))
    assert "in a circle" in str(error)
    assert len(server.requests) == 6


def test_a_question_is_posted_again_where_307_leads_and_never_turned_into_a_get(ask):
    answer, server = ask(Reply(status=307, headers={"Location": "/y"}), Reply(b"{}", headers=JSON), method="post")
    assert answer.content == b"{}"
    assert [(r.method, r.body) for r in server.requests] == [("POST", b'{"a": 1}')] * 2
    error, server = ask(Reply(status=302, headers={"Location": "/y"}), method="post")
    assert isinstance(error, SourceRefused)
    assert len(server.requests) == 1


@pytest.mark.scorecard(16, "no other host is asked in the first place")
def test_only_allowed_hosts_are_asked_in_the_first_place(registry):
    asking = Client(registry.sources["scb_population"], Address(frozenset({"statistikdatabasen.scb.se"})), limits=FAST)
    with pytest.raises(SourceRefused, match="allowed_hosts"):
        asking.get("https://evil.example/config", "json")


def test_a_log_in_goes_to_its_own_host_only(registry):
    with Scripted(Reply(b"{}", headers=JSON)).running() as own, Scripted(Reply(b"{}", headers=JSON)).running() as other:
        own.replies = (Reply(status=307, headers={"Location": other.url + "/x"}),)
        where = address(registry.sources["scb_population"], own.url.replace("//", "//anna:hemlig@"))
        Client(registry.sources["scb_population"], where, calls_per_second=1000).get(
            "https://statistikdatabasen.scb.se/x", "json"
        )
    assert "authorization" in own.requests[0].headers
    assert "authorization" not in other.requests[0].headers


@pytest.mark.scorecard(21, "refused; verification cannot be switched off")
def test_a_self_signed_certificate_is_refused_and_never_waved_through(client, tmp_path):
    with self_signed_server(tmp_path) as url, pytest.raises(SourceRefused, match=r"certificate of 127\.0\.0\.1 is not"):
        client(url).get("https://statistikdatabasen.scb.se/x", "json")


@pytest.fixture
def trusting(monkeypatch, tmp_path):
    """Return an authority whose root is trusted here."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.root))
    return authority


@pytest.fixture
def direct(registry):
    """Return a function that asks a TLS server as the producer itself, with a file of certificates or none."""

    def get(url: str, certificates=None):
        where = Address(frozenset({"127.0.0.1"}))
        source = registry.sources["scb_population"]
        asking = Client(source, where, calls_per_second=1000, limits=FAST, certificates=certificates)
        return asking.get(f"{url}/x", "json").content

    return get


@pytest.mark.scorecard(21, "an expired certificate, or one of another host, is refused; the message says what to do")
@pytest.mark.parametrize("fault", [{"ends": timedelta(days=-1)}, {"host": "127.0.0.2"}], ids=["expired", "other host"])
def test_a_certificate_that_is_not_good_is_refused(trusting, direct, fault):
    with trusting.server() as url:
        assert direct(url) == b"{}"
    with trusting.server(**fault) as url, pytest.raises(SourceRefused, match=r"certificate of 127\.0\.0\.1") as error:
        direct(url, trusting.intermediate)
    for word in ("scb_population", "REQUESTS_CA_BUNDLE", "never switched off", "certificates/README.md"):
        assert word in str(error.value)


@pytest.mark.scorecard(21, "a server that leaves its intermediate out is refused, unless the source adds that one")
def test_a_missing_intermediate_can_be_added_and_adds_no_trust(trusting, direct, monkeypatch):
    with trusting.server(sends_intermediate=False) as url:
        with pytest.raises(SourceRefused, match="leaves out an intermediate"):
            direct(url)
        assert direct(url, trusting.intermediate) == b"{}"
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")  # the root is trusted no more: the intermediate alone is not enough
        with pytest.raises(SourceRefused):
            direct(url, trusting.intermediate)


@pytest.mark.scorecard(21, "a file of certificates that is not there, or is none, stops the source before it asks")
def test_a_file_of_certificates_must_be_there_and_hold_intermediates(trusting, direct, tmp_path):
    (tmp_path / "text.pem").write_text("no certificate")
    (tmp_path / "server.pem").write_text("")
    for file, what in (("gone.pem", "is not there"), ("text.pem", "holds no cert"), ("root.pem", "holds a root")):
        with pytest.raises(UsageError, match=what) as error:
            direct("https://127.0.0.1:1", tmp_path / file)
        assert file in str(error.value)
    assert (CERTIFICATES / "README.md").is_file()


def test_a_stand_in_needs_no_certificates_of_the_producer(registry, tmp_path):
    source = registry.sources["scb_population"]
    Client(source, address(source, "http://127.0.0.1:1"), certificates=tmp_path / "gone.pem")


def test_a_bundle_that_is_not_there_is_said(direct, trusting, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    with trusting.server() as url, pytest.raises(UsageError, match="REQUESTS_CA_BUNDLE"):
        direct(url)


# --- what is told --------------------------------------------------------------------------------------------------


@pytest.mark.scorecard(14, "a web page with 200 is kept for a person to see, and the error names the file")
def test_what_came_instead_is_kept_and_named(ask):
    page = b"<!DOCTYPE html><title>Driftstopp</title><p>Din nyckel: hemlig. Ring 070-123 45 67.</p>"
    error, server = ask(Reply(page, headers={"Content-Type": "text/html", "Set-Cookie": "sid=kanariefagel"}))
    (kept,) = (settings.home() / "diagnosis" / "scb_population").iterdir()
    assert str(kept) in str(error)
    text = kept.read_text()
    for word in ("scb_population", "/api/v2/config", "a web page came instead", "Driftstopp", "text/html"):
        assert word in text
    for secret in ("hemlig", "kanariefagel", "070-123"):
        assert secret not in text
    assert len(server.requests) == FAST.attempts


def test_a_secret_of_the_query_stands_in_no_log_message_or_traceback(ask, caplog):
    caplog.set_level(logging.DEBUG)
    problem = json.dumps({"title": "Bad key hemlig"}).encode()
    for replies in ([Reply(problem, 403, JSON)], [Reply(status=500)], [Reply(b"<html>hemlig</html>")]):
        error, _ = ask(*replies)
        while error:
            assert "hemlig" not in repr(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "hemlig" not in caplog.text
    assert "hemlig" not in "".join(p.read_text() for p in settings.home().rglob("*.txt"))


# --- proof of completeness by kind ---------------------------------------------------------------------------------


def test_a_workbook_cut_off_anywhere_is_not_whole(workbook):
    content = workbook(1)
    assert fault_of(content, "workbook", framed=False) is None
    for end in range(1, len(content), 97):
        assert fault_of(content[:end], "workbook", framed=True)


def test_an_old_workbook_cut_off_is_not_whole():
    book = xlwt.Workbook()
    sheet = book.add_sheet("Tabell 300")
    for row in range(3000):
        sheet.write(row, 0, f"rad {row}")
        sheet.write(row, 1, row)
    buffer = io.BytesIO()
    book.save(buffer)
    content = buffer.getvalue()
    assert fault_of(content, "workbook", framed=False) is None
    for end in range(1, len(content) - 512, 1511):
        assert fault_of(content[:end], "workbook", framed=True), end


def test_a_page_needs_an_end_of_its_own_where_the_transfer_had_none():
    assert fault_of(b"<p>a</p>", "html", framed=True) is None
    assert fault_of(b"<html><p>a</p>", "html", framed=False)
    assert fault_of(b"<html><p>a</p></HTML>\n", "html", framed=False) is None


@pytest.mark.scorecard(8, "a text has no end of its own: without a length, chunks or compression it is not taken")
def test_a_text_is_whole_only_if_the_transfer_says_so(raw):
    text = "Region;Antal\r\nÅre;1\r\n".encode()
    answer, _ = raw(sends(text, length=len(text), headers="Content-Type: text/csv\r\n"), kind="text")
    assert answer.content == text
    packed = sends(gzip.compress(text), headers="Content-Encoding: gzip\r\n")
    assert raw(packed, kind="text")[0].content == text
    error, server = raw(sends(text), kind="text")
    assert "no end that can be told" in str(error)
    assert server.connections == FAST.attempts


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<html><body>Fel</body>", "web page"),
        (b"\xef\xbb\xbf\r\n <?xml version='1.0'?><html/>", "web page"),
        (b"<!-- fel --><p>", "web page"),
        (b"a;b\r\n1;\x002", "NUL"),
        ("a;b\r\nå;1".encode("utf-16"), "UTF-16"),
        (b" \r\n", "empty"),
        (b"a;b\r\n<1 %;2", None),
        (b'"<5";2', None),
        (b"< 5;2", None),
    ],
)
def test_what_is_no_text_export_is_told(content, fault):
    found = fault_of(content, "text", framed=True)
    assert found is None if fault is None else fault in found
