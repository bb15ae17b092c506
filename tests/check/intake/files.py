"""Files as a party might send them: sound ones, and ones that somebody has worked on."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import openpyxl
import xlsxwriter

from include.settings import ROOT

#: Skatteverket's own made-up number for examples: a valid date and check digit, nobody's.
NUMBER = "811218-9876"

MB = 1 << 20


def written(fill: Callable[[Any, Any], object], *names: str, **options: Any) -> bytes:
    """Return a workbook that XlsxWriter makes: ``fill(book, first sheet)``, sheets named as told."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, options)
    sheets = [book.add_worksheet(name) for name in names or ("Vuxna",)]
    fill(book, sheets[0])
    book.close()
    return out.getvalue()


def plain_workbook() -> bytes:
    """Return a small sound workbook with texts and numbers."""

    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Kön", "Aktualiserade"])
        sheet.write_row(1, 0, ["Kvinnor", 12])
        sheet.write_row(2, 0, ["Män", 7])

    return written(fill)


def edited(content: bytes, edit: Callable[[Any], object]) -> bytes:
    """Return a workbook as openpyxl saves it after an edit."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(
    content: bytes, change: Callable[[str, bytes], bytes | None], add: dict[str, bytes] | None = None
) -> bytes:
    """Return the workbook with its members changed (None leaves one out) and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
        for name, data in (add or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def with_member(content: bytes, name: str, data: bytes = b"<x/>") -> bytes:
    """Return the workbook with one more member."""
    return repacked(content, lambda _, old: old, {name: data})


def replaced(content: bytes, member: str, old: str, new: str) -> bytes:
    """Return the workbook with text of one member replaced; the text must be there."""

    def change(name: str, data: bytes) -> bytes:
        if name != member:
            return data
        assert old.encode() in data, (old, data[:2000])
        return data.replace(old.encode(), new.encode())

    return repacked(content, change)


def member(content: bytes, name: str) -> str:
    """Return the text of one member."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


class Cost(NamedTuple):
    """What a judgement took: what came of it, the child's seconds of processor, and the most bytes that it held."""

    outcome: str
    seconds: float
    resident: int


_MEASURE = """
import resource, sys
from include.check.intake.judge import judge
from include.errors import FollowUpError
content = sys.stdin.buffer.read()
try:
    outcome = f"{len(judge(content).sheets)} sheets"
except FollowUpError as error:
    outcome = getattr(error, "rule", "DAMAGED")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(outcome, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
"""


def cost(content: bytes) -> Cost:
    """Judge a file from a small process, whose children's memory is the judging child's and nobody else's."""
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE], input=content, capture_output=True, check=True, cwd=ROOT, timeout=60
    )
    *outcome, seconds, resident = run.stdout.decode().split()
    return Cost(" ".join(outcome), float(seconds), int(resident))
