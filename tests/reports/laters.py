"""Later directories for comparisons: the synthetic results, copied and changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Measurement
from reports.build import build
from reports.page import Report

Change = Callable[[Measurement], Measurement]
PLACES = ("winning", "random", "ae_winning")


def copied(results: ResultsDir, path: Path) -> ResultsDir:
    """Return the same directory elsewhere."""
    shutil.copytree(results.path, path)
    return ResultsDir(path)


def remeasured(results: ResultsDir, arm: str, metric: str, change: Change) -> None:
    """Change what was measured of every seed of an arm (EXPERIMENT@LEVEL)."""
    experiment, _, level = arm.partition("@")
    plan = results.read_campaign().suites["demo"].plan
    for at in plan.arms:
        run, planned = results.run(at.job), plan.job(at.job)
        if (at.experiment, str(at.level)) == (experiment, level) and run.outcome() == "done":
            request = next(one for one in planned.metrics if one.name == metric)
            made = run.read_measurement(request)
            assert made is not None
            run.write_measurement(request, change(made))


def moved(by: Callable[[int], float]) -> Change:
    """Return a change of values by a function of the seed, which ends the job's id."""

    def change(made: Measurement) -> Measurement:
        seed = int(made.job.rpartition("s")[2])
        return made.model_copy(update={"value": made.value + by(seed)})

    return change


def rewritten(results: ResultsDir, change: Callable[[CampaignSuite], CampaignSuite]) -> None:
    """Change the one suite of a campaign."""
    campaign = results.read_campaign()
    results.write_campaign(campaign.model_copy(update={"suites": {"demo": change(campaign.suites["demo"])}}))


def together(*directories: ResultsDir) -> Report:
    """Return the page model of several directories."""
    return build(directories, [judge(one) for one in directories])
