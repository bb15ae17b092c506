"""Imports the heavy libraries once, in the scheduler, before it forks the LocalExecutor's workers.

A task then finds pandas and Great Expectations in memory instead of importing them for four to six seconds, and the
modules of include/ as well: a change of code, like one of a plugin, takes effect when Airflow is started again. A
change in the registry takes effect at once: each task looks whether its files are still those that were read. Only the
scheduler with a LocalExecutor does so: DAG parsing, the API server and the triggerer stay light.
"""

import gc
import importlib
import logging
import os
import pkgutil
import sys
from types import ModuleType
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

import include

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
        for name in (*HEAVY, *_own_modules()):
            importlib.import_module(name)
        _read_registry()
        _validate_once()
        gc.collect()
        log.info("Heavy libraries are imported before the workers are forked: %s", ", ".join(HEAVY))


def _own_modules() -> list[str]:
    """Return the modules of include/ that tasks use; importing them reads no registry and opens no connection."""
    apart = ("__main__", ".migrations", ".bundle", "_child", ".whole_run", ".local")
    names = [module.name for module in pkgutil.walk_packages(include.__path__, "include.")]
    return [name for name in names if not any(part in name for part in apart)]


def _read_registry() -> None:
    """Read the registry, and forget only that its files were looked at."""
    from include.registry.read import forget, registry

    registry()
    forget()


def _validate_once() -> None:
    """Let the gate judge one figure: Great Expectations imports and registers much of itself when it is first used.

    The report's template is compiled then, too.
    """
    from include.check import report
    from include.check.expectations import Meta, critical
    from include.check.gate import gate
    from include.check.tidy import ReadResult, set_aside_table, tidy_table

    codes = dict.fromkeys(("measure", "area", "period", "place", "source_label"), "a")
    table = tidy_table({**codes, "value": [1.0], "value_status": "ok", "mark": "direct", "status": "final"})
    rules = [
        critical("ExpectColumnValuesToBeBetween", Meta("BETWEEN", "", ""), column="value", min_value=0, max_value=1),
        critical("ExpectColumnValuesToBeInSet", Meta("KNOWN", "", ""), column="area", value_set=["a"]),
        critical("ExpectColumnValuesToNotBeNull", Meta("GIVEN", "", ""), column="value"),
        critical("ExpectCompoundColumnsToBeUnique", Meta("ONCE", "", ""), column_list=["area", "period"]),
    ]
    gate(ReadResult(table, set_aside_table(), rows_in=1), rules)
    report.template()


class FollowUpWarmWorkers(AirflowPlugin):
    """Registers the listener with Airflow."""

    name = "followup_warm_workers"
    listeners: list[ModuleType | object] = [WarmWorkers()]  # noqa: RUF012 - Airflow reads a plain class attribute
