"""check from the archive to staging: nothing half, nothing twice, and a report of every run."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.archive.store import Archive
from include.check import staging
from include.check.run import CaptureRefused, check, check_file, describe
from include.errors import ArchiveDamaged, LayoutChanged, LoadConflict, UsageError

POP = "scb_population"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    for name in ("FOLLOWUP_ARCHIVE", "FOLLOWUP_STAGING"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def capture(home: Path) -> str:
    """Return the id of one archived capture; what it says is up to the reader."""
    return put(b"2024")


def put(content: bytes) -> str:
    manifest = Archive(f"{Path(staging.settings.home())}/archive").put(
        content,
        source_id=POP,
        part="TAB638-2024",
        periods=["2024"],
        origin="live",
        url="https://example.test",
        captured_at=datetime(2025, 2, 21, 8, tzinfo=UTC),
        media_type="text/plain",
        file_name="svar.txt",
    )
    return manifest.capture_id


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_passes_is_staged_whole_and_can_be_read_back(capture, build, registry):
    table = build.table(build.offered(2024))
    result = check(capture, registry=registry, reader=build.reader(build.result(table)))
    assert (result.rows_in, result.passed, result.quarantined, result.rejected) == (3, 3, 0, 0)
    staged = staging.read(Path(str(result.staged)))
    assert staged.table.equals(table)
    assert staged.set_aside.num_rows == 0
    assert staged.check["capture_id"] == capture
    assert {f["code"] for f in staged.check["findings"]} >= {"KEY_UNIQUE", "SEX_SUM"}
    assert Path(result.report).read_text().startswith("<!doctype html>")


def test_the_same_capture_twice_leaves_the_same_bytes(capture, build, registry):
    reader = build.reader(build.result(build.table(build.offered(2024))))
    first = check(capture, registry=registry, reader=reader)
    before = files(Path(str(first.staged)))
    assert check(capture, registry=registry, reader=reader) == first
    assert files(Path(str(first.staged))) == before
    assert set(before) == {
        "tidy.parquet",
        "set_aside.parquet",
        "check.json",
        "report.html",
        f"reports/{Path(first.report).name}",
    }


def test_a_refusal_shows_rows_and_report_and_stages_nothing(capture, build, registry):
    sound = build.reader(build.result(build.table(build.offered(2024))))
    staged = check(capture, registry=registry, reader=sound).staged
    wrong = build.reader(build.result(build.table(build.offered(2024, county=301))))
    with pytest.raises(CaptureRefused) as stop:
        check(capture, registry=registry, reader=wrong)
    text = str(stop.value)
    for part in (POP, "TAB638-2024", "SEX_SUM", "Blad!B3", "found 301, expected 300", "Next step:", "reports/"):
        assert part in text
    result = stop.value.result
    assert (result.rows_in, result.passed, result.rejected, result.staged) == (3, 0, 3, None)
    assert "Stoppad" in Path(result.report).read_text()
    with pytest.raises(LoadConflict, match="nothing is staged"):
        staging.read(Path(str(staged)))


def test_each_outcome_keeps_its_report(capture, build, registry):
    for county in (300, 301, 302):
        reader = build.reader(build.result(build.table(build.offered(2024, county=county))))
        if county == 300:
            check(capture, registry=registry, reader=reader)
        else:
            with pytest.raises(CaptureRefused):
                check(capture, registry=registry, reader=reader)
    assert len(list((staging.folder(capture) / "reports").iterdir())) == 3


def test_a_layout_that_is_not_known_stops_as_such_with_a_report(capture, build, registry):
    with pytest.raises(LayoutChanged, match=r"(?s)sheet X is missing.*Report: .*reports/"):
        check(capture, registry=registry, reader=build.reader(LayoutChanged("sheet X is missing")))
    assert "sheet X is missing" in (staging.folder(capture) / "report.html").read_text()


def test_damaged_bytes_are_not_checked(capture, home, build, registry):
    (held,) = (path for path in (home / "archive" / "objects").rglob("*") if path.is_file())
    held.chmod(0o644)
    held.write_bytes(b"2023")
    with pytest.raises(ArchiveDamaged):
        check(capture, registry=registry, reader=build.reader(build.result(build.table([]))))
    assert not staging.folder(capture).exists()


def test_a_dry_run_writes_nothing_and_tells_what_would_happen(capture, home, build, registry):
    before = files(home)
    wrong = build.reader(build.result(build.table(build.offered(2024, county=301))))
    result = check(capture, dry_run=True, registry=registry, reader=wrong)
    assert (result.staged, result.report, result.rejected) == (None, "", 3)
    assert "SEX_SUM" in str(result.refusal)
    assert "avvisas                     3" in describe(result)
    assert files(home) == before


@pytest.mark.parametrize("name", ["tidy.parquet", "set_aside.parquet"])
def test_a_staged_table_that_was_tampered_with_is_not_read(capture, build, registry, name):
    reader = build.reader(build.result(build.table(build.offered(2024))))
    staged = Path(str(check(capture, registry=registry, reader=reader).staged))
    (staged / name).write_bytes((staged / name).read_bytes() + b" ")
    with pytest.raises(LoadConflict, match="not the table that was checked"):
        staging.read(staged)


def test_check_json_knows_no_clock(capture, build, registry):
    reader = build.reader(build.result(build.table(build.offered(2024))))
    staged = Path(str(check(capture, registry=registry, reader=reader).staged))
    facts: dict[str, Any] = json.loads((staged / "check.json").read_bytes())
    assert facts["rows_in"] == facts["passed"] + facts["quarantined"] + facts["rejected"]
    assert not any("time" in key or key.endswith("_at") for key in facts)


def test_a_file_by_hand_must_be_there_and_tell_what_it_is(tmp_path, registry):
    with pytest.raises(UsageError, match="There is no source"):
        check_file("nobody", tmp_path / "x", registry=registry)
    with pytest.raises(UsageError, match="no such file"):
        check_file(POP, tmp_path / "x", registry=registry)
    (tmp_path / "svar.json").write_text("{}")
    with pytest.raises(UsageError, match="give the part"):
        check_file(POP, tmp_path / "svar.json", registry=registry)
