"""Public tables: every figure of the source is a row, and what is made of them follows the source's own identities."""

import csv
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from include import settings
from include.archive.store import Archive
from include.bundle.facts import rows as facts
from include.check.corrections import correct
from include.load.tables import release_figure
from include.measure import methods, public
from include.registry.models import PublicTable
from include.registry.read import registry as read_registry

REGISTRY = read_registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
SOURCE = "bra_handled_offences"
AREAS = {"La": "00", "Rn01": "Rn01"}
PLACE = ["area", "year", "sex", "age", "breakdown"]


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    """Return what the shipped files of the tables' sources say, read and corrected as in a run."""
    archive = Archive(settings.bundle_url())
    frames = []
    for name in sorted({code.partition(".")[0] for code in public.measures_of(REGISTRY)}):
        source = REGISTRY.sources[name]
        read = import_module(f"include.check.readers.{source.reader}").read
        for manifest in {manifest.part: manifest for manifest in archive.manifests(name)}.values():
            result = read(archive.read(manifest.capture_id), manifest, source, REGISTRY)
            result, _ = correct(result, [c for c in REGISTRY.corrections.values() if c.source == name])
            lineage = {"capture_id": manifest.capture_id, "origin": manifest.origin, "known_from": manifest.captured_at}
            frames.append(result.table.to_pandas().assign(**lineage))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def rows(observations: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of every public table."""
    return public.figures(observations, REGISTRY, JAMTLAND, 2025)


def of(rows: pd.DataFrame, measure: str, table: str = "handlagda_brott") -> pd.DataFrame:
    """Return one measure of a table, by what the figures are about."""
    code = measure if measure in {made.id for made in REGISTRY.public_tables[table].derived} else f"{SOURCE}.{measure}"
    return rows[(rows.table_id == table) & (rows.measure == code)].set_index(PLACE)


def one(
    rows: pd.DataFrame, measure: str, area: str, year: int, breakdown: str, sex: str = "T", age: str = "T"
) -> pd.Series:
    return of(rows, measure).loc[(area, year, sex, age, f"offence:{breakdown}")]


# --- nothing is lost ---------------------------------------------------------------------------------------------


def test_every_one_of_the_974_offence_years_is_shown(rows: pd.DataFrame) -> None:
    """The transcribed facts and the rows have the same numbers of figures by measure, area and year."""
    known = facts(SOURCE)
    assert len(known) == 974
    for measure in [code.measure.partition(".")[2] for code in REGISTRY.public_tables["handlagda_brott"].measures]:
        mine = of(rows, measure)
        if measure in ("cleared_person", "prosecution_base"):  # printed to 2019, recovered from then on: in every row
            assert len(mine) == 974
            continue
        expected = pd.Series([(AREAS[f["area"]], int(f["year"])) for f in known if f[measure]]).value_counts()
        found = pd.Series([(area, year) for area, year, *_ in mine.index]).value_counts()
        assert found.to_dict() == expected.to_dict(), measure


def test_the_sums_of_all_figures_are_those_of_the_facts(rows: pd.DataFrame) -> None:
    """Each area's and year's figures add up to the transcribed ones, so that none is another's."""
    for measure in ("handled", "investigated", "dismissed", "limited_investigation", "cleared_charge"):
        known = pd.DataFrame(
            [(AREAS[f["area"]], int(f["year"]), float(f[measure])) for f in facts(SOURCE) if f[measure]]
        )
        expected = known.groupby([0, 1])[2].sum().to_dict()
        assert of(rows, measure)["value"].groupby(level=["area", "year"]).sum().to_dict() == expected


def test_rows_in_are_rows_shown_or_of_other_areas(observations: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Of every table, an observation that is no row is of an area that the table does not show."""
    for name, table in REGISTRY.public_tables.items():
        roles = public.roles_of(table, REGISTRY, JAMTLAND)
        codes = [each.measure for each in table.measures]
        came = observations[observations.measure.isin(codes)]
        explained = ~came.area.isin(roles)
        shown = rows[(rows.table_id == name) & rows.measure.isin(codes)]
        assert len(came) == len(shown) + explained.sum(), name
        for made in table.derived:
            assert (
                len(rows[(rows.table_id == name) & (rows.measure == made.id)])
                == (shown.measure == made.numerator).sum()
            )
    assert not rows.duplicated(public.KEY).any()


def test_the_columns_are_those_of_the_database() -> None:
    assert ["release_id", *public.COLUMNS] == [column.name for column in release_figure.columns]


# --- the source's identities -------------------------------------------------------------------------------------


def test_handled_is_investigated_and_dismissed_in_every_row(rows: pd.DataFrame) -> None:
    parts = of(rows, "investigated")["value"] + of(rows, "dismissed")["value"]
    assert (of(rows, "handled")["value"] == parts).sum() == 974


def test_cleared_offences_are_recovered_from_the_unrounded_percentage(rows: pd.DataFrame) -> None:
    """Handled times the printed rate is whole in all 974, and is what is shown as cleared."""
    printed = of(rows, "clearance_rate_printed")["value"].fillna(0)
    exact = of(rows, "handled")["value"] * printed / 100
    cleared = of(rows, "cleared_person")["value"]
    assert cleared.notna().all()
    assert (exact - cleared).abs().max() < 0.001
    printed_to_2019 = {(AREAS[f["area"]], f["year"], f["cleared_person"]) for f in facts(SOURCE) if f["cleared_person"]}
    assert {year for _, year, _ in printed_to_2019} == {str(year) for year in range(2015, 2020)}


def test_the_prosecution_rate_has_investigated_less_limited_as_denominator(rows: pd.DataFrame) -> None:
    """Printed to 2019: the same in all rows that print it. Never above investigated, and the rate is Brå's own."""
    limited, investigated = of(rows, "limited_investigation")["value"], of(rows, "investigated")["value"]
    base = of(rows, "prosecution_base")["value"]
    assert (base[limited.index] == investigated[limited.index] - limited).all()
    assert len(limited) == 327
    assert (base.dropna() <= investigated[base.dropna().index]).all()
    rate = of(rows, "prosecution_rate")
    with_value = rate[rate.value_status == "ok"]
    assert (with_value.denominator == base[with_value.index]).all()
    assert len(with_value) == 921


@pytest.mark.parametrize(("made", "at_least"), [("clearance_rate", 960), ("prosecution_rate", 900)])
def test_our_rates_are_those_that_the_source_prints(rows: pd.DataFrame, made: str, at_least: int) -> None:
    """Wherever both have a value they are equal to the eight decimals that Brå prints."""
    ours, theirs = of(rows, made)["value"], of(rows, f"{made}_printed")["value"]
    both = (ours - theirs).abs().dropna()
    assert len(both) >= at_least
    assert both.max() < 1e-7


@pytest.mark.parametrize(
    ("made", "area", "year", "offence", "sex", "age", "top", "bottom", "value"),
    [
        ("clearance_rate", "Rn01", 2025, "assault_partner", "K", "18+", 177, 1578, 11.21673004),
        ("prosecution_rate", "Rn01", 2025, "assault_partner", "K", "18+", 177, 1363, 12.98606016),
        ("clearance_rate", "Rn01", 2018, "purchase_sexual_act", "T", "T", 68, 101, 67.32673267),
        ("prosecution_rate", "Rn01", 2018, "purchase_sexual_act", "T", "T", 68, 93, 73.11827957),
        ("clearance_rate", "00", 2015, "all", "T", "T", 215697, 1512234, 14.26346716),
        ("prosecution_rate", "00", 2015, "all", "T", "T", 215697, 752690 - 50782, 30.73009568),
    ],
)
def test_worked_values(rows, made, area, year, offence, sex, age, top, bottom, value) -> None:
    """Figures read in Table 300, with Wilson's interval around them."""
    found = one(rows, made, area, year, offence, sex, age)
    assert (found.numerator, found.denominator) == (top, bottom)
    assert found.value == pytest.approx(value, abs=5e-9)
    limits = methods.wilson(top, bottom)
    assert (found.ci_low, found.ci_high) == pytest.approx((100 * limits.low, 100 * limits.high), rel=1e-9)
    assert found.ci_method == "wilson"


# --- what has no value -------------------------------------------------------------------------------------------


def test_a_denominator_of_zero_has_no_rate(rows: pd.DataFrame) -> None:
    """Where nothing was handled there is neither a rate nor an interval, and never 0."""
    handled = of(rows, "handled")["value"]
    empty = of(rows, "clearance_rate").loc[handled[handled == 0].index]
    assert len(empty) == 4
    assert (empty.value_status == "not_applicable").all()
    assert empty[["value", "ci_low", "ci_high"]].isna().all(axis=None)
    assert (empty.denominator == 0).all()
    printed = of(rows, "clearance_rate_printed").loc[empty.index]
    assert set(printed.value_status) == {"not_applicable"}


def test_a_rate_by_population_needs_the_population_of_exactly_those(rows: pd.DataFrame) -> None:
    """The police region has none, nor has the country by sex and age in what is loaded: counts alone, and why."""
    rate = of(rows, "handled_per_100000")
    whole = one(rows, "handled_per_100000", "00", 2024, "all")
    assert whole.value == pytest.approx(1e5 * whole.numerator / whole.denominator, rel=1e-9)
    limits = methods.byar(whole.numerator)
    assert whole.ci_low == pytest.approx(1e5 * limits.low / whole.denominator, rel=1e-9)
    assert whole.ci_method == "byar"
    region = rate.loc["Rn01"]
    assert region["value"].isna().all()
    assert region["numerator"].notna().all()
    women = one(rows, "handled_per_100000", "00", 2024, "assault_partner", "K", "18+")
    assert women.value_status == "missing"
    assert women.reason_sv.startswith("Folkmängd för Riket 2024 (kvinnor, 18+ år) finns inte")


def test_nothing_is_made_of_rows_that_overlap_or_that_nobody_can_be_sure_of(rows: pd.DataFrame) -> None:
    """Theme groups have no rate; a row with the total's heading, and two rows with the same figures, no share."""
    themes = rows[(rows.measure == "reported_rate") & rows.breakdown.str.startswith("offence:theme_")]
    assert len(themes) == 68
    assert themes["value"].isna().all()
    for year in (2022, 2023):
        assert one(rows, "clearance_rate", "00", year, "forced_marriage").value_status == "not_applicable"
    for offence in ("child_marriage", "honour_oppression"):
        doubtful = one(rows, "clearance_rate", "00", 2024, offence)
        assert (doubtful.value_status, doubtful.marks) == ("not_applicable", "wrong_at_source")
        assert "samma tal" in doubtful.notes_sv
        assert one(rows, "handled", "00", 2024, offence)["value"] == 57
        assert one(rows, "clearance_rate", "00", 2025, offence).value_status == "ok"


def test_every_row_without_a_value_says_why(rows: pd.DataFrame) -> None:
    lacking = rows[rows["value"].isna()]
    assert lacking["reason_sv"].str.len().gt(10).all()
    assert (lacking.value_status != "ok").all()
    assert lacking[["ci_low", "ci_high"]].isna().all(axis=None)
    assert rows[rows["value"].notna()]["reason_sv"].isna().all()


# --- breaks, names, marks ----------------------------------------------------------------------------------------


def test_breaks_stand_at_their_first_year(rows: pd.DataFrame) -> None:
    """Rape breaks in 2018 (the consent law), 2019 and 2022 (its headings), in counts and rates alike."""
    for measure in ("handled", "clearance_rate"):
        rape = of(rows, measure).xs(("00", "T", "T", "offence:rape"), level=("area", "sex", "age", "breakdown"))
        assert rape.index[rape.break_before].tolist() == [2018, 2019, 2022]
        assert "Samtyckeslagen" in rape.loc[2018].notes_sv
    gross = of(rows, "clearance_rate").xs("offence:gross_violation_womans_integrity", level="breakdown")
    assert not gross.break_before.any()


def test_a_break_in_a_gap_stands_at_the_next_row(rows: pd.DataFrame) -> None:
    """Where the years around a break are not there, the next year that is there carries it."""
    found = of(rows, "handled").xs(("Rn01", "K", "15-17", "offence:rape"), level=("area", "sex", "age", "breakdown"))
    years = found.index.tolist()
    first_after = [min(year for year in years if year >= gap) for gap in (2018, 2019, 2022) if min(years) < gap]
    assert found.index[found.break_before].tolist() == sorted(set(first_after))


def test_a_population_that_is_made_in_another_way_breaks_rates_alone(rows: pd.DataFrame) -> None:
    rate = of(rows, "handled_per_100000").xs(("00", "T", "T", "offence:all"), level=("area", "sex", "age", "breakdown"))
    assert rate.index[rate.break_before].tolist() == [2025]
    count = of(rows, "handled").xs(("00", "T", "T", "offence:all"), level=("area", "sex", "age", "breakdown"))
    assert not count.break_before.any()


@pytest.mark.parametrize(
    ("one_label", "other", "same"),
    [
        ("6 kap. Sexualbrott13", "6 kap. BrB Sexualbrott > 6 kap. Sexualbrott, totalt", True),
        ("Koppleri, totalt", "6 kap. 12 § BrB Koppleri, grovt koppleri > Koppleri", True),
        ("Våldtäkt inkl. grov (1, 4 §)10", "Våldtäkt inkl. grov (1, 4 §)", True),
        ("Mot flicka 15\u201317 år, totalt", "Mot flicka 15-17 år", True),
        ("Köp av sexuell tjänst (11 §)", "Köp av sexuell handling", False),
        ("Misshandel, ej med dödlig utgång, totalt", "Misshandel, totalt", False),
    ],
)
def test_footnotes_paragraphs_and_totals_are_no_other_name(one_label: str, other: str, same: bool) -> None:
    assert (public.same_name(one_label) == public.same_name(other)) == same


def test_every_name_that_changes_outside_the_new_layout_is_a_declared_break(rows: pd.DataFrame) -> None:
    """A heading that changes may change what is counted: only the layout of 2022 and these two do not."""
    found = of(rows, "handled").reset_index()
    changed = found[found.label_changed & (found.year != 2022) & ~found.break_before]
    left = set(zip(changed.breakdown, changed.year, strict=True))
    # The row that includes negligent rape is broken over two lines in 2019, of which the label holds the second. In
    # 2018 "indoors" stands under "close relation", before that "close relation" stood under "indoors".
    assert left == {("offence:rape_incl_negligent", 2020), ("offence:assault_close_relation_indoor", 2018)}


def test_marks_of_both_figures_are_carried(rows: pd.DataFrame) -> None:
    assert one(rows, "clearance_rate", "Rn01", 2025, "rape").marks == "derived"
    assert one(rows, "clearance_rate", "Rn01", 2015, "rape").marks == ""
    totals = rows[rows.table_id == "anmalda_brott_kommuner"]
    assert set(totals.marks) == {"uncertain"}
    assert set(totals.origin) == {"reconstructed"}
    assert totals[totals.measure == "reported_total_rate"].captures.str.count(r"\|").eq(1).all()


def test_municipal_totals_have_a_rate_of_their_own_population(rows: pd.DataFrame) -> None:
    """Åre: 925 reported, 12 049 inhabitants on 31 December 2020; Brå's own rate is beside it."""
    found = rows[(rows.measure == "reported_total_rate") & (rows.area == "2321")].iloc[0]
    assert (found.numerator, found.denominator, found.year) == (925, 12049, 2020)
    assert found.value == pytest.approx(1e5 * 925 / 12049, rel=1e-9)
    printed = rows[(rows.measure == "bra_reported_totals.reported_per_100000") & (rows.area == "2321")].iloc[0]
    assert printed["value"] == 7721


# --- the rules by themselves -------------------------------------------------------------------------------------


def hand_made(*more: dict[str, object]) -> pd.DataFrame:
    """Return observations of one offence in the country: 4 of 0, hidden, and of two statuses."""
    plain = {"area": "00", "sex": "T", "age": "T", "party": "-", "breakdown": "offence:assault", "value_status": "ok"}
    plain |= {"status": "F", "mark": "direct", "source_label": "Misshandel", "origin": "live", "known_from": None}
    figures = [
        {"measure": f"{SOURCE}.handled", "period": "2016", "value": 8.0, "capture_id": "a"},
        {"measure": f"{SOURCE}.cleared_person", "period": "2016", "value": 2.0, "capture_id": "b", "status": "P"},
        {"measure": f"{SOURCE}.handled", "period": "2017", "value": None, "capture_id": "c"}
        | {"value_status": "suppressed"},
        {"measure": f"{SOURCE}.cleared_person", "period": "2017", "value": 2.0, "capture_id": "c"},
    ]
    return pd.DataFrame([plain | each for each in (*figures, *more)])


def test_a_hidden_part_hides_the_whole_and_what_is_preliminary_stays_so() -> None:
    rows = public.figures(hand_made(), REGISTRY, JAMTLAND, 2025)
    known, hidden = (rows[(rows.measure == "clearance_rate") & (rows.year == year)].iloc[0] for year in (2016, 2017))
    assert (known.value, known.preliminary, known.captures, known.origin) == (25.0, True, "a|b", "live")
    assert hidden.value_status == "suppressed"
    assert hidden[["numerator", "denominator", "value", "ci_low"]].isna().all()


def test_order_does_not_matter_and_two_figures_for_one_thing_are_refused() -> None:
    plain = hand_made()
    shuffled = public.figures(plain.sample(frac=1, random_state=1), REGISTRY, JAMTLAND, 2025)
    pd.testing.assert_frame_equal(public.figures(plain, REGISTRY, JAMTLAND, 2025), shuffled)
    with pytest.raises(ValueError, match="two observations for bra_handled_offences"):
        public.figures(pd.concat([plain, plain.head(1)]), REGISTRY, JAMTLAND, 2025)


def test_later_years_and_other_areas_are_left_out() -> None:
    rows = public.figures(hand_made(), REGISTRY, JAMTLAND, 2016)
    assert set(rows.year) == {2016}
    assert public.figures(hand_made().assign(area="01"), REGISTRY, JAMTLAND, 2025).empty


def test_no_table_shows_what_parties_deliver() -> None:
    """A public table is of public sources alone: nothing of an extract can be named in one."""
    for table in REGISTRY.public_tables.values():
        assert set(table.sources) <= {s.id for s in REGISTRY.sources.values() if s.kind != "inbox"}
    assert "E03" not in {code.partition(".")[0] for code in public.measures_of(REGISTRY)}


def test_an_interval_belongs_to_its_kind_of_value() -> None:
    made = {"id": "x", "label": {"sv": "X", "en": "X"}, "definition": {"sv": "X", "en": "X"}, "unit": "procent"}
    made |= {"value": "share", "numerator": "a.b", "denominator": "a.c", "interval": "poisson"}
    table = {"id": "t", "title": {"sv": "T", "en": "T"}, "definition": {"sv": "T", "en": "T"}, "page": "t.html"}
    table |= {"measures": [{"measure": "a.b"}], "areas": ["county"], "derived": [made]}
    with pytest.raises(ValueError, match="a share may have wilson"):
        PublicTable.model_validate(table)


def test_the_facts_have_the_columns_that_are_counted_here() -> None:
    """The count above rests on the file of facts itself, not on what is made of it."""
    path = Path(settings.ROOT) / "include" / "bundle" / "facts" / f"{SOURCE}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == 974
