"""Curves as drawings: what a template writes as SVG, placed on scales; the colors are variables of the page's style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from reports.axes import Scale, Tick, holding
from reports.page import Axis, Curve, LevelPoint, Series
from reports.wording import number

WIDTH, HEIGHT = 480.0, 268.0
TOP, RIGHT, BOTTOM, BESIDE = 9.0, 16.0, 24.0, 10.0
"""What surrounds the chart itself; `BESIDE` stands between the labels on the left and the edge."""
ASIDE, UNDER = 5.0, 7.0
"""How far numbers are from their side."""
INSET = 12.0
"""How far the outermost marks are from the chart's sides."""
LETTER, LINE = 9.2, 19.0
"""A letter's width and a line's height where the type is largest against the drawing, on a phone."""
MOST_RIBBONS = 4
"""Ribbons of more lines than this hide each other; intervals are then bars."""
BEYOND = 1.0
"""An interval leaves the chart where it ends farther from the marks than this many times what they span."""
EDGE = 0.03
"""The share of a logarithmic side that lies before the first mark, and after the last."""
SAME, APART = 6.0, 5.0
"""Bars nearer than the first would hide each other, and are set the second apart."""

COLORS = tuple(f"var(--line-{number})" for number in range(1, 9))
DASHES = ("", "6 3", "2 2", "8 3 2 3", "1 3", "10 4", "4 2 1 2 1 2", "12 3")
SHAPES = (
    "m-3.4,0a3.4,3.4 0 1,0 6.8,0a3.4,3.4 0 1,0-6.8,0",  # circle
    "m-3,-3h6v6h-6z",  # square
    "m0,-4l3.8,6.6h-7.6z",  # triangles, each pointing to one side
    "m0,-4.4l4.4,4.4l-4.4,4.4l-4.4,-4.4z",  # diamond
    "m-1.3,-4h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7v-2.6h2.7z",  # cross
    "m0,4l3.8,-6.6h-7.6z",
    "m4,0l-6.6,3.8v-7.6z",
    "m-4,0l6.6,3.8v-7.6z",
)
"""Marks, each as a path from its middle."""
INK = "currentColor"
DENSE_DASHES = ("", "5 2", "1 2")
DENSE_SHAPES = (
    "m0,-4.6l1.1,3.2h3.4l-2.7,2.1l1,3.2l-2.8,-1.9l-2.8,1.9l1,-3.2l-2.7,-2.1h3.4z",  # star
    "m-1.6,-4.6h3.2l1.6,9.2h-6.4z",  # wedge
    "m0,-4.6l4,3.6h-2.4v5.6h-3.2v-5.6h-2.4z",  # arrow
)


@dataclass(frozen=True)
class Style:
    """How a line is told from the others: with and without color."""

    color: str
    dash: str
    shape: str


@dataclass(frozen=True)
class Mark:
    """One seed, or the mean of a level: a path, and what it says when it is pointed at."""

    path: str
    says: str


@dataclass(frozen=True)
class Line:
    """One line of a chart as paths, some of them empty; `band` is the ground of one that goes across the chart."""

    name: str
    style: Style
    band: str
    ribbon: str
    bars: str
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Label:
    """A number beside a side of the chart."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Drawing:
    """A chart in drawing units: its sides and their numbers, its lines in order, and what its caption has to add.

    Lines and intervals end at the `frame` (left, top, width, height).
    """

    key: str
    width: float
    height: float
    frame: tuple[float, float, float, float]
    grid: str
    side: str
    x_labels: tuple[Label, ...]
    y_labels: tuple[Label, ...]
    floor: str
    lines: tuple[Line, ...]
    remarks: tuple[str, ...]


def drawing(curve: Curve) -> Drawing:
    """Place a curve's lines on scales that hold every mark; the same for the same curve."""
    up = _up(curve)
    rows = up.ticks(lambda label: LINE)
    left = round(BESIDE + LETTER * max((len(tick.label) for tick in rows), default=0), 1)
    shifts = _shifts(curve, _along(curve, left, INSET))
    along = _along(curve, left, INSET + max(shifts, default=0.0))
    columns = along.ticks(lambda label: LETTER * (len(label) + 1))
    pen = _Pen(curve, along, up)
    each = zip(_all(curve), _styles(curve), shifts, strict=True)
    return Drawing(
        key=curve.key,
        width=WIDTH,
        height=HEIGHT,
        frame=(left, TOP, round(WIDTH - RIGHT - left, 1), HEIGHT - BOTTOM - TOP),
        grid="".join(f"M{_short(left)},{_short(tick.place)}H{_short(along.end)}" for tick in rows),
        side=pen.side(columns),
        x_labels=tuple(_under(tick, up) for tick in columns),
        y_labels=tuple(Label(_short(left - ASIDE), _short(tick.place), tick.label) for tick in rows),
        floor="" if (floor := _floor(curve)) is None else pen.across(floor),
        lines=tuple(pen.line(one, style, shift) for one, style, shift in each),
        remarks=tuple(_remarks(curve, up, any(shifts))),
    )


def _under(tick: Tick, up: Scale) -> Label:
    """Return the number of a tick below the chart, aside where it would leave the drawing."""
    furthest = WIDTH - LETTER * len(tick.label) / 2
    return Label(_short(min(tick.place, furthest)), _short(up.start + UNDER), tick.label)


def _all(curve: Curve) -> list[Series]:
    return [*curve.series, *curve.dense]


def _styles(curve: Curve) -> Iterator[Style]:
    lines = (Style(*kinds) for kinds in zip(COLORS, DASHES, SHAPES, strict=True))
    dense = (Style(INK, *kinds) for kinds in zip(DENSE_DASHES, DENSE_SHAPES, strict=True))
    yield from (style for _, style in zip(curve.series, lines, strict=False))
    yield from (style for _, style in zip(curve.dense, dense, strict=False))


def _joined(curve: Curve) -> list[Series]:
    """Return the lines whose intervals are drawn along the chart: not those of dense networks across it."""
    return list(curve.series) if curve.across else _all(curve)


def _has_ribbons(curve: Curve) -> bool:
    lines = _joined(curve)
    return len(lines) <= MOST_RIBBONS and all(len(one.points) > 1 for one in lines)


def _ends(axis: Axis, point: LevelPoint) -> tuple[float, float]:
    low, high = (point.mean if end is None else end for end in (point.low, point.high))
    # A logarithmic side has no place for zero; the table has the interval as it is.
    return (max(low, point.mean / 10) if axis.log else low), high


def _floor(curve: Curve) -> float | None:
    """Return what real images score, where the chart has a place for it."""
    return None if curve.floor is None or (curve.y.log and curve.floor <= 0) else curve.floor


def _up(curve: Curve) -> Scale:
    """Return the scale of the values: all marks, and the intervals as far as they don't dwarf the marks."""
    points = [point for one in _all(curve) for point in one.points]
    marks = [point.mean for point in points]
    if not curve.crowded:
        marks += [seed.y for point in points for seed in point.seeds]
    if (floor := _floor(curve)) is not None:
        marks.append(floor)
    seen = holding(marks, HEIGHT - BOTTOM, TOP, curve.y.log)
    widest = seen.inset(BEYOND / (1 + 2 * BEYOND))
    ends = [min(max(end, widest.low), widest.high) for point in points for end in _ends(curve.y, point)]
    whole = holding([*marks, *ends], seen.start, seen.end, curve.y.log)
    return whole.inset(EDGE) if curve.y.log else whole.nice()


def _along(curve: Curve, left: float, inset: float) -> Scale:
    points = [point for one in (curve.series if curve.across else _all(curve)) for point in one.points]
    places = [point.x for point in points] + [0.0] * curve.across
    length = WIDTH - RIGHT - left
    return holding(places, left, WIDTH - RIGHT, curve.x.log).inset(inset / length)


def _shifts(curve: Curve, along: Scale) -> list[float]:
    """Return how far each line stands aside, where bars of several at the same sparsity would hide each other."""
    lines = _joined(curve)
    places = [[along.place(point.x) for point in one.points] for one in lines]
    hidden = (
        curve.across
        and not _has_ribbons(curve)
        and any(abs(one - other) < SAME for two in combinations(places, 2) for one in two[0] for other in two[1])
    )
    middle = (len(lines) - 1) / 2
    aside = [APART * (index - middle) if hidden else 0.0 for index in range(len(lines))]
    return aside + [0.0] * (len(_all(curve)) - len(lines))


def _remarks(curve: Curve, up: Scale, is_shifted: bool) -> Iterator[str]:
    if is_shifted:
        yield "Lines at the same sparsity stand side by side."
    ends = chain.from_iterable(_ends(curve.y, point) for one in _all(curve) for point in one.points)
    if any(not up.low <= end <= up.high for end in ends):
        yield "Intervals that end beyond the chart are cut; the numbers behind it are whole."


class _Pen:
    """Writes paths on the scales of one curve."""

    def __init__(self, curve: Curve, along: Scale, up: Scale) -> None:
        self._curve = curve
        self._along = along
        self._up = up

    def line(self, one: Series, style: Style, shift: float) -> Line:
        """Return all that is drawn of a line, `shift` to the right of its place."""
        places = [_short(self._along.place(point.x) + shift) for point in one.points]
        ends = [[self._y(end) for end in _ends(self._curve.y, point)] for point in one.points]
        spans = [(x, low, high) for x, (low, high) in zip(places, ends, strict=True)]
        is_across = self._curve.across and one in self._curve.dense
        ribbons = _has_ribbons(self._curve)
        return Line(
            name=one.name,
            style=style,
            band=self._band(*ends[0]) if is_across else "",
            ribbon=_ribbon(spans) if ribbons and not is_across else "",
            bars="" if ribbons or is_across else "".join(f"M{x},{low}V{high}" for x, low, high in spans if low != high),
            path=self.across(one.points[0].mean) if is_across else self._path(places, one.points),
            marks=tuple(self._marks(one, style.shape, shift)),
        )

    def across(self, value: float) -> str:
        """Return a line across the chart at a value."""
        return f"M{_short(self._along.start)},{self._y(value)}H{_short(self._along.end)}"

    def side(self, columns: Sequence[Tick]) -> str:
        """Return the lower side of the chart with its ticks."""
        ticks = "".join(f"M{_short(tick.place)},{_short(self._up.start)}v4" for tick in columns)
        return f"M{_short(self._along.start)},{_short(self._up.start)}H{_short(self._along.end)}{ticks}"

    def _marks(self, one: Series, shape: str, shift: float) -> Iterator[Mark]:
        x, y = self._curve.x.name, self._curve.y.name
        for point in one.points:
            means = [(one.name, point.x, point.mean)]
            seeds = [(f"{one.name}, seed {seed.seed}", seed.x, seed.y) for seed in point.seeds]
            for says, along, value in means if self._curve.crowded else seeds:
                place = f"{_short(self._along.place(along) + shift)},{self._y(value)}"
                yield Mark(f"M{place}{shape}", f"{says}: {y} {number(value, 4)} at {x} {number(along)}")

    def _path(self, places: Sequence[str], points: Sequence[LevelPoint]) -> str:
        both = (f"{x},{self._y(point.mean)}" for x, point in zip(places, points, strict=True))
        return f"M{'L'.join(both)}" if len(points) > 1 else ""

    def _band(self, low: str, high: str) -> str:
        left, right = _short(self._along.start), _short(self._along.end)
        return f"M{left},{low}H{right}V{high}H{left}Z" if low != high else ""

    def _y(self, value: float) -> str:
        return _short(self._up.place(value))


def _ribbon(spans: Sequence[tuple[str, str, str]]) -> str:
    there = [f"{x},{low}" for x, low, _ in spans]
    back = [f"{x},{high}" for x, _, high in reversed(spans)]
    return f"M{'L'.join([*there, *back])}Z"


def _short(place: float) -> str:
    """Write a place to a tenth of a unit, which nobody sees."""
    return f"{place:.1f}".removesuffix(".0")
