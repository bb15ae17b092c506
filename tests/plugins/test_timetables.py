"""The calendars: the quarter's interval is exact, its run comes after its end, and nothing is caught up."""

import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.utils.types import DagRunType
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "plugins"))
from followup_timetables import CalendarQuarterTimetable, EditionTimetable

START = pendulum.datetime(2015, 1, 1)


def all_runs(timetable, latest, catchup=True):
    """Walk as a backfill does: every run whose interval starts no later than `latest`."""
    restriction = TimeRestriction(earliest=START, latest=latest, catchup=catchup)
    last, runs = None, []
    while (run := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)) is not None:
        runs.append(run)
        last = run.data_interval
    return runs


def test_a_backfill_of_ten_years_is_forty_calendar_quarters():
    runs = all_runs(CalendarQuarterTimetable(15), pendulum.datetime(2024, 12, 31))
    assert len(runs) == 40
    assert runs[0].data_interval == DataInterval(START, pendulum.datetime(2015, 4, 1))
    assert runs[0].run_after == pendulum.datetime(2015, 4, 16)
    assert runs[-1].data_interval == DataInterval(pendulum.datetime(2024, 10, 1), pendulum.datetime(2025, 1, 1))
    for earlier, later in pairwise(runs):
        assert earlier.data_interval.end == later.data_interval.start


@given(st.datetimes(min_value=pendulum.datetime(2001, 1, 1).naive(), max_value=pendulum.datetime(2099, 1, 1).naive()))
def test_a_manual_run_is_about_a_quarter_that_was_complete(moment):
    run_after = pendulum.instance(moment, tz="UTC")
    interval = CalendarQuarterTimetable(15).infer_manual_data_interval(run_after=run_after)
    assert interval.end <= run_after
    assert interval.start.day == interval.end.day == 1
    assert interval.start.month in (1, 4, 7, 10)
    assert interval.end == interval.start.add(months=3)
    assert run_after - interval.end < timedelta(days=93)


@pytest.mark.parametrize(
    ("now", "quarter_start"),
    [
        ("2026-11-24", (2026, 7, 1)),
        ("2026-10-15", (2026, 4, 1)),  # the third quarter's run comes on the 16th
        ("2026-10-16", (2026, 7, 1)),
        ("2027-01-16", (2026, 10, 1)),
    ],
)
def test_without_catch_up_only_the_last_due_quarter_runs(now, quarter_start, monkeypatch):
    monkeypatch.setattr(pendulum, "now", lambda tz: pendulum.parse(now, tz=tz))
    run = CalendarQuarterTimetable(15).next_dagrun_info(
        last_automated_data_interval=None, restriction=TimeRestriction(earliest=START, latest=None, catchup=False)
    )
    assert run.data_interval.start == pendulum.datetime(*quarter_start)


def test_a_scheduled_run_is_named_by_its_quarter():
    interval = DataInterval(pendulum.datetime(2026, 7, 1), pendulum.datetime(2026, 10, 1))
    name = CalendarQuarterTimetable(15).generate_run_id(
        run_type=DagRunType.SCHEDULED, run_after=pendulum.datetime(2026, 10, 16), data_interval=interval
    )
    assert name == "scheduled__2026-Q3"


def test_what_is_serialised_comes_back_the_same():
    assert CalendarQuarterTimetable.deserialize(CalendarQuarterTimetable(7).serialize()).run_lag_days == 7
    assert EditionTimetable.deserialize(EditionTimetable(["09-30", "03-15"]).serialize()).days == ["03-15", "09-30"]


def test_the_next_edition_is_about_the_year_before(monkeypatch):
    monkeypatch.setattr(pendulum, "now", lambda tz: pendulum.datetime(2026, 4, 1, tz=tz))
    run = EditionTimetable(["03-15", "09-30"]).next_dagrun_info(
        last_automated_data_interval=None, restriction=TimeRestriction(earliest=START, latest=None, catchup=False)
    )
    assert run.run_after == pendulum.datetime(2026, 9, 30, 6)
    assert run.data_interval.start == pendulum.datetime(2025, 1, 1)
