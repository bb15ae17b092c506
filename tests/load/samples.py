"""Made-up captures for the load's tests; figures, places and parties are invented."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from include.archive.manifest import Manifest, capture_id
from include.check.tidy import SetAside, set_aside_table, tidy_table
from include.load import tables as t
from include.load.engine import engine
from include.load.write import Counts, LoadResult, write

SOURCE = "made_up"
MEASURE = f"{SOURCE}.cases"
SMALL = "E99.persons"


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def add_dimensions() -> None:
    """Enter the few dimension rows that the captures speak of."""
    labels = {"label_sv": "Påhittat", "label_en": "Made up"}
    with engine("loader").begin() as connection:
        connection.execute(
            sa.insert(t.area),
            [
                {"code": code, "kind": "kommun", "name": f"Ort {code}", "is_total": False}
                for code in ("2303", "2305", "2309", "2313", "2321", "2326", "2361", "2380")
            ],
        )
        connection.execute(
            sa.insert(t.measure),
            [
                {"code": MEASURE, "source_id": SOURCE, "unit": "fall", "additive": True, "small_counts": False}
                | labels,
                {"code": SMALL, "source_id": "E99", "unit": "personer", "additive": True, "small_counts": True}
                | labels,
            ],
        )


def manifest(at: datetime, part: str = "p", source_id: str = SOURCE, origin: Any = "reconstructed") -> Manifest:
    sha256 = hashlib.sha256(f"{source_id} {part} {at}".encode()).hexdigest()
    return Manifest(
        capture_id=capture_id(source_id, part, at, sha256),
        source_id=source_id,
        part=part,
        periods=["2023"],
        origin=origin,
        url="https://example.org/",
        captured_at=at,
        media_type="text/csv",
        file_name="made_up.csv",
        sha256=sha256,
        canonical_sha256=sha256,
        size=1,
        change="NEW",
    )


def load(
    figures: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    at: datetime,
    *,
    part: str = "p",
    source_id: str = SOURCE,
    run_id: str = "run",
    origin: Any = "reconstructed",
    set_aside: Sequence[SetAside] = (),
    **same: Any,
) -> LoadResult:
    """Load a capture: area → value, or rows of columns of the tidy table."""
    if isinstance(figures, Mapping):
        figures = [{"area": area, "value": value} for area, value in figures.items()]
    row = {
        "measure": MEASURE,
        "area": "2380",
        "period": "2023",
        "sex": "T",
        "age": "T",
        "party": "-",
        "breakdown": "total",
        "value": None,
        "value_low": None,
        "value_high": None,
        "status": "F",
        "mark": "direct",
        "source_label": "Antal",
        "place": "A1",
    } | same
    rows = [row | {"value_status": "ok" if (row | f)["value"] is not None else "missing"} | dict(f) for f in figures]
    table = tidy_table({name: [each[name] for each in rows] for name in (*row, "value_status")})
    aside = set_aside_table(set_aside)
    counts = Counts(table.num_rows + aside.num_rows, aside.num_rows, 0)
    return write(engine("loader"), table, aside, manifest(at, part, source_id, origin), counts, run_id)


def content() -> list[tuple[Any, ...]]:
    """Return all that ``observation`` says, free of keys that depend on the order of loading."""
    query = sa.text(
        "SELECT m.code, d.code, a.code, o.value, u.code, o.status, k.code, l.text, c.capture_id, o.known_from::text,"
        " o.known_until::text FROM warehouse.observation o JOIN warehouse.measure m USING (measure_key)"
        " JOIN warehouse.period d USING (period_key) JOIN warehouse.area a USING (area_key)"
        " JOIN warehouse.value_status u USING (value_status_key) JOIN warehouse.mark k USING (mark_key)"
        " JOIN warehouse.source_label l USING (label_key) JOIN warehouse.capture c USING (capture_key)"
        " ORDER BY 1, 2, 3, o.known_from"
    )
    with engine("owner").connect() as connection:
        return [tuple(row) for row in connection.execute(query)]
