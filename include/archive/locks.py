"""Locks between processes of one machine, by files in ``<home>/locks``.

They keep order, not truth: several machines may archive at once, for objects lie under their hash, and the warehouse
has locks of its own.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from include import settings


@contextmanager
def locked(name: str) -> Iterator[TextIO]:
    """Hold the lock of a name; yields its file, open for reading and writing. Ends with the process at the latest."""
    folder = settings.home() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
