"""Least privilege: every act that a role must not do fails, and what it needs works."""

import pytest
import sqlalchemy as sa

from include.load import tables as t
from include.load.publ import VIEWS
from tests.load.samples import MEASURE, SMALL, add_dimensions, day, load

pytestmark = pytest.mark.postgres

WAREHOUSE = [f"warehouse.{table.name}" for table in t.metadata.sorted_tables]
RELEASES = [f"warehouse.{table.name}" for table in t.RELEASE_TABLES]
POINTER = ["warehouse.current_release", "warehouse.release_pointer_move"]
ALL = {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"}

#: What a role may do with a whole table; every privilege that does not stand here must be refused.
DIMENSIONS = [
    f"warehouse.{name}" for name in ("area", "period", "sex", "age", "party", "measure", "breakdown", "source_label")
]
WRITE, APPEND, REPLACE, READ = (
    {"SELECT", "INSERT", "UPDATE"},
    {"SELECT", "INSERT"},
    {"SELECT", "INSERT", "DELETE"},
    {"SELECT"},
)
#: Where exact small counts are: the loader alone reads them.
PRIVATE = ("restricted_value", "release_equation")
CONFINED = {"warehouse.observation", *(f"warehouse.{name}" for name in PRIVATE)}
MAY = {
    "followup_loader": {
        **dict.fromkeys((*DIMENSIONS, "warehouse.outcome"), WRITE),
        **{f"warehouse.{name}": APPEND for name in ("capture", "loaded", "quarantine", "observation")},
        **{f"warehouse.{name}": READ for name in ("value_status", "mark")},
        "warehouse.wake": {"SELECT", "INSERT", "UPDATE", "DELETE"},
        **{f"warehouse.{name}": REPLACE for name in ("indicator_value", "indicator_trend", *PRIVATE)},
    },
    "followup_publisher": {
        **dict.fromkeys(sorted({*WAREHOUSE} - CONFINED - {"warehouse.wake"}), READ),
        **dict.fromkeys(RELEASES, REPLACE),
        "warehouse.release": {"SELECT", "DELETE"},
        **{f"publ.{view.name}": READ for view in VIEWS},
    },
    "bi_reader": {f"publ.{view.name}": READ for view in VIEWS},
}


@pytest.mark.parametrize("role", MAY)
def test_a_role_has_the_privileges_of_the_matrix_and_no_others(warehouse, role):
    everything = [*WAREHOUSE, *(f"publ.{view.name}" for view in VIEWS)]
    with warehouse.engine("owner").connect() as connection:
        found = {
            table: {
                act
                for act in ALL
                if connection.execute(
                    sa.text("SELECT has_table_privilege(:role, :table, :act)"),
                    {"role": role, "table": table, "act": act},
                ).scalar()
            }
            for table in everything
        }
    assert {table: acts for table, acts in found.items() if acts} == MAY[role]


FORBIDDEN = {
    "bi_reader": [
        "SELECT * FROM warehouse.observation",
        "SELECT * FROM warehouse.indicator_value",
        "SELECT * FROM warehouse.status_label",
        "SELECT warehouse.make_current('x')",
        "CREATE TEMPORARY TABLE x (y int)",
        "CREATE TABLE publ.x (y int)",
        "CREATE TABLE public.x (y int)",
        "DELETE FROM publ.sex_v1",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "SELECT pg_read_file('PG_VERSION')",
        "SET ROLE followup_owner",
    ],
    "loader": [
        "DELETE FROM warehouse.observation",
        "UPDATE warehouse.observation SET value = 0",
        "UPDATE warehouse.observation SET status = 'F'",
        "DELETE FROM warehouse.area",
        "DELETE FROM warehouse.quarantine",
        "UPDATE warehouse.capture SET origin = 'example'",
        "TRUNCATE warehouse.observation",
        "INSERT INTO warehouse.value_status VALUES (9, 'x', 'x', true)",
        "SELECT * FROM warehouse.release",
        "SELECT * FROM warehouse.release_value",
        "INSERT INTO warehouse.release_goal_area VALUES ('r', 'A', 'x', 'x', 'x', NULL, NULL, 1)",
        "UPDATE warehouse.current_release SET release_id = 'x'",
        "SELECT warehouse.make_current('x')",
        "SELECT * FROM publ.indicator_value_v1",
        "CREATE TABLE warehouse.x (y int)",
        "SET ROLE followup_owner",
    ],
    "publisher": [
        "INSERT INTO warehouse.current_release VALUES ('a', 'r', now())",
        "UPDATE warehouse.current_release SET release_id = 'x'",
        "DELETE FROM warehouse.current_release",
        "INSERT INTO warehouse.release_pointer_move (agreement_id, release_id, moved_at, moved_by)"
        " VALUES ('a', 'b', now(), 'c')",
        "UPDATE warehouse.release SET released_at = now()",
        "UPDATE warehouse.release SET is_example = false",
        "INSERT INTO warehouse.release (release_id, released_at) VALUES ('x', now())",
        "UPDATE warehouse.release_value SET value = 0",
        "TRUNCATE warehouse.release_value",
        "INSERT INTO warehouse.outcome (run_id) VALUES ('x')",
        "DELETE FROM warehouse.observation",
        "SELECT value FROM warehouse.observation",
        "SELECT value_low FROM warehouse.restricted_value",
        "UPDATE warehouse.capture SET origin = 'example'",
        "INSERT INTO warehouse.source_label (text) VALUES ('x')",
        "CREATE TEMPORARY TABLE x (y int)",
        "CREATE OR REPLACE FUNCTION warehouse.make_current(text) RETURNS void LANGUAGE sql AS ''",
        "ALTER TABLE warehouse.release DISABLE TRIGGER ALL",
        "SET ROLE followup_owner",
    ],
}


@pytest.mark.parametrize(("role", "act"), [(role, act) for role, acts in FORBIDDEN.items() for act in acts])
def test_a_forbidden_act_fails(warehouse, role, act):
    with warehouse.engine(role).connect() as connection:
        # That a reader's transactions are read-only is its own setting, which it may change: the grants must hold.
        connection.execute(sa.text("SET TRANSACTION READ WRITE"))
        with pytest.raises(sa.exc.ProgrammingError) as caught:
            connection.execute(sa.text(act))
    assert caught.value.orig.sqlstate == "42501"  # insufficient_privilege


def test_nobody_else_may_connect(warehouse):
    with warehouse.superuser() as connection:
        may = connection.execute(
            "SELECT rolname FROM pg_roles WHERE has_database_privilege(rolname, current_database(), 'CONNECT')"
            " AND NOT rolsuper AND rolcanlogin ORDER BY 1"
        ).fetchall()
        temporary = connection.execute(
            "SELECT rolname FROM pg_roles WHERE has_database_privilege(rolname, current_database(), 'TEMPORARY')"
            " AND NOT rolsuper AND rolcanlogin ORDER BY 1"
        ).fetchall()
    assert [name for (name,) in may] == ["bi_reader", "followup_loader", "followup_owner", "followup_publisher"]
    assert [name for (name,) in temporary] == ["followup_loader", "followup_owner"]


def test_the_reader_sees_public_observations_and_never_small_counts(warehouse):
    add_dimensions()
    load({"2380": 7}, day("2024-01-15"))
    load({"2380": 3}, day("2024-01-15"), part="E99-X-2023", measure=SMALL, origin="example")
    with warehouse.engine("bi_reader").connect() as connection:
        rows = connection.execute(sa.text("SELECT measure_code, value FROM publ.observation_public_v1")).all()
        assert rows == [(MEASURE, 7.0)]
        connection.rollback()
        # A function of the reader's own cannot look into the rows that the view leaves out.
        leaky = sa.text("SELECT * FROM publ.observation_public_v1 WHERE 1 / (value - 3)::integer > 0 OR true")
        assert len(connection.execute(leaky).all()) == 1


def test_observation_keys_are_those_of_dimension_rows(warehouse):
    add_dimensions()
    load({"2380": 7, "2303": None}, day("2024-01-15"))
    joined = " ".join(
        f"LEFT JOIN warehouse.{name} USING ({key})"
        for name, key in (*t.KEYS.items(), ("source_label", "label_key"), ("capture", "capture_key"))
    )
    lost = " OR ".join(
        f"{name}.{'text' if name == 'source_label' else 'code'} IS NULL" for name in (*t.KEYS, "source_label")
    )
    query = sa.text(f"SELECT count(*) FROM warehouse.observation {joined} WHERE {lost} OR capture_id IS NULL")
    with warehouse.engine("owner").connect() as connection:
        assert connection.execute(query).scalar() == 0
