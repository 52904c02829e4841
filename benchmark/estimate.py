"""What a plan will cost: jobs, sharing, what is done, and time from the speeds this machine has shown before."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.environment import cpu_name
from benchmark.errors import ArtifactError
from benchmark.identity import digest, identity
from benchmark.plan import latest_start, subset
from benchmark.prepare import cache_directory
from benchmark.runner import pending_stages, wanted_jobs
from benchmark.schema.claim import BaseClaim
from benchmark.schema.job import Job, Plan, PlannedJob
from benchmark.schema.measurement import Outcome
from benchmark.schema.record import Record
from benchmark.statistics import noninferiority_power, planned
from benchmark.storage import write_file

POWER = 0.8
"""The power that a claim should have at its margin (statistics, R3)."""


class JobGroup(Record):
    """The jobs, one a seed, that stand for some levels of experiments; `seconds` is what is left of them."""

    stands_for: tuple[str, ...]
    jobs: int
    done: int
    steps: int
    seconds: float | None

    @property
    def time(self) -> str:
        """The estimate in words."""
        return _duration(self.seconds)


class ClaimEstimate(Record):
    """One claim: the jobs it needs, its seeds, and the margin it can decide."""

    claim: str
    jobs: int
    seeds: int
    power: str


class Estimate(Record):
    """The cost of a plan; `seconds` is the time of one worker, null where a speed is unknown."""

    groups: tuple[JobGroup, ...]
    claims: tuple[ClaimEstimate, ...]
    seconds: float | None
    shared: int
    summary: str


def estimate(plans: list[Plan], results: Path | None) -> Estimate:
    """Return what plans cost, less what is done in a results directory."""
    speeds = _read_speeds()
    every = {planned.id: planned.job for plan in plans for planned in plan.jobs}
    groups = tuple(_group(names, jobs, results, _Cost(every, speeds)) for names, jobs in _grouped(plans).items())
    left = [group.seconds for group in groups]
    seconds = None if None in left else sum(second for second in left if second is not None)
    shared = sum((len(group.stands_for) - 1) * group.jobs for group in groups if group.stands_for)
    summary = (
        f"{sum(group.jobs for group in groups)} jobs, {sum(group.done for group in groups)} done; "
        f"sharing saves {shared} trainings; left for one worker: {_duration(seconds)}"
    )
    return Estimate(groups=groups, claims=tuple(_claims(plans)), seconds=seconds, shared=shared, summary=summary)


def remember(results: ResultsDir, ends: Mapping[str, Outcome]) -> None:
    """Keep the speed of each kind of job that was trained, for later estimates on this machine."""
    speeds = _read_speeds()
    with suppress(ArtifactError):  # a convenience: without it, estimates are less good and nothing else
        for job, end in ends.items():
            run = results.run(job)
            timing = run.read_document("timings/train.json") if end == "done" else None
            if isinstance(timing, dict):
                steps = float(str(timing["to_step"])) - float(str(timing["from_step"]))
                if steps > 0:
                    speeds[_kind(run.read_job().job)] = float(str(timing["seconds"])) / steps
        write_file(_speed_file(), json.dumps(speeds, indent=1, sort_keys=True).encode())


def smallest_margin(seeds: int, paired: bool) -> float | None:
    """Return the margin, in seed standard deviations, that equal arms are within with power 0.8; null under 3 seeds."""
    if seeds < 3:
        return None
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = noninferiority_power(planned(seeds, 1.0, pairs=paired), middle) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


def _grouped(plans: list[Plan]) -> dict[tuple[str, ...], list[PlannedJob]]:
    """Return the jobs by the levels of experiments that they stand for (none where a level is only passed through)."""
    stands_for: dict[str, set[str]] = defaultdict(set)
    for plan in plans:
        for arm in plan.arms:
            stands_for[arm.job].add(f"{arm.experiment}@{arm.level}")
    groups: dict[tuple[str, ...], list[PlannedJob]] = defaultdict(list)
    for job in wanted_jobs(plans, frozenset()).values():
        groups[tuple(sorted(stands_for[job.id]))].append(job)
    return groups


@dataclass(frozen=True)
class _Cost:
    """What a training costs, among all the jobs that are planned."""

    jobs: Mapping[str, Job]
    speeds: Mapping[str, float]

    def steps(self, job: Job) -> int:
        """Return the steps of a training. One that stops at an event counts whole, what goes on from there the rest."""
        return job.training.steps - latest_start(job.start, self.jobs)

    def seconds(self, job: Job) -> float | None:
        """Return the time that a training takes; null where its speed is unknown."""
        speed = self.speeds.get(_kind(job))
        return None if speed is None else speed * self.steps(job)


def _group(names: tuple[str, ...], jobs: list[PlannedJob], results: Path | None, cost: _Cost) -> JobGroup:
    ahead = [job for job in jobs if results is None or pending_stages(ResultsDir(results).run(job.id), job)]
    left = [cost.seconds(planned.job) for planned in ahead]
    return JobGroup(
        stands_for=names,
        jobs=len(jobs),
        done=len(jobs) - len(ahead),
        steps=cost.steps(jobs[0].job),
        seconds=None if None in left else sum(second for second in left if second is not None),
    )


def _claims(plans: Iterable[Plan]) -> Iterable[ClaimEstimate]:
    for plan in plans:
        for claim_id, claim in plan.suite.claims.items():
            jobs = len(subset(plan, frozenset({claim_id})))
            yield ClaimEstimate(
                claim=claim_id, jobs=jobs, seeds=plan.suite.seeds, power=_power(claim, plan.suite.seeds)
            )


def _power(claim: BaseClaim, seeds: int) -> str:
    margin = smallest_margin(seeds, claim.paired)
    if margin is None:
        return "none: fewer than 3 seeds are never conclusive"
    return f"{margin:.2f} sd of {'the paired differences' if claim.paired else 'a seed'}"


def _kind(job: Job) -> str:
    fields = identity(job)
    parts = {name: fields[name] for name in ("dataset", "model", "objective")}
    return digest({**parts, "batch_size": job.training.batch_size, "processor": cpu_name()})


def _speed_file() -> Path:
    return cache_directory() / "speeds.json"


def _read_speeds() -> dict[str, float]:
    try:
        found = json.loads(_speed_file().read_bytes())
    except (OSError, ValueError):
        return {}
    numbers = found.items() if isinstance(found, dict) else ()
    return {key: float(value) for key, value in numbers if isinstance(value, int | float)}


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown: nothing like it was run on this machine"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
