"""The county workbook of the Swedish Crime Survey: shares by county and sex, limits for the newest year alone."""

from collections.abc import Callable
from typing import Any

import pytest

from include.check.readers import bra_ntu_county
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import Registry
from tests.check.readers.bra_workbooks import manifest as of_table_300
from tests.check.readers.bra_workbooks import xlsx

SOURCE = "bra_ntu_county"
YEARS = list(range(2017, 2026))
UNSAFE = "Tabell R4.1. Otrygghet vid utevistelse sent på kvällen, andel i procent"
WORRY = "Tabell R4.2. Oro för att utsättas för misshandel, andel i procent"


def manifest(part: str = "lan-2025") -> Any:
    return of_table_300(part, "xlsx", source_id=SOURCE, file_name="ntu_lan_2017_2025.xlsx")


def shares(start: float, low: float | None = None, high: float | None = None) -> list[Any]:
    """Return nine years of shares, then the limits of the newest."""
    values = [start + place / 10 for place in range(len(YEARS))]
    newest = values[-1]
    return [*values, newest - 3 if low is None else low, newest + 3.5 if high is None else high]


def sheet(*rows: list[Any], title: str = UNSAFE, years: list[Any] | None = None) -> list[list[Any]]:
    return [[title], ["Redovisningsgrupp"], ["", "", *(years or YEARS), "Undre", "Övre"], *rows]


def three_groups(start: float = 25.0, counties: tuple[str, ...] = ("Jämtlands län",)) -> list[list[Any]]:
    """Return the three sections of a sheet; each is named on its first row only."""
    rows = []
    for section, more in (("Samtliga 16–84 år", 0), ("Män", -10), ("Kvinnor", 10)):
        for number, area in enumerate(("Hela landet", *counties)):
            rows.append([section if number == 0 else "", area, *shares(start + more - number)])
    return rows


def book(*rows: list[Any], **changes: Any) -> bytes:
    return xlsx(
        {
            "R3.1": [["Utsatthet för misshandel"], [], ["", "", 2016, 2017]],
            "R4.1": sheet(*(rows or three_groups()), **changes),
            "R4.2": sheet(*three_groups(18.0), title=WORRY),
        }
    )


@pytest.fixture
def read(registry: Registry) -> Callable[..., ReadResult]:
    def run(content: bytes, part: str = "lan-2025") -> ReadResult:
        result = bra_ntu_county.read(content, manifest(part), registry.sources[SOURCE], registry)
        assert_identity(result)
        return result

    return run


def figures(result: ReadResult, measure: str = "unsafe_outdoors") -> dict[tuple[str, str], tuple[Any, Any, Any]]:
    """Return value and limits by area and sex."""
    return {
        (row["area"], row["sex"]): tuple(
            None if row[name] is None else round(row[name], 6) for name in ("value", "value_low", "value_high")
        )
        for row in result.table.to_pylist()
        if row["measure"] == f"{SOURCE}.{measure}"
    }


def test_the_newest_year_has_its_limits(read: Callable[..., ReadResult]) -> None:
    result = read(book())
    assert figures(result) == {
        ("00", "T"): (25.8, 22.8, 29.3),
        ("23", "T"): (24.8, 21.8, 28.3),
        ("00", "M"): (15.8, 12.8, 19.3),
        ("23", "M"): (14.8, 11.8, 18.3),
        ("00", "K"): (35.8, 32.8, 39.3),
        ("23", "K"): (34.8, 31.8, 38.3),
    }
    assert figures(result, "worry_assault")["23", "K"][0] == 27.8
    row = result.table.to_pylist()[1]
    assert (row["period"], row["age"], row["breakdown"], row["status"]) == ("2025", "16-84", "total", "F")
    assert (row["place"], row["source_label"]) == ("R4.1!K5", "Samtliga 16–84 år, Jämtlands län")


def test_an_earlier_year_has_none(read: Callable[..., ReadResult]) -> None:
    """The limits in the file are those of the newest year: no other year may borrow them."""
    result = read(book(), "lan-2019")
    assert figures(result)["23", "T"] == (24.2, None, None)
    assert result.table["value_low"].null_count == result.table.num_rows == 12
    assert set(result.table["period"].to_pylist()) == {"2019"}


def test_sheets_that_are_not_read_are_named(read: Callable[..., ReadResult]) -> None:
    assert read(book()).notes == ["Filen har 1 blad som inte läses: R3.1."]


@pytest.mark.scorecard(28, "an unknown area or group is set aside and named")
def test_an_unknown_area_or_group_is_set_aside(read: Callable[..., ReadResult]) -> None:
    rows = [*three_groups(), ["", "Polisregion Nord", *shares(20)], ["Annat kön", "Hela landet", *shares(30)]]
    result = read(book(*rows))
    assert len(figures(result)) == 6
    assert [(row["place"], row["reason_code"]) for row in result.set_aside.to_pylist()] == [
        ("R4.1!K10", "UNKNOWN_AREA"),
        ("R4.1!K11", "UNKNOWN_SECTION"),
    ]
    assert "Polisregion Nord" in result.set_aside["reason_sv"][0].as_py()


def test_a_group_with_another_age_is_not_taken_for_16_to_84(read: Callable[..., ReadResult]) -> None:
    result = read(book(*three_groups(), ["Män 16-29 år", "Hela landet", *shares(9)]))
    assert figures(result)["00", "M"][0] == 15.8
    assert result.set_aside["reason_code"].to_pylist() == ["UNKNOWN_SECTION"]


def test_notes_below_the_table_are_no_figures(read: Callable[..., ReadResult]) -> None:
    result = read(book(*three_groups(), ["Källa: NTU 2025"], ["", "", *[""] * 11]))
    assert result.set_aside.num_rows == 0


@pytest.mark.parametrize(
    ("cell", "expected"), [("..", (None, "missing")), (".", (None, "not_applicable")), ("-", (0.0, "ok"))]
)
def test_a_symbol_is_what_bra_says_it_is(read: Callable[..., ReadResult], cell: str, expected: Any) -> None:
    rows = three_groups()
    rows[1][-3:] = [cell, "..", ".."]
    found = read(book(*rows)).table.to_pylist()[1]
    assert (found["value"], found["value_status"]) == expected
    assert (found["value_low"], found["value_high"]) == (None, None)


def test_a_value_or_limit_that_is_no_number_is_set_aside(read: Callable[..., ReadResult]) -> None:
    rows = three_groups()
    rows[0][-3], rows[1][-1] = "ca 25", "?"
    assert read(book(*rows)).set_aside["reason_code"].to_pylist() == ["NOT_A_NUMBER", "NOT_A_NUMBER"]


@pytest.mark.scorecard(24, "a sheet that is about something else than its number used to be stops")
def test_a_sheet_that_is_about_another_question_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match=r"sheet R4\.1: found the title 'Tabell R4\.1\. Oro för inbrott"):
        read(book(title="Tabell R4.1. Oro för inbrott"))


def test_a_sheet_that_is_not_there_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match=r"found the sheets R4\.1; expected one 'R4\.2'"):
        read(xlsx({"R4.1": sheet(*three_groups())}))


@pytest.mark.scorecard(23, "a column more or less than the years and two limits stops")
@pytest.mark.parametrize("change", [-1, 1])
def test_another_number_of_limits_stops(read: Callable[..., ReadResult], change: int) -> None:
    """Without exactly two columns after the years, a limit would be taken for something else."""
    rows = [row[:-1] if change < 0 else [*row, 99.0] for row in three_groups()]
    with pytest.raises(LayoutChanged, match="expected them to M3: the years 2017-2025 and then two limits of 2025"):
        read(book(*rows))


@pytest.mark.scorecard(29, "a year that the file lacks, or years out of order, stop")
def test_a_year_that_is_not_there_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="holds the years 2017-2025, expected 2026"):
        read(book(), "lan-2026")
    with pytest.raises(LayoutChanged, match="one year after the other from C3"):
        read(book(years=[2017, 2018, 2020, 2021, 2022, 2023, 2024, 2025, 2026]))


def test_an_area_that_stands_twice_stops(read: Callable[..., ReadResult]) -> None:
    rows = three_groups(counties=("Jämtlands län", "Jämtlands län"))
    with pytest.raises(LayoutChanged, match=r"rows 5 and 6 both are 'Jämtlands län'"):
        read(book(*rows))


def whole(registry: Registry, start: float = 25.0, **changes: Any) -> bytes:
    """Return a workbook with every county."""
    counties = tuple(area.name for area in registry.areas.values() if area.kind == "lan")
    return xlsx(
        {
            "R4.1": sheet(*three_groups(start, counties), **changes),
            "R4.2": sheet(*three_groups(40.0, counties), title=WORRY),
        }
    )


def broken(content: bytes, registry: Registry) -> dict[str, str]:
    examination, fault = examine(content, manifest(), registry)
    assert fault is None
    return {finding.code: finding.severity for finding in examination.findings if not finding.holds}


def test_a_sound_file_passes_without_a_word(registry: Registry) -> None:
    assert broken(whole(registry, 40.0), registry) == {}


@pytest.mark.scorecard(36, "a county that the file lacks is told, and is no zero")
def test_a_lacking_county_is_a_warning(registry: Registry) -> None:
    assert broken(book(), registry) == {"ALL_COUNTIES": "warning"}


def test_fractions_shares_above_100_and_values_outside_their_limits_stop(registry: Registry) -> None:
    rows = three_groups()
    rows[1][-3:] = [30.0, 31.0, 35.0]
    assert broken(book(*rows), registry).get("NOT_BELOW_LOW") == "critical"
    rows[1][-3:] = [36.0, 31.0, 35.0]
    assert broken(book(*rows), registry).get("NOT_ABOVE_HIGH") == "critical"
    assert broken(book(*three_groups(99.0)), registry).get("SHARE_MOST_100") == "critical"
    tiny = [[*row[:2], *(cell / 100 for cell in row[2:])] for row in three_groups(12.0)]
    fractions = xlsx({"R4.1": sheet(*tiny), "R4.2": sheet(*tiny, title=WORRY)})
    assert broken(fractions, registry).get("PERCENT_NOT_FRACTION") == "critical"


def test_a_file_without_men_and_women_stops(registry: Registry) -> None:
    one = xlsx({"R4.1": sheet(*three_groups()[:2]), "R4.2": sheet(*three_groups()[:2], title=WORRY)})
    assert broken(one, registry).get("BOTH_SEXES") == "critical"
