"""A server of bare sockets that misbehaves as scripted, one script for each connection."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket], None]


class RawServer:
    """Plays its scripts in order, the last one again and again; counts connections."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self.connections = 0
        self.url = ""

    @contextmanager
    def running(self) -> "Iterator[RawServer]":
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        try:
            yield self
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                script = self._scripts[min(self.connections, len(self._scripts) - 1)]
                self.connections += 1
                threading.Thread(target=_play, args=(connection, script), daemon=True).start()


def _play(connection: socket.socket, script: Script) -> None:
    with connection, suppress(OSError):
        while b"\r\n\r\n" not in connection.recv(65536, socket.MSG_PEEK):
            time.sleep(0.01)
        connection.recv(65536)
        script(connection)


def sends(*pieces: bytes, headers: str = "", status: str = "200 OK", length: int | None = None) -> Script:
    """Return a script that answers with these pieces and closes; no Content-Length unless one is given."""

    def script(connection: socket.socket) -> None:
        stated = f"Content-Length: {length}\r\n" if length is not None else ""
        connection.sendall(f"HTTP/1.1 {status}\r\nConnection: close\r\n{stated}{headers}\r\n".encode())
        for piece in pieces:
            connection.sendall(piece)

    return script


def drips(
    piece: bytes, every: float, headers: str = "Content-Type: application/json\r\n", status: str = "200 OK"
) -> Script:
    """Return a script that sends one byte again and again, for ever."""

    def script(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\n{headers}\r\n".encode())
        while True:
            connection.sendall(piece)
            time.sleep(every)

    return script


def drips_headers(every: float) -> Script:
    """Return a script that never comes to the end of its headers."""

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            connection.sendall(b"x")
            time.sleep(every)

    return script


def resets(piece: bytes, length: int = 1000) -> Script:
    """Return a script that sends a little and then resets the connection."""

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + piece)
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return script


@contextmanager
def black_hole() -> Iterator[str]:
    """Yield the address of a listener whose queue is full, so that who connects gets no answer at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for connection in waiting:
                connection.close()


def says_nothing(seconds: float = 30.0) -> Script:
    """Return a script that takes the request and never answers."""

    def script(_connection: socket.socket) -> None:
        time.sleep(seconds)

    return script
