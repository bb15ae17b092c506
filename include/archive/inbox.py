"""Where the parties' deliveries arrive: a folder, or a bucket at any fsspec address (``FOLLOWUP_INBOX``).

::

    <inbox>/<agreement>/<party>/<any name>       waits

A file's name is the sender's own: it is kept as a fact about the file and never taken as a path, printed to a log or
put into a message between tasks. Whatever lies elsewhere than in a party's own folder is not read.
"""

import hashlib
import os
import posixpath
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import fsspec
from fsspec.implementations.local import LocalFileSystem

from include.errors import DeliveryRefused

#: A file that was written to less long ago may still be on its way.
SETTLED_SECONDS = 2.0
#: No filled-in template comes near; a larger file is not even read.
LARGEST_BYTES = 25 * 2**20

#: What office programs, Windows and programs for transfer leave lying, beside everything that begins with a dot.
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
_UNFINISHED = (".part", ".filepart", ".crdownload")

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*", re.ASCII)
_PLAIN = re.compile(r"[^A-Za-z0-9ÅÄÖåäöÉé._-]+")
_LONGEST_NAME, _LONGEST_SUFFIX = 80, 8


@dataclass(frozen=True)
class Waiting:
    """A file in a party's folder.

    Attributes:
        agreement: the folder's agreement.
        party: the folder's party.
        name: the file's name as the sender chose it; anything at all.
        path: where it lies, as its file system says.
        size: bytes.
        stamp: changes when the file is written to again.
        age: seconds since it was last written to; None where files appear whole.
        link: whether it is a link to another file, which is not followed.
    """

    agreement: str
    party: str
    name: str
    path: str
    size: int
    stamp: str
    age: float | None = None
    link: bool = False

    @property
    def folder(self) -> str:
        """Return whose folder it lies in, such as ``jamtland/K2380``."""
        return f"{self.agreement}/{self.party}"

    @property
    def signature(self) -> str:
        """Return what stands for the file, as it lies there now, wherever its name must not be told."""
        known = f"{self.path}\0{self.size}\0{self.stamp}".encode(errors="surrogateescape")
        return hashlib.sha256(known).hexdigest()[:16]

    @property
    def settled(self) -> bool:
        """Return whether it is no longer being written; a moment in the future is no moment of writing."""
        return self.age is None or abs(self.age) >= SETTLED_SECONDS


class Inbox(Protocol):
    """An inbox, wherever it lies."""

    def waiting(self) -> list[Waiting]:
        """Return the files in the parties' folders, by path."""

    def strays(self) -> int:
        """Return how many files lie where nobody reads them: outside the parties' folders, or deeper in them."""

    def again(self, file: Waiting) -> Waiting | None:
        """Return a file as it lies there now, None if it is gone."""

    def read(self, file: Waiting) -> bytes:
        """Return a file's bytes.

        Raises:
            DeliveryRefused: it is a link, or larger than any delivery.
            FileNotFoundError: it is gone.
        """

    def move(self, file: Waiting, folder: str, name: str) -> None:
        """Move a file to a folder below the inbox, under a name of ours; a link is taken away instead."""

    def remove(self, file: Waiting) -> None:
        """Take a file away."""

    def write(self, folder: str, name: str, text: str) -> None:
        """Write a text of ours into a folder below the inbox."""


def open_inbox(url: str) -> Inbox:
    """Return the inbox at a path or fsspec address."""
    fs, root = fsspec.core.url_to_fs(url)
    return _FolderInbox(Path(root)) if isinstance(fs, LocalFileSystem) else _BucketInbox(fs, root.rstrip("/"))


def settled_signatures(url: str) -> list[str]:
    """Return what stands for the files that wait in an inbox and are wholly there: all that a watcher needs."""
    return [file.signature for file in open_inbox(url).waiting() if file.settled]


def data_name(name: str) -> str:
    """Return a file's name as text that can be kept: bytes that are no UTF-8 are replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def plain_name(name: str) -> str:
    """Return a name for a moved file: short, of plain letters, its suffix kept; never a path or a hidden file."""
    stem, suffix = posixpath.splitext(_PLAIN.sub("_", data_name(name)).strip("._- "))
    suffix = suffix[:_LONGEST_SUFFIX]
    return f"{stem[: _LONGEST_NAME - len(suffix)]}{suffix}" or "_"


def _is_delivery(name: str) -> bool:
    """Return whether a name is one that a person may have given a delivery."""
    return bool(name) and not (
        name.startswith((".", "~$")) or name.lower() in _LITTER or name.lower().endswith(_UNFINISHED)
    )


def _is_folder(name: str) -> bool:
    """Return whether a folder's name can be an agreement's or a party's; ours begin with an underscore."""
    return _FOLDER.fullmatch(name) is not None


def too_large(found: int) -> DeliveryRefused:
    """Return the refusal of a file of so many bytes."""
    return DeliveryRefused(
        f"Filen är {found // 2**20} MB stor. Väntade en ifylld mall, som aldrig är större än {LARGEST_BYTES // 2**20} "
        "MB. Hämta en ny mall, fyll i den och lägg den i er mapp igen.",
        "TOO_LARGE",
    )


class _FolderInbox:
    """An inbox in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def waiting(self) -> list[Waiting]:
        found = []
        for folder in self._party_folders():
            for entry in _entries(folder, _is_delivery):
                if file := self._look(folder.parent.name, folder.name, entry):
                    found.append(file)
        return sorted(found, key=lambda file: file.path)

    def strays(self) -> int:
        folders = set(self._party_folders())
        count = 0
        for place, _, names in os.walk(self._root, followlinks=False):
            ours = Path(place).relative_to(self._root).parts[:1]
            if Path(place) not in folders and not (ours and ours[0].startswith(("_", "."))):
                count += sum(map(_is_delivery, names))
        return count

    def again(self, file: Waiting) -> Waiting | None:
        return self._look(file.agreement, file.party, Path(file.path))

    def read(self, file: Waiting) -> bytes:
        if file.link:
            raise DeliveryRefused(
                "Det är en länk till en annan fil, och länkar följs inte. Lägg själva filen i mappen.", "LINK"
            )
        # The kind is asked of what was opened: the name may point elsewhere by now.
        handle = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as opened:
            size = os.fstat(handle).st_size
            content = opened.read(LARGEST_BYTES + 1) if size <= LARGEST_BYTES else b""
        if max(size, len(content)) > LARGEST_BYTES:
            raise too_large(size)
        return content

    def move(self, file: Waiting, folder: str, name: str) -> None:
        if file.link:
            self.remove(file)
            return
        target = self._root / folder
        target.mkdir(parents=True, exist_ok=True)
        shutil.move(file.path, target / name)  # a party's folder may be another file system

    def remove(self, file: Waiting) -> None:
        Path(file.path).unlink(missing_ok=True)

    def write(self, folder: str, name: str, text: str) -> None:
        target = self._root / folder
        target.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")

    def _party_folders(self) -> Iterator[Path]:
        for agreement in _entries(self._root, _is_folder):
            if agreement.is_dir() and not agreement.is_symlink():
                for party in _entries(agreement, _is_folder):
                    if party.is_dir() and not party.is_symlink():
                        yield party

    def _look(self, agreement: str, party: str, path: Path) -> Waiting | None:
        """Return a file or link as it lies there now; None for what is gone or neither (a folder, a pipe)."""
        try:
            now = path.lstat()
        except FileNotFoundError:
            return None
        if not (stat.S_ISREG(now.st_mode) or stat.S_ISLNK(now.st_mode)):
            return None
        return Waiting(
            agreement,
            party,
            path.name,
            str(path),
            now.st_size,
            f"{now.st_mtime_ns}-{now.st_ino}",
            time.time() - now.st_mtime,
            stat.S_ISLNK(now.st_mode),
        )


def _entries(folder: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """Return what lies in a folder under a wanted name, sorted; nothing if the folder is not there (any more)."""
    try:
        return sorted(entry for entry in folder.iterdir() if wanted(entry.name))
    except FileNotFoundError:
        return []


class _BucketInbox:
    """An inbox in an object store, where objects appear whole and a name is only a key."""

    def __init__(self, fs: Any, root: str) -> None:
        self._fs, self._root = fs, root

    def waiting(self) -> list[Waiting]:
        found = []
        for path, about in self._objects():
            agreement, _, rest = self._below(path).partition("/")
            party, _, name = rest.partition("/")
            if _is_folder(party) and "/" not in name and _is_delivery(name):
                found.append(Waiting(agreement, party, name, path, int(about["size"] or 0), _stamp(about)))
        return sorted(found, key=lambda file: file.path)

    def strays(self) -> int:
        here = {file.path for file in self.waiting()}
        return sum(path not in here and _is_delivery(path.rpartition("/")[2]) for path, _ in self._objects())

    def again(self, file: Waiting) -> Waiting | None:
        return next((now for now in self.waiting() if now.path == file.path), None)

    def read(self, file: Waiting) -> bytes:
        if file.size > LARGEST_BYTES:
            raise too_large(file.size)
        content: bytes = self._fs.cat_file(file.path, end=LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise too_large(len(content))
        return content

    def move(self, file: Waiting, folder: str, name: str) -> None:
        target = f"{self._root}/{folder}/{name}"
        self._fs.makedirs(f"{self._root}/{folder}", exist_ok=True)
        self._fs.cp_file(file.path, target)
        self._fs.rm_file(file.path)

    def remove(self, file: Waiting) -> None:
        self._fs.rm_file(file.path)

    def write(self, folder: str, name: str, text: str) -> None:
        self._fs.makedirs(f"{self._root}/{folder}", exist_ok=True)
        self._fs.pipe_file(f"{self._root}/{folder}/{name}", text.encode())

    def _objects(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the objects below the agreements' folders; what has been dealt with lies elsewhere, and may be much."""
        self._fs.invalidate_cache()
        try:
            folders = [about["name"] for about in self._fs.ls(self._root, detail=True) if about["type"] == "directory"]
        except FileNotFoundError:
            return
        for folder in sorted(folders):
            if _is_folder(self._below(folder)):
                yield from self._fs.find(folder, detail=True).items()

    def _below(self, path: str) -> str:
        return path.removeprefix(self._root).strip("/")


def _stamp(about: dict[str, Any]) -> str:
    """Return what a store says of an object's version: stores use different words."""
    return str(next((about[key] for key in ("ETag", "etag", "LastModified", "mtime", "created") if about.get(key)), ""))
