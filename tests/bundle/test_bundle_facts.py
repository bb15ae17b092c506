"""The facts hold every figure that was transcribed, with its source and its mark: none may get lost or be added."""

from collections import Counter

from include.bundle.facts import rows
from include.bundle.table_300 import XLS_COLUMNS

OFFENCES = rows("bra_handled_offences")
POPULATION = rows("scb_population")


def test_every_offence_year_and_figure_is_there() -> None:
    figures = Counter(fact["area"] for fact in OFFENCES for measure in XLS_COLUMNS.values() if fact[measure])
    assert len(OFFENCES) == 974
    assert Counter(fact["area"] for fact in OFFENCES) == {"Rn01": 454, "La": 520}
    assert figures == {"Rn01": 3214, "La": 4272}


def test_no_row_stands_twice() -> None:
    keys = Counter((fact["area"], fact["year"], fact["row"]) for fact in OFFENCES)
    assert keys.most_common(1)[0][1] == 1


def test_each_offence_year_has_five_or_thirteen_figures_by_its_generation() -> None:
    for fact in OFFENCES:
        count = sum(bool(fact[measure]) for measure in XLS_COLUMNS.values())
        assert count == (13 if int(fact["year"]) <= 2019 else 5), fact


def test_handled_is_investigated_plus_dismissed_in_every_offence_year() -> None:
    for fact in OFFENCES:
        assert int(fact["handled"]) == int(fact["investigated"]) + int(fact["dismissed"]), fact


def test_every_file_has_its_two_addresses_and_the_years_from_2020_their_re_issue() -> None:
    sources = {source["key"]: source for source in rows("sources")}
    assert set(sources) == {f"{fact['area']}-{fact['year']}" for fact in OFFENCES}
    for key, source in sources.items():
        assert source["source_url"].startswith("https://github.com/Lulea-statistik/BR-brottsstatistik/blob/")
        assert source["file_url"].startswith("https://bra.se/download/18.")
        assert source["file_url"].rpartition("/")[2].startswith(f"300{key}.")
        assert source["reissued"] == ("2026-07-07" if int(key[-4:]) >= 2020 else "")


def test_every_population_figure_keeps_its_mark_and_source() -> None:
    assert len(POPULATION) == 195
    assert Counter(fact["mark"] for fact in POPULATION) == {
        "direct": 164,
        "derived": 24,
        "direct_secondary": 6,
        "direct_but_wrong": 1,
    }
    assert all(fact["source_url"].startswith("http") and fact["primary_source"] == "SCB" for fact in POPULATION)


def test_the_eight_municipalities_add_up_to_the_county_where_all_are_known() -> None:
    whole = {f["year"]: int(f["value"]) for f in POPULATION if (f["area"], f["sex"], f["age"]) == ("23", "T", "tot")}
    parts: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for fact in POPULATION:
        if fact["area"].startswith("23") and len(fact["area"]) == 4 and (fact["sex"], fact["age"]) == ("T", "tot"):
            parts[fact["year"]] += int(fact["value"])
            count[fact["year"]] += 1
    complete = [year for year in whole if count[year] == 8]
    assert {"2015", "2020", "2022", "2024"} <= set(complete)
    assert all(parts[year] == whole[year] for year in complete)
