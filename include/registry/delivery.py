"""What every delivery has in common: its cover, its lists of choices and how a choice is shown.

The template (:mod:`include.registry.templates`) is written from these words and the reader
(:mod:`include.check.readers.extracts`) recognises them, so that the two can never differ.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from include.periods import Period
from include.registry.models import Agreement, Column, Extract, Party

COVER_SHEET = "Om leveransen"
LISTS_SHEET = "Listor"

#: What the cover says of a delivery, by the Swedish label in column A; the value stands in column B. The key is also
#: the cell's defined name, with the prefix ``leverans_``.
COVER: dict[str, str] = {
    "extract_id": "Uttag",
    "schema_version": "Mallversion",
    "agreement": "Överenskommelse",
    "party": "Part",
    "period": "Period",
    "status": "Uppgifternas status",
    "empty_sheets": "Tomma blad betyder",
    "example": "Exempeldata",
}

#: The two answers that the one who delivers may change on the cover, with their Swedish words.
STATUS_CHOICES: dict[str, str] = {"S": "Slutliga", "P": "Preliminära"}
EMPTY_CHOICES: dict[str, str] = {"not_filled_in": "Inte ifyllt", "none": "Inget att redovisa"}
EXAMPLE_CHOICES: dict[str, str] = {"no": "Nej", "yes": "EXEMPELDATA"}

COVER_CHOICES: dict[str, dict[str, str]] = {
    "status": STATUS_CHOICES,
    "empty_sheets": EMPTY_CHOICES,
    "example": EXAMPLE_CHOICES,
}

#: No date of a delivery lies before this day, nor so long after its period.
EARLIEST, LATEST = date(2000, 1, 1), timedelta(days=5 * 366)

#: Between the codes in a cell that names several parties.
SEVERAL = "|"


class Identity(NamedTuple):
    """Which delivery a file is."""

    extract_id: str
    party: str
    period: str

    @property
    def part(self) -> str:
        """Return the name under which its captures are versions of each other, e.g. ``E02-LST-2023``."""
        return "-".join(self)


def options(column: Column, agreement: Agreement, year: int) -> dict[str, str]:
    """Return what may stand in a column, code to Swedish words; empty if the column is no choice.

    Goal areas are those that hold in the year; the others are the agreement's own.
    """
    match column.type:
        case "choice":
            return dict(column.choices)
        case "party" | "parties":
            return {party.code: party.name for party in agreement.parties}
        case "seat":
            return {seat.code: seat.name for seat in agreement.seats}
        case "goal_area":
            return {goal.code: goal.name.sv for goal in agreement.goal_areas if goal.holds_in_year(year)}
        case _:
            return {}


def days(column: Column, period: Period) -> tuple[date, date]:
    """Return the first and the last day that a column of dates takes in a delivery about a period."""
    if column.after_period:
        return period.start, period.end + LATEST
    return (period.start if column.within_period else EARLIEST), period.end - timedelta(days=1)


def shown(column: Column, code: str, choices: Mapping[str, str]) -> str:
    """Return a choice as the drop-down list shows it: the words alone, or ``code – words`` for codes people know."""
    return choices[code] if column.type == "choice" else f"{code} – {choices[code]}"


def deliverers(extract: Extract, agreement: Agreement) -> list[Party]:
    """Return the parties of the agreement that deliver the extract."""
    return [party for party in agreement.parties if party.role in extract.delivered_by]
