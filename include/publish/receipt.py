"""The answer to each delivered file: a page and an e-mail text in plain Swedish, and a page of how all of them stand.

::

    <receipts>/<agreement>/<party>/<period, or _okand>/<moment>-<first 12 of sha256>.html    the page
                                                                                 .txt     the e-mail, subject first
                                                                                 .json    facts, for the next answer
    <receipts>/index.html                                                                 every delivery's state

An answer says where in the file something is wrong and what was expected there. It never repeats a count of persons or
cases, nor a text that somebody wrote: whoever takes such figures through the mail, or prints the page, shows nothing.
"""

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from include.archive.locks import locked
from include.archive.withdrawals import is_withdrawal
from include.check.intake.identity_numbers import numbers_in
from include.errors import CheckFailed, DeliveryRefused, LayoutChanged, PersonalDataFound, UsageError
from include.measure.deliveries import HERE, Arrival, DeliveryState, Step, day_of, holding, states, steps_of
from include.periods import Period
from include.publish.content import said
from include.registry.delivery import Identity, due, extracts_in
from include.registry.models import Agreement, Extract, Indicator, Registry
from include.registry.read import registry as read_registry

if TYPE_CHECKING:
    from include.check.gate import Finding, OffendingRow
    from include.check.report import Examination

Verdict = Literal["accepted", "remarks", "held", "returned", "rejected", "withdrawn"]

TEMPLATES = Path(__file__).resolve().parent / "templates"

#: Folder of the answers to files of which nobody could tell what they were about.
UNKNOWN = "_okand"
#: Stands where something may not be repeated.
WHOLE_FILE = "hela filen"
NOT_SHOWN = "visas inte, det kan vara ett litet antal"
#: How many cells to correct an answer lists; all of them are counted.
LISTED = 200

#: The subject's last words, and how the answer begins.
_SHORT: dict[Verdict, str] = {
    "accepted": "godkänd",
    "remarks": "godkänd, något ska rättas",
    "held": "mottagen, väntar på besked",
    "returned": "kunde inte tas emot",
    "rejected": "avvisad",
    "withdrawn": "återkallad",
}
_SAID: dict[Verdict, str] = {
    "accepted": "Tack. Uppgifterna är mottagna och godkända.",
    "held": "Tack. Filen är mottagen, men en person måste titta på den innan uppgifterna kan godkännas.",
    "returned": "Filen kunde inte tas emot.",
    "rejected": "Filen kunde inte tas emot. En person har granskat den och avvisat den.",
    "withdrawn": "Leveransen är återkallad. Uppgifterna används inte längre.",
}
_NEXT: dict[Verdict, str] = {
    "accepted": "Ni behöver inte göra något mer. Upptäcker ni själva ett fel: rätta i filen och lämna hela filen igen.",
    "remarks": "Rätta cellerna nedan och lämna hela filen igen, inte bara det som är ändrat. Den nya filen "
    "ersätter den gamla. Tills dess används de andra uppgifterna.",
    "held": "Uppgifterna skiljer sig mycket från dem ni lämnade förut. Stämmer de behöver ni inte göra något: ni får "
    "ett nytt svar. Stämmer de inte: rätta och lämna hela filen igen.",
    "returned": "Rätta det som står nedan och lämna hela filen igen.",
    "rejected": "Hör av er om ni vill veta varför. Lämna sedan hela filen igen.",
    "withdrawn": "Ska andra uppgifter gälla i stället: lämna en ny fil.",
}
_STEP = {
    "received": "mottagen, väntar på besked",
    "returned": "kunde inte tas emot",
    "accepted": "godkänd",
    "corrected": "godkänd, ersätter den förra",
    "withdrawn": "återkallad",
}

_MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni"),
    *("juli", "augusti", "september", "oktober", "november", "december"),
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_LONGEST_NAME = 80
_WAITS = "-vantar"


@dataclass(frozen=True)
class Received:
    """How much of an extract was in the file, and what became of it; cells, never persons."""

    title: str
    code: str
    figures: int
    accepted: int
    masked: int
    empty: int
    aside: int


@dataclass(frozen=True)
class Fault:
    """A cell to correct, or to look at once more.

    Attributes:
        place: in words, such as ``bladet Vuxna, cell C4``.
        what: what is wrong.
        found: what stood there, where that may be repeated.
        expected: what was expected; empty if ``what`` says it.
        how: what to do.
        code: the rule's name, for whoever is asked.
    """

    place: str
    what: str
    found: str
    expected: str
    how: str
    code: str


@dataclass(frozen=True)
class Doubt:
    """Something that may be right, but looks odd: what, where, and what to do. ``more`` = places not listed."""

    what: str
    how: str
    code: str
    rows: tuple[Fault, ...]
    more: int


@dataclass(frozen=True)
class Receipt:
    """The answer to one delivered file.

    Attributes:
        period: empty if nobody could tell what the file was about.
        moment: when the file came.
        capture_id: of the archived file; None if nothing of it was kept.
        file_name: cleaned; empty where it may not be repeated.
        due: last day on time; None if unknown.
        refusal: why nothing of it counts, in paragraphs.
        must: cells to correct; ``more`` how many more there are.
        published: names of the indicators that are made of it.
        guarded: whether any of them is published only after disclosure control.
        history: earlier versions and this one, oldest first; filled in by :func:`write`.
    """

    agreement: str
    party: str
    period: str
    agreement_name: str
    party_name: str
    contact: str
    moment: datetime
    sha256: str
    capture_id: str | None
    file_name: str
    verdict: Verdict
    is_example: bool
    due: date | None = None
    refusal: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    received: tuple[Received, ...] = ()
    must: tuple[Fault, ...] = ()
    more: int = 0
    doubts: tuple[Doubt, ...] = ()
    published: tuple[tuple[str, str], ...] = ()
    guarded: bool = False
    history: tuple[Step, ...] = ()

    @property
    def stem(self) -> str:
        """Return the name of its files."""
        return _stem(self.moment, self.sha256, self.verdict)

    @property
    def about(self) -> str:
        """Return the period in words; that it is unknown, if it is."""
        return _period_words(self.period) if self.period else "okänd period"

    @property
    def to_correct(self) -> int:
        """Return how many cells must be corrected while the others count."""
        return len(self.must) + self.more if self.verdict == "remarks" else 0

    @property
    def says(self) -> str:
        """Return the verdict in a sentence."""
        if self.verdict == "remarks":
            many = self.to_correct
            words = "1 uppgift" if many == 1 else f"{many} uppgifter"
            return f"Tack. Uppgifterna är mottagna och godkända, men {words} behöver rättas."
        return _SAID[self.verdict]

    @property
    def next_step(self) -> str:
        """Return what to do now."""
        return _NEXT[self.verdict]

    @property
    def timeliness(self) -> str:
        """Return whether the file came on time, as a sentence; empty if that does not matter."""
        if self.due is None or self.verdict == "withdrawn":
            return ""
        late = day_of(self.moment) > self.due
        return f"Sista dag var {day_words(self.due)}. Filen kom {'efter den dagen' if late else 'i tid'}."

    @property
    def version(self) -> int:
        """Return which file this is of those that have come about the delivery; 0 if nobody can tell."""
        return self.history[-1].version if self.history else 0

    @property
    def still_counts(self) -> str:
        """Return what counts though this file does not, as a sentence; empty if nothing does."""
        if self.verdict not in ("held", "returned", "rejected") or not (held := holding(self.history)):
            return ""
        return f"Tills vidare gäller de uppgifter ni lämnade {day_words(day_of(held[-1].at))}."


# --- making ------------------------------------------------------------------------------------------------------


def of_examination(examination: "Examination", registry: Registry) -> Receipt:
    """Return the answer to a file that was archived and checked."""
    manifest = examination.manifest
    identity = Identity.of_part(manifest.part)
    extracts = extracts_in(registry, identity)
    sheets = {sheet.name: extract for extract in extracts for sheet in extract.sheets}
    teller = _Teller(extracts, sheets)
    faults = list(teller.set_aside(examination))
    stopped = [fault for finding in examination.stops for fault in teller.finding(finding)]
    verdict = _verdict(examination)
    must = stopped if verdict in ("returned", "held") else faults
    more = sum(max(finding.failed - len(finding.rows), 0) for finding in examination.stops) if must is stopped else 0
    published = _published(extracts, registry) if verdict in ("accepted", "remarks", "held") else []
    return replace(
        _blank(registry, identity, manifest.captured_at, manifest.sha256, verdict),
        capture_id=manifest.capture_id,
        file_name="" if verdict == "withdrawn" else clean_name(manifest.file_name),
        is_example=manifest.origin == "example",
        due=due(registry, identity) if extracts else None,
        refusal=_paragraphs(examination.refusal or ""),
        received=tuple(_received(examination, extracts, teller)),
        must=tuple(must[:LISTED]),
        more=more + max(len(must) - LISTED, 0),
        doubts=tuple(teller.doubt(each) for each in examination.findings if _is_doubt(each)),
        published=tuple((each.name.sv, each.id) for each in published),
        guarded=any(each.suppression == "small_counts" for each in published),
    )


def of_refusal(
    folder: str,
    file_name: str,
    refusal: CheckFailed | LayoutChanged,
    sha256: str,
    moment: datetime,
    registry: Registry | None = None,
) -> Receipt:
    """Return the answer to a file that was refused at the gate, so that nothing of it was kept.

    Args:
        folder: where it lay, ``<agreement>/<party>``.
        file_name: as the sender chose it; of a file that may hold personal data it is not repeated.
        refusal: why, in Swedish.
        sha256: of the file.
        moment: when it was judged, with time zone.
        registry: another than the project's.
    """
    agreement, _, party = folder.strip("/").partition("/")
    private = isinstance(refusal, PersonalDataFound)
    places = refusal.places if isinstance(refusal, DeliveryRefused) else ()
    said_already = str(refusal)
    return replace(
        _blank(registry or read_registry(), Identity(agreement, party, ""), moment, sha256, "returned"),
        file_name="" if private else clean_name(file_name),
        refusal=_paragraphs(said_already),
        places=tuple(_one_line(place) for place in places if place not in said_already),
    )


def _blank(registry: Registry, identity: Identity, moment: datetime, sha256: str, verdict: Verdict) -> Receipt:
    agreement = registry.agreements.get(identity.agreement)
    return Receipt(
        agreement=_component(identity.agreement),
        party=_component(identity.party),
        period=identity.period and _component(identity.period),
        agreement_name=agreement.title.sv if agreement else "Uppföljningen",
        party_name=_party_name(identity.party, agreement),
        contact=(agreement.contact if agreement else None) or "samordnaren på länsstyrelsen",
        moment=moment,
        sha256=sha256,
        capture_id=None,
        file_name="",
        verdict=verdict,
        is_example=False,
    )


def _verdict(examination: "Examination") -> Verdict:
    if is_withdrawal(examination.manifest):
        return "withdrawn"
    if examination.rejection:
        return "rejected"
    if examination.held:
        return "held"
    if examination.refused:
        return "returned"
    return "remarks" if examination.set_aside.num_rows else "accepted"


def _is_doubt(finding: "Finding") -> bool:
    """Return whether a finding is told as a question; rows set aside are told one by one instead."""
    return not finding.holds and not finding.stops and not finding.quarantine


def _received(examination: "Examination", extracts: Sequence[Extract], teller: "_Teller") -> Iterator[Received]:
    """Yield how much came of each extract."""
    table = examination.table
    pairs = zip(table["measure"].to_pylist(), table["value_status"].to_pylist(), strict=True)
    read = Counter((measure.partition(".")[0], status) for measure, status in pairs)
    aside = Counter(teller.owner(row) for row in examination.set_aside.to_pylist())
    for extract in extracts:
        mine = {status: count for (owner, status), count in read.items() if owner == extract.id}
        figures = sum(mine.values())
        if figures or aside[extract.id]:
            empty = mine.get("not_reported", 0)
            yield Received(
                title=extract.title.sv,
                code=extract.id,
                figures=figures + aside[extract.id],
                accepted=0 if examination.refused else figures - empty,
                masked=mine.get("suppressed", 0),
                empty=empty,
                aside=aside[extract.id],
            )


def _published(extracts: Sequence[Extract], registry: Registry) -> list[Indicator]:
    """Return the indicators that are made of any of these extracts, by id."""
    mine = {extract.id for extract in extracts}
    found = []
    for _, indicator in sorted(registry.indicators.items()):
        if any(part.measure.partition(".")[0] in mine for part in indicator.selections):
            found.append(indicator)
    return found


class _Teller:
    """Tells of places and what stood there, as far as the one who delivered may read it in an answer."""

    def __init__(self, extracts: Sequence[Extract], sheets: Mapping[str, Extract]) -> None:
        self._sheets = sheets
        self._extracts = {extract.id: extract for extract in extracts}
        self._labels = {f"{each.id}.{measure.id}": measure.label.sv for each in extracts for measure in each.measures}
        self._any_small = any(extract.small_counts for extract in extracts)

    def set_aside(self, examination: "Examination") -> Iterator[Fault]:
        """Yield the cells that were set aside."""
        from include.check.deliveries.rules import rule_of

        for row in examination.set_aside.to_pylist():
            rule = rule_of(row["reason_code"])
            how = rule.next_sv if rule else "Rätta cellen."
            raw = _raw(row)
            small = self._is_small(row["place"], str(raw.get("measure", "")))
            faults = raw.get("faults")
            if isinstance(faults, list) and faults:
                for each in faults:
                    place = f"{raw.get('sheet', '')}!{each.get('cell', '')}"
                    what = rule.sv if rule and each is faults[0] else "Cellen stämmer inte med mallen."
                    yield self._fault(
                        place, what, each.get("found"), each.get("expected"), how, row["reason_code"], small
                    )
            else:
                what = (rule.sv if rule else row["reason_sv"]) if "expected" in raw else row["reason_sv"]
                about = self._labels.get(str(raw.get("measure", "")), "")
                what = f"{about}: {what}" if about else what
                yield self._fault(
                    row["place"], what, raw.get("found"), raw.get("expected"), how, row["reason_code"], small
                )

    def finding(self, finding: "Finding") -> list[Fault]:
        """Return what broke a rule, place by place; the rule itself, where it is about the whole file."""
        how = finding.next_sv or "Rätta och lämna filen igen."
        rows = [self._row(row, finding.sv, how, finding.code) for row in finding.rows]
        return rows or [Fault(WHOLE_FILE, finding.sv, "", "", how, finding.code)]

    def doubt(self, finding: "Finding") -> Doubt:
        """Return a warning with its places."""
        how = finding.next_sv or "Stämmer uppgifterna behöver ni inte göra något."
        rows = tuple(self._row(row, "", "", finding.code) for row in finding.rows)
        return Doubt(finding.sv, how, finding.code, rows, max(finding.failed - len(rows), 0))

    def owner(self, row: Mapping[str, Any]) -> str:
        """Return the id of the extract that a row set aside belongs to; empty if nobody can tell."""
        code = str(_raw(row).get("measure", "")).partition(".")[0]
        if code in self._extracts:
            return code
        extract = self._sheets.get(_sheet_of(row["place"] or ""))
        return extract.id if extract else ""

    def _row(self, row: "OffendingRow", what: str, how: str, code: str) -> Fault:
        label = self._labels.get(row.what, "" if row.what.partition(".")[0] in self._extracts else row.what)
        words = ": ".join(part for part in (label, what) if part)
        # What is said of the whole file is a date, a version or a sum, and its rule has hidden what may not be shown.
        small = row.place != WHOLE_FILE and self._is_small(row.place, row.what)
        expected = "" if small and _has_digit(row.expected) else row.expected  # a sum tells of its parts
        return self._fault(row.place, words, row.found, expected, how, code, small)

    def _fault(
        self, place: str | None, what: str, found: object, expected: object, how: str, code: str, small: bool
    ) -> Fault:
        hidden = small and (not found or _has_digit(str(found)) or found == "(visas inte)")
        wanted = _one_line(str(expected or ""))
        return Fault(
            place=place_words(place or ""),
            what=_one_line(what),
            found=NOT_SHOWN if hidden else _one_line(str(found or "")),
            expected="" if wanted in what else wanted,
            how=_one_line(how),
            code=code,
        )

    def _is_small(self, place: str | None, measure: str) -> bool:
        """Return whether the counts at a place are of persons or cases; where nobody can tell, they are if any is."""
        owner = self._extracts.get(measure.partition(".")[0]) or self._sheets.get(_sheet_of(place or ""))
        return owner.small_counts if owner else self._any_small


def _raw(row: Mapping[str, Any]) -> dict[str, Any]:
    found = json.loads(row["raw"]) if row["raw"] else {}
    return found if isinstance(found, dict) else {}


# --- words -------------------------------------------------------------------------------------------------------


def place_words(place: str) -> str:
    """Return a place in a file in words: ``bladet Vuxna, cell C4``, ``rad 12``."""
    sheet, _, cell = place.rpartition("!")
    return _one_line(f"bladet {sheet}, cell {cell}" if sheet else place) or "hela filen"


def day_words(day: date) -> str:
    """Return a day in words: ``1 mars 2024``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_words(moment: datetime) -> str:
    """Return a moment in Swedish time in words: ``1 mars 2024 kl. 10.15``."""
    here = moment.astimezone(HERE)
    return f"{day_words(here.date())} kl. {here:%H.%M}"


def clean_name(name: str) -> str:
    """Return a file's name as an answer may repeat it: no hidden signs, not too long; empty if it may name a person."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign)[0] != "C")
    plain = _one_line(plain)
    if numbers_in(plain):
        return ""
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME - 1]}…"


def step_words(step: Step) -> str:
    """Return what became of a version in words."""
    aside = step.arrival.set_aside
    more = f", {aside} {'uppgift' if aside == 1 else 'uppgifter'} ska rättas" if aside else ""
    return _STEP[step.state] + more


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(line for part in text.splitlines() if (line := _one_line(part)))


def _period_words(period: str) -> str:
    from include.registry.templates_cover import period_words  # the template's own words

    try:
        return period_words(Period.parse(period))
    except UsageError:
        return period


def _party_name(code: str, agreement: Agreement | None) -> str:
    return next((each.name for each in agreement.parties if each.code == code), code) if agreement else code


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)


def _sheet_of(place: str) -> str:
    return place.rpartition("!")[0]


def _component(text: str) -> str:
    """Return a text as a folder's name; what could be anything but a code of ours is unknown."""
    return text if _WORD.fullmatch(text) else UNKNOWN


# --- rendering ---------------------------------------------------------------------------------------------------


def subject(receipt: Receipt) -> str:
    """Return the e-mail's subject, one line."""
    example = "EXEMPELDATA: " if receipt.is_example else ""
    return _one_line(f"{example}Svar på leverans: {receipt.party_name}, {receipt.about}: {_SHORT[receipt.verdict]}")


def html(receipt: Receipt) -> str:
    """Return the page: self-contained, without scripts."""
    return _environment().get_template("receipt.html").render(receipt=receipt, style=_style(), csp=_csp())


def text(receipt: Receipt) -> str:
    """Return the e-mail; its first line is the subject."""
    found = _environment().get_template("receipt.txt").render(receipt=receipt, subject=subject(receipt))
    return re.sub(r"\n{3,}", "\n\n", found).strip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "moment": moment_words,
        "date": lambda moment: day_words(day_of(moment)),
        "step": step_words,
    }
    return environment


#: On a narrow screen the cells of a table stand under each other, each with its heading.
_STACKED = """
.how { min-width: 14rem; }
@media (max-width: 40rem) {
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack tr, .stack th, .stack td { display: block; }
  .stack tbody th { font-weight: 600; border: 0; padding-bottom: 0; }
  .stack td { border: 0; padding: .1rem .7rem; }
  .stack td::before { content: attr(data-label) ": "; color: var(--soft); }
  .stack tbody tr { border-bottom: 1px solid var(--line); padding-bottom: .5rem; }
}
"""


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8") + _STACKED


@cache
def _csp() -> str:
    """Return the page's content security policy: nothing but this very style sheet, known by its hash."""
    digest = b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


# --- keeping -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What is kept of an answer for the next one: no name of a file, no value."""

    agreement: str
    party: str
    period: str
    moment: str
    sha256: str
    verdict: Verdict
    set_aside: int
    is_example: bool

    @property
    def stem(self) -> str:
        """Return the name of the answer's files."""
        return _stem(datetime.fromisoformat(self.moment), self.sha256, self.verdict)

    @property
    def place(self) -> str:
        """Return the address of the answer's page below the folder of receipts."""
        return f"{self.agreement}/{self.party}/{self.period or UNKNOWN}/{self.stem}.html"

    def arrival(self) -> Arrival:
        """Return the file as an arrival of its delivery."""
        counts, waits = self.verdict in ("accepted", "remarks"), self.verdict == "held"
        return Arrival(
            part=Identity(self.agreement, self.party, self.period).part,
            capture_id=self.stem,
            captured_at=datetime.fromisoformat(self.moment),
            origin="example" if self.is_example else "live",
            outcome="loaded" if counts else "received" if waits else "refused",
            withdrawal=self.verdict == "withdrawn",
            set_aside=self.set_aside,
        )


def _stem(moment: datetime, sha256: str, verdict: Verdict) -> str:
    """Return the name of an answer's files. That a file waits for a person's word is an answer of its own."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{sha256[:12]}{_WAITS if verdict == 'held' else ''}"


def write(receipt: Receipt, folder: Path, registry: Registry | None = None) -> Path:
    """Write an answer's page, e-mail and facts, and the page of all states anew; return the page.

    The answer tells of the earlier versions that have been answered here. Written again for the same file it takes its
    own place; what a person has decided takes the place of the answer that it waits. Each file appears whole or not at
    all.

    Args:
        receipt: the answer.
        folder: of all receipts.
        registry: another than the project's.
    """
    facts = Facts(
        agreement=receipt.agreement,
        party=receipt.party,
        period=receipt.period,
        moment=receipt.moment.astimezone(UTC).isoformat(timespec="seconds"),
        sha256=receipt.sha256,
        verdict=receipt.verdict,
        set_aside=receipt.to_correct,
        is_example=receipt.is_example,
    )
    page = folder / facts.place
    if receipt.period:
        earlier = [each for each in _read(page.parent) if (each.moment, each.stem) < (facts.moment, facts.stem)]
        receipt = replace(receipt, history=tuple(steps_of(each.arrival() for each in (*earlier, facts))))
    page.parent.mkdir(parents=True, exist_ok=True)
    _put(page, html(receipt))
    _put(page.with_suffix(".txt"), text(receipt))
    if receipt.verdict != "held":
        for left in page.parent.glob(f"{page.stem}{_WAITS}.*"):
            left.unlink(missing_ok=True)
    _put(page.with_suffix(".json"), json.dumps(asdict(facts), ensure_ascii=False, indent=2, sort_keys=True) + "\n")
    write_index(folder, registry)
    return page


@dataclass(frozen=True)
class _Line:
    """A delivery on the page of all states."""

    party: str
    period: str
    says: str
    since: datetime | None
    link: str
    is_example: bool


def write_index(folder: Path, registry: Registry | None = None, as_of: datetime | None = None) -> Path:
    """Write the page of how every delivery stands, and return it.

    Args:
        folder: of all receipts.
        registry: another than the project's.
        as_of: the moment; None = that of the latest answer, so that the same answers always give the same page.
    """
    known = registry or read_registry()
    with locked("receipts"):  # whoever lists the answers writes the page before another one lists them
        facts = _read(folder)
        moment = as_of or max((datetime.fromisoformat(each.moment) for each in facts), default=None)
        groups = [] if moment is None else list(_groups(facts, known, moment))
        strange = [each for each in facts if not each.period or each.agreement not in known.agreements]
        others = [
            _Line(
                party=_party_name(each.party, known.agreements.get(each.agreement)),
                period="okänd",
                says=_SHORT[each.verdict],
                since=datetime.fromisoformat(each.moment),
                link=quote(each.place),
                is_example=each.is_example,
            )
            for each in sorted(strange, key=lambda each: each.moment, reverse=True)
        ]
        page = _environment().get_template("receipts.html")
        folder.mkdir(parents=True, exist_ok=True)
        _put(
            folder / "index.html",
            page.render(groups=groups, others=others, moment=moment, style=_style(), csp=_csp()),
        )
    return folder / "index.html"


def _groups(facts: Sequence[Facts], registry: Registry, moment: datetime) -> Iterator[tuple[str, int, list[_Line]]]:
    """Yield for each agreement and year, the newest first, how the deliveries stand whose period has ended."""
    latest = {Identity(f.agreement, f.party, f.period): f for f in sorted(facts, key=lambda f: f.moment) if f.period}
    for agreement in registry.agreements.values():
        mine = [each.arrival() for each in facts if each.agreement == agreement.id and each.period]
        found = [
            state
            for state in states(registry, agreement, mine, moment)
            if mine and (state.steps or Period.parse(state.identity.period).end <= day_of(moment))
        ]
        for year in sorted({Period.parse(state.identity.period).year for state in found}, reverse=True):
            lines = [
                _line(state, agreement, latest.get(state.identity))
                for state in found
                if Period.parse(state.identity.period).year == year
            ]
            yield agreement.short_title, year, lines


def _line(state: DeliveryState, agreement: Agreement, latest: Facts | None) -> _Line:
    more = {"received": ", en ny fil väntar på besked", "returned": ", en ny fil ska rättas", None: ""}[state.pending]
    return _Line(
        party=_party_name(state.identity.party, agreement),
        period=_period_words(state.identity.period),
        says=said(state.state, state.on_time) + more,
        since=state.since,
        link=quote(latest.place) if latest else "",
        is_example=state.is_example,
    )


def _read(folder: Path) -> list[Facts]:
    """Return the facts of every answer below a folder, by their address."""
    return [Facts(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.json"))]


def _put(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
