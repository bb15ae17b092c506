"""The warehouse, its rules, the views of the BI contract and the grants."""

from include.load.migrations.steps import make_views, only_forward, run, run_file

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

downgrade = only_forward


def upgrade() -> None:
    """Make everything in an empty database whose roles exist."""
    run_file("0001_tables.sql")
    run_file("0001_rules.sql")
    run("CREATE SCHEMA publ")
    run("COMMENT ON SCHEMA warehouse IS 'Lagret: fångster, uppgifter, indikatorvärden och utgivningar.'")
    run("COMMENT ON SCHEMA publ IS 'Publicerade vyer (BI-kontraktet): det som får läsas utanför projektet.'")
    make_views(revision)
    run_file("0001_grants.sql")
