"""The gate itself: severities, setting aside, what may be shown, and the count identity."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.check.expectations import Meta, critical, warning
from include.check.gate import Reveal, SuiteBroken, gate
from include.check.identity import Identity
from include.check.tidy import ReadResult, SetAside
from include.errors import CheckFailed

ROOT = Path(__file__).resolve().parents[2]
ROW = {"measure": "s.m", "area": "23", "period": "2020"}


def most(code: str, value: float, quarantine: bool = False):
    """Return the warning that no value is above a limit."""
    meta = Meta(code, f"Högst {value}.", f"At most {value}.", quarantine=quarantine)
    return warning("ExpectColumnValuesToBeBetween", meta, column="value", max_value=value)


def test_only_a_critical_expectation_refuses(build):
    result = build.result(build.table([{**ROW, "value": 9}]))
    told = gate(result, [most("M", 5)])
    assert not told.refused
    assert told.passed.num_rows == 1
    (finding,) = told.findings
    assert (finding.severity, finding.holds, finding.failed) == ("warning", False, 1)
    meta = Meta("M", "Högst 5.", "At most 5.")
    stop = gate(result, [critical("ExpectColumnValuesToBeBetween", meta, column="value", max_value=5)])
    assert stop.refused
    assert stop.findings[0].severity == "critical"


def test_a_row_that_breaks_two_rules_is_set_aside_once_for_the_first_reason(build):
    result = build.result(build.table([{**ROW, "value": 9}, {**ROW, "value": 1}]))
    verdict = gate(result, [most("FIRST", 5, True), most("SECOND", 4, True)])
    assert verdict.set_aside["reason_code"].to_pylist() == ["FIRST"]
    assert verdict.passed["value"].to_pylist() == [1]
    assert [f.failed for f in verdict.findings] == [1, 1]


def test_all_offenders_are_counted_and_the_first_ten_shown(build):
    rows = [{**ROW, "value": 9} for _ in range(25)]
    (finding,) = gate(build.result(build.table(rows)), [most("M", 5)]).findings
    assert finding.failed == 25
    assert [row.place for row in finding.rows] == [f"Blad!B{n}" for n in range(1, 11)]


def test_what_may_not_be_shown_is_not(build):
    rows = build.table([{**ROW, "value": 9, "area": "Anna Andersson"}])
    area = warning("ExpectColumnValuesToBeInSet", Meta("A", "Känt område.", "Known."), column="area", value_set=["23"])
    counted = Identity("SUM", "Summan stämmer.", "The sum holds.", lambda frame: frame["value"] - 5, "warning")
    shown = gate(build.result(rows), [area, most("M", 5)], [counted], Reveal(texts=False, hidden=frozenset({"s"})))
    text = str(shown.findings)
    assert "Anna" not in text
    assert "found='9'" not in text
    assert "expected='5'" not in text
    assert text.count("(visas inte)") == 3
    assert "Anna" in str(gate(build.result(rows), [area]).findings)


def test_what_may_not_be_shown_is_not_kept_with_a_row_set_aside_either(build):
    result = build.result(build.table([{**ROW, "value": 9, "area": "Anna Andersson"}]))
    hidden = gate(result, [most("M", 5, True)], reveal=Reveal(texts=False, hidden=frozenset({"s"})))
    assert hidden.set_aside["raw"].to_pylist() == ["{}"]
    assert "Anna" in gate(result, [most("M", 5, True)]).set_aside["raw"].to_pylist()[0]


def test_an_identity_says_what_was_found_and_what_the_parts_say(build):
    rows = build.table([{**ROW, "value": 9}])
    identity = Identity("SUM", "Summan stämmer.", "The sum holds.", lambda frame: frame["value"] * 0 + 2)
    (finding,) = gate(build.result(rows), [], [identity]).findings
    assert finding.stops
    assert (finding.rows[0].found, finding.rows[0].expected) == ("9", "7")
    tolerant = Identity("SUM", "Summan stämmer.", "The sum holds.", identity.residual, tolerance=2)
    assert not gate(build.result(rows), [], [tolerant]).refused


def test_a_rule_that_cannot_be_tried_is_no_pass(build):
    broken = critical("ExpectColumnValuesToNotBeNull", Meta("X", "x", "x"), column="colour")
    with pytest.raises(SuiteBroken, match="X"):
        gate(build.result(build.table([{**ROW, "value": 1}])), [broken])


def test_two_rules_with_one_code_are_refused(build):
    with pytest.raises(SuiteBroken, match="same code"):
        gate(build.result(build.table([{**ROW, "value": 1}])), [most("M", 1), most("M", 2)])


def test_a_stop_cannot_set_rows_aside():
    with pytest.raises(ValueError, match="cannot also"):
        critical("ExpectColumnValuesToNotBeNull", Meta("X", "x", "x", quarantine=True), column="value")


def test_a_reader_that_lost_a_row_does_not_get_through_the_gate(build):
    table = build.table([{**ROW, "value": 1}])
    with pytest.raises(CheckFailed, match="Count identity"):
        gate(build.result(table, rows_in=2), [])


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 20)), min_size=1, max_size=12),
    aside=st.integers(0, 5),
    limit=st.integers(0, 20),
    quarantine=st.booleans(),
)
def test_every_row_ends_in_exactly_one_place(build, values, aside, limit, quarantine):
    rows = [{**ROW, "value": v, "value_status": "missing" if v is None else "ok"} for v in values]
    kept = [SetAside(f"Blad!C{n}", "UNKNOWN_LABEL", "Okänd rad.") for n in range(aside)]
    result: ReadResult = build.result(build.table(rows), *kept)
    verdict = gate(result, [most("M", limit, quarantine)])
    assert verdict.rows_in == len(values) + aside == verdict.passed.num_rows + verdict.set_aside.num_rows
    over = sum(1 for value in values if value is not None and value > limit)
    assert verdict.set_aside.num_rows == aside + (over if quarantine else 0)
    places = verdict.passed["place"].to_pylist() + verdict.set_aside["place"].to_pylist()
    assert sorted(places) == sorted([f"Blad!B{n}" for n in range(1, len(values) + 1)] + [row.place for row in kept])


def test_importing_the_check_does_not_import_great_expectations():
    """Its import costs seconds, which a task pays only when the gate is reached."""
    modules = "run, gate, report, staging, corrections, identity, expectations"
    suites = "common, bra_handled_offences, scb_population, agency_extracts"
    code = (
        f"import sys; from include.check import {modules}; from include.check.suites import {suites}; "
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
