"""The command line: ``python -m include <verb> …`` runs each verb by hand, without Airflow.

Exit codes: 0 done; 1 other errors of ours; 2 wrong use or registry; 3 source; 4 archive; 5 check; 6 load; 7 release;
130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.deliveries_cli import add_to as add_deliveries
from include.errors import FollowUpError, UsageError

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    chosen = _parser().parse_args(arguments)
    command: Command = chosen.command
    try:
        return command(chosen)
    except FollowUpError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not _is_unreachable(error):
            raise
        said = str(error).partition("\n")[0]
        start = "python -m include.load.embedded start (or make up, with Airflow)"
        print(f"The warehouse does not answer: {said}. Is it running? The embedded one: {start}.", file=sys.stderr)
        return 1


def _is_unreachable(error: Exception) -> bool:
    """Return whether the database could not be reached; SQLAlchemy, which says so, is imported by then or never."""
    sqlalchemy = sys.modules.get("sqlalchemy.exc")
    return sqlalchemy is not None and isinstance(error, sqlalchemy.OperationalError)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include", description=__doc__.split("\n\n")[0].strip())
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(command=command)
        return verb

    archive = add("archive", _archive, "archive what a source had published by the end of a quarter")
    archive.add_argument("source", nargs="?", help="id of the source, e.g. scb_population")
    archive.add_argument("--quarter", help="calendar quarter, e.g. 2025-Q3 (default: the last whole one)")
    archive.add_argument(
        "--read-from", choices=["live", "archive"], help="default: the deployment's FOLLOWUP_READ_FROM"
    )
    archive.add_argument("--as-of", help="with archive: as it was at this moment, e.g. 2026-03-31")
    archive.add_argument("--load", action="store_true", help="go on: check and load what was archived")
    archive.add_argument("--bundle", action="store_true", help="only adopt the bundled captures into the archive")
    archive.add_argument("--file", type=Path, help="archive this file of the source, had by hand (with --part, --url)")
    archive.add_argument("--part", help="with --file: what it is a version of, e.g. oj-2024")
    archive.add_argument("--url", help="with --file: where you had it")
    archive.add_argument("--record", action="store_true", help="write a small real answer for the tests")
    archive.add_argument("--verify", action="store_true", help="only verify every archived file against its hash")

    check = add("check", _check, "check a file (dry run: says what would happen), or a capture (stages it)")
    check.add_argument("source", help="id of the source")
    check.add_argument("file", nargs="?", type=Path, help="the file to try; nothing is written")
    check.add_argument("--part", help="what the file is a version of, e.g. Rn01-2024 (default: read from the file)")
    check.add_argument("--capture", help="id of an archived capture to check and stage")

    for verdict, text in (
        ("approve", "load a capture that the check holds, in spite of what is strange in it"),
        ("reject", "never load a capture that the check holds"),
    ):
        decide = add(verdict, _decide, text)
        decide.add_argument("capture", help="id of the capture, as the check's message names it")
        decide.add_argument("--reason", required=True, help="why; it is kept beside the archive and shown")
        decide.set_defaults(verdict=verdict)

    load = add("load", _load, "check and load every archived capture that is not in the warehouse yet")
    load.add_argument("sources", nargs="*", metavar="source", help="ids of the sources (default: all)")
    load.add_argument("--as-of", help="only what had been archived at this moment")

    measure = add("measure", _measure, "compute an agreement's indicators")
    measure.add_argument("agreement", help="id of the agreement")
    measure.add_argument("years", nargs="*", type=int, help="years (default: those with changed figures)")

    indicators = add("indicators", _indicators, "print an indicator's values as they were known at a moment")
    indicators.add_argument("indicator", help="id of the indicator, e.g. TMV-B05")
    indicators.add_argument("--agreement", help="id of the agreement (default: the only one)")
    indicators.add_argument("--as-of", help="as known at this moment, e.g. 2025-06-30 (default: now)")
    indicators.add_argument("--year", type=int, help="only this year")

    publish = add("publish", _publish, "publish an edition of an agreement's follow-up")
    publish.add_argument("agreement", help="id of the agreement")
    publish.add_argument("year", type=int, help="the year followed up")
    publish.add_argument("edition", choices=["preliminary", "final", "correction", "closing"])
    publish.add_argument("--as-of", help="the release's moment (default: the last loaded capture's)")
    publish.add_argument("--approve", metavar="NAME", help="who approves, having read the comparison")
    publish.add_argument("--waive", action="store_true", help="no approval: only on bundled data")

    backtest = add("backtest", _backtest, "make every published release anew and compare it byte for byte")
    backtest.add_argument("releases", nargs="*", metavar="RELEASE_ID", help="only these (default: all)")

    status = add("status", _status, "print the ledger: what each source has been through")
    status.add_argument("--source", help="only this source")
    status.add_argument("--all", action="store_true", help="every entry, not only the latest of each kind")

    add_deliveries(verbs, _user)

    add("summary", _summary, "print what is published and loaded")
    add("migrate", _migrate, "bring the warehouse up to date (schema, roles, dimensions)")
    sql = add("sql", _sql, "open psql on the embedded warehouse")
    sql.add_argument("role", nargs="?", default="owner", choices=["owner", "loader", "publisher", "bi_reader"])
    add("run", _run, "the main job, whole, with a real Airflow (make run)")
    add("up", _up, "start Airflow and the database and leave them on (make up)")
    add("down", _down, "stop them (make down)")
    add("pools", _pools, "print Airflow's pools as JSON, for `airflow pools import`")
    return parser


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--as-of is {text!r}; expected e.g. 2026-03-31 or 2026-03-31T12:00+00:00.") from error
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def _source(source_id: str) -> str:
    from include.registry.read import registry

    known = registry().sources
    if source_id not in known:
        raise UsageError(f"There is no source {source_id!r}; the registry has {', '.join(sorted(known))}.")
    return source_id


def _archive(chosen: argparse.Namespace) -> int:
    from include import settings, verbs

    if chosen.bundle:
        print(f"{verbs.adopt_bundle()} bundled captures were new to the archive {settings.archive_url()}.")
        return 0
    if chosen.verify:
        from include.archive.store import Archive

        damages = Archive(settings.archive_url()).verify()
        print("\n".join(damages) if damages else "Every archived file has its hash.")
        return 4 if damages else 0
    if not chosen.source:
        raise UsageError("Name a source, or give --bundle or --verify.")
    source_id = _source(chosen.source)
    if chosen.record:
        return _record(source_id)
    run = verbs.by_hand(chosen.quarter, chosen.read_from, _moment(chosen.as_of))
    if chosen.file is not None:
        manifest = verbs.archive_file(source_id, chosen.file, chosen.part, chosen.url, run)
        print(f"{manifest.capture_id}: {manifest.change}, {manifest.size:,} bytes")
        return _load_captures([manifest.capture_id], run) if chosen.load else 0
    result = verbs.archive(source_id, run)
    print(f"{chosen.source} {run.quarter} (read from {run.read_from}): {result.reason}")
    for capture_id in result.new:
        print(f"  to check and load: {capture_id}")
    return _load_captures(result.new, run) if chosen.load else 0


def _record(source_id: str) -> int:
    from include.archive.record import record
    from include.registry.read import registry

    for file in record(registry().sources[source_id], registry()):
        print(file)
    return 0


def _check(chosen: argparse.Namespace) -> int:
    from include import verbs

    source_id = _source(chosen.source)
    if chosen.capture:
        result = verbs.check(chosen.capture, verbs.by_hand(None, "archive", None))
    elif chosen.file is not None:
        from include.check.run import check_file, describe

        result = check_file(source_id, chosen.file, chosen.part)
        print(describe(result))
        return 5 if result.refusal else 0
    else:
        raise UsageError("Name a file to try, or --capture with the id of an archived capture.")
    print(f"{result.capture_id}: {result.rows_in} figures in; {result.passed} would be loaded, "
          f"{result.quarantined} set aside, {result.rejected} rejected.")  # fmt: skip
    for warning in result.warnings:
        print(f"  warning: {warning}")
    if result.report:
        print(f"  report: {result.report}")
    return 0


def _load(chosen: argparse.Namespace) -> int:
    from include import settings, verbs
    from include.archive.store import Archive
    from include.load.run import loaded_captures
    from include.registry.read import registry

    as_of, code = _moment(chosen.as_of), 0
    for source_id in [_source(each) for each in chosen.sources] or registry().sources:
        loaded = loaded_captures(source_id)
        held = Archive(settings.archive_url()).manifests(source_id, as_of=as_of)
        waiting = sorted((m for m in held if m.capture_id not in loaded), key=lambda m: m.captured_at)
        if not waiting:
            print(f"{source_id}: every archived capture is in the warehouse already.")
        code = max(code, _load_captures([m.capture_id for m in waiting], verbs.by_hand(None, "archive", as_of)))
    return code


def _decide(chosen: argparse.Namespace) -> int:
    from include import verbs

    word = verbs.decide(chosen.capture, chosen.verdict, _user(), chosen.reason)
    print(f"{word.capture}: {word.verdict} by {word.by} at {word.at:%Y-%m-%d %H:%M} UTC: {word.reason}")
    if word.verdict == "approve":
        print(f"  next: python -m include load {word.capture.split('/')[0]}")
    return 0


def _user() -> str:
    """Return who gives this command: ``FOLLOWUP_USER``, else the login name."""
    import getpass

    try:
        return os.environ.get("FOLLOWUP_USER") or getpass.getuser()
    except (KeyError, OSError) as error:  # a container's user may have no name
        raise UsageError("Nobody knows who you are: set FOLLOWUP_USER to your name.") from error


def _load_captures(capture_ids: Sequence[str], run: Any) -> int:
    from include import verbs
    from include.check.run import CaptureHeld

    held: list[CaptureHeld] = []
    for capture_id in capture_ids:
        try:
            checked = verbs.check(capture_id, run)
        except CaptureHeld as waits:  # it waits for a person, and the others need not
            held.append(waits)
            print(f"  {capture_id}: held, waits for a person's word")
            continue
        if checked.staged is None:
            print(f"  {capture_id}: nothing may be loaded; see {checked.report}")
            continue
        done = verbs.load(checked.staged, run)
        print(f"  {capture_id}: {done.rows_in} figures in, {done.new} new, {done.unchanged} unchanged, "
              f"{done.revised} revised, {done.withdrawn} withdrawn, {done.quarantined} set aside")  # fmt: skip
    for error in held:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return held[0].exit_code if held else 0


def _measure(chosen: argparse.Namespace) -> int:
    from include import verbs

    for year in chosen.years or verbs.pending_years():
        result = verbs.measure(chosen.agreement, year)
        print(f"{chosen.agreement} {year}: {result.values} values, {'changed' if result.changed else 'unchanged'}")
    return 0


def _indicators(chosen: argparse.Namespace) -> int:
    from include.load.engine import engine
    from include.measure.listing import listing
    from include.measure.vintages import as_known
    from include.registry.read import registry

    everything, as_of = registry(), _moment(chosen.as_of)
    known = everything.agreements
    if chosen.agreement is None and len(known) != 1:
        raise UsageError(f"Name the agreement with --agreement: {', '.join(known)}.")
    agreement = known.get(chosen.agreement or next(iter(known)))
    if agreement is None:
        raise UsageError(f"There is no agreement {chosen.agreement!r}; known: {', '.join(known)}.")
    years = [chosen.year] if chosen.year is not None else None
    with engine("loader").connect() as connection:
        values = as_known(connection, everything, agreement, chosen.indicator, as_of, years)
    when = f"as known at {as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if as_of else "as known now"
    print(f"{chosen.indicator}, {agreement.id}, {when}:")
    rows = listing(values)
    _print_table(rows) if rows else print("Nothing was known.")
    return 0


def _backtest(chosen: argparse.Namespace) -> int:
    from include.publish.backtest import backtest

    outcomes = []
    for result in backtest(chosen.releases):
        print(result.text(), flush=True)
        outcomes.append(result.outcome)
    if not outcomes:
        print("No release has been given to readers yet.")
    return 7 if "differs" in outcomes else 2 if "other_definitions" in outcomes else 0


def _publish(chosen: argparse.Namespace) -> int:
    from include import verbs

    due = verbs.edition(chosen.agreement, chosen.year, chosen.edition, _moment(chosen.as_of))
    built = verbs.build(due.agreement_id, due.year, due.edition, due.as_of)
    if built.state == "unchanged":
        print(f"{built.release_id} holds the same: nothing is published again.")
        return 0
    verbs.audit(built.release_id)
    print(verbs.compare(built.release_id))
    if chosen.waive:
        approval = {"decision": "waived", "by": "command line", "reason": "bundled data"}
    elif chosen.approve:
        approval = {"decision": "approved", "by": chosen.approve, "reason": ""}
    else:
        print(
            f"{built.release_id} is built and audited. Read it in {built.directory}, then publish with --approve NAME."
        )
        return 0
    verbs.release(built.release_id, approval)
    print(f"{built.release_id} is current.")
    return 0


def _status(chosen: argparse.Namespace) -> int:
    from include.load.run import status

    rows = status(source_id=chosen.source, every=chosen.all)
    if not rows:
        print("The ledger is empty: nothing has run yet.")
        return 0
    _print_table(rows)
    return 0


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows with a head, each column as wide as it must be."""
    names = list(rows[0])
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in names]
    for line in [dict(zip(names, names, strict=True)), *rows]:
        print("  ".join(str(line[name]).ljust(width) for name, width in zip(names, widths, strict=True)).rstrip())


def _summary(_: argparse.Namespace) -> int:
    from include import verbs

    print(verbs.summary())
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from include import verbs

    verbs.migrate()
    print("The warehouse is up to date.")
    return 0


def _sql(chosen: argparse.Namespace) -> int:
    from include import settings
    from include.load.embedded import Embedded

    server = Embedded(settings.home())
    server.start()
    user = settings.DATABASE_USERS[chosen.role]
    command = server.psql_command(user)
    os.execve(command[0], command, {**os.environ, "PGPASSWORD": server.password(user)})  # noqa: S606 - psql takes this process's place


def _run(_: argparse.Namespace) -> int:
    from include.orchestration.whole_run import run

    return run()


def _up(_: argparse.Namespace) -> int:
    from include.orchestration.whole_run import up

    return up()


def _down(_: argparse.Namespace) -> int:
    from include.orchestration.whole_run import down

    return down()


def _pools(_: argparse.Namespace) -> int:
    import json

    from include.orchestration.defaults import pools
    from include.registry.read import registry

    print(json.dumps(pools(registry()), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
