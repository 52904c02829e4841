"""The variants of Chen et al. (2021): each is a stanza of a suite, and trains."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.networks import section
from benchmark.pruning.count import kept_after
from benchmark.schema.training import Moment
from tests import tiny
from tests.tiny import arm, planned

SUITE = """\
format: 1
key: variants
title: The variants of Chen et al. (2021) in a few steps
seeds: 1
experiments:
  dense:
    dataset: {name: digits}
    model: {name: sngan, generator_channels: 4, discriminator_channels: 4, z_dim: 4, init: xavier}
    objective: {name: gan, loss: hinge, n_dis: 5, generator_batch: 8, generator_after: 1}
    training:
      steps: 20
      batch_size: 4
      ema: 0.999
      optimizers: {"*": {lr: 0.0002, betas: [0.0, 0.9]}}
  # the generator alone, convolutions alone, rewound to initialization; the discriminator begins anew
  impg:
    extends: dense
    mask:
      from: self@previous
      fraction: 0.2
      pool: component
      components: [generator]
      prunable: {kinds: [conv]}
    weights: {from: init}
    levels: {first: 1, last: 2}
  impg_trained_d:
    extends: impg
    weights: {components: {discriminator: {from: self@0}}}
  impg_second_d:
    extends: impg
    weights: {components: {discriminator: {from: "fresh:second"}}}
  # both networks, each by its own threshold
  impgd:
    extends: impg
    mask: {components: [generator, discriminator]}
  impgd_kd:
    extends: impgd
    training: {teacher: {from: self@0, component: discriminator, weight: 1.0, loss: kl}}
  # no rewinding
  standard:
    extends: impg
    weights: {from: self@previous}
  # both rewound to 5, 10 and 20 % of the training, which goes on from there with fresh optimizers
  late:
    extends: impg
    weights: {from: self@0}
    matrix:
      weights.at: [1, 2, 4]
      include:
        - {weights.at: 1, weights.start_step: 1}
        - {weights.at: 2, weights.start_step: 2}
        - {weights.at: 4, weights.start_step: 4}
  one_shot_g:
    extends: impg
    mask: {from: self@0}
  one_shot_gd:
    extends: impgd
    mask: {from: self@0}
  random_pruning:
    extends: one_shot_g
    mask: {criterion: {name: random}}
  random_ticket:
    extends: dense
    mask: {op: reuse, from: impg@same}
    weights: {from: "fresh:reinit"}
    levels: {first: 1, last: 2}
  # from the second round on the generator's moving averages are ranked, as in the authors' code
  impg_ema:
    extends: impg
    mask: {values: ema_after_first}
  impgd_ema:
    extends: impgd
    mask: {values: {generator: ema_after_first}}
claims: {}
scales: {small: {small: true}}
"""
SHORTER = ("experiments.dense.training.steps=6", "experiments.dense.objective.n_dis=2")
PLAN = planned(SUITE, SHORTER)
LATE = {f"late[at={step}]": step for step in (1, 2, 4)}
TICKETS = tuple(name for name in PLAN.suite.experiments if name != "dense")
BOTH = ("generator", "discriminator")
Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the suite, with shorter trainings."""
    folder = tmp_path_factory.mktemp("variants") / "results"
    ends = tiny.run(folder, tiny.suite_of(SUITE, SHORTER))
    assert set(ends.values()) == {"done"}, ends
    return folder


def run_of(folder: Path, name: str, level: int = 0) -> RunDir:
    return ResultsDir(folder).run(arm(PLAN, name, level).id)


def test_as_written_the_rewinding_is_to_5_10_and_20_percent() -> None:
    whole = planned(SUITE)
    jobs = [arm(whole, name, 1).job for name in LATE]
    assert [job.start.start_step / job.training.steps for job in jobs if job.start.start_step != "end"] == [
        0.05,
        0.1,
        0.2,
    ]


def start_of(run: RunDir, component: str) -> Tensors:
    return section(run.read_tensors(run.START), f"raw/{component}")


def masked(weights: Tensors, masks: Tensors, component: str) -> Tensors:
    own = section(masks, component)
    return {name: tensor * own[name] if name in own else tensor for name, tensor in weights.items()}


def same(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def moment(folder: Path, name: str, level: int, component: str) -> tuple[str, Moment] | str:
    """Where a component of a ticket began: a named stream, or a job and a moment of it."""
    origin = arm(PLAN, name, level).job.start.origins[component]
    return origin.stream if origin.job is None else (origin.job, origin.at)


@pytest.mark.parametrize("name", TICKETS)
@pytest.mark.parametrize("level", [1, 2])
def test_every_ticket_starts_from_the_weights_that_it_names_under_its_mask(folder: Path, name: str, level: int) -> None:
    run = run_of(folder, name, level)
    masks = run.read_tensors(run.MASK)
    for component in BOTH:
        found = moment(folder, name, level, component)
        if isinstance(found, str):
            source = section(Workshop(run.read_job().job).initial(found), component)
        else:
            other = ResultsDir(folder).run(found[0])
            file = other.WEIGHTS if found[1] == "end" else other.snapshot(int(found[1]))
            source = section(other.read_tensors(file), f"raw/{component}")
        assert same(start_of(run, component), masked(source, masks, component)), component


def test_the_variants_differ_in_where_they_start_and_in_nothing_else(folder: Path) -> None:
    dense = arm(PLAN, "dense").id
    origins = {
        name: [moment(folder, name, level, component) for level in (1, 2) for component in BOTH]
        for name in ("impg", "impg_trained_d", "impg_second_d", "standard", *LATE)
    }
    standard = arm(PLAN, "standard", 1).id
    assert origins == {
        "impg": ["init"] * 4,
        "impg_trained_d": ["init", (dense, "end")] * 2,
        "impg_second_d": ["init", "second"] * 2,
        "standard": [(dense, "end")] * 2 + [(standard, "end")] * 2,
        **{name: [(dense, step)] * 4 for name, step in LATE.items()},
    }
    for name, step in LATE.items():
        assert {arm(PLAN, name, level).job.start.start_step for level in (1, 2)} == {step}
        assert arm(PLAN, name, 1).job.start.optimizer == "fresh"
    assert arm(PLAN, "one_shot_g", 2).job.inputs == (dense,)


@pytest.mark.parametrize("name", TICKETS)
def test_each_network_keeps_as_many_convolution_weights_as_the_counting_rule_says(folder: Path, name: str) -> None:
    for level in (1, 2):
        masks = run_of(folder, name, level).read_tensors(RunDir.MASK)
        for component in BOTH:
            own = section(masks, component)
            total, kept = sum(mask.numel() for mask in own.values()), sum(int(mask.sum()) for mask in own.values())
            pruned = component == "generator" or "gd" in name
            assert kept == (kept_after(total, 0.2, level) if pruned else total)
            assert not any("linear" in layer for layer in own)


def test_tickets_that_are_found_alike_are_found_once() -> None:
    def mask(name: str, level: int) -> object:
        return arm(PLAN, name, level).job.mask

    for name in ("impg_trained_d", "impg_second_d", "standard", "one_shot_g", *LATE):
        assert mask(name, 1) == mask("impg", 1)
    for name, like in (("one_shot_g", "impg"), ("impg_ema", "impg"), ("one_shot_gd", "impgd"), ("impgd_ema", "impgd")):
        assert arm(PLAN, name, 1).id == arm(PLAN, like, 1).id
        assert arm(PLAN, name, 2).id != arm(PLAN, like, 2).id


def test_the_teacher_is_the_dense_discriminator(folder: Path) -> None:
    for level in (1, 2):
        job = arm(PLAN, "impgd_kd", level).job
        assert job.training.teacher is not None
        assert job.training.teacher.source == arm(PLAN, "dense").id
        plain = job.training.model_copy(update={"teacher": None})
        assert plain == arm(PLAN, "impgd", level).job.training
    taught, alone = run_of(folder, "impgd_kd", 1), run_of(folder, "impgd", 1)
    assert taught.files.read(taught.MASK) == alone.files.read(alone.MASK)
    assert taught.files.read(taught.WEIGHTS) != alone.files.read(alone.WEIGHTS)


def test_chance_has_the_winners_mask_or_the_winners_weights(folder: Path) -> None:
    for level in (1, 2):
        winner, ticket, pruned = (run_of(folder, name, level) for name in ("impg", "random_ticket", "random_pruning"))
        assert winner.files.read(winner.MASK) == ticket.files.read(ticket.MASK)
        assert winner.files.read(winner.MASK) != pruned.files.read(pruned.MASK)


def generator_of(run: RunDir, averaged: bool) -> Tensors:
    end = run.read_tensors(run.WEIGHTS)
    return section(end, "raw/generator") | (section(end, "ema/generator") if averaged else {})


@pytest.mark.parametrize(("name", "like"), [("impg_ema", "impg"), ("impgd_ema", "impgd")])
def test_from_the_second_round_on_the_generators_averages_are_ranked(folder: Path, name: str, like: str) -> None:
    first, second = run_of(folder, name, 1), run_of(folder, name, 2)
    before, after = (section(run.read_tensors(run.MASK), "generator") for run in (first, second))
    ranked = generator_of(first, averaged=True)
    kept = torch.cat([ranked[layer][mask].abs() for layer, mask in after.items()])
    gone = torch.cat([ranked[layer][before[layer] & ~mask].abs() for layer, mask in after.items()])
    assert kept.min() >= gone.max()
    own, raws = (section(run_of(folder, one, 2).read_tensors(RunDir.MASK), "discriminator") for one in (name, like))
    assert same(own, raws)
