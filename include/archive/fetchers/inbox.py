"""The parties' deliveries: files that a party puts in its folder of the inbox (:mod:`include.archive.inbox`).

::

    <inbox>/<agreement>/<party>/<any name>               waits
    <inbox>/_received/<agreement>/<party>/<moment>-…     archived
    <inbox>/_refused/<agreement>/<party>/<moment>-…      not archived; beside it ….orsak.txt says why, in Swedish

What a file is stands in the file (agreement, party, period), never in its name; the folder must agree. A file that may
tell of a person is moved to the locked quarantine, and only the answer is left here.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from include import settings
from include.archive import deliveries
from include.archive.addresses import Address
from include.archive.deliveries import DeliveryUnjudged
from include.archive.fetchers import Fetched, Found, Refused
from include.archive.inbox import SETTLED_SECONDS, Inbox, Waiting, data_name, open_inbox, plain_name
from include.archive.locks import locked
from include.archive.store import Archive
from include.errors import CheckFailed, DeliveryRefused, LayoutChanged, PersonalDataFound
from include.periods import Period
from include.registry.models import InboxFetch, Registry, Source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Judged:
    """A file and what came of it: exactly one of ``found`` (it may be archived) and ``refusal`` is there."""

    file: Waiting
    sha256: str
    found: Fetched | None = None
    refusal: CheckFailed | LayoutChanged | None = None

    @property
    def known_as(self) -> str:
        """Return what a log and the ledger call the file: whose it is, and the beginning of its hash."""
        return f"{self.file.folder}/{self.sha256[:12]}"


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield every delivery that waits, whatever its period, or that it was refused; each is then moved away.

    ``periods``, ``archive`` and ``address`` are of no use here: what has arrived is taken. Of two runs at once the
    second waits, and finds what is left.

    Raises:
        DeliveryUnjudged: judging a file failed by a fault of ours; raised once the other files have been taken.
    """
    if not isinstance(source.fetch, InboxFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    inbox = open_inbox(settings.inbox_url())
    unjudged: list[DeliveryUnjudged] = []
    with locked("inbox"):
        if strays := inbox.strays():
            log.warning("%d files lie in the inbox where nobody reads them: outside of the parties' folders.", strays)
        for file in inbox.waiting():
            if not _has_settled(inbox, file):
                log.info("%s: a file is still being written, and is left for the next run.", file.folder)
                continue
            try:
                judged = _judge(inbox, file, registry)
            except FileNotFoundError:
                log.info("%s: a file has been taken away in the meantime.", file.folder)
                continue
            except DeliveryUnjudged as fault:
                unjudged.append(fault)
                continue
            yield judged.found or Refused(judged.known_as, _told(judged))
            _clear(inbox, judged)  # only now: it has been archived, if it may be
    if unjudged:
        raise unjudged[0]


def _has_settled(inbox: Inbox, file: Waiting) -> bool:
    """Return whether a file is no longer being written; waits a moment for one that has just come."""
    if file.settled:
        return True
    time.sleep(SETTLED_SECONDS - max(file.age or 0.0, 0.0))
    now = inbox.again(file)
    return now is not None and now.signature == file.signature


def _judge(inbox: Inbox, file: Waiting, registry: Registry) -> _Judged:
    """Return a file as the delivery that its own cover says it is, or why it is refused."""
    try:
        content = inbox.read(file)
    except DeliveryRefused as refusal:
        return _Judged(file, file.signature, refusal=refusal)
    sha256 = deliveries.sha256(content)
    try:
        found = deliveries.recognise(
            content, data_name(file.name), registry, agreement=file.agreement, party=file.party
        )
    except DeliveryUnjudged:
        raise
    except PersonalDataFound as refusal:
        _lock_away(file, content, refusal)
        return _Judged(file, sha256, refusal=refusal)
    except deliveries.REFUSALS as refusal:
        return _Judged(file, sha256, refusal=refusal)
    identity = found.identity
    fetched = Fetched(
        part=identity.part,
        periods=[identity.period],
        content=content,
        url=f"inbox:{file.folder}",
        request=identity._asdict(),
        media_type=deliveries.media_type(content),
        file_name=data_name(file.name),
    )
    return _Judged(file, sha256, found=fetched)


def _lock_away(file: Waiting, content: bytes, refusal: PersonalDataFound) -> None:
    """Keep a file that may tell of a person where only the coordinator can open it, for a time."""
    from include.archive.quarantine import Quarantine  # needs cryptography, and few files ever come here

    Quarantine(settings.quarantine_dir()).keep(
        content, folder=file.folder, rule=refusal.rule, places=refusal.places, moment=datetime.now(UTC)
    )


def _told(judged: _Judged) -> str:
    """Return what the ledger says of a refusal: of personal data the rule and the places, otherwise the answer."""
    if isinstance(judged.refusal, PersonalDataFound):
        return f"personal data, moved to the quarantine: {deliveries.told(judged.refusal)} (sha256 {judged.sha256})"
    return str(judged.refusal)


def _clear(inbox: Inbox, judged: _Judged) -> None:
    """Move a file out of the way, with the answer to its sender if it was refused.

    One that has been written to since it was judged is a new delivery, and stays for the next run.
    """
    file, refusal, moment = judged.file, judged.refusal, datetime.now(UTC)
    name = f"{moment:%Y%m%dT%H%M%S%fZ}-{judged.sha256[:12]}"
    if refusal is not None:
        inbox.write(f"_refused/{file.folder}", f"{name}.orsak.txt", _answer(judged, refusal, moment))
    now = inbox.again(file)
    if now is None or now.signature != file.signature:
        log.info("%s was written to while it was judged; what lies there now is left for the next run.", file.folder)
    elif isinstance(refusal, PersonalDataFound):
        inbox.remove(file)
    else:
        folder = "_received" if refusal is None else "_refused"
        inbox.move(file, f"{folder}/{file.folder}", f"{name}-{plain_name(file.name)}")


def _answer(judged: _Judged, refusal: CheckFailed | LayoutChanged, moment: datetime) -> str:
    """Return the answer to a refused file's sender, which is kept among the receipts too."""
    from include.publish import receipt  # the answers' words; heavy, and only deliveries need them

    answer = receipt.of_refusal(judged.file.folder, data_name(judged.file.name), refusal, judged.sha256, moment)
    receipt.write(answer, settings.receipts_dir())
    return receipt.text(answer)
