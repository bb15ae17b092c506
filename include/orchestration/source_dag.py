"""The DAG of a source: archive ► check ► load for one calendar quarter, whatever the kind of source."""

import logging
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from include.errors import UsageError
from include.orchestration.assets import observations_asset
from include.orchestration.defaults import DEFAULT_ARGS, operator_errors, pool_of
from include.orchestration.runs import Approval, approval_of, connection_of, context, source_params, source_run
from include.registry.models import Source

log = logging.getLogger(__name__)

DOC = """
## {title}

{producer}. Licence: {licence}. [The producer's page]({page})

One run for each calendar quarter. **archive** fetches what the producer had published by the end of the quarter and the
warehouse may lack, and looks whether earlier periods were re-issued; **check** is the gate (its log names the
report); **load** writes the warehouse and wakes `indicators` for the years that changed.

* Nothing new: `archive` says so and the rest is skipped.
* Backfill: any range, any number at once, twice over, with the same result. What is chosen in the backfill dialog is
  dropped unless *Override parameters on existing runs* is ticked; the log of `archive` shows what was used.
* A stop: read the red task's log. It names the source, the place, what was found, what was expected, and the next step.
* `CaptureHeld`: the capture is too unlike the version before it. Compare with the source; if it is right, trigger this
  DAG with *Approve a held capture* and *Reason*.
"""


def approved(source: Source, approval: Approval, run_id: str) -> list[str]:
    """Record a person's approval of a held capture of the source; return it as the one to check and load.

    Raises:
        UsageError: the capture is another source's, or there is nothing to approve.
    """
    from include import verbs

    if not approval.capture_id.startswith(f"{source.id}/"):
        raise UsageError(f"{approval.capture_id} is no capture of {source.id}: trigger the DAG of its own source.")
    word = verbs.decide(approval.capture_id, "approve", approval.by, approval.reason, run_id)
    log.info("%s: approved by %s: %s", word.capture, word.by, word.reason)
    return [word.capture]


def source_dag(source: Source, schedule: Any) -> DAG:
    """Return the DAG of a source.

    Args:
        source: the source, as the registry has it.
        schedule: its timetable.
    """
    with DAG(
        dag_id=source.id,
        dag_display_name=source.title.sv,
        description=f"archive ► check ► load: {source.title.en}",
        doc_md=DOC.format(
            title=source.title.sv,
            producer=source.producer,
            licence=source.licence,
            page=source.landing_page or "",
        ),
        schedule=schedule,
        start_date=datetime(2015, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=4,
        default_args=DEFAULT_ARGS,
        params=source_params(),
        tags=["source", f"kind:{source.kind}", f"producer:{source.producer_id}"],
    ) as dag:
        asset = observations_asset(source)

        @task(task_id="archive", pool=pool_of(source.producer_id))
        def archive() -> list[str]:
            """Archive what is new; return the captures that wait to be checked and loaded."""
            from include import verbs

            now = context()
            with operator_errors():
                if approval := approval_of(now):
                    return approved(source, approval, now["dag_run"].run_id)
            run = source_run(now)
            with operator_errors():
                result = verbs.archive(source.id, run, connection_of(source.producer_id))
            log.info("Run: %s. %s", run, result.reason)
            return result.new

        @task(task_id="check", map_index_template="{{ part }}")
        def check(capture_id: str) -> str:
            """Check one capture; return the address of what may be loaded."""
            from include import verbs

            now = context()
            now["part"] = verbs.part_of(capture_id)
            with operator_errors():
                if verbs.is_loaded(source.id, capture_id):
                    raise AirflowSkipException(f"{capture_id} was loaded by another run in the meantime.")
                result = verbs.check(capture_id, source_run(now))
            log.info("Validation report: %s", result.report)
            if result.staged is None:
                raise AirflowSkipException(f"{capture_id}: nothing may be loaded; see {result.report}.")
            return result.staged

        @task(task_id="load", map_index_template="{{ part }}", outlets=[asset])
        def load(staged: str) -> dict[str, Any]:
            """Load one checked capture; wake `indicators` for the years that it changed."""
            from include import verbs

            now = context()
            with operator_errors():
                result = verbs.load(staged, source_run(now))
            now["part"] = verbs.part_of(result.capture_id)
            if not result.years:
                raise AirflowSkipException(f"{result.capture_id}: nothing that the warehouse did not know.")
            now["outlet_events"][asset].add_partitions([str(year) for year in verbs.wake(result.years)])
            return asdict(result)

        @task_group(group_id="capture", prefix_group_id=False)
        def each_capture(capture_id: str) -> None:
            """Check and load one capture, apart from the others: one that is refused stops only itself."""
            staged: Any = check(capture_id)
            load(staged)

        each_capture.expand(capture_id=archive())
    return dag
