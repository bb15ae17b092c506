"""The invented deliveries are what their script makes, say that they are invented, and read as they should."""

import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.archive.withdrawals import is_withdrawal
from include.bundle.example_deliveries import (
    CORRECTED,
    FAULTS,
    LACKING,
    LATE,
    MASKED,
    NOTE,
    SOURCE,
    WITHDRAWN,
    YEARS,
    bundle,
    deliveries,
)
from include.bundle.example_numbers import numbers
from include.check.deliveries import Earlier, findings
from include.check.gate import Reveal
from include.check.readers.extracts import identify, read
from include.check.tidy import ReadResult, assert_identity
from include.periods import Period
from include.registry.delivery import Identity, due, expected, extracts_in
from include.registry.models import Registry
from include.registry.read import registry as read_registry
from include.settings import bundle_url

BUNDLED = Archive(bundle_url())

#: What the reader sets aside, by delivery.
ASIDE = {
    "K2321-2022": ["PERCENT_IN_COUNT"],
    "RJH-2023-Q2": ["UNREADABLE_NUMBER"],
    "K2361-2024": ["DATE_FOR_NUMBER"],
    "LST-2024": ["UNKNOWN_CODE", "DATE_OUTSIDE_PERIOD"],
    "CMV-2025": ["UNREADABLE_NUMBER"],
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    """Return the manifests of the bundled deliveries, in the order in which they came."""
    return sorted(BUNDLED.manifests(SOURCE), key=lambda manifest: (manifest.captured_at, manifest.part))


@pytest.fixture(scope="module")
def results(registry: Registry, manifests: list[Manifest]) -> dict[str, ReadResult]:
    """Return what the reader makes of each bundled delivery, by capture id."""
    source = registry.sources[SOURCE]
    return {m.capture_id: read(BUNDLED.read(m.capture_id), m, source, registry) for m in manifests}


def short(part: str) -> str:
    return part.removeprefix("jamtland-")


def versions(manifests: list[Manifest], results: dict[str, ReadResult], name: str) -> list[ReadResult]:
    return [results[m.capture_id] for m in manifests if short(m.part) == name]


def total(result: ReadResult, measure: str) -> int:
    return sum(int(row["value"]) for row in result.table.to_pylist() if row["measure"] == measure)


# --- which they are ----------------------------------------------------------------------------------------------


def test_the_script_makes_the_bundled_bytes(registry: Registry, manifests: list[Manifest]) -> None:
    made = {(d.identity.part, d.captured_at): d.content for d in deliveries(registry)}
    bundled = {(m.part, m.captured_at): BUNDLED.read(m.capture_id) for m in manifests if not is_withdrawal(m)}
    assert made.keys() == bundled.keys()
    assert all(made[key] == bundled[key] for key in made), "run python -m include.bundle.example_deliveries"


def test_bundling_again_writes_nothing(
    registry: Registry, manifests: list[Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    archive = Archive(str(tmp_path / "archive"))
    assert bundle(archive, registry) == sorted(manifest.capture_id for manifest in manifests)
    assert bundle(archive, registry) == []


def test_every_expected_delivery_is_there_but_those_said_to_lack(registry: Registry, manifests: list[Manifest]) -> None:
    all_expected = {
        identity.part
        for year in YEARS
        for text in (
            f"{year}",
            *(f"{year}-H{half}" for half in (1, 2)),
            *(f"{year}-Q{quarter}" for quarter in range(1, 5)),
        )
        for identity in expected(registry, Period.parse(text))
    }
    assert len(all_expected) == 105
    assert {manifest.part for manifest in manifests} == all_expected - {f"jamtland-{name}" for name in LACKING}
    assert len(manifests) == 105 - len(LACKING) + len(CORRECTED) + len(WITHDRAWN)


def test_no_delivery_comes_before_its_period_ends_and_only_those_said_so_are_late(
    registry: Registry, manifests: list[Manifest]
) -> None:
    first = {m.part: m.captured_at.date() for m in reversed(manifests)}
    for part, day in first.items():
        identity = Identity.of_part(part)
        last = due(registry, identity)
        assert day >= Period.parse(identity.period).end
        assert (day > last) == (short(part) in LATE), (part, day, last)
    assert max(m.captured_at.date() for m in manifests) <= date(2026, 3, 31)


# --- that they are invented --------------------------------------------------------------------------------------


def test_everything_says_that_it_is_invented(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        assert (manifest.origin, manifest.origin_note) == ("example", NOTE)
        content = BUNDLED.read(manifest.capture_id)
        if is_withdrawal(manifest):
            assert content.decode().count('"EXEMPEL: ') == 2
        elif manifest.file_name.endswith(".csv"):
            lines = content.decode("cp1252").splitlines()
            place = lines[0].split(";").index("example")
            assert {line.split(";")[place] for line in lines[1:]} == {"ja"}
        else:
            cover = openpyxl.load_workbook(io.BytesIO(content), read_only=True)["Om leveransen"]
            assert any(
                "EXEMPELDATA" in str(value) for row in cover.iter_rows(max_row=1, values_only=True) for value in row
            )


def test_every_free_text_begins_with_exempel(registry: Registry, manifests: list[Manifest]) -> None:
    seen = 0
    for manifest in manifests:
        if short(manifest.part).startswith("LST") and not is_withdrawal(manifest):
            book = openpyxl.load_workbook(io.BytesIO(BUNDLED.read(manifest.capture_id)), read_only=True)
            for extract in extracts_in(registry, Identity.of_part(manifest.part)):
                for sheet in extract.sheets:
                    free = [
                        n for n, c in enumerate(sheet.columns) if c.type == "text" and c.name in ("title", "document")
                    ]
                    for row in book[sheet.name].iter_rows(min_row=2, values_only=True) if free else ():
                        texts = [str(row[place]) for place in free if row[place]]
                        assert all(text.startswith("EXEMPEL") for text in texts)
                        seen += len(texts)
    assert seen > 100


# --- how they read -----------------------------------------------------------------------------------------------


def test_every_delivery_passes_the_gates_and_counts(results: dict[str, ReadResult], manifests: list[Manifest]) -> None:
    for manifest in manifests:
        result = results[manifest.capture_id]
        assert_identity(result)
        assert set(result.table["mark"].to_pylist()) == (set() if is_withdrawal(manifest) else {"example"})


@pytest.mark.parametrize("name", ["LST-2024", "RJH-2021-Q1", "K2326-2025", "BHJ-2025-H2"])
def test_a_file_says_which_it_is_without_its_manifest(registry: Registry, manifests: list[Manifest], name: str) -> None:
    manifest = next(m for m in manifests if short(m.part) == name)
    content = BUNDLED.read(manifest.capture_id)
    assert identify(content, manifest.file_name, registry) == Identity.of_part(f"jamtland-{name}")


def test_nothing_but_the_planted_faults_is_set_aside(results: dict[str, ReadResult], manifests: list[Manifest]) -> None:
    aside = {
        short(manifest.part): results[manifest.capture_id].set_aside["reason_code"].to_pylist()
        for manifest in manifests
        if results[manifest.capture_id].set_aside.num_rows
    }
    assert aside == ASIDE
    assert set(FAULTS) < set(ASIDE)


def test_what_is_read_is_what_was_written(
    registry: Registry, results: dict[str, ReadResult], manifests: list[Manifest]
) -> None:
    latest = {m.part: m for m in manifests if not is_withdrawal(m)}
    compared, absent = 0, set()
    for part, manifest in latest.items():
        there = {
            (row["measure"], row["area"], row["breakdown"], row["sex"], row["age"]): row
            for row in results[manifest.capture_id].table.to_pylist()
        }
        for key, value in written(registry, Identity.of_part(part)):
            if key not in there:
                absent.add((short(part), key[0].partition(".")[2]))
                continue
            row = there[key]
            if row["value_status"] == "suppressed":
                assert row["value_low"] <= value <= row["value_high"]
            else:
                assert (row["value_status"], row["value"]) == ("ok", value), (part, key)
            compared += 1
    assert compared > 9000
    assert absent == {(name, cell.measure) for name, cell in FAULTS.items()}


def written(registry: Registry, identity: Identity) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the invented numbers of a delivery by the codes that the figure has when it is read."""
    agreement = registry.agreements["jamtland"]
    own = next(party.area for party in agreement.parties if party.code == identity.party) or agreement.county
    made = numbers(registry, identity)
    for extract in extracts_in(registry, identity):
        for sheet in extract.sheets:
            for (area, breakdown, sex, age), row in made.get(sheet.name, {}).items():
                for name, value in row.items():
                    number = {"ja": 1.0, "nej": 0.0}.get(value, value)
                    yield (f"{extract.id}.{name}", area or own, breakdown, sex, age), number


def test_the_checks_of_deliveries_find_what_is_planted_and_nothing_else(
    registry: Registry, results: dict[str, ReadResult], manifests: list[Manifest]
) -> None:
    found: dict[str, set[str]] = {}
    came: list[Manifest] = []
    for manifest in manifests:
        for finding in judged(registry, results, manifest, came):
            if not finding.holds:
                assert finding.severity == "warning", (manifest.part, finding.code, finding.rows)
                found.setdefault(finding.code, set()).add(short(manifest.part))
        came.append(manifest)
    assert found.pop("LATE") == set(LATE)
    masking = {short(m.part) for m in manifests if masks(m.part)}
    assert found.pop("MASK_RECOVERABLE") <= masking
    assert found == {
        "RESPONSE_RATE": {"LST-2022"},
        "JUMP": {"K2380-2023"},
        "REVISED_WITHOUT_NOTICE": {"POL-2022", "K2380-2023", "LST-2023"},
    }


def judged(registry: Registry, results: dict[str, ReadResult], manifest: Manifest, came: list[Manifest]) -> list[Any]:
    """Return the findings on a delivery, beside those that came before it."""
    identity = Identity.of_part(manifest.part)
    year = Period.parse(identity.period).year
    before = [(m, Identity.of_part(m.part)) for m in reversed(came) if not is_withdrawal(m)]
    return findings(
        results[manifest.capture_id].table,
        identity,
        registry,
        earlier=[
            Earlier(identity=each, sha256=m.sha256, table=results[m.capture_id].table)
            for m, each in before
            if each.party == identity.party
        ],
        others={
            m.part: results[m.capture_id].table
            for m, each in reversed(before)
            if each.party != identity.party and Period.parse(each.period).year == year
        },
        reveal=Reveal(),
        sha256=manifest.sha256,
        captured_at=manifest.captured_at,
    )


# --- what differs from a year in which all goes well -------------------------------------------------------------


def masks(part: str) -> bool:
    identity = Identity.of_part(part)
    return identity.party in MASKED and Period.parse(identity.period).year >= MASKED[identity.party][0]


def test_who_masks_small_counts_leaves_none_open(
    registry: Registry, results: dict[str, ReadResult], manifests: list[Manifest]
) -> None:
    masking = [manifest for manifest in manifests if masks(manifest.part)]
    assert len(masking) == 5 + 2 + 1
    for manifest in masking:
        rows = [row for row in results[manifest.capture_id].table.to_pylist() if row["measure"].startswith("E06.")]
        hidden = [row for row in rows if row["value_status"] == "suppressed"]
        assert len(hidden) >= 5
        assert {(row["value"], row["value_low"], row["value_high"]) for row in hidden} == {(None, 1.0, 4.0)}
        assert not [row for row in rows if row["value"] is not None and 1 <= row["value"] <= 4]


def test_no_other_municipality_masks_anything(results: dict[str, ReadResult], manifests: list[Manifest]) -> None:
    for manifest in manifests:
        if short(manifest.part).startswith("K") and not masks(manifest.part):
            assert "suppressed" not in results[manifest.capture_id].table["value_status"].to_pylist()


def test_one_delivery_is_csv_in_the_letters_of_an_older_windows(
    results: dict[str, ReadResult], manifests: list[Manifest]
) -> None:
    (manifest,) = (m for m in manifests if m.media_type == "text/csv")
    content = BUNDLED.read(manifest.capture_id)
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert "färre än 5" in content.decode("cp1252")
    assert "teckenkodning cp1252" in results[manifest.capture_id].notes


def test_numbers_that_are_text_with_a_hard_space_are_numbers(manifests, results) -> None:
    (result,) = versions(manifests, results, "RJH-2022")
    assert total(result, "E10.staff_in_scope") > 2000
    book = openpyxl.load_workbook(
        io.BytesIO(BUNDLED.read(next(m.capture_id for m in manifests if m.part.endswith("RJH-2022"))))
    )
    assert "\u00a0" in book["Kompetens"]["B3"].value


def test_a_footnote_is_told_and_is_no_digit(registry: Registry, manifests, results) -> None:
    (result,) = versions(manifests, results, "POL-2023")
    assert any("fotnot" in note for note in result.notes)
    made = numbers(registry, Identity("jamtland", "POL", "2023"))["Samråd och utryckning"]["", "total", "T", "T"]
    assert total(result, "E04.consultations") == made["consultations"]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("LST-2023", {"E02.seats_head", "E02.seats_deputy"}),
        ("K2380-2023", {"E06.perpetrators_supported"}),
        ("RJH-2024-Q1", {"E03.children_crisis_support"}),
        ("POL-2022", {"E04.consultations"}),
    ],
)
def test_a_correction_changes_what_it_corrects_and_nothing_else(
    manifests, results, name: str, changed: set[str]
) -> None:
    first, corrected = versions(manifests, results, name)
    pairs = zip(first.table.to_pylist(), corrected.table.to_pylist(), strict=True)
    assert {old["measure"] for old, new in pairs if old["value"] != new["value"]} == changed
    assert set(corrected.table["status"].to_pylist()) == {"F"}
    assert set(first.table["status"].to_pylist()) == {CORRECTED[name].status.replace("S", "F")}
    corrections = {short(m.part): m.captured_at for m in manifests if m.previous and not is_withdrawal(m)}
    assert corrections == {each: how.corrected for each, how in CORRECTED.items()}


def test_a_delivery_is_taken_back(manifests, results) -> None:
    notices = {short(m.part): m for m in manifests if is_withdrawal(m)}
    assert set(notices) == set(WITHDRAWN)
    for name, notice in notices.items():
        delivered, nothing = versions(manifests, results, name)
        assert delivered.table.num_rows > 0
        assert (nothing.table.num_rows, nothing.rows_in) == (0, 0)
        assert notice.previous == notice.request["withdraws"]
        assert notice.captured_at == WITHDRAWN[name].at
        assert isinstance(notice.captured_at, datetime)


# --- the years ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "ordinary", "extra"), [(2021, 4, 1), (2022, 3, 0), (2023, 4, 0), (2024, 4, 0)])
def test_the_years_meetings(manifests, results, year: int, ordinary: int, extra: int) -> None:
    for result in versions(manifests, results, f"LST-{year}"):
        assert total(result, "E02.meetings_ordinary") == ordinary
        assert total(result, "E02.meetings_extra") == extra
        assert total(result, "E02.seats_total") == 6 * ordinary


def test_figures_on_request_are_told_with_what_is_masked_and_what_lacks(manifests, results) -> None:
    (first,) = versions(manifests, results, "LST-2021")
    lacking = [row for row in first.table.to_pylist() if row["measure"] == "E12.helpline_calls"]
    assert [row["value_status"] for row in lacking] == ["not_reported"]
    for result in versions(manifests, results, "LST-2023"):
        starts = {r["sex"]: r for r in result.table.to_pylist() if r["measure"] == "E12.programme_starts"}
        assert (starts["T"]["value"], starts["K"]["value_status"], starts["M"]["value_status"]) == (
            12,
            *["suppressed"] * 2,
        )
