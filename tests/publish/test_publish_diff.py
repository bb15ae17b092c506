"""The change log is computed: seeded edits are found, all of them and nothing else."""

from typing import Any

from include.publish import diff
from include.publish.content import Value, rows
from tests.publish import scene


def _values(found: list[dict[str, Any]]) -> list[Value]:
    import pandas as pd

    return rows(Value, pd.DataFrame(found))


def _definitions(**what: Any) -> dict[str, str]:
    base = {each: scene.indicator(each) for each in ("TMV-B01", "TMV-B02", "TMV-B03")}
    base |= {each: scene.indicator(each, **change) for each, change in what.items()}
    return {each: diff.definition_of(one.model_dump(mode="json")) for each, one in base.items()}


def _base() -> list[dict[str, Any]]:
    return [
        scene.row("TMV-B01", float(100 + year), year=year, area=area)
        for year in range(2001, 2026)
        for area in ("23", "00")
    ]


def test_twenty_known_edits_give_exactly_twenty_changes() -> None:
    before, after = _base(), _base()
    for place in range(6):  # 6 revised
        after[place] |= {"value": 500.0 + place, "numerator": 500.0 + place}
    for place in (6, 7):  # 2 where only the interval moved
        after[place] |= {"ci_low": 1.0, "ci_high": 9.0}
    for place in (8, 9, 10):  # 3 statuses
        after[place] |= {"value": None, "numerator": None, "obs_status": "missing", "reason_sv": "Borta."}
    after[11] |= {"preliminary": True}  # 3 flags
    after[12] |= {"notes_sv": "Ny anmärkning."}
    after[13] |= {"break_before": True}
    removed = after.pop()  # 1 removed
    after += [scene.row("TMV-B01", 1.0, year=2026, area=area) for area in ("23", "00", "2380")]  # 3 added
    was = _definitions()
    now = _definitions(
        **{"TMV-B01": {"definition": {"sv": "Annat.", "en": "Else."}}, "TMV-B02": {"definition_version": 2}}
    )
    found = diff.compare(_values(before), _values(after), was, now)
    assert len(found) == 20
    kinds = [change.kind for change in found]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "revised": 8,
        "status": 3,
        "flags": 3,
        "removed": 1,
        "added": 3,
        "definition": 2,
    }
    assert next(c for c in found if c.kind == "removed").year == removed["year"]
    assert next(c for c in found if c.kind == "revised" and c.year == 2001 and c.area == "00").size == 501.0 - 2101.0


def test_the_same_release_gives_no_change() -> None:
    assert diff.compare(_values(_base()), _values(_base()), _definitions(), _definitions()) == []


def test_an_empty_key_that_the_registry_learns_changes_no_definition() -> None:
    one = scene.indicator("TMV-B01").model_dump(mode="json")
    assert diff.definition_of(one) == diff.definition_of(one | {"something_new": None, "another": []})


def test_the_summary_names_the_largest_revisions() -> None:
    before, after = _base(), _base()
    after[3] |= {"value": 1.0, "numerator": 1.0}
    found = diff.compare(_values(before), _values(after), {}, {})
    text = diff.summary(found, "prov-2024-final-1", "prov-2025-final-1", {"TMV-B01": "brott"})
    assert "Reviderade värden: 1" in text
    assert "TMV-B01 all 00 2002: 2102 blev 1 (brott)" in text
    assert "första" in diff.summary(found, None, "prov-2025-final-1", {})
