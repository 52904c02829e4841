"""Who is timed when: processes in interleaved order, so that a drift of the machine meets every arm alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from benchmark.artifacts import ResultsDir
from benchmark.errors import ArtifactError
from benchmark.lineage import lineage
from benchmark.schema.job import Plan
from benchmark.schema.measurement import Outcome
from benchmark.schema.suite import Timing
from benchmark.schema.timing import Clocking

UNFINISHED = frozenset({"missing", "failed", "blocked"})

Stretches = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Turn:
    """One process: which training it times, for which arm of which timing; none where the job came to nothing."""

    suite: str
    timing: str
    arm: str
    process: int
    seed: int
    job: str
    warm_up: int
    steps: int
    outcome: Outcome = "done"


@dataclass(frozen=True)
class Timetable:
    """All turns of one timing in their order, and why there are none where there are none."""

    turns: tuple[Turn, ...]
    waits: str = ""


def timetable(plan: Plan, name: str, outcomes: Mapping[str, Outcome]) -> Timetable:
    """Return the turns of a suite's timing: process p begins with arm number p, going round.

    Process p times seed number p, going round. Where a seed diverged, or never became stable, the arm has nothing to
    time in this process, and the other arms go on. Nothing is timed before the last job of an arm has ended.
    """
    timing = plan.suite.timings[name]
    jobs = {arm: _jobs(plan, place) for arm, place in timing.arms.items()}
    ends = {job: outcomes[job] for by_seed in jobs.values() for job in by_seed.values()}
    waiting = [job for job, end in ends.items() if end in UNFINISHED]
    if waiting:
        return Timetable((), f"waits for {len(waiting)} of its {len(ends)} jobs")
    seeds = list(next(iter(jobs.values())))
    turns = [
        Turn(
            suite=plan.suite.key,
            timing=name,
            arm=arm,
            process=process,
            seed=seed,
            job=jobs[arm][seed],
            warm_up=timing.warm_up,
            steps=timing.steps,
            outcome=ends[jobs[arm][seed]],
        )
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
    """Return the turns without a whole record of what they would time now, in their order.

    A job that was trained again may have ended in another way, or at another step.
    """
    expected = cache(partial(_stretches, results))
    found = {turn: results.timing(turn.suite, turn.timing, timing).ended(turn.arm, turn.process) for turn in turns}
    return [turn for turn, record in found.items() if record is None or not _is_of(turn, record, expected)]


def _is_of(turn: Turn, record: Clocking, expected: Callable[[str], Stretches | None]) -> bool:
    if (record.seed, record.job, record.outcome) != (turn.seed, turn.job, turn.outcome):
        return False
    timed = tuple((one.job, one.steps, one.passed) for one in record.trainings)
    return timed == (expected(turn.job) if turn.outcome == "done" else ())


def _stretches(results: ResultsDir, job: str) -> Stretches | None:
    """Return what a job rests on, itself first, each with its steps and those passed; null where files are lost."""
    try:
        return tuple((name, one.steps, one.passed) for name, one in lineage(results, job).items())
    except ArtifactError:
        return None


def _jobs(plan: Plan, place: str) -> dict[int, str]:
    """Return the job of each seed of `EXPERIMENT@LEVEL`."""
    return {arm.seed: arm.job for arm in plan.arms if f"{arm.experiment}@{arm.level}" == place}
