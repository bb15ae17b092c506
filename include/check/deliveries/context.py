"""What a delivery is read beside: the same party's other deliveries, and those of others about the same year.

They come from the archive, as it was when the delivery came, so that a replay says what was said then.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from include.archive import approvals
from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.archive.withdrawals import is_withdrawal
from include.check.deliveries.over_time import Earlier
from include.errors import CheckFailed, LayoutChanged
from include.periods import Period, Unit
from include.registry.delivery import Identity, expected, extracts_in
from include.registry.models import Registry

if TYPE_CHECKING:
    import pyarrow as pa

#: Reads a delivery that was accepted before: its figures, and the versions of its extracts' templates.
Reader = Callable[[bytes, Manifest], "tuple[pa.Table, dict[str, str]]"]

#: Years before a delivery's own of which the party's earlier deliveries are looked at.
EARLIER_YEARS = 3


@dataclass(frozen=True)
class Context:
    """Other deliveries, as they were known when this one came.

    Attributes:
        earlier: the party's own: the version before, then earlier periods, newest first.
        others: the figures of other parties about the same year, by the name of their archive part.
        versions: of the delivery's own templates, by extract.
    """

    earlier: tuple[Earlier, ...] = ()
    others: "dict[str, pa.Table]" = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def context(archive: Archive, manifest: Manifest, registry: Registry, read: Reader) -> Context:
    """Return what a delivery is read beside; a delivery that is withdrawn, rejected or cannot be read is left out."""
    identity = Identity.of_part(manifest.part)
    versions = list(_versions_before(archive, manifest))[:1]
    mine = [_latest(archive, manifest, part) for part in _earlier_parts(identity)]
    theirs = [_latest(archive, manifest, part) for part in _other_parts(identity, registry)]
    return Context(
        tuple(
            Earlier(Identity.of_part(each.part), each.sha256, *told)
            for each, told in _read(archive, [*versions, *mine], read)
        ),
        {each.part: told[0] for each, told in _read(archive, theirs, read)},
        next((told[1] for _, told in _read(archive, [manifest], read)), {}),
    )


def _latest(archive: Archive, manifest: Manifest, part: str) -> Manifest | None:
    """Return the capture of another part that held when the delivery came; None if there was none, or a withdrawal."""
    held = archive.manifests(manifest.source_id, part, as_of=manifest.captured_at)
    return next((each for each in reversed(held) if not _is_rejected(archive, each)), None)


def _versions_before(archive: Archive, manifest: Manifest) -> Iterator[Manifest]:
    """Yield the versions before a delivery, newest first, without withdrawals."""
    name = manifest.previous
    while name is not None:
        before = archive.manifest(name)
        if not (is_withdrawal(before) or _is_rejected(archive, before)):
            yield before
        name = before.previous


def _is_rejected(archive: Archive, manifest: Manifest) -> bool:
    words = approvals.words(archive, manifest.source_id, manifest.part)
    return words.rejection(manifest.capture_id) is not None


def _earlier_parts(identity: Identity) -> list[str]:
    """Return the parts of the same party about the periods before, newest first."""
    period = Period.parse(identity.period)
    years = range(period.year - EARLIER_YEARS, period.year + 1)
    candidates = [each for year in years for each in _periods(period.unit, year) if each < period]
    return [identity._replace(period=str(each)).part for each in reversed(candidates)]


def _other_parts(identity: Identity, registry: Registry) -> list[str]:
    """Return the parts about the same year that hold an extract which some check sets beside one of this delivery's."""
    own = {extract.id for extract in extracts_in(registry, identity)}
    wanted: set[str] = set()
    for check in registry.party_checks.values():
        named = {measure.partition(".")[0] for measure in (*check.left, *check.right)}
        wanted |= named if named & own else set()
    year = Period.parse(identity.period).year
    units = {registry.extracts[name].speaks_in for name in wanted}
    return [
        other.part
        for unit in sorted(units)
        for period in _periods(unit, year)
        for other in expected(registry, period)
        if other.agreement == identity.agreement
        and other != identity
        and wanted & {extract.id for extract in extracts_in(registry, other)}
    ]


def _periods(unit: Unit, year: int) -> Iterator[Period]:
    period = Period.starting(unit, Period.parse(str(year)).start)
    while period.year == year:
        yield period
        period = period.next()


def _read(
    archive: Archive, manifests: Iterable[Manifest | None], read: Reader
) -> "Iterator[tuple[Manifest, tuple[pa.Table, dict[str, str]]]]":
    """Yield deliveries with what they tell; one that was refused in its day, or is withdrawn, tells nothing."""
    for each in manifests:
        if each is None or is_withdrawal(each):
            continue
        try:
            yield each, read(archive.read(each.capture_id), each)
        except (CheckFailed, LayoutChanged):
            continue
