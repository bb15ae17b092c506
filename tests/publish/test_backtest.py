"""Back-tests: every published release is made again from its captures and is the same bytes, or it is told why not."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include import __main__ as command_line
from include import settings
from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.check.tidy import set_aside_table, tidy_table
from include.errors import ReleaseRefused, UsageError
from include.load import tables as t
from include.load.embedded import Embedded
from include.load.engine import engine
from include.load.run import sync_dimensions
from include.load.write import Counts, write
from include.publish import backtest as subject
from include.publish import files, run
from include.publish import release as store
from include.publish.audit import examine
from include.publish.backtest import BackTest, backtest
from tests import conftest
from tests.publish import scene

pytestmark = pytest.mark.postgres

BRA, PARTIES = "bra_handled_offences", "agency_extracts"
WAIVED = {"decision": "waived", "by": "test", "reason": "bundled data"}
COLUMNS = ("measure", "area", "period", "sex", "value", "status")

#: (source, part, moment, figures): Brå's tables, preliminary, final and revised; a delivery with its correction.
CAPTURES: list[tuple[str, str, str, list[tuple[Any, ...]]]] = []


def _table(area: str, year: int, at: str, cleared: float, status: str = "F") -> None:
    rows = [
        (f"{BRA}.{measure}", area, year, sex, value, status)
        for sex, share in (("K", 1.0), ("M", 0.5))
        for measure, value in (("cleared", cleared * share), ("handled", 1000.0 * share))
    ]
    CAPTURES.append((BRA, f"{area}-{year}", at, rows))


def _delivery(year: int, at: str, meetings: float) -> None:
    CAPTURES.append((PARTIES, f"prov-LST-{year}", at, [("E02.meetings", "23", year, "T", meetings, "F")]))


for _year in (2021, 2022):
    _table("Rn01", _year, f"{_year + 1}-06-01", 160 + _year % 7)
    _table("00", _year, f"{_year + 1}-06-01", 150 + _year % 5)
_delivery(2022, "2023-02-10", 3)
_table("Rn01", 2023, "2024-02-01", 168, "P")
_table("00", 2023, "2024-02-01", 152)
_delivery(2023, "2024-02-10", 3)
_table("Rn01", 2023, "2024-06-01", 171)  # final, and another
_table("Rn01", 2022, "2024-06-02", 170)  # revised though it was final
_delivery(2023, "2024-08-01", 4)  # corrected
_table("Rn01", 2024, "2025-06-01", 175)

#: In the order in which they were given to readers; the last is of an older year.
RELEASES = [
    (2023, "preliminary", "2024-04-01"),
    (2023, "final", "2024-07-01"),
    (2023, "correction", "2024-09-01"),
    (2024, "final", "2025-07-01"),
    (2022, "final", "2025-07-02"),
]
IDS = [f"prov-{year}-{edition}-1" for year, edition, _ in RELEASES]


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def archive(source: str, part: str, at: str, rows: list[tuple[Any, ...]]) -> Manifest:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, *rows])
    return Archive(settings.archive_url()).put(
        text.getvalue().encode(),
        source_id=source,
        part=part,
        periods=[part[-4:]],
        origin="example" if source == PARTIES else "reconstructed",
        url="https://bra.example/",
        captured_at=day(at),
        media_type="text/csv",
        file_name=f"{part}.csv",
    )


def load(manifest: Manifest) -> None:
    """Load a capture from the bytes that the archive holds."""
    text = Archive(settings.archive_url()).read(manifest.capture_id).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    column = {name: [row[name] for row in rows] for name in COLUMNS} | {"value": [float(row["value"]) for row in rows]}
    plain = {"age": "T", "party": "-", "breakdown": "total", "value_low": None, "value_high": None}
    plain |= {"mark": "example" if manifest.origin == "example" else "direct", "source_label": "Antal", "place": "A1"}
    table = tidy_table(column | {name: [cell] * len(rows) for name, cell in (plain | {"value_status": "ok"}).items()})
    write(engine("loader"), table, set_aside_table(), manifest, Counts(table.num_rows, 0, 0), "test")


def replay(captures: list[Manifest]) -> None:
    """Enter the small county into the empty warehouse and load captures in the order given."""
    sync_dimensions(scene.registry())
    names = {"label_sv": "Antal", "label_en": "Count", "unit": "antal", "additive": True, "small_counts": False}
    measures = [(f"{BRA}.cleared", BRA), (f"{BRA}.handled", BRA), ("E02.meetings", "E02")]
    with engine("loader").begin() as connection:
        connection.execute(sa.insert(t.measure), [{"code": c, "source_id": source} | names for c, source in measures])
    for manifest in captures:
        load(manifest)


def publish_all() -> None:
    for year, edition, as_of in RELEASES:
        built = run.build("prov", year, edition, day(as_of))
        run.audit(built.release_id)
        run.compare(built.release_id)
        run.release(built.release_id, WAIVED)


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def knows(patch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Set the registry by which releases are built and tested."""
    everything = scene.registry().model_copy(update=changed)
    patch.setattr(run, "registry", lambda: everything)
    patch.setattr(subject, "registry", lambda: everything)


@pytest.fixture(scope="module")
def original(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Archive and load all captures and publish all releases, once; return the database and its home, for copies."""
    home = tmp_path_factory.mktemp("original")
    with pytest.MonkeyPatch.context() as patch:
        for warehouse in conftest._database(postgres, home, patch, template=conftest._TEMPLATE):
            knows(patch)
            replay([archive(*capture) for capture in CAPTURES])
            publish_all()
            yield warehouse.database, home


@pytest.fixture
def warehouse(
    original: tuple[str, Path], postgres: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Give the test a copy of the published warehouse and of its files, of its own."""
    database, home = original
    shutil.copytree(home, tmp_path / "home")
    knows(monkeypatch)
    yield from conftest._database(postgres, tmp_path / "home", monkeypatch, template=database)


@pytest.fixture
def published(warehouse: Any) -> Path:
    """Return the folder of the releases' files."""
    folder: Path = warehouse.home / "published" / "prov"
    return folder


def one(release_id: str) -> BackTest:
    (result,) = backtest([release_id])
    return result


def test_every_release_is_made_again_the_same(published, capsys):
    """Releases before and after a revision, a corrected delivery and an older year, each byte for byte.

    What was only built is not among them.
    """
    unreleased = run.build("prov", 2024, "closing", day("2025-08-01")).release_id
    results = list(backtest())
    assert [each.release_id for each in results] == IDS, "in the order in which readers were given them"
    assert [(each.outcome, each.files, each.said) for each in results] == [("equal", (), ())] * len(IDS)
    assert command_line.main(["backtest", IDS[0]]) == 0
    assert capsys.readouterr().out == f"{IDS[0]}: equal\n"
    with pytest.raises(UsageError, match=unreleased):
        list(backtest([unreleased]))
    before = everything(published)
    versions = {name: before[f"{name}/data/revisions.csv"].decode().count("\n") - 1 for name in IDS}
    assert versions[IDS[0]] == 0
    assert versions[IDS[0]] < versions[IDS[1]] < versions[IDS[2]]


@pytest.fixture
def another_warehouse(published: Path, warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point the settings at a warehouse that knows nothing yet, once everything is published, with the same archive."""
    with warehouse.server.superuser("postgres") as connection:
        conftest._create_database(connection, "replayed", conftest._TEMPLATE)
        conftest._point_settings(monkeypatch, warehouse.server, "replayed")
        yield
        connection.execute("DROP DATABASE replayed WITH (FORCE)")


def test_a_warehouse_that_is_replayed_from_the_archive_gives_the_same_bytes(published, another_warehouse):
    """In another order too, with nothing left but the archive: releases, files, and their back-test."""
    before = everything(published)
    shutil.rmtree(published)
    held = Archive(settings.archive_url())
    replay(sorted((each for source in (BRA, PARTIES) for each in held.manifests(source)), key=lambda each: each.sha256))
    publish_all()
    assert everything(published) == before
    assert one(IDS[2]).outcome == "equal"


def test_the_page_and_the_views_show_how_values_were_revised(published, warehouse):
    page = (published / IDS[1] / "TMV-B05.html").read_text(encoding="utf-8")
    assert "Hur uppgifterna har ändrats" in page
    assert "har fått en ny version 4 gånger: 2 när en preliminär uppgift blev slutlig, 2 efter att" in page
    assert "I genomsnitt ändrades värdet med 0,35 procentenheter." in page
    assert "preliminär, 2024-02-01" in page
    assert "slutlig, 2024-06-01" in page
    assert "Inget av värdena har ändrats" in (published / IDS[0] / "TMV-B05.html").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO((published / IDS[1] / "data/revisions.csv").read_text(encoding="utf-8")))
    women = [row for row in rows if row["series"] == "women" and row["year"] == "2023"]
    assert [(row["version"], row["preliminary"], row["value"], row["change"]) for row in women] == [
        ("1", "true", "16.8", ""),
        ("2", "false", "17.1", "0.3"),
    ]
    with warehouse.engine("bi_reader").connect() as connection:
        found = connection.execute(
            sa.text("SELECT count(*), bool_and(has_value) FROM publ.revision_v1 WHERE indicator_id = 'TMV-B05'")
        ).one()
        assert found == (8, True)


@pytest.mark.parametrize(
    ("file", "was", "becomes", "check"),
    [
        ("data/revisions.csv", b",17.1,0.3,", b",17.1,0.4,", "revisions_equal_database"),
        ("data/revisions.csv", b",17.1,0.3,", b",17.2,0.4,", "revisions_stand_on_pages"),
        ("TMV-B05.html", b"no such text", b"", ""),
        ("TMV-B05.html", "<br><small>preliminär,".encode(), b"<br><small>slutlig,", "revisions_stand_on_pages"),
        ("TMV-B05.html", b'<tr data-revision="TMV-B05', b'<tr data-x="TMV-B05', "revisions_stand_on_pages"),
    ],
)
def test_the_audit_reads_the_versions_back(published, warehouse, file, was, becomes, check):
    """From the file, from the database and from the page; a version that differs in one of them is found."""
    target = published / IDS[1] / file
    target.write_bytes(target.read_bytes().replace(was, becomes, 1))
    with warehouse.engine("publisher").connect() as connection:
        stored = store.get(connection, IDS[1])
        result = examine(connection, stored, published / IDS[1], scene.registry())
    failed = {each.name for each in result.checks if not each.passed}
    assert check in failed if check else not failed


@pytest.mark.scorecard(51, "a touched file")
def test_a_touched_file_is_found(published, capsys):
    target = published / IDS[1] / "data/values.csv"
    kept = target.read_bytes()
    target.write_bytes(kept.replace(b"17.1", b"17.2"))
    result = one(IDS[1])
    assert (result.outcome, result.files) == ("differs", ("data/values.csv",))
    assert command_line.main(["backtest", IDS[0], IDS[1]]) == 7
    said = capsys.readouterr().out
    assert f"{IDS[0]}: equal\n{IDS[1]}: DIFFERS\n  data/values.csv does not have its hash." in said
    # With the manifest touched as well, the database still knows.
    listing = published / IDS[1] / "release.json"
    manifest = json.loads(listing.read_text(encoding="utf-8"))
    manifest["files"]["data/values.csv"] = files.sha256_of_file(target)
    files.write_json(listing, manifest)
    assert one(IDS[1]).files == ("data/values.csv", "release.json")
    assert one(IDS[0]).outcome == "equal"


@pytest.mark.scorecard(51, "a file more, less, or all lost")
def test_a_file_more_or_less_and_lost_files_are_found(published):
    (published / IDS[0] / "extra.txt").write_text("x", encoding="utf-8")
    assert one(IDS[0]).files == ("extra.txt",)
    (published / IDS[1] / "om.html").unlink()
    assert one(IDS[1]).files == ("om.html",)
    shutil.rmtree(published / IDS[2])
    assert one(IDS[2]).outcome == "differs"


@pytest.mark.scorecard(51, "a touched figure")
def test_a_touched_figure_of_the_warehouse_is_found(published, warehouse):
    """In every release that knew it, and in no other."""
    with warehouse.superuser() as connection:
        connection.execute(
            "UPDATE warehouse.observation SET value = 172 WHERE value = 171 AND known_from >= '2024-06-01'"
        )
    before, touched, other = backtest([IDS[0], IDS[1], IDS[4]])
    assert [each.outcome for each in (before, touched, other)] == ["equal", "differs", "equal"]
    assert "data/values.csv" in touched.files


@pytest.mark.scorecard(51, "a touched capture")
def test_a_touched_capture_of_the_archive_is_found(published):
    capture = next(c for c in Archive(settings.archive_url()).manifests(BRA, "Rn01-2024"))
    place = Path(settings.archive_url()) / "objects" / capture.sha256[:2] / capture.sha256
    place.write_bytes(place.read_bytes() + b"\n")
    before, touched = backtest([IDS[2], IDS[3]])
    assert (before.outcome, touched.outcome) == ("equal", "differs")
    assert "do not match their hash" in touched.said[0]


def test_a_capture_that_was_loaded_afterwards_is_named(published):
    """It was held, say: what was known by then is another thing now, and the back-test says why."""
    late = archive(BRA, "Rn01-2021", "2023-06-01", [(f"{BRA}.cleared", "Rn01", 2021, "K", 99.0, "F")])
    load(late)
    result = one(IDS[0])
    assert result.outcome == "differs"
    assert any(late.capture_id in line for line in result.said)


def test_other_definitions_are_told_and_are_not_equal(published, monkeypatch, capsys):
    """Nor are they a fault: the exit code tells them apart. A touched file is found all the same."""
    changed = scene.registry().indicators
    changed["TMV-S01"] = changed["TMV-S01"].model_copy(update={"unit": "gånger"})
    knows(monkeypatch, indicators=changed)
    result = one(IDS[0])
    assert result.outcome == "other_definitions"
    assert "It was built by another registry." in result.said
    assert "data/values.csv" in result.files
    assert command_line.main(["backtest", IDS[0]]) == 2
    assert ": other definitions\n" in capsys.readouterr().out
    (published / IDS[0] / "om.html").write_text("x", encoding="utf-8")
    assert one(IDS[0]).outcome == "differs"
    knows(monkeypatch)
    monkeypatch.setattr(files, "code_version", lambda: "99.0")
    result = one(IDS[1])
    assert result.outcome == "other_definitions"
    assert any("this is 99.0" in line for line in result.said)
    assert "By the definitions that hold now its tables would be the same." in result.said


def test_a_release_stands_in_its_place_among_the_others(published, warehouse, monkeypatch):
    """What it says may depend on those before it and never on those after; built before another, it is looked at again.

    Here, what a release says is made to depend on how many were before it.
    """
    original = store.content_of

    def content_of(*arguments: Any) -> Any:
        content = original(*arguments)
        earlier = arguments[-1]
        return content if len(earlier) < len(IDS) + 1 else _with_another_value(content)

    monkeypatch.setattr(store, "content_of", content_of)
    first = run.build("prov", 2023, "closing", day("2025-08-01"))
    second = run.build("prov", 2024, "closing", day("2025-08-01"))
    for built in (first, second):
        run.audit(built.release_id)
        run.compare(built.release_id)
    run.release(second.release_id, WAIVED)
    assert {each.outcome for each in backtest([IDS[3], second.release_id])} == {"equal"}
    with pytest.raises(ReleaseRefused, match="was built before prov-2024-closing-1 was released"):
        run.release(first.release_id, WAIVED)
    again = run.build("prov", 2023, "closing", day("2025-08-01"))
    assert (again.release_id, again.state) == ("prov-2023-closing-2", "built")
    assert run.build("prov", 2024, "closing", day("2025-08-01")).state == "unchanged", (
        "in its own place it says the same"
    )


def _with_another_value(content: Any) -> Any:
    from dataclasses import replace

    return replace(content, values=(replace(content.values[0], notes_sv="Efter de andra."), *content.values[1:]))
