"""E02, the steering group's year: its meetings, attendance by seat, and the action plan with its measures."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from include.check.readers.extracts_figures import Delivery, Figure, count, place
from include.check.readers.extracts_rows import Row, lacking, taken
from include.registry.delivery import options
from include.registry.models import Agreement, Column

MEETINGS, MEASURES, PLAN = "Sammanträden", "Handlingsplan", "Plan"

#: Who sat on the seat: the measure that counts it.
ATTENDANCE = {"chef": "seats_head", "ersattare": "seats_deputy", "franvarande": "seats_absent"}

#: How far a measure of the plan has come: the measure that counts it.
PROGRESS = {
    "genomford": "plan_measures_done",
    "pagaende": "plan_measures_ongoing",
    "ej_paborjad": "plan_measures_not_started",
    "utgatt": "plan_measures_dropped",
}

#: Breakdown of measures that are tied to no goal area.
NO_GOAL = "goal:none"


def contradictions(
    rows: Mapping[str, list[Row]], columns: Mapping[str, Mapping[str, Column]], agreement: Agreement
) -> dict[str, list[Row]]:
    """Return the rows, those set aside too that contradict each other: a day's kind of meeting, a plan and its date."""
    meetings = _one_kind_a_day(rows[MEETINGS], columns[MEETINGS]["meeting_kind"])
    return {
        MEETINGS: _enough_seats(meetings, columns[MEETINGS]["meeting_date"], len(agreement.seats)),
        MEASURES: rows[MEASURES],
        PLAN: [_plan_has_date(row, columns[PLAN]["plan_date"]) for row in rows[PLAN]],
    }


def figures(delivery: Delivery) -> list[Figure]:
    """Return the figures of meetings and seats, the three criteria of the plan, and its measures by progress."""
    return [*_meetings(delivery), *_seats(delivery), *_criteria(delivery), *_measures(delivery)]


# --- meetings ----------------------------------------------------------------------------------------------------


def _meetings(delivery: Delivery) -> list[Figure]:
    kinds = (("meetings_ordinary", "ordinarie"), ("meetings_extra", "extra"))
    return [Figure(measure, *_held(delivery, kind)) for measure, kind in kinds]


def _held(delivery: Delivery, kind: str) -> tuple[str, int | None, int | None]:
    """Return place, number and most of the meetings of a kind: the days on which any seat has a row.

    A row that was set aside may be of one more meeting, unless it names a day whose meeting is known; rows that name
    the same other day are of one meeting.
    """
    if not delivery.tells(MEETINGS):
        return f"{MEETINGS} (tomt blad)", None, None
    rows = delivery.rows[MEETINGS]
    known = {row.day("meeting_date") for row in taken(rows)}
    held = [row for row in taken(rows) if row.code("meeting_kind") == kind]
    days = {row.day("meeting_date") for row in held}
    possible = {
        _which_day(row)
        for row in lacking(rows)
        if row.day("meeting_date") not in known and row.values.get("meeting_kind", kind) == kind
    }
    return place(MEETINGS, held), len(days), len(days) + len(possible)


def _which_day(row: Row) -> object:
    """Return the row's meeting day or, if that was refused, what stood there: rows that say the same are of one day."""
    stood = next((fault.found for fault in row.faults if fault.cell == row.cells["meeting_date"]), row.number)
    return row.day("meeting_date") or stood


def _seats(delivery: Delivery) -> list[Figure]:
    """Return who sat on each seat at the ordinary meetings.

    A seat without a row at some meeting may have been filled by anybody then, so its figures are estimates.
    """
    found = []
    _, _, meetings = _held(delivery, "ordinarie")
    for seat in delivery.agreement.seats:
        where, total, _ = count(delivery, MEETINGS, {"meeting_kind": "ordinarie", "seat_code": seat.code})
        lacks = None if meetings is None or total is None else meetings - total
        if lacks:
            delivery.notes.append(f"Platsen {seat.code} saknar säker uppgift för {lacks} av {meetings} sammanträden.")
        wanted: list[tuple[str, dict[str, str | None]]] = [("seats_total", {})]
        wanted += [(measure, {"attended": code}) for code, measure in ATTENDANCE.items()]
        wanted += [("seats_coopted", {"adjungerad": "ja"})]
        for measure, also in wanted:
            cells = {"meeting_kind": "ordinarie", "seat_code": seat.code, **also}
            where, value, _ = count(delivery, MEETINGS, cells)
            high = None if value is None or lacks is None else value + lacks
            found.append(Figure(measure, where, value, high, seat.party, f"seat:{seat.code}"))
    return found


def _one_kind_a_day(rows: list[Row], kind: Column) -> list[Row]:
    kinds: dict[date | None, set[str | None]] = defaultdict(set)
    for row in taken(rows):
        kinds[row.day("meeting_date")].add(row.code("meeting_kind"))
    stood, expected = "både Ordinarie och Extra samma dag", "ett slag av möte för dagens alla rader"
    return [
        row.with_fault(kind, "CONFLICTING_KIND", stood, expected)
        if not row.faults and len(kinds[row.day("meeting_date")]) > 1
        else row
        for row in rows
    ]


def _enough_seats(rows: list[Row], meeting_date: Column, seats: int) -> list[Row]:
    """Set aside the rows of a day on which fewer than half of the seats have one: a wrong date, no meeting."""
    on_day = Counter(row.day("meeting_date") for row in rows if row.day("meeting_date"))
    return [
        row.with_fault(
            meeting_date,
            "INCOMPLETE_MEETING",
            f"rader för {on_day[row.day('meeting_date')]} platser den dagen",
            f"en rad för var och en av {seats} platser",
        )
        if not row.faults and on_day[row.day("meeting_date")] * 2 < seats
        else row
        for row in rows
    ]


# --- plan --------------------------------------------------------------------------------------------------------


def _criteria(delivery: Delivery) -> list[Figure]:
    """Return whether the plan was made, tied to the goals, and last year's followed up: 1 yes, 0 no, None not told."""
    plan = next(iter(taken(delivery.rows[PLAN])), None)
    made = None if plan is None else int(plan.code("plan_adopted") == "ja")
    followed = None if plan is None else int(plan.code("previous_followed_up") == "ja")
    where = place(PLAN, [plan] if plan else [])
    return [
        Figure("plan_made", where, made),
        Figure("plan_tied_to_goals", place(MEASURES, delivery.rows[MEASURES]), _tied(delivery, made)),
        Figure("plan_previous_followed_up", where, followed),
    ]


def _tied(delivery: Delivery, made: int | None) -> int | None:
    """Return whether every measure of the plan carries a goal area that holds in the year.

    One measure without is enough for a no; a yes needs every row's goal area to be readable. No plan is no.
    """
    rows = delivery.rows[MEASURES]
    if not made:
        return made
    if any("goal_area" in row.values and row.values["goal_area"] is None for row in rows):
        return 0
    return 1 if rows and all("goal_area" in row.values for row in rows) else None


def _measures(delivery: Delivery) -> list[Figure]:
    rows = delivery.rows[MEASURES]
    goal = next(c for sheet in delivery.extract.sheets for c in sheet.columns if c.name == "goal_area")
    goals: dict[str, str | None] = {
        f"goal:{code}": code for code in options(goal, delivery.agreement, delivery.year)
    } | {NO_GOAL: None}
    return [
        Figure(
            measure,
            *count(delivery, MEASURES, {"goal_area": area, "lead_party": party, "status": status}),
            party,
            breakdown,
        )
        for breakdown, area in goals.items()
        for party in delivery.parties(rows, "lead_party")
        for status, measure in PROGRESS.items()
    ]


def _plan_has_date(row: Row, plan_date: Column) -> Row:
    adopted = row.code("plan_adopted")
    if row.faults or (adopted == "ja") == (row.day("plan_date") is not None):
        return row
    if adopted == "ja":
        return row.with_fault(plan_date, "CONTRADICTION", "inget datum", "dagen då planen upprättades")
    return row.with_fault(plan_date, "CONTRADICTION", "ett datum utan plan", "en tom cell när ingen plan upprättades")
