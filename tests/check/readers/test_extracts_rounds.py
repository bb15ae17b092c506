"""Whatever a party fills in, the figures are the counts of its rows: template ► fill ► read, for any rows."""

from collections import Counter
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SEATS = ("LST", "RJH", "POL", "AKL", "SOCV", "BUTB")
TYPES = ("artikel", "debattartikel", "pressmeddelande", "kampanj", "forelasning", "webb", "sociala_medier", "ovrigt")
PARTIES = ("LST", "RJH", "POL", "AKL", "K2303", "K2380", "CMV")
PROGRESS = {"genomford": "done", "pagaende": "ongoing", "ej_paborjad": "not_started", "utgatt": "dropped"}
ATTENDED = {"chef": "head", "ersattare": "deputy", "franvarande": "absent"}

DAYS = st.dates(date(2023, 1, 1), date(2023, 12, 31))
#: Texts as people may write them, without control characters (which Excel itself refuses).
TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20).filter(str.strip)

#: Each example starts a child process; a handful finds what there is to find.
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def values(result: Any, start: str) -> Counter[tuple[str, str, str]]:
    rows = [row for row in result.table.to_pylist() if row["measure"].startswith(start)]
    assert {row["value_status"] for row in rows} == {"ok"}
    return Counter({(r["measure"].partition(".")[2], r["breakdown"], r["party"]): int(r["value"]) for r in rows})


def comparable(text: str) -> str:
    import unicodedata

    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


ACTIVITIES = st.lists(
    st.fixed_dictionaries(
        {
            "activity_id": TEXTS,
            "date": DAYS,
            "type": st.sampled_from(TYPES),
            "title": TEXTS,
            "lead_party": st.sampled_from(PARTIES),
            "co_parties": st.none(),
            "goal_area": st.sampled_from("FUBKS"),
        }
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda row: comparable(row["activity_id"]).replace("\u2013", "-"),
)


@FEW
@given(rows=ACTIVITIES)
def test_any_log_gives_its_counts(fill: Any, read: Any, rows: list[dict[str, Any]]) -> None:
    result = read(fill({"Aktiviteter": rows}))
    assert result.set_aside.num_rows == 0
    counted = Counter(("activities", f"activity:{row['type']}", row["lead_party"]) for row in rows)
    assert +values(result, "E01.activities") == counted


@FEW
@given(data=st.data(), days=st.dictionaries(DAYS, st.sampled_from(("ordinarie", "extra")), min_size=1, max_size=8))
def test_any_year_of_meetings_gives_its_counts(fill: Any, read: Any, data: Any, days: dict[date, str]) -> None:
    rows = [
        {
            "meeting_date": day,
            "meeting_kind": kind,
            "seat_code": seat,
            "attended": data.draw(st.sampled_from(sorted(ATTENDED))),
            "adjungerad": "nej",
        }
        for day, kind in days.items()
        for seat in SEATS
    ]
    measures = data.draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "goal_area": st.sampled_from(("F", "S", None)),
                    "lead_party": st.sampled_from(PARTIES),
                    "adopted": DAYS,
                    "status": st.sampled_from(sorted(PROGRESS)),
                }
            ),
            min_size=1,
            max_size=10,
        )
    )
    measures = [measure | {"measure_id": f"Å{number}"} for number, measure in enumerate(measures)]
    plan = {"plan_adopted": "ja", "plan_date": date(2023, 1, 9), "previous_followed_up": "ja"}
    found = values(read(fill({"Sammanträden": rows, "Handlingsplan": measures, "Plan": [plan]})), "E02.")

    kinds = Counter(days.values())
    assert (found["meetings_ordinary", "total", "-"], found["meetings_extra", "total", "-"]) == (
        kinds["ordinarie"],
        kinds["extra"],
    )
    for code, name in ATTENDED.items():
        sat = Counter(r["seat_code"] for r in rows if r["meeting_kind"] == "ordinarie" and r["attended"] == code)
        assert {seat: count for (m, seat, _), count in found.items() if m == f"seats_{name}"} == {
            f"seat:{seat}": sat[seat] for seat in SEATS
        }
    for status, name in PROGRESS.items():
        expected = Counter(
            (f"goal:{m['goal_area'] or 'none'}", m["lead_party"]) for m in measures if m["status"] == status
        )
        assert Counter({k[1:]: v for k, v in found.items() if k[0] == f"plan_measures_{name}" and v}) == expected
    assert found["plan_tied_to_goals", "total", "-"] == all(m["goal_area"] for m in measures)
