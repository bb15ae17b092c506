"""The child process that judges one delivered file: the file on stdin, the book or the refusal as JSON on stdout.

It runs apart because what parses a hostile file may be made to abort or to swallow all memory; its own limits then end
this process, not the worker. Before it reads a byte it has imported all that it needs and given up the right to open
anything more: no file, no connection. Its parent is :mod:`include.check.intake.judge`.
"""

import codecs
import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from include.check.intake import container, delimited, kinds, personal, workbook
from include.check.intake.book import Book, Hidden
from include.check.intake.markup import everything, strings
from include.check.intake.personal import NOTHING, Allowed, Find
from include.errors import DeliveryRefused, LayoutChanged, PersonalDataFound

MEMORY = 256 << 20  # bytes of address space, of which Python takes some 30 MB and a full template 30 more
SECONDS = 10  # of processor time

#: A file of another kind is refused whatever it says; what may tell of persons takes precedence over that refusal only
#: if it is certain, as sentences are what such files are made of.
_UNCERTAIN = frozenset({"FREE_TEXT"})

#: Text codecs are modules, which cannot be imported once nothing can be opened.
_CODECS = ("ascii", "cp437", "cp1252", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


class _Draft(NamedTuple):
    """What could be read of a file, and why it is refused, None if nothing but personal data can refuse it."""

    book: Book
    objection: DeliveryRefused | LayoutChanged | None


def judge_here(content: bytes, file_name: str, allowed: Allowed) -> Book:
    """Return the cells and other text of a delivered file, judged in this very process.

    Raises:
        PersonalDataFound: it may tell of persons, whatever else is wrong with it.
        DeliveryRefused: it is of the wrong kind, or holds what no template does.
        LayoutChanged: it is damaged.
    """
    draft = _draft(content, file_name, allowed)
    finds = personal.find(draft.book, file_name, allowed)
    if draft.objection:
        finds = [find for find in finds if find.rule not in _UNCERTAIN]
    if finds:
        raise _found(finds)
    if draft.objection:
        raise draft.objection
    return draft.book


def open_again(content: bytes, file_name: str) -> Book:
    """Return the cells of a file that has been judged before, read in this very process.

    Raises:
        DeliveryRefused, LayoutChanged: as :func:`judge_here`, but for personal data, which is not looked for again.
    """
    draft = _draft(content, file_name, NOTHING)
    if draft.objection:
        raise draft.objection
    return draft.book


def _found(finds: list[Find]) -> PersonalDataFound:
    return PersonalDataFound(personal.message(finds), finds[0].rule, tuple(find.place for find in finds))


def _draft(content: bytes, file_name: str, allowed: Allowed) -> _Draft:
    try:
        kind = kinds.kind(content)
        book = delimited.read(content) if kind == "text" else None
    except DeliveryRefused as refusal:
        return _Draft(_rest([Hidden("filens innehåll", strings(content))]), refusal.with_traceback(None))
    if book is None:
        return _of_workbook(content, file_name, allowed)
    return _Draft(book, kinds.contradicts(file_name, "csv"))


def _of_workbook(content: bytes, file_name: str, allowed: Allowed) -> _Draft:
    unpacked = container.unpack(content)
    try:
        if unpacked.objection:
            raise unpacked.objection
        book = workbook.read(unpacked.members, unpacked.texts, allowed.sheets)
    except (DeliveryRefused, LayoutChanged) as objection:
        of_container = [Hidden("filens behållare", text) for text in unpacked.texts]
        rest = _rest([*of_container, *everything(unpacked.members, workbook.place_of)])
        return _Draft(rest, objection.with_traceback(None))  # which keeps half-read sheets from being freed
    return _Draft(book, kinds.contradicts(file_name, "xlsx"))


def _rest(texts: Iterable[Hidden]) -> Book:
    """Return a file of which no cells are known, only texts."""
    return Book("xlsx", (), tuple(texts))


# --- the process -------------------------------------------------------------------------------------------------


def main() -> int:
    """Judge the file on stdin (a line of JSON that says its name and what is allowed, then its bytes).

    Writes ``{"book": …}`` or ``{"refused": {"by": …, "text": …, "rule": …, "places": […]}}`` to stdout.
    """
    limit(SECONDS)
    head, _, content = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(head)
    json.dump(answer(content, asked["file_name"], Allowed.from_json(asked["allowed"])), sys.stdout)
    return 0


def answer(content: bytes, file_name: str, allowed: Allowed) -> dict[str, Any]:
    """Return what the parent is told: the book, or the refusal without anything of the file."""
    try:
        return {"book": judge_here(content, file_name, allowed).to_json()}
    except DeliveryRefused as refusal:
        told = {"text": str(refusal), "rule": refusal.rule, "places": refusal.places}
        return {"refused": {"by": type(refusal).__name__, **told}}
    except LayoutChanged as error:
        return {"refused": {"by": "LayoutChanged", "text": str(error), "rule": "", "places": ()}}


def limit(seconds: int) -> None:
    """Set this process's limits, those that the system knows; the parent's time limit holds in any case.

    Args:
        seconds: of processor time, from the start of the process.
    """
    for name in _CODECS:
        codecs.lookup(name)
    try:
        import resource
    except ImportError:  # not a Unix
        return
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_CORE: 0,  # no image of its memory on the disk
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 3,  # stdin, stdout and stderr, which are open
    }
    for what, most in limits.items():
        with suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main())
