"""A suite with looks, and a laboratory that gives its jobs the values it is told in place of training them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.campaigns import open_campaign
from benchmark.judge import exit_code, judge, outcomes
from benchmark.runner import wanted_jobs
from benchmark.schema.job import CampaignSuite, PlannedJob
from benchmark.schema.measurement import Failure, Measurement, Outcome
from benchmark.schema.protocol import Protocol
from benchmark.schema.verdict import Verdict
from benchmark.top_up import run_looks
from tests.tiny import SUITE

TOP_UP = """\
top_up: {looks: [3, 5, 8], spending: uniform, because: "a seed takes a blink"}
claims:
  ticket:
    says: The ticket reconstructs no worse than its dense parent.
    source: {paper: none}
    kind: matches
    metric: mse
    compare: [{arm: auto_imp@1, baseline: auto_imp@0}]
    margin: {absolute: 1.0, because: "one is enough here"}
  image:
    says: The GAN's ticket makes no worse images than its dense parent.
    source: {paper: none}
    kind: matches
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_imp@0}]
    margin: {absolute: 1.0, because: "one is enough here"}
  random:
    says: The GAN's ticket makes better images than a random ticket.
    source: {paper: none}
    kind: beats
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_random@2}]
    by: {absolute: 0, because: "any difference would do"}
  size:
    says: Tickets of both kinds have the same sparsity.
    source: {paper: none}
    kind: same
    metric: sparsity
    compare: [{arm: gan_imp@2, baseline: gan_random@2}]
    margin: {absolute: 0.01, because: "counts are exact"}
"""
TEXT = SUITE.replace("seeds: 1", "seeds: 3\nfirst_seed: 100").replace("claims: {}\n", TOP_UP)
CLAIMS = ("ticket", "image", "random", "size")

Value = Callable[[str, int, int], float]
"""The value of an arm: experiment, level, seed from 0."""


class Lab:
    """Trains nothing: gives every job that is to be run the values told, and is stopped after `patience` jobs."""

    def __init__(
        self, folder: Path, value: Value, patience: int = 10_000, failing: frozenset[int] = frozenset()
    ) -> None:
        self.results = ResultsDir(folder)
        self.value, self.left, self.failing = value, patience, failing
        self.ran: list[str] = []
        self.rounds: list[frozenset[str]] = []

    def __call__(self, suites: list[CampaignSuite], only: frozenset[str]) -> Mapping[str, Outcome]:
        self.rounds.append(only)
        campaign = open_campaign(self.results, "cpu", suites)
        arms = {arm.job: arm for suite in suites for arm in suite.whole.arms}
        for job, one in wanted_jobs([suite.whole for suite in suites], only).items():
            if self.results.run(job).outcome() != "done":
                self.left -= 1
                if self.left < 0:
                    raise KeyboardInterrupt
                self.ran.append(job)
                arm = arms.get(job)
                self.make(one, 0.0 if arm is None else self.value(arm.experiment, arm.level, arm.seed - 100))
        return {
            job: end for suite in campaign.suites.values() for job, end in self.results.outcomes(suite.whole).items()
        }

    def make(self, one: PlannedJob, value: float) -> None:
        run = self.results.run(one.id)
        if one.job.seed in self.failing:
            run.write_record(run.FAILURE, Failure(stage="train", kind="OSError", message="no space left"))
            return
        run.files.write(run.WEIGHTS, b"")
        run.write_document(run.AUDIT, {})
        for request in one.metrics:
            number = 0.36 if request.name == "sparsity" else value
            protocol = Protocol(metric=request.name)
            found = Measurement(
                job=one.id, name=request.name, value=number, unit="u", lower_is_better=True, protocol=protocol
            )
            run.write_measurement(request, found)

    def top_up(self, suite: CampaignSuite, *only: str) -> list[str]:
        told: list[str] = []
        run_looks(self.results, [suite], frozenset(only), self, told.append)
        return told

    def verdicts(self) -> dict[str, Verdict]:
        return {one.claim_id: one for one in judge(self.results).verdicts}

    def looks(self) -> Mapping[str, int]:
        added = self.results.read_campaign().suites["small_networks"].added
        return {} if added is None else added.looks

    def code(self) -> int:
        ends = outcomes(self.results, self.results.read_campaign())
        return exit_code(judge(self.results), ends.values())
