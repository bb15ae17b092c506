"""The declared faults of sources as a release tells them: beside each figure that rests on one, and all in a list."""

from collections.abc import Iterator

from include.measure.breaks import selections_of
from include.measure.observed import Key, keys_of
from include.publish import wording
from include.publish.content import Value
from include.registry.models import Correction, Indicator, Registry

#: The mark of a figure that a declared fault concerns and that is shown.
WRONG = "wrong_at_source"


def of_value(value: Value, indicator: Indicator, registry: Registry) -> list[Correction]:
    """Return the declared faults that a published value rests on, by their ids.

    A value rests on one if a figure that it is made of is among the fault's rows, and it says so itself: by its mark,
    or by having no value because the figure was dropped. A fault that was declared after the figure had been loaded
    is therefore not claimed of it.
    """
    if WRONG not in value.marks.split("|") and value.value is not None:
        return []
    keys = list(_keys(value, indicator, registry))
    declared = sorted(registry.corrections.values(), key=lambda each: each.id)
    return [each for each in declared if _shows(each, value) and any(_concerns(each, key) for key in keys)]


def note(correction: Correction) -> str:
    """Return what stands beside a figure: the fault, what was done about it, and who was told."""
    return f"Känt fel hos källan: {wording.correction(correction)}".replace("|", "/")


def listed(registry: Registry) -> list[Correction]:
    """Return every declared fault, by source and id."""
    return sorted(registry.corrections.values(), key=lambda each: (each.source, each.id))


def _shows(correction: Correction, value: Value) -> bool:
    """Return whether a correction can be why the value is marked (it has one) or lacks (its figure was dropped)."""
    return (correction.action == "drop") == (value.value is None)


def _keys(value: Value, indicator: Indicator, registry: Registry) -> Iterator[Key]:
    """Yield the keys of the figures that a value is made of."""
    series = next((each for each in indicator.series if each.id == value.series), None)
    area = registry.areas.get(value.area)
    if series is None or area is None:
        return
    for selection in selections_of(indicator, series):
        yield from keys_of(selection, series, area, value.year, value.party)


def _concerns(correction: Correction, key: Key) -> bool:
    """Return whether a figure is among the rows of a correction; a condition on the mark says nothing of the key."""
    said = key._asdict()
    return all(said[column] == wanted for column, wanted in correction.rows.items() if column in said)
