"""Numbers of the host on their way to a device: neither waits for the other."""

from __future__ import annotations

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor of the CPU on a device.

    From memory that the system may move, a copy to a GPU waits until the GPU has done all it was given before.
    """
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
