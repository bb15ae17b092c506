"""What changed between two releases, computed by key: never written by hand."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from include.publish import wording
from include.publish.content import Value, sha256_of

Kind = Literal["added", "removed", "revised", "status", "flags", "definition", "indicator_added", "indicator_removed"]

#: Order and Swedish heading of the kinds of change.
KINDS: dict[Kind, str] = {
    "definition": "Ändrade definitioner",
    "indicator_added": "Nya indikatorer",
    "indicator_removed": "Indikatorer som utgått",
    "revised": "Reviderade värden",
    "status": "Ändrad status",
    "removed": "Värden som utgått",
    "added": "Nya värden",
    "flags": "Ändrade märkningar",
}

_FIGURES = ("value", "numerator", "denominator", "ci_low", "ci_high")
_STATUSES = ("obs_status", "conf_status")
_FLAGS = ("preliminary", "is_example", "break_before", "marks", "notes_sv", "reason_sv", "unit", "decimals", "origin")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; ``size`` is the change of the value in its unit, None where there is none.

    ``note_sv`` says which of the two figures is preliminary, if any is: they are never compared without that.
    """

    kind: Kind
    indicator_id: str
    series: str
    area: str
    sex: str
    age: str
    party: str
    breakdown: str
    year: int | None
    field: str
    before: str
    after: str
    size: float | None
    note_sv: str = ""


def compare(
    before: Iterable[Value],
    after: Iterable[Value],
    definitions_before: Mapping[str, str],
    definitions_after: Mapping[str, str],
) -> list[Change]:
    """Return every difference, one per value row or indicator, in a fixed order.

    Args:
        before: values of the earlier release.
        after: values of the later release.
        definitions_before: fingerprint of each indicator's definition in the earlier release
            (see :func:`definition_of`).
        definitions_after: the same for the later.
    """
    changes = [*_values(before, after), *_definitions(definitions_before, definitions_after)]
    order = list(KINDS)
    return sorted(
        changes,
        key=lambda c: (
            order.index(c.kind),
            c.indicator_id,
            c.series,
            c.area,
            c.sex,
            c.age,
            c.party,
            c.breakdown,
            c.year or 0,
        ),
    )


def definition_of(indicator: Mapping[str, Any]) -> str:
    """Return the definition's fingerprint: its version and the hash of all that decides what the figure means.

    Empty keys do not count, so that a key which the registry learns later changes no older definition.

    Args:
        indicator: the indicator as it stands in the registry, JSON-able.
    """
    said = {key: part for key, part in indicator.items() if part and key not in {"read_with", "why", "status"}}
    return f"version {indicator['definition_version']} ({sha256_of(said)[:12]})"


def _values(before: Iterable[Value], after: Iterable[Value]) -> list[Change]:
    old, new = ({row.key: row for row in rows} for rows in (before, after))
    changes = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is None and now is not None:
            changes.append(_change("added", now, "value", "", _said(now), None))
        elif was is not None and now is None:
            changes.append(_change("removed", was, "value", _said(was), "", None))
        elif was is not None and now is not None and (change := _difference(was, now)):
            changes.append(change)
    return changes


def _difference(was: Value, now: Value) -> Change | None:
    """Return the gravest difference between two rows of the same key, or None."""
    note = _note(was, now)
    for field in _STATUSES:
        if getattr(was, field) != getattr(now, field):
            return _change("status", now, field, getattr(was, field), getattr(now, field), None, note)
    for field in _FIGURES:
        if getattr(was, field) != getattr(now, field):
            size = None if was.value is None or now.value is None else round(now.value - was.value, 10)
            return _change("revised", now, field, _text(getattr(was, field)), _text(getattr(now, field)), size, note)
    for field in _FLAGS:
        if getattr(was, field) != getattr(now, field):
            return _change("flags", now, field, _text(getattr(was, field)), _text(getattr(now, field)), None, note)
    return None


def _note(was: Value, now: Value) -> str:
    """Return which of two figures is preliminary, in words; nothing if neither is, or if one is not there."""
    if was.value is None or now.value is None or not (was.preliminary or now.preliminary):
        return ""
    if was.preliminary and now.preliminary:
        return "Båda uppgifterna är preliminära."
    return "En preliminär uppgift blev slutlig." if was.preliminary else "En slutlig uppgift blev preliminär."


def _definitions(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    changes = []
    for each in sorted(before.keys() | after.keys()):
        was, now = before.get(each, ""), after.get(each, "")
        if was != now:
            kind: Kind = "definition" if was and now else "indicator_added" if now else "indicator_removed"
            changes.append(Change(kind, each, "", "", "", "", "", "", None, "definition", was, now, None))
    return changes


def _change(
    kind: Kind, row: Value, field: str, before: str, after: str, size: float | None, note_sv: str = ""
) -> Change:
    place = (row.indicator_id, row.series, row.area, row.sex, row.age, row.party, row.breakdown, row.year)
    return Change(kind, *place, field=field, before=before, after=after, size=size, note_sv=note_sv)


def _said(row: Value) -> str:
    return wording.machine(row.value) if row.value is not None else row.obs_status


def _text(value: str | float | bool | None) -> str:
    return value if isinstance(value, str) else wording.machine(value)


def summary(changes: Sequence[Change], previous: str | None, release_id: str, units: Mapping[str, str]) -> str:
    """Return the account in Swedish that a person reads before approving.

    Args:
        changes: what :func:`compare` found.
        previous: id of the earlier release, None for the first one.
        release_id: id of the release to approve.
        units: unit of each indicator.
    """
    if previous is None:
        return f"{release_id} är den första utgåvan: det finns ingen tidigare att jämföra med. {_new(changes)}"
    if not changes:
        return f"{release_id} säger samma sak som {previous}."
    counts = Counter(change.kind for change in changes)
    lines = [f"{release_id} jämförd med {previous}:"]
    lines += [f"- {KINDS[kind]}: {counts[kind]}" for kind in KINDS if counts[kind]]
    largest = sorted((c for c in changes if c.kind == "revised" and c.size), key=lambda c: -abs(c.size or 0))[:5]
    if largest:
        lines.append("Största revideringarna:")
        lines += [
            f"  {_place(c)}: {c.before} blev {c.after} ({units.get(c.indicator_id, '')})"
            + (f" {c.note_sv}" if c.note_sv else "")
            for c in largest
        ]
    return "\n".join(lines)


def _new(changes: Sequence[Change]) -> str:
    return f"Den har {sum(change.kind == 'added' for change in changes)} rader med värde eller orsak."


def _place(change: Change) -> str:
    parts = (change.indicator_id, change.series, change.area, change.party, str(change.year))
    return " ".join(part for part in parts if part and part != "-")
