"""What readers know of counts: which figures a value adds up, and what must hold between them, told by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from include.publish.delivered import Cell, Vintage, _follow_on_each_other
from include.registry.models import Breakdown, Extract, PartyCheck, Selection, Series
from tests.publish import small_scene
from tests.publish.small_scene import PLACES, YEAR, figure

TEXT = {"sv": "Text", "en": "Text"}
ALL = Series.model_validate({"id": "all", "label": TEXT})
TYPES = {
    code: Breakdown.model_validate({"scheme": "kind", "code": code, "label": TEXT}) for code in ("kind:a", "kind:b")
}
EVERYWHERE = [*PLACES, "23"]


def known(rows: list[dict[str, Any]], grid: dict[str, Any] | None = None, **what: Any) -> Vintage:
    """Return the vintage of some figures of an extract with one grid: plain totals, if not said otherwise."""
    unit, checks = what.pop("counting_unit", "person"), what.pop("party_checks", [])
    names = ("met", "helped", "asked")
    measure = {"label": TEXT, "unit": "personer", "counting_unit": unit} | what.pop("measure", {})
    have = small_scene.registry().extracts["E06"].model_dump() | {"checks": []}
    have |= {"measures": [{"id": name} | measure for name in names]}
    have |= {"sheets": [{"name": "P", "title": "P", "grid": {"measures": list(names)} | (grid or {})}]}
    registry = small_scene.registry()
    registry = registry.model_copy(
        update={
            "extracts": registry.extracts | {"E06": Extract.model_validate(have | what)},
            "breakdowns": TYPES,
            "party_checks": {each["id"]: PartyCheck.model_validate(each) for each in checks},
        }
    )
    return small_scene.known(rows, registry)


def said(vintage: Vintage, name: Callable[[Cell], str]) -> set[str]:
    """Return the relations of all deliveries in words; every factor of theirs is 1 or -1."""
    return {
        " ".join(f"{'+' if factor > 0 else '-'}{name(cell)}" for cell, factor in zip(cells, factors, strict=True))
        + f" {'=' if equal else '<='} {amount:g}"
        for cells, factors, equal, amount in vintage.relations(vintage.deliveries())
    }


def divided(column: str, values: dict[str, float | None]) -> list[dict[str, Any]]:
    """Return figures that differ in one dimension."""
    return [figure(value, **{column: code}) for code, value in values.items()]


SEX = {"sex": ["K", "M", "T"]}
AGES = {"age": ["0-17", "18+", "T"]}
KINDS = {"breakdown": ["kind:a", "kind:b", "total"]}


@pytest.mark.parametrize(
    ("column", "grid", "values", "relations"),
    [
        ("sex", SEX, {"K": 3, "M": 4, "T": 7}, {"+K +M -T = 0"}),
        ("sex", SEX, {"K": 3, "M": 4, "T": 9}, {"+K +M -T <= 0", "+K -T <= 0", "+M -T <= 0"}),
        ("sex", SEX, {"K": None, "M": None, "T": None}, set()),
        ("age", AGES, {"0-17": 3, "18+": 4, "T": 7}, {"+0-17 +18+ -T = 0"}),
        ("age", {"age": ["0-17", "13-17", "T"]}, {"0-17": 3, "13-17": 2, "T": 5}, {"+0-17 -T <= 0", "+13-17 -T <= 0"}),
        ("breakdown", KINDS, {"kind:a": 3, "kind:b": 4, "total": 7}, {"+kind:a +kind:b -total = 0"}),
        (
            "breakdown",
            KINDS,
            {"kind:a": 6, "kind:b": 4, "total": 7},
            {"-kind:a -kind:b +total <= 0", "+kind:a -total <= 0", "+kind:b -total <= 0"},
        ),
        ("breakdown", KINDS, {"kind:a": 6, "total": 7}, {"+kind:a -total <= 0"}),
    ],
)
def test_parts_and_their_total(
    column: str, grid: dict[str, Any], values: dict[str, float | None], relations: set[str]
) -> None:
    """Parts that are apart come to the total; who may be in several, or in none that is told, only bounds it."""
    vintage = known(divided(column, values), grid)
    assert said(vintage, lambda cell: str(getattr(cell, column))) == relations


@pytest.mark.parametrize(
    ("basis", "relations"),
    [
        ("handlaggande", {"+2303 +2305 +2380 -23 = 0"}),
        ("bostad", {"+2303 +2305 +2380 -23 <= 0", "+2303 -23 <= 0", "+2305 -23 <= 0", "+2380 -23 <= 0"}),
    ],
)
def test_municipalities_and_their_county(basis: str, relations: set[str]) -> None:
    """By home some live elsewhere, so that the municipalities are no more than the county."""
    rows = [figure(18 if area == "23" else 6, area=area, party="LST") for area in EVERYWHERE]
    vintage = known(rows, {"by_area": True}, delivered_by=["lansstyrelse"], geo_basis=basis)
    assert said(vintage, lambda cell: cell.area) == relations


@pytest.mark.parametrize(
    ("ages", "apart"),
    [
        (["0-12", "13-17", "18+"], True),
        (["18+", "0-17"], True),
        (["0-17", "13-17"], False),
        (["13-17", "18+"], False),
        (["0-17", "adults"], False),
    ],
)
def test_age_groups_that_nobody_is_twice_in(ages: list[str], apart: bool) -> None:
    """A group that is not understood is not believed to be apart from the others."""
    assert _follow_on_each_other(ages) is apart


@pytest.mark.parametrize(
    ("left", "relation", "right", "relations"),
    [
        (["helped"], "equal", ["met"], {"+helped -met = 0"}),
        (["helped"], "at_most", ["met"], {"+helped -met <= 0"}),
        (["helped", "asked"], "equal", ["met"], {"+helped -met <= 0"}),
        (["helped"], "equal", ["met", "asked"], {"-helped +met <= 0"}),
        (["helped"], "at_most", ["met", "asked"], set()),
        (["helped"], "at_most", ["asked"], set()),
    ],
)
def test_a_check_of_lines_says_what_it_says_of_what_is_there(
    left: list[str], relation: str, right: list[str], relations: set[str]
) -> None:
    """Nobody has told of ``asked``, which may be any number: it bounds from one side, or not at all."""
    rows = [figure(7, measure=f"E06.{name}") for name in ("met", "helped")]
    check = {"left": left, "relation": relation, "right": right, "text": TEXT}
    assert said(known(rows, checks=[check]), lambda cell: cell.measure[4:]) == relations


@pytest.mark.parametrize("delivered", [list(PLACES), ["2380", "2303"]])
def test_a_check_between_parties_needs_all_of_them(delivered: list[str]) -> None:
    rows = [
        figure(7, measure=f"E06.{name}", area=area, party=f"K{area}")
        for name in ("met", "helped")
        for area in (delivered if name == "helped" else PLACES)
    ]
    check = {"id": "same", "left": ["E06.helped"], "relation": "equal", "right": ["E06.met"], "text": TEXT}
    found = list(known(rows, party_checks=[check]).relations([]))
    assert [len(cells) for cells, *_ in found if len(cells) > 2] == ([6, 6] if len(delivered) == 3 else [])


@pytest.mark.parametrize(
    ("told", "state", "amount"),
    [
        ([figure(3), figure(4, area="2303", party="K2303"), figure(5, area="2305", party="K2305")], "there", 12.0),
        ([figure(3), figure(4, area="2303", party="K2303")], "lacking", None),
        ([figure(3), figure(4, area="2303", party="K2303"), figure(None, area="2305", party="K2305")], "lacking", None),
        (
            [
                *(figure(3), figure(4, area="2303", party="K2303")),
                figure(None, area="2305", party="K2305", value_status="suppressed"),
            ],
            "hidden",
            None,
        ),
    ],
)
def test_a_sum_is_known_where_all_of_it_is(told: list[dict[str, Any]], state: str, amount: float | None) -> None:
    """A figure that lacks, or that its source has hidden, leaves no amount."""
    summed = known(told).sum_of([Selection(measure="E06.met")], ALL, "23", [YEAR], "-")
    assert (summed.state, summed.amount if summed.amount == summed.amount else None) == (state, amount)


def asked(area: str = "23", measure: str = "E06.met") -> Cell:
    return Cell(measure, area, str(YEAR), "T", "T", "-", "total")


def places(cells: list[Cell]) -> list[tuple[str, str]]:
    return [(cell.area, cell.party) for cell in cells]


def test_a_county_is_the_figures_of_its_parties_and_a_municipality_its_own() -> None:
    each = [(area, f"K{area}") for area in PLACES]
    vintage = known([figure(7, area=area, party=party) for area, party in each])
    assert places(vintage.parts(asked())) == each
    assert places(vintage.parts(asked("2303"))) == [("2303", "K2303")]


def test_a_county_that_is_told_as_a_whole_is_one_figure() -> None:
    """Where one party tells of all municipalities, what it tells of the county is not taken for their sum."""
    rows = [figure(7, area=area, party="LST") for area in EVERYWHERE]
    whole = known(rows, {"by_area": True}, delivered_by=["lansstyrelse"])
    assert places(whole.parts(asked()._replace(party="LST"))) == [("23", "LST")]
    apart = known(rows[:-1], {"by_area": True}, delivered_by=["lansstyrelse"])
    assert places(apart.parts(asked())) == [(area, "LST") for area in sorted(PLACES)]


@pytest.mark.parametrize(
    ("measure", "what"), [("bra_handled_offences.people", {}), ("E06.met", {"measure": {"additive": False}})]
)
def test_what_may_not_be_added_is_not_looked_for_in_parts(measure: str, what: dict[str, Any]) -> None:
    """A public figure and one that does not add up are themselves, or not there."""
    vintage = known([figure(7, area=area, party=f"K{area}") for area in PLACES], **what)
    assert vintage.parts(asked(measure=measure)) == [asked(measure=measure)]
