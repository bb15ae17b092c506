"""What a run is about: its quarter, its year, where it reads and as known when. One place, for every kind of run."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from airflow.sdk import Connection, Param, get_current_context
from airflow.sdk.exceptions import AirflowNotFoundException

from include import settings
from include.errors import UsageError
from include.periods import Quarter
from include.verbs import Run


def context() -> dict[str, Any]:
    """Return the running task's context, open for the words that name a mapped task in the grid."""
    return cast("dict[str, Any]", get_current_context())


def source_params() -> dict[str, Param]:
    """Return the parameters shown in the trigger and backfill dialogs of a source's DAG.

    The defaults are the deployment's, since the backfill dialog drops what is chosen there unless
    "Override parameters on existing runs" is ticked.
    """
    return {
        "read_from": Param(
            settings.read_from(),
            type="string",
            enum=["live", "archive"],
            title="Read from",
            description_md="`live` asks the producer; `archive` replays what is archived, without any network. "
            "In the backfill dialog, tick *Override parameters on existing runs*, or this choice is dropped.",
        ),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="As of",
            description_md="With `archive`: only what had been archived at this moment. Empty = all.",
        ),
        "quarter": Param(
            None,
            type=["null", "string"],
            pattern=r"^[0-9]{4}-Q[1-4]$",
            title="Quarter",
            description_md="For a single run: the calendar quarter, e.g. `2025-Q3`. Empty = the run's own.",
        ),
        "approve": Param(
            None,
            type=["null", "string"],
            title="Approve a held capture",
            description_md="Id of a capture that **check** holds, as its message names it. This run then fetches "
            "nothing: it records that you approve the capture, and checks and loads that one. Empty = a usual run. "
            "(To reject one: `python -m include reject`.)",
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            title="Reason",
            description_md="With *Approve a held capture*: why its figures are right although they differ so much, "
            "e.g. *SCB has confirmed it by e-mail 3 March*. Kept beside the archive with your name, and shown.",
        ),
    }


def moment(text: str | None) -> datetime | None:
    """Return a moment written in ISO 8601 as a UTC time; without zone it is read as UTC.

    Raises:
        UsageError: the text is no moment.
    """
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"as_of is {text!r}; expected a date or moment such as 2026-03-31 or 2026-03-31T12:00Z."
        ) from error
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def connection_of(producer_id: str) -> str | None:
    """Return the Airflow connection ``source_<producer_id>`` as a URI; None = the registry's address holds."""
    try:
        return str(Connection.get(f"source_{producer_id}").get_uri())
    except AirflowNotFoundException:
        return None


def source_run(of: dict[str, Any]) -> Run:
    """Return what the run of this task's context is about; a run that approves a capture is about no quarter.

    Raises:
        UsageError: the run has neither a data interval nor the parameter ``quarter``.
    """
    params, dag_run = of["params"], of["dag_run"]
    quarter = params.get("quarter") or ""
    if not quarter and not params.get("approve"):
        if dag_run.data_interval_start is None:
            raise UsageError("This run has no data interval: give the parameter quarter, e.g. 2025-Q3.")
        quarter = str(Quarter.from_date(dag_run.data_interval_start.date()))
    return Run(quarter=quarter, read_from=params["read_from"], as_of=moment(params.get("as_of")), run_id=dag_run.run_id)


@dataclass(frozen=True)
class Approval:
    """A person's approval of a held capture, given with the run's parameters."""

    capture_id: str
    by: str
    reason: str


def approval_of(of: dict[str, Any]) -> Approval | None:
    """Return the approval that the run's parameters give, by the user who triggered the run; None = a usual run.

    Raises:
        UsageError: a reason without a capture, or nobody is known to have triggered the run.
    """
    params = of["params"]
    capture_id, reason = (params.get("approve") or "").strip(), (params.get("reason") or "").strip()
    if not capture_id:
        if reason:
            raise UsageError("The run has a reason, but does not say which capture it approves (parameter approve).")
        return None
    by = getattr(of["dag_run"], "triggering_user_name", None)
    if not by:
        raise UsageError(
            f"Airflow does not say who triggered this run, so it cannot approve {capture_id}: trigger it as a person, "
            "or use python -m include approve."
        )
    return Approval(capture_id, str(by), reason)


def year_of(of: dict[str, Any]) -> int:
    """Return the year that a run of ``indicators`` is about: its partition key, else the parameter ``year``.

    Raises:
        UsageError: neither is there, or it is no year.
    """
    key = of["dag_run"].partition_key or of["params"].get("year")
    try:
        year = int(key)
    except (TypeError, ValueError):
        year = 0
    if not 1900 <= year <= 2200:
        raise UsageError(f"The run's partition key is {key!r}; expected a year such as 2024 (or the parameter year).")
    return year
