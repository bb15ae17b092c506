"""Where a delivery's tables stand: sheets by their names, heading rows by their text, columns by their headings.

Nothing is found by its place. What the template does not have stops the file, for it may hold what the contract does
not allow; the message names the place and what is most like it, and never quotes what stands there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from include.check.drift import nearest
from include.check.intake.book import Book, Sheet, reference
from include.check.readers.extracts_cover import period_before
from include.check.readers.extracts_values import as_text, same
from include.errors import DeliveryRefused, LayoutChanged
from include.periods import Period
from include.registry.delivery import COVER_SHEET, LISTS_SHEET, label_headings
from include.registry.models import Extract, ExtractSheet, Measure

#: Rows in which the heading row may stand, so that titles may stand above it.
HEADING_ROWS = 10

#: Signs of a heading or label that are compared for likeness, and headings: ours are short and few, hostile ones not.
_COMPARED = 80
_MOST_COMPARED = 50

#: Rows or columns named in a message or note before the rest is only counted.
_NAMED = 8


@dataclass(frozen=True)
class Table:
    """One table of a delivery, found.

    Attributes:
        extract: whose it is.
        contract: the sheet of the contract that it fills in.
        sheet: the sheet that it stands on.
        heading: its heading row, counted from 0.
        columns: the place of each column that is read: a log's by name, a grid's by label heading or measure id.
    """

    extract: Extract
    contract: ExtractSheet
    sheet: Sheet
    heading: int
    columns: Mapping[str, int]

    @property
    def name(self) -> str:
        """Return the name of its sheet in the contract, which messages use whatever the sheet is called."""
        return self.contract.name

    def rows(self) -> list[int]:
        """Return its filled rows below the heading row, counted from 0."""
        return sorted({row for row, _ in self.sheet.cells if row > self.heading})


def tables(book: Book, extracts: Sequence[Extract], period: Period) -> tuple[list[Table], list[str]]:
    """Return the table of each of the contracts' sheets, in the order of the contracts, and notes on how they stand.

    Raises:
        LayoutChanged: a sheet or heading is missing, unknown or stands twice, or something stands outside the tables.
        DeliveryRefused: a hidden sheet is none of the template's.
    """
    wanted = [(extract, sheet) for extract in extracts for sheet in extract.sheets]
    known = {same(name) for name in (COVER_SHEET, LISTS_SHEET)}
    by_name = {same(sheet.name): sheet for sheet in book.sheets}
    ours = {same(contract.name) for _, contract in wanted}
    others = {
        number: sheet
        for number, sheet in enumerate(book.sheets, start=1)
        if sheet.cells and same(sheet.name) not in known | ours
    }
    found, notes = [], []
    for extract, contract in wanted:
        sheet = by_name.get(same(contract.name))
        if sheet is None:
            number = _renamed(extract, contract, others, period)
            sheet = others.pop(number)
            notes.append(
                f"Bladet {contract.name} heter något annat i filen (blad {number}); det känns igen på rubrikerna."
            )
        table = _table(extract, contract, sheet, period)
        notes += _standing(table)
        found.append(table)
    _refuse_others(others)
    return found, notes


def headings_of(extract: Extract, contract: ExtractSheet) -> dict[str, str]:
    """Return the headings that a sheet must have, as the template shows them, by column name, label or measure id."""
    if contract.grid is None:
        return {column.name: column.label for column in contract.columns}
    labels = {heading: heading for heading in label_headings(contract.grid)}
    return labels | {measure.id: measure.label.sv for measure in measures_of(extract, contract)}


def measures_of(extract: Extract, contract: ExtractSheet) -> list[Measure]:
    """Return the measures of a grid in the order of its columns; none for a log."""
    by_id = {measure.id: measure for measure in extract.measures}
    return [by_id[name] for name in contract.grid.measures] if contract.grid else []


def near(text: str, names: Iterable[str]) -> str | None:
    """Return the one of our names that is most like what stands in a file, None if none is."""
    return nearest(text[:_COMPARED], names)


def counted(names: Sequence[str]) -> str:
    """Return names with commas between, the first few of them if they are many."""
    more = f" och {len(names) - _NAMED} till" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


# --- sheets ------------------------------------------------------------------------------------------------------


def _renamed(extract: Extract, contract: ExtractSheet, others: Mapping[int, Sheet], period: Period) -> int:
    """Return the number of the one sheet that has exactly the headings of a sheet that is missing."""
    wanted = {same(heading) for heading in headings_of(extract, contract).values()}
    alike = [
        number
        for number, sheet in others.items()
        for texts in _first_rows(sheet).values()
        if wanted <= texts.keys() and not _unknown(texts, wanted, extract, contract, period)
    ]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise LayoutChanged(
            f"Filen saknar bladet {contract.name}, och fler än en tabell har dess rubriker (blad "
            f"{', '.join(map(str, alike))}). Använd mallen och lämna filen igen."
        )
    hint = f" Heter blad {next(iter(others))} något annat än i mallen?" if others else ""
    raise LayoutChanged(f"Filen saknar bladet {contract.name}.{hint} Använd mallen och lämna filen igen.")


def _refuse_others(others: Mapping[int, Sheet]) -> None:
    for number, sheet in others.items():
        if sheet.hidden:
            raise DeliveryRefused(
                f"Blad {number} är dolt och hör inte till mallen. Visa bladet, ta bort det och lämna filen igen.",
                "HIDDEN_CONTENT",
                (f"blad {number}",),
            )
        raise LayoutChanged(f"Blad {number} hör inte till mallen. Ta bort bladet och lämna filen igen.")


# --- heading row and columns -------------------------------------------------------------------------------------


def _table(extract: Extract, contract: ExtractSheet, sheet: Sheet, period: Period) -> Table:
    wanted = {same(heading): key for key, heading in headings_of(extract, contract).items()}
    rows = _first_rows(sheet)
    heading = _heading_row(contract, rows, set(wanted))
    texts = rows[heading]
    _refuse_columns(extract, contract, heading, texts, period)
    columns = {key: texts[text][0] for text, key in wanted.items()}
    table = Table(extract, contract, sheet, heading, columns)
    known = {place for places in texts.values() for place in places}
    if outside := min((at for at in sheet.cells if at[0] > heading and at[1] not in known), default=None):
        raise LayoutChanged(
            f"Bladet {contract.name}, cell {reference(*outside)} ligger utanför tabellen. Ta bort det som står där."
        )
    return table


def _first_rows(sheet: Sheet) -> dict[int, dict[str, list[int]]]:
    """Return the first rows of a sheet: what stands in them, as compared, and in which columns."""
    rows: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for (row, column), cell in sorted(each for each in sheet.cells.items() if each[0][0] < HEADING_ROWS):
        rows[row][same(as_text(cell))].append(column)
    return rows


def _heading_row(contract: ExtractSheet, rows: Mapping[int, Mapping[str, list[int]]], wanted: set[str]) -> int:
    """Return the row that has all the headings; if none has, the one with most of them, for the message to come."""
    whole = [row for row, texts in rows.items() if wanted <= texts.keys()]
    if len(whole) > 1:
        raise LayoutChanged(
            f"Bladet {contract.name} har rubrikraden mer än en gång, i raderna {counted([str(r + 1) for r in whole])}. "
            "Lämna en tabell på varje blad."
        )
    if whole:
        return whole[0]
    likely = max(rows, key=lambda row: (len(wanted & rows[row].keys()), -row), default=None)
    if likely is None or not wanted & rows[likely].keys():
        raise LayoutChanged(
            f"Bladet {contract.name} saknar rubrikraden. Den ska stå i någon av de {HEADING_ROWS} första raderna. "
            "Använd mallen och lämna filen igen."
        )
    return likely


def _refuse_columns(
    extract: Extract, contract: ExtractSheet, heading: int, texts: Mapping[str, list[int]], period: Period
) -> None:
    """Refuse the table if a heading is missing, unknown, or stands twice."""
    labels = {same(label): label for label in headings_of(extract, contract).values()}
    unknown = _unknown(texts, labels, extract, contract, period)
    where = f"i rad {heading + 1}"
    for text, label in labels.items():
        if text not in texts:
            like = near(label, [each[:_COMPARED] for each in unknown[:_MOST_COMPARED]])
            place = next((texts[each][0] for each in unknown if like and each.startswith(like)), None)
            hint = f" Heter den något annat i cell {reference(heading, place)}?" if place is not None else ""
            raise LayoutChanged(f"Bladet {contract.name} saknar kolumnen {label} {where}.{hint} Använd mallen.")
    if twice := next((places for places in texts.values() if len(places) > 1), None):
        cells = " och ".join(reference(heading, place) for place in twice[:2])
        raise LayoutChanged(f"Bladet {contract.name} har samma rubrik två gånger, i cell {cells}. Använd mallen.")
    if unknown:
        like = near(unknown[0], labels.values())
        hint = f" Närmast ligger {like}." if like else ""
        raise LayoutChanged(
            f"Bladet {contract.name}, cell {reference(heading, texts[unknown[0]][0])}: kolumnen hör inte till mallen."
            f"{hint} Ta bort den."
        )


def _unknown(
    texts: Iterable[str], wanted: Iterable[str], extract: Extract, contract: ExtractSheet, period: Period
) -> list[str]:
    """Return the headings that neither the contract has nor a column of earlier values to compare with."""
    known = set(wanted)
    measures = {same(measure.label.sv) for measure in measures_of(extract, contract)}
    return [text for text in texts if text not in known and not _compares(text, measures, period)]


def _compares(text: str, measures: set[str], period: Period) -> bool:
    label, _, before = text.rpartition(" ")
    return label in measures and period_before(before.upper(), period)


# --- notes -------------------------------------------------------------------------------------------------------


def _standing(table: Table) -> Iterator[str]:
    """Yield what the sender may not know of how the table stands: what is hidden, and what stands above it."""
    filled = {row for row, _ in table.sheet.cells}
    above = sorted(row for row in filled if row < table.heading)
    if above:
        yield f"Bladet {table.name}: raderna ovanför tabellen ({counted([str(r + 1) for r in above])}) lästes inte."
    if table.sheet.hidden:
        yield f"Bladet {table.name} är dolt i filen, och lästes som de andra."
    if rows := sorted(row for row in table.sheet.hidden_rows if row in filled and row >= table.heading):
        yield f"Bladet {table.name}: dolda rader ({counted([str(row + 1) for row in rows])}) lästes som de andra."
    if columns := sorted(table.sheet.hidden_columns.intersection(table.columns.values())):
        letters = [reference(0, column)[:-1] for column in columns]
        yield f"Bladet {table.name}: dolda kolumner ({counted(letters)}) lästes som de andra."
