"""What counts as the same content, so that a new time stamp or zip order is no revision.

Workbooks are compared by sheet names and cell values, JSON by its values without the moment of the answer, text
without byte order mark and kind of line break. Whatever cannot be read in its own way is compared byte by byte: then
a difference that means nothing is taken for a revision, never the other way round.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import PurePosixPath

#: Members of a JSON answer that tell of the answer, not of the figures. ``updated`` is set anew by SCB whenever the
#: table is loaded; the addresses change with the host.
VOLATILE = frozenset({"updated", "href", "link", "links"})

#: A workbook that claims more cells than this in one sheet is not opened here: one cell in the last corner makes
#: a reader ask for memory for all of them.
MAX_CELLS = 10_000_000
MAX_SHEET_BYTES = 256 * 2**20

_REFERENCE = re.compile(rb"""\sr=["']([A-Z]{0,3})(\d{1,9})["']""")
_TEXT_SUFFIXES = frozenset({".csv", ".txt", ".html", ".htm", ".px", ".tsv"})


def canonical(content: bytes, media_type: str, file_name: str) -> bytes:
    """Return the bytes by which two captures of one part are compared.

    Args:
        content: the bytes as received.
        media_type: what the producer says they are, such as ``application/json``.
        file_name: name with suffix; workbooks are known by their own first bytes instead.
    """
    suffix = PurePosixPath(file_name).suffix.lower()
    if is_workbook(content):
        return _workbook(content) or content
    if "json" in media_type or suffix == ".json":
        return _json(content) or content
    if (media_type.startswith("text/") or suffix in _TEXT_SUFFIXES) and b"\0" not in content:
        return content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content


def is_workbook(content: bytes) -> bool:
    """Return whether the bytes begin like an xlsx (zip) or an xls (OLE compound file)."""
    return content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def _json(content: bytes) -> bytes | None:
    """Return JSON with sorted keys and without its volatile members, None if it is no JSON."""
    try:
        document = json.loads(content)
        if isinstance(document, dict):
            document = {key: value for key, value in document.items() if key not in VOLATILE}
            if isinstance(extension := document.get("extension"), dict):
                document["extension"] = {key: value for key, value in extension.items() if key != "contact"}
        return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return None


def _workbook(content: bytes) -> bytes | None:
    """Return sheet names and cell values of a workbook as lines of JSON, None if it cannot be read (safely)."""
    import python_calamine  # only where a workbook is met

    try:
        if content.startswith(b"PK") and not _is_safe(content):
            return None
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        lines = [line for name in book.sheet_names for line in _sheet(name, book.get_sheet_by_name(name).to_python())]
        return "\n".join(lines).encode()
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return None


def _sheet(name: str, rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a sheet as lines: its name, then each row without the empty cells at its end."""
    yield json.dumps({"sheet": name}, ensure_ascii=False)
    for row in rows:
        width = max((place for place, value in enumerate(row, start=1) if value != ""), default=0)
        yield json.dumps([_cell(value) for value in row[:width]], ensure_ascii=False)


def _cell(value: object) -> object:
    """Return a cell's value in JSON; a date is told apart from the text that looks like it."""
    if isinstance(value, date | datetime | time | timedelta):
        return {type(value).__name__: str(value)}
    return value


def _is_safe(content: bytes) -> bool:
    """Return whether no sheet of an xlsx claims a cell so far away, or so many bytes, that reading it could fail."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [info for info in archive.infolist() if "worksheets/" in info.filename]
        if not sheets or sum(info.file_size for info in archive.infolist()) > MAX_SHEET_BYTES:
            return False
        return all(_extent(archive, info) <= MAX_CELLS for info in sheets)


def _extent(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """Return how many cells the rectangle around a sheet's cells holds, read from the references in its XML."""
    last_row = last_column = 1
    with archive.open(info) as member:
        tail = b""
        while chunk := member.read(2**20):
            for letters, digits in _REFERENCE.findall(tail + chunk):
                last_row = max(last_row, int(digits))
                last_column = max(last_column, _column(letters))
            tail = chunk[-32:]
    return last_row * last_column


def _column(letters: bytes) -> int:
    """Return the number of a column from its letters, 1 for A."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
