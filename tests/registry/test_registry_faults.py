"""Every fault of a registry is told with file, line and what was expected; all of them at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from include.errors import RegistryError
from include.registry.read import read

Change = Callable[[str, str, str], int]


def faults(folder: Path) -> list[str]:
    with pytest.raises(RegistryError) as raised:
        read(folder)
    return [line.strip() for line in str(raised.value).splitlines()[1:]]


#: File, what is changed, to what, and what the one fault says behind "file:line: ".
WRONG_FILES = [
    (
        "sources/police_file.yaml",
        "    unit: brott\n  - id: cleared",
        "    unti: brott\n  - id: cleared",
        "did you mean 'unit'?",
    ),
    ("sources/police_file.yaml", "  link_pattern", "  link_pattrn", "did you mean 'link_pattern'?"),
    ("agreements/testlan.yaml", "short_title: Test", "short_titel: Test", "did you mean 'short_title'?"),
    ("agreements/testlan.yaml", 'county: "98"', "county: 98", "write codes and years in quotes"),
    ("agreements/testlan.yaml", "valid_to: 2024-02-29", "valid_to: 2023-02-29", "valid_to"),
    ("agreements/testlan.yaml", "themes: [B]", "themes: [Q]", "'F', 'U', 'B', 'K', 'S'"),
    ("agreements/testlan.yaml", "month: 11, day: 30", "month: 11, day: 31", "day"),
    ("indicators/TMV-B05.yaml", "status: active", "status: aktiv", "'active', 'development' or 'retired'"),
    (
        "indicators/TMV-B05.yaml",
        "status: active",
        "status: active\nstatus: retired",
        "'status' stands here and in line 3",
    ),
    ("indicators/TMV-B05.yaml", "id: TMV-B05", "id: TMV-B50", "expected the file's name, 'TMV-B05'"),
    ("sources/census_table.yaml", "  tables:", "  tables", "is not YAML"),
    ("extracts/E77.yaml", "due_days: 45", "due_days: snart", "'snart'"),
    ("codes/areas.csv", "kind,code,name", "kind,kod,name", "expected kind, code, name, parent"),
    ("codes/areas.csv", "lan,98,Provlän,00,Rn98,,", "lan,98,Provlän,00,Rn98,", "has 6 cells; expected 7"),
    ("codes/areas.csv", "kommun,9802,", "kommun,9801,", "'9801' stands already in areas.csv:6"),
    ("codes/areas.csv", "2021-12-31", "2021-12-32", "valid_to"),
    ("codes/breakdowns/offence.csv", "All offences,,true", "All offences,,kanske", "is_total"),
]


@pytest.mark.parametrize(("name", "old", "new", "expected"), WRONG_FILES)
def test_a_file_that_cannot_be_read_is_told_with_file_line_and_expectation(
    folder: Path, change: Change, name: str, old: str, new: str, expected: str
) -> None:
    change(name, old, new)
    told = faults(folder)
    assert any(line.startswith(f"{name}:") and expected in line for line in told), told


def test_an_unknown_key_is_refused_at_its_own_line_with_the_keys_that_exist(folder: Path, change: Change) -> None:
    line = change("extracts/E77.yaml", "    title: Årets möten", "    titel: Årets möten")
    told = faults(folder)
    assert f"extracts/E77.yaml:{line}: sheets.0.titel: no such key; did you mean 'title'?" in told[0] + told[1]
    assert any("Expected one of: name, title" in text for text in told)


def test_an_unknown_key_within_a_union_names_the_keys_of_that_kind(folder: Path, change: Change) -> None:
    line = change("sources/census_table.yaml", "  base_url:", "  base_urls:")
    told = [text for text in faults(folder) if "no such key" in text]
    assert len(told) == 1
    assert told[0].startswith(f"sources/census_table.yaml:{line}: fetch.pxweb.base_urls: ")
    assert "calls_per_second" in told[0]


def test_a_key_written_twice_is_refused_at_the_second_line(folder: Path, change: Change) -> None:
    line = change("sources/police_file.yaml", "producer: Polisen", "producer: Polisen\nproducer: Brå")
    assert faults(folder) == [
        f"sources/police_file.yaml:{line + 1}: the key 'producer' stands here and in line {line}; keep one"
    ]


def test_all_faults_of_all_files_are_told_together(folder: Path, change: Change) -> None:
    change("agreements/testlan.yaml", "short_title", "short")
    change("indicators/TMV-B05.yaml", "unit: ", "enhet: ")
    change("codes/areas.csv", "2021-12-31", "snart")
    told = faults(folder)
    assert {line.split(":")[0] for line in told} == {
        "agreements/testlan.yaml",
        "indicators/TMV-B05.yaml",
        "codes/areas.csv",
    }


#: File, what is changed, to what, and the fault: a reference to what does not exist or makes no sense.
WRONG_REFERENCES = [
    ("agreements/testlan.yaml", 'county: "98"', 'county: "97"', "county: there is no area '97'"),
    ("agreements/testlan.yaml", 'county: "98"', 'county: "9801"', "is a kommun; expected a lan"),
    ("agreements/testlan.yaml", "polisregion: Rn98", "polisregion: Rn99", "proxies.polisregion: there is no area"),
    ("agreements/testlan.yaml", "polisregion: Rn98", 'polisregion: "98"', "is a lan; expected a polisregion"),
    ("agreements/testlan.yaml", "valid_to: 2024-02-29\n", "", "valid_from and valid_to are both needed"),
    ("agreements/testlan.yaml", 'area: "9801"', 'area: "9999"', "parties.1.area: there is no area '9999'"),
    ("agreements/testlan.yaml", 'area: "9801"', 'area: "9901"', "Annan kommun lies in county 99; expected 98"),
    ("agreements/testlan.yaml", ', area: "9801"', "", "the municipality K9801 needs an area"),
    ("agreements/testlan.yaml", "code: K9801", "code: LST", "the code 'LST' stands 2 times"),
    ("agreements/testlan.yaml", "party: LST", "party: POL", "seats.0.party: no party has the code 'POL'"),
    ("agreements/testlan.yaml", "themes: [B]", "include: [TMV-B99]", "there is no indicator TMV-B99"),
    ("agreements/testlan.yaml", "themes: [B]", "exclude: [TMV-B05]", "TMV-B05 is of none of the goal area's themes"),
    ("agreements/testlan.yaml", "edition: closing", "edition: preliminary", "the edition 'preliminary' stands 2 times"),
    ("sources/police_file.yaml", "reader: bra", "reader: pra", "there is no include/check/readers/pra_table_300.py"),
    (
        "sources/police_file.yaml",
        "suite: bra",
        "suite: pra",
        "there is no include/check/suites/pra_handled_offences.py",
    ),
    ("agreements/testlan.yaml", "- {code: LST, party", "- {code: POL, party", "there is no breakdown 'seat:POL'"),
    ("agreements/testlan.yaml", "  - code: B", "  - code: Q", "goal_areas.0.code: there is no breakdown 'goal:Q'"),
    ("sources/police_file.yaml", "Rn97: Rn97", "Rn96: Rn96", "fetch.areas.Rn96: there is no area 'Rn96'"),
    (
        "sources/police_file.yaml",
        "  allowed_hosts: [police.example]",
        "  allowed_hosts: [bra.se]",
        "its host police.example is none",
    ),
    ("sources/police_file.yaml", "{period}\\.xlsx?$", "{period}(\\.xlsx?$", "is not a regular expression"),
    ("sources/police_file.yaml", "  - id: cleared", "  - id: handled", "the id 'handled' stands 2 times"),
    (
        "sources/police_file.yaml",
        "measures: [handled]",
        "measures: [handed]",
        "breaks.0.measures.0: there is no measure 'handed'",
    ),
    (
        "sources/police_file.yaml",
        '["offence:assault"]',
        '["offence:theft"]',
        "breaks.0.breakdowns.0: there is no breakdown",
    ),
    (
        "sources/police_file.yaml",
        'first_period: "2015"',
        'first_period: "2015-Q1"',
        "'2015-Q1' is a quarter; expected a year",
    ),
    (
        "sources/census_table.yaml",
        "  allowed_hosts: [census.example]",
        "  allowed_hosts: [x.example]",
        "its host census.example",
    ),
    ("sources/census_table.yaml", '      first_period: "2015"', '      first_period: "15"', "'15' is no year"),
    ("sources/census_table.yaml", '        Tid: ["{period}"]\n', "", "the time variable Tid is not selected"),
    ("sources/party_files.yaml", "[E77, E78]", "[E77, E78, E79]", "there is no extracts/E79.yaml"),
    ("extracts/E77.yaml", "measures: [persons, helped]", "measures: [persons, hjalpta]", "no measure 'hjalpta'"),
    ("extracts/E77.yaml", "[persons, helped]", "[persons, persons]", "the measures 'persons' stands 2 times"),
    (
        "extracts/E77.yaml",
        'breakdown: ["offence:assault"',
        'breakdown: ["offence:x"',
        "there is no breakdown 'offence:x'",
    ),
    ("extracts/E77.yaml", "sex: [K, M, T]", "sex: [K, M]", "a grid by sex needs T too"),
    ("extracts/E77.yaml", "sex: [K, M, T]", "sex: [K, N, T]", "'K', 'M', 'X' or 'T'"),
    ("extracts/E77.yaml", "right: [persons]", "right: [alla]", "checks.0.right.0: the extract has no measure 'alla'"),
    ("extracts/E77.yaml", "small_counts: false", "small_counts: false\nmasked: [4, 1]", "the least and the most"),
    (
        "extracts/E77.yaml",
        "    title: Personer\n",
        "    title: Personer\n    columns: [{name: a, label: A, help: A., type: text}]\n",
        "either columns or grid",
    ),
    ("extracts/E78.yaml", "name: Annat", "name: Personer", "is a sheet of E77 too, which comes in the same file"),
    ("agreements/testlan.yaml", "role: lansstyrelse", "role: lansstyrelse, masked: [9, 1]", "the least and the most"),
    ("party_checks/same.yaml", "E78.others", "E78.andra", "there is no measure 'E78.andra' of an extract"),
    ("extracts/E77.yaml", "[lansstyrelse]", "[regering]", "'regering' is no role of a party"),
    ("extracts/E77.yaml", "unique: [day]", "unique: [week]", "the sheet has no column 'week'"),
    ("extracts/E77.yaml", "name: sort", "name: day", "the name 'day' stands 2 times"),
    ("extracts/E77.yaml", "type: choice", "type: text", "choices belong to type choice"),
    ("indicators/TMV-B05.yaml", "theme: B", "theme: F", "found F; expected B"),
    ("indicators/TMV-B05.yaml", "police_file.cleared", "police_file.solved", "police_file has police_file.handled"),
    ("indicators/TMV-B05.yaml", "police_file.cleared", "polis.cleared", "there is no source or extract 'polis'"),
    (
        "indicators/TMV-B05.yaml",
        'handled, breakdown: ["offence:assault"]',
        'handled, breakdown: ["offence:x"]',
        "denominator.0.breakdown.0",
    ),
    (
        "indicators/TMV-B05.yaml",
        'All}, breakdown: ["offence:assault"]',
        'All}, breakdown: ["x:y"]',
        "series.0.breakdown.0",
    ),
    (
        "indicators/TMV-B05.yaml",
        "read_with: [TMV-B06]",
        "read_with: [TMV-B07]",
        "read_with.0: there is no other indicator TMV-B07",
    ),
    (
        "indicators/TMV-B05.yaml",
        "read_with: [TMV-B06]",
        "replaces: TMV-B05",
        "replaces: there is no other indicator TMV-B05",
    ),
    ("indicators/TMV-B06.yaml", "status: development", "status: active", "an active indicator needs a numerator"),
    ("corrections/known_fault.yaml", "source: police_file", "source: police", "there is no sources/police.yaml"),
    (
        "corrections/known_fault.yaml",
        "police_file.handled",
        "police_file.handed",
        "has no measure 'police_file.handed'",
    ),
    ("corrections/known_fault.yaml", "area: Rn98", "area: Rn99", "rows.area: there is no area 'Rn99'"),
    ("corrections/known_fault.yaml", "area: Rn98", "region: Rn98", "a figure has no column 'region'"),
    ("corrections/known_fault.yaml", "value: 7\n", "", "a value belongs to override and scale"),
    (
        "codes/areas.csv",
        "kommun,9801,Provkommun,98",
        "kommun,9801,Provkommun,00",
        "needs a parent of kind lan; found riket 00",
    ),
    ("codes/areas.csv", "kommun,9801,Provkommun,98", "kommun,9801,Provkommun,", "needs a parent of kind lan; found ''"),
    ("codes/areas.csv", "kommun,9801,Provkommun,98", "kommun,9801,Provkommun,99", "begin with its county's, 99"),
    ("codes/areas.csv", "riket,00,Riket,", "riket,00,Riket,00", "is part of nothing"),
    (
        "codes/areas.csv",
        "lan,98,Provlän,00,Rn98,,",
        "lan,98,Provlän,00,Rn98,2022-01-01,",
        "when its parent 98 does not",
    ),
    ("codes/areas.csv", "lan,98,Provlän,00,Rn98", "lan,98,Provlän,00,98", "is a lan; expected a polisregion"),
    ("codes/breakdowns/offence.csv", "offence:assault,", "assault,", "expected 'offence:' (the file's name)"),
    ("codes/breakdowns/offence.csv", "Assault,offence:all", "Assault,offence:none", "is no code of offence"),
]


@pytest.mark.parametrize(("name", "old", "new", "expected"), WRONG_REFERENCES)
def test_a_reference_that_leads_nowhere_is_told_with_its_file_and_line(
    folder: Path, change: Change, name: str, old: str, new: str, expected: str
) -> None:
    change(name, old, new)
    told = faults(folder)
    assert any(line.startswith(f"{name}:") and expected in line for line in told), told


def test_the_line_of_a_reference_is_that_of_the_value_itself(folder: Path, change: Change) -> None:
    line = change("indicators/TMV-B05.yaml", "{measure: police_file.cleared}", "{measure: police_file.gone}")
    assert faults(folder)[0].startswith(f"indicators/TMV-B05.yaml:{line}: numerator.0.measure: ")


def test_an_extract_that_no_inbox_takes_is_told_at_the_extract(folder: Path, change: Change) -> None:
    change("sources/party_files.yaml", "[E77, E78]", "[E78]")
    assert faults(folder) == ["extracts/E77.yaml:1: id: no source of kind inbox lists E77, so it would never be read"]


def test_a_semicolon_list_as_a_swedish_excel_saves_it_reads_the_same(folder: Path) -> None:
    before = read(folder)
    path = folder / "codes" / "areas.csv"
    path.write_text("\ufeff" + path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    assert read(folder) == before


def test_a_list_saved_in_another_encoding_is_told(folder: Path) -> None:
    path = folder / "codes" / "areas.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    assert faults(folder) == [
        f"codes/areas.csv:1: is not UTF-8 (byte {path.read_bytes().index(0xE4)}); save it as 'CSV UTF-8'"
    ]
