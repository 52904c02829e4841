"""What a whole machine makes of ours and of a textbook's loop: two of our jobs, or one of theirs.

The textbook's loads its images itself or has processes for that, as is usual; ours is held to the fastest. On a machine
that is busy with anything else its threads wait for each other, which one with a thread and a process that loads does
not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from benchmark.environment import cpu_count
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.sides import Textbook, ours
from tests.perf.tasks import SMALL_TASKS, Task
from tests.perf.trainers import Trainers

ROUNDS = 5
JOBS = 2
BOOKS = {
    "a textbook's with all threads": (cpu_count(), 0),
    "a textbook's with all threads and 2 processes that load": (cpu_count(), 2),
    "a textbook's with one thread and a process that loads": (1, 1),
}
"""The textbook's loops: the threads of each, and how many processes load its images."""


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield how many times the steps of a textbook's loop two of our jobs make together, task by task."""
    tasks = [SMALL_TASKS["dcgan"]] if size == SMALL else SMALL_TASKS.values()
    for task in tasks:
        yield from compare(task, place, *((2, 1) if size == SMALL else (task.steps, ROUNDS)))


def compare(task: Task, place: Path, steps: int, rounds: int) -> Iterator[Figure]:
    """Yield the gain of one task."""
    makers = [partial(Textbook, task, "cpu", place, *each) for each in BOOKS.values()]
    with ExitStack() as stack:
        sides = [Trainers(partial(ours, task, "cpu", place), JOBS), *(Trainers(make, 1) for make in makers)]
        running = [stack.enter_context(side) for side in sides]
        own, *theirs = zip(*([side.together(steps) for side in running] for _ in range(rounds)), strict=True)
    books = dict(zip(BOOKS, theirs, strict=True))
    book = min(books, key=lambda name: median(books[name]))
    gains = tuple(JOBS * their / our for our, their in zip(own, books[book], strict=True))
    yield Figure(f"{task.says}: steps of {JOBS} jobs of ours / {book}", "x", gains, at_least=task.at_least)
    for name, seconds in {"either of ours": own, **books}.items():
        yield Figure(f"  a step of {name}", "ms", tuple(1000 * each / steps for each in seconds))
