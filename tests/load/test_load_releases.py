"""Releases: only the pointer function publishes, it looks for itself, and what was current never changes."""

import threading
import time

import pytest
import sqlalchemy as sa

from include.load import tables as t
from tests.load.samples import add_dimensions, day, load, manifest

pytestmark = pytest.mark.postgres

AT = day("2024-01-15")
READY = {
    "audit_passed": True,
    "diff_sv": "Första utgivningen.",
    "compared_at": AT,
    "approval": "approved",
    "approved_by": "Samordnaren",
    "approved_at": AT,
}
VALUE = {
    "indicator_id": "TMV-X01",
    "definition_version": 1,
    "series": "total",
    "area": "2380",
    "area_role": "kommun",
    "year": 2023,
    "sex": "T",
    "age": "T",
    "party": "-",
    "breakdown": "total",
    "unit": "antal",
    "decimals": 0,
    "numerator": 5.0,
    "denominator": None,
    "value": 5.0,
    "obs_status": "ok",
    "conf_status": "free",
    "reason_sv": None,
    "preliminary": False,
    "is_example": False,
    "is_total": True,
    "break_before": False,
    "marks": "direct",
    "notes_sv": "",
    "captures": "",
}


@pytest.fixture
def publisher(warehouse):
    add_dimensions()
    load({"2380": 5}, AT)
    return warehouse.engine("publisher")


def build(
    publisher, number: int = 1, *, values=None, capture=None, agreement="made_up", origins="reconstructed", **ready
):
    release_id = f"{agreement}-2023-final-{number}"
    capture = capture or manifest(AT).capture_id
    with publisher.begin() as connection:
        connection.execute(
            sa.insert(t.release),
            {"release_id": release_id, "agreement_id": agreement, "year": 2023, "edition": "final", "number": number,
             "as_of": AT, "digest": "x", "is_example": False, "origins": origins},
        )  # fmt: skip
        rows = [VALUE | {"release_id": release_id, "captures": capture} | row for row in (values or [{}])]
        connection.execute(sa.insert(t.release_value), rows)
        connection.execute(sa.update(t.release).where(t.release.c.release_id == release_id).values(READY | ready))
    return release_id


def make_current(publisher, release_id: str) -> None:
    with publisher.begin() as connection:
        connection.execute(sa.text("SELECT warehouse.make_current(:id)"), {"id": release_id})


def test_a_release_that_passed_everything_becomes_current(publisher, warehouse):
    make_current(publisher, build(publisher))
    with warehouse.engine("bi_reader").connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM publ.indicator_value_v1")).mappings().one()
        assert (row["release_id"], row["value"], row["n_values"], row["ci_method"]) == (
            "made_up-2023-final-1",
            5,
            1,
            "-",
        )
        release = connection.execute(sa.text("SELECT * FROM publ.release_v1")).mappings().one()
        assert release["is_current"]
        assert release["previous_release_id"] == "-"


@pytest.mark.parametrize(
    ("lacking", "says"),
    [
        ({"audit_passed": False}, "not passed the audit"),
        ({"audit_passed": None}, "not passed the audit"),
        ({"diff_sv": None}, "not been compared"),
        ({"compared_at": None}, "not been compared"),
        ({"approval": None}, "no approval"),
        ({"approval": "rejected"}, "no approval"),
        ({"approved_by": None}, "no approval"),
        ({"approval": "waived"}, "must say why"),
        ({"values": [{"captures": ""}]}, "name no capture"),
    ],
)
def test_a_release_that_lacks_something_does_not_become_current(publisher, lacking, says):
    release_id = build(publisher, **lacking)
    with pytest.raises(sa.exc.DBAPIError, match=says):
        make_current(publisher, release_id)
    with publisher.connect() as connection:
        assert connection.execute(sa.select(t.current_release)).all() == []
        assert connection.execute(sa.select(t.release.c.released_at)).scalar_one() is None


def test_a_release_that_is_not_there_or_empty_does_not_become_current(publisher):
    with pytest.raises(sa.exc.DBAPIError, match="no release"):
        make_current(publisher, "nothing")
    release_id = build(publisher)
    with publisher.begin() as connection:
        connection.execute(sa.delete(t.release_value))
    with pytest.raises(sa.exc.DBAPIError, match="holds no values"):
        make_current(publisher, release_id)


WAIVED = {"approval": "waived", "approval_reason": "bundled data"}


def test_an_approval_is_waived_on_bundled_data(publisher):
    make_current(publisher, build(publisher, **WAIVED))


def test_an_approval_cannot_be_waived_when_any_capture_is_live_whatever_the_release_says(publisher):
    load({"2303": 5}, AT, part="live", origin="live")
    used = "|".join(sorted((manifest(AT).capture_id, manifest(AT, "live").capture_id)))
    release_id = build(publisher, capture=used, origins="reconstructed", **WAIVED)
    with pytest.raises(sa.exc.DBAPIError, match="cannot be waived"):
        make_current(publisher, release_id)


def test_a_capture_that_nobody_knows_counts_as_live(publisher):
    release_id = build(publisher, capture="made_up/p/unknown", **WAIVED)
    with pytest.raises(sa.exc.DBAPIError, match="cannot be waived"):
        make_current(publisher, release_id)


def test_a_live_capture_named_only_beside_the_values_counts_too(publisher):
    load({"2303": 5}, AT, part="live", origin="live")
    release_id = build(publisher, **WAIVED)
    with publisher.begin() as connection:
        row = {"release_id": release_id, "capture_id": manifest(AT, "live").capture_id}
        connection.execute(sa.insert(t.release_capture), row)
    with pytest.raises(sa.exc.DBAPIError, match="cannot be waived"):
        make_current(publisher, release_id)


@pytest.mark.parametrize("role", ["publisher", "owner"])
def test_what_has_been_current_never_changes(publisher, warehouse, role):
    release_id = build(publisher)
    make_current(publisher, release_id)
    acts = [
        sa.insert(t.release_value).values(VALUE | {"release_id": release_id, "series": "new", "captures": "x"}),
        sa.delete(t.release_value),
        sa.delete(t.release),
        sa.update(t.release).values(diff_sv="annat"),
        sa.update(t.release).values(audit_passed=False),
    ]
    if role == "owner":
        acts += [
            sa.update(t.release_value).values(value=0),
            sa.update(t.release).values(released_at=None),
            sa.text("TRUNCATE warehouse.release_value"),
            sa.text("TRUNCATE warehouse.release CASCADE"),
        ]
    for act in acts:
        with (
            pytest.raises(sa.exc.IntegrityError, match=r"never (changes|emptied)"),
            warehouse.engine(role).begin() as c,
        ):
            c.execute(act)


def test_what_was_never_current_can_be_built_anew(publisher):
    release_id = build(publisher)
    with publisher.begin() as connection:
        connection.execute(sa.delete(t.release).where(t.release.c.release_id == release_id))
        assert connection.execute(sa.select(t.release_value)).all() == []
    build(publisher)


def test_rows_written_beside_a_release_are_waited_for_or_refused(publisher):
    """A transaction that still writes rows when the pointer moves cannot slip them into a release that is current."""
    release_id = build(publisher)
    done = []
    with publisher.begin() as writer:
        row = VALUE | {"release_id": release_id, "series": "late", "captures": "x"}
        writer.execute(sa.insert(t.release_value), row)
        thread = threading.Thread(target=lambda: done.append(make_current(publisher, release_id)))
        thread.start()
        time.sleep(0.3)
        assert not done
    thread.join(10)
    assert done
    with pytest.raises(sa.exc.IntegrityError), publisher.begin() as writer:
        writer.execute(sa.insert(t.release_value), row | {"series": "later"})


def test_the_pointer_can_go_back_and_every_move_is_written_down(publisher):
    first, second = build(publisher, 1), build(publisher, 2)
    for release_id in (first, second, second, first):
        make_current(publisher, release_id)
    with publisher.connect() as connection:
        moves = connection.execute(
            sa.select(t.release_pointer_move.c.release_id, t.release_pointer_move.c.previous_release_id).order_by(
                "move_id"
            )
        ).all()
        assert moves == [(first, None), (second, first), (first, second)]
        assert connection.execute(sa.text("SELECT moved_by FROM warehouse.release_pointer_move")).scalars().first() == (
            "followup_publisher"
        )


@pytest.mark.parametrize(
    "row",
    [
        {"value": None},
        {"value": None, "obs_status": "missing"},
        {"obs_status": "missing", "reason_sv": "Saknas."},
        {"value": None, "conf_status": "suppressed", "reason_sv": "Skyddad."},
        {"value": None, "numerator": None, "ci_low": 1.0, "conf_status": "suppressed", "reason_sv": "Skyddad."},
    ],
)
def test_a_value_without_status_and_a_hidden_value_with_its_parts_are_refused(publisher, row):
    with pytest.raises(sa.exc.IntegrityError, match="release_value"):
        build(publisher, values=[row])


def test_totals_are_left_out_of_the_view_for_adding_up(publisher, warehouse):
    parts = [{"sex": "K", "value": 2.0, "is_total": False}, {"sex": "M", "value": 3.0, "is_total": False}, {}]
    make_current(publisher, build(publisher, values=parts))
    with warehouse.engine("bi_reader").connect() as connection:
        added = connection.execute(sa.text("SELECT sum(value) FROM publ.indicator_value_no_totals_v1")).scalar()
        total = connection.execute(sa.text("SELECT sum(value) FROM publ.indicator_value_v1 WHERE is_total")).scalar()
    assert added == total == 5


def test_history_holds_what_has_been_current_and_nothing_else(publisher, warehouse):
    for number in (1, 2):
        make_current(publisher, build(publisher, number))
    build(publisher, 3)
    with warehouse.engine("bi_reader").connect() as connection:
        rows = connection.execute(
            sa.text("SELECT release_id, is_current FROM publ.indicator_value_history_v1 ORDER BY 1")
        ).all()
    assert rows == [("made_up-2023-final-1", False), ("made_up-2023-final-2", True)]


def test_a_reader_never_sees_a_mixed_or_partial_release_while_the_pointer_flips(publisher, warehouse):
    areas = [{"area": f"{2000 + n}"} for n in range(50)]
    releases = [build(publisher, n, values=[row | {"value": float(n)} for row in areas]) for n in (1, 2)]
    make_current(publisher, releases[0])
    seen, stop = [], threading.Event()
    query = sa.text(
        "SELECT count(*), count(DISTINCT release_id), count(DISTINCT value), min(release_id), min(value)"
        " FROM publ.indicator_value_v1"
    )

    def read() -> None:
        with warehouse.engine("bi_reader").connect() as connection:
            while not stop.is_set():
                seen.append(tuple(connection.execute(query).one()))
                connection.rollback()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    for n in range(40):
        make_current(publisher, releases[(n + 1) % 2])
    stop.set()
    for thread in readers:
        thread.join(10)
    assert set(seen) == {(50, 1, 1, releases[0], 1.0), (50, 1, 1, releases[1], 2.0)}
