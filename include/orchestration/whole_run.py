"""The main job, whole: ``python -m include run``.

Real Airflow runs on the embedded database fill the warehouse from the archive for every quarter that the bundle covers,
compute the indicators and publish a release for each year of each agreement. It may be interrupted anywhere: the next
run completes what is lacking, and changes nothing if nothing is.
"""

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal

from include import settings, verbs
from include.errors import FollowUpError
from include.load.embedded import Embedded
from include.orchestration import local
from include.orchestration.defaults import pools
from include.periods import Period, Quarter
from include.registry.models import Registry, Source
from include.registry.read import registry

FIRST_QUARTER = Quarter(2015, 1)


class RunsFailed(FollowUpError):
    """Some Airflow runs of the main job failed; the text names them and where their logs are."""


class Clock:
    """Says what happens, and remembers where the time went."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.spent: list[tuple[str, float]] = []

    def say(self, text: str) -> None:
        """Print a line of progress with the seconds since the start."""
        print(f"[{time.monotonic() - self.began:5.0f} s] {text}", flush=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage by its name."""
        self.say(name)
        began = time.monotonic()
        yield
        self.spent.append((name, time.monotonic() - began))

    def table(self) -> str:
        """Return where the time went, a line a stage."""
        total = time.monotonic() - self.began
        rows = [f"  {name:<58}{seconds:6.1f} s" for name, seconds in [*self.spent, ("in all (without set-up)", total)]]
        return "\n".join(["Where the time went:", *rows])


def last_complete_quarter(source_lag_days: int, today: datetime) -> Quarter:
    """Return the last quarter whose scheduled run has come."""
    this = Quarter.from_date((today - timedelta(days=source_lag_days)).date())
    return Quarter.from_date(this.start - timedelta(days=1))


def run() -> int:
    """Do the main job; return the exit code. An Airflow that ``make up`` started is used, and left on."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    clock, everything = Clock(), registry()
    database, stays_on = Embedded(settings.home()), local.running() == "up"
    try:
        _prepare(clock, database)
        before = verbs.fingerprint()
        api = _start_airflow(clock, everything)
        _fill_warehouse(clock, api, everything)
        _measure(clock, api)
        _publish(clock, api, everything)
        report, changed = verbs.summary(), verbs.fingerprint() != before
    except KeyboardInterrupt:
        print("\nInterrupted: nothing is left half: `make run` goes on from here.", file=sys.stderr)
        return 130
    finally:
        if not stays_on:
            local.stop()
            database.stop()
    print(f"\n{clock.table()}\n\n{report}")
    if not changed:
        print("Nothing changed: warehouse and releases were complete already.")
    if stays_on:
        print(local.login())
    return 0


def up() -> int:
    """Start Airflow and the database and leave them on; return the exit code."""
    clock = Clock()
    _prepare(clock, Embedded(settings.home()))
    _start_airflow(clock, registry(), "up")
    print(local.login())
    return 0


def down() -> int:
    """Stop Airflow and the database of this home; return the exit code."""
    local.stop()
    Embedded(settings.home()).stop()
    print("Airflow and the database are stopped.")
    return 0


def _prepare(clock: Clock, database: Embedded) -> None:
    with clock.stage("Start the embedded PostgreSQL, migrate the warehouse"):
        database.start()
        verbs.migrate()
    with clock.stage("Adopt the bundled captures into the archive"):
        clock.say(f"  {verbs.adopt_bundle()} captures were new to the archive")
    with clock.stage("Migrate Airflow's metadata"):
        local.migrate()


def _start_airflow(clock: Clock, everything: Registry, mode: Literal["run", "up"] = "run") -> local.Api:
    with clock.stage("Start Airflow (standalone, LocalExecutor)"):
        if local.running() != "up":
            local.start(mode)
        api = local.Api()
        api.wait()
        for name, pool in pools(everything).items():
            api.call("POST", "/pools", accept=(409,), name=name, **pool)
        dags = [*everything.sources, "indicators", "annual_follow_up"]
        _until(lambda: {d["dag_id"] for d in api.call("GET", "/dags?limit=100")["dags"]} >= set(dags), 60, "the DAGs")
    return api


def _until(done: Callable[[], bool], patience: float, what: str) -> None:
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            raise local.AirflowDidNotStart(f"Waited {patience:.0f} s for {what}; see {local.place().log}.")
        time.sleep(1)


def quarters_to_fill(source: Source, today: datetime) -> list[Quarter]:
    """Return the quarters that a source is asked for: from that in which its first period begins, or 2015-Q1."""
    first = max(FIRST_QUARTER, Quarter.from_date(Period.parse(source.release.first_period).start))
    return Quarter.range(first, last_complete_quarter(source.release.run_lag_days, today))


def _fill_warehouse(clock: Clock, api: local.Api, everything: Registry) -> None:
    held = verbs.archived_sources()
    quarters = {s.id: quarters_to_fill(s, datetime.now(UTC)) for s in everything.sources.values() if s.id in held}
    last = max(each[-1] for each in quarters.values())
    if without := sorted(set(everything.sources) - held):
        clock.say(f"  nothing of these is bundled, so they wait for a live run: {', '.join(without)}")
    with clock.stage(f"Backfill every quarter from {FIRST_QUARTER} to {last}"):
        for dag_id, wanted in quarters.items():
            api.backfill(dag_id, f"{wanted[0].start}T00:00:00Z", f"{wanted[-1].start}T00:00:00Z", "failed")
        # Only now: an un-paused DAG would start with the latest quarter, which looks at every earlier period too.
        _start(api, quarters)
        _follow(clock, api, {dag_id: len(wanted) for dag_id, wanted in quarters.items()})
        # And these last: while quarters of many years are loaded, each load would have its year's indicators made anew.
        _start(api, ("indicators", "annual_follow_up"))


def _start(api: local.Api, dag_ids: Iterable[str]) -> None:
    for dag_id in dag_ids:
        api.call("PATCH", f"/dags/{dag_id}?update_mask=is_paused", is_paused=False)


def _follow(clock: Clock, api: local.Api, wanted: dict[str, int]) -> None:
    """Show the runs' progress until the wanted number of each DAG has finished.

    Raises:
        RunsFailed: some failed.
    """
    shown = ""
    while True:
        _stop_on_failure(api, wanted)
        done = {dag_id: api.count(dag_id, "success") for dag_id in wanted}
        line = ", ".join(f"{dag_id} {done[dag_id]}/{wanted[dag_id]}" for dag_id in wanted)
        if line != shown:
            clock.say(f"  {line}")
            shown = line
        if all(done[dag_id] >= wanted[dag_id] for dag_id in wanted):
            return
        # Each look asks twice for each DAG, and the answers take the processor from the tasks.
        time.sleep(min(2 * len(wanted), 6))


def _stop_on_failure(api: local.Api, dag_ids: Iterable[str]) -> None:
    if failed := [f"{d} {r['dag_run_id']}" for d in dag_ids if api.count(d, "failed") for r in api.runs(d, "failed")]:
        raise RunsFailed(f"These runs failed: {', '.join(failed)}. Their logs lie in {local.place().folder / 'logs'}.")


def _measure(clock: Clock, api: local.Api) -> None:
    with clock.stage("Make the indicators of the years that changed"):
        quiet_since = float("-inf")
        while pending := verbs.pending_years():
            _stop_on_failure(api, ["indicators"])
            if api.count("indicators", "queued") + api.count("indicators", "running"):
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > 10:  # none was woken: by a paused DAG, or in an interrupted run
                clock.say(f"  {', '.join(map(str, sorted(pending)))}")
                for year in sorted(pending):
                    api.trigger("indicators", {}, partition_key=str(year))
                quiet_since = time.monotonic()
            time.sleep(1)


def _publish(clock: Clock, api: local.Api, everything: Registry) -> None:
    with clock.stage("Publish the yearly follow-up of each agreement (approval: waived, bundled data)"):
        before = api.count("annual_follow_up")
        count = 0
        for agreement_id, year in verbs.years_to_publish(everything):
            conf = {"agreement": agreement_id, "year": year, "edition": "final", "approval": "waived"}
            api.trigger("annual_follow_up", conf)
            count += 1
        _follow(clock, api, {"annual_follow_up": before + count})
