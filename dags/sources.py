"""One Airflow DAG for each source of the registry: archive ► check ► load, every calendar quarter."""

from followup_timetables import CalendarQuarterTimetable

from include.orchestration.source_dag import source_dag
from include.registry.read import registry

for source in registry().sources.values():
    globals()[source.id] = source_dag(source, CalendarQuarterTimetable(source.release.run_lag_days))
