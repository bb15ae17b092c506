"""The audit of small counts: how long it takes for one county's release, and what it finds in random tables.

* The bundled deliveries of five years are loaded into a warehouse of their own; the preliminary and the final release
  of each year are built, audited and given to readers one after the other, so that the last is weighed with nine before
  it (promise: under 10 s for a release).
* 1,000 random sparse linked tables with two releases each: of the naive ones (small counts hidden and nothing else)
  every sum that a search finds to be determined must be found by the auditor (100 %); of those that the disclosure
  control has decided on nothing may be found (0).

Run it with ``python -m benchmarks disclosure``; ``python -m benchmarks.disclosure tables 200`` tries 200 tables alone.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

TABLES = 1_000
YEARS = range(2021, 2026)


def main(tables: int = TABLES) -> None:
    """Print the audit's times, then what was found in the tables."""
    from include import settings
    from include.load.embedded import Embedded

    home = Path(tempfile.mkdtemp(prefix="followup-bench-", dir="/tmp"))
    os.environ["FOLLOWUP_HOME"] = str(home)
    os.environ.pop("FOLLOWUP_DATABASE_URL", None)
    server = Embedded(settings.home())
    try:
        server.start()
        load()
        releases()
    finally:
        server.stop()
        shutil.rmtree(home)
    random_tables(tables)


def load() -> None:
    """Load the bundled deliveries as they came."""
    from include import settings, verbs
    from include.archive.deliveries import SOURCE
    from include.archive.store import Archive
    from include.errors import CheckFailed, LayoutChanged

    verbs.migrate()
    verbs.adopt_bundle()
    run = verbs.Run("2026-Q1", "archive", None, "benchmark")
    came = sorted(
        Archive(settings.archive_url()).manifests(SOURCE), key=lambda each: (each.captured_at, each.capture_id)
    )
    with contextlib.redirect_stdout(io.StringIO()):
        for manifest in came:
            # A delivery that was refused in its day is part of what happened.
            with contextlib.suppress(CheckFailed, LayoutChanged):
                verbs.take_in(manifest.capture_id, run)
    print(f"{len(came)} deliveries loaded")


def releases() -> None:
    """Build, audit and release the preliminary and the final follow-up of each year; print the audit's time of each."""
    from include.load.engine import engine
    from include.publish import disclosure_audit, run
    from include.publish import release as store
    from include.registry.read import registry

    print("release                         figures  variables   sums  hidden rows  shown  audit of small counts")
    for year in YEARS:
        for edition, month in (("preliminary", 3), ("final", 9)):
            as_of = datetime(year + 1, month, 15, tzinfo=UTC)
            built = run.build("jamtland", year, edition, as_of)
            with engine("publisher").connect() as connection:
                one = store.get(connection, built.release_id)
                began = time.perf_counter()
                case = disclosure_audit.case_of(connection, one, registry())
                found = list(disclosure_audit.faults(case))
                taken = time.perf_counter() - began
            size = disclosure_audit.size_of(case)
            print(
                f"{built.release_id:<30} {size.figures:8,} {size.variables:10,} {size.sums:6,} {size.hidden:12,} "
                f"{size.shown:6,} {taken:10.2f} s{'' if not found else f'   {len(found)} faults: {found[0]}'}",
                flush=True,
            )
            run.audit(built.release_id)
            run.compare(built.release_id)
            run.release(built.release_id, {"decision": "waived", "by": "benchmark", "reason": "bundled data"})


def random_tables(count: int) -> None:
    """Print what the auditor finds in random tables, naive ones and protected ones."""
    from include.publish.attack import exposed
    from tests.publish.controlled import released
    from tests.publish.linked_tables import Search, TooMany, tables

    determined = caught = given_up = recoverable = sums = shown = rows = 0
    seconds = {"attack on naive tables": 0.0, "search": 0.0, "attack on protected tables": 0.0}
    for seed in range(count):
        made = tables(seed)
        forms = made.attacked()
        naive = [row for release in made.releases for row in release if not made.is_primary(row)]
        system = made.system(naive)
        began = time.perf_counter()
        found = {each.form for each in exposed(system, forms)}
        seconds["attack on naive tables"] += time.perf_counter() - began
        began = time.perf_counter()
        search = Search(system)
        for place, form in enumerate(forms):
            try:
                known = search.is_determined(form)
            except TooMany:
                given_up += 1
                continue
            determined, caught = determined + known, caught + (known and place in found)
        seconds["search"] += time.perf_counter() - began
        kept = released(made)
        began = time.perf_counter()
        recoverable += len(exposed(made.system(kept), forms))
        seconds["attack on protected tables"] += time.perf_counter() - began
        sums, shown, rows = sums + len(forms), shown + len(kept), rows + sum(map(len, made.releases))
    print(f"{count:,} random linked tables of two releases each, {sums:,} sums that must not be found out")
    share = caught / max(determined, 1)
    print(f"  naive: {determined:,} determined, {caught:,} caught ({share:.1%}); {given_up} given up")
    print(f"  protected: {recoverable} recoverable, {shown / max(rows, 1):.0%} of the rows shown")
    for name, taken in seconds.items():
        print(f"  {name:<30} {1000 * taken / max(count, 1):8.1f} ms a table")


if __name__ == "__main__":
    if sys.argv[1:2] == ["tables"]:
        random_tables(int(sys.argv[2]) if len(sys.argv) > 2 else TABLES)
    else:
        main()
