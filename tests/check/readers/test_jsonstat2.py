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
