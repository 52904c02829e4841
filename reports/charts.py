"""Curves as Vega-Lite specifications by Altair, and as static SVG by vl-convert; colors come from the page's CSS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.page import Curve, LevelPoint, Series

WIDTH, HEIGHT = 560, 300
MOST_ROWS = 4000
"""Altair refuses more than 5,000 rows; with more seeds than this only means and intervals are drawn."""

COLORS = ("var(--line-1)", "var(--line-2)", "var(--line-3)", "var(--line-4)", "var(--line-5)", "var(--line-6)")
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (1, 3), (10, 4))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
INK, FAINT = "currentColor", "var(--rule)"

Spec = dict[str, Any]


def specification(curve: Curve) -> Spec:
    """Return the Vega-Lite specification of a curve: fixed names, no links, the same for the same curve."""
    import altair as alt

    y = alt.Y("value:Q", title=curve.unit, scale=alt.Scale(zero=False, nice=True))
    x = alt.X("sparsity:Q", title="sparsity (fraction of the prunable weights removed)", scale=_x_scale(curve))
    layers = [*_dense_layers(alt, curve), *_series_layers(alt, curve, x, y)]
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    spec: Spec = _styled(chart).to_dict()
    del spec["$schema"]
    return spec


def svg(spec: Spec) -> str:
    """Draw a specification as SVG; nothing is fetched."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def javascript() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that needs nothing from outside."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _x_scale(curve: Curve) -> Any:
    import altair as alt

    values = [point.sparsity for series in curve.series for point in series.levels]
    return alt.Scale(domain=[min(values), max(values)], nice=True, zero=False, padding=14)


def _dense_layers(alt: Any, curve: Curve) -> Iterator[Any]:
    if curve.dense is None:
        return
    data = alt.Data(values=[_ends(curve.dense) | {"sparsity": curve.dense.sparsity, "value": curve.dense.mean}])
    base = alt.Chart(data)
    if curve.dense.low is not None:
        yield base.mark_rect(color=INK, opacity=0.1).encode(y=alt.Y("low:Q"), y2="high:Q")
    yield base.mark_rule(color=INK, strokeWidth=1.5, opacity=0.75).encode(
        y="value:Q",
        tooltip=[alt.Tooltip("value:Q", title="dense, mean", format=".4~g")],
    )


def _series_layers(alt: Any, curve: Curve, x: Any, y: Any) -> Iterator[Any]:
    names = [series.name for series in curve.series]
    legend = alt.Legend(title=None, orient="top", direction="horizontal", columns=1 if _long(names) else 0)
    scale = {"domain": names}
    color = alt.Color("experiment:N", legend=legend, scale=alt.Scale(**scale, range=list(COLORS[: len(names)])))
    dash = alt.StrokeDash("experiment:N", legend=legend, scale=alt.Scale(**scale, range=_listed(DASHES, names)))
    shape = alt.Shape("experiment:N", legend=legend, scale=alt.Scale(**scale, range=_listed(SHAPES, names)))
    means = alt.Chart(alt.Data(values=[row for series in curve.series for row in _level_rows(series)]))
    yield means.mark_area(opacity=0.16).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=color)
    yield means.mark_line(strokeWidth=2).encode(x=x, y=y, color=color, strokeDash=dash, tooltip=_level_tips(alt))
    seeds = [row for series in curve.series for row in _seed_rows(series)]
    if len(seeds) <= MOST_ROWS:
        marks = alt.Chart(alt.Data(values=seeds)).mark_point(size=38, filled=False, strokeWidth=1.5)
        yield marks.encode(x=x, y=y, color=color, shape=shape, tooltip=_seed_tips(alt))


def _long(names: list[str]) -> bool:
    return sum(map(len, names)) > 60


def _listed(values: tuple[Any, ...], names: list[str]) -> list[Any]:
    return list(values[: len(names)])


def _ends(point: LevelPoint) -> dict[str, float]:
    return {} if point.low is None or point.high is None else {"low": point.low, "high": point.high}


def _level_rows(series: Series) -> Iterator[dict[str, Any]]:
    for point in series.levels:
        lead = {"experiment": series.name, "sparsity": point.sparsity, "level": point.level, "seeds": point.n}
        yield lead | {"value": point.mean, "low": point.mean, "high": point.mean} | _ends(point)


def _seed_rows(series: Series) -> Iterator[dict[str, Any]]:
    for point in series.seeds:
        yield {"experiment": series.name, "sparsity": point.sparsity, "value": point.value, "seed": point.seed}


def _level_tips(alt: Any) -> list[Any]:
    numbers = [alt.Tooltip(f"{name}:Q", format=".4~g") for name in ("sparsity", "value", "low", "high")]
    return [alt.Tooltip("experiment:N"), alt.Tooltip("level:Q"), *numbers, alt.Tooltip("seeds:Q")]


def _seed_tips(alt: Any) -> list[Any]:
    numbers = [alt.Tooltip(f"{name}:Q", format=".4~g") for name in ("sparsity", "value")]
    return [alt.Tooltip("experiment:N"), alt.Tooltip("seed:Q"), *numbers]


def _styled(chart: Any) -> Any:
    """Take ink from the page (dark or light), and leave the reading aloud to the figure's own caption and table."""
    return (
        chart.configure(background="transparent", font="sans-serif", aria=False)
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
        .configure_legend(labelColor=INK, labelFontSize=13, symbolSize=90, labelLimit=320)
    )
