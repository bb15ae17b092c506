"""Statistics Sweden revises a table: five figures come out as a new version of five figures, and no more."""

import json
from datetime import UTC, datetime

import pytest

from include.archive.addresses import address
from include.archive.fetchers.pxweb import fetch
from include.check.run import check
from include.load import run
from include.periods import Period
from tests.servers.pxweb import SCB_LABELS

pytestmark = pytest.mark.postgres

#: Cells of the answer (region, marital status, age, sex, contents, year) with invented figures.
CELLS = {
    f"{area} SC TotSA {sex} 000007ME 2025": figure
    for area, by_sex in {"00": (5300, 5310, 10612), "23": (1300, 1310, 2609)}.items()
    for sex, figure in zip(("1", "2", "TotSa"), by_sex, strict=True)
}


MOMENTS = {"first": datetime(2026, 3, 1, tzinfo=UTC), "second": datetime(2026, 5, 2, tzinfo=UTC)}


@pytest.mark.scorecard(33, "five revised figures are five new vintages; the ledger and the log count exactly five")
def test_five_revised_figures_are_five_vintages(scb, store, registry, warehouse):
    source = registry.sources["scb_population"]
    tables = [
        table.model_copy(update={"selection": {**table.selection, "Region": ["00", "23"]}})
        for table in source.fetch.tables
        if table.id == "TAB5557"
    ]
    source = source.model_copy(update={"fetch": source.fetch.model_copy(update={"tables": tables})})
    registry = registry.model_copy(update={"sources": {**registry.sources, source.id: source}})
    scb.labels, scb.changes = SCB_LABELS, dict(CELLS)
    scb.notes = ["Från och med 2025 … CKM …"]

    def loaded(name: str):
        (file,) = fetch(source, [Period.parse("2025")], store, address(source), registry)
        held = store.put(
            file.content,
            source_id=source.id,
            part=file.part,
            periods=file.periods,
            origin="live",
            url=file.url,
            request=file.request,
            captured_at=MOMENTS[name],
            media_type=file.media_type,
            file_name=file.file_name,
        )
        checked = check(held.capture_id, archive=store, registry=registry)
        assert any("CKM" in note for note in checked.notes)
        return held, run.load(held.capture_id, run_id=name, archive=store)

    first, result = loaded("first")
    assert (first.change, result.new, result.revised) == ("NEW", 6, 0)
    scb.updated = "2026-05-01T06:00:00Z"
    for cell in list(CELLS)[:5]:
        scb.changes[cell] += 2
    second, result = loaded("second")
    assert second.previous == first.capture_id
    assert (second.change, result.new, result.revised, result.unchanged) == ("REVISED", 0, 5, 1)
    assert json.loads(store.read(second.capture_id))["updated"] == scb.updated
