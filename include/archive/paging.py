"""Listings that a producer gives page by page, read as of one moment or not at all.

Nothing holds a listing still between two questions: a row that is put in pushes another onto the next page, where it
comes a second time; one that is taken out makes another come on no page. So the rows must have keys that differ, no
page may come twice, and the number of rows must be the one that the producer states, if it does. A listing that fails
is read again from its beginning.
"""

import json
import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from include.archive.http import Answer, Client, HttpRefused, shown
from include.errors import SourceUnavailable

log = logging.getLogger(__name__)

_READINGS = 3
#: A listing with more pages has no end that is worth waiting for.
_MOST_PAGES = 1000


@dataclass(frozen=True)
class Paged:
    """A whole listing: its rows in the producer's order, and the answers (pages) that they came in."""

    rows: list[Any] = field(repr=False)
    answers: list[Answer] = field(repr=False)


class _Changed(Exception):
    """The pages do not belong to one and the same listing; the text says what was seen."""


def follow(
    client: Client,
    url: str,
    *,
    rows: Callable[[Any], Iterable[Any]],
    next_url: Callable[[Any], str | None],
    key: Callable[[Any], Hashable],
    total: Callable[[Any], int | None] | None = None,
) -> Paged:
    """Return all rows of a listing of JSON pages, each row once.

    The functions are given a page as parsed, once; what they raise (:class:`include.errors.LayoutChanged`, where a
    page is not laid out as it should be) is passed on.

    Args:
        client: asks the producer.
        url: the first page, as the registry names it.
        rows: the rows of a page.
        next_url: the address of the page after it, absolute or relative; None on the last. An ``http`` address in an
            answer that was asked for over ``https`` is asked over ``https``.
        key: what tells a row from every other.
        total: how many rows the listing has in all, where a page says so; None where it does not.

    Raises:
        SourceUnavailable: the listing changed each of three times that it was read, or a page did not come in time.
        SourceRefused: a page is gone, or leads to a host that is not allowed.
    """
    for reading in range(1, _READINGS + 1):
        try:
            return _read(client, url, rows, next_url, key, total or (lambda _: None))
        except _Changed as changed:
            log.warning("%s: %s: %s (reading %d of %d)", client.source_id, shown(url), changed, reading, _READINGS)
            seen = str(changed)
    raise SourceUnavailable(
        f"{client.source_id}: the listing {shown(url)} changed while it was read, {_READINGS} times; the last time "
        f"{seen}. Nothing was archived from it; the task is tried again. If it goes on, compare the pages by hand: the "
        "producer may number them otherwise than before."
    )


def _read(
    client: Client,
    url: str,
    rows: Callable[[Any], Iterable[Any]],
    next_url: Callable[[Any], str | None],
    key: Callable[[Any], Hashable],
    total: Callable[[Any], int | None],
) -> Paged:
    """Read the listing once, from its first page to its last."""
    listing = _Listing(key)
    asked: set[str] = set()
    page: str | None = url
    while page is not None:
        if page in asked:
            raise _Changed(f"page {len(asked)} leads back to a page that was read")
        if len(asked) == _MOST_PAGES:
            raise _Changed(f"there was no last page among the first {_MOST_PAGES:,}")
        asked.add(page)
        document = listing.add(_page(client, page, first=page == url))
        listing.take(rows(document), total(document))
        page = _following(client, page, next_url(document))
    return listing.whole()


class _Listing:
    """What has come so far."""

    def __init__(self, key: Callable[[Any], Hashable]) -> None:
        self._key = key
        self._rows: list[Any] = []
        self._answers: list[Answer] = []
        self._keys: set[Hashable] = set()
        self._pages: set[bytes] = set()
        self._total: int | None = None

    def add(self, answer: Answer) -> Any:
        """Take a page that has not come before; return it parsed."""
        content = answer.content or b""
        if content in self._pages:
            raise _Changed(f"page {len(self._answers) + 1} is the same as one before it")
        self._pages.add(content)
        self._answers.append(answer)
        return json.loads(content)

    def take(self, rows: Iterable[Any], total: int | None) -> None:
        """Take a page's rows, each of them new, and what it says the number of all rows is."""
        for row in rows:
            name = self._key(row)
            if name in self._keys:
                raise _Changed(f"the row {repr(name)[:80]} came twice, the second time on page {len(self._answers)}")
            self._keys.add(name)
            self._rows.append(row)
        if total is None:
            return
        if self._total not in (None, total):
            raise _Changed(f"page {len(self._answers)} speaks of {total:,} rows, a page before it of {self._total:,}")
        self._total = total

    def whole(self) -> Paged:
        """Return the listing, if it has as many rows as the producer said."""
        if self._total not in (None, len(self._rows)):
            raise _Changed(f"{len(self._rows):,} rows came, the producer speaks of {self._total:,}")
        return Paged(self._rows, self._answers)


def _page(client: Client, url: str, *, first: bool) -> Answer:
    """Get a page; one that an earlier page named and that is gone means that the listing has become shorter."""
    try:
        return client.get(url, "json")
    except HttpRefused as refused:
        if first or refused.status not in (404, 410):
            raise
        raise _Changed(f"a page that the one before it names is gone ({refused.status})") from None


def _following(client: Client, url: str, link: str | None) -> str | None:
    """Return the address of the page after this one; never without TLS where this one was asked for with it."""
    if not link:
        return None
    target = urljoin(url, link)
    parts = urlsplit(target)
    if urlsplit(url).scheme == "https" and parts.scheme == "http" and not client.stands_in(target):
        host = parts.netloc.removesuffix(":80")
        target = urlunsplit(parts._replace(scheme="https", netloc=host))
    return target
