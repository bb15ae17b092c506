"""The life of a delivery: awaited, late, received, returned, accepted, corrected, withdrawn; and what came on time.

Pure functions over what has arrived, with the moment handed in: the same arrivals and the same moment always give the
same states, so that a release, a receipt and a reminder never disagree.

What counts decides the state, not what came last. Once a version is accepted, its figures hold until another version
is accepted (then the delivery is *corrected*) or the party withdraws it. A newer version that is refused or not judged
yet changes nothing of that: the state stays, and ``pending`` says what the newer one waits for. A withdrawal takes back
every version before it; what comes afterwards is a first version again, and is on time only by its own day. The day
that counts is the one on which the file came, in Swedish time, not the one on which it was judged; a correction after
the last day does not make late what was on time.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from include.archive.deliveries import SOURCE
from include.measure.observed import ORIGINS
from include.periods import Period
from include.registry.delivery import Identity, due, periods
from include.registry.models import Agreement, Registry

if TYPE_CHECKING:
    import pandas as pd

State = Literal["awaited", "late", "received", "returned", "accepted", "corrected", "withdrawn"]
Outcome = Literal["received", "refused", "loaded"]

#: The two measures of the parties' deliveries that are counted here.
DUE, ON_TIME = f"{SOURCE}.deliveries_due", f"{SOURCE}.deliveries_on_time"

#: Where the parties' days begin and end.
HERE = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file (or notice of withdrawal) that came.

    Attributes:
        part: the delivery that it is a version of, such as ``jamtland-K2380-2023``.
        capture_id: of the archived file; of a file that was refused at the gate any name of its own.
        captured_at: when it came, with time zone.
        origin: live or example.
        outcome: received (not judged yet), refused, or loaded.
        withdrawal: True for the notice that the delivery is withdrawn.
        set_aside: how many of its figures must be corrected though the others count.
    """

    part: str
    capture_id: str
    captured_at: datetime
    origin: str
    outcome: Outcome = "loaded"
    withdrawal: bool = False
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a delivery at a moment, and by which version (counted from 1; a withdrawal names the last)."""

    state: State
    at: datetime
    version: int
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """Where a delivery stands at a moment.

    Attributes:
        due: last day on time; None for a delivery that nobody expects.
        is_due: whether that day has passed.
        since: from when it stands so; None while it is awaited.
        on_time: whether what counts first came on time; None while nothing counts and the day has not passed, and for
            a delivery that nobody expects.
        delivered_at: when the first version of what counts came, None if nothing counts.
        pending: what a version newer than the one that counts is waiting for: to be judged, or to be corrected.
        versions: how many files came, refused ones too, notices of withdrawal not.
        steps: all that happened, oldest first.
    """

    identity: Identity
    due: date | None
    is_due: bool
    state: State
    since: datetime | None
    on_time: bool | None
    delivered_at: datetime | None
    pending: Literal["received", "returned"] | None
    versions: int
    steps: tuple[Step, ...]

    @property
    def expected(self) -> bool:
        """Return whether the agreement expects it."""
        return self.due is not None

    @property
    def counts(self) -> bool:
        """Return whether there are figures of it that count."""
        return self.state in ("accepted", "corrected")

    @property
    def is_example(self) -> bool:
        """Return whether anything that came of it is invented."""
        return any(step.arrival.origin == "example" for step in self.steps)


def states(
    registry: Registry, agreement: Agreement, arrivals: Iterable[Arrival], as_of: datetime
) -> list[DeliveryState]:
    """Return where each delivery of an agreement stands at a moment.

    Args:
        registry: says who delivers what, in which rhythm, and by when.
        agreement: whose deliveries; arrivals of other agreements are left out.
        arrivals: all that came, in any order; what came after ``as_of`` is not known yet.
        as_of: the moment, with time zone.

    Returns:
        Every delivery that the agreement expects whose period has begun by then, by year, party and period, and last
        those that came though nobody expects them.

    Raises:
        UsageError: an arrival's part names no delivery.
    """
    came: dict[Identity, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        identity = Identity.of_part(arrival.part)
        if identity.agreement == agreement.id and arrival.captured_at <= as_of:
            came[identity].append(arrival)
    today = day_of(as_of)
    expected = [
        Identity(agreement.id, party.code, str(period))
        for year in agreement.years()
        for party in agreement.parties
        for period in periods(registry, agreement, party, year)
        if period.start <= today or Identity(agreement.id, party.code, str(period)) in came
    ]
    unexpected = sorted(came.keys() - set(expected))
    return [
        *(_state(identity, due(registry, identity), came.get(identity, ()), today) for identity in expected),
        *(_state(identity, None, came[identity], today) for identity in unexpected),
    ]


def day_of(moment: datetime) -> date:
    """Return the day on which a moment falls in Sweden."""
    return moment.astimezone(HERE).date()


def _state(identity: Identity, last: date | None, arrivals: Sequence[Arrival], today: date) -> DeliveryState:
    steps = steps_of(arrivals)
    is_due = last is not None and today > last
    held = holding(steps)
    first = held[0].at if held else None
    state, since = _now(steps, held, last if is_due else None)
    newest = steps[-1].state if steps else None
    waits = newest if held else None
    return DeliveryState(
        identity=identity,
        due=last,
        is_due=is_due,
        state=state,
        since=since,
        on_time=None if last is None else day_of(first) <= last if first else False if is_due else None,
        delivered_at=first,
        pending="received" if waits == "received" else "returned" if waits == "returned" else None,
        versions=max((step.version for step in steps), default=0),
        steps=tuple(steps),
    )


def steps_of(arrivals: Iterable[Arrival]) -> list[Step]:
    """Return what each arrival made of the delivery, in the order in which they came."""
    steps: list[Step] = []
    version = 0
    for arrival in sorted(arrivals, key=lambda each: (each.captured_at, each.capture_id)):
        if arrival.withdrawal:
            if steps and steps[-1].state != "withdrawn":  # there is nothing to withdraw otherwise
                steps.append(Step("withdrawn", arrival.captured_at, version, arrival))
            continue
        version += 1
        steps.append(Step(_became(arrival, steps), arrival.captured_at, version, arrival))
    return steps


def _became(arrival: Arrival, before: Sequence[Step]) -> State:
    match arrival.outcome:
        case "received":
            return "received"
        case "refused":
            return "returned"
        case "loaded":
            return "corrected" if holding(before) else "accepted"


def holding(steps: Sequence[Step]) -> list[Step]:
    """Return the accepted versions since the last withdrawal, oldest first: the last of them is what counts."""
    withdrawn = max((place for place, step in enumerate(steps, start=1) if step.state == "withdrawn"), default=0)
    return [step for step in steps[withdrawn:] if step.state in ("accepted", "corrected")]


def _now(steps: Sequence[Step], held: Sequence[Step], passed: date | None) -> tuple[State, datetime | None]:
    """Return the state and since when: what counts, else what the last file waits for, else what the calendar says."""
    if held:
        return held[-1].state, held[-1].at
    if steps:
        return steps[-1].state, steps[-1].at
    if passed is not None:
        return "late", datetime.combine(passed + timedelta(days=1), time(), HERE)
    return "awaited", None


# --- what came on time -------------------------------------------------------------------------------------------


def observations(found: Iterable[DeliveryState], agreement: Agreement) -> "pd.DataFrame":
    """Return how many deliveries about each year were due, and how many of them were accepted and on time.

    The rows have the columns of :func:`include.load.read.observations`: for the county, one for each party that had
    something to deliver and one (``-``) for all. Deliveries whose last day has not passed are not counted yet; while
    there are such, the year's figures are preliminary. A figure rests on the files of its party, where none came on
    all that came about the year (of the year's files none was this party's), else on all that ever came; where nothing
    has come at all there are no figures.
    """
    import pandas as pd

    expected = [state for state in found if state.expected]
    files = [step.arrival for state in expected for step in state.steps]
    rows = []
    for year in sorted({_year(state) for state in expected}):
        of_year = [state for state in expected if _year(state) == year]
        status = "F" if all(state.is_due for state in of_year) else "P"
        known = [step.arrival for state in of_year for step in state.steps] or files
        for party in ("-", *sorted({state.identity.party for state in of_year})):
            mine = [state for state in of_year if party in ("-", state.identity.party)]
            basis = [step.arrival for state in mine for step in state.steps] or known
            counted = [state for state in mine if state.is_due]
            if basis and (counted or party == "-"):
                figures = {DUE: len(counted), ON_TIME: sum(state.on_time is True for state in counted)}
                rows += [_row(code, agreement.county, year, party, figures[code], status, basis) for code in figures]
    columns = [*_TEXTS[:3], "year", *_TEXTS[3:7], *_NUMBERS, *_TEXTS[7:], "known_from"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["known_from"] = pd.to_datetime(frame["known_from"], utc=True).astype("datetime64[us, UTC]")
    kinds = dict.fromkeys(_TEXTS, object) | dict.fromkeys(_NUMBERS, "float64") | {"year": "int64"}
    return frame.astype(kinds)


_TEXTS = (
    *("measure", "area", "period", "sex", "age", "party", "breakdown"),
    *("value_status", "status", "mark", "source_label", "capture_id", "origin"),
)
_NUMBERS = ("value", "value_low", "value_high")


def _row(
    measure: str, area: str, year: int, party: str, value: int, status: str, basis: Sequence[Arrival]
) -> dict[str, object]:
    origin = max((arrival.origin for arrival in basis), key=ORIGINS.index)
    return {
        "measure": measure,
        "area": area,
        "period": str(year),
        "year": year,
        "sex": "T",
        "age": "T",
        "party": party,
        "breakdown": "total",
        "value": float(value),
        "value_low": None,
        "value_high": None,
        "value_status": "ok",
        "status": status,
        "mark": "example" if origin == "example" else "direct",
        "source_label": "",
        "capture_id": "|".join(sorted({arrival.capture_id for arrival in basis})),
        "origin": origin,
        "known_from": max(arrival.captured_at for arrival in basis),
    }


def _year(state: DeliveryState) -> int:
    return Period.parse(state.identity.period).year
