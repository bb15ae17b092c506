"""The public tables of a release, made of the figures that the project ships: files, pages and view say the same."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from include import settings
from include.archive.store import Archive
from include.check.corrections import correct
from include.load import tables as t
from include.load.run import sync_dimensions
from include.load.write import Counts, write
from include.measure import public as made
from include.publish import audit, faults, files, public, run
from include.publish import release as store
from include.publish.content import Capture, Content, compose, utc_text
from include.publish.htmlread import read_page
from include.publish.site import pages
from include.registry.read import registry as read_registry
from tests.publish import scene

REGISTRY = read_registry()
JAMTLAND = REGISTRY.agreements["jamtland"]
HANDLED = "bra_handled_offences.handled"


@pytest.fixture(scope="module")
def bundle() -> tuple[pd.DataFrame, list[Capture]]:
    """Return what the shipped files of the tables' sources say, and the files themselves."""
    archive = Archive(settings.bundle_url())
    frames, captures = [], []
    for name in sorted({code.partition(".")[0] for code in made.measures_of(REGISTRY)}):
        source = REGISTRY.sources[name]
        read = import_module(f"include.check.readers.{source.reader}").read
        for manifest in {manifest.part: manifest for manifest in archive.manifests(name)}.values():
            result = read(archive.read(manifest.capture_id), manifest, source, REGISTRY)
            result, _ = correct(result, [c for c in REGISTRY.corrections.values() if c.source == name])
            lineage = {"capture_id": manifest.capture_id, "origin": manifest.origin, "known_from": manifest.captured_at}
            frames.append(result.table.to_pandas().assign(**lineage))
            where = (manifest.capture_id, name, manifest.part, manifest.origin, utc_text(manifest.captured_at))
            captures.append(Capture(*where, None, manifest.sha256, manifest.url, manifest.file_name))
    return pd.concat(frames, ignore_index=True), captures


@pytest.fixture(scope="module")
def content(bundle: tuple[pd.DataFrame, list[Capture]]) -> Content:
    """Return a release's content with the real public tables, and with the small county's made-up indicator values."""
    observations, captures = bundle
    plain = scene.registry()
    real = {
        name: getattr(REGISTRY, name) for name in ("sources", "areas", "breakdowns", "public_tables", "corrections")
    }
    everything = plain.model_copy(update=real)
    return compose(
        registry=everything,
        agreement=plain.agreements["prov"],
        year=2025,
        edition="final",
        as_of=scene.AS_OF,
        values=pd.DataFrame(scene.values()),
        trends=scene.trends(),
        captures=[*scene.captures(), *captures],
        public=made.figures(observations, everything, plain.agreements["prov"], 2025, faults.note),
    )


@pytest.fixture
def built(content: Content, warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[store.Stored]:
    """Return the release, built."""
    monkeypatch.setattr(run, "registry", lambda: content.registry)
    monkeypatch.setattr(run, "registry_of", lambda everything, *_: everything, raising=False)
    monkeypatch.setattr(store, "content_of", lambda *_, **__: content)
    with warehouse.engine("owner").begin() as connection:
        for capture in content.captures:
            row = {name: getattr(capture, name) for name in ("capture_id", "source_id", "part", "origin", "sha256")}
            row |= {"captured_at": capture.captured_at, "canonical_sha256": capture.sha256, "size": 1, "periods": []}
            connection.execute(insert(t.capture).values(row | {"manifest": {}}).on_conflict_do_nothing())
    result = run.build("prov", 2025, "final", scene.AS_OF)
    with warehouse.engine("publisher").connect() as connection:
        yield store.get(connection, result.release_id)


def rows_of(connection: sa.Connection, one: store.Stored) -> int:
    return connection.scalar(
        sa.select(sa.func.count()).select_from(t.release_figure).where(t.release_figure.c.release_id == one.release_id)
    )


def test_file_page_and_database_are_audited_and_equal(content: Content, built: store.Stored, warehouse: Any) -> None:
    """The audit passes as built, and finds a figure that was changed on a page, or in the file."""
    folder = settings.published_dir() / "prov" / built.release_id
    with warehouse.engine("publisher").connect() as connection:
        assert rows_of(connection, built) == len(content.public) > 13_000
        result = audit.examine(connection, built, folder)
        assert result.passed, result.text()[:2000]
        page = folder / "handlagda-brott.html"
        was = page.read_text(encoding="utf-8")
        page.write_text(was.replace(">1\u00a0578<", ">1\u00a0587<"), encoding="utf-8")
        found = {check.name: check.passed for check in audit.examine(connection, built, folder).checks}
        assert not found["public_pages_equal_files"]
        page.write_text(was, encoding="utf-8")
        table = folder / "data" / "public_figures.csv"
        table.write_text(table.read_text(encoding="utf-8").replace(",1578,", ",1587,"), encoding="utf-8")
        found = {check.name: check.passed for check in audit.examine(connection, built, folder).checks}
        assert not found["public_figures_equal_database"]


def test_the_view_gives_what_was_released(content: Content, built: store.Stored, warehouse: Any) -> None:
    """A BI reader finds every row, with codes that the dimensions know, and nothing before the release is current."""
    query = sa.text("SELECT * FROM publ.public_figure_v1")
    with warehouse.engine("bi_reader").connect() as connection:
        assert connection.execute(query).all() == []
    run.audit(built.release_id)
    run.compare(built.release_id)
    run.release(built.release_id, {"decision": "waived", "by": "test", "reason": "prov"})
    with warehouse.engine("bi_reader").connect() as connection:
        found = pd.DataFrame(connection.execute(query).mappings())
    assert len(found) == len(content.public)
    one = found[
        (found.measure_code == "clearance_rate")
        & (found.breakdown_code == "offence:assault_partner")
        & (found.sex_code == "K")
        & (found.area_code == "Rn01")
        & (found.year == 2025)
    ].iloc[0]
    assert (one.numerator, one.denominator, one.area_role) == (177, 1578, "proxy")
    assert one.value == pytest.approx(11.21673004)
    assert (one.has_interval, one.ci_method, one.marks) == (True, "wilson", "derived")


def test_every_row_stands_on_its_page_and_the_region_says_that_it_stands_in(content: Content) -> None:
    """Of the 974 offence-years none is left out of the page, and the police region is never called the county."""
    page = read_page(pages.render(content, "prov-2025-final-1", None, [], [])["handlagda-brott.html"])
    assert not list(page.faults())
    handled = {
        ("handlagda_brott", row.area, row.sex, row.age, row.breakdown, str(row.year))
        for row in content.public
        if row.measure == HANDLED
    }
    assert len(handled) == 974
    assert {tuple(row.key.split("|")) for row in page.figures} == handled
    for row in page.figures:
        assert ("står för" in row.group) == ("|Rn01|" in row.key)
    partner = next(row for row in page.figures if row.key.endswith("|Rn01|K|18+|offence:assault_partner|2025"))
    shown = [text for _, text in partner.cells.values()]
    assert shown[:6] == ["1\u00a0578", "1\u00a0374", "204", "177", "11,2", "9,8–12,9"]


def test_a_share_of_nothing_is_a_word_and_never_zero(content: Content) -> None:
    """Where nothing was handled Brå prints 0 %; the page says that there is nothing to count on."""
    empty = next(row for row in content.public if row.measure == "clearance_rate" and row.denominator == 0)
    assert (empty.value, empty.ci_low, empty.value_status) == (None, None, "not_applicable")
    page = read_page(pages.render(content, "prov-2025-final-1", None, [], [])["handlagda-brott.html"])
    key = "|".join(map(str, (empty.table_id, empty.area, empty.sex, empty.age, empty.breakdown, empty.year)))
    shown = next(row for row in page.figures if row.key == key)
    assert shown.cells["clearance_rate"][1] == "ej tillämpligt"
    assert not re.search(r"\d", shown.cells["clearance_rate.ci"][1])


def test_pages_are_found_from_where_readers_are(content: Content) -> None:
    """The first page and the page of data lead to each table; a table without figures has no page and is named."""
    rendered = pages.render(content, "prov-2025-final-1", None, [], files.tables(content, "prov-2025-final-1", []))
    shown = {row.table_id for row in content.public}
    for table in content.registry.public_tables.values():
        assert (table.page in rendered) == (table.id in shown)
        for name in ("index.html", "data.html"):
            assert (table.page in read_page(rendered[name]).local) == (table.id in shown)
    assert "uppklaring_tio_ar" not in shown
    assert content.registry.public_tables["uppklaring_tio_ar"].title.sv.replace("å", "å") in rendered["data.html"]
    assert "handlagda-brott.html" in read_page(rendered["TMV-B05.html"]).local


def test_without_public_figures_a_release_is_as_before(content: Content) -> None:
    """No table, no page and the same digest where there is nothing to show; a changed figure changes the digest."""
    none = replace(content, public=())
    assert none.digest != content.digest
    assert "public_figures" not in [table.name for table in files.tables(none, "r", [])]
    assert not public.pages(none)
    first = content.public[0]._replace(value=-1.0)
    assert replace(content, public=(first, *content.public[1:])).digest != content.digest


def test_the_approver_reads_how_many_public_figures_changed(
    content: Content, built: store.Stored, warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One figure revised, one gone and one new are told in the comparison, although no indicator has changed."""
    run.audit(built.release_id)
    assert "offentliga" not in run.compare(built.release_id).summary_sv
    run.release(built.release_id, {"decision": "waived", "by": "test", "reason": "prov"})
    first, second, *rest = content.public
    other = (first._replace(value=1.0), second._replace(breakdown="offence:new"), *rest)
    monkeypatch.setattr(store, "content_of", lambda *_, **__: replace(content, public=other))
    later = run.build("prov", 2025, "final", scene.AS_OF)
    said = run.compare(later.release_id).summary_sv
    assert said.endswith("I de offentliga tabellerna är 1 uppgifter ändrade, 1 nya och 1 borttagna.")


def test_the_figures_are_those_known_at_the_moment(warehouse: Any) -> None:
    """Read from the warehouse as of a moment: what came later is not there, and nothing that a party has delivered."""
    sync_dimensions(REGISTRY)
    archive, source = Archive(settings.bundle_url()), REGISTRY.sources["bra_handled_offences"]
    manifest = archive.latest(source.id, "Rn01-2025")
    result = import_module(f"include.check.readers.{source.reader}").read(
        archive.read(manifest.capture_id), manifest, source, REGISTRY
    )
    counts = Counts(result.rows_in, result.set_aside.num_rows, 0)
    write(warehouse.engine("loader"), result.table, result.set_aside, manifest, counts, "test")
    with warehouse.engine("loader").connect() as connection:
        now = public.read(connection, REGISTRY, JAMTLAND, 2025, manifest.captured_at)
        before = public.read(connection, REGISTRY, JAMTLAND, 2025, manifest.captured_at - timedelta(seconds=1))
        year_before = public.read(connection, REGISTRY, JAMTLAND, 2024, manifest.captured_at)
    assert (now.measure == HANDLED).sum() == 58
    assert (now.measure == "clearance_rate").sum() == 58
    assert set(now.captures) == {manifest.capture_id}
    assert before.empty
    assert year_before.empty
