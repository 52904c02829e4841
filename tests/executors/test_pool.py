"""Jobs in worker processes: the same bytes as in one, and a dead worker takes only its job with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.executors.executor import Ended
from benchmark.executors.pool import SPAWN, PoolExecutor
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Failure, Progress, Stage
from tests import tiny
from tests.tiny import Watch, contents, run

STAGES: tuple[Stage, ...] = ("mask", "train", "measure")


@pytest.fixture(autouse=True)
def no_process_is_left_behind() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def test_two_workers_give_the_bytes_of_one(finished: Path, tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    folder, story = tmp_path / "results", []

    class Story(Watch):
        def progress(self, progress: Progress) -> None:
            story.append(("begins", progress.job))

        def ended(self, ended: Ended) -> None:
            story.append(("ends", ended.job))

    ends = run(folder, tiny_suite, Story(), PoolExecutor(tiny.work(folder), 2))
    assert set(ends.values()) == {"done"}
    assert contents(folder) == contents(finished)
    for planned in tiny_suite.plan.jobs:
        for needed in planned.job.inputs:
            assert story.index(("ends", needed)) < story.index(("begins", planned.id))


def test_a_killed_worker_takes_only_its_job_with_it_and_the_next_run_completes_it(
    finished: Path, tmp_path: Path, tiny_suite: CampaignSuite
) -> None:
    folder = tmp_path / "results"
    executor = PoolExecutor(tiny.work(folder), 1)
    victim = tiny.arm(tiny_suite.plan, "auto").id

    class Killer(Watch):
        def progress(self, progress: Progress) -> None:
            super().progress(progress)
            if (progress.job, progress.stage) == (victim, "mask"):
                os.kill(executor._workers[0].process.pid or 0, signal.SIGKILL)

    watch = Killer()
    ends = run(folder, tiny_suite, watch, executor, retries=0)
    below = tiny.arm(tiny_suite.plan, "auto_imp", 1).id
    assert {job for job, end in ends.items() if end != "done"} == {victim, below}
    assert (ends[victim], ends[below]) == ("failed", "blocked")
    reason = next(end.reason for end in watch.ends if end.job == victim)
    assert reason == "its worker process died (signal SIGKILL); run the same command again"
    failure = ResultsDir(folder).run(victim).read_record(RunDir.FAILURE, Failure)
    assert (failure.kind, failure.message) == ("WorkerLost", reason)
    assert set(run(folder, tiny_suite).values()) == {"done"}
    assert contents(folder) == contents(finished)


def test_a_worker_that_dies_while_idle_is_replaced(results: Path, tiny_suite: CampaignSuite) -> None:
    executor, job = PoolExecutor(tiny.work(results), 1), tiny.arm(tiny_suite.plan, "auto").id
    try:
        executor.start(job, ("measure",))
        assert executor.wait(lambda _: None) == Ended(job, "done")
        first = executor._workers[0].process
        os.kill(first.pid or 0, signal.SIGKILL)
        first.join()
        executor.start(job, ("measure",))
        assert executor.wait(lambda _: None) == Ended(job, "done")
    finally:
        executor.close()


def test_a_failure_in_a_worker_is_told_in_one_line(results: Path, tiny_suite: CampaignSuite) -> None:
    executor, job = PoolExecutor(tiny.work(results), 1), tiny.arm(tiny_suite.plan, "auto").id
    (results / "runs" / job / "weights.safetensors").unlink()
    try:
        executor.start(job, ("measure",))
        ended = executor.wait(lambda _: None)
    finally:
        executor.close()
    assert ended.outcome == "failed"
    assert ended.reason.startswith("measure: ")
    assert ended.reason.endswith("weights.safetensors: missing; run the same command again to make it")
    assert "\n" not in ended.reason


def test_closing_gives_up_what_is_under_way_at_once(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    executor, job = PoolExecutor(tiny.work(tmp_path), 1), tiny_suite.plan.jobs[0]
    ResultsDir(tmp_path).run(job.id).write_job(job)
    executor.start(job.id, STAGES)
    since = time.monotonic()
    executor.close()
    assert time.monotonic() - since < 5


def test_a_worker_that_dies_within_a_message_is_lost_as_any_other(tmp_path: Path) -> None:
    executor = PoolExecutor(tiny.work(tmp_path), 1)
    try:
        executor.start("some-job", STAGES)
        (worker,) = executor._workers
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        ours, theirs = SPAWN.Pipe()
        os.write(theirs.fileno(), (100).to_bytes(4, "big") + b"half of it")
        theirs.close()
        worker.pipe = ours
        ended = executor.wait(lambda _: None)
    finally:
        executor.close()
    assert (ended.job, ended.lost, ended.reason) == ("some-job", True, "its worker process died (signal SIGKILL)")
