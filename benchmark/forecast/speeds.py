"""How fast each kind of training goes on each device: remembered from runs and from measurements, for estimates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmark import remembered
from benchmark.artifacts import ResultsDir
from benchmark.datasets import DATASETS
from benchmark.environment import cpu_name, gpu_name
from benchmark.errors import ArtifactError
from benchmark.identity import digest, essence
from benchmark.models import MODELS
from benchmark.objectives import OBJECTIVES
from benchmark.run_directory import RunDir
from benchmark.schema.job import Job
from benchmark.schema.measurement import Outcome

FILE = "speeds.json"


@dataclass(frozen=True)
class Speed:
    """Seconds per step; `at_most` where a network without its removed channels is taken to be as slow as the whole."""

    seconds: float
    at_most: bool = False


@dataclass(frozen=True)
class Speeds:
    """The speeds known of one device, by kind of job."""

    device: str
    known: Mapping[str, float]
    _keys: dict[str, str] = field(default_factory=dict)

    def of(self, job: Job) -> Speed | None:
        """Return the speed of a job's kind; null where nothing like it was seen."""
        own = self.known.get(self.kind(job))
        if own is not None:
            return Speed(own)
        as_slow = self.known.get(self.kind(whole(job))) if job.shrink else None
        return None if as_slow is None else Speed(as_slow, at_most=True)

    def kind(self, job: Job) -> str:
        """Return the key of what a training's speed depends on; jobs of one kind differ in seeds, masks and length."""
        fields = job.model_dump_json(include={"dataset", "model", "objective"}) + json.dumps(_rest(job))
        if fields not in self._keys:  # thousands of jobs are of a few kinds
            self._keys[fields] = _key(job, self.device)
        return self._keys[fields]


def whole(job: Job) -> Job:
    """Return a job with all channels of its networks."""
    return job.model_copy(update={"shrink": False})


def device_name(device: str) -> str:
    """Return what `cpu` or `cuda` is called here."""
    return str(gpu_name()) if device == "cuda" else cpu_name()


def read_speeds(device: str) -> Speeds:
    """Return what is known of a device, by its name; nothing where the memory is damaged or missing."""
    numbers = remembered.recall(FILE).items()
    return Speeds(device, {key: float(value) for key, value in numbers if isinstance(value, int | float)})


def remember(results: ResultsDir, ends: Mapping[str, Outcome]) -> None:
    """Keep the speed of each kind of job that was trained, for later estimates."""
    found: dict[str, float] = {}
    with suppress(ArtifactError):  # a convenience: without it, estimates are less good and nothing else
        for job, end in ends.items():
            if end == "done":
                found |= _seen(results.run(job))
    keep(found)


def keep(found: Mapping[str, float]) -> None:
    """Add speeds to what is known."""
    remembered.remember(FILE, found)


def _seen(run: RunDir) -> dict[str, float]:
    """Return the speed of a finished training by its kind; nothing where it made no steps in one go."""
    seconds, machine = run.step_seconds(), run.read_document("environment.json")
    if not seconds or not isinstance(machine, dict):
        return {}
    return {_key(run.read_job().job, str(machine.get("gpu", machine.get("cpu")))): seconds}


def _key(job: Job, device: str) -> str:
    families = (("dataset", DATASETS), ("model", MODELS), ("objective", OBJECTIVES))
    return digest({name: essence(table, getattr(job, name)) for name, table in families} | _rest(job) | {"on": device})


def _rest(job: Job) -> dict[str, Any]:
    """Return what matters for the speed beside data, model and objective.

    Channels are known to be gone only once a mask is drawn: how many a drawn mask removes stands for which.
    """
    training = job.training
    removed = job.mask.origin.job if job.mask.sparsity is None else job.mask.sparsity
    taught: dict[str, Any] = {} if training.teacher is None else {"taught": True}
    if training.teacher is not None and training.teacher.perception is not None:
        taught = {"taught": training.teacher.perception.model_dump(mode="json")}
    searched = {} if training.scores is None else {"scores": training.scores.scope}
    return {
        **taught,
        **searched,
        "batch_size": training.batch_size,
        "optimizers": {component: optimizer.name for component, optimizer in training.optimizers.items()},
        "precision": training.precision,
        **({} if training.layout == "channels_first" else {"layout": training.layout}),
        "penalty": training.penalty is not None,
        "shrunken": [removed] if job.shrink else [],
    }
