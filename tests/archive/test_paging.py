"""A listing that comes page by page is had whole, as of one moment and each row once, or it is not had at all."""

import json
import logging

import pytest

from include.archive.addresses import Address, address
from include.archive.http import Client
from include.archive.paging import _following, follow
from include.errors import SourceRefused, SourceUnavailable
from tests.archive.test_http import FAST
from tests.servers.local import LocalServer, Reply

FIRST = "https://api.kolada.se/v3/kpi?per_page=2"


class Listing(LocalServer):
    """Gives a list page by page as Kolada does; ``meddle(server, page)`` is called before each page that is given."""

    def __init__(self, rows: list[str], size: int = 2) -> None:
        super().__init__()
        self.rows = rows
        self.size = size
        self.meddle = lambda server, page: None
        self.next_of = lambda page: f"https://api.kolada.se/v3/kpi?per_page=2&page={page}"
        self.stated = True

    def reply(self, request):
        page = int(request.path.partition("&page=")[2] or 1)
        reply = self.meddle(self, page)
        if isinstance(reply, Reply):
            return reply
        here = self.rows[(page - 1) * self.size : page * self.size]
        if not here:
            return Reply(b'{"detail": "no such page"}', 404, {"Content-Type": "application/json"})
        following = self.next_of(page + 1) if page * self.size < len(self.rows) else None
        body = {"values": [{"id": row} for row in here], "next_url": following, "page": page}
        if self.stated:
            body["total"] = len(self.rows)
        return Reply(json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def kolada(registry):
    """Return a source at the address that the listings here are asked at."""
    source = registry.sources["scb_population"]
    fetch = source.fetch.model_copy(update={"allowed_hosts": ["api.kolada.se"]})
    return source.model_copy(update={"id": "kolada_kpis", "producer_id": "kolada", "fetch": fetch})


@pytest.fixture
def read(registry):
    """Return a function that reads a listing of a server; with ``total``, the number of rows it states is believed."""

    def run(server: Listing, *, total=True):
        client = Client(kolada(registry), address(kolada(registry), server.url), calls_per_second=1000, limits=FAST)
        return follow(
            client,
            FIRST,
            rows=lambda page: page["values"],
            next_url=lambda page: page["next_url"],
            key=lambda row: row["id"],
            total=(lambda page: page.get("total")) if total else None,
        )

    return run


def ids(paged) -> list[str]:
    return [row["id"] for row in paged.rows]


def once(page: int, change):
    """Return a meddler that changes the listing before one page, the first time that this page is asked for."""
    done = []

    def meddle(server, asked):
        if asked == page and not done:
            done.append(page)
            return change(server)
        return None

    return meddle


@pytest.mark.parametrize("stated", [True, False], ids=["total stated", "no total"])
@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_all_rows_come_once_in_order_with_the_pages_as_received(read, count, stated):
    server = Listing([f"N{n}" for n in range(count)])
    server.stated = stated
    with server.running():
        paged = read(server)
    assert ids(paged) == server.rows
    assert len(paged.answers) == len(server.requests) == -(-count // 2)
    assert [row for answer in paged.answers for row in json.loads(answer.content)["values"]] == paged.rows


@pytest.mark.scorecard(17, "a page that comes twice ends the reading; no row comes twice")
def test_a_page_that_comes_again_is_never_added(read):
    server = Listing(["a", "b", "c", "d"])
    first = []

    def meddle(_server, page):
        if page == 1:
            first.append(page)
            return None
        return Reply(
            b'{"values": [{"id": "a"}, {"id": "b"}], "next_url": "https://api.kolada.se/v3/kpi?per_page=2&page=9"}',
            headers={"Content-Type": "application/json"},
        )

    server.meddle = meddle
    with server.running(), pytest.raises(SourceUnavailable) as error:
        read(server)
    assert len(first) == 3
    for words in ("kolada_kpis", "/v3/kpi", "'a' came twice", "page 2", "tried again"):
        assert words in str(error.value)


@pytest.mark.scorecard(17, "the same bytes under another address are the same page, and never added")
def test_the_same_bytes_again_are_the_same_page(read):
    server = Listing(["a", "b", "c"])
    same = b'{"values": [], "next_url": "https://api.kolada.se/v3/kpi?per_page=2&page=%d"}'
    server.meddle = lambda _server, page: Reply(same % 3, headers={"Content-Type": "application/json"})
    with server.running(), pytest.raises(SourceUnavailable, match="the same as one before it"):
        read(server)


@pytest.mark.scorecard(17, "pages that lead in a circle end the reading after three tries")
@pytest.mark.parametrize("back", [1, 2])
def test_next_in_a_circle_ends(read, back):
    server = Listing(["a", "b", "c", "d", "e"])
    server.next_of = lambda page: FIRST if page == 3 and back == 1 else f"{FIRST}&page={min(page, 2)}"
    with server.running(), pytest.raises(SourceUnavailable, match="leads back to a page that was read"):
        read(server)
    assert len(server.requests) == 6


@pytest.mark.scorecard(18, "a row put in while the pages are read: read again from the first page, whole")
@pytest.mark.parametrize("total", [True, False], ids=["total stated", "keys only"])
def test_an_insert_between_two_pages_makes_it_start_over(read, total, caplog):
    server = Listing(["b", "c", "d", "e"])
    server.meddle = once(2, lambda s: s.rows.insert(0, "a"))
    with caplog.at_level(logging.WARNING), server.running():
        paged = read(server, total=total)
    assert ids(paged) == ["a", "b", "c", "d", "e"]
    assert "reading 1 of 3" in caplog.text
    with server.running():
        assert [a.content for a in read(server).answers] == [a.content for a in paged.answers]


@pytest.mark.scorecard(18, "a row taken out while the pages are read is seen by the total, or by the page that is gone")
@pytest.mark.parametrize("rows", [["a", "b", "c", "d", "e"], ["a", "b", "c"]], ids=["total", "last page gone"])
def test_a_removal_between_two_pages_makes_it_start_over(read, rows):
    server = Listing([*rows])
    server.meddle = once(2, lambda s: s.rows.remove("a"))
    with server.running():
        assert ids(read(server)) == rows[1:]


@pytest.mark.scorecard(18, "rows that never reach the number stated are an error, and never a shorter listing")
def test_fewer_rows_than_stated_is_no_listing(read):
    server = Listing(["a", "b"])
    server.meddle = lambda _server, page: Reply(
        b'{"values": [{"id": "a"}], "next_url": null, "total": 2}', headers={"Content-Type": "application/json"}
    )
    with server.running(), pytest.raises(SourceUnavailable, match=r"1 rows came, the producer speaks of 2"):
        read(server)
    assert len(server.requests) == 3


def test_a_listing_without_end_is_left(read, monkeypatch):
    monkeypatch.setattr("include.archive.paging._MOST_PAGES", 5)
    server = Listing([f"N{n}" for n in range(100)])
    server.stated = False
    with server.running(), pytest.raises(SourceUnavailable, match="no last page among the first 5"):
        read(server)
    assert len(server.requests) == 15


def test_a_listing_that_is_not_there_is_refused_and_not_read_again(read):
    server = Listing([])
    with server.running(), pytest.raises(SourceRefused, match="404"):
        read(server)
    assert len(server.requests) == 1


def test_a_next_page_on_another_host_is_not_asked(read):
    server = Listing(["a", "b", "c"])
    server.next_of = lambda page: "http://169.254.169.254/latest"
    with server.running(), pytest.raises(SourceRefused, match="allowed_hosts"):
        read(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        ("http://sdb.example/api/v1/sv/x?sida=2", "https://sdb.example/api/v1/sv/x?sida=2"),
        ("http://sdb.example:80/x?sida=2", "https://sdb.example/x?sida=2"),
        ("?sida=2", "https://sdb.example/x?sida=2"),
        ("http://127.0.0.1:8080/x?sida=2", "http://127.0.0.1:8080/x?sida=2"),
        ("", None),
        (None, None),
    ],
)
def test_next_is_never_asked_without_tls_where_the_first_page_was_not(registry, link, asked):
    source = registry.sources["scb_population"]
    client = Client(source, address(source, "http://127.0.0.1:8080"))
    assert _following(client, "https://sdb.example/x?sida=1", link) == asked
    direct = Client(source, Address(frozenset({"sdb.example"})))
    if asked and "sdb" in asked:
        assert _following(direct, "https://sdb.example/x?sida=1", link) == asked
