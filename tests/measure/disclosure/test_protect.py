"""What a release shows of small counts, and that it tells nothing of what it hides."""

import re

import numpy as np
import pandas as pd
import pytest

from include.load.tables import VALUE_KEY
from include.measure.compute import compute
from include.measure.disclosure import Earlier, Exposed, protect
from include.registry.models import Selection
from tests.measure.disclosure.deliveries import (
    JAMTLAND,
    KOMMUNER,
    YEAR,
    by_series,
    count,
    gone,
    made,
    orders,
    placed,
    released,
    share,
    shown,
    stored,
    with_limits,
)
from tests.measure.observations import frame, observation

GRANTED, DECIDED = "E05.granted", "E05.decided"
SEXES = (count("all", GRANTED), count("women", GRANTED, sex="K"), count("men", GRANTED, sex="M"))
#: Of a hidden row, what says which row it is and what it rests on; the rest must be the same of all hidden rows.
OWN = {*VALUE_KEY, "area_role", "is_total", "captures", "known_from", "first_year"}


def decided(granted: tuple[int, int, int], year: int = YEAR) -> list[dict]:
    refused, other = (30, 20, 0), (5, 5, 0)
    total = tuple(map(sum, zip(granted, refused, other, strict=True)))
    return orders(year, granted=granted, refused=refused, other=other, decided=total, applied=total)


# --- primary rules -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "is_shown"), [(0, True), (1, False), (4, False), (5, True)])
def test_a_count_of_one_to_four_is_not_shown(number, is_shown):
    found = released(decided((number, 40, 0)), made(count("women", GRANTED, sex="K")))
    assert (shown(found) == {"women"}) == is_shown
    assert found.summary.primary == (not is_shown)


@pytest.mark.parametrize(
    ("top", "bottom", "is_shown"),
    [(6, 19, False), (6, 20, True), (0, 19, False), (19, 19, False), (0, 20, True), (17, 20, False), (20, 20, True)],
)
def test_a_share_needs_twenty_and_no_few_on_either_side(top, bottom, is_shown):
    rows = orders(granted=(top, 0, 0), refused=(bottom - top, 0, 0), other=(0, 0, 0), decided=(bottom, 0, 0))
    found = released(rows, made(share("women", GRANTED, DECIDED, sex="K")))
    assert (shown(found) == {"women"}) == is_shown


def test_the_strictest_limit_of_the_extracts_in_a_row_counts():
    rows = placed(0, 0, 0, 0, 0, 0, 0, 6)
    told = made(count("all", "E06.placed_adults"))
    assert shown(released(rows, told)) == {"all"}
    assert shown(released(rows, with_limits(told, "E06", threshold=7))) == set()


def test_a_share_of_answers_needs_fifty():
    told = made(share("women", GRANTED, DECIDED, sex="K"))
    extract = told.extracts["E05"]
    measures = [each.model_copy(update={"counting_unit": "svar"}) for each in extract.measures]
    survey = told.model_copy(
        update={"extracts": {**told.extracts, "E05": extract.model_copy(update={"measures": measures})}}
    )
    rows = orders(granted=(20, 0, 0), refused=(20, 0, 0), other=(0, 0, 0), decided=(40, 0, 0))
    assert (shown(released(rows, told)), shown(released(rows, survey))) == ({"women"}, set())


def test_what_a_party_has_hidden_is_hidden_in_every_sum_of_it():
    found = released(placed(None), made(count("all", "E06.placed_adults")))
    assert shown(found) == set()
    assert (found.summary.candidates, found.summary.primary, found.equations) == (0, 0, [])


# --- what follows from other rows --------------------------------------------------------------------------------


def test_the_men_go_with_the_women_if_the_sum_would_tell():
    """Three women, forty men and no other: the sum and the men would give the women away."""
    found = released(decided((3, 40, 0)), made(*SEXES))
    assert shown(found) == {"all"}
    assert (found.summary.primary, found.summary.secondary) == (1, 1)


def test_what_is_left_between_the_sexes_is_small_too():
    """Two are of another sex; nothing shows them, but the sum less women and men would."""
    assert shown(released(decided((50, 40, 2)), made(*SEXES))) == {"all", "women"}
    assert shown(released(decided((50, 40, 0)), made(*SEXES))) == {"all", "women", "men"}


def test_a_share_is_its_two_numbers():
    """The share of all tells its numerator, which less the number of the women would be that of two men."""
    told = made(share("all", GRANTED, DECIDED), count("women", GRANTED, sex="K"), count("men", GRANTED, sex="M"))
    assert shown(released(decided((40, 2, 0)), told)) == {"all"}


def test_a_rate_by_public_population_is_its_numerator():
    """Nobody needs more than a calculator: the rate falls with the count, and with what would give it away."""
    population = observation("scb_population.population", 132_000, area="23", year=YEAR)
    rate = count("rate", GRANTED, sex="K").model_copy(
        update={
            "value": "rate",
            "per": 100_000,
            "interval": "poisson",
            "denominator": [Selection(measure="scb_population.population", sex="T")],
        }
    )
    few = released([*decided((4, 40, 0)), population], made(rate))
    assert by_series(few).loc["rate", ["numerator", "denominator", "value", "ci_low", "ci_high"]].isna().all()
    linked = released([*decided((30, 2, 0)), population], made(count("all", GRANTED), rate))
    assert shown(linked) == {"all"}
    some = released([*decided((30, 20, 0)), population], made(rate))
    assert by_series(some).loc["rate", "denominator"] == 132_000
    assert [each["role"] for each in some.equations] == ["numerator"]


def test_a_year_less_in_a_sum_of_years():
    """Three years together, less two of them, is the third, in which there were four."""
    pooled = count("years", GRANTED, sex="K", pool=3)
    rows = [row for year, n in ((2022, 30), (2023, 20), (2024, 4)) for row in decided((n, 40, 0), year)]
    told = made(count("women", GRANTED, sex="K"), pooled)
    found = released(rows, told, years=(2022, 2023, 2024))
    assert shown(found) == {"women 2023", "years 2024"}, "the pooled row costs most, the later year more than the first"


def test_a_party_that_counted_nobody_is_hidden_and_not_left_out():
    """That its share is not there would tell that there was nobody."""
    rows = [*placed(0, 0, 30), *placed(0, 0, 12, measure="E06.placed_children")]
    told = made(share("share", "E06.placed_children", "E06.placed_adults"), by_party=True)
    found = released(rows, told).values
    parties = found[found["party"] != "-"]
    assert set(parties["party"]) == {party.code for party in KOMMUNER}
    nobody = parties[parties["party"].isin([KOMMUNER[0].code, KOMMUNER[1].code])]
    assert set(nobody["obs_status"]) == {"suppressed"}
    assert nobody[["numerator", "denominator", "value"]].isna().all(axis=None)


# --- earlier releases --------------------------------------------------------------------------------------------


def test_an_earlier_release_less_this_one():
    """Adults and children stood together in an earlier release; the adults alone would now tell the two children."""
    children = placed(2, 0, 0, 0, 0, 0, 0, 0, measure="E06.placed_children")
    rows = [*placed(), *children]
    first = released(rows, made(count("all", "E06.placed_adults", "E06.placed_children")))
    assert shown(first) == {"all"}
    now = made(count("adults", "E06.placed_adults"))
    assert shown(released(rows, now)) == {"adults"}
    assert shown(released(rows, now, earlier=Earlier(stored(first, "r1")))) == set()


def test_a_number_that_has_been_revised_is_another_one():
    """What the earlier release showed says nothing of the new number but by what has not changed."""
    told = made(count("women", GRANTED, sex="K"))
    first = released(decided((30, 40, 0)), told)
    now = released(decided((33, 40, 0)), told, earlier=Earlier(stored(first, "r1")))
    assert shown(now) == {"women"}


def test_what_was_small_before_a_late_report_is_not_told_by_it():
    """The sum showed 43; of the women, who were three, nothing. That they are six now would tell them."""
    rows = decided((3, 40, 0))
    first = released(rows, made(count("all", GRANTED)))
    assert shown(first) == {"all"}
    earlier = Earlier(stored(first, "r1"), vintages=[frame(*rows)])
    assert shown(released(decided((6, 40, 0)), made(*SEXES))) == {"all", "women", "men"}
    assert shown(released(decided((6, 40, 0)), made(*SEXES), earlier=earlier)) == {"all"}


def test_what_was_once_hidden_stays_hidden_and_protects_what_it_did():
    told = made(*SEXES)
    first = released(decided((3, 40, 0)), told)
    hidden = gone(first)
    now = released(decided((30, 40, 0)), told, earlier=Earlier(stored(first, "r1"), hidden))
    assert shown(now) == {"all"}
    assert (now.summary.sticky, now.summary.primary, now.summary.secondary) == (2, 0, 0)


def test_a_release_made_again_after_itself_is_the_same():
    told = made(*SEXES, share("share", GRANTED, DECIDED))
    first = released(decided((3, 40, 2)), told)
    again = released(decided((3, 40, 2)), told, earlier=Earlier(stored(first, "r1"), gone(first)))
    pd.testing.assert_frame_equal(again.values, first.values)
    assert again.equations == first.equations


def test_what_is_known_already_stops_the_release_without_a_number():
    """A limit was raised after a release had shown seven."""
    told = made(count("women", GRANTED, sex="K"))
    first = released(decided((7, 40, 0)), told)
    with pytest.raises(Exposed, match=r"small counts of E05 for 2024") as stopped:
        released(decided((7, 40, 0)), with_limits(told, "E05", threshold=10), earlier=Earlier(stored(first, "r1")))
    assert set(re.findall(r"\d+", str(stopped.value))) == {"05", "2024"}
    assert stopped.value.__suppress_context__


# --- what is published -------------------------------------------------------------------------------------------


def test_a_hidden_row_looks_the_same_whatever_the_reason():
    """Hidden for itself, for another, by the party: same words, same empty columns, nothing made from the figures."""
    told = made(
        *(each.model_copy(update={"interval": "poisson"}) for each in SEXES),
        count("source", "E06.placed_adults", interval="poisson"),
    )
    rows = [*decided((3, 40, 0)), *placed(None)]
    rows = [row | {"value_status": "estimate"} if row["sex"] == "M" else row for row in rows]
    found = by_series(released(rows, told))
    assert found.loc["all", "obs_status"] == "ok"
    hidden = found.loc[["women", "men", "source"]]
    alike = hidden[[name for name in hidden.columns if name not in OWN and name != "sex"]].astype(object)
    alike = alike.where(alike.notna(), None).drop(columns=["unit"])
    assert (alike.nunique(dropna=False) == 1).all(), alike.T
    assert (
        hidden[["numerator", "denominator", "value", "ci_low", "ci_high", "ci_level", "ci_method"]].isna().all().all()
    )
    assert set(hidden["obs_status"]) == set(hidden["conf_status"]) == {"suppressed"}
    assert set(hidden["reason_sv"]) == {"Uppgiften visas inte av sekretesskäl."}
    assert set(hidden["notes_sv"]) == {""}


def test_shown_rows_are_what_was_computed():
    told = made(*SEXES, count("other", "E06.placed_adults"))
    found = frame(*decided((3, 40, 0)), *placed())
    computed = compute(found, told, JAMTLAND, [YEAR], reveal=True)
    before = computed.values.copy()
    release = protect(computed, found, told, JAMTLAND, Earlier())
    stay = release.values["obs_status"] == "ok"
    pd.testing.assert_frame_equal(release.values[stay], computed.values[stay])
    pd.testing.assert_frame_equal(computed.values, before)
    assert list(release.values.columns) == list(computed.values.columns)


def test_rows_that_are_not_of_small_counts_are_untouched():
    """Public figures as they are, however small."""
    told = made(count("all", "bra_handled_offences.handled"), areas=["proxy"], suppression="public_source")
    rows = [observation("bra_handled_offences.handled", 2, year=YEAR)]
    found = released(rows, told)
    assert by_series(found).loc["all", "value"] == 2
    assert found.summary.candidates == 0


def test_what_a_source_gives_as_its_own_figure_is_untouched():
    given = count("given", "E12.helpline_calls").model_copy(update={"value": "given"})
    rows = [observation("E12.helpline_calls", 3, area="23", year=YEAR)]
    found = by_series(released(rows, made(given)))
    assert (found.loc["given", "obs_status"], found.loc["given", "value"]) == ("ok", 3)


def test_a_figure_on_request_is_small_though_it_is_never_added():
    rows = [observation("E12.helpline_calls", 3, area="23", year=YEAR)]
    found = released(rows, made(count("calls", "E12.helpline_calls")))
    assert (shown(found), found.summary.primary) == (set(), 1)


def test_what_is_shown_is_told_in_sums_of_keys_and_values():
    told = made(share("women", GRANTED, DECIDED, sex="K"))
    top, bottom = released(decided((30, 40, 0)), told).equations
    assert top == {
        "role": "numerator",
        "value_key": ["TMV-U08", "women", "23", YEAR, "K", "T", "-", "total"],
        "amount": 30.0,
        "cells": [["E05.granted", "23", "2024", "K", "T", "AKL", "total", 30.0]],
    }
    assert (bottom["role"], bottom["amount"]) == ("denominator", 65.0)


def test_the_order_of_observations_changes_nothing():
    told = made(*SEXES, share("share", GRANTED, DECIDED), count("placed", "E06.placed_adults"))
    rows = [*decided((3, 40, 2)), *placed(4, 9)]
    first = released(rows, told)
    for start in (1, 17, 40):
        again = released([*rows[start:], *reversed(rows[:start])], told)
        pd.testing.assert_frame_equal(again.values, first.values)
        assert again.equations == first.equations


def test_values_that_were_not_revealed_are_refused():
    told, found = made(*SEXES), frame(*decided((30, 40, 0)))
    hidden = compute(found, told, JAMTLAND, [YEAR])
    with pytest.raises(ValueError, match="reveal=True"):
        protect(hidden, found, told, JAMTLAND, Earlier())


def test_values_of_other_observations_are_refused():
    told = made(*SEXES)
    computed = compute(frame(*decided((30, 40, 0))), told, JAMTLAND, [YEAR], reveal=True)
    with pytest.raises(ValueError, match="not computed from these observations"):
        protect(computed, frame(*placed()), told, JAMTLAND, Earlier())


def test_coarsening_keeps_the_county_and_hides_its_parts():
    """As when the program is not solved in time: women and men go, the sum of all stays."""
    found = released(decided((3, 40, 0)), made(*SEXES), rounds=0)
    assert shown(found) == {"all"}
    assert found.summary.coarsened == found.summary.secondary == 1


def test_nothing_small_stands_in_what_is_printed():
    found = released(decided((30, 40, 0)), made(*SEXES))
    assert "E05.granted" not in repr(found)
    assert np.all([isinstance(each, int) for each in vars(found.summary).values()])


def test_a_municipality_is_protected_by_the_others():
    """One row a municipality beside the county's: a single small one takes another with it."""
    told = made(count("placed", "E06.placed_adults", areas=["county", "kommun"]))
    found = released(placed(3), told).values
    assert len(found) == len(KOMMUNER) + 1
    hidden = found[found["obs_status"] == "suppressed"]
    assert set(hidden["area_role"]) == {"kommun"}
    assert len(hidden) == 2
