"""CelebA (Liu et al. 2015), aligned and cropped, 178x218: the official training and test partitions.

The files lie as torchvision puts them: `celeba/img_align_celeba/*.jpg` and `celeba/list_eval_partition.txt`. They are
read here: torchvision's reader wants the attribute files too and compares all their hashes. The 19,867 images of the
validation partition belong to neither split.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from benchmark.datasets import files, resizing
from benchmark.datasets.decoding import decoded
from benchmark.datasets.layout import CELEBA
from benchmark.errors import MissingAssetError
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import CelebaOptions

OFFICIAL = {"train": 162_770, "test": 19_962}
PARTITION = {"train": "0", "test": "2"}


def load(options: CelebaOptions, split: str, root: Path | None = None) -> Images:
    """Return one official split in the list's order, without labels; `MissingAssetError` where a file is not there."""
    files.check_split("celeba", split)
    partition, folder = CELEBA.require(root, split)
    names = _members(partition, split)
    part, chosen = files.counted(len(names), OFFICIAL[split]), options.test_images
    if split == "test" and chosen is not None:
        names, part = names[:chosen], f"{part}; the first {chosen}"
        if len(names) < chosen:
            raise MissingAssetError(f"{partition}: lists {len(names)} test images, and `test_images` is {chosen}")
    pixels = _pixels(folder, names, options)
    return Images(pixels, None, _rule(options) + part)


def _rule(options: CelebaOptions) -> str:
    before = "" if options.crop is None else f"{options.crop}x{options.crop} around the middle, then "
    size = options.image_size
    if options.fit == "squash":
        return f"{before}both sides to {size}, Pillow bilinear"
    return before + resizing.fitted_rule(size)


def _members(path: Path, split: str) -> tuple[str, ...]:
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    if any(len(row) != 2 for row in rows):
        raise MissingAssetError(f"{path}: its lines are not a file name and a partition")
    names = tuple(name for name, partition in rows if partition == PARTITION[split])
    if not names:
        raise MissingAssetError(f"{path}: lists no images of partition {PARTITION[split]} ({split})")
    return names


@lru_cache(maxsize=2)  # a process that runs one job after another decodes each split once
def _pixels(folder: Path, names: Sequence[str], options: CelebaOptions) -> Tensor:
    size = options.image_size
    pixels = np.empty((len(names), 3, size, size), dtype=np.uint8)
    for index, name in enumerate(names):
        color = decoded(folder / name, folder / name)
        part = color if options.crop is None else resizing.centered(color, options.crop)
        square = resizing.squashed(part, size) if options.fit == "squash" else resizing.fitted(part, size)
        pixels[index] = np.asarray(square).transpose(2, 0, 1)
    return torch.from_numpy(pixels)
