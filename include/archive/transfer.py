"""One exchange over HTTP, with an end: a deadline for the whole, a least rate, a most of bytes, also once inflated.

A read time-out alone ends nothing: a server that sends a byte now and then keeps the reader for ever. So a watchdog
closes the socket when time is up, wherever the exchange then is.
"""

import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from include.errors import SourceUnavailable

_CHUNK = 64 * 1024


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

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._pools = _pools(self._sockets)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Set up connections that note their sockets."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Do the same for connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    @contextmanager
    def within(self, seconds: float) -> Iterator[threading.Event]:
        """End all exchanges after so many seconds; the event that is yielded then tells that this is why."""
        expired = threading.Event()

        def end() -> None:
            expired.set()
            for sock in self._sockets:
                if sock.fileno() != -1:
                    _shut(sock)

        watchdog = threading.Timer(max(seconds, 0.001), end)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield expired
        finally:
            watchdog.cancel()
            self._sockets[:] = [sock for sock in self._sockets if sock.fileno() != -1]


def _shut(sock: socket.socket) -> None:
    """Shut a socket down below TLS, so that a read that waits for it in another thread comes back."""
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # it was closed meanwhile


def _pools(opened: list[socket.socket]) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools whose connections note each socket they open."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            opened.append(sock)
            return sock

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            opened.append(sock)
            return sock

        def connect(self) -> None:
            super().connect()
            if isinstance(self.sock, socket.socket):
                opened.append(self.sock)  # wrapping in TLS made another of it

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


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
    inflate = zlib.decompressobj(wbits=31) if "gzip" in coding else None
    content = bytearray()
    received = 0
    for chunk in _chunks(response, limits):
        received += len(chunk)
        content += _inflated(inflate, chunk, limits.max_bytes + 1 - len(content)) if inflate else chunk
        if max(received, len(content)) > limits.max_bytes:
            raise SourceUnavailable(f"the answer is larger than {limits.max_bytes:,} bytes; it was not read further")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != received:
        raise Transient(f"the answer broke off after {received:,} of {int(length):,} bytes")
    if inflate and not inflate.eof:
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


def _inflated(inflate: "zlib._Decompress", chunk: bytes, most: int) -> bytes:
    """Return a chunk inflated, at most so many bytes of it."""
    try:
        return inflate.decompress(chunk, max(most, 1))
    except zlib.error as error:
        raise Transient("the compressed answer is damaged") from error
