"""Channel-pruning tickets and the compression baselines of Chen et al. (2021): each is a stanza of a suite, and trains.

The stage that makes scales small is that of GAN Slimming (Wang et al. 2020) as their code has it, but for the direction
in which its second half moves the generator: here that is the generator's own adversarial loss.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.campaigns import plan_suite
from benchmark.errors import SuiteError
from benchmark.networks import section
from benchmark.pruning.count import kept_at
from benchmark.suites import read_suite
from benchmark.tickets import with_teacher, without_channels
from tests import tiny
from tests.tiny import arm, planned

SUITE = """\
format: 1
key: channels
title: Channel pruning as Chen et al. (2021) compare it, in a few steps
seeds: 1
experiments:
  dense:
    dataset: {name: digits}
    model: {name: sngan, generator_channels: 8, discriminator_channels: 4, z_dim: 4, init: xavier}
    objective: {name: gan, loss: hinge, n_dis: 2, generator_batch: 8, generator_after: 1}
    training:
      steps: 6
      batch_size: 4
      ema: 0.9
      optimizers:
        generator: {lr: 0.0002, betas: [0.0, 0.9]}
        discriminator: {lr: 0.0002, betas: [0.0, 0.9]}
    metrics:
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 80, split: test, weights: ema}
      macs: {name: macs, kind: effective, component: generator}
      parameters: {name: parameters, component: generator}
      zeros: {name: zero_scales, component: generator}
  # the stage: the dense network goes on, its scales shrink, its images stay like those of the dense averages
  slim:
    extends: dense
    objective: {n_dis: 1, generator_batch: null, generator_after: null}
    training:
      steps: 8
      schedule: {name: linear, from: 4}
      optimizers:
        generator: {lr: 0.001, betas: [0.9, 0.999]}
        discriminator: {lr: 0.001, betas: [0.9, 0.999]}
      penalty:
        name: proximal_l1
        weight: 1.6
        components: [generator]
        optimizer: {name: sgd, lr: 0.1, momentum: 0.5}
      teacher:
        from: dense@0
        component: generator
        values: ema
        loss: perceptual
        perception:
          activations: {name: digits_classifier, layers: [silu1, silu2, silu3]}
          content: [silu1]
          difference: absolute
          style: 100.0
    mask: {from: ones}
    weights: {from: dense@0, components: {generator: {from: dense@0, values: ema}}}
    levels: [1]
  # GAN Slimming: the slimmed network goes on without the channels whose scales were smallest
  gan_slimming:
    extends: slim
    training: {penalty: null}
    mask:
      from: slim@1
      criterion: {name: batch_norm_scale}
      granularity: channel
      sparsity: 0.5
      components: [generator]
      prunable: {exclude: [discriminator, generator/block0.body.norm0, generator/norm]}
    weights: {from: slim@1, components: {generator: {from: slim@1, values: raw}}}
    shrink: true
  # the ticket: initial weights of the channels that the stage kept
  ticket:
    extends: dense
    training: {optimizers: {generator: {lr: 0.00015}}}
    mask:
      from: slim@1
      criterion: {name: batch_norm_scale}
      granularity: channel
      sparsity: 0.5
      components: [generator]
      prunable: {exclude: [discriminator, generator/block0.body.norm0, generator/norm]}
    weights: {from: init}
    shrink: true
    levels: [1]
  # channel pruning: the dense network without the channels of its own smallest scales, finetuned
  pruned:
    extends: ticket
    mask: {from: dense@0}
    weights: {from: dense@0}
  # channel pruning as in the authors' cp.py: the stage without a teacher
  pruned_stage:
    extends: slim
    training: {teacher: null}
  pruned_after_stage:
    extends: gan_slimming
    mask: {from: pruned_stage@1}
    weights: {from: pruned_stage@1, components: {generator: {from: pruned_stage@1}}}
  # distillation: half the channels, drawn anew, learn from the dense network
  distilled:
    extends: slim
    model: {generator_channels: 4}
    training: {penalty: null}
    weights: {from: init, components: {generator: {from: init, values: raw}}}
claims: {}
scales: {small: {small: true}}
"""
pytestmark = pytest.mark.slow

PLAN = planned(SUITE)
NORM = "generator/block0.body.norm1.weight"
THIN = ("gan_slimming", "ticket", "pruned", "pruned_after_stage")
FOUND_AT = {"gan_slimming": "slim", "ticket": "slim", "pruned": "dense", "pruned_after_stage": "pruned_stage"}
Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the suite."""
    folder = tmp_path_factory.mktemp("channels") / "results"
    ends = tiny.run(folder, tiny.suite_of(SUITE))
    assert set(ends.values()) == {"done"}, ends
    return folder


def level(name: str) -> int:
    return 0 if name == "dense" else 1


def run_of(folder: Path, name: str) -> RunDir:
    return ResultsDir(folder).run(arm(PLAN, name, level(name)).id)


def weights(folder: Path, name: str, kind: str = "raw") -> Tensors:
    run = run_of(folder, name)
    return section(run.read_tensors(run.WEIGHTS), kind)


def value(folder: Path, name: str, metric: str) -> float:
    run = run_of(folder, name)
    request = next(request for request in run.read_job().metrics if request.name == metric)
    measured = run.read_measurement(request)
    assert measured is not None
    return measured.value


def source_of(folder: Path, name: str) -> Tensors:
    """The whole weights that a variant is said to begin with."""
    if name in ("ticket", "distilled"):
        return Workshop(arm(PLAN, name, 1).job).initial("init")
    averaged = section(weights(folder, "dense", "ema"), "generator")
    if name in ("slim", "pruned_stage"):
        return weights(folder, "dense") | {f"generator/{key}": tensor for key, tensor in averaged.items()}
    return weights(folder, {**FOUND_AT, "pruned": "dense"}[name])


@pytest.mark.parametrize("name", [*THIN, "slim", "pruned_stage", "distilled"])
def test_every_variant_starts_from_the_weights_that_it_names_without_the_channels_removed(
    folder: Path, name: str
) -> None:
    run = run_of(folder, name)
    start, whole = section(run.read_tensors(run.START), "raw"), source_of(folder, name)
    if name in THIN:
        masks = run.read_tensors(run.MASK)
        raw = {f"raw/{key}": tensor for key, tensor in whole.items()}
        whole = section(without_channels(Workshop(run.read_job().job), masks, raw), "raw")
    assert start.keys() == whole.keys()
    assert all(torch.equal(tensor, whole[key]) for key, tensor in start.items())


def channel_scales_of(folder: Path, name: str) -> Tensors:
    return {key: one for key, one in weights(folder, name).items() if "norm" in key and key.endswith("weight")}


@pytest.mark.parametrize("name", THIN)
def test_the_channels_of_the_smallest_scales_are_gone(folder: Path, name: str) -> None:
    run = run_of(folder, name)
    masks, scales = run.read_tensors(run.MASK), weights(folder, FOUND_AT[name])[NORM].abs()
    assert masks.keys() == {NORM}
    mask = masks[NORM]
    assert int(mask.sum()) == kept_at(len(mask), 0.5) == 4
    assert scales[mask].min() >= scales[~mask].max()
    assert len(weights(folder, name)[NORM]) == 4


def test_the_stage_alone_makes_scales_exactly_zero_and_those_are_what_is_removed(folder: Path) -> None:
    zeros = {name: int((weights(folder, name)[NORM] == 0).sum()) for name in ("dense", "slim", "pruned_stage")}
    for name in zeros:
        counted = sum(int((scale == 0).sum()) for scale in channel_scales_of(folder, name).values())
        assert value(folder, name, "zeros") == counted / (3 * 8)  # three norms of eight channels
    assert zeros["dense"] == 0
    assert zeros["slim"] >= 4  # a share by rank removes them first
    assert zeros["pruned_stage"] >= 4
    for name in ("gan_slimming", "ticket"):
        run = run_of(folder, name)
        assert not weights(folder, "slim")[NORM][~run.read_tensors(run.MASK)[NORM]].any()
    others = weights(folder, "slim")
    assert all(bool(tensor.all()) for key, tensor in others.items() if "discriminator" in key and tensor.ndim > 1)


def test_the_ticket_and_the_slimmed_network_share_their_mask_and_nothing_of_their_weights(folder: Path) -> None:
    slimmed, ticket = (run_of(folder, name) for name in ("gan_slimming", "ticket"))
    assert slimmed.files.read(slimmed.MASK) == ticket.files.read(ticket.MASK)
    one, other = (section(run.read_tensors(run.START), "raw/generator") for run in (slimmed, ticket))
    assert not any(torch.equal(one[key], other[key]) for key in one if key.endswith("conv0.weight"))


def test_the_teacher_is_the_moving_average_of_the_dense_generator(folder: Path) -> None:
    for name in ("slim", "gan_slimming", "distilled"):
        job = arm(PLAN, name, 1).job
        assert job.training.teacher is not None
        assert job.training.teacher.source == arm(PLAN, "dense").id
        teachers = with_teacher(Workshop(job), ResultsDir(folder)).teacher
        assert teachers is not None
        found, averaged = teachers["generator"].state_dict(), section(weights(folder, "dense", "ema"), "generator")
        assert all(torch.equal(found[key], tensor) for key, tensor in averaged.items())
        assert not torch.equal(found["conv.weight"], weights(folder, "dense")["generator/conv.weight"])
    assert arm(PLAN, "pruned_stage", 1).job.training.teacher is None


def test_costs_are_those_of_what_is_left(folder: Path) -> None:
    dense = {metric: value(folder, "dense", metric) for metric in ("macs", "parameters")}
    convolutions = 8 * 8 * 9 * 8 * 8  # two of 3x3 at 8x8, which the channels removed stand between
    for name in THIN:
        assert dense["macs"] - value(folder, name, "macs") == convolutions  # half of each
        assert dense["parameters"] - value(folder, name, "parameters") == 2 * (4 * 8 * 9) + 4 + 2 * 4
        assert value(folder, name, "fid") > 0
    assert value(folder, "slim", "macs") == dense["macs"]
    assert value(folder, "distilled", "macs") < value(folder, "ticket", "macs")


def test_what_learns_ends_nearer_to_its_teacher(folder: Path) -> None:
    latents = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    images = {}
    for name, kind in (("dense", "ema"), ("slim", "raw"), ("pruned_stage", "raw")):
        networks = Workshop(arm(PLAN, name, level(name)).job).networks()
        networks.load(weights(folder, name) | weights(folder, name, kind))
        networks.train(False)
        with torch.no_grad():
            images[name] = networks["generator"](latents)
    apart = {name: float((images[name] - images["dense"]).square().mean()) for name in ("slim", "pruned_stage")}
    assert 0 < apart["slim"] < apart["pruned_stage"]


def faults(*overrides: str) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        plan_suite(read_suite(SUITE, "channels.yaml", "small", overrides))
    return caught.value.problems


TEACHER = "experiments.slim.training.teacher"


@pytest.mark.parametrize(
    ("override", "where", "message"),
    [
        (f"{TEACHER}.loss=kl", TEACHER, "'perception' says how a 'perceptual' loss is computed"),
        (f"{TEACHER}.component=discriminator", f"{TEACHER}.component", "no component 'discriminator' of 'gan' can"),
        (f"{TEACHER}.perception.content=[silu4]", f"{TEACHER}.perception.content", "'silu4' is none of the layers"),
        (f"{TEACHER}.perception.activations.name=vgg", f"{TEACHER}.perception.activations.name", "unknown name"),
        (f"{TEACHER}.perception.enlarge=32", f"{TEACHER}.perception.activations", "1x8x8 or 1x16x16, not 1x32x32"),
        ("experiments.dense.training.ema=null", f"{TEACHER}.values", "'dense@0' keeps no moving averages"),
        (
            "experiments.dense.training.ema=null",
            "experiments.slim.weights.components.generator.values",
            "'dense@0' keeps no moving averages",
        ),
        ("experiments.distilled.model.z_dim=5", "experiments.distilled.training.teacher.from", "latents of another"),
        (
            "experiments.ticket.mask.prunable.exclude=[discriminator]",
            "experiments.ticket.shrink",
            "{exclude: [generator/block0.body.norm0, generator/norm]}",
        ),
    ],
)
def test_what_does_not_fit_is_told_by_key(override: str, where: str, message: str) -> None:
    told = faults("experiments.dense.metrics={}", override)
    assert any(f"{where}: " in line and message in line for line in told), told
