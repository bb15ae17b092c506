"""Files behind links on a listing page, as Brå publishes its tables.

A file's address holds an id and a millisecond stamp that the producer's system gives it, so it cannot be built: the
page is read and the one link is taken whose file name matches. A new stamp is a new version of the file.

A page is about one period (its address holds ``{period}``) or lists the files of all of them. A file is about one
period, or holds many years (``file_years``): then it is fetched once and archived as a part of each of its years, which
costs no space, for the archive keeps each content once. Which years those are is counted from the stamp in its address,
for nothing is parsed here; the reader takes its part's year and refuses a file that lacks it.
"""

import re
import unicodedata
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
    how = source.fetch
    pages = _Pages(source, how, Client(source, address, contact=contact_of(registry)))
    files = _Files(pages.client, how)
    for period in periods:
        for code in how.areas.values():
            name = part(code, period)
            held = _live(archive.latest(source.id, name))
            link = pages.link(period, code, held)
            reason = pages.absence if link is None else _absence(source, how, link, period)
            yield files.file(name, period, link, held) if link and not reason else Missing(name, reason)
    pages.demand_one()


def _live(held: Manifest | None) -> Manifest | None:
    """Return a capture if it was fetched; what the page lists says nothing about one that came in another way."""
    return held if held and held.origin == "live" and not held.request.get("by_hand") else None


def _absence(source: Source, how: HttpFileFetch, link: str, period: Period) -> str:
    """Return why a file that is listed does not hold a year; nothing if it does, or is about one period alone."""
    if how.file_years is None:
        return ""
    published = _published_at(link)
    if published is None:
        raise LayoutChanged(
            f"{source.id}: the address {link} holds no time stamp, from which the years of the file are counted; "
            "expected /download/<id>/<milliseconds>/<file name>. Look at the page and correct file_years of the source "
            "in the registry."
        )
    newest = published.year + how.file_years.newest
    if period.year > newest:
        return "not published yet"
    oldest = newest - how.file_years.count + 1 if how.file_years.count else period.year
    return "" if period.year >= oldest else f"the file holds the years {oldest}-{newest} only"


class _Files:
    """The files of a run, each fetched once, however many parts it holds."""

    def __init__(self, client: Client, how: HttpFileFetch) -> None:
        self._client = client
        self._how = how
        self._answers: dict[str, Answer] = {}
        self._unchanged: set[tuple[str, str | None, str | None]] = set()

    def file(self, name: str, period: Period, link: str, held: Manifest | None) -> Fetched | Unchanged:
        """Return the file behind a link as a part, unless it is as it is held."""
        version = _version(link, held)
        if version in self._unchanged:
            return Unchanged(name)
        if link not in self._answers:
            answer = self._client.get(link, self._how.proof, unless=held)
            if answer.content is None:
                self._unchanged.add(version)
                return Unchanged(name)
            self._answers[link] = answer
        answer = self._answers[link]
        return Fetched(
            part=name,
            periods=[str(period)],
            content=answer.content or b"",
            url=link,
            request={"method": "GET", "url": link},
            media_type=answer.media_type,
            file_name=_file_name(link),
            published_at=_published_at(link),
            headers=answer.headers,
        )


def _version(link: str, held: Manifest | None) -> tuple[str, str | None, str | None]:
    """Return which version of a link's file is held, as the producer told it; none if another link's is."""
    kept = held.response_headers if held and held.url == link else {}
    return link, kept.get("etag"), kept.get("last-modified")


class _Pages:
    """The listing pages of a source, each read once."""

    def __init__(self, source: Source, how: HttpFileFetch, client: Client) -> None:
        self.client = client
        self._source = source
        self._how = how
        self._links: dict[str, list[str] | None] = {}
        self._periods: set[Period] = set()
        #: A page of all periods must be there and list files of some; one of a single period comes with its file.
        self._shared = "{period}" not in how.listing_url
        self.absence = "not listed on the page" if self._shared else "not published yet"

    def link(self, period: Period, code: str, held: Manifest | None) -> str | None:
        """Return the address of the one file of a period and area; None if it is not listed (yet).

        A file that is held must still be listed: if it is not, the page has changed or the producer withdrew it, and
        a person must look.
        """
        self._periods.add(period)
        page = _filled(self._how.listing_url, period, code)
        links = self._links_of(page)
        if self._shared:
            self._demand_files(page, links, code)
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

    def _demand_files(self, page: str, links: list[str] | None, code: str) -> None:
        """Refuse a page of all periods that is gone, or on which no file of any period is named as the registry says.

        Raises:
            SourceRefused: so that a page or a file that was renamed is not taken for one that has not come yet.
        """
        anytime = self._how.link_pattern.replace("{period}", ".+").replace("{area}", code)
        if not any(re.fullmatch(anytime, _file_name(link)) for link in links or []):
            what = "is gone" if links is None else f"lists {_named(links)}"
            raise SourceRefused(
                f"{self._source.id}: {page} {what}; expected a file of some period that matches "
                f"{self._how.link_pattern!r}. Look at {self._source.landing_page or 'the producer'} and correct "
                "listing_url or link_pattern of the source in the registry."
            )

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
    """Return the name of a link's file, its letters composed (``ä`` can be written as one sign or two)."""
    return unicodedata.normalize("NFC", PurePosixPath(unquote(urlsplit(link).path)).name)


def _published_at(link: str) -> datetime | None:
    """Return the moment in a file's address, if there is one that can be."""
    match = _STAMP.search(urlsplit(link).path)
    moment = datetime.fromtimestamp(int(match[1]) / 1000, UTC) if match else None
    return moment if moment and moment.year >= 1995 else None


def _named(links: list[str]) -> str:
    """Return the file names of links for a message, the first ten; pages are named only if there is no file."""
    names = [name for link in links if (name := _file_name(link))]
    names = [name for name in names if "." in name] or names
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") if names else "no file"
