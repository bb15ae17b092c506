"""Figures on request: each row one number with its source; a marker is a status, what is not told is not zero."""

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from include.check.readers.extracts_e12 import REGISTERS, meaning
from include.check.readers.swedish import Reading, Unread
from include.check.tidy import ReadResult


def row(**changes: Any) -> dict[str, Any]:
    """Return a row: the share printed for Region Jämtland Härjedalen 2021 (96 per cent of the pregnant were asked)."""
    usual = {
        "measure": "asked_share",
        "area": "lan",
        "sex": "T",
        "value": "96",
        "register": "graviditetsregistret",
        "document": "Årsrapport, tabell 4",
        "url": None,
        "received": date(2024, 2, 1),
    }
    return {**usual, **changes}


def counted(measure: str, value: str, **changes: Any) -> dict[str, Any]:
    return row(measure=measure, value=value, register=REGISTERS[measure], **changes)


@pytest.fixture
def result(fill, read):
    def run(*rows: dict[str, Any], **answers: str) -> ReadResult:
        content = fill({"Uppgifter": list(rows)}, **answers)
        return read(content, "jamtland-LST-2023", origin="example" if answers.get("example") == "yes" else "live")

    return run


def figures(result: ReadResult) -> dict[tuple[str, str, str], tuple[Any, str]]:
    """Return value and status of each figure by measure, area and sex."""
    return {
        (f["measure"], f["area"], f["sex"]): (f["value"], f["value_status"])
        for f in result.table.to_pylist()
        if f["measure"].startswith("E12.")
    }


@pytest.mark.parametrize(
    ("text", "measure", "expected"),
    [
        ("95,4", "asked_share", Reading("ok", 95.4)),
        ("95.4 %", "asked_share", Reading("ok", 95.4)),
        ("100", "asked_share", Reading("ok", 100)),
        ("101", "asked_share", "ABOVE_100_PERCENT"),
        ("954", "asked_share", "ABOVE_100_PERCENT"),
        ("0", "helpline_calls", Reading("ok", 0)),
        ("1 250", "helpline_calls", Reading("ok", 1250)),
        ("12,5", "helpline_calls", "UNREADABLE_NUMBER"),
        ("12 %", "helpline_calls", "PERCENT_IN_COUNT"),
        ("1.250", "helpline_calls", "UNREADABLE_NUMBER"),
        ("<5", "helpline_calls", Reading("suppressed", low=1, high=4)),
        ("< 5", "helpline_calls", Reading("suppressed", low=1, high=4)),
        ("färre än 5", "programme_starts", Reading("suppressed", low=1, high=4)),
        ("1–4", "programme_starts", Reading("suppressed", low=1, high=4)),
        ("X", "asked_share", Reading("suppressed")),
        ("–", "helpline_calls", Reading("missing")),
        (".", "helpline_calls", Reading("not_applicable")),
        ("ej rapporterat", "helpline_calls", Reading("not_reported")),
        ("..", "helpline_calls", "UNREADABLE_NUMBER"),
        ("04-jan", "helpline_calls", "DATE_FOR_NUMBER"),
        ("ca 10", "helpline_calls", "UNREADABLE_NUMBER"),
        ("10+", "helpline_calls", "UNREADABLE_NUMBER"),
    ],
)
def test_a_number_or_a_known_marker_and_nothing_else(text, measure, expected):
    found = meaning(text, measure)
    assert (found.rule if isinstance(found, Unread) else found) == expected


def test_a_row_is_a_figure_of_its_area_and_sex_with_the_register_beside_its_label(result):
    made = result(row(), row(area="riket", value="96"), counted("helpline_calls", "12", sex="M"))
    found = figures(made)
    assert found["E12.asked_share", "23", "T"] == (96, "ok")
    assert found["E12.asked_share", "00", "T"] == (96, "ok")
    assert found["E12.helpline_calls", "23", "M"] == (12, "ok")
    parties = {f["area"]: f["party"] for f in made.table.to_pylist() if f["measure"].startswith("E12.")}
    assert parties == {"23": "-", "00": "LST"}, "of the country it is told who says so: another county may be told else"
    first = next(f for f in made.table.to_pylist() if f["measure"].startswith("E12."))
    assert first["source_label"] == "Andel gravida som tillfrågats om våldsutsatthet (Graviditetsregistret)"
    assert first["place"] == "Uppgifter rad 2"


def test_what_is_not_told_is_not_reported_and_never_zero(result):
    for answers in ({}, {"empty_sheets": "none"}):
        assert figures(result(**answers)) == {
            (f"E12.{measure}", "23", "T"): (None, "not_reported") for measure in REGISTERS
        }


def test_a_suppressed_number_has_no_value_but_its_limits(result):
    made = result(counted("helpline_calls", "<5"))
    assert figures(made)["E12.helpline_calls", "23", "T"] == (None, "suppressed")
    row = next(f for f in made.table.to_pylist() if f["measure"] == "E12.helpline_calls")
    assert (row["value_low"], row["value_high"]) == (1, 4)


def test_a_number_in_the_wrong_column_is_not_told(result):
    made = result(row(area="3"), row(sex="T", measure="4"))
    told = " ".join(made.set_aside["reason_sv"].to_pylist() + made.set_aside["raw"].to_pylist())
    assert "hittade ett tal" in told
    assert "hittade 3" not in told
    assert "hittade 4" not in told


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (row(value="ca 10"), "UNREADABLE_NUMBER"),
        (counted("helpline_calls", "12,5"), "UNREADABLE_NUMBER"),
        (row(register="kriminalvarden"), "OTHER_REGISTER"),
        (row(received=date(2022, 12, 31)), "DATE_OUTSIDE_PERIOD"),
        (row(received=None), "REQUIRED_MISSING"),
        (row(document=None), "REQUIRED_MISSING"),
        (row(measure="nagot_annat"), "UNKNOWN_CODE"),
    ],
)
def test_a_row_that_cannot_be_taken_is_set_aside_and_its_figure_not_reported(result, wrong, code):
    made = result(wrong)
    (aside,) = made.set_aside.to_pylist()
    assert aside["reason_code"] == code
    assert figures(made)["E12.asked_share", "23", "T"] == (None, "not_reported")


def test_the_day_of_receipt_may_lie_after_the_period(result):
    assert result(row(received=date(2025, 6, 30))).set_aside.num_rows == 0


def test_two_numbers_for_the_same_are_both_set_aside(result):
    made = result(row(), row(value="95"))
    assert made.set_aside["reason_code"].to_pylist() == ["DUPLICATE_KEY", "DUPLICATE_KEY"]
    assert figures(made)["E12.asked_share", "23", "T"] == (None, "not_reported")


def test_nothing_that_was_written_by_hand_is_told_in_reasons_or_notes(result):
    """The number may be a small count and the document may name somebody."""
    made = result(row(value="4 st", document="Brev från EXEMPELPERSON"))
    told = " ".join([*made.set_aside["reason_sv"].to_pylist(), *made.set_aside["raw"].to_pylist(), *made.notes])
    assert "4 st" not in told
    assert "EXEMPELPERSON" not in told


def test_the_rows_are_small_counts_so_that_disclosure_control_applies(registry):
    assert registry.extracts["E12"].small_counts
    assert not any(measure.additive for measure in registry.extracts["E12"].measures)


def test_the_template_takes_a_day_of_receipt_after_the_year(fill):
    book = openpyxl.load_workbook(io.BytesIO(fill()))
    dates = [v for v in book["Uppgifter"].data_validations.dataValidation if v.type == "date"]
    (received,) = dates
    assert int(received.formula1) == (date(2023, 1, 1) - date(1899, 12, 30)).days
    assert int(received.formula2) > (date(2025, 12, 31) - date(1899, 12, 30)).days
