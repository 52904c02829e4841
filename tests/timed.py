"""The tiny suite with a timing and claims on it, and made-up records of its processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.executors.executor import Work
from benchmark.lineage import lineage
from benchmark.schema.job import Campaign, CampaignSuite
from benchmark.schema.timing import Clocking, TimedTraining
from benchmark.timing.turns import Turn
from tests import tiny

PARTS = """\
claims:
  imp_no_slower:
    kind: matches
    says: A masked ticket trains no slower than the dense network.
    source: {paper: kalibhat2021, table: "2"}
    metric: training_seconds
    timing: table2
    compare: [{arm: gan_imp@2, baseline: gan@0}]
    margin: {relative: 0.1, because: a tenth is what a mask may cost}
  half_the_step:
    kind: reduces
    ratio: 0.5
    because: what the paper's table prints
    says: A step of the ticket takes at most half as long.
    source: {paper: kalibhat2021, table: "2"}
    metric: step_seconds
    timing: table2
    compare: [{arm: gan_imp@2, baseline: gan@0}]
timings:
  table2:
    says: A ticket beside its dense parent and a random one.
    arms: {dense: gan@0, imp: gan_imp@2, random: gan_random@2}
    processes: 4
    warm_up: 2
    steps: 3
"""
TIMED = tiny.SUITE.replace("claims: {}\n", PARTS)
ENVIRONMENT = {"cpu": "a processor", "threads": "1", "version_torch": "2.9.0"}


def suite(seeds: int = 1) -> CampaignSuite:
    """Return the suite as a campaign holds it."""
    return tiny.suite_of(TIMED, (f"seeds={seeds}",) if seeds > 1 else ())


def campaign(folder: Path, overrides: Sequence[str] = ()) -> ResultsDir:
    """Make results of the tiny suite, whose jobs are the same, those of a campaign of this one."""
    results = ResultsDir(folder)
    results.write_campaign(Campaign(device="cpu", suites={"small_networks": tiny.suite_of(TIMED, overrides)}))
    return results


def work(folder: Path) -> Work:
    """Return the work of a campaign on the CPU."""
    return tiny.work(folder)


def record(arm: str, process: int, seconds: float, **more: object) -> Clocking:
    """Return the record of a process whose ten steps took so long each, its mask half a second."""
    own = TimedTraining(
        job=f"job-{arm}",
        steps=10,
        passed=10,
        timed=f"job-{arm}",
        step_seconds=seconds,
        step_median=seconds,
        mask_seconds=0.5,
    )
    made = {"arm": arm, "process": process, "seed": 0, "job": own.job, "trainings": (own,), "others": 0.0}
    return Clocking.model_validate(made | {"environment": ENVIRONMENT} | more)


def timed(work: Work, turn: Turn, seconds: float) -> Clocking:
    """Return the record of a turn in which a step of everything that the arm rests on took so long."""
    stretches = lineage(ResultsDir(work.results), turn.job).items()
    trainings = tuple(
        TimedTraining(
            job=job,
            steps=stretch.steps,
            passed=stretch.passed,
            timed=turn.job,
            step_seconds=seconds,
            step_median=seconds,
            mask_seconds=0.0,
        )
        for job, stretch in stretches
    )
    return record(turn.arm, turn.process, seconds, seed=turn.seed, job=turn.job, trainings=trainings)


def fail(turn: Turn, reason: str) -> Clocking:
    """Return the record of a turn that failed."""
    return Clocking(arm=turn.arm, process=turn.process, seed=turn.seed, job=turn.job, failure=reason)


def write(results: ResultsDir, seconds: dict[str, Sequence[float]], **more: object) -> None:
    """Write records of the suite's timing: for each arm the seconds of a step, process by process."""
    plan = suite().plan
    timing = plan.suite.timings["table2"]
    files = results.timing("small_networks", "table2", timing)
    for arm, values in seconds.items():
        experiment, _, level = timing.arms[arm].partition("@")
        job = tiny.arm(plan, experiment, int(level)).id
        for process, value in enumerate(values):
            files.write(record(arm, process, value, job=job, **more))
