"""What must hold of SCB's population figures.

To 2024 they are exact. From reference year 2025 SCB perturbs every figure above zero, totals included, with the Cell
Key Method, so that parts need not add up to their total: from then on no sum of areas is tried, and women + men are
only compared with the total to catch a gross fault (another table, another scale).
"""

from datetime import date
from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical
from include.check.identity import Identity, sum_residual
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

#: First reference year with perturbed figures.
CKM_FROM = 2025

#: Larger than what the perturbation of three cells can add up to, smaller than any fault worth a stop.
CKM_GROSS = 50

_NOT_SEX = ["measure", "area", "period", "age", "party", "breakdown"]
_NOT_AREA = ["measure", "period", "sex", "age", "party", "breakdown"]


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        critical(
            "ExpectColumnValuesToMatchRegex",
            Meta(
                "YEAR_END", "Folkmängden ska avse den 31 december ett år.", "Population is the stock of a year's end."
            ),
            column="period",
            regex=r"^\d{4}$",
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return the sums that must hold across rows."""
    return [
        Identity(
            "SEX_SUM",
            f"Kvinnor och män ska tillsammans vara totalen (exakt till och med {CKM_FROM - 1}).",
            f"Women and men add up to the total (exactly, to {CKM_FROM - 1}).",
            lambda frame: _sexes(frame).where(_years(frame) < CKM_FROM),
        ),
        Identity(
            "SEX_SUM_ROUGH",
            f"Kvinnor och män ska tillsammans ligga nära totalen (från {CKM_FROM}, då SCB stör alla tal).",
            f"Women and men are close to the total (from {CKM_FROM}, when SCB perturbs all figures).",
            lambda frame: _sexes(frame).where(_years(frame) >= CKM_FROM),
            tolerance=CKM_GROSS,
        ),
        Identity(
            "COUNTY_SUM",
            f"Länets kommuner ska tillsammans vara länet (till och med {CKM_FROM - 1}, när alla finns med).",
            f"The municipalities add up to their county (to {CKM_FROM - 1}, when all of them are there).",
            lambda frame: _counties(frame, registry).where(_years(frame) < CKM_FROM),
        ),
    ]


def _years(frame: "pd.DataFrame") -> "pd.Series[int]":
    """Return the year of each row; 0 where the period is no year (another expectation says so)."""
    import pandas as pd

    periods = frame["period"].cat
    years = [int(text[:4]) if text[:4].isdecimal() else 0 for text in periods.categories]
    return pd.Series([*years, 0]).take(periods.codes.to_numpy()).set_axis(frame.index)


def _sexes(frame: "pd.DataFrame") -> "pd.Series[float]":
    """Return total less women and men, on the rows of totals whose two parts are there."""
    parts = frame[frame["sex"].isin(["K", "M"])]
    return sum_residual(frame, whole=frame["sex"] == "T", parts=parts, by=_NOT_SEX, complete=2)


def _counties(frame: "pd.DataFrame", registry: Registry) -> "pd.Series[float]":
    """Return county less its municipalities, on the rows of counties of which all municipalities are there."""
    import pandas as pd

    parents = {code: area.parent for code, area in registry.areas.items() if area.kind == "kommun" and area.parent}
    area, years = frame["area"].astype(object), _years(frame)
    municipal = area.isin(parents)
    parts = frame[municipal].assign(area=area[municipal].map(parents))
    numbers = {
        (county, year): sum(
            registry.areas[code].holds_on(date(year, 12, 31)) for code, parent in parents.items() if parent == county
        )
        for county in set(parents.values())
        for year in years.unique()
        if year
    }
    whole = area.isin(set(parents.values()))
    wanted = [numbers.get(key, 0) for key in zip(area[whole], years[whole], strict=True)]
    municipalities = pd.Series(wanted, index=frame.index[whole], dtype=int).reindex(frame.index, fill_value=0)
    counted = frame.assign(municipalities=municipalities)
    return sum_residual(counted, whole=whole, parts=parts, by=["area", *_NOT_AREA], complete="municipalities")
