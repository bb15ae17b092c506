"""Counts of persons, from a party's file to what is published: the loader's tables hold them, and nothing else does."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include import __main__ as command_line
from include import settings, verbs
from include.load.publ import VIEWS
from include.measure.run import measure
from include.registry.delivery import Identity, extracts_in, grid_rows
from include.registry.models import Registry
from include.registry.templates import Numbers, workbook

pytestmark = pytest.mark.postgres

#: No other number of this test, nor part of any hash, time or page: counts that are easy to find wherever they get to.
CANARIES = (73129, 73131, 73133, 73151, 73153, 73157)
YEAR = 2023


def numbers(registry: Registry, identity: Identity, start: int = 0) -> Numbers:
    """Return a canary for every number of the small-count extracts of a delivery, other numbers for the rest."""
    agreement = registry.agreements[identity.agreement]
    filled: dict[str, dict[Any, dict[str, int]]] = {}
    for extract in extracts_in(registry, identity):
        for sheet in extract.sheets:
            if sheet.grid is None:
                continue
            for number, row in enumerate(grid_rows(sheet.grid, registry, agreement, YEAR)):
                told = CANARIES[(number + start) % len(CANARIES)] if extract.small_counts else 5
                filled.setdefault(sheet.name, {})[row.key] = dict.fromkeys(sheet.grid.measures, told)
    return filled


def spellings(number: int) -> list[str]:
    text = str(number)
    return [text, *(f"{text[:-3]}{blank}{text[-3:]}" for blank in (" ", "\N{NO-BREAK SPACE}", "\u202f", ",", "."))]


def found_in(text: str) -> list[str]:
    return [each for number in CANARIES for each in spellings(number) if each in text]


@pytest.fixture
def home(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("FOLLOWUP_USER", "Anna")
    verbs.migrate()
    return warehouse


def written_files(folder: Path) -> dict[Path, str]:
    """Return every file below a folder as text, but for the archive and the tables on their way to the loader."""
    own = [Path(settings.archive_url()), *settings.staging_dir().rglob("*.parquet")]
    return {
        path: path.read_bytes().decode("utf-8", errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and not any(path == each or each in path.parents for each in own)
    }


def test_they_are_in_no_message_report_answer_view_or_page(
    home: Any,
    registry: Registry,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Faults of every kind are provoked, so that all that tells of cells tells of these."""
    caplog.set_level(logging.DEBUG)
    mine = Identity("jamtland", "K2380", str(YEAR))
    earlier = mine._replace(period=str(YEAR - 1))
    files = tmp_path_factory.mktemp("files")  # the party's own, outside of the home that is searched
    returned: list[Any] = []

    def submit(name: str, identity: Identity, filled: Numbers) -> int:
        (files / name).write_bytes(workbook(registry, identity, numbers=filled))
        return command_line.main(["extracts", "submit", str(files / name)])

    sound = numbers(registry, earlier)
    for row in sound["Vuxna"].values():
        row.update(dict.fromkeys(row, CANARIES[0]))
    total = ("", "total", "T", "18+")
    sound["Vuxna"][total] = dict.fromkeys(sound["Vuxna"][total], 3 * CANARIES[0])
    assert submit("last.xlsx", earlier, sound) == 0

    broken = numbers(registry, mine, start=1)  # sexes that do not add up: the whole file is refused
    assert submit("broken.xlsx", mine, broken) == 5

    jumped: dict[str, dict[Any, dict[str, Any]]] = {k: {r: dict(v) for r, v in w.items()} for k, w in sound.items()}
    for row in jumped["Vuxna"].values():
        row.update({name: number // 1000 for name, number in row.items()})
    jumped["Skyddat boende"][("", "total", "T", "T")]["nights_adults"] = f"{CANARIES[2]} %"
    jumped["Våldsutövare och samråd"][("", "total", "T", "T")]["consultations"] = "<5"
    assert submit("jumped.xlsx", mine, jumped) == 0
    assert submit("again.xlsx", mine, sound) == 5  # last year's file, and a thousand times what was told before

    returned.append(measure("jamtland", YEAR))
    built = verbs.build("jamtland", YEAR, "final", datetime(YEAR + 2, 1, 1, tzinfo=UTC).isoformat())
    verbs.audit(built.release_id)
    returned += [built, verbs.compare(built.release_id)]
    verbs.release(built.release_id, {"decision": "approved", "by": "Anna", "reason": "test"})

    told = capsys.readouterr()
    assert found_in(told.out + told.err) == []
    assert found_in(caplog.text) == []
    assert found_in(repr(returned)) == []
    assert {str(path): found for path, text in written_files(home.home).items() if (found := found_in(text))} == {}
    for role, tables in (
        ("bi_reader", [f"publ.{view.name}" for view in VIEWS]),
        ("loader", ["warehouse.outcome", "warehouse.quarantine", "warehouse.loaded", "warehouse.indicator_value"]),
    ):
        with home.engine(role).connect() as connection:
            for table in tables:
                rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
                assert found_in(repr(rows)) == [], table


def test_the_loader_has_them_and_the_publisher_does_not(home: Any, registry: Registry, tmp_path: Path) -> None:
    """The test above would prove nothing if they had been lost on the way."""
    identity = Identity("jamtland", "CMV", str(YEAR))
    (tmp_path / "cmv.xlsx").write_bytes(workbook(registry, identity, numbers=_consistent(registry, identity)))
    assert command_line.main(["extracts", "submit", str(tmp_path / "cmv.xlsx")]) == 0
    with home.engine("loader").connect() as connection:
        held = connection.execute(sa.text("SELECT count(*) FROM warehouse.observation WHERE value = 73129")).scalar()
        assert held > 0
    with home.engine("publisher").connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="denied"):
        connection.execute(sa.text("SELECT value FROM warehouse.observation"))
    measure("jamtland", YEAR)
    with home.engine("loader").connect() as connection:
        kept = connection.execute(
            sa.text("SELECT numerator_low FROM warehouse.restricted_value WHERE series = 'individuals_centre'")
        ).scalars()
        assert list(kept) == [3 * 3 * 73129]


def _consistent(registry: Registry, identity: Identity) -> Numbers:
    """Return numbers that add up: as many of each sex in each role."""
    filled = numbers(registry, identity)
    for key, row in filled["Stödkontakter"].items():
        parts = (3 if key[1] == "total" else 1) * (3 if key[2] == "T" else 1)
        row.update(dict.fromkeys(row, parts * CANARIES[0]))
    return filled
