"""The gate: what must hold of a tidy table, tried with Great Expectations, and what follows when it does not.

A critical expectation that does not hold refuses the capture. A warning is told; a warning about single rows that
says ``quarantine`` sets those rows aside, with its code and words as the reason. Every row ends in exactly one place:
rows in = passed + set aside (by the reader, a correction or the gate), or all rejected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from include.check.expectations import Severity, meta_of
from include.check.identity import Identity, with_value
from include.check.tidy import KEY, ReadResult, SetAside, assert_identity, set_aside_table
from include.errors import FollowUpError

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation

#: How many offending rows an error and a report show; all of them are counted.
SHOWN_ROWS = 10


class SuiteBroken(FollowUpError):
    """An expectation could not be tried at all: a fault in the suite, not in the data."""


@dataclass(frozen=True)
class Reveal:
    """What of an offending row may be shown in a report, a log or an error.

    Attributes:
        texts: False for deliveries, where somebody may have written free text.
        hidden: ids of the extracts whose counts are persons or cases: no value of theirs is shown.
    """

    texts: bool = True
    hidden: frozenset[str] = frozenset()

    def shows(self, measure: str) -> bool:
        """Return whether the values of a measure (its full code) may be shown."""
        return measure.partition(".")[0] not in self.hidden


@dataclass(frozen=True)
class OffendingRow:
    """A row that breaks an expectation, as a person may see it."""

    place: str
    what: str
    found: str
    expected: str


@dataclass(frozen=True)
class Finding:
    """What came of one expectation.

    Attributes:
        holds: whether it held.
        tried: rows tried (those without a value where the expectation speaks of values are not).
        failed: rows that break it; 0 also when a rule about the whole table does not hold.
        observed: what was seen, for a rule about the whole table.
        rows: the first of the offending rows.
    """

    code: str
    severity: Severity
    sv: str
    en: str
    next_sv: str | None
    kind: str
    quarantine: bool
    holds: bool
    tried: int
    failed: int
    observed: str
    rows: tuple[OffendingRow, ...]

    @property
    def stops(self) -> bool:
        """Return whether it refuses the capture."""
        return not self.holds and self.severity == "critical"


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one table.

    Attributes:
        passed: the rows that may be loaded (none of them, if the capture is refused).
        set_aside: the reader's rows set aside and the gate's.
        findings: one per expectation, in the suite's order.
        rows_in: figures that came in.
    """

    passed: pa.Table
    set_aside: pa.Table
    findings: tuple[Finding, ...]
    rows_in: int

    @property
    def refused(self) -> bool:
        """Return whether a critical expectation did not hold."""
        return any(finding.stops for finding in self.findings)


def gate(
    result: ReadResult,
    expectations: Sequence["Expectation"],
    identities: Sequence[Identity] = (),
    reveal: Reveal | None = None,
) -> Verdict:
    """Try every expectation and identity on a reader's result, and split its rows accordingly.

    Raises:
        CheckFailed: the reader has lost or invented rows.
        SuiteBroken: an expectation could not be evaluated, or two have the same code.
    """
    assert_identity(result)
    reveal = reveal or Reveal()
    rules = {meta_of(rule.meta).code: rule for rule in expectations}
    sums = {identity.code: identity for identity in identities}
    if len({*rules, *sums}) != len(expectations) + len(identities):
        raise SuiteBroken(f"Two expectations of the suite have the same code: {sorted([*rules, *sums])}")
    frame = _frame(result.table)
    known = frame.loc[with_value(frame), [*KEY, "value"]]
    outcomes = _validate(frame, rules)
    breaches = {code: _offenders(outcomes[code]) for code in rules}
    findings = (
        *(_finding(rule, outcomes[code], breaches[code], frame, result.table, reveal) for code, rule in rules.items()),
        *(_identity_finding(identity, known, result.table, reveal) for identity in identities),
    )
    aside = {row: finding for finding in reversed(findings) if finding.quarantine for row in breaches[finding.code]}
    return _split(result, findings, aside, reveal)


def _frame(table: pa.Table) -> "pd.DataFrame":
    """Return the table as GX is given it: codes as categories, the place left behind (a text per row is dear)."""
    frame: pd.DataFrame = table.drop_columns(["place"]).to_pandas()
    return frame


def _validate(frame: "pd.DataFrame", rules: dict[str, "Expectation"]) -> dict[str, "ExpectationValidationResult"]:
    """Return GX's result of each rule by its code."""
    import great_expectations as gx

    batch = whole_table().get_batch({"dataframe": frame})
    outcomes: dict[str, ExpectationValidationResult] = {}
    # Which rows break a rule is dear to ask, and most rules hold: it is asked of those that do not.
    for form in ("BASIC", "COMPLETE"):
        wanted = [rule for code, rule in rules.items() if code not in outcomes or not outcomes[code].success]
        if not wanted:
            break
        suite = gx.ExpectationSuite(name=form, expectations=wanted)
        results = batch.validate(suite, result_format={"result_format": form, "return_unexpected_index_query": False})
        for result in results.results:
            code = meta_of(result.expectation_config.meta if result.expectation_config else None).code
            if _raised(result.exception_info):
                raise SuiteBroken(f"The expectation {code} could not be tried: {result.exception_info}")
            outcomes[code] = result
    return outcomes


@cache
def whole_table() -> "BatchDefinition[Any]":
    """Return what GX is given a table by, from an ephemeral context: nothing is written, nothing is sent."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("check").add_dataframe_asset("tidy")
    return asset.add_batch_definition_whole_dataframe("whole")


def _raised(info: dict[str, Any] | None) -> bool:
    """Return whether GX met an exception; it tells so either at once or per metric."""
    if not info:
        return False
    entries = [info] if "raised_exception" in info else list(info.values())
    return any(entry.get("raised_exception") for entry in entries)


def _offenders(outcome: "ExpectationValidationResult") -> list[int]:
    """Return the numbers of the rows that break the rule, in the table's order."""
    return sorted(outcome.result.get("unexpected_index_list") or [])


def _finding(
    rule: "Expectation",
    outcome: "ExpectationValidationResult",
    offenders: list[int],
    frame: "pd.DataFrame",
    table: pa.Table,
    reveal: Reveal,
) -> Finding:
    meta = meta_of(rule.meta)
    result = outcome.result
    observed = result.get("observed_value")
    columns = _columns(rule) if offenders else []
    kind: Literal["value", "text"] = "value" if set(columns) <= {"value", "value_low", "value_high"} else "text"
    severity: Severity = "critical" if rule.severity == "critical" else "warning"
    return Finding(
        code=meta.code,
        severity=severity,
        sv=meta.sv,
        en=meta.en,
        next_sv=meta.next_sv,
        kind=rule.expectation_type,
        quarantine=meta.quarantine,
        holds=bool(outcome.success),
        tried=result.get("element_count", frame.shape[0]) - result.get("missing_count", 0),
        failed=len(offenders),
        observed="" if observed is None else str(observed),
        rows=tuple(
            _offending_row(kind, row, ", ".join(map(_text, frame[columns].iloc[row])), meta.sv, table, reveal)
            for row in offenders[:SHOWN_ROWS]
        ),
    )


def _identity_finding(identity: Identity, known: "pd.DataFrame", table: pa.Table, reveal: Reveal) -> Finding:
    """Return what came of one identity: it holds where its residual lies within its tolerance."""
    residual = identity.residual(known).dropna()
    broken = residual[residual.abs() > identity.tolerance]
    shown, values = broken.sort_index().iloc[:SHOWN_ROWS], known["value"].loc[broken.index].to_dict()
    return Finding(
        code=identity.code,
        severity=identity.severity,
        sv=identity.sv,
        en=identity.en,
        next_sv=identity.next_sv,
        kind="Identity",
        quarantine=False,
        holds=broken.empty,
        tried=len(residual),
        failed=len(broken),
        observed="",
        rows=tuple(
            _offending_row("value", row, *_told(identity, values[row], rest, _shows(row, table, reveal)), table, reveal)
            for row, rest in zip(shown.index.to_list(), shown.to_list(), strict=True)
        ),
    )


def _told(identity: Identity, value: float, residual: float, shown: bool) -> tuple[str, str]:
    """Return what was found and what was expected: the two sums, or, where these may not be shown, the rule."""
    if not shown:
        return "", identity.sv
    if identity.in_unit:
        return _number(value), _number(value - residual)
    return f"{_number(value)} (avvikelse {_number(residual)})", "avvikelse 0"


def _offending_row(
    kind: Literal["value", "text"], row: int, found: str, expected: str, table: pa.Table, reveal: Reveal
) -> OffendingRow:
    """Return one offending row as a person may see it."""
    shown = _shows(row, table, reveal) if kind == "value" else reveal.texts
    return OffendingRow(
        place=table["place"][row].as_py() or f"rad {row + 1} i den lästa tabellen",
        what=" · ".join(str(table[name][row]) for name in (KEY if reveal.texts else ("measure",))),
        found=found if shown else "(visas inte)",
        expected=expected,
    )


def _shows(row: int, table: pa.Table, reveal: Reveal) -> bool:
    return reveal.shows(str(table["measure"][row]))


def _columns(rule: "Expectation") -> list[str]:
    """Return the columns that a rule about rows speaks of."""
    kwargs = rule.configuration.kwargs
    if "column" in kwargs:
        return [kwargs["column"]]
    return list(kwargs.get("column_list") or [kwargs["column_A"], kwargs["column_B"]])


def _number(value: float) -> str:
    return "" if value != value else f"{value:.10g}"  # NaN is no number


def _text(value: object) -> str:
    return _number(value) if isinstance(value, float) else str(value)


def _split(result: ReadResult, findings: tuple[Finding, ...], aside: dict[int, Finding], reveal: Reveal) -> Verdict:
    """Return the verdict with every row in its one place."""
    table = result.table
    keep = np.ones(table.num_rows, dtype=bool)
    keep[list(aside)] = False
    keys, values = KEY if reveal.texts else (), ("value", "value_status")
    reasons = set_aside_table(
        SetAside(
            place=table["place"][row].as_py() or f"rad {row + 1} i den lästa tabellen",
            reason_code=finding.code,
            reason_sv=finding.sv,
            raw={n: table[n][row].as_py() for n in (*keys, *(values if _shows(row, table, reveal) else ()))},
        )
        for row, finding in sorted(aside.items())
    )
    passed = table.filter(pa.array(keep)) if aside else table
    return Verdict(passed, pa.concat_tables([result.set_aside, reasons]), findings, result.rows_in)
