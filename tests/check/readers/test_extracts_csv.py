"""The CSV form: one number a line, codes as in the registry, and the same figures as the workbook gives."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.check.readers import extracts_csv
from include.check.readers.extracts import identify
from include.check.tidy import TIDY, ReadResult
from include.errors import CheckFailed, DeliveryRefused, LayoutChanged
from include.registry import templates
from include.registry.delivery import Identity, grid_rows
from include.registry.models import Registry
from include.registry.templates import csv_form

PARTY = "K2380"
PART = "jamtland-K2380-2023"
WOMEN, ALL = ("", "total", "K", "18+"), ("", "total", "T", "T")
NUMBERS = {
    "Vuxna": {WOMEN: {"referred": 30, "investigated": "<5", "goal_met": "-"}},
    "Skyddat boende": {ALL: {"placed_adults": 3, "nights_adults": 41}},
}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session")
def lines(registry: Registry) -> Callable[..., list[str]]:
    """Return the lines of Östersund's CSV form with numbers filled in."""

    def make(numbers: Any = None, party: str = PARTY, period: str = "2023", **answers: str) -> list[str]:
        content = csv_form(registry, Identity("jamtland", party, period), numbers or NUMBERS, **answers)
        return content.decode("utf-8-sig").splitlines()

    return make


@pytest.fixture
def result(read: Callable[..., ReadResult]) -> Callable[..., ReadResult]:
    def run(lines: list[str], encoding: str = "utf-8", **more: Any) -> ReadResult:
        return read("\r\n".join(lines).encode(encoding), more.pop("part", PART), **more)

    return run


def of(result: ReadResult, measure: str, **dims: str) -> dict[str, Any]:
    (row,) = (
        row
        for row in result.table.to_pylist()
        if row["measure"] == measure and all(row[name] == value for name, value in dims.items())
    )
    return row


def told(result: ReadResult) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "place"} for row in result.table.to_pylist()]


def with_line(lines: list[str], measure: str, sex: str, /, **columns: str) -> list[str]:
    """Return the lines with some columns of one line changed."""
    changed = []
    for line in lines:
        cells = dict(zip(extracts_csv.HEADER, line.split(";"), strict=True))
        hit = cells["measure"] == measure and cells["sex"] == sex and cells["extract"] == "E06"
        changed.append(";".join((cells | (columns if hit else {})).values()))
    return changed


def number_of(lines: list[str], measure: str, sex: str) -> int:
    return next(n for n, line in enumerate(lines, start=1) if f";{measure};" in line and f";{sex};" in line)


def test_reader_and_template_have_the_same_columns() -> None:
    assert extracts_csv.HEADER == templates.CSV_HEADER


def test_the_csv_form_says_what_the_workbook_says(result, read, fill, lines) -> None:
    as_csv, as_workbook = result(lines()), read(fill(None, NUMBERS, party=PARTY), PART)
    assert told(as_csv) == told(as_workbook)
    assert of(as_csv, "E06.referred", sex="K")["place"] == f"rad {number_of(lines(), 'referred', 'K')}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("before", [[], ["sep=;"]])
def test_encodings_and_the_line_for_excel_make_no_difference(result, lines, encoding, before) -> None:
    made = result([*before, *lines()], encoding, apart=True)
    assert told(made) == told(result(lines()))
    number = number_of(lines(), "referred", "K") + len(before)
    assert of(made, "E06.referred", sex="K")["place"] == f"rad {number}"
    assert f"teckenkodning {'utf-8' if encoding == 'cp1252' else encoding}" in made.notes  # the form is plain ASCII


def test_the_file_says_itself_what_it_is(registry, lines) -> None:
    content = "\n".join(lines(period="2024")).encode()
    assert identify(content, "export.csv", registry) == ("jamtland", PARTY, "2024")


@FEW
@given(seed=st.integers(0, 1000))
def test_the_order_of_lines_means_nothing(result, lines, seed) -> None:
    header, *rest = lines()
    random.Random(seed).shuffle(rest)  # noqa: S311  not for secrets
    assert told(result([header, *rest])) == told(result(lines()))


VALUES = st.one_of(st.integers(0, 99_999), st.sampled_from(["<5", "x", "-", "."]))


@FEW
@given(data=st.data())
def test_whatever_is_filled_in_is_read_as_from_the_workbook(result, read, fill, lines, registry, data) -> None:
    agreement = registry.agreements["jamtland"]
    numbers = {
        sheet.name: {
            row.key: {m: data.draw(VALUES) for m in sheet.grid.measures}
            for row in grid_rows(sheet.grid, registry, agreement, 2023)
        }
        for sheet in registry.extracts["E06"].sheets
    }
    assert told(result(lines(numbers))) == told(read(fill(None, numbers, party=PARTY), PART))


def test_what_no_line_tells_is_not_reported(result, lines) -> None:
    kept = [line for line in lines() if ";referred;" not in line or ";M;" not in line]
    row = of(result(kept), "E06.referred", sex="M")
    assert (row["value"], row["value_status"]) == (None, "not_reported")
    assert of(result(lines()), "E06.referred", sex="M")["value_status"] == "missing"
    assert result(kept).rows_in == result(lines()).rows_in


def test_a_csv_file_never_takes_the_place_of_a_workbook_with_logs(result, lines) -> None:
    numbers = {"Kompetens": {("", "total", "T", "T"): {"staff_in_scope": 40}}}
    with pytest.raises(DeliveryRefused, match=r"Aktiviteter, Sammanträden, .*de ryms inte i en CSV-fil") as refused:
        result(lines(numbers, "LST"), part="jamtland-LST-2023")
    assert refused.value.rule == "LOGS_HAVE_NO_CSV"


def test_the_partys_own_area_is_the_same_as_none(result, lines) -> None:
    assert told(result(with_line(lines(), "referred", "K", area="2380"))) == told(result(lines()))


def test_codes_may_be_written_in_either_case(result, lines) -> None:
    changed = with_line(lines(), "referred", "K", extract="e06", measure="REFERRED", sex="k", breakdown="Total")
    assert told(result(changed)) == told(result(lines()))


@pytest.mark.parametrize(
    ("columns", "column", "expected"),
    [
        ({"extract": "E99"}, "extract", "Väntade E06, E10"),
        ({"measure": "referrals"}, "measure", "Väntade referred, investigated"),
        ({"area": "2303"}, "area", "Väntade ingenting"),
        ({"breakdown": "care_unit:mhv"}, "breakdown", "Väntade total"),
        ({"sex": "F"}, "sex", "Väntade K, M, X, T"),
        ({"age": "07-14"}, "age", "Väntade 18+"),
        ({"age": "0-6"}, "age", "Väntade 18+"),
    ],
)
def test_an_unknown_code_sets_its_line_aside(result, lines, columns, column, expected) -> None:
    number = number_of(lines(), "referred", "K")
    made = result(with_line(lines(), "referred", "K", **columns))
    (row,) = made.set_aside.to_pylist()
    assert (row["place"], row["reason_code"]) == (f"rad {number}", "UNKNOWN_CODE")
    assert row["reason_sv"].startswith(f"Rad {number}, kolumnen {column}: ")
    assert expected in row["reason_sv"]
    assert of(made, "E06.referred", sex="K")["value_status"] == "not_reported"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("12%", "PERCENT_IN_COUNT"),
        ("04-jan", "DATE_FOR_NUMBER"),
        ("1.234", "UNREADABLE_NUMBER"),
        ("många", "UNREADABLE_NUMBER"),
    ],
)
def test_what_is_no_certain_number_is_set_aside_and_leaves_no_zero(result, lines, value, rule) -> None:
    number = number_of(lines(), "referred", "K")
    made = result(with_line(lines(), "referred", "K", value=value))
    (row,) = made.set_aside.to_pylist()
    assert (row["place"], row["reason_code"]) == (f"rad {number}", rule)
    assert row["reason_sv"].startswith(f"Rad {number} (Aktualiserade, Kvinnor, 18 år och äldre): ")
    assert value not in str(row)
    assert [r for r in told(made) if r["measure"] == "E06.referred" and r["sex"] == "K"] == []


def test_a_line_twice_is_read_once_with_a_note(result, lines) -> None:
    number = number_of(lines(), "referred", "K")
    again = [*lines(), lines()[number - 1]]
    made = result(again)
    assert told(made) == told(result(lines()))
    assert f"Raderna {number}, {len(again)} säger samma sak. Den första räknas." in made.notes


def test_two_numbers_for_the_same_are_both_set_aside(result, lines) -> None:
    number = number_of(lines(), "referred", "K")
    made = result([*lines(), lines()[number - 1].replace(";30", ";31")])
    assert made.set_aside["reason_code"].to_pylist() == ["DUPLICATE_KEY", "DUPLICATE_KEY"]
    assert made.set_aside["place"].to_pylist() == [f"rad {number}", f"rad {len(lines()) + 1}"]
    assert [r for r in told(made) if r["measure"] == "E06.referred" and r["sex"] == "K"] == []
    assert made.rows_in == result(lines()).rows_in + 1


@pytest.mark.parametrize("broken", ["jamtland;K2380;2023", "a;b;c;d;e;f;g;h;i;j;k;l;m;n", 'jamtland;"K2380;2023'])
def test_a_line_that_does_not_fit_is_set_aside_with_its_number(result, lines, broken) -> None:
    made = result([*lines()[:5], broken, *lines()[5:]])
    (row,) = made.set_aside.to_pylist()
    assert (row["place"], row["reason_code"]) == ("rad 6", "RAGGED_LINE")
    assert told(made) == told(result(lines()))
    assert not any(note.startswith("rad ") for note in made.notes)


def test_a_line_without_a_code_is_set_aside(result, lines) -> None:
    (row,) = result(with_line(lines(), "referred", "K", sex="")).set_aside.to_pylist()
    assert row["reason_code"] == "RAGGED_LINE"
    assert "hittade ingenting i kolumnen sex" in row["reason_sv"]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("party;agreement;", "Rad 1, kolumn 1: väntade agreement; det som står där liknar party"),
        ("agreement;party;periods;", "Rad 1, kolumn 3: väntade period."),
    ],
)
def test_other_columns_stop_the_file(result, lines, header, says) -> None:
    first, *rest = lines()
    begun = header + ";".join(first.split(";")[header.count(";") :])
    with pytest.raises(LayoutChanged) as refusal:
        result([begun, *rest])
    assert says in str(refusal.value)


def test_one_column_more_stops_the_file(result, lines) -> None:
    with pytest.raises(LayoutChanged, match="Rad 1, kolumn 14: kolumnen hör inte till formen"):
        result([line + (";kommentar" if n == 0 else ";") for n, line in enumerate(lines())])


@pytest.mark.parametrize(
    ("columns", "error", "says"),
    [
        ({"party": "K2303"}, LayoutChanged, "kolumnen party: det står något annat än på rad 2"),
        ({"period": "2022"}, LayoutChanged, "kolumnen period: det står något annat än på rad 2"),
        ({"status": "P"}, LayoutChanged, "kolumnen status: det står något annat än på rad 2"),
        ({"example": "ja"}, LayoutChanged, "kolumnen example: det står något annat än på rad 2"),
        ({"schema_version": "1.1"}, LayoutChanged, "kolumnen schema_version: det står en annan version"),
    ],
)
def test_a_file_is_one_delivery(result, lines, columns, error, says) -> None:
    with pytest.raises(error, match=says):
        result(with_line(lines(), "investigated", "K", **columns))


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        (";E06;1.0;", ";E06;2.0;", LayoutChanged, "Kolumnen schema_version: mallen är inte den som gäller nu"),
        (";S;nej;", ";F;nej;", LayoutChanged, "kolumnen status: väntade P eller S"),
        (";S;nej;", ";S;kanske;", LayoutChanged, "kolumnen example: väntade ja eller nej"),
        ("jamtland;", "dalarna;", LayoutChanged, "kolumnen agreement: överenskommelsen är okänd"),
        (";2023;", ";2023-Q1;", DeliveryRefused, "kolumnen period: väntade en period från 2021 till 2026"),
        (";S;nej;", ";S;ja;", CheckFailed, "Exempeldata får aldrig"),
    ],
)
def test_what_the_lines_say_of_the_delivery_is_held_against_the_registry(result, lines, old, new, error, says) -> None:
    with pytest.raises(error, match=says):
        result([line.replace(old, new) for line in lines()])


def test_a_file_without_numbers_is_refused(result, lines) -> None:
    with pytest.raises(LayoutChanged, match="inga rader med tal"):
        result(lines()[:1])


def test_status_and_example_are_carried(result, lines) -> None:
    made = result(lines(status="P", example="yes"), origin="example")
    assert set(made.table["status"].to_pylist()) == {"P"}
    assert set(made.table["mark"].to_pylist()) == {"example"}


@pytest.mark.scorecard(46, "SQL and turned writing in a CSV line set it aside by its number; nothing of it is told")
@pytest.mark.parametrize("text", ["'); DROP TABLE core.fact_observation; --", "K\u202e", "x" * 63 + "1", "=1+1"])
@pytest.mark.parametrize("column", ["measure", "breakdown", "sex", "age", "value"])
def test_hostile_text_in_a_line_is_never_told(result, lines, column, text) -> None:
    if ";" in text:
        text = f'"{text}"'
    number = number_of(lines(), "referred", "K")
    cells = dict(zip(extracts_csv.HEADER, lines()[number - 1].split(";"), strict=True)) | {column: text}
    made = result([*lines()[: number - 1], ";".join(cells.values()), *lines()[number:]])
    assert made.set_aside["place"].to_pylist() == [f"rad {number}"]
    assert made.table.schema == TIDY
    said = str(made.set_aside.to_pylist()) + str(made.notes) + str(made.table.to_pylist())
    assert not any(sign in said for sign in ("DROP", "\u202e", "xxxx", "=1+1"))


SIGNS = st.one_of(
    st.text(max_size=12), st.sampled_from(["K", "T", "18+", "total", "E06", "E10", "1.0", "<5", "0", "P", ";", '"'])
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_the_lines_the_file_is_read_or_refused(result, lines, data) -> None:
    made = [line.split(";") for line in lines()]
    for _ in range(data.draw(st.integers(1, 4))):
        cells = made[data.draw(st.integers(0, len(made) - 1))]
        cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(SIGNS)
    try:
        rows = result([";".join(cells) for cells in made]).rows_in
    except (CheckFailed, LayoutChanged):
        return
    assert rows >= len(lines()) - 1
