"""What the captures of a source are versions of: its parts, by reference period."""

import re
from collections.abc import Iterable
from typing import TypeVar

from include.periods import Period
from include.registry.delivery import expected
from include.registry.models import (
    HttpFileFetch,
    InboxFetch,
    KoladaFetch,
    PxWebFetch,
    PxWebTable,
    PxWebV1Fetch,
    PxWebV1Table,
    Registry,
    SolFetch,
    SolMenu,
    SosFetch,
    Source,
)


def part(*words: object) -> str:
    """Return the name of a part; the slash of a span would part folders."""
    return "-".join(str(word).replace("/", "_") for word in words)


#: The period in a part: ``Rn01-2019``, ``jamtland-RJH-2025-Q3``, ``TAB638-2019-age``, ``hlv1socxreg-2021_2024``.
_PERIOD = re.compile(r"(?:^|-)(\d{4}(?:-(?:Q[1-4]|H[12]|\d{2})|_\d{4})?)(?:-[a-z]+)?$", re.ASCII)


def period_of(name: str) -> str | None:
    """Return the period that the name of a part tells, None if it tells none."""
    found = _PERIOD.search(name)
    return found[1].replace("_", "/") if found else None


def table_part(table: PxWebTable, period: Period) -> str:
    """Return the name of a table's part about a period: ``TAB638-2024``, ``TAB638-2024-age``."""
    return part(table.id, period, *([table.part] if table.part else []))


T = TypeVar("T", PxWebTable, PxWebV1Table, SolMenu)


def holding(tables: Iterable[T], period: Period) -> list[T]:
    """Return the tables (or menus) that hold a period."""
    return [
        table
        for table in tables
        if Period.parse(table.first_period) <= period
        and (table.last_period is None or period <= Period.parse(table.last_period))
    ]


def contact_of(registry: Registry) -> str | None:
    """Return whom a producer can turn to about our calls: the first real agreement's that names one."""
    return next((a.contact for _, a in sorted(registry.agreements.items()) if a.contact and not a.example_data), None)


def expected_parts(source: Source, periods: Iterable[Period], registry: Registry) -> list[str]:
    """Return the parts that must be there once the periods are published (or delivered), in the periods' order."""
    return [name for period in periods for name in _parts_of(source, period, registry)]


def _parts_of(source: Source, period: Period, registry: Registry) -> list[str]:
    match source.fetch:
        case HttpFileFetch() as fetch:
            return [part(code, period) for code in fetch.areas.values()]
        case PxWebFetch() | PxWebV1Fetch() as fetch:
            return [table_part(table, period) for table in holding(fetch.tables, period)]
        case SolFetch() as fetch:
            return [part(menu.id, period) for menu in holding(fetch.menus, period)]
        case KoladaFetch():
            return [part("kpi", period)]
        case SosFetch() as fetch:
            return [part(fetch.topic, period)]
        case InboxFetch():
            return [identity.part for identity in expected(registry, period)]
