"""Totals by municipality in the bundle: real figures, said to be uncertain, two rows set right openly."""

from pathlib import Path

import pytest

from include.archive.store import Archive
from include.bundle import municipal_totals
from include.bundle.facts import rows
from include.check.readers import bra_municipal_csv
from include.check.run import examine
from include.registry.models import Registry

SOURCE = "bra_reported_totals"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


def test_every_fact_has_its_address_and_stands_once() -> None:
    facts = rows(SOURCE)
    assert len({(fact["year"], fact["area"]) for fact in facts}) == len(facts) == 10
    assert all(fact["source_url"].startswith("https://github.com/AugustLinder/") for fact in facts)


def test_the_eight_municipalities_of_jamtland_are_there() -> None:
    known = {fact["area"]: (fact["reported"], fact["reported_per_100000"]) for fact in rows(SOURCE)}
    assert {area for area in known if area.startswith("23")} == {
        *("2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380")
    }
    assert known["2321"] == ("925", "7721")
    assert known["2380"] == ("8309", "12985")


def test_the_file_has_the_layout_of_bras_own_and_says_what_it_is(archive: Archive) -> None:
    (manifest,) = municipal_totals.put_all(archive)
    content = archive.read(manifest.capture_id)
    assert content.startswith(b"\xef\xbb\xbfBergs kommun;480;6748\r\n")
    assert content.count(b"\r\n") == 10
    assert (manifest.part, manifest.periods, manifest.origin) == ("kommuner-2020", ["2020"], "reconstructed")
    assert "inte hämtad från bra.se" in (manifest.origin_note or "")
    assert manifest.facts == [rows(SOURCE)[0]["source_url"]]
    assert manifest.notes[0].startswith(bra_municipal_csv.UNCERTAIN)


def test_rebuilding_gives_the_same_bytes(archive: Archive, tmp_path: Path) -> None:
    other = Archive(str(tmp_path / "other"))
    first, again = list(municipal_totals.put_all(archive)), list(municipal_totals.put_all(other))
    assert first == again
    assert next(municipal_totals.put_all(archive)).change == "UNCHANGED"


def test_a_municipality_that_stands_twice_stops_the_build() -> None:
    fact = rows(SOURCE)[0]
    with pytest.raises(ValueError, match="twice"):
        municipal_totals.file([fact, fact])


def test_it_passes_the_gate_uncertain_and_with_the_exchanged_rows_changed_back(
    archive: Archive, registry: Registry
) -> None:
    (manifest,) = municipal_totals.put_all(archive)
    examination, fault = examine(archive.read(manifest.capture_id), manifest, registry)
    assert fault is None
    assert not examination.refused
    assert [finding.code for finding in examination.findings if not finding.holds] == ["ALL_MUNICIPALITIES"]
    figures = {(row["area"], row["measure"].partition(".")[2]): row for row in examination.table.to_pylist()}
    assert len(figures) == 20
    assert {row["mark"] for (area, _), row in figures.items() if area.startswith("23")} == {"uncertain"}
    swapped = {key: (row["value"], row["mark"]) for key, row in figures.items() if not key[0].startswith("23")}
    assert swapped == {
        ("0767", "reported"): (1347, "wrong_at_source"),
        ("0767", "reported_per_100000"): (12996, "wrong_at_source"),
        ("1463", "reported"): (2978, "wrong_at_source"),
        ("1463", "reported_per_100000"): (8528, "wrong_at_source"),
    }
    assert len(examination.corrections) == 4


def test_the_exchange_shows_in_the_populations_that_the_rows_tell() -> None:
    """The evidence behind the corrections: the row Markaryd tells Mark's population and the other way round."""
    told = {
        fact["area"]: round(int(fact["reported"]) / int(fact["reported_per_100000"]) * 100_000) for fact in rows(SOURCE)
    }
    assert (told["0767"], told["1463"]) == (34_920, 10_365)
    assert told["2321"] == 11_980
