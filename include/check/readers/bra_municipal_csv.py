"""Reader of Brå's yearly CSV of reported offences by municipality: in all, and per 100,000 inhabitants.

The file is UTF-8 with a byte order mark, with semicolons and CRLF, and now and then a space between thousands. That of
2021 has no header and names in the genitive ("Arjeplogs kommun"), among them city districts and a dash (U+2013) in
"Malung–Sälens kommun"; those from 2023 on have the header ``Kommun;Antal;Per 100 000 inv.`` and plain names. There are
no codes, so a name is all that tells the area. It is one only if it is exactly the municipality's name, the name with
"kommun", its genitive with "kommun", or stands in ``codes/labels/bra_areas.csv``: nothing is matched by likeness.

A municipality that the file lacks has no figure here, never a zero; the notes name it. The file does not say which
year it is about: the year in its name must be that of the part.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from include.archive.manifest import Manifest
from include.check.encoding import garbled
from include.check.readers.bra_numbers import number
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Area, Registry, Source

LABELS = Path(__file__).resolve().parents[2] / "registry" / "codes" / "labels" / "bra_areas.csv"

#: How a note of a reconstructed capture begins that makes every figure uncertain, e.g. since its year is not stated.
UNCERTAIN = "Osäkra uppgifter:"

OFFENCE = "offence:all"
#: Heading and the measure below it.
MEASURES = {"Antal": "reported", "Per 100 000 inv.": "reported_per_100000"}
_NAME = "Kommun"
_HEADER = (_NAME, *MEASURES)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NO_END = 9999
#: So many missing municipalities are named in a note.
_NAMED = 20


class Line(NamedTuple):
    """A line of the file: its number counted from 1, the area as printed, and the cells by heading."""

    number: int
    label: str
    cells: dict[str, str]

    def place(self, heading: str) -> str:
        """Return where a figure stands, e.g. ``rad 12, Antal``."""
        return f"rad {self.number}, {heading}"


class Names(NamedTuple):
    """What the names of areas mean in one year: our code, by label; ``00`` is the whole country."""

    codes: dict[str, str]

    def code(self, label: str) -> str | None:
        """Return the code of an area, None if no list has its label."""
        return self.codes.get(" ".join(label.split()))


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read a file of one year.

    Raises:
        LayoutChanged: it is not UTF-8, has other columns, is about another year, or gives a municipality two values;
            the text says what was found and expected.
    """
    year = _year(manifest)
    names = names_of(year, registry)
    lines, texts = _lines(_decoded(content, manifest), manifest, names)
    mark = "uncertain" if manifest.origin == "reconstructed" and _is_uncertain(manifest) else "direct"
    rows: list[dict[str, object]] = []
    aside: list[SetAside] = []
    seen: dict[str, Line] = {}
    for line in lines:
        code = names.code(line.label)
        if code is None or code == "00":
            aside += _not_municipal(line, code)
        elif code in seen:
            aside += _repeated(line, seen[code], code, manifest)
        else:
            seen[code] = line
            for heading, measure in MEASURES.items():
                found = _figure(line, heading)
                if isinstance(found, SetAside):
                    aside.append(found)
                    continue
                rows.append(
                    {
                        "measure": f"{source.id}.{measure}",
                        "area": code,
                        "value": found[0],
                        "value_status": found[1],
                        "source_label": line.label,
                        "place": line.place(heading),
                    }
                )
    columns = ("measure", "area", "value", "value_status", "source_label", "place")
    table = tidy_table(
        {name: [row[name] for row in rows] for name in columns}
        | {"period": str(year), "breakdown": OFFENCE, "status": "F", "mark": mark}
    )
    notes = [*manifest.notes, *texts, *_missing(set(seen), year, registry)]
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), notes)


def names_of(year: int, registry: Registry) -> Names:
    """Return what each label means in a year: the municipalities' names by rule, and the listed labels.

    Raises:
        LayoutChanged: a label would mean two areas.
    """
    codes: dict[str, str] = {}
    labels = [(label, area.code) for area in municipalities(year, registry) for label in _spellings(area.name)]
    listed = [(label, code) for label, code, first, last in _listed(LABELS) if first <= year <= last]
    for label, code in [*labels, *listed]:
        if codes.setdefault(label, code) != code:
            raise LayoutChanged(f"{LABELS.name}: the label {label!r} means both {codes[label]} and {code} in {year}.")
    return Names(codes)


def municipalities(year: int, registry: Registry) -> list[Area]:
    """Return the municipalities that there were at the end of a year."""
    day = date(year, 12, 31)
    return [area for area in registry.areas.values() if area.kind == "kommun" and area.holds_on(day)]


def _spellings(name: str) -> set[str]:
    """Return the three ways in which the files write a municipality: Berg, Berg kommun, Bergs kommun."""
    genitive = name if name.endswith(("s", "x", "z")) else f"{name}s"
    return {name, f"{name} kommun", f"{genitive} kommun"}


@lru_cache(maxsize=4)
def _listed(path: Path) -> list[tuple[str, str, int, int]]:
    """Return the labels that the rule does not give, with their code, first and last year."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (row["label"], row["code"], int(row["first_year"] or 0), int(row["last_year"] or _NO_END))
            for row in csv.DictReader(file)
        ]


# --- the file ---------------------------------------------------------------------------------------------------


def _year(manifest: Manifest) -> int:
    """Return the year of the part (``kommuner-2024``), which the file's name must not contradict."""
    year = manifest.part.rpartition("-")[2]
    if not year.isdigit():
        raise LayoutChanged(f"Capture {manifest.capture_id}: found the part {manifest.part!r}, expected <file>-<year>.")
    said = set(_YEAR.findall(manifest.file_name))
    if said != {year}:
        raise LayoutChanged(
            f"Capture {manifest.capture_id}: the file {manifest.file_name!r} names the year "
            f"{', '.join(sorted(said)) or 'nowhere'}, expected {year}; nothing else in it tells the year."
        )
    return int(year)


def _decoded(content: bytes, manifest: Manifest) -> str:
    """Return the text; letters that another encoding has broken would lose every municipality with å, ä or ö."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LayoutChanged(
            f"{manifest.file_name}: byte {error.start} is not UTF-8, which the file has been so far."
        ) from error
    if (broken := garbled(text)) is not None:
        line = text.count("\n", 0, broken) + 1
        raise LayoutChanged(
            f"{manifest.file_name}: line {line} holds {text[broken : broken + 2]!r}, a letter encoded twice; expected "
            "plain UTF-8."
        )
    return text


def _lines(text: str, manifest: Manifest, names: Names) -> tuple[list[Line], list[str]]:
    """Return the lines of areas, and the lines that are text alone."""
    rows = [(at, [cell.strip() for cell in row]) for at, row in enumerate(_cells(text), start=1) if any(row)]
    if not rows:
        raise LayoutChanged(f"{manifest.file_name}: found no line, expected one for each municipality.")
    header = _header(rows[0][1], manifest)
    lines, texts = [], []
    for at, row in rows[1:] if _NAME in rows[0][1] else rows:
        if not any(row[1:]) and names.code(row[0]) is None:
            texts.append(row[0])
            continue
        if len(row) != len(header):
            raise LayoutChanged(
                f"{manifest.file_name}, line {at}: found {len(row)} cells ({';'.join(row)[:80]!r}), expected "
                f"{len(header)}: {';'.join(header)}."
            )
        cells = dict(zip(header, row, strict=True))
        lines.append(Line(at, cells.pop(_NAME), cells))
    return lines, texts


def _cells(text: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=";")


def _header(first: list[str], manifest: Manifest) -> list[str]:
    """Return the headings in the file's order; a file without a header (2021) has the three in their usual order."""
    if len(first) == len(_HEADER) and all(number(cell) is not None for cell in first[1:]):
        return list(_HEADER)
    if sorted(first) != sorted(_HEADER):
        added, gone = sorted(set(first) - set(_HEADER)), sorted(set(_HEADER) - set(first))
        raise LayoutChanged(
            f"{manifest.file_name}: found the headings {';'.join(first)!r}, expected {';'.join(_HEADER)!r}"
            + (f"; lacking: {', '.join(gone)}" if gone else "")
            + (f"; new (renamed?): {', '.join(added)}" if added else "")
            + "."
        )
    return first


def _figure(line: Line, heading: str) -> tuple[float | None, str] | SetAside:
    """Return a cell's value and status. Both figures are whole numbers in every file, so 7.810 is not read as 7.81."""
    cell = line.cells[heading]
    if cell.casefold() == "x":
        return None, "suppressed"
    found = number(cell)
    if found is None or (found[0] is not None and not re.fullmatch(r"\d+|\D+", re.sub(r"\s", "", cell))):
        reason = f"{cell!r} är inte ett heltal." if cell else "Cellen är tom; ett heltal väntades."
        return SetAside(line.place(heading), "NOT_A_NUMBER", reason, {"label": line.label, "value": cell})
    return found


def _not_municipal(line: Line, code: str | None) -> list[SetAside]:
    """Set aside both figures of a line that is no municipality."""
    if code == "00":
        kind, reason = "NOT_A_MUNICIPALITY", f"Raden {line.label!r} är en summa för landet, inte en kommun."
    else:
        kind = "UNKNOWN_AREA"
        reason = (
            f"Okänt område: {line.label!r}. Det är inget kommunnamn (2021 års fil har även stadsdelar). Är det en "
            "kommun, lägg till namnet i registry/codes/labels/bra_areas.csv."
        )
    return [
        SetAside(line.place(heading), kind, reason, {"label": line.label, "measure": measure, "value": cell})
        for (heading, measure), cell in zip(MEASURES.items(), (line.cells[h] for h in MEASURES), strict=True)
    ]


def _repeated(line: Line, first: Line, code: str, manifest: Manifest) -> list[SetAside]:
    """Set a second line of a municipality aside if it says nothing new (as Heby's second one, all ``..``)."""
    aside = []
    for heading, measure in MEASURES.items():
        again, before = number(line.cells[heading]), number(first.cells[heading])
        if again is not None and again[0] is not None and again != before:
            raise LayoutChanged(
                f"{manifest.file_name}: lines {first.number} and {line.number} both are {code} ({first.label!r}, "
                f"{line.label!r}) and say {first.cells[heading]!r} and {line.cells[heading]!r} for {heading}; expected "
                "one line for each municipality."
            )
        reason = f"Kommunen står redan på rad {first.number}; raden säger inget nytt."
        raw = {"label": line.label, "measure": measure, "value": line.cells[heading]}
        aside.append(SetAside(line.place(heading), "AREA_TWICE", reason, raw))
    return aside


def _missing(found: set[str], year: int, registry: Registry) -> list[str]:
    """Return a note that names the municipalities that have no line."""
    lacking = [area.name for area in municipalities(year, registry) if area.code not in found]
    if not lacking:
        return []
    rest = f" och {len(lacking) - _NAMED} till" if len(lacking) > _NAMED else ""
    return [f"Filen saknar {len(lacking)} kommuner (saknas, inte noll): {', '.join(lacking[:_NAMED])}{rest}."]


def _is_uncertain(manifest: Manifest) -> bool:
    return any(note.startswith(UNCERTAIN) for note in manifest.notes)
