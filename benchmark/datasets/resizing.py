"""Bringing images to the size of a model by Pillow's bilinear filter, which is wider when shrinking.

It is what torchvision's `Resize` and `CenterCrop` do to Pillow images, sizes and offsets rounded alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fitted(image: Image.Image, size: int) -> Image.Image:
    """Return an image whose shorter side is scaled to `size` and whose longer side is cropped around the middle."""
    width, height = image.size
    short = min(width, height)
    if short != size:
        width, height = int(size * width / short), int(size * height / short)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return centered(image, size)


def fitted_rule(size: int) -> str:
    """Return the words for what `fitted` does."""
    return f"shorter side to {size}, Pillow bilinear, middle square"


def squashed(image: Image.Image, size: int) -> Image.Image:
    """Return an image with both sides scaled to `size`, each by its own factor."""
    return image.resize((size, size), Image.Resampling.BILINEAR)


def centered(image: Image.Image, size: int) -> Image.Image:
    """Return the square of `size` pixels around the middle."""
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def resized(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return square images [N, H, W, C] brought to `size`; C is 1 or 3."""
    if pixels.shape[1] == size:
        return pixels
    gray = pixels.shape[-1] == 1
    out = np.empty((len(pixels), size, size, pixels.shape[-1]), dtype=np.uint8)
    for index, image in enumerate(pixels):
        small = fitted(Image.fromarray(image[:, :, 0] if gray else image), size)
        out[index] = np.asarray(small).reshape(out[index].shape)
    return out


def rule(own: int, size: int) -> str:
    """Return the words for what `resized` does to square images."""
    return f"{own}x{own}" if own == size else f"{own}x{own} to {size}x{size}, Pillow bilinear"
