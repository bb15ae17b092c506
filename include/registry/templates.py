"""The templates of the deliveries: the registry made fillable, one workbook per party and period.

A workbook is made from the contracts of the extracts that the party delivers in that rhythm, and from nothing else;
it is the same bytes whenever it is made. Its first sheet says which delivery it is and how it is filled in
(:mod:`include.registry.templates_cover`); the others are filled in (:mod:`include.registry.templates_sheets`). What
must not change is locked, without a password. Layout and accessibility follow DIGG's advice for documents (title and
language set, one table per sheet, headings in the first row, alternative texts). Beside it there is a CSV form of the
same numbers, for systems.
"""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import xlsxwriter

from include.errors import UsageError
from include.periods import Period
from include.registry.delivery import Identity, extracts_in, grid_rows, periods
from include.registry.models import Agreement, Extract, ExtractSheet, Party, Registry
from include.registry.templates_cover import USUAL, cover_sheet, title_of
from include.registry.templates_sheets import (
    Earlier,
    Key,
    Numbers,
    Rows,
    Template,
    Writer,
    grid_of,
    grid_sheet,
    lists_of,
    lists_sheet,
    log_sheet,
    measures_of,
    refuse_unknown,
)

__all__ = ["CSV_HEADER", "Earlier", "Key", "Numbers", "Rows", "csv_form", "workbook", "write_templates"]

#: The columns of the CSV form, in their order.
CSV_HEADER = (
    "agreement", "party", "period", "extract", "schema_version", "status", "example",
    "measure", "area", "breakdown", "sex", "age", "value",
)  # fmt: skip

_WRITTEN = datetime(2021, 1, 1)  # noqa: DTZ001  (Excel knows no time zones; the same for every file)


def write_templates(
    registry: Registry,
    agreement: Agreement,
    year: int,
    folder: Path,
    *,
    party: str | None = None,
    earlier: Callable[[Identity], tuple[str, Earlier] | None] | None = None,
) -> list[Path]:
    """Write the templates of a year, one per party and period, and return their paths.

    Each is ``<folder>/<agreement>-<party>-<period>.xlsx``, and ``.csv`` beside it if the delivery has numbers to tell;
    what stands there from before is replaced. Those of an invented agreement say EXEMPELDATA.

    Args:
        registry: has the contracts of the extracts.
        agreement: whose parties deliver.
        year: a year that the agreement is followed up for.
        folder: is made if it is not there.
        party: code of the only party to write for; None = all that deliver.
        earlier: gives what a party told of an earlier period, to show beside; None = nothing is shown.

    Raises:
        UsageError: the agreement has no such party, or is not followed up for the year.
    """
    known = {each.code: each for each in agreement.parties}
    if party is not None and party not in known:
        raise UsageError(f"{agreement.id} has no party {party!r}; it has {', '.join(known)}.")
    if year not in (years := agreement.years()):
        raise UsageError(f"{agreement.id} is followed up for {years[0]} to {years[-1]}, not for {year}.")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    example = "yes" if agreement.example_data else USUAL["example"]
    for each in known.values() if party is None else [known[party]]:
        for period in periods(registry, agreement, each, year):
            identity = Identity(agreement.id, each.code, str(period))
            before = earlier(identity) if earlier else None
            written.append(
                _put(folder / f"{identity.part}.xlsx", workbook(registry, identity, earlier=before, example=example))
            )
            if all(sheet.grid for extract in extracts_in(registry, identity) for sheet in extract.sheets):
                written.append(_put(folder / f"{identity.part}.csv", csv_form(registry, identity, example=example)))
    return written


def workbook(
    registry: Registry,
    identity: Identity,
    rows: Rows | None = None,
    numbers: Numbers | None = None,
    earlier: tuple[str, Earlier] | None = None,
    **answers: str,
) -> bytes:
    """Return a template as the bytes of an .xlsx file.

    Args:
        registry: has the contracts, and the agreement with its parties, seats and goal areas.
        identity: whose delivery, and about which period.
        rows: rows of logs to begin with; codes are written as their drop-down shows them.
        numbers: numbers of grids to begin with.
        earlier: the period to compare with and what the party told of it, shown beside the number cells.
        answers: cover answers other than the usual, by key: ``status="P"``, ``empty_sheets="none"``,
            ``example="yes"``.

    Raises:
        ValueError: no such delivery is expected, or it has no such sheet, row or measure.
    """
    agreement, party, extracts = _contract(registry, identity)
    _refuse_unknown_sheets(identity, extracts, rows or {}, numbers or {})
    year = Period.parse(identity.period).year
    lists = lists_of(extracts, agreement, year)
    is_example = answers.get("example") == "yes"
    template = Template(registry, agreement, party, identity, extracts, lists, earlier, is_example)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title_of(template), "subject": agreement.title.sv, "created": _WRITTEN})
    writer = Writer.of(book)
    cover_sheet(writer, template, answers)
    for number, (extract, sheet) in enumerate(template.sheets(), start=1):
        if sheet.grid:
            grid_sheet(writer, template, extract, sheet, number, (numbers or {}).get(sheet.name, {}))
        else:
            log_sheet(writer, template, sheet, number, (rows or {}).get(sheet.name, ()))
    lists_sheet(writer, lists)
    book.close()
    return _with_language(buffer.getvalue())


def csv_form(registry: Registry, identity: Identity, numbers: Numbers | None = None, **answers: str) -> bytes:
    """Return the numbers of a delivery's grids as CSV for systems: codes, one line a number, UTF-8 with a BOM.

    Args:
        registry: has the contracts and the agreement.
        identity: whose delivery, and about which period.
        numbers: the numbers; a line without one has an empty value.
        answers: ``status="P"`` and ``example="yes"``, as for :func:`workbook`.

    Raises:
        ValueError: no such delivery is expected, or it has no such sheet, row or measure.
    """
    agreement, _, extracts = _contract(registry, identity)
    _refuse_unknown_sheets(identity, extracts, {}, numbers or {})
    codes = USUAL | answers
    example = "ja" if codes["example"] == "yes" else "nej"
    year = Period.parse(identity.period).year
    out = io.StringIO(newline="")
    lines = csv.writer(out, delimiter=";", lineterminator="\r\n")
    lines.writerow(CSV_HEADER)
    for extract, sheet in _grids(extracts):
        begins = [*identity, extract.id, extract.schema_version, codes["status"], example]
        given = (numbers or {}).get(sheet.name, {})
        rows = grid_rows(grid_of(sheet), registry, agreement, year)
        refuse_unknown(sheet, given, rows)
        for row in rows:
            for measure in measures_of(extract, grid_of(sheet)):
                value = given.get(row.key, {}).get(measure.id, "")
                lines.writerow([*begins, measure.id, *row.key, _in_csv(value)])
    return out.getvalue().encode("utf-8-sig")


def _in_csv(value: int | float | str) -> str:
    """Return a value as Swedish systems write it: with a decimal comma, and without decimals if it has none."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value).replace(".", ",")
    return str(value)


def _contract(registry: Registry, identity: Identity) -> tuple[Agreement, Party, list[Extract]]:
    extracts = extracts_in(registry, identity)
    if not extracts:
        raise ValueError(f"no delivery {identity.part} is expected")
    agreement = registry.agreements[identity.agreement]
    return agreement, next(party for party in agreement.parties if party.code == identity.party), extracts


def _grids(extracts: list[Extract]) -> list[tuple[Extract, ExtractSheet]]:
    return [(extract, sheet) for extract in extracts for sheet in extract.sheets if sheet.grid]


def _refuse_unknown_sheets(identity: Identity, extracts: list[Extract], rows: Rows, numbers: Numbers) -> None:
    logs = {sheet.name for extract in extracts for sheet in extract.sheets if sheet.columns}
    grids = {sheet.name for _, sheet in _grids(extracts)}
    if unknown := [*(set(rows) - logs), *(set(numbers) - grids)]:
        raise ValueError(f"{identity.part} has no such sheet to begin with: {', '.join(sorted(unknown))}")


def _put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _with_language(content: bytes) -> bytes:
    """Return the workbook with its language among the document properties, which xlsxwriter has no word for.

    The members are stored as they are: compressed bytes would depend on the machine's zlib.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == "docProps/core.xml":
                end = b"</cp:coreProperties>"
                data = data.replace(end, b"<dc:language>sv-SE</dc:language>" + end)
            new.writestr(zipfile.ZipInfo(member.filename), data)
    return out.getvalue()
