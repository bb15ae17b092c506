"""A new version of a file beside the one before: what is strange waits for a person's word, revisions are told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from include.archive import approvals
from include.archive.store import Archive
from include.check import staging
from include.check.run import CaptureHeld, CaptureRefused, CheckResult, check
from include.errors import LayoutChanged
from include.registry.models import Correction

POP = "scb_population"
BRA = "bra_handled_offences"


class ByContent:
    """A reader that says of each file what the test wants."""

    def __init__(self, says: dict[bytes, Any]) -> None:
        self.says = says

    def read(self, content: bytes, *_: Any) -> Any:
        if isinstance(self.says[content], Exception):
            raise self.says[content]
        return self.says[content]


class Versions:
    """Versions of one part in an archive of their own, checked one by one."""

    def __init__(self, archive: Archive, build: Any, registry: Any) -> None:
        self.archive, self.build, self.registry = archive, build, registry
        self.says: dict[bytes, Any] = {}
        self.ids: list[str] = []

    def put(self, table: Any, source_id: str = POP, part: str = "TAB638-2024", **about: Any) -> str:
        """Archive one version that a reader finds this table in (or fails with this error)."""
        content = b"%d" % len(self.says)
        self.says[content] = table if isinstance(table, Exception) else self.build.result(table)
        manifest = self.archive.put(
            content, source_id=source_id, part=part, periods=about.pop("periods", ["2024"]), origin="live", url="u",
            captured_at=datetime(2025, 2, 1 + len(self.says), tzinfo=UTC), media_type="text/plain",
            file_name="svar.txt", **about,
        )  # fmt: skip
        self.ids.append(manifest.capture_id)
        return manifest.capture_id

    def check(self, capture: str, **how: Any) -> CheckResult:
        reader = ByContent(self.says)
        return check(capture, archive=self.archive, registry=self.registry, reader=reader, **how)

    def decide(self, capture: str, verdict: Any, *findings: str) -> None:
        moment = datetime(2025, 3, 1, tzinfo=UTC)
        approvals.give(self.archive, capture, verdict, "Anna", "SCB har bekräftat", findings, moment)


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build, registry) -> Versions:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    for name in ("FOLLOWUP_ARCHIVE", "FOLLOWUP_STAGING"):
        monkeypatch.delenv(name, raising=False)
    return Versions(Archive(str(tmp_path / "archive")), build, registry)


@pytest.fixture
def second(versions):
    """Return a function that checks a second version after a first and gives the codes told or held."""

    def run(before: Any, after: Any) -> list[str]:
        versions.put(before)
        capture = versions.put(after)
        try:
            warnings = versions.check(capture).warnings
        except CaptureHeld as held:
            return [f"held {code}" for code in held.result.held]
        return [line.partition(":")[0] for line in warnings]

    return run


def people(build, *values: float | None, measure: str = f"{POP}.population", **common: Any) -> Any:
    codes = ["2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380"]
    row = {"measure": measure, "period": "2024", **common}
    return build.table(
        [
            {**row, "area": code, "value": value} | ({"value_status": "missing"} if value is None else {})
            for code, value in zip(codes, values, strict=False)
        ]
    )


def joined(*tables: pa.Table) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def test_a_normal_revision_is_neither_held_nor_a_remark(second, build):
    assert second(people(build, 1000, 2000, 10), people(build, 1010, 1900, 90)) == []


def test_how_much_was_revised_stands_in_the_report(versions, build):
    versions.put(people(build, 1000, 2000, 10))
    result = versions.check(versions.put(people(build, 1010, 2000, 11, 7)))
    assert result.notes == [
        "Jämfört med förra versionen: 2 uppgifter ändrade (varav 2 var slutliga), 0 från preliminär till slutlig, "
        "1 nya, 0 borttagna."
    ]
    assert [line.partition(":")[0] for line in result.warnings] == ["CODES_NEW"]


def test_one_figure_beyond_belief_is_told_and_the_others_go_on(second, build):
    many = [1000.0 + n for n in range(8)]
    assert second(people(build, *many), people(build, 9000, *many[1:])) == ["REVISION_PLAUSIBLE"]


@pytest.mark.scorecard(27, "another unit is held by the comparison with the version before")
@pytest.mark.parametrize("factor", [100, 0.01, 1000])
@pytest.mark.parametrize("rates", [[12.4, 10.1, 15.0, 9.9], [1.2, 0.4, 2.1, 0.9], [240.0, 310.0, 205.0, 99.0]])
def test_another_unit_is_held(second, build, rates, factor):
    """Per 1 000 inhabitants becomes per 100 000, or the reverse; small rates too."""
    found = second(people(build, *rates), people(build, *[round(rate * factor, 3) for rate in rates]))
    assert "held UNIT_KEPT" in found


def test_a_measure_whose_sum_leaps_is_held_even_if_only_one_row_did(second, build):
    assert second(people(build, 1000, 2000), people(build, 100000, 2000)) == ["held UNIT_KEPT"]


@pytest.mark.scorecard(30, "a file with less than 80 per cent of its figures is held")
@pytest.mark.parametrize(
    ("rows", "found"), [(4, ["held NOT_SHRUNK"]), (6, ["held NOT_SHRUNK"]), (7, ["CODES_KEPT"]), (8, [])]
)
def test_a_file_that_has_shrunk_by_more_than_a_fifth_is_held(second, build, rows, found):
    small = [9.0] * 8  # a sum below the limit, so that only the rows speak
    assert second(people(build, *small), people(build, *small[:rows])) == found


def test_a_sum_that_has_shrunk_is_held_though_every_row_is_there(second, build):
    assert second(people(build, 100, 200, 300, 400), people(build, 100, 0, 0, 400)) == ["held SUM_KEPT"]
    assert second(people(build, 100, 200, 300, 400), people(build, 100, None, None, 400)) == ["held SUM_KEPT"]


def test_a_handful_of_cases_may_halve(second, build):
    assert second(people(build, 4, 6, 0, 2), people(build, 2, 1, 0, 2)) == []


@pytest.mark.scorecard(29, "a year that is gone is held")
def test_a_year_that_is_gone_is_held(versions, build):
    """A file of several years has lost one of them, and is otherwise larger than it was."""
    years = [people(build, *[3.0] * 2, period="2023"), people(build, *[3.0] * 8, period="2024")]
    versions.put(joined(years[0], years[1].slice(0, 6)), periods=["2023", "2024"])
    with pytest.raises(CaptureHeld, match="period 2023") as held:
        versions.check(versions.put(years[1], periods=["2023", "2024"]))
    assert held.value.result.held == ("YEAR_KEPT",)


def test_a_measure_that_is_gone_is_held(versions, build):
    counts = [build.table([{"measure": f"{BRA}.{name}", "area": "Rn01", "period": "2024", "value": 9,
                            "breakdown": "offence:assault"}]) for name in ("handled", "dismissed")]  # fmt: skip
    versions.put(joined(*counts), BRA, "Rn01-2024")
    capture = versions.put(counts[0], BRA, "Rn01-2024")
    with pytest.raises(CaptureHeld, match=r"MEASURE_KEPT.*\n.*mått bra_handled_offences.dismissed") as held:
        versions.check(capture)
    assert held.value.result.rejected == held.value.result.rows_in == 1


def test_a_version_that_could_not_be_read_is_no_measure(second, build):
    assert second(LayoutChanged("old"), people(build, 1)) == []


def test_the_first_version_is_never_held(versions, build):
    assert versions.check(versions.put(people(build, 1))).warnings == []


def test_a_held_capture_says_what_to_do_and_leaves_nothing_to_load(versions, build):
    versions.put(people(build, 100, 200, 300, 400))
    capture = versions.put(people(build, 100, 200))
    with pytest.raises(CaptureHeld) as stop:
        versions.check(capture)
    text = str(stop.value)
    for part in (
        POP, "TAB638-2024", "wait for a person's word", "found 2, expected minst 4 av 4", "Nästa steg: Kontrollera",
        f"python -m include approve {capture} --reason", f"python -m include reject {capture}", "trigger", "reports/",
    ):  # fmt: skip
        assert part in text
    assert "Väntar på besked" in Path(stop.value.result.report).read_text()
    assert not (staging.folder(capture) / staging.CHECK_FILE).exists()


def test_an_approved_capture_goes_on_with_the_same_findings_as_remarks(versions, build):
    """And so it does again when the archive is replayed: the word lies there."""
    versions.put(people(build, 100, 200, 300, 400))
    capture = versions.put(people(build, 100, 200))
    versions.decide(capture, "approve", "NOT_SHRUNK", "SUM_KEPT")
    first = versions.check(capture)
    assert [line.partition(":")[0] for line in first.warnings] == [
        "NOT_SHRUNK", "SUM_KEPT", "CODES_KEPT", "Godkänd av Anna 2025-03-01 (NOT_SHRUNK, SUM_KEPT)",
    ]  # fmt: skip
    assert first.staged
    assert "SCB har bekräftat" in Path(first.report).read_text()
    assert versions.check(capture) == first


def test_an_approval_covers_what_was_seen_and_no_more(versions, build):
    versions.put(people(build, 100, 200, 300, 400))
    capture = versions.put(people(build, 100, 200))
    versions.decide(capture, "approve", "NOT_SHRUNK")
    with pytest.raises(CaptureHeld) as stop:
        versions.check(capture)
    assert stop.value.result.held == ("SUM_KEPT",)
    versions.decide(capture, "approve", "SUM_KEPT")
    assert versions.check(capture).staged


def test_a_rejected_capture_stays_rejected_and_stops_nobody(versions, build):
    versions.put(people(build, 100, 200, 300, 400))
    capture = versions.put(people(build, 100, 200))
    versions.decide(capture, "reject", "NOT_SHRUNK", "SUM_KEPT")
    for _ in range(2):
        result = versions.check(capture)
        assert (result.staged, result.passed, result.rejected) == (None, 0, 2)
        assert "avvisad av Anna 2025-03-01: SCB har bekräftat" in str(result.refusal)
        assert "Avvisad av Anna" in Path(result.report).read_text()


def test_a_held_capture_does_not_vouch_for_the_next_one(versions, build):
    """Two halved files in a row: the second is held as well, and a whole one passes beside the last whole one."""
    versions.put(people(build, 100, 200, 300, 400))
    versions.put(people(build, 100, 200))
    half = versions.put(people(build, 101, 201))
    whole = versions.put(people(build, 101, 201, 301, 401))
    with pytest.raises(CaptureHeld):
        versions.check(half)
    assert versions.check(whole).warnings == []


def test_an_approved_capture_vouches_for_the_next_one(versions, build):
    versions.put(people(build, 100, 200, 300, 400))
    versions.decide(versions.put(people(build, 100, 200)), "approve", "NOT_SHRUNK", "SUM_KEPT")
    assert versions.check(versions.put(people(build, 101, 201))).warnings == []


def test_a_rejected_capture_is_no_measure_for_the_next_one(versions, build):
    versions.put(people(build, 100, 200))
    versions.decide(versions.put(people(build, 100, 200, 300, 400)), "reject")
    assert versions.check(versions.put(people(build, 101, 201))).warnings == []


def test_what_is_refused_for_another_reason_is_refused_and_not_held(versions, build):
    versions.put(build.table(build.offered(2024)))
    capture = versions.put(build.table(build.offered(2024, county=3000)))
    with pytest.raises(CaptureRefused, match="SEX_SUM") as stop:
        versions.check(capture)
    assert not isinstance(stop.value, CaptureHeld)


def test_the_codes_of_new_and_vanished_groups_are_told(second, build):
    assert second(people(build, *[9.0] * 7), people(build, *[9.0] * 8)) == ["CODES_NEW"]
    assert second(people(build, *[9.0] * 8), people(build, *[9.0] * 7)) == ["CODES_KEPT"]


def test_a_corrected_figure_is_compared_with_the_corrected_one_before(versions, build, registry):
    """The fault is the same in both versions: its correction is no change of unit."""
    declared = Correction(
        id="c1", source=POP, rows={"area": "2303", "period": "2024"}, action="scale", value=0.001, expect=900000,
        reason={"sv": "Fel enhet i källan.", "en": "Wrong unit."}, status="open",
    )  # fmt: skip
    versions.registry = registry.model_copy(update={"corrections": {"c1": declared}})
    versions.put(people(build, 900000, 2000))
    result = versions.check(versions.put(people(build, 900000, 2100)))
    assert [line.partition(" ")[0] for line in result.warnings] == ["Rättelse"]


# --- withdrawn at the source -------------------------------------------------------------------------------------


def handled(build, **values: float) -> Any:
    row = {"area": "Rn01", "period": "2024", "breakdown": "offence:assault"}
    return build.table([{**row, "measure": f"{BRA}.{name}", "value": value} for name, value in values.items()])


def test_the_last_figures_of_a_withdrawn_measure_stay_marked_and_are_counted(versions, build):
    versions.put(handled(build, handled=90, dismissed=40, investigated=50), BRA, "Rn01-2024")
    capture = versions.put(handled(build, handled=91, investigated=51), BRA, "Rn01-2024", withdrawn=["dismissed"])
    result = versions.check(capture)
    assert (result.rows_in, result.passed) == (3, 3)
    table = staging.read(Path(str(result.staged))).table.to_pylist()
    assert [(row["measure"], row["value"], row["mark"]) for row in table] == [
        (f"{BRA}.handled", 91, "direct"),
        (f"{BRA}.investigated", 51, "direct"),
        (f"{BRA}.dismissed", 40, "withdrawn_at_source"),
    ]
    assert table[2]["place"] == "Blad!B2 (i en tidigare version)"
    assert "1 uppgifter om bra_handled_offences.dismissed, som källan har slutat redovisa" in result.warnings[0]
    assert "Källan har slutat redovisa" in Path(result.report).read_text()


def test_withdrawn_figures_are_carried_for_as_long_as_the_source_is_silent(versions, build):
    versions.put(handled(build, handled=90, dismissed=40), BRA, "Rn01-2024")
    versions.put(handled(build, handled=91), BRA, "Rn01-2024", withdrawn=[f"{BRA}.dismissed"])
    result = versions.check(versions.put(handled(build, handled=92), BRA, "Rn01-2024", withdrawn=["dismissed"]))
    table = staging.read(Path(str(result.staged))).table.to_pylist()
    assert [(row["value"], row["mark"], row["place"]) for row in table] == [
        (92, "direct", "Blad!B1"),
        (40, "withdrawn_at_source", "Blad!B2 (i en tidigare version)"),
    ]


def test_a_measure_that_comes_back_is_the_sources_own_again(versions, build):
    versions.put(handled(build, handled=90, dismissed=40), BRA, "Rn01-2024")
    versions.put(handled(build, handled=91), BRA, "Rn01-2024", withdrawn=["dismissed"])
    result = versions.check(versions.put(handled(build, handled=92, dismissed=41), BRA, "Rn01-2024"))
    table = staging.read(Path(str(result.staged))).table.to_pylist()
    assert [(row["value"], row["mark"]) for row in table] == [(92, "direct"), (41, "direct")]


def test_a_withdrawn_measure_of_which_nothing_is_held_is_told(versions, build):
    result = versions.check(versions.put(handled(build, handled=90), BRA, "Rn01-2024", withdrawn=["dismissed"]))
    assert result.warnings[0].startswith("0 uppgifter om bra_handled_offences.dismissed")


def test_the_same_answer_with_a_measure_withdrawn_is_a_version_of_its_own(versions):
    about = {"source_id": POP, "part": "p", "periods": ["2024"], "origin": "live", "url": "u"}
    kind = {"media_type": "text/plain", "file_name": "svar.txt"}
    first, again, other = (
        versions.archive.put(b"same", captured_at=datetime(2025, 1, day, tzinfo=UTC), withdrawn=names, **about, **kind)
        for day, names in ((1, []), (2, []), (3, ["population"]))
    )
    assert (again.change, other.change, other.previous) == ("UNCHANGED", "REVISED", first.capture_id)
