"""Reader of Brå's HTML tables of hate crime by county and main offence (Tabell B1.2 of 2012 and its like).

Two rows of headings: the offence over two columns, and under it "Antal" and "Per 100 000". One row per county, one for
the country. ``x`` is suppressed, by Brå, since few reports stand behind it; ``-`` is zero; a title that says
"Uppskattat antal" makes the figures estimates. Asterisks are footnotes. What each heading means stands in
``codes/labels/bra_hate_crime.csv``; a heading or county that no list knows is set aside and named.

No source is connected to this reader: the tables by county that are known end before the agreement begins.
"""

import csv
import re
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from include.archive.manifest import Manifest
from include.check.readers.bra_numbers import number
from include.check.readers.bra_workbook import year_of
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, Source

LABELS = Path(__file__).resolve().parents[2] / "registry" / "codes" / "labels" / "bra_hate_crime.csv"

#: The second heading and the measure below it.
MEASURES = {"Antal": "reports", "Per 100 000": "reports_per_100000"}
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)
_YEAR = re.compile(r"\bår (\d{4})\b")
_ESTIMATED = re.compile(r"\buppskattat\b", re.IGNORECASE)


class _Heading(NamedTuple):
    """What stands over a column."""

    label: str
    measure: str


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read a page.

    Raises:
        LayoutChanged: it has no such table, is about another year, or its rows do not fit its headings; the text says
            what was found and expected.
    """
    page = _Page()
    page.feed(_decoded(content, manifest))
    page.close()
    year = year_of(manifest)
    said = _YEAR.findall(page.text)
    if not said or said[0] != str(year):
        there = f"the year {said[0]}" if said else "no year"
        raise LayoutChanged(f"{manifest.file_name}: found {there} ('… år {year}' in the title), expected {year}.")
    header, headings = _headings(page.rows, manifest)
    areas = {area.name: area.code for area in registry.areas.values() if area.kind == "lan"} | {"Hela landet": "00"}
    figures: list[dict[str, object]] = []
    aside: list[SetAside] = []
    for at, row in enumerate(page.rows[header + 2 :], start=header + 3):
        for found in _row(row, at, headings, areas, manifest):
            if isinstance(found, SetAside):
                aside.append(found)
            else:
                figures.append({**found, "measure": f"{source.id}.{found['measure']}"})
    status = "estimate" if _ESTIMATED.search(page.text) else "ok"
    columns = ("measure", "area", "breakdown", "value", "value_status", "source_label", "place")
    table = tidy_table(
        {column: [figure[column] for figure in figures] for column in columns}
        | {"value_status": [status if f["value_status"] == "ok" else f["value_status"] for f in figures]}
        | {"period": str(year), "status": "F", "mark": "direct"}
    )
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), list(manifest.notes))


def _decoded(content: bytes, manifest: Manifest) -> str:
    """Return the page's text in the encoding that it names (UTF-8 if none)."""
    named = _CHARSET.search(content[:2048])
    encoding = named[1].decode() if named else "utf-8"
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise LayoutChanged(f"{manifest.file_name}: the page is not {encoding}, as it says or as expected.") from error


def _headings(rows: list[list[str]], manifest: Manifest) -> tuple[int, list[_Heading]]:
    """Return where the two rows of headings begin, and what stands over each column but the first."""
    for at, (first, second) in enumerate(pairwise(rows)):
        if first[0] != "Län" or len(first) < 3:
            continue
        under = [_plain(words) for words in second[-(len(first) - 1) :]]
        if len(first) - len(second) in (0, 1) and under == list(MEASURES) * ((len(first) - 1) // 2):
            labels = [_plain(words) for words in first[1:]]
            return at, [_Heading(label, MEASURES[kind]) for label, kind in zip(labels, under, strict=True)]
    found = " | ".join(";".join(row) for row in rows[:3])
    raise LayoutChanged(
        f"{manifest.file_name}: found the rows {found[:300]!r}; expected headings 'Län' and offences over two columns "
        f"each, and under them {' and '.join(MEASURES)} in turn."
    )


def _row(
    row: list[str], at: int, headings: list[_Heading], areas: dict[str, str], manifest: Manifest
) -> Iterator[dict[str, object] | SetAside]:
    """Yield a row's figures, or set aside; a row of one cell is a note."""
    if len(row) != len(headings) + 1:
        if len(row) == 1 or not any(row[1:]):
            return
        raise LayoutChanged(f"{manifest.file_name}: row {at} has {len(row)} cells, expected {len(headings) + 1}.")
    label, codes = _plain(row[0]), _codes(LABELS)
    for heading, printed in zip(headings, row[1:], strict=True):
        place = f"rad {at}, {heading.label}, {heading.measure}"
        raw = {"area": label, "label": heading.label, "value": printed}
        found = (None, "suppressed") if printed.casefold() == "x" else number(printed)
        if label not in areas:
            yield SetAside(place, "UNKNOWN_AREA", f"Okänt område: {label!r}; ett län eller hela landet väntades.", raw)
        elif heading.label not in codes:
            reason = f"Okänd rubrik: {heading.label!r}. Lägg till den i bra_hate_crime.csv om uppgiften behövs."
            yield SetAside(place, "UNKNOWN_LABEL", reason, raw)
        elif found is None or (found[0] is not None and not found[0].is_integer()):
            yield SetAside(place, "NOT_A_NUMBER", f"{printed!r} är inte ett heltal.", raw)
        else:
            yield {
                "measure": heading.measure,
                "area": areas[label],
                "breakdown": codes[heading.label],
                "value": found[0],
                "value_status": found[1],
                "source_label": heading.label,
                "place": place,
            }


def _plain(words: str) -> str:
    """Return a heading or name without its footnote marks."""
    return words.rstrip("* ")


@lru_cache(maxsize=2)
def _codes(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["label"]: row["code"] for row in csv.DictReader(file)}


class _Page(HTMLParser):
    """Collects the rows of a page's tables, a cell over several columns in each of them, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._words: list[str] = []
        self._cell: list[str] | None = None
        self._span = 1

    @property
    def text(self) -> str:
        """Return the page's text, spaces made one."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            span = dict(attrs).get("colspan") or "1"
            self._cell, self._span = [], int(span) if span.isdecimal() else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1] += [" ".join("".join(self._cell).split())] * self._span
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self._words.append(data)
        if self._cell is not None:
            self._cell.append(data)
