"""A mark for figures that their source has ceased to publish: the last ones are kept, and say so."""

from include.load.migrations.steps import only_forward, run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

downgrade = only_forward


def upgrade() -> None:
    """Add the mark."""
    run(
        "INSERT INTO warehouse.mark (mark_key, code, label_sv)"
        " VALUES (6, 'withdrawn_at_source', 'Källan har slutat redovisa uppgiften; den senaste visas.')"
    )
