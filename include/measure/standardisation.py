"""Direct standardisation: what an area's rate would be if it had the ages of a standard population.

The standard populations are data (``include/registry/codes/standard_populations.csv``), each with a name and a version.
"""

import csv
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from include.errors import RegistryError
from include.measure.methods import LEVEL, Floats, Interval, byar, floats

FILE = Path(__file__).resolve().parents[1] / "registry" / "codes" / "standard_populations.csv"
COLUMNS = ("standard", "version", "label_sv", "source", "age", "weight")

#: Fewer events than this have no standardised rate: the weights would rest on single persons.
LEAST_EVENTS = 10


class StandardPopulation(NamedTuple):
    """How many of each age a standard population has.

    Attributes:
        name: what it is called in the table, e.g. ``esp``.
        version: its edition, e.g. ``2013``.
        label_sv: what a reader calls it.
        source: who has set it, and where that stands.
        ages: age groups, youngest first, e.g. ``0-4`` and ``90+``.
        weights: persons of each.
    """

    name: str
    version: str
    label_sv: str
    source: str
    ages: tuple[str, ...]
    weights: tuple[float, ...]


def standard_population(name: str, version: str, path: Path = FILE) -> StandardPopulation:
    """Return a standard population of the table.

    Raises:
        RegistryError: the table has no such population, or is not as it must be.
    """
    known = _standard_populations(path)
    if (name, version) not in known:
        names = ", ".join(" ".join(key) for key in sorted(known))
        raise RegistryError(f"{path.name}: there is no standard population {name} {version}; there are {names}.")
    return known[name, version]


def directly_standardised(
    counts: ArrayLike,
    populations: ArrayLike,
    weights: ArrayLike,
    per: float = 100_000,
    level: float = LEVEL,
    times: ArrayLike | None = None,
) -> tuple[Floats, Interval]:
    """Return directly standardised rates with Dobson's interval.

    ``D = Σ wᵢxᵢ/nᵢ / Σw``; ``V = Σ wᵢ²xᵢ/nᵢ² / (Σw)²``; limits ``D + √(V/O) (Byar(O) - O)`` with O = Σx, all times
    ``per``.

    Args:
        counts: events, ages along the last axis.
        populations: persons, likewise.
        weights: of the standard population, in the order of the ages.
        per: size of the unit told.
        level: of the interval.
        times: where one person may have several events, which are not independent of one another: how many events each
            row of the last axis but one of ``counts`` is about. The counts are then the *persons* who had just as many,
            and their events are ``times`` as many: ``V = Σ f² V_f``.

    Returns:
        Rate and limits without the axis of the ages (and of ``times``). NaN where a count is missing or below 0, a
        population is not above 0, or the events are fewer than :data:`LEAST_EVENTS`; a limit below 0 is NaN.

    Raises:
        ValueError: counts, populations and weights are not of the same ages.
    """
    x, n, w = (np.asarray(each, dtype=np.float64) for each in (counts, populations, weights))
    if not x.shape[-1:] == n.shape[-1:] == w.shape[-1:]:
        raise ValueError(f"Ages differ: {x.shape[-1:]} counts, {n.shape[-1:]} populations, {w.shape[-1:]} weights.")
    squares = x
    if times is not None:
        (often,) = floats(times)
        squares = (often[:, np.newaxis] ** 2 * x).sum(axis=-2)
        x = (often[:, np.newaxis] * x).sum(axis=-2)
    x, squares, n, w = floats(x, squares, n, w)
    events = x.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = w.sum(axis=-1)
        value = (w * x / n).sum(axis=-1) / whole
        spread = np.sqrt((w**2 * squares / n**2).sum(axis=-1) / whole**2 / events)
        limits = byar(events, level)
        low, high = value + spread * (limits.low - events), value + spread * (limits.high - events)
    enough = (n > 0).all(axis=-1) & (x >= 0).all(axis=-1) & (events >= LEAST_EVENTS)
    return (
        per * np.where(enough, value, np.nan),
        Interval(per * np.where(enough & (low >= 0), low, np.nan), per * np.where(enough, high, np.nan)),
    )


@lru_cache(maxsize=4)
def _standard_populations(path: Path) -> dict[tuple[str, str], StandardPopulation]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise RegistryError(f"{path.name}: columns {reader.fieldnames}; expected {COLUMNS}.")
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault((row["standard"], row["version"]), []).append(row)
    return {key: _population(key, group, path) for key, group in groups.items()}


def _population(key: tuple[str, str], rows: list[dict[str, str]], path: Path) -> StandardPopulation:
    ages = tuple(row["age"] for row in rows)
    if len(set(ages)) < len(ages):
        raise RegistryError(f"{path.name}: an age stands twice in {' '.join(key)}.")
    try:
        weights = tuple(float(row["weight"]) for row in rows)
    except ValueError as error:
        raise RegistryError(f"{path.name}: {' '.join(key)} has a weight that is no number ({error}).") from error
    if not all(0 < weight < float("inf") for weight in weights):
        raise RegistryError(f"{path.name}: {' '.join(key)} has a weight that is not above 0.")
    return StandardPopulation(*key, rows[0]["label_sv"], rows[0]["source"], ages, weights)
