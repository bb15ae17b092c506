"""The table at the end of a run: what the follow-up has, what it lacks and why, and where to read it."""

from collections.abc import Sequence

import sqlalchemy as sa

from include import settings
from include.load import tables as t
from include.load.engine import engine
from include.publish import release as store
from include.publish.release import Stored

_WIDTH = 96


def summary(agreement_id: str | None = None, address: str | None = None) -> str:
    """Return the state of the follow-up as text.

    Args:
        agreement_id: whose follow-up, None for every agreement's.
        address: where the site is served, None for the folder's own address.
    """
    with engine("publisher").connect() as connection:
        return text(connection, agreement_id, address or (settings.published_dir() / "index.html").resolve().as_uri())


def text(connection: sa.Connection, agreement_id: str | None, address: str) -> str:
    """Return the same from an open connection; it depends on the database's state and the address alone."""
    releases = [one for one in store.stored(connection, agreement_id) if one.released_at]
    current = set(store.current(connection).values())
    lines = [*_loaded(connection), "", *_releases(releases, current), ""]
    for now in (one for one in releases if one.release_id in current):
        lines += [*_goal_areas(connection, now), ""]
    if not releases:
        lines += ["No release is current yet.", ""]
    return "\n".join([*lines, f"Page: {address}"])


def _loaded(connection: sa.Connection) -> list[str]:
    captures = _by_source(connection, t.capture)
    observations = _by_source(
        connection, t.capture.join(t.observation, t.observation.c.capture_key == t.capture.c.capture_key)
    )
    aside = _by_source(connection, t.capture.join(t.quarantine, t.quarantine.c.capture_key == t.capture.c.capture_key))
    head = f"{'Source':<26}{'captures':>10}{'observations':>15}{'set aside':>12}"
    body = [
        f"{source:<26}{captures[source]:>10,}{observations.get(source, 0):>15,}{aside.get(source, 0):>12,}"
        for source in sorted(captures)
    ]
    total = f"{'Total':<26}{sum(captures.values()):>10,}{sum(observations.values()):>15,}{sum(aside.values()):>12,}"
    return [head, "-" * len(head), *body, total]


def _releases(releases: Sequence[Stored], current: set[str]) -> list[str]:
    if not releases:
        return ["Releases: none"]
    return [
        "Releases",
        *(
            f"  {one.release_id:<34} as of {one.as_of:%Y-%m-%d}  {one.approval or ''}"
            f"{'  holds EXEMPELDATA (invented figures)' if one.is_example else ''}"
            f"{'  <- current' if one.release_id in current else ''}"
            for one in releases
        ),
    ]


def _goal_areas(connection: sa.Connection, now: Stored) -> list[str]:
    head = f"{now.release_id + ', goal area':<62}{'indicators':>11}{'with value':>11}{'without':>9}"
    lines = [head, "-" * len(head)]
    names = {row.indicator_id: row.name_sv for row in connection.execute(_of(t.release_indicator, now))}
    account = {row.code: row for row in connection.execute(_of(t.release_coverage, now)) if row.kind == "indicator"}
    bridge = [(row.goal_area, row.indicator_id) for row in connection.execute(_of(t.release_bridge, now))]
    for area in connection.execute(_of(t.release_goal_area, now).order_by(t.release_goal_area.c.position)):
        mine = sorted(indicator for goal, indicator in bridge if goal == area.code)
        lacking = [each for each in mine if account[each].status != "ok"]
        name = _cut(f"{area.code} {area.name_sv}", 61)
        lines.append(f"{name:<62}{len(mine):>11}{len(mine) - len(lacking):>11}{len(lacking):>9}")
        lines += [_cut(f"    {each} {names[each]}: {account[each].reason_sv}", _WIDTH) for each in lacking]
    return lines


def _of(table: sa.Table, now: Stored) -> sa.Select[tuple[object, ...]]:
    return sa.select(table).where(table.c.release_id == now.release_id)


def _by_source(connection: sa.Connection, rows: sa.FromClause) -> dict[str, int]:
    """Return the number of rows per source, of the captures or of what is joined to them."""
    source = t.capture.c.source_id
    query = sa.select(source, sa.func.count()).select_from(rows).group_by(source)
    return {row[0]: row[1] for row in connection.execute(query)}


def _cut(words: str, width: int) -> str:
    return words if len(words) <= width else f"{words[: width - 1]}…"
