"""Our training loop against a textbook's (`tests/perf/textbook`), in turns of some steps in one process.

Both have one thread. The textbook loads its images in the training's own process, and on a GPU in others too; what two
processors are worth to either is a case of its own (`machine`). A ratio is the textbook's seconds by ours, round by
round, and what has a target is the best arm of ours whose losses are those of the plain one, against the faster
textbook.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.environment import cpu_count
from tests.perf import profiling
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.rounds import MIB, Turns, interleave, made, middle, ratios, untouched
from tests.perf.sides import Ours, Textbook, ours
from tests.perf.tasks import GPU_TASKS, LARGE_TASKS, SMALL_TASKS, Task

PLAIN = "as the suite says"
BOOKS = {
    "cpu": {"textbook": 0},
    "cuda": {"textbook": min(8, cpu_count()), "textbook without workers": 0},
}
"""The textbook's loops by device, and how many processes load images for each; the fastest is what ours is held to."""
ARMS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "cpu": {PLAIN: {}, "channels_last": {"layout": "channels_last"}},
    "cuda": {
        PLAIN: {},
        "graphs": {"graphs": True},
        "graphs, channels_last": {"graphs": True, "layout": "channels_last"},
        "graphs, bfloat16": {"graphs": True, "precision": "bfloat16"},
        "graphs, bfloat16, channels_last": {"graphs": True, "precision": "bfloat16", "layout": "channels_last"},
    },
}
"""Ways for ours to train, by device: a name, what it changes of the suite's training, and whether by CUDA graphs."""

TOLERANCE = {"float32": 1e-4, "bfloat16": 3e-2}
"""How far the losses of an arm's first step may be from the plain arm's, relative to those above one."""


def measure(place: Path, size: Size, device: str = "cpu", profile: bool = False) -> Iterator[Figure]:
    """Yield the figures of each task."""
    tasks = [*SMALL_TASKS.values(), *LARGE_TASKS.values()] if device == "cpu" else [*GPU_TASKS.values()]
    with untouched():
        for task in [*SMALL_TASKS.values()] if size == SMALL else tasks:
            steps, rounds = (1, 1) if size == SMALL else (task.steps, task.rounds)
            yield from compare(task, place, device, steps, rounds, profile)


def compare(task: Task, place: Path, device: str, steps: int, rounds: int, profile: bool = False) -> Iterator[Figure]:
    """Yield how many times as fast as the textbook each arm is, the best of those with the same numbers first."""
    sides, off = arms(task, place, device)
    loops = {name: partial(Textbook, task, device, place, 1, workers) for name, workers in BOOKS[device].items()}
    books = made(loops, device)
    interleave([*sides.values(), *books.values()], steps, rounds)
    book = min(books, key=lambda name: median(books[name].seconds))
    kept = trusted(off, device)
    best = max(kept, key=lambda name: middle(books[book], sides[name]))
    yield Figure(f"{task.says}: ours ({best}) / {book}", "x", ratios(books[book], sides[best]), at_least=task.at_least)
    for name in sides:
        if name != best:
            note = "" if name in kept else ", beyond its tolerance"
            yield Figure(f"  {name}{note}", "x", ratios(books[book], sides[name]))
    for name, side in {**sides, **books}.items():
        yield Figure(f"  a step, {name}", "ms", side.step_ms(steps))
        if device == "cuda":
            yield Figure(f"  memory at the most, {name}", "MiB", (side.peak_bytes / MIB,))
    for name in off.keys() - {PLAIN}:
        yield Figure(f"  losses of the first step, {name}: off by at most", "", (off[name],))
    if profile:
        for name, side in {best: sides[best], book: books[book]}.items():
            profiling.tell(f"{task.says}, {name}", side.side, steps)


def arms(task: Task, place: Path, device: str) -> tuple[dict[str, Turns], dict[str, float]]:
    """Return our sides after one step, and how far the losses of that step are from the plain side's."""
    makers = {name: partial(ours, task, device, place, **change) for name, change in ARMS[device].items()}
    sides, losses = made(makers, device), {}
    for name, turns in sides.items():
        assert isinstance(turns.side, Ours)
        turns.side.prepare()
        turns.side.train(1)
        losses[name] = turns.side.losses
    return sides, {name: deviation(found, losses[PLAIN]) for name, found in losses.items()}


def deviation(losses: Mapping[str, float], plain: Mapping[str, float]) -> float:
    """Return how far losses are from others of the same names at the most, relative to those above one."""
    return max(abs(losses[name] - value) / max(1.0, math.fabs(value)) for name, value in plain.items())


def trusted(off: Mapping[str, float], device: str) -> list[str]:
    """Return the arms whose losses are the plain one's within their tolerance."""
    return [name for name, far in off.items() if far <= tolerance(ARMS[device][name])]


def tolerance(change: Mapping[str, Any]) -> float:
    """Return how far the losses of an arm may be from the plain one's."""
    return TOLERANCE[change.get("precision", "float32")]
