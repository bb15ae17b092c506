"""Rules about a delivery beside the same party's earlier ones, and about the day on which it came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from include.check.deliveries.cells import NOT_SHOWN, Cells, Columns, Flags, Numbers, combine, twice, written
from include.check.deliveries.rules import finding, whole
from include.check.gate import Finding, OffendingRow
from include.check.tidy import KEY
from include.periods import Period
from include.registry.delivery import Identity, due
from include.registry.models import Extract, Measure

if TYPE_CHECKING:
    import pyarrow as pa

#: More than this share of at least so many figures above zero are equal: it is another period's file.
EQUAL_SHARE, EQUAL_LEAST = 0.95, 20

#: More than this share of at least so many series rise from quarter to quarter: they are counted from 1 January. Two
#: quarters may both rise by chance, so that the second must then also be at least so many times the first (sums of
#: even quarters are twice as large).
RISING_SHARE, RISING_LEAST, RISING_FACTOR = 0.8, 5, 1.5

#: Years before this one in which a measure must have been zero, or never zero, before a change of it is asked about.
YEARS = 2

#: A figure that changes by more than this factor, where both are above this, is asked about.
JUMP_FACTOR, JUMP_ABOVE = 5.0, 20.0

#: Two measures of different units are about as large if neither is more than this many times the other.
ALIKE_FACTOR = 1.25

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_WHOLE_FILE = "hela filen"


@dataclass(frozen=True)
class Earlier:
    """A delivery of the same party from before.

    Attributes:
        identity: what it was about; the same period = an earlier version of this delivery.
        sha256: of the file.
        table: its figures, uncorrected, with the schema of tidy tables.
        versions: of the extracts' templates, as its cover says, by extract; empty = not known.
    """

    identity: Identity
    sha256: str
    table: "pa.Table"
    versions: Mapping[str, str] = field(default_factory=dict)


class Beside:
    """The figures of this and the earlier deliveries side by side: one line a delivery, one column a figure.

    A figure is the same in two deliveries if all of its KEY is but the period. Line 0 is this delivery; then comes the
    newest version of every other period that is as long, newest period first, and last the version before of this one.

    Attributes:
        periods: of each line.
        others: the deliveries of the other periods' lines.
        before: the version before, if there is any.
        row: the row of this delivery's table that each figure stands in; -1 where it has none.
        value: the numbers; NaN where a delivery has none.
        number: where it has one.
        masked: where the sender has masked it.
        blank: where it says that nobody knows.
        final: where it was delivered as final.
        low: the least that the figure can be.
        high: the most.
    """

    def __init__(self, cells: Cells, earlier: Sequence[Earlier]) -> None:
        import pyarrow as pa

        period = Period.parse(cells.identity.period)
        newest: dict[Period, Earlier] = {}
        for each in earlier:
            newest.setdefault(Period.parse(each.identity.period), each)
        self.cells = cells
        self.before = newest.pop(period, None)
        comparable = sorted((each for each in newest if each.unit == period.unit), reverse=True)
        self.others = [newest[each] for each in comparable]
        lines = [*self.others, self.before] if self.before else self.others
        self.periods = [period, *comparable, *([period] if self.before else [])]

        tables = [cells.table, *(each.table for each in lines)]
        masks = {extract.id: extract.masked for extract in cells.registry.extracts.values()}
        columns = Columns.of(pa.concat_tables(tables).unify_dictionaries(), masks)
        figure = columns.combined([name for name in KEY if name != "period"])
        line = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables])
        columns = columns.without(twice(combine([line, figure])))
        place = np.full((len(tables), int(figure.max(initial=-1)) + 1), len(figure))
        place[line, figure] = np.arange(len(figure))
        self.row = np.where(place[0] < len(figure), place[0], -1)
        self.value = np.append(columns.value, np.nan)[place]
        self.number = np.append(columns.number, False)[place]
        self.masked = np.append(columns.masked, False)[place]
        self.blank = np.append(columns.blank, False)[place]
        self.final = np.append(columns.final, False)[place]
        self.low = np.append(columns.low, 0.0)[place]
        self.high = np.append(columns.high, np.inf)[place]
        self._measure = np.zeros(place.shape[1], dtype=np.int64)
        self._measure[figure] = columns.codes["measure"]
        self._names = columns.names["measure"]

    def of(self, extract: Extract, measures: Iterable[Measure]) -> Flags:
        """Return which figures are of these measures."""
        wanted = {f"{extract.id}.{measure.id}" for measure in measures}
        return np.isin(self._measure, [i for i, name in enumerate(self._names) if name in wanted])

    @cached_property
    def asked(self) -> Flags:
        """Return which figures are numbers that a grid asks for (no answers of yes and no, no counts of log rows)."""
        asked = np.zeros(len(self.row), dtype=bool)
        for extract in self.cells.extracts:
            asked |= self.of(extract, self.cells.measures(extract, answers=("count", "number")))
        return asked

    @cached_property
    def years(self) -> list[tuple[int, list[int]]]:
        """Return the years before this delivery's, newest first, each with its lines."""
        return [
            (year, [line for line in range(1, len(self.others) + 1) if self.periods[line].year == year])
            for year in sorted({each.year for each in self.periods if each.year < self.periods[0].year}, reverse=True)
        ]

    @cached_property
    def compared(self) -> int | None:
        """Return the line that this delivery is compared with: the same part of the year before, or the last one."""
        earlier = [line for line in range(1, len(self.others) + 1) if self.periods[line] < self.periods[0]]
        this = self.periods[0].start
        year_before = [line for line in earlier if self.periods[line].start == this.replace(year=this.year - 1)]
        return next(iter(year_before or earlier), None)

    def in_order(self, figures: Flags) -> list[int]:
        """Return figures of this delivery in the order in which they stand in its file."""
        number = {int(self.row[figure]): figure for figure in np.flatnonzero(figures).tolist()}
        return [number[row] for row in self.cells.in_order(number)]

    def told(self, figure: int, found: str, expected: str) -> OffendingRow:
        """Return a figure of this delivery as a person may see it."""
        row = int(self.row[figure])
        return OffendingRow(self.cells.place(row), self.cells.words(row), found, expected)

    def written(self, figure: int, line: int) -> str:
        """Return what a delivery says of a figure, as it may be shown."""
        if not self.cells.shows(int(self.row[figure])):
            return NOT_SHOWN
        if self.number[line, figure]:
            return written(float(self.value[line, figure]))
        return "ett skyddat tal" if self.masked[line, figure] else "ingen uppgift"


def findings(
    cells: Cells, earlier: Sequence[Earlier], *, sha256: str, versions: Mapping[str, str], captured_at: datetime | None
) -> list[Finding]:
    """Return what came of each rule about earlier deliveries and about the day that could be tried."""
    found = []
    if earlier:
        beside = Beside(cells, earlier)
        found += [
            *_last_years_file(beside, earlier, sha256),
            *_cumulative(beside),
            *_zero_for_missing(beside),
            *_missing_for_zero(beside),
            *_jump(beside),
            *_other_unit(beside),
            *_revised(beside),
            *_other_version(beside, versions),
        ]
    return [*found, *_late(cells.identity, cells, earlier, captured_at)]


def _last_years_file(beside: Beside, earlier: Sequence[Earlier], sha256: str) -> list[Finding]:
    """Return whether the figures are another period's."""
    this = beside.cells.identity.period
    others = [each for each in earlier if each.identity.period != this]
    rows = [
        OffendingRow(_WHOLE_FILE, "talen", f"samma fil som leveransen för {each.identity.period}", f"talen för {this}")
        for each in others
        if sha256 and each.sha256 == sha256
    ]
    tried = len(others) if sha256 else 0
    for line, other in enumerate(beside.others, start=1):
        both = beside.asked & beside.number[0] & beside.number[line]
        both &= (beside.value[0] > 0) | (beside.value[line] > 0)
        if both.sum() < EQUAL_LEAST:
            continue
        tried += 1
        share = float((beside.value[0] == beside.value[line])[both].mean())
        if share > EQUAL_SHARE and not rows:
            same = f"{100 * share:.0f} procent av talen är desamma som för {other.identity.period}"
            rows.append(OffendingRow(_WHOLE_FILE, "talen", same, f"talen för {this}"))
    return [whole("LAST_YEARS_FILE", tried, rows)] if tried else []


def _cumulative(beside: Beside) -> list[Finding]:
    """Return whether the quarters of the year look like sums from its beginning."""
    this = beside.periods[0]
    line_of = {each: line for line, each in reversed(list(enumerate(beside.periods))) if each.year == this.year}
    quarters = [each for each in sorted(line_of) if each.unit == "quarter"]
    if not quarters or quarters[0].start.month != 1:
        return []
    run = quarters[:1] + [other for one, other in pairwise(quarters) if one.next() == other]
    run = run[: next((n for n, each in enumerate(run) if each != quarters[n]), len(run))]
    lines = [line_of[each] for each in run]
    if this not in run or len(run) < 2:
        return []
    added = np.zeros(len(beside.row), dtype=bool)
    for extract in beside.cells.extracts:
        added |= beside.of(extract, [each for each in beside.cells.measures(extract) if each.additive])
    series = beside.value[lines][:, added & beside.number[lines].all(axis=0)]
    moving = series[:, series.min(axis=0) < series.max(axis=0)]
    if moving.shape[1] < RISING_LEAST:
        return []
    rising = int((np.diff(moving, axis=0) >= 0).all(axis=0).sum())
    steep = len(run) > 2 or moving[-1].sum() >= RISING_FACTOR * moving[0].sum()
    found = f"{rising} av {moving.shape[1]} rader ökar för varje kvartal"
    rows = [OffendingRow(_WHOLE_FILE, f"{run[0]} till {run[-1]}", found, "bara kvartalets egna tal")]
    is_cumulative = rising > RISING_SHARE * moving.shape[1] and steep
    return [whole("CUMULATIVE", moving.shape[1], rows if is_cumulative else [])]


def _zero_for_missing(beside: Beside) -> list[Finding]:
    """Return which measures are 0 throughout, though they were above 0 in each earlier year."""
    tried, rows = 0, []
    for extract in beside.cells.extracts:
        for measure in beside.cells.measures(extract):
            mine = beside.of(extract, [measure])
            told = (beside.number | beside.masked) & mine
            years = [lines for _, lines in beside.years if told[lines].any()]
            if len(years) < YEARS or not (beside.number[0] & mine).any():
                continue
            tried += 1
            always = all((told[lines] & (beside.low[lines] > 0)).any() for lines in years)
            if always and not (told[0] & (beside.high[0] > 0)).any():
                first = beside.in_order(mine & beside.number[0])[0]
                expected = f"ett tal, eller - om uppgiften saknas ({len(years)} tidigare år hade tal)"
                rows.append(beside.told(first, "0 i hela måttet", expected))
    return [whole("ZERO_FOR_MISSING", tried, rows)] if tried else []


def _missing_for_zero(beside: Beside) -> list[Finding]:
    """Return which figures are lacking, though they were always 0."""
    lines = [line for _, several in beside.years for line in several]
    if len(beside.years) < YEARS:
        return []
    told = beside.number[lines] | beside.masked[lines]
    years = sum((told_year.any(axis=0) for told_year in _by_year(beside, told, lines)), np.zeros(len(beside.row), int))
    zero = (beside.number[lines] & (beside.value[lines] == 0)) | ~told
    tried = beside.asked & (beside.row >= 0) & (years >= YEARS) & zero.all(axis=0)
    if not tried.any():
        return []

    def row(figure: int) -> OffendingRow:
        return beside.told(figure, "ingen uppgift", "0, om det inte förekom")

    return [finding("MISSING_FOR_ZERO", int(tried.sum()), beside.in_order(tried & beside.blank[0]), row)]


def _by_year(beside: Beside, told: Flags, lines: list[int]) -> list[Flags]:
    """Return the lines of a selection year by year."""
    years = np.array([beside.periods[line].year for line in lines])
    return [told[years == year] for year in np.unique(years)]


def _jump(beside: Beside) -> list[Finding]:
    """Return which figures are far from the one before."""
    line = beside.compared
    if line is None:
        return []
    now, was = beside.value[0], beside.value[line]
    tried = beside.asked & (now > JUMP_ABOVE) & (was > JUMP_ABOVE)
    if not tried.any():
        return []
    far = tried & _apart(now, was, JUMP_FACTOR)
    period = beside.periods[line]

    def row(figure: int) -> OffendingRow:
        shown = beside.written(figure, line)
        before = f"ungefär som {period}" if shown == NOT_SHOWN else f"ungefär {shown}, som {period}"
        return beside.told(figure, beside.written(figure, 0), before)

    return [finding("JUMP", int(tried.sum()), beside.in_order(far), row)]


def _other_unit(beside: Beside) -> list[Finding]:
    """Return which measures have jumped to where a measure of another counting unit was: columns mixed up."""
    line = beside.compared
    if line is None:
        return []
    tried, rows = 0, []
    for extract in beside.cells.extracts:
        counted = [each for each in beside.cells.measures(extract) if each.counting_unit]
        largest = {each.id: [_largest(beside, at, beside.of(extract, [each])) for at in (0, line)] for each in counted}
        for one in counted:
            now, was = largest[one.id]
            if min(now, was) <= JUMP_ABOVE:
                continue
            tried += 1
            if not _apart(np.array(now), np.array(was), JUMP_FACTOR):
                continue
            for other in counted:
                theirs = largest[other.id][1]
                alike = theirs > JUMP_ABOVE and not _apart(np.array(now), np.array(theirs), ALIKE_FACTOR)
                if other.counting_unit != one.counting_unit and alike:
                    first = beside.in_order(beside.of(extract, [one]) & beside.number[0])[0]
                    found = f"ungefär som {other.label.sv} ({other.unit}) var {beside.periods[line]}"
                    rows.append(beside.told(first, found, f"{one.unit}, ungefär som {beside.periods[line]}"))
    return [whole("OTHER_UNIT", tried, rows)] if tried else []


def _largest(beside: Beside, line: int, which: Flags) -> float:
    """Return the largest number of a measure, which is its total if that is told."""
    values = beside.value[line][which & beside.number[line]]
    return float(values.max(initial=0.0))


def _apart(one: Numbers, other: Numbers, factor: float) -> Flags:
    """Return which numbers differ by more than a factor."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart: Flags = np.abs(np.log(one / other)) > np.log(factor)
    return apart


def _revised(beside: Beside) -> list[Finding]:
    """Return which figures differ from those of the version before that were final."""
    if beside.before is None:
        return []
    was, now = len(beside.periods) - 1, 0
    tried = (beside.row >= 0) & beside.final[was] & (beside.number[was] | beside.masked[was] | beside.blank[was])
    if not tried.any():
        return []
    same = (beside.value[now] == beside.value[was]) | (~beside.number[now] & ~beside.number[was])
    same &= (beside.masked[now] == beside.masked[was]) & (beside.blank[now] == beside.blank[was])

    def row(figure: int) -> OffendingRow:
        shown = beside.written(figure, was)
        before = "som i den förra versionen" if shown == NOT_SHOWN else f"{shown} i den förra versionen"
        return beside.told(figure, beside.written(figure, now), before)

    return [finding("REVISED_WITHOUT_NOTICE", int(tried.sum()), beside.in_order(tried & ~same), row)]


def _other_version(beside: Beside, versions: Mapping[str, str]) -> list[Finding]:
    """Return which extracts' templates have another version than in the delivery that this one is compared with."""
    line = beside.compared
    before = [beside.before] if beside.before else []
    before += [beside.others[line - 1]] if line is not None else []
    tried, rows = 0, []
    for each in before:
        for extract, version in each.versions.items():
            if extract not in versions:
                continue
            tried += 1
            if version != versions[extract]:
                found, expected = f"version {versions[extract]}", f"version {version}, som {each.identity.period}"
                rows.append(OffendingRow(_WHOLE_FILE, f"mallen för {extract}", found, expected))
    return [whole("DEFINITION_CHANGED", tried, rows)] if tried else []


def _late(identity: Identity, cells: Cells, earlier: Sequence[Earlier], captured_at: datetime | None) -> list[Finding]:
    """Return whether the first version came after its last day, by the clock of the one who delivers."""
    if captured_at is None or any(each.identity == identity for each in earlier):
        return []
    last, came = due(cells.registry, identity), captured_at.astimezone(_STOCKHOLM).date()
    row = OffendingRow(_WHOLE_FILE, "dagen då leveransen kom", f"{came:%Y-%m-%d}", f"senast {last:%Y-%m-%d}")
    return [whole("LATE", 1, [row] if came > last else [])]
