"""E12, figures on request: what a register told when asked, one number a row, each with where it comes from.

A figure that no row tells is not reported; it is never zero, not even where the cover says that there was nothing. The
markers are those of all extracts; a sign that means one thing at one agency and another elsewhere (``..``) is refused,
for nobody can tell which was meant.
"""

from collections.abc import Mapping

from include.check.intake.book import Cell
from include.check.readers import swedish
from include.check.readers.extracts_figures import Delivery, Figure, place
from include.check.readers.extracts_rows import Row, taken
from include.registry.models import Agreement, Column

SHEET = "Uppgifter"
SHARES = frozenset({"asked_share"})

#: Which register tells which figure.
REGISTERS = {
    "asked_share": "graviditetsregistret",
    "helpline_calls": "socialstyrelsen",
    "programme_starts": "kriminalvarden",
}

_WHOLE = 100  # per cent


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
    told = [_figure(row, delivery, registers) for row in rows]
    there = {figure.measure for figure in told if (figure.area, figure.sex) == (delivery.agreement.county, "T")}
    lacking = [measure.id for measure in delivery.extract.measures if measure.id not in there]
    return [*told, *(Figure(measure, f"{SHEET} (ingen rad)", None) for measure in lacking)]


def meaning(text: str, measure: str, masked: tuple[int, int] = (1, 4)) -> swedish.Reading | swedish.Unread:
    """Return what stands for a number: a count, a percentage (with its sign or without) or a marker."""
    if measure not in SHARES:
        return swedish.number(Cell("text", text), answer="count", masked=masked)
    read = swedish.number(Cell("text", text.rstrip().removesuffix("%")), answer="number")
    if isinstance(read, swedish.Unread):
        return swedish.Unread(read.rule, "en andel från 0 till 100, x om den är skyddad, - om den saknas")
    if read.value is not None and read.value > _WHOLE:
        return swedish.Unread("ABOVE_100_PERCENT", "en andel från 0 till 100")
    return read


def _figure(row: Row, delivery: Delivery, registers: Mapping[str, str]) -> Figure:
    measure = row.code("measure") or ""
    read = meaning(row.code("value") or "", measure, delivery.extract.masked)
    if isinstance(read, swedish.Unread):
        raise TypeError(f"{SHEET}, rad {row.number}: a row whose number cannot be read was not set aside")
    return Figure(
        measure,
        place(SHEET, [row]),
        read.value,
        high=read.high,
        low=read.low,
        area=delivery.agreement.county if row.code("area") == "lan" else delivery.agreement.benchmark,
        sex=row.code("sex") or "T",
        status=read.status,
        register=registers[row.code("register") or ""],
    )


def _readable(row: Row, columns: Mapping[str, Column]) -> Row:
    measure, text = row.code("measure"), row.code("value")
    read = None if measure is None or text is None else meaning(text, measure)
    if not isinstance(read, swedish.Unread):
        return row
    stood = "något som varken är ett sådant tal eller en känd markering"  # never quoted: it may be a small count
    return row.with_fault(columns["value"], read.rule, stood, read.expected)


def _from_its_register(row: Row, columns: Mapping[str, Column]) -> Row:
    measure, register = row.code("measure"), row.code("register")
    if measure is None or register is None or REGISTERS[measure] == register:
        return row
    words = columns["register"].choices
    return row.with_fault(columns["register"], "OTHER_REGISTER", words[register], words[REGISTERS[measure]])
