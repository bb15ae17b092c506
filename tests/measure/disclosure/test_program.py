"""What the program promises: nothing small can be worked out, at the least loss, always the same."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.measure.disclosure.program import (
    Candidate,
    Contradiction,
    Exposed,
    Form,
    Problem,
    Relation,
    Solution,
    solve,
)
from tests.measure.disclosure.attack import Table, cheapest, is_safe, reach, told

THRESHOLD = 5
#: A worked example: Östersund, Krokom, Åre, Ragunda; women, men.
ORACLE = [(41, 9), (12, 3), (7, 2), (6, 6)]
KROKOM, ARE = 1, 2


def problem(*tables: Table, known: Sequence[Relation] = (), by_size: bool = True, also: int = 0) -> Problem:
    """Return the problem of tables that are shown whole, where every number from 1 to 4 is small."""
    cells = [(int(n), int(v)) for table in tables for n, v in zip(table.number.flat, table.values.flat, strict=True)]
    return Problem(
        variables=len(cells) + also,
        known=(*(each for table in tables for each in table.sums()), *known),
        candidates=tuple(
            Candidate((told(n, v),), float(v) if by_size and v else 1.0, hidden=1 <= v < THRESHOLD) for n, v in cells
        ),
        sensitive=tuple(Form(((n, 1.0),), THRESHOLD) for n, v in cells if 1 <= v < THRESHOLD),
    )


def secondary(asked: Problem, found: Solution) -> list[int]:
    return [n for n, (row, gone) in enumerate(zip(asked.candidates, found.hidden, strict=True)) if gone > row.hidden]


def only_primary(asked: Problem) -> list[bool]:
    return [row.hidden for row in asked.candidates]


# --- the worked example ------------------------------------------------------------------------------------------


def test_hiding_the_small_numbers_alone_gives_them_away():
    asked = problem(Table(ORACLE))
    found = [reach(asked, only_primary(asked), form) for form in asked.sensitive]
    assert found == [pytest.approx((3, 3)), pytest.approx((2, 2))]
    assert not is_safe(asked, only_primary(asked))


def test_the_example_needs_two_more_cells():
    asked = problem(Table(ORACLE), by_size=False)
    found = solve(asked)
    assert (len(secondary(asked, found)), found.method) == (2, "optimal")


def test_by_the_sum_of_values_the_women_of_the_same_municipalities_are_hidden():
    """Cost 19 (12 + 7), and not the totals of the two (24); then either number is 0 to 5."""
    table = Table(ORACLE)
    asked = problem(table)
    found = solve(asked)
    assert secondary(asked, found) == [table.number[KROKOM, 0], table.number[ARE, 0]]
    assert sum(asked.candidates[n].loss for n in secondary(asked, found)) == 19
    assert found.loss == 19 + 3 + 2
    assert [reach(asked, found.hidden, form) for form in asked.sensitive] == [pytest.approx((0, 5))] * 2


def test_a_linked_table_is_part_of_the_same_decision():
    """The sum of two years is shown beside one of them, so the cells hidden in that year must be hidden in the sum."""
    year, other = Table(ORACLE), Table([(40, 20), (30, 20), (20, 10), (20, 10)], first=15)
    total = Table((year.values + other.values)[:-1, :-1], first=30)
    added = [
        Relation(((int(a), 1.0), (int(b), 1.0), (int(c), -1.0)), "=", 0.0)
        for a, b, c in zip(year.number.flat, other.number.flat, total.number.flat, strict=True)
    ]
    asked = problem(year, other, total, known=added)
    alone = solve(problem(year))
    assert not is_safe(asked, [*alone.hidden, *([False] * 30)])
    found = solve(asked)
    assert is_safe(asked, found.hidden)
    assert len(secondary(asked, found)) > len(secondary(problem(year), alone))


# --- properties --------------------------------------------------------------------------------------------------

small_tables = st.lists(st.lists(st.integers(0, 12), min_size=2, max_size=2), min_size=2, max_size=2)
tables = st.integers(2, 3).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 20), min_size=width, max_size=width), min_size=2, max_size=4
    )
)  # fmt: skip
few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
many = settings(max_examples=40, deadline=None, derandomize=True)


def can_be_protected(asked: Problem) -> bool:
    return is_safe(asked, [True] * len(asked.candidates))


@few
@given(small_tables, st.lists(st.integers(1, 9), min_size=9, max_size=9))
def test_no_safe_choice_loses_less(body, losses):
    plain = problem(Table(body))
    rows = tuple(
        Candidate(row.relations, float(loss), row.hidden) for row, loss in zip(plain.candidates, losses, strict=True)
    )
    asked = Problem(plain.variables, plain.known, rows, plain.sensitive)
    found = solve(asked)
    assert found.method == "optimal"
    assert is_safe(asked, found.hidden)
    assert found.loss == pytest.approx(cheapest(asked))


@settings(few, max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=3))
def test_no_safe_choice_of_shares_loses_less(pairs):
    """Rows that tell two sums at once, of which others tell the same; numerators are at most their denominators."""
    parts = [(min(pair), sum(pair)) for pair in pairs]
    known = tuple(Relation(((n, 1.0), (n + 3, -1.0)), "<=", 0.0) for n in range(3))

    def side(numbers: Sequence[int], which: int) -> Relation:
        return Relation(tuple((n + 3 * which, 1.0) for n in numbers), "=", float(sum(parts[n][which] for n in numbers)))

    def is_small(number: float) -> bool:
        return 1 <= number < THRESHOLD

    rows, forms = [], []
    for numbers in ([0], [1], [2], [1, 2], [0, 1, 2]):
        top, bottom = side(numbers, 0), side(numbers, 1)
        rest = (*bottom.cells, *((n, -1.0) for n, _ in top.cells))
        primary = is_small(top.amount) or is_small(bottom.amount - top.amount)
        rows += [Candidate((top, bottom), 2.0 + len(numbers), primary), Candidate((bottom,), 1.5, False)]
        forms += [Form(top.cells, THRESHOLD)] if is_small(top.amount) else []
        forms += [Form(rest, THRESHOLD)] if is_small(bottom.amount - top.amount) else []
    asked = Problem(6, known, tuple(rows), tuple(forms))
    found = solve(asked)
    assert is_safe(asked, found.hidden)
    assert found.loss == pytest.approx(cheapest(asked))


@many
@given(tables)
def test_what_is_chosen_is_safe_and_leaves_no_line_with_one_hidden_cell(body):
    table = Table(body)
    asked = problem(table)
    found = solve(asked)
    assert is_safe(asked, found.hidden)
    for line in table.lines():
        assert sum(found.hidden[n] for n in line) != 1


@many
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_no_loss(body, random):
    order = random.sample(range(len(body[0])), len(body[0]))
    shuffled = [[line[at] for at in order] for line in random.sample(body, len(body))]
    assert solve(problem(Table(shuffled))).loss == pytest.approx(solve(problem(Table(body))).loss)


@many
@given(tables)
def test_deciding_again_on_what_was_decided_changes_nothing(body):
    """The rows that were hidden must now be; no other is hidden for that."""
    asked = problem(Table(body))
    first = solve(asked)
    again = Problem(
        asked.variables,
        asked.known,
        tuple(
            Candidate(row.relations, row.loss, gone) for row, gone in zip(asked.candidates, first.hidden, strict=True)
        ),
        asked.sensitive,
    )
    assert solve(again).hidden == first.hidden


@many
@given(tables)
def test_coarsening_is_safe_whatever_the_table(body):
    asked = problem(Table(body))
    found = solve(asked, rounds=0)
    assert is_safe(asked, found.hidden)
    assert found.loss >= solve(asked).loss - 1e-9


# --- what is hidden first when it is coarsened -------------------------------------------------------------------


def ranked(*ranks: int) -> Problem:
    """Return three years of women and men, whose men of the first year are few: their sum is known by the total."""
    table = Table([(9, 3), (12, 8), (11, 9)])
    plain = problem(table, by_size=False)
    part, year, whole = ranks
    rank = {int(n): part for n in table.number[:-1, :-1].flat}
    rank |= {int(n): year for n in table.number[:-1, -1]} | {int(n): whole for n in table.number[-1]}
    rows = tuple(
        Candidate(row.relations, row.loss, row.hidden, rank[n]) for n, row in enumerate(plain.candidates)
    )  # fmt: skip
    return Problem(plain.variables, plain.known, rows, plain.sensitive)


def test_parts_are_hidden_before_years_and_years_before_sums_of_years():
    asked = ranked(2, 1, 0)
    found = solve(asked, rounds=0)
    assert found.method == "coarsened"
    assert {row.rank for row, gone in zip(asked.candidates, found.hidden, strict=True) if gone} == {2}
    assert all(gone for row, gone in zip(asked.candidates, found.hidden, strict=True) if row.rank == 2)
    assert found.coarsened == 5


def test_all_is_hidden_if_nothing_less_is_safe():
    asked = ranked(0, 0, 0)
    found = solve(asked, rounds=0)
    assert all(found.hidden)


def test_a_part_that_needs_no_hiding_is_not_coarsened():
    """Two small numbers stand so that they protect each other: no row but theirs is hidden."""
    asked = problem(Table([(3, 3, 9), (4, 4, 9), (9, 9, 9)]))
    found = solve(asked, rounds=0)
    assert list(found.hidden) == only_primary(asked)
    assert (found.coarsened, sum(found.hidden)) == (0, 4)


# --- what is known already ---------------------------------------------------------------------------------------


def test_what_an_earlier_release_has_shown_protects_nothing_any_more():
    """Krokom's women stand in an earlier release, so that hiding them is of no use: the totals must go."""
    table = Table(ORACLE)
    asked = problem(table, known=[told(table.number[KROKOM, 0], 12), told(table.number[ARE, 0], 7)])
    found = solve(asked)
    assert {table.number[KROKOM, -1], table.number[ARE, -1]} <= set(secondary(asked, found))
    assert is_safe(asked, found.hidden)


def test_what_stays_hidden_stays_hidden_and_costs_what_it_costs():
    table = Table(ORACLE)
    plain = problem(table)
    rows = tuple(
        Candidate(row.relations, row.loss, row.hidden or n in table.number[[KROKOM, ARE], -1])
        for n, row in enumerate(plain.candidates)
    )
    found = solve(Problem(plain.variables, plain.known, rows, plain.sensitive))
    assert secondary(Problem(plain.variables, plain.known, rows, plain.sensitive), found) == []
    assert found.loss == 15 + 9 + 3 + 2


def test_a_number_that_is_known_already_stops_all():
    table = Table(ORACLE)
    asked = problem(table, known=[told(table.number[KROKOM, 1], 3)])
    with pytest.raises(Exposed) as stopped:
        solve(asked)
    assert stopped.value.forms == (0,)  # the other number can still be protected
    assert "3" not in str(stopped.value)


def test_what_cannot_be_true_stops_all():
    table = Table(ORACLE)
    asked = problem(table, known=[told(table.number[KROKOM, 0], 12), told(table.number[KROKOM, 0], 13)])
    with pytest.raises(Contradiction, match="contradicts itself"):
        solve(asked)


def test_a_sum_that_two_rows_tell_is_hidden_in_both():
    """A numerator that is another row's denominator is known as long as one of them is shown."""
    whole = Relation(((0, 1.0), (1, 1.0)), "=", 12.0)
    rows = (
        Candidate((told(0, 3),), 1.0, hidden=True),
        Candidate((told(1, 9),), 5.0),
        Candidate((whole,), 2.0),
        Candidate((whole, told(2, 40)), 2.0),
    )
    asked = Problem(3, (), rows, (Form(((0, 1.0),), THRESHOLD),))
    assert solve(asked).hidden == (True, False, True, True)


def test_only_what_is_linked_is_hidden():
    one, other = Table(ORACLE), Table([(40, 20), (30, 20)], first=15)
    found = solve(problem(one, other))
    assert not any(found.hidden[15:])
    assert found.hidden[:15] == solve(problem(one)).hidden


def test_the_same_problem_has_the_same_answer_of_several_that_are_as_good():
    """Every cell costs the same, so that many choices are as good; it is still always one of them."""
    from include.measure.disclosure import program

    asked = problem(Table([(3, 9, 9), (9, 4, 9), (9, 9, 2)]), by_size=False)
    found = []
    for _ in range(3):
        program._solved.cache_clear()
        found.append(solve(asked))
    assert found[0] == found[1] == found[2]
    assert np.count_nonzero(found[0].hidden) > 3
