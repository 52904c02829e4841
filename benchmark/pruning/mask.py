"""Masks: bool tensors by full name, one for every prunable weight of the networks; true is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Masks = Mapping[str, Tensor]


def ones(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the masks of the dense network, on the CPU."""
    return {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()}


def check(masks: Masks, weights: Mapping[str, Tensor]) -> None:
    """Raise ValueError unless the masks are bool, cover exactly the prunable weights, and have their shapes."""
    if masks.keys() != weights.keys():
        odd = min(masks.keys() ^ weights.keys())
        raise ValueError(f"{odd}: {'a mask without a prunable weight' if odd in masks else 'no mask for this weight'}")
    for name, mask in masks.items():
        if mask.dtype != torch.bool or mask.shape != weights[name].shape:
            found, wanted = tuple(mask.shape), tuple(weights[name].shape)
            raise ValueError(f"{name}: a mask is bool {wanted}, not {mask.dtype} {found}")


def bind(masks: Masks, weights: Mapping[str, Tensor]) -> Callable[[], None]:
    """Return a function that sets masked weights to zero in place; call it after every optimizer step.

    Weights that are kept whole are left out: multiplying them by one changes nothing.
    """
    check(masks, weights)
    pruned = [name for name, mask in masks.items() if not bool(mask.all())]
    tensors = [weights[name].detach() for name in pruned]
    # of the weights' own type, device and memory format: a mixed product is six times as slow
    factors = [torch.empty_like(weight).copy_(masks[name]) for name, weight in zip(pruned, tensors, strict=True)]

    def zero_masked() -> None:
        if tensors:
            torch._foreach_mul_(tensors, factors)

    return zero_masked


def apply(masks: Masks, weights: Mapping[str, Tensor]) -> None:
    """Set masked weights to zero in place, once."""
    bind(masks, weights)()
