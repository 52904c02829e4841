"""The scales of norms that a training makes small (`benchmark.schema.training.Penalty`): which they are, and how."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.networks import Networks, channel_scales
from benchmark.schema.training import Penalty


def penalized(networks: Networks, penalty: Penalty | None) -> dict[str, nn.Parameter]:
    """Return the scales [channels] that a penalty is about, by full name; none without a penalty."""
    if penalty is None:
        return {}
    chosen = tuple(networks.components if penalty.components is None else penalty.components)
    scales = channel_scales(networks, penalty.exclude)
    return {name: scale for name, scale in scales.items() if name.partition("/")[0] in chosen}


def size(scales: Iterable[Tensor]) -> Tensor | int:
    """Return the sum of the absolute scales, 0 where there are none (Liu et al. 2017, Eq. 1)."""
    return sum(scale.abs().sum() for scale in scales)


@torch.no_grad()
def pull(scales: Iterable[Tensor], distance: Any) -> None:
    """Move scales towards zero by a distance, none beyond it, in place.

    `distance` is a number, or a tensor without axes. With distance = lr * weight that is the proximal step of an L1
    norm: sign(s) max(|s| - distance, 0), as Wang et al. (2020) update the scales of a generator.
    """
    for scale in scales:
        scale.sub_(scale.clamp(-distance, distance))
