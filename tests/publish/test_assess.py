"""Assessments: what the rows of a release say when they are compared, set against a target and read in pairs."""

from dataclasses import asdict, replace
from operator import itemgetter
from typing import Any

import pytest
import sqlalchemy as sa

from include.load import tables as t
from include.measure import methods, trend
from include.publish import release as store
from include.publish import run, sentences
from include.publish.assess import Assessment, change_of, place_of
from include.publish.content import Content, Trend
from include.registry.models import Area
from tests.publish import scene

REPORTED = ("TMV-B01", "Anmäld misshandel", "Reported assault")
ASKED = ("TMV-F06", "Självrapporterad utsatthet", "Self-reported exposure")


def content(rows: list[dict[str, Any]], *indicators: Any, trends: tuple[Trend, ...] = (), **areas: Any) -> Content:
    """Return the content of a release with these rows; the indicators join those of the small county."""
    known = scene.registry()
    more = {each.id: each for each in indicators}
    everything = known.model_copy(update={"indicators": known.indicators | more, "areas": known.areas | areas})
    agreement = everything.agreements["prov"]
    themes = {each.theme for each in indicators}
    goals = [
        goal if goal.code != "B" else goal.model_copy(update={"themes": sorted({"B"} | themes)})
        for goal in agreement.goal_areas
    ]
    agreed = agreement.model_copy(update={"goal_areas": goals})
    everything = everything.model_copy(update={"agreements": {"prov": agreed}})
    return replace(scene.content(rows, registry=everything), trends=trends)


def only(found: Content, indicator: str, area: str = "23", series: str = "all") -> Assessment:
    """Return the one assessment of a line."""
    (one,) = [
        each for each in found.assessments if (each.indicator_id, each.area, each.series) == (indicator, area, series)
    ]
    return one


def per_head(code: str = "TMV-B01", **what: Any) -> Any:
    plain = {"value": "rate", "unit": "per 100 000", "decimals": 1, "interval": "poisson", "trend": True}
    return scene.indicator(code, **(plain | {"areas": ["county", "benchmark", "kommun"]} | what))


def rate(events: float, people: float = 132_000.0, year: int = 2025, code: str = "TMV-B01", **what: Any) -> Any:
    """Return a row of a rate with its own interval."""
    value, limits = methods.rate(events, people, 1e5)
    plain = {"year": year, "unit": "per 100 000", "decimals": 1, "numerator": events, "denominator": people}
    low, high = float(limits.low), float(limits.high)
    return scene.row(code, float(value), **(plain | {"ci_low": low, "ci_high": high, "ci_level": 0.95} | what))


def whole(events: float, **what: Any) -> Any:
    return rate(events, 10_600_000.0, area="00", area_role="benchmark", **what)


# --- comparison ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "result", "said"),
    [
        (400, "higher", "Det är fler per 100 000 än i riket (200,0), en säkerställd skillnad."),
        (150, "lower", "Det är färre per 100 000 än i riket (200,0), en säkerställd skillnad."),
        (264, "similar", "Skillnaden mot riket (200,0 per 100 000) är inte säkerställd."),
    ],
)
def test_an_area_is_compared_by_its_own_interval(events: float, result: str, said: str) -> None:
    """Higher or lower is said only if the area's whole interval lies on one side of the country's value."""
    found = only(content([rate(events), whole(21_200)], per_head()), "TMV-B01")
    assert (found.comparison, found.comparison_area, found.comparison_value) == (result, "00", 200.0)
    assert found.sentence_sv.replace("\u00a0", " ").endswith(said)


def test_a_municipality_is_compared_too_and_the_country_is_not() -> None:
    """Each area of the county is set beside the country; the country beside nothing."""
    found = content([rate(400), whole(21_200), rate(80, 64_000, area="2380", area_role="kommun")], per_head())
    assert only(found, "TMV-B01", "2380").comparison == "lower"
    assert only(found, "TMV-B01", "00").comparison == "none"


def test_what_is_not_compared_leaves_no_trace() -> None:
    """The country's invented value marks only what is set beside it."""
    rows = [rate(400), whole(21_200, is_example=True, origin="example")]
    assert only(content(rows, per_head()), "TMV-B01").is_example
    alone = only(content(rows, per_head(areas=["county"])), "TMV-B01")
    assert (alone.comparison, alone.is_example) == ("none", False)


def test_a_place_that_the_registry_no_longer_has_is_called_by_its_code() -> None:
    """A release of long ago is still told of, and a stand-in is still called one."""
    place = place_of("Rn99", "proxy", scene.registry())
    assert (place.name.sv, place.name.en, place.is_stand_in) == ("Rn99", "Rn99", True)


def test_what_cannot_be_compared_says_why() -> None:
    """Without a value there, or without an interval here, there is a reason and no result."""
    lacking = only(content([rate(400)], per_head()), "TMV-B01")
    assert (lacking.comparison, lacking.comparison_value) == ("cannot_be_calculated", None)
    assert lacking.comparison_reason_sv == "Uppgift saknas för jämförelseområdet."
    bare = rate(400) | {"ci_low": None, "ci_high": None, "ci_level": None}
    certain = only(content([bare, whole(21_200)], per_head()), "TMV-B01")
    assert certain.comparison_reason_sv == "Värdet har inget osäkerhetsintervall."


def test_counts_of_places_of_different_sizes_are_not_compared() -> None:
    """A county's population is not lower than the country's."""
    assert {each.comparison for each in scene.content().assessments if each.indicator_id == "TMV-C01"} == {"none"}


def test_a_preliminary_value_is_never_compared_with_a_final_one_without_a_note() -> None:
    """The sentence says that one of the two is preliminary."""
    found = only(content([rate(400, preliminary=True), whole(21_200)], per_head()), "TMV-B01")
    assert "Den ena uppgiften är preliminär, den andra slutlig." in found.sentence_sv
    assert "One figure is preliminary, the other final." in found.sentence_en


# --- target -------------------------------------------------------------------------------------------------------


def meetings(*values: float | None) -> list[dict[str, Any]]:
    """Return the numbers of meetings of the years that end with 2025."""
    return [scene.meeting(2026 - len(values) + place, value) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "status", "needed", "actual"),
    [
        ((2, 3, 3, 4, 4), "achieved", 0.148698355, 0.189207115),
        ((2, 2, 3, 3, 3.5), "substantial", 0.148698355, 0.1501633169),
        ((2, 2, 2, 3, 3), "moderate", 0.148698355, 0.1066819197),
        ((2, 2, 2, 2, 2), "limited", 0.148698355, 0.0),
        ((3, 3, 2, 2, 2), "deterioration", 0.05922384105, -0.09639799614),
    ],
)
def test_progress_is_reckoned_from_the_first_followed_up_year(
    values: tuple[float, ...], status: str, needed: float, actual: float
) -> None:
    """Base, target and both growths a year stand with the result, to be reckoned again by anyone."""
    found = only(content(meetings(*values)), "TMV-S01")
    assert found.progress == status
    assert (found.base_year, found.base_value) == (2021, values[0])
    assert (found.target_value, found.target_year) == (4.0, 2026)
    assert found.needed == pytest.approx(needed)
    assert found.actual == pytest.approx(actual)


def test_years_before_the_agreement_or_before_a_break_are_no_base() -> None:
    """What was measured otherwise, or before anybody had promised anything, is not what progress starts from."""
    rows = [scene.meeting(2019, 1.0), *meetings(2, 2, 3, 3, 3)]
    assert only(content(rows), "TMV-S01").base_year == 2021
    rows[3]["break_before"] = True
    found = only(content(rows), "TMV-S01")
    assert (found.base_year, found.base_value) == (2023, 3)


def test_without_a_value_progress_cannot_be_assessed() -> None:
    """A year without a value, or with nothing to start from, has a reason."""
    found = only(content(meetings(2, 2, 3, 3, None)), "TMV-S01")
    assert (found.progress, found.progress_reason_sv) == ("not_assessable", "Uppgift saknas för 2025.")
    assert (found.needed, found.actual) == (None, None)
    first = only(content(meetings(3)), "TMV-S01")
    assert (first.progress, first.base_year) == ("not_assessable", 2025)


def test_progress_is_not_reckoned_from_a_final_value_to_a_preliminary_one() -> None:
    """Their difference is partly that the latest figure is not complete yet."""
    rows = meetings(2, 2, 3, 3, 3)
    rows[-1]["preliminary"] = True
    found = only(content(rows), "TMV-S01")
    assert found.progress == "not_assessable"
    assert found.progress_reason_sv == "Preliminära och slutliga uppgifter blandas."


@pytest.mark.parametrize(("origin", "status"), [("text_universal", "moderate"), ("internal", "none")])
def test_an_ambition_is_followed_and_a_target_of_our_own_is_not(origin: str, status: str) -> None:
    """The text's "alla" is reckoned as 100 and called an ambition; the follow-up's own target is not spoken of."""
    target = {"value": 100.0, "origin": origin, "text": {"sv": "Alla.", "en": "All."}}
    made = {"value": "share", "per": 100, "unit": "procent", "direction": "+", "target": target}
    rows = [
        scene.row("TMV-B01", 100 * top / 24, year=year, unit="procent", numerator=top, denominator=24.0)
        for year, top in ((2021, 12.0), (2025, 18.0))
    ]
    found = only(content(rows, scene.indicator("TMV-B01", **made)), "TMV-B01")
    assert found.progress == status
    assert "målvärde" not in found.sentence_sv
    assert ("avtalets ambition (alla)" in found.sentence_sv) == (origin == "text_universal")


def test_only_the_first_series_has_a_target() -> None:
    """A target is one of the indicator's first series."""
    target = {"value": 4.0, "origin": "text", "text": {"sv": "Fyra.", "en": "Four."}}
    series = [{"id": one, "label": {"sv": one, "en": one}} for one in ("all", "extra")]
    rows = [
        scene.row("TMV-B01", float(year - 2020), year=year, series=one)
        for one in ("all", "extra")
        for year in (2021, 2025)
    ]
    found = content(rows, scene.indicator("TMV-B01", direction="+", target=target, series=series))
    assert only(found, "TMV-B01").progress == "achieved"
    assert only(found, "TMV-B01", series="extra").progress == "none"


# --- change -------------------------------------------------------------------------------------------------------


def trended(result: str, year: int = 2025, code: str = "TMV-B01", reason: str = "") -> Trend:
    return Trend(code, "all", "23", "T", "T", "-", year, "five", result, reason or None, None, None)


def five(*events: float, code: str = "TMV-B01", **what: Any) -> list[dict[str, Any]]:
    return [rate(each, year=2021 + place, code=code, **what) for place, each in enumerate(events)]


@pytest.mark.parametrize(
    ("events", "change", "said"),
    [
        ((40, 44, 47, 52, 55), "too_few", "för få händelser för att avgöra"),
        ((200, 195, 210, 190, 205), "flat", "Ingen säkerställd förändring under de fem åren 2021–2025."),
        ((180, 190, 205, 221, 240), "up", "har det blivit fler, en säkerställd förändring."),
        ((240, 221, 205, 190, 180), "down", "har det blivit färre, en säkerställd förändring."),
        ((0, 0, 0, 0, 0), "too_few", "för få händelser för att avgöra"),
    ],
)
def test_no_change_is_told_from_too_few_to_tell(events: tuple[float, ...], change: str, said: str) -> None:
    """A steady 8 % a year on some 50 cases is not certain: then the answer is that there are too few."""
    rows = five(*events)
    points = [trend.Point(row["year"], row["value"], row["ci_low"], row["ci_high"]) for row in rows]
    result = trend.five_point(points).result
    found = content(rows, per_head(), trends=(trended(result),))
    values = [row for row in found.values if row.indicator_id == "TMV-B01"]
    assert change_of(trended(result), values) == change
    assert said in only(found, "TMV-B01").sentence_sv


def test_a_change_that_hangs_on_one_year_is_none_and_not_too_little_to_tell() -> None:
    """The test saw enough; what it saw is one odd year."""
    found = content(five(4, 5, 3, 6, 4), per_head())
    values = [row for row in found.values if row.indicator_id == "TMV-B01"]
    assert change_of(trended("no_change"), values) == "too_few"
    assert change_of(trended("no_change", reason=trend.REASONS_SV["one_year"]), values) == "flat"


def test_a_trend_that_could_not_be_tested_is_neither_calm_nor_too_little_to_tell() -> None:
    """Steady figures whose test was refused are untested, whatever they look like."""
    values = [row for row in content(five(200, 195, 210, 190, 205), per_head()).values if row.indicator_id == "TMV-B01"]
    assert change_of(trended("no_change"), values) == "flat"
    assert change_of(trended("cannot_be_calculated", reason="Ett brott i serien."), values) == "not_tested"


def test_the_trend_told_is_the_one_that_ends_with_the_value_told() -> None:
    """A year without a value does not borrow a trend, and the older value brings its own."""
    rows = [*five(180, 190, 205, 221), rate(240, year=2025) | {"value": None, "obs_status": "missing"}]
    rows[-1] |= {"ci_low": None, "ci_high": None, "reason_sv": "Källan har ingen uppgift."}
    found = content(rows, per_head(), trends=(trended("up", 2024), trended("cannot_be_calculated", reason="Uppgift.")))
    said = only(found, "TMV-B01").sentence_sv
    assert said.startswith("År 2025 finns inget värde för Jämtlands län. Källan har ingen uppgift.")
    assert "Under de fem åren 2020–2024 har det blivit fler" in said


# --- hidden -------------------------------------------------------------------------------------------------------


def test_a_hidden_value_leaves_nothing_behind() -> None:
    """Nothing but that it is hidden is told: no trend, no comparison, no progress, whatever the other years show."""
    hidden = {"numerator": None, "denominator": None, "value": None, "ci_low": None, "ci_high": None}
    hidden |= {"obs_status": "suppressed", "conf_status": "suppressed", "reason_sv": "Bygger på 3 fall."}
    rows = [*five(180, 190, 205, 221), rate(240, year=2025) | hidden, whole(21_200)]
    target = {"value": 100.0, "origin": "text", "text": {"sv": "Hundra.", "en": "A hundred."}}
    one = per_head(direction="-", suppression="small_counts", target=target)
    found = only(content(rows, one, trends=(trended("up"), trended("up", 2024))), "TMV-B01")
    assert found.sentence_sv == "Uppgiften för Jämtlands län år 2025 visas inte av sekretesskäl."
    assert (found.comparison, found.progress) == ("cannot_be_calculated", "not_assessable")
    assert (found.value_year, found.actual, found.needed) == (None, None, None)


# --- municipalities and pairs -------------------------------------------------------------------------------------


def test_a_number_of_municipalities_is_told_of_all_with_those_that_answered() -> None:
    """Three of eight say yes, and one has not answered: that is not a no."""
    found = yes_or_no(1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, None)
    said = only(found, "TMV-B01")
    assert said.sentence_sv == "År 2025 gällde det 3 av 8 kommuner (7 svarade) i Jämtlands län."
    assert said.sentence_en == "In 2025, it held for 3 of 8 municipalities (7 answered) in Jämtlands län."
    assert only(found, "TMV-B01", "2380").sentence_sv == "År 2025 var svaret ja i Östersund."


def test_who_answered_is_not_told_of_small_counts() -> None:
    """How many rows are hidden would tell primary from secondary: only how many municipalities there are is told."""
    found = yes_or_no(1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, None, suppression="small_counts")
    assert only(found, "TMV-B01").sentence_sv == "År 2025 gällde det 3 av 8 kommuner i Jämtlands län."


def yes_or_no(*answers: float | None, **what: Any) -> Content:
    """Return a release that counts the municipalities of which something holds, with the answer of each of the eight.

    Args:
        answers: 1 for yes, 0 for no, None where nothing is known.
        what: of the indicator.
    """
    codes = [f"23{n:02}" for n in (3, 5, 9, 13, 21, 26, 61)]
    more = {code: Area(kind="kommun", code=code, name=f"Kommun {code}", parent="23") for code in codes}
    rows = [scene.row("TMV-B01", float(answers.count(1.0)), unit="kommuner")] + [
        scene.row("TMV-B01", answer, unit="kommuner", area=code, area_role="kommun")
        for code, answer in zip(["2380", *codes], answers, strict=True)
    ]
    return content(rows, scene.indicator("TMV-B01", unit="kommuner", areas=["county", "kommun"], **what), **more)


def survey(*shares: float) -> list[dict[str, Any]]:
    """Return a survey's shares of five years, each with limits wide enough to be of some thousand answers."""
    limits = {"unit": "procent", "decimals": 1, "ci_level": 0.95, "method": "given"}
    return [
        scene.row("TMV-F06", each, year=2021 + n, ci_low=each - 0.3, ci_high=each + 0.3, **limits)
        for n, each in enumerate(shares)
    ]


def named(one: tuple[str, str, str]) -> dict[str, str]:
    return {"sv": one[1], "en": one[2]}


def pair(registered: str = "0") -> tuple[Any, Any]:
    """Return what is reported (neutral, unless told otherwise) and what people say, each to be read with the other."""
    told = {"value": "given", "unit": "procent", "decimals": 1, "interval": "source", "trend": True}
    return (
        per_head(name=named(REPORTED), read_with=["TMV-F06"], direction=registered),
        scene.indicator(
            "TMV-F06",
            name=named(ASKED),
            read_with=["TMV-B01"],
            direction="-",
            areas=["county"],
            **told,
        ),
    )


def test_rising_reports_with_flat_exposure_read_as_more_detected() -> None:
    """Both halves of a pair tell the same reading, once both are tested."""
    trends = (trended("up"), trended("no_change", code="TMV-F06"))
    found = content([*five(180, 190, 205, 221, 240), *survey(3.4, 3.5, 3.3, 3.4, 3.4)], *pair(), trends=trends)
    reading = "det tyder på att en större del av våldet upptäcks eller anmäls."
    reported, asked = only(found, "TMV-B01").sentence_sv, only(found, "TMV-F06").sentence_sv
    assert reported.endswith(f"Läst tillsammans med ”Självrapporterad utsatthet”: {_HALVES}; {reading}")
    assert asked.endswith(f"Läst tillsammans med ”Anmäld misshandel”: {_HALVES}; {reading}")


_HALVES = "fler registrerade men ingen säkerställd förändring av självrapporterad utsatthet"


@pytest.mark.parametrize("result", ["cannot_be_calculated", "no_change"])
def test_a_pair_is_not_read_before_both_are_trended(result: str) -> None:
    """Neither an untested half nor one of too few answers is read as calm."""
    wide = [row | {"ci_low": 1.0, "ci_high": 6.0} for row in survey(3.4, 3.5, 3.3, 3.4, 3.4)]
    trends = (trended("up"), trended(result, code="TMV-F06", reason="Färre än 5 år med uppgift."))
    said = only(content([*five(180, 190, 205, 221, 240), *wide], *pair(), trends=trends), "TMV-B01").sentence_sv
    assert "kan inte läsas mot varandra än" in said
    assert "tyder på" not in said


@pytest.mark.parametrize("last", ["old", "hidden"])
def test_a_pair_is_not_read_with_a_half_that_is_old_or_hidden_now(last: str) -> None:
    """What people said two years ago, or what may not be told this year, says nothing of today's reports."""
    asked = survey(3.4, 3.5, 3.3, 3.4, 3.4)
    if last == "old":
        asked = [row | {"year": row["year"] - 2} for row in asked]
    else:
        asked[-1] |= {"value": None, "ci_low": None, "ci_high": None, "obs_status": "suppressed"}
        asked[-1] |= {"conf_status": "suppressed", "reason_sv": "Bygger på för få svar."}
    calm = tuple(trended("no_change", year=year, code="TMV-F06") for year in (2023, 2024, 2025))
    found = content([*five(180, 190, 205, 221, 240), *asked], *pair(), trends=(trended("up"), *calm))
    said = only(found, "TMV-B01").sentence_sv
    assert "kan inte läsas mot varandra än" in said
    assert "tyder på" not in said


def test_a_municipality_is_not_read_with_what_the_county_says() -> None:
    """The survey speaks of the county: a municipality's reports are not set against it."""
    rows = [*five(180, 190, 205, 221, 240), *five(18, 19, 20, 22, 24, area="2380", area_role="kommun")]
    trends = (trended("up"), trended("no_change", code="TMV-F06"))
    found = content([*rows, *survey(3.4, 3.5, 3.3, 3.4, 3.4)], *pair(), trends=trends)
    assert "tillsammans" in only(found, "TMV-B01").sentence_sv
    assert "tillsammans" not in only(found, "TMV-B01", "2380").sentence_sv


def test_a_directed_indicator_is_no_half_of_a_pair() -> None:
    """What has a direction of its own is not read as detection."""
    found = content([*five(180, 190, 205, 221, 240), *survey(3.4, 3.5, 3.3, 3.4, 3.4)], *pair("+"))
    assert "tillsammans" not in only(found, "TMV-B01").sentence_sv


# --- the whole ----------------------------------------------------------------------------------------------------


def test_every_line_has_one_assessment_and_parties_none() -> None:
    """One row for each series, area, sex, age and breakdown, each with whole sentences; EXEMPELDATA is said."""
    found = scene.content()
    lines = {(v.indicator_id, v.series, v.area, v.sex, v.age, v.breakdown) for v in found.values if v.party == "-"}
    assert {tuple(each.key) for each in found.assessments} == lines
    assert len(found.assessments) == len(lines)
    for each in found.assessments:
        assert each.sentence_sv.endswith(".")
        assert each.sentence_en.endswith(".")
        assert ("EXEMPELDATA" in each.sentence_sv) == each.is_example == (each.indicator_id == "TMV-S01")


def test_assessments_add_nothing_to_what_a_release_is_known_by() -> None:
    """They are made of what the digest already covers, and the same rows give the same assessments."""
    one, other = scene.content(), scene.content()
    assert one.assessments == other.assessments
    assert one.digest == other.digest


def test_the_latest_value_is_the_latest_that_is_shown() -> None:
    """A later year without a value is passed over."""
    rows = [row for row in scene.content().values if row.indicator_id == "TMV-S01" and row.party == "-"]
    latest = sentences.latest_of(rows)
    assert latest is not None
    assert latest.year == 2025
    assert sentences.latest_of([row for row in rows if row.value is None]) is None


@pytest.mark.postgres
def test_the_database_and_its_readers_have_the_same_assessments(county: Any, warehouse: Any) -> None:
    """What a release says in words stands in the warehouse and in the view that analysts read."""
    built = run.build("prov", 2025, "final", scene.AS_OF)
    run.audit(built.release_id)
    run.compare(built.release_id)
    run.release(built.release_id, {"decision": "waived", "by": "make run", "reason": "bundled data"})
    expected = [asdict(each) for each in scene.content().assessments]
    with warehouse.engine("publisher").connect() as connection:
        found = connection.execute(sa.select(t.release_assessment)).mappings().all()
        assert store.current(connection) == {"prov": built.release_id}
    order = itemgetter("indicator_id", "series", "area", "sex")
    ours = [{name: cell for name, cell in row.items() if name != "release_id"} for row in sorted(found, key=order)]
    assert ours == sorted(expected, key=order)
    with warehouse.engine("bi_reader").connect() as connection:
        query = sa.text("SELECT * FROM publ.assessment_v1 WHERE indicator_id = 'TMV-S01'")
        (row,) = connection.execute(query).mappings().all()
    assert row["progress"] == "achieved"
    assert row["release_id"] == built.release_id
    assert row["sentence_sv"].startswith("EXEMPELDATA, påhittade uppgifter. År 2025 räknades 4\u00a0möten")
    assert (row["has_value"], row["has_target"], row["comparison_reason_sv"]) == (True, True, "-")
