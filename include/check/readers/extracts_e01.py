"""E01, the activity log: the year's outreach activities by type and by the party that led them."""

from collections.abc import Mapping

from include.check.readers.extracts_figures import Delivery, Figure, count
from include.check.readers.extracts_rows import Row, taken
from include.registry.models import Agreement, Column

SHEET = "Aktiviteter"


def contradictions(
    rows: Mapping[str, list[Row]], columns: Mapping[str, Mapping[str, Column]], _agreement: Agreement
) -> dict[str, list[Row]]:
    """Return the rows, those set aside too in which the leading party also stands among the others."""
    others = columns[SHEET]["co_parties"]
    return {SHEET: [_lead_once(row, others) for row in rows[SHEET]]}


def figures(delivery: Delivery) -> list[Figure]:
    """Return the count of activities by type and leading party; a joint activity counts once, at its leader."""
    rows = delivery.rows[SHEET]
    column = next(c for c in delivery.extract.sheets[0].columns if c.name == "type")
    delivery.notes.extend(_alike(taken(rows)))
    return [
        Figure("activities", *count(delivery, SHEET, {"type": kind, "lead_party": party}), party, f"activity:{kind}")
        for party in delivery.parties(rows, "lead_party")
        for kind in column.choices
    ]


def _lead_once(row: Row, others: Column) -> Row:
    lead, joined = row.code("lead_party"), row.values.get(others.name)
    if lead is None or not isinstance(joined, tuple) or lead not in joined:
        return row
    return row.with_fault(others, "LEAD_AMONG_CO_PARTIES", f"{lead}, som är ledande part", "bara de andra parterna")


def _alike(rows: list[Row]) -> list[str]:
    """Return a note for rows with the same date, type and title: perhaps one activity logged twice. Both count."""
    notes: list[str] = []
    seen: dict[tuple[object, ...], int] = {}
    for row in rows:
        key = (row.day("date"), row.code("type"), (row.code("title") or "").casefold())
        if key in seen:
            notes.append(f"{SHEET}, rad {seen[key]} och {row.number}: samma datum, typ och rubrik. Samma aktivitet?")
        seen.setdefault(key, row.number)
    return notes
