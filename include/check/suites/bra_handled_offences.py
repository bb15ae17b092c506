"""What must hold of Brå's Table 300: its sums over columns and rows, its percentages, and no part above its whole.

Which rows are sums of others, and where Brå itself prints sums that do not add up, stands in the YAML beside this.
"""

from functools import reduce
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from include.check import identities_bra, sums
from include.check.identity import SAME_ROW, Identity, SideBySide
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

_SUMS = Path(__file__).with_suffix(".yaml")

_ROW = list(SAME_ROW)

_NEXT_SV = (
    "Står det så i Brås fil, lägg till summan under open i include/check/suites/bra_handled_offences.yaml; annars är "
    "läsarens tolkning av filen fel."
)

#: Fewer offences than this are the same in two rows by chance.
_TWIN_FROM = 20


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return nothing beyond what holds of all sources: here sums are what must hold."""
    return []


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the sums that must hold across rows, and the other comparisons of rows."""
    rows, columns = sums.rows(), identities_bra.columns()
    return [
        *identities_bra.identities(source, columns),
        *sums.identities(sums.read(_SUMS), rows, _counts(source), _NEXT_SV),
        Identity(
            "PART_WITHIN_WHOLE",
            "En del (ett brott, ett kön, en ålder) ska inte vara större än det den är en del av.",
            "No part (an offence, a sex, an age) is larger than what it is a part of.",
            sums.of_measures(_counts(source), lambda frame: _excess(rows.lay_out(frame), registry)),
            next_sv=_NEXT_SV,
        ),
        Identity(
            "TWIN_ROWS",
            "Två brott bör inte ha samma tal i alla kolumner; det kan vara ett kopieringsfel hos källan.",
            "Two offences should not have the same figures in all columns; it may be a copying error at the source.",
            lambda frame: _twins(frame, columns.lay_out(frame), source, registry),
            severity="warning",
            in_unit=False,
            next_sv="Jämför med källan och fråga Brå. Uppgifterna visas som de står.",
        ),
    ]


def _counts(source: Source) -> list[str]:
    """Return the full codes of the measures that may be added and compared; percentages may not."""
    return [f"{source.id}.{measure.id}" for measure in source.measures if measure.additive]


def _excess(rows: SideBySide, registry: Registry) -> "pd.Series[float]":
    """Return by how much a row exceeds the smallest whole it belongs to, 0 if it does not.

    Its wholes are its offence's parent, for the same sex and age or a total of these, and its own offence's totals.
    """
    import pandas as pd

    parents = {code: breakdown.parent or code for code, breakdown in registry.breakdowns.items()}
    found: list[pd.Series[float]] = [pd.Series(dtype=float)]
    for head in rows.heads:
        offence, sex, age = head
        wholes = product([parents.get(offence, offence), offence], [(sex, age), ("T", age), ("T", "T")])
        least = reduce(np.fmin, (rows.column(whole, *who) for whole, who in wholes))
        found.append(rows.on(head, rows.column(*head) - least))
    excess: pd.Series[float] = pd.concat(found)
    return excess


def _twins(frame: "pd.DataFrame", columns: SideBySide, source: Source, registry: Registry) -> "pd.Series[float]":
    """Return on the rows of handled offences how many siblings say exactly the same in all three main columns."""
    main = [f"{source.id}.{name}" for name in ("handled", "investigated", "dismissed")]
    handled = columns.on(main[:1], columns.column(main[0]))
    rows = frame.loc[handled.index, _ROW].astype(object)
    for name in main:
        rows[name] = columns.on(main[:1], columns.column(name))
    parents = {code: breakdown.parent for code, breakdown in registry.breakdowns.items()}
    rows["parent"] = rows["breakdown"].map(parents)
    rows = rows[rows[main[0]] >= _TWIN_FROM].dropna()
    alike: pd.Series[float] = rows.groupby([*_ROW[:-1], "parent", *main])["breakdown"].transform("size") - 1.0
    return alike
