"""What a producer sent in place of what was asked for, kept so that a person can see what it is.

``<home>/diagnosis/<source>/<moment>-<hash>.txt``: where it came from, what was wrong, and the text that came, redacted.
These files are never read by the project, are no captures, and may be deleted at any time. Few are kept, and little of
each: an error page says what it is in its first lines.
"""

import hashlib
import html
import logging
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from include import settings

log = logging.getLogger(__name__)

#: Of each source, the newest; and of each answer, the first.
_MOST_FILES = 20
_MOST_BYTES = 64 * 1024

_HIDDEN = "[…]"
#: Ten digits or more, however they are parted: an identity number, a telephone number, a card. No figure is so long.
_NUMBER = re.compile(r"\d(?:[\s\-+‐‑‒–—―−./]{0,3}\d){9,}")
_REDACTIONS = [
    (re.compile(r"\?[^\s\"'<>?]*=[^\s\"'<>]*"), f"?{_HIDDEN}"),  # query strings
    (re.compile(r"//[^/\s\"'<>@]*@"), f"//{_HIDDEN}@"),  # user and password in an address
    (re.compile(r"(?i)(\bvalue\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>]+)"), rf"\1{_HIDDEN}"),  # what a form holds
    (
        re.compile(
            r"(?i)([\w-]*(?:pass(?:word|wd)|l[öo]senord|pwd|token|secret|api[-_ ]?key|nyckel|authorization|cookie|"
            r"session|csrf|credential|viewstate)[\w-]*[\"']?\s*[:=]\s*[\"']?)((?:bearer |basic )?[^\s\"'<>&;,]+)"
        ),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), _HIDDEN),  # persons' e-mail addresses
    (re.compile(r"(?=[\w+/=-]*\d)[A-Za-z0-9+/=_-]{24,}"), _HIDDEN),  # keys, hashes, view states
    (_NUMBER, _HIDDEN),
]


def keep(
    source_id: str, url: str, headers: dict[str, str], content: bytes, fault: str, *, secrets: Iterable[str] = ()
) -> Path | None:
    """Keep an answer redacted; return its file, None if it could not be written (the fault itself matters more).

    The same text is kept once for each source; the oldest files make room for new ones.

    Args:
        source_id: the source that was asked.
        url: where, as it may be shown (no query).
        headers: what the answer said of itself; nothing else of them is kept than what is handed in.
        content: the bytes that came.
        fault: what is wrong with them.
        secrets: values that must not be seen, such as those of the query and of the log-in.
    """
    body = _body(content, secrets)
    name = hashlib.sha256(f"{url}\n{body}".encode()).hexdigest()[:12]
    folder = settings.home() / "diagnosis" / source_id
    about = {"source": source_id, "address": url, "fault": fault, "bytes": f"{len(content):,}", **headers}
    text = "".join(f"{key}: {value}\n" for key, value in about.items()) + f"\n{body}\n"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if before := next(folder.glob(f"*-{name}.txt"), None):
            return before
        file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}.txt"
        _write(file, text)
        _make_room(folder)
    except OSError as error:
        log.warning("%s: what came could not be kept for diagnosis (%s)", source_id, error.strerror)
        return None
    return file


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text with everything hidden that is nobody's business: secrets, forms' values, persons' numbers."""
    plain = unicodedata.normalize("NFKC", html.unescape(text))
    plain = "".join(sign for sign in plain if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cf"))
    for value in sorted((s for s in secrets if len(s) >= 4), key=len, reverse=True):
        plain = plain.replace(value, _HIDDEN)
    for pattern, hidden in _REDACTIONS:
        plain = pattern.sub(hidden, plain)
    # A number may stand in pieces, with tags between them: then nothing of the text is kept.
    return "[withheld: it may hold identity numbers]" if _NUMBER.search(re.sub(r"<[^>]*>", "", plain)) else plain


def _body(content: bytes, secrets: Iterable[str]) -> str:
    """Return the beginning of a text, redacted; of other bytes their first."""
    if b"\0" in content[:_MOST_BYTES]:
        return f"[no text; the first bytes are {content[:16].hex(' ')}]"
    return redacted(content[:_MOST_BYTES].decode("utf-8", errors="replace"), secrets)


def _write(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as writing:
            writing.write(text)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _make_room(folder: Path) -> None:
    """Delete the oldest files over the most that are kept; another process may be doing the same."""
    for old in sorted(folder.glob("*.txt"))[:-_MOST_FILES]:
        with suppress(FileNotFoundError):
            old.unlink()
