"""Vintages: how a capture changes what was known, whatever the order in which captures are loaded.

A *part* of a source has captures, each at its own moment and each with the part's whole content. The *state* of a key
at a capture is its value with status, mark and label; absent; or, where an earlier capture had the key, withdrawn. A
vintage is a run of captures with one state: it is known from its first capture until the next vintage. The table is
thereby a function of the set of captures (domain reference: revision triangle; nothing is overwritten, nothing frozen).

Loading capture X at moment t touches only what lies around t. With V the vintage that covers t, N the one that begins
at the next later capture (late arrivals have one), and S the key's state in X:

* S equals V: nothing happens, X lies within the run.
* V ends at t. If N has state S, it begins at t already; otherwise S holds from t until the next capture.
* If V reached beyond the next capture, its state comes back there; if the key is new in X and the next capture lacks
  it, it is withdrawn there.
"""

# ruff: noqa: S608 - the statements are made of this module's own names of columns; all values are parameters

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.load.encode import STATE
from include.load.tables import KEYS, VALUE_STATUSES

_WITHDRAWN = VALUE_STATUSES.index("withdrawn")

#: State of a withdrawn key: no value, and nothing said about it.
_TOMBSTONE = {
    "value": "NULL::float8",
    "value_low": "NULL::float8",
    "value_high": "NULL::float8",
    "value_status_key": f"{_WITHDRAWN}::smallint",
    "status": "'F'::char(1)",
    "mark_key": "0::smallint",
    "label_key": "(SELECT label_key FROM warehouse.source_label WHERE text = '')",
}


@dataclass(frozen=True)
class Place:
    """Where a capture stands among the captures of its part.

    Attributes:
        key: its key.
        at: its moment.
        part: keys of the part's other captures.
        next_key: the next later one that is loaded, if any.
        next_at: its moment.
    """

    key: int
    at: datetime
    part: list[int]
    next_key: int | None
    next_at: datetime | None

    def parameters(self) -> dict[str, Any]:
        """Return it as parameters of the statements."""
        return {
            "capture": self.key,
            "at": self.at,
            "part": self.part,
            "next_capture": self.next_key,
            "next_at": self.next_at,
        }


@dataclass(frozen=True)
class Changes:
    """What a capture changed: counts of keys, and the years they are about.

    Attributes:
        revised_final: of the revised, those that said final before and now have another value.
    """

    new: int
    revised: int
    withdrawn: int
    years: list[int]
    revised_final: int = 0


def merge(connection: Any, place: Place) -> Changes:
    """Merge the rows of the temporary table ``incoming`` (keys and state) into ``observation``.

    Args:
        connection: psycopg connection within the load's transaction.
        place: where the capture stands.
    """
    parameters = place.parameters()
    for statement in (_STEP, _END_COVERING):
        connection.execute(statement, parameters)
    if place.next_at is not None:
        connection.execute(_BEGIN_NEXT_EARLIER, parameters)
    connection.execute(_INSERT, parameters)
    if place.next_at is not None:
        connection.execute(_COME_BACK, parameters)
        connection.execute(_WITHDRAW_AT_NEXT, parameters)
    new, revised, withdrawn, revised_final = connection.execute(_COUNT).fetchone()
    return Changes(new, revised, withdrawn, [year for (year,) in connection.execute(_YEARS)], revised_final)


def _each(template: str, names: Any, separator: str = ", ") -> str:
    return separator.join(template.format(name) for name in names)


def _keys_of(alias: str) -> str:
    return _each(alias + ".{0}", KEYS.values())


def _state_of(alias: str, prefix: str = "") -> str:
    return _each(f"{alias}.{prefix}{{0}}", STATE)


def _same_key(left: str, right: str) -> str:
    return _each(f"{left}.{{0}} = {right}.{{0}}", KEYS.values(), " AND ")


_COLUMNS = f"{_each('{0}', KEYS.values())}, {_each('{0}', STATE)}, known_from, known_until, capture_key"

#: The keys whose state at the capture differs from what is known at its moment.
_STEP = f"""
CREATE TEMPORARY TABLE step ON COMMIT DROP AS
WITH covering AS (
    SELECT * FROM warehouse.observation
    WHERE capture_key = ANY (%(part)s) AND known_from <= %(at)s AND known_until > %(at)s
)
SELECT {_each("coalesce(i.{0}, v.{0}) AS {0}", KEYS.values())},
    i.measure_key IS NOT NULL AS present,
    v.measure_key IS NOT NULL AS known,
    {", ".join(f"CASE WHEN i.measure_key IS NOT NULL THEN i.{n} ELSE {_TOMBSTONE[n]} END AS {n}" for n in STATE)},
    {_each("v.{0} AS old_{0}", STATE)},
    v.known_from AS old_from, v.known_until AS old_until, false AS moved
FROM incoming i FULL JOIN covering v ON {_same_key("i", "v")}
WHERE CASE
    WHEN v.measure_key IS NULL THEN true
    WHEN i.measure_key IS NULL THEN v.value_status_key <> {_WITHDRAWN}
    ELSE ({_state_of("i")}) IS DISTINCT FROM ({_state_of("v")}) END
"""

_END_COVERING = f"""
UPDATE warehouse.observation o SET known_until = %(at)s FROM step s
WHERE s.known AND {_same_key("o", "s")} AND o.known_from = s.old_from
"""

_BEGIN_NEXT_EARLIER = f"""
WITH begun AS (
    UPDATE warehouse.observation o SET known_from = %(at)s, capture_key = %(capture)s FROM step s
    WHERE {_same_key("o", "s")} AND o.known_from = %(next_at)s
        AND ({_state_of("o")}) IS NOT DISTINCT FROM ({_state_of("s")})
    RETURNING {_keys_of("o")}
)
UPDATE step s SET moved = true FROM begun b WHERE {_same_key("s", "b")}
"""

_INSERT = f"""
INSERT INTO warehouse.observation ({_COLUMNS})
SELECT {_keys_of("s")}, {_state_of("s")}, %(at)s, coalesce(%(next_at)s::timestamptz, 'infinity'), %(capture)s
FROM step s WHERE NOT s.moved ORDER BY {_keys_of("s")}
"""

_COME_BACK = f"""
INSERT INTO warehouse.observation ({_COLUMNS})
SELECT {_keys_of("s")}, {_state_of("s", "old_")}, %(next_at)s, s.old_until, %(next_capture)s
FROM step s WHERE s.known AND s.old_until > %(next_at)s
"""

_WITHDRAW_AT_NEXT = f"""
INSERT INTO warehouse.observation ({_COLUMNS})
SELECT {_keys_of("s")}, {", ".join(_TOMBSTONE[name] for name in STATE)}, %(next_at)s,
    coalesce((SELECT min(o.known_from) FROM warehouse.observation o
        WHERE {_same_key("o", "s")} AND o.known_from > %(next_at)s), 'infinity'), %(next_capture)s
FROM step s
WHERE NOT s.known AND NOT s.moved AND NOT EXISTS (
    SELECT FROM warehouse.observation o WHERE {_same_key("o", "s")} AND o.known_from = %(next_at)s)
"""

_COUNT = (
    "SELECT count(*) FILTER (WHERE present AND NOT known), count(*) FILTER (WHERE present AND known), "
    "count(*) FILTER (WHERE NOT present), count(*) FILTER (WHERE present AND known AND old_status = 'F'"
    " AND (value, value_status_key) IS DISTINCT FROM (old_value, old_value_status_key)) FROM step"
)

_YEARS = "SELECT DISTINCT p.year FROM step JOIN warehouse.period p USING (period_key) ORDER BY 1"
