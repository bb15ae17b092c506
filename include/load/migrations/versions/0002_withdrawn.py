"""A mark for figures that their source has ceased to publish: the last ones are kept, and say so."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark."""
    op.execute(
        "INSERT INTO warehouse.mark (mark_key, code, label_sv)"
        " VALUES (6, 'withdrawn_at_source', 'Källan har slutat redovisa uppgiften; den senaste visas.')"
    )


def downgrade() -> None:
    """Go forward instead: a warehouse is replayed from the archive."""
    raise NotImplementedError("Migrations only go forward; restore a backup, or replay the archive.")
