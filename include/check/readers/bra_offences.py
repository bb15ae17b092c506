"""What a row of Brå's database SOL is about: its printed label to offence, sex and age, by a list that people keep.

The list is ``codes/labels/sol_offences.csv``. It is asked with the same book that Table 300 has (see
:mod:`include.check.readers.bra_labels`), so that an offence has one code over all tables, label changes and years:

* ``table`` – the menu a label belongs to (id in the source's YAML); empty = all;
* ``parent_label`` – what the row stands under, from the offence down, joined by " > ". The same label ("Mot kvinna 18
  år eller äldre") stands under many offences and means nothing by itself;
* ``first_year``, ``last_year`` – when the label means this; a zero from before a law existed is no figure;
* ``code`` – empty for rows that are known but not used;
* ``break_note`` – what changed, for whoever reads the series.

Nothing is matched by likeness. A label that no row of the list has ends the context, so that the rows below it are
not lent to the offence above.
"""

import csv
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from include.check.readers.bra_labels import CODES, OFFENCE_LEVEL, Context, LabelBook, Meaning

LIST = CODES / "labels" / "sol_offences.csv"

_NO_END = 9999
_BETWEEN = " > "
#: SOL's choice of offences has nodes called "X totalt"; the result calls the same row "X".
_TOTAL = re.compile(r",? totalt$")

UNKNOWN, AMBIGUOUS, OTHER_YEAR, NOT_USED = "UNKNOWN_LABEL", "AMBIGUOUS_LABEL", "LABEL_OUTSIDE_YEARS", "LABEL_NOT_USED"


class Place(NamedTuple):
    """A label in clean form, and what it stands under."""

    section: str
    label: str

    def __str__(self) -> str:
        return _BETWEEN.join(filter(None, self))


def offence_of(label: str, table: str, year: int, parent: str = "") -> str | None:
    """Return the breakdown code of an offence, None if the list does not say.

    Args:
        label: as SOL prints it, or as its choice of offences does ("X totalt").
        table: id of the menu, e.g. ``kommun``.
        year: of the figure.
        parent: what the row stands under (" > " between levels), for labels that stand under many.
    """
    meaning = meaning_of(Place(parent, clean(label)), table, year)
    return meaning.offence if isinstance(meaning, Meaning) else None


def meaning_of(place: Place, table: str, year: int) -> Meaning | str:
    """Return what a row counts in a year, or the code of the reason why that cannot be said."""
    book = _book(table)
    if found := book.meaning("sol", year, place.section, place.label):
        return found if found.offence else NOT_USED
    if ("sol", place.section, place.label) in book.meanings:
        return OTHER_YEAR
    return AMBIGUOUS if knows(place.label, table) else UNKNOWN


def knows(label: str, table: str) -> bool:
    """Return whether the list has the label (in clean form) at all, under whatever parent."""
    return label in _book(table).levels


def places(labels: Iterable[str], table: str) -> list[Place]:
    """Return where each row stands, from the printed labels of one area in their order."""
    context = Context(_book(table), 0)
    return [Place(context.section_of(label), label) for label in map(clean, labels)]


def clean(label: str) -> str:
    """Return a label as the list writes it: one kind of space and dash, no footnote, no "totalt" at its end."""
    return _TOTAL.sub("", _EMPTY.clean(label))


_EMPTY = LabelBook({}, {}, ())


@lru_cache(maxsize=16)
def _book(table: str) -> LabelBook:
    """Return the part of the list that speaks of a menu, ready to be asked.

    A label's level is that of its deepest parent: SOL's text shows no indentation.
    """
    book = LabelBook({}, {}, ())
    with LIST.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["table"] not in ("", table):
                continue
            label = clean(row["label"])
            span = (int(row["first_year"] or 0), int(row["last_year"] or _NO_END))
            meaning = Meaning(row["code"], row["sex"], row["age"])
            book.meanings.setdefault(("sol", row["parent_label"], label), []).append((*span, meaning))
            depth = len(row["parent_label"].split(_BETWEEN)) if row["parent_label"] else 0
            deepest = max(depth + OFFENCE_LEVEL, book.level(0, label))
            book.levels[label] = [(0, _NO_END, deepest)]
    return book
