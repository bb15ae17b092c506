"""Small counts on their way through measure: added up within their limits, for the disclosure control alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.measure.compute import RESTRICTED_COLUMNS, Computed, compute
from include.registry.models import Indicator, Registry, Selection, Series, Text
from include.registry.read import registry
from tests.measure.observations import frame, observation

REGISTRY = registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
KOMMUNER = [party for party in JAMTLAND.parties if party.role == "kommun"]
YEAR = 2024


def indicator(**what: Any) -> Registry:
    """Return the registry with TMV-U08 made of small counts of the municipalities."""
    old = REGISTRY.indicators["TMV-U08"].model_dump()
    series = [Series(id="all", label=Text(sv="Alla", en="All"), **what.pop("series", {}))]
    told = {"status": "active", "not_yet": None, "series": series, "suppression": "small_counts", **what}
    made = Indicator.model_validate(old | told)
    return REGISTRY.model_copy(update={"indicators": {"TMV-U08": made}})


def placed(party: Any, value: float | None, measure: str = "E06.placed_adults", **what: Any) -> dict[str, Any]:
    told = {"area": party.area, "party": party.code, "year": YEAR, "origin": "example", **what}
    return observation(measure, value, **told)


def masked(party: Any, measure: str = "E06.placed_adults", **what: Any) -> dict[str, Any]:
    return placed(party, None, measure, value_status="suppressed", value_low=1, value_high=4, **what)


def computed(rows: list[dict[str, Any]], **what: Any) -> Computed:
    told = {"value": "count", "numerator": [Selection(measure="E06.placed_adults")], **what}
    return compute(frame(*rows), indicator(**told), JAMTLAND, [YEAR])


def only(table: pd.DataFrame) -> pd.Series:
    assert len(table) == 1, table
    return table.iloc[0]


def test_a_municipality_that_hides_its_number_leaves_an_interval():
    rows = [placed(party, 7) for party in KOMMUNER[1:]] + [masked(KOMMUNER[0])]
    found = computed(rows)
    row = only(found.restricted)
    assert (row.numerator_low, row.numerator_high) == (7 * 7 + 1, 7 * 7 + 4)
    assert (row.value_low, row.value_high) == (50, 53)
    assert (row.area, row.is_example) == ("23", True)


def test_nothing_of_it_stands_among_the_values():
    """Neither value, numerator, denominator nor limits: whoever publishes reads only that it is hidden."""
    row = only(computed([placed(party, 7) for party in KOMMUNER]).values)
    numbers = ["numerator", "denominator", "value", "ci_low", "ci_high"]
    assert row[numbers].isna().all()
    assert (row.obs_status, row.conf_status) == ("suppressed", "suppressed")
    assert row.reason_sv == "Bygger på små antal och visas först efter sekretessprövning."


def test_numbers_that_are_certain_have_limits_that_meet():
    row = only(computed([placed(party, 7) for party in KOMMUNER]).restricted)
    assert row.numerator_low == row.numerator_high == 56


def test_a_municipality_that_has_not_delivered_leaves_no_sum():
    found = computed([placed(party, 7) for party in KOMMUNER[1:]])
    assert found.restricted.empty
    row = only(found.values)
    assert (row.obs_status, row.reason_sv) == ("missing", "Uppgiften saknas från Ragunda kommun för 2024 (E06).")


def test_a_municipality_that_has_taken_back_its_delivery_leaves_no_sum():
    rows = [placed(party, 7) for party in KOMMUNER[1:]] + [placed(KOMMUNER[0], None, value_status="withdrawn")]
    row = only(computed(rows).values)
    assert (row.obs_status, row.reason_sv) == (
        "missing",
        "Uppgiften från Ragunda kommun för 2024 är återkallad (E06).",
    )


def test_a_share_lies_between_its_least_and_its_most():
    rows = [masked(party, "E06.risk_done", age="18+") for party in KOMMUNER[:1]]
    rows += [placed(party, 5, "E06.risk_done", age="18+") for party in KOMMUNER[1:]]
    rows += [placed(party, 10, "E06.risk_offered", age="18+") for party in KOMMUNER]
    found = computed(
        rows,
        value="share",
        per=100,
        interval="wilson",
        numerator=[Selection(measure="E06.risk_done")],
        denominator=[Selection(measure="E06.risk_offered")],
        series={"age": "18+"},
    )
    row = only(found.restricted)
    assert (row.value_low, row.value_high) == pytest.approx((100 * 36 / 80, 100 * 39 / 80))
    assert only(found.values).reason_sv.startswith("Bygger på små antal")


def test_a_year_is_the_sum_of_its_quarters_and_lacks_what_one_of_them_lacks():
    quarters = [
        observation(
            "E03.asked_yes", 100 + n, area="23", party="RJH", period=f"{YEAR}-Q{n}", year=YEAR, origin="example"
        )
        for n in range(1, 5)
    ]
    told = {"numerator": [Selection(measure="E03.asked_yes")]}
    assert only(computed(quarters, **told).restricted).numerator_low == 410
    lacking = computed(quarters[:3], **told)
    assert lacking.restricted.empty
    assert only(lacking.values).reason_sv == "Ingen leverans av E03 (Frågan om våld i vården) för 2024-Q4."


def test_a_hidden_number_without_limits_leaves_none():
    rows = [placed(party, 7) for party in KOMMUNER[1:]] + [placed(KOMMUNER[0], None, value_status="suppressed")]
    assert np.isnan(only(computed(rows).restricted).astype(object)["numerator_low"] or np.nan)


def test_an_open_indicator_hides_what_its_source_hides():
    """E10 is no small count; a party that masks all the same hides the sum, as a public source would."""
    found = computed([masked(KOMMUNER[0])] + [placed(p, 7) for p in KOMMUNER[1:]], suppression="none")
    assert only(found.values).obs_status == "suppressed"
    assert found.restricted.empty


@given(st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=8, max_size=8))
def test_the_true_sum_lies_within_the_limits(counts):
    """Whatever the hidden numbers are (None: one of 1 to 4), the sum of all lies within what is known."""
    rows = [masked(p) if n is None else placed(p, n) for p, n in zip(KOMMUNER, counts, strict=True)]
    row = only(computed(rows).restricted)
    known, hidden = sum(n for n in counts if n is not None), counts.count(None)
    assert (row.numerator_low, row.numerator_high) == (known + hidden, known + 4 * hidden)


def test_the_restricted_table_has_its_columns_when_it_is_empty():
    assert list(computed([]).restricted) == RESTRICTED_COLUMNS


def test_a_number_that_is_not_additive_is_never_added_up():
    """A party's median of days is no median of the county."""
    days = observation("E05.decision_days", 30, area="23", party="AKL", year=YEAR, origin="example")
    found = computed([days], numerator=[Selection(measure="E05.decision_days")])
    assert only(found.values).obs_status == "missing"
    assert found.restricted.empty


def test_a_share_of_nothing_has_no_limits():
    rows = [placed(party, 0, measure) for party in KOMMUNER for measure in ("E06.placed_adults", "E06.placed_children")]
    found = computed(rows, value="share", per=100, denominator=[Selection(measure="E06.placed_children")])
    row = only(found.restricted)
    assert (row.numerator_low, row.denominator_high) == (0, 0)
    assert (row.value_low, row.value_high) == (None, None)


def test_a_series_that_begins_later_says_from_when():
    row = only(computed([], series={"first_year": YEAR + 1}).values)
    assert (row.obs_status, row.reason_sv) == ("not_collected", f"Uppgiften redovisas från {YEAR + 1}.")
