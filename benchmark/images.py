"""A split of a data set as tensors, and the two ways between bytes and network values."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

DOMAINS = ("a", "b")
"""What the labels 0 and 1 stand for in a data set of two domains, between which images are translated."""


@dataclass(frozen=True)
class Images:
    """Images of one split: `pixels` uint8 [N, C, H, W], `labels` int64 [N] or null.

    `preparation` says in words what was done to the originals; it is part of the measuring protocol.
    """

    pixels: Tensor
    labels: Tensor | None
    preparation: str

    def __post_init__(self) -> None:
        if self.pixels.dtype != torch.uint8 or self.pixels.ndim != 4:
            raise ValueError(f"pixels are uint8 [N, C, H, W], not {self.pixels.dtype} {tuple(self.pixels.shape)}")

    def __len__(self) -> int:
        return self.pixels.shape[0]

    def first(self, count: int) -> Images:
        """Return the first `count` images in the data set's order, or all where there are no more."""
        labels = None if self.labels is None else self.labels[:count]
        return Images(self.pixels[:count], labels, self.preparation)

    def of(self, domain: str) -> Images:
        """Return the images of one of two domains, as the labels tell them apart."""
        if self.labels is None:
            raise ValueError("these images have no labels that tell their domain")
        chosen = self.labels == DOMAINS.index(domain)
        return Images(self.pixels[chosen], self.labels[chosen], f"{self.preparation}; domain {domain}")


def to_values(pixels: Tensor) -> Tensor:
    """Map uint8 0..255 to float -1..1."""
    return pixels.to(torch.float32) / 127.5 - 1.0


def to_pixels(values: Tensor) -> Tensor:
    """Map float -1..1 to uint8 0..255: clamped, rounded to nearest."""
    return ((values.clamp(-1.0, 1.0) + 1.0) * 127.5).round().to(torch.uint8)
