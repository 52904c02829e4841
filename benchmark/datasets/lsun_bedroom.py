"""LSUN Bedroom (Yu et al. 2015): 3,033,042 photographs whose shorter side is 256, the first 10,000 held out.

They are read from the database that is published, `lsun/bedroom_train_lmdb/data.mdb`, or from the images that its
authors' `data.py export` makes of it, `lsun/bedroom_train/**/*.webp`: these have the same bytes in the same order.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.datasets import files, held_out
from benchmark.datasets.folder_layouts import LSUN_BEDROOM
from benchmark.datasets.pictures import Database, Folder
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import LsunBedroomOptions

OFFICIAL = 3_033_042


def load(options: LsunBedroomOptions, split: str, root: Path | None = None) -> Images:
    """Return one split in the order of the files; `MissingAssetError` where one is absent or damaged."""
    files.check_split("lsun_bedroom", split)
    (place,) = LSUN_BEDROOM.require(root, split)
    pictures = Folder(place) if place.is_dir() else Database(place.parent)
    return held_out.read("lsun_bedroom", pictures, options, split, OFFICIAL)
