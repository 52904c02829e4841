"""Self-attention over the positions of a feature map (Zhang et al. 2019), in the form that BigGAN has it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmark.networks import Product


class SelfAttention(nn.Module):
    """`x + gain * attended(x)` (Eq. 3): every position gathers from all, keys and values at half the resolution.

    `gain` starts at zero, so that the map begins as it is; where weights are never trained it stays so. `wrap` is done
    to each 1x1 convolution, none of which has a bias.
    """

    def __init__(self, channels: int, wrap: Callable[[nn.Conv2d], nn.Conv2d]) -> None:
        super().__init__()
        narrow, half = max(1, channels // 8), max(1, channels // 2)
        self.query = wrap(nn.Conv2d(channels, narrow, 1, bias=False))
        self.key = wrap(nn.Conv2d(channels, narrow, 1, bias=False))
        self.value = wrap(nn.Conv2d(channels, half, 1, bias=False))
        self.out = wrap(nn.Conv2d(half, channels, 1, bias=False))
        self.pool = nn.MaxPool2d(2)
        self.compare, self.gather = Product(), Product()
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        query = self.query(x).flatten(2)
        key, value = self.pool(self.key(x)).flatten(2), self.pool(self.value(x)).flatten(2)
        shares = self.compare(query.transpose(1, 2), key).softmax(dim=-1)
        attended = self.gather(value, shares.transpose(1, 2)).reshape(len(x), -1, *x.shape[2:])
        out: Tensor = x + self.gain * self.out(attended)
        return out
