"""The back-test: every release that readers were given is made once more from what it rests on, and must be the same.

Each is computed from the warehouse's observations as known at its ``as_of``, in its place among the releases, into a
folder that is thrown away, and compared byte for byte with its published files, and those with the hashes that its
manifest and the database keep. The captures that it names are read from the archive and must have the hashes that it
names. What a release of other definitions says cannot be the same: that is told as such, and never as equal.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from include import settings
from include.archive.store import Archive
from include.errors import ArchiveDamaged, UsageError
from include.load import tables as t
from include.load.engine import engine
from include.load.read import loaded_since
from include.publish import files, run
from include.publish import release as store
from include.publish.release import Stored
from include.registry.read import registry

Outcome = Literal["equal", "differs", "other_definitions"]


@dataclass(frozen=True)
class BackTest:
    """What the back-test of a release found.

    Attributes:
        outcome: ``equal``: every file, byte for byte, and every capture; ``differs``: a file, a hash or a capture is
            not what it was; ``other_definitions``: nothing of that, but it was built by another registry or another
            version of this software, so that its files cannot be made again as they are.
        files: the files that differ from those made anew, or from their hashes, sorted.
        said: what was found, for the one who looks after the runs.
    """

    release_id: str
    outcome: Outcome
    files: tuple[str, ...]
    said: tuple[str, ...]

    def text(self) -> str:
        """Return it as lines for a log."""
        head = {"equal": "equal", "differs": "DIFFERS", "other_definitions": "other definitions"}[self.outcome]
        return "\n".join([f"{self.release_id}: {head}", *(f"  {line}" for line in self.said)])


def backtest(release_ids: Sequence[str] = ()) -> Iterator[BackTest]:
    """Yield the back-test of each release that readers have been given, in the order in which they were.

    Args:
        release_ids: these alone; none = all.

    Raises:
        UsageError: there is no such release, or readers have not been given it.
    """
    sound = _Captures()
    with engine("publisher").connect() as connection:
        with connection.begin():
            everything = store.stored(connection)
        given = sorted((each for each in everything if each.released_at), key=lambda each: str(each.released_at))
        if unknown := sorted(set(release_ids) - {each.release_id for each in given}):
            known = ", ".join(each.release_id for each in given) or "none"
            raise UsageError(f"No release {', '.join(unknown)} has been given to readers; known: {known}.")
        for one in given:
            if not release_ids or one.release_id in release_ids:
                yield _tested(connection, one, [e for e in everything if e.agreement_id == one.agreement_id], sound)


def _tested(connection: sa.Connection, one: Stored, releases: Sequence[Stored], sound: "_Captures") -> BackTest:
    published = run.directory_of(one)
    if not (published / "release.json").is_file():
        return BackTest(one.release_id, "differs", ("release.json",), (f"There are no files of it in {published}.",))
    manifest = json.loads((published / "release.json").read_text(encoding="utf-8"))
    broken = _unlike_hashes(published, manifest, _hashes_kept(connection, one))
    captures = [line for each in manifest["captures"] if (line := sound.fault(each["capture_id"], each["sha256"]))]
    said = [f"{name} does not have its hash." for name in sorted(broken)] + captures
    agreement = registry().agreements.get(one.agreement_id)
    if agreement is None:
        said.append("Its agreement is not in the registry any more.")
        return BackTest(one.release_id, "differs" if broken or captures else "other_definitions", (), tuple(said))
    with tempfile.TemporaryDirectory(prefix="followup-backtest-") as folder:
        anew = Path(folder)
        earlier = store.earlier_than(releases, one)
        content = run.content_in(connection, agreement, one.year, one.edition, one.as_of, earlier)
        run.write_files(connection, content, one.release_id, one.previous_release_id, anew)
        unlike = _unlike(published, anew)
    others = _definitions(manifest, content.registry_digest)
    if others:
        return _of_other_definitions(one, broken, captures, said, unlike, others)
    if unlike:
        said.append(f"Made anew, these are not the same: {', '.join(unlike)}.")
        said += _came_later(one)
    if content.digest != one.digest:
        said.append("What it says has another digest than the database keeps.")
    different = tuple(sorted({*unlike, *broken}))
    outcome: Outcome = "differs" if different or captures or content.digest != one.digest else "equal"
    return BackTest(one.release_id, outcome, different, tuple(said))


def _of_other_definitions(
    one: Stored, broken: set[str], captures: Sequence[str], said: list[str], unlike: Sequence[str], others: list[str]
) -> BackTest:
    """Return what can be said all the same: whether its files are what they were, and which figures differ now."""
    tables = [name for name in unlike if name.startswith("data/") and name.endswith(".csv")]
    now = f"these tables would differ: {', '.join(tables)}" if tables else "its tables would be the same"
    said = [*said, *others, f"By the definitions that hold now {now}."]
    if broken or captures:
        return BackTest(one.release_id, "differs", tuple(sorted(broken)), tuple(said))
    return BackTest(one.release_id, "other_definitions", tuple(unlike), tuple(said))


def _definitions(manifest: Mapping[str, Any], registry_digest: str) -> list[str]:
    """Return in what a release was built by other definitions than those that hold now."""
    said = []
    if manifest["registry_sha256"] != registry_digest:
        said.append("It was built by another registry.")
    if manifest["code_version"] != files.code_version():
        said.append(f"It was built by version {manifest['code_version']}; this is {files.code_version()}.")
    return said


def _hashes_kept(connection: sa.Connection, one: Stored) -> Mapping[str, str]:
    with connection.begin():
        c = t.release.c
        kept = connection.execute(sa.select(c.files).where(c.release_id == one.release_id)).scalar_one()
    return kept or {}


def _unlike_hashes(published: Path, manifest: Mapping[str, Any], kept: Mapping[str, str]) -> set[str]:
    """Return the published files that the manifest or the database knows with another hash, or not at all."""
    found = {name: files.sha256_of_file(published / name) for name in files.names_of(published)}
    return {
        name
        for listed in (manifest["files"], kept)
        for name in found.keys() | listed.keys()
        if found.get(name) != listed.get(name)
    }


def _unlike(published: Path, anew: Path) -> list[str]:
    """Return the files that are not the same bytes in both folders, or are in one alone."""
    names = {*files.names_of(published), *files.names_of(anew), "release.json"}
    return sorted(name for name in names if _bytes(published / name) != _bytes(anew / name))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _came_later(one: Stored) -> list[str]:
    """Return which captures the warehouse was given after the release was built, though they are older than it."""
    with engine("loader").connect() as loader:
        late = loaded_since(loader, one.built_at, one.as_of)
    if not late:
        return []
    return [f"Captures from before its as_of were loaded after it was built: {', '.join(late)}."]


class _Captures:
    """The archive's captures, each read once."""

    def __init__(self) -> None:
        self._archive = Archive(settings.archive_url())
        self._faults: dict[tuple[str, str], str | None] = {}

    def fault(self, capture_id: str, sha256: str) -> str | None:
        """Return what is wrong with a capture that should have a hash, None if nothing is."""
        key = (capture_id, sha256)
        if key not in self._faults:
            self._faults[key] = self._fault(*key)
        return self._faults[key]

    def _fault(self, capture_id: str, sha256: str) -> str | None:
        try:
            if self._archive.manifest(capture_id).sha256 != sha256:
                return f"The archive holds {capture_id} with another hash than the release names."
            self._archive.read(capture_id)
        except (ArchiveDamaged, UsageError) as damage:
            return str(damage)
        return None
