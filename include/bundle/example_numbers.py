"""Invented numbers for the grids of a delivery: as many as the population lets expect, and consistent in themselves.

The contracts say what is needed, so a new measure, grid or check gets numbers without a word here; :data:`HINTS` only
makes them plausible. Everything is counted in the finest cells that an extract's grids divide by (a care unit, a sex
and an age at once), and a row of a grid is the sum of its cells: parts always make up their totals, within a sheet and
between sheets. What the contract checks holds in every cell, and so in every sum of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise, product
from math import floor
from random import Random
from typing import NamedTuple

from include.bundle.facts import rows as facts
from include.periods import Period
from include.registry.delivery import Identity, extracts_in, grid_rows
from include.registry.models import Agreement, CrossCheck, Extract, Grid, Measure, Party, Registry
from include.registry.read import areas_of

Value = int | float | str
Key = tuple[str, str, str, str]

FIRST_YEAR = 2021


class Level(NamedTuple):
    """So many a year for 10,000 inhabitants, growing by a share a year; ``by_role`` has other levels by role."""

    per_10000: float
    growth: float = 0.02
    by_role: Mapping[str, float] = {}


class Share(NamedTuple):
    """A share of other measures (less some), rising by so much a year."""

    of: tuple[str, ...]
    share: float
    rise: float = 0.0
    less: tuple[str, ...] = ()


class Each(NamedTuple):
    """So many, from least to most, for each one of other measures."""

    of: tuple[str, ...]
    least: int
    most: int


class Typical(NamedTuple):
    """A figure that is no count, changing by a share a year."""

    value: float
    growth: float = 0.0


class Yes(NamedTuple):
    """The share that answers yes in the first year, rising by so much a year; who once said yes goes on so."""

    share: float
    rise: float = 0.0


Hint = Level | Share | Each | Typical | Yes

#: What makes a measure plausible. Invented throughout: no source stands behind any of them.
HINTS: dict[tuple[str, str], Hint] = {
    ("E01", "prevention_decision"): Yes(0.3, 0.12),
    ("E01", "cooperation_days"): Level(0.28, 0.06),
    ("E01", "participants"): Each(("cooperation_days",), 38, 72),
    ("E01", "parties_represented"): Level(0.72, 0.04),
    ("E03", "contacts_eligible"): Level(980, 0.03),
    ("E03", "asked_yes"): Share(("contacts_eligible",), 0.44, 0.06),
    ("E03", "not_possible"): Share(("contacts_eligible",), 0.13, less=("asked_yes",)),
    ("E03", "asked_no"): Share(("contacts_eligible",), 1.0, less=("asked_yes", "not_possible")),
    ("E03", "disclosed"): Share(("asked_yes",), 0.07, 0.002),
    ("E03", "risk_offered"): Share(("disclosed",), 0.55, 0.06),
    ("E03", "risk_done"): Share(("risk_offered",), 0.72),
    ("E03", "children_crisis_support"): Level(5.5),
    ("E04", "cases"): Level(72, 0.01),
    ("E04", "cases_assessed"): Share(("cases",), 0.34, 0.04),
    ("E04", "protection_decided"): Share(("cases",), 0.12, 0.01),
    ("E04", "consultations"): Level(2.1, 0.08),
    ("E04", "response_minutes"): Typical(21.5, -0.02),
    ("E05", "decided"): Level(10.5),
    ("E05", "applied"): Level(10.8),
    ("E05", "granted"): Share(("decided",), 0.42, 0.01),
    ("E05", "refused"): Share(("decided",), 0.8, less=("granted",)),
    ("E05", "other"): Share(("decided",), 1.0, less=("granted", "refused")),
    ("E05", "electronic"): Share(("granted",), 0.05, 0.02),
    ("E05", "decision_days"): Typical(9.0, -0.03),
    ("E06", "referred"): Level(33, 0.04),
    ("E06", "investigated"): Share(("referred",), 0.68, 0.02),
    ("E06", "any_intervention"): Share(("referred",), 0.57, 0.01),
    ("E06", "goal_met"): Share(("any_intervention",), 0.42, 0.02),
    ("E06", "risk_offered"): Share(("referred",), 0.5, 0.06),
    ("E06", "risk_done"): Share(("risk_offered",), 0.78),
    ("E06", "placed_adults"): Level(4.2),
    ("E06", "nights_adults"): Each(("placed_adults",), 12, 85),
    ("E06", "placed_children"): Level(4.6),
    ("E06", "nights_children"): Each(("placed_children",), 12, 85),
    ("E06", "perpetrators_supported"): Level(4.4, 0.06),
    ("E06", "consultations"): Level(2.6, 0.1),
    ("E06", "children_barnahus"): Level(10),
    ("E07", "children"): Level(10),
    ("E07", "interviews"): Share(("children",), 0.9),
    ("E07", "interviews_14_days"): Share(("interviews",), 0.42, 0.05),
    ("E07", "examined"): Share(("children",), 0.22, 0.01),
    ("E07", "crisis_offered"): Share(("children",), 0.68, 0.02),
    ("E07", "meetings"): Level(8.7),
    ("E07", "children_witnesses"): Share(("children",), 0.46, 0.02),
    ("E08", "contacts"): Level(215, 0.03),
    ("E08", "individuals"): Share(("contacts",), 0.16),
    ("E08", "new_individuals"): Share(("individuals",), 0.62),
    ("E08", "residents_adults"): Level(2.4),
    ("E08", "residents_children"): Level(2.1),
    ("E08", "nights"): Each(("residents_adults", "residents_children"), 18, 60),
    ("E08", "refused_no_place"): Level(1.1),
    ("E08", "refused_other"): Level(0.8),
    ("E09", "contacts"): Level(46),
    ("E09", "individuals"): Share(("contacts",), 0.21),
    ("E09", "new_individuals"): Share(("individuals",), 0.66),
    ("E09", "residents_adults"): Level(1.1),
    ("E09", "residents_children"): Level(0.9),
    ("E09", "nights"): Each(("residents_adults", "residents_children"), 15, 50),
    ("E09", "refused_no_place"): Level(0.9),
    ("E09", "refused_other"): Level(0.5),
    ("E10", "staff_in_scope"): Level(
        120,
        0.01,
        {"lansstyrelse": 2.6, "region": 165, "polis": 16, "aklagare": 1.5, "barnahus": 0.9, "centrum": 1.6},
    ),
    ("E10", "course_done"): Share(("staff_in_scope",), 0.31, 0.07),
    ("E10", "course_valid"): Share(("course_done",), 0.74),
    ("E11", "sent"): Level(205),
    ("E11", "answered"): Share(("sent",), 0.57, 0.01),
    ("E11", "agree"): Share(("answered",), 0.54, 0.04),
}

#: What a measure without a hint gets.
_USUAL: dict[str, Hint] = {"count": Level(2.0), "number": Typical(10.0), "yes_no": Yes(0.4, 0.1)}

#: How what is counted is spread; a code that is not here weighs as much as its neighbours.
_BREAKDOWNS = {
    "care_unit:mhv": 9, "care_unit:bhv": 14, "care_unit:primarvard": 38, "care_unit:vuxenpsykiatri": 11,
    "care_unit:bup": 7, "care_unit:akut": 9, "care_unit:ungdomsmottagning": 5, "care_unit:tandvard": 4,
    "care_unit:ovrigt": 3, "risk_level:lag": 46, "risk_level:medel": 37, "risk_level:hog": 17,
    "role:utsatt": 71, "role:utovare": 17, "role:narstaende": 12, "staff:chef": 9, "staff:medarbetare": 91,
}  # fmt: skip
_BREAKDOWNS_OF_EXTRACT = {"E09": {"role:utsatt": 84, "role:utovare": 0, "role:narstaende": 16}}
_SEXES = {"K": 79.0, "M": 20.3, "X": 0.7}
_SEXES_OF_EXTRACT = {"E03": {"K": 71.0, "M": 28.6, "X": 0.4}, "E07": {"K": 53.0, "M": 46.5, "X": 0.5}}
_SEXES_OF_BREAKDOWN = {
    "care_unit:mhv": {"K": 99.5, "M": 0.0, "X": 0.5},
    "role:utovare": {"K": 9.0, "M": 90.4, "X": 0.6},
}
_AGES = {"0-6": 30, "7-14": 50, "15-17": 20, "0-14": 17, "18-24": 14, "25-44": 34, "45-64": 18, "65+": 9}
_AGES_OF_BREAKDOWN = {
    "care_unit:mhv": {"18-24": 20, "25-44": 80},
    "care_unit:bhv": {"18-24": 15, "25-44": 85},
    "care_unit:bup": {"0-14": 60, "15-17": 40},
    "care_unit:ungdomsmottagning": {"15-17": 45, "18-24": 55},
}

#: How a year is spread over its quarters and halves.
_SEASONS = {"quarter": (0.26, 0.25, 0.215, 0.275), "half_year": (0.52, 0.48)}

#: Years that differ from the trend: the survey of 2022 was answered by fewer than half.
_IN_YEAR: dict[tuple[str, str, int], Hint] = {("E11", "answered", 2022): Share(("sent",), 0.44)}

_JITTER = 0.06
_OLDEST = 200
_MUNICIPAL = 4
_AGE = re.compile(r"(\d+)(?:-(\d+)|(\+))", re.ASCII)


class Fine(NamedTuple):
    """A finest cell: area (empty = the party's own), one code of each scheme of breakdowns, sex, first and last age."""

    area: str
    breakdown: tuple[str, ...]
    sex: str
    ages: tuple[int, int]


Counts = dict[Fine, int]


@dataclass
class _Maker:
    """What the numbers of one extract of a delivery are made from, and those made so far."""

    registry: Registry
    agreement: Agreement
    party: Party
    identity: Identity
    extract: Extract
    made: dict[str, Counts] = field(default_factory=dict)

    @property
    def period(self) -> Period:
        return Period.parse(self.identity.period)

    @property
    def years(self) -> int:
        """Return how many years the trend has run."""
        return self.period.year - FIRST_YEAR

    def random(self, measure: str, more: str = "") -> Random:
        """Return the dice of one measure, so that a new one leaves the others as they were."""
        return Random(f"{self.identity.part} {self.extract.id} {measure} {more}")  # noqa: S311  (invented data)

    def hint(self, measure: Measure) -> Hint:
        """Return what makes a measure plausible."""
        code = (self.extract.id, measure.id)
        return _IN_YEAR.get((*code, self.period.year), HINTS.get(code, _USUAL[measure.answer]))


def numbers(registry: Registry, identity: Identity) -> dict[str, dict[Key, dict[str, Value]]]:
    """Return the numbers of a delivery's grids: sheet name to row key to measure id to number, or "ja" or "nej"."""
    agreement = registry.agreements[identity.agreement]
    party = next(each for each in agreement.parties if each.code == identity.party)
    found: dict[str, dict[Key, dict[str, Value]]] = {}
    for extract in extracts_in(registry, identity):
        maker = _Maker(registry, agreement, party, identity, extract)
        for group in _groups(extract):
            _make(maker, group)
        for sheet in extract.sheets:
            if sheet.grid:
                found[sheet.name] = _rows(maker, sheet.grid)
    return found


def inhabitants(area: str, year: int) -> int:
    """Return the population of an area at the end of a year, or of the last year before of which it is known.

    One of which nothing is known, such as that of an invented county, is invented: 5,000 to 40,000 in a municipality
    (a code of four digits), 60,000 to 120,000 in any other area.
    """
    known = _population().get(area)
    if known is None:
        random = Random(f"inhabitants {area}")  # noqa: S311  (invented data)
        return random.randrange(5_000, 40_000) if len(area) == _MUNICIPAL else random.randrange(60_000, 120_000)
    return known[max(each for each in known if each <= year)]


@lru_cache(maxsize=1)
def _population() -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for row in facts("scb_population"):
        if (row["sex"], row["age"]) == ("T", "tot") and row["mark"] != "direct_but_wrong":
            found.setdefault(row["area"], {})[int(row["year"])] = int(row["value"])
    return found


# --- what hangs together -----------------------------------------------------------------------------------------


def _groups(extract: Extract) -> list[list[str]]:
    """Return an extract's counts of its grids, those together that a grid, a check or a hint ties to each other."""
    counts = [measure.id for measure in extract.measures if measure.answer == "count"]
    ties = [set(sheet.grid.measures) for sheet in extract.sheets if sheet.grid]
    in_grids = {name for tie in ties for name in tie}
    ties += [{*check.left, *check.right} for check in extract.checks]
    for (code, name), hint in HINTS.items():
        if code == extract.id and isinstance(hint, Share | Each):
            ties.append({name, *hint.of})
    groups = [{name} for name in counts if name in in_grids]
    for tie in ties:
        touched = [group for group in groups if group & tie]
        groups = [group for group in groups if not group & tie] + ([set().union(*touched)] if touched else [])
    return [[name for name in counts if name in group] for group in groups]


def _cells(maker: _Maker, group: Iterable[str]) -> list[Fine]:
    """Return the finest cells that the grids of some measures divide by."""
    wanted = set(group)
    grids = [each.grid for each in maker.extract.sheets if each.grid and wanted & set(each.grid.measures)]
    areas = [area.code for area in areas_of(maker.registry, maker.agreement, date(maker.period.year, 12, 31))]
    sexes = sorted({sex for grid in grids for sex in grid.sex} - {"T"}) or ["T"]
    return [
        Fine(area, breakdown, sex, ages)
        for area in (areas if any(grid.by_area for grid in grids) else [""])
        for breakdown in product(*_schemes(maker.registry, grids))
        for sex in sexes
        for ages in _ages({age for grid in grids for age in grid.age})
    ]


def _schemes(registry: Registry, grids: Iterable[Grid]) -> list[list[str]]:
    """Return the breakdowns of grids that are no sum of others of them, one list for each scheme."""
    codes = sorted({code for grid in grids for code in grid.breakdown} - {"total"})
    parents = {registry.breakdowns[code].parent for code in codes}
    schemes: dict[str, list[str]] = {}
    for code in codes:
        if code not in parents:
            schemes.setdefault(registry.breakdowns[code].scheme, []).append(code)
    return list(schemes.values())


def _ages(codes: set[str]) -> list[tuple[int, int]]:
    """Return the spans of ages that all groups are sums of; all ages if they are not divided."""
    spans = [_span(code) for code in codes if code != "T"]
    cuts = sorted({first for first, _ in spans} | {last + 1 for _, last in spans})
    fine = [(one, other - 1) for one, other in pairwise(cuts)]
    return [(a, b) for a, b in fine if any(first <= a and b <= last for first, last in spans)] or [(0, _OLDEST)]


def _span(code: str) -> tuple[int, int]:
    if code == "T":
        return 0, _OLDEST
    match = _AGE.fullmatch(code)
    if match is None:
        age = int(code)
        return age, age
    return int(match[1]), _OLDEST if match[3] else int(match[2])


def _is_in(registry: Registry, cell: Fine, key: Key) -> bool:
    """Return whether a finest cell counts in a row of a grid."""
    area, breakdown, sex, age = key
    first, last = _span(age)
    return (
        area in ("", cell.area)
        and (breakdown == "total" or any(breakdown in _line(registry, code) for code in cell.breakdown))
        and sex in ("T", cell.sex)
        and first <= cell.ages[0]
        and cell.ages[1] <= last
    )


def _line(registry: Registry, code: str) -> Iterator[str]:
    """Yield a breakdown and what it is part of."""
    following: str | None = code
    while following:
        yield following
        following = registry.breakdowns[following].parent


# --- numbers -----------------------------------------------------------------------------------------------------


def _make(maker: _Maker, group: list[str]) -> None:
    """Make the counts of measures that hang together, so that what the contract checks holds in every cell."""
    cells = _cells(maker, group)
    measures = {measure.id: measure for measure in maker.extract.measures}
    for name in group:
        _count(maker, measures, name, cells)
    checks = [check for check in maker.extract.checks if {*check.left, *check.right} <= set(group)]
    for _ in checks:  # what one check corrects may break an earlier one
        for check in checks:
            for cell in cells:
                _mend(maker.made, check, cell)


def _count(maker: _Maker, measures: Mapping[str, Measure], name: str, cells: list[Fine]) -> Counts:
    """Return the counts of one measure, those that it depends on first."""
    if name in maker.made:
        return maker.made[name]
    hint, random = maker.hint(measures[name]), maker.random(name)
    match hint:
        case Share(of, share, rise, less):
            whole = [_count(maker, measures, each, cells) for each in of]
            gone = [_count(maker, measures, each, cells) for each in less]
            part = 1.0 if share == 1 else min(0.97, (share + rise * maker.years) * random.uniform(1 - _JITTER, 1))
            base = {cell: sum(each[cell] for each in whole) - sum(each[cell] for each in gone) for cell in cells}
            maker.made[name] = {cell: _whole(random, base[cell] * part) for cell in cells}
        case Each(of, least, most):
            whole = [_count(maker, measures, each, cells) for each in of]
            ones = {cell: sum(each[cell] for each in whole) for cell in cells}
            maker.made[name] = {cell: round(ones[cell] * random.uniform(least, most)) for cell in cells}
        case Level():
            maker.made[name] = _spread(maker, random, hint, cells)
        case _:
            raise ValueError(f"{maker.extract.id}.{name} is a count, so that {hint} does not fit")
    return maker.made[name]


def _spread(maker: _Maker, random: Random, hint: Level, cells: list[Fine]) -> Counts:
    """Return as many as the population lets expect, spread over the cells by weight, to the last one."""
    year = maker.period.year
    area = maker.party.area or maker.agreement.county
    level = hint.by_role.get(maker.party.role, hint.per_10000)
    expected = level * inhabitants(area, year) / 10_000 * (1 + hint.growth) ** maker.years * _part_of_year(maker.period)
    total = _whole(random, expected * random.uniform(1 - _JITTER, 1 + _JITTER))
    weights = [_weight(maker, cell) * random.uniform(1 - 2 * _JITTER, 1 + 2 * _JITTER) for cell in cells]
    shares = [total * weight / sum(weights) for weight in weights]
    counts = [floor(share) for share in shares]
    most_left = sorted(range(len(cells)), key=lambda place: counts[place] - shares[place])
    for place in most_left[: total - sum(counts)]:
        counts[place] += 1
    return dict(zip(cells, counts, strict=True))


def _weight(maker: _Maker, cell: Fine) -> float:
    weight = float(inhabitants(cell.area, maker.period.year)) if cell.area else 1.0
    breakdowns = _BREAKDOWNS_OF_EXTRACT.get(maker.extract.id, _BREAKDOWNS)
    sexes, ages = _SEXES_OF_EXTRACT.get(maker.extract.id, _SEXES), _AGES
    for code in cell.breakdown:
        weight *= breakdowns.get(code, 10)
        sexes = _SEXES_OF_BREAKDOWN.get(code, sexes)
        ages = _AGES_OF_BREAKDOWN.get(code, ages)
    first, last = cell.ages
    age = f"{first}+" if last == _OLDEST else f"{first}-{last}"
    return weight * sexes.get(cell.sex, 1.0) * ages.get(age, 0.0 if age in _AGES else 10.0)


def _part_of_year(period: Period) -> float:
    months = 12 * (period.end - period.start).days / 365.25
    spread = _SEASONS.get(period.unit)
    return spread[int((period.start.month - 1) / round(months))] if spread else months / 12


def _whole(random: Random, expected: float) -> int:
    """Return a number of which the expected one is the mean."""
    return floor(expected) + (random.random() < expected - floor(expected))


def _mend(made: Mapping[str, Counts], check: CrossCheck, cell: Fine) -> None:
    """Make a check hold in one cell. Only measures without a hint of their own ever need it."""
    left = sum(made[name][cell] for name in check.left)
    right = sum(made[name][cell] for name in check.right)
    match check.relation:
        case "equal" if left != right:
            last = made[check.right[-1]]
            last[cell] = max(0, last[cell] + left - right)
        case "at_most" if left > right * check.factor:
            surplus = left - floor(right * check.factor)
            for name in check.left:
                taken = min(surplus, made[name][cell])
                made[name][cell] -= taken
                surplus -= taken
        case "zero_together" if (left == 0) != (right == 0):
            for name in [*check.left, *check.right]:
                made[name][cell] = 0


def _rows(maker: _Maker, grid: Grid) -> dict[Key, dict[str, Value]]:
    """Return the numbers of one grid."""
    measures = {measure.id: measure for measure in maker.extract.measures}
    rows = grid_rows(grid, maker.registry, maker.agreement, maker.period.year)
    return {row.key: {name: _told(maker, measures[name], row.key) for name in grid.measures} for row in rows}


def _told(maker: _Maker, measure: Measure, key: Key) -> Value:
    """Return what a cell of a grid says."""
    if measure.answer == "count":
        counts = maker.made[measure.id]
        return sum(count for cell, count in counts.items() if _is_in(maker.registry, cell, key))
    match hint := maker.hint(measure):
        case Typical(value, growth):
            random = maker.random(measure.id, " ".join(key))
            return round(value * (1 + growth) ** maker.years * random.uniform(1 - _JITTER, 1 + _JITTER), 1)
        case Yes(share, rise):
            dice = Random(f"{maker.party.code} {maker.extract.id} {measure.id} {' '.join(key)}")  # noqa: S311
            return "ja" if dice.random() < share + rise * maker.years else "nej"
        case _:
            raise ValueError(f"{maker.extract.id}.{measure.id} is no count, so that {hint} does not fit")
