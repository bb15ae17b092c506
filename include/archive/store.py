"""The archive: bytes exactly as received, kept under their hash, never rewritten, with a manifest for each capture.

::

    <archive>/objects/<first two of sha256>/<sha256>
    <archive>/manifests/<source>/<part>/<captured_at>-<first 12 of sha256>.json
    <archive>/approvals/<capture id>.json        a person's word about a capture (see :mod:`include.archive.approvals`)

Any fsspec address will do: a folder, ``s3://bucket/archive`` (log-in by the usual ``AWS_*`` or ``FSSPEC_*``
variables), ``memory://``. An object is written before its manifest, so that whatever stops a write leaves at worst an
object that nobody names. On a folder, files appear whole or not at all.
"""

import hashlib
import os
import posixpath
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem
from pydantic import ValidationError

from include.archive.compare import canonical
from include.archive.locks import locked
from include.archive.manifest import Manifest, capture_id, captured_at_of
from include.errors import ArchiveDamaged, UsageError
from include.registry.models import Origin


class Archive:
    """One archive at an fsspec address. It holds no state of its own and may be used from several processes."""

    def __init__(self, url: str) -> None:
        """Open the archive at an fsspec address; a folder that is not there yet is made by the first write."""
        self.url = url
        self._fs, root = fsspec.core.url_to_fs(url)
        self._root: str = root.rstrip("/")

    # --- writing -------------------------------------------------------------------------------------------------

    def put(
        self,
        content: bytes,
        *,
        source_id: str,
        part: str,
        periods: list[str],
        origin: Origin,
        url: str,
        captured_at: datetime,
        media_type: str,
        file_name: str,
        published_at: datetime | None = None,
        request: dict[str, Any] | None = None,
        response_headers: dict[str, str] | None = None,
        origin_note: str | None = None,
        facts: Iterable[str] = (),
        notes: Iterable[str] = (),
        withdrawn: Iterable[str] = (),
        pieces: Iterable[bytes] = (),
    ) -> Manifest:
        """Archive one capture and return its manifest.

        The same content (see :mod:`include.archive.compare`) as the version held before writes nothing: the manifest
        of that version comes back with ``change`` UNCHANGED. Of two puts of one part on one machine the second waits.

        ``captured_at`` knows its time zone and is kept to the second; ``pieces`` are the answers as received, where
        ``content`` was put together of several; the rest is described at :class:`Manifest`.
        """
        captured_at = captured_at.astimezone(UTC).replace(microsecond=0)
        same, ceased = hashlib.sha256(canonical(content, media_type, file_name)).hexdigest(), list(withdrawn)
        with locked(f"archive-{source_id}"):
            before = self.latest(source_id, part, as_of=captured_at)
            while (
                before
                and (before.canonical_sha256 != same or before.withdrawn != ceased)
                and before.captured_at == captured_at
            ):
                captured_at += timedelta(seconds=1)  # versions within one second keep their order
                before = self.latest(source_id, part, as_of=captured_at)
            if before and before.canonical_sha256 == same and before.withdrawn == ceased:
                return before.model_copy(update={"change": "UNCHANGED"})
            sha256 = self._put_object(content)
            manifest = Manifest(
                capture_id=capture_id(source_id, part, captured_at, sha256),
                source_id=source_id,
                part=part,
                periods=periods,
                origin=origin,
                origin_note=origin_note,
                url=url,
                request=request or {},
                captured_at=captured_at,
                published_at=published_at,
                media_type=media_type,
                file_name=file_name,
                sha256=sha256,
                canonical_sha256=same,
                size=len(content),
                previous=before.capture_id if before else None,
                change="REVISED" if before else "NEW",
                response_headers=response_headers or {},
                facts=list(facts),
                notes=list(notes),
                withdrawn=ceased,
                pieces=[self._put_object(piece) for piece in pieces],
            )
            self._write(self._manifest_path(manifest.capture_id), manifest.to_json())
        return manifest

    def adopt(self, other: "Archive") -> int:
        """Copy what another archive holds and this lacks, manifests byte for byte; return how many captures came.

        Raises:
            ArchiveDamaged: the other archive does not hold what it says.
        """
        have = set(self._manifest_paths())
        missing = [path for path in other._manifest_paths() if path not in have]
        words = self.beside("approvals")
        for path, raw in other.beside("approvals").items():
            if path not in words:
                self._write(path, raw)
        for path, raw in other._read_many(missing).items():
            manifest = other._parse(path, raw)
            for sha256 in (manifest.sha256, *manifest.pieces):
                if not self._fs.exists(self._full(_object_path(sha256))):
                    self._put_object(other._object(sha256, path))
            self._write(path, raw)
        return len(missing)

    def write_beside(self, path: str, content: bytes) -> None:
        """Write a small file that is about captures, never over another.

        Raises:
            ArchiveDamaged: the file is there already; what was written once stays.
        """
        if self._fs.exists(self._full(path)):
            raise ArchiveDamaged(f"{self._full(path)} is there already, and what was written once stays as it is.")
        self._write(path, content)

    def _put_object(self, content: bytes) -> str:
        """Keep bytes under their hash, which is returned. Bytes that are held already are left alone."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = _object_path(sha256)
        if not self._fs.exists(self._full(path)):
            self._write(path, content)
        return sha256

    def _write(self, path: str, content: bytes) -> None:
        """Write a file so that it is seen whole or not at all (object stores do this by themselves)."""
        full = self._full(path)
        if not isinstance(self._fs, LocalFileSystem):
            self._fs.pipe_file(full, content)
            return
        target = Path(full)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    # --- reading -------------------------------------------------------------------------------------------------

    def read(self, capture: str) -> bytes:
        """Return the bytes of a capture, their hash verified.

        Raises:
            ArchiveDamaged: they are gone or are not what was received; the text names the file.
            UsageError: there is no such capture.
        """
        manifest = self.manifest(capture)
        return self._object(manifest.sha256, self._manifest_path(capture))

    def manifest(self, capture: str) -> Manifest:
        """Return the manifest of a capture.

        Raises:
            ArchiveDamaged: the manifest cannot be read.
            UsageError: there is no such capture.
        """
        path = self._manifest_path(capture)
        try:
            return self._parse(path, self._fs.cat_file(self._full(path)))
        except FileNotFoundError:
            raise UsageError(f"The archive {self.url} holds no capture {capture!r}.") from None

    def manifests(self, source_id: str, part: str | None = None, as_of: datetime | None = None) -> list[Manifest]:
        """Return the captures of a source (and part) that were held at ``as_of``, by part and then by moment.

        Raises:
            ArchiveDamaged: a manifest cannot be read.
        """
        paths = [p for p in self._manifest_paths(source_id, part) if as_of is None or captured_at_of(p[:-5]) <= as_of]
        found = [self._parse(path, raw) for path, raw in self._read_many(paths).items()]
        return sorted(found, key=lambda m: (m.part, m.captured_at, m.capture_id))

    def latest(self, source_id: str, part: str, as_of: datetime | None = None) -> Manifest | None:
        """Return the newest capture of a part that was held at ``as_of``, None if there was none."""
        ids = [path.removeprefix("manifests/")[:-5] for path in self._manifest_paths(source_id, part)]
        held = [capture for capture in ids if as_of is None or captured_at_of(capture) <= as_of]
        return self.manifest(max(held, key=lambda c: (captured_at_of(c), c))) if held else None

    def beside(self, folder: str) -> dict[str, bytes]:
        """Return the small files about captures in a folder, by path below the archive, sorted; none if it lacks."""
        self._fs.invalidate_cache()
        found = (path.removeprefix(self._root).lstrip("/") for path in self._fs.find(self._full(folder)))
        return self._read_many(sorted(path for path in found if path.endswith(".json")))

    def verify(self) -> list[str]:
        """Read everything again; return one text for each file that is not what it should be (none = all is well)."""
        damages: list[str] = []
        verified: set[str] = set()
        for path, raw in self._read_many(self._manifest_paths()).items():
            try:
                manifest = self._parse(path, raw)
                for sha256 in {manifest.sha256, *manifest.pieces} - verified:
                    self._object(sha256, path)
                    verified.add(sha256)
                if manifest.previous:
                    self.manifest(manifest.previous)
            except ArchiveDamaged as damage:
                damages.append(str(damage))
            except UsageError:
                damages.append(f"{self._full(path)}: names a previous capture that the archive does not hold.")
        return damages

    def _object(self, sha256: str, named_by: str) -> bytes:
        """Return the bytes under a hash, verified."""
        full = self._full(_object_path(sha256))
        try:
            content: bytes = self._fs.cat_file(full)
        except FileNotFoundError:
            raise ArchiveDamaged(
                f"{full}: the object is missing that {self._full(named_by)} names. "
                "Restore it from the backup; it cannot be fetched again with certainty."
            ) from None
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise ArchiveDamaged(
                f"{full}: the bytes do not match their hash (sha256 found {found[:12]}…, expected {sha256[:12]}…, "
                f"{len(content)} bytes). Restore the file from the backup."
            )
        return content

    def _parse(self, path: str, raw: bytes) -> Manifest:
        """Return a manifest that was read, its id compared with its place."""
        try:
            manifest = Manifest.model_validate_json(raw)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, fault["loc"])) or "the file"
            raise ArchiveDamaged(f"{self._full(path)}: no readable manifest ({where}: {fault['msg']}).") from None
        if self._manifest_path(manifest.capture_id) != path:
            raise ArchiveDamaged(f"{self._full(path)}: the manifest is that of {manifest.capture_id}.")
        return manifest

    def _manifest_paths(self, source_id: str = "", part: str | None = None) -> list[str]:
        """Return the manifests' paths below the archive, sorted; all of them if no source is named."""
        folder = posixpath.join("manifests", source_id, part or "").rstrip("/")
        self._fs.invalidate_cache()
        found = self._fs.find(self._full(folder))
        paths = (path.removeprefix(self._root).lstrip("/") for path in found)
        return sorted(p for p in paths if p.endswith(".json") and p.startswith(f"{folder}/"))

    def _read_many(self, paths: list[str]) -> dict[str, bytes]:
        """Return the bytes of several files by path, in the given order; object stores are asked side by side."""
        if not paths:
            return {}
        raw = self._fs.cat([self._full(path) for path in paths])
        by_path = {full.removeprefix(self._root).lstrip("/"): content for full, content in raw.items()}
        return {path: by_path[path] for path in paths}

    def _manifest_path(self, capture: str) -> str:
        return f"manifests/{capture}.json"

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"


def _object_path(sha256: str) -> str:
    """Return where the bytes with a hash lie, below the archive."""
    return f"objects/{sha256[:2]}/{sha256}"
