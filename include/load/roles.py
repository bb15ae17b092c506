"""The database's roles: made where we may, and kept out of what is not theirs.

The grants on tables and views belong to the schema (see the migrations); here is what holds for the server and for
whole databases. Each function may be run again at any time.
"""

from collections.abc import Iterable
from typing import Any

from psycopg import sql

from include.settings import DATABASE_USERS


def ensure_login(connection: Any, user: str, password: str) -> None:
    """Make a login role, or give it this password (psycopg connection, a role with CREATEROLE)."""
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user]).fetchone()
    command = sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
        sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(user), sql.Literal(password)
    )
    connection.execute(command)


def limit_reader(connection: Any) -> None:
    """Keep the BI reader from tiring the server; that it cannot write is a matter of grants, not of settings."""
    reader = sql.Identifier(DATABASE_USERS["bi_reader"])
    connection.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 40").format(reader))
    for name, value in (
        ("statement_timeout", "60s"),
        ("idle_in_transaction_session_timeout", "10min"),
        ("default_transaction_read_only", "on"),
        ("search_path", "publ"),
    ):
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(reader, sql.Identifier(name), sql.Literal(value))
        )


def ensure_database(connection: Any, database: str, owner: str) -> None:
    """Make a database if it is not there (psycopg connection in autocommit, a superuser)."""
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
        )


def close_database(connection: Any, database: str, users: Iterable[str]) -> None:
    """Let only these roles connect to a database; nobody may make temporary or other objects by default.

    The loader needs temporary tables for what it compares; no one else gets them.
    """
    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for user in users:
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(user)))
        if user == DATABASE_USERS["loader"]:
            connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(user)))
