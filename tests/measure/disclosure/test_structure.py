"""What is taken to be known of small counts by those who see none of them."""

from typing import Any

import numpy as np
import pytest

from include.measure.disclosure import structure as module
from include.measure.disclosure.problem import Relation
from include.measure.disclosure.structure import Cell, structure
from include.measure.observed import Key
from include.registry.models import Agreement
from tests.measure.disclosure.deliveries import JAMTLAND, KOMMUNER, REGISTRY

Told = set[tuple[frozenset[tuple[str, float]], str]]
Number = float | tuple[float, float]


def cells(**numbers: Number) -> dict[Key, Cell]:
    """Return small counts by short names: measure, then sex, age, breakdown, period or party where they differ."""
    made = {}
    for variable, (name, number) in enumerate(sorted(numbers.items())):
        low, high = number if isinstance(number, tuple) else (number, number)
        made[KEYS[name]] = Cell(variable, low, high, low < high)
    return made


def known(numbers: dict[Key, Cell], agreement: Agreement = JAMTLAND) -> Told:
    """Return the relations, each as names with their numbers."""
    names = {cell.variable: NAMES[key] for key, cell in numbers.items()}
    found = structure(REGISTRY, agreement, numbers)
    assert len(found) == len(set(found))
    assert all(isinstance(each, Relation) and each.amount == 0 for each in found)
    return {(frozenset((names[variable], times) for variable, times in each.cells), each.sense) for each in found}


def key(measure: str, sex: str = "T", age: str = "T", breakdown: str = "total", period: str = "2024", **what) -> Key:
    return Key(measure, what.get("area", "23"), period, sex, age, what.get("party", "X1"), breakdown)


KEYS = {
    **{f"granted_{sex}": key("E05.granted", sex) for sex in "KMXT"},
    **{f"{name}_T": key(f"E05.{name}") for name in ("refused", "other", "decided", "electronic", "applied")},
    **{f"children_{name}": key("E07.children", age=age, period="2024-H1") for name, age in (
        ("young", "0-6"), ("middle", "7-14"), ("old", "15-17"), ("T", "T"))},
    **{f"individuals_{name}": key("E08.individuals", breakdown=code) for name, code in (
        ("exposed", "role:utsatt"), ("user", "role:utovare"), ("kin", "role:narstaende"), ("T", "total"))},
    **{f"assessed_{name}": key("E04.cases_assessed", breakdown=code) for name, code in (
        ("low", "risk_level:lag"), ("medium", "risk_level:medel"), ("high", "risk_level:hog"), ("T", "total"))},
    "nights": key("E06.nights_adults"),
    "placed": key("E06.placed_adults"),
}  # fmt: skip
NAMES = {told: name for name, told in KEYS.items()}


def plus(*names: str) -> set[tuple[str, float]]:
    return {(name, 1.0) for name in names}


def test_the_sexes_of_a_grid_make_up_its_total():
    found = known(cells(granted_K=3, granted_M=4, granted_X=0, granted_T=7))
    assert found == {(frozenset(plus("granted_K", "granted_M", "granted_X") | {("granted_T", -1.0)}), "=")}


def test_ages_that_follow_on_each_other_make_up_their_total():
    found = known(cells(children_young=3, children_middle=4, children_old=0, children_T=7))
    assert found == {
        (frozenset(plus("children_young", "children_middle", "children_old") | {("children_T", -1.0)}), "=")
    }


def test_a_total_may_stand_in_another_grid_than_its_parts():
    found = known(cells(assessed_low=3, assessed_medium=4, assessed_high=0, assessed_T=7))
    assert found == {
        (frozenset(plus("assessed_low", "assessed_medium", "assessed_high") | {("assessed_T", -1.0)}), "=")
    }


def test_where_a_part_is_not_there_the_others_are_no_more_than_the_total():
    found = known(cells(granted_K=3, granted_T=7))
    assert found == {(frozenset({("granted_K", 1.0), ("granted_T", -1.0)}), "<=")}


def test_parts_that_overlap_are_no_less_than_the_total_and_none_is_more():
    """One person in two roles: the sum is 8, the persons are 7."""
    parts = ["individuals_exposed", "individuals_user", "individuals_kin"]
    found = known(cells(individuals_exposed=5, individuals_user=2, individuals_kin=1, individuals_T=7))
    each = {(frozenset({(part, 1.0), ("individuals_T", -1.0)}), "<=") for part in parts}
    whole = (frozenset({("individuals_T", 1.0), *((part, -1.0) for part in parts)}), "<=")
    assert found == {*each, whole}


def test_cross_checks_hold_in_every_row():
    found = known(cells(granted_T=7, refused_T=2, other_T=1, decided_T=10, electronic_T=3))
    assert found == {
        (frozenset(plus("granted_T", "refused_T", "other_T") | {("decided_T", -1.0)}), "="),
        (frozenset({("electronic_T", 1.0), ("granted_T", -1.0)}), "<="),
    }


def test_a_check_with_a_factor_is_a_limit_and_zero_together_is_none():
    assert known(cells(nights=300, placed=2)) == {(frozenset({("nights", 1.0), ("placed", -366.0)}), "<=")}


def test_a_check_that_does_not_hold_is_no_knowledge():
    assert known(cells(granted_T=7, refused_T=2, other_T=1, decided_T=12)) == set()
    assert known(cells(nights=900, placed=2)) == set()


def test_a_number_that_a_party_has_hidden_may_be_what_the_sum_demands():
    total = frozenset(plus("granted_K", "granted_M", "granted_X") | {("granted_T", -1.0)})
    assert (total, "=") in known(cells(granted_K=(1, 4), granted_M=4, granted_X=0, granted_T=7))
    broken = known(cells(granted_K=(1, 4), granted_M=4, granted_X=0, granted_T=17))
    assert broken == {(total, "<=")}


def test_of_checks_that_hidden_numbers_cannot_all_meet_enough_are_left_out():
    """As many as the men, who are hidden: of whom four were electronic, though only three are left of those decided."""
    rest = {"granted_K": 0, "granted_X": 0, "electronic_T": 4, "refused_T": 1, "other_T": 1}
    every = known(cells(granted_M=4, granted_T=4, decided_T=6, **rest))
    some = known(cells(granted_M=(1, 4), granted_T=(1, 4), decided_T=5, **rest))
    assert len(every) == 3
    assert len(some) == 2
    assert some < every


def test_a_program_that_is_not_solved_drops_nothing_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known must not depend on a solver that gave up: then nothing is said at all."""
    solve = module.linprog

    def given_up(*args: Any, **what: Any) -> Any:
        found = solve(*args, **what)
        found.status = 1
        return found

    numbers = cells(granted_K=(1, 4), granted_M=4, granted_X=0, granted_T=7)
    assert structure(REGISTRY, JAMTLAND, numbers) != []
    monkeypatch.setattr(module, "linprog", given_up)
    with pytest.raises(RuntimeError, match="was not solved"):
        structure(REGISTRY, JAMTLAND, numbers)


def barnahus(children: tuple[int, int], by_home: list[int]) -> dict[Key, Cell]:
    made = {
        key("E07.children", period=period, party="BARNAHUS"): number
        for period, number in zip(("2024-H1", "2024-H2"), children, strict=True)
    }
    made |= {
        key("E06.children_barnahus", party=party.code, area=party.area): number
        for party, number in zip(KOMMUNER, by_home, strict=True)
    }
    return {name: Cell(place, number, number) for place, (name, number) in enumerate(made.items())}


def test_what_parties_say_of_the_same_is_known_within_the_tolerance():
    """Barnahus and the municipalities count the same children of a year, give or take a fifth."""
    code = next(party.code for party in JAMTLAND.parties if party.role == "barnahus")
    numbers = {each._replace(party=code if each.party == "BARNAHUS" else each.party): cell
               for each, cell in barnahus((50, 51), [20, 10, 10, 10, 10, 10, 10, 10]).items()}  # fmt: skip
    found = structure(REGISTRY, JAMTLAND, numbers)
    assert sorted((each.sense, [times for _, times in each.cells]) for each in found) == [
        ("<=", [-1.0] * 2 + [0.8] * 8),
        ("<=", [1.0] * 2 + [-1.2] * 8),
    ]
    far = {name: cell._replace(low=40 * cell.low, high=40 * cell.high) if name.party == code else cell
           for name, cell in numbers.items()}  # fmt: skip
    assert len(structure(REGISTRY, JAMTLAND, far)) == 1
    assert structure(REGISTRY, JAMTLAND, dict(list(numbers.items())[1:])) == []


def test_a_check_of_what_has_no_row_for_all_is_no_knowledge():
    """Meetings stand in no grid, so that no count is theirs; the checks beside it hold all the same."""
    code = next(party.code for party in JAMTLAND.parties if party.role == "barnahus")
    numbers = {each._replace(party=code if each.party == "BARNAHUS" else each.party): cell
               for each, cell in barnahus((50, 51), [20, 10, 10, 10, 10, 10, 10, 10]).items()}  # fmt: skip
    check = REGISTRY.party_checks["barnahus_children"]
    more = {"meetings": check.model_copy(update={"id": "meetings", "right": ["E02.meetings"]})}
    checked = REGISTRY.model_copy(update={"party_checks": REGISTRY.party_checks | more})
    assert structure(checked, JAMTLAND, numbers) == structure(REGISTRY, JAMTLAND, numbers) != []


def test_the_relations_are_the_same_in_whatever_order_the_counts_come():
    numbers = cells(granted_K=3, granted_M=4, granted_X=0, granted_T=7, refused_T=2, other_T=1, decided_T=10)
    order = np.random.default_rng(1).permutation(len(numbers))
    shuffled = dict(np.array(list(numbers.items()), dtype=object)[order].tolist())
    assert structure(REGISTRY, JAMTLAND, {Key(*k): Cell(*c) for k, c in shuffled.items()}) == structure(
        REGISTRY, JAMTLAND, numbers
    )
