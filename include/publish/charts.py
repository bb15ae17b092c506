"""Charts as SVG files: Vega-Lite drawn in this process, without a browser, the same bytes for the same rows.

A line stops where the series breaks, where a year is missing and between final and preliminary figures, intervals are
drawn, and no meaning rests on colour alone (each line has its own dash and point). A chart of invented figures says so
in its own picture, so that it still does when somebody copies it.
"""

import re
from html import escape
from typing import Any

from include.publish import wording
from include.publish.figures import Figure, Strand

WIDTH, HEIGHT = 620, 260

#: Only these may be drawn as a line: the agreement's own number or a national one.
_DRAWN_TARGETS = {"text", "national"}

Spec = dict[str, Any]

#: The version of Vega-Lite that draws; another one may place a label elsewhere.
_VEGA_LITE = "6.4"

_COLOURS = ["#0b4f6c", "#9a4f0b", "#4a5a2a", "#6b3a6b"]
_DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]]
_SHAPES = ["circle", "square", "triangle-up", "diamond"]
_POINT = {"type": "point", "size": 42, "filled": True, "opacity": 1}

_LOOK = {
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "background": "white",
    "padding": 8,
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": "#333",
        "titleColor": "#333",
        "gridColor": "#e3e3e3",
    },
    "legend": {"labelFontSize": 12, "symbolStrokeWidth": 2},
    "view": {"stroke": None},
}

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


def _render(spec: Spec) -> str:
    import vl_convert  # loads a JavaScript engine: only when a chart is drawn

    drawing: str = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, format_locale=_LOCALE)
    return drawing


def _chart(figure: Figure, strands: tuple[Strand, ...], title: str) -> Spec:
    """Return the figure as a Vega-Lite specification; the layers are listed from the back to the front."""
    points = _points(strands)
    first, last = (pick(point["year"] for point in points) for pick in (min, max))
    across = {"domain": [first - 0.4, last + 0.4], "nice": False, "zero": False}
    years = {"format": "d", "values": list(range(first, last + 1)), "grid": False, "labelOverlap": True, "tickSize": 4}
    x = {"field": "year", "type": "quantitative", "title": None, "scale": across, "axis": years}
    whole = {"tickMinStep": 1} if figure.rows[0].decimals == 0 else {}
    y = {"field": "value", "type": "quantitative", "title": figure.unit, "scale": {"zero": True}, "axis": whole}
    colour, dash, shape = _styles([strand.name for strand in strands])
    line = {"x": x, "y": y, "color": colour}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "title": {"text": title, "anchor": "start", "fontSize": 14, "limit": 640},
        "config": _LOOK,
        "data": {"values": points},
        "layer": [
            *([_watermark((first + last) / 2, across)] if figure.is_example else []),
            *_breaks(strands, across),
            *_preliminary(points, across),
            *_target(figure),
            {
                "transform": [{"filter": "datum.low !== null"}],
                "mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.55},
                "encoding": line | {"y": y | {"field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": line | {"strokeDash": dash, "detail": {"field": "segment", "type": "nominal"}},
            },
            {"mark": _POINT, "encoding": line | {"shape": shape}},
            {
                "transform": [{"filter": "datum.preliminary"}],
                "mark": _POINT | {"strokeWidth": 1.5},
                "encoding": {"x": x, "y": y, "fill": {"value": "white"}, "stroke": colour, "shape": shape},
            },
        ],
    }


def _styles(names: list[str]) -> list[Spec]:
    """Return colour, dash and shape of each line; a single line needs no legend."""
    legend = (
        None if len(names) == 1 else {"title": None, "orient": "bottom", "direction": "vertical", "labelLimit": 560}
    )
    return [
        {"field": "line", "type": "nominal", "scale": {"domain": names, "range": given[: len(names)]}, "legend": legend}
        for given in (_COLOURS, _DASHES, _SHAPES)
    ]


def _points(strands: tuple[Strand, ...]) -> list[dict[str, Any]]:
    """Return the points to draw; a new segment begins at each break, after each gap and where figures get preliminary.

    A line between a final and a preliminary figure would say that the two can be compared.
    """
    points: list[dict[str, Any]] = []
    for strand in strands:
        segment, last, was_preliminary = 0, None, None
        for row in strand.rows:
            if row.break_before or (last is not None and row.year != last + 1):
                segment += 1
            if row.value is None:
                continue
            if was_preliminary is not None and row.preliminary != was_preliminary:
                segment += 1
            last, was_preliminary = row.year, row.preliminary
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


def _breaks(strands: tuple[Strand, ...], across: Spec) -> list[Spec]:
    years = sorted({row.year for strand in strands for row in strand.rows if row.break_before})
    data = {"values": [{"at": year - 0.5, "text": "seriebrott"} for year in years]}
    x = {"field": "at", "type": "quantitative", "scale": across}
    text = {"type": "text", "align": "left", "dx": 3, "baseline": "top", "color": "#444", "fontSize": 11}
    layers = [
        {"data": data, "mark": {"type": "rule", "color": "#666", "strokeDash": [3, 3]}, "encoding": {"x": x}},
        {"data": data, "mark": text, "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "text"}}},
    ]
    return layers if years else []


def _preliminary(points: list[dict[str, Any]], across: Spec) -> list[Spec]:
    """Return the word under each year that has a preliminary figure, so that the picture says it by itself."""
    years = sorted({point["year"] for point in points if point["preliminary"]})
    data = {"values": [{"at": year, "text": "preliminär"} for year in years]}
    x = {"field": "at", "type": "quantitative", "scale": across}
    mark = {"type": "text", "align": "right", "dx": 20, "dy": -4, "baseline": "bottom", "color": "#444", "fontSize": 11}
    encoding = {"x": x, "y": {"value": HEIGHT}, "text": {"field": "text"}}
    return [{"data": data, "mark": mark, "encoding": encoding}] if years else []


def _target(figure: Figure) -> list[Spec]:
    target = figure.indicator.target
    if target is None or target.origin not in _DRAWN_TARGETS:
        return []
    words = "målvärde i överenskommelsen" if target.origin == "text" else "nationellt målvärde"
    data = {"values": [{"value": target.value, "text": words}]}
    y = {"field": "value", "type": "quantitative"}
    rule = {"type": "rule", "color": "#1e6b3a", "strokeDash": [8, 4], "strokeWidth": 1.5}
    text = {"type": "text", "align": "left", "baseline": "bottom", "dy": -3, "color": "#1e6b3a", "fontSize": 11}
    return [
        {"data": data, "mark": rule, "encoding": {"y": y}},
        {"data": data, "mark": text, "encoding": {"x": {"value": 4}, "y": y, "text": {"field": "text"}}},
    ]


def _watermark(middle: float, across: Spec) -> Spec:
    mark = {"type": "text", "fontSize": 54, "fontWeight": "bold", "color": "#b3261e", "opacity": 0.16}
    x = {"field": "year", "type": "quantitative", "scale": across}
    data = {"values": [{"year": middle, "text": "EXEMPELDATA"}]}
    return {"data": data, "mark": mark, "encoding": {"x": x, "y": {"value": HEIGHT / 2}, "text": {"field": "text"}}}


def _named(drawing: str, chart_id: str, title: str, description: str) -> str:
    """Return the drawing with a title and description of its own, as one image to a screen reader."""
    label = f'role="img" aria-labelledby="t-{chart_id} d-{chart_id}"'
    # The drawing's own roles and labels speak of marks and axes; as one image it needs none of them.
    head, rest = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", drawing).split(">", 1)
    texts = f'<title id="t-{chart_id}">{escape(title)}</title><desc id="d-{chart_id}">{escape(description)}</desc>'
    return f"{head.replace('<svg', f'<svg {label}', 1)}>{texts}{rest}\n"
