"""Which masked figures can be worked out: against every whole number tried in turn, and in deliveries made up."""

import itertools

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.check.deliveries.protection import recoverable
from include.check.deliveries.relations import Relations
from include.check.gate import Reveal
from include.registry.delivery import Identity

REGION = "jamtland-RJH-2023-Q1"
UNITS = ["mhv", "bhv", "primarvard", "vuxenpsykiatri", "bup", "akut", "ungdomsmottagning", "tandvard", "ovrigt"]
AGES = ["0-14", "15-17", "18-24", "25-44", "45-64", "65+"]


def relations(*rows):
    """Return relations given as (least, most, {figure: coefficient})."""
    members = [(number, cell, c) for number, (_, _, of) in enumerate(rows) for cell, c in of.items()]
    relation, cell, coefficient = zip(*members, strict=True)
    return Relations(
        np.zeros(len(rows), dtype=np.int64),
        np.array([row[0] for row in rows], dtype=float),
        np.array([row[1] for row in rows], dtype=float),
        np.array(relation),
        np.array(cell),
        np.array(coefficient, dtype=float),
    )


def possible(rows, low, high):
    """Return for each figure the set of whole numbers that some solution gives it, by trying all of them."""
    seen = [set() for _ in low]
    for values in itertools.product(*(range(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))):
        if all(least <= sum(c * values[cell] for cell, c in of.items()) <= most for least, most, of in rows):
            for number, value in zip(seen, values, strict=True):
                number.add(value)
    return seen


def test_one_masked_number_in_a_sum_is_worked_out_and_two_are_not():
    one = relations((0, 0, {0: 1, 1: 1, 2: -1}))
    hits = recoverable(one, np.array([1.0, 6, 8]), np.array([4.0, 6, 8]), np.array([True, False, False]))
    assert hits.tolist() == [True, False, False]
    hits = recoverable(one, np.array([1.0, 1, 5]), np.array([4.0, 4, 5]), np.array([True, True, False]))
    assert hits.tolist() == [False, False, False]


def test_a_number_that_two_sums_together_give_away_is_worked_out():
    # a + b = 5 and a + b + c = 8: nobody knows a and b, but c is 3.
    rows = [(5, 5, {0: 1, 1: 1}), (8, 8, {0: 1, 1: 1, 2: 1})]
    low, high = np.array([1.0, 1, 1]), np.array([4.0, 4, 4])
    assert recoverable(relations(*rows), low, high, np.array([True] * 3)).tolist() == [False, False, True]


def test_a_number_that_nobody_knows_protects_a_masked_one():
    one = relations((0, 0, {0: 1, 1: 1, 2: -1}))
    hits = recoverable(one, np.array([1.0, 0, 8]), np.array([4.0, np.inf, 8]), np.array([True, False, False]))
    assert not hits.any()


def test_relations_that_contradict_each_other_give_nothing_away_and_spoil_no_others():
    rows = [(5, 5, {0: 1, 1: 1}), (6, 6, {0: 1, 1: 1}), (7, 7, {2: 1})]
    low, high = np.array([1.0, 1, 1]), np.array([4.0, 4, 9])
    assert recoverable(relations(*rows), low, high, np.array([True] * 3)).tolist() == [False, False, True]


def test_a_figure_of_no_relation_is_protected():
    one = relations((3, 3, {1: 1}))
    assert recoverable(one, np.array([1.0, 3]), np.array([4.0, 3]), np.array([True, False])).tolist() == [False, False]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_in_tables_with_both_margins_exactly_those_are_found_that_have_one_possible_number(data):
    rows, columns = data.draw(st.sampled_from([(2, 2), (2, 3), (3, 3)]))
    table = np.array(data.draw(st.lists(st.integers(0, 6), min_size=rows * columns, max_size=rows * columns)))
    shape = table.reshape(rows, columns)
    index = np.arange(rows * columns).reshape(rows, columns)
    sums = [(shape[r].sum(), shape[r].sum(), dict.fromkeys(index[r].tolist(), 1)) for r in range(rows)]
    sums += [(shape[:, c].sum(), shape[:, c].sum(), dict.fromkeys(index[:, c].tolist(), 1)) for c in range(columns)]
    chosen = data.draw(st.lists(st.booleans(), min_size=len(table), max_size=len(table)))
    masked = (table >= 1) & (table <= 4) & np.array(chosen)
    low, high = np.where(masked, 1.0, table), np.where(masked, 4.0, table)
    seen = possible(sums, low, high)
    expected = [bool(mask) and len(numbers) == 1 for mask, numbers in zip(masked, seen, strict=True)]
    assert recoverable(relations(*sums), low, high, masked).tolist() == expected


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_in_any_relations_none_is_told_that_has_two_possible_numbers(data):
    values = np.array(data.draw(st.lists(st.integers(1, 4), min_size=5, max_size=5)))
    rows = []
    for _ in range(data.draw(st.integers(1, 4))):
        chosen = data.draw(st.dictionaries(st.integers(0, 4), st.sampled_from([-2, -1, 1, 1, 3]), min_size=1))
        total = sum(c * values[cell] for cell, c in chosen.items())
        slack = data.draw(st.sampled_from([0, 0, 2]))
        rows.append((total - slack, total, chosen))
    low, high = np.ones(5), np.full(5, 4.0)
    seen = possible(rows, low, high)
    hits = recoverable(relations(*rows), low, high, np.ones(5, dtype=bool))
    assert all(len(numbers) == 1 for hit, numbers in zip(hits, seen, strict=True) if hit)


# --- whole deliveries --------------------------------------------------------------------------------------------


def region(numbers):
    """Return a consistent delivery of the region, from five numbers for each unit, sex and age."""
    values = {}
    for (unit, sex, age), (yes, no, not_possible, disclosed, offered) in numbers.items():
        told = {
            "asked_yes": yes, "asked_no": no, "not_possible": not_possible,
            "contacts_eligible": yes + no + not_possible,
            "disclosed": min(disclosed, yes), "risk_offered": offered, "risk_done": offered // 2,
        }  # fmt: skip
        for measure, number in told.items():
            name = f"E03.{measure}"
            for key in (
                *((name, part, code, "T") for part in (f"care_unit:{unit}", "total") for code in (sex, "T")),
                (name, "total", "T", age),
            ):
                values[key] = values.get(key, 0) + number
    return values


counts = st.tuples(*(st.integers(0, 12) for _ in range(5)))
places = st.tuples(st.sampled_from(UNITS), st.sampled_from("KMX"), st.sampled_from(AGES))
regions = st.dictionaries(places, counts, min_size=1, max_size=40)


def complete(numbers):
    return {
        (unit, sex, age): numbers.get((unit, sex, age), (0,) * 5) for unit in UNITS for sex in "KMX" for age in AGES
    }


common = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@common
@given(regions)
def test_a_consistent_delivery_breaks_no_rule(deliveries, numbers):
    found = deliveries.find(REGION, region(complete(numbers)))
    assert [each for each in found if not each.holds] == []
    assert {each.code for each in found} == {"SEXES_DO_NOT_ADD_UP", "PART_ABOVE_WHOLE", "PARTS_DO_NOT_ADD_UP"}


@common
@given(regions, st.data())
def test_masks_and_gaps_in_a_consistent_delivery_give_no_false_alarm(deliveries, numbers, data):
    values = region(complete(numbers))
    small = [key for key, number in sorted(values.items()) if 1 <= number <= 4]
    masked = data.draw(st.sets(st.sampled_from(small))) if small else set()
    lacking = data.draw(st.sets(st.sampled_from(sorted(values)), max_size=30))
    values |= dict.fromkeys(masked, "<5") | dict.fromkeys(lacking, "-")
    broken = {each.code for each in deliveries.find(REGION, values) if not each.holds}
    assert broken <= {"MASK_RECOVERABLE", "UNMASKED_SMALL_COUNT"}


@common
@given(regions, st.randoms(use_true_random=False))
def test_a_number_changed_by_one_breaks_a_sum(deliveries, numbers, random):
    values = region(complete(numbers))
    changed = random.choice(sorted(key for key in values if key[2] in "KMX" and key[0].endswith("asked_yes")))
    values[changed] += 1
    assert "SEXES_DO_NOT_ADD_UP" in deliveries.broken(REGION, values)


def test_fifty_thousand_cells_are_tried_in_seconds(deliveries, registry):
    """Figures of a real contract with many more breakdowns, a fifth of the small ones masked."""
    extract = registry.extracts["E03"]
    codes = [f"care_unit:{number}" for number in range(1800)]
    pattern = registry.breakdowns["care_unit:mhv"]
    sheet = extract.sheets[0].model_copy(
        update={"grid": extract.sheets[0].grid.model_copy(update={"breakdown": [*codes, "total"]})}
    )
    extracts = {"E03": extract.model_copy(update={"sheets": [sheet, *extract.sheets[1:]]})}
    breakdowns = {code: pattern.model_copy(update={"code": code}) for code in codes}
    both = {"extracts": registry.extracts | extracts, "breakdowns": registry.breakdowns | breakdowns}
    large = registry.model_copy(update=both)
    random = np.random.default_rng(1)
    numbers = {
        (code.removeprefix("care_unit:"), sex, AGES[n % 6]): tuple(random.integers(0, 30, 5))
        for n, code in enumerate(codes)
        for sex in "KMX"
    }
    values = {key: int(number) for key, number in region(numbers).items()}
    for number, key in enumerate(sorted(values)):
        if number % 5 == 0 and 1 <= values[key] <= 4:
            values[key] = "<5"
    ours = type(deliveries)(large)
    table = ours.table(Identity.of_part(REGION), values)
    assert table.num_rows > 50_000
    found = ours.find(REGION, table, reveal=Reveal(texts=False))
    assert {each.code for each in found if not each.holds} == {"MASK_RECOVERABLE", "UNMASKED_SMALL_COUNT"}
