"""A capture beside the version of the same part before it: what has vanished, and what has changed beyond belief.

Final figures get revised, so a difference is no fault; these are remarks, for the person who approves the release. They
catch half a file, another scale (per 1 000 for per 100 000) and a slipped decimal.
"""

import math
from typing import TYPE_CHECKING

from include.check.expectations import Meta, warning
from include.check.identity import Identity, with_value
from include.check.tidy import KEY

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from great_expectations.expectations.expectation import Expectation

#: Share of the earlier version's figures that the new one should at least have.
LEAST_SHARE = 0.8

#: A figure that changes by more than this factor has probably changed its unit or lost its decimal sign …
LARGEST_FACTOR = 5.0

#: … unless it is small: counts up to this may change by any factor.
SMALL = 20


def expectations(before: "pa.Table") -> "list[Expectation]":
    """Return that the capture has not shrunk.

    Args:
        before: the tidy table of the version before.
    """
    least = math.ceil(LEAST_SHARE * before.num_rows)
    meta = Meta(
        "NOT_SHRUNK",
        f"Filen bör ha minst {least} uppgifter; den förra versionen har {before.num_rows}.",
        f"The file should have at least {least} figures; the version before has {before.num_rows}.",
        next_sv="Kontrollera att filen är hel. Uppgifter som inte finns kvar visas som borttagna.",
    )
    return [warning("ExpectTableRowCountToBeBetween", meta, min_value=least)]


def identities(before: "pa.Table") -> list[Identity]:
    """Return that no figure has changed beyond belief."""
    return [
        Identity(
            "REVISION_PLAUSIBLE",
            f"En uppgift över {SMALL} bör inte ändras mer än {LARGEST_FACTOR:g} gånger sedan förra versionen.",
            f"No figure above {SMALL} should change more than {LARGEST_FACTOR:g} times since the last version.",
            lambda frame: _leaps(frame, before),
            severity="warning",
            in_unit=False,
            next_sv="Kontrollera enhet och decimaltecken.",
        )
    ]


def _leaps(frame: "pd.DataFrame", before: "pa.Table") -> "pd.Series[float]":
    """Return the factor by which a figure has leapt, 0 where it has not, NaN where there is nothing to compare."""
    keys = list(KEY)
    earlier = before.select([*keys, "value", "value_status"]).to_pandas()
    earlier = earlier[with_value(earlier)].drop_duplicates(keys).rename(columns={"value": "before"})
    then = frame[keys].merge(earlier[[*keys, "before"]], on=keys, how="left")["before"].set_axis(frame.index)
    factor = (frame["value"] / then).where((then > SMALL) & (frame["value"] > SMALL))
    leapt = (factor > LARGEST_FACTOR) | (factor < 1 / LARGEST_FACTOR)
    return factor.where(leapt | factor.isna(), 0.0)
