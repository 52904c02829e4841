"""What jobs side by side are worth: two on processors with a thread each, and eight small ones that share a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.sides import ours
from tests.perf.tasks import SMALL_TASKS
from tests.perf.trainers import Trainers

STEPS = 50
ROUNDS = 5
TASK = SMALL_TASKS["dcgan"]
SHARERS = 8
"""Jobs at a time on one GPU."""


def measure(place: Path, size: Size, device: str = "cpu") -> Iterator[Figure]:
    """Yield what is gained by jobs at a time, round by round."""
    steps, rounds = (2, 1) if size == SMALL else (STEPS, ROUNDS)
    yield from on_processors(place, steps, rounds) if device == "cpu" else on_gpu(place, 10 * steps, rounds)


def on_processors(place: Path, steps: int, rounds: int) -> Iterator[Figure]:
    """Yield the time of two trainings side by side as a share of their time one after the other."""
    alone, threaded = (partial(ours, TASK, "cpu", place, threads) for threads in (1, 2))
    with Trainers(alone, 2) as single, Trainers(threaded, 2) as double:
        apart, after = zip(*((single.together(steps), double.in_turn(steps)) for _ in range(rounds)), strict=True)
    shares = tuple(one / other for one, other in zip(apart, after, strict=True))
    yield Figure("two jobs at a time with a thread each / one after the other with two", "", shares, 1.0)
    thread, threads = (
        tuple(1000 * seconds / count / steps for seconds in took) for took, count in ((apart, 1), (after, 2))
    )
    yield Figure("  a step of either, with one thread beside another job", "ms", thread)
    yield Figure("  a step with two threads alone", "ms", threads)


def on_gpu(place: Path, steps: int, rounds: int) -> Iterator[Figure]:
    """Yield how many times the steps of one training eight of them make together in the same time."""
    for graphs in (False, True):
        says = f"{SHARERS} small jobs that share a GPU{', by CUDA graphs' * graphs}"
        with Trainers(partial(ours, TASK, "cuda", place, graphs=graphs), SHARERS) as trainers:
            took = [(trainers.together(steps, 1), trainers.together(steps)) for _ in range(rounds)]
        gains = tuple(SHARERS * alone / shared for alone, shared in took)
        yield Figure(f"{says}: their steps / those of one", "x", gains, at_least=3.0)
        yield Figure("  a step alone", "ms", tuple(1000 * alone / steps for alone, _ in took))
        yield Figure("  a step of each, shared", "ms", tuple(1000 * shared / steps for _, shared in took))
