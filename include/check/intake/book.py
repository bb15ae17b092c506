"""What the gate makes of a delivered file: the cells of its sheets, and the rest of its text by where it stands.

It is plain data, so that it travels from the limited child process as JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

#: What stands in a cell: text; a number; a date (ISO text, with its time if it has one); true or false; one of Excel's
#: errors (``#SAKNAS!``); a formula of which the file holds no result; anything else (a duration).
CellKind = Literal["text", "number", "date", "truth", "error", "formula", "other"]


class Cell(NamedTuple):
    """One filled cell: what kind of value it holds, and the value."""

    kind: CellKind
    value: str | int | float


@dataclass(frozen=True)
class Sheet:
    """The filled cells of one sheet, by row and column counted from 0.

    Attributes:
        hidden: whether the sheet is hidden from whoever opens the file.
        hidden_rows, hidden_columns: those that are hidden in a sheet that is shown.
        broken: rows of a text file that do not fit its header, with what is wrong (Swedish).
    """

    name: str
    cells: Mapping[tuple[int, int], Cell]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    broken: Mapping[int, str] = field(default_factory=dict)


class Hidden(NamedTuple):
    """Text that stands in a file but in no cell: where (in Swedish, e.g. "en kommentar på bladet Vuxna"), and what."""

    place: str
    text: str


@dataclass(frozen=True)
class Book:
    """A delivered file.

    Attributes:
        kind: what kind of file it is.
        sheets: its sheets in order; a CSV file has one, with the file's lines as rows.
        hidden: all other text of the file: comments, properties, names, headers, alternative texts, caches.
        notes: what was done to read it (Swedish), e.g. "teckenkodning cp1252".
    """

    kind: Literal["xlsx", "csv"]
    sheets: tuple[Sheet, ...]
    hidden: tuple[Hidden, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "kind": self.kind,
            "sheets": [
                {
                    "name": sheet.name,
                    "cells": [[row, column, *cell] for (row, column), cell in sheet.cells.items()],
                    "hidden": sheet.hidden,
                    "hidden_rows": sorted(sheet.hidden_rows),
                    "hidden_columns": sorted(sheet.hidden_columns),
                    "broken": list(sheet.broken.items()),
                }
                for sheet in self.sheets
            ],
            "hidden": [list(each) for each in self.hidden],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Book":
        """Return what :meth:`to_json` made."""
        return cls(
            data["kind"],
            tuple(
                Sheet(
                    sheet["name"],
                    {(row, column): Cell(kind, value) for row, column, kind, value in sheet["cells"]},
                    sheet["hidden"],
                    frozenset(sheet["hidden_rows"]),
                    frozenset(sheet["hidden_columns"]),
                    dict(sheet["broken"]),
                )
                for sheet in data["sheets"]
            ),
            tuple(Hidden(*each) for each in data["hidden"]),
            tuple(data["notes"]),
        )


def reference(row: int, column: int) -> str:
    """Return the name of a cell as Excel shows it, e.g. ``B7`` for row 6, column 1 (both counted from 0)."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"
