"""One Airflow DAG for each source of the registry: archive ► check ► load, every calendar quarter."""

from airflow.sdk import get_parsing_context
from followup_timetables import CalendarQuarterTimetable

from include.orchestration.source_dag import source_dag
from include.registry.read import registry

wanted = get_parsing_context().dag_id  # in a task, its own DAG alone; None where all are wanted
for source in registry().sources.values():
    if wanted in (None, source.id):
        globals()[source.id] = source_dag(source, CalendarQuarterTimetable(source.release.run_lag_days))
