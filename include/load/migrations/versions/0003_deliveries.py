"""Where each delivery stands: columns of the coverage, a view of its own, words for the states; and the unknown sex."""

from pathlib import Path
from typing import Any

from alembic import op

from include.load.publ import VIEWS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / "0003_deliveries.sql"


def upgrade() -> None:
    """Add them."""
    _run(_SQL.read_text(encoding="utf-8"))
    for view in VIEWS:
        if view.since == revision:
            for statement in view.statements(revision):
                _run(statement)
            _run(f"GRANT SELECT ON publ.{view.name} TO followup_publisher, bi_reader")


def downgrade() -> None:
    """Go forward instead: a warehouse is replayed from the archive."""
    raise NotImplementedError("Migrations only go forward; restore a backup, or replay the archive.")


def _run(sql: str) -> None:
    # By the driver itself, without parameters: several statements at once, and a percent sign is only that.
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(sql)
