"""E12, figures on request: what a register told when asked, one number a row, each with where it comes from.

A figure that no row tells is not reported; it is never zero, not even where the cover says that there was nothing. The
markers are those of the extract's guide; a sign that means one thing at one agency and another elsewhere (``..``) is
refused, for nobody can tell which was meant.
"""

import re
from collections.abc import Mapping

from include.check.readers.extracts_figures import Delivery, Figure, place
from include.check.readers.extracts_rows import Row, taken
from include.check.readers.extracts_values import same
from include.registry.models import Agreement, Column

SHEET = "Uppgifter"
SHARES = frozenset({"asked_share"})

#: Which register tells which figure.
REGISTERS = {
    "asked_share": "graviditetsregistret",
    "helpline_calls": "socialstyrelsen",
    "programme_starts": "kriminalvarden",
}

#: What may stand in place of a number, without blanks and in lower case, and what it means.
MARKERS = {
    **dict.fromkeys(("<5", "färreän5", "under5", "1-4", "x", "*", "**"), "suppressed"),
    **dict.fromkeys(("-", "saknas", "uppgiftsaknas"), "missing"),
    **dict.fromkeys(("ejrapporterat", "ejrapporterad"), "not_reported"),
    ".": "not_applicable",
}

_COUNT = re.compile(r"\d+")
_THOUSANDS = re.compile(r"\d{1,3}(?: \d{3})+")
_SHARE = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))? ?%?")


def contradictions(
    rows: Mapping[str, list[Row]], columns: Mapping[str, Mapping[str, Column]], _agreement: Agreement
) -> dict[str, list[Row]]:
    """Return the rows, those set aside too whose number cannot be read or whose register does not tell such figures."""
    known = columns[SHEET]
    return {SHEET: [_from_its_register(_readable(row, known), known) for row in rows[SHEET]]}


def figures(delivery: Delivery) -> list[Figure]:
    """Return the figure of each row, and for each measure of which the county's total is not told, that it is not."""
    rows = taken(delivery.rows[SHEET])
    registers = next(c for c in delivery.extract.sheets[0].columns if c.name == "register").choices
    told = [_figure(row, delivery.agreement, registers) for row in rows]
    there = {figure.measure for figure in told if (figure.area, figure.sex) == (delivery.agreement.county, "T")}
    lacking = [measure.id for measure in delivery.extract.measures if measure.id not in there]
    return [*told, *(Figure(measure, f"{SHEET} (ingen rad)", None) for measure in lacking)]


def meaning(text: str, measure: str) -> tuple[float | None, str] | None:
    """Return value and status of what stands for a number: a count, a percentage or a marker; None if it is neither.

    ``95,4`` and ``95.4`` are percentages; a count has no decimals, and blanks only between thousands.
    """
    plain = same(text)
    if status := MARKERS.get(plain.replace(" ", "")):
        return None, status
    if measure in SHARES:
        match = _SHARE.fullmatch(plain)
        share = float(f"{match[1]}.{match[2] or 0}") if match else None
        return (share, "ok") if share is not None and share <= 100 else None
    if _COUNT.fullmatch(plain) or _THOUSANDS.fullmatch(plain):
        return float(plain.replace(" ", "")), "ok"
    return None


def _figure(row: Row, agreement: Agreement, registers: Mapping[str, str]) -> Figure:
    measure = row.code("measure") or ""
    value, status = meaning(row.code("value") or "", measure) or (None, "missing")
    return Figure(
        measure,
        place(SHEET, [row]),
        value,
        area=agreement.county if row.code("area") == "lan" else agreement.benchmark,
        sex=row.code("sex") or "T",
        status=status,
        register=registers[row.code("register") or ""],
    )


def _readable(row: Row, columns: Mapping[str, Column]) -> Row:
    measure, text = row.code("measure"), row.code("value")
    if measure is None or text is None or meaning(text, measure):
        return row
    expected = "en andel från 0 till 100" if measure in SHARES else "ett helt tal"
    stood = "något som varken är ett sådant tal eller en känd markering"  # never quoted: it may be a small count
    return row.with_fault(columns["value"], "UNREADABLE_NUMBER", stood, f"{expected}, <5, x eller -")


def _from_its_register(row: Row, columns: Mapping[str, Column]) -> Row:
    measure, register = row.code("measure"), row.code("register")
    if measure is None or register is None or REGISTERS[measure] == register:
        return row
    words = columns["register"].choices
    return row.with_fault(columns["register"], "OTHER_REGISTER", words[register], words[REGISTERS[measure]])
