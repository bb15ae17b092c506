"""json-stat2 answers: every cell its own codes, no gap a zero, no sum where SCB adds noise."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include import settings
from include.archive.manifest import Manifest, capture_id
from include.archive.store import Archive
from include.bundle.facts import rows
from include.check.corrections import correct
from include.check.readers import jsonstat2
from include.check.readers.jsonstat_cube import decode
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import PxWebFetch
from include.registry.read import registry

#: Recorded answers of the producers, where the machine has them (FOLLOWUP_PAYLOADS); they are no part of the project.
PAYLOADS = Path(os.environ.get("FOLLOWUP_PAYLOADS", "/nowhere")) / "pxweb"

AREAS = {"23": "Jämtlands län", "2380": "Östersund"}
SEXES = {"1": "män", "2": "kvinnor"}
CIVIL = {"OG": "ogifta", "G": "gifta", "SK": "skilda", "ÄNKL": "änkor/änklingar"}
TOTAL = {"tot": "totalt ålder"}


def dataset(values: Any, *, year: str = "2020", table: str = "TAB638", **changes: Any) -> dict[str, Any]:
    """Return an answer; ``changes`` replace its categories (in SCB's order) or, in lower case, its members."""
    codes: dict[str, dict[str, str]] = {
        "Region": AREAS,
        "Alder": TOTAL,
        "Kon": SEXES,
        "ContentsCode": {"BE0101N1": "Folkmängd"},
        "Tid": {year: year},
    }
    codes = {name: changes.pop(name, known) for name, known in codes.items()} | {
        name: changes.pop(name) for name in list(changes) if name[0].isupper()
    }
    return {
        "class": "dataset",
        "id": list(codes),
        "size": [len(categories) for categories in codes.values()],
        "dimension": {
            name: {"category": {"index": {code: i for i, code in enumerate(labels)}, "label": labels}}
            for name, labels in codes.items()
        },
        "extension": {"px": {"tableid": table}},
        "value": values,
        **changes,
    }


def manifest(part: str, **changes: Any) -> Manifest:
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    known: dict[str, Any] = {
        "capture_id": capture_id("scb_population", part, moment, "0" * 64),
        "source_id": "scb_population",
        "part": part,
        "periods": [part.split("-")[1]],
        "origin": "live",
        "url": "https://statistikdatabasen.scb.se/api/v2/tables/TAB638/data",
        "captured_at": moment,
        "media_type": "application/json",
        "file_name": f"{part}.json",
        "sha256": "0" * 64,
        "canonical_sha256": "0" * 64,
        "size": 1,
        "change": "NEW",
    }
    return Manifest(**{**known, **changes})


def read(answer: Any, part: str = "TAB638-2020", **changes: Any) -> ReadResult:
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    source = registry().sources["scb_population"]
    result = jsonstat2.read(content, manifest(part, **changes), source, registry())
    assert_identity(result)
    return result


def values(result: ReadResult) -> dict[tuple[str, str, str], tuple[float | None, str, str]]:
    return {
        (row["area"], row["sex"], row["age"]): (row["value"], row["value_status"], row["mark"])
        for row in result.table.to_pylist()
    }


class TestOrder:
    def test_the_last_variable_runs_fastest(self) -> None:
        found = values(read(dataset([66564, 64591, 31681, 32304])))
        assert found["23", "M", "T"] == (66564, "ok", "direct")
        assert found["23", "K", "T"] == (64591, "ok", "direct")
        assert found["2380", "M", "T"] == (31681, "ok", "direct")
        assert found["2380", "K", "T"] == (32304, "ok", "direct")

    def test_categories_go_by_their_index_not_by_their_place_in_the_json(self) -> None:
        answer = dataset([1, 2, 3, 4])
        answer["dimension"]["Kon"]["category"]["index"] = {"2": 1, "1": 0}
        answer["dimension"]["Region"]["category"]["index"] = {"2380": 0, "23": 1}
        found = values(read(answer))
        assert (found["2380", "M", "T"][0], found["2380", "K", "T"][0], found["23", "M", "T"][0]) == (1, 2, 3)

    def test_an_index_may_be_a_list(self) -> None:
        answer = dataset([1, 2, 3, 4])
        answer["dimension"]["Region"]["category"]["index"] = ["2380", "23"]
        assert values(read(answer))["2380", "M", "T"][0] == 1

    def test_the_place_of_a_figure_is_its_place_in_the_answer(self) -> None:
        places = {(row["area"], row["sex"]): row["place"] for row in read(dataset([1, 2, 3, 4])).table.to_pylist()}
        assert places["2380", "K"] == "value[3]"
        assert places["2380", "T"] == "summa av celler"


class TestSymbols:
    @pytest.mark.parametrize(
        "status",
        [
            {"0": "-", "1": "..", "2": "."},
            ["-", "..", ".", None],
        ],
    )
    def test_a_dash_is_zero_and_dots_are_gaps(self, status: Any) -> None:
        found = values(read(dataset([None, None, None, 7], status=status)))
        assert found["23", "M", "T"] == (0, "ok", "direct")
        assert found["23", "K", "T"][:2] == (None, "missing")
        assert found["2380", "M", "T"][:2] == (None, "not_applicable")
        assert found["2380", "K", "T"][:2] == (7, "ok")

    def test_one_status_may_stand_for_all(self) -> None:
        found = values(read(dataset([None] * 4, status="..")))
        assert {status for _, status, _ in found.values()} == {"missing"}

    def test_values_may_be_sparse(self) -> None:
        found = values(read(dataset({"0": 5, "3": 6}, status={"1": "..", "2": ".."})))
        assert (found["23", "M", "T"][0], found["2380", "K", "T"][0]) == (5, 6)

    def test_null_without_a_status_is_set_aside(self) -> None:
        result = read(dataset([1, None, 3, 4]))
        aside = result.set_aside.to_pylist()
        assert [row["reason_code"] for row in aside if "value[1]" in row["place"]] == ["NULL_WITHOUT_STATUS"]
        assert ("23", "K", "T") not in values(result)
        assert ("23", "T", "T") not in values(result), "no total from half of it"

    def test_an_unknown_symbol_is_set_aside(self) -> None:
        aside = read(dataset([1, None, 3, 4], status={"1": "?"})).set_aside.to_pylist()
        assert aside[0]["reason_code"] == "UNKNOWN_STATUS"

    def test_a_note_on_a_number_keeps_the_number_and_says_so(self) -> None:
        assert values(read(dataset([1, 2, 3, 4], status={"1": "e"})))["23", "K", "T"] == (2, "ok", "uncertain")


class TestSums:
    def test_women_and_men_make_the_total_where_the_table_has_none(self) -> None:
        assert values(read(dataset([66564, 64591, 1, 2])))["23", "T", "T"] == (131155, "ok", "derived")

    def test_a_total_that_lacks_a_part_is_missing(self) -> None:
        found = values(read(dataset([1, None, 3, 4], status={"1": ".."})))
        assert found["23", "T", "T"] == (None, "missing", "derived")

    def test_marital_status_is_added_up(self) -> None:
        answer = dataset(list(range(16)), Region=AREAS, Civilstand=CIVIL)
        answer["id"] = ["Region", "Civilstand", "Alder", "Kon", "ContentsCode", "Tid"]
        answer["size"] = [2, 4, 1, 2, 1, 1]
        found = values(read(answer))
        assert found["23", "M", "T"] == (0 + 2 + 4 + 6, "ok", "derived")
        assert found["2380", "K", "T"] == (9 + 11 + 13 + 15, "ok", "derived")
        assert found["23", "T", "T"] == (28, "ok", "derived")

    def test_a_total_of_the_table_itself_is_taken_as_it_is(self) -> None:
        sexes = {**SEXES, "TotSA": "totalt"}
        assert values(read(dataset([1, 2, 4, 1, 2, 3], Kon=sexes)))["23", "T", "T"] == (4, "ok", "direct")

    @pytest.mark.parametrize("told", [{"note": ["Från 2025 … CKM …"]}, {}])
    def test_noised_figures_are_never_added(self, told: dict[str, Any]) -> None:
        answer = dataset([1, 2, 3, 4], year="2025", table="TAB5557", **told)
        assert {sex for _, sex, _ in values(read(answer, "TAB5557-2025"))} == {"K", "M"}

    def test_noised_marital_statuses_are_refused(self) -> None:
        answer = dataset(list(range(16)), year="2025", table="TAB5557", Civilstand=CIVIL)
        answer["id"] = ["Region", "Civilstand", "Alder", "Kon", "ContentsCode", "Tid"]
        answer["size"] = [2, 4, 1, 2, 1, 1]
        with pytest.raises(LayoutChanged, match="noised figures must not be added"):
            read(answer, "TAB5557-2025")


class TestCodes:
    def test_ages_go_by_their_labels(self) -> None:
        ages = {"-4": "0-4 år", "5-9": "5-9 år", "100+10": "100+ år"}
        found = values(read(dataset(list(range(12)), Alder=ages)))
        assert {age for _, _, age in found} == {"0-4", "5-9", "100+"}

    def test_ages_of_two_classifications_are_refused(self) -> None:
        ages = {"-4": "0-4 år", "0-9": "0-9 år"}
        with pytest.raises(LayoutChanged, match="ages overlap around 0"):
            read(dataset(list(range(8)), Alder=ages))

    def test_sex_goes_by_code_and_label_together(self) -> None:
        with pytest.raises(LayoutChanged, match="found the sex 1 = 'kvinnor'"):
            read(dataset([1, 2, 3, 4], Kon={"1": "kvinnor", "2": "män"}))

    def test_an_unknown_area_is_set_aside(self) -> None:
        result = read(dataset([1, 2, 3, 4], Region={"23": "Jämtlands län", "9999": "Okänd"}))
        assert {row["reason_code"] for row in result.set_aside.to_pylist()} == {"UNKNOWN_AREA"}
        assert {area for area, _, _ in values(result)} == {"23"}

    def test_a_variable_left_out_is_the_total(self) -> None:
        answer = dataset([131155, 63985])
        answer["id"] = ["Region", "Alder", "ContentsCode", "Tid"]
        answer["size"] = [2, 1, 1, 1]
        assert values(read(answer))["23", "T", "T"] == (131155, "ok", "direct")

    @pytest.mark.parametrize(
        ("code", "ours"),
        [("2024", "2024"), ("2024M03", "2024-03"), ("2024K1", "2024-Q1"), ("2024H1", "2024-H1")],
    )
    def test_times_are_our_periods(self, code: str, ours: str) -> None:
        assert jsonstat2.period(code) == ours


class TestRefusals:
    def test_another_table(self) -> None:
        with pytest.raises(LayoutChanged, match="found the table TAB6471, expected TAB638"):
            read(dataset([1, 2, 3, 4], table="TAB6471"))

    def test_another_year(self) -> None:
        with pytest.raises(LayoutChanged, match=r"found the periods \['2019'\], expected \['2020'\]"):
            read(dataset([1, 2, 3, 4], year="2019"))

    def test_a_code_that_was_asked_for_and_did_not_come(self) -> None:
        with pytest.raises(LayoutChanged, match="Region lacks 2326"):
            read(dataset([1, 2, 3, 4]), request={"selection": {"Region": ["23", "2326"], "Tid": ["*"]}})

    def test_a_variable_that_was_asked_for_and_vanished(self) -> None:
        with pytest.raises(LayoutChanged, match="Civilstand lacks OG"):
            read(dataset([1, 2, 3, 4]), request={"selection": {"Civilstand": ["OG"]}})

    def test_an_unknown_variable(self) -> None:
        with pytest.raises(LayoutChanged, match="unknown variable Fodelseland"):
            read(dataset(list(range(8)), Fodelseland={"1": "Sverige", "2": "Annat"}))

    def test_metadata_is_no_answer(self) -> None:
        with pytest.raises(LayoutChanged, match="found 0 values; expected 4"):
            read(dataset([]))

    def test_too_few_values(self) -> None:
        with pytest.raises(LayoutChanged, match="found 3 values; expected 4"):
            read(dataset([1, 2, 3]))

    def test_text_for_a_number(self) -> None:
        with pytest.raises(LayoutChanged, match="a value is no number"):
            read(dataset([1, "två", 3, 4]))

    def test_a_size_that_is_not_its_categories(self) -> None:
        with pytest.raises(LayoutChanged, match="Region"):
            read(dataset([1, 2, 3, 4], size=[3, 1, 2, 1, 1]))

    @pytest.mark.parametrize("content", [b"", b"Bad Request", b"[]", b'{"dataset": {}}', b'{"class": "dataset"}'])
    def test_what_is_no_dataset(self, content: bytes) -> None:
        with pytest.raises(LayoutChanged):
            read(content)


SINGLE_YEARS = {str(age): f"{age} år" for age in range(100)} | {"100+": "100+ år"}


class TestAgeGroups:
    """To 2024 single years are added up to the groups that denominators need; from 2025 nothing is."""

    def single(self, year: str = "2024", table: str = "TAB638", ages: dict[str, str] | None = None) -> dict[str, Any]:
        """Return an answer in which each age has as many men as its number, and one woman more."""
        ages = ages or SINGLE_YEARS
        numbers = [int(age.rstrip("+")) for age in ages]
        values = [number + sex for _ in AREAS for number in numbers for sex in (0, 1)]
        return dataset(values, year=year, table=table, Alder=ages)

    def test_the_groups_are_exact_sums_by_sex_and_the_single_years_are_left_out(self) -> None:
        result = read(self.single(), "TAB638-2024-age")
        found = values(result)
        assert {age for _, _, age in found} == {"0-17", "16-24", "18+"}
        assert result.table.num_rows == 2 * 3 * 3
        assert found["23", "M", "0-17"] == (sum(range(18)), "ok", "derived")
        assert found["23", "K", "0-17"] == (sum(range(18)) + 18, "ok", "derived")
        assert found["2380", "M", "16-24"] == (sum(range(16, 25)), "ok", "derived")
        assert found["23", "M", "18+"] == (sum(range(18, 101)), "ok", "derived")
        assert found["23", "T", "18+"] == (2 * sum(range(18, 101)) + 83, "ok", "derived")

    def test_the_total_of_all_ages_belongs_to_another_part(self) -> None:
        fetch = registry().sources["scb_population"].fetch
        assert isinstance(fetch, PxWebFetch)
        asked = {(table.id, table.part): table.selection["Alder"] for table in fetch.tables}
        assert asked["TAB638", None] == ["tot"]
        assert asked["TAB638", "age"] == list(SINGLE_YEARS)
        assert asked["TAB5557", None] == ["TotSA"]

    def test_a_year_that_lacks_makes_no_group(self) -> None:
        ages = {age: label for age, label in SINGLE_YEARS.items() if age != "17"}
        with pytest.raises(LayoutChanged, match="do not cover 0-17 exactly"):
            read(self.single(ages=ages), "TAB638-2024-age")

    def test_a_gap_within_a_group_is_a_gap_of_the_group_and_of_no_other(self) -> None:
        answer = self.single()
        answer["value"][2 * 20] = None  # men of 20 in the county
        answer["status"] = {str(2 * 20): ".."}
        found = values(read(answer, "TAB638-2024-age"))
        assert found["23", "M", "18+"][:2] == (None, "missing")
        assert found["23", "T", "16-24"][:2] == (None, "missing")
        assert found["23", "M", "0-17"][1] == found["2380", "M", "18+"][1] == "ok"

    def test_marital_status_is_added_up_before_the_ages(self) -> None:
        plain = self.single()
        answer = dataset([], year="2024", Alder=SINGLE_YEARS, Civilstand=CIVIL)
        answer["id"] = ["Region", "Civilstand", "Alder", "Kon", "ContentsCode", "Tid"]
        answer["size"] = [2, 4, 101, 2, 1, 1]
        cube = np.array(plain["value"]).reshape(2, 1, 101, 2)
        answer["value"] = (cube * np.array([1, 2, 3, 4]).reshape(1, 4, 1, 1)).ravel().tolist()
        found = values(read(answer, "TAB638-2024-age"))
        assert found["23", "M", "0-17"][0] == 10 * sum(range(18))

    def test_noised_ages_are_never_added_up(self) -> None:
        answer = self.single(year="2024")
        answer["note"] = ["Från och med referensåret 2025 … CKM …"]
        with pytest.raises(LayoutChanged, match="must not be added up to 0-17"):
            read(answer, "TAB638-2024-age")

    def test_from_2025_there_are_no_such_groups_and_the_registry_says_why(self) -> None:
        source = registry().sources["scb_population"]
        assert isinstance(source.fetch, PxWebFetch)
        assert [table.ages for table in source.fetch.tables if table.first_period == "2025"] == [[]]
        assert any("Från 2025 finns den inte" in caveat.sv for caveat in source.caveats)


class TestNoise:
    @pytest.mark.scorecard(35, "noise of 3 is no alarm in 2025; in 2024 the same difference is one, also by age")
    @pytest.mark.parametrize("difference", [-3, 3])
    def test_parts_that_do_not_add_up_are_an_alarm_to_2024_and_none_from_2025(
        self, build: Any, difference: int
    ) -> None:
        sexes = {**SEXES, "TotSa": "totalt"}
        figures = [100, 110, 210 + difference, 50, 60, 110 + difference]
        noised = dataset(figures, year="2025", table="TAB5557", Kon=sexes, Alder={"TotSA": "totalt, samtliga åldrar"})
        exact = dataset(figures, year="2024", Kon=sexes)
        by_age = dataset(figures, year="2024", Kon=sexes, Alder={"0-17": "0-17 år"})
        for answer, part, codes in (
            (noised, "TAB5557-2025", []),
            (exact, "TAB638-2024", ["SEX_SUM"]),
            (by_age, "TAB638-2024-age", ["SEX_SUM"]),
        ):
            examination, _ = examine(json.dumps(answer).encode(), manifest(part), registry())
            assert build.broken(examination) == codes

    def test_a_municipality_too_many_in_an_age_group_is_an_alarm_to_2024(self, build: Any) -> None:
        areas = {"23": "Jämtlands län"} | {
            code: area.name for code, area in registry().areas.items() if area.parent == "23" and area.kind == "kommun"
        }
        figures = [81, 82, *[10] * 2 * (len(areas) - 1)]
        answer = dataset(figures, year="2024", Region=areas, Alder={"18+": "18+ år"})
        examination, _ = examine(json.dumps(answer).encode(), manifest("TAB638-2024-age"), registry())
        assert build.broken(examination) == ["COUNTY_SUM"]


class TestScorecard:
    @pytest.mark.scorecard(20, "Swedish letters come through; a label in another encoding stops")
    def test_swedish_letters_are_those_of_known_names(self) -> None:
        assert values(read(dataset([1, 2, 3, 4])))
        twisted = {code: name.encode().decode("latin-1") for code, name in AREAS.items()}
        with pytest.raises(LayoutChanged, match="another encoding"):
            read(dataset([1, 2, 3, 4], Region=twisted))

    @pytest.mark.scorecard(25, "variables in another order give the same figures")
    def test_the_order_of_the_variables_does_not_matter(self) -> None:
        straight, turned = dataset([1, 2, 3, 4]), dataset([1, 3, 2, 4])
        turned["id"], turned["size"] = ["Kon", "Region", "Tid", "Alder", "ContentsCode"], [2, 2, 1, 1, 1]
        assert values(read(turned)) == values(read(straight))

    @pytest.mark.scorecard(28, "an area that no code list knows is set aside, counted and named; the rest goes on")
    def test_a_new_municipality_is_set_aside_and_named(self, build: Any) -> None:
        answer = dataset([1, 2, 3, 4], Region={"23": "Jämtlands län", "2399": "Nykommun"}, year="2024")
        examination, _ = examine(json.dumps(answer).encode(), manifest("TAB638-2024"), registry())
        assert not examination.refused
        assert (examination.passed, examination.reasons) == (3, {"UNKNOWN_AREA": 3})
        assert "2399" in examination.set_aside.to_pylist()[0]["reason_sv"]

    @pytest.mark.scorecard(29, "a year missing, twice, or to come stops")
    @pytest.mark.parametrize("years", [["2019"], ["2020", "2021"], ["2020", "2020"], []])
    def test_a_year_that_lacks_is_another_or_stands_twice_stops(self, years: list[str]) -> None:
        answer = dataset([1, 2, 3, 4] * len(years), Tid={year: year for year in years})
        answer["dimension"]["Tid"]["category"]["index"] = years
        answer["size"][-1] = len(years)
        with pytest.raises(LayoutChanged):
            read(answer)

    @pytest.mark.scorecard(29, "a year to come stops")
    def test_a_year_to_come_stops(self, build: Any) -> None:
        answer = dataset([1, 2, 3, 4], year="2091", table="TAB5557", Kon=SEXES)
        examination, _ = examine(json.dumps(answer).encode(), manifest("TAB5557-2091"), registry())
        assert examination.refused
        assert "PERIOD_OF_CAPTURE" in build.broken(examination)

    def test_the_notes_of_the_answer_and_its_variables_are_kept(self) -> None:
        answer = dataset([1, 2, 3, 4], note=["Om indelningen."])
        answer["dimension"]["Alder"]["note"] = ["Ålder vid årets slut."]
        assert read(answer).notes == ["Om indelningen.", "Ålder vid årets slut."]


SEX_AND_TOTAL = {"TotSa": "totalt, samtliga män och kvinnor", **SEXES}
TEN_YEARS = {f"{first}-{first + 9}": f"{first}-{first + 9} år" for first in range(0, 100, 10)} | {"100+10": "100+ år"}


class TestMonths:
    """Population per month: noised, and its table holds four classifications of ages side by side."""

    def examined(self, ages: dict[str, str], figures: list[int]) -> Any:
        known = registry()
        answer = dataset(
            figures,
            table="TAB6471",
            Region={"23": "Jämtlands län"},
            Alder=ages,
            Kon=SEX_AND_TOTAL,
            ContentsCode={"000007SF": "Folkmängden per månad"},
            Tid={"2026M01": "2026M01"},
        )
        held = manifest("TAB6471-2026-01", source_id="scb_population_monthly", periods=["2026-01"])
        return examine(json.dumps(answer).encode(), held, known)[0]

    def test_the_total_and_one_classification_are_read_and_noise_is_no_alarm(self, build: Any) -> None:
        ages = {"TotSA": "totalt, samtliga åldrar", **TEN_YEARS}
        figures = [1103, 548, 553, *[100, 52, 49] * 11]
        examination = self.examined(ages, figures)
        assert build.broken(examination) == []
        assert set(examination.table["age"].to_pylist()) == {"T", *(label[:-3] for label in TEN_YEARS.values())}
        assert set(examination.table["period"].to_pylist()) == {"2026-01"}

    def test_nobody_is_counted_twice_by_two_classifications(self) -> None:
        examination = self.examined({**TEN_YEARS, "-4": "0-4 år"}, [100, 52, 49] * 12)
        assert "ages overlap around 0" in str(examination.refusal)

    def test_another_classification_than_the_one_chosen_stops(self, build: Any) -> None:
        five = {f"{first}-{first + 4}": f"{first}-{first + 4} år" for first in range(0, 100, 5)}
        assert build.broken(self.examined(five, [100, 52, 49] * 20)) == ["ONE_CLASSIFICATION"]

    def test_a_gross_fault_is_an_alarm_in_spite_of_the_noise(self, build: Any) -> None:
        ages = {"TotSA": "totalt, samtliga åldrar", **TEN_YEARS}
        assert build.broken(self.examined(ages, [11030, 5480, 5530, *[100, 52, 49] * 11])) == ["AGE_SUM_ROUGH"]


class TestBundle:
    ARCHIVE = Archive(settings.bundle_url())

    def read(self, part: str) -> ReadResult:
        held = self.ARCHIVE.latest("scb_population", part)
        assert held
        source = registry().sources["scb_population"]
        result = jsonstat2.read(self.ARCHIVE.read(held.capture_id), held, source, registry())
        assert_identity(result)
        return result

    def corrected(self, part: str) -> ReadResult:
        corrections = [c for c in registry().corrections.values() if c.source == "scb_population"]
        return correct(self.read(part), corrections)[0]

    def test_every_known_figure_comes_out_with_its_mark_and_every_gap_as_a_gap(self) -> None:
        marks = {"direct": "direct", "derived": "derived", "direct_secondary": "secondary"}
        known = {
            (fact["year"], fact["area"], fact["sex"], "T" if fact["age"] == "tot" else fact["age"]): (
                float(fact["value"]),
                "ok",
                marks[fact["mark"]],
            )
            for fact in rows("scb_population")
            if int(fact["year"]) >= 2015 and fact["mark"] != "direct_but_wrong"
        }
        added = {("2024", "23", "T", "18+"): (sum(known["2024", "23", "T", age][0] for age in ("18-64", "65+")),)}
        found = {}
        for held in self.ARCHIVE.manifests("scb_population"):
            for key, value in values(self.corrected(held.part)).items():
                if value[1] == "ok" and not (held.part == "TAB638-2019-age" and key[1] == "T"):
                    found[held.periods[0], *key] = value
        assert found == known | {key: (*value, "ok", "derived") for key, value in added.items()}

    def test_a_group_that_the_classes_do_not_cover_exactly_is_not_made(self) -> None:
        """2019 is known in five-year classes: 15-19 lies across 16, 17 and 18."""
        assert {age for _, _, age in values(self.read("TAB638-2019-age"))} & {"0-17", "16-24", "18+"} == set()

    def test_the_printed_error_is_dropped_by_a_declared_correction_and_never_the_countys_figure(self) -> None:
        """regionjh.se prints 64 891 women in 2020, its municipalities add up to 64 591."""
        raw = self.read("TAB638-2020").table.to_pylist()
        women = [row for row in raw if (row["area"], row["sex"]) == ("23", "K")]
        assert [(row["value"], row["mark"]) for row in women] == [(64591, "derived"), (64891, "wrong_at_source")]
        result = self.corrected("TAB638-2020")
        assert_identity(result)
        assert values(result)["23", "K", "T"] == (64591, "ok", "derived")
        assert 64891 not in result.table["value"].to_pylist()
        (aside,) = result.set_aside.to_pylist()
        assert aside["reason_code"] == "DECLARED_FAULT"
        assert "64 891" in aside["reason_sv"]

    def test_without_its_correction_the_printed_error_stops_the_capture(self, build: Any) -> None:
        held = self.ARCHIVE.latest("scb_population", "TAB638-2020")
        assert held
        bare = registry().model_copy(update={"corrections": {}})
        examination, _ = examine(self.ARCHIVE.read(held.capture_id), held, bare)
        assert examination.refused
        assert "KEY_UNIQUE" in build.broken(examination)

    def test_2025_carries_the_note_of_its_noise(self) -> None:
        assert any("CKM" in note for note in self.read("TAB5557-2025").notes)


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"no recorded answers of SCB at {PAYLOADS}")
class TestRecordedAnswers:
    def content(self, name: str) -> bytes:
        return (PAYLOADS / name).read_bytes()

    def test_scbs_own_answer(self) -> None:
        """21 counties by ten-year age, sex and month. Noised: women and men of Jämtland are not the total."""
        held = manifest("TAB6471-2026", periods=["2026-01", "2026-02", "2026-03", "2026-04"])
        source = registry().sources["scb_population"]
        result = jsonstat2.read(self.content("scb_v2_TAB6471_data_jsonstat2.json"), held, source, registry())
        assert_identity(result)
        assert result.table.num_rows == 21 * 11 * 3 * 4
        assert result.set_aside.num_rows == 0
        january = [row for row in result.table.to_pylist() if row["area"] == "23" and row["period"] == "2026-01"]
        totals = {sex: sum(row["value"] for row in january if row["sex"] == sex) for sex in ("K", "M", "T")}
        assert totals["K"] + totals["M"] != totals["T"]

    def test_metadata_in_the_place_of_data(self) -> None:
        with pytest.raises(LayoutChanged, match="found 0 values"):
            decode(self.content("scb_v2_TAB6471_metadata.json"), "test")


def test_an_answer_at_the_servers_limit_keeps_every_figure_in_its_place() -> None:
    """150 000 cells is what SCB gives at once."""
    areas = [code for code, area in registry().areas.items() if area.kind == "kommun"][:250]
    ages = {str(age): f"{age} år" for age in range(100)}
    sexes = {**SEXES, "TotSA": "totalt"}
    cells = np.arange(250 * 100 * 3)
    result = read(dataset(cells.tolist(), Region={code: code for code in areas}, Alder=ages, Kon=sexes))
    assert result.table.num_rows == len(cells)
    assert np.array_equal(result.table["value"].to_numpy(), cells)
    row = result.table.slice((17 * 100 + 42) * 3 + 1, 1).to_pylist()[0]
    assert (row["area"], row["age"], row["sex"]) == (areas[17], "42", "K")


@pytest.mark.parametrize(
    "cells", [[], [0], [0, 1, 9, 10, 11, 99, 100, 1_234_567], [12_345_678_901], [3, 2], [5, -1]], ids=str
)
def test_every_figure_says_which_cell_it_stands_in(cells):
    found = jsonstat2._places(np.array(cells, dtype=np.int64)).to_pylist()
    assert found == [f"value[{cell}]" if cell >= 0 else "summa av celler" for cell in cells]
