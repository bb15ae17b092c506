"""The project's own registry, whole: it reads without fault and holds what the follow-up rests on.

This is the one test of the registry that depends on the files of every other part.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from include.registry.models import HttpFileFetch, PxWebFetch, Registry
from include.registry.read import FOLDER, areas_of, bridge, read, registry

JAMTLAND = ["2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380"]


@pytest.fixture(scope="module")
def real() -> Registry:
    return registry()


def test_sweden_has_21_counties_290_municipalities_and_7_police_regions_today(real: Registry) -> None:
    today = Counter(area.kind for area in real.areas.values() if area.valid_to is None)
    assert today == {"riket": 1, "polisregion": 7, "lan": 21, "kommun": 290}


def test_every_municipality_lies_in_a_county_and_every_county_in_a_police_region(real: Registry) -> None:
    for area in real.areas.values():
        if area.kind == "kommun":
            assert real.areas[area.parent or ""].kind == "lan"
            assert area.code.startswith(area.parent or "")
        if area.kind == "lan":
            assert real.areas[area.police_region or ""].kind == "polisregion"


def test_region_nord_is_the_four_northern_counties(real: Registry) -> None:
    nord = [area.name for area in real.areas.values() if area.police_region == "Rn01"]
    assert nord == ["Västernorrlands län", "Jämtlands län", "Västerbottens län", "Norrbottens län"]


@pytest.mark.parametrize(("day", "code"), [(date(2006, 12, 31), "1917"), (date(2007, 1, 1), "0331")])
def test_heby_lies_in_one_county_at_a_time(real: Registry, day: date, code: str) -> None:
    assert [area.code for area in real.areas.values() if area.name == "Heby" and area.holds_on(day)] == [code]


def test_the_agreement_of_jamtland_is_the_one_that_was_signed(real: Registry) -> None:
    agreement = real.agreements["jamtland"]
    assert (agreement.valid_from, agreement.valid_to) == (date(2020, 11, 27), date(2026, 12, 7))
    assert list(agreement.years()) == [2021, 2022, 2023, 2024, 2025, 2026]
    assert [goal.code for goal in agreement.goal_areas] == ["F", "U", "B", "K", "S"]
    assert [seat.code for seat in agreement.seats] == ["LST", "RJH", "POL", "AKL", "SOCV", "BUTB"]
    assert [area.code for area in areas_of(real, agreement)] == JAMTLAND
    assert [party.area for party in agreement.parties if party.role == "kommun"] == JAMTLAND
    assert [party.code for party in agreement.parties if not party.signatory] == ["BHJ", "CMV", "JOUR_1"]
    assert [(due.edition, due.month, due.day) for due in agreement.editions_of(2021)] == [
        ("preliminary", 3, 15),
        ("final", 9, 30),
    ]
    assert agreement.editions_of(2026)[-1].edition == "closing"


def test_another_county_is_one_agreement_file(tmp_path: Path) -> None:
    """Norrbotten beside Jämtland: only the agreement is written, and the sources ask for its municipalities too."""
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (FOLDER / "agreements" / "jamtland.yaml").read_text(encoding="utf-8")
    kommuner = [line for line in text.splitlines(keepends=True) if "role: kommun" in line]
    for line in kommuner[1:]:
        text = text.replace(line, "")
    text = text.replace("id: jamtland", "id: norrbotten").replace('county: "23"', 'county: "25"')
    text = text.replace("K2303", "K2580").replace('"2303"', '"2580"')
    text = re.sub(r"code: ([A-Z_1]+), role", r"code: \1_25, role", text)  # a party's code is its own
    text = re.sub(r"party: (\w+)", r"party: \1_25", text)
    (tmp_path / "agreements" / "norrbotten.yaml").write_text(text, encoding="utf-8")
    both = read(tmp_path)
    assert len(areas_of(both, both.agreements["norrbotten"])) == 14
    fetch = both.sources["scb_population"].fetch
    assert isinstance(fetch, PxWebFetch)
    assert {"25", "2580", *JAMTLAND} < set(fetch.tables[0].selection["Region"])


def test_each_indicator_of_the_catalogue_follows_a_goal_or_gives_the_context(real: Registry) -> None:
    bridged = {row.indicator for row in bridge(real, real.agreements["jamtland"])}
    assert {i.id for i in real.indicators.values()} == bridged | {
        i.id for i in real.indicators.values() if i.theme == "C"
    }


def test_the_sources_are_asked_for_jamtland_its_stand_in_and_its_benchmark(real: Registry) -> None:
    file = real.sources["bra_handled_offences"].fetch
    tables = real.sources["scb_population"].fetch
    assert isinstance(file, HttpFileFetch)
    assert isinstance(tables, PxWebFetch)
    assert file.areas == {"00": "La", "Rn01": "Rn01"}
    for table in tables.tables:
        assert table.selection["Region"] == ["00", "23", *JAMTLAND]


def test_the_population_tables_follow_each_other_without_gap_and_break_where_the_noise_begins(real: Registry) -> None:
    source = real.sources["scb_population"]
    assert isinstance(source.fetch, PxWebFetch)
    old, by_age, new = source.fetch.tables
    assert (by_age.id, by_age.first_period, by_age.last_period) == (old.id, old.first_period, old.last_period)
    assert int(old.last_period or 0) + 1 == int(new.first_period) == source.breaks[0].year
    assert "TotSa" in new.selection["Kon"], "a noised total is asked for, never added up"


def test_percentages_and_rates_must_not_be_added(real: Registry) -> None:
    for source in real.sources.values():
        for measure in source.measures:
            assert measure.additive == (measure.unit != "procent" and not measure.unit.startswith("per ")), measure.id


def test_reading_the_registry_imports_nothing_heavy() -> None:
    """DAG files read the registry while Airflow parses them."""
    code = "import sys; from include.registry.read import registry; registry(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "numpy", "sqlalchemy", "pyarrow", "airflow", "requests"} & set(done.stdout.split())


def test_an_editor_can_check_the_registry_by_hand() -> None:
    done = subprocess.run([sys.executable, "-m", "include.registry"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("The registry is in order: ")
