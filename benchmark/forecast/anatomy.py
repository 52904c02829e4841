"""What a job is made of, known without running it: operations of a step, bytes of its tensors; counted once a kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from benchmark import remembered
from benchmark.forecast.kinds import recipe_of
from benchmark.forecast.speeds import Speeds, whole
from benchmark.schema.anatomy import Anatomy
from benchmark.schema.job import Job

FILE = "anatomy.json"

VERSION = 1
"""Of how it is counted: what other versions counted is counted again."""


class Anatomies:
    """What jobs are made of; what was never counted is counted now, by torch, and kept."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._kinds = Speeds("", {})
        wanted = {self._key(job): job for job in jobs}
        known = _read()
        unknown = {key: recipe_of(whole(job)) for key, job in wanted.items() if key not in known}
        if unknown:
            counted = _counted(unknown)
            known |= counted
            remembered.remember(FILE, {key: one.model_dump() for key, one in counted.items()})
        self._known = {key: known[key] for key in wanted.keys() & known.keys()}

    def of(self, job: Job) -> Anatomy | None:
        """Return what a job is made of; null where it was not asked for, or could not be counted."""
        return self._known.get(self._key(job))

    def _key(self, job: Job) -> str:
        training = job.training
        momenta = [name for name, one in sorted(training.optimizers.items()) if one.momentum]
        kept = ["averages"] * (training.ema is not None) + momenta
        return "-".join([str(VERSION), self._kinds.kind(whole(job) if job.shrink else job), *kept])


def _counted(jobs: Mapping[str, Job]) -> dict[str, Anatomy]:
    """Return what jobs are made of; nothing where torch is not installed, without which one can plan all the same."""
    try:
        from benchmark.forecast.dissection import dissect
    except ImportError:
        return {}
    return {key: dissect(job) for key, job in jobs.items()}


def _read() -> dict[str, Anatomy]:
    found = {}
    for key, value in remembered.recall(FILE).items():
        with suppress(ValueError):  # damaged: it is counted again
            found[key] = Anatomy.model_validate(value)
    return found
