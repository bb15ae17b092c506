"""Public tables: the figures of public sources in all their detail, and the shares and rates that are made of them.

Pure: observations as known at a moment in, rows of ``warehouse.release_figure`` out. Every observation of a table's
measures and areas is a row, with its value or the reason why there is none; nothing is added up, filled in or hidden,
for what a public source prints is public, small numbers too. Rules of what is made of them:

* a value needs both figures for exactly the same area, year, sex and age; a denominator of 0 has none;
* nothing is made of rows that the table withholds (they overlap, or it is not sure what they count), nor of figures
  that a declared fault leaves as they stand because nobody can tell what is right;
* a row after a series break says so (``break_before``), with the words of the break; a row whose name at the source is
  another than the year before says that too (``label_changed``), which need not be a break.

The prosecution rate's denominator is the reader's (``prosecution_base``: investigated less limited investigations,
printed to 2019 and implied by the printed rate from 2020; :mod:`include.check.readers.bra_derived`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from include.check.tidy import VALUE_STATUSES, WITH_VALUE
from include.measure import methods
from include.measure.observed import ORIGINS, owner_of
from include.registry.models import Agreement, Break, Correction, DerivedMeasure, Measure, PublicTable, Registry, Source
from include.registry.read import measures

#: Columns of the rows, as in :data:`include.load.tables.release_figure` without the release.
COLUMNS = [
    *("table_id", "measure", "measure_sv", "area", "area_role", "year", "sex", "age", "breakdown", "source_label"),
    *("unit", "decimals", "numerator", "denominator", "value", "ci_low", "ci_high", "ci_method", "value_status"),
    *("reason_sv", "preliminary", "break_before", "label_changed", "marks", "notes_sv", "origin", "captures"),
]

#: What identifies a row.
KEY = ["table_id", "measure", "area", "year", "sex", "age", "breakdown"]

#: What an observation is about, within its measure.
_PLACE = ["area", "year", "sex", "age", "breakdown"]
_TAKEN = [
    *("measure", "area", "period", "sex", "age", "party", "breakdown", "value", "value_status", "status", "mark"),
    *("source_label", "capture_id", "origin"),
]
_NO_DENOMINATOR = "Ej tillämpligt: nämnaren är 0."
_SUPPRESSED = "Uppgiften visas inte av sekretesskäl."
_DOUBTFUL = "Källans uppgift kan vara fel, så inget räknas ur den."
_WRONG = "wrong_at_source"
_SEX = {"K": "kvinnor", "M": "män", "T": "alla"}
#: Significant digits that figures are given with, as in a release.
_DIGITS = 10


class _Gap(NamedTuple):
    """A break, the measures of a table that it touches, and whether it is to be compared with the row's breakdown."""

    told: Break
    measures: frozenset[str]


def measures_of(registry: Registry) -> list[str]:
    """Return the codes of the measures that the public tables are made of, sorted."""
    return sorted({code for table in registry.public_tables.values() for code in table.needs})


def figures(
    observations: pd.DataFrame,
    registry: Registry,
    agreement: Agreement,
    last_year: int,
    said: Callable[[Correction], str] = lambda each: each.reason.sv.strip(),
) -> pd.DataFrame:
    """Return the rows of every public table for an agreement's areas.

    Args:
        observations: columns of :func:`include.load.read.observations`, at most one row per key; others are left out.
        registry: everything that exists.
        agreement: whose areas.
        last_year: later years are left out.
        said: what stands beside a row that a declared fault concerns.

    Returns:
        Columns :data:`COLUMNS`, in a fixed order; figures with ten significant digits, NaN or None where there is none.

    Raises:
        ValueError: a key has two observations, so that the frame is not the truth as of one moment.
    """
    known = _known(observations, registry, last_year)
    order = {code: place for place, code in enumerate(registry.breakdowns)}
    found = []
    for name, table in sorted(registry.public_tables.items()):
        roles = roles_of(table, registry, agreement)
        mine = known[known["area"].isin(roles)]
        mine = mine[mine["year"].between(table.first_year or 0, table.last_year or last_year)]
        rows = _table(table, mine, registry)
        if rows.empty:
            continue
        rows["table_id"], rows["area_role"] = name, rows["area"].map(roles)
        rows = _ordered(rows, table, list(roles), order)
        _mark_breaks(rows, table, registry)
        _mark_labels(rows)
        _tell_faults(rows, table, registry, said)
        found.append(rows[COLUMNS])
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    everything = pd.concat(found, ignore_index=True)
    for column in ("numerator", "denominator", "value", "ci_low", "ci_high"):
        everything[column] = _rounded(everything[column].to_numpy(dtype=float))
    return everything


def roles_of(table: PublicTable, registry: Registry, agreement: Agreement) -> dict[str, str]:
    """Return the areas of a table with their roles, in the order they are shown."""
    kommuner = [a.code for a in registry.areas.values() if a.kind == "kommun" and a.parent == agreement.county]
    codes: dict[str, list[str]] = {
        "county": [agreement.county],
        "proxy": [code for _, code in sorted(agreement.proxies.items())],
        "benchmark": [agreement.benchmark],
        "kommun": sorted(kommuner),
    }
    return {code: role for role, found in codes.items() if role in table.areas for code in found}


def same_name(label: str) -> str:
    """Return a source's name of a row without what says nothing of its content.

    That is the section it stands in, paragraphs, the number of a footnote and the word "totalt".
    """
    last = label.rpartition(" > ")[2].replace("\u2013", "-").replace("\u2010", "-")
    last = re.sub(r"(?<=[^\W\d_]|\))\d{1,2}$", "", last.strip())  # the number of a footnote
    last = re.sub(r"\s*\([^)]*§[^)]*\)", "", last)
    last = re.sub(r"[,.]?\s*totalt$", "", last.strip(" .").lower())
    return re.sub(r"[\s,]+", " ", last).strip()


# --- rows --------------------------------------------------------------------------------------------------------


def _known(observations: pd.DataFrame, registry: Registry, last_year: int) -> pd.DataFrame:
    """Return the observations that any table needs, of whole years, in plain columns."""
    chosen = observations["measure"].isin(measures_of(registry)) & (observations["party"] == "-")
    known = observations.loc[chosen, _TAKEN].copy()
    for column in set(_TAKEN) - {"value"}:
        known[column] = known[column].astype(object)
    known = known[known["period"].str.fullmatch(r"\d{4}").astype(bool)]
    known["year"] = known.pop("period").astype(int)
    known = known[known["year"] <= last_year]
    if len(twice := known[known.duplicated(["measure", *_PLACE])]):
        first = twice.iloc[0]
        raise ValueError(f"two observations for {first['measure']}, {first['area']}, {first['year']}: one is expected")
    known["source_label"] = known["source_label"].where(known["source_label"].notna(), "")
    given = known["value_status"].isin(WITH_VALUE) & known["value"].notna()
    known["value"] = known["value"].where(given)
    known["reason_sv"] = _reasons(known).where(~given, None)
    known["mark"] = known["mark"].where(known["mark"] != "direct", "")
    return known


def _reasons(known: pd.DataFrame) -> pd.Series:
    """Return why an observation without a value has none."""
    status, gap = known["value_status"], known["value_status"] == "missing"
    words = status.map({code: f"{text.capitalize()}." for code, text in VALUE_STATUSES.items()})
    words = words.mask(gap & (known["origin"] == "reconstructed"), "Uppgiften finns inte i det inlästa underlaget.")
    words = words.mask(
        gap & (known["mark"] == "derived"), "Uppgiften går inte att räkna fram ur källans andra uppgifter."
    )
    words = words.mask(status == "suppressed", _SUPPRESSED)
    return words.mask(status == "not_applicable", "Ej tillämpligt: det finns inget att räkna på.")


def _table(table: PublicTable, known: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    told = {code: measure for code, (_, measure) in measures(registry).items()}
    frames = [_shown(known, told, {each.measure: each.decimals for each in table.measures})]
    frames += [_derived(made, table, known, told, registry) for made in table.derived]
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _shown(known: pd.DataFrame, told: dict[str, Measure], decimals: dict[str, int]) -> pd.DataFrame:
    """Return the observations of some measures as rows."""
    rows = known[known["measure"].isin(decimals)].copy()
    rows["measure_sv"] = rows["measure"].map({code: told[code].label.sv for code in decimals})
    rows["unit"] = rows["measure"].map({code: told[code].unit for code in decimals})
    rows["decimals"] = rows["measure"].map(decimals)
    rows["preliminary"] = rows["status"] == "P"
    for column in ("numerator", "denominator", "ci_low", "ci_high"):
        rows[column] = np.nan
    rows["ci_method"] = None
    return rows.rename(columns={"mark": "marks", "capture_id": "captures"})


def _derived(
    made: DerivedMeasure, table: PublicTable, known: pd.DataFrame, told: dict[str, Measure], registry: Registry
) -> pd.DataFrame:
    """Return one row of a derived measure for each observation of its numerator."""
    top = known[known["measure"] == made.numerator]
    bottom = known[known["measure"] == made.denominator]
    if made.denominator_breakdown is not None:
        bottom = bottom[bottom["breakdown"] == made.denominator_breakdown].drop(columns="breakdown")
    place = [column for column in _PLACE if column in bottom]
    joined = top.drop(columns="measure").merge(
        bottom.drop(columns=["measure", "source_label"]), on=place, how="left", suffixes=("", "_of"), indicator="met"
    )
    found = (joined.pop("met") == "both").to_numpy()
    rows = joined[[*_PLACE, "source_label"]].copy()
    rows["measure"], rows["measure_sv"] = made.id, made.label.sv
    rows["unit"], rows["decimals"] = made.unit, made.decimals
    hidden = ((joined["value_status"] == "suppressed") | (joined["value_status_of"] == "suppressed")).to_numpy()
    numerator = np.where(hidden, np.nan, joined["value"].to_numpy(dtype=float))
    denominator = np.where(hidden, np.nan, joined["value_of"].to_numpy(dtype=float))
    held, why_held = _withheld(made, table, rows)
    label = told[made.denominator].label.sv
    cases: list[tuple[np.ndarray, Any, Any]] = [
        (hidden, "suppressed", _SUPPRESSED),
        (held, "not_applicable", why_held),
        (np.isnan(numerator), joined["value_status"].to_numpy(), joined["reason_sv"].to_numpy()),
        (~found, "missing", _absent(rows, label, registry)),
        (
            np.isnan(denominator),
            joined["value_status_of"].to_numpy(),
            (label + ": " + _lower(joined["reason_sv_of"].fillna(""))).to_numpy(dtype=object),
        ),
        (denominator == 0, "not_applicable", _NO_DENOMINATOR),
    ]
    status, reason = np.full(len(rows), "ok", dtype=object), np.full(len(rows), None, dtype=object)
    for concerned, code, words in reversed(cases):  # the first that holds is told
        status, reason = np.where(concerned, code, status), np.where(concerned, words, reason)
    rows["value_status"], rows["reason_sv"] = status, reason
    rows["numerator"], rows["denominator"] = numerator, denominator
    _quotient(rows, made)
    rows["preliminary"] = ((joined["status"] == "P") | (joined["status_of"] == "P")).to_numpy()
    rows["marks"] = _united(joined["mark"], joined["mark_of"])
    rows["captures"] = _united(joined["capture_id"], joined["capture_id_of"])
    rank = {origin: place for place, origin in enumerate(ORIGINS)}
    worst = np.fmax(joined["origin"].map(rank).to_numpy(dtype=float), joined["origin_of"].map(rank).to_numpy(float))
    rows["origin"] = np.array(ORIGINS, dtype=object)[worst.astype(int)]
    return rows


def _quotient(rows: pd.DataFrame, made: DerivedMeasure) -> None:
    """Set the values and intervals of the rows whose status says that there is one."""
    top, bottom = rows["numerator"].to_numpy(dtype=float), rows["denominator"].to_numpy(dtype=float)
    ok = (rows["value_status"] == "ok").to_numpy()
    size = np.where(ok, bottom, np.nan)
    value, limits = (methods.share if made.value == "share" else methods.rate)(top, size, made.per)
    rows["value"] = value
    there = ok & ~np.isnan(limits.high) & (made.interval != "none")
    rows["ci_low"], rows["ci_high"] = np.where(there, limits.low, np.nan), np.where(there, limits.high, np.nan)
    few = (top < methods.EXACT_BELOW) & (made.interval == "poisson")
    names = np.full(len(rows), "wilson" if made.interval == "wilson" else "byar", dtype=object)
    names[few], names[~there] = "exact_poisson", None
    rows["ci_method"] = names


def _withheld(made: DerivedMeasure, table: PublicTable, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows the table makes nothing of, and why."""
    held, why = np.zeros(len(rows), dtype=bool), np.full(len(rows), None, dtype=object)
    for each in table.withheld:
        if each.derived and made.id not in each.derived:
            continue
        years = rows["year"].between(each.first_year or 0, each.last_year or 9999)
        mine = (rows["breakdown"].isin(each.breakdowns) & years).to_numpy()
        held, why = held | mine, np.where(mine, each.text.sv, why)
    return held, why


def _absent(rows: pd.DataFrame, label: str, registry: Registry) -> np.ndarray:
    """Return for each row the words for a denominator that is not there."""
    names = rows["area"].map({code: area.name for code, area in registry.areas.items()}).fillna(rows["area"])
    who = rows["sex"].map(_SEX).fillna(rows["sex"])
    ages = ", " + rows["age"].where(rows["age"] != "T", "") + " år"
    words = label + " för " + names + " " + rows["year"].astype(str) + " (" + who + ages.where(rows["age"] != "T", "")
    told: np.ndarray = (words + ") finns inte i det inlästa underlaget, så bara antalet visas.").to_numpy(dtype=object)
    return told


def _lower(words: pd.Series) -> pd.Series:
    """Return sentences as they stand after a colon."""
    return words.str[:1].str.lower() + words.str[1:]


def _united(one: pd.Series, other: pd.Series) -> pd.Series:
    """Return the union of two lists written with ``|``; each pair that occurs is made once."""
    pairs = one.fillna("") + "|" + other.fillna("")
    union = {pair: "|".join(sorted(set(pair.split("|")) - {""})) for pair in pairs.unique()}
    return pairs.map(union)


def _ordered(rows: pd.DataFrame, table: PublicTable, areas: Sequence[str], breakdowns: dict[str, int]) -> pd.DataFrame:
    """Return the rows by measure, area, breakdown (all in the registry's order), sex, age and year."""
    places = {code: place for place, code in enumerate([*(m.measure for m in table.measures), *_made(table)])}
    rank = pd.DataFrame(
        {
            "measure": rows["measure"].map(places),
            "area": rows["area"].map({code: place for place, code in enumerate(areas)}),
            "breakdown": rows["breakdown"].map(breakdowns).fillna(len(breakdowns)),
            "code": rows["breakdown"],
            "sex": rows["sex"].map({"T": 0, "K": 1, "M": 2}).fillna(3),
            "age": rows["age"].map({age: _age(age) for age in rows["age"].unique()}),
            "year": rows["year"],
        }
    )
    return rows.loc[rank.sort_values(list(rank.columns)).index].reset_index(drop=True)


def _made(table: PublicTable) -> list[str]:
    return [made.id for made in table.derived]


def _age(age: str) -> int:
    """Return the place of an age group: all, then by its first and last year."""
    if age == "T":
        return -1
    first, _, last = age.rstrip("+").partition("-")
    return int(first) * 1000 + int(last or 999)


def _rounded(numbers: np.ndarray) -> np.ndarray:
    """Return figures with ten significant digits; whole ones as they are."""
    broken = ~np.isnan(numbers) & (numbers != np.round(numbers))
    numbers = numbers.copy()
    numbers[broken] = [float(f"{number:.{_DIGITS}g}") for number in numbers[broken]]
    return numbers


# --- breaks, names and faults ------------------------------------------------------------------------------------


def _mark_breaks(rows: pd.DataFrame, table: PublicTable, registry: Registry) -> None:
    """Say of each row whether its series is broken between the row before and this one, and why."""
    before = rows.groupby(["measure", "area", "sex", "age", "breakdown"], sort=False)["year"].shift().to_numpy()
    year, hit = rows["year"].to_numpy(), np.zeros(len(rows), dtype=bool)
    notes = np.full(len(rows), "", dtype=object)
    for gap in _gaps(table, registry):
        mine = rows["measure"].isin(gap.measures).to_numpy() & (before < gap.told.year) & (year >= gap.told.year)
        if gap.told.breakdowns:
            mine = mine & rows["breakdown"].isin(gap.told.breakdowns).to_numpy()
        hit = hit | mine
        notes = np.where(mine, notes + f"|{gap.told.text.sv.strip().replace('|', '/')}", notes)
    rows["break_before"], rows["notes_sv"] = hit, pd.Series(notes, dtype=object).str.removeprefix("|")


def _gaps(table: PublicTable, registry: Registry) -> Iterator[_Gap]:
    """Yield the breaks of a table's sources and its own, each with the measures of the table that it touches."""
    parts = {each.measure: {each.measure} for each in table.measures}
    parts |= {made.id: {made.numerator, made.denominator} for made in table.derived}
    owners = {owner.id: owner for code in table.needs if isinstance(owner := owner_of(code, registry), Source)}
    for owner in owners.values():
        for told in owner.breaks:
            own = {f"{owner.id}.{measure.id}" for measure in owner.measures if _touches(told, owner.id, measure.id)}
            yield _Gap(told, frozenset(code for code, made_of in parts.items() if made_of & own))
    for told in table.breaks:
        yield _Gap(told, frozenset(code for code in parts if not told.measures or code in told.measures))


def _touches(told: Break, owner: str, measure: str) -> bool:
    return not told.measures or measure in told.measures or f"{owner}.{measure}" in told.measures


def _mark_labels(rows: pd.DataFrame) -> None:
    """Say of each row whether the source calls it something else than the year before."""
    names = rows["source_label"].map({label: same_name(label) for label in rows["source_label"].unique()})
    groups = [rows[column] for column in ("measure", "area", "sex", "age", "breakdown")]
    before = names.groupby(groups, sort=False).shift()
    rows["label_changed"] = (before.notna() & (before != names)).to_numpy()


def _tell_faults(rows: pd.DataFrame, table: PublicTable, registry: Registry, said: Callable[[Correction], str]) -> None:
    """Add to the notes of the rows that a declared fault concerns what it is; of doubtful figures nothing is made."""
    wrong = rows["marks"].str.split("|").map(lambda marks: _WRONG in marks).to_numpy(dtype=bool)
    parts = {code: {code} for code in (each.measure for each in table.measures)}
    parts |= {made.id: {made.numerator, made.denominator} for made in table.derived}
    owners = {code.partition(".")[0] for code in table.needs}
    for each in sorted(registry.corrections.values(), key=lambda one: one.id):
        if each.source not in owners:
            continue
        own = (
            {each.rows["measure"]} if "measure" in each.rows else {c for c in table.needs if c.startswith(each.source)}
        )
        mine = rows["measure"].isin([code for code, made_of in parts.items() if made_of & own]).to_numpy()
        mine = mine & (rows["value"].isna().to_numpy() if each.action == "drop" else wrong)
        for column, wanted in each.rows.items():
            if column in ("area", "period", "sex", "age", "breakdown"):
                mine = mine & (rows["year" if column == "period" else column].astype(str) == wanted).to_numpy()
        words = said(each).replace("|", "/")
        notes = rows["notes_sv"]
        rows["notes_sv"] = notes.mask(mine, (notes + f"|{words}").str.removeprefix("|"))
        if each.action == "flag":
            made = mine & rows["measure"].isin(_made(table)).to_numpy() & (rows["value_status"] == "ok").to_numpy()
            rows.loc[made, ["value", "ci_low", "ci_high"]] = np.nan
            rows.loc[made, "ci_method"] = None
            rows.loc[made, "value_status"], rows.loc[made, "reason_sv"] = "not_applicable", _DOUBTFUL
