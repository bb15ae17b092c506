"""A table is asked for by every variable, within the server's limits, and the answer is held against the question."""

import json
from datetime import UTC, datetime

import pytest

from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing, Unchanged, jsonstat
from include.archive.fetchers.pxweb import fetch
from include.archive.fetchers.pxweb_query import time_code
from include.archive.run import archive
from include.errors import LayoutChanged, SourceRefused
from include.periods import Period
from tests.servers.local import Reply
from tests.servers.pxweb import dataset


def plain(source):
    """Return the source with each table asked for in one way only."""
    tables = [table for table in source.fetch.tables if table.part is None]
    return source.model_copy(update={"fetch": source.fetch.model_copy(update={"tables": tables})})


@pytest.fixture
def found(registry, store):
    def run(*periods: str, source=None) -> list:
        source = source or plain(registry.sources["scb_population"])
        return list(fetch(source, [Period.parse(p) for p in periods], store, address(source), registry))

    return run


@pytest.fixture
def keep(store):
    def put(file: Fetched):
        return store.put(
            file.content,
            source_id="scb_population",
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


def cells(document: dict) -> dict[tuple[str, ...], object]:
    """Return value and status of each cell by its codes, read as JSON-stat has it."""
    codes = [jsonstat.codes(document, v) for v in document["id"]]
    found = {}
    for place, value in enumerate(document["value"]):
        rest, cell = place, []
        for options in reversed(codes):
            rest, at = divmod(rest, len(options))
            cell.insert(0, options[at])
        found[tuple(cell)] = (value, document.get("status", {}).get(str(place)))
    return found


def test_every_variable_is_sent_and_the_answer_kept_as_received(scb, found, registry):
    (file,) = found("2024")
    assert (file.part, file.periods, file.file_name) == ("TAB638-2024", ["2024"], "TAB638-2024.json")
    (question,) = scb.questions
    assert set(question) == {"Region", "Civilstand", "Alder", "Kon", "ContentsCode", "Tid"}
    assert question["Tid"] == ["2024"]
    assert {"00", "23", "2380"} <= set(question["Region"])
    selection = {**registry.sources["scb_population"].fetch.tables[0].selection, "Tid": ["2024"]}
    assert file.content == json.dumps(dataset("TAB638", selection, scb.updated), ensure_ascii=False).encode()
    assert (file.notes, file.pieces) == ([], [])


def test_each_period_is_asked_of_the_table_that_holds_it(scb, found):
    assert [file.part for file in found("2025", "2024")] == ["TAB5557-2025", "TAB638-2024"]


def test_a_period_that_the_table_does_not_have_yet_is_missing_and_not_asked_for(scb, found):
    assert found("2030") == [Missing("TAB5557-2030", "not published yet")]
    assert scb.questions == []


def test_a_table_not_updated_since_is_not_asked_again_but_one_updated_or_asked_otherwise_is(scb, found, keep, registry):
    keep(found("2024")[0])
    assert found("2024") == [Unchanged("TAB638-2024")]
    assert len(scb.questions) == 1
    source = registry.sources["scb_population"]
    table = source.fetch.tables[0]
    fewer = table.model_copy(update={"selection": {**table.selection, "Region": ["23"]}})
    other = source.model_copy(update={"fetch": source.fetch.model_copy(update={"tables": [fewer]})})
    assert isinstance(found("2024", source=other)[0], Fetched)
    scb.updated = "2026-05-01T06:00:00Z"
    assert isinstance(found("2024")[0], Fetched)


@pytest.mark.parametrize("limit", [1, 7, 20, 100])
def test_a_selection_over_the_limit_is_split_and_joined_to_the_same_cells(scb, found, limit, store, keep):
    whole = cells(json.loads(found("2024")[0].content))
    scb.config["maxDataCells"] = limit
    asked = len(scb.questions)
    (file,) = found("2024")
    joined = json.loads(file.content)
    assert cells(joined) == whole
    jsonstat.demand(joined, scb.questions[0], "joined")
    assert len(scb.questions) - asked == (len(file.pieces) or 1) >= len(whole) / limit
    kept = keep(file)
    assert len(kept.pieces) == len(set(file.pieces))
    assert store.verify() == []


@pytest.mark.scorecard(5, "SCB's word that too much was asked for splits the question; it is no failed log-in")
@pytest.mark.parametrize("status", [400, 403])
def test_the_servers_own_word_that_it_is_too_much_is_believed_over_its_config(scb, found, status):
    scb.real_limit, scb.too_many_status = 20, status
    (file,) = found("2024")
    assert len(file.pieces) > 1
    assert len(file.notes) == 1


def test_a_403_that_is_not_of_the_api_is_refused_and_not_taken_for_too_much(scb, found):
    scb.faults = [Reply(b"<html>Forbidden</html>", 403, {"Content-Type": "text/html"})]
    with pytest.raises(SourceRefused, match="403"):
        found("2024")
    assert len(scb.questions) == 1


def test_missing_marks_stay_with_their_cells_when_answers_are_joined(scb, found, registry):
    source = registry.sources["scb_population"]
    table = source.fetch.tables[0]
    selection = {**table.selection, "Region": ["00", "NA", "23", "2380"], "Kon": ["1", "NA2"]}
    scb.tables["TAB638"] = {**scb.tables["TAB638"], **selection, "Tid": ["2024"]}
    scb.tables["TAB638"]["Kon"] = ["1", "NA2"]
    source = source.model_copy(
        update={
            "fetch": source.fetch.model_copy(update={"tables": [table.model_copy(update={"selection": selection})]})
        }
    )
    whole = cells(json.loads(found("2024", source=source)[0].content))
    assert {status for _, status in whole.values()} == {None, ".."}
    scb.config["maxDataCells"] = 3
    assert cells(json.loads(found("2024", source=source)[0].content)) == whole


def test_a_star_is_split_by_the_codes_that_the_table_has(scb, found, registry):
    source = registry.sources["scb_population"]
    table = source.fetch.tables[0]
    starred = table.model_copy(update={"selection": {**table.selection, "Region": ["*"]}})
    source = source.model_copy(update={"fetch": source.fetch.model_copy(update={"tables": [starred]})})
    scb.config["maxDataCells"] = 16
    document = json.loads(found("2024", source=source)[0].content)
    assert jsonstat.codes(document, "Region") == scb.tables["TAB638"]["Region"]


def test_a_selection_that_cannot_be_split_says_so(scb, found, registry):
    source = registry.sources["scb_population"]
    table = source.fetch.tables[0]
    open_ended = {variable: ["top(1)"] for variable in table.selection} | {"Tid": ["{period}"]}
    source = source.model_copy(
        update={
            "fetch": source.fetch.model_copy(update={"tables": [table.model_copy(update={"selection": open_ended})]})
        }
    )
    scb.config["maxDataCells"] = 2
    with pytest.raises(SourceRefused, match="cannot be split"):
        found("2024", source=source)


def test_a_variable_that_vanishes_from_the_answer_stops_the_run(scb, found):
    scb.drop_variable = "Region"
    with pytest.raises(LayoutChanged, match=r"asked for were .*Region"):
        found("2024")


def test_a_code_that_does_not_come_back_stops_the_run_and_is_named(scb, found):
    scb.drop_code = "2380"
    with pytest.raises(LayoutChanged, match="2380"):
        found("2024")


def test_a_code_or_variable_that_the_table_has_no_longer_stops_before_data_are_asked_for(scb, found):
    scb.tables["TAB638"]["Region"] = [code for code in scb.tables["TAB638"]["Region"] if code != "2380"]
    with pytest.raises(LayoutChanged, match="no Region 2380"):
        found("2024")
    scb.tables["TAB638"]["Ny"] = ["1"]
    with pytest.raises(LayoutChanged, match="Every variable must be selected"):
        found("2024")
    assert scb.questions == []


def test_fewer_values_than_cells_stop_the_run(scb, found, registry):
    selection = {**registry.sources["scb_population"].fetch.tables[0].selection, "Tid": ["2024"]}
    short = dataset("TAB638", selection, scb.updated)
    short["value"].pop()
    scb.faults = [Reply(json.dumps(short).encode(), headers={"Content-Type": "application/json"})]
    with pytest.raises(LayoutChanged, match="values came"):
        found("2024")


def test_a_table_that_is_gone_is_refused_with_what_to_do(scb, found):
    del scb.tables["TAB638"]
    with pytest.raises(SourceRefused, match=r"404 \(Non-existent table\).*registry"):
        found("2024")


def test_429_is_waited_out_and_then_answered(scb, found):
    scb.faults = [Reply(status=429, headers={"Retry-After": "1"})]
    (file,) = found("2024")
    assert isinstance(file, Fetched)
    first, second = [r.at for r in scb.requests if r.method == "POST"]
    assert second - first >= 1


def test_the_calls_are_spread_as_the_server_asks(scb, found, monkeypatch):
    monkeypatch.setattr("include.archive.rate._MARGIN", 1.1)
    scb.config |= {"maxCallsPerTimeWindow": 10, "timeWindow": 2, "maxDataCells": 20}
    found("2024")
    moments = [r.at for r in scb.requests]
    assert len(moments) > 5
    for first, later in zip(moments, moments[3:], strict=False):
        assert later - first > 0.9  # three calls a second is what the registry allows; the server would take five


def test_the_whole_run_archives_tables_and_says_what_is_not_out(scb, store, registry):
    scb.tables["TAB5557"]["Tid"] = []
    result = archive("scb_population", "2026-Q1", "live", None, set(), registry=registry, store=store)
    years = ("2022", "2023", "2024")
    parts = {f"TAB638-{year}{kind}" for year in years for kind in ("", "-age")}
    assert {capture.split("/")[1] for capture in result.new} == parts
    assert result.missing == ["TAB5557-2025"]
    assert "not published yet: TAB5557-2025" in result.reason
    again = archive("scb_population", "2026-Q1", "live", None, set(result.new), registry=registry, store=store)
    assert (again.new, again.unchanged) == ([], 6)
    assert len(scb.questions) == 6


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024", "2024"),
        ("2024-03", "2024M03"),
        ("2024-Q3", "2024K3"),
        ("2024-H2", "2024H2"),
        ("2021/2024", "2021-2024"),
    ],
)
def test_periods_are_written_as_the_statistical_database_writes_them(text, code):
    assert time_code(Period.parse(text)) == code
