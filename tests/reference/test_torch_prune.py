"""Iterative global magnitude pruning against `torch.nn.utils.prune`, round after round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from benchmark.models import MODELS
from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import DcganOptions
from benchmark.networks import Networks, prunable_weights
from benchmark.pruning.allocate import draw
from benchmark.pruning.count import Target
from benchmark.pruning.criterion import Evidence
from benchmark.pruning.magnitude import score
from benchmark.pruning.mask import apply, ones
from benchmark.schema.record import Options

KINDS = ("conv", "conv_transpose", "linear")


def gan(seed: int) -> Networks:
    networks = materialize(MODELS["dcgan"].load(), DcganOptions(base_channels=8, z_dim=16), (1, 16, 16), "cpu")
    initialize(networks, "torch_default", torch.Generator().manual_seed(seed))
    return networks


def addressed(networks: Networks) -> Iterator[tuple[str, nn.Module]]:
    for component, network in networks.components.items():
        for path, layer in network.named_modules():
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                yield f"{component}/{path}.weight", layer


def move(networks: Networks, generator: torch.Generator) -> None:
    """Change all weights as a training would."""
    for _, layer in addressed(networks):
        weight = layer.weight_orig if hasattr(layer, "weight_orig") else layer.weight
        assert isinstance(weight, Tensor)
        with torch.no_grad():
            weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.01)


def ours(fraction: float, rounds: int) -> Iterator[dict[str, Tensor]]:
    networks, chance = gan(0), torch.Generator().manual_seed(9)
    weights = prunable_weights(networks, KINDS, ())
    masks = ones(weights)
    for _ in range(rounds):
        masks = draw(score(Evidence(weights, torch.Generator()), Options()), masks, Target(fraction))
        apply(masks, weights)
        yield masks
        move(networks, chance)


def theirs(fraction: float, rounds: int) -> Iterator[dict[str, Tensor]]:
    networks, chance = gan(0), torch.Generator().manual_seed(9)
    layers: dict[str, Any] = dict(addressed(networks))
    for _ in range(rounds):
        pairs = [(layer, "weight") for layer in layers.values()]
        prune.global_unstructured(pairs, pruning_method=prune.L1Unstructured, amount=fraction)
        yield {name: layer.weight_mask.bool().clone() for name, layer in layers.items()}
        for layer in layers.values():
            layer.weight_orig.data.mul_(layer.weight_mask)
        move(networks, chance)
        for layer in layers.values():  # as torch's own hook does before each forward pass
            layer.weight = layer.weight_orig * layer.weight_mask


@pytest.mark.parametrize("fraction", [0.2, 0.5])
def test_the_masks_of_ten_rounds_are_torchs(fraction: float) -> None:
    for mine, torchs in zip(ours(fraction, 10), theirs(fraction, 10), strict=True):
        assert mine.keys() == torchs.keys()
        assert all(torch.equal(mine[name], torchs[name]) for name in mine)
