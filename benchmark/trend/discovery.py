"""Which of a night's comparisons are suspected, over all of them together, and what that may bring by chance.

A comparison is *suspected* when its 90 % interval lies wholly beyond the margin, and its p at the margin, adjusted by
Benjamini and Hochberg over all comparisons of the night, is at most `FALSE_DISCOVERY`: were nothing changed, one night
in ten would suspect anything. What is suspected is trained again with fresh seeds, and only if their interval lies
beyond the margin as well, it is *confirmed*, which is the alarm.

Night and fresh seeds are held against the same baseline, so its luck counts in both: a baseline that happened to be
good makes every honest night look worse. For equal numbers of seeds the two shifts correlate by 1/2, and a 90 %
interval of fresh seeds would confirm a third of all false suspicions. Theirs is therefore one of 98 %, which confirms
about an eighth.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

from scipy.special import ndtr, ndtri

from benchmark.schema.trend import Odds
from benchmark.statistics import benjamini_hochberg

LEVEL = 0.90
"""Of a night's two-sided intervals: two one-sided tests at 5 %."""
FALSE_DISCOVERY = 0.10
"""The share of the suspected that may be false."""
FRESH_LEVEL = 0.98
"""Of the two-sided intervals of fresh seeds."""
CORRELATION = 0.5
"""Of two differences from one baseline."""
FEWEST = 2
"""The fewest values that give an interval."""


def adjusted(ps: Mapping[Hashable, float]) -> dict[Hashable, float]:
    """Return each test's adjusted p, by its key: a test that several claims make is one test."""
    return dict(zip(ps, benjamini_hochberg(list(ps.values())), strict=True))


def odds(tests: int, suspected: Sequence[float]) -> Odds:
    """Return what a night of so many tests may bring by chance, from the p of each that is suspected."""
    return Odds(
        tests=tests,
        suspected=len(suspected),
        by_chance=(1.0 - LEVEL) / 2.0 * tests,
        false=FALSE_DISCOVERY * len(suspected),
        alarms=FALSE_DISCOVERY * sum(map(chance_of_confirming, suspected)),
    )


def chance_of_confirming(p: float) -> float:
    """Return how likely fresh seeds confirm a suspicion with this p that is false, in the normal approximation."""
    night, needed = -float(ndtri(p)), -float(ndtri((1.0 - FRESH_LEVEL) / 2.0))
    return float(ndtr((CORRELATION * night - needed) / math.sqrt(1.0 - CORRELATION**2)))
