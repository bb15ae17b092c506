"""The CSV form of a delivery: one number a line, with the codes of the registry.

The form of the whole (its columns, whose delivery it is, which version) stops the file; a fault of one line sets that
line aside with its number. Logs have no CSV form: what they would tell is not reported.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from include.check.intake.book import Book, Cell
from include.check.readers.extracts_cover import Cover, cover_of
from include.check.readers.extracts_grid import Contract, GridResult, Key, Reader, Told, figures_of
from include.check.readers.extracts_layout import counted, near
from include.check.readers.extracts_values import as_text, same
from include.check.tidy import SetAside
from include.errors import LayoutChanged

#: The columns, in their order.
HEADER = (
    "agreement", "party", "period", "extract", "schema_version", "status", "example",
    "measure", "area", "breakdown", "sex", "age", "value",
)  # fmt: skip

#: What all lines of a file must say alike, for a file is one delivery.
_COMMON = ("agreement", "party", "period", "status", "example")

#: Columns that may be empty: a number of the party's own area, and a number that is missing.
_MAY_BE_EMPTY = frozenset({"area", "value"})

_STATUSES = ("P", "S")
_EXAMPLE = {"ja": "yes", "nej": "no"}


class Line(NamedTuple):
    """One line of numbers.

    Attributes:
        number: its line in the file, counted from 1.
        said: what stands in its columns, those left empty as "".
        value: the cell of its number; None = empty.
    """

    number: int
    said: Mapping[str, str]
    value: Cell | None


@dataclass
class CsvFile:
    """A delivery in the CSV form: what it says of itself, its lines, and the lines that are none."""

    cover: Cover
    lines: list[Line]
    aside: list[SetAside] = field(default_factory=list)


def read_csv(book: Book) -> CsvFile:
    """Return the lines of a delivery in the CSV form.

    Raises:
        LayoutChanged: the columns are not those of the form, the lines speak of several deliveries, or there are none.
    """
    sheet = book.sheets[0]
    rows: dict[int, dict[int, Cell]] = defaultdict(dict)
    for (row, column), cell in sheet.cells.items():
        rows[row][column] = cell
    numbers = sorted(rows.keys() | sheet.broken.keys())
    if not numbers:
        raise LayoutChanged(
            f"Filen är tom. Väntade en rad med kolumnerna {';'.join(HEADER)}, och en rad för varje tal."
        )
    _refuse_header(rows[numbers[0]], numbers[0] + 1)
    lines, aside = [], []
    for number in numbers[1:]:
        found = _line(rows[number], number + 1, sheet.broken.get(number))
        if isinstance(found, Line):
            lines.append(found)
        else:
            aside.append(found)
    if not lines:
        raise LayoutChanged("Filen har inga rader med tal under rubrikraden. Väntade en rad för varje tal.")
    return CsvFile(_cover(lines), lines, aside)


def read_lines(file: CsvFile, contracts: Sequence[Contract]) -> Iterator[tuple[Contract | None, GridResult]]:
    """Yield for each grid its figures and the lines set aside, and first, for none, the lines that are of no grid."""
    grids = {
        (contract.extract.id, measure.id, _folded(row.key)): (contract, row.key)
        for contract in contracts
        for measure in contract.measures
        for row in contract.rows
    }
    known = _Known(contracts)
    of_none = GridResult(aside=list(file.aside))
    told: dict[int, dict[tuple[Key, str], list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in file.lines:
        extract, measure, folded = known.codes(line)
        if (found := grids.get((extract, measure, folded))) is None:
            of_none.aside.append(known.unknown(line, extract, measure, folded))
        else:
            contract, key = found
            told[id(contract)][key, measure].append(line)
    yield None, of_none
    for contract in contracts:
        yield contract, _figures(contract, told[id(contract)])


def _figures(contract: Contract, lines: Mapping[tuple[Key, str], list[Line]]) -> GridResult:
    """Return the figures of a grid; of lines with one key the first if they say the same, none if they do not."""
    told, aside, notes = {}, [], []
    without = set()
    for key, same_key in lines.items():
        first = same_key[0]
        if len({_compared(line.value) for line in same_key}) == 1:
            told[key] = Told(f"rad {first.number}", first.value)
            if len(same_key) > 1:
                notes.append(f"Raderna {_numbers(same_key)} säger samma sak. Den första räknas.")
        else:
            without.add(key)
            aside += [
                SetAside(
                    f"rad {line.number}",
                    "DUPLICATE_KEY",
                    f"Rad {line.number}: samma nyckel med olika tal i raderna {_numbers(same_key)}. Väntade en rad för "
                    "varje tal: ta bort dem som är fel.",
                    {"line": line.number, "measure": f"{contract.extract.id}.{key[1]}"},
                )
                for line in same_key
            ]
    result = figures_of(contract, told, Reader(contract.extract.masked), without)
    return GridResult(result.figures, aside + result.aside, notes + result.notes)


def _compared(cell: Cell | None) -> str:
    return "" if cell is None else same(as_text(cell))


def _numbers(lines: Sequence[Line]) -> str:
    return counted([str(line.number) for line in lines])


# --- form --------------------------------------------------------------------------------------------------------


def _refuse_header(cells: Mapping[int, Cell], number: int) -> None:
    for column in range(max(len(HEADER), max(cells, default=-1) + 1)):
        text = same(as_text(cells[column])) if column in cells else ""
        wanted = HEADER[column] if column < len(HEADER) else ""
        if text == wanted:
            continue
        expected = f"väntade {wanted}" if wanted else "kolumnen hör inte till formen"
        like = near(text, HEADER) if text else None
        hint = f"; det som står där liknar {like}" if like and like != wanted else ""
        raise LayoutChanged(
            f"Rad {number}, kolumn {column + 1}: {expected}{hint}. Första raden ska vara {';'.join(HEADER)}."
        )


def _line(cells: Mapping[int, Cell], number: int, fault: str | None) -> Line | SetAside:
    """Return a line, or why it is none: it does not fit the header, or lacks a code."""
    said = {name: as_text(cells[column]) if column in cells else "" for column, name in enumerate(HEADER)}
    lacking = [name for name, text in said.items() if not text and name not in _MAY_BE_EMPTY]
    if not fault and not lacking:
        return Line(number, said, cells.get(len(HEADER) - 1))
    stood = fault or f"ingenting i kolumnen {lacking[0]}"
    return SetAside(
        f"rad {number}",
        "RAGGED_LINE",
        f"Rad {number}: hittade {stood}. Väntade {len(HEADER)} kolumner med semikolon emellan; bara area och value får "
        "vara tomma.",
        {"line": number, "found": stood},
    )


def _cover(lines: Sequence[Line]) -> Cover:
    """Return what the lines say of the delivery, refused where they do not say the same."""
    first = lines[0]
    versions: dict[str, tuple[str, int]] = {}
    for line in lines:
        for name in _COMMON:
            if line.said[name] != first.said[name]:
                raise LayoutChanged(
                    f"Rad {line.number}, kolumnen {name}: det står något annat än på rad {first.number}. En fil är en "
                    "parts leverans om en period. Lämna en fil för varje."
                )
        extract, version = line.said["extract"].upper(), line.said["schema_version"]
        before, at = versions.setdefault(extract, (version, line.number))
        if version != before:
            raise LayoutChanged(
                f"Rad {line.number}, kolumnen schema_version: det står en annan version än på rad {at} för samma "
                "uttag. Använd en och samma version av formen."
            )
    places = {name: f"Rad {first.number}, kolumnen {name}" for name in HEADER}
    places["extracts"] = "Kolumnen schema_version"
    said = {name: first.said[name] for name in ("agreement", "party", "period")}
    said["status"] = _one_of(first, "status", {code: code for code in _STATUSES})
    said["example"] = _one_of(first, "example", _EXAMPLE)
    said["empty_sheets"] = "not_filled_in"
    return cover_of(said, {name: version for name, (version, _) in versions.items()}, places, whole=False)


def _one_of(line: Line, name: str, codes: Mapping[str, str]) -> str:
    code = next((code for text, code in codes.items() if same(text) == same(line.said[name])), None)
    if code is None:
        raise LayoutChanged(f"Rad {line.number}, kolumnen {name}: väntade {' eller '.join(codes)}.")
    return code


# --- codes -------------------------------------------------------------------------------------------------------


def _folded(key: Key) -> Key:
    area, breakdown, sex, age = (code.casefold() for code in key)
    return area, breakdown, sex, age


class _Known:
    """The codes that a line of the delivery may have."""

    def __init__(self, contracts: Sequence[Contract]) -> None:
        self._area = contracts[0].area if contracts else ""
        self._keys: dict[tuple[str, str], list[Key]] = defaultdict(list)
        for contract in contracts:
            for measure in contract.measures:
                self._keys[contract.extract.id, measure.id] += [row.key for row in contract.rows]
        self._areas = {(name, key[0]) for name, keys in self._keys.items() for key in keys}

    def codes(self, line: Line) -> tuple[str, str, Key]:
        """Return extract, measure and key (without case) of a line; the party's own area is the same as none."""
        extract, measure = line.said["extract"].upper(), line.said["measure"].casefold()
        area = line.said["area"]
        if area == self._area and ((extract, measure), "") in self._areas:
            area = ""
        return extract, measure, _folded((area, line.said["breakdown"], line.said["sex"], line.said["age"]))

    def unknown(self, line: Line, extract: str, measure: str, key: Key) -> SetAside:
        """Return a line that is of no grid, with the first of its codes that is none."""
        keys = self._keys.get((extract, measure), [])
        if not keys:
            extracts = list(dict.fromkeys(name for name, _ in self._keys))
            wrong = "extract" if extract not in extracts else "measure"
            allowed = extracts if wrong == "extract" else [name for own, name in self._keys if own == extract]
        else:
            wrong, allowed = "age", []
            for position, name in enumerate(("area", "breakdown", "sex", "age")):
                allowed = list(dict.fromkeys(each[position] for each in keys))
                keys = [each for each in keys if each[position].casefold() == key[position]]
                if not keys:
                    wrong = name
                    break
        words = ", ".join(code or "ingenting" for code in allowed)
        return SetAside(
            f"rad {line.number}",
            "UNKNOWN_CODE",
            f"Rad {line.number}, kolumnen {wrong}: koden finns inte i uttaget, eller inte tillsammans med radens andra "
            f"koder. Väntade {words}.",
            {"line": line.number, "column": wrong, "expected": words},
        )
