"""Invented deliveries of the extracts E01 and E02, for there are no public ones: EXEMPELDATA, made from seeds.

``python -m include.bundle.example_deliveries`` writes them into the bundle's archive; the same seeds give the same
bytes. They are made to look like real years, faults included: the year of the pandemic has an extra meeting, 2022 only
three ordinary ones and comes late, an attendance of 2023 is corrected, and 2024's log has rows that must be set aside.
No person is named, every text begins with EXEMPEL, and every workbook says EXEMPELDATA on its cover.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from include.archive.store import Archive
from include.periods import Period
from include.registry.delivery import Identity
from include.registry.models import Agreement, Registry
from include.registry.read import registry
from include.registry.templates import Rows, workbook
from include.settings import bundle_url

SOURCE = "agency_extracts"
AGREEMENT = "jamtland"
PARTY = "LST"
YEARS = range(2021, 2026)

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOTE = "EXEMPELDATA: påhittad leverans, gjord av include/bundle/example_deliveries.py. Inga uppgifter är riktiga."

#: Days of the ordinary meetings: month and day, moved from a weekend to the Friday before.
ORDINARY = dict.fromkeys(YEARS, ((3, 10), (6, 2), (9, 15), (12, 1))) | {2022: ((3, 9), (6, 8), (11, 16))}
EXTRA = {2021: ((1, 20),)}

ACTIVITIES = {2021: 14, 2022: 17, 2023: 21, 2024: 24, 2025: 23}
TYPE_WEIGHTS = {
    "artikel": 5,
    "debattartikel": 1,
    "pressmeddelande": 4,
    "kampanj": 2,
    "forelasning": 5,
    "webb": 3,
    "sociala_medier": 6,
    "ovrigt": 1,
}
LEAD_WEIGHTS = {"LST": 9, "RJH": 5, "POL": 3, "AKL": 1, "K2380": 2, "K2321": 1}
GOAL_WEIGHTS = {"F": 6, "U": 2, "B": 1, "K": 3, "S": 1}

ATTENDANCE_WEIGHTS = {"chef": 72, "ersattare": 19, "franvarande": 9}
#: Measures of each goal area in every year's plan.
MEASURES = {"F": 3, "U": 3, "B": 2, "K": 3, "S": 2}
STATUS_WEIGHTS = {"genomford": 55, "pagaende": 29, "ej_paborjad": 11, "utgatt": 5}


@dataclass(frozen=True)
class ExampleDelivery:
    """One invented delivery: which it is, when it is said to have come, and its workbook."""

    identity: Identity
    captured_at: datetime
    content: bytes

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return f"{self.identity.part}.xlsx"


def deliveries(registry: Registry) -> list[ExampleDelivery]:
    """Return all invented deliveries, oldest first."""
    agreement = registry.agreements[AGREEMENT]
    made = [
        _delivery(registry, agreement, Identity("E01", PARTY, str(year)), _arrival(year, "E01"), activity_log(year))
        for year in YEARS
    ]
    for year in YEARS:
        identity = Identity("E02", PARTY, str(year))
        true = steering_group(year, agreement)
        first = _with_wrong_attendance(true) if year == 2023 else true
        made.append(_delivery(registry, agreement, identity, _arrival(year, "E02"), first))
        if first is not true:
            made.append(_delivery(registry, agreement, identity, datetime(2024, 5, 20, 9, 15, tzinfo=UTC), true))
    return sorted(made, key=lambda delivery: (delivery.captured_at, delivery.identity))


def bundle(archive: Archive, registry: Registry) -> list[str]:
    """Put the deliveries into an archive and return the capture ids that are new in it."""
    before = {manifest.capture_id for manifest in archive.manifests(SOURCE)}
    put = [
        archive.put(
            delivery.content,
            source_id=SOURCE,
            part=delivery.identity.part,
            periods=[delivery.identity.period],
            origin="example",
            url=f"inbox:{delivery.file_name}",
            captured_at=delivery.captured_at,
            media_type=MEDIA_TYPE,
            file_name=delivery.file_name,
            origin_note=NOTE,
        ).capture_id
        for delivery in deliveries(registry)
    ]
    return [capture for capture in put if capture not in before]


# --- E01 ---------------------------------------------------------------------------------------------------------


def activity_log(year: int) -> Rows:
    """Return a year's invented activities; 2024 has one of an unknown type and one dated in another year."""
    random = Random(f"E01-{year}")  # noqa: S311  (invented data, not secrets)
    days = sorted(_weekday(date(year, 1, 8) + timedelta(days=random.randrange(345))) for _ in range(ACTIVITIES[year]))
    rows = [_activity(random, day, number) for number, day in enumerate(days, start=1)]
    if year == 2024:
        rows[10] |= {"type": "poddavsnitt"}
        rows[-1] |= {"date": date(2025, 1, 9)}
    return {"Aktiviteter": rows}


def _activity(random: Random, day: date, number: int) -> dict[str, Any]:
    lead = _draw(random, LEAD_WEIGHTS)
    others = sorted(random.sample([code for code in LEAD_WEIGHTS if code != lead], k=_draw(random, {0: 6, 1: 3, 2: 1})))
    published = random.random() < 0.4
    return {
        "activity_id": f"EX-{number:02}",
        "date": day,
        "type": _draw(random, TYPE_WEIGHTS),
        "title": f"EXEMPEL på aktivitet nummer {number}",
        "lead_party": lead,
        "co_parties": others or None,
        "goal_area": _draw(random, GOAL_WEIGHTS),
        "url": f"https://example.org/exempel/{day.year}/{number:02}" if published else None,
    }


# --- E02 ---------------------------------------------------------------------------------------------------------


def steering_group(year: int, agreement: Agreement) -> Rows:
    """Return a year's invented meetings, plan and measures; in 2021 one measure is tied to no goal area."""
    random = Random(f"E02-{year}")  # noqa: S311  (invented data, not secrets)
    meetings = [("extra", day) for day in EXTRA.get(year, ())] + [("ordinarie", day) for day in ORDINARY[year]]
    plan_date = _weekday(date(year, 3, 10) if year == YEARS[0] else date(year - 1, 12, 5))
    return {
        "Sammanträden": [
            _seat(random, _weekday(date(year, *day)), kind, seat.code)
            for kind, day in meetings
            for seat in agreement.seats
        ],
        "Handlingsplan": list(_measures(random, year, plan_date)),
        "Plan": [
            {
                "plan_adopted": "ja",
                "plan_date": plan_date,
                "document_url": f"https://example.org/exempel/handlingsplan-{year}.pdf",
                "previous_followed_up": "nej" if year == YEARS[0] else "ja",
            }
        ],
    }


def _seat(random: Random, day: date, kind: str, seat: str) -> dict[str, Any]:
    return {
        "meeting_date": day,
        "meeting_kind": kind,
        "seat_code": seat,
        "attended": _draw(random, ATTENDANCE_WEIGHTS),
        "adjungerad": _draw(random, {"ja": 8, "nej": 2}),
    }


def _measures(random: Random, year: int, plan_date: date) -> Iterator[dict[str, Any]]:
    for goal, count in MEASURES.items():
        for number in range(1, count + 1):
            tied = not (year == YEARS[0] and goal == "S" and number == count)
            yield {
                "measure_id": f"EX-{goal}{number}",
                "goal_area": goal if tied else None,
                "lead_party": _draw(random, LEAD_WEIGHTS),
                "adopted": plan_date,
                "status": _draw(random, STATUS_WEIGHTS),
                "evidence_url": None,
            }


def _with_wrong_attendance(rows: Rows) -> Rows:
    """Return the delivery as it first came: at the second meeting every deputy and empty seat logged as the head."""
    meetings = [dict(row) for row in rows["Sammanträden"]]
    second = sorted({row["meeting_date"] for row in meetings})[1]
    wrong = [row | {"attended": "chef"} if row["meeting_date"] == second else row for row in meetings]
    return {**rows, "Sammanträden": wrong}


# --- shared ------------------------------------------------------------------------------------------------------


def _delivery(
    registry: Registry, agreement: Agreement, identity: Identity, captured_at: datetime, rows: Rows
) -> ExampleDelivery:
    extract = registry.extracts[identity.extract_id]
    return ExampleDelivery(identity, captured_at, workbook(extract, agreement, identity, rows, example="yes"))


def _arrival(year: int, extract: str) -> datetime:
    """Return the invented moment of arrival: days before it is due, but 2022's E02 two months late."""
    end = Period.parse(str(year)).end
    if (year, extract) == (2022, "E02"):
        return datetime(end.year, 4, 18, 13, 5, tzinfo=UTC)
    return datetime(end.year, 2, 6 + year % 5, 8, 30 if extract == "E01" else 45, tzinfo=UTC)


def _weekday(day: date) -> date:
    """Return the day, or the Friday before it at a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _draw(random: Random, weights: dict[Any, int]) -> Any:
    """Return one of the keys, drawn by weight."""
    return random.choices(list(weights), list(weights.values()))[0]


def rebuild(folder: Path, registry: Registry) -> list[str]:
    """Make the deliveries of a bundled archive anew, in place of those that were there, and return their capture ids.

    Invented deliveries have no history worth keeping: a change of the templates changes them all.
    """
    manifests = folder / "manifests" / SOURCE
    for path in manifests.rglob("*.json"):
        sha256 = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        (folder / "objects" / sha256[:2] / sha256).unlink(missing_ok=True)
        path.unlink()
    return bundle(Archive(str(folder)), registry)


if __name__ == "__main__":
    captures = rebuild(Path(bundle_url()), registry())
    sys.stdout.write(f"{len(captures)} captures in {bundle_url()}\n" + "".join(f"  {name}\n" for name in captures))
