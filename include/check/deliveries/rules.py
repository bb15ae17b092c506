"""The catalogue of what is tried on a delivery: code, name, when it is tried, how grave it is, and its words.

The rules are data (``include/registry/codes/delivery_rules.csv``). The intake and the reader name the rule by which
they refuse a file or set a figure aside; the other modules of this package try the rest on the figures themselves.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from include.check.expectations import Severity
from include.check.gate import SHOWN_ROWS, Finding, OffendingRow
from include.errors import RegistryError
from include.registry.models import Text

FILE = Path(__file__).resolve().parents[2] / "registry" / "codes" / "delivery_rules.csv"
COLUMNS = ("code", "name", "stage", "severity", "sv", "en", "next_sv")

#: When a rule is tried: on the file, on its cells, on its figures, on these beside earlier deliveries, on the clock.
Stage = Literal["gate", "read", "check", "history", "time"]

#: The stages that :func:`include.check.deliveries.findings` tries.
TRIED: tuple[Stage, ...] = ("check", "history", "time")

#: Codes of the gate that are each one form of a rule in the catalogue.
_FORMS: dict[str, str] = {
    "IDENTITY_NUMBER": "PERSONAL_DATA",
    "NAME_COLUMN": "PERSONAL_DATA",
    "EMAIL": "PERSONAL_DATA",
    "PHONE": "PERSONAL_DATA",
    "CASE_NUMBER": "PERSONAL_DATA",
    "FREE_TEXT": "PERSONAL_DATA",
    "ROW_LEVEL": "PERSONAL_DATA",
    "EMBEDDED": "HIDDEN_CONTENT",
    "PIVOT_CACHE": "HIDDEN_CONTENT",
    "CHANGE_HISTORY": "HIDDEN_CONTENT",
    "NOT_EXPECTED": "OUTSIDE_AGREEMENT",
}

_STAGES_SV: dict[Stage, str] = {
    "gate": "filen",
    "read": "cellen",
    "check": "leveransen",
    "history": "mot tidigare",
    "time": "dagen",
}


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: its number in the catalogue, e.g. ``DQ02``.
        name: the code that findings and set-aside rows carry, e.g. ``SEXES_DO_NOT_ADD_UP``.
        severity: ``critical`` refuses the delivery; ``warning`` is told, or sets the one figure aside.
        sv: what is wrong, as the one who delivered reads it.
        next_sv: what that person should do.
    """

    code: str
    name: str
    stage: Stage
    severity: Severity
    sv: str
    en: str
    next_sv: str


@lru_cache(maxsize=4)
def rules(path: Path = FILE) -> Mapping[str, Rule]:
    """Return the rules by name, in the order of their codes.

    Raises:
        RegistryError: lists every fault of the file with its line.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lines = [(reader.line_num, row) for row in reader]
    faults = [] if tuple(reader.fieldnames or ()) == COLUMNS else [f"columns {reader.fieldnames}; expected {COLUMNS}"]
    if not faults:
        faults = [fault for number, row in lines for fault in _faults(number, row)]
        faults += _out_of_order([row["code"] for _, row in lines])
        names = [row["name"] for _, row in lines]
        faults += [f"name {name}: stands twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if faults:
        raise RegistryError(f"{path.name} has {len(faults)} faults:\n" + "\n".join(f"  {fault}" for fault in faults))
    return {row["name"]: Rule(**row) for _, row in lines}  # type: ignore[arg-type]  # the choices were tried above


def rule_of(reason_code: str) -> Rule | None:
    """Return the rule that a refusal's or a set-aside row's reason code names; None if the catalogue has none."""
    return rules().get(_FORMS.get(reason_code, reason_code))


def markdown() -> str:
    """Return the catalogue as the Markdown table of ``docs/extracts.md``."""
    head = ["| regel | kod | prövas på | följd | vad som är fel | vad ni gör |", "|---|---|---|---|---|---|"]
    return "\n".join(
        head
        + [
            f"| {r.code} | `{r.name}` | {_STAGES_SV[r.stage]} | {_consequence(r)} | {r.sv} | {r.next_sv} |"
            for r in rules().values()
        ]
    )


def finding(
    name: str,
    tried: int,
    broken: Sequence[int],
    row: Callable[[int], OffendingRow],
    *,
    severity: Severity | None = None,
    text: Text | None = None,
    observed: str = "",
) -> Finding:
    """Return what came of a rule.

    Args:
        name: the rule's.
        tried: how many comparisons could be made.
        broken: those that break it, in the order in which a person should see them.
        row: one of them as a person may see it.
        severity: another than the rule's.
        text: what must hold, where the contract has words of its own for it.
        observed: what was seen, for a rule about the whole delivery.
    """
    rule = rules()[name]
    return Finding(
        code=rule.name,
        severity=severity or rule.severity,
        sv=text.sv if text else rule.sv,
        en=text.en if text else rule.en,
        next_sv=rule.next_sv,
        kind=rule.code,
        quarantine=False,
        holds=not broken,
        tried=tried,
        failed=len(broken),
        observed=observed,
        rows=tuple(row(number) for number in broken[:SHOWN_ROWS]),
    )


def whole(name: str, tried: int, rows: Iterable[OffendingRow], observed: str = "") -> Finding:
    """Return what came of a rule whose offending rows are few, and already told."""
    found = list(rows)
    return finding(name, tried, range(len(found)), found.__getitem__, observed=observed)


def _consequence(rule: Rule) -> str:
    if rule.severity == "critical":
        return "lämnas åter"
    return "talet läggs åt sidan" if rule.stage == "read" else "påpekas"


def _faults(number: int, row: Mapping[str, str]) -> list[str]:
    """Return what is wrong with one line."""
    allowed = {"stage": get_args(Stage), "severity": get_args(Severity)}
    empty = [f"line {number}: {column} is empty" for column in COLUMNS if not row[column]]
    surplus = [f"line {number}: more than {len(COLUMNS)} cells"] if None in row else []
    other = [
        f"line {number}: {column} '{row[column]}'; expected {', '.join(values)}"
        for column, values in allowed.items()
        if row[column] and row[column] not in values
    ]
    return [*empty, *surplus, *other]


def _out_of_order(codes: Sequence[str]) -> list[str]:
    """Return a fault for each code that is not the next one: DQ01, DQ02 … without gaps, so that none is lost."""
    wanted = [f"DQ{number:02}" for number in range(1, len(codes) + 1)]
    return [f"code {found}; expected {code}" for found, code in zip(codes, wanted, strict=True) if found != code]
