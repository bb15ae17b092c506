"""The workbook of ten years: one column of it for each part, and nothing guessed."""

from collections.abc import Callable
from typing import Any

import pytest

from include.check.readers import bra_ten_years
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import Registry
from tests.check.readers.bra_workbooks import manifest as of_table_300
from tests.check.readers.bra_workbooks import xlsx

SOURCE = "bra_ten_year_rates"
CLEARANCE, PROSECUTION = "Statistik personuppklaringsproc", "Statistik lagföringsprocent"
YEARS = list(range(2016, 2026))
ALL = ["SAMTLIGA BROTT", "SAMTLIGA BROTT"]
PERSON = ["BrB 3-7 kap. Brott mot person", "Brott mot person, totalt"]


def manifest(part: str = "La-2025") -> Any:
    return of_table_300(part, "xlsx", source_id=SOURCE, file_name="10La_uppklbr_10_ar.xlsx")


def rates(start: float) -> list[float]:
    return [round(start + place / 7, 5) for place in range(len(YEARS))]


def sheet(*rows: list[Any], years: list[Any] | None = None, title: str = "Tabell") -> list[list[Any]]:
    return [[title], ["Lagrum", "Brottstyp", *(YEARS if years is None else years)], *rows]


def book(*rows: list[Any], other: list[list[Any]] | None = None, **changes: Any) -> bytes:
    """Return a workbook with these rows of clearance rates, and prosecution rates of twice their size."""
    twice = [[cell * 2 if isinstance(cell, float) else cell for cell in row] for row in rows]
    sheets = {CLEARANCE: sheet(*rows, **changes), PROSECUTION: sheet(*(other or twice), **changes)}
    return xlsx({**sheets, "Information": [["Senaste uppdatering: 2026-07-07"]]})


@pytest.fixture
def read(registry: Registry) -> Callable[..., ReadResult]:
    def run(content: bytes, part: str = "La-2025") -> ReadResult:
        result = bra_ten_years.read(content, manifest(part), registry.sources[SOURCE], registry)
        assert_identity(result)
        return result

    return run


def figures(result: ReadResult) -> dict[tuple[str, str], tuple[float | None, str]]:
    return {
        (row["measure"].partition(".")[2], row["breakdown"]): (row["value"], row["value_status"])
        for row in result.table.to_pylist()
    }


@pytest.mark.parametrize("year", [2016, 2019, 2025])
def test_each_part_has_the_figures_of_its_own_year(read: Callable[..., ReadResult], year: int) -> None:
    own = YEARS.index(year)
    result = read(book([*ALL, *rates(13)], [*PERSON, *rates(9)]), f"La-{year}")
    assert figures(result) == {
        ("clearance_rate", "offence:all"): (rates(13)[own], "ok"),
        ("clearance_rate", "offence:against_person"): (rates(9)[own], "ok"),
        ("prosecution_rate", "offence:all"): (pytest.approx(2 * rates(13)[own]), "ok"),
        ("prosecution_rate", "offence:against_person"): (pytest.approx(2 * rates(9)[own]), "ok"),
    }
    row = result.table.to_pylist()[0]
    assert (row["area"], row["period"], row["status"], row["mark"]) == ("00", str(year), "F", "direct")
    assert row["place"] == f"{CLEARANCE}!{'CDEFGHIJKL'[own]}3"
    assert "Senaste uppdatering: 2026-07-07" in result.notes


def test_a_row_whose_label_stands_in_one_column_alone_is_known_too(read: Callable[..., ReadResult]) -> None:
    assert ("clearance_rate", "offence:all") in figures(read(book(["", "SAMTLIGA BROTT", *rates(13)])))


def test_years_may_be_written_as_text(read: Callable[..., ReadResult]) -> None:
    assert len(figures(read(book([*ALL, *rates(13)], years=[str(year) for year in YEARS])))) == 2


@pytest.mark.scorecard(28, "an unknown label is set aside and named")
def test_an_unknown_offence_is_set_aside_and_named(read: Callable[..., ReadResult]) -> None:
    result = read(book([*ALL, *rates(13)], ["99 kap.", "Nytt brott", *rates(5)]))
    assert set(figures(result)) == {("clearance_rate", "offence:all"), ("prosecution_rate", "offence:all")}
    assert [row["place"] for row in result.set_aside.to_pylist()] == [f"{CLEARANCE}!L4", f"{PROSECUTION}!L4"]
    assert "99 kap. > Nytt brott" in result.set_aside["reason_sv"][0].as_py()
    assert result.rows_in == 4


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("-", (0, "ok")), ("\u2212", (0, "ok")), ("..", (None, "missing")), (".", (None, "not_applicable"))],
)
def test_a_symbol_is_what_bra_says_it_is(read: Callable[..., ReadResult], cell: str, expected: Any) -> None:
    assert figures(read(book([*ALL, *rates(13)[:-1], cell])))["clearance_rate", "offence:all"] == expected


def test_an_empty_cell_and_a_text_are_set_aside(read: Callable[..., ReadResult]) -> None:
    result = read(book([*ALL, *rates(13)[:-1], None], [*PERSON, *rates(9)[:-1], "ca 9"]))
    assert [row["reason_code"] for row in result.set_aside.to_pylist()] == ["NOT_A_NUMBER"] * 4


@pytest.mark.scorecard(29, "a year that the file lacks stops")
def test_a_year_that_the_file_does_not_hold_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="holds the years 2016-2025, expected 2026"):
        read(book([*ALL, *rates(13)]), "La-2026")


@pytest.mark.parametrize(
    "years",
    [
        [],
        [2016, 2018, 2019],
        [2016, 2016, 2017],
        [2017, 2016],
        [2016, 2017, "Förändring", 2018],
        ["2016*", "2017*"],
        ["Totalt", 2016, 2017],
    ],
)
@pytest.mark.scorecard(29, "a year that is missing, twice or out of order stops")
def test_years_that_do_not_follow_each_other_stop(read: Callable[..., ReadResult], years: list[Any]) -> None:
    with pytest.raises(LayoutChanged, match="expected one year after the other from C2 on"):
        read(book([*ALL, *rates(13)], years=years))


@pytest.mark.scorecard(24, "a sheet that is gone or renamed stops, and the names of those that are there are told")
def test_a_sheet_that_is_not_there_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match=f"found the sheets {CLEARANCE}, Lagföring; expected one '{PROSECUTION}'"):
        read(xlsx({CLEARANCE: sheet([*ALL, *rates(13)]), "Lagföring": sheet([*ALL, *rates(26)])}))


def test_two_rows_of_one_meaning_stop(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="rows 3 and 4 both mean offence:all"):
        read(book([*ALL, *rates(13)], [*ALL, *rates(14)]))


def test_a_file_that_is_no_workbook_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="no workbook"):
        read(b"PK\x03\x04")


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (book([*ALL, *rates(13)]), []),
        (book([*ALL, *rates(0.13)[:1] * 10]), ["PERCENT_NOT_FRACTION"]),
        (book([*ALL, *rates(60)]), ["SHARE_MOST_100"]),
        (book([*PERSON, *rates(9)]), ["ALL_OFFENCES_THERE"]),
        (book([*ALL, *rates(26)], other=[[*ALL, *rates(13)]]), ["CLEARANCE_WITHIN_PROSECUTION"]),
    ],
)
def test_what_the_gate_makes_of_it(registry: Registry, content: bytes, codes: list[str]) -> None:
    """Sound figures pass; fractions, shares above 100, a lacking row of all offences, exchanged sheets do not."""
    examination, fault = examine(content, manifest(), registry)
    assert fault is None
    assert [finding.code for finding in examination.stops] == codes


def test_a_file_all_of_whose_labels_are_unknown_does_not_pass_for_an_empty_one(registry: Registry) -> None:
    examination, _ = examine(book(["A", "B", *rates(13)]), manifest(), registry)
    assert {finding.code for finding in examination.stops} >= {"BOTH_RATES", "ALL_OFFENCES_THERE"}
