"""What people and Excel write in a cell is read as what it means, or refused; it is never read as another number."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.check.intake.book import Cell
from include.check.readers.swedish import (
    AGE_GROUPS,
    EXTRACT_MARKERS,
    REFUSED,
    PeriodReading,
    Reading,
    Unread,
    age_group,
    municipality,
    number,
    period,
    sex,
)
from include.check.tidy import VALUE_STATUSES
from include.registry.models import Registry
from include.registry.read import registry as read_registry

SPACES = {"plain": " ", "no-break": "\u00a0", "narrow no-break": "\u202f", "thin": "\u2009"}
JAMTLAND = {
    "2303": "Ragunda",
    "2305": "Bräcke",
    "2309": "Krokom",
    "2313": "Strömsund",
    "2321": "Åre",
    "2326": "Berg",
    "2361": "Härjedalen",
    "2380": "Östersund",
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


def text(value: str) -> Cell:
    return Cell("text", value)


def count(cell: Cell | str | None, **how) -> Reading | Unread:
    return number(text(cell) if isinstance(cell, str) else cell, answer="count", **how)


def rule_of(reading: object) -> str:
    assert isinstance(reading, Unread), reading
    assert reading.expected
    return reading.rule


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@given(value=st.integers(0, 10**12))
def test_a_whole_number_reads_back_with_any_swedish_sign_between_thousands(space: str, value: int) -> None:
    assert count(f"{value:,}".replace(",", space)) == Reading("ok", float(value))
    assert count(f" {value} ") == Reading("ok", float(value))
    assert count(Cell("number", float(value))) == Reading("ok", float(value))


def test_signs_between_thousands_may_differ_within_a_number() -> None:
    assert count("1\u00a0234\u202f567") == Reading("ok", 1234567.0)


@given(value=st.integers(0, 10**9), decimals=st.text("0123456789", min_size=1, max_size=2), sign=st.sampled_from(",."))
def test_a_number_with_decimals_reads_back_where_asked_for_and_is_no_count(
    value: int, decimals: str, sign: str
) -> None:
    written = text(f"{value:,}".replace(",", " ") + sign + decimals)
    assert number(written, answer="number") == Reading("ok", float(f"{value}.{decimals}"))
    assert isinstance(count(written), Unread)


NUMBER_PARTS = st.lists(
    st.one_of(st.from_regex(r"[0-9]{1,4}", fullmatch=True), st.sampled_from([*SPACES.values(), ".", ",", "-", "–"])),
    max_size=6,
).map("".join)


@given(NUMBER_PARTS)
def test_what_is_read_as_a_count_has_exactly_the_digits_that_stand_there(written: str) -> None:
    reading = count(written)
    if isinstance(reading, Reading) and reading.value is not None:
        assert f"{reading.value:.0f}" == "".join(sign for sign in written if sign.isdigit())
        assert not set(written) & set(".,-–")


@given(NUMBER_PARTS)
def test_what_is_read_as_a_number_is_what_a_swede_would_read(written: str) -> None:
    reading = number(text(written), answer="number")
    if isinstance(reading, Reading) and reading.value is not None:
        plain = "".join(sign for sign in written if sign not in SPACES.values()).replace(",", ".")
        assert reading.value == float(plain)


@given(st.text(max_size=12), st.sampled_from(["count", "number", "yes_no"]))
def test_any_text_is_read_or_refused(written: str, answer: str) -> None:
    reading = number(text(written), answer=answer)
    assert isinstance(reading, Unread) or reading.status in VALUE_STATUSES
    assert isinstance(reading, Unread) or (reading.value is not None) == (reading.status == "ok")


@pytest.mark.parametrize(
    "written",
    [
        "1.234", "1,234", "1.234.567", "1,234,567", "1'234", "1.234,5",  # which thousand?
        "12,5", "12.5", "12,0", "1 234,5",  # no decimals in a count
        "-5", "\u22125", "–5", "- 5", "-0",  # no negative counts
        "12 34", "12  345", "1234 567", "12\n345", "12\t345",  # a space elsewhere is no sign between thousands
        "012", "00", "+5", "1e3", "٣", "１２",  # codes and other scripts
        "ca 10", "c:a 10", "cirka 10", "~10", "≈10", ">10", "10+", "minst 10",  # about
        "<10", "under 10", "1-9", "2-4", "≤4", "färre än fem",  # bounds that the extract does not declare
        "..", "?", "12 st", "tolv", "12)", "121)", "1 2 3", "(12)", "12 (1)", "12^1",
        "#SAKNAS!", "#N/A", "#DIV/0!", "#DIVISION/0!", "#VÄRDEFEL!", "#REF!", "#REFERENS!",
        "9" * 16,  # more digits than a float holds
    ],
)  # fmt: skip
def test_no_count(written: str) -> None:
    assert rule_of(count(written)) == "UNREADABLE_NUMBER"


@pytest.mark.parametrize("written", ["95 %", "95%", "95\u00a0%", "95,4 %", "0,95", "0.95"])
def test_a_percentage_is_no_count(written: str) -> None:
    assert rule_of(count(written)) == "PERCENT_IN_COUNT"


def test_a_percentage_as_excel_keeps_it_is_no_count() -> None:
    assert rule_of(count(Cell("number", 0.95))) == "PERCENT_IN_COUNT"


@pytest.mark.parametrize(
    "written",
    [
        "01-apr", "04-jan", "2026-01-04 00:00", "2026-01-04", "2026-01-04T00:00:00", "1 maj", "jan-04", "apr-01",
        "05-sep", "okt-14", "1.apr", "4/1", "4/1 2026", "2026/01/04", "2024-03", "4-May", "Oct-14", "01-apr-26",
        "1-April",
    ],
)  # fmt: skip
def test_a_date_is_no_count(written: str) -> None:
    assert rule_of(count(written)) == "DATE_FOR_NUMBER"
    assert "1-4" in count(written).expected


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        (Cell("date", "2026-01-04"), "DATE_FOR_NUMBER"),
        (Cell("date", "2026-01-04T00:00:00"), "DATE_FOR_NUMBER"),
        (Cell("formula", "=B2+B3"), "FORMULA_WITHOUT_RESULT"),
        (Cell("error", "#SAKNAS!"), "UNREADABLE_NUMBER"),
        (Cell("truth", True), "UNREADABLE_NUMBER"),
        (Cell("other", "1:30:00"), "UNREADABLE_NUMBER"),
        (Cell("number", 12.5), "UNREADABLE_NUMBER"),
        (Cell("number", -1.0), "UNREADABLE_NUMBER"),
        (Cell("number", -1), "UNREADABLE_NUMBER"),
        (Cell("number", float("nan")), "UNREADABLE_NUMBER"),
        (Cell("number", float("inf")), "UNREADABLE_NUMBER"),
        (Cell("number", 1e17), "UNREADABLE_NUMBER"),
    ],
)
def test_cells_that_hold_no_count(cell: Cell, rule: str) -> None:
    assert rule_of(count(cell)) == rule


@pytest.mark.parametrize(
    ("written", "mark", "value"),
    [("12*", "*", 12), ("12 **", "**", 12), ("12 1)", "1)", 12), ("12¹", "¹", 12), ("12 ¹⁾", "¹⁾", 12),
     ("12²³", "²³", 12), ("1 234 1)", "1)", 1234), ("0*", "*", 0), ("1\u00a0234¹", "¹", 1234)],
)  # fmt: skip
def test_the_mark_of_a_footnote_is_no_digit(written: str, mark: str, value: int) -> None:
    assert count(written) == Reading("ok", float(value), note=f"Talet hade fotnoten {mark}.")


@given(value=st.integers(0, 10**9), mark=st.sampled_from(["*", " *", "**", " 1)", " 12)", "¹", "²", " ³", "¹⁾"]))
def test_no_footnote_makes_a_number_larger(value: int, mark: str) -> None:
    for shown in (str(value), f"{value:,}".replace(",", "\u00a0")):
        reading = count(shown + mark)
        assert isinstance(reading, Reading)
        assert (reading.status, reading.value) == ("ok", float(value))


@pytest.mark.parametrize(
    ("written", "value"), [("7,5", 7.5), ("7.5", 7.5), ("1 234,5", 1234.5), ("0,951", 0.951), ("0", 0), ("12", 12)]
)
def test_a_number_may_have_decimals(written: str, value: float) -> None:
    assert number(text(written), answer="number") == Reading("ok", value)


@pytest.mark.parametrize("written", ["1.234", "1,234", "95 %", "-7,5", "<5", "under 5", "1-4", "7,5 min", ""])
def test_no_number(written: str) -> None:
    reading = number(text(written), answer="number")
    assert reading == Reading("missing") if not written else rule_of(reading) == "UNREADABLE_NUMBER"


def test_a_hidden_number_that_is_no_count_has_no_bounds() -> None:
    assert number(text("x"), answer="number") == Reading("suppressed")


@pytest.mark.parametrize(
    ("cell", "value"),
    [("Ja", 1), ("ja", 1), ("J", 1), ("1", 1), (" JA ", 1), ("Nej", 0), ("n", 0), ("0", 0), (Cell("number", 1.0), 1),
     (Cell("number", 0), 0)],
)  # fmt: skip
def test_yes_is_one_and_no_is_zero(cell: Cell | str, value: int) -> None:
    cell = text(cell) if isinstance(cell, str) else cell
    assert number(cell, answer="yes_no") == Reading("ok", float(value))


@pytest.mark.parametrize(
    "cell",
    [*map(text, ("kanske", "x", "<5", "2", "ja/nej", "01-apr")), Cell("number", 2.0), Cell("number", 0.5),
     Cell("truth", True), Cell("date", "2026-01-04")],
)  # fmt: skip
def test_neither_yes_nor_no(cell: Cell) -> None:
    assert rule_of(number(cell, answer="yes_no")) == "UNKNOWN_CODE"


@pytest.mark.parametrize("answer", ["count", "number", "yes_no"])
def test_nothing_is_missing_and_never_zero(answer: str) -> None:
    for cell in (None, text(""), text("  "), text("\u00a0"), text("-"), text("–"), text("—"), text("\u2212")):
        assert number(cell, answer=answer) == Reading("missing")


@given(st.integers(1, 999_999_999))
def test_a_refusal_never_quotes_the_number(value: int) -> None:
    for written in (f"ca {value}", f"-{value}", f"{value},5", f"{value} %", f">{value}", f"{value} st"):
        reading = count(written)
        assert isinstance(reading, Unread)
        assert reading in {count("ca 10"), count("-10"), count("10,5"), count("10 %"), count(">10"), count("10 st")}


# --- markers -----------------------------------------------------------------------------------------------------

MASKED = Reading("suppressed", low=1.0, high=4.0)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", Reading("ok", 0.0)),
        *((dash, Reading("missing")) for dash in "-–—"),
        (".", Reading("not_applicable")),
        *((sign, MASKED) for sign in ("x", "X", "*", "**", "<5", "< 5", "<\u00a05", "&lt;5", "färre än 5", "Under 5",
                                      "1-4", "1–4", "1 – 4", unicodedata.normalize("NFD", "färre än 5"))),
        *((words, Reading("not_reported")) for words in ("ej rapporterat", "Ej rapporterat", "e.u.", "u.s.", "saknas")),
    ],
)  # fmt: skip
def test_signs_in_the_parties_extracts(written: str, expected: Reading) -> None:
    assert count(written) == expected
    assert count(f" {written}\u00a0") == expected


@pytest.mark.parametrize("written", ["x", "*", "<5", "färre än 5"])
def test_a_masked_count_has_the_bounds_that_the_extract_declares(written: str) -> None:
    assert count(written, masked=(0, 4)) == Reading("suppressed", low=0.0, high=4.0)


def test_bounds_that_are_written_out_are_those_that_hold() -> None:
    assert count("1-4", masked=(0, 4)) == MASKED
    assert count("0-4", masked=(0, 4)) == Reading("suppressed", low=0.0, high=4.0)
    assert rule_of(count("0-4", masked=(1, 4))) == "UNREADABLE_NUMBER"


def test_only_the_declared_limit_is_a_mask() -> None:
    assert count("<10", masked=(1, 9)) == Reading("suppressed", low=1.0, high=9.0)
    assert count("under 10", masked=(1, 9)) == count("1-9", masked=(1, 9)) == count("x", masked=(1, 9))
    assert rule_of(count("<5", masked=(1, 9))) == rule_of(count("1-4", masked=(1, 9))) == "UNREADABLE_NUMBER"


@pytest.mark.parametrize(
    ("markers", "dash", "dot", "two_dots"),
    [
        (EXTRACT_MARKERS, "missing", "not_applicable", None),
        ({"-": "missing", ".": "not_applicable", "..": "suppressed"}, "missing", "not_applicable", "suppressed"),
        ({"-": "zero", ".": "not_applicable", "..": "missing"}, "ok", "not_applicable", "missing"),
        ({".": "missing"}, None, "missing", None),
    ],
)
def test_a_sign_means_what_its_source_says(markers, dash: str | None, dot: str | None, two_dots: str | None) -> None:
    for sign, status in (("-", dash), (".", dot), ("..", two_dots)):
        reading = number(text(sign), answer="count", masked=None, markers=markers)
        if status is None:
            assert rule_of(reading) == "UNREADABLE_NUMBER"
        else:
            assert reading == Reading(status, 0.0 if status == "ok" else None)


def test_a_source_without_the_sign_of_masked_counts_refuses_it() -> None:
    assert rule_of(number(text("<5"), answer="count", markers={"-": "zero"})) == "UNREADABLE_NUMBER"


def test_every_sign_has_a_status() -> None:
    assert set(EXTRACT_MARKERS.values()) <= {*VALUE_STATUSES, "zero", REFUSED}


# --- periods -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *((raw, "2024") for raw in ("2024", "2024.0", "År 2024", "Helår 2024", "helåret 2024", "jan-dec 2024",
                                    "jan–dec 2024", "januari - december 2024")),
        *((raw, "2024-Q1") for raw in ("2024 kv1", "2024kv1", "Kv 1 2024", "kv. 1-24", "2024K1", "2024k1", "2024Q1",
                                       "Q1 2024", "2024-Q1", "Kv\u00a01\u00a02024", "kvartal 1 2024")),
        *((raw, "2024-T2") for raw in ("2024T2", "Tertial 2 2024", "T2 2024")),
        *((raw, "2024-H1") for raw in ("H1 2024", "första halvåret 2024", "2024-H1", "2024H1")),
        ("andra halvåret 2024", "2024-H2"),
        *((raw, "2024-03") for raw in ("2024M03", "2024-03", "mars 2024", "mar-24", "Mars 2024", "mar. 2024")),
        ("2024-12", "2024-12"),
        *((raw, "2017/2018") for raw in ("2017/2018", "2017-2018", "2017–2018")),
        *((raw, "2024-01-01") for raw in ("45292", "2024-01-01", "2024-01-01 00:00:00")),
    ],
)  # fmt: skip
def test_periods(written: str, expected: str) -> None:
    assert period(written) == period(text(f" {written} ")) == PeriodReading(expected)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(Cell("number", 2024.0), "2024"), (Cell("number", 2024), "2024"), (Cell("number", 45292.0), "2024-01-01"),
     (Cell("date", "2024-01-01"), "2024-01-01"), (Cell("date", "2024-01-01T00:00:00"), "2024-01-01")],
)  # fmt: skip
def test_periods_that_are_no_text(cell: Cell, expected: str) -> None:
    assert period(cell) == PeriodReading(expected)


@pytest.mark.parametrize(
    "written",
    [
        "K2380", "k 2380", "2023-25", "2024/25", "202403", "24", "2024-13", "2024-00", "2018/2017", "2024Q5", "2024T4",
        "H3 2024", "mars 24", "24-mar", "jan-mar 2024", "20 24", "2 024", "kv 12024", "2024-02-30", "1824",
        "2024-03-01 12:30", "ack.", "R12", "marsvin 2024", "2024 2025", "", "..", "#N/A", "99999",
    ],
)  # fmt: skip
def test_no_period(written: str) -> None:
    assert rule_of(period(written)) == "UNKNOWN_CODE"


@pytest.mark.parametrize(
    "cell", [Cell("truth", True), Cell("formula", "=A1"), Cell("error", "#N/A"), Cell("number", 2024.5)]
)
def test_cells_that_hold_no_period(cell: Cell) -> None:
    assert rule_of(period(cell)) == "UNKNOWN_CODE"


def test_six_digits_are_a_month_only_where_months_are_asked_for() -> None:
    assert period("202403", month_asked=True) == period(Cell("number", 202403.0), month_asked=True)
    assert period("202403", month_asked=True) == PeriodReading("2024-03")
    assert rule_of(period("202413", month_asked=True)) == "UNKNOWN_CODE"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("t.o.m. kv 3 2024", "2024-Q3"), ("tom kv 3 2024", "2024-Q3"), ("T.o.m. 2024-09", "2024-09"),
     ("ack. 2024-09", "2024-09"), ("ack 2024 kv3", "2024-Q3"), ("ackumulerat kv 3 2024", "2024-Q3"),
     ("till och med kv 3 2024", "2024-Q3")],
)  # fmt: skip
def test_from_the_start_of_the_year_is_not_the_quarter(written: str, expected: str) -> None:
    assert period(written) == PeriodReading(expected, cumulative=True)


def test_twelve_months_that_roll_are_not_the_month() -> None:
    assert period("R12 2024-09") == period("rullande 12 2024-09") == PeriodReading("2024-09", rolling=True)


# --- ages, places, sexes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", AGE_GROUPS)
def test_age_groups(code: str) -> None:
    shown = code.replace("-", "–")
    assert age_group(code) == age_group(text(f" {shown} ")) == code
    if code != "T":
        assert age_group(f"{shown} år") == code


@pytest.mark.parametrize(
    ("written", "code"), [("65 år och äldre", "65+"), ("65 och äldre", "65+"), ("7 - 14 år", "7-14"), ("Totalt", "T"),
                          ("Samtliga", "T"), ("7\u00a0–\u00a014\u00a0år", "7-14")],
)  # fmt: skip
def test_age_groups_in_words(written: str, code: str) -> None:
    assert age_group(written) == code


@pytest.mark.parametrize(
    "found",
    ["14-jul", "09-maj", "05-sep", "okt-14", "jul-14", "2025-07-14", "14 juli", Cell("date", "2025-07-14"),
     Cell("number", 45852.0), Cell("date", "2025-07-14T00:00:00"), "45852"],
)  # fmt: skip
def test_an_age_group_that_excel_made_a_date_is_refused_with_the_reason(found: Cell | str) -> None:
    reading = age_group(found)
    assert rule_of(reading) == "DATE_FOR_NUMBER"
    assert "Excel har gjort om åldersgruppen till ett datum" in reading.expected


@pytest.mark.parametrize("found", ["5-9", "vuxna", "", "65", "65-", "00-06", Cell("number", 65.0), Cell("truth", True)])
def test_no_age_group(found: Cell | str) -> None:
    assert rule_of(age_group(found)) == "UNKNOWN_CODE"


def test_the_extracts_speak_of_no_other_age_group(registry: Registry) -> None:
    grids = [sheet.grid for extract in registry.extracts.values() for sheet in extract.sheets if sheet.grid]
    assert {age for grid in grids for age in grid.age} <= set(AGE_GROUPS)


@pytest.mark.parametrize("name", JAMTLAND.values())
def test_municipalities(name: str) -> None:
    code = next(code for code, each in JAMTLAND.items() if each == name)
    genitive = f"{name}s"
    ways = (code, f"{code}.0", Cell("number", float(code)), name, f"{name} kommun", f"{genitive} kommun", genitive,
            f"{code} {name}", f"{code}\u00a0{name}", name.upper(), f" {name}  kommun ",
            f"{code} {genitive} kommun")  # fmt: skip
    for way in ways:
        assert municipality(way, JAMTLAND) == code
        if isinstance(way, str):
            assert municipality(unicodedata.normalize("NFD", way), JAMTLAND) == code


@pytest.mark.parametrize("found", ["114", Cell("number", 114.0), Cell("number", 114), "114.0"])
def test_a_code_without_its_zero_is_refused_with_the_reason(found: Cell | str) -> None:
    reading = municipality(found, {"0114": "Upplands Väsby", "1140": "Ingen"})
    assert rule_of(reading) == "UNKNOWN_CODE"
    assert "inledande nollan" in reading.expected


@pytest.mark.parametrize(
    "found",
    ["2380 Åre", "9999", "Are", "Hammerdal", "Totalt", "Länet", "Summa", "23", "", "2303.5", Cell("number", 2303.5),
     Cell("date", "2303-01-01"), Cell("truth", True)],
)  # fmt: skip
def test_no_municipality(found: Cell | str) -> None:
    assert rule_of(municipality(found, JAMTLAND)) == "UNKNOWN_CODE"


def test_no_two_municipalities_of_the_country_can_be_taken_for_each_other(registry: Registry) -> None:
    names = {
        area.code: area.name for area in registry.areas.values() if area.kind == "kommun" and area.valid_to is None
    }
    assert len(names) == 290
    for code, name in names.items():
        ways = (code, name, f"{name.removesuffix('s')}s kommun", f"{name} kommun", f"{code} {name}")
        assert {municipality(way, names) for way in ways} == {code}


@pytest.mark.parametrize(
    ("written", "code"),
    [("K", "K"), ("Kvinnor", "K"), ("kvinna", "K"), ("flickor", "K"), ("M", "M"), ("Män", "M"), ("pojke", "M"),
     ("X", "X"), ("Okänt eller annat", "X"), ("T", "T"), ("Totalt", "T"), (unicodedata.normalize("NFD", "Män"), "M")],
)  # fmt: skip
def test_sexes(written: str, code: str) -> None:
    assert sex(written) == sex(text(f" {written}\u00a0")) == code


@pytest.mark.parametrize("found", ["1", "2", "F", "W", "", "båda", Cell("number", 1.0), Cell("truth", True)])
def test_no_sex(found: Cell | str) -> None:
    assert rule_of(sex(found)) == "UNKNOWN_CODE"
