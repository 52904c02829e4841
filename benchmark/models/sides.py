"""Which image sizes a model takes: what its layers need, told without torch so that planning can ask too."""

from __future__ import annotations

SMALLEST = 4  # the side of the innermost feature map of the halving models
POOLED = 32
MOST_HALVINGS = 3  # of an image whose patches are judged

Shape = tuple[int, int, int]
"""Of an image: channels, height, width."""


def halvings(shape: Shape) -> int:
    """Return how often an image is halved to 4x4; ValueError where it cannot be."""
    _, height, width = shape
    times = (height // SMALLEST).bit_length() - 1
    if height != width or times < 1 or height != SMALLEST << times:
        raise ValueError(f"images are square with a side of 8, 16, 32, 64, ... for this model, not {height}x{width}")
    return times


def latent_side(shape: Shape) -> int:
    """Return the side of `spatial_vae`'s latent: two halvings, then windows of 5 and 3 without padding.

    ValueError where an image is too small or not square.
    """
    _, height, width = shape
    side = height // 4 - 6
    if height != width or height % 4 or side < 1:
        raise ValueError(f"images are square with a side of 28, 32, 36, ... for this model, not {height}x{width}")
    return side


def check_pooled(shape: Shape) -> None:
    """Raise ValueError for an image that the layers of `pooling_autoencoder` do not fit."""
    _, height, width = shape
    if (height, width) != (POOLED, POOLED):
        raise ValueError(
            f"images are {POOLED}x{POOLED} for this model, not {height}x{width}; conv_autoencoder takes others"
        )


def patch_halvings(shape: Shape) -> int:
    """Return how often a discriminator of patches halves an image: three times, or as often as 4x4 is left of it.

    ValueError for an image that cannot be halved twice, as a generator of images of its size does.
    """
    _, height, width = shape
    least = min(height, width)
    if height % 4 or width % 4 or least < 2 * SMALLEST:
        raise ValueError(f"images have sides of 8, 12, 16, 20, ... for this model, not {height}x{width}")
    return min(MOST_HALVINGS, (least // SMALLEST).bit_length() - 1)
