"""Intervals, exact rank tests and power for few seeds: pure functions of floats.

Intervals of means are Student's t (a percentile bootstrap covers 75 % instead of 95 % at n = 3), those of shares
Clopper and Pearson's. Equivalence is two one-sided tests (Schuirmann 1987), so a two-sided 90 % interval stands for
tests at 5 %. Values without any spread (exact costs, repeated seeds) give an interval of no width instead of a division
by zero.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, gammaincinv, ndtr, stdtr, stdtrit


class Interval(NamedTuple):
    """Two ends of a confidence interval."""

    low: float
    high: float


class Share(NamedTuple):
    """A share of an error's variance, and the degrees of freedom by which that share was estimated."""

    weight: float
    df: int


@dataclass(frozen=True)
class Estimate:
    """An effect with its standard error, and the parts of that error's variance (one, or two for Welch)."""

    value: float
    error: float
    parts: tuple[Share, ...]

    @property
    def df(self) -> float:
        """The degrees of freedom of the error (Welch-Satterthwaite for two parts)."""
        return 1.0 / sum(part.weight**2 / part.df for part in self.parts)

    def interval(self, level: float, widening: float = 0.0) -> Interval:
        """Return the two-sided t interval; `widening` (printed rounding, reading error) is added at both ends."""
        half = float(stdtrit(self.df, (1.0 + level) / 2.0)) * self.error + widening
        return Interval(self.value - half, self.value + half)


def mean(values: Sequence[float]) -> float:
    """Return the mean; equal values give exactly that value."""
    return values[0] if min(values) == max(values) else math.fsum(values) / len(values)


def sd(values: Sequence[float]) -> float:
    """Return the sample standard deviation (n - 1), exactly 0 for equal values; needs two values."""
    if len(values) < 2:
        raise ValueError("a spread needs at least two values")
    center = mean(values)
    return math.hypot(*(value - center for value in values)) / math.sqrt(len(values) - 1)


def paired(differences: Sequence[float]) -> Estimate:
    """Return the mean of per-seed differences, with n - 1 degrees of freedom."""
    n = len(differences)
    return Estimate(mean(differences), sd(differences) / math.sqrt(n), (Share(1.0, n - 1),))


def welch(arm: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """Return arm minus baseline for independent seeds, with Welch-Satterthwaite degrees of freedom."""
    return against_summary(arm, mean(baseline), sd(baseline), len(baseline))


def against_summary(arm: Sequence[float], center: float, spread: float, runs: int) -> Estimate:
    """Return arm minus a mean that is known with its standard deviation over `runs` (at least 2): Welch."""
    own, other = sd(arm) / math.sqrt(len(arm)), spread / math.sqrt(runs)
    error = math.hypot(own, other)
    share = (own / error) ** 2 if error else 0.5
    return Estimate(mean(arm) - center, error, (Share(share, len(arm) - 1), Share(1.0 - share, runs - 1)))


def against_mean(arm: Sequence[float], center: float, runs: int) -> Estimate:
    """Return arm minus a mean of `runs` runs printed without spread: our spread s stands in, s sqrt(1/n + 1/runs)."""
    n = len(arm)
    return Estimate(mean(arm) - center, sd(arm) * math.sqrt(1.0 / n + 1.0 / runs), (Share(1.0, n - 1),))


def planned(n: int, spread: float, *, pairs: bool = False) -> Estimate:
    """Return the estimate that `n` seeds per arm can be expected to give where the arms are truly equal.

    `spread` is the standard deviation over seeds of one arm, or of the per-seed differences for `pairs`.
    """
    if n < 2:
        raise ValueError("power needs at least two seeds")
    if pairs:
        return Estimate(0.0, spread / math.sqrt(n), (Share(1.0, n - 1),))
    return Estimate(0.0, spread * math.sqrt(2.0 / n), (Share(0.5, n - 1), Share(0.5, n - 1)))


def noninferiority_power(estimate: Estimate, distance: float, level: float = 0.90) -> float:
    """Return the chance that the interval ends before a threshold that lies `distance` from the true effect."""
    if estimate.error == 0.0:
        return float(distance > 0)
    reach, gap = _reaches(estimate, level), distance / estimate.error
    return float(ndtr(gap - reach).mean())


def equivalence_power(estimate: Estimate, margin: float, level: float = 0.90) -> float:
    """Return the chance that the interval lies inside +-margin where the true effect is 0."""
    if estimate.error == 0.0:
        return float(margin > 0)
    reach, gap = _reaches(estimate, level), margin / estimate.error
    return float(np.maximum(0.0, 2.0 * ndtr(gap - reach) - 1.0).mean())


def _reaches(estimate: Estimate, level: float) -> np.ndarray:
    """Half-widths in units of the true standard error, over evenly spaced quantiles of the estimated variances.

    Estimated variances are independent of the estimated mean, so averaging over them is exact but for the grid.
    """
    points = 4096 if len(estimate.parts) == 1 else 64
    quantiles = (np.arange(points) + 0.5) / points
    scaled = [part.weight * 2.0 * gammaincinv(part.df / 2.0, quantiles) / part.df for part in estimate.parts]
    grid = [axis.ravel() for axis in np.meshgrid(*scaled)]
    variance = sum(grid)
    df = variance**2 / sum(axis**2 / part.df for axis, part in zip(grid, estimate.parts, strict=True))
    return np.asarray(stdtrit(df, (1.0 + level) / 2.0) * np.sqrt(variance))


def chance_above(estimate: Estimate) -> float:
    """Return the one-sided p of an effect above zero; without any spread 0 for one that is, 1 for one that is not."""
    if estimate.error == 0.0:
        return float(estimate.value <= 0.0)
    return float(stdtr(estimate.df, -estimate.value / estimate.error))


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Return the adjusted p of each test: those at most q have a false-discovery rate of at most q.

    Benjamini and Hochberg (1995); it holds for independent tests, and for ones that depend on each other positively
    (Benjamini and Yekutieli 2001), as those of arms that share seeds do.
    """
    adjusted, least = [0.0] * len(ps), 1.0
    for rank, index in reversed(list(enumerate(sorted(range(len(ps)), key=ps.__getitem__), start=1))):
        least = min(least, ps[index] * (len(ps) / rank))
        adjusted[index] = least
    return adjusted


def clopper_pearson(found: int, n: int, level: float = 0.90) -> Interval:
    """Return the exact two-sided interval of a share of which `found` of `n` were seen (Clopper & Pearson 1934).

    Each end leaves out at most half of 1 - level. ValueError unless 0 <= found <= n and n > 0.
    """
    if not 0 <= found <= n or n == 0:
        raise ValueError(f"a share is of one or more, not {found} of {n}")
    tail = (1.0 - level) / 2.0
    low = float(betaincinv(found, n - found + 1, tail)) if found else 0.0
    high = float(betaincinv(found + 1, n - found, 1.0 - tail)) if found < n else 1.0
    return Interval(low, high)


def fewest_for_share(share: float, level: float = 0.90) -> int:
    """Return how few can show a share (0 to 1), all found: n of n begin at the n-th root of (1 - level) / 2."""
    return math.ceil(math.log((1.0 - level) / 2.0) / math.log(share))


def signed_rank_p(differences: Sequence[float]) -> float:
    """Return the exact one-sided p of Wilcoxon's signed ranks for 'below zero'.

    Infinite differences rank as the largest. A difference of zero counts against what is to be shown.
    """
    ranks = _doubled_ranks([abs(value) for value in differences])
    against = sum(rank for rank, value in zip(ranks, differences, strict=True) if value >= 0)
    chances = np.zeros(against + 1)  # of each sum of the ranks that are against, up to the one seen
    chances[0] = 1.0
    for rank in ranks:
        chances *= 0.5
        chances[rank:] += chances[:-rank]
    return min(1.0, float(chances.sum()))


def rank_sum_p(arm: Sequence[float], baseline: Sequence[float]) -> float:
    """Return the exact one-sided p of the rank-sum test for 'arm below baseline'; infinities rank as equal."""
    ranks = _doubled_ranks([*arm, *baseline])
    chances = _rank_sums(tuple(sorted(ranks)), len(arm))
    return min(1.0, float(chances[: sum(ranks[: len(arm)]) + 1].sum()))


@lru_cache(maxsize=8)
def _rank_sums(ranks: tuple[int, ...], most: int) -> np.ndarray:
    """Return the chance of each sum of so many of these ranks, which rise; leaving out a seed rarely changes them."""
    ways = np.zeros((most + 1, sum(ranks[-most:]) + 1))
    ways[0, 0] = 1.0
    for seen, rank in enumerate(ranks, start=1):
        # As many ranks as there were so far, and no fewer than leave enough to come.
        few, many = max(1, most - len(ranks) + seen), min(seen, most)
        ways[few : many + 1, rank:] += ways[few - 1 : many, :-rank]
    chances: np.ndarray = ways[most] / math.comb(len(ranks), most)
    return chances


def smallest_signed_rank_p(n: int) -> float:
    """Return the smallest one-sided p that `n` pairs can give."""
    return 0.5**n


def smallest_rank_sum_p(n: int, m: int) -> float:
    """Return the smallest one-sided p that `n` against `m` values can give."""
    return 1.0 / math.comb(n + m, n)


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the mid-ranks, so that ties keep whole numbers."""
    ordered = sorted(values)
    first = {value: index for index, value in reversed(list(enumerate(ordered)))}
    count = Counter(ordered)
    return [2 * first[value] + count[value] + 1 for value in values]
