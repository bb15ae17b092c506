"""A delivery taken back: a small notice that becomes the newest capture of its part, so that its figures are closed.

Nothing is deleted. The notice says who took the delivery back, when and why, and which capture it was; a later delivery
of the same part takes its place as a new version.
"""

import json
from datetime import datetime

from include.archive.deliveries import SOURCE
from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.errors import UsageError
from include.registry.delivery import Identity

MEDIA_TYPE = "application/vnd.followup.withdrawal+json"


def is_withdrawal(manifest: Manifest) -> bool:
    """Return whether a capture is such a notice."""
    return manifest.media_type == MEDIA_TYPE


def withdraw(store: Archive, part: str, by: str, reason: str, at: datetime) -> Manifest:
    """Take a delivery back, and return the notice's manifest.

    Args:
        store: the archive that holds the delivery.
        part: which delivery, such as ``jamtland-K2380-2023``.
        by: who says so.
        reason: why; it is kept and shown.
        at: the moment, with time zone.

    Raises:
        UsageError: the part is no delivery's, nothing is held of it, it is withdrawn already, or name or reason lack.
    """
    identity, by, reason = Identity.of_part(part), by.strip(), reason.strip()
    if not by or not reason:
        raise UsageError(f"{part}: a withdrawal needs a name and a reason, such as --reason 'Fel år i uttaget'.")
    held = store.latest(SOURCE, part)
    if held is None:
        raise UsageError(f"{part}: the archive holds no such delivery, so there is nothing to withdraw.")
    if is_withdrawal(held):
        raise UsageError(f"{part} is withdrawn already, since {held.captured_at:%Y-%m-%d}.")
    notice = {"at": at.isoformat(), "by": by, "reason": reason, "withdraws": held.capture_id}
    return store.put(
        (json.dumps(notice, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode(),
        source_id=SOURCE,
        part=part,
        periods=held.periods,
        origin=held.origin,
        origin_note=held.origin_note,
        url=f"withdrawal:{identity.agreement}/{identity.party}",
        captured_at=at,
        media_type=MEDIA_TYPE,
        file_name=f"{part}.withdrawal.json",
        request={"withdraws": held.capture_id},
        notes=["Leveransen är återkallad av den som lämnade den."],
    )
