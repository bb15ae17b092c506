"""What the migrations share: running SQL, making the views of the BI contract, and that there is no way back."""

from pathlib import Path
from typing import Any

from alembic import op

from include.errors import UsageError
from include.load.publ import VIEWS

_SQL = Path(__file__).parent / "sql"


def run_file(name: str) -> None:
    """Run a file of the folder ``sql``."""
    run((_SQL / name).read_text(encoding="utf-8"))


def run(sql: str) -> None:
    """Run SQL by the driver itself, without parameters: several statements at once, and a percent sign is only that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(sql)


def make_views(revision: str, *, again: bool = False) -> None:
    """Make the views that a revision brings.

    Args:
        revision: the migration's own.
        again: whether those of earlier revisions get their columns and comments anew as well.
    """
    for view in VIEWS:
        if view.since == revision or (again and view.since < revision):
            for statement in view.statements(revision):
                run(statement)
        if view.since == revision:
            run(f"GRANT SELECT ON publ.{view.name} TO followup_publisher, bi_reader")


def only_forward() -> None:
    """Refuse to go back: a warehouse is replayed from the archive.

    Raises:
        UsageError: always.
    """
    raise UsageError("Migrations only go forward; restore a backup, or replay the archive.")
