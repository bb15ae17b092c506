"""A template is its contracts made fillable: one per party and period, the same bytes each time, easy to read aloud."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from defusedxml import ElementTree
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from include.errors import UsageError
from include.periods import Period
from include.registry.delivery import (
    COVER,
    COVER_SHEET,
    LISTS_SHEET,
    Identity,
    comparison_heading,
    due,
    extracts_in,
    grid_rows,
    label_headings,
    options,
    periods,
    shown,
    versions,
)
from include.registry.models import Agreement, Extract, ExtractSheet, Grid, Measure, Registry
from include.registry.read import registry as read_registry
from include.registry.templates import CSV_HEADER, csv_form, workbook, write_templates
from include.registry.templates_cover import period_words

YEAR = 2023
WOMEN = ("", "total", "K", "18+")
EVERYTHING = ("", "total", "T", "T")

REAL = read_registry()
JAMTLAND = REAL.agreements["jamtland"]
DELIVERIES = [
    Identity("jamtland", party.code, str(period))
    for party in JAMTLAND.parties
    for period in periods(REAL, JAMTLAND, party, YEAR)
]
MUNICIPALITY = Identity("jamtland", "K2303", "2023")
COUNTY_BOARD = Identity("jamtland", "LST", "2023")
POLICE = Identity("jamtland", "POL", "2023")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return REAL


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return JAMTLAND


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def made(identity: Identity, **more: Any) -> openpyxl.Workbook:
    return opened(workbook(REAL, identity, **more))


@pytest.fixture(scope="module", params=DELIVERIES, ids=lambda identity: identity.part)
def identity(request: pytest.FixtureRequest) -> Identity:
    return request.param


@pytest.fixture(scope="module")
def book(identity: Identity) -> openpyxl.Workbook:
    return made(identity)


def sheets_of(identity: Identity) -> list[tuple[Extract, ExtractSheet]]:
    return [(extract, sheet) for extract in extracts_in(REAL, identity) for sheet in extract.sheets]


def grids_of(identity: Identity) -> Iterator[tuple[Extract, ExtractSheet, Grid]]:
    for extract, sheet in sheets_of(identity):
        if sheet.grid:
            yield extract, sheet, sheet.grid


def measure_of(extract: Extract, name: str) -> Measure:
    return next(measure for measure in extract.measures if measure.id == name)


def rules(sheet: Worksheet) -> dict[str, DataValidation]:
    """Return the rules of a sheet by the letter of their column."""
    return {re.sub(r"\d.*", "", str(rule.sqref)): rule for rule in sheet.data_validations.dataValidation}


def text_of(sheet: Worksheet) -> str:
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)


def changed_measures(extract: Extract, measure: Measure, sheet_name: str) -> Registry:
    """Return the registry with one more measure of an extract, asked for on one of its sheets."""
    sheets = [
        sheet.model_copy(
            update={"grid": sheet.grid.model_copy(update={"measures": [*sheet.grid.measures, measure.id]})}
        )
        if sheet.grid and sheet.name == sheet_name
        else sheet
        for sheet in extract.sheets
    ]
    changed = extract.model_copy(update={"measures": [*extract.measures, measure], "sheets": sheets})
    return REAL.model_copy(update={"extracts": {**REAL.extracts, extract.id: changed}})


# --- which there are ---------------------------------------------------------------------------------------------


def test_one_workbook_per_party_and_period_and_a_csv_form_of_its_numbers(registry, agreement, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "templates"
    written = write_templates(registry, agreement, YEAR, folder)
    of_grids = [identity for identity in DELIVERIES if identity.party != "LST"]  # a log has no CSV form
    expected = {f"{identity.part}.xlsx" for identity in DELIVERIES} | {f"{identity.part}.csv" for identity in of_grids}
    assert {path.name for path in written} == {path.name for path in folder.iterdir()} == expected
    assert len(written) == len(expected) == 2 * (15 + 1 + 3 + 2) - 1
    for identity in DELIVERIES:
        assert (folder / f"{identity.part}.xlsx").read_bytes() == workbook(registry, identity)
    for identity in of_grids:
        assert (folder / f"{identity.part}.csv").read_bytes() == csv_form(registry, identity)


def test_a_delivery_of_logs_alone_has_no_csv_form(registry, agreement, tmp_path: Path) -> None:
    logs = {"E02": registry.extracts["E02"]}
    alone = registry.model_copy(update={"extracts": logs})
    assert [path.name for path in write_templates(alone, agreement, YEAR, tmp_path)] == ["jamtland-LST-2023.xlsx"]
    cover = openpyxl.load_workbook(tmp_path / "jamtland-LST-2023.xlsx")[COVER_SHEET]
    assert "en påhittad rad på bladet Sammanträden" in text_of(cover)
    assert "Ordinarie" in text_of(cover)
    assert "Så skriver du" not in text_of(cover)


def test_the_templates_of_one_party(registry, agreement, tmp_path: Path) -> None:
    written = write_templates(registry, agreement, YEAR, tmp_path, party="BHJ")
    expected = ["2023-H1", "2023-H2", "2023"]
    assert [path.name for path in written] == [f"jamtland-BHJ-{p}.{s}" for p in expected for s in ("xlsx", "csv")]


def test_an_unknown_party_or_year_is_answered_with_those_there_are(registry, agreement, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no party 'K9999'; it has LST, RJH, POL, AKL, K2303,"):
        write_templates(registry, agreement, YEAR, tmp_path, party="K9999")
    with pytest.raises(UsageError, match="followed up for 2021 to 2026, not for 2020"):
        write_templates(registry, agreement, 2020, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_expected_delivery_has_no_template(registry) -> None:
    for wrong in (Identity("jamtland", "K2303", "2023-Q1"), Identity("jamtland", "K2303", "2019")):
        with pytest.raises(ValueError, match="is expected"):
            workbook(registry, wrong)
        with pytest.raises(ValueError, match="is expected"):
            csv_form(registry, wrong)


def test_another_agreement_has_the_templates_of_its_own_parties(registry, agreement, tmp_path: Path) -> None:
    parties = [party for party in agreement.parties if party.code in ("K2321", "POL")]
    other = agreement.model_copy(update={"id": "annat", "parties": parties})
    both = registry.model_copy(update={"agreements": {**registry.agreements, "annat": other}})
    written = write_templates(both, other, YEAR, tmp_path)
    assert {path.stem for path in written} == {"annat-K2321-2023", "annat-POL-2023"}
    cover = openpyxl.load_workbook(tmp_path / "annat-POL-2023.xlsx")[COVER_SHEET]
    assert [cover.cell(row, 2).value for row in (2, 3, 4)] == ["annat", "POL", "2023"]


def test_a_new_measure_is_in_the_template_by_its_contract_alone() -> None:
    new = Measure.model_validate(
        {"id": "safety_plans", "label": {"sv": "Säkerhetsplaner", "en": "Safety plans"}, "unit": "planer"}
    )
    changed = changed_measures(REAL.extracts["E06"], new, "Vuxna")
    sheet = opened(workbook(changed, MUNICIPALITY))["Vuxna"]
    assert [cell.value for cell in sheet[1]][-1] == "Säkerhetsplaner"
    assert rules(sheet)[get_column_letter(sheet.max_column)].prompt == "Säkerhetsplaner. Enhet: planer."
    assert ";safety_plans;;total;K;18+;" in csv_form(changed, MUNICIPALITY).decode("utf-8-sig")


# --- what a workbook holds ---------------------------------------------------------------------------------------


def test_the_sheets_are_cover_the_partys_own_and_lists(book, identity) -> None:
    assert book.sheetnames == [COVER_SHEET, *(sheet.name for _, sheet in sheets_of(identity)), LISTS_SHEET]
    assert all(sheet.sheet_state == "visible" for sheet in book.worksheets)


def test_a_workbook_has_its_partys_own_measures_and_nobody_elses(book, identity, registry) -> None:
    own = {
        measure.label.sv for e, _, grid in grids_of(identity) for measure in e.measures if measure.id in grid.measures
    }
    others = {m.label.sv for e in registry.extracts.values() for m in e.measures if m.answer} - own
    headings = {str(cell.value) for _, sheet, _ in grids_of(identity) for cell in book[sheet.name][1]}
    assert own <= headings
    assert not headings & others
    lines = text_of(book[COVER_SHEET]).split("\n")
    assert own <= set(lines)
    delivered = {extract.id for extract in extracts_in(registry, identity)}
    assert {line[:3] for line in lines if re.match(r"E\d\d ", line)} == delivered


def test_a_municipality_sees_nothing_of_the_polices_measures() -> None:
    everything = "\n".join(text_of(sheet) for sheet in made(MUNICIPALITY).worksheets)
    polices = [measure.label.sv for measure in REAL.extracts["E04"].measures if measure.id != "consultations"]
    assert polices
    assert not [label for label in polices if label in everything]
    assert "Anmälda ärenden" in "\n".join(text_of(sheet) for sheet in made(POLICE).worksheets)


def test_a_grid_has_its_rows_and_headings(book, identity, registry, agreement) -> None:
    for extract, contract, grid in grids_of(identity):
        sheet = book[contract.name]
        measures = [measure_of(extract, name).label.sv for name in grid.measures]
        assert [cell.value for cell in sheet[1]] == [*label_headings(grid), *measures]
        rows = grid_rows(grid, registry, agreement, YEAR)
        width = len(label_headings(grid))
        written = [tuple(cell.value for cell in row[:width]) for row in sheet.iter_rows(min_row=2)]
        assert written == [row.labels for row in rows]
        assert all(cell.value is None for row in sheet.iter_rows(min_row=2) for cell in row[width:])


def test_every_table_is_a_real_one_from_a1_with_frozen_headings(book, identity) -> None:
    for _, contract in sheets_of(identity):
        sheet = book[contract.name]
        (table,) = sheet.tables.values()
        rows = sheet.max_row if contract.grid else contract.rows + 1
        assert table.ref == f"A1:{get_column_letter(len(table.tableColumns))}{rows}"
        assert [column.name for column in table.tableColumns] == [cell.value for cell in sheet[1]]
        assert sheet.freeze_panes == "A2"


def test_only_cells_to_fill_in_are_unlocked_and_there_is_no_password(book, identity) -> None:
    for sheet in book.worksheets:
        assert sheet.protection.sheet
        assert sheet.protection.password is None
        assert sheet.protection.selectLockedCells is False
    for _, contract in sheets_of(identity):
        sheet = book[contract.name]
        assert all(cell.protection.locked for cell in sheet[1])
        if contract.grid:
            width = len(label_headings(contract.grid))
            for row in sheet.iter_rows(min_row=2):
                assert [cell.protection.locked for cell in row] == [place < width for place in range(len(row))]
        else:
            assert not any(column.protection.locked for column in sheet.column_dimensions.values())
    cover = book[COVER_SHEET]
    unlocked = [row[0].value for row in cover.iter_rows() if not row[1].protection.locked]
    assert unlocked == [COVER["status"], COVER["empty_sheets"]]


def test_every_column_of_a_log_has_its_drop_down_and_help(book, identity, agreement) -> None:
    lists = book[LISTS_SHEET]
    for _, contract in sheets_of(identity):
        for place, column in enumerate(contract.columns, start=1):
            rule = rules(book[contract.name])[get_column_letter(place)]
            assert rule.prompt == column.help[:255]
            choices = options(column, agreement, YEAR)
            if not choices or column.type == "parties":
                continue
            assert rule.type == "list"
            shown_there = [cell.value for (cell,) in lists[rule.formula1.removeprefix(f"{LISTS_SHEET}!")]]
            assert shown_there == [shown(column, code, choices) for code in choices]


def test_every_number_cell_says_what_it_takes_and_takes_numbers_and_markers(book, identity) -> None:
    for extract, contract, grid in grids_of(identity):
        sheet = book[contract.name]
        for place, name in enumerate(grid.measures, start=len(label_headings(grid)) + 1):
            measure, letter = measure_of(extract, name), get_column_letter(place)
            rule = rules(sheet)[letter]
            assert str(rule.sqref) in (f"{letter}2:{letter}{sheet.max_row}", f"{letter}2")
            assert rule.promptTitle == measure.label.sv[:32]
            assert rule.prompt.startswith(measure.help)
            assert len(rule.prompt) <= 255
            assert rule.showInputMessage
            assert rule.showErrorMessage
            assert rule.errorStyle in (None, "stop")
            if measure.answer == "yes_no":
                assert (rule.type, rule.formula1) == ("list", '"Ja,Nej"')
                assert rule.error.startswith("Välj Ja eller Nej")
                continue
            assert measure.unit in rule.prompt
            assert rule.type == "custom"
            assert rule.error.startswith("Skriv ett heltal" if measure.answer == "count" else "Skriv ett tal")
            assert rule.error.endswith("skriv en punkt.")
            check_number_rule(book, rule.formula1, f"{letter}2", measure)


def check_number_rule(book: openpyxl.Workbook, formula: str, cell: str, measure: Measure) -> None:
    """Hold a rule against its form: a number is looked at as one, a text against the list of markers, sign by sign."""
    whole = rf",INT\({cell}\)={cell}" if measure.answer == "count" else ""
    form = rf"IF\(ISNUMBER\({cell}\),AND\({cell}>=0{whole}\),SUMPRODUCT\(--\({LISTS_SHEET}!(\S+)={cell}\)\)>0\)"
    match = re.fullmatch(form, formula)
    assert match, formula
    markers = [each.value for (each,) in book[LISTS_SHEET][match[1]]]
    assert markers == (["<5", "x", "-", "."] if measure.answer == "count" else ["x", "-", "."])
    assert len(formula) <= 255


def test_a_party_that_masks_more_has_its_own_marker(registry) -> None:
    wider = registry.extracts["E06"].model_copy(update={"masked": (1, 9)})
    changed = registry.model_copy(update={"extracts": {**registry.extracts, "E06": wider}})
    book = opened(workbook(changed, MUNICIPALITY))
    lists = book[LISTS_SHEET]
    assert [cell.value for cell in lists[2]] == ["<10", "<5"]
    assert rules(book["Vuxna"])["C"].formula1.endswith("(Listor!$A$2:$A$5=C2))>0)")
    assert rules(book["Kompetens"])["B"].formula1.endswith("(Listor!$B$2:$B$5=B2))>0)")
    assert "<10 eller x" in text_of(book[COVER_SHEET])
    assert "minst 1 och högst 9" in text_of(book[COVER_SHEET])


def test_a_total_looks_different_and_holds_no_formula() -> None:
    sheet = made(MUNICIPALITY)["Vuxna"]
    women, total = sheet[2], sheet[5]
    assert total[0].value == "Totalt"
    for part, whole in zip(women, total, strict=True):
        assert (part.font.bold, part.border.bottom.style) == (False, "thin")
        assert (whole.font.bold, whole.border.bottom.style) == (True, "medium")
    assert total[2].value is None


# --- numbers and rows to begin with ------------------------------------------------------------------------------


def test_numbers_and_markers_stand_in_their_cells() -> None:
    numbers = {
        "Vuxna": {WOMEN: {"referred": 12, "investigated": "<5", "goal_met": 0}},
        "Skyddat boende": {EVERYTHING: {"nights_adults": "-"}},
    }
    book = made(MUNICIPALITY, numbers=numbers)
    assert [cell.value for cell in book["Vuxna"][2]][2:] == [12, "<5", None, 0, None, None]
    assert [cell.data_type for cell in book["Vuxna"][2]][2:4] == ["n", "s"]
    assert book["Skyddat boende"]["C2"].value == "-"
    assert made(POLICE, numbers={"Samråd och utryckning": {EVERYTHING: {"response_minutes": 12.5}}})[
        "Samråd och utryckning"
    ]["C2"].value == pytest.approx(12.5)


@pytest.mark.parametrize(("given", "shown_there"), [("ja", "Ja"), ("nej", "Nej"), (1, "Ja"), (0, "Nej"), ("-", "-")])
def test_an_answer_to_a_question_is_ja_or_nej(given: int | str, shown_there: str) -> None:
    numbers = {"Beslut i kommunerna": {("2309", "total", "T", "T"): {"prevention_decision": given}}}
    sheet = made(COUNTY_BOARD, numbers=numbers)["Beslut i kommunerna"]
    assert {row[0].value: row[1].value for row in sheet.iter_rows(min_row=2) if row[1].value} == {
        "2309 Krokom": shown_there
    }


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"numbers": {"Barn i Barnahus": {}}}, "no such sheet to begin with: Barn i Barnahus"),
        ({"rows": {"Vuxna": []}}, "no such sheet to begin with: Vuxna"),
        ({"numbers": {"Vuxna": {("", "total", "K", "0-17"): {}}}}, "Vuxna has no row"),
        ({"numbers": {"Vuxna": {WOMEN: {"children": 1}}}}, "Vuxna has no measure children"),
    ],
)
def test_what_a_delivery_has_no_place_for_is_refused(registry, more: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        workbook(registry, MUNICIPALITY, **more)
    if "numbers" in more:
        with pytest.raises(ValueError, match=what):
            csv_form(registry, MUNICIPALITY, **more)


def test_text_is_never_a_formula_or_link() -> None:
    row = {"activity_id": '=HYPERLINK("x")', "title": "@SUM(1)", "url": "https://example.org", "date": date(2023, 1, 2)}
    sheet = made(COUNTY_BOARD, rows={"Aktiviteter": [row]})["Aktiviteter"]
    assert sheet["A2"].data_type == "s"
    assert sheet["H2"].hyperlink is None
    assert sheet["B2"].is_date


def test_more_rows_than_a_log_holds_are_refused(registry) -> None:
    with pytest.raises(ValueError, match="holds 200 rows, 201 were given"):
        workbook(registry, COUNTY_BOARD, rows={"Aktiviteter": [{}] * 201})


def test_two_columns_of_one_name_are_refused_rather_than_lost(registry) -> None:
    twin = measure_of(registry.extracts["E06"], "referred").model_copy(update={"id": "referred_again"})
    with pytest.raises(ValueError, match="Vuxna takes no table"), pytest.warns(UserWarning, match="Duplicate header"):
        workbook(changed_measures(registry.extracts["E06"], twin, "Vuxna"), MUNICIPALITY)


# --- earlier values ----------------------------------------------------------------------------------------------


def test_earlier_values_stand_beside_in_locked_columns_that_name_their_period() -> None:
    earlier = {
        ("E06.referred", WOMEN): 14,
        ("E06.investigated", WOMEN): "<5",
        ("E10.staff_in_scope", ("", "staff:chef", "T", "T")): 7,
    }
    book = made(MUNICIPALITY, earlier=("2022", earlier))
    sheet = book["Vuxna"]
    headings = [cell.value for cell in sheet[1]]
    assert headings[8:] == [comparison_heading(str(label), "2022") for label in headings[2:8]]
    assert [cell.value for cell in sheet[2]][2:] == [None] * 6 + [14, "<5"] + [None] * 4
    assert [cell.value for cell in sheet[3]][2:] == [None] * 12
    assert [cell.protection.locked for cell in sheet[2]] == [True] * 2 + [False] * 6 + [True] * 6
    assert set(rules(sheet)) == set("CDEFGH")
    (table,) = sheet.tables.values()
    assert table.ref == "A1:N5"
    assert book["Kompetens"]["E2"].value == 7
    assert [cell.value for cell in book["Skyddat boende"][1]][5:] == [
        "Placeringar av vuxna 2022", "Dygn för vuxna 2022", "Placeringar av barn 2022", "Dygn för barn 2022"
    ]  # fmt: skip
    assert "De grå kolumnerna med 2022 i rubriken" in text_of(book[COVER_SHEET])


def test_earlier_answers_to_a_question_are_in_words() -> None:
    earlier = {("E01.prevention_decision", ("2303", "total", "T", "T")): 1.0}
    sheet = made(COUNTY_BOARD, earlier=("2022", earlier))["Beslut i kommunerna"]
    assert [cell.value for cell in sheet[1]] == ["Kommun", "Beslut finns", "Beslut finns 2022"]
    assert [cell.value for cell in sheet[2]] == ["2303 Ragunda", None, "Ja"]


def test_without_earlier_values_nothing_is_compared() -> None:
    book = made(MUNICIPALITY)
    assert len(list(book["Vuxna"][1])) == 8
    assert "grå kolumnerna" not in text_of(book[COVER_SHEET])


def test_each_party_sees_its_own_earlier_values(registry, agreement, tmp_path: Path) -> None:
    asked = []

    def earlier(identity: Identity) -> tuple[str, dict[tuple[str, tuple[str, str, str, str]], int]] | None:
        asked.append(identity)
        return ("2022", {("E06.referred", WOMEN): 31}) if identity.party == "K2380" else None

    write_templates(registry, agreement, YEAR, tmp_path, earlier=earlier)
    assert asked == DELIVERIES
    with_values = [p.stem for p in sorted(tmp_path.glob("*.xlsx")) if "Aktualiserade 2022" in everything_in(p)]
    assert with_values == ["jamtland-K2380-2023"]


def everything_in(path: Path) -> str:
    return "\n".join(text_of(sheet) for sheet in openpyxl.load_workbook(path).worksheets)


# --- the first sheet ---------------------------------------------------------------------------------------------


def test_the_cover_says_which_delivery_it_is(book, identity, registry) -> None:
    cover = book[COVER_SHEET]
    said = {cover.cell(row, 1).value: cover.cell(row, 2).value for row in range(2, len(COVER) + 2)}
    assert said == {
        "Överenskommelse": "jamtland",
        "Part": identity.party,
        "Period": identity.period,
        "Uttag": versions(extracts_in(registry, identity)),
        "Uppgifternas status": "Slutliga",
        "Tomma blad betyder": "Inte ifyllt",
        "Exempeldata": "Nej",
    }
    for row, key in enumerate(COVER, start=2):
        assert list(book.defined_names[f"leverans_{key}"].destinations) == [(COVER_SHEET, f"$B${row}")]


def test_the_answers_of_the_cover_can_be_given(registry) -> None:
    cover = made(MUNICIPALITY, status="P", empty_sheets="none")[COVER_SHEET]
    assert [cover.cell(row, 2).value for row in (6, 7, 8)] == ["Preliminära", "Inget att redovisa", "Nej"]


def test_the_guide_is_short_and_says_when_the_delivery_is_due(book, identity, registry, agreement) -> None:
    lines = {str(row[0].value): str(row[1].value) for row in book[COVER_SHEET].iter_rows()}
    steps = [key for key in lines if re.fullmatch(r"Steg \d+", key)]
    assert steps == [f"Steg {number}" for number in range(1, len(steps) + 1)]
    assert 5 <= len(steps) <= 8
    party = next(party.name for party in agreement.parties if party.code == identity.party)
    words = period_words(Period.parse(identity.period))
    last = due(registry, identity).isoformat()
    assert lines["Steg 1"] == f"Mallen gäller {party} och perioden {words}. Lämna den senast {last}."
    told = text_of(book[COVER_SHEET])
    for extract in extracts_in(registry, identity):
        assert f"{extract.id} {extract.title.sv}" in told
        assert all(sentence in told for sentence in extract.guide)


def test_the_guide_says_who_adds_the_totals_where_there_are_any() -> None:
    assert "Skriv själv talen på raderna Totalt" in text_of(made(MUNICIPALITY)[COVER_SHEET])
    without = REAL.extracts["E05"].model_copy(update={"sheets": [REAL.extracts["E05"].sheets[1]]})
    registry = REAL.model_copy(update={"extracts": {"E05": without}})
    book = opened(workbook(registry, Identity("jamtland", "AKL", "2023")))
    assert "Totalt" not in text_of(book[COVER_SHEET])


def test_the_cover_has_an_example_of_how_numbers_are_written() -> None:
    cover = made(MUNICIPALITY)[COVER_SHEET]
    pairs = [(row[0].value, row[1].value) for row in cover.iter_rows()]
    at = pairs.index(("Du skriver", "Det betyder"))
    assert pairs[at + 1 : at + 6] == [
        (12, "Tolv."),
        (0, "Inget. Noll är en uppgift, till skillnad från en tom cell."),
        ("<5 eller x", "Ett skyddat tal, som är minst 1 och högst 4."),
        ("- eller tom cell", "Uppgiften saknas."),
        (".", "Kan inte förekomma."),
    ]
    at = pairs.index(("Kolumn", "Exempel"))
    assert pairs[at - 1] == ("Exempel: en påhittad rad på bladet Vuxna", None)
    assert pairs[at + 1 : at + 5] == [
        ("Kön", "Kvinnor (står där från början)"),
        ("Ålder", "18 år och äldre (står där från början)"),
        ("Aktualiserade", 12),
        ("Utredda", 9),
    ]


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("2023", "2023"),
        ("2023-Q1", "första kvartalet 2023"),
        ("2023-Q4", "fjärde kvartalet 2023"),
        ("2023-H2", "andra halvåret 2023"),
        ("2023-03", "mars 2023"),
    ],
)
def test_periods_are_told_in_words(period: str, words: str) -> None:
    assert period_words(Period.parse(period)) == words


def test_example_data_say_so_on_every_page() -> None:
    example = made(MUNICIPALITY, example="yes")
    cover = example[COVER_SHEET]
    assert "EXEMPELDATA" in str(cover["B1"].value)
    assert cover["B8"].value == "EXEMPELDATA"
    for sheet in example.worksheets[:-1]:
        assert "EXEMPELDATA" in sheet.oddHeader.center.text


def test_an_ordinary_template_says_nothing_of_example_data(book) -> None:
    assert "EXEMPEL" not in "\n".join(text_of(sheet) for sheet in book.worksheets)
    assert all(sheet.oddHeader.center.text is None for sheet in book.worksheets)


# --- for everybody -----------------------------------------------------------------------------------------------


def test_the_document_says_its_title_subject_and_language(book, identity, agreement) -> None:
    party = next(party.name for party in agreement.parties if party.code == identity.party)
    words = period_words(Period.parse(identity.period))
    assert book.properties.title == f"Uppgifter från {party} om {words}"
    assert book.properties.subject == agreement.title.sv
    assert book.properties.language == "sv-SE"


def test_there_are_no_merged_hidden_or_computed_cells(book) -> None:
    for sheet in book.worksheets:
        assert not sheet.merged_cells.ranges
        assert not any(column.hidden for column in sheet.column_dimensions.values())
        assert not any(row.hidden for row in sheet.row_dimensions.values())
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_every_table_has_a_name_of_its_own_and_an_alternative_text(identity, book) -> None:
    names = [name for sheet in book.worksheets for name in sheet.tables]
    assert len(set(names)) == len(names) == sum(len(sheet.tables) for sheet in book.worksheets)
    assert all(sheet.tables for sheet in book.worksheets)
    texts = []
    with zipfile.ZipFile(io.BytesIO(workbook(REAL, identity))) as archive:
        for member in archive.namelist():
            if member.startswith("xl/tables/"):
                root = ElementTree.fromstring(archive.read(member))
                (alternative,) = [each for each in root.iter() if each.tag.endswith("2009/9/main}table")]
                texts.append((alternative.get("altText"), alternative.get("altTextSummary")))
    assert len(texts) == len(names)
    assert all(title and summary for title, summary in texts)
    assert {sheet.title for _, sheet in sheets_of(identity)} <= {title for title, _ in texts}


def test_widths_show_whole_labels_and_whole_words_of_headings(book, identity) -> None:
    for _, contract in sheets_of(identity):
        sheet = book[contract.name]
        labels = len(label_headings(contract.grid)) if contract.grid else 0
        for place, heading in enumerate(sheet[1], start=1):
            width = width_of(sheet, place)
            assert width >= max(map(len, str(heading.value).split())) + 2
            if place <= labels:
                assert width >= max(len(str(row[0])) for row in sheet.iter_rows(2, None, place, place, True)) + 2
    lists = book[LISTS_SHEET]
    for place, entries in enumerate(lists.iter_cols(values_only=True), start=1):
        assert width_of(lists, place) >= max(len(str(entry)) for entry in entries if entry) + 2
    assert all(cell.alignment.wrap_text for row in book[COVER_SHEET].iter_rows(min_row=len(COVER) + 3) for cell in row
               if isinstance(cell.value, str))  # fmt: skip


def width_of(sheet: Worksheet, place: int) -> float:
    """Return the width of a column (from 1), which may be told together with its neighbours'."""
    return next(c.width for c in sheet.column_dimensions.values() if c.min <= place <= c.max)


def test_every_text_stands_out_from_its_background() -> None:
    for sheet in made(COUNTY_BOARD, earlier=("2022", {})).worksheets + made(MUNICIPALITY).worksheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            background = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else "FFFFFFFF"
            colour = cell.font.color
            text = colour.rgb if colour is not None and isinstance(colour.rgb, str) else "FF000000"
            assert contrast(text, background) >= 4.5, (sheet.title, cell.coordinate)


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours (ARGB) as WCAG 2.1 defines it: 1 to 21."""

    def luminance(argb: str) -> float:
        parts = [int(argb[at : at + 2], 16) / 255 for at in (2, 4, 6)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted(map(luminance, (first, second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_it_prints_on_a4_on_its_side_with_the_headings_on_every_page(book, identity) -> None:
    for sheet in book.worksheets:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in ((1, 0), (None, 0))
    for _, contract in sheets_of(identity):
        assert book[contract.name].print_title_rows == "$1:$1"


# --- the file ----------------------------------------------------------------------------------------------------


def test_the_same_contract_gives_the_same_bytes(registry, identity) -> None:
    assert workbook(registry, identity) == workbook(registry, identity)
    assert csv_form(registry, identity) == csv_form(registry, identity)


def test_nothing_in_the_file_depends_on_the_machine_and_every_part_is_well_formed(registry, identity) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(registry, identity))) as archive:
        assert archive.testzip() is None
        for member in archive.infolist():
            assert (member.date_time, member.compress_type) == ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
            ElementTree.fromstring(archive.read(member))


# --- the CSV form ------------------------------------------------------------------------------------------------


def lines_of(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_the_csv_form_has_a_line_for_every_number_in_codes(registry, agreement, identity) -> None:
    content = csv_form(registry, identity)
    assert content.startswith(b"\xef\xbb\xbf" + ";".join(CSV_HEADER).encode() + b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    found = [
        tuple(line[name] for name in ("extract", "schema_version", "measure", "area", "breakdown", "sex", "age"))
        for line in lines_of(content)
    ]
    expected = [
        (extract.id, extract.schema_version, measure, *row.key)
        for extract, _, grid in grids_of(identity)
        for row in grid_rows(grid, registry, agreement, YEAR)
        for measure in grid.measures
    ]
    assert found == expected
    assert len(set(found)) == len(found)
    for line in lines_of(content):
        assert (line["agreement"], line["party"], line["period"]) == tuple(identity)
        assert (line["status"], line["example"], line["value"]) == ("S", "nej", "")


def test_the_csv_form_holds_the_numbers_given(registry) -> None:
    numbers = {
        "Polisärenden": {("", "total", "K", "T"): {"cases": 120, "cases_assessed": "<5"}},
        "Samråd och utryckning": {EVERYTHING: {"response_minutes": 12.5, "consultations": 4.0}},
    }
    lines = lines_of(csv_form(registry, POLICE, numbers, status="P", example="yes"))
    assert {(line["status"], line["example"]) for line in lines} == {("P", "ja")}
    values = {(line["measure"], line["sex"]): line["value"] for line in lines if line["value"]}
    assert values == {
        ("cases", "K"): "120",
        ("cases_assessed", "K"): "<5",
        ("consultations", "T"): "4",
        ("response_minutes", "T"): "12,5",
    }


def test_the_csv_form_tells_municipalities_by_code_and_answers_in_small_words(registry) -> None:
    numbers = {"Beslut i kommunerna": {("2380", "total", "T", "T"): {"prevention_decision": "nej"}}}
    lines = [line for line in lines_of(csv_form(registry, COUNTY_BOARD, numbers)) if line["area"]]
    assert [line["area"] for line in lines] == ["2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380"]
    assert [line["value"] for line in lines] == [""] * 7 + ["nej"]
