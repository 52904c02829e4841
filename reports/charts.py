"""Curves as Vega-Lite specifications by Altair, and as static SVG by vl-convert; colors come from the page's CSS."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from reports.page import Axis, Curve, LevelPoint, Series
from reports.wording import LARGE

WIDTH, HEIGHT = 560, 300
MOST_RIBBONS = 4
"""Ribbons of more lines than this hide each other; intervals are then bars."""

COLORS = tuple(f"var(--line-{number})" for number in range(1, 9))
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (1, 3), (10, 4), (4, 2, 1, 2, 1, 2), (12, 3))
SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
)
STAR = "M0,-1L.23,-.31L.95,-.31L.36,.12L.59,.81L0,.38L-.59,.81L-.36,.12L-.95,-.31L-.23,-.31Z"
DENSE_SHAPES, DENSE_DASHES = (STAR, "wedge", "arrow"), ((1, 0), (5, 2), (1, 2))
FONT = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
"""The page's own, so that what is measured for the layout is what is shown."""

INK, FAINT = "currentColor", "var(--rule)"
CONFIG = {
    "background": "transparent",
    "font": FONT,
    # The figure's own caption and table are read aloud; the words for a mark would be an expression with the user's
    # titles in it.
    "aria": False,
    "mark": {"aria": False},
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": FAINT,
        "domainColor": FAINT,
        "tickColor": FAINT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 10,
    },
    "axisX": {"grid": False, "tickCount": 8},
}
LEGEND = {"labelColor": INK, "labelFontSize": 13, "symbolSize": 90, "columnPadding": 18, "labelLimit": 320}
LETTER, BESIDE = 8, 40
"""Roughly the width of a letter of the legend, and of a mark with its distances."""
LONGEST = 44
"""Letters in a line of an axis' title."""

_ATTRIBUTE = re.compile(r' (?:(?P<number>d|transform|[xy]2)="[^"]*"|aria-hidden="true"|font-family="[^"]*")')
"""What makes a drawing twice as long as it need be: digits that nobody sees, and what the page says for all of it."""
_DECIMALS = re.compile(r"(\.\d\d)\d+")

Spec = dict[str, Any]


def specification(curve: Curve) -> Spec:
    """Return the Vega-Lite specification of a curve: fixed names, no links, the same for the same curve."""
    import altair as alt

    lines = list(curve.series) if curve.across else _all(curve)
    layers = list(_dense_layers(alt, curve)) if curve.across else []
    layers += _floor_layers(alt, curve)
    layers += [_interval_layer(alt, curve, lines), _line_layer(alt, curve), _mark_layer(alt, curve)]
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    spec: Spec = chart.to_dict(validate=False)  # a test validates; checking every chart takes longer than drawing it
    del spec["$schema"]
    config = CONFIG | {"legend": LEGEND | {"columns": _columns(curve)}}
    return spec | {"config": config, "datasets": _datasets(curve, lines)}


def _datasets(curve: Curve, lines: Sequence[Series]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that the layers name: each stands in the page once, and Altair's limit on rows is not met."""
    return {
        "means": [_level_row(curve, one, point) for one in lines for point in one.points],
        "dense": [_level_row(curve, one, point) for one in curve.dense for point in one.points],
        "seeds": [] if curve.crowded else [row for one in _all(curve) for row in _seed_rows(one)],
    }


def legible(text: str) -> str:
    """Return a text that a drawing can hold: vl-convert ends the whole process on what XML can't say."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)


def svg(spec: Spec) -> str:
    """Draw a specification as SVG, equal ones once; nothing is fetched."""
    return _svg(json.dumps(spec))


@lru_cache(maxsize=64)
def _svg(spec: str) -> str:
    import vl_convert

    drawn = str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    return _ATTRIBUTE.sub(lambda found: _DECIMALS.sub(r"\1", found[0]) if found["number"] else "", drawn)


@cache
def javascript() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that needs nothing from outside."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _all(curve: Curve) -> list[Series]:
    return [*curve.series, *curve.dense]


def _dense_layers(alt: Any, curve: Curve) -> Iterator[Any]:
    """Draw the dense networks across the whole chart."""
    base, color = alt.Chart(alt.NamedData("dense")), _color(alt, curve)
    yield base.mark_rect(opacity=0.1).encode(y=alt.Y("low:Q"), y2="high:Q", color=color)
    yield base.mark_rule(strokeWidth=1.5).encode(y=_y(alt, curve), color=color, tooltip=_level_tips(alt, curve))


def _floor_layers(alt: Any, curve: Curve) -> Iterator[Any]:
    if curve.floor is not None:
        rule = alt.Chart(alt.Data(values=[{"value": curve.floor}])).mark_rule(color=INK, strokeDash=[1, 3])
        yield rule.encode(y=_y(alt, curve), tooltip=[_tip(alt, "value", "real against real")])


def _interval_layer(alt: Any, curve: Curve, lines: Sequence[Series]) -> Any:
    ribbons = len(lines) <= MOST_RIBBONS and all(len(one.points) > 1 for one in lines)
    means = alt.Chart(alt.NamedData("means"))
    marks = means.mark_area(opacity=0.16) if ribbons else means.mark_rule(opacity=0.55)
    return marks.encode(x=_x(alt, curve), y=alt.Y("low:Q"), y2="high:Q", color=_color(alt, curve))


def _line_layer(alt: Any, curve: Curve) -> Any:
    dash = alt.StrokeDash("line:N", legend=_legend(alt), scale=_scale(alt, curve, DASHES, DENSE_DASHES))
    sides = {"x": _x(alt, curve), "y": _y(alt, curve), "color": _color(alt, curve)}
    lines = alt.Chart(alt.NamedData("means")).mark_line(strokeWidth=2)
    return lines.encode(**sides, strokeDash=dash, tooltip=_level_tips(alt, curve))


def _mark_layer(alt: Any, curve: Curve) -> Any:
    shape = alt.Shape("line:N", legend=_legend(alt), scale=_scale(alt, curve, SHAPES, DENSE_SHAPES))
    sides = {"x": _x(alt, curve), "y": _y(alt, curve), "color": _color(alt, curve)}
    marks = alt.Chart(alt.NamedData("means" if curve.crowded else "seeds")).mark_point(size=38, strokeWidth=1.5)
    return marks.encode(**sides, shape=shape, tooltip=(_level_tips if curve.crowded else _seed_tips)(alt, curve))


def _x(alt: Any, curve: Curve) -> Any:
    if curve.across:
        highest = max(point.x for one in curve.series for point in one.points)
        scale = alt.Scale(domain=[0.0, highest], nice=False, padding=12)
    else:
        scale = alt.Scale(zero=False, padding=12, **_kind(curve.x))
    values = [point.x for one in _all(curve) for point in one.points]
    return alt.X("x:Q", title=_title(curve.x), scale=scale, axis=_numbers(alt, values))


def _y(alt: Any, curve: Curve) -> Any:
    scale = alt.Scale(zero=False, nice=True, **_kind(curve.y))
    values = [point.mean for one in _all(curve) for point in one.points]
    return alt.Y("value:Q", title=_title(curve.y), scale=scale, axis=_numbers(alt, values))


def _title(axis: Axis) -> str | list[str]:
    """Return an axis' title, in lines where it is longer than the side of a chart on a phone."""
    lines = textwrap.wrap(legible(axis.title), LONGEST, break_long_words=False, break_on_hyphens=False)
    return lines if len(lines) > 1 else legible(axis.title)


def _numbers(alt: Any, values: Sequence[float]) -> Any:
    """Write what is large, such as operations, with a power of ten."""
    return alt.Axis(format="~e") if max(values) >= LARGE else alt.Axis()


def _kind(axis: Axis) -> dict[str, str]:
    return {"type": "log"} if axis.log else {}


def _color(alt: Any, curve: Curve) -> Any:
    return alt.Color("line:N", legend=_legend(alt), scale=_scale(alt, curve, COLORS, (INK, INK, INK)))


def _legend(alt: Any) -> Any:
    """Return the one legend of all layers: color, dash and shape together."""
    return alt.Legend(title=None, orient="top", symbolOpacity=1, symbolDash=[1, 0])


def _columns(curve: Curve) -> int:
    """Return in how many columns the legend's names fit, one below the other where they are long."""
    longest = max(len(one.name) for one in _all(curve))
    return max(1, WIDTH // (LETTER * longest + BESIDE))


def _scale(alt: Any, curve: Curve, values: Sequence[Any], of_dense: Sequence[Any]) -> Any:
    """Give each line one of the values, and the dense networks their own."""
    chosen = [*values[: len(curve.series)], *of_dense[: len(curve.dense)]]
    return alt.Scale(domain=[legible(one.name) for one in _all(curve)], range=chosen)


def _level_row(curve: Curve, one: Series, point: LevelPoint) -> dict[str, Any]:
    low, high = (point.mean if end is None else end for end in (point.low, point.high))
    if curve.y.log:
        low = max(low, point.mean / 10)  # such an axis has no place for zero; the table has the interval as it is
    numbers = {"x": point.x, "value": point.mean, "low": low, "high": high}
    lead = {"line": legible(one.name), "experiment": legible(point.experiment), "level": point.level}
    return lead | {name: _short(value) for name, value in numbers.items()} | {"n": len(point.seeds)}


def _seed_rows(one: Series) -> Iterator[dict[str, Any]]:
    for point in one.points:
        for seed in point.seeds:
            yield {"line": legible(one.name), "x": _short(seed.x), "value": _short(seed.y), "seed": seed.seed}


def _short(value: float) -> float:
    """Keep what a drawing can show; the page holds every mark's numbers twice."""
    return float(f"{value:.6g}")


def _level_tips(alt: Any, curve: Curve) -> list[Any]:
    numbers = {"x": curve.x.name, "value": curve.y.name, "low": "from", "high": "to", "n": "how many"}
    return [alt.Tooltip("experiment:N"), alt.Tooltip("level:Q"), *(_tip(alt, *item) for item in numbers.items())]


def _seed_tips(alt: Any, curve: Curve) -> list[Any]:
    numbers = {"seed": "seed", "x": curve.x.name, "value": curve.y.name}
    return [alt.Tooltip("line:N", title="experiment"), *(_tip(alt, *item) for item in numbers.items())]


def _tip(alt: Any, field: str, title: str) -> Any:
    """Return a line of a mark's note; its title becomes part of an expression, so only words may stand in it."""
    return alt.Tooltip(f"{field}:Q", title=re.sub(r"\W+", " ", title), format=".4~g")
