"""Invented rows for a delivery's logs: activities (E01), the steering group's year (E02), figures on request (E12).

How often a party or a goal area is named is by its role and theme, so that any agreement gets rows that fit it.

They are made to look like real years, faults included: the year of the pandemic has an extra meeting, 2022 only three
ordinary ones, and 2024's log has rows that must be set aside. No person is named, and every text begins with EXEMPEL.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from include.registry.models import Agreement

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

YEARS = range(2021, 2026)

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
#: How often a party leads, by its role; of the municipalities only two do: those named, else the first ones.
LEAD_WEIGHTS = {"lansstyrelse": 9, "region": 5, "polis": 3, "aklagare": 1}
LEADING_MUNICIPALITIES = {"K2380": 2, "K2321": 1}
#: How often an activity is about a goal area, by the first theme that it follows.
GOAL_WEIGHTS = {"F": 6, "U": 2, "B": 1, "K": 3, "S": 1}

ATTENDANCE_WEIGHTS = {"chef": 72, "ersattare": 19, "franvarande": 9}
#: Measures of each goal area in every year's plan, by the first theme that it follows.
MEASURES = {"F": 3, "U": 3, "B": 2, "K": 3, "S": 2}
STATUS_WEIGHTS = {"genomford": 55, "pagaende": 29, "ej_paborjad": 11, "utgatt": 5}

#: Figures on request by year, each as measure, area, sex and what was told; nobody asked about the helpline in 2021.
ON_REQUEST: dict[int, tuple[tuple[str, str, str, str], ...]] = {
    2021: (("asked_share", "lan", "T", "93,1"), ("asked_share", "riket", "T", "91,7")),
    2022: (
        ("asked_share", "lan", "T", "94,6"),
        ("asked_share", "riket", "T", "92,2"),
        ("helpline_calls", "lan", "T", "9"),
    ),
    2023: (
        ("asked_share", "lan", "T", "95,4"),
        ("asked_share", "riket", "T", "92,9"),
        ("helpline_calls", "lan", "T", "11"),
    ),
    2024: (
        ("asked_share", "lan", "T", "96"),
        ("asked_share", "riket", "T", "93,3"),
        ("helpline_calls", "lan", "T", "14"),
    ),
    2025: (
        ("asked_share", "lan", "T", "95,8"),
        ("asked_share", "riket", "T", "93,8"),
        ("helpline_calls", "lan", "T", "-"),
    ),
}
PROGRAMME_STARTS = {
    2021: {"T": "8"},
    2022: {"T": "11"},
    2023: {"T": "12", "K": "<5", "M": "x"},
    2024: {"T": "13"},
    2025: {"T": "10", "K": "x"},
}
REGISTERS = {
    "asked_share": "graviditetsregistret",
    "helpline_calls": "socialstyrelsen",
    "programme_starts": "kriminalvarden",
}


def rows_of(extracts: Sequence[str], year: int, agreement: Agreement) -> Rows:
    """Return the rows of the logs of some extracts for a year."""
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    if "E01" in extracts:
        found.update(activity_log(year, agreement))
    if "E02" in extracts:
        found.update(steering_group(year, agreement))
    if "E12" in extracts:
        found.update(on_request(year))
    return found


# --- E01 ---------------------------------------------------------------------------------------------------------


def activity_log(year: int, agreement: Agreement) -> Rows:
    """Return a year's invented activities; 2024 has one of an unknown type and one dated in another year."""
    random = Random(f"E01-{year}")  # noqa: S311  (invented data, not secrets)
    days = sorted(weekday(date(year, 1, 8) + timedelta(days=random.randrange(345))) for _ in range(ACTIVITIES[year]))
    leads, goals = _leads(agreement), {goal: GOAL_WEIGHTS[theme] for goal, theme in _goals(agreement, year).items()}
    rows = [_activity(random, day, number, leads, goals) for number, day in enumerate(days, start=1)]
    if year == 2024:
        rows[10] |= {"type": "poddavsnitt"}
        rows[-1] |= {"date": date(2025, 1, 9)}
    return {"Aktiviteter": rows}


def _activity(
    random: Random, day: date, number: int, leads: Mapping[str, int], goals: Mapping[str, int]
) -> dict[str, Any]:
    lead = _draw(random, leads)
    others = sorted(random.sample([code for code in leads if code != lead], k=_draw(random, {0: 6, 1: 3, 2: 1})))
    published = random.random() < 0.4
    return {
        "activity_id": f"EX-{number:02}",
        "date": day,
        "type": _draw(random, TYPE_WEIGHTS),
        "title": f"EXEMPEL på aktivitet nummer {number}",
        "lead_party": lead,
        "co_parties": others or None,
        "goal_area": _draw(random, goals),
        "url": f"https://example.org/exempel/{day.year}/{number:02}" if published else None,
    }


# --- E02 ---------------------------------------------------------------------------------------------------------


def steering_group(year: int, agreement: Agreement) -> Rows:
    """Return a year's invented meetings, plan and measures; in 2021 one measure is tied to no goal area."""
    random = Random(f"E02-{year}")  # noqa: S311  (invented data, not secrets)
    meetings = [("extra", day) for day in EXTRA.get(year, ())] + [("ordinarie", day) for day in ORDINARY[year]]
    plan_date = weekday(date(year, 3, 10) if year == YEARS[0] else date(year - 1, 12, 5))
    return {
        "Sammanträden": [
            _seat(random, weekday(date(year, *day)), kind, seat.code)
            for kind, day in meetings
            for seat in agreement.seats
        ],
        "Handlingsplan": list(_measures(random, year, plan_date, agreement)),
        "Plan": [
            {
                "plan_adopted": "ja",
                "plan_date": plan_date,
                "document_url": f"https://example.org/exempel/handlingsplan-{year}.pdf",
                "previous_followed_up": "nej" if year == YEARS[0] else "ja",
            }
        ],
    }


def with_wrong_attendance(rows: Rows) -> Rows:
    """Return rows in which every deputy and empty seat of the second meeting is logged as the head."""
    meetings = [dict(row) for row in rows["Sammanträden"]]
    second = sorted({row["meeting_date"] for row in meetings})[1]
    wrong = [row | {"attended": "chef"} if row["meeting_date"] == second else row for row in meetings]
    return {**rows, "Sammanträden": wrong}


def _seat(random: Random, day: date, kind: str, seat: str) -> dict[str, Any]:
    return {
        "meeting_date": day,
        "meeting_kind": kind,
        "seat_code": seat,
        "attended": _draw(random, ATTENDANCE_WEIGHTS),
        "adjungerad": _draw(random, {"ja": 8, "nej": 2}),
    }


def _measures(random: Random, year: int, plan_date: date, agreement: Agreement) -> Iterator[dict[str, Any]]:
    leads = _leads(agreement)
    for goal, theme in _goals(agreement, year).items():
        count = MEASURES[theme]
        for number in range(1, count + 1):
            tied = not (year == YEARS[0] and theme == "S" and number == count)
            yield {
                "measure_id": f"EX-{goal}{number}",
                "goal_area": goal if tied else None,
                "lead_party": _draw(random, leads),
                "adopted": plan_date,
                "status": _draw(random, STATUS_WEIGHTS),
                "evidence_url": None,
            }


# --- E12 ---------------------------------------------------------------------------------------------------------


def on_request(year: int) -> Rows:
    """Return what the registers are said to have told about a year when asked."""
    told = [
        *ON_REQUEST[year],
        *(("programme_starts", "lan", sex, text) for sex, text in PROGRAMME_STARTS[year].items()),
    ]
    return {
        "Uppgifter": [
            {
                "measure": measure,
                "area": area,
                "sex": sex,
                "value": text,
                "register": REGISTERS[measure],
                "document": f"EXEMPEL på årsrapport {year}, tabell {number}",
                "url": f"https://example.org/exempel/uppgift/{year}/{number}" if measure == "asked_share" else None,
                "received": weekday(date(year + 1, 1, 14 + number)),
            }
            for number, (measure, area, sex, text) in enumerate(told, start=1)
        ]
    }


# --- shared ------------------------------------------------------------------------------------------------------


def _leads(agreement: Agreement) -> dict[str, int]:
    """Return the parties that lead something, with how often."""
    leads = {party.code: LEAD_WEIGHTS[party.role] for party in agreement.parties if party.role in LEAD_WEIGHTS}
    kommuner = [party.code for party in agreement.parties if party.role == "kommun"]
    named = {code: weight for code, weight in LEADING_MUNICIPALITIES.items() if code in kommuner}
    return leads | (named or dict(zip(kommuner, LEADING_MUNICIPALITIES.values(), strict=False)))


def _goals(agreement: Agreement, year: int) -> dict[str, str]:
    """Return the goal areas of a year, each with the first theme of the catalogue that it follows."""
    return {goal.code: next(iter(goal.themes), "F") for goal in agreement.goals_of(year)}


def weekday(day: date) -> date:
    """Return the day, or the Friday before it at a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _draw(random: Random, weights: Mapping[Any, int]) -> Any:
    """Return one of the keys, drawn by weight."""
    return random.choices(list(weights), list(weights.values()))[0]
