"""Two sides of a comparison by docs/statistics.md and SciPy: intervals, exact ranks, each seed left out.

Nothing of `benchmark` is imported here. Rank tests count all signs and all divisions of the seeds one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

Values = Mapping[int, float | None]
OVER_RUNS = {"standard deviation over runs", "standard deviation over training runs"}
CLOSE = 1e-9
"""Exact numbers stand on a bound but for the rounding of floats."""


@dataclass(frozen=True)
class Arm:
    """What was measured of one level: every planned seed, a null where its training is lost."""

    name: str
    values: Values
    missing: bool = False
    sparsity: float | None = None
    protocols: tuple[Mapping[str, Any], ...] = ()
    unit: str = "FID"
    lower_is_better: bool | None = True


class Part(NamedTuple):
    """The verdict of one comparison, the ends of its interval where there is one, and on how many seeds it rests."""

    status: str
    ends: tuple[float, float] | None = None
    n: int | None = None
    fragile: bool = False


@dataclass(frozen=True)
class Case:
    """A claim as it is written, with all that it is judged on; `look` is its number, all looks and the spending."""

    claim: Mapping[str, Any]
    arms: Mapping[str, Arm]
    numbers: Mapping[str, Mapping[str, Any]]
    small: bool = False
    look: tuple[int, tuple[int, ...], str] | None = None


def tail(look: tuple[int, tuple[int, ...], str] | None, whole: float) -> float:
    """Return one side's chance of error: all of it, or what a look may spend."""
    if look is None:
        return whole
    number, looks, spending = look

    def spent(count: int) -> float:
        t = count / looks[-1]
        if spending == "pocock":
            return whole * math.log(1 + (math.e - 1) * t)
        if spending == "uniform":
            return whole * t
        return float(2 - 2 * stats.norm.cdf(stats.norm.ppf(1 - whole / 2) / math.sqrt(t)))

    return spent(looks[number - 1]) - (spent(looks[number - 2]) if number > 1 else 0.0)


@dataclass(frozen=True)
class Sides:
    """An arm, and its baseline or a printed number."""

    case: Case
    measured: Arm
    arm: Values
    baseline: Values | None
    printed: Mapping[str, Any]

    def part(self) -> Part:
        if self.is_ratio and any(value is not None and value <= 0 for value in self._lowest()):
            return Part("inconclusive")
        status = self.status()
        ends = None if self.has_loss or self.n < 2 else self._shown()
        return Part(status, ends, self.n if ends else None, self._is_fragile(status))

    def status(self) -> str:
        """Decide, by intervals or where a training is lost by ranks."""
        if self.n < 3 or (self.has_loss and (self.n < 5 or self.baseline is None)):
            return "inconclusive"
        return self._decided(self._by_ranks if self.has_loss else self._by_interval)

    def _decided(self, side: Callable[[int], int]) -> str:
        """Join the bounds by the kind's rule; `side` says -1, 1 or, for what reaches across, 0."""
        by_side = {-1: "reproduced", 0: "inconclusive", 1: "not reproduced"}
        if len(self._bounds()) == 1:
            return by_side[side(self._bounds()[0])]
        upper, lower = side(1), side(-1)
        inside, outside = upper == -1 and lower == 1, upper == 1 or lower == -1
        if self.case.claim["kind"] == "differs":
            inside, outside = outside, inside
        return "reproduced" if inside else "not reproduced" if outside else "inconclusive"

    @property
    def is_ratio(self) -> bool:
        return bool(self.case.claim["kind"] == "reduces")

    @property
    def has_loss(self) -> bool:
        return None in [*self.arm.values(), *(self.baseline or {}).values()]

    @property
    def n(self) -> int:
        return len(self.arm) if self.baseline is None else min(len(self.arm), len(self.baseline))

    @property
    def level(self) -> float:
        return 1 - 2 * tail(self.case.look, 0.025 if self.case.claim["kind"] == "differs" else 0.05)

    def _bounds(self) -> tuple[int, ...]:
        kind = self.case.claim["kind"]
        return (1, -1) if kind in ("equals", "same", "differs") else (-1,) if kind == "beats" else (1,)

    def _lowest(self) -> list[float | None]:
        theirs = self.baseline.values() if self.baseline is not None else [self.printed["value"] - self._blur()]
        return [*self.arm.values(), *theirs]

    def _blur(self) -> float:
        """Return half a unit of the last printed digit, and the error of the reading."""
        text, rounding = self.printed.get("printed"), 0.0
        if text:
            scale = {"%": 1 if self.printed["unit"] == "%" else 0.01, "K": 1e3, "M": 1e6}.get(text[-1], 1)
            rounding = 0.5 * scale * 10.0 ** int(Decimal(text.rstrip("%KMx").replace(",", "")).as_tuple().exponent)
        return rounding + float(self.printed.get("reading_error") or 0.0)

    def _size(self, value: float) -> float:
        if self.is_ratio:
            return math.log(self.case.claim["ratio"])
        absolute = self._margin.get("absolute")
        return float(absolute) if absolute is not None else self._margin["relative"] * abs(value)

    @property
    def _margin(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.case.claim["by" if self.case.claim["kind"] == "beats" else "margin"]
        return found

    @property
    def _sign(self) -> int:
        return -1 if self.measured.lower_is_better is False and not self.is_ratio else 1

    def _place(self, value: float | None) -> float:
        return math.inf if value is None else math.log(value) if self.is_ratio else self._sign * value

    def _bounded(self, value: float | None, bound: int) -> float:
        return math.inf if value is None else self._place(value) + bound * self._size(value)

    def _interval(self, bound: int) -> tuple[float, float]:
        """Return the two ends of the arm minus a bound of the margin."""
        ours = np.array([self._place(value) for value in self.arm.values()])
        if self.baseline is None:
            return self._against_print(ours, bound)
        theirs = np.array([self._bounded(value, bound) for value in self.baseline.values()])
        if self.case.claim["paired"]:
            held = self.baseline
            by_seed = np.array([self._place(self.arm[seed]) - self._bounded(held[seed], bound) for seed in self.arm])
            return self._around(float(by_seed.mean()), _deviation(by_seed) / math.sqrt(len(by_seed)), len(by_seed) - 1)
        return self._around(float(ours.mean() - theirs.mean()), *_welch(ours, _deviation(theirs), len(theirs)))

    def _around(self, middle: float, error: float, df: float) -> tuple[float, float]:
        if error == 0.0:
            return middle, middle
        low, high = stats.t.interval(self.level, df, middle, error)
        return float(low), float(high)

    def _against_print(self, ours: np.ndarray, bound: int) -> tuple[float, float]:
        runs, value, blur = self.printed.get("runs") or 1, self.printed["value"], self._blur()
        spread, error, df = self.printed.get("spread"), _deviation(ours) * math.sqrt(1 / len(ours) + 1 / runs), 0.0
        if spread and runs > 1 and spread["means"] in OVER_RUNS:
            error, df = _welch(ours, self._scaled(spread["value"], value, bound), runs)
        low, high = self._around(float(ours.mean()), error, df or len(ours) - 1)
        center = self._bounded(value, bound)
        reach = max(abs(self._bounded(value + by, bound) - center) for by in (-blur, blur))
        return low - center - reach, high - center + reach

    def _scaled(self, spread: float, value: float, bound: int) -> float:
        """Return what a printed standard deviation is on the axis: by the slope of the bound there."""
        if self.is_ratio:
            return spread / value
        relative = float(self._margin.get("relative") or 0.0)
        return spread * abs(self._sign + bound * relative * math.copysign(1, value))

    def _by_interval(self, bound: int) -> int:
        low, high = self._interval(bound)
        slack = CLOSE * max(1.0 if self.is_ratio else 0.0, *(abs(self._place(value)) for value in self.arm.values()))
        if bound == 1:
            return -1 if high <= slack else 1 if low > slack else 0
        return 1 if low >= -slack else -1 if high < -slack else 0

    def _by_ranks(self, bound: int) -> int:
        assert self.baseline is not None
        alpha = (1 - self.level) / 2 + 1e-12
        if self.case.claim["paired"]:
            held = self.baseline
            pairs = [(self._place(self.arm[seed]), self._bounded(held[seed], bound)) for seed in self.arm]
            by_seed = [0.0 if ours == theirs else ours - theirs for ours, theirs in pairs]
            below, above = signed_ranks(by_seed), signed_ranks([-value for value in by_seed])
        else:
            ours = [self._place(value) for value in self.arm.values()]
            theirs = [self._bounded(value, bound) for value in self.baseline.values()]
            below, above = rank_sums(ours, theirs), rank_sums(theirs, ours)
        return -1 if below <= alpha else 1 if above <= alpha else 0

    def _shown(self) -> tuple[float, float]:
        """Return the interval as it is shown: moved back by the mean margin, at the nearer bound of two."""
        baseline = [self.printed["value"]] if self.baseline is None else list(self.baseline.values())
        size = float(np.mean([self._size(value) for value in baseline if value is not None]))
        middle = float(np.mean(list(map(self._place, self.arm.values()))) - np.mean(list(map(self._place, baseline))))
        bounds = self._bounds()
        bound = bounds[0] if len(bounds) == 1 else 1 if middle >= 0 else -1
        low, high = (end + bound * size for end in self._interval(bound))
        return (math.exp(low), math.exp(high)) if self.is_ratio else (low, high)

    def _is_fragile(self, status: str) -> bool:
        """Leave out each seed in turn."""
        seeds = {*self.arm, *(self.baseline or {})} if self.n > 3 else set()
        return any(self._without(seed).status() != status for seed in seeds)

    def _without(self, seed: int) -> Sides:
        arm = {key: value for key, value in self.arm.items() if key != seed}
        held = self.baseline
        left = None if held is None else {key: value for key, value in held.items() if key != seed}
        return Sides(self.case, self.measured, arm, left, self.printed)


def _deviation(values: np.ndarray) -> float:
    """Return the sample standard deviation; 0 for values that differ by the rounding of floats alone."""
    is_constant = np.ptp(values) <= 1e-12 * float(np.abs(values).max())
    return 0.0 if is_constant else float(values.std(ddof=1))


def _welch(ours: np.ndarray, spread: float, runs: int) -> tuple[float, float]:
    """Return the standard error of a difference of means, and Welch's and Satterthwaite's degrees of freedom."""
    n = len(ours)
    first, second = _deviation(ours) ** 2 / n, spread**2 / runs
    if first + second == 0.0:
        return 0.0, 1.0
    return math.sqrt(first + second), (first + second) ** 2 / (first**2 / (n - 1) + second**2 / (runs - 1))


def signed_ranks(differences: Sequence[float]) -> float:
    """Return Wilcoxon's one-sided p for 'below zero', over all signs that the ranks could have."""
    ranks = stats.rankdata(np.abs(differences))
    observed = sum(rank for rank, value in zip(ranks, differences, strict=True) if value >= 0)
    sums = np.array(list(product((0, 1), repeat=len(ranks)))) @ ranks
    return float(np.mean(sums <= observed + 1e-9))


def rank_sums(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the one-sided p for 'ours below theirs', over all divisions of the values into two groups."""
    ranks = stats.rankdata([*ours, *theirs])
    observed = ranks[: len(ours)].sum()
    sums = ranks[np.array(list(combinations(range(len(ranks)), len(ours))))].sum(axis=1)
    return float(np.mean(sums <= observed + 1e-9))
