"""The 1,797 handwritten digits that scikit-learn carries (UCI optdigits, its test part), 8x8 with 17 gray levels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmark.features.doubling import RULE, doubled
from benchmark.images import Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.datasets.options import DigitsOptions

TEST_IMAGES = 500
LEVELS = 16
SCALED = "0..16 to 0..255 by floor(255 v / 16 + 1/2)"


def load(options: DigitsOptions, split: str, root: Path | None = None) -> Images:
    """Return one split, in the data set's own order; `root` is not used, the images come with scikit-learn.

    Raises ValueError for a split other than `train` and `test`.
    """
    if split not in {"train", "test"}:
        raise ValueError(f"the digits have the splits 'train' and 'test', not '{split}'")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    levels, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.int64)  # [1797, 8, 8], [1797]
    chosen = is_test(levels, labels) == (split == "test")
    pixels = torch.from_numpy(scaled(levels[chosen]))[:, None]
    preparation = SCALED
    if options.image_size == 2 * pixels.shape[-1]:
        pixels, preparation = doubled(pixels), f"{SCALED}; 8x8 to 16x16 {RULE}"
    return Images(pixels, torch.from_numpy(labels[chosen]), preparation)


def scaled(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Map the gray levels 0..16 to 0..255 by `SCALED`, in integers."""
    return ((255 * levels.astype(np.int64) + LEVELS // 2) // LEVELS).astype(np.uint8)


def is_test(levels: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which images are tested on, by a rule that looks at nothing but the images.

    Each class gives its share of the 500 (largest remainders are rounded up, lower classes first where they tie):
    those of its images whose bytes have the smallest SHA-256, earlier images first where two are equal.
    """
    keys = [hashlib.sha256(image.tobytes()).digest() for image in levels]
    chosen = np.zeros(len(levels), dtype=np.bool_)
    for label, quota in enumerate(_quotas(np.bincount(labels))):
        members = sorted(np.flatnonzero(labels == label).tolist(), key=lambda index: keys[index])
        chosen[members[:quota]] = True
    return chosen


def _quotas(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    total = int(counts.sum())
    quotas, remainders = TEST_IMAGES * counts // total, TEST_IMAGES * counts % total
    first = np.argsort(-remainders, kind="stable")[: TEST_IMAGES - int(quotas.sum())]
    quotas[first] += 1
    return quotas
