"""What of a plan is asked for by name: the jobs that claims, experiments and timings need."""

from __future__ import annotations

from benchmark.schema.job import Plan
from benchmark.schema.suite import Suite


def subset(plan: Plan, names: frozenset[str]) -> frozenset[str]:
    """Return the ids of all jobs that the named claims, experiments and timings need.

    Claims and timings need the levels that they name; an experiment named without a level is needed with all of them.
    """
    named = set(names)
    for timing in wanted_timings(plan.suite, names):
        named.update(plan.suite.timings[timing].arms.values())
    for claim_id in names & plan.suite.claims.keys():
        for comparison in plan.suite.claims[claim_id].compare:
            named.update(arm for arm in (comparison.arm, comparison.baseline) if arm)
    needed = {arm.job for arm in plan.arms if not named.isdisjoint((arm.experiment, f"{arm.experiment}@{arm.level}"))}
    for planned in reversed(plan.jobs):
        if planned.id in needed:
            needed.update(planned.job.inputs)
    return frozenset(needed)


def wanted_timings(suite: Suite, names: frozenset[str]) -> list[str]:
    """Return the timings that are named, or that a named claim is read from; all of them where nothing is named."""
    asked = {suite.claims[name].timing for name in names & suite.claims.keys()} | names
    return [name for name in suite.timings if not names or name in asked]
