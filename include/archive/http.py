"""Asking a producer politely and safely: the one way in which the project fetches anything over a network.

Polite: a name with a contact, at most so many calls a second over all processes, ``Retry-After`` honoured, asked only
for what has changed. Safe: to allowed hosts only, through redirects too, certificates always verified, an end in time
and size, and nothing taken for whole that is not proven whole.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

import requests
import tenacity

from include.archive import diagnosis
from include.archive.addresses import Address
from include.archive.manifest import Manifest
from include.archive.proof import Kind, fault_of
from include.archive.rate import RateLimit
from include.archive.transfer import Limits, Transient, WatchedAdapter, context_with, receive
from include.errors import SourceRefused, SourceUnavailable, UsageError
from include.registry.models import Source

log = logging.getLogger(__name__)

LIMITS = Limits()
#: Where a source's file of intermediate certificates lies; README.md there says how one is got and tested.
CERTIFICATES = Path(__file__).parent / "certificates"

_ACCEPT: dict[Kind, str] = {
    "json": "application/json",
    "workbook": "*/*",
    "html": "text/html,*/*;q=0.5",
    "text": "text/csv,text/plain,*/*;q=0.5",
    "form": "text/html,text/plain,*/*;q=0.5",
}
_MEDIA: dict[Kind, tuple[str, ...]] = {
    "json": ("json",),
    "workbook": ("excel", "spreadsheet", "octet-stream", "zip"),
    "html": ("html",),
    "text": ("csv", "text/plain", "octet-stream"),
    "form": ("text/", "octet-stream"),
}
_HEALING = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_KEPT_HEADERS = ("content-encoding", "content-length", "content-type", "date", "etag", "last-modified")


class _NoQueries(logging.Filter):
    """Takes query strings, which may hold a key, out of what urllib3 logs of its requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the addresses among a record's arguments; let every record through."""
        if isinstance(record.args, tuple):
            record.args = tuple(a.partition("?")[0] if isinstance(a, str) else a for a in record.args)
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_NoQueries())


@dataclass(frozen=True)
class Answer:
    """What a producer answered. ``content`` is None if it says that nothing has changed (304)."""

    url: str
    content: bytes | None = field(repr=False)
    headers: dict[str, str]

    @property
    def media_type(self) -> str:
        """Return the media type without its parameters."""
        return self.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()


class _Session(requests.Session):
    """A session that leaves redirects wholly to :class:`Client`.

    requests looks where one leads even if it is told not to follow it, and reads (and inflates) its body to the end.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that no answer is a redirect."""


class HttpRefused(SourceRefused):
    """A 4xx answer (or another of no use): its number, and as ``title`` what the producer calls the fault."""

    def __init__(self, text: str, status: int, title: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.title = title


class Client:
    """Asks the producer of one source."""

    def __init__(
        self,
        source: Source,
        address: Address,
        *,
        calls_per_second: float = 1.0,
        contact: str | None = None,
        limits: Limits = LIMITS,
        certificates: Path | None = None,
    ) -> None:
        """Make ready to ask; nothing is sent yet.

        Args:
            source: names the producer in messages and in the shared rate.
            address: hosts that may be asked, and what stands in the producer's place.
            calls_per_second: most calls to the producer, over all processes.
            contact: address that the producer can turn to, sent with each call.
            limits: how long and how much.
            certificates: file of intermediate certificates (PEM) that the producer's server leaves out, added to the
                trusted ones. Not used where something stands in the producer's place: that has a chain of its own.

        Raises:
            UsageError: the file of certificates is not there or holds something else.
        """
        self._source = source
        self._address = address
        self._limits = limits
        self.slow_to(calls_per_second)
        context = context_with(certificates) if certificates and address.base is None else None
        self._adapter = WatchedAdapter(context)
        self._session = _Session()
        self._session.auth = lambda request: request  # never a log-in from a .netrc
        self._session.headers.update(
            {
                "User-Agent": "tillsammans-mot-vald-uppfoljning/1" + (f" (+{contact})" if contact else ""),
                "Accept-Encoding": "gzip",
                "Accept-Language": "sv, en;q=0.5",
            }
        )
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)

    @property
    def source_id(self) -> str:
        """Return the id of the source that is asked, for messages."""
        return self._source.id

    def stands_in(self, url: str) -> bool:
        """Return whether an address is that of a stand-in (a mirror, a test server), which has a scheme of its own."""
        return self._address.base is not None and urlsplit(url).netloc == self._address.base.netloc

    def slow_to(self, calls_per_second: float) -> None:
        """Call no more often than this from now on."""
        self._rate = RateLimit(self._source.producer_id, calls_per_second)

    def get(self, url: str, kind: Kind, unless: Manifest | None = None) -> Answer:
        """Get an address (of the registry or of a page); with ``unless``, only if it is not as that capture is.

        Raises:
            SourceUnavailable: no whole answer in time; it may come later.
            SourceRefused: the request is wrong, the thing is gone, or the answer leads to a host not allowed.
        """
        headers = {}
        if unless and unless.url == url:
            kept = unless.response_headers
            headers = {"If-None-Match": kept.get("etag"), "If-Modified-Since": kept.get("last-modified")}
        return self._ask("GET", url, kind, headers={name: value for name, value in headers.items() if value})

    def post(self, url: str, kind: Kind, body: dict[str, Any]) -> Answer:
        """Post JSON to an address; else as :meth:`get`. Only for questions: it is repeated when it fails."""
        return self._ask("POST", url, kind, json=body)

    def post_form(self, url: str, kind: Kind, fields: dict[str, str]) -> Answer:
        """Post a form's fields, as a browser does (a redirect is then gotten); else as :meth:`post`."""
        return self._ask("POST", url, kind, form=fields)

    # --- one request with its retries ----------------------------------------------------------------------------

    def _ask(self, method: str, url: str, kind: Kind, **more: Any) -> Answer:
        self._permit(url)  # also where something stands in the producer's place, which would hide another host
        limits, ends = self._limits, time.monotonic() + self._limits.deadline_seconds
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            stop=tenacity.stop_after_attempt(limits.attempts) | tenacity.stop_before_delay(limits.deadline_seconds),
            wait=tenacity.wait_exponential_jitter(
                multiplier=limits.backoff_seconds, max=limits.max_backoff_seconds, jitter=limits.backoff_seconds
            ),
            reraise=True,
        )
        try:
            return retrying(self._attempt, method, self._address.resolve(url), kind, ends, more)
        except SourceUnavailable as error:
            raise SourceUnavailable(
                f"{self._source.id}: {shown(self._address.resolve(url))} did not answer properly: {error}. "
                "Nothing was archived from it; the task is tried again, and the next quarter's run asks again too."
            ) from error

    def _attempt(self, method: str, url: str, kind: Kind, ends: float, more: dict[str, Any]) -> Answer:
        left = ends - time.monotonic()
        with self._adapter.within(left) as expired:
            try:
                return self._follow(method, url, kind, ends, more)
            except Transient:
                if expired.is_set():
                    raise SourceUnavailable(f"no whole answer within {self._limits.deadline_seconds:.0f} s") from None
                raise

    def _follow(self, method: str, url: str, kind: Kind, ends: float, more: dict[str, Any]) -> Answer:
        """Send, follow redirects to where it is allowed, and return the proven answer."""
        for _ in range(_MOST_REDIRECTS + 1):
            self._permit(url)
            self._rate.wait(min(ends - time.monotonic(), self._limits.max_wait_seconds))
            with self._send(method, url, kind, ends, more) as response:
                if response.status_code not in _REDIRECTS:
                    return self._answer(response, url, kind, conditional=bool(more.get("headers")))
                if "form" in more and response.status_code not in (307, 308):
                    method, more = "GET", {}
                url = self._redirected(method, url, response)
        raise SourceRefused(f"{self._source.id}: {shown(url)} redirects in a circle.")

    def _send(self, method: str, url: str, kind: Kind, ends: float, more: dict[str, Any]) -> requests.Response:
        left = max(ends - time.monotonic(), 0.001)
        headers = {"Accept": _ACCEPT[kind], **more.get("headers", {})}
        login = self._address.login if self.stands_in(url) else None
        try:
            return self._session.request(
                method,
                url,
                headers=headers,
                json=more.get("json"),
                data=more.get("form"),
                auth=login,
                stream=True,
                allow_redirects=False,
                # The watchdog ends a read when time is up; a connection that is being made it does not see.
                timeout=(min(self._limits.connect_seconds, left), min(self._limits.read_seconds, left + 1)),
            )
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SourceRefused(
                    f"{self._source.id}: the certificate of {urlsplit(url).hostname} is not valid, so nothing was "
                    "read. Is it the producer's fault, tell them; if its server leaves out an intermediate one, add "
                    "that as include/archive/certificates/README.md says; if a certificate authority is missing here, "
                    "add it to the machine's bundle (REQUESTS_CA_BUNDLE). Verification is never switched off."
                ) from None
            raise Transient(f"the TLS connection failed ({type(error).__name__})") from None
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise Transient(f"no answer ({type(error).__name__})") from None
        except requests.exceptions.RequestException as error:
            raise SourceRefused(f"{self._source.id}: {shown(url)} cannot be asked ({type(error).__name__}).") from None
        except OSError as error:
            raise UsageError(
                f"{self._source.id}: the trusted certificates cannot be read ({type(error).__name__}). "
                "Set REQUESTS_CA_BUNDLE to a bundle that is there, or unset it."
            ) from None

    # --- hosts and redirects -------------------------------------------------------------------------------------

    def _permit(self, url: str) -> None:
        """Let pass only http(s) addresses of allowed hosts."""
        if not _is_web(url) or (urlsplit(url).hostname or "") not in self._address.hosts:
            raise SourceRefused(
                f"{self._source.id}: {shown(url)} is not asked: only http(s) addresses of "
                f"{', '.join(sorted(self._address.hosts))} are allowed. If the producer has moved, change "
                "allowed_hosts of the source in the registry."
            )

    def _redirected(self, method: str, url: str, response: requests.Response) -> str:
        """Return where a redirect leads; a question that was posted is posted again or not at all."""
        target = response.headers.get("Location", "")
        if not target or not _is_web(target := _joined(url, target)):
            raise SourceRefused(
                f"{self._source.id}: {shown(url)} redirects to {shown(target) if target else 'nowhere'}, which is no "
                "web address. Only http(s) addresses of the source's allowed_hosts are asked."
            )
        if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
            raise SourceRefused(f"{self._source.id}: {shown(url)} redirects to an address without TLS.")
        if method == "POST" and response.status_code not in (307, 308):
            raise SourceRefused(
                f"{self._source.id}: {shown(url)} redirects a question ({response.status_code}) to {shown(target)}; "
                "has the producer moved its API? Change the source's address in the registry."
            )
        return target

    # --- the answer ----------------------------------------------------------------------------------------------

    def _answer(self, response: requests.Response, url: str, kind: Kind, *, conditional: bool) -> Answer:
        """Return a proven answer, or raise what its status or bytes say."""
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        if response.status_code == 304 and conditional:
            return Answer(url, None, headers)
        if response.status_code != 200:
            raise self._failure(response, url)
        body = receive(response, self._limits)
        if fault := fault_of(body.content, kind, framed=body.framed):
            raise Transient(fault + self._kept(url, headers, body.content, fault))
        answer = Answer(url, body.content, headers)
        if not any(word in answer.media_type for word in _MEDIA[kind]):
            log.warning(
                "drift: %s: %s calls its %s %r; its bytes are what was asked for, so it was taken",
                *(self._source.id, shown(url), kind, answer.media_type),
            )
        return answer

    def _kept(self, url: str, headers: dict[str, str], content: bytes, fault: str) -> str:
        """Keep an answer that is not what was asked for, so that a person can see what it is; say where."""
        file = diagnosis.keep(self._source.id, shown(url), headers, content, fault, secrets=self._secrets(url))
        return f"; what came is kept, without secrets, in {file}" if file else ""

    def _secrets(self, url: str) -> list[str]:
        """Return what an answer may repeat of the question and that nobody else may see."""
        return [value for _, value in parse_qsl(urlsplit(url).query)] + list(self._address.login or ())

    def _failure(self, response: requests.Response, url: str) -> Exception:
        """Return the error that an answer other than 200 is."""
        status = response.status_code
        if status in _HEALING:
            wait = _retry_after(response.headers.get("Retry-After"))
            if wait is not None:
                self._rate.hold(wait)  # for every process; the next attempt waits for its turn
            if wait is not None and wait > self._limits.max_wait_seconds:
                return SourceUnavailable(f"it answered {status} and asks to come back in {wait:.0f} s")
            return Transient(f"it answered {status}")
        title = diagnosis.redacted(_title(response, self._limits), self._secrets(url))
        advice = "The thing is gone or has moved" if status in (404, 410) else "The request or its address is wrong"
        return HttpRefused(
            f"{self._source.id}: {shown(url)} answered {status}{f' ({title})' if title else ''}. {advice}: compare "
            f"the source's address and selection in the registry with {self._source.landing_page or 'its page'}.",
            status,
            title,
        )


def _retry_after(text: str | None) -> float | None:
    """Return the seconds that a Retry-After means, given in seconds or as an HTTP date; None if it means nothing."""
    if not text:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _title(response: requests.Response, limits: Limits) -> str:
    """Return what a problem answer calls its fault (``title`` or ``error``), printable and short; else nothing."""
    try:
        problem = loads(receive(response, limits).content)
    except (SourceUnavailable, JSONDecodeError, UnicodeDecodeError, RecursionError):
        return ""
    text = (problem.get("title") or problem.get("error") or "") if isinstance(problem, dict) else ""
    return "".join(sign for sign in str(text) if sign.isprintable())[:120]


def _is_web(url: str) -> bool:
    """Return whether a text is an http(s) address that can be read as one."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        return False


def _joined(url: str, target: str) -> str:
    """Return where a link of a page leads; a link that cannot be read is returned as it is."""
    try:
        return urljoin(url, target)
    except ValueError:
        return target


def shown(url: str) -> str:
    """Return an address as it may stand in a message or log: without user, password and query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, parts.path, "", ""))
