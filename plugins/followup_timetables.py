"""The two calendars that this project runs by: the calendar quarter, and the agreements' edition days.

Airflow loads timetables from plugins only. A DAG file imports them by this module's name, since Airflow puts the
plugins folder on the path.
"""

from collections.abc import Iterator
from typing import Any

import pendulum
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from airflow.utils.types import DagRunType
from pendulum import DateTime

from include.periods import Quarter


def _quarter_start(moment: DateTime) -> DateTime:
    return pendulum.datetime(moment.year, 3 * ((moment.month - 1) // 3) + 1, 1)


class CalendarQuarterTimetable(Timetable):
    """One run for each calendar quarter, started a number of days after the quarter's end.

    The data interval is exactly the calendar quarter in UTC (2025-07-01 to 2025-10-01), whatever the day of the run;
    a backfill from one date to another takes every quarter that *starts* within them.

    Args:
        run_lag_days: days from the end of the quarter to its run.
    """

    description = "Kalenderkvartal"

    def __init__(self, run_lag_days: int = 15) -> None:
        self.run_lag_days = run_lag_days

    @property
    def summary(self) -> str:
        """Return what the interface shows as the schedule."""
        return f"kvartal + {self.run_lag_days} d"

    def serialize(self) -> dict[str, Any]:
        """Return what is needed to build this timetable again."""
        return {"run_lag_days": self.run_lag_days}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "CalendarQuarterTimetable":
        """Build the timetable from what :meth:`serialize` returned."""
        return cls(run_lag_days=data["run_lag_days"])

    def _run_of(self, start: DateTime) -> DagRunInfo:
        end = start.add(months=3)
        return DagRunInfo(run_after=end.add(days=self.run_lag_days), data_interval=DataInterval(start, end))

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """Return the last quarter that was complete at ``run_after``."""
        end = _quarter_start(run_after)
        return DataInterval(end.subtract(months=3), end)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the quarter after the last one; without catch-up, the latest quarter whose run is due or next."""
        if last_automated_data_interval is not None:
            start = _quarter_start(last_automated_data_interval.start).add(months=3)
        elif restriction.earliest is None:
            return None
        else:
            start = _quarter_start(restriction.earliest)
            if start < restriction.earliest:
                start = start.add(months=3)
        if not restriction.catchup:
            due = _quarter_start(pendulum.now("UTC").subtract(days=self.run_lag_days)).subtract(months=3)
            start = max(start, due)
        if restriction.latest is not None and start > restriction.latest:
            return None
        return self._run_of(start)

    def generate_run_id(
        self, *, run_type: DagRunType, run_after: DateTime, data_interval: DataInterval | None, **extra: Any
    ) -> str:
        """Return a run id that names the quarter, ``scheduled__2026-Q3``, for a run that the clock starts."""
        if data_interval is None or run_type != DagRunType.SCHEDULED:
            return super().generate_run_id(run_type=run_type, run_after=run_after, data_interval=data_interval, **extra)
        return run_type.generate_run_id(suffix=str(Quarter.from_date(data_interval.start.date())))


class EditionTimetable(Timetable):
    """One run for each day of the year on which an edition of some agreement's follow-up is due.

    The data interval is the year that is followed up, the one before the run's.

    Args:
        days: month and day of each edition, such as ``["03-15", "09-30"]``.
    """

    description = "Avtalens utgåvedagar"

    def __init__(self, days: list[str]) -> None:
        self.days = sorted(days)

    @property
    def summary(self) -> str:
        """Return what the interface shows as the schedule."""
        return "utgåvor " + ", ".join(self.days)

    def serialize(self) -> dict[str, Any]:
        """Return what is needed to build this timetable again."""
        return {"days": self.days}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "EditionTimetable":
        """Build the timetable from what :meth:`serialize` returned."""
        return cls(days=data["days"])

    def _run_days(self, from_year: int) -> Iterator[DateTime]:
        for year in (from_year, from_year + 1):
            for day in self.days:
                month, _, day_of_month = day.partition("-")
                yield pendulum.datetime(year, int(month), int(day_of_month), 6)

    @staticmethod
    def _year_before(moment: DateTime) -> DataInterval:
        return DataInterval(pendulum.datetime(moment.year - 1, 1, 1), pendulum.datetime(moment.year, 1, 1))

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """Return the calendar year before ``run_after``."""
        return self._year_before(run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the next edition day that has not passed; a missed edition is published by hand, never by catch-up."""
        now = pendulum.now("UTC")
        earliest = max(now, restriction.earliest) if restriction.earliest else now
        for day in self._run_days(earliest.year):
            if day >= earliest and (restriction.latest is None or day <= restriction.latest):
                return DagRunInfo(run_after=day, data_interval=self._year_before(day))
        return None


class FollowUpTimetables(AirflowPlugin):
    """Registers the timetables with Airflow."""

    name = "followup_timetables"
    timetables = [CalendarQuarterTimetable, EditionTimetable]  # noqa: RUF012 - Airflow reads a plain class attribute
