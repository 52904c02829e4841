"""Plan -> results: order, skip what is done, resume, record failures, go on. Only this module decides to skip."""

from __future__ import annotations

from typing import Protocol

from filelock import FileLock, Timeout

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.campaigns import open_campaign
from benchmark.errors import CampaignError
from benchmark.executors.executor import Ended, Executor
from benchmark.schedule import Schedule
from benchmark.schema.job import CampaignSuite, Plan, PlannedJob
from benchmark.schema.measurement import Failure, Outcome, Progress, Stage
from benchmark.wanted import subset


class Watcher(Protocol):
    """Who is told how a run goes on."""

    def planned(self, total: int, done: int) -> None:
        """Say how many jobs there are, and how many of them were done before."""

    def damaged(self, file: str) -> None:
        """Say that a file is not as it was written and will be made again."""

    def progress(self, progress: Progress) -> None:
        """Say where a running job is."""

    def ended(self, ended: Ended) -> None:
        """Say how a job ended."""


def run_campaign(
    results: ResultsDir,
    device: str,
    suites: list[CampaignSuite],
    executor: Executor,
    watcher: Watcher,
    only: frozenset[str] = frozenset(),
) -> dict[str, Outcome]:
    """Run what is missing of the suites (or of the claims and experiments named) and return how each job ended.

    Raises `CampaignError` when another process is at work in the directory, or a suite has changed since it began.
    """
    if results.is_foreign():
        raise CampaignError(f"{results.path}: exists and is no results directory; name a new or empty folder")
    results.path.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(results.lock, timeout=0):
            results.sweep()
            damaged = results.is_campaign_damaged()
            campaign = open_campaign(results, device, suites)
            if damaged:
                watcher.damaged("campaign.json")
            if device != "cpu":
                _drop_stale(results, [suite.whole for suite in campaign.suites.values()])
            return _run(results, wanted_jobs([suite.whole for suite in suites], only), executor, watcher)
    except Timeout:
        raise CampaignError(f"{results.path}: another `ticketbench run` is at work here; wait for it to end") from None
    finally:
        executor.close()


def wanted_jobs(plans: list[Plan], only: frozenset[str]) -> dict[str, PlannedJob]:
    """Return the jobs of some plans by id, inputs first; suites that share a job ask for all it should give."""
    jobs: dict[str, PlannedJob] = {}
    for plan in plans:
        wanted = subset(plan, only) if only else None
        for planned in plan.jobs:
            if wanted is None or planned.id in wanted:
                jobs[planned.id] = _joined(jobs.get(planned.id, planned), planned)
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
    over = not any((run.path / name).exists() for name in (run.FAILURE, run.CHECKPOINT))
    return () if measured and over else ("measure",)


def _run(results: ResultsDir, jobs: dict[str, PlannedJob], executor: Executor, watcher: Watcher) -> dict[str, Outcome]:
    for planned in jobs.values():
        _report_damage(results.run(planned.id), planned, watcher)
    stages = {planned.id: pending_stages(results.run(planned.id), planned) for planned in jobs.values()}
    schedule = Schedule(jobs, stages)
    _settle_earlier_ends(results, schedule, watcher)
    watcher.planned(len(jobs), sum(1 for end in schedule.ends.values() if end == "done"))
    while True:
        while len(schedule.running) < executor.slots and (job := schedule.next()) is not None:
            results.run(job).write_job(jobs[job])
            executor.start(job, stages[job])
        if not schedule.running:
            return schedule.ends
        ended = executor.wait(watcher.progress)
        _note_lost_worker(results, ended)
        for end in (ended, *schedule.settle(ended.job, ended.outcome)):
            watcher.ended(end)


def _drop_stale(results: ResultsDir, plans: list[Plan]) -> None:
    """Where a training that is repeated has other bytes, drop the old one with all that was made of it."""
    stale: list[str] = []
    for planned in wanted_jobs(plans, frozenset()).values():
        run = results.run(planned.id)
        repeated = run.files.recorded_digest(run.WEIGHTS) is not None and "train" in pending_stages(run, planned)
        if repeated or not set(stale).isdisjoint(planned.job.inputs):
            stale.append(planned.id)
    for job in reversed(stale):  # whatever is left when this is killed is found again
        results.run(job).forget()


def _report_damage(run: RunDir, planned: PlannedJob, watcher: Watcher) -> None:
    spoiled = run.spoiled()
    for name in spoiled:
        if (run.path / name).exists():
            watcher.damaged(f"{run.id}/{name}")
    if run.JOB in spoiled:  # others read it, though this job may be done
        run.write_job(planned)


def _settle_earlier_ends(results: ResultsDir, schedule: Schedule, watcher: Watcher) -> None:
    for job in schedule.jobs:
        outcome = results.run(job).fruitless()
        if outcome is not None:
            for end in schedule.settle(job, outcome):
                watcher.ended(end)


def _note_lost_worker(results: ResultsDir, ended: Ended) -> None:
    """Write why a job failed in place of its worker, which was killed and could not."""
    run = results.run(ended.job)
    if ended.outcome == "failed" and run.outcome() != "failed":
        run.write_record(run.FAILURE, Failure(stage="train", kind="WorkerLost", message=ended.reason))
