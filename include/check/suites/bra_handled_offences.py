"""What must hold of Brå's Table 300: its sums over columns and rows, its percentages, and no part above its whole.

Which rows are sums of others, and where Brå itself prints sums that do not add up, stands in the YAML beside this.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from include.check import identities_bra, sums
from include.check.expectations import Meta, critical
from include.check.identity import SAME_ROW, Identity, measure_sum, with_value
from include.check.tidy import KEY
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

_SUMS = Path(__file__).with_suffix(".yaml")

_KEYS, _ROW = list(KEY), list(SAME_ROW)

_NEXT_SV = (
    "Står det så i Brås fil, lägg till summan under open i include/check/suites/bra_handled_offences.yaml; annars är "
    "läsarens tolkning av filen fel."
)

#: Fewer offences than this are the same in two rows by chance.
_TWIN_FROM = 20


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    rates = [f"{source.id}.{measure.id}" for measure in source.measures if measure.unit == "procent"]
    return [
        critical(
            "ExpectTableRowCountToBeBetween",
            Meta("NOT_EMPTY", "Filen ska innehålla minst en uppgift.", "The file holds at least one figure."),
            min_value=1,
        ),
        critical(
            "ExpectColumnValuesToBeBetween",
            Meta("SHARE_MOST_100", "En andel ska inte vara över 100 procent.", "No share is above 100 per cent."),
            only=("measure", rates),
            column="value",
            max_value=100,
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the sums that must hold across rows, and the other comparisons of rows."""
    return [
        Identity(
            "HANDLED_SUM",
            "Handlagda brott ska vara utredda plus direktavskrivna.",
            "Handled offences are the investigated plus the dismissed.",
            measure_sum(source.id, "handled", ["investigated", "dismissed"]),
        ),
        Identity(
            "INVESTIGATED_SUM",
            "Utredda brott ska vara personuppklarade plus förundersökningsbegränsade plus övriga (där alla skrivs ut).",
            "Investigated offences are the cleared, the limited and the others (where all are printed).",
            measure_sum(source.id, "investigated", ["cleared_person", "limited_investigation", "other_decisions"]),
        ),
        *identities_bra.identities(source),
        *sums.identities(sums.read(_SUMS), _counts(source), _NEXT_SV),
        Identity(
            "PART_WITHIN_WHOLE",
            "En del (ett brott, ett kön, en ålder) ska inte vara större än det den är en del av.",
            "No part (an offence, a sex, an age) is larger than what it is a part of.",
            lambda frame: _excess(frame, source, registry),
            next_sv=_NEXT_SV,
        ),
        Identity(
            "TWIN_ROWS",
            "Två brott bör inte ha samma tal i alla kolumner; det kan vara ett kopieringsfel hos källan.",
            "Two offences should not have the same figures in all columns; it may be a copying error at the source.",
            lambda frame: _twins(frame, source, registry),
            severity="warning",
            in_unit=False,
            next_sv="Jämför med källan och fråga Brå. Uppgifterna visas som de står.",
        ),
    ]


def _counts(source: Source) -> list[str]:
    """Return the full codes of the measures that may be added and compared; percentages may not."""
    return [f"{source.id}.{measure.id}" for measure in source.measures if measure.additive]


def _excess(frame: "pd.DataFrame", source: Source, registry: Registry) -> "pd.Series[float]":
    """Return by how much a row exceeds the smallest whole it belongs to, 0 if it does not; percentages are no parts.

    Its wholes are its offence's parent, for the same sex and age or a total of these, and its own offence's totals.
    """
    rows = frame[frame["measure"].isin(_counts(source)) & with_value(frame)].astype(dict.fromkeys(_KEYS, object))
    parents = {code: breakdown.parent for code, breakdown in registry.breakdowns.items()}
    above = rows.assign(breakdown=rows["breakdown"].map(parents))
    total = {"sex": "T", "age": "T"}
    wholes = [above, above.assign(sex="T"), above.assign(**total), rows.assign(sex="T"), rows.assign(**total)]
    known = rows[_KEYS].assign(whole=rows["value"]).drop_duplicates(_KEYS)
    least = rows["value"]
    for whole in wholes:
        found = whole[_KEYS].merge(known, on=_KEYS, how="left")["whole"].set_axis(rows.index)
        least = least.where(~(found < least), found)
    return (rows["value"] - least).reindex(frame.index)


def _twins(frame: "pd.DataFrame", source: Source, registry: Registry) -> "pd.Series[float]":
    """Return on the rows of handled offences how many siblings say exactly the same in all three main columns."""
    main = {name: f"{source.id}.{name}" for name in ("handled", "investigated", "dismissed")}
    rows = frame[frame["measure"].isin(main.values()) & with_value(frame)]
    wide = rows.astype(dict.fromkeys(_KEYS, object)).pivot_table(index=_ROW, columns="measure", values="value")
    if set(wide.columns) != set(main.values()):
        return frame["value"].where(frame["measure"].isna())  # a column is not printed: nothing to compare
    wide = wide[wide[main["handled"]] >= _TWIN_FROM].reset_index()
    parents = {code: breakdown.parent for code, breakdown in registry.breakdowns.items()}
    alike = [*_ROW[:-1], "parent", *main.values()]
    wide["twins"] = wide.assign(parent=wide["breakdown"].map(parents)).groupby(alike)["breakdown"].transform("size") - 1
    handled = frame[frame["measure"] == main["handled"]]
    found = handled[_ROW].astype(object).merge(wide[[*_ROW, "twins"]], on=_ROW, how="left")
    return found["twins"].set_axis(handled.index).reindex(frame.index)
