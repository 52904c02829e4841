"""The passes of a training against torch's counter around the real thing, and what a ticket rests on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.effort import efforts, scoring_of, updates_of
from benchmark.metrics.options import TrainingFlopsOptions
from benchmark.metrics.training_flops import BATCH_NORM, OUTSIDE, count, measure
from benchmark.models import MODELS
from benchmark.networks import Networks, channel_scales, prunable_weights
from benchmark.pruning import CRITERIA
from benchmark.pruning.criterion import Evidence
from benchmark.schema.job import Job
from benchmark.training import Hooks, Loop, new_state
from tests import tiny
from tests.metrics.conftest import make_ticket
from tests.tiny import arm

TASK = """\
format: 1
key: task
title: One training
seeds: 1
experiments:
  one:
    dataset: {{name: {dataset}}}
    model: {{name: {model}}}
    objective: {{name: {objective}}}
    training: {{steps: 1, batch_size: 4, optimizers: {{"*": {{lr: 0.001}}}}}}
claims: {{}}
scales:
  small: {{small: true}}
"""
KINDS = ("conv", "conv_transpose", "linear")


def job_of(model: str, objective: str, *overrides: str, dataset: str = "digits") -> Job:
    text = TASK.format(model=model, objective=objective, dataset=dataset)
    return tiny.planned(text, [f"experiments.one.{override}" for override in overrides]).jobs[0].job


class NoModules:
    """In place of the counter's record of modules, which cannot bear a gradient of a gradient."""

    parents = frozenset({"Global"})

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def torchs_count(run: Callable[[], object]) -> int:
    """What torch counts while something runs, batch norm by our convention."""
    aten = torch.ops.aten
    forward: Any = lambda shape, *_, **__: BATCH_NORM["forward"] * torch.Size(shape).numel()  # noqa: E731
    backward: Any = lambda shape, *_, **__: BATCH_NORM["backward"] * torch.Size(shape).numel()  # noqa: E731
    # torch 2.6 takes a batch norm apart before it looks its formula up
    norms = {aten.native_batch_norm: forward, aten._native_batch_norm_legit: forward}
    counter: Any = FlopCounterMode(display=False, custom_mapping={**norms, aten.native_batch_norm_backward: backward})
    counter.mod_tracker = NoModules()
    with counter:
        run()
    return int(counter.get_total_flops())


def on_the_cpu(job: Job) -> tuple[Workshop, Networks]:
    """The real thing, with initial weights."""
    workshop = Workshop(job)
    networks = workshop.networks()
    networks.load(workshop.initial("init"))
    return workshop, networks


def real_step(job: Job) -> int:
    """torch's count of one step of the real training."""
    workshop, networks = on_the_cpu(job)
    loop = Loop(workshop.objective, job.training, workshop.images("train").pixels, 0, {})
    return torchs_count(partial(loop.run, new_state(networks, job.training), Hooks(ignore, ignore)))


def real_scores(job: Job) -> int:
    """torch's count of the real scores of a mask."""
    workshop, networks = on_the_cpu(job)
    evidence = Evidence(prunable_weights(networks, KINDS, ()), torch.Generator(), workshop.losses(networks))
    assert job.mask.criterion is not None
    score, options = CRITERIA[job.mask.criterion.name].load(), CRITERIA.parse(job.mask.criterion)
    return torchs_count(lambda: score(evidence, options))


def ignore(*_: Any) -> None: ...


def by_us(job: Job) -> int:
    return sum(passes.times * count(passes).total() for passes in updates_of(Workshop(job, "meta")).values())


@pytest.mark.parametrize(
    ("model", "objective", "overrides"),
    [
        ("conv_autoencoder", "autoencoder", []),
        ("linear_autoencoder", "autoencoder", []),
        ("conv_vae", "vae", []),
        ("dcgan", "gan", []),
        ("dcgan", "gan", ["objective.n_dis=2"]),
        ("dcgan", "gan", ["objective.n_dis=2", "objective.loss=wasserstein", "objective.gradient_penalty=10"]),
        ("spectral_dcgan", "gan", ["objective.loss=hinge"]),
        ("biggan", "gan", ["model.base_channels=4"]),
    ],
)
def test_a_step_without_values_counts_as_the_real_one(model: str, objective: str, overrides: list[str]) -> None:
    job = job_of(model, objective, *overrides)
    assert by_us(job) == real_step(job) > 0


@pytest.mark.parametrize("model", list(MODELS))
def test_every_operation_of_every_model_belongs_to_a_layer(model: str) -> None:
    tasks = {
        ("encoder", "decoder"): "vae" if model.endswith("vae") else "autoencoder",
        ("generator", "discriminator"): "gan",
        ("generator",): "moment_matching, activations: {name: vgg19_bn}",
    }
    task = tasks.get(MODELS[model].facts["components"], "cyclegan")
    dataset = "horse2zebra" if task == "cyclegan" else "cifar10"
    for passes in updates_of(Workshop(job_of(model, task, dataset=dataset), "meta")).values():
        layers = count(passes)
        assert layers.total() > layers[OUTSIDE] == 0


def test_more_updates_of_the_discriminator_cost_in_proportion() -> None:
    once, thrice = (updates_of(Workshop(job_of("dcgan", "gan", f"objective.n_dis={n}"), "meta")) for n in (1, 3))
    assert {name: passes.times for name, passes in once.items()} == {"discriminator": 1, "generator": 1}
    assert {name: passes.times for name, passes in thrice.items()} == {"discriminator": 3, "generator": 1}
    assert count(once["discriminator"]) == count(thrice["discriminator"])


def test_the_updates_of_a_small_gan_by_hand() -> None:
    """8x8 images, one hidden layer of 4x4 in both: the generator's update has no gradient of D's weights."""
    job = job_of("dcgan", "gan", "model.base_channels=6", "model.z_dim=3")
    images = 4
    first, last = 2 * images * (3 * 6 * 16), 2 * images * 16 * (6 * 1 * 16)  # generator: input positions
    inner, logit = 2 * images * 16 * (1 * 6 * 16), 2 * images * (6 * 1 * 16)  # discriminator
    norm = images * 6 * 16
    forward, both = BATCH_NORM["forward"] * norm, sum(BATCH_NORM.values()) * norm
    found = {name: count(passes).total() for name, passes in updates_of(Workshop(job, "meta")).items()}
    assert found["discriminator"] == first + last + forward + 2 * (2 * inner + 3 * logit + both)
    assert found["generator"] == 2 * first + 3 * last + both + 2 * inner + 2 * logit + both


def test_a_lineage_has_each_job_once_and_what_the_weights_went_through(finished: Path) -> None:
    plan = tiny.planned()
    results = ResultsDir(finished)
    ticket, parent, dense = arm(plan, "gan_imp", 2).id, arm(plan, "gan_imp", 1).id, arm(plan, "gan").id
    found = {effort.job_id: effort for effort in efforts(results, ticket)}
    assert next(iter(found)) == ticket
    assert {job: (effort.steps, effort.passed) for job, effort in found.items()} == {
        ticket: (8, 8),
        parent: (8, 0),
        dense: (12, 4),
    }
    one, other = found[ticket].updates["generator"], found[dense].updates["generator"]
    assert one is other
    assert int(found[parent].masks()["generator/conv0.weight"].sum()) > 0
    # magnitude looks at weights alone: in this convention it costs nothing
    scores = [count(effort.scoring).total() for effort in found.values() if effort.scoring is not None]
    assert scores == [0, 0]


@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("criterion", ["snip", "grasp"])
def test_scores_count_as_the_real_ones(criterion: str, batches: int) -> None:
    text = TASK.format(model="dcgan", objective="gan", dataset="digits").replace(
        "claims: {}",
        f"""\
  two:
    extends: one
    mask: {{from: init, criterion: {{name: {criterion}, batches: {batches}}}, sparsity: 0.5}}
claims: {{}}""",
    )
    job = arm(tiny.planned(text), "two", 1).job
    assert count(scoring_of(Workshop(job, "meta"))).total() == real_scores(job) > 0


@pytest.mark.parametrize("left", [4, 2])
def test_thin_networks_count_as_networks_built_thin(left: int) -> None:
    whole, thin = (job_of("dcgan", "gan", f"model.base_channels={base}") for base in (4, left))
    scales = channel_scales(Workshop(whole, "meta").networks())
    assert {len(scale) for scale in scales.values()} == {4}
    channels = {name: torch.arange(4) % 4 < left for name in scales}
    updates = updates_of(Workshop(whole, "meta", channels=channels))
    assert {name: count(passes) for name, passes in updates.items()} == {
        name: count(passes) for name, passes in updates_of(Workshop(thin, "meta")).items()
    }


EARLY = """\
  early:
    extends: one
    training: {steps: 12, stop: {when: mask_stable, sparsity: 0.5, unit: step, look_back: 2, threshold: 0.95}}
  bird:
    extends: one
    training: {steps: 12}
    mask: {from: early@0, granularity: channel, criterion: {name: batch_norm_scale}, sparsity: 0.5}
    weights: {from: early@0, optimizer: restored, start_step: end}
    shrink: true
claims: {}"""


def test_an_early_bird_ticket_went_through_the_whole_network_and_then_through_the_thin_one(tmp_path: Path) -> None:
    text = TASK.format(model="dcgan", objective="gan", dataset="digits").replace("claims: {}", EARLY)
    suite = tiny.suite_of(text, ["experiments.one.model.base_channels=4"])
    tiny.run(tmp_path / "results", suite, only=frozenset({"bird"}))
    bird, early = efforts(ResultsDir(tmp_path / "results"), arm(suite.plan, "bird", 1).id)
    assert 0 < early.steps == early.passed < 12
    assert bird.steps == bird.passed == 12 - early.steps
    assert bird.masks() == {}
    assert count(bird.updates["generator"]).total() < count(early.updates["generator"]).total()
    assert early.scoring is None
    assert bird.scoring is not None
    assert count(bird.scoring).total() == 0
    subject = make_ticket(lineage=lambda: (bird, early))
    value = measure(subject, TrainingFlopsOptions(kind="dense", scope="path")).value
    per_step = [sum(p.times * count(p).total() for p in one.updates.values()) for one in (bird, early)]
    assert value == bird.steps * per_step[0] + early.steps * per_step[1]
