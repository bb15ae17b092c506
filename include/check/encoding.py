"""Text whose letters were lost before it came to us: it is seen, and never read as if nothing were the matter.

Swedish names show it at once: read in another encoding than it was written in, Åmål becomes ``Ã…mÃ¥l``. A label that is
garbled means nothing, and an area or offence by it would be another one.
"""

import re

#: The signs that windows-1252 or ISO-8859-1 makes of the second byte of a letter in UTF-8.
_SECOND = "\u0080-\u00bf\u2013-\u2122" + re.escape(
    "".join(bytes([byte]).decode("cp1252", errors="ignore") for byte in range(0x80, 0xC0))
)
_GARBLED = re.compile(
    rf"[ÃÂ][{_SECOND}]"  # a letter of UTF-8 read as windows-1252 or ISO-8859-1: Ã¥, Ã¤, Ã¶, Ã…
    r"|â[€„ˆ‰]"  # a dash, quotation mark or minus of UTF-8 read as windows-1252
    r"|ï»¿|ï¿½"  # the mark of UTF-8, or what stands for a lost sign, read as windows-1252
    r"|\ufffd"  # a sign that somebody before us could not decode
    r"|(?<=[A-Za-z])[†‡„ŒŠ](?=[a-z])"  # å and ä of a DOS or Macintosh encoding, within a word
)


def garbled(text: str) -> int | None:
    """Return where in a text the first garbled letter stands, None if there is none."""
    found = _GARBLED.search(text)
    return found.start() if found else None
