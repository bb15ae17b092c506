"""A run archives what a producer has published by the end of its quarter, and says what is then to be loaded."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from json import dumps

import pytest

from include.archive import run
from include.archive.run import archive
from include.errors import SourceUnavailable, UsageError
from tests.servers.local import Reply

SOURCE = "bra_handled_offences"
T0 = datetime(2023, 7, 15, 6, 0, tzinfo=UTC)
STAMP = 1697500800000  # 2023-10-17T00:00:00Z


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose last moment is now."""
    moments = [T0]
    monkeypatch.setattr(run, "_now", lambda: moments[-1])
    return moments


@pytest.fixture
def ask(store, registry, clock):
    """Return a function that runs a quarter at its time and remembers what was loaded."""
    loaded: set[str] = set()

    def run_quarter(quarter: str, read_from="live", as_of=None, source=SOURCE, known=None):
        clock.append(clock[-1] + timedelta(days=91))
        result = archive(
            source, quarter, read_from, as_of, loaded if known is None else known, registry=registry, store=store
        )
        if known is None:
            loaded.update(result.new)
        return result

    return run_quarter


def test_the_whole_life_of_a_table_not_yet_out_out_unchanged_and_re_issued(bra, store, ask, workbook, clock):
    late = ask("2023-Q2")
    assert (late.new, late.missing) == ([], ["La-2022", "Rn01-2022"])
    assert "not published yet: La-2022, Rn01-2022" in late.reason

    bra.publish("300Rn01-2022.xlsx", workbook(1), STAMP)
    out = ask("2023-Q3")
    assert out.missing == ["La-2022"]
    first = store.manifest(out.new[0])
    assert (len(out.new), first.change, first.part, first.periods) == (1, "NEW", "Rn01-2022", ["2022"])
    assert first.published_at == datetime(2023, 10, 17, tzinfo=UTC)
    assert (first.file_name, first.origin, first.size) == ("300Rn01-2022.xlsx", "live", len(workbook(1)))

    same = ask("2023-Q4")
    assert (same.new, same.unchanged) == ([], 1)

    bra.publish("300Rn01-2022.xlsx", workbook(2), STAMP + 9 * 10**9)
    revised = ask("2024-Q1")
    second = store.manifest(revised.new[0])
    assert (len(revised.new), second.change, second.previous) == (1, "REVISED", first.capture_id)
    assert store.read(second.capture_id) == workbook(2)

    # and the same life replayed from the archive, without the network, as known at each time
    asked = len(bra.requests)
    loaded: set[str] = set()
    life = []
    for quarter, moment in zip(("2023-Q2", "2023-Q3", "2023-Q4", "2024-Q1"), clock[1:5], strict=True):
        result = ask(quarter, "archive", moment, known=loaded)
        loaded.update(result.new)
        life.append((result.new, result.missing, result.unchanged))
    assert life == [
        ([], ["La-2022", "Rn01-2022"], 0),
        ([first.capture_id], ["La-2022"], 0),
        ([], ["La-2022"], 1),
        ([second.capture_id], ["La-2022"], 0),
    ]
    assert len(bra.requests) == asked


def test_a_replay_gives_all_versions_oldest_first_and_twice_over_nothing_more(bra, store, ask, workbook):
    for version in (1, 2, 3):
        bra.publish("300La-2022.xlsx", workbook(version), STAMP + version)
        bra.publish("300Rn01-2022.xlsx", workbook(version), STAMP + version)
        ask("2023-Q3")
    replay = ask("2023-Q3", "archive", known=set())
    moments = [store.manifest(capture).captured_at for capture in replay.new]
    assert len(replay.new) == 6
    assert moments == sorted(moments)
    again = ask("2023-Q3", "archive", known=set(replay.new))
    assert (again.new, again.unchanged, again.missing) == ([], 2, [])


def test_a_replay_leaves_out_periods_that_were_not_out_in_the_quarter(bra, ask, workbook):
    for year in (2022, 2023):
        for area in ("La", "Rn01"):
            bra.publish(f"300{area}-{year}.xlsx", workbook(year), STAMP)
    ask("2024-Q2")
    parts = [capture.split("/")[1] for capture in ask("2023-Q3", "archive", known=set()).new]
    assert sorted(parts) == ["La-2022", "Rn01-2022"]


def test_what_was_archived_but_not_loaded_comes_again_in_the_next_live_run(bra, ask, workbook):
    bra.publish("300La-2022.xlsx", workbook(1), STAMP)
    lost = ask("2023-Q3", known=set()).new
    assert ask("2023-Q4").new == lost


def test_a_file_sent_again_with_a_new_stamp_and_the_same_figures_is_no_revision(bra, ask, workbook):
    bra.publish("300La-2022.xlsx", workbook(1), STAMP)
    ask("2023-Q3")
    bra.publish("300La-2022.xlsx", workbook(1), STAMP + 1)
    result = ask("2023-Q4")
    assert (result.new, result.unchanged) == ([], 1)


def test_an_unchanged_file_is_not_sent_twice(bra, ask, workbook):
    address = bra.publish("300La-2022.xlsx", workbook(1), STAMP)
    ask("2023-Q3")
    ask("2023-Q4")
    asked = [request for request in bra.requests if request.path == address]
    assert "if-none-match" not in asked[0].headers
    assert "if-none-match" in asked[1].headers


def test_a_run_that_is_stopped_half_way_keeps_what_it_has_and_fetches_only_the_rest(bra, store, ask, workbook):
    bra.publish("300La-2022.xlsx", workbook(1), STAMP)
    broken = bra.publish("300Rn01-2022.xlsx", workbook(2), STAMP)
    content = bra.files.pop(broken)
    with pytest.raises(Exception, match="404"):
        ask("2023-Q3")
    assert [m.part for m in store.manifests(SOURCE)] == ["La-2022"]
    bra.files[broken] = content
    assert [capture.split("/")[1] for capture in ask("2023-Q3").new] == ["La-2022", "Rn01-2022"]


def test_nothing_is_expected_before_the_first_period(ask, bra):
    result = ask("2022-Q4")
    assert (result.new, result.missing) == ([], [])
    assert result.reason == "nothing is expected to be published by the end of 2022-Q4"
    assert bra.requests == []


def test_an_archive_run_never_falls_back_to_the_network_nor_a_live_run_to_the_archive(bra, ask, monkeypatch):
    assert ask("2023-Q3", "archive").missing == ["La-2022", "Rn01-2022"]
    assert bra.requests == []
    monkeypatch.setattr(type(bra), "reply", lambda self, request: Reply(status=503, headers={"Retry-After": "99999"}))
    with pytest.raises(SourceUnavailable, match=r"bra_handled_offences: .*503"):
        ask("2023-Q3")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"source_id": "kolada"}, "no source 'kolada'"),
        ({"read_from": "both"}, "expected 'live' or 'archive'"),
        ({"quarter": "2023Q3"}, "no calendar quarter"),
        ({"as_of": T0}, "read_from=archive only"),
        ({"as_of": datetime(2023, 1, 1), "read_from": "archive"}, "time zone"),  # noqa: DTZ001 - it is what is refused
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(store, registry, change, says):
    asked = {"source_id": SOURCE, "quarter": "2023-Q3", "read_from": "live", "as_of": None} | change
    with pytest.raises(UsageError, match=says):
        archive(**asked, known_captures=set(), registry=registry, store=store)


def test_the_result_goes_through_json(ask, bra):
    result = ask("2023-Q3")
    assert dumps(asdict(result))


def test_a_reconstructed_capture_is_replaced_by_the_first_live_one(bra, store, ask, workbook):
    address = bra.publish("300La-2022.xlsx", workbook(1), STAMP)
    bundled = store.put(
        workbook(7),
        source_id=SOURCE,
        part="La-2022",
        periods=["2022"],
        origin="reconstructed",
        url="https://bra.se" + address,
        captured_at=T0,
        media_type="application/octet-stream",
        file_name="300La-2022.xlsx",
    )
    result = ask("2023-Q3")
    assert result.new[0] == bundled.capture_id
    assert (store.manifest(result.new[1]).origin, store.manifest(result.new[1]).previous) == (
        "live",
        bundled.capture_id,
    )
