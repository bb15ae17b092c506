"""Whatever goes wrong on the way, a run loses nothing, keeps nothing half, and the run after it ends as if nothing had.

Each fault is met by a whole run: a stand-in of Brå lists a new version of a file that is held, and misbehaves when it
is asked for it. What is held must stay as it is, to the byte; the message must name source, cause and next step; no
secret may stand anywhere; and when the producer is well again, the archive must be the one that a run without the
fault makes.
"""

import gzip
import json
import logging
import traceback
import zlib
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include import settings
from include.archive import run
from include.archive.addresses import address
from include.archive.fetchers import jsonstat
from include.archive.fetchers.pxweb import fetch as fetch_pxweb
from include.archive.http import LIMITS, Client
from include.archive.run import archive
from include.archive.store import Archive
from include.errors import FollowUpError, SourceRefused, SourceUnavailable
from include.periods import Period
from tests.servers.bra import BraServer
from tests.servers.local import Reply
from tests.servers.raw import drips, drips_headers, resets, says_nothing, sends

SOURCE = "bra_handled_offences"
PERSON = "811218-9876"  # the tax agency's own example
PASSWORD = "kanariefagel-17"
SHORT = replace(
    LIMITS,
    backoff_seconds=0.01,
    max_backoff_seconds=0.05,
    attempts=3,
    connect_seconds=1.0,
    read_seconds=0.8,
    deadline_seconds=4.0,
    max_bytes=10**6,
)
STAMP = 1697500800000
HTML = {"Content-Type": "text/html; charset=utf-8"}
ERROR_PAGE = (
    f"<!DOCTYPE html><html><title>Driftstopp</title><p>Tjänsten är stängd. Inloggad: {PERSON}, {PASSWORD}</p></html>"
)


def bomb(size: int) -> bytes:
    """Return so many zeros, compressed, without ever holding them."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(size // 2**20)) + packer.flush()


class FaultyBra(BraServer):
    """Answers the next questions for a file with its faults, as long as there are any."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Reply] = []

    def reply(self, request):
        if request.path.startswith("/download/") and self.faults:
            return self.faults.pop(0)
        return super().reply(request)


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "limits", SHORT)


@pytest.fixture
def clock(monkeypatch):
    moments = [datetime(2023, 10, 20, tzinfo=UTC)]
    monkeypatch.setattr(run, "_now", lambda: moments[-1])
    return moments


@pytest.fixture
def bra(clock):
    with FaultyBra().running() as server:
        yield server


@pytest.fixture
def ask(bra, registry, clock):
    """Return a function that runs a quarter into an archive, logged in with a password that must not be seen."""

    def run_quarter(store: Archive, quarter: str):
        clock.append(clock[-1] + timedelta(days=1))
        connection = bra.url.replace("//", f"//anna:{PASSWORD}@")
        return archive(SOURCE, quarter, "live", None, set(), registry=registry, store=store, connection=connection)

    return run_quarter


def files(store: Archive) -> dict[str, bytes]:
    """Return every file below an archive, also those that no archive should have."""
    root = Path(store.url)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def settled(store: Archive) -> dict[str, object]:
    """Return the same, without the moment at which the producer says that it answered."""
    found: dict[str, object] = dict(files(store))
    for path in found:
        if path.endswith(".json"):
            found[path] = manifest = json.loads(found[path])
            assert manifest["response_headers"].pop("date")
    return found


def written(folder: Path) -> str:
    """Return everything that lies below a folder, as text."""
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def fault(row: int, promise: str, reply: Reply, *, heals: bool = True, name: str):
    return pytest.param(reply, heals, marks=pytest.mark.scorecard(row, promise), id=f"{row}: {name}")


RAW_XLSX = "Content-Type: application/octet-stream\r\n"
FAULTS = [
    fault(3, "the file comes at the third time of asking, the same bytes", Reply(status=503), name="503"),
    fault(7, "asked again; nothing kept of what broke off", Reply(raw=sends(b"PK", length=999)), name="short"),
    fault(8, "asked again; the zip's own end is missed", Reply(raw=sends(b"PK\3\4half")), name="cut, no length"),
    fault(
        9,
        "asked again; nothing kept of what broke off",
        Reply(raw=sends(b"8\r\nPK\3\4", headers=f"{RAW_XLSX}Transfer-Encoding: chunked\r\n")),
        name="cut in a chunk",
    ),
    fault(11, "left at the time-out for reading", Reply(raw=says_nothing(6)), name="silent"),
    fault(12, "asked again; no file is left half", Reply(raw=resets(b"PK\3\4")), name="reset"),
    fault(14, "a web page is no file; kept aside, redacted", Reply(ERROR_PAGE.encode(), headers=HTML), name="page"),
    fault(10, "left at the deadline", Reply(raw=drips(b"x", 0.05)), heals=False, name="drip"),
    fault(10, "left at the deadline", Reply(raw=drips_headers(0.05)), heals=False, name="drip of headers"),
    fault(
        13,
        "stopped at the cap, not asked again",
        Reply(bomb(50 * 2**20), headers={"Content-Encoding": "gzip"}),
        heals=False,
        name="bomb",
    ),
    fault(
        16,
        "never followed",
        Reply(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data?key=k"}),
        heals=False,
        name="redirect to another host",
    ),
    fault(
        16,
        "left after a few rounds",
        Reply(status=302, headers={"Location": "/download/log-in"}),
        heals=False,
        name="circle",
    ),
    fault(4, "old figures stay, one error", Reply(status=500), heals=False, name="500 for ever"),
]


@pytest.mark.parametrize(("broken", "heals"), FAULTS)
def test_a_fault_costs_nothing_and_the_run_after_it_ends_as_without_it(
    broken, heals, bra, ask, tmp_path, workbook, clock, caplog
):
    caplog.set_level(logging.DEBUG)
    bra.publish("300Rn01-2022.xlsx", workbook(1), STAMP)
    store, twin = Archive(str(tmp_path / "archive")), Archive(str(tmp_path / "twin"))
    for each in (store, twin):
        del clock[1:]
        ask(each, "2023-Q4")
    before = files(store)
    bra.publish("300Rn01-2022.xlsx", workbook(2), STAMP + 10**9)

    # The fault stays: the run stops, and what is held is as it was.
    bra.faults = [broken] * 20
    caplog.clear()
    with pytest.raises((SourceUnavailable, SourceRefused)) as error:
        ask(store, "2024-Q1")
    assert files(store) == before
    assert store.verify() == []
    told = str(error.value)
    assert SOURCE in told
    assert "127.0.0.1" in told
    assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == 0, "one error is raised, none are logged"
    seen = told + "".join(traceback.format_exception(error.value)) + caplog.text + written(settings.home())
    for secret in (PASSWORD, PERSON, PERSON.replace("-", ""), "key=k", b64encode(f"anna:{PASSWORD}".encode()).decode()):
        assert secret not in seen
    bra.faults = []

    # It heals: the next run gives the same archive, to the byte, as if there had been no fault.
    for each in (store, twin):
        clock[1:] = [datetime(2024, 2, 1, tzinfo=UTC)]
        ask(each, "2024-Q1")
    assert settled(store) == settled(twin)
    assert store.read(store.latest(SOURCE, "Rn01-2022").capture_id) == workbook(2)

    # It comes twice and goes: one run is enough.
    if heals:
        bra.publish("300Rn01-2022.xlsx", workbook(3), STAMP + 2 * 10**9)
        bra.faults = [broken] * 2
        for each in (store, twin):
            clock[1:] = [datetime(2024, 3, 1, tzinfo=UTC)]
            ask(each, "2024-Q1")
        assert bra.faults == []
        assert settled(store) == settled(twin)
        assert store.read(store.latest(SOURCE, "Rn01-2022").capture_id) == workbook(3)


@pytest.mark.scorecard(15, "the right bytes under a wrong media type are archived, and the drift is logged")
def test_a_workbook_that_is_called_text_is_archived_and_told(bra, ask, store, workbook, caplog):
    bra.publish("300Rn01-2022.xlsx", workbook(1), STAMP)
    bra.faults = [Reply(workbook(1), headers={"Content-Type": "text/plain"})]
    (capture,) = ask(store, "2023-Q4").new
    assert store.read(capture) == workbook(1)
    assert "drift: bra_handled_offences" in caplog.text
    assert "'text/plain'" in caplog.text


@pytest.mark.scorecard(19, "304, or the same bytes again: no new capture, and the run says unchanged")
@pytest.mark.parametrize("etags", [True, False], ids=["304", "same bytes"])
def test_what_has_not_changed_is_no_new_capture(bra, ask, store, registry, workbook, etags):
    bra.etags = etags
    bra.publish("300Rn01-2022.xlsx", workbook(1), STAMP)
    first = ask(store, "2023-Q4")
    before = files(store)
    again = ask(store, "2024-Q1")
    assert files(store) == before
    assert again.new == first.new, "nothing is loaded in this test, so the one capture is still to be"
    assert "1 new, 0 revised" in again.reason
    loaded = archive(SOURCE, "2024-Q1", "archive", None, set(first.new), registry=registry, store=store)
    assert (loaded.new, loaded.unchanged) == ([], 1)
    assert "0 new, 0 revised, 1 unchanged" in loaded.reason
    conditional = [r for r in bra.requests if r.path.startswith("/download/") and "if-none-match" in r.headers]
    assert len(conditional) == int(etags)


@pytest.mark.scorecard(5, "403 'too many values' is split and joined to the same cells; another 403 is refused")
def test_too_large_is_split_and_no_other_403_is(scb, registry, store):
    source = registry.sources["scb_population"]
    table = source.fetch.tables[0]
    few = {**table.selection, "Region": ["00", "23", "2303", "2380"]}
    scb.tables = {table.id: {**few, "Tid": ["2024"]}}
    fetch = source.fetch.model_copy(update={"tables": [table.model_copy(update={"selection": few})]})
    source = source.model_copy(update={"fetch": fetch})

    def cells() -> tuple[int, list]:
        asked = len(scb.questions)
        (found,) = fetch_pxweb(source, [Period.parse("2024")], store, address(source), registry)
        document = json.loads(found.content)
        order = [jsonstat.codes(document, variable) for variable in document["id"]]
        return len(scb.questions) - asked, [order, document["value"]]

    asked, whole = cells()
    assert asked == 1
    scb.real_limit, scb.too_many_status = 20, 403
    asked, joined = cells()
    assert asked > 1
    assert joined[1] == whole[1]
    scb.faults = [Reply(b"<html>Forbidden</html>", 403, HTML)]
    with pytest.raises(SourceRefused, match="403"):
        cells()


def test_a_304_to_a_question_without_a_condition_is_no_answer(bra, ask, store, workbook):
    bra.publish("300Rn01-2022.xlsx", workbook(1), STAMP)
    bra.faults = [Reply(status=304)] * 9
    with pytest.raises(FollowUpError, match="304"):
        ask(store, "2023-Q4")
    assert not Path(store.url).exists() or files(store) == {}


def test_every_member_of_a_gzip_stream_counts(bra, ask, store, workbook):
    content = workbook(1)
    bra.publish("300Rn01-2022.xlsx", content, STAMP)
    members = gzip.compress(content[:1000]) + gzip.compress(content[1000:])
    bra.faults = [Reply(members, headers={"Content-Encoding": "gzip", "Content-Type": "application/zip"})] * 9
    (capture,) = ask(store, "2023-Q4").new
    assert store.read(capture) == content
