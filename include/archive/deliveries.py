"""What a delivered file is, said before anything of it is kept: the gate, its own cover, and where it was put.

The inbox and ``python -m include extracts submit`` both come this way, so that neither takes what the other refuses.
"""

import hashlib
import traceback
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from include.archive.compare import is_workbook
from include.archive.inbox import LARGEST_BYTES, data_name, too_large
from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.errors import CheckFailed, DeliveryRefused, LayoutChanged, UsageError
from include.registry.delivery import Identity
from include.registry.models import Registry

#: Id of the source that all deliveries are captures of.
SOURCE = "agency_extracts"

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"

#: What a refusal of a file is: in Swedish, for its sender, and without a word of the file.
REFUSALS = (CheckFailed, LayoutChanged)

EXAMPLE_NOTE = "EXEMPELDATA enligt filens första blad. Inga uppgifter är riktiga."


class Recognised(NamedTuple):
    """A file that passed the gate.

    Attributes:
        identity: which delivery it is.
        example: whether it says that it is EXEMPELDATA.
    """

    identity: Identity
    example: bool


class DeliveryUnjudged(CheckFailed):
    """A file could not be judged because we failed, not the file; it stays where it is, and is nowhere quoted."""


def recognise(
    content: bytes,
    name: str,
    registry: Registry,
    *,
    agreement: str | None = None,
    party: str | None = None,
    example: bool = False,
) -> Recognised:
    """Return which delivery a file is, if it may be kept.

    Args:
        content: the file.
        name: its name, judged for personal data like everything else of it, and otherwise without meaning.
        registry: contracts and agreements.
        agreement: what the file must be about, where the folder (or the command) says so.
        party: whom it must come from, likewise.
        example: whether invented data is welcome, and nothing else is; for an invented agreement nothing else ever is.

    Raises:
        PersonalDataFound: it may hold personal data; nothing of it may be kept but hash, places and rule.
        DeliveryRefused, CheckFailed, LayoutChanged: it is refused, in Swedish, for its sender.
        DeliveryUnjudged: judging it failed by a fault of ours.
    """
    found = _read_cover(content, name, registry)
    _belongs(found.identity, agreement, party)
    if found.example and not example:
        raise DeliveryRefused(
            "Filen är märkt EXEMPELDATA på första bladet och tas inte emot som riktiga uppgifter. Är uppgifterna "
            "riktiga: välj Nej vid Exempeldata på första bladet och lämna filen igen.",
            "EXAMPLE",
        )
    invented = registry.agreements[found.identity.agreement].example_data
    if (example or invented) and not found.example:
        raise DeliveryRefused(
            "Filen är inte märkt EXEMPELDATA på första bladet, så den kan inte tas emot som exempel. Märk den, eller "
            "lämna den som riktiga uppgifter.",
            "NOT_EXAMPLE",
        )
    return found


def submit(
    file: Path,
    registry: Registry,
    store: Archive,
    *,
    agreement: str | None,
    party: str | None,
    example: bool,
    at: datetime,
) -> Manifest:
    """Archive a file that a person hands in, if the inbox would have taken it, and return its manifest.

    The file is left where it is, also one with personal data: it is the person's own, and no copy of it is made.

    Args:
        file: the file.
        registry: contracts and agreements.
        store: where it is kept.
        agreement: what it must be about; None = as the file says.
        party: whom it must come from; None = as the file says.
        example: it must be EXEMPELDATA, and is archived as such.
        at: the moment.

    Raises:
        UsageError: there is no such file.
        PersonalDataFound, DeliveryRefused, CheckFailed, LayoutChanged: it is refused, in Swedish, for its sender.
    """
    if not file.is_file():
        raise UsageError(f"{file}: no such file.")
    if (size := file.stat().st_size) > LARGEST_BYTES:
        raise too_large(size)
    content, name = file.read_bytes(), data_name(file.name)
    found = recognise(content, name, registry, agreement=agreement, party=party, example=example)
    return store.put(
        content,
        source_id=SOURCE,
        part=found.identity.part,
        periods=[found.identity.period],
        origin="example" if found.example else "live",
        origin_note=EXAMPLE_NOTE if found.example else None,
        url=f"submit:{found.identity.agreement}/{found.identity.party}",
        captured_at=at,
        media_type=media_type(content),
        file_name=name,
        request=found.identity._asdict(),
    )


def _read_cover(content: bytes, name: str, registry: Registry) -> Recognised:
    """Return what the file says of itself, once the gate has let it pass."""
    from include.check.readers.extracts import recognise as read  # heavy, and only deliveries need it

    broke = ""
    try:
        identity, example = read(content, name, registry)
    except REFUSALS:
        raise
    except Exception as fault:
        last = traceback.extract_tb(fault.__traceback__)[-1]
        broke = f"{type(fault).__name__} in {last.name}, {last.filename.rpartition('/include/')[2]}:{last.lineno}"
    if broke:  # told outside the handler: the fault's own text may quote the file
        raise DeliveryUnjudged(f"The file {sha256(content)[:12]} could not be judged ({broke}). It is left alone.")
    return Recognised(identity, example)


def _belongs(identity: Identity, agreement: str | None, party: str | None) -> None:
    """Refuse a file that says that it is another party's or agreement's than the folder it lay in."""
    if (agreement or identity.agreement, party or identity.party) == (identity.agreement, identity.party):
        return
    place = "/".join(word for word in (agreement, party) if word)
    raise DeliveryRefused(
        f"Filen säger på första bladet att den gäller en annan part eller överenskommelse än {place}, där den "
        "lämnades. Använd er egen mall, eller lägg filen i rätt mapp.",
        "OTHER_FOLDER",
    )


def sha256(content: bytes) -> str:
    """Return the hash that stands for a file wherever it must not be quoted."""
    return hashlib.sha256(content).hexdigest()


def media_type(content: bytes) -> str:
    """Return the media type of a file that passed the gate, which lets two kinds pass."""
    return XLSX if is_workbook(content) else CSV


def told(refusal: CheckFailed | LayoutChanged) -> str:
    """Return what a log and the ledger may say of a refusal."""
    rule = refusal.rule if isinstance(refusal, DeliveryRefused) else type(refusal).__name__
    places = refusal.places if isinstance(refusal, DeliveryRefused) else ()
    if not places:
        return rule
    return f"{rule} at {', '.join(places[:10])}{f' and {len(places) - 10} more' if len(places) > 10 else ''}"
