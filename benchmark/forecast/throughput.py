"""Seconds per training step of a job that was never run, by training for moments on random pixels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor, nn

from benchmark.assembly import Workshop
from benchmark.datasets import DATASETS
from benchmark.environment import prepare_process
from benchmark.forecast.kinds import Kind, read_kinds, recipe_of
from benchmark.forecast.kinds import keep as keep_kinds
from benchmark.forecast.speeds import device_name, keep, read_speeds, whole
from benchmark.networks import LAYER_KINDS, Networks, prunable_weights
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.objective import Objective
from benchmark.schema.job import Job
from benchmark.schema.suite import Training
from benchmark.streams import stream
from benchmark.training import Hooks, Loop, State, new_state

SECONDS = 3.0
"""How long one kind of job is timed, unless its first steps alone take longer."""

BATCHES = 50
"""Batches of pixels that are drawn: an epoch of them is long enough for its order to cost nothing."""

HARMLESS = 1e-12
"""A learning rate that keeps the networks where they began: random pixels are nothing to learn from."""


def measure(jobs: Iterable[Job], device: str, tell: Callable[[str], None], seconds: float = SECONDS) -> None:
    """Time one job of each kind on a device, tell of each and keep its speed; shrunken networks are timed whole.

    A kind that the device's free memory does not hold is told of too, and its speed stays as it was known.
    """
    prepare_process(device)
    speeds = read_speeds(device_name(device))
    for key, job in {speeds.kind(whole(job)): whole(job) for job in jobs}.items():
        try:
            step = step_seconds(job, device, seconds)
        except (MemoryError, torch.OutOfMemoryError):
            tell(f"{_described(job)}: not timed, {speeds.device} has not enough free memory for it")
            continue
        keep({key: step})
        known = read_kinds(speeds.device).get(key)
        keep_kinds({key: known or Kind(device=speeds.device, recipe=recipe_of(job))})
        tell(f"{_described(job)}: {1000 * step:.1f} ms a step on {speeds.device}")


def step_seconds(job: Job, device: str, seconds: float) -> float:
    """Return the mean time of a step of a job's training, its networks whole, on a device.

    A network like its own stands in for a teacher, of whose training nothing is known here.
    It takes about `seconds`, or more where a single step does. Each run is as long as all before it, which are its
    warm-up.
    """
    workshop = Workshop(job, device, blind=True)
    networks = workshop.networks()
    networks.load(workshop.initial("init"))
    training = _harmless(job.training)
    pixels = _pixels(job).to(device)
    loop = Loop(_objective(workshop), training, pixels, job.seed, _masks(networks), torch.arange(len(pixels)) % 2)
    state, steps, spent = new_state(networks, training), 1, 0.0
    while True:
        took = _run(loop, state, steps)
        spent += took
        if spent > seconds / 2:
            return took / steps
        steps = state.step + 1


def _objective(workshop: Workshop) -> Objective:
    teacher = workshop.job.training.teacher
    if teacher is None:
        return workshop.objective
    networks = workshop.networks()
    networks.load(workshop.initial("init"))
    networks.train(False)
    teachers = nn.ModuleDict({name: networks[name] for name in teacher.components})
    return replace(workshop, teacher=teachers.requires_grad_(False)).objective


def _described(job: Job) -> str:
    training = job.training
    told = [f"{job.model.name}, {job.objective.name}"]
    told += [f"{key} {value}" for key, value in OBJECTIVES.non_defaults(job.objective).items()]
    told += [training.precision] * (training.precision != "float32") + ["penalized"] * (training.penalty is not None)
    told += [training.layout.replace("_", " ")] * (training.layout != "channels_first")
    told += ["scores"] * (training.scores is not None)
    return f"{', '.join(told)}, {training.batch_size} images of {job.dataset.name}"


def _run(loop: Loop, state: State, steps: int) -> float:
    """Train on for some steps and return the seconds; at its end the loop waits for the device to read the losses."""
    longer = loop.training.model_copy(update={"steps": state.step + steps})
    since = time.perf_counter()
    replace(loop, training=longer).run(state, Hooks(lambda step, losses: None, lambda step, tensors: None))
    return time.perf_counter() - since


def _harmless(training: Training) -> Training:
    slow = {name: optimizer.model_copy(update={"lr": HARMLESS}) for name, optimizer in training.optimizers.items()}
    penalty = training.penalty
    if penalty is not None and penalty.optimizer is not None:
        own = penalty.optimizer.model_copy(update={"lr": HARMLESS})
        penalty = penalty.model_copy(update={"optimizer": own})
    return training.model_copy(update={"optimizers": slow, "penalty": penalty, "stop": None})


def _masks(networks: Networks) -> dict[str, Tensor]:
    """Return masks that every layer has to be multiplied by, as a ticket's are: without its first weight."""
    weights = prunable_weights(networks, tuple(LAYER_KINDS), ())
    return {name: (torch.arange(weight.numel()) > 0).reshape(weight.shape) for name, weight in weights.items()}


def _pixels(job: Job) -> Tensor:
    """Return random images of the data set's shape, uint8 [N, C, H, W]: enough for two domains."""
    shape = DATASETS[job.dataset.name].facts["shape"](DATASETS.parse(job.dataset))
    count = 2 * BATCHES * job.training.batch_size
    return torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=stream(job.seed, "throughput"))
