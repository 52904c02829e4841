"""What a job is made of, counted without running it, against what real trainings and their files are made of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.effort import updates_of
from benchmark.forecast import dissection
from benchmark.forecast.anatomy import Anatomies
from benchmark.forecast.dissection import dissect
from benchmark.forecast.kinds import recipe_of
from benchmark.metrics.training_flops import count
from benchmark.schema.anatomy import Anatomy
from benchmark.schema.job import Job
from benchmark.training import Hooks, Loop, new_state
from tests import tiny
from tests.test_effort import job_of
from tests.tiny import arm

PLAN = tiny.planned()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def trained_for_a_step(job: Job) -> dict[str, torch.Tensor]:
    workshop = Workshop(job)
    networks = workshop.networks()
    networks.load(workshop.initial("init"))
    state = new_state(networks, job.training)
    images = workshop.images("train")
    Loop(workshop.objective, job.training, images.pixels, 0, {}, images.labels).run(
        state, Hooks(lambda *_: None, lambda *_: None)
    )
    return state.tensors()


def bytes_of(tensors: dict[str, torch.Tensor], *kinds: str) -> int:
    return sum(one.numel() * one.element_size() for name, one in tensors.items() if name.startswith(kinds))


@pytest.mark.parametrize(
    ("model", "objective", "overrides"),
    [
        ("dcgan", "gan", ["training.ema=0.9"]),
        ("dcgan", "gan", ["training.optimizers={'*': {name: sgd, lr: 0.1, momentum: 0.5}}"]),
        ("dcgan", "gan", ["training.optimizers={'*': {name: sgd, lr: 0.1}}"]),
        ("conv_autoencoder", "autoencoder", []),
        ("dcgan", "gan", ["training.scores={kept: 0.5, components: [generator]}"]),
    ],
)
def test_bytes_are_those_of_a_real_state(model: str, objective: str, overrides: list[str]) -> None:
    job = job_of(model, objective, *overrides)
    made_of, real = dissect(recipe_of(job)), trained_for_a_step(job)
    counters = sum(one.element_size() for name, one in real.items() if name.endswith("/step"))
    assert made_of.raw == bytes_of(real, "raw/")
    assert made_of.averages == bytes_of(real, "ema/")
    assert made_of.scores == bytes_of(real, "scores/")
    assert made_of.moments == bytes_of(real, "optimizer/") - counters
    assert made_of.trained == made_of.raw + made_of.averages + made_of.scores
    assert made_of.state == bytes_of(real, "") - counters
    assert made_of.images == 1297 * 64


def test_operations_are_those_of_all_updates_of_a_step() -> None:
    job = job_of("dcgan", "gan", "objective.n_dis=2")
    updates = updates_of(Workshop(job, "meta"))
    by_hand = 2 * count(updates["discriminator"]).total() + count(updates["generator"]).total()
    assert dissect(recipe_of(job)).flops == by_hand > 0


def test_what_a_linear_pass_keeps_by_hand() -> None:
    """Twice the images, twice what is kept of them for the backward pass; half of it in half precision."""
    sizes = [
        dissect(recipe_of(job_of("linear_autoencoder", "autoencoder", f"training.batch_size={n}"))).passes
        for n in (8, 16)
    ]
    assert sizes[1] == 2 * sizes[0] > 8 * 64 * 4
    half = job_of("linear_autoencoder", "autoencoder", "training.batch_size=8", "training.precision=bfloat16")
    assert dissect(recipe_of(half)).passes == sizes[0] // 2


def test_a_teacher_adds_its_passes_and_scores_add_themselves() -> None:
    job = arm(PLAN, "gan").job
    text = tiny.SUITE.replace(
        "  auto:\n",
        """\
  taught:
    extends: gan
    mask: {from: ones}
    training: {teacher: {from: gan@0, component: discriminator}}
  auto:
""",
        1,
    )
    taught = arm(tiny.planned(text), "taught", 1).job
    assert taught.training.teacher is not None
    assert dissect(recipe_of(taught)).flops > dissect(recipe_of(job)).flops


def test_masks_are_as_large_as_in_a_finished_job(finished: Path) -> None:
    planned = arm(PLAN, "gan_imp", 2)
    masks = ResultsDir(finished).run(planned.id).read_tensors("mask.safetensors")
    assert dissect(recipe_of(planned.job)).masks == sum(mask.numel() for mask in masks.values())


def test_a_kind_is_counted_once_and_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Job] = []

    def noted(job: Job) -> Anatomy:
        counted.append(job)
        return dissect(job)

    monkeypatch.setattr(dissection, "dissect", noted)
    jobs = [planned.job for planned in PLAN.jobs]
    first = Anatomies(jobs)
    assert len(counted) == 2
    again = Anatomies(jobs)
    assert len(counted) == 2
    assert [first.of(job) for job in jobs] == [again.of(job) for job in jobs]
    shrunken = jobs[0].model_copy(update={"shrink": True})
    assert first.of(shrunken) == first.of(jobs[0]) is not None
    assert Anatomies([]).of(jobs[0]) is None
    averaged = jobs[0].model_copy(update={"training": jobs[0].training.model_copy(update={"ema": 0.9})})
    assert Anatomies([averaged]).of(averaged) != first.of(jobs[0])
    assert len(json.loads((cache / "anatomy.json").read_text())) == 3


@pytest.mark.parametrize("text", ["", "[]", '{"one": 1}', '{"one": {"flops": 1}}'])
def test_a_damaged_memory_is_counted_again(cache: Path, text: str) -> None:
    cache.mkdir()
    (cache / "anatomy.json").write_text(text)
    job = arm(PLAN, "auto").job
    assert Anatomies([job]).of(job) == dissect(recipe_of(job))
