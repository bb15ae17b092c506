"""The first sheet of a template: which delivery it is, a short guide, and how numbers and markers are written.

Everything stands in columns A and B, read from the top: first what the delivery is (the reader knows these cells), then
real tables one under the other, each with its own headings and alternative text, so that whoever listens to the sheet
hears what each part is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

from include.periods import Period
from include.registry.delivery import (
    COVER,
    COVER_CHOICES,
    COVER_SHEET,
    SEVERAL,
    TOTAL_WORD,
    due,
    grid_rows,
    label_headings,
    versions,
)
from include.registry.models import Column, Extract, ExtractSheet
from include.registry.templates_sheets import (
    CANNOT_OCCUR,
    MISSING,
    PROTECTED,
    YES_NO_CHOICES,
    Template,
    Writer,
    below,
    explained,
    grid_of,
    list_key,
    measures_of,
)

#: What the cover says unless it is told otherwise, by code.
USUAL = {"status": "S", "empty_sheets": "not_filled_in", "example": "no"}
#: Those of the answers that the sender may change.
MAY_CHANGE = ("status", "empty_sheets")

_CHANGING = {
    "status": "Välj Preliminära om uppgifterna kan komma att ändras. Lämna en ny fil när de är slutliga.",
    "empty_sheets": "Välj Inget att redovisa om ett tomt blad betyder att det inte fanns något under perioden.",
}
_WIDTHS = (30, 90)
_EXAMPLE_NUMBERS: tuple[int | str, ...] = (12, 9, "{below}", 0, MISSING, CANNOT_OCCUR)
_PARTS = {
    "quarter": ("första kvartalet", "andra kvartalet", "tredje kvartalet", "fjärde kvartalet"),
    "half_year": ("första halvåret", "andra halvåret"),
}
_MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip


def title_of(template: Template) -> str:
    """Return the title of a workbook, as its cover and its properties say it."""
    return f"Uppgifter från {template.party.name} om {period_words(template.period)}"


def period_words(period: Period) -> str:
    """Return a period in Swedish words: ``2023``, ``första kvartalet 2023``, ``andra halvåret 2023``, ``mars 2023``."""
    match period.unit:
        case "quarter":
            return f"{_PARTS['quarter'][(period.start.month - 1) // 3]} {period.year}"
        case "half_year":
            return f"{_PARTS['half_year'][(period.start.month - 1) // 6]} {period.year}"
        case "month":
            return f"{_MONTHS[period.start.month - 1]} {period.year}"
        case _:
            return str(period)


def cover_sheet(writer: Writer, template: Template, answers: Mapping[str, str]) -> None:
    """Write the first sheet; ``answers`` holds codes of the cover's answers that are not the usual ones."""
    sheet = writer.sheet(COVER_SHEET, template.is_example)
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    row = _identity(writer, sheet, template, {**USUAL, **answers})
    for number, (heading, headings, lines) in enumerate(_parts(template), start=1):
        row = _part(writer, sheet, row + 1, number, heading, headings, lines)
    sheet.set_first_sheet()
    sheet.activate()


def _identity(writer: Writer, sheet: Worksheet, template: Template, codes: Mapping[str, str]) -> int:
    """Write which delivery it is, and return the next free row."""
    said = {
        **template.identity._asdict(),
        "extracts": versions(list(template.extracts)),
        **{key: COVER_CHOICES[key][code] for key, code in codes.items()},
    }
    title = title_of(template)
    title = f"EXEMPELDATA – påhittade uppgifter: {title}" if template.is_example else title
    writer.put_table(
        sheet,
        (0, 0, len(COVER), 1),
        "om_leveransen",
        (COVER_SHEET, title),
        columns=writer.columns((COVER_SHEET, title), "title"),
        title=COVER_SHEET,
        description="Vilken leverans filen är. Två svar går att ändra.",
        style=None,
        autofilter=False,
        first_column=True,
    )
    for row, (key, label) in enumerate(COVER.items(), start=1):
        sheet.write_string(row, 0, label, writer.looks["label"])
        sheet.write_string(row, 1, said[key], writer.looks["input" if key in MAY_CHANGE else "fixed"])
        writer.book.define_name(f"leverans_{key}", f"='{COVER_SHEET}'!$B${row + 1}")
        if key in MAY_CHANGE:
            choices = list(COVER_CHOICES[key].values())
            rule = {"validate": "list", "source": choices, "input_title": label, "input_message": _CHANGING[key]}
            writer.rule(sheet, (row, 1, row, 1), rule)
    return len(COVER) + 1


def _part(
    writer: Writer,
    sheet: Worksheet,
    row: int,
    number: int,
    heading: str,
    headings: tuple[str, str],
    lines: Sequence[tuple[Any, Any]],
) -> int:
    """Write a heading and a table of two columns below it, and return the next free row."""
    sheet.write_string(row, 0, heading, writer.looks["title"])
    writer.put_table(
        sheet,
        (row + 1, 0, row + 1 + len(lines), 1),
        f"om_{number}",
        headings,
        title=heading,
        description=f"{headings[0]} i första kolumnen, {headings[1][0].lower()}{headings[1][1:]} i den andra.",
        autofilter=False,
        first_column=True,
    )
    for line, texts in enumerate(lines, start=row + 2):
        for place, text in enumerate(texts):
            look = writer.looks["text" if place else "label"]
            if isinstance(text, str):
                sheet.write_string(line, place, text, look)
            else:
                sheet.write_number(line, place, text, writer.looks["text"])
    return row + 2 + len(lines)


def _parts(template: Template) -> list[tuple[str, tuple[str, str], list[tuple[Any, Any]]]]:
    """Return the tables of the cover: heading, headings of the two columns, and rows."""
    steps = [(f"Steg {number}", text) for number, text in enumerate(_steps(template), start=1)]
    parts: list[tuple[str, tuple[str, str], list[tuple[Any, Any]]]] = [
        ("Så fyller du i", ("Steg", "Gör så här"), list(steps))
    ]
    if told := [(f"{e.id} {e.title.sv}", sentence) for e in template.extracts for sentence in e.guide]:
        parts.append(("Att tänka på", ("Uttag", "Tänk på"), list(told)))
    if _has_grids(template):
        parts.append(("Så skriver du", ("Du skriver", "Det betyder"), _signs(template)))
    parts.append(_filled_row(template))
    if defined := _definitions(template):
        parts.append(("Vad talen räknar", ("Kolumn", "Förklaring"), defined))
    return parts


def _has_grids(template: Template) -> bool:
    return any(sheet.grid for _, sheet in template.sheets())


def _steps(template: Template) -> list[str]:
    """Return the steps that every delivery of its kind has, at most eight."""
    last_day = due(template.registry, template.identity)
    steps = [
        f"Mallen gäller {template.party.name} och perioden {period_words(template.period)}. "
        f"Lämna den senast {last_day}.",
        "Fyll i de vita cellerna på bladen. Allt annat är låst. Med tabbtangenten kommer du till nästa cell.",
    ]
    if any(sheet.columns for _, sheet in template.sheets()):
        steps.append("Välj i listorna där det finns en lista. Skriv datum som 2023-03-15.")
    if _has_grids(template):
        steps.append(
            "Skriv ett tal eller ett tecken i varje cell, se Så skriver du. En tom cell läses aldrig som noll."
        )
    if _has_totals(template):
        steps.append(
            f"Skriv själv talen på raderna {TOTAL_WORD}. Filen räknar inte ut dem, för er egen summa visar om delarna "
            "stämmer."
        )
    if template.earlier:
        steps.append(
            f"De grå kolumnerna med {template.earlier[0]} i rubriken visar vad ni lämnade då. De är till för att "
            "jämföra och läses inte in."
        )
    return [
        *steps,
        "Lägg inte till egna blad, kolumner, kommentarer, bilder eller makron, för då avvisas filen. Skriv aldrig "
        "personnummer, ärendenummer eller namn på privatpersoner.",
        "Är uppgifterna inte slutliga, ändra Uppgifternas status. Rätta genom att lämna hela filen på nytt. Den nya "
        "ersätter den gamla, som sparas i arkivet.",
    ]


def _has_totals(template: Template) -> bool:
    grids = [sheet.grid for _, sheet in template.sheets() if sheet.grid]
    year = template.period.year
    return any(
        TOTAL_WORD in row.labels for g in grids for row in grid_rows(g, template.registry, template.agreement, year)
    )


def _signs(template: Template) -> list[tuple[Any, Any]]:
    """Return what a cell may hold, and what it means."""
    with_grids = [extract for extract in template.extracts if any(sheet.grid for sheet in extract.sheets)]
    masked = {below(extract): extract.masked for extract in with_grids}
    questions = any(measure.answer == "yes_no" for extract in with_grids for measure in extract.measures)
    return [
        (12, "Tolv."),
        (0, "Inget. Noll är en uppgift, till skillnad från en tom cell."),
        *(
            (f"{sign} eller {PROTECTED}", f"Ett skyddat tal, som är minst {least} och högst {most}.")
            for sign, (least, most) in masked.items()
        ),
        (f"{MISSING} eller tom cell", "Uppgiften saknas."),
        (CANNOT_OCCUR, "Kan inte förekomma."),
        *([(" eller ".join(YES_NO_CHOICES), "Svaret på en fråga. Välj i cellens lista.")] if questions else []),
    ]


# --- an example of a row -----------------------------------------------------------------------------------------


def _filled_row(template: Template) -> tuple[str, tuple[str, str], list[tuple[Any, Any]]]:
    """Return one row filled in with invented values: of the first sheet of numbers, or of the first log."""
    sheets = list(template.sheets())
    extract, sheet = next((each for each in sheets if each[1].grid), sheets[0])
    lines = _filled_grid_row(template, extract, sheet) if sheet.grid else _filled_log_row(template, sheet)
    return f"Exempel: en påhittad rad på bladet {sheet.name}", ("Kolumn", "Exempel"), lines


def _filled_grid_row(template: Template, extract: Extract, sheet: ExtractSheet) -> list[tuple[Any, Any]]:
    grid = grid_of(sheet)
    row = grid_rows(grid, template.registry, template.agreement, template.period.year)[0]
    lines: list[tuple[Any, Any]] = [
        (heading, f"{label} (står där från början)")
        for heading, label in zip(label_headings(grid), row.labels, strict=True)
    ]
    for place, measure in enumerate(measures_of(extract, grid)):
        match measure.answer:
            case "yes_no":
                example: int | str = YES_NO_CHOICES[0]
            case "number":
                example = "12,5"
            case "count":
                example = _EXAMPLE_NUMBERS[place % len(_EXAMPLE_NUMBERS)]
        lines.append((measure.label.sv, example.format(below=below(extract)) if isinstance(example, str) else example))
    return lines


def _filled_log_row(template: Template, sheet: ExtractSheet) -> list[tuple[Any, Any]]:
    return [(column.label, _example_of(template, sheet, column)) for column in sheet.columns]


def _example_of(template: Template, sheet: ExtractSheet, column: Column) -> str:
    """Return what may stand in a log's column; of a text the help, which has its examples."""
    entries = template.lists.get(list_key(sheet, column), [])
    match column.type:
        case "parties":
            return SEVERAL.join(entry.partition(" ")[0] for entry in entries[:2])
        case "date":
            return template.period.start.isoformat()
        case "url":
            return "https://www.example.org/"
        case "integer":
            return "12"
        case _:
            return entries[0] if entries else column.help


def _definitions(template: Template) -> list[tuple[Any, Any]]:
    """Return what each number column counts, each measure once; for those who print the workbook."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for extract, sheet in template.sheets():
        if sheet.grid:
            for measure in measures_of(extract, sheet.grid):
                found.setdefault((extract.id, measure.id), (measure.label.sv, explained(measure)))
    return list(found.values())
