"""What to say when a column or label is not where a reader looks for it: which mapping to edit, never a guess taken.

A likeness of words is used for the suggestion only. A reader takes a column by its own name or not at all.
"""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(wanted: str, found: Iterable[str]) -> str | None:
    """Return the one of the names found that is most like the wanted one, None if none is like it at all.

    Case and space do not count; the name comes back as it was found.
    """
    by_plain = {_plain(name): name for name in found}
    near = get_close_matches(_plain(wanted), list(by_plain), n=1)
    return by_plain[near[0]] if near else None


def suggestion(found: Iterable[str], expected: Iterable[str], mapping: str = "the reader's mapping") -> str:
    """Return the edit to make if the producer has renamed something, as one or more sentences for an operator.

    Args:
        found: names that are there and that nothing maps (columns, labels, codes).
        expected: names that are mapped and that are not there.
        mapping: the file in which names are mapped.

    Returns:
        A sentence for each expected name that is like one found; where none is, what was found; "" if there is
        neither anything found nor anything lacking.
    """
    unknown, said = list(dict.fromkeys(found)), []
    for wanted in dict.fromkeys(expected):
        if (near := nearest(wanted, unknown)) is not None:
            said.append(f"If {wanted!r} is now called {near!r}, change {wanted!r} to {near!r} in {mapping}.")
            unknown.remove(near)
    if unknown and not said:
        said.append(f"Nothing maps {', '.join(map(repr, unknown))}: add it to {mapping}, or leave it out on purpose.")
    return " ".join(said)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
