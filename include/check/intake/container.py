"""The zip container of a workbook: its parts, counted while they are inflated, and what a template never holds.

A container is judged before any part of it is parsed. What it says of itself (sizes, counts) is a hint and never
trusted. Where a rule refuses it, the other parts are inflated all the same, within the limits, so that what they say
can be looked through for personal data before the sender is told of the lesser fault.
"""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import NamedTuple

from include.check.intake.kinds import LARGEST_INFLATED, MB, MOST_MEMBERS, ZIP, damaged, refusal
from include.errors import DeliveryRefused, LayoutChanged

#: Most times that a part may swell, for parts that swell to more than the size; small ones often do and harm nobody.
RATIO, RATIO_FROM = 100, MB

#: Parts that a filled-in template never has, and the rule that refuses each.
_FORBIDDEN: tuple[tuple[str, str], ...] = (
    (r"vbaProject|^xl/macrosheets/|^xl/dialogsheets/|^customUI", "MACROS"),
    (r"^xl/workbook\.bin$", "BINARY_WORKBOOK"),
    (r"^xl/externalLinks/", "EXTERNAL_LINKS"),
    (r"^xl/(pivotCache|pivotTables)/", "PIVOT_CACHE"),
    (r"^xl/(connections\.xml|queryTables/|model/|customData/)", "CONNECTIONS"),
    (r"^xl/(embeddings|activeX|media|ctrlProps|webextensions)/|^docProps/thumbnail", "EMBEDDED"),
    (r"^xl/(revisions/|userNames\.xml)", "CHANGE_HISTORY"),
    (r"^(__MACOSX|META-INF)/|\.exe$|\.zip$", "STRANGE_PARTS"),
)

#: Parts that tell of another kind of document in the same kind of container.
_OTHER_KINDS: tuple[tuple[str, str], ...] = (
    (r"^(mimetype|content\.xml)$", "OPEN_DOCUMENT"),
    (r"^(word|ppt|visio)/", "OTHER_OFFICE_FILE"),
)

#: The one part that is not XML and that Excel itself puts into ordinary files.
_PRINTER = re.compile(r"^xl/printerSettings/[^/]+\.bin$", re.IGNORECASE)

#: Names of parts that say nothing: letters, and a number at most.
_USUAL_NAME = re.compile(r"[A-Za-z_./\[\]]+\d{0,4}[A-Za-z_./]*", re.ASCII)
_CONTENT_TYPES = "[Content_Types].xml"
_CENTRAL_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_LONGEST_DESCRIPTOR = 24  # bytes that may follow a part: its checksum and sizes, written after it
_ENCRYPTED_BIT = 0x1
_SYMLINK, _FILE_TYPE = 0o120000, 0o170000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BLOCK = 1 << 16

#: Whatever :mod:`zipfile` raises for bytes that are no sound container.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Unpacked(NamedTuple):
    """What a container holds.

    Attributes:
        members: every part that could be inflated within the limits, by name.
        texts: what stands in the container itself: comments, and names of parts that are not just names.
        objection: why the container is refused, None if it is not.
    """

    members: Mapping[str, bytes]
    texts: tuple[str, ...]
    objection: DeliveryRefused | LayoutChanged | None


def unpack(content: bytes) -> Unpacked:
    """Return the parts of a zip container, and the first reason to refuse it."""
    if content.count(_CENTRAL_ENTRY) > MOST_MEMBERS:  # before a directory of very many entries is made
        return Unpacked({}, (), refusal("TOO_MANY_PARTS"))
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            texts = _texts(archive, entries)
            objection = _objection(content, entries)
            members, late = _inflated(archive, entries)
    except _BROKEN:
        return Unpacked({}, (), damaged())
    return Unpacked(members, texts, objection or late or _about_contents(members))


def _texts(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> tuple[str, ...]:
    comments = (archive.comment, *(entry.comment for entry in entries), *(entry.extra for entry in entries))
    said = [comment.decode("utf-8", errors="replace") for comment in comments if comment]
    return (*(entry.filename for entry in entries if not _USUAL_NAME.fullmatch(entry.filename)), *said)


# --- what the directory says -------------------------------------------------------------------------------------


def _objection(content: bytes, entries: Sequence[zipfile.ZipInfo]) -> DeliveryRefused | None:
    """Return the first refusal that follows from the directory of the container, the kind of document first."""
    names = [entry.filename for entry in entries]
    for patterns in (_OTHER_KINDS, _FORBIDDEN):
        for pattern, rule in patterns:
            if any(re.search(pattern, name, re.IGNORECASE) for name in names):
                return refusal(rule)
    if len({name.casefold() for name in names}) != len(names):
        return refusal("STRANGE_PARTS", " (två delar har samma namn)")
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED_BIT:
            return refusal("ENCRYPTED")
        if _is_trick(entry) or entry.compress_type not in _METHODS:
            return refusal("STRANGE_PARTS")
    if not _is_gapless(content, entries):
        return refusal("STRANGE_PARTS", " (den innehåller något mellan sina delar)")
    return None if _CONTENT_TYPES in names else refusal("ARCHIVE")


def _is_trick(entry: zipfile.ZipInfo) -> bool:
    """Return whether an entry's name leads out of the container, or the entry is a link."""
    name = entry.orig_filename  # as it stands in the file: zipfile cuts what follows a NUL and turns separators
    return (
        ".." in name.split("/")
        or name.startswith("/")
        or any(sign in name for sign in "\\:\x00")
        or not name.isprintable()
        or entry.external_attr >> 16 & _FILE_TYPE == _SYMLINK
    )


def _is_gapless(content: bytes, entries: Sequence[zipfile.ZipInfo]) -> bool:
    """Return whether the parts follow each other from the first byte, without overlap and with nothing between them.

    Overlapping parts are how a small container inflates to many times what its parts would (D. Fifield, "A better zip
    bomb", 2019); gaps hold what no reader shows, e.g. parts that were replaced.
    """
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        start = entry.header_offset
        if not 0 <= start - end <= (_LONGEST_DESCRIPTOR if end else 0):
            return False
        header = content[start : start + _LOCAL_HEADER.size]
        if len(header) < _LOCAL_HEADER.size:
            return False
        signature, name, extra = _LOCAL_HEADER.unpack(header)
        if signature != ZIP:
            return False
        end = start + _LOCAL_HEADER.size + name + extra + entry.compress_size
    return 0 <= content.find(_CENTRAL_ENTRY, end) - end <= _LONGEST_DESCRIPTOR


# --- what the parts hold -----------------------------------------------------------------------------------------


def _inflated(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]
) -> tuple[dict[str, bytes], DeliveryRefused | LayoutChanged | None]:
    """Return the parts, each inflated as far as the limits let; and the first refusal on the way."""
    members: dict[str, bytes] = {}
    left, objection = LARGEST_INFLATED, None
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED_BIT or entry.is_dir():
            continue
        try:
            data = b"".join(_blocks(archive, entry, left))
        except DeliveryRefused as bomb:
            return members, objection or bomb
        except _BROKEN:
            objection = objection or damaged()
            continue
        members[entry.filename] = data
        left -= len(data)
    return members, objection


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
    """Yield a part block by block.

    Raises:
        DeliveryRefused: it swells beyond what is left, or out of proportion.
    """
    size = 0
    with archive.open(entry) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > left or (size > RATIO_FROM and size > RATIO * entry.compress_size):
                raise refusal("BOMB")
            yield block


def _about_contents(members: Mapping[str, bytes]) -> DeliveryRefused | None:
    """Return the refusal of parts that are not what their names say, None if all are XML as they should be."""
    types = members.get(_CONTENT_TYPES, b"").replace(b"\x00", b"")  # in whichever encoding
    if b"macroEnabled" in types:
        return refusal("MACROS")
    for name, data in members.items():
        if data and not _PRINTER.match(name) and not is_markup(data):
            return refusal("EMBEDDED")
    return None


def is_markup(data: bytes) -> bool:
    """Return whether bytes begin as XML does, in UTF-8 or UTF-16."""
    return data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<")
