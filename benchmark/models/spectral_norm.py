"""Spectral normalization (Miyato et al. 2018, Algorithm 1) that leaves a layer's type, names and weight as they are.

torch's own two versions rename the weight (`weight_orig`, `parametrizations.weight.original`) or change the layer's
class, and masks, counters and initialization go by both. Here a layer has a forward pass of its own, with its weight
divided by the norm: a weight is much smaller than the images that go through it. The norm is taken anew in every pass
from the weight as it is then, so it follows a mask that has set weights to zero.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import MethodType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

SMALLEST = 1e-12
"""No vector is divided by less."""
Layer = TypeVar("Layer", bound="nn.Conv2d | nn.Linear")


def spectral_norm(layer: Layer) -> Layer:
    """Normalize a layer in place and return it; its new buffer `u` [outputs] is the left singular vector's estimate."""
    layer.register_buffer("u", torch.empty(layer.weight.shape[0]))
    layer.forward = MethodType(_pass, layer)  # type: ignore[method-assign]
    return layer


def _pass(layer: Any, inputs: Tensor) -> Tensor:
    weight = layer.weight / sigma(layer)
    if isinstance(layer, nn.Linear):
        return linear(inputs, weight, layer.bias)
    outputs: Tensor = layer._conv_forward(inputs, weight, layer.bias)
    return outputs


def sigma(layer: nn.Module) -> Tensor:
    """Return the estimated spectral norm of a normalized layer's weight, seen as [outputs, rest], after one iteration.

    The singular vectors are constants to the gradient (Eq. 12); `u` moves in training mode alone. A weight that is
    zero throughout has the norm one here: there is nothing to divide.
    """
    assert isinstance(layer.weight, Tensor)
    assert isinstance(layer.u, Tensor)
    matrix = _matrix(layer.weight)
    with _single_precision(matrix.device):
        with torch.no_grad():
            v = matrix.T @ layer.u
            v /= v.norm().clamp_min(SMALLEST)
        image = matrix @ v
        estimate: Tensor = image.norm()  # u W v, and its gradient u v' too
        estimate = estimate + (estimate == 0)
        if layer.training:
            with torch.no_grad():
                torch.div(image, estimate, out=layer.u)
        return estimate


def _matrix(weight: Tensor) -> Tensor:
    """Return a weight as [outputs, rest], the rest in the order in which it lies in memory: nothing is copied."""
    is_last = weight.ndim == 4 and weight.is_contiguous(memory_format=torch.channels_last)
    return (weight.movedim(1, -1) if is_last else weight).flatten(1)


def _single_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return a block in which autocast lowers nothing; the meta device knows no autocast."""
    known = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type, enabled=False) if known else nullcontext()
