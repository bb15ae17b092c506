"""A date that can mean one day only is read as that day, however it is written; any other is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.check.intake.book import Cell, reference
from include.check.readers.extracts_values import Refused, as_date, found

DAYS = st.dates(date(2000, 1, 1), date(2050, 12, 31))
MONTHS = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november",
          "december")  # fmt: skip


def ways(day: date) -> list[str]:
    name = MONTHS[day.month - 1]
    return [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day:%Y/%m/%d}",
        f"{day:%Y.%m.%d}",
        f"{day.year}-{day.month}-{day.day}",
        f" {day.isoformat()} 00:00:00 ",
        f"{day.day} {name} {day.year}",
        f"den {day.day} {name.upper()} {day.year}",
        f"{day.day} {name[:3]}. {day.year}",
        f"{day.day}:e {name} {day.year}",
        f"{day.day}\u00a0{name}\u00a0{day.year}",
    ]


@given(DAYS)
def test_certain_spellings_give_their_day(day: date) -> None:
    assert [as_date(Cell("text", text)) for text in ways(day)] == [day] * len(ways(day))
    assert as_date(Cell("date", day.isoformat())) == day
    assert as_date(Cell("number", float((day - date(1899, 12, 30)).days))) == day


@given(DAYS)
def test_day_and_month_with_a_slash_only_if_they_cannot_be_exchanged(day: date) -> None:
    read = as_date(Cell("text", f"{day.day}/{day.month} {day.year}"))
    assert read == day if day.day > 12 or day.day == day.month else isinstance(read, Refused)


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    assert isinstance(as_date(Cell("text", text)), date | Refused)


@pytest.mark.parametrize(
    "cell",
    [
        Cell("text", "15/3 -23"),
        Cell("text", "2023-02-30"),
        Cell("text", "2023-03"),
        Cell("text", "2023"),
        Cell("text", "15 mrs 2023"),
        Cell("text", "23-03-15"),
        Cell("text", "vecka 12 2023"),
        Cell("number", 2023.0),
        Cell("number", 20230315.0),
        Cell("truth", "True"),
    ],
)
def test_uncertain_dates_are_refused(cell: Cell) -> None:
    assert isinstance(as_date(cell), Refused)


@pytest.mark.parametrize("text", ["podd", "sociala-medier", "K2399", "2023-02-30", "3/4 2023", "2023"])
def test_words_codes_and_dates_are_repeated(text: str) -> None:
    assert found(Cell("text", text)) == text


@pytest.mark.parametrize(
    "text",
    ["Anna Exempelsson", "063-146000", "0701234567", "5000-K123456-24", "K123456-24", "a@b.se", "811218", "19811218",
     "Storgatan 1", "http://x.se"],
)  # fmt: skip
def test_what_could_be_about_a_person_is_told_by_its_length(text: str) -> None:
    assert found(Cell("text", text)) == f"text, {len(text)} tecken"


def test_only_small_numbers_are_repeated() -> None:
    assert found(Cell("number", 12.0)) == "12"
    assert found(Cell("number", 701234567.0)) == "ett stort tal"


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(0, 0, "A1"), (6, 1, "B7"), (9, 25, "Z10"), (0, 26, "AA1"), (1048575, 16383, "XFD1048576")],
)
def test_cells_are_named_as_excel_names_them(row: int, column: int, name: str) -> None:
    assert reference(row, column) == name
