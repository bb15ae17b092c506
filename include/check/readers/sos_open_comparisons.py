"""Reader of Socialstyrelsen's open comparisons on violence in close relations: a workbook of municipalities' answers.

The layout (sheet, headings, questions, answers) is data in the YAML beside this file, which says whether it has been
verified against a published workbook. Whatever differs from it stops the file and is named; nothing is guessed.

Each answer gives two figures of its municipality: ``yes`` (1 or 0) and ``answered`` (1). A municipality that did not
answer, or that the sheet lacks though others of its county are there, has ``yes`` not reported and ``answered`` 0. The
county's figures are the sums over its municipalities, marked as derived; while answers are lacking, its ``yes`` is an
estimate from the number of yes to that number and all those without an answer.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import yaml
from pydantic import Field

from include.archive.manifest import Manifest
from include.check.drift import nearest
from include.check.readers.bra_sheets import cell_name
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Area, Model, Registry, Source

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT = Path(__file__).with_suffix(".yaml")

#: The header stands within so many rows from the top.
_HEADER_WITHIN = 30
_BETWEEN = " | "
_DASHES = re.compile(r"[‐‑‒–—−]")
_YEAR = re.compile(r"(?:19|20)\d\d")

Status = Literal["not_reported", "missing", "suppressed"]
Meaning = Literal[0, 1] | Status


class Question(Model):
    """One question of the survey: how its heading reads, and what it is by our codes."""

    group: str = Field(description="Heading above it, merged over several questions; empty for none.")
    text: str = Field(description="Its own heading.")
    breakdown: str
    sex: Literal["K", "M", "T"] = "T"

    @property
    def heading(self) -> str:
        """Return group and question as one text."""
        return f"{self.group}{_BETWEEN}{self.text}" if self.group else self.text


class Layout(Model):
    """How the workbook is laid out; see the comments of the YAML."""

    verified: bool
    sheet: str
    title: str
    header_rows: Literal[2]
    code: str
    name: str
    ignored: list[str]
    answers: dict[str, Meaning]
    questions: list[Question]


class Answer(NamedTuple):
    """What a municipality answered to a question, and where; None if the answer is not known and was set aside."""

    meaning: Meaning | None
    place: str


class Column(NamedTuple):
    """A column of answers."""

    at: int
    question: Question
    label: str


class Figure(NamedTuple):
    """A figure, by our codes."""

    measure: str
    area: str
    column: Column
    value: int | None
    high: int | None
    status: str
    mark: str
    place: str


@lru_cache(maxsize=1)
def layout() -> Layout:
    """Return the layout that is read."""
    return Layout.model_validate(yaml.safe_load(LAYOUT.read_text(encoding="utf-8")))


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read a workbook.

    Raises:
        LayoutChanged: sheet, title, year or headings are not those of the layout, or a municipality stands twice; the
            text says what was found and expected, and which heading may have been renamed.
    """
    year = int(manifest.part.rpartition("-")[2])
    sheet = _Sheet(content, manifest.file_name, layout(), year)
    found, aside = _answers(sheet, registry, date(year, 12, 31))
    figures = list(_figures(found, sheet.columns, registry, date(year, 12, 31)))
    table = _table(figures, source, str(year))
    notes = [*manifest.notes, *_silent(found, registry)]
    if not layout().verified:
        notes.append(
            "Arbetsbokens uppställning är inte bekräftad mot en publicerad fil; jämför med källans egna andelar."
        )
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), notes)


def plain(text: object) -> str:
    """Return a heading or answer as it is compared: lower case, one kind of dash, no soft hyphens, single blanks."""
    return _DASHES.sub("-", " ".join(str(text).replace("\u00ad", "").split())).casefold()


# --- the sheet ---------------------------------------------------------------------------------------------------


class _Sheet:
    """The sheet of answers: its columns by heading, and its rows."""

    def __init__(self, content: bytes, file_name: str, known: Layout, year: int) -> None:
        self.known = known
        self._file = file_name
        self._values = self._open(content)
        self._header = self._find_header()
        self._check_title(year)
        headings = self._headings()
        self._demand(headings)
        places = {plain(heading): at for at, heading in headings.items()}
        self.code, self.name = places[plain(known.code)], places[plain(known.name)]
        self.columns = [Column(places[plain(q.heading)], q, q.heading) for q in known.questions]

    def rows(self) -> Iterator[tuple[int, Sequence[object]]]:
        """Yield number (counted from 0) and cells of each row below the header."""
        first = self._header + self.known.header_rows
        yield from enumerate(self._values[first:], start=first)

    def place(self, row: int, column: int) -> str:
        """Return where a cell stands, e.g. ``Kommun!D12``."""
        return f"{self.known.sheet}!{cell_name(row, column)}"

    def _open(self, content: bytes) -> list[list[object]]:
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            if self.known.sheet not in book.sheet_names:
                raise self._fault(
                    f"found the sheets {', '.join(map(repr, book.sheet_names))}; expected {self.known.sheet!r}"
                )
            rows = book.get_sheet_by_name(self.known.sheet).to_python(skip_empty_area=False)
        except CalamineError as error:
            raise LayoutChanged(f"{self._file} is no workbook that can be read: {error}") from error
        return [list(row) for row in rows]

    def _find_header(self) -> int:
        for number, row in enumerate(self._values[:_HEADER_WITHIN]):
            if plain(self.known.code) in map(plain, row):
                return number
        raise self._fault(f"no cell of the first {_HEADER_WITHIN} rows says {self.known.code!r}")

    def _check_title(self, year: int) -> None:
        """Demand that the cells above the header say what the layout expects, and the year of the capture."""
        said = " ".join(str(cell) for row in self._values[: self._header] for cell in row if str(cell).strip())
        if plain(self.known.title) not in plain(said) or str(year) not in _YEAR.findall(said):
            raise self._fault(
                f"above the header stands {said[:200]!r}; expected {self.known.title!r} and the year {year}"
            )

    def _headings(self) -> dict[int, str]:
        """Return the headings by column: the group, which is merged to the right, and the question below it."""
        above, below = self._values[self._header], self._values[self._header + 1]
        headings: dict[int, str] = {}
        group = ""
        for at, (upper, lower) in enumerate(zip(above, below, strict=True)):
            upper_text, lower_text = str(upper).strip(), str(lower).strip()
            group = upper_text or (group if lower_text else "")
            if lower_text and group:
                headings[at] = f"{group}{_BETWEEN}{lower_text}"
            elif lower_text or group:
                headings[at] = lower_text or group
        return headings

    def _demand(self, headings: dict[int, str]) -> None:
        """Demand each heading of the layout once, and no other."""
        known = self.known
        wanted = {plain(text): text for text in [known.code, known.name, *(q.heading for q in known.questions)]}
        allowed = wanted.keys() | {plain(text) for text in known.ignored}
        places: dict[str, list[int]] = defaultdict(list)
        for at, heading in headings.items():
            places[plain(heading)].append(at)
        unknown = [heading for heading in headings.values() if plain(heading) not in allowed]
        lacking = [text for key, text in wanted.items() if key not in places]
        if lacking:
            near = nearest(lacking[0], unknown)
            hint = f" Renamed to {near!r}?" if near else ""
            raise self._fault(
                f"the heading {lacking[0]!r} is not there.{hint} Unknown headings: {_listed(unknown)}", len(lacking)
            )
        if unknown:
            raise self._fault(f"found the unknown headings {_listed(unknown)}", len(unknown))
        if twice := [headings[at[0]] for key, at in places.items() if key in wanted and len(at) > 1]:
            raise self._fault(f"the headings {_listed(twice)} stand twice")

    def _fault(self, said: str, count: int = 1) -> LayoutChanged:
        more = f" ({count} headings in all)" if count > 1 else ""
        return LayoutChanged(
            f"{self._file}, sheet {self.known.sheet}: {said}{more}. Nothing was read. Compare the workbook with "
            f"{LAYOUT.relative_to(LAYOUT.parents[3])} and correct that file."
        )


def _listed(headings: list[str]) -> str:
    named = ", ".join(map(repr, headings[:10])) or "none"
    return named + (f" and {len(headings) - 10} more" if len(headings) > 10 else "")


# --- answers -----------------------------------------------------------------------------------------------------


def _answers(sheet: _Sheet, registry: Registry, day: date) -> tuple[dict[str, dict[int, Answer]], list[SetAside]]:
    """Return the answers by municipality and column, and the cells that are none."""
    meanings = {plain(text): meaning for text, meaning in sheet.known.answers.items()}
    found: dict[str, dict[int, Answer]] = {}
    aside: list[SetAside] = []
    rows: dict[str, int] = {}
    for number, row in sheet.rows():
        area = _area(row[sheet.code], row[sheet.name], registry, day)
        if area is None:
            aside += _of_no_municipality(sheet, number, row)
            continue
        if area.code in found:
            raise LayoutChanged(
                f"Sheet {sheet.known.sheet}: rows {rows[area.code] + 1} and {number + 1} are both {area.code} "
                f"{area.name}; expected one row for each municipality."
            )
        rows[area.code] = number
        found[area.code] = {}
        for column in sheet.columns:
            meaning = meanings.get(plain(row[column.at]))
            place = sheet.place(number, column.at)
            found[area.code][column.at] = Answer(meaning, place)
            if meaning is None:
                aside.append(_unknown(place, column, row[column.at], sheet.known))
    return found, aside


def _area(code: object, name: object, registry: Registry, day: date) -> Area | None:
    """Return the municipality of a row, told by code and name together; None if it is none of that day."""
    digits = str(int(code)) if isinstance(code, float) and code.is_integer() else str(code).strip()
    area = registry.areas.get(digits.zfill(4)) if digits.isdecimal() and len(digits) >= 3 else None
    if area is None or area.kind != "kommun" or not area.holds_on(day):
        return None
    bare = re.sub(r" kommun$", "", plain(name))
    return area if bare in {plain(area.name), f"{plain(area.name)}s"} else None


def _of_no_municipality(sheet: _Sheet, number: int, row: Sequence[object]) -> list[SetAside]:
    """Set aside the answers of a row that is no municipality (a district, a county); a row without any is a note."""
    who = f"{str(row[sheet.code]).strip()} {str(row[sheet.name]).strip()}".strip() or "en rad utan kommun"
    return [
        SetAside(
            sheet.place(number, column.at),
            "UNKNOWN_AREA",
            f"Raden gäller {who}, som inte är en kommun i kodlistan med det numret och det namnet.",
            {"area": who, "question": column.label},
        )
        for column in sheet.columns
        if str(row[column.at]).strip()
    ]


def _unknown(place: str, column: Column, cell: object, known: Layout) -> SetAside:
    told = str(cell).strip()[:40]
    return SetAside(
        place,
        "UNKNOWN_ANSWER",
        f"Svaret {told!r} på frågan {column.label!r} är inte känt. Kända svar: "
        f"{', '.join(text or 'tom cell' for text in known.answers)}.",
        {"answer": told, "question": column.label},
    )


# --- figures -----------------------------------------------------------------------------------------------------


def _figures(
    found: dict[str, dict[int, Answer]], columns: list[Column], registry: Registry, day: date
) -> Iterator[Figure]:
    """Yield the figures of every municipality of the counties that the sheet speaks of, and of these counties."""
    counties = {registry.areas[code].parent for code in found}
    members: dict[str, list[str]] = defaultdict(list)
    for area in registry.areas.values():
        if area.kind == "kommun" and area.parent in counties and area.holds_on(day):
            members[area.parent or ""].append(area.code)
    absent = Answer("not_reported", "kommunen finns inte i filen")
    for column in columns:
        for county, codes in sorted(members.items()):
            answers = {code: found[code][column.at] if code in found else absent for code in sorted(codes)}
            for code, answer in answers.items():
                yield from _municipality(code, column, answer)
            yield from _county(county, column, list(answers.values()))


def _municipality(code: str, column: Column, answer: Answer) -> Iterator[Figure]:
    match answer.meaning:
        case None:
            return  # set aside
        case 0 | 1 as value:
            yield Figure("yes", code, column, value, None, "ok", "direct", answer.place)
            yield Figure("answered", code, column, 1, None, "ok", "direct", answer.place)
        case "not_reported":
            yield Figure("yes", code, column, None, None, "not_reported", "direct", answer.place)
            yield Figure("answered", code, column, 0, None, "ok", "direct", answer.place)
        case status:
            yield Figure("yes", code, column, None, None, status, "direct", answer.place)
            yield Figure("answered", code, column, None, None, status, "direct", answer.place)


def _county(code: str, column: Column, answers: list[Answer]) -> Iterator[Figure]:
    """Yield a county's sums: what its municipalities answered, and how much the unanswered could add."""
    given = [answer.meaning for answer in answers if isinstance(answer.meaning, int)]
    open_ones = len(answers) - len(given)
    place = f"summa av {len(given)} kommuners svar, {open_ones} saknas"
    if given:
        status, high = ("estimate", sum(given) + open_ones) if open_ones else ("ok", None)
        yield Figure("yes", code, column, sum(given), high, status, "derived", place)
    else:
        yield Figure("yes", code, column, None, None, "not_reported", "derived", place)
    yield Figure("answered", code, column, len(given), None, "ok", "derived", place)


def _silent(found: dict[str, dict[int, Answer]], registry: Registry) -> list[str]:
    """Return a note that names the municipalities that answered no question at all."""
    silent = [
        registry.areas[code].name
        for code, answers in sorted(found.items())
        if not any(isinstance(answer.meaning, int) for answer in answers.values())
    ]
    return [f"Bortfall: {', '.join(silent)} har inte svarat på någon fråga."] if silent else []


def _table(figures: Iterable[Figure], source: Source, period: str) -> "pa.Table":
    rows = list(figures)
    return tidy_table(
        {
            "measure": [f"{source.id}.{figure.measure}" for figure in rows],
            "area": [figure.area for figure in rows],
            "period": period,
            "sex": [figure.column.question.sex for figure in rows],
            "breakdown": [figure.column.question.breakdown for figure in rows],
            "value": [figure.value for figure in rows],
            "value_low": [figure.value if figure.high is not None else None for figure in rows],
            "value_high": [figure.high for figure in rows],
            "value_status": [figure.status for figure in rows],
            "status": "F",
            "mark": [figure.mark for figure in rows],
            "source_label": [figure.column.label for figure in rows],
            "place": [figure.place for figure in rows],
        }
    )
