"""What claims, experiments and timings need of a plan, by their names."""

from __future__ import annotations

import pytest

from benchmark.wanted import subset
from tests import tiny

CLAIM = """\
claims:
  better:
    kind: beats
    says: The winning ticket beats the random one.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_random@2}]
    by: {relative: 0.1, because: nothing but a test of subsets}
  lower:
    kind: matches
    says: The first ticket is as good as its parent.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@1, baseline: gan@0}]
    margin: {relative: 0.1, because: nothing but a test of subsets}
  furthest:
    kind: sparsest
    says: Tickets match to the last level.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp, baseline: gan@0}]
    margin: {relative: 0.1, because: nothing but a test of subsets}
    at_least: 0.3
  quicker:
    kind: reduces
    says: A ticket trains in less time.
    source: {paper: nobody2000}
    metric: step_seconds
    timing: clock
    compare: [{arm: gan_imp@1, baseline: gan@0}]
    ratio: 0.9
    because: nothing but a test of subsets
timings:
  clock: {says: seconds of a step, arms: {dense: gan@0, ticket: gan_imp@1, other: auto@0}}
figures:
  one:
    says: quality over sparsity
    source: {paper: nobody2000}
    y: fid
    experiments: [gan_imp]
"""


@pytest.mark.parametrize(
    ("names", "experiments"),
    [
        ({"gan_random"}, ["gan_imp@0", "gan_imp@1", "gan_imp@2", "gan_random@2"]),
        ({"auto_imp"}, ["auto@0", "auto_imp@1"]),
        ({"gan"}, ["gan@0"]),
        ({"better"}, ["gan_imp@0", "gan_imp@1", "gan_imp@2", "gan_random@2"]),
        ({"lower"}, ["gan_imp@0", "gan_imp@1"]),
        ({"lower", "auto_imp"}, ["gan_imp@0", "gan_imp@1", "auto@0", "auto_imp@1"]),
        ({"furthest"}, ["gan_imp@0", "gan_imp@1", "gan_imp@2"]),
        ({"clock"}, ["gan_imp@0", "gan_imp@1", "auto@0"]),
        ({"quicker"}, ["gan_imp@0", "gan_imp@1", "auto@0"]),
        ({"better", "auto"}, ["gan_imp@0", "gan_imp@1", "gan_imp@2", "gan_random@2", "auto@0"]),
    ],
)
def test_a_subset_is_what_is_named_and_all_that_it_needs(names: set[str], experiments: list[str]) -> None:
    plan = tiny.planned(tiny.SUITE.replace("claims: {}\n", CLAIM))
    expected = {tiny.arm(plan, name, int(level)).id for name, _, level in (one.partition("@") for one in experiments)}
    assert subset(plan, frozenset(names)) == expected
