"""Plan -> results: order, skip what is done, resume, record failures, go on. Only this module decides to skip."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import Protocol

from filelock import FileLock, Timeout

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.campaigns import open_campaign
from benchmark.errors import CampaignError
from benchmark.executors.executor import RETRIES, Ended, Executor
from benchmark.last_look import LastLook
from benchmark.schedule import Schedule
from benchmark.schema.job import CampaignSuite, Plan, PlannedJob
from benchmark.schema.measurement import Failure, Outcome, Progress, Stage
from benchmark.wanted import subset


class Watcher(Protocol):
    """Who is told how a run goes on."""

    def planned(self, total: int, done: int) -> None:
        """Say how many jobs there are, and how many of them had ended before, with weights or without."""

    def damaged(self, file: str) -> None:
        """Say that a file is not as it was written and will be made again."""

    def progress(self, progress: Progress) -> None:
        """Say where a running job is."""

    def again(self, ended: Ended, losses: int) -> None:
        """Say that a job has lost its place, for the so-manieth time, and is begun again."""

    def ended(self, ended: Ended) -> None:
        """Say how a job ended."""


def run_campaign(  # noqa: PLR0913 - what to run, where, who is told, and how often a lost place is made up for
    results: ResultsDir,
    device: str,
    suites: list[CampaignSuite],
    executor: Executor,
    watcher: Watcher,
    only: frozenset[str] = frozenset(),
    retries: int = RETRIES,
) -> dict[str, Outcome]:
    """Run what is missing of the suites (or of the claims and experiments named) and return how each job ended.

    A job whose worker or node was lost is begun again, at most `retries` times, with the same seed. One that diverged
    or failed is not: the same inputs end in the same way, and a full disk is to be seen to first.
    Raises `CampaignError` when another process is at work in the directory, or a suite has changed since it began.
    """
    if results.is_foreign():
        raise CampaignError(f"{results.path}: exists and is no results directory; name a new or empty folder")
    results.path.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(results.lock, timeout=0), closing(executor):
            results.sweep()
            damaged = results.is_campaign_damaged()
            campaign = open_campaign(results, device, suites)
            if damaged:
                watcher.damaged("campaign.json")
            if device != "cpu":
                _drop_stale(results, [suite.whole for suite in campaign.suites.values()])
            jobs = wanted_jobs([suite.whole for suite in suites], only)
            return _Run(results, jobs, executor, watcher, retries).to_end()
    except Timeout:
        raise CampaignError(f"{results.path}: another `ticketbench run` is at work here; wait for it to end") from None


def wanted_jobs(plans: list[Plan], only: frozenset[str]) -> dict[str, PlannedJob]:
    """Return the jobs of some plans by id, inputs first; suites that share a job ask for all it should give."""
    jobs: dict[str, PlannedJob] = {}
    for plan in plans:
        wanted = subset(plan, only) if only else None
        for planned in plan.jobs:
            if wanted is None or planned.id in wanted:
                earlier = jobs.get(planned.id)
                jobs[planned.id] = planned if earlier is None else _joined(earlier, planned)
    return jobs


def _joined(one: PlannedJob, other: PlannedJob) -> PlannedJob:
    metrics = {request.key: request for request in (*one.metrics, *other.metrics)}
    return one.model_copy(
        update={
            "snapshots": tuple(sorted({*one.snapshots, *other.snapshots})),
            "metrics": tuple(metrics[key] for key in sorted(metrics)),
        }
    )


def pending_stages(run: RunDir, planned: PlannedJob) -> tuple[Stage, ...]:
    """Return the stages that a job still needs, judged by its files' presence, size and time alone."""
    spoiled = set(run.spoiled().values())
    if run.fruitless() is not None:
        return ()
    if not run.is_trained(planned) or "train" in spoiled:
        ready = run.files.has(run.MASK) and run.files.has(run.START)
        return ("train", "measure") if ready else ("mask", "train", "measure")
    if not (run.files.has(run.MASK) and run.files.has(run.START)):
        return ("mask", "measure")
    measured = run.is_measured(planned) and "measure" not in spoiled
    # Measuring ends with removing the checkpoint.
    over = not any(map(run.files.exists, (run.FAILURE, run.CHECKPOINT)))
    return () if measured and over else ("measure",)


class _Run:
    """Jobs on their way through an executor."""

    def __init__(
        self, results: ResultsDir, jobs: dict[str, PlannedJob], executor: Executor, watcher: Watcher, retries: int
    ) -> None:
        self._results, self._jobs, self._executor, self._watcher = results, jobs, executor, watcher
        self._retries, self._losses = retries, Counter[str]()
        self._seen = LastLook(results.path)
        self._fruitless: dict[str, Outcome] = {}
        self._stages = {planned.id: self._pending(planned) for planned in jobs.values()}
        self._schedule = Schedule(jobs, self._stages)

    def to_end(self) -> dict[str, Outcome]:
        """Run what is pending and return how each job ended."""
        try:
            return self._to_end()
        finally:
            self._seen.save()

    def _pending(self, planned: PlannedJob) -> tuple[Stage, ...]:
        """Look at a job's files, say which are damaged, and return the stages that it still needs."""
        run = self._seen.at(self._results.run(planned.id))
        _report_damage(run, planned, self._watcher)
        if (end := run.fruitless()) is not None:
            self._fruitless[planned.id] = end
        stages = pending_stages(run, planned)
        if not stages:
            self._seen.keep(run)
        return stages

    def _to_end(self) -> dict[str, Outcome]:
        schedule, executor = self._schedule, self._executor
        self._watcher.planned(len(self._jobs), len(schedule.ends))
        self._settle_earlier_ends()
        while True:
            while len(schedule.running) < executor.slots and (job := schedule.next()) is not None:
                self._results.run(job).write_job(self._jobs[job])
                executor.start(job, self._stages[job])
            if not schedule.running:
                return schedule.ends
            ended = executor.wait(self._watcher.progress)
            if ended is not None:
                self._settle(ended)

    def _settle_earlier_ends(self) -> None:
        for job, outcome in self._fruitless.items():
            for end in self._schedule.settle(job, outcome):
                self._watcher.ended(end)

    def _settle(self, ended: Ended) -> None:
        run = self._results.run(ended.job)
        if ended.lost and not pending_stages(run, self._jobs[ended.job]):  # only its last word was lost
            ended = Ended(ended.job, run.outcome())
        self._losses[ended.job] += ended.lost
        losses = self._losses[ended.job]
        if ended.lost and losses <= self._retries:
            self._stages[ended.job] = pending_stages(run, self._jobs[ended.job])
            self._watcher.again(ended, losses)
            self._schedule.again(ended.job)
            return
        if ended.outcome == "failed":
            ended = _noted(run, ended, losses)
        elif not pending_stages(looked := self._seen.at(run), self._jobs[ended.job]):
            self._seen.keep(looked)
        for end in (ended, *self._schedule.settle(ended.job, ended.outcome)):
            self._watcher.ended(end)


def _drop_stale(results: ResultsDir, plans: list[Plan]) -> None:
    """Where a training that is repeated has other bytes, drop the old one with all that was made of it."""
    seen = LastLook(results.path)
    stale: dict[str, None] = {}
    for planned in wanted_jobs(plans, frozenset()).values():
        run = seen.at(results.run(planned.id))
        repeated = "train" in pending_stages(run, planned) and run.files.recorded_digest(run.WEIGHTS) is not None
        if repeated or not stale.keys().isdisjoint(planned.job.inputs):
            stale[planned.id] = None
    for job in reversed(stale):  # whatever is left when this is killed is found again
        results.run(job).forget()


def _report_damage(run: RunDir, planned: PlannedJob, watcher: Watcher) -> None:
    spoiled = run.spoiled()
    for name in spoiled:
        if run.files.exists(name):
            watcher.damaged(f"{run.id}/{name}")
    if run.JOB in spoiled:  # others read it, though this job may be done
        run.write_job(planned)


def _noted(run: RunDir, ended: Ended, losses: int) -> Ended:
    """Write why a job failed where its worker could not: it was lost, or could not write."""
    if ended.lost:
        times = f" {losses} times" if losses > 1 else ""
        ended = replace(ended, reason=f"{ended.reason}{times}; run the same command again")
    if ended.lost or run.outcome() != "failed":
        kind = "WorkerLost" if ended.lost else "RunError"
        run.write_record(run.FAILURE, Failure(stage="train", kind=kind, message=ended.reason))
    return ended
