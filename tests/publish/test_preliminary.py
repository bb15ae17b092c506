"""A preliminary figure is never set beside a final one without a word of it: in changes, charts, tables and trends."""

import re
from pathlib import Path
from typing import Any

import pytest

from include.measure.trend import Point, five_point
from include.publish import charts, diff, run
from include.publish.audit import examine
from include.publish.diff import compare
from include.publish.figures import figures
from include.publish.release import get
from tests.publish import scene


def change(was: bool, now: bool, before: float | None = 168.0, after: float | None = 171.0) -> diff.Change:
    """Return the change of a value between two releases, each preliminary or not."""
    rows = [scene.share(2023, top, 1000, preliminary=mark) for top, mark in ((before or 1, was), (after or 1, now))]
    for row, top in zip(rows, (before, after), strict=True):
        if top is None:
            row |= {"value": None, "obs_status": "missing", "reason_sv": "Saknas."}
    old, new = (scene.content([row]).values for row in rows)
    (found,) = compare(old, new, {}, {})
    return found


@pytest.mark.parametrize(
    ("was", "now", "note"),
    [
        (True, False, "En preliminär uppgift blev slutlig."),
        (False, True, "En slutlig uppgift blev preliminär."),
        (True, True, "Båda uppgifterna är preliminära."),
        (False, False, ""),
    ],
)
def test_a_change_says_which_of_its_figures_is_preliminary(was, now, note):
    found = change(was, now)
    assert (found.kind, found.note_sv) == ("revised", note)
    said = diff.summary([found], "prov-2025-final-1", "prov-2025-final-2", {"TMV-B05": "procent"})
    assert said.endswith(f"16.8 blev 17.1 (procent){f' {note}' if note else ''}")


def test_a_figure_that_becomes_final_unchanged_says_so_too():
    found = change(True, False, 168.0, 168.0)
    assert (found.kind, found.field, found.note_sv) == ("flags", "preliminary", "En preliminär uppgift blev slutlig.")


def test_nothing_is_said_where_there_are_no_two_figures():
    assert change(True, False, 168.0, None).note_sv == ""


def segments(*preliminary: bool) -> list[set[int]]:
    """Return the years that a chart joins with each line, of a figure for each year from 2019."""
    rows = [scene.share(2019 + place, 160 + place, 1000, preliminary=one) for place, one in enumerate(preliminary)]
    content = scene.content(rows)
    (figure,) = figures(content, content.registry.indicators["TMV-B05"])
    found: dict[str, set[int]] = {}
    for point in charts._points(charts.drawn(figure)):
        found.setdefault(point["segment"], set()).add(point["year"])
    return list(found.values())


def test_no_line_joins_a_final_figure_with_a_preliminary_one():
    assert segments(False, False, False) == [{2019, 2020, 2021}]
    assert segments(False, False, True) == [{2019, 2020}, {2021}]
    assert segments(True, True, True) == [{2019, 2020, 2021}]
    assert segments(False, True, False) == [{2019}, {2020}, {2021}]


def test_the_picture_says_by_itself_which_year_is_preliminary():
    """A chart is copied without the page that explains it."""

    def drawing(last: bool) -> str:
        rows = [scene.share(year, 160, 1000, preliminary=last and year == 2021) for year in (2020, 2021)]
        content = scene.content(rows)
        (figure,) = figures(content, content.registry.indicators["TMV-B05"])
        svg = charts.svg(figure, "Beskrivning.")
        assert svg is not None
        return re.sub(r"<(title|desc)\b.*?</\1>", "", svg)

    assert drawing(True).count("preliminär") == 1
    assert "preliminär" not in drawing(False)


def test_a_trend_is_not_tested_over_both():
    points = [Point(2019 + place, 10.0 + place, 9.9 + place, 10.1 + place) for place in range(5)]
    assert five_point(points).result == "up"
    late = [*points[:4], Point(2023, 14.0, 13.9, 14.1, preliminary=True)]
    assert five_point(late).result == "cannot_be_calculated"
    assert "Preliminära och slutliga" in five_point(late).reason_sv


@pytest.mark.postgres
def test_the_audit_finds_a_row_or_a_change_that_does_not_say_it(county: Any, warehouse: Any, monkeypatch: Any) -> None:
    """Both stand on the page of changes and in the table of values of a release that revises a preliminary figure."""
    rows = scene.values()
    county(rows=rows)
    first = run.build("prov", 2025, "preliminary", scene.AS_OF)
    for step in (run.audit, run.compare):
        step(first.release_id)
    run.release(first.release_id, {"decision": "waived", "by": "test", "reason": "bundled data"})
    place = next(n for n, row in enumerate(rows) if row["preliminary"] and row["area"] == "Rn01")
    rows[place] = scene.share(2025, 170, 1005, preliminary=True)
    county(rows=rows)
    built = run.build("prov", 2025, "final", scene.AS_OF)
    folder = Path(built.directory)
    page = (folder / "andringar.html").read_text(encoding="utf-8")
    assert "Båda uppgifterna är preliminära." in page

    def faults() -> str:
        with warehouse.engine("publisher").connect() as connection:
            result = examine(connection, get(connection, built.release_id), folder, run.registry())
        return next(check.detail for check in result.checks if check.name == "preliminary_is_told" and not check.passed)

    table = folder / "data/changes.csv"
    kept = table.read_bytes()
    table.write_bytes(kept.replace("Båda uppgifterna är preliminära.".encode(), b""))
    assert "changes TMV-B05" in faults()
    table.write_bytes(kept)
    shown = folder / "TMV-B05.html"
    shown.write_text(re.sub("[Pp]reliminär", "slutlig", shown.read_text(encoding="utf-8")), encoding="utf-8")
    assert "the row does not say" in faults()
