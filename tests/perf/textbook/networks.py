"""Our networks as the code of a paper would hold them: torch's spectral norm, torch's padding, masks by hooks."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.utils import prune, spectral_norm

from benchmark.models.cyclegan import Reflection
from benchmark.networks import Networks


def textbook_networks(networks: Networks, masks: Mapping[str, Tensor]) -> nn.ModuleDict:
    """Return copies of networks that compute the same; masks [as the weight] are by full name of a weight."""
    copies = nn.ModuleDict({name: _replaced(deepcopy(module)) for name, module in networks.components.items()})
    for name, mask in masks.items():
        component, _, path = name.removesuffix(".weight").partition("/")
        layer = copies.get_submodule(f"{component}.{path}")
        prune.custom_from_mask(layer, "weight", mask.to(next(layer.parameters())))  # type: ignore[no-untyped-call]
    return copies


def _replaced(module: nn.Module) -> nn.Module:
    if isinstance(module, Reflection):
        return nn.ReflectionPad2d(module.size)
    if "u" in dict(module.named_buffers(recurse=False)):
        return _normalized(module)
    for name, child in module.named_children():
        setattr(module, name, _replaced(child))
    return module


@torch.no_grad()
def _normalized(ours: nn.Module) -> nn.Module:
    """Return a fresh layer of the same kind, weight and singular vector under torch's spectral normalization."""
    bias = ours.bias is not None
    theirs: nn.Module
    if isinstance(ours, nn.Conv2d):
        shape = ours.in_channels, ours.out_channels, ours.kernel_size
        theirs = nn.Conv2d(*shape, ours.stride, ours.padding, bias=bias)  # type: ignore[arg-type]
    else:
        assert isinstance(ours, nn.Linear)
        theirs = nn.Linear(ours.in_features, ours.out_features, bias=bias)
    theirs.to(ours.get_buffer("u").device)
    for name, parameter in theirs.named_parameters():
        parameter.copy_(ours.get_parameter(name))
    theirs = spectral_norm(theirs)
    theirs.get_buffer("weight_u").copy_(ours.get_buffer("u"))
    return theirs
