"""A small world for the gate's tests: the real registry, a manifest on demand, readers that say what they are told."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.report import Examination
from include.check.run import examine
from include.check.tidy import ReadResult, SetAside, set_aside_table, tidy_table
from include.registry.models import Correction, Registry, Source
from include.registry.read import registry as read_registry


class Says:
    """A reader that finds the same in every file."""

    def __init__(self, result: ReadResult | Exception) -> None:
        self.result = result

    def read(self, content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def make_manifest(source_id: str, part: str, **changes: Any) -> Manifest:
    period = part.rpartition("-")[2]
    moment = datetime(2026, 9, 1, 8, tzinfo=UTC)
    sha256 = hashlib.sha256(part.encode()).hexdigest()
    known = {
        "capture_id": capture_id(source_id, part, moment, sha256),
        "source_id": source_id,
        "part": part,
        "periods": [period],
        "origin": "live",
        "url": "https://example.test/file",
        "captured_at": moment,
        "media_type": "application/octet-stream",
        "file_name": f"{part}.xlsx",
        "sha256": sha256,
        "canonical_sha256": sha256,
        "size": 1,
        "change": "NEW",
    }
    return Manifest(**{**known, **changes})


def make_table(rows: list[dict[str, Any]], **common: Any) -> pa.Table:
    """Build a tidy table of rows, each one a change of what is common; the place of row n is the cell Bn."""
    base = {"sex": "T", "age": "T", "party": "-", "breakdown": "total", "value_low": None, "value_high": None}
    base |= {"value_status": "ok", "status": "F", "mark": "direct", "source_label": "märkning"}
    full = [{**base, **common, "place": f"Blad!B{n}", **row} for n, row in enumerate(rows, start=1)]
    names = ("measure", "area", "period", "value", *base, "place")
    return tidy_table({name: [row[name] for row in full] for name in names})


def make_result(table: pa.Table, *aside: SetAside, rows_in: int | None = None) -> ReadResult:
    kept = set_aside_table(aside)
    return ReadResult(table, kept, table.num_rows + kept.num_rows if rows_in is None else rows_in)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return read_registry()


@pytest.fixture
def check_rows(registry: Registry) -> Callable[..., Examination]:
    """Return a function that sends rows of one source through corrections and gate."""

    def run(
        source_id: str,
        part: str,
        rows: pa.Table | ReadResult,
        corrections: list[Correction] | None = None,
        known: Registry = registry,
        **manifest: Any,
    ) -> Examination:
        world = known.model_copy(update={"corrections": {c.id: c for c in corrections or []}})
        result = rows if isinstance(rows, ReadResult) else make_result(rows)
        examination, _ = examine(b"", make_manifest(source_id, part, **manifest), world, reader=Says(result))
        return examination

    return run


class Build:
    """The builders, handed out by a fixture, as this package cannot be imported by name."""

    manifest = staticmethod(make_manifest)
    table = staticmethod(make_table)
    result = staticmethod(make_result)
    reader = Says

    @staticmethod
    def broken(examination: Examination) -> list[str]:
        """Return the codes of the expectations that do not hold."""
        return [finding.code for finding in examination.findings if not finding.holds]

    @staticmethod
    def offered(year: int, *, county: int = 300, women: int = 148) -> list[dict[str, Any]]:
        """Return the population of a county by sex, as SCB would give it."""
        common = {"measure": "scb_population.population", "area": "23", "period": str(year)}
        return [
            {**common, "sex": "K", "value": women},
            {**common, "sex": "M", "value": 152},
            {**common, "sex": "T", "value": county},
        ]


@pytest.fixture(scope="session")
def build() -> type[Build]:
    return Build
