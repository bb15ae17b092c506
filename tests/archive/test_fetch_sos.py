"""Socialstyrelsen's database answers 200 to what it has not understood: each answer is proven against the question."""

import json
from datetime import UTC, datetime

import pytest

from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing
from include.archive.fetchers.sos import fetch
from include.archive.run import archive
from include.errors import LayoutChanged, SourceRefused, SourceUnavailable
from include.periods import Period
from tests.servers.local import Reply
from tests.servers.sos import TOPIC, SosServer, figure

SOURCE = "sos_injuries"


@pytest.fixture
def sos(monkeypatch):
    with SosServer().running() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SOS", server.url)
        yield server


@pytest.fixture
def found(registry, store, sos):
    def run(*periods: str, source=None) -> list:
        source = source or registry.sources[SOURCE]
        return list(fetch(source, [Period.parse(p) for p in periods], store, address(source), registry))

    return run


@pytest.fixture
def asking(registry):
    """Return a function that gives the source with another question."""

    def change(**changes):
        source = registry.sources[SOURCE]
        return source.model_copy(update={"fetch": source.fetch.model_copy(update=changes)})

    return change


@pytest.fixture
def keep(store):
    def put(file: Fetched):
        return store.put(
            file.content,
            source_id=SOURCE,
            part=file.part,
            periods=file.periods,
            origin="live",
            url=file.url,
            captured_at=datetime(2026, 3, 1, tzinfo=UTC),
            media_type=file.media_type,
            file_name=file.file_name,
            request=file.request,
            pieces=file.pieces,
        )

    return put


def test_a_year_is_asked_for_by_every_dimension_one_measure_at_a_time(sos, found):
    (file,) = found("2023")
    assert (file.part, file.periods) == (f"{TOPIC}-2023", ["2023"])
    end = "alder/1,2,3/kon/1,2,3/ar/2023/region/0,23/vardform/SVOV/matt"
    assert sos.questions == [
        f"/api/v1/sv/{TOPIC}/resultat/diagnos/VXY3/{end}/{matt}?per_sida=5000&sida=1" for matt in (6, 7)
    ]


def test_the_content_holds_the_rows_and_the_topics_own_labels_and_the_answers_are_kept(found):
    (file,) = found("2023")
    document = json.loads(file.content)
    assert (document["amne"], document["fraga"]["diagnos"]) == (TOPIC, ["VXY3"])
    assert document["dimensioner"]["diagnos"] == [{"id": "VXY3", "kod": "X85-Y09", "text": "Övergrepp av annan person"}]
    assert [e["text"] for e in document["dimensioner"]["region"]] == ["Riket", "Jämtlands län"]
    received = [row for piece in file.pieces for row in json.loads(piece)["data"]]
    assert len(received) == len(document["data"]) == 2 * (9 + 6)  # nobody of the county is 0-4: three rows less
    assert sorted(map(str, received)) == sorted(map(str, document["data"]))


def test_assault_is_found_by_its_label_whatever_its_id(sos, found):
    sos.dimensions["diagnos"][2] = {"id": 417, "text": "Övergrepp av annan person (X85–Y09)"}
    found("2023")
    assert all("/diagnos/417/" in question for question in sos.questions)


@pytest.mark.scorecard(28, "a code list that changed is noticed, the codes named, nothing guessed")
def test_no_hit_or_several_hits_for_the_label_stop_and_name_them(sos, found):
    sos.dimensions["diagnos"].append({"id": "X85", "text": "X85 Övergrepp genom läkemedel"})
    with pytest.raises(LayoutChanged, match=r"2 of the 4 values of diagnos hold 'X85'.*VXY3 = .*X85 = "):
        found("2023")
    sos.dimensions["diagnos"] = sos.dimensions["diagnos"][:2]
    with pytest.raises(LayoutChanged, match="0 of the 2 values"):
        found("2023")
    assert sos.questions == []


def test_a_wrong_name_of_a_dimension_is_told_before_figures_are_asked_for(sos, found):
    sos.dimensions["yttreorsaksgrupp"] = sos.dimensions.pop("diagnos")
    with pytest.raises(LayoutChanged, match="yttreorsaksgrupp"):
        found("2023")
    assert sos.questions == []


def test_a_dimension_that_the_registry_leaves_out_stops(sos, found):
    sos.dimensions["skadetyp"] = [{"id": 1, "text": "Fraktur"}]
    with pytest.raises(LayoutChanged, match="skadetyp"):
        found("2023")


def test_the_lists_other_name_of_a_dimension_that_filters_by_its_own_is_known(sos, found):
    sos.named = {"diagnos": "yttreorsak"}
    (file,) = found("2023")
    assert json.loads(file.content)["fraga"]["diagnos"] == ["VXY3"]


def test_all_causes_in_place_of_one_are_never_taken_for_an_answer(sos, found):
    """The server ignores a dimension that it does not know, and gives every cause."""
    everything = [
        {"diagnosId": cause, "alderId": 1, "konId": 1, "regionId": 0, "vardformId": "SVOV", "mattId": 6, "ar": "2023"}
        | {"varde": "5"}
        for cause in ("VXY1", "VXY2", "VXY3")
    ]
    page = {"data": everything, "sida": 1, "sidor": 1, "per_sida": 5000, "nasta_sida": None}
    sos.faults = [Reply(json.dumps(page).encode(), headers={"Content-Type": "application/json"})]
    with pytest.raises(LayoutChanged, match="diagnosId 'VXY1'; asked for was VXY3"):
        found("2023")


def test_a_row_divided_by_something_not_asked_by_stops(sos, found):
    row = {
        "diagnosId": "VXY3",
        "alderId": 1,
        "konId": 1,
        "regionId": 0,
        "vardformId": "SVOV",
        "mattId": 6,
        "ar": "2023",
    }
    page = {"data": [row | {"typId": "1", "varde": "5"}], "sida": 1, "sidor": 1, "nasta_sida": None}
    sos.faults = [Reply(json.dumps(page).encode(), headers={"Content-Type": "application/json"})]
    with pytest.raises(LayoutChanged, match="typId"):
        found("2023")


def test_a_measure_whose_label_is_not_the_registrys_stops(sos, found):
    sos.dimensions["matt"][0]["text"] = "Antal vårdtillfällen"
    with pytest.raises(LayoutChanged, match=r"measure 6 .* should be patients"):
        found("2023")


def test_count_and_rate_that_change_places_stop(sos, found):
    first, second, _ = sos.dimensions["matt"]
    first["text"], second["text"] = second["text"], first["text"]
    with pytest.raises(LayoutChanged, match=r"measure 6 .* should be patients"):
        found("2023")


def test_a_region_whose_number_has_another_name_stops(sos, found):
    sos.dimensions["region"][2]["text"] = "Storumans kommun"
    with pytest.raises(LayoutChanged, match=r"0 regions .* are 23 Jämtlands län"):
        found("2023")


@pytest.mark.parametrize("forms", [["SV", "SVOV"], ["*"]])
def test_two_forms_of_care_are_never_one_series(asking, registry, found, forms):
    select = registry.sources[SOURCE].fetch.select | {"vardform": forms}
    with pytest.raises(SourceRefused, match="2 forms of care"):
        found("2023", source=asking(select=select))


# --- pages -------------------------------------------------------------------------------------------------------


def test_all_pages_are_followed_and_the_link_without_tls_is_not(sos, found):
    whole = json.loads(found("2023")[0].content)
    asked = len(sos.questions)
    sos.per_page = 4
    (file,) = found("2023")
    assert json.loads(file.content) == whole
    assert len(file.pieces) == len(sos.questions) - asked == 2 * 4


@pytest.mark.scorecard(17, "the same page twice, or a loop of pages, is seen, and no row is doubled")
def test_a_page_that_comes_twice_is_read_again_and_a_loop_never_ends_in_figures(sos, found):
    whole = json.loads(found("2023")[0].content)
    sos.per_page, sos.same_page = 4, 1
    assert json.loads(found("2023")[0].content) == whole
    sos.same_page = 99
    with pytest.raises((SourceUnavailable, LayoutChanged), match=r"page"):
        found("2023")
    sos.same_page, sos.loops = 0, True
    with pytest.raises(LayoutChanged, match="leads to page 1; expected the one after"):
        found("2023")


@pytest.mark.scorecard(18, "a listing that changes while it is read is read again from its start")
def test_a_row_that_comes_in_between_two_pages_gives_no_row_twice(sos, found):
    whole = json.loads(found("2023")[0].content)
    sos.per_page, sos.grows_after = 4, len(sos.questions) + 1
    (file,) = found("2023")
    assert json.loads(file.content)["data"] == whole["data"]


def test_paging_that_ends_too_early_is_refused(sos, found):
    sos.per_page, sos.stops_early = 4, True
    with pytest.raises(SourceRefused, match=r"3 pages came .* speaks of 4"):
        found("2023")


# --- nothing there -----------------------------------------------------------------------------------------------


def test_a_year_that_the_topic_does_not_list_is_missing_and_not_asked_for(sos, found):
    assert found("2030") == [Missing(f"{TOPIC}-2030", "not published yet")]
    assert sos.questions == []


def test_404_with_everything_still_there_means_no_rows(sos, found):
    sos.faults = [Reply(b"<html/>", 404), Reply(b"<html/>", 404)]
    (missing,) = found("2024")
    assert isinstance(missing, Missing)
    assert "no rows" in missing.reason


def test_404_since_something_is_gone_means_a_wrong_path(sos, found):
    lists = sos.reply

    def gone(request):
        if "/resultat/" in request.path:
            sos.dimensions["vardform"] = [{"id": "SV", "text": "Sluten vård"}]
        return lists(request)

    sos.reply = gone
    with pytest.raises(SourceRefused, match=r"404.*vardform SVOV.*wrong"):
        found("2023")


def test_no_rows_of_a_year_that_we_hold_is_refused(sos, found, keep):
    held = keep(found("2023")[0])
    sos.faults = [Reply(b"<html/>", 404), Reply(b"<html/>", 404)]
    with pytest.raises(SourceRefused, match=held.capture_id):
        found("2023")


def test_a_measure_without_rows_beside_one_with_is_refused(sos, found):
    sos.faults = [Reply(b"<html/>", 404)]
    with pytest.raises(SourceRefused, match="no rows of 2023 for Antal patienter"):
        found("2023")


def test_a_topic_that_is_gone_is_refused_with_what_to_do(asking, found):
    with pytest.raises(SourceRefused, match=r"404.*registry"):
        found("2023", source=asking(topic="finnsinte"))


# --- the whole run -----------------------------------------------------------------------------------------------


def test_the_same_rows_in_another_order_are_no_new_version(sos, found, keep):
    first = keep(found("2023")[0])
    for entries in sos.dimensions.values():
        entries.reverse()
    assert keep(found("2023")[0]).model_copy(update={"change": "NEW"}) == first


def test_a_run_archives_each_year_and_says_what_is_not_out(sos, store, registry):
    result = archive(SOURCE, "2026-Q4", "live", None, set(), registry=registry, store=store)
    assert {capture.split("/")[1] for capture in result.new} == {f"{TOPIC}-{year}" for year in (2022, 2023, 2024)}
    assert result.missing == [f"{TOPIC}-2025"]
    again = archive(SOURCE, "2026-Q4", "live", None, set(result.new), registry=registry, store=store)
    assert (again.new, again.unchanged) == ([], 3)


def test_the_stand_in_adds_up(sos):
    """The server's figures of both sexes are the sum of women and men, so that a test of sums means something."""
    row = {"regionId": 0, "alderId": 2, "ar": "2023"}
    assert figure(row | {"konId": 3}) == figure(row | {"konId": 1}) + figure(row | {"konId": 2})
