"""The child process that parses one delivered workbook: bytes on stdin, its cells as JSON on stdout.

It runs apart because a parser given a hostile file may abort or swallow all memory (one filled cell in the last
corner of a sheet makes calamine reserve the whole sheet). Its own limits then end this process, not the worker; the
parent, :mod:`include.check.readers.extracts_file`, takes its death for a refusal.
"""

import json
import sys
from contextlib import suppress
from datetime import date, datetime
from io import BytesIO
from typing import Any

MEMORY = 1 << 30  # bytes of address space; Python and the parser need some 200 MB
SECONDS = 10  # of processor time

#: Exit codes that the parent puts into words; any other end is "could not be read".
NOT_A_WORKBOOK, TOO_MANY_CELLS = 10, 11

#: More filled cells than any template of ours can hold.
MOST_CELLS = 100_000


def main() -> int:
    """Read the workbook on stdin and write ``[{name, cells: [[row, column, kind, value], …]}, …]`` to stdout.

    Rows and columns count from 0. ``kind`` is text, number, date (ISO) or other; empty cells are left out.
    """
    _limit()
    from python_calamine import CalamineError, CalamineWorkbook  # only under the limits

    try:
        with CalamineWorkbook.from_object(BytesIO(sys.stdin.buffer.read())) as workbook:
            names = workbook.sheet_names
            sheets = [{"name": name, "cells": _cells(workbook, index)} for index, name in enumerate(names)]
    except (CalamineError, OSError):
        return NOT_A_WORKBOOK
    if sum(len(sheet["cells"]) for sheet in sheets) > MOST_CELLS:
        return TOO_MANY_CELLS
    json.dump(sheets, sys.stdout)
    return 0


def _limit() -> None:
    """Set this process's limits, those that the system knows; the parent's time limit holds in any case."""
    try:
        import resource
    except ImportError:  # not a Unix
        return
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        with suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(what, (most, most))


def _cells(workbook: Any, index: int) -> list[list[Any]]:
    rows = workbook.get_sheet_by_index(index).to_python(skip_empty_area=False)
    return [
        [row, column, *_typed(value)]
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if not (isinstance(value, str) and not value.strip())
    ]


def _typed(value: object) -> tuple[str, object]:
    match value:
        case bool():
            return "other", str(value)
        case int() | float():
            return "number", value
        case str():
            return "text", value
        case datetime():
            return "date", value.date().isoformat()
        case date():
            return "date", value.isoformat()
        case _:  # a time or a duration
            return "other", str(value)


if __name__ == "__main__":
    sys.exit(main())
