"""The parties' deliveries: files that a party puts in its folder of the inbox.

::

    <inbox>/<party>/<any name>.xlsx              waits
    <inbox>/_received/<party>/<moment>-<name>    archived
    <inbox>/_refused/<party>/<moment>-<name>     not archived; beside it <name>.orsak.txt, which says why in Swedish

What a file is stands in the file (extract, party, period), never in its name. A file that may hold what must not be
kept is refused before anything of it is archived.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from include import settings
from include.archive.addresses import Address
from include.archive.fetchers import Fetched, Found, Refused
from include.archive.parts import part, senders
from include.archive.store import Archive
from include.errors import CheckFailed, LayoutChanged, UsageError
from include.periods import Period
from include.registry.models import InboxFetch, Registry, Source

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: A file that was written to less long ago may still be on its way.
SETTLED_SECONDS = 2.0
LARGEST_BYTES = 10 * 2**20

_NEXT_STEP = (
    "Inget ur filen har sparats. Hämta en ny mall, fyll i den och lägg den i er mapp igen. "
    "Hör av dig till samordnaren på länsstyrelsen om du inte förstår svaret."
)


def fetch(
    source: Source, periods: list[Period], archive: Archive, address: Address, registry: Registry
) -> Iterator[Found]:
    """Yield every delivery that waits, whatever its period, or that it was refused; each is then moved away.

    ``periods``, ``archive`` and ``address`` are of no use here: what has arrived is taken.
    """
    if not isinstance(source.fetch, InboxFetch):
        raise TypeError(f"{source.id} is of kind {source.kind}")
    for file in _waiting(settings.inbox_dir()):
        found = _delivery(file, source.fetch, registry)
        yield found  # after which it is archived
        _clear(file, found)


def _waiting(inbox: Path) -> Iterator[Path]:
    """Yield the files that lie in the parties' folders and are wholly there, in order of their names."""
    folders = sorted(f for f in inbox.glob("*") if f.is_dir() and not f.is_symlink() and f.name[0] not in "._")
    for folder in folders:
        for file in sorted(folder.iterdir()):
            if not file.name.startswith((".", "~$")) and (file.is_symlink() or file.is_file()) and _is_settled(file):
                yield file


def _is_settled(file: Path) -> bool:
    """Return whether a file is no longer being written; waits a moment for one that has just come."""
    before = file.lstat()
    age = time.time() - before.st_mtime
    if age >= SETTLED_SECONDS:
        return True
    time.sleep(SETTLED_SECONDS - max(age, 0.0))
    after = file.lstat()
    return (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def _delivery(file: Path, how: InboxFetch, registry: Registry) -> Fetched | Refused:
    """Return a file as the delivery that its own cover says it is, or why it is refused (in Swedish)."""
    try:
        content = _content(file)
        extract, party, period = _identified(content, file.parent.name, how, registry)
    except (CheckFailed, LayoutChanged) as refusal:
        return Refused(f"{file.parent.name}/{file.name}", str(refusal))
    return Fetched(
        part=part(extract, party, period),
        periods=[str(period)],
        content=content,
        url=f"inbox:{party}/{file.name}",
        request={"extract": extract, "party": party, "period": str(period)},
        media_type=XLSX,
        file_name=file.name,
    )


def _content(file: Path) -> bytes:
    """Return a file's bytes, unless it is no file of its own or too large to be a delivery."""
    if file.is_symlink():
        raise CheckFailed("Det är en länk till en annan fil. Lägg själva filen i mappen.")
    if file.stat().st_size > LARGEST_BYTES:
        raise CheckFailed(f"Filen är större än {LARGEST_BYTES // 2**20} MB, vilket en ifylld mall aldrig är.")
    return file.read_bytes()


def _identified(content: bytes, folder: str, how: InboxFetch, registry: Registry) -> tuple[str, str, Period]:
    """Return extract, party and period as the file says, if they may come this way.

    Raises:
        CheckFailed, LayoutChanged: in Swedish, without quoting the file.
    """
    from include.check.readers.extracts import identify  # knows the templates; heavy, and only deliveries need it

    extract, party, text = identify(content)
    if extract not in how.extracts:
        raise CheckFailed(f"Uttaget tas inte emot här. Väntade något av {', '.join(how.extracts)}.")
    if party != folder:
        raise CheckFailed(
            f"Filen säger sig komma från en annan part än mappen {folder}, där den låg. "
            "Välj er egen part på mallens första blad, eller lägg filen i rätt mapp."
        )
    try:
        period = Period.parse(text)
    except UsageError:
        raise CheckFailed("Perioden på mallens första blad är ingen period. Väntade till exempel 2024.") from None
    if period.unit != registry.extracts[extract].speaks_in:
        raise CheckFailed(f"{extract} lämnas inte för en sådan period. Välj en av dem som mallen föreslår.")
    if party not in senders(registry, extract, period.year):
        raise CheckFailed(f"{extract} för {period} väntas inte från {folder} enligt överenskommelsen.")
    return extract, party, period


def _clear(file: Path, found: Fetched | Refused) -> None:
    """Move a file out of the way; beside a refused one goes the answer to its sender."""
    shortened = file.name.encode()[-200:].decode(errors="ignore")  # a name may have 255 bytes, the answer's too
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{shortened}"
    target = settings.inbox_dir() / ("_refused" if isinstance(found, Refused) else "_received") / file.parent.name
    target.mkdir(parents=True, exist_ok=True)
    if isinstance(found, Refused):
        answer = f"Filen {file.name} togs inte emot.\n\nSkäl: {found.reason}\n\n{_NEXT_STEP}\n"
        (target / f"{name}.orsak.txt").write_text(answer, encoding="utf-8")
    file.replace(target / name)
