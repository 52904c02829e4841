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
from torch import Tensor

from benchmark.datasets import files, resizing
from benchmark.datasets.decoding import decoded
from benchmark.datasets.layout import two_domains
from benchmark.errors import MissingAssetError
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import UnpairedFolderOptions, UnpairedOptions


def load(options: UnpairedFolderOptions, split: str, root: Path | None = None) -> Images:
    """Return one split, domain a before domain b; `MissingAssetError` where a folder or an image is not there."""
    files.check_split("unpaired_folder", split)
    return read_domains(options.folder, two_domains(options.folder).require(root, split), options)


def read_domains(name: str, folders: Sequence[Path], options: UnpairedOptions) -> Images:
    """Return the images of two folders; `MissingAssetError` where one is empty, or a file is no image."""
    domains = [_pixels(folder, _members(folder), options) for folder in folders]
    labels = torch.arange(len(domains)).repeat_interleave(torch.tensor([len(pixels) for pixels in domains]))
    counts = " and ".join(str(len(pixels)) for pixels in domains)
    return Images(
        torch.cat(domains),
        labels,
        f"{name}, {counts} images, {resizing.fitted_rule(options.image_size)}"
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
        picture = decoded(folder / name, folder / name, "RGB" if options.color else "L")
        pixels[index] = np.asarray(resizing.fitted(picture, options.image_size)).reshape(pixels[index].shape)
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
