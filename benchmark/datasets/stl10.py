"""STL-10 (Coates et al. 2011): the official 5,000 labelled training and 8,000 test images, 96x96 in color.

The files lie as torchvision puts them, `stl10_binary/{train,test}_{X,y}.bin`. The 100,000 images without labels belong
to neither split: Chen et al. (2021) transfer their tickets to the 5,000, made 32x32 (their repository, src/SNGAN).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmark.datasets import files, resizing
from benchmark.datasets.layout import STL10
from benchmark.errors import MissingAssetError
from benchmark.images import Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.datasets.options import Stl10Options

OFFICIAL = {"train": 5_000, "test": 8_000}
SIDE, CLASSES = 96, 10


def load(options: Stl10Options, split: str, root: Path | None = None) -> Images:
    """Return one official split, in its own order; `MissingAssetError` where a file is absent or damaged.

    The classes 1..10 of the files are the labels 0..9.
    """
    files.check_split("stl10", split)
    images, names = STL10.require(root, split)
    values, classes = _read(images), _read(names)
    if not len(classes) or values.size != classes.size * 3 * SIDE**2:
        raise MissingAssetError(f"{images}: {values.size} bytes do not fit the {len(classes)} labels of {names.name}")
    if classes.min() < 1 or classes.max() > CLASSES:
        raise MissingAssetError(f"{names}: has labels other than 1 to {CLASSES}")
    columns = values.reshape(-1, 3, SIDE, SIDE)  # each color's pixels stand column after column: [N, C, W, H]
    small = resizing.resized(columns.transpose(0, 3, 2, 1), options.image_size)
    return Images(
        torch.from_numpy(small.transpose(0, 3, 1, 2).copy()),
        torch.from_numpy(classes.astype(np.int64) - 1),
        resizing.rule(SIDE, options.image_size) + files.counted(len(classes), OFFICIAL[split]),
    )


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        return np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise MissingAssetError(f"{path}: cannot be read: {error}") from None
