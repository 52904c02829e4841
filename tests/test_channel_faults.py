"""Masks of channels and shrinking where they make no sense: told when planning, by file, line and key."""

from __future__ import annotations

import pytest

from benchmark.campaigns import plan_suite
from benchmark.errors import SuiteError
from benchmark.suites import read_suite

SUITE = """\
format: 1
key: channels
title: Tickets of channels
seeds: 2
experiments:
  gan:
    dataset: {name: digits, image_size: 16}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan}
    training: {steps: 2, batch_size: 8, optimizers: {"*": {lr: 0.001}}}
  ticket:
    extends: gan
    mask: {from: gan@0, criterion: {name: batch_norm_scale}, granularity: channel, sparsity: 0.5}
    weights: {from: gan@0}
    levels: [1]
  thin:
    extends: ticket
    shrink: true
  weights:
    extends: gan
    mask: {from: gan@0, sparsity: 0.5}
    levels: [1]
  again:
    extends: gan
    mask: {op: reuse, from: thin@same}
    shrink: true
    levels: [1]
  vae:
    dataset: {name: digits, image_size: 16}
    model: {name: resnet_vae, base_channels: 2, z_dim: 2}
    objective: {name: vae}
    training: {steps: 2, batch_size: 8, optimizers: {"*": {lr: 0.001}}}
    mask: {from: init, criterion: {name: batch_norm_scale}, granularity: channel, sparsity: 0.5}
    levels: [1]
claims: {}
scales: {small: {small: true}}
"""
COUPLED = [
    *(f"decoder/block{block}.{name}" for block in (0, 1) for name in ("body.norm1", "shortcut.norm")),
    "decoder/block2.body.norm1",
    "encoder/norm",
    "encoder/block0.body.norm1",
    *(f"encoder/block{block}.{name}" for block in (1, 2) for name in ("body.norm1", "shortcut.norm")),
]


def plan(*overrides: str) -> None:
    plan_suite(read_suite(SUITE, "channels.yaml", "small", overrides))


def faults(*overrides: str) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        plan(*overrides)
    return caught.value.problems


def test_what_makes_sense_is_planned() -> None:
    plan()
    plan("experiments.ticket.mask.prunable={exclude: [generator/norm1, discriminator]}")


@pytest.mark.parametrize(
    ("override", "where", "message"),
    [
        (
            "experiments.ticket.mask.granularity=weight",
            "experiments.ticket.mask.criterion",
            "'batch_norm_scale' ranks channels, but the granularity of the mask is 'weight'",
        ),
        (
            "experiments.ticket.mask.criterion={name: magnitude}",
            "experiments.ticket.mask.criterion",
            "'magnitude' ranks weights, but the granularity of the mask is 'channel'",
        ),
        (
            "experiments.ticket.mask.prunable={kinds: [conv]}",
            "experiments.ticket.mask.prunable.kinds",
            "kinds of layers are for weights",
        ),
        (
            "experiments.ticket.mask.prunable={exclude: [generator/conv0]}",
            "experiments.ticket.mask.prunable.exclude.0",
            "'generator/conv0' matches nothing in 'dcgan'; did you mean 'generator/norm0'?",
        ),
        (
            "experiments.ticket.mask.prunable={exclude: [generator, discriminator]}",
            "experiments.ticket.mask.prunable",
            "leave no channels of a batch norm with scales to prune",
        ),
        (
            "experiments.weights.shrink=true",
            "experiments.weights.shrink",
            "only channels can be removed: it needs a mask with 'granularity: channel'",
        ),
        ("experiments.thin.mask.from=ones", "experiments.thin.shrink", "only channels can be removed"),
        (
            "experiments.again.weights={from: thin@same}",
            "experiments.again.weights.from",
            "'thin@same' has been shrunken: its weights fit no other networks; its mask may be reused",
        ),
        (
            "experiments.weights.mask.from=thin@same",
            "experiments.weights.mask.from",
            "'thin@same' has been shrunken",
        ),
        (
            "experiments.weights.mask.from=ticket@same",
            "experiments.weights.mask.granularity",
            "'ticket@same' removes channels, this mask weights: one count cannot hold both",
        ),
        (
            "experiments.ticket.mask.from=weights@same",
            "experiments.ticket.mask.granularity",
            "'weights@same' removes weights, this mask channels",
        ),
        (
            "experiments.vae.shrink=true",
            "experiments.vae.shrink",
            f"{COUPLED[0]} is coupled to others by Add; a mask that leaves out what is like it has prunable: "
            f"{{exclude: [{', '.join(COUPLED)}]}}",
        ),
    ],
)
def test_what_makes_no_sense_is_one_line(override: str, where: str, message: str) -> None:
    found = [line for line in faults(override) if f"{where}: " in line]
    assert len(found) == 1, faults(override)
    assert message in found[0]


def test_what_the_refusal_says_to_exclude_is_what_has_to_be() -> None:
    plan("experiments.vae.shrink=true", f"experiments.vae.mask.prunable={{exclude: [{', '.join(COUPLED)}]}}")
    less = f"experiments.vae.mask.prunable={{exclude: [{', '.join(COUPLED[1:])}]}}"
    (fault,) = faults("experiments.vae.shrink=true", less)
    assert f"exclude: [{COUPLED[0]}]" in fault
