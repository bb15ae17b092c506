"""The attacker finds what can be worked out, and nothing else: by tables worked out by hand and by many random ones."""

import ast
from itertools import combinations

import numpy as np
import pytest

from include import settings
from include.publish.attack import Finding, Form, Linear, System, Unanswered, exposed, limits
from tests.publish.linked_tables import Row, Search, Tables, TooMany, tables

#: Östersund, Krokom, Åre, Ragunda and their sum; women, men, all. Threshold 5, width 3.
TABLE = [[41, 9, 50], [12, 3, 15], [7, 2, 9], [6, 6, 12], [66, 20, 86]]
KROKOM_MEN, ARE_MEN = (1, 1), (2, 1)


def number(row: int, column: int) -> int:
    return 3 * row + column


def seen(hidden: set[tuple[int, int]], *, truth: bool = False) -> System:
    """Return what a reader of the table knows who does not see some of its cells."""
    sums = [Linear(tuple(number(row, c) for c in range(3)), (1.0, 1.0, -1.0)) for row in range(5)]
    sums += [Linear(tuple(number(r, column) for r in range(5)), (1.0,) * 4 + (-1.0,)) for column in range(3)]
    told = [
        Linear((number(r, c),), (1.0,), float(TABLE[r][c])) for r in range(5) for c in range(3) if (r, c) not in hidden
    ]
    return System(15, [*sums, *told], point=np.array(TABLE, dtype=float).ravel() if truth else None)


SECRET = [Form.sum([number(*KROKOM_MEN)], 5, 3), Form.sum([number(*ARE_MEN)], 5, 3)]


def test_hiding_the_small_cells_alone_tells_them() -> None:
    system = seen({KROKOM_MEN, ARE_MEN})
    assert [limits(system, form) for form in SECRET] == [(3, 3), (2, 2)]
    assert [finding.form for finding in exposed(system, SECRET)] == [0, 1]


@pytest.mark.parametrize("others", [{(1, 0), (2, 0)}, {(1, 2), (2, 2)}])
def test_two_cells_more_protect_them(others: set[tuple[int, int]]) -> None:
    """Both optimal choices leave an interval from 0 to 5: their sum is known from the column."""
    system = seen({KROKOM_MEN, ARE_MEN} | others)
    assert [limits(system, form) for form in SECRET] == [(0, 5), (0, 5)]
    assert exposed(system, SECRET) == []


def test_no_other_two_cells_and_no_single_one_protect_them() -> None:
    """The two optimal choices are the only ones of their size: the attacker refuses every other."""
    cells = [(r, c) for r in range(5) for c in range(3) if (r, c) not in (KROKOM_MEN, ARE_MEN)]
    chosen = [set(some) for count in (1, 2) for some in combinations(cells, count)]
    safe = [some for some in chosen if not exposed(seen({KROKOM_MEN, ARE_MEN} | some, truth=True), SECRET)]
    assert safe == [{(1, 0), (2, 0)}, {(1, 2), (2, 2)}]


def test_knowing_the_truth_changes_no_answer() -> None:
    """The true figures only save work: with and without them, each choice of three cells is judged alike."""
    cells = [(r, c) for r in range(5) for c in range(3) if (r, c) not in (KROKOM_MEN, ARE_MEN)]
    for some in list(combinations(cells, 3))[::7]:
        hidden = {KROKOM_MEN, ARE_MEN} | set(some)
        with_truth, without = (exposed(seen(hidden, truth=truth), SECRET) for truth in (True, False))
        assert [each.form for each in with_truth] == [each.form for each in without]


def test_both_tests_count() -> None:
    """A sum is exposed if it cannot be large, and also if it is known too closely though it can be large."""
    narrow = System(2, [Linear((0, 1), (1.0, 1.0), 40.0)], [Linear((1,), (1.0,), 2.0)])
    assert limits(narrow, Form.sum([0], 5, 3)) == (38, 40)
    assert exposed(narrow, [Form.sum([0], 5, 3), Form.sum([1], 5, 3), Form.sum([0], 5, 2)]) == [
        Finding(0, "width"),
        Finding(1, "most"),
    ]


def test_what_nobody_has_told_of_is_protected() -> None:
    free = System(3, [Linear((0, 1, 2), (1.0, 1.0, -1.0))])
    assert limits(free, Form.sum([0], 5, 3)) == (0, float("inf"))
    assert exposed(free, [Form.sum([one], 5, 3) for one in range(3)]) == []
    known = System(3, free.equal, point=np.array([2.0, 1.0, 3.0]))
    assert exposed(known, [Form.sum([one], 5, 3) for one in range(3)]) == []


def test_a_shown_zero_tells_its_parts() -> None:
    """A total of 0 is told in a piece where all amounts are 0; its parts are not protected."""
    told = [Linear((0, 1, 2), (1.0, 1.0, -1.0)), Linear((2,), (1.0,), 0.0)]
    for point in (None, np.zeros(3)):
        found = exposed(System(3, told, point=point), [Form.sum([0], 5, 3)])
        assert found == [Finding(0, "most")]


def test_a_contradiction_is_told_and_never_taken_for_safe() -> None:
    both = System(2, [Linear((0, 1), (1.0, 1.0), 6.0), Linear((0,), (1.0,), 7.0)], point=np.array([7.0, 0.0]))
    assert exposed(both, [Form.sum([1], 5, 3)]) == [Finding(0, "contradiction")]
    with pytest.raises(Unanswered):
        limits(both, Form.sum([1], 5, 3))


def test_a_sum_over_several_pieces_is_weighed_as_a_whole() -> None:
    """Each half may be 0 to 2, so that together they are at most 4."""
    halves = System(4, [Linear((0, 1), (1.0, 1.0), 2.0), Linear((2, 3), (1.0, 1.0), 2.0)])
    assert exposed(halves, [Form.sum([0, 2], 5, 3)]) == [Finding(0, "most")]
    assert exposed(halves, [Form.sum([0, 2], 4, 3)]) == []


def test_a_sum_of_nothing_is_known_to_be_nothing() -> None:
    """A form without figures is 0, whatever else is known; a form beside it is judged as it would be alone."""
    told = System(2, [Linear((0,), (1.0,), 30.0)])
    assert exposed(told, [Form.sum([], 5, 3), Form.sum([1], 5, 3)]) == [Finding(0, "most")]


def test_what_is_known_to_lie_low_and_apart_is_still_small() -> None:
    """A figure of 0 to 4 is small though its limits differ by more than the width."""
    assert exposed(System(1, at_most=[Linear((0,), (1.0,), 4.0)]), [Form.sum([0], 5, 3)]) == [Finding(0, "most")]


def test_the_auditor_shares_no_code_with_what_it_audits() -> None:
    """Neither the disclosure control nor the code that computes values is imported by any part of the auditor."""
    parts = ("attack", "delivered", "knowledge", "disclosure_audit", "disclosure_files")
    for name in parts:
        tree = ast.parse((settings.ROOT / "include/publish" / f"{name}.py").read_text(encoding="utf-8"))
        named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert named, name
        assert not {module for module in named if module.startswith(("include.measure", "include.check"))}, name


# --- random tables that hang together ----------------------------------------------------------------------------


def naive(made: Tables) -> list[Row]:
    """Return the rows of both releases that hide small counts and nothing else."""
    return [row for rows in made.releases for row in rows if not made.is_primary(row)]


def missed(seed: int) -> tuple[int, int]:
    """Return how many sums of naive tables are determined by brute force, and how many of them the attacker misses."""
    made = tables(seed)
    system, forms = made.system(naive(made)), made.attacked()
    search, found = Search(system), {each.form for each in exposed(system, forms)}
    determined = [place for place, form in enumerate(forms) if search.is_determined(form)]
    return len(determined), len(set(determined) - found)


@pytest.mark.scorecard(50, "hiding small cells alone is caught wherever it can be undone")
def test_every_naive_suppression_that_can_be_undone_is_caught() -> None:
    """100 %: what a search without any linear program finds to be one number only is among what the attacker finds."""
    told = [missed(seed) for seed in range(100)]
    assert sum(found for found, _ in told) > 800, "the tables must give the attacker something to find"
    assert sum(lost for _, lost in told) == 0


def test_the_search_finds_what_is_known_to_be_determined() -> None:
    """The oracle table again, for the brute force that the attacker is measured by."""
    assert [Search(seen({KROKOM_MEN, ARE_MEN}, truth=True)).is_determined(form) for form in SECRET] == [True, True]
    safe = seen({KROKOM_MEN, ARE_MEN, (1, 0), (2, 0)}, truth=True)
    assert [Search(safe).is_determined(form) for form in SECRET] == [False, False]
    with pytest.raises(TooMany):
        Search(safe, most=0).is_determined(SECRET[0])


def protected(seed: int) -> int:
    """Let the disclosure control decide on both releases of random tables; return how many sums are exposed then."""
    from tests.publish.controlled import released

    made = tables(seed)
    return len(exposed(made.system(released(made)), made.attacked()))


@pytest.mark.scorecard(50, "no cell of protected random tables is recoverable")
def test_no_cell_of_protected_tables_is_recoverable() -> None:
    """0: nothing that the disclosure control lets through, in two releases together, exposes any sum."""
    assert [seed for seed in range(30) if protected(seed)] == []


# --- differencing ------------------------------------------------------------------------------------------------


def small(cells: list[int]) -> list[Form]:
    return [Form.sum(cells, 5, 3)]


@pytest.mark.scorecard(50, "a total less the women")
def test_total_minus_women() -> None:
    """All (12) and women (9) tell the men, though men are hidden."""
    told = [Linear((0, 1, 2), (1.0, 1.0, -1.0)), Linear((2,), (1.0,), 12.0), Linear((0,), (1.0,), 9.0)]
    assert limits(System(3, told), small([1])[0]) == (3, 3)
    assert exposed(System(3, told), small([1]))
    assert exposed(System(3, told[:2]), small([1])) == []


@pytest.mark.scorecard(50, "the county less seven municipalities")
def test_county_minus_the_other_seven() -> None:
    """The county's sum and seven municipalities tell the eighth."""
    county = Linear(tuple(range(8)), (1.0,) * 8, 60.0)
    seven = [Linear((place,), (1.0,), 8.0) for place in range(7)]
    assert limits(System(8, [county, *seven]), small([7])[0]) == (4, 4)
    assert exposed(System(8, [county, *seven]), small([7]))
    assert exposed(System(8, [county, *seven[:5]]), small([7])) == []  # two more hidden: 0 to 20 together


@pytest.mark.scorecard(50, "three years less two")
def test_three_years_minus_two() -> None:
    """A sum of three years and two of the years tell the third."""
    told = [Linear((0, 1, 2), (1.0,) * 3, 22.0), Linear((0,), (1.0,), 9.0), Linear((1,), (1.0,), 11.0)]
    assert exposed(System(3, told), small([2])) == [Finding(0, "most")]
    assert exposed(System(3, told[:2]), small([2])) == []


@pytest.mark.scorecard(50, "one release less the one before")
def test_one_release_minus_the_one_before() -> None:
    """A late report changes one part: the first release told the total, the second the other parts."""
    before = [Linear((0, 1, 2), (1.0, 1.0, -1.0)), Linear((2,), (1.0,), 12.0)]  # K + M = T, T shown; K = 3, M = 9
    after = [Linear((3, 1, 4), (1.0, 1.0, -1.0)), Linear((1,), (1.0,), 9.0), Linear((4,), (1.0,), 15.0)]  # K = 6 now
    assert exposed(System(5, before), small([0])) == []
    assert limits(System(5, [*before, *after]), small([0])[0]) == (3, 3)
    assert exposed(System(5, [*before, *after]), small([0])) == [Finding(0, "most")]


@pytest.mark.scorecard(50, "periods against their year")
def test_periods_against_the_year() -> None:
    """The quarters as they were told one by one, and the year, tell the quarter that was hidden."""
    year = Linear((0, 1, 2, 3), (1.0,) * 4, 31.0)
    quarters = [Linear((place,), (1.0,), amount) for place, amount in ((0, 9.0), (1, 8.0), (2, 12.0))]
    assert exposed(System(4, [year, *quarters]), small([3])) == [Finding(0, "most")]
    assert exposed(System(4, [year, *quarters[:1]]), small([3])) == []


@pytest.mark.scorecard(50, "a public table against the extract")
def test_a_public_table_against_the_extract() -> None:
    """What a producer publishes of the same cases (11) is known, and tells what the extract hides beside it."""
    extract = [Linear((0, 1, 2), (1.0, 1.0, -1.0)), Linear((0,), (1.0,), 9.0)]
    public = Linear((2,), (1.0,), 11.0)
    assert exposed(System(3, extract), small([1])) == []
    assert exposed(System(3, [*extract, public]), small([1])) == [Finding(0, "most")]
