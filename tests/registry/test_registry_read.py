"""What a registry says: the dated bridge, the measures, the municipalities, and what the sources are asked for."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.errors import RegistryError
from include.registry.models import Agreement, HttpFileFetch, PxWebFetch, Registry, Validity
from include.registry.read import areas_of, bridge, measures, read, registry

Change = Callable[[str, str, str], int]

START, END = date(2020, 3, 1), date(2024, 2, 29)
GOALS_OF_TWO_WORDINGS = """\
goal_areas:
  - code: B
    name: {sv: Brott, en: Crime}
    text: Fler brott klaras upp.
    themes: [B]
    valid_to: 2022-12-31
  - code: B
    name: {sv: Lagföring, en: Prosecution}
    text: Fler brott leder till lagföring.
    themes: [B]
    exclude: [TMV-B05]
    valid_from: 2023-01-01
editions:
"""


def test_a_folder_that_is_empty_holds_nothing(tmp_path: Path) -> None:
    empty = read(tmp_path)
    assert not any(getattr(empty, name) for name in Registry.model_fields)


def test_the_registry_is_read_once_per_folder(folder: Path) -> None:
    assert registry(folder) is registry(folder)


def test_measures_are_coded_by_their_owner(folder: Path) -> None:
    found = measures(read(folder))
    assert {code: owner for code, (owner, _) in found.items()} == {
        "police_file.handled": "police_file",
        "police_file.cleared": "police_file",
        "census_table.population": "census_table",
        **dict.fromkeys(("E77.meetings", "E77.persons", "E77.helped"), "E77"),
        "E78.others": "E78",
    }
    assert found["E77.meetings"][1].unit == "möten"


def test_the_bridge_holds_as_long_as_the_agreement(folder: Path) -> None:
    small = read(folder)
    assert bridge(small, small.agreements["testlan"]) == [
        ("B", "TMV-B05", START, END),
        ("B", "TMV-B06", START, END),
    ]


def test_a_goal_reworded_in_the_middle_keeps_its_earlier_indicators_with_their_dates(
    folder: Path, change: Change
) -> None:
    text = (folder / "agreements/testlan.yaml").read_text(encoding="utf-8")
    goals = text[text.index("goal_areas:") : text.index("editions:")]
    change("agreements/testlan.yaml", goals + "editions:\n", GOALS_OF_TWO_WORDINGS)
    small = read(folder)
    assert bridge(small, small.agreements["testlan"]) == [
        ("B", "TMV-B05", START, date(2022, 12, 31)),
        ("B", "TMV-B06", START, date(2022, 12, 31)),
        ("B", "TMV-B06", date(2023, 1, 1), END),
    ]


def test_two_wordings_of_a_goal_must_not_hold_at_once(folder: Path, change: Change) -> None:
    text = (folder / "agreements/testlan.yaml").read_text(encoding="utf-8")
    goals = text[text.index("goal_areas:") : text.index("editions:")]
    both = GOALS_OF_TWO_WORDINGS.replace("2022-12-31", "2023-01-01")
    change("agreements/testlan.yaml", goals + "editions:\n", both)
    with pytest.raises(RegistryError, match=r"testlan\.yaml:19: goal_areas\.1\.code: goal area B stands twice"):
        read(folder)


def test_an_included_indicator_follows_beside_the_themes(folder: Path, change: Change) -> None:
    change("agreements/testlan.yaml", "    themes: [B]", "    include: [TMV-B06]")
    small = read(folder)
    assert [row.indicator for row in bridge(small, small.agreements["testlan"])] == ["TMV-B06"]


@pytest.mark.parametrize(
    ("on", "codes"),
    [(date(2021, 12, 31), ["9801", "9802"]), (date(2022, 1, 1), ["9801", "9803"]), (None, ["9801", "9803"])],
)
def test_the_municipalities_of_a_county_are_those_of_the_day(folder: Path, on: date | None, codes: list[str]) -> None:
    small = read(folder)
    assert [area.code for area in areas_of(small, small.agreements["testlan"], on)] == codes


def test_sources_are_asked_for_the_areas_of_the_agreements_and_no_others(folder: Path) -> None:
    sources = read(folder).sources
    file, table = sources["police_file"].fetch, sources["census_table"].fetch
    assert isinstance(file, HttpFileFetch)
    assert isinstance(table, PxWebFetch)
    assert file.areas == {"00": "La", "Rn98": "Rn98"}
    # Municipalities that existed at any time of the agreement; a police region is unknown to the population table.
    assert table.tables[0].selection == {"Region": ["00", "98", "9801", "9802", "9803"], "Tid": ["{period}"]}


def test_a_second_county_needs_its_agreement_alone(folder: Path) -> None:
    first = (folder / "agreements/testlan.yaml").read_text(encoding="utf-8")
    second = first.replace("testlan", "annat").replace('"98"', '"99"').replace("98", "97").replace("9701", "9901")
    second = second.replace("code: LST, role", "code: LST_99, role").replace("party: LST", "party: LST_99")
    (folder / "agreements/annat.yaml").write_text(second, encoding="utf-8")
    sources = read(folder).sources
    file, table = sources["police_file"].fetch, sources["census_table"].fetch
    assert isinstance(file, HttpFileFetch)
    assert isinstance(table, PxWebFetch)
    assert list(file.areas) == ["00", "Rn97", "Rn98"]
    assert {"99", "9901"} < set(table.tables[0].selection["Region"])


def test_the_closing_edition_follows_the_last_year_only(folder: Path) -> None:
    agreement = read(folder).agreements["testlan"]
    assert list(agreement.years()) == [2021, 2022, 2023, 2024]
    assert [due.edition for due in agreement.editions_of(2023)] == ["preliminary"]
    assert [(due.edition, due.due(2024)) for due in agreement.editions_of(2024)] == [
        ("preliminary", date(2025, 3, 15)),
        ("closing", date(2025, 11, 30)),
    ]


DAYS = st.dates(date(2014, 1, 1), date(2028, 1, 1))
VALIDITIES = st.builds(
    lambda start, length, open_start, open_end: Validity(
        valid_from=None if open_start else start, valid_to=None if open_end else start + timedelta(days=length)
    ),
    DAYS,
    st.integers(0, 2000),
    st.booleans(),
    st.booleans(),
)


@given(VALIDITIES, VALIDITIES)
def test_validities_overlap_when_some_day_lies_in_both(one: Validity, other: Validity) -> None:
    # If any day is common, then so is the first day of the one that starts last.
    candidates = [v.valid_from for v in (one, other) if v.valid_from] or [date(2020, 1, 1)]
    candidates += [v.valid_to for v in (one, other) if v.valid_to]
    common = any(one.holds_on(day) and other.holds_on(day) for day in candidates)
    assert one.overlaps(other) == other.overlaps(one) == common


@given(VALIDITIES, DAYS)
def test_what_holds_on_a_day_holds_in_its_year(validity: Validity, day: date) -> None:
    if validity.holds_on(day):
        assert validity.holds_in_year(day.year)


@given(st.lists(DAYS, min_size=1, max_size=4, unique=True), VALIDITIES, DAYS)
def test_a_goal_reworded_any_number_of_times_is_bridged_once_on_each_day(
    cuts: list[date], validity: Validity, day: date
) -> None:
    """A chain of wordings, each from the day after the last, covers every day of the agreement exactly once."""
    goals = [
        {"code": "B", "name": {"sv": "Brott", "en": "Crime"}, "text": "Mål.", "include": ["TMV-B05"]}
        | {"valid_from": start, "valid_to": end and end - timedelta(days=1)}
        for start, end in pairwise([None, *sorted(cuts), None])
    ]
    agreement = Agreement.model_validate(
        {"id": "x", "title": {"sv": "X", "en": "X"}, "short_title": "X", "county": "98", "goal_areas": goals}
        | {"parties": [], "seats": [], "editions": []}
        | validity.model_dump()
    )
    empty = Registry(**{name: {} for name in Registry.model_fields})
    rows = bridge(empty, agreement)
    covering = [row for row in rows if Validity(valid_from=row.valid_from, valid_to=row.valid_to).holds_on(day)]
    assert len(covering) == (1 if agreement.holds_on(day) else 0)
