"""``python -m include extracts …``: the parties' deliveries by hand, without Airflow."""

import argparse
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include import settings
from include.errors import UsageError

if TYPE_CHECKING:
    from include.archive.manifest import Manifest
    from include.registry.models import Agreement

Command = Callable[[argparse.Namespace], int]


def add_to(verbs: Any, user: Callable[[], str]) -> None:
    """Add the command ``extracts`` to the command line.

    Args:
        verbs: the subparsers of ``python -m include``.
        user: returns who gives the command.
    """
    text = "the parties' deliveries: templates, submit, withdraw, states, reminders, quarantine"
    own = verbs.add_parser("extracts", help=text, description=text)
    commands = own.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        parser.set_defaults(command=command, user=user)
        return parser

    templates = add("templates", _templates, "write the parties' templates for a year")
    templates.add_argument("agreement", help="id of the agreement")
    templates.add_argument("year", type=int, help="the year that is told of")
    templates.add_argument("--party", help="only of this party, e.g. K2380")
    templates.add_argument("--folder", type=Path, help="where to (default: templates in FOLLOWUP_HOME)")
    templates.add_argument(
        "--earlier", action="store_true", help="show what each party said of the period before beside the cells"
    )

    submit = add("submit", _submit, "take in one file as the inbox would, down to the load; print the answer")
    submit.add_argument("file", type=Path)
    submit.add_argument("--agreement", help="default: as the file's first sheet says")
    submit.add_argument("--party", help="default: as the file's first sheet says")
    submit.add_argument("--example", action="store_true", help="the file is EXEMPELDATA, and is kept as such")

    withdraw = add("withdraw", _withdraw, "take a delivery back; its figures are closed, nothing is deleted")
    withdraw.add_argument("part", help="which, e.g. jamtland-K2380-2023")
    withdraw.add_argument("--reason", required=True, help="why; it is kept and shown")

    states = add("states", _states, "print where each delivery stands")
    states.add_argument("agreement", nargs="?", help="id of the agreement (default: all)")

    remind = add("remind", _remind, "send the reminders of today and the answers not sent yet")
    remind.add_argument("--dry-run", action="store_true", help="only print the reminders; nothing is sent or recorded")

    quarantine = add("quarantine", _quarantine, "files with personal data, locked away")
    quarantine.add_argument("what", choices=["list", "open", "empty", "keys"])
    quarantine.add_argument("sha256", nargs="?", help="with open: the file's hash, or its first 12 signs or more")
    quarantine.add_argument("--to", type=Path, help="with open: where to write the file; with keys: the private key")
    quarantine.add_argument("--key-file", type=Path, help="with open: the private key (default: this machine's)")
    quarantine.add_argument("--older-than", type=int, metavar="DAYS", help="with empty (default: the deployment's)")


def _agreement(agreement_id: str) -> "Agreement":
    from include.registry.read import registry

    agreements = registry().agreements
    if agreement_id not in agreements:
        raise UsageError(f"There is no agreement {agreement_id!r}; the registry has {', '.join(sorted(agreements))}.")
    return agreements[agreement_id]


def _templates(chosen: argparse.Namespace) -> int:
    from include.archive.store import Archive
    from include.check.earlier_values import earlier_values
    from include.registry.read import registry
    from include.registry.templates import write_templates

    agreement = _agreement(chosen.agreement)
    earlier = earlier_values(registry(), Archive(settings.archive_url())) if chosen.earlier else None
    folder = chosen.folder or settings.home() / "templates"
    for file in write_templates(registry(), agreement, chosen.year, folder, party=chosen.party, earlier=earlier):
        print(file)
    return 0


def _submit(chosen: argparse.Namespace) -> int:
    from include import verbs

    run = verbs.by_hand(None, "live", None)
    manifest = verbs.submit(chosen.file, chosen.agreement, chosen.party, run, example=chosen.example)
    print(f"{manifest.capture_id}: {manifest.change}, {manifest.size:,} bytes")
    return _take_in(manifest, run)


def _withdraw(chosen: argparse.Namespace) -> int:
    from include import verbs

    run = verbs.by_hand(None, "live", None)
    manifest = verbs.withdraw(chosen.part, chosen.user(), chosen.reason, run)
    print(f"{manifest.capture_id}: {chosen.part} is withdrawn")
    return _take_in(manifest, run)


def _take_in(manifest: "Manifest", run: Any) -> int:
    """Check and load a capture, and print the answer that the sender gets, also where the check refuses it."""
    from include import verbs
    from include.registry.delivery import Identity

    answer = settings.receipts_dir().joinpath(
        *Identity.of_part(manifest.part), f"{manifest.capture_id.rpartition('/')[2]}.txt"
    )
    try:
        done = verbs.take_in(manifest.capture_id, run)
    finally:
        if answer.exists():
            print(f"\n{answer.read_text(encoding='utf-8')}")
    if done is None:
        print("Nothing was loaded: the warehouse holds it already, or a person has rejected it.")
    else:
        print(f"{done.rows_in} figures in, {done.new} new, {done.unchanged} unchanged, {done.revised} revised, "
              f"{done.withdrawn} withdrawn, {done.quarantined} set aside")  # fmt: skip
    return 0


def _states(chosen: argparse.Namespace) -> int:
    from include import verbs

    if chosen.agreement:
        _agreement(chosen.agreement)
    line = "{:<24} {:<10} {:<11} {:<8} {:>8}  {}"
    print(line.format("delivery", "state", "due", "on time", "versions", "newest file waits to be"))
    for state in verbs.delivery_states(datetime.now(UTC), chosen.agreement):
        on_time = {True: "yes", False: "no", None: ""}[state.on_time]
        waits = {"received": "judged", "returned": "corrected", None: ""}[state.pending]
        due = state.due.isoformat() if state.due else "not expected"
        print(line.format(state.identity.part, state.state, due, on_time, state.versions, waits).rstrip())
    return 0


def _remind(chosen: argparse.Namespace) -> int:
    if chosen.dry_run:
        return _show_reminders()
    from include.errors import SourceUnavailable
    from include.orchestration import mail

    failed: list[SourceUnavailable] = []
    for name, send in (("reminders", mail.send_reminders), ("answers", mail.send_answers)):
        try:
            counts = send()
        except SourceUnavailable as error:
            failed.append(error)
            continue
        print(f"{name}: {counts['sent']} sent, {counts['not_sent']} not sent for want of settings (see the log)")
    if failed:
        raise failed[0]
    return 0


def _show_reminders() -> int:
    from include import verbs
    from include.measure.deliveries import day_of
    from include.orchestration.reminders import due_reminders, sent_letters
    from include.registry.read import registry

    now = datetime.now(UTC)
    found = verbs.delivery_states(now, only_live=True)
    reminders = due_reminders(found, sent_letters().keys(), day_of(now), registry())
    for reminder in reminders:
        to = ", ".join(reminder.to) or "nobody: the party has no address in the registry"
        print(f"--- {reminder.key}\nTo: {to}\nSubject: {reminder.subject}\n\n{reminder.text}")
    print(f"{len(reminders)} reminders are due today; nothing was sent.")
    return 0


def _quarantine(chosen: argparse.Namespace) -> int:
    from include.archive.quarantine import Kept, Quarantine, new_keys

    quarantine = Quarantine(settings.quarantine_dir())

    def line(kept: Kept) -> str:
        places = f"{', '.join(kept.places[:3])}{' …' if len(kept.places) > 3 else ''}"
        return f"{kept.sha256}  {kept.moment:%Y-%m-%d %H:%M}  {kept.folder}  {kept.size:,} bytes  {kept.rule}: {places}"

    match chosen.what:
        case "list":
            for kept in quarantine.listed():
                print(line(kept))
        case "open":
            if not chosen.sha256 or not chosen.to:
                raise UsageError("Say which file, and with --to where to write it.")
            key = chosen.key_file.read_text(encoding="ascii").strip() if chosen.key_file else None
            _write_private(chosen.to, quarantine.open(chosen.sha256, key))
            print(f"{chosen.to} holds personal data. Delete it when you have seen what it is.")
        case "empty":
            days = settings.quarantine_days() if chosen.older_than is None else chosen.older_than
            for kept in quarantine.empty(timedelta(days=days), datetime.now(UTC)):
                print(f"deleted: {line(kept)}")
        case "keys":
            if not chosen.to:
                raise UsageError("Say with --to where to write the private key.")
            private, public = new_keys()
            _write_private(chosen.to, f"{private}\n".encode())
            print(f"{chosen.to} opens the quarantine: keep it away from this deployment, which is to have\n{public}")
    return 0


def _write_private(file: Path, content: bytes) -> None:
    """Write a file for its owner alone, never over another.

    Raises:
        UsageError: it is there already.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{file} is there already.") from None
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
