"""What a release has shown of small counts is kept for the next, where the loader alone reads."""

import pytest
import sqlalchemy as sa

from include.load.equations import equations_of, store_equations
from tests.measure.disclosure.deliveries import count, made, placed, released

pytestmark = pytest.mark.postgres


def test_what_is_stored_is_what_is_read_again(warehouse):
    shown = released(placed(9, 30), made(count("all", "E06.placed_adults"))).equations
    with warehouse.engine("loader").begin() as connection:
        store_equations(connection, "r2", shown)
        store_equations(connection, "r1", shown)
        store_equations(connection, "r3", [])
        found = equations_of(connection, ["r1", "r3", "r0", "r2"])
        assert found == [{"release_id": name, **each} for name in ("r1", "r2") for each in shown]
        assert equations_of(connection, []) == []


def test_storing_again_replaces(warehouse):
    first = released(placed(9, 30), made(count("all", "E06.placed_adults"))).equations
    other = released(placed(9, 31), made(count("all", "E06.placed_adults"))).equations
    with warehouse.engine("loader").begin() as connection:
        store_equations(connection, "r1", first)
        store_equations(connection, "r1", other)
        assert [each["amount"] for each in equations_of(connection, ["r1"])] == [other[0]["amount"]]


@pytest.mark.parametrize("role", ["publisher", "bi_reader"])
def test_nobody_but_the_loader_reads_them(warehouse, role):
    with warehouse.engine(role).connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission"):
        equations_of(connection, ["r1"])
