"""CycleGAN slimmed in the manner of Chen et al. (2021): both generators, by the scales of their instance norms."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.effort import efforts
from benchmark.forecast.throughput import step_seconds
from benchmark.metrics.training_flops import count
from benchmark.networks import section
from benchmark.pruning.count import kept_at
from benchmark.tickets import with_teacher, without_channels
from tests import tiny
from tests.tiny import arm, planned

pytestmark = pytest.mark.slow

SUITE = """\
format: 1
key: translators
title: A slimmed CycleGAN in a few steps
seeds: 1
experiments:
  dense:
    dataset: {name: digit_styles, image_size: 8}
    model: {name: cyclegan, base_channels: 2, blocks: 1}
    objective: {name: cyclegan, replay: 4}
    training: {steps: 3, batch_size: 2, optimizers: {"*": {lr: 0.002, betas: [0.5, 0.999]}}}
    metrics:
      fid_ab: {name: fid, direction: ab, extractor: {name: digits_classifier}, generated: 80, split: test}
      macs_ab: {name: macs, kind: effective, component: generator_ab}
      macs_ba: {name: macs, kind: effective, component: generator_ba}
  slim:
    extends: dense
    objective: {cycle: 0.0, identity: 0.0}
    training:
      steps: 4
      penalty:
        name: proximal_l1
        weight: 2.6
        components: [generator_ab, generator_ba]
        optimizer: {name: sgd, lr: 0.1, momentum: 0.5}
      teacher:
        from: dense@0
        component: [generator_ab, generator_ba]
        loss: perceptual
        objective: 0.001
        perception:
          activations: {name: digits_classifier, layers: [silu1, silu2]}
          content: [silu1]
          style: 100.0
    mask: {from: ones}
    weights: {from: dense@0}
    levels: [1]
  slimmed:
    extends: slim
    training: {penalty: null}
    mask:
      from: slim@1
      criterion: {name: batch_norm_scale}
      granularity: channel
      pool: component
      sparsity: 0.4
      components: [generator_ab, generator_ba]
      prunable: {exclude: [discriminator_a, discriminator_b]}
    weights: {from: slim@1}
    shrink: true
  ticket:
    extends: slimmed
    objective: {cycle: 10.0, identity: 5.0}
    training: {teacher: null}
    weights: {from: init}
claims: {}
scales: {small: {small: true}}
"""
PLAN = planned(SUITE)
GENERATORS = ("generator_ab", "generator_ba")
CHANNELS = 2 + 4 + 8 + 4 + 2  # norm0, norm1, the block's first, norm3, norm4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translators") / "results"
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    return folder


def run_of(folder: Path, name: str) -> RunDir:
    return ResultsDir(folder).run(arm(PLAN, name, int(name != "dense")).id)


def value(run: RunDir, metric: str) -> float:
    request = next(request for request in run.read_job().metrics if request.name == metric)
    measured = run.read_measurement(request)
    assert measured is not None
    return measured.value


@pytest.mark.parametrize("generator", GENERATORS)
def test_each_generator_loses_the_channels_of_its_smallest_scales(folder: Path, generator: str) -> None:
    run, stage = run_of(folder, "slimmed"), run_of(folder, "slim")
    masks = section(run.read_tensors(run.MASK), generator)
    scales = section(stage.read_tensors(stage.WEIGHTS), f"raw/{generator}")
    assert sum(mask.numel() for mask in masks.values()) == CHANNELS
    assert sum(int(mask.sum()) for mask in masks.values()) == kept_at(CHANNELS, 0.4)
    lost = torch.cat([scales[name][~mask].abs() for name, mask in masks.items()])
    first = {name: int(scales[name].abs().argmax()) for name in masks}  # what every layer keeps
    kept = [float(scales[n][k].abs()) for n, m in masks.items() for k in m.nonzero().flatten() if int(k) != first[n]]
    assert float(lost.max()) <= min(kept)
    direction = generator.removeprefix("generator")
    assert value(run, f"macs{direction}") < value(run_of(folder, "dense"), f"macs{direction}")


def test_the_stage_makes_scales_of_the_generators_alone_zero(folder: Path) -> None:
    run = run_of(folder, "slim")
    end = section(run.read_tensors(run.WEIGHTS), "raw")
    zeros = {name for name, tensor in end.items() if "norm" in name and name.endswith("weight") and (tensor == 0).any()}
    assert zeros
    assert all(name.startswith(GENERATORS) for name in zeros)


@pytest.mark.parametrize(("name", "source"), [("slimmed", "slim"), ("ticket", "init")])
def test_what_is_left_of_the_stage_or_of_initialization_is_what_they_start_from(
    folder: Path, name: str, source: str
) -> None:
    run = run_of(folder, name)
    workshop, masks = Workshop(run.read_job().job), run.read_tensors(run.MASK)
    stage = run_of(folder, "slim")
    whole = workshop.initial("init") if source == "init" else section(stage.read_tensors(stage.WEIGHTS), "raw")
    wanted = section(without_channels(workshop, masks, {f"raw/{key}": one for key, one in whole.items()}), "raw")
    start = section(run.read_tensors(run.START), "raw")
    assert start.keys() == wanted.keys()
    assert all(torch.equal(tensor, wanted[key]) for key, tensor in start.items())
    assert value(run, "fid_ab") > 0


def test_both_teachers_are_the_dense_generators(folder: Path) -> None:
    teachers = with_teacher(Workshop(arm(PLAN, "slim", 1).job), ResultsDir(folder)).teacher
    assert teachers is not None
    assert list(teachers) == list(GENERATORS)
    end = section(run_of(folder, "dense").read_tensors(RunDir.WEIGHTS), "raw")
    for name, teacher in teachers.items():
        assert all(torch.equal(tensor, end[f"{name}/{key}"]) for key, tensor in teacher.state_dict().items())


def test_passes_of_teachers_and_of_what_compares_their_images_count(folder: Path) -> None:
    taught = efforts(ResultsDir(folder), arm(PLAN, "slim", 1).id)[0]
    layers = count(taught.updates["generators"])
    images, (convolution, transposed) = 2, (8 * 8 * 2 * 1 * 49, 8 * 8 * 9 * 4 * 2)
    # one pass of each teacher over its domain's images; a transposed convolution is counted by its inputs' positions
    assert layers["teacher/generator_ab.conv0"] == 2 * images * convolution
    assert layers["teacher/generator_ba.conv4"] == 2 * images * transposed // 4
    # a pass with the images of the pupil, its gradient of the inputs alone, and a pass with those of the teacher
    first = 2 * images * 16 * 16 * 16 * 9
    assert layers["perception/features.0"] == 2 * (first + first + first)
    assert not any(name.startswith(("teacher", "perception")) for name in count(taught.updates["discriminator_a"]))


def test_a_slimming_stage_is_timed_without_anything_that_was_trained() -> None:
    assert step_seconds(arm(PLAN, "slim", 1).job, "cpu", 0.01) > 0
