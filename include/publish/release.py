"""Releases in the database: their rows, their numbers, and what stands in which state.

The role is ``publisher`` throughout. A release's rows go in within one transaction and never change after it was made
current (the database refuses that too).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from include.errors import UsageError
from include.load import tables as t
from include.load.engine import engine
from include.publish.content import (
    Capture,
    Content,
    PublicFigure,
    Revision,
    Trend,
    Value,
    compose,
    plain,
    rows,
    sources_of,
    utc_text,
)
from include.publish.diff import Change, definition_of
from include.registry.models import Agreement, Edition, Registry
from include.registry.read import bridge

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

#: Order of the editions of one year.
EDITIONS: tuple[Edition, ...] = ("preliminary", "final", "correction", "closing")

#: Any number will do as long as nobody else uses it; the second half of the lock is the agreement.
_LOCK = 7_114_001


@dataclass(frozen=True, slots=True)
class Stored:
    """A release's own row."""

    release_id: str
    agreement_id: str
    year: int
    edition: Edition
    number: int
    as_of: datetime
    digest: str
    is_example: bool
    origins: str
    previous_release_id: str | None
    audit_passed: bool | None
    diff_sv: str | None
    approval: str | None
    approved_by: str | None
    approval_reason: str | None
    released_at: datetime | None
    built_at: datetime

    @property
    def place(self) -> tuple[int, int, int]:
        """Return its place in the order of an agreement's releases."""
        return (self.year, EDITIONS.index(self.edition), self.number)


@contextmanager
def locked(agreement_id: str) -> Iterator[sa.Connection]:
    """Give a connection that holds the agreement's publishing lock; it is let go when the connection closes."""
    with engine("publisher").connect() as connection:
        connection.execute(
            sa.text("SELECT pg_advisory_lock(:lock, hashtext(:agreement))"), {"lock": _LOCK, "agreement": agreement_id}
        )
        connection.commit()
        yield connection


def content_of(
    connection: sa.Connection,
    registry: Registry,
    agreement: Agreement,
    year: int,
    edition: Edition,
    as_of: datetime,
    earlier: Sequence[str],
) -> Content:
    """Return the content of a release from the warehouse's observations as known at ``as_of``.

    They are read and computed as the loader, who alone may see small counts. What leaves it has passed the disclosure
    control, which weighs all that earlier releases have shown.

    Args:
        connection: of the role publisher.
        registry: everything that exists.
        agreement: the agreement followed up.
        year: the release's year.
        edition: the release's edition.
        as_of: cut-off of knowledge.
        earlier: ids of the agreement's releases that readers had been given before this one, oldest first. What they
            show of small counts is known to everybody; nothing of a later release may decide about this one.
    """
    from include.load.equations import equations_of
    from include.load.read import observations
    from include.measure.compute import compute, small_counts_of
    from include.measure.disclosure.protect import Earlier, protect
    from include.measure.run import figures, own
    from include.measure.trends import trends_of as tested
    from include.measure.vintages import revisions_of
    from include.publish.public import read

    with engine("loader").connect() as loader:
        found = figures(loader, registry, agreement, as_of)
        revisions = revisions_of(loader, registry, agreement, year, as_of)
        public = read(loader, registry, agreement, year, as_of)
        small = small_counts_of(registry, agreement)
        vintages = [own(observations(loader, small, each), agreement) for each in _moments(connection, earlier, as_of)]
        shown = Earlier(equations_of(loader, earlier), hidden_in(connection, earlier), vintages)
    first = int(found["year"].min()) if len(found) else year
    computed = compute(found, registry, agreement, range(min(first, year), year + 1), reveal=True, trends=False)
    protected = protect(computed, found, registry, agreement, shown)
    log.info("Disclosure control of %s %d: %s", agreement.id, year, protected.summary)
    values = since_begun(protected.values, agreement.years()[0])
    return compose(
        registry=registry,
        agreement=agreement,
        year=year,
        edition=edition,
        as_of=as_of,
        values=values,
        trends=tested(values, registry),
        captures=captures(connection, as_of),
        revisions=revisions,
        public=public,
        equations=protected.equations,
    )


def since_begun(values: "pd.DataFrame", first_year: int) -> "pd.DataFrame":
    """Return values without the years before their series began.

    A series begins with the first year of which anything is known in any area, but no later than the first year that is
    followed up: from then on each year says why it has no value.

    Args:
        values: with the measure part's columns.
        first_year: the first year that the agreement is followed up for.
    """
    known = values["year"].where(~values["obs_status"].isin(("not_collected", "missing")))
    begun = known.groupby([values["indicator_id"], values["series"]]).transform("min").fillna(first_year)
    return values[values["year"] >= begun.clip(upper=first_year)].reset_index(drop=True)


def _moments(connection: sa.Connection, release_ids: Sequence[str], as_of: datetime) -> list[datetime]:
    """Return the moments up to which some releases knew, each once, without the one that is asked for now."""
    c = t.release.c
    asked = sa.select(c.as_of).distinct().where(c.release_id.in_(release_ids), c.as_of != as_of).order_by(c.as_of)
    return list(connection.scalars(asked))


def hidden_in(connection: sa.Connection, release_ids: Sequence[str]) -> set[tuple[Any, ...]]:
    """Return the keys (:data:`include.load.tables.VALUE_KEY`) of the values that any of some releases hides.

    Releases from before there was a disclosure control gave another reason: they had not decided anything.
    """
    from include.measure.disclosure.protect import REASON

    c = t.release_value.c
    hides = c.release_id.in_(release_ids) & (c.conf_status == "suppressed") & (c.reason_sv == REASON)
    return {tuple(row) for row in connection.execute(sa.select(*(c[name] for name in t.VALUE_KEY)).where(hides))}


def captures(connection: sa.Connection, as_of: datetime) -> list[Capture]:
    """Return every capture known at a moment."""
    from include.archive.withdrawals import MEDIA_TYPE

    c = t.capture.c
    columns = [c.capture_id, c.source_id, c.part, c.origin, c.captured_at, c.published_at, c.sha256, c.url, c.file_name]
    media_type = c.manifest["media_type"].astext.label("media_type")
    query = sa.select(*columns, media_type).where(c.captured_at <= as_of).order_by(c.capture_id)
    found = []
    for row in connection.execute(query).mappings():
        own = {name: utc_text(cell) if isinstance(cell, datetime) else cell for name, cell in row.items()}
        found.append(Capture(withdrawal=own.pop("media_type") == MEDIA_TYPE, **own))
    return found


# --- reading -----------------------------------------------------------------------------------------------------


def stored(connection: sa.Connection, agreement_id: str | None = None) -> list[Stored]:
    """Return the releases of an agreement, or of all, in order."""
    names = [t.release.c[name] for name in Stored.__dataclass_fields__]
    query = sa.select(*names)
    if agreement_id is not None:
        query = query.where(t.release.c.agreement_id == agreement_id)
    found = [Stored(**row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda each: (each.agreement_id, *each.place))


def get(connection: sa.Connection, release_id: str) -> Stored:
    """Return one release.

    Raises:
        UsageError: there is none of that id.
    """
    found = {each.release_id: each for each in stored(connection)}
    if release_id not in found:
        known = ", ".join(found) or "none"
        raise UsageError(f"There is no release {release_id!r}. Known: {known}.")
    return found[release_id]


def previous_of(releases: Sequence[Stored], year: int, edition: Edition, number: int) -> Stored | None:
    """Return the latest release before a place in the order that readers have been given, or None."""
    place = (year, EDITIONS.index(edition), number)
    return max(
        (each for each in releases if each.released_at and each.place < place), key=lambda r: r.place, default=None
    )


def earlier_than(releases: Sequence[Stored], one: Stored | None = None) -> list[str]:
    """Return the ids of the releases that readers had been given when one was built, oldest first.

    Args:
        releases: an agreement's.
        one: the release; None for one that is built, or given to readers, now.
    """
    given = [(each.released_at, each.release_id) for each in releases if each.released_at]
    return [release_id for at, release_id in sorted(given) if one is None or at < one.built_at]


def current(connection: sa.Connection) -> dict[str, str]:
    """Return the current release of each agreement."""
    c = t.current_release.c
    return {row.agreement_id: row.release_id for row in connection.execute(sa.select(c.agreement_id, c.release_id))}


def values_of(connection: sa.Connection, release_id: str) -> list[Value]:
    """Return the published values of a release."""
    return rows(Value, _frame(connection, t.release_value, release_id))


def trends_of(connection: sa.Connection, release_id: str) -> list[Trend]:
    """Return the published trends of a release."""
    return rows(Trend, _frame(connection, t.release_trend, release_id))


def definitions_of(connection: sa.Connection, release_id: str) -> dict[str, str]:
    """Return the fingerprint of each indicator's definition in a release."""
    c = t.release_indicator.c
    found = connection.execute(sa.select(c.indicator_id, c.definition).where(c.release_id == release_id))
    return {row.indicator_id: definition_of(row.definition) for row in found}


def _frame(connection: sa.Connection, table: sa.Table, release_id: str) -> "pd.DataFrame":
    import pandas as pd

    found = connection.execute(sa.select(table).where(table.c.release_id == release_id))
    # As objects: pandas would make a column of whole numbers and None one of floats.
    return pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()), dtype=object)


# --- writing -----------------------------------------------------------------------------------------------------


def insert(
    connection: sa.Connection,
    content: Content,
    release_id: str,
    number: int,
    previous: str | None,
    directory: str,
    files: Any,
) -> None:
    """Write a release's rows (within the caller's transaction); ``files`` are its files with their hashes."""
    connection.execute(
        sa.insert(t.release),
        {
            "release_id": release_id,
            "agreement_id": content.agreement.id,
            "year": content.year,
            "edition": content.edition,
            "number": number,
            "as_of": content.as_of,
            "digest": content.digest,
            "is_example": content.is_example,
            "origins": "|".join(content.origins),
            "registry_digest": content.registry_digest,
            "directory": directory,
            "files": files,
        },
    )
    update(connection, release_id, previous_release_id=previous)
    for table, found in (
        (t.release_value, [_value(value) for value in content.values]),
        (t.release_trend, [plain(trend) for trend in content.trends]),
        (t.release_indicator, _indicators(content)),
        (t.release_goal_area, _goal_areas(content)),
        (t.release_bridge, _bridge(content)),
        (t.release_coverage, [plain(line) for line in content.coverage]),
        (t.release_revision, [_revision(revision) for revision in content.revisions]),
        (t.release_capture, [{"capture_id": capture.capture_id} for capture in content.captures]),
        (t.release_assessment, [plain(assessment) for assessment in content.assessments]),
    ):
        _insert(connection, table, release_id, found)
    _copy_figures(connection, content, release_id)


def write_changes(connection: sa.Connection, release_id: str, changes: Sequence[Change], summary: str) -> None:
    """Record what a release changes, with its summary; done again, it replaces what was recorded."""
    connection.execute(sa.delete(t.release_change).where(t.release_change.c.release_id == release_id))
    lines = [asdict(change) | {"position": place} for place, change in enumerate(changes, start=1)]
    _insert(connection, t.release_change, release_id, lines)
    update(connection, release_id, diff_sv=summary, compared_at=sa.func.now())


def update(connection: sa.Connection, release_id: str, **columns: object) -> None:
    """Change columns of a release's own row."""
    connection.execute(sa.update(t.release).where(t.release.c.release_id == release_id).values(**columns))


def delete(connection: sa.Connection, release_id: str) -> None:
    """Remove a release that nobody could see; its rows go with it."""
    connection.execute(sa.delete(t.release).where(t.release.c.release_id == release_id))


def _insert(connection: sa.Connection, table: sa.Table, release_id: str, found: Sequence[dict[str, Any]]) -> None:
    if found:
        connection.execute(sa.insert(table), [{"release_id": release_id} | row for row in found])


def _copy_figures(connection: sa.Connection, content: Content, release_id: str) -> None:
    """Write the figures of the public tables by COPY: they are many more than all else."""
    columns = ", ".join(("release_id", *PublicFigure._fields))
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY warehouse.release_figure ({columns}) FROM STDIN") as copy:
        for row in content.public:
            copy.write_row((release_id, *row))


def _value(value: Value) -> dict[str, Any]:
    moment = value.known_from and datetime.strptime(value.known_from, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return plain(value) | {"known_from": moment}


def _revision(revision: Revision) -> dict[str, Any]:
    moment = datetime.strptime(revision.known_from, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return plain(revision) | {"known_from": moment}


def _indicators(content: Content) -> list[dict[str, Any]]:
    return [
        {
            "indicator_id": each.id,
            "definition_version": each.definition_version,
            "status": each.status,
            "theme": each.theme,
            "name_sv": each.name.sv,
            "name_en": each.name.en,
            "definition_sv": each.definition.sv,
            "definition_en": each.definition.en,
            "why_sv": each.why.sv if each.why else None,
            "unit": each.unit,
            "decimals": each.decimals,
            "direction": each.direction,
            "value_kind": each.value,
            "per": each.per,
            "interval_kind": each.interval,
            "suppression": each.suppression,
            "target_value": each.target.value if each.target else None,
            "target_origin": each.target.origin if each.target else None,
            "target_sv": each.target.text.sv if each.target else None,
            "caveats_sv": "|".join(caveat.sv for caveat in each.caveats),
            "read_with": "|".join(each.read_with),
            "sources_sv": "|".join(source.citation for source in sources_of(each, content.registry)),
            "definition": each.model_dump(mode="json"),
        }
        for each in content.indicators
    ]


def _goal_areas(content: Content) -> list[dict[str, Any]]:
    dated = {goal.code: goal for goal in content.agreement.goals_of(content.year)}
    return [
        {
            "code": section.code,
            "name_sv": section.name_sv,
            "name_en": section.name_en,
            "text_sv": section.text,
            "valid_from": dated[section.code].valid_from if section.code in dated else None,
            "valid_to": dated[section.code].valid_to if section.code in dated else None,
            "position": place,
        }
        for place, section in enumerate(content.sections, start=1)
    ]


def _bridge(content: Content) -> list[dict[str, Any]]:
    """Return which indicator follows which goal area from when to when; a new wording alone is no new beginning."""
    agreement = content.agreement
    ends = {line["code"]: line["valid_to"] for line in _goal_areas(content)}
    begins: dict[tuple[str, str], date | None] = {}
    ended: dict[tuple[str, str], date | None] = {}
    for row in bridge(content.registry, agreement):  # by goal area and indicator, oldest first
        pair, until = (row.goal_area, row.indicator), ended.get((row.goal_area, row.indicator))
        goes_on = until is not None and row.valid_from == until + timedelta(days=1)
        if row.valid_from is None or row.valid_from.year <= content.year:
            begins[pair] = begins[pair] if goes_on else row.valid_from
            ended[pair] = row.valid_to
    return [
        {
            "goal_area": code,
            "indicator_id": indicator,
            "valid_from": begins.get((code, indicator), agreement.valid_from),
            "valid_to": ends[code] or agreement.valid_to,
        }
        for code, indicator in content.bridge
    ]


def make_current(connection: sa.Connection, one: Stored) -> None:
    """Give a release to the readers, by the database's own function, which checks audit and approval once more.

    The pointer ends at the latest release of the agreement: a late correction of an earlier year becomes readable, but
    does not take the place of a later year's follow-up. No reader sees the step between, for it is one transaction.
    """
    before = current(connection).get(one.agreement_id)
    flip = sa.text("SELECT warehouse.make_current(:release_id)")
    connection.execute(flip, {"release_id": one.release_id})
    if before is not None and get(connection, before).place > one.place:
        connection.execute(flip, {"release_id": before})


def edition_of(word: str) -> Edition:
    """Return the edition that a word names.

    Raises:
        UsageError: there is no such edition.
    """
    for edition in EDITIONS:
        if word == edition:
            return edition
    raise UsageError(f"There is no edition {word!r}; expected one of {', '.join(EDITIONS)}.")
