"""A paper's own curve, drawn from the numbers that were read of it: a chart of its own, never under measured lines."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.schema.reference import Number
from benchmark.schema.suite import Figure
from reports.evidence import Evidence
from reports.page import Axis, Cell, Curve, LevelPoint, Series, Table
from reports.wording import number, share

LINE, DENSE = "as printed", "dense, as printed"


def printed_curve(evidence: Evidence, figure: Figure, key: str) -> Curve | None:
    """Draw the references of a figure that say at which `x` they stand; null where fewer than two were read.

    A band is what the paper draws around its line, or where it has none, the error of the reading.
    """
    held = [(name, evidence.reference(name)) for name in figure.references]
    read = [(name, one) for name, one in held if one is not None and one.value is not None and figure.x in one.at]
    points = sorted((_point(name, one, figure.x) for name, one in read), key=lambda point: point.x)
    across = figure.x == "sparsity"
    dense = [point for point in points if across and point.x == 0.0][:1]
    drawn = Series(name=LINE, points=tuple(point for point in points if point not in dense))
    if len(drawn.points) < 2:
        return None
    unit = read[0][1].unit
    return Curve(
        key=key,
        x=Axis(name=figure.x, title="sparsity (fraction removed)" if across else figure.x),
        y=Axis(name="printed", title=f"{unit}, as the paper's figure has it"),
        description=_description(drawn, dense, unit, figure.x),
        caption=" ".join(_caption([one for _, one in read], bool(dense))),
        dense=tuple(Series(name=DENSE, points=(point,)) for point in dense),
        across=across,
        crowded=True,
        floor=None,
        series=(drawn,),
        table=_table(points, unit, figure.x),
    )


def _point(name: str, one: Number, x: str) -> LevelPoint:
    assert one.value is not None
    band = one.ribbon
    low, high = (band.low, band.high) if band else (one.value - one.reading_error, one.value + one.reading_error)
    place = one.at[x]
    return LevelPoint(experiment=name, level=0, x=place, mean=one.value, low=low, high=high, seeds=())


def _table(points: list[LevelPoint], unit: str, x: str) -> Table:
    rows = [
        (Cell(text=point.experiment, head=True), Cell(text=share(point.x)), Cell(text=number(point.mean, 4)))
        for point in points
    ]
    return Table(caption="The numbers behind the printed curve", columns=("number", x, unit), rows=tuple(rows))


def _description(drawn: Series, dense: list[LevelPoint], unit: str, x: str) -> str:
    first, last = drawn.points[0], drawn.points[-1]
    says = (
        f"As printed, {unit} goes from {number(first.mean, 4)} at {x} {share(first.x)} to {number(last.mean, 4)} at "
        f"{share(last.x)}"
    )
    return f"{says}; the dense network has {number(dense[0].mean, 4)}." if dense else f"{says}."


def _caption(read: list[Number], has_dense: bool) -> Iterator[str]:
    yield "The paper's own curve, not measured here."
    if any(one.ribbon for one in read):
        means = sorted({one.ribbon.means for one in read if one.ribbon})
        yield f"The band is the ribbon of the figure; what it means: {'; '.join(means)}."
    errors = {one.reading_error for one in read if one.reading_error}
    if errors:
        yield f"Read with an error of up to {number(max(errors))}."
    if has_dense:
        yield "The horizontal line is the paper's dense network."
