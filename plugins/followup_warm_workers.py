"""Imports the heavy libraries once, in the scheduler, before it forks the LocalExecutor's workers.

A task then finds pandas and Great Expectations in memory instead of importing them for four to six seconds, and the
modules of include/ as well: a change of code, like one of a plugin, takes effect when Airflow is started again. The
registry is read by each task anew. Only the scheduler with a LocalExecutor does so: DAG parsing, the API server and the
triggerer stay light.
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
        _validate_once()
        gc.collect()
        log.info("Heavy libraries are imported before the workers are forked: %s", ", ".join(HEAVY))


def _own_modules() -> list[str]:
    """Return the modules of include/ that tasks use; importing them reads no registry and opens no connection."""
    apart = ("__main__", ".migrations", ".bundle", "_child", ".whole_run", ".local")
    names = [module.name for module in pkgutil.walk_packages(include.__path__, "include.")]
    return [name for name in names if not any(part in name for part in apart)]


def _validate_once() -> None:
    """Let Great Expectations judge one cell: it imports and registers much of itself only when it is first used."""
    import great_expectations as gx
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig

    frame = pd.DataFrame({"value": [1.0], "code": pd.Categorical(["a"])})
    kinds: Any = gx.expectations
    rules = [
        kinds.ExpectColumnValuesToBeBetween(column="value", min_value=0, max_value=1),
        kinds.ExpectColumnValuesToBeInSet(column="code", value_set=["a"]),
        kinds.ExpectColumnValuesToNotBeNull(column="value"),
        kinds.ExpectCompoundColumnsToBeUnique(column_list=["value", "code"]),
    ]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("warm").add_dataframe_asset("warm")
    batch = asset.add_batch_definition_whole_dataframe("warm").get_batch({"dataframe": frame})
    batch.validate(gx.ExpectationSuite(name="warm", expectations=rules))


class FollowUpWarmWorkers(AirflowPlugin):
    """Registers the listener with Airflow."""

    name = "followup_warm_workers"
    listeners: list[ModuleType | object] = [WarmWorkers()]  # noqa: RUF012 - Airflow reads a plain class attribute
