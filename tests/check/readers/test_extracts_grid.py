"""Grids: rows by their labels, columns by their headings, and every number accounted for."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.check.intake.book import Book, Cell, Sheet
from include.check.intake.child import judge_here
from include.check.intake.personal import allowed_of
from include.check.tidy import TIDY, ReadResult
from include.errors import CheckFailed, DeliveryRefused, LayoutChanged
from include.registry.delivery import Identity, extracts_in, grid_rows
from include.registry.models import Extract, Registry
from include.registry.templates import workbook

ADULTS, HOUSING = "Vuxna", "Skyddat boende"
#: Columns of the sheet Vuxna: sex, age, and its first measure.
SEX, AGE, REFERRED = 0, 1, 2
MEASURES = ("referred", "investigated", "any_intervention", "goal_met", "risk_offered", "risk_done")
WHOLE = {
    ADULTS: {
        ("", "total", sex, "18+"): dict.fromkeys(MEASURES, number)
        for sex, number in {"K": 30, "M": 8, "X": 0, "T": 38}.items()
    }
}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session")
def book(registry: Registry, fill: Callable[..., bytes]) -> Callable[..., Book]:
    """Return the cells of a delivery of Östersund: ``book({sheet: numbers})``."""
    allowed = allowed_of(registry)

    def make(numbers: Any = None, party: str = "K2380", **more: Any) -> Book:
        return judge_here(fill(None, numbers, party=party, **more), "", allowed)

    return make


@pytest.fixture(scope="session")
def usual(book: Callable[..., Book]) -> Book:
    return book(WHOLE)


@pytest.fixture
def figures(read: Callable[..., ReadResult]) -> Callable[..., ReadResult]:
    def run(judged: Book, party: str = "K2380", period: str = "2023", **more: Any) -> ReadResult:
        return read(b"", f"jamtland-{party}-{period}", judged=judged, **more)

    return run


def changed(book: Book, name: str, cells: Mapping[tuple[int, int], Any] | None = None, /, **of_sheet: Any) -> Book:
    """Return the book with cells of one sheet replaced (None = emptied), or something of the sheet itself."""

    def edit(sheet: Sheet) -> Sheet:
        merged = dict(sheet.cells)
        for place, value in (cells or {}).items():
            merged.pop(place, None)
            if value is not None:
                merged[place] = value if isinstance(value, Cell) else cell(value)
        return replace(sheet, cells=merged, **of_sheet)

    return replace(book, sheets=tuple(edit(sheet) if sheet.name == name else sheet for sheet in book.sheets))


def cell(value: Any) -> Cell:
    return Cell("text", value) if isinstance(value, str) else Cell("number", value)


def moved(
    book: Book, name: str, rows: Mapping[int, int] | None = None, columns: Mapping[int, int] | None = None
) -> Book:
    """Return the book with rows and columns of one sheet in other places."""
    rows, columns = rows or {}, columns or {}
    sheet = next(sheet for sheet in book.sheets if sheet.name == name)
    cells = {(rows.get(r, r), columns.get(c, c)): value for (r, c), value in sheet.cells.items()}
    return replace(book, sheets=tuple(replace(s, cells=cells) if s.name == name else s for s in book.sheets))


def of(result: ReadResult, measure: str, **dims: str) -> dict[str, Any]:
    (row,) = (
        row
        for row in result.table.to_pylist()
        if row["measure"] == measure and all(row[name] == value for name, value in dims.items())
    )
    return row


def told(result: ReadResult) -> list[dict[str, Any]]:
    """Return the figures without their places, in a fixed order."""
    rows = [{name: value for name, value in row.items() if name != "place"} for row in result.table.to_pylist()]
    return sorted(rows, key=str)


def aside(result: ReadResult) -> dict[str, str]:
    return dict(zip(result.set_aside["place"].to_pylist(), result.set_aside["reason_code"].to_pylist(), strict=True))


# --- figures -----------------------------------------------------------------------------------------------------


def test_each_number_is_a_figure_with_its_codes_and_place(figures, usual) -> None:
    row = of(figures(usual), "E06.referred", sex="K")
    assert {name: row[name] for name in ("area", "period", "age", "party", "breakdown", "value", "value_status")} == {
        "area": "2380", "period": "2023", "age": "18+", "party": "K2380", "breakdown": "total", "value": 30,
        "value_status": "ok",
    }  # fmt: skip
    assert (row["place"], row["source_label"], row["status"], row["mark"]) == (
        "Vuxna!C2",
        "Aktualiserade",
        "F",
        "direct",
    )


def test_a_zero_is_a_value_and_never_a_status(figures, usual) -> None:
    row = of(figures(usual), "E06.referred", sex="X")
    assert (row["value"], row["value_status"]) == (0, "ok")


def test_every_number_of_the_contract_is_accounted_for(figures, usual, registry) -> None:
    agreement = registry.agreements["jamtland"]
    result = figures(changed(usual, ADULTS, {(1, REFERRED): "ca 10"}))
    contracts = [(registry.extracts[e], sheet) for e in ("E06", "E10") for sheet in registry.extracts[e].sheets]
    numbers = sum(len(grid_rows(s.grid, registry, agreement, 2023)) * len(s.grid.measures) for _, s in contracts)
    assert result.rows_in == numbers
    assert result.set_aside.num_rows == 1


def test_one_row_a_municipality_where_one_party_tells_of_all(figures, book) -> None:
    numbers = {
        "Beslut i kommunerna": {("2303", "total", "T", "T"): {"prevention_decision": "ja"},
                                ("2380", "total", "T", "T"): {"prevention_decision": "nej"}},
        "Samverkansdagar": {("", "total", "T", "T"): {"cooperation_days": 2}},
    }  # fmt: skip
    result = figures(book(numbers, "LST"), "LST")
    ragunda, ostersund = (of(result, "E01.prevention_decision", area=area) for area in ("2303", "2380"))
    assert (ragunda["value"], ostersund["value"], ragunda["party"]) == (1, 0, "LST")
    assert of(result, "E01.prevention_decision", area="2321")["value_status"] == "missing"
    assert of(result, "E01.cooperation_days")["area"] == "23"


def test_other_parties_tell_of_the_county_in_their_own_rhythm(figures, book) -> None:
    key = ("", "care_unit:mhv", "K", "T")
    made = book({"Vårdenheter": {key: {"asked_yes": 5}}}, "RJH", period="2023-Q2")
    row = of(figures(made, "RJH", "2023-Q2"), "E03.asked_yes", breakdown="care_unit:mhv", sex="K")
    assert (row["value"], row["area"], row["period"], row["party"]) == (5, "23", "2023-Q2", "RJH")


@pytest.mark.parametrize(
    ("value", "status", "limits"),
    [
        ("<5", "suppressed", (1, 4)),
        ("x", "suppressed", (1, 4)),
        ("1–4", "suppressed", (1, 4)),
        ("-", "missing", (None, None)),
        (None, "missing", (None, None)),
        (".", "not_applicable", (None, None)),
        ("ej rapporterat", "not_reported", (None, None)),
        ("1 234", "ok", (None, None)),
    ],
)
def test_signs_in_place_of_a_number_have_their_status_and_no_value(figures, usual, value, status, limits) -> None:
    row = of(figures(changed(usual, ADULTS, {(2, REFERRED): value})), "E06.referred", sex="M")
    assert row["value_status"] == status
    assert (row["value_low"], row["value_high"]) == limits
    assert row["value"] == (1234 if status == "ok" else None)


def test_a_masked_number_has_the_limits_that_the_contract_declares(figures, registry, fill) -> None:
    declared = with_extract(registry, registry.extracts["E06"].model_copy(update={"masked": (0, 9)}))
    content = workbook(
        declared, Identity("jamtland", "K2380", "2023"), None, {HOUSING: {TOTAL: {"placed_adults": "x"}}}
    )
    row = of(figures(judge_here(content, "", allowed_of(declared)), known=declared), "E06.placed_adults")
    assert (row["value_status"], row["value_low"], row["value_high"]) == ("suppressed", 0, 9)


def test_a_footnote_becomes_a_note_and_not_a_digit(figures, usual) -> None:
    result = figures(changed(usual, ADULTS, {(2, REFERRED): "12¹", (3, REFERRED): "0 1)"}))
    assert of(result, "E06.referred", sex="M")["value"] == 12
    assert "Vuxna: Talet hade fotnoten ¹. (C3)" in result.notes
    assert "Vuxna: Talet hade fotnoten 1). (C4)" in result.notes


def test_an_untouched_sheet_tells_nothing_though_others_do(figures, usual) -> None:
    row = of(figures(usual), "E06.placed_adults")
    assert (row["value"], row["value_status"]) == (None, "not_reported")


def test_an_untouched_sheet_is_zero_if_the_cover_says_so(figures, book) -> None:
    result = figures(book(WHOLE, empty_sheets="none"))
    row = of(result, "E06.placed_adults")
    assert (row["value"], row["value_status"]) == (0, "ok")
    assert of(result, "E06.referred", sex="K")["value"] == 30


def test_a_median_of_nothing_is_no_zero(figures, book) -> None:
    result = figures(book(None, "POL", empty_sheets="none"), "POL")
    assert of(result, "E04.response_minutes")["value_status"] == "not_applicable"
    assert of(result, "E04.consultations")["value"] == 0


def test_one_number_makes_the_sheets_other_cells_missing(figures, book) -> None:
    result = figures(book({HOUSING: {TOTAL: {"placed_adults": 3}}}))
    assert of(result, "E06.nights_adults")["value_status"] == "missing"
    assert of(result, "E06.referred", sex="K")["value_status"] == "not_reported"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("12 %", "PERCENT_IN_COUNT"),
        (0.5, "PERCENT_IN_COUNT"),
        (Cell("date", "2023-01-04"), "DATE_FOR_NUMBER"),
        ("04-jan", "DATE_FOR_NUMBER"),
        (Cell("formula", ""), "FORMULA_WITHOUT_RESULT"),
        (Cell("error", "#SAKNAS!"), "UNREADABLE_NUMBER"),
        ("..", "UNREADABLE_NUMBER"),
        ("1.234", "UNREADABLE_NUMBER"),
        ("ca 10", "UNREADABLE_NUMBER"),
        (-3, "UNREADABLE_NUMBER"),
        (Cell("truth", "True"), "UNREADABLE_NUMBER"),
    ],
)
def test_what_is_no_certain_number_is_set_aside_and_leaves_no_zero(figures, usual, value, rule) -> None:
    result = figures(changed(usual, ADULTS, {(2, REFERRED): value}))
    assert aside(result) == {"Vuxna!C3": rule}
    assert [row for row in result.table.to_pylist() if row["measure"] == "E06.referred" and row["sex"] == "M"] == []


def test_what_is_set_aside_says_where_and_what_was_expected_but_not_what_stood_there(figures, usual) -> None:
    (row,) = figures(changed(usual, ADULTS, {(2, REFERRED): "ca 4711"})).set_aside.to_pylist()
    assert row["reason_sv"].startswith("Bladet Vuxna, cell C3 (Aktualiserade, Män, 18 år och äldre): ")
    assert "väntade ett helt tal" in row["reason_sv"]
    assert "4711" not in str(row)


def test_what_stood_there_is_told_where_no_persons_are_counted(figures, book) -> None:
    made = changed(book({"Kompetens": {STAFF: {"staff_in_scope": 3}}}), "Kompetens", {(1, 1): 0.5})
    (row,) = figures(made).set_aside.to_pylist()
    assert "hittade 0.5, väntade" in row["reason_sv"]


def test_a_preliminary_delivery_gives_preliminary_figures(figures, book) -> None:
    assert set(figures(book(WHOLE, status="P")).table["status"].to_pylist()) == {"P"}


# --- layout ------------------------------------------------------------------------------------------------------


@FEW
@given(order=st.permutations(range(1, 5)), places=st.permutations(range(8)))
def test_the_order_of_rows_and_columns_means_nothing(figures, usual, order, places) -> None:
    rows = dict(zip(range(1, 5), order, strict=True))
    shuffled = moved(usual, ADULTS, rows, dict(enumerate(places)))
    assert told(figures(shuffled)) == told(figures(usual))


VALUES = st.one_of(st.integers(0, 99_999), st.sampled_from(["<5", "x", "-", "."]))
STATUSES = {"<5": "suppressed", "x": "suppressed", "-": "missing", ".": "not_applicable"}


@FEW
@given(data=st.data())
def test_whatever_is_filled_in_is_read_back(figures, book, registry, data) -> None:
    numbers = {
        sheet.name: {
            row.key: {m: data.draw(VALUES) for m in sheet.grid.measures}
            for row in grid_rows(sheet.grid, registry, registry.agreements["jamtland"], 2023)
        }
        for extract in ("E06", "E10")
        for sheet in registry.extracts[extract].sheets
    }
    result = figures(book(numbers))
    assert result.set_aside.num_rows == 0
    found = {
        (row["measure"].partition(".")[2], row["breakdown"], row["sex"], row["age"]): (
            row["value"],
            row["value_status"],
        )
        for row in result.table.to_pylist()
    }
    assert found == {
        (measure, *key[1:]): (None, STATUSES[value]) if isinstance(value, str) else (value, "ok")
        for rows in numbers.values()
        for key, told_of in rows.items()
        for measure, value in told_of.items()
    }


def test_titles_above_the_table_are_left_unread_with_a_note(figures, usual) -> None:
    down = moved(usual, ADULTS, {row: row + 3 for row in range(5)})
    made = changed(down, ADULTS, {(0, 0): "Socialtjänsten", (1, 2): "2023"})
    result = figures(made)
    assert told(result) == told(figures(usual))
    assert "Bladet Vuxna: raderna ovanför tabellen (1, 2) lästes inte." in result.notes
    assert of(result, "E06.referred", sex="K")["place"] == "Vuxna!C5"


def test_a_heading_row_too_far_down_is_not_looked_for(figures, usual) -> None:
    with pytest.raises(LayoutChanged, match=r"Vuxna saknar rubrikraden. Den ska stå i någon av de 10 första raderna"):
        figures(moved(usual, ADULTS, {row: row + 10 for row in range(5)}))


def test_two_tables_on_a_sheet_are_refused(figures, usual) -> None:
    sheet = next(sheet for sheet in usual.sheets if sheet.name == ADULTS)
    again = {(row + 5, column): value for (row, column), value in sheet.cells.items()}
    with pytest.raises(LayoutChanged, match="rubrikraden mer än en gång, i raderna 1, 6"):
        figures(changed(usual, ADULTS, again))


def test_text_below_the_table_is_a_note_but_not_within_it(figures, usual) -> None:
    result = figures(changed(usual, ADULTS, {(7, 0): "Källa: verksamhetssystemet"}))
    assert told(result) == told(figures(usual))
    assert "Bladet Vuxna: raderna under tabellen (8) lästes inte." in result.notes
    with pytest.raises(LayoutChanged, match="Vuxna, cell A3: raden hör inte till mallen"):
        figures(changed(moved(usual, ADULTS, {2: 5}), ADULTS, {(2, 0): "Anmärkning"}))


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({(0, REFERRED): None}, "saknar kolumnen Aktualiserade i rad 1"),
        ({(0, REFERRED): "Aktualiserande"}, "saknar kolumnen Aktualiserade i rad 1. Heter den något annat i cell C1?"),
        ({(0, 8): "Utredda"}, "samma rubrik två gånger, i cell D1 och I1"),
        ({(0, 8): "Utreda"}, "cell I1: kolumnen hör inte till mallen. Närmast ligger Utredda"),
        ({(0, 8): "Aktualiserade 2023"}, "cell I1: kolumnen hör inte till mallen"),
        ({(3, 9): 1}, "cell J4 ligger utanför tabellen"),
        ({(1, SEX): "Kvinor"}, "cell A2: raden hör inte till mallen. Väntade mallens rader; närmast ligger Kvinnor"),
        ({(1, SEX): None}, "cell A2: raden hör inte till mallen. Väntade Kön på varje rad"),
        ({(2, SEX): "Kvinnor"}, "har raden Kvinnor / 18 år och äldre två gånger, i raderna 2 och 3"),
        ({(1, AGE): Cell("date", "2023-07-14")}, "Excel har gjort om åldersgruppen till ett datum"),
        (dict.fromkeys([(2, column) for column in range(8)]), "saknar raden Män / 18 år och äldre"),
    ],
)
def test_what_the_template_does_not_have_stops_the_file_with_its_place(figures, usual, cells, says) -> None:
    with pytest.raises(LayoutChanged) as refusal:
        figures(changed(usual, ADULTS, cells))
    assert says in str(refusal.value)


def test_labels_may_be_written_as_people_write_them(figures, usual) -> None:
    cells = {
        (1, SEX): "K",
        (2, SEX): "män",
        (3, SEX): "X",
        (4, SEX): "Samtliga",
        (1, AGE): "18+",
        (2, AGE): "18 år  och äldre",
    }
    assert told(figures(changed(usual, ADULTS, cells))) == told(figures(usual))


@pytest.mark.parametrize(
    "label", ["2303", Cell("number", 2303.0), "Ragunda", "Ragunda kommun", "2303 RAGUNDA", "2303\u00a0Ragunda"]
)
def test_a_municipality_may_be_written_by_code_or_name(figures, book, label) -> None:
    made = book({"Beslut i kommunerna": {("2303", "total", "T", "T"): {"prevention_decision": "ja"}}}, "LST")
    result = figures(changed(made, "Beslut i kommunerna", {(1, 0): label}), "LST")
    assert of(result, "E01.prevention_decision", area="2303")["value"] == 1


def test_columns_of_earlier_values_are_never_read(figures, book, usual) -> None:
    earlier = ("2022", {("E06.referred", ("", "total", "K", "18+")): 999})
    made = book(WHOLE, earlier=earlier)
    assert "Aktualiserade 2022" in {value.value for sheet in made.sheets for value in sheet.cells.values()}
    assert told(figures(made)) == told(figures(usual))


def test_a_sheet_of_another_name_is_known_by_its_headings(figures, usual) -> None:
    made = changed(usual, ADULTS, name="Vuxan 2023")
    result = figures(made)
    assert told(result) == told(figures(usual))
    assert "Bladet Vuxna heter något annat i filen (blad 2); det känns igen på rubrikerna." in result.notes


def test_two_sheets_that_could_be_it_are_refused(figures, usual) -> None:
    sheet = next(sheet for sheet in usual.sheets if sheet.name == ADULTS)
    renamed = changed(usual, ADULTS, name="Ett")
    twice = replace(renamed, sheets=(*renamed.sheets, replace(sheet, name="Två")))
    with pytest.raises(LayoutChanged, match="saknar bladet Vuxna, och fler än en tabell har dess rubriker"):
        figures(twice)


def test_a_missing_sheet_is_named(figures, usual) -> None:
    with pytest.raises(LayoutChanged, match=r"Filen saknar bladet Vuxna. Använd mallen"):
        figures(replace(usual, sheets=tuple(sheet for sheet in usual.sheets if sheet.name != ADULTS)))


def test_a_sheet_that_is_not_the_templates_is_refused(figures, usual) -> None:
    more = Sheet("Underlag", {(0, 0): cell("x")})
    number = len(usual.sheets) + 1
    with pytest.raises(LayoutChanged, match=f"Blad {number} hör inte till mallen"):
        figures(replace(usual, sheets=(*usual.sheets, more)))
    with pytest.raises(DeliveryRefused, match=f"Blad {number} är dolt") as refusal:
        figures(replace(usual, sheets=(*usual.sheets, replace(more, hidden=True))))
    assert (refusal.value.rule, refusal.value.places) == ("HIDDEN_CONTENT", (f"blad {number}",))
    assert figures(replace(usual, sheets=(*usual.sheets, Sheet("Blad1", {})))).set_aside.num_rows == 0


def test_what_is_hidden_of_the_templates_own_is_read_and_told(figures, usual) -> None:
    made = changed(usual, ADULTS, hidden_rows=frozenset({2, 90}), hidden_columns=frozenset({REFERRED, 90}), hidden=True)
    result = figures(made)
    assert told(result) == told(figures(usual))
    assert {note for note in result.notes if note.startswith("Bladet Vuxna")} == {
        "Bladet Vuxna är dolt i filen, och lästes som de andra.",
        "Bladet Vuxna: dolda rader (3) lästes som de andra.",
        "Bladet Vuxna: dolda kolumner (C) lästes som de andra.",
    }


def test_a_file_that_people_have_worked_on_in_excel_is_read_through_the_whole_gate(fill, change, read) -> None:
    def work(book: Any) -> None:
        sheet = book[ADULTS]
        sheet.protection.sheet = False
        sheet.insert_rows(1, 2)
        sheet["A1"] = "Socialtjänsten"
        sheet.merge_cells("A1:C1")
        sheet["C4"], sheet["C5"], sheet["C6"] = "1\u00a0234", "=SUM(C4:C4)", date(2023, 1, 4)
        sheet["D4"], sheet["D5"] = 0.5, " < 5 "
        sheet["D4"].number_format = "0 %"
        sheet["A5"] = "Ma\u0308n"
        sheet.row_dimensions[7].hidden = True
        del sheet.tables["tabell_1"]
        sheet.title = "Vuxna 18+"

    result = read(change(fill(None, WHOLE, party="K2380"), work), "jamtland-K2380-2023", apart=True)
    assert of(result, "E06.referred", sex="K")["value"] == 1234
    assert of(result, "E06.investigated", sex="M")["value_status"] == "suppressed"
    assert of(result, "E06.referred", sex="T")["value"] == 38
    assert aside(result) == {
        "Vuxna!D4": "PERCENT_IN_COUNT",
        "Vuxna!C5": "FORMULA_WITHOUT_RESULT",
        "Vuxna!C6": "DATE_FOR_NUMBER",
    }
    assert {
        "Bladet Vuxna heter något annat i filen (blad 2); det känns igen på rubrikerna.",
        "Bladet Vuxna: raderna ovanför tabellen (1) lästes inte.",
        "Bladet Vuxna: dolda rader (7) lästes som de andra.",
    } <= set(result.notes)


# --- rows that add up others -------------------------------------------------------------------------------------

TOTAL = ("", "total", "T", "T")
STAFF = ("", "staff:chef", "T", "T")
RISKS = "Riskbedömningar"
RISK_NUMBERS = {
    RISKS: {
        ("", f"risk_level:{level}", "T", "T"): {"cases_assessed": n}
        for level, n in (("lag", 9), ("medel", 6), ("hog", 7))
    }
}


@pytest.mark.parametrize("word", ["Summa", "Totalt", "SAMTLIGA"])
def test_a_sum_that_agrees_is_left_out_with_a_note(figures, book, word) -> None:
    made = book(RISK_NUMBERS, "POL")
    result = figures(changed(made, RISKS, {(4, 0): word, (4, 1): 22}), "POL")
    assert told(result) == told(figures(made, "POL"))
    assert "Bladet Riskbedömningar, rad 5: en summarad" in " ".join(result.notes)
    assert "stämmer med de andra raderna" in " ".join(result.notes)


def test_a_sum_that_does_not_agree_is_refused_with_its_cell_and_no_number(figures, book) -> None:
    made = changed(book(RISK_NUMBERS, "POL"), RISKS, {(4, 0): "Summa", (4, 1): 23})
    with pytest.raises(DeliveryRefused, match=r"Bladet Riskbedömningar, cell B5 .*: summan stämmer inte") as refusal:
        figures(made, "POL")
    assert (refusal.value.rule, refusal.value.places) == ("PARTS_DO_NOT_ADD_UP", ("Riskbedömningar!B5",))
    assert "23" not in str(refusal.value)
    assert "22" not in str(refusal.value)


@pytest.mark.parametrize("word", ["Länet", "Jämtlands län", "Summa"])
def test_the_county_among_its_municipalities_is_a_sum(figures, book, word) -> None:
    decided = {("2303", "total", "T", "T"): "ja", ("2305", "total", "T", "T"): "ja", ("2309", "total", "T", "T"): "nej"}
    made = book({"Beslut i kommunerna": {key: {"prevention_decision": v} for key, v in decided.items()}}, "LST")
    fits = changed(made, "Beslut i kommunerna", {(9, 0): word, (9, 1): 2})
    assert told(figures(fits, "LST")) == told(figures(made, "LST"))
    with pytest.raises(DeliveryRefused) as refusal:
        figures(changed(made, "Beslut i kommunerna", {(9, 0): word, (9, 1): 1}), "LST")
    assert refusal.value.rule == "AREAS_DO_NOT_ADD_UP"


@pytest.mark.parametrize(
    ("total", "fits"), [(17, True), (20, True), (16, False), (21, False), ("x", False), ("?", True)]
)
def test_masked_parts_of_a_sum_are_all_that_they_can_be(figures, book, total, fits) -> None:
    numbers = {RISKS: {**RISK_NUMBERS[RISKS], ("", "risk_level:medel", "T", "T"): {"cases_assessed": "<5"}}}
    made = changed(book(numbers, "POL"), RISKS, {(4, 0): "Summa", (4, 1): total})
    if fits:
        assert figures(made, "POL").set_aside.num_rows == 0
    else:
        with pytest.raises(DeliveryRefused):
            figures(made, "POL")


def test_a_sum_by_another_word_where_the_template_has_a_total_is_that_total(figures, usual) -> None:
    assert told(figures(changed(usual, ADULTS, {(4, SEX): "Summa"}))) == told(figures(usual))
    twice = {(5, column): value for (row, column), value in _cells(usual, ADULTS).items() if row == 4}
    with pytest.raises(LayoutChanged, match="har raden Totalt / 18 år och äldre två gånger"):
        figures(changed(usual, ADULTS, {**twice, (5, SEX): "Summa"}))


def _cells(book: Book, name: str) -> Mapping[tuple[int, int], Cell]:
    return next(sheet.cells for sheet in book.sheets if sheet.name == name)


def test_a_sum_over_age_groups_is_proven_only_where_they_have_no_part_in_common(registry, figures) -> None:
    for ages, other in ((["0-17", "18+"], "kunde"), (["0-17", "15-17"], "kunde inte")):
        known = with_extract(registry, new_extract(ages=ages))
        numbers = {"Nya tal": {(a, "total", s, age): {"cases": 2} for a in ("2303",) for s in "KMXT" for age in ages}}
        content = workbook(known, Identity("jamtland", "AKL", "2023"), None, numbers)
        made = judge_here(content, "", allowed_of(known))
        last = max(row for row, _ in _cells(made, "Nya tal"))
        total = {(last + 1, 0): "2303", (last + 1, 1): "Kvinnor", (last + 1, 2): "Summa", (last + 1, 3): 4}
        result = figures(changed(made, "Nya tal", total), "AKL", known=known)
        expected = "stämmer med de andra raderna" if other == "kunde" else "kunde inte prövas"
        assert any(expected in note for note in result.notes)


# --- a new extract is a change of its contract -------------------------------------------------------------------


def new_extract(ages: list[str] | None = None, sheet: str = "Nya tal") -> Extract:
    return Extract.model_validate(
        {
            "id": "E13",
            "title": {"sv": "Något nytt", "en": "Something new"},
            "schema_version": "1.0",
            "delivered_by": ["aklagare"],
            "speaks_in": "year",
            "due_days": 30,
            "small_counts": True,
            "masked": [1, 2],
            "sheets": [
                {
                    "name": sheet,
                    "title": "Nya tal",
                    "grid": {
                        "by_area": True,
                        "sex": ["K", "M", "X", "T"],
                        "age": ages or ["0-29", "30+"],
                        "measures": ["cases", "days", "routine"],
                    },
                }
            ],
            "measures": [
                {"id": "cases", "label": {"sv": "Ärenden", "en": "Cases"}, "unit": "ärenden"},
                {
                    "id": "days",
                    "label": {"sv": "Dagar", "en": "Days"},
                    "unit": "dagar",
                    "answer": "number",
                    "additive": False,
                },
                {"id": "routine", "label": {"sv": "Rutin", "en": "Routine"}, "unit": "kommuner", "answer": "yes_no"},
            ],
        }
    )


def with_extract(registry: Registry, extract: Extract) -> Registry:
    inbox = registry.sources["agency_extracts"]
    fetch = inbox.fetch.model_copy(update={"extracts": sorted({*inbox.fetch.extracts, extract.id})})
    sources = registry.sources | {inbox.id: inbox.model_copy(update={"fetch": fetch})}
    return registry.model_copy(update={"extracts": registry.extracts | {extract.id: extract}, "sources": sources})


def test_a_new_extract_of_grids_needs_no_code(registry, read) -> None:
    known = with_extract(registry, new_extract())
    key = ("2303", "total", "K", "30+")
    numbers = {"Nya tal": {key: {"cases": "<3", "days": "12,5", "routine": "ja"}}}
    content = workbook(known, Identity("jamtland", "AKL", "2023"), None, numbers)
    result = read(content, "jamtland-AKL-2023", known=known)
    found = {m: of(result, f"E13.{m}", area="2303", sex="K", age="30+") for m in ("cases", "days", "routine")}
    assert (found["cases"]["value_status"], found["cases"]["value_low"], found["cases"]["value_high"]) == (
        "suppressed",
        1,
        2,
    )
    assert (found["days"]["value"], found["routine"]["value"]) == (12.5, 1)
    assert len([row for row in result.table.to_pylist() if row["measure"].startswith("E13.")]) == 8 * 4 * 2 * 3


def test_a_new_party_needs_no_code(registry, read) -> None:
    agreement = registry.agreements["jamtland"]
    party = next(p for p in agreement.parties if p.role == "jour").model_copy(update={"code": "JOUR_2"})
    more = agreement.model_copy(update={"parties": [*agreement.parties, party]})
    known = registry.model_copy(update={"agreements": registry.agreements | {agreement.id: more}})
    content = workbook(known, Identity("jamtland", "JOUR_2", "2023"))
    assert set(read(content, "jamtland-JOUR_2-2023", known=known).table["party"].to_pylist()) == {"JOUR_2"}


# --- hostile content ---------------------------------------------------------------------------------------------

HOSTILE = [
    "x'; DROP TABLE core.fact_observation; --",
    "Aktualiserade\u202e2202",
    "a" * 63 + "1",
    "\x07\x1b[31mröd",
    "=cmd|' /C calc'!A0",
    "n" * 30_000,
]


@pytest.mark.scorecard(
    46,
    "SQL, turned writing, control characters and huge names in headings, labels and cells of a grid are refused or set "
    "aside with the cell's name; nothing of them is stored or told",
)
@pytest.mark.parametrize("text", HOSTILE, ids=["sql", "turned", "63 bytes", "control", "formula", "huge"])
@pytest.mark.parametrize("place", [(0, REFERRED), (0, 8), (1, SEX), (2, REFERRED), (6, REFERRED)])
def test_hostile_text_is_refused_with_its_cell_and_never_told(figures, usual, place, text) -> None:
    try:
        result = figures(changed(usual, ADULTS, {place: text}))
    except LayoutChanged as refusal:
        said = str(refusal)
        assert "Bladet Vuxna" in said
    else:
        assert aside(result) == {"Vuxna!C3": "UNREADABLE_NUMBER"}
        assert result.table.schema == TIDY
        said = str(result.set_aside.to_pylist()) + str(result.notes) + str(result.table.to_pylist())
    assert not any(sign in said for sign in ("DROP", "\u202e", "\x07", "\x1b", "aaaa", "nnnn", "calc"))


@pytest.mark.scorecard(
    46, "headings that are alike in their first 63 bytes are two headings, and the unknown one is named"
)
def test_names_that_are_alike_for_63_bytes_are_not_taken_for_each_other(registry, read) -> None:
    long = "Ärenden som har handlagts av åklagarkammaren i Östersund under året, "
    extract = new_extract()
    labels = [m.label.model_copy(update={"sv": long + m.id}) for m in extract.measures]
    measures = [m.model_copy(update={"label": label}) for m, label in zip(extract.measures, labels, strict=True)]
    known = with_extract(registry, extract.model_copy(update={"measures": measures}))
    key = ("2303", "total", "K", "30+")
    numbers = {"Nya tal": {key: {"cases": 5, "days": 7, "routine": "nej"}}}
    content = workbook(known, Identity("jamtland", "AKL", "2023"), None, numbers)
    result = read(content, "jamtland-AKL-2023", known=known)
    found = [of(result, f"E13.{m}", area="2303", sex="K", age="30+")["value"] for m in ("cases", "days", "routine")]
    assert found == [5, 7, 0]
    made = judge_here(content, "", allowed_of(known))
    with pytest.raises(LayoutChanged, match="cell G1: kolumnen hör inte till mallen"):
        read(b"", "jamtland-AKL-2023", known=known, judged=changed(made, "Nya tal", {(0, 6): long + "caseS2"}))


# --- speed -------------------------------------------------------------------------------------------------------


def test_fifty_thousand_cells_are_read(registry, figures) -> None:
    extract = new_extract()
    sheet = extract.sheets[0]
    small = with_extract(registry, extract)
    made = judge_here(workbook(small, Identity("jamtland", "AKL", "2023")), "", allowed_of(small))
    breakdowns = sorted(code for code in registry.breakdowns if code.startswith("offence:"))
    ages = [f"{age}-{age}" for age in range(1 + 17_000 // (8 * 4 * len(breakdowns)))]
    grid = sheet.grid.model_copy(update={"breakdown": breakdowns, "age": ages})
    large = sheet.model_copy(update={"grid": grid})
    known = with_extract(registry, extract.model_copy(update={"sheets": [large]}))
    rows = grid_rows(grid, known, known.agreements["jamtland"], 2023)
    assert len(rows) * 3 >= 50_000
    headings = ["Kommun", "Uppdelning", "Kön", "Ålder", "Ärenden", "Dagar", "Rutin"]
    cells = {(0, column): cell(heading) for column, heading in enumerate(headings)}
    for number, row in enumerate(random.Random(1).sample(rows, len(rows)), start=1):  # noqa: S311  not for secrets
        values = [*row.labels, number % 900, 7.5, "Ja"]
        cells |= {(number, column): cell(value) for column, value in enumerate(values)}
    sheets = tuple(replace(each, cells=cells) if each.name == sheet.name else each for each in made.sheets)
    result = figures(replace(made, sheets=sheets), "AKL", known=known)
    assert sum(row.startswith("E13.") for row in result.table["measure"].to_pylist()) == len(rows) * 3
    assert result.set_aside.num_rows == 0


# --- anything ----------------------------------------------------------------------------------------------------

CELLS = st.one_of(
    st.none(),
    st.builds(lambda text: Cell("text", text), st.text(min_size=1, max_size=40)),
    st.builds(
        lambda text: Cell("text", text),
        st.sampled_from(
            ["Summa", "Kvinnor", "Totalt", "T", "<5", "x", "..", "2023", "1 000", "Utredda", "E06 1.0", "K"]
        ),
    ),
    st.builds(lambda number: Cell("number", number), st.one_of(st.integers(-(10**9), 10**20), st.floats())),
    st.builds(lambda day: Cell("date", day.isoformat()), st.one_of(st.dates(), st.datetimes())),
    st.sampled_from(
        [Cell("truth", "True"), Cell("error", "#REFERENS!"), Cell("formula", ""), Cell("other", "1:00:00")]
    ),
)


@pytest.fixture(scope="session")
def untouched(book: Callable[..., Book]) -> Book:
    return book(None, "LST")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), party=st.sampled_from(["K2380", "LST"]))
def test_whatever_stands_in_the_cells_the_file_is_read_or_refused(figures, usual, untouched, data, party) -> None:
    made = usual if party == "K2380" else untouched
    for _ in range(data.draw(st.integers(1, 6))):
        sheet = data.draw(st.sampled_from(made.sheets))
        place = st.tuples(st.integers(0, 14), st.integers(0, 9))
        made = changed(made, sheet.name, {data.draw(place): data.draw(CELLS)})
    try:
        rows = figures(made, party).table.num_rows
    except (CheckFailed, LayoutChanged):
        return
    assert rows > 0


def test_a_party_may_declare_the_limits_of_its_own_masks(registry, agreement, read) -> None:
    parties = [p.model_copy(update={"masked": (1, 9)}) if p.code == "K2303" else p for p in agreement.parties]
    changed = registry.model_copy(
        update={"agreements": {agreement.id: agreement.model_copy(update={"parties": parties})}}
    )
    mine, others = (Identity(agreement.id, code, "2023") for code in ("K2303", "K2305"))
    assert {each.masked for each in extracts_in(changed, mine)} == {(1, 9)}
    assert {each.masked for each in extracts_in(changed, others)} == {(1, 4)}
    key = ("", "total", "K", "18+")
    book = workbook(changed, mine, numbers={"Vuxna": {key: {"referred": "<10", "investigated": "x"}}})
    table = read(book, "jamtland-K2303-2023", known=changed).table.to_pylist()
    limits = {r["measure"]: (r["value_low"], r["value_high"]) for r in table if r["value_status"] == "suppressed"}
    assert limits == {"E06.referred": (1, 9), "E06.investigated": (1, 9)}
