"""Measure one year of an agreement: read the observations, compute, and keep the values if they changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from include.archive.deliveries import SOURCE
from include.archive.withdrawals import MEDIA_TYPE
from include.errors import UsageError
from include.load.engine import engine
from include.load.read import deliveries, last_known, loads_of, observations
from include.load.tables import indicator_trend, indicator_value, restricted_value
from include.measure.compute import compute, indicators_of, measures_of
from include.measure.deliveries import Arrival, states
from include.measure.deliveries import observations as on_time
from include.measure.trend import POINTS
from include.registry.models import Agreement, Registry
from include.registry.read import registry

#: Namespace of this module's advisory locks in Postgres; the second key is the agreement.
_LOCK = 0x4D454153  # "MEAS"


@dataclass(frozen=True)
class MeasureResult:
    """What measuring a year did.

    Attributes:
        agreement_id: the agreement.
        year: the year asked for.
        values: how many of the year's rows have a value.
        without: how many say why they have none.
        changed: whether anything was written, for this year or a later one that looks back on it.
        digest: hash of the year's values and trends.
        years: the years that were written.
        loads: how many captures had changed the year when it was measured; 0 with a cut-off, which is not all.
    """

    agreement_id: str
    year: int
    values: int
    without: int
    changed: bool
    digest: str
    years: list[int]
    loads: int = 0


def measure(agreement_id: str, year: int, as_of: datetime | None = None) -> MeasureResult:
    """Compute an agreement's indicators for a year and keep them in the warehouse.

    Later years that are already kept and that look back on this year, with a trend or a sum of years, are computed
    again too. Nothing is written where nothing changed; the same observations always give the same digest.

    Args:
        agreement_id: id of the agreement.
        year: the year to compute.
        as_of: knowledge cut-off, None = all that is loaded.

    Raises:
        UsageError: there is no such agreement.
    """
    everything = registry()
    agreement = everything.agreements.get(agreement_id)
    if agreement is None:
        known = ", ".join(sorted(everything.agreements)) or "none"
        raise UsageError(f"There is no agreement '{agreement_id}'; expected one of: {known}.")
    with engine("loader").begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, sa.func.hashtext(agreement_id))))
        loads = 0 if as_of else loads_of(connection).get(year, 0)  # first: what comes meanwhile is then measured again
        kept = _kept(connection, agreement)
        reach = max(POINTS, *(series.pool for each in indicators_of(everything, agreement) for series in each.series))
        years = [year, *(later for later in sorted(kept) if year < later < year + reach)]
        found = figures(connection, everything, agreement, as_of)
        computed = compute(found, everything, agreement, years)
        made = {each: [_records(table, each) for table in computed[:3]] for each in years}
        digests = {each: _digest(*rows) for each, rows in made.items()}
        written = [each for each in years if digests[each] != kept.get(each)]
        for each in written:
            _write(connection, agreement_id, each, digests[each], made[each])
    with_value = sum(row["obs_status"] == "ok" for row in made[year][0])
    return MeasureResult(
        agreement_id, year, with_value, len(made[year][0]) - with_value, bool(written), digests[year], written, loads
    )


def figures(
    connection: sa.Connection, everything: Registry, agreement: Agreement, as_of: datetime | None
) -> pd.DataFrame:
    """Return all that an agreement's indicators are made of, as known at a moment.

    That is the sources' figures, and ours of which deliveries came on time.

    Args:
        connection: of a role that may read the warehouse.
        everything: the registry.
        agreement: whose indicators.
        as_of: the moment, which also decides what was due; None = that of the latest capture.
    """
    found = own(observations(connection, measures_of(everything, agreement), as_of), agreement)
    moment = as_of or last_known(connection, agreement.id)
    if moment is None:
        return found
    came = arrivals(connection, moment)
    ours = on_time(states(everything, agreement, came, moment), agreement)
    return pd.concat([found, ours], ignore_index=True) if len(ours) else found


def own(found: pd.DataFrame, agreement: Agreement) -> pd.DataFrame:
    """Return the figures of public sources, and those that an agreement's own parties have delivered.

    What a party tells of the country is told by that party; to its agreement it is the country's figure.

    Args:
        found: with the columns of :func:`include.load.read.observations`.
        agreement: whose follow-up.
    """
    delivered = {each for each in found["capture_id"].unique() if each.startswith(f"{SOURCE}/")}
    ours = {each for each in delivered if each.startswith(f"{SOURCE}/{agreement.id}-")}
    mine = found[~found["capture_id"].isin(delivered - ours)].reset_index(drop=True)
    country = (mine["area"] == agreement.benchmark) & mine["capture_id"].isin(ours)
    mine.loc[country & mine["party"].isin([party.code for party in agreement.parties]), "party"] = "-"
    return mine


def arrivals(connection: sa.Connection, as_of: datetime) -> list[Arrival]:
    """Return the deliveries that the warehouse had accepted at a moment, and the withdrawals."""
    return [
        Arrival(
            part=row["part"],
            capture_id=row["capture_id"],
            captured_at=row["captured_at"],
            origin=row["origin"],
            withdrawal=row["media_type"] == MEDIA_TYPE,
        )
        for row in deliveries(connection, SOURCE, as_of)
    ]


def _kept(connection: sa.Connection, agreement: Agreement) -> dict[int, str]:
    """Return the years that are kept, with their digests."""
    table = indicator_value.c
    rows = connection.execute(
        sa.select(table.year, sa.func.min(table.digest)).where(table.agreement_id == agreement.id).group_by(table.year)
    )
    return {int(year): str(digest) for year, digest in rows}


def _write(
    connection: sa.Connection,
    agreement_id: str,
    year: int,
    digest: str,
    made: list[list[dict[str, Any]]],
) -> None:
    for table, rows in zip((indicator_value, indicator_trend, restricted_value), made, strict=True):
        connection.execute(sa.delete(table).where(table.c.agreement_id == agreement_id, table.c.year == year))
        if rows:
            connection.execute(
                sa.insert(table), [{"agreement_id": agreement_id, "digest": digest, **row} for row in rows]
            )


def _records(frame: pd.DataFrame, year: int) -> list[dict[str, Any]]:
    """Return a year's rows in plain Python, None for "none"."""
    rows = frame.loc[frame["year"] == year].astype(object)
    plain = rows.where(rows.notna(), None)
    return [dict(zip(plain.columns, cells, strict=True)) for cells in plain.itertuples(index=False, name=None)]


def _digest(*tables: list[dict[str, Any]]) -> str:
    """Return the hash of rows; floats count to the last bit, moments as ISO text."""
    return hashlib.sha256(json.dumps(tables, ensure_ascii=False, default=_as_text).encode()).hexdigest()


def _as_text(cell: Any) -> Any:
    """Return a moment as ISO text; a numpy figure as Python's."""
    return cell.isoformat() if isinstance(cell, datetime) else cell.item()
