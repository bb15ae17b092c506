"""A person in Airflow's interface: logs in, opens a DAG, fills in the backfill dialog, presses the button."""

import json
import re
import time
from collections import Counter

from playwright.sync_api import Page, sync_playwright

from include.orchestration import local

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def backfill_all_runs(chromium: str, dag_id: str, first: str, last: str) -> int:
    """Backfill with "All Runs" from the dialog, wait until it is done; return how many runs the dialog announced.

    Args:
        chromium: path of the browser.
        dag_id: the DAG.
        first: first day, as the dialog writes it (2015/01/01).
        last: last day.
    """
    api = local.Api()
    api.wait()
    _until_closed(api, dag_id)
    before = {run["dag_run_id"]: run["end_date"] for run in api.runs(dag_id)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        _log_in(page, api.url)
        announced = _fill_in_and_run(page, api.url, dag_id, first, last)
        browser.close()
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        runs = [run for run in api.runs(dag_id) if run["run_type"] == "backfill" or run["dag_run_id"] in before]
        again = [run for run in runs if run["end_date"] and run["end_date"] != before.get(run["dag_run_id"])]
        if len(again) >= announced and all(run["end_date"] for run in runs):
            states = Counter(run["state"] for run in again)
            assert set(states) == {"success"}, states
            return announced
        time.sleep(1)
    raise AssertionError(f"after 400 s {len(again)} of {announced} runs of {dag_id} have been done again")


def _until_closed(api: local.Api, dag_id: str) -> None:
    """Wait until the scheduler has closed an earlier backfill of the DAG (it takes up to half a minute)."""
    deadline = time.monotonic() + 90
    while any(not b["completed_at"] for b in api.call("GET", f"/backfills?dag_id={dag_id}")["backfills"]):
        assert time.monotonic() < deadline, "an earlier backfill was never closed"
        time.sleep(1)


def _log_in(page: Page, url: str) -> None:
    page.goto(url)
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", json.loads(local.place().passwords.read_text())["admin"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "login" not in address)


def _fill_in_and_run(page: Page, url: str, dag_id: str, first: str, last: str) -> int:
    page.goto(f"{url}/dags/{dag_id}")
    page.get_by_role("button", name="Trigger").first.click()
    dialog = page.locator("[role=dialog][data-state=open][aria-modal=true]")
    dialog.get_by_text("Backfill", exact=True).click()
    for day, clock in ((first, "00:00"), (last, "23:59")):
        dialog.get_by_text("Select date and time").first.click()
        page.get_by_placeholder("YYYY/MM/DD").fill(day)
        page.get_by_placeholder("HH:mm").fill(clock)
        page.keyboard.press("Enter")
        dialog.get_by_text("Date Range", exact=True).click()
        page.get_by_placeholder("YYYY/MM/DD").wait_for(state="hidden")
    dialog.get_by_text("All Runs", exact=True).click()
    dialog.locator("input[name=max_active_runs]").fill("3")
    told = dialog.get_by_text(re.compile(r"\d+ runs? will be triggered"))
    told.wait_for()
    announced = int(re.search(r"\d+", told.inner_text())[0])
    dialog.get_by_role("button", name="Run Backfill").click()
    dialog.wait_for(state="hidden")
    return announced
