"""What a ticket rests on: every training before it, and how far each lies on the way that its weights came."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import Origin


@dataclass(frozen=True)
class Stretch:
    """The steps that a training made, and how many of them the weights of the ticket looked at went through."""

    steps: int
    passed: int


def lineage(results: ResultsDir, job: str) -> dict[str, Stretch]:
    """Return the job and all that it needs, itself first, each with the stretch that the job's weights went through.

    Weights go through all of their own training; through one that they were taken from, to go on or to be rewound,
    they went up to the moment they were taken at. What gave only a mask lies beside the way.
    """
    passed: dict[str, int] = {}
    _follow(results, Origin(job=job), passed)
    order = list(passed)
    for needed in order:  # grows while it is walked
        beside = [before for before in results.run(needed).read_job().job.inputs if before not in passed]
        passed |= dict.fromkeys(beside, 0)
        order += beside
    return {needed: Stretch(_length(results, needed), passed[needed]) for needed in order}


def _length(results: ResultsDir, job: str) -> int:
    run = results.run(job)
    return run.last_step() - results.first_step(run.read_job().job)


def _follow(results: ResultsDir, origin: Origin, passed: dict[str, int]) -> None:
    """Note how far the weights went through a training and all that theirs came from."""
    if origin.job is None:
        return
    run = results.run(origin.job)
    job = run.read_job().job
    count = run.step_at(origin.at) - results.first_step(job)
    if passed.get(origin.job, -1) < count:  # the components of a network mostly come the same way
        passed[origin.job] = count
        for before in job.start.origins.values():
            _follow(results, before, passed)
