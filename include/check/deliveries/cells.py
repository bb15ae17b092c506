"""A delivery's figures as arrays: their codes, the least and the most that each can be, and their names for people."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from include.check.gate import Reveal
from include.check.tidy import KEY, WITH_VALUE
from include.registry.delivery import SEX_WORDS, Identity, age_words
from include.registry.models import Extract, Measure, Registry

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

#: Statuses that say that nobody knows the figure.
BLANK = ("missing", "not_reported")

#: The codes that stand for all of a dimension.
TOTALS: dict[str, str] = {"sex": "T", "age": "T", "breakdown": "total"}

#: Stands where a number may not be shown.
NOT_SHOWN = "(visas inte)"

_CELL = re.compile(r"(?P<sheet>.*)!(?P<column>[A-Z]+)(?P<row>\d+)")
_LARGEST_KEY = 2**62


@dataclass(frozen=True)
class Columns:
    """A tidy table's columns as arrays, one entry a figure.

    Attributes:
        codes: for each column of KEY the index of its code in ``names``.
        value: the number; NaN where there is none.
        low: the least that it can be: the number, the interval of a masked figure or an estimate, else 0 (what a
            delivery counts is never negative).
        high: the most that it can be, infinite where nobody says.
        number: which have a number.
        masked: which are masked by the sender.
        blank: which nobody knows.
        final: which were delivered as final.
    """

    codes: dict[str, Places]
    names: dict[str, list[str]]
    value: Numbers
    low: Numbers
    high: Numbers
    number: Flags
    masked: Flags
    blank: Flags
    final: Flags

    @classmethod
    def of(cls, table: "pa.Table", masks: dict[str, tuple[int, int]]) -> "Columns":
        """Return the columns of a tidy table; ``masks`` has by extract what a masked figure without limits can be."""
        codes, names = {}, {}
        for column in KEY:
            codes[column], names[column] = coded(table, column)
        status, words = coded(table, "value_status")
        number, masked, blank = (
            np.isin(status, [i for i, word in enumerate(words) if word in wanted])
            for wanted in (WITH_VALUE, ("suppressed",), BLANK)
        )
        value = _floats(table, "value")
        number &= ~np.isnan(value)
        value = np.where(number, value, np.nan)
        final, letters = coded(table, "status")
        least, most = _masks(codes["measure"], names["measure"], masks)
        low, high = _floats(table, "value_low"), _floats(table, "value_high")
        low = np.where(np.isnan(low), np.where(masked, least, value), low)
        high = np.where(np.isnan(high), np.where(masked, most, value), high)
        told = number | masked
        return cls(
            codes,
            names,
            value,
            np.where(told & ~np.isnan(low), low, 0.0),
            np.where(told & ~np.isnan(high), high, np.inf),
            number,
            masked,
            blank,
            np.isin(final, [i for i, letter in enumerate(letters) if letter == "F"]),
        )

    def among(self, column: str, wanted: Iterable[str]) -> Flags:
        """Return which figures have one of these codes in a column of KEY."""
        chosen = set(wanted)
        return np.isin(self.codes[column], [i for i, name in enumerate(self.names[column]) if name in chosen])

    def combined(self, columns: Collection[str]) -> Places:
        """Return one number for each figure that tells figures of different codes in these columns apart."""
        return combine([self.codes[column] for column in columns])

    def without(self, dropped: Flags) -> "Columns":
        """Return the columns with some figures made unknown."""
        return Columns(
            self.codes,
            self.names,
            np.where(dropped, np.nan, self.value),
            np.where(dropped, 0.0, self.low),
            np.where(dropped, np.inf, self.high),
            self.number & ~dropped,
            self.masked & ~dropped,
            self.blank & ~dropped,
            self.final,
        )


class Cells:
    """The figures of one delivery, with the registry's words for them and what of them may be shown."""

    def __init__(self, table: "pa.Table", identity: Identity, registry: Registry, reveal: Reveal) -> None:
        self.table, self.identity, self.registry, self.reveal = table, identity, registry, reveal
        masks = {extract.id: extract.masked for extract in registry.extracts.values()}
        read = Columns.of(table, masks)
        # Two figures with one key contradict each other: neither is believed (the reader sets such rows aside).
        self.columns = read.without(twice(read.combined(KEY)))
        self._measures = {
            f"{extract.id}.{measure.id}": (extract, measure)
            for extract in registry.extracts.values()
            for measure in extract.measures
        }

    @cached_property
    def extracts(self) -> list[Extract]:
        """Return the extracts that the delivery has figures of, by id."""
        known = {self._measures[code][0].id for code in self.columns.names["measure"] if code in self._measures}
        return [self.registry.extracts[name] for name in sorted(known)]

    @cached_property
    def areas(self) -> list[str]:
        """Return the codes of the county's municipalities in the year that the delivery is about."""
        from datetime import date

        from include.periods import Period
        from include.registry.read import areas_of

        agreement = self.registry.agreements[self.identity.agreement]
        on = date(Period.parse(self.identity.period).year, 12, 31)
        return [area.code for area in areas_of(self.registry, agreement, on)]

    def measures(self, extract: Extract, *, answers: Collection[str] = ("count",)) -> list[Measure]:
        """Return an extract's measures that are asked for in a grid, of these kinds of answers."""
        in_grid = {name for sheet in extract.sheets if sheet.grid for name in sheet.grid.measures}
        return [each for each in extract.measures if each.id in in_grid and each.answer in answers]

    def of(self, extract: Extract, measures: Iterable[Measure]) -> Flags:
        """Return which figures are of these measures."""
        return self.columns.among("measure", [f"{extract.id}.{measure.id}" for measure in measures])

    def context(self, column: str) -> Places:
        """Return a number for each figure that is the same for figures that differ in this column of KEY only."""
        if column not in self._contexts:
            self._contexts[column] = self.columns.combined([name for name in KEY if name != column])
        return self._contexts[column]

    @cached_property
    def _contexts(self) -> dict[str, Places]:
        return {}

    def shows(self, row: int) -> bool:
        """Return whether a figure's number may be shown: never one of an extract of persons or cases."""
        return self.shows_measure(self.code(row, "measure"))

    def shows_measure(self, measure: str) -> bool:
        """Return whether the numbers of a measure (its full code) may be shown."""
        known = self._measures.get(measure)
        return known is not None and not known[0].small_counts and self.reveal.shows(measure)

    def number(self, row: int, value: float | None = None) -> str:
        """Return a figure's number (or another of the same figure) as it may be shown."""
        if not self.shows(row):
            return NOT_SHOWN
        return written(float(self.columns.value[row]) if value is None else value)

    def code(self, row: int, column: str) -> str:
        """Return a figure's code in a column of KEY."""
        return self.columns.names[column][int(self.columns.codes[column][row])]

    def place(self, row: int) -> str:
        """Return where a figure stands in the file."""
        return self.table["place"][int(row)].as_py() or f"{self.words(row)} (cellen är inte känd)"

    def words(self, row: int) -> str:
        """Return what a figure is about, in Swedish: its measure and how it is divided."""
        measure, breakdown = self.code(row, "measure"), self.code(row, "breakdown")
        words = [self.label(measure)]
        area = self.registry.areas.get(self.code(row, "area"))
        if area is not None and area.kind == "kommun" and area.code != self._own_area:
            words.append(area.name)
        if breakdown in self.registry.breakdowns and breakdown != TOTALS["breakdown"]:
            words.append(self.registry.breakdowns[breakdown].label.sv)
        if self.code(row, "sex") != TOTALS["sex"]:
            words.append(SEX_WORDS.get(self.code(row, "sex"), self.code(row, "sex")))
        if self.code(row, "age") != TOTALS["age"]:
            words.append(age_words(self.code(row, "age")))
        return " · ".join(words)

    def label(self, measure: str) -> str:
        """Return a measure's Swedish name by its full code."""
        return self._measures[measure][1].label.sv if measure in self._measures else measure

    def in_order(self, rows: "Iterable[int] | Places") -> list[int]:
        """Return figures in the order in which they stand in the file, whatever the order of the table."""
        return sorted((int(row) for row in rows), key=lambda row: (*_order(self.place(row)), self.words(row)))

    def first(self, which: Flags) -> int:
        """Return the first of some figures as they stand in the file."""
        return min(np.flatnonzero(which).tolist(), key=lambda row: _order(self.place(row)))

    @cached_property
    def _own_area(self) -> str | None:
        parties = self.registry.agreements[self.identity.agreement].parties
        return next((party.area for party in parties if party.code == self.identity.party), None)


def coded(table: "pa.Table", column: str) -> tuple[Places, list[str]]:
    """Return each row's index into the codes of a column, and these; no code is an empty one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.fill_null(table[column].cast(pa.string()), "").combine_chunks()
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], pa.string())
    encoded = texts.dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def combine(columns: Sequence[Places]) -> Places:
    """Return one number for each row that tells rows of different codes apart."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if (int(key.max(initial=0)) + 1) * width > _LARGEST_KEY:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        key = key * width + column
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def twice(key: Places) -> Flags:
    """Return which rows have a key that another row has too."""
    return np.bincount(key, minlength=1)[key] > 1 if len(key) else np.zeros(0, dtype=bool)


def written(value: float) -> str:
    """Return a number as a Swede writes it: ``1 234``, ``0,5``."""
    return f"{value:,.10g}".replace(",", " ").replace(".", ",")


def _floats(table: "pa.Table", column: str) -> Numbers:
    values: Numbers = table[column].to_numpy().astype(np.float64)
    return values


def _masks(measure: Places, names: list[str], masks: dict[str, tuple[int, int]]) -> tuple[Numbers, Numbers]:
    """Return for each figure the least and the most that a masked one of its extract can be."""
    limits = np.array([masks.get(name.partition(".")[0], (0, np.inf)) for name in names] or [(0, np.inf)], dtype=float)
    return limits[measure, 0], limits[measure, 1]


def _order(place: str) -> tuple[str, int, int, str]:
    """Return what sorts cells by sheet, row and column, and other places by the numbers in them."""
    if match := _CELL.fullmatch(place):
        return match["sheet"], int(match["row"]), len(match["column"]), match["column"]
    first = re.search(r"\d+", place)
    return "", int(first[0]) if first else 0, 0, place
