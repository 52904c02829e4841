"""Charts: every mark in its place, lines that differ in more than color, and the same drawing for the same curve."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import charts
from reports.charts import Drawing, Line, drawing
from reports.curve import MOST_DENSE, MOST_LINES
from reports.page import Axis, Curve, LevelPoint, Report, SeedPoint, Series, Table


@pytest.fixture(scope="session")
def curve(report: Report) -> Curve:
    found = next(claim.curve for claim in report.chapters[0].claims if claim.name == "gan_matches")
    assert found is not None
    return found


def made(series: tuple[Series, ...], **given: object) -> Curve:
    """Return a curve of these lines over a cost, without dense networks."""
    axes = {"x": Axis(name="flops", title="flops (FLOP)"), "y": Axis(name="fid", title="fid")}
    words = {"key": "k", "description": "", "caption": "", "table": Table(caption="", columns=(), rows=())}
    plain = {"dense": (), "across": False, "crowded": False, "floor": None}
    return Curve.model_validate(words | axes | plain | {"series": series} | given)


def point(level: int, x: float, mean: float, seeds: int = 1) -> LevelPoint:
    each = tuple(SeedPoint(seed=seed, x=x, y=mean) for seed in range(seeds))
    return LevelPoint(experiment="e", level=level, x=x, mean=mean, low=mean / 2, high=2 * mean, seeds=each)


def start(path: str) -> tuple[float, float]:
    """Return where a path begins."""
    found = re.match(r"M(-?[\d.]+),(-?[\d.]+)", path)
    assert found is not None, path
    return float(found[1]), float(found[2])


def places(line: Line) -> list[tuple[float, float]]:
    return [start(mark.path) for mark in line.marks]


def named(drawn: Drawing, name: str) -> Line:
    return next(line for line in drawn.lines if line.name == name)


def test_each_seed_is_a_mark_and_each_level_a_point_of_a_line(curve: Curve) -> None:
    drawn = drawing(curve)
    assert [len(line.marks) for line in drawn.lines] == [20, 19, 5]
    lines = [line for line in drawn.lines if line.name != "dense"]
    assert sum(line.path.count("L") + 1 for line in lines) == 8
    assert all(line.ribbon and not line.bars for line in lines)


def test_the_dense_network_goes_across_with_its_band_and_its_seeds(curve: Curve) -> None:
    drawn = drawing(curve)
    dense, (left, _, width, _) = named(drawn, "dense"), drawn.frame
    assert re.fullmatch(rf"M{left:g},[\d.]+H{left + width:g}", dense.path)
    assert dense.band and not dense.ribbon
    assert [x for x, _ in places(dense)] == pytest.approx([left + charts.INSET] * 5, abs=0.1)
    assert drawn.floor and start(drawn.floor)[1] > start(dense.path)[1]


def test_marks_stand_where_their_seeds_are(curve: Curve) -> None:
    drawn = drawing(curve)
    for one in curve.series:
        seeds = [seed for level in one.points for seed in level.seeds]
        found = places(named(drawn, one.name))
        assert [x for x, _ in found] == sorted(x for x, _ in found)
        ups = sorted(range(len(seeds)), key=lambda index: seeds[index].y)
        assert all(found[low][1] >= found[high][1] for low, high in pairwise(ups))


def test_a_mark_says_its_line_seed_and_numbers() -> None:
    (line,) = drawing(made((Series(name="ticket", points=(point(1, 2e9, 30.25),)),))).lines
    assert line.marks[0].says == "ticket, seed 0: fid 30.25 at flops 2,000,000,000"


def test_ticks_and_labels_stand_beside_the_frame(curve: Curve) -> None:
    drawn = drawing(curve)
    left, top, width, height = drawn.frame
    assert all(float(label.x) < left and top <= float(label.y) <= top + height for label in drawn.y_labels)
    assert all(left <= float(label.x) <= left + width and float(label.y) > top + height for label in drawn.x_labels)
    assert drawn.grid.count("M") == len(drawn.y_labels) and drawn.side.count("v4") == len(drawn.x_labels)


def test_the_same_curve_gives_the_same_drawing(curve: Curve) -> None:
    assert drawing(curve) == drawing(curve.model_copy(deep=True))


def test_colors_are_left_to_the_page(curve: Curve) -> None:
    assert {line.style.color for line in drawing(curve).lines} == {"var(--line-1)", "var(--line-2)", "currentColor"}


def test_where_seeds_would_hide_the_lines_the_marks_are_means() -> None:
    many = Series(name="many", points=tuple(point(level, level, 2.0, seeds=90) for level in range(1, 6)))
    assert len(drawing(made((many,), crowded=True)).lines[0].marks) == 5
    assert len(drawing(made((many,))).lines[0].marks) == 450


def test_a_dense_network_is_a_star_among_the_points_where_x_is_a_cost() -> None:
    ticket = Series(name="ticket", points=(point(1, 2e9, 30.0), point(2, 1e9, 32.0)))
    dense = Series(name="dense", points=(point(0, 9e10, 29.0),))
    log = Axis(name="flops", title="flops (FLOP), logarithmic", log=True)
    drawn = drawing(made((ticket,), dense=(dense,), x=log))
    star = named(drawn, "dense")
    assert star.style.shape == charts.DENSE_SHAPES[0] and star.path == star.band == ""
    assert places(star)[0][0] > max(x for x, _ in places(named(drawn, "ticket")))
    assert "10¹⁰" in [label.text for label in drawn.x_labels]


def test_single_points_and_many_lines_have_bars_for_intervals() -> None:
    lone = Series(name="lone", points=(point(1, 1.0, 3.0),))
    line = Series(name="line", points=(point(1, 1.0, 2.0), point(2, 2.0, 2.5)))
    assert [one.bars.count("V") for one in drawing(made((lone, line))).lines] == [1, 2]
    (alone,) = drawing(made((line,))).lines
    assert alone.ribbon and not alone.bars
    five = tuple(line.model_copy(update={"name": f"line {number}"}) for number in range(5))
    assert [one.bars.count("V") for one in drawing(made(five)).lines] == [2] * 5


def test_bars_at_the_same_place_stand_side_by_side_and_it_is_said() -> None:
    line = Series(name="line", points=(point(1, 1.0, 2.0), point(2, 2.0, 2.5)))
    eight = tuple(line.model_copy(update={"name": f"line {number}"}) for number in range(8))
    drawn = drawing(made(eight, across=True))
    at = [places(one)[0][0] for one in drawn.lines]
    left, _, width, _ = drawn.frame
    assert max(x for one in drawn.lines for x, _ in places(one)) < left + width
    assert all(after - before == pytest.approx(charts.APART, abs=0.11) for before, after in pairwise(at))
    assert drawn.remarks[:1] == ("Lines at the same sparsity stand side by side.",)
    for other in (made(eight), made(eight[:1], across=True)):
        assert drawn.remarks[0] not in drawing(other).remarks


def test_an_interval_that_reaches_zero_has_a_place_on_a_logarithmic_axis() -> None:
    low = point(1, 1.0, 8.0).model_copy(update={"low": -3.0})
    log = Axis(name="flops", title="flops", log=True)
    (line,) = drawing(made((Series(name="s", points=(low,)),), y=log)).lines
    assert re.fullmatch(r"M[\d.]+,[\d.]+V[\d.]+", line.bars)


def test_an_interval_that_dwarfs_the_marks_is_cut_and_it_is_said() -> None:
    wide = point(1, 1.0, 10.0).model_copy(update={"low": -900.0, "high": 920.0})
    drawn = drawing(made((Series(name="s", points=(wide, point(2, 2.0, 11.0))),)))
    assert max(float(label.text) for label in drawn.y_labels) < 20
    assert drawn.remarks == ("Intervals that end beyond the chart are cut; the numbers behind it are whole.",)
    _, top, _, height = drawn.frame
    assert all(top <= y <= top + height for line in drawn.lines for _, y in places(line))


def test_a_floor_without_a_logarithm_is_left_out() -> None:
    log = Axis(name="flops", title="flops", log=True)
    series = (Series(name="s", points=(point(1, 1.0, 8.0), point(2, 2.0, 400.0))),)
    assert drawing(made(series, y=log, floor=0.0)).floor == ""
    assert drawing(made(series, y=log, floor=2.0)).floor


def test_every_line_differs_from_every_other_in_color_dash_and_shape() -> None:
    for kinds in (charts.COLORS, charts.DASHES, charts.SHAPES):
        assert len(set(kinds)) == MOST_LINES
    assert len(set(charts.DENSE_SHAPES)) == len(set(charts.DENSE_DASHES)) == MOST_DENSE
    assert not set(charts.DENSE_SHAPES) & set(charts.SHAPES)


finite = st.floats(-1e150, 1e150, allow_nan=False)


@given(st.lists(st.tuples(st.floats(0.0, 1.0), finite, finite), min_size=1, max_size=6), st.booleans(), st.booleans())
@settings(deadline=None)
def test_every_mark_is_inside_the_frame(
    found: list[tuple[float, float, float]], is_across: bool, has_floor: bool
) -> None:
    points = [
        point(level, x, mean).model_copy(update={"high": mean + abs(more)})
        for level, (x, mean, more) in enumerate(found)
    ]
    dense = (Series(name="dense", points=(points[0].model_copy(update={"x": 0.0, "seeds": ()}),)),) if is_across else ()
    series = (Series(name="s", points=tuple(sorted(points, key=lambda one: one.x))),)
    drawn = drawing(made(series, across=is_across, dense=dense, floor=1.0 if has_floor else None))
    left, top, width, height = drawn.frame
    for x, y in (place for line in drawn.lines for place in places(line)):
        assert left <= x <= left + width and top - 0.1 <= y <= top + height + 0.1
