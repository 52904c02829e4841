"""A suite of many jobs that share much, and its results directory finished without training all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from benchmark.artifacts import ResultsDir
from benchmark.campaigns import open_campaign
from benchmark.executors.executor import Work
from benchmark.executors.inline import InlineExecutor
from benchmark.plan import make_plan
from benchmark.run_directory import RunDir
from benchmark.runner import run_campaign
from benchmark.schema.job import CampaignSuite, Plan, PlannedJob
from benchmark.schema.measurement import Outcome
from benchmark.schema.settings import Settings
from benchmark.suites import read_suite
from tests.tiny import Watch


@dataclass(frozen=True)
class Size:
    """How many arms and seeds a suite has; each arm has levels 1 to `levels` beside its dense parent."""

    fractions: int
    levels: int
    seeds: int

    def with_seeds(self, seeds: int) -> Size:
        """Return the same arms with another number of seeds."""
        return Size(self.fractions, self.levels, seeds)


LARGE = Size(fractions=10, levels=9, seeds=53)  # 10,123 jobs, in 11,077 arms
SMALL = Size(fractions=1, levels=2, seeds=2)  # 16 jobs
HUNDREDS = Size(fractions=1, levels=9, seeds=7)  # 203 jobs

SUITE = """\
format: 1
key: many_jobs
title: Many jobs that do next to nothing
seeds: {seeds}
experiments:
  dense:
    dataset: {{name: digits, image_size: 8}}
    model: {{name: dcgan, base_channels: 4, z_dim: 4}}
    objective: {{name: gan}}
    training:
      steps: 2
      batch_size: 4
      ema: 0.5
      optimizers: {{"*": {{lr: 0.001, betas: [0.5, 0.999]}}}}
    metrics:
      fid: {{name: fid, extractor: {{name: digits_classifier}}, generated: 70, split: test}}
      sparsity: {{name: sparsity}}
  imp:
    extends: dense
    mask: {{from: self@previous, fraction: 0.2}}
    weights: {{from: self@0, at: 1, optimizer: restored, start_step: 1}}
    levels: {{first: 0, last: {levels}}}
    matrix:
      training.ema: [0.5, 0.9]
      mask.fraction: [{fractions}]
  random:
    extends: dense
    mask: {{op: reuse, from: "imp[ema=0.5,fraction=0.05]@same"}}
    weights: {{from: "fresh:reinit"}}
    levels: {{first: 1, last: {levels}}}
claims:
  winning:
    says: A ticket is no worse than its dense parent.
    source: {{paper: a benchmark}}
    kind: matches
    metric: fid
    compare: [{{arm: "imp[ema=0.5,fraction=0.05]@{levels}", baseline: "imp[ema=0.5,fraction=0.05]@0"}}]
    margin: {{relative: 0.2, because: a number for the benchmark}}
    expect: any
scales:
  small: {{small: true}}
"""


def text_of(size: Size) -> str:
    """Return the YAML of a suite."""
    fractions = ", ".join(f"{(number + 1) / 20:g}" for number in range(size.fractions))
    return SUITE.format(seeds=size.seeds, levels=size.levels, fractions=fractions)


def plan_of(size: Size) -> Plan:
    """Return the plan of a suite."""
    return make_plan(read_suite(text_of(size), "many_jobs.yaml", "small"))


def suite_of(size: Size) -> CampaignSuite:
    """Return a suite as a campaign holds it."""
    return CampaignSuite(text=text_of(size), plan=plan_of(size))


def finish(folder: Path, size: Size, but: tuple[str, ...] = ()) -> CampaignSuite:
    """Fill a results directory as if every job of a suite had run; return the suite.

    Left out are the files whose names begin with one of `but`.

    One job of each recipe is really trained, in a folder beside; the others of its level get copies of its files.
    """
    suite, few = suite_of(size), suite_of(size.with_seeds(1))
    models = ResultsDir(folder.with_name(f"{folder.name}-models"))
    run_one_of_each(models, few)
    alike = {(arm.experiment, arm.level): models.run(arm.job) for arm in few.plan.arms}
    open_campaign(ResultsDir(folder), "cpu", [suite])
    with unsynced():
        arms = {arm.job: arm for arm in suite.plan.arms}
        for planned in suite.plan.jobs:
            arm = arms[planned.id]
            copy(alike[arm.experiment, arm.level], ResultsDir(folder).run(planned.id), planned, but)
    return suite


def copy(model: RunDir, run: RunDir, planned: PlannedJob, but: tuple[str, ...]) -> None:
    """Write a job's files, but for some, with the contents of one that ran."""
    for name in model.files.names():
        if name != model.JOB and not name.startswith(but):
            run.files.write(name, model.files.read(name).replace(model.id.encode(), run.id.encode()))
    if model.JOB not in but:
        run.write_job(planned)


def run_one_of_each(results: ResultsDir, suite: CampaignSuite) -> dict[str, Outcome]:
    """Run a suite in this process."""
    executor = InlineExecutor(Work(results.path, Settings("cpu")))
    return run_campaign(results, "cpu", [suite], executor, Watch())


@contextmanager
def unsynced() -> Iterator[None]:
    """Write without waiting for the disk."""
    with patch.object(os, "fsync", lambda _: None):
        yield
