"""Versions of values: as known at a moment, revised openly, and never of small counts."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from include import __main__ as command_line
from include.load.engine import engine
from include.load.read import history as read_history
from include.load.read import observations
from include.load.run import sync_dimensions
from include.measure.listing import listing
from include.measure.vintages import (
    REVISION_COLUMNS,
    known_at,
    public_indicators,
    revised,
    revisions_of,
    summarise,
    total,
    versions,
)
from include.registry.models import Indicator, Series, Text
from include.registry.read import registry as read_registry
from tests.load import samples
from tests.measure.observations import observation

REGISTRY = read_registry()
AGREEMENT = REGISTRY.agreements["jamtland"]
SOURCE = "bra_handled_offences"
PARTNER = "offence:gross_violation_womans_integrity"
NOW = datetime(2026, 7, 7, tzinfo=UTC)
CELLS = {"measure": "E06.placed_adults"}


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def history(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return observations with the time for which each was known: each holds until the next of its key."""
    names = ["measure", "area", "period", "sex", "age", "party", "breakdown"]
    table = pd.DataFrame(list(rows)).sort_values([*names, "known_from"], kind="stable")
    table["known_until"] = table.groupby(names)["known_from"].shift(-1)
    return table.sample(frac=1, random_state=1)  # in no order


def population(value: float | None, since: str, status: str = "F", **what: Any) -> dict[str, Any]:
    plain = {"year": 2023, "area": "23", "status": status, "known_from": at(since)}
    return observation("scb_population.population", value, **(plain | what))


def found(*rows: dict[str, Any], as_of: datetime = NOW, area: str = "23", year: int = 2026) -> pd.DataFrame:
    """Return the versions of the county's population, all ages and both sexes."""
    table = versions(history(*rows), REGISTRY, AGREEMENT, year, as_of)
    mine = (table["indicator_id"] == "TMV-C01") & (table["area"] == area) & (table["sex"] == "T")
    return table[mine].reset_index(drop=True)


TRIANGLE = (
    population(100, "2024-01-15", "P"),
    population(102, "2024-03-15"),
    population(101, "2025-02-15"),
)


def test_the_revision_triangle_of_the_domain_reference():
    """100 preliminary, 102 final, 101 corrected: as of each moment, +1 in all, mean absolute revision 1.5."""
    table = found(*TRIANGLE)
    assert list(table.columns) == REVISION_COLUMNS
    assert table["version"].tolist() == [1, 2, 3]
    assert table["value"].tolist() == [100, 102, 101]
    assert table["preliminary"].tolist() == [True, False, False]
    assert table["change"].tolist()[1:] == [2, -1]
    assert table["cumulative"].tolist()[1:] == [2, 1]
    assert pd.isna(table["change"][0])
    for moment, value in (("2024-02-01", 100), ("2024-06-01", 102), ("2026-07-07", 101)):
        assert known_at(table, at(moment))["value"].tolist() == [value]
    summary = summarise(zip(table["preliminary"], table["value"], strict=True))
    assert (summary.mean_absolute, summary.revisions, summary.to_final, summary.later) == (1.5, 2, 1, 1)


def test_what_became_known_after_the_moment_is_no_part_of_it():
    table = found(*TRIANGLE, as_of=datetime(2024, 6, 1, tzinfo=UTC))
    assert table["value"].tolist() == [100, 102]
    assert found(*TRIANGLE, as_of=datetime(2023, 6, 1, tzinfo=UTC)).empty


def test_loading_the_same_content_again_makes_no_version():
    """The warehouse keeps one run per state; another label or capture with the same figure is no version either."""
    again = population(100, "2024-02-15", "P", source_label="annan benämning", capture_id="s/p/x")
    assert len(found(TRIANGLE[0], again, *TRIANGLE[1:])) == 3
    assert revised(found(TRIANGLE[0], again)).empty


def test_a_figure_that_becomes_final_unchanged_is_a_version_with_change_0():
    table = found(population(100, "2024-01-15", "P"), population(100, "2024-03-15"))
    assert table["change"].tolist()[1:] == [0]
    assert table["preliminary"].tolist() == [True, False]
    assert len(revised(table)) == 2


def test_a_figure_that_is_taken_back_and_comes_again_keeps_its_history():
    gone = population(None, "2024-03-15", value_status="withdrawn")
    table = found(TRIANGLE[0], gone, TRIANGLE[2])
    assert table["value"].tolist()[::2] == [100, 101]
    assert pd.isna(table["value"][1])
    assert table["change"].isna().all()
    assert table["cumulative"].tolist()[2] == 1
    assert summarise(zip(table["preliminary"], table["value"], strict=True)) != summarise([])


def test_what_a_source_has_hidden_since_is_not_told_by_its_earlier_versions():
    hidden = population(None, "2024-03-15", value_status="suppressed")
    assert found(TRIANGLE[0], hidden).empty
    assert len(found(TRIANGLE[0], hidden, TRIANGLE[2])) == 3  # shown again


def test_a_share_is_revised_when_either_of_its_parts_is():
    """A value begins when the last of its parts came: what came piece by piece has one version, and no revision."""

    def of(measure: str, value: float, since: str) -> dict[str, Any]:
        plain = {"year": 2024, "area": "Rn01", "breakdown": PARTNER, "known_from": at(since)}
        return observation(f"{SOURCE}.{measure}", value, **plain)

    first = [of("handled", 80, "2025-04-01"), of("cleared_person", 20, "2025-05-01")]
    assert versions(history(*first), REGISTRY, AGREEMENT, 2025, NOW).empty
    table = versions(history(*first, of("handled", 100, "2026-04-01")), REGISTRY, AGREEMENT, 2025, NOW)
    mine = table[table["indicator_id"] == "TMV-B07"]
    assert len(mine) >= 2
    assert mine["value"].tolist() == [25, 20]
    assert mine["known_from"].tolist() == [at("2025-05-01"), at("2026-04-01")]


def test_only_years_up_to_the_one_asked_for_are_told():
    assert found(*TRIANGLE, year=2022).empty
    assert len(found(*TRIANGLE, year=2023)) == 3


def test_indicators_of_small_counts_have_no_versions():
    """Whatever is revised of them, nothing is told: be it the indicator that says so, or the extract it is made of."""
    rows = [
        observation(
            "E06.placed_adults",
            value,
            year=2024,
            area=party.area,
            party=party.code,
            origin="example",
            known_from=at(since),
        )
        for party in AGREEMENT.parties
        if party.role == "kommun"
        for value, since in ((3, "2025-02-01"), (4, "2025-03-01"))
    ]
    old = REGISTRY.indicators["TMV-U08"].model_dump()
    series = [Series(id="all", label=Text(sv="Alla", en="All"))]
    made = {"status": "active", "not_yet": None, "series": series, "value": "count", "numerator": [CELLS]}

    def of(suppression: str, *, small: bool) -> list[float]:
        indicator = Indicator.model_validate(old | made | {"suppression": suppression})
        extract = REGISTRY.extracts["E06"].model_copy(update={"small_counts": small})
        changed = {"indicators": {"TMV-U08": indicator}, "extracts": REGISTRY.extracts | {"E06": extract}}
        registry = REGISTRY.model_copy(update=changed)
        assert [each.id for each in public_indicators(registry, AGREEMENT)] == (
            [] if small or suppression == "small_counts" else ["TMV-U08"]
        )
        return versions(history(*rows), registry, AGREEMENT, 2026, NOW)["value"].tolist()

    assert of("none", small=False) == [24, 32], "else this test would not look at anything"
    assert of("small_counts", small=True) == of("small_counts", small=False) == of("none", small=True) == []


def test_the_listing_says_of_what_is_hidden_that_it_is_protected_and_nothing_else():
    """Nor does it tell zero from four, or one reason from another."""
    rows = [
        {"value": value, "obs_status": status, "conf_status": conf, "ci_low": 0.4, "ci_high": 9.9, "known_from": NOW}
        | {"series": "all", "area": "23", "party": "-", "sex": "T", "age": "T", "breakdown": "total", "year": 2024}
        | {"first_year": 2022, "decimals": 1, "unit": "procent", "preliminary": True, "is_example": True}
        | {"break_before": True}
        for value, status, conf in (
            (4.0, "suppressed", "suppressed"),
            (0.0, "ok", "suppressed"),
            (float("nan"), "suppressed", "free"),
        )
    ]
    shown = listing(pd.DataFrame(rows))
    assert shown[0] == shown[1] == shown[2]
    assert shown[0] == {
        "year": "2022-2024",
        "series": "all",
        "area": "23",
        "party": "-",
        "value": "skyddad",
        "95 %": "-",
        "unit": "procent",
        "status": "skyddad",
        "known from (UTC)": "-",
    }
    open_row = rows[0] | {"obs_status": "ok", "conf_status": "free"}
    (line,) = listing(pd.DataFrame([open_row]))
    assert (line["value"], line["95 %"]) == ("4.0", "0.4 to 9.9")
    assert line["status"] == "preliminary, EXEMPELDATA, series break before"


def test_a_party_that_delivers_later_revises_the_sum_of_those_that_have():
    """An extract's figures are added up: a further part changes the sum though no figure was revised."""
    rows = [
        observation(
            "E02.meetings_ordinary", value, year=2024, area="23", party=party, known_from=at(since), origin="example"
        )
        for party, value, since in (("LST", 3, "2025-02-01"), ("POL", 2, "2025-02-20"))
    ]
    table = versions(history(*rows), REGISTRY, AGREEMENT, 2025, NOW)
    mine = table[(table["indicator_id"] == "TMV-S01") & (table["series"] == "ordinary")]
    assert mine["value"].tolist() == [3, 5]
    assert mine["is_example"].all()


def test_sizes_are_told_over_several_values_and_only_where_there_are_two_figures():
    both = total([[(True, 10.0), (False, 14.0)], [(False, 5.0), (False, None), (False, 6.0)]])
    assert (both.revisions, both.to_final, both.later, both.mean_absolute) == (3, 1, 2, 4.0)
    assert total([[(True, 10.0)]]).mean_absolute is None
    still = total([[(True, 10.0), (True, 11.0)]])
    assert (still.to_final, still.later, still.again_preliminary) == (0, 0, 1)


def test_what_was_delivered_on_time_has_no_versions():
    """As days pass it becomes another without anything having been revised."""
    assert "TMV-C04" not in {each.id for each in public_indicators(REGISTRY, AGREEMENT)}


# --- in the warehouse --------------------------------------------------------------------------------------------

POPULATION = "scb_population.population"


@pytest.fixture
def counted(warehouse: Any) -> None:
    """Load three versions of the county's population of 2023, the last one first; of 2022 one."""
    sync_dimensions(REGISTRY)
    same = {"measure": POPULATION, "source_label": "Folkmängd"}

    def load(year: int, value: float, since: str, status: str) -> None:
        figures = [same | {"area": "23", "value": value, "period": str(year), "status": status}]
        samples.load(figures, samples.day(since), part=f"23-{year}", source_id="scb_population")

    load(2023, 101, "2025-02-15", "F")
    load(2022, 99, "2023-02-15", "F")
    load(2023, 100, "2024-01-15", "P")
    load(2023, 102, "2024-03-15", "F")


@pytest.mark.postgres
def test_the_history_holds_what_was_known_at_every_moment(counted):
    """Each moment's observations are the versions of the history that held then."""
    with engine("loader").connect() as connection:
        everything = read_history(connection, [POPULATION])
        assert everything["value"].tolist() == [99, 100, 102, 101]
        for moment in ("2023-01-01", "2023-02-15", "2024-02-01", "2024-03-15", "2025-03-01"):
            when = at(moment)
            known = everything[(everything["known_from"] <= when) & ~(everything["known_until"] <= when)]
            then = observations(connection, [POPULATION], when.to_pydatetime())
            pd.testing.assert_frame_equal(known[list(then.columns)].reset_index(drop=True), then)
        assert read_history(connection, ["scb_population.nothing"]).empty


@pytest.mark.postgres
def test_what_the_warehouse_holds_is_told_as_it_was_known(counted):
    """Of the year with versions, each; of the other none; and what came after the moment is not there."""
    with engine("loader").connect() as connection:
        table = revisions_of(connection, REGISTRY, AGREEMENT, 2026, NOW)
        assert table[["indicator_id", "year", "version", "value"]].to_numpy().tolist() == [
            ["TMV-C01", 2023, 1, 100.0],
            ["TMV-C01", 2023, 2, 102.0],
            ["TMV-C01", 2023, 3, 101.0],
        ]
        assert revisions_of(connection, REGISTRY, AGREEMENT, 2022, NOW).empty
        early = revisions_of(connection, REGISTRY, AGREEMENT, 2026, samples.day("2024-06-01"))
        assert early["value"].tolist() == [100, 102]
        assert revisions_of(connection, REGISTRY, AGREEMENT, 2026, samples.day("2024-02-01")).empty


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("moment", "value", "status"),
    [("2024-02-01", "100", "preliminary"), ("2024-06-01T00:00+02:00", "102", "final"), (None, "101", "final")],
)
def test_an_indicator_is_printed_as_it_was_known(counted, capsys, moment, value, status):
    given = ["--as-of", moment] if moment else []
    code = command_line.main(["indicators", "TMV-C01", "--agreement", "jamtland", "--year", "2023", *given])
    assert code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("TMV-C01, jamtland, as known ")
    (mine,) = [line.split() for line in lines if line.split()[:3] == ["2023", "all", "23"]]
    assert mine[4] == value
    assert status in mine


@pytest.mark.postgres
def test_an_indicator_that_is_not_there_is_named(counted, capsys):
    assert command_line.main(["indicators", "TMV-X99", "--agreement", "jamtland"]) == 2
    assert "jamtland has no indicator 'TMV-X99'" in capsys.readouterr().err
    assert command_line.main(["indicators", "TMV-C01", "--agreement", "norrland"]) == 2
    assert "There is no agreement 'norrland'" in capsys.readouterr().err
