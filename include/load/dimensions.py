"""Dimensions: their rows come from the registry; periods, ages and the sources' own labels come with the figures."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from include.errors import LoadConflict
from include.load import tables as t
from include.periods import Period
from include.registry.models import Registry
from include.registry.read import measures

_AGE = re.compile(r"(\d{1,3})(?:(\+)|-(\d{1,3}))?", re.ASCII)

#: Of each column of the tidy table: its dimension, the dimension's column of codes and of keys.
DIMENSIONS: dict[str, tuple[sa.Table, str, str]] = {
    **{name: (t.metadata.tables[f"{t.SCHEMA}.{name}"], "code", key) for name, key in t.KEYS.items()},
    "source_label": (t.source_label, "text", "label_key"),
    "value_status": (t.value_status, "code", "value_status_key"),
    "mark": (t.mark, "code", "mark_key"),
}


class UnknownCode(LoadConflict):
    """A figure names a code that the warehouse does not know; the registry may know it already."""


def sync(connection: sa.Connection, registry: Registry) -> None:
    """Bring the dimensions' rows to what the registry says; a code that the registry lost keeps its row."""
    for table, rows in (
        (t.area, _areas(registry)),
        (t.party, _parties(registry)),
        (t.measure, _measures(registry)),
        (t.breakdown, _breakdowns(registry)),
        (t.age, [_age(code) for code in _ages(registry)]),
    ):
        _upsert(connection, table, rows)


def keys(connection: sa.Connection, column: str, codes: Iterable[str]) -> dict[str, int]:
    """Return the key of each code of one column of the tidy table; periods, ages and labels are made where new.

    Raises:
        UnknownCode: the dimension's rows come from the registry, and a code is not among them.
        UsageError: a new period is not written as one.
        LoadConflict: a new age is not written as one.
    """
    table, code, key = DIMENSIONS[column]
    wanted = sorted(set(codes))
    found = _find(connection, table.c[code], table.c[key], wanted)
    if lacking := [one for one in wanted if one not in found]:
        rows = _new_rows(column, lacking)
        connection.execute(insert(table).on_conflict_do_nothing(index_elements=[code]), rows)
        found = _find(connection, table.c[code], table.c[key], wanted)
    return found


def _find(
    connection: sa.Connection, code: sa.Column[Any], key: sa.Column[Any], wanted: Sequence[str]
) -> dict[str, int]:
    rows = connection.execute(sa.select(code, key).where(code == sa.any_(sa.literal(wanted, sa.ARRAY(sa.Text)))))
    return {row[0]: row[1] for row in rows}


def _new_rows(column: str, codes: Sequence[str]) -> list[dict[str, Any]]:
    match column:
        case "period":
            return [_period(code) for code in codes]
        case "age":
            return [_age(code) for code in codes]
        case "source_label":
            return [{"text": text} for text in codes]
        case _:
            raise UnknownCode(
                f"The warehouse knows no {column} {', '.join(repr(code) for code in codes[:10])}. If it is new, add it "
                "to the registry (include/registry) and run `python -m include migrate`; nothing was loaded."
            )


def _upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by code, or change those that differ; in order of code, so that two at once do not deadlock."""
    if not rows:
        return
    statement = insert(table)
    names = [name for name in rows[0] if name != "code"]
    new = {name: statement.excluded[name] for name in names}
    statement = statement.on_conflict_do_update(
        index_elements=["code"],
        set_=new,
        where=sa.tuple_(*(table.c[name] for name in names)).is_distinct_from(sa.tuple_(*new.values())),
    )
    connection.execute(statement, sorted(rows, key=lambda row: row["code"]))


def _areas(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "code": each.code,
            "kind": each.kind,
            "name": each.name,
            "parent_code": each.parent,
            "valid_from": each.valid_from,
            "valid_to": each.valid_to,
            "is_total": each.kind == "riket",
        }
        for each in registry.areas.values()
    ]


def _parties(registry: Registry) -> list[dict[str, Any]]:
    """Return the parties of all agreements; one that several name is taken from the first by id."""
    found = {
        party.code: {
            "code": party.code,
            "name": party.name,
            "role": party.role,
            "area_code": party.area,
            "is_total": False,
        }
        for _, agreement in sorted(registry.agreements.items(), reverse=True)
        for party in agreement.parties
    }
    return list(found.values())


def _measures(registry: Registry) -> list[dict[str, Any]]:
    """Return the measures of sources and extracts. A source is open statistics; an extract says what its rows are."""
    return [
        {
            "code": code,
            "source_id": owner,
            "label_sv": each.label.sv,
            "label_en": each.label.en,
            "unit": each.unit,
            "additive": each.additive,
            "small_counts": owner in registry.extracts and registry.extracts[owner].small_counts,
            "source_label": each.source_label,
        }
        for code, (owner, each) in measures(registry).items()
    ]


def _breakdowns(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "code": each.code,
            "scheme": each.scheme,
            "label_sv": each.label.sv,
            "label_en": each.label.en,
            "parent_code": each.parent,
            "is_total": each.is_total,
        }
        for each in registry.breakdowns.values()
        if each.code != "total"
    ]


def _ages(registry: Registry) -> set[str]:
    """Return the ages that indicators ask for, so that they are there before the first figure."""
    selections = (s for i in registry.indicators.values() for s in i.selections)
    series = (one for i in registry.indicators.values() for one in i.series)
    return ({s.age for s in selections if s.age} | {one.age for one in series}) - {"T"}


def _age(code: str) -> dict[str, Any]:
    """Return the row of an age: ``18+``, ``0-17`` or ``17``."""
    match = _AGE.fullmatch(code)
    if not match or (match[3] and int(match[3]) < int(match[1])):
        raise LoadConflict(f"{code!r} is no age; expected T, 18+, 0-17 or 17. Nothing was loaded.")
    first = int(match[1])
    if match[2]:
        label_sv, label_en, last = f"{first} år och äldre", f"{first} years and older", None
    elif match[3]:
        last = int(match[3])
        label_sv, label_en = f"{first}–{last} år", f"{first}–{last} years"
    else:
        label_sv, label_en, last = f"{first} år", f"{first} years", first
    return {
        "code": code,
        "label_sv": label_sv,
        "label_en": label_en,
        "age_from": first,
        "age_to": last,
        "is_total": False,
    }


def _period(code: str) -> dict[str, Any]:
    period = Period.parse(code)
    return {
        "code": code,
        "unit": period.unit,
        "year": period.year,
        "first_day": period.start,
        "last_day": period.end - timedelta(days=1),
    }
