"""Horses and zebras (Zhu et al. 2017): photographs of 256x256, 1,067 and 1,334 to train on, 120 and 140 to test on.

The files lie as the authors' archive has them, `horse2zebra/{trainA,trainB,testA,testB}/*.jpg`; domain a are horses.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.datasets import files
from benchmark.datasets.layout import HORSE2ZEBRA
from benchmark.datasets.unpaired_folder import read_domains
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import Horse2zebraOptions

OFFICIAL = {"train": 1_067 + 1_334, "test": 120 + 140}


def load(options: Horse2zebraOptions, split: str, root: Path | None = None) -> Images:
    """Return one split, horses before zebras; `MissingAssetError` where a folder or an image is not there."""
    files.check_split("horse2zebra", split)
    images = read_domains("horse2zebra", HORSE2ZEBRA.require(root, split), options)
    return replace(images, preparation=images.preparation + files.counted(len(images), OFFICIAL[split]))
