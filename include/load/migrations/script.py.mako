"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Go forward instead: a warehouse is replayed from the archive."""
    raise NotImplementedError("Migrations only go forward; restore a backup, or replay the archive.")
