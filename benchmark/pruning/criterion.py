"""What a criterion may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Scores = dict[str, Tensor]
"""One score for every weight, by full name and in the weight's shape; the larger is kept."""

Losses = Callable[[int], tuple[Tensor, ...]]
"""The losses of all updates of the objective, in order, on batch number i: the same whenever they are asked for."""


def no_losses(index: int) -> tuple[Tensor, ...]:
    """Stand where there are weights alone; ValueError for a criterion that asks for losses."""
    raise ValueError("there are only weights to rank here: no networks, and no losses")


@dataclass(frozen=True)
class Evidence:
    """The weights to rank, by full name, the generator that all of a criterion's chance comes from, and the losses.

    The losses are functions of the very tensors in `weights`, which then require a gradient: that of a weight which
    is already pruned is zero. Nothing is loaded or computed before they are asked for.
    """

    weights: Mapping[str, Tensor]
    generator: torch.Generator
    losses: Losses = no_losses
