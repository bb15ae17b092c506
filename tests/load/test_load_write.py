"""A load is all or nothing, one at a time for each source, and loses no figure unseen."""

import os
import subprocess
import sys
import textwrap
import threading

import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from include.check.tidy import SetAside, set_aside_table, tidy_table
from include.errors import LoadConflict
from include.load import read, write
from include.load.dimensions import UnknownCode
from include.load.engine import engine
from include.load.write import Counts
from include.settings import ROOT
from tests.load.samples import MEASURE, SOURCE, add_dimensions, content, day, load, manifest

pytestmark = pytest.mark.postgres

FIRST, SECOND = day("2024-01-15"), day("2024-03-31")


@pytest.fixture(autouse=True)
def dims(warehouse):
    add_dimensions()
    return warehouse


def count(table: str) -> int:
    with engine("owner").connect() as connection:
        return connection.execute(sa.text(f"SELECT count(*) FROM warehouse.{table}")).scalar_one()


@pytest.mark.parametrize("point", ["_insert_capture", "_copy", "_insert_quarantine", "_insert_loaded"])
def test_kill_9_in_the_middle_of_a_load_leaves_nothing_and_frees_the_source(point):
    load({"2380": 1}, FIRST)
    before = content()
    script = textwrap.dedent(
        f"""
        import time
        from include.load import write
        from tests.load.samples import day, load
        real = write.{point}
        def stop(*arguments):
            real(*arguments)
            print("in transaction", flush=True)
            time.sleep(60)
        write.{point} = stop
        load({{"2380": 2, "2303": 3}}, day("2024-03-31"))
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline().strip() == "in transaction"
    process.kill()
    process.wait()
    process.stdout.close()
    assert content() == before
    assert (count("capture"), count("loaded")) == (1, 1)
    result = load({"2380": 2, "2303": 3}, SECOND)
    assert (result.new, result.revised) == (1, 1)


def test_two_loads_at_once_give_what_one_after_the_other_gives():
    captures = {FIRST: {"2380": 1, "2303": 5}, SECOND: {"2380": 2}}
    threads = [threading.Thread(target=load, args=(figures, at)) for at, figures in captures.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [(row[2], row[3], row[9][:10], row[10][:10]) for row in content()] == [
        ("2303", 5, "2024-01-15", "2024-03-31"),
        ("2303", None, "2024-03-31", "infinity"),
        ("2380", 1, "2024-01-15", "2024-03-31"),
        ("2380", 2, "2024-03-31", "infinity"),
    ]


def test_the_same_capture_loaded_twice_at_once_is_loaded_once():
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(load({"2380": 1}, FIRST, run_id=n))) for n in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(result.new for result in results) == [0, 1]
    assert len(content()) == 1


def test_a_load_that_waits_too_long_says_what_it_waits_for(dims, monkeypatch):
    monkeypatch.setattr(write, "LOCK_TIMEOUT", "100ms")
    with dims.superuser() as other:
        other.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [write._LOCK, SOURCE])
        with pytest.raises(LoadConflict, match="another load of made_up"):
            load({"2380": 1}, FIRST)
    load({"2380": 1}, FIRST)


def test_sources_do_not_wait_for_each_other(dims, monkeypatch):
    monkeypatch.setattr(write, "LOCK_TIMEOUT", "100ms")
    with dims.superuser() as other:
        other.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [write._LOCK, "another"])
        assert load({"2380": 1}, FIRST).new == 1


@pytest.mark.parametrize(("rows_in", "quarantined"), [(2, 0), (0, 0), (2, 1)])
def test_counts_that_do_not_add_up_are_refused(rows_in, quarantined):
    table = tidy_table(
        {"measure": MEASURE, "area": ["2380"], "period": "2023", "value": 1.0, "value_status": "ok", "status": "F",
         "mark": "direct", "source_label": "Antal", "place": "A1"}
    )  # fmt: skip
    counts = Counts(rows_in, quarantined, 0)
    with pytest.raises(LoadConflict, match=r"count identity|set aside"):
        write.write(engine("loader"), table, set_aside_table(), manifest(FIRST), counts, "run")
    assert count("capture") == 0


def test_rows_set_aside_are_kept_with_their_reason_in_the_same_transaction():
    aside = SetAside("Blad1!B7", "NOT_A_NUMBER", "Cellen innehåller text.", {"cell": "saknas – se not"})
    result = load({"2380": 1}, FIRST, set_aside=[aside])
    assert (result.rows_in, result.loaded, result.quarantined) == (2, 1, 1)
    with engine("loader").connect() as connection:
        (row,) = read.quarantined(connection, SOURCE)
    assert (row["place"], row["reason_code"], row["severity"]) == ("Blad1!B7", "NOT_A_NUMBER", "quarantined")


def test_a_figure_that_is_there_twice_is_shown_and_refused():
    rows = [{"area": "2380", "value": 1, "place": "B1"}, {"area": "2380", "value": 1, "place": "B2"}]
    with pytest.raises(LoadConflict, match=r"twice.*area=2380.*place=B"):
        load(rows, FIRST)
    assert content() == []


def test_a_figure_that_another_part_holds_is_refused():
    load({"2380": 1, "2303": 1}, FIRST, part="one")
    with pytest.raises(LoadConflict, match="already held by another part"):
        load({"2303": 2}, SECOND, part="two")
    load({"2305": 2}, SECOND, part="two")
    with pytest.raises(LoadConflict, match="already held by another part"):
        load({"2305": 2, "2303": 2}, day("2024-05-01"), part="two")
    assert [(row[2], row[3]) for row in content()] == [("2303", 1), ("2305", 2), ("2380", 1)]


def test_parts_with_the_same_measure_and_period_live_side_by_side():
    load({"2380": 1}, FIRST, part="one")
    load({"2303": 1}, FIRST, part="two")
    load({"2303": 2}, SECOND, part="two")
    assert [(row[2], row[3]) for row in content()] == [("2303", 1), ("2303", 2), ("2380", 1)]


def test_two_captures_of_a_part_at_one_moment_are_refused():
    load({"2380": 1}, FIRST)
    other = manifest(FIRST).model_copy(update={"capture_id": f"{SOURCE}/p/20240115T000000Z-000000000000"})
    table = tidy_table({"measure": MEASURE, "area": pa.array(["2380"]), "period": "2023", "value": 2.0,
                        "value_status": "ok", "status": "F", "mark": "direct", "source_label": None,
                        "place": "A1"})  # fmt: skip
    with pytest.raises(LoadConflict, match="refused"):
        write.write(engine("loader"), table, set_aside_table(), other, Counts(1, 0, 0), "run")


def test_an_unknown_code_is_refused_by_name():
    with pytest.raises(UnknownCode, match="knows no area '9999'"):
        load({"9999": 1}, FIRST)
    assert count("capture") == 0


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinity_is_no_figure(value):
    with pytest.raises(LoadConflict, match="no number"):
        load({"2380": value}, FIRST)


@pytest.mark.parametrize("row", [{"value": None, "value_status": "ok"}, {"value": 0, "value_status": "missing"}])
def test_no_value_without_status_and_no_status_of_absence_with_a_value(row):
    with pytest.raises(LoadConflict, match="observation_value_check"):
        load([row], FIRST)


def test_every_combination_of_numbers_and_statuses_comes_back_as_it_went_in():
    rows = [
        {"area": "2303", "value": 1.5, "value_low": 1, "value_high": 2.25, "value_status": "estimate", "status": "P"},
        {"area": "2305", "value": 0.0, "mark": "derived", "source_label": 'Åäö; "x"\n\\N'},
        {"area": "2309", "value": None, "value_status": "suppressed", "mark": "example"},
        {"area": "2313", "value": 1e15, "sex": "K", "age": "18+", "source_label": None},
        {"area": "2321", "value": -2.0, "value_low": -3.0, "period": "2023-Q4"},
        {"area": "2326", "value": None, "value_status": "not_applicable", "value_high": 4.0, "age": "0-17"},
    ]
    load(rows, FIRST)
    with engine("loader").connect() as connection:
        frame = read.observations(connection, [MEASURE])
    columns = [
        "area",
        "period",
        "year",
        "sex",
        "age",
        "value",
        "value_low",
        "value_high",
        "value_status",
        "status",
        "mark",
    ]
    found = [[None if cell != cell else cell for cell in row] for row in frame[columns].itertuples(index=False)]
    assert found == [
        ["2303", "2023", 2023, "T", "T", 1.5, 1.0, 2.25, "estimate", "P", "direct"],
        ["2305", "2023", 2023, "T", "T", 0.0, None, None, "ok", "F", "derived"],
        ["2309", "2023", 2023, "T", "T", None, None, None, "suppressed", "F", "example"],
        ["2313", "2023", 2023, "K", "18+", 1e15, None, None, "ok", "F", "direct"],
        ["2321", "2023-Q4", 2023, "T", "T", -2.0, -3.0, None, "ok", "F", "direct"],
        ["2326", "2023", 2023, "T", "0-17", None, None, 4.0, "not_applicable", "F", "direct"],
    ]
    assert list(frame["source_label"])[1] == 'Åäö; "x"\n\\N'
    assert list(frame["source_label"])[3] == ""
    assert str(frame["known_from"].iloc[0]) == "2024-01-15 00:00:00+00:00"


def test_an_empty_capture_withdraws_what_its_part_held():
    load({"2380": 1}, FIRST)
    assert load({}, SECOND).withdrawn == 1
    assert load({}, day("2024-05-01"), part="never-seen").new == 0


def test_a_database_that_is_not_there_is_an_error_not_an_empty_answer(monkeypatch):
    monkeypatch.setenv("FOLLOWUP_DATABASE_URL", "postgresql+psycopg:///nowhere?host=/nowhere")
    with pytest.raises(sa.exc.OperationalError) as caught:
        load({"2380": 1}, FIRST)
    assert isinstance(caught.value.orig, psycopg.OperationalError)
