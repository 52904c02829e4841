"""Data sets that have no test images of their own: the first ones, in the order of the files, are held out.

So does the code of Yeo et al. (2023) with LSUN Bedroom and FFHQ, of which it evaluates on the first 10,000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.datasets import files, resizing
from benchmark.datasets.mapped import mapped
from benchmark.datasets.pictures import Pictures
from benchmark.errors import MissingAssetError
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import HeldOutOptions


def read(name: str, pictures: Pictures, options: HeldOutOptions, split: str, official: int) -> Images:
    """Return one split, without labels; `MissingAssetError` for an image that cannot be read, or for too few."""
    chosen, size = part(name, len(pictures), options, split), options.image_size
    return Images(
        mapped(name, pictures, chosen, size),
        None,
        f"images {chosen.start + 1} to {chosen.stop} in the order of the files, {resizing.fitted_rule(size)}"
        + files.counted(len(pictures), official),
    )


def part(name: str, count: int, options: HeldOutOptions, split: str) -> range:
    """Return which of `count` images belong to a split: `test_images` of them, or those after, `train_images` at most.

    `MissingAssetError` where they are too few.
    """
    wanted = options.test_images + (options.train_images or 1)
    if count < wanted:
        raise MissingAssetError(
            f"{name}: {count} images are there, but {options.test_images} are held out as `test_images` and "
            f"{options.train_images or 'others'} are to be trained on"
        )
    if split == "test":
        return range(options.test_images)
    return range(options.test_images, count if options.train_images is None else wanted)
