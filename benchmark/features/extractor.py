"""A feature extractor: images to vectors, with all that the measuring protocol says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.portions import portions


@dataclass(frozen=True)
class Extractor:
    """Features of images, batch by batch; `sha256` is that of the weights.

    `resizer` and `quantization` say in words what happens to an image before the network sees it. `embed` maps one
    batch of uint8 pixels [B, C, H, W] to features [B, dimensions]; `classify`, where there is one, features to
    probabilities [B, classes], and `classes` says in words what they are. Both compute on `device`, wherever their
    inputs are. Batches are of `batch_size`, on a GPU of as many more as its memory takes (`benchmark.portions`).
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
    device: str | torch.device = "cpu"

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return float32 features [N, dimensions] on the extractor's device for uint8 pixels [N, C, H, W] in 0..255."""
        return torch.cat(list(self.batches(pixels)))

    def batches(self, pixels: Tensor) -> Iterator[Tensor]:
        """Yield the same features a batch at a time, so that not all of them are held."""
        if pixels.dtype != torch.uint8 or pixels.ndim != 4:
            raise ValueError(f"pixels are uint8 [N, C, H, W], not {pixels.dtype} {tuple(pixels.shape)}")
        return self._by_batch(self.embed, pixels)

    def probabilities(self, features: Tensor) -> Tensor:
        """Return class probabilities [N, classes] of features [N, dimensions]; ValueError if there are no classes."""
        if self.classify is None:
            raise ValueError(f"the extractor {self.name} does not classify")
        return torch.cat(list(self._by_batch(self.classify, features)))

    def _by_batch(self, function: Callable[[Tensor], Tensor], inputs: Tensor) -> Iterator[Tensor]:
        @torch.no_grad()
        def work(start: int, stop: int) -> Tensor:
            return function(inputs[start:stop]).float()

        return portions(work, len(inputs), self.batch_size, self.device)
