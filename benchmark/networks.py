"""The networks of one model, by component, and how a name addresses one of their tensors.

A tensor's full name is `component/module.path.weight`; masks, weights and snapshots are dictionaries over full names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

LAYER_KINDS: Mapping[str, tuple[type[nn.Module], ...]] = {
    "conv": (nn.Conv1d, nn.Conv2d, nn.Conv3d),
    "conv_transpose": (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    "linear": (nn.Linear,),
}
WEIGHTED = tuple(kind for kinds in LAYER_KINDS.values() for kind in kinds)
"""All layers whose weights a mask may cover."""


class Product(nn.Module):
    """Matrix products without weights, as a layer of their own: what they compute has a name to be counted under."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Map [N, I, K] and [N, K, J] to [N, I, J]."""
        return torch.bmm(first, second)


@dataclass(frozen=True)
class Networks:
    """The components of one model; `z_dim` is the latent size where one is drawn from a prior, else null.

    Where there are several `classes`, the last values of a latent tell that of its image (`benchmark.models.biggan`);
    `labels` [N] are then those of the images that a loss is about.
    `inputs` holds the shape of one input of each component, without the batch axis. `memory` is what an objective
    keeps from step to step beside the weights, by names of its own; it is part of a training's state.
    """

    components: Mapping[str, nn.Module]
    z_dim: int | None = None
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    memory: dict[str, Tensor] = field(default_factory=dict)
    classes: int = 1
    labels: Tensor | None = None

    def __getitem__(self, component: str) -> nn.Module:
        return self.components[component]

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield every parameter under its full name, in a fixed order."""
        for component, module in sorted(self.components.items()):
            for name, parameter in module.named_parameters():
                yield f"{component}/{name}", parameter

    def state(self) -> dict[str, Tensor]:
        """Return parameters and buffers under their full names (the tensors themselves, not copies)."""
        return {
            f"{component}/{name}": tensor
            for component, module in sorted(self.components.items())
            for name, tensor in module.state_dict().items()
        }

    def with_own_buffers(self) -> Networks:
        """Return networks with the same parameters and copies of the buffers: using them changes nothing here.

        They remember nothing.
        """
        shared = {id(parameter): parameter for _, parameter in self.named_parameters()}
        return replace(self, components=deepcopy(dict(self.components), shared), memory={})

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy values into parameters and buffers; every name and shape must fit (ValueError)."""
        own = self.state()
        if own.keys() != state.keys():
            odd = sorted(own.keys() ^ state.keys())
            raise ValueError(f"the networks and the weights differ in {', '.join(odd[:3])}")
        for name, tensor in own.items():
            if tensor.shape != state[name].shape:
                raise ValueError(f"{name} has shape {tuple(state[name].shape)}, expected {tuple(tensor.shape)}")
            tensor.copy_(state[name])

    def train(self, mode: bool = True) -> None:
        """Set every component to training (or evaluation) mode."""
        for module in self.components.values():
            module.train(mode)


def prunable_weights(networks: Networks, kinds: tuple[str, ...], exclude: tuple[str, ...]) -> dict[str, nn.Parameter]:
    """Return the weights a mask may cover, by full name: those of the layer kinds, but for excluded modules.

    `exclude` holds `component/module.path` or `component`; biases and normalization are never prunable.
    """
    types = tuple(kind for name in kinds for kind in LAYER_KINDS[name])
    found = {}
    for component, module in sorted(networks.components.items()):
        for path, layer in module.named_modules():
            address = f"{component}/{path}"
            if isinstance(layer, types) and address not in exclude and component not in exclude:
                weight = layer.weight
                assert isinstance(weight, nn.Parameter)
                found[f"{address}.weight"] = weight
    return found


def channel_scales(networks: Networks, exclude: tuple[str, ...] = ()) -> dict[str, nn.Parameter]:
    """Return the scale [channels] of every affine batch or instance norm by full name: a value for a prunable channel.

    `exclude` holds `component/module.path` or `component`. The shift of a channel is named as `shift_name` says.
    """
    found = {}
    for component, module in sorted(networks.components.items()):
        for path, layer in module.named_modules():
            address = f"{component}/{path}"
            affine = isinstance(layer, (_BatchNorm, _InstanceNorm)) and layer.affine
            if affine and address not in exclude and component not in exclude:
                scale = layer.weight
                assert isinstance(scale, nn.Parameter)
                found[f"{address}.weight"] = scale
    return found


def shift_name(scale: str) -> str:
    """Return the full name of the shift that belongs to a scale."""
    return f"{scale.removesuffix('.weight')}.bias"


def with_shifts(masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the masks of all tensors that they set to zero: that of a channel's scale is its shift's as well.

    With both at zero, whatever comes next sees nothing of the channel, as if it were not there.
    """
    return {**masks, **{shift_name(name): mask for name, mask in masks.items() if is_of_channels(name, mask)}}


def is_of_channels(name: str, mask: Tensor) -> bool:
    """Tell whether a mask is over the scales of channels: prunable weights have two axes or more, biases their name."""
    return mask.ndim == 1 and not is_bias(name)


def is_bias(name: str) -> bool:
    """Tell whether a full name is that of a layer's bias (or of a norm's shift, which has no mask of its own)."""
    return name.endswith(".bias")


def layer_names(networks: Networks) -> list[str]:
    """Return what an `exclude` may name: every component, and every layer of it that has prunable weights."""
    every = prunable_weights(networks, tuple(LAYER_KINDS), ())
    return [*networks.components, *(name.removesuffix(".weight") for name in every)]


def section(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors under `prefix/`, without the prefix."""
    start = f"{prefix}/"
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
