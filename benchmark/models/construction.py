"""How networks come to be: built without memory or randomness, then allocated where they are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmark.networks import Networks
from benchmark.schema.record import Options

Shape = tuple[int, int, int]
"""Of an image: channels, height, width."""


def materialize(
    build: Callable[[Any, Shape], Networks], options: Options, shape: Shape, device: str | torch.device
) -> Networks:
    """Build a model on `device` without values: `initialize` or `Networks.load` must follow."""
    with torch.device("meta"):
        networks = build(options, shape)
    for module in networks.components.values():
        module.to_empty(device=device)
    return networks
