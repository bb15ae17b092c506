"""Kolada's key figures are asked for by id, 25 at a time and to the last page, and what has vanished is noticed."""

import json
from datetime import UTC, datetime

import pytest

from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing
from include.archive.fetchers.kolada import fetch
from include.archive.run import archive
from include.check.run import check
from include.errors import LayoutChanged, SourceRefused
from include.periods import Period
from tests.servers.kolada import MUNICIPAL, REGIONAL, KoladaServer, cell, row
from tests.servers.local import Reply

JAMTLAND = ["2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380"]
ID = "kolada_kpis"


@pytest.fixture
def source(registry):
    return registry.sources[ID]


@pytest.fixture
def kolada(monkeypatch, source):
    """Return a stand-in with a few figures of 2023 and 2024."""
    server = KoladaServer(source.fetch)
    for year in (2023, 2024):
        server.rows += [
            row("N07402", "2380", year, cell("T", 12.5)),
            row("N07402", "2326", year, cell("T", 0.0)),
            row("N07403", "0023", year, cell("T", 700.25)),
            row("N01460", "0000", year, cell("M", 7.5), cell("T", 7.0), cell("K", 6.5)),
            row("N01461", "0000", year, cell("K", 0.6), cell("T", 0.4), cell("M", 0.7)),
            row("N70608", "0023", year, cell("T", 91.0)),
        ]
    with server.running():
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_KOLADA", server.url)
        yield server


@pytest.fixture
def found(registry, store, source):
    def run(*periods: str, source=source) -> list:
        return list(fetch(source, [Period.parse(p) for p in periods], store, address(source), registry))

    return run


@pytest.fixture
def keep(store):
    """Return a function that archives what was fetched, each time a day later."""
    days = iter(range(1, 29))

    def put(file: Fetched):
        return store.put(
            file.content,
            source_id=ID,
            part=file.part,
            periods=file.periods,
            origin="live",
            url=file.url,
            captured_at=datetime(2026, 4, next(days), tzinfo=UTC),
            media_type=file.media_type,
            file_name=file.file_name,
            request=file.request,
            notes=file.notes,
            withdrawn=file.withdrawn,
            pieces=file.pieces,
        )

    return put


def with_kpis(source, **kpis):
    """Return the source with key figures added."""
    return source.model_copy(update={"fetch": source.fetch.model_copy(update={"kpis": {**source.fetch.kpis, **kpis}})})


# --- the question -----------------------------------------------------------------------------------------------------


def test_a_year_is_one_document_of_catalogue_and_figures_with_the_answers_as_received(kolada, found, store, keep):
    (file,) = found("2024")
    document = json.loads(file.content)
    assert (file.part, file.periods, file.file_name) == ("kpi-2024", ["2024"], "kpi-2024.json")
    assert [r["id"] for r in document["kpi"]] == sorted(kolada.catalogue)
    assert {(r["kpi"], r["municipality"]) for r in document["values"]} == {
        (r["kpi"], r["municipality"]) for r in kolada.rows
    }
    assert {r["period"] for r in document["values"]} == {2024}
    assert len(file.pieces) == len(kolada.requests)
    raw = [r for piece in file.pieces for r in json.loads(piece)["values"] if "kpi" in r]
    assert len(raw) == len(document["values"])
    keep(file)
    assert store.verify() == []


def test_each_kpi_is_asked_for_the_areas_that_have_it(kolada, found):
    """The county is the region 0023, never 23 and never the group of its municipalities."""
    found("2024")
    asked = {kpi: set(areas) for kpis, areas, _ in kolada.questions for kpi in kpis}
    assert {k for k, areas in asked.items() if areas == set(JAMTLAND)} == MUNICIPAL
    assert {k for k, areas in asked.items() if areas == {"0000", "0023"}} == REGIONAL
    assert asked["N07403"] == {"0000", "0023", *JAMTLAND}
    assert set(asked) == set(kolada.catalogue)


def test_no_segment_of_the_path_has_more_than_25_ids(kolada, found, registry, source):
    """34 KPIs and, with another county's municipalities, more than 25 areas: every pair is asked for just once."""
    found("2024")
    kpis = [r.path.split("/")[3].split(",") for r in kolada.requests if r.path.startswith("/v3/kpi/")]
    assert [len(ids) for ids in kpis] == [25, len(source.fetch.kpis) - 25]
    kolada.requests.clear()
    agreement = registry.agreements["jamtland"]
    skane = registry.model_copy(update={"agreements": {"skane": agreement.model_copy(update={"county": "12"})}})
    list(fetch(source, [Period.parse("2024")], _Empty(), address(source), skane))
    assert max(len(ids) for kpis, areas, _ in kolada.questions for ids in (kpis, areas)) == 25
    pairs = [(kpi, area) for kpis, areas, _ in kolada.questions for kpi in kpis for area in areas]
    assert len(pairs) == len(set(pairs))
    assert {area for kpi, area in pairs if kpi == "N07402"} == {c for c, a in skane.areas.items() if a.parent == "12"}


class _Empty:
    """An archive that holds nothing."""

    def latest(self, *_):
        return None


def test_pages_are_followed_by_next_url_to_the_last(kolada, found):
    whole = json.loads(found("2024")[0].content)
    kolada.page_size = 1
    paged = json.loads(found("2024")[0].content)
    assert paged == whole
    assert any("page=6" in r.path for r in kolada.requests)


def test_an_answer_in_the_manner_of_v2_stops_instead_of_ending_after_its_first_page(kolada, found):
    kolada.change = {"next_url": "left out", "next_page": "https://api.kolada.se/v3/kpi?page=2"}
    with pytest.raises(LayoutChanged, match=r"next_page.*expected.*next_url"):
        found("2024")


def test_another_order_of_rows_and_genders_is_no_other_content(kolada, found, keep):
    keep(found("2024")[0])
    kolada.rows = [{**r, "values": r["values"][::-1]} for r in reversed(kolada.rows)]
    kolada.catalogue = dict(reversed(kolada.catalogue.items()))
    assert keep(found("2024")[0]).change == "UNCHANGED"


def test_a_new_date_of_publication_is_no_revision_but_a_new_description_is(kolada, found, keep):
    keep(found("2024")[0])
    kolada.catalogue["N07402"] |= {"publication_date": "2027-03-31", "publ_period": "2026"}
    file = found("2024")[0]
    assert json.loads(file.content)["updated"]["N07402"]["publication_date"] == "2027-03-31"
    assert keep(file).change == "UNCHANGED"
    kolada.catalogue["N07402"]["description"] = "Något annat."
    assert keep(found("2024")[0]).change == "REVISED"


def test_a_year_of_which_nothing_is_out_is_missing_and_one_with_a_few_key_figures_is_there(kolada, found):
    kolada.rows.append(row("N07403", "0000", 2025, cell("T", 1000.0)))
    first, second = found("2026", "2025")
    assert first == Missing("kpi-2026", "not published yet")
    assert [r["kpi"] for r in json.loads(second.content)["values"]] == ["N07403"]


def test_the_catalogue_is_asked_for_once_in_a_run(kolada, found):
    found("2023", "2024")
    assert len([r for r in kolada.requests if r.path.startswith("/v3/kpi/")]) == 2


# --- the answer is proven ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stray",
    [row("N07402", "G33630", 2024, cell("T", 1.0)), row("N00000", "2380", 2024), row("N07402", "2380", 2019)],
    ids=["area", "kpi", "year"],
)
def test_a_row_that_was_not_asked_for_stops_the_run(kolada, found, stray):
    found("2024")
    page = json.dumps({"values": [stray], "count": 1, "next_url": None, "previous_url": None}).encode()
    catalogue = [
        Reply(json.dumps({"values": half, "count": len(half), "next_url": None}).encode())
        for half in _halves(list(kolada.catalogue.values()))
    ]
    kolada.replies = [*catalogue, Reply(page, headers={"Content-Type": "application/json"})]
    with pytest.raises(LayoutChanged, match=f"{stray['kpi']}.*which was not asked for"):
        found("2024")


def _halves(rows):
    ordered = sorted(rows, key=lambda r: r["id"])
    return ordered[:25], ordered[25:]


def test_a_page_that_says_another_number_of_rows_than_it_has_stops_the_run(kolada, found):
    kolada.change = {"count": 3}
    with pytest.raises(LayoutChanged, match="says that it has 3"):
        found("2024")


@pytest.mark.parametrize(
    "bad", [{"kpi": "N07402"}, {"kpi": "N07402", "municipality": "2380", "period": "2024", "values": []}, "N07402"]
)
def test_a_row_in_another_layout_stops_the_run(kolada, found, bad):
    catalogue = [
        Reply(json.dumps({"values": half, "count": len(half), "next_url": None}).encode())
        for half in _halves(list(kolada.catalogue.values()))
    ]
    kolada.replies = [*catalogue, Reply(json.dumps({"values": [bad], "count": 1, "next_url": None}).encode())]
    with pytest.raises(LayoutChanged, match="expected kpi, period, municipality and values by gender"):
        found("2024")


@pytest.mark.parametrize("status", [400, 404, 422])
def test_any_answer_but_200_is_an_error(kolada, found, status):
    kolada.replies = [Reply(b'{"detail": []}', status, {"Content-Type": "application/json"})]
    with pytest.raises(SourceRefused, match=str(status)):
        found("2024")


def test_a_version_of_the_api_that_is_shut_names_the_one_that_is_known(kolada, found, source):
    """Version 2 answers 410 since 31 March 2026."""
    old = source.fetch.model_copy(update={"base_url": "https://api.kolada.se/v2"})
    with pytest.raises(SourceRefused, match=r"410.*https://api\.kolada\.se/v3.*kolada_kpis\.yaml"):
        found("2024", source=source.model_copy(update={"fetch": old}))


def test_an_unknown_type_of_area_stops_the_run(kolada, found):
    kolada.catalogue["N07402"]["municipality_type"] = "Q"
    with pytest.raises(LayoutChanged, match=r"N07402 has the municipality_type 'Q'; expected one of K, L, A"):
        found("2024")


# --- what vanishes ----------------------------------------------------------------------------------------------------


@pytest.mark.scorecard(22, "a key figure that Kolada has taken away and that is held is told as withdrawn")
def test_a_kpi_that_is_gone_and_held_is_told_as_withdrawn_and_the_others_go_on(kolada, found, keep):
    keep(found("2024")[0])
    del kolada.catalogue["N07402"]
    kolada.rows = [r for r in kolada.rows if r["kpi"] != "N07402"]
    file = found("2024")[0]
    assert file.withdrawn == ["reported_gross_violation_woman_rate"]
    assert not [kpi for kpis, _, _ in kolada.questions[-3:] for kpi in kpis if kpi == "N07402"]
    assert {r["kpi"] for r in json.loads(file.content)["values"]} == {"N07403", "N01460", "N01461", "N70608"}
    manifest = keep(file)
    assert (manifest.change, manifest.withdrawn) == ("REVISED", ["reported_gross_violation_woman_rate"])


@pytest.mark.scorecard(22, "a withdrawn key figure stays so in later captures, and returns when Kolada gives it again")
def test_a_withdrawal_lasts_until_the_kpi_comes_back(kolada, found, keep):
    keep(found("2024")[0])
    gone, rows = kolada.catalogue.pop("N07402"), kolada.rows
    kolada.rows = [r for r in rows if r["kpi"] != "N07402"]
    keep(found("2024")[0])
    kolada.rows = [*kolada.rows, row("N07537", "2380", 2024, cell("T", 1.0))]
    assert keep(found("2024")[0]).withdrawn == ["reported_gross_violation_woman_rate"]
    kolada.catalogue["N07402"], kolada.rows = gone, [*rows, *kolada.rows[-1:]]
    assert keep(found("2024")[0]).withdrawn == []


def test_a_year_fetched_for_the_first_time_after_the_withdrawal_has_nothing_withdrawn(kolada, found, keep):
    keep(found("2023")[0])
    del kolada.catalogue["N07402"]
    kolada.rows = [r for r in kolada.rows if r["kpi"] != "N07402"]
    assert found("2024")[0].withdrawn == []


def test_an_uncertainty_that_is_gone_withdraws_no_figure(kolada, found, keep):
    keep(found("2024")[0])
    del kolada.catalogue["N01461"]
    kolada.rows = [r for r in kolada.rows if r["kpi"] != "N01461"]
    assert found("2024")[0].withdrawn == []


def test_a_kpi_that_never_was_is_refused_and_named_with_the_file_to_correct(kolada, found, source, keep):
    keep(found("2024")[0])
    wrong = source.fetch.kpis["N07402"].model_copy(update={"measure": "reported_sexual_offences_rate"})
    with pytest.raises(SourceRefused, match=r"no KPI N99999, .* ever held.*sources/kolada_kpis\.yaml"):
        found("2024", source=with_kpis(source, N99999=wrong))


def test_an_api_that_knows_none_of_the_kpis_is_no_withdrawal_of_them_all(kolada, found, keep):
    keep(found("2024")[0])
    kolada.catalogue.clear()
    with pytest.raises(SourceRefused, match="knows none of the"):
        found("2024")


def test_no_figures_of_a_kpi_that_exists_and_is_held_for_the_year_is_a_failure(kolada, found, keep):
    """Kolada answers many faults with an empty list."""
    keep(found("2024")[0])
    kolada.rows = [r for r in kolada.rows if r["kpi"] != "N07402"]
    with pytest.raises(SourceRefused, match=r"knows N07402 but gave no figure of 2024"):
        found("2024")


def test_an_empty_answer_is_a_failure_where_the_year_is_held(kolada, found, keep):
    keep(found("2024")[0])
    kolada.rows = []
    with pytest.raises(SourceRefused, match="gave no figure of 2024"):
        found("2024")


def test_figures_that_kolada_marks_as_deleted_are_archived_and_no_failure(kolada, found, keep):
    keep(found("2024")[0])
    for r in kolada.rows:
        if r["kpi"] == "N07402":
            r["values"] = [cell("T", None, isdeleted=True)]
    file = keep(found("2024")[0])
    assert file.change == "REVISED"
    assert isinstance(found("2024")[0], Fetched)


# --- a whole run ------------------------------------------------------------------------------------------------------


def test_the_quarter_after_the_year_asks_for_it_and_the_next_finds_what_came_late(kolada, registry, store):
    """The surveys and the reported offences are there in March, the municipalities' survey in June."""
    year = registry.model_copy(
        update={
            "sources": {
                ID: registry.sources[ID].model_copy(
                    update={
                        "release": registry.sources[ID].release.model_copy(update={"first_period": "2024"}),
                    }
                )
            }
        }
    )
    before = archive(ID, "2024-Q4", "live", None, set(), registry=year, store=store)
    assert (before.new, kolada.requests) == ([], [])
    first = archive(ID, "2025-Q1", "live", None, set(), registry=year, store=store)
    assert [c.split("/")[1] for c in first.new] == ["kpi-2024"]
    kolada.rows.append(row("U30750", "2380", 2024, cell("T", 31.5)))
    second = archive(ID, "2025-Q2", "live", None, set(first.new), registry=year, store=store)
    assert [c.split("/")[1] for c in second.new] == ["kpi-2024"]
    third = archive(ID, "2025-Q3", "live", None, {*first.new, *second.new}, registry=year, store=store)
    assert (third.new, third.unchanged) == ([], 1)


def test_what_is_archived_is_read_and_passes_the_gate(kolada, registry, store):
    first = archive(ID, "2025-Q1", "live", None, set(), registry=registry, store=store)
    year = next(capture for capture in first.new if "kpi-2024" in capture)
    result = check(year, dry_run=True, archive=store, registry=registry)
    assert (result.refusal, result.rows_in, result.passed, result.quarantined) == (None, 7, 7, 0)
    assert (result.set_aside, result.warnings) == ({}, [])
