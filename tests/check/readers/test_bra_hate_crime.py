"""Hate crime by county 2012: what Brå has suppressed is no zero, and what is zero is not suppressed.

The figures are Brå's own (``facts/bra_hate_crime_2012.csv``, each with its address), set into the page's layout.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include.check.readers import bra_hate_crime
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import Registry, Source
from tests.check.readers.bra_workbooks import manifest

FACTS = Path(__file__).parent / "facts" / "bra_hate_crime_2012.csv"
TITLE = (
    "Tabell B1.2. Uppskattat antal anmälningar med identifierade hatbrottsmotiv efter huvudbrott och län, år {year}."
)
#: The country's row of the same table; its note says that the counties do not add up to it.
COUNTRY = ["888", "9", "2 279", "24", "859", "9", "607", "6", "601", "6", "132", "1", "151", "2", "5\u00a0518", "58"]


def facts() -> dict[str, dict[str, tuple[str, str]]]:
    """Return count and rate as printed, by county and heading."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    with FACTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["area"], {})[row["heading"]] = (row["reports"], row["reports_per_100000"])
    return found


def html(
    rows: list[list[str]], headings: list[str], *, year: int = 2012, title: str = TITLE, charset: str = "utf-8"
) -> bytes:
    """Return a page as bra.se published it, with the notes below the table."""
    first = "".join(f'<th colspan="2">{heading.replace("/ ", "/<br>")}</th>' for heading in headings)
    kinds = ["Antal", "Per 100 000"] * (len(headings) - 1) + ["Antal**", "Per 100 000"]
    second = "".join(f"<th>{kind}</th>" for kind in kinds)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    page = (
        f'<html><head><meta charset="{charset}"></head><body><h1>{title.format(year=year)}</h1><table>'
        f'<tr><th rowspan="2">Län</th>{first}</tr><tr>{second}</tr>{body}'
        f'<tr><td colspan="1">Internutredningar ingår ej.</td></tr></table></body></html>'
    )
    return page.encode(charset)


def table_of_2012(**changes: Any) -> bytes:
    known = facts()
    rows = [[county, *(cell for pair in of.values() for cell in pair)] for county, of in known.items()]
    return html([*rows, ["Hela landet**", *COUNTRY]], list(next(iter(known.values()))), **changes)


@pytest.fixture
def read(registry: Registry) -> Callable[..., ReadResult]:
    source: Source = registry.sources["bra_handled_offences"].model_copy(update={"id": "bra_hate_crime"})

    def run(content: bytes, part: str = "lan-2012") -> ReadResult:
        result = bra_hate_crime.read(content, manifest(part, "html"), source, registry)
        assert_identity(result)
        return result

    return run


def figures(result: ReadResult) -> dict[tuple[str, str, str], tuple[float | None, str]]:
    return {
        (row["area"], row["breakdown"], row["measure"].partition(".")[2]): (row["value"], row["value_status"])
        for row in result.table.to_pylist()
    }


def test_every_figure_of_the_table_is_read(read: Callable[..., ReadResult], registry: Registry) -> None:
    result = read(table_of_2012())
    assert (result.table.num_rows, result.set_aside.num_rows) == (22 * 16, 0)
    assert {area for area, _, _ in figures(result)} == {"00"} | {
        a.code for a in registry.areas.values() if a.kind == "lan"
    }
    known = set(registry.breakdowns) | {"total"}
    assert {breakdown for _, breakdown, _ in figures(result)} <= known
    assert set(result.table["period"].to_pylist()) == {"2012"}


def test_jamtland_is_mostly_suppressed(read: Callable[..., ReadResult]) -> None:
    found = figures(read(table_of_2012()))
    assert found["23", "hate_crime:threat_molestation", "reports"] == (23, "estimate")
    assert found["23", "total", "reports"] == (48, "estimate")
    assert found["23", "total", "reports_per_100000"] == (38, "estimate")
    suppressed = [key for key, value in found.items() if key[0] == "23" and value == (None, "suppressed")]
    assert len(suppressed) == 12


def test_a_dash_is_zero_and_an_x_is_suppressed(read: Callable[..., ReadResult]) -> None:
    """Both stand in Södermanland's row: olaga diskriminering '-', övriga brott 'x'."""
    found = figures(read(table_of_2012()))
    assert found["04", "hate_crime:discrimination", "reports"] == (0, "estimate")
    assert found["04", "hate_crime:other", "reports"] == (None, "suppressed")


def test_the_number_of_suppressed_and_zero_figures_is_that_of_the_facts(read: Callable[..., ReadResult]) -> None:
    printed = [cell for of in facts().values() for pair in of.values() for cell in pair]
    values = list(figures(read(table_of_2012())).values())
    assert sum(value == (None, "suppressed") for value in values) == printed.count("x") > 50
    assert sum(value == (0, "estimate") for value in values) == printed.count("-") > 10


def test_thousands_are_read_and_the_country_has_its_own_row(read: Callable[..., ReadResult]) -> None:
    found = figures(read(table_of_2012()))
    assert found["00", "hate_crime:threat_molestation", "reports"] == (2279, "estimate")
    assert found["00", "total", "reports"] == (5518, "estimate")


def test_a_table_that_does_not_speak_of_an_estimate_holds_counts(read: Callable[..., ReadResult]) -> None:
    found = figures(read(table_of_2012(title="Tabell 1.11. Antal anmälningar, år {year}.")))
    assert found["23", "total", "reports"] == (48, "ok")


@pytest.mark.scorecard(20, "the page's own encoding is followed; å, ä and ö come through")
def test_another_encoding_is_followed_if_the_page_names_it(read: Callable[..., ReadResult]) -> None:
    assert figures(read(table_of_2012(charset="iso-8859-1"))) == figures(read(table_of_2012()))
    with pytest.raises(LayoutChanged, match="not utf-8"):
        read(table_of_2012(charset="iso-8859-1").replace(b"iso-8859-1", b"utf-8"))


@pytest.mark.scorecard(28, "an unknown county or heading is set aside and named")
def test_an_unknown_county_or_heading_is_set_aside(read: Callable[..., ReadResult]) -> None:
    result = read(
        html([["Jämtlands län", "12", "9", "18", "14"], ["Region Nord", "1", "2", "3", "4"]], ["Nytt", "Våldsbrott"])
    )
    assert [row["reason_code"] for row in result.set_aside.to_pylist()] == ["UNKNOWN_LABEL"] * 2 + ["UNKNOWN_AREA"] * 4
    assert result.table.num_rows == 2


def test_a_cell_that_is_no_number_is_set_aside(read: Callable[..., ReadResult]) -> None:
    result = read(html([["Jämtlands län", "ca 12", "1,5"]], ["Våldsbrott"]))
    assert result.set_aside["reason_code"].to_pylist() == ["NOT_A_NUMBER", "NOT_A_NUMBER"]


@pytest.mark.scorecard(29, "the page of another year stops")
def test_another_year_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="found the year 2011"):
        read(table_of_2012(year=2011))
    with pytest.raises(LayoutChanged, match="found no year"):
        read(table_of_2012(title="Tabell B1.2"))


def test_a_table_with_other_headings_or_ragged_rows_stops(read: Callable[..., ReadResult]) -> None:
    with pytest.raises(LayoutChanged, match="expected headings 'Län'"):
        read(table_of_2012().replace(b">Per 100 000<", b">Andel<"))
    with pytest.raises(LayoutChanged, match="row 3 has 4 cells, expected 3"):
        read(html([["Jämtlands län", "1", "2", "3"]], ["Våldsbrott"]))
