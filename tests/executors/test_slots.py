"""Slots of a pool on GPUs that are not there: what runs where, what a dead worker leaves, and how workers stop."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.executors import pool
from benchmark.executors.executor import Ended
from benchmark.executors.gpu_slots import CONTEXT, fitting, slots
from benchmark.executors.pool import PoolExecutor
from tests import tiny
from tests.executors import busy_worker

GIB = 1024**3


@pytest.fixture(autouse=True)
def workers_that_compute_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pool, "_serve", busy_worker.serve)
    yield
    assert multiprocessing.active_children() == []


def run_all(executor: PoolExecutor, jobs: list[str]) -> list[Ended]:
    """Keep every slot busy until all jobs have ended."""
    ends, waiting, running = [], list(jobs), 0
    try:
        while waiting or running:
            while waiting and running < executor.slots:
                executor.start(waiting.pop(0), ("train",))
                running += 1
                assert len(busy(executor)) == running
            ended = executor.wait(lambda _: None)
            running -= 1
            ends.append(ended)
    finally:
        executor.close()
    return ends


def busy(executor: PoolExecutor) -> set[int]:
    """Return the slots that have a job, each of which has one worker."""
    found = [worker.slot for worker in executor._workers]
    assert len(found) == len(set(found))
    return {worker.slot for worker in executor._workers if worker.job is not None}


def at_once(spans: list[tuple[float, float]]) -> int:
    """Return the most spans that hold one moment."""
    return max(sum(begun <= moment < ended for begun, ended in spans) for moment, _ in spans)


def spans_by(ends: list[Ended], field: int) -> dict[str, list[tuple[float, float]]]:
    """Return when jobs ran by GPU (0) or by process (1)."""
    found = defaultdict(list)
    for ended in ends:
        if not ended.lost:
            gpu_pid, begun, stopped = ended.reason.split()[:2], *map(float, ended.reason.split()[2:])
            found[gpu_pid[field]].append((begun, stopped))
    return found


def test_each_slot_has_one_job_at_a_time_and_all_are_used(tmp_path: Path) -> None:
    ends = run_all(PoolExecutor(tiny.work(tmp_path), 4, ("3", "GPU-7f")), [f"sleep-{number}" for number in range(24)])
    assert {ended.outcome for ended in ends} == {"done"}
    by_gpu, by_worker = spans_by(ends, 0), spans_by(ends, 1)
    assert by_gpu.keys() == {"3", "GPU-7f"}
    assert max(map(at_once, by_gpu.values())) <= 2
    assert len(by_worker) == 4
    assert [at_once(spans) for spans in by_worker.values()] == [1] * 4
    workers = {tuple(ended.reason.split()[:2]) for ended in ends}
    assert sorted(gpu for gpu, _ in workers) == ["3", "3", "GPU-7f", "GPU-7f"]


def test_few_jobs_are_spread_over_the_gpus(tmp_path: Path) -> None:
    ends = run_all(PoolExecutor(tiny.work(tmp_path), 6, ("0", "1", "2")), ["sleep-0", "sleep-1", "sleep-2"])
    assert sorted(spans_by(ends, 0)) == ["0", "1", "2"]


def test_a_killed_worker_gives_its_slot_back(tmp_path: Path) -> None:
    jobs = [f"{'die' if number in {2, 3, 4} else 'sleep'}-{number}" for number in range(24)]
    ends = run_all(PoolExecutor(tiny.work(tmp_path), 4, ("0", "1")), jobs)
    lost = [ended for ended in ends if ended.lost]
    assert sorted(ended.job for ended in lost) == ["die-2", "die-3", "die-4"]
    assert {ended.reason for ended in lost} == {"its worker process died (signal SIGKILL)"}
    assert len(ends) == 24
    assert max(at_once(spans) for spans in spans_by(ends, 0).values()) <= 2


def test_on_processors_no_gpu_is_seen_and_this_process_sees_what_it_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6")
    (ended,) = run_all(PoolExecutor(tiny.work(tmp_path), 1), ["sleep-0"])
    assert ended.reason.startswith(" ")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "5,6"


def under_way(executor: PoolExecutor, folder: Path, *jobs: str) -> None:
    for job in jobs:
        executor.start(job, ("train",))
    while not all((folder / f"{job}.begun").exists() for job in jobs):
        time.sleep(0.01)


def test_workers_that_are_told_to_stop_keep_what_they_are_at(tmp_path: Path) -> None:
    executor = PoolExecutor(tiny.work(tmp_path), 2)
    under_way(executor, tmp_path, "keep-0", "keep-1")
    executor.close()
    assert (tmp_path / "keep-0.kept").exists()
    assert (tmp_path / "keep-1.kept").exists()


def test_one_that_takes_too_long_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "GRACE", 1.0)
    executor = PoolExecutor(tiny.work(tmp_path), 2)
    under_way(executor, tmp_path, "hang-0", "keep-1")
    since = time.monotonic()
    executor.close()
    assert 1.0 <= time.monotonic() - since < 20.0
    assert (tmp_path / "keep-1.kept").exists()
    assert not (tmp_path / "hang-0.kept").exists()


def test_a_second_ctrl_c_kills_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "GRACE", 3600.0)
    executor = PoolExecutor(tiny.work(tmp_path), 1)
    under_way(executor, tmp_path, "hang-0")
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            executor.close()
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("gpus", "workers", "per_gpu", "expected"),
    [(2, None, None, 6), (2, None, 4, 8), (2, 5, None, 5), (2, 5, 2, 4), (2, 3, 2, 3), (1, 1, None, 1)],
)
def test_slots_follow_what_is_asked_for_and_else_what_fits(
    gpus: int, workers: int | None, per_gpu: int | None, expected: int
) -> None:
    assert slots(gpus, workers, per_gpu, lambda: 3) == expected


@given(
    peaks=st.lists(st.none() | st.integers(1, 200 * GIB), min_size=1, max_size=6),
    memory=st.integers(GIB, 200 * GIB),
    processors=st.integers(1, 64),
)
def test_as_many_fit_as_leave_room_for_each_of_them(peaks: list[int | None], memory: int, processors: int) -> None:
    found = fitting(peaks, memory, processors)
    assert 1 <= found <= processors
    known = [peak for peak in peaks if peak is not None]
    if len(known) < len(peaks):
        assert found == 1
        return
    if found > 1:
        assert found * (max(known) + CONTEXT) <= 0.95 * memory
    if found < processors:
        assert (found + 1) * (max(known) + CONTEXT) > 0.949 * memory
