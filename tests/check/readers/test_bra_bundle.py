"""Every figure of the bundled workbooks comes out of the reader as it went in, and what is derived is right."""

from itertools import pairwise

import pytest

from include import settings
from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.bundle.facts import rows
from include.bundle.table_300 import XLS_COLUMNS
from include.check.identities_bra import columns, identities
from include.check.readers import bra_table_300
from include.check.readers.bra_labels import label_book
from include.check.tidy import ReadResult, assert_identity
from include.registry.read import registry

ARCHIVE = Archive(settings.bundle_url())
SOURCE = registry().sources["bra_handled_offences"]
MANIFESTS = ARCHIVE.manifests("bra_handled_offences")
Key = tuple[str, str, str, str]


def read(manifest: Manifest) -> ReadResult:
    result = bra_table_300.read(ARCHIVE.read(manifest.capture_id), manifest, SOURCE, registry())
    assert_identity(result)
    return result


def latest(part: str) -> Manifest:
    manifest = ARCHIVE.latest("bra_handled_offences", part)
    assert manifest
    return manifest


def by_key(result: ReadResult) -> dict[Key, tuple[float | None, str, str]]:
    """Return value, status and mark by offence, sex, age and measure."""
    return {
        (row["breakdown"].removeprefix("offence:"), row["sex"], row["age"], row["measure"].partition(".")[2]): (
            row["value"],
            row["value_status"],
            row["mark"],
        )
        for row in result.table.to_pylist()
    }


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.part)
def test_every_printed_figure_comes_out(manifest: Manifest) -> None:
    area, year = manifest.part.split("-")
    facts = [fact for fact in rows("bra_handled_offences") if (fact["area"], fact["year"]) == (area, year)]
    given = sorted(
        (measure, float(fact[measure])) for fact in facts for measure in XLS_COLUMNS.values() if fact[measure]
    )
    result = read(manifest)
    read_back = sorted(
        (row["measure"].partition(".")[2], row["value"] or 0.0)
        for row in result.table.to_pylist()
        if row["mark"] == "direct"
    )
    assert read_back == given
    assert len(by_key(result)) == result.table.num_rows, "one figure per key"
    assert {row["reason_code"] for row in result.set_aside.to_pylist()} <= {"LABEL_FIRST_HALF"}
    assert set(result.table["area"].to_pylist()) == {{"La": "00"}.get(area, area)}
    assert set(result.table["period"].to_pylist()) == {year}
    assert set(result.table["status"].to_pylist()) == {"F"}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.part)
def test_the_identities_of_the_percentages_hold(manifest: Manifest) -> None:
    frame = read(manifest).table.to_pandas()
    for identity in identities(SOURCE, columns()):
        residual = identity.residual(frame).abs()
        assert not (residual > identity.tolerance).any(), identity.code
        if identity.code in ("CLEARANCE_RATE", "PROSECUTION_RATE", "PROSECUTION_BASE"):
            assert residual.notna().sum() > 10, f"{identity.code} was not tried"


def test_an_identity_that_does_not_hold_is_seen() -> None:
    frame = read(latest("Rn01-2019")).table.to_pandas()
    wrong = (frame["measure"] == "bra_handled_offences.cleared_person") & (frame["breakdown"] == "offence:rape_partner")
    frame.loc[wrong, "value"] += 1
    found = {
        identity.code
        for identity in identities(SOURCE, columns())
        if (identity.residual(frame).abs() > identity.tolerance).any()
    }
    assert found == {"CLEARED_SUM", "INVESTIGATED_SUM", "CLEARANCE_RATE", "PROSECUTION_RATE"}


def test_recovered_counts_are_those_that_bra_prints_on_its_second_sheet() -> None:
    """Sheet 300 b of the country's file for 2025 (not in the bundle) prints what is recovered from the percentages:
    cleared 189 908 and limited 80 455 of all, 31 016 and 10 632 of offences against the person."""
    figures = by_key(read(latest("La-2025")))
    assert figures["all", "T", "T", "cleared_person"] == (189_908, "ok", "derived")
    assert figures["all", "T", "T", "prosecution_base"] == (757_117 - 80_455, "ok", "derived")
    assert figures["against_person", "T", "T", "cleared_person"] == (31_016, "ok", "derived")
    assert figures["against_person", "T", "T", "prosecution_base"] == (218_392 - 10_632, "ok", "derived")


def test_offence_sex_and_age_of_known_rows() -> None:
    """Handled offences of region Nord, as read by hand in the table."""
    expected = {
        ("2015", "assault_close_relation_indoor", "K", "18+"): 1183,
        ("2018", "assault_close_relation", "K", "18+"): 1164,
        ("2018", "assault_close_relation_indoor", "K", "18+"): 1037,
        ("2019", "assault_partner", "K", "18+"): 896,
        ("2019", "assault_partner", "M", "18+"): 194,
        ("2019", "rape_partner", "K", "18+"): 69,
        ("2019", "purchase_sexual_act_child", "T", "T"): 161,
        ("2020", "unlawful_threat_partner", "K", "18+"): 554,
        ("2020", "attempted_homicide_partner", "K", "18+"): 3,
        ("2021", "gross_violation_womans_integrity", "T", "T"): 90,
        ("2023", "homicide_incl_fatal_assault", "K", "T"): 9,
        ("2024", "unlawful_coercion", "K", "18+"): 21,
        ("2025", "assault", "K", "18+"): 2803,
        ("2025", "assault_partner", "K", "18+"): 1578,
        ("2025", "honour_oppression", "T", "T"): 6,
        ("2025", "purchase_sexual_act", "T", "T"): 110,
    }
    for (year, offence, sex, age), value in expected.items():
        figures = by_key(read(latest(f"Rn01-{year}")))
        assert figures[offence, sex, age, "handled"][0] == value, (year, offence)


def test_the_parts_of_a_purchase_of_sexual_services_case_are_told() -> None:
    figures = by_key(read(latest("Rn01-2018")))
    row = {measure: figures["purchase_sexual_act", "T", "T", measure][0] for measure in ("cleared_person", "handled")}
    assert row == {"cleared_person": 68, "handled": 101}
    assert figures["purchase_sexual_act", "T", "T", "cleared_summary_penalty"][0] == 61
    assert figures["purchase_sexual_act", "T", "T", "prosecution_base"][2] == "derived"


def test_a_rate_of_nothing_is_not_applicable_and_an_unknown_base_is_missing() -> None:
    """Region Nord 2024: no honour-based oppression was handled; trafficking was, but nothing was cleared."""
    figures = by_key(read(latest("Rn01-2024")))
    assert figures["honour_oppression", "T", "T", "handled"] == (0, "ok", "direct")
    assert figures["honour_oppression", "T", "T", "clearance_rate_printed"] == (None, "not_applicable", "direct")
    assert figures["honour_oppression", "T", "T", "prosecution_rate_printed"] == (None, "not_applicable", "direct")
    assert figures["honour_oppression", "T", "T", "prosecution_base"] == (0, "ok", "derived")
    assert figures["trafficking", "T", "T", "cleared_person"] == (0, "ok", "derived")
    assert figures["trafficking", "T", "T", "prosecution_rate_printed"] == (0, "ok", "direct")
    assert figures["trafficking", "T", "T", "prosecution_base"] == (None, "missing", "derived")


def test_remarks_of_the_transcription_travel_with_the_capture() -> None:
    notes = " ".join(read(latest("Rn01-2019")).notes)
    assert "250 handlagda brott i raden ovanför står inte under någon underrad" in notes
    assert any("2026-07-07" in note for note in read(latest("Rn01-2024")).notes)


def test_the_lists_of_labels_are_consistent() -> None:
    book = label_book()
    known = registry().breakdowns
    for (layout, section, label), spans in book.meanings.items():
        assert book.clean(section) == section
        assert book.clean(label) == label
        for first, last, meaning in spans:
            assert first <= last
            assert meaning.offence in known, meaning.offence
            assert layout == "lagrum" or last <= 2021
        years = sorted((first, last) for first, last, _ in spans)
        assert all(last < first for (_, last), (first, _) in pairwise(years)), label
