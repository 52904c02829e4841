"""Images of two domains in the folders `trainA`, `trainB`, `testA` and `testB`, as CycleGAN (Zhu et al. 2017) has them.

Every file in them is read as an image, in the order of their names; labels tell the domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmark.datasets import files, resizing
from benchmark.datasets.layout import two_domains
from benchmark.errors import MissingAssetError
from benchmark.images import Images
from benchmark.prepare import data_directory

if TYPE_CHECKING:
    from benchmark.datasets.options import UnpairedFolderOptions, UnpairedOptions


def load(options: UnpairedFolderOptions, split: str, root: Path | None = None) -> Images:
    """Return one split, domain a before domain b; `MissingAssetError` where a folder or an image is not there."""
    files.check_split("unpaired_folder", split)
    layout = two_domains(options.folder)
    gap = layout.absent(root, split)
    if gap is not None:
        raise MissingAssetError(
            f"{gap}: not there; images of two domains are looked for in {root or data_directory()}; "
            "put them into the folders trainA, trainB, testA and testB, or name another folder as `--data DIR`"
        )
    return read_domains(options.folder, layout.require(root, split), options)


def read_domains(name: str, folders: Sequence[Path], options: UnpairedOptions) -> Images:
    """Return the images of two folders; `MissingAssetError` where one is empty, or a file is no image."""
    domains = [_pixels(folder, _members(folder), options) for folder in folders]
    labels = torch.arange(len(domains)).repeat_interleave(torch.tensor([len(pixels) for pixels in domains]))
    size = options.image_size
    counts = " and ".join(str(len(pixels)) for pixels in domains)
    return Images(
        torch.cat(domains),
        labels,
        f"{name}, {counts} images, shorter side to {size}, Pillow bilinear, middle square"
        + ("" if options.color else ", gray as Pillow weighs the colors (ITU-R 601)"),
    )


def _members(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")))
    if not names:
        raise MissingAssetError(f"{folder}: has no images")
    return names


@lru_cache(maxsize=4)  # a process that runs one job after another decodes each folder once
def _pixels(folder: Path, names: Sequence[str], options: UnpairedOptions) -> Tensor:
    channels, height, width = options.shape
    pixels = np.empty((len(names), height, width, channels), dtype=np.uint8)
    for index, name in enumerate(names):
        try:
            with Image.open(folder / name) as image:
                picture = image.convert("RGB" if options.color else "L")
        except OSError as error:
            raise MissingAssetError(f"{folder / name}: cannot be read as an image: {error}") from None
        pixels[index] = np.asarray(resizing.fitted(picture, options.image_size)).reshape(pixels[index].shape)
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
