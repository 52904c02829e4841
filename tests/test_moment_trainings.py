"""Moment matching from a suite to its measurements: planned, trained, resumed, and told where it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark.activations import moments
from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.effort import updates_of
from benchmark.errors import MissingAssetError, SuiteError
from benchmark.forecast.throughput import step_seconds
from benchmark.identity import job_id
from benchmark.metrics.training_flops import count
from benchmark.needs import assets_of, check_assets
from benchmark.networks import section
from benchmark.training import Hooks, Loop, new_state
from tests import tiny
from tests.test_effort import torchs_count
from tests.tiny import arm, planned

SUITE = """\
format: 1
key: matching
title: A generator without opponent, in a blink
seeds: 1
experiments:
  dense:
    dataset: {name: digits, image_size: 8}
    model: {name: gfmn, base_channels: 4, z_dim: 4}
    objective:
      name: moment_matching
      activations: {name: digits_classifier, layers: [silu3, silu4]}
      average_lr: 0.01
      average_period: 6
    training:
      steps: 8
      batch_size: 8
      optimizers: {"*": {lr: 0.002, betas: [0.5, 0.999]}}
      schedule: {name: cosine, period: 6}
    metrics:
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 80, split: test}
      loss: {name: logged_loss, update: generator}
      flops: {name: training_flops, kind: dense, scope: job}
  imp:
    extends: dense
    mask: {from: self@previous, fraction: 0.2}
    weights: {from: self@0, at: 3, start_step: 3, optimizer: restored}
    levels: {first: 0, last: 1}
  snip:
    extends: dense
    mask: {from: init, fraction: 0.2, criterion: {name: snip}}
    levels: [1]
claims: {}
scales: {small: {small: true}}
"""
PLAN = planned(SUITE)
DENSE = arm(PLAN, "dense")
PARTS = ("average", "first", "second", "step")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("matching") / "results"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TICKETBENCH_CACHE", str(folder.parent / "cache"))
        assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    return folder


def test_all_jobs_share_one_file_of_real_moments(folder: Path) -> None:
    assert len(list(folder.parent.glob("cache/moments/*.safetensors"))) == 1


def test_everything_is_measured(folder: Path) -> None:
    run = ResultsDir(folder).run(DENSE.id)
    found = {request.name: measurement for request in DENSE.metrics if (measurement := run.read_measurement(request))}
    assert found.keys() == {"fid", "loss", "flops"}
    assert found["fid"].value > 0


def test_the_frozen_network_is_counted_as_one_more_component() -> None:
    passes = updates_of(Workshop(DENSE.job, "meta"))["generator"]
    layers = count(passes)
    assert {name.partition("/")[0] for name in layers} == {"generator", "activations"}
    assert layers.total() == torchs_count(passes.run)


def test_a_rewound_ticket_takes_the_averages_along(folder: Path) -> None:
    results, ticket = ResultsDir(folder), arm(PLAN, "imp", 1)
    start = section(results.run(ticket.id).read_tensors(results.run(ticket.id).START), "memory")
    dense = results.run(DENSE.id)
    assert start.keys() == {f"{name}/{part}" for name in ("mean", "variance") for part in PARTS}
    kept = section(dense.read_tensors(dense.snapshot(3)), "memory")
    assert all(torch.equal(kept[name], tensor) for name, tensor in start.items())
    assert start["mean/step"] == 3


def test_a_resumed_training_ends_as_one_that_never_stopped() -> None:
    """Byte for byte: the averages, their Adam and their count are in the state."""
    workshop, steps = Workshop(DENSE.job), DENSE.job.training.steps
    masks = {name: one.new_ones(one.shape).bool() for name, one in workshop.networks().named_parameters()}

    def run(begun: int, given: dict[str, Tensor] | None, stops: frozenset[int]) -> dict[int, dict[str, Tensor]]:
        networks = workshop.networks()
        networks.load(workshop.initial("init"))
        state, seen = new_state(networks, DENSE.job.training, begun), dict[int, dict[str, Tensor]]()
        if given is not None:
            state.restore(given)
        hooks = Hooks(
            lambda step, losses: None,
            lambda step, tensors: seen.update({step: {name: one.clone() for name, one in tensors.items()}}),
            stops,
        )
        Loop(workshop.objective, DENSE.job.training, workshop.training_images.pixels, 0, masks).run(state, hooks)
        return seen

    whole = run(0, None, frozenset({5, steps}))
    resumed = run(5, whole[5], frozenset({steps}))
    assert whole[steps].keys() == resumed[steps].keys()
    assert {name.partition("/")[0] for name in whole[steps]} == {"raw", "optimizer", "memory"}
    for name, tensor in whole[steps].items():
        assert torch.equal(tensor, resumed[steps][name]), name


def test_a_speed_is_measured_without_data_weights_or_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "image_moments", None)
    assert step_seconds(DENSE.job, "cpu", 0.01) > 0
    assert not (cache / "moments").exists()


def fault(*overrides: str) -> str:
    with pytest.raises(SuiteError) as caught:
        planned(SUITE, [f"experiments.dense.{override}" for override in overrides])
    return str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("dataset={name: cifar10}", "'digits_classifier' reads images of 1x8x8 or 1x16x16, not 3x32x32"),
        ("objective.activations={name: vgg19_bn}", "'relu5_4' needs images of 16x16 at least (the images of 'digits')"),
        ("objective.activations.layers=[silu5]", "unknown layer 'silu5'; did you mean"),
        ("objective.activations.name=vgg18", "unknown name 'vgg18' among activations; did you mean 'vgg16'?"),
        ("training.batch_size=1", "'moment_matching' compares batches: expected 2 or more"),
        ("training.schedule.name=sine", "unknown name 'sine'; did you mean 'cosine'?"),
        ("model={name: dcgan}", "objective 'moment_matching' trains generator, but model 'dcgan' has generator and"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_runs(override: str, message: str) -> None:
    assert message in fault(override)


def test_weights_to_download_are_asked_for(cache: Path) -> None:
    changes = ["dataset={name: digits, image_size: 16}", "objective.activations={name: vgg19_bn}"]
    plan = planned(SUITE, [f"experiments.dense.{change}" for change in changes])
    assert assets_of(plan) == ["vgg19_bn"]
    with pytest.raises(MissingAssetError, match="needs vgg19_bn; `ticketbench prepare --asset vgg19_bn` downloads it"):
        check_assets([plan])


def test_defaults_written_out_are_the_same_job() -> None:
    short, long = "{name: digits_classifier}", "{name: digits_classifier, layers: [silu1, silu2, silu3, silu4]}"
    plans = [planned(SUITE, [f"experiments.dense.objective.activations={choice}"]) for choice in (short, long)]
    assert job_id(arm(plans[0], "dense").job) == job_id(arm(plans[1], "dense").job) != DENSE.id
