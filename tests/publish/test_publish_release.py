"""Releases: built whole or not at all, the same bytes every time, released only when they may be, never changed."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from include.errors import ReleaseRefused, UsageError
from include.load import tables as t
from include.publish import release as store
from include.publish import run, summary
from tests.publish import scene

pytestmark = pytest.mark.postgres

County = Callable[..., None]
WAIVED = {"decision": "waived", "by": "make run", "reason": "bundled data"}
APPROVED = {"decision": "approved", "by": "Samordnaren", "reason": ""}


def publish(year: int = 2025, edition: str = "final", approval: dict[str, str] = WAIVED) -> run.BuildResult:
    built = run.build("prov", year, edition, scene.AS_OF)
    run.audit(built.release_id)
    run.compare(built.release_id)
    run.release(built.release_id, approval)
    return built


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_passes_its_own_audit_and_becomes_current(county: County, warehouse: Any) -> None:
    built = publish()
    assert built.release_id == "prov-2025-final-1"
    assert (built.state, built.is_example, built.origins) == ("built", True, ["example", "reconstructed"])
    with warehouse.engine("publisher").connect() as connection:
        assert store.current(connection) == {"prov": built.release_id}
    index = (warehouse.home / "published" / "index.html").read_text(encoding="utf-8")
    assert "godkännande: avstått (medföljande data)" in index
    assert 'href="prov/prov-2025-final-1/index.html"' in index


def test_the_same_content_is_built_once(county: County, warehouse: Any) -> None:
    built = publish()
    before = everything(warehouse.home / "published")
    again = run.build("prov", 2025, "final", datetime(2026, 9, 1, tzinfo=UTC))
    assert (again.release_id, again.state) == (built.release_id, "unchanged")
    assert everything(warehouse.home / "published") == before


def test_files_that_were_lost_are_made_anew(county: County, warehouse: Any) -> None:
    publish()
    before = everything(warehouse.home / "published")
    shutil.rmtree(warehouse.home / "published")
    assert run.build("prov", 2025, "final", scene.AS_OF).state == "unchanged"
    assert everything(warehouse.home / "published") == before


def test_two_homes_hold_the_same_bytes(county: County, warehouse: Any, tmp_path: Path, monkeypatch: Any) -> None:
    publish(2024)
    publish()
    first = everything(warehouse.home / "published")
    monkeypatch.setenv("FOLLOWUP_PUBLISHED", str(tmp_path / "elsewhere"))
    with warehouse.superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM warehouse.current_release")
        for table in (*t.RELEASE_TABLES, t.release):
            connection.execute(f"DELETE FROM warehouse.{table.name}")
    publish(2024)
    publish()
    assert everything(tmp_path / "elsewhere") == first


def test_built_but_not_released_is_carried_on(county: County) -> None:
    first = run.build("prov", 2025, "final", scene.AS_OF)
    again = run.build("prov", 2025, "final", scene.AS_OF)
    assert (again.release_id, again.state) == (first.release_id, "built")


def test_new_figures_make_a_new_release_with_its_difference(county: County, warehouse: Any) -> None:
    publish()
    rows = scene.values()
    rows[1] |= {"numerator": 15007.0, "value": 100 * 15007 / 98765}
    county(rows=rows)
    built = publish()
    assert built.release_id == "prov-2025-final-2"
    with warehouse.engine("publisher").connect() as connection:
        found = connection.execute(sa.select(t.release_change)).mappings().all()
        assert [(c["kind"], c["indicator_id"], c["year"]) for c in found if c["release_id"] == built.release_id] == [
            ("revised", "TMV-B05", 2019)
        ]
        assert "Reviderade värden: 1" in (store.get(connection, built.release_id).diff_sv or "")
    page = (Path(built.directory) / "andringar.html").read_text(encoding="utf-8")
    assert "prov-2025-final-1" in page
    assert "Personuppklaringsprocent" in page


def test_a_crash_before_the_rows_leaves_nothing(county: County, warehouse: Any, monkeypatch: Any) -> None:
    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "insert", crash)
        with pytest.raises(KeyboardInterrupt):
            run.build("prov", 2025, "final", scene.AS_OF)
    with warehouse.engine("publisher").connect() as connection:
        assert store.stored(connection) == []
    assert publish().state == "built"
    assert not list((warehouse.home / "published" / "prov").glob(".building-*"))


def test_rows_without_files_get_their_files(county: County, warehouse: Any, monkeypatch: Any) -> None:
    """A crash between the rows and the files is completed by the next build, with the bytes it would have had."""

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "_move", crash)
        with pytest.raises(KeyboardInterrupt):
            run.build("prov", 2025, "final", scene.AS_OF)
    later = run.build("prov", 2025, "final", datetime(2026, 9, 1, tzinfo=UTC))
    assert later.state == "built"
    listing = json.loads((Path(later.directory) / "release.json").read_text(encoding="utf-8"))
    assert listing["as_of"] == "2026-07-07T12:00:00Z"
    assert publish().release_id == later.release_id


def test_rows_without_files_give_way_to_newer_knowledge(county: County, monkeypatch: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(run, "_move", lambda *_: None)
        run.build("prov", 2025, "final", scene.AS_OF)
    rows = scene.values()
    rows[4] |= {"value": 1.0, "numerator": 1.0}
    county(rows=rows)
    assert publish().release_id == "prov-2025-final-1"


def test_files_of_a_lost_database_are_kept_if_equal_and_never_overwritten(county: County, warehouse: Any) -> None:
    built = run.build("prov", 2025, "final", scene.AS_OF)
    with warehouse.engine("publisher").begin() as connection:
        store.delete(connection, built.release_id)
    before = everything(Path(built.directory))
    assert run.build("prov", 2025, "final", scene.AS_OF).state == "built"
    assert everything(Path(built.directory)) == before
    with warehouse.engine("publisher").begin() as connection:
        store.delete(connection, built.release_id)
    rows = scene.values()
    rows[4] |= {"value": 1.0, "numerator": 1.0}
    county(rows=rows)
    with pytest.raises(ReleaseRefused, match="never overwritten"):
        run.build("prov", 2025, "final", scene.AS_OF)
    assert everything(Path(built.directory)) == before
    with warehouse.engine("publisher").connect() as connection:
        assert store.stored(connection) == []


def test_a_late_correction_does_not_take_the_place_of_a_later_year(county: County, warehouse: Any) -> None:
    publish(2024)
    publish(2025)
    built = publish(2024, "correction")
    with warehouse.engine("publisher").connect() as connection:
        assert store.current(connection) == {"prov": "prov-2025-final-1"}
        assert store.get(connection, built.release_id).released_at is not None
        assert store.get(connection, built.release_id).previous_release_id == "prov-2024-final-1"


@pytest.mark.parametrize(
    ("approval", "said"),
    [
        ({"decision": "rejected", "by": "Samordnaren", "reason": "fel"}, "not approved"),
        ({"decision": "approved", "by": "", "reason": ""}, "does not say who"),
        ({}, "not approved"),
    ],
)
def test_without_approval_nothing_is_released(
    county: County, warehouse: Any, approval: dict[str, str], said: str
) -> None:
    built = run.build("prov", 2025, "final", scene.AS_OF)
    run.audit(built.release_id)
    run.compare(built.release_id)
    with pytest.raises(ReleaseRefused, match=said):
        run.release(built.release_id, approval)
    with warehouse.engine("publisher").connect() as connection:
        assert store.current(connection) == {}
        decision = approval.get("decision") if approval.get("decision") == "rejected" else None
        assert store.get(connection, built.release_id).approval == decision


def test_audit_and_comparison_come_first(county: County) -> None:
    built = run.build("prov", 2025, "final", scene.AS_OF)
    with pytest.raises(ReleaseRefused, match="audit"):
        run.release(built.release_id, APPROVED)
    run.audit(built.release_id)
    with pytest.raises(ReleaseRefused, match="compared"):
        run.release(built.release_id, APPROVED)


def test_live_data_cannot_waive_approval(county: County) -> None:
    rows = [row | {"origin": "live"} if row["origin"] == "reconstructed" else row for row in scene.values()]
    county(rows=rows, origin="live")
    built = run.build("prov", 2025, "final", scene.AS_OF)
    run.audit(built.release_id)
    run.compare(built.release_id)
    with pytest.raises(ReleaseRefused, match="cannot be waived"):
        run.release(built.release_id, WAIVED)
    run.release(built.release_id, APPROVED)


def test_files_that_were_touched_are_not_released(county: County) -> None:
    built = run.build("prov", 2025, "final", scene.AS_OF)
    (Path(built.directory) / "index.html").write_text("other", encoding="utf-8")
    with pytest.raises(ReleaseRefused, match="hashes_match"):
        run.audit(built.release_id)
    with pytest.raises(ReleaseRefused, match="checksums"):
        run.build("prov", 2025, "final", scene.AS_OF)
    shutil.rmtree(built.directory)
    assert publish().state == "built"


def test_arguments_that_make_no_sense_are_refused(county: County) -> None:
    with pytest.raises(UsageError, match="agreement"):
        run.build("nobody", 2025, "final", scene.AS_OF)
    with pytest.raises(UsageError, match="no time zone"):
        run.build("prov", 2025, "final", scene.AS_OF.replace(tzinfo=None))
    with pytest.raises(UsageError, match="2019"):
        run.build("prov", 2019, "final", scene.AS_OF)
    with pytest.raises(UsageError, match="edition"):
        run.build("prov", 2025, "second", scene.AS_OF)
    with pytest.raises(ReleaseRefused, match="not over"):
        run.build("prov", 2026, "final", scene.AS_OF)
    with pytest.raises(UsageError, match="no release"):
        run.audit("prov-2025-final-9")


def test_the_summary_says_what_is_there_and_what_is_not(county: County) -> None:
    publish()
    text = summary.summary()
    assert "prov-2025-final-1, goal area " in text
    assert "waived  holds EXEMPELDATA (invented figures)  <- current" in text
    assert "TMV-U02 Frågan om våld: Källan är inte säkrad." in text
    assert "file://" in text
    assert text == summary.summary("prov")


def test_a_series_is_told_from_its_first_year_and_at_the_latest_from_the_first_that_is_followed_up() -> None:
    """Years of which nobody could know anything are no part of a release; a gap after the beginning is."""
    told = {
        ("old", "00"): {2015: "not_collected", 2016: "not_collected", 2017: "ok", 2018: "missing", 2019: "ok"},
        ("old", "23"): {2015: "missing", 2016: "missing", 2017: "missing", 2018: "missing", 2019: "ok"},
        ("new", "23"): {2015: "not_collected", 2016: "not_collected", 2018: "missing", 2019: "suppressed"},
    }
    table = pd.DataFrame(
        [
            ("TMV-X01", series, area, year, status)
            for (series, area), years in told.items()
            for year, status in years.items()
        ],
        columns=["indicator_id", "series", "area", "year", "obs_status"],
    )
    kept = store.since_begun(table, 2018)
    assert kept.groupby(["series", "area"])["year"].min().to_dict() == {
        ("old", "00"): 2017,
        ("old", "23"): 2017,
        ("new", "23"): 2018,
    }
    assert len(kept) == 8
