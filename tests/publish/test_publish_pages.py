"""The pages and files of a release without a database: what they must say, and what they must never say."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from include import settings
from include.publish import files, wording
from include.publish.content import sha256_of
from include.publish.htmlread import read_page
from include.publish.site import pages
from tests.publish import scene

ID = "prov-2025-final-1"


@pytest.fixture(scope="module")
def site() -> dict[str, str]:
    content = scene.content()
    return pages.render(content, ID, None, [], files.tables(content, ID, []))


def test_same_content_gives_the_same_pages(site: dict[str, str]) -> None:
    content = scene.content()
    assert pages.render(content, ID, None, [], files.tables(content, ID, [])) == site


def test_another_process_gives_the_same_pages(site: dict[str, str]) -> None:
    """Neither the order of a set nor the process decides a byte."""
    code = (
        "from include.publish import files; from include.publish.site import pages; from tests.publish import scene; "
        "from include.publish.content import sha256_of; c = scene.content(); "
        f"print(sha256_of(pages.render(c, '{ID}', None, [], files.tables(c, '{ID}', []))))"
    )
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(settings.ROOT)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == sha256_of(site)


def test_every_page_is_sound(site: dict[str, str]) -> None:
    """One h1, headings in order, language, captions, scopes, alt texts, no script, nothing from elsewhere."""
    for name, text in site.items():
        if name.endswith(".html"):
            assert list(read_page(text).faults()) == [], name
            assert "default-src 'none'" in text


def test_every_link_leads_somewhere(site: dict[str, str]) -> None:
    written = {"release.json", "datapackage.json"}
    for name, text in site.items():
        if name.endswith(".html"):
            for target in read_page(text).local:
                assert target in site or target in written or target.startswith("data/"), (name, target)


def test_hostile_labels_stay_inert() -> None:
    """A label with markup is text in pages and charts, never markup."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    content = scene.content(registry=scene.registry(hostile=evil))
    made = pages.render(content, ID, None, [], files.tables(content, ID, []))
    for name, text in made.items():
        assert "<script" not in text, name
        assert "<img src=x" not in text, name
        if name.endswith(".svg"):
            fromstring(text)
    assert "&lt;script&gt;" in made["TMV-B05.html"]


def test_charts_are_named_images(site: dict[str, str]) -> None:
    drawings = [text for name, text in site.items() if name.endswith(".svg")]
    assert drawings
    for text in drawings:
        root = fromstring(text)
        assert root.get("role") == "img"
        assert [child.tag.split("}")[1] for child in root][:2] == ["title", "desc"]


def test_a_break_splits_the_line_and_is_named(site: dict[str, str]) -> None:
    drawing = site["diagram/TMV-B05-1.svg"]
    assert "seriebrott" in drawing
    strands = re.findall(r"mark-line role-mark[^>]*>(.*?)</g>", drawing)
    # Two areas, each before and after 2023, and the preliminary 2025 by itself.
    assert sum(group.count("<path") for group in strands) == 6


def test_example_data_is_marked_where_it_can_be_taken_for_real(site: dict[str, str]) -> None:
    page = site["TMV-S01.html"]
    assert "EXEMPELDATA" in read_page(page).banner
    assert page.count('<caption><strong class="example">EXEMPELDATA') == 3  # the county, the way to its target, a party
    assert site["diagram/TMV-S01-1.svg"].count("EXEMPELDATA") >= 3  # name, heading, and across the picture
    assert "EXEMPELDATA" not in site["TMV-C01.html"].split("<main")[1].split('class="banner"')[-1].split("</p>", 1)[1]


def test_the_stand_in_is_always_called_one(site: dict[str, str]) -> None:
    words = "Polisregion Nord (står för Jämtlands län – länets egna siffror publiceras inte)"
    for name in ("TMV-B05.html", "diagram/TMV-B05-1.svg"):
        assert words in site[name], name
    for name in ("TMV-B05.html", "mal-B.html", "index.html"):
        assert "i polisregion Nord, som står för länet, " in site[name], name
    assert "in police region Nord, which stands in for the county, " in site["english.html"]


def test_missing_is_said_in_words(site: dict[str, str]) -> None:
    page = read_page(site["TMV-B05.html"])
    first = next(row for row in page.rows if row.key.endswith("|2019") and "Rn01|K" in row.key)
    assert first.cells["value"] == (None, "uppgift saknas")
    assert "Saknas hos Brå." in first.text
    assert not [row for row in page.rows for _, shown in row.cells.values() if not shown.strip()]


def test_a_suppressed_value_is_an_x_with_words() -> None:
    rows = scene.values()
    hidden = {"numerator": None, "value": None, "ci_low": None, "ci_high": None, "conf_status": "suppressed"}
    rows[1] |= hidden | {"obs_status": "suppressed", "reason_sv": "Skyddad."}
    content = scene.content(rows)
    made = pages.render(content, ID, None, [], files.tables(content, ID, []))
    shown = next(row for row in read_page(made["TMV-B05.html"]).rows if "|00|" in row.key and row.key.endswith("|2019"))
    assert shown.cells["value"] == (None, "xskyddad uppgift, visas inte av hänsyn till enskilda")
    assert shown.cells["numerator"][0] is None
    assert '<span aria-hidden="true">x</span><span class="sr">' in made["TMV-B05.html"]


def test_neutral_indicators_are_never_better_or_worse(site: dict[str, str]) -> None:
    text = site["TMV-C01.html"].split("<h1>")[1].split("Så läser du")[0]
    assert not re.search(r"bättre|sämre|förbättr|försämr|riktning", text)


def test_change_is_said_only_as_the_test_says(site: dict[str, str]) -> None:
    page = site["TMV-B05.html"]
    assert "Förändringen kan inte prövas. Serien bryts 2023." in page
    assert "har andelen blivit högre, en säkerställd förändring i målets riktning." in page


def test_the_reader_meets_the_sentence_before_the_table(site: dict[str, str]) -> None:
    """On every indicator's page the sentence of a line stands before the line's rows, and once."""
    content = scene.content()
    for each in content.assessments:
        page = read_page(site[f"{each.indicator_id}.html"])
        key = "|".join(each.key)
        (told,) = [one for one in page.sentences if one.key == key]
        assert told.text == each.sentence_sv
        line = (each.indicator_id, each.series, each.area, each.sex, each.age, each.breakdown)
        keys = [row.key.split("|") for row in page.rows]
        assert told.rows_before <= min(n for n, k in enumerate(keys) if (*k[:5], k[6]) == line)


def test_other_pages_show_the_first_sentence_of_each_indicator(site: dict[str, str]) -> None:
    """The goal's page, the front page (of what has a value) and the English page have one sentence an indicator."""
    told = {name: [one.text for one in read_page(site[name]).sentences] for name in site if name.endswith(".html")}
    lead = {}
    for each in scene.content().assessments:
        lead.setdefault(each.indicator_id, each)
    assert told["mal-B.html"] == [lead["TMV-B05"].sentence_sv]
    assert sorted(told["english.html"]) == sorted(each.sentence_en for each in lead.values())
    assert sorted(told["index.html"]) == sorted(lead[c].sentence_sv for c in ("TMV-B05", "TMV-S01", "TMV-C01"))


def test_comparison_and_progress_show_their_arithmetic(site: dict[str, str]) -> None:
    """The page shows what a comparison and the way to a target are reckoned from, an invented one marked."""
    page = site["TMV-B05.html"]
    assert "Jämförelse 2025: Misshandel mot kvinna" in page
    assert "ingen säkerställd skillnad" in page
    assert "Uppgift saknas för jämförelseområdet." in page
    way = site["TMV-S01.html"].split("Väg mot målet: ")[-1]
    assert '<td>2021</td><td class="num">4</td><td class="num">4</td><td class="num">4</td><td>2026</td>' in way
    assert '<td class="num">0,0\u00a0procent</td>' in way
    assert "uppnått" in way


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (1234567.0, 0, "1\u00a0234\u00a0567"),
        (16.25, 1, "16,3"),
        (2.675, 2, "2,68"),
        (-0.04, 1, "0,0"),
        (-12.5, 1, "−12,5"),
        (0.0, 0, "0"),
    ],
)
def test_swedish_numbers(value: float, decimals: int, shown: str) -> None:
    assert wording.number(value, decimals) == shown


def test_formulas_in_text_are_escaped_and_figures_are_not() -> None:
    table = files.Table(
        "t", "T", (files.Field("a", "string", "."), files.Field("b", "number", ".")), (("=1+1", -2.5), ("-", 3.0)), ()
    )
    assert files.csv_bytes(table) == b"a,b\n'=1+1,-2.5\n-,3\n"
    assert files.excel_csv_bytes(table) == b"\xef\xbb\xbfa;b\n'=1+1;-2,5\n-;3\n"


def test_the_data_package_describes_every_table(tmp_path: Path) -> None:
    content = scene.content()
    found = files.tables(content, ID, [])
    files.write_tables(tmp_path / "data", found)
    package = json.loads(json.dumps(files.data_package(content, ID, found)))
    assert re.fullmatch(r"[-a-z0-9._/]+", package["name"])
    for resource in package["resources"]:
        head = (tmp_path / resource["path"]).read_text(encoding="utf-8").split("\n")[0]
        assert head == ",".join(field["name"] for field in resource["schema"]["fields"])
        assert all(field["description"] for field in resource["schema"]["fields"])


def test_a_page_takes_little_time() -> None:
    content = scene.content()
    began = time.perf_counter()
    pages.render(content, ID, None, [], files.tables(content, ID, []))
    assert time.perf_counter() - began < 30  # a guard against a blow-up, not a measurement
