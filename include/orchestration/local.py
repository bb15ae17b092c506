"""A real Airflow on one machine, without containers: settings, start, stop, and a client of its REST API.

Everything it writes lies in ``settings.home()``. Ports are found free and remembered; the login is generated. The
embedded PostgreSQL holds both the warehouse and Airflow's metadata.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from include import settings
from include.errors import FollowUpError
from include.load.embedded import Embedded

SETTINGS_FILE = Path(__file__).with_name("airflow.env")
PORTS = ("api", "worker_log", "trigger_log")


class AirflowDidNotStart(FollowUpError):
    """Airflow did not answer in time; the text names its log."""


def shared_settings() -> dict[str, str]:
    """Return Airflow's settings that are the same wherever it runs (``airflow.env``)."""
    lines = (line.strip() for line in SETTINGS_FILE.read_text(encoding="utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Place:
    """Where this machine's Airflow keeps its things."""

    folder: Path

    @property
    def log(self) -> Path:
        """The log of all of Airflow's processes."""
        return self.folder / "airflow.log"

    @property
    def state(self) -> Path:
        """Session and mode of the Airflow that runs here."""
        return self.folder / "state.json"

    @property
    def passwords(self) -> Path:
        """The login of the interface."""
        return self.folder / "passwords.json"


def place() -> Place:
    """Return where Airflow keeps its things, with the folder made."""
    folder = settings.home() / "airflow"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Place(folder)


# --- settings ----------------------------------------------------------------------------------------------------


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def ports() -> dict[str, int]:
    """Return this home's ports, found once and kept while they stay free (or are our own)."""
    file = place().folder / "ports.json"
    found: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    if not all(found.get(name) for name in PORTS) or (not running() and not all(_free(found[name]) for name in PORTS)):
        probes = [socket.socket() for _ in PORTS]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        found = {name: probe.getsockname()[1] for name, probe in zip(PORTS, probes, strict=True)}
        if wanted := os.environ.get("FOLLOWUP_PORT"):
            found["api"] = int(wanted)
        for probe in probes:
            probe.close()
        file.write_text(json.dumps(found))
    return found


def _write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=True)
    file.chmod(0o600)
    file.write_text(text)


def _secrets(here: Place) -> dict[str, str]:
    """Return the keys that Airflow signs and encrypts with, made once for this home; make the login too."""
    file = here.folder / "secrets.json"
    if not file.exists():
        from cryptography.fernet import Fernet

        keys = {name: secrets.token_urlsafe(64) for name in ("jwt", "api")} | {"fernet": Fernet.generate_key().decode()}
        _write_secret(file, json.dumps(keys))
    if not here.passwords.exists():
        _write_secret(here.passwords, json.dumps({"admin": secrets.token_urlsafe(12)}))
    return dict(json.loads(file.read_text()))


def environment() -> dict[str, str]:
    """Return the environment of every process of this machine's Airflow."""
    here, database = place(), Embedded(settings.home())
    port, keys = ports(), _secrets(here)
    url = f"http://127.0.0.1:{port['api']}"
    own = {
        "AIRFLOW_HOME": str(here.folder),
        "AIRFLOW__CORE__DAGS_FOLDER": os.environ.get("FOLLOWUP_DAGS") or str(settings.ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.ROOT / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(here.passwords),
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet"],
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt"],
        "AIRFLOW__API__SECRET_KEY": keys["api"],
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port["api"]),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.airflow_url(),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.airflow_url(),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(port["worker_log"]),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(port["trigger_log"]),
        "FOLLOWUP_HOME": str(settings.home()),
        "PYTHONPATH": str(settings.ROOT),
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "NO_COLOR": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR") or str(here.folder),
    }
    return {**os.environ, **shared_settings(), **own}


# --- processes ---------------------------------------------------------------------------------------------------


def processes() -> list[psutil.Process]:
    """Return the living processes of the Airflow that was started from this home: those of the session it was given.

    Their environment cannot be asked, since Airflow's process titles overwrite it.
    """
    state = place().state
    if not state.exists():
        return []
    session = json.loads(state.read_text())["session"]
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            ours = os.getsid(process.pid) == session and "airflow" in " ".join(process.cmdline())
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def running() -> str | None:
    """Return how the Airflow of this home was started (``up`` or ``run``) if it lives, else None."""
    return json.loads(place().state.read_text())["mode"] if processes() else None


def migrate() -> None:
    """Bring Airflow's metadata up to date.

    Raises:
        AirflowDidNotStart: the migration failed.
    """
    with place().log.open("ab") as log:
        done = subprocess.run(
            ["airflow", "db", "migrate"], env=environment(), stdout=log, stderr=log, cwd=settings.ROOT, check=False
        )
    if done.returncode:
        raise AirflowDidNotStart(f"`airflow db migrate` ended with {done.returncode}; see {place().log}.")


def start(mode: str) -> None:
    """Start ``airflow standalone`` in a session of its own; end first what an earlier run left behind.

    Args:
        mode: ``up`` (stays on) or ``run`` (ended by the run that started it).
    """
    stop()
    _bury_dead_jobs()
    here, env = place(), environment()
    with here.log.open("ab") as log:
        process = subprocess.Popen(
            ["airflow", "standalone"],
            env=env,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=settings.ROOT,
            start_new_session=True,
        )
    here.state.write_text(json.dumps({"session": process.pid, "mode": mode}))


def _bury_dead_jobs() -> None:
    """Mark the jobs of an Airflow that was killed as ended, so that the new scheduler takes over its tasks at once.

    Airflow itself waits until their heartbeat is two minutes old. Nothing of this home is alive when this is called.
    """
    import psycopg

    url = Embedded(settings.home()).airflow_url().replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE job SET state = 'failed', end_date = now() WHERE state = 'running'")


def stop(patience: float = 20) -> None:
    """End the Airflow of this home, and whatever is left of an earlier one; being ended already is fine.

    Args:
        patience: seconds given to its processes before they are killed.
    """
    members = processes()
    for process in members:
        with suppress(psutil.Error):
            process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(members, timeout=patience)
    for process in [*alive, *processes()]:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    place().state.unlink(missing_ok=True)


# --- the REST API ------------------------------------------------------------------------------------------------


class Api:
    """A client of Airflow's REST API with the generated login."""

    def __init__(self) -> None:
        self.url = environment()["AIRFLOW__API__BASE_URL"]
        self.session = requests.Session()
        self.session.trust_env = False

    def healthy(self) -> bool:
        """Return whether API, scheduler and DAG processor say that they are well."""
        try:
            answer = self.session.get(f"{self.url}/api/v2/monitor/health", timeout=5)
        except requests.RequestException:
            return False
        if not answer.ok:
            return False
        health = answer.json()
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def wait(self, patience: float = 120) -> None:
        """Wait until Airflow is healthy, then log in.

        Raises:
            AirflowDidNotStart: it was not within ``patience`` seconds, or its processes ended.
        """
        deadline = time.monotonic() + patience
        while not self.healthy():
            if time.monotonic() > deadline or not processes():
                raise AirflowDidNotStart(f"Airflow is not healthy after {patience:.0f} s; see {place().log}.")
            time.sleep(0.5)
        password = json.loads(place().passwords.read_text())["admin"]
        answer = self.session.post(
            f"{self.url}/auth/token", json={"username": "admin", "password": password}, timeout=30
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, accept: tuple[int, ...] = (), **body: Any) -> Any:
        """Call ``/api/v2`` and return the answer.

        Args:
            method: GET, POST, PATCH …
            path: path below ``/api/v2``, with its query.
            accept: statuses beside 2xx that are an answer too, returned as None.
            body: the JSON body.

        Raises:
            FollowUpError: another status.
        """
        answer = self.session.request(method, f"{self.url}/api/v2{path}", json=body or None, timeout=60)
        if answer.status_code in accept:
            return None
        if not answer.ok:
            raise FollowUpError(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:500]}")
        return answer.json() if answer.content else None

    def count(self, dag_id: str, state: str | None = None) -> int:
        """Return how many runs a DAG has, all or those in a state."""
        where = f"&state={state}" if state else ""
        return int(self.call("GET", f"/dags/{dag_id}/dagRuns?limit=1{where}")["total_entries"])

    def runs(self, dag_id: str, state: str | None = None) -> list[dict[str, Any]]:
        """Return the runs of a DAG, all or those in a state, oldest first."""
        found: list[dict[str, Any]] = []
        where = f"&order_by=run_after&state={state}" if state else "&order_by=run_after"
        while True:
            page = self.call("GET", f"/dags/{dag_id}/dagRuns?limit=100&offset={len(found)}{where}")
            found += page["dag_runs"]
            if len(found) >= page["total_entries"] or not page["dag_runs"]:
                return found

    def backfill(self, dag_id: str, first: str, last: str, reprocess: str = "none", active: int = 1) -> int | None:
        """Start a backfill of the quarters that start between two days; None if there is nothing to run."""
        answer = self.call(
            "POST", "/backfills", accept=(409, 422), dag_id=dag_id, from_date=first, to_date=last,
            reprocess_behavior=reprocess, max_active_runs=active, dag_run_conf={},
        )  # fmt: skip
        return answer["id"] if answer else None

    def trigger(self, dag_id: str, conf: dict[str, Any], **more: Any) -> str:
        """Start one run; return its id."""
        answer = self.call("POST", f"/dags/{dag_id}/dagRuns", logical_date=None, conf=conf, **more)
        return str(answer["dag_run_id"])


def login() -> str:
    """Return where the interface is and how to log in."""
    password = json.loads(place().passwords.read_text())["admin"]
    return f"Airflow: {environment()['AIRFLOW__API__BASE_URL']}  user admin, password {password}"
