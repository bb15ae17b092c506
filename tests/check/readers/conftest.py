"""A delivery as a party would make it: the project's own template, filled in and read back."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest

from include.archive.manifest import Manifest, capture_id
from include.check.intake.book import Book
from include.check.intake.child import judge_here
from include.check.readers import extracts
from include.check.tidy import ReadResult, assert_identity
from include.registry.delivery import Identity
from include.registry.models import Agreement, Registry
from include.registry.templates import workbook


@pytest.fixture(scope="session")
def agreement(registry: Registry) -> Agreement:
    return registry.agreements["jamtland"]


@pytest.fixture(scope="session")
def fill(registry: Registry) -> Callable[..., bytes]:
    """Return the template of a delivery filled in: ``fill({sheet: rows}, {sheet: numbers}, party="LST")``."""

    def make(rows: Any = None, numbers: Any = None, *, period: str = "2023", party: str = "LST", **more: Any) -> bytes:
        return workbook(registry, Identity("jamtland", party, period), rows, numbers, **more)

    return make


@pytest.fixture(scope="session")
def change() -> Callable[..., bytes]:
    """Return a workbook changed as with Excel: ``change(content, lambda book: …)``."""

    def make(content: bytes, edit: Callable[[Any], None]) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(content))
        edit(book)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    return make


@pytest.fixture(scope="session")
def read(registry: Registry) -> Callable[..., ReadResult]:
    """Return the reader, given a manifest that fits the delivery; the count identity is checked each time.

    The gate judges in this process, for the child's start is not what is tested here; ``apart`` has it as in earnest,
    and with ``judged`` it has let these cells pass.
    """

    def run(
        content: bytes,
        part: str = "jamtland-LST-2023",
        origin: Any = "live",
        *,
        known: Registry = registry,
        apart: bool = False,
        judged: Book | None = None,
        **of_manifest: Any,
    ) -> ReadResult:
        moment = datetime(2024, 2, 10, 8, 30, tzinfo=UTC)
        said = {
            "capture_id": capture_id("agency_extracts", part, moment, "0" * 64),
            "source_id": "agency_extracts",
            "part": part,
            "periods": [part.split("-", 2)[2]],
            "origin": origin,
            "url": "inbox:jamtland/LST/file",
            "captured_at": moment,
            "media_type": "application/octet-stream",
            "file_name": "file",
            "sha256": "0" * 64,
            "canonical_sha256": "0" * 64,
            "size": len(content),
            "change": "NEW",
        }
        with pytest.MonkeyPatch.context() as patch:
            if not apart:
                patch.setattr(extracts, "judge", (lambda *_: judged) if judged else judge_here)
            result = extracts.read(content, Manifest(**(said | of_manifest)), known.sources["agency_extracts"], known)
        assert_identity(result)
        return result

    return run
