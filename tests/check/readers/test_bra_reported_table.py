"""Table 100 in its two layouts, told by their headers and proven by their sums; Tables 110 and 120 are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from include.check.readers import bra_reported_table
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import Registry
from tests.check.readers.bra_workbooks import manifest, xls, xlsx

MONTHS = ["Jan", "Feb", "Mars", "April", "Maj", "Juni", "Juli", "Aug", "Sept", "Okt", "Nov", "Dec"]
NEW_HEADER = ["Lagrum", "Brottstyp", "Antal brott", "Per 100 000 inv."]
ALL = ["SAMTLIGA BROTT", "SAMTLIGA BROTT"]


def title(year: int = 2024, table: int = 100, area: str = "hela landet") -> str:
    return f"Tabell {table}. Anmälda brott efter brottstyp, {area}, år {year}"


def new(*rows: list[Any], header: list[str] | None = None, **changes: Any) -> bytes:
    return xlsx({"Tabell": [[title(**changes)], header or NEW_HEADER, *rows], "Information": [["Streck = noll"]]})


def old(*rows: list[Any], **changes: Any) -> bytes:
    """Return an old workbook; each row is label, twelve months, total, rate."""
    header = [["", *MONTHS, "Hela året", "Per 100 000 av"], ["", *[""] * 13, "medelfolkmängden"]]
    return xls([[title(**{"year": 2016, **changes})], *header, *rows])


def row(label: str, month: float, rate: float, total: float | None = None) -> list[Any]:
    return [label, *[month] * 12, 12 * month if total is None else total, rate]


@pytest.fixture
def read(registry: Registry) -> Callable[..., ReadResult]:
    source = registry.sources["bra_handled_offences"].model_copy(update={"id": "bra_reported_table"})

    def run(content: bytes, part: str = "La-2024", suffix: str = "xlsx") -> ReadResult:
        result = bra_reported_table.read(content, manifest(part, suffix), source, registry)
        assert_identity(result)
        return result

    return run


def figures(result: ReadResult) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """Return count and rate by offence, sex and age."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for line in result.table.to_pylist():
        key = (line["breakdown"].partition(":")[2], line["sex"], line["age"])
        found.setdefault(key, {})[line["measure"].partition(".")[2]] = line["value"]
    return {key: (of.get("reported"), of.get("reported_per_100000")) for key, of in found.items()}


def test_the_newer_layout(read: Callable[..., ReadResult]) -> None:
    assault = "3 kap. 5, 6 § BrB Misshandel inkl. grov"
    result = read(
        new(
            [*ALL, 1482000, 14000],
            ["BrB 3-7 kap. Brott mot person", "Brott mot person, totalt", "298 000", 2815.5],
            [assault, "Mot kvinna 18 år eller äldre", 30000, 283],
        )
    )
    assert figures(result) == {
        ("all", "T", "T"): (1482000, 14000),
        ("against_person", "T", "T"): (298000, 2815.5),
        ("assault", "K", "18+"): (30000, 283),
    }
    line = result.table.to_pylist()[0]
    assert (line["area"], line["period"], line["status"], line["place"]) == ("00", "2024", "F", "Tabell!C3")
    assert line["measure"] == "bra_reported_table.reported"


def test_the_older_layout_has_the_months_between(read: Callable[..., ReadResult]) -> None:
    result = read(
        old(row("SAMTLIGA BROTT2", 1000, 14000), row("3-7 kap. Brott mot person", 250, 2800)), "La-2016", "xls"
    )
    assert figures(result) == {("all", "T", "T"): (12000, 14000), ("against_person", "T", "T"): (3000, 2800)}
    assert result.table["place"][0].as_py().endswith("!N4")
    assert result.table["place"][1].as_py().endswith("!O4")


@pytest.mark.parametrize(
    ("cell", "value", "status"),
    [
        ("-", 0, "ok"),
        ("\u2212", 0, "ok"),
        ("2483.0", 2483, "ok"),
        ("13\u00a0345", 13345, "ok"),
        ("..", None, "missing"),
        (".", None, "not_applicable"),
    ],
)
def test_a_symbol_is_what_bra_says_it_is(
    read: Callable[..., ReadResult], cell: str, value: float | None, status: str
) -> None:
    line = read(new([*ALL, cell, 14000])).table.to_pylist()[0]
    assert (line["value"], line["value_status"]) == (value, status)


@pytest.mark.scorecard(26, "a count that is no whole number is set aside")
def test_what_is_no_number_is_set_aside(read: Callable[..., ReadResult]) -> None:
    result = read(
        new([*ALL, "1.500", "14 000 st"], ["BrB 3-7 kap. Brott mot person", "Brott mot person, totalt", None, 5])
    )
    assert result.set_aside["reason_code"].to_pylist() == ["NOT_A_NUMBER"] * 3
    assert figures(result) == {("against_person", "T", "T"): (None, 5)}


@pytest.mark.scorecard(28, "an unknown label is set aside and named, and lends its rows to no neighbour")
def test_an_unknown_label_is_set_aside(read: Callable[..., ReadResult]) -> None:
    content = old(row("SAMTLIGA BROTT", 1000, 14000), row("Nytt brott", 2, 3), row("Utomhus", 1, 2))
    result = read(content, "La-2016", "xls")
    assert figures(result) == {("all", "T", "T"): (12000, 14000)}
    assert result.set_aside.num_rows == 4
    assert "Nytt brott" in result.set_aside["reason_sv"][0].as_py()


def test_a_label_that_only_sol_knows_is_taken_from_its_list(read: Callable[..., ReadResult]) -> None:
    result = read(old(row("Totalt antal brott", 1000, 14000)), "La-2016", "xls")
    assert figures(result) == {("all", "T", "T"): (12000, 14000)}


def test_months_that_do_not_add_up_in_the_first_row_mean_another_layout(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match=r"months of row 4 .* do not add up to N4"):
        read(old(row("SAMTLIGA BROTT", 1000, 14000, total=11999)), "La-2016", "xls")


def test_months_that_do_not_add_up_further_down_set_the_row_aside(read: Callable[..., ReadResult]) -> None:
    content = old(row("SAMTLIGA BROTT", 1000, 14000), row("3-7 kap. Brott mot person", 250, 2800, total=2999))
    assert read(content, "La-2016", "xls").set_aside["reason_code"].to_pylist() == ["MONTHS_DISAGREE"] * 2


@pytest.mark.parametrize("table", [110, 120])
def test_tables_whose_columns_are_not_known_are_refused(read: Callable[..., ReadResult], table: int) -> None:
    with pytest.raises(LayoutChanged, match=f"found Table {table}, expected Table 100"):
        read(new([*ALL, 1, 1], table=table))


@pytest.mark.scorecard(29, "the file of another year stops")
def test_another_year_or_area_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="expected the year 2024"):
        read(new([*ALL, 1, 1], year=2023))
    with pytest.raises(LayoutChanged, match="expected the area hela landet"):
        read(new([*ALL, 1, 1], area="region Nord"))
    assert read(new([*ALL, 1, 1], area="region Nord"), "Rn01-2024").table["area"][0].as_py() == "Rn01"
    with pytest.raises(LayoutChanged, match="found the area 'Rn09'"):
        read(new([*ALL, 1, 1]), "Rn09-2024")


@pytest.mark.scorecard(24, "a heading that is gone or renamed stops")
@pytest.mark.parametrize("at", range(4))
def test_another_header_stops(read: Callable[..., ReadResult], at: int) -> None:
    header = [*NEW_HEADER[:at], "Annat", *NEW_HEADER[at + 1 :]]
    if at == 2:  # what the total is called is not known, so it may be called anything
        assert figures(read(new([*ALL, 1, 1], header=header)))
        return
    with pytest.raises(LayoutChanged, match="have a header of Table 100"):
        read(new([*ALL, 1, 1], header=header))


def test_two_rows_of_one_meaning_stop(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="rows 3 and 4 both mean offence:all"):
        read(new([*ALL, 1, 1], [*ALL, 2, 2]))


def test_a_preliminary_table_says_so(read: Callable[..., ReadResult]) -> None:
    content = new([*ALL, 1, 1], area="hela landet. Preliminära uppgifter")
    assert read(content).table["status"].to_pylist() == ["P", "P"]
