"""What is written to the parties: reminders of what is due, and the answers to what they delivered. Knows no Airflow.

A letter is sent once. What was sent stands in ``<receipts>/sent.jsonl``, a line for each attempt, and not in the
ledger: the warehouse may be rebuilt from the archive at any time, and must not then write to everybody again. A line is
written before a letter goes and another one after it: whatever stops us in between, nobody is written to twice.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from include import settings
from include.archive.locks import locked
from include.errors import FollowUpError, SourceUnavailable
from include.periods import Period
from include.registry.delivery import Identity, extracts_in
from include.registry.models import Agreement, Party, Registry

if TYPE_CHECKING:
    from include.measure.deliveries import DeliveryState

log = logging.getLogger(__name__)

Kind = Literal["before_14", "before_3", "after_1", "after_14", "after_30"]

#: For each reminder the days from the last day on time (negative = before it) on which it may go, first and last. A
#: reminder that could not go in its time is left out: the next one says the same.
WINDOWS: dict[Kind, tuple[int, int]] = {
    "before_14": (-14, -4),
    "before_3": (-3, 0),
    "after_1": (1, 13),
    "after_14": (14, 29),
    "after_30": (30, 44),
}

#: The answer to a file that came longer ago is not sent any more: it lies among the receipts all the same.
ANSWERS_FOR = timedelta(days=30)

_MOMENT = re.compile(r"\d{8}T\d{6}", re.ASCII)


@dataclass(frozen=True)
class Letter:
    """A letter to a party.

    Attributes:
        key: what it is about, the same whenever it is written again.
        to: addresses; none = the party has given none.
        subject: one line.
        text: plain text.
    """

    key: str
    to: tuple[str, ...]
    subject: str
    text: str


@dataclass(frozen=True)
class Reminder(Letter):
    """A letter that reminds of a delivery."""

    identity: Identity
    kind: Kind


class LetterNotSent(FollowUpError):
    """The mail server did not take a letter; the text names no address."""


# --- reminders ---------------------------------------------------------------------------------------------------


def due_reminders(
    states: "Iterable[DeliveryState]", sent: Iterable[str], today: date, registry: Registry
) -> list[Reminder]:
    """Return the reminders that are to go today: for each delivery at most one, and none that has gone already.

    Args:
        states: where the deliveries stand.
        sent: keys of the letters that have gone.
        today: the day in Sweden.
        registry: agreements, parties and extracts.
    """
    gone = set(sent)
    found = (_reminder(state, today, registry) for state in states)
    return [each for each in found if each is not None and each.key not in gone]


def _reminder(state: "DeliveryState", today: date, registry: Registry) -> Reminder | None:
    """Return the reminder that fits a delivery today; what was accepted, or taken back by a person, needs none."""
    if state.due is None or state.state not in ("awaited", "late", "returned"):
        return None
    days = (today - state.due).days
    kind = next((kind for kind, (first, last) in WINDOWS.items() if first <= days <= last), None)
    if kind is None:
        return None
    identity = state.identity
    agreement = registry.agreements[identity.agreement]
    party = next(each for each in agreement.parties if each.code == identity.party)
    return Reminder(
        key=f"reminder/{identity.part}/{kind}",
        to=tuple(party.email),
        subject=_subject(identity, agreement, state.due, days),
        text=_text(identity, agreement, party, registry, state.due, days, returned=state.state == "returned"),
        identity=identity,
        kind=kind,
    )


def _subject(identity: Identity, agreement: Agreement, due: date, days: int) -> str:
    word = "Påminnelse" if days <= 0 else "Försenad leverans"
    return f"{word}: uppgifter om {_period(identity)} till {agreement.short_title}, senast {due.isoformat()}"


def _text(
    identity: Identity, agreement: Agreement, party: Party, registry: Registry, due: date, days: int, *, returned: bool
) -> str:
    """Return a reminder's text: what, for which period, by when, where to put it and whom to ask."""
    what = "\n".join(f"  - {extract.title.sv} ({extract.id})" for extract in extracts_in(registry, identity))
    ask = agreement.contact or "samordnaren för uppföljningen på länsstyrelsen"
    paragraphs = [
        "Hej!",
        f"{party.name} lämnar uppgifter om {_period(identity)} till uppföljningen av {agreement.title.sv}:",
        what,
        _by_when(due, days, returned=returned),
        f"Så gör ni: fyll i mallen {identity.part} och lägg filen i er mapp {identity.agreement}/{identity.party} i "
        "inkorgen. Skriv inga personuppgifter i den. Inom kort får ni ett svar som säger vad som togs emot.",
        f"Frågor, eller behöver ni mer tid? Hör av er till {ask}.",
    ]
    if days >= WINDOWS["after_30"][0]:
        paragraphs.insert(-1, "Det här är den sista påminnelsen. Utan era uppgifter visas de som saknade.")
    return "\n\n".join(paragraphs) + "\n"


def _by_when(due: date, days: int, *, returned: bool) -> str:
    came = (
        "En fil har kommit från er, men den kunde inte tas emot; svaret på den säger vad som ska rättas. "
        if returned
        else ""
    )
    if days < 0:
        return f"{came}De behövs senast {due.isoformat()}, om {_days(-days)}."
    if days == 0:
        return f"{came}De behövs senast i dag, {due.isoformat()}."
    lack = "Den rättade filen" if returned else "De har inte kommit. De"
    return f"{came}{lack} skulle ha kommit senast {due.isoformat()}, för {_days(days)} sedan."


def _days(count: int) -> str:
    return "en dag" if count == 1 else f"{count} dagar"


def _period(identity: Identity) -> str:
    from include.registry.templates_cover import period_words  # the templates' own words

    return period_words(Period.parse(identity.period))


# --- answers -----------------------------------------------------------------------------------------------------


def unsent_answers(receipts: Path, sent: Iterable[str], now: datetime, registry: Registry) -> list[Letter]:
    """Return the answers that no letter has been written about, oldest first.

    Args:
        receipts: their folder: ``<agreement>/<party>/<period>/<moment>….txt``, the subject first.
        sent: keys of the letters that have gone.
        now: the moment; the answer to a file that came more than :data:`ANSWERS_FOR` ago is left.
        registry: agreements and parties.
    """
    gone = set(sent)
    return [letter for letter in _answers(receipts, now, registry) if letter.key not in gone]


def _answers(receipts: Path, now: datetime, registry: Registry) -> Iterator[Letter]:
    for file in sorted(receipts.glob("*/*/*/*.txt"), key=lambda path: path.name):
        agreement, party_code = file.parts[-4:-2]
        known = registry.agreements[agreement].parties if agreement in registry.agreements else []
        party = next((each for each in known if each.code == party_code), None)
        moment = _MOMENT.match(file.name)
        if party is None or moment is None:
            continue
        written = datetime.strptime(moment[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        subject, _, text = file.read_text(encoding="utf-8").partition("\n")
        if now - written <= ANSWERS_FOR and not subject.startswith("EXEMPELDATA"):
            # An answer that is written anew with another verdict, as after a person's word, is another letter.
            version = sha256((subject + text).encode()).hexdigest()[:12]
            key = f"answer/{file.relative_to(receipts).with_suffix('').as_posix()}/{version}"
            yield Letter(key, tuple(party.email), subject.strip(), text.lstrip())


# --- sending -----------------------------------------------------------------------------------------------------


class SentLetters:
    """What was sent: a file of JSON lines that only grows."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def keys(self) -> set[str]:
        """Return the keys of the letters that went, or that may have gone before something stopped us."""
        return {key for key, (state, _) in self._last().items() if state in ("sending", "sent")}

    def add(self, key: str, state: Literal["sending", "sent", "failed", "not_sent"], why: str = "") -> None:
        """Write down what became of a letter; the same again writes nothing."""
        if self._last().get(key) == (state, why):
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "key": key, "state": state, "why": why}
        written = self._file.read_bytes() if self._file.exists() else b""
        torn = bool(written) and not written.endswith(b"\n")
        with self._file.open("a", encoding="utf-8") as file:
            file.write(("\n" if torn else "") + json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _last(self) -> dict[str, tuple[str, str]]:
        """Return the last that was written of each letter; a line torn by a crash tells nothing."""
        last: dict[str, tuple[str, str]] = {}
        if self._file.exists():
            for text in self._file.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    line = json.loads(text)
                except ValueError:
                    log.warning("%s has a torn line, which is left out.", self._file)
                    continue
                last[line["key"]] = (line["state"], line["why"])
        return last


def sent_letters() -> SentLetters:
    """Return the deployment's record of what was sent."""
    return SentLetters(settings.receipts_dir() / "sent.jsonl")


def send_letters(
    letters: Callable[[set[str]], Sequence[Letter]],
    sent: SentLetters,
    send: Callable[[Letter], None] | None,
    why_not: str = "",
) -> dict[str, int]:
    """Send letters, each once; return how many were sent, and how many were not for want of settings.

    Args:
        letters: returns the letters to send, given the keys of those that went. Asked once nobody else is sending.
        sent: what was sent, which is added to.
        send: sends one; None = nothing is set up to send with, for the reason ``why_not``, and that is no error.
        why_not: that reason, in English.

    Raises:
        SourceUnavailable: the mail server did not take some of them; the others went. Asking again may help.
    """
    counts = {"sent": 0, "not_sent": 0}
    failed: list[LetterNotSent] = []
    with locked("letters"):
        for letter in letters(sent.keys()):
            reason = "the party has no address in the registry" if not letter.to else why_not if send is None else ""
            if reason or send is None:
                sent.add(letter.key, "not_sent", reason)
                log.info("Not sent: %s: %s.", letter.key, reason)
                counts["not_sent"] += 1
                continue
            sent.add(letter.key, "sending")
            try:
                send(letter)
            except LetterNotSent as error:
                sent.add(letter.key, "failed", str(error))
                failed.append(error)
                continue
            sent.add(letter.key, "sent")
            log.info("Sent: %s.", letter.key)
            counts["sent"] += 1
    if failed:
        raise SourceUnavailable(f"{len(failed)} letters could not be sent, {counts['sent']} were: {failed[0]}")
    return counts
