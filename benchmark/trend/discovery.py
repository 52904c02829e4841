"""Which of a night's comparisons are suspected, over all of them together.

A comparison is *suspected* when its 90 % interval lies wholly beyond the margin, and its p at the margin, adjusted by
Benjamini and Hochberg over all comparisons of the night, is at most `FALSE_DISCOVERY`: were nothing changed, one night
in ten would suspect anything. What is suspected is trained again with fresh seeds, and only if their interval lies
beyond the margin as well, it is *confirmed*, which is the alarm: one night in two hundred.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from benchmark.schema.trend import Odds
from benchmark.statistics import benjamini_hochberg

LEVEL = 0.90
"""Of the two-sided intervals: two one-sided tests at 5 %."""
FALSE_DISCOVERY = 0.10
"""The share of the suspected that may be false."""
FEWEST = 2
"""The fewest values that give an interval."""
AGREES = (1.0 - LEVEL) / 2.0
"""The chance that fresh seeds confirm what is not so."""


def adjusted(ps: Mapping[Hashable, float]) -> dict[Hashable, float]:
    """Return each test's adjusted p, by its key: a test that several claims make is one test."""
    return dict(zip(ps, benjamini_hochberg(list(ps.values())), strict=True))


def odds(tests: int, suspected: int) -> Odds:
    """Return what a night of so many tests may bring by chance."""
    false = FALSE_DISCOVERY * suspected
    return Odds(tests=tests, suspected=suspected, by_chance=AGREES * tests, false=false, alarms=AGREES * false)
