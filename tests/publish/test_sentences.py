"""The sentences: each case of a table gives its sentence, and no sentence ever says what it must not."""

import csv
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.measure import comparison, progress, trend
from include.publish import sentences, wording
from include.publish.content import Trend, Value
from include.publish.sentences import Against, Partner, Place, Said, Subject, Way
from include.registry.models import Indicator
from tests.publish import scene

CASES = Path(__file__).with_name("sentences.csv")
YEAR = 2025

PLACES = {
    "county": Place(Said("Jämtlands län", "Jämtlands län")),
    "proxy": Place(Said("polisregion Nord", "police region Nord"), is_stand_in=True),
    "benchmark": Place(Said("riket", "the whole country")),
    "kommun": Place(Said("Östersund", "Östersund")),
}

#: ``2025=15.8(158/1002)[13.6;18.2]p``; several years together ``2023-2025=…``; without a value a status.
_ROW = re.compile(
    r"(?:(\d{4})-)?(\d{4})=(-?[\d.]+|missing|hidden|not_collected|not_applicable)"
    r"(?:\(([\d.]+)/([\d.]+)\))?(?:\[([\d.]+);([\d.]+)\])?([pbe]*)"
)


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def rows(case: dict[str, str]) -> tuple[Value, ...]:
    """Return the rows that a case tells of: ``p`` preliminary, ``b`` a break before, ``e`` invented."""
    return tuple(_row(case, *_ROW.fullmatch(one).groups()) for one in case["rows"].split())


def _row(case: dict[str, str], first: str, year: str, said: str, *rest: str) -> Value:
    top, bottom, low, high, flags = rest
    value = float(said) if said[-1].isdigit() else None
    status = "ok" if value is not None else {"hidden": "suppressed"}.get(said, said)
    plain = scene.row("TMV-B01", value, year=int(year)) | {
        "area_role": case["area"],
        "unit": case["unit"],
        "decimals": int(case["decimals"]),
        "numerator": float(top) if top else value,
        "denominator": float(bottom) if bottom else None,
        "ci_low": float(low) if low else None,
        "ci_high": float(high) if high else None,
        "ci_level": 0.95 if low else None,
        "obs_status": status,
        "conf_status": "suppressed" if status == "suppressed" else "free",
        "reason_sv": None if value is not None else case["reason"] or None,
        "preliminary": "p" in flags,
        "break_before": "b" in flags,
        "is_example": "e" in flags,
        "known_from": None,
        "first_year": int(first) if first else int(year),
    }
    return Value(**plain)


def indicator(case: dict[str, str]) -> Indicator:
    return scene.indicator(
        "TMV-B01",
        value=case["value"],
        unit=case["unit"],
        direction=case["direction"],
        interval=case["interval"],
        trend=case["change"] != "",
    )


def subject(case: dict[str, str]) -> Subject:
    """Return what a case is about; the columns are explained by the parts that read them."""
    found = rows(case)
    latest = sentences.latest_of(found)
    tested = None
    if case["change"] and latest is not None:
        result = {"flat": "no_change", "too_few": "no_change", "not_tested": "cannot_be_calculated"}
        shown = result.get(case["change"], case["change"])
        tested = Trend(*("TMV-B01", "all", "23", "T", "T", "-"), latest.year, "five", shown, case["tested"], None, None)
    return Subject(
        indicator=indicator(case),
        rows=found,
        year=YEAR,
        place=PLACES[case["area"]],
        trend=tested,
        change=case["change"] or "not_tested",  # type: ignore[arg-type]
        against=_against(case["against"]),
        way=_way(case["way"]),
        municipalities=_municipalities(case["municipalities"]),
        partner=_partner(case["partner"]),
        is_example=any(row.is_example for row in found),
    )


def _against(told: str) -> Against | None:
    """Return a comparison: ``higher 45.3``, ``similar 45.3 mixed`` or ``no: the reason``."""
    if not told:
        return None
    if told.startswith("no:"):
        return Against("cannot_be_calculated", told[3:].strip(), Said("riket", "the whole country"), None)
    result, value, *mixed = told.split()
    return Against(result, "", Said("riket", "the whole country"), float(value), bool(mixed))


def _way(told: str) -> Way | None:
    """Return progress: ``status origin value target-year base-year|-[: reason]``."""
    if not told:
        return None
    head, _, reason = told.partition(":")
    status, origin, value, year, base = head.split()
    return Way(status, reason.strip(), origin, float(value), int(year), None if base == "-" else int(base))


def _municipalities(told: str) -> tuple[int, int | None] | None:
    """Return ``8/7`` (of which 7 answered), or ``8``."""
    if not told:
        return None
    total, _, answered = told.partition("/")
    return int(total), int(answered) if answered else None


def _partner(told: str) -> Partner | None:
    """Return the other half of a pair: ``self up`` or ``registered flat``."""
    if not told:
        return None
    whose, change = told.split()
    names = {
        "self": Said("Självrapporterad utsatthet för misshandel", "Self-reported assault"),
        "registered": Said("Anmäld misshandel i nära relation", "Reported assault in close relations"),
    }
    return Partner(names[whose], change, whose == "self")  # type: ignore[arg-type]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["case"])
def test_a_case_gives_its_sentence(case: dict[str, str]) -> None:
    """Each row of the table is read in Swedish and English as it is expected."""
    said = sentences.sentence(subject(case))
    assert said.sv.replace("\u00a0", " ") == case["sv"]
    assert said.en == case["en"]


def test_the_table_holds_at_least_sixty_cases() -> None:
    """The table is wide: sixty cases or more, no two the same."""
    found = cases()
    assert len(found) >= 60
    assert len({case["case"] for case in found}) == len(found)


#: Reasons of the trend test, of the comparison and of progress; of "uncertain" and such the sentence has its own words.
_REASONS = [
    *(told for name, told in trend.REASONS_SV.items() if name not in ("uncertain", "one_year")),
    *(comparison.REASONS_SV[name] for name in ("no_value", "no_benchmark", "no_interval", "no_width")),
    *(progress._UNCERTAIN, progress._ZERO_BASE, progress._ZERO_TARGET),
    "Uppgift saknas för basåret 2021.",
    "Det finns ingen uppgift efter basåret 2025.",
    "Målåret 2026 ligger inte efter basåret 2026.",
    "Målåret har passerat utan att målet har nåtts.",
    "Indikatorn har ingen önskad riktning.",
]

# --- what holds of every sentence ---------------------------------------------------------------------------------

_ROWS = (
    "2021=40 2022=44 2023=47 2024=52 2025=55[41.1;70.2]p",
    "2024=15.8(158/1002)[13.6;18.2] 2025=hidden",
    "2024=15.8e 2025=hiddene",
    "2024=4 2025=missing",
    "2025=3(3/3)b",
    "2025=1",
    "2023-2025=130[100.5;160.2]",
    "2025=not_collected",
)
_CHANGES = ("", "up", "down", "flat", "too_few", "not_tested")
_MAKES = (
    ("count", "brott"),
    ("share", "procent"),
    ("rate", "per 100 000"),
    ("given", "minuter"),
    ("criteria", "villkor"),
)


def _every() -> Iterator[tuple[dict[str, str], Subject]]:
    """Yield all that can be said, in every combination."""
    parts = itertools.product(
        _ROWS,
        _CHANGES,
        _MAKES,
        ("+", "0", "-"),
        ("", "higher 45.3", "lower 45.3 mixed", "no: Uppgift saknas för riket."),
        ("", "limited text 4 2026 2021", "not_assessable text_universal 100 2026 -: Osäkert."),
        ("", "self flat", "registered too_few"),
    )
    names = ("rows", "change", "make", "direction", "against", "way", "partner")
    plain = {
        "area": "proxy",
        "decimals": "1",
        "interval": "wilson",
        "municipalities": "8/7",
        "tested": "",
        "reason": "",
    }
    for made in itertools.islice(parts, 0, None, 7):  # no number of choices above is a multiple of 7: all are met
        case: dict[str, Any] = plain | dict(zip(names, made, strict=True))
        case["value"], case["unit"] = case.pop("make")
        case["reason"] = "Källan har ingen uppgift"
        yield case, subject(case)


@pytest.fixture(scope="module")
def everything() -> list[tuple[dict[str, str], Subject, Said]]:
    return [(case, one, sentences.sentence(one)) for case, one in _every()]


def test_a_neutral_indicator_is_never_better_or_worse(everything: list[tuple[dict[str, str], Subject, Said]]) -> None:
    """No sentence of a neutral indicator holds a word of good or bad, or of the goal's direction."""
    neutral = [said for case, _, said in everything if case["direction"] == "0"]
    assert neutral
    for said in neutral:
        assert not re.search(r"bättre|sämre|förbättr|försämr|riktning", said.sv, re.I), said.sv
        assert not re.search(r"better|worse|improv|deteriorat|direction", said.en, re.I), said.en


def test_a_hidden_row_is_told_without_any_figure(everything: list[tuple[dict[str, str], Subject, Said]]) -> None:
    """What is hidden has one sentence, whatever else is known: no digit but those of the year."""
    hidden = [(case, said) for case, one, said in everything if one.is_hidden]
    assert hidden
    for case, said in hidden:
        assert re.findall(r"\d+", said.sv) == re.findall(r"\d+", said.en) == [str(YEAR)]
        assert "visas inte av sekretesskäl" in said.sv
        assert ("EXEMPELDATA" in said.sv) == ("e" in case["rows"].split()[-1].replace("hidden", ""))
    assert len({said for _, said in hidden}) == 2  # of a real row and of an invented one


def test_every_sentence_ends_with_a_full_stop(everything: list[tuple[dict[str, str], Subject, Said]]) -> None:
    """Every row gets a sentence in both languages, whole and well spaced."""
    for _, _, said in everything:
        for text in said:
            assert text.endswith(".")
            assert not re.search(r"\.\.|  |\( | ,| \.|None|nan", text), text


def test_a_change_is_said_only_as_the_test_found_it(everything: list[tuple[dict[str, str], Subject, Said]]) -> None:
    """No sentence says that something became more or fewer unless the trend test said up or down."""
    for case, _, said in everything:
        if case["change"] not in ("up", "down"):
            assert "blivit" not in said.sv, said.sv
            assert "became" not in said.en, said.en


def test_only_targets_of_the_text_and_the_nation_are_called_targets() -> None:
    """An ambition of the text is called that, and its number is not told."""
    for case, _ in itertools.islice(_every(), 0, None, 97):
        said = sentences.sentence(subject(case | {"way": "substantial text_universal 77 2026 2021"}))
        assert "målvärde" not in said.sv
        assert "target" not in said.en
        assert "77" not in said.sv


def test_every_reason_of_the_tests_has_english_words() -> None:
    """No Swedish stands in an English sentence, and no reason that a test gives is left without words."""
    good = [trend.Point(2021 + n, 10.0, 8.0, 12.0) for n in range(trend.POINTS)]

    def but(place: int, **what: Any) -> list[trend.Point]:
        return [trend.Point(**(vars(point) | what)) if n == place else point for n, point in enumerate(good)]

    refused = [
        *(good[1:], but(2, value=None), but(4, year=2027), but(4, first_year=2023), but(2, break_before=True)),
        *(but(4, preliminary=True), but(4, low=None), but(4, full=True), but(4, low=12.0)),
    ]
    for window in refused:
        reason = trend.refusal(window)
        assert reason
        assert wording.reason_en(reason) != wording.reason_en("okänt skäl"), reason
    for reason in _REASONS:
        assert wording.reason_en(reason) != wording.reason_en("okänt skäl"), reason
    assert wording.reason_en("Serien har ett tidsseriebrott 2022, 2023.") == "The series breaks at 2022, 2023."


def test_a_reason_of_the_indicator_is_told_in_its_own_english() -> None:
    """What the registry says in both languages is taken from there."""
    one = scene.indicator("TMV-B01", not_yet={"sv": "Källan är inte säkrad.", "en": "The source is not secured"})
    assert wording.reason_en("Källan är inte säkrad.", one) == "The source is not secured."


def test_units_have_words_in_both_languages() -> None:
    """Every unit in the table bends in both languages; "antal" alone needs none."""
    for unit, words in wording.units().items():
        assert all(words) or unit == "antal", unit


def test_english_figures() -> None:
    """Figures in English have a decimal point and commas between thousands."""
    assert wording.number_en(1234567.25, 1) == "1,234,567.3"
    assert wording.number_en(-0.5, 1) == "−0.5"
