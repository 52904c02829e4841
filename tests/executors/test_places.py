"""From the options of a run to an executor with its slots, on GPUs that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark import environment
from benchmark.cli.places import Place
from benchmark.errors import UsageError
from benchmark.executors.executor import Work
from benchmark.executors.inline import InlineExecutor
from benchmark.executors.pool import PoolExecutor
from benchmark.forecast import kinds
from benchmark.schema.settings import Settings
from tests import tiny

GIB = 1024**3
JOBS = [planned.job for planned in tiny.planned().jobs]


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs of 24 GiB, sixteen processors, and jobs that held 2.5 GiB at most."""
    monkeypatch.setattr(environment, "visible_gpus", lambda: ("2", "5"))
    monkeypatch.setattr(environment, "gpu_bytes", lambda: 24 * GIB)
    monkeypatch.setattr(environment, "cpu_count", lambda: 16)
    monkeypatch.setattr(kinds, "peaks", lambda jobs, device: [GIB, int(2.5 * GIB)])


@pytest.mark.parametrize(
    ("workers", "per_gpu", "found"),
    [
        ("auto", "auto", "25252525252525"),  # 22.8 GiB hold seven of 3 GiB
        ("auto", "2", "2525"),
        ("3", "auto", "252"),
        ("3", "1", "25"),
    ],
)
def test_slots_go_round_the_gpus(tmp_path: Path, gpus: None, workers: str, per_gpu: str, found: str) -> None:
    executor = Place("pool", workers, "auto", per_gpu).open(Work(tmp_path, Settings("cuda")), JOBS)
    assert isinstance(executor, PoolExecutor)
    assert "".join(executor._gpus) == found
    assert executor.slots == len(found)


def test_jobs_whose_memory_is_not_known_have_a_gpu_each(
    tmp_path: Path, gpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "peaks", lambda jobs, device: [GIB, None])
    assert Place("pool", "auto", "auto").open(Work(tmp_path, Settings("cuda")), JOBS).slots == 2


def test_on_processors_there_is_a_worker_for_each(tmp_path: Path, gpus: None) -> None:
    work = Work(tmp_path, Settings("cpu"))
    assert Place("pool", "auto", "auto").open(work, JOBS).slots == 16
    assert Place("pool", "3", "auto", "2").open(work, JOBS).slots == 3
    assert isinstance(Place("inline", "auto", "auto").open(work, JOBS), InlineExecutor)


@pytest.mark.parametrize(("workers", "per_gpu", "told"), [("0", "auto", "--workers 0"), ("2", "x", "--jobs-per-gpu x")])
def test_what_is_no_number_is_refused(tmp_path: Path, workers: str, per_gpu: str, told: str) -> None:
    with pytest.raises(UsageError, match=f"^{told}: expected a positive number or auto$"):
        Place("pool", workers, "auto", per_gpu).open(Work(tmp_path, Settings("cpu")), JOBS)
