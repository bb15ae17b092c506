"""The audit of what a release tells of small counts: an attacker that shares nothing with the code that hides them.

From the database alone it puts together what readers know (every release they were given, and the one under audit),
works out by linear programs (:mod:`include.publish.attack`) what follows from that, and compares it with the figures as
they were at each release (:mod:`include.publish.delivered`). It also looks at each row by itself, and at the files.

Everything found is told by indicator, series, year, area and rule; no text holds a number of persons or cases.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import ValidationError

from include.load import tables as t
from include.load.engine import engine
from include.publish import attack
from include.publish.delivered import LEAST_ANSWERS, Secret, Sum, Vintage, public_measures, secrets
from include.publish.knowledge import About, Knowledge, Numbered
from include.registry.models import Agreement, Indicator, Registry, Selection

if TYPE_CHECKING:
    from include.publish.release import Stored

Row = Mapping[str, Any]

#: The columns of a value that are figures, or come of them.
FIGURES = ("numerator", "denominator", "value", "ci_low", "ci_high")
_OF_FIGURES = (*FIGURES, "ci_level", "ci_method")

_KEY = ("indicator_id", "series", "area", "year", "sex", "age", "party", "breakdown")

#: How many exposed sums are looked for: one is enough to stop a release, and a few tell where to look.
_MOST = 25

#: What a row says while nobody has decided about it yet; it was never weighed, so nothing follows from it.
_NOT_DECIDED = "Bygger på små antal"

_RULES: dict[str, str] = {
    "most": "a small count follows from what is shown, with what earlier releases have shown",
    "width": "a count can be worked out too closely from what is shown, with what earlier releases have shown",
    "contradiction": "what is shown cannot all be true, so that nothing can be said of what follows from it",
    "unsolved": "whether it is safe could not be decided",
}


@dataclass(frozen=True)
class Given:
    """A release as readers have been (or would be) given it: what it says of persons and cases.

    Attributes:
        rows: those that are made of counts of persons or cases, or of which that cannot be told.
        indicators: as they were defined then; one that cannot be read any more is not there.
    """

    release_id: str
    year: int
    as_of: datetime
    rows: tuple[Row, ...]
    indicators: Mapping[str, Indicator]

    def own(self, row: Row) -> Indicator | None:
        """Return a row's indicator as its series makes it; None if the definition does not know the row."""
        indicator = self.indicators.get(row["indicator_id"])
        series = next((one for one in indicator.series if one.id == row["series"]), None) if indicator else None
        return indicator.of(series) if indicator is not None and series is not None else None


@dataclass(frozen=True)
class Case:
    """All that an audit weighs.

    Attributes:
        agreement: whose releases; None if the registry does not know it.
        small: full codes of the measures that count persons or cases, by the registry or by the database.
        now: the release under audit.
        before: what readers had been given before, oldest first.
        vintages: the figures as they were at each release's cut-off, of those that are needed.
    """

    registry: Registry
    agreement: Agreement | None
    small: frozenset[str]
    now: Given
    before: tuple[Given, ...]
    vintages: Mapping[datetime, Vintage]


@dataclass(frozen=True)
class Size:
    """How much an audit weighs: counts of things, none of persons.

    Attributes:
        figures: cells that are known inside at the release's cut-off.
        variables: those of all releases, each number of a cell once.
        sums: what must not be found out.
        hidden: rows of the release that are hidden.
        shown: rows of the release that are shown.
    """

    figures: int
    variables: int
    sums: int
    hidden: int
    shown: int


# --- from the database -------------------------------------------------------------------------------------------


def case_of(connection: sa.Connection, one: "Stored", registry: Registry) -> Case:
    """Return what is to be weighed for a release.

    Args:
        connection: of the role publisher; the figures themselves are read as the loader, here and nowhere else.
        one: the release under audit.
        registry: says what the parties deliver.
    """
    told = connection.scalars(sa.select(t.measure.c.code).where(t.measure.c.small_counts))
    small = frozenset({*secrets(registry), *told} - _no_counts(registry))
    c = t.release.c
    earlier = sa.select(c.release_id, c.year, c.as_of, c.released_at).where(
        c.agreement_id == one.agreement_id, c.release_id != one.release_id, c.released_at.is_not(None)
    )
    if one.released_at is not None:  # what readers were given afterwards is weighed with what came then
        earlier = earlier.where(c.released_at < one.released_at)
    before = tuple(
        _given(connection, registry, row.release_id, row.year, row.as_of, small)
        for row in connection.execute(earlier.order_by(c.released_at, c.release_id))
    )
    now = _given(connection, registry, one.release_id, one.year, one.as_of, small)
    agreement = registry.agreements.get(one.agreement_id)
    shown = any(is_shown(row) for given in (*before, now) for row in given.rows)
    needed = (*before, now) if shown else (now,)  # nothing follows from releases that show nothing
    vintages = _vintages(registry, agreement, [each.as_of for each in needed]) if agreement and now.rows else {}
    return Case(registry, agreement, small, now, before, vintages)


def _no_counts(registry: Registry) -> set[str]:
    """Return the measures of the parties' extracts that are no counts, such as a median of days: nobody is in them."""
    return {
        f"{extract.id}.{measure.id}"
        for extract in registry.extracts.values()
        for measure in extract.measures
        if measure.answer != "count"
    }


def _given(
    connection: sa.Connection,
    registry: Registry,
    release_id: str,
    year: int,
    as_of: datetime,
    small: frozenset[str],
) -> Given:
    i, v = t.release_indicator.c, t.release_value.c
    defined = connection.execute(
        sa.select(i.indicator_id, i.suppression, i.definition).where(i.release_id == release_id)
    ).all()
    guarded = {
        row.indicator_id: row.definition
        for row in defined
        if row.suppression == "small_counts" or small & measures_of(row.definition)
    }
    wanted = [v[name] for name in (*_KEY, "first_year", "area_role", "obs_status", "conf_status", "reason_sv")]
    wanted += [v[name] for name in (*_OF_FIGURES, "notes_sv", "unit", "decimals")]
    rows = connection.execute(
        sa.select(*wanted).where(v.release_id == release_id, v.indicator_id.in_(list(guarded))).order_by(*wanted[:8])
    ).mappings()
    indicators = _readable(guarded)
    open_ = _no_counts(registry) | {f"{s.id}.{m.id}" for s in registry.sources.values() for m in s.measures}
    mine = tuple(row for row in map(dict, rows) if _is_of(row, indicators, small, open_))
    return Given(release_id, year, as_of, mine, indicators)


def _is_of(row: Row, indicators: Mapping[str, Indicator], small: frozenset[str], harmless: set[str]) -> bool:
    """Return whether a row is made of counts of persons or cases: an indicator may have series that are not.

    Where the indicator says that it is, only a public source's own figures are believed not to be.
    """
    indicator = indicators.get(row["indicator_id"])
    series = next((one for one in indicator.series if one.id == row["series"]), None) if indicator else None
    if indicator is None or series is None:
        return is_shown(row)
    own = indicator.of(series)
    named = {each.measure for each in (*own.numerator, *own.denominator)}
    return bool(named & small or (indicator.suppression == "small_counts" and named - harmless))


def _readable(definitions: Mapping[str, Any]) -> dict[str, Indicator]:
    found = {}
    for name, definition in definitions.items():
        try:
            found[name] = Indicator.model_validate(definition)
        except ValidationError:
            continue  # its rows, if any are shown, are then told of as not understood
    return found


def measures_of(definition: object) -> set[str]:
    """Return the full codes of every measure that an indicator's definition names, wherever it stands in it."""
    if isinstance(definition, dict):
        own = definition.get("measure")
        inner = {name for part in definition.values() for name in measures_of(part)}
        return inner | ({own} if isinstance(own, str) else set())
    if isinstance(definition, list):
        return {name for part in definition for name in measures_of(part)}
    return set()


def _vintages(registry: Registry, agreement: Agreement, moments: Iterable[datetime]) -> dict[datetime, Vintage]:
    from include.load.read import observations

    codes = [*secrets(registry), *public_measures(registry)]
    with engine("loader").connect() as loader:
        return {at: Vintage(observations(loader, codes, at), registry, agreement) for at in dict.fromkeys(moments)}


# --- what is found -----------------------------------------------------------------------------------------------


def faults(case: Case) -> Iterator[str]:
    """Yield what is wrong with what a release tells of small counts: row by row, and all of it together."""
    yield from _row_faults(case)
    yield from _again_faults(case)
    knowledge, misunderstood = _known(case)
    yield from misunderstood
    if not misunderstood:
        yield from _exposed(knowledge)


def size_of(case: Case) -> Size:
    """Return how much an audit weighs."""
    knowledge, _ = _known(case)
    now = case.vintages.get(case.now.as_of)
    return Size(
        figures=len(now.cells) if now else 0,
        variables=knowledge.system().variables,
        sums=len(knowledge.forms()[0]),
        hidden=sum(map(is_hidden, case.now.rows)),
        shown=sum(map(is_shown, case.now.rows)),
    )


def is_shown(row: Row) -> bool:
    """Return whether a row shows any figure."""
    return any(row[name] is not None for name in FIGURES)


def is_hidden(row: Row) -> bool:
    """Return whether a row says that it is hidden."""
    return "suppressed" in (row["obs_status"], row["conf_status"])


def where(row: Row) -> str:
    """Return which row is meant."""
    parts = [row["indicator_id"], row["series"], str(row["year"]), row["area"]]
    usual = {"sex": "T", "age": "T", "party": "-", "breakdown": "total"}
    return " ".join([*parts, *(row[name] for name, plain in usual.items() if row[name] != plain)])


def key(row: Row) -> tuple[Any, ...]:
    """Return what identifies a row in every release."""
    return tuple(row[name] for name in _KEY)


def _row_faults(case: Case) -> Iterator[str]:
    """Yield what single rows do wrong: show what must not be shown, or hide it so that it shows."""
    allowed = _remarks(case)
    reasons = Counter(row["reason_sv"] for row in case.now.rows if is_hidden(row))
    usual = max(reasons, key=lambda reason: reasons[reason], default=None)
    for given in (*case.before, case.now):
        for row in given.rows:
            if is_hidden(row) and any(row[name] is not None for name in _OF_FIGURES):
                yield f"{where(row)}: it is hidden, but a number stands in it ({given.release_id})"
    for row in case.now.rows:
        indicator = case.now.indicators.get(row["indicator_id"])
        if is_shown(row) and (indicator is None or indicator.suppression != "small_counts"):
            yield f"{where(row)}: it is made of counts of persons or cases, which its definition does not say"
        elif is_shown(row) and row["value"] is not None and row["numerator"] is None:
            yield f"{where(row)}: its value is shown without the numerator that it is made of"
        elif is_shown(row) and row["value"] is None and not is_hidden(row):
            yield f"{where(row)}: numbers stand in a row that has no value"
        if not is_hidden(row):
            continue
        if (row["obs_status"], row["conf_status"]) != ("suppressed", "suppressed"):
            yield f"{where(row)}: its status tells it apart from other hidden rows"
        if row["reason_sv"] != usual:
            yield f"{where(row)}: its reason tells it apart from other hidden rows"
        if any(note and note not in allowed and not note.startswith("Känt fel") for note in row["notes_sv"].split("|")):
            yield f"{where(row)}: a remark of a hidden row is none that the registry makes"


def _remarks(case: Case) -> set[str]:
    """Return the remarks that come of the registry, and so tell nothing of a figure: of breaks in series."""
    breaks = [gap for indicator in case.now.indicators.values() for gap in indicator.breaks]
    breaks += [gap for source in case.registry.sources.values() for gap in source.breaks]
    return {gap.text.sv for gap in breaks}


def _again_faults(case: Case) -> Iterator[str]:
    """Yield the rows that are shown now though a release has hidden them."""
    hidden = {
        key(row)
        for given in case.before
        for row in given.rows
        if is_hidden(row) and not str(row["reason_sv"]).startswith(_NOT_DECIDED)
    }
    for row in case.now.rows:
        if is_shown(row) and key(row) in hidden:
            yield f"{where(row)}: an earlier release has hidden it, so it must stay hidden"


def _exposed(knowledge: Knowledge) -> Iterator[str]:
    forms, about = knowledge.forms()
    found = attack.exposed(knowledge.system(), forms, _MOST)
    if any(each.test == "contradiction" for each in found):
        found = attack.exposed(knowledge.system(doubting=True), forms, _MOST)
    told = dict.fromkeys((about[each.form], each.test) for each in found)
    for form, test in told:
        yield f"{form.what} {form.year} {form.area}: {_RULES[test]}"


# --- what is known -----------------------------------------------------------------------------------------------


def _known(case: Case) -> tuple[Knowledge, list[str]]:
    """Return what readers know, and which figures cannot be placed in it."""
    knowledge, misunderstood = Knowledge(), []
    numbered: dict[datetime, Numbered] = {}
    for given in (*case.before, case.now):
        vintage = case.vintages.get(given.as_of)
        if vintage is None:
            if any(is_shown(row) for row in given.rows):
                misunderstood.append(
                    f"{given.release_id}: not understood: figures of persons or cases are shown, and the registry does "
                    "not know the agreement"
                )
            continue
        if given.as_of not in numbered:
            numbered[given.as_of] = knowledge.add_vintage(vintage)
        for row in given.rows:
            reading = _Reading(given, row, vintage, is_now=given is case.now)
            misunderstood += reading.faults()
            reading.tell(knowledge, numbered[given.as_of])
    return knowledge, misunderstood


def true_figures(case: Case) -> Iterator[tuple[Row, list[float]]]:
    """Yield the hidden rows of the release under audit with what they would show, for a search; it is told nowhere."""
    vintage = case.vintages.get(case.now.as_of)
    if vintage is None:
        return
    for row in case.now.rows:
        if is_hidden(row):
            yield row, _Reading(case.now, row, vintage, is_now=True).figures()


class _Reading:
    """One row, read as an attacker reads it: which figures its numerator and denominator add up."""

    def __init__(self, given: Given, row: Row, vintage: Vintage, *, is_now: bool) -> None:
        self.given, self.row, self.vintage, self.is_now = given, row, vintage, is_now
        self.own = given.own(row)
        self.problem: str | None = None
        self.top: Sum | None = None
        self.bottom: Sum | None = None
        if self.own is None:
            self.problem = "its definition is not known"
        elif self.own.value not in ("count", "share", "rate"):
            self.problem = f"a value of the kind '{self.own.value}' is no sum of figures"
        else:
            self.top = self._side(self.own.numerator)
            self.bottom = self._side(self.own.denominator) if self._is_divided else None
            if not self._used:
                self.problem = "the registry does not know that what it counts is secret"

    @property
    def _is_divided(self) -> bool:
        return self.own is not None and self.own.value in ("share", "rate")

    @property
    def _used(self) -> list[Secret]:
        """Return the measures of persons and cases that the row is made of."""
        named = [*self.own.numerator, *(self.own.denominator if self._is_divided else ())] if self.own else []
        return [self.vintage.secrets[each.measure] for each in named if each.measure in self.vintage.secrets]

    @property
    def threshold(self) -> int:
        """Return from which count on a figure is not small, by the strictest of the extracts."""
        return max(each.extract.threshold for each in self._used)

    @property
    def least_base(self) -> int:
        """Return how many a share must be of, by the strictest of the extracts."""
        answers = [LEAST_ANSWERS for each in self._used if each.measure.counting_unit == "svar"]
        return max([*(each.extract.least_base for each in self._used), *answers])

    def _side(self, selections: Sequence[Selection]) -> Sum | None:
        """Return what a numerator or denominator adds up; None if nothing of it is secret."""
        secret = [each.measure in self.vintage.secrets for each in selections]
        if not any(secret):
            return None
        if not all(secret):
            self.problem = "parties' counts are added to other figures"
            return None
        indicator = self.given.indicators[self.row["indicator_id"]]
        series = next(one for one in indicator.series if one.id == self.row["series"])
        years = range(self.row["year"] - series.pool + 1, self.row["year"] + 1)
        if self.row["first_year"] not in (None, years[0]):
            self.problem = "it is about other years than its definition says"
        return self.vintage.sum_of(selections, series, self.row["area"], years, self.row["party"])

    # --- what is wrong with it -----------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """Return why the row cannot be followed, or must not be shown."""
        found = [] if self.own is None or self.problem else self._untold()
        if is_shown(self.row):
            found += [f"not understood: {self.problem}"] if self.problem else self._shown_faults()
        return [f"{where(self.row)} ({self.given.release_id}): {each}" for each in found]

    def _untold(self) -> list[str]:
        """Return whether the row tells by its status that nobody is counted in its denominator."""
        nobody = self.bottom is not None and self.bottom.state == "there" and self.bottom.amount == 0
        if self.is_now and nobody and not is_hidden(self.row) and self.row["obs_status"] == "not_applicable":
            return ["it tells that there is nothing to divide by, which is a small count too"]
        return []

    def _shown_faults(self) -> list[str]:
        found = []
        for name, side in (("numerator", self.top), ("denominator", self.bottom)):
            told = self._told(name)
            if side is None or told is None:
                continue
            if side.state != "there":
                found.append(f"not understood: figures of its {name} are {side.state}")
            elif abs(side.amount - told) > attack.NEARLY * (1 + abs(side.amount)):
                found.append(f"not understood: its {name} is not the sum of what was delivered")
        if self.row["numerator"] is not None and self.row["value"] is not None and not self._is_made():
            found.append("not understood: its value is not made of its numerator and denominator")
        return found + (self._primary() if self.is_now else [])

    def _is_made(self) -> bool:
        row, own = self.row, self.own
        if own is None or not self._is_divided:
            return bool(abs(row["value"] - row["numerator"]) <= attack.NEARLY)
        if not row["denominator"]:
            return False
        made = own.per * row["numerator"] / row["denominator"]
        return bool(abs(row["value"] - made) <= attack.NEARLY * (1 + abs(made)))

    def _primary(self) -> list[str]:
        """Return which of the rules for a single row is broken; the row is understood."""
        sums = [side for side in (self.top, self.bottom) if side is not None]
        if any(side.state == "hidden" for side in sums):
            return ["a figure that its source has hidden is among what it is made of"]
        small = range(1, self.threshold)
        if self.top is not None and self.top.state == "there" and round(self.top.amount) in small:
            return ["its numerator is a small count"]
        if self.own is None or self.own.value != "share" or self.bottom is None or self.bottom.state != "there":
            return []
        if self.bottom.amount < self.least_base:
            return ["it is a share of too few"]
        if self.top is not None and {round(self.bottom.amount), round(self.bottom.amount - self.top.amount)} & {*small}:
            return ["its denominator, or what is left of it, is a small count"]
        return []

    def figures(self) -> list[float]:
        """Return the numerator and the value that the row would show, so far as they are known."""
        if self.problem or self.own is None or self.top is None or self.top.state != "there":
            return []
        top, bottom = self.top.amount, self.bottom.amount if self.bottom and self.bottom.state == "there" else 0.0
        return [top, self.own.per * top / bottom] if bottom else [top]

    # --- what it tells -------------------------------------------------------------------------------------------

    def _told(self, name: str) -> float | None:
        """Return the numerator or denominator that the row tells, directly or by its value."""
        row = self.row
        if row[name] is not None:
            return float(row[name])
        if row["value"] is None or self.own is None or name == "denominator":
            return None
        if not self._is_divided:
            return float(row["value"])
        if row["denominator"] is None:
            return None
        return float(round(row["value"] * row["denominator"] / self.own.per))

    def tell(self, knowledge: Knowledge, numbered: Numbered) -> None:
        """Add what the row shows to what is known, and its sums to what must not be found out."""
        if self.problem or self.own is None:
            return
        told = {name: self._told(name) for name in ("numerator", "denominator")}
        for name, side in (("numerator", self.top), ("denominator", self.bottom)):
            amount = told[name]
            if side is not None and side.state == "there" and amount is not None:
                knowledge.add_shown(numbered, side.cells, amount)
        if (
            self.top
            and self.bottom
            and self.row["value"] is not None
            and told["numerator"] is None
            and told["denominator"] is None
        ):
            knowledge.add_ratio(numbered, self.top.cells, self.bottom.cells, self.row["value"] / self.own.per)
        self._guard(knowledge, numbered)

    def _guard(self, knowledge: Knowledge, numbered: Numbered) -> None:
        about = About(f"{self.row['indicator_id']} {self.row['series']}", self.row["year"], self.row["area"])
        if self.top is None or self.top.state == "lacking":
            return
        knowledge.add_candidate(numbered, self.top.cells, self.threshold, about)
        if self.own is None or self.own.value != "share" or self.bottom is None or self.bottom.state == "lacking":
            return
        rest = Counter(self.bottom.cells)
        rest.subtract(self.top.cells)
        left = Counter({cell: times for cell, times in rest.items() if times})
        if left:
            knowledge.add_candidate(numbered, left, self.threshold, about)
