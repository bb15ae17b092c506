"""A warehouse that knows the small county's captures, in which releases of hand-made content are built."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from include.load import tables as t
from include.publish import release as store
from include.publish import run
from tests.publish import scene


@pytest.fixture
def county(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a function that sets what the warehouse knows: rows, hostile label, origin of the captures."""
    monkeypatch.setattr(run, "registry", lambda: scene.registry())

    def knows(**what: Any) -> None:
        everything = what.get("registry") or scene.registry()
        monkeypatch.setattr(run, "registry", lambda: everything)

        def content_of(
            connection: sa.Connection, registry: Any, agreement: Any, year: int, edition: Any, as_of: Any, earlier: Any
        ) -> Any:
            return scene.content(**({"year": year, "edition": edition, "as_of": as_of} | what))

        monkeypatch.setattr(store, "content_of", content_of)
        with warehouse.engine("owner").begin() as connection:
            for capture in scene.captures(what.get("origin", "reconstructed")):
                row = {
                    "capture_id": capture.capture_id,
                    "source_id": capture.source_id,
                    "part": capture.part,
                    "origin": capture.origin,
                    "captured_at": capture.captured_at,
                    "sha256": capture.sha256,
                    "canonical_sha256": capture.sha256,
                    "size": 1,
                    "periods": [],
                    "manifest": {},
                }
                changed = {"origin": capture.origin}
                connection.execute(
                    insert(t.capture).values(row).on_conflict_do_update(index_elements=["capture_id"], set_=changed)
                )

    knows()
    return knows
