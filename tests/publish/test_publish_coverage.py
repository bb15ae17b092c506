"""Who has delivered what for which period: the same on the page, in the files, and in the view for BI."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from include.load import tables as t
from include.load.publ import View
from include.load.run import sync_dimensions
from include.publish import files, run
from include.publish.content import Capture, Content, compose
from include.publish.htmlread import read_page
from include.publish.site import pages
from include.registry.models import Registry
from tests.publish import scene

ID = "prov-2025-final-1"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&javascript:alert(1)"

County = Callable[..., None]


def capture(period: str, day: str, *, withdrawal: bool = False, origin: str = "live") -> Capture:
    name = f"agency_extracts/prov-LST-{period}/{day}"
    return Capture(
        name, "agency_extracts", f"prov-LST-{period}", origin, f"{day}T10:00:00Z", None, "c" * 64, None, "x", withdrawal
    )


#: 2021 on time and corrected, 2022 late, 2023 withdrawn, 2024 not at all, 2025 invented, 2026 not expected by then.
LIFE = [
    capture("2021", "2022-02-01"),
    capture("2021", "2022-06-01"),
    capture("2022", "2023-06-01"),
    capture("2023", "2024-02-01"),
    capture("2023", "2024-02-20", withdrawal=True),
    capture("2025", "2026-02-20", origin="example"),
]
SAID = {
    "2021": ("ok", "corrected", True, "2022-02-01T10:00:00Z", 2, "lämnad i tid, rättad"),
    "2022": ("ok", "accepted", False, "2023-06-01T10:00:00Z", 1, "lämnad sent"),
    "2023": ("missing", "withdrawn", False, None, 1, "återkallad"),
    "2024": ("missing", "late", False, None, 0, "saknas"),
    "2025": ("ok", "accepted", True, "2026-02-20T10:00:00Z", 1, "lämnad i tid"),
}


def content(
    captures: list[Capture] = LIFE, as_of: datetime = scene.AS_OF, year: int = 2025, registry: Registry | None = None
) -> Content:
    import pandas as pd

    known = registry or scene.registry()
    return compose(
        registry=known,
        agreement=known.agreements["prov"],
        year=year,
        edition="final",
        as_of=as_of,
        values=pd.DataFrame(scene.values()),
        trends=scene.trends(),
        captures=[*scene.captures()[:1], *captures],
    )


def rendered(of: Content) -> dict[str, str]:
    return pages.render(of, ID, None, [], files.tables(of, ID, []))


def test_every_delivery_has_a_line_for_each_of_its_extracts() -> None:
    lines = {line.period: line for line in content().coverage if line.kind == "delivery"}
    assert {
        period: (line.status, line.state, line.on_time, line.delivered_at, line.versions)
        for period, line in lines.items()
    } == {period: said[:5] for period, said in SAID.items()}
    assert {(line.code, line.party, line.n_values) for line in lines.values()} == {("E02", "LST", 0), ("E02", "LST", 1)}
    assert lines["2024"].due == "2025-03-02"
    assert [period for period, line in lines.items() if line.is_example] == ["2025"]
    assert [line.reason_sv for line in lines.values()] == [
        *(None, None, "Leveransen är återkallad.", "Ingen leverans har kommit.", None)
    ]


def test_the_moment_of_the_release_decides_what_is_due() -> None:
    early = content([], datetime.fromisoformat("2026-01-15T00:00:00+00:00"))
    last = [line for line in early.coverage if line.period == "2025" and line.kind == "delivery"]
    assert [(line.status, line.state, line.on_time, line.reason_sv) for line in last] == [
        ("not_due", "awaited", None, "Inte förfallen än.")
    ]


def test_what_nobody_expected_is_told() -> None:
    strange = Capture(
        *("agency_extracts/prov-POL-2025/x", "agency_extracts", "prov-POL-2025"),
        *("live", "2026-02-01T10:00:00Z", None, "d" * 64, None, "x"),
    )
    found = content([strange])
    (line,) = [each for each in found.coverage if each.party == "POL"]
    assert (line.code, line.due, line.state, line.on_time) == ("-", None, "accepted", None)
    assert "Polisen, 2025" in rendered(found)["tackning.html"]


def test_the_page_says_it_in_words_newest_year_first() -> None:
    page = rendered(content())["tackning.html"]
    told = page.split('id="leveranser"')[1]
    places = []
    for period, said in sorted(SAID.items(), reverse=True):
        mark = ' <strong class="example">EXEMPELDATA</strong>' if period == "2025" else ""
        place = told.find(f'<th scope="row">Länsstyrelsen, {period}{mark}</th>')
        assert place > 0, period
        assert told[place:].partition("</tr>")[0].count(f">{said[5]}</td>") == 1
        places.append(place)
    assert places == sorted(places)
    assert "1 av 1 förfallna leveranser kom i tid och godkändes." in told
    assert "0 av 1 förfallna leveranser kom i tid och godkändes." in told
    assert told.count('<caption><strong class="example">EXEMPELDATA</strong> Leveranser om') == 1
    assert "EXEMPELDATA" in read_page(page).banner
    assert list(read_page(page).faults()) == []


def test_the_day_on_the_page_is_the_swedish_one() -> None:
    """23:30 UTC is the next day in Sweden, and the day after the last one is late."""
    late = Capture(
        *("agency_extracts/prov-LST-2025/x", "agency_extracts", "prov-LST-2025"),
        *("live", "2026-03-02T23:30:00Z", None, "d" * 64, None, "x"),
    )
    page = rendered(content([late]))["tackning.html"]
    assert ">lämnad sent</td>" in page
    assert ">2026-03-03</td>" in page


def test_the_files_hold_the_same() -> None:
    found = {table.name: table for table in files.tables(content(), ID, [])}
    rows = list(csv.DictReader(io.StringIO(files.csv_bytes(found["deliveries"]).decode())))
    assert {row["period"]: (row["status"], row["state"], row["said_sv"], row["versions"]) for row in rows} == {
        period: (said[0], said[1], said[5], str(said[4])) for period, said in SAID.items()
    }
    assert {row["party_name"] for row in rows} == {"Länsstyrelsen"}
    assert {row["period"]: row["is_example"] for row in rows}["2025"] == "true"
    (coverage,) = [table for table in found.values() if table.name == "coverage"]
    assert [field.name for field in coverage.fields][:9] == [
        *("release_id", "kind", "code", "party", "period", "status", "n_values", "n_missing", "reason_sv")
    ]


def hostile() -> Registry:
    known = scene.registry()
    agreement = known.agreements["prov"]
    parties = [party.model_copy(update={"name": EVIL}) for party in agreement.parties]
    evil = agreement.model_copy(update={"parties": parties, "short_title": EVIL})
    extract = known.extracts["E02"].model_copy(
        update={"title": known.extracts["E02"].title.model_copy(update={"sv": EVIL})}
    )
    return known.model_copy(update={"agreements": {"prov": evil}, "extracts": {"E02": extract}})


@pytest.mark.scorecard(49, "markup in a party's name is text on every page and in every chart, under a strict policy")
def test_hostile_names_of_parties_stay_inert() -> None:
    made = rendered(content(registry=hostile()))
    for name, text in made.items():
        assert "<script" not in text, name
        assert "<img src=x" not in text, name
        if name.endswith(".html"):
            assert list(read_page(text).faults()) == [], name
            assert "default-src 'none'" in text
    assert "&lt;script&gt;" in made["tackning.html"]
    assert "&lt;script&gt;" in made["TMV-S01.html"]


@pytest.mark.scorecard(49, "a label that reads as SQL or markup stays a label in the views and their comments")
def test_a_label_cannot_leave_the_sql_of_a_view() -> None:
    evil = "'; DROP SCHEMA publ; --" + EVIL
    view = View("test_v1", evil, {"x": "1"}, "(SELECT 1) y", (("x", evil),))
    for statement in list(view.statements())[1:]:
        literal = statement.partition(" IS ")[2]
        assert literal.startswith("'")
        assert literal.endswith("'")
        assert literal[1:-1].replace("''", "") == evil.replace("'", "")


@pytest.mark.postgres
@pytest.mark.scorecard(49, "a label that reads as SQL or markup stays a label in the views and their comments")
def test_hostile_labels_are_only_data_to_the_database(warehouse: Any) -> None:
    sync_dimensions(hostile())
    with warehouse.engine("bi_reader").connect() as connection:
        names = connection.execute(sa.text("SELECT DISTINCT name_sv FROM publ.party_v1 WHERE party_code <> '-'"))
        assert names.scalars().all() == [EVIL]
    evil = "'; DROP SCHEMA publ CASCADE; --" + EVIL
    view = View("test_v1", evil, {"x": "1"}, "(SELECT 1) y", (("x", evil),))
    with warehouse.superuser() as connection:
        for statement in view.statements():
            connection.execute(statement)
        (found,) = connection.execute("SELECT obj_description('publ.test_v1'::regclass)").fetchone()
        assert found == evil


@pytest.mark.postgres
def test_the_view_has_one_row_a_delivery(county: County, warehouse: Any) -> None:
    built = run.build("prov", 2025, "final", scene.AS_OF)
    run.audit(built.release_id)
    run.compare(built.release_id)
    run.release(built.release_id, {"decision": "waived", "by": "make run", "reason": "bundled data"})
    with warehouse.engine("bi_reader").connect() as connection:
        rows = [dict(row) for row in connection.execute(sa.text("SELECT * FROM publ.delivery_v1")).mappings()]
        labels = connection.execute(sa.text("SELECT code, label_sv FROM publ.status_v1 WHERE kind = 'state'")).all()
    assert {(row["party_code"], row["period_code"]): row["state"] for row in rows} == {
        ("LST", str(year)): "accepted" if year == 2025 else "late" for year in range(2021, 2026)
    }
    assert {row["state"] for row in rows} <= {code for code, _ in labels}
    (last,) = [row for row in rows if row["period_code"] == "2025"]
    assert (last["on_time"], last["is_due"], last["due"], last["is_example"]) == (True, True, date(2026, 3, 2), True)
    assert (last["extracts"], last["versions"], last["has_delivery"], last["is_corrected"]) == ("E02", 1, True, False)
    assert sum(row["is_due"] for row in rows) == 5
    assert {row["release_id"] for row in rows} == {built.release_id}


@pytest.mark.postgres
def test_a_release_from_before_states_still_has_its_deliveries(county: County, warehouse: Any) -> None:
    """Its rows have no state and never change; the view says what their status says."""
    built = run.build("prov", 2025, "final", scene.AS_OF)
    with warehouse.superuser() as connection:
        connection.execute(
            "UPDATE warehouse.release_coverage SET state = NULL, due = NULL, delivered_at = NULL, on_time = NULL,"
            " versions = NULL, is_example = NULL"
        )
    run.audit(built.release_id)
    run.compare(built.release_id)
    run.release(built.release_id, {"decision": "waived", "by": "make run", "reason": "bundled data"})
    with warehouse.engine("bi_reader").connect() as connection:
        rows = connection.execute(sa.text("SELECT period_code, state, due FROM publ.delivery_v1 ORDER BY 1")).all()
    assert [row.state for row in rows] == ["late"] * 4 + ["accepted"]
    assert {row.due for row in rows} == {date(2199, 12, 31)}


@pytest.mark.postgres
def test_the_database_refuses_a_state_that_contradicts_its_status(county: County, warehouse: Any) -> None:
    run.build("prov", 2025, "final", scene.AS_OF)
    contradiction = sa.update(t.release_coverage).where(t.release_coverage.c.state == "late").values(state="accepted")
    with pytest.raises(sa.exc.IntegrityError, match="state_status"), warehouse.engine("owner").begin() as connection:
        connection.execute(contradiction)
