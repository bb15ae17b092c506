"""Where deliveries stand at any moment, worked out by hand, and the share of them that came on time."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from include.archive.manifest import Manifest, capture_id
from include.archive.withdrawals import MEDIA_TYPE
from include.check.tidy import set_aside_table, tidy_table
from include.errors import UsageError
from include.load.engine import engine
from include.load.run import sync_dimensions
from include.load.write import Counts, write
from include.measure.compute import compute
from include.measure.deliveries import HERE, Arrival, DeliveryState, Outcome, observations, states
from include.measure.run import figures
from include.periods import Period
from include.registry.delivery import Identity, due
from include.registry.read import registry as read_registry
from tests.measure.observations import observation

REGISTRY = read_registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
OSTERSUND = Identity("jamtland", "K2380", "2023")
LAST_DAY = due(REGISTRY, OSTERSUND)
LONG_AFTER = datetime(2026, 7, 1, tzinfo=UTC)


def came(day: str, outcome: Outcome = "loaded", part: str = OSTERSUND.part, origin: str = "live") -> Arrival:
    """Return a file that came at noon."""
    moment = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return Arrival(part, f"agency_extracts/{part}/{day}", moment, origin, outcome)


def withdrawn(day: str, part: str = OSTERSUND.part) -> Arrival:
    moment = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return Arrival(part, f"agency_extracts/{part}/{day}-w", moment, "live", withdrawal=True)


def stands(*arrivals: Arrival, at: datetime = LONG_AFTER, identity: Identity = OSTERSUND) -> DeliveryState:
    """Return where one delivery stands."""
    (found,) = [each for each in states(REGISTRY, JAMTLAND, arrivals, at) if each.identity == identity]
    return found


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=HERE)


EARLY, LATER, LATEST, LATE = "2024-02-01", "2024-02-10", "2024-02-20", "2024-05-01"


# --- states ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrivals", "state", "on_time", "versions", "pending"),
    [
        ([], "late", False, 0, None),
        ([came(EARLY)], "accepted", True, 1, None),
        ([came(LATE)], "accepted", False, 1, None),
        ([came(EARLY, "received")], "received", False, 1, None),
        ([came(EARLY, "refused")], "returned", False, 1, None),
        ([came(EARLY, "refused"), came(LATER)], "accepted", True, 2, None),
        ([came(EARLY, "refused"), came(LATE)], "accepted", False, 2, None),
        ([came(EARLY), came(LATER)], "corrected", True, 2, None),
        ([came(EARLY), came(LATE)], "corrected", True, 2, None),
        ([came(EARLY), came(LATE, "refused")], "accepted", True, 2, "returned"),
        ([came(EARLY), came(LATER), came(LATE, "received")], "corrected", True, 3, "received"),
        ([came(EARLY), came(LATER, "refused"), came(LATE)], "corrected", True, 3, None),
        ([came(EARLY), withdrawn(LATER)], "withdrawn", False, 1, None),
        ([came(EARLY), withdrawn(LATER), came(LATEST)], "accepted", True, 2, None),
        ([came(EARLY), withdrawn(LATER), came(LATE)], "accepted", False, 2, None),
        ([came(EARLY), withdrawn(LATER), came(LATE, "refused")], "returned", False, 2, None),
        ([came(EARLY, "refused"), withdrawn(LATER)], "withdrawn", False, 1, None),
        ([withdrawn(LATER)], "late", False, 0, None),
    ],
)
def test_what_counts_decides_the_state(arrivals, state, on_time, versions, pending):
    found = stands(*arrivals)
    assert (found.state, found.on_time, found.versions, found.pending) == (state, on_time, versions, pending)
    assert found.counts == (state in ("accepted", "corrected")) == (found.delivered_at is not None)
    assert stands(*reversed(arrivals)) == found


def test_a_life_from_before_its_period_to_its_withdrawal():
    """The same arrivals, seen at different moments."""
    life = [came("2024-02-20", "refused"), came("2024-03-20"), came("2024-06-01"), withdrawn("2024-07-01")]
    seen = [(moment, stands(*life, at=moment)) for moment in (
        at(date(2023, 6, 1)), at(date(2024, 2, 21)), at(date(2024, 3, 10)), at(date(2024, 4, 1)),
        at(date(2024, 6, 2)), at(date(2024, 7, 2)),
    )]  # fmt: skip
    assert [found.state for _, found in seen] == [
        "awaited", "returned", "returned", "accepted", "corrected", "withdrawn",
    ]  # fmt: skip
    assert [found.on_time for _, found in seen] == [None, None, False, False, False, False]
    assert [step.state for step in seen[-1][1].steps] == ["returned", "accepted", "corrected", "withdrawn"]
    assert [step.version for step in seen[-1][1].steps] == [1, 2, 3, 3]


def test_the_last_day_ends_at_midnight_in_sweden():
    """23:30 on the last day is still 22:30 UTC that day; half an hour after midnight it is late, whatever UTC says."""
    in_time = Arrival(OSTERSUND.part, "a", at(LAST_DAY, 23), "live")
    too_late = Arrival(OSTERSUND.part, "b", at(LAST_DAY + timedelta(days=1), 0) + timedelta(minutes=30), "live")
    assert too_late.captured_at.astimezone(UTC).date() == LAST_DAY
    assert stands(in_time).on_time is True
    assert stands(too_late).on_time is False
    assert stands(at=at(LAST_DAY, 23)).state == "awaited"
    nothing = stands(at=at(LAST_DAY + timedelta(days=1), 0))
    assert (nothing.state, nothing.since) == ("late", at(LAST_DAY + timedelta(days=1), 0))


def test_every_expected_delivery_is_listed_once_its_period_has_begun():
    found = states(REGISTRY, JAMTLAND, [], at(date(2024, 5, 1)))
    of_2024 = [each.identity for each in found if Period.parse(each.identity.period).year == 2024]
    assert Identity("jamtland", "RJH", "2024-Q2") in of_2024
    assert Identity("jamtland", "RJH", "2024-Q3") not in of_2024
    assert Identity("jamtland", "BHJ", "2024-H2") not in of_2024
    assert Identity("jamtland", "K2303", "2024") in of_2024
    assert len({each.identity for each in found}) == len(found)
    whole = [each for each in found if each.identity.period.startswith("2023")]
    assert len(whole) == 13 + 5 + 3  # one a year from 13 parties; five from the region; three from Barnahus


def test_a_delivery_that_comes_before_its_period_is_listed_all_the_same():
    early = came("2023-12-01", part="jamtland-K2303-2024")
    assert stands(early, at=at(date(2023, 12, 2)), identity=Identity("jamtland", "K2303", "2024")).state == "accepted"


def test_what_nobody_expects_is_listed_last_and_other_agreements_are_left_out():
    strange = came(EARLY, part="jamtland-K2380-2023-Q1")
    foreign = came(EARLY, part="norrland-K2380-2023")
    found = states(REGISTRY, JAMTLAND, [strange, foreign], LONG_AFTER)
    assert found[-1].identity == Identity("jamtland", "K2380", "2023-Q1")
    assert (found[-1].expected, found[-1].state, found[-1].on_time, found[-1].due) == (False, "accepted", None, None)
    assert sum(each.versions for each in found) == 1
    with pytest.raises(UsageError, match="no delivery"):
        states(REGISTRY, JAMTLAND, [came(EARLY, part="strange")], LONG_AFTER)


MOMENTS = st.integers(0, 900).map(lambda days: datetime(2023, 1, 1, 12, tzinfo=UTC) + timedelta(days=days))
LIVES = st.lists(
    st.builds(
        Arrival,
        part=st.just(OSTERSUND.part),
        capture_id=st.uuids().map(str),
        captured_at=MOMENTS,
        origin=st.sampled_from(["live", "example"]),
        outcome=st.sampled_from(["received", "refused", "loaded"]),
        withdrawal=st.booleans(),
    ),
    max_size=8,
)


@given(LIVES, MOMENTS)
@settings(max_examples=150, deadline=None)
def test_nothing_that_came_later_is_known_and_what_counts_is_one_thing(life, moment):
    found = stands(*life, at=moment)
    assert found == stands(*[each for each in life if each.captured_at <= moment], at=moment)
    assert found.on_time is None or found.counts or found.is_due
    assert found.on_time is not True or found.counts
    assert found.pending is None or found.counts
    assert found.state != "late" or (found.is_due and not found.steps)
    assert found.versions == sum(not each.withdrawal for each in life if each.captured_at <= moment)


# --- the indicator -----------------------------------------------------------------------------------------------


def c04(*arrivals: Arrival, moment: datetime = LONG_AFTER, year: int = 2023):
    """Return the rows of TMV-C04 for a year by party, from the arrivals alone."""
    frame = observations(states(REGISTRY, JAMTLAND, arrivals, moment), JAMTLAND)
    values = compute(frame, REGISTRY, JAMTLAND, [year])[0]
    return {row.party: row for row in values[values.indicator_id == "TMV-C04"].itertuples()}


def test_the_share_on_time_by_party_and_for_all():
    """2023: 21 deliveries due. Five came on time; one of the region's four and Krokom's came late."""
    found = c04(
        came("2024-02-01"),
        came("2024-04-01"),  # a correction after the last day does not make it late
        came("2024-02-05", part="jamtland-K2303-2023", origin="example"),
        came("2024-06-05", part="jamtland-K2309-2023"),
        came("2024-02-01", part="jamtland-K2305-2023"),
        withdrawn("2024-02-02", part="jamtland-K2305-2023"),
        came("2023-04-20", part="jamtland-RJH-2023-Q1"),
        came("2023-07-20", part="jamtland-RJH-2023-Q2"),
        came("2023-10-20", part="jamtland-RJH-2023-Q3"),
        came("2024-03-20", part="jamtland-RJH-2023-Q4"),
        came("2025-02-01", part="jamtland-K2380-2024"),
    )
    everyone = found["-"]
    assert (everyone.numerator, everyone.denominator) == (5, 21)
    assert everyone.value == pytest.approx(100 * 5 / 21)
    assert (everyone.ci_low != everyone.ci_low, everyone.is_total, everyone.unit) == (True, True, "procent")
    assert everyone.is_example
    assert (found["K2380"].value, found["K2380"].is_example) == (100, False)
    assert (found["K2303"].value, found["K2303"].is_example) == (100, True)
    assert (found["RJH"].numerator, found["RJH"].denominator) == (3, 5)
    assert found["K2309"].value == found["K2305"].value == found["POL"].value == 0
    assert found["K2305"].captures.count("|") == 1  # the delivery and its withdrawal
    assert found["POL"].captures == everyone.captures  # that nothing came is seen among all that came
    assert set(found) == {"-", *(party.code for party in JAMTLAND.parties)}


def test_only_what_has_fallen_due_is_counted():
    life = [came("2024-02-01"), came("2023-04-20", part="jamtland-RJH-2023-Q1")]
    early = c04(*life, moment=at(date(2024, 1, 15)))
    # By then the region's first three quarters and Barnahus's first half-year were due.
    assert (early["-"].numerator, early["-"].denominator, early["-"].preliminary) == (1, 4, True)
    assert "K2380" not in early
    assert not c04(*life)["-"].preliminary


def test_a_year_before_anything_is_due_has_no_share():
    found = c04(came("2023-01-20", part="jamtland-RJH-2023-Q1"), moment=at(date(2023, 2, 1)))
    assert (found["-"].obs_status, found["-"].denominator) == ("not_applicable", 0)
    assert found["-"].reason_sv


def test_where_nothing_has_come_at_all_there_is_no_figure():
    assert observations(states(REGISTRY, JAMTLAND, [], LONG_AFTER), JAMTLAND).empty
    assert list(observations([], JAMTLAND).columns) == list(observation("x.y", 0))


# --- in the warehouse --------------------------------------------------------------------------------------------


def load(day: str, *, media_type: str = "text/csv", part: str = OSTERSUND.part, digit: str = "a") -> Manifest:
    """Load a delivery of one figure, or a notice of withdrawal."""
    moment = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    sha256 = digit * 64
    manifest = Manifest(
        capture_id=capture_id("agency_extracts", part, moment, sha256),
        source_id="agency_extracts",
        part=part,
        periods=["2023"],
        origin="example",
        url="x",
        captured_at=moment,
        media_type=media_type,
        file_name="x",
        sha256=sha256,
        canonical_sha256=sha256,
        size=1,
        change="NEW",
    )
    rows = [] if media_type == MEDIA_TYPE else [1.0]
    table = tidy_table(
        {
            "measure": ["E06.referred"] * len(rows),
            "value": rows,
            "area": "2380",
            "period": "2023",
            "age": "18+",
            "party": "K2380",
            "value_status": "ok",
            "status": "F",
            "mark": "example",
            "source_label": "",
            "place": "",
        }
    )
    write(engine("loader"), table, set_aside_table(), manifest, Counts(len(rows), 0, 0), "test")
    return manifest


@pytest.mark.postgres
def test_the_moment_decides_what_the_warehouse_says_came_on_time(warehouse):
    sync_dimensions(REGISTRY)
    load("2024-02-01")
    load("2024-02-10", media_type=MEDIA_TYPE, digit="b")
    load("2024-03-20", digit="c")

    def share(moment: datetime | None) -> tuple[float, float]:
        with warehouse.engine("loader").connect() as connection:
            values = compute(figures(connection, REGISTRY, JAMTLAND, moment), REGISTRY, JAMTLAND, [2023])[0]
        (row,) = values[(values.indicator_id == "TMV-C04") & (values.party == "K2380")].itertuples()
        return row.numerator, row.denominator

    assert share(None) == (0, 1)  # withdrawn before the last day, delivered anew after it
    assert share(at(date(2024, 3, 10))) == (0, 1)
    with warehouse.engine("owner").begin() as connection:
        connection.execute(sa.text("DELETE FROM warehouse.loaded"))
        connection.execute(
            sa.text("DELETE FROM warehouse.capture WHERE manifest ->> 'media_type' = :it"), {"it": MEDIA_TYPE}
        )
    assert share(None) == (1, 1)


@pytest.mark.postgres
def test_an_empty_warehouse_has_no_figures_of_deliveries(warehouse):
    with warehouse.engine("loader").connect() as connection:
        assert figures(connection, REGISTRY, JAMTLAND, None).empty
