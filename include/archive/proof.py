"""Proof that an answer is whole and is what was asked for. A length that fits is not enough where none is given."""

import io
import json
import re
import struct
import zipfile
from typing import Literal

Kind = Literal["workbook", "json", "html", "text", "form"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FREE = 0xFFFFFFFF
#: Neither JSON nor a workbook nor a table of figures begins with a tag, a comment or a declaration.
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[a-z!?]", re.IGNORECASE)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def fault_of(content: bytes, kind: Kind, *, framed: bool) -> str | None:
    """Return what is wrong with an answer's bytes, None if they are whole and of the kind asked for.

    Args:
        content: the bytes, decoded.
        kind: what was asked for; "form" is a page or whatever else a form gives, which who asked must prove.
        framed: whether the transfer itself had an end that was reached (a length, chunks, a compressed stream).
    """
    if not content.strip():
        return "the answer is empty"
    if kind == "html" or kind == "form":
        whole = framed or b"</html" in content[-4096:].lower()
        return None if whole else "the page breaks off before </html>"
    if _MARKUP.match(content):
        return "a web page came instead (an error or log-in page?)"
    if kind == "json":
        return _json_fault(content)
    return _text_fault(content, framed=framed) if kind == "text" else _workbook_fault(content)


def _json_fault(content: bytes) -> str | None:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return "the JSON breaks off or is none"
    return None


def _text_fault(content: bytes, *, framed: bool) -> str | None:
    """Return what is wrong with a text or CSV export: nothing in it marks its end, so the transfer must."""
    if content[:2] in _UTF16:
        return "the text is UTF-16, which no reader here takes"
    if b"\0" in content:
        return "the text holds NUL bytes, so it is none or is damaged"
    return None if framed else "the text has no end that can be told: no length, no chunks, no compressed stream"


def _workbook_fault(content: bytes) -> str | None:
    if content.startswith(_OLE):
        return _ole_fault(content)
    if not content.startswith(b"PK"):
        return "it is neither an xlsx nor an xls file"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return "the zip file breaks off: its central directory is missing"
    if not members or any(m.header_offset + m.compress_size > len(content) for m in members):
        return "the zip file lacks members that its central directory names"
    return None


def _ole_fault(content: bytes) -> str | None:
    """Return what is wrong with an OLE compound file: every sector that its allocation table uses must be there.

    Layout: [MS-CFB] Compound File Binary File Format, 2.2 (header) and 2.3 (FAT).
    """
    broken = "the xls file breaks off: sectors that its allocation table names are missing"
    if len(content) < 512:
        return broken
    (shift,) = struct.unpack_from("<H", content, 0x1E)
    (fat_sectors,) = struct.unpack_from("<I", content, 0x2C)
    if shift not in (9, 12):
        return "the xls file has no known sector size"
    size = 1 << shift
    last = -1
    for number, sector in enumerate(struct.unpack_from("<109I", content, 0x4C)[:fat_sectors]):
        start = (sector + 1) * size
        if start + size > len(content):
            return broken
        entries = struct.unpack_from(f"<{size // 4}I", content, start)
        used = (place for place in range(len(entries) - 1, -1, -1) if entries[place] != _FREE)
        if (place := next(used, None)) is not None:
            last = number * (size // 4) + place
    return broken if (last + 1) * size >= len(content) else None
