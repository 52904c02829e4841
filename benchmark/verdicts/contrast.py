"""An arm against its baseline, testable at each end of the declared margin."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from benchmark import statistics
from benchmark.schema.record import Margin
from benchmark.statistics import Estimate
from benchmark.verdicts.arms import Printed

Bound = Literal[1, -1]
"""The end of the margin towards worse (1) or towards better (-1)."""

Side = Literal["below", "above", "across"]
Values = Mapping[int, float | None]

FLOAT_NOISE = 1e-12
"""Relative: exact costs that equal a threshold must not miss it by a rounding of the last bit."""


@dataclass(frozen=True)
class Axis:
    """The scale of an effect: differences with larger as worse, or logarithms of ratios where `ratio` is given.

    A relative margin m moves each baseline value v to v + m |v| in the worse direction: (1 + m) v where lower is
    better, (1 - m) v where higher is better (for positive v). A diverged seed (null) is worse than any value.
    """

    sign: Bound
    margin: Margin | None = None
    ratio: float | None = None

    def place(self, value: float | None) -> float:
        """Return an arm's value on the axis."""
        if value is None:
            return math.inf
        return self.sign * value if self.ratio is None else math.log(value)

    def threshold(self, value: float | None, bound: Bound) -> float:
        """Return the place that an arm at a bound of the margin from this baseline value would have."""
        return self.place(value) + (0.0 if value is None else bound * self.size(value))

    def size(self, value: float) -> float:
        """Return the margin on the axis at a baseline value."""
        if self.ratio is not None:
            return math.log(self.ratio)
        if self.margin is None:
            raise ValueError("an axis has a margin or a ratio")
        return self.margin.absolute if self.margin.absolute is not None else (self.margin.relative or 0.0) * abs(value)


@dataclass(frozen=True)
class Contrast:
    """Values per seed of an arm and of its baseline (or a printed number), on one axis."""

    arm: Values
    baseline: Values | Printed
    axis: Axis
    paired: bool
    replicate: str = "seed"

    @property
    def n(self) -> int:
        """The seeds of the smaller side."""
        return len(self.arm) if isinstance(self.baseline, Printed) else min(len(self.arm), len(self.baseline))

    @property
    def has_divergence(self) -> bool:
        """Whether any seed of either side diverged."""
        return None in [*self.arm.values(), *self._baseline_values()]

    def is_exact(self, bounds: Iterable[Bound]) -> bool:
        """Tell whether all seeds gave the same effect, which any interval is as narrow as."""
        return self.n > 1 and not self.has_divergence and all(self.estimate(bound).error == 0.0 for bound in bounds)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of both sides, sorted."""
        return tuple(sorted({*self.arm, *(() if isinstance(self.baseline, Printed) else self.baseline)}))

    def without(self, seed: int) -> Contrast:
        """Return the contrast with one seed left out on both sides."""
        arm = {key: value for key, value in self.arm.items() if key != seed}
        if isinstance(self.baseline, Printed):
            return replace(self, arm=arm)
        return replace(self, arm=arm, baseline={key: value for key, value in self.baseline.items() if key != seed})

    def margin_size(self) -> float:
        """Return the margin on the axis, averaged over the baseline's seeds."""
        return statistics.mean([self.axis.size(value) for value in self._baseline_values() if value is not None])

    def estimate(self, bound: Bound) -> Estimate:
        """Return arm minus the bound of the margin; needs finite values and two seeds a side."""
        arm = [self.axis.place(value) for value in self.arm.values()]
        if isinstance(self.baseline, Printed):
            return self._against_printed(arm, self.baseline, bound)
        if self.paired:
            return statistics.paired(self._differences(self.baseline, bound))
        return statistics.welch(arm, self._thresholds(bound))

    def blur(self, bound: Bound) -> float:
        """Return how far the printed rounding and the reading error can move the bound; 0 if it was measured."""
        if not isinstance(self.baseline, Printed):
            return 0.0
        # Down a logarithm a step is longer than up: both ends are widened by the longer.
        value, blur = self.baseline.value, self.baseline.blur
        return max(self._shift(value, blur, bound), self._shift(value, -blur, bound))

    def side(self, bound: Bound, level: float) -> Side:
        """Tell by the t interval where the effect lies; a bound that is met exactly counts as inside the margin."""
        low, high = self.estimate(bound).interval(level, self.blur(bound))
        slack = self.slack(bound)
        if bound == 1:
            return "below" if high <= slack else "above" if low > slack else "across"
        return "above" if low >= -slack else "below" if high < -slack else "across"

    def slack(self, bound: Bound) -> float:
        """Return how far on the axis values may lie apart by the rounding of floats alone."""
        if self.axis.ratio is not None:
            return FLOAT_NOISE
        places = [*map(self.axis.place, self.arm.values()), *self._thresholds(bound)]
        return FLOAT_NOISE * max(map(abs, places))

    def rank_side(self, bound: Bound, level: float) -> Side:
        """Tell by an exact rank test where the effect lies; `across` against a printed number."""
        if isinstance(self.baseline, Printed):
            return "across"
        alpha = (1.0 - level) / 2.0 + FLOAT_NOISE
        below, above = self._rank_ps(self.baseline, bound)
        return "below" if below <= alpha else "above" if above <= alpha else "across"

    def smallest_rank_p(self) -> float | None:
        """Return the smallest one-sided p that a rank test can give here; null against a printed number."""
        if isinstance(self.baseline, Printed):
            return None
        if self.paired:
            return statistics.smallest_signed_rank_p(self.n)
        return statistics.smallest_rank_sum_p(len(self.arm), len(self.baseline))

    def _baseline_values(self) -> list[float | None]:
        return [self.baseline.value] if isinstance(self.baseline, Printed) else list(self.baseline.values())

    def _thresholds(self, bound: Bound) -> list[float]:
        return [self.axis.threshold(value, bound) for value in self._baseline_values()]

    def _differences(self, baseline: Values, bound: Bound) -> list[float]:
        pairs = [(self.axis.place(self.arm[seed]), self.axis.threshold(baseline[seed], bound)) for seed in self.arm]
        # Where both diverged neither is worse, though inf - inf would be no number.
        return [0.0 if ours == theirs else ours - theirs for ours, theirs in pairs]

    def _rank_ps(self, baseline: Values, bound: Bound) -> tuple[float, float]:
        if self.paired:
            found = self._differences(baseline, bound)
            return statistics.signed_rank_p(found), statistics.signed_rank_p([-value for value in found])
        arm, other = [self.axis.place(value) for value in self.arm.values()], self._thresholds(bound)
        return statistics.rank_sum_p(arm, other), statistics.rank_sum_p(other, arm)

    def _against_printed(self, arm: list[float], number: Printed, bound: Bound) -> Estimate:
        center = self.axis.threshold(number.value, bound)
        if number.sd is None:
            return statistics.against_mean(arm, center, number.runs)
        # A logarithm's spread is the relative one (delta method).
        is_ratio = self.axis.ratio is not None
        spread = number.sd / number.value if is_ratio else self._shift(number.value, number.sd, bound)
        return statistics.against_summary(arm, center, spread, number.runs)

    def _shift(self, value: float, by: float, bound: Bound) -> float:
        return abs(self.axis.threshold(value + by, bound) - self.axis.threshold(value, bound))
