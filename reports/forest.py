"""The geometry of a forest plot: effects around the line of no difference, the claim's region shaded."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.schema.claim import Claim
from benchmark.schema.verdict import Effect, Part
from reports.page import Bar, Forest, Span
from reports.wording import effect as worded

WIDTH = 240.0
ROW = 18.0
PADDING = 1.12
LONGEST = 4.0
"""An interval's end farther out than this many times the estimate and the bound is cut, and drawn as cut."""

Interval = tuple[float, float]


def forest(claim: Claim, parts: Sequence[Part]) -> Forest | None:
    """Draw the effects of a claim's comparisons, each on the scale of its own bound; null without any effect.

    A share of seeds has no line of no difference, and no place here.
    """
    judged = [(part, part.effect) for part in parts if part.effect is not None and part.effect.scale != "share"]
    if not judged:
        return None
    bars, spans = [], []
    for row, (part, effect) in enumerate(judged):
        axis = _Axis(effect, claim)
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

    def __init__(self, effect: Effect, claim: Claim) -> None:
        self._log = effect.scale == "ratio"
        self._effect = effect
        self._regions = tuple((self._value(low), self._value(high)) for low, high in self._claimed(claim))
        bounds = (end for ends in self._regions for end in ends)
        near = max(abs(value) for value in (self._value(effect.estimate), *bounds, 0.0) if math.isfinite(value))
        far = max(
            abs(value) for value in (self._value(effect.low), self._value(effect.high), 0.0) if math.isfinite(value)
        )
        self._reach = PADDING * (max(near, min(far, LONGEST * near)) or far or 1.0)

    def _claimed(self, claim: Claim) -> tuple[Interval, ...]:
        return ((0.0, self._effect.margin),) if self._log else regions(claim, self._effect.margin)

    def _value(self, value: float) -> float:
        if not self._log:
            return value
        return math.log(value) if value > 0 else -math.inf

    def _x(self, value: float) -> float:
        share = min(1.0, max(-1.0, value / self._reach))
        return round(WIDTH / 2 * (1 + share), 2)

    def bar(self, part: Part, row: int) -> Bar:
        low, high = self._value(self._effect.low), self._value(self._effect.high)
        return Bar(
            status=part.status,
            y=(row + 0.5) * ROW,
            low=self._x(low),
            high=self._x(high),
            estimate=self._x(self._value(self._effect.estimate)),
            low_cut=low < -self._reach,
            high_cut=high > self._reach,
        )

    def spans(self, row: int) -> list[Span]:
        ends = [(self._x(low), self._x(high)) for low, high in self._regions]
        return [Span(start=low, width=round(high - low, 2), top=row * ROW, height=ROW) for low, high in ends]
