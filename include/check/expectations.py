"""How a suite says what must hold: each expectation with its severity, its code and its words in both languages.

A suite names the kind of expectation as Great Expectations does (``ExpectColumnValuesToBeInSet``). Its import costs
seconds, so it is done here when the first expectation is made, and suites need not import it at all.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Meta:
    """What the gate and the report need to know of an expectation, kept in its ``meta``.

    Attributes:
        code: stable ASCII code of the rule, unique in a suite.
        sv: what must hold, in Swedish.
        en: the same in English.
        quarantine: whether rows that break it are set aside (warnings about single rows only).
        next_sv: what to do when it does not hold, in Swedish; None = the gate's general advice.
    """

    code: str
    sv: str
    en: str
    quarantine: bool = False
    next_sv: str | None = None


#: Rows that an expectation is about: column and the values it has there.
Only = tuple[str, list[str]]


def critical(kind: str, meta: Meta, only: Only | None = None, **arguments: Any) -> "Expectation":
    """Return an expectation (about ``only`` those rows) that stops the capture when it does not hold."""
    if meta.quarantine:
        raise ValueError(f"{meta.code}: what stops a capture cannot also set rows aside")
    return _expectation(kind, meta, "critical", only, arguments)


def warning(kind: str, meta: Meta, only: Only | None = None, **arguments: Any) -> "Expectation":
    """Return an expectation that is told, or that sets its rows aside (``meta.quarantine``), when it does not hold."""
    return _expectation(kind, meta, "warning", only, arguments)


def meta_of(meta: dict[str, Any] | None) -> Meta:
    """Return the meta of an expectation as the gate knows it.

    Raises:
        ValueError: the expectation was made without its words.
    """
    try:
        return Meta(**(meta or {}))
    except TypeError as error:
        raise ValueError(f"an expectation lacks its code or words (meta): {meta}") from error


def _expectation(
    kind: str, meta: Meta, severity: Severity, only: Only | None, arguments: dict[str, Any]
) -> "Expectation":
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    if only:
        column, values = only
        arguments = {**arguments, "row_condition": Column(column).is_in(values)}
    expectation: Expectation = getattr(gxe, kind)(severity=severity, meta=vars(meta), **arguments)
    return expectation
