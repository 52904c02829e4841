"""What two processors are best used for: two jobs at a time with one thread each, or one job with two threads."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from benchmark.campaigns import Request, prepare_suite
from benchmark.schema.job import Job
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size

SPAWN = multiprocessing.get_context("spawn")
STEPS = 50
ROUNDS = 5
ARM = "dcgan"
"""The experiment of the demo whose dense training is timed."""


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield the time of two trainings side by side as a share of their time one after the other, round by round."""
    steps, rounds = (2, 1) if size == SMALL else (STEPS, ROUNDS)
    with Trainers(1) as single, Trainers(2) as double:
        shares, thread, threads = [], [], []
        for _ in range(rounds):
            apart = single.seconds(steps, side_by_side=True)
            after = double.seconds(steps, side_by_side=False)
            shares.append(apart / after)
            thread.append(1000 * apart / steps)
            threads.append(1000 * after / steps / 2)
    yield Figure("two jobs at a time with a thread each / one after the other with two", "", tuple(shares), 1.0)
    yield Figure("  a step of either, with one thread beside another job", "ms", tuple(thread))
    yield Figure("  a step with two threads alone", "ms", tuple(threads))


class Trainers:
    """Two processes, each ready to train the same kind of network with so many threads."""

    def __init__(self, threads: int) -> None:
        job = dense()
        pairs = [SPAWN.Pipe() for _ in range(2)]
        self._pipes = [ours for ours, _ in pairs]
        self._processes = [SPAWN.Process(target=serve, args=(job, threads, theirs), daemon=True) for _, theirs in pairs]

    def __enter__(self) -> Trainers:
        for process in self._processes:
            process.start()
        for pipe in self._pipes:
            pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.join()

    def seconds(self, steps: int, side_by_side: bool) -> float:
        """Return how long both take for so many steps each."""
        begun = time.perf_counter()
        for pipes in [self._pipes] if side_by_side else [[pipe] for pipe in self._pipes]:
            for pipe in pipes:
                pipe.send(steps)
            for pipe in pipes:
                pipe.recv()
        return time.perf_counter() - begun


def dense() -> Job:
    """Return the recipe of the training that is timed."""
    plan = prepare_suite(Request("demo", "small")).plan
    named = {one.job for one in plan.arms if (one.experiment, one.level) == (ARM, 0)}
    return next(planned.job for planned in plan.jobs if planned.id in named)


def serve(job: Job, threads: int, pipe: Connection) -> None:
    """Train for so many steps whenever a number comes."""
    import torch

    from benchmark.assembly import Workshop
    from benchmark.environment import prepare_process
    from benchmark.training import Hooks, Loop, new_state

    prepare_process("cpu")
    torch.set_num_threads(threads)
    workshop = Workshop(job)
    networks = workshop.networks()
    networks.load(workshop.initial("init"))
    images, state = workshop.training_images, new_state(networks, job.training)
    quiet = Hooks(lambda step, losses: None, lambda step, tensors: None)
    steps = 5  # a warm-up
    while True:
        training = job.training.model_copy(update={"steps": state.step + steps})
        Loop(workshop.objective, training, images.pixels, job.seed, {}, images.labels).run(state, quiet)
        pipe.send(steps)
        steps = pipe.recv()
