"""The main job asks each source for the quarters from which it had anything to say."""

from datetime import UTC, datetime

import pytest

from include.orchestration.whole_run import quarters_to_fill
from include.registry.read import registry

TODAY = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first_period", "first_quarter"),
    [
        ("2000", "2015-Q1"),  # nothing is filled before the first quarter of all
        ("2015", "2015-Q1"),
        ("2026-01", "2026-Q1"),
        ("2018/2021", "2018-Q1"),
    ],
)
def test_a_source_is_filled_from_the_quarter_in_which_its_first_period_begins(first_period, first_quarter):
    source = registry().sources["bra_handled_offences"]
    release = source.release.model_copy(update={"first_period": first_period, "run_lag_days": 15})
    quarters = quarters_to_fill(source.model_copy(update={"release": release}), TODAY)
    assert (str(quarters[0]), str(quarters[-1])) == (first_quarter, "2026-Q3")
