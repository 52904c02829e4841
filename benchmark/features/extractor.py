"""A feature extractor: images to vectors, with all that the measuring protocol says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Extractor:
    """Features of images, batch by batch; `sha256` is that of the weights.

    `resizer` and `quantization` say in words what happens to an image before the network sees it. `embed` maps one
    batch of uint8 pixels [B, C, H, W] to features [B, dimensions]; `classify`, where there is one, features to
    probabilities [B, classes], and `classes` says in words what they are.
    """

    name: str
    sha256: str
    dimensions: int
    resizer: str
    quantization: str
    embed: Callable[[Tensor], Tensor]
    classify: Callable[[Tensor], Tensor] | None = None
    classes: str | None = None
    batch_size: int = 256

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return float32 features [N, dimensions] on the CPU for uint8 pixels [N, C, H, W] in 0..255."""
        if pixels.dtype != torch.uint8 or pixels.ndim != 4:
            raise ValueError(f"pixels are uint8 [N, C, H, W], not {pixels.dtype} {tuple(pixels.shape)}")
        return self._by_batch(self.embed, pixels)

    def probabilities(self, features: Tensor) -> Tensor:
        """Return class probabilities [N, classes] of features [N, dimensions]; ValueError if there are no classes."""
        if self.classify is None:
            raise ValueError(f"the extractor {self.name} does not classify")
        return self._by_batch(self.classify, features)

    def _by_batch(self, function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.cat([function(batch).float().cpu() for batch in torch.split(inputs, self.batch_size)])
