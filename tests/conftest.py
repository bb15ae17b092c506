"""What every test may use: no network, a registry, and a warehouse of its own on a real PostgreSQL."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from pytest_socket import socket_allow_hosts

from include import settings
from include.load.embedded import Embedded
from include.load.engine import engine
from include.load.migrate import migrate
from include.registry.models import Registry
from include.settings import DATABASE_USERS, Role

_TEMPLATE = "followup_template"
_numbers = count(1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Block the network: only this machine and Unix sockets can be reached from a test."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@dataclass(frozen=True)
class Warehouse:
    """A migrated, empty warehouse that belongs to one test; the settings point at it while the test runs.

    Attributes:
        home: the test's ``FOLLOWUP_HOME``.
        database: name of its database.
        server: the embedded server it lies in, shared by the session.
    """

    home: Path
    database: str
    server: Embedded

    def engine(self, role: Role) -> sa.Engine:
        """Return an engine that logs in as a role."""
        return engine(role)

    def superuser(self) -> AbstractContextManager[psycopg.Connection[Any]]:
        """Return a superuser's connection that commits each statement."""
        return self.server.superuser(self.database)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """Start one embedded server for the session, in a home of its own, with a migrated template database."""
    home = Path(tempfile.mkdtemp(prefix="followup-test-", dir="/tmp"))
    server = Embedded(home, durable=False)
    try:
        server.start()
        with server.superuser("postgres") as connection:
            _create_database(connection, _TEMPLATE)
        with pytest.MonkeyPatch.context() as patch:
            _point_settings(patch, server, _TEMPLATE)
            migrate()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


@pytest.fixture
def database(postgres: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """Give the test an empty database without schema; the settings point at it."""
    yield from _database(postgres, tmp_path, monkeypatch, template="template0")


@pytest.fixture
def warehouse(postgres: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """Give the test a migrated warehouse of its own; the settings point at it, in subprocesses too."""
    yield from _database(postgres, tmp_path, monkeypatch, template=_TEMPLATE)


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Return the project's registry."""
    from include.registry import read

    return read.registry()


def _database(server: Embedded, home: Path, monkeypatch: pytest.MonkeyPatch, template: str) -> Iterator[Warehouse]:
    name = f"test_{next(_numbers)}"
    with server.superuser("postgres") as connection:
        _create_database(connection, name, template)
    _point_settings(monkeypatch, server, name)
    monkeypatch.setenv("FOLLOWUP_HOME", str(home))
    for folder in ("ARCHIVE", "STAGING", "PUBLISHED", "INBOX", "RECEIPTS", "QUARANTINE"):
        monkeypatch.delenv(f"FOLLOWUP_{folder}", raising=False)
    yield Warehouse(home, name, server)
    with server.superuser("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _create_database(connection: psycopg.Connection[Any], name: str, template: str = "template0") -> None:
    from include.load import roles

    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(DATABASE_USERS["owner"]), sql.Identifier(template)
        )
    )
    roles.close_database(connection, name, DATABASE_USERS.values())


def _point_settings(patch: pytest.MonkeyPatch, server: Embedded, database: str) -> None:
    patch.setenv("FOLLOWUP_DATABASE_URL", f"postgresql+psycopg:///{database}?host={server.socket_dir}")
    for role, user in DATABASE_USERS.items():
        patch.setenv(f"FOLLOWUP_DATABASE_PASSWORD_{role.upper()}", server.password(user))
    assert not settings.uses_embedded_database()
