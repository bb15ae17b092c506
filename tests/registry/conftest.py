"""A small registry of an invented county, whole and without fault, for tests to break in one place at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

FILES = {
    "agreements/testlan.yaml": """\
id: testlan
title: {sv: Överenskommelse, en: Agreement}
short_title: Test
county: "98"
proxies: {polisregion: Rn98}
valid_from: 2020-03-01
valid_to: 2024-02-29
parties:
  - {code: LST, role: lansstyrelse, name: Länsstyrelsen}
  - {code: K9801, role: kommun, area: "9801", name: Provkommun}
seats:
  - {code: LST, party: LST, name: Landshövding}
goal_areas:
  - code: B
    name: {sv: Brott, en: Crime}
    text: Fler brott klaras upp.
    themes: [B]
editions:
  - {edition: preliminary, month: 3, day: 15}
  - {edition: closing, month: 11, day: 30}
""",
    "sources/police_file.yaml": """\
id: police_file
title: {sv: Fil, en: File}
producer: Polisen
producer_id: police
licence: fri
citation: "Källa: Polisen"
release: {speaks_in: year, first_period: "2015", lag_days: 105}
fetch:
  kind: http_file
  listing_url: https://police.example/{area}/{period}
  link_pattern: ^{area}-{period}\\.xlsx?$
  areas: {"00": La, Rn97: Rn97, Rn98: Rn98}
  allowed_hosts: [police.example]
reader: bra_table_300
suite: bra_handled_offences
measures:
  - id: handled
    label: {sv: Handlagda, en: Handled}
    unit: brott
  - id: cleared
    label: {sv: Uppklarade, en: Cleared}
    unit: brott
breaks:
  - year: 2019
    text: {sv: Ny kod, en: New code}
    measures: [handled]
    breakdowns: ["offence:assault"]
""",
    "sources/census_table.yaml": """\
id: census_table
title: {sv: Tabell, en: Table}
producer: SCB
producer_id: census
licence: CC0
citation: "Källa: SCB"
release: {speaks_in: year, first_period: "2015", lag_days: 53}
fetch:
  kind: pxweb
  base_url: https://census.example/api
  allowed_hosts: [census.example]
  tables:
    - id: TAB1
      first_period: "2015"
      selection:
        Region: ["{areas}"]
        Tid: ["{period}"]
reader: jsonstat2
suite: scb_population
measures:
  - id: population
    label: {sv: Folkmängd, en: Population}
    unit: personer
""",
    "sources/party_files.yaml": """\
id: party_files
title: {sv: Uttag, en: Extracts}
producer: Parterna
producer_id: parties
licence: fri
citation: "Källa: parterna"
release: {speaks_in: year, first_period: "2021", lag_days: 45}
fetch: {kind: inbox, extracts: [E77, E78]}
reader: extracts
suite: agency_extracts
measures: []
""",
    "extracts/E77.yaml": """\
id: E77
title: {sv: Möten, en: Meetings}
schema_version: "1.0"
delivered_by: [lansstyrelse]
speaks_in: year
due_days: 45
small_counts: false
sheets:
  - name: Möten
    title: Årets möten
    columns:
      - {name: day, label: Dag, help: Dagen., type: date}
      - {name: sort, label: Slag, help: Slaget., type: choice, choices: {a: A, b: B}}
    unique: [day]
  - name: Personer
    title: Personer
    grid: {measures: [persons, helped], sex: [K, M, T], breakdown: ["offence:assault", total]}
measures:
  - id: meetings
    label: {sv: Möten, en: Meetings}
    unit: möten
  - id: persons
    label: {sv: Personer, en: Persons}
    unit: personer
  - id: helped
    label: {sv: Hjälpta, en: Helped}
    unit: personer
checks:
  - {left: [helped], relation: at_most, right: [persons], text: {sv: Högst alla., en: All at most.}}
""",
    "extracts/E78.yaml": """\
id: E78
title: {sv: Annat, en: Other}
schema_version: "1.0"
delivered_by: [lansstyrelse]
speaks_in: year
due_days: 45
small_counts: false
sheets:
  - name: Annat
    title: Annat
    grid: {measures: [others]}
measures:
  - id: others
    label: {sv: Andra, en: Others}
    unit: personer
""",
    "party_checks/same.yaml": """\
id: same
left: [E77.persons]
relation: equal
right: [E78.others]
text: {sv: Lika många., en: As many.}
""",
    "indicators/TMV-B05.yaml": """\
id: TMV-B05
definition_version: 1
status: active
theme: B
name: {sv: Uppklaring, en: Clearance}
definition: {sv: Andel, en: Share}
unit: procent
direction: "+"
value: share
per: 100
numerator:
  - {measure: police_file.cleared}
denominator:
  - {measure: police_file.handled, breakdown: ["offence:assault"]}
series:
  - {id: all, label: {sv: Alla, en: All}, breakdown: ["offence:assault"]}
areas: [proxy, benchmark]
interval: wilson
suppression: public_source
read_with: [TMV-B06]
""",
    "indicators/TMV-B06.yaml": """\
id: TMV-B06
definition_version: 1
status: development
theme: B
name: {sv: Lagföring, en: Prosecution}
definition: {sv: Andel, en: Share}
not_yet: {sv: Källan är inte ansluten., en: The source is not connected.}
unit: procent
direction: "+"
value: share
numerator: []
series: []
areas: [proxy]
interval: none
suppression: public_source
read_with: [TMV-B05]
""",
    "corrections/known_fault.yaml": """\
id: known_fault
source: police_file
rows: {measure: police_file.handled, area: Rn98, period: "2016"}
action: override
value: 7
expect: 70
reason: {sv: Skrivfel, en: Typing error}
status: open
""",
    "codes/areas.csv": """\
kind,code,name,parent,police_region,valid_from,valid_to
riket,00,Riket,,,,
polisregion,Rn97,Polisregion Annan,00,,2015-01-01,
polisregion,Rn98,Polisregion Prov,00,,2015-01-01,
lan,98,Provlän,00,Rn98,,
kommun,9801,Provkommun,98,,,
kommun,9802,Gammal,98,,,2021-12-31
kommun,9803,Ny,98,,2022-01-01,
lan,99,Annat län,00,,,
kommun,9901,Annan kommun,99,,,
""",
    "codes/breakdowns/seat.csv": "code,label_sv,label_en,parent,is_total\nseat:LST,Länsstyrelsen,County board,,\n",
    "codes/breakdowns/goal.csv": "code,label_sv,label_en,parent,is_total\ngoal:B,Brott,Crime,,\n",
    "codes/breakdowns/offence.csv": """\
code,label_sv,label_en,parent,is_total
offence:all,Alla brott,All offences,,true
offence:assault,Misshandel,Assault,offence:all,
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small registry that reads without fault."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def change(folder: Path) -> Callable[[str, str, str], int]:
    """Replace a text in a file of the small registry and return the line (from 1) it stood in."""

    def replace(name: str, old: str, new: str) -> int:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    return replace
