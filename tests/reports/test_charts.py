"""Charts: what is drawn, deterministically and within Altair's limits."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reports import charts
from reports.page import Curve, LevelPoint, Report, SeedPoint, Series


@pytest.fixture(scope="session")
def curve(report: Report) -> Curve:
    found = next(claim.curve for claim in report.chapters[0].claims if claim.name == "gan_matches")
    assert found is not None
    return found


def _rows(spec: charts.Spec, mark: str) -> list[dict[str, object]]:
    layers = [layer for layer in spec["layer"] if layer["mark"]["type"] == mark]
    return [row for layer in layers for row in layer["data"]["values"]]


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


def test_more_seeds_than_altair_takes_leave_means_and_intervals() -> None:
    levels = tuple(LevelPoint(level=n, sparsity=n / 10, n=900, mean=n, low=n - 1.0, high=n + 1.0) for n in range(1, 6))
    seeds = tuple(SeedPoint(level=n % 5 + 1, seed=n, sparsity=0.5, value=n) for n in range(4500))
    many = Series(name="many", levels=levels, seeds=seeds)
    plain = {"key": "k", "y_title": "fid", "description": "", "caption": "", "dense": None, "floor": None}
    table = {"caption": "", "columns": (), "rows": ()}
    spec = charts.specification(Curve.model_validate(plain | {"series": (many,), "table": table}))
    assert _rows(spec, "point") == []
    assert len(_rows(spec, "line")) == 5


@given(st.text(max_size=8))
@example("if")
@example("datum.value")
@example("\0")
@settings(max_examples=30, deadline=None)
def test_no_name_or_unit_stops_the_drawing(curve: Curve, text: str) -> None:
    first, second = (
        series.model_copy(update={"name": name}) for series, name in zip(curve.series, (text, "b"), strict=True)
    )
    changed = curve.model_copy(update={"series": (first, second), "y_title": f"{text} (lower is better)"})
    root = ElementTree.fromstring(charts.svg(charts.specification(changed)))
    words = {"".join(element.itertext()).strip() for element in root.iter() if element.tag.endswith("text")}
    assert charts.legible(text).strip() in words | {""}
