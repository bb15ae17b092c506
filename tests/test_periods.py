"""The calendar: what a quarter, a period is, and which run asks for which periods of each source."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.errors import UsageError
from include.periods import Period, Quarter, expected_periods
from include.registry.models import ReleaseRule
from include.registry.read import registry

YEARS = st.integers(1900, 2200)
QUARTERS = st.builds(Quarter, YEARS, st.integers(1, 4))


def periods(years: st.SearchStrategy[int]) -> st.SearchStrategy[Period]:
    """Return periods of every unit that begin in one of the years."""
    return st.one_of(
        years.map(str),
        st.builds("{}-Q{}".format, years, st.integers(1, 4)),
        st.builds("{}-H{}".format, years, st.integers(1, 2)),
        st.builds("{}-{:02}".format, years, st.integers(1, 12)),
        st.builds(lambda year, more: f"{year}/{year + more}", years, st.integers(1, 5)),
    ).map(Period.parse)


PERIODS = periods(YEARS)


# --- quarters ----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(QUARTERS)
def test_a_quarter_is_written_and_read_back(quarter):
    assert Quarter.parse(str(quarter)) == quarter


@settings(deadline=None)
@given(QUARTERS)
def test_quarters_follow_each_other_without_gap_or_overlap(quarter):
    assert quarter.next().start == quarter.end
    assert quarter < quarter.next()
    assert 90 <= (quarter.end - quarter.start).days <= 92


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_every_day_lies_in_its_quarter(day):
    quarter = Quarter.from_date(day)
    assert quarter.start <= day < quarter.end


@settings(deadline=None)
@given(QUARTERS, st.integers(0, 30))
def test_a_range_holds_both_its_ends_and_all_between(first, count):
    quarters = [first]
    for _ in range(count):
        quarters.append(quarters[-1].next())
    assert Quarter.range(first, quarters[-1]) == quarters
    assert Quarter.range(first.next(), first) == []


@pytest.mark.parametrize("text", ["2025", "2025Q3", "2025-Q5", "2025-Q0", "25-Q1", "2025-q1", "0000-Q1", "٢٠٢٥-Q1", ""])
def test_what_is_no_quarter_is_refused_and_named(text):
    with pytest.raises(UsageError, match="2025-Q3"):
        Quarter.parse(text)


# --- periods -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "start", "end", "year"),
    [
        ("2019", "year", "2019-01-01", "2020-01-01", 2019),
        ("2019-H2", "half_year", "2019-07-01", "2020-01-01", 2019),
        ("2019-Q1", "quarter", "2019-01-01", "2019-04-01", 2019),
        ("2020-02", "month", "2020-02-01", "2020-03-01", 2020),
        ("2020-12", "month", "2020-12-01", "2021-01-01", 2020),
        ("2017/2018", "span", "2017-01-01", "2019-01-01", 2018),
        ("2004/2007", "span", "2004-01-01", "2008-01-01", 2007),
    ],
)
def test_a_period_is_what_it_says(text, unit, start, end, year):
    period = Period.parse(text)
    found = (period.unit, str(period.start), str(period.end), period.year, str(period))
    assert found == (unit, start, end, year, text)


@settings(deadline=None)
@given(PERIODS)
def test_a_period_is_written_and_read_back_and_followed_by_the_next_of_its_kind(period):
    assert Period.parse(str(period)) == period
    following = period.next()
    assert (following.unit, following > period) == (period.unit, True)
    assert following.start == (date(period.start.year + 1, 1, 1) if period.unit == "span" else period.end)


@settings(deadline=None)
@given(st.lists(PERIODS, max_size=8))
def test_periods_are_ordered_by_their_days(periods):
    assert [(p.start, p.end) for p in sorted(periods)] == sorted((p.start, p.end) for p in periods)


@pytest.mark.parametrize(
    "text", ["", "19", "2019-13", "2019-00", "2019-Q5", "2019-H3", "2018/2018", "2018/2017", "2019 ", "9999"]
)
def test_what_is_no_period_is_refused_and_named(text):
    with pytest.raises(UsageError, match="2019-H1"):
        Period.parse(text)


# --- what a run asks for -----------------------------------------------------------------------------------------

#: What is new in each quarter, for the sources of the registry: Brå in April, SCB in February, the parties' extracts
#: (45 days after the year) in February; nothing in any other quarter.
TABLE = {
    "2014-Q4": {},
    "2015-Q1": {},
    "2015-Q2": {},
    "2015-Q4": {},
    "2016-Q1": {"scb_population": "2015"},
    "2016-Q2": {"bra_handled_offences": "2015"},
    "2016-Q3": {},
    "2016-Q4": {},
    "2019-Q1": {"scb_population": "2018"},
    "2019-Q2": {"bra_handled_offences": "2018"},
    "2021-Q1": {"scb_population": "2020"},
    "2021-Q2": {"bra_handled_offences": "2020", "agency_extracts": "2021-Q1"},
    "2022-Q1": {"scb_population": "2021", "agency_extracts": "2021 2021-H2 2021-Q4"},
    "2022-Q2": {"bra_handled_offences": "2021", "agency_extracts": "2022-Q1"},
    "2024-Q1": {"scb_population": "2023", "agency_extracts": "2023 2023-H2 2023-Q4"},
    "2025-Q1": {"scb_population": "2024", "agency_extracts": "2024 2024-H2 2024-Q4"},
    "2025-Q2": {"bra_handled_offences": "2024", "agency_extracts": "2025-Q1"},
    "2025-Q3": {"agency_extracts": "2025-H1 2025-Q2"},
    "2025-Q4": {"agency_extracts": "2025-Q3"},
    "2026-Q1": {"scb_population": "2025", "agency_extracts": "2025 2025-H2 2025-Q4"},
    "2026-Q2": {"bra_handled_offences": "2025", "agency_extracts": "2026-Q1"},
    "2027-Q1": {"scb_population": "2026", "agency_extracts": "2026 2026-H2 2026-Q4"},
}


def expected(source_id: str, quarter: str):
    everything = registry()
    source = everything.sources[source_id]
    extracts = [everything.extracts[e] for e in getattr(source.fetch, "extracts", [])]
    return expected_periods(source, Quarter.parse(quarter), extracts)


@pytest.mark.parametrize("quarter", TABLE)
@pytest.mark.parametrize("source_id", ["bra_handled_offences", "scb_population", "agency_extracts"])
def test_each_source_is_asked_for_a_period_in_the_quarter_in_which_it_comes_out(source_id, quarter):
    new = [str(period) for period in expected(source_id, quarter).new]
    assert new == TABLE[quarter].get(source_id, "").split()


def test_earlier_periods_are_looked_at_again_newest_first():
    assert [str(p) for p in expected("bra_handled_offences", "2018-Q2").revisit] == ["2016", "2015"]
    assert [str(p) for p in expected("bra_handled_offences", "2018-Q3").revisit] == ["2017", "2016", "2015"]
    yearly = [str(p) for p in expected("agency_extracts", "2024-Q3").revisit if p.unit == "year"]
    assert yearly == ["2023", "2022", "2021"]


@pytest.mark.parametrize("source_id", ["bra_handled_offences", "scb_population", "agency_extracts"])
def test_every_period_is_new_in_one_quarter_only_and_revisited_in_all_that_follow(source_id):
    seen: list[Period] = []
    for quarter in Quarter.range(Quarter(2014, 1), Quarter(2030, 4)):
        found = expected(source_id, str(quarter))
        assert found.revisit == sorted(seen, reverse=True)
        assert not set(found.new) & set(seen)
        seen += found.new
    years = [period for period in seen if period.unit == "year"]
    assert years == sorted(years)
    assert years[-1] == Period.parse("2029")


def test_means_of_several_years_come_out_one_year_apart_once_their_last_year_has_ended():
    rule = ReleaseRule(speaks_in="span", first_period="2017/2020", lag_days=0)
    source = registry().sources["scb_population"].model_copy(update={"release": rule})
    found = expected_periods(source, Quarter.parse("2025-Q1"))
    assert [str(period) for period in found.new] == ["2021/2024"]
    assert [str(period) for period in found.revisit] == ["2020/2023", "2019/2022", "2018/2021", "2017/2020"]
    assert expected_periods(source, Quarter.parse("2024-Q4")).new == []


def test_a_month_is_asked_for_in_the_quarter_in_which_it_comes_out_and_so_many_before_it_again():
    found = expected("scb_population_monthly", "2026-Q2")
    assert [str(period) for period in found.new] == ["2026-02", "2026-03", "2026-04"]
    assert [str(period) for period in found.revisit][:2] == ["2026-01", "2025-12"]
    assert len(found.revisit) == 12


RULES = st.builds(
    ReleaseRule,
    speaks_in=st.sampled_from(["month", "quarter", "half_year", "year", "span"]),
    first_period=periods(st.integers(2000, 2010)).map(str),
    lag_days=st.integers(0, 400),
    revisit=st.one_of(st.sampled_from(["all", "none"]), st.integers(1, 5)),
)


@settings(deadline=None)
@given(RULES, st.builds(Quarter, st.integers(1999, 2015), st.integers(1, 4)))
def test_for_any_rule_what_is_new_is_published_within_the_quarter_and_what_is_revisited_before(rule, quarter):
    source = registry().sources["bra_handled_offences"].model_copy(update={"release": rule})
    found = expected_periods(source, quarter)
    lag = timedelta(days=rule.lag_days)
    assert all(quarter.start <= p.end + lag < quarter.end and p.unit == rule.speaks_in for p in found.new)
    assert all(p.end + lag < quarter.start for p in found.revisit)
    assert all(p.start >= Period.parse(rule.first_period).start for p in [*found.new, *found.revisit])
    assert found.new == sorted(found.new)
    assert found.revisit == sorted(found.revisit, reverse=True)
    if isinstance(rule.revisit, int):
        assert len(found.revisit) <= rule.revisit
    if rule.revisit == "none":
        assert found.revisit == []
