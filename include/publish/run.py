"""The four steps of publishing: build, audit, compare, release.

``build`` writes a release's files and rows, ``audit`` tries to find fault with them, ``compare`` tells a person what
would change, ``release`` makes it current. The files are built in a folder beside their place, the rows are committed,
and then the folder is renamed: a crash leaves either nothing that counts or a row without files, and the next build
completes it. Files of a release never change.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from include import settings
from include.errors import ReleaseRefused, UsageError
from include.load.engine import engine
from include.load.equations import store_equations
from include.publish import diff, files, public, wording
from include.publish import release as store
from include.publish.audit import AuditResult, examine
from include.publish.content import Content, utc_text
from include.publish.diff import Change
from include.publish.release import Stored
from include.publish.site import pages
from include.registry.models import Agreement, Edition
from include.registry.read import registry, registry_of


@dataclass(frozen=True)
class BuildResult:
    """What a build did."""

    release_id: str
    state: Literal["built", "unchanged"]
    directory: str
    digest: str
    is_example: bool
    origins: list[str]


@dataclass(frozen=True)
class Diff:
    """What a release changes against the one before."""

    release_id: str
    previous: str | None
    changes: int
    summary_sv: str


def build(agreement_id: str, year: int, edition: str, as_of: datetime) -> BuildResult:
    """Build the release of a year, unless the latest one already says the same (``unchanged``).

    Args:
        agreement_id: whose follow-up.
        year: the year followed up; the release holds every year up to it.
        edition: preliminary, final, correction or closing.
        as_of: cut-off of knowledge, with time zone; the files hold it, and nothing of the clock.

    Raises:
        UsageError: an argument makes no sense.
        ReleaseRefused: the year is not over at ``as_of``, or other files stand where the release would go.
    """
    agreement = _agreement(agreement_id)
    named = store.edition_of(edition)
    _in_time(agreement, year, as_of)
    with store.locked(agreement_id) as connection:
        with connection.begin():
            releases = store.stored(connection, agreement_id)
        same = [each for each in releases if (each.year, each.edition) == (year, named)]
        latest = same[-1] if same else None
        now = store.earlier_than(releases)
        # What readers have been given stands in its own place: would it say the same there with what is known now?
        places = [store.earlier_than(releases, latest)] if latest and latest.released_at else []
        for earlier in [*places, now] if now not in places else [now]:
            content = content_in(connection, agreement, year, named, as_of, earlier)
            if latest and latest.digest == content.digest:
                return _complete(connection, replace(content, as_of=latest.as_of), latest)
        number = latest.number + 1 if latest else 1
        if latest and not latest.released_at and not _is_whole(directory_of(latest)):
            with connection.begin():  # crashed between rows and files, and known differently since: nobody saw it
                store.delete(connection, latest.release_id)
            number = latest.number
        previous = store.previous_of(releases, year, named, number)
        release_id = f"{agreement_id}-{year}-{named}-{number}"
        built = _write(connection, content, release_id, previous.release_id if previous else None)
        with engine("loader").begin() as loader:  # first: what readers may come to see is never unknown to the next
            store_equations(loader, release_id, content.equations)
        with connection.begin():
            listed = json.loads((built / "release.json").read_text(encoding="utf-8"))["files"]
            target = _place(agreement_id, release_id)
            before = previous.release_id if previous else None
            store.insert(connection, content, release_id, number, before, f"{agreement_id}/{release_id}", listed)
            _same_or_absent(built, target)
        _move(built, target)
    return _result(release_id, "built", content)


def audit(release_id: str) -> AuditResult:
    """Try to find fault with a built release, and record every check with its outcome.

    Raises:
        UsageError: there is no such release.
        ReleaseRefused: a check failed; the text lists every check.
    """
    with _locked_release(release_id) as (connection, one), connection.begin():
        result = examine(connection, one, directory_of(one), registry())
        if one.released_at is None:  # what readers have been given never changes, nor does what was recorded of it
            checks = [asdict(check) for check in result.checks]
            store.update(connection, release_id, audit_passed=result.passed, audit=checks, audited_at=sa.func.now())
    if not result.passed:
        raise ReleaseRefused(f"{release_id} did not pass its audit; nothing was released.\n{result.text()}")
    return result


def compare(release_id: str) -> Diff:
    """Compare a release with the one before it, record every change, and return a summary for the approver."""
    with _locked_release(release_id) as (connection, one), connection.begin():
        changes = _changes(connection, one.previous_release_id, release_id)
        units = {value.indicator_id: value.unit for value in store.values_of(connection, release_id)}
        summary = diff.summary(changes, one.previous_release_id, release_id, units)
        if said := public.changes(connection, one.previous_release_id, release_id):
            summary = f"{summary}\n{said}"
        if one.released_at is None:
            store.write_changes(connection, release_id, changes, summary)
    return Diff(release_id, one.previous_release_id, len(changes), summary)


def release(release_id: str, approval: Mapping[str, str]) -> str:
    """Make a release current and return the address of its first page. Released before, it stays as it is.

    Args:
        release_id: the release.
        approval: ``decision`` (approved, waived or rejected), ``by`` (who) and ``reason``.

    Raises:
        ReleaseRefused: the audit has not passed, nothing was compared, the decision is no approval, or approval was
            waived although the release rests on live data.
    """
    with _locked_release(release_id) as (connection, one):
        if one.released_at is None:
            with connection.begin():  # a refusal is recorded too, so it is committed before anything is raised
                refusal = _decided(connection, one, approval)
            if refusal:
                raise ReleaseRefused(refusal)
            _in_its_place(connection, one)
        with connection.begin():
            if one.released_at is None:
                store.make_current(connection, one)
            write_index(connection)
    return (directory_of(one) / "index.html").resolve().as_uri()


def write_index(connection: sa.Connection) -> Path:
    """Write the page that lists every release that readers have been given."""
    titles = [each.short_title for each in registry().agreements.values()]
    now = store.current(connection)
    lines = [
        _line(one, one.release_id in now.values()) for one in reversed(store.stored(connection)) if one.released_at
    ]
    title = titles[0] if len(titles) == 1 else "Uppföljning av överenskommelser"
    root = settings.published_dir()
    root.mkdir(parents=True, exist_ok=True)
    for name, text in pages.render_index(title, lines).items():
        _write_atomically(root / name, text)
    return root / "index.html"


# --- building ----------------------------------------------------------------------------------------------------


def _agreement(agreement_id: str) -> Agreement:
    agreements = registry().agreements
    if agreement_id not in agreements:
        raise UsageError(f"There is no agreement {agreement_id!r}; known: {', '.join(agreements)}.")
    return agreements[agreement_id]


def _in_time(agreement: Agreement, year: int, as_of: datetime) -> None:
    if as_of.tzinfo is None:
        raise UsageError(f"as_of {as_of} has no time zone; write it as 2026-03-15T00:00:00+00:00.")
    if year not in agreement.years():
        years = agreement.years()
        raise UsageError(f"{agreement.id} is followed up for {years[0]} to {years[-1]}, not for {year}.")
    if as_of.date() <= date(year, 12, 31):
        raise ReleaseRefused(f"{year} is not over on {as_of.date()}: a release of it needs a later as_of.")


def content_in(
    connection: sa.Connection, agreement: Agreement, year: int, edition: Edition, as_of: datetime, earlier: list[str]
) -> Content:
    """Return what a release says in its place in the order: the one way for a build and for a back-test.

    Args:
        connection: of the role publisher, in no transaction.
        agreement: the agreement followed up.
        year: the release's year.
        edition: the release's edition.
        as_of: cut-off of knowledge.
        earlier: the releases that readers had been given before (:func:`include.publish.release.earlier_than`).
    """
    with connection.begin():
        ours = registry_of(registry(), agreement, year)
        return store.content_of(connection, ours, agreement, year, edition, as_of, earlier)


def _complete(connection: sa.Connection, content: Content, latest: Stored) -> BuildResult:
    """Return the latest release as it is; files lost, or never moved into place by a crash, are written again.

    One that was built but never released counts as built: what follows a build must still be done.
    """
    target = directory_of(latest)
    if target.exists() and not _is_whole(target):
        raise ReleaseRefused(
            f"The files of {latest.release_id} in {target} do not match their checksums. Restore the folder from a "
            "copy, or move it away and build again: the same files will be made anew."
        )
    if not target.exists():
        _move(_write(connection, content, latest.release_id, latest.previous_release_id), target)
    if not latest.released_at:
        with connection.begin():  # it says what it would say if it were built now, in the place that it has now
            store.update(connection, latest.release_id, built_at=sa.func.now())
        return _result(latest.release_id, "built", content)
    with connection.begin():
        write_index(connection)  # it may have been lost with the files
    return _result(latest.release_id, "unchanged", content)


def _write(connection: sa.Connection, content: Content, release_id: str, previous: str | None) -> Path:
    """Write every file of a release into a new folder beside its place, and return that."""
    parent = settings.published_dir() / content.agreement.id
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(".building-*"):  # the lock says that nobody is building; these are a crash's
        shutil.rmtree(left)
    built = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
    built.chmod(0o755)
    write_files(connection, content, release_id, previous, built)
    return built


def write_files(
    connection: sa.Connection, content: Content, release_id: str, previous: str | None, built: Path
) -> None:
    """Write every file of a release into an empty folder.

    Args:
        connection: of the role publisher, in no transaction; reads the release before.
        content: what the release says.
        release_id: its id.
        previous: id of the release that it is compared with, None for the first.
        built: the folder.
    """
    changes = _changes_of(connection, content, previous)
    found = files.tables(content, release_id, changes)
    files.write_tables(built / "data", found)
    files.write_indicator_tables(built / "data", found[0])
    for name, text in pages.render(content, release_id, previous, changes, found).items():
        (built / name).parent.mkdir(exist_ok=True)
        (built / name).write_text(text, encoding="utf-8", newline="\n")
    files.write_json(built / "datapackage.json", files.data_package(content, release_id, found))
    files.write_json(built / "release.json", files.manifest(content, release_id, previous, built))


def _changes_of(connection: sa.Connection, content: Content, previous: str | None) -> list[Change]:
    now = {each.id: diff.definition_of(each.model_dump(mode="json")) for each in content.indicators}
    with connection.begin():
        before = store.values_of(connection, previous) if previous else []
        was = store.definitions_of(connection, previous) if previous else {}
    return diff.compare(before, content.values, was, now if previous else {})


def _changes(connection: sa.Connection, previous: str | None, release_id: str) -> list[Change]:
    before = store.values_of(connection, previous) if previous else []
    was = store.definitions_of(connection, previous) if previous else {}
    now = store.definitions_of(connection, release_id) if previous else {}
    return diff.compare(before, store.values_of(connection, release_id), was, now)


def _is_whole(directory: Path) -> bool:
    """Return whether a release's folder holds exactly the files that its manifest lists, with their hashes."""
    listing = directory / "release.json"
    if not listing.is_file():
        return False
    listed = json.loads(listing.read_text(encoding="utf-8"))["files"]
    return bool(listed == {name: files.sha256_of_file(directory / name) for name in files.names_of(directory)})


def _same_or_absent(built: Path, target: Path) -> None:
    """Refuse to build where other files stand under the same id (the database was lost, and the history differs).

    Raises:
        ReleaseRefused: the folder there holds something else.
    """
    if not target.exists():
        return
    theirs, ours = (folder / "release.json" for folder in (target, built))
    if not _is_whole(target) or theirs.read_bytes() != ours.read_bytes():
        shutil.rmtree(built)
        raise ReleaseRefused(
            f"{target} already holds another release of that name, which the database does not know. Published files "
            "are never overwritten: restore the database that knows them, or move the folder away."
        )


def _move(built: Path, target: Path) -> None:
    if target.exists():  # the same bytes (see _same_or_absent)
        shutil.rmtree(built)
    else:
        built.rename(target)


def _in_its_place(connection: sa.Connection, one: Stored) -> None:
    """See to it that a release says what it would say if it were built now, after all that readers have been given.

    Raises:
        ReleaseRefused: another release has been given to readers since it was built, and what that shows changes what
            this one may say.
    """
    with connection.begin():
        releases = store.stored(connection, one.agreement_id)
    now = store.earlier_than(releases)
    if now == store.earlier_than(releases, one):
        return
    agreement = _agreement(one.agreement_id)
    content = content_in(connection, agreement, one.year, one.edition, one.as_of, now)
    if content.digest != one.digest:
        raise ReleaseRefused(
            f"{one.release_id} was built before {now[-1]} was released, and would say something else now: build it "
            "again."
        )
    with connection.begin():
        store.update(connection, one.release_id, built_at=sa.func.now())


def _place(agreement_id: str, release_id: str) -> Path:
    return settings.published_dir() / agreement_id / release_id


def directory_of(one: Stored) -> Path:
    """Return the folder of a release's files."""
    return _place(one.agreement_id, one.release_id)


def _result(release_id: str, state: Literal["built", "unchanged"], content: Content) -> BuildResult:
    directory = str(_place(content.agreement.id, release_id))
    return BuildResult(release_id, state, directory, content.digest, content.is_example, list(content.origins))


# --- releasing ---------------------------------------------------------------------------------------------------


@contextmanager
def _locked_release(release_id: str) -> Iterator[tuple[sa.Connection, Stored]]:
    """Give a connection that holds the lock of the release's agreement, and the release as it stands."""
    with engine("publisher").connect() as connection:
        agreement_id = store.get(connection, release_id).agreement_id
    with store.locked(agreement_id) as connection:
        one = store.get(connection, release_id)
        connection.commit()
        yield connection, one


def _decided(connection: sa.Connection, one: Stored, approval: Mapping[str, str]) -> str | None:
    """Record the decision about a release; return why it may not be released, or None if it may."""
    decision, by, reason = approval.get("decision") or "none", approval.get("by") or "", approval.get("reason") or ""
    if not one.audit_passed:
        return f"{one.release_id} has not passed its audit: run the audit and mend what it finds first."
    if one.diff_sv is None:
        return f"{one.release_id} has not been compared with the release before it: run compare first."
    if decision == "waived" and "live" in one.origins.split("|"):
        return f"{one.release_id} rests on live data: a person must approve it, approval cannot be waived."
    if decision in {"approved", "waived"} and not by:
        return f"{one.release_id}: the approval does not say who decided."
    if decision in {"approved", "waived", "rejected"}:
        said = {"approval": decision, "approved_by": by, "approval_reason": reason}
        store.update(connection, one.release_id, **said, approved_at=sa.func.now())
    if decision not in {"approved", "waived"}:
        return f"{one.release_id} was not approved ({decision}, {by or 'nobody'}): {reason or 'no reason given'}."
    return None


def _line(one: Stored, is_current: bool) -> pages.ReleaseLine:
    words = {"approved": f"godkänd av {one.approved_by}", "waived": "godkännande: avstått (medföljande data)"}
    return pages.ReleaseLine(
        agreement_id=one.agreement_id,
        release_id=one.release_id,
        year=one.year,
        edition=wording.EDITION[one.edition],
        as_of=utc_text(one.as_of),
        approval=words.get(one.approval or "", "uppgift saknas"),
        is_example=one.is_example,
        is_current=is_current,
    )


def _write_atomically(path: Path, text: str) -> None:
    """Replace a file in one step, so that a reader never meets half a page."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)
