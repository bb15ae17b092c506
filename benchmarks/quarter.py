"""A quarter's run against Airflow's own floor: the same DAG shape with empty tasks, on the same Airflow, in one run.

The quarter is one with work in it: the captures of 2019 are taken out of the warehouse before each round, so that
archive, check and load all have to do it again.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    from include.orchestration.local import Api

FLOOR_DAG = '''
"""The shape of a source's Airflow DAG, its asset events with it, and nothing done: what Airflow itself takes."""
from airflow.sdk import Asset, DAG, get_current_context, task, task_group

asset = Asset("floor")

with DAG(dag_id="floor", schedule=None, catchup=False):

    @task
    def archive():
        return ["a", "b"]

    @task
    def check(capture_id):
        return capture_id

    @task(outlets=[asset])
    def load(staged):
        get_current_context()["outlet_events"][asset].add_partitions(["2019"])
        return staged

    @task_group(prefix_group_id=False)
    def capture(capture_id):
        load(check(capture_id))

    capture.expand(capture_id=archive())
'''
SOURCE, QUARTER, ROUNDS = "bra_handled_offences", "2020-Q2", 11
FORGET = """
DELETE FROM warehouse.observation o USING warehouse.capture c
WHERE o.capture_key = c.capture_key AND c.source_id = %(source)s AND c.part LIKE '%%-2019';
DELETE FROM warehouse.quarantine q USING warehouse.capture c
WHERE q.capture_key = c.capture_key AND c.source_id = %(source)s AND c.part LIKE '%%-2019';
DELETE FROM warehouse.loaded l USING warehouse.capture c
WHERE l.capture_key = c.capture_key AND c.source_id = %(source)s AND c.part LIKE '%%-2019';
DELETE FROM warehouse.capture c WHERE c.source_id = %(source)s AND c.part LIKE '%%-2019';
"""


@contextmanager
def _airflow_with_floor() -> Iterator["Api"]:
    from include import settings, verbs
    from include.load.embedded import Embedded
    from include.orchestration import local
    from include.orchestration.defaults import pools
    from include.registry.read import registry

    home = Path(tempfile.mkdtemp(prefix="followup-bench-"))
    dags = home / "dags"
    os.environ |= {"FOLLOWUP_HOME": str(home), "FOLLOWUP_READ_FROM": "archive"}
    shutil.copytree(settings.ROOT / "dags", dags)
    (dags / "floor.py").write_text(FLOOR_DAG, encoding="utf-8")
    os.environ["FOLLOWUP_DAGS"] = str(dags)
    database = Embedded(settings.home())
    database.start()
    try:
        verbs.migrate()
        verbs.adopt_bundle()
        local.migrate()
        local.start("run")
        api = local.Api()
        api.wait()
        for name, pool in pools(registry()).items():
            api.call("POST", "/pools", accept=(409,), name=name, **pool)
        wanted = {"floor", SOURCE}
        while not wanted <= {dag["dag_id"] for dag in api.call("GET", "/dags?limit=100")["dags"]}:
            time.sleep(1)
        for dag_id in wanted:
            api.call("PATCH", f"/dags/{dag_id}?update_mask=is_paused", is_paused=False)
        yield api
    finally:
        local.stop()
        database.stop()
        shutil.rmtree(home, ignore_errors=True)


def _time(api: "Api", dag_id: str, conf: dict[str, str]) -> tuple[float, dict[str, float]]:
    """Return the seconds from the start of a run's first task to its end, and those of its tasks' own work."""
    run_id = api.trigger(dag_id, conf)
    while True:
        run = api.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        if run["state"] in ("success", "failed"):
            break
        time.sleep(0.1)
    assert run["state"] == "success", run
    tasks = api.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
    work: dict[str, float] = {}
    for task in tasks:
        work[task["task_id"]] = work.get(task["task_id"], 0) + (task["duration"] or 0)
    return run["duration"], work


def main() -> None:
    """Print the ratio and where the rest goes."""
    import psycopg

    from include import settings
    from include.load.embedded import Embedded

    with _airflow_with_floor() as api:
        server = Embedded(settings.home())
        owner: dict[str, Any] = {
            "host": str(server.socket_dir), "dbname": "followup", "user": "postgres",
            "password": server.password("postgres"),
        }  # fmt: skip
        floor, ours, work = [], [], []
        for round_ in range(ROUNDS + 1):
            with psycopg.connect(**owner) as connection:
                _forget(connection)
            seconds_floor, _ = _time(api, "floor", {})
            seconds_ours, of_tasks = _time(api, SOURCE, {"quarter": QUARTER, "read_from": "archive"})
            if round_:  # the first warms the workers up
                floor.append(seconds_floor)
                ours.append(seconds_ours)
                work.append(of_tasks)
    ratio = statistics.median(a / b for a, b in zip(ours, floor, strict=True))
    print(f"A quarter's run ({SOURCE} {QUARTER}, two captures) against the same shape of empty tasks, {ROUNDS} rounds")
    print(f"  floor  {statistics.median(floor):6.2f} s (median)\n  ours   {statistics.median(ours):6.2f} s (median)")
    print(f"  ratio  {ratio:6.2f}   (promise: at most 2)")
    print("  where our time goes, seconds in the tasks themselves (both captures, median):")
    for name in ("archive", "check", "load"):
        print(f"    {name:<8}{statistics.median(of.get(name, 0.0) for of in work):6.2f} s")


def _forget(connection: "psycopg.Connection[Any]") -> None:
    for statement in FORGET.split(";"):
        if statement.strip():
            connection.execute(statement, {"source": SOURCE})


if __name__ == "__main__":
    main()
