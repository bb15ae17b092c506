"""Imports the heavy libraries once, in the scheduler, before it forks the LocalExecutor's workers.

A task then finds pandas and Great Expectations in memory instead of importing them for four to six seconds. Only the
scheduler with a LocalExecutor does so: DAG parsing, the API server and the triggerer stay light.
"""

import gc
import importlib
import logging
import os
import sys
from types import ModuleType
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)

HEAVY = (
    "pandas",
    "pyarrow.parquet",
    "scipy.special",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "alembic",
    "orjson",
    "jinja2",
    "python_calamine",
    "great_expectations",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.definitions.timetables.assets",
    "airflow.providers.standard.operators.hitl",
)


class WarmWorkers:
    """Listens for the start of the scheduler."""

    @hookimpl
    def on_starting(self, component: Any) -> None:
        """Import the heavy libraries if this process is the scheduler, which is about to fork its workers.

        Args:
            component: Airflow's job. It has no type yet when this is called, so the command line is asked instead.
        """
        del component
        if sys.argv[1:2] != ["scheduler"] or os.environ.get("FOLLOWUP_WARM_WORKERS") == "0":
            return
        if HEAVY[-1] in sys.modules and HEAVY[0] in sys.modules:  # a task: a fork of a worker, warm already
            return
        for name in HEAVY:
            importlib.import_module(name)
        gc.collect()
        log.info("Heavy libraries are imported before the workers are forked: %s", ", ".join(HEAVY))


class FollowUpWarmWorkers(AirflowPlugin):
    """Registers the listener with Airflow."""

    name = "followup_warm_workers"
    listeners: list[ModuleType | object] = [WarmWorkers()]  # noqa: RUF012 - Airflow reads a plain class attribute
