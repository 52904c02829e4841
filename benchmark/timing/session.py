"""All timings of some suites, one process at a time: what is there is left alone, what fails is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from filelock import FileLock, Timeout

from benchmark.artifacts import ResultsDir
from benchmark.errors import CampaignError
from benchmark.executors.executor import Work
from benchmark.schema.job import Plan
from benchmark.schema.record import Record
from benchmark.schema.suite import Timing
from benchmark.schema.timing import Clocking
from benchmark.timing.process import blank, clock_apart
from benchmark.timing.turns import Turn, pending, timetable
from benchmark.wanted import wanted_timings

Stopwatch = Callable[[Work, Turn], Clocking]


class Watcher(Protocol):
    """Who is told how the timings go on."""

    def timings(self, total: int, done: int) -> None:
        """Say how many processes there are, and how many of them were timed before."""

    def waits(self, name: str, reason: str) -> None:
        """Say why a timing can't be made yet."""

    def timed(self, name: str, found: Clocking) -> None:
        """Say how a process ended."""


class Tally(Record):
    """How far a timing is; `waits` says why it can't be made yet."""

    processes: int
    done: int
    failed: int = 0
    waits: str = ""


@dataclass(frozen=True)
class _Ahead:
    timing: Timing
    turns: tuple[Turn, ...]
    left: list[Turn]
    waits: str

    def tally(self) -> Tally:
        every = len(self.timing.arms) * self.timing.processes
        return Tally(processes=every, done=len(self.turns) - len(self.left), waits=self.waits)


def tallies(results: ResultsDir | None, plans: list[Plan]) -> dict[str, Tally]:
    """Return how far each timing is, by `SUITE/TIMING`."""
    if results is None:
        return {
            f"{plan.suite.key}/{name}": Tally(processes=len(timing.arms) * timing.processes, done=0)
            for plan in plans
            for name, timing in plan.suite.timings.items()
        }
    return {name: ahead.tally() for name, ahead in _ahead(results, plans, frozenset())}


def run_timings(
    work: Work, plans: list[Plan], watcher: Watcher, only: frozenset[str] = frozenset(), clock: Stopwatch = clock_apart
) -> dict[str, Tally]:
    """Time what is missing and return how far each timing is; nothing else of ours may run meanwhile.

    Raises `CampaignError` when another process is at work in the directory.
    """
    results = ResultsDir(work.results)
    try:
        with FileLock(results.lock, timeout=0):
            ahead = dict(_ahead(results, plans, only))
            watcher.timings(
                sum(len(one.turns) for one in ahead.values()), sum(one.tally().done for one in ahead.values())
            )
            for name, one in ahead.items():
                if one.waits:
                    watcher.waits(name, one.waits)
            return {name: _perform(work, name, one, watcher, clock) for name, one in ahead.items()}
    except Timeout:
        raise CampaignError(f"{results.path}: another `ticketbench run` is at work here; wait for it to end") from None


def _ahead(results: ResultsDir, plans: list[Plan], only: frozenset[str]) -> Iterator[tuple[str, _Ahead]]:
    for plan in plans:
        names = wanted_timings(plan.suite, only)
        outcomes = results.outcomes(plan) if names else {}
        for name in names:
            timing, table = plan.suite.timings[name], timetable(plan, name, outcomes)
            left = pending(results, timing, table.turns)
            yield f"{plan.suite.key}/{name}", _Ahead(timing, table.turns, left, table.waits)


def _perform(work: Work, name: str, ahead: _Ahead, watcher: Watcher, clock: Stopwatch) -> Tally:
    failed = 0
    for turn in ahead.left:
        files = ResultsDir(work.results).timing(turn.suite, turn.timing, ahead.timing)
        files.sweep()
        found = clock(work, turn) if turn.outcome == "done" else blank(turn)
        files.write(found)
        watcher.timed(name, found)
        failed += bool(found.failure)
    before = ahead.tally()
    return before.model_copy(update={"done": before.done + len(ahead.left) - failed, "failed": failed})
