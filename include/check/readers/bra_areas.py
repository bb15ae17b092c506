"""Areas as Brå's database SOL names them, by our codes: "Berg kommun", "Jämtlands län", "Region Nord", "Hela landet".

SOL gives no codes of areas, so a label is all there is. One rule makes it from the name in ``areas.csv`` (no genitive:
"Härjedalen kommun"); what the rule does not say stands in ``codes/labels/sol_areas.csv``. A label is an area only if
it is exactly one of these: Habo and Håbo, Mark and Markaryd are each a letter or two apart.

Heby changed county in 2007 and has a code of its own before and after. In SOL's choice of areas the two have their
years in the label; in results both may be called "Heby kommun", and which one it is only the figures tell (see
:func:`areas_of`).
"""

import csv
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

CODES = Path(__file__).resolve().parents[2] / "registry" / "codes"

#: How SOL writes an area of each kind, from its name in ``areas.csv``.
_RULES: dict[str, Callable[[str], str]] = {
    "kommun": lambda name: f"{name} kommun",
    "lan": lambda name: name,
    "polisregion": lambda name: name.replace("Polisregion", "Region", 1),
}


class _Labels(NamedTuple):
    """Labels and areas both ways; the codes of a label and the labels of a code in order of preference."""

    codes: dict[str, tuple[str, ...]]
    labels: dict[str, tuple[str, ...]]


def area_of(label: str) -> str | None:
    """Return the code of the area that a label of SOL names, None if it names none or more than one.

    Args:
        label: as SOL writes it; spaces around it and the kind of space (NBSP) do not count.
    """
    codes = areas_of(label)
    return codes[0] if len(codes) == 1 else None


def areas_of(label: str) -> tuple[str, ...]:
    """Return the codes of every area that a label can mean, the one that still exists first; none if unknown."""
    return _book().codes.get(_plain(label), ())


def label_of(code: str) -> str:
    """Return SOL's label of an area.

    Raises:
        KeyError: SOL has no area of that code.
    """
    return labels_of(code)[0]


def labels_of(code: str) -> tuple[str, ...]:
    """Return every label that SOL has for an area, its ordinary one first.

    Raises:
        KeyError: SOL has no area of that code.
    """
    return _book().labels[code]


def _plain(label: str) -> str:
    return " ".join(label.split())


@lru_cache(maxsize=4)
def _book(folder: Path = CODES) -> _Labels:
    """Return the labels made by the rule and the listed ones."""
    codes: dict[str, list[str]] = {}
    labels: dict[str, list[str]] = {}
    areas = _rows(folder / "areas.csv")
    # An area that has ended comes after the one that took its name.
    by_rule = [
        (_RULES[area["kind"]](area["name"]), area["code"])
        for area in sorted(areas, key=lambda area: bool(area["valid_to"]))
        if area["kind"] in _RULES
    ]
    listed = [(row["label"], row["area"]) for row in _rows(folder / "labels" / "sol_areas.csv")]
    for label, code in [*by_rule, *listed]:
        codes.setdefault(label, []).append(code)
        labels.setdefault(code, []).append(label)
    return _Labels({k: tuple(v) for k, v in codes.items()}, {k: tuple(v) for k, v in labels.items()})


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
