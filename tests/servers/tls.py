"""TLS servers of an authority of the test's own, with the faults that real ones have in their chain of certificates."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_DAY = timedelta(days=1)


@dataclass
class _Holder:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def private(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _issue(name: str, issuer: _Holder | None = None, *, host: str | None = None, ends: timedelta = _DAY) -> _Holder:
    """Return a certificate: of an authority, or of a server if it has a host; signed by itself if by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now - 30 * _DAY,
        now + ends,
    ).add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
    return _Holder(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


class Authority:
    """A root, in a file that a client may trust, and an intermediate, in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = _issue("Rot")
        self._intermediate = _issue("Mellan", self._root)
        self.root = folder / "root.pem"
        self.root.write_bytes(self._root.pem)
        self.intermediate = folder / "intermediate.pem"
        self.intermediate.write_bytes(self._intermediate.pem)

    @contextmanager
    def server(
        self, *, sends_intermediate: bool = True, host: str = "127.0.0.1", ends: timedelta = _DAY
    ) -> Iterator[str]:
        """Yield the address of a server whose certificate this authority has signed.

        Args:
            sends_intermediate: whether it sends the link between its own certificate and the root.
            host: the host that its certificate is for.
            ends: how long the certificate is still good; negative if it no longer is.
        """
        own = _issue("server", self._intermediate, host=host, ends=ends)
        chain = own.private + own.pem + (self._intermediate.pem if sends_intermediate else b"")
        with _serving(self._folder / "server.pem", chain) as url:
            yield url


@contextmanager
def self_signed_server(folder: Path) -> Iterator[str]:
    """Yield the address of a server whose certificate nobody has signed but itself."""
    own = _issue("127.0.0.1", host="127.0.0.1")
    with _serving(folder / "own.pem", own.private + own.pem) as url:
        yield url


@contextmanager
def _serving(file: Path, chain: bytes) -> Iterator[str]:
    """Answer ``{}`` to every request over TLS; whoever does not like the certificate goes away."""
    file.write_bytes(chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, context), daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection, context), daemon=True).start()


def _answer(connection: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as secure:
        secure.recv(65536)
        secure.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
        )
