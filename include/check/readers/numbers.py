"""Numbers as Swedish producers print them."""

import re

#: A space between thousands, of any kind: plain, hard, figure or narrow.
_SPACE_IN_NUMBER = re.compile(r"(?<=\d)[ \u00a0\u2007\u202f](?=\d{3}(?:\D|$))")


def ungrouped(text: str) -> str:
    """Return a number's text without the spaces between its thousands: ``13 345`` is ``13345``."""
    return _SPACE_IN_NUMBER.sub("", text)
