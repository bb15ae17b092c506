"""A capture of Kolada as figures: titles held against the registry, gaps, deletions, intervals and doubt kept apart."""

import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.readers import kolada
from include.check.report import Examination
from include.check.run import examine
from include.check.tidy import ReadResult, assert_identity
from include.errors import LayoutChanged, RegistryError
from include.registry.models import KoladaFetch, KoladaKpi, Registry, Source
from include.registry.read import FOLDER, areas_needed
from include.registry.read import read as read_folder
from include.registry.read import registry as read_registry
from tests.servers.kolada import cell, kpi_row, row

ID = "kolada_kpis"

#: Recorded answers of the producers, where the machine has them (FOLLOWUP_PAYLOADS); they are no part of the project.
PAYLOADS = Path(os.environ.get("FOLLOWUP_PAYLOADS", "/nowhere")) / "kolada"

Read = Callable[..., ReadResult]


@pytest.fixture(scope="module")
def real() -> Registry:
    return read_registry()


def fetch_of(source: Source) -> KoladaFetch:
    assert isinstance(source.fetch, KoladaFetch)
    return source.fetch


def changed(source: Source, **fetch: Any) -> Source:
    return source.model_copy(update={"fetch": fetch_of(source).model_copy(update=fetch)})


def capture(source: Source, *rows: dict[str, Any], **kpis: dict[str, Any]) -> dict[str, Any]:
    """Return a capture of rows; ``kpis`` are members of the catalogue that are other than the registry has them."""
    catalogue = [kpi_row(kpi, known.title) | kpis.get(kpi, {}) for kpi, known in fetch_of(source).kpis.items()]
    return {"kpi": catalogue, "values": list(rows), "updated": {}}


def manifest(part: str = "kpi-2024", **more: Any) -> Manifest:
    moment = datetime(2026, 9, 1, 8, tzinfo=UTC)
    return Manifest(
        capture_id=capture_id(ID, part, moment, "0" * 64),
        source_id=ID,
        part=part,
        periods=[part.rpartition("-")[2]],
        origin="live",
        url="https://api.kolada.se/v3",
        captured_at=moment,
        media_type="application/json",
        file_name=f"{part}.json",
        sha256="0" * 64,
        canonical_sha256="0" * 64,
        size=1,
        change="NEW",
        **more,
    )


@pytest.fixture
def read(real: Registry) -> Read:
    """Return the reader of a capture of rows; the count identity is checked each time."""

    def run(*rows: dict[str, Any], source: Source = real.sources[ID], told: Any = None, **kpis: Any) -> ReadResult:
        content = json.dumps(capture(source, *rows, **kpis), ensure_ascii=False).encode()
        result = kolada.read(content, manifest(**(told or {})), source, real)
        assert_identity(result)
        return result

    return run


def only(result: ReadResult) -> dict[str, Any]:
    (figure,) = result.table.to_pylist()
    return figure


def aside(result: ReadResult) -> list[tuple[str, str]]:
    return [(found["place"], found["reason_code"]) for found in result.set_aside.to_pylist()]


# --- figures ----------------------------------------------------------------------------------------------------------


def test_a_figure_has_our_codes_and_keeps_the_producers_words(read: Read) -> None:
    figure = only(read(row("U30750", "2380", 2024, cell("T", 31.5))))
    assert figure == {
        "measure": "kolada_kpis.social_services_referred_rate",
        "area": "2380",
        "period": "2024",
        "sex": "T",
        "age": "18+",
        "party": "-",
        "breakdown": "total",
        "value": 31.5,
        "value_low": None,
        "value_high": None,
        "value_status": "ok",
        "status": "F",
        "mark": "direct",
        "source_label": "U30750 Vuxna (18+) som aktualiserats i individ- och familjeomsorgen p.g.a. utsatthet för "
        "våld i nära relation/hedersrelaterat våld, antal/10 000 vuxna invånare",
        "place": "U30750, 2380, 2024, T",
    }


@pytest.mark.parametrize(("theirs", "ours"), [("0000", "00"), ("0023", "23"), ("0001", "01"), ("2380", "2380")])
def test_the_country_and_the_regions_get_the_codes_of_country_and_counties(read: Read, theirs: str, ours: str) -> None:
    assert only(read(row("N07403", theirs, 2024, cell("T", 1.0))))["area"] == ours


@pytest.mark.parametrize("code", ["23", "G33630", "0099", "9999", "00023", "Rn01", "0002"])
def test_groups_and_unknown_areas_are_set_aside_and_named(read: Read, code: str) -> None:
    result = read(row("N07403", code, 2024, cell("T", 1.0)))
    assert aside(result) == [(f"N07403, {code}, 2024, T", "UNKNOWN_AREA")]


def test_every_area_that_is_asked_for_comes_back_as_itself(read: Read, real: Registry) -> None:
    from include.archive.fetchers.kolada import area_code

    areas = [area for area in areas_needed(real) if area.kind != "polisregion"]
    result = read(*(row("N07403", area_code(area), 2024, cell("T", 1.0)) for area in areas))
    assert result.table["area"].to_pylist() == [area.code for area in areas]


@pytest.mark.parametrize("order", ["TKM", "MKT", "KTM"])
def test_the_order_of_the_genders_means_nothing(read: Read, order: str) -> None:
    values = {"T": 7.0, "K": 6.5, "M": 7.5}
    result = read(row("N01460", "0000", 2024, *(cell(sex, values[sex]) for sex in order)))
    assert {f["sex"]: f["value"] for f in result.table.to_pylist()} == values
    assert set(result.table["age"].to_pylist()) == {"16-84"}


def test_a_gender_that_is_not_known_is_set_aside(read: Read) -> None:
    assert aside(read(row("N07403", "0023", 2024, cell("X", 1.0)))) == [("N07403, 0023, 2024, X", "UNKNOWN_SEX")]


def test_null_is_missing_and_never_zero(read: Read) -> None:
    figure = only(read(row("U30750", "2326", 2024, cell("T", None))))
    assert (figure["value"], figure["value_status"]) == (None, "missing")


def test_a_mean_of_several_areas_is_not_the_areas_own_figure(read: Read) -> None:
    """A group is an unweighted mean of its members, and ``count`` says how many they are."""
    result = read(
        row("N07403", "0023", 2024, cell("T", 1.0, count=8)), row("N07403", "0000", 2024, cell("T", 2.0, count=290))
    )
    assert aside(result) == [("N07403, 0023, 2024, T", "GROUP_MEAN")]
    assert only(result)["area"] == "00"


def test_deleted_figures_are_not_loaded(read: Read) -> None:
    result = read(
        row("N07402", "2380", 2024, cell("T", None, isdeleted=True)),
        row("N07402", "2326", 2024, cell("T", 3.5, isdeleted=True)),
        row("N07402", "2303", 2024, cell("T", 4.5)),
    )
    assert [code for _, code in aside(result)] == ["DELETED_AT_SOURCE"] * 2
    assert only(result)["area"] == "2303"


# --- doubt ------------------------------------------------------------------------------------------------------------


def test_a_zero_is_uncertain_where_the_description_speaks_of_loss(read: Read) -> None:
    rows = [row("N07402", area, 2024, cell("T", value)) for area, value in (("2326", 0), ("2380", 12.5))]
    loss = {"description": "För detta nyckeltal räknas bortfall som 0."}
    assert read(*rows, N07402=loss).table["mark"].to_pylist() == ["uncertain", "direct"]
    assert read(*rows).table["mark"].to_pylist() == ["direct", "direct"]


def test_the_key_figure_whose_direction_is_not_known_is_uncertain_and_says_so(read: Read) -> None:
    """N07609 is called unsafe by its title and safe by its description."""
    result = read(row("N07609", "0023", 2024, cell("T", 80.0)))
    assert only(result)["mark"] == "uncertain"
    assert any(note.startswith("N07609: Titeln säger otrygghet") for note in result.notes)


# --- intervals --------------------------------------------------------------------------------------------------------


def test_an_uncertainty_gives_the_limits_of_its_figure_by_area_and_sex(read: Read) -> None:
    result = read(
        row("N01461", "0023", 2024, cell("K", 1.5), cell("M", 2.0), cell("T", 1.0)),
        row("N01460", "0000", 2024, cell("T", 7.0)),
        row("N01460", "0023", 2024, cell("T", 6.0), cell("K", 5.0), cell("M", 7.0)),
    )
    limits = {(f["area"], f["sex"]): (f["value_low"], f["value_high"]) for f in result.table.to_pylist()}
    assert limits == {("00", "T"): (None, None), ("23", "T"): (5, 7), ("23", "K"): (3.5, 6.5), ("23", "M"): (5, 9)}
    assert (result.rows_in, aside(result)) == (4, [])


def test_the_limits_of_a_share_are_cut_at_0_and_100(read: Read) -> None:
    result = read(
        row("N07636", "0023", 2024, cell("T", 1.0)),
        row("N07684", "0023", 2024, cell("T", 1.5)),
        row("N00611", "0023", 2024, cell("T", 98.0)),
        row("U01611", "0023", 2024, cell("T", 3.0)),
    )
    assert [(f["value_low"], f["value_high"]) for f in result.table.to_pylist()] == [(0, 2.5), (95, 100)]


def test_an_uncertainty_that_belongs_to_no_figure_is_set_aside(read: Read) -> None:
    result = read(
        row("N01461", "0023", 2024, cell("T", 1.0)),  # its figure is of another area
        row("N01460", "0000", 2024, cell("T", 7.0), cell("K", None)),
        row("N01461", "0000", 2024, cell("T", -0.5), cell("K", 0.5)),
        row("N07661", "0000", 2024, cell("T", 0.5)),  # its KPI has no figures at all
    )
    assert sorted(aside(result)) == [
        ("N01461, 0000, 2024, K", "UNCERTAINTY_WITHOUT_VALUE"),
        ("N01461, 0000, 2024, T", "UNCERTAINTY_NEGATIVE"),
        ("N01461, 0023, 2024, T", "UNCERTAINTY_WITHOUT_VALUE"),
        ("N07661, 0000, 2024, T", "UNCERTAINTY_WITHOUT_VALUE"),
    ]
    assert {(f["value_low"], f["value_high"]) for f in result.table.to_pylist()} == {(None, None)}


def test_a_missing_uncertainty_leaves_the_figure_without_interval(read: Read) -> None:
    result = read(row("N01460", "0000", 2024, cell("T", 7.0)), row("N01461", "0000", 2024, cell("T", None)))
    assert (only(result)["value_low"], only(result)["value_high"], aside(result)) == (None, None, [])


def test_every_uncertainty_of_the_registry_belongs_to_a_share_whose_title_it_repeats(real: Registry) -> None:
    """The pairs were made by hand; a slip would give a figure the interval of another."""
    kpis = fetch_of(real.sources[ID]).kpis
    units = {measure.id: measure.unit for measure in real.sources[ID].measures}
    pairs = [(known, kpis[known.half_width_of]) for known in kpis.values() if known.half_width_of]
    assert len(pairs) == 12
    for half, whole in pairs:
        assert units[str(whole.measure)] == "procent"
        plain = whole.title.removeprefix("NTU - ").removeprefix("Medborgarundersökningen - ")
        assert half.title.replace(" ", "") == f"Osäkerhetstal-{plain}".replace(" ", "")


def test_figures_of_the_whole_country_are_what_a_plain_reading_makes_of_them(read: Read, real: Registry) -> None:
    """Some 20,000 numbers in a random order, against a dictionary."""
    random = np.random.default_rng(7)
    kpis = fetch_of(real.sources[ID]).kpis
    areas = [code for code, area in real.areas.items() if area.kind == "kommun" and area.valid_to is None]
    values = {
        (kpi, area, sex): float(random.integers(0, 50)) for kpi in kpis for area in areas for sex in "TKM"
        if random.random() < 0.7
    }  # fmt: skip
    keys = list(values)
    random.shuffle(keys)
    result = read(*(row(kpi, area, 2024, cell(sex, values[kpi, area, sex])) for kpi, area, sex in keys))
    half = {(known.half_width_of, area, sex): values[kpi, area, sex] for kpi, area, sex in keys
            if (known := kpis[kpi]).half_width_of}  # fmt: skip
    own = {key: value for key, value in values.items() if kpis[key[0]].measure}
    assert result.table.num_rows == len(own)
    assert result.set_aside.num_rows == len(half.keys() - own.keys())
    for figure in result.table.to_pylist():
        kpi, area, _, sex = figure["place"].split(", ")
        value, width = own[kpi, area, sex], half.get((kpi, area, sex))
        assert figure["value"] == value
        assert figure["value_low"] == (None if width is None else max(0, value - width))
        assert figure["value_high"] == (None if width is None else min(100, value + width))


# --- is it what the registry says -------------------------------------------------------------------------------------


def test_another_title_stops_with_what_was_found_and_expected(read: Read) -> None:
    with pytest.raises(
        LayoutChanged, match=r"N07403.*Found 'Anmälda brott totalt'; expected 'Anmälda våldsbrott, antal"
    ):
        read(N07403={"title": "Anmälda brott totalt"})


def test_a_title_differs_by_more_than_its_spaces_and_older_captures_may_have_an_earlier_one(
    read: Read, real: Registry
) -> None:
    source = real.sources[ID]
    title = fetch_of(source).kpis["N07403"].title
    read(N07403={"title": f" {title.replace(' ', '  ')} "})
    known = fetch_of(source).kpis["N07403"].model_copy(update={"title": "Ny titel", "earlier_titles": [title]})
    renamed = changed(source, kpis={**fetch_of(source).kpis, "N07403": known})
    for found in (title, "Ny titel"):
        read(source=renamed, N07403={"title": found})


def test_another_description_is_told_with_what_to_write(read: Read, real: Registry) -> None:
    """The stand-in's descriptions are not the real ones, so each is told."""
    text = "Påhittad  beskrivning av N07403."
    found = kolada.description_sha256(text)
    kpis = fetch_of(real.sources[ID]).kpis
    known = kpis["N07403"].model_copy(update={"description_sha256": found})
    told = [note for note in read().notes if note.startswith("Beskrivningen av")]
    assert len(told) == len(kpis)
    assert any("N07403" in note and f'"{found}"' in note for note in told)
    kept = read(source=changed(real.sources[ID], kpis={**kpis, "N07403": known})).notes
    assert not any("Beskrivningen av N07403" in note for note in kept)


def test_a_status_stops_until_somebody_has_written_what_it_means(read: Read, real: Registry) -> None:
    figures = row("N07402", "2326", 2024, cell("T", None, status="Private"))
    with pytest.raises(LayoutChanged, match=r"status 'Private' at 1 figures, the first of N07402, 2326; expected ''"):
        read(figures)
    knowing = changed(real.sources[ID], statuses={"Private": "suppressed"})
    figure = only(read(figures, source=knowing))
    assert (figure["value"], figure["value_status"]) == (None, "suppressed")
    shown = row("N07402", "2326", 2024, cell("T", 3.5, status="Private"))
    assert aside(read(shown, source=knowing)) == [("N07402, 2326, 2024, T", "VALUE_WITH_STATUS")]


@pytest.mark.scorecard(22, "a key figure that is withdrawn is no fault of the capture, one that is lost is")
def test_a_kpi_may_lack_only_if_it_was_withdrawn(real: Registry) -> None:
    source = real.sources[ID]
    document = capture(source, row("N07403", "0023", 2024, cell("T", 700.0)))
    document["kpi"] = [r for r in document["kpi"] if r["id"] not in ("N07402", "N01461")]
    content = json.dumps(document).encode()
    asked = {"kpis": sorted(set(fetch_of(source).kpis) - {"N07402", "N01461"})}
    gone = kolada.read(
        content, manifest(withdrawn=["reported_gross_violation_woman_rate"], request=asked), source, real
    )
    assert gone.table.num_rows == 1
    assert any("N01460 har inget intervall" in note for note in gone.notes)
    with pytest.raises(LayoutChanged, match=r"N07402 were asked for and are neither there nor withdrawn"):
        kolada.read(content, manifest(request={"kpis": [*asked["kpis"], "N07402"]}), source, real)


def test_figures_of_a_kpi_that_the_registry_no_longer_follows_are_set_aside(real: Registry) -> None:
    source = real.sources[ID]
    content = json.dumps(capture(source, row("N07402", "2380", 2024, cell("T", 1.0)))).encode()
    fewer = changed(source, kpis={k: v for k, v in fetch_of(source).kpis.items() if k != "N07402"})
    result = kolada.read(content, manifest(), fewer, real)
    assert_identity(result)
    assert aside(result) == [("N07402, 2380, 2024, T", "UNKNOWN_KPI")]


def test_figures_of_a_kpi_that_the_catalogue_does_not_explain_stop(read: Read) -> None:
    with pytest.raises(LayoutChanged, match="N00000 came, but not what these KPIs are"):
        read(row("N00000", "2380", 2024, cell("T", 1.0)))


def test_another_year_stops(read: Read) -> None:
    with pytest.raises(LayoutChanged, match="found the years 2023, 2024; expected 2024"):
        read(row("N07403", "0023", 2024, cell("T", 1.0)), row("N07403", "0000", 2023, cell("T", 1.0)))


def test_a_figure_that_stands_twice_stops(read: Read) -> None:
    with pytest.raises(LayoutChanged, match="N07403, 0023, 2024, T stands twice"):
        read(*[row("N07403", "0023", 2024, cell("T", 1.0))] * 2)
    with pytest.raises(LayoutChanged, match="N01461, 0023, 2024, T stands twice"):
        read(*[row("N01461", "0023", 2024, cell("T", 1.0))] * 2)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kpi": [], "values": null}',
        b'{"kpi": [{"id": "N07403"}], "values": []}',
        b'{"kpi": [], "values": [{"kpi": "N07403", "period": 2024}]}',
        b'{"kpi": [], "values": [{"kpi": "N07403", "period": "2024", "municipality": "0023", "values": []}]}',
        b'{"kpi": [], "values": [',
        b'{"kpi": [], "values": []}{"kpi": [], "values": []}',
    ],
)
def test_another_layout_stops(real: Registry, bad: bytes) -> None:
    with pytest.raises(LayoutChanged):
        kolada.read(bad, manifest(), real.sources[ID], real)


@pytest.mark.parametrize("fault", [{"isdeleted": None}, {"status": None}, {"count": None}, {"value": "7,5"}])
def test_a_member_that_is_always_there_must_be_there(read: Read, fault: dict[str, Any]) -> None:
    with pytest.raises(LayoutChanged):
        read(row("N07403", "0023", 2024, cell("T", 1.0) | fault))


@pytest.mark.parametrize(
    ("found", "made", "said"),
    [
        ("half_width_of: N01460", "half_width_of: N01461", "is the uncertainty of N01461, which is no measure here"),
        ("measure: exposed_violence_share", "measure: invented", "the source has no measure invented"),
        ("half_width_of: N01460", "measure: exposed_violence_share", "the measure 'exposed_violence_share' stands 2"),
        ("half_width_of: N01460", "age: T", "give either measure or half_width_of"),
    ],
)
def test_a_slip_in_the_registry_is_found_when_it_is_read(tmp_path: Path, found: str, made: str, said: str) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = tmp_path / "sources" / f"{ID}.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(f"{found}\n") == 1
    file.write_text(text.replace(f"{found}\n", f"{made}\n"), encoding="utf-8")
    with pytest.raises(RegistryError, match=re.escape(said)):
        read_folder(tmp_path)


# --- the gate ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def gated(real: Registry) -> Callable[..., Examination]:
    def run(*rows: dict[str, Any]) -> Examination:
        content = json.dumps(capture(real.sources[ID], *rows)).encode()
        examination, _ = examine(content, manifest(), real)
        return examination

    return run


def broken(examination: Examination) -> list[str]:
    return [finding.code for finding in examination.findings if not finding.holds]


def test_sound_figures_pass_the_gate(gated: Callable[..., Examination]) -> None:
    examination = gated(
        row("N07402", "2326", 2024, cell("T", 0.0)),
        row("N07403", "0000", 2024, cell("T", 1234.5)),
        row("N01460", "0000", 2024, cell("K", 6.5), cell("M", 7.5), cell("T", 7.0)),
        row("N01461", "0000", 2024, cell("K", 0.5), cell("M", 0.5), cell("T", 0.4)),
        row("U30750", "2326", 2024, cell("T", None)),
    )
    assert broken(examination) == []
    assert (examination.refused, examination.passed) == (False, 6)


@pytest.mark.parametrize(
    ("kpi", "value", "code"),
    [("N01460", 100.5, "SHARE_MOST_100"), ("N01460", -0.5, "VALUE_IN_RANGE"), ("N07403", -1.0, "VALUE_IN_RANGE")],
)
def test_a_share_above_100_and_a_rate_below_0_stop(
    gated: Callable[..., Examination], kpi: str, value: float, code: str
) -> None:
    examination = gated(row(kpi, "0000", 2024, cell("T", value)))
    assert code in broken(examination)
    assert examination.refused


def test_a_total_outside_of_women_and_men_is_told(gated: Callable[..., Examination]) -> None:
    """As it would be if the codes of gender meant something else."""
    examination = gated(row("N01460", "0000", 2024, cell("K", 6.0), cell("M", 12.0), cell("T", 4.0)))
    assert (broken(examination), examination.refused) == (["TOTAL_BETWEEN_SEXES"], False)


# --- a recorded answer ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="FOLLOWUP_PAYLOADS does not say where recorded answers lie")
def test_a_recorded_answer_is_read(real: Registry) -> None:
    recorded = json.loads((PAYLOADS / "kolada_v3_data_N21704_2023_omsorgsradar.json").read_bytes())
    known = KoladaKpi(
        measure="exposed_violence_share", title="Ett annat nyckeltal", description_sha256=kolada.description_sha256("")
    )
    source = changed(real.sources[ID], kpis={"N21704": known})
    document = {"kpi": [{"id": "N21704", "title": known.title, "description": ""}], "values": recorded["values"]}
    result = kolada.read(json.dumps(document).encode(), manifest("kpi-2023"), source, real)
    assert_identity(result)
    found = {(f["area"], f["sex"]): f["value"] for f in result.table.to_pylist()}
    assert len(found) == result.rows_in == 15
    assert (found["0180", "K"], found["2480", "M"]) == (25.688929, 15.756872)
    assert result.notes == []
