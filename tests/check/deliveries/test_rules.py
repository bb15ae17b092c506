"""The catalogue of rules: whole, unambiguous, told in Swedish, and what the code and the documents name."""

import re
from pathlib import Path

import pytest

from include.check.deliveries.rules import COLUMNS, FILE, TRIED, markdown, rule_of, rules
from include.check.intake.book import Cell
from include.check.readers import extracts_e12, swedish
from include.errors import RegistryError

ROOT = Path(__file__).resolve().parents[3]

#: The names that other modules give these rules by, in the order of their codes.
NAMES = [
    "LAST_YEARS_FILE", "SEXES_DO_NOT_ADD_UP", "AREAS_DO_NOT_ADD_UP", "CUMULATIVE", "ZERO_FOR_MISSING",
    "MISSING_FOR_ZERO", "JUMP", "OTHER_UNIT", "PART_ABOVE_WHOLE", "PERCENT_IN_COUNT", "DUPLICATE_KEY",
    "UNKNOWN_CODE", "OUTSIDE_AGREEMENT", "UNMASKED_SMALL_COUNT", "MASK_RECOVERABLE", "PERSONAL_DATA", "GARBLED_TEXT",
    "DATE_FOR_NUMBER", "FORMULA_WITHOUT_RESULT", "HIDDEN_CONTENT", "REVISED_WITHOUT_NOTICE", "LATE", "RESPONSE_RATE",
    "DEFINITION_CHANGED", "ABOVE_100_PERCENT", "PARTS_DO_NOT_ADD_UP", "PARTIES_DISAGREE",
]  # fmt: skip


def test_the_catalogue_holds_every_rule_under_its_name_and_number():
    assert [(rule.code, name) for name, rule in rules().items()] == [
        (f"DQ{number:02}", name) for number, name in enumerate(NAMES, start=1)
    ]


def test_every_text_is_a_whole_sentence_in_its_language():
    for rule in rules().values():
        assert all(text[0].isupper() and text.endswith(".") for text in (rule.sv, rule.en, rule.next_sv)), rule
        assert not set("åäö") & set(rule.en.replace("å, ä and ö", "").casefold()), rule


@pytest.mark.parametrize(
    ("name", "code", "stage"),
    [
        ("PERCENT_IN_COUNT", "DQ10", "read"),
        ("DUPLICATE_KEY", "DQ11", "read"),
        ("UNKNOWN_CODE", "DQ12", "read"),
        ("OUTSIDE_AGREEMENT", "DQ13", "gate"),
        ("NOT_EXPECTED", "DQ13", "gate"),
        ("IDENTITY_NUMBER", "DQ16", "gate"),
        ("ROW_LEVEL", "DQ16", "gate"),
        ("GARBLED_TEXT", "DQ17", "gate"),
        ("DATE_FOR_NUMBER", "DQ18", "read"),
        ("FORMULA_WITHOUT_RESULT", "DQ19", "read"),
        ("HIDDEN_CONTENT", "DQ20", "gate"),
        ("PIVOT_CACHE", "DQ20", "gate"),
        ("ABOVE_100_PERCENT", "DQ25", "read"),
    ],
)
def test_a_reason_code_of_gate_or_reader_is_a_rule_of_the_catalogue(name, code, stage):
    rule = rule_of(name)
    assert rule is not None
    assert (rule.code, rule.stage) == (code, stage)


@pytest.mark.parametrize("name", ["REQUIRED_MISSING", "CONFLICTING_KIND", "MACROS", "DQ10", ""])
def test_any_other_reason_code_is_none(name):
    assert rule_of(name) is None


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Cell("text", "95 %"), "DQ10"),
        (Cell("number", 0.95), "DQ10"),
        (Cell("date", "2026-04-01"), "DQ18"),
        (Cell("formula", "=A1"), "DQ19"),
    ],
)
def test_a_cell_that_is_no_count_is_refused_by_its_rule(found, code):
    unread = swedish.number(found, answer="count")
    assert isinstance(unread, swedish.Unread)
    rule = rule_of(unread.rule)
    assert rule is not None
    assert rule.code == code


@pytest.mark.parametrize("found", [Cell("text", "95"), Cell("number", 95), Cell("text", "<5"), None])
def test_a_count_a_mask_and_an_empty_cell_break_no_rule(found):
    assert isinstance(swedish.number(found, answer="count"), swedish.Reading)


def test_an_age_group_that_excel_made_a_date_is_refused_by_its_rule():
    unread = swedish.age_group(Cell("date", "2026-07-14"))
    assert isinstance(unread, swedish.Unread)
    assert unread.rule == "DATE_FOR_NUMBER"
    assert swedish.age_group("7-14") == "7-14"


def test_dq25_a_share_above_100_is_refused_by_its_rule():
    unread = extracts_e12.meaning("100,5 %", "asked_share")
    assert isinstance(unread, swedish.Unread)
    assert unread.rule == "ABOVE_100_PERCENT"
    assert extracts_e12.meaning("100", "asked_share").value == 100


# --- a faulty catalogue ------------------------------------------------------------------------------------------

LINE = "DQ01,A_NAME,check,warning,Fel.,Wrong.,Rätta."


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([LINE.replace("check", "chekk")], "stage 'chekk'; expected gate, read, check, history, time"),
        ([LINE.replace("warning", "error")], "severity 'error'; expected critical, warning"),
        ([LINE.replace("Fel.", "")], "line 2: sv is empty"),
        ([LINE.replace("DQ01", "DQ02")], "code DQ02; expected DQ01"),
        ([LINE, LINE.replace("DQ01", "DQ02")], "name A_NAME: stands twice"),
        ([LINE + ",mer"], "line 2: more than 7 cells"),
    ],
)
def test_a_fault_of_the_catalogue_is_told_with_its_line(tmp_path, lines, told):
    path = tmp_path / "rules.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]), encoding="utf-8")
    with pytest.raises(RegistryError, match=re.escape(told)):
        rules(path)


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "rules.csv"
    path.write_text("code,name\nDQ01,A_NAME\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="columns"):
        rules(path)


# --- catalogue, code and documents -------------------------------------------------------------------------------


def test_the_rules_that_the_code_tries_are_those_that_the_catalogue_says_are_tried_here():
    folder = ROOT / "include" / "check" / "deliveries"
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "rules.py")
    named = set(re.findall(r'"([A-Z]+(?:_[A-Z0-9]+)+|LATE|JUMP|CUMULATIVE)"', text))
    assert named == {name for name, rule in rules().items() if rule.stage in TRIED}


def test_the_table_in_the_documents_is_the_catalogue():
    text = (ROOT / "docs" / "extracts.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| DQ")]
    assert lines == markdown().splitlines()[2:]


def test_the_table_has_one_line_a_rule_and_tells_what_follows():
    lines = markdown().splitlines()
    assert len(lines) == 2 + len(NAMES)
    assert "| lämnas åter |" in lines[3]
    assert "| talet läggs åt sidan |" in lines[11]
    assert all(line.count("|") == 7 for line in lines)
    assert FILE.is_file()
