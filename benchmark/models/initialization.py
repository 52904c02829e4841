"""The first values of every parameter and buffer, set explicitly.

No global randomness is read or changed. Values are drawn on the generator's device and copied: with a generator on
the CPU, networks on every device start from the same numbers.

| scheme | convolution and linear weights | their biases | batch-norm weight, bias |
|---|---|---|---|
| dcgan (Radford et al. 2016, section 4) | N(0, 0.02) | 0 | N(1, 0.02), 0 |
| torch_default (torch's own `reset_parameters`) | U(-b, b), b = 1 / sqrt(fan_in) | U(-b, b) | 1, 0 |
| xavier (the SNGAN code of Chen et al. 2021) | U(-a, a), a = sqrt(6 / (fan_in + fan_out)) | U(-b, b) | N(1, 0.02), 0 |
| normal (the CycleGAN code of Chen et al. 2021) | N(0, 0.02) | U(-b, b) | 1, 0 |
| signed_constant (Ramanujan et al. 2020) | c or -c, c = sqrt(2 / fan_in) | U(-b, b) | 1, 0 |
| kaiming_normal (He et al. 2015) | N(0, c) | U(-b, b) | 1, 0 |
| normal_0_02 (the code of Yeo et al. 2023, in effect) | N(0, 0.02) | U(-b, b), linear 0 | N(1, 0.02), 0 |
| orthogonal (the BigGAN of StudioGAN) | orthogonal rows or columns | 0 | 1, 0 |

The second number of N is the standard deviation. In `xavier` a linear layer's weights are those of torch_default. An
instance norm starts at weight 1 and bias 0, self-attention at gain 0 in all. Batch-norm running means start at 0,
variances at 1 and counters at 0 in all. The vector that a spectral norm starts from is drawn from N(0, I) and
normalized, after the layer's own weights.

The code of Yeo et al. sets signed constants and then draws everything anew as in normal_0_02. Fan-ins are counted as in
torch, and so in their code: a transposed convolution's by its outputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from benchmark.errors import did_you_mean
from benchmark.models.attention import SelfAttention
from benchmark.networks import WEIGHTED, Networks

Values = dict[str, Tensor]
"""New values of one layer's tensors, by their own names."""


@torch.no_grad()
def initialize(networks: Networks, scheme: str, generator: torch.Generator, fan_kept: float = 1.0) -> None:
    """Set every parameter and buffer, drawing in a fixed order; ValueError names a tensor that no rule covers.

    The weights are those of a fan-in of which `fan_kept` is left: other than 1 only where a scheme goes by it.
    """
    if scheme not in WEIGHTS:
        raise ValueError(f"unknown initialization '{scheme}'{did_you_mean(scheme, WEIGHTS)}")
    for component, network in sorted(networks.components.items()):
        for path, layer in network.named_modules():
            own = dict(layer.named_parameters(recurse=False)) | dict(layer.named_buffers(recurse=False))
            values = _values(layer, own, scheme, generator)
            if isinstance(layer, WEIGHTED):
                values["weight"] /= math.sqrt(fan_kept)
            if own.keys() != values.keys():
                name = min(own.keys() ^ values.keys())
                raise ValueError(f"scheme '{scheme}' does not know how to set {component}/{path}.{name}")
            for name, tensor in own.items():
                tensor.copy_(values[name])


def _values(layer: nn.Module, own: Mapping[str, Tensor], scheme: str, generator: torch.Generator) -> Values:
    if isinstance(layer, WEIGHTED):
        return WEIGHTS[scheme](own, generator) | _direction(own, generator)
    if isinstance(layer, _BatchNorm):
        return _batch_norm(own, scheme, generator)
    if isinstance(layer, _InstanceNorm):
        return {name: torch.full(own[name].shape, float(name == "weight")) for name in own}
    if isinstance(layer, SelfAttention):
        return {"gain": torch.zeros(1)}
    return {}


def _dcgan_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    weight = torch.empty(own["weight"].shape, device=generator.device)
    values = {"weight": weight.normal_(0.0, 0.02, generator=generator)}
    return values | {name: torch.zeros(own[name].shape) for name in own if name == "bias"}


def _torch_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    # torch counts the fan-in of a transposed convolution by its second axis too, though it is the fan-out there
    bound = 1.0 / math.sqrt(own["weight"][0].numel())
    return {
        name: torch.empty(own[name].shape, device=generator.device).uniform_(-bound, bound, generator=generator)
        for name in ("weight", "bias")
        if name in own
    }


def _xavier_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    values = _torch_weighted(own, generator)
    weight = values["weight"]
    if weight.ndim > 2:  # a convolution; what is uniform stays so when it is stretched
        fans = (weight.shape[0] + weight.shape[1]) * weight[0, 0].numel()
        weight.mul_(math.sqrt(6.0 / fans) * math.sqrt(weight[0].numel()))
    return values


def _normal_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    values = _torch_weighted(own, generator)
    values["weight"].normal_(0.0, 0.02, generator=generator)
    return values


def _signed_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    values = _torch_weighted(own, generator)
    values["weight"] = torch.where(values["weight"] < 0, -1.0, 1.0) * _kaiming(own)
    return values


def _kaiming_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    values = _torch_weighted(own, generator)
    values["weight"].normal_(0.0, _kaiming(own), generator=generator)
    return values


def _kaiming(own: Mapping[str, Tensor]) -> float:
    return math.sqrt(2.0 / own["weight"][0].numel())


def _redrawn_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    values = _normal_weighted(own, generator)
    if own["weight"].ndim == 2 and "bias" in own:
        values["bias"].zero_()
    return values


def _orthogonal_weighted(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    weight = torch.empty(own["weight"].shape, device=generator.device)
    values: Values = {"weight": nn.init.orthogonal_(weight, generator=generator)}
    return values | {name: torch.zeros(own[name].shape) for name in own if name == "bias"}


WEIGHTS = {
    "dcgan": _dcgan_weighted,
    "torch_default": _torch_weighted,
    "xavier": _xavier_weighted,
    "normal": _normal_weighted,
    "signed_constant": _signed_weighted,
    "kaiming_normal": _kaiming_weighted,
    "normal_0_02": _redrawn_weighted,
    "orthogonal": _orthogonal_weighted,
}


def _direction(own: Mapping[str, Tensor], generator: torch.Generator) -> Values:
    if "u" not in own:
        return {}
    drawn = torch.randn(own["u"].shape, generator=generator, device=generator.device)
    return {"u": drawn / drawn.norm()}


def _batch_norm(own: Mapping[str, Tensor], scheme: str, generator: torch.Generator) -> Values:
    fixed = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0, "num_batches_tracked": 0.0}
    values = {name: torch.full(own[name].shape, fixed[name], device=generator.device) for name in fixed if name in own}
    if scheme in {"dcgan", "xavier", "normal_0_02"} and "weight" in values:
        values["weight"].normal_(1.0, 0.02, generator=generator)
    return values
