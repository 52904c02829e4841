"""Spectral normalization (Miyato et al. 2018, Algorithm 1) that leaves a layer's type, names and weight as they are.

torch's own two versions rename the weight (`weight_orig`, `parametrizations.weight.original`) or change the layer's
class, and masks, counters and initialization go by both. Convolutions and linear layers are linear, so dividing
the input by the norm gives what dividing the weight gives: W (x / sigma) + b = (W / sigma) x + b. The norm is taken
anew in every pass from the weight as it is then, so it follows a mask that has set weights to zero.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

Layer = TypeVar("Layer", bound="nn.Conv2d | nn.Linear")


def spectral_norm(layer: Layer) -> Layer:
    """Normalize a layer in place and return it; its new buffer `u` [outputs] is the left singular vector's estimate."""
    layer.register_buffer("u", torch.empty(layer.weight.shape[0]))
    layer.register_forward_pre_hook(_divide_input)
    return layer


def _divide_input(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return (inputs[0] / sigma(layer), *inputs[1:])


def sigma(layer: nn.Module) -> Tensor:
    """Return the estimated spectral norm of a normalized layer's weight, seen as [outputs, rest], after one iteration.

    The singular vectors are constants to the gradient (Eq. 12); `u` moves in training mode alone. A weight that is
    zero throughout has the norm one here: there is nothing to divide.
    """
    assert isinstance(layer.weight, Tensor)
    assert isinstance(layer.u, Tensor)
    matrix = layer.weight.flatten(1)
    with _single_precision(matrix.device):
        with torch.no_grad():
            v = normalize(matrix.T @ layer.u, dim=0)
            u = normalize(matrix @ v, dim=0)
            if layer.training:
                layer.u.copy_(u)
        estimate = u @ (matrix @ v)
        return torch.where(estimate > 0, estimate, 1.0)


def _single_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return a block in which autocast lowers nothing; the meta device knows no autocast."""
    known = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type, enabled=False) if known else nullcontext()
