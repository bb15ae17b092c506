"""What follows from the figures that Table 300 prints, and what the printed zeros of empty rates mean.

From 2020 the first sheet no longer prints the cleared offences, but its percentages are unrounded, so the counts behind
them can be recovered:

* cleared offences = handled x clearance rate (personuppklaringsprocent), a whole number in every row;
* base of the prosecution rate = investigated - limited investigations where these are printed, else cleared /
  prosecution rate (lagföringsprocent), a whole number and at most the investigated offences.

A result that is no whole number is set aside, never rounded. Where nothing was cleared the base cannot be recovered
and is ``missing``. A rate whose denominator is zero does not exist: Brå prints 0, we say ``not_applicable``.
"""

from collections.abc import Iterable
from typing import NamedTuple

from include.check.readers.bra_labels import Meaning
from include.check.tidy import SetAside

Printed = Meaning

#: The percentages are given with at least eight decimals, so each is wrong by at most half of the last one.
ROUNDING = 0.5e-8
#: How far a count may lie from a whole number beyond what the rounding of its percentage explains.
TOLERANCE = 1e-6


class Figure(NamedTuple):
    """One figure: what it is about, its value and status, where it comes from."""

    meaning: Meaning
    measure: str
    value: float | None
    value_status: str
    mark: str
    source_label: str
    place: str


Group = dict[str, Figure]


def derive(printed: dict[Meaning, Group]) -> tuple[list[Figure], list[SetAside]]:
    """Return the figures that follow from the printed ones, and the results that cannot be right."""
    derived: list[Figure] = []
    aside: list[SetAside] = []
    for group in printed.values():
        cleared = group.get("cleared_person") or _keep(_cleared(group), derived, aside)
        _keep(_base(group, cleared), derived, aside)
    return derived, aside


def not_applicable(figures: Iterable[Figure], derived: Iterable[Figure]) -> list[Figure]:
    """Return the figures with the rates that have no denominator turned from a printed 0 into ``not_applicable``."""
    figures = list(figures)
    empty = {
        (figure.meaning, "clearance_rate_printed" if figure.measure == "handled" else "prosecution_rate_printed")
        for figure in [*figures, *derived]
        if figure.measure in ("handled", "prosecution_base") and figure.value == 0
    }
    return [
        figure._replace(value=None, value_status="not_applicable")
        if (figure.meaning, figure.measure) in empty and figure.value == 0
        else figure
        for figure in figures
    ]


def is_whole(count: float, error: float) -> bool:
    """Return whether a count is whole within what its percentage's rounding explains."""
    return abs(count - round(count)) <= TOLERANCE + error


def _keep(result: Figure | SetAside | None, derived: list[Figure], aside: list[SetAside]) -> Figure | None:
    """Put a result where it belongs; return it if it is a figure."""
    if isinstance(result, Figure):
        derived.append(result)
        return result
    if result is not None:
        aside.append(result)
    return None


def _cleared(group: Group) -> Figure | SetAside | None:
    """Return the cleared offences from the clearance rate, None if that is not printed."""
    handled, rate = _value(group, "handled"), _value(group, "clearance_rate_printed")
    if handled is None or rate is None:
        return None
    count = handled * rate / 100
    if is_whole(count, handled * ROUNDING / 100) and round(count) <= handled:
        return _figure(group, "cleared_person", float(round(count)), "handlagda × personuppklaringsprocent")
    return _fault(group, "cleared_person", count, f"{handled:g} handlagda × {rate:g} procent")


def _base(group: Group, cleared: Figure | None) -> Figure | SetAside | None:
    """Return the base of the prosecution rate: printed in two parts, or implied by the rate."""
    investigated, limited = _value(group, "investigated"), _value(group, "limited_investigation")
    if investigated is None:
        return None
    if limited is not None:
        if limited > investigated:
            return _fault(group, "prosecution_base", investigated - limited, "utredda − förundersökningsbegränsade")
        return _figure(group, "prosecution_base", investigated - limited, "utredda − förundersökningsbegränsade")
    if investigated == 0:
        return _figure(group, "prosecution_base", 0.0, "inga utredda")
    rate = _value(group, "prosecution_rate_printed")
    if rate is None or cleared is None or cleared.value is None:
        return None
    if cleared.value == 0 and rate == 0:
        return _figure(group, "prosecution_base", None, "kan inte återvinnas när inget är personuppklarat")
    count = cleared.value / (rate / 100) if rate else float("inf")
    if count <= investigated + TOLERANCE and is_whole(count, count * ROUNDING / rate):
        return _figure(group, "prosecution_base", float(round(count)), "personuppklarade ÷ lagföringsprocent")
    return _fault(group, "prosecution_base", count, f"{cleared.value:g} personuppklarade ÷ {rate:g} procent")


def _value(group: Group, measure: str) -> float | None:
    return group[measure].value if measure in group else None


def _figure(group: Group, measure: str, value: float | None, how: str) -> Figure:
    """Return a derived figure; its place is the row of the figures it comes from."""
    basis = group.get("handled") or next(iter(group.values()))
    status = "missing" if value is None else "ok"
    return basis._replace(
        measure=measure, value=value, value_status=status, mark="derived", place=f"{basis.place} ({how})"
    )


def _fault(group: Group, measure: str, count: float, how: str) -> SetAside:
    """Set a result aside that cannot be a count."""
    basis = group.get("handled") or next(iter(group.values()))
    reason = f"{how} ger {count:.6f}, som inte är ett möjligt antal. Uppgiften är inte beräknad."
    raw = {"label": basis.source_label, "measure": measure, "value": f"{count:.9g}"}
    return SetAside(basis.place, "NOT_WHOLE", reason, raw)
