"""The bundled answers of SOL: every known figure in SOL's own form, read back as it was read, with its address."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.bundle import reported_offences
from include.bundle.facts import rows
from include.bundle.reported_offences import SOURCE, database_file, put_all, text_export
from include.check.readers import bra_sol
from include.check.readers.bra_areas import area_of
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.registry.read import registry

KNOWN = rows(SOURCE)
COUNT, RATE = f"{SOURCE}.reported", f"{SOURCE}.reported_per_100000"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    made = Archive(str(tmp_path_factory.mktemp("bundle")))
    list(put_all(made))
    return made


@pytest.fixture(scope="module")
def captures(archive: Archive) -> dict[str, Manifest]:
    return {manifest.part: manifest for manifest in archive.manifests(SOURCE)}


@pytest.fixture(scope="module")
def results(archive: Archive, captures: dict[str, Manifest]) -> dict[str, ReadResult]:
    source = registry().sources[SOURCE]
    read = {p: bra_sol.read(archive.read(m.capture_id), m, source, registry()) for p, m in captures.items()}
    for result in read.values():
        assert_identity(result)
    return read


def value(results: dict[str, ReadResult], area: str, year: int, offence: str = "all", part: str = "region") -> object:
    (row,) = [
        row
        for row in results[f"{part}-{year}"].table.to_pylist()
        if (row["area"], row["breakdown"]) == (area, f"offence:{offence}")
    ]
    return (row["value"], row["value_status"], row["status"])


def test_a_capture_for_each_menu_and_year(captures: dict[str, Manifest]) -> None:
    """Seventeen years of the country and its regions, one of the municipalities, each saying honestly what it is."""
    assert set(captures) == {*(f"region-{year}" for year in range(2000, 2017)), "kommun-2021"}
    for part, manifest in captures.items():
        assert manifest.origin == "reconstructed"
        assert "inte hämtad från bra.se" in str(manifest.origin_note)
        assert manifest.periods == [part.split("-")[1]]
        assert manifest.facts
        assert all(address.startswith("https://github.com/") for address in manifest.facts)
    assert len(captures["region-2010"].facts) == 1
    assert len(captures["region-2011"].facts) == 2


def test_every_fact_is_read_back(results: dict[str, ReadResult]) -> None:
    """Each of the known figures stands in the warehouse's table once, with its value, and nothing else does."""
    found = {
        (row["measure"], row["area"], row["period"], row["source_label"]): row["value"]
        for result in results.values()
        for row in result.table.to_pylist()
    }
    expected = {}
    for fact in KNOWN:
        label = " > ".join(filter(None, (fact["parent"], fact["offence"])))
        measure = COUNT if fact["measure"] == "Antal" else RATE
        key = (measure, fact["area"], fact["period"][:4], label)
        figure = None if fact["value"] == ".." else float(fact["value"])
        assert expected.setdefault(key, figure) == figure
    assert found == expected
    assert len(found) == 354
    assert sum(result.table.num_rows for result in results.values()) == 354


def test_the_figures_of_the_county_and_the_country(results: dict[str, ReadResult]) -> None:
    """As read in the copies: the county to 2014, the regions from 2015, ``..`` else; the last year is preliminary."""
    assert [value(results, "23", year) for year in range(2011, 2015)] == [
        (15175, "ok", "F"),
        (13232, "ok", "F"),
        (13332, "ok", "F"),
        (13345, "ok", "F"),
    ]
    assert value(results, "23", 2015) == (None, "missing", "F")
    assert value(results, "23", 2016) == (None, "missing", "P")
    assert value(results, "Rn01", 2014) == (None, "missing", "F")
    assert value(results, "Rn01", 2015) == (97297, "ok", "F")
    assert value(results, "Rn01", 2016) == (98111, "ok", "P")
    assert value(results, "00", 2000) == (1210821, "ok", "F")
    assert value(results, "00", 2015) == (1503399, "ok", "F")
    assert value(results, "00", 2016) == (1502023, "ok", "P")
    assert value(results, "00", 2016, "rape") == (6563, "ok", "P")
    assert value(results, "2380", 2021, "against_life_and_health", "kommun") == (804, "ok", "F")


def test_21_counties_and_7_regions(results: dict[str, ReadResult]) -> None:
    """Every county and police region has its row in each year that is known by region."""
    kinds = {code: area.kind for code, area in registry().areas.items()}
    for year in range(2011, 2017):
        areas = set(results[f"region-{year}"].table["area"].to_pylist())
        assert Counter(kinds[area] for area in areas) == {"riket": 1, "lan": 21, "polisregion": 7}


def test_nothing_is_set_aside_but_the_rows_above(results: dict[str, ReadResult]) -> None:
    """Only the row that SOL brings along above "Utomhus" is no figure of ours."""
    for part, result in results.items():
        codes = result.set_aside["reason_code"].to_pylist()
        assert codes == (["LABEL_NOT_USED"] if part.startswith("region") else [])


def test_every_capture_passes_the_gate(archive: Archive, captures: dict[str, Manifest]) -> None:
    """No bundled answer is refused, and none has a remark."""
    for part in ("region-2000", "region-2014", "region-2016", "kommun-2021"):
        manifest = captures[part]
        examination, fault = examine(archive.read(manifest.capture_id), manifest, registry())
        assert fault is None
        assert [finding.code for finding in examination.findings if not finding.holds] == []


def test_the_forms_are_sols(archive: Archive, captures: dict[str, Manifest]) -> None:
    """ISO-8859-1, a ``;`` at the end of each line of figures, the entity in the text export's heading."""
    flat = archive.read(captures["region-2016"].capture_id).decode("iso-8859-1").split("\n")
    assert flat[:2] == ["Region;Brott;År;Period;Antal", "Hela landet;Totalt antal brott;År;2016 prel.;1502023;"]
    assert "Jämtlands län;Totalt antal brott;År;2016 prel.;..;" in flat
    text = archive.read(captures["kommun-2021"].capture_id).decode("iso-8859-1").split("\n")
    assert text[:5] == [
        "Anmälda brott;Brottsförebyggande rådet",
        ";År;",
        ";2021;",
        ";/100&nbsp;000&nbsp;inv;",
        "Berg kommun;;",
    ]


def test_two_copies_that_differ_are_both_shown_and_none_is_taken(
    archive: Archive, captures: dict[str, Manifest]
) -> None:
    """Of two facts about one figure that disagree both get a row, and the reader sets both aside."""
    fact = next(fact for fact in KNOWN if fact["period"] == "2014" and fact["offence"] == "Totalt antal brott")
    content = database_file([fact, {**fact, "value": "1"}, {**fact, "value": fact["value"]}])
    assert content.count(b"Totalt antal brott") == 2
    result = bra_sol.read(content, captures["region-2014"], registry().sources[SOURCE], registry())
    assert (result.table.num_rows, result.set_aside["reason_code"].to_pylist()) == (0, ["ROWS_DISAGREE"] * 2)


def test_facts_of_different_kinds_do_not_mix() -> None:
    """An answer is about one measure and one year: facts of several are a mistake of ours."""
    with pytest.raises(ValueError, match="expected one"):
        text_export(KNOWN)
    with pytest.raises(ValueError, match="expected one"):
        database_file(KNOWN)


def test_the_facts_are_whole() -> None:
    """360 rows as they were transcribed: each with an address, its area by SOL's label, none without a year."""
    assert len(KNOWN) == 360
    assert Counter(fact["menu"] for fact in KNOWN) == {"region": 344, "kommun": 16}
    assert sum(fact["value"] == ".." for fact in KNOWN) == 78
    for fact in KNOWN:
        assert fact["source_url"].startswith("https://")
        assert area_of(fact["region"]) == fact["area"]
        assert fact["period"].removesuffix(" prel.").isdigit()
    assert {fact["period"] for fact in KNOWN if "prel" in fact["period"]} == {"2016 prel."}
    path = Path(reported_offences.__file__).parent / "facts" / f"{SOURCE}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        assert all(None not in row and None not in row.values() for row in csv.DictReader(file))
