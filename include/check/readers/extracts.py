"""The reader of the parties' deliveries: a filled-in template, or its CSV form, to figures.

A delivery is one file of one party about one period, with every extract that the party delivers in that rhythm. Grids
are read by their contract alone (:mod:`include.check.readers.extracts_grid`); the rows of a log become figures by the
extract's own module, which :data:`MAKERS` names.

``rows_in`` counts figures plus what was set aside. Of a grid each number of the contract is one, a figure or a cell set
aside; of the CSV form each line set aside is one too. Of a log each figure of its measures is one (zeros and unreported
ones too), and each row set aside. Several rows may make one figure and one row may count in several (a seat's row
counts in the seats and in who attended), so the rows of a log have an identity of their own, which is told in the
notes: filled rows = rows taken + rows set aside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from include.archive.manifest import Manifest
from include.archive.withdrawals import is_withdrawal
from include.check.intake.book import Book
from include.check.intake.child import open_again
from include.check.intake.judge import judge
from include.check.intake.personal import allowed_of
from include.check.readers import extracts_e01, extracts_e02, extracts_e12
from include.check.readers.extracts_cover import Cover, Expected, expected, read_cover
from include.check.readers.extracts_csv import read_csv, read_lines
from include.check.readers.extracts_figures import Delivery, Figure
from include.check.readers.extracts_grid import Contract, read_grid
from include.check.readers.extracts_layout import tables
from include.check.readers.extracts_rows import Row, read_rows, taken
from include.check.tidy import TIDY, ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import CheckFailed, DeliveryRefused, RegistryError
from include.registry.delivery import Identity
from include.registry.models import Agreement, Column, Extract, Registry, Source

Columns = Mapping[str, Mapping[str, Column]]


class _Maker(NamedTuple):
    """How the rows of one extract's logs become figures."""

    contradictions: Callable[[Mapping[str, list[Row]], Columns, Agreement], Mapping[str, list[Row]]]
    figures: Callable[[Delivery], list[Figure]]


#: By extract that has logs. An extract of grids needs none.
MAKERS: dict[str, _Maker] = {
    "E01": _Maker(extracts_e01.contradictions, extracts_e01.figures),
    "E02": _Maker(extracts_e02.contradictions, extracts_e02.figures),
    "E12": _Maker(extracts_e12.contradictions, extracts_e12.figures),
}


@dataclass
class _Read:
    """What a file tells: figures, each with its extract, what was set aside, and notes."""

    figures: list[tuple[Extract, Figure]] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def identify(content: bytes, file_name: str, registry: Registry) -> Identity:
    """Return which delivery a file is: of which agreement and party, about which period.

    The file passes every gate first, the one against personal data included: whoever keeps deliveries asks this, and
    keeps nothing when it raises.

    Args:
        content: the file.
        file_name: its name, which is judged for personal data and means nothing else.
        registry: contracts and agreements.

    Raises:
        CheckFailed: the file is refused, in Swedish for the one who sent it.
        LayoutChanged: it is no filled-in template of ours.
    """
    return recognise(content, file_name, registry)[0]


def recognise(content: bytes, file_name: str, registry: Registry) -> tuple[Identity, bool]:
    """Return which delivery a file is, and whether it says that it is EXEMPELDATA; otherwise as :func:`identify`."""
    book = judge(content, file_name, allowed_of(registry))
    cover = _cover(book)
    _can_hold(book, expected(cover, registry))
    return cover.identity, cover.example


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Return the figures of a delivered file.

    Args:
        content: a workbook, its CSV form, or a notice of withdrawal.
        manifest: of its capture; part and origin must agree with what the file says.
        source: the parties' extracts.
        registry: holds the contracts and the agreement.

    Raises:
        CheckFailed: the file is refused, or what it says of itself contradicts the registry or the manifest.
        LayoutChanged: it is no filled-in template of ours, or of another version.
    """
    if is_withdrawal(manifest):
        note = f"Leveransen är återkallad den {manifest.captured_at:%Y-%m-%d}. Inga uppgifter visas ur den."
        return ReadResult(TIDY.empty_table(), set_aside_table(), 0, [note])
    book = judge(content, manifest.file_name, allowed_of(registry))
    return _result(book, _cover(book), manifest, registry)


def read_again(content: bytes, manifest: Manifest, registry: Registry) -> tuple[pa.Table, dict[str, str]]:
    """Return the figures of a delivery that has passed the gate before, and the versions of its extracts' templates.

    It is read in this process: the archive has its very bytes, so they can do no more than they did then.

    Raises:
        CheckFailed, LayoutChanged: as :func:`read`.
    """
    book = open_again(content, manifest.file_name)
    cover = _cover(book)
    return _result(book, cover, manifest, registry).table, dict(cover.versions)


def _result(book: Book, cover: Cover, manifest: Manifest, registry: Registry) -> ReadResult:
    about = expected(cover, registry)
    _can_hold(book, about)
    _agrees(cover, manifest)
    told = _csv(book, about, registry) if book.kind == "csv" else _workbook(book, cover, about, registry)
    table = _table(told, cover, about)
    notes = [note for note in book.notes if not note.startswith("rad ")]  # lines that do not fit are set aside
    return ReadResult(table, set_aside_table(told.aside), table.num_rows + len(told.aside), notes + told.notes)


def _cover(book: Book) -> Cover:
    return read_csv(book).cover if book.kind == "csv" else read_cover(book)


def _can_hold(book: Book, about: Expected) -> None:
    """Refuse a CSV file of a delivery that has logs too: it would take the place of a workbook that holds them."""
    logs = [sheet.name for extract in about.extracts for sheet in extract.sheets if sheet.grid is None]
    if book.kind == "csv" and logs:
        raise DeliveryRefused(
            f"Leveransen har också blad där ni skriver rader ({', '.join(logs)}), och de ryms inte i en CSV-fil. "
            "Fyll i Excelmallen och lämna den.",
            "LOGS_HAVE_NO_CSV",
        )


def _agrees(cover: Cover, manifest: Manifest) -> None:
    part = cover.identity.part
    if part != manifest.part:
        raise CheckFailed(f"Filen säger själv att den är {part}, men togs emot som {manifest.part}.")
    if cover.example != (manifest.origin == "example"):
        said = "EXEMPELDATA" if cover.example else "riktiga uppgifter"
        raise CheckFailed(
            f"{part} är {said} enligt filen själv, men arkivet säger ursprung {manifest.origin!r}. "
            "Exempeldata får aldrig läsas som riktiga uppgifter, eller tvärtom."
        )


# --- the two forms -----------------------------------------------------------------------------------------------


def _workbook(book: Book, cover: Cover, about: Expected, registry: Registry) -> _Read:
    found, notes = tables(book, about.extracts, about.period)
    told = _Read(notes=notes)
    rows: dict[str, dict[str, list[Row]]] = {}
    for table in found:
        if table.contract.grid is None:
            rows.setdefault(table.extract.id, {})[table.name] = read_rows(table, about.agreement, about.period)
            continue
        grid = Contract.of(table.extract, table.contract, about, registry, empty_is_none=cover.empty_is_none)
        result = read_grid(table, grid)
        told.figures += [(table.extract, figure) for figure in result.figures]
        told.aside += result.aside
        told.notes += result.notes
    for extract in about.extracts:
        if extract.id in rows:
            _add_logs(told, extract, rows[extract.id], about, empty_is_none=cover.empty_is_none)
    return told


def _csv(book: Book, about: Expected, registry: Registry) -> _Read:
    told = _Read()
    grids = [
        Contract.of(extract, sheet, about, registry, empty_is_none=False)
        for extract in about.extracts
        for sheet in extract.sheets
        if sheet.grid
    ]
    for grid, result in read_lines(read_csv(book), grids):
        told.figures += [(grid.extract, figure) for figure in result.figures] if grid else []
        told.aside += result.aside
        told.notes += result.notes
    return told


def _add_logs(
    told: _Read, extract: Extract, rows: Mapping[str, list[Row]], about: Expected, *, empty_is_none: bool
) -> None:
    """Add what an extract's logs tell: the figures made of their rows, and the rows set aside."""
    maker = MAKERS.get(extract.id)
    if maker is None:
        raise RegistryError(
            f"{extract.id} has a sheet of rows, but no code makes figures of them: name its module in MAKERS of "
            "include/check/readers/extracts.py, or make the sheet a grid."
        )
    columns = {sheet.name: {column.name: column for column in sheet.columns} for sheet in extract.sheets}
    checked = maker.contradictions(rows, columns, about.agreement)
    delivery = Delivery(extract, about.agreement, about.period.year, checked, empty_is_none, _row_notes(checked))
    told.figures += [(extract, figure) for figure in maker.figures(delivery)]
    told.aside += [row.set_aside() for found in checked.values() for row in found if row.faults]
    told.notes += delivery.notes


def _row_notes(rows: Mapping[str, list[Row]]) -> list[str]:
    return [
        f"{sheet}: rader ifyllda {len(found)}, lästa {len(taken(found))}, "
        f"lagda åt sidan {sum(bool(row.faults) for row in found)}."
        for sheet, found in rows.items()
    ]


# --- figures -----------------------------------------------------------------------------------------------------


def _table(told: _Read, cover: Cover, about: Expected) -> pa.Table:
    figures = [figure for _, figure in told.figures]
    limits = [figure.limits for figure in figures]
    labels = {(extract.id, measure.id): measure.label.sv for extract in about.extracts for measure in extract.measures}
    return tidy_table(
        {
            "measure": [f"{extract.id}.{figure.measure}" for extract, figure in told.figures],
            "area": [figure.area or about.agreement.county for figure in figures],
            "period": about.period.text,
            "sex": [figure.sex for figure in figures],
            "age": [figure.age for figure in figures],
            "party": [_party(figure, about) for figure in figures],
            "breakdown": [figure.breakdown for figure in figures],
            "value": [figure.value for figure in figures],
            "value_low": [low for low, _ in limits],
            "value_high": [high for _, high in limits],
            "value_status": [figure.value_status for figure in figures],
            "status": cover.status,
            "mark": "example" if cover.example else "direct",
            "source_label": [_label(figure, labels[extract.id, figure.measure]) for extract, figure in told.figures],
            "place": [figure.place for figure in figures],
        }
    )


def _party(figure: Figure, about: Expected) -> str:
    """Return whom a figure is about; of the whole country, who says so, for other counties may be told otherwise."""
    elsewhere = figure.area == about.agreement.benchmark and figure.party == "-"
    return about.party.code if elsewhere else figure.party


def _label(figure: Figure, label: str) -> str:
    """Return a measure's label, with the register that the figure is taken from if it is not the party's own."""
    return f"{label} ({figure.register})" if figure.register else label
