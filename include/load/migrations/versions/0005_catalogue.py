"""What a release says beside its values, and what the disclosure control must remember of it."""

from pathlib import Path
from typing import Any

from alembic import op

from include.load.publ import VIEWS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / "0005_catalogue.sql"


def upgrade() -> None:
    """Add them; every view gets its comments anew, and those that grow their columns."""
    _run(_SQL.read_text(encoding="utf-8"))
    for view in VIEWS:
        if view.since <= revision:
            for statement in view.statements(revision):
                _run(statement)
        if view.since == revision:
            _run(f"GRANT SELECT ON publ.{view.name} TO followup_publisher, bi_reader")


def downgrade() -> None:
    """Go forward instead: a warehouse is replayed from the archive."""
    raise NotImplementedError("Migrations only go forward; restore a backup, or replay the archive.")


def _run(sql: str) -> None:
    # By the driver itself, without parameters: several statements at once, and a percent sign is only that.
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(sql)
