"""A new version of a file beside the one before: half files and changed scales are told, revisions are not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.archive.store import Archive
from include.check.run import check
from include.errors import LayoutChanged

POP = "scb_population"


class ByContent:
    """A reader that says of each file what the test wants."""

    def __init__(self, says: dict[bytes, Any]) -> None:
        self.says = says

    def read(self, content: bytes, *_: Any) -> Any:
        if isinstance(self.says[content], Exception):
            raise self.says[content]
        return self.says[content]


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build, registry):
    """Return a function that checks a second version after a first and gives the codes told."""
    monkeypatch.setenv("FOLLOWUP_HOME", str(tmp_path))
    for name in ("FOLLOWUP_ARCHIVE", "FOLLOWUP_STAGING"):
        monkeypatch.delenv(name, raising=False)
    archive = Archive(str(tmp_path / "archive"))

    def put(content: bytes, day: int) -> str:
        about = {"source_id": POP, "part": "TAB638-2024", "periods": ["2024"], "origin": "live", "url": "u"}
        moment = datetime(2025, 2, day, tzinfo=UTC)
        kind = {"media_type": "text/plain", "file_name": "svar.txt"}
        return archive.put(content, captured_at=moment, **about, **kind).capture_id

    def run(before: Any, after: Any) -> list[str]:
        put(b"before", 1)
        says = {b"before": before, b"after": after}
        says = {key: value if isinstance(value, Exception) else build.result(value) for key, value in says.items()}
        result = check(put(b"after", 2), archive=archive, registry=registry, reader=ByContent(says))
        return [line.partition(":")[0] for line in result.warnings]

    return run


def people(build, *values: float) -> Any:
    codes = ["2303", "2305", "2309", "2313", "2321", "2326"]
    row = {"measure": f"{POP}.population", "period": "2024"}
    return build.table([{**row, "area": code, "value": value} for code, value in zip(codes, values, strict=False)])


def test_a_normal_revision_is_not_told(second, build):
    assert second(people(build, 1000, 2000, 10), people(build, 1010, 1900, 90)) == []


def test_another_scale_is_told(second, build):
    assert second(people(build, 1000, 2000), people(build, 100000, 2000)) == ["REVISION_PLAUSIBLE"]


def test_half_a_file_is_told(second, build):
    assert second(people(build, 100, 200, 300, 400), people(build, 100, 200)) == ["NOT_SHRUNK"]


def test_a_version_that_could_not_be_read_is_no_measure(second, build):
    assert second(LayoutChanged("old"), people(build, 1)) == []
