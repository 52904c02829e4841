"""How the values of convolutions' weights lie in memory, and with them those of the images that go through.

Which one is faster is a matter of the device. Numbers change by rounding alone, since kernels add in another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from benchmark.schema.numerics import Layout

FORMATS: Mapping[Layout, torch.memory_format] = {
    "channels_first": torch.contiguous_format,
    "channels_last": torch.channels_last,
}


def lay_out(modules: Iterable[nn.Module], layout: Layout) -> None:
    """Bring the tensors with four axes to a layout, in place: the same parameters and names, shapes and values."""
    for module in modules:
        module.to(memory_format=FORMATS[layout])
