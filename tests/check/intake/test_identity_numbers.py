"""An identity number in any spelling is found, whatever Excel made of it; what only looks like one is not."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.check.intake.identity_numbers import (
    Likeness,
    Pair,
    halves,
    is_moment,
    is_one,
    likeness,
    likenesses,
    numbers_in,
)


def check_digit(nine: str) -> str:
    total = sum(sum(map(int, str(int(digit) * (2 - index % 2)))) for index, digit in enumerate(nine))
    return str(-total % 10)


@st.composite
def identity_numbers(draw: st.DrawFn, first_year: int = 1900) -> tuple[str, str, str]:
    """Return century, date and last four of an invented identity or coordination number with the right check digit."""
    born = draw(st.dates(date(first_year, 1, 1), date(2029, 12, 31)))
    day = born.day + draw(st.sampled_from([0, 0, 0, 60]))
    short = f"{born.year % 100:02}{born.month:02}{day:02}"
    three = f"{draw(st.integers(0, 999)):03}"
    return str(born.year // 100), short, three + check_digit(short + three)


DASHES = ["-", "+", "‐", "‑", "–", "—", "−", "－", "﹣", "--"]
SPACES = [" ", "\u00a0", "\u202f", "\u2009", "\t", "  "]
OTHERS = [".", "/", "_", ",", "\u200b", "\ufeff", "\u00ad", "\u2060-", " - ", " – "]
BETWEEN = ["-", " ", ".", "/", "–", "\u00a0", "_"]


@given(identity_numbers(), st.sampled_from(["", *DASHES, *SPACES, *OTHERS]), st.booleans())
def test_every_separator_is_found_alone_and_in_a_sentence(
    number: tuple[str, str, str], separator: str, with_century: bool
) -> None:
    century, birth, last = number
    text = f"{century if with_century else ''}{birth}{separator}{last}"
    assert is_one(text)
    assert numbers_in(f"Det gäller {text}, se bilaga 2.") == 1
    assert numbers_in(f"({text})") == 1
    assert numbers_in(f"första raden\n{text}\nsista raden") == 1


@given(identity_numbers(), st.sampled_from(BETWEEN), st.sampled_from(["-", " ", "", "–", "+"]), st.booleans())
def test_every_separated_date_is_found(
    number: tuple[str, str, str], between: str, join: str, with_century: bool
) -> None:
    century, birth, last = number
    parts = between.join([(century if with_century else "") + birth[:2], birth[2:4], birth[4:]])
    assert is_one(parts + join + last)


@given(identity_numbers(), st.sampled_from(["-", " "]))
def test_a_century_may_stand_apart(number: tuple[str, str, str], separator: str) -> None:
    century, birth, last = number
    assert is_one(f"{century}{separator}{birth}-{last}")
    assert is_one(f"{century}{separator}{birth}{last}")


@given(identity_numbers(), st.sampled_from(["０", "٠", "०", "𝟎"]))
def test_digits_of_any_script_are_digits(number: tuple[str, str, str], zero: str) -> None:
    _, birth, last = number
    assert is_one("".join(chr(ord(zero) + int(digit)) for digit in birth) + "-" + last)


@given(identity_numbers(), st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad\u202d"), st.integers(1, 9))
def test_invisible_signs_inside_hide_nothing(number: tuple[str, str, str], sign: str, place: int) -> None:
    text = "".join(number[1:])
    assert is_one(text[:place] + sign + text[place:])
    assert is_one(sign.join(text))


@given(identity_numbers())
def test_numbers_that_excel_made_of_them_are_found(number: tuple[str, str, str]) -> None:
    """A number cell drops leading zeros. Only a birth in January to September 2000 (or 1900) loses three of them."""
    century, birth, last = number
    short, full = int(birth + last), int(century + birth + last)
    assert likeness(full) is likeness(float(full)) is likeness(f"{full}.0") is Likeness.BARE
    expected = Likeness.SHORT if short < 10**7 else Likeness.BARE
    assert likeness(short) is likeness(float(short)) is likeness(str(short)) is likeness(f"{short},0") is expected
    assert is_one(f"{short:,}".replace(",", "\u00a0"))


@given(identity_numbers())
def test_numbers_that_excel_rounded_are_found(number: tuple[str, str, str]) -> None:
    """Six digits are left: of ten the date, its last digit perhaps rounded up; of twelve, year and month."""
    century, birth, last = number
    if birth[0] != "0":
        shown = f"{float(birth + last):.5E}"
        assert is_one(shown)
        assert is_one(shown.replace(".", ","))
        assert is_one(float(shown))
    long = f"{float(century + birth + last):.5E}"
    assert is_one(long.replace(".", ","))
    assert is_one(float(long))
    assert is_one(f"{int(century + birth + last):.11E}")


@given(identity_numbers())
def test_a_decimal_comma_for_a_hyphen_is_found(number: tuple[str, str, str]) -> None:
    century, birth, last = number
    assert is_one(f"{birth},{last}")
    assert last == "0000" or is_one(float(f"{century}{birth}.{last}"))
    if birth[0] != "0" and last != "0000":  # which are no decimals
        assert is_one(float(f"{birth}.{last}"))


@given(identity_numbers(), st.sampled_from("TRSUWXJKLMN"), st.integers(0, 999))
def test_reserve_numbers_have_a_letter_and_no_check_digit(
    number: tuple[str, str, str], letter: str, three: int
) -> None:
    century, birth, _ = number
    for date_part in (century + birth, birth):
        for join in ("-", "+", "–", "", " "):
            assert is_one(f"{date_part}{join}{letter}{three:03}")
    assert is_one(f"{century}{birth}-{letter.lower()}{three:03}")
    assert is_one(f"{century}{birth[:2]}-{birth[2:4]}-{birth[4:]}-{letter}{three:03}")


@given(identity_numbers(), st.integers(1, 9), st.sampled_from(["-", "", " ", "+"]))
def test_a_wrong_check_digit_is_none(number: tuple[str, str, str], off: int, separator: str) -> None:
    _, birth, last = number
    wrong = last[:3] + str((int(last[3]) + off) % 10)
    if wrong != "0000":  # a rounded number
        assert not is_one(f"{birth}{separator}{wrong}")


@pytest.mark.parametrize(
    "value",
    [
        "202100-2460",  # an organisation number: there is no month 21
        2021002460,
        "162021002460",
        "5000-K123456-24",
        "2024-T2",
        "202403-T123",  # there is no month 24
        "T123",
        "2023-03-15",
        "2024-03-15 – 2024-03-16",
        "2024-03-15 2024-03-16",
        "20240315-20240316",
        "2024-03-15T12:00:00",
        "2024-03-15 12:00",
        "20240315120000",
        "2023-2024",
        "063-14 60 00",
        "EX-01",
        "https://example.org/2023/03/15",
        "https://example.org/2024/03/11/1236-rubrik",  # valid as a date and four digits, as paths are now and then
        "https://example.org/?t=1712011236",  # Unix time, valid by chance
        "{81121898-9876-9876-9876-198112189876}",
        "0,8112189876",
        "7350012345678",
        "",
        "123456-7890",
        "811218-98761",
        "811318-9876",
        2023,
        45292,
        45292.5,
        811218.98764321,
        3.0,
        -8112189876,
        float("nan"),
        float("inf"),
        True,
        None,
    ],
)
def test_what_is_no_identity_number_is_let_through(value: object) -> None:
    assert not is_one(value)


def test_one_that_looks_like_a_path_in_an_address_is_valid_elsewhere() -> None:
    """So the two addresses that are let through are let through as addresses, not for a wrong check digit."""
    assert is_one("2024/03/11/1236")
    assert is_one("1712011236")
    assert is_one("https://example.org/arende?id=811218-9876")
    assert is_one("https://example.org/arende/8112189876.pdf")


def test_several_are_counted() -> None:
    assert numbers_in("811218-9876, 19811218-9876; 8112189876 och 811218-T123") == 4
    assert numbers_in("ingen") == 0


@given(st.text(max_size=60) | st.floats() | st.integers() | st.none() | st.booleans())
def test_no_value_is_too_strange(value: object) -> None:
    assert likeness(value) in Likeness
    assert halves(value, value) in Pair


# --- halves ------------------------------------------------------------------------------------------------------


@given(identity_numbers())
def test_halves_belong_together(number: tuple[str, str, str]) -> None:
    century, birth, last = number
    dashed = f"{century}{birth[:2]}-{birth[2:4]}-{birth[4:]}"
    valid = (Pair.LIKELY, Pair.BORN, Pair.WRITTEN)
    for left in (birth, century + birth, dashed, f"{birth}-", int(century + birth), float(century + birth), int(birth)):
        if isinstance(left, int) and left < 10_000:
            continue  # no date is left of the first months of 2000
        for right in (last, int(last), float(last)):
            assert halves(left, right) in valid
    assert halves(f"{dashed}T00:00:00", last) in valid
    assert halves(birth, f"-{last}") is Pair.WRITTEN
    assert halves(century + birth, "T123") is Pair.WRITTEN


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("811218", "9876", Pair.BORN),
        ("1981-12-18", 9876, Pair.LIKELY),  # as any date beside a count may be
        (20240311, 1236, Pair.LIKELY),
        ("811218", "9875", Pair.OTHER),
        (811318, 9876, Pair.OTHER),
        ("2023-03-15", "ja", Pair.NONE),
        ("Ragunda", 9876, Pair.NONE),
        (81121, 12345, Pair.NONE),
        ("2024-03-15", "T123", Pair.NONE),
        ("19811218", "A12", Pair.NONE),
        (None, None, Pair.NONE),
        (True, 9876, Pair.NONE),
        (float("nan"), 9876, Pair.NONE),
    ],
)
def test_halves_by_how_surely_they_are_ones(left: object, right: object, expected: Pair) -> None:
    assert halves(left, right) is expected


# --- names of files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("uttag_20240311_1236.xlsx", True),  # valid by chance, and a moment
        ("uttag 2024-03-11 1236.xlsx", True),
        ("202403111236.csv", True),
        ("uttag_19811218_9876.xlsx", False),
        ("811218-9876.xlsx", False),
        ("8112189876.xlsx", False),
        ("20240311-T123.xlsx", False),
        ("uttag.xlsx", True),
    ],
)
def test_moments_in_names_of_files_are_told_from_births(name: str, expected: bool) -> None:
    assert is_moment(name) is expected


# --- base rates, as the module states them -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "low", "high"), [(10, 0.006, 0.009), (9, 0.006, 0.009), (8, 0.001, 0.003), (7, 0.05, 0.075)]
)
def test_how_many_random_numbers_look_like_one(digits: int, low: float, high: float) -> None:
    numbers = random.Random(45)  # noqa: S311
    tried = 40_000
    found = sum(is_one(numbers.randrange(10 ** (digits - 1), 10**digits)) for _ in range(tried))
    assert low <= found / tried <= high


def test_no_organisation_number_looks_like_one_nor_speaks_against_its_neighbours() -> None:
    numbers = random.Random(46)  # noqa: S311
    for _ in range(5_000):
        nine = (
            f"{numbers.choice('1235678')}{numbers.randrange(10)}{numbers.randrange(2, 10)}{numbers.randrange(10**6):06}"
        )
        assert likenesses(nine + check_digit(nine)) == [Likeness.NONE]
        assert not is_one(f"{nine[:6]}-{nine[6:]}{check_digit(nine)}")
