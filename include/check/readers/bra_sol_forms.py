"""The three forms in which Brå's database SOL answers a search, each as one and the same grid of cells.

* *Databasfil* (``resultat/dbfil``): one line per area, offence and period, headed ``Region;Brott;År;Period;Antal;/100
  000 inv``, with a ``;`` at the end of each line that the heading lacks. Columns are bound by name.
* *Textfil* (``resultat/textfil``): four heading lines, repeated at each page break (every 40 lines, also within an
  area), then each area as a line of its own above its offences, a column per period and measure. HTML entities stand
  in the heading, and ``&nbsp;`` ends in the ``;`` that parts the columns: entities are read before that.
* *Soktabell*, the result page: ``<td headers="period type offence area measure">``, the headings in ``<th id=…>``.

All are ISO-8859-1. Labels may hold a ``;`` ("Vapenbrott; innehav av jaktvapen (1 §)"): such a line is parted from its
end. Texts are read with Arrow, codes as dictionaries: a nationwide answer has millions of cells.
"""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from include.check.drift import nearest
from include.check.encoding import garbled
from include.check.tidy import SetAside
from include.errors import LayoutChanged

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int32]

#: Columns of the Databasfil that are no measure: area, offence, kind of period, period.
REGION, OFFENCE, KIND, PERIOD = "Region", "Brott", "År", "Period"
#: The kind of period that we ask for; it is also the heading of the column that says it.
YEARLY = "År"
_TITLE = "Anmälda brott"
_HEAD_LINES = 4
_ENTITY = re.compile(rb"&(?:#\d+|[A-Za-z]+);")
_FORMS = "a Databasfil ('Region;Brott;…'), a text export ('Anmälda brott;…') or a result page (<td headers=…>)"


class Coded(NamedTuple):
    """A column of texts: for each row the number of its text."""

    ids: "Ints"
    texts: list[str]

    def taken(self, rows: "npt.NDArray[Any]") -> "Coded":
        """Return the column for some rows, by mask or in another order."""
        return Coded(self.ids[rows], self.texts)


class Column(NamedTuple):
    """A column of figures: its measure as SOL heads it, its period (None = each row has its own), its cells."""

    measure: str
    period: str | None
    cells: Coded


@dataclass(frozen=True)
class Answer:
    """An answer of SOL as a grid; every array has a place per row.

    Attributes:
        region: label of the area.
        block: number of the area's block in the file; a block's rows stand together, in their printed order.
        offence: label of the offence.
        period: label of the period, None where the columns have it.
        line: number of the line (of the table's row, in a page).
        columns: the figures.
        broken: lines that are no row of the form.
    """

    region: Coded
    block: "Ints"
    offence: Coded
    period: Coded | None
    line: "npt.NDArray[np.int64]"
    columns: list[Column]
    broken: list[SetAside] = field(default_factory=list)


def answer_of(content: bytes, what: str, is_offence: Callable[[str], bool]) -> Answer:
    """Read an answer of SOL in whichever form it has.

    Args:
        content: the bytes as received.
        what: names the capture in errors.
        is_offence: whether a label is one of an offence: a line without figures is else the heading of an area.

    Raises:
        LayoutChanged: it has none of the forms, or a heading that is not known; the text says found and expected.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    encoding = _encoding(content)
    first = html.unescape(content.lstrip()[:200].split(b"\n", 1)[0].decode(encoding, "replace")).strip()
    if first.startswith("<") or b"<td" in content[:20_000].lower():
        answer = _page(content.decode(encoding), what)
    else:
        if _ENTITY.search(content):
            content = html.unescape(content.decode(encoding)).encode()
            encoding = "utf-8"
        if first.startswith(_TITLE):
            answer = _text_export(content, encoding, what, is_offence)
        elif first.count(";") >= 3:
            answer = _database_file(content, encoding, what)
        else:
            raise LayoutChanged(f"{what}: found {first[:80]!r} in the first line; expected {_FORMS}.")
    for text in (*answer.region.texts, *answer.offence.texts):
        if garbled(text) is not None:
            raise LayoutChanged(f"{what}: found {text!r}, which was encoded twice; expected ISO-8859-1 with åäö.")
    return answer


def plain(text: str) -> str:
    """Return a label with one kind of space and none around it."""
    return " ".join(text.split())


def _encoding(content: bytes) -> str:
    """Return the encoding: Swedish text in ISO-8859-1 is never UTF-8 by chance."""
    if content.isascii():
        return "utf-8"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "iso-8859-1"
    return "utf-8"


# --- Databasfil ---------------------------------------------------------------------------------------------------


def _database_file(content: bytes, encoding: str, what: str) -> Answer:
    head, _, rest = content.partition(b"\n")
    names = [plain(name) for name in head.decode(encoding).strip().rstrip(";").split(";")]
    _demand_names(names, (REGION, OFFENCE, KIND, PERIOD), what)
    first = rest.lstrip().split(b"\n", 1)[0]
    ends = [f"({number})" for number in range(max(first.count(b";") + 1 - len(names), 0))][:1]
    columns, line, broken = _parted(content, encoding, [*names, *ends], names.index(OFFENCE), what, skip=1)
    if REGION in columns[REGION].texts:  # several answers one after the other: their headings are no rows
        rows = columns[REGION].ids != columns[REGION].texts.index(REGION)
        columns, line = {name: column.taken(rows) for name, column in columns.items()}, line[rows]
    if not len(line):
        raise LayoutChanged(f"{what}: found a heading and no row; expected at least one figure.")
    region = columns[REGION]
    block = np.zeros(len(line), dtype=np.int32)
    np.cumsum(region.ids[1:] != region.ids[:-1], out=block[1:])
    figures = [Column(name, None, columns[name]) for name in names if name not in (REGION, OFFENCE, KIND, PERIOD)]
    if not figures:
        raise LayoutChanged(f"{what}: found the columns {names}; expected a measure besides {names[:4]}.")
    return Answer(region, block, columns[OFFENCE], _yearly(columns[KIND], columns[PERIOD]), line, figures, broken)


def _yearly(kind: Coded, period: Coded) -> Coded:
    """Return the periods, each with its kind before it unless that is a year."""
    if [plain(text) for text in kind.texts] == [YEARLY]:
        return period
    pairs, ids = np.unique(kind.ids.astype(np.int64) * len(period.texts) + period.ids, return_inverse=True)
    texts = [(kind.texts[pair // len(period.texts)], period.texts[pair % len(period.texts)]) for pair in pairs]
    named = [time if plain(sort) == YEARLY else f"{sort} {time}" for sort, time in texts]
    return Coded(ids.astype(np.int32), named)


def _demand_names(found: Sequence[str], expected: Sequence[str], what: str) -> None:
    """Demand that every expected column is there, and say which of the found ones it may have become."""
    for name in expected:
        if name not in found:
            near = nearest(name, (other for other in found if other not in expected))
            hint = f" Has {near!r} become the name of it? Then correct the reader." if near else ""
            raise LayoutChanged(f"{what}: found the columns {', '.join(found)}; expected {name!r} among them.{hint}")


# --- text export --------------------------------------------------------------------------------------------------


def _text_export(content: bytes, encoding: str, what: str, is_offence: Callable[[str], bool]) -> Answer:
    head = [line.decode(encoding).rstrip("\r").split(";") for line in content.split(b"\n", _HEAD_LINES)[:_HEAD_LINES]]
    if len(head) < _HEAD_LINES or len(head[3]) < 2 or head[3][0].strip():
        raise LayoutChanged(
            f"{what}: found the heading {[';'.join(line) for line in head]}; expected {_HEAD_LINES} lines: title, kind "
            "of period, period, measure, the first column empty in the last three."
        )
    width = len(head[3]) - (not head[3][-1].strip())
    kinds, periods, measures = (_spread(line[1:width], width - 1) for line in head[1:])
    if set(kinds) != {YEARLY}:
        raise LayoutChanged(f"{what}: found the kinds of period {sorted(set(kinds))} in line 2; expected {YEARLY!r}.")
    cells = [f"c{number}" for number in range(1, width)]
    names = ["label", *cells, *(["(end)"] if len(head[3]) > width else [])]
    columns, line, broken = _parted(content, encoding, names, 0, what, skip=_HEAD_LINES, title=";".join(head[0]))
    rows = ~_page_breaks(columns, line, head, what)
    columns, line = {name: column.taken(rows) for name, column in columns.items()}, line[rows]
    label = columns["label"]
    empty = np.ones(len(line), dtype=bool)
    for name in cells:
        empty &= np.array([not plain(text) for text in columns[name].texts], dtype=bool)[columns[name].ids]
    may_be_area = np.array([bool(plain(text)) and not is_offence(text) for text in label.texts], dtype=bool)[label.ids]
    heading = empty & may_be_area
    block = np.cumsum(heading, dtype=np.int32)
    rows = ~heading
    if not rows.any():
        raise LayoutChanged(f"{what}: found no figure below the heading; expected at least one.")
    if block[rows].min() == 0:
        lost = int(line[rows][block[rows] == 0][0])
        raise LayoutChanged(f"{what}: found figures in line {lost} before any area; expected the area in a line above.")
    areas = label.ids[heading][block[rows] - 1]
    figures = [
        Column(measure, period, columns[name].taken(rows))
        for name, period, measure in zip(cells, periods, measures, strict=True)
    ]
    return Answer(Coded(areas, label.texts), block[rows], label.taken(rows), None, line[rows], figures, broken)


def _page_breaks(
    columns: dict[str, Coded], line: "npt.NDArray[np.int64]", head: list[list[str]], what: str
) -> "npt.NDArray[np.bool_]":
    """Return which rows repeat the heading lines.

    Raises:
        LayoutChanged: a heading further down says something else than the first: its columns would mean another thing.
    """
    label = columns["label"]
    known = [[plain(cell) for cell in cells] for cells in head]
    found = np.array([plain(text) in ("", known[0][0]) for text in label.texts], dtype=bool)[label.ids]
    for row in np.flatnonzero(found).tolist():
        parts = [plain(column.texts[column.ids[row]]) for column in columns.values()]
        if parts[: len(known[0])] != known[0] and parts not in (
            cells + [""] * (len(parts) - len(cells)) for cells in known
        ):
            raise LayoutChanged(
                f"{what}: found the heading {';'.join(parts)!r} in line {line[row]}; expected the first one again: "
                f"{[';'.join(cells) for cells in known]}."
            )
    return found


def _spread(cells: Sequence[str], width: int) -> list[str]:
    """Return a heading line with what spans several columns written over each of them."""
    spread: list[str] = []
    for cell in [*cells, *[""] * (width - len(cells))]:
        spread.append(plain(cell) or (spread[-1] if spread else ""))
    return spread


# --- lines of text ------------------------------------------------------------------------------------------------


def _parted(
    content: bytes, encoding: str, names: list[str], label: int, what: str, skip: int, title: str | None = None
) -> "tuple[dict[str, Coded], npt.NDArray[np.int64], list[SetAside]]":
    """Return the lines below the heading parted into columns, the number of each line, and lines that cannot be.

    A line with more parts than columns has a ``;`` in its label (column number ``label``). A ``title`` that is repeated
    at page breaks is no row.
    """
    import pyarrow as pa
    from pyarrow import csv

    odd: list[tuple[int, str]] = []

    def keep(row: Any) -> str:
        odd.append((row.number, row.text))
        return "skip"

    code = pa.dictionary(pa.int32(), pa.string())
    try:
        table = csv.read_csv(
            pa.BufferReader(content),
            # One thread: only then the numbers of the odd lines are known.
            csv.ReadOptions(use_threads=False, encoding=encoding, column_names=names, skip_rows=skip),
            csv.ParseOptions(delimiter=";", quote_char=False, ignore_empty_lines=False, invalid_row_handler=keep),
            csv.ConvertOptions(column_types=dict.fromkeys(names, code), strings_can_be_null=False, null_values=[]),
        )
    except pa.ArrowInvalid as error:
        raise LayoutChanged(
            f"{what}: found text without rows of {len(names)} columns ({error}); expected some."
        ) from error
    columns = {name: _coded(table[name]) for name in names}
    line = np.arange(skip + 1, skip + 1 + table.num_rows + len(odd), dtype=np.int64)
    line = line[~np.isin(line, [number for number, _ in odd])]
    mended: list[tuple[int, list[str]]] = []
    broken: list[SetAside] = []
    for number, text in odd:
        if title is not None and text.strip() == title.strip():
            continue
        if parts := _mend(text, len(names), label):
            mended.append((number, parts))
        elif text.strip(" ;\r"):
            reason = f"Raden har {text.count(';') + 1} delar; {len(names)} väntades."
            broken.append(SetAside(f"rad {number}", "BROKEN_LINE", reason, {"line": text[:200]}))
    if mended:
        line = np.concatenate([line, [number for number, _ in mended]])
        order = np.argsort(line, kind="stable")
        line = line[order]
        for place, name in enumerate(names):
            columns[name] = _longer(columns[name], [parts[place] for _, parts in mended]).taken(order)
    blank = np.ones(len(line), dtype=bool)
    for column in columns.values():
        blank &= np.array([not text.strip() for text in column.texts], dtype=bool)[column.ids]
    return {name: column.taken(~blank) for name, column in columns.items()}, line[~blank], broken


def _mend(text: str, width: int, label: int) -> list[str] | None:
    """Return the parts of a line whose label holds the separator, or that lacks the one at its end; else None."""
    parts = text.rstrip("\r\n").split(";")
    if len(parts) == width - 1 and parts[-1].strip():
        return [*parts, ""]
    surplus = len(parts) - width
    if surplus <= 0:
        return None
    return [*parts[:label], ";".join(parts[label : label + surplus + 1]), *parts[label + surplus + 1 :]]


def _coded(column: "pa.ChunkedArray") -> Coded:
    """Return a dictionary column as numpy numbers and Python texts."""
    import pyarrow as pa

    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
    return Coded(whole.indices.to_numpy(zero_copy_only=False).astype(np.int32), whole.dictionary.to_pylist())


def _longer(column: Coded, texts: Sequence[str]) -> Coded:
    """Return a column with further rows at its end."""
    numbers = {text: number for number, text in enumerate(column.texts)}
    more = [numbers.setdefault(text, len(numbers)) for text in texts]
    return Coded(np.concatenate([column.ids, np.array(more, dtype=np.int32)]), list(numbers))


# --- result page --------------------------------------------------------------------------------------------------


class _Cell(NamedTuple):
    """A figure of the page: ids of its headings, the offence that heads its row, the row's number, the text."""

    headers: tuple[str, ...]
    offence: str
    row: int
    text: str


class _Page(HTMLParser):
    """Collects the headings by id and the figures of a result page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.headings: dict[str, tuple[str, str]] = {}
        self.cells: list[_Cell] = []
        self._row = 0
        self._offence = ""
        self._open: tuple[str, dict[str, str]] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._row += 1
            self._offence = ""
        if tag in ("td", "th"):
            self._open = (tag, {name: value or "" for name, value in attrs})
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open is None or tag != self._open[0]:
            return
        tag, given = self._open
        self._open = None
        text = plain("".join(self._text))
        if tag == "th" and "axis" in given and "id" in given:
            self.headings[given["id"]] = (given["axis"], text)
        elif tag == "th" and "headers" in given:
            self._offence = text
        elif tag == "td" and "headers" in given:
            self.cells.append(_Cell(tuple(given["headers"].split()), self._offence, self._row, text))


#: Axes of the headings that a figure names, in order; the offence (third) has no heading with an id.
_AXES = ("manader", "ar", None, "region", "matt")


def _page(text: str, what: str) -> Answer:
    page = _Page()
    page.feed(text)
    if not page.cells:
        raise LayoutChanged(f"{what}: found a page without figures; expected cells <td headers=…>.")
    grid: dict[tuple[str, str, int], dict[tuple[str, str], str]] = {}
    for cell in page.cells:
        period, kind, region, measure = _named(cell, page, what)
        if kind != YEARLY:
            raise LayoutChanged(f"{what}: found the kind of period {kind!r}; expected {YEARLY!r}.")
        grid.setdefault((region, cell.offence, cell.row), {})[period, measure] = cell.text
    heads = list(dict.fromkeys(head for row in grid.values() for head in row))
    if lacking := [place for place, row in grid.items() if len(row) < len(heads)]:
        region, offence, _ = lacking[0]
        raise LayoutChanged(f"{what}: found fewer figures for {offence} in {region} than for others; expected {heads}.")
    regions = _texts([region for region, _, _ in grid])
    changes = [before != after for before, after in pairwise(regions.ids.tolist())]
    return Answer(
        region=regions,
        block=np.cumsum([0, *changes], dtype=np.int32),
        offence=_texts([offence for _, offence, _ in grid]),
        period=None,
        line=np.array([row for _, _, row in grid], dtype=np.int64),
        columns=[Column(head[1], head[0], _texts([row[head] for row in grid.values()])) for head in heads],
    )


def _named(cell: _Cell, page: _Page, what: str) -> tuple[str, str, str, str]:
    """Return period, kind of period, area and measure of a figure, by the headings it names."""
    if len(cell.headers) != len(_AXES) or not cell.offence:
        raise LayoutChanged(
            f"{what}: found a figure with the headers {cell.headers} beside {cell.offence!r}; expected period, kind of "
            "period, offence, area and measure, in a row that an offence heads."
        )
    names: list[str] = []
    for identity, axis in zip(cell.headers, _AXES, strict=True):
        if axis is None:
            continue
        found = page.headings.get(identity, ("no heading", ""))
        if found[0] != axis:
            raise LayoutChanged(
                f"{what}: found the header {identity!r} as {found[0]!r}; expected one of axis {axis!r}."
            )
        names.append(found[1])
    return names[0], names[1], names[2], names[3]


def _texts(texts: Sequence[str]) -> Coded:
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(text, len(numbers)) for text in texts]
    return Coded(np.array(ids, dtype=np.int32), list(numbers))
