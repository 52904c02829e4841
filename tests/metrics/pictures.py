"""Images of a few random pixels, real and generated, and an extractor that takes the pixels for features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmark.features.extractor import Extractor
from benchmark.images import Images
from benchmark.streams import stream

REAL = {"train": 130, "test": 90}


def pixels(count: int, purpose: str, channels: int = 1) -> Tensor:
    return torch.randint(0, 256, (count, channels, 2, 3), dtype=torch.uint8, generator=stream(0, purpose))


def images(split: str) -> Images:
    return Images(pixels(REAL[split], split), None, "as they are")


def flat(batch: Tensor) -> Tensor:
    return batch.flatten(1).float() / 255


EXTRACTOR = Extractor("flat", "0" * 64, 6, "none", "uint8", flat, batch_size=32)


class Shared(dict[str, Any]):
    """Makes a thing once, as a job does."""

    def recall(self, key: str, make: Callable[[], Any]) -> Any:
        if key not in self:
            self[key] = make()
        return self[key]
