"""The effect of a comparison as shown: its interval at the nearer bound of the margin, its power, its sensitivity."""

from __future__ import annotations

import math
from typing import NamedTuple

from benchmark.schema.verdict import Effect, Status
from benchmark.verdicts.arms import Printed
from benchmark.verdicts.contrast import FLOAT_NOISE, Bound, Contrast
from benchmark.verdicts.rules import FEWEST_SEEDS, Rule

LARGEST_LOG = 700.0
"""What `exp` can still take: the interval of two wildly different ratios has no finite upper end."""


def effect(rule: Rule, contrast: Contrast, unit: str) -> Effect | None:
    """Return the effect; null where a seed diverged or one seed gives no interval.

    With a relative margin the interval is that of the per-seed `arm - (1 + m) baseline`, moved back by the mean
    margin: it stands to the margin shown exactly as the tested one stands to zero.
    """
    if contrast.has_divergence or contrast.n < 2:
        return None
    size = contrast.margin_size()
    bound = _nearer_bound(rule, contrast, size)
    estimate = contrast.estimate(bound)
    low, high = estimate.interval(rule.level, contrast.blur(bound))
    moved = (value + bound * size for value in (estimate.value, low, high))
    ends = [0.0 if abs(value) <= contrast.slack(bound) else value for value in moved]
    if contrast.axis.ratio is not None:
        ends = [math.exp(min(value, LARGEST_LOG)) for value in ends]
    return Effect(
        estimate=ends[0],
        low=ends[1],
        high=ends[2],
        level=rule.level,
        margin=size if contrast.axis.ratio is None else contrast.axis.ratio,
        scale="difference" if contrast.axis.ratio is None else "ratio",
        unit=unit if contrast.axis.ratio is None else "times",
        n=contrast.n,
        power=rule.power(estimate, abs(size) - contrast.blur(bound), rule.level) if size else None,
        method=_method(contrast),
    )


class Sensitivity(NamedTuple):
    """Whether one seed decides, and the sentence about it."""

    fragile: bool
    says: str


def sensitivity(rule: Rule, contrast: Contrast) -> Sensitivity:
    """Leave each seed out in turn, and ask an exact rank test."""
    if contrast.n <= FEWEST_SEEDS:
        # What is left could settle nothing, so every verdict of three seeds would be called fragile.
        return Sensitivity(False, f"Too few {contrast.replicate}s to leave one out; {_by_ranks(rule, contrast)}.")
    status = rule.status(contrast)
    left_out = {seed: rule.status(contrast.without(seed)) for seed in contrast.seeds}
    flips: dict[Status, list[str]] = {}
    for seed, found in left_out.items():
        if found != status:
            flips.setdefault(found, []).append(str(seed))
    says = [f"leaving out {contrast.replicate} {' or '.join(seeds)} makes it {found}" for found, seeds in flips.items()]
    text = "; ".join([*(says or [f"the same whichever {contrast.replicate} is left out"]), _by_ranks(rule, contrast)])
    return Sensitivity(bool(flips), f"{text[0].upper()}{text[1:]}.")


def _by_ranks(rule: Rule, contrast: Contrast) -> str:
    alpha, smallest = (1.0 - rule.level) / 2.0, contrast.smallest_rank_p()
    if smallest is None:
        return "a printed number allows no rank test"
    if smallest > alpha + FLOAT_NOISE:
        return f"an exact rank test can't reach {100 * alpha:g} % with {contrast.n} {contrast.replicate}s"
    found = rule.by_ranks(contrast)
    return f"an exact rank test {'agrees' if found == rule.status(contrast) else f'says {found}'}"


def _nearer_bound(rule: Rule, contrast: Contrast, size: float) -> Bound:
    if len(rule.bounds) == 1:
        return rule.bounds[0]
    return 1 if contrast.estimate(1).value + size >= 0 else -1


def _method(contrast: Contrast) -> str:
    logs = " of logarithms" if contrast.axis.ratio is not None else ""
    if not isinstance(contrast.baseline, Printed):
        return f"{'paired t' if contrast.paired else 'Welch t'}{logs}"
    runs = contrast.baseline.runs
    spread = "" if contrast.baseline.sd is None else " with its spread"
    return f"t{logs} against a printed mean of {runs} run{'s' if runs > 1 else ''}{spread}"
