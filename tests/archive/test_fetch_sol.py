"""SOL is asked as a browser would, every id is read by its label, and the answer is held against the question."""

import pyarrow.compute as pc
import pytest

from include.archive.addresses import address
from include.archive.fetchers import Fetched, Missing
from include.archive.fetchers import sol as fetcher
from include.archive.fetchers.sol import fetch
from include.archive.fetchers.sol_pages import NO_FIGURE, Row, error_of, plain, read_choices, read_rows, write_rows
from include.archive.http import CERTIFICATES, Client
from include.archive.run import archive
from include.check.readers import bra_sol
from include.check.readers.bra_areas import labels_of
from include.errors import LayoutChanged, SourceRefused, SourceUnavailable
from include.periods import Period
from include.registry import references
from include.registry.models import Source
from tests.servers.local import Reply
from tests.servers.sol import SolServer

PARTNER = "Mot kvinna 18 år eller äldre, Närstående genom parrelation"
OFFENCES = ["Totalt antal brott", "3-7 kap. Brott mot person", "Misshandel inkl. grov (5, 6 §)"]
MEASURES = [{"id": "reported", "label": {"sv": "Anmälda brott", "en": "Reported offences"}, "unit": "brott"}]
#: The areas of menu 101 that the agreement of Jämtland needs, and some of their neighbours in the list.
KOMMUNER = ["2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380"]


def a_source(**fetching) -> Source:
    """Return a source of kind sol with two menus; ``fetching`` changes how it is fetched."""
    menus = [
        {
            "id": "region",
            "menu": 98,
            "first_period": "2010",
            "areas": {"riket": None, "polisregion": None, "lan": "2014"},
            "offences": OFFENCES,
        },
        {"id": "kommun", "menu": 101, "first_period": "2010", "areas": {"kommun": None}, "offences": OFFENCES},
    ]
    return Source.model_validate(
        {
            "id": "bra_reported_offences",
            "title": {"sv": "Anmälda brott", "en": "Reported offences"},
            "producer": "Brå",
            "producer_id": "bra_sol",
            "landing_page": "https://statistik.bra.se/solwebb/action/index",
            "licence": "fri",
            "citation": "Brå",
            "release": {"speaks_in": "year", "first_period": "2010", "lag_days": 85},
            "fetch": {
                "kind": "sol",
                "base_url": "https://statistik.bra.se/solwebb",
                "allowed_hosts": ["statistik.bra.se"],
                "calls_per_second": 1000,
                "menus": menus,
                **fetching,
            },
            "reader": "bra_sol",
            "suite": "bra_reported_offences",
            "measures": MEASURES,
        }
    )


def with_menu(number: int, **changes) -> Source:
    """Return the source with one of its two menus alone, changed."""
    menus = [menu.model_dump() | changes for menu in a_source().fetch.menus if menu.menu == number]
    return a_source(menus=menus)


@pytest.fixture
def sol(monkeypatch):
    labels = ["Ale kommun", "Habo kommun", "Håbo kommun", *(labels_of(code)[0] for code in KOMMUNER), "Åmål kommun"]
    regions = ["Hela landet", "Jämtlands län", "Jönköpings län", "Region Mitt", "Region Nord"]
    server = SolServer({98: regions, 101: labels}, ["2026 prel.", *map(str, range(2025, 2009, -1))])
    with server.running():
        monkeypatch.setenv("AIRFLOW_CONN_SOURCE_BRA_SOL", server.url)
        yield server


@pytest.fixture
def found(registry, store):
    def run(*periods: str, source: Source | None = None) -> list:
        source = source or a_source()
        return list(fetch(source, [Period.parse(p) for p in periods], store, address(source), registry))

    return run


@pytest.fixture
def keep(store):
    def put(file: Fetched, day: int = 1):
        from datetime import UTC, datetime

        return store.put(
            file.content,
            source_id="bra_reported_offences",
            part=file.part,
            periods=file.periods,
            origin="live",
            url=file.url,
            captured_at=datetime(2026, 4, day, tzinfo=UTC),
            media_type=file.media_type,
            file_name=file.file_name,
            request=file.request,
            pieces=file.pieces,
        )

    return put


def rows_of(file: Fetched) -> list[Row]:
    return read_rows(file.content, "the capture")


def steps(server: SolServer) -> list[str]:
    return [request.path.rpartition("/")[2].partition("?")[0] for request in server.requests]


# --- the flow -------------------------------------------------------------------------------------------------------


def test_a_search_is_one_visit_in_the_order_of_the_forms_with_its_cookie(sol, found):
    found("2024", source=with_menu(101))
    assert steps(sol) == ["index", "start", "urval", "vantapopup", "sok", "dbfil"]
    cookies = {request.headers.get("cookie") for request in sol.requests[1:]}
    assert cookies == {"JSESSIONID=T1"}
    assert sol.requests[3].body.startswith(b"brottstyp_id_string=")
    assert sol.requests[3].headers["content-type"] == "application/x-www-form-urlencoded"


def test_each_menu_and_year_is_a_part_with_every_area_and_offence_once_below_its_parents(sol, found):
    region, kommun = found("2024")
    assert [region.part, kommun.part, kommun.periods] == ["region-2024", "kommun-2024", ["2024"]]
    assert kommun.content.startswith("Region;Brott;År;Period;Antal;/100 000 inv\n".encode("iso-8859-1"))
    rows = rows_of(kommun)
    berg = [row for row in rows if row.region == "Berg kommun"]
    assert [row.offence for row in berg] == [
        "Totalt antal brott",
        "Brott mot brottsbalken",
        "3-7 kap. Brott mot person",
        "3 kap. Brott mot liv och hälsa",
        "Misshandel inkl. grov (5, 6 §)",
    ]
    assert [row.empty for row in berg] == [False, True, False, True, False]
    assert len(rows) == 5 * len(KOMMUNER)
    value = sol.figure("Berg kommun", "Totalt antal brott", 2024)
    assert berg[0] == Row("Berg kommun", "Totalt antal brott", "2024", str(value), str(value // 3))


def test_all_years_with_the_same_areas_take_one_search_and_counties_end_in_2014(sol, found):
    files = found("2025", "2015", "2014", "2013", source=with_menu(98))
    assert [file.part for file in files] == ["region-2025", "region-2015", "region-2014", "region-2013"]
    assert [{row.region for row in rows_of(file)} for file in files] == [
        {"Hela landet", "Region Nord"},
        {"Hela landet", "Region Nord"},
        {"Hela landet", "Jämtlands län"},
        {"Hela landet", "Jämtlands län"},
    ]
    assert len(sol.searches) == 2
    assert {row.period for row in rows_of(files[1])} == {"2015"}


def test_every_municipality_can_be_asked_for_and_heby_before_and_after_its_move_is_two(sol, found, registry):
    codes = [area.code for area in registry.areas.values() if area.kind == "kommun"]
    sol.regions[101] = [labels_of(code)[-1] for code in codes]
    sol.years = ["2008", "2007", "2006", "2005"]
    after, before = found("2007", "2006", source=with_menu(101, every_area=True, first_period="2005"))
    assert len({row.region for row in rows_of(after)}) == len({row.region for row in rows_of(before)}) == 290
    assert "Heby kommun (Uppsala län from 2007)" in {row.region for row in rows_of(after)}
    assert "Heby kommun (Västmanlands län tom 2006)" in {row.region for row in rows_of(before)}


@pytest.mark.scorecard(29, "a year that is preliminary only, not there, or listed twice is never taken for a final one")
def test_a_year_that_is_preliminary_only_or_not_listed_is_missing(sol, found):
    assert found("2026", "2027", source=with_menu(101)) == [
        Missing("kommun-2026", "preliminary only"),
        Missing("kommun-2027", "not published yet"),
    ]
    assert sol.searches == []


@pytest.mark.scorecard(29, "a year that is preliminary only, not there, or listed twice is never taken for a final one")
def test_a_year_that_is_listed_twice_stops_the_run(sol, found):
    sol.years.append("2024")
    with pytest.raises(LayoutChanged, match="the year 2024 stands 2 times"):
        found("2024", source=with_menu(101))


@pytest.mark.scorecard(29, "a year that is held and then listed as preliminary, or without figures, is told")
def test_a_year_that_is_held_and_no_longer_final_is_refused_after_the_others_are_yielded(
    sol, found, keep, store, registry
):
    keep(found("2024", source=with_menu(101))[0])
    sol.years[sol.years.index("2024")] = "2024 prel."
    periods = [Period.parse("2024"), Period.parse("2023")]
    coming = fetch(with_menu(101), periods, store, address(a_source()), registry)
    assert next(coming).part == "kommun-2023"
    with pytest.raises(SourceRefused, match=r"kommun-2024/.*\(preliminary only\).*What is held stays"):
        next(coming)


@pytest.mark.scorecard(29, "a year that is held and then listed as preliminary, or without figures, is told")
def test_a_year_without_any_figure_is_missing_unless_figures_are_held(sol, found, keep):
    held = found("2024", source=with_menu(101))[0]
    sol.figure = lambda region, offence, year: None
    assert found("2024", source=with_menu(101)) == [Missing("kommun-2024", "listed without any figure")]
    keep(held)
    with pytest.raises(SourceRefused, match="listed without any figure"):
        found("2024", source=with_menu(101))


def test_ids_of_periods_are_read_anew_each_time(sol, found):
    before = found("2024", source=with_menu(101))[0]
    sol.edition = 3001
    after = found("2024", source=with_menu(101))[0]
    assert before.request["periods"] != after.request["periods"]
    assert before.request["areas"] == after.request["areas"]
    assert before.content == after.content


@pytest.mark.scorecard(18, "a page that changes between searches gives a right answer or stops")
def test_a_page_that_changes_between_two_searches_still_gives_the_right_rows(sol, found):
    """New ids between the searches of one table change nothing, for each search reads its own."""
    whole = found("2024", "2023", source=with_menu(101))

    def changes():
        sol.edition += 13

    sol.on_search = changes
    parts = found("2024", "2023", source=a_source(menus=with_menu(101).fetch.menus, most_cells=20))
    assert [file.content for file in parts] == [file.content for file in whole]
    assert len({search["period_id_string"][0] for search in sol.searches}) > 4


@pytest.mark.scorecard(18, "a page that changes between searches gives a right answer or stops")
def test_a_tree_that_changes_between_two_searches_stops_the_run(sol, found):
    def moves():
        sol.offences = [("Nytt",), *[("Nytt", *path) for path in sol.offences]]

    sol.on_search = moves
    with pytest.raises(LayoutChanged, match="tree of offences changed between two searches"):
        found("2024", source=a_source(menus=with_menu(101).fetch.menus, most_cells=20))


# --- the limit ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most_cells", [12, 17, 60, 100])
def test_more_cells_than_sol_gives_are_asked_for_in_parts_and_joined_to_the_same_text(
    sol, found, keep, store, most_cells
):
    whole = found("2024", "2023", source=with_menu(101))
    assert len(sol.searches) == 1
    sol.most_cells = most_cells
    parts = found("2024", "2023", source=a_source(menus=with_menu(101).fetch.menus, most_cells=most_cells))
    assert [file.content for file in parts] == [file.content for file in whole]
    assert len(sol.searches) - 1 >= len(KOMMUNER) * 3 * 2 * 2 / most_cells
    kept = keep(parts[0])
    assert len(kept.pieces) == len(parts[0].pieces) >= 1
    assert store.verify() == []


def test_a_search_that_sol_finds_too_large_is_refused_with_what_it_said(sol, found):
    sol.most_cells = 10
    with pytest.raises(SourceRefused, match=r"menu 101 \(kommun\).*Tabellen blir för stor \(48 celler\)"):
        found("2024", source=with_menu(101))


# --- labels ---------------------------------------------------------------------------------------------------------


def test_offences_with_the_same_label_are_named_by_path_and_each_stands_below_its_parents(sol, found):
    asked = [f"Olaga hot (5 §), {PARTNER}", "Totalt antal brott", f"Olaga förföljelse (4 b §), {PARTNER}"]
    (file,) = found("2024", source=with_menu(101, offences=asked))
    assert len(sol.searches) == len(file.pieces) == 2
    berg = [row for row in rows_of(file) if row.region == "Berg kommun"]
    assert [row.offence for row in berg] == [
        "Totalt antal brott",
        "Brott mot brottsbalken",
        "3-7 kap. Brott mot person",
        "4 kap. Brott mot frihet och frid",
        "Olaga förföljelse (4 b §)",
        "Mot kvinna 18 år eller äldre",
        "Närstående genom parrelation",
        "Olaga hot (5 §)",
        "Mot kvinna 18 år eller äldre",
        "Närstående genom parrelation",
    ]
    freedom = "Brott mot brottsbalken, 3-7 kap. Brott mot person, 4 kap. Brott mot frihet och frid"
    figures = [
        sol.figure("Berg kommun", f"{freedom}, {offence}, {PARTNER}", 2024)
        for offence in ("Olaga förföljelse (4 b §)", "Olaga hot (5 §)")
    ]
    assert [row.count for row in berg if not row.empty][1:] == [str(figure) for figure in figures]


def test_a_label_that_stands_under_several_parents_is_not_guessed(sol, found):
    with pytest.raises(
        LayoutChanged, match=r"stands 2 times: .*Olaga förföljelse.*Olaga hot.*Name it by more of its path"
    ):
        found("2024", source=with_menu(101, offences=["Mot man 18 år eller äldre"]))
    assert sol.searches == []


def test_a_label_that_is_gone_stops_with_what_is_there(sol, found):
    with pytest.raises(
        LayoutChanged, match=r"offence 'Misshandel \(5 §\)' is not among the \d+ there; nearest .*inkl. grov"
    ):
        found("2024", source=with_menu(101, offences=["Misshandel (5 §)"]))
    sol.regions[101].remove("Härjedalen kommun")
    with pytest.raises(LayoutChanged, match="area 'Härjedalen kommun' is not among"):
        found("2024", source=with_menu(101))


def test_an_area_that_stands_twice_stops_the_run(sol, found):
    sol.regions[101].append("Berg kommun")
    with pytest.raises(LayoutChanged, match=r"area 'Berg kommun' stands 2 times.*sol_areas.csv"):
        found("2024", source=with_menu(101))


def test_two_texts_for_one_offence_stop_the_run(sol, found):
    with pytest.raises(LayoutChanged, match="two texts name the same one"):
        found(
            "2024",
            source=with_menu(
                101, offences=["Totalt antal brott", *OFFENCES[1:], "Brott mot brottsbalken, 3-7 kap. Brott mot person"]
            ),
        )


# --- the answer against the question --------------------------------------------------------------------------------


@pytest.mark.scorecard(30, "an answer that lacks rows is never taken for the whole")
@pytest.mark.parametrize(
    ("drop", "lacking"),
    [
        (lambda row: row[0] == "Åre kommun", "lacks 3 of the 24 rows"),
        (lambda row: row[1].startswith("Misshandel"), "lacks 8 of the 24 rows"),
        (lambda row: row[3] == "2024", "lacks 24 of the 24 rows"),
        (lambda row: row[0] > "Krokom", "lacks 15 of the 24 rows"),
    ],
)
def test_an_answer_that_lacks_an_area_an_offence_a_year_or_half_of_all_stops_the_run(sol, found, drop, lacking):
    sol.drop = drop
    with pytest.raises(LayoutChanged, match=rf"{lacking}.*Nothing of it was archived"):
        found("2024", source=with_menu(101))


def test_ids_that_are_dropped_in_silence_are_noticed(sol, found, monkeypatch):
    """After a comma SOL drops all ids but the first, with status 200."""
    fields = fetcher._Chosen.fields
    monkeypatch.setattr(
        fetcher._Chosen, "fields", lambda self: {name: text.replace("*", ",") for name, text in fields(self).items()}
    )
    with pytest.raises(LayoutChanged, match="lacks 23 of the 24 rows"):
        found("2024", source=with_menu(101))


def test_figures_that_were_not_asked_for_stop_the_run(sol, found, monkeypatch):
    rows = sol._rows

    def more(menu, chosen):
        return [*rows(menu, chosen), ["Habo kommun", "Totalt antal brott", "År", "2024", "7", "7"]]

    monkeypatch.setattr(sol, "_rows", more)
    with pytest.raises(LayoutChanged, match="figures that were not asked for: Habo kommun; Totalt antal brott; 2024"):
        found("2024", source=with_menu(101))


def test_two_figures_for_one_row_stop_the_run(sol, found, monkeypatch):
    rows = sol._rows

    def twice(menu, chosen):
        return [*rows(menu, chosen), ["Berg kommun", "Totalt antal brott", "År", "2024", "7", "7"]]

    monkeypatch.setattr(sol, "_rows", twice)
    with pytest.raises(LayoutChanged, match=r"two figures for Berg kommun; Totalt antal brott; 2024: .* and 7"):
        found("2024", source=with_menu(101))


@pytest.mark.scorecard(24, "a column that is renamed or gone stops before anything is archived")
@pytest.mark.parametrize("header", ["Region;Brott;År;Period;Antal brott;/100 000 inv", "Region;Brott;År;Period;Antal"])
def test_another_header_stops_the_run_and_is_shown(sol, found, header):
    sol.header = header
    with pytest.raises(LayoutChanged, match=r"begins with \['Region', .*expected"):
        found("2024", source=with_menu(101))


def test_a_header_with_entities_is_the_same_header(sol, found):
    """The text that SOL exports has &nbsp; in its header, whose semicolon parts no fields."""
    sol.header = "Region;Brott;År;Period;Antal;/100&nbsp;000&nbsp;inv"
    assert isinstance(found("2024", source=with_menu(101))[0], Fetched)


# --- pages that are something else ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["urval", "vantapopup", "sok", "dbfil"])
def test_a_session_that_is_lost_is_begun_anew(sol, found, step):
    whole = found("2024", source=with_menu(101))[0]
    sol.lose = [step, step]
    assert found("2024", source=with_menu(101))[0].content == whole.content


@pytest.mark.scorecard(14, "an error page with status 200 is never parsed as data, and what it says is told")
@pytest.mark.parametrize("step", ["urval", "vantapopup", "sok", "dbfil"])
def test_a_session_that_is_lost_each_time_is_refused_with_what_sol_said(sol, found, step):
    sol.lose = [step] * 3
    with pytest.raises(SourceRefused, match=r"3 visits in a row with '(En obefintlig menyrad|Sessionen saknas)"):
        found("2024", source=with_menu(101))


@pytest.mark.scorecard(14, "an error page with status 200 is never parsed as data, and what it says is told")
def test_any_other_page_instead_of_the_result_is_refused(sol, found):
    page = b"<html><body><h1>Underh\xe5ll</h1></body></html>"
    sol.raw["dbfil"] = Reply(page, headers={"Content-Type": "text/html"})
    with pytest.raises(SourceRefused, match="a page instead of the databasfil"):
        found("2024", source=with_menu(101))


@pytest.mark.scorecard(24, "a form whose lists are gone or renamed stops, naming the list, what is there and what was")
@pytest.mark.parametrize(
    ("attribute", "name", "said"),
    [
        ("offence_array", "arrayBrott", "no array arrayNivatva; found arrayBrott, "),
        (
            "region_array",
            "arrayOmrade",
            "no array arrayRegionNivaTva or arrayRegionNivaEtt; found arrayNivaett, arrayNiva",
        ),
    ],
)
def test_a_changed_page_of_choices_stops_the_run(sol, found, attribute, name, said):
    setattr(sol, attribute, name)
    with pytest.raises(LayoutChanged, match=f"{said}.*expected arrayNivatva"):
        found("2024", source=with_menu(101))


def test_a_page_without_any_list_stops_the_run(sol, found):
    page = b"<html><body>V\xe4lkommen till nya SOL<select id='region'></select></body></html>"
    sol.raw["urval"] = Reply(page, headers={"Content-Type": "text/html"})
    with pytest.raises(LayoutChanged, match="no array arrayNivatva; found none"):
        found("2024", source=with_menu(101))


@pytest.mark.scorecard(20, "a switch of encoding is noticed, and åäö come through whole")
def test_a_switch_to_utf_8_stops_the_run(sol, found):
    sol.encoding = "utf-8"
    with pytest.raises(LayoutChanged, match="UTF-8; expected ISO-8859-1"):
        found("2024", source=with_menu(101))


@pytest.mark.scorecard(20, "a switch of encoding is noticed, and åäö come through whole")
def test_swedish_names_come_through_whole(sol, found):
    (file,) = found("2024", source=with_menu(101))
    assert {"Åre kommun", "Härjedalen kommun", "Östersund kommun"} <= {row.region for row in rows_of(file)}
    assert "Åre kommun;Misshandel inkl. grov (5, 6 §);År;2024;".encode("iso-8859-1") in file.content


def test_a_run_that_never_ends_is_ended(sol, found, monkeypatch):
    monkeypatch.setattr(fetcher, "DEADLINE_SECONDS", -1)
    with pytest.raises(SourceUnavailable, match="without coming to an end"):
        found("2024", source=with_menu(101))


def test_a_form_answered_with_a_redirect_is_followed_as_a_browser_does(sol, found):
    reply = sol.reply

    def redirecting(request):
        answer = reply(request)
        if request.path.endswith("vantapopup") and request.method == "POST":
            sol.raw["vantat"] = answer
            return Reply(status=302, headers={"Location": "vantat"})
        return answer

    sol.reply = redirecting
    assert isinstance(found("2024", source=with_menu(101))[0], Fetched)
    assert ("GET", "vantat") in {(r.method, r.path.rpartition("/")[2]) for r in sol.requests}


# --- the whole run --------------------------------------------------------------------------------------------------


def test_the_whole_run_archives_every_year_with_its_pieces_and_is_unchanged_the_next_time(sol, store, registry):
    registry = registry.model_copy(update={"sources": {"bra_reported_offences": a_source()}})
    result = archive("bra_reported_offences", "2026-Q1", "live", None, set(), registry=registry, store=store)
    parts = {capture.split("/")[1] for capture in result.new}
    assert parts == {f"{menu}-{year}" for menu in ("region", "kommun") for year in range(2010, 2026)}
    assert result.missing == []
    # Both menus, and menu 98 once more for the years with counties: three visits of six calls.
    assert steps(sol).count("index") == 3
    again = archive("bra_reported_offences", "2026-Q1", "live", None, set(result.new), registry=registry, store=store)
    assert (again.new, again.unchanged) == ([], 32)
    assert store.verify() == []


def test_the_registrys_own_source_finds_every_label_and_takes_few_searches(sol, found, registry):
    """Its areas and offences are on SOL's page as the public catalogues have it, each exactly once."""
    source = registry.sources["bra_reported_offences"]
    files = found(*map(str, range(2011, 2026)), source=source)
    assert len(files) == 2 * 15
    assert all(isinstance(file, Fetched) for file in files)
    for file in files:
        areas = {row.region for row in rows_of(file)}
        asked = [row for row in rows_of(file) if not row.empty]
        assert len(asked) == len(areas) * len(source.fetch.menus[0].offences)
    # Two labels alike, so two lists; menu 98 once with the county and once without.
    assert len(sol.searches) == 6


def test_what_is_archived_is_read_whole(sol, found, keep, registry):
    """The reader takes every figure of a year in which all the offences exist, alike labels below the right parents."""
    source = registry.sources["bra_reported_offences"]
    for file in found("2024", source=source):
        result = bra_sol.read(file.content, keep(file), source, registry)
        assert result.set_aside.num_rows == 0
        assert result.table.num_rows == result.rows_in == 2 * len(rows_of(file))
        partner = result.table.filter(pc.field("breakdown") == "offence:unlawful_threat_partner")
        assert set(partner["value_status"].to_pylist()) == {"ok"}


def test_sol_is_asked_at_the_registrys_pace_and_with_its_certificates(sol, found, monkeypatch):
    asked = []

    def client(*args, **how):
        asked.append(how)
        return Client(*args, **how)

    monkeypatch.setattr(fetcher, "Client", client)
    menus = with_menu(101).fetch.menus
    found("2024", source=a_source(menus=menus, calls_per_second=0.5, certificates="link.pem"))
    assert [(how["calls_per_second"], how["certificates"]) for how in asked] == [(0.5, CERTIFICATES / "link.pem")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"areas": {"lan": "2014-Q1"}}, "'2014-Q1' is no year"),
        ({"offences": ["Totalt antal brott"] * 2}, "the offences 'Totalt antal brott' stands 2 times; expected once"),
        ({"last_period": "2014-01"}, "'2014-01' is no year"),
    ],
)
def test_the_registry_refuses_a_menu_that_cannot_be(registry, change, said):
    source = with_menu(98, **change)
    assert said in [text for _, text in references._source(source, registry)]


# --- the pages themselves -------------------------------------------------------------------------------------------


PAGE = (
    '<html><script>\narrayNivaett[0]="11*Alla";\n'
    'arrayNivatva[0]="11*\\xA0\\xA0Brott &amp; \\"s&aring;dant\\" totalt*11*Brott &amp; \\"s&aring;dant\\"";\n'
    "arrayNivatva[1]='12*\\u00a0Del , av*11*Brott &amp; \\\"s&aring;dant\\\" , Del , av';\n"
    'arrayRegionNivaEtt[0]="8291*Hela landet";\narrayPeriod[0]="{period}";\n</script></html>'
)


def test_escapes_entities_and_all_kinds_of_space_are_read_as_the_signs_they_mean():
    choices = read_choices(PAGE.replace("{period}", "5*2024*289*År, 2024*-1").encode("iso-8859-1"), "SOL")
    assert [(c.label, c.path) for c in choices.offences] == [
        ('Brott & "sådant"', 'Brott & "sådant"'),
        ("Del, av", 'Brott & "sådant", Del, av'),
    ]
    assert choices.offence("Del , av") == choices.offences[1:]
    assert [c.label for c in choices.regions] == ["Hela landet"]
    assert plain("1&nbsp;416\u00a0280 ") == "1 416 280"


@pytest.mark.parametrize(
    ("record", "years"),
    [
        ("5*2024*289*År, 2024*-1", {"2024": ["5"]}),
        ("5*2026 prel.*289*År, 2026 prel.*-1", {"2026 prel.": ["5"]}),
        ("5*2026*289*År, 2026 prel.*-1", {"2026 prel.": ["5"]}),
        ("5*Kvartal 1*333*2026 prel., Kvartal 1*1", {}),
        ("5*Helår*331*2025, Helår*0", {}),
    ],
)
def test_years_are_told_from_other_periods_and_preliminary_ones_from_final(record, years):
    assert read_choices(PAGE.replace("{period}", record).encode("iso-8859-1"), "SOL").years == years


@pytest.mark.parametrize("record", ["5*Tjugohundra*289*År*-1", "fem*2024*289*År*-1", "5"])
def test_a_record_of_another_form_stops_and_is_shown(record):
    with pytest.raises(LayoutChanged, match="arrayPeriod holds"):
        read_choices(PAGE.replace("{period}", record).encode("iso-8859-1"), "SOL")


@pytest.mark.parametrize(
    "end", ["Berg kommun;Totalt antal brott;År;2024;142;13", "Berg kommun;Totalt", "Berg;T;År;2024;1;2;3;"]
)
def test_a_row_that_breaks_off_is_none(end):
    """A figure that is cut (13 of 135) has fields enough, but not the semicolon that ends each row."""
    text = f"Region;Brott;År;Period;Antal;/100 000 inv\nBerg kommun;Totalt antal brott;År;2023;142;135;\n{end}"
    with pytest.raises(LayoutChanged, match="row 3 of the databasfil has"):
        read_rows(text.encode("iso-8859-1"), "SOL")


def test_months_are_no_years():
    text = "Region;Brott;År;Period;Antal;/100 000 inv\nBerg kommun;Totalt antal brott;2024;Aug;142;135;\n"
    with pytest.raises(LayoutChanged, match="row 2 of the databasfil is about '2024'"):
        read_rows(text.encode("iso-8859-1"), "SOL")


def test_rows_are_written_as_they_are_read():
    rows = [
        Row("Åre kommun", "Olaga hot (5 §)", "2024", "12", "98"),
        Row("Åre kommun", "X", "2024", NO_FIGURE, NO_FIGURE),
    ]
    assert read_rows(write_rows(rows), "SOL") == rows


def test_a_page_that_only_speaks_of_errors_in_its_script_is_no_error():
    assert error_of(b"<html><script>alert('Felmeddelande: ...')</script><p>Resultat</p></html>") is None
    assert error_of(b"<html><p>Felmeddelande:&nbsp;F\xf6r stor</p></html>") == "För stor"
