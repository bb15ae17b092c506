"""A link on the listing page is found by its file name, never built; what cannot be is told, not guessed."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing, Unchanged, http_file
from include.archive.fetchers.http_file import fetch
from include.archive.http import LIMITS, Client
from include.errors import LayoutChanged, SourceRefused, SourceUnavailable
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


# --- one file with all areas, a page with the files of all years ---------------------------------------------------

TOTALS = "/statistik/statistik-fran-rattsvasendet/anmalda-brott"
RATES = "/statistik/statistik-fran-rattsvasendet/handlagda-brott"
CSV = "\ufeffKommun;Antal;Per 100 000 inv.\r\nÅre;925;7721\r\n".encode()
PUBLISHED_2026 = 1783421446755  # 7 July 2026
PUBLISHED_2027 = 1807000000000  # 5 April 2027


@pytest.fixture
def totals(registry, store):
    """Return what is found of the totals by municipality."""

    def run(*periods: str) -> list:
        source = registry.sources["bra_reported_totals"]
        return list(fetch(source, [Period.parse(p) for p in periods], store, address(source), registry))

    return run


@pytest.fixture
def rates(registry, store):
    """Return what is found of the file of ten years; what is found is archived, as a run does."""

    def run(*periods: str) -> list:
        source = registry.sources["bra_ten_year_rates"]
        found = []
        for one in fetch(source, [Period.parse(p) for p in periods], store, address(source), registry):
            found.append(one)
            if isinstance(one, Fetched):
                put(store, source.id, one)
        return found

    return run


def put(store, source_id: str, file: Fetched):
    return store.put(
        file.content,
        source_id=source_id,
        part=file.part,
        periods=file.periods,
        origin="live",
        url=file.url,
        captured_at=datetime(2026, 7, 8, tzinfo=UTC),
        media_type=file.media_type,
        file_name=file.file_name,
        response_headers=file.headers,
    )


def downloads(server) -> int:
    return sum(request.path.startswith("/download/") for request in server.requests)


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("anmalda_brott_kommuner_2021.csv", "2021"),
        ("Anmälda brott i kommunerna 2023.csv", "2023"),
        ("Anmalda brott i kommunerna 2023.csv", "2023"),
        ("Anmälda brott kommunerna 2024.csv", "2024"),
        ("Anma\u0308lda brott kommunerna 2025.csv", "2025"),
    ],
)
def test_the_name_differs_every_year_and_is_found_each_time(bra, totals, name, year):
    """All names that are known, with ä percent-encoded, as two signs or as a."""
    bra.publish("Anmälda brott 2015-2024.csv", b"x", STAMP, TOTALS)
    link = bra.publish(name, CSV, STAMP, TOTALS)
    (file,) = totals(year)
    assert (file.part, file.url, file.content, file.media_type) == (f"kommuner-{year}", bra.url + link, CSV, "text/csv")


def test_a_year_that_a_page_of_all_years_does_not_list_is_missing(bra, totals):
    bra.publish("Anmälda brott kommunerna 2024.csv", CSV, STAMP, TOTALS)
    assert [type(found) for found in totals("2022", "2024")] == [Missing, Fetched]
    assert totals("2022") == [Missing("kommuner-2022", "not listed on the page")]


@pytest.mark.scorecard(24, "a file that was renamed stops the run, and the names that are there are told")
def test_a_page_on_which_no_file_is_named_as_known_is_not_taken_for_one_without_news(bra, totals):
    bra.publish("Kommunsiffror 2024.csv", CSV, STAMP, TOTALS)
    with pytest.raises(SourceRefused, match=r"Kommunsiffror 2024\.csv; expected.*correct listing_url or link_pattern"):
        totals("2024")


def test_a_page_of_all_years_that_is_gone_stops_the_run(bra, totals):
    with pytest.raises(SourceRefused, match=r"anmalda-brott is gone"):
        totals("2024")


def test_two_files_of_one_year_stop_the_run(bra, totals):
    bra.publish("Anmälda brott kommunerna 2024.csv", CSV, STAMP, TOTALS)
    bra.publish("anmalda_brott_kommuner_2024.csv", CSV, STAMP, TOTALS)
    with pytest.raises(SourceRefused, match="several files"):
        totals("2024")


def test_a_reconstructed_file_need_not_be_listed(bra, totals, store):
    """The page says nothing about what was not fetched from it."""
    bra.publish("Anmälda brott kommunerna 2024.csv", CSV, STAMP, TOTALS)
    store.put(
        CSV,
        source_id="bra_reported_totals",
        part="kommuner-2020",
        periods=["2020"],
        origin="reconstructed",
        url="https://bra.se/",
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
        media_type="text/csv",
        file_name="anmalda_brott_kommuner_2020.csv",
    )
    assert totals("2020") == [Missing("kommuner-2020", "not listed on the page")]


def test_a_web_page_in_place_of_a_csv_is_not_archived(bra, totals, monkeypatch):
    monkeypatch.setattr(http_file, "Client", partial(Client, limits=replace(LIMITS, attempts=1)))
    bra.publish("Anmälda brott kommunerna 2024.csv", b"<!DOCTYPE html><html>Logga in</html>", STAMP, TOTALS)
    with pytest.raises(SourceUnavailable, match="web page"):
        totals("2024")


# --- one file with many years --------------------------------------------------------------------------------------


def test_a_file_of_many_years_is_fetched_once_and_is_a_part_of_each(bra, rates, workbook, store):
    link = bra.publish("10La_uppklbr_10_ar.xlsx", workbook(1), PUBLISHED_2026, RATES)
    found = rates("2025", "2024", "2016")
    assert [(file.part, file.periods) for file in found] == [
        ("La-2025", ["2025"]),
        ("La-2024", ["2024"]),
        ("La-2016", ["2016"]),
    ]
    assert {(file.url, file.content) for file in found} == {(bra.url + link, workbook(1))}
    assert downloads(bra) == 1
    assert len({manifest.sha256 for manifest in store.manifests("bra_ten_year_rates")}) == 1


def test_years_outside_the_file_are_missing_and_nobody_looks_into_it_for_them(bra, rates, workbook):
    """The stamp of 2026 means the years 2016-2025: 2026 is not out, 2015 has left the file."""
    bra.publish("10La_uppklbr_10_ar.xlsx", workbook(1), PUBLISHED_2026, RATES)
    assert rates("2026") == [Missing("La-2026", "not published yet")]
    assert rates("2015") == [Missing("La-2015", "the file holds the years 2016-2025 only")]
    assert downloads(bra) == 0


def test_a_year_that_has_left_the_file_keeps_what_is_held(bra, rates, workbook, store):
    bra.publish("10La_uppklbr_10_ar.xlsx", workbook(1), PUBLISHED_2026, RATES)
    rates("2016")
    bra.publish("10La_uppklbr_10_ar.xlsx", workbook(2), PUBLISHED_2027, RATES)
    assert [type(found) for found in rates("2026", "2016")] == [Fetched, Missing]
    assert len(store.manifests("bra_ten_year_rates")) == 2


def test_a_file_held_as_it_is_is_asked_for_once_and_unchanged_for_every_year(bra, rates, workbook):
    bra.publish("10La_uppklbr_10_ar.xlsx", workbook(1), PUBLISHED_2026, RATES)
    rates("2025", "2024", "2023")
    assert rates("2025", "2024", "2023") == [Unchanged("La-2025"), Unchanged("La-2024"), Unchanged("La-2023")]
    assert downloads(bra) == 2


def test_a_year_not_held_yet_is_had_from_a_file_that_is_unchanged_for_the_others(bra, rates, workbook):
    bra.publish("10La_uppklbr_10_ar.xlsx", workbook(1), PUBLISHED_2026, RATES)
    rates("2024")
    first, second = rates("2024", "2025")
    assert first == Unchanged("La-2024")
    assert isinstance(second, Fetched)
    assert second.content == workbook(1)


def test_a_file_of_many_years_without_a_stamp_stops_the_run(bra, rates, workbook):
    bra.files["/filer/10La_uppklbr_10_ar.xlsx"] = workbook(1)
    bra.pages[RATES] = ["/filer/10La_uppklbr_10_ar.xlsx"]
    with pytest.raises(LayoutChanged, match="no time stamp"):
        rates("2025")


def test_a_file_of_many_years_that_is_listed_no_longer_stops_the_run(bra, rates, workbook):
    bra.publish("10La_uppklbr_10_ar.xlsx", workbook(1), PUBLISHED_2026, RATES)
    rates("2025")
    bra.pages[RATES] = ["/download/18.ab/1783421446755/10Rn_uppklbr_10_ar.xlsx"]
    with pytest.raises(SourceRefused, match=r"10Rn_uppklbr_10_ar\.xlsx"):
        rates("2025")


@pytest.mark.parametrize("name", ["ntu_lan_2017_2025.xlsx", "NTU 2025 Län.xlsx", "Tabeller NTU 2017-2025 länsvis.xlsx"])
def test_the_county_survey_is_known_by_its_name_however_it_is_written(bra, registry, store, workbook, name):
    page = "/statistik/statistik-fran-enkatundersokningar/nationella-trygghetsundersokningen"
    bra.publish("NTU 2025 Tabeller.xlsx", workbook(1), 1760500000000, page)
    bra.publish(name, workbook(2), 1760500000000, page)
    source = registry.sources["bra_ntu_county"]
    found = list(fetch(source, [Period.parse("2025"), Period.parse("2026")], store, address(source), registry))
    assert found[0].part == "lan-2025"
    assert found[0].content == workbook(2)
    assert found[1] == Missing("lan-2026", "not published yet")
