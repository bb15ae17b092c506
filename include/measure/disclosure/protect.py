"""Which rows of small counts a release shows: the domain's side of the disclosure control (docs/disclosure.md).

It turns observations, computed rows and what earlier releases have shown into a problem of sums
(:mod:`include.measure.disclosure.program`), and the solution into the rows that may be published. It reads no clock
and no database, and everything small stays in what it returns for the loader.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from include.load.tables import VALUE_KEY
from include.measure.breaks import break_texts
from include.measure.compute import Computed
from include.measure.disclosure.problem import Candidate, Exposed, Form, Problem, Relation
from include.measure.disclosure.program import ROUNDS, solve
from include.measure.disclosure.structure import Cell, is_counted, structure
from include.measure.methods import METHODS
from include.measure.observed import Key
from include.periods import Period
from include.registry.models import Agreement, Registry

#: What is said of every row that is hidden, whatever the reason.
REASON = "Uppgiften visas inte av sekretesskäl."

#: A share of answers to a survey needs at least so many.
LEAST_ANSWERS = 50

#: Losses: see :func:`_loss`.
_MAIN, _TOTAL, _PART, _POOLED, _LATER = 300.0, 200.0, 100.0, 1.5, 0.1

#: Of which rank a row is where a part of the release is coarsened; the highest is hidden first.
_KEPT, _SINGLE_YEAR, _DIVIDED = 0, 1, 2

ValueKey = tuple[Any, ...]


@dataclass(frozen=True)
class Earlier:
    """What the agreement's released releases have shown and hidden.

    Attributes:
        equations: as :func:`include.load.equations.equations_of` returns them.
        hidden: the keys (:data:`include.load.tables.VALUE_KEY`) of the values that any of them has hidden.
        vintages: the observations as each of them knew them: what was small then must not come out by what has become
            known since.
    """

    equations: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    hidden: Collection[ValueKey] = frozenset()
    vintages: Sequence[pd.DataFrame] = field(default=(), repr=False)


@dataclass(frozen=True)
class Summary:
    """How many rows of small counts there were, and how many of them are hidden for which reason. No more than counts.

    Attributes:
        candidates: rows that could be shown, by what was delivered.
        primary: hidden because of what they are.
        sticky: hidden because an earlier release hid them.
        secondary: hidden to protect others.
        coarsened: of those, hidden because their part of the release was coarsened.
    """

    candidates: int
    primary: int
    sticky: int
    secondary: int
    coarsened: int


@dataclass(frozen=True)
class Protected:
    """What :func:`protect` returns.

    Attributes:
        values: ready to be published; the rows and columns of ``computed.values``.
        equations: what these values show of small counts, to be stored with the release.
        summary: counts for the log of the loader.
    """

    values: pd.DataFrame
    equations: list[dict[str, Any]] = field(repr=False)
    summary: Summary


def protect(
    computed: Computed,
    observations: pd.DataFrame,
    registry: Registry,
    agreement: Agreement,
    earlier: Earlier,
    *,
    rounds: int = ROUNDS,
) -> Protected:
    """Return a release's values with everything hidden that must be, and what they show.

    Args:
        computed: by :func:`include.measure.compute.compute` with ``reveal=True``, for all years of the release.
        observations: the observations that it was computed from.
        registry: the contracts, with each extract's limits.
        agreement: whose release.
        earlier: what its released releases have shown and hidden.
        rounds: how hard to try before coarsening; see :func:`include.measure.disclosure.program.solve`.

    Raises:
        ValueError: ``computed`` does not reveal its values, or is not of these observations.
        Exposed: what earlier releases have shown gives away a number that must be protected.
        Contradiction: what earlier releases have shown cannot be true together with what is known now.
    """
    counts = _Counts(observations, registry, agreement, earlier)
    rows = _rows(computed, counts, registry, earlier)
    forms = _forms(rows, counts, registry, agreement)
    try:
        solution = solve(
            Problem(
                len(counts.cells),
                tuple(_known(counts, registry, agreement)),
                tuple(Candidate(row.relations, row.loss, row.why is not None, row.rank) for row in rows),
                tuple(each.form for each in forms),
            ),
            rounds=rounds,
        )
    except Exposed as error:
        raise _told(error, [forms[number] for number in error.forms]) from None
    gone = [row for row, hidden in zip(rows, solution.hidden, strict=True) if hidden]
    shown = [row for row, hidden in zip(rows, solution.hidden, strict=True) if not hidden]
    return Protected(
        values=_blanked(computed, {row.at for row in gone} | _lacking(computed), registry),
        equations=[equation for row in shown for equation in _equations(row, counts)],
        summary=Summary(
            candidates=sum(row.why != "source" for row in rows),
            primary=sum(row.why == "primary" for row in rows),
            sticky=sum(row.why == "sticky" for row in rows),
            secondary=sum(row.why is None for row in gone),
            coarsened=solution.coarsened,
        ),
    )


# --- the small counts --------------------------------------------------------------------------------------------


class _Counts:
    """The small counts, as known now and as earlier releases showed them; the same key and value are one variable.

    Attributes:
        cells: all of them; the number of a cell's variable is its place.
        keys: of each, its key.
        now: the cells as known now, by their keys.
        then: the cells as earlier releases knew them, by their keys: each vintage that is not that of now, once.
        shown: what earlier releases have shown, each once: variables and their sum.
    """

    def __init__(
        self,
        observations: pd.DataFrame,
        registry: Registry,
        agreement: Agreement,
        earlier: Earlier,
    ) -> None:
        self.cells: list[Cell] = []
        self.keys: list[Key] = []
        self.shown: dict[tuple[tuple[int, ...], float], None] = {}
        self._known: dict[tuple[Key, float | None, float, float], Cell] = {}
        self.now = self._vintage(observations, registry, agreement)
        self.then: list[dict[Key, Cell]] = []
        for frame in earlier.vintages:
            cells = self._vintage(frame, registry, agreement)
            if cells != self.now and cells not in self.then:
                self.then.append(cells)
        for each in earlier.equations:
            told = [self._cell(Key(*map(str, cell[:7])), *(float(cell[7]),) * 3) for cell in each["cells"]]
            self.shown[tuple(sorted(cell.variable for cell in told)), float(each["amount"])] = None

    def _vintage(self, frame: pd.DataFrame, registry: Registry, agreement: Agreement) -> dict[Key, Cell]:
        return {key: self._cell(key, value, low, high) for key, value, low, high in _small(frame, registry, agreement)}

    def _cell(self, key: Key, value: float | None, low: float, high: float) -> Cell:
        """Return the cell of a key with a value, or with limits where its source has hidden it."""
        if (key, value, low, high) not in self._known:
            self._known[key, value, low, high] = Cell(len(self.cells), low, high, value is None)
            self.cells.append(self._known[key, value, low, high])
            self.keys.append(key)
        return self._known[key, value, low, high]


def _small(
    observations: pd.DataFrame, registry: Registry, agreement: Agreement
) -> Iterator[tuple[Key, float | None, float, float]]:
    """Yield the small counts in the order of their keys: the value, or None and its limits if its source hid it."""
    counted = {
        f"{extract.id}.{measure.id}"
        for extract in registry.extracts.values()
        if extract.small_counts
        for measure in extract.measures
        if is_counted(measure) or (measure.answer == "count" and not _is_quotient(measure.unit))
    }
    areas = {agreement.county, agreement.benchmark, *(party.area for party in agreement.parties)}
    mine = observations[observations["measure"].isin(counted) & observations["area"].isin(areas)]
    numbers = mine[["value", "value_low", "value_high"]].to_numpy(dtype=float, na_value=np.nan)
    found: dict[Key, tuple[float | None, float, float]] = {}
    for codes, status, (value, low, high) in zip(
        mine[list(Key._fields)].itertuples(index=False, name=None), mine["value_status"], numbers.tolist(), strict=True
    ):
        key = Key(*map(str, codes))
        if status == "suppressed":
            found[key] = (None, 0.0 if np.isnan(low) else low, np.inf if np.isnan(high) else high)
        elif not np.isnan(value):
            found[key] = (value, value, value)
    return ((key, *found[key]) for key in sorted(found))


def _is_quotient(unit: str) -> bool:
    """Return whether a measure is in percent, so that it counts nobody."""
    return unit == "procent"


def _number(cell: Any) -> float | None:
    return None if pd.isna(cell) else float(cell)


def _known(counts: _Counts, registry: Registry, agreement: Agreement) -> list[Relation]:
    """Return what is known whatever is shown: the contracts' sums, now and then, and what releases have shown."""
    vintages = (counts.now, *counts.then)
    found = dict.fromkeys(relation for cells in vintages for relation in structure(registry, agreement, cells))
    return [*found, *(_equals(variables, amount) for variables, amount in counts.shown)]


def _equals(variables: Iterable[int], amount: float) -> Relation:
    times: dict[int, float] = {}
    for variable in variables:
        times[variable] = times.get(variable, 0.0) + 1.0
    return Relation(tuple(sorted(times.items())), "=", amount)


# --- the rows ----------------------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A row of small counts.

    Attributes:
        at: its place among the computed values.
        key: its value key.
        numerator, denominator: the small counts in it.
        relations: what showing it tells.
        why: why it must be hidden (source, primary, sticky); None if it need not be.
    """

    at: int
    key: ValueKey
    is_share: bool
    numerator: tuple[Key, ...]
    denominator: tuple[Key, ...]
    relations: tuple[Relation, ...]
    loss: float
    rank: int
    why: str | None


def _rows(computed: Computed, counts: _Counts, registry: Registry, earlier: Earlier) -> list[_Row]:
    """Return the rows that are made of small counts, in the order of their keys."""
    frame = computed.values.reset_index(drop=True)
    columns = [*VALUE_KEY, "method", "numerator", "denominator", "first_year", "area_role"]
    told = []
    for at, cells in enumerate(frame[columns].itertuples(index=False, name=None)):
        key, row = cells[: len(VALUE_KEY)], dict(zip(columns, cells, strict=True))
        parts = computed.parts.get(key)
        if parts is None or row["method"] == "given":
            continue
        small = tuple(_small_ones(side, counts, registry) for side in parts)
        if any(small):
            told.append((key, at, row, small))
    largest = 1.0 + sum(_number(row["numerator"]) or 0.0 for _, _, row, _ in told)
    first = min((int(row["year"]) for _, _, row, _ in told), default=0)
    rows = []
    for key, at, row, small in sorted(told, key=lambda each: tuple(map(str, each[0]))):
        top, bottom = small
        is_hidden = any(counts.now[each].hidden for each in (*top, *bottom))
        relations = [
            _equals([counts.now[each].variable for each in side], _sum(side, counts)[0]) for side in small if side
        ]
        if not is_hidden and _number(row["numerator"]) is None:
            raise ValueError("values of small counts must be computed with reveal=True to be protected")
        why = "source" if is_hidden else "primary" if _is_small(row, top, bottom, registry) else None
        if why is None and key in earlier.hidden:
            why = "sticky"
        rows.append(
            _Row(
                at, key, row["method"] == "share", top, bottom,
                () if is_hidden else tuple(dict.fromkeys(relations)),
                _loss(row, registry, first, largest), _rank(row, registry), why,
            )
        )  # fmt: skip
    return rows


def _small_ones(side: Sequence[Key], counts: _Counts, registry: Registry) -> tuple[Key, ...]:
    """Return the small counts among a row's parts.

    Raises:
        ValueError: one is not among the observations.
    """
    small = tuple(sorted(key for key in side if _is_of_small_counts(key.measure, registry)))
    if not counts.now.keys() >= set(small):
        raise ValueError("the values were not computed from these observations: small counts in them are not there")
    return small


def _is_of_small_counts(measure: str, registry: Registry) -> bool:
    extract = registry.extracts.get(measure.partition(".")[0])
    return extract is not None and extract.small_counts


def _sum(keys: Iterable[Key], counts: _Counts) -> tuple[float, float]:
    """Return the least and the most that small counts add up to."""
    cells = [counts.now[key] for key in keys]
    return float(sum(cell.low for cell in cells)), float(sum(cell.high for cell in cells))


def _is_small(row: Mapping[str, Any], top: Sequence[Key], bottom: Sequence[Key], registry: Registry) -> bool:
    """Return whether a row must be hidden because of what it is."""
    threshold, base = limits({key.measure for key in (*top, *bottom)}, registry)
    numerator, denominator = _number(row["numerator"]) or 0.0, _number(row["denominator"])
    if row["method"] == "criteria" or 1 <= numerator < threshold:
        return True
    if denominator is None or (row["method"] != "share" and not bottom):
        return False
    return denominator < base or 1 <= denominator - numerator < threshold


def limits(measures: Iterable[str], registry: Registry) -> tuple[int, int]:
    """Return the threshold and the least base of what is made of some measures: the strictest of their extracts."""
    threshold = base = 0
    for code in sorted(measures):
        owner, _, name = code.partition(".")
        extract = registry.extracts[owner]
        threshold, base = max(threshold, extract.threshold), max(base, extract.least_base)
        if any(measure.id == name and measure.counting_unit == "svar" for measure in extract.measures):
            base = max(base, LEAST_ANSWERS)
    return threshold, base


def _loss(row: Mapping[str, Any], registry: Registry, first: int, largest: float) -> float:
    """Return what is lost if a row is hidden.

    An indicator's first series as a whole is worth 300, another whole 200, a part (of one sex, age, breakdown, party or
    municipality) 100. A sum of years is worth half as much again as one of its years, for it is what is left when those
    are hidden; a year is worth a tenth more for each that it is later than the first. Of rows that are alike in that,
    the larger numerator is worth more, by less than 1.
    """
    is_first = row["series"] == registry.indicators[row["indicator_id"]].series[0].id
    worth = _PART if _is_part(row, registry) else _MAIN if is_first else _TOTAL
    pooled = _POOLED if row["first_year"] < row["year"] else 1.0
    later = 1.0 + _LATER * (int(row["year"]) - first)
    return worth * pooled * later + (_number(row["numerator"]) or 0.0) / largest


def _rank(row: Mapping[str, Any], registry: Registry) -> int:
    if _is_part(row, registry):
        return _DIVIDED
    return _KEPT if row["first_year"] < row["year"] else _SINGLE_YEAR


def _is_part(row: Mapping[str, Any], registry: Registry) -> bool:
    """Return whether a row is a part of what its indicator's first series gives as a whole."""
    whole = registry.indicators[row["indicator_id"]].series[0]
    divided = (row["sex"], row["age"], row["breakdown"]) != (whole.sex, whole.age, "+".join(whole.breakdown) or "total")
    return divided or row["party"] != "-" or row["area_role"] == "kommun"


# --- what must be protected --------------------------------------------------------------------------------------


class _Secret(NamedTuple):
    """A sum that must be protected, with what an error may say of it."""

    form: Form
    extracts: tuple[str, ...]
    years: tuple[int, ...]


def _forms(rows: Sequence[_Row], counts: _Counts, registry: Registry, agreement: Agreement) -> list[_Secret]:
    """Return the sums that must be protected: single counts, sums of a year, numerators of rows and what is left."""
    found: dict[tuple[tuple[int, float], ...], _Secret] = {}

    def add(cells: Iterable[tuple[Cell, float]], keys: Collection[Key], *, always: bool = False) -> None:
        threshold, _ = limits({key.measure for key in keys}, registry)
        times: dict[int, float] = {}
        low = high = 0.0
        for cell, number in cells:
            times[cell.variable] = times.get(cell.variable, 0.0) + number
        for variable, number in times.items():
            cell = counts.cells[variable]
            low += number * (cell.low if number > 0 else cell.high) if number else 0.0
            high += number * (cell.high if number > 0 else cell.low) if number else 0.0
        sign = tuple(sorted((variable, number) for variable, number in times.items() if number))
        if sign and (always or (low < threshold and high >= 1)):
            found.setdefault(sign, _secret(sign, threshold, keys))

    for cell, key in zip(counts.cells, counts.keys, strict=True):
        if _is_of_small_counts(key.measure, registry):
            add([(cell, 1.0)], [key], always=cell.hidden)
    for cells in (counts.now, *counts.then):
        for keys in _years(cells, registry, agreement):
            add([(cells[key], 1.0) for key in keys], keys)
    for row in rows:
        top = [(counts.now[key], 1.0) for key in row.numerator]
        add(top, row.numerator)
        if row.is_share and row.denominator:
            rest = [*((counts.now[key], 1.0) for key in row.denominator), *((cell, -1.0) for cell, _ in top)]
            add(rest, (*row.numerator, *row.denominator))
    return list(found.values())


def _secret(cells: tuple[tuple[int, float], ...], threshold: int, keys: Iterable[Key]) -> _Secret:
    several = list(keys)
    return _Secret(
        Form(cells, float(threshold)),
        tuple(sorted({key.measure.partition(".")[0] for key in several})),
        tuple(sorted({Period.parse(key.period).year for key in several})),
    )


def _years(cells: Iterable[Key], registry: Registry, agreement: Agreement) -> list[list[Key]]:
    """Return the counts whose sums over parties and periods of a year must be protected."""
    by_area = {
        f"{extract.id}.{name}"
        for extract in registry.extracts.values()
        for sheet in extract.sheets
        if sheet.grid and sheet.grid.by_area
        for name in sheet.grid.measures
    }
    groups: dict[tuple[Any, ...], list[Key]] = {}
    for key in cells:
        if key.area == agreement.benchmark:
            continue
        year = Period.parse(key.period).year
        places = ["", key.area] if key.measure in by_area else [""]
        for place in places:
            groups.setdefault((key.measure, year, place, key.sex, key.age, key.breakdown), []).append(key)
    return [keys for _, keys in sorted(groups.items()) if len(keys) > 1]


def _told(error: Exposed, secrets: Sequence[_Secret]) -> Exposed:
    """Return the error for the one who must act on it; it names no number."""
    extracts = sorted({each for secret in secrets for each in secret.extracts})
    years = sorted({year for secret in secrets for year in secret.years})
    return Exposed(
        f"Disclosure control: what earlier releases have shown, with what is known now, gives away small counts of "
        f"{', '.join(extracts)} for {', '.join(map(str, years))}, whatever this release hides. Nothing is published. "
        "See whether a contract's limit was raised or a figure revised since the last release (docs/disclosure.md, "
        "'When it stops'), and decide on the releases that have shown it.",
        error.forms,
    )


# --- what is published -------------------------------------------------------------------------------------------


def _lacking(computed: Computed) -> set[int]:
    """Return the places of rows of small counts that have no value because a source has hidden it."""
    hidden = np.flatnonzero(computed.values["obs_status"] == "suppressed")
    keys = computed.values.iloc[hidden][list(VALUE_KEY)].itertuples(index=False, name=None)
    return {int(at) for at, key in zip(hidden, keys, strict=True) if key in computed.parts}


def _blanked(computed: Computed, at: Collection[int], registry: Registry) -> pd.DataFrame:
    """Return the values with some rows hidden, each in the same way."""
    index = computed.values.index
    frame = computed.values.reset_index(drop=True)
    hidden = sorted(at)
    if not hidden:  # shortcut
        return frame.set_index(index)
    for name in ("numerator", "denominator", "value", "ci_low", "ci_high", "ci_level"):
        frame.loc[hidden, name] = np.nan
    frame.loc[hidden, "ci_method"] = None
    frame.loc[hidden, "obs_status"] = "suppressed"
    frame.loc[hidden, "conf_status"] = "suppressed"
    frame.loc[hidden, "reason_sv"] = REASON
    frame.loc[hidden, "method_version"] = [METHODS[name].version for name in frame.loc[hidden, "method"]]
    frame.loc[hidden, "notes_sv"] = [
        _notes(indicator, series, year, registry)
        for indicator, series, year in frame.loc[hidden, ["indicator_id", "series", "year"]].itertuples(
            index=False, name=None
        )
    ]
    return frame.set_index(index)


def _notes(indicator_id: str, series_id: str, year: int, registry: Registry) -> str:
    """Return the notes of a hidden row: on breaks, from the registry, and none that its figures gave rise to."""
    indicator = registry.indicators[indicator_id]
    series = next(each for each in indicator.series if each.id == series_id)
    return "|".join(break_texts(indicator, series, registry).get(int(year), []))


def _equations(row: _Row, counts: _Counts) -> Iterable[dict[str, Any]]:
    """Yield what a shown row tells of small counts, in the shape in which it is stored."""
    for role, side in (("numerator", row.numerator), ("denominator", row.denominator)):
        if side:
            yield {
                "role": role,
                "value_key": [each.item() if isinstance(each, np.generic) else each for each in row.key],
                "amount": _sum(side, counts)[0],
                "cells": [[*key, counts.now[key].low] for key in side],
            }
