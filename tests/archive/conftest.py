"""What the tests of the archive share: a home of their own, no waiting, and stand-ins of the producers."""

import io
from functools import cache

import openpyxl
import pytest

from include.archive import rate
from include.archive.store import Archive
from include.registry.read import registry as read_registry
from tests.servers.bra import BraServer
from tests.servers.pxweb import PxWebServer


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Return a home of this test alone; turns are taken at once, but for the tests of the turns."""
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path / "home"))
    for name in ("FOLLOWUP_ARCHIVE", "FOLLOWUP_INBOX", "AIRFLOW_CONN_SOURCE_BRA", "AIRFLOW_CONN_SOURCE_SCB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(rate, "_MARGIN", 0.0)
    return tmp_path / "home"


@pytest.fixture
def store(tmp_path):
    return Archive(str(tmp_path / "archive"))


@pytest.fixture
def registry():
    """Return the project's registry, its sources beginning late so that runs are short."""
    real = read_registry()
    sources = {
        source.id: source.model_copy(update={"release": source.release.model_copy(update={"first_period": "2022"})})
        for source in real.sources.values()
    }
    return real.model_copy(update={"sources": sources})


@pytest.fixture
def bra(monkeypatch):
    with BraServer().running() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_BRA", server.url)
        yield server


@pytest.fixture
def scb(monkeypatch, registry):
    server = PxWebServer()
    for table in registry.sources["scb_population"].fetch.tables:
        last = int(table.last_period or 2026)
        years = [str(year) for year in range(int(table.first_period), last + 1)]
        held = server.tables.setdefault(table.id, {})
        for variable, codes in {**table.selection, "Tid": years}.items():
            held[variable] = list(dict.fromkeys([*held.get(variable, []), *codes]))
        held["Tid"] = years
    with server.running():
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SCB", server.url)
        yield server


@pytest.fixture
def workbook():
    """Return a function that makes a small workbook of one figure, the same bytes for the same figure."""

    @cache
    def make(figure: int) -> bytes:
        book = openpyxl.Workbook()
        book.active.append(["SAMTLIGA BROTT", figure])
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    return make
