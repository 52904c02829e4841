"""run --top-up: more seeds for claims that stay open, look by look, until all are decided or no look is left.

The look that a claim has come to follows from its own verdicts at the looks before, and these from files: a run that
was stopped anywhere goes on where it was, and no other claim has a say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmark.artifacts import ResultsDir
from benchmark.errors import UsageError
from benchmark.judge import verdicts_by_look
from benchmark.plan import make_plan
from benchmark.schema.job import Added, CampaignSuite, Plan
from benchmark.schema.measurement import Outcome
from benchmark.schema.top_up import TopUp
from benchmark.suites import Loaded
from benchmark.suites.document import Mark, Node
from benchmark.wanted import subset

Round = Callable[[list[CampaignSuite], frozenset[str]], Mapping[str, Outcome]]
"""Runs what is missing of some suites, or of what is named of them, and returns how each job ended."""


def run_looks(
    results: ResultsDir, suites: list[CampaignSuite], only: frozenset[str], run: Round, tell: Callable[[str], None]
) -> dict[str, Outcome]:
    """Run suites, then look by look what open claims (of those in `only`, if any) need, and return how all jobs ended.

    A look of which a job failed is not run again: its claim stays at the look before. Raises `UsageError` where no
    suite declares looks.
    """
    schedules = [_Schedule(results, suite) for suite in suites if suite.plan.suite.top_up is not None]
    if not schedules:
        raise UsageError("--top-up: no suite here declares 'top_up', by which claims get more seeds")
    ends, before = dict(run(suites, only)), [dict[str, int]() for _ in schedules]
    while (looks := [schedule.looks(only) for schedule in schedules]) != before:
        for schedule, now, then in zip(schedules, looks, before, strict=True):
            for claim, number in now.items():
                if number != then.get(claim):
                    tell(schedule.words(claim, number))
        grown = [schedule.grown(now) for schedule, now in zip(schedules, looks, strict=True)]
        ends |= run(grown, frozenset(claim for now in looks for claim in now))
        before = looks
    return ends


class _Schedule:
    """A suite with all the seeds that its looks may come to."""

    def __init__(self, results: ResultsDir, suite: CampaignSuite) -> None:
        declared = suite.plan.suite.top_up
        assert declared is not None
        self._results, self._suite, self._top_up = results, suite, declared
        self._plan = _planned(suite.plan, declared)

    def looks(self, only: frozenset[str]) -> dict[str, int]:
        """Return the claims that go on after their first look, each with the look that it has come to."""
        last, whole = len(self._top_up.looks), self._suite.model_copy(update={"plan": self._plan})
        claims = self._plan.suite.claims.keys()
        found = verdicts_by_look(self._results, whole, dict.fromkeys(claims & only if only else claims, last))
        return {claim: len(verdicts) for claim, verdicts in found.items() if len(verdicts) > 1}

    def words(self, claim: str, number: int) -> str:
        """Say that a claim goes on."""
        before, look = self._top_up.look(number - 1), self._top_up.look(number)
        return f"{self._plan.suite.key}/{claim} was open with {before.seeds} seeds: {look} takes {look.seeds}"

    def grown(self, looks: Mapping[str, int]) -> CampaignSuite:
        """Return the suite with what its claims need at their looks, and nothing else, added to it."""
        wanted: set[str] = set()
        for claim, number in looks.items():
            end = self._plan.suite.first_seed + self._top_up.look(number).seeds
            arms = tuple(arm for arm in self._plan.arms if arm.seed < end)
            wanted |= subset(self._plan.model_copy(update={"arms": arms}), frozenset({claim}))
        wanted -= {planned.id for planned in self._suite.plan.jobs}
        added = Added(
            looks=dict(looks),
            jobs=tuple(planned for planned in self._plan.jobs if planned.id in wanted),
            arms=tuple(arm for arm in self._plan.arms if arm.job in wanted),
        )
        return self._suite.model_copy(update={"added": added})


def _planned(plan: Plan, top_up: TopUp) -> Plan:
    """Return the plan with the seeds of the last look; its jobs are those that as many seeds from the start have."""
    suite = plan.suite.model_copy(update={"seeds": top_up.looks[-1]})
    nowhere = Node(None, Mark(plan.suite.key, 0))  # the suite was found sound when it was read
    return make_plan(Loaded(suite, nowhere)).model_copy(update={"suite": plan.suite})
