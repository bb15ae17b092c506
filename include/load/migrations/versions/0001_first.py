"""The warehouse, its rules, the views of the BI contract and the grants."""

from pathlib import Path
from typing import Any

from alembic import op

from include.load.publ import VIEWS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    """Make everything in an empty database whose roles exist."""
    _run_file("0001_tables.sql")
    _run_file("0001_rules.sql")
    _run("CREATE SCHEMA publ")
    _run("COMMENT ON SCHEMA warehouse IS 'Lagret: fångster, uppgifter, indikatorvärden och utgivningar.'")
    _run("COMMENT ON SCHEMA publ IS 'Publicerade vyer (BI-kontraktet): det som får läsas utanför projektet.'")
    for view in VIEWS:
        for statement in view.statements(revision) if view.since == revision else ():
            _run(statement)
    _run_file("0001_grants.sql")


def downgrade() -> None:
    """Go forward instead: a warehouse is replayed from the archive."""
    raise NotImplementedError("Migrations only go forward; restore a backup, or replay the archive.")


def _run_file(name: str) -> None:
    _run((_SQL / name).read_text(encoding="utf-8"))


def _run(sql: str) -> None:
    # By the driver itself, without parameters: several statements at once, and a percent sign is only that.
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(sql)
