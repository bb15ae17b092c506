"""Renders the pages of a release, and the list of releases that stands above them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.measure.deliveries import day_of
from include.publish import charts, diff, public, wording
from include.publish.assess import Assessment
from include.publish.content import Content, Coverage, Delivery, Section, sources_of, utc_text
from include.publish.diff import Change
from include.publish.figures import Figure, Strand, figures
from include.publish.files import Table, code_version
from include.publish.revised import Revised, of_indicator
from include.registry.models import Indicator, Source

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@dataclass(frozen=True)
class IndicatorView:
    """An indicator as its pages show it."""

    indicator: Indicator
    figures: tuple[Figure, ...]
    charts: Mapping[str, str]
    sources: tuple[Source, ...]
    coverage: Coverage | None
    lead: Assessment | None
    changes: tuple[Change, ...]
    captured: tuple[tuple[str, str, str], ...]
    revised: Revised

    @property
    def is_example(self) -> bool:
        """Return whether any of its figures is invented."""
        return any(figure.is_example for figure in self.figures)

    @property
    def is_reconstructed(self) -> bool:
        """Return whether any of its figures comes from a reconstructed file."""
        return any(row.origin == "reconstructed" for figure in self.figures for row in figure.rows)

    @property
    def has_value(self) -> bool:
        """Return whether there is a value for the release's year."""
        return self.coverage is not None and self.coverage.status == "ok"


@dataclass(frozen=True)
class ReleaseLine:
    """A release as the list of releases shows it."""

    agreement_id: str
    release_id: str
    year: int
    edition: str
    as_of: str
    approval: str
    is_example: bool
    is_current: bool


def render(
    content: Content, release_id: str, previous: str | None, changes: Sequence[Change], tables: Sequence[Table]
) -> dict[str, str]:
    """Return every page, chart and style sheet of a release, by relative file name."""
    views = {each.id: _view(content, each, changes) for each in content.indicators}
    tables_in_full = public.pages(content)
    shared = {
        "content": content,
        "release_id": release_id,
        "previous": previous,
        "views": views,
        "version": code_version(),
        "as_of": utc_text(content.as_of),
        "edition": wording.EDITION[content.edition],
        "public_pages": tables_in_full,
    }
    pages = {
        "index.html": _page("index.html", shared, overview=_overview(content, views), with_value=_with_value(views)),
        "tackning.html": _page("coverage.html", shared, years=_deliveries(content)),
        "andringar.html": _page("changes.html", shared, **_changes(content, changes)),
        "data.html": _page("data.html", shared, tables=tables),
        "om.html": _page("about.html", shared),
        "english.html": _page("english.html", shared),
        "style.css": (TEMPLATES / "style.css").read_text(encoding="utf-8"),
    }
    for section in content.sections:
        pages[f"mal-{section.code}.html"] = _page("goal.html", shared, section=section)
    for view in views.values():
        home = next(section for section in content.sections if view.indicator in section.indicators)
        pages[f"{view.indicator.id}.html"] = _page("indicator.html", shared, view=view, section=home)
        pages |= {f"diagram/{chart_id}.svg": drawing for chart_id, drawing in view.charts.items()}
    for each in tables_in_full:
        pages[each.table.page] = _page("public_table.html", shared, page=each, file=public.FILE)
    return pages


def render_index(title: str, releases: Sequence[ReleaseLine]) -> dict[str, str]:
    """Return the page that lists every release, current first, with its style sheet."""
    ordered = sorted(releases, key=lambda each: not each.is_current)
    page = _environment().get_template("releases.html").render(title=title, releases=ordered)
    return {"index.html": page, "style.css": (TEMPLATES / "style.css").read_text(encoding="utf-8")}


def describe(figure: Figure, year: int) -> str:
    """Return a chart's text alternative: what it shows and its latest values."""
    shown = charts.drawn(figure)
    years = [row.year for strand in shown for row in strand.rows if row.value is not None]
    if not years:
        return ""
    latest = " ".join(sentence for strand in shown if (sentence := latest_of(strand)))
    example = "EXEMPELDATA, påhittade uppgifter. " if figure.is_example else ""
    return f"{example}Linjediagram {min(years)}–{max(years)}, {figure.unit}. {latest} Alla värden står i tabellen."


def latest_of(strand: Strand) -> str | None:
    """Return the latest value of a strand as a sentence, or None if it has none."""
    row = next((row for row in reversed(strand.rows) if row.value is not None), None)
    if row is None or row.value is None:
        return None
    interval = ""
    if row.ci_low is not None and row.ci_high is not None:
        low, high = wording.number(row.ci_low, row.decimals), wording.number(row.ci_high, row.decimals)
        interval = f" (95{wording.NBSP}% konfidensintervall {low}–{high})"
    preliminary = " (preliminär)" if row.preliminary else ""
    value = wording.amount(row.value, row.unit, row.decimals)
    return f"{strand.name}, {row.year}: {value}{interval}{preliminary}."


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["w"] = wording
    environment.globals["kinds"] = diff.KINDS
    environment.filters["machine"] = wording.machine
    return environment


def _page(template: str, shared: Mapping[str, object], **own: object) -> str:
    return _environment().get_template(template).render(**shared, **own)


def _view(content: Content, indicator: Indicator, changes: Sequence[Change]) -> IndicatorView:
    found = tuple(figures(content, indicator))
    drawings = {figure.id: charts.svg(figure, describe(figure, content.year)) for figure in found}
    used = {one for figure in found for row in figure.rows for one in row.captures.split("|")}
    return IndicatorView(
        indicator=indicator,
        figures=found,
        charts={chart_id: drawing for chart_id, drawing in drawings.items() if drawing},
        sources=tuple(sources_of(indicator, content.registry)),
        coverage=next((c for c in content.coverage if c.kind == "indicator" and c.code == indicator.id), None),
        lead=next((each for each in content.assessments if each.indicator_id == indicator.id), None),
        changes=tuple(change for change in changes if change.indicator_id == indicator.id),
        captured=content.received(used),
        revised=of_indicator(content, indicator),
    )


def _with_value(views: Mapping[str, IndicatorView]) -> set[str]:
    return {code for code, view in views.items() if view.has_value}


def _overview(content: Content, views: Mapping[str, IndicatorView]) -> list[tuple[Section, int, int, bool]]:
    """Return each section with how many of its indicators have a value for the year, how many have none."""
    lines = []
    for section in content.sections:
        mine = [views[each.id] for each in section.indicators]
        with_value = sum(view.has_value for view in mine)
        lines.append((section, with_value, len(mine) - with_value, any(view.is_example for view in mine)))
    return lines


@dataclass(frozen=True)
class DeliveryYear:
    """The deliveries about a year, with how many of those that had fallen due were accepted and on time."""

    year: int
    deliveries: tuple[Delivery, ...]
    due: int
    on_time: int

    @property
    def is_example(self) -> bool:
        """Return whether any of them is invented."""
        return any(each.line.is_example for each in self.deliveries)


def _deliveries(content: Content) -> list[DeliveryYear]:
    """Return the deliveries year by year, the newest first."""
    found = []
    today = day_of(content.as_of).isoformat()
    for year in sorted({each.year for each in content.deliveries}, reverse=True):
        mine = tuple(each for each in content.deliveries if each.year == year)
        due = [each for each in mine if each.line.due is not None and each.line.due < today]
        found.append(DeliveryYear(year, mine, len(due), sum(each.line.on_time is True for each in due)))
    return found


def _changes(content: Content, changes: Sequence[Change]) -> dict[str, object]:
    names = {each.id: each.name.sv for each in content.indicators}
    added = Counter((change.indicator_id, change.year) for change in changes if change.kind == "added")
    return {
        "names": names,
        "listed": [change for change in changes if change.kind != "added"],
        "added": sorted(added.items()),
        "counts": Counter(change.kind for change in changes),
    }
