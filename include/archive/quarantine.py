"""The locked quarantine: files that may tell of persons, which only the coordinator can open, for a time.

::

    <quarantine>/<sha256>.locked    the file's bytes, encrypted
    <quarantine>/<sha256>.json      hash, folder it came in, rule, places, moment, size; no name of the file, no content
    <quarantine>/emptied.jsonl      one line for each file that is deleted

The bytes are sealed to a public key: what receives deliveries can lock a file away, but needs no key that opens one. To
each file belongs a key pair of its own (X25519, RFC 7748), from which and the coordinator's public key the file's key
is derived (HKDF-SHA256, RFC 5869); it is encrypted and guarded against change with ChaCha20-Poly1305 (RFC 8439), bound
to its hash. The coordinator's public key is the secret ``FOLLOWUP_QUARANTINE_KEY``; without one a key pair of this
machine is made in ``<home>/secrets/quarantine.key``, which protects copies of the quarantine but not this machine.
"""

import base64
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from include import settings
from include.errors import ArchiveDamaged, UsageError

KEY_VARIABLE = "FOLLOWUP_QUARANTINE_KEY"

_PUBLIC, _PRIVATE = "quarantine-public-", "quarantine-private-"
_FORMAT = b"followup-quarantine-1\n"
_KEY_BYTES = 32
_NONCE = bytes(12)  # of no use here: each file's key encrypts once
_LEAST_OF_HASH = 12
_TEMPORARY = ".writing-"


@dataclass(frozen=True)
class Kept:
    """A file in the quarantine, or that was there.

    Attributes:
        sha256: hash of its bytes.
        moment: when it came.
        folder: whose folder it came in, agreement and party, such as ``jamtland/K2380``.
        rule: the weightiest rule by which it was refused, such as ``IDENTITY_NUMBER``.
        places: where in the file; never what stands there.
        size: bytes.
    """

    sha256: str
    moment: datetime
    folder: str
    rule: str
    places: tuple[str, ...]
    size: int

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "sha256": self.sha256,
            "moment": self.moment.isoformat(),
            "folder": self.folder,
            "rule": self.rule,
            "places": list(self.places),
            "size": self.size,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Kept":
        """Return what :meth:`to_json` made."""
        return cls(
            data["sha256"],
            datetime.fromisoformat(data["moment"]),
            data["folder"],
            data["rule"],
            tuple(data["places"]),
            data["size"],
        )


class Quarantine:
    """The quarantine in a folder; it is made, for its owner alone, when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes, *, folder: str, rule: str, places: tuple[str, ...], moment: datetime) -> Kept:
        """Lock a file away and return what may be known of it; one that is there already stays as it is.

        Args:
            content: the file's bytes.
            folder: agreement and party in whose folder it came.
            rule: by which it was refused.
            places: where in the file the finds are.
            moment: when it came, with its time zone.

        Raises:
            UsageError: the deployment's key is none.
        """
        kept = Kept(hashlib.sha256(content).hexdigest(), moment, folder, rule, places, len(content))
        facts, locked = self._facts(kept.sha256), self._locked(kept.sha256)
        if facts.exists() and locked.exists():
            return self._read(facts)
        sealed = _seal(content, kept.sha256, _public_key())
        _make_private(self._folder)
        _write(locked, sealed)
        _write(facts, json.dumps(kept.to_json(), ensure_ascii=False).encode())
        return kept

    def listed(self) -> list[Kept]:
        """Return the files in the quarantine, the oldest first."""
        return sorted(map(self._read, self._folder.glob("*.json")), key=lambda kept: (kept.moment, kept.sha256))

    def open(self, sha256: str, key: str | None = None) -> bytes:
        """Return a file's bytes.

        Args:
            sha256: its hash, or the first twelve signs of it or more.
            key: the coordinator's private key; None = that of this machine.

        Raises:
            UsageError: no such file is here, or the key is not the one it was locked for.
            ArchiveDamaged: the file is not what was locked away.
        """
        found = [kept.sha256 for kept in self.listed() if kept.sha256.startswith(sha256)]
        if len(sha256) < _LEAST_OF_HASH or len(found) != 1:
            raise UsageError(
                f"{len(found)} files in the quarantine have the hash {sha256!r}. "
                f"Give the first {_LEAST_OF_HASH} signs or more, as `extracts quarantine list` shows them."
            )
        locked = self._locked(found[0])
        try:
            sealed = locked.read_bytes()
        except FileNotFoundError as error:
            raise ArchiveDamaged(f"{locked} is gone, though the quarantine lists it.") from error
        return _unseal(sealed, found[0], _private_key(key))

    def empty(self, older_than: timedelta, now: datetime) -> list[Kept]:
        """Delete the files that came longer ago than that, and return what was known of them.

        One line for each stays in ``emptied.jsonl``. What was interrupted is finished the next time.
        """
        old = [kept for kept in self.listed() if now - kept.moment > older_than]
        told = {(line["sha256"], line["moment"]) for line in self._emptied()} if old else set()
        for kept in old:
            self._locked(kept.sha256).unlink(missing_ok=True)
            line = kept.to_json()
            if (line["sha256"], line["moment"]) not in told:
                self._note(line | {"emptied_at": now.isoformat()})
            self._facts(kept.sha256).unlink(missing_ok=True)
        for left in self._folder.glob(f"{_TEMPORARY}*"):  # of a process that died while it wrote
            if now.timestamp() - left.stat().st_mtime > older_than.total_seconds():
                left.unlink(missing_ok=True)
        return old

    def _locked(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.locked"

    def _facts(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.json"

    @staticmethod
    def _read(path: Path) -> Kept:
        try:
            return Kept.from_json(json.loads(path.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveDamaged(f"{path} does not say what a file in the quarantine is.") from error

    def _emptied(self) -> Iterator[dict[str, Any]]:
        path = self._folder / "emptied.jsonl"
        if path.exists():
            yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)

    def _note(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False) + "\n"
        handle = os.open(self._folder / "emptied.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


# --- keys --------------------------------------------------------------------------------------------------------


def new_keys() -> tuple[str, str]:
    """Return a new private key, for the coordinator alone, and its public key, for the deployment."""
    private = X25519PrivateKey.generate()
    return _text(_PRIVATE, private.private_bytes_raw()), _text(_PUBLIC, private.public_key().public_bytes_raw())


def key_path() -> Path:
    """Return where this machine's own private key lies, if no other is set."""
    return settings.home() / "secrets" / "quarantine.key"


def _public_key() -> X25519PublicKey:
    """Return the key that files are locked for; makes this machine's own if none is set and there is none yet."""
    text = settings.secret(KEY_VARIABLE)
    if text is None:
        path = key_path()
        if not path.exists():
            _make_private(path.parent)
            _create(path, new_keys()[0].encode() + b"\n")
        text = path.read_text(encoding="ascii")
    kind, raw = _parsed(text)
    return X25519PublicKey.from_public_bytes(raw) if kind == _PUBLIC else _private(raw).public_key()


def _private_key(text: str | None) -> X25519PrivateKey:
    if text is None:
        text = settings.secret(KEY_VARIABLE)
    if text is None and key_path().exists():
        text = key_path().read_text(encoding="ascii")
    kind, raw = _parsed(text or "")
    if kind != _PRIVATE:
        raise UsageError(
            f"A file in the quarantine is opened with the private key, which begins {_PRIVATE!r}; "
            "this deployment holds only the public one. Ask the coordinator."
        )
    return _private(raw)


def _private(raw: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(raw)


def _parsed(text: str) -> tuple[str, bytes]:
    """Return a key's kind and bytes.

    Raises:
        UsageError: the text is no key. It is not shown.
    """
    match = re.fullmatch(rf"({_PUBLIC}|{_PRIVATE})([A-Za-z0-9_-]+=*)", text.strip())
    try:
        raw = base64.urlsafe_b64decode(match[2]) if match else b""
    except ValueError:
        raw = b""
    if match is None or len(raw) != _KEY_BYTES:
        raise UsageError(
            f"The quarantine's key ({KEY_VARIABLE}, {KEY_VARIABLE}_FILE or {key_path()}) is none. Expected one that "
            f"begins {_PUBLIC!r} or {_PRIVATE!r}, as `extracts quarantine keys` makes them."
        )
    return match[1], raw


def _text(kind: str, raw: bytes) -> str:
    return kind + base64.urlsafe_b64encode(raw).decode()


# --- locking -----------------------------------------------------------------------------------------------------


def _seal(content: bytes, sha256: str, recipient: X25519PublicKey) -> bytes:
    once = X25519PrivateKey.generate()
    sender, receiver = once.public_key().public_bytes_raw(), recipient.public_bytes_raw()
    cipher = _cipher(once.exchange(recipient), sender + receiver)
    return _FORMAT + sender + cipher.encrypt(_NONCE, content, sha256.encode())


def _unseal(sealed: bytes, sha256: str, key: X25519PrivateKey) -> bytes:
    start, sender, rest = (
        sealed[: len(_FORMAT)],
        sealed[len(_FORMAT) :][:_KEY_BYTES],
        sealed[len(_FORMAT) :][_KEY_BYTES:],
    )
    if start != _FORMAT or len(sender) != _KEY_BYTES:
        raise ArchiveDamaged(f"The file {sha256} in the quarantine is not what was locked away.")
    receiver = key.public_key().public_bytes_raw()
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(sender))
        return _cipher(shared, sender + receiver).decrypt(_NONCE, rest, sha256.encode())
    except (InvalidTag, ValueError) as error:
        raise UsageError(
            f"The file {sha256} in the quarantine does not open: it was locked for another key, or was changed."
        ) from error


def _cipher(shared: bytes, salt: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), length=_KEY_BYTES, salt=salt, info=_FORMAT).derive(shared))


# --- files for their owner alone ---------------------------------------------------------------------------------


def _make_private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is seen whole or not at all, over what may be left of one."""
    _temporary(path.parent, content).replace(path)


def _create(path: Path, content: bytes) -> None:
    """Write a file that is seen whole or not at all, unless another process was faster; then its file stays."""
    temporary = _temporary(path.parent, content)
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _temporary(folder: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=folder, prefix=_TEMPORARY)  # for its owner alone
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
