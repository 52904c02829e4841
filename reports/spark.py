"""The geometry of a sparkline: nights from left to right, shifts in units of the margin, up is worse.

Shifts are drawn by their inverse hyperbolic sine, as in the forest plot: linear about no shift, logarithmic far out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.trend_page import Spark, SparkMark, Standing, Strip

WIDTH, HEIGHT = 240.0, 56.0
INSET = 7.0
"""How far marks stay from the edges."""
REACH = 8.0
"""The edge of the drawing in margins."""
WITHOUT_MARGIN = 3.0
"""Where no margin gives a scale, the largest shift is drawn as if it were so many margins out."""


@dataclass(frozen=True)
class Dot:
    """One night: its shift with the interval (larger is worse), null where it has none; and what to say of it."""

    standing: Standing
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


def spark(dots: Sequence[Dot], margin: float | None, band: float | None, description: str) -> Spark:
    """Draw nights, oldest left, with the margin and the baseline's own interval (half its width) about no shift."""
    ends = [
        abs(end) for dot in dots for end in (dot.value, dot.low, dot.high) if end is not None and math.isfinite(end)
    ]
    scale = _Scale(margin or max(ends, default=0.0) / WITHOUT_MARGIN or 1.0)
    marks = tuple(_mark(dot, _x(place, len(dots)), scale) for place, dot in enumerate(dots))
    drawn = [f"{mark.x:g},{mark.y:g}" for mark in marks if not mark.off]
    return Spark(
        width=WIDTH,
        height=HEIGHT,
        zero=HEIGHT / 2,
        margin=scale.strip(margin) if margin else None,
        band=scale.strip(band) if band else None,
        line=" ".join(drawn) if len(drawn) > 1 else "",
        marks=marks,
        description=description,
    )


class _Scale:
    def __init__(self, unit: float) -> None:
        self._unit = unit

    def y(self, value: float) -> float:
        margins = min(REACH, max(-REACH, value / self._unit))
        return round(HEIGHT / 2 - (HEIGHT / 2 - INSET) * math.asinh(margins) / math.asinh(REACH), 2)

    def strip(self, half: float) -> Strip:
        top, bottom = self.y(half), self.y(-half)
        return Strip(top=top, height=round(bottom - top, 2))


def _x(place: int, nights: int) -> float:
    if nights == 1:
        return WIDTH / 2
    return round(INSET + (WIDTH - 2 * INSET) * place / (nights - 1), 2)


def _mark(dot: Dot, x: float, scale: _Scale) -> SparkMark:
    """Place a night; without a value one that is suspected stands at the worse edge, any other at the better one."""
    if dot.value is not None:
        low, high = (None if end is None else scale.y(end) for end in (dot.low, dot.high))
        return SparkMark(standing=dot.standing, x=x, y=scale.y(dot.value), low=low, high=high, text=dot.text)
    worse = dot.standing in ("suspected", "confirmed", "dismissed")
    return SparkMark(standing=dot.standing, x=x, y=INSET if worse else HEIGHT - INSET, off=True, text=dot.text)
