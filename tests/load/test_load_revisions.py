"""Vintages: every version is kept with its time of knowledge, and the order of loading does not matter."""

import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.load import read
from include.load.engine import engine
from tests.load.samples import MEASURE, add_dimensions, content, day, load

pytestmark = pytest.mark.postgres

FIRST, FINAL, CORRECTED = day("2024-01-15"), day("2024-03-31"), day("2025-02-10")


@pytest.fixture
def dims(warehouse):
    add_dimensions()
    return warehouse


def as_of(moment) -> dict[str, float | None]:
    with engine("loader").connect() as connection:
        frame = read.observations(connection, [MEASURE], moment)
    return {area: None if value != value else value for area, value in zip(frame["area"], frame["value"], strict=True)}


def load_triangle() -> None:
    load({"2380": 100}, FIRST, status="P")
    load({"2380": 102}, FINAL, status="F")
    load({"2380": 101}, CORRECTED, status="F")


def test_the_same_content_again_makes_no_vintage(dims):
    load({"2380": 100}, FIRST)
    result = load({"2380": 100}, FINAL)
    assert (result.new, result.unchanged, result.revised, result.years) == (0, 1, 0, [])
    assert len(content()) == 1


def test_the_same_capture_again_changes_nothing(dims):
    load({"2380": 100}, FIRST, run_id="one")
    before = content()
    again = load({"2380": 100}, FIRST, run_id="two")
    assert (again.new, again.unchanged, again.years) == (0, 1, [])
    assert content() == before


def test_a_retry_by_the_same_run_is_told_what_the_first_try_did(dims):
    first = load({"2380": 100}, FIRST, run_id="one")
    assert load({"2380": 100}, FIRST, run_id="one") == first
    assert first.years == [2023]


def test_preliminary_to_final_with_the_same_value_is_a_vintage_with_difference_zero(dims):
    load({"2380": 100}, FIRST, status="P")
    result = load({"2380": 100}, FINAL, status="F")
    assert result.revised == 1
    assert [(row[3], row[5]) for row in content()] == [(100, "P"), (100, "F")]


def test_as_of_gives_the_last_vintage_known_then(dims):
    load_triangle()
    assert as_of(FIRST - timedelta(seconds=1)) == {}
    assert as_of(FIRST) == {"2380": 100}
    assert as_of(FINAL - timedelta(microseconds=1)) == {"2380": 100}
    assert as_of(FINAL) == {"2380": 102}


def test_the_revision_triangle(dims):
    load_triangle()
    assert as_of(day("2024-02-01")) == {"2380": 100}
    assert as_of(day("2024-06-01")) == {"2380": 102}
    assert as_of(None) == {"2380": 101}
    values = [row[3] for row in content()]
    steps = [later - earlier for earlier, later in itertools.pairwise(values)]
    assert sum(steps) == 1
    assert sum(abs(step) for step in steps) / len(steps) == 1.5


def test_final_to_final_is_kept_as_a_revision_with_the_capture_it_came_from(dims):
    load_triangle()
    *_, (_, _, _, value, _, status, _, _, capture, known_from, known_until) = content()
    assert (value, status, known_until) == (101, "F", "infinity")
    assert "20250210T000000Z" in capture
    assert known_from.startswith("2025-02-10")


def test_a_revision_of_what_was_final_is_told_apart_from_a_planned_one(dims):
    """Preliminary to final is planned; final to another final value has a reason that somebody must be asked for."""
    assert load({"2380": 100}, FIRST, status="P").revised_final == 0
    planned = load({"2380": 102}, FINAL, status="F")
    assert (planned.revised, planned.revised_final) == (1, 0)
    unannounced = load({"2380": 101}, CORRECTED, status="F")
    assert (unannounced.revised, unannounced.revised_final) == (1, 1)


def test_a_key_that_vanishes_is_withdrawn_not_forgotten(dims):
    load({"2380": 100, "2303": 7}, FIRST)
    result = load({"2380": 100}, FINAL)
    assert (result.withdrawn, result.unchanged) == (1, 1)
    assert as_of(FIRST) == {"2303": 7, "2380": 100}
    assert as_of(None) == {"2303": None, "2380": 100}
    assert [row[4] for row in content() if row[2] == "2303"] == ["ok", "withdrawn"]


def test_a_late_older_capture_with_the_next_vintages_state_moves_it_back(dims):
    load({"2380": 102}, FINAL)
    load({"2380": 102}, FIRST)
    ((*_, capture, known_from, known_until),) = content()
    assert "20240115T000000Z" in capture
    assert known_from.startswith("2024-01-15")
    assert known_until == "infinity"


def test_a_late_older_capture_that_alone_has_a_key_is_followed_by_its_withdrawal(dims):
    load({"2380": 1}, FINAL)
    load({"2380": 1, "2303": 7}, CORRECTED)
    load({"2380": 1, "2303": 5}, FIRST)
    mine = [(row[3], row[4], row[9][:10], row[10][:10]) for row in content() if row[2] == "2303"]
    assert mine == [
        (5, "ok", "2024-01-15", "2024-03-31"),
        (None, "withdrawn", "2024-03-31", "2025-02-10"),
        (7, "ok", "2025-02-10", "infinity"),
    ]


def test_a_late_capture_between_two_equal_ones_splits_their_vintage(dims):
    load({"2380": 100}, FIRST)
    load({"2380": 100}, CORRECTED)
    load({"2380": 102}, FINAL)
    assert [(row[3], row[9][:10]) for row in content()] == [
        (100, "2024-01-15"),
        (102, "2024-03-31"),
        (100, "2025-02-10"),
    ]


_AREAS = ("2303", "2305", "2380")
_STATES = st.sampled_from([(1.0, "F"), (2.0, "F"), (1.0, "P"), (None, "F")])
_CAPTURES = st.lists(st.dictionaries(st.sampled_from(_AREAS), _STATES, max_size=3), min_size=1, max_size=5)


def _truth(captures) -> list[tuple[object, ...]]:
    """Compute the vintages from the whole set of captures, the plain way."""
    found = []
    for area in _AREAS:
        seen = last = None
        for place, figures in enumerate(captures):
            now = figures.get(area) or ("withdrawn" if seen else None)
            seen = seen or now
            if now != last:
                found.append((area, place, now))
                last = now
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(captures=_CAPTURES, data=st.data())
def test_the_table_is_a_function_of_the_set_of_captures(dims, captures, data):
    _empty(dims)
    order = data.draw(st.permutations(range(len(captures))))
    for place in order:
        rows = [{"area": area, "value": value, "status": status} for area, (value, status) in captures[place].items()]
        load(rows or {}, FIRST + timedelta(days=place))
    found = [
        (row[2], int((day(row[9][:10]) - FIRST).days), "withdrawn" if row[4] == "withdrawn" else (row[3], row[5]))
        for row in content()
    ]
    assert found == _truth(captures)
    assert _no_gaps_nor_overlaps()


def _empty(dims) -> None:
    with dims.superuser() as connection:
        connection.execute("DELETE FROM warehouse.observation")
        connection.execute("DELETE FROM warehouse.loaded")
        connection.execute("DELETE FROM warehouse.capture")


def _no_gaps_nor_overlaps() -> bool:
    """Every key's vintages follow upon each other to infinity, each from its own capture's moment."""
    query = sa.text(
        "SELECT bool_and(known_until = coalesce(following, 'infinity') AND known_from = captured_at) FROM ("
        " SELECT o.*, c.captured_at, lead(known_from) OVER (PARTITION BY measure_key, period_key, area_key"
        " ORDER BY known_from) AS following"
        " FROM warehouse.observation o JOIN warehouse.capture c USING (capture_key)) x"
    )
    with engine("owner").connect() as connection:
        return connection.execute(query).scalar() in (True, None)
