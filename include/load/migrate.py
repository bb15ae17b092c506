"""Bring a database to the current schema; safe to call at any time and from any number of processes."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from include import settings
from include.errors import UsageError
from include.load import roles
from include.load.engine import engine
from include.load.tables import SCHEMA
from include.settings import DATABASE_USERS

#: Key of the advisory lock that lets one migration run at a time (any fixed number of our own).
_LOCK = 7_241_001


def migrate() -> str:
    """Migrate the warehouse as its owner and return the revision it is at.

    Everything happens in one transaction: a migration that fails leaves the database as it was.

    Raises:
        UsageError: roles are lacking and the owner may not make them; the text holds the SQL to run.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine("owner").begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        _ensure_roles(connection.connection.driver_connection)
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _close(connection)
        context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
        return context.get_current_revision() or ""


def _close(connection: sa.Connection) -> None:
    """Let only our roles connect to the database; grants on a database do not travel with its contents."""
    database = connection.execute(sa.text("SELECT current_database()")).scalar_one()
    roles.close_database(connection.connection.driver_connection, database, DATABASE_USERS.values())


def _ensure_roles(connection: Any) -> None:
    """Make the roles that do not exist, where the owner may (the embedded server and Compose have made them)."""
    wanted = {name: user for name, user in DATABASE_USERS.items() if name != "owner"}
    known = {user for (user,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    lacking = {name: user for name, user in wanted.items() if user not in known}
    if not lacking:
        return
    (may,) = connection.execute(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if not may:
        lines = "\n".join(f"CREATE ROLE {user} LOGIN PASSWORD '…';" for user in lacking.values())
        raise UsageError(
            f"The database lacks roles, and {DATABASE_USERS['owner']} may not make them. "
            f"Run as an administrator:\n{lines}"
        )
    for name, user in lacking.items():
        password = settings.secret(f"FOLLOWUP_DATABASE_PASSWORD_{name.upper()}")
        options = sql.SQL("PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(sql.Identifier(user), options))
    if "bi_reader" in lacking:
        roles.limit_reader(connection)
