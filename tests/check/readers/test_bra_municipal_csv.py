"""Brå's CSV by municipality: four variants of one layout, and nothing taken for a municipality by likeness."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.readers import bra_municipal_csv
from include.check.readers.bra_municipal_csv import UNCERTAIN, names_of
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged
from include.registry.models import Registry

SOURCE = "bra_reported_totals"
HEADER = "Kommun;Antal;Per 100 000 inv."
NAMES = {
    "2021": "anmalda_brott_kommuner_2021.csv",
    "2023": "Anmälda brott i kommunerna 2023.csv",
    "2024": "Anmälda brott kommunerna 2024.csv",
    "2025": "Anmälda brott kommunerna 2025.csv",
}


def manifest(year: str, **changes: Any) -> Manifest:
    moment = datetime(2026, 4, 1, tzinfo=UTC)
    known: dict[str, Any] = {
        "capture_id": capture_id(SOURCE, f"kommuner-{year}", moment, "0" * 64),
        "source_id": SOURCE,
        "part": f"kommuner-{year}",
        "periods": [year],
        "origin": "live",
        "url": "https://bra.se/x.csv",
        "captured_at": moment,
        "media_type": "text/csv",
        "file_name": NAMES.get(year, f"anmalda_brott_kommuner_{year}.csv"),
        "sha256": "0" * 64,
        "canonical_sha256": "0" * 64,
        "size": 1,
        "change": "NEW",
    }
    return Manifest(**{**known, **changes})


def csv(*lines: str, end: str = "\r\n") -> bytes:
    return "".join(f"{line}{end}" for line in lines).encode("utf-8-sig")


@pytest.fixture
def read(registry: Registry) -> Callable[..., ReadResult]:
    def run(content: bytes, year: str = "2024", **changes: Any) -> ReadResult:
        result = bra_municipal_csv.read(content, manifest(year, **changes), registry.sources[SOURCE], registry)
        assert_identity(result)
        return result

    return run


def figures(result: ReadResult) -> dict[str, tuple[Any, Any]]:
    """Return count and rate by area."""
    found: dict[str, dict[str, Any]] = {}
    for row in result.table.to_pylist():
        found.setdefault(row["area"], {})[row["measure"].partition(".")[2]] = row["value"]
    return {area: (of.get("reported"), of.get("reported_per_100000")) for area, of in found.items()}


def aside(result: ReadResult) -> list[tuple[str, str]]:
    return [(row["place"], row["reason_code"]) for row in result.set_aside.to_pylist()]


class TestVariants:
    """Each year's file as it is."""

    def test_2021_has_no_header_and_names_in_the_genitive(self, read: Callable[..., ReadResult]) -> None:
        lines = (
            "Ale kommun;2731;8547",
            "Arjeplogs kommun;180;6400",
            "Tranås kommun ;1500;8000",
            "Stockholm;200000;20500",
        )
        result = read(csv(*lines, "Malung–Sälens kommun;763;7545", "Åre kommun;925;7721"), "2021")
        assert figures(result) == {
            "1440": (2731, 8547),
            "2506": (180, 6400),
            "0687": (1500, 8000),
            "0180": (200000, 20500),
            "2023": (763, 7545),
            "2321": (925, 7721),
        }
        assert aside(result) == []

    @pytest.mark.scorecard(28, "a name that no code list has is set aside, counted and named")
    def test_2021_has_city_districts_that_are_no_municipality(self, read: Callable[..., ReadResult]) -> None:
        result = read(csv("Ale kommun;2731;8547", "Spånga-Tensta;4000;10200"), "2021")
        assert figures(result) == {"1440": (2731, 8547)}
        assert aside(result) == [("rad 2, Antal", "UNKNOWN_AREA"), ("rad 2, Per 100 000 inv.", "UNKNOWN_AREA")]
        assert "Spånga-Tensta" in result.set_aside["reason_sv"][0].as_py()

    @pytest.mark.parametrize("year", ["2023", "2024", "2025"])
    def test_from_2023_there_is_a_header_and_plain_names(self, read: Callable[..., ReadResult], year: str) -> None:
        result = read(csv(HEADER, "Ale;2537;7810", "Alingsås;4293;10100", "Malung-Sälen;700;6900"), year)
        assert figures(result) == {"1440": (2537, 7810), "1489": (4293, 10100), "2023": (700, 6900)}
        row = result.table.to_pylist()[0]
        assert (row["period"], row["breakdown"], row["status"], row["mark"], row["source_label"], row["place"]) == (
            *(year, "offence:all", "F", "direct", "Ale", "rad 2, Antal"),
        )

    @pytest.mark.parametrize("label", ["Hela landet", "Riket"])
    def test_the_country_is_no_municipality(self, read: Callable[..., ReadResult], label: str) -> None:
        result = read(csv(HEADER, "Ale;2537;7810", f"{label};1482000;14000"))
        assert set(figures(result)) == {"1440"}
        assert {code for _, code in aside(result)} == {"NOT_A_MUNICIPALITY"}
        assert result.rows_in == 4

    def test_lines_may_end_in_lf_and_the_file_in_words(self, read: Callable[..., ReadResult]) -> None:
        result = read(csv(HEADER, "Ale;2537;7810", "", "Källa: Brå;;", end="\n"))
        assert figures(result) == {"1440": (2537, 7810)}
        assert "Källa: Brå" in result.notes
        assert aside(result) == []


class TestNumbers:
    @pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
    @pytest.mark.scorecard(26, "a space between thousands changes no value")
    def test_a_space_between_thousands(self, read: Callable[..., ReadResult], space: str) -> None:
        assert figures(read(csv(HEADER, f"Östersund;8{space}309;12{space}985"))) == {"2380": (8309, 12985)}

    @pytest.mark.parametrize("cell", ["8.309", "8,309", "8 30", "<5", "8309 st", "-3", "", "1e3"])
    @pytest.mark.scorecard(26, "a number written in another way is set aside, never taken for a thousandth")
    def test_what_is_no_whole_number_is_set_aside(self, read: Callable[..., ReadResult], cell: str) -> None:
        result = read(csv(HEADER, f"Östersund;{cell};12985"))
        assert figures(result) == {"2380": (None, 12985)}
        assert aside(result) == [("rad 2, Antal", "NOT_A_NUMBER")]

    @pytest.mark.parametrize(
        ("cell", "value", "status"),
        [
            ("0", 0, "ok"),
            ("-", 0, "ok"),
            ("\u2212", 0, "ok"),
            ("..", None, "missing"),
            (".", None, "not_applicable"),
            ("x", None, "suppressed"),
            ("X", None, "suppressed"),
        ],
    )
    def test_a_symbol_is_what_bra_says_it_is(
        self, read: Callable[..., ReadResult], cell: str, value: float | None, status: str
    ) -> None:
        row = read(csv(HEADER, f"Bjurholm;{cell};7886")).table.to_pylist()[0]
        assert (row["value"], row["value_status"]) == (value, status)


class TestNames:
    def test_every_municipality_is_known_in_each_of_its_spellings(self, registry: Registry) -> None:
        names = names_of(2024, registry)
        assert len(set(names.codes.values()) - {"00"}) == 290
        for label in ("Habo", "Habo kommun", "Håbo", "Håbo kommun", "Mark", "Marks kommun", "Markaryds kommun"):
            assert names.code(label)
        assert names.code("Marks kommun") == "1463"
        assert names.code("Markaryds kommun") == "0767"
        assert names.code("Habo") != names.code("Håbo")

    @pytest.mark.parametrize(
        "label", ["ale", "Ales", "Härjedalen-Berg", "Malung", "Östersund kommuner", "Boråss kommun"]
    )
    def test_nothing_is_matched_by_likeness(self, registry: Registry, label: str) -> None:
        assert names_of(2024, registry).code(label) is None

    @pytest.mark.parametrize(("year", "code"), [(2006, "1917"), (2007, "0331"), (2024, "0331")])
    def test_heby_has_the_code_of_its_year(self, registry: Registry, year: int, code: str) -> None:
        assert names_of(year, registry).code("Heby kommun") == code

    def test_a_second_heby_without_figures_is_set_aside(self, read: Callable[..., ReadResult]) -> None:
        result = read(csv(HEADER, "Heby;1027;7311", "Heby;..;.."))
        assert figures(result) == {"0331": (1027, 7311)}
        assert [code for _, code in aside(result)] == ["AREA_TWICE", "AREA_TWICE"]

    def test_two_values_of_one_municipality_stop_the_file(self, read: Callable[..., ReadResult]) -> None:
        with pytest.raises(LayoutChanged, match=r"lines 2 and 3 both are 0331 .*'1027' and '564'"):
            read(csv(HEADER, "Heby;1027;7311", "Heby kommun;564;7311"))

    def test_a_label_that_means_two_areas_stops(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "bra_areas.csv").write_text("label,code,first_year,last_year\nMark,0767,,\n", encoding="utf-8")
        monkeypatch.setattr(bra_municipal_csv, "LABELS", tmp_path / "bra_areas.csv")
        with pytest.raises(LayoutChanged, match=r"'Mark' means both 1463 and 0767"):
            names_of(2024, registry)

    @pytest.mark.scorecard(36, "a municipality that the file lacks is named as missing, and is no zero")
    def test_a_municipality_that_is_not_there_has_no_figure_and_is_named(
        self, read: Callable[..., ReadResult], registry: Registry
    ) -> None:
        names = [area.name for area in bra_municipal_csv.municipalities(2024, registry) if area.name != "Åre"]
        result = read(csv(HEADER, *(f"{name};1000;9000" for name in names)))
        assert "2321" not in figures(result)
        assert result.notes[-1] == "Filen saknar 1 kommuner (saknas, inte noll): Åre."
        assert len(figures(result)) == 289


class TestLayout:
    @pytest.mark.scorecard(25, "columns are told by their names, so that their order has no effect")
    def test_columns_may_change_places(self, read: Callable[..., ReadResult]) -> None:
        content = csv("Per 100 000 inv.;Kommun;Antal", "7810;Ale;2537")
        assert figures(read(content)) == {"1440": (2537, 7810)}

    @pytest.mark.scorecard(23, "an added column stops the file and is named")
    def test_a_new_column_stops(self, read: Callable[..., ReadResult]) -> None:
        with pytest.raises(LayoutChanged, match=r"new \(renamed\?\): Preliminärt"):
            read(csv(f"{HEADER};Preliminärt", "Ale;2537;7810;nej"))

    @pytest.mark.scorecard(24, "a column that is gone or renamed stops the file, with both names")
    def test_a_renamed_column_stops(self, read: Callable[..., ReadResult]) -> None:
        with pytest.raises(LayoutChanged, match=r"lacking: Antal; new \(renamed\?\): Antal brott"):
            read(csv("Kommun;Antal brott;Per 100 000 inv.", "Ale;2537;7810"))

    def test_a_line_with_another_number_of_cells_stops(self, read: Callable[..., ReadResult]) -> None:
        with pytest.raises(LayoutChanged, match=r"line 3: found 4 cells"):
            read(csv(HEADER, "Ale;2537;7810", "Alingsås;4;293;10100"))

    def test_an_empty_file_stops(self, read: Callable[..., ReadResult]) -> None:
        with pytest.raises(LayoutChanged, match="found no line"):
            read(csv("", ""))

    @pytest.mark.scorecard(20, "another encoding stops the file; å, ä and ö come through")
    @pytest.mark.parametrize(
        "content",
        [
            "Kommun;Antal;Per 100 000 inv.\r\nÅre;925;7721\r\n".encode("cp1252"),
            "Kommun;Antal;Per 100 000 inv.\r\nÅre;925;7721\r\n".encode().decode("cp1252").encode(),
            "Kommun;Antal;Per 100 000 inv.\r\nHärjedalen;846;8422\r\n".encode().decode("latin-1").encode(),
            "Kommun;Antal;Per 100 000 inv.\r\n\ufffdre;925;7721\r\n".encode(),
        ],
    )
    def test_another_encoding_stops(self, read: Callable[..., ReadResult], content: bytes) -> None:
        with pytest.raises(LayoutChanged, match="UTF-8"):
            read(content)

    def test_a_file_without_a_byte_order_mark_is_read(self, read: Callable[..., ReadResult]) -> None:
        assert figures(read(f"{HEADER}\r\nÅmål;1200;9700\r\n".encode())) == {"1492": (1200, 9700)}

    @pytest.mark.scorecard(29, "the file of another year stops")
    @pytest.mark.parametrize("name", ["Anmälda brott kommunerna 2023.csv", "kommuner.csv", "2015-2024.csv"])
    def test_a_file_whose_name_says_another_year_or_none_stops(
        self, read: Callable[..., ReadResult], name: str
    ) -> None:
        with pytest.raises(LayoutChanged, match="expected 2024"):
            read(csv(HEADER, "Ale;2537;7810"), "2024", file_name=name)


class TestMarks:
    def test_a_reconstructed_file_whose_year_is_a_guess_is_uncertain(self, read: Callable[..., ReadResult]) -> None:
        notes = [f"{UNCERTAIN} året står inte i kopian."]
        result = read(csv("Åre kommun;925;7721"), "2020", origin="reconstructed", notes=notes)
        assert set(result.table["mark"].to_pylist()) == {"uncertain"}
        assert result.notes[0] == notes[0]

    def test_a_file_that_was_fetched_is_not_made_uncertain_by_a_note(self, read: Callable[..., ReadResult]) -> None:
        result = read(csv("Åre kommun;925;7721"), "2021", notes=[f"{UNCERTAIN} x"])
        assert set(result.table["mark"].to_pylist()) == {"direct"}


class TestGate:
    """What the suite makes of a file with all municipalities."""

    @pytest.fixture
    def found(self, registry: Registry) -> Callable[..., dict[str, bool]]:
        def run(count: float = 1, rate: float = 1, *, swap: bool = False, without: int = 0) -> dict[str, bool]:
            lines = []
            for number, area in enumerate(bra_municipal_csv.municipalities(2024, registry)[without:]):
                people = 2400 + 230 * number
                cells = [round(people * 0.09 * count), round(9000 * rate)]
                lines.append(";".join([area.name, *map(str, reversed(cells) if swap else cells)]))
            examination, _ = examine(csv(HEADER, *lines), manifest("2024"), registry)
            return {f.code: f.severity == "critical" for f in examination.findings if not f.holds}

        return run

    def test_a_sound_file_passes_without_a_word(self, found: Callable[..., dict[str, bool]]) -> None:
        assert found() == {}

    def test_a_lacking_municipality_is_a_warning(self, found: Callable[..., dict[str, bool]]) -> None:
        assert found(without=1) == {"ALL_MUNICIPALITIES": False}

    @pytest.mark.scorecard(27, "a rate per 1,000, or a count a thousand times too large, stops the file")
    @pytest.mark.parametrize("scale", [{"rate": 0.01}, {"rate": 10}, {"count": 1000}, {"count": 0.1}, {"swap": True}])
    def test_another_scale_stops(self, found: Callable[..., dict[str, bool]], scale: dict[str, Any]) -> None:
        assert found(**scale).get("POPULATION_IN_ALL") is True

    def test_one_municipality_of_another_scale_stops(self, registry: Registry) -> None:
        examination, _ = examine(csv(HEADER, "Ale;2537;7810", "Åre;925;772100"), manifest("2024"), registry)
        (finding,) = examination.stops
        assert finding.code == "POPULATION_BEHIND"
        assert [row.place for row in finding.rows] == ["rad 3, Antal"]


@pytest.mark.skipif("FOLLOWUP_PAYLOADS" not in os.environ, reason="FOLLOWUP_PAYLOADS names no folder of real answers")
def test_a_real_copy_is_read_whole(read: Callable[..., ReadResult], registry: Registry) -> None:
    """A third party's copy of Brå's file: the same lines under a header of its own, ending in LF."""
    folder = Path(os.environ["FOLLOWUP_PAYLOADS"])
    content = (folder / "bra" / "augustlinder_regionbarometern_anmalda_brott.csv").read_bytes()
    _, _, lines = content.partition(b"\n")
    result = read(lines, "2020")
    assert len(figures(result)) == 290
    assert (result.set_aside.num_rows, result.notes) == (0, [])
    examination, fault = examine(lines, manifest("2020"), registry)
    assert fault is None
    assert [f.code for f in examination.findings if not f.holds] == []
