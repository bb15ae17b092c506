"""What Barnahus says beside what the municipalities and the region say, once all of them have delivered."""

import pytest

from include.check.deliveries import Earlier
from include.registry.delivery import Identity

KOMMUNER = ["K2303", "K2305", "K2309", "K2313", "K2321", "K2326", "K2361", "K2380"]
CHILDREN, IN_KOMMUN = ("E07.children", "total", "T", "T"), ("E06.children_barnahus", "total", "T", "T")
OFFERED, SUPPORT = ("E07.crisis_offered", "total", "T", "T"), ("E03.children_crisis_support", "total", "T", "T")


class County:
    """All deliveries of 2023 that a check between parties needs."""

    def __init__(self, deliveries, numbers):
        self.deliveries = deliveries
        told = zip(KOMMUNER, numbers, strict=True)
        self.values = {f"jamtland-{code}-2023": {IN_KOMMUN: number} for code, number in told}

    def barnahus(self, first, second):
        self.values["jamtland-BHJ-2023-H1"] = {CHILDREN: first}
        self.values["jamtland-BHJ-2023-H2"] = {CHILDREN: second}
        return self

    def told_by(self, part, **more):
        """Return the findings between parties when this delivery comes last."""
        tables = {name: self.deliveries.table(Identity.of_part(name), values) for name, values in self.values.items()}
        others = {name: table for name, table in tables.items() if name != part}
        found = self.deliveries.find(part, tables[part], others=others, **more)
        return [each for each in found if each.code == "PARTIES_DISAGREE"]


SUM_40 = [2, 3, 4, 5, 6, 7, 3, 10]


@pytest.mark.parametrize(
    ("first", "second", "broken"), [(20, 20, False), (24, 24, False), (24, 25, True), (16, 16, False), (16, 15, True)]
)
def test_children_by_barnahus_and_by_the_municipalities_within_a_fifth(deliveries, first, second, broken):
    (finding,) = County(deliveries, SUM_40).barnahus(first, second).told_by("jamtland-K2380-2023")
    assert finding.holds is not broken
    assert not finding.stops
    assert finding.sv.startswith("Barnen i samråd enligt Barnahus")


def test_the_one_who_comes_last_is_told_whoever_it_is_with_no_number(deliveries):
    county = County(deliveries, SUM_40).barnahus(91, 92)
    for part in ("jamtland-BHJ-2023-H2", "jamtland-K2303-2023"):
        (finding,) = county.told_by(part)
        (row,) = finding.rows
        assert row.place == "Barn i samråd (E07), 2023"
        assert row.what == "Barnahus (E07) mot Socialtjänstens arbete med våldsutsatta (E06)"
        assert row.found == "(visas inte)"
        expected = "ungefär lika med Barn i samråd på Barnahus (E06), 20 procents skillnad är tillåten"
        assert row.expected == expected


def test_nothing_is_said_before_everybody_has_delivered_every_period(deliveries):
    for missing in ("jamtland-K2321-2023", "jamtland-BHJ-2023-H1"):
        county = County(deliveries, SUM_40).barnahus(90, 90)
        del county.values[missing]
        assert county.told_by("jamtland-K2380-2023") == []


def test_nothing_is_said_where_a_figure_is_lacking(deliveries):
    assert County(deliveries, [*SUM_40[:7], "-"]).barnahus(90, 90).told_by("jamtland-K2303-2023") == []


@pytest.mark.parametrize(("barnahus", "broken"), [(26, False), (48, False), (24, True), (50, True)])
def test_masked_figures_are_carried_as_intervals(deliveries, barnahus, broken):
    # The municipalities are 31 to 40 together: 24.8 to 48 lie within a fifth of what they can be.
    county = County(deliveries, ["<5", "<5", "<5", 5, 6, 7, 3, 7]).barnahus(barnahus // 2, barnahus // 2)
    (finding,) = county.told_by("jamtland-K2380-2023")
    assert finding.holds is not broken


def test_who_is_no_side_of_a_check_is_told_nothing(deliveries, police_values):
    county = County(deliveries, SUM_40).barnahus(90, 90)
    county.values["jamtland-POL-2023"] = police_values()
    assert county.told_by("jamtland-POL-2023") == []


def test_the_partys_own_other_period_may_be_among_its_earlier_deliveries(deliveries):
    county = County(deliveries, SUM_40).barnahus(90, 90)
    first = Identity.of_part("jamtland-BHJ-2023-H1")
    earlier = [Earlier(first, "a", deliveries.table(first, county.values.pop(first.part)))]
    (finding,) = county.told_by("jamtland-BHJ-2023-H2", earlier=earlier)
    assert not finding.holds


@pytest.mark.parametrize(("support", "broken"), [(10, False), (11, False), (12, True)])
def test_children_given_crisis_support_are_at_most_those_offered_it(deliveries, support, broken):
    county = County(deliveries, [0] * 8).barnahus(0, 0)
    for half in ("H1", "H2"):
        county.values[f"jamtland-BHJ-2023-{half}"][OFFERED] = 5
    for quarter, number in enumerate((support - 6, 3, 2, 1), start=1):
        county.values[f"jamtland-RJH-2023-Q{quarter}"] = {SUPPORT: number}
    (finding,) = county.told_by("jamtland-RJH-2023-Q4")
    assert finding.holds is not broken


def test_sums_are_told_where_no_side_is_of_persons_or_cases(deliveries, registry):
    open_ = {name: registry.extracts[name].model_copy(update={"small_counts": False}) for name in ("E06", "E07")}
    ours = type(deliveries)(registry.model_copy(update={"extracts": registry.extracts | open_}))
    (finding,) = County(ours, ["<5", *SUM_40[1:]]).barnahus(90, 90).told_by("jamtland-K2380-2023")
    assert (finding.rows[0].found, finding.rows[0].expected.rpartition("(")[2]) == (
        "180",
        "39 till 42, 20 procents skillnad är tillåten)",
    )
