"""What must hold of SCB's population per month: every figure is noised, so no sum holds but roughly.

One classification of ages, so that nobody is counted twice; women and men only near the total.
"""

from typing import TYPE_CHECKING

from include.check.expectations import Meta, critical
from include.check.identity import Identity, sum_residual
from include.check.suites.scb_population import CKM_GROSS
from include.registry.models import Registry, Source

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

_AGES = ["T", *(f"{first}-{first + 9}" for first in range(0, 100, 10)), "100+"]
_NOT_SEX = ["measure", "area", "period", "age", "party", "breakdown"]
_NOT_AGE = ["measure", "area", "period", "sex", "party", "breakdown"]


def expectations(source: Source, registry: Registry) -> "list[Expectation]":
    """Return the expectations about rows and the table."""
    return [
        critical(
            "ExpectColumnValuesToMatchRegex",
            Meta("MONTH_END", "Folkmängden ska avse slutet av en månad.", "Population is the stock of a month's end."),
            column="period",
            regex=r"^\d{4}-\d{2}$",
        ),
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta(
                "ONE_CLASSIFICATION",
                "Åldrarna ska vara tioårsklasser och totalen: tabellen har fyra indelningar bredvid varandra.",
                "Ages are the ten-year classes and the total: the table holds four classifications side by side.",
            ),
            column="age",
            value_set=_AGES,
        ),
    ]


def identities(source: Source, registry: Registry) -> list[Identity]:
    """Return what must hold roughly; the noise of each cell is its own."""
    return [
        Identity(
            "SEX_SUM_ROUGH",
            "Kvinnor och män ska tillsammans ligga nära totalen (SCB stör alla tal).",
            "Women and men are close to the total (SCB perturbs all figures).",
            _sexes,
            tolerance=CKM_GROSS,
        ),
        Identity(
            "AGE_SUM_ROUGH",
            "Åldersklasserna ska tillsammans ligga nära totalen (SCB stör alla tal).",
            "The age classes are close to the total (SCB perturbs all figures).",
            _ages,
            tolerance=CKM_GROSS,
        ),
    ]


def _sexes(frame: "pd.DataFrame") -> "pd.Series[float]":
    """Return total less women and men, on the rows of totals whose two parts are there."""
    parts = frame[frame["sex"].isin(["K", "M"])]
    return sum_residual(frame, whole=frame["sex"] == "T", parts=parts, by=_NOT_SEX, complete=2)


def _ages(frame: "pd.DataFrame") -> "pd.Series[float]":
    """Return total less the age classes, on the rows of totals of which every class is there."""
    parts = frame[frame["age"] != "T"]
    return sum_residual(frame, whole=frame["age"] == "T", parts=parts, by=_NOT_AGE, complete=len(_AGES) - 1)
