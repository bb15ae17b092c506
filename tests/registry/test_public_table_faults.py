"""A public table that names what is not there, or what is not public, is refused with its file and line."""

import shutil
from pathlib import Path

import pytest

from include.errors import RegistryError
from include.registry import read

TABLE = "public_tables/handlagda_brott.yaml"
FAULTS = [
    ("measure: bra_handled_offences.handled\n", "measure: bra_handled_offences.hanled\n", "there is no measure"),
    (
        "measure: bra_handled_offences.handled\n",
        "measure: E03.asked\n",
        "what parties deliver is never in a public table",
    ),
    ("denominator: scb_population.population\n", "denominator: scb_population_monthly.population\n", "speaks in month"),
    ("denominator_breakdown: total", "denominator_breakdown: offence:x", "there is no breakdown 'offence:x'"),
    ("  - measure: bra_handled_offences.cleared_person\n", "", "is not among the table's measures"),
    ("  - clearance_rate\n", "  - clearance\n", "the table has no 'clearance'"),
    (
        '  - breakdowns: ["offence:forced_marriage"]',
        '  - breakdowns: ["offence:x"]',
        "there is no breakdown 'offence:x'",
    ),
    ("indicators: [TMV-B05", "indicators: [TMV-B99", "there is no indicator TMV-B99"),
    ("page: handlagda-brott.html", "page: anmalda-brott.html", "is the page of anmalda_brott too"),
    ("page: handlagda-brott.html", "page: ../index.html", "page"),
    ("interval: poisson", "interval: wilson", "a share may have wilson, a rate poisson"),
    ("areas: [proxy, benchmark]", "areas: [proxy, riket]", "areas"),
]


@pytest.mark.parametrize(("was", "now", "said"), FAULTS, ids=[said for *_, said in FAULTS])
def test_a_fault_is_told_with_its_place(tmp_path: Path, was: str, now: str, said: str) -> None:
    folder = tmp_path / "registry"
    shutil.copytree(read.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / TABLE
    text = path.read_text(encoding="utf-8")
    assert was in text
    path.write_text(text.replace(was, now, 1), encoding="utf-8")
    with pytest.raises(RegistryError) as caught:
        read.read(folder)
    assert said in str(caught.value)
    assert TABLE in str(caught.value)
