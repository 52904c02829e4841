"""Channel tickets, run: masked or removed, what they train is one network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark import training
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.networks import section, shift_name
from benchmark.pruning.count import kept_after, kept_at
from benchmark.schema.measurement import Progress
from benchmark.tickets import expected_kept, make_masks, rewound, without_channels
from tests import tiny

Tensors = dict[str, Tensor]

SUITE = """\
format: 1
key: channels
title: Tickets of channels
seeds: 1
experiments:
  gan:
    dataset: {name: digits, image_size: 16}
    model: {name: dcgan, base_channels: 4, z_dim: 4, init: torch_default}
    objective: {name: gan}
    training:
      steps: 9
      batch_size: 16
      ema: 0.9
      optimizers: {"*": {name: sgd, lr: 0.01, momentum: 0.9}}
    metrics:
      sparsity: {name: sparsity}
      macs: {name: macs, kind: effective}
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 80, split: test}
  masked:
    extends: gan
    training: {steps: 15}
    mask: {from: gan@0, criterion: {name: batch_norm_scale}, granularity: channel, sparsity: 0.6}
    weights: {from: gan@0, optimizer: restored, start_step: end}
    levels: [1]
  thin:
    extends: masked
    shrink: true
  ticket:
    extends: thin
    weights: {from: init, optimizer: fresh, start_step: 0}
  control:
    extends: gan
    mask: {op: reuse, from: thin@same}
    weights: {from: "fresh:reinit"}
    shrink: true
    levels: [1]
  iterative:
    extends: gan
    mask: {from: self@previous, criterion: {name: batch_norm_scale}, granularity: channel, fraction: 0.3}
    levels: [1, 2]
claims: {}
scales: {small: {small: true}}
"""
ADAM = 'experiments.gan.training.optimizers={"*": {name: adam, lr: 0.0002}}'
PLAN = tiny.planned(SUITE)
CHANNELS = 8 + 4 + 4 + 8
RUN = frozenset({"masked", "thin", "ticket", "control", "iterative"})


def run_all(folder: Path, *overrides: str, only: frozenset[str] = RUN) -> Path:
    ends = tiny.run(folder, tiny.suite_of(SUITE, overrides), only=only)
    assert set(ends.values()) == {"done"}, ends
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_all(tmp_path_factory.mktemp("channels") / "results")


def run_of(folder: Path, experiment: str, level: int = 1, *overrides: str) -> RunDir:
    return ResultsDir(folder).run(tiny.arm(tiny.planned(SUITE, overrides), experiment, level).id)


def masks_of(run: RunDir) -> Tensors:
    return run.read_tensors(run.MASK)


def value(run: RunDir, metric: str) -> float:
    request = next(request for request in run.read_job().metrics if request.name == metric)
    measured = run.read_measurement(request)
    assert measured is not None
    return measured.value


def kept_part(run: RunDir, masks: Tensors, state: Tensors) -> Tensors:
    return without_channels(Workshop(run.read_job().job), masks, state)


def same(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_mask_covers_all_scales_and_removes_the_smallest(finished: Path) -> None:
    masks, dense = masks_of(run_of(finished, "masked")), run_of(finished, "gan", 0)
    end = section(dense.read_tensors(dense.WEIGHTS), "raw")
    assert {name: len(mask) for name, mask in masks.items()} == {
        "discriminator/norm0.weight": 4,
        "discriminator/norm1.weight": 8,
        "generator/norm0.weight": 8,
        "generator/norm1.weight": 4,
    }
    assert sum(int(mask.sum()) for mask in masks.values()) == kept_at(CHANNELS, 0.6) == 10
    scales = {name: end[name].abs() for name in masks}
    best = {name: int(scale.argmax()) for name, scale in scales.items()}
    assert all(masks[name][place] for name, place in best.items())
    lost = torch.cat([scales[name][~mask] for name, mask in masks.items()])
    others = [scales[n][k] for n, mask in masks.items() for k in mask.nonzero().flatten().tolist() if k != best[n]]
    assert lost.max() <= torch.stack(others).min()


def test_scales_and_shifts_of_masked_channels_are_zero_before_and_after_training(finished: Path) -> None:
    run = run_of(finished, "masked")
    for state in (run.read_tensors(run.START), run.read_tensors(run.WEIGHTS)):
        for name, mask in masks_of(run).items():
            for kind in ("raw", "ema"):
                assert not state[f"{kind}/{name}"][~mask].any()
                assert not state[f"{kind}/{shift_name(name)}"][~mask].any()
            assert state[f"raw/{name}"][mask].all()


def test_a_shrunken_job_starts_from_the_kept_channels_of_weights_averages_and_momentum(finished: Path) -> None:
    masked, thin = run_of(finished, "masked"), run_of(finished, "thin")
    masks = masks_of(thin)
    assert same(masks, masks_of(masked))
    start, whole = thin.read_tensors(thin.START), masked.read_tensors(masked.START)
    assert start.keys() == whole.keys()
    before, after = masks["generator/norm0.weight"], masks["generator/norm1.weight"]
    names = [name for name, _ in Workshop(thin.read_job().job).networks()["generator"].named_parameters()]
    place = names.index("conv1.weight")  # of a transposed convolution, from norm0's channels to norm1's
    for key in ("raw/generator/conv1.weight", f"optimizer/generator/{place}/momentum_buffer"):
        assert torch.equal(start[key], whole[key][before][:, after])
        assert start[key].any()
    assert torch.equal(start["ema/generator/conv0.bias"], whole["ema/generator/conv0.bias"][before])
    assert torch.equal(start["raw/generator/norm0.running_mean"], whole["raw/generator/norm0.running_mean"][before])


@pytest.mark.parametrize("override", ["", ADAM])
def test_masked_and_shrunken_trainings_are_one(finished: Path, tmp_path: Path, override: str) -> None:
    overrides = (override,) if override else ()
    folder = run_all(tmp_path, *overrides, only=frozenset({"masked", "thin"})) if override else finished
    masked, thin = (run_of(folder, name, 1, *overrides) for name in ("masked", "thin"))
    wanted = kept_part(masked, masks_of(thin), masked.read_tensors(masked.WEIGHTS))
    found, start = thin.read_tensors(thin.WEIGHTS), thin.read_tensors(thin.START)
    assert found.keys() == wanted.keys()
    # A norm takes away the mean, so the bias before it has no gradient but rounding errors, which Adam makes as large
    # as any other; the running mean moves with it.
    noise = ("conv0.bias", "conv1.bias", "running_mean") if override else ()
    for name, tensor in found.items():
        if not name.endswith(noise):
            torch.testing.assert_close(tensor, wanted[name], rtol=0, atol=1e-5, msg=name)
    moved = [name for name in found if name.endswith("weight") and not torch.equal(found[name], start[name])]
    assert len(moved) == sum(name.endswith("weight") for name in found)
    for metric in ("fid", "sparsity"):
        assert value(thin, metric) == pytest.approx(value(masked, metric), rel=0.02)


def test_costs_and_audit_are_those_of_the_thin_networks(finished: Path) -> None:
    run, dense = run_of(finished, "thin"), run_of(finished, "gan", 0)
    g0, g1, d0, d1 = (
        int(masks_of(run)[f"{name}.weight"].sum())
        for name in ("generator/norm0", "generator/norm1", "discriminator/norm0", "discriminator/norm1")
    )
    generator = 4 * g0 * 16 + g0 * g1 * 16 * 16 + g1 * 16 * 64
    discriminator = d0 * 16 * 64 + d0 * d1 * 16 * 16 + d1 * 16
    assert value(run, "macs") == generator + discriminator < value(dense, "macs")
    assert value(run, "sparsity") == 14 / CHANNELS
    audit = run.read_document(run.AUDIT)
    assert isinstance(audit, dict)
    assert (audit["prunable"], audit["kept"], audit["expected_kept"], audit["collapsed"]) == (CHANNELS, 10, 10, [])
    assert {"samples", "real"} <= {Path(name).stem for name in run.files.names() if name.startswith("samples/")}


def test_a_channel_pruning_ticket_has_the_initial_weights_of_the_kept_channels(finished: Path) -> None:
    run = run_of(finished, "ticket")
    initial = {f"raw/{name}": tensor for name, tensor in Workshop(run.read_job().job).initial("init").items()}
    start = {name: tensor for name, tensor in run.read_tensors(run.START).items() if name.startswith("raw/")}
    assert same(start, kept_part(run, masks_of(run), initial))


def test_the_mask_of_a_shrunken_job_may_be_reused(finished: Path) -> None:
    thin, control = run_of(finished, "thin"), run_of(finished, "control")
    assert same(masks_of(thin), masks_of(control))
    one, other = (section(run.read_tensors(run.START), "raw") for run in (thin, control))
    assert {name: tensor.shape for name, tensor in one.items()} == {n: tensor.shape for n, tensor in other.items()}
    assert not torch.equal(one["generator/conv0.weight"], other["generator/conv0.weight"])


def test_channels_are_removed_again_and_again(finished: Path) -> None:
    first, second = (masks_of(run_of(finished, "iterative", level)) for level in (1, 2))
    kept = [sum(int(mask.sum()) for mask in masks.values()) for masks in (first, second)]
    assert kept == [kept_after(CHANNELS, 0.3), kept_after(CHANNELS, 0.3, 2)]
    assert not any(bool((second[name] & ~first[name]).any()) for name in first)


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.25, 0.5, 0.75, 0.8, 0.83, 0.84, 0.9, 0.99])
@pytest.mark.parametrize("pool", ["global", "component", "layer"])
def test_counts_are_exact_until_every_layer_has_one_channel_left(tmp_path: Path, sparsity: float, pool: str) -> None:
    changes = [f"experiments.masked.mask.{key}={value}" for key, value in (("sparsity", sparsity), ("pool", pool))]
    job = tiny.arm(tiny.planned(SUITE, [*changes, "experiments.masked.mask.from=init"]), "masked", 1).job
    job = job.model_copy(update={"start": tiny.arm(PLAN, "gan").job.start})
    workshop, results = Workshop(job), ResultsDir(tmp_path)
    networks = rewound(workshop, results)
    masks = make_masks(workshop, results, networks)
    sizes = {"global": [24], "component": [12, 12], "layer": [4, 8, 8, 4]}[pool]
    layers = 4 // len(sizes)
    kept = sum(int(mask.sum()) for mask in masks.values())
    assert kept == sum(max(layers, kept_at(size, sparsity)) for size in sizes)
    assert kept == expected_kept(workshop, results, networks)
    assert all(bool(mask.any()) for mask in masks.values())


def test_excluded_norms_and_components_stay_whole(tmp_path: Path) -> None:
    change = "experiments.masked.mask.prunable={exclude: [discriminator, generator/norm0]}"
    job = tiny.arm(tiny.planned(SUITE, [change, "experiments.masked.mask.from=init"]), "masked", 1).job
    job = job.model_copy(update={"start": tiny.arm(PLAN, "gan").job.start})
    masks = make_masks(Workshop(job), ResultsDir(tmp_path), rewound(Workshop(job), ResultsDir(tmp_path)))
    assert {name: int(mask.sum()) for name, mask in masks.items()} == {"generator/norm1.weight": 2}


class Stopped(BaseException):
    """Stands for the power going out."""


def test_stopped_and_resumed_it_ends_with_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 3)
    suite, only = tiny.suite_of(SUITE), frozenset({"thin"})
    job = tiny.arm(PLAN, "thin", 1).id

    class Stopping(tiny.Watch):
        def progress(self, progress: Progress) -> None:
            if progress.job == job and progress.step == 12:
                raise Stopped

    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    tiny.run(whole, suite, only=only)
    with pytest.raises(Stopped):
        tiny.run(resumed, suite, Stopping(), only=only)
    watch = tiny.Watch()
    assert set(tiny.run(resumed, suite, watch, only=only).values()) == {"done"}
    assert next(told.step for told in watch.told if told.job == job and told.step > 0) == 15
    assert tiny.contents(resumed) == tiny.contents(whole)
