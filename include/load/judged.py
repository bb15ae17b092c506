"""What the ledger says of the captures of a source: loaded, or refused by the check."""

from typing import NamedTuple

import sqlalchemy as sa

from include.load import tables as t
from include.load.engine import engine

#: How the ledger's reason begins where it is the file that did not pass. A capture that is held waits for a person's
#: word, and one whose check broke for another reason has not been judged.
_REFUSALS = ("CaptureRefused", "CheckFailed", "DeliveryRefused", "LayoutChanged", "PersonalDataFound")


class Judged(NamedTuple):
    """What came of a capture: whether it is loaded, whether its last check refused it, and how much was set aside."""

    loaded: bool
    refused: bool
    set_aside: int


def judged(source_id: str) -> dict[str, Judged]:
    """Return what came of each capture of a source that was checked or loaded, by its id."""
    checks = sa.text(
        "SELECT DISTINCT ON (capture_id) capture_id, state, split_part(reason, ':', 1) AS error,"
        " coalesce(quarantined, 0) AS set_aside"
        " FROM warehouse.outcome WHERE source_id = :source AND stage = 'check' ORDER BY capture_id, finished_at DESC"
    )
    loads = sa.select(t.capture.c.capture_id).where(t.capture.c.source_id == source_id)
    with engine("loader").connect() as connection:
        last = {row.capture_id: row for row in connection.execute(checks, {"source": source_id})}
        loaded = set(connection.execute(loads).scalars())
    return {
        capture_id: Judged(
            capture_id in loaded,
            capture_id not in loaded and last[capture_id].state == "failed" and last[capture_id].error in _REFUSALS,
            last[capture_id].set_aside if capture_id in last else 0,
        )
        for capture_id in loaded | last.keys()
    }
