"""A discriminator that learns from a trained one: planned, trained, resumed, counted, and told when it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.effort import efforts
from benchmark.errors import SuiteError
from benchmark.forecast.speeds import Speeds
from benchmark.forecast.throughput import _objective as timed_objective
from benchmark.forecast.throughput import step_seconds
from benchmark.identity import digest, identity
from benchmark.lineage import lineage
from benchmark.metrics.training_flops import count
from benchmark.networks import section
from benchmark.tickets import with_teacher
from benchmark.timing.stopwatch import kind
from tests import tiny
from tests.tiny import arm, planned

SUITE = """\
format: 1
key: taught
title: A discriminator with a teacher
seeds: 2
experiments:
  gan:
    dataset: {name: digits}
    model: {name: spectral_dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan, loss: hinge, n_dis: 2}
    training: {steps: 4, batch_size: 8, optimizers: {"*": {lr: 0.01}}}
    metrics: {flops: {name: training_flops, kind: dense, scope: job}}
  imp:
    extends: gan
    mask: {from: self@previous, fraction: 0.2, pool: component}
    levels: {first: 0, last: 2}
  taught:
    extends: imp
    training: {teacher: {from: self@0, component: discriminator, weight: 5.0}}
  taught_early:
    extends: imp
    training: {teacher: {from: gan@0, component: discriminator, at: 2}}
    levels: [1]
claims: {}
scales: {small: {small: true}}
"""
PLAN = planned(SUITE)
TAUGHT = arm(PLAN, "taught", 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taught") / "results"
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    return folder


def test_the_teacher_is_an_input_of_every_level_but_the_dense_one() -> None:
    dense = arm(PLAN, "gan").id
    assert arm(PLAN, "taught").id == arm(PLAN, "imp").id == dense
    for level in (1, 2):
        ticket = arm(PLAN, "taught", level)
        assert dense in ticket.job.inputs
        assert ticket.id != arm(PLAN, "imp", level).id
        assert ticket.job.training.teacher is not None
        assert ticket.job.training.teacher.source == dense
    assert arm(PLAN, "taught", 2).job.inputs == tuple(sorted({dense, TAUGHT.id}))
    order = [job.id for job in PLAN.jobs]
    assert order.index(dense) < order.index(TAUGHT.id)


def test_a_teacher_of_a_moment_asks_for_a_snapshot() -> None:
    assert arm(PLAN, "gan").snapshots == (2,)
    early = arm(PLAN, "taught_early", 1).job.training.teacher
    assert early is not None
    assert (early.at, early.weight) == (2, 1.0)


@pytest.mark.parametrize(
    "override",
    [
        "experiments.taught.training.teacher.weight=2.0",
        "experiments.taught.training.teacher.at=3",
        "experiments.taught.training.teacher.from=taught_early@1",
    ],
)
def test_what_is_said_of_the_teacher_changes_the_id(override: str) -> None:
    other = arm(planned(SUITE, [override]), "taught", 1)
    assert digest(identity(other.job)) != digest(identity(TAUGHT.job))


FAULTS = [
    ("component=generator", "component", "no component 'generator' of 'gan' can learn from a teacher; known: disc"),
    ("component=discriminatr", "component", "did you mean 'discriminator'?"),
    ("from=gan@7", "from", "unknown level '7' of gan"),
    ("from=gna@0", "from", "unknown experiment 'gna'; did you mean 'gan'?"),
    ("from=init", "from", "unknown source 'init', expected EXPERIMENT@LEVEL"),
    ("from=self@same", "from", "'self@same' is the level itself"),
    ("at=5", "at", "step 5 lies beyond the 4 steps of"),
    ("weight=0", "weight", "greater than 0"),
]


def faults(*overrides: str, text: str = SUITE) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        planned(text, overrides)
    return caught.value.problems


@pytest.mark.parametrize(("change", "key", "message"), FAULTS)
def test_a_teacher_that_does_not_fit_is_told_by_key(change: str, key: str, message: str) -> None:
    (problem, *_) = faults(f"experiments.taught.training.teacher.{change}")
    assert f"experiments.taught.training.teacher.{key}: " in problem
    assert message in problem


def test_an_objective_without_pupils_says_so() -> None:
    coder = "experiments.taught.{}"
    changes = ["model={name: conv_autoencoder, base_channels: 4, code_channels: 8}", "objective={name: autoencoder}"]
    text = SUITE.replace("metrics: {flops: {name: training_flops, kind: dense, scope: job}}", "metrics: {}")
    found = faults(*(coder.format(change) for change in changes), text=text)
    assert any("no component 'discriminator' of 'autoencoder' can learn from a teacher" in one for one in found)


def test_a_teacher_of_other_images_is_told() -> None:
    other = "  wide:\n    extends: gan\n    dataset: {name: digits, image_size: 16}\n  taught:"
    text = SUITE.replace("  taught:", other, 1).replace("{from: self@0, comp", "{from: wide@0, comp")
    (problem, *_) = faults(text=text)
    assert problem.endswith(
        "experiments.taught.training.teacher.from: 'wide@0' was trained on images of 1x16x16, not 1x8x8"
    )


def test_a_teacher_of_the_dense_level_alone_is_told() -> None:
    (problem,) = faults("experiments.taught.levels=[0]")
    assert problem.endswith("level 0 is trained without a teacher, and there is no other; expected 'levels' above it")


def test_the_teacher_is_the_trained_network_frozen_and_in_evaluation_mode(folder: Path) -> None:
    results, job = ResultsDir(folder), TAUGHT.job
    teachers = with_teacher(Workshop(job), results).teacher
    assert teachers is not None
    assert list(teachers) == ["discriminator"]
    teacher = teachers["discriminator"]
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert not any(module.training for module in teacher.modules())
    run = results.run(arm(PLAN, "gan").id)
    end = section(run.read_tensors(run.WEIGHTS), "raw/discriminator")
    assert all(torch.equal(tensor, end[name]) for name, tensor in teacher.state_dict().items())
    early = with_teacher(Workshop(arm(PLAN, "taught_early", 1).job), results).teacher
    assert early is not None
    snapshot = section(run.read_tensors(run.snapshot(2)), "raw/discriminator")
    assert all(torch.equal(tensor, snapshot[name]) for name, tensor in early["discriminator"].state_dict().items())
    plain = Workshop(arm(PLAN, "imp", 1).job)
    assert with_teacher(plain, results) is plain


def test_what_is_taught_differs_from_what_is_not_and_is_nearer_to_the_teacher(folder: Path) -> None:
    results = ResultsDir(folder)
    taught, alone = (results.run(arm(PLAN, name, 1).id) for name in ("taught", "imp"))
    assert taught.files.read(taught.MASK) == alone.files.read(alone.MASK)
    assert taught.files.read(taught.START) == alone.files.read(alone.START)
    assert taught.files.read(taught.WEIGHTS) != alone.files.read(alone.WEIGHTS)


def test_a_taught_training_has_the_same_bytes_again(folder: Path) -> None:
    run = ResultsDir(folder).run(TAUGHT.id)
    before = run.files.read(run.WEIGHTS)
    tiny.delete(run.path / run.WEIGHTS)
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    assert run.files.read(run.WEIGHTS) == before


def test_whoever_has_a_teacher_that_diverged_has_diverged(tmp_path: Path) -> None:
    text = SUITE.replace(
        "  imp:", "  loud:\n    extends: gan\n    training: {optimizers: {'*': {lr: 1.0e+30}}}\n  imp:"
    )
    text = text.replace("{from: self@0, comp", "{from: loud@0, comp")
    plan = planned(text)
    ends = tiny.run(tmp_path / "r", tiny.suite_of(text))
    wanted = {(name, level): ends[arm(plan, name, level).id] for name in ("imp", "taught") for level in (1, 2)}
    assert wanted == {(name, level): "diverged" if name == "taught" else "done" for name, level in wanted}


def test_the_passes_of_a_teacher_count(folder: Path) -> None:
    results = ResultsDir(folder)
    taught, alone = (efforts(results, arm(PLAN, name, 1).id)[0] for name in ("taught", "imp"))
    own, theirs = count(taught.updates["discriminator"]), count(alone.updates["discriminator"])
    added = {name: flops for name, flops in own.items() if name.startswith("teacher/")}
    assert own - theirs == added
    # A pass forward with real and with generated images is a third of what the pupil's update takes: there are the
    # gradients of weights and of inputs too, but for the first layer's inputs, which are images.
    here, there = "discriminator/", "teacher/discriminator."
    assert added.keys() == {name.replace(here, there) for name in theirs if name.startswith("disc")}
    for name, flops in added.items():
        assert theirs[name.replace(there, here)] == (2 if name.endswith(".conv0") else 3) * flops, name
    assert count(taught.updates["generator"]) == count(alone.updates["generator"])
    assert lineage(results, TAUGHT.id)[arm(PLAN, "gan").id].passed == 0


def test_a_speed_is_that_of_trainings_with_a_teacher() -> None:
    speeds = Speeds("here", {})
    kinds = {name: speeds.kind(arm(PLAN, name, 1).job) for name in ("imp", "taught", "taught_early")}
    assert kinds["taught"] == kinds["taught_early"] != kinds["imp"]
    one, other = (arm(PLAN, "taught", 1, seed) for seed in (0, 1))
    assert kind(one.id, one.job) == kind(other.id, other.job) != kind(one.id, arm(PLAN, "imp", 1).job)


def test_a_taught_training_is_timed_with_a_network_like_its_own_as_the_teacher() -> None:
    workshop = Workshop(TAUGHT.job)
    networks, images = workshop.networks(), torch.randn(4, 1, 8, 8)
    networks.load(workshop.initial("other"))
    networks.train(False)
    losses = [
        objective.updates[0].loss(networks, images, torch.Generator().manual_seed(0))
        for objective in (workshop.objective, timed_objective(workshop))
    ]
    assert losses[1] > losses[0]
    plain = Workshop(arm(PLAN, "imp", 1).job)
    assert timed_objective(plain) is plain.objective
    assert step_seconds(TAUGHT.job, "cpu", seconds=0.01) > 0
