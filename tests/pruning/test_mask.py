"""Masks are checked, and masked weights are exactly zero after every step, survivors untouched."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from benchmark.networks import Networks, prunable_weights
from benchmark.pruning.mask import apply, bind, check, ones

KINDS = ("conv", "conv_transpose", "linear")


def prepared() -> tuple[Networks, dict[str, nn.Parameter], dict[str, Tensor]]:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
    networks = Networks({"encoder": network})
    weights = prunable_weights(networks, KINDS, ())
    generator = torch.Generator().manual_seed(0)
    masks = {name: torch.rand(weight.shape, generator=generator) > 0.6 for name, weight in weights.items()}
    return networks, weights, masks


def test_masked_weights_stay_zero_through_training_and_biases_are_free() -> None:
    networks, weights, masks = prepared()
    optimizer = torch.optim.Adam(networks["encoder"].parameters(), lr=0.1, weight_decay=0.1)
    zero_masked = bind(masks, weights)
    zero_masked()
    bias = networks.state()["encoder/0.bias"].clone()
    for _ in range(3):
        optimizer.zero_grad()
        networks["encoder"](torch.randn(5, 1, 4, 4)).square().sum().backward()
        optimizer.step()
        zero_masked()
        assert all(bool((weights[name][~mask] == 0).all()) for name, mask in masks.items())
    assert not torch.equal(bias, networks.state()["encoder/0.bias"])


def test_survivors_are_untouched_bit_for_bit() -> None:
    _, weights, masks = prepared()
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    apply(masks, weights)
    assert all(torch.equal(weights[name][mask], before[name][mask]) for name, mask in masks.items())


def test_memory_format_is_kept() -> None:
    networks, _, masks = prepared()
    networks["encoder"].to(memory_format=torch.channels_last)
    weights = prunable_weights(networks, KINDS, ())
    apply(masks, weights)
    weight = weights["encoder/0.weight"]
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert bool((weight[~masks["encoder/0.weight"]] == 0).all())


def test_the_dense_mask_changes_nothing_not_even_nan() -> None:
    weight = torch.tensor([1.0, float("nan"), float("inf")])
    apply(ones({"a": weight}), {"a": weight})
    assert weight[0] == 1
    assert weight[1].isnan()


@pytest.mark.parametrize(
    ("masks", "complaint"),
    [
        ({}, "x: no mask for this weight"),
        ({"x": torch.ones(2, dtype=torch.bool), "y": torch.ones(2, dtype=torch.bool)}, "y: a mask without"),
        ({"x": torch.ones(2)}, "bool"),
        ({"x": torch.ones(3, dtype=torch.bool)}, r"\(2,\)"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(masks: dict[str, Tensor], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check(masks, {"x": torch.zeros(2)})
