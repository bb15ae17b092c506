"""The DAGs: exactly those that should be there, thin, cheap to parse, and each one documented and owned."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXPECTED = {
    "agency_extracts": ["archive", "check", "load"],
    "annual_follow_up": ["approve", "audit", "build", "compare", "plan", "release"],
    "bra_handled_offences": ["archive", "check", "load"],
    "bra_ntu_county": ["archive", "check", "load"],
    "bra_reported_offences": ["archive", "check", "load"],
    "bra_reported_totals": ["archive", "check", "load"],
    "bra_ten_year_rates": ["archive", "check", "load"],
    "fohm_health_survey": ["archive", "check", "load"],
    "inbox": ["answer", "cleared", "take_in", "watch"],
    "indicators": ["measure"],
    "kolada_kpis": ["archive", "check", "load"],
    "reminders": ["answer", "empty_quarantine", "remind"],
    "scb_population": ["archive", "check", "load"],
    "scb_population_monthly": ["archive", "check", "load"],
    "sos_injuries": ["archive", "check", "load"],
    "sos_open_comparisons": ["archive", "check", "load"],
}
PARSE = """
import json, sys
sys.path.insert(0, "plugins")
# What a DAG file and a timetable need of Airflow itself, which imports SQLAlchemy on its own account.
import airflow.sdk, airflow.plugins_manager, airflow.timetables.base, airflow.providers.standard.operators.hitl
import airflow.providers.standard.operators.trigger_dagrun
before = set(sys.modules)
for name in ("sources", "indicators", "annual_follow_up", "inbox"):
    exec(compile(open(f"dags/{name}.py").read(), name, "exec"), {"__name__": name})
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    """All DAGs, parsed as the DAG processor does."""
    os.environ["AIRFLOW_HOME"] = str(tmp_path_factory.mktemp("airflow"))
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    sys.path.insert(0, str(ROOT / "plugins"))
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


def test_exactly_the_expected_dags_with_their_tasks(bag):
    assert bag.import_errors == {}
    assert {dag_id: sorted(dag.task_ids) for dag_id, dag in bag.dags.items()} == EXPECTED


def test_each_dag_is_owned_documented_tagged_and_never_catches_up(bag):
    for dag in bag.dags.values():
        assert dag.doc_md, dag.dag_id
        assert dag.tags, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        for task in dag.tasks:
            assert task.owner == "uppfoljning", task.task_id
            assert task.retries == (0 if task.task_id == "approve" else 3), task.task_id


def test_a_task_that_calls_a_producer_stands_in_its_pool(bag):
    from include.orchestration.defaults import pools
    from include.registry.read import registry

    for source in registry().sources.values():
        pool = bag.dags[source.id].get_task("archive").pool
        assert pool == f"source_{source.producer_id}"
        assert pool in pools(registry())


def test_what_writes_to_people_or_waits_for_them_runs_once_at_a_time(bag):
    for dag_id in ("inbox", "reminders"):
        assert bag.dags[dag_id].max_active_runs == 1


def test_a_rejected_release_is_the_default(bag):
    assert bag.dags["annual_follow_up"].get_task("approve").defaults == ["Reject"]


def test_parsing_imports_nothing_heavy():
    """A DAG file is parsed every minute: what takes seconds to import is imported in tasks."""
    import json

    done = subprocess.run(
        [sys.executable, "-c", PARSE], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = {"pandas", "great_expectations", "sqlalchemy", "pyarrow", "scipy", "numpy", "psycopg", "alembic", "altair"}
    assert not modules & heavy
    assert "include.registry.read" in modules
    assert not {m for m in modules if m.startswith("include.") and m.endswith((".run", ".gate", ".tables", ".compute"))}


def test_dag_files_are_thin():
    for file in (ROOT / "dags").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 80, file.name
        for word in ("pandas", "SELECT ", "requests", "sqlalchemy"):
            assert word not in text, f"{file.name} holds {word}"
