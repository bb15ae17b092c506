"""What releases have shown of small counts, kept for the disclosure control of the next ones. For the loader alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from include.load.tables import release_equation

#: Columns of a stored equation, beside its place in its release.
_COLUMNS = (
    release_equation.c.release_id,
    release_equation.c.role,
    release_equation.c.value_key,
    release_equation.c.amount,
    release_equation.c.cells,
)


def store_equations(connection: sa.Connection, release_id: str, equations: Sequence[Mapping[str, Any]]) -> None:
    """Keep what a release shows of small counts, instead of what was kept for it before.

    Args:
        connection: of the loader.
        release_id: the release.
        equations: as :func:`include.measure.disclosure.protect` returns them, in order: role (numerator or
            denominator), value_key, amount, and cells: of each the seven codes of its key, then its value.
    """
    table = release_equation
    connection.execute(sa.delete(table).where(table.c.release_id == release_id))
    rows = [
        {
            "release_id": release_id,
            "position": position,
            "role": each["role"],
            "value_key": list(each["value_key"]),
            "amount": each["amount"],
            "cells": [list(cell) for cell in each["cells"]],
        }
        for position, each in enumerate(equations)
    ]
    if rows:
        connection.execute(sa.insert(table), rows)


def equations_of(connection: sa.Connection, release_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return what some releases have shown of small counts, by release, in the order in which it was stored.

    Args:
        connection: of the loader.
        release_ids: those that have been released; what only was built has told nobody anything.
    """
    table = release_equation.c
    asked = sa.select(*_COLUMNS).where(table.release_id.in_(sorted(set(release_ids))))
    return [dict(row) for row in connection.execute(asked.order_by(table.release_id, table.position)).mappings()]
