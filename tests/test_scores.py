"""Trainings of scores in place of weights: planned, trained, resumed, measured, audited, and built on by other jobs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark import training
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.bench import Bench
from benchmark.campaigns import plan_suite
from benchmark.effort import efforts
from benchmark.errors import SuiteError
from benchmark.evaluation import Evaluation
from benchmark.forecast.speeds import Speeds
from benchmark.forecast.throughput import step_seconds
from benchmark.found import as_computed, masks_at
from benchmark.identity import digest, identity
from benchmark.lineage import lineage
from benchmark.metrics.training_flops import count
from benchmark.networks import is_bias, section
from benchmark.pruning.edge_popup import top
from benchmark.schema.measurement import Progress
from benchmark.schema.settings import Settings
from benchmark.stages import make_mask, train
from benchmark.suites import read_suite
from tests import tiny
from tests.tiny import arm, planned

SUITE = """\
format: 1
key: strong
title: Tickets that are found without training a weight
seeds: 1
experiments:
  dense:
    dataset: {name: digits}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan}
    training: {steps: 12, batch_size: 8, optimizers: {"*": {lr: 0.01, betas: [0.5, 0.999]}}}
    metrics:
      sparsity: {name: sparsity}
      kept: {name: kept_parameters}
      macs: {name: macs, kind: effective, component: generator}
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 80, split: test, selection: {best_of: 3}}
  found:
    extends: dense
    training: {scores: {kept: 0.3, components: [generator], biases: true}}
  pooled:
    extends: dense
    training: {scores: {kept: 0.5, scope: global, prunable: {exclude: [generator/conv0]}}}
  lighter:
    extends: found
    mask: {from: ones}
    weights: {from: dense@0}
  further:
    extends: dense
    mask: {op: reuse, from: found@0}
    weights: {from: found@0}
    levels: [1]
  sparser:
    extends: dense
    mask: {from: found@0, fraction: 0.5, criterion: {name: snip}}
    levels: [1]
  random:
    extends: dense
    mask: {from: init, criterion: {name: random}, sparsity: 0.7, pool: layer, components: [generator]}
    levels: [1]
claims: {}
scales: {small: {small: true}}
"""
PLAN = planned(SUITE)
FOUND = arm(PLAN, "found")
SEARCHES = (("found", 0), ("pooled", 0), ("lighter", 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strong") / "results"
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    return folder


def run_of(folder: Path, name: str, level: int = 0) -> RunDir:
    return ResultsDir(folder).run(arm(PLAN, name, level).id)


def value(folder: Path, name: str, level: int, metric: str) -> float:
    job = arm(PLAN, name, level)
    request = next(request for request in job.metrics if request.name == metric)
    measured = ResultsDir(folder).run(job.id).read_measurement(request)
    assert measured is not None
    return measured.value


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_training_of_scores_has_an_identity_of_its_own() -> None:
    assert FOUND.id.startswith("dcgan-scores-s0-")
    ids = {FOUND.id, *(arm(PLAN, name, level).id for name, level in SEARCHES), arm(PLAN, "dense").id}
    assert len(ids) == 4
    for change in ("kept=0.4", "scope=global", "biases=false", "init=kaiming_uniform", "prunable.kinds=[conv]"):
        other = arm(planned(SUITE, [f"experiments.found.training.scores.{change}"]), "found")
        assert digest(identity(other.job)) != digest(identity(FOUND.job)), change


@pytest.mark.parametrize(("name", "level"), SEARCHES)
def test_no_parameter_of_a_searched_component_moves_by_a_bit(folder: Path, name: str, level: int) -> None:
    run = run_of(folder, name, level)
    start, end = (section(run.read_tensors(file), "raw") for file in (run.START, run.WEIGHTS))
    networks = Workshop(arm(PLAN, name, level).job).networks()
    parameters = {full for full, _ in networks.named_parameters()}
    moved = {full for full in start if start[full].numpy().tobytes() != end[full].numpy().tobytes()}
    searched = ("generator/", "discriminator/") if name == "pooled" else ("generator/",)
    assert not {full for full in moved & parameters if full.startswith(searched)}
    assert {full for full in parameters if not full.startswith(searched)} <= moved
    assert "generator/norm0.running_mean" in moved
    scores, first = (section(run.read_tensors(file), "scores") for file in (run.WEIGHTS, run.START))
    assert scores.keys() == first.keys()
    assert all(full.startswith(searched) for full in scores)
    # a bias that is zero has no gradient for its score, as in the released code
    assert not any(torch.equal(scores[full], first[full]) for full in scores if not is_bias(full))


def test_weights_start_at_initialization_or_at_those_of_a_trained_network(folder: Path) -> None:
    starts = {name: run_of(folder, name, level) for name, level in SEARCHES}
    initial = Workshop(FOUND.job).initial("init")
    assert same(section(starts["found"].read_tensors(RunDir.START), "raw"), initial)
    trained = run_of(folder, "dense").read_tensors(RunDir.WEIGHTS)
    assert same(section(starts["lighter"].read_tensors(RunDir.START), "raw"), section(trained, "raw"))


def test_the_mask_found_is_that_of_the_last_scores_and_is_counted_everywhere(folder: Path) -> None:
    run, rule = run_of(folder, "found"), FOUND.job.training.scores
    assert rule is not None
    found, weights = run.read_tensors(run.FOUND), run.read_tensors(run.WEIGHTS)
    scores = section(weights, "scores")
    assert same({name: found[name] for name in scores}, top(scores, rule))
    for name, mask in found.items():
        cut = int((1 - 0.3) * mask.numel()) if name.startswith("generator/") else 0
        assert int(mask.sum()) == mask.numel() - cut, name
    assert all(bool(mask.all()) for mask in run.read_tensors(run.MASK).values())
    weighty = {name: mask for name, mask in found.items() if not is_bias(name)}
    assert len(weighty) < len(found)
    kept, total = (sum(int(part) for part in parts) for parts in zip(*map(_sizes, weighty.values()), strict=True))
    assert value(folder, "found", 0, "sparsity") == (total - kept) / total
    removed = sum(int((~mask).sum()) for mask in found.values())
    assert value(folder, "dense", 0, "kept") - value(folder, "found", 0, "kept") == removed
    assert value(folder, "found", 0, "macs") < 0.35 * value(folder, "dense", 0, "macs")
    audit = run.read_document(run.AUDIT)
    assert isinstance(audit, dict)
    assert (audit["kept"], audit["expected_kept"], audit["prunable"]) == (kept, kept, total)


def _sizes(mask: Tensor) -> tuple[int, int]:
    return int(mask.sum()), mask.numel()


def test_with_one_pool_layers_differ_and_what_is_excluded_is_whole(folder: Path) -> None:
    found = run_of(folder, "pooled").read_tensors(RunDir.FOUND)
    kept, total = (sum(parts) for parts in zip(*map(_sizes, found.values()), strict=True))
    assert "generator/conv0.weight" not in found
    assert kept == total - int(0.5 * total)
    assert len({round(float(mask.float().mean()), 2) for mask in found.values()}) > 1


def test_networks_are_measured_with_the_mask_of_the_moment(folder: Path) -> None:
    run, workshop = run_of(folder, "found"), Workshop(FOUND.job)
    assert FOUND.snapshots == (4, 8)
    masks = []
    for file in (run.snapshot(4), run.snapshot(8), run.WEIGHTS):
        tensors = run.read_tensors(file)
        masks.append(masks_at(run, FOUND.job, tensors))
        networks = Evaluation(workshop, as_computed(run, FOUND.job, tensors)).networks_of("raw")
        whole = section(tensors, "raw")
        for name, parameter in networks.named_parameters():
            kept = masks[-1].get(name, torch.ones(1, dtype=torch.bool)).expand(parameter.shape)
            assert torch.equal(parameter[kept], whole[name][kept])
            assert not bool(parameter[~kept].any())
    assert not same(masks[0], masks[1])
    assert same(masks[2], run.read_tensors(run.FOUND))
    fids = next(request for request in FOUND.metrics if request.name == "fid")
    measured = run.read_measurement(fids)
    assert measured is not None
    curve = measured.details["evaluations"]
    assert isinstance(curve, list)
    assert len({str(look) for look in curve}) == 3


def test_a_found_mask_is_reused_whole_and_trained_further(folder: Path) -> None:
    found, run = run_of(folder, "found"), run_of(folder, "further", 1)
    masks = run.read_tensors(run.MASK)
    assert same(masks, found.read_tensors(found.FOUND))
    start, end = (section(run.read_tensors(file), "raw") for file in (run.START, run.WEIGHTS))
    frozen = section(found.read_tensors(found.WEIGHTS), "raw")
    for name, mask in masks.items():
        assert torch.equal(start[name], frozen[name] * mask)
        assert not bool(end[name][~mask].any())
        assert not torch.equal(start[name], end[name])
    assert value(folder, "further", 1, "sparsity") == value(folder, "found", 0, "sparsity")
    assert value(folder, "further", 1, "kept") == value(folder, "found", 0, "kept")


def test_a_found_mask_can_be_made_sparser(folder: Path) -> None:
    found, sparser = run_of(folder, "found").read_tensors(RunDir.FOUND), run_of(folder, "sparser", 1)
    masks = sparser.read_tensors(sparser.MASK)
    assert not any(bool((mask & ~found[name]).any()) for name, mask in masks.items())
    assert all(torch.equal(masks[name], mask) for name, mask in found.items() if is_bias(name) and not bool(mask.all()))
    before, after = (
        sum(int(mask.sum()) for name, mask in some.items() if not is_bias(name)) for some in (found, masks)
    )
    assert after == before - round(0.5 * before)


def test_the_random_control_has_as_many_weights_in_every_layer(folder: Path) -> None:
    found, control = run_of(folder, "found").read_tensors(RunDir.FOUND), run_of(folder, "random", 1)
    masks = control.read_tensors(RunDir.MASK)
    counts = [{name: int(mask.sum()) for name, mask in some.items() if not is_bias(name)} for some in (found, masks)]
    assert counts[0].keys() == counts[1].keys()
    assert all(abs(counts[0][name] - counts[1][name]) <= 1 for name in counts[0])


@pytest.mark.parametrize("lost", ["weights.safetensors", "found.safetensors", "snapshots/00000004.safetensors"])
def test_what_is_lost_is_found_again_with_the_same_bytes(folder: Path, tmp_path: Path, lost: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "results"))
    run = ResultsDir(copy).run(FOUND.id)
    tiny.delete(run.path / lost)
    assert set(tiny.run(copy, tiny.suite_of(SUITE)).values()) == {"done"}
    assert tiny.contents(copy) == tiny.contents(folder)


def test_a_training_that_was_killed_goes_on_from_its_scores(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 5)
    results, whole = ResultsDir(tmp_path), ResultsDir(folder).run(FOUND.id)
    results.run(FOUND.id).write_job(FOUND)

    def kill(progress: Progress) -> None:
        if progress.step == 10:
            raise KeyboardInterrupt

    make_mask(Bench(FOUND, results, Settings(checkpoint_seconds=0.0), kill))
    with pytest.raises(KeyboardInterrupt):
        train(Bench(FOUND, results, Settings(checkpoint_seconds=0.0), kill))
    run, told = results.run(FOUND.id), list[Progress]()
    assert any(name.startswith("scores/") for name in run.read_tensors(run.CHECKPOINT))
    train(Bench(FOUND, results, Settings(), told.append))
    assert [progress.step for progress in told] == [12]
    for name in (run.FOUND, run.WEIGHTS, run.snapshot(8)):
        assert run.files.read(name) == whole.files.read(name), name


def test_every_step_of_a_training_of_scores_counts_dense_and_a_ticket_rests_on_it(folder: Path) -> None:
    results = ResultsDir(folder)
    (own, *_), (dense, *_) = (efforts(results, arm(PLAN, name).id) for name in ("found", "dense"))
    for name, passes in own.updates.items():
        assert count(passes) == count(dense.updates[name])
    assert all(bool(mask.all()) for mask in own.masks().values())
    assert lineage(results, arm(PLAN, "further", 1).id)[FOUND.id].steps == 12


def test_the_speed_of_scores_is_not_that_of_weights() -> None:
    speeds = Speeds("here", {})
    kinds = [speeds.kind(arm(PLAN, name).job) for name in ("dense", "found", "pooled")]
    assert len(set(kinds)) == 3
    assert step_seconds(FOUND.job, "cpu", seconds=0.01) > 0


FAULTS = [
    ("found.training.scores.components=[generatr]", "training.scores.components", "did you mean 'generator'?"),
    ("found.training.scores.kept=0", "training.scores.kept", "greater than 0"),
    ("found.training.scores.kept=1.5", "training.scores.kept", "less than or equal to 1"),
    ("found.training.scores.components=[]", "training.scores.components", "at least 1 item"),
    ("found.training.scores.prunable.exclude=[generator/conv9]", "training.scores.prunable.exclude.0", "conv1"),
    (
        "found.training.scores.prunable.exclude=[generator]",
        "training.scores.prunable",
        "leave no weights of 'generator'",
    ),
    ("found.training.ema=0.9", "training.ema", "no averages are kept of scores"),
    ("found.training.penalty={name: batch_norm_l1, weight: 0.1}", "training.penalty", "scales are frozen"),
    ("found.training.stop={when: mask_stable, sparsity: 0.5, unit: step}", "training.stop", "their mask never changes"),
    ("pooled.objective.clip=0.1", "objective.clip", "cannot be clipped"),
    ("lighter.mask={from: dense@0, fraction: 0.2}", "mask.from", "scores find the mask: expected no mask, or 'ones'"),
    ("lighter.shrink=true", "shrink", "known only after the training"),
    ("lighter.weights.optimizer=restored", "weights.optimizer", "expected fresh"),
    ("further.weights.optimizer=restored", "weights.optimizer", "scores were trained there, and not weights"),
    (
        "sparser.mask={from: found@0, granularity: channel, sparsity: 0.2, criterion: {name: batch_norm_scale}}",
        "mask.granularity",
        "'found@0' removes weights, this mask channels",
    ),
]


@pytest.mark.parametrize(("change", "key", "message"), FAULTS)
def test_what_cannot_go_with_frozen_weights_is_told_by_key(change: str, key: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        plan_suite(read_suite(SUITE, "tiny.yaml", "small", [f"experiments.{change}"]))
    name = change.partition(".")[0]
    assert any(f"experiments.{name}.{key}: " in problem and message in problem for problem in caught.value.problems)


def test_a_penalty_on_a_component_without_scores_is_no_fault() -> None:
    penalty = "{name: batch_norm_l1, weight: 0.1, components: [discriminator]}"
    plan = plan_suite(read_suite(SUITE, "tiny.yaml", "small", [f"experiments.found.training.penalty={penalty}"]))
    assert arm(plan, "found").job.training.penalty is not None
