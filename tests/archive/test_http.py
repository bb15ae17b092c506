"""Whatever a server does, a fetch ends: with the whole thing, or with an error that says what to do."""

import gzip
import io
import logging
import resource
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import xlwt

from include.archive.addresses import Address, address
from include.archive.http import LIMITS, Client, HttpRefused
from include.archive.proof import fault_of
from include.errors import SourceRefused, SourceUnavailable
from tests.servers.local import LocalServer, Reply
from tests.servers.raw import RawServer, drips, drips_headers, resets, says_nothing, sends
from tests.servers.tls import self_signed_server

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


def test_5xx_twice_and_then_an_answer_takes_three_requests(ask):
    answer, server = ask(Reply(status=503), Reply(status=500), Reply(b'{"a":1}', headers=JSON))
    assert answer.content == b'{"a":1}'
    assert len(server.requests) == 3


def test_5xx_for_ever_ends_after_the_attempts_and_may_be_tried_later(ask):
    error, server = ask(Reply(status=503))
    assert type(error) is SourceUnavailable
    assert len(server.requests) == FAST.attempts
    assert "scb_population" in str(error)
    assert "503" in str(error)


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


def test_retry_after_in_seconds_is_waited_for_and_nobody_asks_meanwhile(ask):
    answer, server = ask(Reply(status=429, headers={"Retry-After": "1"}), Reply(b"{}", headers=JSON))
    assert answer.content == b"{}"
    assert 1.0 <= server.requests[1].at - server.requests[0].at < 3


def test_retry_after_as_a_date_is_waited_for(ask):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    _, server = ask(Reply(status=503, headers={"Retry-After": when}), Reply(b"{}", headers=JSON))
    assert 0.9 <= server.requests[1].at - server.requests[0].at < 4


@pytest.mark.parametrize("wait", ["99999", format_datetime(datetime(2099, 1, 1, tzinfo=UTC), usegmt=True)])
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


# --- broken transfers ----------------------------------------------------------------------------------------------


WHOLE = sends(b'{"a": [1, 2]}', headers="Content-Type: application/json\r\n", length=13)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(sends(b'{"a": [1', length=13), id="shorter than its Content-Length"),
        pytest.param(sends(b'{"a": [1'), id="cut off, no Content-Length"),
        pytest.param(sends(b"8\r\n", b'{"a": [1', headers="Transfer-Encoding: chunked\r\n"), id="cut off in a chunk"),
        pytest.param(
            sends(b"8\r\n", b'{"a": [1\r\n', headers="Transfer-Encoding: chunked\r\n"), id="cut off between chunks"
        ),
        pytest.param(
            sends(gzip.compress(b'{"a": [1, 2]}')[:-9], headers="Content-Encoding: gzip\r\n"), id="gzip cut off"
        ),
        pytest.param(sends(b"no gzip", headers="Content-Encoding: gzip\r\n"), id="no gzip"),
        pytest.param(resets(b'{"a"'), id="reset"),
        pytest.param(sends(b"", length=0), id="empty"),
        pytest.param(sends(b"<!DOCTYPE html><html>Underhall</html>", length=37), id="a web page with 200"),
    ],
)
def test_a_broken_answer_is_never_taken_for_whole_and_is_asked_for_again(raw, broken):
    answer, server = raw(broken, WHOLE)
    assert answer.content == b'{"a": [1, 2]}'
    assert server.connections == 2
    error, server = raw(broken)
    assert type(error) is SourceUnavailable
    assert server.connections == FAST.attempts


def test_a_page_shorter_than_its_content_length_is_not_taken_for_whole(raw):
    error, server = raw(sends(b"<html><a href", length=400, headers="Content-Type: text/html\r\n"), kind="html")
    assert type(error) is SourceUnavailable
    assert server.connections == FAST.attempts


@pytest.mark.parametrize(
    "slow", [drips(b" ", 0.05), drips_headers(0.05), says_nothing()], ids=["body", "headers", "never answers"]
)
def test_a_server_that_drips_or_is_silent_is_left_at_the_deadline(raw, slow):
    started = time.monotonic()
    error, _ = raw(slow, limits=replace(FAST, deadline_seconds=1.0))
    assert type(error) is SourceUnavailable
    assert "within 1 s" in str(error)
    assert 0.9 < time.monotonic() - started < 1.6


def test_an_answer_slower_than_the_least_rate_is_given_up_before_the_deadline(raw):
    started = time.monotonic()
    error, _ = raw(drips(b" ", 0.05), limits=replace(FAST, grace_seconds=0.3, min_bytes_per_second=1000, attempts=1))
    assert "too slowly" in str(error)
    assert time.monotonic() - started < 2


def test_an_answer_that_is_too_large_is_not_read_to_its_end(raw):
    error, server = raw(sends(*[b"x" * 65536] * 200), limits=replace(FAST, max_bytes=10**6))
    assert "larger than 1,000,000 bytes" in str(error)
    assert server.connections == 1


def test_a_gzip_bomb_is_stopped_at_the_cap_and_takes_no_memory(ask):
    bomb = gzip.compress(b"0" * 200_000_000)
    assert len(bomb) < 250_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error, server = ask(Reply(bomb, headers=JSON | {"Content-Encoding": "gzip"}), limits=replace(FAST, max_bytes=10**7))
    assert "larger than 10,000,000 bytes" in str(error)
    assert len(server.requests) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_compressed_answer_is_inflated(ask):
    answer, _ = ask(Reply(gzip.compress(b'{"\xc3\xa5":1}'), headers=JSON | {"Content-Encoding": "gzip"}))
    assert answer.content == '{"å":1}'.encode()


def test_the_right_bytes_under_a_wrong_media_type_are_taken_and_logged(ask, caplog):
    answer, _ = ask(Reply(b"{}", headers={"Content-Type": "text/plain"}))
    assert answer.content == b"{}"
    assert "calls its json 'text/plain'" in caplog.text


def test_a_port_where_nobody_listens_may_heal(client):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(SourceUnavailable, match="no answer"):
        client(url).get("https://statistikdatabasen.scb.se/x", "json")


# --- where it may go -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "//evil.example/x",
        "http://127.0.0.1@evil.example/x",
    ],
)
def test_a_redirect_to_another_host_or_scheme_is_refused(ask, target):
    error, server = ask(Reply(status=302, headers={"Location": target}))
    assert isinstance(error, SourceRefused)
    assert "allowed_hosts" in str(error)
    assert len(server.requests) == 1


def test_a_redirect_within_the_host_is_followed(ask):
    answer, server = ask(Reply(status=301, headers={"Location": "/api/v3/config"}), Reply(b"{}", headers=JSON))
    assert answer.url.endswith("/api/v3/config")
    assert [r.path for r in server.requests] == ["/api/v2/config?key=hemlig", "/api/v3/config"]


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


def test_a_self_signed_certificate_is_refused_and_never_waved_through(client, tmp_path):
    with self_signed_server(tmp_path) as url, pytest.raises(SourceRefused, match=r"certificate of 127\.0\.0\.1 is not"):
        client(url).get("https://statistikdatabasen.scb.se/x", "json")


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
