"""Reader of a topic of Socialstyrelsen's statistical database, as :mod:`include.archive.fetchers.sos` archives it.

``{"amne": …, "fraga": {dimension: [id]}, "dimensioner": {dimension: [{"id", "kod", "text"}]}, "data": [row]}``, where a
row is the producer's own: ``{"regionId": 23, "konId": 1, "alderId": 5, "mattId": 6, "ar": "2023", "varde": "1 234"}``.
Ids are numbers in one topic and text in another; a value is text with decimal comma and blanks between thousands, and
``X`` where it is suppressed. What a code means is told by its label, and where both are known they must agree.

A row that is not there is a zero only in the measures that the registry says so of (``absent_is_zero``), and only if
nothing of the measure is suppressed in the answer: else it could be either, and is missing.
"""

import json
import re
from collections.abc import Mapping
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

from include.archive.fetchers.sos import MEASURE, REGION, YEAR, Entry, is_area, plain
from include.archive.manifest import Manifest
from include.check.readers.numbers import ungrouped
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.errors import LayoutChanged
from include.registry.models import Registry, SosFetch, Source

if TYPE_CHECKING:
    import pyarrow as pa

SEX, AGE = "kon", "alder"

#: Code of sex, how its label begins, and ours.
_SEXES = {"1": (("män", "man", "pojk"), "M"), "2": (("kvinn", "flick"), "K"), "3": (("båda", "tot", "samtliga"), "T")}
_AGE = re.compile(r"(\d{1,3})(?:\s*-\s*(\d{1,3})|\s*(\+))?(?: år)?")
_OLDEST = re.compile(r"(\d{1,3}) år (?:och|eller) äldre")
_ALL_AGES = re.compile(r"(?:samtliga|alla|totalt?)\b.*|0\s*-\s*\d+\+(?: år)?")
_NUMBER = re.compile(r"\d+(?:,\d+)?")
_SPAN = re.compile(r"(\d{4})-(\d{4})")

_LEFT_OUT = "raden finns inte i källan, som utelämnar nollor"


class Cell(NamedTuple):
    """What a figure is about: measure, area, sex and age, by our codes."""

    measure: str
    area: str
    sex: str
    age: str


class Figure(NamedTuple):
    """A figure of a cell, with the words that the producer has for it and where it stands."""

    cell: Cell
    value: float | None
    status: str
    mark: str
    label: str
    place: str


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Read one year of a topic.

    Returns:
        One figure for each row, for each row that is left out because it is zero, and for each total over all ages
        that the topic lacks: the sum of its age groups, marked as derived.

    Raises:
        LayoutChanged: it is not the topic, year or measures that the manifest and the registry say, or a sex has
            another label than its code means; the text says what was found and expected.
    """
    if not isinstance(source.fetch, SosFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    answer = _Answer(content, manifest, source, source.fetch, registry)
    figures, aside = answer.figures()
    figures += answer.left_out(figures, aside)
    figures += answer.all_ages(figures)
    table = _table(figures, source, answer.period)
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), [*manifest.notes, *answer.notes()])


def value_of(text: object) -> tuple[float | None, str] | None:
    """Return value and status of a ``varde``: a number, ``X`` = suppressed; None if it is neither."""
    words = str(text).strip()
    if words.casefold() == "x":
        return None, "suppressed"
    number = ungrouped(words)
    return (float(number.replace(",", ".")), "ok") if _NUMBER.fullmatch(number) else None


def period_of(text: object) -> str:
    """Return a year or a span of years in our form: 2023, 1995/1997."""
    return _SPAN.sub(r"\1/\2", str(text))


class _Answer:
    """An archived answer, its codes in ours."""

    def __init__(self, content: bytes, manifest: Manifest, source: Source, how: SosFetch, registry: Registry) -> None:
        self._what = f"{manifest.source_id}/{manifest.part}"
        self._how = how
        self._source = source
        document = json.loads(content)
        self._demand_form(document)
        self._rows: list[dict[str, Any]] = document["data"]
        self._entries: dict[str, dict[str, Entry]] = {
            dimension: {str(entry["id"]): entry for entry in entries}
            for dimension, entries in document["dimensioner"].items()
        }
        self.period = self._period(manifest)
        self._measures = self._measure_codes()
        self._areas = {code: self._area(entry, registry) for code, entry in self._entries[REGION].items()}
        self._sexes = {code: self._sex(code, entry) for code, entry in self._entries.get(SEX, {}).items()}
        self._ages = {code: _age(entry) for code, entry in self._entries.get(AGE, {}).items()}
        self._demand_one_classification()

    # --- what it says that it is ---------------------------------------------------------------------------------

    def _demand_form(self, document: Any) -> None:
        whole = isinstance(document, dict) and {"amne", "fraga", "dimensioner", "data"} <= document.keys()
        if not whole or document["amne"] != self._how.topic:
            found = document.get("amne") if isinstance(document, dict) else type(document).__name__
            raise LayoutChanged(f"{self._what}: found the topic {found!r}; expected {self._how.topic!r} with its rows.")
        if lacking := {MEASURE, YEAR, REGION} - document["dimensioner"].keys():
            raise LayoutChanged(f"{self._what}: the answer lacks the dimensions {', '.join(sorted(lacking))}.")

    def _period(self, manifest: Manifest) -> str:
        periods = [period_of(code) for code in self._entries[YEAR]]
        if periods != manifest.periods:
            raise LayoutChanged(f"{self._what}: found the years {periods}; expected {manifest.periods}.")
        return periods[0]

    def _measure_codes(self) -> dict[str, str]:
        """Return our measure of each of the topic's, by code and label together."""
        codes = {}
        for code, entry in self._entries[MEASURE].items():
            ours = self._how.measures.get(code)
            if ours is None or not re.search(ours.label, plain(entry.get("text", ""))):
                raise LayoutChanged(
                    f"{self._what}: found the measure {code} = {entry.get('text')!r}; expected "
                    + "; ".join(f"{c} = {m.measure} (label like {m.label!r})" for c, m in self._how.measures.items())
                )
            codes[code] = ours.measure
        return codes

    def _area(self, entry: Entry, registry: Registry) -> str | None:
        """Return our area of a region, None if it is none by number and name."""
        return next((code for code, area in registry.areas.items() if is_area(entry, area)), None)

    def _sex(self, code: str, entry: Entry) -> str:
        begins, ours = _SEXES.get(code, ((), ""))
        if not plain(entry.get("text", "")).startswith(begins or ("?",)):
            raise LayoutChanged(
                f"{self._what}: found the sex {code} = {entry.get('text')!r}; expected 1 = män, 2 = kvinnor, 3 = båda."
            )
        return ours

    def _demand_one_classification(self) -> None:
        """Refuse age groups that overlap, for their sum would count people twice."""
        spans = sorted(_span(age) for age in self._ages.values() if age not in (None, "T"))
        for (_, end), (start, _) in pairwise(spans):
            if start <= end:
                found = ", ".join(filter(None, self._ages.values()))
                raise LayoutChanged(
                    f"{self._what}: ages overlap around {start} (found {found}); "
                    "expected one classification. Choose the ids of alder in the source's selection."
                )

    # --- figures -------------------------------------------------------------------------------------------------

    def figures(self) -> tuple[list[Figure], list[SetAside]]:
        """Return the rows as figures, and those that cannot be one."""
        figures: list[Figure] = []
        aside: list[SetAside] = []
        for index, row in enumerate(self._rows):
            place = f"data[{index}]"
            made = self._figure(row, place)
            if isinstance(made, Figure):
                figures.append(made)
            else:
                aside.append(SetAside(place, made[0], made[1], row))
        return figures, aside

    def _figure(self, row: Mapping[str, Any], place: str) -> Figure | tuple[str, str]:
        """Return a row's figure, or the reason (code and Swedish words) why it is none."""
        measure = self._measures.get(str(row.get("mattId")))
        area = self._areas.get(str(row.get("regionId")))
        sex = self._sexes.get(str(row["konId"])) if "konId" in row else "T"
        age = self._ages.get(str(row["alderId"])) if "alderId" in row else "T"
        if period_of(row.get("ar")) != self.period:
            return "OTHER_PERIOD", f"Raden gäller {row.get('ar')}, inte {self.period}."
        if measure is None:
            return "UNKNOWN_MEASURE", f"Måttet {row.get('mattId')} finns inte i registret för källan."
        if area is None:
            name = self._name(REGION, row.get("regionId"))
            return "UNKNOWN_AREA", f"Området {name} finns inte i areas.csv med det numret och det namnet."
        if sex is None or age is None:
            words = f"könet {row.get('konId')}" if sex is None else f"åldern {self._name(AGE, row.get('alderId'))}"
            return "UNKNOWN_CODE", f"Raden har {words}, som inte är känd."
        read_value = value_of(row.get("varde"))
        if read_value is None:
            return "UNREADABLE_VALUE", "Värdet är varken ett tal med decimalkomma eller X."
        value, status = read_value
        return Figure(Cell(measure, area, sex, age), value, status, "direct", self._label(measure), place)

    def left_out(self, figures: list[Figure], aside: list[SetAside]) -> list[Figure]:
        """Return a figure for each cell of the question that has no row, for measures that leave zeros out.

        It is zero, unless something of the measure is suppressed or could not be read: then it is missing.
        """
        there = {figure.cell for figure in figures}
        hidden = {figure.cell.measure for figure in figures if figure.status != "ok"}
        made = []
        for measure in self._measures.values():
            if measure not in self._how.absent_is_zero:
                continue
            certain = measure not in hidden and not aside
            for area, sex, age in product(self._known(self._areas), self._known(self._sexes), self._known(self._ages)):
                cell = Cell(measure, area, sex, age)
                if cell not in there:
                    value, status = (0.0, "ok") if certain else (None, "missing")
                    label = f"{self._label(measure)} ({_LEFT_OUT})"
                    made.append(Figure(cell, value, status, "derived", label, "ingen rad i svaret"))
        return made

    def all_ages(self, figures: list[Figure]) -> list[Figure]:
        """Return the sums over all ages, in counts of a topic that has age groups and no total of them.

        None if an age group is not known: the sum would lack it.
        """
        ages = set(self._known(self._ages))
        if "T" in ages or None in self._ages.values():
            return []
        by_cell = {figure.cell: figure for figure in figures}
        made = []
        for measure in self._measures.values():
            if measure not in self._how.absent_is_zero:  # a rate, or groups that need not all be there
                continue
            for area, sex in product(self._known(self._areas), self._known(self._sexes)):
                parts = [by_cell.get(Cell(measure, area, sex, age)) for age in sorted(ages)]
                value, status = _sum(parts)
                label = f"{self._label(measure)} (summa av {len(ages)} åldersgrupper)"
                made.append(
                    Figure(Cell(measure, area, sex, "T"), value, status, "derived", label, "summa av åldersgrupper")
                )
        return made

    def notes(self) -> list[str]:
        """Return how the topic itself names what was asked for where that is one thing only, such as the diagnosis."""
        single = {d: next(iter(e.values())) for d, e in self._entries.items() if len(e) == 1 and d != YEAR}
        return [f"Urval hos källan: {d} {entry['id']} ({entry.get('text', '')})." for d, entry in single.items()]

    def _known(self, codes: Mapping[str, str | None]) -> list[str]:
        return list(dict.fromkeys(code for code in codes.values() if code)) or ["T"]

    def _name(self, dimension: str, code: object) -> str:
        entry = self._entries.get(dimension, {}).get(str(code), {})
        return f"{code} ({entry['text']})" if entry.get("text") else str(code)

    def _label(self, measure: str) -> str:
        code = next(theirs for theirs, ours in self._measures.items() if ours == measure)
        return str(self._entries[MEASURE][code]["text"])


def _age(entry: Entry) -> str | None:
    """Return our code of an age by its label ("0-4", "85+", "85 år och äldre", "Samtliga"); None if it tells none."""
    label = plain(entry.get("text", ""))
    if _ALL_AGES.fullmatch(label):
        return "T"
    if oldest := _OLDEST.fullmatch(label):
        return f"{oldest[1]}+"
    match = _AGE.fullmatch(label)
    if match is None:
        return None
    first, last, open_end = match.groups()
    return f"{first}+" if open_end else f"{first}-{last}" if last else first


def _span(age: str | None) -> tuple[int, int]:
    """Return first and last year of an age in our form."""
    first, _, last = (age or "").rstrip("+").partition("-")
    return int(first), 999 if (age or "").endswith("+") else int(last or first)


def _sum(parts: list[Figure | None]) -> tuple[float | None, str]:
    """Return the sum of parts that all have a value; else none, and the status of those that have not."""
    values = [part.value for part in parts if part is not None and part.status == "ok" and part.value is not None]
    if len(values) == len(parts):
        return sum(values), "ok"
    return None, "suppressed" if any(part is not None and part.status == "suppressed" for part in parts) else "missing"


def _table(figures: list[Figure], source: Source, period: str) -> "pa.Table":
    return tidy_table(
        {
            "measure": [f"{source.id}.{figure.cell.measure}" for figure in figures],
            "area": [figure.cell.area for figure in figures],
            "period": period,
            "sex": [figure.cell.sex for figure in figures],
            "age": [figure.cell.age for figure in figures],
            "value": [figure.value for figure in figures],
            "value_status": [figure.status for figure in figures],
            "status": "F",
            "mark": [figure.mark for figure in figures],
            "source_label": [figure.label for figure in figures],
            "place": [figure.place for figure in figures],
        }
    )
