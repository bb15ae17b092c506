"""Where each delivery stands: columns of the coverage, a view of its own, words for the states; and the unknown sex."""

from include.load.migrations.steps import make_views, only_forward, run_file

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

downgrade = only_forward


def upgrade() -> None:
    """Add them."""
    run_file("0003_deliveries.sql")
    make_views(revision)
