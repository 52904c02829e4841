"""Who is timed when: processes in interleaved order, so that a drift of the machine meets every arm alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import Plan
from benchmark.schema.measurement import Outcome
from benchmark.schema.suite import Timing

UNFINISHED = frozenset({"missing", "failed", "blocked"})


@dataclass(frozen=True)
class Turn:
    """One process: which training it times, for which arm of which timing."""

    suite: str
    timing: str
    arm: str
    process: int
    seed: int
    job: str
    warm_up: int
    steps: int


@dataclass(frozen=True)
class Timetable:
    """All turns of one timing in their order, and why there are none where there are none."""

    turns: tuple[Turn, ...]
    waits: str = ""


def timetable(plan: Plan, name: str, outcomes: Mapping[str, Outcome]) -> Timetable:
    """Return the turns of a suite's timing: process p begins with arm number p, going round.

    Process p times seed number p, going round those of which every arm has a result; a seed that diverged, or never
    became stable, in one arm is left out of all. Nothing is timed before the last job of an arm has ended.
    """
    timing = plan.suite.timings[name]
    jobs = {arm: _jobs(plan, place) for arm, place in timing.arms.items()}
    ends = {job: outcomes[job] for by_seed in jobs.values() for job in by_seed.values()}
    waiting = [job for job, end in ends.items() if end in UNFINISHED]
    if waiting:
        return Timetable((), f"waits for {len(waiting)} of its {len(ends)} jobs")
    seeds = [seed for seed in next(iter(jobs.values())) if all(ends[jobs[arm][seed]] == "done" for arm in jobs)]
    if not seeds:
        return Timetable((), "no seed has a result in every arm")
    turns = [
        _turn(plan, name, arm, process, (seed, jobs[arm][seed]))
        for process in range(timing.processes)
        for seed in [seeds[process % len(seeds)]]
        for arm in rotated(tuple(timing.arms), process)
    ]
    return Timetable(tuple(turns))


def rotated(arms: tuple[str, ...], process: int) -> tuple[str, ...]:
    """Return the arms in the order of a process."""
    first = process % len(arms)
    return arms[first:] + arms[:first]


def pending(results: ResultsDir, timing: Timing, turns: tuple[Turn, ...]) -> list[Turn]:
    """Return the turns without a whole record, in their order."""
    return [
        turn for turn in turns if not results.timing(turn.suite, turn.timing, timing).is_done(turn.arm, turn.process)
    ]


def _jobs(plan: Plan, place: str) -> dict[int, str]:
    """Return the job of each seed of `EXPERIMENT@LEVEL`."""
    return {arm.seed: arm.job for arm in plan.arms if f"{arm.experiment}@{arm.level}" == place}


def _turn(plan: Plan, name: str, arm: str, process: int, run: tuple[int, str]) -> Turn:
    timing = plan.suite.timings[name]
    return Turn(plan.suite.key, name, arm, process, *run, timing.warm_up, timing.steps)
