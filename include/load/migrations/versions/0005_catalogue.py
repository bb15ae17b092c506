"""What a release says beside its values, and what the disclosure control must remember of it."""

from include.load.migrations.steps import make_views, only_forward, run_file

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

downgrade = only_forward


def upgrade() -> None:
    """Add them; every view gets its comments anew, and those that grow their columns."""
    run_file("0005_catalogue.sql")
    make_views(revision, again=True)
