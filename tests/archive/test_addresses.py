"""A source is asked where the registry says, unless the deployment's connection says otherwise."""

import pytest

from include.archive.addresses import address, variable
from include.errors import UsageError

URL = "https://statistikdatabasen.scb.se/api/v2/config?lang=sv"


@pytest.fixture
def source(registry):
    return registry.sources["scb_population"]


def test_without_a_connection_the_registry_decides(source):
    where = address(source)
    assert where.resolve(URL) == URL
    assert where.hosts == {"statistikdatabasen.scb.se", "api.scb.se"}


@pytest.mark.parametrize(
    ("connection", "resolved"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v2/config?lang=sv"),
        ("http://mirror.example/https", "https://mirror.example/api/v2/config?lang=sv"),
        ("https://mirror.example/scb", "https://mirror.example/scb/api/v2/config?lang=sv"),
        ("http://u:p%40@mirror.example:81", "http://mirror.example:81/api/v2/config?lang=sv"),
        ("http://[::1]:8080", "http://[::1]:8080/api/v2/config?lang=sv"),
        (
            '{"conn_type": "http", "host": "mirror.example", "port": 8443, "schema": "https"}',
            "https://mirror.example:8443/api/v2/config?lang=sv",
        ),
        (
            '{"conn_type": "http", "host": "https://mirror.example/scb/"}',
            "https://mirror.example/scb/api/v2/config?lang=sv",
        ),
    ],
)
def test_a_connection_takes_the_producers_place(source, monkeypatch, connection, resolved):
    monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SCB", connection)
    where = address(source)
    assert where.resolve(URL) == resolved
    assert where.resolve(resolved) == resolved
    assert "statistikdatabasen.scb.se" in where.hosts
    assert len(where.hosts - set(source.fetch.allowed_hosts)) == 1


def test_a_connection_that_is_handed_in_goes_before_the_environment(source, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SCB", "http://one.example")
    assert address(source, "http://two.example").resolve(URL).startswith("http://two.example/")


def test_a_log_in_is_kept_out_of_sight(source):
    where = address(source, "http://anna:hemlig%40@mirror.example")
    assert where.login == ("anna", "hemlig@")
    assert "hemlig" not in repr(where)


@pytest.mark.parametrize(
    "connection", ["postgres://hemlig@db/x", "mirror.example", "{}", "{hemlig", "http://", "http://a:hemlig"]
)
def test_a_connection_that_names_no_web_host_is_refused_without_quoting_it(source, connection):
    with pytest.raises(UsageError, match=variable(source)) as error:
        address(source, connection)
    assert "hemlig" not in str(error.value)


def test_the_inbox_asks_no_host(registry):
    assert address(registry.sources["agency_extracts"]).hosts == frozenset()
