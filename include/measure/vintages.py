"""How indicators were revised: every value that has been known of a year, and from when.

A version of a value begins at the moment at which something that it is made of changed, and only if the value itself or
its mark as preliminary is another than before. The versions are counted from the observations' own history, so that a
file loaded twice makes none, and captures loaded in any order make the same ones. All versions are made by the method
and the definition that stand in the registry now: what they show is how the sources' figures changed, never how ours
were defined.

Indicators of small counts have no versions here: the difference of two versions can tell of one person, and what was
shown of each version is for the disclosure control to weigh, not for a table beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, cast

import pandas as pd
import sqlalchemy as sa

from include.errors import UsageError
from include.load.read import history, last_known, moments
from include.load.tables import VALUE_KEY
from include.measure.breaks import selections_of
from include.measure.compute import compute, indicators_of
from include.measure.deliveries import DUE, ON_TIME
from include.measure.run import figures, own
from include.registry.models import Agreement, Indicator, Registry
from include.registry.read import registry_of
from include.rounding import rounded

#: One row for each version of each value; ``version`` counts from 1.
REVISION_COLUMNS = [
    *VALUE_KEY,
    *("version", "known_from", "preliminary", "value", "change", "cumulative", "unit", "is_example"),
]

#: Stands for the end of time, where a figure holds still.
_FOREVER = pd.Timestamp("2199-12-31", tz="UTC")

_OURS = (DUE, ON_TIME)


@dataclass(frozen=True)
class Summary:
    """How large the revisions of some values were.

    Attributes:
        revisions: number of versions that followed upon another, those of equal value too.
        to_final: of them, those that made a preliminary figure final: the planned ones.
        later: of them, those that changed a figure which was final already.
        mean_absolute: mean of the absolute changes, in the values' unit; None if none of them can be told (a value that
            was taken back leaves no change).
    """

    revisions: int
    to_final: int
    later: int
    mean_absolute: float | None

    @property
    def again_preliminary(self) -> int:
        """Return how many of them were preliminary still (or anew)."""
        return self.revisions - self.to_final - self.later


def summarise(versions: Iterable[tuple[bool, float | None]]) -> Summary:
    """Return how large the revisions of one value were.

    Args:
        versions: its versions, the first one first: whether preliminary, and the value (None for one taken back).
    """
    return total([list(versions)])


def total(values: Iterable[Sequence[tuple[bool, float | None]]]) -> Summary:
    """Return how large the revisions of several values of one unit were, each given as in :func:`summarise`."""
    to_final = later = count = 0
    sizes = []
    for versions in values:
        for (was_preliminary, was), (preliminary, now) in pairwise(versions):
            count += 1
            to_final += was_preliminary and not preliminary
            later += not was_preliminary
            if was is not None and now is not None:
                sizes.append(abs(now - was))
    return Summary(count, to_final, later, rounded(sum(sizes) / len(sizes)) if sizes else None)


def revisions_of(
    connection: sa.Connection, registry: Registry, agreement: Agreement, year: int, as_of: datetime
) -> pd.DataFrame:
    """Return every version of each value that has more than one, as known at a moment.

    Args:
        connection: of a role that may read the warehouse.
        registry: everything that exists; decides how the values are made.
        agreement: whose indicators.
        year: the last year wanted.
        as_of: the moment; what became known later is no part of it.

    Returns:
        Rows with the columns :data:`REVISION_COLUMNS`, by key and version.
    """
    public = public_indicators(registry, agreement)
    wanted = sorted({code for each in public for code in _inputs(each)})
    stirred = moments(connection, wanted, as_of)
    events = _events(stirred, public, registry, agreement, year)
    if not events:  # shortcut: nothing is read
        return pd.DataFrame(columns=REVISION_COLUMNS)
    touched = {name for name, _ in set().union(*events.values())}
    codes = sorted({code for each in public if each.id in touched for code in _inputs(each)})
    return revised(_versions(own(history(connection, codes), agreement), events, registry, agreement))


def versions(
    everything: pd.DataFrame, registry: Registry, agreement: Agreement, year: int, as_of: datetime
) -> pd.DataFrame:
    """Return every version of each value whose inputs have changed since they first came.

    Args:
        everything: all versions of the observations, with the columns of :func:`include.load.read.history`, any order.
        registry: everything that exists.
        agreement: whose indicators.
        year: the last year wanted.
        as_of: the moment; what became known later is no part of it.
    """
    stirred = _moments(everything[everything["known_from"] <= as_of])
    events = _events(stirred, public_indicators(registry, agreement), registry, agreement, year)
    return _versions(everything, events, registry, agreement)


def revised(versions: pd.DataFrame) -> pd.DataFrame:
    """Return the versions of the values that have more than one."""
    last = versions.groupby(list(VALUE_KEY), sort=False)["version"].transform("max")
    return versions[last > 1].reset_index(drop=True)


def known_at(versions: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """Return of each value the version that was known at a moment: the last that began by then."""
    begun = versions[versions["known_from"] <= moment]
    return begun.drop_duplicates(list(VALUE_KEY), keep="last").reset_index(drop=True)


def public_indicators(registry: Registry, agreement: Agreement) -> list[Indicator]:
    """Return an agreement's indicators whose versions may be told: those that are not made of small counts.

    What the parties delivered on time is left out too: as days pass it becomes another without any revision.
    """
    small = {extract.id for extract in registry.extracts.values() if extract.small_counts}
    return [
        each
        for each in indicators_of(registry, agreement)
        if each.suppression != "small_counts"
        and not small & {code.partition(".")[0] for code in _inputs(each)}
        and not set(_OURS) & _inputs(each).keys()
    ]


def as_known(
    connection: sa.Connection,
    registry: Registry,
    agreement: Agreement,
    indicator_id: str,
    as_of: datetime | None,
    years: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return one indicator's values as known at a moment, with the columns of the computed values.

    Values of small counts say only that they are hidden, whoever asks.

    Args:
        connection: of a role that may read the warehouse.
        registry: everything that exists.
        agreement: whose areas and parties.
        indicator_id: the indicator.
        as_of: the moment; None = what is known now.
        years: the years wanted; None = from the first that anything is known of to the agreement's last one begun.

    Raises:
        UsageError: the agreement has no such indicator.
    """
    known = {each.id: each for each in indicators_of(registry, agreement)}
    if indicator_id not in known:
        raise UsageError(f"{agreement.id} has no indicator {indicator_id!r}; it has {', '.join(sorted(known))}.")
    narrow = _narrowed(registry_of(registry, agreement, agreement.years()[-1]), {indicator_id})
    found = figures(connection, narrow, agreement, as_of)
    if years is None:
        moment = as_of or last_known(connection, agreement.id)
        first = int(found["year"].min()) if len(found) else agreement.years().start
        last = min(moment.year if moment else first, agreement.years()[-1])
        years = range(first, max(first, last) + 1)
    return compute(found, narrow, agreement, years, trends=False).values


# --- when values may have changed --------------------------------------------------------------------------------

#: For each moment the (indicator, year) whose value may have become another then.
Events = dict[pd.Timestamp, set[tuple[str, int]]]


def _inputs(indicator: Indicator) -> dict[str, set[int]]:
    """Return the measures of an indicator, each with how many years after an observation's own its values stand."""
    found: dict[str, set[int]] = {}
    for series in indicator.series:
        for selection in selections_of(indicator, series):
            shifts = range(int(selection.previous_year), int(selection.previous_year) + series.pool)
            found.setdefault(selection.measure, set()).update(shifts)
    return found


def _moments(everything: pd.DataFrame) -> pd.DataFrame:
    """Return when anything changed of a measure in an area and period; see :func:`include.load.read.moments`."""
    columns = ["measure", "area", "period", "year", "known_from"]
    return everything[columns].drop_duplicates().reset_index(drop=True)


def _events(
    stirred: pd.DataFrame, indicators: Sequence[Indicator], registry: Registry, agreement: Agreement, year: int
) -> Events:
    """Return when the values may have become others.

    A value is there from when the last of its inputs came, so there is no second version of it unless one of them
    changed after it first came. An extract's figures are added up over areas and parties, so there it is enough that
    a further one came.
    """
    if stirred.empty:
        return {}
    table = stirred.copy()
    delivered = table["measure"].str.partition(".")[0].isin(list(registry.extracts))
    table.loc[delivered, "area"] = ""
    table = table[delivered | table["area"].isin(_areas(registry, agreement))]
    table = table.drop_duplicates()
    table["times"] = table.groupby(["measure", "area", "period"], sort=False)["known_from"].transform("nunique")
    of_measure = {str(measure): rows for measure, rows in table.groupby("measure", sort=False)}
    events: Events = {}
    for indicator in indicators:
        found: dict[int, set[pd.Timestamp]] = {}
        changed: set[int] = set()
        for measure, shifts in _inputs(indicator).items():
            if measure not in of_measure:
                continue
            rows = of_measure[measure][["year", "known_from", "times"]].drop_duplicates()
            for of, moment, times in rows.itertuples(index=False, name=None):
                for shift in shifts:
                    found.setdefault(of + shift, set()).add(moment)
                    if times > 1:
                        changed.add(of + shift)
        for each in changed:
            if each <= year:
                for moment in found[each]:
                    events.setdefault(moment, set()).add((indicator.id, each))
    return dict(sorted(events.items()))


def _areas(registry: Registry, agreement: Agreement) -> set[str]:
    """Return the areas that anything of an agreement is measured for."""
    ours = {area.code for area in registry.areas.values() if agreement.county in (area.code, area.parent)}
    return ours | {agreement.benchmark, *agreement.proxies.values()}


# --- the versions ------------------------------------------------------------------------------------------------


def _versions(everything: pd.DataFrame, events: Events, registry: Registry, agreement: Agreement) -> pd.DataFrame:
    """Return the versions that the events make of the values."""
    by_id = {name: registry.indicators[name] for each in events.values() for name, _ in each}
    until = everything["known_until"].fillna(_FOREVER)
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    hidden: set[tuple[Any, ...]] = set()
    for moment, touched in events.items():
        names = {name for name, _ in touched}
        years = {year for _, year in touched}
        of = {measure for name in names for measure in _inputs(by_id[name])}
        back = max(max(shifts) for name in names for shifts in _inputs(by_id[name]).values())
        needed = everything["year"].between(min(years) - back, max(years)) & everything["measure"].isin(of)
        known = everything[needed & (everything["known_from"] <= moment) & (until > moment)]
        values = compute(known, _narrowed(registry, names), agreement, years, trends=False).values
        rows = {_key(row): row for row in _rows(values) if (row["indicator_id"], row["year"]) in touched}
        for key in found.keys() - rows.keys():
            if (key[0], key[VALUE_KEY.index("year")]) in touched:  # what it is divided by is gone
                rows[key] = {**found[key][-1], "value": None, "obs_status": "missing"}
        for key, row in rows.items():
            _add(found.setdefault(key, []), key, row, moment)
            (hidden.add if row["obs_status"] == "suppressed" else hidden.discard)(key)
    # What a source has hidden since is not told by its earlier versions.
    order = sorted(key for key, versions in found.items() if versions and key not in hidden)
    return pd.DataFrame([row for key in order for row in found[key]], columns=REVISION_COLUMNS)


def _add(before: list[dict[str, Any]], key: tuple[Any, ...], row: Mapping[str, Any], moment: pd.Timestamp) -> None:
    """Add a version of a value, unless it says what the one before says."""
    value = rounded(row["value"]) if row["obs_status"] == "ok" else None
    last = before[-1] if before else None
    if last is None and value is None:
        return
    preliminary = bool(row["preliminary"])
    if last is not None and (last["value"], last["preliminary"]) == (value, preliminary):
        return
    if last is not None and value is None and last["value"] is None:
        return
    before.append(
        dict(zip(VALUE_KEY, key, strict=True))
        | {
            "version": len(before) + 1,
            "known_from": moment,
            "preliminary": preliminary,
            "value": value,
            "change": _difference(value, last["value"] if last else None),
            "cumulative": _difference(value, before[0]["value"] if before else None),
            "unit": row["unit"],
            "is_example": bool(row["is_example"]),
        }
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else rounded(now - before)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in VALUE_KEY)


def _narrowed(registry: Registry, names: Iterable[str]) -> Registry:
    """Return the registry with some of its indicators alone."""
    return registry.model_copy(update={"indicators": {name: registry.indicators[name] for name in sorted(names)}})
