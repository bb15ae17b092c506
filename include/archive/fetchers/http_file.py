"""Files behind links on a listing page, as Brå publishes its tables.

A file's address holds an id and a millisecond stamp that the producer's system gives it, so it cannot be built: the
page is read and the one link is taken whose file name matches. A new stamp is a new version of the file.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from include.archive.addresses import Address
from include.archive.fetchers import Fetched, Found, Missing, Unchanged
from include.archive.http import Answer, Client, HttpRefused
from include.archive.manifest import Manifest
from include.archive.parts import contact_of, part
from include.archive.store import Archive
from include.errors import LayoutChanged, SourceRefused
from include.periods import Period
from include.registry.models import HttpFileFetch, Registry, Source

#: /download/18.<hex id>/<epoch milliseconds>/<file name>
_STAMP = re.compile(r"/(\d{13})/[^/]*$", re.ASCII)


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield the file of each period and area: fetched, unchanged, or missing since it is not published yet.

    Raises:
        LayoutChanged: the listing page lacks the element that holds the links.
        SourceRefused: several links match, a file that is held is listed no longer, or every listing page is gone.
        SourceUnavailable: no whole answer in time.
    """
    if not isinstance(source.fetch, HttpFileFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    pages = _Pages(source, source.fetch, Client(source, address, contact=contact_of(registry)))
    for period in periods:
        for code in source.fetch.areas.values():
            name = part(code, period)
            held = archive.latest(source.id, name)
            link = pages.link(period, code, held)
            yield _file(pages.client, name, period, link, held) if link else Missing(name, "not published yet")
    pages.demand_one()


def _file(client: Client, name: str, period: Period, link: str, held: Manifest | None) -> Fetched | Unchanged:
    """Fetch the file behind a link, unless it is as it is held."""
    answer = client.get(link, "workbook", unless=held if held and held.origin == "live" else None)
    if answer.content is None:
        return Unchanged(name)
    return Fetched(
        part=name,
        periods=[str(period)],
        content=answer.content,
        url=link,
        request={"method": "GET", "url": link},
        media_type=answer.media_type,
        file_name=_file_name(link),
        published_at=_published_at(link),
        headers=answer.headers,
    )


class _Pages:
    """The listing pages of a source, each read once."""

    def __init__(self, source: Source, how: HttpFileFetch, client: Client) -> None:
        self.client = client
        self._source = source
        self._how = how
        self._links: dict[str, list[str] | None] = {}
        self._periods: set[Period] = set()

    def link(self, period: Period, code: str, held: Manifest | None) -> str | None:
        """Return the address of the one file of a period and area; None if it is not listed (yet).

        A file that is held must still be listed: if it is not, the page has changed or the producer withdrew it, and
        a person must look.
        """
        self._periods.add(period)
        page = _filled(self._how.listing_url, period, code)
        links = self._links_of(page)
        pattern = re.compile(_filled(self._how.link_pattern, period, code))
        matches = sorted({link for link in links or [] if pattern.fullmatch(_file_name(link))})
        if len(matches) > 1:
            raise SourceRefused(
                f"{self._source.id}: several files on {page} match {pattern.pattern!r}: {', '.join(matches)}. "
                "Narrow link_pattern or link_selector of the source in the registry."
            )
        if not matches and held:
            what = "is gone" if links is None else f"lists {_named(links)}"
            raise SourceRefused(
                f"{self._source.id}: the file of {code} {period} is held ({held.capture_id}) but no longer listed: "
                f"{page} {what}; expected one that matches {pattern.pattern!r}. Look at the page: has the producer "
                "withdrawn or renamed it? What is held stays as it is."
            )
        return matches[0] if matches else None

    def demand_one(self) -> None:
        """Refuse to believe that nothing is published when the pages of several periods are all gone.

        Raises:
            SourceRefused: all listing pages answered 404.
        """
        if len(self._periods) > 1 and all(links is None for links in self._links.values()):
            raise SourceRefused(
                f"{self._source.id}: none of the {len(self._links)} listing pages is there: {next(iter(self._links))}. "
                f"Has the site been rebuilt? Look at {self._source.landing_page or 'the producer'} and correct "
                "listing_url of the source in the registry."
            )

    def _links_of(self, page: str) -> list[str] | None:
        """Return the links of a page, None if there is no such page."""
        if page not in self._links:
            try:
                self._links[page] = self._read(self.client.get(page, "html"))
            except HttpRefused as refused:
                if refused.status not in (404, 410):
                    raise
                self._links[page] = None
        return self._links[page]

    def _read(self, answer: Answer) -> list[str]:
        """Return the links of a page that was fetched, within the element the registry names."""
        parser = _Links(self._how.link_selector)
        parser.feed((answer.content or b"").decode("utf-8", errors="replace"))
        parser.close()
        if not parser.found:
            raise LayoutChanged(
                f"{self._source.id}: {answer.url} has no element with the id {self._how.link_selector!r}, which held "
                "the links to the files. Look at the page and correct link_selector of the source in the registry."
            )
        return [urljoin(answer.url, link) for link in parser.links]


class _Links(HTMLParser):
    """Collects the addresses of links, within the element of an id if one is given."""

    def __init__(self, element_id: str | None) -> None:
        super().__init__()
        self.links: list[str] = []
        self.found = element_id is None
        self._id = element_id
        self._tag = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link; follow how deep in the wanted element we are."""
        values = dict(attrs)
        if self._depth and tag == self._tag:
            self._depth += 1
        elif not self._depth and self._id is not None and values.get("id") == self._id:
            self.found, self._tag, self._depth = True, tag, 1
        if tag == "a" and values.get("href") and (self._id is None or self._depth):
            self.links.append((values["href"] or "").strip())

    def handle_endtag(self, tag: str) -> None:
        """Leave the wanted element when its own tag is closed."""
        if self._depth and tag == self._tag:
            self._depth -= 1


def _filled(template: str, period: Period, code: str) -> str:
    """Return a template with {period} and {area} filled in (other braces belong to a regular expression)."""
    return template.replace("{period}", str(period)).replace("{area}", code)


def _file_name(link: str) -> str:
    return PurePosixPath(unquote(urlsplit(link).path)).name


def _published_at(link: str) -> datetime | None:
    """Return the moment in a file's address, if there is one that can be."""
    match = _STAMP.search(urlsplit(link).path)
    moment = datetime.fromtimestamp(int(match[1]) / 1000, UTC) if match else None
    return moment if moment and moment.year >= 1995 else None


def _named(links: list[str]) -> str:
    """Return the file names of links for a message, the first ten."""
    names = [name for link in links if (name := _file_name(link))]
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") if names else "no file"
