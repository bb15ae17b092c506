"""Invented deliveries of an agreement's parties, for there are no public ones: EXEMPELDATA, made from seeds.

``python -m include.bundle.example_deliveries`` writes those of the bundled agreement, for 2021-2025, into the bundle's
archive; ``python -m include.bundle.example_deliveries AGREEMENT FOLDER`` puts another agreement's into an archive. The
same seeds give the same bytes. The numbers are consistent and as many as the population lets expect
(:mod:`include.bundle.example_numbers`), the logs look like real years (:mod:`include.bundle.example_logs`). As in real
years some of it is late, lacking, corrected, masked, taken back or wrong: the tables below say what and where for the
bundled agreement, and nothing else is; another agreement's all come, and in time. No person is named, every text
begins with EXEMPEL, and every file says EXEMPELDATA of itself.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

from include.archive.deliveries import CSV, SOURCE, XLSX
from include.archive.store import Archive
from include.archive.withdrawals import is_withdrawal, withdraw
from include.bundle import example_logs, example_numbers
from include.bundle.example_logs import YEARS, Rows
from include.periods import Period
from include.registry.delivery import Identity, due, extracts_in, periods
from include.registry.models import Registry
from include.registry.read import registry
from include.registry.templates import csv_form, workbook
from include.settings import bundle_url

#: The agreement whose deliveries the bundle has; what differs from a year in which all goes well is about them.
AGREEMENT = "jamtland"

NOTE = "EXEMPELDATA: påhittad leverans, gjord av include/bundle/example_deliveries.py. Inga uppgifter är riktiga."

#: Sheet to row key to measure to what stands in the cell: a number, "ja" or "nej", a marker, or a fault.
Numbers = dict[str, dict[tuple[str, str, str, str], dict[str, Any]]]

#: The last year that anything is invented about.
LAST_YEAR = YEARS[-1]

# --- what differs from a year in which all goes well -------------------------------------------------------------

#: Deliveries that never came. Shelters need not deliver.
LACKING = frozenset({"K2313-2022", "JOUR_1-2021", "JOUR_1-2022"})

#: Deliveries that came after their last day, and when.
LATE: dict[str, date] = {
    "K2326-2021": date(2022, 3, 24),
    "LST-2022": date(2023, 4, 18),
    "RJH-2023-Q3": date(2023, 11, 20),
    "JOUR_1-2024": date(2025, 3, 17),
}

#: The system of one municipality gives CSV, in the letters of an older Windows.
IN_CSV = frozenset({"K2326-2025"})

#: Parties that mask small counts of persons and cases themselves, from when, and how.
MASKED: dict[str, tuple[int, str]] = {"K2303": (2021, "<5"), "K2305": (2024, "x"), "K2326": (2025, "färre än 5")}

#: Deliveries of which every number is text, its thousands set apart by a space that does not break the line.
AS_TEXT = frozenset({"RJH-2022"})


class Cell(NamedTuple):
    """A cell of a grid that holds something else than its number; ``{}`` in a text is the number."""

    sheet: str
    measure: str
    text: str
    key: tuple[str, str, str, str] = ("", "total", "T", "T")


#: Cells that pass the gate and are set aside, by delivery.
FAULTS: dict[str, Cell] = {
    "K2321-2022": Cell("Vuxna", "any_intervention", "62 %", ("", "total", "T", "18+")),
    "RJH-2023-Q2": Cell("Barnahus vård", "children_crisis_support", "ca {}"),
    "K2361-2024": Cell("Skyddat boende", "placed_children", "01-apr"),  # was 1-4, until Excel saw it
    "CMV-2025": Cell("Boende och avvisade", "refused_other", "#SAKNAS!"),
}

#: A cell whose number has a footnote, and is read all the same.
FOOTNOTES: dict[str, Cell] = {"POL-2023": Cell("Samråd och utryckning", "consultations", "{} 1)")}


class Earlier(NamedTuple):
    """How a delivery first came, before it was corrected: when the correction came, and what differed.

    Attributes:
        change: makes the first version's rows and numbers from the right ones.
        status: the first version's.
    """

    corrected: datetime
    change: Callable[[Rows, Numbers], tuple[Rows, Numbers]]
    status: Literal["P", "S"] = "S"


def _wrong_attendance(rows: Rows, numbers: Numbers) -> tuple[Rows, Numbers]:
    """At the second meeting every deputy and empty seat was logged as the head."""
    return example_logs.with_wrong_attendance(rows), numbers


def _ten_times(rows: Rows, numbers: Numbers) -> tuple[Rows, Numbers]:
    """A digit too many in one cell."""
    return rows, _changed(numbers, Cell("Våldsutövare och samråd", "perpetrators_supported", "{}0"))


def _not_all_yet(rows: Rows, numbers: Numbers) -> tuple[Rows, Numbers]:
    """Preliminary: the last children were not registered yet."""
    number = numbers["Barnahus vård"]["", "total", "T", "T"]["children_crisis_support"]
    return rows, _changed(numbers, Cell("Barnahus vård", "children_crisis_support", str(number - 3)))


def _fewer_consultations(rows: Rows, numbers: Numbers) -> tuple[Rows, Numbers]:
    """Final, and yet changed a year later."""
    number = numbers["Samråd och utryckning"]["", "total", "T", "T"]["consultations"]
    return rows, _changed(numbers, Cell("Samråd och utryckning", "consultations", str(number - 4)))


CORRECTED: dict[str, Earlier] = {
    "LST-2023": Earlier(datetime(2024, 5, 20, 9, 15, tzinfo=UTC), _wrong_attendance),
    "K2380-2023": Earlier(datetime(2024, 4, 9, 12, 40, tzinfo=UTC), _ten_times),
    "RJH-2024-Q1": Earlier(datetime(2024, 8, 21, 7, 55, tzinfo=UTC), _not_all_yet, status="P"),
    "POL-2022": Earlier(datetime(2024, 2, 12, 10, 5, tzinfo=UTC), _fewer_consultations),
}


class TakenBack(NamedTuple):
    """When and why a delivery was taken back, and by whom."""

    at: datetime
    by: str
    reason: str


WITHDRAWN: dict[str, TakenBack] = {
    "K2309-2024": TakenBack(
        datetime(2025, 6, 10, 11, 20, tzinfo=UTC),
        "EXEMPEL: Krokoms kommun",
        "EXEMPEL: uttaget omfattade inte hela året. En ny leverans har inte kommit.",
    )
}

# --- deliveries --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExampleDelivery:
    """One invented delivery: which it is, when it is said to have come, and its file."""

    identity: Identity
    captured_at: datetime
    content: bytes
    media_type: str = XLSX

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return f"{self.identity.part}.{'csv' if self.media_type == CSV else 'xlsx'}"


def deliveries(
    registry: Registry, agreement_id: str = AGREEMENT, years: Iterable[int] | None = None
) -> list[ExampleDelivery]:
    """Return the invented deliveries of an agreement, oldest first.

    Args:
        registry: has the agreement, and the contracts of its parties.
        agreement_id: whose.
        years: about which years; None = those that are followed up, to :data:`LAST_YEAR`.
    """
    told = [year for year in registry.agreements[agreement_id].years() if year <= LAST_YEAR]
    made = [
        each
        for identity in _identities(registry, agreement_id, told if years is None else years)
        for each in _versions(registry, identity)
    ]
    return sorted(made, key=lambda delivery: (delivery.captured_at, delivery.identity))


def bundle(
    archive: Archive, registry: Registry, agreement_id: str = AGREEMENT, years: Iterable[int] | None = None
) -> list[str]:
    """Put the deliveries into an archive, take back those taken back, and return the capture ids that are new in it."""
    before = {manifest.capture_id for manifest in archive.manifests(SOURCE)}
    for delivery in deliveries(registry, agreement_id, years):
        archive.put(
            delivery.content,
            source_id=SOURCE,
            part=delivery.identity.part,
            periods=[delivery.identity.period],
            origin="example",
            url=f"inbox:{agreement_id}/{delivery.identity.party}/{delivery.file_name}",
            captured_at=delivery.captured_at,
            media_type=delivery.media_type,
            file_name=delivery.file_name,
            origin_note=NOTE,
        )
    for name, taken in WITHDRAWN.items() if agreement_id == AGREEMENT else ():
        held = archive.latest(SOURCE, f"{AGREEMENT}-{name}")
        if held and not is_withdrawal(held):
            withdraw(archive, held.part, taken.by, taken.reason, taken.at)
    return sorted({manifest.capture_id for manifest in archive.manifests(SOURCE)} - before)


def rebuild(folder: Path, registry: Registry) -> list[str]:
    """Make the deliveries of a bundled archive anew, in place of those that were there, and return their capture ids.

    Invented deliveries have no history worth keeping: a change of the templates changes them all.
    """
    manifests = folder / "manifests" / SOURCE
    for path in manifests.rglob("*.json"):
        sha256 = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        (folder / "objects" / sha256[:2] / sha256).unlink(missing_ok=True)
    shutil.rmtree(manifests, ignore_errors=True)
    return bundle(Archive(str(folder)), registry)


def _identities(registry: Registry, agreement_id: str, years: Iterable[int]) -> Iterator[Identity]:
    """Yield the deliveries that came."""
    agreement = registry.agreements[agreement_id]
    for year in years:
        for party in agreement.parties:
            for period in periods(registry, agreement, party, year):
                identity = Identity(agreement_id, party.code, str(period))
                if _short(identity) not in LACKING:
                    yield identity


def _versions(registry: Registry, identity: Identity) -> Iterator[ExampleDelivery]:
    """Yield a delivery as it came, and as it came again if it was corrected."""
    year = Period.parse(identity.period).year
    extracts = [extract.id for extract in extracts_in(registry, identity)]
    rows = example_logs.rows_of(extracts, year, registry.agreements[identity.agreement])
    numbers: Numbers = {**example_numbers.numbers(registry, identity)}
    arrived, status = _arrival(registry, identity), "S"
    if first := CORRECTED.get(_short(identity)):
        yield _delivery(registry, identity, arrived, first.status, *first.change(rows, numbers))
        arrived = first.corrected
    yield _delivery(registry, identity, arrived, status, rows, numbers)


def _delivery(
    registry: Registry, identity: Identity, arrived: datetime, status: str, rows: Rows, numbers: Numbers
) -> ExampleDelivery:
    written = _as_written(registry, identity, numbers)
    if _short(identity) in IN_CSV:
        text = csv_form(registry, identity, written, status=status, example="yes").decode("utf-8-sig")
        return ExampleDelivery(identity, arrived, text.encode("cp1252"), CSV)
    return ExampleDelivery(identity, arrived, workbook(registry, identity, rows, written, status=status, example="yes"))


def _short(identity: Identity) -> str:
    """Return a delivery as the tables above name it, party and period; in another agreement nothing is named there."""
    own = "" if identity.agreement == AGREEMENT else f"{identity.agreement} "
    return f"{own}{identity.party}-{identity.period}"


def _arrival(registry: Registry, identity: Identity) -> datetime:
    """Return the invented moment of arrival: within two weeks of the last day, in working hours."""
    random = Random(f"arrival {identity.part}")  # noqa: S311  (invented data, not secrets)
    day = LATE.get(_short(identity), due(registry, identity) - timedelta(days=random.randrange(2, 14)))
    moment = time(random.randrange(7, 15), random.randrange(60), random.randrange(60))
    return datetime.combine(example_logs.weekday(day), moment, UTC)


# --- what stands in the cells ------------------------------------------------------------------------------------


def _as_written(registry: Registry, identity: Identity, numbers: Numbers) -> Numbers:
    """Return the numbers as the party writes them: masked, as text, with a footnote, or wrong."""
    short = _short(identity)
    since, sign = MASKED.get(identity.party if identity.agreement == AGREEMENT else "", (9999, ""))
    if Period.parse(identity.period).year >= since:
        numbers = _masked(registry, identity, numbers, sign)
    if short in AS_TEXT:
        numbers = _each(numbers, lambda _sheet, _measure, value: f"{value:,}".replace(",", "\u00a0"))
    for cells in (FAULTS, FOOTNOTES):
        if cell := cells.get(short):
            numbers = _changed(numbers, cell)
    return numbers


def _masked(registry: Registry, identity: Identity, numbers: Numbers, sign: str) -> Numbers:
    """Return the numbers with a sign for each small count of the extracts whose counts are persons or cases."""
    bounds = {
        (sheet.name, measure.id): extract.masked
        for extract in extracts_in(registry, identity)
        for sheet in extract.sheets
        for measure in extract.measures
        if extract.small_counts and measure.answer == "count"
    }

    def mask(sheet: str, measure: str, value: Any) -> Any:
        least, most = bounds.get((sheet, measure), (1, 0))
        return sign if isinstance(value, int) and least <= value <= most else value

    return _each(numbers, mask)


def _changed(numbers: Numbers, cell: Cell) -> Numbers:
    """Return the numbers with something else in one cell; digits stay a number."""
    found = numbers[cell.sheet][cell.key][cell.measure]
    text = cell.text.format(found)
    row = {**numbers[cell.sheet][cell.key], cell.measure: int(text) if text.isdecimal() else text}
    return {**numbers, cell.sheet: {**numbers[cell.sheet], cell.key: row}}


def _each(numbers: Numbers, change: Callable[[str, str, Any], Any]) -> Numbers:
    return {
        sheet: {key: {name: change(sheet, name, value) for name, value in row.items()} for key, row in rows.items()}
        for sheet, rows in numbers.items()
    }


def main(arguments: Sequence[str]) -> None:
    """Make the bundle's deliveries anew, or put those of another agreement into an archive; say which are new."""
    if arguments:
        agreement_id, folder = arguments
        captures = bundle(Archive(folder), registry(), agreement_id)
    else:
        folder = bundle_url()
        captures = rebuild(Path(folder), registry())
    sys.stdout.write(f"{len(captures)} captures in {folder}\n" + "".join(f"  {name}\n" for name in captures))


if __name__ == "__main__":
    main(sys.argv[1:])
