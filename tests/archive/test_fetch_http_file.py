"""A link on the listing page is found by its file name, never built; what cannot be is told, not guessed."""

from datetime import UTC, datetime

import pytest

from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing, Unchanged
from include.archive.fetchers.http_file import fetch
from include.errors import LayoutChanged, SourceRefused
from include.periods import Period

STAMP = 1783421120292


@pytest.fixture
def found(registry, store):
    def run(*periods: str, **changes) -> list:
        source = registry.sources["bra_handled_offences"]
        source = source.model_copy(
            update={"fetch": source.fetch.model_copy(update={"areas": {"Rn01": "Rn01"}} | changes)}
        )
        return list(fetch(source, [Period.parse(p) for p in periods], store, address(source), registry))

    return run


@pytest.fixture
def hold(store, workbook):
    def put(name: str):
        return store.put(
            workbook(0),
            source_id="bra_handled_offences",
            part=name,
            periods=["2024"],
            origin="live",
            url="https://bra.se/old",
            captured_at=datetime(2025, 5, 1, tzinfo=UTC),
            media_type="x",
            file_name="f.xlsx",
        )

    return put


def test_the_file_is_found_and_its_address_tells_when_it_was_published(bra, found, workbook):
    link = bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    (file,) = found("2024")
    assert isinstance(file, Fetched)
    assert (file.part, file.periods, file.url) == ("Rn01-2024", ["2024"], bra.url + link)
    assert file.content == workbook(5)
    assert file.published_at.isoformat() == "2026-07-07T10:45:20.292000+00:00"
    assert file.headers["etag"]


def test_a_page_that_does_not_exist_or_lists_other_files_only_means_not_published_yet(bra, found, workbook):
    bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    bra.listed["300Rn01-2025"] = ["/download/18.ab/1783421120292/301Rn01-2025.xlsx", "/sok?q=300Rn01-2025"]
    assert found("2025") == [Missing("Rn01-2025", "not published yet")]
    assert found("2026") == [Missing("Rn01-2026", "not published yet")]


def test_links_outside_the_named_element_do_not_count(bra, found, workbook):
    bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    assert found("2024", link_pattern=r"^300La-1999\.xls$") == [Missing("Rn01-2024", "not published yet")]


def test_several_files_that_match_stop_the_run_and_are_named(bra, found, workbook):
    bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    bra.listed["300Rn01-2024"].append("/download/18.ffff/1783421120299/300Rn01-2024.xlsx")
    with pytest.raises(SourceRefused, match=r"several files.*18\.ffff"):
        found("2024")


def test_a_file_that_is_held_but_listed_no_longer_stops_the_run_and_tells_what_is_listed(bra, found, workbook, hold):
    bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    hold("Rn01-2024")
    bra.listed["300Rn01-2024"] = ["/download/18.ab/1783421120292/Tabell300Rn01_2024.xlsx"]
    with pytest.raises(SourceRefused, match=r"no longer listed.*Tabell300Rn01_2024\.xlsx"):
        found("2024")
    del bra.listed["300Rn01-2024"]
    with pytest.raises(SourceRefused, match="is gone"):
        found("2024")


def test_a_page_without_the_element_of_the_links_is_a_changed_layout(bra, found, workbook):
    bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    bra.element = "filer"
    with pytest.raises(LayoutChanged, match="'statfiles'"):
        found("2024")


def test_when_every_page_of_several_years_is_gone_the_site_has_moved(bra, found):
    with pytest.raises(SourceRefused, match="none of the 3 listing pages"):
        found("2022", "2023", "2024")


def test_an_address_without_a_stamp_says_nothing_of_the_time(bra, found, workbook):
    bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    bra.files["/filer/300Rn01-2024.xlsx"] = workbook(5)
    bra.listed["300Rn01-2024"] = ["../../../filer/300Rn01-2024.xlsx#blad"]
    (file,) = found("2024")
    assert file.published_at is None


def test_a_file_held_as_it_is_is_unchanged(bra, found, workbook, store):
    bra.publish("300Rn01-2024.xlsx", workbook(5), STAMP)
    (file,) = found("2024")
    store.put(
        file.content,
        source_id="bra_handled_offences",
        part=file.part,
        periods=file.periods,
        origin="live",
        url=file.url,
        captured_at=datetime(2026, 7, 8, tzinfo=UTC),
        media_type=file.media_type,
        file_name=file.file_name,
        response_headers=file.headers,
    )
    assert found("2024") == [Unchanged("Rn01-2024")]
