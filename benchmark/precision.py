"""Mixed precision (Micikevicius et al. 2018): passes under autocast, losses in single precision and scaled for halves.

Weights and optimizers stay in single precision. Only what a loss calls is lowered, so the loss itself, a penalty on
gradients among it, is computed as ever; bfloat16 has the range of single precision and needs no scaling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from benchmark.networks import Networks
from benchmark.schema.numerics import Precision

LOWER: Mapping[Precision, torch.dtype] = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def lowered(networks: Networks, precision: Precision) -> Networks:
    """Return networks with the very same tensors, which compute in a precision and give single precision out."""
    if precision == "float32":
        return networks
    passes = {name: _Lowered(module, LOWER[precision]) for name, module in networks.components.items()}
    return replace(networks, components=passes)


class _Lowered(nn.Module):
    """A network whose passes are under autocast: one at a time, so no lowered weight outlives a change of it."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network
        self._dtype = dtype

    def forward(self, *inputs: Tensor) -> Tensor:
        with torch.autocast(inputs[0].device.type, self._dtype):
            outputs: Tensor = self.network(*inputs)
        return outputs.float()


def new_scaler(precision: Precision, device: str) -> torch.amp.GradScaler:
    """Return what keeps small gradients from becoming zero in half precision; for others it does nothing.

    An update whose scaled gradients overflow is left out, and the scale halved; it doubles after 2000 without any.
    """
    return torch.amp.GradScaler(device, enabled=precision == "float16")


def scaler_tensors(scaler: torch.amp.GradScaler) -> dict[str, Tensor]:
    """Return the state of a scaler: `scale` and `growth_tracker`; nothing where it is not used."""
    state = scaler.state_dict()
    return {key: torch.tensor(float(state[_KEYS[key]])) for key in _KEYS if state}


def restore_scaler(scaler: torch.amp.GradScaler, tensors: Mapping[str, Tensor]) -> None:
    """Take over a state that `scaler_tensors` returned; without one the scaler starts afresh."""
    if tensors and scaler.is_enabled():
        scale, tracker = tensors["scale"].item(), int(tensors["growth_tracker"])
        scaler.load_state_dict({**scaler.state_dict(), _KEYS["scale"]: scale, _KEYS["growth_tracker"]: tracker})


_KEYS = {"scale": "scale", "growth_tracker": "_growth_tracker"}
