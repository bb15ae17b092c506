"""Bytes of a text export as text: in the encoding that its producer names, or the one that it then must be.

PxWeb's CSV often comes as ISO-8859-1 whatever is said of it, and a producer that changes its export's encoding does
not tell. Swedish names show it at once: what was Åmål becomes ``Ã…mÃ¥l`` or cannot be decoded at all. Nothing is ever
decoded with signs left out or replaced.
"""

import codecs
import logging
import re
from email.message import Message

from include.errors import LayoutChanged

log = logging.getLogger(__name__)

#: By Python's name of the encoding a producer may name: the one it is read in. What is called ISO-8859-1 on the web is
#: windows-1252, which has printable signs where ISO-8859-1 has control characters (WHATWG, Encoding Standard, 4.2).
_READ_AS = {
    "ascii": "utf-8",
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
    "iso8859-15": "iso8859-15",
}

#: The signs that windows-1252 makes of the second byte of a letter in UTF-8.
_SECOND = re.escape("".join(bytes([byte]).decode("cp1252", errors="ignore") for byte in range(0x80, 0xC0)))
_GARBLED = re.compile(
    rf"[ÃÂ][{_SECOND}]"  # a letter of UTF-8 read as windows-1252: Ã¥, Ã¤, Ã¶, Ã…
    r"|â[€„ˆ‰]"  # a dash, quotation mark or minus of UTF-8 read as windows-1252
    r"|ï»¿|ï¿½"  # the mark of UTF-8, or what stands for a lost sign, read as windows-1252
    r"|\ufffd"  # a sign that somebody before us could not decode
    r"|[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]"  # no text has control characters
    r"|(?<=[A-Za-z])[†‡„ŒŠ](?=[a-z])"  # å and ä of a DOS or Macintosh encoding, within a word
)


def declared_in(content_type: str | None) -> str | None:
    """Return the ``charset`` of a Content-Type, None if it names none."""
    message = Message()
    message["Content-Type"] = content_type or ""
    charset = message.get_param("charset")
    return charset.strip() or None if isinstance(charset, str) else None


def decode(content: bytes, declared: str | None, *, what: str = "the text") -> str:
    """Return bytes as text, without a byte order mark.

    The encoding that is declared is tried first, then UTF-8, then windows-1252. The first in which every byte has a
    meaning and no sign looks garbled is taken; if it is not the one declared, that is logged.

    Args:
        content: the text as received.
        declared: the encoding that the producer names (see :func:`declared_in`), None if it names none.
        what: names the text in messages, such as its source and file.

    Raises:
        LayoutChanged: no encoding gives text; the message shows where it is garbled, without digits.
    """
    bare = content.removeprefix(codecs.BOM_UTF8)
    tried: dict[str, str] = {}
    for encoding in _candidates(declared, marked=len(bare) < len(content)):
        try:
            text = bare.decode(encoding)
        except UnicodeDecodeError as error:
            tried[encoding] = f"byte {error.start:,} has no meaning"
            continue
        if garbled := _GARBLED.search(text):
            tried[encoding] = f"{_around(text, garbled)} at sign {garbled.start():,}"
            continue
        if not bare.isascii() and _read_as(declared) != encoding:
            log.warning("drift: %s is declared as %s and is %s", what, declared or "nothing", encoding)
        return text
    raise LayoutChanged(
        f"{what} cannot be read as text: {'; '.join(f'as {name} {fault}' for name, fault in tried.items())}. Declared "
        f"was {declared or 'no encoding'}. Swedish letters are garbled where the file was made, or its encoding has "
        "changed: look at it at the producer's page. Nothing was loaded."
    )


def _candidates(declared: str | None, *, marked: bool) -> list[str]:
    """Return the encodings to try, each once; a byte order mark leaves no choice."""
    return ["utf-8"] if marked else list(dict.fromkeys(filter(None, [_read_as(declared), "utf-8", "cp1252"])))


def _read_as(declared: str | None) -> str | None:
    """Return the encoding in which a declared one is read; None if it is none of ours."""
    try:
        return _READ_AS.get(codecs.lookup(declared).name) if declared else None
    except LookupError:
        return None


def _around(text: str, garbled: re.Match[str]) -> str:
    """Return the word that is garbled, printable and without digits."""
    word = text[max(0, garbled.start() - 10) : garbled.end() + 10].split("\n")[0]
    return repr("".join("0" if sign.isdigit() else sign for sign in word))
