"""The decision of each kind of comparison, by the side on which its interval lies (docs/statistics.md, the table)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmark.schema.top_up import Look
from benchmark.schema.verdict import Status
from benchmark.spending import level
from benchmark.statistics import Estimate, equivalence_power, noninferiority_power
from benchmark.verdicts.contrast import Bound, Contrast, Side

At = Callable[[Bound], Side]
FEWEST_SEEDS = 3
"""The fewest seeds that settle a claim."""
RANKED_FROM = 5
"""The fewest seeds at which a divergence can be judged by ranks."""

_BY_SIDE: dict[Side, Status] = {"below": "reproduced", "above": "not reproduced", "across": "inconclusive"}


@dataclass(frozen=True)
class Rule:
    """How a comparison is decided: at which bounds of the margin, at which level, and in which words.

    `power` is the chance of the verdict where the truth lies a margin away from the bound: for non-inferiority
    and equivalence, where the arms are truly equal.
    """

    decide: Callable[[At], Status]
    bounds: tuple[Bound, ...]
    words: dict[Status, str]
    level: float = 0.90
    power: Callable[[Estimate, float, float], float] = noninferiority_power
    look: Look | None = None

    def at_look(self, look: Look | None) -> Rule:
        """Return the rule with the level that a look may spend; unchanged where there is one look alone."""
        return self if look is None else replace(self, level=level(look, self.level), look=look)

    def by_t(self, contrast: Contrast) -> Status:
        """Decide by t intervals."""
        return self.decide(lambda bound: contrast.side(bound, self.level))

    def by_ranks(self, contrast: Contrast) -> Status:
        """Decide by exact rank tests, with divergences as worst."""
        return self.decide(lambda bound: contrast.rank_side(bound, self.level))

    def status(self, contrast: Contrast) -> Status:
        """Decide by t, or by ranks where a seed diverged (under five seeds: inconclusive)."""
        if not contrast.has_divergence:
            return self.by_t(contrast)
        return self.by_ranks(contrast) if contrast.n >= RANKED_FROM else "inconclusive"


def no_worse(at: At) -> Status:
    """Non-inferiority: the effect ends before the margin."""
    return _BY_SIDE[at(1)]


def better(at: At) -> Status:
    """Superiority: the effect ends before the margin towards better."""
    return _BY_SIDE[at(-1)]


def inside(at: At) -> Status:
    """Equivalence: the effect lies inside the margin on both sides."""
    upper, lower = at(1), at(-1)
    if upper == "below" and lower == "above":
        return "reproduced"
    return "not reproduced" if upper == "above" or lower == "below" else "inconclusive"


def outside(at: At) -> Status:
    """Difference: the effect lies outside the margin, on either side."""
    opposite: dict[Status, Status] = {"reproduced": "not reproduced", "not reproduced": "reproduced"}
    found = inside(at)
    return opposite.get(found, found)


NO_WORSE = Rule(
    no_worse,
    (1,),
    {
        "reproduced": "lies below the margin of {margin}",
        "not reproduced": "lies above the margin of {margin}",
        "inconclusive": "reaches across the margin of {margin}",
    },
)
BETTER = Rule(
    better,
    (-1,),
    {
        "reproduced": "shows an advantage of more than {margin}",
        "not reproduced": "excludes an advantage of more than {margin}",
        "inconclusive": "leaves open whether there is an advantage of more than {margin}",
    },
)
EQUAL = Rule(
    inside,
    (1, -1),
    {
        "reproduced": "lies inside the margin of ±{margin}",
        "not reproduced": "lies outside the margin of ±{margin}",
        "inconclusive": "reaches across an end of the margin of ±{margin}",
    },
    power=equivalence_power,
)
DIFFERENT = Rule(
    outside,
    (1, -1),
    {
        "reproduced": "lies outside the margin of ±{margin}",
        "not reproduced": "lies inside the margin of ±{margin}",
        "inconclusive": "reaches across an end of the margin of ±{margin}",
    },
    level=0.95,
)
AT_MOST = Rule(
    no_worse,
    (1,),
    {
        "reproduced": "is at or below the ratio {margin}",
        "not reproduced": "is above the ratio {margin}",
        "inconclusive": "reaches across the ratio {margin}",
    },
)
