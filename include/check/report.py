"""What came of a check, told to people: the HTML report, the text of a refusal, and one line per warning."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from include.archive.approvals import Word
from include.archive.manifest import Manifest
from include.check.corrections import Applied
from include.check.gate import Finding
from include.check.history import HELD
from include.registry.models import Source

if TYPE_CHECKING:
    from jinja2 import Template

#: How many rows set aside the report lists; all of them are counted, and kept.
LISTED_ROWS = 500

ADVICE_SV = {
    "inbox": "Rätta filen och lämna den på nytt.",
    "other": "Jämför uppgiften med källan. Har källan ändrats ska läsaren eller registret ändras; är källan "
    "felaktig kan felet anmälas och en rättelse skrivas i include/registry/corrections.",
}
ADVICE_EN = (
    "Compare the figure with the source. If the source has changed, mend the reader or the registry; if the source "
    "is at fault, report it there and declare a correction in include/registry/corrections."
)

_CEASED_SV = "som källan har slutat redovisa, står kvar från förra versionen och är märkta."


@dataclass(frozen=True)
class Examination:
    """What came of one check, before anything is written.

    Attributes:
        table: the rows that may be loaded; empty if the capture is refused.
        set_aside: rows set aside by the reader, a correction or the gate.
        refusal: why the file as a whole was refused before the gate (layout, corrections), else None.
        carried: figures taken along from the version before, by measure that the producer has withdrawn.
        approved: the words with which persons have approved what is strange in it.
        rejection: the word with which a person has rejected it.
    """

    manifest: Manifest
    source: Source
    table: pa.Table
    set_aside: pa.Table
    rows_in: int
    findings: tuple[Finding, ...] = ()
    corrections: tuple[Applied, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: str | None = None
    carried: dict[str, int] = field(default_factory=dict)
    approved: tuple[Word, ...] = ()
    rejection: Word | None = None

    @cached_property
    def refused(self) -> bool:
        """Return whether nothing of it may be loaded."""
        return bool(self.refusal or self.rejection or self.stops)

    @cached_property
    def stops(self) -> tuple[Finding, ...]:
        """Return the findings that stop it."""
        return tuple(finding for finding in self.findings if finding.stops)

    @cached_property
    def held(self) -> bool:
        """Return whether it only waits for a person's word, and nothing else stops it."""
        stopped = bool(self.refusal or self.rejection)
        return not stopped and bool(self.stops) and all(finding.code in HELD for finding in self.stops)

    @property
    def passed(self) -> int:
        """Return how many figures may be loaded."""
        return 0 if self.refused else self.table.num_rows

    @property
    def quarantined(self) -> int:
        """Return how many figures are kept aside while the others are loaded."""
        return 0 if self.refused else self.set_aside.num_rows

    @property
    def rejected(self) -> int:
        """Return how many figures came in with a capture that is refused."""
        return self.rows_in if self.refused else 0

    @cached_property
    def reasons(self) -> dict[str, int]:
        """Return how many rows are set aside for each reason, by its code."""
        return dict(sorted(Counter(self.set_aside["reason_code"].to_pylist()).items()))


def warnings(examination: Examination) -> list[str]:
    """Return one Swedish line for each warning that does not hold, correction applied and reason of setting aside."""
    lines = [
        f"{f.code}: {f.sv} {_extent(f)}".strip()
        for f in examination.findings
        if not f.holds and f.severity == "warning"
    ]
    lines += [f"{count} uppgifter om {measure}, {_CEASED_SV}" for measure, count in examination.carried.items()]
    lines += [f"Godkänd av {w.by} {w.at:%Y-%m-%d} ({', '.join(w.findings)}): {w.reason}" for w in examination.approved]
    lines += [f"Rättelse {c.id} ({c.action}) på {c.rows} rader: {c.reason_sv}" for c in examination.corrections]
    lines += [f"{count} uppgifter lades åt sidan ({code})." for code, count in examination.reasons.items()]
    return lines


def refusal_text(examination: Examination, report: str | None) -> str:
    """Return the error of a refused capture: what, where, found, expected and the next step, with offending rows.

    A party's delivery is answered in Swedish; for a public source, the operator's English comes with the Swedish.
    """
    swedish = examination.source.kind == "inbox"
    manifest = examination.manifest
    about = f"{examination.source.id} / {manifest.part} ({manifest.file_name}, {manifest.capture_id})"
    if word := examination.rejection:
        head = f"{about}: avvisad av {word.by} {word.at:%Y-%m-%d}: {word.reason}. Inget har lästs in. / Rejected by a "
        lines = [head + "person; nothing was loaded. Next step: none; what the source says next is checked anew."]
    elif swedish:
        lines = [f"Leveransen {'väntar på besked' if examination.held else 'kan inte tas emot'}: {about}. "
                 "Inget har lästs in."]  # fmt: skip
    elif examination.held:
        lines = [
            f"Check holds {about}: {examination.rows_in} figures, nothing was loaded. They are too unlike those of the "
            "version before, and wait for a person's word."
        ]
    else:
        lines = [f"Check refused {about}: {examination.rows_in} figures, nothing was loaded."]
    if examination.refusal:
        lines.append(examination.refusal)
    for finding in examination.stops:
        lines += _stop(finding, swedish)
    if not examination.rejection:
        lines += _next_steps(examination, swedish)
    if report:
        lines.append(f"{'Rapport' if swedish else 'Report'}: {report}")
    return "\n".join(lines)


def html(examination: Examination) -> str:
    """Return the validation report: one self-contained page without scripts, Swedish with English beside the rules."""
    order = sorted(examination.findings, key=lambda f: (f.holds, f.severity))
    return template().render(
        examination=examination,
        manifest=examination.manifest,
        source=examination.source,
        stops=list(examination.stops),
        told=[f for f in order if not f.holds and not f.stops],
        findings=order,
        listed=examination.set_aside.slice(0, LISTED_ROWS).to_pylist(),
        show_raw=examination.source.kind != "inbox",
        notes=list(dict.fromkeys([*examination.notes, *examination.manifest.notes])),
        next_sv=_next_sv(examination),
        advice_en=ADVICE_EN,
    )


@cache
def template() -> "Template":
    """Return the report's template, compiled once per process."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("include.check"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html.j2")


def _next_steps(examination: Examination, swedish: bool) -> list[str]:
    """Return what to do now; a capture that is held is the operator's to decide, whoever has sent it."""
    if not examination.held:
        return [f"Nästa steg: {_next_sv(examination)}" if swedish else f"Next step: {ADVICE_EN}"]
    capture = examination.manifest.capture_id
    return [
        f"Nästa steg: {_next_sv(examination)}",
        "Next step: compare with the source, then decide. Either\n"
        f'  python -m include approve {capture} --reason "…"   (or trigger {examination.source.id} in Airflow with the '
        "parameters approve and reason), which loads the figures as they are, or\n"
        f'  python -m include reject {capture} --reason "…"    which keeps the figures that are held.',
    ]


def _stop(finding: Finding, swedish: bool) -> list[str]:
    words = ("hittat", "väntat") if swedish else ("found", "expected")
    head = f"[{finding.code}] {finding.sv}" + ("" if swedish else f" / {finding.en}")
    shown = [f"  {r.place}: {r.what}: {words[0]} {r.found}, {words[1]} {r.expected}" for r in finding.rows]
    more = finding.failed - len(shown)
    if more > 0:
        shown.append(f"  … och {more} till" if swedish else f"  … and {more} more")
    if not shown:
        shown.append(f"  {words[0]} {finding.observed}")
    return [head, *shown]


def _extent(finding: Finding) -> str:
    """Return how far a warning reaches, with its first places."""
    if not finding.failed:
        return f"(hittat: {finding.observed})" if finding.observed else ""
    places = ", ".join(row.place for row in finding.rows[:3])
    return f"({finding.failed} rader: {places}{' …' if finding.failed > 3 else ''})"


def _next_sv(examination: Examination) -> str:
    own = [f.next_sv for f in examination.stops if f.next_sv]
    if examination.rejection:
        return "Inget: nästa version från källan prövas på nytt."
    if examination.held:
        decide = "Jämför med källan och godkänn eller avvisa filen (approve eller reject) med skäl."
        return " ".join(dict.fromkeys([*own, decide]))
    kind = "inbox" if examination.source.kind == "inbox" else "other"
    return " ".join(dict.fromkeys([*own, ADVICE_SV[kind]]))
