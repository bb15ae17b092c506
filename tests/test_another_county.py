"""A second, invented agreement goes the whole way beside the first with no change in code; neither tells of the other.

The example is the overlay ``include/registry/examples/exempellan``, which docs/another_county.md explains.
"""

import ast
import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from include import __main__ as command_line
from include import settings, verbs
from include.archive import deliveries
from include.archive.store import Archive
from include.archive.withdrawals import withdraw
from include.bundle import example_deliveries
from include.errors import DeliveryRefused, RegistryError
from include.load.read import observations
from include.load.run import last_known
from include.orchestration.defaults import pools
from include.registry.delivery import Identity, options
from include.registry.models import Agreement, Registry
from include.registry.read import FOLDER, bridge, forget, read, registry
from include.registry.templates import workbook
from include.verbs import Run
from tests import conftest

PAGE = (settings.ROOT / "docs" / "another_county.md").read_text(encoding="utf-8")
OVERLAY = FOLDER / "examples" / "exempellan"
FIRST, SECOND = "jamtland", "exempellan"
YEARS = (2024, 2025)
RUN = Run(quarter="2026-Q3", read_from="archive", as_of=None, run_id="by-hand")
#: The last that happens in the warehouse is the second county's: what the first one knows does not end with it.
TAKEN_BACK = (f"{SECOND}-K9003-2024", "EXEMPEL", "EXEMPEL: fel år.", datetime(2026, 11, 24, 9, tzinfo=UTC))
WAIVED = {"decision": "waived", "by": "Anna", "reason": "Bara medföljande uppgifter."}

#: Of the bundled captures, those that the first county's release is made of here: some of its parties' about one year,
#: the offences of the country and of the county's stand-in, and the population.
BUNDLED = ("jamtland-LST-2024", "jamtland-K2380-2024", "jamtland-POL-2024", "La-2024", "Rn01-2024", "TAB638-2024")


@pytest.fixture(scope="module")
def both() -> Iterator[Registry]:
    """Let the settings name the overlay, and return the registry of both agreements."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOLLOWUP_REGISTRY_OVERLAYS", str(OVERLAY))
        yield registry()


@pytest.fixture(scope="module")
def second(both: Registry) -> Agreement:
    return both.agreements[SECOND]


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_shows_what_the_example_has() -> None:
    """docs/another_county.md: each piece of YAML stands in the example as it is shown, and the steps are ten."""
    example = (OVERLAY / "agreements" / "exempellan.yaml").read_text(encoding="utf-8")
    pieces = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(pieces) == 7
    lines = example.splitlines()
    for piece in pieces:
        assert [line for line in piece.splitlines() if line not in lines] == []
    assert re.findall(r"^\*\*(\d+)\. ", PAGE, re.MULTILINE) == [str(number) for number in range(1, 11)]


# --- the registry ------------------------------------------------------------------------------------------------


def test_the_overlay_is_read_only_where_the_settings_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOLLOWUP_REGISTRY_OVERLAYS", raising=False)
    assert set(registry().agreements) == {FIRST}
    monkeypatch.setenv("FOLLOWUP_REGISTRY_OVERLAYS", str(OVERLAY.relative_to(settings.ROOT)))
    assert set(registry().agreements) == {FIRST, SECOND}


def test_no_producer_is_asked_about_an_invented_county(both: Registry) -> None:
    assert both.sources == read(FOLDER).sources


def test_the_example_has_what_a_county_needs(both: Registry, second: Agreement) -> None:
    assert second.example_data
    assert list(second.years()) == [2024, 2025, 2026]
    roles = [party.role for party in second.parties]
    assert {"lansstyrelse", "region", "polis", "aklagare"} < set(roles)
    assert roles.count("kommun") == 3
    assert len(second.goals_of(2024)) == 4
    assert "(EXEMPELDATA" in second.title.sv
    assert "(EXEMPELDATA" in second.short_title


def test_a_goal_reworded_in_the_middle_of_a_year_has_one_wording_a_year_and_dated_indicators(
    both: Registry, second: Agreement
) -> None:
    names = {year: {goal.code: goal.name.sv for goal in second.goals_of(year)} for year in YEARS}
    assert names[2024]["U"] == "Fler ska bli sedda"
    assert names[2025]["U"] == "Alla ska bli sedda och få ett tryggt boende"
    assert list(names[2024]) == list(names[2025]) == ["F", "U", "B", "S"]
    column = next(c for sheet in both.extracts["E02"].sheets for c in sheet.columns if c.type == "goal_area")
    assert options(column, second, 2025) == names[2025]
    dated = [row for row in bridge(both, second) if row.indicator in ("TMV-U01", "TMV-U08")]
    assert [(row.indicator, row.valid_from, row.valid_to) for row in dated] == [
        ("TMV-U01", date(2023, 10, 1), date(2025, 6, 30)),
        ("TMV-U01", date(2025, 7, 1), date(2026, 12, 31)),
        ("TMV-U08", date(2025, 7, 1), date(2026, 12, 31)),
    ]


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    return shutil.copytree(OVERLAY, tmp_path / "overlay")


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            lambda o: _replace(o / "agreements/exempellan.yaml", "county:", "lan:"),
            "exempellan.yaml:12: lan: no such key",
        ),
        (lambda o: _replace(o / "agreements/exempellan.yaml", '"9003", name', '"2380", name'), "lies in county 23"),
        (
            lambda o: _replace(o / "codes/areas.csv", "90,Exempellän", "23,Exempellän"),
            "'23' stands already in areas.csv",
        ),
        (lambda o: _replace(o / "codes/breakdowns/seat.csv", "seat:REG", "seat:RJH"), "'seat:RJH' stands already"),
        (lambda o: shutil.copy(FOLDER / "agreements/jamtland.yaml", o / "agreements"), "'jamtland' stands already in"),
        (lambda o: _put(o / "agreement/annat.yaml", "id: annat"), "annat.yaml:1: would not be read"),
        (lambda o: _replace(o / "agreements/exempellan.yaml", "LST_90", "LST"), "'LST' is a party of jamtland"),
        (lambda o: shutil.rmtree(o), "is no folder"),
    ],
    ids=["unknown key", "reference", "area again", "code again", "agreement again", "unread file", "party", "absent"],
)
def test_an_overlay_is_checked_as_the_registry_is_and_only_adds(
    overlay: Path, spoil: Callable[[Path], object], fault: str
) -> None:
    assert SECOND in read(FOLDER, [overlay]).agreements
    spoil(overlay)
    with pytest.raises(RegistryError) as caught:
        read(FOLDER, [overlay])
    assert fault in str(caught.value)


def test_a_file_of_an_overlay_that_changes_is_read_again(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUP_REGISTRY_OVERLAYS", str(overlay))
    assert registry().agreements[SECOND].title.en.startswith("The example")
    _replace(overlay / "agreements/exempellan.yaml", "The example", "An example")
    forget()
    assert registry().agreements[SECOND].title.en.startswith("An example")


def test_airflow_offers_both_agreements_and_no_source_more(both: Registry) -> None:
    """What the DAG files are made from: the agreements to choose and to measure, the days of editions, the pools."""
    from include.orchestration.follow_up import edition_days

    assert sorted(both.agreements) == [SECOND, FIRST]
    assert {"03-15", "09-30", "11-30", "04-01", "10-15", "12-01"} == set(edition_days(both))
    assert pools(both) == pools(read(FOLDER))
    due = verbs.editions_due(datetime(2026, 4, 1, tzinfo=UTC))
    assert [(each.agreement_id, each.year, each.edition) for each in due] == [(SECOND, 2025, "preliminary")]


def test_no_county_stands_in_code(both: Registry) -> None:
    """Names and codes of agreements are data. The bundle's makers are about the county whose captures they make."""
    names = {code for each in both.agreements.values() for code in _codes(each, both)}
    places = [settings.ROOT / folder for folder in ("include", "dags", "plugins")]
    files = [path for place in places for path in place.rglob("*.py") if "bundle" not in path.parts]
    assert len(files) > 150
    assert [
        f"{path.relative_to(settings.ROOT)}:{node.lineno}: {node.value}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    ] == []
    pages = "".join(path.read_text(encoding="utf-8") for path in (FOLDER.parent / "publish/templates").iterdir())
    for agreement in both.agreements.values():
        assert not [name for name in _names(agreement, both) if name in pages]


def _codes(agreement: Agreement, everything: Registry) -> set[str]:
    """Return the codes that are an agreement's own: its id, parties, seats, county, municipalities and stand-ins."""
    places = {area.code for area in everything.areas.values() if agreement.county in (area.code, area.parent)}
    own = {each.code for each in (*agreement.parties, *agreement.seats)}
    return {agreement.id, *places, *own, *agreement.proxies.values()}


# --- what the parties get ----------------------------------------------------------------------------------------


def test_templates_of_the_county_say_its_names_and_that_they_are_invented(
    both: Registry, second: Agreement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["extracts", "templates", SECOND, "2025", "--folder", str(tmp_path)]) == 0
    made = sorted(path.stem for path in tmp_path.glob("*.xlsx"))
    assert made == sorted(
        f"{SECOND}-{party.code}-2025{quarter}"
        for party in second.parties
        for quarter in (["", *(f"-Q{n}" for n in range(1, 5))] if party.role == "region" else [""])
    )
    assert str(tmp_path / f"{SECOND}-LST_90-2025.xlsx") in capsys.readouterr().out
    book = openpyxl.load_workbook(tmp_path / f"{SECOND}-LST_90-2025.xlsx", read_only=True)
    text = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    assert "EXEMPELDATA" in text
    for name in ("Länsstyrelsen i Exempellän", "Exempelfors", "Alla ska bli sedda och få ett tryggt boende"):
        assert name in text
    assert not [name for name in _names(both.agreements[FIRST], both) if name in text]


def test_nothing_about_an_invented_agreement_is_taken_in_as_real(both: Registry, tmp_path: Path) -> None:
    file = tmp_path / "uppgifter.xlsx"
    file.write_bytes(workbook(both, Identity(SECOND, "K9001", "2024"), example="no"))
    with pytest.raises(DeliveryRefused, match="inte märkt EXEMPELDATA"):
        deliveries.recognise(file.read_bytes(), file.name, both)


def _names(agreement: Agreement, everything: Registry) -> set[str]:
    """Return what an agreement is known by: its own names, its county's, municipalities', parties' and goal areas'."""
    places = [area for area in everything.areas.values() if agreement.county in (area.code, area.parent)]
    goals = {name for goal in agreement.goal_areas for name in (goal.name.sv, goal.name.en, goal.text)}
    titles = {agreement.id, agreement.title.sv, agreement.title.en, agreement.short_title}
    # A short name such as Berg stands in other words too; with kommun after it, it is a municipality's.
    short = {area.name for area in places if len(area.name) > len("Krokom")}
    return titles | goals | short | {party.name for party in agreement.parties}


# --- the whole way -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Released:
    """What came of the whole way: the releases' files, what analysts read of them, and what else the warehouse says."""

    files: dict[tuple[str, int], dict[str, bytes]]
    views: dict[str, list[dict[str, Any]]]
    told_of_the_country: set[tuple[str, str]]
    known: dict[str, datetime]


def _whole_way(server: Any, home: Path, releases: list[tuple[str, int]]) -> Released:
    """Archive, check, load, measure and publish in a fresh database, by the registry that the settings name."""
    with pytest.MonkeyPatch.context() as patch, contextmanager(_warehouse)(server, home, patch) as warehouse:
        verbs.migrate()
        verbs.adopt_bundle()
        archive = Archive(settings.archive_url())
        wanted = [m.capture_id for source in registry().sources for m in archive.manifests(source) if m.part in BUNDLED]
        if SECOND in registry().agreements:
            wanted += example_deliveries.bundle(archive, registry(), SECOND, YEARS)
            wanted.append(withdraw(archive, *TAKEN_BACK).capture_id)
        for capture in sorted(wanted):  # the second county's deliveries before the first one's
            assert verbs.take_in(capture, RUN)
        files = {each: _publish(*each) for each in releases}
        with warehouse.engine("bi_reader").connect() as connection:
            views = {
                name: [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM publ.{name}")).mappings()]
                for name in ("indicator_value_v1", "goal_area_v1", "indicator_goal_bridge_v1", "party_v1")
            }
        with warehouse.engine("loader").connect() as connection:
            found = observations(connection, ["E12.asked_share"])
        country = found[found["area"] == "00"]
        return Released(
            files,
            views,
            set(zip(country["period"], country["party"], strict=True)),
            {name: last_known(name) for name, _ in releases},
        )


def _warehouse(server: Any, home: Path, patch: pytest.MonkeyPatch) -> Iterator[conftest.Warehouse]:
    return conftest._database(server, home, patch, template=conftest._TEMPLATE)


def _publish(agreement_id: str, year: int) -> dict[str, bytes]:
    """Measure and publish a year, and return the release's files by their names."""
    verbs.measure(agreement_id, year)
    built = verbs.build(agreement_id, year, "final", None)
    verbs.audit(built.release_id)
    verbs.compare(built.release_id)
    assert verbs.release(built.release_id, WAIVED)
    folder = Path(built.directory)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def alone(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """Return what comes of the first county where there is no other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FOLLOWUP_REGISTRY_OVERLAYS", raising=False)
        return _whole_way(postgres, tmp_path_factory.mktemp("alone"), [(FIRST, 2024)])


@pytest.fixture(scope="module")
def together(both: Registry, postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """Return what comes of both counties in one warehouse."""
    releases = [(SECOND, 2024), (FIRST, 2024), (SECOND, 2025)]
    return _whole_way(postgres, tmp_path_factory.mktemp("both"), releases)


def test_the_first_countys_release_is_the_same_bytes_with_and_without_the_second(
    alone: Released, together: Released
) -> None:
    one, other = alone.files[FIRST, 2024], together.files[FIRST, 2024]
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert alone.known[FIRST] == together.known[FIRST] < together.known[SECOND]
    values = [
        [row for row in released.views["indicator_value_v1"] if row["agreement_id"] == FIRST]
        for released in (alone, together)
    ]
    assert sorted(map(repr, values[0])) == sorted(map(repr, values[1]))


@pytest.mark.parametrize("year", YEARS)
def test_everything_of_the_second_county_says_its_own_names_and_never_the_firsts(
    both: Registry, second: Agreement, together: Released, year: int
) -> None:
    files = {
        name: content.decode("utf-8")
        for name, content in together.files[SECOND, year].items()
        if name.endswith((".html", ".csv", ".json", ".svg"))
    }
    others = _names(both.agreements[FIRST], both)
    assert len(others) > 25
    assert [(name, other) for name, text in files.items() for other in others if other in text] == []
    pages = {name: text for name, text in files.items() if name.endswith(".html")}
    assert len(pages) > 50
    for name, text in pages.items():
        banner = text.partition('<p class="banner">')[2].partition("</p>")[0]
        assert "EXEMPELDATA" in banner, name
        assert ("är påhittade" in banner) != (name == "english.html")
        assert second.short_title in text
        for goal in second.goals_of(year):
            assert goal.name.sv in text, (name, goal.code)
    assert "Exempellän" in pages["TMV-C01.html"]
    assert "Målområde U: " + next(g.name.sv for g in second.goals_of(year) if g.code == "U") in pages["TMV-S04.html"]
    assert "Målområde K" not in pages["TMV-S04.html"]
    assert '"contains_example_data": true' in files["release.json"]


def test_a_goal_reworded_keeps_its_wording_in_the_earlier_release(together: Released) -> None:
    pages = {year: together.files[SECOND, year]["mal-U.html"].decode() for year in YEARS}
    assert "<h1>Fler ska bli sedda</h1>" in pages[2024]
    assert "<h1>Alla ska bli sedda och få ett tryggt boende</h1>" in pages[2025]
    assert ["TMV-U08" in pages[year] for year in YEARS] == [False, True]


def test_what_public_sources_do_not_have_of_the_county_says_why(together: Released) -> None:
    rows = _table(together, 2024, "values")
    of = {(row["indicator_id"], row["area"]): row for row in rows if (row["year"], row["series"]) == ("2024", "all")}
    people, police = of["TMV-C01", "90"], next(r for r in rows if (r["area"], r["year"]) == ("Rn90", "2024"))
    assert people["value"] == ""
    assert people["reason_sv"] == "Statistiska centralbyrån (SCB): inga uppgifter inlästa för Exempellän 2024."
    assert (police["value"], police["obs_status"]) == ("", "missing")
    assert "inga uppgifter inlästa för Polisregion Exempel 2024" in police["reason_sv"]
    assert police["area_name"] == "Polisregion Exempel (står för Exempellän – länets egna siffror publiceras inte)"
    assert float(of["TMV-C01", "00"]["value"]) > 10_000_000, "the country to compare with is the real one"
    assert all(row["value"] or row["reason_sv"] for row in rows)
    why = {row["reason_sv"] for row in rows if row["indicator_id"] == "TMV-B12"}
    assert "Ingen av överenskommelsens parter lämnar uppgiften (E07)." in why
    assert not [reason for reason in why if "Ingen leverans" in reason], "nobody is waited for that does not exist"


def test_who_has_delivered_is_told_of_the_countys_own_parties(second: Agreement, together: Released) -> None:
    deliveries = _table(together, 2025, "deliveries")
    assert {row["party"] for row in deliveries} == {party.code for party in second.parties}
    assert len(deliveries) == 2 * (4 + len(second.parties)), "the region tells of each quarter too"
    said = {row["said_sv"]: f"{SECOND}-{row['party']}-{row['period']}" for row in deliveries}
    assert set(said) == {"lämnad i tid", "återkallad"}
    assert said["återkallad"] == TAKEN_BACK[0]
    assert {row["is_example"] for row in deliveries} == {"true"}
    on_time = [r for r in _table(together, 2025, "values") if (r["indicator_id"], r["year"]) == ("TMV-C04", "2025")]
    assert {row["party"]: (row["numerator"], row["denominator"], row["value"]) for row in on_time} == {
        "-": ("11", "11", "100"),
        **{party.code: ("1", "1", "100") for party in second.parties},
        "REG_90": ("5", "5", "100"),
    }
    assert {row["is_example"] for row in on_time} == {"true"}


def test_the_steering_groups_year_is_the_countys_own(second: Agreement, together: Released) -> None:
    meetings = [r for r in _table(together, 2025, "values") if r["indicator_id"] == "TMV-S01" and r["year"] == "2025"]
    assert {row["series"]: row["value"] for row in meetings} == {"ordinary": "4", "extra": "0"}
    plan = [r for r in _table(together, 2025, "values") if r["indicator_id"] == "TMV-S04" and r["year"] == "2025"]
    assert {row["series"] for row in plan} == {"all", "goal_f", "goal_u", "goal_b", "goal_s"}
    assert all(row["value"] for row in plan)


def test_analysts_find_both_counties_apart(both: Registry, second: Agreement, together: Released) -> None:
    parties = {row["party_code"]: row["name_sv"] for row in together.views["party_v1"]}
    for agreement in both.agreements.values():
        assert {party.code: party.name for party in agreement.parties}.items() <= parties.items()
    goals = {(r["agreement_id"], r["goal_area"]): r for r in together.views["goal_area_v1"]}
    assert [goals[SECOND, goal.code]["name_sv"] for goal in second.goals_of(2025)] == [
        goal.name.sv for goal in second.goals_of(2025)
    ]
    assert (FIRST, "K") in goals
    assert (SECOND, "K") not in goals
    dated = {
        (r["agreement_id"], r["goal_area"], r["indicator_id"]): (r["valid_from"], r["valid_to"])
        for r in together.views["indicator_goal_bridge_v1"]
    }
    assert dated[SECOND, "U", "TMV-U01"] == (date(2023, 10, 1), date(2026, 12, 31)), "a new wording is no new follow-up"
    assert dated[SECOND, "U", "TMV-U08"] == (date(2025, 7, 1), date(2026, 12, 31))
    assert dated[SECOND, "S", "TMV-K01"] == (date(2023, 10, 1), date(2026, 12, 31))
    assert (FIRST, "K", "TMV-K01") in dated


def test_what_both_tell_of_the_country_stands_side_by_side(together: Released) -> None:
    assert together.told_of_the_country == {("2024", "LST"), ("2024", "LST_90"), ("2025", "LST_90")}


def _table(released: Released, year: int, name: str) -> list[dict[str, str]]:
    """Return the rows of a published table of the second county."""
    text = released.files[SECOND, year][f"data/{name}.csv"].decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))
