"""Processes that each hold one side of a task and train on when they are told to."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from tests.perf.sides import Side

SPAWN = multiprocessing.get_context("spawn")
WARM_UP = 5
"""Steps that a process makes before it says that it is ready."""


class Trainers:
    """So many processes with a side of their own each, all made by the same function."""

    def __init__(self, make: Callable[[], Side], count: int) -> None:
        pairs = [SPAWN.Pipe() for _ in range(count)]
        self._pipes = [ours for ours, _ in pairs]
        self._processes = [SPAWN.Process(target=serve, args=(make, theirs)) for _, theirs in pairs]

    def __enter__(self) -> Trainers:
        for process in self._processes:
            process.start()
        for pipe in self._pipes:
            pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(0)
            process.join()

    def together(self, steps: int, count: int | None = None) -> float:
        """Return the seconds that all of them, or the first so many, take for so many steps each, side by side."""
        return _seconds(self._pipes[:count], steps)

    def in_turn(self, steps: int) -> float:
        """Return the seconds that they take for so many steps each, one after the other."""
        return sum(_seconds([pipe], steps) for pipe in self._pipes)


def _seconds(pipes: Sequence[Connection], steps: int) -> float:
    for pipe in pipes:
        pipe.send(steps)
    return float(max(pipe.recv() for pipe in pipes))


def serve(make: Callable[[], Side], pipe: Connection) -> None:
    """Train for so many steps whenever a number comes, until that is zero, and tell the seconds."""
    side = make()
    side.prepare()
    steps = WARM_UP
    while steps:
        pipe.send(side.seconds(steps))
        steps = pipe.recv()
