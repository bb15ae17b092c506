"""Letters through Airflow's own e-mail notifier, and the tasks that send them.

The connection ``smtp_default`` says how, and its extra ``from_email`` from whom. Without them nothing is sent, which
the log tells and no task fails for.
"""

import html
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Connection, task
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

from include import settings
from include.orchestration.defaults import operator_errors
from include.orchestration.reminders import (
    Letter,
    LetterNotSent,
    due_reminders,
    send_letters,
    sent_letters,
    unsent_answers,
)

log = logging.getLogger(__name__)

CONNECTION = "smtp_default"


def sender() -> tuple[Callable[[Letter], None] | None, str]:
    """Return what sends a letter, or None and why nothing can be sent (in English)."""
    try:
        connection = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        return None, f"there is no connection {CONNECTION}"
    from_email = connection.extra_dejson.get("from_email")
    if not from_email:
        return None, f"the connection {CONNECTION} has no from_email"
    return lambda letter: _send(letter, from_email), ""


def _send(letter: Letter, from_email: str) -> None:
    """Send one letter.

    The notifier is asked directly, so that nothing in a letter is taken for a template.

    Raises:
        LetterNotSent: the server did not take it; the text names the kind of error only, for errors quote addresses.
    """
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    notifier = SmtpNotifier(
        to=list(letter.to),
        from_email=from_email,
        subject=letter.subject,
        html_content=as_html(letter.text),
        smtp_conn_id=CONNECTION,
    )
    try:
        notifier.notify({})
    except (OSError, AirflowException) as error:  # what smtplib raises is an OSError
        raise LetterNotSent(f"the mail server of {CONNECTION} did not take it ({type(error).__name__})") from None


def as_html(text: str) -> str:
    """Return plain text as the notifier wants it: its lines kept, nothing in it taken for markup."""
    return f'<div lang="sv" style="white-space: pre-wrap; font-family: sans-serif">{html.escape(text)}</div>'


def send_answers() -> dict[str, int]:
    """Send the answers to deliveries that no letter has been written about.

    Raises:
        SourceUnavailable: the mail server did not take some.
    """
    from include.registry.read import registry

    now = datetime.now(UTC)
    send, why_not = sender()
    folder = settings.receipts_dir()
    return send_letters(lambda sent: unsent_answers(folder, sent, now, registry()), sent_letters(), send, why_not)


def send_reminders() -> dict[str, int]:
    """Send the reminders of today.

    Raises:
        SourceUnavailable: the mail server did not take some.
    """
    from include import verbs
    from include.measure.deliveries import day_of
    from include.registry.read import registry

    now = datetime.now(UTC)
    found = verbs.delivery_states(now, only_live=True)
    send, why_not = sender()
    return send_letters(lambda sent: due_reminders(found, sent, day_of(now), registry()), sent_letters(), send, why_not)


def answer_task() -> Any:
    """Lay out the task that sends what answers to deliveries have not been sent."""

    @task(task_id="answer")
    def answer() -> dict[str, int]:
        """Send the answers that wait."""
        with operator_errors():
            return send_answers()

    return answer()


def housekeeping() -> None:
    """Lay out the `reminders` DAG: answers not sent yet, reminders, and the quarantine emptied of what is old."""

    @task(task_id="remind")
    def remind() -> dict[str, int]:
        """Send the reminders of today."""
        with operator_errors():
            return send_reminders()

    @task(task_id="empty_quarantine")
    def empty_quarantine() -> int:
        """Delete what has lain in the quarantine for its time; return how many files that were."""
        from include.archive.quarantine import Quarantine

        with operator_errors():
            older_than = timedelta(days=settings.quarantine_days())
            emptied = Quarantine(settings.quarantine_dir()).empty(older_than, datetime.now(UTC))
        for kept in emptied:
            log.info("Deleted: %s, kept since %s because of %s.", kept.sha256[:12], kept.moment.date(), kept.rule)
        return len(emptied)

    answer_task()
    remind()
    empty_quarantine()
