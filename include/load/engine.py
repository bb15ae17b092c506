"""Connections to the warehouse, one engine for each role."""

import sqlalchemy as sa

from include import settings
from include.settings import Role


def engine(role: Role) -> sa.Engine:
    """Return an engine that logs in as a role.

    It keeps no connections: a task connects once, and a forked or long-lived process holds nothing open.

    Raises:
        UsageError: no password is known for the role.
    """
    return sa.create_engine(
        settings.database_url(role),
        poolclass=sa.pool.NullPool,
        connect_args={"application_name": f"followup {role}", "connect_timeout": 10},
    )
