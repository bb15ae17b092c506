"""The watch over the inbox: a task that gives its worker back while it waits, and wakes when a delivery lies there.

The triggerer polls, in a thread, so that a slow disk or bucket holds up nobody else's wait. What passes between the
processes is only what stands for the files (:attr:`include.archive.inbox.Waiting.signature`), never a file's name.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import BaseSensorOperator, task
from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import BaseTrigger, TriggerEvent

from include import settings
from include.archive.deliveries import SOURCE
from include.archive.inbox import settled_signatures
from include.errors import SourceUnavailable
from include.orchestration.defaults import operator_errors
from include.orchestration.mail import answer_task
from include.periods import Quarter

log = logging.getLogger(__name__)

POLL_SECONDS = 30.0
#: So many polls in a row must fail before the watch does: a bucket may be away for ten minutes.
PATIENCE = 20


class DeliveryTrigger(BaseTrigger):
    """Wakes once, when at least one file that is wholly there waits in the inbox.

    Args:
        url: the inbox.
        poll_seconds: between two looks.
    """

    def __init__(self, url: str, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types here
        self.url, self.poll_seconds = url, poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to watch on: the class and two plain values."""
        return f"{__name__}.{type(self).__name__}", {"url": self.url, "poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event with what stands for the files.

        Raises:
            OSError: the inbox could not be read for a long time.
        """
        failed = 0
        while True:
            try:
                found = await asyncio.to_thread(settled_signatures, self.url)
            except OSError as error:
                failed += 1
                log.warning("The inbox could not be read (%s), time %d of %d.", type(error).__name__, failed, PATIENCE)
                if failed >= PATIENCE:
                    raise
            else:
                failed = 0
                if found:
                    yield TriggerEvent(found)  # type: ignore[no-untyped-call]
                    return
            await asyncio.sleep(self.poll_seconds)


class DeliverySensor(BaseSensorOperator):
    """Waits for deliveries without holding a worker; the result is what stands for the files that lie there.

    Args:
        poll_seconds: between two looks of the triggerer.
    """

    def __init__(self, *, poll_seconds: float = POLL_SECONDS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.poll_seconds = poll_seconds

    def execute(self, context: Any) -> list[str]:
        """Return at once if something lies there, else leave the wait to the triggerer; it has no end."""
        url = settings.inbox_url()
        if found := settled_signatures(url):
            return self.execute_complete(context, found)
        raise TaskDeferred(trigger=DeliveryTrigger(url, self.poll_seconds), method_name="execute_complete")

    def execute_complete(self, context: Any, event: list[str]) -> list[str]:
        """Return what the trigger saw."""
        self.log.info("%d files wait in the inbox.", len(event))
        return event


def current_quarter() -> str:
    """Return the calendar quarter of today, as the parameter of a run."""
    return str(Quarter.from_date(datetime.now(UTC).date()))


def take_in_deliveries() -> None:
    """Lay out the `inbox` DAG: watch ► take_in (a run of the parties' extracts) ► cleared ► answer."""
    watch = DeliverySensor(task_id="watch")
    take_in = TriggerDagRunOperator(
        task_id="take_in",
        trigger_dag_id=SOURCE,
        conf={"quarter": "{{ current_quarter() }}", "read_from": "live"},
        wait_for_completion=True,
        deferrable=True,
        poke_interval=5,
        # A refused delivery makes that run red, which is where it is to be seen; the watch goes on.
        allowed_states=["success", "failed"],
        failed_states=[],
    )

    @task(task_id="cleared", retry_delay=timedelta(minutes=15), retry_exponential_backoff=0)
    def cleared(seen: list[str]) -> None:
        """Stop if a file that was seen lies there still: the run could not take it, and would not the next minute."""
        with operator_errors():
            left = set(seen) & set(settled_signatures(settings.inbox_url()))
            if left:
                raise SourceUnavailable(
                    f"{len(left)} files still lie in the inbox, though {SOURCE} has run: its log of `archive` says "
                    "why. New deliveries wait until they are gone, or until this task has tried for the last time."
                )

    seen: Any = watch.output
    watch >> take_in >> cleared(seen) >> answer_task()
