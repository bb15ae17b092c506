"""Values of small counts, within limits, that only the loader reads."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / "0004_small_counts.sql"


def upgrade() -> None:
    """Add their table, and take the sources' figures out of the publisher's sight."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(_SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Go forward instead: a warehouse is replayed from the archive."""
    raise NotImplementedError("Migrations only go forward; restore a backup, or replay the archive.")
