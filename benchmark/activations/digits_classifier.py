"""The layers of the shipped classifier of the digits (`benchmark.features.digits_classifier`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from benchmark.activations.activations import Activations, Tapped
from benchmark.features.digits_classifier import SIZE, shipped

if TYPE_CHECKING:
    from benchmark.activations.options import DigitsActivationsOptions


def load(options: DigitsActivationsOptions, device: str | torch.device, cache: Path | None = None) -> Activations:
    """Return the layers; `MissingAssetError` if the shipped file is not the one that was recorded."""
    network, sha256 = shipped(device)
    chain = list(network.features)
    silus = [index for index, module in enumerate(chain) if isinstance(module, nn.SiLU)]
    taps = [index for index, name in zip(silus, options.known, strict=True) if name in options.layers]
    return Activations("digits_classifier", sha256, options.layers, Tapped(_enlarged, chain, taps))


def _enlarged(images: Tensor) -> Tensor:
    if images.shape[2] == SIZE:
        return images
    return interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)
