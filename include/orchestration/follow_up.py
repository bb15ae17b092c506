"""The tasks of the two DAGs that follow the sources: the indicators, and the yearly release."""

import logging
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.sdk import task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from include.orchestration.approval import ReleaseApproval
from include.orchestration.defaults import operator_errors
from include.orchestration.runs import context, moment, year_of
from include.registry.models import Registry

log = logging.getLogger(__name__)

#: What Airflow calls a run that assets have woken.
WOKEN = "asset_triggered"


def measure_agreements(agreement_ids: list[str]) -> None:
    """Lay out the task of the `indicators` DAG: one mapped task for each agreement."""

    @task(task_id="measure", map_index_template="{{ agreement }}")
    def measure(agreement_id: str) -> dict[str, Any]:
        """Compute one agreement's indicators for the run's year."""
        from include import verbs

        now = context()
        now["agreement"] = agreement_id
        with operator_errors():
            year, run = year_of(now), now["dag_run"]
            # Many loads of a year wake as many runs; what came before the last of them began is measured already.
            if run.run_type == WOKEN and not verbs.is_pending(agreement_id, year):
                log.info("Nothing of %d was loaded since it was last measured.", year)
                return {
                    "agreement_id": agreement_id,
                    "year": year,
                    "changed": False,
                }  # a skip would hold its slot longer
            return asdict(verbs.measure(agreement_id, year, run_id=run.run_id))

    measure.expand(agreement_id=agreement_ids)


def edition_days(registry: Registry) -> list[str]:
    """Return the days of the year, as MM-DD, on which some agreement's edition is due."""
    return sorted({f"{e.month:02d}-{e.day:02d}" for a in registry.agreements.values() for e in a.editions})


def publish_due() -> None:
    """Lay out the `annual_follow_up` DAG: plan, then build ► audit ► compare ► approve ► release of each edition."""

    @task(task_id="plan")
    def plan() -> list[dict[str, Any]]:
        """Return the editions that this run publishes: agreement, year, edition, moment."""
        from include import verbs

        now = context()
        params = now["params"]
        with operator_errors():
            if params["agreement"] or params["year"] or params["edition"]:
                return [
                    asdict(
                        verbs.edition(params["agreement"], params["year"], params["edition"], moment(params["as_of"]))
                    )
                ]
            run_after = now["dag_run"].run_after
            return [asdict(due) for due in verbs.editions_due(run_after, moment(params["as_of"]))]

    @task(task_id="build", map_index_template="{{ edition }}")
    def build(edition: dict[str, Any]) -> str:
        """Build the release in full; return its id. Nothing changed = skipped."""
        from include import verbs

        now = context()
        now["edition"] = f"{edition['agreement_id']} {edition['year']} {edition['edition']}"
        with operator_errors():
            built = verbs.build(**edition, run_id=now["dag_run"].run_id)
        if built.state == "unchanged":
            raise AirflowSkipException(f"{built.release_id} holds the same: nothing is published again.")
        return built.release_id

    @task(task_id="audit")
    def audit(release_id: str) -> str:
        """Prove the release; a failed audit stops here."""
        from include import verbs

        with operator_errors():
            verbs.audit(release_id)
        return release_id

    @task(task_id="compare")
    def compare(release_id: str) -> str:
        """Return what differs from the last release, in words for the approver."""
        from include import verbs

        with operator_errors():
            return verbs.compare(release_id)

    @task(task_id="release")
    def release(release_id: str, approval: dict[str, str]) -> str:
        """Make the release current."""
        from include import verbs

        with operator_errors():
            if verbs.release(release_id, approval, run_id=context()["dag_run"].run_id):
                return release_id
        raise AirflowSkipException(f"{approval['by']} did not approve {release_id}: it is not published.")

    @task_group(group_id="publication", prefix_group_id=False)
    def publication(edition: dict[str, Any]) -> None:
        """Publish one edition."""
        built: Any = build(edition)
        proven: Any = audit(built)
        differences = compare(proven)
        approval = ReleaseApproval(
            task_id="approve",
            subject="Publicera {{ ti.xcom_pull(task_ids='audit', map_indexes=ti.map_index) }}?",
            body="{{ ti.xcom_pull(task_ids='compare', map_indexes=ti.map_index) }}",
            defaults="Reject",
            response_timeout=timedelta(days=14),
            retries=0,
        )
        differences >> approval
        answer: Any = approval.output
        release(proven, answer)

    publication.expand(edition=plan())
