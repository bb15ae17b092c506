"""Charts as SVG files: drawn in this process, without a browser, the same bytes for the same rows.

A line stops where the series breaks or a year is missing, intervals are drawn, and no meaning rests on colour alone
(each line has its own dash and point). A chart of invented figures says so in its own picture, so that it still does
when somebody copies it.
"""

import re
from functools import cache
from html import escape
from typing import Any

from include.publish import wording
from include.publish.figures import Figure, Strand

WIDTH, HEIGHT = 620, 260

#: Only these may be drawn as a line: the agreement's own number or a national one.
_DRAWN_TARGETS = {"text", "national"}

_COLOURS = ("#0b4f6c", "#9a4f0b", "#4a5a2a", "#6b3a6b")
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
_SHAPES = ("circle", "square", "triangle-up", "diamond")
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

_LOCALE = {
    "decimal": ",",
    "thousands": wording.NBSP,
    "grouping": [3],
    "currency": ["", f"{wording.NBSP}kr"],
    "minus": "−",
}


def drawn(figure: Figure) -> tuple[Strand, ...]:
    """Return the strands that a chart shows: the county or its stand-in, and the comparison where it shares the scale.

    A count for the whole country dwarfs a county's, so counts are compared in the table only.
    """
    fits = [
        one for one in figure.strands if one.area_role != "benchmark" or figure.indicator.value in {"share", "rate"}
    ]
    shown = tuple(one for one in fits if any(row.value is not None for row in one.rows))
    return shown if len({row.year for one in shown for row in one.rows if row.value is not None}) > 1 else ()


def svg(figure: Figure, description: str) -> str | None:
    """Return the figure's chart, or None where there are not two years to draw.

    Args:
        figure: what to draw.
        description: the text alternative, one or two sentences.
    """
    strands = drawn(figure)
    if not strands:
        return None
    title = f"{'EXEMPELDATA – ' if figure.is_example else ''}{figure.title}"
    return _named(_render(_chart(figure, strands, title)), figure.id, title, description)


@cache
def _altair() -> Any:
    import altair  # heavy: only when a chart is drawn

    return altair


def _render(chart: Any) -> str:
    import vl_convert

    drawing: str = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), format_locale=_LOCALE)
    return drawing


def _chart(figure: Figure, strands: tuple[Strand, ...], title: str) -> Any:
    alt = _altair()
    points = _points(strands)
    years = range(min(point["year"] for point in points), max(point["year"] for point in points) + 1)
    across = alt.Scale(domain=[years[0] - 0.4, years[-1] + 0.4], nice=False, zero=False)
    x = alt.X(
        "year:Q",
        title=None,
        scale=across,
        axis=alt.Axis(format="d", values=list(years), grid=False, labelOverlap=True, tickSize=4),
    )
    whole = {"tickMinStep": 1} if figure.rows[0].decimals == 0 else {}
    y = alt.Y("value:Q", title=figure.unit, scale=alt.Scale(zero=True, domainMin=0), axis=alt.Axis(**whole))
    names = [strand.name for strand in strands]
    legend = None if len(names) == 1 else alt.Legend(title=None, orient="bottom", direction="vertical", labelLimit=560)
    colour = alt.Color("line:N", scale=alt.Scale(domain=names, range=list(_COLOURS[: len(names)])), legend=legend)
    dash = alt.StrokeDash("line:N", scale=alt.Scale(domain=names, range=list(_DASHES[: len(names)])), legend=legend)
    shape = alt.Shape("line:N", scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])), legend=legend)
    base = alt.Chart(alt.Data(values=points))
    layers = [
        *([_watermark(alt, years, across)] if figure.is_example else []),
        *_breaks(alt, strands, across),
        *_target(alt, figure),
        base.transform_filter("datum.low !== null")
        .mark_rule(strokeWidth=1.5, opacity=0.55)
        .encode(x=x, y=alt.Y("low:Q", title=figure.unit, axis=alt.Axis(**whole)), y2="high:Q", color=colour),
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash, detail="segment:N"),
        base.mark_point(size=42, filled=True, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
        base.transform_filter("datum.preliminary")
        .mark_point(size=42, filled=True, opacity=1, strokeWidth=1.5)
        .encode(x=x, y=y, fill=alt.value("white"), stroke=colour, shape=shape),
    ]
    return (
        alt.layer(*layers)
        .properties(width=WIDTH, height=HEIGHT, title=alt.TitleParams(title, anchor="start", fontSize=14, limit=640))
        .configure(font=_FONT, background="white", padding=8)
        .configure_axis(labelFontSize=12, titleFontSize=12, labelColor="#333", titleColor="#333", gridColor="#e3e3e3")
        .configure_legend(labelFontSize=12, symbolStrokeWidth=2)
        .configure_view(stroke=None)
    )


def _points(strands: tuple[Strand, ...]) -> list[dict[str, Any]]:
    """Return the points to draw; a new segment begins at each break and after each gap."""
    points: list[dict[str, Any]] = []
    for strand in strands:
        segment, last = 0, None
        for row in strand.rows:
            if row.break_before or (last is not None and row.year != last + 1):
                segment += 1
            if row.value is None:
                continue
            last = row.year
            points.append(
                {
                    "year": row.year,
                    "value": row.value,
                    "low": row.ci_low,
                    "high": row.ci_high,
                    "line": strand.name,
                    "segment": f"{strand.name}-{segment}",
                    "preliminary": row.preliminary,
                }
            )
    return points


def _breaks(alt: Any, strands: tuple[Strand, ...], across: Any) -> list[Any]:
    years = sorted({row.year for strand in strands for row in strand.rows if row.break_before})
    if not years:
        return []
    base = alt.Chart(alt.Data(values=[{"at": year - 0.5, "text": "seriebrott"} for year in years]))
    x = alt.X("at:Q", scale=across)
    return [
        base.mark_rule(color="#666", strokeDash=[3, 3]).encode(x=x),
        base.mark_text(align="left", dx=3, baseline="top", color="#444", fontSize=11).encode(
            x=x, y=alt.value(0), text="text:N"
        ),
    ]


def _target(alt: Any, figure: Figure) -> list[Any]:
    target = figure.indicator.target
    if target is None or target.origin not in _DRAWN_TARGETS:
        return []
    words = "målvärde i överenskommelsen" if target.origin == "text" else "nationellt målvärde"
    base = alt.Chart(alt.Data(values=[{"value": target.value, "text": words}]))
    return [
        base.mark_rule(color="#1e6b3a", strokeDash=[8, 4], strokeWidth=1.5).encode(y="value:Q"),
        base.mark_text(align="left", baseline="bottom", dy=-3, color="#1e6b3a", fontSize=11).encode(
            x=alt.value(4), y="value:Q", text="text:N"
        ),
    ]


def _watermark(alt: Any, years: range, across: Any) -> Any:
    data = alt.Data(values=[{"year": (years[0] + years[-1]) / 2, "text": "EXEMPELDATA"}])
    return (
        alt.Chart(data)
        .mark_text(fontSize=54, fontWeight="bold", color="#b3261e", opacity=0.16)
        .encode(x=alt.X("year:Q", scale=across), y=alt.value(HEIGHT / 2), text="text:N")
    )


def _named(drawing: str, chart_id: str, title: str, description: str) -> str:
    """Return the drawing with a title and description of its own, as one image to a screen reader."""
    label = f'role="img" aria-labelledby="t-{chart_id} d-{chart_id}"'
    # The drawing's own roles and labels speak of marks and axes; as one image it needs none of them.
    head, rest = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", drawing).split(">", 1)
    texts = f'<title id="t-{chart_id}">{escape(title)}</title><desc id="d-{chart_id}">{escape(description)}</desc>'
    return f"{head.replace('<svg', f'<svg {label}', 1)}>{texts}{rest}\n"
