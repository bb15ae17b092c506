"""The verb: from staging into the warehouse, dimensions from the registry, and the ledger."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from include.archive.store import Archive
from include.check import staging
from include.check.tidy import set_aside_table, tidy_table
from include.errors import LoadConflict
from include.load import dimensions, read, run
from include.load import tables as t
from include.load.engine import engine
from include.registry.read import measures
from tests.load.samples import add_dimensions, day, load, manifest

pytestmark = pytest.mark.postgres

AT = datetime(2026, 1, 2, tzinfo=UTC)


def stage(warehouse, registry, value: float = 3.0) -> str:
    """Archive and stage one invented capture of a real source; return its id."""
    measure = next(code for code, (owner, _) in measures(registry).items() if owner == "bra_handled_offences")
    known = manifest(AT, "Rn01-2023", "bra_handled_offences")
    put = Archive(str(warehouse.home / "archive")).put(
        source_id=known.source_id, part=known.part, periods=["2023"], content=f"{value}".encode(),
        origin="reconstructed",
        url="https://example.org/", captured_at=AT, media_type="text/csv", file_name="made_up.csv",
    )  # fmt: skip
    table = tidy_table(
        {"measure": measure, "area": ["Rn01"], "period": "2023", "age": "18+", "value": value, "value_status": "ok",
         "status": "F", "mark": "direct", "source_label": "Antal", "place": "B7"}
    )  # fmt: skip
    facts = {"capture_id": put.capture_id, "rows_in": 1, "quarantined": 0, "rejected": 0}
    return str(staging.stage(put.capture_id, table, set_aside_table(), facts))


def test_a_staged_capture_is_loaded_and_known(warehouse, registry, capsys):
    staged = stage(warehouse, registry)
    result = run.load(staged, run_id="a", quarter="2026-Q1")
    assert (result.new, result.years) == (1, [2023])
    assert "1 new" in capsys.readouterr().out
    assert run.loaded_captures("bra_handled_offences") == {result.capture_id}
    assert run.loaded_captures("scb_population") == set()
    assert run.last_known() == AT
    assert run.load(result.capture_id, run_id="b").years == []


def test_nothing_staged_is_an_error_that_says_what_to_do(warehouse):
    with pytest.raises(LoadConflict, match="Run check first"):
        run.load("made_up/p/20260102T000000Z-000000000000", run_id="a")


def test_dimensions_follow_the_registry_and_twice_changes_nothing(warehouse, registry):
    run.sync_dimensions(registry)
    with engine("owner").connect() as connection:
        first = _dimensions(connection)
        counts = {name: len(rows) for name, rows in first.items()}
    assert counts["area"] == len(registry.areas)
    assert counts["measure"] == len(measures(registry))
    assert counts["breakdown"] == len({code for code in registry.breakdowns if code != "total"}) + 1
    run.sync_dimensions(registry)
    with engine("owner").connect() as connection:
        assert _dimensions(connection) == first
        small = set(connection.execute(sa.select(t.measure.c.source_id).where(t.measure.c.small_counts)).scalars())
    assert small == {extract.id for extract in registry.extracts.values() if extract.small_counts}


@pytest.mark.parametrize("age", ["18-", "17-0", "x", "18 +", ""])
def test_an_age_that_is_none_is_refused(warehouse, age):
    add_dimensions()
    with pytest.raises(LoadConflict):
        load([{"value": 1, "age": age}], day("2024-01-15"))


def test_periods_and_ages_come_with_the_figures(warehouse):
    add_dimensions()
    load(
        [{"value": 1, "age": "65+", "period": "2022/2023"}, {"value": 1, "age": "7", "period": "2023-H1"}],
        day("2024-01-15"),
    )
    with engine("loader").connect() as connection:
        periods = connection.execute(
            sa.text("SELECT code, unit, year, first_day::text, last_day::text FROM warehouse.period ORDER BY 1")
        ).all()
        ages = connection.execute(
            sa.text("SELECT code, label_sv, age_from, age_to FROM warehouse.age ORDER BY 1")
        ).all()
    assert periods == [
        ("2022/2023", "span", 2023, "2022-01-01", "2023-12-31"),
        ("2023-H1", "half_year", 2023, "2023-01-01", "2023-06-30"),
    ]
    assert ages == [("65+", "65 år och äldre", 65, None), ("7", "7 år", 7, 7), ("T", "Alla åldrar", 0, None)]


def outcome(**row) -> None:
    run.record_outcome(
        **{"stage": "load", "run_id": "r", "state": "ok", "reason": "", "started_at": datetime.now(UTC)} | row
    )


def test_the_ledger_keeps_one_line_for_each_stage_of_each_run(warehouse):
    outcome(state="failed", reason="no lock", capture_id="s/p/x")
    outcome(capture_id="s/p/x", rows_in=4, new=4)
    outcome(stage="archive", source_id="s", state="unchanged", quarter="2025-Q3")
    lines = run.status(every=True)
    assert [(line["stage"], line["state"], line["source"], line["part"]) for line in lines] == [
        ("archive", "unchanged", "s", "-"),
        ("load", "ok", "s", "p"),
    ]
    assert run.status("another") == []


def test_status_shows_the_latest_and_whatever_failed_last(warehouse):
    outcome(run_id="1", capture_id="s/broken/x", state="failed", reason="layout")
    outcome(run_id="1", capture_id="s/mended/x", state="failed", reason="layout")
    outcome(run_id="2", capture_id="s/mended/x")
    outcome(run_id="2", capture_id="s/fine/x")
    assert [(line["part"], line["state"]) for line in run.status()] == [("fine", "ok"), ("broken", "failed")]


def test_years_wait_until_the_indicators_of_every_agreement_are_computed(warehouse, registry):
    assert run.pending_years() == []
    add_dimensions()
    load({"2380": 1}, day("2024-01-15"))
    assert run.pending_years() == [2023]
    for agreement in registry.agreements:
        assert run.pending_years(agreement) == [2023]
        outcome(stage="measure", part=f"{agreement}-2023", years=[2023], rows_in=1)
        assert run.pending_years(agreement) == []
    assert run.pending_years() == []
    load({"2380": 2}, day("2024-02-15"))
    assert run.pending_years() == [2023]
    outcome(stage="measure", part=f"{agreement}-2023", years=[2023], rows_in=1)  # it began before that load was there
    assert run.pending_years() == [2023]


def test_many_loads_wake_a_year_once_until_it_is_measured(warehouse):
    assert run.wake([2024, 2023]) == [2023, 2024]
    assert run.wake([2024, 2025]) == [2025]  # the wake-up of 2024 still waits, and serves this load too
    run.awake(2024)
    assert run.wake([2023, 2024]) == [2024]
    assert run.wake([]) == []


def test_a_wake_up_that_was_lost_is_repeated(warehouse):
    assert run.wake([2024]) == [2024]
    with warehouse.engine("loader").begin() as connection:
        connection.execute(sa.text("UPDATE warehouse.wake SET woken_at = woken_at - interval '11 minutes'"))
    assert run.wake([2024]) == [2024]
    assert run.wake([2024]) == []


def test_an_empty_warehouse_answers_with_empty_tables(warehouse):
    with engine("loader").connect() as connection:
        frame = read.observations(connection, ["x.y"])
        assert len(frame) == 0
        assert str(frame["value"].dtype) == "float64"
        assert read.parts(connection) == []
    assert run.last_known().year == 1970


def test_parts_are_those_known_at_the_moment(warehouse):
    add_dimensions()
    for at in ("2024-01-15", "2024-03-31"):
        load({"2380": 1}, day(at))
    with engine("loader").connect() as connection:
        assert [part["captured_at"] for part in read.parts(connection, day("2024-02-01"))] == [day("2024-01-15")]
        assert [part["captured_at"] for part in read.parts(connection)] == [day("2024-03-31")]


def _dimensions(connection: sa.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by("code"))]
        for table, code, _ in dimensions.DIMENSIONS.values()
        if code == "code"
    }
