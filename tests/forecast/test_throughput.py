"""A job's speed is measured without its data, and kept where estimates look for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.environment import cpu_name
from benchmark.forecast import throughput
from benchmark.forecast.speeds import Speed, read_speeds
from benchmark.forecast.throughput import measure, step_seconds
from benchmark.schema.job import Job
from benchmark.schema.suite import MaskStable
from tests import tiny
from tests.tiny import arm

PLAN = tiny.planned()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))


def test_each_kind_is_measured_once_and_kept() -> None:
    told: list[str] = []
    jobs = [planned.job for planned in PLAN.jobs]
    measure(jobs, "cpu", told.append, seconds=0.01)
    assert len(told) == 2
    assert told[0].startswith("dcgan, gan, 8 images of digits: ")
    assert told[0].endswith(f" ms a step on {cpu_name()}")
    speeds = read_speeds(cpu_name())
    for job in jobs:
        found = speeds.of(job)
        assert found is not None
        assert 0 < found.seconds < 5


def test_a_kind_that_the_memory_does_not_hold_is_told_in_a_line_and_the_others_are_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(job: Job, device: str, seconds: float) -> float:
        if job.model.name == "dcgan":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has some left.")
        return 0.5

    monkeypatch.setattr(throughput, "step_seconds", full)
    told: list[str] = []
    measure([planned.job for planned in PLAN.jobs], "cpu", told.append)
    kept = f"500.0 ms a step on {cpu_name()}"
    assert told == [
        f"dcgan, gan, 8 images of digits: not timed, {cpu_name()} has not enough free memory for it",
        f"conv_autoencoder, autoencoder, 8 images of digits: {kept}",
    ]
    speeds = read_speeds(cpu_name())
    assert speeds.of(arm(PLAN, "gan").job) is None
    assert speeds.of(arm(PLAN, "auto").job) == Speed(0.5)


def test_no_data_are_needed_and_nothing_stops_or_diverges() -> None:
    job = arm(tiny.planned(tiny.DIVERGING), "gan").job
    photographs = arm(tiny.planned(overrides=["experiments.auto.dataset={name: cifar10, image_size: 8}"]), "auto").job
    assert step_seconds(photographs, "cpu", 0.05) > 0
    stop = MaskStable(when="mask_stable", sparsity=0.5, unit="step", look_back=2, threshold=0.9)
    restless = job.model_copy(update={"training": job.training.model_copy(update={"stop": stop})})
    assert step_seconds(restless, "cpu", 0.05) > 0


def test_more_work_takes_longer() -> None:
    job = arm(PLAN, "gan").job
    heavy = job.model_copy(
        update={
            "training": job.training.model_copy(update={"batch_size": 256}),
            "model": job.model.model_copy(update={"options": job.model.options | {"base_channels": 64}}),
        }
    )
    assert step_seconds(heavy, "cpu", 0.2) > 3 * step_seconds(job, "cpu", 0.2)
