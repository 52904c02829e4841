"""Charts: what is drawn, deterministically and within Altair's limits."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reports import charts
from reports.curve import MOST_LINES
from reports.page import Axis, Curve, LevelPoint, Report, SeedPoint, Series, Table


@pytest.fixture(scope="session")
def curve(report: Report) -> Curve:
    found = next(claim.curve for claim in report.chapters[0].claims if claim.name == "gan_matches")
    assert found is not None
    return found


def _rows(spec: charts.Spec, mark: str) -> list[dict[str, object]]:
    layers = [layer["data"] for layer in spec["layer"] if layer["mark"]["type"] == mark]
    return [row for data in layers for row in data.get("values") or spec["datasets"][data["name"]]]


def test_each_seed_is_a_mark_and_each_level_a_point_of_a_line(curve: Curve) -> None:
    spec = charts.specification(curve)
    assert len(_rows(spec, "point")) == 20 + 19 + 5
    assert len(_rows(spec, "line")) == 8
    assert all(row["low"] <= row["value"] <= row["high"] for row in _rows(spec, "area"))  # type: ignore[operator]
    assert [row["value"] for row in _rows(spec, "rule")] == pytest.approx([24.0, 6.1])


def test_series_differ_in_more_than_color(curve: Curve) -> None:
    spec = charts.specification(curve)
    for mark, channel in (("line", "strokeDash"), ("point", "shape")):
        layer = next(layer for layer in spec["layer"] if layer["mark"]["type"] == mark)
        values = layer["encoding"][channel]["scale"]["range"]
        assert len({str(value) for value in values[:2]}) == 2


def test_the_same_curve_gives_the_same_specification_and_drawing(curve: Curve) -> None:
    one, other = charts.specification(curve), charts.specification(curve)
    assert json.dumps(one) == json.dumps(other)
    first = charts.svg(one)
    charts._svg.cache_clear()
    assert charts.svg(other) == first


def test_a_specification_asks_for_nothing_from_outside(curve: Curve) -> None:
    text = json.dumps(charts.specification(curve))
    assert "http" not in text and '"url"' not in text


def test_colors_are_left_to_the_page(curve: Curve) -> None:
    root = ElementTree.fromstring(charts.svg(charts.specification(curve)))
    colors = {element.get(name) for element in root.iter() for name in ("fill", "stroke")}
    fixed = {color for color in colors if color and not color.startswith(("var(", "currentColor"))}
    assert fixed <= {"none", "transparent"}


def made(series: tuple[Series, ...], **given: object) -> Curve:
    """Return a curve of these lines over a cost, without dense networks."""
    axes = {"x": Axis(name="flops", title="flops (FLOP)"), "y": Axis(name="fid", title="fid")}
    words = {"key": "k", "description": "", "caption": "", "table": Table(caption="", columns=(), rows=())}
    plain = {"dense": (), "across": False, "crowded": False, "floor": None}
    return Curve.model_validate(words | axes | plain | {"series": series} | given)


def point(level: int, x: float, mean: float, seeds: int = 1) -> LevelPoint:
    each = tuple(SeedPoint(seed=seed, x=x, y=mean) for seed in range(seeds))
    return LevelPoint(experiment="e", level=level, x=x, mean=mean, low=mean / 2, high=2 * mean, seeds=each)


def test_where_seeds_would_hide_the_lines_the_marks_are_means() -> None:
    many = Series(name="many", points=tuple(point(level, level, 2.0, seeds=90) for level in range(1, 6)))
    spec = charts.specification(made((many,), crowded=True))
    assert len(_rows(spec, "point")) == len(_rows(spec, "line")) == 5
    assert len(_rows(charts.specification(made((many,))), "point")) == 450


def test_a_dense_network_is_a_star_among_the_points_where_x_is_a_cost() -> None:
    ticket = Series(name="ticket", points=(point(1, 2e9, 30.0), point(2, 1e9, 32.0)))
    dense = Series(name="dense", points=(point(0, 9e10, 29.0),))
    log = Axis(name="flops", title="flops (FLOP), logarithmic", log=True)
    spec = charts.specification(made((ticket,), dense=(dense,), x=log))
    assert {row["line"] for row in _rows(spec, "point")} == {"ticket", "dense"}
    marks = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "point")["encoding"]
    assert marks["shape"]["scale"] == {"domain": ["ticket", "dense"], "range": ["circle", charts.STAR]}
    assert marks["x"]["scale"]["type"] == "log" and "type" not in marks["y"]["scale"]
    assert (marks["x"]["axis"], marks["y"]["axis"]) == ({"format": "~e"}, {})
    assert "d=" in charts.svg(spec)


def test_single_points_and_many_lines_have_bars_for_intervals() -> None:
    lone = Series(name="lone", points=(point(1, 1.0, 3.0),))
    line = Series(name="line", points=(point(1, 1.0, 2.0), point(2, 2.0, 2.5)))
    assert _rows(charts.specification(made((lone, line))), "area") == []
    assert len(_rows(charts.specification(made((line,))), "area")) == 2
    lines = tuple(line.model_copy(update={"name": f"line {number}"}) for number in range(5))
    assert len(_rows(charts.specification(made(lines)), "rule")) == 10


def test_an_interval_that_reaches_zero_has_a_place_on_a_logarithmic_axis() -> None:
    low = point(1, 1.0, 8.0).model_copy(update={"low": -3.0})
    log = Axis(name="flops", title="flops", log=True)
    (row,) = _rows(charts.specification(made((Series(name="s", points=(low,)),), y=log)), "line")
    assert (row["low"], row["high"]) == (0.8, 16.0)


def test_eight_lines_differ_in_color_dash_and_shape_each() -> None:
    for kinds in (charts.COLORS, charts.DASHES, charts.SHAPES):
        assert len({str(kind) for kind in kinds}) == MOST_LINES


@pytest.mark.parametrize(("length", "columns"), [(5, 7), (20, 2), (90, 1)])
def test_the_legend_has_as_many_columns_as_names_fit(length: int, columns: int) -> None:
    lines = tuple(Series(name=f"{number:0{length}}", points=(point(1, 1.0, 3.0),)) for number in range(8))
    assert charts.specification(made(lines))["config"]["legend"]["columns"] == columns


def test_a_specification_is_valid_vega_lite(curve: Curve) -> None:
    altair = pytest.importorskip("altair")
    altair.LayerChart.from_dict(json.loads(json.dumps(charts.specification(curve))))


@given(st.text(max_size=8))
@example("if")
@example("datum.value")
@example("\0")
@settings(max_examples=30, deadline=None)
def test_no_name_or_unit_stops_the_drawing(curve: Curve, text: str) -> None:
    first, second = (
        series.model_copy(update={"name": name}) for series, name in zip(curve.series, (text, "b"), strict=True)
    )
    y = curve.y.model_copy(update={"name": text, "title": f"{text} (lower is better)"})
    changed = curve.model_copy(update={"series": (first, second), "y": y})
    root = ElementTree.fromstring(charts.svg(charts.specification(changed)))
    words = {"".join(element.itertext()).strip() for element in root.iter() if element.tag.endswith("text")}
    assert charts.legible(text).strip() in words | {""}


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("fid (FID, lower is better)", "fid (FID, lower is better)"),
        (
            "sparsity (fraction removed), channels or weights",
            ["sparsity (fraction removed), channels or", "weights"],
        ),
        ("x" * 60, "x" * 60),
    ],
)
def test_a_long_title_has_several_lines(curve: Curve, title: str, lines: str | list[str]) -> None:
    changed = curve.model_copy(update={"y": curve.y.model_copy(update={"title": title})})
    spec = charts.specification(changed)
    assert lines in [layer["encoding"]["y"].get("title") for layer in spec["layer"]]
