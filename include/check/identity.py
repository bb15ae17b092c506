"""Identities: sums that must hold across rows, all expressed in one way.

The *residual* of an identity stands on the row of the whole: what the row says less what its parts say. It is NaN,
or left out, where the identity cannot be tried (another kind of row, a part is lacking). The gate asks whether it lies
between -tolerance and +tolerance; a breach has a row, and with it a place in the file, like any other fault.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

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
        residual: from the rows with a value (KEY as categories, ``value``) to the residual of those it can be tried
            on, by the frame's index.
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


#: What the figures of one printed row have in common.
SAME_ROW = KEY[1:]

#: The values of one column of a table, NaN where a line has none.
Column = np.ndarray[tuple[int], np.dtype[np.float64]]

Residual = Callable[["pd.DataFrame"], "pd.Series[float]"]


def with_value(frame: "pd.DataFrame") -> "pd.Series[bool]":
    """Return which rows hold a value that can be added."""
    return frame["value_status"].isin(WITH_VALUE) & frame["value"].notna()


def sum_residual(
    frame: "pd.DataFrame", *, whole: "pd.Series[bool]", parts: "pd.DataFrame", by: Sequence[str], complete: str | int
) -> "pd.Series[float]":
    """Return value of the whole less the sum of its parts, on the rows of the whole.

    Args:
        frame: the rows with a value; ``complete`` may name a column that was added to it.
        whole: which of its rows are wholes.
        parts: the rows that are parts, with the ``by`` columns as the whole has them.
        by: columns in which a whole and its parts agree.
        complete: how many parts with a value a whole must have before its sum is tried, the same for all rows or
            per row in a column of ``frame``; a group with fewer or more is not tried.
    """
    rows, keys = frame[whole], list(by)
    sums = parts.groupby(keys, observed=True)["value"].agg(["sum", "count"]).reset_index()
    joined = rows[keys].merge(sums, on=keys, how="left").set_axis(rows.index)
    wanted = rows[complete] if isinstance(complete, str) else complete
    return (rows["value"] - joined["sum"]).where(joined["count"] == wanted)


class SideBySide:
    """A table's figures side by side: a line for each combination of ``by``, a column for each of ``across``.

    The identities of a suite share one: the table is laid out once, and each sum is then arithmetic between columns.
    """

    def __init__(self, by: Sequence[str], across: Sequence[str]) -> None:
        self._by, self._across = list(by), list(across)
        self._frame: pd.DataFrame | None = None

    def lay_out(self, frame: "pd.DataFrame") -> Self:
        """Return this layout of a frame; the one it was last asked for is kept."""
        if frame is not self._frame:
            lines = frame.groupby(self._by, observed=True, sort=False, dropna=False).ngroup().to_numpy()
            columns = frame.groupby(self._across, observed=True, sort=False, dropna=False).ngroup().to_numpy()
            shape = (lines.max(initial=-1) + 1, columns.max(initial=-1) + 1)
            self._values, self._rows = np.full(shape, np.nan), np.full(shape, -1, dtype=np.int64)
            self._values[lines, columns], self._rows[lines, columns] = frame["value"], frame.index
            heads = frame[self._across].drop_duplicates()
            self._column = {tuple(head): number for number, head in enumerate(heads.itertuples(index=False))}
            self._frame = frame
        return self

    @property
    def heads(self) -> list[tuple[str, ...]]:
        """Return which columns there are."""
        return list(self._column)

    def column(self, *head: str) -> Column:
        """Return a column's value on each line; NaN where it has none."""
        number = self._column.get(head)
        return np.full(len(self._values), np.nan) if number is None else self._values[:, number]

    def on(self, head: Sequence[str], residual: Column) -> "pd.Series[float]":
        """Return the residual of each line, on the rows of the column that is the whole; without those not tried."""
        import pandas as pd

        number = self._column.get(tuple(head))
        if number is None:
            return pd.Series(dtype=float)
        tried = ~np.isnan(residual) & (self._rows[:, number] >= 0)
        return pd.Series(residual[tried], index=self._rows[tried, number])


def side_by_side_sum(layout: SideBySide, whole: Sequence[str], parts: Sequence[Sequence[str]]) -> Residual:
    """Return the residual of a column that is the sum of other columns, where all of them have a value."""

    def residual(frame: "pd.DataFrame") -> "pd.Series[float]":
        laid = layout.lay_out(frame)
        return laid.on(whole, laid.column(*whole) - sum(laid.column(*part) for part in parts))

    return residual
