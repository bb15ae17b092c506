"""What a PxWeb server is asked, whichever version of its API: the codes of a selection, and how one is split.

Both versions take a code for every value of every variable. Producers number their times alike (2024, 2024M03, 2024K1;
a span of years as 2021-2024).
"""

from collections.abc import Mapping

from include.archive.http import HttpRefused
from include.errors import SourceRefused
from include.periods import Period
from include.registry.models import PxWebTable

Selection = dict[str, list[str]]

_TIME = {
    "year": lambda period: f"{period.start.year}",
    "half_year": lambda period: f"{period.start.year}H{(period.start.month + 5) // 6}",
    "quarter": lambda period: f"{period.start.year}K{(period.start.month + 2) // 3}",
    "month": lambda period: f"{period.start.year}M{period.start.month:02}",
}


def time_code(period: Period) -> str:
    """Return a period as PxWeb's time codes write it: 2024, 2024M03, 2024K1, 2024H1, 2017-2018."""
    return str(period).replace("/", "-") if period.unit == "span" else _TIME[period.unit](period)


def selection_of(table: PxWebTable, time: str) -> Selection:
    """Return a table's selection for a period's code, each code once (SCB refuses one that is given twice)."""
    selection = {
        variable: list(dict.fromkeys(code.replace("{period}", time) for code in asked))
        for variable, asked in table.selection.items()
    }
    selection.setdefault(table.time_variable, [time])
    return selection


def demand_kept(gone: list[str], what: str) -> None:
    """Stop when parts that are held are of periods that their table no longer has; called when the rest is fetched.

    Raises:
        SourceRefused: names the parts and what to do.
    """
    if gone:
        raise SourceRefused(
            f"{what}: the producer's table no longer has the period of {', '.join(gone)}, of which figures are held. "
            "They stay as they are. Look at the table: if the producer has taken the years away for good, change "
            "first_period or last_period of the table in the registry."
        )


def is_too_large(refused: HttpRefused) -> bool:
    """Return whether a refusal means that too much was asked for at once.

    SCB answers 403 ``Too many values selected`` (API v1) or 400 ``Too many cells selected`` (v2; 403 by its document).
    A 403 without a title is no answer of the API (a firewall's, say): asking for less would not help.
    """
    return "too many" in refused.title.lower() or (refused.status == 403 and bool(refused.title))


def halves(named: Mapping[str, list[str]], what: str, most_cells: int) -> tuple[str, list[str], list[str]]:
    """Return the variable with the most codes, and its two halves.

    Args:
        named: the variables whose codes are named one by one.
        what: names source and table in messages.
        most_cells: the server's limit, for the message.

    Raises:
        SourceRefused: no variable has two codes, so there is nothing to split by.
    """
    variable = max(named, key=lambda v: len(named[v]), default="")
    if not variable or len(named[variable]) < 2:
        raise SourceRefused(
            f"{what}: the selection is larger than the server gives ({most_cells:,} cells) and cannot be split. "
            "Name the codes in the registry, or fewer of them."
        )
    middle = len(named[variable]) // 2
    return variable, named[variable][:middle], named[variable][middle:]
