"""An identity number in any spelling is found; what only looks like one is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.check.readers.personal_data import holds_identity_number


def check_digit(nine: str) -> str:
    total = sum(sum(map(int, str(int(digit) * (2 - index % 2)))) for index, digit in enumerate(nine))
    return str(-total % 10)


@st.composite
def identity_numbers(draw: st.DrawFn, *, coordination: bool = False) -> tuple[str, str, str]:
    """Return century, date and number of an invented identity number with the right check digit."""
    born = draw(st.dates(date(1900, 1, 1), date(2029, 12, 31)))
    day = born.day + (60 if coordination else 0)
    short = f"{born.year % 100:02}{born.month:02}{day:02}"
    three = f"{draw(st.integers(0, 999)):03}"
    return str(born.year // 100), short, three + check_digit(short + three)


SEPARATORS = ["", "-", "+", " ", "‐", "–", "—", "−", "\u00a0", "\u202f", " - ", "\u200b", "\u00ad-"]


@given(identity_numbers(), st.sampled_from(SEPARATORS), st.booleans())
def test_every_spelling_is_found(number: tuple[str, str, str], separator: str, with_century: bool) -> None:
    century, birth, last = number
    text = f"{century if with_century else ''}{birth}{separator}{last}"
    assert holds_identity_number(text)
    assert holds_identity_number(f"Ärendet gäller {text}, se bilaga")


@given(identity_numbers(coordination=True))
def test_coordination_numbers_are_found(number: tuple[str, str, str]) -> None:
    assert holds_identity_number("-".join(number[1:]))


@given(identity_numbers())
def test_numbers_that_excel_made_of_them_are_found(number: tuple[str, str, str]) -> None:
    """A number cell drops leading zeros: 010101… becomes 10101…. Only a birth year of 00 to January loses more."""
    century, birth, last = number
    assert holds_identity_number(int(century + birth + last))
    short = int(birth + last)
    if short >= 10**6:
        assert holds_identity_number(short)
        assert holds_identity_number(float(short))


@given(identity_numbers(), st.integers(1, 9))
def test_a_wrong_check_digit_is_none(number: tuple[str, str, str], off: int) -> None:
    _, birth, last = number
    wrong = last[:3] + str((int(last[3]) + off) % 10)
    assert not holds_identity_number(f"{birth}-{wrong}")


@pytest.mark.parametrize(
    "value",
    [
        "202100-2460",  # an organisation number: there is no month 21
        "5000-K123456-24",
        "2023-03-15",
        "063-14 60 00",
        "EX-01",
        "https://example.org/2023/03/15",
        "",
        "123456-7890",
        2023,
        45292,
        45292.5,
        3.0,
        -8112189876,
        float("nan"),
        float("inf"),
        True,
        None,
    ],
)
def test_what_is_no_identity_number_is_let_through(value: object) -> None:
    assert not holds_identity_number(value)


def test_fullwidth_digits_are_digits() -> None:
    assert holds_identity_number("８１１２１８－９８７６")
