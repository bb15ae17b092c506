"""The invented numbers add up, obey every check of the contracts, follow the population, and need no help to grow."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from include.bundle.example_numbers import HINTS, inhabitants, numbers
from include.periods import Period
from include.registry.delivery import Identity, extracts_in, periods
from include.registry.models import CrossCheck, Extract, ExtractSheet, Measure, Registry, Text
from include.registry.read import registry as read_registry

YEARS = range(2021, 2026)
Key = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def made(registry: Registry) -> dict[Identity, dict[str, dict[Key, dict[str, Any]]]]:
    """Return the numbers of every delivery of every party."""
    agreement = registry.agreements["jamtland"]
    identities = [
        Identity("jamtland", party.code, str(period))
        for year in YEARS
        for party in agreement.parties
        for period in periods(registry, agreement, party, year)
    ]
    return {identity: numbers(registry, identity) for identity in identities}


def sheets(registry: Registry, made: dict) -> Iterator[tuple[Identity, Extract, ExtractSheet, dict[Key, dict]]]:
    for identity, by_sheet in made.items():
        for extract in extracts_in(registry, identity):
            for sheet in extract.sheets:
                if sheet.grid:
                    yield identity, extract, sheet, by_sheet[sheet.name]


def counts(extract: Extract, sheet: ExtractSheet) -> list[str]:
    return [m.id for m in extract.measures if m.answer == "count" and m.id in sheet.grid.measures]


def broken(check: CrossCheck, row: dict[str, Any]) -> bool:
    if not {*check.left, *check.right} <= set(row):
        return False
    left, right = sum(row[name] for name in check.left), sum(row[name] for name in check.right)
    match check.relation:
        case "equal":
            return left != right
        case "at_most":
            return left > right * check.factor
        case "zero_together":
            return (left == 0) != (right == 0)


def test_every_cell_of_every_grid_has_a_number(registry, made) -> None:
    for identity, extract, sheet, rows in sheets(registry, made):
        assert rows, identity
        answers = {measure.id: measure.answer for measure in extract.measures}
        for row in rows.values():
            assert set(row) == set(sheet.grid.measures)
            for name, value in row.items():
                match answers[name]:
                    case "count":
                        assert isinstance(value, int)
                        assert value >= 0
                    case "number":
                        assert isinstance(value, float)
                        assert value > 0
                    case "yes_no":
                        assert value in ("ja", "nej")


def test_every_check_of_the_contracts_holds_in_every_row(registry, made) -> None:
    tried = 0
    for identity, extract, sheet, rows in sheets(registry, made):
        for check in extract.checks:
            for key, row in rows.items():
                assert not broken(check, row), (identity.part, sheet.name, key, check.text.sv)
                tried += {*check.left, *check.right} <= set(row)
    assert tried > 4000


def test_parts_make_up_their_totals(registry, made) -> None:
    tried = 0
    for identity, extract, sheet, rows in sheets(registry, made):
        breakdowns = [code for code in sheet.grid.breakdown if code != "total"]
        for place, whole, parts, there in (
            (1, "total", breakdowns, sheet.grid.breakdown),
            (2, "T", "KMX", sheet.grid.sex),
        ):
            if not parts or not {*parts, whole} <= set(there):
                continue
            for key, row in rows.items():
                if key[place] == whole:
                    for name in counts(extract, sheet):
                        added = sum(rows[*key[:place], part, *key[place + 1 :]][name] for part in parts)
                        assert added == row[name], (identity.part, sheet.name, key, name)
                        tried += 1
    assert tried > 2500


def test_ages_make_up_the_total_where_they_leave_none_out(made) -> None:
    for identity, by_sheet in made.items():
        if identity.party == "RJH" and "-Q" in identity.period:
            whole = by_sheet["Vårdenheter"]["", "total", "T", "T"]
            for name, value in whole.items():
                assert sum(row[name] for row in by_sheet["Ålder vård"].values()) == value
        if identity.party == "BHJ" and "-H" in identity.period:
            rows = by_sheet["Barn i Barnahus"]
            for sex in "KMXT":
                parts = [rows["", "total", sex, age] for age in ("0-6", "7-14", "15-17")]
                for name, value in rows["", "total", sex, "T"].items():
                    assert sum(part[name] for part in parts) == value


def test_a_measure_is_the_same_wherever_it_is_told(made) -> None:
    for identity, by_sheet in made.items():
        if identity.party == "POL":
            assessed = sum(row["cases_assessed"] for row in by_sheet["Riskbedömningar"].values())
            assert assessed == by_sheet["Polisärenden"]["", "total", "T", "T"]["cases_assessed"]


@pytest.mark.parametrize("year", YEARS)
def test_parties_agree_about_the_same(registry: Registry, made, year: int) -> None:
    for check in registry.party_checks.values():
        left, right = (sum(told(registry, made, code, year) for code in side) for side in (check.left, check.right))
        assert right > 0
        assert left <= right * (1 + check.tolerance)
        if check.relation == "equal":
            assert left >= right * (1 - check.tolerance)


def told(registry: Registry, made: dict, code: str, year: int) -> int:
    """Return what all parties tell of a measure about a year, in rows of no breakdown, sex or age."""
    extract_id, _, measure = code.partition(".")
    return sum(
        rows["", "total", "T", "T"][measure]
        for identity, extract, sheet, rows in sheets(registry, made)
        if (extract.id, Period.parse(identity.period).year) == (extract_id, year) and measure in sheet.grid.measures
    )


def test_numbers_follow_the_population(made) -> None:
    def referred(party: str) -> float:
        key = ("", "total", "T", "18+")
        found = [n["Vuxna"][key]["referred"] for i, n in made.items() if i.party == party]
        return sum(found) / len(found)

    ratio = inhabitants("2380", 2023) / inhabitants("2303", 2023)
    assert referred("K2380") / referred("K2303") == pytest.approx(ratio, rel=0.25)


def test_what_is_meant_to_rise_rises(made) -> None:
    shares = []
    for year in YEARS:
        quarters = [n["Vårdenheter"]["", "total", "T", "T"] for i, n in made.items()
                    if i.party == "RJH" and i.period.startswith(f"{year}-")]  # fmt: skip
        assert len(quarters) == 4
        shares.append(sum(q["asked_yes"] for q in quarters) / sum(q["contacts_eligible"] for q in quarters))
    assert shares == sorted(shares)
    assert shares[-1] < 0.9


def test_quarters_are_not_sums_from_the_start_of_the_year(made) -> None:
    for year in YEARS:
        quarters = [made["jamtland", "RJH", f"{year}-Q{q}"]["Vårdenheter"] for q in range(1, 5)]
        series = [[q[key]["contacts_eligible"] for q in quarters] for key in quarters[0]]
        assert sum(one == sorted(one) for one in series) < len(series) / 2


def test_who_has_decided_has_decided_for_good(made) -> None:
    answers = [
        {
            key[0]: row["prevention_decision"]
            for key, row in made["jamtland", "LST", str(year)]["Beslut i kommunerna"].items()
        }
        for year in YEARS
    ]
    for before, after in pairwise(answers):
        assert all(after[area] == "ja" for area, answer in before.items() if answer == "ja")
    assert set(answers[0].values()) == {"ja", "nej"}


def test_the_same_again(registry: Registry, made) -> None:
    identity = Identity("jamtland", "K2380", "2023")
    assert numbers(registry, identity) == made[identity]


def test_every_hint_is_of_a_measure_that_is_asked_for(registry: Registry) -> None:
    asked = {
        (extract.id, name)
        for extract in registry.extracts.values()
        for sheet in extract.sheets
        if sheet.grid
        for name in sheet.grid.measures
    }
    assert set(HINTS) == asked


# --- contracts that change ---------------------------------------------------------------------------------------


def with_extract(registry: Registry, extract: Extract) -> Registry:
    return registry.model_copy(update={"extracts": {**registry.extracts, extract.id: extract}})


def with_measures(extract: Extract, sheet_name: str, *measures: Measure, checks: list[CrossCheck]) -> Extract:
    sheets = []
    for sheet in extract.sheets:
        if sheet.name == sheet_name:
            grid = sheet.grid.model_copy(update={"measures": [*sheet.grid.measures, *(m.id for m in measures)]})
            sheet = sheet.model_copy(update={"grid": grid})
        sheets.append(sheet)
    return extract.model_copy(
        update={"sheets": sheets, "measures": [*extract.measures, *measures], "checks": [*extract.checks, *checks]}
    )


def measure(name: str, answer: str = "count") -> Measure:
    return Measure(id=name, label=Text(sv=name, en=name), unit="personer", answer=answer)


WORDS = Text(sv="Ska stämma.", en="Must hold.")


def test_a_new_measure_gets_numbers_that_obey_its_checks_and_leaves_the_others_alone(registry: Registry, made) -> None:
    checks = [
        CrossCheck(left=["new"], relation="at_most", right=["goal_met"], text=WORDS),
        CrossCheck(left=["newer", "new"], relation="equal", right=["newest"], text=WORDS),
        CrossCheck(left=["newer"], relation="zero_together", right=["newer_nights"], text=WORDS),
    ]
    added = [measure("new"), measure("newer"), measure("newest"), measure("newer_nights"), measure("median", "number"),
             measure("policy", "yes_no")]  # fmt: skip
    changed = with_extract(registry, with_measures(registry.extracts["E06"], "Vuxna", *added, checks=checks))
    for party in ("K2303", "K2380"):
        identity = Identity("jamtland", party, "2024")
        rows = numbers(changed, identity)["Vuxna"]
        assert not [check for check in changed.extracts["E06"].checks for row in rows.values() if broken(check, row)]
        assert sum(row["newest"] for row in rows.values()) > 0
        total, parts = rows["", "total", "T", "18+"], [rows["", "total", sex, "18+"] for sex in "KMX"]
        for name in ("new", "newer", "newest", "newer_nights"):
            assert sum(part[name] for part in parts) == total[name]
        assert {row["policy"] for row in rows.values()} <= {"ja", "nej"}
        before = made[identity]["Vuxna"]
        assert {key: {name: row[name] for name in before[key]} for key, row in rows.items()} == before


def test_ages_may_overlap_and_municipalities_be_told_by_one(registry: Registry) -> None:
    extract = registry.extracts["E07"]
    first = extract.sheets[0]
    grid = first.grid.model_copy(update={"age": ["0-6", "0-14", "7-17", "0-17", "T"], "by_area": True})
    changed = with_extract(
        registry, extract.model_copy(update={"sheets": [first.model_copy(update={"grid": grid}), *extract.sheets[1:]]})
    )
    rows = numbers(changed, Identity("jamtland", "BHJ", "2023-H1"))[first.name]
    for area in ("2303", "2380"):
        for sex in "KMXT":
            ages = {age: rows[area, "total", sex, age]["children"] for age in grid.age}
            assert ages["0-6"] + ages["7-17"] == ages["0-17"] == ages["T"]
            assert ages["0-6"] <= ages["0-14"] <= ages["0-17"]
    assert rows["2380", "total", "T", "T"]["children"] > rows["2303", "total", "T", "T"]["children"]


def test_a_hint_that_does_not_fit_the_answer_is_told(registry: Registry) -> None:
    extract = registry.extracts["E06"]
    measures = [m.model_copy(update={"answer": "number"}) if m.id == "referred" else m for m in extract.measures]
    changed = with_extract(registry, extract.model_copy(update={"measures": measures, "checks": []}))
    with pytest.raises(ValueError, match=r"E06\.referred"):
        numbers(changed, Identity("jamtland", "K2303", "2024"))
