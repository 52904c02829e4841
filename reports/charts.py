"""Curves as Vega-Lite specifications by Altair, and as static SVG by vl-convert; colors come from the page's CSS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from reports.page import Curve, LevelPoint, Series

WIDTH, HEIGHT = 560, 300
MOST_ROWS = 4000
"""Altair refuses more than 5,000 rows; with more seeds than this only means and intervals are drawn."""

COLORS = (*(f"var(--line-{number})" for number in range(1, 7)), "currentColor")
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (1, 3), (10, 4), (1, 0))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
LONG_LEGEND = 60
"""Characters of all names together, beyond which the legend lists them below each other."""

FONT = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
"""The page's own, so that what is measured for the layout is what is shown."""

INK, FAINT = "currentColor", "var(--rule)"

Spec = dict[str, Any]


def specification(curve: Curve) -> Spec:
    """Return the Vega-Lite specification of a curve: fixed names, no links, the same for the same curve."""
    import altair as alt

    y = alt.Y("value:Q", title=legible(curve.y_title), scale=alt.Scale(zero=False, nice=True))
    x = alt.X("sparsity:Q", title="sparsity (fraction of weights removed)", scale=_x_scale(curve))
    legend = _legend(alt, curve)
    color = alt.Color("experiment:N", legend=legend, scale=_scale(alt, curve, COLORS))
    shape = alt.Shape("experiment:N", legend=legend, scale=_scale(alt, curve, SHAPES))
    layers = [*_dense_layers(alt, curve.dense, y, color)] if curve.dense else []
    layers += _floor_layers(alt, curve.floor, y)
    layers += _series_layers(alt, curve, x, y, color)
    layers.append(_seed_layer(alt, curve).encode(x=x, y=y, color=color, shape=shape))
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    spec: Spec = _styled(chart).to_dict()
    del spec["$schema"]
    return spec


def legible(text: str) -> str:
    """Return a text that a drawing can hold: vl-convert ends the whole process on what XML can't say."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)


def svg(spec: Spec) -> str:
    """Draw a specification as SVG, equal ones once; nothing is fetched."""
    return _svg(json.dumps(spec))


@lru_cache(maxsize=64)
def _svg(spec: str) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


@cache
def javascript() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that needs nothing from outside."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _x_scale(curve: Curve) -> Any:
    import altair as alt

    highest = max(point.sparsity for series in curve.series for point in series.levels)
    return alt.Scale(domain=[0.0, highest], nice=False, padding=12)


def _dense_layers(alt: Any, dense: Series, y: Any, color: Any) -> Iterator[Any]:
    """Draw the dense network across the whole chart."""
    base = alt.Chart(alt.Data(values=list(_level_rows(dense))))
    yield base.mark_rect(opacity=0.1).encode(y=alt.Y("low:Q"), y2="high:Q", color=color)
    yield base.mark_rule(strokeWidth=1.5).encode(y=y, color=color, tooltip=_level_tips(alt))


def _floor_layers(alt: Any, floor: float | None, y: Any) -> Iterator[Any]:
    if floor is not None:
        tip = alt.Tooltip("value:Q", title="real against real", format=".4~g")
        rule = alt.Chart(alt.Data(values=[{"value": floor}])).mark_rule(color=INK, strokeDash=[1, 3])
        yield rule.encode(y=y, tooltip=[tip])


def _series_layers(alt: Any, curve: Curve, x: Any, y: Any, color: Any) -> Iterator[Any]:
    means = alt.Chart(alt.Data(values=[row for series in curve.series for row in _level_rows(series)]))
    yield means.mark_area(opacity=0.16).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=color)
    dash = alt.StrokeDash("experiment:N", legend=_legend(alt, curve), scale=_scale(alt, curve, DASHES))
    yield means.mark_line(strokeWidth=2).encode(x=x, y=y, color=color, strokeDash=dash, tooltip=_level_tips(alt))


def _seed_layer(alt: Any, curve: Curve) -> Any:
    rows = [row for series in _all(curve) for row in _seed_rows(series)]
    marks = alt.Chart(alt.Data(values=rows if len(rows) <= MOST_ROWS else []))
    return marks.mark_point(size=38, strokeWidth=1.5).encode(tooltip=_seed_tips(alt))


def _legend(alt: Any, curve: Curve) -> Any:
    """Return the one legend of all layers: color, dash and shape together."""
    long = sum(len(series.name) for series in curve.series) > LONG_LEGEND
    columns = {"columns": 1} if long else {}
    return alt.Legend(title=None, orient="top", symbolOpacity=1, symbolDash=[1, 0], **columns)


def _all(curve: Curve) -> list[Series]:
    return [*curve.series, *([curve.dense] if curve.dense else [])]


def _scale(alt: Any, curve: Curve, values: tuple[Any, ...]) -> Any:
    """Give each experiment one of the values, and the dense network the last."""
    names = [legible(series.name) for series in curve.series]
    dense = [legible(curve.dense.name)] if curve.dense else []
    return alt.Scale(domain=[*names, *dense], range=[*values[: len(names)], *values[-1:][: len(dense)]])


def _ends(point: LevelPoint) -> dict[str, float]:
    return {} if point.low is None or point.high is None else {"low": point.low, "high": point.high}


def _level_rows(series: Series) -> Iterator[dict[str, Any]]:
    for point in series.levels:
        lead = {"experiment": legible(series.name), "sparsity": point.sparsity, "level": point.level, "seeds": point.n}
        yield lead | {"value": point.mean, "low": point.mean, "high": point.mean} | _ends(point)


def _seed_rows(series: Series) -> Iterator[dict[str, Any]]:
    for point in series.seeds:
        yield {"experiment": legible(series.name), "sparsity": point.sparsity, "value": point.value, "seed": point.seed}


def _level_tips(alt: Any) -> list[Any]:
    numbers = [alt.Tooltip(f"{name}:Q", format=".4~g") for name in ("sparsity", "value", "low", "high")]
    return [alt.Tooltip("experiment:N"), alt.Tooltip("level:Q"), *numbers, alt.Tooltip("seeds:Q")]


def _seed_tips(alt: Any) -> list[Any]:
    numbers = [alt.Tooltip(f"{name}:Q", format=".4~g") for name in ("sparsity", "value")]
    return [alt.Tooltip("experiment:N"), alt.Tooltip("seed:Q"), *numbers]


def _styled(chart: Any) -> Any:
    """Take ink from the page (dark or light), and leave the reading aloud to the figure's own caption and table."""
    return (
        chart.configure(background="transparent", font=FONT, aria=False)
        .configure_mark(aria=False)  # the words for a mark would be an expression with the user's titles in it
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            gridColor=FAINT,
            domainColor=FAINT,
            tickColor=FAINT,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=10,
        )
        .configure_axisX(grid=False)
        .configure_legend(labelColor=INK, labelFontSize=13, symbolSize=90, columnPadding=18, labelLimit=320)
    )
