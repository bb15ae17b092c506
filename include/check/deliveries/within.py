"""Rules about one delivery by itself: sums, parts and wholes, units, masks and the response rate."""

from collections.abc import Iterator
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from include.check.deliveries import protection
from include.check.deliveries.cells import NOT_SHOWN, Cells, Flags, Numbers, Places, written
from include.check.deliveries.relations import Relations, Sides, compared, sides, sums
from include.check.deliveries.rules import finding, whole
from include.check.gate import SHOWN_ROWS, Finding, OffendingRow
from include.registry.models import CrossCheck, Extract, Measure

#: Two measures of different units are taken for one when more than this share of their figures are equal, of at least
#: so many that are not both zero, with at least so many different numbers among them.
SAME_SHARE, SAME_LEAST, SAME_NUMBERS = 0.9, 6, 3

#: Below this share of answers a survey is not compared with other years'.
LEAST_RESPONSE = 0.5

#: What counts answers to a survey.
ANSWERS = "svar"

_RELATION_WORDS = {"equal": "lika med", "at_most": "högst"}


class Checked(NamedTuple):
    """What came of the relations: the findings, and those relations that hold (which a mask can be worked out by)."""

    findings: list[Finding]
    holding: Relations


def findings(cells: Cells) -> list[Finding]:
    """Return what came of each rule that could be tried on the delivery alone."""
    added, checked = _sums(cells), _checks(cells)
    holding = Relations.together([added.holding, checked.holding])
    return [
        *added.findings,
        *_same_as_another_unit(cells),
        *checked.findings,
        *_unmasked(cells),
        *_recoverable(cells, holding),
        *_response(cells),
    ]


# --- sums --------------------------------------------------------------------------------------------------------


def _sums(cells: Cells) -> Checked:
    """Return what came of the sums of sexes, municipalities, breakdowns and ages."""
    low, high = cells.columns.low, cells.columns.high
    found, holding = [], []
    for rule, relations in sorted(sums(cells).items()):
        broken = relations.broken(low, high)
        holding.append(relations.only(~broken))
        if tried := relations.tried(low, high):
            order = _in_order(cells, relations, np.flatnonzero(broken))
            found.append(finding(rule, tried, order, partial(_sum_row, cells, relations)))
    return Checked(found, Relations.together(holding))


def _in_order(cells: Cells, relations: Relations, numbers: Places) -> list[int]:
    """Return relations in the order of the cells that they are told at, and of their parts."""
    at: dict[int, list[int]] = {}
    for number in numbers.tolist():
        at.setdefault(int(relations.home[number]), []).append(number)
    order: list[int] = []
    for home in cells.in_order(at):
        several = at[home]
        if len(several) > 1 and len(order) < SHOWN_ROWS:
            several = sorted(several, key=lambda n: [cells.place(c) for c in cells.in_order(relations.members(n, 1))])
        order += several
    return order


def _sum_row(cells: Cells, relations: Relations, number: int) -> OffendingRow:
    """Return a broken sum, told at its total."""
    home, parts = int(relations.home[number]), cells.in_order(relations.members(number, 1))
    expected = _added(cells, parts)
    if cells.shows(home) and cells.columns.number[parts].all():
        expected = f"{written(float(cells.columns.value[parts].sum()))} ({expected})"
    # The relation is of the parts less the total: without a least the total may be more, without a most it may be less.
    if np.isinf(relations.least[number]):
        expected = f"minst {expected}"
    elif np.isinf(relations.most[number]):
        expected = f"högst {expected}"
    return OffendingRow(cells.place(home), cells.words(home), cells.number(home), expected)


def _added(cells: Cells, rows: list[int]) -> str:
    """Return the cells of a sum."""
    places = [cells.place(row) for row in rows]
    return places[0] if len(places) == 1 else f"summan av {', '.join(places[:-1])} och {places[-1]}"


# --- cross-checks of the contracts -------------------------------------------------------------------------------


def _checks(cells: Cells) -> Checked:
    """Return what came of each extract's cross-checks, in the contract's order."""
    low, high = cells.columns.low, cells.columns.high
    found, holding = [], []
    for extract in cells.extracts:
        for check in extract.checks:
            both = sides(cells, extract, check)
            if check.relation == "zero_together":
                broken, tried = _one_is_zero(both, low, high)
            else:
                relations = compared(check, both)
                broken, tried = relations.broken(low, high), relations.tried(low, high)
                if check.severity == "critical":
                    holding.append(relations.only(~broken))
            if tried:
                numbers = {int(both.left.home[number]): number for number in np.flatnonzero(broken).tolist()}
                order = [numbers[home] for home in cells.in_order(numbers)]
                row = partial(_check_row, cells, check, both)
                found.append(finding("PART_ABOVE_WHOLE", tried, order, row, severity=check.severity, text=check.text))
    return Checked(found, Relations.together(holding))


def _one_is_zero(both: Sides, low: Numbers, high: Numbers) -> tuple[Flags, int]:
    """Return on which lines one side must be zero and the other cannot be, and on how many that could be told."""
    (left_low, left_high), (right_low, right_high) = (
        (side.reach(low, high)[0], side.reach(low, high)[1] + side.most) for side in both
    )
    broken = ((left_low > 0) & (right_high == 0)) | ((left_high == 0) & (right_low > 0))
    known = ((left_low > 0) | (left_high == 0)) & ((right_low > 0) | (right_high == 0))
    return broken, int(known.sum())


def _check_row(cells: Cells, check: CrossCheck, both: Sides, number: int) -> OffendingRow:
    """Return a broken cross-check, told at its first left figure: both sides' cells and, where they may be, sums."""
    left, right = (cells.in_order(side.members(number, 1)) for side in both)
    home = int(both.left.home[number])
    if check.relation == "zero_together":
        expected = f"0 både här och i {_added(cells, right)}, eller inte 0 i någon av dem"
    else:
        factor = f"{written(check.factor)} gånger " if check.relation == "at_most" and check.factor != 1 else ""
        expected = f"{_RELATION_WORDS[check.relation]} {factor}{_added(cells, right)}"
    numbers = NOT_SHOWN
    if cells.shows(home) and cells.columns.number[[*left, *right]].all():
        values = [float(cells.columns.value[rows].sum()) for rows in (left, right)]
        numbers = f"{written(values[0])} mot {written(values[1])}"
    place = " + ".join(cells.place(row) for row in left)
    return OffendingRow(place, cells.words(home), numbers, expected)


# --- units -------------------------------------------------------------------------------------------------------


def _same_as_another_unit(cells: Cells) -> list[Finding]:
    """Return whether two measures of different counting units have the same figures nearly everywhere."""
    line, columns = cells.context("measure"), cells.columns
    tried, rows = 0, []
    for extract in cells.extracts:
        counted = [each for each in cells.measures(extract) if each.counting_unit]
        value = {each.id: _by_line(columns.value, line, cells.of(extract, [each])) for each in counted}
        for one, other in combinations(counted, 2):
            if one.counting_unit == other.counting_unit:
                continue
            first, second = value[one.id], value[other.id]
            there = ~np.isnan(first) & ~np.isnan(second) & ((first > 0) | (second > 0))
            if there.sum() < SAME_LEAST:
                continue
            tried += 1
            same = there & (first == second)
            if same.sum() > SAME_SHARE * there.sum() and len(np.unique(first[same])) >= SAME_NUMBERS:
                rows.append(_same_row(cells, extract, one, other, int(same.sum()), int(there.sum())))
    return [whole("OTHER_UNIT", tried, rows)] if tried else []


def _by_line(value: Numbers, line: Places, which: Flags) -> Numbers:
    """Return a measure's number on each line, NaN where it has none."""
    laid = np.full(int(line.max(initial=-1)) + 1, np.nan)
    laid[line[which]] = value[which]
    return laid


def _same_row(cells: Cells, extract: Extract, one: Measure, other: Measure, same: int, there: int) -> OffendingRow:
    return OffendingRow(
        cells.place(cells.first(cells.of(extract, [one]))),
        f"{one.label.sv} ({one.unit}) och {other.label.sv} ({other.unit})",
        f"samma tal i {same} av {there} rader",
        "olika tal, eftersom de räknar olika saker",
    )


# --- masks -------------------------------------------------------------------------------------------------------


def _unmasked(cells: Cells) -> list[Finding]:
    """Return which small counts stand open in an extract in which others are masked."""
    columns, hits, tried = cells.columns, np.zeros(cells.table.num_rows, dtype=bool), 0
    for extract in cells.extracts:
        counts = cells.of(extract, [each for each in cells.measures(extract) if each.additive])
        if not extract.small_counts or not (columns.masked & counts).any():
            continue
        tried += int((columns.number & counts).sum())
        least, most = extract.masked
        hits |= counts & columns.number & (columns.value >= least) & (columns.value <= most)
    if not tried:
        return []

    def row(number: int) -> OffendingRow:
        return OffendingRow(cells.place(number), cells.words(number), "ett litet tal som inte är skyddat", "<5 eller x")

    return [finding("UNMASKED_SMALL_COUNT", tried, cells.in_order(np.flatnonzero(hits)), row)]


def _recoverable(cells: Cells, holding: Relations) -> list[Finding]:
    """Return which masked figures can only be one number, given what must hold between the figures."""
    columns = cells.columns
    wanted = columns.masked & (columns.low < columns.high)
    if not wanted.any():
        return []
    hits = protection.recoverable(holding, columns.low, columns.high, wanted)

    def row(number: int) -> OffendingRow:
        expected = "ett skyddat tal till i samma summa, eller en skyddad total"
        return OffendingRow(cells.place(number), cells.words(number), "ett skyddat tal som kan räknas ut", expected)

    return [finding("MASK_RECOVERABLE", int(wanted.sum()), cells.in_order(np.flatnonzero(hits)), row)]


# --- response rate -----------------------------------------------------------------------------------------------


def _response(cells: Cells) -> list[Finding]:
    """Return whether enough of those who were sent a survey answered it, on its total where it has one."""
    tried, rows = 0, []
    for extract, answered, sent in _surveys(cells):
        columns, line = cells.columns, cells.context("measure")
        survey = cells.of(extract, [each for each in cells.measures(extract) if each.counting_unit == ANSWERS])
        if not (columns.number & survey).any():
            continue  # no survey was made
        answers, asked = (cells.of(extract, [each]) for each in (answered, sent))
        total = columns.among("breakdown", ["total"]) & answers
        for at in cells.in_order(np.flatnonzero(total if total.any() else answers)):
            tried += 1
            beside = np.flatnonzero(asked & (line == line[at]))
            if expected := _too_few(cells, at, int(beside[0]) if len(beside) else None):
                found = cells.number(at) if columns.number[at] else "ingen uppgift"
                rows.append(OffendingRow(cells.place(at), cells.words(at), found, expected))
    return [whole("RESPONSE_RATE", tried, rows)] if tried else []


def _surveys(cells: Cells) -> Iterator[tuple[Extract, Measure, Measure]]:
    """Yield each survey's measures of answers and of what was sent, as the contract's own checks tell them.

    Among measures that count answers, the check that says "at most" of what is itself at most nothing is the one of
    the answers and of what was sent; those below it are answers of one kind.
    """
    for extract in cells.extracts:
        answers = {each.id: each for each in cells.measures(extract) if each.counting_unit == ANSWERS}
        chain = [
            (check.left[0], check.right[0])
            for check in extract.checks
            if check.relation == "at_most" and len(check.left) == len(check.right) == 1
            and {check.left[0], check.right[0]} <= set(answers)
        ]  # fmt: skip
        lefts = {left for left, _ in chain}
        for left, right in chain:
            if right not in lefts:
                yield extract, answers[left], answers[right]


def _too_few(cells: Cells, answered: int, sent: int | None) -> str | None:
    """Return what was expected where the response rate is unknown or too low, else None."""
    columns = cells.columns
    if sent is None or not columns.number[answered] or not columns.number[sent]:
        return "både utskickade enkäter och svar"
    if columns.value[answered] >= LEAST_RESPONSE * columns.value[sent] > 0:
        return None
    return f"minst hälften av utskicken i {cells.place(sent)}"
