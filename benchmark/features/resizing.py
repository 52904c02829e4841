"""Images to the 299x299 that Inception reads, as clean-fid makes them (Parmar et al. 2022), by tensors on any device.

clean-fid's "clean" is Pillow's bicubic resize of each channel as floats: a kernel of Keys (1981) with a = -0.5, widened
by the scale where an image becomes smaller, first along rows, then along columns. Both are matrix products with the
same coefficients for all images.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

SIZE = 299
BLOCK = 8
"""Images that are resized at a time on a CPU, where they stay in its cache."""
REACH = 2.0
"""How far the kernel goes from a pixel that is not made smaller."""


def clean(pixels: Tensor) -> Tensor:
    """Return float32 [B, C, 299, 299] in 0..255 for uint8 [B, C, H, W]: within 1e-4 of what Pillow gives."""
    count, channels, height, width = pixels.shape
    rows, columns = (coefficients(length, SIZE).to(pixels.device, torch.float32) for length in (height, width))
    large = torch.empty(count, channels, SIZE, SIZE, device=pixels.device)
    block = count if pixels.is_cuda else BLOCK
    for part, images in zip(torch.split(large, block), torch.split(pixels, block), strict=True):
        torch.matmul(rows, images.float() @ columns.T, out=part)
        part.clamp_(0.0, 255.0)
    return large


def plain(pixels: Tensor) -> Tensor:
    """Return float32 [B, C, 299, 299] for uint8 [B, C, H, W]: bilinear, without antialiasing (clean-fid's legacy)."""
    return functional.interpolate(pixels.float(), size=(SIZE, SIZE), mode="bilinear", align_corners=False)


@lru_cache(maxsize=8)
def coefficients(length: int, size: int) -> Tensor:
    """Return what each of `length` pixels gives to each of `size`, float64 [size, length], each row summing to one.

    As Pillow's `precompute_coeffs` does it: beyond the image's edge there is nothing, and the sum is without it.
    """
    scale = length / size
    stretch = max(scale, 1.0)
    centers = (np.arange(size) + 0.5) * scale
    first = np.maximum(np.trunc(centers - REACH * stretch + 0.5), 0.0)
    last = np.minimum(np.trunc(centers + REACH * stretch + 0.5), length)
    pixels = np.arange(length)
    weights = _kernel(np.abs(pixels - centers[:, None] + 0.5) / stretch)
    weights *= (pixels >= first[:, None]) & (pixels < last[:, None])
    return torch.from_numpy(weights / weights.sum(axis=1, keepdims=True))


def _kernel(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Keys' cubic of distances of 0 and more: 1 at none, 0 at every other whole one and beyond two."""
    near = (1.5 * distance - 2.5) * distance**2 + 1.0
    far = ((2.5 - 0.5 * distance) * distance - 4.0) * distance + 2.0
    kernel: NDArray[np.float64] = np.select([distance < 1.0, distance < REACH], [near, far], 0.0)
    return kernel
