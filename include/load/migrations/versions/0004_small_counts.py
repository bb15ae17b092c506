"""Values of small counts, within limits, that only the loader reads."""

from include.load.migrations.steps import only_forward, run_file

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

downgrade = only_forward


def upgrade() -> None:
    """Add their table, and take the sources' figures out of the publisher's sight."""
    run_file("0004_small_counts.sql")
