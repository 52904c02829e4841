"""How far a metric of an arm moved: seed by seed on the baseline's own seeds, or by Welch on fresh ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from benchmark.schema.account import ArmAccount
from benchmark.schema.measurement import FRUITLESS
from benchmark.schema.record import Margin
from benchmark.statistics import chance_above
from benchmark.trend.discovery import FRESH_LEVEL, LEVEL
from benchmark.verdicts.contrast import Axis, Bound, Contrast

Values = Mapping[int, float | None]
Side = Literal["worse", "better", "within"]


@dataclass(frozen=True)
class Shift:
    """The mean shift with its interval, larger is worse; on which side of the margin that lies, and both p."""

    estimate: float
    low: float
    high: float
    side: Side
    worse_p: float
    better_p: float


def values(arm: ArmAccount, metric: str) -> dict[int, float | None]:
    """Return a metric by seed; null where the training diverged or never came to its event."""
    found: dict[int, float | None] = {seed: None for seed, end in arm.ends.items() if end in FRUITLESS}
    return found | (dict(arm.series[metric].values) if metric in arm.series else {})


def contrast(now: Values, before: Values, lower_is_better: bool | None, margin: float, paired: bool) -> Contrast:
    """Return values against those of the baseline, with a margin in the metric's unit."""
    declared = Margin(absolute=margin, because="the margin of the claim")
    return Contrast(now, before, Axis(-1 if lower_is_better is False else 1, declared), paired)


def shift(made: Contrast, lower_is_better: bool | None, level: float = LEVEL) -> Shift:
    """Return how far the values moved; needs two on either side, and none diverged.

    Where neither direction is better, leaving the margin is worse on both sides, and p that of two tests.
    """
    size, upper = made.margin_size(), made.estimate(1)
    low, high = upper.interval(level)
    up, down = chance_above(upper), _chance_below(made)
    rises, falls = made.side(1, level) == "above", made.side(-1, level) == "below"
    if lower_is_better is None:
        side: Side = "worse" if rises or falls else "within"
        up, down = min(1.0, 2.0 * min(up, down)), 1.0
    else:
        side = "worse" if rises else "better" if falls else "within"
    return Shift(upper.value + size, low + size, high + size, side, up, down)


def has_left(made: Contrast, lower_is_better: bool | None, upwards: bool) -> bool:
    """Tell whether fresh values left the margin, towards worse or (where neither is) on one side; divergences by ranks.

    Ranks have to reach the level of a night only: with five seeds against three they can do no better than 2 %.
    """
    bound: Bound = 1 if upwards or lower_is_better is not None else -1
    side = made.rank_side(bound, LEVEL) if made.has_divergence else made.side(bound, FRESH_LEVEL)
    return side == ("above" if bound == 1 else "below")


def _chance_below(made: Contrast) -> float:
    """Return the p of a shift beyond the margin towards better."""
    lower = made.estimate(-1)
    return chance_above(type(lower)(-lower.value, lower.error, lower.parts))
