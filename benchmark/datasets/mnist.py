"""MNIST (LeCun et al. 1998): the official 60,000 training and 10,000 test images, 28x28, from their IDX files.

The files lie as torchvision puts them, `MNIST/raw/*-ubyte`, compressed or not. They are read here and not through
torchvision, whose import fails where its build does not match torch's; the format is a header and the bytes.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmark.datasets import files, resizing
from benchmark.datasets.layout import MNIST
from benchmark.errors import MissingAssetError
from benchmark.images import Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.datasets.options import MnistOptions

OFFICIAL = {"train": 60_000, "test": 10_000}
SIDE = 28


def load(options: MnistOptions, split: str, root: Path | None = None) -> Images:
    """Return one official split, in its own order; `MissingAssetError` where a file is absent or is no IDX file."""
    files.check_split("mnist", split)
    images, names = MNIST.require(root, split)
    pixels, labels = idx(images), idx(names)
    if pixels.shape != (len(labels), SIDE, SIDE):
        raise MissingAssetError(f"{images}: images {pixels.shape} do not fit {len(labels)} labels")
    small = resizing.resized(pixels[..., None], options.image_size)
    return Images(
        torch.from_numpy(small.transpose(0, 3, 1, 2).copy()),
        torch.from_numpy(labels.astype(np.int64)),
        resizing.rule(SIDE, options.image_size) + files.counted(len(labels), OFFICIAL[split]),
    )


def idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of bytes of an IDX file: two zeros, the type 8, the rank, big-endian sizes, then the values."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise MissingAssetError(f"{path}: cannot be read: {error}") from None
    rank = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    start = 4 + 4 * rank
    shape = [int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4)]
    if not rank or len(content) != start + math.prod(shape):
        raise MissingAssetError(f"{path}: not an IDX file of bytes, or cut off")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
