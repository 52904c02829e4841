"""The gradient of an objective's losses: what the criteria that look at the data share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from benchmark.pruning.criterion import Evidence

Gradient = tuple[Tensor, ...]


def summed_gradient(evidence: Evidence, batches: Iterable[int]) -> Gradient:
    """Return the gradient of all updates' losses, summed over updates and batches, in the order of the weights.

    One sum for networks that are trained against each other is what the code of Kalibhat et al. (2021) does for
    SNIP: `d_loss.backward()`, then `g_loss.backward()`, with no `zero_grad` between. So a discriminator's weight
    collects gradients of both losses. There the generator does so too, while here it does not: the objective detaches
    the generated images in the discriminator's loss.
    """
    weights = list(evidence.weights.values())
    total: Gradient = tuple(torch.zeros_like(weight) for weight in weights)
    for index in batches:
        total = tuple(torch._foreach_add(total, derivative(sum_of(evidence.losses(index)), weights)))
    return total


def sum_of(losses: Sequence[Tensor]) -> Tensor:
    """Return the sum of scalar losses."""
    return torch.stack(list(losses)).sum()


def derivative(value: Tensor, weights: Sequence[Tensor], *, create_graph: bool = False) -> Gradient:
    """Return the derivative of a scalar with respect to weights; zero for those it does not depend on."""
    return torch.autograd.grad(value, weights, create_graph=create_graph, allow_unused=True, materialize_grads=True)
