"""The workbook of the open comparisons comes by its link on the page, or by hand; never another year's in its place."""

import pytest

from include.archive import by_hand
from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing
from include.archive.fetchers.http_file import fetch
from include.archive.run import archive
from include.errors import SourceRefused
from include.periods import Period
from tests.servers.local import LocalServer, Reply, Request

SOURCE = "sos_open_comparisons"
FOLDER = "/contentassets/0f3b5c0e9d2a4b58/"


class Site(LocalServer):
    """A page with links whose addresses hold a hash, and the files behind them."""

    def __init__(self, workbook: bytes) -> None:
        super().__init__()
        self.files = ["2024-6-9166.xlsx", "metodbeskrivning-2024.pdf", "2023-6-8635-tabeller.xlsx"]
        self.workbook = workbook

    def reply(self, request: Request) -> Reply:
        if request.path.endswith("/vald-i-nara-relationer/"):
            links = "".join(f'<li><a href="{FOLDER}{name}">Öppna jämförelser</a></li>' for name in self.files)
            return Reply(f"<html><body><ul>{links}</ul></body></html>".encode(), headers={"Content-Type": "text/html"})
        known = request.path.removeprefix(FOLDER) in self.files
        return (
            Reply(self.workbook, headers={"Content-Type": "application/octet-stream"}) if known else Reply(status=404)
        )


@pytest.fixture
def site(monkeypatch, workbook):
    with Site(workbook(1)).running() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SOS_WEB", server.url)
        yield server


@pytest.fixture
def found(site, registry, store):
    source = registry.sources[SOURCE]
    return lambda *years: list(fetch(source, [Period.parse(y) for y in years], store, address(source), registry))


def test_the_link_is_found_by_its_year_and_the_hash_in_its_address_does_not_matter(found):
    newest, before = found("2024", "2023")
    assert isinstance(newest, Fetched)
    assert (newest.part, newest.periods, newest.file_name) == ("oj-2024", ["2024"], "2024-6-9166.xlsx")
    assert (before.part, before.file_name) == ("oj-2023", "2023-6-8635-tabeller.xlsx")


def test_two_files_of_a_year_stop_and_are_named(site, found):
    site.files.append("2024-bilaga.xlsx")
    with pytest.raises(SourceRefused, match=r"2024-6-9166\.xlsx, .*2024-bilaga\.xlsx.*link_pattern"):
        found("2024")


def test_a_year_without_a_file_is_missing_and_no_other_years_is_taken(found):
    (missing,) = found("2025")
    assert isinstance(missing, Missing)
    assert missing.part == "oj-2025"


def test_a_file_had_by_hand_is_a_capture_like_any_other(registry, store, tmp_path, workbook):
    file = tmp_path / "nedladdad.xlsx"
    file.write_bytes(workbook(1))
    page = registry.sources[SOURCE].landing_page
    manifest = by_hand.put(registry.sources[SOURCE], file, "oj-2024", page, store)
    assert (manifest.part, manifest.periods, manifest.url) == ("oj-2024", ["2024"], page)
    result = archive(SOURCE, "2025-Q1", "archive", None, set(), registry=registry, store=store)
    assert result.new == [manifest.capture_id]
