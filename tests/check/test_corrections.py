"""Declared faults of a source: applied, shown, and loud once the source has mended them."""

from typing import Any

import pytest

from include.check.corrections import correct
from include.check.tidy import ReadResult
from include.errors import CheckFailed, RegistryError
from include.registry.models import Correction

ROW = {"measure": "s.m", "area": "Rn01", "period": "2022"}


def correction(action: str, **more: Any) -> Correction:
    fields = {"id": "c1", "source": "s", "rows": {"area": "Rn01", "sex": "K"}, "status": "open", **more}
    return Correction(action=action, reason={"sv": "Fel i källan.", "en": "Wrong."}, **fields)


@pytest.fixture
def result(build) -> ReadResult:
    return build.result(build.table([{**ROW, "sex": "K", "value": 10}, {**ROW, "sex": "M", "value": 20}]))


def rows(result: ReadResult) -> list[tuple[str, float, str]]:
    return [(row["sex"], row["value"], row["mark"]) for row in result.table.to_pylist()]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (correction("override", value=11, expect=10), [("K", 11, "wrong_at_source"), ("M", 20, "direct")]),
        (correction("scale", value=0.1), [("K", 1, "wrong_at_source"), ("M", 20, "direct")]),
        (correction("flag"), [("K", 10, "wrong_at_source"), ("M", 20, "direct")]),
    ],
)
def test_only_the_declared_rows_are_corrected_and_they_are_marked(result, declared, expected):
    corrected, applied = correct(result, [declared])
    assert rows(corrected) == expected
    assert [(a.id, a.rows, a.reason_sv) for a in applied] == [("c1", 1, "Fel i källan.")]
    assert corrected.table.schema.equals(result.table.schema)


def test_a_dropped_row_is_set_aside_with_its_reason_and_still_counted(result):
    corrected, _ = correct(result, [correction("drop")])
    assert rows(corrected) == [("M", 20, "direct")]
    (aside,) = corrected.set_aside.to_pylist()
    assert (aside["reason_code"], aside["place"]) == ("DECLARED_FAULT", "Blad!B1")
    assert "Fel i källan." in aside["reason_sv"]
    assert corrected.rows_in == 2


@pytest.mark.scorecard(37, "a fault that the source has mended stops loudly")
def test_a_correction_stops_once_the_source_says_something_else(result):
    with pytest.raises(CheckFailed, match=r"c1 .* expects the source's fault 9 at Blad!B1, but the source now says 10"):
        correct(result, [correction("override", value=11, expect=9)])


@pytest.mark.scorecard(37, "a fault that the source has mended stops loudly")
def test_only_the_rows_that_must_say_so_are_asked(result):
    """A correction of a whole row of a table has one figure that tells whether the fault is still there."""
    chosen = {"area": "Rn01", "period": "2022"}
    correct(result, [correction("flag", rows=chosen, expect=20, expect_rows={"sex": "M"})])
    with pytest.raises(CheckFailed, match=r"(?s)expects the source's fault 21 at Blad!B2.*fixed_upstream.*Nästa steg"):
        correct(result, [correction("flag", rows=chosen, expect=21, expect_rows={"sex": "M"})])
    with pytest.raises(CheckFailed, match="but the source has none there any more"):
        correct(result, [correction("flag", rows=chosen, expect=20, expect_rows={"sex": "T"})])


def test_a_missing_value_can_be_filled_in(build):
    gap = build.result(build.table([{**ROW, "sex": "K", "value": None, "value_status": "missing"}]))
    corrected, _ = correct(gap, [correction("override", value=11)])
    row = corrected.table.to_pylist()[0]
    assert (row["value"], row["value_status"]) == (11, "ok")


def test_a_correction_for_another_file_or_fixed_upstream_does_nothing(result):
    for declared in (correction("drop", rows={"area": "00"}), correction("drop", status="fixed_upstream")):
        corrected, applied = correct(result, [declared])
        assert rows(corrected) == rows(result)
        assert applied == []


def test_a_correction_that_cannot_be_done_is_the_registrys_fault(result):
    with pytest.raises(RegistryError, match="needs a value"):
        correct(result, [correction("override")])
    with pytest.raises(RegistryError, match="colour"):
        correct(result, [correction("drop", rows={"colour": "red"})])


def test_the_gate_sees_the_corrected_figures(check_rows, build):
    """A sum that is wrong at the source passes once the fault is declared."""
    common = {"area": "Rn01", "period": "2022"}
    wrong = build.table(
        [
            {**common, "measure": "bra_handled_offences.handled", "value": 10},
            {**common, "measure": "bra_handled_offences.investigated", "value": 6},
            {**common, "measure": "bra_handled_offences.dismissed", "value": 5},
        ]
    )
    assert check_rows("bra_handled_offences", "Rn01-2022", wrong).refused
    declared = correction(
        "override",
        source="bra_handled_offences",
        rows={"measure": "bra_handled_offences.handled", "area": "Rn01", "period": "2022"},
        value=11,
        expect=10,
    )
    mended = check_rows("bra_handled_offences", "Rn01-2022", wrong, [declared])
    assert not mended.refused
    assert mended.table["mark"].to_pylist() == ["wrong_at_source", "direct", "direct"]
