"""A person's word about a capture that the check has held: approved or rejected, by whom, when and why.

::

    <archive>/approvals/<capture id>.json      the word
    <archive>/approvals/<capture id>-2.json    a further one, where the check held it later for something else

A word lies beside the archive and is written once: whoever replays the captures into an empty warehouse comes to the
same decisions. A rejected capture stays rejected. An approval covers what was found when it was given, by the codes of
the findings, and nothing that nobody has seen.
"""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from include.archive.locks import locked
from include.archive.manifest import Utc
from include.archive.store import Archive
from include.errors import ArchiveDamaged, UsageError

Verdict = Literal["approve", "reject"]

_FURTHER = re.compile(r"-\d+(?=\.json$)")


class Word(BaseModel):
    """What a person said of one capture.

    Attributes:
        capture: id of the capture.
        verdict: ``approve`` (load it in spite of the findings) or ``reject`` (never load it).
        by: who.
        at: when.
        reason: why, in the person's own words.
        findings: codes of the findings that were there when the word was given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    capture: str
    verdict: Verdict
    by: str
    at: Utc
    reason: str
    findings: list[str]


class Words:
    """The words about the captures of one part of a source."""

    def __init__(self, words: Iterable[Word] = ()) -> None:
        self._of: dict[str, list[Word]] = {}
        for word in words:
            self._of.setdefault(word.capture, []).append(word)

    def rejection(self, capture: str) -> Word | None:
        """Return the word that rejected a capture, None if none did."""
        return next((word for word in self._of.get(capture, []) if word.verdict == "reject"), None)

    def approvals(self, capture: str) -> list[Word]:
        """Return the words that approved a capture, the oldest first."""
        return [word for word in self._of.get(capture, []) if word.verdict == "approve"]

    def approved(self, capture: str) -> frozenset[str]:
        """Return the codes of the findings that persons have approved of a capture."""
        return frozenset(code for word in self.approvals(capture) for code in word.findings)


def words(archive: Archive, source_id: str, part: str) -> Words:
    """Return the words about all captures of a part.

    Raises:
        ArchiveDamaged: one cannot be read; the text names the file.
    """
    found = archive.beside(f"approvals/{source_id}/{part}")
    return Words(_parse(path, found[path]) for path in sorted(found, key=lambda path: (len(path), path)))


def give(
    archive: Archive, capture: str, verdict: Verdict, by: str, reason: str, findings: Iterable[str], at: datetime
) -> Word:
    """Write a person's word about a capture, and return it. The same word again (a retry) writes nothing.

    Args:
        archive: where the capture lies.
        capture: its id; it must be there.
        verdict: approve or reject.
        by: who says so.
        reason: why.
        findings: codes of what the check found.
        at: the moment, with time zone.

    Raises:
        UsageError: there is no such capture, nobody or no reason is named, or the capture was decided otherwise before.
    """
    by, reason, codes = by.strip(), reason.strip(), sorted(set(findings))
    if not by or not reason:
        raise UsageError(f"{capture}: a word needs a name and a reason, such as --reason 'SCB has confirmed it'.")
    source_id, part = archive.manifest(capture).source_id, archive.manifest(capture).part
    with locked(f"approvals-{source_id}"):
        said = words(archive, source_id, part)
        if same := _said_before(said, capture, verdict, codes):
            return same
        word = Word(capture=capture, verdict=verdict, by=by, at=at, reason=reason, findings=codes)
        number = len(said.approvals(capture)) + 1
        path = f"approvals/{capture}{'' if number == 1 else f'-{number}'}.json"
        archive.write_beside(path, _to_json(word))
    return word


def _said_before(said: Words, capture: str, verdict: Verdict, codes: list[str]) -> Word | None:
    """Return the earlier word that says the same already.

    Raises:
        UsageError: an earlier word says otherwise.
    """
    rejection, approvals = said.rejection(capture), said.approvals(capture)
    if rejection is not None:
        if verdict == "reject":
            return rejection
        raise UsageError(
            f"{capture} was rejected by {rejection.by} on {rejection.at:%Y-%m-%d}: {rejection.reason}. A rejected "
            "capture stays rejected; what the source says next becomes a capture of its own."
        )
    if approvals and verdict == "reject":
        raise UsageError(
            f"{capture} was approved by {approvals[0].by} on {approvals[0].at:%Y-%m-%d}: {approvals[0].reason}. What "
            "was approved may be loaded already and cannot be rejected; declare a correction instead."
        )
    return approvals[-1] if approvals and set(codes) <= said.approved(capture) else None


def _to_json(word: Word) -> bytes:
    return (json.dumps(word.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _parse(path: str, raw: bytes) -> Word:
    try:
        word = Word.model_validate_json(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the file"
        raise ArchiveDamaged(f"{path}: no readable word about a capture ({where}: {fault['msg']}).") from None
    if _FURTHER.sub("", path) != f"approvals/{word.capture}.json" and path != f"approvals/{word.capture}.json":
        raise ArchiveDamaged(f"{path}: the word is about {word.capture}; the file was moved or altered.")
    return word
