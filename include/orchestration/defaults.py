"""What all DAGs share: retries, tags, pools, and how our errors become Airflow's."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from include.errors import FollowUpError, LoadConflict, SourceUnavailable
from include.registry.models import Registry

OWNER = "uppfoljning"

#: Only what may heal is retried (see :func:`operator_errors`), so the same retries serve every task.
DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2,
    "max_retry_delay": timedelta(minutes=30),
}

HEALS = (SourceUnavailable, LoadConflict)


@contextmanager
def operator_errors() -> Iterator[None]:
    """Let an error that may heal pass (Airflow retries it) and make every other error of ours final at once.

    Raises:
        AirflowFailException: the work cannot succeed by being repeated; the text is the error's own.
    """
    try:
        yield
    except HEALS:
        raise
    except FollowUpError as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


def pool_of(producer_id: str) -> str:
    """Return the name of the pool that keeps us polite to a producer."""
    return f"source_{producer_id}"


def pools(registry: Registry) -> dict[str, dict[str, Any]]:
    """Return the pools that must exist, in the form that ``airflow pools import`` reads."""
    return {
        pool_of(source.producer_id): {
            "slots": 2,
            "description": f"At most two calls at a time to {source.producer}",
            "include_deferred": False,
        }
        for source in registry.sources.values()
    }
