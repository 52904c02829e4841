"""One quantity over another: every seed, the means, their intervals, and the dense networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from benchmark.statistics import mean, paired
from reports.evidence import Evidence
from reports.page import Axis, Cell, Curve, LevelPoint, SeedPoint, Series, Table
from reports.quantities import Quantity
from reports.wording import CHANNELS, count, number, removed

LEVEL = 0.90
MOST_LINES = 8
"""More lines than this, and the dense network, cannot be told apart by color, dash and mark together."""
MOST_DENSE = 3
MOST_MARKS = 150
"""With more seeds than this their marks hide the lines."""

Lines = Mapping[str, tuple[str, ...]]
"""The name of each line, and the experiments that it joins."""


def draw(evidence: Evidence, lines: Lines, x: Quantity, y: Quantity, key: str) -> Curve | None:
    """Join what was measured of these lines, the first `MOST_LINES` of them; null where there is nothing to draw."""
    series = [_series(evidence, name, experiments, x, y) for name, experiments in lines.items()]
    dense = _dense(evidence, [one for experiments in lines.values() for one in experiments], x, y)
    drawn = [one for one in series if one.points][:MOST_LINES]
    across = x.name == "sparsity"
    if not drawn and (across or not dense):
        return None
    together = [*dense, *drawn]
    points = [point for one in together for point in one.points]
    counted = [_counted(quantity, drawn if across else together) for quantity in (x, y)]
    seeds = [seed for point in points for seed in point.seeds]
    # One seed at zero, of which there is no logarithm, is enough for a side to be linear.
    ys = [*(point.mean for point in points), *(seed.y for seed in seeds if seed.y <= 0)]
    axes = x.axis((seed.x for seed in seeds), counted[0]), y.axis(ys, counted[1])
    crowded = len(seeds) > MOST_MARKS
    hidden = sum(_has_tickets(evidence, experiments) for experiments in lines.values()) - len(drawn)
    return Curve(
        key=key,
        x=axes[0],
        y=axes[1],
        description=_description(axes, drawn, dense),
        caption=" ".join((_caption(y, dense if across else [], crowded, hidden), *_apart(axes, counted))),
        dense=tuple(dense),
        across=across,
        crowded=crowded,
        floor=y.floor,
        series=tuple(drawn),
        table=_table(axes, together, y.by),
    )


def interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the two-sided 90 % t interval of a mean; nulls for a single value."""
    if len(values) < 2:
        return None, None
    return paired(values).interval(LEVEL)


def _series(evidence: Evidence, name: str, experiments: Sequence[str], x: Quantity, y: Quantity) -> Series:
    levels = [(one, level) for one in experiments for level in sorted(evidence.arms[one])]
    tickets = [(one, level) for one, level in levels if evidence.is_ticket(one, level)]
    points = [point for one, level in tickets if (point := _point(one, level, x, y)) is not None]
    return Series(name=name, points=tuple(sorted(points, key=lambda point: point.x)))


def _dense(evidence: Evidence, experiments: Sequence[str], x: Quantity, y: Quantity) -> list[Series]:
    """Return the dense networks of the experiments, the first few; those that are the same trainings once."""
    found: dict[frozenset[str], LevelPoint] = {}
    for one in experiments:
        jobs = frozenset(evidence.arms[one].get(0, {}).values())
        is_new = jobs and jobs not in found and not evidence.is_ticket(one, 0)
        point = _point(one, 0, x, y) if is_new else None
        if point is not None:
            found[jobs] = point
    points = list(found.values())[:MOST_DENSE]
    return [Series(name="dense" if len(points) == 1 else f"dense, {one.experiment}", points=(one,)) for one in points]


def _point(experiment: str, level: int, x: Quantity, y: Quantity) -> LevelPoint | None:
    xs, ys = x.values(experiment, level), y.values(experiment, level)
    if xs and y.by == "process":
        xs = dict.fromkeys(ys, mean(list(xs.values())))
    seeds = tuple(SeedPoint(seed=seed, x=xs[seed], y=value) for seed, value in sorted(ys.items()) if seed in xs)
    if not seeds:
        return None
    values = [seed.y for seed in seeds]
    low, high = interval(values)
    place = mean([seed.x for seed in seeds])
    return LevelPoint(
        experiment=experiment,
        level=level,
        x=place,
        of_channels=any(one.startswith(CHANNELS) for one in x.conventions(experiment, level)),
        mean=mean(values),
        low=low,
        high=high,
        seeds=seeds,
    )


def _counted(quantity: Quantity, drawn: Sequence[Series]) -> list[str]:
    """Return what the values of these lines count; nothing removed is the same in all of them."""
    found = {
        convention
        for one in drawn
        for point in one.points
        for convention in quantity.conventions(point.experiment, point.level)
    }
    return sorted(found)


def _apart(axes: Sequence[Axis], counted: Sequence[Sequence[str]]) -> Iterator[str]:
    for axis, conventions in zip(axes, counted, strict=True):
        if len(conventions) > 1:
            yield (
                f"Equal values of {axis.name} are not the same here, for lines count different things: "
                f"{'; or '.join(conventions)}."
            )


def _has_tickets(evidence: Evidence, experiments: Sequence[str]) -> bool:
    return any(evidence.is_ticket(one, level) for one in experiments for level in evidence.arms[one])


def _place(axis: Axis, point: LevelPoint) -> str:
    return removed(point.x, point.of_channels) if axis.name == "sparsity" else number(point.x)


def _description(axes: tuple[Axis, Axis], drawn: Sequence[Series], dense: Sequence[Series]) -> str:
    x, y = axes
    lines = [
        f"{one.name} goes from {number(one.points[0].mean)} at {x.name} {_place(x, one.points[0])} "
        f"to {number(one.points[-1].mean)} at {_place(x, one.points[-1])}"
        for one in drawn
    ]
    lines += [f"the {one.name} network has {number(one.points[0].mean)}" for one in dense]
    return f"{y.name} against {x.name}: {'; '.join(lines)}."


def _caption(y: Quantity, across: Sequence[Series], crowded: bool, hidden: int) -> str:
    marks = "marks are means, each seed stands in the table" if crowded else f"Every mark is one {y.by}"
    parts = [f"{marks[0].upper()}{marks[1:]}; lines join the means, with their 90 % t intervals."]
    if across:
        seeds = " and ".join(count(len(one.points[0].seeds), y.by, _several(y.by)) for one in across)
        is_one = len(across) == 1
        parts.append(f"The horizontal {'line is' if is_one else 'lines are'} the dense network ({seeds}).")
    if y.floor is not None:
        parts.append(f"The dotted line is real images against other real images ({number(y.floor)}).")
    if hidden:
        parts.append(f"{count(hidden, 'line')} not drawn: nothing measured, or too many lines.")
    return " ".join(parts).replace(" %", "\N{NO-BREAK SPACE}%")


def _several(noun: str) -> str:
    return "processes" if noun == "process" else f"{noun}s"


def _table(axes: tuple[Axis, Axis], together: Sequence[Series], by: str) -> Table:
    x, y = axes
    interval_name = "90\N{NO-BREAK SPACE}% interval"
    columns = ("experiment", "level", x.name, _several(by), f"mean {y.name}", interval_name, f"each {by}")
    points = chain.from_iterable(one.points for one in together)
    caption = f"The numbers behind the chart: {y.name} against {x.name}"
    return Table(caption=caption, columns=columns, rows=tuple(tuple(_row(x, point)) for point in points))


def _row(x: Axis, point: LevelPoint) -> Iterator[Cell]:
    yield Cell(text=point.experiment, head=True)
    yield from (Cell(text=text) for text in (str(point.level), _place(x, point), str(len(point.seeds))))
    yield Cell(text=number(point.mean))
    if point.low is not None and point.high is not None:
        yield Cell(text=f"{number(point.low)} to {number(point.high)}")
    else:
        yield Cell(text="one only", missing=True)
    yield Cell(text="; ".join(f"{seed.seed}: {number(seed.y)}" for seed in point.seeds))
