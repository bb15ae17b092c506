"""A source of a known kind takes one YAML and one command: docs/adding_a_source.md is tried as it stands."""

import json
import re
import shutil
from datetime import UTC, datetime

import pytest
import yaml

from include.archive import rate
from include.archive.record import record, recorded
from include.check.run import check_file
from include.orchestration.source_dag import source_dag
from include.periods import Period, Quarter
from include.registry.read import FOLDER, read
from include.settings import ROOT
from tests.servers.local import Reply, Request
from tests.servers.pxweb import PxWebServer

PAGE = (ROOT / "docs" / "adding_a_source.md").read_text(encoding="utf-8")
YAML = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
SOURCE = "scb_population_monthly"


class Scb(PxWebServer):
    """Names its codes as SCB does, and has the same number of people everywhere."""

    def reply(self, request: Request) -> Reply:
        answer = super().reply(request)
        if b'"dimension"' not in answer.body:
            return answer
        document = json.loads(answer.body)
        labels = {"TotSA": "totalt ålder", "TotSa": "totalt", "1": "män", "2": "kvinnor", "100+10": "100+ år"}
        for name, dimension in document["dimension"].items():
            for code in dimension["category"]["label"]:
                plain = f"{code} år" if name == "Alder" else "Folkmängden per månad" if name == "ContentsCode" else code
                dimension["category"]["label"][code] = labels.get(code, plain)
        document["value"] = [20 for _ in document["value"]]
        return Reply(json.dumps(document, ensure_ascii=False).encode(), headers=answer.headers)


@pytest.fixture
def registry(tmp_path):
    """The registry without its sources, but for the YAML of the page."""
    folder = tmp_path / "registry"
    left_out = shutil.ignore_patterns("sources", "indicators", "corrections", "public_tables", "*.py")
    shutil.copytree(FOLDER, folder, ignore=left_out)
    (folder / "sources").mkdir()
    shutil.copy(FOLDER / "sources" / "agency_extracts.yaml", folder / "sources")
    (folder / "sources" / f"{SOURCE}.yaml").write_text(YAML, encoding="utf-8")
    return read(folder)


def test_the_page_shows_what_the_registry_has():
    shown = yaml.safe_load(YAML)
    real = yaml.safe_load((FOLDER / "sources" / f"{SOURCE}.yaml").read_text(encoding="utf-8"))
    more = {"suite", "caveats", "breaks"}
    assert set(real) - set(shown) <= more
    for key in set(shown) - {"fetch"}:
        assert shown[key] == real[key], key
    assert shown["fetch"]["tables"] == real["fetch"]["tables"]


def test_the_yaml_and_the_command_are_enough(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(rate, "_MARGIN", 0.0)
    source = registry.sources[SOURCE]
    server = Scb()
    now = Quarter.from_date(datetime.now(UTC).date())
    months = [f"{year}M{month:02}" for year in range(2025, now.year + 1) for month in range(1, 13)]
    server.tables["TAB6471"] = {**source.fetch.tables[0].selection, "Tid": months}
    with server.running():
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SCB", server.url)
        record(source, registry, tmp_path / "recorded")
    ((manifest, file),) = recorded(tmp_path / "recorded")
    assert manifest.part.startswith("TAB6471-")
    assert Period.parse(manifest.periods[0]).unit == "month"
    result = check_file(SOURCE, file, manifest.part, registry=registry)
    assert result.refusal is None
    assert result.passed == 2 * 12 * 3, "country and county, eleven ages and their total, both sexes and theirs"


def test_its_dag_is_made_from_the_yaml(registry):
    dag = source_dag(registry.sources[SOURCE], schedule=None)
    assert (dag.dag_id, sorted(dag.task_ids)) == (SOURCE, ["archive", "check", "load"])
