"""What seeds can show of a claim: the margin that the planned ones can, and how many some spread calls for."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache

from benchmark.schema.claim import BaseClaim, FoundBy
from benchmark.schema.suite import Suite
from benchmark.spending import level
from benchmark.statistics import Estimate, Share, fewest_for_share, noninferiority_power, planned
from benchmark.verdicts.arms import Printed
from benchmark.verdicts.contrast import Bound, Contrast
from benchmark.verdicts.rules import AT_MOST, BETTER, DIFFERENT, EQUAL, FEWEST_SEEDS, NO_WORSE, Rule

POWER = 0.8
"""The power that a claim should have at its margin (statistics, R3)."""

MOST = 1000
"""Seeds beyond which nobody will go."""

RULES: Mapping[str, Rule] = {
    "matches": NO_WORSE,
    "sparsest": NO_WORSE,
    "beats": BETTER,
    "equals": EQUAL,
    "same": EQUAL,
    "reduces": AT_MOST,
    "differs": DIFFERENT,
}


@cache
def smallest_margin(seeds: int, paired: bool, at: float = 0.90) -> float | None:
    """Return the margin, in seed standard deviations, that equal arms are within with power 0.8; null under 3 seeds.

    It is that of an interval of the level `at`.
    """
    if seeds < FEWEST_SEEDS:
        return None
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = noninferiority_power(planned(seeds, 1.0, pairs=paired), middle, at) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


def shown(claim: BaseClaim, suite: Suite) -> str:
    """Return what a claim can decide: the margin it can show, or whether its seeds suffice for the share claimed.

    Where more looks are declared, it is what the first can.
    """
    at = 0.90 if suite.top_up is None or claim.timing is not None else level(suite.top_up.look(1), 0.90)
    if isinstance(claim, FoundBy):
        fewest = max(FEWEST_SEEDS, fewest_for_share(claim.share, at))
        share = f"a share of {claim.share:g} of the seeds"
        return share if suite.seeds >= fewest else f"none: {share} takes {fewest} seeds at least"
    timing = None if claim.timing is None else suite.timings[claim.timing]
    margin = smallest_margin(suite.seeds if timing is None else timing.processes, claim.paired, at)
    if margin is None:
        units = "seeds" if timing is None else "processes"
        return f"none: fewer than {FEWEST_SEEDS} {units} are never conclusive"
    unit = "seed" if timing is None else "process"
    return f"{margin:.2f} sd of {'the paired differences' if claim.paired else f'a {unit}'}"


def fewest_seeds(rule: Rule, contrast: Contrast) -> int | None:
    """Return the fewest seeds, `FEWEST_SEEDS` at least, at which a rule reproduces with power 0.8; null if over `MOST`.

    The spread is the contrast's own, which has two seeds or more on each side, and none that diverged. The truth is
    taken to be equal arms for non-inferiority and equivalence, else the contrast's own effect.
    """
    distance, estimate = _truth(rule, contrast)
    counts = range(FEWEST_SEEDS, MOST + 1)

    def suffices(seeds: int) -> bool:
        return rule.power(_with_seeds(contrast, estimate, seeds), distance, rule.level) >= POWER

    place = bisect_left(counts, True, key=suffices)
    return counts[place] if place < len(counts) else None


def is_there(rule: Rule, contrast: Contrast) -> bool:
    """Tell whether the truth, as `fewest_seeds` takes it, is what a claim says: else no number of seeds shows it."""
    return _truth(rule, contrast)[0] > 0


def _truth(rule: Rule, contrast: Contrast) -> tuple[float, Estimate]:
    """Return how far the truth lies within what a claim says, and the estimate at the bound that it is nearest to."""
    ends: dict[Bound, Estimate] = {bound: contrast.estimate(bound) for bound in rule.bounds}
    if rule in (NO_WORSE, EQUAL):
        return contrast.margin_size() - contrast.blur(1), ends[1]
    outward = {bound: bound if rule is DIFFERENT else -1 for bound in ends}
    distances = {bound: outward[bound] * end.value - contrast.blur(bound) for bound, end in ends.items()}
    bound = max(distances, key=distances.__getitem__)
    return distances[bound], ends[bound]


def _with_seeds(contrast: Contrast, estimate: Estimate, seeds: int) -> Estimate:
    """Return the estimate that so many seeds would have if they are spread as those seen are."""
    number = contrast.baseline if isinstance(contrast.baseline, Printed) else None
    if number is not None and number.sd is None:
        spread = estimate.error / math.sqrt(1 / contrast.n + 1 / number.runs)
        return Estimate(0.0, spread * math.sqrt(1 / seeds + 1 / number.runs), (Share(1.0, seeds - 1),))
    own, *others = (math.sqrt(part.weight * (part.df + 1)) * estimate.error for part in estimate.parts)
    errors = [own / math.sqrt(seeds), *(other / math.sqrt(number.runs if number else seeds) for other in others)]
    degrees = [seeds - 1, *(number.runs - 1 if number else seeds - 1 for _ in others)]
    error = math.hypot(*errors)
    weights = [(one / error) ** 2 if error else 1 / len(errors) for one in errors]
    return Estimate(0.0, error, tuple(map(Share, weights, degrees)))
