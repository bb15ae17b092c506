"""The reader takes what Brå's files really hold, and refuses what could give a wrong figure."""

from typing import Any

import pytest

from include.check.readers import bra_table_300
from include.check.readers.bra_labels import label_book
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.read import registry
from tests.check.readers.bra_workbooks import ALL, OLD, RATES, SHEETS, manifest, title, xls, xlsx

ASSAULT = "3 kap. 5, 6 § BrB Misshandel inkl. grov"
WOMAN = "Mot kvinna 18 år eller äldre"


def read(content: bytes, part: str, suffix: str = "xlsx", **changes: Any) -> ReadResult:
    source = registry().sources["bra_handled_offences"]
    result = bra_table_300.read(content, manifest(part, suffix, **changes), source, registry())
    assert_identity(result)
    return result


def figures(result: ReadResult) -> dict[tuple[str, str, str, str], tuple[float | None, str]]:
    return {
        (row["breakdown"].removeprefix("offence:"), row["sex"], row["age"], row["measure"].partition(".")[2]): (
            row["value"],
            row["value_status"],
        )
        for row in result.table.to_pylist()
    }


def new(*rows: list[Any], year: int = 2025, area: str = "i hela landet") -> bytes:
    """Return a workbook of 2022 or later with its first sheet."""
    name = "Samtliga handlagda brott"
    return xlsx({name: [[title(year, area)], SHEETS[name], *rows]})


def tree(*rows: list[Any], year: int = 2020, heading: str = "Brottstyp") -> bytes:
    """Return a workbook of 2020 or 2021."""
    return xlsx({"Samtliga handlagda brott": [[title(year)], [heading, *ALL, *RATES], *rows]})


class TestNumbers:
    @pytest.mark.parametrize(
        ("cell", "expected"),
        [
            (2483.0, (2483.0, "ok")),
            ("2483.0", (2483.0, "ok")),
            ("13\u00a0345", (13345.0, "ok")),
            ("1 466 095", (1466095.0, "ok")),
            (" 12,5 ", (12.5, "ok")),
            ("-", (0.0, "ok")),
            ("\u2212", (0.0, "ok")),
            ("\u2013", (0.0, "ok")),
            ("..", (None, "missing")),
            (".", (None, "not_applicable")),
            ("", None),
            ("x", None),
            ("1 2", None),
            ("<5", None),
            (-3.0, None),
            (True, None),
        ],
    )
    def test_every_way_of_writing_a_number_and_of_having_none(self, cell: object, expected: object) -> None:
        assert bra_table_300.number(cell) == expected


class TestLabels:
    @pytest.mark.parametrize(
        ("printed", "clean"),
        [
            ("6 kap. Sexualbrott10", "6 kap. Sexualbrott"),
            ("dödlig utgång (1, 2, 5, 6 §)9", "dödlig utgång (1, 2, 5, 6 §)"),
            ("3 kap. 1-2 § BrB Fullbordat mord och dråp ", "3 kap. 1-2 § BrB Fullbordat mord och dråp"),
            ("Mot barn 15–17 år, totalt", "Mot barn 15-17 år, totalt"),
            ("Mot\u00a0kvinna  18 år eller äldrea", WOMAN),
            ("Mot kvinna 18 år eller äldre ,närstående genom parrelation", f"{WOMAN}, närstående genom parrelation"),
            ("Mot kvinna 18 år eller äldr, närstående genom parrelation", f"{WOMAN}, närstående genom parrelation"),
            ("För sexuella ändamål , med barn under 18 år", "För sexuella ändamål, med barn under 18 år"),
            ("Sexuellt ofredande, pojke under 15 år", "Sexuellt ofredande, mot pojke under 15 år"),
            ('"Koppleri, totalt', "Koppleri, totalt"),
            ("Utnyttjande genom köp av sexuell handling.", "Utnyttjande genom köp av sexuell handling"),
            ("Misshandel mot barn 0-6 år", "Misshandel mot barn 0-6 år"),
            ("Förunder\u00adsökning", "Förundersökning"),
        ],
    )
    def test_dirt_goes_and_meaning_stays(self, printed: str, clean: str) -> None:
        assert label_book().clean(printed) == clean


class TestNewLayout:
    def test_dirty_cells_are_read(self) -> None:
        result = read(
            new(
                ["SAMTLIGA BROTT", "SAMTLIGA BROTT", "1\u00a0000", "600.0", 400, 50, "25,0"],
                [f"{ASSAULT} ", f" {WOMAN} ", 10, 10, "\u2212", 0, 0],
                [ASSAULT, f"{WOMAN}, närstående genom parrelation", "-", 0, 0, 0, 0],
                [ASSAULT, f"{WOMAN}, obekant med offret", "..", "..", "..", ".", "."],
            ),
            "La-2025",
        )
        found = figures(result)
        assert found["all", "T", "T", "handled"] == (1000, "ok")
        assert found["all", "T", "T", "cleared_person"] == (250, "ok")
        assert found["all", "T", "T", "prosecution_base"] == (500, "ok")
        assert found["assault", "K", "18+", "dismissed"] == (0, "ok")
        assert found["assault_partner", "K", "18+", "handled"] == (0, "ok")
        assert found["assault_partner", "K", "18+", "clearance_rate_printed"] == (None, "not_applicable")
        assert found["assault_stranger", "K", "18+", "handled"] == (None, "missing")
        assert found["assault_stranger", "K", "18+", "clearance_rate_printed"] == (None, "not_applicable")
        assert ("assault_stranger", "K", "18+", "cleared_person") not in found
        assert result.set_aside.num_rows == 0

    def test_the_sheets_b_and_c_are_joined_and_print_what_need_not_be_derived(self) -> None:
        """Figures of the country 2025, as Brå prints them on its three sheets."""
        row = ["SAMTLIGA BROTT", "SAMTLIGA BROTT"]
        content = xlsx(
            {
                "Samtliga handlagda brott": [
                    [title(2025)],
                    SHEETS["Samtliga handlagda brott"],
                    [*row, 1466095, 757117, 708978, 28.0654152294646, 12.9533215787517],
                ],
                "Utredda brott": [
                    [title(2025, sheet="b")],
                    SHEETS["Utredda brott"],
                    [*row, 757117, 189908, 159765, 24302, 5841, 80455, 486754],
                ],
                "Direktavskrivna brott": [
                    [title(2025, sheet="c")],
                    SHEETS["Direktavskrivna brott"],
                    [*row, 708978, 17028, 691950],
                ],
                "Information": [["Första publicering: 2026-04-16 kl: 08.00"], ["Senaste uppdatering: 2026-07-07"]],
            }
        )
        result = read(content, "La-2025")
        marks = {row["measure"].partition(".")[2]: row["mark"] for row in result.table.to_pylist()}
        assert marks["cleared_person"] == "direct"
        assert marks["prosecution_base"] == "derived"
        assert figures(result)["all", "T", "T", "prosecution_base"] == (757117 - 80455, "ok")
        assert figures(result)["all", "T", "T", "dismissed_part_2"] == (691950, "ok")
        assert result.rows_in == 14, "12 printed measures and two rates less the repeated totals, and the derived base"
        assert "Senaste uppdatering: 2026-07-07" in result.notes

    def test_sheets_that_disagree_are_seen(self) -> None:
        row = ["SAMTLIGA BROTT", "SAMTLIGA BROTT"]
        content = xlsx(
            {
                "Samtliga handlagda brott": [
                    [title(2025)],
                    SHEETS["Samtliga handlagda brott"],
                    [*row, 10, 6, 4, 50, 30],
                ],
                "Utredda brott": [[title(2025)], SHEETS["Utredda brott"], [*row, 7, 3, 3, 0, 0, 0, 4]],
            }
        )
        aside = read(content, "La-2025").set_aside.to_pylist()
        assert [(row["reason_code"], row["place"]) for row in aside] == [("SHEETS_DISAGREE", "Utredda brott!C3")]

    def test_an_unknown_offence_is_set_aside_and_named(self) -> None:
        result = read(
            new(
                ["SAMTLIGA BROTT", "SAMTLIGA BROTT", 10, 6, 4, 50, 30],
                ["3 kap. 3 § BrB Barnadråp 3 §", "Barnadråp, totalt", 1, 1, 0, 0, 0],
                [ASSAULT, f"{WOMAN}, med okänd relation", 2, 2, 0, 0, 0],
            ),
            "La-2025",
        )
        aside = result.set_aside.to_pylist()
        assert len(aside) == 10
        assert {row["reason_code"] for row in aside} == {"UNKNOWN_OFFENCE"}
        assert aside[0]["reason_sv"].startswith("Okänd brottstyp: 3 kap. 3 § BrB Barnadråp 3 § > Barnadråp, totalt")
        assert any("10 uppgifter" in note for note in result.notes)

    def test_a_label_of_another_paragraph_is_not_taken_for_the_offence(self) -> None:
        """In 2024 "Mot flicka under 15 år, totalt" stands under three texts of Lagrum; only one is rape in all."""
        rape = "6 kap. 4 § BrB Våldtäkt mot barn inkl. grov"
        completed = "6 kap. 4 § BrB Fullbordad våldtäkt mot barn inkl. grov"
        label = "Mot flicka under 15 år, totalt"
        result = read(
            new([rape, label, 2342, 2123, 219, 0, 0], [completed, label, 2201, 2001, 200, 0, 0], year=2024), "La-2024"
        )
        assert figures(result)["rape", "K", "0-14", "handled"] == (2342, "ok")
        assert {row["place"].split("!")[1] for row in result.set_aside.to_pylist()} == {"C4", "D4", "E4", "F4", "G4"}

    def test_half_an_offence_and_words_are_no_counts(self) -> None:
        aside = read(
            new(["SAMTLIGA BROTT", "SAMTLIGA BROTT", 10.5, "sex", "", 50, 30]), "La-2025"
        ).set_aside.to_pylist()
        assert [(row["place"].split("!")[1], row["reason_code"]) for row in aside] == [
            ("C3", "NOT_A_NUMBER"),
            ("D3", "NOT_A_NUMBER"),
            ("E3", "NOT_A_NUMBER"),
        ]

    def test_a_percentage_that_gives_no_whole_number_is_not_rounded(self) -> None:
        result = read(new(["SAMTLIGA BROTT", "SAMTLIGA BROTT", 100, 60, 40, 50, 30.5]), "La-2025")
        assert ("all", "T", "T", "cleared_person") not in figures(result)
        (aside,) = result.set_aside.to_pylist()
        assert aside["reason_code"] == "NOT_WHOLE"
        assert "30.500000" in aside["reason_sv"]

    def test_a_base_above_the_investigated_offences_is_refused(self) -> None:
        result = read(new(["SAMTLIGA BROTT", "SAMTLIGA BROTT", 100, 60, 40, 25, 30]), "La-2025")
        assert figures(result)["all", "T", "T", "cleared_person"] == (30, "ok")
        assert [row["reason_code"] for row in result.set_aside.to_pylist()] == ["NOT_WHOLE"]

    def test_a_preliminary_file_says_so(self) -> None:
        name = "Samtliga handlagda brott"
        row = ["SAMTLIGA BROTT", "SAMTLIGA BROTT", 10, 6, 4, 50, 30]
        content = xlsx({name: [[f"{title(2025)}. Preliminära uppgifter"], SHEETS[name], row]})
        assert set(read(content, "La-2025").table["status"].to_pylist()) == {"P"}


class TestTreeLayout:
    ROWS: tuple[list[Any], ...] = (
        ["SAMTLIGA BROTT", 1000, 600, 400, 50, 25],
        ["Misshandel inkl. grov, ej med dödlig utgång (5, 6 §)", 100, 80, 20, 0, 0],
        ["Misshandel mot flicka 0-6 år", 9, 9, 0, 0, 0],
        ["Bekant med offret", 8, 8, 0, 0, 0],
        ["Inomhus", 7, 7, 0, 0, 0],
        ["Misshandel mot kvinna 18 år eller äldre", 50, 40, 10, 0, 0],
        ["Närstående genom parrelation", 30, 30, 0, 0, 0],
        ["Misshandel mot man 18 år eller äldre", 40, 30, 10, 0, 0],
        ["Närstående genom parrelation", 5, 5, 0, 0, 0],
        ["Olaga frihetsberövande (2 §)", 20, 20, 0, 0, 0],
        [WOMAN, 15, 15, 0, 0, 0],
        ["Närstående genom parrelation", 14, 14, 0, 0, 0],
        ["Olaga hot (5 §)", 60, 60, 0, 0, 0],
        ["Mot barn under 18 år", 12, 12, 0, 0, 0],
        ["Mot flicka under 18 år", 6, 6, 0, 0, 0],
        ["Internetrelaterat", 2, 2, 0, 0, 0],
        [WOMAN, 33, 33, 0, 0, 0],
        ["Närstående genom parrelation", 22, 22, 0, 0, 0],
        ["Internetrelaterat", 3, 3, 0, 0, 0],
        ["1 Fotnot under tabellen."],
    )

    @pytest.mark.parametrize(("year", "heading"), [(2020, "Brottstyp"), (2021, "Lagrum")])
    def test_labels_get_their_meaning_from_the_rows_above(self, year: int, heading: str) -> None:
        found = figures(read(tree(*self.ROWS, year=year, heading=heading), f"La-{year}"))
        handled = {key[:3]: value for key, (value, _) in found.items() if key[3] == "handled"}
        assert handled == {
            ("all", "T", "T"): 1000,
            ("assault", "T", "T"): 100,
            ("assault", "K", "0-6"): 9,
            ("assault", "K", "18+"): 50,
            ("assault_partner", "K", "18+"): 30,
            ("assault", "M", "18+"): 40,
            ("assault_partner", "M", "18+"): 5,
            ("unlawful_threat", "T", "T"): 60,
            ("unlawful_threat", "K", "18+"): 33,
            ("unlawful_threat_partner", "K", "18+"): 22,
        }

    def test_rows_of_an_unknown_offence_never_go_to_the_one_above_it(self) -> None:
        aside = read(tree(*self.ROWS), "La-2020").set_aside.to_pylist()
        reasons = {row["reason_sv"] for row in aside}
        assert any(f"Olaga frihetsberövande (2 §) > {WOMAN}." in reason for reason in reasons)
        assert any("Olaga frihetsberövande (2 §) > " in reason and "parrelation" in reason for reason in reasons)

    def test_indentation_by_spaces_changes_nothing(self) -> None:
        indented = [["   " * depth + row[0], *row[1:]] for depth, row in enumerate(self.ROWS)]
        assert figures(read(tree(*indented), "La-2020")) == figures(read(tree(*self.ROWS), "La-2020"))


class TestOldLayout:
    def test_a_label_over_two_rows_is_put_together_and_its_zeros_are_no_figures(self) -> None:
        row = [19, 18, 9, 9, 0, 0, 50, 0, 9, 1, 0, 1, 47.36842105]
        content = xls(
            [
                [title(2019)],
                OLD,
                ["Fullbordat mord och dråp samt misshandel med", *[0] * 13],
                ["dödlig utgång (1, 2, 5, 6 §)9", *row],
                ["Mot kvinna/flicka", 6, 5, 2, 2, 0, 0, 40, 0, 3, 1, 0, 1, 33.33333333],
                ["9) Fotnot."],
            ]
        )
        result = read(content, "La-2019", "xls")
        found = figures(result)
        assert found["homicide_incl_fatal_assault", "T", "T", "handled"] == (19, "ok")
        assert found["homicide_incl_fatal_assault", "K", "T", "handled"] == (6, "ok")
        assert found["homicide_incl_fatal_assault", "K", "T", "prosecution_base"] == (5, "ok")
        assert {row["reason_code"] for row in result.set_aside.to_pylist()} == {"LABEL_FIRST_HALF"}
        assert result.rows_in == 13 + 2 * 13 + 2

    def test_a_row_of_zeros_is_a_row_unless_the_next_label_goes_on(self) -> None:
        content = xls([[title(2019)], OLD, ["Grov fridskränkning (4 a §)", *[0] * 13], ["Olaga hot (5 §)", *[0] * 13]])
        found = figures(read(content, "La-2019", "xls"))
        assert found["gross_violation_integrity", "T", "T", "handled"] == (0, "ok")
        assert found["gross_violation_integrity", "T", "T", "prosecution_rate_printed"] == (None, "not_applicable")


class TestRefusals:
    ROW: tuple[Any, ...] = ("SAMTLIGA BROTT", "SAMTLIGA BROTT", 10, 6, 4, 50, 30)

    def test_another_year_in_the_title(self) -> None:
        with pytest.raises(LayoutChanged, match=r"A1 says .*2024.* Found the year 2024, expected 2025"):
            read(new(list(self.ROW), year=2024), "La-2025")

    def test_another_area_in_the_title(self) -> None:
        with pytest.raises(LayoutChanged, match=r"Expected the area 'region Nord'"):
            read(new(list(self.ROW), area="i region Syd"), "Rn01-2025")

    def test_no_title(self) -> None:
        name = "Samtliga handlagda brott"
        with pytest.raises(LayoutChanged, match="Found the year nowhere, expected 2025"):
            read(xlsx({name: [SHEETS[name], list(self.ROW)]}), "La-2025")

    def test_no_header(self) -> None:
        with pytest.raises(LayoutChanged, match="no sheet has a header of Table 300"):
            read(xlsx({"Blad1": [[title(2025)], ["Något", "annat"]]}), "La-2025")

    def test_an_unknown_heading(self) -> None:
        name = "Samtliga handlagda brott"
        with pytest.raises(LayoutChanged, match=r"cell H2: found the unknown heading 'uppklarade brott'"):
            read(xlsx({name: [[title(2025)], [*SHEETS[name], "Uppklarade brott"], [*self.ROW, 3]]}), "La-2025")

    def test_a_heading_twice(self) -> None:
        name = "Samtliga handlagda brott"
        with pytest.raises(LayoutChanged, match="expected each heading once"):
            read(xlsx({name: [[title(2025)], [*SHEETS[name], "Utredda brott"], [*self.ROW, 6]]}), "La-2025")

    def test_two_rows_of_one_meaning(self) -> None:
        with pytest.raises(LayoutChanged, match="rows 3 and 4 both mean"):
            read(new(list(self.ROW), list(self.ROW)), "La-2025")

    @pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04broken"])
    def test_no_workbook(self, content: bytes) -> None:
        with pytest.raises(LayoutChanged, match="no workbook"):
            read(content, "La-2025")

    @pytest.mark.parametrize("part", ["Rn99-2025", "La-prel"])
    def test_a_part_that_the_source_does_not_know(self, part: str) -> None:
        with pytest.raises(LayoutChanged, match="expected"):
            read(new(list(self.ROW)), part, periods=["2025"])
