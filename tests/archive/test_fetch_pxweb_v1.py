"""PxWeb's older API: every variable by name, its own limits and errors, and the same figures as by the newer one."""

import json
from datetime import UTC, datetime

import pytest

from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing
from include.archive.fetchers.pxweb import fetch as fetch_v2
from include.archive.fetchers.pxweb_v1 import fetch
from include.archive.manifest import Manifest, capture_id
from include.archive.parts import expected_parts
from include.archive.run import archive
from include.check.readers import fohm_health_survey, jsonstat2
from include.errors import LayoutChanged, SourceRefused
from include.periods import Period, Quarter, expected_periods
from tests.servers.local import Reply
from tests.servers.pxweb import SCB_LABELS, figure
from tests.servers.pxweb_v1 import FOHM_CODES, FOHM_LABELS, FOHM_PATH, PxWebV1Server, Table, fohm_share

SPAN = "2021/2024"


@pytest.fixture
def fohm(monkeypatch):
    server = PxWebV1Server("/Folkhalsodata/api/v1/sv")
    codes = {variable: list(values) for variable, values in FOHM_CODES.items()}
    server.tables[FOHM_PATH] = Table(codes, FOHM_LABELS, "År", fohm_share)
    with server.running():
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_FOHM", server.url)
        yield server


@pytest.fixture
def found(registry, store):
    def run(*periods: str) -> list:
        source = registry.sources["fohm_health_survey"]
        return list(fetch(source, [Period.parse(p) for p in periods], store, address(source), registry))

    return run


def as_manifest(source: str, file: Fetched, **changes) -> Manifest:
    """Return the manifest that the archive would write of a part."""
    moment, sha256 = datetime(2026, 9, 1, tzinfo=UTC), "0" * 64
    known = {
        "capture_id": capture_id(source, file.part, moment, sha256),
        "source_id": source,
        "part": file.part,
        "periods": file.periods,
        "origin": "live",
        "url": file.url,
        "request": file.request,
        "captured_at": moment,
        "media_type": file.media_type,
        "file_name": file.file_name,
        "sha256": sha256,
        "canonical_sha256": sha256,
        "size": len(file.content),
        "change": "NEW",
    }
    return Manifest(**{**known, **changes})


def figures(registry, file: Fetched) -> dict:
    """Return the figures that the reader finds, by area, sex and measure."""
    source = registry.sources["fohm_health_survey"]
    result = fohm_health_survey.read(file.content, as_manifest(source.id, file), source, registry)
    assert result.set_aside.num_rows == 0
    return {
        (row["area"], row["sex"], row["measure"].partition(".")[2]): (row["value"], row["value_low"], row["value_high"])
        for row in result.table.to_pylist()
    }


def test_every_variable_is_sent_and_the_answer_kept_as_received(fohm, found):
    (file,) = found(SPAN)
    assert (file.part, file.periods) == ("hlv1socxreg-2021_2024", [SPAN])
    (question,) = fohm.questions
    assert question == {
        "Region": ["00", "23"],
        "Sociala relationer": ["01", "09", "15", "20", "45"],
        "Andel och konfidensintervall": ["01", "02", "03"],
        "Kön": ["00", "01", "02"],
        "År": ["2021-2024"],
    }
    assert json.loads(file.content)["size"] == [2, 5, 3, 3, 1, 1]
    assert (file.notes, file.pieces, file.request["format"]) == ([], [], "json-stat2")


def test_a_path_with_swedish_letters_is_asked_for_letter_by_letter(fohm, found, registry, store):
    path = "A_Folkhalsodata/Hälsa på lika villkor/ålder.px"
    fohm.tables[path] = fohm.tables[FOHM_PATH]
    source = registry.sources["fohm_health_survey"]
    table = source.fetch.tables[-1].model_copy(update={"path": path})
    other = source.model_copy(update={"fetch": source.fetch.model_copy(update={"tables": [table]})})
    (file,) = fetch(other, [Period.parse(SPAN)], store, address(other), registry)
    assert isinstance(file, Fetched)
    lower = table.model_copy(update={"path": path.lower()})
    other = source.model_copy(update={"fetch": source.fetch.model_copy(update={"tables": [lower]})})
    with pytest.raises(SourceRefused, match="404"):
        list(fetch(other, [Period.parse(SPAN)], store, address(other), registry))


def test_only_the_means_that_the_producer_has_ever_made_are_expected(registry):
    """2014-2017, 2016-2019 and 2020-2023 never were; a span is expected once its last year has ended."""
    source = registry.sources["fohm_health_survey"]
    source = source.model_copy(update={"release": source.release.model_copy(update={"first_period": "2004/2007"})})
    expected = expected_periods(source, Quarter.parse("2025-Q1"))
    assert [str(period) for period in expected.new] == [SPAN]
    parts = expected_parts(source, [*expected.new, *expected.revisit], registry)
    assert len(parts) == len(set(parts)) == 15
    assert not {"hlv1socxreg-2014_2017", "hlv1socxreg-2016_2019", "hlv1socxreg-2020_2023"} & set(parts)


def test_a_mean_that_is_not_there_yet_is_missing_and_not_asked_for(fohm, found):
    fohm.tables[FOHM_PATH].codes["År"].remove("2021-2024")
    assert found(SPAN) == [Missing("hlv1socxreg-2021_2024", "the table does not have this period (yet)")]
    assert fohm.questions == []


def test_a_time_whose_code_is_a_number_is_found_by_its_label(fohm, found, registry):
    table = fohm.tables[FOHM_PATH]
    table.codes["År"] = ["0", "1"]
    table.labels = {**table.labels, "År": {"0": "2019-2022", "1": "2021-2024"}}
    (file,) = found(SPAN)
    assert fohm.questions[0]["År"] == ["1"]
    assert len(figures(registry, file)) == 2 * 3 * 5


@pytest.mark.scorecard(29, "a year that has vanished from a table is told, and its figures stay")
def test_a_period_that_is_held_and_has_vanished_from_the_table_stops_after_the_rest_is_fetched(fohm, found, store):
    (file,) = found(SPAN)
    store.put(
        file.content,
        captured_at=datetime(2026, 3, 1, tzinfo=UTC),
        origin="live",
        source_id="fohm_health_survey",
        part=file.part,
        periods=file.periods,
        url=file.url,
        media_type=file.media_type,
        file_name=file.file_name,
    )
    fohm.tables[FOHM_PATH].codes["År"].remove("2021-2024")
    with pytest.raises(SourceRefused, match=r"hlv1socxreg-2021_2024.*They stay as they are"):
        found(SPAN, "2019/2022")
    assert fohm.questions[-1]["År"] == ["2019-2022"]


@pytest.mark.scorecard(5, "403 'Too many values selected' of API v1 splits the question; it is no failed log-in")
@pytest.mark.parametrize("form", ["json-stat2", "json"])
def test_too_much_by_the_servers_own_word_is_split_and_joined_to_the_same_figures(fohm, found, registry, form):
    fohm.formats = {form}
    whole = figures(registry, found(SPAN)[0])
    fohm.real_limit = 20
    (file,) = found(SPAN)
    assert figures(registry, file) == whole
    assert len(file.pieces) > 3
    assert any("Joined of" in note for note in file.notes)


def test_the_limits_that_the_server_tells_are_kept(fohm, found):
    fohm.config |= {"maxValues": 40}
    (file,) = found(SPAN)
    sizes = [len(q["Region"]) * len(q["Sociala relationer"]) * 3 * len(q["Kön"]) for q in fohm.questions]
    assert len(file.pieces) == len(sizes) > 2
    assert max(sizes) <= 40


def test_a_server_that_does_not_tell_its_limits_is_asked_all_the_same(fohm, found):
    fohm.config = None
    fohm.real_limit = 10000
    assert isinstance(found(SPAN)[0], Fetched)


def test_a_403_that_is_not_of_the_api_is_refused(fohm, found):
    fohm.faults = [Reply(b"<html>Forbidden</html>", 403, {"Content-Type": "text/html"})]
    with pytest.raises(SourceRefused, match="403"):
        found(SPAN)
    assert len(fohm.questions) == 1


def test_429_is_waited_out_and_then_answered(fohm, found):
    fohm.faults = [Reply(b'{"error":"429"}', 429, {"Retry-After": "1"})]
    assert isinstance(found(SPAN)[0], Fetched)
    first, second = [r.at for r in fohm.requests if r.method == "POST"]
    assert second - first >= 1


def test_a_plain_bad_request_is_refused_before_anything_is_read_as_json(fohm, found):
    fohm.formats = set()
    with pytest.raises(SourceRefused, match="answered 400"):
        found(SPAN)
    assert len(fohm.questions) == 2


def test_a_server_without_json_stat2_gives_the_same_figures_in_its_own_form_with_labels_beside(fohm, found, registry):
    whole = figures(registry, found(SPAN)[0])
    assert whole["23", "K", "violence"] == (
        pytest.approx(share := fohm_share(["23", "15", "01", "01", "2021-2024"])),
        share - 1,
        share + 1,
    )
    fohm.formats = {"json"}
    (file,) = found(SPAN)
    assert figures(registry, file) == whole
    document = json.loads(file.content)
    assert document["variables"][0]["valueTexts"] == ["00 Riket", "23 Jämtlands län"]
    assert document["data"][0]["values"][0].replace(".", "").isdecimal(), "values are kept as the texts they are"
    assert [json.loads(piece).keys() for piece in file.pieces] == [
        {"title", "variables"},
        {"columns", "comments", "data"},
    ]


def test_symbols_stay_literal_in_pxwebs_own_form(fohm, found):
    fohm.formats = {"json"}
    fohm.tables[FOHM_PATH].gaps = {"23 15 01 01 2021-2024": ".."}
    document = json.loads(found(SPAN)[0].content)
    (row,) = [row for row in document["data"] if row["key"] == ["23", "15", "01", "01", "2021-2024"]]
    assert row["values"] == [".."]


def test_a_byte_order_mark_is_no_part_of_the_answer(fohm, found, registry):
    whole = figures(registry, found(SPAN)[0])
    fohm.byte_order_mark = True
    assert figures(registry, found(SPAN)[0]) == whole
    fohm.formats = {"json"}
    assert figures(registry, found(SPAN)[0]) == whole


@pytest.mark.parametrize("form", ["json-stat2", "json"])
def test_an_answer_that_lacks_a_figure_stops(fohm, found, form):
    fohm.formats = {form}
    fohm.drop_row = True
    with pytest.raises(LayoutChanged, match="came"):
        found(SPAN)


def test_a_code_or_variable_that_the_table_has_no_longer_stops_before_figures_are_asked_for(fohm, found):
    table = fohm.tables[FOHM_PATH]
    table.codes["Sociala relationer"].remove("45")
    with pytest.raises(LayoutChanged, match="no Sociala relationer 45"):
        found(SPAN)
    table.codes["Ålder"] = ["16-84"]
    with pytest.raises(LayoutChanged, match="Every variable must be selected"):
        found(SPAN)
    assert fohm.questions == []


@pytest.mark.scorecard(19, "an answer that is as it was gives no new version, and the run says so")
@pytest.mark.parametrize("form", ["json-stat2", "json"])
def test_the_same_answer_again_is_no_new_version_also_when_a_year_has_been_added(fohm, registry, store, form):
    source = registry.sources["fohm_health_survey"]
    source = source.model_copy(update={"release": source.release.model_copy(update={"first_period": "2018/2021"})})
    world = registry.model_copy(update={"sources": {**registry.sources, source.id: source}})
    fohm.formats = {form}
    first = archive(source.id, "2025-Q1", "live", None, set(), registry=world, store=store)
    assert len(first.new) == 3
    fohm.tables[FOHM_PATH].codes["År"].append("2023-2026")
    again = archive(source.id, "2025-Q1", "live", None, set(first.new), registry=world, store=store)
    assert (again.new, again.unchanged, again.missing) == ([], 3, [])
    assert "3 unchanged" in again.reason


# --- the second path to Statistics Sweden ---------------------------------------------------------------------------


@pytest.fixture
def scb_v1(scb, registry, monkeypatch):
    """Return a server of SCB's older API beside the newer one, which holds the same figures."""
    server = PxWebV1Server("/OV0104/v1/doris/sv")
    server.config = {"maxValues": 110000, "maxCells": 150000, "maxCalls": 30, "timeWindow": 10}
    scb.labels = SCB_LABELS | {"Region": {code: area.name for code, area in registry.areas.items()}}
    path = registry.sources["scb_population"].fetch.tables[0].path
    server.tables[path] = Table(scb.tables["TAB638"], scb.labels, "Tid", figure)
    with server.running():
        yield server


def table_of(registry, source, file: Fetched):
    """Return the tidy table of one part, without where its figures stand."""
    result = jsonstat2.read(file.content, as_manifest(source.id, file), source, registry)
    assert result.set_aside.num_rows == 0
    return result.table


@pytest.mark.parametrize("form", ["json-stat2", "json"])
def test_both_paths_to_scb_give_the_same_parts_and_the_same_figures(scb, scb_v1, registry, store, monkeypatch, form):
    """The operator edits one line (api: v2 to api: v1); nothing but the way the figures came is another."""
    scb_v1.formats = {form}
    source = registry.sources["scb_population"]
    periods = [Period.parse("2024")]
    newer = list(fetch_v2(source, periods, store, address(source), registry))
    older_way = source.model_copy(update={"fetch": source.fetch.model_copy(update={"api": "v1"})})
    monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SCB", scb_v1.url)
    older = list(fetch_v2(older_way, periods, store, address(older_way), registry))
    assert [file.part for file in older] == [file.part for file in newer] == ["TAB638-2024", "TAB638-2024-age"]
    for one, other in zip(newer, older, strict=True):
        assert "statistikdatabasen.scb.se" in one.url
        assert "api.scb.se/OV0104/v1/doris/sv/ssd/BE/BE0101/BE0101A/BefolkningNy" in other.url
        assert table_of(registry, older_way, other).equals(table_of(registry, source, one))


def test_a_table_that_the_older_api_lacks_is_told_as_missing_and_not_asked_for(scb_v1, registry, store, monkeypatch):
    source = registry.sources["scb_population"]
    source = source.model_copy(update={"fetch": source.fetch.model_copy(update={"api": "v1"})})
    monkeypatch.setenv("AIRFLOW_CONN_SOURCE_SCB", scb_v1.url)
    found = list(fetch_v2(source, [Period.parse("2025")], store, address(source), registry))
    assert found == [Missing("TAB5557-2025", "the producer's API v1 does not have this table")]
    assert scb_v1.requests == []
