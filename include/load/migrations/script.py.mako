"""${message}."""

from include.load.migrations.steps import only_forward, run

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None

downgrade = only_forward


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}
