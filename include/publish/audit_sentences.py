"""The audit's checks of what a release says in words: read back from files, pages and database, never made again."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.publish.audit import Evidence

#: What identifies a line of a figure, of which a sentence tells, and where that stands in the key of a row on a page.
_LINE = ("indicator_id", "series", "area", "sex", "age", "breakdown")
_PLACES = (0, 1, 2, 3, 4, 6)

_EXAMPLE = "EXEMPELDATA"
_JUDGING = re.compile(r"bättre|sämre|better|worse", re.IGNORECASE)


def _line(row: Mapping[str, Any]) -> str:
    return "|".join(str(row[name]) for name in _LINE)


def _line_on_page(key: str) -> str:
    cells = key.split("|")
    return "|".join(cells[place] for place in _PLACES)


def assessments_equal_database(e: "Evidence") -> Iterable[str]:
    """Every line of a figure has one assessment, and those of the files are those of the database."""
    stored = {_line(row): row for row in e.database["release_assessment"]}
    for row in e.tables["assessments"]:
        other = stored.pop(_line(row), None)
        if other is None:
            yield f"{_line(row)}: not in the database, or twice in the file"
            continue
        for column, cell in other.items():
            if row[column] != ("" if cell is None and isinstance(row[column], str) else cell):
                yield f"{_line(row)} {column}: file {row[column]!r}, database {cell!r}"
    yield from (f"{line}: only in the database" for line in stored)
    lines = {_line(row) for row in e.values if row["party"] == "-"}
    yield from (f"{line}: no assessment" for line in sorted(lines - {_line(row) for row in e.tables["assessments"]}))


def sentences_stand_on_pages(e: "Evidence") -> Iterable[str]:
    """Every sentence stands once on its indicator's page, before the table; the first ones stand on the others too."""
    told = {_line(row): row for row in e.tables["assessments"]}
    first: dict[str, str] = {}
    for line, row in told.items():
        first.setdefault(row["indicator_id"], line)
    seen: Counter[tuple[str, str]] = Counter()
    for name, page in e.pages.items():
        tables: dict[str, int] = {}
        for place, shown_row in enumerate(page.rows):
            tables.setdefault(_line_on_page(shown_row.key), place)
        for shown in page.sentences:
            seen[(name, shown.key)] += 1
            language = "sentence_en" if page.language == "en" else "sentence_sv"
            if shown.key not in told or shown.text != told[shown.key][language]:
                yield f"{name} {shown.key}: says {shown.text!r}, which is not in the files"
            elif tables.get(shown.key, shown.rows_before) < shown.rows_before:
                yield f"{name} {shown.key}: stands after its table"
    for line, row in told.items():
        if (times := seen[(f"{row['indicator_id']}.html", line)]) != 1:
            yield f"{line}: stands {times} times on its page"
    yield from _lacking(e, first, seen)


def _lacking(e: "Evidence", first: Mapping[str, str], seen: Counter[tuple[str, str]]) -> Iterable[str]:
    """Yield the pages that lack the first sentence of an indicator."""
    with_value = {row["indicator_id"] for row in e.values if row["year"] == e.one.year and row["value"] is not None}
    sections: dict[str, list[str]] = {}
    for row in e.database["release_bridge"]:
        sections.setdefault(row["indicator_id"], []).append(f"mal-{row['goal_area']}.html")
    for indicator, line in first.items():
        pages = ["english.html", *sections.get(indicator, []), *(["index.html"] if indicator in with_value else [])]
        yield from (f"{page}: lacks the sentence of {indicator}" for page in pages if not seen[(page, line)])


def sentences_keep_their_word(e: "Evidence") -> Iterable[str]:
    """What is neutral is never better or worse; what is hidden has no figure but years; what is invented says so."""
    neutral = {row["indicator_id"] for row in e.database["release_indicator"] if row["direction"] == "0"}
    hidden = {
        _line(row)
        for row in e.values
        if row["year"] == e.one.year and row["party"] == "-" and "suppressed" in (row["obs_status"], row["conf_status"])
    }
    for row in e.tables["assessments"]:
        for column in ("sentence_sv", "sentence_en"):
            said = row[column]
            if not said.endswith("."):
                yield f"{_line(row)} {column}: is no whole sentence"
            if row["indicator_id"] in neutral and _JUDGING.search(said):
                yield f"{_line(row)} {column}: judges a neutral indicator"
            if _line(row) in hidden and (re.findall(r"\d+", said) != [str(e.one.year)] or row["actual"] is not None):
                yield f"{_line(row)} {column}: tells of what is hidden"
            if row["is_example"] != (_EXAMPLE in said):
                yield f"{_line(row)} {column}: {_EXAMPLE} and is_example differ"
