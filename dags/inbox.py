"""The parties' deliveries: watched for, taken in and answered; and the letters and housekeeping around them."""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable, get_parsing_context

from include.orchestration.defaults import DEFAULT_ARGS
from include.orchestration.inbox_watch import current_quarter, take_in_deliveries
from include.orchestration.mail import housekeeping

INBOX_DOC = """
## Inkorgen

Always one run: **watch** waits, without holding a worker, until a file lies in a party's folder of the inbox;
**take_in** starts `agency_extracts` and waits for it (un-pause that DAG too); **cleared** stops if a file was left;
**answer** e-mails the answers. A refused delivery makes the run of `agency_extracts` red, never this one.

Red **cleared**: a file could not be taken for a fault of ours. The log of `archive` in the run that **take_in** names
says why; mend it and clear the task.
"""
REMINDERS_DOC = """
## Påminnelser

Each morning. **answer** sends answers that have not gone yet; **remind** writes to the parties 14 and 3 days before a
delivery is due, and 1, 14 and 30 days after, once each; **empty_quarantine** deletes files with personal data that
have lain for `FOLLOWUP_QUARANTINE_DAYS` (30). Without the connection `smtp_default`, or an address of the party in the
registry, nothing is sent: the log says so. `python -m include extracts remind --dry-run` shows what would go today.
"""
wanted = get_parsing_context().dag_id  # in a task, its own DAG alone; None where all are wanted

if wanted in (None, "inbox"):
    with DAG(
        dag_id="inbox",
        dag_display_name="Inkorgen",
        description="the parties' deliveries: taken in as they come",
        doc_md=INBOX_DOC,
        schedule="@continuous",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        user_defined_macros={"current_quarter": current_quarter},
        tags=["deliveries"],
    ):
        take_in_deliveries()

if wanted in (None, "reminders"):
    with DAG(
        dag_id="reminders",
        dag_display_name="Påminnelser",
        description="letters to the parties; the quarantine is emptied",
        doc_md=REMINDERS_DOC,
        schedule=CronTriggerTimetable("15 6 * * *", timezone="Europe/Stockholm"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["deliveries"],
    ):
        housekeeping()
