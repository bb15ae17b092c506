"""Staging: where a checked capture waits for its load, one folder per capture.

::

    <staging>/<capture id, "/" as ".">/tidy.parquet       the rows that passed
                                       set_aside.parquet  the rows set aside, with their reasons
                                       check.json         counts, findings, and the sha256 of both tables
                                       report.html        the latest report
                                       reports/<digest>.html  the report of every run that came to another result

``check.json`` is written last and holds the tables' hashes: without it, or with other tables beside it, nothing is
staged. The same capture checked twice leaves the same bytes. A refusal takes away what an earlier check had staged.
"""

import hashlib
import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from include import settings
from include.errors import LoadConflict

TIDY_FILE, SET_ASIDE_FILE, CHECK_FILE, REPORT_FILE = "tidy.parquet", "set_aside.parquet", "check.json", "report.html"


class Staged(NamedTuple):
    """What waits for the load."""

    table: pa.Table
    set_aside: pa.Table
    check: dict[str, Any]


def folder(capture_id: str) -> Path:
    """Return the folder of a capture, there or not."""
    return settings.staging_dir() / capture_id.replace("/", ".")


def stage(capture_id: str, table: pa.Table, set_aside: pa.Table, check: dict[str, Any]) -> Path:
    """Write the two tables and, last, ``check.json`` with their hashes; return the folder.

    Args:
        capture_id: whose they are.
        table: rows that passed, schema TIDY.
        set_aside: rows set aside, schema SET_ASIDE.
        check: counts and findings, JSON-able and without a clock.
    """
    place = folder(capture_id)
    contents = {TIDY_FILE: _parquet(table), SET_ASIDE_FILE: _parquet(set_aside)}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    for name, content in contents.items():
        _write(place / name, content)
    _write(place / CHECK_FILE, _json({**check, "sha256": hashes}))
    return place


def unstage(capture_id: str) -> None:
    """Take away what an earlier check of the capture has staged; its reports stay."""
    for name in (CHECK_FILE, TIDY_FILE, SET_ASIDE_FILE):
        (folder(capture_id) / name).unlink(missing_ok=True)


def keep_report(capture_id: str, html: str) -> Path:
    """Write a report beside the earlier ones and as the latest; return the address at which it stays."""
    content = html.encode()
    place = folder(capture_id)
    kept = place / "reports" / f"{hashlib.sha256(content).hexdigest()[:12]}.html"
    _write(kept, content)
    _write(place / REPORT_FILE, content)
    return kept


def read(place: Path) -> Staged:
    """Return what is staged in a folder, its hashes verified.

    Raises:
        LoadConflict: nothing is staged there, or a table is not the one that was checked.
    """
    try:
        check = orjson.loads((place / CHECK_FILE).read_bytes())
        contents = {name: (place / name).read_bytes() for name in (TIDY_FILE, SET_ASIDE_FILE)}
    except FileNotFoundError as error:
        raise LoadConflict(f"{place}: nothing is staged here ({error.filename} is missing). Run check first.") from None
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != check["sha256"][name]:
            raise LoadConflict(f"{place / name}: is not the table that was checked. Run check again.")
    tables = [pq.read_table(BytesIO(contents[name])) for name in (TIDY_FILE, SET_ASIDE_FILE)]
    return Staged(tables[0], tables[1], check)


def _parquet(table: pa.Table) -> bytes:
    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _json(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
