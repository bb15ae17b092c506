"""The audit finds what is wrong: every seeded fault in a built release is named by the check that guards it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include.publish import audit, files, run
from include.publish import release as store
from tests.publish import scene

pytestmark = pytest.mark.postgres

County = Callable[..., None]


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, (name, old)
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _everywhere(suffix: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for path in folder.rglob(f"*{suffix}"):
            path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return change


SEEDED = [
    ("hashes_match", lambda folder: (folder / "extra.txt").write_text("x")),
    (
        "pages_equal_files",
        _replace("TMV-C01.html", '<data value="132025">132\u00a0025', '<data value="132025">132\u00a0052'),
    ),
    ("pages_equal_files", _replace("TMV-C01.html", 'value="132025"', 'value="132026"')),
    ("pages_equal_files", _replace("TMV-C01.html", "<tr data-row=", "<tr data-was=")),
    ("formats_equal", _replace("data/values-excel.csv", ";132025;", ";132026;")),
    ("formats_equal", _replace("data/TMV-C01.csv", ",132025,", ",132026,")),
    ("database_equals_files", _everywhere("values.csv", ",132025,", ",132026,")),
    (
        "examples_are_marked",
        _replace("TMV-S01.html", '<p class="banner"><strong>EXEMPELDATA', '<p class="banner"><strong>'),
    ),
    (
        "examples_are_marked",
        _replace("TMV-S01.html", '<caption><strong class="example">EXEMPELDATA', "<caption><strong>"),
    ),
    ("examples_are_marked", _everywhere("TMV-S01-1.svg", ">EXEMPELDATA<", "><")),
    (
        "examples_are_marked",
        lambda folder: (folder / "data/TMV-S01-exempeldata.csv").rename(folder / "data/TMV-S01.csv"),
    ),
    ("stand_ins_are_named", _everywhere("TMV-B05.html", "står för", "är")),
    ("no_personal_numbers_or_secrets", _replace("om.html", "</main>", "<p>811218-9876</p></main>")),
    ("no_personal_numbers_or_secrets", _replace("om.html", "</main>", "<p>postgresql://me:secret@db/x</p></main>")),
    ("pages_are_sound", _replace("om.html", "</main>", "<script>1</script></main>")),
    ("pages_are_sound", _replace("om.html", "</main>", '<p style="color:red">x</p></main>')),
    ("pages_are_sound", _replace("om.html", "</main>", '<img src="https://elsewhere.example/x.png" alt="x"></main>')),
    ("pages_are_sound", _replace("om.html", "</main>", '<a href="gone.html">x</a></main>')),
    ("pages_are_sound", _replace("om.html", "<h1>", "<h1>x</h1><h1>")),
    ("pages_are_sound", _replace("TMV-C01.html", ' scope="row"', "")),
    ("manifest_matches_database", _replace("release.json", '"edition": "final"', '"edition": "closing"')),
    ("every_indicator_is_present", lambda folder: (folder / "TMV-U02.html").unlink()),
    ("assessments_equal_database", _everywhere("assessments.csv", ",achieved,", ",limited,")),
    ("sentences_stand_on_pages", _replace("TMV-S01.html", "är uppnått", "är inte uppnått")),
    ("sentences_stand_on_pages", _replace("TMV-S01.html", "<li data-sentence=", "<li data-was=")),
    ("sentences_stand_on_pages", _replace("english.html", "In 2025, there were 4", "In 2025, there were 5")),
    ("sentences_stand_on_pages", _replace("mal-S.html", "data-sentence=", "data-was=")),
    ("sentences_keep_their_word", _everywhere("assessments.csv", "var antalet 132\u00a0025", "var det bättre 132")),
    ("sentences_keep_their_word", _everywhere("assessments.csv", "EXEMPELDATA, påhittade uppgifter. ", "")),
    ("readable", lambda folder: (folder / "data/values.csv").unlink()),
    ("readable", _replace("data/values.csv", ",132025,", ",many,")),
]


@pytest.fixture
def built(county: County) -> run.BuildResult:
    return run.build("prov", 2025, "final", scene.AS_OF)


def examined(warehouse: Any, built: run.BuildResult) -> audit.AuditResult:
    with warehouse.engine("publisher").connect() as connection:
        return audit.examine(connection, store.get(connection, built.release_id), Path(built.directory))


def test_a_sound_release_has_no_fault(built: run.BuildResult, warehouse: Any) -> None:
    """No false alarm."""
    result = examined(warehouse, built)
    assert result.passed, result.text()
    assert [check.name for check in result.checks] == list(audit.CHECKS)


def test_each_seeded_fault_is_found_by_its_check(built: run.BuildResult, warehouse: Any) -> None:
    folder = Path(built.directory)
    sound = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name, seed in SEEDED:
        seed(folder)
        failed = {check.name for check in examined(warehouse, built).checks if not check.passed}
        assert name in failed, (name, failed)
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in sound]:
            path.unlink()
        for path, content in sound.items():
            path.write_bytes(content)
    assert examined(warehouse, built).passed


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("every_value_has_a_status", {"ci_low": 1.0, "value": None, "obs_status": "missing", "reason_sv": "Saknas."}),
        ("examples_are_marked", {"origin": "example"}),
    ],
)
def test_faults_of_the_content_are_found(name: str, change: dict[str, Any], county: County, warehouse: Any) -> None:
    rows = scene.values()
    rows[4] |= change
    county(rows=rows)
    built = run.build("prov", 2025, "final", scene.AS_OF)
    assert name in {check.name for check in examined(warehouse, built).checks if not check.passed}


def test_counts_of_persons_are_refused(county: County, warehouse: Any) -> None:
    """An indicator that says that it counts persons is not published by figures that nobody knows to be protected."""
    everything = scene.registry()
    guarded = {"TMV-S01": everything.indicators["TMV-S01"].model_copy(update={"suppression": "small_counts"})}
    county(registry=everything.model_copy(update={"indicators": everything.indicators | guarded}))
    built = run.build("prov", 2025, "final", scene.AS_OF)
    assert "small_counts_are_protected" in {
        check.name for check in examined(warehouse, built).checks if not check.passed
    }


def test_counts_of_persons_are_known_by_their_measure(built: run.BuildResult, warehouse: Any) -> None:
    """An indicator that declares itself harmless is still refused if its measure counts persons."""
    with warehouse.superuser() as connection:
        connection.execute(
            "INSERT INTO warehouse.measure (code, source_id, label_sv, label_en, unit, additive, small_counts) "
            "VALUES ('E02.meetings', 'E02', 'm', 'm', 'm', true, true)"
        )
    failed = {check.name for check in examined(warehouse, built).checks if not check.passed}
    assert failed == {"small_counts_are_protected"}


def test_every_check_is_recorded(built: run.BuildResult, warehouse: Any) -> None:
    result = run.audit(built.release_id)
    with warehouse.engine("publisher").connect() as connection:
        row = connection.exec_driver_sql("SELECT audit_passed, audit FROM warehouse.release").one()
    assert row.audit_passed is True
    assert [each["name"] for each in row.audit] == [check.name for check in result.checks]


def test_the_manifest_lists_every_file(built: run.BuildResult) -> None:
    folder = Path(built.directory)
    listed = json.loads((folder / "release.json").read_text(encoding="utf-8"))["files"]
    assert sorted(listed) == files.names_of(folder)
