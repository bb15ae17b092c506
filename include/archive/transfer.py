"""One exchange over HTTP, with an end: a deadline for the whole, a least rate, a most of bytes, also once inflated.

A read time-out alone ends nothing: a server that sends a byte now and then keeps the reader for ever. So a watchdog
closes the socket when time is up, wherever the exchange then is.
"""

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import create_urllib3_context

from include.errors import SourceUnavailable, UsageError

_CHUNK = 64 * 1024
#: Inflated at a time, so that a chunk that swells takes no more memory than the answer may.
_INFLATED = 2**20


@dataclass(frozen=True)
class Limits:
    """How long and how much. Seconds and bytes."""

    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    #: One request with its redirects, retries and waits.
    deadline_seconds: float = 300.0
    #: The least rate counts after the grace.
    grace_seconds: float = 20.0
    min_bytes_per_second: float = 200.0
    #: Of an answer, as sent and as inflated.
    max_bytes: int = 50 * 2**20
    attempts: int = 5
    backoff_seconds: float = 1.0
    max_backoff_seconds: float = 60.0
    #: The longest Retry-After that is waited for here; a longer one gives the worker's slot back.
    max_wait_seconds: float = 90.0


class Transient(SourceUnavailable):
    """A failure that may heal by itself within the deadline."""


class WatchedAdapter(HTTPAdapter):
    """An adapter that knows its open sockets, and can end what goes on over them."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        """Make ready; with ``context``, TLS is spoken by it (the trusted bundle is added to it as to any other)."""
        self._sockets = _Sockets()
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Set up connections that note their sockets."""
        super().init_poolmanager(*args, **(kwargs | self._tls()))
        self.poolmanager.pool_classes_by_scheme = _pools(self._sockets)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Do the same for connections through a proxy."""
        manager = super().proxy_manager_for(*args, **(kwargs | self._tls()))
        manager.pool_classes_by_scheme = _pools(self._sockets)
        return manager

    def _tls(self) -> dict[str, Any]:
        return {"ssl_context": self._context} if self._context else {}

    @contextmanager
    def within(self, seconds: float) -> Iterator[threading.Event]:
        """End all exchanges after so many seconds; the event that is yielded then tells that this is why."""
        expired = self._sockets.expired = threading.Event()

        def end() -> None:
            expired.set()
            self._sockets.shut()

        watchdog = threading.Timer(max(seconds, 0.001), end)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield expired
        finally:
            watchdog.cancel()
            self._sockets.forget_closed()


class _Sockets:
    """The sockets that are open; one opened after time was up is shut at once."""

    def __init__(self) -> None:
        self.expired = threading.Event()
        self._open: list[socket.socket] = []

    def note(self, sock: socket.socket) -> None:
        """Remember a socket. It is noted before the clock is looked at, so that none slips through between the two."""
        self._open.append(sock)
        if self.expired.is_set():
            self.shut()

    def shut(self) -> None:
        """Shut all of them down below TLS, so that reads that wait for them in another thread come back."""
        for sock in list(self._open):
            if sock.fileno() != -1:
                try:
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
                except OSError:
                    continue  # it was closed meanwhile

    def forget_closed(self) -> None:
        self._open = [sock for sock in self._open if sock.fileno() != -1]


def _pools(sockets: _Sockets) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools whose connections note each socket they open."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            sockets.note(sock)
            return sock

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            sockets.note(sock)
            return sock

        def connect(self) -> None:
            super().connect()
            if isinstance(self.sock, socket.socket):
                sockets.note(self.sock)  # wrapping in TLS made another of it

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def context_with(certificates: Path) -> ssl.SSLContext:
    """Return a TLS context that knows a file of intermediate certificates beside the trusted ones.

    The file adds links to chains, no trust: a chain must still end in a root of the trusted bundle (certifi's, or
    ``REQUESTS_CA_BUNDLE``), which requests loads into the context at each connection.

    Raises:
        UsageError: the file is not there, holds no certificate of an authority, or holds a root.
    """
    context = create_urllib3_context()
    try:
        context.load_verify_locations(cafile=certificates)
    except OSError as error:
        what = "holds no certificates in PEM form" if isinstance(error, ssl.SSLError) else "is not there"
        raise UsageError(
            f"The file of intermediate certificates {certificates} {what}. How to get it, and how to see that it is "
            "the right one, stands in include/archive/certificates/README.md. Verification is never switched off."
        ) from None
    held = context.get_ca_certs()
    if not held or any(certificate["subject"] == certificate["issuer"] for certificate in held):
        what = "a root certificate" if held else "no certificate of an authority"
        raise UsageError(
            f"The file of intermediate certificates {certificates} holds {what}; only intermediates belong there. "
            "A root that is missing here goes into the machine's bundle (REQUESTS_CA_BUNDLE)."
        )
    context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN  # from Python 3.13 on an intermediate would be trusted
    return context


@dataclass(frozen=True)
class Body:
    """The bytes of an answer, inflated, and whether their end was marked."""

    content: bytes
    framed: bool


def receive(response: requests.Response, limits: Limits) -> Body:
    """Return the body of a streamed answer.

    Raises:
        Transient: it broke off, or came too slowly.
        SourceUnavailable: it is larger than it may be, or in a coding that was not asked for.
    """
    coding = response.headers.get("Content-Encoding", "identity").lower().strip()
    if coding not in ("identity", "", "gzip", "x-gzip"):
        raise SourceUnavailable(f"the answer is coded as {coding[:20]!r}, which was not asked for")
    inflate = _Inflater(limits.max_bytes) if "gzip" in coding else None
    content = bytearray()
    received = 0
    for chunk in _chunks(response, limits):
        received += len(chunk)
        if inflate:
            inflate.into(content, chunk)
        else:
            content += chunk
        if max(received, len(content)) > limits.max_bytes:
            raise SourceUnavailable(f"the answer is larger than {limits.max_bytes:,} bytes; it was not read further")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != received:
        raise Transient(f"the answer broke off after {received:,} of {int(length):,} bytes")
    if inflate and not inflate.whole:
        raise Transient(f"the compressed answer broke off after {received:,} bytes")
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return Body(bytes(content), framed=length.isdigit() or chunked or inflate is not None)


def _chunks(response: requests.Response, limits: Limits) -> Iterator[bytes]:
    """Yield the bytes as they come in over the wire, as long as they come fast enough."""
    started, received = time.monotonic(), 0
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            received += len(chunk)
            seconds = time.monotonic() - started
            if seconds > limits.grace_seconds and received < limits.min_bytes_per_second * seconds:
                raise Transient(f"the answer came too slowly ({received:,} bytes in {seconds:.0f} s)")
            yield chunk
    except (HTTPError, OSError) as error:
        raise Transient(f"the answer broke off after {received:,} bytes ({type(error).__name__})") from error


class _Inflater:
    """Inflates a gzip stream, which may have several members one after another (RFC 1952, 2.2)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._member = zlib.decompressobj(wbits=31)

    @property
    def whole(self) -> bool:
        """Whether the last member has come to its end."""
        return self._member.eof

    def into(self, content: bytearray, chunk: bytes) -> None:
        """Add a chunk, inflated, to what has come before; no further than a little over the most."""
        rest = chunk
        while rest and len(content) <= self._most:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            try:
                content += self._member.decompress(rest, _INFLATED)
            except zlib.error as error:
                raise Transient("the compressed answer is damaged") from error
            rest = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
