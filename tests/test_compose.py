"""docker-compose.yaml: valid by the compose specification, no default secrets, the same settings as `make up`."""

import re
from pathlib import Path

import pytest
import yaml
from compose_pydantic.models import ComposeSpecification

from include.orchestration.local import SETTINGS_FILE, shared_settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))


def test_it_follows_the_compose_specification(compose):
    # The models know nothing of the extension fields (x-…) that the specification allows anywhere.
    specification = ComposeSpecification.model_validate({k: v for k, v in compose.items() if not k.startswith("x-")})
    assert {"postgres", "set-up", "api-server", "scheduler", "dag-processor", "triggerer"} == set(
        specification.services
    )


def test_every_airflow_service_reads_the_one_file_of_settings(compose):
    for name, service in compose["services"].items():
        if name != "postgres":
            assert service["env_file"] == [str(SETTINGS_FILE.relative_to(ROOT))], name


def test_no_setting_of_the_file_is_said_again_or_otherwise(compose):
    own = {key for service in compose["services"].values() for key in service.get("environment", {})}
    assert not own & set(shared_settings())


def test_no_secret_stands_in_the_file_or_has_a_default(compose):
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|FERNET|SQL_ALCHEMY_CONN", key):
                assert key.endswith(("_FILE", "_CMD")), key
                assert "/run/secrets/" in str(value) or str(value) == "/data/airflow_logins", key
    for secret in compose["secrets"].values():
        assert set(secret) == {"file"}


def test_every_secret_that_is_used_is_declared(compose):
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    assert used == set(compose["secrets"])


def test_services_start_by_health(compose):
    for name in ("scheduler", "dag-processor", "triggerer"):
        assert compose["services"][name]["depends_on"]["api-server"] == {"condition": "service_healthy"}
    assert compose["services"]["set-up"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    for name, service in compose["services"].items():
        assert name == "set-up" or "healthcheck" in service, name


def test_only_the_owner_migrates(compose):
    """A task's process must not hold the owner's password."""
    for name, service in compose["services"].items():
        if name not in ("set-up", "postgres"):
            assert "followup_owner" not in service["secrets"], name


def test_ports_are_open_to_this_machine_only(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8080:8080"]


def test_the_image_is_airflows_own_with_the_locked_version():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    locked = re.search(r"^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)[1]
    assert f"FROM apache/airflow:{locked}-python3" in dockerfile
    assert "requirements.txt" in dockerfile
