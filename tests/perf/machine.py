"""What a whole machine makes of ours and of a textbook's loop: two of our jobs, or one of theirs with all threads.

The textbook's has two more processes that load images, as is usual; ours has none to load. On a machine that is busy
with anything else its threads wait for each other, and the ratio says more of that than of the loops.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmark.environment import cpu_count
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.sides import Textbook, ours
from tests.perf.tasks import SMALL_TASKS, Task
from tests.perf.trainers import Trainers

ROUNDS = 5
JOBS = 2
LOADERS = 2


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield how many times the steps of a textbook's loop two of our jobs make together, task by task."""
    tasks = [SMALL_TASKS["dcgan"]] if size == SMALL else SMALL_TASKS.values()
    for task in tasks:
        yield from compare(task, place, *((2, 1) if size == SMALL else (task.steps, ROUNDS)))


def compare(task: Task, place: Path, steps: int, rounds: int) -> Iterator[Figure]:
    """Yield the gain of one task."""
    book = partial(Textbook, task, "cpu", place, cpu_count(), LOADERS)
    with Trainers(partial(ours, task, "cpu", place), JOBS) as ourselves, Trainers(book, 1) as textbook:
        took = [(ourselves.together(steps), textbook.together(steps)) for _ in range(rounds)]
    gains = tuple(JOBS * theirs / own for own, theirs in took)
    yield Figure(f"{task.says}: steps of {JOBS} jobs of ours / a textbook's with all threads", "x", gains)
    yield Figure("  a step of either of ours", "ms", tuple(1000 * own / steps for own, _ in took))
    yield Figure("  a step of the textbook's", "ms", tuple(1000 * theirs / steps for _, theirs in took))
