"""The geometry of a forest plot: effects in units of their margins, around the line of no difference.

All plots have one axis, so that they can stand below each other: margins by their inverse hyperbolic sine, which is
linear about no difference and logarithmic far from it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.schema.claim import Claim
from benchmark.schema.verdict import Effect, Part
from reports.summary_page import Bar, Forest, Span
from reports.wording import effect as worded

WIDTH = 240.0
ROW = 18.0
REACH = 20.0
"""The plot's edge in margins. What lies farther out is cut, and drawn as cut."""
WITHOUT_MARGIN = 3.0
"""Where no margin gives a scale, the effect's farthest end is drawn as if it were so many margins out."""

Interval = tuple[float, float]


def forest(claim: Claim, parts: Sequence[Part], usual: float = 0.0) -> Forest | None:
    """Draw the effects of a claim's comparisons in units of their margins; null without any effect.

    `usual` is what other claims of the metric have as a margin: the unit of differences whose own margin is zero. A
    share of seeds has no line of no difference, and no place here.
    """
    judged = [(part, part.effect) for part in parts if part.effect is not None and part.effect.scale != "share"]
    if not judged:
        return None
    bars, spans = [], []
    for row, (part, effect) in enumerate(judged):
        axis = _Axis(effect, claim, usual)
        bars.append(axis.bar(part, row))
        spans.extend(axis.spans(row))
    return Forest(
        width=WIDTH,
        height=ROW * len(judged),
        zero=WIDTH / 2,
        bars=tuple(bars),
        spans=tuple(spans),
        description="; ".join(f"{part.arm.name} against {part.baseline.name}: {worded(e)}" for part, e in judged),
    )


def regions(claim: Claim, margin: float) -> tuple[Interval, ...]:
    """Return where an interval must lie for a claim to be reproduced (statistics rule R4), worse being larger."""
    match claim.kind:
        case "beats":
            return ((-math.inf, -margin),)
        case "equals" | "same":
            return ((-margin, margin),)
        case "differs":
            return ((-math.inf, -margin), (margin, math.inf))
        case _:
            return ((-math.inf, margin),)


class _Axis:
    """One row's scale: no difference in the middle, ratios by their logarithm."""

    def __init__(self, effect: Effect, claim: Claim, usual: float) -> None:
        self._log = effect.scale == "ratio"
        self._effect = effect
        self._regions = tuple((self._value(low), self._value(high)) for low, high in self._claimed(claim))
        margin = abs(self._value(effect.margin)) or (0.0 if self._log else usual)
        ends = (abs(self._value(end)) for end in (effect.low, effect.estimate, effect.high))
        self._unit = margin or max(filter(math.isfinite, ends), default=0.0) / WITHOUT_MARGIN or 1.0

    def _claimed(self, claim: Claim) -> tuple[Interval, ...]:
        return ((0.0, self._effect.margin),) if self._log else regions(claim, self._effect.margin)

    def _value(self, value: float) -> float:
        if not self._log:
            return value
        return math.log(value) if value > 0 else -math.inf

    def _x(self, value: float) -> float:
        margins = min(REACH, max(-REACH, value / self._unit))
        return round(WIDTH / 2 * (1 + math.asinh(margins) / math.asinh(REACH)), 2)

    def bar(self, part: Part, row: int) -> Bar:
        low, estimate, high = (self._value(end) for end in (self._effect.low, self._effect.estimate, self._effect.high))
        reach = REACH * self._unit
        return Bar(
            status=part.status,
            y=(row + 0.5) * ROW,
            low=self._x(low),
            high=self._x(high),
            estimate=self._x(estimate),
            low_cut=low < -reach,
            high_cut=high > reach,
            beyond=abs(estimate) > reach,
        )

    def spans(self, row: int) -> list[Span]:
        ends = [(self._x(low), self._x(high)) for low, high in self._regions]
        return [Span(start=low, width=round(high - low, 2), top=row * ROW, height=ROW) for low, high in ends]
