"""A delivery as a party would make it: the project's own template, filled in and read back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.readers import extracts
from include.check.tidy import ReadResult, assert_identity
from include.registry.delivery import Identity
from include.registry.models import Agreement, Registry
from include.registry.templates import workbook


@pytest.fixture(scope="session")
def agreement(registry: Registry) -> Agreement:
    return registry.agreements["jamtland"]


@pytest.fixture(scope="session")
def fill(registry: Registry, agreement: Agreement) -> Callable[..., bytes]:
    """Return the template of an extract filled with rows: ``fill("E01", {sheet: rows}, period="2023")``."""

    def make(extract: str, rows: Any = None, *, period: str = "2023", party: str = "LST", **answers: str) -> bytes:
        return workbook(registry.extracts[extract], agreement, Identity(extract, party, period), rows or {}, **answers)

    return make


@pytest.fixture(scope="session")
def read(registry: Registry) -> Callable[..., ReadResult]:
    """Return the reader, given a manifest that fits the delivery; the count identity is checked each time."""

    def run(content: bytes, part: str, origin: Any = "live") -> ReadResult:
        moment = datetime(2024, 2, 10, 8, 30, tzinfo=UTC)
        manifest = Manifest(
            capture_id=capture_id("agency_extracts", part, moment, "0" * 64),
            source_id="agency_extracts",
            part=part,
            periods=[part.rpartition("-")[2]],
            origin=origin,
            url="inbox:LST/file.xlsx",
            captured_at=moment,
            media_type="application/octet-stream",
            file_name="file.xlsx",
            sha256="0" * 64,
            canonical_sha256="0" * 64,
            size=len(content),
            change="NEW",
        )
        result = extracts.read(content, manifest, registry.sources["agency_extracts"], registry)
        assert_identity(result)
        return result

    return run
