"""The three stages of a job, each alone: what it reads, what it writes, and what it refuses."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmark import training
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.bench import Bench
from benchmark.errors import RunError
from benchmark.metrics.subject import Subject, Value
from benchmark.networks import section
from benchmark.schema.measurement import Progress
from benchmark.schema.protocol import Protocol
from benchmark.schema.settings import Settings
from benchmark.stages import STAGES, make_mask, measure, train
from tests import tiny

PLAN = tiny.planned()
DENSE, WINNER = tiny.arm(PLAN, "gan"), tiny.arm(PLAN, "gan_imp", 1)


def bench(folder: Path, job: str, told: list[Progress] | None = None) -> Bench:
    planned = PLAN.job(job)
    results = ResultsDir(folder)
    results.run(job).write_job(planned)
    return Bench(planned, results, Settings(checkpoint_seconds=0.0), (told if told is not None else []).append)


def files(run: RunDir) -> set[str]:
    return set(run.files.names())


def test_the_stages_have_an_order() -> None:
    assert list(STAGES) == ["mask", "train", "measure"]


def test_each_stage_writes_its_own_files(tmp_path: Path) -> None:
    work = bench(tmp_path, DENSE.id)
    make_mask(work)
    assert files(work.run) == {"job.json", "mask.safetensors", "start.safetensors"}
    before = files(work.run)
    train(work)
    assert files(work.run) - before == {
        "checkpoint/state.safetensors",
        "weights.safetensors",
        "snapshots/00000004.safetensors",
        "train.jsonl",
        "environment.json",
        "timings/train.json",
    }
    before = files(work.run)
    measure(work)
    new = {name.partition("/")[0] for name in files(work.run) - before}
    assert new == {"audit.json", "measurements", "statistics", "samples", "timings"}


@pytest.mark.parametrize("stage", [make_mask, train, measure])
def test_a_stage_may_be_run_again(results: Path, finished: Path, stage: Callable[[Bench], None]) -> None:
    work = bench(results, WINNER.id)
    stage(work)
    work.run.discard_checkpoint()  # as measuring does in the end
    assert tiny.contents(results) == tiny.contents(finished)


def test_the_dense_mask_is_all_ones_over_every_prunable_weight(finished: Path) -> None:
    run = ResultsDir(finished).run(DENSE.id)
    masks = run.read_tensors(run.MASK)
    assert all(mask.dtype == torch.bool and bool(mask.all()) for mask in masks.values())
    assert masks.keys() == {
        name for name in section(run.read_tensors(run.START), "raw") if "conv" in name and "weight" in name
    }


def test_weights_hold_networks_but_no_optimizer_and_snapshots_hold_both(finished: Path) -> None:
    run = ResultsDir(finished).run(DENSE.id)
    assert {name.partition("/")[0] for name in run.read_tensors(run.WEIGHTS)} == {"raw"}
    assert {name.partition("/")[0] for name in run.read_tensors(run.snapshot(4))} == {"raw", "optimizer"}


def test_the_log_has_a_line_for_the_end_without_times(finished: Path) -> None:
    lines = [json.loads(line) for line in ResultsDir(finished).run(DENSE.id).log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [12]
    assert lines[0].keys() == {"step", "loss"}
    assert lines[0]["loss"].keys() == {"discriminator", "generator"}


def test_progress_is_told_at_every_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 5)
    told: list[Progress] = []
    work = bench(tmp_path, DENSE.id, told)
    make_mask(work)
    train(work)
    assert [(progress.step, progress.steps) for progress in told] == [(5, 12), (10, 12), (12, 12)]
    note = work.run.read_note(work.run.CHECKPOINT)
    assert isinstance(note, dict)
    assert note["step"] == 11
    measure(work)
    assert not (work.run.path / work.run.CHECKPOINT).exists()


def test_sample_grids_are_pictures_of_what_the_networks_make(finished: Path) -> None:
    run = ResultsDir(finished).run(DENSE.id)
    for name in ("real", "samples"):
        with Image.open(io.BytesIO(run.files.read(run.sample_grid(name)))) as picture:
            assert picture.mode == "L"
            assert min(picture.size) >= 64


def test_a_measurement_that_is_no_number_is_refused(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(subject: Subject, options: object) -> Value:
        return Value(float("nan"), Protocol(metric="fid"))

    monkeypatch.setattr("benchmark.metrics.fid.measure", nothing)
    work = bench(results, DENSE.id)
    request = next(request for request in DENSE.metrics if request.name == "fid")
    work.run.files.remove(f"measurements/{request.key}.json")
    with pytest.raises(RunError, match=r"metric fid of dcgan-dense-s0-\w+ is nan, not a finite number"):
        measure(work)
    assert not work.run.has_measurement(request)


def test_a_job_whose_inputs_are_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"snapshots/00000004\.safetensors: missing"):
        make_mask(bench(tmp_path, WINNER.id))


def test_initial_weights_of_a_component_do_not_depend_on_the_others() -> None:
    workshop = Workshop(DENSE.job)
    initial, fresh = workshop.initial("init"), workshop.initial("reinit")
    assert all(torch.equal(tensor, initial[name]) for name, tensor in workshop.initial("init").items())
    weights = [name for name in initial if name.endswith(".weight")]
    assert not any(torch.equal(initial[name], fresh[name]) for name in weights)
    wider = DENSE.job.model.model_copy(update={"options": {**DENSE.job.model.options, "z_dim": 7}})
    other = Workshop(DENSE.job.model_copy(update={"model": wider})).initial("init")
    discriminator = [name for name in weights if name.startswith("discriminator/")]
    assert discriminator
    assert all(torch.equal(other[name], initial[name]) for name in discriminator)
