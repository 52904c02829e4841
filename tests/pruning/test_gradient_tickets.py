"""Tickets of SNIP and GraSP on the digits: planned and run as a suite, and compared with code written by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.errors import RunError
from benchmark.networks import section
from benchmark.pruning import magnitude, snip
from benchmark.pruning.criterion import Evidence, Scores
from benchmark.schema.job import Job
from benchmark.schema.record import Options
from benchmark.streams import stream
from benchmark.tickets import make_masks, rewound
from tests import tiny

SUITE = """\
format: 1
key: before_training
title: Masks drawn before any training
seeds: 1
experiments:
  dense:
    dataset: {name: digits, image_size: 8}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan, n_dis: 2}
    training: {steps: 5, batch_size: 16, optimizers: {"*": {lr: 0.001}}}
    metrics: {sparsity: {name: sparsity}}
  snip:
    extends: dense
    mask: {from: init, criterion: {name: snip}, sparsity: 0.8}
    weights: {from: init}
  grasp:
    extends: snip
    mask: {criterion: {name: grasp, batches: 2}}
  snip_again:
    extends: dense
    mask: {from: snip@1, criterion: {name: snip}, fraction: 0.5}
    weights: {from: init}
claims: {}
scales: {small: {small: true}}
"""
PLAN = tiny.planned(SUITE)
Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> ResultsDir:
    """The suite, run in this process."""
    folder = tmp_path_factory.mktemp("before_training")
    ends = tiny.run(folder, tiny.suite_of(SUITE))
    assert set(ends.values()) == {"done"}, ends
    return ResultsDir(folder)


def job_of(experiment: str) -> Job:
    return tiny.arm(PLAN, experiment, 0 if experiment == "dense" else 1).job


def run_of(results: ResultsDir, experiment: str) -> RunDir:
    return results.run(tiny.arm(PLAN, experiment, 0 if experiment == "dense" else 1).id)


def masks_of(results: ResultsDir, experiment: str) -> Tensors:
    run = run_of(results, experiment)
    return run.read_tensors(run.MASK)


def evidence_of(results: ResultsDir, experiment: str, monkeypatch: pytest.MonkeyPatch, member: Any = snip) -> Evidence:
    """Return what a criterion is shown for a job."""
    seen: list[Evidence] = []

    def look(evidence: Evidence, options: Options) -> Scores:
        seen.append(evidence)
        return magnitude.score(evidence, options)

    monkeypatch.setattr(member, "score", look)
    workshop = Workshop(job_of(experiment))
    make_masks(workshop, results, rewound(workshop, results))
    return seen[0]


def losses_by_hand(weights: Tensors, index: int) -> Tensor:
    """Return both losses of the GAN, summed, on batch `index`: binary cross-entropy against ones and zeros."""
    workshop = Workshop(job_of("dense"))
    networks, values = workshop.networks(), workshop.initial("init") | weights
    networks.train()

    def call(component: str, images: Tensor) -> Tensor:
        own = {name: tensor.clone() for name, tensor in section(values, component).items()}
        return functional_call(networks[component], own, (images,))  # type: ignore[no-any-return]

    pixels = workshop.images("train").pixels
    order = torch.randperm(len(pixels), generator=stream(0, "criterion data"))
    real = pixels[order[16 * index : 16 * (index + 1)]].float() / 127.5 - 1.0
    latents = {
        name: torch.randn(16, 4, generator=stream(0, f"criterion noise/{name}", index))
        for name in ("discriminator", "generator")
    }
    ones, zeros = torch.ones(16, 1), torch.zeros(16, 1)
    fakes = call("generator", latents["discriminator"]).detach()
    judged = bce(call("discriminator", real), ones) + bce(call("discriminator", fakes), zeros)
    return judged + bce(call("discriminator", call("generator", latents["generator"])), ones)


def best(scores: Tensors, kept: int) -> set[tuple[str, int]]:
    """Return the places of the largest scores, over all layers together."""
    ranked = [(value, name, i) for name, score in scores.items() for i, value in enumerate(score.flatten().tolist())]
    return {(name, i) for _, name, i in sorted(ranked, reverse=True)[:kept]}


def places(masks: Tensors) -> set[tuple[str, int]]:
    return {(name, int(i)) for name, mask in masks.items() for i in mask.flatten().nonzero().flatten()}


def prunable(results: ResultsDir) -> Tensors:
    initial = Workshop(job_of("dense")).initial("init")
    return {name: initial[name] for name in masks_of(results, "dense")}


def assert_nearly_the_same(one: set[tuple[str, int]], other: set[tuple[str, int]]) -> None:
    """Allow two of a thousand places to differ: equal scores but for the last bits may change their order."""
    assert len(one) == len(other)
    assert len(one ^ other) <= 0.002 * len(one)


def test_snips_mask_is_that_of_a_mask_variable_written_by_hand(results: ResultsDir) -> None:
    weights = prunable(results)
    gates = {name: torch.ones_like(weight, requires_grad=True) for name, weight in weights.items()}
    losses_by_hand({name: gates[name] * weight for name, weight in weights.items()}, 0).backward()  # type: ignore[no-untyped-call]
    slopes = {name: gate.grad.abs() for name, gate in gates.items() if gate.grad is not None}
    masks = masks_of(results, "snip")
    total = sum(mask.numel() for mask in masks.values())
    assert_nearly_the_same(places(masks), best(slopes, total - round(0.8 * total)))


def test_grasps_mask_is_that_of_the_hessian_written_by_hand(results: ResultsDir) -> None:
    weights = {name: weight.requires_grad_() for name, weight in prunable(results).items()}
    loss = losses_by_hand(weights, 0) + losses_by_hand(weights, 1)
    flow = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
    # half the gradient of g'g is Hg
    sum(slope.square().sum() / 2 for slope in flow).backward()  # type: ignore[union-attr]
    scores = {name: weight.detach() * weight.grad for name, weight in weights.items() if weight.grad is not None}
    masks = masks_of(results, "grasp")
    total = sum(mask.numel() for mask in masks.values())
    assert_nearly_the_same(places(masks), best(scores, total - round(0.8 * total)))


def test_looking_at_losses_leaves_start_weights_and_running_statistics_alone(results: ResultsDir) -> None:
    initial, run = Workshop(job_of("dense")).initial("init"), run_of(results, "grasp")
    start, masks = section(run.read_tensors(run.START), "raw"), masks_of(results, "grasp")
    assert any(name.endswith("running_mean") for name in initial)
    for name, tensor in initial.items():
        assert torch.equal(start[name], tensor * masks.get(name, torch.tensor(1))), name


def test_a_batchs_losses_are_the_same_whenever_they_are_asked_for(
    results: ResultsDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = evidence_of(results, "snip", monkeypatch)
    first, other, again = ([loss.item() for loss in evidence.losses(index)] for index in (0, 1, 0))
    assert len(first) == 2  # one of each update, though the discriminator's is repeated
    assert first == again
    assert first != other
    assert sum(first) == pytest.approx(losses_by_hand({}, 0).item())


def test_a_pruned_weight_is_gone_and_has_no_gradient(results: ResultsDir, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence, before = evidence_of(results, "snip_again", monkeypatch), masks_of(results, "snip")
    gradient = torch.autograd.grad(sum(evidence.losses(0), torch.tensor(0.0)), list(evidence.weights.values()))
    for (name, weight), slope in zip(evidence.weights.items(), gradient, strict=True):
        assert not weight[~before[name]].any()
        assert not slope[~before[name]].any()
    assert any(slope.any() for slope in gradient)
    after = masks_of(results, "snip_again")
    assert places(after) < places(before)
    assert len(places(after)) == len(places(before)) - round(0.5 * len(places(before)))


def test_a_criterion_that_asks_for_no_losses_loads_no_data(
    results: ResultsDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Workshop, split: str) -> Any:
        raise AssertionError("data were loaded")

    monkeypatch.setattr(Workshop, "images", refuse)
    evidence = evidence_of(results, "snip", monkeypatch)
    with pytest.raises(AssertionError, match="data were loaded"):
        evidence.losses(0)


def test_a_batch_larger_than_the_data_is_told(results: ResultsDir, monkeypatch: pytest.MonkeyPatch) -> None:
    tree: Any = job_of("snip").model_dump(mode="json")
    tree["training"]["batch_size"] = 10**6
    workshop = Workshop(Job.model_validate_json(json.dumps(tree)))
    with pytest.raises(RunError, match="the batch size 1000000 exceeds the"):
        make_masks(workshop, results, rewound(workshop, results))


def test_the_masks_repeat_to_the_bit(results: ResultsDir) -> None:
    for experiment in ("snip", "grasp"):
        workshop = Workshop(job_of(experiment))
        again = make_masks(workshop, results, rewound(workshop, results))
        assert all(torch.equal(mask, again[name]) for name, mask in masks_of(results, experiment).items())
