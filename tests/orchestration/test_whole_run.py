"""The main job with a real Airflow: killed in the middle, completed, repeated, replayed, and backfilled from the UI.

One home goes through its life in the order of the tests; a real scheduler is too dear to start for each.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from include.archive.store import Archive
from include.load.embedded import Embedded
from include.orchestration import local
from include.orchestration.whole_run import quarters_to_fill
from include.registry.delivery import Identity
from include.registry.read import registry
from include.registry.templates import workbook
from include.settings import ROOT, bundle_url
from tests.orchestration.whole import as_home, environment, include, query, released_files, tables

pytestmark = [pytest.mark.airflow, pytest.mark.postgres]

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


@pytest.fixture(scope="module")
def home():
    """A home whose Airflow and database are stopped at the end, whatever happened.

    Not in pytest's own folder: another session of pytest closes that for the server's user while this one runs.
    """
    folder = Path(tempfile.mkdtemp(prefix="followup-whole-", dir="/tmp")) / "var"
    folder.mkdir()
    yield folder
    include(folder, "down", timeout=120)
    shutil.rmtree(folder.parent)


@pytest.fixture(scope="module")
def life():
    """What earlier tests of the module saw."""
    return {}


@pytest.fixture(scope="module")
def replay(home):
    """A home with nothing but a copy of the archive, and the process that loads and publishes all of it anew.

    It takes minutes on one processor, so the tests of Airflow that are not in a hurry go on beside it.
    """
    folder = home.parent / "replay"
    shutil.copytree(home / "archive", folder / "archive")
    steps = ["include.load.embedded start", "include migrate", "include load"]
    steps += [f"include publish jamtland {year} final --waive" for year in range(2021, 2026)]
    script = " && ".join(f"{shlex.quote(sys.executable)} -m {step}" for step in steps)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["nice", "sh", "-c", script], cwd=ROOT, env=environment(folder), stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    yield folder, process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    Embedded(folder).stop()


def test_killed_in_the_middle_it_leaves_nothing_half(home):
    """kill -9 of the run and of all of Airflow while loads are under way: no capture is loaded in part."""
    run = subprocess.Popen(
        [sys.executable, "-m", "include", "run"], cwd=ROOT, env=environment(home), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        time.sleep(0.5)
        try:
            if query(home, "SELECT count(*) FROM warehouse.loaded")[0][0] >= 8:
                break
        except Exception:  # noqa: S112 - the server or its tables are not there yet
            continue
    else:
        pytest.fail("nothing was loaded within five minutes")
    with as_home(home):
        airflow = local.processes()
    assert len(airflow) > 5
    for process in (run, *airflow):
        process.kill()
    run.wait()
    server = Embedded(home)
    server.start()
    held = dict(query(home, "SELECT capture_key, count(*) FROM warehouse.observation GROUP BY 1"))
    loaded = dict(query(home, "SELECT capture_key, (result->>'new')::int FROM warehouse.loaded"))
    assert set(held) <= set(loaded)
    assert set(loaded) == {key for (key,) in query(home, "SELECT capture_key FROM warehouse.capture")}
    assert not query(home, "SELECT 1 FROM warehouse.release")


def test_the_next_run_completes(home, life):
    done = include(home, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    life["first"] = done.stdout
    Embedded(home).start()
    releases = query(home, "SELECT release_id, released_at IS NOT NULL FROM warehouse.release ORDER BY 1")
    assert [name for name, released in releases if released and name.startswith("jamtland-")] == [
        f"jamtland-{year}-final-1" for year in range(2021, 2026)
    ]
    life["tables"], life["files"] = tables(home), released_files(home)
    assert life["tables"]["observations"][0] > 6000


def test_it_ends_with_what_was_published_and_where_to_look(life):
    assert "Where the time went" in life["first"]
    assert "jamtland-2025-final-1" in life["first"]
    assert re.search(r"index\.html", life["first"])


def test_every_quarter_of_every_source_has_run(home):
    """The ledger has one entry of `archive` for each quarter since 2015 and each source that is bundled."""
    bundle = Archive(bundle_url())
    bundled = [source for source in registry().sources.values() if bundle.manifests(source.id)]
    expected = {source.id: len(quarters_to_fill(source, datetime.now(UTC))) for source in bundled}
    assert expected["bra_handled_offences"] >= 47
    rows = query(
        home,
        "SELECT source_id, count(DISTINCT quarter) FROM warehouse.outcome WHERE stage = 'archive' "
        "AND state <> 'failed' GROUP BY 1",
    )
    assert dict(rows) == expected


def test_a_waived_approval_stands_on_the_release(home):
    decisions = query(home, "SELECT DISTINCT approval FROM warehouse.release")
    assert decisions == [("waived",)]


@pytest.mark.usefixtures("replay")  # which begins here: the archive is whole now
def test_a_second_run_changes_nothing_and_says_so(home, life):
    done = include(home, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "othing changed" in done.stdout
    Embedded(home).start()
    assert tables(home) == life["tables"]
    assert released_files(home) == life["files"]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM FOUND: the backfill from Airflow's own dialog was not tried")
def test_a_backfill_from_the_ui_does_the_same_twice_over(home, life):
    """2015-2024 with "All Runs" from the dialog: forty quarters, run again twice, and not one figure changes."""
    from tests.orchestration.ui import backfill_all_runs

    assert include(home, "up").returncode == 0
    for _ in range(2):
        with as_home(home):
            assert backfill_all_runs(CHROMIUM, "scb_population", "2015/01/01", "2024/12/31") == 40
    assert tables(home) == life["tables"]


def test_replayed_from_the_archive_the_release_is_the_same_byte_for_byte(life, replay):
    """The warehouse is thrown away; archive, code and registry are enough to make every release again."""
    folder, process = replay
    assert process.wait(timeout=600) == 0, (folder / "log").read_text()
    assert tables(folder) == life["tables"]
    ours = {path: digest for path, digest in life["files"].items() if path.startswith("jamtland/")}
    assert released_files(folder) == ours


def answer(api, run_id, option):
    """Wait until the release awaits a person's word, give it, and return the state in which the run ends."""
    path = f"/dags/annual_follow_up/dagRuns/{run_id}"
    until(lambda: state_of(api, path, "approve") == "awaiting_input")
    # No person answers within the tenths of a second in which Airflow still hears from the worker that parked the
    # task; an answer then makes it take the task for one that was changed from outside, and fail it.
    time.sleep(3)
    api.call(
        "PATCH", f"{path}/taskInstances/approve/0/hitlDetails", chosen_options=[option], params_input={},
    )  # fmt: skip
    until(lambda: api.call("GET", path)["state"] in ("success", "failed"))
    return {task: state_of(api, path, task) for task in ("approve", "release")}


def state_of(api, path, task):
    tasks = api.call("GET", f"{path}/taskInstances")["task_instances"]
    return next((each["state"] for each in tasks if each["task_id"] == task), None)


def until(done, patience=120):
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.5)


def test_nothing_is_published_without_a_persons_word(home):
    """Rejected: the pointer stays. Approved: the release is current, and says who approved it."""
    assert include(home, "up").returncode == 0
    conf = {"agreement": "jamtland", "year": 2025, "edition": "correction", "approval": "person"}
    with as_home(home):
        api = local.Api()
        api.wait()
        assert answer(api, api.trigger("annual_follow_up", conf), "Reject") == {
            "approve": "success",
            "release": "skipped",
        }
        assert current(home) == "jamtland-2025-final-1"
        assert answer(api, api.trigger("annual_follow_up", conf), "Approve") == {
            "approve": "success",
            "release": "success",
        }
    assert current(home) == "jamtland-2025-correction-1"
    assert query(home, "SELECT approval, approved_by FROM warehouse.release WHERE edition = 'correction'") == [
        ("approved", "admin")
    ]


def current(home):
    return query(home, "SELECT release_id FROM warehouse.current_release WHERE agreement_id = 'jamtland'")[0][0]


def test_a_held_capture_is_loaded_once_a_person_has_approved_it_in_airflow(home):
    """Half a file waits, and what is known stays; the trigger form's word lets it pass and says whose it was."""
    store = Archive(str(home / "archive"))
    held = store.latest("scb_population", "TAB638-2015")
    whole = json.loads(store.read(held.capture_id))
    assert whole["id"][0] == "Region"
    half = {**whole, "extension": {"px": whole["extension"]["px"]}, "size": [2, *whole["size"][1:]]}
    regions = whole["dimension"]["Region"]
    kept = {code: place for code, place in regions["category"]["index"].items() if place < 2}
    named = {code: regions["category"]["label"][code] for code in kept}
    half["dimension"] = {**whole["dimension"], "Region": {**regions, "category": {"index": kept, "label": named}}}
    half["value"] = whole["value"][: 2 * len(whole["value"]) // whole["size"][0]]
    half["status"] = {cell: text for cell, text in whole.get("status", {}).items() if int(cell) < len(half["value"])}
    put = store.put(
        json.dumps(half).encode(),
        **{name: getattr(held, name) for name in ("source_id", "part", "periods", "origin", "url", "media_type")},
        file_name=held.file_name,
        origin_note="Half of the file, to be held.",
        captured_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    figures = (
        "SELECT count(*) FROM warehouse.observation JOIN warehouse.value_status USING (value_status_key)"
        " WHERE known_until = 'infinity' AND has_value"
    )
    before = query(home, figures)
    with as_home(home):
        api = local.Api()
        api.wait()
        usual = api.trigger("scb_population", {"quarter": "2026-Q3", "read_from": "archive"})
        path = f"/dags/scb_population/dagRuns/{usual}"
        until(lambda: api.call("GET", path)["state"] == "failed")
        assert query(home, figures) == before
        word = api.trigger("scb_population", {"approve": put.capture_id, "reason": "Tabellen har delats."})
        path = f"/dags/scb_population/dagRuns/{word}"
        until(lambda: api.call("GET", path)["state"] in ("success", "failed"))
        assert api.call("GET", path)["state"] == "success"
    assert query(home, figures) < before
    (file,) = (home / "archive" / "approvals" / "scb_population" / "TAB638-2015").glob("*.json")
    said = json.loads(file.read_text(encoding="utf-8"))
    assert (said["verdict"], said["by"], said["reason"]) == ("approve", "admin", "Tabellen har delats.")


def test_a_file_put_in_the_inbox_is_taken_in_answered_and_watched_for_again(home):
    """The watch holds no worker; a delivery is loaded and answered, one with an identity number is locked away."""
    everything, identity = registry(), Identity("jamtland", "BHJ", "2026-H1")
    grid = next(each for each in everything.extracts["E07"].sheets if each.name == "Samråd Barnahus")
    numbers = {grid.name: {("", "total", "T", "T"): {"meetings": 23, "children_witnesses": "<5"}}}
    with as_home(home):
        api = local.Api()
        api.wait()
        for dag in ("agency_extracts", "inbox"):
            api.call("PATCH", f"/dags/{dag}?update_mask=is_paused", is_paused=False)
        until(lambda: watching(api))
        put(home / "inbox" / "jamtland" / "BHJ" / "halvår.xlsx", workbook(everything, identity, numbers=numbers))
        person = {grid.name: {("", "total", "T", "T"): {"meetings": "811218-9876"}}}
        put(home / "inbox" / "jamtland" / "BHJ" / "med namn.xlsx", workbook(everything, identity, numbers=person))
        until(lambda: (home / "receipts" / "jamtland" / "BHJ" / "2026-H1").exists())
        until(lambda: query(home, LIVE) == [("E07.meetings", 23.0, None), ("E07.children_witnesses", None, 4.0)])
        until(lambda: watching(api))  # the next run waits for the next delivery
        api.call("PATCH", "/dags/inbox?update_mask=is_paused", is_paused=True)
    assert not list((home / "inbox" / "jamtland" / "BHJ").iterdir())
    assert len(list((home / "inbox" / "_received").rglob("*halv*.xlsx"))) == 1
    (note,) = (home / "quarantine").glob("*.json")
    assert json.loads(note.read_text(encoding="utf-8"))["rule"] == "IDENTITY_NUMBER"
    written = [path for folder in ("quarantine", "receipts", "inbox", "airflow/logs") for path in files(home / folder)]
    assert len(written) > 20
    assert [path for path in written if b"9876" in path.read_bytes() and b"811218" in path.read_bytes()] == []


#: What a live delivery of Barnahus tells of the sheet that the test fills in.
LIVE = (
    "SELECT m.code, o.value, o.value_high FROM warehouse.observation o JOIN warehouse.measure m USING (measure_key)"
    " JOIN warehouse.capture c USING (capture_key) WHERE c.origin = 'live' AND known_until = 'infinity'"
    " AND m.code IN ('E07.meetings', 'E07.children_witnesses') ORDER BY m.code DESC"
)


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def watching(api):
    """Return whether the newest run of the inbox waits, having given its worker back."""
    runs = api.call("GET", "/dags/inbox/dagRuns?order_by=-run_after&limit=1")["dag_runs"]
    if not runs or runs[0]["state"] != "running":
        return False
    tasks = api.call("GET", f"/dags/inbox/dagRuns/{runs[0]['dag_run_id']}/taskInstances")["task_instances"]
    return {each["task_id"]: each["state"] for each in tasks}.get("watch") == "deferred"


def test_two_homes_do_not_collide(home, tmp_path):
    """A second clone on the same machine finds ports of its own."""
    ports = []
    for folder in (home, tmp_path / "other"):
        with as_home(folder):
            ports += local.ports().values()
    assert len(set(ports)) == len(ports)


def test_down_ends_every_process(home):
    with as_home(home):
        before = local.processes()
        assert include(home, "down", timeout=120).returncode == 0
        assert local.processes() == []
    assert [p for p in before if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
