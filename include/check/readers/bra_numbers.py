"""Numbers and symbols in Brå's tables."""

import re

from include.check.readers.bra_sheets import text
from include.check.readers.numbers import ungrouped

#: What a symbol in place of a number means. Brå's dash is a zero ("Streck (−) innebär att värdet är noll").
SYMBOLS: dict[str, tuple[float | None, str]] = {
    "-": (0.0, "ok"),
    "\u2212": (0.0, "ok"),
    "\u2013": (0.0, "ok"),
    "..": (None, "missing"),
    ".": (None, "not_applicable"),
}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def number(cell: object) -> tuple[float | None, str] | None:
    """Return a cell's value and status, None if it is neither a number nor a known symbol.

    Text such as ``"2483.0"``, ``"12,5"`` or ``"13 345"`` (with any kind of space) is a number.
    """
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return (float(cell), "ok") if cell >= 0 else None
    words = text(cell)
    if words in SYMBOLS:
        return SYMBOLS[words]
    plain = ungrouped(words)
    return (float(plain.replace(",", ".")), "ok") if _NUMBER.fullmatch(plain) else None
