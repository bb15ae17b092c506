"""What the whole-run tests share: starting the command line in a home of its own, and comparing what it left."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from include.load.embedded import Embedded
from include.settings import ROOT

OBSERVATIONS = """
SELECT m.code, a.code, p.code, s.code, g.code, y.code, b.code, o.value, o.value_low, o.value_high, o.value_status_key,
       o.status, o.mark_key, l.text, c.capture_id, o.known_from::text, o.known_until::text
FROM warehouse.observation o
JOIN warehouse.measure m USING (measure_key) JOIN warehouse.area a USING (area_key)
JOIN warehouse.period p USING (period_key) JOIN warehouse.sex s USING (sex_key) JOIN warehouse.age g USING (age_key)
JOIN warehouse.party y USING (party_key) JOIN warehouse.breakdown b USING (breakdown_key)
JOIN warehouse.source_label l USING (label_key) JOIN warehouse.capture c USING (capture_key)
"""
QUARANTINE = """
SELECT c.capture_id, q.place, q.reason_code, q.reason_sv, q.severity FROM warehouse.quarantine q
JOIN warehouse.capture c USING (capture_key)
"""
TABLES = {"observations": OBSERVATIONS, "quarantine": QUARANTINE}


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process with this home."""
    own = {"FOLLOWUP_HOME": str(home), "FOLLOWUP_READ_FROM": "archive", "PYTHONPATH": str(ROOT), **more}
    return {**{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "FOLLOWUP"))}, **own}


@contextmanager
def as_home(home: Path) -> Iterator[None]:
    """Let this process use a home, for what is not called through the command line."""
    before = os.environ.get("FOLLOWUP_HOME")
    os.environ["FOLLOWUP_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["FOLLOWUP_HOME"]
        else:
            os.environ["FOLLOWUP_HOME"] = before


def include(home: Path, *arguments: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    """Run ``python -m include …`` and return what it did."""
    return subprocess.run(
        [sys.executable, "-m", "include", *arguments], cwd=ROOT, env=environment(home), capture_output=True,
        text=True, timeout=timeout, check=False,
    )  # fmt: skip


def query(home: Path, statement: str) -> list[tuple]:
    """Return the rows of a query on the warehouse of a home, whose server runs."""
    server = Embedded(home)
    with psycopg.connect(
        host=str(server.socket_dir),
        dbname="followup",
        user="followup_owner",
        password=server.password("followup_owner"),
    ) as connection:
        return connection.execute(statement).fetchall()


def tables(home: Path) -> dict[str, tuple[int, str]]:
    """Return the number of rows and a hash of each table that must be the same; keys of the database do not count."""
    found = {}
    for name, statement in TABLES.items():
        rows = sorted(repr(row) for row in query(home, statement))
        found[name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def released_files(home: Path) -> dict[str, str]:
    """Return the hash of every file of every release, by its path (the root index is no part of a release)."""
    root = home / "published"
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*"))
        if file.is_file() and file.parent != root
    }
