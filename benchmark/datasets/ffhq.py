"""FFHQ (Karras et al. 2019): 70,000 faces, 128x128, the first 10,000 held out.

The thumbnails lie as the authors' script puts them, `ffhq/thumbnails128x128/00000/00000.png`, or without the folders of
a thousand each.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.datasets import files, held_out
from benchmark.datasets.folder_layouts import FFHQ
from benchmark.datasets.pictures import Folder
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import FfhqOptions

OFFICIAL = 70_000


def load(options: FfhqOptions, split: str, root: Path | None = None) -> Images:
    """Return one split in the order of the files; `MissingAssetError` where one is absent or damaged."""
    files.check_split("ffhq", split)
    (place,) = FFHQ.require(root, split)
    return held_out.read("ffhq", Folder(place), options, split, OFFICIAL)
