"""The gate of small counts: seeded naive releases in a real database, each told by the route on which it leaks."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.load import tables as t
from include.load.run import sync_dimensions
from include.publish import audit, run
from include.publish import release as store
from include.registry.models import PartyCheck
from tests.load.samples import load
from tests.publish import scene, small_scene
from tests.publish.small_scene import AS_OF, LATER, YEAR, deliver, helped, hidden, met, replaced, safe

pytestmark = pytest.mark.postgres

County = Callable[..., None]


@pytest.fixture
def build(county: County, warehouse: Any) -> Callable[..., Path]:
    """Give a function that builds a release of some rows and returns its folder."""
    deliver()

    def made(rows: list[dict[str, Any]], edition: str = "final", as_of: Any = AS_OF, registry: Any = None) -> Path:
        county(rows=rows, registry=registry or small_scene.registry())
        return Path(run.build("prov", YEAR, edition, as_of).directory)

    return made


def found(warehouse: Any, folder: Path, registry: Any = None) -> str:
    """Return what the check of small counts finds in a release; an empty text if it passes."""
    with warehouse.engine("publisher").connect() as connection:
        one = store.get(connection, folder.name)
        checks = audit.examine(connection, one, folder, registry or small_scene.registry()).checks
    check = next(each for each in checks if each.name == "small_counts_are_protected")
    assert_tells_no_number(check.detail)
    return "" if check.passed else check.detail


def assert_tells_no_number(text: str) -> None:
    """No number but years, codes of areas, names of indicators and releases, and how many faults there are more."""
    known = r"TMV-[A-Z]\d\d|prov-\d{4}-[a-z]+-\d+|\b20\d\d\b|\b23(80|03|05)?\b|E06|and \d+ more|-\d\.svg"
    assert re.search(r"\d", re.sub(known, "", text)) is None, text


def give(warehouse: Any, folder: Path) -> None:
    """Give a release to readers, past its audit: as if an earlier gate had let it through."""
    with store.locked("prov") as connection, connection.begin():
        said = {"audit_passed": True, "approval": "approved", "approved_by": "Anna", "approval_reason": "test"}
        times = {name: sa.func.now() for name in ("audited_at", "compared_at", "approved_at")}
        store.update(connection, folder.name, diff_sv="Första utgåvan.", **said, **times)
        store.make_current(connection, store.get(connection, folder.name))


# --- what may be released ----------------------------------------------------------------------------------------


def test_a_safe_release_passes(build: Callable[..., Path], warehouse: Any) -> None:
    """No false alarm, with what the first release showed known to the second."""
    first = build(safe())
    assert found(warehouse, first) == ""
    give(warehouse, first)
    assert found(warehouse, build(safe(), "correction")) == ""


def test_a_release_that_shows_nothing_passes(build: Callable[..., Path], warehouse: Any) -> None:
    """As releases are while nothing has been weighed: every row hidden, for one reason."""
    waiting = "Bygger på små antal och visas först efter sekretessprövning."
    rows = [hidden(row["indicator_id"], row["series"], row["area"], reason_sv=waiting) for row in safe()]
    first = build(rows)
    assert found(warehouse, first) == ""
    give(warehouse, first)  # what was only waiting is not bound to stay hidden
    assert found(warehouse, build(safe(), "correction")) == ""


# --- each route on which a small count gets out ------------------------------------------------------------------

FEW = 100_000 * 3 / 5000

ROUTES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "as a numerator": (replaced(met("men", "2303")), "its numerator is a small count"),
    "as what is left of a total": (replaced(met("all", "2303"), met("women", "2303")), "a small count follows"),
    "as the county less the other municipalities": (
        replaced(
            met("men", "2380"), met("women", "2303"), met("all", "2303"), met("women", "2305"), met("all", "2305")
        ),
        "a small count follows",
    ),
    "as a rate of a known population": (
        replaced(
            scene.row("TMV-U05", FEW, numerator=None, denominator=5000.0, unit="per 100 000", decimals=1, method="rate")
            | {"area": "2303", "area_role": "kommun", "series": "men", "sex": "M"}
        ),
        "shown without the numerator",
    ),
    "as a share of a known number": (replaced(helped("men", 4.0, 17.0)), "its numerator is a small count"),
    "as a share of too few": (replaced(helped("all", 5.0, 12.0, "2303")), "a share of too few"),
    "as the rest of a share": (replaced(helped("women", 27.0, 30.0, "2380")), "what is left of it, is a small count"),
    "as the difference of two shares": (replaced(helped("women", 36.0, 46.0)), "a small count follows"),
    "by an interval alone": (
        replaced(hidden("TMV-U08", "men", "2303", conf_status="free", ci_low=0.6, ci_high=8.8)),
        "it is hidden, but a number stands in it",
    ),
    "by its denominator alone": (
        replaced(hidden("TMV-U09", "men", denominator=17.0)),
        "it is hidden, but a number stands in it",
    ),
    "by another reason": (
        replaced(hidden("TMV-U08", "men", "2303", reason_sv="Färre än fem personer.")),
        "its reason tells it apart",
    ),
    "by another status": (
        replaced(hidden("TMV-U08", "men", "2303", obs_status="missing")),
        "its status tells it apart",
    ),
    "by a remark": (
        replaced(hidden("TMV-U08", "men", "2303", notes_sv="Täljaren är större än nämnaren.")),
        "a remark of a hidden row",
    ),
    "by a sum that is none": (replaced(met("men") | {"numerator": 18.0, "value": 18.0}), "not the sum of what was"),
    "by a value that is not made of its parts": (
        replaced(helped("all", 40.0, 63.0) | {"value": 3.0}),
        "not made of its numerator and denominator",
    ),
}


@pytest.mark.scorecard(50, "a small count shown by any route stops the release")
@pytest.mark.parametrize("route", ROUTES)
def test_each_route_is_found(route: str, build: Callable[..., Path], warehouse: Any) -> None:
    rows, fault = ROUTES[route]
    assert fault in found(warehouse, build(rows))


def test_a_figure_that_its_sender_has_hidden_stays_hidden(county: County, warehouse: Any) -> None:
    """A municipality that masks its number is protected even where the county's sum is large."""
    deliver(hidden=(("2380", "M"),))
    county(rows=safe(), registry=small_scene.registry())
    folder = Path(run.build("prov", YEAR, "final", AS_OF).directory)
    assert "hidden" in found(warehouse, folder)


def test_counts_that_are_not_declared_are_found(build: Callable[..., Path], warehouse: Any) -> None:
    """An indicator cannot call counts of persons something else."""
    registry = small_scene.registry()
    other = small_scene.indicator("TMV-U08", suppression="public_source")
    registry = registry.model_copy(update={"indicators": registry.indicators | {"TMV-U08": other}})
    assert "which its definition does not say" in found(warehouse, build(safe(), registry=registry), registry)


def test_what_cannot_be_followed_is_not_released(build: Callable[..., Path], warehouse: Any) -> None:
    """An agreement, a kind of value or a mixture that the auditor does not understand stops the release."""
    folder = build(safe())
    nobody = small_scene.registry().model_copy(update={"agreements": {}})
    assert "not understood" in found(warehouse, folder, nobody)
    registry = small_scene.registry()
    mixed = small_scene.indicator(
        "TMV-U08",
        numerator=[*registry.indicators["TMV-U08"].numerator, *scene.registry().indicators["TMV-S01"].numerator],
    )
    registry = registry.model_copy(update={"indicators": registry.indicators | {"TMV-U08": mixed}})
    assert "added to other figures" in found(warehouse, build(safe(), "correction", registry=registry), registry)


# --- earlier releases --------------------------------------------------------------------------------------------


def test_an_older_release_that_told_it_is_found(build: Callable[..., Path], warehouse: Any) -> None:
    """What readers have been given is known, however well the new release hides it."""
    give(warehouse, build(replaced(met("all", "2303"), met("women", "2303"))))
    assert "a small count follows" in found(warehouse, build(safe(), "correction"))


def test_a_row_that_was_hidden_stays_hidden(build: Callable[..., Path], warehouse: Any) -> None:
    give(warehouse, build(replaced(hidden("TMV-U08", "men"))))
    assert "must stay hidden" in found(warehouse, build(safe(), "correction"))


@pytest.mark.scorecard(50, "a late report between two releases")
def test_a_late_report_is_not_told_by_the_difference_of_two_releases(
    build: Callable[..., Path], warehouse: Any
) -> None:
    """The first release tells Ragunda's total; after three men more the second tells its women, who are the same."""
    deliver(small_scene.MET_LATER, at=LATER.replace(day=1))
    old = [row for row in safe() if (row["indicator_id"], row["area"], row["series"]) != ("TMV-U08", "2303", "women")]
    give(warehouse, build(replaced(met("all", "2303"), rows=old)))
    later = {"met": small_scene.MET_LATER}
    county_rows = [met(series, **later) for series in ("all", "women", "men")]
    same = [*county_rows, helped("all", 40.0, 66.0)]
    alone = build(replaced(*same), "correction", LATER)
    assert found(warehouse, alone) == ""
    both = replaced(*same, met("women", "2303", **later))
    assert "a small count follows" in found(warehouse, build(both, "closing", LATER))


def test_a_sum_of_years_less_a_year(build: Callable[..., Path], warehouse: Any) -> None:
    """Two years together, and the year that may be shown, tell the year that may not."""
    few = {"2380": (1, 0), "2303": (1, 1), "2305": (0, 0)}
    deliver(few, at=AS_OF.replace(month=1), year=YEAR - 1)
    pooled = scene.row("TMV-U10", 66.0, first_year=YEAR - 1, unit="personer")
    assert "a small count follows" in found(warehouse, build(replaced(pooled)))


def test_a_public_figure_that_a_party_check_names_is_known(build: Callable[..., Path], warehouse: Any) -> None:
    """Where a check between parties says that a producer's public figure is the same count, readers know it."""
    registry = small_scene.registry()
    source = registry.sources["bra_handled_offences"]
    told = source.model_copy(update={"measures": [registry.extracts["E06"].measures[1]]})
    check = PartyCheck.model_validate(
        {
            "id": "same_persons",
            "left": ["E06.helped"],
            "relation": "equal",
            "right": ["bra_handled_offences.helped"],
            "text": {"sv": "Samma personer.", "en": "The same persons."},
        }
    )
    sources, checks = registry.sources | {told.id: told}, {check.id: check}
    registry = registry.model_copy(update={"sources": sources, "party_checks": checks})
    women = replaced(hidden("TMV-U09", "all"), helped("women", 36.0, 46.0))  # of the men nothing is told
    assert found(warehouse, build(women, registry=registry), registry) == ""
    sync_dimensions(registry)
    figure = {"measure": "bra_handled_offences.helped", "area": "23", "value": 40.0}
    load([figure], AS_OF.replace(month=2), part="Rn01-2025", source_id=source.id, period=str(YEAR))
    assert "a small count follows" in found(warehouse, build(women, "correction", registry=registry), registry)


# --- files -------------------------------------------------------------------------------------------------------


def _put(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, (name, old)
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _in_row(key: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "TMV-U08.html"
        pattern = rf'(<tr data-row="{re.escape(key)}".*?</tr>)'
        before, row, after = re.split(pattern, path.read_text("utf-8"), maxsplit=1, flags=re.DOTALL)
        assert old in row
        path.write_text(before + row.replace(old, new, 1) + after, encoding="utf-8")

    return change


MEN = "TMV-U08|men|2303|M|T|-|total|2025"
ONLY_IN_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a sentence": (
        _put("TMV-U08.html", "</main>", "<p>År 2025 räknades 3 personer i Ragunda.</p></main>"),
        "a sentence tells a hidden figure",
    ),
    "a sentence of another page": (
        _put("index.html", "</main>", "<p>År 2025 räknades 3 personer i Ragunda.</p></main>"),
        "a sentence tells a hidden figure",
    ),
    "an alternative text": (
        _put("TMV-U08.html", "</main>", '<img src="x.png" alt="Ragunda 2025: 3."></main>'),
        "a sentence tells a hidden figure",
    ),
    "a cell of a hidden row": (_in_row(MEN, '<span aria-hidden="true">x</span>', "3"), "a number stands in it"),
    "an attribute of a hidden row": (_in_row(MEN, '<td class="num"', '<td data-sort="3"'), "a number stands in it"),
    "the order of a page": (
        lambda folder: _swap(folder / "TMV-U08.html", r'<tbody>\n<tr class="strand">.*?</tbody>'),
        "do not stand in the order of their keys",
    ),
    "a data file that nothing describes": (
        lambda folder: (folder / "data/extra.csv").write_text("x\n3\n"),
        "not described",
    ),
}


def _swap(path: Path, pattern: str) -> None:
    """Put the last two of some parts of a page in each other's place."""
    text = path.read_text(encoding="utf-8")
    *_, one, other = re.finditer(pattern, text, re.DOTALL)
    path.write_text(
        text[: one.start()] + other[0] + text[one.end() : other.start()] + one[0] + text[other.end() :], "utf-8"
    )


def test_what_only_a_file_tells_is_found(build: Callable[..., Path], warehouse: Any) -> None:
    """Nothing is wrong with the database; the page, the picture or the order tells it."""
    folder = build(safe())
    sound = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name, (seed, fault) in ONLY_IN_FILES.items():
        seed(folder)
        assert fault in found(warehouse, folder), name
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in sound]:
            path.unlink()
        for path, content in sound.items():
            path.write_bytes(content)
    assert found(warehouse, folder) == ""


def test_a_point_too_many_in_a_chart_is_found(build: Callable[..., Path], warehouse: Any) -> None:
    """The chart of all years draws a point for the year whose value is hidden."""
    rows = [*safe(), *(met("men", year=year) for year in (YEAR - 2, YEAR - 1))]
    shown = build(rows) / "diagram"
    chart = next(path for path in sorted(shown.glob("TMV-U08-*.svg")) if "Män" in path.read_text("utf-8"))
    drawing = chart.read_text(encoding="utf-8")
    hidden_now = build(replaced(hidden("TMV-U08", "men"), rows=rows), "correction")
    (hidden_now / "diagram" / chart.name).write_text(drawing, encoding="utf-8")
    assert "more points are drawn than values are shown" in found(warehouse, hidden_now)


def test_versions_of_what_is_hidden_are_found(build: Callable[..., Path], warehouse: Any) -> None:
    """How a value was revised tells what it was: a version that no release has shown is told nowhere."""
    folder = build(safe())
    with warehouse.engine("publisher").begin() as connection:
        place = {"indicator_id": "TMV-U08", "series": "men", "area": "23", "sex": "M", "age": "T", "party": "-"}
        version = {"year": YEAR, "version": 1, "breakdown": "total", "unit": "personer", "is_example": False}
        said = {"known_from": AS_OF, "preliminary": True, "value": 14.0, "change": None, "cumulative": None}
        row = {"release_id": folder.name} | place | version | said
        connection.execute(sa.insert(t.release_revision), [row])
    assert "a version of a value that no release has shown" in found(warehouse, folder)
