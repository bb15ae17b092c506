"""A delivery is taken back by a notice that becomes its newest version; nothing is deleted, and it may come again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from include.archive.deliveries import SOURCE
from include.archive.withdrawals import MEDIA_TYPE, is_withdrawal, withdraw
from include.errors import UsageError

PART = "jamtland-K2380-2023"
AT = datetime(2024, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def delivered(store):
    """Return a function that archives a delivery and returns its manifest."""

    def put(content: bytes = b"1", at: datetime = AT, origin="live"):
        return store.put(
            content, source_id=SOURCE, part=PART, periods=["2023"], origin=origin, url="inbox:jamtland/K2380",
            captured_at=at, media_type="text/csv", file_name="a.csv",
        )  # fmt: skip

    return put


def take_back(store, part=PART, by="Anna", reason="Fel år", at=AT + timedelta(days=1)):
    return withdraw(store, part, by, reason, at)


def test_the_notice_says_who_when_why_and_of_what(store, delivered):
    first = delivered()
    notice = take_back(store, by=" Anna ")
    assert is_withdrawal(notice)
    assert not is_withdrawal(first)
    assert (notice.part, notice.periods, notice.previous) == (PART, ["2023"], first.capture_id)
    assert (notice.media_type, notice.origin, notice.change) == (MEDIA_TYPE, "live", "REVISED")
    assert json.loads(store.read(notice.capture_id)) == {
        "at": "2024-03-02T09:00:00+00:00", "by": "Anna", "reason": "Fel år", "withdraws": first.capture_id,
    }  # fmt: skip
    assert store.latest(SOURCE, PART) == notice
    assert store.read(first.capture_id) == b"1"
    assert "Anna" not in str(notice.notes)  # notes are published with the figures


def test_an_example_is_taken_back_as_an_example(store, delivered):
    delivered(origin="example")
    assert take_back(store).origin == "example"


def test_what_was_taken_back_may_come_again_unchanged(store, delivered):
    first = delivered()
    take_back(store)
    again = delivered(at=AT + timedelta(days=2))
    assert again.change == "REVISED"
    assert again.capture_id != first.capture_id
    assert store.latest(SOURCE, PART) == again
    assert is_withdrawal(take_back(store, at=AT + timedelta(days=3)))


def test_there_must_be_something_to_take_back(store, delivered):
    with pytest.raises(UsageError, match="holds no such delivery"):
        take_back(store)
    delivered()
    take_back(store)
    with pytest.raises(UsageError, match="withdrawn already, since 2024-03-02"):
        take_back(store, at=AT + timedelta(days=5))
    assert len(store.manifests(SOURCE)) == 2


@pytest.mark.parametrize("lacking", [{"by": " "}, {"reason": ""}, {"part": "jamtland"}])
def test_name_reason_and_a_deliverys_part_are_needed(store, delivered, lacking):
    delivered()
    with pytest.raises(UsageError):
        take_back(store, **lacking)
    assert len(store.manifests(SOURCE)) == 1
