"""What cannot be planned is told before anything runs, by file, line and key."""

from __future__ import annotations

import re

import pytest

from benchmark.errors import SuiteError
from tests.tiny import SUITE, planned

LINE = re.compile(r"(tiny\.yaml:\d+|--set [^\n]*?): [a-z_]+(\.\S+)*: \S[^\n]*")
SGD = "experiments.gan_imp.training.optimizers={'*': {name: sgd, lr: 0.1, betas: [0.9, 0.999]}}"
EXTRACTOR = "extractor: {name: digits_classifier}"


def faults(*overrides: str, text: str = SUITE) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        planned(text, overrides)
    for problem in caught.value.problems:
        assert LINE.fullmatch(problem), problem
    return caught.value.problems


def line_of(part: str, text: str = SUITE) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("overrides", "where", "message"),
    [
        (["experiments.gan.model.name=dcgann"], "experiments.gan.model.name", "did you mean 'dcgan'?"),
        (["experiments.gan.model.z_dmi=3"], "experiments.gan.model.z_dmi", "did you mean 'z_dim'?"),
        (["experiments.gan.model.z_dim=many"], "experiments.gan.model.z_dim", "integer"),
        (["experiments.gan.dataset.name=digts"], "experiments.gan.dataset.name", "did you mean 'digits'?"),
        (["experiments.gan.training.batch_size=5000"], "gan.training.batch_size", "'digits' has 1297 images"),
        (
            ["experiments.auto.training.optimizers={'*': {name: sgd, lr: 0.1, betas: [0.5, 0.9]}}"],
            "experiments.auto.training.optimizers.*.betas",
            "sgd takes no 'betas'; leave it out, or at [0.9, 0.999]",
        ),
        (
            ["experiments.auto.training.optimizers={'*': {lr: 0.1, momentum: 0.9}}"],
            "experiments.auto.training.optimizers.*.momentum",
            "adam takes no 'momentum'; leave it out, or at 0.0",
        ),
        (
            ["experiments.gan.dataset={name: mnist}"],
            "experiments.gan.dataset",
            "'dcgan' does not take images of 'mnist': images are square with a side of 8, 16, 32, 64, ...",
        ),
        (
            ["experiments.auto.model={name: pooling_autoencoder}"],
            "experiments.auto.dataset",
            "images are 32x32 for this model, not 8x8; conv_autoencoder takes others",
        ),
        (["experiments.gan.objective.name=gam"], "experiments.gan.objective.name", "did you mean 'gan'?"),
        (["experiments.gan.metrics.fid.name=fed"], "experiments.gan.metrics.fid.name", "did you mean 'fid'?"),
        (
            ["experiments.gan_imp.mask.criterion={name: magnitud}"],
            "experiments.gan_imp.mask.criterion.name",
            "did you mean 'magnitude'?",
        ),
        (
            ["experiments.auto.objective.name=gan"],
            "experiments.auto.objective.name",
            "trains generator and discriminator, but model 'conv_autoencoder' has encoder and decoder",
        ),
        (
            ["experiments.gan.training.optimizers.genrator={lr: 0.1}"],
            "experiments.gan.training.optimizers.genrator",
            "did you mean 'generator'?",
        ),
        (
            ["experiments.auto.training.optimizers={encoder: {lr: 0.1}}"],
            "experiments.auto.training.optimizers",
            "no optimizer for decoder; name it, or '*' for the rest",
        ),
        (["experiments.gan_imp.mask.components=[encoder]"], "experiments.gan_imp.mask.components", "'encoder'"),
        (["experiments.gan_random.mask.map={generator: decoder}"], "experiments.gan_random.mask.map", "'decoder'"),
        (
            ["experiments.gan_random.mask.map={decoder: generator}"],
            "experiments.gan_random.mask.map",
            "'gan_imp@same' has no component 'decoder'; known: discriminator, generator",
        ),
        (
            ["experiments.gan_imp.weights.components={generator: {from: gan@0, component: encoder}}"],
            "experiments.gan_imp.weights.components.generator.component",
            "'gan@0' has no component 'encoder'",
        ),
        (
            ["experiments.gan_imp.weights.components={generator: {from: auto@0}}"],
            "experiments.gan_imp.weights.components.generator.from",
            "'auto@0' has no component 'generator'",
        ),
        (
            ["experiments.gan_imp.weights.components={encoder: {from: init}}"],
            "experiments.gan_imp.weights.components.encoder",
            "unknown component 'encoder'",
        ),
        (["experiments.gan_imp.weights.at=13"], "experiments.gan_imp.weights.at", "step 13 lies beyond the 12 steps"),
        (
            ["experiments.gan_imp.mask.at=3"],
            "experiments.gan_imp.mask.at",
            "step 3 lies before step 4, where gan_imp@1 starts",
        ),
        (
            ["experiments.gan_imp.weights.start_step=13"],
            "experiments.gan_imp.weights.start_step",
            "step 13 lies beyond the 12 steps",
        ),
        (
            ["experiments.gan_imp.weights.from=init"],
            "experiments.gan_imp.weights.optimizer",
            "initial weights have no optimizer state",
        ),
        (
            ["experiments.gan_imp.weights.from=gan@0", SGD],
            "experiments.gan_imp.weights.optimizer",
            "'restored' needs the optimizer that it takes over: sgd of generator cannot go on from the state of adam",
        ),
        (
            ["experiments.gan_imp.mask.values=ema"],
            "experiments.gan_imp.mask.values",
            "'self@previous' keeps no moving averages; set 'ema' in its training",
        ),
        (
            ["experiments.gan.metrics.fid.weights=ema"],
            "experiments.gan.metrics.fid.weights",
            "the training keeps no moving averages; set 'ema' in it",
        ),
        (
            [f"experiments.auto.metrics.mse={{name: kid, generated: 9, split: test, {EXTRACTOR}}}"],
            "experiments.auto.metrics.mse.name",
            "needs samples, which objective 'autoencoder' does not give",
        ),
        (
            ["experiments.gan.metrics.macs={name: macs, kind: dense, component: generatr}"],
            "experiments.gan.metrics.macs.component",
            "did you mean 'generator'?",
        ),
        (
            ["experiments.gan_imp.metrics.fid.generated=81"],
            "metrics.fid",
            "means different things in experiments that share a job",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_told_with_its_key(overrides: list[str], where: str, message: str) -> None:
    found = faults(*overrides)
    assert any(f": {where}: " in line or f".{where}: " in line for line in found), found
    assert any(message in line for line in found), found
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ("model: {name: dcgan, base_channels: 4, z_dim: 4}", "model: {name: dcgan, base_channels: 0}"),
        ("at: 4, optimizer: restored", "at: 40, optimizer: restored"),
        ("mask: {op: reuse, from: gan_imp@same}", "mask: {op: reuse, from: gan_imp@same, map: {a: b}}"),
        ("mse: {name: reconstruction_error, split: test}", "mse: {name: reconstruction_error, split: tset}"),
    ],
)
def test_a_fault_points_to_its_line(part: str, broken: str) -> None:
    text = SUITE.replace(part, broken)
    assert all(line.startswith(f"tiny.yaml:{line_of(broken, text)}: ") for line in faults(text=text))


def test_a_circle_of_experiments_is_told_as_one() -> None:
    text = SUITE.replace("from: self@previous, fraction: 0.2", "from: gan_random@same, fraction: 0.2")
    found = faults(text=text)
    assert any("it needs its own result: " in line for line in found)
    assert any("gan_imp@1 -> gan_random@1 -> gan_imp@1" in line for line in found)


def test_all_faults_are_told_at_once() -> None:
    overrides = [
        "experiments.gan.model.name=x",
        "experiments.auto.model.name=y",
        "experiments.auto.dataset.name=z",
    ]
    found = faults(*overrides)
    assert sum("unknown name" in line for line in found) == 3
