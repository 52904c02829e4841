"""Speeds are kept by kind of job and by device, and a damaged memory is no failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.environment import cpu_name
from benchmark.forecast.speeds import Speed, Speeds, device_name, keep, read_speeds, remember, whole
from benchmark.schema.job import Job
from benchmark.schema.training import Penalty
from tests import tiny
from tests.tiny import arm

PLAN = tiny.planned()
GAN = arm(PLAN, "gan").job


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kind(job: Job, device: str = "here") -> str:
    return Speeds(device, {}).kind(job)


def changed(job: Job, training: dict[str, object] | None = None, **fields: object) -> Job:
    return job.model_copy(update={"training": job.training.model_copy(update=training or {}), **fields})


def test_levels_seeds_lengths_and_learning_rates_are_of_one_kind() -> None:
    faster = {name: one.model_copy(update={"lr": 0.1}) for name, one in GAN.training.optimizers.items()}
    others = [arm(PLAN, "gan_imp", 2).job, arm(PLAN, "gan_random", 2).job]
    others += [changed(GAN, {"steps": 99}, seed=7), changed(GAN, {"optimizers": faster})]
    assert {kind(job) for job in others} == {kind(GAN)}


def test_what_changes_the_speed_changes_the_kind() -> None:
    penalized = changed(GAN, {"penalty": Penalty(name="batch_norm_l1", weight=1e-4)})
    sgd = {name: one.model_copy(update={"name": "sgd"}) for name, one in GAN.training.optimizers.items()}
    others = [
        arm(PLAN, "auto").job,
        changed(GAN, {"batch_size": 9}),
        changed(GAN, {"precision": "bfloat16"}),
        penalized,
        changed(GAN, {"optimizers": sgd}),
        changed(GAN, shrink=True),
    ]
    assert len({kind(GAN), kind(GAN, "there"), *map(kind, others)}) == 8


def test_a_shrunken_network_is_taken_to_be_as_slow_as_the_whole_until_it_was_seen() -> None:
    half = changed(GAN, shrink=True, mask=GAN.mask.model_copy(update={"sparsity": 0.5}))
    most = changed(GAN, shrink=True, mask=GAN.mask.model_copy(update={"sparsity": 0.9}))
    assert whole(half) == changed(half, shrink=False)
    speeds = Speeds("here", {kind(GAN): 2.0, kind(half): 1.0})
    assert [speeds.of(job) for job in (GAN, half, most)] == [Speed(2.0), Speed(1.0), Speed(2.0, at_most=True)]
    assert speeds.of(arm(PLAN, "auto").job) is None


def test_a_run_is_remembered_by_the_device_it_was_on(finished: Path, cache: Path) -> None:
    results = ResultsDir(finished)
    remember(results, results.outcomes(PLAN))
    assert len(json.loads((cache / "speeds.json").read_text())) == 2  # one kind of gan, one of autoencoder
    here, elsewhere = read_speeds(device_name("cpu")), read_speeds("another processor")
    assert here.device == cpu_name()
    for job in (GAN, arm(PLAN, "gan_imp", 2).job, arm(PLAN, "auto").job):
        found = here.of(job)
        assert found is not None
        assert 0 < found.seconds < 10
        assert elsewhere.of(job) is None


def test_a_gpus_speeds_are_its_own(results: Path) -> None:
    run = ResultsDir(results).run(arm(PLAN, "gan").id)
    machine = run.read_document("environment.json")
    assert isinstance(machine, dict)
    run.write_document("environment.json", machine | {"device": "cuda", "gpu": "H200"})
    remember(ResultsDir(results), {run.id: "done"})
    assert read_speeds("H200").of(GAN) is not None
    assert read_speeds(cpu_name()).of(GAN) is None


def test_what_is_kept_is_added_to_what_is_known() -> None:
    keep({"one": 1.0, "two": 2.0})
    keep({"two": 3.0})
    assert read_speeds("here").known == {"one": 1.0, "two": 3.0}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": null}', '{"a": "fast"}', '{"a": [1]}'])
def test_a_damaged_memory_is_forgotten(cache: Path, text: str) -> None:
    cache.mkdir()
    (cache / "speeds.json").write_text(text)
    assert read_speeds("here").known == {}


def test_a_memory_that_cannot_be_written_or_a_lost_timing_is_no_failure(cache: Path, results: Path) -> None:
    cache.write_text("a file where the folder should be")
    remember(ResultsDir(results), ResultsDir(results).outcomes(PLAN))
    assert cache.read_text() == "a file where the folder should be"
    cache.unlink()
    (results / "runs" / arm(PLAN, "gan").id / "timings" / "train.json").write_text("{}")
    remember(ResultsDir(results), ResultsDir(results).outcomes(PLAN))
    assert cache.is_dir()
