"""What a row of Brå's Table 300 is about: its printed labels to offence, sex and age, by lists that people keep.

Three lists under ``include/registry/codes`` decide, and nothing is guessed:

* ``offence_labels.csv`` – which row means which offence, sex and age of the victim, for which years and layout;
* ``offence_sub_labels.csv`` – labels that only say a part of the offence above them ("Inomhus"), with their level;
* ``offence_label_typos.csv`` – known typing errors of the table and what is meant.

To 2021 a label gets its meaning from the rows above it ("Mot kvinna 18 år eller äldre" stands under a dozen offences).
The indentation that shows this is not part of the cell's value, so the context is kept by level: a label of the
second list goes under the nearest row of a lower level, every other label opens an offence of its own. A label that
no list knows therefore ends the context instead of lending its rows to a neighbour. From 2022 the column *Lagrum*
names the offence in every row.
"""

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

#: How the rows stand: the two of Table 300, and SOL's (see :mod:`include.check.readers.bra_offences`).
Layout = Literal["tree", "lagrum", "sol"]

CODES = Path(__file__).resolve().parents[2] / "registry" / "codes"

#: Level of a row that opens an offence (or chapter).
OFFENCE_LEVEL = 3
_NO_END = 9999

_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
_DASHES = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2212": "-", "\u00ad": None, "\u200b": None})
#: One or two digits glued to the last letter or bracket are the number of a footnote: "6 kap. Sexualbrott10".
_FOOTNOTE = re.compile(r"(?<=[^\W\d_]|[)\u201d\"])\d{1,2}$")


class Meaning(NamedTuple):
    """What a row counts: the offence's breakdown code, and the victim's sex and age."""

    offence: str
    sex: str
    age: str


class LabelBook(NamedTuple):
    """The three lists, ready to be asked."""

    meanings: dict[tuple[Layout, str, str], list[tuple[int, int, Meaning]]]
    levels: dict[str, list[tuple[int, int, int]]]
    typos: tuple[tuple[str, str], ...]

    def meaning(self, layout: Layout, year: int, section: str, label: str) -> Meaning | None:
        """Return what the label means under its section in that year, None if no list says so."""
        for first, last, meaning in self.meanings.get((layout, section, label), ()):
            if first <= year <= last:
                return meaning
        return None

    def level(self, year: int, label: str) -> int:
        """Return the label's level; a label that is no known part of an offence opens one."""
        for first, last, level in self.levels.get(label, ()):
            if first <= year <= last:
                return level
        return OFFENCE_LEVEL

    def clean(self, text: str) -> str:
        """Return a printed label as the lists write it: one kind of space and dash, no footnote, no known typo."""
        label = _SPACES.sub(" ", text.translate(_DASHES)).strip(" '\"\u201d")
        label = _FOOTNOTE.sub("", label).rstrip(". ")
        for printed, meant in self.typos:
            label = label.replace(printed, meant)
        return label


class Context:
    """The rows above the current one, as far as they say what it is part of (layouts to 2021)."""

    def __init__(self, book: LabelBook, year: int) -> None:
        """Start at the top of a sheet."""
        self._book, self._year = book, year
        self._above: list[tuple[int, str]] = []

    def section_of(self, label: str) -> str:
        """Move on to a row and return what it stands under, from the offence down, joined by " > "."""
        level = self._book.level(self._year, label)
        self._above = [above for above in self._above if above[0] < level]
        section = " > ".join(name for _, name in self._above)
        self._above.append((level, label))
        return section


@lru_cache(maxsize=4)
def label_book(folder: Path = CODES) -> LabelBook:
    """Return the lists of a folder, read once."""
    meanings: dict[tuple[Layout, str, str], list[tuple[int, int, Meaning]]] = {}
    for row in _rows(folder / "offence_labels.csv"):
        layout: Layout = "lagrum" if row["layout"] == "lagrum" else "tree"
        span = (int(row["first_year"]), int(row["last_year"] or _NO_END))
        meaning = Meaning(row["offence"], row["sex"], row["age"])
        meanings.setdefault((layout, row["section"], row["label"]), []).append((*span, meaning))
    levels: dict[str, list[tuple[int, int, int]]] = {}
    for row in _rows(folder / "offence_sub_labels.csv"):
        span = (int(row["first_year"]), int(row["last_year"] or _NO_END))
        levels.setdefault(row["label"], []).append((*span, int(row["level"])))
    typos = tuple((row["printed"], row["meant"]) for row in _rows(folder / "offence_label_typos.csv"))
    return LabelBook(meanings, levels, typos)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
