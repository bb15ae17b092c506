"""Identities: sums that must hold across rows, all expressed in one way.

The *residual* of an identity stands on the row of the whole: what the row says less what its parts say. It is NaN
where the identity cannot be tried (another kind of row, a part is lacking). So every identity becomes one computed
column, which the gate hands to Great Expectations as "the residual lies between -tolerance and +tolerance", and a
breach has a row, and with it a place in the file, like any other fault.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from include.check.tidy import KEY, WITH_VALUE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Identity:
    """A sum that must hold across rows.

    Attributes:
        code: stable ASCII code, e.g. ``SEX_SUM``.
        sv: what holds, in Swedish.
        en: the same in English.
        residual: from the tidy frame (categories for codes) to the residual of each row, on the frame's index.
        severity: ``critical`` stops the capture; ``warning`` is told.
        tolerance: how far the residual may lie from 0.
        in_unit: whether the residual is in the unit of its row's value, so that value - residual is what was expected.
        next_sv: what to do when it does not hold, in Swedish; None = the gate's general advice.
    """

    code: str
    sv: str
    en: str
    residual: "Residual"
    severity: Literal["critical", "warning"] = "critical"
    tolerance: float = 0
    in_unit: bool = True
    next_sv: str | None = None

    @property
    def column(self) -> str:
        """Return the name of the computed column that holds the residuals."""
        return f"{'residual' if self.in_unit else 'deviation'}_{self.code.lower()}"


#: What the figures of one printed row have in common.
SAME_ROW = KEY[1:]

Residual = Callable[["pd.DataFrame"], "pd.Series[float]"]


def with_value(frame: "pd.DataFrame") -> "pd.Series[bool]":
    """Return which rows hold a value that can be added."""
    return frame["value_status"].isin(WITH_VALUE) & frame["value"].notna()


def sum_residual(
    frame: "pd.DataFrame", *, whole: "pd.Series[bool]", parts: "pd.DataFrame", by: Sequence[str], complete: str | int
) -> "pd.Series[float]":
    """Return value of the whole less the sum of its parts, on the rows of the whole; NaN elsewhere.

    Args:
        frame: the tidy frame; ``complete`` may name a column that was added to it.
        whole: which of its rows are wholes.
        parts: the rows that are parts, with the ``by`` columns as the whole has them.
        by: columns in which a whole and its parts agree.
        complete: how many parts with a value a whole must have before its sum is tried, the same for all rows or
            per row in a column of ``frame``; a group with fewer or more is not tried.
    """
    import pandas as pd

    result = pd.Series(float("nan"), index=frame.index)
    rows = frame[whole & with_value(frame)]
    known = parts[with_value(parts)]
    if rows.empty or known.empty:
        return result
    keys = list(by)
    sums = known.groupby(keys, observed=True)["value"].agg(["sum", "count"]).reset_index()
    joined = rows[keys].merge(sums, on=keys, how="left").set_axis(rows.index)
    wanted = rows[complete] if isinstance(complete, str) else complete
    residual = rows["value"] - joined["sum"]
    result.loc[rows.index] = residual.where(joined["count"] == wanted)
    return result


def measure_sum(source_id: str, whole: str, parts: Sequence[str]) -> Residual:
    """Return the residual of a measure that is the sum of other measures of the same row of the source's table."""
    names = [f"{source_id}.{part}" for part in parts]

    def residual(frame: "pd.DataFrame") -> "pd.Series[float]":
        return sum_residual(
            frame,
            whole=frame["measure"] == f"{source_id}.{whole}",
            parts=frame[frame["measure"].isin(names)],
            by=SAME_ROW,
            complete=len(parts),
        )

    return residual
