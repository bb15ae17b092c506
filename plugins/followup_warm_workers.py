"""Imports the heavy libraries once, in the scheduler, before it forks the LocalExecutor's workers.

A task then finds pandas and Great Expectations in memory instead of importing them for four to six seconds. Only the
scheduler with a LocalExecutor does so: DAG parsing, the API server and the triggerer stay light.
"""

import importlib
import logging
import os
from types import ModuleType
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)

HEAVY = ("pandas", "pyarrow.parquet", "scipy.special", "sqlalchemy.dialects.postgresql", "great_expectations")


class WarmWorkers:
    """Listens for the start of the scheduler."""

    @hookimpl
    def on_starting(self, component: Any) -> None:
        """Import the heavy libraries if the scheduler is about to fork its workers.

        Args:
            component: Airflow's job; only its type is looked at.
        """
        if getattr(component, "job_type", None) != "SchedulerJob" or os.environ.get("FOLLOWUP_WARM_WORKERS") == "0":
            return
        for name in HEAVY:
            importlib.import_module(name)
        log.info("Heavy libraries are imported before the workers are forked: %s", ", ".join(HEAVY))


class FollowUpWarmWorkers(AirflowPlugin):
    """Registers the listener with Airflow."""

    name = "followup_warm_workers"
    listeners: list[ModuleType | object] = [WarmWorkers()]  # noqa: RUF012 - Airflow reads a plain class attribute
