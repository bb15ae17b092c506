"""Reader of the county workbook of Brå's Swedish Crime Survey (NTU): shares of the population, by county and sex.

A sheet per question, named by its measure's ``source_label`` in the registry ("R4.1"); its title must say what the
measure is about (:data:`TITLES`), for a report may number its tables anew. Row 3 holds the years from column C on and
then two columns with the lower and upper limit of the newest year's 95 per cent interval. Column A names the section
("Samtliga 16-84 år", "Män", "Kvinnor") on its first row only, column B the area. Values are per cent.

The questions read are about how people feel when they are asked, so their year is the survey's. Questions about what
has happened to people are about the year before; their sheets are not read, for it is not known how their years are
headed. The file is archived for each of its years; only the column of the part's year is read.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from include.archive.manifest import Manifest
from include.check.readers.bra_numbers import number
from include.check.readers.bra_sheets import Cell, cell_name, is_blank, text
from include.check.readers.bra_workbook import (
    Rows,
    cell,
    column_of,
    holds_figures,
    sheet_named,
    sheets_of,
    texts_above,
    year_columns,
    year_of,
)
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

#: What the title of a measure's sheet must hold.
TITLES = {"unsafe_outdoors": re.compile(r"otrygg", re.IGNORECASE), "worry_assault": re.compile(r"misshand", re.I)}
#: How a section begins, and our code of its sex.
SECTIONS = {"Samtliga": "T", "Män": "M", "Kvinnor": "K"}
AGE = "16-84"

_SECTION = re.compile(rf"({'|'.join(SECTIONS)})(?:[ ,]+16-84 år)?")
_HEADER, _SECTION_COLUMN, _AREA_COLUMN, _FIRST_YEAR = 2, 0, 1, 2
_DASHES = str.maketrans({"\u2013": "-", "\u2012": "-", "\u2011": "-"})


class _Columns(NamedTuple):
    """Where a sheet's figures of the part's year stand; the limits are there for the newest year alone."""

    value: int
    low: int | None
    high: int | None


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read the part's year.

    Raises:
        LayoutChanged: a sheet is lacking or is about something else, the years or the limits do not stand where they
            should, or an area stands twice; the text says what was found and expected.
    """
    year = year_of(manifest)
    sheets = sheets_of(content, manifest)
    areas = {area.name: area.code for area in registry.areas.values() if area.kind == "lan"} | {"Hela landet": "00"}
    figures: list[dict[str, object]] = []
    aside: list[SetAside] = []
    names = {measure.source_label or "": measure.id for measure in source.measures}
    for name, measure in names.items():
        rows = sheet_named(sheets, name, manifest)
        where = f"{manifest.file_name}, sheet {name}"
        _check_title(rows, measure, where)
        for found in _sheet(rows, where, name, year, areas):
            if isinstance(found, SetAside):
                aside.append(found)
            else:
                figures.append({"measure": f"{source.id}.{measure}", **found})
    columns = ("measure", "area", "sex", "value", "value_low", "value_high", "value_status", "source_label", "place")
    table = tidy_table(
        {column: [figure[column] for figure in figures] for column in columns}
        | {"age": AGE, "period": str(year), "status": "F", "mark": "direct"}
    )
    others = [name for name in sheets if name not in names]
    unread = [f"Filen har {len(others)} blad som inte läses: {', '.join(others)}."] if others else []
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), [*manifest.notes, *unread])


def _check_title(rows: Rows, measure: str, where: str) -> None:
    """Refuse a sheet whose title does not speak of the measure."""
    title = texts_above(rows, _HEADER)
    if measure not in TITLES or not TITLES[measure].search(title):
        wanted = TITLES[measure].pattern if measure in TITLES else "a measure that the reader knows"
        raise LayoutChanged(
            f"{where}: found the title {title[:200]!r}, expected it to speak of {wanted!r} ({measure}). Have the "
            "tables been numbered anew? Correct source_label of the measure in the registry."
        )


def _columns(rows: Rows, year: int, where: str) -> _Columns:
    """Return the year's columns; after the years there must be two columns of limits and nothing more."""
    years = year_columns(rows, _HEADER, _FIRST_YEAR, where)
    newest = max(years)
    after = years[newest] + 1
    widths = [
        max(at for at, value in enumerate(row) if not is_blank(value)) + 1
        for row in rows[_HEADER + 1 :]
        if any(not is_blank(value) for value in row[_FIRST_YEAR:])
    ]
    if max(widths, default=0) != after + 2:
        raise LayoutChanged(
            f"{where}: found figures to column {cell_name(_HEADER, max(widths, default=1) - 1)}, expected them to "
            f"{cell_name(_HEADER, after + 1)}: the years {min(years)}-{newest} and then two limits of {newest}."
        )
    has_limits = year == newest
    return _Columns(column_of(years, year, where), after if has_limits else None, after + 1 if has_limits else None)


def _sheet(
    rows: Rows, where: str, name: str, year: int, areas: dict[str, str]
) -> Iterator[dict[str, object] | SetAside]:
    """Yield a sheet's figures of a year, each with its area and sex, or set aside."""
    columns = _columns(rows, year, where)
    section = ""
    seen: dict[tuple[str, str], int] = {}
    for at, row in enumerate(rows[_HEADER + 1 :], start=_HEADER + 1):
        section = text(cell(row, _SECTION_COLUMN)) or section
        if not holds_figures(row, _FIRST_YEAR):
            continue
        label, place = text(cell(row, _AREA_COLUMN)), f"{name}!{cell_name(at, columns.value)}"
        raw = {"section": section, "label": label, "value": cell(row, columns.value)}
        sex = _SECTION.fullmatch(" ".join(section.translate(_DASHES).split()))
        if sex is None:
            yield SetAside(
                place, "UNKNOWN_SECTION", f"Okänd grupp: {section!r}; samtliga, män eller kvinnor väntades.", raw
            )
        elif label not in areas:
            yield SetAside(place, "UNKNOWN_AREA", f"Okänt område: {label!r}; ett län eller hela landet väntades.", raw)
        else:
            key = (SECTIONS[sex[1]], areas[label])
            if key in seen:
                raise LayoutChanged(f"{where}: rows {seen[key] + 1} and {at + 1} both are {label!r} of {section!r}.")
            seen[key] = at
            yield _figure(row, columns, key, f"{section}, {label}", place, raw)


def _figure(
    row: Sequence[Cell], columns: _Columns, key: tuple[str, str], label: str, place: str, raw: dict[str, object]
) -> dict[str, object] | SetAside:
    """Return a figure with its limits, or set it aside if a cell is no number."""
    found = number(cell(row, columns.value))
    limits = [number(cell(row, at)) if at is not None else (None, "ok") for at in (columns.low, columns.high)]
    if found is None or any(limit is None for limit in limits):
        said = "Cellen är tom" if is_blank(cell(row, columns.value)) else "Värdet eller en av dess gränser är inget tal"
        return SetAside(place, "NOT_A_NUMBER", f"{said}; ett procenttal väntades.", raw)
    low, high = (limit[0] for limit in limits if limit is not None)
    sex, area = key
    return {
        "area": area,
        "sex": sex,
        "value": found[0],
        "value_low": low,
        "value_high": high,
        "value_status": found[1],
        "source_label": label,
        "place": place,
    }
