"""The schema: made from nothing, made once, the same as tables.py says, and explained column by column."""

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from include.load.migrate import migrate
from include.load.publ import VIEWS, markdown
from include.load.tables import SCHEMA, metadata
from include.settings import ROOT

pytestmark = pytest.mark.postgres


def test_migrating_an_empty_database_twice_changes_nothing_the_second_time(database):
    assert migrate() == "0005"
    before = _catalogue(database)
    assert migrate() == "0005"
    assert _catalogue(database) == before


def test_two_migrations_at_once_give_one_schema(database):
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(migrate())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == ["0005", "0005"]


def test_the_migrated_schema_is_what_tables_py_says(warehouse):
    with warehouse.engine("owner").connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "version_table_schema": SCHEMA,
                "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_every_table_view_and_column_has_a_comment(warehouse):
    silent = sa.text(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE n.nspname IN ('warehouse', 'publ') AND c.relkind IN ('r', 'v') AND c.relname <> 'alembic_version'"
        " AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"
    )
    with warehouse.engine("owner").connect() as connection:
        assert connection.execute(silent).all() == []


def test_every_published_view_has_the_release_id_and_can_be_read(warehouse):
    with warehouse.engine("bi_reader").connect() as connection:
        for view in VIEWS:
            result = connection.execute(sa.text(f"SELECT * FROM publ.{view.name}"))
            assert list(result.keys()) == list(view.names)
            assert "release_id" in view.names


def _catalogue(database) -> list[tuple[object, ...]]:
    query = sa.text(
        "SELECT table_schema, table_name, column_name, data_type, ordinal_position FROM information_schema.columns"
        " WHERE table_schema IN ('warehouse', 'publ') ORDER BY 1, 2, 5"
    )
    with database.engine("owner").connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_the_bi_contract_in_the_documentation_is_that_of_the_views():
    contract = (ROOT / "docs" / "bi_contract.md").read_text(encoding="utf-8")
    assert contract.endswith(markdown()), "run: python -m include.load.publ, and put its output under 'Vyer'"
