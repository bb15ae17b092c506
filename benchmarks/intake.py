"""The gate of delivered files: a delivery of 50,000 cells judged, and bombs refused, in one run on one machine.

* judging: seconds of :func:`include.check.intake.judge.judge`, less those of a child that judges the smallest
  workbook, which is the start of a process; beside it the same cells read by calamine and by openpyxl alone, which see
  neither hidden text nor personal data.
* refusals: seconds, start of the child included, and the most memory that the child held.

Each judgement is made from a small process of its own, so that the memory of its child is the child's alone.
"""

import io
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from typing import NamedTuple

import openpyxl
import python_calamine
import xlsxwriter

from include.check.intake.kinds import MB

ROUNDS = 5
SHEETS, ROWS, COLUMNS = 5, 500, 20  # 50,000 cells


class Run(NamedTuple):
    """What a judgement took: what came of it, seconds, bytes that the child held at most."""

    outcome: str
    seconds: float
    resident: int


def main() -> None:
    """Print what judging and refusing take."""
    delivery, smallest = _delivery(), _workbook(1, 1, 2)
    start = _median(lambda: _judged(smallest))
    judged = _median(lambda: _judged(delivery))
    print(f"A delivery of {SHEETS * ROWS * COLUMNS:,} cells, {len(delivery) / MB:.2f} MB (median of {ROUNDS})")
    print(f"  start of the child, with the smallest workbook{start.seconds:8.2f} s{start.resident / MB:8.0f} MB")
    print(f"  judged{judged.seconds:48.2f} s{judged.resident / MB:8.0f} MB: {judged.outcome}")
    print(f"  beyond the start{judged.seconds - start.seconds:38.2f} s")
    for name, read in _others().items():
        print(f"  {name:40}{statistics.median(_seconds(read, delivery) for _ in range(ROUNDS)):14.2f} s")
    print("\nBombs refused")
    for name, content in _bombs(smallest).items():
        run = _median(lambda content=content: _judged(content))  # type: ignore[misc]
        print(f"  {name:30}{len(content) / MB:7.2f} MB{run.seconds:8.2f} s{run.resident / MB:8.0f} MB: {run.outcome}")


# --- measuring ---------------------------------------------------------------------------------------------------

_CODE = """
import resource, sys, time
from include.check.intake.judge import judge
from include.errors import FollowUpError
content = sys.stdin.buffer.read()
began = time.perf_counter()
try:
    outcome = str(sum(len(sheet.cells) for sheet in judge(content).sheets)) + "_cells"
except FollowUpError as error:
    outcome = getattr(error, "rule", "DAMAGED")
print(outcome, time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def _judged(content: bytes) -> Run:
    run = subprocess.run([sys.executable, "-c", _CODE], input=content, capture_output=True, check=True)
    outcome, seconds, resident = run.stdout.decode().split()
    return Run(outcome.replace("_", " "), float(seconds), int(resident))


def _median(measure: Callable[[], Run]) -> Run:
    runs = sorted((measure() for _ in range(ROUNDS)), key=lambda run: run.seconds)
    return runs[ROUNDS // 2]


def _seconds(read: Callable[[bytes], object], content: bytes) -> float:
    began = time.perf_counter()
    read(content)
    return time.perf_counter() - began


def _others() -> dict[str, Callable[[bytes], object]]:
    def with_calamine(content: bytes) -> object:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]

    def with_openpyxl(content: bytes) -> object:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]

    return {"calamine alone, cells only": with_calamine, "openpyxl alone, cells only": with_openpyxl}


# --- files -------------------------------------------------------------------------------------------------------


def _delivery() -> bytes:
    return _workbook(SHEETS, ROWS, COLUMNS)


def _workbook(sheets: int, rows: int, columns: int) -> bytes:
    """Return a workbook of numbers with a label first in every row, as deliveries have."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for number in range(sheets):
        sheet = book.add_worksheet(f"Blad {number + 1}")
        sheet.write_row(0, 0, ["Uppdelning", *(f"Mått {column}" for column in range(1, columns))])
        for row in range(1, rows):
            sheet.write_row(row, 0, [f"grupp {row}", *((row * column + number) % 997 for column in range(1, columns))])
    book.close()
    return out.getvalue()


def _bombs(smallest: bytes) -> dict[str, bytes]:
    rows = b"".join(b'<row r="%d" spans="1:9"/>' % row for row in range(10, 500_000))
    return {
        "200 MB of zeros": _with(smallest, {"xl/worksheets/sheet9.xml": b"<x>" + b"0" * (200 * MB)}),
        "150 parts of 900 kB": _with(smallest, {f"xl/x{part}.xml": b"<x>" + b"0" * 900_000 for part in range(150)}),
        "10,000 parts": _with(smallest, {f"xl/x{part}.xml": b"" for part in range(10_000)}),
        "a container within": _with(smallest, {"xl/x.xml": _with(smallest, {"x": b"0" * (30 * MB)})}),
        "entities": _with(smallest, {"xl/x.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        "half a million empty rows": _with(smallest, {}, (b"</sheetData>", rows + b"</sheetData>")),
    }


def _with(content: bytes, parts: dict[str, bytes], change: tuple[bytes, bytes] | None = None) -> bytes:
    """Return a workbook with more parts, and text of its first sheet replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            is_sheet = name.endswith("sheet1.xml") and change
            new.writestr(name, old.read(name).replace(*change) if is_sheet and change else old.read(name))
        for name, data in parts.items():
            new.writestr(name, data)
    return out.getvalue()


if __name__ == "__main__":
    main()
