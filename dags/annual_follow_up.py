"""The yearly release of each agreement's follow-up: build ► audit ► compare ► approve ► release."""

from datetime import UTC, datetime

from airflow.sdk import DAG, Param
from followup_timetables import EditionTimetable

from include.orchestration.defaults import DEFAULT_ARGS
from include.orchestration.follow_up import edition_days, publish_due
from include.registry.read import registry

DOC = """
## Årlig uppföljning

Runs on each edition day of the agreements. **build** makes the release in full, **audit** proves it, **compare** lists
what differs from the last, **approve** waits for a person (default: reject), **release** moves one pointer.

To publish by hand, trigger with `agreement`, `year` and `edition`. `approval=waived` is refused as soon as any figure
rests on a live capture. Nothing changed since the last release of the year and edition = nothing is made.
"""

with DAG(
    dag_id="annual_follow_up",
    dag_display_name="Årlig uppföljning",
    description="publish: a release of an agreement's follow-up",
    doc_md=DOC,
    schedule=EditionTimetable(edition_days(registry())),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,  # each release is compared with the one before it
    default_args=DEFAULT_ARGS,
    params={
        "agreement": Param(
            None,
            type=["null", "string"],
            enum=[None, *sorted(registry().agreements)],
            title="Agreement",
            description_md="Empty = those whose edition day it is.",
        ),
        "year": Param(None, type=["null", "integer"], title="Year", description_md="The year followed up."),
        "edition": Param(
            None, type=["null", "string"], enum=[None, "preliminary", "final", "correction", "closing"], title="Edition"
        ),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="As of",
            description_md="The release's moment: nothing learnt later is in it. Empty = the last loaded capture's.",
        ),
        "approval": Param(
            "person",
            type="string",
            enum=["person", "waived"],
            title="Approval",
            description_md="`waived` only for releases on bundled data.",
        ),
    },
    tags=["publish"],
):
    publish_due()
