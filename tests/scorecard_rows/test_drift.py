"""Rows 23-38 of the scorecard: a source drifts, and each fault goes through the real reader, gate and load.

After every fault the same holds, whatever came of it: what was known before stays known as it was, the figures in are
those loaded, set aside and rejected, and what an operator reads names the source, the cause and the next step.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include import settings, verbs
from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.check import run as check_run
from include.check.run import CaptureHeld, CaptureRefused
from include.errors import CheckFailed, LayoutChanged, UsageError
from include.load import read, run
from include.load.engine import engine
from include.load.write import LoadResult
from include.measure.compute import compute
from include.registry.models import Registry
from tests.check.readers.bra_workbooks import SHEETS, title, xlsx

pytestmark = pytest.mark.postgres

POP, BRA = "scb_population", "bra_handled_offences"
MUNICIPALITIES = ("2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380")
FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
MAIN = "Samtliga handlagda brott"
GROSS = ("4 kap 4 a § 2 st. BrB Grov kvinnofridskränkning", "Grov kvinnofridskränkning, totalt")
ROWS: list[list[Any]] = [["SAMTLIGA BROTT", "SAMTLIGA BROTT", 1000, 600, 400, 50, 25], [*GROSS, 100, 60, 40, 50, 25]]


def population(
    areas: Sequence[str] = ("23", *MUNICIPALITIES),
    year: str = "2024",
    scale: float = 1,
    changes: dict[tuple[str, str], float] | None = None,
    table: str = "TAB638",
    **members: Any,
) -> dict[str, Any]:
    """Return an answer of SCB's population table: women and men of each area, the county the sum of its parts.

    Args:
        areas: codes in the answer.
        year: of the answer.
        scale: what every figure is multiplied with.
        changes: by area and sex ("1" men, "2" women) what is added to a figure.
        table: id of the table.
        members: whole variables, code: label by code, that stand beside the usual ones.
    """
    base = {(code, sex): 1000.0 * n + 100 * int(sex) for n, code in enumerate(MUNICIPALITIES, 1) for sex in "12"}
    base |= {("23", sex): sum(base[code, sex] for code in MUNICIPALITIES) for sex in "12"}
    figures = {key: (base.get(key, 500.0) + (changes or {}).get(key, 0)) * scale for key in product(areas, "12")}
    variables: dict[str, dict[str, str]] = {
        "Region": dict.fromkeys(areas, "område"),
        "Alder": {"tot": "totalt ålder"},
        "Kon": {"1": "män", "2": "kvinnor"},
        "ContentsCode": {"BE0101N1": "Folkmängd"},
        "Tid": {year: year},
        **members,
    }
    last = [len(codes) for codes in members.values()]
    copies = 1
    for size in last:
        copies *= size
    return {
        "class": "dataset",
        "version": "2.0",
        "id": list(variables),
        "size": [len(codes) for codes in variables.values()],
        "dimension": {
            name: {"category": {"index": {code: i for i, code in enumerate(codes)}, "label": codes}}
            for name, codes in variables.items()
        },
        "extension": {"px": {"tableid": table}},
        "value": [value for value in figures.values() for _ in range(copies)],
    }


def workbook(rows: Sequence[Sequence[Any]], headings: Sequence[str] | None = None, words: str = "") -> bytes:
    """Return a workbook of Brå's Table 300 for Polisregion Nord 2025; ``words`` end its title."""
    head = [f"{title(2025, 'i region Nord')}{words}"]
    return xlsx({MAIN: [head, list(headings or SHEETS[MAIN]), *rows]})


@dataclass
class World:
    """An archive and a warehouse in which captures are checked and loaded by the project's own verbs."""

    registry: Registry
    run: verbs.Run = field(default_factory=lambda: verbs.by_hand("2026-Q1", "archive", None))
    day: int = 0

    @property
    def archive(self) -> Archive:
        return Archive(settings.archive_url())

    def put(self, source_id: str, content: bytes | dict[str, Any], at: int | None = None, **about: Any) -> Manifest:
        """Archive one version of a part, a day after the one before unless said otherwise."""
        self.day += 1
        what: dict[str, Any] = (
            {"part": "TAB638-2024", "periods": ["2024"], "media_type": "application/json", "file_name": "svar.json"}
            if source_id == POP
            else {"part": "Rn01-2025", "periods": ["2025"], "media_type": "x/y", "file_name": "300Rn01-2025.xlsx"}
        )
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        moment = FIRST + timedelta(days=self.day if at is None else at)
        url = "https://example.org/"
        return self.archive.put(raw, source_id=source_id, origin="live", url=url, captured_at=moment, **what | about)

    def load(self, manifest: Manifest) -> LoadResult:
        """Check and load a capture; rows in = loaded + set aside + rejected."""
        checked = verbs.check(manifest.capture_id, self.run)
        assert checked.rows_in == checked.passed + checked.quarantined + checked.rejected
        assert checked.staged, checked.refusal
        done = verbs.load(checked.staged, self.run)
        assert done.rows_in == done.loaded + done.quarantined + done.rejected == checked.rows_in
        return done

    def stopped(self, manifest: Manifest, error: type[Exception]) -> str:
        """Check a capture that must stop; return the message, which an operator can act on. Nothing is changed."""
        before = self.known()
        with pytest.raises(error) as stop:
            verbs.check(manifest.capture_id, self.run)
        text = str(stop.value)
        assert manifest.source_id in text
        assert manifest.part in text
        assert "Next step" in text or "Nästa steg" in text
        assert "Report: " in text
        if isinstance(stop.value, CaptureRefused):
            result = stop.value.result
            assert (result.rows_in, result.passed) == (result.rejected, 0)
        pd.testing.assert_frame_equal(self.known(), before)
        assert self.ledger("check")[0]["state"] == "failed"
        return text

    def known(self, source_id: str = POP, at: datetime | None = None) -> pd.DataFrame:
        """Return all that is known of a source (at a moment)."""
        source = self.registry.sources[source_id]
        with engine("loader").connect() as connection:
            return read.observations(connection, [f"{source.id}.{measure.id}" for measure in source.measures], at)

    def ledger(self, stage: str) -> list[dict[str, Any]]:
        """Return the ledger's lines of one stage, newest first."""
        return [line for line in run.status(every=True) if line["stage"] == stage]


@pytest.fixture
def world(warehouse: Any, registry: Registry) -> World:
    run.sync_dimensions(registry)
    return World(registry)


@pytest.fixture
def held(world: World) -> World:
    """Return the world with a first version of each file loaded."""
    assert world.load(world.put(POP, population())).new == 27
    assert world.load(world.put(BRA, workbook(ROWS))).new == 14
    return world


def value_of(frame: pd.DataFrame, **where: str) -> float:
    for column, wanted in where.items():
        frame = frame[frame[column] == wanted]
    (value,) = frame["value"]
    return float(value)


# --- columns -----------------------------------------------------------------------------------------------------


@pytest.mark.scorecard(23, "a column that is added stops, or is told in the report; never silently published")
def test_a_new_heading_stops_and_a_new_variable_of_one_value_is_told(held: World) -> None:
    wider = [[*row, 3] for row in ROWS]
    text = held.stopped(held.put(BRA, workbook(wider, [*SHEETS[MAIN], "Uppklarade brott"])), LayoutChanged)
    assert "cell H2: found the unknown heading 'uppklarade brott'" in text
    split = population(Fodelseland={"1": "Sverige", "2": "Annat"})
    assert "unknown variable Fodelseland with 2 codes" in held.stopped(held.put(POP, split), LayoutChanged)
    one = held.put(POP, population(Fodelseland={"1": "Sverige"}))
    assert held.load(one).unchanged == 27
    notes = check_run.check(one.capture_id, dry_run=True).notes
    assert "Källan har en ny variabel, Fodelseland, med det enda värdet Sverige." in notes[0]


@pytest.mark.scorecard(24, "a column that is renamed or gone stops, with the edit to make")
@pytest.mark.parametrize(
    ("source_id", "content", "says"),
    [
        (
            BRA,
            workbook(ROWS, [h.replace("Utredda brott", "Utredda brotten") for h in SHEETS[MAIN]]),
            "If 'utredda brott' is now called 'utredda brotten', change 'utredda brott' to 'utredda brotten' in",
        ),
        (
            BRA,
            workbook([[*row[:4], *row[5:]] for row in ROWS], [h for h in SHEETS[MAIN] if h != "Direktavskrivna brott"]),
            "the heading 'direktavskrivna brott' is missing",
        ),
        (
            POP,
            json.dumps(population()).replace('"Region"', '"Regionkod"').encode(),
            "If 'Region' is now called 'Regionkod', change 'Region' to 'Regionkod'",
        ),
    ],
    ids=["heading renamed", "heading gone", "variable renamed"],
)
def test_a_renamed_or_lost_column_stops_and_suggests(held: World, source_id: str, content: bytes, says: str) -> None:
    assert says in held.stopped(held.put(source_id, content), LayoutChanged)


@pytest.mark.scorecard(25, "columns and categories in another order change nothing")
def test_another_order_changes_nothing(held: World) -> None:
    order = [0, 1, 6, 4, 2, 5, 3]
    turned = workbook([[row[i] for i in order] for row in ROWS[::-1]], [SHEETS[MAIN][i] for i in order])
    done = held.load(held.put(BRA, turned))
    assert (done.unchanged, done.new, done.revised, done.withdrawn) == (14, 0, 0, 0)
    done = held.load(held.put(POP, population(("23", *MUNICIPALITIES[::-1]))))
    assert (done.unchanged, done.new, done.revised, done.withdrawn) == (27, 0, 0, 0)


@pytest.mark.scorecard(26, "a figure written as text is the same figure or set aside, never multiplied")
def test_figures_as_text_are_equal_or_set_aside(held: World) -> None:
    texts = [[*ROWS[0][:2], "1\u00a0000", "600.0", "400", "50,0", "25.0"], [*GROSS, "100", "60", "40", "50", "25"]]
    done = held.load(held.put(BRA, workbook(texts)))
    assert (done.unchanged, done.revised, done.quarantined) == (14, 0, 0)
    halves = [
        [*ROWS[0]],
        [*GROSS, 100, 60, 40, 50, 25],
        ["4 kap. 5 § BrB Olaga hot", "Olaga hot, totalt", "1,5", 1, 0, 0, 0],
    ]
    done = held.load(held.put(BRA, workbook(halves)))
    with engine("loader").connect() as connection:
        (aside,) = [row for row in read.quarantined(connection, BRA) if row["reason_code"] == "NOT_A_NUMBER"]
    assert aside["reason_sv"] == "'1,5' är inte ett heltal."
    assert (done.unchanged, done.revised) == (14, 0)


# --- figures beyond belief ---------------------------------------------------------------------------------------


@pytest.mark.scorecard(27, "another unit is held by the comparison with the version before")
def test_another_unit_waits_for_a_persons_word(held: World) -> None:
    text = held.stopped(held.put(POP, population(scale=100)), CaptureHeld)
    assert "[UNIT_KEPT]" in text
    assert "27 av 27 uppgifter har ändrats 100 gånger" in text


@pytest.mark.scorecard(30, "more than 20 per cent fewer figures wait for a person's word; approved, they are loaded")
def test_half_a_file_waits_and_is_loaded_once_approved(held: World) -> None:
    before = held.known()
    half = held.put(POP, population(MUNICIPALITIES[:4]))
    text = held.stopped(half, CaptureHeld)
    assert "found 12, expected minst 22 av 27" in text
    word = verbs.decide(half.capture_id, "approve", "Anna", "SCB har delat tabellen")
    assert word.findings == ["NOT_SHRUNK", "SUM_KEPT"]
    assert "approve by Anna: SCB har delat tabellen" in held.ledger("approve")[0]["reason"]
    done = held.load(half)
    assert (done.unchanged, done.withdrawn) == (12, 15)
    assert "NOT_SHRUNK" in held.ledger("check")[0]["reason"]
    then = held.known(at=half.captured_at - timedelta(seconds=1))
    pd.testing.assert_frame_equal(then, before)
    assert verbs.decide(half.capture_id, "approve", "Bo", "igen") == word, "a retry writes nothing"


@pytest.mark.scorecard(30, "rejected, it stays rejected, and the next version is compared with the last good one")
def test_half_a_file_that_is_rejected_is_never_loaded(held: World) -> None:
    before = held.known()
    half = held.put(POP, population(MUNICIPALITIES[:4]))
    verbs.decide(half.capture_id, "reject", "Anna", "filen är avhuggen")
    checked = verbs.check(half.capture_id, held.run)
    assert (checked.staged, checked.rejected) == (None, 12)
    line = held.ledger("check")[0]
    assert (line["state"], "avvisad av Anna" in line["reason"]) == ("skipped", True)
    pd.testing.assert_frame_equal(held.known(), before)
    assert held.load(held.put(POP, population())).unchanged == 27
    with pytest.raises(UsageError, match="A rejected capture stays rejected"):
        verbs.decide(half.capture_id, "approve", "Bo", "jo")


def test_there_is_nothing_to_decide_of_a_capture_that_passes_or_is_refused(held: World) -> None:
    fine = held.put(POP, population(changes={("2303", "1"): 1, ("23", "1"): 1}))
    with pytest.raises(UsageError, match="is not held: it passes the check"):
        verbs.decide(fine.capture_id, "approve", "Anna", "x")
    wrong = held.put(POP, population(changes={("2303", "1"): 1}))
    with pytest.raises(UsageError, match=r"no approval can mend(?s:.*)"):
        verbs.decide(wrong.capture_id, "approve", "Anna", "x")


@pytest.mark.scorecard(30, "the same archive replayed into an empty warehouse comes to the same figures")
def test_a_replay_decides_the_same_way(held: World, warehouse: Any) -> None:
    half = held.put(POP, population(MUNICIPALITIES[:4]))
    verbs.decide(half.capture_id, "approve", "Anna", "SCB har delat tabellen")
    held.load(half)
    before = held.known()
    with warehouse.superuser() as connection:
        for table in ("observation", "loaded", "quarantine", "capture"):
            connection.execute(f"DELETE FROM warehouse.{table}")
    assert held.known().empty
    for manifest in sorted(held.archive.manifests(POP), key=lambda each: each.captured_at, reverse=True):
        held.load(manifest)
    pd.testing.assert_frame_equal(held.known(), before)


# --- codes -------------------------------------------------------------------------------------------------------


@pytest.mark.scorecard(28, "figures of codes that nothing maps are set aside with their count, the others go on")
def test_new_codes_are_set_aside_and_counted(held: World) -> None:
    new = [*ROWS, ["4 kap. 99 § BrB Nybrott", "Nybrott, totalt", 7, 5, 2, 0, 0]]
    done = held.load(held.put(BRA, workbook(new)))
    assert (done.unchanged, done.quarantined) == (14, 5)
    with engine("loader").connect() as connection:
        reasons = {row["reason_sv"] for row in read.quarantined(connection, BRA)}
    assert any("Nybrott, totalt" in reason for reason in reasons)
    assert "5 uppgifter lades åt sidan (UNKNOWN_OFFENCE)" in held.ledger("check")[0]["reason"]
    merged = held.put(POP, population(("23", *MUNICIPALITIES[:7], "2399")))
    done = held.load(merged)
    assert (done.quarantined, done.unchanged) == (3, 24)
    reason = held.ledger("check")[0]["reason"]
    assert "CODES_KEPT" in reason
    assert "UNKNOWN_AREA" in reason


# --- time --------------------------------------------------------------------------------------------------------


@pytest.mark.scorecard(29, "a year that is missing, stands twice or is to come is detected")
@pytest.mark.parametrize("kind", ["missing", "duplicate", "future"])
def test_the_wrong_year_stops(held: World, kind: str) -> None:
    match kind:
        case "missing":
            text = held.stopped(held.put(POP, population(year="2023")), LayoutChanged)
            assert "found the periods ['2023'], expected ['2024']" in text
        case "duplicate":
            twice = json.loads(json.dumps(population()))
            twice["dimension"]["Tid"]["category"] = {"index": ["2024", "2024"], "label": {"2024": "2024"}}
            twice["size"][-1], twice["value"] = 2, [each for value in twice["value"] for each in (value, value)]
            assert "expected 2, each once" in held.stopped(held.put(POP, twice), LayoutChanged)
        case _:
            later = held.put(POP, population(year="2031"), part="TAB638-2031", periods=["2031"])
            assert "[PERIOD_OF_CAPTURE]" in held.stopped(later, CaptureRefused)


@pytest.mark.scorecard(31, "the same content under another name is no new version")
def test_the_same_file_under_another_name_is_nothing_new(held: World) -> None:
    again = held.put(BRA, workbook(ROWS), file_name="300Rn01-2025 (1).xlsx")
    assert again.change == "UNCHANGED"
    assert len(held.archive.manifests(BRA)) == 1
    assert verbs.is_loaded(BRA, again.capture_id)
    held.run = replace(held.run, run_id="another")
    assert held.load(again).years == []


@pytest.mark.scorecard(32, "an older version that comes late takes its own place, and the latest stays")
def test_an_older_file_after_a_newer_one_does_not_take_its_place(world: World) -> None:
    change = {("2303", "1"): 10, ("23", "1"): 10}
    old = world.put(POP, population(), at=1)
    new = world.put(POP, population(changes=change), at=5)
    world.load(new)
    latest = world.known()
    world.load(old)
    said = [name for name in latest.columns if name not in ("capture_id", "known_from")]
    pd.testing.assert_frame_equal(world.known()[said], latest[said])
    where = {"area": "2303", "sex": "M"}
    assert value_of(world.known(), **where) - value_of(world.known(at=old.captured_at), **where) == 10


@pytest.mark.scorecard(33, "five revised figures are a new version of exactly those five, told as final ones revised")
def test_a_revised_history_is_five_new_versions_of_figures(held: World) -> None:
    before = held.known()
    change = {("2303", "1"): 4.0, ("23", "1"): 4.0}  # five figures with the totals: two areas' men and both sexes …
    change |= {("2303", "2"): -4.0, ("23", "2"): -4.0, ("2305", "1"): 7.0, ("23", "1"): 11.0}
    revised = held.put(POP, population(changes=change))
    done = held.load(revised)
    keys = [*("area", "sex", "value")]
    differ = held.known()[keys].merge(before[keys], on=["area", "sex"], suffixes=("", "_before"))
    differ = differ[differ["value"] != differ["value_before"]]
    assert done.revised == done.revised_final == len(differ) == 7
    assert (done.unchanged, done.years) == (20, [2024])
    assert "7 figures that had been final were revised" in held.ledger("load")[0]["reason"]
    report = Path(check_run.check(revised.capture_id).report).read_text()
    assert "7 uppgifter ändrade (varav 7 var slutliga)" in report
    pd.testing.assert_frame_equal(held.known(at=revised.captured_at - timedelta(seconds=1)), before)


@pytest.mark.scorecard(34, "what was preliminary becomes final, and how much changed is told")
def test_preliminary_becomes_final(world: World) -> None:
    world.load(world.put(BRA, workbook(ROWS, words=", preliminära uppgifter")))
    assert set(world.known(BRA)["status"]) == {"P"}
    final = [ROWS[0], [*GROSS, 104, 64, 40, 50, 25]]
    manifest = world.put(BRA, workbook(final))
    done = world.load(manifest)
    assert set(world.known(BRA)["status"]) == {"F"}
    assert (done.revised, done.revised_final) == (14, 0)
    (note,) = [n for n in check_run.check(manifest.capture_id).notes if n.startswith("Jämfört")]
    assert "4 uppgifter ändrade (varav 0 var slutliga), 14 från preliminär till slutlig" in note


# --- noise, gaps, faults, breaks ---------------------------------------------------------------------------------


@pytest.mark.scorecard(35, "parts and wholes that differ by noise are no alarm from 2025, and one in 2024")
def test_noise_is_no_alarm_from_2025_and_one_before(world: World) -> None:
    """SCB alters each figure by itself from 2025 (Cell Key Method), so parts and wholes differ by a few."""
    noise = {("2303", "1"): 3.0, ("2305", "2"): -2.0, ("23", "2"): 1.0}
    noised = population(year="2025", table="TAB5557", changes=noise)
    done = world.load(world.put(POP, noised, part="TAB5557-2025", periods=["2025"]))
    assert done.loaded == 18, "nothing is added up, so there is no total of women and men"
    assert "COUNTY_SUM" in world.stopped(world.put(POP, population(changes=noise)), CaptureRefused)


@pytest.mark.scorecard(36, "a municipality that does not answer is missing and told, never zero; the county says so")
def test_a_municipality_that_does_not_answer_is_missing_and_not_zero(held: World, registry: Registry) -> None:
    """The county's own figure stays the source's; a figure of all municipalities is not made without one of them."""
    silent = population(("23", *MUNICIPALITIES[:7]))
    done = held.load(held.put(POP, silent))
    assert (done.withdrawn, done.unchanged) == (3, 24)
    assert "CODES_KEPT" in held.ledger("check")[0]["reason"]
    known = held.known()
    assert known[known["area"] == "2380"]["value"].isna().all()
    assert set(known[known["area"] == "2380"]["value_status"]) == {"withdrawn"}
    values, _, _, _ = compute(known, registry, registry.agreements["jamtland"], [2024])
    people = values[(values["indicator_id"] == "TMV-C01") & (values["area"] == "2380") & (values["age"] == "T")]
    assert len(people)
    assert people["value"].isna().all()
    assert set(people["obs_status"]) == {"missing"}
    assert people["reason_sv"].notna().all()


@pytest.mark.scorecard(37, "a declared fault that the source has mended stops loudly")
def test_a_fault_that_the_source_has_mended_stops(world: World) -> None:
    """Brå prints the same for two offences of 2024; while it does, both are marked, and then the capture stops."""
    child = ["4 kap 4 c § 3 st. BrB Barnäktenskapsbrott", "Barnäktenskapsbrott"]
    honour = ["4 kap. 4 e § BrB Hedersförtryck", "Hedersförtryck, totalt"]
    figures = [57, 51, 6, 5.88235294117647, 5.26315789473684]

    def country(*other: Any) -> bytes:
        rows = [[*child, *figures], [*honour, *(other or figures)]]
        return xlsx({MAIN: [[title(2024)], SHEETS[MAIN], *rows]})

    about = {"part": "La-2024", "periods": ["2024"], "file_name": "300La-2024.xlsx"}
    done = world.load(world.put(BRA, country(), **about))
    assert done.loaded == 14
    assert set(world.known(BRA)["mark"]) == {"wrong_at_source"}
    mended = world.put(BRA, country(31, 28, 3, 0, 0), **about)
    before = world.known(BRA)
    text = world.stopped(mended, CheckFailed)
    assert "bra_handled_offences_2024_honour_oppression" in text
    assert "the source now says 31" in text
    assert "status: fixed_upstream" in text
    pd.testing.assert_frame_equal(world.known(BRA), before)


# --- withdrawn at the source -------------------------------------------------------------------------------------


@pytest.mark.scorecard(22, "the last figures of what the source has ceased to publish stay, marked, as a new version")
def test_withdrawn_figures_stay_as_a_marked_version(held: World) -> None:
    before = held.known()
    gone = held.put(BRA, workbook(ROWS), withdrawn=["handled"])
    assert gone.change == "REVISED"
    held.load(gone)
    silent = population(("23",))
    last = held.put(POP, {**silent, "value": silent["value"]}, withdrawn=["population"])
    done = held.load(last)
    assert (done.rows_in, done.unchanged, done.revised, done.withdrawn) == (27, 3, 24, 0)
    known = held.known()
    assert known["value"].tolist() == before["value"].tolist()
    marks = known.groupby("area")["mark"].agg(set)
    assert marks["2380"] == {"withdrawn_at_source"}
    assert "withdrawn_at_source" not in marks["23"]
    pd.testing.assert_frame_equal(held.known(at=last.captured_at - timedelta(seconds=1)), before)
    assert (
        "24 uppgifter om scb_population.population, som källan har slutat redovisa" in held.ledger("check")[0]["reason"]
    )


# --- no false alarms ---------------------------------------------------------------------------------------------


@pytest.mark.scorecard(33, "no bundled capture is held beside the one before it, or beside itself")
def test_no_bundled_capture_is_held(registry: Registry) -> None:
    bundle = Archive(settings.bundle_url())
    manifests = [m for source in registry.sources for m in bundle.manifests(source)]
    with_earlier = 0
    for manifest in manifests:
        with_earlier += manifest.previous is not None
        assert _held_codes(bundle, manifest, registry) == [], manifest.capture_id
    assert len(manifests) > 40
    assert with_earlier


def _held_codes(bundle: Archive, manifest: Manifest, registry: Registry) -> list[str]:
    """Return the codes for which a capture would be held, beside its predecessor and beside itself."""
    from importlib import import_module

    from include.archive.withdrawals import is_withdrawal
    from include.check import history
    from include.check.gate import Reveal

    source = registry.sources[manifest.source_id]
    reader = import_module(f"include.check.readers.{source.reader}")

    def figures(one: Manifest) -> Any:
        return reader.read(bundle.read(one.capture_id), one, source, registry).table

    if is_withdrawal(manifest):
        return []
    own = figures(manifest)
    earlier = [own, *([figures(bundle.manifest(manifest.previous))] if manifest.previous else [])]
    found = [finding for before in earlier for finding in history.Comparison(before, own).findings(Reveal())]
    correctable = history.CORRECTABLE if source.kind == "inbox" else frozenset()
    return [finding.code for finding in found if finding.stops and finding.code not in correctable]
